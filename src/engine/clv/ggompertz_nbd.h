/* How often a customer buys, and whether they still do: the gamma-Gompertz / NBD model.
 *
 * Model    while alive a customer buys at a rate of their own, gamma (r, alpha) over customers; they leave at a rate of their own,
 *          gamma (s, beta), times b e^(b t): the likelier the longer they have been here. As b falls to 0 with beta / b kept, it is
 *          Pareto / NBD, and the data tell neither apart.
 * Source   Bemmaor and Glady 2012, "Modeling Purchasing Behavior with Sudden Death", equations 1 to 6. Their integrals, for which
 *          they use 2F1, are taken by Gauss's rule over the logarithm of time.
 * Units    times in the buyers' unit.
 */
#ifndef TENDERO_ENGINE_CLV_GGOMPERTZ_NBD_H
#define TENDERO_ENGINE_CLV_GGOMPERTZ_NBD_H

#include "engine/clv/buyers.h"
#include "engine/clv/fit.h"

struct ggompertz_nbd {
    double r, alpha, b, s, beta;
};
/* ERR_INVALID: nobody bought twice. */
MUST_CHECK enum err_code ggompertz_nbd_fit(const struct buyers *, struct ggompertz_nbd *ret, struct fit *, struct err *e);
double ggompertz_nbd_log_likelihood(const struct ggompertz_nbd *, const struct buyers *);
/* Of the parameters' logarithms. */
struct surface ggompertz_nbd_surface(const struct buying *);

/* As in bg_nbd.h. */
double ggompertz_nbd_expected(const struct ggompertz_nbd *, double t);
double ggompertz_nbd_alive(const struct ggompertz_nbd *, double x, double tx, double T);
double ggompertz_nbd_expected_of(const struct ggompertz_nbd *, double x, double tx, double T, double t);
struct ggompertz_nbd ggompertz_nbd_of_alive(const struct ggompertz_nbd *, double x, double T);
double ggompertz_nbd_chance(const struct ggompertz_nbd *, uint32_t n, double t);

#endif
