/* What the stock codes and titles of the "Online Retail" shop mean: kinds by code, categories by words. */
#ifndef TENDERO_INTAKE_GIFTS_H
#define TENDERO_INTAKE_GIFTS_H

#include "offers/catalogue.h"

struct gift_category {
    const char *id, *name_en, *name_es;
    const char *words;  // one of them in a title puts it here; the first category that fits wins
};
extern const struct gift_category gift_categories[];
extern const size_t gift_categories_count;

/* Codes with a digit in front are goods; postage is a service; bank charges, manual entries and discounts are
 * fees; gift_… are vouchers. */
enum product_kind gift_kind(struct slice stock_code);
/* The category's id; "other" where no word fits. */
struct slice gift_category_of(struct slice title);

#endif
