#include "engine/recommend/content.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

#define ITEMS 400
#define CATEGORIES 12
#define BRANDS 30
#define FEATURES (CATEGORIES + BRANDS + 3)
#define FACTORS 6
#define EACH 3                       // category, brand, and one with a value

static const struct content_options usual = { .ridge = 1e-6, .dense_max = 2000, .steps_max = 300, .tolerance = 1e-9 };

static double uniform(uint64_t *seed)
{
    return (double)(hash_mix(++*seed) >> 11) / 9007199254740992.0 - .5;
}

/* Vectors that are a linear map of the features, and noise. */
static struct planted {
    uint32_t feature[ITEMS * EACH];
    float value[ITEMS * EACH], vector[ITEMS * FACTORS], clean[ITEMS * FACTORS];
    uint64_t start[ITEMS + 1];
} shop;

static struct content_rows plant(double noise, uint64_t seed)
{
    static double w[FEATURES][FACTORS], c[FACTORS];
    for (int f = 0; f < FACTORS; f++) {
        c[f] = uniform(&seed);
        for (int j = 0; j < FEATURES; j++)
            w[j][f] = uniform(&seed);
    }
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t *feature = shop.feature + i * EACH;
        float *value = shop.value + i * EACH;
        shop.start[i + 1] = (i + 1) * EACH;
        feature[0] = (uint32_t)(hash_mix(++seed) % CATEGORIES);
        feature[1] = CATEGORIES + (uint32_t)(hash_mix(++seed) % BRANDS);
        feature[2] = CATEGORIES + BRANDS + (uint32_t)(hash_mix(++seed) % 3);
        value[0] = value[1] = 1;
        value[2] = (float)uniform(&seed) * 4;
        for (uint32_t f = 0; f < FACTORS; f++) {
            double y = c[f];
            for (int k = 0; k < EACH; k++)
                y += (double)value[k] * w[feature[k]][f];
            shop.clean[i * FACTORS + f] = (float)y;
            shop.vector[i * FACTORS + f] = (float)(y + noise * uniform(&seed));
        }
    }
    return (struct content_rows){ shop.feature, shop.value, shop.start, ITEMS, FEATURES };
}

static double farthest(const struct content *fit, const float *from, uint32_t first)
{
    double most = 0;
    for (uint32_t i = first; i < ITEMS; i++) {
        float y[FACTORS];
        content_vector(fit, shop.feature + i * EACH, shop.value + i * EACH, EACH, y);
        for (uint32_t f = 0; f < FACTORS; f++)
            most = fmax(most, fabs((double)(y[f] - from[i * FACTORS + f])));
    }
    return most;
}

/* By items that were not learnt from; by both ways of solving. */
static void a_planted_map_is_found(void **state)
{
    (void)state;
    struct content_rows rows = plant(0, 3);
    const struct content_known known = { shop.vector, FACTORS, NULL };
    rows.items = 300;
    for (int sparse = 0; sparse < 2; sparse++) {
        struct content_options options = usual;
        struct content *fit = NULL;
        options.dense_max = sparse ? 0 : 2000;
        assert_int_equal(content_fit(&rows, &known, &options, &fit, NULL), ERR_OK);
        assert_true(farthest(fit, shop.clean, 300) < 1e-3);
        assert_true(sparse ? fit->steps > 0 && fit->steps < 300 : fit->steps == 0);
        content_drop(&fit);
        assert_null(fit);
    }
}

static void both_ways_agree(void **state)
{
    (void)state;
    struct content_rows rows = plant(1, 17);
    static float trust[ITEMS];
    for (uint32_t i = 0; i < ITEMS; i++)
        trust[i] = (float)(hash_mix(i) % 9);
    const struct content_known known = { shop.vector, FACTORS, trust };
    struct content *dense = NULL, *sparse = NULL;
    struct content_options options = usual;
    options.ridge = 3;
    assert_int_equal(content_fit(&rows, &known, &options, &dense, NULL), ERR_OK);
    options.dense_max = 0;
    assert_int_equal(content_fit(&rows, &known, &options, &sparse, NULL), ERR_OK);
    for (int at = 0; at < FEATURES * FACTORS; at++)
        assert_float_equal(dense->weight[at], sparse->weight[at], 1e-5);
    for (int f = 0; f < FACTORS; f++)
        assert_float_equal(dense->intercept[f], sparse->intercept[f], 1e-5);
    content_drop(&dense);
    content_drop(&sparse);
}

static double loss(const struct content_rows *rows, const float *trust, double ridge, const struct content *fit)
{
    double sum = 0;
    for (uint32_t i = 0; i < rows->items; i++) {
        float y[FACTORS];
        content_vector(fit, rows->feature + i * EACH, rows->value + i * EACH, EACH, y);
        for (uint32_t f = 0; f < FACTORS; f++)
            sum += (double)trust[i] * pow((double)(y[f] - shop.vector[i * FACTORS + f]), 2);
    }
    for (int at = 0; at < FEATURES * FACTORS; at++)
        sum += ridge * pow((double)fit->weight[at], 2);
    return sum;
}

/* No weight and no intercept can be moved for the better. */
static void is_the_least(void **state)
{
    (void)state;
    struct content_rows rows = plant(1, 23);
    static float trust[ITEMS];
    for (uint32_t i = 0; i < ITEMS; i++)
        trust[i] = (float)(hash_mix(i + 1) % 4);
    const struct content_known known = { shop.vector, FACTORS, trust };
    struct content_options options = usual;
    struct content *fit = NULL;
    options.ridge = 5;
    assert_int_equal(content_fit(&rows, &known, &options, &fit, NULL), ERR_OK);
    double least = loss(&rows, trust, 5, fit);
    for (int at = 0; at < (FEATURES + 1) * FACTORS; at += 5) {
        float *one = at < FEATURES * FACTORS ? fit->weight + at : fit->intercept + at - FEATURES * FACTORS;
        for (int way = -1; way <= 1; way += 2) {
            float was = *one;
            *one += .05f * (float)way;
            assert_true(loss(&rows, trust, 5, fit) > least);
            *one = was;
        }
    }
    content_drop(&fit);
}

/* Someone likes a direction of the vectors; among cold items the ones guessed best are far better than any. */
static void cold_items_rank_above_chance(void **state)
{
    (void)state;
    struct content_rows rows = plant(1.5, 41);
    const struct content_known known = { shop.vector, FACTORS, NULL };
    const double taste[FACTORS] = { 1, -1, .5, .7, -.3, .2 };
    struct content_options options = usual;
    struct content *fit = NULL;
    double hits = 0, pairs = 0;
    options.ridge = 2;
    rows.items = 200;
    assert_int_equal(content_fit(&rows, &known, &options, &fit, NULL), ERR_OK);
    static double guess[ITEMS], truth[ITEMS];
    for (uint32_t i = 200; i < ITEMS; i++) {
        float y[FACTORS];
        content_vector(fit, shop.feature + i * EACH, shop.value + i * EACH, EACH, y);
        guess[i] = truth[i] = 0;
        for (uint32_t f = 0; f < FACTORS; f++) {
            guess[i] += taste[f] * (double)y[f];
            truth[i] += taste[f] * (double)shop.clean[i * FACTORS + f];
        }
        for (uint32_t j = 200; j < i; j++, pairs++)
            hits += (guess[i] > guess[j]) == (truth[i] > truth[j]);
    }
    assert_true(hits / pairs > .85);
    content_drop(&fit);
}

static void an_item_without_features_gets_the_mean(void **state)
{
    (void)state;
    const uint64_t start[] = { 0, 0, 0, 0 };
    const float vector[] = { 1, 10, 2, 20, 6, 30 }, trust[] = { 1, 1, 2 };
    const struct content_rows rows = { NULL, NULL, start, 3, 4 };
    const struct content_known known = { vector, 2, trust };
    for (uint32_t dense_max = 0; dense_max < 10; dense_max += 9) {
        struct content_options options = usual;
        struct content *fit = NULL;
        float y[2];
        options.dense_max = dense_max;
        assert_int_equal(content_fit(&rows, &known, &options, &fit, NULL), ERR_OK);
        content_vector(fit, (uint32_t[]){ 1, 99 }, NULL, 2, y);
        assert_float_equal(y[0], 15.0f / 4, 1e-6);
        assert_float_equal(y[1], 90.0f / 4, 1e-5);
        content_drop(&fit);
    }
}

/* With noise a ridge in between is best. The map gives a variance of 1/12 + 1/12 + 1/9 to each factor and the noise 1.5^2 / 12:
 * no more than .6 can be explained. Features that have nothing to do with the vectors explain nothing. */
static void the_ridge_is_chosen_by_items_held_out(void **state)
{
    (void)state;
    static const double ridge[] = { 1e-4, .1, 1, 3, 10, 1e5 };
    struct content_rows rows = plant(1.5, 61);
    const struct content_known known = { shop.vector, FACTORS, NULL };
    double best = 0, explained = 0;
    assert_int_equal(content_choose(&rows, &known, &usual, ridge, 6, &best, &explained, NULL), ERR_OK);
    assert_true(best > 1e-4 && best < 1e5);
    assert_true(explained > .4 && explained < .65);
    uint64_t seed = 8;
    for (int at = 0; at < ITEMS * FACTORS; at++)
        shop.vector[at] = (float)uniform(&seed);
    assert_int_equal(content_choose(&rows, &known, &usual, ridge, 6, &best, &explained, NULL), ERR_OK);
    assert_true(explained < .02 && best > 10);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct content_rows rows = plant(0, 71);
    static const float none[ITEMS];
    const struct content_known known = { shop.vector, FACTORS, NULL }, untrusted = { shop.vector, FACTORS, none };
    struct content *fit = NULL;
    struct err e = { 0 };
    assert_int_equal(content_fit(&rows, &untrusted, &usual, &fit, &e), ERR_INVALID);
    assert_string_equal(e.text, "there is no item to learn from");
    rows.features = 5;
    assert_int_equal(content_fit(&rows, &known, &usual, &fit, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "is not below 5"));
    rows.features = FEATURES;
    shop.vector[7 * FACTORS + 2] = NAN;
    assert_int_equal(content_fit(&rows, &known, &usual, &fit, &e), ERR_INVALID);
    assert_string_equal(e.text, "the vector of item 7 is not a number at 2");
    assert_int_equal(e.pos, 7);
    shop.vector[7 * FACTORS + 2] = 0;
    atomic_bool cancel = true;
    struct content_options options = usual;
    options.cancel = &cancel;
    assert_int_equal(content_fit(&rows, &known, &options, &fit, &e), ERR_BUSY);
    assert_null(fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_planted_map_is_found),
        cmocka_unit_test(both_ways_agree),
        cmocka_unit_test(is_the_least),
        cmocka_unit_test(cold_items_rank_above_chance),
        cmocka_unit_test(an_item_without_features_gets_the_mean),
        cmocka_unit_test(the_ridge_is_chosen_by_items_held_out),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
