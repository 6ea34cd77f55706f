#include "offers/catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "offers/offers_testing.h"

static uint32_t number(struct stall *s, const char *id)
{
    return purchases_product_find(s->shop.purchases, slice_of(id));
}

/* "a b c" */
static const char *popular(struct stall *s, const char *category)
{
    static char text[2000];
    uint32_t product[POPULAR_MAX];
    text[0] = 0;
    memory_read_lock(s->shop.lab.memory);
    size_t n = catalogue_popular(s->catalogue, slice_of(category), product, POPULAR_MAX), at = 0;
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%.*s", i ? " " : "",
                               SLICE_ARG(purchases_product_id(s->shop.purchases, product[i])));
    memory_read_unlock(s->shop.lab.memory);
    return text;
}

static void what_is_put_is_there(void **state)
{
    struct stall *s = *state;
    struct product mug = { .id = SLICE("M1"), .title = SLICE("Café mug"), .description = SLICE("blue\n\"big\""),
                           .category = SLICE("mugs"), .image_url = SLICE("https://x.example/m.png"),
                           .url = SLICE("https://x.example/m"), .kind = PRODUCT_GOODS, .active = true,
                           .price_micro = 4250000, .stock = 7 };
    assert_true(stall_put(s, &mug));
    assert_false(stall_put(s, &mug));  // nothing differs: no fact
    int64_t facts = memory_stats(s->shop.lab.memory).facts;
    assert_false(stall_put(s, &mug));
    assert_int_equal(memory_stats(s->shop.lab.memory).facts, facts);
    mug.stock = 8;
    assert_true(stall_put(s, &mug));
    struct product stored;
    assert_int_equal(catalogue_get(s->shop.lab.read, SLICE("M1"), s->shop.lab.mem, &stored, NULL), ERR_OK);
    memory_read_lock(s->shop.lab.memory);
    const struct product *kept = catalogue_find(s->catalogue, SLICE("M1"));
    assert_non_null(kept);
    const struct product *const both[] = { &stored, kept };
    for (int i = 0; i < 2; i++) {
        assert_true(slice_eq(both[i]->title, mug.title) && slice_eq(both[i]->description, mug.description));
        assert_true(slice_eq(both[i]->category, mug.category) && slice_eq(both[i]->url, mug.url));
        assert_true(both[i]->price_micro == mug.price_micro && both[i]->stock == 8 && both[i]->active);
    }
    memory_read_unlock(s->shop.lab.memory);
    assert_int_equal(catalogue_count(s->catalogue), 1);
    stall_remove(s, "M1");
    assert_int_equal(catalogue_count(s->catalogue), 0);
    assert_null(catalogue_find(s->catalogue, SLICE("M1")));
    assert_int_equal(catalogue_get(s->shop.lab.read, SLICE("M1"), s->shop.lab.mem, &stored, NULL), ERR_NOT_FOUND);
}

struct attempt {
    struct product product;
    size_t variants;
};

static enum err_code try_put(void *arg, struct tx *tx, struct err *e)
{
    struct attempt *a = arg;
    bool changed;
    struct variant *variants = calloc(a->variants + 1, sizeof *variants);
    assert_non_null(variants);
    enum err_code code = tx_product_put(tx, &a->product, variants, a->variants, SLICE("eva"), &changed, e);
    free(variants);
    return code;
}

/* What could be stored but never read again would halt the follower: it is refused, with the member's name. */
static void what_could_not_be_read_is_refused(void **state)
{
    struct stall *s = *state;
    static char much[30000];
    memset(much, 'x', sizeof much);
    struct slice long_text = { much, sizeof much }, long_id = { much, LIMIT_PRODUCT_ID + 1 };
    const struct {
        struct attempt attempt;
        enum err_code code;
        const char *says;
    } cases[] = {
        { { { .id = { NULL, 0 } }, 0 }, ERR_INVALID, "id" },
        { { { .id = long_id }, 0 }, ERR_INVALID, "id" },
        { { { .id = SLICE("a"), .title = long_text }, 0 }, ERR_LIMIT, "title" },
        { { { .id = SLICE("a"), .description = long_text }, 0 }, ERR_LIMIT, "description" },
        { { { .id = SLICE("a"), .category = long_id }, 0 }, ERR_LIMIT, "category" },
        { { { .id = SLICE("a"), .url = long_text }, 0 }, ERR_LIMIT, "url" },
        { { { .id = SLICE("a"), .image_url = long_text }, 0 }, ERR_LIMIT, "imageUrl" },
        { { { .id = SLICE("a") }, LIMIT_PAGE + 1 }, ERR_LIMIT, "variants" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { 0 };
        struct attempt attempt = cases[i].attempt;
        assert_int_equal(lab_run(&s->shop.lab, try_put, &attempt, &e), cases[i].code);
        assert_non_null(strstr(e.text, cases[i].says));
    }
    assert_int_equal(catalogue_count(s->catalogue), 0);
}

static void popular_goods(void **state)
{
    struct stall *s = *state;
    static const char *const ids[] = { "a", "b", "c", "d", "e", "f" };
    for (int i = 0; i < 6; i++)
        stall_goods(s, ids[i], i < 3 ? "mugs" : "hats");
    for (int i = 0; i < 5; i++) {
        char order[16];
        snprintf(order, sizeof order, "o%d", i);
        shop_buy(&s->shop, "ann", order, SHOP_T0 + 60 * SHOP_DAY, i < 2 ? "b e" : i < 4 ? "b" : "a c d");
    }
    for (int i = 0; i < 6; i++) {  // more often, but two months ago: counts a quarter
        char order[16];
        snprintf(order, sizeof order, "x%d", i);
        shop_buy(&s->shop, "bob", order, SHOP_T0, "f");
    }
    assert_string_equal(popular(s, ""), "b e f a c d");
    assert_string_equal(popular(s, "mugs"), "b a c");  // no category row is needed
    assert_string_equal(popular(s, "Mugs & cups"), "");
    stall_category(s, "mugs", "Mugs & cups", "Tazas");
    assert_string_equal(popular(s, "Mugs & cups"), "b a c");
    assert_string_equal(popular(s, "Tazas"), "b a c");
    assert_string_equal(popular(s, "unknown"), "");
    stall_put(s, &(struct product){ .id = SLICE("b"), .title = SLICE("b"), .category = SLICE("hats"), .active = true });
    assert_string_equal(popular(s, "mugs"), "a c");  // b has no stock now, and is a hat
    assert_string_equal(popular(s, "hats"), "e f d");
    stall_remove(s, "e");
    assert_string_equal(popular(s, "hats"), "f d");
    shop_buy(&s->shop, "ann", "o9", SHOP_T0 + 60 * SHOP_DAY, "d");
    assert_string_equal(popular(s, "hats"), "d f");
}

static void what_may_be_offered(void **state)
{
    struct stall *s = *state;
    const struct {
        struct product product;
        bool offerable;
    } cases[] = {
        { { .id = SLICE("a"), .title = SLICE("A"), .active = true, .stock = 1 }, true },
        { { .id = SLICE("a"), .title = SLICE("A"), .active = true, .stock = STOCK_NOT_COUNTED }, true },
        { { .id = SLICE("a"), .title = SLICE("A"), .active = true, .stock = 0 }, false },
        { { .id = SLICE("a"), .title = SLICE("A"), .active = false, .stock = 1 }, false },
        { { .id = SLICE("a"), .title = SLICE(""), .active = true, .stock = 1 }, false },
        { { .id = SLICE("a"), .title = SLICE("A"), .active = true, .stock = 1, .kind = PRODUCT_FEE }, false },
    };
    shop_buy(&s->shop, "ann", "o1", SHOP_T0, "a other");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stall_put(s, &cases[i].product);
        memory_read_lock(s->shop.lab.memory);
        assert_int_equal(catalogue_offerable(s->catalogue, number(s, "a")), cases[i].offerable);
        assert_false(catalogue_offerable(s->catalogue, number(s, "other")));
        assert_false(catalogue_offerable(s->catalogue, 0) || catalogue_offerable(s->catalogue, 99));
        memory_read_unlock(s->shop.lab.memory);
    }
}

static void categories_have_names(void **state)
{
    struct stall *s = *state;
    stall_category(s, "bags", "Bags", "Bolsos");
    stall_category(s, "Bolsos", "Purses", "");  // another's name as id: the id wins
    struct slice en = catalogue_category_name(s->catalogue, SLICE("bags"), "en"),
                 es = catalogue_category_name(s->catalogue, SLICE("bags"), "es");
    assert_true(slice_is(en, "Bags") && slice_is(es, "Bolsos"));
    assert_true(slice_is(catalogue_category_name(s->catalogue, SLICE("Bolsos"), "en"), "Purses"));
    assert_true(slice_is(catalogue_category_name(s->catalogue, SLICE("Bolsos"), "es"), "Bolsos"));
    assert_true(slice_is(catalogue_category_name(s->catalogue, SLICE("hats"), "es"), "hats"));
}

static void a_restart_changes_nothing(void **state)
{
    struct stall *s = *state;
    stall_category(s, "mugs", "Mugs", "Tazas");
    stall_goods(s, "a", "mugs");
    stall_goods(s, "gone", "mugs");
    shop_buy(&s->shop, "ann", "o1", SHOP_T0, "gone a x");
    stall_remove(s, "gone");
    stall_goods(s, "x", "hats");
    for (int i = 0; i < 2; i++) {
        assert_string_equal(popular(s, "Tazas"), "a");
        assert_string_equal(popular(s, ""), "a x");
        assert_int_equal(catalogue_count(s->catalogue), 2);
        stall_close(s);
        stall_open(s);
    }
    // purchases told from the first fact again, the catalogue not: numbers are found all the same
    struct follower bought = purchases_follower(s->shop.purchases), goods = catalogue_follower(s->catalogue);
    goods.reset(goods.self);
    assert_string_equal(popular(s, ""), "a x");
    bought.reset(bought.self);
    assert_string_equal(popular(s, ""), "");
}

int main(void)
{
#define STALL_TEST(f) cmocka_unit_test_setup_teardown(f, stall_setup, stall_teardown)
    const struct CMUnitTest tests[] = {
        STALL_TEST(what_is_put_is_there), STALL_TEST(what_could_not_be_read_is_refused),
        STALL_TEST(popular_goods),        STALL_TEST(what_may_be_offered),
        STALL_TEST(categories_have_names), STALL_TEST(a_restart_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
