#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <time.h>

#include "base/hash.h"
#include "text/time.h"

#define BAD INT64_MIN

static const struct {
    const char *text;
    int64_t ms;
    size_t pos;  // of the flaw
} cases[] = {
    { "1970-01-01", 0, 0 },
    { "1970-01-01T00:00:00Z", 0, 0 },
    { "1970-01-01 00:00", 0, 0 },
    { "1969-12-31T23:59:59.999Z", -1, 0 },
    { "2000-02-29T12:34:56Z", 951827696000, 0 },
    { "2026-01-02T03:04:05.678Z", 1767323045678, 0 },
    { "2026-01-02t03:04:05.678z", 1767323045678, 0 },
    { "2026-01-02 03:04:05,678", 1767323045678, 0 },
    { "2026-01-02T03:04:05.6Z", 1767323045600, 0 },
    { "2026-01-02T03:04:05.6789999Z", 1767323045678, 0 },
    { "2026-01-02T04:04:05.678+01:00", 1767323045678, 0 },
    { "2026-01-01T23:34:05.678-0330", 1767323045678, 0 },
    { "2026-01-02T04:04:05.678+01", 1767323045678, 0 },
    { "2026-01-02T03:04", 1767323040000, 0 },
    { "2026-01-02T03:04+00:00", 1767323040000, 0 },
    { "2016-12-31T23:59:60Z", 1483228800000, 0 },
    { "0001-01-01", -62135596800000, 0 },
    { "9999-12-31T23:59:59.999Z", 253402300799999, 0 },
    { "1767323045", 1767323045000, 0 },
    { "-1", -1000, 0 },
    { "1767323045678", 1767323045678, 0 },
    { "-62135596800000", -62135596800000, 0 },
    { "253402300799999", 253402300799999, 0 },
    { "", BAD, 0 },
    { " 2026-01-02", BAD, 0 },
    { "x", BAD, 0 },
    { "2026", 2026000, 0 },
    { "2026-1-2", BAD, 6 },
    { "2026-01-02 ", BAD, 11 },
    { "2026-01-02x", BAD, 10 },
    { "2026/01/02", BAD, 4 },
    { "2026-00-10", BAD, 5 },
    { "2026-13-10", BAD, 5 },
    { "2026-04-31", BAD, 8 },
    { "2026-04-00", BAD, 8 },
    { "2025-02-29", BAD, 8 },
    { "1900-02-29", BAD, 8 },
    { "0000-01-01", BAD, 0 },
    { "02026-01-01", BAD, 4 },
    { "2026-01-02T", BAD, 11 },
    { "2026-01-02T24:00", BAD, 11 },
    { "2026-01-02T23:60", BAD, 14 },
    { "2026-01-02T23:59:61", BAD, 17 },
    { "2026-01-02T23:59:", BAD, 17 },
    { "2026-01-02T23:59:59.", BAD, 20 },
    { "2026-01-02T23:59:59.Z", BAD, 20 },
    { "2026-01-02T23:59:59Zx", BAD, 20 },
    { "2026-01-02T23:59:59+", BAD, 20 },
    { "2026-01-02T23:59:59+1", BAD, 21 },
    { "2026-01-02T23:59:59+24:00", BAD, 20 },
    { "2026-01-02T23:59:59+01:60", BAD, 23 },
    { "2026-01-02T23:59:59+01:", BAD, 23 },
    { "2026-01-02T23", BAD, 13 },
    { "0001-01-01T00:00+00:01", BAD, 0 },
    { "9999-12-31T23:59:60Z", BAD, 0 },
    { "253402300800000", BAD, 0 },
    { "-62135596800001", BAD, 0 },
    { "9223372036854775808", BAD, 4 },
    { "12345678901.5", BAD, 4 },
};

static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { ERR_OK, 0, "" };
        int64_t ms = BAD;
        enum err_code code = time_parse(slice_of(cases[i].text), &ms, &e);
        if (ms != cases[i].ms || e.pos != cases[i].pos)
            fail_msg("'%s': %lld, pos %zu %s", cases[i].text, (long long)ms, e.pos, e.text);
        assert_int_equal(code, cases[i].ms == BAD ? ERR_INVALID : ERR_OK);
    }
}

static void check_instant(int64_t ms)
{
    char out[TIME_TEXT_MAX], want[64];
    int64_t back = BAD;
    time_t seconds = (time_t)((ms - (ms % 1000 + 1000) % 1000) / 1000);
    struct tm tm;
    assert_non_null(gmtime_r(&seconds, &tm));
    snprintf(want, sizeof want, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms - (int64_t)seconds * 1000));
    struct slice text = time_print(ms, out);
    assert_string_equal(out, want);
    assert_int_equal(text.len, strlen(want));
    assert_int_equal(time_parse(text, &back, NULL), ERR_OK);
    assert_true(back == ms);
    assert_int_equal(time_month(ms), (tm.tm_year + 1900) * 100 + tm.tm_mon + 1);
    text = time_print_date(ms, out);
    want[10] = 0;
    assert_string_equal(out, want);
    assert_int_equal(time_parse(text, &back, NULL), ERR_OK);
    assert_true(back <= ms && ms - back < DAY_MS && back % DAY_MS == 0);
}

/* Against the C library, over all years that there are. */
static void prints_what_it_reads(void **state)
{
    (void)state;
    const int64_t first = time_of_civil(1, 1, 1), span = time_of_civil(10000, 1, 1) - first;
    uint64_t seed = 3;
    for (int i = 0; i < 50000; i++)
        check_instant(first + (int64_t)(hash_mix(++seed) % (uint64_t)span));
    check_instant(first);
    check_instant(first + span - 1);
    for (int year = 1; year < 10000; year++) {  // both sides of each year's and each February's end
        check_instant(time_of_civil(year, 1, 1));
        check_instant(time_of_civil(year, 3, 1) - 1);
        check_instant(time_of_civil(year, 12, 31) + DAY_MS - 1);
    }
}

static void days_follow_each_other(void **state)
{
    (void)state;
    int64_t ms = time_of_civil(1, 1, 1);
    int year, month, day, before = 0;
    for (; ms < time_of_civil(2101, 1, 1); ms += DAY_MS) {
        time_to_civil(ms, &year, &month, &day);
        int now = (year * 12 + month) * 31 + day;
        assert_true(now > before);
        assert_true(time_of_civil(year, month, day) == ms);
        before = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(prints_what_it_reads),
        cmocka_unit_test(days_follow_each_other),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
