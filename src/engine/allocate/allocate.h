/* Whom to invest in: one treatment or none for each customer, for the greatest value that the money and the channels allow.
 *
 * Model    multiple-choice knapsack: maximise the value of what is chosen, at most one treatment a customer, under a budget,
 *          a number of contacts and a capacity of each channel. It is relaxed by a price for each scarce thing (Everett 1963;
 *          Sinha and Zoltners 1979): at given prices each customer decides alone, and the sum is a bound that no allocation
 *          passes. Prices: exactly, one at a time, by selection among the points where customers change their mind; of several
 *          limits in turn, then by subgradient (Fisher 1981). Then whole choices: the cheapest losses until all limits hold,
 *          and what still fits by value for price.
 * Promise  all limits hold; value <= the best possible <= bound. With the budget as the only limit bound - value is not more
 *          than the most valuable single treatment.
 * Units    money as whole numbers of one unit that the caller chooses, the same for value, cost and budget.
 * Shape    value and cost are columns, one after the other: of treatment t for customer i at [t * customers + i]. A treatment
 *          with a negative cost is not allowed for that customer; one without a positive value is never chosen.
 * Memory   fills choice[customers], owned by the caller; scratch of about 1 byte a customer, and of 8 for those who waver.
 * Result   the same for any number of threads: sums are whole numbers.
 * Errors   ERR_INVALID, ERR_LIMIT; ERR_BUSY when *cancel turned true, choice[] is then half filled.
 */
#ifndef TENDERO_ENGINE_ALLOCATE_ALLOCATE_H
#define TENDERO_ENGINE_ALLOCATE_ALLOCATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define ALLOCATE_TREATMENTS 16
#define ALLOCATE_CHANNELS 16
#define ALLOCATE_NOTHING UINT8_MAX
#define ALLOCATE_UNLIMITED INT64_MAX

struct allocate_problem {
    size_t customers;
    unsigned treatments, channels;
    const int32_t *value, *cost;
    const uint8_t *channel;          // of each treatment, < channels; NULL without channels
    int64_t budget, contacts;        // contacts: customers who get any treatment
    const int64_t *capacity;         // contacts of each channel; NULL without channels
};
struct allocate_options {
    unsigned threads;                // 0 counts as 1
    const atomic_bool *cancel;       // or NULL
    atomic_uint *progress;           // in thousandths, or NULL
};
struct allocation {
    int64_t value, cost, contacts;
    int64_t chosen[ALLOCATE_TREATMENTS], used[ALLOCATE_CHANNELS];
    double bound;                    // no allocation has more value
    double gap;                      // bound - value
    double money_worth;              // value of one more unit of budget
    double contact_worth;            // of one more contact, where contacts are limited
    double channel_worth[ALLOCATE_CHANNELS];  // of one more place in the channel
    unsigned passes;                 // over the whole base
};
MUST_CHECK enum err_code allocate(const struct allocate_problem *, const struct allocate_options *, uint8_t *choice,
                                  struct allocation *ret, struct err *e);

#endif
