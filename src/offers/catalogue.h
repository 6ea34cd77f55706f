/* The catalogue: products, variants, categories, prices, stock. A change is a fact (FACT_CATALOGUE).
 *
 * Store     tables categories, products, variants. Amounts in micro; stock -1: not counted.
 * Memory    every product as a row, found by its id and by the number insight/purchases knows it by; kept
 *           true by the follower, loaded from the tables at start.
 */
#ifndef TENDERO_OFFERS_CATALOGUE_H
#define TENDERO_OFFERS_CATALOGUE_H

#include "insight/purchases.h"
#include "memory/memory.h"
#include "text/json.h"

enum product_kind { PRODUCT_GOODS, PRODUCT_SERVICE, PRODUCT_FEE, PRODUCT_VOUCHER };
const char *product_kind_name(enum product_kind);
bool product_kind_parse(struct slice, enum product_kind *ret);
#define STOCK_NOT_COUNTED (-1)
#define PRICE_UNKNOWN INT64_MIN

struct product {
    struct slice id, title, description, category, image_url, url;  // category: its id; empty: none
    enum product_kind kind;
    bool active;
    int64_t price_micro, stock;
};
struct variant {
    struct slice id, title, attributes;  // attributes: a JSON object
    int64_t price_micro, stock;
};
struct category {
    struct slice id, name_en, name_es, parent;  // parent: a category's id; empty: none
    int64_t products;                           // on reading
};

struct catalogue;
MUST_CHECK enum err_code catalogue_new(struct memory *, struct store_conn *, struct purchases *,
                                       struct catalogue **ret, struct err *e);
void catalogue_drop(struct catalogue **);
/* To be registered behind that of purchases. */
struct follower catalogue_follower(struct catalogue *);

/* Writes and appends a fact only where something differs from what is there; *changed tells. */
MUST_CHECK enum err_code tx_product_put(struct tx *, const struct product *, const struct variant *, size_t n,
                                        struct slice by, bool *changed, struct err *e);
MUST_CHECK enum err_code tx_product_remove(struct tx *, struct slice id, struct slice by, struct err *e);
MUST_CHECK enum err_code tx_category_put(struct tx *, const struct category *, struct slice by,
                                         bool *changed, struct err *e);

/* ---- reading the store; slices in mem ---- */
MUST_CHECK enum err_code catalogue_get(struct store_conn *, struct slice id, struct arena *mem,
                                       struct product *ret, struct err *e);
MUST_CHECK enum err_code catalogue_variants(struct store_conn *, struct slice id, struct arena *mem,
                                            struct variant **ret, size_t *n, struct err *e);
struct product_query {
    struct slice q, category;  // q: part of the title or id, any case, accents ignored
    struct slice after;        // id of the last product of the page before
    int kind;                  // -1: any
    size_t limit;
};
MUST_CHECK enum err_code catalogue_list(struct store_conn *, const struct product_query *, struct arena *mem,
                                        struct product **ret, size_t *n, struct err *e);
MUST_CHECK enum err_code catalogue_categories(struct store_conn *, struct arena *mem, struct category **ret,
                                              size_t *n, struct err *e);
/* Members id to url as docs/API.md has them, without the brackets, so that more can follow. */
void product_json(struct json_w *, const struct product *);

/* ---- reading memory, under the read lock; by the number of insight/purchases ---- */
int64_t catalogue_count(const struct catalogue *);
/* The product as it is now; NULL when the catalogue has none. Lives until the lock is given back. */
const struct product *catalogue_product(const struct catalogue *, uint32_t product);
const struct product *catalogue_find(const struct catalogue *, struct slice id);
bool catalogue_offerable(const struct catalogue *, uint32_t product);  // goods, active, in stock
/* A category's name, lang "en" or "es"; its id where it has none. Until the lock is given back. */
struct slice catalogue_category_name(const struct catalogue *, struct slice id, const char *lang);
uint32_t catalogue_group(const struct catalogue *, uint32_t product);  // a number for its category; 0: none
/* Offerable goods of a category (its id or a name of it; empty: the whole shop), most bought lately first,
 * at most POPULAR_MAX. The lists follow the log in steps of one per cent of the orders. */
#define POPULAR_MAX 200
size_t catalogue_popular(struct catalogue *, struct slice category, uint32_t *ret, size_t max);

#endif
