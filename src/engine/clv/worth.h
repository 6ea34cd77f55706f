/* What a customer will be worth: a model of how often they buy and one of what they spend, put together.
 *
 * Value    over the horizon: margin times the spend of a purchase, times the purchases expected in each of its QUARTERS equal parts,
 *          discounted from the middle of the part.
 * Range    four in five of what may come, by purchases: one who has left buys nothing; of one who has not, purchases are negative
 *          binomial (r + x, and the mean that the model foretells of one who is still here), which is a hundred times faster than the
 *          exact range (kinds.h) and hardly ever more than one purchase off. What they spend is taken as foretold. Whether four
 *          in five do fall within is shown by a holdout.
 * Units    weeks; money in the unit of the spend model; discount a year.
 */
#ifndef TENDERO_ENGINE_CLV_WORTH_H
#define TENDERO_ENGINE_CLV_WORTH_H

#include <stdbool.h>

#include "engine/clv/gamma_gamma.h"
#include "engine/clv/kinds.h"

#define WORTH_QUARTERS 4
#define WORTH_BEYOND 0.1             // the chance of what lies above the range, and of what lies below it

struct value_models {
    const struct kind *kind;         // how often they buy
    double at[KIND_PARAMETERS];
    struct gamma_gamma spend;        // p 0: there is none; everybody spends mean_spend
    double mean_spend;
};
struct worth_terms {
    double horizon;                  // weeks
    double discount;                 // 0.1: money in a year is worth a tenth less
    double margin;                   // of what is spent, what is left; 1: value is revenue
};
/* What is known of a customer. */
struct worth_of {
    double x, tx, T;                 // repeat purchases, the last of them, watched for
    double purchases, mean;          // whose spend is known, and their mean
};
struct worth {
    double alive, expected, spend, value;
    double low, high;                // purchases
};
/* With the range only where it is asked for: it takes as long as the rest. */
struct worth worth_of(const struct value_models *, const struct worth_terms *, const struct worth_of *, bool range);
/* The value of so many purchases, as the value of `worth` is that of the expected ones. */
double worth_at(const struct worth *, double purchases);
/* Purchases in the weeks to come, and the chance that they are still here. */
double worth_expected(const struct value_models *, const struct worth_of *, double weeks);
double worth_alive(const struct value_models *, const struct worth_of *);
/* Of anybody, in the time after their first purchase; and what they spend on a purchase. */
double worth_expected_anew(const struct value_models *, double weeks);
double worth_spend_anew(const struct value_models *);
/* The models of one who buys so many times as often as all do, for all that is known of them beforehand. */
struct value_models worth_faster(const struct value_models *, double times);
/* What is left of money that comes in the middle of the horizon. */
double worth_discount(const struct worth_terms *);

#endif
