/* EASE: what each bought item says of each other item, by one regression with a closed form.
 *
 * Model   score(j) = sum over the bought items i of B_ij, with B the ridge regression of every item on all others,
 *         diag(B) = 0. With P = (X'X + lambda I)^-1:  B_ij = -P_ij / P_jj for i != j.
 * Source  Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", equations 2 and 8. The inverse by sweeps
 *         (Goodnight 1979, "A Tutorial on the SWEEP Operator") over blocks of pivots, in float32: lambda bounds the condition.
 * Shape   items * items weights, or the `keep` largest of each column with their signs: then a model of many items is small.
 *         A fold-in is the sum of the rows of what was bought: whoever comes new needs no fit.
 * Memory  4 * items^2 bytes while it is fitted (20,000 items: 1.6 GB; there is no second matrix) and afterwards, or
 *         8 * items * keep bytes afterwards.
 * Errors  ERR_LIMIT without memory, ERR_BUSY when *cancel turned true (asked between the steps), ERR_INVALID for items out
 *         of range and where the matrix has no inverse in float32: lambda is too small.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_EASE_H
#define TENDERO_ENGINE_RECOMMEND_EASE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/recommend/rows.h"

struct ease_options {
    float lambda;               // 300
    uint32_t keep;              // weights of each column; 0: all
    unsigned threads;
    const atomic_bool *cancel;  // or NULL
};
/* Rows of a dense model are as long as this, zeros behind the items: it makes loops even. */
static inline size_t ease_width(uint32_t items)
{
    return ((size_t)items + 63) / 64 * 64;
}
struct ease {
    uint32_t items;
    uint64_t kept;              // 0: dense
    float *weight;              // row i: what item i says of others; items * width, or kept
    uint64_t *start;            // of the rows when not dense
    uint32_t *other;            // their columns, rising
};
MUST_CHECK enum err_code ease_fit(const struct purchase_rows *, const struct ease_options *, struct ease **ret, struct err *e);
void ease_drop(struct ease **);
/* Without weights yet; NULL without memory. */
struct ease *ease_new(uint32_t items, uint64_t kept);

/* score[items] of someone who bought these. */
void ease_score(const struct ease *, const uint32_t *bought, size_t n, float *score);
float ease_weight(const struct ease *, uint32_t bought, uint32_t item);

#endif
