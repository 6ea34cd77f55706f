/* The table against a plain array of what was put in. */
#include "memory/identifier_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/hash.h"

#define IDS 20000

static struct identifier_key key_of(uint32_t i)
{
    char value[16];
    int len = snprintf(value, sizeof value, "v%u", i / 2);
    return identifier_key(i % 2 ? SLICE("email") : SLICE("phone"), (struct slice){ value, (size_t)len }, 42);
}

static void grow(struct identifier_table *t, size_t n)
{
    struct identifier_table grown = { NULL, 0, 0 };
    assert_true(identifier_table_copy(t, n, &grown));
    assert_true(identifier_table_has_room(&grown, n));
    identifier_table_drop(t);
    *t = grown;
}

static void holds(const struct identifier_table *t, const struct identifier_owner *want)
{
    size_t n = 0;
    for (uint32_t i = 0; i < IDS; i++) {
        struct identifier_owner got = identifier_table_find(t, key_of(i));
        assert_int_equal(got.history, want[i].history);
        assert_int_equal(got.shared, want[i].shared);
        n += want[i].history != 0;
    }
    assert_int_equal(t->n, n);
}

static void as_an_array(void **state)
{
    (void)state;
    static struct identifier_owner want[IDS];
    struct identifier_table t = { NULL, 0, 0 };
    holds(&t, want);
    for (uint64_t step = 0; step < 3 * IDS; step++) {
        uint64_t random = hash_mix(step + 7);
        uint32_t i = (uint32_t)(random % IDS);
        if (!identifier_table_has_room(&t, t.n + 1))
            grow(&t, t.n + 1);
        want[i] = (struct identifier_owner){ (uint32_t)(random >> 40) + 1, random >> 33 & 1 };
        identifier_table_put(&t, key_of(i), want[i]);
        if (step % 9001 == 0)
            holds(&t, want);
    }
    holds(&t, want);
    assert_true(t.n * 3 >= t.cap);  // neither sparse nor beyond its load
    assert_true(t.n <= t.cap / 4 * 3);
    identifier_table_drop(&t);
}

static void cleared_is_empty(void **state)
{
    (void)state;
    struct identifier_table t = { NULL, 0, 0 };
    static const size_t sizes[] = { 10, 10000 };  // one that keeps its memory, one that gives it back
    for (size_t s = 0; s < 2; s++) {
        grow(&t, sizes[s]);
        for (uint32_t i = 0; i < sizes[s]; i++)
            identifier_table_put(&t, key_of(i), (struct identifier_owner){ i + 1, false });
        identifier_table_clear(&t);
        assert_int_equal(t.n, 0);
        for (uint32_t i = 0; i < sizes[s]; i++)
            assert_int_equal(identifier_table_find(&t, key_of(i)).history, 0);
    }
    identifier_table_drop(&t);
}

static void keys_differ(void **state)
{
    (void)state;
    struct identifier_key a = identifier_key(SLICE("user_id"), SLICE("x"), 1);
    struct identifier_key kind = identifier_key(SLICE("anonymous_id"), SLICE("x"), 1);
    struct identifier_key seed = identifier_key(SLICE("user_id"), SLICE("x"), 2);
    struct identifier_key moved = identifier_key(SLICE("user_i"), SLICE("dx"), 1);
    assert_true(a.low != kind.low && a.high != kind.high);
    assert_true(a.low != seed.low && a.high != seed.high);
    assert_true(a.low != moved.low && a.high != moved.high);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_an_array),
        cmocka_unit_test(cleared_is_empty),
        cmocka_unit_test(keys_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
