/* The base as a list: tiers, and pages of customers sorted and filtered over millions.
 *
 * Tiers     recency, frequency and value against cuts of the whole base (engine/rfm). The cuts are fitted
 *           when they are an hour old or the buyers grew by a tenth; a customer's orders count at once. Recency is
 *           scored as of the fit, so that nobody changes tier by the minute; with one buyer, too.
 * Pages     sort keys other than the name come from memory: one pass over all customers keeps the page's best.
 *           Exact totals. By name: from the store's index. With a search, sort by name is the search's own order.
 */
#ifndef TENDERO_INSIGHT_PEOPLE_H
#define TENDERO_INSIGHT_PEOPLE_H

#include "base/buf.h"
#include "engine/rfm/rfm.h"
#include "insight/purchases.h"

struct people;
MUST_CHECK enum err_code people_new(struct memory *, struct purchases *, struct people **ret, struct err *e);
void people_drop(struct people **);
/* Fits the cuts when they are due; takes the read lock itself. From a job or at start. */
MUST_CHECK enum err_code people_refresh(struct people *, int64_t now_ms, struct err *e);
bool people_refresh_due(const struct people *, int64_t now_ms);
const struct purchases *people_purchases(const struct people *);
/* How often the cuts have been fitted: tiers of people who did nothing change with it. */
uint64_t people_fits(const struct people *);

struct standing {
    struct purchase_summary bought;
    struct rfm rfm;
    struct rfm_scores scores;
    enum tier tier;
};
/* Under the read lock. */
struct standing people_standing(const struct people *, uint32_t root, int64_t now_ms);
/* The same for purchases that are nobody's yet: what a merge would make. Needs no lock. */
struct standing people_standing_of(const struct people *, const struct purchase_summary *, int64_t now_ms);
/* The tier's reason in words, e.g. "3 orders, the last 12 days ago". lang "en" or "es". */
void people_why(const struct standing *, const char *lang, struct buf *out);

enum people_sort { SORT_NAME, SORT_VALUE, SORT_ORDERS, SORT_LAST_ORDER, SORT_LAST_SEEN, SORT_FIRST_SEEN };
int people_sort_parse(struct slice name);  // -1
struct people_query {
    struct slice q;        // search; empty: all
    enum people_sort sort;
    bool descending;
    int tier, kind;        // -1: any
    int known;             // -1: any, 0 anonymous, 1 known
    struct slice after;    // the opaque word of the page before; empty: first page
    size_t limit;
};
struct people_page {
    uint32_t *root;
    size_t n;
    uint64_t total;
    struct slice next;     // empty: last page
};
/* Takes and gives the read lock itself; the result is in mem. ERR_INVALID for a broken `after`. */
MUST_CHECK enum err_code people_list(struct people *, struct store_conn *, const struct people_query *,
                                     int64_t now_ms, struct arena *mem, struct people_page *ret,
                                     struct err *e);
struct tier_row { enum tier tier; uint32_t customers; int64_t value_micro; };
/* All TIERS rows, cached with the cuts. */
void people_tiers(const struct people *, struct tier_row ret[TIERS]);

#endif
