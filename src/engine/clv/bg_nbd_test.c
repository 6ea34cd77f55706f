/* Known answers: those that papers and packages print, and the CDNOW sample where it is at hand. */
#include "engine/clv/bg_nbd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"

/* The estimates as the paper prints them, and with more digits. */
static const struct bg_nbd printed = { BG_NBD, .243, 4.414, .793, 2.426 };
static const struct bg_nbd exact = { BG_NBD, .242595, 4.413604, .792921, 2.425906 };

static void expectations_are_those_of_the_paper(void **state)
{
    static const struct {
        double t, expected;
    } of_anybody[] = { { 1 / 7.0, .0078 }, { 1, .0532 }, { 3, .1506 }, { 31.857, 1.0405 }, { 32, 1.0438 }, { 78, 1.858 } };
    (void)state;
    for (size_t i = 0; i < COUNT(of_anybody); i++)
        near(bg_nbd_expected(&exact, of_anybody[i].t), of_anybody[i].expected, i < 4 ? 5e-5 : 2e-4);
    near(bg_nbd_expected_of(&exact, 2, 30.43, 38.86, 39), 1.2259, 5e-5);
    near(bg_nbd_alive(&exact, 2, 30.43, 38.86), .7266, 5e-5);
    near(bg_nbd_alive(&exact, 1000, 10, 100), 0, 1e-300);
    near(bg_nbd_expected(&exact, 0), 0, 0);
}

static void chances_are_those_of_the_paper(void **state)
{
    double all = 0, mean = 0;
    (void)state;
    near(bg_nbd_chance(&printed, 10, 2), 1.07869e-7, 5e-13);
    near(bg_nbd_chance(&printed, 0, 39), .5737864, 5e-8);
    near(bg_nbd_chance(&printed, 11, 30), .0019995214, 5e-11);
    near(bg_nbd_chance(&printed, 20, 30), .000222226, 5e-10);
    for (uint32_t n = 0; n < 2000; n++) {
        double chance = bg_nbd_chance(&printed, n, 39);
        all += chance;
        mean += n * chance;
    }
    near(all, 1, 1e-6);
    near(mean, bg_nbd_expected(&printed, 39), 1e-3);
    const struct bg_nbd from_the_first = { MBG_NBD, .525, 6.183, .891, 1.614 };
    all = mean = 0;
    for (uint32_t n = 0; n < 2000; n++) {
        double chance = bg_nbd_chance(&from_the_first, n, 39);
        all += chance;
        mean += n * chance;
    }
    near(all, 1, 1e-6);
    near(mean, bg_nbd_expected(&from_the_first, 39), 1e-3);
}

/* Where others overflow: customers who bought hundreds of times, parameters near to where formulas have 0 / 0. */
static void nothing_is_ever_no_number(void **state)
{
    static const double xs[] = { 0, 1, 7, 300, 5000 }, as[] = { 1e-3, .3, 1 - 1e-9, 1, 1 + 1e-9, 40 };
    (void)state;
    for (int form = BG_NBD; form <= MBG_NBD; form++)
        for (size_t i = 0; i < COUNT(xs); i++)
            for (size_t k = 0; k < COUNT(as); k++) {
                const struct bg_nbd m = { (enum bg_form)form, 5, .8, as[k], .7 };
                double y = bg_nbd_expected_of(&m, xs[i], xs[i] > 0 ? 99 : 0, 100, 52);
                double alive = bg_nbd_alive(&m, xs[i], xs[i] > 0 ? 99 : 0, 100);
                if (!isfinite(y) || y < 0 || !(alive >= 0 && alive <= 1))
                    fail_msg("form %d, x %g, a %g: %g, %g", form, xs[i], as[k], y, alive);
                if (xs[i] > 0 && y > 52 * (5 + xs[i]) / 100.8)
                    fail_msg("more than their rate: %g", y);
            }
    const struct bg_nbd edge = { BG_NBD, .5, 3, .4, .6 };  // a + b = 1
    const struct bg_nbd beside = { BG_NBD, .5, 3, .4, .6001 };
    near(bg_nbd_expected(&edge, 10), bg_nbd_expected(&beside, 10), 1e-3);
}

/* ---- CDNOW ---- */
static double expected_of(const void *model, double x, double tx, double T, double t)
{
    return bg_nbd_expected_of(model, x, tx, T, t);
}

static void the_sample_gives_what_is_printed(void **state)
{
    static const struct {
        enum bg_form form;
        double at[4], log_likelihood;
        struct holdout score;
    } known[] = {
        { BG_NBD, { .242595, 4.413604, .792921, 2.425906 }, -9582.4292, { 1653.4, .7855, 1.6080, .6256 } },
        { MBG_NBD, { .524843, 6.183084, .891360, 1.614003 }, -9582.1357, { 1576.7, .7648, 1.6072, .6273 } },
    };
    struct cdnow c;
    (void)state;
    if (!cdnow_read(&c))
        skip();
    for (size_t i = 0; i < COUNT(known); i++) {
        struct bg_nbd m;
        struct fit fit;
        struct err e;
        assert_int_equal(bg_nbd_fit(known[i].form, &c.buyers, &m, &fit, &e), ERR_OK);
        const double at[] = { m.r, m.alpha, m.a, m.b };
        for (size_t k = 0; k < 4; k++) {
            near(at[k], known[i].at[k], 2e-6 * (1 + known[i].at[k]));
            assert_true(fit.error[k] > 0);
        }
        near(fit.log_likelihood, known[i].log_likelihood, 5e-5);
        near(bg_nbd_log_likelihood(&m, &c.buyers), fit.log_likelihood, 1e-8);
        assert_true(fit.converged);
        cdnow_foretell(&c, expected_of, &m, known[i].score);
    }
    cdnow_drop(&c);
}

/* Weeks of two decimals, which some packages have, are another sample: days / 100 of a week stand for them. */
static void rounded_weeks_are_another_likelihood(void **state)
{
    struct cdnow c;
    struct buyers rounded;
    struct bg_nbd m;
    struct fit fit;
    struct err e;
    (void)state;
    if (!cdnow_read(&c))
        skip();
    for (size_t i = 0; i < c.n; i++) {
        c.buyer[i].last = (int32_t)lround(c.buyer[i].last * 100 / 7.0);
        c.buyer[i].watched = (int32_t)lround(c.buyer[i].watched * 100 / 7.0);
    }
    assert_int_equal(buyers_gather(c.buyer, c.n, 100, &rounded, &e), ERR_OK);
    assert_int_equal(bg_nbd_fit(BG_NBD, &rounded, &m, &fit, &e), ERR_OK);
    near(fit.log_likelihood, -9582.4256, 5e-5);
    buyers_drop(&rounded);
    cdnow_drop(&c);
}

/* ---- made up ---- */
static struct buyer simulate(const struct bg_nbd *m, uint64_t *seed, int32_t days)
{
    double rate = any_gamma(seed, m->r) / m->alpha, left = any_gamma(seed, m->a), stay = any_gamma(seed, m->b);
    double chance = left / (left + stay), t = 0;
    struct buyer b = { .watched = days };
    if (m->form == MBG_NBD && any_between(seed) < chance)
        return b;
    for (;;) {
        t -= log(any_between(seed)) / rate;
        if (!(t * 7 < days))
            return b;
        b.repeats++;
        b.last = (int32_t)(t * 7);
        if (any_between(seed) < chance)
            return b;
    }
}

static void what_is_simulated_is_found_again(void **state)
{
    enum { BUYERS = 200000 };
    const struct bg_nbd models[] = { { BG_NBD, .8, 4, 1.2, 2.5 }, { MBG_NBD, .8, 4, 1.2, 2.5 } };
    struct buyer *of = malloc(BUYERS * sizeof *of);
    uint64_t seed = 3;
    (void)state;
    assert_non_null(of);
    for (size_t k = 0; k < COUNT(models); k++) {
        struct buyers buyers;
        struct bg_nbd m;
        struct fit fit;
        struct err e;
        for (size_t i = 0; i < BUYERS; i++)
            of[i] = simulate(&models[k], &seed, 7 * (52 + (int32_t)(i % 52)));
        assert_int_equal(buyers_gather(of, BUYERS, 7, &buyers, &e), ERR_OK);
        assert_int_equal(bg_nbd_fit(models[k].form, &buyers, &m, &fit, &e), ERR_OK);
        near(m.r, models[k].r, .05 * models[k].r);
        near(m.alpha, models[k].alpha, .05 * models[k].alpha);
        near(m.a, models[k].a, .05 * models[k].a);
        near(m.b, models[k].b, .05 * models[k].b);
        buyers_drop(&buyers);
    }
    free(of);
}

/* Alike customers together are the same as apart; another unit of time changes alpha alone. */
static void weights_and_units_change_nothing(void **state)
{
    enum { BUYERS = 3000 };
    const struct bg_nbd model = { BG_NBD, .8, 4, 1.2, 2.5 };
    struct buyer of[BUYERS];
    struct buyers weeks, days;
    struct bg_nbd by_week, by_day;
    struct fit fit;
    struct err e;
    uint64_t seed = 9;
    (void)state;
    for (size_t i = 0; i < BUYERS; i++)
        of[i] = simulate(&model, &seed, 300);
    assert_int_equal(buyers_gather(of, BUYERS, 7, &weeks, &e), ERR_OK);
    assert_true(weeks.n < BUYERS);
    double *one = malloc(BUYERS * sizeof *one);
    assert_non_null(one);
    for (size_t i = 0; i < BUYERS; i++)
        one[i] = 1;
    const struct buyers apart = { of, one, BUYERS, 7 };
    near(bg_nbd_log_likelihood(&model, &weeks), bg_nbd_log_likelihood(&model, &apart), 1e-7);
    free(one);
    assert_int_equal(buyers_gather(of, BUYERS, 1, &days, &e), ERR_OK);
    assert_int_equal(bg_nbd_fit(BG_NBD, &weeks, &by_week, &fit, &e), ERR_OK);
    assert_int_equal(bg_nbd_fit(BG_NBD, &days, &by_day, &fit, &e), ERR_OK);
    near(by_day.r, by_week.r, 1e-4);
    near(by_day.alpha, 7 * by_week.alpha, 1e-3);
    near(by_day.a, by_week.a, 1e-3);
    buyers_drop(&weeks);
    buyers_drop(&days);
}

static void nobody_who_came_back_is_nothing_to_learn_from(void **state)
{
    const struct buyer once = { 0, 0, 100 };
    struct buyers buyers;
    struct bg_nbd m;
    struct fit fit;
    struct err e;
    (void)state;
    assert_int_equal(buyers_gather(&once, 1, 7, &buyers, &e), ERR_OK);
    assert_int_equal(bg_nbd_fit(BG_NBD, &buyers, &m, &fit, &e), ERR_INVALID);
    buyers_drop(&buyers);
}

/* Customers who all leave with the same chance: its limit has no beta in it, and is met from both sides of where the series is left. */
static void customers_who_leave_alike(void **state)
{
    (void)state;
    const double r = 2, alpha = 8, q = .2;
    for (double t = 1; t < 1000; t *= 3) {
        double want = (1 - pow(alpha / (alpha + q * t), r)) / q;
        for (double a = 1e3; a < 1e12; a *= 10) {
            const struct bg_nbd m = { BG_NBD, r, alpha, a, a * (1 - q) / q };
            near(bg_nbd_expected(&m, t), want, want * 3 / a + 1e-9);
            assert_true(bg_nbd_expected_of(&m, 3, 10, 12, t) > 0);
        }
    }
    double before = 0;           // across the edge: 500 of e
    for (double a = 150; a < 400; a += .5) {
        const struct bg_nbd m = { BG_NBD, r, alpha, a, 4 * a };
        double is = bg_nbd_expected(&m, 40);
        assert_true(before == 0 || fabs(is - before) < 1e-4);
        before = is;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expectations_are_those_of_the_paper),
        cmocka_unit_test(chances_are_those_of_the_paper),
        cmocka_unit_test(nothing_is_ever_no_number),
        cmocka_unit_test(the_sample_gives_what_is_printed),
        cmocka_unit_test(rounded_weeks_are_another_likelihood),
        cmocka_unit_test(what_is_simulated_is_found_again),
        cmocka_unit_test(weights_and_units_change_nothing),
        cmocka_unit_test(nobody_who_came_back_is_nothing_to_learn_from),
        cmocka_unit_test(customers_who_leave_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
