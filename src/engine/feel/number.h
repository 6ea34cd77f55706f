/* FEEL's numbers: 34-digit decimals, IEEE 754-2008 decimal128.
 *
 * Source   Intel's decimal floating-point library (libintelrdfpmath; calls by value, flags and rounding as
 *          arguments: no global state). Rounds half to even to 34 digits, as DMN 1.5 section 10.3.2.3.2 asks.
 * Results  no infinities and no NaN ever leave this file: a function that would give one answers false and
 *          leaves *ret alone; FEEL makes null of that.
 * Equal    numbers of different scale are the same number: 1.0 = 1.00.
 */
#ifndef TENDERO_ENGINE_FEEL_NUMBER_H
#define TENDERO_ENGINE_FEEL_NUMBER_H

#include "base/err.h"
#include "base/slice.h"

struct number {
    uint64_t low, high;  // the library's own binary encoding
};

#define NUMBER_TEXT 64

/* "1", "-.5", "1.20E-3": what FEEL and xsd:decimal/double write; no blanks, no "inf", no "NaN". */
bool number_parse(struct slice text, struct number *ret);
/* FEEL's string(): the shortest plain digits, without exponent and without zeros at the end behind the point
 * ("1", "0.1", "123.45"); beyond 40 digits with an exponent ("1E+50", "1.5E-60"). */
struct slice number_print(struct number, char out[NUMBER_TEXT]);
struct number number_of(int64_t);
/* coefficient * 10^exponent, exact. */
struct number number_scaled(int64_t coefficient, int exponent);
bool number_is_integer(struct number);
/* The integer part when the number is an integer and fits; else false. */
bool number_to_i64(struct number, int64_t *ret);

/* floor(n * 10^scale), and whether nothing is lost by it. false: it does not fit. For hot loops. */
bool number_floor_scaled(struct number, int scale, int64_t *ret, bool *exact);

int number_cmp(struct number a, struct number b);  // negative, 0, positive
int number_sign(struct number);
struct number number_neg(struct number);
struct number number_abs(struct number);
bool number_add(struct number a, struct number b, struct number *ret);
bool number_sub(struct number a, struct number b, struct number *ret);
bool number_mul(struct number a, struct number b, struct number *ret);
bool number_div(struct number a, struct number b, struct number *ret);  // false: by zero, overflow
bool number_pow(struct number a, struct number b, struct number *ret);  // exact for small whole exponents
/* dividend - divisor * floor(dividend / divisor): the sign of the divisor. */
bool number_modulo(struct number a, struct number b, struct number *ret);
bool number_sqrt(struct number, struct number *ret);
bool number_exp(struct number, struct number *ret);
bool number_log(struct number, struct number *ret);

enum number_rounding { ROUND_HALF_EVEN, ROUND_UP, ROUND_DOWN, ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_FLOOR, ROUND_CEILING };
/* To `scale` digits behind the point (negative: before it); UP is away from zero, DOWN towards it. false: scale
 * outside [-6111, 6176] or no room for the digits. */
bool number_round(struct number, int scale, enum number_rounding, struct number *ret);

#endif
