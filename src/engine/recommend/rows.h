/* Who bought what, as compressed rows: what every model of this room is fitted to.
 *
 * Shape   items of buyer b are item[start[b] .. start[b+1]), distinct, oldest first, item numbers 0 .. items-1.
 * Memory  rows are borrowed; columns are one owner's, purchase_columns_drop.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_ROWS_H
#define TENDERO_ENGINE_RECOMMEND_ROWS_H

#include <stdint.h>

#include "base/err.h"

struct purchase_rows {
    const uint32_t *item;
    const uint64_t *start;  // buyers + 1 offsets
    uint32_t buyers, items;
};

#define BASKET_ALL UINT32_MAX
/* The part of a buyer's row that counts: the last basket_max items. */
uint64_t purchase_begin(const struct purchase_rows *, uint32_t buyer, uint32_t basket_max);

/* Rows turned round: the buyers of item i are buyer[start[i] .. start[i+1]), rising. */
struct purchase_columns {
    uint64_t *start;
    uint32_t *buyer;
};
/* ERR_INVALID for an item >= items (e->pos: where it stands), ERR_LIMIT without memory. */
MUST_CHECK enum err_code purchase_turn(const struct purchase_rows *, uint32_t basket_max, struct purchase_columns *ret,
                                       struct err *e);
void purchase_columns_drop(struct purchase_columns *);

#endif
