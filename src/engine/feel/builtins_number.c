/* Numeric functions: DMN 1.5 section 10.3.4.5, table 81; number() of table 74. */
#include "engine/feel/builtin_room.h"

#include <assert.h>

#define SCALE_FROM (-6111)
#define SCALE_TO 6176

/* f(n, scale): a scale left out is 0, one given as null is a mistake. */
static struct value rounded(struct eval *e, const char *name, const struct value *args, size_t n,
                            enum number_rounding way)
{
    assert(n >= 1);
    struct number x;
    int64_t scale = 0;
    if (!arg_number(args[0], &x) || (n > 1 && !arg_whole(args[1], &scale)))
        return room_wrong(e, name, "a number and a scale");
    if (scale < SCALE_FROM || scale > SCALE_TO)
        return room_wrong(e, name, "a scale from -6111 to 6176");
    bool ok = number_round(x, (int)scale, way, &x);
    return room_number(e, name, x, ok);
}

static struct value call_decimal(struct eval *e, const struct value *args, size_t n)
{
    return rounded(e, "decimal", args, n, ROUND_HALF_EVEN);
}

static struct value call_floor(struct eval *e, const struct value *args, size_t n)
{
    return rounded(e, "floor", args, n, ROUND_FLOOR);
}

static struct value call_ceiling(struct eval *e, const struct value *args, size_t n)
{
    return rounded(e, "ceiling", args, n, ROUND_CEILING);
}

static struct value call_round_up(struct eval *e, const struct value *args, size_t n)
{
    return rounded(e, "round up", args, n, ROUND_UP);
}

static struct value call_round_down(struct eval *e, const struct value *args, size_t n)
{
    return rounded(e, "round down", args, n, ROUND_DOWN);
}

static struct value call_round_half_up(struct eval *e, const struct value *args, size_t n)
{
    return rounded(e, "round half up", args, n, ROUND_HALF_UP);
}

static struct value call_round_half_down(struct eval *e, const struct value *args, size_t n)
{
    return rounded(e, "round half down", args, n, ROUND_HALF_DOWN);
}

/* Durations have a size too. */
static struct value call_abs(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct value v = arg_single(args[0]);
    struct duration zero = { 0, 0 };
    switch (v.kind) {
    case VALUE_NUMBER:
        return value_number(number_abs(v.number));
    case VALUE_MONTHS:
        return v.months < 0 ? value_months(-v.months) : v;
    case VALUE_DURATION:
        return duration_cmp(v.duration, zero) < 0 ? value_duration(duration_neg(v.duration)) : v;
    default:
        return room_wrong(e, "abs", "a number or a duration");
    }
}

static struct value call_modulo(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct number dividend, divisor;
    if (!arg_number(args[0], &dividend) || !arg_number(args[1], &divisor))
        return room_wrong(e, "modulo", "two numbers");
    bool ok = number_modulo(dividend, divisor, &dividend);
    return room_number(e, "modulo", dividend, ok);
}

static struct value computed(struct eval *e, const char *name, struct value arg,
                             bool (*compute)(struct number, struct number *))
{
    struct number x;
    if (!arg_number(arg, &x))
        return room_wrong(e, name, "a number");
    bool ok = compute(x, &x);
    return room_number(e, name, x, ok);
}

static struct value call_sqrt(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    return computed(e, "sqrt", args[0], number_sqrt);
}

static struct value call_log(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    return computed(e, "log", args[0], number_log);
}

static struct value call_exp(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    return computed(e, "exp", args[0], number_exp);
}

/* A number with a fraction is neither odd nor even. */
static struct value parity(struct eval *e, const char *name, struct value arg, int64_t want)
{
    struct number x, rest;
    if (!arg_number(arg, &x))
        return room_wrong(e, name, "a number");
    if (!number_is_integer(x))
        return value_boolean(false);
    /* Beyond 34 digits the library may see no remainder; such numbers end with zeros, and are even. */
    if (!number_modulo(x, number_of(2), &rest))
        rest = number_of(0);
    return value_boolean(number_cmp(rest, number_of(want)) == 0);
}

static struct value call_odd(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    return parity(e, "odd", args[0], 1);
}

static struct value call_even(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    return parity(e, "even", args[0], 0);
}

/* null or one of the signs allowed; '\0' for null. */
static bool separator(struct value v, const char *allowed, char *ret)
{
    struct slice s;
    *ret = '\0';
    if (value_is_null(v))
        return true;
    if (!arg_string(v, &s) || s.len != 1 || s.at[0] == '\0' || !strchr(allowed, s.at[0]))
        return false;
    *ret = s.at[0];
    return true;
}

/* Without the signs between groups, with "." in front of the fraction; false: no number. */
static bool plain_number(struct slice from, char group, char point, struct number *ret)
{
    char text[NUMBER_TEXT * 4];
    size_t n = 0;
    for (size_t i = 0; i < from.len; i++) {
        char c = from.at[i];
        if (group && c == group)
            continue;
        if (n == sizeof(text) || (point && c == '.' && point != '.'))
            return false;
        text[n++] = c == point ? '.' : c;
    }
    return number_parse((struct slice){ text, n }, ret);
}

/* number(from), number(from, grouping separator, decimal separator). */
static struct value call_number(struct eval *e, const struct value *args, size_t n)
{
    assert(n >= 1);
    struct slice from;
    struct number x;
    char group = '\0', point = '\0';
    if (!arg_string(args[0], &from))
        return room_wrong(e, "number", "a string");
    bool separators = n == 1 || (n == 3 && separator(args[1], " ,.", &group) && separator(args[2], ",.", &point));
    if (!separators || (group && group == point))
        return room_wrong(e, "number", "two different separators: \" \", \",\" or \".\", and \",\" or \".\"");
    if (!plain_number(from, group, point, &x))
        return eval_null(e, 0, "number(): \"%.*s\" is no number", from.len > 60 ? 60 : (int)from.len,
                         from.len ? from.at : "");
    return value_number(x);
}

const struct builtin builtins_number[] = {
    { "abs", { "n" }, 1, 1, call_abs },
    { "ceiling", { "n,scale?" }, 1, 2, call_ceiling },
    { "decimal", { "n,scale" }, 2, 2, call_decimal },
    { "even", { "number" }, 1, 1, call_even },
    { "exp", { "number" }, 1, 1, call_exp },
    { "floor", { "n,scale?" }, 1, 2, call_floor },
    { "log", { "number" }, 1, 1, call_log },
    { "modulo", { "dividend,divisor" }, 2, 2, call_modulo },
    { "number", { "from,grouping separator,decimal separator", "from" }, 1, 3, call_number },
    { "odd", { "number" }, 1, 1, call_odd },
    { "round down", { "n,scale" }, 2, 2, call_round_down },
    { "round half down", { "n,scale" }, 2, 2, call_round_half_down },
    { "round half up", { "n,scale" }, 2, 2, call_round_half_up },
    { "round up", { "n,scale" }, 2, 2, call_round_up },
    { "sqrt", { "number" }, 1, 1, call_sqrt },
    { NULL, { NULL }, 0, 0, NULL },
};
