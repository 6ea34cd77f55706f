/* The interpreter: exact, the meaning that the other executors are compared with.
 *
 * Source   DMN 1.5 section 10.3.2 (semantics) and 10.3.4 (built-in functions).
 * null     what the standard makes null is null here: wrong kinds, division by zero, unknown members. Why it became
 *          null is told to eval->note where that is set.
 * Limits   steps, depth and memory are bounded by the evaluation: ERR_LIMIT, never a hang or a crash.
 */
#ifndef TENDERO_ENGINE_FEEL_EVAL_H
#define TENDERO_ENGINE_FEEL_EVAL_H

#include "engine/feel/ast.h"

struct eval {
    struct arena *mem;
    const struct zones *zones;
    int64_t now_ms;                 // now() and today(), in UTC
    uint64_t steps;                 // left; counted down
    unsigned depth;                 // calls and nesting, counted up to EVAL_DEPTH_MAX
    bool failed;                    // a limit was met: everything answers null from there on
    struct err *err;                // what limit
    void (*note)(void *arg, uint32_t at, const char *text);  // may be NULL
    void *note_arg;
    struct eval_watch *watch;       // may be NULL
};
/* Is told what each node answers; below: a part of it has answered null, too. */
struct eval_watch {
    void (*saw)(struct eval_watch *, const struct node *, struct value, bool below);
    bool below;                     // of the node that is being worked out
};
#define EVAL_STEPS UINT64_C(50000000)
#define EVAL_DEPTH_MAX 400
void eval_init(struct eval *, struct arena *mem, const struct zones *, int64_t now_ms, struct err *e);

/* Names in scope: a chain of frames, innermost first. */
struct feel_scope {
    const struct feel_scope *outer;
    size_t n;
    const struct value_entry *entry;
    const struct value_context *context;  // or the members of a context (a filter's item)
};

/* A function value: what a FEEL definition closes over, a built-in, or one of the caller's (a DMN model's). */
struct value_function {
    struct slice name;                       // of a built-in; else empty
    size_t n;
    const struct value_parameter {
        struct slice name;
        const struct type *type;             // NULL: Any
    } *parameter;
    const struct node *body;                 // FEEL
    const struct feel_scope *scope;
    const struct builtin *builtin;
    struct value (*call)(struct eval *, const struct value_function *, const struct value *args, size_t n);
    void *arg;                               // of call
    const struct type *result;               // NULL: Any
};

/* ERR_LIMIT: beyond its limits; e says which. */
MUST_CHECK enum err_code feel_eval(struct eval *, const struct node *, const struct feel_scope *, struct value *ret);
/* Inside of an evaluation: for functions of the caller's and foreign nodes. Null when it has failed. */
struct value feel_value(struct eval *, const struct node *, const struct feel_scope *);
/* Unary tests on a value (DMN 1.5 section 7.3.x: "?" is the value). VALUE_EQ_NULL counts as no. */
MUST_CHECK enum err_code feel_eval_tests(struct eval *, const struct node *tests, struct value input,
                                         const struct feel_scope *, enum value_eq *ret);
/* Calls a function value with positional arguments; null where they do not fit. */
struct value feel_call(struct eval *, const struct value_function *, const struct value *args, size_t n);
/* A built-in by its name ("string length"); NULL: there is none. For the parser's names: feel_builtin_names. */
const struct value_function *feel_builtin(struct slice name);
const struct slice *feel_builtin_names(size_t *n);
const struct type *feel_type_of(struct eval *, const struct type_node *);  // NULL: unknown

/* For functions, built-in or the caller's, and foreign nodes. */
/* Tells the note, answers null. */
struct value eval_null(struct eval *, uint32_t at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Mem is exhausted or a limit met: marks the evaluation failed, answers null. */
struct value eval_limit(struct eval *, const char *what);
/* Counts work; false: too much, the evaluation has failed. */
bool eval_spend(struct eval *, uint64_t steps);
/* What value_time and its like answered. */
struct value eval_made(struct eval *, struct value, bool ok);
/* Room for n values; NULL: the evaluation has failed. */
struct value *eval_values(struct eval *, size_t n);
/* These items are used as they are. */
struct value eval_list(struct eval *, const struct value *items, size_t n);

#endif
