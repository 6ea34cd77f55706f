/* Conformance: values, statements, transactions, seen from one thread. */
#include <stdio.h>
#include <stdlib.h>

#include "io/store/store_conformance_case.h"

static const char values_table[] =
    "CREATE TABLE v (id INTEGER PRIMARY KEY, i INTEGER, d DOUBLE PRECISION, s TEXT, b {blob}) {strict}";

static bool integers(struct trial *t)
{
    static const int64_t values[] = { 0, -1, 1, INT64_MAX, INT64_MIN, 1LL << 53, (1LL << 53) + 1 };
    EXPECT_OK(store_exec(t->write, values_table, &t->e));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct store_stmt *stmt = NULL;
        EXPECT_OK(store_prepare(t->write, SLICE("INSERT INTO v (id, i) VALUES ($1, $2)"), &stmt, &t->e));
        store_bind_i64(stmt, 1, (int64_t)i);
        store_bind_i64(stmt, 2, values[i]);
        EXPECT_OK(store_run(stmt, &t->e));
    }
    struct store_stmt *all = NULL;
    EXPECT_OK(store_prepare(t->read, SLICE("SELECT i FROM v ORDER BY id"), &all, &t->e));
    bool row = false;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        EXPECT_OK(store_step(all, &row, &t->e));
        EXPECT(row);
        EXPECT(store_col_i64(all, 0) == values[i]);
    }
    EXPECT_OK(store_step(all, &row, &t->e));
    EXPECT(!row);
    return true;
}

static bool doubles(struct trial *t)
{
    static const double values[] = { 0.0, -0.0, 0.1, -1.5, 1e308, -1e308, 5e-324, 3.0, 1.0 / 3 };
    EXPECT_OK(store_exec(t->write, values_table, &t->e));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct store_stmt *stmt = NULL;
        bool row = false;
        EXPECT_OK(store_prepare(t->write, SLICE("INSERT INTO v (id, d) VALUES ($1, $2) RETURNING d"),
                                &stmt, &t->e));
        store_bind_i64(stmt, 1, (int64_t)i);
        store_bind_double(stmt, 2, values[i]);
        EXPECT_OK(store_step(stmt, &row, &t->e));
        EXPECT(row && store_col_double(stmt, 0) == values[i]);
        EXPECT_OK(store_step(stmt, &row, &t->e));
        EXPECT(!row);
    }
    int64_t tenths = 0;
    EXPECT_OK(one_i64(t->read, "SELECT count(*) FROM v WHERE d = 0.1", &tenths, &t->e));
    EXPECT(tenths == 1);
    return true;
}

static bool bytes_round_trip(struct trial *t, int64_t id, struct slice text, struct slice blob)
{
    struct store_stmt *stmt = NULL;
    bool row = false;
    EXPECT_OK(store_prepare(t->write, SLICE("INSERT INTO v (b, id, s) VALUES ($3, $1, $2)"), &stmt,
                            &t->e));
    store_bind_i64(stmt, 1, id);
    store_bind_text(stmt, 2, text);
    store_bind_blob(stmt, 3, blob);
    EXPECT_OK(store_run(stmt, &t->e));

    EXPECT_OK(store_prepare(t->read, SLICE("SELECT s, b FROM v WHERE id = $1"), &stmt, &t->e));
    store_bind_i64(stmt, 1, id);
    EXPECT_OK(store_step(stmt, &row, &t->e));
    EXPECT(row);
    EXPECT(!store_col_null(stmt, 0) && !store_col_null(stmt, 1));
    EXPECT(slice_eq(store_col_text(stmt, 0), text));
    EXPECT(slice_eq(store_col_blob(stmt, 1), blob));
    store_reset(stmt);
    return true;
}

static bool texts_and_blobs(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, values_table, &t->e));
    static const char every_byte[] = "\x00\x01\xff\xfe binary \x80 \n\r'\"\\{strict}$1";
    struct slice binary = { every_byte, sizeof every_byte };
    enum { LONG = 1 << 20 };
    char *many = malloc(LONG);
    EXPECT(many);
    memset(many, 'x', LONG);
    bool fine = bytes_round_trip(t, 1, SLICE("Ñandú, čaj, 緑茶, 🫖, e\xcc\x81, ' \" \\ {strict} $1"), binary)
                && bytes_round_trip(t, 2, SLICE(""), SLICE(""))
                && bytes_round_trip(t, 3, (struct slice){ NULL, 0 }, (struct slice){ NULL, 0 })
                && bytes_round_trip(t, 4, (struct slice){ many, LONG }, (struct slice){ many, LONG });
    free(many);
    return fine;
}

static bool nulls(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, values_table, &t->e));
    struct store_stmt *stmt = NULL;
    EXPECT_OK(store_prepare(t->write, SLICE("INSERT INTO v (id, i, d, s, b) VALUES ($1, $2, $3, $4, $5)"),
                            &stmt, &t->e));
    store_bind_i64(stmt, 1, 1);
    store_bind_i64(stmt, 3, 5);
    store_bind_null(stmt, 3);  // the last word counts; 2, 4 and 5 were never bound
    EXPECT_OK(store_run(stmt, &t->e));
    bool row = false;
    EXPECT_OK(store_prepare(t->read, SLICE("SELECT i, d, s, b FROM v"), &stmt, &t->e));
    EXPECT_OK(store_step(stmt, &row, &t->e));
    EXPECT(row);
    for (int col = 0; col < 4; col++)
        EXPECT(store_col_null(stmt, col));
    EXPECT(store_col_i64(stmt, 0) == 0 && store_col_text(stmt, 2).len == 0);
    store_reset(stmt);
    return true;
}

static bool strict_types(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, values_table, &t->e));
    struct store_stmt *stmt = NULL;
    EXPECT_OK(store_prepare(t->write, SLICE("INSERT INTO v (id, i) VALUES (1, $1)"), &stmt, &t->e));
    store_bind_text(stmt, 1, SLICE("not a number"));
    EXPECT(store_run(stmt, &t->e) == ERR_CONFLICT);
    EXPECT(!strstr(t->e.text, "not a number"));
    int64_t rows = -1;
    EXPECT_OK(one_i64(t->read, "SELECT count(*) FROM v", &rows, &t->e));
    EXPECT(rows == 0);
    return true;
}

static bool upserts(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, "CREATE TABLE tally (word TEXT PRIMARY KEY, n INTEGER NOT NULL) "
                                   "{clustered}", &t->e));
    static const struct { const char *word; int64_t add, want; } steps[] = {
        { "tea", 2, 2 }, { "tea", 3, 5 }, { "cup", 1, 1 }, { "tea", -5, 0 },
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct store_stmt *stmt = NULL;
        bool row = false;
        EXPECT_OK(store_prepare(t->write, SLICE("INSERT INTO tally (word, n) VALUES ($1, $2) "
                                "ON CONFLICT (word) DO UPDATE SET n = tally.n + excluded.n "
                                "RETURNING n"), &stmt, &t->e));
        store_bind_text(stmt, 1, slice_of(steps[i].word));
        store_bind_i64(stmt, 2, steps[i].add);
        EXPECT_OK(store_step(stmt, &row, &t->e));
        EXPECT(row && store_col_i64(stmt, 0) == steps[i].want);
        EXPECT_OK(store_step(stmt, &row, &t->e));
        EXPECT(!row);
    }
    struct store_stmt *stmt = NULL;
    EXPECT_OK(store_prepare(t->write, SLICE("INSERT INTO tally (word, n) VALUES ('tea', 9) "
                            "ON CONFLICT (word) DO NOTHING"), &stmt, &t->e));
    EXPECT_OK(store_run(stmt, &t->e));
    EXPECT(store_changes(t->write) == 0);
    return true;
}

static bool changes(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    for (int64_t n = 0; n < 5; n++)
        EXPECT_OK(pair_commit(t->write, n, &t->e));
    static const struct { const char *sql; int64_t want; } steps[] = {
        { "UPDATE numbers SET note = 'x' WHERE id < 4", 4 },
        { "UPDATE numbers SET note = 'x' WHERE id < 0", 0 },
        { "DELETE FROM numbers WHERE id >= 7", 3 },
        { "SELECT id FROM numbers", 0 },
        { "INSERT INTO numbers (id, pair) SELECT id + 100, pair FROM numbers", 7 },
        { "DELETE FROM numbers", 14 },
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct store_stmt *stmt = NULL;
        EXPECT_OK(store_prepare(t->write, slice_of(steps[i].sql), &stmt, &t->e));
        EXPECT_OK(store_run(stmt, &t->e));
        EXPECT(store_changes(t->write) == steps[i].want);
    }
    return true;
}

static bool conflicts(struct trial *t)
{
    EXPECT_OK(store_exec(t->write,
        "CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE,"
        " age INTEGER CHECK (age < 200)) {strict};"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, who INTEGER REFERENCES people (id)) {strict};"
        "INSERT INTO people (id, mail, age) VALUES (1, 'person@example.com', 40)", &t->e));
    static const char *const refused[] = {
        "INSERT INTO people (id, mail) VALUES (1, $1)",
        "INSERT INTO people (id, mail) VALUES (2, lower($1))",
        "INSERT INTO people (id, mail, age) VALUES (3, $1 || 'x', 200)",
        "UPDATE people SET mail = NULL WHERE mail = $1",
        "DELETE FROM people WHERE mail = $1 AND id IN (SELECT 1)",
    };
    EXPECT_OK(store_exec(t->write, "INSERT INTO orders (id, who) VALUES (1, 1)", &t->e));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct store_stmt *stmt = NULL;
        EXPECT_OK(store_prepare(t->write, slice_of(refused[i]), &stmt, &t->e));
        store_bind_text(stmt, 1, SLICE("person@example.com"));
        EXPECT(store_run(stmt, &t->e) == ERR_CONFLICT);
        EXPECT(t->e.text[0] && !strstr(t->e.text, "person@"));  // no personal data in errors
        EXPECT(!store_in_transaction(t->write));
    }
    EXPECT(store_exec(t->write, "INSERT INTO orders (id, who) VALUES (2, 7)", &t->e) == ERR_CONFLICT);
    int64_t rows = 0;
    EXPECT_OK(one_i64(t->read, "SELECT count(*) FROM people WHERE age = 40", &rows, &t->e));
    EXPECT(rows == 1);
    return true;
}

static bool transactions(struct trial *t)
{
    int64_t rows = -1;
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    store_rollback(t->write);  // harmless outside
    EXPECT_OK(store_begin(t->write, &t->e));
    EXPECT(store_in_transaction(t->write));
    EXPECT_OK(store_exec(t->write, "INSERT INTO numbers (id, pair) VALUES (0, 0), (1, 0)", &t->e));
    EXPECT_OK(one_i64(t->write, "SELECT count(*) FROM numbers", &rows, &t->e));
    EXPECT(rows == 2);  // the writer reads its own writes
    EXPECT_OK(one_i64(t->read, "SELECT count(*) FROM numbers", &rows, &t->e));
    EXPECT(rows == 0);  // nobody else does
    store_rollback(t->write);
    EXPECT(!store_in_transaction(t->write));
    EXPECT_OK(one_i64(t->write, "SELECT count(*) FROM numbers", &rows, &t->e));
    EXPECT(rows == 0);

    EXPECT_OK(pair_commit(t->write, 0, &t->e));
    EXPECT_OK(store_begin(t->write, &t->e));
    EXPECT_OK(store_exec(t->write, "CREATE TABLE other (id INTEGER PRIMARY KEY) {strict}", &t->e));
    store_rollback(t->write);  // schema changes roll back too
    EXPECT_OK(store_exec(t->write, "CREATE TABLE other (id INTEGER PRIMARY KEY) {strict}", &t->e));
    return pairs_whole(t, t->read, 1);
}

static bool snapshots(struct trial *t)
{
    int64_t before = -1, after = -1;
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    EXPECT_OK(pair_commit(t->write, 0, &t->e));
    EXPECT_OK(store_begin(t->read, &t->e));
    EXPECT_OK(one_i64(t->read, "SELECT count(*) FROM numbers", &before, &t->e));
    EXPECT_OK(pair_commit(t->write, 1, &t->e));  // a reader never holds up the writer
    EXPECT_OK(one_i64(t->read, "SELECT count(*) FROM numbers", &after, &t->e));
    EXPECT(before == 2 && after == 2);
    EXPECT_OK(store_commit(t->read, &t->e));
    EXPECT_OK(one_i64(t->read, "SELECT count(*) FROM numbers", &after, &t->e));
    EXPECT(after == 4);
    return true;
}

static bool readers_only_read(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    EXPECT(store_exec(t->read, "INSERT INTO numbers (id, pair) VALUES (1, 1)", &t->e) != ERR_OK);
    int64_t rows = -1;
    EXPECT_OK(one_i64(t->read, "SELECT count(*) FROM numbers", &rows, &t->e));
    EXPECT(rows == 0);
    return true;
}

static bool parameters(struct trial *t)
{
    struct store_stmt *stmt = NULL;
    bool row = false;
    for (int64_t round = 0; round < 3; round++) {
        EXPECT_OK(store_prepare(t->read, SLICE("SELECT CAST($2 AS INTEGER) - CAST($1 AS INTEGER), "
                  "CAST($1 AS INTEGER) * 10, CAST($3 AS TEXT), '$1 {strict}'"), &stmt, &t->e));
        store_bind_i64(stmt, 1, 3 + round);
        store_bind_i64(stmt, 2, 10);
        store_bind_text(stmt, 3, SLICE("three"));
        EXPECT_OK(store_step(stmt, &row, &t->e));
        EXPECT(row);
        EXPECT(store_col_i64(stmt, 0) == 7 - round);
        EXPECT(store_col_i64(stmt, 1) == 30 + 10 * round);
        EXPECT(slice_is(store_col_text(stmt, 2), "three"));
        EXPECT(slice_is(store_col_text(stmt, 3), "$1 {strict}"));
        store_reset(stmt);
    }
    return true;
}

static bool bad_sql(struct trial *t)
{
    static const char *const bad[] = {
        "SELEC 1", "SELECT nothing FROM nowhere", "SELECT 1; SELECT 2", "SELECT {unknown}",
        "SELECT 'no end", "SELECT 1 /* no end", "SELECT CAST($2 AS INTEGER)", "SELECT \"a text\"", "  ",
        "-- only a comment",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct store_stmt *stmt = NULL;
        t->e = (struct err){ 0 };
        enum err_code code = store_prepare(t->read, slice_of(bad[i]), &stmt, &t->e);
        if (code != ERR_INVALID || stmt || !t->e.text[0])
            return trial_flaw(t, __FILE__, __LINE__, bad[i]);
    }
    struct store_stmt *stmt = NULL;
    EXPECT_OK(store_prepare(t->read, SLICE("SELECT 'it''s' -- {unknown} isn't\n/* {x} ' */ ;  "), &stmt,
                            &t->e));
    bool row = false;
    EXPECT_OK(store_step(stmt, &row, &t->e));
    EXPECT(row && slice_is(store_col_text(stmt, 0), "it's"));
    store_reset(stmt);
    return true;
}

/* Statements compiled before a rollback, a failure or a change of schema go on working. */
static bool cached_statements(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    for (int64_t n = 0; n < 3; n++) {
        EXPECT_OK(pair_commit(t->write, n, &t->e));
        EXPECT(pair_commit(t->write, n, &t->e) == ERR_CONFLICT);
        EXPECT_OK(store_begin(t->write, &t->e));
        char sql[64];
        snprintf(sql, sizeof sql, "CREATE INDEX numbers_%d ON numbers (pair)", (int)n);
        EXPECT_OK(store_exec(t->write, sql, &t->e));
        if (n % 2)
            store_rollback(t->write);
        else
            EXPECT_OK(store_commit(t->write, &t->e));
    }
    return pairs_whole(t, t->write, 3);
}

/* More texts than the cache holds, while one statement is in the middle of its rows. */
static bool cache_overflow(struct trial *t)
{
    struct store_stmt *outer = NULL;
    bool row = false;
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    for (int64_t n = 0; n < 2; n++)
        EXPECT_OK(pair_commit(t->write, n, &t->e));
    EXPECT_OK(store_prepare(t->read, SLICE("SELECT id FROM numbers ORDER BY id"), &outer, &t->e));
    for (int64_t id = 0; id < 4; id++) {
        EXPECT_OK(store_step(outer, &row, &t->e));
        EXPECT(row && store_col_i64(outer, 0) == id);
        for (int i = 0; i < 700; i++) {
            char sql[64];
            int64_t got = -1;
            snprintf(sql, sizeof sql, "SELECT %d + %d", i, (int)id);
            EXPECT_OK(one_i64(t->read, sql, &got, &t->e));
            EXPECT(got == i + id);
        }
    }
    EXPECT_OK(store_step(outer, &row, &t->e));
    EXPECT(!row);
    return true;
}

static bool reset_and_reuse(struct trial *t)
{
    struct store_stmt *stmt = NULL, *again = NULL;
    bool row = false;
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    for (int64_t n = 0; n < 5; n++)
        EXPECT_OK(pair_commit(t->write, n, &t->e));
    struct slice sql = SLICE("SELECT id FROM numbers WHERE id >= $1 ORDER BY id");
    for (int64_t from = 0; from < 8; from++) {
        EXPECT_OK(store_prepare(t->read, sql, &stmt, &t->e));
        EXPECT(!again || again == stmt);  // one compilation
        again = stmt;
        store_bind_i64(stmt, 1, from);
        for (int64_t id = from; id < from + 2; id++) {
            EXPECT_OK(store_step(stmt, &row, &t->e));
            EXPECT(row && store_col_i64(stmt, 0) == id);
        }
        store_reset(stmt);  // with rows left
    }
    EXPECT_OK(store_prepare(t->read, sql, &stmt, &t->e));
    EXPECT_OK(store_step(stmt, &row, &t->e));
    EXPECT(!row);  // the old value is not bound any more: id >= NULL
    return true;
}

static bool clustered_ranges(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, "CREATE TABLE edges (a INTEGER, b TEXT, w DOUBLE PRECISION NOT NULL,"
                                   " PRIMARY KEY (a, b)) {clustered}", &t->e));
    EXPECT_OK(store_exec(t->write, "INSERT INTO edges (a, b, w) VALUES (2, 'b', 1), (1, 'é', 2.5),"
                                   " (1, 'Z', 3), (1, 'a', 4), (-1, 'x', 5)", &t->e));
    static const char *const want[] = { "Z", "a", "é" };  // bytewise
    struct store_stmt *stmt = NULL;
    bool row = false;
    EXPECT_OK(store_prepare(t->read, SLICE("SELECT b FROM edges WHERE a = $1 ORDER BY a, b"), &stmt,
                            &t->e));
    store_bind_i64(stmt, 1, 1);
    for (size_t i = 0; i < 3; i++) {
        EXPECT_OK(store_step(stmt, &row, &t->e));
        EXPECT(row && slice_is(store_col_text(stmt, 0), want[i]));
    }
    EXPECT_OK(store_step(stmt, &row, &t->e));
    EXPECT(!row);
    int64_t n = -1;
    EXPECT_OK(one_i64(t->read, "SELECT count(*) FROM edges WHERE b LIKE 'A%'", &n, &t->e));
    EXPECT(n == 0);  // LIKE tells cases apart
    EXPECT(store_exec(t->write, "INSERT INTO edges (a, b, w) VALUES (2, 'b', 9)", &t->e) == ERR_CONFLICT);
    return true;
}

static bool survives_reopening(struct trial *t)
{
    EXPECT_OK(store_exec(t->write, NUMBERS_TABLE, &t->e));
    for (int64_t n = 0; n < 20; n++) {
        EXPECT_OK(pair_commit(t->write, n, &t->e));
        if (n % 5 == 0)
            EXPECT_OK(store_checkpoint(t->write, &t->e));
        trial_close(t);
        EXPECT_OK(trial_open(t));
        EXPECT(pairs_whole(t, t->read, n + 1));
    }
    return true;
}

const struct trial_case value_cases[] = {
    { "integers keep 64 bits", integers, false },
    { "doubles keep their value", doubles, false },
    { "texts and blobs keep their bytes", texts_and_blobs, false },
    { "nulls stay nulls", nulls, false },
    { "types are strict", strict_types, false },
    { "upserts", upserts, false },
    { "changes count rows", changes, false },
    { "constraints refuse, without telling values", conflicts, false },
    { "transactions hide, keep and undo", transactions, false },
    { "a reader keeps its snapshot", snapshots, false },
    { "a read connection cannot write", readers_only_read, false },
    { "parameters in any order, any number of times", parameters, false },
    { "bad SQL is refused", bad_sql, false },
    { "cached statements outlive rollback and schema", cached_statements, false },
    { "more statements than the cache holds", cache_overflow, false },
    { "reset in the middle", reset_and_reuse, false },
    { "clustered tables answer ranges in key order", clustered_ranges, false },
    { "closing and opening keeps everything", survives_reopening, false },
};
const size_t n_value_cases = sizeof value_cases / sizeof *value_cases;
