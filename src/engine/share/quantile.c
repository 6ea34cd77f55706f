#include "engine/share/quantile.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const struct {
    unsigned shift;
    uint32_t known;                  // the digits that were found before
} digits[] = { { 21, 0 }, { 10, 0xffe00000 }, { 0, 0xfffffc00 } };

/* Bits that stand in the order of the numbers: all of a negative one are turned, of others the sign. */
static uint32_t key_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

static float value_of(uint32_t key)
{
    uint32_t bits = key & 0x80000000 ? key & 0x7fffffff : ~key;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The next digit of what stands at rank `at` of those that begin like `found`. */
static void next_digit(const uint32_t *count, unsigned shift, uint32_t *at, uint32_t *found)
{
    for (uint32_t digit = 0; digit < QUANTILE_DIGITS; digit++) {
        if (*at < count[digit]) {
            *found |= digit << shift;
            return;
        }
        *at -= count[digit];
    }
}

void quantiles(const float *x, const uint8_t *group, size_t n, unsigned groups, double of, float *ret, uint32_t *scratch)
{
    assert(n < UINT32_MAX && of >= 0 && of <= 1);
    uint32_t *size = scratch, *at = size + groups, *found = at + groups, *count = found + groups;
    memset(scratch, 0, 3 * groups * sizeof *scratch);
    for (size_t i = 0; i < n; i++)
        size[group ? group[i] : 0]++;
    for (unsigned g = 0; g < groups; g++) {
        double rank = ceil(of * size[g]) - 1;
        at[g] = rank > 0 ? (uint32_t)rank : 0;
    }
    for (size_t d = 0; d < sizeof digits / sizeof *digits; d++) {
        memset(count, 0, (size_t)groups * QUANTILE_DIGITS * sizeof *count);
        for (size_t i = 0; i < n; i++) {
            uint32_t key = key_of(x[i]), g = group ? group[i] : 0;
            if ((key & digits[d].known) == found[g])
                count[g * QUANTILE_DIGITS + (key >> digits[d].shift) % QUANTILE_DIGITS]++;
        }
        for (unsigned g = 0; g < groups; g++)
            if (size[g])
                next_digit(count + g * QUANTILE_DIGITS, digits[d].shift, &at[g], &found[g]);
    }
    for (unsigned g = 0; g < groups; g++)
        if (size[g])
            ret[g] = value_of(found[g]);
}
