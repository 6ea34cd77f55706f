/* Functions that value models are made of, in logarithms where numbers would leave what a double holds. */
#ifndef TENDERO_ENGINE_CLV_SPECIAL_H
#define TENDERO_ENGINE_CLV_SPECIAL_H

#include <math.h>

/* The derivative of lgamma, for x > 0. Source: Abramowitz and Stegun 6.3.5 and 6.3.18. To 1e-13 of its size. */
double digamma(double x);
/* The two ways in which a customer may have come to a history, by the logarithms of their chances (either may be -INFINITY): the
 * share of each of both together, and the logarithm of that. */
struct parts {
    double stays, leaves, sum;
};
static inline struct parts parts_of(double stays, double leaves)
{
    double lesser = exp(-fabs(stays - leaves)), greater = 1 / (1 + lesser);
    lesser *= greater;
    return stays > leaves ? (struct parts){ greater, lesser, stays - log(greater) }
                          : (struct parts){ lesser, greater, leaves - log(greater) };
}
/* Gauss's 2F1(a, b; c; z) by its series, for 0 <= z < 1 and c > a + b, where it converges fast enough everywhere (Euler's
 * transformation brings the models' there); c is not 0, -1, -2 …. */
double hypergeometric(double a, double b, double c, double z);
/* Gauss's and Legendre's nodes between 0 and 1 and their weights, which sum up to 1: exact for polynomials of 23 degrees. */
#define GAUSS_NODES 12
struct gauss {
    double node[GAUSS_NODES], weight[GAUSS_NODES];
};
const struct gauss *gauss(void);

#endif
