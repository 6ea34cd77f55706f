/* Tests of a value: "in", the cells of decision tables; ranges. DMN 1.5 sections 7.3.4, 10.3.2.7 and 10.3.2.12. */
#include "engine/feel/eval_room.h"

#include <assert.h>

static const struct slice input_name = { "?", 1 };

/* In a list a range means what it holds. */
static enum value_eq in_list(struct eval *e, struct value input, const struct value_list *list)
{
    for (size_t i = 0; i < list->n && !e->failed; i++) {
        struct value item = list->item[i];
        bool hit = eval_equal(e, input, item) == VALUE_EQ_TRUE;
        if (hit || (item.kind == VALUE_RANGE && value_in_range(input, item.range, e->zones) == VALUE_EQ_TRUE))
            return VALUE_EQ_TRUE;
    }
    return VALUE_EQ_FALSE;
}

/* A boolean that is tested compares; for any other input a boolean is the answer itself. */
static enum value_eq test_value(struct eval *e, struct value input, struct value test)
{
    switch (test.kind) {
    case VALUE_RANGE:
        return input.kind == VALUE_RANGE ? eval_equal(e, input, test) : value_in_range(input, test.range, e->zones);
    case VALUE_LIST:
        if (input.kind == VALUE_LIST && eval_equal(e, input, test) == VALUE_EQ_TRUE)
            return VALUE_EQ_TRUE;
        return in_list(e, input, test.list);
    case VALUE_BOOLEAN:
        if (input.kind != VALUE_BOOLEAN && input.kind != VALUE_NULL)
            return truth_of(test);
        return eval_equal(e, input, test);
    default: return eval_equal(e, input, test);
    }
}

/* scope has the input as "?". */
static enum value_eq test(struct eval *e, const struct node *node, struct value input, const struct feel_scope *scope)
{
    if (node->kind == NODE_UNARY) {
        struct value end = eval_node(e, node->kid[0], scope);
        return e->failed ? VALUE_EQ_NULL : truth_of(eval_operator(e, node->at, node->op, input, end));
    }
    struct value v = eval_node(e, node, scope);
    if (e->failed)
        return VALUE_EQ_NULL;
    if ((v.kind == VALUE_BOOLEAN || v.kind == VALUE_NULL) && eval_mentions(node, input_name))
        return truth_of(v);
    return test_value(e, input, v);
}

/* One of the kids from `from` on. */
static enum value_eq test_any(struct eval *e, const struct node *node, uint32_t from, struct value input,
                              const struct feel_scope *scope)
{
    const struct value_entry entry = { input_name, input };
    const struct feel_scope inner = { .outer = scope, .n = 1, .entry = &entry };
    enum value_eq any = VALUE_EQ_FALSE;
    for (uint32_t i = from; i < node->n && !e->failed && any != VALUE_EQ_TRUE; i++)
        any = truth_or(any, test(e, node->kid[i], input, &inner));
    return any;
}

struct value eval_in(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    assert(node->n >= 2);
    struct value input = eval_node(e, node->kid[0], scope);
    return e->failed ? value_null : truth_value(test_any(e, node, 1, input, scope));
}

static bool is_end(const struct eval *e, struct value v)
{
    int order;
    return value_is_null(v) || value_compare(v, v, e->zones, &order);
}

struct value eval_range(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    struct value_range r = { .low_closed = node->low_closed, .high_closed = node->high_closed };
    bool ok;
    r.low = eval_node(e, node->kid[0], scope);
    r.high = eval_node(e, node->kid[1], scope);
    if (e->failed)
        return value_null;
    bool alike = value_is_null(r.low) || value_is_null(r.high) || r.low.kind == r.high.kind;
    if (!alike || !is_end(e, r.low) || !is_end(e, r.high))
        return eval_null(e, node->at, "no range goes from %s to %s", eval_kind_name(r.low), eval_kind_name(r.high));
    struct value v = value_range(e->mem, r, &ok);
    return eval_made(e, v, ok);
}

/* (< 5), (= 5) as values: see struct value_range. */
struct value eval_unary(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    struct value end = eval_node(e, node->kid[0], scope);
    enum node_op op = node->op;
    bool ok, equal = op == OP_EQ || op == OP_NE, below = op == OP_LT || op == OP_LE;
    if (e->failed)
        return value_null;
    struct value_range r = { .low_unbounded = below || equal, .high_unbounded = !below };
    r.low = below ? value_null : end;
    r.high = below || equal ? end : value_null;
    r.low_closed = op == OP_EQ || op == OP_GE;
    r.high_closed = op == OP_EQ || op == OP_LE;
    struct value v = value_range(e->mem, r, &ok);
    return eval_made(e, v, ok);
}

enum err_code feel_eval_tests(struct eval *e, const struct node *tests, struct value input, const struct feel_scope *scope,
                              enum value_eq *ret)
{
    assert(e && tests && ret && tests->kind == NODE_TESTS);
    enum value_eq hit = tests->n ? test_any(e, tests, 0, input, scope) : VALUE_EQ_TRUE;
    if (e->failed)
        return ERR_LIMIT;
    *ret = tests->negated ? truth_not(hit) : hit;
    return ERR_OK;
}
