/* The catalogue: products, variants, categories, prices, stock. A change is a fact (FACT_CATALOGUE).
 *
 * Store     tables categories, products, variants. Amounts in micro; stock -1: not counted.
 * Memory    what a decision needs of each product (kind, active, in stock, category, price) is held by
 *           the product's number of insight/purchases, or by a number of its own when it was never bought.
 */
#ifndef TENDERO_OFFERS_CATALOGUE_H
#define TENDERO_OFFERS_CATALOGUE_H

#include "insight/purchases.h"
#include "memory/memory.h"

enum product_kind { PRODUCT_GOODS, PRODUCT_SERVICE, PRODUCT_FEE, PRODUCT_VOUCHER };
const char *product_kind_name(enum product_kind);
bool product_kind_parse(struct slice, enum product_kind *ret);
#define STOCK_NOT_COUNTED (-1)
#define PRICE_UNKNOWN INT64_MIN

struct product {
    struct slice id, title, description, category, image_url, url;  // category: id, empty: none
    enum product_kind kind;
    bool active;
    int64_t price_micro, stock;
};
struct variant { struct slice id, title, attributes /* JSON object */; int64_t price_micro, stock; };
struct category { struct slice id, name_en, name_es, parent; int64_t products; };

struct catalogue;
MUST_CHECK enum err_code catalogue_new(struct memory *, struct store_conn *, struct purchases *,
                                       struct catalogue **ret, struct err *e);
void catalogue_drop(struct catalogue **);
struct follower catalogue_follower(struct catalogue *);  // keeps the memory side true

MUST_CHECK enum err_code tx_product_put(struct tx *, const struct product *, const struct variant *, size_t n,
                                        struct slice by, struct err *e);
MUST_CHECK enum err_code tx_product_remove(struct tx *, struct slice id, struct slice by, struct err *e);
MUST_CHECK enum err_code tx_category_put(struct tx *, const struct category *, struct slice by,
                                         struct err *e);

MUST_CHECK enum err_code catalogue_get(struct store_conn *, struct slice id, struct arena *mem,
                                       struct product *ret, struct err *e);
MUST_CHECK enum err_code catalogue_variants(struct store_conn *, struct slice id, struct arena *mem,
                                            struct variant **ret, size_t *n, struct err *e);
struct product_query { struct slice q, category, after; int kind; size_t limit; };  // kind -1: any
MUST_CHECK enum err_code catalogue_list(struct store_conn *, const struct product_query *, struct arena *mem,
                                        struct product **ret, size_t *n, struct err *e);
MUST_CHECK enum err_code catalogue_categories(struct store_conn *, struct arena *mem, struct category **ret,
                                              size_t *n, struct err *e);
int64_t catalogue_count(const struct catalogue *);

/* For decisions, under the read lock; by the number of insight/purchases. */
bool catalogue_offerable(const struct catalogue *, uint32_t product);  // goods, active, in stock, titled
/* Goods of a category (id; empty: all), most bought lately first, at most max; cached until sales or the
 * catalogue change. */
size_t catalogue_popular(const struct catalogue *, struct slice category, uint32_t *ret, size_t max);
/* Title and category of a product as held in memory; empty when it has none. */
struct slice catalogue_title(const struct catalogue *, uint32_t product);
struct slice catalogue_category(const struct catalogue *, uint32_t product);
int64_t catalogue_price(const struct catalogue *, uint32_t product);

#endif
