/* Tiers and whom to invest in: each customer in a tier by what they bring and could bring (engine/tiers), and what is done for
 * those in it.
 *
 * Brings    what they spent in the last 365 days, net of what came back, times the shop's margin. Not known of those who have not
 *           bought yet: they are newcomers.
 * Could be  lifetime value and the chance that they are still customers, by valuation_of; value in reach where somebody tells it
 *           (investment_reach_by). What it costs to serve them is not known yet.
 * Partner   an account of the kind "partner", and a customer whose trait `served through` says so.
 * Steady    a tier stays from fit to fit, as tiers_assign has it. But newcomers, and those who came since the last fit, are where
 *           the cuts put them as soon as they buy.
 * Merged    customers keep the tier of the one whose number they keep; unmerged, each has its own again.
 * Schedule  after each fit of the models of value, else daily.
 * Stored    the newest fit with everybody's state, and the plans; all read at start.
 * Memory    8 bytes a customer; a fit 40 more while it runs.
 * Threads   any; a fit at a time, it sees to that.
 */
#ifndef TENDERO_INSIGHT_INVESTMENT_H
#define TENDERO_INSIGHT_INVESTMENT_H

#include "base/buf.h"
#include "engine/tiers/tiers.h"
#include "insight/valuation.h"

struct investment;
struct people;
struct population;
/* Reads the last fit and the plans by the connection. */
MUST_CHECK enum err_code investment_new(struct memory *, const struct valuation *, struct population *, struct store_conn *,
                                        struct investment **ret, struct err *e);
void investment_drop(struct investment **);
/* What a customer could buy of us beyond what is foretold; NAN: not known. Under memory's read lock. Before the first fit. */
typedef double (*investment_reach)(void *arg, uint32_t root);
void investment_reach_by(struct investment *, investment_reach, void *arg);

bool investment_refit_due(const struct investment *, int64_t now_ms);
/* ERR_CONFLICT: there is no model of value yet. ERR_BUSY: cancelled. */
MUST_CHECK enum err_code investment_refit(struct investment *, const struct people *, int64_t now_ms, struct progress *,
                                          struct err *e);
struct investment_tier {
    uint64_t customers;
    double actual, lifetime;         // of all of them, where known
};
struct investment_fit {
    int64_t id, fitted_ms;
    int64_t value_fit;               // the models of value that it stands on
    int32_t day;
    struct tiers_cuts cuts;
    struct tiers_movement movement;  // since the fit before
    struct investment_tier tier[TIERS_COUNT];
};
/* false: there is none. */
bool investment_last_fit(const struct investment *, struct investment_fit *ret);
/* Another one: tiers of people who did nothing may be other ones. 0: there is no fit. */
int64_t investment_stamp(const struct investment *);

struct customer_tier {
    bool known;                      // there is a fit
    enum tiers_tier tier, leaning;   // leaning: of the tier itself, where nowhere else
    int32_t since_day;
    double brings, could_be;         // as they are today; NAN: not known
};
/* Under memory's read lock. value: valuation_of the same customer by that view. */
struct customer_tier investment_of(const struct investment *, const struct valuation_view *, const struct customer_value *value,
                                   uint32_t root);
/* The tier's name, and why they are in it. lang "en" or "es". */
const char *investment_tier_label(enum tiers_tier, const char *lang);
void investment_why(const struct investment *, const struct customer_tier *, const char *lang, struct buf *out);

/* ---- what is done for a tier ---- */
#define INVESTMENT_BY_MAX 100
struct investment_plan {
    struct tiers_plan plan;
    int64_t changed_ms;              // FACT_NO_TIME: it is the usual one
    char by[INVESTMENT_BY_MAX];      // who changed it
};
void investment_plans(const struct investment *, struct investment_plan ret[TIERS_COUNT]);
/* Of a customer, for whoever is about to do something for them. Takes memory's read lock. Without a fit, a newcomer's. */
struct tiers_plan investment_plan_of(const struct investment *, uint32_t root);
/* ERR_INVALID as tiers_plan_check has it. Counts once investment_read_plans has read it behind the commit. */
MUST_CHECK enum err_code tx_investment_plan(struct tx *, enum tiers_tier, const struct tiers_plan *, struct slice by,
                                            struct err *e);
MUST_CHECK enum err_code investment_read_plans(struct investment *, struct store_conn *, struct err *e);

#endif
