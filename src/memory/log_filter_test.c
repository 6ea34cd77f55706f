#include "memory/log_filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"

enum { ROWS = 4096, PARTS = 70 };

static uint64_t key(size_t part, size_t i)
{
    return hash_mix(part * 1000003 + i + 1);
}

static void fill(struct log_filter *f, size_t part)
{
    struct err e;
    assert_int_equal(filter_open_part(f, part, &e), ERR_OK);
    for (size_t i = 0; i < ROWS; i++)
        filter_add(f, part, key(part, i));
}

static bool says(const struct log_filter *f, size_t part, uint64_t hash)
{
    return filter_probe(f, part / FILTER_GROUP, hash) >> (part % FILTER_GROUP) & 1;
}

static void never_a_false_no(void **state)
{
    struct log_filter f;
    (void)state;
    filter_init(&f, ROWS);
    for (size_t part = 0; part < PARTS; part++) {
        fill(&f, part);
        assert_false(says(&f, part, key(part, 0)));  // not before it counts
        filter_set_live(&f, part);
    }
    for (size_t part = 0; part < PARTS; part++)
        for (size_t i = 0; i < ROWS; i++)
            assert_true(says(&f, part, key(part, i)));
    filter_drop(&f);
}

/* The header's 0.094 %: at most a fifth more on 64 full parts and 20,000 strangers. */
static void few_false_maybes(void **state)
{
    struct log_filter f;
    uint64_t maybe = 0;
    (void)state;
    filter_init(&f, ROWS);
    for (size_t part = 0; part < FILTER_GROUP; part++) {
        fill(&f, part);
        filter_set_live(&f, part);
    }
    for (size_t i = 0; i < 20000; i++)
        maybe += (uint64_t)__builtin_popcountll(filter_probe(&f, 0, key(1000, i)));
    assert_in_range(maybe, 1, (uint64_t)(20000.0 * FILTER_GROUP * 0.00094 * 1.2));
    filter_drop(&f);
}

static void saved_and_loaded(void **state)
{
    struct log_filter f, again;
    struct err e;
    struct buf bits = buf_make(0);
    (void)state;
    filter_init(&f, ROWS);
    filter_init(&again, ROWS);
    fill(&f, 3);
    filter_save(&f, 3, &bits);
    assert_int_equal(bits.len, f.slots / 8);
    assert_int_equal(filter_open_part(&again, 5, &e), ERR_OK);
    assert_false(filter_load(&again, 5, (struct slice){ bits.at, bits.len - 1 }));
    assert_true(filter_load(&again, 5, buf_slice(&bits)));
    filter_set_live(&again, 5);
    for (size_t i = 0; i < ROWS; i++)
        assert_true(says(&again, 5, key(3, i)));
    for (size_t s = 0; s < f.slots; s++)
        assert_int_equal(f.groups[0].words[s] >> 3 & 1, again.groups[0].words[s] >> 5 & 1);
    buf_drop(&bits);
    filter_drop(&f);
    filter_drop(&again);
}

static void expired_parts_free_their_group(void **state)
{
    struct log_filter f;
    (void)state;
    filter_init(&f, ROWS);
    for (size_t part = 0; part < 2; part++) {
        fill(&f, part);
        filter_set_live(&f, part);
    }
    filter_expire(&f, 0);
    assert_false(says(&f, 0, key(0, 0)));
    assert_true(says(&f, 1, key(1, 0)));
    size_t before = filter_bytes(&f);
    filter_expire(&f, 1);
    assert_true(filter_bytes(&f) < before);
    assert_int_equal(filter_probe(&f, 0, key(1, 0)), 0);
    fill(&f, 2);  // an attempt that was rolled back leaves nothing behind
    fill(&f, 2);
    filter_expire(&f, 500);
    filter_drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_a_false_no),
        cmocka_unit_test(few_false_maybes),
        cmocka_unit_test(saved_and_loaded),
        cmocka_unit_test(expired_parts_free_their_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
