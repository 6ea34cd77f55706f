/* Operators: DMN 1.5 section 10.3.2, tables 50 to 58. */
#include "engine/feel/eval_room.h"

#include <assert.h>

const char *eval_kind_name(struct value v)
{
    static const char *const names[VALUE_KINDS] = {
        [VALUE_NULL] = "null", [VALUE_BOOLEAN] = "a boolean", [VALUE_NUMBER] = "a number", [VALUE_STRING] = "a string",
        [VALUE_DATE] = "a date", [VALUE_TIME] = "a time", [VALUE_DATE_TIME] = "a date and time",
        [VALUE_MONTHS] = "a years and months duration", [VALUE_DURATION] = "a days and time duration",
        [VALUE_LIST] = "a list", [VALUE_CONTEXT] = "a context", [VALUE_RANGE] = "a range",
        [VALUE_FUNCTION] = "a function",
    };
    assert(v.kind < VALUE_KINDS);
    return names[v.kind];
}

enum value_eq eval_equal(struct eval *e, struct value a, struct value b)
{
    if (!eval_spend(e, 1))
        return VALUE_EQ_NULL;
    enum value_eq equal = value_equal_within(a, b, e->zones, &e->steps);
    if (e->steps == 0)
        eval_limit(e, "steps");
    return equal;
}

static bool is_temporal(struct value v)
{
    return v.kind == VALUE_DATE || v.kind == VALUE_TIME || v.kind == VALUE_DATE_TIME;
}

static bool is_duration(struct value v)
{
    return v.kind == VALUE_MONTHS || v.kind == VALUE_DURATION;
}

static bool date_time_value(struct eval *e, struct date_time date_time, struct value *ret)
{
    bool ok;
    *ret = value_date_time(e->mem, date_time, &ok);
    *ret = eval_made(e, *ret, ok);
    return true;
}

static bool time_value(struct eval *e, struct day_time time, struct value *ret)
{
    bool ok;
    *ret = value_time(e->mem, time, &ok);
    *ret = eval_made(e, *ret, ok);
    return true;
}

static bool plus_months(struct eval *e, struct value a, int64_t months, struct value *ret)
{
    struct date_time date_time;
    if (a.kind == VALUE_DATE) {
        ret->kind = VALUE_DATE;
        return date_add_months(a.date, months, &ret->date);
    }
    return a.kind == VALUE_DATE_TIME && date_time_add_months(*a.date_time, months, &date_time)
           && date_time_value(e, date_time, ret);
}

/* A date stands for its midnight, and stays a date. */
static bool plus_duration(struct eval *e, struct value a, struct duration d, struct value *ret)
{
    if (a.kind == VALUE_TIME)
        return time_value(e, time_of_day_add(*a.time, d), ret);
    struct date_time date_time = { .date = a.date };
    if (a.kind == VALUE_DATE_TIME)
        date_time = *a.date_time;
    if (!date_time_add(date_time, d, &date_time))
        return false;
    if (a.kind == VALUE_DATE_TIME)
        return date_time_value(e, date_time, ret);
    *ret = value_date(date_time.date);
    return true;
}

static bool opposite(struct value v, struct value *ret)
{
    *ret = v;
    switch (v.kind) {
    case VALUE_NUMBER: ret->number = number_neg(v.number); return true;
    case VALUE_MONTHS: return !__builtin_sub_overflow(INT64_C(0), v.months, &ret->months);
    case VALUE_DURATION: ret->duration = duration_neg(v.duration); return v.duration.seconds != INT64_MIN;
    default: return false;
    }
}

static struct value joined(struct eval *e, struct slice a, struct slice b)
{
    char *at = eval_spend(e, (a.len + b.len) / 16) ? arena_alloc(e->mem, a.len + b.len + 1) : NULL;
    if (!at)
        return eval_limit(e, "memory");
    if (a.len)
        memcpy(at, a.at, a.len);
    if (b.len)
        memcpy(at + a.len, b.at, b.len);
    return value_string((struct slice){ at, a.len + b.len });
}

static bool add_same(struct eval *e, struct value a, struct value b, struct value *ret)
{
    *ret = a;
    switch (a.kind) {
    case VALUE_NUMBER: return number_add(a.number, b.number, &ret->number);
    case VALUE_MONTHS: return !__builtin_add_overflow(a.months, b.months, &ret->months);
    case VALUE_DURATION: return duration_add(a.duration, b.duration, &ret->duration);
    case VALUE_STRING: *ret = joined(e, a.string, b.string); return true;
    default: return false;
    }
}

static bool add(struct eval *e, struct value a, struct value b, struct value *ret)
{
    if (a.kind == b.kind)
        return add_same(e, a, b, ret);
    if (is_duration(a)) {
        struct value other = a;
        a = b;
        b = other;
    }
    if (!is_temporal(a) || !is_duration(b))
        return false;
    return b.kind == VALUE_MONTHS ? plus_months(e, a, b.months, ret) : plus_duration(e, a, b.duration, ret);
}

/* DMN 1.5, table 55: a date is its midnight in UTC beside a date and time. */
static struct date_time moment(struct value v)
{
    assert(v.kind == VALUE_DATE || v.kind == VALUE_DATE_TIME);
    if (v.kind == VALUE_DATE_TIME)
        return *v.date_time;
    return (struct date_time){ .date = v.date, .time.zone.kind = ZONE_OFFSET };
}

static bool subtract(struct eval *e, struct value a, struct value b, struct value *ret)
{
    struct value minus;
    if (a.kind == VALUE_STRING)
        return false;
    if (!is_temporal(b))
        return opposite(b, &minus) && add(e, a, minus, ret);
    ret->kind = VALUE_DURATION;
    if (a.kind == VALUE_TIME && b.kind == VALUE_TIME)
        return time_of_day_sub(*a.time, *b.time, e->zones, &ret->duration);
    if (!is_temporal(a) || a.kind == VALUE_TIME || b.kind == VALUE_TIME)
        return false;
    return date_time_sub(moment(a), moment(b), e->zones, &ret->duration);
}

static bool whole(struct number n, int64_t *ret)
{
    return number_round(n, 0, ROUND_DOWN, &n) && number_to_i64(n, ret);
}

/* A number, or a duration in months or in seconds. */
static bool quantity(struct value v, struct number *ret)
{
    switch (v.kind) {
    case VALUE_NUMBER: *ret = v.number; return true;
    case VALUE_MONTHS: *ret = number_of(v.months); return true;
    case VALUE_DURATION:
        return number_add(number_of(v.duration.seconds), number_scaled(v.duration.nanos, -9), ret);
    default: return false;
    }
}

/* Months and nanoseconds are cut towards zero. */
static bool of_quantity(struct number n, enum value_kind kind, struct value *ret)
{
    int64_t nanos;
    struct duration *d = &ret->duration;
    *ret = value_number(n);
    if (kind == VALUE_NUMBER)
        return true;
    ret->kind = kind;
    if (kind == VALUE_MONTHS)
        return whole(n, &ret->months);
    *d = (struct duration){ 0, 0 };
    if (!whole(n, &d->seconds) || !number_sub(n, number_of(d->seconds), &n)
        || !number_mul(n, number_of(1000000000), &n) || !whole(n, &nanos))
        return false;
    d->nanos = (int32_t)nanos;
    return true;
}

static bool multiply(struct value a, struct value b, struct value *ret)
{
    struct number x, y;
    if (a.kind != VALUE_NUMBER && b.kind != VALUE_NUMBER)
        return false;
    return quantity(a, &x) && quantity(b, &y) && number_mul(x, y, &x)
           && of_quantity(x, a.kind == VALUE_NUMBER ? b.kind : a.kind, ret);
}

static bool divide(struct value a, struct value b, struct value *ret)
{
    struct number x, y;
    if (a.kind != b.kind && b.kind != VALUE_NUMBER)
        return false;
    return quantity(a, &x) && quantity(b, &y) && number_div(x, y, &x)
           && of_quantity(x, a.kind == b.kind ? VALUE_NUMBER : a.kind, ret);
}

static bool power(struct value a, struct value b, struct value *ret)
{
    ret->kind = VALUE_NUMBER;
    return a.kind == VALUE_NUMBER && b.kind == VALUE_NUMBER && number_pow(a.number, b.number, &ret->number);
}

static bool compare(const struct eval *e, enum node_op op, struct value a, struct value b, struct value *ret)
{
    int order;
    if (!value_compare(a, b, e->zones, &order))
        return false;
    bool is = op == OP_LT ? order < 0 : op == OP_LE ? order <= 0 : op == OP_GT ? order > 0 : order >= 0;
    *ret = value_boolean(is);
    return true;
}

static bool apply(struct eval *e, enum node_op op, struct value a, struct value b, struct value *ret)
{
    enum value_eq equal;
    switch (op) {
    case OP_EQ:
    case OP_NE:
        equal = eval_equal(e, a, b);
        *ret = truth_value(op == OP_EQ ? equal : truth_not(equal));
        return equal != VALUE_EQ_NULL;
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE: return compare(e, op, a, b, ret);
    case OP_ADD: return add(e, a, b, ret);
    case OP_SUB: return subtract(e, a, b, ret);
    case OP_MUL: return multiply(a, b, ret);
    case OP_DIV: return divide(a, b, ret);
    case OP_POW: return power(a, b, ret);
    case OP_AND: *ret = truth_value(truth_and(truth_of(a), truth_of(b))); return true;
    case OP_OR: *ret = truth_value(truth_or(truth_of(a), truth_of(b))); return true;
    }
    return false;
}

struct value eval_operator(struct eval *e, uint32_t at, enum node_op op, struct value a, struct value b)
{
    static const char *const signs[] = {
        [OP_OR] = "or", [OP_AND] = "and", [OP_EQ] = "=", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">",
        [OP_GE] = ">=", [OP_ADD] = "+", [OP_SUB] = "-", [OP_MUL] = "*", [OP_DIV] = "/", [OP_POW] = "**",
    };
    struct value v = value_null;
    if (apply(e, op, a, b, &v))
        return v;
    if (a.kind == VALUE_NUMBER && b.kind == VALUE_NUMBER)
        return eval_null(e, at, "'%s' has no result for these numbers", signs[op]);
    return eval_null(e, at, "'%s' has no meaning between %s and %s", signs[op], eval_kind_name(a), eval_kind_name(b));
}

struct value eval_negate(struct eval *e, uint32_t at, struct value v)
{
    struct value minus;
    return opposite(v, &minus) ? minus : eval_null(e, at, "'-' has no meaning before %s", eval_kind_name(v));
}

struct value eval_between(struct eval *e, uint32_t at, struct value v, struct value low, struct value high)
{
    struct value above = eval_operator(e, at, OP_GE, v, low), below = eval_operator(e, at, OP_LE, v, high);
    return truth_value(truth_and(truth_of(above), truth_of(below)));
}
