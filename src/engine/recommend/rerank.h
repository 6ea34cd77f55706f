/* From scored candidates to the list that is shown, and which rule put each of them where it is.
 *
 * Filters  what cannot be offered, has no stock, or was bought already and is not due again, is never shown.
 * Greedy   place by place the candidate with the highest
 *              (1 - calibration) * (lambda * relevance(i) - (1 - lambda) * max over those placed j of alike(i, j))
 *              - calibration * KL(wanted || categories of the list with i)
 *          among those whose category is below its cap.
 * Sources  lambda: maximal marginal relevance (Carbonell and Goldstein 1998). calibration: Steck 2018, with the list's
 *          distribution q smoothed to .99 q + .01 wanted. popularity: the discount of Paudel et al. 2017.
 * Units    relevance is score / max(1, buyers)^popularity, brought to 0..1 over those that pass the filters. alike is 0..1.
 * Ties     to the higher score, then the lower item number.
 * Cost     list * (candidates + their categories); alike is asked list * candidates times.
 * Errors   ERR_INVALID a score that is not a number, or below 0 while popularity is discounted, or such a share (e->pos:
 *          which); ERR_LIMIT without memory.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_RERANK_H
#define TENDERO_ENGINE_RECOMMEND_RERANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct candidate {
    uint32_t item;
    float score;
    uint32_t category;               // 0: none: capped by nothing, alike nothing
    uint32_t buyers;                 // so far: its popularity
    bool offerable, in_stock, bought;
    float days_since, days_again;    // since it was bought; after which it is bought again, 0: never
};
struct category_share {
    uint32_t category;
    float share;                     // of the customer's, at least 0; they need not add up to 1
};
struct rerank_rules {
    size_t per_category;             // 0: no cap
    double lambda;                   // 0..1; 1: variety does not count
    double calibration;              // 0..1; 0: it does not count
    double popularity;               // at least 0; 0: popular ones are not discounted
    const struct category_share *wanted;  // each category once
    size_t n_wanted;                 // 0, or no share above 0: no calibration
    double (*alike)(void *arg, const struct candidate *, const struct candidate *);  // NULL: 1 in the same category, else 0
    void *arg;
};
/* The rules are thought of one after the other, in this order: the one from which on a candidate is the best for its place. */
enum rerank_rule { RERANK_RELEVANCE, RERANK_POPULARITY, RERANK_CAP, RERANK_VARIETY, RERANK_CALIBRATION };
const char *rerank_rule_name(enum rerank_rule);
struct reranked {
    size_t candidate;                // where it stands among them
    enum rerank_rule rule;
    size_t by_score;                 // its place by score alone among those that pass the filters, from 0
};
struct rerank_dropped {
    size_t not_offerable, no_stock, bought;  // the first that holds
};
/* list[max]; *n of them are filled. dropped may be NULL. */
MUST_CHECK enum err_code rerank(const struct candidate *, size_t n_candidates, const struct rerank_rules *,
                                struct reranked *list, size_t max, size_t *n, struct rerank_dropped *, struct err *e);
/* KL(wanted || categories of a list), smoothed as above; 0 where nothing is wanted. */
double rerank_divergence(const struct candidate *, const struct reranked *list, size_t n, const struct rerank_rules *);

#endif
