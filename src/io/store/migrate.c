#include "io/store/migrate.h"

#include <assert.h>

/* Newest applied number, after comparing every applied name with the list; 0 in a new database. */
static enum err_code applied_check(struct store_conn *conn, const struct migration *list, size_t n,
                                   int *newest, struct err *e)
{
    struct store_stmt *stmt = NULL;
    TRY(store_prepare(conn, SLICE("SELECT number, name FROM migrations ORDER BY number"), &stmt, e));
    bool row = false;
    int last = 0;
    for (;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            break;
        int64_t number = store_col_i64(stmt, 0);
        struct slice name = store_col_text(stmt, 1);
        enum err_code code = ERR_OK;
        if (number > (int64_t)n)
            code = err_set(e, ERR_CONFLICT, (size_t)number, "the database was made by a newer Tendero "
                           "(migration %lld, this program knows %zu): install that version",
                           (long long)number, n);
        else if (number != last + 1 || !slice_is(name, list[number - 1].name))
            code = err_set(e, ERR_CONFLICT, (size_t)number, "the database was made by another program: "
                           "migration %lld is '%.*s' there, '%s' here", (long long)number,
                           SLICE_ARG(name), number >= 1 ? list[number - 1].name : "");
        if (code) {
            store_reset(stmt);
            return code;
        }
        last = (int)number;
    }
    *newest = last;
    return ERR_OK;
}

static enum err_code applied_add(struct store_conn *conn, const struct migration *m, int64_t now_ms,
                                 struct err *e)
{
    struct store_stmt *stmt = NULL;
    TRY(store_prepare(conn, SLICE("INSERT INTO migrations (number, name, applied_at) "
                                  "VALUES ($1, $2, $3)"), &stmt, e));
    store_bind_i64(stmt, 1, m->number);
    store_bind_text(stmt, 2, slice_of(m->name));
    store_bind_i64(stmt, 3, now_ms);
    return store_run(stmt, e);
}

static enum err_code migration_apply(struct store_conn *conn, const struct migration *m, int64_t now_ms,
                                     struct err *e)
{
    struct err why = { 0 };
    enum err_code code = store_exec(conn, m->sql, &why);
    if (!code)
        code = applied_add(conn, m, now_ms, &why);
    if (code)
        return err_set(e, code, (size_t)m->number, "migration %d '%s': %.110s", m->number, m->name,
                       why.text);
    return ERR_OK;
}

/* One transaction: what is applied is read again inside it, because two programs may start together and
 * the second waits at the begin until the first has done this very migration. *more: one was applied. */
static enum err_code migrate_one(struct store_conn *conn, const struct migration *list, size_t n,
                                 int64_t now_ms, bool *more, struct err *e)
{
    TRY(store_exec(conn, "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, "
                         "name TEXT NOT NULL, applied_at INTEGER NOT NULL) {strict}", e));
    int newest = 0;
    TRY(applied_check(conn, list, n, &newest, e));
    *more = (size_t)newest < n;
    if (*more)
        TRY(migration_apply(conn, &list[newest], now_ms, e));
    return store_commit(conn, e);
}

enum err_code migrate_run(struct store_conn *conn, const struct migration *list, size_t n,
                          int64_t now_ms, int *applied, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        assert(list[i].number == (int)i + 1);
    int done = 0;
    for (bool more = true; more;) {
        TRY(store_begin(conn, e));
        enum err_code code = migrate_one(conn, list, n, now_ms, &more, e);
        if (code) {
            store_rollback(conn);
            return code;
        }
        done += more;
    }
    *applied = done;
    return ERR_OK;
}

enum err_code migrate_store(struct store *store, const struct migration *list, size_t n, int64_t now_ms, struct err *e)
{
    struct store_conn *write = NULL;
    int applied;
    TRY(store_conn_new(store, STORE_WRITE, &write, e));
    enum err_code code = migrate_run(write, list, n, now_ms, &applied, e);
    store_conn_drop(&write);
    return code;
}
