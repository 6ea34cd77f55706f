/* How well what was foretold of customers came true: models and plain rules side by side, by the same measures. */
#ifndef TENDERO_ENGINE_CLV_HOLDOUT_H
#define TENDERO_ENGINE_CLV_HOLDOUT_H

#include <stddef.h>

#include "base/err.h"

struct holdout {
    double total, mae, rmse, correlation;    // correlation: 0 where one of both is the same of everybody
};
struct holdout holdout_score(const double *foretold, const double *actual, size_t n);
/* The share of customers who were rightly said to come back (foretold is the cut or more) or not to. */
double holdout_accuracy(const double *foretold, double cut, const double *actual, size_t n);
/* What the foremost tenth had of all that came, such as money: what it would pay to have known. Customers who tie on its edge
 * are worth their mean. ERR_LIMIT: memory. */
MUST_CHECK enum err_code holdout_top_tenth(const double *foretold, const double *worth, size_t n, double *ret, struct err *e);

#endif
