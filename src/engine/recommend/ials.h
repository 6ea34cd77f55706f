/* iALS: factors of buyers and items, from who bought what and who did not.
 *
 * Model    score(u, i) = w_u . h_i, where with I_u the items of u the sum is least of
 *              sum_u sum_{i in I_u} (w_u . h_i - 1)^2  +  alpha sum_u sum_i (w_u . h_i)^2
 *              + lambda (sum_u (|I_u| + alpha items)^nu |w_u|^2  +  sum_i (|U_i| + alpha buyers)^nu |h_i|^2)
 * Source   Hu, Koren, Volinsky 2008; the weight of what is not known and the regularisation that grows with how often one is
 *          met: Rendle, Krichene, Zhang, Koren 2021, "Revisiting the Performance of iALS", equations 1-4. Both sides in turn,
 *          each row by Cholesky's factors; or (block > 0) by one sweep over blocks of dimensions with the rest held: iALS++,
 *          Rendle, Krichene, Zhang, Koren 2021, algorithm 2; or (steps > 0) by some steps of conjugate gradients from where
 *          it was: Takacs, Pilaszy, Tikk 2011, "Applications of the conjugate gradient method for implicit feedback
 *          collaborative filtering", along the axes of the held side's product, which then is diagonal and a guess of the
 *          inverse: so two steps come as far as three. The fastest, from 64 dimensions on several times. The held side has 16
 *          bits there. An epoch is a half step of the buyers, then one of the items.
 * Start    h_i normal with deviation sigma / sqrt(dimensions), made of item_key[i] and the seed: other numbers for the same
 *          buyers and items change nothing but rounding. The number of threads changes nothing at all.
 * Fold-in  a buyer's vector is worked out from what they bought when it is needed; those of the fit are worked out so, too.
 * Memory   4 (buyers + items) dimensions bytes while it is fitted, with steps half of the larger side again, and per thread
 *          the vectors of the longest row; afterwards the items' vectors, those of the buyers if they are kept.
 * Errors   ERR_LIMIT without memory, ERR_BUSY when *cancel turned true, ERR_INVALID for items out of range.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_IALS_H
#define TENDERO_ENGINE_RECOMMEND_IALS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "engine/recommend/rows.h"

#define IALS_DIMENSIONS_MAX 2048

struct ials_options {
    uint32_t dimensions;        // 64
    uint32_t epochs;            // 16
    uint32_t block;             // 0: all dimensions at once
    uint32_t steps;             // of conjugate gradients, in place of blocks; 0: none
    float alpha;                // .1
    float lambda;               // .02
    float nu;                   // 1
    float sigma;                // .1
    uint64_t seed;
    const uint64_t *item_key;   // NULL: the items' numbers
    bool keep_buyers;
    unsigned threads;
    const atomic_bool *cancel;  // or NULL
    // or NULL: what is minimised, after each half step; costs a pass over the purchases
    void (*watch)(void *arg, unsigned half_step, double loss);
    void *watch_arg;
};
struct ials {
    uint32_t items, buyers, dimensions;
    float alpha, lambda, nu;
    float *item;                // items * ials_width(dimensions)
    float *gram;                // width^2: alpha H'H
    float *buyer;               // buyers * width, or NULL
};
MUST_CHECK enum err_code ials_fit(const struct purchase_rows *, const struct ials_options *, struct ials **ret, struct err *e);
void ials_drop(struct ials **);
/* Without vectors yet; NULL without memory. */
struct ials *ials_new(uint32_t items, uint32_t dimensions);

/* Rows of vectors are as long as this: the dimensions, and zeros that make loops even. */
static inline uint32_t ials_width(uint32_t dimensions)
{
    return (dimensions + 15) / 16 * 16;
}

/* Scratch of a thread, for one number of dimensions. */
struct ials_work;
struct ials_work *ials_work_new(uint32_t dimensions);
float *ials_vector_new(uint32_t dimensions);  // free() it
void ials_work_drop(struct ials_work **);

/* vector[width] of someone who bought these. */
void ials_fold_in(const struct ials *, const uint32_t *bought, size_t n, float *vector, struct ials_work *);
/* score[items] of a vector. */
void ials_score(const struct ials *, const float *vector, float *score);
/* share[n]: what each bought item adds to the score of `item`; they sum up to it (Hu, Koren, Volinsky 2008, section 5). */
void ials_explain(const struct ials *, const uint32_t *bought, size_t n, uint32_t item, float *share, struct ials_work *);

#endif
