/* How sure the Pareto / NBD model is: its parameters, and each customer's future, as draws from what the data leave possible.
 *
 * Model    hierarchical Bayes, with vague gamma priors on r, alpha, s and beta: Ma and Liu 2007, "The MCMC Approach for Solving
 *          the Pareto/NBD Model". They draw every customer's rates and moment of leaving along with the parameters; here these
 *          are integrated out where the parameters are drawn (Metropolis, by the covariance of the maximum likelihood) and
 *          drawn exactly from what the parameters and the customer's history leave of them. It is the same posterior with draws
 *          that hardly depend on each other.
 * Units    times in the buyers' unit. The same seed gives the same draws.
 */
#ifndef TENDERO_ENGINE_CLV_PARETO_NBD_BAYES_H
#define TENDERO_ENGINE_CLV_PARETO_NBD_BAYES_H

#include "engine/clv/pareto_nbd.h"

#define BAYES_DRAWS_MAX 4000
struct pareto_nbd_bayes {
    struct pareto_nbd *draw;
    size_t n;
    double accepted;             // the share of proposals: .15 to .5 is a chain that moves well
};
/* draws: of every tenth step. fit: of the maximum likelihood, where the chain starts. ERR_INVALID: as pareto_nbd_fit, or the
 * likelihood is flat there; ERR_LIMIT: more draws than BAYES_DRAWS_MAX, none, or memory. */
MUST_CHECK enum err_code pareto_nbd_bayes_fit(const struct buyers *, uint64_t seed, size_t draws, struct pareto_nbd_bayes *ret,
                                              struct fit *, struct err *e);
void pareto_nbd_bayes_drop(struct pareto_nbd_bayes *);

struct foreseen {
    double mean, low, high;      // 95 % of the draws lie between
};
struct pareto_nbd_future {
    struct foreseen alive;       // the chance of it
    struct foreseen purchases;   // in the time t to come: whole numbers but for the mean
};
struct pareto_nbd_future pareto_nbd_bayes_of(const struct pareto_nbd_bayes *, double x, double tx, double T, double t,
                                             uint64_t seed);

#endif
