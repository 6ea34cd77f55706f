/* Shoppers who are made up, for tests and measurements: the same numbers in each run. No gamma or Dirichlet numbers are drawn:
 * the counts that these lead to are, the category's by inversion, the brand's from Polya's urn. */
#ifndef TENDERO_ENGINE_SHARE_DRAW_H
#define TENDERO_ENGINE_SHARE_DRAW_H

#include <math.h>
#include <stdint.h>

#include "base/draw.h"

/* Negative binomial, with mean M and shape K. */
static inline unsigned any_purchases(uint64_t *seed, double M, double K)
{
    double u = any_between(seed), chance = pow(1 + M / K, -K), below = chance;
    unsigned n = 0;
    while (u > below && n < 10000) {
        chance *= M / (M + K) * (K + n) / (n + 1.0);
        below += chance;
        n++;
    }
    return n;
}

/* Those of `all` purchases that are of one's own brand: beta-binomial with S * share and S * (1 - share). */
static inline unsigned any_own(uint64_t *seed, unsigned all, double S, double share)
{
    unsigned own = 0;
    for (unsigned n = 0; n < all; n++)
        own += any_between(seed) * (S + n) < S * share + own;
    return own;
}

#endif
