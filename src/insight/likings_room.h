/* What the files of likings share. Private to likings*.c. */
#ifndef TENDERO_INSIGHT_LIKINGS_ROOM_H
#define TENDERO_INSIGHT_LIKINGS_ROOM_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "insight/likings.h"
#include "insight/words.h"
#include "text/json.h"

#define NO_PRICE INT64_MIN

struct look {
    uint32_t product, minute;        // since 1970
    uint32_t before;                 // the history's look before it, or the next free one; 0: none. Row 0 is not used
    uint16_t source;                 // 0: none
    uint8_t kind;                    // enum taste_event
    uint8_t n;                       // of the newest: how many the history has
};
static_assert(sizeof(struct look) == 16, "a look is 16 bytes");
struct item {
    uint32_t category, brand;        // 0: none
    int64_t price_micro;             // or NO_PRICE
    bool catalogued;                 // events say nothing of its category and price
};
/* Never changed once it is shown. */
struct likings_shop {
    size_t views;                    // under the lock
    uint64_t stamp, acts, moves;     // moves: of the catalogue
    int64_t made_ms, now_ms;         // now: the end of the day
    int32_t today;
    uint32_t customers, items;
    uint8_t *level;                  // of each item; 0: none
    struct taste taste[LIKINGS];
};
struct likings {
    struct memory *memory;
    struct purchases *purchases;
    const struct zones *zones;
    struct json_parser *parser;      // of the follower, as all up to acts: under memory's lock
    struct arena *scratch;
    struct words products, categories, brands;
    struct item *item;
    uint32_t *latest;                // of each history, its newest look; 0: none
    struct look *look;
    size_t item_cap, latest_cap, look_cap, looks;
    uint32_t freed;                  // the first look that is free; 0: none
    atomic_uint_fast64_t acts, moves;
    pthread_mutex_t making;
    pthread_mutex_t lock;            // guards all below
    int64_t now_ms;
    struct likings_shop *shop;
};

/* likings_of.c. An empty one of that moment. NULL: memory. */
struct likings_shop *likings_shop_new(const struct likings *, int64_t now_ms);
void likings_shop_drop(struct likings_shop *);
MUST_CHECK enum err_code likings_shop_make(struct likings *, struct likings_shop *, struct err *e);

#endif
