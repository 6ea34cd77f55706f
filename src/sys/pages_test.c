#include "sys/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void zeroed_and_writable(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 4096, (4u << 20) - 1, 4u << 20, (9u << 20) + 5 };
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        unsigned char *at = pages_new(sizes[s]);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % 16, 0);
        for (size_t i = 0; i < sizes[s]; i += 511)
            assert_int_equal(at[i], 0);
        memset(at, 7, sizes[s]);
        assert_int_equal(at[sizes[s] - 1], 7);
        pages_drop(at, sizes[s]);
    }
}

static void more_than_there_is(void **state)
{
    (void)state;
    assert_null(pages_new(SIZE_MAX / 2));
    pages_drop(NULL, 1);
    pages_drop(NULL, 1u << 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_and_writable),
        cmocka_unit_test(more_than_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
