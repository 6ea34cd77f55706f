/* What share of a customer is usual for a brand of a size: the NBD-Dirichlet model of a category.
 *
 * Model    shoppers buy in the category at rates of their own, gamma with shape K and mean M; each purchase is of a brand by
 *          chances of the shopper's own, Dirichlet with parameters S * share of the brand.
 * Source   Goodhardt, Ehrenberg and Chatfield 1984, "The Dirichlet: a comprehensive model of buying behaviour". K from the
 *          category's penetration; S from each brand's penetration, then their mean weighted by shares.
 * Units    purchases in one period, the one that the data are of; norms for any number of such periods.
 * Errors   ERR_INVALID names what no shoppers of this kind could show.
 */
#ifndef TENDERO_ENGINE_SHARE_DIRICHLET_H
#define TENDERO_ENGINE_SHARE_DIRICHLET_H

#include <stddef.h>

#include "base/err.h"

struct dirichlet_brand {
    double share;                    // of all purchases in the category
    double penetration;              // part of all people who bought it
};
struct dirichlet {
    double M, K, S;
};
/* Of a category that `penetration` of all people bought, each of these `rate` times. Brands whose penetration fits no S say
 * nothing; *used: those that do. */
MUST_CHECK enum err_code dirichlet_fit(double penetration, double rate, const struct dirichlet_brand *, size_t brands,
                                       struct dirichlet *ret, size_t *used, struct err *e);

struct dirichlet_norm {
    double penetration;
    double buys;                     // of the brand, by one of its buyers
    double category;                 // of the category, by one of the brand's buyers
    double requirements;             // share of customer: buys / category
    double loyal;                    // part of the brand's buyers who buy nothing else
};
/* For a brand with a share between 0 and 1. */
struct dirichlet_norm dirichlet_norm(const struct dirichlet *, double share, double periods);

#endif
