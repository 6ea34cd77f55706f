#include "insight/population_room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

#define ROWS 5000u

static struct keep make(enum column_kind kind)
{
    struct keep k;
    assert_true(keep_init(&k, SLICE("n"), kind) && keep_rows(&k, ROWS));
    return k;
}

static void expect_rows(const struct keep *k, const int64_t *raw, const bool *is)
{
    for (size_t row = 0; row < ROWS; row++) {
        if (bits_has(k->null, row) == is[row])
            fail_msg("row %zu", row);
        if (is[row])
            assert_int_equal(keep_raw_at(k, row), raw[row]);
    }
}

static void put(struct keep *k, int64_t *raw, bool *is, size_t row, int64_t value)
{
    assert_true(keep_raw(k, row, value));
    raw[row] = value;
    is[row] = true;
}

static void numbers_are_as_narrow_as_what_they_hold(void **state)
{
    struct keep k = make(COLUMN_NUMBER);
    static int64_t raw[ROWS];
    static bool is[ROWS];
    (void)state;
    for (size_t row = 0; row < ROWS; row += 2)
        put(&k, raw, is, row, (int64_t)(row % 128) * 1000000);
    assert_int_equal(k.width, 1);
    put(&k, raw, is, 1, -129 * INT64_C(1000000));
    assert_int_equal(k.width, 2);
    assert_int_equal(k.scale, 0);
    put(&k, raw, is, 3, 12990000);           // 12.99: 327.67 is the most that two bytes hold then
    assert_int_equal(k.width, 2);
    assert_int_equal(k.scale, 2);
    put(&k, raw, is, 5, 327680000);
    assert_int_equal(k.width, 4);
    keep_null(&k, 4);
    is[4] = false;
    put(&k, raw, is, 7, 1);
    assert_int_equal(k.scale, 6);
    put(&k, raw, is, 9, INT64_MIN);
    put(&k, raw, is, 11, INT64_MAX);
    assert_int_equal(k.width, 8);
    expect_rows(&k, raw, is);
    keep_clear(&k);
}

/* Digits behind the point come late, when what is there is large and rows have been given back. */
static void numbers_stay_what_they_are(void **state)
{
    static const int64_t scale[] = { 1000000, 1000000, 100000, 10000, 100, 1 };
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct keep k = make(COLUMN_NUMBER);
        static int64_t raw[ROWS];
        static bool is[ROWS];
        memset(is, 0, sizeof is);
        for (size_t i = 0; i < 2 * ROWS; i++) {
            uint64_t random = hash_mix(seed << 32 | i);
            size_t row = random % ROWS, stage = i * 6 / (2 * ROWS);
            int64_t value = (int64_t)(random >> 24 >> hash_mix(random) % 40) * scale[stage];
            if (random >> 60 == 0) {
                keep_null(&k, row);
                is[row] = false;
            } else {
                put(&k, raw, is, row, random >> 61 & 1 ? value : -value);
            }
        }
        expect_rows(&k, raw, is);
        keep_clear(&k);
    }
}

static void codes_grow_with_their_dictionary(void **state)
{
    struct keep k = make(COLUMN_CODES);
    (void)state;
    for (uint32_t i = 0; i < 70000; i++) {
        char text[16];
        uint32_t code;
        snprintf(text, sizeof text, "\"v%u\"", i);
        assert_true(keep_code_of(&k, slice_of(text), value_string(slice_of(text)), &code));
        assert_int_equal(code, i);
        if (i < 256)
            assert_true(keep_raw(&k, i, code));
        assert_int_equal(k.width, 1);
    }
    assert_true(keep_raw(&k, 300, 256));
    assert_int_equal(k.width, 2);
    assert_true(keep_raw(&k, 301, 69999));
    assert_int_equal(k.width, 4);
    for (uint32_t i = 0; i < 256; i++)
        assert_int_equal(keep_raw_at(&k, i), i);
    assert_int_equal(keep_raw_at(&k, 300), 256);
    assert_int_equal(keep_raw_at(&k, 301), 69999);
    keep_clear(&k);
}

static void numbers_become_codes_of_the_same_values(void **state)
{
    struct keep k = make(COLUMN_NUMBER);
    struct column column;
    bool ok;
    (void)state;
    assert_true(keep_raw(&k, 2, 7000000) && keep_raw(&k, 5, -12500000) && keep_to_codes(&k));
    AUTO(arena) mem = arena_new((size_t)1 << 20);
    column = keep_column(&k);
    assert_true(column_is_null(&column, 0));
    struct value v = column_value(&column, 5, mem, &ok);
    assert_int_equal(v.kind, VALUE_NUMBER);
    assert_int_equal(number_cmp(v.number, number_scaled(-125, -1)), 0);
    keep_clear(&k);
}

static void shapes_that_no_column_has_are_refused(void **state)
{
    struct keep k;
    (void)state;
    assert_true(keep_init(&k, SLICE("n"), COLUMN_NUMBER));
    assert_true(keep_shape(&k, 4, 2));
    assert_false(keep_shape(&k, 3, 2));
    assert_false(keep_shape(&k, 0, 0));
    assert_false(keep_shape(&k, 8, 7));
    assert_false(keep_shape(&k, 8, -1));
    keep_clear(&k);
    assert_true(keep_init(&k, SLICE("c"), COLUMN_CODES));
    assert_false(keep_shape(&k, 8, 0));
    assert_false(keep_shape(&k, 2, 1));
    keep_clear(&k);
    assert_true(keep_init(&k, SLICE("d"), COLUMN_DATE));
    assert_false(keep_shape(&k, 1, 0));
    assert_true(keep_shape(&k, 4, 0));
    keep_clear(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_as_narrow_as_what_they_hold),
        cmocka_unit_test(numbers_stay_what_they_are),
        cmocka_unit_test(codes_grow_with_their_dictionary),
        cmocka_unit_test(numbers_become_codes_of_the_same_values),
        cmocka_unit_test(shapes_that_no_column_has_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
