#include "engine/columns/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

#define ROWS 100000u

/* Rows of which one in so many is taken, as many as a chunk holds. */
static size_t some_rows(uint64_t *seed, uint32_t one_in, uint32_t row[COLUMN_CHUNK])
{
    size_t n = 0;
    for (uint32_t i = (uint32_t)(hash_mix(++*seed) % 1000); i < ROWS && n < COLUMN_CHUNK; i++)
        if (hash_mix(++*seed) % one_in == 0)
            row[n++] = i;
    return n;
}

typedef void gather_fn(const struct bits_picked *, const uint64_t *, size_t, uint64_t *);

static void expect_gathered(gather_fn *gather, const uint64_t *bits, size_t words, const uint32_t *row, size_t n)
{
    struct bits_picked picked;
    uint64_t is[COLUMN_CHUNK / 64];
    memset(is, 0xa5, sizeof is);
    bits_pick(row, n, &picked);
    gather(&picked, bits, words, is);
    for (size_t i = 0; i < COLUMN_CHUNK; i++) {
        bool want = i < n && row[i] / 64 < words && bits_has(bits, row[i]);
        if (bits_has(is, i) != want)
            fail_msg("place %zu of %zu, row %u", i, n, i < n ? row[i] : 0);
    }
}

static void bits_are_gathered_however_dense_rows_are(void **state)
{
    static const uint32_t one_in[] = { 1, 2, 3, 7, 40, 100, 2000 };
    static uint64_t bits[ROWS / 64 + 1];
    uint32_t row[COLUMN_CHUNK];
    uint64_t seed = 7;
    (void)state;
    for (size_t i = 0; i < ROWS / 64 + 1; i++)
        bits[i] = hash_mix(++seed);
    for (size_t turn = 0; turn < 70; turn++) {
        size_t n = some_rows(&seed, one_in[turn % 7], row);
        size_t words = turn % 3 ? ROWS / 64 + 1 : hash_mix(++seed) % (ROWS / 64);
        expect_gathered(bits_gather, bits, words, row, n);
        expect_gathered(bits_gather_plainly, bits, words, row, n);
    }
    expect_gathered(bits_gather, bits, ROWS / 64, row, 0);
}

static void bits_are_counted_up_to_a_row(void **state)
{
    static const uint64_t bits[3] = { UINT64_MAX, 5, UINT64_C(1) << 63 };
    (void)state;
    assert_int_equal(bits_count(bits, 0), 0);
    assert_int_equal(bits_count(bits, 63), 63);
    assert_int_equal(bits_count(bits, 66), 65);
    assert_int_equal(bits_count(bits, 67), 66);
    assert_int_equal(bits_count(bits, 191), 66);
    assert_int_equal(bits_count(bits, 192), 67);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_gathered_however_dense_rows_are),
        cmocka_unit_test(bits_are_counted_up_to_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
