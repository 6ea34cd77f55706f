/* Share of customer: what part of their spending in a category each customer leaves with us, and how much more is within reach.
 *
 * Own       what they spent here in the last SHARE_DAYS days, less what came back. Lines keep no price: an order's value is
 *           divided among its lines by quantity times the product's price, and prices are those by which all orders together
 *           are most likely: each product's part of its orders' values by its quantities, again and again, from equal prices
 *           on. Orders without lines count in everything only. A shop whose last order is 30 days old is looked at as of then.
 * Of what   "everything" (category 0), and of the catalogue's categories the SHARE_CATEGORIES with the most own spend.
 * Alike     customers who bought in the category in that time, or say that they do, in two groups: persons (and households),
 *           companies (and partners). Within a group by days since their first order, what they usually spend in an order, known
 *           by name, country; in a category also by orders, spend and categories elsewhere in the shop. What share itself makes,
 *           how often and how lately they bought there, is left out: it would explain the share away.
 * Declared  the trait wallet, or wallet(ID) of a category, a number: what they spend in a year, with us and elsewhere. Of a
 *           customer's own word .7 of the variance is no noise, of what others observed or inferred .5.
 * Model     engine/share/wallet.h, a wallet for each category and group.
 * Norm      what share is usual for a shop of our size there (engine/share/dirichlet.h), where DECLARED_LEAST customers have
 *           said what they spend in the category: they are the panel that the model asks for.
 * Scores    in memory, as of the fit: 33 bytes a customer and category in which they buy. Worked out anew in the background
 *           after a start, since trees are quicker fitted than written; the report of the last fit is there at once.
 * Schedule  the first fit of a start when there are orders, then each week, or after a day in which orders grew by a twentieth.
 * Threads   any; a fit at a time, it sees to that.
 */
#ifndef TENDERO_INSIGHT_CUSTOMER_SHARE_H
#define TENDERO_INSIGHT_CUSTOMER_SHARE_H

#include "insight/people.h"
#include "insight/population.h"
#include "insight/progress.h"

#define SHARE_CATEGORIES 24
#define SHARE_DAYS 365
#define SHARE_FITS_KEPT 50
#define DECLARED_LEAST 50

struct customer_share_rooms {
    struct memory *memory;
    struct purchases *purchases;
    struct people *people;
    struct population *population;
    const struct zones *zones;       // of the shop's days
};
struct customer_share;
MUST_CHECK enum err_code customer_share_new(struct customer_share_rooms, struct customer_share **ret, struct err *e);
void customer_share_drop(struct customer_share **);
bool customer_share_refit_due(const struct customer_share *, int64_t now_ms);
/* ERR_CONFLICT: nobody has bought anything in that time. ERR_BUSY: cancelled. */
MUST_CHECK enum err_code customer_share_refit(struct customer_share *, int64_t now_ms, struct progress *, struct err *e);
/* The same where it is due and nobody else fits. */
MUST_CHECK enum err_code customer_share_refresh(struct customer_share *, int64_t now_ms, struct progress *, struct err *e);

/* What one fit says of everybody: it stays until given back. */
struct share_scores;
/* NULL: nothing yet, since the start. */
const struct share_scores *customer_share_look(const struct customer_share *);
void share_scores_drop(const struct share_scores **);
int64_t share_scores_fit(const struct share_scores *);         // the id of share_fits; 0 of NULL
size_t share_scores_bytes(const struct share_scores *);
size_t share_categories(const struct share_scores *);          // "everything" included
struct slice share_category(const struct share_scores *, size_t i);  // its id; empty: everything
/* SIZE_MAX: it is none of them. */
size_t share_category_named(const struct share_scores *, struct slice id);

/* Why a share is not known. */
enum share_why { SHARE_KNOWN, SHARE_NOT_FITTED, SHARE_NOT_BUYING, SHARE_FEW_ALIKE, SHARE_TOO_WIDE, SHARE_WHYS };
const char *share_why_name(enum share_why);
struct share_one {
    enum share_why why;
    double own;
    double wallet, low, high;        // NAN where the share is not known
    double potential, declared;      // NAN: none
};
/* Shares of it; NAN where it is not known. */
double share_of_wallet(const struct share_one *, double wallet);
double share_reach(const struct share_one *);
struct share_one share_of(const struct share_scores *, size_t category, uint32_t root);
/* Those whose share is known, by what is within reach, the most first; how many there are. */
size_t share_by_reach(const struct share_scores *, size_t category, size_t from, size_t max, uint32_t *root);
/* Of everything, what is within reach of a customer by the newest scores; NAN: not known. As investment_reach_by takes it: share
 * is a struct customer_share. */
double customer_share_reach(void *share, uint32_t root);

/* ---- fits that are kept ---- */
struct share_fit_row {
    int64_t id, fitted_ms;
    struct slice report;             // JSON (docs/API.md, ShareReport)
};
/* The newest; in mem. *is false: there is none. */
MUST_CHECK enum err_code share_fit_newest(struct store_conn *, struct arena *mem, struct share_fit_row *ret, bool *is,
                                          struct err *e);

#endif
