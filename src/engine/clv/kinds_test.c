/* What holds of every model of buying. */
#include "engine/clv/kinds.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"

/* Buyers of whom no model is quite right, by weeks; opportunities where time is discrete. */
static void make_up(const struct kind *k, struct buyers *ret)
{
    enum { BUYERS = 1200 };
    struct buyer of[BUYERS];
    struct err e;
    uint64_t seed = 31;
    for (size_t i = 0; i < BUYERS; i++) {
        struct buyer *b = &of[i];
        double rate = any_gamma(&seed, .9) / 5, leaves = -log(any_between(&seed)) * 15 / any_gamma(&seed, .9);
        *b = buyer_made_up(rate, leaves, 7 * (30 + (int32_t)(i % 30)), &seed);
        if (!k->discrete)
            continue;
        b->watched /= 7;
        b->last = (b->last + 6) / 7;
        b->repeats = b->repeats < (uint32_t)b->last ? b->repeats : (uint32_t)b->last;
    }
    assert_int_equal(buyers_gather(of, BUYERS, k->discrete ? 1 : 7, ret, &e), ERR_OK);
}

static void each_is_found_by_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        assert_ptr_equal(kind_of(slice_of(buying_kinds[i].name)), &buying_kinds[i]);
        for (size_t p = 0; p < buying_kinds[i].n; p++)
            assert_non_null(buying_kinds[i].parameter[p]);
    }
    assert_null(kind_of(slice_of("crystal")));
}

static void every_one_is_fitted_with_intervals(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        const struct kind *k = &buying_kinds[i];
        struct buyers buyers;
        struct fit fit;
        struct err e;
        double at[KIND_PARAMETERS], low[KIND_PARAMETERS], high[KIND_PARAMETERS];
        make_up(k, &buyers);
        assert_int_equal(kind_fit(k, &buyers, at, &fit, &e), ERR_OK);
        assert_true(fit.converged);
        kind_intervals(k, &buyers, &fit, low, high);
        for (size_t p = 0; p < k->n; p++)
            if (!(low[p] < at[p] && at[p] < high[p]))
                fail_msg("%s, %s: %g is not between %g and %g", k->name, k->parameter[p], at[p], low[p], high[p]);
        buyers_drop(&buyers);
    }
}

/* On CDNOW, BG: near the normal interval where the likelihood is nearly a parabola (r), and lopsided where it is not (b). */
static void intervals_follow_the_likelihood(void **state)
{
    const struct kind *k = &buying_kinds[KIND_BG_NBD];
    struct cdnow c;
    struct fit fit;
    struct err e;
    double at[KIND_PARAMETERS], low[KIND_PARAMETERS], high[KIND_PARAMETERS];
    (void)state;
    if (!cdnow_read(&c))
        skip();
    assert_int_equal(kind_fit(k, &c.buyers, at, &fit, &e), ERR_OK);
    kind_intervals(k, &c.buyers, &fit, low, high);
    near(high[0] - low[0], 2 * 1.96 * fit.error[0], .02 * fit.error[0]);
    assert_true(high[3] - at[3] > 1.2 * (at[3] - low[3]));
    cdnow_drop(&c);
}

static void a_range_has_its_chance(void **state)
{
    static const double at[KINDS][KIND_PARAMETERS] = { { .24, 4.4, .79, 2.4 }, { .52, 6.2, .89, 1.6 }, { .55, 10.6, .61, 11.7 },
                                                       { .55, 10.6, .01, .6, .12 }, { 1.2, .75, .66, 2.8 } };
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        const struct kind *k = &buying_kinds[i];
        const struct purchase_range r = kind_range(k, at[i], 5, 30, 38, 40, .9);
        double alive = k->alive(at[i], 5, 30, 38), below = 0, within = 0, all = 0, mean = 0;
        for (uint32_t n = 0; n <= 300; n++) {
            double chance = alive * k->chance_to_come(at[i], 5, 38, n, 40) + (n ? 0 : 1 - alive);
            all += chance;
            mean += n * chance;
            below += n < r.low ? chance : 0;
            within += n >= r.low && n <= r.high ? chance : 0;
        }
        near(all, 1, 1e-6);
        near(mean, kind_expected_of(k, at[i], 5, 30, 38, 40), 1e-4);
        assert_true(within >= .9 && below <= .05 && r.high < 60);
    }
}

/* What one who is alive does is what a newcomer of their own model does. */
static void of_everybody_is_of_each(void **state)
{
    static const double at[] = { .55, 10.6, .61, 11.7 };
    const struct kind *k = &buying_kinds[KIND_PARETO_NBD];
    (void)state;
    near(k->to_come(at, 0, 0, 39), k->expected(at, 39), 1e-12);
    near(kind_expected_of(k, at, 0, 0, 0, 39), k->expected(at, 39), 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_found_by_its_name),
        cmocka_unit_test(every_one_is_fitted_with_intervals),
        cmocka_unit_test(intervals_follow_the_likelihood),
        cmocka_unit_test(a_range_has_its_chance),
        cmocka_unit_test(of_everybody_is_of_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
