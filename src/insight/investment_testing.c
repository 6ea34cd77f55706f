#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "insight/investment_testing.h"

static const struct valuation_options usual = { NULL, 365, 0.1, 0.5 };

void house_open(struct house *h)
{
    struct street *s = &h->street;
    struct err e;
    struct lab *lab = &s->shop.lab;
    assert_int_equal(valuation_new(lab->memory, s->shop.purchases, lab->read, usual, &h->valuation, &e), ERR_OK);
    assert_int_equal(investment_new(lab->memory, h->valuation, s->population, lab->read, &h->investment, &e), ERR_OK);
    population_value_by(s->population, h->valuation);
    population_invest_by(s->population, h->investment);
}

int house_setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    assert_non_null(h);
    street_start(&h->street);
    house_open(h);
    *state = h;
    return 0;
}

void house_close(struct house *h)
{
    population_invest_by(h->street.population, NULL);
    population_value_by(h->street.population, NULL);
    investment_drop(&h->investment);
    valuation_drop(&h->valuation);
}

int house_teardown(void **state)
{
    struct house *h = *state;
    house_close(h);
    street_stop(&h->street);
    lab_close(&h->street.shop.lab);
    free(h);
    return 0;
}

void house_fit_values(struct house *h)
{
    struct err e;
    if (valuation_refit(h->valuation, LAB_NOW, NULL, &e))
        fail_msg("value: %s", e.text);
}

struct investment_fit house_fit(struct house *h, int64_t now_ms)
{
    struct investment_fit fit;
    struct err e;
    if (investment_refit(h->investment, h->street.people, now_ms, NULL, &e))
        fail_msg("tiers: %s", e.text);
    assert_true(investment_last_fit(h->investment, &fit));
    return fit;
}

struct investment_fit house_fitted(struct house *h)
{
    shop_buyers(&h->street.shop, HOUSE_BUYERS);
    house_fit_values(h);
    assert_true(investment_refit_due(h->investment, LAB_NOW));
    return house_fit(h, LAB_NOW);
}
