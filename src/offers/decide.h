/* Next best proposal: which goods to propose to this customer, and why.
 *
 * Funnel    offerable goods (catalogue), not bought yet, named and blended by insight/recommendations over what the
 *           customer bought and looked at, up to this moment; filled up with what is popular in the category looked at
 *           (or asked for), then in the shop. Among popular ones the order is turned by the customer's own number, so
 *           that not everybody gets the same; a score's size is never changed.
 * Again     what customers are known to buy again after some time is proposed again when that time has passed, one a
 *           list, in its second place; nothing else that was bought is.
 * Reasons   a code with its numbers, and the sentence made from them in both languages.
 * Log       a decision is a fact: customer, model version, what was proposed, scores and reasons, so that it
 *           can be replayed.
 * Cost      tens of us, by the models that count; reads memory only. Under the read lock.
 */
#ifndef TENDERO_OFFERS_DECIDE_H
#define TENDERO_OFFERS_DECIDE_H

#include "insight/recommendations.h"
#include "offers/catalogue.h"
#include "text/json.h"

enum reason_code {
    REASON_BOUGHT_TOGETHER, REASON_VIEWED, REASON_POPULAR_IN_CATEGORY, REASON_POPULAR, REASON_SIMILAR_CUSTOMERS,
    REASON_SIMILAR_ORDERS, REASON_BOUGHT_AGAIN, REASON_NEW_LIKE, REASONS
};
const char *reason_name(enum reason_code);

struct proposal {
    uint32_t product;
    double score;
    enum reason_code code;
    uint32_t because;      // product the customer bought or looked at; 0: none
    uint32_t count;        // customers who bought both, orders like the last one, orders of a popular one, or days until again;
                           // 0: not known
    uint32_t times;        // how often the customer bought `because`
    int64_t because_ms;    // when last
};
#define DECIDE_MAX 20

struct decider;  // per thread: scratch
MUST_CHECK enum err_code decider_new(struct memory *, struct purchases *, struct recommendations *,
                                     struct catalogue *, struct decider **ret, struct err *e);
void decider_drop(struct decider **);

struct decide_query {
    uint32_t root;            // FACT_NOBODY: a newcomer
    struct slice category;    // looked at now; empty: what the log says
    size_t limit;             // 1..DECIDE_MAX
};
struct decision {
    uint32_t root;
    int64_t at_ms, model;
    size_t n;
    struct proposal of[DECIDE_MAX];
};
MUST_CHECK enum err_code decide(struct decider *, const struct decide_query *, int64_t now_ms,
                                struct decision *ret, struct err *e);
/* The same by one model alone, or by weights of one's own: what they would have proposed. Nothing else fills the list. */
MUST_CHECK enum err_code decide_by(struct decider *, uint32_t root, const double weight[PROPOSERS], size_t limit, int64_t now_ms,
                                   struct decision *ret, struct err *e);
/* Goods of the catalogue, whether in stock today or not: what models are measured with. */
struct recommend_taste taste_of_catalogue(struct catalogue *);
/* What they are: the words of the title, the category, and the price by halves of its double. */
struct recommend_content content_of_catalogue(struct catalogue *);
/* The decision's JSON (docs/API.md `Decision`); id: the fact's seq or 0. Under the read lock. */
void decision_json(struct decider *, const struct decision *, int64_t id, struct json_w *);
/* One proposal of it. */
void proposal_json(struct decider *, const struct proposal *, int64_t now_ms, struct json_w *);
/* The sentence of one proposal. lang "en" or "es". */
void proposal_why(struct decider *, const struct proposal *, const char *lang, int64_t now_ms,
                  struct buf *out);
/* Appends FACT_DECISION with the JSON as body. */
MUST_CHECK enum err_code tx_decision(struct tx *, const struct decision *, struct slice json, int64_t *seq,
                                     struct err *e);

#endif
