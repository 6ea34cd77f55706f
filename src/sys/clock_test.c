#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#include "sys/clock.h"

static void fixed_clock_stands_until_moved(void **state)
{
    (void)state;
    struct sys_clock clock = sys_clock_fixed(-5);
    assert_int_equal(clock_now_ms(&clock), -5);
    clock.fixed_ms += 10;
    assert_int_equal(clock_now_ms(&clock), 5);
}

static void real_clock_tells_the_system_time(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL) - 1, now = clock_now_ms(&sys_clock_real) / 1000;
    assert_in_range(now, before, (int64_t)time(NULL) + 1);
}

static void steady_clock_never_goes_back(void **state)
{
    (void)state;
    int64_t first = clock_steady_ns(), last = first;
    for (int i = 0; i < 10000; i++) {
        int64_t now = clock_steady_ns();
        assert_true(now >= last);
        last = now;
    }
    assert_true(last > first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_clock_stands_until_moved),
        cmocka_unit_test(real_clock_tells_the_system_time),
        cmocka_unit_test(steady_clock_never_goes_back),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
