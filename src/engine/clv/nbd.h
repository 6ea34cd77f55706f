/* Purchases at rates that are gamma (r, alpha) over customers: the negative binomial distribution, and what leaving makes of
 * it.
 *
 * Source  Fader and Hardie, "Deriving an Expression for P(X(t) = x) Under the Pareto/NBD Model", 2006, whose integral is taken
 *         over the logarithm of time here.
 */
#ifndef TENDERO_ENGINE_CLV_NBD_H
#define TENDERO_ENGINE_CLV_NBD_H

#include <stdint.h>

/* The chance of just n purchases in a time t, of one who stays. */
double nbd_chance(double r, double alpha, uint32_t n, double t);
/* Of fewer than n. */
double nbd_fewer(double r, double alpha, uint32_t n, double t);
/* As nbd_chance, of one who leaves before t: leaves_at is the density of the moment, low a time in which nothing changes much. */
double nbd_chance_until(double r, double alpha, uint32_t n, double t, double low,
                        double (*leaves_at)(const void *model, double t), const void *model);

#endif
