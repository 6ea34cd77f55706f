#include "engine/share/quantile_trees.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/share/quantile.h"
#include "engine/share/share_testing.h"

#define ROWS 8000
#define FEATURES 4

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void quantiles_are_those_of_sorted_numbers(void **state)
{
    enum { N = 500, GROUPS = 3 };
    static uint32_t scratch[GROUPS * (QUANTILE_DIGITS + 3)];
    float x[N], sorted[N], got[GROUPS];
    uint8_t group[N];
    uint64_t seed = 1;
    (void)state;
    for (int turn = 0; turn < 60; turn++) {
        double of = turn / 60.0;
        for (size_t i = 0; i < N; i++) {
            x[i] = (float)(any_normal(&seed) * pow(10, turn % 7 - 3));
            x[i] = turn % 5 == 0 ? roundf(x[i]) : x[i];  // ties, and both zeros
            group[i] = (uint8_t)(any_between(&seed) * 2 + (turn % 2));
        }
        for (unsigned g = 0; g < GROUPS; g++)
            got[g] = -77;
        quantiles(x, group, N, GROUPS, of, got, scratch);
        for (unsigned g = 0; g < GROUPS; g++) {
            size_t n = 0;
            for (size_t i = 0; i < N; i++)
                if (group[i] == g)
                    sorted[n++] = x[i];
            qsort(sorted, n, sizeof *sorted, by_value);
            size_t rank = (size_t)fmax(ceil(of * (double)n) - 1, 0);
            assert_true(got[g] == (n ? sorted[rank] : -77));
        }
    }
}

/* y = 2 x0 + (1 + x1) * normal: its quantiles are known. x2 is noise, x3 is often not known, and y is greater there. */
struct made {
    float feature[FEATURES * ROWS], y[ROWS], q90[ROWS];
};

static void make(struct made *m, uint64_t seed)
{
    for (size_t i = 0; i < ROWS; i++) {
        double x0 = any_between(&seed) * 4, x1 = any_between(&seed) * 3, x2 = any_between(&seed);
        bool known = any_between(&seed) < .7;
        double middle = 2 * x0 + (known ? 0 : 5);
        m->feature[i] = (float)x0;
        m->feature[ROWS + i] = (float)x1;
        m->feature[2 * ROWS + i] = (float)x2;
        m->feature[3 * ROWS + i] = known ? (float)x2 : NAN;
        m->y[i] = (float)(middle + (1 + x1) * any_normal(&seed));
        m->q90[i] = (float)(middle + (1 + x1) * 1.2815516);
    }
}

static void known_quantiles_are_found(void **state)
{
    static struct made fitted, other;
    static float got[ROWS], again[ROWS];
    const struct quantile_trees_options o = quantile_trees_options_usual();
    struct quantile_rows rows = { ROWS, FEATURES, fitted.feature };
    struct quantile_trees *t = NULL, *twin = NULL;
    struct err e;
    double below = 0, off = 0, below_part[2] = { 0 }, part[2] = { 0 };
    (void)state;
    make(&fitted, 1);
    make(&other, 2);
    assert_int_equal(quantile_trees_fit(&rows, fitted.y, &o, &t, &e), ERR_OK);
    assert_int_equal(quantile_trees_fit(&rows, fitted.y, &o, &twin, &e), ERR_OK);
    rows.feature = other.feature;
    quantile_trees_of(t, &rows, got);
    quantile_trees_of(twin, &rows, again);
    assert_memory_equal(got, again, sizeof got);
    assert_true(quantile_trees_count(t) > 20 && quantile_trees_count(t) <= o.trees);
    for (size_t i = 0; i < ROWS; i++) {
        bool wide = other.feature[ROWS + i] > 1.5;
        below += other.y[i] <= got[i];
        below_part[wide] += other.y[i] <= got[i];
        part[wide]++;
        off += fabsf(got[i] - other.q90[i]);
    }
    near(below / ROWS, .9, .02);
    near(below_part[0] / part[0], .9, .03);      // where the spread is small and where it is large
    near(below_part[1] / part[1], .9, .03);
    assert_true(off / ROWS < .6);                // of a y that is spread by 4.3
    quantile_trees_drop(&t);
    quantile_trees_drop(&twin);
}

static void edges(void **state)
{
    static float y[ROWS], x[ROWS], got[ROWS];
    const struct quantile_trees_options usual = quantile_trees_options_usual();
    struct quantile_rows rows = { ROWS, 1, x };
    struct quantile_trees_options o;
    struct quantile_trees *t = NULL;
    struct err e;
    atomic_bool stop = true;
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        y[i] = 3;                                // nothing to learn from nothing
    assert_int_equal(quantile_trees_fit(&rows, y, &usual, &t, &e), ERR_OK);
    quantile_trees_of(t, &rows, got);
    assert_true(got[0] == 3 && quantile_trees_count(t) == 0);
    quantile_trees_drop(&t);
    for (size_t i = 0; i < ROWS; i++)
        x[i] = i % 3 ? NAN : INFINITY;
    rows.n = 7;
    assert_int_equal(quantile_trees_fit(&rows, y, &usual, &t, &e), ERR_OK);
    quantile_trees_of(t, &rows, got);
    assert_true(got[6] == 3);
    quantile_trees_drop(&t);
    o = usual, o.depth = 7;
    assert_int_equal(quantile_trees_fit(&rows, y, &o, &t, &e), ERR_INVALID);
    assert_string_equal(e.text, "depth is 7; from 1 to 6");
    o = usual, o.quantile = 1;
    assert_int_equal(quantile_trees_fit(&rows, y, &o, &t, &e), ERR_INVALID);
    o = usual, o.cancel = &stop;
    assert_int_equal(quantile_trees_fit(&rows, y, &o, &t, &e), ERR_BUSY);
    rows.n = 4;
    assert_int_equal(quantile_trees_fit(&rows, y, &usual, &t, &e), ERR_INVALID);
    rows.n = 7;
    y[5] = NAN;
    assert_int_equal(quantile_trees_fit(&rows, y, &usual, &t, &e), ERR_INVALID);
    assert_string_equal(e.text, "row 5: its value is no number");
    assert_null(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_sorted_numbers),
        cmocka_unit_test(known_quantiles_are_found),
        cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
