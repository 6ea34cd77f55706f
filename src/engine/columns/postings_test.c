#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/columns/postings.h"

#define ROWS 50u
#define EVENTS 5000u

static uint64_t seed = 3;

static uint64_t any(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

/* Against a walk over all events. */
static void counts_windows(void **state)
{
    (void)state;
    static struct { uint32_t row; int32_t day; } event[EVENTS];
    struct postings *p = postings_new();
    for (size_t i = 0; i < EVENTS; i++) {
        event[i].row = (uint32_t)any(any(3) ? ROWS : 5);
        event[i].day = (int32_t)any(700) - 100;
        assert_true(postings_add(p, event[i].row, event[i].day));
    }
    for (int turn = 0; turn < 200; turn++) {
        int32_t from = (int32_t)any(900) - 200, to = from + (int32_t)any(turn % 3 ? 60 : 900);
        uint8_t times[ROWS + 1] = { 0 };
        size_t want[ROWS] = { 0 };
        if (turn == 100) {
            postings_forget(p, 3);
            for (size_t i = 0; i < EVENTS; i++)
                event[i].row = event[i].row == 3 ? ROWS + 7 : event[i].row;
        }
        postings_count(p, from, to, times, ROWS);
        for (size_t i = 0; i < EVENTS; i++)
            if (event[i].row < ROWS && event[i].day >= from && event[i].day <= to)
                want[event[i].row]++;
        for (size_t r = 0; r < ROWS; r++)
            assert_int_equal(times[r], want[r] > 255 ? 255 : want[r]);
        assert_int_equal(times[ROWS], 0);
    }
    postings_drop(&p);
}

static void days_far_apart_are_refused(void **state)
{
    (void)state;
    struct postings *p = postings_new();
    uint8_t times[2] = { 0 };
    assert_true(postings_add(p, 1, 20000));
    assert_false(postings_add(p, 1, INT32_MAX));
    assert_false(postings_add(p, 1, INT32_MIN));
    assert_true(postings_add(p, 1, -20000));
    postings_count(p, INT32_MIN, INT32_MAX, times, 2);
    assert_int_equal(times[1], 2);
    assert_int_equal(postings_events(p), 2);
    postings_drop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(counts_windows), cmocka_unit_test(days_far_apart_are_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
