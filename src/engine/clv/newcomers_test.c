#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"
#include "engine/clv/newcomers.h"

/* People who buy at one rate, whatever their age: the table gives it back. */
static void one_rate_is_found(void **state)
{
    (void)state;
    struct newcomers n = { 0 };
    uint64_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        double buys = -log(any_between(&seed)) * 100, watched = 400 * any_between(&seed);
        newcomers_add(&n, fmin(buys, watched), buys < watched);
    }
    near(newcomers_chance(&n, 0, 50), 1 - exp(-.5), .01);
    near(newcomers_chance(&n, 120, 50), 1 - exp(-.5), .02);
}

/* Those who bought on the day that they came say little of those who have waited for months. */
static void who_has_waited_waits_on(void **state)
{
    (void)state;
    struct newcomers n = { 0 };
    for (int i = 0; i < 500; i++)
        newcomers_add(&n, 0, true);
    for (int i = 0; i < 500; i++)
        newcomers_add(&n, 200, false);
    double fresh = newcomers_chance(&n, 0, 30), old = newcomers_chance(&n, 200, 30);
    assert_true(fresh > .4);
    assert_true(old > 0 && old < .01);
    assert_true(newcomers_chance(&n, 0, 0) == 0);
}

static void nobody_tells_nothing(void **state)
{
    (void)state;
    const struct newcomers none = { 0 };
    assert_true(isnan(newcomers_chance(&none, 5, 5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rate_is_found),
        cmocka_unit_test(who_has_waited_waits_on),
        cmocka_unit_test(nobody_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
