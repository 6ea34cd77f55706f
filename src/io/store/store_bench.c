/* Rows a second that the store takes, straight, and what a later index costs: the figures the log is
 * measured against. usage: store_bench DIR (a folder on the disk to measure; its tendero.db is removed) */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/store/store.h"
#include "sys/clock.h"

enum { PART_ROWS = 262144, BODY_BYTES = 400 };

static const char facts_sql[] =
    "CREATE TABLE facts (seq INTEGER PRIMARY KEY, customer INTEGER NOT NULL, source INTEGER NOT NULL,"
    " type TEXT NOT NULL, event TEXT NOT NULL, message_hash INTEGER NOT NULL, timestamp INTEGER,"
    " original_timestamp INTEGER, sent_at INTEGER, received_at INTEGER, body TEXT NOT NULL) {strict}";

static struct slice body_of(int64_t seq)
{
    static char body[BODY_BYTES + 1];
    if (!body[0])
        memset(body, 'b', BODY_BYTES);
    snprintf(body, 40, "{\"seq\":%lld", (long long)seq);
    body[strlen(body)] = ',';
    return (struct slice){ body, BODY_BYTES };
}

static enum err_code fact_insert(struct store_conn *conn, int64_t seq, struct err *e)
{
    struct store_stmt *stmt = NULL;
    TRY(store_prepare(conn, SLICE("INSERT INTO facts (seq, customer, source, type, event, message_hash, "
                                  "timestamp, original_timestamp, sent_at, received_at, body) VALUES "
                                  "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"), &stmt, e));
    store_bind_i64(stmt, 1, seq);
    store_bind_i64(stmt, 2, (int64_t)(hash_mix((uint64_t)seq) % 1000000));
    store_bind_i64(stmt, 3, 1);
    store_bind_text(stmt, 4, SLICE("track"));
    store_bind_text(stmt, 5, SLICE("Order Completed"));
    store_bind_i64(stmt, 6, (int64_t)hash_mix((uint64_t)seq + 77));
    for (int time = 7; time <= 10; time++)
        store_bind_i64(stmt, time, INT64_C(1763900000000) + seq);
    store_bind_text(stmt, 11, body_of(seq));
    return store_run(stmt, e);
}

static enum err_code groups_insert(struct store_conn *conn, int64_t rows, int64_t group, struct err *e)
{
    for (int64_t seq = 1; seq <= rows;) {
        TRY(store_begin(conn, e));
        for (int64_t i = 0; i < group && seq <= rows; i++, seq++)
            TRY(fact_insert(conn, seq, e));
        TRY(store_commit(conn, e));
    }
    return ERR_OK;
}

static double seconds_since(int64_t start_ns)
{
    return (double)(clock_steady_ns() - start_ns) / 1e9;
}

static enum err_code database_fresh(const char *dir, struct store **store, struct store_conn **conn,
                                    struct err *e)
{
    static const char *const tails[] = { "", "-wal", "-shm" };
    store_conn_drop(conn);
    store_drop(store);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/tendero.db%s", dir, tails[i]);
        unlink(path);
    }
    TRY(store_open(slice_of(dir), (struct store_options){ 0 }, store, e));
    TRY(store_conn_new(*store, STORE_WRITE, conn, e));
    return store_exec(*conn, facts_sql, e);
}

static enum err_code bench_groups(const char *dir, bool index, struct err *e)
{
    static const struct { int64_t group, rows; } sizes[] = {
        { 1, 4000 }, { 100, 100000 }, { 500, PART_ROWS }, { 10000, PART_ROWS },
    };
    AUTO(store) store = NULL;
    AUTO(store_conn) conn = NULL;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        TRY(database_fresh(dir, &store, &conn, e));
        if (index)
            TRY(store_exec(conn, "CREATE INDEX facts_customer ON facts (customer)", e));
        int64_t start = clock_steady_ns();
        TRY(groups_insert(conn, sizes[i].rows, sizes[i].group, e));
        printf("insert%s, group %5lld: %8.0f rows/s\n", index ? " with index" : "",
               (long long)sizes[i].group, (double)sizes[i].rows / seconds_since(start));
    }
    store_conn_drop(&conn);
    return ERR_OK;
}

static enum err_code bench_index_later(const char *dir, struct err *e)
{
    static const char *const indexes[] = {
        "CREATE INDEX facts_customer ON facts (customer)",
        "CREATE INDEX facts_customer_time ON facts (customer, timestamp)",
        "CREATE INDEX facts_message ON facts (message_hash)",
    };
    AUTO(store) store = NULL;
    AUTO(store_conn) conn = NULL;
    TRY(database_fresh(dir, &store, &conn, e));
    TRY(groups_insert(conn, PART_ROWS, 10000, e));
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++) {
        int64_t start = clock_steady_ns();
        TRY(store_exec(conn, indexes[i], e));
        printf("%s on %d rows: %.0f ms\n", indexes[i], PART_ROWS, seconds_since(start) * 1e3);
    }
    store_conn_drop(&conn);
    return ERR_OK;
}

static enum err_code bench_prepare(const char *dir, struct err *e)
{
    enum { ROUNDS = 5000000 };
    const struct slice texts[] = {
        SLICE("SELECT body FROM facts WHERE seq = $1"),
        SLICE("SELECT seq, customer, type, event, timestamp, body FROM facts WHERE customer = $1 AND "
              "timestamp < $2 ORDER BY timestamp DESC, seq DESC LIMIT 50"),
    };
    AUTO(store) store = NULL;
    AUTO(store_conn) conn = NULL;
    TRY(database_fresh(dir, &store, &conn, e));
    for (size_t i = 0; i < 2; i++) {
        struct store_stmt *stmt = NULL;
        int64_t start = clock_steady_ns();
        for (int round = 0; round < ROUNDS; round++) {
            TRY(store_prepare(conn, texts[i], &stmt, e));
            store_bind_i64(stmt, 1, round);
        }
        printf("prepare again and bind, %3zu bytes of SQL: %.0f ns\n", texts[i].len,
               seconds_since(start) * 1e9 / ROUNDS);
    }
    store_conn_drop(&conn);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: store_bench DIR\n");
        return 2;
    }
    struct err e = { 0 };
    if (bench_prepare(argv[1], &e) || bench_groups(argv[1], false, &e)
        || bench_groups(argv[1], true, &e) || bench_index_later(argv[1], &e)) {
        fprintf(stderr, "store_bench: %s\n", e.text);
        return 1;
    }
    return 0;
}
