/* The SQLite backend: one directory, one file. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/store/store_backend.h"
#include "sys/file.h"

static_assert(SQLITE_VERSION_NUMBER >= 3037000, "STRICT tables came with 3.37");

enum {
    APPLICATION_ID = 0x546e6472,  // "Tndr": what file(1) and other programs see
    BUSY_MS = 5000,
    /* Each page written costs two system calls in the WAL and two at the checkpoint. Against pages of 4,096
     * bytes batches of 500 events gained 19 %, single ones 14 %; 16,384 gave batches 7 % more, took from single
     * ones 4 %. */
    PAGE_BYTES = 8192,
    /* Pages in the WAL at which a commit also moves them into the file: 16 MB. Smaller writes hot pages of
     * an index more often, larger only makes the WAL longer: 500 facts a group with an index took 66k
     * rows/s at 4 MB, 77k at 16 MB, 64k at 64 MB. */
    CHECKPOINT_PAGES = 2000,
    WAL_KEEP_BYTES = 64 << 20,   // the file is cut back to this after a burst
    BACKUP_STEP_PAGES = 1024
};

struct sqlite_store {
    struct store base;
    char *path;  // …/tendero.db
};

struct sqlite_conn {
    struct store_conn base;
    sqlite3 *db;
    /* Compiled beforehand: rolling back must not need memory. */
    sqlite3_stmt *begin, *commit, *rollback;
    bool rollback_owed;  // ROLLBACK itself was refused; the next BEGIN does it first
};

struct sqlite_stmt {
    struct store_stmt base;
    sqlite3_stmt *vm;
    bool stepping;  // gave a row and is not reset: known here, SQLite need not be asked
    bool bound;     // something is bound
    int bind_code;  // first refusal of a bind; told by the next step
    int n_params;
    int index[];    // SQLite's index of $1, $2 …
};

static struct sqlite_conn *conn_of(const struct store_conn *conn)
{
    assert(conn->backend == &store_sqlite);
    return (struct sqlite_conn *)(uintptr_t)conn;  // base is the first member
}

static struct sqlite_stmt *stmt_of(const struct store_stmt *stmt)
{
    return (struct sqlite_stmt *)(uintptr_t)stmt;
}

/* ---- refusals ---- */

/* By extended result code first, then by primary code; the first match counts. `remedy` follows SQLite's
 * own words; it says what to do, or what has (not) happened to the data. */
static const struct {
    int sqlite;
    enum err_code code;
    const char *remedy;
} refusals[] = {
    { SQLITE_IOERR_NOMEM, ERR_LIMIT, "memory is exhausted; nothing was lost" },
    { SQLITE_FULL, ERR_IO, "free some space on the disk; nothing was lost" },
    { SQLITE_IOERR_SHMSIZE, ERR_IO, "free some space on the disk; nothing was lost" },
    { SQLITE_IOERR, ERR_IO, "the disk refused; check it and its connection" },
    { SQLITE_NOMEM, ERR_LIMIT, "memory is exhausted; nothing was lost" },
    { SQLITE_TOOBIG, ERR_LIMIT, "the value or statement is too large" },
    { SQLITE_BUSY, ERR_BUSY, "another process is writing; try again" },
    { SQLITE_LOCKED, ERR_BUSY, "a table is in use; try again" },
    { SQLITE_PROTOCOL, ERR_BUSY, "another process holds the file; try again" },
    { SQLITE_CONSTRAINT, ERR_CONFLICT, NULL },
    { SQLITE_MISMATCH, ERR_CONFLICT, NULL },
    { SQLITE_CORRUPT, ERR_CORRUPT, "restore a backup; keep this file for repair" },
    { SQLITE_NOTADB, ERR_CORRUPT, "tendero.db is not a database; restore a backup" },
    { SQLITE_READONLY, ERR_IO, "check the permissions of the data directory" },
    { SQLITE_CANTOPEN, ERR_IO, "check the data directory, its permissions and free descriptors" },
    { SQLITE_PERM, ERR_IO, "check the permissions of the data directory" },
    { SQLITE_AUTH, ERR_IO, "check the permissions of the data directory" },
};

static enum err_code refuse_words(int rc, const char *words, struct err *e)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (refusals[i].sqlite != rc && refusals[i].sqlite != (rc & 0xff))
            continue;
        if (refusals[i].remedy)
            return err_set(e, refusals[i].code, 0, "database: %s: %s", words, refusals[i].remedy);
        return err_set(e, refusals[i].code, 0, "database: %s", words);
    }
    return err_set(e, ERR_INVALID, 0, "database: %s", words);  // SQL that does not compile or run
}

static enum err_code refuse(sqlite3 *db, int rc, struct err *e)
{
    assert(rc != SQLITE_OK && rc != SQLITE_MISUSE);
    /* After a failed open there may be no db; sqlite3_errmsg speaks of memory then, whatever rc was. */
    return refuse_words(rc, db && sqlite3_extended_errcode(db) == rc ? sqlite3_errmsg(db)
                                                                     : sqlite3_errstr(rc), e);
}

/* While a statement runs, SQLITE_ERROR may quote what it works on (a malformed search text, say), so only
 * the kind is told; all other messages name tables and columns, never values. */
static enum err_code refuse_step(sqlite3 *db, int rc, struct err *e)
{
    return (rc & 0xff) == SQLITE_ERROR ? refuse_words(rc, sqlite3_errstr(rc), e) : refuse(db, rc, e);
}

/* ---- opening ---- */

static void library_init(void)
{
    /* Refused, harmlessly, when store_fault.c initialised the library first. Without it every allocation
     * of every connection takes one global lock to count bytes nobody reads. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* Compiles the first statement of `sql`. Against an old schema SQLite asks the file for a newer one before
 * it says "no such table", but takes a failure of that read for "no newer one" (3.40): so the file is
 * asked again, and the disk's refusal told instead. */
static enum err_code compile(sqlite3 *db, struct slice sql, unsigned flags, sqlite3_stmt **ret,
                             const char **tail, struct err *e)
{
    assert(sql.at[sql.len] == '\0');  // spares SQLite a copy
    int rc = sqlite3_prepare_v3(db, sql.at, (int)sql.len + 1, flags, ret, tail);
    if (rc == SQLITE_ERROR) {
        int file_rc = sqlite3_exec(db, "PRAGMA schema_version", NULL, NULL, NULL);
        if (file_rc != SQLITE_OK)
            return refuse(db, file_rc, e);
        rc = sqlite3_prepare_v3(db, sql.at, (int)sql.len + 1, flags, ret, tail);
    }
    return rc == SQLITE_OK ? ERR_OK : refuse(db, rc, e);
}

static enum err_code pragma_i64(sqlite3 *db, const char *sql, int64_t *ret, struct err *e)
{
    sqlite3_stmt *vm = NULL;
    TRY(compile(db, slice_of(sql), 0, &vm, NULL, e));
    int rc = sqlite3_step(vm);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(vm, 0);
    enum err_code code = rc == SQLITE_ROW ? ERR_OK : refuse(db, rc, e);
    sqlite3_finalize(vm);
    return code;
}

/* SQLite does not wait for the change of journal mode as it does for locks. */
static enum err_code wal_on(sqlite3 *db, struct err *e)
{
    int rc = SQLITE_BUSY;
    for (int waited_ms = 0; rc == SQLITE_BUSY && waited_ms < BUSY_MS; waited_ms += 10) {
        if (waited_ms)
            sqlite3_sleep(10);
        rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    }
    return rc == SQLITE_OK ? ERR_OK : refuse(db, rc, e);
}

static enum err_code db_configure(sqlite3 *db, enum store_mode mode, size_t cache_bytes, struct err *e)
{
    char sql[512];
    /* LIKE: as in PostgreSQL. Double-quoted strings and schema tricks: refused, as there. */
    snprintf(sql, sizeof sql,
             "PRAGMA page_size = %d; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
             "PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -%zu;"
             "PRAGMA wal_autocheckpoint = %d; PRAGMA journal_size_limit = %d;"
             "PRAGMA trusted_schema = OFF; PRAGMA case_sensitive_like = ON; PRAGMA query_only = %s",
             PAGE_BYTES, (cache_bytes + 1023) / 1024, CHECKPOINT_PAGES, WAL_KEEP_BYTES,
             mode == STORE_READ ? "ON" : "OFF");
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : refuse(db, rc, e);
}

static enum err_code db_open(const struct sqlite_store *store, const struct store_options *options,
                             enum store_mode mode, sqlite3 **ret, struct err *e)
{
    sqlite3 *db = NULL;
    /* A connection stays in its thread, so it needs no lock of its own. */
    int rc = sqlite3_open_v2(store->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                             options->vfs);
    enum err_code code = rc == SQLITE_OK ? db_configure(db, mode, options->cache_bytes, e)
                                         : refuse(db, rc, e);
    if (code) {
        sqlite3_close(db);
        return code;
    }
    *ret = db;
    return ERR_OK;
}

/* A fresh file becomes Tendero's; another program's is left alone. */
static enum err_code db_claim(sqlite3 *db, struct err *e)
{
    int64_t id = 0, tables = 0;
    TRY(pragma_i64(db, "PRAGMA application_id", &id, e));
    if (id == APPLICATION_ID)
        return wal_on(db, e);
    TRY(pragma_i64(db, "SELECT count(*) FROM sqlite_schema", &tables, e));
    if (id != 0 || tables != 0)
        return err_set(e, ERR_CONFLICT, 0, "tendero.db was made by another program: choose another "
                       "data directory");
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d", APPLICATION_ID);
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? wal_on(db, e) : refuse(db, rc, e);
}

/* The file holds personal data: only its owner reads it. SQLite gives its helper files the same mode. */
static enum err_code file_make_private(const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, ERR_IO, 0, "cannot open %s: %s", path, strerror(errno));
    close(fd);
    return ERR_OK;
}

static void sqlite_drop(struct store *base)
{
    struct sqlite_store *store = (struct sqlite_store *)base;
    free(store->path);
    free(store);
}

static enum err_code sqlite_open_dir(struct slice url, const struct store_options *options,
                                     struct sqlite_store *store, struct err *e)
{
    if (asprintf(&store->path, "%.*s", SLICE_ARG(url)) < 0) {
        store->path = NULL;
        return err_set(e, ERR_LIMIT, 0, "no memory to open the database");
    }
    TRY(dir_make(store->path, e));
    free(store->path);
    if (asprintf(&store->path, "%.*s/tendero.db", SLICE_ARG(url)) < 0) {
        store->path = NULL;
        return err_set(e, ERR_LIMIT, 0, "no memory to open the database");
    }
    TRY(file_make_private(store->path, e));
    sqlite3 *db = NULL;
    TRY(db_open(store, options, STORE_WRITE, &db, e));
    enum err_code code = db_claim(db, e);
    sqlite3_close(db);
    return code;
}

static enum err_code sqlite_open(struct slice url, const struct store_options *options,
                                 struct store **ret, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, library_init);
    struct sqlite_store *store = calloc(1, sizeof *store);
    if (!store)
        return err_set(e, ERR_LIMIT, 0, "no memory to open the database");
    enum err_code code = sqlite_open_dir(url, options, store, e);
    if (code) {
        sqlite_drop(&store->base);
        return code;
    }
    *ret = &store->base;
    return ERR_OK;
}

/* ---- connections and transactions ---- */

static void sqlite_conn_drop(struct store_conn *base)
{
    struct sqlite_conn *conn = (struct sqlite_conn *)base;
    sqlite3_finalize(conn->begin);
    sqlite3_finalize(conn->commit);
    sqlite3_finalize(conn->rollback);
    int rc = sqlite3_close(conn->db);
    assert(rc == SQLITE_OK);  // busy would mean a statement or a backup was forgotten
    free(conn);
}

static enum err_code conn_compile(sqlite3 *db, const char *sql, sqlite3_stmt **ret, struct err *e)
{
    return compile(db, slice_of(sql), SQLITE_PREPARE_PERSISTENT, ret, NULL, e);
}

static enum err_code conn_fill(const struct sqlite_store *store, enum store_mode mode,
                               struct sqlite_conn *conn, struct err *e)
{
    TRY(db_open(store, &store->base.options, mode, &conn->db, e));
    TRY(conn_compile(conn->db, mode == STORE_WRITE ? "BEGIN IMMEDIATE" : "BEGIN", &conn->begin, e));
    TRY(conn_compile(conn->db, "COMMIT", &conn->commit, e));
    return conn_compile(conn->db, "ROLLBACK", &conn->rollback, e);
}

static enum err_code sqlite_conn_new(struct store *store, enum store_mode mode, struct store_conn **ret,
                                     struct err *e)
{
    struct sqlite_conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        return err_set(e, ERR_LIMIT, 0, "no memory for a connection to the database");
    enum err_code code = conn_fill((struct sqlite_store *)store, mode, conn, e);
    if (code) {
        sqlite_conn_drop(&conn->base);
        return code;
    }
    *ret = &conn->base;
    return ERR_OK;
}

static int run_once(sqlite3_stmt *vm)
{
    int rc = sqlite3_step(vm);
    sqlite3_reset(vm);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static bool sqlite_in_transaction(const struct store_conn *base)
{
    const struct sqlite_conn *conn = conn_of(base);
    return !conn->rollback_owed && !sqlite3_get_autocommit(conn->db);
}

static void sqlite_rollback(struct store_conn *base)
{
    struct sqlite_conn *conn = conn_of(base);
    conn->rollback_owed = false;
    if (sqlite3_get_autocommit(conn->db))  // SQLite rolls back by itself after some failures
        return;
    run_once(conn->rollback);
    conn->rollback_owed = !sqlite3_get_autocommit(conn->db);
}

static enum err_code sqlite_begin(struct store_conn *base, struct err *e)
{
    struct sqlite_conn *conn = conn_of(base);
    if (conn->rollback_owed)
        sqlite_rollback(base);
    if (conn->rollback_owed)
        return refuse(conn->db, sqlite3_extended_errcode(conn->db), e);
    int rc = run_once(conn->begin);
    return rc == SQLITE_OK ? ERR_OK : refuse(conn->db, rc, e);
}

static enum err_code sqlite_commit(struct store_conn *base, struct err *e)
{
    struct sqlite_conn *conn = conn_of(base);
    if (sqlite3_get_autocommit(conn->db))
        return err_set(e, ERR_IO, 0, "database: the transaction was rolled back by an earlier failure");
    int rc = run_once(conn->commit);
    return rc == SQLITE_OK ? ERR_OK : refuse(conn->db, rc, e);
}

static enum err_code sqlite_exec(struct store_conn *base, struct slice sql, struct err *e)
{
    sqlite3 *db = conn_of(base)->db;
    while (sql.len) {
        sqlite3_stmt *vm = NULL;
        const char *tail = NULL;
        TRY(compile(db, sql, 0, &vm, &tail, e));
        int rc = SQLITE_ROW;
        while (rc == SQLITE_ROW)
            rc = vm ? sqlite3_step(vm) : SQLITE_DONE;  // blanks and comments compile to nothing
        enum err_code code = rc == SQLITE_DONE ? ERR_OK : refuse(db, rc, e);  // nothing is bound
        sqlite3_finalize(vm);
        TRY(code);
        sql = (struct slice){ tail, sql.len - (size_t)(tail - sql.at) };
    }
    return ERR_OK;
}

/* ---- statements ---- */

static void sqlite_stmt_drop(struct store_stmt *base)
{
    struct sqlite_stmt *stmt = stmt_of(base);
    sqlite3_finalize(stmt->vm);
    free(stmt);
}

/* index[n - 1] becomes SQLite's index of $n: SQLite numbers parameters by first appearance. */
static enum err_code params_map(struct sqlite_stmt *stmt, struct err *e)
{
    for (int param = 1; param <= stmt->n_params; param++) {
        char name[16];
        snprintf(name, sizeof name, "$%d", param);
        int index = sqlite3_bind_parameter_index(stmt->vm, name);
        if (index == 0)
            return err_set(e, ERR_INVALID, 0, "SQL: %d parameters, but no %s: number them $1, $2 … "
                           "without gaps", stmt->n_params, name);
        stmt->index[param - 1] = index;
    }
    return ERR_OK;
}

static enum err_code sqlite_stmt_new(struct store_conn *base, struct slice sql, struct store_stmt **ret,
                                     struct err *e)
{
    struct sqlite_conn *conn = conn_of(base);
    sqlite3_stmt *vm = NULL;
    const char *tail = NULL;
    TRY(compile(conn->db, sql, SQLITE_PREPARE_PERSISTENT, &vm, &tail, e));
    struct slice rest = { tail, sql.len - (size_t)(tail - sql.at) };
    if (!vm || slice_trim(rest).len) {
        sqlite3_finalize(vm);
        return err_set(e, ERR_INVALID, (size_t)(tail - sql.at), "SQL: expected exactly one statement");
    }
    int n_params = sqlite3_bind_parameter_count(vm);
    struct sqlite_stmt *stmt = calloc(1, sizeof *stmt + (size_t)n_params * sizeof stmt->index[0]);
    if (!stmt) {
        sqlite3_finalize(vm);
        return err_set(e, ERR_LIMIT, 0, "no memory for an SQL statement");
    }
    stmt->vm = vm;
    stmt->n_params = n_params;
    enum err_code code = params_map(stmt, e);
    if (code) {
        sqlite_stmt_drop(&stmt->base);
        return code;
    }
    *ret = &stmt->base;
    return ERR_OK;
}

static bool sqlite_stmt_stepping(const struct store_stmt *base)
{
    return stmt_of(base)->stepping;
}

static void sqlite_reset(struct store_stmt *base)
{
    struct sqlite_stmt *stmt = stmt_of(base);
    if (stmt->stepping)  // after its end and after an error it has been reset
        sqlite3_reset(stmt->vm);
    stmt->stepping = false;
}

static void sqlite_stmt_clear(struct store_stmt *base)
{
    struct sqlite_stmt *stmt = stmt_of(base);
    sqlite_reset(base);
    if (stmt->bound)
        sqlite3_clear_bindings(stmt->vm);
    stmt->bound = false;
    stmt->bind_code = SQLITE_OK;
}

static enum err_code sqlite_step(struct store_stmt *base, bool *row, struct err *e)
{
    struct sqlite_stmt *stmt = stmt_of(base);
    int rc = stmt->bind_code ? stmt->bind_code : sqlite3_step(stmt->vm);
    *row = stmt->stepping = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW)
        return ERR_OK;
    enum err_code code = rc == SQLITE_DONE ? ERR_OK : refuse_step(sqlite3_db_handle(stmt->vm), rc, e);
    sqlite3_reset(stmt->vm);
    return code;
}

static int64_t sqlite_changes(const struct store_stmt *base)
{
    sqlite3_stmt *vm = stmt_of(base)->vm;
    return sqlite3_stmt_readonly(vm) ? 0 : sqlite3_changes64(sqlite3_db_handle(vm));
}

static int param_index(const struct sqlite_stmt *stmt, int param)
{
    assert(param >= 1);
    assert(param <= stmt->n_params);
    return stmt->index[param - 1];
}

static void bound(struct sqlite_stmt *stmt, int rc)
{
    assert(rc != SQLITE_MISUSE);  // bound while stepping: reset first
    stmt->bound = true;
    if (rc != SQLITE_OK && stmt->bind_code == SQLITE_OK)
        stmt->bind_code = rc;
}

static void sqlite_bind_i64(struct store_stmt *base, int param, int64_t value)
{
    struct sqlite_stmt *stmt = stmt_of(base);
    bound(stmt, sqlite3_bind_int64(stmt->vm, param_index(stmt, param), value));
}

static void sqlite_bind_double_(struct store_stmt *base, int param, double value)
{
    struct sqlite_stmt *stmt = stmt_of(base);
    bound(stmt, sqlite3_bind_double(stmt->vm, param_index(stmt, param), value));
}

static void sqlite_bind_text_(struct store_stmt *base, int param, struct slice value)
{
    struct sqlite_stmt *stmt = stmt_of(base);
    bound(stmt, sqlite3_bind_text64(stmt->vm, param_index(stmt, param), value.len ? value.at : "",
                                    value.len, SQLITE_STATIC, SQLITE_UTF8));
}

static void sqlite_bind_blob_(struct store_stmt *base, int param, struct slice value)
{
    struct sqlite_stmt *stmt = stmt_of(base);
    bound(stmt, sqlite3_bind_blob64(stmt->vm, param_index(stmt, param), value.len ? value.at : "",
                                    value.len, SQLITE_STATIC));
}

static void sqlite_bind_null_(struct store_stmt *base, int param)
{
    struct sqlite_stmt *stmt = stmt_of(base);
    bound(stmt, sqlite3_bind_null(stmt->vm, param_index(stmt, param)));
}

static int64_t sqlite_col_i64(struct store_stmt *base, int col)
{
    return sqlite3_column_int64(stmt_of(base)->vm, col);
}

static double sqlite_col_double(struct store_stmt *base, int col)
{
    return sqlite3_column_double(stmt_of(base)->vm, col);
}

static struct slice sqlite_col_text(struct store_stmt *base, int col)
{
    sqlite3_stmt *vm = stmt_of(base)->vm;
    const char *at = (const char *)sqlite3_column_text(vm, col);  // before its length
    return (struct slice){ at, (size_t)sqlite3_column_bytes(vm, col) };
}

static struct slice sqlite_col_blob(struct store_stmt *base, int col)
{
    sqlite3_stmt *vm = stmt_of(base)->vm;
    const char *at = sqlite3_column_blob(vm, col);
    return (struct slice){ at, (size_t)sqlite3_column_bytes(vm, col) };
}

static bool sqlite_col_null(struct store_stmt *base, int col)
{
    return sqlite3_column_type(stmt_of(base)->vm, col) == SQLITE_NULL;
}

/* ---- care of the database ---- */

static enum err_code sqlite_checkpoint(struct store_conn *base, struct err *e)
{
    struct sqlite_conn *conn = conn_of(base);
    int rc = sqlite3_wal_checkpoint_v2(conn->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : refuse(conn->db, rc, e);
}

/* `from` holds a read transaction, so the copy is of one moment and no write makes it start again. */
static enum err_code pages_copy(sqlite3 *from, sqlite3 *to, struct err *e)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    if (!copy)
        return refuse(to, sqlite3_extended_errcode(to), e);
    int rc = SQLITE_OK;
    while (rc == SQLITE_OK)
        rc = sqlite3_backup_step(copy, BACKUP_STEP_PAGES);
    sqlite3_backup_finish(copy);
    return rc == SQLITE_DONE ? ERR_OK : refuse_words(rc, sqlite3_errstr(rc), e);
}

static enum err_code backup_into(sqlite3 *from, const struct sqlite_store *store, const char *part,
                                 struct err *e)
{
    TRY(file_make_private(part, e));
    sqlite3 *to = NULL;
    int rc = sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                             store->base.options.vfs);
    enum err_code code = rc == SQLITE_OK ? ERR_OK : refuse(to, rc, e);
    if (!code) {
        sqlite3_extended_result_codes(to, 1);
        int64_t pages = 0;  // reading anything takes the snapshot that BEGIN only announces
        rc = sqlite3_exec(from, "BEGIN", NULL, NULL, NULL);
        code = rc == SQLITE_OK ? pragma_i64(from, "SELECT count(*) FROM sqlite_schema", &pages, e)
                               : refuse(from, rc, e);
    }
    if (!code)
        code = pages_copy(from, to, e);
    sqlite3_close(to);
    return code;
}

static enum err_code sqlite_backup(struct store *base, const char *path, struct err *e)
{
    const struct sqlite_store *store = (const struct sqlite_store *)base;
    if (file_exists(path))
        return err_set(e, ERR_CONFLICT, 0, "%s exists: a backup goes into a new file", path);
    char *part = NULL;
    if (asprintf(&part, "%s.part", path) < 0)
        return err_set(e, ERR_LIMIT, 0, "no memory for a backup");
    sqlite3 *from = NULL;
    enum err_code code = file_remove(part, e);
    if (!code)
        code = db_open(store, &store->base.options, STORE_READ, &from, e);
    if (!code)
        code = backup_into(from, store, part, e);
    sqlite3_close(from);  // ends its read transaction
    if (!code)
        code = file_rename(part, path, e);
    if (code)
        (void)!file_remove(part, NULL);  // best effort: the failure above is what counts
    free(part);
    return code;
}

/* ---- the table ---- */

/* STRICT knows neither DOUBLE PRECISION nor 32-bit integers: its INTEGER has 64 bits. */
static const struct store_word words[] = {
    { "{strict}", "STRICT" },
    { "{clustered}", "STRICT, WITHOUT ROWID" },
    { "{blob}", "BLOB" },
    { "DOUBLE PRECISION", "REAL" },
};

const struct store_backend store_sqlite = {
    .name = "sqlite",
    .words = words,
    .n_words = sizeof words / sizeof *words,
    .open = sqlite_open,
    .drop = sqlite_drop,
    .conn_new = sqlite_conn_new,
    .conn_drop = sqlite_conn_drop,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .in_transaction = sqlite_in_transaction,
    .exec = sqlite_exec,
    .stmt_new = sqlite_stmt_new,
    .stmt_drop = sqlite_stmt_drop,
    .stmt_stepping = sqlite_stmt_stepping,
    .stmt_clear = sqlite_stmt_clear,
    .reset = sqlite_reset,
    .step = sqlite_step,
    .changes = sqlite_changes,
    .bind_i64 = sqlite_bind_i64,
    .bind_double = sqlite_bind_double_,
    .bind_text = sqlite_bind_text_,
    .bind_blob = sqlite_bind_blob_,
    .bind_null = sqlite_bind_null_,
    .col_i64 = sqlite_col_i64,
    .col_double = sqlite_col_double,
    .col_text = sqlite_col_text,
    .col_blob = sqlite_col_blob,
    .col_null = sqlite_col_null,
    .checkpoint = sqlite_checkpoint,
    .backup = sqlite_backup,
};
