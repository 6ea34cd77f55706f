/* A high quantile of a number that is often 0, given features, from few rows: Tobin's regression.
 *
 * Model    y = max(0, b'x + error), the error normal. What is not known of x counts as its mean.
 * Source   Tobin 1958; fitted by expectation and maximisation (Dempster, Laird and Rubin 1977). That a firm can judge wallets
 *          from its own sales by such a model: Glady and Croux 2009, "Predicting customer wallet without survey data", whose
 *          model has more equations than this one.
 * Shape    as quantile_trees.h.
 * Memory   one block, tobit_drop; scratch of 4 bytes a row while fitting.
 * Errors   ERR_INVALID: fewer rows above 0 than twice the features and 2, or a y below 0; ERR_LIMIT.
 */
#ifndef TENDERO_ENGINE_SHARE_TOBIT_H
#define TENDERO_ENGINE_SHARE_TOBIT_H

#include "engine/share/quantile_trees.h"

struct tobit;
MUST_CHECK enum err_code tobit_fit(const struct quantile_rows *, const float *y, struct tobit **ret, struct err *e);
void tobit_drop(struct tobit **);
/* The quantile that lies `deviations` above the mean of b'x + error; 0 at least. */
void tobit_of(const struct tobit *, const struct quantile_rows *, double deviations, float *ret);
/* Standard deviation of the error. */
double tobit_error(const struct tobit *);

#endif
