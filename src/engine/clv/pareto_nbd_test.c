/* Known answers: those that papers and packages print, and the CDNOW sample where it is at hand. */
#include "engine/clv/pareto_nbd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"

static const struct pareto_nbd exact = { .553277, 10.577684, .606239, 11.668717 };

static void expectations_are_those_that_are_printed(void **state)
{
    static const struct pareto_nbd rounded = { .55, 10.58, .61, 11.67 };
    (void)state;
    near(pareto_nbd_expected_of(&exact, 26, 30.86, 31, 52), 25.456, 5e-4);
    near(pareto_nbd_alive(&exact, 26, 30.86, 31), .99792, 5e-6);
    near(pareto_nbd_expected_of(&rounded, 132, 200, 200, 10), 6.206, 5e-4);
    near(pareto_nbd_expected_of(&rounded, 133, 200, 200, 10), 6.253, 5e-4);
}

static void nothing_is_ever_no_number(void **state)
{
    static const struct pareto_nbd models[] = { { .5143, 2.8845, .2856, 14.1087 }, { 10.465, .00799, 3.0516, 2.82 },
                                                { .5, 100, 1, .01 }, { 5, .01, 1 + 1e-9, 100 } };
    (void)state;
    for (size_t k = 0; k < COUNT(models); k++)
        for (double x = 0; x <= 500; x += x < 10 ? 1 : 49) {
            double tx = x > 0 ? 103.43 : 0, alive = pareto_nbd_alive(&models[k], x, tx, 103.57);
            double y = pareto_nbd_expected_of(&models[k], x, tx, 103.57, 52);
            if (!(alive >= 0 && alive <= 1) || !isfinite(y) || y < 0)
                fail_msg("model %zu, x %g: %g, %g", k, x, alive, y);
        }
    for (double x = 221; x <= 500; x += x < 400 ? 179 : 1) {
        double alive = pareto_nbd_alive(&models[x < 400 ? 0 : 1], x, 103.43, 103.57);
        assert_true(alive > .5 && alive <= 1);
    }
    near(pareto_nbd_alive(&exact, 3, 50, 50), 1, 1e-12);  // who has just bought is there
    const struct pareto_nbd one = { 1, 5, 1, 5 }, beside = { 1, 5, 1.0001, 5 };
    near(pareto_nbd_expected(&one, 20), pareto_nbd_expected(&beside, 20), 1e-3);
}

static double expected_of(const void *model, double x, double tx, double T, double t)
{
    return pareto_nbd_expected_of(model, x, tx, T, t);
}

static void the_sample_gives_what_is_printed(void **state)
{
    static const double at[] = { .553277, 10.577684, .606239, 11.668717 }, error[] = { .0476, .843, .187, 6.21 };
    struct cdnow c;
    struct pareto_nbd m;
    struct fit fit;
    struct err e;
    (void)state;
    if (!cdnow_read(&c))
        skip();
    assert_int_equal(pareto_nbd_fit(&c.buyers, &m, &fit, &e), ERR_OK);
    const double is[] = { m.r, m.alpha, m.s, m.beta };
    for (size_t i = 0; i < 4; i++) {
        near(is[i], at[i], 1e-5 * at[i]);
        near(fit.error[i], error[i], .01 * error[i]);
    }
    near(fit.log_likelihood, -9594.9762, 5e-5);
    assert_true(fit.converged);
    cdnow_foretell(&c, expected_of, &m, (struct holdout){ 1665.5, .7545, 1.6028, .6302 });
    cdnow_drop(&c);
}

static struct buyer simulate(const struct pareto_nbd *m, uint64_t *seed, int32_t days)
{
    double rate = any_gamma(seed, m->r) / m->alpha, leaves = -log(any_between(seed)) / (any_gamma(seed, m->s) / m->beta);
    return buyer_made_up(rate, leaves, days, seed);
}

static void chances_sum_up(void **state)
{
    const struct pareto_nbd models[] = { exact, { 2, 1, .3, 5 }, { .3, 20, 3, 2 } };
    (void)state;
    for (size_t k = 0; k < COUNT(models); k++) {
        double all = 0, mean = 0;
        for (uint32_t n = 0; n < 1500; n++) {
            double chance = pareto_nbd_chance(&models[k], n, 39);
            all += chance;
            mean += n * chance;
        }
        near(all, 1, 1e-7);
        near(mean, pareto_nbd_expected(&models[k], 39), 1e-5);
    }
    near(pareto_nbd_chance(&exact, 0, 0), 1, 0);
}

/* Alike customers together are the same as apart; another unit of time changes alpha and beta alone. */
static void weights_and_units_change_nothing(void **state)
{
    enum { BUYERS = 2000 };
    const struct pareto_nbd model = { .8, 4, 1.2, 30 };
    struct buyer of[BUYERS];
    double one[BUYERS];
    struct buyers weeks, days;
    struct pareto_nbd by_week, by_day;
    struct fit fit;
    struct err e;
    uint64_t seed = 9;
    (void)state;
    for (size_t i = 0; i < BUYERS; i++) {
        of[i] = simulate(&model, &seed, 300);
        one[i] = 1;
    }
    const struct buyers apart = { of, one, BUYERS, 7 };
    assert_int_equal(buyers_gather(of, BUYERS, 7, &weeks, &e), ERR_OK);
    assert_int_equal(buyers_gather(of, BUYERS, 1, &days, &e), ERR_OK);
    near(pareto_nbd_log_likelihood(&model, &weeks), pareto_nbd_log_likelihood(&model, &apart), 1e-7);
    assert_int_equal(pareto_nbd_fit(&weeks, &by_week, &fit, &e), ERR_OK);
    assert_int_equal(pareto_nbd_fit(&days, &by_day, &fit, &e), ERR_OK);
    near(by_day.r, by_week.r, 1e-4);
    near(by_day.alpha, 7 * by_week.alpha, 1e-3 * by_day.alpha);
    near(by_day.beta, 7 * by_week.beta, 1e-2 * by_day.beta);
    buyers_drop(&weeks);
    buyers_drop(&days);
}

static void what_is_simulated_is_found_again(void **state)
{
    enum { BUYERS = 100000 };
    const struct pareto_nbd model = { .8, 4, 1.2, 30 };
    struct buyer *of = malloc(BUYERS * sizeof *of);
    struct buyers buyers;
    struct pareto_nbd m;
    struct fit fit;
    struct err e;
    uint64_t seed = 5;
    (void)state;
    assert_non_null(of);
    for (size_t i = 0; i < BUYERS; i++)
        of[i] = simulate(&model, &seed, 7 * 104);
    assert_int_equal(buyers_gather(of, BUYERS, 7, &buyers, &e), ERR_OK);
    assert_int_equal(pareto_nbd_fit(&buyers, &m, &fit, &e), ERR_OK);
    near(m.r, model.r, .05 * model.r);
    near(m.alpha, model.alpha, .05 * model.alpha);
    near(m.s, model.s, .05 * model.s);
    near(m.beta, model.beta, .05 * model.beta);
    buyers_drop(&buyers);
    free(of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expectations_are_those_that_are_printed),
        cmocka_unit_test(nothing_is_ever_no_number),
        cmocka_unit_test(the_sample_gives_what_is_printed),
        cmocka_unit_test(chances_sum_up),
        cmocka_unit_test(weights_and_units_change_nothing),
        cmocka_unit_test(what_is_simulated_is_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
