/* For this room: neighbours by any similarity of the form that the models over purchases share,
 *
 *     similarity(i, j) = scale * (sum over the buyers b of both of basket(b)^-basket_power)
 *                        / (n_i^own_power * n_j^other_power + shrink)
 *
 * with basket(b) the items of b that count. All else is as neighbours_fit says.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_NEIGHBOURS_ROOM_H
#define TENDERO_ENGINE_RECOMMEND_NEIGHBOURS_ROOM_H

#include "engine/recommend/neighbours.h"

struct similarity {
    float basket_power, own_power, other_power, shrink, scale;
};
MUST_CHECK enum err_code neighbours_fit_by(struct purchase_rows, const struct similarity *, uint32_t k, uint32_t basket_max,
                                           const atomic_bool *cancel, struct neighbours **ret, struct err *e);

#endif
