/* Known answers: the donors of Fader, Hardie and Shang 2010. */
#include "engine/clv/bg_bb.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"

/* Those who first gave in 1995, and in how many of the six years after it, the last time when. */
static const struct {
    uint32_t repeats;
    int32_t last;
    double donors;
} donations[] = {
    { 0, 0, 3464 }, { 1, 1, 1091 }, { 1, 2, 277 }, { 1, 3, 129 }, { 1, 4, 78 },  { 1, 5, 119 }, { 1, 6, 129 }, { 2, 2, 613 },
    { 2, 3, 255 },  { 2, 4, 155 },  { 2, 5, 173 }, { 2, 6, 234 }, { 3, 3, 322 }, { 3, 4, 181 }, { 3, 5, 225 }, { 3, 6, 357 },
    { 4, 4, 240 },  { 4, 5, 284 },  { 4, 6, 512 }, { 5, 5, 335 }, { 5, 6, 728 }, { 6, 6, 1203 },
};
#define YEARS 6

static void the_donors_are_as_printed(void **state)
{
    struct buyer of[COUNT(donations)];
    double weight[COUNT(donations)], donors = 0, to_come = 0;
    struct bg_bb m;
    struct fit fit;
    struct err e;
    (void)state;
    for (size_t i = 0; i < COUNT(donations); i++) {
        of[i] = (struct buyer){ donations[i].repeats, donations[i].last, YEARS };
        donors += weight[i] = donations[i].donors;
    }
    const struct buyers buyers = { of, weight, COUNT(of), 1 };
    assert_int_equal(bg_bb_fit(&buyers, &m, &fit, &e), ERR_OK);
    const double is[] = { m.alpha, m.beta, m.gamma, m.delta }, want[] = { 1.203524, .749717, .656717, 2.783436 };
    for (size_t i = 0; i < 4; i++)
        near(is[i], want[i], 1e-5);
    near(donors, 11104, 0);
    near(fit.log_likelihood, -33225.581, 5e-4);
    near(bg_bb_log_likelihood(&m, &buyers), fit.log_likelihood, 1e-7);
    assert_true(fit.converged && fit.error[0] > 0);
    for (size_t i = 0; i < COUNT(of); i++)
        to_come += weight[i] * bg_bb_expected_of(&m, of[i].repeats, of[i].last, YEARS, 5);
    near(to_come, 12884.2, .05);
    near(donors * bg_bb_chance(&m, 0, YEARS), 3454.9, .05);
    near(donors * bg_bb_chance(&m, 6, YEARS), 1253.1, .05);
}

/* The paper's table has the chance to be there in the year to come, before which some leave. */
static void who_is_still_there_is_as_printed(void **state)
{
    static const struct bg_bb m = { 1.203524, .749717, .656717, 2.783436 };
    static const struct {
        double x, tx, alive;
    } known[] = { { 0, 0, .11 }, { 2, 4, .59 }, { 6, 6, .93 } };
    (void)state;
    double comes_through = (m.delta + YEARS) / (m.gamma + m.delta + YEARS);
    for (size_t i = 0; i < COUNT(known); i++)
        near(bg_bb_alive(&m, known[i].x, known[i].tx, YEARS) * comes_through, known[i].alive, 5e-3);
    near(bg_bb_alive(&m, 6, 6, YEARS), 1, 1e-12);
}

static void chances_sum_up(void **state)
{
    static const struct bg_bb models[] = { { 1.2, .75, .66, 2.8 }, { .1, 5, 1, 20 }, { 30, 3, .01, .01 } };
    (void)state;
    for (size_t k = 0; k < COUNT(models); k++) {
        double all = 0, mean = 0;
        for (uint32_t n = 0; n <= 40; n++) {
            double chance = bg_bb_chance(&models[k], n, 40);
            all += chance;
            mean += n * chance;
        }
        near(all, 1, 1e-9);
        near(mean, bg_bb_expected(&models[k], 40), 1e-7);
    }
    near(bg_bb_expected(&models[0], 2.5), (bg_bb_expected(&models[0], 2) + bg_bb_expected(&models[0], 3)) / 2, 1e-12);
}

static double share_drawn(double a, double b, uint64_t *seed)
{
    double one = any_gamma(seed, a);
    return one / (one + any_gamma(seed, b));
}

static void what_is_simulated_is_found_again(void **state)
{
    enum { BUYERS = 150000 };
    const struct bg_bb model = { 1.2, 2, .8, 6 };
    struct buyer *of = malloc(BUYERS * sizeof *of);
    struct buyers buyers;
    struct bg_bb m;
    struct fit fit;
    struct err e;
    uint64_t seed = 29;
    (void)state;
    assert_non_null(of);
    for (size_t i = 0; i < BUYERS; i++) {
        double buys = share_drawn(model.alpha, model.beta, &seed), leaves = share_drawn(model.gamma, model.delta, &seed);
        of[i] = (struct buyer){ .watched = 20 + (int32_t)(i % 20) };
        for (int32_t t = 1; t <= of[i].watched && any_between(&seed) >= leaves; t++)
            if (any_between(&seed) < buys) {
                of[i].repeats++;
                of[i].last = t;
            }
    }
    assert_int_equal(buyers_gather(of, BUYERS, 1, &buyers, &e), ERR_OK);
    assert_int_equal(bg_bb_fit(&buyers, &m, &fit, &e), ERR_OK);
    near(m.alpha, model.alpha, .05 * model.alpha);
    near(m.beta, model.beta, .05 * model.beta);
    near(m.gamma, model.gamma, .05 * model.gamma);
    near(m.delta, model.delta, .05 * model.delta);
    buyers_drop(&buyers);
    free(of);
}

static void more_purchases_than_opportunities_are_refused(void **state)
{
    struct buyer of = { 3, 2, 6 };
    double one = 1;
    const struct buyers buyers = { &of, &one, 1, 1 };
    struct bg_bb m;
    struct fit fit;
    struct err e;
    (void)state;
    assert_int_equal(bg_bb_fit(&buyers, &m, &fit, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "opportunities"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_donors_are_as_printed),
        cmocka_unit_test(who_is_still_there_is_as_printed),
        cmocka_unit_test(chances_sum_up),
        cmocka_unit_test(what_is_simulated_is_found_again),
        cmocka_unit_test(more_purchases_than_opportunities_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
