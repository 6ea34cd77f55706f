/* Inside offers: products and categories between JSON (the facts' bodies) and structs. */
#ifndef TENDERO_OFFERS_CATALOGUE_ROWS_H
#define TENDERO_OFFERS_CATALOGUE_ROWS_H

#include "offers/catalogue.h"

MUST_CHECK enum err_code product_of_json(struct json, struct arena *mem, struct product *ret,
                                         struct err *e);
MUST_CHECK enum err_code category_of_json(struct json, struct arena *mem, struct category *ret,
                                          struct err *e);

#endif
