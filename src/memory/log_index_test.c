/* The runs of a sealed part against a look at every row. */
#include "memory/log_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "memory/memory_testing.h"

enum { ROWS = 5000, PART = 41 };

struct world {
    struct lab lab;
    struct store_conn *conn;
    struct open_part open;
    struct log_index index;
};

static void check(enum err_code code, const struct err *e)
{
    if (code)
        fail_msg("%s: %s", err_name(code), e->text);
}

/* Customer 7 has a third of all rows, over many chunks and with few different times; hash 9 is common. */
static int world_open(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e;
    struct log_index loaded;
    struct buf heads = buf_make(0), message_heads = buf_make(0);
    assert_non_null(w);
    lab_open(&w->lab);
    lab_stop(&w->lab);
    check(store_open(slice_of(w->lab.dir), (struct store_options){ 0 }, &w->lab.store, &e), &e);
    check(store_conn_new(w->lab.store, STORE_WRITE, &w->conn, &e), &e);
    check(open_init(&w->open, ROWS, &e), &e);
    for (size_t r = 0; r < ROWS; r++) {
        uint64_t random = hash_mix(r + 1);
        open_add(&w->open, (struct open_row){
                 .timestamp_ms = (int64_t)(random >> 20) % 40 - 20, .kind = (uint32_t)r * 3,
                 .customer = random % 3 ? (uint32_t)(random >> 32) % 600 : 7,
                 .message_hash = r % 11 == 0 ? 9 : r % 11 == 1 ? 0 : hash_mix(random) });
    }
    open_commit(&w->open);
    check(index_write(w->conn, PART, &w->open, &w->index, &e), &e);
    index_save(&w->index, &heads, &message_heads);
    check(index_load(buf_slice(&heads), buf_slice(&message_heads), &loaded, &e), &e);
    assert_int_equal(index_load((struct slice){ heads.at, heads.len - 1 }, buf_slice(&message_heads), &loaded,
                                &e), ERR_CORRUPT);
    index_drop(&w->index);
    w->index = loaded;
    buf_drop(&heads);
    buf_drop(&message_heads);
    *state = w;
    return 0;
}

static int world_close(void **state)
{
    struct world *w = *state;
    index_drop(&w->index);
    open_drop(&w->open);
    store_conn_drop(&w->conn);
    lab_close(&w->lab);
    free(w);
    return 0;
}

struct walk {
    const struct world *w;
    const struct index_query *q;
    int64_t ms;
    uint32_t row;
    size_t n, stop_at;
};

static enum err_code walk_entry(void *arg, const struct index_entry *entry, bool *stop, struct err *e)
{
    struct walk *walk = arg;
    const struct open_row *row = &walk->w->open.rows[entry->row];
    (void)e;
    assert_int_equal(entry->customer, walk->q->customer);
    assert_int_equal(row->customer, entry->customer);
    assert_int_equal(row->timestamp_ms, entry->timestamp_ms);
    assert_int_equal(row->kind, entry->kind);
    assert_in_range(entry->timestamp_ms + 100, walk->q->low_ms + 100, walk->q->high_ms + 100);
    if (walk->n) {
        bool later = entry->timestamp_ms != walk->ms ? entry->timestamp_ms > walk->ms : entry->row > walk->row;
        assert_true(later != walk->q->backward);
    }
    walk->ms = entry->timestamp_ms;
    walk->row = entry->row;
    *stop = ++walk->n == walk->stop_at;
    return ERR_OK;
}

static void customers_in_order(void **state)
{
    struct world *w = *state;
    struct err e;
    for (uint32_t i = 0; i < 1300; i++) {
        uint64_t random = hash_mix(i);
        struct walk walk = { .w = w };
        struct index_query q = { .customer = i < 650 ? i + 1 : 7, .low_ms = (int64_t)(random % 50) - 25,
                                 .backward = i % 2, .each = walk_entry, .arg = &walk };
        q.high_ms = q.low_ms + (int64_t)(random >> 32) % 30;
        walk.q = &q;
        size_t want = 0;
        for (size_t r = 0; r < ROWS; r++)
            want += w->open.rows[r].customer == q.customer && w->open.rows[r].timestamp_ms >= q.low_ms
                    && w->open.rows[r].timestamp_ms <= q.high_ms;
        check(index_customer(&w->index, w->conn, PART, &q, &e), &e);
        assert_int_equal(walk.n, want);
        if (!want)
            continue;
        walk = (struct walk){ .w = w, .q = &q, .stop_at = 1 + want / 2 };
        check(index_customer(&w->index, w->conn, PART, &q, &e), &e);
        assert_int_equal(walk.n, 1 + want / 2);
    }
}

struct rows {
    const struct world *w;
    uint64_t hash;
    size_t n;
};

static enum err_code message_row(void *arg, uint32_t row, bool *stop, struct err *e)
{
    struct rows *rows = arg;
    (void)stop, (void)e;
    assert_int_equal(rows->w->open.rows[row].message_hash, rows->hash);
    rows->n++;
    return ERR_OK;
}

static void messages_by_hash(void **state)
{
    struct world *w = *state;
    struct err e;
    size_t common = 0;
    for (size_t r = 0; r < ROWS; r++) {
        uint64_t hash = w->open.rows[r].message_hash;
        common += hash == 9;
        if (!hash || hash == 9)
            continue;
        struct rows found = { w, hash, 0 }, none = { w, hash + 1, 0 };
        check(index_message(&w->index, w->conn, PART, hash, message_row, &found, &e), &e);
        assert_int_equal(found.n, 1);
        check(index_message(&w->index, w->conn, PART, hash + 1, message_row, &none, &e), &e);
        assert_int_equal(none.n, 0);
    }
    struct rows found = { w, 9, 0 };
    check(index_message(&w->index, w->conn, PART, 9, message_row, &found, &e), &e);
    assert_int_equal(found.n, common);
    assert_true(common > 400);  // more than a chunk
}

static void a_lost_chunk_is_told(void **state)
{
    struct world *w = *state;
    struct err e;
    struct walk walk = { .w = w };
    struct rows rows = { w, 9, 0 };
    struct index_query q = { .customer = 7, .low_ms = -100, .high_ms = 100, .each = walk_entry, .arg = &walk };
    walk.q = &q;
    check(store_exec(w->conn, "DELETE FROM log_index WHERE id % 4 = 1", &e), &e);
    assert_int_equal(index_customer(&w->index, w->conn, PART, &q, &e), ERR_CORRUPT);
    check(store_exec(w->conn, "UPDATE log_index SET bytes = zeroblob(7)", &e), &e);
    assert_int_equal(index_message(&w->index, w->conn, PART, 9, message_row, &rows, &e), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(customers_in_order, world_open, world_close),
        cmocka_unit_test_setup_teardown(messages_by_hash, world_open, world_close),
        cmocka_unit_test_setup_teardown(a_lost_chunk_is_told, world_open, world_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
