#include "engine/dmn/table.h"

#include <assert.h>

/* One evaluation. */
struct answer {
    const struct table *t;
    const struct feel_scope *scope;
    struct value *input;
    size_t *hits;          // rules
    size_t n;
};

static struct value declared(struct eval *e, const struct type *type, struct value v, const char *what)
{
    bool ok = true;
    struct value coerced = type ? type_coerce(type, v, e->mem, &ok) : v;
    if (ok && value_is_null(coerced) && !value_is_null(v))
        return eval_null(e, 0, "%s is not of the type that is declared", what);
    return eval_made(e, coerced, ok);
}

/* Of the table's inputs; false: one has a value that its declared values do not have. */
static bool read_inputs(struct eval *e, struct answer *a)
{
    for (size_t i = 0; i < a->t->n_inputs; i++) {
        const struct table_input *input = &a->t->input[i];
        enum value_eq allowed = VALUE_EQ_TRUE;
        struct value v = feel_value(e, input->expression, a->scope);
        a->input[i] = declared(e, input->type, v, "an input");
        if (input->allowed && feel_eval_tests(e, input->allowed, a->input[i], a->scope, &allowed))
            return false;
        if (allowed != VALUE_EQ_TRUE && !value_is_null(a->input[i])) {
            eval_null(e, 0, "an input has a value that the table does not expect");
            return false;
        }
    }
    return !e->failed;
}

static bool rule_hits(struct eval *e, const struct answer *a, size_t r)
{
    const struct node *const *test = &a->t->test[r * a->t->n_inputs];
    for (size_t i = 0; i < a->t->n_inputs; i++) {
        enum value_eq hit;
        if (test[i]->n == 0 && !test[i]->negated)
            continue;
        if (feel_eval_tests(e, test[i], a->input[i], a->scope, &hit) || hit != VALUE_EQ_TRUE)
            return false;
    }
    return true;
}

static bool find_hits(struct eval *e, struct answer *a)
{
    for (size_t r = 0; r < a->t->n_rules && !e->failed; r++) {
        if (!eval_spend(e, 1) || !rule_hits(e, a, r))
            continue;
        a->hits[a->n++] = r;
        if (a->t->policy == HIT_FIRST)
            break;
    }
    return !e->failed;
}

/* Outputs, each worked out by `node`, as one value. */
static struct value say(struct eval *e, const struct answer *a, const struct node *const *node)
{
    const struct table *t = a->t;
    if (t->n_outputs == 1)
        return declared(e, t->output[0].type, feel_value(e, node[0], a->scope), "an output");
    struct value_entry *entry = arena_array(e->mem, struct value_entry, t->n_outputs);
    struct value_context *context = arena_one(e->mem, struct value_context);
    if (!entry || !context)
        return eval_limit(e, "memory");
    for (size_t o = 0; o < t->n_outputs; o++) {
        entry[o].name = t->output[o].name;
        entry[o].value = declared(e, t->output[o].type, feel_value(e, node[o], a->scope), "an output");
    }
    *context = (struct value_context){ t->n_outputs, entry };
    return (struct value){ .kind = VALUE_CONTEXT, .context = context };
}

static struct value say_rule(struct eval *e, const struct answer *a, size_t r)
{
    return say(e, a, &a->t->says[r * a->t->n_outputs]);
}

/* No rule hit: what the outputs say of that. */
static struct value say_default(struct eval *e, const struct answer *a)
{
    static const struct node null = { .kind = NODE_LITERAL };
    const struct table *t = a->t;
    bool any = false;
    const struct node **node = arena_array(e->mem, const struct node *, t->n_outputs);
    if (!node)
        return eval_limit(e, "memory");
    for (size_t o = 0; o < t->n_outputs; o++) {
        node[o] = t->output[o].otherwise ? t->output[o].otherwise : &null;
        any = any || t->output[o].otherwise;
    }
    return any ? say(e, a, node) : eval_null(e, 0, "no rule of the table hits");
}

static struct value output_of(const struct answer *a, struct value v, size_t o)
{
    if (a->t->n_outputs == 1)
        return v;
    assert(v.kind == VALUE_CONTEXT && o < v.context->n);
    return v.context->entry[o].value;
}

/* Position among the values that the output declares; those that are not among them come last. */
static size_t rank(struct eval *e, const struct table_output *output, struct value v)
{
    size_t n = output->allowed ? output->allowed->n : 0;
    for (size_t i = 0; i < n; i++)
        if (value_equal(v, feel_value(e, output->allowed->kid[i], NULL), e->zones) == VALUE_EQ_TRUE)
            return i;
    return n;
}

static int compare_ranks(struct eval *e, const struct answer *a, struct value x, struct value y)
{
    for (size_t o = 0; o < a->t->n_outputs; o++) {
        size_t rx = rank(e, &a->t->output[o], output_of(a, x, o));
        size_t ry = rank(e, &a->t->output[o], output_of(a, y, o));
        if (rx != ry)
            return rx < ry ? -1 : 1;
    }
    return 0;
}

/* Stable, since rules of one rank keep their order. */
static void sort_by_rank(struct eval *e, const struct answer *a, struct value *v)
{
    for (size_t i = 1; i < a->n && eval_spend(e, a->t->n_outputs * i); i++) {
        struct value moved = v[i];
        size_t k = i;
        for (; k > 0 && compare_ranks(e, a, moved, v[k - 1]) < 0; k--)
            v[k] = v[k - 1];
        v[k] = moved;
    }
}

static struct value all_equal(struct eval *e, const struct answer *a, const struct value *v)
{
    for (size_t i = 1; i < a->n; i++)
        if (value_equal(v[0], v[i], e->zones) != VALUE_EQ_TRUE)
            return eval_null(e, 0, "rules %zu and %zu hit and say different things", a->hits[0] + 1, a->hits[i] + 1);
    return v[0];
}

static struct value aggregate(struct eval *e, const struct answer *a, struct value list)
{
    static const char *const function[] = {
        [AGGREGATE_SUM] = "sum", [AGGREGATE_COUNT] = "count", [AGGREGATE_MIN] = "min", [AGGREGATE_MAX] = "max",
    };
    if (a->t->aggregation == AGGREGATE_NONE)
        return list;
    return feel_call(e, feel_builtin(slice_of(function[a->t->aggregation])), &list, 1);
}

static struct value combine(struct eval *e, const struct answer *a, struct value *v)
{
    bool ok;
    switch (a->t->policy) {
    case HIT_UNIQUE:
        if (a->n == 1)
            return v[0];
        return eval_null(e, 0, "rules %zu and %zu hit, and the table allows one", a->hits[0] + 1, a->hits[1] + 1);
    case HIT_ANY: return all_equal(e, a, v);
    case HIT_FIRST: return v[0];
    case HIT_PRIORITY: sort_by_rank(e, a, v); return v[0];
    case HIT_OUTPUT_ORDER: sort_by_rank(e, a, v); break;
    case HIT_RULE_ORDER:
    case HIT_COLLECT: break;
    }
    struct value list = value_list(e->mem, v, a->n, &ok);
    list = eval_made(e, list, ok);
    return e->failed ? value_null : aggregate(e, a, list);
}

static struct value decide(struct eval *e, struct answer *a)
{
    if (!read_inputs(e, a) || !find_hits(e, a))
        return value_null;
    if (a->n == 0)
        return a->t->aggregation == AGGREGATE_COUNT ? value_number(number_of(0)) : say_default(e, a);
    struct value *v = arena_array(e->mem, struct value, a->n);
    if (!v)
        return eval_limit(e, "memory");
    for (size_t i = 0; i < a->n && !e->failed; i++)
        v[i] = say_rule(e, a, a->hits[i]);
    return e->failed ? value_null : combine(e, a, v);
}

struct value table_decide(struct eval *e, const struct table *t, const struct feel_scope *scope, size_t *hits,
                          size_t *n_hits)
{
    assert(e && t);
    struct answer a = { .t = t, .scope = scope, .hits = hits };
    if (t->broken)
        return eval_null(e, 0, "the table has a flaw");
    a.input = arena_array(e->mem, struct value, t->n_inputs ? t->n_inputs : 1);
    if (!hits)
        a.hits = arena_array(e->mem, size_t, t->n_rules ? t->n_rules : 1);
    if (!a.input || !a.hits)
        return eval_limit(e, "memory");
    struct value v = decide(e, &a);
    if (n_hits)
        *n_hits = a.n;
    return e->failed ? value_null : v;
}
