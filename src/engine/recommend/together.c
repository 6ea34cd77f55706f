#include "engine/recommend/together.h"

#include <assert.h>

#include "engine/recommend/neighbours_room.h"

enum err_code together_walk(struct purchase_rows rows, struct walk_options options, struct neighbours **ret, struct err *e)
{
    assert(options.alpha >= 0 && options.beta >= 0);
    const struct similarity walk = { options.alpha, options.alpha, options.beta, 0, 1 };
    return neighbours_fit_by(rows, &walk, options.k, options.basket_max, options.cancel, ret, e);
}

enum err_code together_lift(struct purchase_rows rows, struct neighbours_options options, struct neighbours **ret,
                            struct err *e)
{
    float buyers = (float)rows.buyers;
    const struct similarity lift = { 0, 1, 1, options.shrink * buyers, buyers };
    return neighbours_fit_by(rows, &lift, options.k, options.basket_max, options.cancel, ret, e);
}
