#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "insight/investment_testing.h"

#define NEAR(is, want, by) assert_true(fabs((is) - (want)) <= (by))

static struct customer_tier tier_of(struct house *h, const char *who)
{
    struct valuation_work work = { 0 };
    const struct valuation_view view = valuation_look(h->valuation);
    struct memory *memory = h->street.shop.lab.memory;
    uint32_t root = shop_root(&h->street.shop, who);
    memory_read_lock(memory);
    const struct customer_value value = valuation_of(&view, &work, root, false);
    struct customer_tier tier = investment_of(h->investment, &view, &value, root);
    memory_read_unlock(memory);
    valuation_work_clear(&work);
    return tier;
}

static void need_tier(struct house *h, const char *who, enum tiers_tier want)
{
    struct customer_tier is = tier_of(h, who);
    assert_true(is.known);
    assert_string_equal(tiers_name(is.tier), tiers_name(want));
}

static const char *buyer_named(int i)
{
    static char name[16];
    snprintf(name, sizeof name, "u%d", i);
    return name;
}

static uint64_t moved_to(const struct investment_fit *fit, size_t from)
{
    uint64_t n = 0;
    for (size_t to = 0; to < TIERS_COUNT; to++)
        n += fit->movement.customers[from][to];
    return n;
}

/* ---- fits ---- */
static void nothing_without_models_of_value(void **state)
{
    struct house *h = *state;
    struct err e;
    struct investment_fit fit;
    assert_false(investment_refit_due(h->investment, LAB_NOW));
    assert_int_equal(investment_refit(h->investment, h->street.people, LAB_NOW, NULL, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.text, "/api/v1/value/fits"));
    assert_false(investment_last_fit(h->investment, &fit));
    shop_order(&h->street.shop, "ana", "a1", LAB_NOW - SHOP_DAY, 10);
    assert_false(tier_of(h, "ana").known);
}

/* By the numbers that the models give: who brings most is most valuable, and so on down. */
static void everybody_is_where_the_cuts_say(void **state)
{
    struct house *h = *state;
    shop_track(&h->street.shop, "looks", "Product Viewed", LAB_NOW - 3 * SHOP_DAY, "{'product_id': 'cup'}");
    struct investment_fit fit = house_fitted(h);
    uint64_t tier[TIERS_COUNT] = { 0 }, all = 0;
    double actual = 0;
    assert_false(investment_refit_due(h->investment, LAB_NOW));
    assert_true(investment_refit_due(h->investment, LAB_NOW + SHOP_DAY));
    for (int i = 0; i < HOUSE_BUYERS; i++) {
        struct customer_tier t = tier_of(h, buyer_named(i));
        tier[t.tier]++;
        actual += t.brings;
        assert_int_equal(t.since_day, fit.day);
        assert_true(t.tier != TIERS_MOST_VALUABLE || t.brings >= fit.cuts.valuable);
        assert_true(t.tier == TIERS_MOST_VALUABLE || (t.could_be >= fit.cuts.growable) == (t.tier == TIERS_MOST_GROWABLE));
    }
    need_tier(h, "looks", TIERS_NEWCOMER);
    tier[TIERS_NEWCOMER]++;
    for (int t = 0; t < TIERS_COUNT; t++) {
        assert_int_equal(tier[t], fit.tier[t].customers);
        all += tier[t];
    }
    assert_int_equal(all, HOUSE_BUYERS + 1);
    assert_int_equal(moved_to(&fit, TIERS_NONE), all);
    assert_in_range(tier[TIERS_MOST_VALUABLE], HOUSE_BUYERS / 20, HOUSE_BUYERS / 8);
    assert_in_range(tier[TIERS_MOST_GROWABLE], HOUSE_BUYERS / 10, HOUSE_BUYERS / 4);
    double sum = 0;
    for (int t = 0; t < TIERS_COUNT; t++)
        sum += fit.tier[t].actual;
    NEAR(sum, actual, 1e-6 * actual);
}

/* Half of what is spent is the margin; what came back and what is older than a year does not count. */
static void a_customer_brings_the_margin_of_a_year(void **state)
{
    struct house *h = *state;
    struct shop *s = &h->street.shop;
    shop_order(s, "ana", "old", LAB_NOW - 366 * SHOP_DAY, 1000);
    shop_order(s, "ana", "a1", LAB_NOW - 364 * SHOP_DAY, 100);
    shop_order(s, "ana", "a2", LAB_NOW - 5 * SHOP_DAY, 40);
    shop_track(s, "ana", "Order Refunded", LAB_NOW - SHOP_DAY, "{'order_id': 'a2', 'revenue': 10}");
    house_fitted(h);
    NEAR(tier_of(h, "ana").brings, 65, 1e-9);
}

static void newcomers_are_told_as_soon_as_they_buy(void **state)
{
    struct house *h = *state;
    struct shop *s = &h->street.shop;
    shop_track(s, "looks", "Product Viewed", LAB_NOW - 3 * SHOP_DAY, "{'product_id': 'cup'}");
    house_fitted(h);
    need_tier(h, "looks", TIERS_NEWCOMER);
    for (int i = 0; i < 5; i++) {
        char id[2][16];
        snprintf(id[0], sizeof id[0], "l%d", i);
        snprintf(id[1], sizeof id[1], "n%d", i);
        shop_order(s, "looks", id[0], LAB_NOW - i * SHOP_DAY, 500);
        shop_order(s, "new", id[1], LAB_NOW - i * SHOP_DAY, 500);
    }
    shop_track(s, "passer-by", "Product Viewed", LAB_NOW, "{'product_id': 'cup'}");
    need_tier(h, "looks", TIERS_MOST_VALUABLE);
    need_tier(h, "new", TIERS_MOST_VALUABLE);
    need_tier(h, "passer-by", TIERS_NEWCOMER);
    struct investment_fit fit = house_fit(h, LAB_NOW);
    assert_int_equal(fit.movement.customers[TIERS_NEWCOMER][TIERS_MOST_VALUABLE], 1);
    assert_int_equal(moved_to(&fit, TIERS_NONE), 2);
}

static void partners_are_served_by_others(void **state)
{
    struct house *h = *state;
    struct lab *lab = &h->street.shop.lab;
    lab_ingest(lab, INGEST_IDENTIFY, 1, "{\"userId\": \"u1\", \"messageId\": \"i1\", "
                                        "\"traits\": {\"served through\": \"Depot Ltd\"}}");
    lab_ingest(lab, INGEST_IDENTIFY, 1, "{\"userId\": \"u2\", \"messageId\": \"i2\", \"traits\": {\"served through\": \"\"}}");
    lab_ingest(lab, INGEST_IDENTIFY, 1, "{\"userId\": \"u3\", \"messageId\": \"i3\", \"traits\": {\"served through\": true}}");
    lab_ingest(lab, INGEST_GROUP, 1, "{\"userId\": \"u4\", \"messageId\": \"g1\", \"groupId\": \"depot\", "
                                     "\"traits\": {\"kind\": \"partner\"}}");
    struct investment_fit fit = house_fitted(h);
    need_tier(h, "u1", TIERS_PARTNER);
    assert_int_not_equal(tier_of(h, "u2").tier, TIERS_PARTNER);
    need_tier(h, "u3", TIERS_PARTNER);
    assert_int_not_equal(tier_of(h, "u4").tier, TIERS_PARTNER);
    assert_int_equal(fit.tier[TIERS_PARTNER].customers, 3);  // and the account
}

/* Another day moves few: who is near a cut stays. */
static void tiers_are_steady(void **state)
{
    struct house *h = *state;
    house_fitted(h);
    valuation_turn(h->valuation, LAB_NOW + SHOP_DAY);
    struct investment_fit next = house_fit(h, LAB_NOW + SHOP_DAY);
    uint64_t stayed = 0;
    for (int t = 0; t < TIERS_COUNT; t++)
        stayed += next.movement.customers[t][t];
    assert_int_equal(moved_to(&next, TIERS_NONE), 0);
    assert_true(stayed > HOUSE_BUYERS * 95 / 100);
}

static double reach_of_one(void *arg, uint32_t root)
{
    return root == *(const uint32_t *)arg ? 1e6 : NAN;
}

static void value_in_reach_makes_growable(void **state)
{
    struct house *h = *state;
    struct investment_fit fit = house_fitted(h);
    int i = 0;
    while (tier_of(h, buyer_named(i)).tier != TIERS_MIGRATOR)
        i++;
    uint32_t root = shop_root(&h->street.shop, buyer_named(i));
    investment_reach_by(h->investment, reach_of_one, &root);
    fit = house_fit(h, LAB_NOW);
    need_tier(h, buyer_named(i), TIERS_MOST_GROWABLE);
    assert_int_equal(fit.movement.customers[TIERS_MIGRATOR][TIERS_MOST_GROWABLE], 1);
}

static int first_of(struct house *h, enum tiers_tier tier)
{
    for (int i = 0; i < HOUSE_BUYERS; i++)
        if (tier_of(h, buyer_named(i)).tier == tier)
            return i;
    fail_msg("nobody is %s", tiers_name(tier));
    return 0;
}

static void merged_customers_keep_the_winners_tier(void **state)
{
    struct house *h = *state;
    struct shop *s = &h->street.shop;
    house_fitted(h);
    char winner[16], loser[16];
    snprintf(winner, sizeof winner, "%s", buyer_named(first_of(h, TIERS_MIGRATOR)));
    snprintf(loser, sizeof loser, "%s", buyer_named(first_of(h, TIERS_MOST_VALUABLE)));
    int64_t merge = shop_merge(s, winner, loser);
    need_tier(h, winner, TIERS_MIGRATOR);
    need_tier(h, loser, TIERS_MIGRATOR);
    struct investment_fit fit = house_fit(h, LAB_NOW);
    assert_int_equal(moved_to(&fit, TIERS_NONE), 0);
    need_tier(h, winner, TIERS_MOST_VALUABLE);  // by what both of them bring
    shop_unmerge(s, merge);
    need_tier(h, loser, TIERS_MOST_VALUABLE);
}

static void fits_and_states_are_kept(void **state)
{
    struct house *h = *state;
    struct investment_fit before = house_fitted(h), after;
    struct customer_tier tier[HOUSE_BUYERS];
    house_fit(h, LAB_NOW + SHOP_DAY);
    before = house_fit(h, LAB_NOW + 2 * SHOP_DAY);
    for (int i = 0; i < HOUSE_BUYERS; i++)
        tier[i] = tier_of(h, buyer_named(i));
    house_close(h);
    house_open(h);
    assert_true(investment_last_fit(h->investment, &after));
    assert_memory_equal(&before, &after, sizeof before);
    for (int i = 0; i < HOUSE_BUYERS; i++) {
        struct customer_tier again = tier_of(h, buyer_named(i));
        assert_int_equal(again.tier, tier[i].tier);
        assert_int_equal(again.leaning, tier[i].leaning);
        assert_int_equal(again.since_day, tier[i].since_day);
    }
    assert_int_equal(lab_number(&h->street.shop.lab, "SELECT COUNT(*) FROM investment_fits"), 1);
    assert_int_equal(lab_number(&h->street.shop.lab, "SELECT COUNT(*) FROM investment_states"), 1);
}

static enum err_code damage(void *arg, struct tx *tx, struct err *e)
{
    struct store_stmt *st;
    (void)arg;
    TRY(store_prepare(tx->conn, SLICE("UPDATE investment_states SET states = substr(states, 1, 11)"), &st, e));
    return store_run(st, e);
}

static void what_cannot_be_read_is_fitted_anew(void **state)
{
    struct house *h = *state;
    struct investment_fit fit;
    house_fitted(h);
    lab_must_run(&h->street.shop.lab, damage, NULL);
    house_close(h);
    house_open(h);
    assert_false(investment_last_fit(h->investment, &fit));
    assert_true(investment_refit_due(h->investment, LAB_NOW));
    fit = house_fit(h, LAB_NOW);
    assert_int_equal(fit.id, 2);
    assert_int_equal(moved_to(&fit, TIERS_NONE), HOUSE_BUYERS);
}

static void a_fit_can_be_stopped(void **state)
{
    struct house *h = *state;
    struct progress stop = { .cancel = true };
    struct err e;
    shop_buyers(&h->street.shop, HOUSE_BUYERS);
    house_fit_values(h);
    assert_int_equal(investment_refit(h->investment, h->street.people, LAB_NOW, &stop, &e), ERR_BUSY);
    assert_true(investment_refit_due(h->investment, LAB_NOW));
}

/* ---- columns ---- */
static void tiers_are_columns(void **state)
{
    struct house *h = *state;
    struct street *s = &h->street;
    shop_track(&s->shop, "looks", "Product Viewed", LAB_NOW - 3 * SHOP_DAY, "{'product_id': 'cup'}");
    shop_order(&s->shop, "ana", "a1", LAB_NOW - 400 * SHOP_DAY, 70);
    shop_order(&s->shop, "ana", "a2", LAB_NOW - 4 * SHOP_DAY, 30);
    street_refresh(s);
    street_need(s, "ana", "spend last year = 30 and spend = 100 and value tier = null and value tier since = null");
    house_fitted(h);
    street_refresh(s);
    street_need(s, "looks", "value tier = \"newcomer\" and spend last year = 0");
    street_need(s, "looks", "value tier since = @\"2026-11-23\"");
    for (int i = 0; i < 20; i++) {
        char text[80];
        snprintf(text, sizeof text, "value tier = \"%s\"", tiers_name(tier_of(h, buyer_named(i)).tier));
        street_need(s, buyer_named(i), text);
    }
    shop_order(&s->shop, "looks", "l1", LAB_NOW, 2000);
    street_refresh(s);
    street_need(s, "looks", "value tier = \"most_valuable\" and spend last year = 2000");
}

/* ---- in words ---- */
static const char *why(struct house *h, const char *who, const char *lang)
{
    static char text[600];
    struct buf out = buf_make(0);
    struct customer_tier t = tier_of(h, who);
    investment_why(h->investment, &t, lang, &out);
    snprintf(text, sizeof text, "%.*s", (int)out.len, out.at);
    buf_drop(&out);
    return text;
}

static void reasons_are_told(void **state)
{
    struct house *h = *state;
    struct shop *s = &h->street.shop;
    shop_order(s, "ana", "a1", LAB_NOW - 4 * SHOP_DAY, 2000.5);
    shop_track(s, "looks", "Product Viewed", LAB_NOW - 3 * SHOP_DAY, "{'product_id': 'cup'}");
    assert_non_null(strstr(why(h, "ana", "en"), "no tiers yet"));
    house_fitted(h);
    assert_non_null(strstr(why(h, "ana", "en"), "the tier “most valuable” since 2026-11-23. Brought 1000.25 in the last year"));
    assert_non_null(strstr(why(h, "ana", "es"), "Nivel «más valioso» desde 2026-11-23. Aportó 1000,25 en el último año"));
    assert_non_null(strstr(why(h, "looks", "en"), "have not bought yet"));
    assert_non_null(strstr(why(h, "looks", "es"), "no ha comprado"));
}

/* ---- plans ---- */
struct plan_ask {
    enum tiers_tier tier;
    struct tiers_plan plan;
};

static enum err_code set_plan(void *arg, struct tx *tx, struct err *e)
{
    const struct plan_ask *ask = arg;
    return tx_investment_plan(tx, ask->tier, &ask->plan, SLICE("ann@example.com"), e);
}

static void plans_are_kept_and_obeyed(void **state)
{
    struct house *h = *state;
    struct lab *lab = &h->street.shop.lab;
    struct investment_plan plan[TIERS_COUNT];
    struct err e;
    house_fitted(h);
    const char *who = buyer_named(first_of(h, TIERS_MIGRATOR));
    uint32_t root = shop_root(&h->street.shop, who);
    investment_plans(h->investment, plan);
    assert_int_equal(plan[TIERS_MIGRATOR].changed_ms, FACT_NO_TIME);
    assert_int_equal(investment_plan_of(h->investment, root).contacts_per_month,
                     tiers_plan_usual(TIERS_MIGRATOR).contacts_per_month);

    struct plan_ask ask = { TIERS_MIGRATOR, { 2, TIERS_PRIORITY, true, 0.125 } };
    lab_must_run(lab, set_plan, &ask);
    assert_int_equal(investment_read_plans(h->investment, lab->read, &e), ERR_OK);
    struct tiers_plan is = investment_plan_of(h->investment, root);
    assert_true(is.contacts_per_month == 2 && is.service == TIERS_PRIORITY && is.manager && is.discount_most == 0.125);
    ask.plan.discount_most = 1.5;
    assert_int_equal(lab_run(lab, set_plan, &ask, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "discount_most"));

    house_close(h);
    house_open(h);
    investment_plans(h->investment, plan);
    assert_string_equal(plan[TIERS_MIGRATOR].by, "ann@example.com");
    assert_int_equal(plan[TIERS_MIGRATOR].changed_ms, LAB_NOW);
    assert_int_equal(plan[TIERS_MIGRATOR].plan.contacts_per_month, 2);
    assert_int_equal(plan[TIERS_BELOW_ZERO].changed_ms, FACT_NO_TIME);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_without_models_of_value), TEST(everybody_is_where_the_cuts_say),
        TEST(a_customer_brings_the_margin_of_a_year), TEST(newcomers_are_told_as_soon_as_they_buy), TEST(partners_are_served_by_others), TEST(tiers_are_steady),
        TEST(value_in_reach_makes_growable), TEST(merged_customers_keep_the_winners_tier), TEST(fits_and_states_are_kept),
        TEST(what_cannot_be_read_is_fitted_anew), TEST(a_fit_can_be_stopped), TEST(tiers_are_columns), TEST(reasons_are_told),
        TEST(plans_are_kept_and_obeyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
