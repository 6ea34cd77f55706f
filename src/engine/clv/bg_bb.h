/* How often a customer buys where they can only now and then, at given opportunities (a conference, a yearly appeal, a monthly
 * box), and whether they still do: the beta-geometric / beta-Bernoulli model.
 *
 * Model    at each opportunity one who is alive buys with a chance of their own, beta (alpha, beta) over customers; before it
 *          they leave with a chance of their own, beta (gamma, delta).
 * Source   Fader, Hardie and Shang 2010, "Customer-Base Analysis in a Discrete-Time Noncontractual Setting", equations 5 to 13.
 *          Sums over the moment of leaving go from term to term by a quotient.
 * Units    opportunities: buyers have per 1, `last` is the opportunity of the last repeat purchase, `watched` how many there
 *          were.
 */
#ifndef TENDERO_ENGINE_CLV_BG_BB_H
#define TENDERO_ENGINE_CLV_BG_BB_H

#include "engine/clv/buyers.h"
#include "engine/clv/fit.h"

struct bg_bb {
    double alpha, beta, gamma, delta;
};
/* ERR_INVALID: nobody bought twice, or somebody more often than there were opportunities until their last. */
MUST_CHECK enum err_code bg_bb_fit(const struct buyers *, struct bg_bb *ret, struct fit *, struct err *e);
double bg_bb_log_likelihood(const struct bg_bb *, const struct buyers *);
/* Of the parameters' logarithms. */
struct surface bg_bb_surface(const struct buying *);

/* As in bg_nbd.h; alive: before the next opportunity's chance to leave. Of a part of an opportunity the like part. */
double bg_bb_expected(const struct bg_bb *, double t);
double bg_bb_alive(const struct bg_bb *, double x, double tx, double T);
double bg_bb_expected_of(const struct bg_bb *, double x, double tx, double T, double t);
struct bg_bb bg_bb_of_alive(const struct bg_bb *, double x, double T);
double bg_bb_chance(const struct bg_bb *, uint32_t n, double t);

#endif
