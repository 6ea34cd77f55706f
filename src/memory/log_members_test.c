#include "memory/log_members.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"

enum { ROWS = 2000 };

struct seen {
    uint32_t customers[ROWS];
    size_t n;
};

static void see(void *arg, uint32_t customer)
{
    struct seen *seen = arg;
    assert_true(seen->n < ROWS);
    assert_true(!seen->n || customer > seen->customers[seen->n - 1]);
    seen->customers[seen->n++] = customer;
}

static void each_customer_once_in_order(void **state)
{
    static const uint32_t spreads[] = { 1, 100, 5000, 1u << 24 };
    (void)state;
    for (size_t i = 0; i < sizeof spreads / sizeof *spreads; i++) {
        struct open_part open;
        struct err e;
        struct seen seen = { .n = 0 };
        struct log_members m = { 0 };
        struct buf list = buf_make(0);
        uint32_t largest = 0;
        assert_int_equal(open_init(&open, ROWS, &e), ERR_OK);
        for (size_t r = 0; r < ROWS; r++)
            open_add(&open, (struct open_row){ .customer = (uint32_t)(hash_mix(r) % spreads[i]) });
        open_commit(&open);
        assert_int_equal(members_save(&open, &list, &e), ERR_OK);
        assert_true(members_each(buf_slice(&list), see, &seen));
        largest = seen.customers[seen.n - 1];
        assert_int_equal(members_reserve(&m, largest, &e), ERR_OK);
        members_commit(&m, 67, &open);
        size_t members = 0;
        for (uint32_t customer = 0; customer <= largest; customer++)
            members += members_of(&m, customer) == UINT64_C(1) << 3;
        assert_int_equal(members, seen.n);
        for (size_t r = 0; r < ROWS; r++)
            assert_true(members_of(&m, open.rows[r].customer));
        assert_int_equal(members_of(&m, UINT32_MAX), 0);
        members_drop(&m);
        buf_drop(&list);
        open_drop(&open);
    }
}

static void damaged_lists_are_refused(void **state)
{
    struct seen seen = { .n = 0 };
    (void)state;
    assert_false(members_each(SLICE("\x80"), see, &seen));
    assert_false(members_each(SLICE("\xff\xff\xff\xff\xff\xff"), see, &seen));
    assert_false(members_each(SLICE("\xff\xff\xff\xff\x7f"), see, &seen));
    assert_true(members_each(SLICE(""), see, &seen));
    assert_int_equal(seen.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_customer_once_in_order),
        cmocka_unit_test(damaged_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
