#include "insight/purchases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "insight/insight_testing.h"
#include "memory/log_edits.h"

static struct purchase_summary sum_of(struct shop *s, const char *who)
{
    uint32_t root = shop_root(s, who);
    memory_read_lock(s->lab.memory);
    struct purchase_summary sum = purchases_summary(s->purchases, root);
    memory_read_unlock(s->lab.memory);
    return sum;
}

/* "a2 b1": products still kept with their orders, latest first. */
static const char *kept(struct shop *s, const char *who)
{
    static char text[500];
    struct bought bought[20];
    uint32_t root = shop_root(s, who);
    text[0] = 0;
    memory_read_lock(s->lab.memory);
    size_t n = purchases_bought(s->purchases, root, bought, 20);
    for (size_t i = 0, at = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s%u", i ? " " : "",
                               SLICE_ARG(purchases_product_id(s->purchases, bought[i].product)), bought[i].times);
    memory_read_unlock(s->lab.memory);
    return text;
}

static const char *viewed(struct shop *s, const char *who)
{
    static char text[500];
    uint32_t products[20], root = shop_root(s, who);
    text[0] = 0;
    memory_read_lock(s->lab.memory);
    size_t n = purchases_viewed(s->purchases, root, products, 20, NULL), at = 0;
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s", i ? " " : "",
                               SLICE_ARG(purchases_product_id(s->purchases, products[i])));
    struct slice category = purchases_viewed_category(s->purchases, root);
    snprintf(text + at, sizeof text - at, " in %.*s", SLICE_ARG(category));
    memory_read_unlock(s->lab.memory);
    return text;
}

#define TWO_CUPS "{'order_id': 'o1', 'products': [{'product_id': 'cup', 'quantity': 2, 'price': 3.5}," \
                 " {'sku': 'jar', 'price': '1.25'}]}"

/* What each way of telling an order's worth and lines comes to. */
static void orders_as_shops_tell_them(void **state)
{
    static const struct {
        const char *event, *properties;
        int64_t value_micro;
        const char *kept;
    } cases[] = {
        { "Order Completed", TWO_CUPS, 8250000, "cup1 jar1" },
        { "completed order", TWO_CUPS, 8250000, "cup1 jar1" },
        { "Order Completed", "{'revenue': 12.5, 'total': 99, 'products': [{'product_id': 'a'}]}", 12500000, "a1" },
        { "Order Completed", "{'total': '7.10'}", 7100000, "" },
        { "Order Completed", "{'value': 3}", 3000000, "" },
        { "Order Completed", "{'value': 1.23456789}", 1234568, "" },
        { "Order Completed", "{'revenue': 99, 'products': [{'id': 7, 'price': 2}]}", 2000000, "71" },
        { "Order Completed", "{'products': [{'product_id': ' a ', 'price': 1, 'quantity': 3}, 5, {'price': 4}]}",
          7000000, "a1" },
        { "Order Completed", "{'products': 'none', 'revenue': 'much'}", 0, "" },
        { "Order Completed", "{'products': [{'product_id': 'a', 'quantity': 0}]}", 0, "" },
        { "Order Completed", "{'products': [{'product_id': 'a'}, {'product_id': 'a'}]}", 0, "a1" },
        { "Order Completed", "{'products': [{'product_id': 'a', 'price': 8e12, 'quantity': 1}]}",
          INT64_C(10000000000000000), "a1" },
        { "Order Completed", "{'products': [{'product_id': 'a', 'price': 9e12, 'quantity': 9e12}]}", 0, "a1" },
    };
    struct shop *s = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char who[16];
        snprintf(who, sizeof who, "u%zu", i);
        shop_track(s, who, cases[i].event, SHOP_T0, cases[i].properties);
        struct purchase_summary sum = sum_of(s, who);
        if (sum.value_micro != cases[i].value_micro || strcmp(kept(s, who), cases[i].kept) != 0)
            fail_msg("case %zu: %lld '%s'", i, (long long)sum.value_micro, kept(s, who));
        assert_int_equal(sum.orders, 1);
        assert_int_equal(sum.first_ms, SHOP_T0);
        assert_int_equal(sum.last_ms, SHOP_T0);
    }
}

static void no_amount_halts_the_follower(void **state)
{
    struct shop *s = *state;
    for (int i = 0; i < 1000; i++)  // more than 64 bits hold, if each were taken as it stands
        shop_track(s, "ann", "Order Completed", SHOP_T0 + i, "{'revenue': 9e12}");
    char id[600];
    snprintf(id, sizeof id, "{'products': [{'product_id': '%0400d', 'price': 1}], 'category': '%0100d'}", 1, 2);
    shop_track(s, "bob", "Order Completed", SHOP_T0, id);
    shop_track(s, "bob", "Order Completed", SHOP_T0, TWO_CUPS);
    assert_int_equal(sum_of(s, "ann").orders, 1000);
    assert_int_equal(sum_of(s, "bob").orders, 2);
    assert_int_equal(sum_of(s, "bob").value_micro, 9250000);
    assert_string_equal(kept(s, "bob"), "cup1 jar1");  // the long id names no product
}

static void a_life_of_one_order(void **state)
{
    struct shop *s = *state;
    shop_track(s, "ann", "Order Completed", SHOP_T0, TWO_CUPS);
    shop_track(s, "ann", "Order Completed", SHOP_T0 + 1, TWO_CUPS);  // told twice: once
    assert_int_equal(sum_of(s, "ann").orders, 1);
    assert_int_equal(sum_of(s, "ann").value_micro, 8250000);
    assert_int_equal(sum_of(s, "ann").first_ms, SHOP_T0 + 1);
    shop_track(s, "ann", "Order Updated", SHOP_T0 + 2,
               "{'order_id': 'o1', 'products': [{'product_id': 'cup', 'quantity': 1, 'price': 3.5}]}");
    assert_int_equal(sum_of(s, "ann").value_micro, 3500000);
    assert_string_equal(kept(s, "ann"), "cup1");
    shop_track(s, "bob", "Order Completed", SHOP_T0, TWO_CUPS);  // his own o1
    shop_track(s, "ann", "Order Cancelled", SHOP_T0 + 3, "{'order_id': 'o1'}");
    shop_track(s, "ann", "Order Cancelled", SHOP_T0 + 4, "{'order_id': 'o1'}");
    shop_track(s, "ann", "Order Cancelled", SHOP_T0 + 4, "{'order_id': 'unknown'}");
    struct purchase_summary sum = sum_of(s, "ann");
    assert_int_equal(sum.orders, 0);
    assert_int_equal(sum.value_micro, 0);
    assert_true(sum.first_ms == FACT_NO_TIME && sum.last_ms == FACT_NO_TIME);
    assert_string_equal(kept(s, "ann"), "");
    assert_int_equal(sum_of(s, "bob").orders, 1);
    shop_track(s, "ann", "Order Completed", SHOP_T0 + 5, TWO_CUPS);  // comes to life again
    assert_int_equal(sum_of(s, "ann").orders, 1);
    assert_string_equal(kept(s, "ann"), "cup1 jar1");
}

static void what_is_given_back(void **state)
{
    struct shop *s = *state;
    shop_track(s, "ann", "Order Completed", SHOP_T0, TWO_CUPS);
    shop_track(s, "ann", "Order Refunded", SHOP_T0 + 1,
               "{'order_id': 'o1', 'products': [{'product_id': 'cup', 'quantity': 1, 'price': 3.5}]}");
    assert_int_equal(sum_of(s, "ann").value_micro, 4750000);
    assert_string_equal(kept(s, "ann"), "cup1 jar1");  // one cup is still hers
    for (int i = 0; i < 2; i++) {  // the rest; told twice, it is given back once
        shop_track(s, "ann", "Order Refunded", SHOP_T0 + 2 + i, "{'order_id': 'o1'}");
        assert_int_equal(sum_of(s, "ann").value_micro, 0);
        assert_string_equal(kept(s, "ann"), "");
        assert_int_equal(sum_of(s, "ann").orders, 1);
        assert_int_equal(sum_of(s, "ann").last_ms, SHOP_T0);
    }
    shop_track(s, "bob", "Order Completed", SHOP_T0, "{'order_id': 'o1', 'revenue': 20}");
    shop_track(s, "bob", "Order Refunded", SHOP_T0 + 1, "{'order_id': 'o1', 'total': 5}");
    assert_int_equal(sum_of(s, "bob").value_micro, 15000000);
    shop_track(s, "bob", "Order Refunded", SHOP_T0 + 1, "{'order_id': 'nobody knows'}");
    assert_int_equal(sum_of(s, "bob").value_micro, 15000000);
}

static uint32_t orders_with(struct shop *s, const char *product)
{
    memory_read_lock(s->lab.memory);
    uint32_t n = purchases_product_orders(s->purchases, purchases_product_find(s->purchases, slice_of(product)));
    memory_read_unlock(s->lab.memory);
    return n;
}

static void sales_of_nobody(void **state)
{
    struct shop *s = *state;
    shop_nobody(s, "Order Completed", SHOP_T0, TWO_CUPS);
    shop_nobody(s, "Order Completed", SHOP_T0, TWO_CUPS);
    shop_nobody(s, "Order Completed", SHOP_T0, "{'order_id': 'o2', 'products': [{'product_id': 'cup', 'price': 1}]}");
    shop_nobody(s, "Product Viewed", SHOP_T0, "{'product_id': 'cup'}");
    assert_int_equal(orders_with(s, "cup"), 2);
    assert_int_equal(orders_with(s, "jar"), 1);
    struct day_row days[4];
    memory_read_lock(s->lab.memory);
    assert_int_equal(purchases_days(s->purchases, INT32_MIN, days, 4), 1);
    memory_read_unlock(s->lab.memory);
    assert_int_equal(days[0].orders, 2);
    assert_int_equal(days[0].revenue_micro, 9250000);
    shop_nobody(s, "Order Cancelled", SHOP_T0, "{'order_id': 'o2'}");
    assert_int_equal(orders_with(s, "cup"), 1);
}

struct amendment { int64_t seq; const char *patch; };

static enum err_code amend(void *arg, struct tx *tx, struct err *e)
{
    const struct amendment *a = arg;
    return a->patch ? tx_correct(tx, a->seq, slice_of(a->patch), SLICE("ann"), SLICE(""), e)
                    : tx_delete_fact(tx, a->seq, SLICE("ann"), SLICE(""), e);
}

static int64_t last_fact(struct shop *s)
{
    return memory_stats(s->lab.memory).facts;
}

static void expect_day(struct shop *s, uint32_t orders, int64_t revenue_micro)
{
    struct day_row day = { 0 };
    memory_read_lock(s->lab.memory);
    assert_int_equal(purchases_days(s->purchases, INT32_MIN, &day, 1), 1);
    memory_read_unlock(s->lab.memory);
    assert_int_equal(day.orders, orders);
    assert_int_equal(day.revenue_micro, revenue_micro);
}

static void edits_of_till_sales(void **state)
{
    struct shop *s = *state;
    shop_nobody(s, "Order Completed", SHOP_T0, "{'order_id': 'o1', 'products': [{'product_id': 'cup', 'price': 3}]}");
    int64_t cup = last_fact(s);
    shop_nobody(s, "Order Completed", SHOP_T0, "{'products': [{'product_id': 'jar', 'price': 5}]}");
    int64_t jar = last_fact(s);
    shop_nobody(s, "Order Refunded", SHOP_T0, "{'order_id': 'o1', 'total': 1}");
    int64_t refund = last_fact(s);
    shop_nobody(s, "Order Completed", SHOP_T0, "{'order_id': 'o2', 'total': 7}");
    int64_t old = last_fact(s);
    shop_nobody(s, "Order Updated", SHOP_T0, "{'order_id': 'o2', 'total': 8}");
    expect_day(s, 3, 15000000);
    lab_must_run(&s->lab, amend, &(struct amendment){ jar, "{\"properties\":{\"products\":[{\"product_id\":\"jar\",\"price\":4}]}}" });
    expect_day(s, 3, 14000000);
    lab_must_run(&s->lab, amend, &(struct amendment){ jar, "{\"properties\":{\"products\":[{\"product_id\":\"pot\",\"price\":2}]}}" });
    expect_day(s, 3, 12000000);
    assert_int_equal(orders_with(s, "jar"), 0);
    assert_int_equal(orders_with(s, "pot"), 1);
    lab_must_run(&s->lab, amend, &(struct amendment){ refund, NULL });
    expect_day(s, 3, 13000000);
    lab_must_run(&s->lab, amend, &(struct amendment){ old, NULL });  // an update stands in its place
    expect_day(s, 3, 13000000);
    lab_must_run(&s->lab, amend, &(struct amendment){ cup, "{\"properties\":{\"order_id\":\"o9\"}}" });
    expect_day(s, 3, 13000000);
    lab_must_run(&s->lab, amend, &(struct amendment){ cup, NULL });
    lab_must_run(&s->lab, amend, &(struct amendment){ jar, NULL });
    expect_day(s, 1, 8000000);
    assert_int_equal(orders_with(s, "cup") + orders_with(s, "pot"), 0);
}

static void what_was_looked_at(void **state)
{
    struct shop *s = *state;
    shop_track(s, "@dev", "Product Viewed", SHOP_T0, "{'product_id': 'a', 'category': 'cups'}");
    shop_track(s, "@dev", "Product Added", SHOP_T0 + 1, "{'product_id': 'b'}");
    shop_track(s, "@dev", "Viewed Product", SHOP_T0 + 2, "{'product_id': 'a'}");
    assert_string_equal(viewed(s, "@dev"), "a b in cups");
    for (int i = 0; i < 8; i++) {
        char properties[60];
        snprintf(properties, sizeof properties, "{'sku': 'p%d'}", i);
        shop_track(s, "@dev", "Product Viewed", SHOP_T0 + 3 + i, properties);
    }
    assert_string_equal(viewed(s, "@dev"), "p7 p6 p5 p4 p3 p2 in cups");
    shop_track(s, "@dev", "Product List Viewed", SHOP_T0 + 20, "{'category': 'jars'}");
    assert_string_equal(viewed(s, "@dev"), "p7 p6 p5 p4 p3 p2 in jars");
    // the user's own looks are older: the device's come first once they are one
    shop_track(s, "ann", "Product Viewed", SHOP_T0 - 5, "{'product_id': 'z', 'category': 'hats'}");
    shop_track(s, "ann", "Product Viewed", SHOP_T0 - 4, "{'product_id': 'p7'}");
    shop_join(s, "ann", "dev");
    assert_string_equal(viewed(s, "ann"), "p7 p6 p5 p4 p3 p2 z in jars");
}

static void merged_customers_add_up(void **state)
{
    struct shop *s = *state;
    shop_buy(s, "ann", "o1", SHOP_T0 + 10, "a b");
    shop_buy(s, "bob", "o1", SHOP_T0 + 5, "b c");
    shop_track(s, "bob", "Order Completed", SHOP_T0 + 20, "{'order_id': 'o2', 'revenue': 5}");
    const char *before = shop_print(s);
    int64_t merge = shop_merge(s, "ann", "bob");
    struct purchase_summary sum = sum_of(s, "bob");
    assert_int_equal(sum.orders, 3);
    assert_int_equal(sum.value_micro, 5000000);
    assert_int_equal(sum.first_ms, SHOP_T0 + 5);
    assert_int_equal(sum.last_ms, SHOP_T0 + 20);
    assert_string_equal(kept(s, "ann"), "a1 b2 c1");
    shop_unmerge(s, merge);
    assert_string_equal(shop_print(s), before);
}

/* ---- random lives ---- */

static uint64_t dice(uint64_t *seed)
{
    return hash_mix(*seed += 0x9e3779b97f4a7c15u);
}

static void random_event(struct shop *s, uint64_t *seed, int i)
{
    static const char *const events[] = { "Order Completed", "Order Completed", "Order Completed",
                                          "Order Updated", "Order Refunded", "Order Cancelled", "Product Viewed" };
    const char *event = events[dice(seed) % 7];
    char who[16], properties[200];
    int64_t at = SHOP_T0 + (int64_t)(dice(seed) % 50) * SHOP_DAY + i;
    snprintf(who, sizeof who, "u%d", (int)(dice(seed) % 5));
    int order = (int)(dice(seed) % 6), product = (int)(dice(seed) % 7);
    if (event[0] == 'P')
        snprintf(properties, sizeof properties, "{'product_id': 'p%d', 'category': 'c%d'}", product, product % 3);
    else if (dice(seed) % 4 == 0)
        snprintf(properties, sizeof properties, "{'order_id': 'o%d'}", order);
    else
        snprintf(properties, sizeof properties,
                 "{'order_id': 'o%d', 'products': [{'product_id': 'p%d', 'price': %d, 'quantity': %d},"
                 " {'product_id': 'p%d', 'price': 1}]}",
                 order, product, 1 + order, 1 + product, (product + order) % 7);
    if (dice(seed) % 6 == 0)
        shop_nobody(s, event, at, properties);
    else
        shop_track(s, who, event, at, properties);
}

struct edit {
    int64_t seq;
};

static enum err_code take_back(void *arg, struct tx *tx, struct err *e)
{
    return tx_delete_fact(tx, ((struct edit *)arg)->seq, SLICE("eva"), SLICE(""), e);
}

/* Snapshot and replay, forgetting and telling again: the same state as told fresh. */
static void every_way_to_the_same_state(void **state)
{
    struct shop *s = *state;
    uint64_t seed = 7;
    for (int i = 0; i < 400; i++)
        random_event(s, &seed, i);
    const char *told = shop_print(s);
    shop_end(s);  // saves the snapshot
    shop_make(s);
    shop_begin(s);
    assert_int_equal(memory_stats(s->lab.memory).replayed_at_start, 0);
    assert_string_equal(shop_print(s), told);
    for (int i = 400; i < 450; i++)  // and what follows a snapshot is understood as before
        random_event(s, &seed, i);
    struct follower f = purchases_follower(s->purchases);
    const char *after = shop_print(s);
    struct fact *facts;
    size_t n = lab_facts(&s->lab, false, &facts);
    f.reset(f.self);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(f.apply(f.self, &facts[i], NULL), ERR_OK);
    assert_string_equal(shop_print(s), after);
    for (uint32_t customer = 1; customer <= 5; customer++) {
        f.forget(f.self, customer);
        for (size_t i = 0; i < n; i++)
            if (facts[i].customer == customer)
                assert_int_equal(f.apply(f.self, &facts[i], NULL), ERR_OK);
    }
    assert_string_equal(shop_print(s), after);
}

/* A fact taken back leaves what there would be, had it never been told. */
static void a_deleted_fact_never_was(void **state)
{
    struct shop *s = *state;
    shop_buy(s, "ann", "o1", SHOP_T0, "a b");
    shop_track(s, "ann", "Product Viewed", SHOP_T0 + 1, "{'product_id': 'z', 'category': 'c'}");
    shop_nobody(s, "Order Completed", SHOP_T0 + 9, TWO_CUPS);  // the newest order stays
    const char *before = shop_print(s);
    shop_track(s, "ann", "Order Refunded", SHOP_T0 + 2, "{'order_id': 'o1'}");
    struct fact *facts;
    size_t n = lab_facts(&s->lab, false, &facts);
    assert_string_equal(kept(s, "ann"), "");
    lab_must_run(&s->lab, take_back, &(struct edit){ facts[n - 1].seq });
    assert_string_equal(shop_print(s), before);
}

static void trend_and_orders_before(void **state)
{
    struct shop *s = *state;
    shop_buy(s, "ann", "o1", SHOP_T0, "old");
    shop_buy(s, "ann", "o2", SHOP_T0 + 30 * SHOP_DAY, "new");
    uint32_t root = shop_root(s, "ann");
    memory_read_lock(s->lab.memory);
    const struct purchases *p = s->purchases;
    assert_float_equal(purchases_product_trend(p, purchases_product_find(p, SLICE("old"))), 0.5, 1e-9);
    assert_float_equal(purchases_product_trend(p, purchases_product_find(p, SLICE("new"))), 1, 1e-9);
    assert_int_equal(purchases_orders_before(p, root, SHOP_T0), 0);
    assert_int_equal(purchases_orders_before(p, root, SHOP_T0 + 1), 1);
    assert_int_equal(purchases_orders_before(p, root, LAB_NOW), 2);
    memory_read_unlock(s->lab.memory);
    struct purchase_matrix *m = NULL;
    assert_int_equal(purchases_matrix(p, SHOP_T0 + 1, FACT_NO_TIME, &m, NULL), ERR_OK);
    assert_int_equal(m->buyers, 1);
    assert_int_equal(m->start[1], 1);
    assert_int_equal(m->item[0], purchases_product_find(p, SLICE("new")) - 1);
    purchase_matrix_drop(&m);
}

/* Ids are found in one step however many orders a customer has: a walk would take minutes here. */
static void one_customer_with_many_orders(void **state)
{
    struct shop *s = *state;
    shop_buy(s, "ann", "first", SHOP_T0, "a");
    uint32_t root = shop_root(s, "ann");
    struct follower f = purchases_follower(s->purchases);
    const int n = 200000;
    for (int i = 0; i < n; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"properties\":{\"order_id\":\"%d\",\"revenue\":1}}", i);
        struct fact fact = { .type = FACT_TRACK, .customer = root, .event = SLICE("Order Completed"),
                             .timestamp_ms = SHOP_T0 + i, .body = slice_of(body) };
        assert_int_equal(f.apply(f.self, &fact, NULL), ERR_OK);
        if (i % 2 == 0) {
            fact.event = SLICE("Order Updated");
            assert_int_equal(f.apply(f.self, &fact, NULL), ERR_OK);
        }
    }
    assert_int_equal(sum_of(s, "ann").orders, n + 1);
    assert_int_equal(sum_of(s, "ann").value_micro, (int64_t)n * 1000000);
}

int main(void)
{
#define SHOP_TEST(f) cmocka_unit_test_setup_teardown(f, shop_setup, shop_teardown)
    const struct CMUnitTest tests[] = {
        SHOP_TEST(orders_as_shops_tell_them), SHOP_TEST(no_amount_halts_the_follower),
        SHOP_TEST(a_life_of_one_order),       SHOP_TEST(what_is_given_back),
        SHOP_TEST(sales_of_nobody),           SHOP_TEST(edits_of_till_sales),
                SHOP_TEST(what_was_looked_at),
        SHOP_TEST(merged_customers_add_up),   SHOP_TEST(every_way_to_the_same_state),
        SHOP_TEST(a_deleted_fact_never_was),  SHOP_TEST(trend_and_orders_before),
        SHOP_TEST(one_customer_with_many_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
