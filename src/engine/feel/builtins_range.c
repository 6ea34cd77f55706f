/* Functions of ranges, Allen's relations: DMN 1.5 section 10.3.4.9, tables 78 and 84; range() of table 74.
 *
 * A point is any value that has an order. An end without a bound lies beyond every point. What cannot be compared
 * makes null.
 */
#include "engine/feel/builtin_room.h"
#include "engine/feel/parse.h"

#include <assert.h>

/* One end of a range. */
struct bound {
    struct value at;
    int beyond;     // -1, 1: before, behind everything; 0: at `at`
    bool closed;
};
/* A point is a range from itself to itself. */
struct extent {
    struct bound low, high;
    bool point;
};

/* What the comparisons of a call have in common. */
struct order {
    const struct zones *zones;
    bool undefined;  // two ends did not compare
};

static struct extent extent_of(struct value v)
{
    v = arg_single(v);
    if (v.kind != VALUE_RANGE) {
        struct bound here = { v, 0, true };
        return (struct extent){ here, here, true };
    }
    const struct value_range *r = v.range;
    bool no_low = r->low_unbounded || value_is_null(r->low), no_high = r->high_unbounded || value_is_null(r->high);
    return (struct extent){ { r->low, no_low ? -1 : 0, r->low_closed && !no_low },
                            { r->high, no_high ? 1 : 0, r->high_closed && !no_high }, false };
}

static int cmp(struct order *o, struct bound a, struct bound b)
{
    int ret = 0;
    if (a.beyond || b.beyond)
        return (a.beyond > b.beyond) - (a.beyond < b.beyond);
    if (!value_compare(a.at, b.at, o->zones, &ret))
        o->undefined = true;
    return ret;
}

/* a ends before b begins. */
static bool is_before(struct order *o, struct extent a, struct extent b)
{
    int c = cmp(o, a.high, b.low);
    return c < 0 || (c == 0 && !(a.high.closed && b.low.closed));
}

static bool is_meets(struct order *o, struct extent a, struct extent b)
{
    return cmp(o, a.high, b.low) == 0 && a.high.closed && b.low.closed;
}

static bool is_overlaps(struct order *o, struct extent a, struct extent b)
{
    bool apart = is_before(o, a, b), behind = is_before(o, b, a);
    return !apart && !behind;
}

static bool is_overlaps_before(struct order *o, struct extent a, struct extent b)
{
    int low = cmp(o, a.low, b.low), high = cmp(o, a.high, b.high);
    bool begins = low < 0 || (low == 0 && a.low.closed && !b.low.closed);
    bool touches = !is_before(o, a, b);
    bool ends = high < 0 || (high == 0 && (!a.high.closed || b.high.closed));
    return begins && touches && ends;
}

/* b holds all of a's beginning, of a's end. */
static bool low_within(struct order *o, struct extent a, struct extent b)
{
    int c = cmp(o, a.low, b.low);
    return c > 0 || (c == 0 && (b.low.closed || !a.low.closed));
}

static bool high_within(struct order *o, struct extent a, struct extent b)
{
    int c = cmp(o, a.high, b.high);
    return c < 0 || (c == 0 && (b.high.closed || !a.high.closed));
}

static bool is_during(struct order *o, struct extent a, struct extent b)
{
    bool low = low_within(o, a, b), high = high_within(o, a, b);
    return low && high;
}

static bool is_finishes(struct order *o, struct extent a, struct extent b)
{
    bool same = cmp(o, a.high, b.high) == 0 && a.high.closed == b.high.closed;
    bool within = low_within(o, a, b) || a.point;
    return same && within;
}

static bool is_starts(struct order *o, struct extent a, struct extent b)
{
    bool same = cmp(o, a.low, b.low) == 0 && a.low.closed == b.low.closed;
    bool within = high_within(o, a, b) || a.point;
    return same && within;
}

static bool is_coincides(struct order *o, struct extent a, struct extent b)
{
    int low = cmp(o, a.low, b.low), high = cmp(o, a.high, b.high);
    return low == 0 && high == 0 && a.low.closed == b.low.closed && a.high.closed == b.high.closed;
}

/* What a relation takes: [a is a point][b is a point]. */
struct takes {
    bool range_range, range_point, point_range, point_point;
};

static struct value related(struct eval *e, const char *name, struct takes takes, struct value left,
                            struct value right, bool (*is)(struct order *, struct extent, struct extent))
{
    struct order o = { e->zones, false };
    struct extent a = extent_of(left), b = extent_of(right);
    bool fits = a.point ? (b.point ? takes.point_point : takes.point_range)
                        : (b.point ? takes.range_point : takes.range_range);
    bool is_null = (a.point && value_is_null(a.low.at)) || (b.point && value_is_null(b.low.at));
    if (!fits || is_null)
        return room_wrong(e, name, "points and ranges in the places they have");
    bool answer = is(&o, a, b);
    return o.undefined ? room_wrong(e, name, "values that compare with each other") : value_boolean(answer);
}

static const struct takes takes_any = { true, true, true, true }, takes_ranges = { true, false, false, false },
                          takes_point_range = { true, false, true, false },
                          takes_alike = { true, false, false, true };

static struct value call_before(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "before", takes_any, args[0], args[1], is_before);
}

static struct value call_after(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "after", takes_any, args[1], args[0], is_before);
}

static struct value call_meets(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "meets", takes_ranges, args[0], args[1], is_meets);
}

static struct value call_met_by(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "met by", takes_ranges, args[1], args[0], is_meets);
}

static struct value call_overlaps(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "overlaps", takes_ranges, args[0], args[1], is_overlaps);
}

static struct value call_overlaps_before(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "overlaps before", takes_ranges, args[0], args[1], is_overlaps_before);
}

static struct value call_overlaps_after(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "overlaps after", takes_ranges, args[1], args[0], is_overlaps_before);
}

static struct value call_finishes(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "finishes", takes_point_range, args[0], args[1], is_finishes);
}

static struct value call_finished_by(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "finished by", takes_point_range, args[1], args[0], is_finishes);
}

static struct value call_during(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "during", takes_point_range, args[0], args[1], is_during);
}

static struct value call_includes(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "includes", takes_point_range, args[1], args[0], is_during);
}

static struct value call_starts(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "starts", takes_point_range, args[0], args[1], is_starts);
}

static struct value call_started_by(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "started by", takes_point_range, args[1], args[0], is_starts);
}

static struct value call_coincides(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    return related(e, "coincides", takes_alike, args[0], args[1], is_coincides);
}

/* date("…") and its kin with one literal string: the calls that may stand at the end of a range in a text. */
static bool literal_call(struct eval *e, const struct node *node, struct value *ret)
{
    static const char *const makers[] = { "date", "time", "date and time", "duration" };
    if (node->kind != NODE_CALL || node->n != 2 || node->named || node->kid[0]->kind != NODE_NAME ||
        node->kid[1]->kind != NODE_LITERAL || node->kid[1]->value.kind != VALUE_STRING)
        return false;
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
        if (slice_is(node->kid[0]->name, makers[i])) {
            const struct builtin *b = builtin_find(node->kid[0]->name);
            assert(b);
            *ret = b->call(e, &node->kid[1]->value, 1);
            return ret->kind != VALUE_NULL;
        }
    return false;
}

static bool literal_end(struct eval *e, const struct node *node, struct value *ret)
{
    *ret = value_null;
    if (node->kind == NODE_NEGATE && node->kid[0]->kind == NODE_LITERAL && node->kid[0]->value.kind == VALUE_NUMBER) {
        *ret = value_number(number_neg(node->kid[0]->value.number));
        return true;
    }
    if (node->kind != NODE_LITERAL)
        return literal_call(e, node, ret);
    *ret = node->value;
    return ret->kind != VALUE_NULL;
}

/* range("[1..5)"): literals at both ends, of one kind, in their order. */
static struct value call_range(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct slice text;
    struct node *node = NULL;
    struct diag flaw;
    struct err err;
    struct value_range r = { 0 };
    int order;
    bool ok;
    if (!arg_string(args[0], &text))
        return room_wrong(e, "range", "a string");
    if (!eval_spend(e, text.len))
        return value_null;
    enum err_code code = feel_parse(text, &(struct parse_options){ NULL, 0 }, e->mem, &node, &flaw, &err);
    if (code == ERR_LIMIT)
        return eval_limit(e, "memory");
    if (code || node->kind != NODE_RANGE || node->n != 2)
        return room_wrong(e, "range", "the text of a range");
    if (!literal_end(e, node->kid[0], &r.low) || !literal_end(e, node->kid[1], &r.high))
        return room_wrong(e, "range", "literals at both ends");
    if (r.low.kind != r.high.kind || !value_compare(r.low, r.high, e->zones, &order) || order > 0)
        return room_wrong(e, "range", "ends of one kind, the lower one first");
    r.low_closed = node->low_closed;
    r.high_closed = node->high_closed;
    struct value v = value_range(e->mem, r, &ok);
    return eval_made(e, v, ok);
}

const struct builtin builtins_range[] = {
    /* "range,point" and "point,range" are the same names: by name the point stands first. */
    { "after", { "point1,point2", "point,range", "range1,range2" }, 2, 2, call_after },
    { "before", { "point1,point2", "point,range", "range1,range2" }, 2, 2, call_before },
    { "coincides", { "point1,point2", "range1,range2" }, 2, 2, call_coincides },
    { "during", { "point,range", "range1,range2" }, 2, 2, call_during },
    { "finished by", { "range,point", "range1,range2" }, 2, 2, call_finished_by },
    { "finishes", { "point,range", "range1,range2" }, 2, 2, call_finishes },
    { "includes", { "range,point", "range1,range2" }, 2, 2, call_includes },
    { "meets", { "range1,range2" }, 2, 2, call_meets },
    { "met by", { "range1,range2" }, 2, 2, call_met_by },
    { "overlaps", { "range1,range2" }, 2, 2, call_overlaps },
    { "overlaps after", { "range1,range2" }, 2, 2, call_overlaps_after },
    { "overlaps before", { "range1,range2" }, 2, 2, call_overlaps_before },
    { "range", { "from" }, 1, 1, call_range },
    { "started by", { "range,point", "range1,range2" }, 2, 2, call_started_by },
    { "starts", { "point,range", "range1,range2" }, 2, 2, call_starts },
    { NULL, { NULL }, 0, 0, NULL },
};
