#include "engine/share/dirichlet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/share/share_testing.h"

/* The toothpaste of the model's first worked example. */
static const struct dirichlet_brand toothpaste[] = {
    { .25, .20 }, { .19, .17 }, { .10, .09 }, { .10, .08 }, { .09, .08 }, { .08, .07 }, { .03, .03 }, { .02, .02 },
};

static struct dirichlet fitted(void)
{
    struct dirichlet d;
    struct err e;
    size_t used;
    assert_int_equal(dirichlet_fit(.56, 2.6, toothpaste, COUNT(toothpaste), &d, &used, &e), ERR_OK);
    assert_int_equal(used, COUNT(toothpaste));
    return d;
}

static void toothpaste_is_as_printed(void **state)
{
    const struct dirichlet d = fitted();
    const struct dirichlet_norm first = dirichlet_norm(&d, .25, 1), last = dirichlet_norm(&d, .02, 1);
    (void)state;
    near(d.M, 1.456, 5e-4);
    near(d.K, .7788, 5e-5);
    near(d.S, 1.5499, 5e-5);
    near(first.penetration, .205, 5e-4);
    near(first.buys, 1.775, 5e-4);
    near(first.category, 3.197, 5e-4);
    near(first.requirements, .555, 5e-4);
    near(first.loyal, .426, 5e-4);
    near(last.penetration, .0188, 5e-5);
    near(last.requirements, .451, 5e-4);
}

/* Small brands have fewer buyers, who buy them a little less: double jeopardy. Shares of all brands make up the category. */
static void norms_hang_together(void **state)
{
    const struct dirichlet d = fitted();
    (void)state;
    for (double share = .01; share < .98; share += .01) {
        const struct dirichlet_norm small = dirichlet_norm(&d, share, 1), large = dirichlet_norm(&d, share + .01, 1);
        assert_true(small.penetration < large.penetration && small.buys < large.buys);
        assert_true(small.requirements < large.requirements && small.category > large.category);
        assert_true(small.loyal > 0 && small.loyal < large.loyal && large.loyal <= 1);
        near(small.buys * small.penetration, d.M * share, 1e-9);
    }
    const struct dirichlet_norm year = dirichlet_norm(&d, .25, 4), quarter = dirichlet_norm(&d, .25, 1);
    assert_true(year.penetration > quarter.penetration && year.loyal < quarter.loyal);
    const struct dirichlet_norm long_run = dirichlet_norm(&d, .25, 500);
    assert_true(long_run.penetration > year.penetration && long_run.penetration < 1 && isfinite(long_run.requirements));
}

/* Shoppers made up from the model show its norms. */
static void shoppers_are_as_the_norms_say(void **state)
{
    enum { N = 200000 };
    const struct dirichlet d = { 3, .8, 1.5 };
    const struct dirichlet_norm norm = dirichlet_norm(&d, .3, 1);
    uint64_t seed = 5;
    double buyers = 0, bought = 0, category = 0, loyal = 0;
    (void)state;
    for (size_t i = 0; i < N; i++) {
        unsigned all = any_purchases(&seed, d.M, d.K), own = any_own(&seed, all, d.S, .3);
        buyers += own > 0;
        bought += own;
        category += own ? all : 0;
        loyal += own && own == all;
    }
    near(buyers / N, norm.penetration, .004);
    near(bought / buyers, norm.buys, .03);
    near(category / buyers, norm.category, .05);
    near(loyal / buyers, norm.loyal, .01);
}

static void what_the_norms_say_is_fitted_again(void **state)
{
    const struct dirichlet d = { 4, 1.3, .9 };
    struct dirichlet_brand brand[5];
    struct dirichlet got;
    struct err e;
    size_t used;
    (void)state;
    for (size_t i = 0; i < COUNT(brand); i++) {
        brand[i].share = .05 + .07 * (double)i;
        brand[i].penetration = dirichlet_norm(&d, brand[i].share, 1).penetration;
    }
    double penetration = 1 - pow(1 + d.M / d.K, -d.K);
    assert_int_equal(dirichlet_fit(penetration, d.M / penetration, brand, COUNT(brand), &got, &used, &e), ERR_OK);
    near(got.K, d.K, 1e-6);
    near(got.S, d.S, 1e-6);
}

static void what_cannot_be_is_refused(void **state)
{
    static const struct dirichlet_brand many = { .1, .5 }, nothing = { 0, .1 };
    struct dirichlet d;
    struct err e;
    size_t used;
    (void)state;
    assert_int_equal(dirichlet_fit(1, 2.6, toothpaste, 8, &d, &used, &e), ERR_INVALID);
    assert_int_equal(dirichlet_fit(.56, 1.2, toothpaste, 8, &d, &used, &e), ERR_INVALID);
    assert_string_equal(e.text, "buyers who are 0.56 of all people buy at least 1.46604 times on average, not 1.2");
    assert_int_equal(dirichlet_fit(.56, NAN, toothpaste, 8, &d, &used, &e), ERR_INVALID);
    assert_int_equal(dirichlet_fit(.56, 2.6, &many, 1, &d, &used, &e), ERR_INVALID);
    assert_int_equal(dirichlet_fit(.56, 2.6, &nothing, 1, &d, &used, &e), ERR_INVALID);
    assert_int_equal(dirichlet_fit(.56, 2.6, NULL, 0, &d, &used, &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(toothpaste_is_as_printed),
        cmocka_unit_test(norms_hang_together),
        cmocka_unit_test(shoppers_are_as_the_norms_say),
        cmocka_unit_test(what_the_norms_say_is_fitted_again),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
