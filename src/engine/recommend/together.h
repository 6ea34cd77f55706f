/* What is bought together, for a shop of few customers: two models that need no more than a day of purchases.
 *
 * Walk     RP3beta (Paudel, Christoffel, Newell and Bernstein 2017): three steps at random from item i, to one of its buyers b
 *          and on to one of the buyer's items j, each step's chance to the power alpha, and popular ends discounted:
 *              similarity(i, j) = (sum over buyers b of both of (1/n_i)^alpha (1/basket(b))^alpha) / n_j^beta.
 *          alpha 1 and beta 0 is P3, the walk itself. A buyer's proposals are the sum over their items: neighbours_score.
 * Lift     how much more often both are bought than if neither had to do with the other, damped for little evidence:
 *              similarity(i, j) = together / (n_i n_j / buyers + shrink).
 * Result   as neighbours_fit makes, so that it can stand in its place: neighbours_score, neighbours_drop.
 * Shape, cost, errors: as neighbours_fit.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_TOGETHER_H
#define TENDERO_ENGINE_RECOMMEND_TOGETHER_H

#include "engine/recommend/neighbours.h"

struct walk_options {
    uint32_t k;                      // neighbours kept per item; 100
    float alpha, beta;               // 1, 0.3; both at least 0
    uint32_t basket_max;             // 500
    const atomic_bool *cancel;       // or NULL
};
MUST_CHECK enum err_code together_walk(struct purchase_rows, struct walk_options, struct neighbours **ret, struct err *e);
/* shrink: in buyers of both; 1 for the first day. */
MUST_CHECK enum err_code together_lift(struct purchase_rows, struct neighbours_options, struct neighbours **ret, struct err *e);

#endif
