#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/share/draw.h"
#include "insight/customer_share.h"
#include "insight/street_testing.h"

#define SHOPPERS 400
#define NEAR(is, want, by) assert_true(fabs((is) - (want)) <= (by))

struct rooms {
    struct street street;
    struct customer_share *share;
    double truth[SHOPPERS];          // share of customer, which the shop does not see
    double wallet[SHOPPERS];
};

static int rooms_setup(void **state)
{
    struct rooms *r = calloc(1, sizeof *r);
    assert_non_null(r);
    struct street *s = &r->street;
    street_start(s);
    const struct customer_share_rooms rooms = { s->shop.lab.memory, s->shop.purchases, s->people, s->population, &s->zones };
    assert_int_equal(customer_share_new(rooms, &r->share, NULL), ERR_OK);
    population_share_by(s->population, r->share);
    *state = r;
    return 0;
}

static int rooms_teardown(void **state)
{
    struct rooms *r = *state;
    street_stop(&r->street);
    customer_share_drop(&r->share);
    lab_close(&r->street.shop.lab);
    free(r);
    return 0;
}

static void product(struct rooms *r, const char *id, const char *category)
{
    char body[120];
    snprintf(body, sizeof body, "{\"product\":{\"id\":\"%s\",\"title\":\"T\",\"category\":\"%s\"}}", id, category);
    street_catalogue(&r->street, body);
}

/* products: "3 tea 1 cup", quantities and ids. */
static void order(struct rooms *r, const char *who, double value, const char *products, double days_ago)
{
    struct buf out = buf_make(0);
    struct slice rest = slice_of(products);
    buf_printf(&out, "{'order_id': 'o%d', 'revenue': %.2f, 'products': [", r->street.shop.told, value);
    for (const char *comma = ""; rest.len; comma = ", ") {
        struct slice quantity = slice_cut(&rest, ' '), id = slice_cut(&rest, ' ');
        buf_printf(&out, "%s{'product_id': '%.*s', 'quantity': %.*s}", comma, SLICE_ARG(id), SLICE_ARG(quantity));
    }
    buf_adds(&out, "]}");
    buf_addc(&out, 0);
    shop_track(&r->street.shop, who, "Order Completed", LAB_NOW - (int64_t)(days_ago * (double)SHOP_DAY), out.at);
    buf_drop(&out);
}

static void traits(struct rooms *r, const char *who, const char *json)
{
    char body[300];
    snprintf(body, sizeof body, "{\"userId\": \"%s\", \"messageId\": \"t%d\", \"traits\": {%s}}", who,
             r->street.shop.told++, json);
    assert_int_equal(lab_ingest(&r->street.shop.lab, INGEST_IDENTIFY, 1, body).accepted, 1);
}

static void refit(struct rooms *r)
{
    struct err e = { 0 };
    if (customer_share_refit(r->share, LAB_NOW, NULL, &e))
        fail_msg("fit: %s", e.text);
}

static struct share_one one_of(struct rooms *r, const char *category, const char *who)
{
    const struct share_scores *scores = customer_share_look(r->share);
    uint32_t root = shop_root(&r->street.shop, who);
    struct share_one one = share_of(scores, share_category_named(scores, slice_of(category)), root);
    share_scores_drop(&scores);
    return one;
}

/* Customers u0, u1, … buy tea all year: as often as a gamma mixture of mean 12 says, in baskets of their own size, and here by
 * chances of their own (Dirichlet, S 1.5, a third of it ours); the rest goes to competitors that the shop cannot see. */
static void shoppers(struct rooms *r)
{
    uint64_t seed = 11;
    char who[16];
    product(r, "tea", "drinks");
    for (int i = 0; i < SHOPPERS; i++) {
        unsigned all = any_purchases(&seed, 12, 4), own = any_own(&seed, all, 1.5, .35);
        double basket = 20 * exp(.6 * any_normal(&seed));
        snprintf(who, sizeof who, "u%d", i);
        r->truth[i] = all ? (double)own / all : NAN;
        r->wallet[i] = all * basket;
        for (unsigned n = 0; n < own; n++)
            order(r, who, basket, "1 tea", 355 * any_between(&seed) + 1);
        order(r, who, basket, "", 400);
    }
}

/* Its rank among n, the mean one where it ties. */
static double rank(const double *of, size_t n, size_t at)
{
    double below = 0;
    for (size_t i = 0; i < n; i++)
        below += of[i] < of[at] ? 1 : of[i] > of[at] ? 0 : .5;
    return below - (double)n / 2;
}

static double rank_correlation(const double *a, const double *b, size_t n)
{
    double together = 0, of_a = 0, of_b = 0;
    for (size_t i = 0; i < n; i++) {
        double x = rank(a, n, i), y = rank(b, n, i);
        together += x * y;
        of_a += x * x;
        of_b += y * y;
    }
    return together / sqrt(of_a * of_b);
}

/* ---- own spend ---- */
static const char *spent(struct rooms *r, const char *who, int64_t since_ms)
{
    static char text[300];
    struct spent s = { 0 };
    size_t at = 0;
    uint32_t root = shop_root(&r->street.shop, who);
    text[0] = 0;
    memory_read_lock(r->street.shop.lab.memory);
    assert_true(purchases_spent(r->street.shop.purchases, root, since_ms, LAB_NOW, &s));
    memory_read_unlock(r->street.shop.lab.memory);
    for (size_t i = 0; i < s.orders; i++) {
        const struct spent_line *line = &s.line[s.order[i].first_line];
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%g:", i ? " " : "", (double)s.order[i].value_micro / 1e6);
        for (size_t k = 0; k < s.order[i].lines; k++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%d*%u", line[k].quantity_milli / 1000, line[k].product);
    }
    spent_clear(&s);
    return text;
}

static void refunds_belong_to_their_orders(void **state)
{
    struct rooms *r = *state;
    struct shop *s = &r->street.shop;
    shop_track(s, "ana", "Order Completed", LAB_NOW - 90 * SHOP_DAY,
               "{'order_id': 'a', 'revenue': 10, 'products': [{'sku': 'p'}]}");
    shop_track(s, "ana", "Order Completed", LAB_NOW - 20 * SHOP_DAY,
               "{'order_id': 'b', 'revenue': 30, 'products': [{'sku': 'q', 'quantity': 3}]}");
    shop_track(s, "ana", "Order Refunded", LAB_NOW - 10 * SHOP_DAY, "{'order_id': 'b', 'revenue': 10}");
    shop_track(s, "ana", "Order Refunded", LAB_NOW - 9 * SHOP_DAY, "{'order_id': 'a', 'revenue': 4}");
    shop_track(s, "ana", "Order Refunded", LAB_NOW - 8 * SHOP_DAY, "{'revenue': 1}");
    shop_track(s, "ana", "Order Completed", LAB_NOW - 5 * SHOP_DAY, "{'order_id': 'c', 'revenue': 7}");
    shop_track(s, "ana", "Order Cancelled", LAB_NOW - 4 * SHOP_DAY, "{'order_id': 'c'}");
    assert_string_equal(spent(r, "ana", LAB_NOW - 50 * SHOP_DAY), "-1: -10:3*2 30:3*2");
    assert_string_equal(spent(r, "ana", 0), "-1: -4:1*1 -10:3*2 30:3*2 10:1*1");
}

/* Tea costs 4, a cup 10, a pot 30; orders only say what they came to. */
static void values_are_divided_by_prices(void **state)
{
    struct rooms *r = *state;
    product(r, "tea", "drinks");
    product(r, "cup", "china");
    product(r, "pot", "china");
    order(r, "ana", 4 * 2 + 10, "2 tea 1 cup", 30);
    order(r, "ana", 4 + 30, "1 tea 1 pot", 20);
    order(r, "bea", 10 * 3, "3 cup", 20);
    order(r, "bea", 4 * 5 + 30, "5 tea 1 pot", 10);
    order(r, "cid", 10 + 30, "1 cup 1 pot", 10);
    order(r, "dan", 99, "", 10);
    shop_track(&r->street.shop, "bea", "Order Refunded", LAB_NOW - SHOP_DAY,
               "{'revenue': 10, 'products': [{'product_id': 'cup', 'quantity': 1}]}");
    refit(r);
    static const struct { const char *who, *category; double own; } cases[] = {
        { "ana", "drinks", 12 }, { "ana", "china", 40 }, { "ana", "", 52 }, { "bea", "drinks", 20 }, { "bea", "china", 50 },
        { "cid", "china", 40 }, { "cid", "drinks", 0 }, { "dan", "", 99 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        NEAR(one_of(r, cases[i].category, cases[i].who).own, cases[i].own, .2);
    assert_int_equal(one_of(r, "drinks", "cid").why, SHARE_NOT_BUYING);
    assert_int_equal(one_of(r, "drinks", "ana").why, SHARE_FEW_ALIKE);
    assert_true(isnan(one_of(r, "drinks", "ana").wallet));
}

/* ---- shares ---- */
static void shares_are_near_the_hidden_ones(void **state)
{
    struct rooms *r = *state;
    double said[SHOPPERS], truth[SHOPPERS];
    size_t n = 0, within = 0, buyers = 0;
    char who[16];
    shoppers(r);
    assert_int_equal(one_of(r, "", "u1").why, SHARE_NOT_FITTED);
    assert_true(customer_share_refit_due(r->share, LAB_NOW));
    refit(r);
    assert_false(customer_share_refit_due(r->share, LAB_NOW));
    for (int i = 0; i < SHOPPERS; i++) {
        snprintf(who, sizeof who, "u%d", i);
        struct share_one one = one_of(r, "drinks", who);
        buyers += r->truth[i] > 0;
        assert_true((one.why == SHARE_NOT_BUYING) == !(r->truth[i] > 0));
        if (one.why != SHARE_KNOWN)
            continue;
        assert_true(one.low <= one.wallet && one.wallet <= one.high && one.own <= one.low);
        within += r->wallet[i] >= one.low && r->wallet[i] <= one.high;
        said[n] = share_of_wallet(&one, one.wallet);
        truth[n++] = r->truth[i];
    }
    print_message("%zu of %zu known, rank correlation %.3f, %zu within\n", n, buyers, rank_correlation(said, truth, n), within);
    assert_true(n > buyers / 2 && n < buyers);
    assert_true(rank_correlation(said, truth, n) > .6);
    assert_true((double)within > .7 * (double)n);
}

/* Their own word counts for more than others'; nobody's spend at home is less than what they spend here. */
static void declared_wallets_count(void **state)
{
    struct rooms *r = *state;
    shoppers(r);
    for (int i = 0; i < 6; i++)
        order(r, "eva", 20, "1 tea", 30 + 30 * i);
    refit(r);
    struct share_one before = one_of(r, "drinks", "eva");
    traits(r, "eva", "\"wallet(drinks)\": 900, \"wallet(moon)\": 5");
    traits(r, "idle", "\"wallet\": 700");
    refit(r);
    struct share_one after = one_of(r, "drinks", "eva"), idle = one_of(r, "", "idle");
    NEAR(after.declared, 900, 0);
    assert_int_equal(after.why, SHARE_KNOWN);
    assert_true(after.wallet > before.potential && after.wallet < 900 && after.wallet > 300);
    assert_true(after.high / after.low < 4);
    assert_true(before.why != SHARE_KNOWN || before.high / before.low > after.high / after.low);
    assert_true(idle.why == SHARE_KNOWN && idle.own == 0 && idle.wallet > 0 && share_of_wallet(&idle, idle.wallet) == 0);
    assert_int_equal(one_of(r, "drinks", "idle").why, SHARE_NOT_BUYING);
}

static void lists_go_by_what_is_within_reach(void **state)
{
    struct rooms *r = *state;
    uint32_t root[SHOPPERS];
    shoppers(r);
    refit(r);
    const struct share_scores *scores = customer_share_look(r->share);
    size_t n = share_by_reach(scores, 1, 0, SHOPPERS, root), customers = shop_root(&r->street.shop, "u399") + 1;
    assert_true(n > 100 && n < SHOPPERS);
    for (size_t i = 1; i < n; i++) {
        const struct share_one one = share_of(scores, 1, root[i]), before = share_of(scores, 1, root[i - 1]);
        assert_true(share_reach(&one) <= share_reach(&before));
    }
    assert_int_equal(share_by_reach(scores, 1, n - 2, SHOPPERS, root), 2);
    assert_int_equal(share_by_reach(scores, 1, n, SHOPPERS, root), 0);
    size_t known = 0;
    for (size_t i = 0; i < customers; i++) {
        const struct share_one one = share_of(scores, 0, (uint32_t)i);
        double reach = customer_share_reach(r->share, (uint32_t)i);
        known += one.why == SHARE_KNOWN;
        assert_true(one.why == SHARE_KNOWN ? reach == share_reach(&one) : isnan(reach));
    }
    assert_true(known > 100 && share_scores_bytes(scores) > 33 * known);
    share_scores_drop(&scores);
}

/* What was looked at stays while another fit comes. */
static void a_look_outlives_its_fit(void **state)
{
    struct rooms *r = *state;
    shoppers(r);
    refit(r);
    const struct share_scores *scores = customer_share_look(r->share);
    assert_int_equal(share_scores_fit(scores), 1);
    refit(r);
    const struct share_scores *anew = customer_share_look(r->share);
    assert_int_equal(share_scores_fit(anew), 2);
    uint32_t root = shop_root(&r->street.shop, "u3");
    assert_true(share_of(scores, 1, root).own == share_of(anew, 1, root).own);
    share_scores_drop(&scores);
    share_scores_drop(&anew);
}

/* ---- columns ---- */
/* NAN: null. */
static double cell(struct rooms *r, const char *column, const char *who)
{
    uint32_t row = shop_root(&r->street.shop, who);
    const struct column *c = columns_find(population_columns(r->street.population), slice_of(column));
    assert_non_null(c);
    return column_is_null(c, row) ? NAN : (double)column_raw(c, row) / pow(10, c->scale);
}

static void shares_are_columns(void **state)
{
    struct rooms *r = *state;
    struct err e;
    char who[16];
    size_t known = 0;
    shoppers(r);
    refit(r);
    assert_true(population_refresh_due(r->street.population, r->street.people));
    assert_int_equal(population_refresh(r->street.population, r->street.people, LAB_NOW, &e), ERR_OK);
    assert_false(population_refresh_due(r->street.population, r->street.people));
    for (int i = 0; i < 60; i++) {
        snprintf(who, sizeof who, "u%d", i);
        struct share_one one = one_of(r, "", who);
        known += one.why == SHARE_KNOWN;
        if (one.why == SHARE_KNOWN) {
            NEAR(cell(r, "share of customer", who), share_of_wallet(&one, one.wallet), .00051);
            NEAR(cell(r, "spend within reach", who), share_reach(&one), .0051);
        } else {
            assert_true(isnan(cell(r, "share of customer", who)) && isnan(cell(r, "spend within reach", who)));
        }
    }
    assert_true(known > 20);
}

/* ---- fits ---- */
static double number(struct json object, const char *name)
{
    double is = NAN;
    assert_true(json_double(json_get(object, name), &is));
    return is;
}

static void fits_are_kept_with_their_report(void **state)
{
    struct rooms *r = *state;
    struct share_fit_row row;
    struct json json;
    struct err e;
    bool is;
    shoppers(r);
    assert_int_equal(share_fit_newest(r->street.shop.lab.read, r->street.shop.lab.mem, &row, &is, &e), ERR_OK);
    assert_false(is);
    refit(r);
    assert_int_equal(share_fit_newest(r->street.shop.lab.read, r->street.shop.lab.mem, &row, &is, &e), ERR_OK);
    assert_true(is && row.id == 1 && row.fitted_ms == LAB_NOW);
    assert_int_equal(json_parse(r->street.shop.lab.parser, row.report, &json, &e), ERR_OK);
    struct json_iter it = json_iter(json_get(json, "categories"));
    assert_true(json_next(&it) && json_is(json_get(it.value, "category"), JSON_NULL));
    assert_true(json_next(&it) && slice_is(json_string(json_get(it.value, "category"), r->street.shop.lab.mem), "drinks"));
    double own = number(it.value, "ownKnown"), wallet = number(it.value, "wallet");
    assert_true(own > 0 && wallet > own);
    NEAR(number(it.value, "share"), own / wallet, .001);
    assert_true(json_is(json_get(json_get(it.value, "norm"), "share"), JSON_NULL));
    assert_false(json_next(&it));
}

/* All say what they spend on drinks, and of ten three buy none here. */
static void a_panel_gives_the_norm(void **state)
{
    struct rooms *r = *state;
    struct share_fit_row row;
    struct json json;
    struct err e;
    char who[16], said[60];
    bool is;
    shoppers(r);
    for (int i = 0; i < SHOPPERS; i++) {
        snprintf(who, sizeof who, "u%d", i);
        snprintf(said, sizeof said, "\"wallet(drinks)\": %.2f", r->wallet[i]);
        traits(r, who, said);
    }
    refit(r);
    assert_int_equal(share_fit_newest(r->street.shop.lab.read, r->street.shop.lab.mem, &row, &is, &e), ERR_OK);
    assert_int_equal(json_parse(r->street.shop.lab.parser, row.report, &json, &e), ERR_OK);
    struct json_iter it = json_iter(json_get(json, "categories"));
    assert_true(json_next(&it) && json_next(&it));
    struct json norm = json_get(it.value, "norm");
    double share = number(norm, "share"), penetration = number(norm, "penetration");
    print_message("usual share %.3f, penetration %.3f\n", share, penetration);
    double own = 0, all = 0, buyers = 0;
    for (int i = 0; i < SHOPPERS; i++) {
        own += r->truth[i] > 0 ? r->truth[i] * r->wallet[i] : 0;
        all += r->truth[i] > 0 ? r->wallet[i] : 0;
        buyers += r->truth[i] > 0;
    }
    NEAR(share, own / all, .1);
    NEAR(penetration, buyers / SHOPPERS, .05);
}

static void what_cannot_be_learnt_is_refused(void **state)
{
    struct rooms *r = *state;
    struct err e = { 0 };
    struct progress stop = { .cancel = true };
    assert_false(customer_share_refit_due(r->share, LAB_NOW));
    assert_int_equal(customer_share_refit(r->share, LAB_NOW, NULL, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.text, "nobody has bought"));
    order(r, "ana", 10, "1 tea", 3);
    assert_int_equal(customer_share_refit(r->share, LAB_NOW, &stop, &e), ERR_BUSY);
    assert_null(customer_share_look(r->share));
    assert_true(customer_share_refit_due(r->share, LAB_NOW));
    refit(r);
    assert_int_equal(one_of(r, "", "ana").why, SHARE_FEW_ALIKE);
}

/* A shop whose data end half a year ago is looked at as of then. */
static void old_data_have_their_own_year(void **state)
{
    struct rooms *r = *state;
    order(r, "ana", 10, "1 tea", 700);
    order(r, "ana", 20, "1 tea", 500);
    order(r, "ana", 40, "1 tea", 180);
    refit(r);
    NEAR(one_of(r, "", "ana").own, 60, .01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refunds_belong_to_their_orders, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(values_are_divided_by_prices, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(shares_are_near_the_hidden_ones, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(declared_wallets_count, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(lists_go_by_what_is_within_reach, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(a_look_outlives_its_fit, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(shares_are_columns, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(fits_are_kept_with_their_report, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(a_panel_gives_the_norm, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_learnt_is_refused, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(old_data_have_their_own_year, rooms_setup, rooms_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
