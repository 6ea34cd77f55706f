/* A house for tests: a street with models of value and value tiers. Needs cmocka's headers before it. */
#ifndef TENDERO_INSIGHT_INVESTMENT_TESTING_H
#define TENDERO_INSIGHT_INVESTMENT_TESTING_H

#include "insight/investment.h"
#include "insight/street_testing.h"

#define HOUSE_BUYERS 120

struct house {
    struct street street;
    struct valuation *valuation;
    struct investment *investment;
};
/* For cmocka: *state is a house. Of what customers spend the margin is half. */
int house_setup(void **state);
int house_teardown(void **state);
/* Closed and opened again, it reads what was kept. */
void house_open(struct house *);
void house_close(struct house *);

void house_fit_values(struct house *);
struct investment_fit house_fit(struct house *, int64_t now_ms);
/* HOUSE_BUYERS of shop_buyers come, and both are fitted for the first time. */
struct investment_fit house_fitted(struct house *);

#endif
