#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/slice.h"

static const struct slice none = { NULL, 0 };

static void compares_bytes(void **state)
{
    (void)state;
    static const char *const ordered[] = { "", "A", "AB", "B", "a", "a\x01", "ab", "\x7F", "\x80", "\xFF" };
    for (size_t i = 0; i < sizeof ordered / sizeof *ordered; i++)
        for (size_t k = 0; k < sizeof ordered / sizeof *ordered; k++) {
            int order = slice_cmp(slice_of(ordered[i]), slice_of(ordered[k]));
            assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
            assert_int_equal(slice_eq(slice_of(ordered[i]), slice_of(ordered[k])), i == k);
        }
    assert_true(slice_eq(none, SLICE("")) && slice_is(none, "") && slice_eq(slice_of(NULL), none));
    assert_int_equal(slice_cmp(none, SLICE("")), 0);
    assert_false(slice_eq(SLICE("a\0b"), SLICE("a\0c")));
}

static void knows_beginnings_and_ends(void **state)
{
    (void)state;
    assert_true(slice_starts(SLICE("abc"), SLICE("ab")) && slice_starts(SLICE("abc"), none));
    assert_true(slice_starts(none, none) && slice_ends(none, none));
    assert_false(slice_starts(SLICE("ab"), SLICE("abc")) || slice_starts(SLICE("abc"), SLICE("b")));
    assert_true(slice_ends(SLICE("abc"), SLICE("bc")) && slice_ends(SLICE("abc"), SLICE("abc")));
    assert_false(slice_ends(SLICE("bc"), SLICE("abc")) || slice_ends(SLICE("abc"), SLICE("b")));
}

static void ignores_the_case_of_ascii_only(void **state)
{
    (void)state;
    assert_true(slice_eq_nocase(SLICE("Content-TYPE@[`{"), SLICE("cONTENT-type@[`{")));
    assert_false(slice_eq_nocase(SLICE("@"), SLICE("`")));
    assert_false(slice_eq_nocase(SLICE("["), SLICE("{")));
    assert_false(slice_eq_nocase(SLICE("\xC3\x89"), SLICE("\xC3\xA9")));
    assert_false(slice_eq_nocase(SLICE("a"), SLICE("ab")));
}

static void trims_blanks(void **state)
{
    (void)state;
    static const char *const cases[][2] = { { "", "" },          { "  \t\r\n", "" },   { "a", "a" },
                                            { " a b\t", "a b" }, { "\n\ra", "a" },     { "a\v ", "a\v" },
                                            { "\xC2\xA0" "a", "\xC2\xA0" "a" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(slice_is(slice_trim(slice_of(cases[i][0])), cases[i][1]));
}

static void cuts_at_a_byte(void **state)
{
    (void)state;
    struct slice rest = SLICE("a,,b");
    assert_int_equal(slice_find(rest, ','), 1);
    assert_int_equal(slice_find(rest, ';'), 4);
    assert_int_equal(slice_find(none, ';'), 0);
    assert_true(slice_is(slice_cut(&rest, ','), "a") && slice_is(rest, ",b"));
    assert_true(slice_is(slice_cut(&rest, ','), "") && slice_is(rest, "b"));
    assert_true(slice_is(slice_cut(&rest, ','), "b") && rest.len == 0);
    rest = (struct slice){ NULL, 0 };
    assert_true(slice_cut(&rest, ',').len == 0 && rest.len == 0 && !rest.at);
    assert_true(slice_is(slice_cut(&rest, ','), "") && rest.len == 0);
    rest = SLICE("a,");
    assert_true(slice_is(slice_cut(&rest, ','), "a") && rest.len == 0);
}

static const struct {
    const char *text;
    bool good;
    int64_t value;
} integers[] = {
    { "0", true, 0 },
    { "-0", true, 0 },
    { "+7", true, 7 },
    { "007", true, 7 },
    { "9223372036854775807", true, INT64_MAX },
    { "-9223372036854775808", true, INT64_MIN },
    { "9223372036854775808", false, 0 },
    { "-9223372036854775809", false, 0 },
    { "99999999999999999999999", false, 0 },
    { "", false, 0 },
    { "-", false, 0 },
    { "+", false, 0 },
    { "+-1", false, 0 },
    { " 1", false, 0 },
    { "1 ", false, 0 },
    { "1.0", false, 0 },
    { "0x1", false, 0 },
    { "1/", false, 0 },
    { "1:", false, 0 },
};

static void reads_integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        int64_t value = -77;
        if (slice_i64(slice_of(integers[i].text), &value) != integers[i].good)
            fail_msg("'%s'", integers[i].text);
        assert_true(value == (integers[i].good ? integers[i].value : -77));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_bytes), cmocka_unit_test(knows_beginnings_and_ends),
        cmocka_unit_test(ignores_the_case_of_ascii_only), cmocka_unit_test(trims_blanks),
        cmocka_unit_test(cuts_at_a_byte), cmocka_unit_test(reads_integers),
    };
    return cmocka_run_group_tests_name("slice", tests, NULL, NULL);
}
