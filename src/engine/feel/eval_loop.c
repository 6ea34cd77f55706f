/* for, some, every: DMN 1.5 section 10.3.2.14. */
#include "engine/feel/eval_room.h"

#include <assert.h>

/* What one iterator runs through; a span is never written out. */
struct domain {
    enum { DOMAIN_LIST, DOMAIN_NUMBERS, DOMAIN_DAYS } kind;
    struct value_list list;
    struct value one;          // of a list of one
    size_t i;
    struct number number, last_number;
    int64_t day, last_day;
    int step;                  // 1, -1
    bool without_last;
};

/* A loop that runs: `visit` answers false to end it. */
struct loop {
    const struct node *node;
    bool (*visit)(struct eval *, struct loop *, const struct feel_scope *);
    bool undefined;            // an iterator has nothing to run through: the loop is null
    struct value *items;       // for
    size_t n, room;
    bool partial;              // the result asks for what there is so far
    enum value_eq all;         // some, every
};

static bool open_span(struct domain *d, struct value low, struct value high)
{
    if (low.kind == VALUE_NUMBER && high.kind == VALUE_NUMBER) {
        *d = (struct domain){ .kind = DOMAIN_NUMBERS, .number = low.number, .last_number = high.number };
        d->step = number_cmp(low.number, high.number) <= 0 ? 1 : -1;
        return true;
    }
    if (low.kind != VALUE_DATE || high.kind != VALUE_DATE)
        return false;
    *d = (struct domain){ .kind = DOMAIN_DAYS, .day = date_days(low.date), .last_day = date_days(high.date) };
    d->step = d->day <= d->last_day ? 1 : -1;
    return true;
}

/* Ranges only run upwards, and leave out their open ends. */
static bool open_range(struct domain *d, const struct value_range *r)
{
    if (r->low_unbounded || r->high_unbounded || !open_span(d, r->low, r->high) || d->step < 0)
        return false;
    d->without_last = !r->high_closed;
    if (r->low_closed)
        return true;
    d->day++;
    return d->kind != DOMAIN_NUMBERS || number_add(d->number, number_of(1), &d->number);
}

static bool open_domain(struct eval *e, struct domain *d, const struct node *node, const struct feel_scope *scope)
{
    if (node->kind == NODE_SPAN) {
        struct value low = eval_node(e, node->kid[0], scope), high = eval_node(e, node->kid[1], scope);
        return !e->failed && open_span(d, low, high);
    }
    struct value v = eval_node(e, node, scope);
    if (v.kind == VALUE_RANGE)
        return open_range(d, v.range);
    *d = (struct domain){ .kind = DOMAIN_LIST, .one = v };
    d->list = v.kind == VALUE_LIST ? *v.list : (struct value_list){ 1, &d->one };
    return !e->failed && !value_is_null(v);
}

static bool next_number(struct domain *d, struct value *ret)
{
    int left = number_cmp(d->last_number, d->number) * d->step;
    *ret = value_number(d->number);
    /* A number so large that one more is nothing ends the loop. */
    struct number next = d->number;
    bool more = number_add(d->number, number_of(d->step), &next) && number_cmp(next, d->number) != 0;
    if (left < 0 || (left == 0 && d->without_last))
        return false;
    d->number = next;
    if (!more)
        d->step = 0;
    return true;
}

static bool next_day(struct domain *d, struct value *ret)
{
    int64_t left = (d->last_day - d->day) * d->step;
    ret->kind = VALUE_DATE;
    if (left < 0 || (left == 0 && d->without_last) || !date_of_days(d->day, &ret->date))
        return false;
    d->day += d->step;
    return true;
}

static bool next(struct domain *d, struct value *ret)
{
    if (d->kind == DOMAIN_NUMBERS)
        return d->step != 0 && next_number(d, ret);
    if (d->kind == DOMAIN_DAYS)
        return next_day(d, ret);
    if (d->i == d->list.n)
        return false;
    *ret = d->list.item[d->i++];
    return true;
}

/* From the i-th iterator on. */
static bool run(struct eval *e, struct loop *loop, uint32_t i, const struct feel_scope *scope)
{
    if (i + 1 == loop->node->n)
        return loop->visit(e, loop, scope);
    struct domain d;
    struct value_entry entry = { loop->node->binding[i].name, value_null };
    const struct feel_scope inner = { .outer = scope, .n = 1, .entry = &entry };
    if (!eval_enter(e))
        return false;
    bool more = open_domain(e, &d, loop->node->kid[i], scope);
    if (!more) {
        loop->undefined = true;
        eval_null(e, loop->node->kid[i]->at, "there is no list to run through");
    }
    while (more && next(&d, &entry.value))
        more = eval_spend(e, 1) && run(e, loop, i + 1, &inner);
    eval_leave(e);
    return more;
}

static bool add(struct eval *e, struct loop *loop, struct value v)
{
    if (!arena_need(e->mem, loop->items, loop->room, loop->n + 1)) {
        eval_limit(e, "memory");
        return false;
    }
    loop->items[loop->n++] = v;
    return true;
}

/* What `partial` was stays as it was: items are only added behind it. */
static bool visit_for(struct eval *e, struct loop *loop, const struct feel_scope *scope)
{
    struct value_entry entry = { SLICE("partial"), value_null };
    const struct feel_scope inner = { .outer = scope, .n = 1, .entry = &entry };
    const struct node *result = loop->node->kid[loop->node->n - 1];
    if (loop->partial)
        entry.value = eval_list(e, loop->items, loop->n);
    struct value v = eval_node(e, result, loop->partial ? &inner : scope);
    return !e->failed && add(e, loop, v);
}

static bool visit_quantified(struct eval *e, struct loop *loop, const struct feel_scope *scope)
{
    const struct node *test = loop->node->kid[loop->node->n - 1];
    struct value v = eval_node(e, test, scope);
    enum value_eq is = truth_of(v);
    bool some = loop->node->kind == NODE_SOME;
    if (v.kind != VALUE_BOOLEAN && v.kind != VALUE_NULL) {  // DMN TCK 1153, 1154
        eval_null(e, test->at, "a condition is true or false, not %s", eval_kind_name(v));
        loop->undefined = true;
        return false;
    }
    loop->all = some ? truth_or(loop->all, is) : truth_and(loop->all, is);
    return !e->failed && loop->all != (some ? VALUE_EQ_TRUE : VALUE_EQ_FALSE);
}

struct value eval_for(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    assert(node->n >= 2);
    struct loop loop = { .node = node, .visit = visit_for };
    loop.partial = eval_mentions(node->kid[node->n - 1], SLICE("partial"));
    run(e, &loop, 0, scope);
    return e->failed || loop.undefined ? value_null : eval_list(e, loop.items, loop.n);
}

struct value eval_quantified(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    assert(node->n >= 2);
    struct loop loop = { .node = node, .visit = visit_quantified };
    loop.all = node->kind == NODE_SOME ? VALUE_EQ_FALSE : VALUE_EQ_TRUE;
    run(e, &loop, 0, scope);
    return e->failed || loop.undefined ? value_null : truth_value(loop.all);
}
