/* Exact quantiles of many groups in three passes, by the digits of their numbers: nothing is sorted, moved or copied. */
#ifndef TENDERO_ENGINE_SHARE_QUANTILE_H
#define TENDERO_ENGINE_SHARE_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

#define QUANTILE_DIGITS 2048         // values of a digit
/* ret[g]: the value of group g below or at which a part `of` of its values lies, of the lower two where it is between two; left
 * alone for a group without values. x has no NaN; group NULL: all are of group 0. scratch[groups * (QUANTILE_DIGITS + 3)]. */
void quantiles(const float *x, const uint8_t *group, size_t n, unsigned groups, double of, float *ret, uint32_t *scratch);

#endif
