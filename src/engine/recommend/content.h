/* Items nobody bought yet: their vector from what they are, learnt from items whose vectors are known.
 *
 * Model   ridge regression of the vectors y of known items on their features x, with an intercept that is not penalised:
 *             minimise  sum_i trust_i |y_i - c - W' x_i|^2 + ridge |W|^2.
 *         So a feature that few items have counts little, and an item without any gets the mean vector.
 * Source  the attribute-to-factor map of Gantner, Drumond, Freudenthaler, Rendle and Schmidt-Thieme 2010, in closed form.
 * Method  up to dense_max features the normal equations are solved by Cholesky's decomposition, above it by conjugate gradients
 *         with the diagonal as preconditioner, all factors in one pass over the rows.
 * Shape   features of item i are feature[start[i] .. start[i+1]), numbers below `features`; twice the same one adds up. The
 *         caller hashes words and codes to numbers. Vectors are items x factors, a row an item.
 * Memory  the result is owned by the caller, content_drop; scratch of 8 features^2 bytes, or 40 features x factors.
 * Errors  ERR_INVALID a feature that is not below `features`, a vector that is not a number, or trust in no item (e->pos: the
 *         row); ERR_LIMIT without memory, ERR_BUSY when *cancel turned true.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_CONTENT_H
#define TENDERO_ENGINE_RECOMMEND_CONTENT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct content_rows {
    const uint32_t *feature;
    const float *value;              // of each, or NULL: all 1
    const uint64_t *start;           // items + 1 offsets
    uint32_t items, features;
};
/* What is learnt from. */
struct content_known {
    const float *vector;
    uint32_t factors;
    const float *trust;              // of each item, at least 0: its buyers, say; or NULL: all 1
};
struct content_options {
    double ridge;                    // above 0; 10
    uint32_t dense_max;              // 2000
    uint32_t steps_max;              // of conjugate gradients; 300
    double tolerance;                // of a residual against the right side; 1e-6
    const atomic_bool *cancel;       // or NULL
};
struct content {
    uint32_t features, factors;
    float *weight;                   // W: features x factors
    float *intercept;                // c
    unsigned steps;                  // of conjugate gradients; 0: closed form
};
MUST_CHECK enum err_code content_fit(const struct content_rows *, const struct content_known *, const struct content_options *,
                                     struct content **ret, struct err *e);
void content_drop(struct content **);
/* The vector of an item: ret[factors]. Features that the model does not know are passed over. value: as above. */
void content_vector(const struct content *, const uint32_t *feature, const float *value, size_t n, float *ret);

/* The best of several ridges by the items held out: every fifth. *explained: the share of the variance of their vectors that
 * the best one explains; at or below 0 the features say nothing and the mean vector is as good. */
MUST_CHECK enum err_code content_choose(const struct content_rows *, const struct content_known *,
                                        const struct content_options *, const double *ridge, size_t n, double *best,
                                        double *explained, struct err *e);

#endif
