#include "engine/recommend/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "engine/recommend/recommend_testing.h"

/* Scores are what the argument says, for whoever it is. */
static void same_for_all(void *arg, unsigned worker, const uint32_t *bought, size_t n, float *score)
{
    (void)worker;
    (void)bought;
    (void)n;
    memcpy(score, arg, SHOP_ITEMS * sizeof *score);
}

static struct metrics measure(const struct purchase_rows *train, const struct purchase_rows *test, float *score,
                              unsigned threads)
{
    struct metrics m;
    assert_int_equal(metrics_measure(train, test, &(struct ranker){ same_for_all, score, threads, NULL }, &m, NULL), ERR_OK);
    return m;
}

/* Items in order 0, 1, 2…; the buyer has 0 and 2, so 1 is first, 3 second, 4 third; 3, 4 and (had already) 2 are tested. */
static void by_hand(void **state)
{
    (void)state;
    float score[SHOP_ITEMS];
    for (int i = 0; i < SHOP_ITEMS; i++)
        score[i] = (float)-i;
    const uint32_t item[] = { 0, 2 }, held[] = { 2, 3, 4 };
    const uint64_t start[] = { 0, 2, 2 }, held_start[] = { 0, 3, 3 };
    struct purchase_rows train = { item, start, 2, SHOP_ITEMS }, test = { held, held_start, 2, SHOP_ITEMS };
    struct metrics m = measure(&train, &test, score, 1);
    double ideal = 1 + 1 / log2(3), found = 1 / log2(3) + 1 / log2(4);
    assert_int_equal(m.users, 1);  // nothing is held out of the second one
    near(m.recall_at_20, 1, 1e-12);
    near(m.ndcg_at_10, found / ideal, 1e-12);
    near(m.ndcg_at_100, found / ideal, 1e-12);
}

/* 30 held-out items of which the 20 first are ranked first: all that can be found, and two thirds of what there is. */
static void recall_has_two_denominators(void **state)
{
    (void)state;
    float score[SHOP_ITEMS] = { 0 };  // ties: by number
    uint32_t held[30];
    const uint64_t start[] = { 0, 0 }, held_start[] = { 0, 30 };
    for (uint32_t i = 0; i < 30; i++)
        held[i] = i < 20 ? i : i + 60;
    struct purchase_rows train = { held, start, 1, SHOP_ITEMS }, test = { held, held_start, 1, SHOP_ITEMS };
    struct metrics m = measure(&train, &test, score, 1);
    near(m.recall_at_20, 20.0 / 30, 1e-12);
    near(m.recall_at_20_min, 1, 1e-12);
    near(m.recall_at_50, 20.0 / 30, 1e-12);
    near(m.ndcg_at_20, 1, 1e-12);
    assert_true(m.ndcg_at_100 < 1);
}

/* The rank of each held-out item by counting who is before it, in another way than the code's. */
static double ndcg_by_counting(const struct tastes *s, const float *score, size_t deep, uint32_t *users)
{
    double all = 0;
    *users = 0;
    for (uint32_t b = 0; b < SHOP_BUYERS; b++) {
        bool has[SHOP_ITEMS] = { 0 };
        double found = 0, ideal = 0;
        uint64_t n = s->test.start[b + 1] - s->test.start[b];
        for (uint64_t at = s->train.start[b]; at < s->train.start[b + 1]; at++)
            has[s->train.item[at]] = true;
        for (uint64_t at = s->test.start[b]; at < s->test.start[b + 1]; at++) {
            uint32_t own = s->test.item[at];
            size_t rank = 1;
            for (uint32_t i = 0; i < SHOP_ITEMS; i++)
                rank += !has[i] && (score[i] > score[own] || (!(score[i] < score[own]) && i < own));
            found += rank <= deep ? 1 / log2((double)rank + 1) : 0;
        }
        for (uint64_t r = 1; r <= n && r <= deep; r++)
            ideal += 1 / log2((double)r + 1);
        *users += n > 0;
        all += n ? found / ideal : 0;
    }
    return all / *users;
}

static void equals_counting_for_any_number_of_threads(void **state)
{
    (void)state;
    static struct tastes shop;
    float score[SHOP_ITEMS];
    uint32_t users;
    tastes_make(&shop, 3);
    for (uint32_t i = 0; i < SHOP_ITEMS; i++)
        score[i] = (float)(hash_mix(i) % 40);  // with ties
    struct metrics one = measure(&shop.train, &shop.test, score, 1), three = measure(&shop.train, &shop.test, score, 3);
    assert_memory_equal(&one, &three, sizeof one);
    near(one.ndcg_at_10, ndcg_by_counting(&shop, score, 10, &users), 1e-12);
    near(one.ndcg_at_100, ndcg_by_counting(&shop, score, 100, &users), 1e-12);
    assert_int_equal(one.users, users);
}

static void cancel_stops(void **state)
{
    (void)state;
    static struct tastes shop;
    float score[SHOP_ITEMS] = { 0 };
    atomic_bool cancel = true;
    struct metrics m;
    tastes_make(&shop, 3);
    assert_int_equal(metrics_measure(&shop.train, &shop.test, &(struct ranker){ same_for_all, score, 2, &cancel }, &m, NULL),
                     ERR_BUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(recall_has_two_denominators),
        cmocka_unit_test(equals_counting_for_any_number_of_threads),
        cmocka_unit_test(cancel_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
