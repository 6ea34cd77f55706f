#include "memory/log_open.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"

enum { ROWS = 3000, CUSTOMERS = 400 };

/* Few different hashes, so that probes run into each other. */
static struct open_row row_of(size_t r)
{
    uint64_t random = hash_mix(r + 5);
    return (struct open_row){ .timestamp_ms = (int64_t)r, .customer = (uint32_t)(random % CUSTOMERS),
                              .message_hash = random >> 40 & 0x3ff };
}

static size_t count_message(const struct open_part *open, uint64_t hash)
{
    size_t cursor = 0, row, n = 0;
    while (open_find_message(open, hash, &cursor, &row)) {
        assert_int_equal(open->rows[row].message_hash, hash);
        n++;
    }
    return n;
}

static void rolled_back_rows_are_forgotten(void **state)
{
    struct open_part open;
    struct err e;
    size_t messages[1024] = { 0 }, customers[CUSTOMERS] = { 0 };
    (void)state;
    assert_int_equal(open_init(&open, ROWS, &e), ERR_OK);
    for (size_t group = 0; open.n < ROWS; group++) {
        size_t until = open.n + 1 + hash_mix(group) % 60;
        until = until < ROWS ? until : ROWS;
        bool keep = until == ROWS || group % 3;
        while (open.n < until) {
            struct open_row row = row_of(open.n + group * 7);
            messages[row.message_hash] += keep;
            customers[row.customer] += keep;
            open_add(&open, row);
            assert_true(!row.message_hash || count_message(&open, row.message_hash) > 0);
        }
        if (keep)
            open_commit(&open);
        else
            open_rollback(&open);
    }
    for (uint64_t hash = 1; hash < 1024; hash++)
        assert_int_equal(count_message(&open, hash), messages[hash]);
    for (uint32_t customer = 1; customer < CUSTOMERS; customer++) {
        size_t n = 0;
        for (uint32_t at = open_head(&open, customer); at; at = open.rows[at - 1].prev, n++) {
            assert_int_equal(open.rows[at - 1].customer, customer);
            assert_true(open.rows[at - 1].prev < at);  // newest first
        }
        assert_int_equal(n, customers[customer]);
    }
    open_clear(&open);
    assert_int_equal(open_head(&open, 1), 0);
    assert_int_equal(count_message(&open, 1), 0);
    open_drop(&open);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rolled_back_rows_are_forgotten) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
