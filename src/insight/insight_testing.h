/* A shop for tests: a real memory (memory_testing.h) with its purchases. Needs cmocka's headers before it. */
#ifndef TENDERO_INSIGHT_INSIGHT_TESTING_H
#define TENDERO_INSIGHT_INSIGHT_TESTING_H

#include "insight/purchases.h"
#include "memory/memory_testing.h"

#define SHOP_DAY INT64_C(86400000)
#define SHOP_T0 (LAB_NOW - 200 * SHOP_DAY)

struct shop {
    struct lab lab;
    struct purchases *purchases;
    int told;  // message ids
};

/* In two steps, so that a test can register more followers between them. */
void shop_make(struct shop *);
void shop_begin(struct shop *);
void shop_end(struct shop *);   // as the program ends: snapshots are saved
void shop_close(struct shop *);
/* For cmocka: *state is a shop that has begun. */
int shop_setup(void **state);
int shop_teardown(void **state);

/* One track event. who: "user" or "@device"; properties: JSON with ' for ". */
void shop_track(struct shop *, const char *who, const char *event, int64_t at_ms, const char *properties);
/* An order of that value. */
void shop_order(struct shop *, const char *who, const char *order, int64_t at_ms, double value);
/* That many people, u0, u1, …, come at any time of the first half of 196 days, buy for 20 to 40 at rates of their own (gamma
 * 2 / 8 a week), and leave with a chance of one in five after each repeat purchase. The same people in each run. */
void shop_buyers(struct shop *, int people);
/* An order of one of each product ("a b c"), without prices. */
void shop_buy(struct shop *, const char *who, const char *order, int64_t at_ms, const char *products);
/* An event of nobody, as importers tell it. */
void shop_nobody(struct shop *, const char *event, int64_t at_ms, const char *properties);
/* user and device are one from now on. */
void shop_join(struct shop *, const char *user, const char *device);
uint32_t shop_root(struct shop *, const char *who);
/* Merges two users by hand; unmerges. */
int64_t shop_merge(struct shop *, const char *winner, const char *loser);
void shop_unmerge(struct shop *, int64_t merge);

/* All that purchases answer, as sorted lines: equal states give equal texts. In lab.mem. */
const char *shop_print(struct shop *);

#endif
