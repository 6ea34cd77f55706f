#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/feel/temporal.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Paris without a history: summer time from April to October. */
static bool fake_offset(void *arg, struct slice name, int64_t second, bool local, int32_t *ret)
{
    struct date d;
    (void)arg;
    (void)local;
    if (!slice_is(name, "Europe/Paris") && !slice_is(name, "Etc/UTC"))
        return false;
    *ret = 0;
    if (slice_is(name, "Europe/Paris"))
        *ret = date_of_days(second / 86400, &d) && d.month >= 4 && d.month <= 10 ? 7200 : 3600;
    return true;
}
static const struct zones zones = { fake_offset, NULL };

/* What a text reads as, printed; NULL: it is refused. */
static const struct {
    const char *text, *want;
} dates[] = {
    { "2026-11-27", "2026-11-27" }, { "-0044-03-15", "-0044-03-15" }, { "0000-01-01", "0000-01-01" },
    { "12017-12-31", "12017-12-31" }, { "999999999-12-31", "999999999-12-31" }, { "-999999999-01-01", "-999999999-01-01" },
    { "2016-02-29", "2016-02-29" }, { "2017-02-29", NULL }, { "2017-13-01", NULL }, { "2017-00-01", NULL },
    { "2017-01-00", NULL }, { "2017-01-32", NULL }, { "02017-01-01", NULL }, { "+2017-01-01", NULL }, { "17-01-01", NULL },
    { "201-01-01", NULL }, { "2017-1-1", NULL }, { "2017-01-01Z", NULL }, { "2017-01-01 ", NULL }, { "", NULL },
    { "1000000000-01-01", NULL }, { "2017-01-01T00:00:00", NULL }, { "20170101", NULL }, { "--01-01", NULL },
}, times[] = {
    { "10:30:00", "10:30:00" }, { "10:30:00Z", "10:30:00Z" }, { "10:30:00+00:00", "10:30:00Z" },
    { "10:30:00-00:00", "10:30:00Z" }, { "10:30:00.120", "10:30:00.12" }, { "10:30:00.1234567891", "10:30:00.123456789" },
    { "10:30:00+05:30", "10:30:00+05:30" }, { "10:30:00-02:30:15", "10:30:00-02:30:15" },
    { "10:30:00@Europe/Paris", "10:30:00@Europe/Paris" }, { "24:00:00", "00:00:00" }, { "00:00:00.000", "00:00:00" },
    { "10:30:00+14:00", "10:30:00+14:00" }, { "10:30:00+14:01", NULL }, { "10:30:00+19:00", NULL }, { "24:00:01", NULL },
    { "10:30:60", NULL }, { "10:60:00", NULL }, { "25:00:00", NULL }, { "10:30", NULL }, { "10:30:00.", NULL },
    { "10:30:00+05", NULL }, { "10:30:00@Europe/Atlantis", NULL }, { "10:30:00@", NULL }, { "10:30:00Z@Europe/Paris", NULL },
    { "10:30:00+02:00@Europe/Paris", NULL }, { "1:30:00", NULL }, { "10:30:00 Z", NULL }, { "10:30:00z", NULL },
}, date_times[] = {
    { "2016-12-24T23:59:00-08:00", "2016-12-24T23:59:00-08:00" }, { "2016-12-24", "2016-12-24T00:00:00" },
    { "2016-12-31T24:00:00", "2017-01-01T00:00:00" }, { "2011-12-31T10:15:30.987@Europe/Paris",
      "2011-12-31T10:15:30.987@Europe/Paris" }, { "999999999-12-31T24:00:00", NULL }, { "2016-12-24T", NULL },
    { "2016-12-24t10:00:00", NULL }, { "2016-12-24 10:00:00", NULL }, { "10:00:00", NULL }, { "2016-12-24T24:01:00", NULL },
}, month_durations[] = {
    { "P1Y2M", "P1Y2M" }, { "P26M", "P2Y2M" }, { "P0Y", "P0M" }, { "-P100M", "-P8Y4M" }, { "P999999999M", "P83333333Y3M" },
    { "-P99999999Y", "-P99999999Y" }, { "P", NULL }, { "P1", NULL }, { "P1M1Y", NULL }, { "P1Y1Y", NULL }, { "1Y", NULL },
    { "P1D", NULL }, { "P1Y2MT1H", NULL }, { "P1.5Y", NULL }, { "+P1Y", NULL }, { "P-1Y", NULL },
    { "P99999999999999999999Y", NULL },
}, durations[] = {
    { "P1DT2H3M4.123456789S", "P1DT2H3M4.123456789S" }, { "PT0S", "PT0S" }, { "P0D", "PT0S" }, { "PT24H", "P1D" },
    { "P2DT274M", "P2DT4H34M" }, { "-PT0.001S", "-PT0.001S" }, { "PT0.S", "PT0S" }, { "PT36000S", "PT10H" },
    { "-P1DT1S", "-P1DT1S" }, { "P1H", NULL }, { "PT", NULL }, { "P1DT", NULL }, { "P", NULL }, { "PT1S1M", NULL },
    { "PT1.5H", NULL }, { "P1M", NULL }, { "PT1D", NULL }, { "", NULL }, { "PT.5S", NULL }, { "P1Y", NULL },
    { "P99999999999999999999D", NULL },
};

static struct slice print_date(struct slice text, char out[TEMPORAL_TEXT])
{
    struct date d;
    return date_parse(text, &d) ? date_print(d, out) : (struct slice){ NULL, 0 };
}

static struct slice print_time(struct slice text, char out[TEMPORAL_TEXT])
{
    struct day_time t;
    return time_of_day_parse(text, &zones, &t) ? time_of_day_print(t, out) : (struct slice){ NULL, 0 };
}

static struct slice print_date_time(struct slice text, char out[TEMPORAL_TEXT])
{
    struct date_time t;
    return date_time_parse(text, &zones, &t) ? date_time_print(t, out) : (struct slice){ NULL, 0 };
}

static struct slice print_months(struct slice text, char out[TEMPORAL_TEXT])
{
    int64_t months;
    return months_parse(text, &months) ? months_print(months, out) : (struct slice){ NULL, 0 };
}

static struct slice print_duration(struct slice text, char out[TEMPORAL_TEXT])
{
    struct duration d;
    return duration_parse(text, &d) ? duration_print(d, out) : (struct slice){ NULL, 0 };
}

#define READS(print, table)                                                                                            \
    for (size_t i = 0; i < COUNT(table); i++) {                                                                        \
        char out[TEMPORAL_TEXT];                                                                                       \
        struct slice got = print(slice_of((table)[i].text), out);                                                      \
        if ((got.at != NULL) != ((table)[i].want != NULL) || (got.at && !slice_is(got, (table)[i].want)))              \
            fail_msg("'%s': %.*s", (table)[i].text, SLICE_ARG(got));                                                   \
    }

static void reads_and_prints(void **state)
{
    (void)state;
    READS(print_date, dates)
    READS(print_time, times)
    READS(print_date_time, date_times)
    READS(print_months, month_durations)
    READS(print_duration, durations)
}

/* Days since 1970, weekday, day of the year, week of the year: Python's datetime. */
static const struct {
    struct date date;
    int days, weekday, of_year, week;
} calendar[] = {
    { { 1970, 1, 1 }, 0, 4, 1, 1 },
    { { 2004, 12, 31 }, 12783, 5, 366, 53 },
    { { 2005, 1, 1 }, 12784, 6, 1, 53 },
    { { 2005, 1, 2 }, 12785, 7, 2, 53 },
    { { 2008, 12, 29 }, 14242, 1, 364, 1 },
    { { 2009, 12, 31 }, 14609, 4, 365, 53 },
    { { 2010, 1, 3 }, 14612, 7, 3, 53 },
    { { 2016, 2, 29 }, 16860, 1, 60, 9 },
    { { 2019, 9, 17 }, 18156, 2, 260, 38 },
    { { 2020, 12, 31 }, 18627, 4, 366, 53 },
    { { 2021, 1, 3 }, 18630, 7, 3, 53 },
    { { 2021, 1, 4 }, 18631, 1, 4, 1 },
    { { 1, 1, 1 }, -719162, 1, 1, 1 },
    { { 9999, 12, 31 }, 2932896, 5, 365, 52 },
    { { 2026, 11, 27 }, 20784, 5, 331, 48 },
};

static void knows_the_calendar(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(calendar); i++) {
        struct date d = calendar[i].date, back;
        assert_int_equal(date_days(d), calendar[i].days);
        assert_int_equal(date_weekday(d), calendar[i].weekday);
        assert_int_equal(date_day_of_year(d), calendar[i].of_year);
        assert_int_equal(date_week_of_year(d), calendar[i].week);
        assert_true(date_of_days(calendar[i].days, &back));
        assert_int_equal(date_cmp(d, back), 0);
    }
    struct date d = { 7, 7, 7 };
    assert_false(date_of_days(INT64_MAX, &d) || date_of_days(INT64_MIN, &d));
    assert_int_equal(d.year, 7);
}

static struct date_time at(const char *text)
{
    struct date_time t;
    if (!date_time_parse(slice_of(text), &zones, &t))
        fail_msg("'%s' is no date and time", text);
    return t;
}

static const struct {
    const char *a, *b;
    int order;       // 7: they do not compare
    const char *sub; // a - b
} pairs[] = {
    { "2026-01-01T12:00:00", "2026-01-01T12:00:00", 0, "PT0S" },
    { "2026-01-01T12:00:00Z", "2026-01-01T13:00:00+01:00", 0, "PT0S" },
    { "2026-07-01T12:00:00@Europe/Paris", "2026-07-01T10:00:00Z", 0, "PT0S" },
    { "2026-01-01T12:00:00@Europe/Paris", "2026-01-01T10:00:00Z", 1, "PT1H" },
    { "2026-01-01T12:00:00", "2026-01-01T12:00:00Z", 7, NULL },
    { "2026-01-01T00:00:00.1", "2026-01-01T00:00:00.2", -1, "-PT0.1S" },
    { "2025-12-31T23:59:59.9", "2026-01-01T00:00:00.1", -1, "-PT0.2S" },
    { "2026-01-02", "2026-01-01T00:00:01", 1, "PT23H59M59S" },
};

static void compares(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct date_time a = at(pairs[i].a), b = at(pairs[i].b);
        struct duration d;
        char out[TEMPORAL_TEXT];
        int order = 7;
        assert_int_equal(date_time_cmp(a, b, &zones, &order), pairs[i].order != 7);
        assert_int_equal(order, pairs[i].order);
        assert_int_equal(date_time_sub(a, b, &zones, &d), pairs[i].sub != NULL);
        if (pairs[i].sub)
            assert_true(slice_is(duration_print(d, out), pairs[i].sub));
    }
}

static const struct {
    const char *from;
    int64_t months;
    const char *want;
} months_added[] = {
    { "2016-01-31", 1, "2016-02-29T00:00:00" }, { "2016-02-29", 12, "2017-02-28T00:00:00" },
    { "2016-01-31", -2, "2015-11-30T00:00:00" }, { "0001-01-15", -13, "-0001-12-15T00:00:00" },
    { "2016-12-24T10:00:00Z", 25, "2019-01-24T10:00:00Z" }, { "999999999-12-01", 1, NULL },
    { "2016-01-01", INT64_MAX, NULL }, { "2016-01-01", INT64_MIN, NULL },
};

static void adds_months(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(months_added); i++) {
        struct date_time t;
        char out[TEMPORAL_TEXT];
        bool ok = date_time_add_months(at(months_added[i].from), months_added[i].months, &t);
        assert_int_equal(ok, months_added[i].want != NULL);
        if (ok && !slice_is(date_time_print(t, out), months_added[i].want))
            fail_msg("%s: %s", months_added[i].from, out);
    }
    const struct date a = { 2011, 12, 22 }, b = { 2013, 8, 24 }, c = { 2013, 8, 21 };
    assert_int_equal(months_between(a, b), 20);
    assert_int_equal(months_between(a, c), 19);
    assert_int_equal(months_between(b, a), -20);
    assert_int_equal(months_between(c, a), -19);
}

static void adds_durations(void **state)
{
    (void)state;
    char out[TEMPORAL_TEXT];
    struct date_time t;
    struct day_time clock;
    struct duration sum;
    assert_true(date_time_add(at("2016-12-31T23:59:59.5"), (struct duration){ 0, 500000000 }, &t));
    assert_true(slice_is(date_time_print(t, out), "2017-01-01T00:00:00"));
    assert_true(date_time_add(at("2017-01-01"), (struct duration){ 0, -1 }, &t));
    assert_true(slice_is(date_time_print(t, out), "2016-12-31T23:59:59.999999999"));
    assert_false(date_time_add(at("2017-01-01"), (struct duration){ INT64_MAX, 999999999 }, &t));
    assert_true(time_of_day_parse(SLICE("23:30:00Z"), &zones, &clock));
    assert_true(slice_is(time_of_day_print(time_of_day_add(clock, (struct duration){ 3600, 0 }), out), "00:30:00Z"));
    /* 2^63 seconds are 15:30:08 more than whole days. */
    assert_true(slice_is(time_of_day_print(time_of_day_add(clock, (struct duration){ INT64_MIN, 0 }), out), "07:59:52Z"));
    assert_true(duration_add((struct duration){ 1, 600000000 }, (struct duration){ -2, -100000000 }, &sum));
    assert_int_equal(sum.seconds, 0);
    assert_int_equal(sum.nanos, -500000000);
    assert_false(duration_add((struct duration){ INT64_MAX, 0 }, (struct duration){ 1, 0 }, &sum));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints), cmocka_unit_test(knows_the_calendar), cmocka_unit_test(compares),
        cmocka_unit_test(adds_months), cmocka_unit_test(adds_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
