/* Columns say of each customer what is said of one. */
#include "engine/clv/score.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"

enum { BUYERS = 3000 };
static struct score_data {
    uint32_t repeats[BUYERS];
    int32_t last[BUYERS], watched[BUYERS];
    double mean[BUYERS], alive[BUYERS], purchases[BUYERS], spend[BUYERS], value[BUYERS];
} d;

static void make_up(void)
{
    uint64_t seed = 37;
    for (size_t i = 0; i < BUYERS; i++) {
        double rate = any_gamma(&seed, .8) / 4, leaves = -log(any_between(&seed)) * 40;
        const struct buyer b = buyer_made_up(rate, leaves, 200 + (int32_t)(i % 70), &seed);
        d.repeats[i] = b.repeats;
        d.last[i] = b.last;
        d.watched[i] = b.watched;
        d.mean[i] = b.repeats ? 10 + (double)(i % 7) : 0;
    }
}

static void columns_are_as_one_by_one(void **state)
{
    static const struct gamma_gamma spends = { 6.25, 3.74, 15.44 };
    static const double at[] = { .24, 4.4, .79, 2.4 };
    const struct score_model m = { &buying_kinds[KIND_MBG_NBD], { .24, 4.4, .79, 2.4 }, 7, 7, &spends };
    const struct score_buyers b = { BUYERS, d.repeats, d.last, d.watched, d.mean };
    struct err e;
    (void)state;
    make_up();
    assert_int_equal(score_buyers(&m, &b, (struct score_horizon){ 182, 0 },
                                  (struct score_columns){ d.alive, d.purchases, d.spend, d.value }, &e), ERR_OK);
    for (size_t i = 0; i < BUYERS; i++) {
        double x = d.repeats[i], tx = d.last[i] / 7.0, T = d.watched[i] / 7.0;
        near(d.alive[i], m.kind->alive(at, x, tx, T), 1e-12);
        near(d.purchases[i], kind_expected_of(m.kind, at, x, tx, T, 26), 1e-12);
        near(d.spend[i], gamma_gamma_expected(&spends, x, d.mean[i]), 1e-12);
        near(d.value[i], d.purchases[i] * d.spend[i], 1e-9);
    }
}

/* A discount takes from the value what the purchases' dates say, and nothing from the purchases. */
static void what_comes_later_is_worth_less(void **state)
{
    static const struct gamma_gamma spends = { 6.25, 3.74, 15.44 };
    static double plain[BUYERS];
    const struct score_model m = { &buying_kinds[KIND_PARETO_NBD], { .55, 10.6, .61, 11.7 }, 7, 7, &spends };
    const struct score_buyers b = { BUYERS, d.repeats, d.last, d.watched, d.mean };
    struct err e;
    (void)state;
    make_up();
    const struct score_columns in_plain = { .value = plain }, in_value = { .value = d.value };
    assert_int_equal(score_buyers(&m, &b, (struct score_horizon){ 730, 0 }, in_plain, &e), ERR_OK);
    assert_int_equal(score_buyers(&m, &b, (struct score_horizon){ 730, .1 }, in_value, &e), ERR_OK);
    for (size_t i = 0; i < BUYERS; i++)
        assert_true(d.value[i] <= plain[i] && d.value[i] >= plain[i] / 1.1 * .99);
    const struct score_model unvalued = { &buying_kinds[KIND_PARETO_NBD], { .55, 10.6, .61, 11.7 }, 7, 7, NULL };
    const struct score_buyers unknown = { BUYERS, d.repeats, d.last, d.watched, NULL };
    assert_int_equal(score_buyers(&unvalued, &unknown, (struct score_horizon){ 730, .1 },
                                  (struct score_columns){ .value = d.value, .alive = d.alive }, &e), ERR_OK);
    assert_true(isnan(d.value[0]) && d.alive[0] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_one_by_one),
        cmocka_unit_test(what_comes_later_is_worth_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
