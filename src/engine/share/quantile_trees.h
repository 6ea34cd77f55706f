/* A high quantile of a number, given features: gradient boosting with the pinball loss.
 *
 * Source   boosting: Friedman 2001; its leaves hold the quantile of what is left over (there for the median). Features in bins,
 *          as in LightGBM (Ke and others 2017). All nodes of a level ask the same, as in CatBoost (Prokhorenkova and others
 *          2018): a tree is a table of 2^depth values. The level at the end is that of rows held back, every fifth, which also
 *          say how many trees are enough (conformalised quantile regression, Romano, Patterson and Candes 2019).
 * Shape    feature f of row i at [f * n + i]; NaN: not known, which is a value of its own.
 * Result   the same in each run: what is split and by what are whole numbers.
 * Memory   one block, quantile_trees_drop; scratch of features + 10 bytes a row while fitting.
 * Errors   ERR_INVALID, ERR_LIMIT; ERR_BUSY when *cancel turned true.
 */
#ifndef TENDERO_ENGINE_SHARE_QUANTILE_TREES_H
#define TENDERO_ENGINE_SHARE_QUANTILE_TREES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define QUANTILE_FEATURES 64
#define QUANTILE_DEPTH 6
#define QUANTILE_TREES 1000

struct quantile_rows {
    size_t n;
    unsigned features;
    const float *feature;
};
struct quantile_trees_options {
    double quantile;                 // .9
    unsigned trees, depth;           // 300 at most, fewer where more are no better; 4
    double rate;                     // .1, of what is left over
    uint32_t leaf_least;             // rows; 40
    const atomic_bool *cancel;       // or NULL
};
struct quantile_trees_options quantile_trees_options_usual(void);

struct quantile_trees;
/* ERR_INVALID: an option out of range, a y that is no number, fewer than 5 rows. */
MUST_CHECK enum err_code quantile_trees_fit(const struct quantile_rows *, const float *y, const struct quantile_trees_options *,
                                            struct quantile_trees **ret, struct err *e);
void quantile_trees_drop(struct quantile_trees **);
/* Rows have the features of the fit. */
void quantile_trees_of(const struct quantile_trees *, const struct quantile_rows *, float *ret);
unsigned quantile_trees_count(const struct quantile_trees *);

#endif
