/* Known answers: those that papers print, and the CDNOW sample where it is at hand. */
#include "engine/clv/gamma_gamma.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"

static void spending_is_as_printed(void **state)
{
    static const struct gamma_gamma m = { 6.25, 3.74, 15.44 };
    struct cdnow c;
    (void)state;
    near(gamma_gamma_expected(&m, 2, 22.35), 24.66, .005);
    near(gamma_gamma_expected(&m, 1, 11.77), 18.92, .005);
    near(gamma_gamma_expected(&m, 7, 73.74), 71.47, .005);
    near(gamma_gamma_expected(&m, 0, 0), 35.22, .005);
    near(gamma_gamma_expected(&(struct gamma_gamma){ 6.249572, 3.744225, 15.443521 }, 0, 0), 35.17, .005);
    if (!cdnow_read(&c))
        skip();
    struct gamma_gamma fitted;
    struct fit fit;
    struct err e;
    assert_int_equal(gamma_gamma_fit(c.spender, c.n, &fitted, &fit, &e), ERR_OK);
    near(fitted.p, 6.249572, 2e-5);
    near(fitted.q, 3.744225, 2e-5);
    near(fitted.gamma, 15.443521, 1e-4);
    near(fit.log_likelihood, -4055.9177, 5e-5);
    cdnow_drop(&c);
}

static void what_is_simulated_is_found_again(void **state)
{
    enum { SPENDERS = 60000 };
    const struct gamma_gamma model = { 4, 3.5, 20 };
    struct spender *of = malloc(SPENDERS * sizeof *of);
    struct gamma_gamma m;
    struct fit fit;
    struct err e;
    uint64_t seed = 17;
    (void)state;
    assert_non_null(of);
    for (size_t i = 0; i < SPENDERS; i++) {
        uint32_t purchases = 1 + (uint32_t)(i % 9);
        double rate = any_gamma(&seed, model.q) / model.gamma, all = any_gamma(&seed, model.p * purchases) / rate;
        of[i] = (struct spender){ purchases, all / purchases };
    }
    assert_int_equal(gamma_gamma_fit(of, SPENDERS, &m, &fit, &e), ERR_OK);
    near(m.p, model.p, .05 * model.p);
    near(m.q, model.q, .05 * model.q);
    near(m.gamma, model.gamma, .05 * model.gamma);
    free(of);
}

/* Cents instead of euros change gamma alone; those without a value are left out. */
static void units_change_gamma_alone(void **state)
{
    struct spender euros[] = { { 1, 10 }, { 2, 12 }, { 5, 30 }, { 3, 8 }, { 1, 25 }, { 2, 50 }, { 4, 11 }, { 0, 0 } };
    struct spender cents[COUNT(euros)];
    struct gamma_gamma in_euros, in_cents;
    struct fit fit;
    struct err e;
    (void)state;
    for (size_t i = 0; i < COUNT(euros); i++)
        cents[i] = (struct spender){ euros[i].purchases, euros[i].mean * 100 };
    assert_int_equal(gamma_gamma_fit(euros, COUNT(euros), &in_euros, &fit, &e), ERR_OK);
    assert_int_equal(gamma_gamma_fit(cents, COUNT(cents), &in_cents, &fit, &e), ERR_OK);
    near(gamma_gamma_expected(&in_cents, 2, 1200), 100 * gamma_gamma_expected(&in_euros, 2, 12), .01);
}

static void nobody_who_spent_is_nothing_to_learn_from(void **state)
{
    const struct spender unknown = { 0, 0 };
    struct gamma_gamma m;
    struct fit fit;
    struct err e;
    (void)state;
    assert_int_equal(gamma_gamma_fit(&unknown, 1, &m, &fit, &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spending_is_as_printed),
        cmocka_unit_test(what_is_simulated_is_found_again),
        cmocka_unit_test(units_change_gamma_alone),
        cmocka_unit_test(nobody_who_spent_is_nothing_to_learn_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
