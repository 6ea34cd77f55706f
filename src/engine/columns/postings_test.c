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
        uint16_t times[ROWS + 1] = { 0 };
        size_t want[ROWS] = { 0 };
        if (turn == 100) {
            const uint64_t third = 1, some = 5;
            postings_forget(p, &third, 3, 1);
            postings_forget(p, &some, 6, 3);
            for (size_t i = 0; i < EVENTS; i++)
                if (event[i].row == 3 || event[i].row == 6 || event[i].row == 8)
                    event[i].row = ROWS + 7;
        }
        postings_count(p, from, to, times, ROWS);
        for (size_t i = 0; i < EVENTS; i++)
            if (event[i].row < ROWS && event[i].day >= from && event[i].day <= to)
                want[event[i].row]++;
        for (size_t r = 0; r < ROWS; r++)
            assert_int_equal(times[r], want[r]);
        assert_int_equal(times[ROWS], 0);
    }
    postings_drop(&p);
}

struct bytes {
    char at[1 << 16];
    size_t n, read;
};

static bool put(void *arg, const void *at, size_t len)
{
    struct bytes *b = arg;
    if (len > sizeof b->at - b->n)
        return false;
    if (len)
        memcpy(b->at + b->n, at, len);
    b->n += len;
    return true;
}

static bool get(void *arg, void *at, size_t len)
{
    struct bytes *b = arg;
    if (len > b->n - b->read)
        return false;
    if (len)
        memcpy(at, b->at + b->read, len);
    b->read += len;
    return true;
}

static unsigned times_of(const struct postings *p, uint32_t row, int32_t from, int32_t to)
{
    uint16_t times[7] = { 0 };
    postings_count(p, from, to, times, 7);
    return times[row];
}

static void is_saved_and_loaded(void **state)
{
    (void)state;
    static struct bytes bytes;
    struct postings *p = postings_new(), *q = postings_new();
    for (uint32_t i = 0; i < 500; i++)
        assert_true(postings_add(p, i % 7, (int32_t)any(300)));
    assert_true(postings_save(p, put, &bytes));
    assert_true(postings_load(q, get, &bytes));
    assert_int_equal(bytes.read, bytes.n);
    uint16_t a[7] = { 0 }, b[7] = { 0 };
    int32_t first[7], last[7];
    postings_count(p, 17, 200, a, 7);
    postings_count(q, 17, 200, b, 7);
    assert_memory_equal(a, b, sizeof a);
    assert_int_equal(postings_events(q), 500);
    for (size_t i = 0; i < 7; i++) {
        first[i] = INT32_MAX;
        last[i] = INT32_MIN;
    }
    postings_first(q, first, 7);
    postings_last(q, last, 7);
    for (uint32_t i = 0; i < 7; i++) {
        assert_true(times_of(q, i, first[i], first[i]) > 0 && times_of(q, i, last[i], last[i]) > 0);
        assert_int_equal(times_of(q, i, INT32_MIN, first[i] - 1) + times_of(q, i, last[i] + 1, INT32_MAX), 0);
    }
    for (bytes.n = 0; bytes.n < 1000; bytes.n += 7) {  // cut short
        struct postings *r = postings_new();
        bytes.read = 0;
        assert_false(postings_load(r, get, &bytes));
        postings_drop(&r);
    }
    postings_drop(&p);
    postings_drop(&q);
}

static void days_far_apart_are_refused(void **state)
{
    (void)state;
    struct postings *p = postings_new();
    uint16_t times[2] = { 0 };
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
    const struct CMUnitTest tests[] = { cmocka_unit_test(counts_windows), cmocka_unit_test(days_far_apart_are_refused),
                                        cmocka_unit_test(is_saved_and_loaded) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
