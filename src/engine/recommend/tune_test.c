#include "engine/recommend/tune.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/recommend/recommend_testing.h"

static struct tastes shop;
static struct tuned tuned;

static struct recommender *fit(enum recommend_kind kind)
{
    struct recommend_options o = recommend_usual(kind, 2);
    struct recommender *r = NULL;
    o.ridge = 50;
    o.ials.dimensions = 16;
    o.ials.lambda = .05f;
    assert_int_equal(recommender_fit(&shop.train, &o, &r, NULL), ERR_OK);
    return r;
}

static double ndcg_of(const struct recommender *r)
{
    struct metrics m;
    assert_int_equal(recommender_measure(r, &shop.train, &shop.test, 2, NULL, &m, NULL), ERR_OK);
    return m.ndcg_at_20;
}

/* There are tastes: whoever learns them finds twice of what popularity does. */
static void every_model_beats_popularity(void **state)
{
    (void)state;
    struct recommender *popular = fit(RECOMMEND_POPULARITY);
    double bar = ndcg_of(popular);
    for (int kind = RECOMMEND_KNN; kind < RECOMMEND_KINDS; kind++) {
        struct recommender *r = fit((enum recommend_kind)kind);
        assert_true(ndcg_of(r) > 2 * bar);
        recommender_drop(&r);
    }
    recommender_drop(&popular);
}

static void proposals_are_new_and_not_refused(void **state)
{
    (void)state;
    const uint32_t bought[] = { 0, 6, 12 };
    uint8_t refused[SHOP_ITEMS] = { 0 };
    float score[SHOP_ITEMS];
    refused[18] = refused[24] = 1;
    for (int kind = 0; kind < RECOMMEND_KINDS; kind++) {
        struct recommender *r = fit((enum recommend_kind)kind);
        struct recommender_work *work = recommender_work_new(r);
        struct best best[SHOP_ITEMS];
        recommender_score(r, bought, 3, score, work);
        assert_int_equal(recommender_best(r, bought, 3, refused, best, SHOP_ITEMS, work), SHOP_ITEMS - 5);
        for (size_t i = 0; i < SHOP_ITEMS - 5; i++) {
            assert_true(best[i].item > 12 || best[i].item % 6);
            assert_true(!refused[best[i].item] && best[i].score == score[best[i].item]);
            assert_true(i == 0 || best[i - 1].score >= best[i].score);
        }
        assert_int_equal(recommender_best(r, NULL, 0, NULL, best, 3, work), 3);  // someone new: what is popular
        assert_true(best[0].score == (float)r->buyers[best[0].item] && r->buyers[best[0].item] >= r->buyers[best[1].item]);
        recommender_work_drop(&work);
        recommender_drop(&r);
    }
}

/* The reasons for an item of a taste are items of that taste, and add up to its score. */
static void reasons_add_up(void **state)
{
    (void)state;
    const uint32_t bought[] = { 0, 6, 12, 19 };  // 19 is of another taste
    for (int kind = RECOMMEND_KNN; kind < RECOMMEND_KINDS; kind++) {
        struct recommender *r = fit((enum recommend_kind)kind);
        struct recommender_work *work = recommender_work_new(r);
        struct best best[1];
        float share[4], sum = 0;
        assert_int_equal(recommender_best(r, bought, 4, NULL, best, 1, work), 1);
        assert_int_equal(best[0].item % SHOP_TASTES, 0);
        recommender_explain(r, bought, 4, best[0].item, share, work);
        for (int i = 0; i < 4; i++)
            sum += share[i];
        near(sum, best[0].score, 1e-4);
        assert_true(share[0] > share[3] && share[1] > share[3] && share[2] > share[3]);
        recommender_work_drop(&work);
        recommender_drop(&r);
    }
}

static void a_copy_of_the_parts_is_the_model(void **state)
{
    (void)state;
    const uint32_t bought[] = { 1, 7 };
    for (int kind = 0; kind <= RECOMMEND_KINDS; kind++) {  // the last one: EASE with some weights
        struct recommend_options o = recommend_usual(kind < RECOMMEND_KINDS ? (enum recommend_kind)kind : RECOMMEND_EASE, 1);
        struct recommender *r = NULL, *copy = NULL;
        struct recommender_part from[RECOMMENDER_PARTS], to[RECOMMENDER_PARTS];
        float score[SHOP_ITEMS], copied[SHOP_ITEMS];
        o.keep = kind < RECOMMEND_KINDS ? 0 : 10;
        assert_int_equal(recommender_fit(&shop.train, &o, &r, NULL), ERR_OK);
        struct recommender_shape shape = recommender_shape(r);
        assert_int_equal(recommender_new(&shape, &copy, NULL), ERR_OK);
        size_t n = recommender_parts(r, from);
        assert_int_equal(recommender_parts(copy, to), n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(from[i].bytes, to[i].bytes);
            memcpy(to[i].at, from[i].at, from[i].bytes);
        }
        assert_int_equal(recommender_check(copy, NULL), ERR_OK);
        struct recommender_work *work = recommender_work_new(r);
        recommender_score(r, bought, 2, score, work);
        recommender_score(copy, bought, 2, copied, work);
        assert_memory_equal(score, copied, sizeof score);
        if (copy->knn) {
            copy->knn->of[0].item = SHOP_ITEMS;
            assert_int_equal(recommender_check(copy, NULL), ERR_CORRUPT);
        }
        recommender_work_drop(&work);
        recommender_drop(&r);
        recommender_drop(&copy);
    }
    struct recommender *none = NULL;
    assert_int_equal(recommender_new(&(struct recommender_shape){ .kind = RECOMMEND_KINDS }, &none, NULL), ERR_CORRUPT);
    assert_int_equal(recommender_new(&(struct recommender_shape){ .kind = RECOMMEND_KNN }, &none, NULL), ERR_CORRUPT);
}

struct seen {
    unsigned calls, done;
};

static void count(void *arg, unsigned done, unsigned most)
{
    struct seen *seen = arg;
    assert_true(done <= most && done == seen->done + 1);
    seen->calls++;
    seen->done = done;
}

/* The first one is the best of all that were measured, of each kind there is one, and it can be had again. */
static void the_best_that_was_measured_wins(void **state)
{
    (void)state;
    struct seen seen = { 0, 0 };
    struct tune_options o = { .kinds = 1 << RECOMMEND_POPULARITY | 1 << RECOMMEND_KNN | 1 << RECOMMEND_EASE, .threads = 2,
                              .progress = count, .arg = &seen };
    unsigned kinds = 0;
    assert_int_equal(tune(&shop.train, &o, &tuned, NULL), ERR_OK);
    assert_int_equal(seen.calls, tuned.n);
    for (unsigned i = 0; i < tuned.n; i++) {
        assert_true(!tuned.tried[i].full || tuned.tried[0].metrics.ndcg_at_20 >= tuned.tried[i].metrics.ndcg_at_20);
        kinds |= 1u << tuned.tried[i].options.kind;
    }
    assert_int_equal(kinds, o.kinds);
    assert_true(tuned.tried[0].full && tuned.tried[0].options.kind != RECOMMEND_POPULARITY);
    double first = tuned.tried[0].metrics.ndcg_at_20;
    uint64_t held_back = tuned.held_back, all = shop.train.start[SHOP_BUYERS];
    assert_true(held_back > all / 7 && held_back < all / 4);
    o.progress = NULL;
    o.threads = 1;
    assert_int_equal(tune(&shop.train, &o, &tuned, NULL), ERR_OK);
    assert_true(tuned.tried[0].metrics.ndcg_at_20 == first);
    o.in_order = true;
    o.kinds = 1 << RECOMMEND_POPULARITY;
    assert_int_equal(tune(&shop.train, &o, &tuned, NULL), ERR_OK);
    assert_int_equal(tuned.n, 1);
    assert_true(tuned.held_back > all / 7 && tuned.held_back < all / 4);
}

static void what_cannot_be_tuned_is_refused(void **state)
{
    (void)state;
    const uint32_t item[] = { 0, 1 };
    const uint64_t start[] = { 0, 1, 2 };
    struct purchase_rows lone = { item, start, 2, 2 };
    atomic_bool cancel = true;
    struct err e;
    assert_int_equal(tune(&lone, &(struct tune_options){ .threads = 1 }, &tuned, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "name a model"));
    assert_int_equal(tune(&shop.train, &(struct tune_options){ .threads = 1, .cancel = &cancel }, &tuned, &e), ERR_BUSY);
}

static int make(void **state)
{
    (void)state;
    tastes_make(&shop, 4);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_beats_popularity),
        cmocka_unit_test(proposals_are_new_and_not_refused),
        cmocka_unit_test(reasons_add_up),
        cmocka_unit_test(a_copy_of_the_parts_is_the_model),
        cmocka_unit_test(the_best_that_was_measured_wins),
        cmocka_unit_test(what_cannot_be_tuned_is_refused),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
