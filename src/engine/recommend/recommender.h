/* One of four models under one roof: fitted, asked for proposals and for their reasons.
 *
 * Model    popularity  score(j) = who bought j
 *          knn         neighbours.h, neighbours_score_all
 *          ease        ease.h
 *          ials        ials.h, the buyer folded in
 *          Someone who has bought nothing is proposed what is popular, by each of them.
 * Memory   one owner, recommender_drop. A recommender does not change once it is fitted: any number of threads may ask it,
 *          each with a work of its own.
 * Errors   those of the model; ERR_LIMIT without memory.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_RECOMMENDER_H
#define TENDERO_ENGINE_RECOMMEND_RECOMMENDER_H

#include "engine/recommend/best.h"
#include "engine/recommend/ease.h"
#include "engine/recommend/ials.h"
#include "engine/recommend/metrics.h"
#include "engine/recommend/neighbours.h"

#define RECOMMEND_K_MAX 10000
#define RECOMMEND_NU_MAX 4

enum recommend_kind { RECOMMEND_POPULARITY, RECOMMEND_KNN, RECOMMEND_EASE, RECOMMEND_IALS, RECOMMEND_KINDS };
extern const char *const recommend_names[RECOMMEND_KINDS];

struct recommend_options {
    enum recommend_kind kind;
    uint32_t k;                 // of knn
    float shrink;
    float ridge;                // EASE's lambda
    uint32_t keep;              // EASE's weights of each column; 0: all
    struct ials_options ials;   // but for threads and cancel
    unsigned threads;
    const atomic_bool *cancel;  // or NULL
};
/* What is good for a shop of some thousand items, and what the published protocol is measured with. */
struct recommend_options recommend_usual(enum recommend_kind, unsigned threads);

struct recommender {
    enum recommend_kind kind;
    uint32_t items;
    uint32_t *buyers;           // of each item
    struct neighbours *knn;     // the one that `kind` says; the others are NULL
    struct ease *ease;
    struct ials *ials;
};
MUST_CHECK enum err_code recommender_fit(const struct purchase_rows *, const struct recommend_options *,
                                         struct recommender **ret, struct err *e);
void recommender_drop(struct recommender **);

struct recommender_work;
struct recommender_work *recommender_work_new(const struct recommender *);  // NULL without memory
void recommender_work_drop(struct recommender_work **);

/* score[items] of someone who bought these. */
void recommender_score(const struct recommender *, const uint32_t *bought, size_t n, float *score, struct recommender_work *);
/* The best[max] of what they do not have and what is not refused[items] (or NULL); returns how many there are. */
size_t recommender_best(const struct recommender *, const uint32_t *bought, size_t n, const uint8_t *refused,
                        struct best *best, size_t max, struct recommender_work *);
/* share[n]: what each bought item adds to the score of `item`; all 0 where the reason is how popular it is. */
void recommender_explain(const struct recommender *, const uint32_t *bought, size_t n, uint32_t item, float *share,
                         struct recommender_work *);
MUST_CHECK enum err_code recommender_measure(const struct recommender *, const struct purchase_rows *train,
                                             const struct purchase_rows *test, unsigned threads, const atomic_bool *cancel,
                                             struct metrics *ret, struct err *e);

/* A recommender as it is stored: its shape, then the bytes of its parts in their order, as they are in memory. */
struct recommender_shape {
    uint32_t kind, items, k, dimensions;
    float alpha, lambda, nu, unused;
    uint64_t kept;
};
struct recommender_part {
    void *at;
    size_t bytes;
};
#define RECOMMENDER_PARTS 5
struct recommender_shape recommender_shape(const struct recommender *);
/* part[RECOMMENDER_PARTS]; returns how many there are. */
size_t recommender_parts(const struct recommender *, struct recommender_part *);
/* Of that shape, for parts that are filled then. ERR_CORRUPT: no recommender has it. */
MUST_CHECK enum err_code recommender_new(const struct recommender_shape *, struct recommender **ret, struct err *e);
/* ERR_CORRUPT: parts that were filled point outside of what is there. */
MUST_CHECK enum err_code recommender_check(const struct recommender *, struct err *e);

#endif
