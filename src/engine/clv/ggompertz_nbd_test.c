/* Known answers: those that the paper prints, and Pareto / NBD, which the model becomes. */
#include "engine/clv/ggompertz_nbd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"
#include "engine/clv/pareto_nbd.h"

static double expected_of(const void *model, double x, double tx, double T, double t)
{
    return ggompertz_nbd_expected_of(model, x, tx, T, t);
}

/* On CDNOW nothing tells b: the paper prints .0002 and beta .0026, an odd place of the same ridge. */
static void the_sample_gives_what_is_printed(void **state)
{
    struct cdnow c;
    struct ggompertz_nbd m;
    struct fit fit;
    struct err e;
    (void)state;
    if (!cdnow_read(&c))
        skip();
    assert_int_equal(ggompertz_nbd_fit(&c.buyers, &m, &fit, &e), ERR_OK);
    near(m.r, .553, 5e-4);
    near(m.alpha, 10.578, 1e-3);
    near(m.s, .603, 5e-3);
    near(m.beta / m.b, .0026 / .0002, 1.5);
    near(fit.log_likelihood, -9594.98, 5e-3);
    assert_non_null(strstr(fit.diagnosis, "flat"));
    cdnow_foretell(&c, expected_of, &m, (struct holdout){ 1665.5, .7545, 1.6028, .6302 });
    cdnow_drop(&c);
}

static void without_wear_it_is_pareto(void **state)
{
    static const struct pareto_nbd pareto = { .553277, 10.577684, .606239, 11.668717 };
    static const struct ggompertz_nbd m = { .553277, 10.577684, 1e-9, .606239, 11.668717e-9 };
    (void)state;
    near(ggompertz_nbd_expected(&m, 39), pareto_nbd_expected(&pareto, 39), 1e-6);
    near(ggompertz_nbd_expected_of(&m, 3, 20, 38, 52), pareto_nbd_expected_of(&pareto, 3, 20, 38, 52), 1e-6);
    near(ggompertz_nbd_alive(&m, 3, 20, 38), pareto_nbd_alive(&pareto, 3, 20, 38), 1e-7);
    near(ggompertz_nbd_chance(&m, 3, 39), pareto_nbd_chance(&pareto, 3, 39), 1e-8);
}

/* Steep wear, none, counts of hundreds: the mean of the chances is the expectation, and nothing is no number. */
static void chances_sum_up(void **state)
{
    static const struct ggompertz_nbd models[] = { { .8, 4, .15, 1.2, 3 }, { .8, 4, 2, .5, 1e3 }, { 1, 1, 1e-4, 2, .01 },
                                                   { 2, 6, .5, 1, .2 } };
    (void)state;
    for (size_t k = 0; k < COUNT(models); k++) {
        const struct ggompertz_nbd *m = &models[k];
        double all = 0, mean = 0;
        for (uint32_t n = 0; n < 1500; n++) {
            double chance = ggompertz_nbd_chance(m, n, 39);
            all += chance;
            mean += n * chance;
        }
        near(all, 1, 1e-6);
        near(mean, ggompertz_nbd_expected(m, 39), 1e-5);
        for (double x = 0; x < 700; x += 100) {
            double alive = ggompertz_nbd_alive(m, x, x > 0 ? 100 : 0, 103);
            assert_true(alive >= 0 && alive <= 1 && isfinite(ggompertz_nbd_expected_of(m, x, x > 0 ? 100 : 0, 103, 52)));
        }
    }
}

static void the_slope_is_that_of_the_value(void **state)
{
    struct buyer of[] = { { 0, 0, 273 }, { 1, 30, 250 }, { 4, 200, 260 }, { 12, 180, 270 }, { 2, 50, 50 } };
    double weight[] = { 3, 2, 1, 1, 1 };
    const struct buyers buyers = { of, weight, COUNT(of), 7 };
    const struct buying f = { .buyers = &buyers };
    const struct surface s = ggompertz_nbd_surface(&f);
    double at[] = { -.2, 1.4, -1.9, .2, 1.1 }, slope[5], unused[5];
    (void)state;
    s.value(&f, at, slope);
    for (size_t i = 0; i < 5; i++) {
        double here = at[i], up, down;
        at[i] = here + 1e-5;
        up = s.value(&f, at, unused);
        at[i] = here - 1e-5;
        down = s.value(&f, at, unused);
        at[i] = here;
        near((up - down) / 2e-5, slope[i], 1e-6);
    }
}

static void what_is_simulated_is_found_again(void **state)
{
    enum { BUYERS = 100000 };
    const struct ggompertz_nbd model = { .8, 4, .05, .9, 1.5 };
    struct buyer *of = malloc(BUYERS * sizeof *of);
    struct buyers buyers;
    struct ggompertz_nbd m;
    struct fit fit;
    struct err e;
    uint64_t seed = 23;
    (void)state;
    assert_non_null(of);
    for (size_t i = 0; i < BUYERS; i++) {
        double rate = any_gamma(&seed, model.r) / model.alpha, wears = any_gamma(&seed, model.s) / model.beta;
        double leaves = log1p(-log(any_between(&seed)) / wears) / model.b;
        of[i] = buyer_made_up(rate, leaves, 7 * 104, &seed);
    }
    assert_int_equal(buyers_gather(of, BUYERS, 7, &buyers, &e), ERR_OK);
    assert_int_equal(ggompertz_nbd_fit(&buyers, &m, &fit, &e), ERR_OK);
    const double is[] = { m.r, m.alpha, m.b, m.s, m.beta }, want[] = { model.r, model.alpha, model.b, model.s, model.beta };
    for (size_t i = 0; i < 5; i++) {
        near(is[i], want[i], 3.5 * fit.error[i]);
        near(is[i], want[i], (i < 2 ? .05 : .15) * want[i]);
    }
    buyers_drop(&buyers);
    free(of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_gives_what_is_printed),
        cmocka_unit_test(without_wear_it_is_pareto),
        cmocka_unit_test(chances_sum_up),
        cmocka_unit_test(the_slope_is_that_of_the_value),
        cmocka_unit_test(what_is_simulated_is_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
