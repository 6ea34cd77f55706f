/* Made-up shops whose customers have tastes: what the tests of the models are fitted to. */
#ifndef TENDERO_ENGINE_RECOMMEND_RECOMMEND_TESTING_H
#define TENDERO_ENGINE_RECOMMEND_RECOMMEND_TESTING_H

#include "base/near_testing.h"
#include "engine/recommend/rows.h"

#define SHOP_BUYERS 400
#define SHOP_ITEMS 120
#define SHOP_TASTES 6

/* train and test: four of five purchases, and the fifth. */
struct tastes {
    uint32_t item[2][SHOP_BUYERS * SHOP_ITEMS];
    uint64_t start[2][SHOP_BUYERS + 1];
    struct purchase_rows train, test;
};
/* Each buyer has one of the tastes, which are groups of items; three purchases of four are of it. */
void tastes_make(struct tastes *, uint64_t seed);
/* The same buyers and items under other numbers: buyer b becomes buyers-1-b, item i items-1-i. */
void tastes_turn(const struct tastes *, struct tastes *ret);

#endif
