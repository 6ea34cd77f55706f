#include "io/store/store_conformance.h"

#include <stdio.h>

#include "io/store/store_conformance_case.h"

bool trial_flaw(struct trial *t, const char *file, int line, const char *what)
{
    const char *slash = strrchr(file, '/');
    snprintf(t->flaw, sizeof t->flaw, "%s:%d: %s%s%s", slash ? slash + 1 : file, line, what,
             t->e.code ? "; last error: " : "", t->e.code ? t->e.text : "");
    return false;
}

enum err_code trial_open(struct trial *t)
{
    struct store_options options = { .vfs = t->lab->vfs, .cache_bytes = 256 << 10 };
    if (!t->store)
        TRY(store_open(slice_of(t->url), options, &t->store, &t->e));
    if (!t->write)
        TRY(store_conn_new(t->store, STORE_WRITE, &t->write, &t->e));
    if (!t->read)
        TRY(store_conn_new(t->store, STORE_READ, &t->read, &t->e));
    return ERR_OK;
}

void trial_close(struct trial *t)
{
    if (t->write)
        store_rollback(t->write);
    if (t->read)
        store_rollback(t->read);
    store_conn_drop(&t->write);
    store_conn_drop(&t->read);
    store_drop(&t->store);
}

enum err_code one_i64(struct store_conn *conn, const char *sql, int64_t *ret, struct err *e)
{
    struct store_stmt *stmt = NULL;
    bool row = false;
    TRY(store_prepare(conn, slice_of(sql), &stmt, e));
    TRY(store_step(stmt, &row, e));
    if (!row)
        return err_set(e, ERR_NOT_FOUND, 0, "no row from: %s", sql);
    *ret = store_col_null(stmt, 0) ? INT64_MIN : store_col_i64(stmt, 0);
    store_reset(stmt);
    return ERR_OK;
}

static enum err_code pair_insert(struct store_conn *conn, int64_t n, struct err *e)
{
    for (int64_t half = 0; half < 2; half++) {
        struct store_stmt *stmt = NULL;
        TRY(store_prepare(conn, SLICE("INSERT INTO numbers (id, pair, note) VALUES ($1, $2, $3)"),
                          &stmt, e));
        store_bind_i64(stmt, 1, 2 * n + half);
        store_bind_i64(stmt, 2, half ? -n : n);
        store_bind_text(stmt, 3, SLICE("a note that makes the row as long as rows are, more or less"));
        TRY(store_run(stmt, e));
    }
    return store_commit(conn, e);
}

enum err_code pair_commit(struct store_conn *conn, int64_t n, struct err *e)
{
    TRY(store_begin(conn, e));
    enum err_code code = pair_insert(conn, n, e);
    if (code)
        store_rollback(conn);
    return code;
}

bool pairs_whole(struct trial *t, struct store_conn *conn, int64_t n)
{
    int64_t rows = 0, sum = 0, top = 0;
    EXPECT_OK(store_begin(conn, &t->e));
    EXPECT_OK(one_i64(conn, "SELECT count(*) FROM numbers", &rows, &t->e));
    EXPECT_OK(one_i64(conn, "SELECT sum(pair) FROM numbers", &sum, &t->e));
    EXPECT_OK(one_i64(conn, "SELECT max(id) FROM numbers", &top, &t->e));
    store_rollback(conn);
    EXPECT(rows >= 2 * n);
    EXPECT(rows == 0 || (sum == 0 && top == rows - 1));
    return true;
}

static bool case_run(const struct store_lab *lab, const struct trial_case *c, store_lab_report *report)
{
    struct trial t = { .lab = lab };
    bool fine = lab->fresh(lab->ctx, t.url);
    if (!fine)
        snprintf(t.flaw, sizeof t.flaw, "the lab gave no database");
    else if (trial_open(&t))
        fine = trial_flaw(&t, __FILE__, __LINE__, "a new database opens");
    else
        fine = c->run(&t);
    trial_close(&t);
    if (fine && !lab->sound(lab->ctx, t.url)) {
        fine = false;
        snprintf(t.flaw, sizeof t.flaw, "the database is not sound afterwards");
    }
    lab->remove(lab->ctx, t.url);
    report(lab->ctx, c->name, fine ? NULL : t.flaw);
    return fine;
}

static int cases_run(const struct store_lab *lab, const struct trial_case *cases, size_t n,
                     store_lab_report *report)
{
    int failed = 0;
    for (size_t i = 0; i < n; i++)
        if (lab->faults || !cases[i].faults)
            failed += !case_run(lab, &cases[i], report);
    return failed;
}

int store_conformance(const struct store_lab *lab, store_lab_report *report)
{
    return cases_run(lab, value_cases, n_value_cases, report)
           + cases_run(lab, stress_cases, n_stress_cases, report);
}
