#include "insight/counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "memory/memory_testing.h"
#include "text/time.h"

static void tell(struct follower f, enum fact_type type, uint32_t customer, uint32_t source, int64_t received_ms)
{
    struct fact fact = { .type = type, .customer = customer, .source = source, .received_ms = received_ms };
    assert_int_equal(f.apply(f.self, &fact, NULL), ERR_OK);
}

static void days_and_sources(void **state)
{
    (void)state;
    struct counts *c = NULL;
    assert_int_equal(counts_new(&c, NULL), ERR_OK);
    struct follower f = counts_follower(c);
    tell(f, FACT_TRACK, 1, 2, 5 * DAY_MS);
    tell(f, FACT_TRACK, 1, 2, 5 * DAY_MS + 1);
    tell(f, FACT_IDENTIFY, 4, 3, 5 * DAY_MS + 2);  // 2 and 3 were made with it
    tell(f, FACT_DECISION, 1, 3, 5 * DAY_MS + 3);  // ours
    tell(f, FACT_PAGE, 5, 2, 7 * DAY_MS);
    tell(f, FACT_TRACK, FACT_NOBODY, 2, 7 * DAY_MS + 9);
    struct count_day days[4];
    assert_int_equal(counts_days(c, 0, days, 4), 2);
    assert_int_equal(days[0].day, 5);
    assert_int_equal(days[0].received, 3);
    assert_int_equal(days[0].new_histories, 4);
    assert_int_equal(days[1].day, 7);
    assert_int_equal(days[1].received, 2);
    assert_int_equal(days[1].new_histories, 1);
    assert_int_equal(counts_days(c, 6, days, 4), 1);
    assert_int_equal(counts_days(c, 0, days, 1), 1);
    struct count_source sources[4];
    assert_int_equal(counts_sources(c, 7, sources, 4), 2);
    assert_int_equal(sources[0].source, 2);
    assert_int_equal(sources[0].today, 2);
    assert_int_equal(sources[0].last_seen_ms, 7 * DAY_MS + 9);
    assert_int_equal(sources[1].source, 3);
    assert_int_equal(sources[1].today, 0);
    f.reset(f.self);
    assert_int_equal(counts_days(c, 0, days, 4), 0);
    counts_drop(&c);
    assert_null(c);
    counts_drop(&c);
}

/* Over a restart of the program: from the snapshot, and counting on. */
static void a_restart_counts_on(void **state)
{
    (void)state;
    struct counts *c = NULL;
    assert_int_equal(counts_new(&c, NULL), ERR_OK);
    struct follower f = counts_follower(c);
    struct lab lab;
    lab_open_with(&lab, (struct lab_options){ .followers = &f, .n_followers = 1 });
    struct count_day before[2], after[2];
    lab_ingest(&lab, INGEST_IDENTIFY, 1, "{\"userId\": \"ann\", \"messageId\": \"1\"}");
    assert_int_equal(counts_days(c, 0, before, 2), 1);
    lab_stop(&lab);
    f.reset(f.self);
    struct err e;
    assert_int_equal(lab_try_start(&lab, &e), ERR_OK);
    assert_int_equal(memory_stats(lab.memory).replayed_at_start, 0);
    assert_int_equal(counts_days(c, 0, after, 2), 1);
    assert_memory_equal(before, after, sizeof *before);
    lab_ingest(&lab, INGEST_IDENTIFY, 1, "{\"userId\": \"bob\", \"messageId\": \"2\"}");
    assert_int_equal(counts_days(c, 0, after, 2), 1);
    assert_int_equal(after[0].received, 2);
    assert_int_equal(after[0].new_histories, 2);
    lab_close(&lab);
    counts_drop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(days_and_sources), cmocka_unit_test(a_restart_counts_on) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
