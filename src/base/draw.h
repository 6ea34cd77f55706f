/* Numbers of chance from a seed, the same in each run: customers who are made up, and draws from what is not known for sure.
 *
 * Source  gamma: Marsaglia and Tsang 2000, of scale 1; shapes below 1 by a power of a uniform number.
 */
#ifndef TENDERO_BASE_DRAW_H
#define TENDERO_BASE_DRAW_H

#include <math.h>
#include <stdint.h>

#include "base/hash.h"

/* Between 0 and 1, and neither. */
static inline double any_between(uint64_t *seed)
{
    return ((double)(hash_mix(++*seed) >> 11) + .5) / 9007199254740992.0;
}

/* Two at a time cost as much as one. */
static inline void any_normals(uint64_t *seed, double ret[2])
{
    double width = sqrt(-2 * log(any_between(seed))), turn = 6.283185307179586 * any_between(seed);
    ret[0] = width * cos(turn);
    ret[1] = width * sin(turn);
}

static inline double any_normal(uint64_t *seed)
{
    double two[2];
    any_normals(seed, two);
    return two[0];
}

static inline double any_gamma(uint64_t *seed, double shape)
{
    if (shape < 1)
        return any_gamma(seed, shape + 1) * pow(any_between(seed), 1 / shape);
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double normal = any_normal(seed), v = 1 + c * normal;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(any_between(seed)) < normal * normal / 2 + d - d * v + d * log(v))
            return d * v;
    }
}

#endif
