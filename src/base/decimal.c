#include "base/decimal.h"

#include <assert.h>
#include <stdio.h>

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

struct slice micro_print(int64_t micro, char out[32])
{
    uint64_t size = micro < 0 ? 0 - (uint64_t)micro : (uint64_t)micro;
    int n = snprintf(out, 32, "%s%llu.%06llu", micro < 0 ? "-" : "",
                     (unsigned long long)(size / MICRO), (unsigned long long)(size % MICRO));
    assert(n > 0 && n < 32);
    while (out[n - 1] == '0')
        n--;
    if (out[n - 1] == '.')
        n--;
    out[n] = 0;
    return (struct slice){ out, (size_t)n };
}
