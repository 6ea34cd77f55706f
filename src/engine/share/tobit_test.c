#include "engine/share/tobit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/share/share_testing.h"

#define ROWS 20000
#define FEATURES 3

struct made {
    float feature[FEATURES * ROWS], y[ROWS];
};

/* y = max(0, 1 + 2 x0 - x1 + 1.5 normal): about a third are 0; x2 is x0 again. */
static void make(struct made *m, uint64_t seed)
{
    for (size_t i = 0; i < ROWS; i++) {
        double x0 = any_normal(&seed), x1 = any_between(&seed) * 4, y = 1 + 2 * x0 - x1 + 1.5 * any_normal(&seed);
        m->feature[i] = (float)x0;
        m->feature[ROWS + i] = (float)x1;
        m->feature[2 * ROWS + i] = (float)x0;
        m->y[i] = (float)fmax(y, 0);
    }
}

static float at(const struct tobit *t, float x0, float x1, double deviations)
{
    const float x[FEATURES] = { x0, x1, x0 };
    float ret;
    tobit_of(t, &(struct quantile_rows){ 1, FEATURES, x }, deviations, &ret);
    return ret;
}

static void what_was_censored_is_found_again(void **state)
{
    static struct made m;
    struct quantile_rows rows = { ROWS, FEATURES, m.feature };
    struct tobit *t = NULL;
    struct err e;
    (void)state;
    make(&m, 1);
    assert_int_equal(tobit_fit(&rows, m.y, &t, &e), ERR_OK);
    near(tobit_error(t), 1.5, .03);
    near(at(t, 0, 0, 0), 1, .06);
    near(at(t, 1, 0, 0) - at(t, 0, 0, 0), 2, .05);
    near(at(t, 0, 0, 0) - at(t, 0, .5F, 0), .5, .03);
    near(at(t, 0, 0, 1.2815516) - at(t, 0, 0, 0), 1.2815516 * tobit_error(t), 1e-5);
    assert_true(at(t, -3, 4, 0) == 0);
    near(at(t, NAN, 2, 1), fmax(at(t, 0, 2, 1), 0), .05);        // not known: as the mean
    tobit_drop(&t);
}

/* Where nothing is censored it is the least squares of a line. */
static void without_zeros_it_is_a_line(void **state)
{
    static const float x[] = { 1, 2, 3, 4, 5 }, y[] = { 3.1F, 4.9F, 7.2F, 8.8F, 11 };  // slope 1.97, constant 1.09
    const struct quantile_rows rows = { 5, 1, x };
    struct tobit *t = NULL;
    float got[5];
    struct err e;
    (void)state;
    assert_int_equal(tobit_fit(&rows, y, &t, &e), ERR_OK);
    tobit_of(t, &rows, 0, got);
    for (size_t i = 0; i < 5; i++)
        near(got[i], 1.09 + 1.97 * (double)x[i], 1e-4);
    near(tobit_error(t), sqrt(.091 / 5), 1e-3);
    tobit_drop(&t);
}

static void what_cannot_be_is_refused(void **state)
{
    static const float x[] = { 1, 2, 3, 4, 5 }, y[] = { 0, 0, 0, 1, 2 }, low[] = { 1, 2, 3, -4, 5 };
    const struct quantile_rows rows = { 5, 1, x };
    struct tobit *t = NULL;
    struct err e;
    (void)state;
    assert_int_equal(tobit_fit(&rows, y, &t, &e), ERR_INVALID);
    assert_string_equal(e.text, "2 rows above 0; at least 4");
    assert_int_equal(tobit_fit(&rows, low, &t, &e), ERR_INVALID);
    assert_string_equal(e.text, "row 3: -4; 0 or more");
    assert_null(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_censored_is_found_again),
        cmocka_unit_test(without_zeros_it_is_a_line),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
