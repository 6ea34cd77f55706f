#include "engine/recommend/ease.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/recommend/recommend_testing.h"

#define LAMBDA 20

static struct tastes shop;

static struct ease *fit(const struct purchase_rows *rows, uint32_t keep, unsigned threads)
{
    struct ease *model = NULL;
    assert_int_equal(ease_fit(rows, &(struct ease_options){ .lambda = LAMBDA, .keep = keep, .threads = threads }, &model, NULL),
                     ERR_OK);
    return model;
}

/* P = (X'X + lambda I)^-1 by Gauss and Jordan in double. */
static void invert(const struct purchase_rows *rows, double p[SHOP_ITEMS][SHOP_ITEMS])
{
    static double a[SHOP_ITEMS][2 * SHOP_ITEMS];
    memset(a, 0, sizeof a);
    for (uint32_t b = 0; b < rows->buyers; b++)
        for (uint64_t x = rows->start[b]; x < rows->start[b + 1]; x++)
            for (uint64_t y = rows->start[b]; y < rows->start[b + 1]; y++)
                a[rows->item[x]][rows->item[y]]++;
    for (int i = 0; i < SHOP_ITEMS; i++) {
        a[i][i] += LAMBDA;
        a[i][SHOP_ITEMS + i] = 1;
    }
    for (int k = 0; k < SHOP_ITEMS; k++) {
        double pivot = a[k][k];
        for (int c = 0; c < 2 * SHOP_ITEMS; c++)
            a[k][c] /= pivot;
        for (int r = 0; r < SHOP_ITEMS; r++) {
            double by = r == k ? 0 : a[r][k];
            for (int c = 0; by != 0 && c < 2 * SHOP_ITEMS; c++)
                a[r][c] -= by * a[k][c];
        }
    }
    for (int r = 0; r < SHOP_ITEMS; r++)
        memcpy(p[r], a[r] + SHOP_ITEMS, sizeof p[r]);
}

/* B = I - P diag(1 / P_jj), and nothing says anything of itself. */
static void weights_are_those_of_the_closed_form(void **state)
{
    (void)state;
    static double p[SHOP_ITEMS][SHOP_ITEMS];
    invert(&shop.train, p);
    struct ease *model = fit(&shop.train, 0, 2);
    for (uint32_t i = 0; i < SHOP_ITEMS; i++) {
        for (uint32_t j = 0; j < SHOP_ITEMS; j++) {
            double want = (i == j) - p[i][j] / p[j][j];
            near(ease_weight(model, i, j), want, 1e-6);
        }
        assert_true(ease_weight(model, i, i) == 0);
    }
    ease_drop(&model);
    assert_null(model);
}

static void a_score_is_the_sum_of_what_was_bought(void **state)
{
    (void)state;
    struct ease *model = fit(&shop.train, 0, 1);
    const uint32_t bought[] = { 3, 50, 119 };
    float score[SHOP_ITEMS];
    ease_score(model, bought, 3, score);
    for (uint32_t j = 0; j < SHOP_ITEMS; j++)
        near(score[j], ease_weight(model, 3, j) + ease_weight(model, 50, j) + ease_weight(model, 119, j), 1e-6);
    ease_drop(&model);
}

static void the_largest_weights_of_each_column_are_kept(void **state)
{
    (void)state;
    struct ease *all = fit(&shop.train, 0, 1), *some = fit(&shop.train, 10, 1);
    const uint32_t bought[] = { 7, 8 };
    float score[SHOP_ITEMS];
    ease_score(some, bought, 2, score);
    for (uint32_t j = 0; j < SHOP_ITEMS; j++) {
        float least_kept = INFINITY, most_gone = 0;
        int kept = 0;
        for (uint32_t i = 0; i < SHOP_ITEMS; i++) {
            float was = ease_weight(all, i, j), is = ease_weight(some, i, j);
            kept += is != 0;
            if (is != 0) {
                assert_true(is == was);
                least_kept = fminf(least_kept, fabsf(is));
            } else {
                most_gone = fmaxf(most_gone, fabsf(was));
            }
        }
        assert_int_equal(kept, 10);
        assert_true(least_kept >= most_gone);
        near(score[j], ease_weight(some, 7, j) + ease_weight(some, 8, j), 1e-6);
    }
    ease_drop(&all);
    ease_drop(&some);
}

static void other_numbers_change_nothing(void **state)
{
    (void)state;
    static struct tastes turned;
    tastes_turn(&shop, &turned);
    struct ease *one = fit(&shop.train, 0, 1), *two = fit(&turned.train, 0, 2);
    for (uint32_t i = 0; i < SHOP_ITEMS; i++)
        for (uint32_t j = 0; j < SHOP_ITEMS; j++)
            near(ease_weight(one, i, j), ease_weight(two, SHOP_ITEMS - 1 - i, SHOP_ITEMS - 1 - j), 1e-6);
    ease_drop(&one);
    ease_drop(&two);
}

/* More pivots than one step has: five items that are always bought in pairs, 700 that are not. */
static void several_steps_are_one_inverse(void **state)
{
    (void)state;
    enum { ITEMS = 700 };
    static uint32_t item[2 * ITEMS];
    static uint64_t start[ITEMS + 1];
    for (uint32_t b = 0; b < ITEMS; b++) {
        item[2 * b] = b;
        item[2 * b + 1] = (b + 1) % ITEMS;
        start[b + 1] = 2 * (uint64_t)b + 2;
    }
    struct purchase_rows ring = { item, start, ITEMS, ITEMS };
    struct ease *model = fit(&ring, 0, 2);
    // X'X is 2 on the diagonal and 1 beside it: of the inverse of a ring, neighbours stand to each other as this root
    double middle = 2 + LAMBDA, root = (middle - sqrt(middle * middle - 4)) / 2;
    for (uint32_t j = 0; j < ITEMS; j++) {
        near(ease_weight(model, (j + 1) % ITEMS, j), root, 1e-6);
        near(ease_weight(model, (j + 2) % ITEMS, j), -root * root, 1e-6);
        near((double)ease_weight(model, (j + 350) % ITEMS, j), 0, 1e-6);
    }
    ease_drop(&model);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct ease *model = NULL;
    atomic_bool cancel = true;
    struct err e;
    const uint32_t item[] = { 9 };
    const uint64_t start[] = { 0, 1 };
    assert_int_equal(ease_fit(&shop.train, &(struct ease_options){ .lambda = 1, .threads = 1, .cancel = &cancel }, &model, &e),
                     ERR_BUSY);
    assert_int_equal(ease_fit(&(struct purchase_rows){ item, start, 1, 3 }, &(struct ease_options){ .lambda = 1, .threads = 1 },
                              &model, &e), ERR_INVALID);
    assert_null(model);
}

static int make(void **state)
{
    (void)state;
    tastes_make(&shop, 1);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_those_of_the_closed_form),
        cmocka_unit_test(a_score_is_the_sum_of_what_was_bought),
        cmocka_unit_test(the_largest_weights_of_each_column_are_kept),
        cmocka_unit_test(other_numbers_change_nothing),
        cmocka_unit_test(several_steps_are_one_inverse),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
