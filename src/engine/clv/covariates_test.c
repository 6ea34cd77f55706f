/* Customers made up from known effects give these back. */
#include "engine/clv/covariates.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/clv/clv_testing.h"
#include "base/draw.h"

enum { BUYERS = 60000 };
static struct data {
    struct buyer of[BUYERS];
    double z[BUYERS][2];
} d;
static const double rate[] = { .7, -.3 }, leaving[] = { -.4, .5 };

/* A channel of two, and a basket of five sizes. */
static double effect(const double *of, const double *z)
{
    return exp(of[0] * z[0] + of[1] * z[1]);
}

static void make_up(const struct kind *k, const double *at)
{
    uint64_t seed = 41;
    for (size_t i = 0; i < BUYERS; i++) {
        double *z = d.z[i];
        z[0] = (double)(i % 2);
        z[1] = (double)(i / 2 % 5) / 2;
        double buys = any_gamma(&seed, at[0]) / at[1] * effect(rate, z), more = effect(leaving, z);
        struct buyer *b = &d.of[i];
        if (k == &buying_kinds[KIND_PARETO_NBD]) {
            *b = buyer_made_up(buys, -log(any_between(&seed)) * at[3] / any_gamma(&seed, at[2]) / more, 7 * 80, &seed);
            continue;
        }
        double leave = any_gamma(&seed, at[2] * more), stay = any_gamma(&seed, at[3] * more), chance = leave / (leave + stay);
        *b = (struct buyer){ .watched = 7 * 80 };
        for (double t = -log(any_between(&seed)) / buys; t < 80; t -= log(any_between(&seed)) / buys) {
            b->repeats++;
            b->last = (int32_t)lround(t * 7);
            if (any_between(&seed) < chance)
                break;
        }
    }
}

static void what_is_simulated_is_found_again(void **state)
{
    static const double at[] = { .8, 4, 1.2, 2.5 }, at_pareto[] = { .8, 4, 1.2, 30 };
    static const enum kind_name of[] = { KIND_BG_NBD, KIND_PARETO_NBD };
    (void)state;
    for (size_t k = 0; k < COUNT(of); k++) {
        const struct kind *kind = &buying_kinds[of[k]];
        const double *want = kind == &buying_kinds[KIND_PARETO_NBD] ? at_pareto : at;
        struct covariates m;
        struct fit fit;
        struct err e;
        make_up(kind, want);
        assert_int_equal(covariates_fit(kind, d.of, BUYERS, 7, d.z[0], 2, &m, &fit, NULL, NULL, &e), ERR_OK);
        assert_true(fit.converged);
        for (size_t i = 0; i < kind->n; i++)
            near(m.at[i], want[i], 3.5 * fit.error[i]);
        for (size_t c = 0; c < 2; c++) {
            near(m.rate[c], rate[c], .05 * fabs(rate[c]));
            near(m.leaving[c], leaving[c], 3.5 * fit.error[kind->n + 2 + c]);
            assert_true(fit.error[kind->n + 2 + c] < .1);
        }
    }
}

/* Of one who has not bought yet, the covariates alone foretell; the unit of a covariate changes its effect alone. */
static void a_stranger_is_foretold_by_covariates(void **state)
{
    static const double at[] = { .8, 4, 1.2, 2.5 }, web[] = { 1, 1 }, shop[] = { 0, 1 };
    const struct kind *kind = &buying_kinds[KIND_BG_NBD];
    struct covariates m, scaled;
    struct fit fit, unused;
    struct err e;
    double of_web[KIND_PARAMETERS], of_shop[KIND_PARAMETERS], low[OPTIMUM_MAX], high[OPTIMUM_MAX];
    (void)state;
    make_up(kind, at);
    assert_int_equal(covariates_fit(kind, d.of, 4000, 7, d.z[0], 2, &m, &fit, low, high, &e), ERR_OK);
    for (size_t i = 0; i < kind->n + 4; i++) {
        double is = i < kind->n ? m.at[i] : i < kind->n + 2 ? m.rate[i - kind->n] : m.leaving[i - kind->n - 2];
        assert_true(low[i] < is && is < high[i]);
        assert_true(i < kind->n || fabs(high[i] - low[i] - 2 * 1.96 * fit.error[i]) < .3 * fit.error[i]);
    }
    covariates_of(&m, web, of_web);
    covariates_of(&m, shop, of_shop);
    near(of_web[1], of_shop[1] * exp(-m.rate[0]), 1e-9);
    near(of_web[2], of_shop[2] * exp(m.leaving[0]), 1e-9);
    assert_true(kind->expected(of_web, 10) > 1.5 * kind->expected(of_shop, 10));
    for (size_t i = 0; i < 4000; i++)
        d.z[i][1] *= 1000;
    assert_int_equal(covariates_fit(kind, d.of, 4000, 7, d.z[0], 2, &scaled, &unused, NULL, NULL, &e), ERR_OK);
    near(scaled.rate[1] * 1000, m.rate[1], 1e-4);
    near(unused.error[5] * 1000, fit.error[5], 1e-4);
    near(unused.log_likelihood, fit.log_likelihood, 1e-5);
}

static void what_says_nothing_is_refused(void **state)
{
    static double same[100][2];
    struct covariates m;
    struct fit fit;
    struct err e;
    (void)state;
    make_up(&buying_kinds[KIND_BG_NBD], (const double[]){ .8, 4, 1.2, 2.5 });
    for (size_t i = 0; i < 100; i++) {
        same[i][0] = (double)(i % 3);
        same[i][1] = .1;
    }
    assert_int_equal(covariates_fit(&buying_kinds[KIND_BG_NBD], d.of, 100, 7, same[0], 2, &m, &fit, NULL, NULL, &e), ERR_INVALID);
    assert_int_equal(e.pos, 1);
    same[3][0] = NAN;
    assert_int_equal(covariates_fit(&buying_kinds[KIND_BG_NBD], d.of, 100, 7, same[0], 2, &m, &fit, NULL, NULL, &e), ERR_INVALID);
    assert_int_equal(e.pos, 0);
    assert_int_equal(covariates_fit(&buying_kinds[KIND_BG_NBD], d.of, 100, 7, same[0], COVARIATES_MAX + 1, &m, &fit, NULL, NULL, &e), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_simulated_is_found_again),
        cmocka_unit_test(a_stranger_is_foretold_by_covariates),
        cmocka_unit_test(what_says_nothing_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
