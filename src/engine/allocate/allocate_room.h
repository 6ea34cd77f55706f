/* Inside the room: customers who decide at given prices, and sums of what they chose. */
#ifndef TENDERO_ENGINE_ALLOCATE_ALLOCATE_ROOM_H
#define TENDERO_ENGINE_ALLOCATE_ALLOCATE_ROOM_H

#include "engine/allocate/allocate.h"

enum { OF_BUDGET, OF_CONTACTS, OF_CHANNEL, LIMITS_MOST = OF_CHANNEL + ALLOCATE_CHANNELS };
#define THREADS_MOST 64
#define BLOCK 256                    // rows whose scores stay in the nearest cache
#define DEAR 4294967296.0            // a price at which nobody takes what uses a scarce thing at all

struct base {
    const struct allocate_problem *p;
    const struct allocate_options *options;
    unsigned limits;
    int64_t limit[LIMITS_MOST];
    unsigned passes;
};
struct tally {
    int64_t value, cost, count[ALLOCATE_TREATMENTS];
};
int64_t tally_used(const struct base *, const struct tally *, unsigned limit);
void sum_add(const struct allocate_problem *, struct tally *, size_t row, uint8_t choice, int times);

/* What a choice uses of a limit. */
static inline int64_t use_of(const struct allocate_problem *p, size_t row, uint8_t choice, unsigned limit)
{
    if (choice == ALLOCATE_NOTHING)
        return 0;
    if (limit == OF_BUDGET)
        return p->cost[choice * p->customers + row];
    return limit == OF_CONTACTS || p->channel[choice] == limit - OF_CHANNEL;
}

/* What a choice is worth above its price. */
struct prices {
    double money, of[ALLOCATE_TREATMENTS];
};
struct prices prices_of(const struct base *, const double *worth);
static inline double score_of(int32_t value, int32_t cost, double money, double price)
{
    return (double)value - money * (double)cost - price;
}

/* Customers who choose otherwise at the two prices of a sweep. */
struct swing {
    uint32_t row;
    uint8_t low, high;
};
struct swings {
    struct swing *of;
    size_t n, cap;
};
struct sweep {
    struct tally low, high;
    struct swings swings;            // the caller frees .of
};
/* All customers decide at two prices; choice[] is filled as at the higher. `held`, or NULL: nobody may take what uses more of
 * any limit than the choice held, which stands apart from choice[]. */
MUST_CHECK enum err_code sweep_all(struct base *, const double *worth_low, const double *worth_high, const uint8_t *held,
                                   uint8_t *choice, struct sweep *ret, struct err *e);
/* One of them, as above. */
uint8_t choose(const struct base *, const struct prices *, size_t row, uint8_t held);
#define HELD_FREE (ALLOCATE_NOTHING - 1)  // no choice is held

/* Runs `run` on each of `parts` parts of `size` bytes, in threads of their own. */
void spread(unsigned parts, void *part, size_t size, void *(*run)(void *));
unsigned threads_of(const struct base *);
bool cancelled(const struct base *);

/* The price of one limit at which it holds, the others as they are: worth[limit] is replaced, choice[] and sum hold it. `step`
 * is how far off it may be; `held` as above: then the price only rises. bound: of the value, at these prices. */
MUST_CHECK enum err_code price_one(struct base *, unsigned limit, double step, const uint8_t *held, double *worth,
                                   uint8_t *choice, struct tally *sum, double *bound, struct err *e);
double bound_at(const struct base *, const double *worth, const struct tally *);

/* Adds what still fits, best value for its price first. */
MUST_CHECK enum err_code fill(struct base *, const double *worth, uint8_t *choice, struct tally *sum, struct err *e);

#endif
