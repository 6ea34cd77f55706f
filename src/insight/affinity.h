/* The shop's item-to-item model, kept fresh, and the proof of what it is worth.
 *
 * Model     engine/recommend/neighbours over all purchases. Fitted at start, when purchases grew by 5 %, and
 *           every night; the old one serves until the new one is ready. A purchase counts at once all the
 *           same: it is part of the customer's row that is scored.
 * Proof     temporal hold-out: fit on orders before the cutoff, propose 10 not yet bought goods to each
 *           customer who bought before it and after it; a hit is one of them bought after it for the first
 *           time. Beside it the same for the 10 goods not yet bought that had the most buyers, ever and in the
 *           last RECENT_DAYS before the cutoff. 95 % Wilson intervals.
 */
#ifndef TENDERO_INSIGHT_AFFINITY_H
#define TENDERO_INSIGHT_AFFINITY_H

#include "engine/recommend/neighbours.h"
#include "insight/purchases.h"

struct affinity;
MUST_CHECK enum err_code affinity_new(struct memory *, struct purchases *, struct affinity **ret,
                                      struct err *e);
void affinity_drop(struct affinity **);
bool affinity_refit_due(const struct affinity *, int64_t now_ms);
/* Fits and swaps in; from a job. *cancel may be NULL. */
MUST_CHECK enum err_code affinity_refit(struct affinity *, int64_t now_ms, const atomic_bool *cancel,
                                        struct err *e);
/* Borrow the model in use; give it back. NULL before the first fit. item = product - 1. */
const struct neighbours *affinity_use(struct affinity *, int64_t *version);
void affinity_done(struct affinity *, const struct neighbours *);

/* Proposals from a model: what is shown and what is measured go through this one function.
 * basis: items the customer has, the latest last; the last AFFINITY_BASIS of them count. best[max]: at most
 * AFFINITY_PER_GROUP of a group (a category) while others are at hand. */
#define AFFINITY_BASIS 60
#define AFFINITY_PER_GROUP 3
#define AFFINITY_CANDIDATES 80
struct affinity_taste {
    bool (*allowed)(void *arg, uint32_t product);    // whether it may be proposed at all
    uint32_t (*group)(void *arg, uint32_t product);  // 0: none; or NULL: no variety asked for
    void *arg;
};
MUST_CHECK enum err_code affinity_propose(const struct neighbours *, const uint32_t *basis, size_t n_basis,
                                          const struct affinity_taste *, struct neighbour_work *,
                                          struct scored *best, size_t max, size_t *n, struct err *e);

#define EVALUATION_GROUPS 4  // customers by orders before the cutoff: 1, 2-3, 4-9, 10+
#define RECENT_DAYS 28
struct hit_rate {
    uint32_t customers, hits_model, hits_baseline, hits_recent;
    uint32_t both_baseline, both_recent;  // customers whom the model hit, and that ranking too
};
struct evaluation {
    int64_t at_ms, cutoff_ms;
    int held_back_days;
    struct hit_rate all, by_orders[EVALUATION_GROUPS];
};
/* The taste's functions are called under the read lock. */
MUST_CHECK enum err_code affinity_evaluate(struct affinity *, int64_t cutoff_ms, int held_back_days,
                                           const struct affinity_taste *, const atomic_bool *cancel,
                                           struct evaluation *ret, struct err *e);
/* 95 % Wilson score interval (Wilson 1927) of hits in n. */
void wilson(uint32_t hits, uint32_t n, double *low, double *high);
/* By how much one hit rate leads another of the same n customers, of whom both hit `both`, with its 95 % interval
 * of a paired difference: Wald's, with half a customer added to each of the four cells (Agresti, Min 2005). */
struct lead { double value, low, high; };
struct lead paired_lead(uint32_t hits, uint32_t rival, uint32_t both, uint32_t n);

#endif
