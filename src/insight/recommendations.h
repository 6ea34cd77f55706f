/* What to propose to whom: several models, a blend of them that is learnt on the shop's own past, and the proof of its worth.
 *
 * Proposers neighbours  engine/recommend/neighbours over all purchases
 *           walk        RP3beta (together.h): needs no more than a day of purchases
 *           ease        ease.h, up to TUNE_EASE_ITEMS products, as a table of its EASE_KEPT largest weights a product
 *           content     what is most like it by what it is: cosine of features (words of the title, category, level of price),
 *                       each weighed by log(items / those who have it); a table of 20 a product
 *           ials        ials.h: who buys alike. The customer is folded in when asked, and it puts in order what the others found
 *           sessions    sessions.h over orders: what else was in the orders most like what is looked at or was bought last
 *           trend       what had the most buyers in the last RECENT_DAYS
 *           Each names its RECOMMEND_LIST best; blend.h weighs them; rerank.h puts at most RECOMMEND_PER_GROUP of a group
 *           (a category) in the list while others are at hand.
 * Newcomers a list of NEWCOMER_PLACE and more whose first NEWCOMER_PLACE hold no product of fewer than NEWCOMER_BUYERS buyers has,
 *           in that place, the one that `content` finds most like what the customer has and looked at, if its group is not
 *           full: whatever the weights, and in what is measured, too. RECOMMEND_NEWCOMERS 0 switches that off.
 * Learning  orders before T - d days: the models are fitted, EASE and iALS tuned (tune.h). Orders from T - d to T: the blend
 *           is learnt. Fitted anew on all before T, everything is measured on the d days from T on. Then the models are fitted
 *           on all orders and take the place of the old ones. Where too few come back for that, `walk` alone is asked.
 * Proof     of each customer who bought before T and something new after it: recall@20, NDCG@10 and hits among 10 of what is
 *           shown, of each proposer, of popularity ever and of plain co-occurrence (lift). 95 % intervals: Wilson's of hits,
 *           Wald's of means.
 * Fresh     a purchase or a look counts in the next answer: it is part of what is scored. Orders enter `sessions` every tick.
 *           The models are fitted anew when purchases grew by 5 %, and every night; weights are learnt anew after LEARN_DAYS.
 * Stored    what was learnt (weights, settings, proof) and the last RECOMMEND_VERSIONS versions, in recommend_fits, at the end of a
 *           fit; read at start. The models are fitted anew then, with the weights and settings that are known.
 * Threads   the old models serve until the new ones are ready; fitting takes locks for microseconds.
 */
#ifndef TENDERO_INSIGHT_RECOMMENDATIONS_H
#define TENDERO_INSIGHT_RECOMMENDATIONS_H

#include <pthread.h>

#include "engine/recommend/blend.h"
#include "engine/recommend/ials.h"
#include "engine/recommend/sessions.h"
#include "engine/recommend/neighbours.h"
#include "insight/progress.h"
#include "insight/purchases.h"

#define RECENT_DAYS 28
#define RECOMMEND_BASIS 60        // products the customer has: the latest count
#define RECOMMEND_SESSION 5       // of them, what `sessions` is asked with
#define RECOMMEND_LIST 60
#define RECOMMEND_MAX 40          // proposals of one answer
#define RECOMMEND_PER_GROUP 3
#define EASE_KEPT 60
#define RECOMMEND_NEWCOMERS 1       // a list of NEWCOMER_PLACE: 0 or 1
#define NEWCOMER_BUYERS 5
#define NEWCOMER_PLACE 10

enum proposer { PROPOSER_NEIGHBOURS, PROPOSER_WALK, PROPOSER_EASE, PROPOSER_CONTENT, PROPOSER_IALS,
                PROPOSER_SESSIONS, PROPOSER_TREND, PROPOSERS };
const char *proposer_name(enum proposer);

/* What may be proposed; both are called under the read lock. */
struct recommend_taste {
    bool (*allowed)(void *arg, uint32_t product);
    uint32_t (*group)(void *arg, uint32_t product);  // 0: none
    void *arg;
};

/* What a product is, as hashes of its features: fills at most max, returns how many; mem is scratch. Called under the read lock. */
struct recommend_content {
    size_t (*says)(void *arg, uint32_t product, struct arena *mem, uint64_t *feature, size_t max);
    void *arg;
};

/* ---- the models, which do not change once they are in use, but for `sessions` ---- */
struct proposers {
    uint32_t items;                      // item = product - 1
    struct neighbours *table[PROPOSER_CONTENT + 1];  // NULL: not fitted
    struct ials *ials;
    struct sessions *sessions;
    pthread_rwlock_t sessions_lock;
    uint32_t sessions_row;               // of purchases_basket: what comes next
    uint32_t *buyers;                    // of each item
    struct trending { uint32_t item, buyers; } *trend;
    uint32_t trends;
    uint16_t *again_days;                // of each item: after which those who buy it again do so; 0: it is not known to be
};
size_t proposers_bytes(const struct proposers *, enum proposer);

struct recommend_settings {
    float ease_lambda;
    uint32_t dimensions, epochs;
    float ials_alpha, ials_lambda, ials_nu;
    bool tuned;
};
/* ---- the proof ---- */
enum measured { MEASURED_SHOWN = PROPOSERS, MEASURED_POPULAR, MEASURED_TOGETHER, MEASURED };  // behind the proposers
const char *measured_name(enum measured);
struct interval {
    double value, low, high;
};
struct quality {
    bool known;
    uint32_t hits, both;                 // customers hit, and by what is shown, too
    struct interval recall_at_20, ndcg_at_10, hit_at_10;
};
#define EVALUATION_GROUPS 4  // customers by orders before the cutoff: 1, 2-3, 4-9, 10+
struct hit_rate {
    uint32_t customers, hits_model, hits_baseline, hits_recent;
    uint32_t both_baseline, both_recent;  // customers whom the model hit, and that ranking too
};
struct evaluation {
    int64_t at_ms, cutoff_ms;
    int held_back_days;
    struct hit_rate all, by_orders[EVALUATION_GROUPS];
};
struct recommend_proof {
    struct evaluation evaluation;
    struct quality of[MEASURED];
    struct recommend_settings settings;
    struct blend blend;                  // of the PROPOSERS
    bool learnt;                         // false: too few came back for it
};
/* 95 % Wilson score interval (Wilson 1927) of hits in n. */
void wilson(uint32_t hits, uint32_t n, double *low, double *high);
/* By how much one hit rate leads another of the same n customers, of whom both hit `both`, with its 95 % interval
 * of a paired difference: Wald's, with half a customer added to each of the four cells (Agresti, Min 2005). */
struct interval paired_lead(uint32_t hits, uint32_t rival, uint32_t both, uint32_t n);

/* ---- versions ---- */
struct recommendations;
/* Reads what is stored by the connection. */
MUST_CHECK enum err_code recommendations_new(struct memory *, struct purchases *, struct store_conn *,
                                             struct recommendations **ret, struct err *e);
/* What of it could not be read, in words for the log; empty: nothing. */
const char *recommendations_note(const struct recommendations *);
/* Before the first fit; without it `content` is not fitted. */
void recommendations_content_by(struct recommendations *, struct recommend_content);
void recommendations_drop(struct recommendations **);
bool recommendations_due(const struct recommendations *, int64_t now_ms);
/* What is due: a fit with the weights that are known, or learning. From a job; progress may be NULL. */
MUST_CHECK enum err_code recommendations_refit(struct recommendations *, const struct recommend_taste *, int64_t now_ms,
                                               struct progress *, struct err *e);
MUST_CHECK enum err_code recommendations_learn(struct recommendations *, const struct recommend_taste *, int64_t now_ms,
                                               struct progress *, struct err *e);
/* Orders that came since enter `sessions`; whether there are any. */
bool recommendations_behind(struct recommendations *);
MUST_CHECK enum err_code recommendations_turn(struct recommendations *, struct err *e);
MUST_CHECK enum err_code recommendations_evaluate(struct recommendations *, int64_t cutoff_ms, int held_back_days,
                                                  const struct recommend_taste *, struct progress *,
                                                  struct recommend_proof *ret, struct err *e);

struct recommend_version {
    int64_t version, fitted_ms, took_ms;     // version: the log's seq that was known; 0: none yet
    int64_t learnt_ms, learnt_took_ms;       // of its weights; 0: not learnt
    uint64_t orders, lines;
    uint32_t customers, products, sessions;
    double weight[PROPOSERS];
    bool fitted[PROPOSERS];
    size_t bytes[PROPOSERS];
};
#define RECOMMEND_VERSIONS 20
/* Newest first, those of runs before included; ret[max]. */
size_t recommendations_versions(struct recommendations *, struct recommend_version *ret, size_t max);
/* The newest proof; false: none yet. */
bool recommendations_proof(struct recommendations *, struct recommend_proof *ret);

/* Borrow the models in use; give them back. NULL before the first fit. */
struct recommend_model {
    struct proposers *of;
    struct recommend_version about;
};
const struct recommend_model *recommendations_use(struct recommendations *);
void recommendations_done(struct recommendations *, const struct recommend_model *);

/* ---- proposing: what is shown and what is measured go through this one function ---- */
struct recommend_basis {
    const uint32_t *item;                // what the customer has and looked at, the latest last; item = product - 1
    size_t n;
    const uint32_t *session;             // the visit or the last order
    size_t n_session;
};
struct recommended {
    uint32_t item, why, together;        // why: the item of the basis that counts most, FACT's: UINT32_MAX: none
    enum proposer by;                    // which counts most
    float score;                         // of the blend, 0 to 1
    bool passed_over;                    // its group was full
    bool newcomer;                       // in the place that is kept for one
};
struct recommend_work;
struct recommend_work *recommend_work_new(void);  // of a thread; NULL without memory
void recommend_work_drop(struct recommend_work **);
/* The best[max], best first; max <= RECOMMEND_MAX. Those of full groups stand behind the others. */
MUST_CHECK enum err_code recommend_propose(struct proposers *, const double weight[PROPOSERS], const struct recommend_basis *,
                                           const struct recommend_taste *, struct recommend_work *, struct recommended *best,
                                           size_t max, size_t *n, struct err *e);

#endif
