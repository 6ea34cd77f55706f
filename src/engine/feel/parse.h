/* FEEL text to a tree.
 *
 * Names     may hold blanks and signs ("Pre-bureau risk", "date and time"): which is known only from the names in
 *           scope. The longest known name that the text goes on with is taken; where none is known, the run of
 *           words up to the next keyword or sign. Names that the text itself makes (for, function, context
 *           entries) are known from there on.
 * Limits    64 KB of text, 200 levels, 20,000 nodes: beyond that a diag, never a crash.
 * Errors    ERR_INVALID with *flaw filled; ERR_LIMIT where mem is exhausted. Nothing else is written.
 */
#ifndef TENDERO_ENGINE_FEEL_PARSE_H
#define TENDERO_ENGINE_FEEL_PARSE_H

#include "engine/feel/ast.h"

#define FEEL_TEXT_MAX (64u << 10)
#define FEEL_DEPTH_MAX 200
#define FEEL_NODES_MAX 20000

struct parse_options {
    const struct slice *names;   // in scope beside the built-in functions
    size_t n_names;
};
/* An expression (rule 1). Slices in the tree point into mem. */
MUST_CHECK enum err_code feel_parse(struct slice text, const struct parse_options *, struct arena *mem,
                                    struct node **ret, struct diag *flaw, struct err *e);
/* Unary tests (rule 17): a NODE_TESTS. */
MUST_CHECK enum err_code feel_parse_tests(struct slice text, const struct parse_options *, struct arena *mem,
                                          struct node **ret, struct diag *flaw, struct err *e);
/* A name as the grammar folds it: blanks at the ends off, runs of blanks single. */
struct slice feel_name(struct slice text, struct arena *mem);
/* A type ("list<number>", "tLoan"), for typeRef attributes. */
MUST_CHECK enum err_code feel_parse_type(struct slice text, struct arena *mem, struct type_node **ret,
                                         struct diag *flaw, struct err *e);

#endif
