/* Inside insight: what the files of purchases share. */
#ifndef TENDERO_INSIGHT_PURCHASES_STATE_H
#define TENDERO_INSIGHT_PURCHASES_STATE_H

#include <assert.h>

#include "insight/purchases.h"
#include "insight/words.h"
#include "text/json.h"

struct line {
    uint32_t product;
    int32_t quantity_milli;  // negative: given back; saturates
};

enum order_state { ORDER_LIVE, ORDER_DEAD };

struct order {
    uint64_t id_hash;     // of its history and order_id; 0: it had none
    int64_t value_micro;  // negative: a refund
    int64_t time_ms;
    uint32_t next;        // the history's order before it; 0: none. Row 0 is not used
    uint32_t first_line, lines;
    uint8_t state;
    bool refund;
    uint16_t source;      // who told it; 0: none
};
static_assert(sizeof(struct order) == 40, "an order is 40 bytes");

#define LOOKED_PRODUCTS 6
struct looked {
    uint32_t product[LOOKED_PRODUCTS];  // latest first
    uint32_t category;                  // number in categories
    int64_t at_ms;                      // of the last look
};

struct history_row {
    uint32_t orders;  // newest order's row
    uint32_t looked;  // row in looked; 0: none
    struct purchase_summary sum;  // of the live orders, so that a list of millions walks no chains
};

struct product_row {
    uint32_t orders;  // orders that held it
    double trend;     // sum of 2^((time - TREND_EPOCH) / 30 days)
};

struct purchases {
    struct memory *memory;
    struct json_parser *parser;
    struct arena *scratch;
    struct words products, categories;
    struct product_row *product;
    struct history_row *history;
    struct order *order;
    struct line *line;
    struct looked *looked;
    struct day_row *day;  // sorted by day
    uint32_t *index;      // rows of orders by id_hash, open addressing, load <= 3/4; 0: free
    uint64_t seed;        // of id_hash
    size_t product_cap, history_cap, order_cap, line_cap, looked_cap, day_cap, index_cap;
    size_t orders, lines, lookeds, days, indexed;
    int64_t newest_ms;
};

double purchases_weight(int64_t time_ms);
/* What an event says of a product: its product_id, else sku, else id; one longer than the catalogue's is none. An amount,
 * also as a text; false: it is none. */
struct slice event_product_id(struct json product, struct arena *mem);
bool event_amount(struct json, int64_t *ret_micro);

/* Histories of a customer: nearly always a handful, on the stack; the rest on the heap. */
#define HISTORIES_USUAL 32
struct histories {
    uint32_t usual[HISTORIES_USUAL], *of;
    size_t n;
};
void histories_of(const struct purchases *, uint32_t root, struct histories *ret);
void histories_free(struct histories *);
/* The newest order's row of a history; 0: none. */
static inline uint32_t history_orders(const struct purchases *p, uint32_t history)
{
    return history < p->history_cap ? p->history[history].orders : 0;
}

/* Sums of amounts wrap where nobody's money gets, so that taking back always ends where it began. */
static inline void amount_add(int64_t *sum, int64_t amount)
{
    (void)__builtin_add_overflow(*sum, amount, sum);
}

#endif
