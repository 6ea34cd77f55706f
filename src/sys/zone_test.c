#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys/file.h"
#include "sys/zone.h"
#include "sys/zone_room.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static struct zone_files *zones;

static int set_up(void **state)
{
    struct err e;
    (void)state;
    return (int)zone_files_new(NULL, &zones, &e);
}

static int tear_down(void **state)
{
    (void)state;
    zone_files_drop(&zones);
    return 0;
}

/* Python's zoneinfo at these seconds: far past, both sides of changes, behind the last line of the table. */
static const int64_t moments[] = {
    -3000000000, -1500000000, 0, 500000000, 1000000000, 1616893199, 1616893200, 1635641999, 1635642000, 1700000000,
    1711846799, 1711846800, 1720000000, 2540000000, 2555000000, 4102444800, 4118000000,
};
static const struct {
    const char *name;
    int32_t offset_s[COUNT(moments)];
} rows[] = {
    { "Europe/Madrid",
      { -884, 0, 3600, 3600, 7200, 3600, 7200, 7200, 3600, 3600, 3600, 7200, 7200, 7200, 3600, 3600, 7200 } },
    { "America/New_York",
      { -17762, -14400, -18000, -18000, -14400, -14400, -14400, -14400, -14400, -18000, -14400, -14400,
        -14400, -14400, -18000, -18000, -14400 } },
    { "Asia/Kathmandu",
      { 20476, 19800, 19800, 19800, 20700, 20700, 20700, 20700, 20700, 20700, 20700, 20700, 20700, 20700,
        20700, 20700, 20700 } },
    { "Australia/Lord_Howe",
      { 38180, 36000, 36000, 39600, 37800, 39600, 39600, 39600, 39600, 39600, 39600, 39600, 37800, 37800,
        39600, 39600, 37800 } },
    { "Europe/Dublin",
      { -1521, 3600, 3600, 0, 3600, 0, 3600, 3600, 0, 0, 0, 3600, 3600, 3600, 0, 0, 3600 } },
    { "America/Sao_Paulo",
      { -11188, -10800, -10800, -7200, -10800, -10800, -10800, -10800, -10800, -10800, -10800, -10800,
        -10800, -10800, -10800, -10800, -10800 } },
    { "Asia/Tokyo",
      { 33539, 32400, 32400, 32400, 32400, 32400, 32400, 32400, 32400, 32400, 32400, 32400, 32400, 32400,
        32400, 32400, 32400 } },
    { "Etc/UTC",
      { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
    { "Pacific/Apia",
      { 45184, -41400, -39600, -39600, -39600, 50400, 50400, 46800, 46800, 46800, 46800, 46800, 46800,
        46800, 46800, 46800, 46800 } },
};

static void knows_offsets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t k = 0; k < COUNT(moments); k++) {
            int32_t s = INT32_MAX;
            assert_true(zone_offset(zones, slice_of(rows[i].name), moments[k], false, &s));
            if (s != rows[i].offset_s[k])
                fail_msg("%s at %lld: %d", rows[i].name, (long long)moments[k], s);
        }
}

static int32_t local(const char *name, int64_t wall_s)
{
    int32_t s = INT32_MAX;
    assert_true(zone_offset(zones, slice_of(name), wall_s, true, &s));
    return s;
}

/* Madrid, 2021: the clock leaps from 02:00 to 03:00 on March 28, and goes back from 03:00 to 02:00 on October 31. */
static void reads_wall_clocks(void **state)
{
    (void)state;
    const int64_t march = 1616889600, october = 1635638400;  // the midnights, as if in UTC
    assert_int_equal(local("Europe/Madrid", march + 2 * 3600 - 1), 3600);
    assert_int_equal(local("Europe/Madrid", march + 2 * 3600 + 1800), 3600);   // in the gap: as before it
    assert_int_equal(local("Europe/Madrid", march + 3 * 3600), 7200);
    assert_int_equal(local("Europe/Madrid", october + 2 * 3600 - 1), 7200);
    assert_int_equal(local("Europe/Madrid", october + 2 * 3600 + 1800), 7200); // twice: the first time
    assert_int_equal(local("Europe/Madrid", october + 3 * 3600), 3600);
    assert_int_equal(local("Pacific/Apia", 1325203200), -36000);               // 2011-12-30: a day that never was
    assert_int_equal(local("Pacific/Apia", 1325203200 + 86400), 50400);
}

/* Python's zoneinfo (fold 0) at wall times: the edges of gaps, the gaps, what comes twice, behind the table,
 * before it. */
static const struct {
    const char *name;
    int64_t wall_s;
    int32_t offset_s;
} walls[] = {
    { "America/New_York", 1710035999, -18000 },    // 2024-03-10T01:59:59
    { "America/New_York", 1710037800, -18000 },    // 02:30, skipped
    { "America/New_York", 1710039600, -14400 },    // 03:00
    { "America/New_York", 1730597400, -14400 },    // 2024-11-03T01:30, twice
    { "America/New_York", 1730599200, -18000 },    // 02:00
    { "America/New_York", 2530751400, -18000 },    // 2050-03-13T02:30, skipped
    { "America/New_York", 2551311000, -14400 },    // 2050-11-06T01:30, twice
    { "America/New_York", 4108676400, -14400 },    // 2100-03-14T03:00
    { "Australia/Lord_Howe", 1728179999, 37800 },  // 2024-10-06T01:59:59
    { "Australia/Lord_Howe", 1728180900, 37800 },  // 02:15, skipped
    { "Australia/Lord_Howe", 1728181800, 39600 },  // 02:30: half an hour
    { "Australia/Lord_Howe", 1712454300, 39600 },  // 2024-04-07T01:45, twice
    { "Australia/Lord_Howe", 1712455200, 37800 },  // 02:00
    { "Australia/Lord_Howe", 4126212900, 37800 },  // 2100-10-03T02:15, skipped
    { "Europe/Dublin", 1711848600, 0 },            // 2024-03-31T01:30, skipped
    { "Europe/Dublin", 1711850400, 3600 },         // 02:00
    { "Europe/Dublin", 1729992600, 3600 },         // 2024-10-27T01:30, twice
    { "Europe/Dublin", 1729994400, 0 },            // 02:00
    { "Europe/Dublin", 2531957400, 0 },            // 2050-03-27T01:30, skipped
    { "Europe/Dublin", 2550706200, 3600 },         // 2050-10-30T01:30, twice
    { "Asia/Kathmandu", 504921900, 19800 },        // 1986-01-01T00:05, skipped: 05:30 became 05:45
    { "Asia/Kathmandu", 504922500, 20700 },        // 00:15
    { "Asia/Kathmandu", 4115491200, 20700 },       // 2100-06-01
    { "Asia/Kathmandu", -5364662400, 20476 },      // 1800-01-01: by the sun
    { "Europe/Madrid", 4109884200, 3600 },         // 2100-03-28T02:30, skipped
    { "Europe/Madrid", 4128633000, 7200 },         // 2100-10-31T02:30, twice
    { "Europe/Madrid", -5364662400, -884 },        // 1800-01-01
};

static void reads_wall_clocks_of_the_world(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(walls); i++) {
        int32_t s = local(walls[i].name, walls[i].wall_s);
        if (s != walls[i].offset_s)
            fail_msg("%s at %lld: %d", walls[i].name, (long long)walls[i].wall_s, s);
    }
}

static void refuses_names(void **state)
{
    (void)state;
    static const char *const names[] = { "", "/", "Europe", "Europe/", "/Europe/Madrid", "../etc/passwd", "Europe/Atlantis",
                                         "Europe/Madrid ", "zone.tab", "Europe/../Europe/Madrid", "a\nb" };
    int32_t s = 7;
    for (size_t i = 0; i < COUNT(names); i++)
        assert_false(zone_offset(zones, slice_of(names[i]), 0, false, &s));
    assert_int_equal(s, 7);
}

static void damaged_files_are_no_zones(void **state)
{
    (void)state;
    AUTO(arena) mem = arena_new(1 << 20);
    struct slice file;
    struct err e;
    struct zone_table t;
    assert_int_equal(file_read("/usr/share/zoneinfo/Europe/Madrid", 1 << 18, mem, &file, &e), ERR_OK);
    for (size_t len = 0; len < file.len; len++) {
        char *cut = malloc(len ? len : 1);  // of its own, so that the sanitizer sees a byte too far
        memcpy(cut, file.at, len);
        assert_false(zone_table_read((struct slice){ cut, len }, &t));
        free(cut);
    }
    char *copy = malloc(file.len);
    for (size_t i = 0; i < file.len; i++) {
        memcpy(copy, file.at, file.len);
        copy[i] = (char)~copy[i];
        if (zone_table_read((struct slice){ copy, file.len }, &t)) {
            zone_table_offset(&t, 4102444800);
            zone_table_clear(&t);
        }
    }
    free(copy);
}

/* Changes that a rule alone brings, by glibc given the rule as TZ. Python's zoneinfo counts days without M wrong. */
static const struct {
    const char *rule;
    int32_t summer_s, standard_s;
    int64_t begin, end;  // UTC
} rules[] = {
    { "CET-1CEST,M3.5.0,M10.5.0/3", 7200, 3600, 1711846800, 1729990800 },
    { "AAA3BBB,J60,J300/1", -7200, -10800, 1677646800, 1698375600 },            // the first of March 2023
    { "AAA3BBB,J60,J300/1", -7200, -10800, 1709269200, 1729998000 },            // and of 2024: J skips the leap day
    { "AAA3BBB,59,300/1", -7200, -10800, 1677646800, 1698462000 },
    { "AAA3BBB,59,300/1", -7200, -10800, 1709182800, 1729998000 },              // 2024-02-29
    { "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -3600, -7200, 1711846800, 1729990800 }, // an hour before the day
    { "EET-2EEST,M3.4.4/50,M10.4.4/50", 10800, 7200, 1711756800, 1729897200 },   // two days behind it
    { "NZST-12NZDT,M9.5.0,M4.1.0/3", 46800, 43200, 1695477600, 1712412000 },    // summer over the new year
    { "IST-1GMT0,M10.5.0,M3.5.0/1", 0, 3600, 1698541200, 1711846800 },          // "summer time" is the winter's
};
static const char *const no_rules[] = {
    "CET", "-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M10.5.0/3 ", "CET-1CEST,M13.1.0,M10.5.0",
    "CET-1CEST,M0.1.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0",
    "CET-1CEST,J0,J300", "CET-1CEST,J366,J300", "CET-1CEST,366,300", "CET-25", "CET-1:60", "<CET-1",
    "CET-1CEST,M3.5.0/168,M10.5.0",
};

/* A file of version 2 with one type of offset 0, at second 0, and that rule. */
static struct slice file_with_rule(const char *rule, char out[256])
{
    static const char empty[44] = "TZif2", body[] = { 0, 0, 0, 0, 0, 0, 'A', 'A', 'A', 0 };
    char *at = out;
    for (int block = 0; block < 2; block++) {
        memcpy(at, empty, sizeof empty);
        at[35] = (char)block;  // times, types, characters of names
        at[39] = 1;
        at[43] = 4;
        at += sizeof empty;
        memset(at, 0, 9);      // the time and its type
        at += block * 9;
        memcpy(at, body, sizeof body);
        at += sizeof body;
    }
    int n = snprintf(at, 100, "\n%s\n", rule);
    assert_true(n > 0 && n < 100);
    return (struct slice){ out, (size_t)(at - out) + (size_t)n };
}

static void follows_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rules); i++) {
        char out[256];
        struct zone_table t;
        assert_true(zone_table_read(file_with_rule(rules[i].rule, out), &t));
        const struct {
            int64_t at;
            int32_t want;
        } sides[] = { { rules[i].begin - 1, rules[i].standard_s }, { rules[i].begin, rules[i].summer_s },
                      { rules[i].end - 1, rules[i].summer_s }, { rules[i].end, rules[i].standard_s }, { -1, 0 } };
        for (size_t k = 0; k < COUNT(sides); k++)
            if (zone_table_offset(&t, sides[k].at) != sides[k].want)
                fail_msg("%s at %lld: %d", rules[i].rule, (long long)sides[k].at, zone_table_offset(&t, sides[k].at));
        zone_table_clear(&t);
    }
    for (size_t i = 0; i < COUNT(no_rules); i++) {
        char out[256];
        struct zone_table t;
        if (zone_table_read(file_with_rule(no_rules[i], out), &t))
            fail_msg("'%s' is no rule", no_rules[i]);
    }
}

/* Version 1 counts in 32 bits and has no rule: the last offset stays. */
static void reads_version_1(void **state)
{
    (void)state;
    static const char head[44] = "TZif", body[] = {
        -1, -1, -1, -1, 0, 0, 1, 0,  // the times: -1 and 256
        1, 0,                        // their types
        0, 0, 0x0e, 0x10, 0, 0,      // type 0: 3600
        0, 0, 0, 0, 0, 0,            // type 1: 0
        'A', 'A', 'A', 0,
    };
    char file[sizeof head + sizeof body];
    memcpy(file, head, sizeof head);
    memcpy(file + sizeof head, body, sizeof body);
    file[35] = file[39] = 2;
    file[43] = 4;
    struct zone_table t;
    assert_true(zone_table_read((struct slice){ file, sizeof file }, &t));
    assert_int_equal(t.n, 2);
    assert_int_equal(zone_table_offset(&t, -2), 3600);
    assert_int_equal(zone_table_offset(&t, -1), 0);
    assert_int_equal(zone_table_offset(&t, 255), 0);
    assert_int_equal(zone_table_offset(&t, 256), 3600);
    assert_int_equal(zone_table_offset(&t, 32503680000), 3600);
    zone_table_clear(&t);
    assert_false(zone_table_read((struct slice){ file, sizeof file - 1 }, &t));
}

static void *ask(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < 200 * COUNT(rows); i++) {
        int32_t s;
        if (!zone_offset(zones, slice_of(rows[i % COUNT(rows)].name), 0, false, &s) || s != rows[i % COUNT(rows)].offset_s[2])
            return "wrong";
    }
    return NULL;
}

static void threads_ask_at_once(void **state)
{
    (void)state;
    pthread_t thread[4];
    for (size_t i = 0; i < COUNT(thread); i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask, NULL), 0);
    for (size_t i = 0; i < COUNT(thread); i++) {
        void *wrong;
        pthread_join(thread[i], &wrong);
        assert_null(wrong);
    }
}

/* $TZDIR is asked only where no folder is named; a folder without zones has none. */
static void finds_its_folder(void **state)
{
    (void)state;
    struct zone_files *z = NULL;
    struct err e;
    int32_t s = 7;
    char far[2000];
    memset(far, 'a', sizeof far);
    far[sizeof far - 1] = 0;
    assert_int_equal(zone_files_new(far, &z, &e), ERR_INVALID);
    assert_null(z);
    zone_files_drop(&z);
    assert_int_equal(setenv("TZDIR", "/usr/share/zoneinfo/Europe", 1), 0);
    assert_int_equal(zone_files_new(NULL, &z, &e), ERR_OK);
    unsetenv("TZDIR");
    assert_true(zone_offset(z, SLICE("Madrid"), 0, false, &s));
    assert_int_equal(s, 3600);
    zone_files_drop(&z);
    assert_null(z);
    assert_int_equal(zone_files_new("/nowhere", &z, &e), ERR_OK);
    assert_false(zone_offset(z, SLICE("Europe/Madrid"), 0, false, &s));
    zone_files_drop(&z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(knows_offsets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_wall_clocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_wall_clocks_of_the_world, set_up, tear_down),
        cmocka_unit_test(damaged_files_are_no_zones),
        cmocka_unit_test(follows_rules),
        cmocka_unit_test(reads_version_1),
        cmocka_unit_test(finds_its_folder),
        cmocka_unit_test_setup_teardown(threads_ask_at_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
