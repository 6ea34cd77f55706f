/* The words of a model: tokens, with the ends of its lines and the steps of its indentation.
 *
 * Shape    a token of one character has that character as its kind. Lines within brackets do not end; blank lines and comments
 *          do not count.
 * Faults   TOKEN_WRONG, with `text` saying why. A line that stands at no level of those open goes on at the nearest one inside;
 *          `crooked` tells it once, `mixed` whether tabs and blanks stand before lines of the text.
 * Memory   texts point into the text that is read.
 */
#ifndef TENDERO_ENGINE_UVL_LEX_H
#define TENDERO_ENGINE_UVL_LEX_H

#include "engine/uvl/uvl.h"

#define LEX_LEVELS (2 * UVL_DEPTH_MAX + 8)

enum token_kind {
    TOKEN_END = 256,
    TOKEN_NEWLINE, TOKEN_INDENT, TOKEN_DEDENT,
    TOKEN_NAME, TOKEN_QUOTED,                   // quotes are not in `text`
    TOKEN_TEXT, TOKEN_INTEGER, TOKEN_REAL,
    TOKEN_RANGE,                                // ..
    TOKEN_IMPLIES, TOKEN_EQUIVALENT, TOKEN_EQ, TOKEN_NE, TOKEN_LE, TOKEN_GE,
    TOKEN_WRONG
};
struct token {
    int kind;
    struct slice text;
    struct uvl_place place;
    size_t start, end;               // bytes of the text
};

struct lex {
    struct slice text;
    size_t i;
    size_t mark;                     // the byte that `place` is of
    struct uvl_place place;
    uint32_t level[LEX_LEVELS];      // columns of the blocks that are open
    uint32_t levels, dedents;        // dedents still to be told
    uint32_t brackets;
    bool at_start, crooked, tabs, blanks;
};

void uvl_lex_start(struct lex *, struct slice text, uint32_t file);
struct token uvl_lex_next(struct lex *);
/* To the end of the line that `from` stands in, out of all brackets. */
void uvl_lex_skip_line(struct lex *, const struct token *from);
static inline bool lex_mixed(const struct lex *l)
{
    return l->tabs && l->blanks;
}

#endif
