/* What each customer bought and looked at: a follower of the log, in memory.
 *
 * Reads    the e-commerce events of Segment's specification: Order Completed, Order Updated (replaces the
 *          order), Order Refunded, Order Cancelled; Product Viewed, Product List Viewed, Product Added.
 *          product = products[].product_id, else sku. The value of an order is the sum of price * quantity of
 *          its lines, without lines `revenue`, else `total`, else `value`; refunds and cancellations take it
 *          back. An order_id that is completed twice counts once (its last state). A refund that names neither
 *          products nor an amount gives back what is left. Ids longer than LIMIT_PRODUCT_ID are none; an order
 *          is worth at most ten thousand million.
 * Shape    per history: a chain of orders, newest first, each with its lines, in growing blocks; products are
 *          dense numbers from 1 by their id. 40 bytes an order, 5 to 11 for finding it by its id, 8 a line.
 * Threads  reads under memory_read_lock. `root` gathers all histories of the customer.
 * Facts of nobody (till sales) count for the products' popularity and the shop's totals only.
 */
#ifndef TENDERO_INSIGHT_PURCHASES_H
#define TENDERO_INSIGHT_PURCHASES_H

#include "memory/customers.h"
#include "memory/memory.h"

struct purchases;
MUST_CHECK enum err_code purchases_new(struct memory *, struct purchases **ret, struct err *e);
void purchases_drop(struct purchases **);
struct follower purchases_follower(struct purchases *);
size_t purchases_memory_bytes(const struct purchases *);

struct purchase_summary {
    uint32_t orders;
    int64_t value_micro;             // net of refunds
    int64_t first_ms, last_ms;       // orders; FACT_NO_TIME: none
};
struct purchase_summary purchases_summary(const struct purchases *, uint32_t root);
/* Orders of the customer before that moment. */
uint32_t purchases_orders_before(const struct purchases *, uint32_t root, int64_t until_ms);
struct bought {
    uint32_t product, times;
    int64_t last_ms;
};
/* Distinct products still kept (a fully refunded one is not), latest first; fills ret[max], returns how many. */
size_t purchases_bought(const struct purchases *, uint32_t root, struct bought *ret, size_t max);
/* The lines of the customer's orders that stand, each less what was given back of its product, the latest first; lines of
 * which nothing is left are none. By time, then product. They begin at (*ret)[0], *cap of them fit; grown where they do
 * not. false: no memory. */
struct bought_line {
    int64_t time_ms;
    uint32_t product;
    int32_t quantity_milli;
};
bool purchases_lines(const struct purchases *, uint32_t root, struct bought_line **ret, size_t *n, size_t *cap);
/* When each of the customer's orders was made that was not cancelled, also where all of it was given back, and who told it
 * (0: unknown); in no order. (*ret)[0 .. n-1] as above. false: no memory. */
struct bought_when {
    int64_t time_ms;
    uint32_t source;
};
bool purchases_when(const struct purchases *, uint32_t root, struct bought_when **ret, size_t *n, size_t *cap);
/* The days on which something was bought that stands, as models of value want them (engine/clv): what is bought on a day is
 * one transaction; what was given back is taken from the order that it was of, or, where it names none, from the day before
 * it; a day of which nothing is left is none. Orders and refunds before until_ms count (FACT_NO_TIME: all). Ascending, at
 * (*ret)[0 .. n-1], grown where *cap is too small. false: no memory. */
struct transaction {
    int32_t day;                     // of the shop's zone, since 1970-01-01
    int64_t value_micro;
};
struct zones;
bool purchases_transactions(const struct purchases *, const struct zones *, uint32_t root, int64_t until_ms,
                            struct transaction **ret, size_t *n, size_t *cap);
/* What the customer bought within [since, until), order by order with their lines. Refunds are of less than 0; they have the
 * lines of their order where they name none, and are left out where it is older. Added to ret; false: no memory. */
struct spent_line {
    uint32_t product;
    int32_t quantity_milli;          // 0 or more
};
struct spent_order {
    int64_t value_micro;
    size_t first_line;
    uint32_t lines;
};
struct spent {
    struct spent_order *order;
    struct spent_line *line;
    size_t orders, lines, order_cap, line_cap;
};
bool purchases_spent(const struct purchases *, uint32_t root, int64_t since_ms, int64_t until_ms, struct spent *ret);
void spent_clear(struct spent *);
int64_t purchases_newest_ms(const struct purchases *);  // of all orders; 0: none
/* Products looked at or put in a cart lately, latest first. *last_ms (or NULL): when the latest was. */
size_t purchases_viewed(const struct purchases *, uint32_t root, uint32_t *ret, size_t max, int64_t *last_ms);
/* Category last looked at, empty when none. */
struct slice purchases_viewed_category(const struct purchases *, uint32_t root);

uint64_t purchases_orders(const struct purchases *);    // ever seen, nobody's included
/* Orders that stand, one by one as they came, nobody's included: that of row *row or the first behind it. Fills product[max],
 * returns how many it held at most, and moves *row on; 0: there is none. Begin with row 0. */
size_t purchases_basket(const struct purchases *, uint32_t *row, int64_t *time_ms, uint32_t *product, size_t max);
uint32_t purchases_products(const struct purchases *);  // numbers 1..count
uint32_t purchases_product_find(const struct purchases *, struct slice id);  // 0: never seen
struct slice purchases_product_id(const struct purchases *, uint32_t product);
uint32_t purchases_product_orders(const struct purchases *, uint32_t product);  // orders that held it
/* Orders that held it, with the weight halving every 30 days before the newest order of the shop. */
double purchases_product_trend(const struct purchases *, uint32_t product);

/* Every line of customers within [since, until) as rows by buyer root (items numbered product - 1): a copy, made
 * under the read lock, which it takes itself and gives back now and then. A row's items stand with the latest
 * bought last, as neighbours_fit wants them; root[b] is the customer of row b, and rows rise by it. Owned by the
 * caller. */
struct purchase_matrix {
    uint32_t *item;
    uint64_t *start;
    uint32_t *root;
    uint32_t buyers, items;
};
MUST_CHECK enum err_code purchases_matrix(const struct purchases *, int64_t since_ms, int64_t until_ms,
                                          struct purchase_matrix **ret, struct err *e);
void purchase_matrix_drop(struct purchase_matrix **);

/* Shop totals by UTC day of the event's timestamp: for Today. */
struct day_row {
    int32_t day;                     // days since 1970-01-01
    uint32_t orders;
    int64_t revenue_micro;
};
size_t purchases_days(const struct purchases *, int32_t from_day, struct day_row *ret, size_t max);

#endif
