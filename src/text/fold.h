/* Text as people look for it: case folded, accents off, cut into words. Source: Unicode by utf8proc. */
#ifndef TENDERO_TEXT_FOLD_H
#define TENDERO_TEXT_FOLD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/utf8.h"

/* "José PÉREZ" -> "jose perez". Compatibility decomposition, marks stripped, case folded. Invalid bytes
 * become blanks. at is NULL when mem is exhausted. */
struct slice fold_text(struct slice text, struct arena *mem);
/* Next run of letters and digits of a folded text; false at the end. '@', '.', '-' and '_' part words. */
bool fold_word(struct slice *rest, struct slice *word);

#endif
