#include "offers/decide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "offers/offers_testing.h"

struct desk {
    struct stall stall;
    struct recommendations *recommendations;
    struct decider *decider;
};

#define GOODS 40
#define BUYERS 30

/* Two tastes: odd customers buy odd goods. g0 to g9 are mugs, g10 to g19 hats, and so on. */
static void furnish(struct desk *d)
{
    static const char *const categories[] = { "mugs", "hats", "jars", "bags" };
    char id[16], order[32], products[80], who[16];
    for (int i = 0; i < GOODS; i++) {
        snprintf(id, sizeof id, "g%d", i);
        stall_goods(&d->stall, id, categories[i / 10]);
    }
    stall_category(&d->stall, "hats", "Hats", "Sombreros");
    for (int b = 0; b < BUYERS; b++)
        for (int o = 0; o < 3; o++) {
            int first = (b * 7 + o * 6) % (GOODS / 2);
            snprintf(who, sizeof who, "u%d", b);
            snprintf(order, sizeof order, "o%d-%d", b, o);
            snprintf(products, sizeof products, "g%d g%d", first * 2 + b % 2, (first * 2 + 4) % GOODS + b % 2);
            shop_buy(&d->stall.shop, who, order, SHOP_T0 + (b + o * 40) * SHOP_DAY, products);
        }
}

static int setup(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_non_null(d);
    stall_open(&d->stall);
    struct shop *shop = &d->stall.shop;
    furnish(d);
    const struct recommend_taste taste = taste_of_catalogue(d->stall.catalogue);
    assert_int_equal(recommendations_new(shop->lab.memory, shop->purchases, shop->lab.read, &d->recommendations, NULL), ERR_OK);
    assert_true(recommendations_due(d->recommendations, LAB_NOW));
    assert_int_equal(recommendations_refit(d->recommendations, &taste, LAB_NOW, NULL, NULL), ERR_OK);
    assert_int_equal(decider_new(shop->lab.memory, shop->purchases, d->recommendations, d->stall.catalogue, &d->decider,
                                 NULL), ERR_OK);
    *state = d;
    return 0;
}

static int teardown(void **state)
{
    struct desk *d = *state;
    decider_drop(&d->decider);
    recommendations_drop(&d->recommendations);
    stall_close(&d->stall);
    shop_close(&d->stall.shop);
    free(d);
    return 0;
}

static struct decision decided(struct desk *d, const char *who, const char *category, size_t limit)
{
    struct decision decision;
    struct decide_query query = { .root = who ? shop_root(&d->stall.shop, who) : FACT_NOBODY,
                                  .category = slice_of(category), .limit = limit };
    memory_read_lock(d->stall.shop.lab.memory);
    assert_int_equal(decide(d->decider, &query, LAB_NOW, &decision, NULL), ERR_OK);
    memory_read_unlock(d->stall.shop.lab.memory);
    return decision;
}

static bool proposed(const struct decision *decision, uint32_t product)
{
    for (size_t i = 0; i < decision->n; i++)
        if (decision->of[i].product == product)
            return true;
    return false;
}

static uint32_t number(struct desk *d, const char *id)
{
    return purchases_product_find(d->stall.shop.purchases, slice_of(id));
}

static const char *category_of(struct desk *d, uint32_t product)
{
    static char text[20];
    const struct product *p = catalogue_product(d->stall.catalogue, product);
    assert_non_null(p);
    snprintf(text, sizeof text, "%.*s", SLICE_ARG(p->category));
    return text;
}

static void good_proposals_for_everybody(void **state)
{
    struct desk *d = *state;
    for (int b = 0; b < BUYERS; b++) {
        char who[16];
        snprintf(who, sizeof who, "u%d", b);
        struct decision decision = decided(d, who, "", 8), again = decided(d, who, "", 8);
        assert_int_equal(decision.n, 8);
        assert_true(decision.model > 0);
        struct bought bought[40];
        size_t n = purchases_bought(d->stall.shop.purchases, decision.root, bought, 40);
        assert_true(n > 2 && n <= 40);
        for (size_t i = 0; i < decision.n; i++) {
            const struct proposal *p = &decision.of[i];
            assert_true(catalogue_offerable(d->stall.catalogue, p->product));
            assert_int_equal(p->product, again.of[i].product);  // same input, same answer
            bool has_because = p->because == 0;
            for (size_t k = 0; k < n; k++) {
                assert_int_not_equal(bought[k].product, p->product);
                has_because |= bought[k].product == p->because && bought[k].times == p->times;
            }
            for (size_t k = 0; k < i; k++)
                assert_int_not_equal(decision.of[k].product, p->product);
            assert_true(has_because);
            assert_true(p->count > 0);
        }
        // the first is of his taste, and says why
        assert_int_equal(decision.of[0].code, REASON_BOUGHT_TOGETHER);
        struct slice id = purchases_product_id(d->stall.shop.purchases, decision.of[0].product);
        assert_int_equal(atoi(id.at + 1) % 2, b % 2);
    }
}

/* The same after all models were fitted; and each of them alone proposes nothing that was bought. */
static void each_model_by_itself(void **state)
{
    struct desk *d = *state;
    struct shop *shop = &d->stall.shop;
    const struct recommend_taste taste = taste_of_catalogue(d->stall.catalogue);
    assert_int_equal(recommendations_learn(d->recommendations, &taste, LAB_NOW, NULL, NULL), ERR_OK);
    good_proposals_for_everybody(state);
    for (enum proposer p = 0; p < PROPOSERS; p++) {
        double alone[PROPOSERS] = { 0 };
        struct decision decision;
        if (p == PROPOSER_CONTENT)  // nobody says what the goods are
            continue;
        alone[p] = 1;
        memory_read_lock(shop->lab.memory);
        assert_int_equal(decide_by(d->decider, shop_root(shop, "u1"), alone, 5, LAB_NOW, &decision, NULL), ERR_OK);
        struct bought bought[40];
        size_t n = purchases_bought(shop->purchases, decision.root, bought, 40);
        memory_read_unlock(shop->lab.memory);
        assert_true(decision.n > 0 && decision.model > 0);
        for (size_t i = 0; i < decision.n; i++) {
            assert_true(p != PROPOSER_IALS || decision.of[i].code == REASON_SIMILAR_CUSTOMERS);
            assert_true(p != PROPOSER_SESSIONS || decision.of[i].code == REASON_SIMILAR_ORDERS);
            assert_true(p != PROPOSER_TREND || decision.of[i].code == REASON_POPULAR);
            for (size_t k = 0; k < n; k++)
                assert_int_not_equal(bought[k].product, decision.of[i].product);
        }
    }
}

static void not_the_same_for_all(void **state)
{
    struct desk *d = *state;
    int same_first = 0, same_popular = 0;
    struct decision first = decided(d, "u0", "", 5);
    char who[16];
    for (int i = 0; i < 10; i++) {  // people who bought nothing yet
        snprintf(who, sizeof who, "n%d", i);
        shop_track(&d->stall.shop, who, "Signed Up", SHOP_T0, "{}");
    }
    struct decision popular = decided(d, "n0", "", 5);
    assert_int_equal(popular.n, 5);
    assert_int_equal(popular.of[0].code, REASON_POPULAR);
    for (int i = 1; i < 10; i++) {
        snprintf(who, sizeof who, "u%d", i);
        struct decision other = decided(d, who, "", 5);
        same_first += other.of[0].product == first.of[0].product;
        snprintf(who, sizeof who, "n%d", i);
        other = decided(d, who, "", 5);
        bool same = true;
        for (size_t k = 0; k < 5; k++)
            same &= other.of[k].product == popular.of[k].product;
        same_popular += same;
    }
    assert_true(same_first < 9);
    assert_true(same_popular < 3);
}

static void a_purchase_changes_the_next_answer(void **state)
{
    struct desk *d = *state;
    struct decision before = decided(d, "u4", "", 5);
    char id[20];
    snprintf(id, sizeof id, "%.*s", SLICE_ARG(purchases_product_id(d->stall.shop.purchases, before.of[0].product)));
    shop_buy(&d->stall.shop, "u4", "now", LAB_NOW - 5, id);
    struct decision after = decided(d, "u4", "", 5);
    assert_false(proposed(&after, before.of[0].product));
    assert_int_equal(after.n, 5);
    // and out of stock is proposed to nobody
    snprintf(id, sizeof id, "%.*s", SLICE_ARG(purchases_product_id(d->stall.shop.purchases, after.of[0].product)));
    stall_remove(&d->stall, id);
    struct decision gone = decided(d, "u4", "", 5);
    assert_false(proposed(&gone, after.of[0].product));
}

static void newcomers_and_categories(void **state)
{
    struct desk *d = *state;
    struct decision nobody = decided(d, NULL, "", 6), hats = decided(d, NULL, "Sombreros", 4);
    assert_int_equal(nobody.n, 6);
    assert_int_equal(nobody.of[0].code, REASON_POPULAR);
    assert_int_equal(hats.n, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(category_of(d, hats.of[i].product), "hats");
        assert_int_equal(hats.of[i].code, REASON_POPULAR_IN_CATEGORY);
    }
    for (size_t i = 0; i < 6; i++) {  // variety: the shop has four categories
        size_t same = 0;
        char own[20];
        snprintf(own, sizeof own, "%s", category_of(d, nobody.of[i].product));
        for (size_t k = 0; k < 6; k++)
            same += strcmp(category_of(d, nobody.of[k].product), own) == 0;
        assert_true(same <= RECOMMEND_PER_GROUP);
    }
    // somebody who only looked: first what goes with it, then its category
    shop_track(&d->stall.shop, "@new", "Product List Viewed", LAB_NOW - 9, "{'category': 'jars'}");
    struct decision looked = decided(d, "@new", "", 3);
    assert_int_equal(looked.of[0].code, REASON_POPULAR_IN_CATEGORY);
    assert_string_equal(category_of(d, looked.of[0].product), "jars");
    shop_track(&d->stall.shop, "@new", "Product Viewed", LAB_NOW - 8, "{'product_id': 'g15', 'category': 'hats'}");
    looked = decided(d, "@new", "", 3);
    assert_int_equal(looked.of[0].code, REASON_VIEWED);
    assert_int_equal(looked.of[0].because, number(d, "g15"));
    // asked for: before what the model says
    struct decision asked = decided(d, "u3", "bags", 2);
    assert_string_equal(category_of(d, asked.of[0].product), "bags");
    assert_string_equal(category_of(d, asked.of[1].product), "bags");
}

/* Nothing to propose, and a shop that had no fit yet. */
static void little_is_enough(void **state)
{
    struct desk *d = *state;
    struct recommendations *none = NULL;
    struct decider *decider = NULL;
    struct shop *shop = &d->stall.shop;
    struct decision decision;
    assert_int_equal(recommendations_new(shop->lab.memory, shop->purchases, shop->lab.read, &none, NULL), ERR_OK);
    assert_int_equal(decider_new(shop->lab.memory, shop->purchases, none, d->stall.catalogue, &decider, NULL), 0);
    struct decide_query query = { .root = shop_root(shop, "u1"), .limit = DECIDE_MAX };
    memory_read_lock(shop->lab.memory);
    assert_int_equal(decide(decider, &query, LAB_NOW, &decision, NULL), ERR_OK);
    memory_read_unlock(shop->lab.memory);
    assert_int_equal(decision.model, 0);
    assert_true(decision.n > 10);
    assert_int_equal(decision.of[0].code, REASON_POPULAR);
    for (int i = 0; i < GOODS; i++) {
        char id[16];
        snprintf(id, sizeof id, "g%d", i);
        stall_remove(&d->stall, id);
    }
    memory_read_lock(shop->lab.memory);
    assert_int_equal(decide(decider, &query, LAB_NOW, &decision, NULL), ERR_OK);
    memory_read_unlock(shop->lab.memory);
    assert_int_equal(decision.n, 0);
    decider_drop(&decider);
    recommendations_drop(&none);
}

struct logging {
    const struct decision *decision;
    struct slice json;
    int64_t seq;
};

static enum err_code log_it(void *arg, struct tx *tx, struct err *e)
{
    struct logging *l = arg;
    return tx_decision(tx, l->decision, l->json, &l->seq, e);
}

static void said_in_words_and_logged(void **state)
{
    struct desk *d = *state;
    struct shop *shop = &d->stall.shop;
    struct decision decision = decided(d, "u2", "", 3), hats = decided(d, NULL, "hats", 1);
    struct buf out = buf_make(0), en = buf_make(0), es = buf_make(0);
    struct json_w w = json_w(&out);
    memory_read_lock(shop->lab.memory);
    decision_json(d->decider, &decision, 0, &w);
    proposal_why(d->decider, &hats.of[0], "en", LAB_NOW, &en);
    proposal_why(d->decider, &hats.of[0], "es", LAB_NOW, &es);
    memory_read_unlock(shop->lab.memory);
    buf_addc(&en, 0);
    buf_addc(&es, 0);
    assert_non_null(strstr(en.at, "popular lately in Hats: part of "));
    assert_non_null(strstr(es.at, "de lo más pedido últimamente en Sombreros: está en "));
    struct logging l = { .decision = &decision, .json = buf_slice(&out) };
    lab_must_run(&shop->lab, log_it, &l);
    struct fact fact;
    struct json body;
    memory_read_lock(shop->lab.memory);
    assert_int_equal(log_get(memory_log(shop->lab.memory), shop->lab.read, l.seq, shop->lab.mem, &fact, NULL), 0);
    memory_read_unlock(shop->lab.memory);
    assert_int_equal(fact.type, FACT_DECISION);
    assert_int_equal(fact.customer, decision.root);
    assert_int_equal(json_parse(shop->lab.parser, fact.body, &body, NULL), ERR_OK);
    assert_int_equal(json_count(json_get(body, "proposals")), 3);
    char customer[16];
    snprintf(customer, sizeof customer, "c%u", decision.root);
    assert_true(slice_is(json_string(json_get(body, "customer"), shop->lab.mem), customer));
    for (struct json_iter it = json_iter(json_get(body, "proposals")); json_next(&it);) {
        struct json_iter reasons = json_iter(json_get(it.value, "reasons"));
        assert_true(json_next(&reasons));
        struct json text = json_get(reasons.value, "text");
        assert_true(json_string(json_get(text, "en"), shop->lab.mem).len > 20);
        assert_true(json_string(json_get(text, "es"), shop->lab.mem).len > 20);
        assert_true(json_string(json_get(json_get(it.value, "product"), "id"), shop->lab.mem).len > 0);
    }
    buf_drop(&out);
    buf_drop(&en);
    buf_drop(&es);
}

int main(void)
{
#define DESK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        DESK_TEST(good_proposals_for_everybody), DESK_TEST(each_model_by_itself), DESK_TEST(not_the_same_for_all),
        DESK_TEST(a_purchase_changes_the_next_answer), DESK_TEST(newcomers_and_categories),
        DESK_TEST(little_is_enough), DESK_TEST(said_in_words_and_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
