/* A parsed FEEL expression: a tree in an arena.
 *
 * Source  DMN 1.5, figure 10-2 (grammar rules 1 to 69). Each node says where it stands: byte offset in the text;
 *         of an operator (and, <, in, between, instance of, a path's member, a filter's bracket) that of its sign.
 * Shape   brackets leave no node. A test in brackets, (< 5), is the NODE_UNARY of < 5. -5 is NODE_NEGATE of 5.
 *         x in (a) is x in a. An @"…" that is no date, time or duration is the literal null.
 */
#ifndef TENDERO_ENGINE_FEEL_AST_H
#define TENDERO_ENGINE_FEEL_AST_H

#include "engine/feel/type.h"

enum node_kind {
    NODE_LITERAL,      // value: null, booleans, numbers, strings, @"…" literals
    NODE_NAME,         // name
    NODE_NEGATE,       // kid[0]
    NODE_BINARY,       // op, kid[0], kid[1]
    NODE_BETWEEN,      // kid[0] between kid[1] and kid[2]
    NODE_IN,           // kid[0] in tests kid[1 … n-1], each as unary tests have them
    NODE_INSTANCE,     // kid[0] instance of type
    NODE_IF,           // kid[0] condition, kid[1], kid[2]
    NODE_FOR,          // n-1 iterators (binding[i].name in kid[i], or kid[i] a NODE_SPAN), kid[n-1] the result
    NODE_SOME, NODE_EVERY,
    NODE_SPAN,         // kid[0] .. kid[1], of an iterator only
    NODE_LIST,         // kids
    NODE_CONTEXT,      // binding[i].name : kid[i]
    NODE_RANGE,        // kid[0] .. kid[1], low_closed, high_closed
    NODE_UNARY,        // op (LT LE GT GE EQ NE) kid[0]: "< 5" in a test, a range as a value
    NODE_PATH,         // kid[0] . name
    NODE_FILTER,       // kid[0] [ kid[1] ]
    NODE_CALL,         // kid[0] ( kid[1 … n-1] ); named: binding[i].name of kid[i+1]
    NODE_FUNCTION,     // binding[i] parameters with types, kid[0] the body; external: kid[0] the mapping's context
    NODE_TESTS,        // unary tests: kids, negated: not(…); none: "-"
    NODE_FOREIGN,      // no FEEL text: foreign->eval works it out (a decision table, a declared type)
    NODE_KINDS
};
enum node_op { OP_OR, OP_AND, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_POW };

/* A type as it is written; what its names mean the reader of the file knows. */
struct type_node {
    struct slice name;          // "number", "tLoan", "list", "range", "context", "function"; qualified: "a.tLoan"
    struct type_node **kid;     // list<T>, range<T>: 1; context<a: T>: members; function<T, U> -> R: parameters, then R
    struct slice *member;       // names of a context's members
    size_t n;
    bool bare;                  // without < >
    const struct type *bound;   // what the name means, where the file that it stands in has said so
};

struct eval;
struct feel_scope;
struct node;
struct node_foreign {
    struct value (*eval)(struct eval *, const struct node *, const struct feel_scope *);
};

struct node {
    enum node_kind kind;
    enum node_op op;
    uint32_t at;                 // byte offset
    uint32_t n;                  // kids
    struct node **kid;
    struct slice name;           // normalised: single blanks
    struct node_binding {
        struct slice name;
        struct type_node *type;  // NULL: Any
    } *binding;
    uint32_t n_binding;          // how many: FUNCTION has one kid and any number of parameters
    struct type_node *type;
    const struct node_foreign *foreign;
    struct value value;
    bool low_closed, high_closed;
    bool negated, named, external;
    bool fenced;                 // NAME, PATH: a known name goes on with a sign or keyword: printed in brackets
    uint16_t height;             // levels of the tree from here down, FEEL_DEPTH_MAX at most: recursion is safe
};

/* A flaw in a rule that a person wrote. */
struct diag {
    size_t at;                   // byte offset; diag_place tells line and column
    char text[240];              // what is wrong, what was expected, the nearest known name
};
/* 1-based; the column counts characters. */
void diag_place(struct slice text, size_t at, size_t *line, size_t *column);

/* not(x), with kid[1] for x. */
bool node_is_not(const struct node *);
/* Text that parses to the same tree: spaces and brackets normalised. */
void node_print(const struct node *, struct buf *out);

#endif
