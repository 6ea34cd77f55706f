/* Several models, one score: how much each should count, and whether that is better than the best of them alone.
 *
 * Model    a model's scores of a list are brought to 0..1 by their ranks, 1 - (rank - 1) / scored, equals at their mean rank,
 *          and 0 for what it did not score: models need not share a scale. The blend is the sum of weight * that; weights are
 *          at least 0 and 1 in all.
 * Learnt   on half of the lists, by NDCG@depth, which coordinate ascent raises one weight at a time (Metzler and Croft 2007);
 *          from the best single model and from equal weights, the better end of both. Then a model is left out whose leaving
 *          costs less than one standard error of the paired difference: it is not worth being asked.
 * Measured on the other half: by how much the blend leads the best single model, with Wald's 95 % interval of the paired
 *          difference of a list's NDCG. That model is the best of all lists, those measured included: if anything, the lead
 *          comes out too small. Where the interval is not above 0, or there are fewer than BLEND_LISTS_MIN lists in a half, the
 *          best single model is what is answered.
 * Shape    lists as compressed rows: candidates of list l are start[l] .. start[l + 1); score[m] has one number for each
 *          candidate of all lists, NAN: not scored. The caller makes them by a temporal hold-out: what was done after a cutoff
 *          is a hit, what models saw is from before it. A list for which nothing is wanted does not count.
 * Ties     to the candidate that stands first.
 * Cost     about 1,000 times all candidates.
 * Errors   ERR_LIMIT without memory, ERR_BUSY when *cancel turned true, ERR_INVALID no list for which something is wanted.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_BLEND_H
#define TENDERO_ENGINE_RECOMMEND_BLEND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BLEND_MODELS_MAX 8
#define BLEND_DEPTH_MAX 100
#define BLEND_LISTS_MIN 30

struct blend_lists {
    const float *score[BLEND_MODELS_MAX];
    unsigned models;
    const uint64_t *start;
    uint32_t lists;
    const uint8_t *hit;              // of each candidate: 0 or 1
    const uint32_t *wanted;          // of each list: hits there could have been, whether or not a model proposed them, at least
                                     // those that are there; NULL: those that are there
    const atomic_bool *cancel;       // or NULL
};
struct blend {
    unsigned models;
    double weight[BLEND_MODELS_MAX];
    bool blended;                    // else one weight is 1: that of `best`
    unsigned best;
    uint32_t learnt, measured;       // lists
    double alone[BLEND_MODELS_MAX], together;  // NDCG of each, and of the learnt weights, on the lists measured
    struct { double value, low, high; } lead;  // together - alone[best]; 0 without lists to measure
};
MUST_CHECK enum err_code blend_learn(const struct blend_lists *, unsigned depth, struct blend *ret, struct err *e);
/* One list: ret[n] from score[m][n]. ERR_LIMIT without memory. */
MUST_CHECK enum err_code blend_score(const struct blend *, const float *const *score, size_t n, float *ret, struct err *e);

#endif
