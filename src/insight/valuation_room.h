/* What the files of the valuation share. Private to valuation*.c. */
#ifndef TENDERO_INSIGHT_VALUATION_ROOM_H
#define TENDERO_INSIGHT_VALUATION_ROOM_H

#include <pthread.h>

#include "engine/clv/holdout.h"
#include "insight/valuation.h"
#include "text/json.h"

#define WEEK_DAYS 7.0
#define MONEY 1e6                    // micro

struct valuation {
    struct memory *memory;
    struct purchases *purchases;
    struct valuation_options options;
    pthread_mutex_t fitting;         // one at a time
    pthread_mutex_t lock;            // guards all below
    struct valuation_view view;
    int64_t fitted_ms;               // 0: never
    uint64_t fitted_orders;
};

/* ---- what a fit is made of (valuation_fit.c) ---- */
/* Models of some customers. Of one that could not be fitted: why. */
#define VALUE_KINDS KIND_BG_BB       // those of time, which are before it
struct fitted {
    double at[VALUE_KINDS][KIND_PARAMETERS];
    struct gamma_gamma spend;        // p 0: it could not be fitted
    double mean_spend;
    struct fit fit[VALUE_KINDS], spend_fit;
    bool valid[VALUE_KINDS];
    struct err why[VALUE_KINDS];
};
/* A customer who bought. Of the day on which the proof begins: then; watched < 0: they came later. */
struct valued {
    struct buyer now, then;
    uint32_t later;                  // transactions since
    float mean, mean_then, later_money, first;
    uint8_t channel, month;          // of the first order
};
enum proof_rule { RULE_RATE = VALUE_KINDS, RULE_HIATUS, RULE_SPENT, RULE_FREQUENCY, RULE_RECENCY, RULES };  // behind the models
/* What one of them foretold; NAN: it says nothing of that. */
struct proof_line {
    struct holdout proof;
    double active, top, within;
};
#define FREQUENCIES 8                // 0 to 6 repeat transactions, and more
struct value_proof {
    int32_t cutoff, days;            // 0 days: there is none
    size_t customers;
    double came;
    struct proof_line of[RULES];
    size_t best;                     // of buying_kinds
    struct value_new anew;           // chosen by those who had bought once
    size_t new_customers;
    double new_came, new_expected[2], new_rmse[2], new_gain[RATIO_COVARIATES];  // without and with covariates
    double customers_of[FREQUENCIES], came_of[FREQUENCIES], foretold_of[FREQUENCIES];
};
#define WEEKS_MAX 520
struct value_week {
    double came, expected;           // repeat transactions of all customers in that week
};
#define MAP_SPANS 8                  // of recency, 28 days each; the last is open
struct value_cell {
    double customers, alive, expected;
};
struct value_fit {
    int32_t first, as_of;            // days
    size_t people, customers, transactions;
    int64_t took_ms, fitted_ms;
    struct fitted fitted;
    struct valuation_view view;      // of what was chosen
    double frequency_spend;          // correlation of how often and how much; NAN
    struct value_proof proof;
    size_t n_weeks;
    struct value_week week[WEEKS_MAX];
    struct value_cell map[FREQUENCIES][MAP_SPANS];
    double value, expected;          // of all who bought, over the horizon
};
/* valuation_proof.c: cutoff and days are given; customers are of whom `then` tells. */
MUST_CHECK enum err_code value_prove(const struct valued *, size_t n, const struct worth_terms *, struct value_proof *ret,
                                     struct err *e);
/* All models, of the customers as they were then, or are now. ERR_LIMIT: memory. */
MUST_CHECK enum err_code value_fit_models(const struct valued *, size_t n, bool then, struct fitted *ret, struct err *e);
struct value_models fitted_models(const struct fitted *, size_t kind);
/* valuation_fit.c: ret as of now. */
MUST_CHECK enum err_code value_fit_make(struct valuation *, int64_t now_ms, struct progress *, struct value_fit *ret, struct err *e);
/* valuation_new.c. Those of the proof who have bought once: which covariates foretell them. ERR_LIMIT: memory. */
MUST_CHECK enum err_code value_new_prove(const struct valued *, size_t n, const struct value_models *, struct value_proof *ret,
                                         struct err *e);
/* The same covariates, of everybody as they are now. */
MUST_CHECK enum err_code value_new_fit(const struct valued *, size_t n, const struct value_models *, unsigned used,
                                       struct value_new *ret, struct err *e);
/* Of a first order. */
uint8_t value_new_channel(const struct valuation_view *, struct valuation_work *, uint32_t root);
uint8_t value_new_month(int32_t day);
void value_new_level(const struct value_new *, uint8_t channel, uint8_t month, double first, uint8_t *level);
/* valuation_report.c */
void value_report(const struct valuation *, const struct value_fit *, struct json_w *);
void value_parameters(const struct value_fit *, struct json_w *);
/* false: it is damaged, or of another time. */
bool value_parameters_read(struct json, struct valuation_view *);

static inline struct worth_of worth_of_buyer(const struct buyer *of, double mean)
{
    double purchases = mean > 0 ? of->repeats + 1.0 : 0;
    return (struct worth_of){ of->repeats, of->last / WEEK_DAYS, of->watched / WEEK_DAYS, purchases, mean };
}

#endif
