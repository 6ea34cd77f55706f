/* The greatest value of a smooth function of a few variables.
 *
 * Method  BFGS with a line search that keeps the curvature positive (Nocedal and Wright 2006, algorithms 6.1, 3.5 and 3.6),
 *         then Newton steps with the gradient's differences for the second derivatives, which are given back: the
 *         inverse of their negative is the covariance of a likelihood's estimates. Who knows about what it will be (from some
 *         of the customers, say) passes it, and saves most of the steps.
 * Edges   where the function is not a number the search turns back. It never answers NaN, and says how it ended.
 */
#ifndef TENDERO_ENGINE_CLV_OPTIMUM_H
#define TENDERO_ENGINE_CLV_OPTIMUM_H

#include <stdbool.h>
#include <stddef.h>

#define OPTIMUM_MAX 32               // variables
struct surface {
    size_t n;
    double (*value)(const void *arg, const double *x, double *gradient);
    const void *arg;
    size_t plain;                    // the last ones of the variables that are no logarithms: for those who read them
};
enum optimum_depth {
    OPTIMUM_LOOK,                    // a few steps, to see where they lead
    OPTIMUM_CLIMB,                   // close to the peak; no covariance
    OPTIMUM_PEAK
};
struct optimum {
    double x[OPTIMUM_MAX], value;
    double gradient;                 // the greatest of its parts there, as a size
    double covariance[OPTIMUM_MAX * OPTIMUM_MAX];  // n x n
    bool found;                      // the gradient is 0 to 1e-6 of the value's size
    bool peaked;                     // and it falls in every direction: covariance is there
    unsigned steps;
};
/* covariance: about what it will be, or NULL. false: the function is no number at the start. */
bool optimum_find(const struct surface *, const double *start, const double *covariance, enum optimum_depth,
                  struct optimum *ret);

#endif
