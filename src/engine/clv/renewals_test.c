/* Known answers: the two bases of Fader and Hardie 2007, of 1,000 customers each. */
#include "engine/clv/renewals.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/clv/clv_testing.h"

static const double high_end[] = { 1000, 869, 743, 653, 593, 551, 517, 491 };
static const double regular[] = { 1000, 631, 468, 382, 326, 289, 262, 241 };

static void two_bases_are_as_printed(void **state)
{
    static const struct {
        const double *survivors;
        double alpha, beta, log_likelihood;
    } known[] = { { high_end, .668088, 3.806095, -1611.158 }, { regular, .704077, 1.182043, -1680.265 } };
    static const double to_come[] = { .2201, .2044, .1912, .1799, .1700 };
    struct renewals m = { 0 };
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct fit fit;
        struct err e;
        assert_int_equal(renewals_fit(known[i].survivors, 7, false, &m, &fit, &e), ERR_OK);
        near(m.alpha, known[i].alpha, 1e-5);
        near(m.beta, known[i].beta, 1e-5);
        near(fit.log_likelihood, known[i].log_likelihood, 5e-4);
        assert_true(fit.converged && fit.error[0] > 0);
    }
    for (size_t t = 0; t < COUNT(to_come); t++)
        near(renewals_survival(&m, (double)(8 + t)), to_come[t], 5e-5);
}

static void the_weibull_is_the_geometric_at_one_and_never_worse(void **state)
{
    static const struct renewals one = { .7, 1.2, 1 };
    struct renewals geometric, weibull;
    struct fit of_geometric, of_weibull;
    struct err e;
    (void)state;
    near(renewals_survival(&one, 1), 1.2 / 1.9, 1e-12);
    near(renewals_retention(&one, 3), (1.2 + 3) / (1.9 + 3), 1e-12);
    assert_int_equal(renewals_fit(high_end, 7, false, &geometric, &of_geometric, &e), ERR_OK);
    assert_int_equal(renewals_fit(high_end, 7, true, &weibull, &of_weibull, &e), ERR_OK);
    assert_true(of_weibull.log_likelihood >= of_geometric.log_likelihood - 1e-9);
    assert_true(weibull.c > 0);
}

static void what_is_made_up_is_found_again(void **state)
{
    static const struct renewals models[] = { { .7, 2.5, 1 }, { 1.4, 6, 1.3 }, { .9, 3, .8 } };
    double survivors[13];
    struct renewals m;
    struct fit fit;
    struct err e;
    (void)state;
    for (size_t k = 0; k < COUNT(models); k++) {
        for (size_t t = 0; t < COUNT(survivors); t++)
            survivors[t] = 1e5 * renewals_survival(&models[k], (double)t);
        assert_int_equal(renewals_fit(survivors, COUNT(survivors) - 1, k > 0, &m, &fit, &e), ERR_OK);
        near(m.alpha, models[k].alpha, 1e-3);
        near(m.beta, models[k].beta, 1e-2);
        near(m.c, models[k].c, 1e-3);
    }
}

/* Of one whose chance is the same for ever, what is to come is a geometric sum. */
static void what_is_to_come_is_a_sum(void **state)
{
    static const struct renewals alike = { 2e6, 8e6, 1 };
    static const struct renewals several = { .7, 1.2, 1 };
    (void)state;
    near(renewals_expected(&alike, 0, .1), .8 / (1 - .8 / 1.1), 1e-4);
    assert_true(renewals_expected(&several, 5, .1) > renewals_expected(&several, 0, .1));  // who stayed is likelier to stay
}

static void what_cannot_be_is_refused(void **state)
{
    static const double grows[] = { 10, 8, 9 }, stays[] = { 10, 10, 10 };
    struct renewals m;
    struct fit fit;
    struct err e;
    (void)state;
    assert_int_equal(renewals_fit(grows, 2, false, &m, &fit, &e), ERR_INVALID);
    assert_int_equal(renewals_fit(stays, 2, false, &m, &fit, &e), ERR_INVALID);
    assert_int_equal(renewals_fit(stays, 0, false, &m, &fit, &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_bases_are_as_printed),
        cmocka_unit_test(the_weibull_is_the_geometric_at_one_and_never_worse),
        cmocka_unit_test(what_is_made_up_is_found_again),
        cmocka_unit_test(what_is_to_come_is_a_sum),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
