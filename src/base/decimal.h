/* Exact decimals of the log: amounts and quantities in millionths ("_micro"), in an int64.
 *
 * Range ±9.2 * 10^12 with six places: enough for any price or quantity of a shop, exact where doubles
 * are not. More than six places in the input is an error, never a rounding. Rules (FEEL) have their own
 * 34-digit decimals in engine/feel.
 */
#ifndef TENDERO_BASE_DECIMAL_H
#define TENDERO_BASE_DECIMAL_H

#include "base/err.h"
#include "base/slice.h"

#define MICRO 1000000

/* "12", "-3.5", "2.550000", "1e3", "2.5E-1": a JSON or CSV number. ERR_INVALID for anything else,
 * ERR_LIMIT outside the range or beyond six places. */
MUST_CHECK enum err_code micro_parse(struct slice text, int64_t *ret, struct err *e);
/* a * b / 10^6, rounded half to even; ERR_LIMIT when it does not fit. */
MUST_CHECK enum err_code micro_mul(int64_t a, int64_t b, int64_t *ret, struct err *e);
/* The shortest exact text ("2.55", "-3", "0.001") into out[32]; returns the slice of it. */
struct slice micro_print(int64_t micro, char out[32]);
/* The same for a plain integer. Both are for hot loops: no printf. */
struct slice i64_print(int64_t value, char out[32]);

#endif
