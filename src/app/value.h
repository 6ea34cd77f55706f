/* What the parts of `tendero value` share: a file of purchases, what is asked of it, and a model that was fitted to it. */
#ifndef TENDERO_APP_VALUE_H
#define TENDERO_APP_VALUE_H

#include "app/settings.h"
#include "base/arena.h"
#include "base/buf.h"
#include "engine/clv/covariates.h"
#include "engine/clv/score.h"
#include "text/json.h"

/* What is asked for. */
struct wish {
    const struct kind *kind;     // NULL: gamma-gamma; of holdout: all of them
    bool spending;               // gamma-gamma
    const char *unit;
    double days;                 // of the unit
    const char *file, *covariates;
    int32_t end;                 // of the calibration
};

/* A line of the file. */
struct purchase {
    struct slice customer;
    int32_t day;
    double value;
};
/* What is known of one customer at the end of the calibration, and what came then. Where time is discrete, the buyer's days are
 * opportunities, and so is `later`. */
struct history {
    struct slice customer;
    struct buyer buyer;
    struct spender spender;
    int32_t silent;              // days since their last purchase
    int32_t counted;             // the opportunity that `later` counted last
    double later, spent;         // purchases behind it, and their money
    const double *z;             // covariates; NULL without
};
/* What a file of covariates says of a customer. */
struct covered {
    struct slice customer;
    double z[COVARIATES_MAX];
    bool bought;
};
struct ledger {
    struct arena *mem;
    struct purchase *of;
    size_t n, cap;
    struct history *history;
    size_t customers;
    int32_t end, last;           // of the calibration; the last day of the file
    double opportunity;          // days of one; 0: time is not discrete
    bool valued;                 // the file has values
    struct slice covariate[COVARIATES_MAX];
    struct covered *covered;
    size_t covariates, n_covered, cap_covered;
};
/* The purchases, the covariates where there are any, and the histories, by customer. */
MUST_CHECK enum err_code ledger_read(const struct wish *, struct ledger **ret, struct err *e);
void ledger_drop(struct ledger **);

/* A model that has been fitted to how often they buy, and to what they spend where the file says. */
struct fitted {
    const struct kind *kind;
    double per, unit;                // as in score.h
    double at[KIND_PARAMETERS];
    struct covariates covariates;    // n 0: without
    struct gamma_gamma spends;
    bool valued;
    struct fit fit;
    double low[OPTIMUM_MAX], high[OPTIMUM_MAX];      // the parameters' intervals, where they were asked for
};
MUST_CHECK enum err_code fitted_buying(const struct ledger *, const struct kind *, const struct wish *, bool intervals,
                                       struct fitted *ret, struct err *e);
/* Of the file's values, where it has some. */
MUST_CHECK enum err_code fitted_spending(const struct ledger *, struct fitted *ret, struct err *e);
/* ret: the caller's. ERR_INVALID: the file has no values. */
MUST_CHECK enum err_code ledger_spenders(const struct ledger *, struct spender **ret, struct err *e);
MUST_CHECK enum err_code ledger_gather(const struct ledger *, double per, struct buyers *ret, struct err *e);
/* What it says of one with these covariates, if any. */
struct score_model fitted_of(const struct fitted *, const double *z);

void json_base(struct json_w *, const char *model, const struct ledger *, const struct wish *);
MUST_CHECK enum err_code answer_print(struct buf *, struct err *e);
MUST_CHECK enum err_code value_fit(const struct ledger *, const struct wish *, struct buf *out, struct err *e);
MUST_CHECK enum err_code value_predict(struct settings *, const struct ledger *, const struct wish *, struct buf *out, struct err *e);
MUST_CHECK enum err_code value_holdout(const struct ledger *, const struct wish *, struct buf *out, struct err *e);

#define VALUE_NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the purchases")

#endif
