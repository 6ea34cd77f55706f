/* How often a customer buys, and whether they still do: the beta-geometric / negative binomial models.
 *
 * Model    while alive a customer buys at a rate of their own, gamma (r, alpha) over customers; after each purchase they leave
 *          with a chance of their own, beta (a, b) over customers. BG: after each repeat purchase; MBG: after the first, too.
 * Source   BG: Fader, Hardie and Lee 2005, "Counting Your Customers the Easy Way", equations 3, 6, 9, 10; MBG: Batislam, Denizel
 *          and Filiztekin 2007; Hoppe and Wagner 2007. Expectations by Euler's transformation of their 2F1, which neither
 *          overflows nor slows down for customers who bought hundreds of times.
 * Units    times in the buyers' unit.
 */
#ifndef TENDERO_ENGINE_CLV_BG_NBD_H
#define TENDERO_ENGINE_CLV_BG_NBD_H

#include "engine/clv/buyers.h"
#include "engine/clv/fit.h"

enum bg_form { BG_NBD, MBG_NBD };
struct bg_nbd {
    enum bg_form form;
    double r, alpha, a, b;
};
/* ERR_INVALID: nobody bought twice. */
MUST_CHECK enum err_code bg_nbd_fit(enum bg_form, const struct buyers *, struct bg_nbd *ret, struct fit *, struct err *e);
double bg_nbd_log_likelihood(const struct bg_nbd *, const struct buyers *);
/* Of the parameters' logarithms. */
struct surface bg_nbd_surface(const struct buying *);

/* Purchases that anybody makes in a time t after their first. */
double bg_nbd_expected(const struct bg_nbd *, double t);
/* The chance of just n of them. */
double bg_nbd_chance(const struct bg_nbd *, uint32_t n, double t);
/* The model of one who is still a customer after x repeat purchases in T: a newcomer's in all that is to come. BG always. */
struct bg_nbd bg_nbd_of_alive(const struct bg_nbd *, double x, double T);
/* Of one with x repeat purchases, the last at tx, watched for T. */
double bg_nbd_alive(const struct bg_nbd *, double x, double tx, double T);
/* Purchases that they make in the time t to come. */
double bg_nbd_expected_of(const struct bg_nbd *, double x, double tx, double T, double t);

#endif
