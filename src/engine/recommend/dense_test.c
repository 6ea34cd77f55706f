#include "engine/recommend/dense.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "engine/recommend/recommend_testing.h"

#define ROWS 37                 // no multiple of anything
#define WIDTH 48
#define STRIDE 64

static float any(uint64_t seed)
{
    return (float)(hash_mix(seed) % 2001) / 1000 - 1;
}

static void fill(float *at, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++)
        at[i] = any(seed + i);
}

/* y'y + 1 on the diagonal, both triangles. */
static void make_square(double want[WIDTH][WIDTH], float *a)
{
    static float y[ROWS * STRIDE];
    fill(y, ROWS * STRIDE, 5);
    for (size_t r = 0; r < WIDTH; r++) {
        for (size_t c = 0; c < WIDTH; c++) {
            double sum = r == c;
            for (size_t i = 0; i < ROWS; i++)
                sum += (double)y[i * STRIDE + r] * (double)y[i * STRIDE + c];
            want[r][c] = sum;
            a[r * WIDTH + c] = (float)sum;
        }
    }
}

static void products_are_those_of_plain_loops(void **state)
{
    (void)state;
    static float y[ROWS * STRIDE], c[WIDTH * WIDTH], o[WIDTH * WIDTH], w[WIDTH], r[ROWS], dots[ROWS], sums[WIDTH];
    fill(y, ROWS * STRIDE, 1);
    fill(w, WIDTH, 9000);
    fill(r, ROWS, 9900);
    dense_gram(y, ROWS, STRIDE, WIDTH, c, WIDTH);
    dense_outer(-2, y, STRIDE, WIDTH, y, STRIDE, WIDTH, ROWS, o, WIDTH);
    dense_dots(y, ROWS, STRIDE, WIDTH, w, dots);
    dense_sum(3, y, ROWS, STRIDE, WIDTH, r, sums);
    for (size_t row = 0; row < WIDTH; row++) {
        double sum = 0;
        for (size_t i = 0; i < ROWS; i++)
            sum += (double)r[i] * (double)y[i * STRIDE + row];
        near(sums[row], 3 * sum, 1e-4);
        for (size_t col = row; col < WIDTH; col++) {
            double want = 0;
            for (size_t i = 0; i < ROWS; i++)
                want += (double)y[i * STRIDE + row] * (double)y[i * STRIDE + col];
            near(c[row * WIDTH + col], want, 1e-4);
            near(o[row * WIDTH + col], -2 * want, 1e-4);
            near(o[col * WIDTH + row], -2 * want, 1e-4);
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        double want = 0;
        for (size_t k = 0; k < WIDTH; k++)
            want += (double)y[i * STRIDE + k] * (double)w[k];
        near(dots[i], want, 1e-4);
    }
}

static void rows_by_a_matrix_are_those_of_plain_loops(void **state)
{
    (void)state;
    static float a[ROWS * STRIDE], b[STRIDE * WIDTH], c[ROWS * WIDTH];
    fill(a, ROWS * STRIDE, 31);
    fill(b, STRIDE * WIDTH, 32000);
    dense_times(a, STRIDE, ROWS, b, WIDTH, WIDTH, STRIDE, c, WIDTH);
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t col = 0; col < WIDTH; col++) {
            double want = 0;
            for (size_t k = 0; k < STRIDE; k++)
                want += (double)a[row * STRIDE + k] * (double)b[k * WIDTH + col];
            near(c[row * WIDTH + col], want, 1e-4);
        }
    }
}

/* Any number of rows, one more than once, and one of zeros; against doubles, as well as 16 bits can. */
static void pulls_of_short_rows_are_those_of_long_ones(void **state)
{
    (void)state;
    static float y[ROWS * STRIDE], p[STRIDE], out[STRIDE], scale[ROWS], scratch[DENSE_FEW * STRIDE];
    static int32_t shorts[ROWS * STRIDE / 2];
    uint32_t which[ROWS];
    fill(y, ROWS * STRIDE, 70);
    fill(p, STRIDE, 7000);
    memset(y + 3 * STRIDE, 0, STRIDE * sizeof *y);
    for (uint32_t r = 0; r < ROWS; r++) {
        scale[r] = dense_shorten(y + r * STRIDE, STRIDE, shorts + r * STRIDE / 2);
        which[r] = r == 5 ? 2 : ROWS - 1 - r;
    }
    for (size_t n = 0; n <= ROWS; n++) {
        double want[STRIDE] = { 0 };
        for (size_t i = 0; i < n; i++) {
            const float *row = y + which[i] * STRIDE;
            double off = -.5;
            for (size_t k = 0; k < STRIDE; k++)
                off += (double)row[k] * (double)p[k];
            for (size_t k = 0; k < STRIDE; k++)
                want[k] += off * (double)row[k];
        }
        memset(out, 0, sizeof out);
        dense_pulls((struct dense_shorts){ shorts, scale, STRIDE }, which, n, .5f, p, out, scratch);
        for (size_t k = 0; k < STRIDE; k++)
            near(out[k], want[k], 1e-3 * sqrt((double)n + 1));
    }
}

static void a_solution_solves(void **state)
{
    (void)state;
    static double want[WIDTH][WIDTH];
    static float a[WIDTH * WIDTH], x[WIDTH], b[WIDTH];
    make_square(want, a);
    for (size_t row = 0; row < WIDTH; row++)
        for (size_t col = 0; col < row; col++)
            a[row * WIDTH + col] = NAN;  // the lower triangle is nobody's concern
    fill(b, WIDTH, 77);
    memcpy(x, b, sizeof x);
    assert_true(dense_factor(a, WIDTH, WIDTH));
    dense_solve(a, WIDTH, WIDTH, x);
    for (size_t row = 0; row < WIDTH; row++) {
        double sum = 0;
        for (size_t col = 0; col < WIDTH; col++)
            sum += want[row][col] * (double)x[col];
        near(sum, b[row], 1e-3);
    }
}

static void a_sweep_inverts(void **state)
{
    (void)state;
    static double want[WIDTH][WIDTH];
    static float a[WIDTH * WIDTH];
    make_square(want, a);
    assert_true(dense_sweep(a, WIDTH, WIDTH));
    for (size_t row = 0; row < WIDTH; row++) {
        for (size_t col = 0; col < WIDTH; col++) {
            double sum = 0;
            for (size_t k = 0; k < WIDTH; k++)
                sum -= want[row][k] * (double)a[k * WIDTH + col];
            near(sum, row == col, 1e-3);
        }
    }
}

static void what_has_no_factor_is_told(void **state)
{
    (void)state;
    static float a[WIDTH * WIDTH];
    for (size_t i = 0; i < WIDTH; i++)
        a[i * WIDTH + i] = i == 40 ? -1 : 1;
    assert_false(dense_factor(a, WIDTH, WIDTH));
    assert_false(dense_sweep(a, WIDTH, WIDTH));
    a[0] = NAN;
    assert_false(dense_factor(a, WIDTH, WIDTH));
    assert_null(dense_new(SIZE_MAX / 2, 16));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_those_of_plain_loops),
        cmocka_unit_test(rows_by_a_matrix_are_those_of_plain_loops),
        cmocka_unit_test(pulls_of_short_rows_are_those_of_long_ones),
        cmocka_unit_test(a_solution_solves),
        cmocka_unit_test(a_sweep_inverts),
        cmocka_unit_test(what_has_no_factor_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
