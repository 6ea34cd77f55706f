#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/civil.h"

static void known_days(void **state)
{
    (void)state;
    assert_int_equal(civil_days(1970, 1, 1), 0);
    assert_int_equal(civil_days(2000, 2, 29), 11016);
    assert_int_equal(civil_days(1969, 12, 31), -1);
    assert_int_equal(civil_days(1, 1, 1), -719162);
    assert_int_equal(civil_days(-1, 12, 31), -719529);
    assert_int_equal(civil_days(9999, 12, 31), 2932896);
}

/* Each day follows the one before it, over more than 800 years and at the far ends. */
static void days_in_order(void **state)
{
    (void)state;
    const int64_t starts[] = { -500000, -150000, 0, INT64_C(364000000000), -INT64_C(366000000000) };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        int64_t year, next_year;
        int month, day, next_month, next_day;
        civil_of_days(starts[i], &year, &month, &day);
        for (int64_t d = starts[i]; d < starts[i] + 300000; d++) {
            assert_int_equal(civil_days(year, month, day), d);
            civil_of_days(d + 1, &next_year, &next_month, &next_day);
            if (next_day != day + 1) {
                assert_int_equal(day, civil_month_days(year, month));
                assert_int_equal(next_day, 1);
                assert_int_equal(next_year * 12 + next_month, year * 12 + month + 1);
            }
            year = next_year, month = next_month, day = next_day;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(known_days), cmocka_unit_test(days_in_order) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
