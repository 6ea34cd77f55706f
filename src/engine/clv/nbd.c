#include "engine/clv/nbd.h"

#include <math.h>

#include "engine/clv/special.h"

#define PANELS 6

double nbd_chance(double r, double alpha, uint32_t n, double t)
{
    if (t <= 0)
        return n == 0;
    double none = r * log(alpha / (alpha + t));
    return n ? exp(none + lgamma(r + n) - lgamma(r) - lgamma(n + 1.0) + n * log(t / (alpha + t))) : exp(none);
}

/* From each chance to the next by a quotient, in logarithms: the first may be less than a double holds. */
double nbd_fewer(double r, double alpha, uint32_t n, double t)
{
    if (t <= 0)
        return n > 0;
    double log_chance = r * log(alpha / (alpha + t)), share = t / (alpha + t), sum = 0;
    for (uint32_t k = 0; k < n; k++) {
        sum += exp(log_chance);
        log_chance += log((r + k) / (k + 1.0) * share);
    }
    return fmin(sum, 1);
}

double nbd_chance_until(double r, double alpha, uint32_t n, double t, double low,
                        double (*leaves_at)(const void *model, double t), const void *model)
{
    const struct gauss *rule = gauss();
    double span = log1p(t / low) / PANELS, sum = 0;
    for (int i = 0; i < PANELS * GAUSS_NODES && t > 0; i++) {
        double z = span * (i / GAUSS_NODES + rule->node[i % GAUSS_NODES]), u = low * expm1(z);
        sum += rule->weight[i % GAUSS_NODES] * (u + low) * leaves_at(model, u) * nbd_chance(r, alpha, n, u);
    }
    return span * sum;
}
