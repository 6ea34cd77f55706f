/* Names that mean nothing: what a rule speaks of and nobody knows.
 *
 * Known    the names given, built-in functions, what the expression itself makes (for, some, every, functions, entries
 *          of contexts), "?" and, where a result may look back, "partial". Inside of a filter any name may be a member of
 *          the items, and is not asked about.
 */
#ifndef TENDERO_ENGINE_FEEL_NAMES_H
#define TENDERO_ENGINE_FEEL_NAMES_H

#include "engine/feel/ast.h"

/* The first such name in the tree; NULL: there is none. */
const struct node *feel_unknown_name(const struct node *, const struct slice *known, size_t n);
/* "nothing is called 'ordres'; 'orders' is": what to tell of it. */
void feel_unknown_text(const struct node *name, const struct slice *known, size_t n, char *out, size_t cap);
/* The tree speaks of that name. */
bool feel_speaks_of(const struct node *, struct slice name);
/* The known name that was probably meant: the nearest by bytes that differ (Levenshtein 1966), at most a third of them;
 * empty: there is none. */
struct slice feel_near_name(struct slice name, const struct slice *known, size_t n);

#endif
