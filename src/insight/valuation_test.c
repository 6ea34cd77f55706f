#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/draw.h"
#include "insight/insight_testing.h"
#include "insight/population.h"
#include "insight/valuation.h"
#include "text/time.h"

#define PEOPLE 300
#define NEAR(is, want, by) assert_true(fabs((is) - (want)) <= (by))

static const struct valuation_options usual = { NULL, 365, 0.1, 0.5 };

static struct valuation *fitted(struct shop *s)
{
    struct valuation *v;
    struct err e = { 0 };
    assert_int_equal(valuation_new(s->lab.memory, s->purchases, s->lab.read, usual, &v, &e), ERR_OK);
    assert_true(valuation_refit_due(v, LAB_NOW));
    if (valuation_refit(v, LAB_NOW, NULL, &e))
        fail_msg("fit: %s", e.text);
    assert_false(valuation_refit_due(v, LAB_NOW));
    return v;
}

static struct customer_value value_of(struct shop *s, const struct valuation *v, const char *who)
{
    struct valuation_work work = { 0 };
    const struct valuation_view view = valuation_look(v);
    uint32_t root = shop_root(s, who);
    memory_read_lock(s->lab.memory);
    struct customer_value value = valuation_of(&view, &work, root, true);
    memory_read_unlock(s->lab.memory);
    valuation_work_clear(&work);
    return value;
}

static uint64_t stamp_of(const struct valuation *v)
{
    const struct valuation_view view = valuation_look(v);
    return valuation_stamp(&view);
}

/* ---- transactions ---- */
static const char *transactions(struct shop *s, const char *who)
{
    static char text[300];
    struct transaction *of = NULL;
    size_t n, cap = 0, at = 0;
    uint32_t root = shop_root(s, who);
    text[0] = 0;
    memory_read_lock(s->lab.memory);
    assert_true(purchases_transactions(s->purchases, NULL, root, FACT_NO_TIME, &of, &n, &cap));
    memory_read_unlock(s->lab.memory);
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%d:%g", i ? " " : "", (int)(of[i].day - time_day(SHOP_T0)),
                               (double)of[i].value_micro / 1e6);
    free(of);
    return text;
}

static void a_day_is_a_transaction(void **state)
{
    struct shop *s = *state;
    shop_order(s, "ana", "a1", SHOP_T0, 10);
    shop_order(s, "ana", "a2", SHOP_T0 + 3600000, 5);
    shop_order(s, "ana", "a4", SHOP_T0 + 9 * SHOP_DAY, 7);
    shop_order(s, "ana", "a3", SHOP_T0 + 4 * SHOP_DAY, 20);
    assert_string_equal(transactions(s, "ana"), "0:15 4:20 9:7");
    shop_track(s, "ana", "Order Refunded", SHOP_T0 + 12 * SHOP_DAY, "{'order_id': 'a3', 'revenue': 20}");
    assert_string_equal(transactions(s, "ana"), "0:15 9:7");
    shop_track(s, "ana", "Order Refunded", SHOP_T0 + 12 * SHOP_DAY, "{'order_id': 'a2', 'revenue': 2}");
    assert_string_equal(transactions(s, "ana"), "0:13 9:7");
    shop_track(s, "ana", "Order Refunded", SHOP_T0 + 12 * SHOP_DAY, "{'revenue': 3}");  // of which order nobody says
    assert_string_equal(transactions(s, "ana"), "0:13 9:4");
    shop_track(s, "ana", "Order Cancelled", SHOP_T0 + 13 * SHOP_DAY, "{'order_id': 'a1'}");
    assert_string_equal(transactions(s, "ana"), "0:3 9:4");
}

/* More orders than are sorted by insertion, and those of two histories that became one customer. */
static void many_orders_of_two_histories(void **state)
{
    struct shop *s = *state;
    char id[16];
    for (int i = 0; i < 90; i++) {
        snprintf(id, sizeof id, "u%d", i);
        shop_order(s, "ana", id, SHOP_T0 + 2 * i * SHOP_DAY, 1);
        snprintf(id, sizeof id, "d%d", i);
        shop_order(s, "@phone", id, SHOP_T0 + (2 * i + 1) * SHOP_DAY, 1);
    }
    shop_join(s, "ana", "phone");
    struct transaction *of = NULL;
    size_t n, cap = 0;
    uint32_t root = shop_root(s, "ana");
    memory_read_lock(s->lab.memory);
    assert_true(purchases_transactions(s->purchases, NULL, root, FACT_NO_TIME, &of, &n, &cap));
    assert_int_equal(n, 180);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(of[i].day, of[0].day + (int32_t)i);
    assert_true(purchases_transactions(s->purchases, NULL, root, SHOP_T0 + 10 * SHOP_DAY, &of, &n, &cap));
    assert_int_equal(n, 10);
    memory_read_unlock(s->lab.memory);
    free(of);
}

/* ---- fits ---- */
static void nothing_is_learnt_from_nothing(void **state)
{
    struct shop *s = *state;
    struct valuation *v;
    struct err e = { 0 };
    assert_int_equal(valuation_new(s->lab.memory, s->purchases, s->lab.read, usual, &v, &e), ERR_OK);
    assert_false(valuation_refit_due(v, LAB_NOW));
    assert_int_equal(valuation_refit(v, LAB_NOW, NULL, &e), ERR_CONFLICT);
    shop_order(s, "ana", "a1", LAB_NOW - 5 * SHOP_DAY, 10);
    assert_true(valuation_refit_due(v, LAB_NOW));
    assert_int_equal(valuation_refit(v, LAB_NOW, NULL, &e), ERR_CONFLICT);
    assert_false(valuation_refit_due(v, LAB_NOW));  // tomorrow again
    assert_false(value_of(s, v, "ana").known);
    valuation_drop(&v);
}

static void everybody_has_a_value(void **state)
{
    struct shop *s = *state;
    shop_buyers(s, PEOPLE);
    shop_track(s, "looks", "Product Viewed", LAB_NOW - 3 * SHOP_DAY, "{'product_id': 'cup'}");
    struct valuation *v = fitted(s);
    const struct valuation_view view = valuation_look(v);
    assert_true(view.fitted && view.fit == 1);
    double bought = 0;
    int wide = 0;
    char who[32];
    for (int i = 0; i < PEOPLE; i++) {
        snprintf(who, sizeof who, "u%d", i);
        struct customer_value value = value_of(s, v, who);
        assert_true(value.known && value.bought);
        assert_true(value.worth.alive >= 0 && value.worth.alive <= 1 && value.worth.expected >= 0);
        assert_true(value.value_low <= value.worth.value && value.value_low <= value.value_high);
        wide += value.value_high > value.worth.value;
        NEAR(value.worth.spend, 30, 8);
        bought += value.worth.value;
    }
    assert_true(bought > 0 && wide > PEOPLE / 4);
    struct customer_value looks = value_of(s, v, "looks");
    assert_true(looks.known && !looks.bought && looks.worth.value > 0);
    assert_true(looks.worth.value < bought / PEOPLE * 4);
    valuation_drop(&v);
}

static void a_purchase_counts_at_once_and_silence_day_by_day(void **state)
{
    struct shop *s = *state;
    shop_buyers(s, PEOPLE);
    for (int i = 0; i < 4; i++)
        shop_order(s, "ana", (const char[]){ 'a', (char)('0' + i), 0 }, LAB_NOW - (41 - 10 * i) * SHOP_DAY, 30);
    struct valuation *v = fitted(s);
    struct customer_value before = value_of(s, v, "ana");
    uint64_t stamp = stamp_of(v);
    valuation_turn(v, LAB_NOW + 3600000);
    assert_int_equal(stamp_of(v), stamp);
    valuation_turn(v, LAB_NOW + 60 * SHOP_DAY);
    assert_int_not_equal(stamp_of(v), stamp);
    struct customer_value quiet = value_of(s, v, "ana");
    assert_true(quiet.worth.alive < before.worth.alive);
    shop_order(s, "ana", "new", LAB_NOW + 59 * SHOP_DAY, 30);
    struct customer_value back = value_of(s, v, "ana");
    assert_true(back.worth.alive > quiet.worth.alive && back.worth.expected > quiet.worth.expected);
    valuation_drop(&v);
}

/* The fit that was stored foretells the same after a restart; its report is JSON with a proof. */
static void fits_are_kept(void **state)
{
    struct shop *s = *state;
    shop_buyers(s, PEOPLE);
    struct valuation *v = fitted(s), *again;
    struct err e = { 0 };
    struct customer_value before = value_of(s, v, "u7");
    assert_int_equal(valuation_refit(v, LAB_NOW, NULL, &e), ERR_OK);
    valuation_drop(&v);
    assert_int_equal(valuation_new(s->lab.memory, s->purchases, s->lab.read, usual, &again, &e), ERR_OK);
    struct customer_value after = value_of(s, again, "u7");
    assert_memory_equal(&before.worth, &after.worth, sizeof before.worth);
    assert_int_equal(valuation_look(again).fit, 2);
    valuation_drop(&again);
    struct value_fit_row *row;
    size_t n;
    struct json json;
    assert_int_equal(value_fits(s->lab.read, 0, 10, s->lab.mem, &row, &n, &e), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(row[0].id, 2);
    assert_int_equal(json_parse(s->lab.parser, row[0].report, &json, &e), ERR_OK);
    double actual, total;
    struct json proof = json_get(json, "proof");
    struct json_iter rows = json_iter(json_get(proof, "rows"));
    assert_true(json_double(json_get(proof, "actual"), &actual) && actual > 0);
    assert_true(json_next(&rows) && json_double(json_get(rows.value, "total"), &total));
    assert_true(total > actual / 2 && total < actual * 2);
}

/* Who began with a large order comes again, others hardly ever: the proof finds it, it counts for those who bought once, and it
 * is there after a restart. */
static void a_first_order_tells(void **state)
{
    struct shop *s = *state;
    struct err e = { 0 };
    uint64_t seed = 3;
    char who[16], id[32];
    for (int i = 0; i < PEOPLE; i++) {
        bool large = i % 2;
        double day = 100 + 96 * any_between(&seed);
        snprintf(who, sizeof who, "u%d", i);
        for (int n = 0; day > 0; n++) {
            snprintf(id, sizeof id, "o%d-%d", i, n);
            shop_order(s, who, id, LAB_NOW - (int64_t)(day * (double)SHOP_DAY), large ? 90 : 10);
            day += log(any_between(&seed)) * (large ? 40 : 400) - 1;
        }
    }
    shop_order(s, "small", "s", LAB_NOW - SHOP_DAY, 10);
    shop_order(s, "large", "l", LAB_NOW - SHOP_DAY, 90);
    struct valuation *v = fitted(s), *again;
    struct customer_value small = value_of(s, v, "small"), large = value_of(s, v, "large");
    assert_true(valuation_look(v).anew.ratios.used >> NEW_FIRST_VALUE & 1);
    assert_true(large.level[NEW_FIRST_VALUE] > small.level[NEW_FIRST_VALUE]);
    assert_true(large.worth.expected > 1.5 * small.worth.expected);
    valuation_drop(&v);
    assert_int_equal(valuation_new(s->lab.memory, s->purchases, s->lab.read, usual, &again, &e), ERR_OK);
    struct customer_value after = value_of(s, again, "large");
    assert_memory_equal(&large.worth, &after.worth, sizeof after.worth);
    valuation_drop(&again);
}

static void a_fit_can_be_stopped(void **state)
{
    struct shop *s = *state;
    shop_buyers(s, PEOPLE);
    struct valuation *v;
    struct err e = { 0 };
    struct progress stop = { .cancel = true };
    assert_int_equal(valuation_new(s->lab.memory, s->purchases, s->lab.read, usual, &v, &e), ERR_OK);
    assert_int_equal(valuation_refit(v, LAB_NOW, &stop, &e), ERR_BUSY);
    assert_false(valuation_look(v).fitted);
    valuation_drop(&v);
}

/* ---- columns ---- */
struct rooms {
    struct shop shop;
    struct population *population;
    struct people *people;
};

static int rooms_setup(void **state)
{
    struct rooms *r = calloc(1, sizeof *r);
    assert_non_null(r);
    shop_make(&r->shop);
    assert_int_equal(population_new(r->shop.lab.memory, NULL, &r->population, NULL), ERR_OK);
    const struct follower follower[] = { population_follower(r->population), population_events_follower(r->population),
                                         population_columns_follower(r->population) };
    for (size_t i = 0; i < 3; i++)
        memory_follow(r->shop.lab.memory, &follower[i]);
    shop_begin(&r->shop);
    assert_int_equal(people_new(r->shop.lab.memory, r->shop.purchases, &r->people, NULL), ERR_OK);
    *state = r;
    return 0;
}

static int rooms_teardown(void **state)
{
    struct rooms *r = *state;
    lab_stop(&r->shop.lab);
    people_drop(&r->people);
    population_drop(&r->population);
    shop_close(&r->shop);
    free(r);
    return 0;
}

/* NAN: null. */
static double cell(struct rooms *r, const char *column, const char *who)
{
    uint32_t row = shop_root(&r->shop, who);
    const struct column *c = columns_find(population_columns(r->population), slice_of(column));
    assert_non_null(c);
    return column_is_null(c, row) ? NAN : (double)column_raw(c, row) / pow(10, c->scale);
}

static void refresh(struct rooms *r, int64_t now_ms)
{
    struct err e;
    assert_true(population_refresh_due(r->population, r->people));
    assert_int_equal(population_refresh(r->population, r->people, now_ms, &e), ERR_OK);
    assert_false(population_refresh_due(r->population, r->people));
}

static void values_are_columns(void **state)
{
    struct rooms *r = *state;
    shop_buyers(&r->shop, PEOPLE);
    shop_track(&r->shop, "looks", "Product Viewed", LAB_NOW - 3 * SHOP_DAY, "{'product_id': 'cup'}");
    struct valuation *v;
    struct err e;
    assert_int_equal(valuation_new(r->shop.lab.memory, r->shop.purchases, r->shop.lab.read, usual, &v, &e), ERR_OK);
    population_value_by(r->population, v);
    refresh(r, LAB_NOW);
    assert_true(isnan(cell(r, "lifetime value", "u1")));
    assert_int_equal(valuation_refit(v, LAB_NOW, NULL, &e), ERR_OK);
    refresh(r, LAB_NOW);
    char who[32];
    for (int i = 0; i < 40; i++) {
        snprintf(who, sizeof who, "u%d", i);
        struct customer_value value = value_of(&r->shop, v, who);
        NEAR(cell(r, "lifetime value", who), value.worth.value, .0051);
        NEAR(cell(r, "lifetime value low", who), value.value_low, .0051);
        NEAR(cell(r, "lifetime value high", who), value.value_high, .0051);
        NEAR(cell(r, "expected orders", who), value.worth.expected, .0051);
        NEAR(cell(r, "expected order value", who), value.worth.spend, .0051);
        NEAR(cell(r, "probability alive", who), value.worth.alive, .00051);
    }
    assert_true(isnan(cell(r, "probability alive", "looks")));
    assert_true(cell(r, "lifetime value", "looks") > 0);
    double before = cell(r, "lifetime value", "u1");
    valuation_turn(v, LAB_NOW + 200 * SHOP_DAY);
    refresh(r, LAB_NOW + 200 * SHOP_DAY);
    assert_true(cell(r, "lifetime value", "u1") != before);
    population_value_by(r->population, NULL);
    valuation_drop(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_day_is_a_transaction, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(many_orders_of_two_histories, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_learnt_from_nothing, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(everybody_has_a_value, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(a_purchase_counts_at_once_and_silence_day_by_day, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(fits_are_kept, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(a_first_order_tells, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(a_fit_can_be_stopped, shop_setup, shop_teardown),
        cmocka_unit_test_setup_teardown(values_are_columns, rooms_setup, rooms_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
