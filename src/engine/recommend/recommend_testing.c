#include "engine/recommend/recommend_testing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

enum { TRAIN, TEST };

static void shop_rows(struct tastes *s)
{
    s->train = (struct purchase_rows){ s->item[TRAIN], s->start[TRAIN], SHOP_BUYERS, SHOP_ITEMS };
    s->test = (struct purchase_rows){ s->item[TEST], s->start[TEST], SHOP_BUYERS, SHOP_ITEMS };
}

void tastes_make(struct tastes *s, uint64_t seed)
{
    uint64_t n[2] = { 0, 0 };
    for (uint32_t b = 0; b < SHOP_BUYERS; b++) {
        uint32_t taste = (uint32_t)(hash_mix(seed + b) % SHOP_TASTES);
        for (uint32_t i = 0; i < SHOP_ITEMS; i++) {
            uint64_t any = hash_mix(hash_mix(seed + b) + i);
            bool liked = i % SHOP_TASTES == taste;
            if (any % 100 >= (liked ? 45u : 3u))
                continue;
            int side = (any >> 32) % 5 == 0 ? TEST : TRAIN;
            s->item[side][n[side]++] = i;
        }
        s->start[TRAIN][b + 1] = n[TRAIN];
        s->start[TEST][b + 1] = n[TEST];
    }
    shop_rows(s);
}

void tastes_turn(const struct tastes *s, struct tastes *ret)
{
    for (int side = TRAIN; side <= TEST; side++) {
        uint64_t n = 0;
        for (uint32_t b = 0; b < SHOP_BUYERS; b++) {
            uint32_t from = SHOP_BUYERS - 1 - b;
            for (uint64_t at = s->start[side][from + 1]; at-- > s->start[side][from];)
                ret->item[side][n++] = SHOP_ITEMS - 1 - s->item[side][at];
            ret->start[side][b + 1] = n;
        }
    }
    shop_rows(ret);
}
