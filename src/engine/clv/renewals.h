/* How long customers with a contract stay: the shifted-beta-geometric model and the beta-discrete-Weibull.
 *
 * Model    at each renewal a customer leaves with a chance of their own, beta (alpha, beta) over customers (sBG); with c that chance
 *          grows (c > 1) or falls (c < 1) with the renewals behind them (BdW; sBG is c = 1). The one retention rate of all that
 *          rises with time is of who is left, not of anybody who changes.
 * Source   sBG: Fader and Hardie 2007, "How to Project Customer Retention", equations 5 to 8; BdW: Fader, Hardie, Liu, Davin and
 *          Steenburgh 2018, "How to Project Customer Retention, Revisited".
 * Units    renewals: survivors[t] of survivors[0] customers are there after t of them.
 */
#ifndef TENDERO_ENGINE_CLV_RENEWALS_H
#define TENDERO_ENGINE_CLV_RENEWALS_H

#include "engine/clv/fit.h"

struct renewals {
    double alpha, beta, c;
};
/* n + 1 survivors, none more than before. weibull: c is fitted, too. ERR_INVALID: they grow, or nobody left, or n is 0. */
MUST_CHECK enum err_code renewals_fit(const double *survivors, size_t n, bool weibull, struct renewals *ret, struct fit *,
                                      struct err *e);
/* The share that is there after t renewals; the chance that one who came through t of them comes through the next. */
double renewals_survival(const struct renewals *, double t);
double renewals_retention(const struct renewals *, double t);
/* What one who came through t renewals is worth: the sum over those to come of the chance that they are there, each worth 1 / (1 +
 * discount)^k, the next one undiscounted. discount > 0. */
double renewals_expected(const struct renewals *, double t, double discount);

#endif
