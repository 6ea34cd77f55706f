/* What a customer spends on a purchase: the gamma-gamma model.
 *
 * Model    purchases of a customer are gamma (p, v) around a mean of their own, v gamma (q, gamma) over customers; what they
 *          spend does not depend on how often they buy.
 * Source   Fader, Hardie and Lee 2005, "RFM and CLV"; Fader and Hardie 2013, "The Gamma-Gamma Model of Monetary Value",
 *          equations 1a, 4 and 5.
 */
#ifndef TENDERO_ENGINE_CLV_GAMMA_GAMMA_H
#define TENDERO_ENGINE_CLV_GAMMA_GAMMA_H

#include <stdint.h>

#include "engine/clv/fit.h"

struct spender {
    uint32_t purchases;          // repeat ones, 1 or more
    double mean;                 // of their values, above 0
};
struct gamma_gamma {
    double p, q, gamma;
};
/* Those without a purchase, or whose mean is 0 or below, are left out. ERR_INVALID: all are. */
MUST_CHECK enum err_code gamma_gamma_fit(const struct spender *, size_t n, struct gamma_gamma *ret, struct fit *, struct err *e);
/* Between which each parameter lies (fit.h). ERR_LIMIT: memory. */
MUST_CHECK enum err_code gamma_gamma_intervals(const struct spender *, size_t n, const struct fit *, double *low, double *high,
                                               struct err *e);
/* The value of a purchase to come of one whose x purchases had this mean; x 0: of anybody. NAN where the model has no mean
 * (q <= 1, x 0). */
double gamma_gamma_expected(const struct gamma_gamma *, double x, double mean);

#endif
