#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void rows_stay_and_new_ones_are_zero(void **state)
{
    (void)state;
    uint32_t *rows = NULL;
    size_t cap = 0, used = 0;
    for (size_t need = 0; need < 3000000; need = need * 5 / 4 + 1) {
        assert_true(vec_need(rows, cap, need));
        assert_true(cap >= need);
        for (size_t i = used; i < cap; i++)
            if (rows[i])
                fail_msg("row %zu of %zu is not new", i, cap);
        for (; used < need; used++)
            rows[used] = (uint32_t)used + 1;
    }
    for (size_t i = 0; i < used; i++)
        if (rows[i] != i + 1)
            fail_msg("row %zu changed", i);
    assert_true(cap < used + used / 4);  // large ones grow by an eighth
    free(rows);
}

static void too_much_changes_nothing(void **state)
{
    (void)state;
    uint64_t *rows = NULL;
    size_t cap = 0;
    assert_true(vec_need(rows, cap, 1));
    uint64_t *before = rows;
    size_t cap_before = cap;
    assert_false(vec_need(rows, cap, SIZE_MAX / 4));
    assert_ptr_equal(rows, before);
    assert_int_equal(cap, cap_before);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rows_stay_and_new_ones_are_zero),
                                        cmocka_unit_test(too_much_changes_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
