/* What the files of the interpreter share. Private to eval*.c.
 *
 * Depth  eval_node counts the levels that it is in; every recursion of the interpreter goes through it, feel_call
 *        or eval_enter, so that the stack is bounded by EVAL_DEPTH_MAX whatever a rule does.
 */
#ifndef TENDERO_ENGINE_FEEL_EVAL_ROOM_H
#define TENDERO_ENGINE_FEEL_EVAL_ROOM_H

#include "engine/feel/builtin.h"

/* One level down; false: too deep, the evaluation has failed and nothing is to be left. */
bool eval_enter(struct eval *);
void eval_leave(struct eval *);

struct value eval_node(struct eval *, const struct node *, const struct feel_scope *);
/* What a name means, of variables alone; NULL: nothing. */
const struct value *eval_variable(const struct feel_scope *, struct slice name);
/* Does the tree hold that name anywhere? */
bool eval_mentions(const struct node *, struct slice name);

/* eval_arith.c: operators on values. */
struct value eval_operator(struct eval *, uint32_t at, enum node_op, struct value a, struct value b);
struct value eval_negate(struct eval *, uint32_t at, struct value);
struct value eval_between(struct eval *, uint32_t at, struct value, struct value low, struct value high);
enum value_eq eval_equal(struct eval *, struct value a, struct value b);
const char *eval_kind_name(struct value);       // "a number", for sentences

/* eval_path.c */
struct value eval_path(struct eval *, uint32_t at, struct value, struct slice name);
struct value eval_filter(struct eval *, const struct node *, const struct feel_scope *);

/* eval_loop.c */
struct value eval_for(struct eval *, const struct node *, const struct feel_scope *);
struct value eval_quantified(struct eval *, const struct node *, const struct feel_scope *);

/* eval_call.c */
struct value eval_call(struct eval *, const struct node *, const struct feel_scope *);
struct value eval_function(struct eval *, const struct node *, const struct feel_scope *);
/* A function that an entry has just made may call itself by the entry's name. */
void eval_name_function(struct eval *, struct slice name, struct value function);

/* eval_unary.c: tests of a value, ranges as values. */
struct value eval_in(struct eval *, const struct node *, const struct feel_scope *);
struct value eval_range(struct eval *, const struct node *, const struct feel_scope *);
struct value eval_unary(struct eval *, const struct node *, const struct feel_scope *);

#endif
