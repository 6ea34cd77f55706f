#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "engine/feel/temporal.h"
#include "insight/insight_testing.h"
#include "insight/likings.h"
#include "insight/population.h"
#include "text/time.h"

#define NEAR(is, want, by) assert_true(fabs((is) - (want)) <= (by))
#define HOUR (SHOP_DAY / 24)

struct rooms {
    struct shop shop;                // first
    struct likings *likings;
    struct population *population;
    struct people *people;
    struct zones zones;              // of the next rooms_start
};

static void rooms_start(struct rooms *r)
{
    shop_make(&r->shop);
    assert_int_equal(likings_new(r->shop.lab.memory, r->shop.purchases, &r->zones, &r->likings, NULL), ERR_OK);
    assert_int_equal(population_new(r->shop.lab.memory, &r->zones, &r->population, NULL), ERR_OK);
    population_like_by(r->population, r->likings);
    const struct follower follower[] = { population_follower(r->population), population_events_follower(r->population),
                                         population_columns_follower(r->population), likings_follower(r->likings) };
    for (size_t i = 0; i < sizeof follower / sizeof *follower; i++)
        memory_follow(r->shop.lab.memory, &follower[i]);
    shop_begin(&r->shop);
    assert_int_equal(people_new(r->shop.lab.memory, r->shop.purchases, &r->people, NULL), ERR_OK);
}

static void rooms_stop(struct rooms *r)
{
    lab_stop(&r->shop.lab);
    people_drop(&r->people);
    population_drop(&r->population);
    likings_drop(&r->likings);
    purchases_drop(&r->shop.purchases);
}

static int rooms_setup(void **state)
{
    struct rooms *r = calloc(1, sizeof *r);
    assert_non_null(r);
    rooms_start(r);
    *state = r;
    return 0;
}

static int rooms_teardown(void **state)
{
    struct rooms *r = *state;
    rooms_stop(r);
    lab_close(&r->shop.lab);
    free(r);
    return 0;
}

/* ---- a shop ---- */
static enum err_code tell_catalogue(void *arg, struct tx *tx, struct err *e)
{
    struct fact fact = { .type = FACT_CATALOGUE, .timestamp_ms = tx->now_ms, .original_ms = FACT_NO_TIME,
                         .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms, .body = slice_of(arg) };
    TRY(tx_source(tx, SLICE("web"), &fact.source, e));
    return tx_append(tx, &fact, e);
}

static void product(struct rooms *r, const char *id, const char *category, double price)
{
    char body[200];
    snprintf(body, sizeof body, "{\"product\":{\"id\":\"%s\",\"category\":\"%s\",\"price\":%g}}", id, category, price);
    lab_must_run(&r->shop.lab, tell_catalogue, body);
}

/* tea1 to tea5 and pot1 to pot5, which cost 1 to 5. */
static void catalogue(struct rooms *r)
{
    static const char *const categories[] = { "tea", "pot" };
    char id[16];
    for (size_t c = 0; c < 2; c++)
        for (int i = 1; i <= 5; i++) {
            snprintf(id, sizeof id, "%s%d", categories[c], i);
            product(r, id, categories[c], i);
        }
}

static void look(struct rooms *r, const char *who, const char *event, int64_t at_ms, const char *id)
{
    char body[100];
    snprintf(body, sizeof body, "{'product_id': '%s', 'brand': 'of %.3s'}", id, id);
    shop_track(&r->shop, who, event, at_ms, body);
}

static void turn(struct rooms *r, int64_t now_ms)
{
    struct err e;
    assert_int_equal(likings_refresh(r->likings, now_ms, &e), ERR_OK);
    assert_false(likings_due(r->likings));
}

static struct customer_likings of(struct rooms *r, const char *who, struct likings_work *work)
{
    struct likings_view view = likings_look(r->likings);
    uint32_t root = shop_root(&r->shop, who);
    memory_read_lock(r->shop.lab.memory);
    struct customer_likings is = likings_of(&view, work, root, true);
    memory_read_unlock(r->shop.lab.memory);
    likings_leave(&view);
    return is;
}

/* "tea .75", or "" where it is unknown. */
static const char *favourite(struct rooms *r, const char *who, enum liking liking)
{
    static char text[100];
    struct likings_work work = { 0 };
    struct customer_likings is = of(r, who, &work);
    struct likings_view view = likings_look(r->likings);
    text[0] = 0;
    memory_read_lock(r->shop.lab.memory);
    struct slice word = likings_word(&view, liking, is.of[liking].code);
    if (is.of[liking].known && word.len)
        snprintf(text, sizeof text, "%.*s", SLICE_ARG(word));
    else if (is.of[liking].known)
        snprintf(text, sizeof text, "%u", is.of[liking].code);
    memory_read_unlock(r->shop.lab.memory);
    likings_leave(&view);
    likings_work_clear(&work);
    return text;
}

static double price_level(struct rooms *r, const char *who)
{
    struct likings_work work = { 0 };
    struct customer_likings is = of(r, who, &work);
    likings_work_clear(&work);
    return is.price_level;
}

/* ---- what is known of whom ---- */
static void what_is_bought_is_liked(void **state)
{
    struct rooms *r = *state;
    int64_t monday = LAB_NOW - LAB_NOW % SHOP_DAY - 35 * SHOP_DAY;  // 2026-10-19
    catalogue(r);
    for (int i = 0; i < 5; i++) {
        char id[16];
        snprintf(id, sizeof id, "a%d", i);
        shop_buy(&r->shop, "ana", id, monday + 7 * i * SHOP_DAY + 9 * HOUR, i ? "tea5 tea4" : "tea5 tea4 pot1");
    }
    shop_buy(&r->shop, "bea", "b1", LAB_NOW - SHOP_DAY, "pot1");
    look(r, "bea", "Product Viewed", LAB_NOW - SHOP_DAY, "pot2");
    turn(r, LAB_NOW);
    assert_string_equal(favourite(r, "ana", LIKING_CATEGORY), "tea");
    assert_string_equal(favourite(r, "ana", LIKING_HOUR), "9");
    assert_string_equal(favourite(r, "ana", LIKING_WEEKDAY), "monday");
    assert_string_equal(favourite(r, "ana", LIKING_CHANNEL), "web");
    assert_string_equal(favourite(r, "ana", LIKING_BRAND), "");   // nobody has told one
    assert_string_equal(favourite(r, "bea", LIKING_CATEGORY), "");
    assert_true(isnan(price_level(r, "bea")));

    struct likings_work work = { 0 };
    struct customer_likings is = of(r, "ana", &work);
    int64_t end = LAB_NOW - LAB_NOW % SHOP_DAY + SHOP_DAY - 1;
    double all = 0, tea = 0, fade = 90.0 * (double)SHOP_DAY;
    for (int i = 0; i < 5; i++) {
        double mass = exp2(-(double)(end - (monday + 7 * i * SHOP_DAY + 9 * HOUR)) / fade);
        tea += 2 * mass;
        all += (i ? 2 : 3) * mass;
    }
    double bea = exp2(-(double)(end - (LAB_NOW - SHOP_DAY)) / fade) * 1.1;
    double shop = tea / (all + bea);
    NEAR(is.of[LIKING_CATEGORY].evidence, all, 1e-6);
    NEAR(is.of[LIKING_CATEGORY].shop_share, shop, 1e-4);   // bea's look is kept by the minute
    NEAR(is.of[LIKING_CATEGORY].share, (tea + 2 * shop) / (all + 2), 1e-4);
    assert_true(is.price_level > 3.5 && is.price_level < 4.5);
    struct liking_code best[4];
    struct likings_view view = likings_look(r->likings);
    assert_int_equal(likings_best(&view, &work, LIKING_CATEGORY, best, 4), 2);
    assert_int_equal(best[0].bought, 10);
    assert_int_equal(best[0].bought_all, 11);
    assert_int_equal(best[1].bought, 1);
    assert_int_equal(best[0].looked_all, 0);
    assert_int_equal(best[0].since_ms, monday + 9 * HOUR);
    assert_int_equal(likings_of_shop(&view, LIKING_CATEGORY, best, 4), 2);
    NEAR(best[0].shop_share + best[1].shop_share, 1, 1e-9);
    likings_leave(&view);
    likings_work_clear(&work);
}

static void looks_count_a_little_and_the_last_forty(void **state)
{
    struct rooms *r = *state;
    struct likings_work work = { 0 };
    catalogue(r);
    for (int i = 0; i < 60; i++)
        look(r, "ana", i == 59 ? "Product Added" : "Product Viewed", LAB_NOW - (60 - i) * HOUR, i < 20 ? "pot1" : "tea2");
    turn(r, LAB_NOW);
    struct customer_likings is = of(r, "ana", &work);
    assert_int_equal(work.n, LOOKS_MAX);
    NEAR(is.of[LIKING_CATEGORY].evidence, 3.9 + .3, .1);
    assert_string_equal(favourite(r, "ana", LIKING_CATEGORY), "tea");
    assert_string_equal(favourite(r, "ana", LIKING_BRAND), "of tea");
    NEAR(is.price_level, 2, 1e-6);
    turn(r, LAB_NOW + 90 * SHOP_DAY);                    // half as much is too little
    assert_string_equal(favourite(r, "ana", LIKING_CATEGORY), "");
    likings_work_clear(&work);
}

static void levels_are_fifths_of_a_category(void **state)
{
    struct rooms *r = *state;
    static const struct { const char *id, *category; double price; double want; } of_price[] = {
        { "p1", "pots", 10, 1 }, { "p2", "pots", 10, 1 }, { "p3", "pots", 12, 2 }, { "p4", "pots", 15, 3 },
        { "p5", "pots", 15, 3 }, { "p6", "pots", 15, 3 }, { "p7", "pots", 18, 4 }, { "p8", "pots", 25, 4 },
        { "p9", "pots", 40, 5 }, { "p10", "pots", 99, 5 }, { "q1", "cups", 1, NAN }, { "q2", "cups", 9, NAN },
    };
    size_t n = sizeof of_price / sizeof *of_price;
    for (size_t i = 0; i < n; i++)
        product(r, of_price[i].id, of_price[i].category, of_price[i].price);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 30; k++) {
            char order[16];
            snprintf(order, sizeof order, "%zu-%d", i, k);
            shop_buy(&r->shop, of_price[i].id, order, LAB_NOW - HOUR, of_price[i].id);
        }
    turn(r, LAB_NOW);
    for (size_t i = 0; i < n; i++) {
        double is = price_level(r, of_price[i].id);      // that of the shop weighs 2 in 32
        assert_true(isnan(of_price[i].want) ? isnan(is) : fabs(is - of_price[i].want) < .15);
    }
    product(r, "p1", "pots", 500);                       // the dearest now
    assert_false(likings_due(r->likings));               // not within 4 ms, of 12 customers
    likings_turn(r->likings, LAB_NOW + 4);
    assert_true(likings_due(r->likings));
    turn(r, LAB_NOW + 4);
    assert_true(price_level(r, "p1") > 4.8);
    lab_must_run(&r->shop.lab, tell_catalogue, "{\"removed\":\"p9\"}");
    assert_false(likings_due(r->likings));
    assert_string_equal(favourite(r, "p9", LIKING_CATEGORY), "pots");
}

static void what_was_taken_back_is_not_liked(void **state)
{
    struct rooms *r = *state;
    catalogue(r);
    for (int i = 0; i < 5; i++) {
        char id[16];
        snprintf(id, sizeof id, "a%d", i);
        shop_buy(&r->shop, "ana", id, LAB_NOW - SHOP_DAY, "tea1");
    }
    turn(r, LAB_NOW);
    assert_string_equal(favourite(r, "ana", LIKING_CATEGORY), "tea");
    shop_buy(&r->shop, "ana", "a0", LAB_NOW - SHOP_DAY, "pot1 pot2 pot3 pot4 pot5");  // the same order, another state
    assert_string_equal(favourite(r, "ana", LIKING_CATEGORY), "");
    shop_track(&r->shop, "ana", "Order Refunded", LAB_NOW - HOUR, "{'order_id': 'a0'}");
    assert_string_equal(favourite(r, "ana", LIKING_CATEGORY), "tea");
    shop_track(&r->shop, "ana", "Order Cancelled", LAB_NOW - HOUR, "{'order_id': 'a1'}");
    shop_track(&r->shop, "ana", "Order Cancelled", LAB_NOW - HOUR, "{'order_id': 'a2'}");
    assert_string_equal(favourite(r, "ana", LIKING_CATEGORY), "");
    struct likings_work work = { 0 };
    struct customer_likings is = of(r, "ana", &work);
    NEAR(is.of[LIKING_CATEGORY].evidence, 2, .04);
    NEAR(is.of[LIKING_CHANNEL].evidence, 3, .06);        // what came back was bought all the same
    likings_work_clear(&work);
}

static bool an_hour_east(void *arg, struct slice name, int64_t second, bool local, int32_t *ret)
{
    (void)arg;
    (void)name;
    (void)second;
    assert_false(local);
    *ret = 3600;
    return true;
}

static void the_shops_zone_tells_the_hour(void **state)
{
    struct rooms *r = *state;
    int64_t midnight = LAB_NOW - LAB_NOW % SHOP_DAY;     // a Monday
    for (int i = 0; i < 4; i++)
        look(r, "ana", "Product Added", midnight - HOUR, "tea1");
    for (int i = 0; i < 12; i++)
        shop_buy(&r->shop, "ana", "", midnight - HOUR / 2, "tea1");
    shop_buy(&r->shop, "ana", "", -40000 * SHOP_DAY, "tea1");          // from before 1970
    shop_buy(&r->shop, "ana", "", LAB_NOW + 9 * SHOP_DAY, "tea1");      // a clock that is ahead counts as today's end
    turn(r, LAB_NOW);
    assert_string_equal(favourite(r, "ana", LIKING_HOUR), "23");
    assert_string_equal(favourite(r, "ana", LIKING_WEEKDAY), "sunday");
    rooms_stop(r);
    r->zones = (struct zones){ an_hour_east, NULL, SLICE("Here") };
    rooms_start(r);
    turn(r, LAB_NOW);
    assert_string_equal(favourite(r, "ana", LIKING_HOUR), "0");
    assert_string_equal(favourite(r, "ana", LIKING_WEEKDAY), "monday");
}

/* ---- columns ---- */
static void refresh(struct rooms *r, int64_t now_ms)
{
    struct err e;
    assert_int_equal(population_refresh(r->population, r->people, now_ms, &e), ERR_OK);
    assert_false(population_refresh_due(r->population, r->people));
}

/* A code's text, a number with a place, or "" */
static const char *cell(struct rooms *r, const char *column, const char *who)
{
    static char text[100];
    uint32_t row = shop_root(&r->shop, who);
    const struct column *c = columns_find(population_columns(r->population), slice_of(column));
    assert_non_null(c);
    text[0] = 0;
    if (!column_is_null(c, row) && c->kind == COLUMN_CODES)
        snprintf(text, sizeof text, "%.*s", SLICE_ARG(c->dictionary->value[column_raw(c, row)].string));
    else if (!column_is_null(c, row))
        snprintf(text, sizeof text, "%.1f", (double)column_raw(c, row) / pow(10, c->scale));
    return text;
}

static void likings_are_columns(void **state)
{
    struct rooms *r = *state;
    catalogue(r);
    for (int i = 0; i < 8; i++) {
        shop_buy(&r->shop, "ana", "", LAB_NOW - 3 * HOUR, "tea5");
        shop_buy(&r->shop, "bea", "", LAB_NOW - 3 * HOUR, "pot1");
    }
    refresh(r, LAB_NOW);
    assert_string_equal(cell(r, "favourite category", "ana"), "tea");
    assert_string_equal(cell(r, "favourite category share", "ana"), "0.9");
    assert_string_equal(cell(r, "favourite weekday", "ana"), "monday");
    assert_string_equal(cell(r, "favourite hour", "ana"), "0.0");
    assert_string_equal(cell(r, "favourite channel", "ana"), "web");
    assert_string_equal(cell(r, "favourite brand", "ana"), "");
    assert_true(atof(cell(r, "price level", "ana")) > 4);
    assert_true(atof(cell(r, "price level", "bea")) < 2);

    int64_t merge = shop_merge(&r->shop, "ana", "bea");
    refresh(r, LAB_NOW);
    assert_string_equal(cell(r, "favourite category", "ana"), "");     // as many of each
    assert_string_equal(cell(r, "price level", "ana"), "3.0");
    shop_unmerge(&r->shop, merge);
    refresh(r, LAB_NOW);
    assert_string_equal(cell(r, "favourite category", "ana"), "tea");
    assert_string_equal(cell(r, "favourite category", "bea"), "pot");

    product(r, "tea5", "pot", 1);                                       // people who did nothing follow
    assert_true(population_refresh_due(r->population, r->people));
    refresh(r, LAB_NOW);
    assert_string_equal(cell(r, "favourite category", "ana"), "pot");

    likings_turn(r->likings, LAB_NOW + 200 * SHOP_DAY);
    assert_true(population_refresh_due(r->population, r->people));
    refresh(r, LAB_NOW + 200 * SHOP_DAY);
    assert_string_equal(cell(r, "favourite category", "ana"), "");     // 8 purchases long ago are 1.7
}

/* ---- a life at random against what reading it anew gives ---- */
static uint64_t seed = 3;

static uint64_t any(uint64_t below)
{
    return hash_mix(++seed) % below;
}

static enum err_code delete_one(void *arg, struct tx *tx, struct err *e)
{
    return tx_delete_fact(tx, *(int64_t *)arg, SLICE("test"), SLICE(""), e);
}

static void live(struct rooms *r)
{
    static const char *const products[] = { "tea1", "tea5", "pot2", "pot3", "pot5" };
    char who[16], order[16];
    snprintf(who, sizeof who, any(3) ? "u%d" : "@d%d", (int)any(5));
    snprintf(order, sizeof order, "o%d", (int)any(6));
    int64_t at_ms = LAB_NOW - (int64_t)any(60 * 24) * HOUR;
    char body[40];
    snprintf(body, sizeof body, "{'order_id': '%s'}", order);
    switch (any(9)) {
    case 0: case 1: shop_buy(&r->shop, who, order, at_ms, products[any(5)]); break;
    case 2: shop_track(&r->shop, who, any(2) ? "Order Refunded" : "Order Cancelled", at_ms, body); break;
    case 3: shop_join(&r->shop, "u1", "d2"); break;
    case 4: {
        int64_t seq = memory_stats(r->shop.lab.memory).facts;
        struct err e;
        (void)lab_run(&r->shop.lab, delete_one, &seq, &e);
        break;
    }
    default: look(r, who, any(4) ? "Product Viewed" : "Product Added", at_ms, products[any(5)]);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every code of every customer with its share, as sorted lines. */
static const char *print(struct rooms *r)
{
    char *line[2000];
    size_t n = 0;
    struct likings_work work = { 0 };
    struct buf out = buf_make(0);
    turn(r, r->shop.lab.clock.fixed_ms += SHOP_DAY);
    struct likings_view view = likings_look(r->likings);
    memory_read_lock(r->shop.lab.memory);
    const struct customers *customers = memory_customers(r->shop.lab.memory);
    for (uint32_t root = 1; root <= customers_count(customers); root++) {
        if (!customers_is_root(customers, root))
            continue;
        likings_of(&view, &work, root, true);
        for (enum liking k = 0; k < LIKINGS; k++) {
            struct liking_code best[LIKING_SHOWN];
            size_t codes = likings_best(&view, &work, k, best, LIKING_SHOWN);
            for (size_t i = 0; i < codes; i++) {
                struct slice word = likings_word(&view, k, best[i].code);
                struct slice text = arena_printf(r->shop.lab.mem, "%u %s %.*s%u %.6f %.6f %u/%u %u/%u\n", root, liking_name(k),
                                                 SLICE_ARG(word), word.len ? 0 : best[i].code, best[i].share,
                                                 best[i].shop_share, best[i].bought, best[i].bought_all, best[i].looked,
                                                 best[i].looked_all);
                line[n++] = (char *)text.at;
                assert_true(n < 2000);
            }
        }
    }
    memory_read_unlock(r->shop.lab.memory);
    likings_leave(&view);
    likings_work_clear(&work);
    qsort(line, n, sizeof *line, by_text);
    for (size_t i = 0; i < n; i++)
        buf_adds(&out, line[i]);
    const char *text = arena_copy(r->shop.lab.mem, buf_slice(&out)).at;
    buf_drop(&out);
    assert_true(n > 0);
    return text;
}

static void is_what_reading_anew_gives(void **state)
{
    struct rooms *r = *state;
    char path[120];
    catalogue(r);
    for (int i = 1; i <= 5; i++) {  // brands are told once, by an event that stays
        char id[16];
        snprintf(id, sizeof id, i < 3 ? "tea%d" : "pot%d", i == 2 ? 5 : i == 4 ? 2 : i);
        look(r, "first", "Product Viewed", LAB_NOW - SHOP_DAY, id);
    }
    for (int turns = 0; turns < 12; turns++) {
        for (int step = 0; step < 40; step++)
            live(r);
        const char *told = print(r);
        rooms_stop(r);
        snprintf(path, sizeof path, "%s/snapshots/likings.snap", r->shop.lab.dir);
        if (turns % 2)
            assert_int_equal(remove(path), 0);
        rooms_start(r);
        r->shop.lab.clock.fixed_ms -= SHOP_DAY;  // as of the same day
        assert_string_equal(told, print(r));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_bought_is_liked, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(looks_count_a_little_and_the_last_forty, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(levels_are_fifths_of_a_category, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(what_was_taken_back_is_not_liked, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(the_shops_zone_tells_the_hour, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(likings_are_columns, rooms_setup, rooms_teardown),
        cmocka_unit_test_setup_teardown(is_what_reading_anew_gives, rooms_setup, rooms_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
