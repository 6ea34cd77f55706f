/* The shop's item-to-item model, kept fresh, and the proof of what it is worth.
 *
 * Model     engine/recommend/neighbours over all purchases. Fitted at start, when purchases grew by 5 %, and
 *           every night; the old one serves until the new one is ready. A purchase counts at once all the
 *           same: it is part of the customer's row that is scored.
 * Proof     temporal hold-out: fit on orders before the cutoff, propose 10 not yet bought goods to each
 *           customer who bought before it and after it; a hit is one of them bought after it for the first
 *           time. Beside it the same for the 10 most popular goods not yet bought. 95 % Wilson intervals.
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

#define EVALUATION_GROUPS 4  // customers by orders before the cutoff: 1, 2-3, 4-9, 10+
struct hit_rate { uint32_t customers, hits_model, hits_baseline; };
struct evaluation {
    int64_t at_ms, cutoff_ms;
    int held_back_days;
    struct hit_rate all, by_orders[EVALUATION_GROUPS];
};
/* allowed: whether a product may be proposed (goods, active); NULL: all. */
MUST_CHECK enum err_code affinity_evaluate(struct affinity *, int64_t cutoff_ms, int held_back_days,
                                           bool (*allowed)(void *arg, uint32_t product), void *arg,
                                           const atomic_bool *cancel, struct evaluation *ret, struct err *e);
/* 95 % Wilson score interval (Wilson 1927) of hits in n. */
void wilson(uint32_t hits, uint32_t n, double *low, double *high);

#endif
