#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(knows_offsets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_wall_clocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_names, set_up, tear_down),
        cmocka_unit_test(damaged_files_are_no_zones),
        cmocka_unit_test_setup_teardown(threads_ask_at_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
