#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "engine/feel/number.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define NINES "9999999999999999999999999999999999"  // 34

static struct number num(const char *text)
{
    struct number n;
    if (!number_parse(slice_of(text), &n))
        fail_msg("'%s' is a number", text);
    return n;
}

static const char *show(struct number n)
{
    static char texts[4][NUMBER_TEXT];
    static int turn;
    return number_print(n, texts[turn = (turn + 1) % 4]).at;
}

static const struct {
    const char *text, *want;  // NULL: no number
} texts[] = {
    { "0", "0" }, { "-0", "0" }, { "0.000", "0" }, { "0E99999999999999999999", "0" }, { "-0E-9999", "0" },
    { "1", "1" }, { "+1", "1" }, { "-1", "-1" }, { "007", "7" }, { "1.0", "1" }, { "1.", "1" }, { ".5", "0.5" },
    { "-.5", "-0.5" }, { "123.45", "123.45" }, { "1.20E-3", "0.0012" }, { "1e3", "1000" }, { "1E+3", "1000" },
    { "12300", "12300" }, { "1.23e+4", "12300" }, { "0.000123", "0.000123" },
    { NINES, NINES },
    { "0." NINES, "0." NINES },
    { "-0.0000000001", "-0.0000000001" },
    { "1E39", "1000000000000000000000000000000000000000" },
    { "1E40", "1E+40" }, { "1E50", "1E+50" }, { "-1.50E-60", "-1.5E-60" },
    { "1E-39", "0.000000000000000000000000000000000000001" }, { "1E-40", "1E-40" },
    { NINES "E6111", "9.999999999999999999999999999999999E+6144" },
    { "1E6144", "1E+6144" }, { "1E6145", NULL }, { "-1E6145", NULL }, { "1E99999999999999999999", NULL },
    { "1E-6176", "1E-6176" }, { "1E-6177", "0" }, { "6E-6177", "1E-6176" }, { "1E-99999999999999999999", "0" },
    /* rounding to 34 digits, half to even, with what follows far behind counting too */
    { "10000000000000000000000000000000005", "10000000000000000000000000000000000" },
    { "10000000000000000000000000000000015", "10000000000000000000000000000000020" },
    { "100000000000000000000000000000000050000000", "1E+41" },
    { "100000000000000000000000000000000050000001", "1.000000000000000000000000000000001E+41" },
    { "1.00000000000000000000000000000000050000000000000000000000000000000001",
      "1.000000000000000000000000000000001" },
    { "0.00000000000000000000000000000000000000000000000000000000000000000012", "1.2E-67" },
    { "10000000000000000000000000000000000000000000000000000000000000000000E-60", "10000000" },
    { "", NULL }, { "-", NULL }, { ".", NULL }, { "-.", NULL }, { "1e", NULL }, { "1e+", NULL }, { "e5", NULL },
    { ".e5", NULL }, { " 1", NULL }, { "1 ", NULL }, { "1,5", NULL }, { "1.5.2", NULL }, { "--1", NULL },
    { "inf", NULL }, { "Infinity", NULL }, { "NaN", NULL }, { "sNaN", NULL }, { "0x10", NULL }, { "1e5.0", NULL },
    { "1_000", NULL },
};

static void reads_and_prints(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct number n = { 7, 7 };
        bool ok = number_parse(slice_of(texts[i].text), &n);
        if (ok != !!texts[i].want || (ok && strcmp(show(n), texts[i].want) != 0))
            fail_msg("'%s': %s", texts[i].text, ok ? show(n) : "no number");
        if (!ok)
            assert_true(n.low == 7 && n.high == 7);
    }
    struct number n;
    assert_false(number_parse((struct slice){ "1\0002", 3 }, &n));
    assert_true(number_parse((struct slice){ "123", 2 }, &n));  // not behind its end
    assert_string_equal(show(n), "12");
}

static const struct {
    const char *a;
    char op;
    const char *b, *want;
} sums[] = {
    { "1", '+', "1", "2" }, { "1.2345", '+', "2.234", "3.4685" }, { "0.1", '+', "0.2", "0.3" },
    { "1.1234", '-', "-0.2345", "1.3579" }, { "5", '-', "5", "0" }, { "-5", '-', "-5", "0" },
    { NINES, '+', "1", "10000000000000000000000000000000000" }, { "1E6144", '+', "9E6144", NULL },
    { "-9.9E6144", '-', "1E6144", NULL }, { "1E30", '+', "1E-30", "1000000000000000000000000000000" },
    { "10", '*', "-10", "-100" }, { "-10", '*', "0", "0" }, { "0.10", '*', "0.10", "0.01" },
    { "1E4000", '*', "1E4000", NULL }, { "1E-4000", '*', "-1E-4000", "0" },
    { "10", '/', "4", "2.5" }, { "1", '/', "3", "0.3333333333333333333333333333333333" },
    { "2", '/', "3", "0.6666666666666666666666666666666667" }, { "1", '/', "0", NULL }, { "0", '/', "0", NULL },
    { "-1", '/', "0", NULL }, { "0", '/', "-3", "0" }, { "1E6000", '/', "1E-6000", NULL },
    { "5", '^', "2", "25" }, { "-5", '^', "2", "25" }, { "-5", '^', "3", "-125" }, { "81", '^', "5", "3486784401" },
    { "5.5", '^', "2", "30.25" }, { "2", '^', "100", "1267650600228229401496703205376" }, { "2", '^', "-2", "0.25" },
    { "10", '^', "-3", "0.001" }, { "0", '^', "0", "1" }, { "7", '^', "0", "1" }, { "0", '^', "5", "0" },
    { "0", '^', "-1", NULL }, { "1", '^', "999999999999", "1" }, { "10", '^', "6144", "1E+6144" },
    { "10", '^', "6145", NULL }, { "10", '^', "-7000", "0" }, { "2", '^', "1E30", NULL }, { "-8", '^', "0.5", NULL },
    { "1.5", '^', "50", "637621500.2140495869034078069148563" },  // Python's decimal, 34 digits
    { "10", '%', "4", "2" }, { "-10", '%', "4", "2" }, { "-12", '%', "5", "3" }, { "12", '%', "-5", "-3" },
    { "-12", '%', "-5", "-2" }, { "10.1", '%', "4.5", "1.1" }, { "-10.1", '%', "4.5", "3.4" },
    { "10.1", '%', "-4.5", "-3.4" }, { "-10.1", '%', "-4.5", "-1.1" }, { "0", '%', "4", "0" }, { "-8", '%', "4", "0" },
    { "8", '%', "-4", "0" }, { "1", '%', "0", NULL }, { "0", '%', "0", NULL }, { "1E40", '%', "7", "4" },
    { "1", '%', "1E40", "1" },
};

static bool apply(char op, struct number a, struct number b, struct number *ret)
{
    switch (op) {
    case '+': return number_add(a, b, ret);
    case '-': return number_sub(a, b, ret);
    case '*': return number_mul(a, b, ret);
    case '/': return number_div(a, b, ret);
    case '^': return number_pow(a, b, ret);
    default: return number_modulo(a, b, ret);
    }
}

static void calculates(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sums); i++) {
        struct number n = { 7, 7 };
        bool ok = apply(sums[i].op, num(sums[i].a), num(sums[i].b), &n);
        if (ok != !!sums[i].want || (ok && strcmp(show(n), sums[i].want) != 0))
            fail_msg("%s %c %s: %s", sums[i].a, sums[i].op, sums[i].b, ok ? show(n) : "nothing");
        if (!ok)
            assert_true(n.low == 7 && n.high == 7);
    }
}

static void assert_near(struct number n, const char *want)
{
    struct number off;
    assert_true(number_sub(n, num(want), &off));
    assert_true(number_div(off, num(want), &off));
    if (number_cmp(number_abs(off), num("1E-32")) > 0)
        fail_msg("%s, not %s", show(n), want);
}

/* Wanted values: Python's decimal with 50 digits. */
static void knows_curves(void **state)
{
    (void)state;
    struct number n = { 7, 7 };
    assert_true(number_sqrt(num("4"), &n));
    assert_string_equal(show(n), "2");
    assert_true(number_sqrt(num("2"), &n));
    assert_string_equal(show(n), "1.414213562373095048801688724209698");
    assert_true(number_exp(num("4"), &n));
    assert_near(n, "54.598150033144239078110261202860878402790737038614");
    assert_true(number_log(num("4"), &n));
    assert_near(n, "1.3862943611198906188344642429163531361510002687205");
    assert_true(number_pow(num("5"), num("2.55"), &n));
    assert_near(n, "60.586171666066336737457249282442618");
    n = (struct number){ 7, 7 };
    assert_false(number_sqrt(num("-1"), &n));
    assert_false(number_log(num("0"), &n));
    assert_false(number_log(num("-1"), &n));
    assert_false(number_exp(num("100000"), &n));
    assert_true(n.low == 7 && n.high == 7);
    assert_true(number_exp(num("-100000"), &n) && number_sign(n) == 0);
}

/* In the order of enum number_rounding: half even, up, down, half up, half down, floor, ceiling. */
static const struct {
    const char *from;
    int scale;
    const char *want[7];
} roundings[] = {
    { "5.5", 0, { "6", "6", "5", "6", "5", "5", "6" } },
    { "2.5", 0, { "2", "3", "2", "3", "2", "2", "3" } },
    { "1.6", 0, { "2", "2", "1", "2", "2", "1", "2" } },
    { "1.1", 0, { "1", "2", "1", "1", "1", "1", "2" } },
    { "1.0", 0, { "1", "1", "1", "1", "1", "1", "1" } },
    { "-1.1", 0, { "-1", "-2", "-1", "-1", "-1", "-2", "-1" } },
    { "-1.6", 0, { "-2", "-2", "-1", "-2", "-2", "-2", "-1" } },
    { "-2.5", 0, { "-2", "-3", "-2", "-3", "-2", "-3", "-2" } },
    { "-5.5", 0, { "-6", "-6", "-5", "-6", "-5", "-6", "-5" } },
    { "-0.3333", 0, { "0", "-1", "0", "0", "0", "-1", "0" } },
    { "1.126", 2, { "1.13", "1.13", "1.12", "1.13", "1.13", "1.12", "1.13" } },
    { "-1.126", 2, { "-1.13", "-1.13", "-1.12", "-1.13", "-1.13", "-1.13", "-1.12" } },
    { "0.515", 2, { "0.52", "0.52", "0.51", "0.52", "0.51", "0.51", "0.52" } },
    { "0.5150000000000000000000001", 2, { "0.52", "0.52", "0.51", "0.52", "0.52", "0.51", "0.52" } },
    { "1234", -2, { "1200", "1300", "1200", "1200", "1200", "1200", "1300" } },
    { "1250", -2, { "1200", "1300", "1200", "1300", "1200", "1200", "1300" } },
    { "5.5", -1, { "10", "10", "0", "10", "10", "0", "10" } },
    { "5.5", 6176, { "5.5", "5.5", "5.5", "5.5", "5.5", "5.5", "5.5" } },
    { "5.5", -6111, { "0", "1E+6111", "0", "0", "0", "0", "1E+6111" } },
    { "1E-6176", 6175, { "0", "1E-6175", "0", "0", "0", "0", "1E-6175" } },
    { NINES, 5, { NINES, NINES, NINES, NINES, NINES, NINES, NINES } },
    { NINES, -1, { "10000000000000000000000000000000000", "10000000000000000000000000000000000",
                   "9999999999999999999999999999999990", "10000000000000000000000000000000000",
                   "10000000000000000000000000000000000", "9999999999999999999999999999999990",
                   "10000000000000000000000000000000000" } },
    { "0", 3, { "0", "0", "0", "0", "0", "0", "0" } },
};

static void rounds(void **state)
{
    (void)state;
    struct number n;
    for (size_t i = 0; i < COUNT(roundings); i++)
        for (int way = ROUND_HALF_EVEN; way <= ROUND_CEILING; way++) {
            assert_true(number_round(num(roundings[i].from), roundings[i].scale, (enum number_rounding)way, &n));
            if (strcmp(show(n), roundings[i].want[way]) != 0)
                fail_msg("%s to %d, way %d: %s", roundings[i].from, roundings[i].scale, way, show(n));
        }
    assert_false(number_round(num("5.5"), -6112, ROUND_UP, &n));
    assert_false(number_round(num("5.5"), 6177, ROUND_UP, &n));
}

static void orders(void **state)
{
    (void)state;
    static const char *const rising[] = { "-1E6144", "-3", "-1.5", "-1", "-1E-6176", "0", "1E-6176", "0.1", "1",
                                          "1.000000000000000000000000000000001", "2", "10", "1E40", "1E6144" };
    for (int a = 0; a < (int)COUNT(rising); a++) {
        assert_int_equal(number_sign(num(rising[a])), (a > 5) - (a < 5));
        for (int b = 0; b < (int)COUNT(rising); b++) {
            int want = (a > b) - (a < b);
            assert_int_equal(number_cmp(num(rising[a]), num(rising[b])), want);
        }
    }
    static const char *const same[][2] = { { "1.0", "1.00" }, { "100", "1E2" }, { "0", "-0.00" }, { "0", "0E50" } };
    for (size_t i = 0; i < COUNT(same); i++)
        assert_int_equal(number_cmp(num(same[i][0]), num(same[i][1])), 0);
    assert_string_equal(show(number_neg(num("0"))), "0");
    assert_string_equal(show(number_neg(num("-1.5"))), "1.5");
    assert_string_equal(show(number_abs(num("-1.5"))), "1.5");
    assert_string_equal(show(number_abs(num("1.5"))), "1.5");
}

static const struct {
    const char *text;
    bool whole, fits;
    int64_t value;
} wholes[] = {
    { "0", true, true, 0 }, { "1.0", true, true, 1 }, { "1.5", false, false, 0 }, { "-1E3", true, true, -1000 },
    { "9223372036854775807", true, true, INT64_MAX }, { "9223372036854775808", true, false, 0 },
    { "-9223372036854775808", true, true, INT64_MIN }, { "-9223372036854775809", true, false, 0 },
    { "1E6000", true, false, 0 }, { "1E-6000", false, false, 0 }, { "9223372036854775806.5", false, false, 0 },
};

static void knows_whole_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wholes); i++) {
        int64_t value = 77;
        if (number_is_integer(num(wholes[i].text)) != wholes[i].whole)
            fail_msg("%s", wholes[i].text);
        assert_int_equal(number_to_i64(num(wholes[i].text), &value), wholes[i].fits);
        assert_true(value == (wholes[i].fits ? wholes[i].value : 77));
    }
    assert_string_equal(show(number_of(INT64_MIN)), "-9223372036854775808");
    assert_string_equal(show(number_scaled(12345, -2)), "123.45");
    assert_string_equal(show(number_scaled(-5, 3)), "-5000");
    assert_string_equal(show(number_scaled(0, -6)), "0");
}

/* Digits of int64 against the machine's own arithmetic. */
static void agrees_with_integers(void **state)
{
    (void)state;
    struct number n;
    for (uint64_t seed = 1; seed < 20000; seed++) {
        int64_t a = (int32_t)hash_mix(seed), b = (int32_t)hash_mix(seed ^ 0x5555) >> (seed % 31), got;
        assert_true(number_mul(number_of(a), number_of(b), &n) && number_to_i64(n, &got) && got == a * b);
        assert_true(number_add(number_of(a), number_of(b), &n) && number_to_i64(n, &got) && got == a + b);
        assert_int_equal(number_cmp(number_of(a), number_of(b)), (a > b) - (a < b));
        if (!b)
            continue;
        int64_t rest = a % b;
        if (rest && (rest < 0) != (b < 0))
            rest += b;
        assert_true(number_modulo(number_of(a), number_of(b), &n) && number_to_i64(n, &got) && got == rest);
    }
}

static void floors_to_a_scale(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int scale;
        int64_t want;
        bool exact, fits;
    } cases[] = {
        { "1.25", 2, 125, true, true }, { "1.255", 2, 125, false, true }, { "-1.255", 2, -126, false, true },
        { "-1.25", 2, -125, true, true }, { "0", 5, 0, true, true }, { "1E3", 0, 1000, true, true },
        { "1E-20", 2, 0, false, true }, { "-1E-20", 2, -1, false, true }, { "1E30", 0, 0, false, false },
        { "9223372036854775807", 0, INT64_MAX, true, true }, { "9223372036854775808", 0, 0, false, false },
        { "92233720368547758.07", 2, INT64_MAX, true, true }, { "123456789012345678901234567890E-20", 3, 1234567890123, false, true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t got = 0;
        bool exact = false, fits = number_floor_scaled(num(cases[i].text), cases[i].scale, &got, &exact);
        if (fits != cases[i].fits || (fits && (got != cases[i].want || exact != cases[i].exact)))
            fail_msg("%s: %lld %d", cases[i].text, (long long)got, exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints), cmocka_unit_test(calculates),
        cmocka_unit_test(knows_curves),     cmocka_unit_test(rounds),
        cmocka_unit_test(orders),           cmocka_unit_test(knows_whole_numbers),
           cmocka_unit_test(agrees_with_integers),
        cmocka_unit_test(floors_to_a_scale),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
