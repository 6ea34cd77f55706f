/* Whom to spend a budget on: a treatment or none for each customer of the value tiers (engine/allocate); the last few answers.
 *
 * Worth     of a treatment: the part of a customer's lifetime value that it is said to gain, by tier.
 * Allowed   to those whom its condition is true of and whose tier's plan has contacts. Who has no value tier is left out.
 * Money     micro outside; inside whole multiples of `unit`, the least power of ten that lets everything fit. Costs are rounded
 *           up to it, so that the budget holds.
 * Kept      ALLOCATIONS_KEPT answers, in memory: a start of the program forgets them.
 * Memory    8 bytes a customer and treatment while it is worked out; 12 for each who gets something while it is kept.
 * Threads   any.
 */
#ifndef TENDERO_INSIGHT_ALLOCATIONS_H
#define TENDERO_INSIGHT_ALLOCATIONS_H

#include "engine/allocate/allocate.h"
#include "insight/investment.h"
#include "insight/population.h"

#define ALLOCATIONS_KEPT 8

struct allocation_treatment {
    struct slice name;
    uint8_t channel;                 // place among the channels
    int64_t cost_micro;
    double effect[TIERS_COUNT];      // part of the lifetime value that it gains
    const uint64_t *who;             // a bit a row of the population; NULL: anybody
};
struct allocation_channel {
    struct slice name;
    int64_t capacity;                // or ALLOCATE_UNLIMITED
};
struct allocation_ask {
    struct allocation_treatment treatment[ALLOCATE_TREATMENTS];
    struct allocation_channel channel[ALLOCATE_CHANNELS];
    unsigned treatments, channels;
    int64_t budget_micro, contacts;  // or ALLOCATE_UNLIMITED
    struct investment_plan plan[TIERS_COUNT];
};

/* Who gets what, and what that is worth. */
struct allocation_choice {
    uint32_t root;
    uint8_t treatment, tier;
    int32_t value;                   // in units
};
struct allocation_sum {
    uint64_t customers;
    int64_t value;                   // in units
};
struct allocated {
    int64_t id, at_ms;
    struct slice by;
    struct allocation_ask ask;       // its bits are none
    int64_t unit_micro;
    struct allocation answer;        // in units
    size_t people;                   // who could have got something
    uint64_t tier[TIERS_COUNT];      // of them
    struct allocation_sum sum[ALLOCATE_TREATMENTS][TIERS_COUNT];
    size_t begin[ALLOCATE_TREATMENTS + 1];  // of each treatment, its first choice; the most valuable first
    struct allocation_choice *choice;
    struct arena *mem;               // of texts
};
/* Customers and what each treatment is worth for them. */
struct allocation_table;
/* Under the population's lock. ERR_CONFLICT: nobody has a tier yet. */
MUST_CHECK enum err_code allocation_gather(const struct population *, const struct allocation_ask *,
                                           struct allocation_table **ret, struct err *e);
void allocation_table_drop(struct allocation_table **);
/* ERR_BUSY: *cancel turned true. by and the texts of the ask are copied. */
MUST_CHECK enum err_code allocation_solve(const struct allocation_table *, const struct allocation_ask *, int64_t now_ms,
                                          struct slice by, const atomic_bool *cancel, struct allocated **ret, struct err *e);
void allocated_drop(struct allocated **);

struct allocations;
MUST_CHECK enum err_code allocations_new(struct allocations **ret, struct err *e);
void allocations_drop(struct allocations **);
/* Takes it over and numbers it; the oldest gives way. */
int64_t allocations_keep(struct allocations *, struct allocated *);
void allocations_lock(struct allocations *);
void allocations_unlock(struct allocations *);
/* Both under the lock. NULL: it is not kept, or no longer. */
const struct allocated *allocations_find(const struct allocations *, int64_t id);
/* The newest first; NULL behind the last. */
const struct allocated *allocations_at(const struct allocations *, size_t at);

#endif
