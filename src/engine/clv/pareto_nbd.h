/* How often a customer buys, and whether they still do: the Pareto / NBD model.
 *
 * Model    while alive a customer buys at a rate of their own, gamma (r, alpha) over customers; they leave, at any moment, at a
 *          rate of their own, gamma (s, beta).
 * Source   Schmittlein, Morrison and Colombo 1987; Fader and Hardie 2005, "A Note on Deriving the Pareto/NBD Model", equations
 *          9, 12, 41. The integral over the moment of leaving, which they write with 2F1, is taken by Gauss's rule over the
 *          logarithm of time, where it is smooth whatever the parameters are: nothing cancels, nothing overflows.
 * Units    times in the buyers' unit.
 */
#ifndef TENDERO_ENGINE_CLV_PARETO_NBD_H
#define TENDERO_ENGINE_CLV_PARETO_NBD_H

#include "engine/clv/buyers.h"
#include "engine/clv/fit.h"

struct pareto_nbd {
    double r, alpha, s, beta;
};
/* ERR_INVALID: nobody bought twice. */
MUST_CHECK enum err_code pareto_nbd_fit(const struct buyers *, struct pareto_nbd *ret, struct fit *, struct err *e);
double pareto_nbd_log_likelihood(const struct pareto_nbd *, const struct buyers *);

/* Of the parameters' logarithms. */
struct surface pareto_nbd_surface(const struct buying *);

/* As in bg_nbd.h. */
double pareto_nbd_expected(const struct pareto_nbd *, double t);
double pareto_nbd_alive(const struct pareto_nbd *, double x, double tx, double T);
double pareto_nbd_expected_of(const struct pareto_nbd *, double x, double tx, double T, double t);
struct pareto_nbd pareto_nbd_of_alive(const struct pareto_nbd *, double x, double T);
double pareto_nbd_chance(const struct pareto_nbd *, uint32_t n, double t);

#endif
