/* How often a customer buys, and whether they still do, where both may go together: Abe's model.
 *
 * Model    as Pareto / NBD, but the logarithms of a customer's rates, of buying and of leaving, are normal over customers and
 *          may correlate: who buys often may stay longer, or be gone sooner. Known only as draws from the posterior.
 * Source   Abe 2009, "Counting Your Customers One by One: A Hierarchical Bayes Extension to the Pareto/NBD Model", model M1;
 *          priors as vague as those of Platzer's BTYDplus. Whether and when a customer left is integrated out, not drawn: a
 *          customer's likelihood is known in closed form, and their rates move by Metropolis steps as wide as they are unsure.
 *          Steps depend on the one before for a hundred or two where customers were watched for months: 5,000 draws are few.
 * Units    times in the unit that has `per` days. The same seed gives the same draws.
 */
#ifndef TENDERO_ENGINE_CLV_ABE_H
#define TENDERO_ENGINE_CLV_ABE_H

#include "base/err.h"
#include "engine/clv/buyers.h"

/* Over customers, of the logarithm of the rate at which they buy, and of that at which they leave. */
struct abe {
    double rate, leaving;                            // means
    double rate_var, covariance, leaving_var;
};
struct abe_wish {
    uint64_t seed;
    size_t before, draws;        // steps that are not kept, and those that are
    double horizon;              // of the purchases to come
};
/* draw: wish's draws of them. alive, purchases: n each, the mean over the draws of each customer; NULL: not asked for.
 * ERR_INVALID: nobody bought twice, or no draws are wanted; ERR_LIMIT: memory. */
MUST_CHECK enum err_code abe_draw(const struct buyer *, size_t n, double per, const struct abe_wish *, struct abe *draw,
                                  double *alive, double *purchases, struct err *e);
/* The median of each over the draws. ERR_LIMIT: memory. */
MUST_CHECK enum err_code abe_median(const struct abe *draw, size_t draws, struct abe *ret, struct err *e);

#endif
