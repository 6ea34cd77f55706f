/* A short life of a database, for tests that make its allocations fail.
 *
 * usage: store_life DIR
 * Opens DIR, makes the table, commits numbers after the greatest one there, and prints each as soon as it
 * is acknowledged. Exit 0: done; 1: refused, with one line that says why. Anything else is a flaw. What
 * the process prints is written straight: stdio would need memory.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/store/store.h"

enum { NUMBERS = 5 };

static enum err_code number_commit(struct store_conn *conn, int64_t n, struct err *e)
{
    struct store_stmt *stmt = NULL;
    TRY(store_begin(conn, e));
    enum err_code code = store_prepare(conn, SLICE("INSERT INTO numbers (n) VALUES ($1)"), &stmt, e);
    if (!code) {
        store_bind_i64(stmt, 1, n);
        code = store_run(stmt, e);
    }
    if (!code)
        code = store_commit(conn, e);
    if (code)
        store_rollback(conn);
    return code;
}

static enum err_code numbers_commit(struct store_conn *conn, struct err *e)
{
    struct store_stmt *stmt = NULL;
    bool row = false;
    TRY(store_exec(conn, "CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY) {strict}", e));
    TRY(store_prepare(conn, SLICE("SELECT COALESCE(MAX(n), 0) FROM numbers"), &stmt, e));
    TRY(store_step(stmt, &row, e));
    int64_t top = store_col_i64(stmt, 0);
    store_reset(stmt);
    for (int64_t n = top + 1; n <= top + NUMBERS; n++) {
        TRY(number_commit(conn, n, e));
        char line[24];
        int len = snprintf(line, sizeof line, "%lld\n", (long long)n);
        if (write(1, line, (size_t)len) != len)
            return err_set(e, ERR_IO, 0, "standard output is closed");
    }
    return ERR_OK;
}

static enum err_code life(const char *dir, struct err *e)
{
    AUTO(store) store = NULL;
    AUTO(store_conn) conn = NULL;
    TRY(store_open(slice_of(dir), (struct store_options){ 0 }, &store, e));
    TRY(store_conn_new(store, STORE_WRITE, &conn, e));
    return numbers_commit(conn, e);
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    if (argc != 2)
        return 2;
    if (!life(argv[1], &e))
        return 0;
    ssize_t told = write(2, e.text, strlen(e.text));
    return e.text[0] && told > 0 ? 1 : 3;
}
