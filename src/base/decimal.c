#include "base/decimal.h"

#include <assert.h>

#define PLACES 6

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct scan {
    struct slice s;
    size_t i;
    int64_t digits;  // kept negative: the range below zero is the larger one
    int scale;       // digits read after the point
    bool any, overflow;
};

static void scan_digits(struct scan *sc, bool fraction)
{
    for (; sc->i < sc->s.len && is_digit(sc->s.at[sc->i]); sc->i++) {
        sc->any = true;
        sc->scale += fraction;
        if (__builtin_mul_overflow(sc->digits, 10, &sc->digits)
            || __builtin_sub_overflow(sc->digits, sc->s.at[sc->i] - '0', &sc->digits))
            sc->overflow = true;
    }
}

/* The exponent behind 'e'; false when no digit follows or it is absurd. */
static bool scan_exponent(struct scan *sc, int *ret)
{
    int64_t value;
    struct slice rest = { sc->s.at + sc->i, sc->s.len - sc->i };
    if (!slice_i64(rest, &value) || value < -400 || value > 400)
        return false;
    sc->i = sc->s.len;
    *ret = (int)value;
    return true;
}

/* Brings `digits` with `scale` places to six places without losing any. */
static bool scale_exact(int64_t *digits, int scale)
{
    for (; scale < PLACES && *digits; scale++)
        if (__builtin_mul_overflow(*digits, 10, digits))
            return false;
    for (; scale > PLACES && *digits; scale--) {
        if (*digits % 10)
            return false;
        *digits /= 10;
    }
    return true;
}

enum err_code micro_parse(struct slice text, int64_t *ret, struct err *e)
{
    assert(ret);
    struct scan sc = { .s = text };
    bool negative = text.len && text.at[0] == '-';
    sc.i = negative || (text.len && text.at[0] == '+');
    int exponent = 0;
    scan_digits(&sc, false);
    if (sc.i < text.len && text.at[sc.i] == '.') {
        sc.i++;
        scan_digits(&sc, true);
    }
    if (sc.any && sc.i < text.len && (text.at[sc.i] == 'e' || text.at[sc.i] == 'E')) {
        sc.i++;
        if (!scan_exponent(&sc, &exponent))
            return err_set(e, ERR_INVALID, sc.i, "'%.*s' has no exponent behind its 'e'",
                           SLICE_ARG(text));
    }
    if (!sc.any || sc.i != text.len)
        return err_set(e, ERR_INVALID, sc.i, "'%.*s' is not a number", SLICE_ARG(text));
    if (sc.overflow || !scale_exact(&sc.digits, sc.scale - exponent)
        || (!negative && sc.digits == INT64_MIN))
        return err_set(e, ERR_LIMIT, 0, "'%.*s' does not fit in 13 digits and 6 decimal places",
                       SLICE_ARG(text));
    *ret = negative ? sc.digits : -sc.digits;
    return ERR_OK;
}

enum err_code micro_mul(int64_t a, int64_t b, int64_t *ret, struct err *e)
{
    assert(ret);
    __extension__ typedef __int128 wide;
    wide product = (wide)a * b, whole = product / MICRO, rest = product % MICRO;
    wide twice = (rest < 0 ? -rest : rest) * 2;
    if (twice > MICRO || (twice == MICRO && whole % 2))
        whole += product < 0 ? -1 : 1;
    if (whole > INT64_MAX || whole < INT64_MIN)
        return err_set(e, ERR_LIMIT, 0, "a product does not fit in 13 digits");
    *ret = (int64_t)whole;
    return ERR_OK;
}

/* Writes the digits of `value` so that they end before `end`; returns where they begin. */
static char *digits_before(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return end;
}

static uint64_t size_of(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

/* Moves text that was written at the end of out[32] to its start, behind the sign. */
static struct slice to_front(char *out, bool negative, const char *at, const char *end)
{
    size_t n = (size_t)(end - at);
    memmove(out + negative, at, n);
    if (negative)
        out[0] = '-';
    out[n + negative] = 0;
    return (struct slice){ out, n + negative };
}

struct slice i64_print(int64_t value, char out[32])
{
    char *end = out + 31;
    return to_front(out, value < 0, digits_before(end, size_of(value)), end);
}

struct slice micro_print(int64_t micro, char out[32])
{
    uint64_t size = size_of(micro);
    char *end = out + 31, *point = end - PLACES - 1;
    uint64_t fraction = size % MICRO;
    if (fraction) {
        for (char *at = end; at > point + 1; fraction /= 10)
            *--at = (char)('0' + fraction % 10);
        *point = '.';
        while (end[-1] == '0')
            end--;
    } else {
        end = point;
    }
    return to_front(out, micro < 0, digits_before(point, size / MICRO), end);
}
