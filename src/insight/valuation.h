/* What each customer will be worth: models of buying and spending (engine/clv), fitted on the shop's own orders.
 *
 * Fit       over every customer who bought, by the days on which they did (purchases_transactions): BG/NBD, MBG/NBD, Pareto/NBD and
 *           Gamma-Gompertz/NBD (to 20,000 of them) with the gamma-gamma model of what they spend; a life table of first purchases for those who have not bought.
 * Proof     the last part of the shop's time, a third of it, is held back: the models and simple rules of thumb foretell it of each
 *           customer. The model with the smallest error (RMSE) there is the one that counts; without a proof, BG/NBD
 *           or the first after it whose search ended.
 * Scores    are worked out when they are asked for, from what purchases know then: a purchase counts at once. Days pass for
 *           everybody together, at valuation_turn.
 * New       who bought once is foretold by covariates, too, where those foretold the held back days better (engine/clv/rate_ratio.h).
 * Value     is of the shop's margin, net of what came back, over the horizon, discounted (engine/clv/worth.h).
 * Schedule  the first fit when there is something to learn from, then each week, or after a day in which orders grew by a
 *           twentieth.
 * Stored    each fit with its report, in value_fits; the newest is read at start.
 * Threads   any; a fit at a time, it sees to that.
 */
#ifndef TENDERO_INSIGHT_VALUATION_H
#define TENDERO_INSIGHT_VALUATION_H

#include "engine/clv/newcomers.h"
#include "engine/clv/rate_ratio.h"
#include "engine/clv/worth.h"
#include "insight/progress.h"
#include "insight/purchases.h"

#define VALUE_FITS_KEPT 50

struct valuation_options {
    const struct zones *zones;       // of the shop's days
    int32_t horizon_days;
    double discount;                 // a year
    double margin;                   // 0 to 1, of what is spent
};
struct valuation;
/* Reads the last fit by the connection. */
MUST_CHECK enum err_code valuation_new(struct memory *, struct purchases *, struct store_conn *, struct valuation_options,
                                       struct valuation **ret, struct err *e);
void valuation_drop(struct valuation **);
bool valuation_refit_due(const struct valuation *, int64_t now_ms);
/* ERR_CONFLICT: nobody has bought twice yet. ERR_BUSY: cancelled. */
MUST_CHECK enum err_code valuation_refit(struct valuation *, int64_t now_ms, struct progress *, struct err *e);
/* The same where it is due and nobody else fits. */
MUST_CHECK enum err_code valuation_refresh(struct valuation *, int64_t now_ms, struct progress *, struct err *e);
/* Another day may have begun. */
void valuation_turn(struct valuation *, int64_t now_ms);

/* What is known of somebody new: of their first order. */
enum new_covariate { NEW_CHANNEL, NEW_MONTH, NEW_FIRST_VALUE, NEW_COVARIATES };
const char *new_covariate_name(enum new_covariate);  // "firstValue"
#define NEW_VALUES 5                 // a fifth of first orders each
struct value_new {
    struct rate_ratios ratios;       // levels: source, month, fifth, from 1
    double cut[NEW_VALUES - 1];
};

/* What is needed to foretell, as it stands at a moment. */
struct valuation_view {
    bool fitted;
    int64_t fit;                     // the id of value_fits
    int32_t today;                   // the day that customers are watched until
    struct value_models models;
    struct worth_terms terms;
    struct newcomers newcomers[2];   // strangers, known by name
    struct value_new anew;           // of those who bought once
    const struct zones *zones;
    const struct purchases *purchases;
    const struct customers *customers;
};
struct valuation_view valuation_look(const struct valuation *);
/* Of the fit and the day: another one when people who did nothing are worth something else. */
static inline uint64_t valuation_stamp(const struct valuation_view *view)
{
    return (uint64_t)(view->fitted ? view->fit : 0) << 32 | (uint32_t)view->today;
}
struct customer_value {
    bool bought;
    int64_t year_micro;              // spent in the last 365 days, net of what came back
    bool known;                      // there is a fit: all below are numbers
    struct worth worth;              // alive: 1 of those who have not bought
    double value_low, value_high;
    uint8_t level[RATIO_COVARIATES]; // of one who bought once; 0: it does not count
};
/* Scratch of one thread; nothing is in it between calls. */
struct valuation_work {
    struct transaction *of;
    size_t n, cap;
    struct bought_when *when;
    size_t whens, when_cap;
};
void valuation_work_clear(struct valuation_work *);
/* Under memory's read lock. Without memory nothing is known, and
 * without a fit no more than what they bought. work->of is then what they bought until today. */
struct customer_value valuation_of(const struct valuation_view *, struct valuation_work *, uint32_t root, bool range);
/* Of one who bought, as it looked on a day before: transactions since then are left out. false: they had not bought yet. */
bool valuation_alive_on(const struct valuation_view *, const struct transaction *, size_t n, int32_t day, double *ret);
/* The transactions of a customer, as models see them on a day. */
struct worth_of valuation_history(const struct transaction *, size_t n, int32_t day);

/* ---- fits that are kept ---- */
struct value_fit_row {
    int64_t id, fitted_ms;
    struct slice model, report;      // report: JSON (docs/API.md, ValueReport)
};
/* Newest first, or only the one of that id (0: all); in mem. */
MUST_CHECK enum err_code value_fits(struct store_conn *, int64_t id, size_t limit, struct arena *mem, struct value_fit_row **ret, size_t *n,
                                    struct err *e);

#endif
