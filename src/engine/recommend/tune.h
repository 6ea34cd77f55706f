/* The autotuner: what is best for these purchases, by what part of them says of the rest.
 *
 * Model    a fifth of each buyer's purchases is held back: the last ones, or by a hash where rows have no order. Every
 *          candidate is fitted to what remains and measured by NDCG@20 over all items, from a small grid on uphill, a number at
 *          a time. Of iALS's grid, tried with few epochs, the better half goes on (successive halving: Jamieson, Talwalkar
 *          2016). The best of those that were measured with all of their epochs wins: nothing unmeasured is ever chosen.
 * Shape    tried[TUNE_MAX], best first; tried[0] is what to fit to all purchases.
 * Errors   ERR_INVALID: nothing can be held back, as nobody bought two things. ERR_BUSY when *cancel turned true; ERR_LIMIT.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_TUNE_H
#define TENDERO_ENGINE_RECOMMEND_TUNE_H

#include "engine/recommend/recommender.h"

#define TUNE_MAX 96
#define TUNE_EASE_ITEMS 20000   // catalogues above it are not tried with EASE: 1.6 GB

struct tune_options {
    unsigned kinds;             // bits of 1 << enum recommend_kind; 0: all
    bool in_order;              // rows are oldest first: the last ones are held back
    uint64_t seed;
    const uint64_t *item_key;   // as in ials.h
    unsigned threads;
    const atomic_bool *cancel;  // or NULL
    void (*progress)(void *arg, unsigned done, unsigned most);  // or NULL
    void *arg;
};
struct tried {
    struct recommend_options options;
    struct metrics metrics;
    bool full;                  // measured with all of its epochs
};
struct tuned {
    struct tried tried[TUNE_MAX];
    unsigned n;
    bool without_ease;          // too many items
    uint64_t held_back;
};
MUST_CHECK enum err_code tune(const struct purchase_rows *, const struct tune_options *, struct tuned *ret, struct err *e);

#endif
