#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

static void grows_and_keeps(void **state)
{
    (void)state;
    struct buf b = buf_make(0);
    for (int i = 0; i < 20000; i++) {
        buf_addc(&b, 'c');
        buf_adds(&b, "str");
        buf_add(&b, SLICE("\0x"));
        buf_add(&b, (struct slice){ NULL, 0 });
        buf_printf(&b, "%d", 7);
    }
    assert_int_equal(buf_check(&b, "it", NULL), ERR_OK);
    assert_int_equal(b.len, 20000 * 7);
    for (size_t i = 0; i < b.len; i += 7)
        assert_memory_equal(b.at + i, "cstr\0x7", 7);
    buf_drop(&b);
    assert_null(b.at);
    assert_int_equal(b.len, 0);
}

static void turns_failed_at_the_limit(void **state)
{
    (void)state;
    struct err e;
    struct buf b = buf_make(5);
    buf_adds(&b, "abc");
    buf_adds(&b, "def");
    assert_true(b.failed);
    buf_addc(&b, 'd');  // would fit, but what follows a gap is worthless
    buf_printf(&b, "%d", 1);
    assert_true(slice_is(buf_slice(&b), "abc"));
    assert_int_equal(buf_check(&b, "a reply", &e), ERR_LIMIT);
    assert_int_equal(strncmp(e.text, "a reply needs more than", 23), 0);
    buf_clear(&b);
    assert_false(b.failed);
    buf_adds(&b, "abcde");
    assert_false(b.failed);
    assert_false(buf_reserve(&b, 1));
    buf_drop(&b);
}

static void huge_requests_do_not_wrap(void **state)
{
    (void)state;
    struct buf b = buf_make(0);
    buf_addc(&b, 'x');
    assert_false(buf_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    assert_true(slice_is(buf_slice(&b), "x"));
    buf_drop(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps),
        cmocka_unit_test(turns_failed_at_the_limit),
        cmocka_unit_test(huge_requests_do_not_wrap),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
