/* What value models know of customers: how often they bought again, when last, and since when they are watched.
 *
 * Units   days; a day's purchases are one. Time runs from the first purchase: `last` is 0 where there was no second.
 * Values  money of a purchase, the mean over repeat purchases; 0 where there are none.
 * Source  the summary of Fader, Hardie and Lee 2005 (recency, frequency, T).
 */
#ifndef TENDERO_ENGINE_CLV_BUYERS_H
#define TENDERO_ENGINE_CLV_BUYERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct buyer {
    uint32_t repeats;
    int32_t last, watched;       // days since the first purchase, 0 or more
};
/* Those who are alike, and how many they are. */
struct buyers {
    struct buyer *of;
    double *weight;
    size_t n;
    double per;                  // days of a unit of time: 7 for weeks
};
/* Alike ones together, by their repeat purchases; weight is made. ERR_LIMIT: memory. */
MUST_CHECK enum err_code buyers_gather(const struct buyer *, size_t n, double per, struct buyers *ret, struct err *e);
/* So many of the customers, spread over all of them: where a search begins. */
MUST_CHECK enum err_code buyers_sample(const struct buyers *, size_t customers, struct buyers *ret, struct err *e);
void buyers_drop(struct buyers *);
/* Repeat purchases in a unit of the time that they were watched. */
double buyers_rate(const struct buyers *);

#endif
