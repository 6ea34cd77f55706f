#include "engine/feel/value.h"

#include <assert.h>

#define BUDGET UINT64_C(4000000)
/* Lists nest as deep as a loop over `partial` makes them; the stack does not. */
#define LEVELS_MAX 1000

/* What the comparisons of a call have in common. */
struct walk {
    const struct zones *zones;
    uint64_t *budget;
    bool (*same)(struct walk *, unsigned level, struct value, struct value);  // of two members
};

static enum value_eq tri(bool b)
{
    return b ? VALUE_EQ_TRUE : VALUE_EQ_FALSE;
}

enum value_eq truth_of(struct value v)
{
    return v.kind == VALUE_BOOLEAN ? tri(v.boolean) : VALUE_EQ_NULL;
}

struct value truth_value(enum value_eq a)
{
    return a == VALUE_EQ_NULL ? value_null : value_boolean(a == VALUE_EQ_TRUE);
}

enum value_eq truth_not(enum value_eq a)
{
    return a == VALUE_EQ_NULL ? a : tri(a == VALUE_EQ_FALSE);
}

enum value_eq truth_or(enum value_eq a, enum value_eq b)
{
    if (a == VALUE_EQ_TRUE || b == VALUE_EQ_TRUE)
        return VALUE_EQ_TRUE;
    return a == VALUE_EQ_FALSE && b == VALUE_EQ_FALSE ? VALUE_EQ_FALSE : VALUE_EQ_NULL;
}

enum value_eq truth_and(enum value_eq a, enum value_eq b)
{
    return truth_not(truth_or(truth_not(a), truth_not(b)));
}

static void *copy(struct arena *mem, const void *from, size_t bytes)
{
    void *to = arena_alloc(mem, bytes ? bytes : 1);
    if (to && bytes)
        memcpy(to, from, bytes);
    return to;
}

struct value value_time(struct arena *mem, struct day_time time, bool *ok)
{
    const struct day_time *at = copy(mem, &time, sizeof time);
    *ok = at != NULL;
    return *ok ? (struct value){ .kind = VALUE_TIME, .time = at } : value_null;
}

struct value value_date_time(struct arena *mem, struct date_time date_time, bool *ok)
{
    const struct date_time *at = copy(mem, &date_time, sizeof date_time);
    *ok = at != NULL;
    return *ok ? (struct value){ .kind = VALUE_DATE_TIME, .date_time = at } : value_null;
}

struct value value_list(struct arena *mem, const struct value *items, size_t n, bool *ok)
{
    struct value_list *list = arena_one(mem, struct value_list);
    *ok = list && n <= SIZE_MAX / sizeof *items && (list->item = copy(mem, items, n * sizeof *items)) != NULL;
    if (!*ok)
        return value_null;
    list->n = n;
    return (struct value){ .kind = VALUE_LIST, .list = list };
}

struct value value_context(struct arena *mem, const struct value_entry *entries, size_t n, bool *ok)
{
    struct value_context *c = arena_one(mem, struct value_context);
    *ok = c && n <= SIZE_MAX / sizeof *entries && (c->entry = copy(mem, entries, n * sizeof *entries)) != NULL;
    if (!*ok)
        return value_null;
    c->n = n;
    return (struct value){ .kind = VALUE_CONTEXT, .context = c };
}

struct value value_range(struct arena *mem, struct value_range range, bool *ok)
{
    const struct value_range *at = copy(mem, &range, sizeof range);
    *ok = at != NULL;
    return *ok ? (struct value){ .kind = VALUE_RANGE, .range = at } : value_null;
}

const struct value *value_member(const struct value_context *c, struct slice name)
{
    assert(c);
    for (size_t i = 0; i < c->n; i++)
        if (slice_eq(c->entry[i].name, name))
            return &c->entry[i].value;
    return NULL;
}

static bool same_zone(struct zone a, struct zone b)
{
    if (a.kind != b.kind)
        return false;
    return a.kind == ZONE_NONE || (a.kind == ZONE_OFFSET ? a.offset_s == b.offset_s : slice_eq(a.name, b.name));
}

static bool same_time(struct day_time a, struct day_time b)
{
    return a.hour == b.hour && a.minute == b.minute && a.second == b.second && a.nano == b.nano
           && same_zone(a.zone, b.zone);
}

/* Equality is of whole seconds (DMN TCK 0068, time_005); order is not. */
static bool equal_times(struct day_time a, struct day_time b, const struct zones *zones)
{
    int order;
    a.nano = b.nano = 0;
    return time_of_day_cmp(a, b, zones, &order) ? order == 0 : same_time(a, b);
}

static bool equal_date_times(struct date_time a, struct date_time b, const struct zones *zones)
{
    int order;
    a.time.nano = b.time.nano = 0;
    if (date_time_cmp(a, b, zones, &order))
        return order == 0;
    return date_cmp(a.date, b.date) == 0 && same_time(a.time, b.time);
}

static bool spend(struct walk *w)
{
    if (*w->budget)
        --*w->budget;
    return *w->budget > 0;
}

static bool both_lists(struct walk *w, unsigned level, const struct value_list *a, const struct value_list *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n && a->item != b->item; i++)
        if (!w->same(w, level + 1, a->item[i], b->item[i]))
            return false;
    return true;
}

static bool both_contexts(struct walk *w, unsigned level, const struct value_context *a, const struct value_context *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n && a->entry != b->entry; i++) {
        /* Mostly the entries have the same order. */
        const struct value *other = slice_eq(a->entry[i].name, b->entry[i].name) ? &b->entry[i].value
                                                                                  : value_member(b, a->entry[i].name);
        if (!other || !w->same(w, level + 1, a->entry[i].value, *other))
            return false;
    }
    return true;
}

static bool both_ranges(struct walk *w, unsigned level, const struct value_range *a, const struct value_range *b)
{
    return a->low_closed == b->low_closed && a->high_closed == b->high_closed && a->low_unbounded == b->low_unbounded
           && a->high_unbounded == b->high_unbounded && w->same(w, level + 1, a->low, b->low)
           && w->same(w, level + 1, a->high, b->high);
}

/* Of the same kind. */
static bool equal_kind(struct walk *w, unsigned level, struct value a, struct value b)
{
    assert(a.kind == b.kind);
    switch (a.kind) {
    case VALUE_NULL: return true;
    case VALUE_BOOLEAN: return a.boolean == b.boolean;
    case VALUE_NUMBER: return number_cmp(a.number, b.number) == 0;
    case VALUE_STRING: return slice_eq(a.string, b.string);
    case VALUE_DATE: return date_cmp(a.date, b.date) == 0;
    case VALUE_TIME: return equal_times(*a.time, *b.time, w->zones);
    case VALUE_DATE_TIME: return equal_date_times(*a.date_time, *b.date_time, w->zones);
    case VALUE_MONTHS: return a.months == b.months;
    case VALUE_DURATION: return duration_cmp(a.duration, b.duration) == 0;
    case VALUE_LIST: return both_lists(w, level, a.list, b.list);
    case VALUE_CONTEXT: return both_contexts(w, level, a.context, b.context);
    case VALUE_RANGE: return both_ranges(w, level, a.range, b.range);
    case VALUE_FUNCTION: return a.function == b.function;
    case VALUE_KINDS: break;
    }
    return false;
}

/* Members of different kinds are different: only the values that are asked about make null. */
static bool equal_member(struct walk *w, unsigned level, struct value a, struct value b)
{
    if (!spend(w) || level > LEVELS_MAX) {
        *w->budget = 0;
        return false;
    }
    return a.kind == b.kind && equal_kind(w, level, a, b);
}

static bool same_member(struct walk *w, unsigned level, struct value a, struct value b)
{
    if (a.kind != b.kind || !spend(w) || level > LEVELS_MAX)
        return false;
    if (a.kind == VALUE_TIME)
        return same_time(*a.time, *b.time);
    if (a.kind == VALUE_DATE_TIME)
        return date_cmp(a.date_time->date, b.date_time->date) == 0 && same_time(a.date_time->time, b.date_time->time);
    return equal_kind(w, level, a, b);
}

enum value_eq value_equal_within(struct value a, struct value b, const struct zones *zones, uint64_t *budget)
{
    assert(a.kind < VALUE_KINDS && b.kind < VALUE_KINDS && budget);
    struct walk w = { zones, budget, equal_member };
    if (value_is_null(a) || value_is_null(b))
        return tri(a.kind == b.kind);
    if (a.kind != b.kind)
        return VALUE_EQ_NULL;
    bool equal = equal_kind(&w, 0, a, b);
    return *budget ? tri(equal) : VALUE_EQ_NULL;
}

enum value_eq value_equal(struct value a, struct value b, const struct zones *zones)
{
    uint64_t budget = BUDGET;
    return value_equal_within(a, b, zones, &budget);
}

bool value_same(struct value a, struct value b)
{
    assert(a.kind < VALUE_KINDS && b.kind < VALUE_KINDS);
    uint64_t budget = BUDGET;
    struct walk w = { NULL, &budget, same_member };
    return same_member(&w, 0, a, b);
}

bool value_compare(struct value a, struct value b, const struct zones *zones, int *ret)
{
    assert(ret);
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case VALUE_NUMBER: *ret = number_cmp(a.number, b.number); return true;
    case VALUE_STRING: *ret = slice_cmp(a.string, b.string); return true;
    case VALUE_DATE: *ret = date_cmp(a.date, b.date); return true;
    case VALUE_TIME: return time_of_day_cmp(*a.time, *b.time, zones, ret);
    case VALUE_DATE_TIME: return date_time_cmp(*a.date_time, *b.date_time, zones, ret);
    case VALUE_MONTHS: *ret = (a.months > b.months) - (a.months < b.months); return true;
    case VALUE_DURATION: *ret = duration_cmp(a.duration, b.duration); return true;
    default: return false;
    }
}

/* sign 1: behind the low end; -1: in front of the high one. */
static enum value_eq inside(struct value v, struct value end, bool closed, int sign, const struct zones *zones)
{
    int order;
    if (!value_compare(v, end, zones, &order))
        return VALUE_EQ_NULL;
    return tri(order == 0 ? closed : (order > 0) == (sign > 0));
}

enum value_eq value_in_range(struct value v, const struct value_range *r, const struct zones *zones)
{
    assert(r);
    if (r->low_unbounded && r->high_unbounded) {
        enum value_eq equal = value_equal(v, r->low, zones);
        return equal == VALUE_EQ_NULL ? equal : tri((equal == VALUE_EQ_TRUE) == r->low_closed);
    }
    enum value_eq low = VALUE_EQ_TRUE, high = VALUE_EQ_TRUE;
    if (!r->low_unbounded)
        low = inside(v, r->low, r->low_closed, 1, zones);
    if (!r->high_unbounded)
        high = inside(v, r->high, r->high_closed, -1, zones);
    return truth_and(low, high);
}
