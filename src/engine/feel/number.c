#include "engine/feel/number.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define DECIMAL_CALL_BY_REFERENCE 0
#define DECIMAL_GLOBAL_ROUNDING 0
#define DECIMAL_GLOBAL_EXCEPTION_FLAGS 0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <bid_conf.h>
#include <bid_functions.h>
#pragma GCC diagnostic pop

#define DIGITS 34
#define BIAS 6176             // of the exponent in the encoding
#define EXPONENT_LAST 6111
#define EXPONENT_FAR 100000   // beyond any exponent that matters: larger ones count as this
#define PLAIN_DIGITS 40
#define POW_STEPS_MAX 1000000 // whole exponents up to this are multiplied out
#define NEAREST BID_ROUNDING_TO_NEAREST

static_assert(sizeof(struct number) == sizeof(BID_UINT128), "number and library agree");
static_assert(NUMBER_TEXT >= PLAIN_DIGITS + sizeof "-0.E-6176", "the longest text fits");

static BID_UINT128 bid_of(struct number n)
{
    BID_UINT128 b;
    memcpy(&b, &n, sizeof b);
    return b;
}

static struct number number_of_bid(BID_UINT128 b)
{
    struct number n;
    memcpy(&n, &b, sizeof n);
    return n;
}

/* The gate through which results leave: nothing infinite, one zero only. */
static bool leave(BID_UINT128 b, struct number *ret)
{
    assert(ret);
    if (!bid128_isFinite(b))
        return false;
    *ret = bid128_isZero(b) ? number_of(0) : number_of_bid(b);
    return true;
}

/* The finite number's exponent, as IEEE 754-2008 encodes it in binary; a coefficient of 34 digits never needs the
 * encoding's second form. */
static int exponent_of(struct number n)
{
    assert((n.high >> 61 & 3) != 3);
    return (int)(n.high >> 49 & 0x3fff) - BIAS;
}

/* Digits without zeros in front; the 36th and last is a one when anything but zeros was cut off behind, so that
 * the library rounds as if it saw all. */
struct digits {
    char at[DIGITS + 2];
    int n;
    int64_t exponent;
};

static void digits_add(struct digits *d, char c, bool behind_point)
{
    if (d->n == 0 && c == '0') {
        d->exponent -= behind_point;
        return;
    }
    if (d->n < DIGITS + 2) {
        d->at[d->n++] = c;
        d->exponent -= behind_point;
        return;
    }
    if (c != '0' && d->at[d->n - 1] == '0')
        d->at[d->n - 1] = '1';
    d->exponent += !behind_point;
}

static bool is_digit(struct slice s, size_t i)
{
    return i < s.len && s.at[i] >= '0' && s.at[i] <= '9';
}

/* "12.5", "12.", ".5" from *i on. */
static bool read_digits(struct slice s, size_t *i, struct digits *d)
{
    size_t count = 0;
    for (; is_digit(s, *i); ++*i, count++)
        digits_add(d, s.at[*i], false);
    if (*i < s.len && s.at[*i] == '.')
        for (++*i; is_digit(s, *i); ++*i, count++)
            digits_add(d, s.at[*i], true);
    return count > 0;
}

static bool read_exponent(struct slice s, size_t *i, int64_t *ret)
{
    *ret = 0;
    if (*i == s.len || (s.at[*i] | 0x20) != 'e')
        return true;
    ++*i;
    bool minus = *i < s.len && s.at[*i] == '-';
    if (minus || (*i < s.len && s.at[*i] == '+'))
        ++*i;
    size_t begin = *i;
    int64_t value = 0;
    /* A text of n digits can shift its point by n at most, hence the wide bound. */
    for (; is_digit(s, *i); ++*i)
        if (value < INT64_MAX / 100)
            value = value * 10 + (s.at[*i] - '0');
    *ret = minus ? -value : value;
    return *i > begin;
}

bool number_parse(struct slice text, struct number *ret)
{
    assert(ret);
    struct digits d = { .n = 0 };
    int64_t exponent;
    size_t i = 0;
    bool minus = text.len && text.at[0] == '-';
    if (minus || (text.len && text.at[0] == '+'))
        i++;
    if (!read_digits(text, &i, &d) || !read_exponent(text, &i, &exponent) || i != text.len)
        return false;
    if (d.n == 0) {
        *ret = number_of(0);
        return true;
    }
    exponent += d.exponent;
    if (exponent > EXPONENT_FAR || exponent < -EXPONENT_FAR)
        exponent = exponent > 0 ? EXPONENT_FAR : -EXPONENT_FAR;
    char plain[DIGITS + 32];
    snprintf(plain, sizeof plain, "%s%.*sE%+d", minus ? "-" : "", d.n, d.at, (int)exponent);
    _IDEC_flags flags = 0;
    return leave(bid128_from_string(plain, NEAREST, &flags), ret);
}

/* Coefficient without zeros at its end, as text. Returns its length; "0" for zero. */
static int shortest_digits(struct number n, bool *minus, char digits[DIGITS + 1], int *exponent)
{
    char text[64];  // "+123E-2"
    _IDEC_flags flags = 0;
    bid128_to_string(text, bid_of(n), &flags);
    char *e = strchr(text, 'E');
    assert(e && e > text + 1 && e - text - 1 <= DIGITS);
    int len = (int)(e - text - 1), zeros = 0;
    while (len > 1 && text[len] == '0') {
        len--;
        zeros++;
    }
    int skip = 1;
    while (len > 1 && text[skip] == '0') {  // the library writes none; a reader of the encoding need not know
        skip++;
        len--;
    }
    memcpy(digits, text + skip, (size_t)len);
    digits[len] = 0;
    *minus = text[0] == '-' && digits[0] != '0';
    *exponent = (int)strtol(e + 1, NULL, 10) + zeros;
    return len;
}

struct slice number_print(struct number n, char out[NUMBER_TEXT])
{
    char digits[DIGITS + 1];
    bool minus;
    int exponent, written, len = shortest_digits(n, &minus, digits, &exponent);
    const char *sign = minus ? "-" : "";
    int point = len + exponent;  // digits in front of the point
    if (digits[0] == '0')
        written = snprintf(out, NUMBER_TEXT, "0");
    else if (exponent >= 0 && point <= PLAIN_DIGITS)
        written = snprintf(out, NUMBER_TEXT, "%s%s%.*s", sign, digits, exponent,
                           "0000000000000000000000000000000000000000");
    else if (exponent < 0 && point > 0)
        written = snprintf(out, NUMBER_TEXT, "%s%.*s.%s", sign, point, digits, digits + point);
    else if (exponent < 0 && -exponent < PLAIN_DIGITS)
        written = snprintf(out, NUMBER_TEXT, "%s0.%.*s%s", sign, -point, "0000000000000000000000000000000000000000",
                           digits);
    else
        written = snprintf(out, NUMBER_TEXT, "%s%.1s%s%sE%+d", sign, digits, len > 1 ? "." : "", digits + 1,
                           point - 1);
    assert(written > 0 && written < NUMBER_TEXT);
    return (struct slice){ out, (size_t)written };
}

struct number number_of(int64_t value)
{
    return number_of_bid(bid128_from_int64(value));
}

struct number number_scaled(int64_t coefficient, int exponent)
{
    assert(exponent >= -BIAS && exponent <= EXPONENT_LAST);
    _IDEC_flags flags = 0;
    struct number n;
    bool finite = leave(bid128_scalbn(bid128_from_int64(coefficient), exponent, NEAREST, &flags), &n);
    assert(finite);
    return n;
}

bool number_is_integer(struct number n)
{
    if (exponent_of(n) >= 0)
        return true;
    _IDEC_flags flags = 0;
    return bid128_quiet_equal(bid128_round_integral_zero(bid_of(n), &flags), bid_of(n), &flags);
}

bool number_to_i64(struct number n, int64_t *ret)
{
    assert(ret);
    _IDEC_flags flags = 0;
    int64_t value = bid128_to_int64_xint(bid_of(n), &flags);
    if (flags & (BID_INVALID_EXCEPTION | BID_INEXACT_EXCEPTION))
        return false;
    *ret = value;
    return true;
}

static bool floor_scaled_slowly(struct number n, int scale, int64_t *ret, bool *exact)
{
    struct number down, times;
    if (!number_round(n, scale, ROUND_FLOOR, &down) || !number_mul(down, number_scaled(1, scale), &times)
        || !number_to_i64(times, ret))
        return false;
    *exact = number_cmp(down, n) == 0;
    return true;
}

/* Small coefficients, which is what people write, straight from the encoding. */
bool number_floor_scaled(struct number n, int scale, int64_t *ret, bool *exact)
{
    static const int64_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };
    const uint64_t coefficient_high = (UINT64_C(1) << 49) - 1;
    const int shift = exponent_of(n) + scale, known = (int)(sizeof tens / sizeof *tens);
    if ((n.high & coefficient_high) || n.low > INT64_MAX || shift >= known || shift <= -known)
        return floor_scaled_slowly(n, scale, ret, exact);
    int64_t value = n.high >> 63 ? -(int64_t)n.low : (int64_t)n.low;
    if (shift >= 0) {
        *exact = true;
        return !__builtin_mul_overflow(value, tens[shift], ret);
    }
    *exact = value % tens[-shift] == 0;
    *ret = value / tens[-shift] - (value % tens[-shift] < 0);
    return true;
}

int number_cmp(struct number a, struct number b)
{
    _IDEC_flags flags = 0;
    if (bid128_quiet_equal(bid_of(a), bid_of(b), &flags))
        return 0;
    return bid128_quiet_less(bid_of(a), bid_of(b), &flags) ? -1 : 1;
}

int number_sign(struct number n)
{
    if (bid128_isZero(bid_of(n)))
        return 0;
    return bid128_isSigned(bid_of(n)) ? -1 : 1;
}

struct number number_neg(struct number n)
{
    if (number_sign(n))
        n.high ^= UINT64_C(1) << 63;
    return n;
}

struct number number_abs(struct number n)
{
    return number_sign(n) < 0 ? number_neg(n) : n;
}

bool number_add(struct number a, struct number b, struct number *ret)
{
    _IDEC_flags flags = 0;
    return leave(bid128_add(bid_of(a), bid_of(b), NEAREST, &flags), ret);
}

bool number_sub(struct number a, struct number b, struct number *ret)
{
    return number_add(a, number_neg(b), ret);
}

bool number_mul(struct number a, struct number b, struct number *ret)
{
    _IDEC_flags flags = 0;
    return leave(bid128_mul(bid_of(a), bid_of(b), NEAREST, &flags), ret);
}

bool number_div(struct number a, struct number b, struct number *ret)
{
    _IDEC_flags flags = 0;
    return leave(bid128_div(bid_of(a), bid_of(b), NEAREST, &flags), ret);
}

/* By squaring: exact as long as the result has 34 digits; else off by about `times` units of the last place. The
 * library's own pow works through a logarithm and is not exact. May be infinite. */
static BID_UINT128 pow_whole(BID_UINT128 base, uint64_t times)
{
    _IDEC_flags flags = 0;
    BID_UINT128 product = bid128_from_int64(1);
    for (; times; times >>= 1) {
        if (times & 1)
            product = bid128_mul(product, base, NEAREST, &flags);
        if (times > 1)
            base = bid128_mul(base, base, NEAREST, &flags);
    }
    return product;
}

bool number_pow(struct number a, struct number b, struct number *ret)
{
    _IDEC_flags flags = 0;
    int64_t times;
    if (!number_to_i64(b, &times) || times > POW_STEPS_MAX || times < -POW_STEPS_MAX)
        return leave(bid128_pow(bid_of(a), bid_of(b), NEAREST, &flags), ret);
    if (times >= 0)
        return leave(pow_whole(bid_of(a), (uint64_t)times), ret);
    BID_UINT128 below = pow_whole(bid_of(a), (uint64_t)-times);
    return leave(bid128_div(bid128_from_int64(1), below, NEAREST, &flags), ret);
}

bool number_modulo(struct number a, struct number b, struct number *ret)
{
    _IDEC_flags flags = 0;
    struct number rest;  // exact, with the sign of the dividend
    if (!leave(bid128_fmod(bid_of(a), bid_of(b), &flags), &rest))
        return false;
    if (number_sign(rest) * number_sign(b) < 0)
        return number_add(rest, b, ret);
    *ret = rest;
    return true;
}

bool number_sqrt(struct number n, struct number *ret)
{
    _IDEC_flags flags = 0;
    return leave(bid128_sqrt(bid_of(n), NEAREST, &flags), ret);
}

bool number_exp(struct number n, struct number *ret)
{
    _IDEC_flags flags = 0;
    return leave(bid128_exp(bid_of(n), NEAREST, &flags), ret);
}

bool number_log(struct number n, struct number *ret)
{
    _IDEC_flags flags = 0;
    return leave(bid128_log(bid_of(n), NEAREST, &flags), ret);
}

static BID_UINT128 quantized(struct number n, int exponent, _IDEC_round way)
{
    _IDEC_flags flags = 0;
    return bid128_quantize(bid_of(n), bid_of(number_scaled(1, exponent)), way, &flags);
}

/* The one way that IEEE 754 does not have: to the nearest, from the middle towards zero. */
static _IDEC_round way_half_down(struct number n, int exponent)
{
    struct number cut, rest;
    bool ok = leave(quantized(n, exponent, BID_ROUNDING_TO_ZERO), &cut) && number_sub(n, cut, &rest);
    assert(ok);
    bool beyond = number_cmp(number_abs(rest), number_scaled(5, exponent - 1)) > 0;
    return beyond ? BID_ROUNDING_TIES_AWAY : BID_ROUNDING_TO_ZERO;
}

static _IDEC_round way_of(struct number n, int exponent, enum number_rounding rounding)
{
    switch (rounding) {
    case ROUND_HALF_EVEN: return BID_ROUNDING_TO_NEAREST;
    case ROUND_UP: return number_sign(n) < 0 ? BID_ROUNDING_DOWN : BID_ROUNDING_UP;
    case ROUND_DOWN: return BID_ROUNDING_TO_ZERO;
    case ROUND_HALF_UP: return BID_ROUNDING_TIES_AWAY;
    case ROUND_HALF_DOWN: return way_half_down(n, exponent);
    case ROUND_FLOOR: return BID_ROUNDING_DOWN;
    case ROUND_CEILING: return BID_ROUNDING_UP;
    }
    assert(!"a way of rounding");
    return BID_ROUNDING_TO_NEAREST;
}

bool number_round(struct number n, int scale, enum number_rounding rounding, struct number *ret)
{
    assert(ret);
    if (scale < -EXPONENT_LAST || scale > BIAS)
        return false;
    if (exponent_of(n) >= -scale) {  // nothing to cut, and perhaps no room to write more zeros
        *ret = n;
        return true;
    }
    return leave(quantized(n, -scale, way_of(n, -scale, rounding)), ret);
}
