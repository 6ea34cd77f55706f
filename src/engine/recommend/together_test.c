#include "engine/recommend/together.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"

static const struct walk_options usual = { .k = 100, .alpha = 1, .beta = 0, .basket_max = 500 };

/* Buyers {0 1}, {0 1 2}, {2}. From 0, each of its two buyers by 1/2; then 1 by 1/2 or 1/3, and 2 by 1/3:
 * W(0, 1) = (1/2 + 1/3) / 2 = 5/12, W(0, 2) = (1/3) / 2 = 1/6; over n = 2 both halves at beta 1.
 * Lift: 2 / (2 * 2 / 3 + 1) = 6/7 and 1 / (2 * 2 / 3 + 1) = 3/7. */
static void small_example(void **state)
{
    (void)state;
    const uint32_t item[] = { 0, 1, 0, 1, 2, 2 };
    const uint64_t start[] = { 0, 2, 5, 6 };
    const struct purchase_rows rows = { item, start, 3, 3 };
    struct neighbours *fit = NULL;
    assert_int_equal(together_walk(rows, usual, &fit, NULL), ERR_OK);
    assert_int_equal(fit->of[0].item, 1);
    assert_float_equal(fit->of[0].similarity, 5.0f / 12, 1e-6);
    assert_int_equal(fit->of[0].together, 2);
    assert_int_equal(fit->of[1].item, 2);
    assert_float_equal(fit->of[1].similarity, 1.0f / 6, 1e-6);
    neighbours_drop(&fit);
    struct walk_options discounted = usual;
    discounted.beta = 1;
    assert_int_equal(together_walk(rows, discounted, &fit, NULL), ERR_OK);
    assert_float_equal(fit->of[0].similarity, 5.0f / 24, 1e-6);
    neighbours_drop(&fit);
    const struct neighbours_options lift = { .k = 100, .shrink = 1, .basket_max = 500 };
    assert_int_equal(together_lift(rows, lift, &fit, NULL), ERR_OK);
    assert_float_equal(fit->of[0].similarity, 6.0f / 7, 1e-6);
    assert_float_equal(fit->of[1].similarity, 3.0f / 7, 1e-6);
    neighbours_drop(&fit);
}

#define BUYERS 120
#define ITEMS 30

static struct {
    uint32_t item[BUYERS * ITEMS];
    uint64_t start[BUYERS + 1];
    bool has[BUYERS][ITEMS];
} shop;

static struct purchase_rows random_rows(uint64_t seed)
{
    uint64_t at = 0;
    for (uint32_t b = 0; b < BUYERS; b++) {
        shop.start[b] = at;
        for (uint32_t i = 0; i < ITEMS; i++) {
            shop.has[b][i] = hash_mix(seed + b * 1000003u + i) % (i + 3) < 2;
            if (shop.has[b][i])
                shop.item[at++] = i;
        }
    }
    shop.start[BUYERS] = at;
    return (struct purchase_rows){ shop.item, shop.start, BUYERS, ITEMS };
}

/* The product of the two transition matrices, with all their zeros. */
static void matrix_product(double alpha, double beta, double ret[ITEMS][ITEMS])
{
    static double to_buyer[ITEMS][BUYERS], to_item[BUYERS][ITEMS];
    double buyers[ITEMS] = { 0 };
    for (int b = 0; b < BUYERS; b++) {
        double basket = (double)(shop.start[b + 1] - shop.start[b]);
        for (int i = 0; i < ITEMS; i++) {
            buyers[i] += shop.has[b][i];
            to_item[b][i] = shop.has[b][i] ? pow(1 / basket, alpha) : 0;
        }
    }
    for (int i = 0; i < ITEMS; i++)
        for (int b = 0; b < BUYERS; b++)
            to_buyer[i][b] = shop.has[b][i] ? pow(1 / buyers[i], alpha) : 0;
    for (int i = 0; i < ITEMS; i++) {
        for (int j = 0; j < ITEMS; j++) {
            ret[i][j] = 0;
            for (int b = 0; b < BUYERS; b++)
                ret[i][j] += to_buyer[i][b] * to_item[b][j];
            ret[i][j] /= pow(buyers[j], beta);
        }
    }
}

static void is_the_matrix_product(void **state)
{
    (void)state;
    static const float powers[][2] = { { 1, 0 }, { 1, .6f }, { .5f, .3f }, { 0, 1 }, { 1.8f, .9f } };
    struct purchase_rows rows = random_rows(5);
    for (size_t c = 0; c < sizeof powers / sizeof *powers; c++) {
        double want[ITEMS][ITEMS];
        struct walk_options options = { 7, powers[c][0], powers[c][1], 500, NULL };
        struct neighbours *fit = NULL;
        matrix_product((double)powers[c][0], (double)powers[c][1], want);
        assert_int_equal(together_walk(rows, options, &fit, NULL), ERR_OK);
        for (uint32_t i = 0; i < ITEMS; i++) {
            assert_int_equal(fit->count[i], 7);
            double least = INFINITY;
            bool kept[ITEMS] = { 0 };
            for (uint32_t at = 0; at < fit->count[i]; at++) {
                struct neighbour got = fit->of[i * fit->k + at];
                assert_true(fabs((double)got.similarity - want[i][got.item]) < 1e-5 * want[i][got.item]);
                assert_true(want[i][got.item] <= least * (1 + 1e-5));
                least = want[i][got.item];
                kept[got.item] = true;
            }
            for (uint32_t j = 0; j < ITEMS; j++)
                assert_true(kept[j] || j == i || want[i][j] <= least * (1 + 1e-5));
        }
        neighbours_drop(&fit);
    }
}

/* From each item the walk of P3 ends somewhere: its chances are 1 in all, the item itself among them. */
static void the_walk_ends_somewhere(void **state)
{
    (void)state;
    struct purchase_rows rows = random_rows(77);
    struct neighbours *fit = NULL;
    assert_int_equal(together_walk(rows, usual, &fit, NULL), ERR_OK);
    for (uint32_t i = 0; i < ITEMS; i++) {
        double sum = 0, back = 0, buyers = 0;
        for (uint32_t at = 0; at < fit->count[i]; at++)
            sum += (double)fit->of[i * fit->k + at].similarity;
        for (uint32_t b = 0; b < BUYERS; b++) {
            buyers += shop.has[b][i];
            back += shop.has[b][i] ? 1 / (double)(shop.start[b + 1] - shop.start[b]) : 0;
        }
        assert_true(fabs(sum + back / buyers - 1) < 1e-5);
    }
    neighbours_drop(&fit);
}

static void the_popular_ones_are_discounted(void **state)
{
    (void)state;
    struct purchase_rows rows = random_rows(123);
    double mean[2] = { 0 };
    for (int discounted = 0; discounted < 2; discounted++) {
        struct walk_options options = { 5, 1, discounted ? .8f : 0, 500, NULL };
        struct neighbours *fit = NULL;
        assert_int_equal(together_walk(rows, options, &fit, NULL), ERR_OK);
        for (uint32_t i = 0; i < ITEMS; i++)
            for (uint32_t at = 0; at < fit->count[i]; at++)
                mean[discounted] += (double)fit->buyers[fit->of[i * fit->k + at].item] / (ITEMS * 5);
        neighbours_drop(&fit);
    }
    assert_true(mean[1] < .8 * mean[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_example),
        cmocka_unit_test(is_the_matrix_product),
        cmocka_unit_test(the_walk_ends_somewhere),
        cmocka_unit_test(the_popular_ones_are_discounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
