/* A shop with goods for tests (insight_testing.h). Needs cmocka's headers before it. */
#ifndef TENDERO_OFFERS_OFFERS_TESTING_H
#define TENDERO_OFFERS_OFFERS_TESTING_H

#include "insight/insight_testing.h"
#include "offers/catalogue.h"

struct stall {
    struct shop shop;
    struct catalogue *catalogue;
};

void stall_open(struct stall *);    // again after stall_close: the same shop, restarted
void stall_close(struct stall *);
int stall_setup(void **state);
int stall_teardown(void **state);
/* Active goods of a category, stock not counted, titled by their id. */
void stall_goods(struct stall *, const char *id, const char *category);
bool stall_put(struct stall *, const struct product *);
void stall_remove(struct stall *, const char *id);
void stall_category(struct stall *, const char *id, const char *en, const char *es);

#endif
