/* Item-to-item neighbours: "customers who bought this also bought that".
 *
 * Source  cosine similarity between items over binary purchases (Sarwar, Karypis, Konstan, Riedl 2001),
 *         damped for little evidence as in the item-kNN baseline of Ferrari Dacrema, Cremonesi, Jannach
 *         2019:   similarity(i, j) = together / (sqrt(n_i * n_j) + shrink)
 *         with n the buyers of an item and `together` the buyers of both.
 * Shape   result: for each item its `k` best, best first, ties by item number.
 * Cost    sum over buyers of basket^2 additions; buyers with more than basket_max items count with their
 *         last basket_max (the caller orders items oldest first), so that one reseller does not set the time.
 * Memory  the result is one block owned by the caller, neighbours_drop; scratch ends with the call.
 * Errors  ERR_LIMIT without memory, ERR_BUSY when *cancel turned true, ERR_INVALID for an item >= items.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_NEIGHBOURS_H
#define TENDERO_ENGINE_RECOMMEND_NEIGHBOURS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/recommend/rows.h"
#include "engine/recommend/scored.h"

struct neighbours_options {
    uint32_t k;           // neighbours kept per item; 100
    float shrink;         // 10
    uint32_t basket_max;  // 500
    const atomic_bool *cancel;  // or NULL
};
struct neighbour {
    uint32_t item;
    uint32_t together;  // buyers of both
    float similarity;
};
struct neighbours {
    uint32_t items, k;
    uint32_t *buyers;          // of each item
    uint32_t *count;           // neighbours of each item, <= k
    struct neighbour *of;      // items * k, row i begins at of[i * k]
};

MUST_CHECK enum err_code neighbours_fit(struct purchase_rows, struct neighbours_options,
                                        struct neighbours **ret, struct err *e);
void neighbours_drop(struct neighbours **);
/* Without any neighbours yet; NULL without memory. */
struct neighbours *neighbours_new(uint32_t items, uint32_t k);
/* Keeps the k best of those offered, best first, ties by item number; returns their new number. Insertion, since most lose against
 * the last. */
uint32_t neighbours_keep(struct neighbour *best, uint32_t count, uint32_t k, struct neighbour candidate);

/* The proposals for one buyer: score(j) = sum over his items i of similarity(i, j), without what he has.
 * `work` belongs to the thread and is reused; the answer costs items(bought) * k additions.
 * best[n]: best first, ties by item number; why and together are not known yet. */
struct neighbour_work;
struct neighbour_work *neighbour_work_new(void);
void neighbour_work_drop(struct neighbour_work **);
MUST_CHECK enum err_code neighbours_score(const struct neighbours *, const uint32_t *bought, size_t n_bought,
                                          bool (*allowed)(void *arg, uint32_t item), void *arg,
                                          struct neighbour_work *, struct scored *best, size_t max,
                                          size_t *n, struct err *e);
/* Of those that are shown, n < 65,535, each once: `why`, the bought item that adds most, the first of equals, and together with how
 * many buyers. Nothing bought adds to it: they stay as they are. */
MUST_CHECK enum err_code neighbours_explain(const struct neighbours *, const uint32_t *bought, size_t n_bought,
                                            struct neighbour_work *, struct scored *best, size_t n, struct err *e);

/* The other way round, of every item: score(j) = sum over the k neighbours i of j that he has of similarity(i, j). Each item
 * is judged by its own nearest, so that a popular one, near to everything, is not put forward by all that he has.
 * has[items]: scratch, zero before and after. score[items]. Costs items * k additions. */
void neighbours_score_all(const struct neighbours *, const uint32_t *bought, size_t n_bought, float *has, float *score);
/* What the bought item adds to score(j) there; 0 when it is none of its neighbours. */
float neighbours_similarity(const struct neighbours *, uint32_t item, uint32_t bought);

#endif
