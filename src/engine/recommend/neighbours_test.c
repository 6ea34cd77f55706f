#include "engine/recommend/neighbours.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

static const struct neighbours_options usual = { .k = 100, .shrink = 10, .basket_max = 500 };

/* Three buyers: {0,1}, {0,1,2}, {2}. cos(0,1) = 2 / (2 + 10), cos(0,2) = 1 / (2 + 10). */
static void small_example(void **state)
{
    (void)state;
    const uint32_t item[] = { 0, 1, 0, 1, 2, 2 };
    const uint64_t start[] = { 0, 2, 5, 6 };
    struct neighbours *fit = NULL;
    struct err e = { 0 };
    assert_int_equal(neighbours_fit((struct purchase_rows){ item, start, 3, 3 }, usual, &fit, &e), ERR_OK);
    assert_int_equal(fit->buyers[0], 2);
    assert_int_equal(fit->count[0], 2);
    assert_int_equal(fit->of[0].item, 1);
    assert_int_equal(fit->of[0].together, 2);
    assert_float_equal(fit->of[0].similarity, 2.0f / 12.0f, 1e-6);
    assert_int_equal(fit->of[1].item, 2);
    assert_float_equal(fit->of[1].similarity, 1.0f / 12.0f, 1e-6);
    neighbours_drop(&fit);
    assert_null(fit);
}

static void bad_items_are_named(void **state)
{
    (void)state;
    const uint32_t item[] = { 0, 7 };
    const uint64_t start[] = { 0, 2 };
    struct neighbours *fit = NULL;
    struct err e = { 0 };
    assert_int_equal(neighbours_fit((struct purchase_rows){ item, start, 1, 3 }, usual, &fit, &e),
                     ERR_INVALID);
    assert_int_equal(e.pos, 1);
    assert_null(fit);
}

static void cancel_stops(void **state)
{
    (void)state;
    const uint32_t item[] = { 0, 1 };
    const uint64_t start[] = { 0, 2 };
    atomic_bool cancel = true;
    struct neighbours_options options = usual;
    options.cancel = &cancel;
    struct neighbours *fit = NULL;
    assert_int_equal(neighbours_fit((struct purchase_rows){ item, start, 1, 2 }, options, &fit, NULL),
                     ERR_BUSY);
    assert_null(fit);
}

#define BUYERS 300
#define ITEMS 40

struct rows {
    uint32_t item[BUYERS * ITEMS];
    uint64_t start[BUYERS + 1];
};

static void random_rows(struct rows *rows, uint64_t seed)
{
    uint64_t at = 0;
    for (uint32_t b = 0; b < BUYERS; b++) {
        rows->start[b] = at;
        for (uint32_t i = 0; i < ITEMS; i++)
            if (hash_mix(seed + b * 1000003u + i) % 8 == 0)
                rows->item[at++] = i;
    }
    rows->start[BUYERS] = at;
}

/* Brute force over all pairs gives the same numbers, best first. */
static void equals_brute_force(void **state)
{
    (void)state;
    static struct rows rows;
    random_rows(&rows, 42);
    bool has[BUYERS][ITEMS] = { 0 };
    for (uint32_t b = 0; b < BUYERS; b++)
        for (uint64_t at = rows.start[b]; at < rows.start[b + 1]; at++)
            has[b][rows.item[at]] = true;
    struct neighbours *fit = NULL;
    assert_int_equal(neighbours_fit((struct purchase_rows){ rows.item, rows.start, BUYERS, ITEMS }, usual,
                                    &fit, NULL), ERR_OK);
    for (uint32_t i = 0; i < ITEMS; i++) {
        for (uint32_t at = 0; at < fit->count[i]; at++) {
            struct neighbour got = fit->of[i * fit->k + at];
            uint32_t both = 0, n_i = 0, n_j = 0;
            for (uint32_t b = 0; b < BUYERS; b++) {
                both += has[b][i] && has[b][got.item];
                n_i += has[b][i];
                n_j += has[b][got.item];
            }
            assert_int_equal(got.together, both);
            assert_float_equal(got.similarity, (float)both / (sqrtf((float)n_i * (float)n_j) + 10), 1e-5);
            if (at)
                assert_true(fit->of[i * fit->k + at - 1].similarity >= got.similarity);
        }
    }
    neighbours_drop(&fit);
}

static bool not_five(void *arg, uint32_t item)
{
    (void)arg;
    return item != 5;
}

static void scoring_leaves_out_what_is_bought_or_refused(void **state)
{
    (void)state;
    static struct rows rows;
    random_rows(&rows, 7);
    struct neighbours *fit = NULL;
    assert_int_equal(neighbours_fit((struct purchase_rows){ rows.item, rows.start, BUYERS, ITEMS }, usual,
                                    &fit, NULL), ERR_OK);
    struct neighbour_work *work = neighbour_work_new();
    const uint32_t bought[] = { 3, 11, 20 };
    for (int again = 0; again < 3; again++) {  // the work is reused
        struct scored best[ITEMS];
        size_t n = 0;
        assert_int_equal(neighbours_score(fit, bought, 3, not_five, NULL, work, best, ITEMS, &n, NULL),
                         ERR_OK);
        assert_int_equal(neighbours_explain(fit, bought, 3, work, best, n, NULL), ERR_OK);
        assert_true(n > 10);
        for (size_t i = 0; i < n; i++) {
            float want = 0, most = 0;
            uint32_t why = 0;
            for (int b = 0; b < 3; b++) {
                float adds = neighbours_similarity(fit, bought[b], best[i].item);
                want += adds;
                if (adds > most) {
                    most = adds;
                    why = bought[b];
                }
            }
            assert_float_equal(best[i].score, want, 1e-5);
            assert_true(best[i].item != 5 && best[i].item != 3 && best[i].item != 11);
            assert_int_equal(best[i].why, why);
            assert_true(i == 0 || best[i - 1].score >= best[i].score);
        }
    }
    neighbour_work_drop(&work);
    neighbours_drop(&fit);
}

/* Numbering buyers and items differently changes numbers, not similarities. */
static void permutation_changes_nothing(void **state)
{
    (void)state;
    static struct rows rows, turned;
    random_rows(&rows, 99);
    uint64_t at = 0;
    for (uint32_t b = 0; b < BUYERS; b++) {
        uint32_t from = BUYERS - 1 - b;
        turned.start[b] = at;
        for (uint64_t i = rows.start[from]; i < rows.start[from + 1]; i++)
            turned.item[at++] = ITEMS - 1 - rows.item[i];
    }
    turned.start[BUYERS] = at;
    struct neighbours *one = NULL, *two = NULL;
    assert_int_equal(neighbours_fit((struct purchase_rows){ rows.item, rows.start, BUYERS, ITEMS }, usual,
                                    &one, NULL), ERR_OK);
    assert_int_equal(neighbours_fit((struct purchase_rows){ turned.item, turned.start, BUYERS, ITEMS },
                                    usual, &two, NULL), ERR_OK);
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t twin = ITEMS - 1 - i;
        assert_int_equal(one->count[i], two->count[twin]);
        for (uint32_t n = 0; n < one->count[i]; n++)
            assert_float_equal(one->of[i * one->k + n].similarity, two->of[twin * two->k + n].similarity,
                               1e-6);
    }
    neighbours_drop(&one);
    neighbours_drop(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_example),
        cmocka_unit_test(bad_items_are_named),
        cmocka_unit_test(cancel_stops),
        cmocka_unit_test(equals_brute_force),
        cmocka_unit_test(scoring_leaves_out_what_is_bought_or_refused),
        cmocka_unit_test(permutation_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
