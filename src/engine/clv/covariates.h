/* What else is known of customers (a channel, a region, a first basket): how it changes how often they buy and how soon they
 * leave.
 *
 * Model    the time-invariant covariates z of a customer scale the parameters of theirs alone: alpha by e^-(rate' z), so that
 *          they buy e^(rate' z) times as often; BG's a and b by e^(leaving' z), Pareto's and Gompertz's beta by e^-(leaving'
 *          z). One who is known by nothing but covariates is foretold by them. The mean of BG's and MBG's chance to leave is
 *          the same whatever z is, since a and b are scaled alike: theirs says how alike customers are in it; Pareto's and
 *          Gompertz's, who leaves sooner.
 * Source   Fader and Hardie 2007, "Incorporating Time-Invariant Covariates into the Pareto/NBD and BG/NBD Models".
 * Shape    z: a row of n numbers per customer.
 */
#ifndef TENDERO_ENGINE_CLV_COVARIATES_H
#define TENDERO_ENGINE_CLV_COVARIATES_H

#include "engine/clv/kinds.h"

#define COVARIATES_MAX 12
struct covariates {
    const struct kind *kind;
    double at[KIND_PARAMETERS];      // of one whose covariates are all 0
    size_t n;
    double rate[COVARIATES_MAX], leaving[COVARIATES_MAX];
};
/* fit: kind's parameters, then the effects on the rate, then those on leaving. ERR_INVALID: as the model's own; also where a
 * covariate (e->pos) is the same of everybody, or no number. ERR_LIMIT: more than COVARIATES_MAX, or memory.
 * low, high: the intervals of all of them in that order (fit.h), or NULL. */
MUST_CHECK enum err_code covariates_fit(const struct kind *, const struct buyer *, size_t customers, double per, const double *z,
                                        size_t n, struct covariates *ret, struct fit *, double *low, double *high,
                                        struct err *e);
/* at: the parameters of one who has these, for kinds.h. */
void covariates_of(const struct covariates *, const double *z, double *at);

#endif
