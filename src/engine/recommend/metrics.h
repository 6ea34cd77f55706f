/* How good proposals are: what was held back is looked for in the order of all that a buyer did not have.
 *
 * Model   full ranking: every item that is not in the buyer's row of `train`, by score, ties by item number; nothing is
 *         sampled (Krichene, Rendle 2020). With R held-out items, h(r) = 1 where the r-th is one of them:
 *             recall_at_K      sum_{r<=K} h(r) / R
 *             recall_at_K_min  sum_{r<=K} h(r) / min(K, R)                                (Liang et al. 2018, section 4.2)
 *             ndcg_at_K        sum_{r<=K} h(r) / log2(1 + r)  /  sum_{r<=min(K, R)} 1 / log2(1 + r)
 *         Each is averaged over the buyers who have held-out items. One that is in `train` too is not held out.
 * Shape   both rows have the same buyers and items.
 * Errors  ERR_LIMIT without memory, ERR_BUSY when *cancel turned true.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_METRICS_H
#define TENDERO_ENGINE_RECOMMEND_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/recommend/rows.h"

struct metrics {
    double recall_at_20, recall_at_20_min, recall_at_50, ndcg_at_10, ndcg_at_20, ndcg_at_100;
    uint32_t users;             // who have held-out items
};
/* Who is measured: fills score[items] for someone who bought these; called by `threads` workers at once. */
struct ranker {
    void (*score)(void *arg, unsigned worker, const uint32_t *bought, size_t n, float *score);
    void *arg;
    unsigned threads;
    const atomic_bool *cancel;  // or NULL
};
MUST_CHECK enum err_code metrics_measure(const struct purchase_rows *train, const struct purchase_rows *test,
                                         const struct ranker *, struct metrics *ret, struct err *e);

#endif
