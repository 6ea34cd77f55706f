#include "io/store/migrate.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/store/migrations.h"

struct place {
    char dir[64];
    struct store *store;
    struct store_conn *conn;
    struct err e;
};

static const struct migration history[] = {
    { 1, "people", "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL) {strict};"
                   "INSERT INTO people (id, name) VALUES (1, 'Ada'), (2, 'Grace')" },
    { 2, "ages", "ALTER TABLE people ADD COLUMN age INTEGER;\nUPDATE people SET age = 30 + id; -- all\n" },
    { 3, "towns", "CREATE TABLE towns (id INTEGER PRIMARY KEY, share DOUBLE PRECISION, seal {blob}) "
                  "{clustered}; CREATE INDEX people_age ON people (age);" },
    { 4, "more", "INSERT INTO towns (id, share) SELECT id, age * 0.5 FROM people;" },
};
enum { HISTORY = sizeof history / sizeof *history };

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    snprintf(p->dir, sizeof p->dir, "/tmp/tendero-migrate-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    assert_int_equal(store_open(slice_of(p->dir), (struct store_options){ 0 }, &p->store, &p->e), ERR_OK);
    assert_int_equal(store_conn_new(p->store, STORE_WRITE, &p->conn, &p->e), ERR_OK);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    store_conn_drop(&p->conn);
    store_drop(&p->store);
    char path[96];
    snprintf(path, sizeof path, "%s/tendero.db", p->dir);
    int left = unlink(path) || rmdir(p->dir);
    free(p);
    return left;
}

static int64_t ask(struct place *p, const char *sql)
{
    struct store_stmt *stmt = NULL;
    bool row = false;
    assert_int_equal(store_prepare(p->conn, slice_of(sql), &stmt, &p->e), ERR_OK);
    assert_int_equal(store_step(stmt, &row, &p->e), ERR_OK);
    assert_true(row);
    int64_t n = store_col_i64(stmt, 0);
    store_reset(stmt);
    return n;
}

static void assert_complete(struct place *p)
{
    assert_int_equal(ask(p, "SELECT count(*) FROM migrations"), HISTORY);
    assert_int_equal(ask(p, "SELECT sum(age) FROM people"), 63);
    assert_int_equal(ask(p, "SELECT count(*) FROM towns WHERE share = id * 0.5 + 15"), 2);
}

static void from_empty_and_from_every_version(void **state)
{
    for (size_t from = 0; from <= HISTORY; from++) {
        void *at = NULL;
        assert_int_equal(setup(&at), 0);
        struct place *p = at;
        int applied = -1;
        assert_int_equal(migrate_run(p->conn, history, from, 1000, &applied, &p->e), ERR_OK);
        assert_int_equal(applied, from);
        assert_int_equal(migrate_run(p->conn, history, HISTORY, 2000, &applied, &p->e), ERR_OK);
        assert_int_equal(applied, HISTORY - from);
        assert_complete(p);
        assert_int_equal(ask(p, "SELECT count(*) FROM migrations WHERE applied_at = 1000"), from);
        assert_int_equal(migrate_run(p->conn, history, HISTORY, 3000, &applied, &p->e), ERR_OK);
        assert_int_equal(applied, 0);
        assert_complete(p);
        assert_int_equal(teardown(&at), 0);
    }
    (void)state;
}

static void a_newer_database_is_refused(void **state)
{
    struct place *p = *state;
    int applied = -1;
    assert_int_equal(migrate_run(p->conn, history, HISTORY, 1, &applied, &p->e), ERR_OK);
    applied = -7;
    assert_int_equal(migrate_run(p->conn, history, HISTORY - 1, 2, &applied, &p->e), ERR_CONFLICT);
    assert_non_null(strstr(p->e.text, "newer Tendero"));
    assert_int_equal(applied, -7);
    assert_false(store_in_transaction(p->conn));
    assert_complete(p);
}

static void another_history_is_refused(void **state)
{
    struct place *p = *state;
    int applied = 0;
    assert_int_equal(migrate_run(p->conn, history, 2, 1, &applied, &p->e), ERR_OK);
    struct migration other[HISTORY];
    memcpy(other, history, sizeof other);
    other[1].name = "years";
    assert_int_equal(migrate_run(p->conn, other, HISTORY, 2, &applied, &p->e), ERR_CONFLICT);
    assert_non_null(strstr(p->e.text, "'ages' there, 'years' here"));
    assert_int_equal(ask(p, "SELECT count(*) FROM migrations"), 2);

    assert_int_equal(store_exec(p->conn, "DELETE FROM migrations WHERE number = 1", &p->e), ERR_OK);
    assert_int_equal(migrate_run(p->conn, history, HISTORY, 2, &applied, &p->e), ERR_CONFLICT);
}

static void a_failing_migration_leaves_nothing(void **state)
{
    struct place *p = *state;
    struct migration broken[HISTORY];
    memcpy(broken, history, sizeof broken);
    broken[2].sql = "CREATE TABLE half (id INTEGER PRIMARY KEY) {strict};"
                    "UPDATE people SET age = 0; INSERT INTO people (id, name) VALUES (1, 'again')";
    int applied = -7;
    assert_int_equal(migrate_run(p->conn, broken, HISTORY, 1, &applied, &p->e), ERR_CONFLICT);
    assert_non_null(strstr(p->e.text, "migration 3 'towns'"));
    assert_int_equal(applied, -7);
    assert_int_equal(ask(p, "SELECT count(*) FROM migrations"), 2);  // what came before it stays
    assert_int_equal(ask(p, "SELECT sum(age) FROM people"), 63);
    struct store_stmt *stmt = NULL;
    assert_int_equal(store_prepare(p->conn, SLICE("SELECT id FROM half"), &stmt, &p->e), ERR_INVALID);

    assert_int_equal(migrate_run(p->conn, history, HISTORY, 2, &applied, &p->e), ERR_OK);
    assert_int_equal(applied, 2);
    assert_complete(p);
}

/* Two programs start at once: together they apply each migration once. */
struct starter {
    struct store *store;
    int applied;
    enum err_code code;
    struct err e;
};

static void *starter_main(void *arg)
{
    struct starter *self = arg;
    AUTO(store_conn) conn = NULL;
    self->code = store_conn_new(self->store, STORE_WRITE, &conn, &self->e);
    if (!self->code)
        self->code = migrate_run(conn, history, HISTORY, 5, &self->applied, &self->e);
    return NULL;
}

static void concurrent_starts_share_the_work(void **state)
{
    enum { STARTERS = 4 };
    struct place *p = *state;
    struct starter starters[STARTERS];
    pthread_t threads[STARTERS];
    int applied = 0;
    for (size_t i = 0; i < STARTERS; i++) {
        starters[i] = (struct starter){ .store = p->store };
        assert_int_equal(pthread_create(&threads[i], NULL, starter_main, &starters[i]), 0);
    }
    for (size_t i = 0; i < STARTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(starters[i].code, ERR_OK);
        applied += starters[i].applied;
    }
    assert_int_equal(applied, HISTORY);
    assert_complete(p);
}

/* The program's own migrations, one by one and all at once, end in the same schema. */
static void our_own_migrations_apply(void **state)
{
    struct place *p = *state;
    int applied = 0;
    for (size_t i = 0; i < migrations_count; i++)
        assert_int_equal(migrations_all[i].number, i + 1);
    for (size_t n = 0; n <= migrations_count; n++)
        assert_int_equal(migrate_run(p->conn, migrations_all, n, 1, &applied, &p->e), ERR_OK);
    assert_int_equal(ask(p, "SELECT count(*) FROM migrations"), migrations_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_empty_and_from_every_version),
        cmocka_unit_test_setup_teardown(a_newer_database_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(another_history_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failing_migration_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(concurrent_starts_share_the_work, setup, teardown),
        cmocka_unit_test_setup_teardown(our_own_migrations_apply, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
