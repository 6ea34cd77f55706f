/* What the parts of the parser share. Private to parse*.c. */
#ifndef TENDERO_ENGINE_FEEL_PARSE_ROOM_H
#define TENDERO_ENGINE_FEEL_PARSE_ROOM_H

#include "engine/feel/lex.h"
#include "engine/feel/parse.h"

struct parse {
    struct slice text;
    struct arena *mem;
    struct err *e;
    struct token token;      // the next one
    unsigned depth;          // of the recursion
    unsigned nodes;
    bool in_end;             // in a range's upper end, where "[" may be the range's own sign
    bool fatal;              // a limit was met: no other reading of the text helps
    struct slice *known;     // names in scope
    size_t n_known, cap_known;
    struct slice unknown;    // the last name that nobody knew …
    size_t unknown_next;     // … and where the token behind it stands
    struct diag flaw;
};

/* Kids and bindings of a node to be, of unknown number. */
struct items {
    struct item {
        struct item *next;
        struct node *kid;
        struct node_binding binding;
    } *first, *last;
    uint32_t n;
};

/* parse_room.c */
void parse_advance(struct parse *);
bool parse_accept(struct parse *, enum token_kind);
bool parse_accept_key(struct parse *, enum keyword);
/* ERR_INVALID and the flaw's text. */
enum err_code parse_fail(struct parse *, size_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "<what> is expected, but … was found" */
enum err_code parse_expected(struct parse *, const char *what);
MUST_CHECK enum err_code parse_expect(struct parse *, enum token_kind, const char *what);
enum err_code parse_no_room(struct parse *);
MUST_CHECK enum err_code parse_enter(struct parse *);  // --depth on the way out
MUST_CHECK enum err_code parse_count(struct parse *);  // one more node
MUST_CHECK enum err_code parse_add(struct parse *, struct items *, struct node *kid, struct node_binding);
/* A node of these kids, without their bindings. */
MUST_CHECK enum err_code parse_node(struct parse *, enum node_kind, size_t at, const struct items *,
                                    struct node **ret);
/* Keeps the first n bindings of the items. */
MUST_CHECK enum err_code parse_bind(struct parse *, const struct items *, uint32_t n, struct node *);
/* A node of at most three kids, up to the first NULL. */
MUST_CHECK enum err_code parse_kids(struct parse *, enum node_kind, size_t at, struct node *const kid[3],
                                    struct node **ret);

/* parse_name.c */
MUST_CHECK enum err_code parse_know(struct parse *, struct slice name);
/* The name at the token: the longest known one, or the run of words. *fenced: a
 * known name goes on with a sign or keyword where this one ends. */
MUST_CHECK enum err_code parse_name(struct parse *, struct slice *ret, bool *fenced);
/* A name that is being made: all up to a sign that no name holds, or to a keyword. */
MUST_CHECK enum err_code parse_new_name(struct parse *, bool to_keyword, const char *what, struct slice *ret);
MUST_CHECK enum err_code parse_fold(struct parse *, size_t at, size_t end, struct slice *ret);
/* Adds to the flaw which known name is near the last unknown one. */
void parse_hint(struct parse *);

/* parse_type.c */
MUST_CHECK enum err_code parse_type(struct parse *, struct type_node **ret);

/* parse_primary.c */
MUST_CHECK enum err_code parse_primary(struct parse *, struct node **ret);
/* Behind "(", which is the token: an expression, a range, or, where tests is not NULL, several tests: then *ret is
 * NULL. */
MUST_CHECK enum err_code parse_brackets(struct parse *, struct items *tests, struct node **ret);

/* parse_postfix.c */
/* Paths, filters and calls behind `base`. */
MUST_CHECK enum err_code parse_postfix(struct parse *, struct node *base, struct node **ret);

/* parse.c */
MUST_CHECK enum err_code parse_expression(struct parse *, struct node **ret);
/* The same inside of brackets of its own. */
MUST_CHECK enum err_code parse_inner(struct parse *, struct node **ret);
/* An operator of a unary test, "< 5". */
bool parse_unary_op(const struct parse *, enum node_op *ret);

#endif
