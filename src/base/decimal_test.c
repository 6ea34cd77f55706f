#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/hash.h"

#define NONE INT64_C(424242)  // stands in the output before the call

static const struct {
    const char *text;
    enum err_code code;
    int64_t micro;
} parses[] = {
    { "0", ERR_OK, 0 },
    { "-0", ERR_OK, 0 },
    { "12", ERR_OK, 12 * MICRO },
    { "+12", ERR_OK, 12 * MICRO },
    { "-3.5", ERR_OK, -3500000 },
    { "2.550000", ERR_OK, 2550000 },
    { "2.5500000000000", ERR_OK, 2550000 },
    { ".5", ERR_OK, 500000 },
    { "5.", ERR_OK, 5 * MICRO },
    { "007", ERR_OK, 7 * MICRO },
    { "0.000001", ERR_OK, 1 },
    { "-0.000001", ERR_OK, -1 },
    { "1e3", ERR_OK, 1000 * INT64_C(1000000) },
    { "2.5E-1", ERR_OK, 250000 },
    { "1e+2", ERR_OK, 100 * MICRO },
    { "1e-6", ERR_OK, 1 },
    { "1000e-9", ERR_OK, 1 },
    { "0e400", ERR_OK, 0 },
    { "0.000e-400", ERR_OK, 0 },
    { "9223372036854.775807", ERR_OK, INT64_MAX },
    { "-9223372036854.775808", ERR_OK, INT64_MIN },
    { "9223372036854775807e-6", ERR_OK, INT64_MAX },
    { "9223372036854.775808", ERR_LIMIT, NONE },
    { "-9223372036854.775809", ERR_LIMIT, NONE },
    { "0.0000001", ERR_LIMIT, NONE },
    { "1e-7", ERR_LIMIT, NONE },
    { "15e-7", ERR_LIMIT, NONE },
    { "1e13", ERR_LIMIT, NONE },
    { "1e400", ERR_LIMIT, NONE },
    { "99999999999999999999", ERR_LIMIT, NONE },
    { "", ERR_INVALID, NONE },
    { "-", ERR_INVALID, NONE },
    { "+", ERR_INVALID, NONE },
    { ".", ERR_INVALID, NONE },
    { "--1", ERR_INVALID, NONE },
    { "1-", ERR_INVALID, NONE },
    { "1,5", ERR_INVALID, NONE },
    { "1.2.3", ERR_INVALID, NONE },
    { " 1", ERR_INVALID, NONE },
    { "1 ", ERR_INVALID, NONE },
    { "1e", ERR_INVALID, NONE },
    { "1e+", ERR_INVALID, NONE },
    { "1e1.5", ERR_INVALID, NONE },
    { "e5", ERR_INVALID, NONE },
    { "1e99999", ERR_INVALID, NONE },
    { "0x10", ERR_INVALID, NONE },
    { "NaN", ERR_INVALID, NONE },
    { "inf", ERR_INVALID, NONE },
    { "\xEF\xBC\x91", ERR_INVALID, NONE },
};

static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parses / sizeof *parses; i++) {
        int64_t micro = NONE;
        struct err e = { ERR_OK, 0, "" };
        enum err_code code = micro_parse(slice_of(parses[i].text), &micro, &e);
        if (code != parses[i].code || micro != parses[i].micro)
            fail_msg("'%s': %s %lld", parses[i].text, err_name(code), (long long)micro);
        assert_int_equal(e.code, code);
    }
}

static void refuses_embedded_nul(void **state)
{
    (void)state;
    int64_t micro = NONE;
    assert_int_equal(micro_parse(SLICE("1\0"), &micro, NULL), ERR_INVALID);
}

static const struct {
    int64_t micro;
    const char *text;
} prints[] = {
    { 0, "0" },
    { 1, "0.000001" },
    { -1, "-0.000001" },
    { 2550000, "2.55" },
    { -3 * MICRO, "-3" },
    { 1000, "0.001" },
    { 100500000, "100.5" },
    { 10 * MICRO, "10" },
    { INT64_MAX, "9223372036854.775807" },
    { INT64_MIN, "-9223372036854.775808" },
};

static void prints_shortest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof prints / sizeof *prints; i++) {
        char out[32];
        struct slice text = micro_print(prints[i].micro, out);
        assert_string_equal(out, prints[i].text);
        assert_int_equal(text.len, strlen(prints[i].text));
    }
}

static void random_amounts_round_trip(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < 200000; i++) {
        int64_t micro = (int64_t)hash_mix(++seed) >> (i % 60), back = NONE, whole = NONE;
        char out[32], want[32];
        assert_int_equal(micro_parse(micro_print(micro, out), &back, NULL), ERR_OK);
        assert_true(back == micro);
        struct slice text = i64_print(micro, out);
        assert_int_equal(snprintf(want, sizeof want, "%lld", (long long)micro), text.len);
        assert_string_equal(out, want);
        assert_true(slice_i64(text, &whole) && whole == micro);
    }
}

static const struct {
    int64_t a, b;
    enum err_code code;
    int64_t product;
} products[] = {
    { 2 * MICRO, 3 * MICRO, ERR_OK, 6 * MICRO },
    { -2 * MICRO, 2550000, ERR_OK, -5100000 },
    { 1, 500000, ERR_OK, 0 },   // 0.5 to even
    { 3, 500000, ERR_OK, 2 },   // 1.5
    { 5, 500000, ERR_OK, 2 },   // 2.5
    { -1, 500000, ERR_OK, 0 },
    { -3, 500000, ERR_OK, -2 },
    { -5, 500000, ERR_OK, -2 },
    { 5, -500000, ERR_OK, -2 },
    { 1, 499999, ERR_OK, 0 },
    { 1, 500001, ERR_OK, 1 },
    { -1, 500001, ERR_OK, -1 },
    { INT64_MAX, MICRO, ERR_OK, INT64_MAX },
    { INT64_MIN, MICRO, ERR_OK, INT64_MIN },
    { INT64_MIN, -MICRO, ERR_LIMIT, NONE },
    { INT64_MAX, MICRO + 1, ERR_LIMIT, NONE },
    { INT64_MIN, INT64_MIN, ERR_LIMIT, NONE },
    { INT64_MIN, INT64_MAX, ERR_LIMIT, NONE },
};

static void multiplies_half_to_even(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        int64_t one = NONE, other = NONE;
        assert_int_equal(micro_mul(products[i].a, products[i].b, &one, NULL), products[i].code);
        assert_int_equal(micro_mul(products[i].b, products[i].a, &other, NULL), products[i].code);
        assert_true(one == products[i].product && other == one);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),           cmocka_unit_test(refuses_embedded_nul),
        cmocka_unit_test(prints_shortest), cmocka_unit_test(random_amounts_round_trip),
        cmocka_unit_test(multiplies_half_to_even),
    };
    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
