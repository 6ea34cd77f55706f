/* Many customers at once, by columns: whether they still buy, how often they will, what they spend, and what that is worth today.
 *
 * Values   a purchase to come is worth its expected spend, discounted by the middle of the month (or less) in which it falls.
 * Cost     what depends on (x, T) or (x, tx, T) alone is kept in a small table: many customers are alike.
 */
#ifndef TENDERO_ENGINE_CLV_SCORE_H
#define TENDERO_ENGINE_CLV_SCORE_H

#include "engine/clv/gamma_gamma.h"
#include "engine/clv/kinds.h"

struct score_model {
    const struct kind *kind;
    double at[KIND_PARAMETERS];
    double per;                          // as in buyers.h
    double unit;                         // days of a unit of time: per, but where time is discrete
    const struct gamma_gamma *spends;    // NULL: values are unknown, spend and value become NAN
};
struct score_horizon {
    double days, discount;               // .1: what comes in a year is worth 1 / 1.1
};
/* Of one customer; purchases and value are foretold of the time to come. */
struct score {
    double alive, purchases, spend, value;
};
struct score score_buyer(const struct score_model *, const struct buyer *, double mean, struct score_horizon);

struct score_buyers {
    size_t n;
    const uint32_t *repeats;
    const int32_t *last, *watched;       // as in buyers.h
    const double *mean;                  // of the values of repeat purchases; NULL where spends is
};
/* n each; NULL: is not asked for. value: of purchases * spend, discounted. */
struct score_columns {
    double *alive, *purchases, *spend, *value;
};
/* ERR_LIMIT: memory. */
MUST_CHECK enum err_code score_buyers(const struct score_model *, const struct score_buyers *, struct score_horizon,
                                      struct score_columns ret, struct err *e);

#endif
