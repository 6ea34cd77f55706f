/* The greatest value of a smooth function of a few variables.
 *
 * Method  BFGS with a line search that keeps the curvature positive (Nocedal and Wright 2006, algorithms 6.1, 3.5 and 3.6),
 *         then Newton steps with the gradient's differences for the second derivatives, which are given back: the
 *         inverse of their negative is the covariance of a likelihood's estimates.
 * Edges   where the function is not a number the search turns back. It never answers NaN, and says how it ended.
 */
#ifndef TENDERO_ENGINE_CLV_OPTIMUM_H
#define TENDERO_ENGINE_CLV_OPTIMUM_H

#include <stdbool.h>
#include <stddef.h>

#define OPTIMUM_MAX 8                // variables
struct surface {
    size_t n;
    double (*value)(const void *arg, const double *x, double *gradient);
    const void *arg;
};
struct optimum {
    double x[OPTIMUM_MAX], value;
    double gradient;                 // the greatest of its parts there, as a size
    double covariance[OPTIMUM_MAX * OPTIMUM_MAX];  // n x n
    bool found;                      // the gradient is 0 to 1e-6 of the value's size
    bool peaked;                     // and it falls in every direction: covariance is there
    unsigned steps;
};
/* false: the function is no number at the start. */
bool optimum_find(const struct surface *, const double *start, struct optimum *ret);
/* A few steps only: x, value and steps tell where they lead. */
bool optimum_look(const struct surface *, const double *start, struct optimum *ret);

#endif
