/* Tiers: which customers to keep, to grow, to serve cheaply, by what they bring and by what they could bring.
 *
 * Source   Peppers and Rogers 1997, "Enterprise One to One"; 2004, "Managing Customer Relationships", chapter 5: actual and
 *          strategic value. Cuts and steadiness are ours.
 * Model    brings    = actual value - cost to serve                          over the last period
 *          could be  = lifetime value + alive * reach_rate * value in reach - cost to serve
 *          the first that fits:
 *            partner        they are served through somebody else
 *            newcomer       actual or lifetime value is not known
 *            below_zero     brings and could be both below the floor
 *            most_valuable  brings >= its cut, and alive with a chance of alive_least
 *            most_growable  could be >= its cut
 *            migrator       the rest: could go either way
 * Steady   a customer leaves the tier of last time at once when past a cut by `margin` of it, and when past by half of that in
 *          two fits that follow each other; nearer to a cut nobody moves. Partners and newcomers change at once.
 * Units    money in any one unit, chances 0..1, days.
 * Shape    columns of n, one customer a row. NaN, or NULL for a whole column of reach, serve, alive and partner: not known; it
 *          then counts as 0, 0, 1 and no.
 * Memory   tiers_fit uses scratch of 8 bytes a customer; the others nothing.
 * Errors   ERR_INVALID names the field; ERR_LIMIT.
 */
#ifndef TENDERO_ENGINE_TIERS_TIERS_H
#define TENDERO_ENGINE_TIERS_TIERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum tiers_tier {
    TIERS_MOST_VALUABLE, TIERS_MOST_GROWABLE, TIERS_MIGRATOR, TIERS_BELOW_ZERO, TIERS_PARTNER, TIERS_NEWCOMER, TIERS_COUNT
};
#define TIERS_NONE TIERS_COUNT       // as the tier of last time: this is the first
const char *tiers_name(enum tiers_tier);
int tiers_parse(const char *at, size_t len);  // -1: no such tier

struct tiers_columns {
    size_t n;
    const double *actual, *lifetime, *reach, *serve, *alive;
    const uint8_t *partner;
};

/* ---- cuts ---- */
struct tiers_options {
    double valuable_quantile;        // of those who bring something: who brings more than this part of them is most valuable
    double growable_quantile;        // of those who are not most valuable
    double valuable_cut, growable_cut;  // in money, in place of the quantiles; NaN: by quantile
    double floor;                    // in money
    double reach_rate;               // the part of what is in reach that is ever won
    double alive_least;
    double margin;                   // 0 .. .5
};
struct tiers_options tiers_options_usual(void);
MUST_CHECK enum err_code tiers_options_check(const struct tiers_options *, struct err *e);

struct tiers_cuts {
    double valuable, growable, floor;  // INFINITY: nobody to cut among
    double near_floor;               // what the margin is taken of at the floor, which may be 0: the median of |brings|
    double reach_rate, alive_least, margin;
};
MUST_CHECK enum err_code tiers_fit(const struct tiers_columns *, const struct tiers_options *, struct tiers_cuts *ret,
                                   struct err *e);

/* ---- customers ---- */
/* What is kept of a customer from fit to fit. At first: { TIERS_NONE, TIERS_NONE, 0 }. */
struct tiers_state {
    uint8_t tier;
    uint8_t leaning;                 // where they would be by half the margin; the tier itself: nowhere else
    int32_t since_day;               // of the tier
};
/* Who moved from where to where; row TIERS_NONE: seen for the first time. */
struct tiers_movement {
    uint64_t customers[TIERS_COUNT + 1][TIERS_COUNT];
    double value[TIERS_COUNT + 1][TIERS_COUNT];  // of what they could be, where it is known
};
/* Each customer's tier today: state[n] is read and replaced. */
void tiers_assign(const struct tiers_columns *, const struct tiers_cuts *, int32_t today, struct tiers_state *state,
                  struct tiers_movement *ret);

/* ---- what is done for them ---- */
enum tiers_service { TIERS_SELF, TIERS_STANDARD, TIERS_PRIORITY, TIERS_PERSONAL, TIERS_SERVICES };
const char *tiers_service_name(enum tiers_service);
struct tiers_plan {
    uint32_t contacts_per_month;     // 31 at most
    enum tiers_service service;
    bool manager;                    // somebody answers for them by name; not with self service
    double discount_most;            // part of the price, 0 .. 1
};
struct tiers_plan tiers_plan_usual(enum tiers_tier);
MUST_CHECK enum err_code tiers_plan_check(const struct tiers_plan *, enum tiers_tier, struct err *e);

#endif
