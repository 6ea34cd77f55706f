#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"

static void gives_zeroed_aligned_apart(void **state)
{
    (void)state;
    AUTO(arena) mem = arena_new(4u << 20);
    unsigned char *before = NULL;
    size_t before_len = 0;
    for (int turn = 0; turn < 2; turn++) {
        for (size_t n = 0; n < 3000; n += 7) {
            unsigned char *at = arena_alloc(mem, n);
            assert_non_null(at);
            assert_int_equal((uintptr_t)at % 16, 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(at[i], 0);
            memset(at, 0xAA, n);
            for (size_t i = 0; i < before_len; i++)
                assert_int_equal(before[i], 0xAA);  // the one before is untouched
            before = at;
            before_len = n;
        }
        arena_reset(mem);  // what comes again from the kept block must be zeroed again
        assert_int_equal(arena_used(mem), 0);
        before_len = 0;
    }
}

static void stops_at_the_limit(void **state)
{
    (void)state;
    AUTO(arena) mem = arena_new(100);
    assert_null(arena_alloc(mem, 97));  // 112 once aligned
    assert_non_null(arena_alloc(mem, 90));
    assert_int_equal(arena_used(mem), 96);
    assert_null(arena_alloc(mem, 1));
    assert_null(arena_alloc(mem, 0));  // even nothing has an address of its own
    arena_reset(mem);
    assert_non_null(arena_alloc(mem, 96));
}

static void sizes_do_not_wrap(void **state)
{
    (void)state;
    AUTO(arena) mem = arena_new(SIZE_MAX);
    assert_null(arena_alloc(mem, SIZE_MAX));
    assert_null(arena_alloc(mem, SIZE_MAX - 15));
    assert_null(arena_calloc_n(mem, SIZE_MAX / 8 + 1, 8));
    assert_null(arena_calloc_n(mem, SIZE_MAX / 2, 3));
    assert_null(arena_array(mem, uint64_t, SIZE_MAX));
    assert_non_null(arena_calloc_n(mem, 0, 8));
    assert_non_null(arena_array(mem, uint64_t, 10));
    assert_non_null(arena_one(mem, struct slice));
}

static void copies_with_a_nul_behind(void **state)
{
    (void)state;
    AUTO(arena) mem = arena_new(64);
    struct slice copy = arena_copy(mem, SLICE("a\0b"));
    assert_true(slice_eq(copy, SLICE("a\0b")));
    assert_int_equal(copy.at[3], 0);
    copy = arena_copy(mem, (struct slice){ NULL, 0 });
    assert_non_null(copy.at);
    assert_int_equal(copy.len, 0);
    copy = arena_printf(mem, "%d-%s", 7, "x");
    assert_string_equal(copy.at, "7-x");
    assert_int_equal(copy.len, 3);
    assert_null(arena_printf(mem, "%064d", 1).at);
    assert_null(arena_copy(mem, SLICE("0123456789abcdef")).at);
}

static void drop_accepts_nothing(void **state)
{
    (void)state;
    struct arena *mem = NULL;
    arena_drop(&mem);
    mem = arena_new(10);
    arena_reset(mem);
    arena_drop(&mem);
    assert_null(mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_aligned_apart), cmocka_unit_test(stops_at_the_limit),
        cmocka_unit_test(sizes_do_not_wrap),          cmocka_unit_test(copies_with_a_nul_behind),
        cmocka_unit_test(drop_accepts_nothing),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
