/* The store port: SQL written once for SQLite and PostgreSQL.
 *
 * Shape    a `store` names a database; a `store_conn` is one thread's connection to it; a `store_stmt`
 *          belongs to its connection. One connection writes (the writer's), any number read.
 * SQL      the shared subset: $1-style parameters, upserts with ON CONFLICT, RETURNING, types INTEGER
 *          (64 bits), DOUBLE PRECISION, TEXT, BLOB. Three words are replaced before the text reaches the
 *          backend, so that no caller knows which it is: {strict} (table options: STRICT in SQLite),
 *          {clustered} (STRICT, WITHOUT ROWID: rows lie in primary-key order), {blob} (BLOB or BYTEA).
 *          INTEGER (64 bits, BIGINT in PostgreSQL) and DOUBLE PRECISION (REAL in SQLite) are replaced too:
 *          write exactly these, never REAL or BIGINT. Texts stand in 'single quotes'; order and
 *          comparison of text are bytewise, LIKE distinguishes case; say NULLS FIRST or LAST where it
 *          matters; give every key yourself (no AUTOINCREMENT, no rowid).
 * Modes    SQLite: WAL, synchronous=FULL, foreign keys on, busy time-out, page cache bounded by
 *          cache_bytes, no mmap. A commit that returned ERR_OK survives a power cut.
 * Errors   ERR_IO for a disk that refuses (full, failing), ERR_CONFLICT for a violated constraint,
 *          ERR_CORRUPT, ERR_BUSY, ERR_LIMIT for memory; the text holds the backend's words, never bound
 *          values (they may be personal data). After ERR_IO in a transaction the caller rolls back; the
 *          connection is then usable again once the cause has ended.
 * Strings  store_col_text borrows until the next step or reset of that statement.
 */
#ifndef TENDERO_IO_STORE_STORE_H
#define TENDERO_IO_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct store;
struct store_conn;
struct store_stmt;

enum store_mode { STORE_READ, STORE_WRITE };

struct store_options {
    size_t cache_bytes;  // page cache of each connection; 0: 16 MiB
    /* Test only: the name of a registered VFS that fails on demand (store_fault.h); NULL: the real one. */
    const char *vfs;
};

/* url: a path to a directory (SQLite: url/tendero.db) or, later, postgresql://… (refused with a clear
 * word in this version). Makes the directory. */
MUST_CHECK enum err_code store_open(struct slice url, struct store_options options,
                                    struct store **ret, struct err *e);
void store_drop(struct store **);

MUST_CHECK enum err_code store_conn_new(struct store *, enum store_mode mode,
                                        struct store_conn **ret, struct err *e);
void store_conn_drop(struct store_conn **);  // drops its cached statements; roll back first

/* The writer takes the lock now (ERR_BUSY after 5 s); a reader's snapshot begins with its first read. */
MUST_CHECK enum err_code store_begin(struct store_conn *, struct err *e);
/* On failure: roll back. A commit that failed to sync may still be found after a power cut (the bytes
 * were written, the disk's word was missing): whoever repeats it must be able to tell, by its keys. */
MUST_CHECK enum err_code store_commit(struct store_conn *, struct err *e);
void store_rollback(struct store_conn *);  // never fails; harmless outside a transaction
bool store_in_transaction(const struct store_conn *);

/* One or several statements without parameters or rows: schema changes. */
MUST_CHECK enum err_code store_exec(struct store_conn *, const char *sql, struct err *e);

/* A statement, compiled once per connection and cached by its text (LRU, 512 a connection): ask for it
 * each time it is used. It comes back reset with no values bound. Do not ask for the same text again
 * while stepping it (an assert). A statement with rows left is never evicted. */
MUST_CHECK enum err_code store_prepare(struct store_conn *, struct slice sql,
                                       struct store_stmt **ret, struct err *e);

/* Parameters count from 1 and match $1, $2 … whatever their order in the text. Text and blob bytes are
 * borrowed until the statement is reset. */
void store_bind_i64(struct store_stmt *, int param, int64_t value);
void store_bind_double(struct store_stmt *, int param, double value);
void store_bind_text(struct store_stmt *, int param, struct slice value);
void store_bind_blob(struct store_stmt *, int param, struct slice value);
void store_bind_null(struct store_stmt *, int param);

/* *row false: done, and the statement is reset. */
MUST_CHECK enum err_code store_step(struct store_stmt *, bool *row, struct err *e);
/* Step a statement that returns no row (or whose rows do not matter), then reset it. */
MUST_CHECK enum err_code store_run(struct store_stmt *, struct err *e);
void store_reset(struct store_stmt *);
/* Rows changed by the last store_run on this connection. */
int64_t store_changes(const struct store_conn *);

/* Columns count from 0. */
int64_t store_col_i64(struct store_stmt *, int col);
double store_col_double(struct store_stmt *, int col);
struct slice store_col_text(struct store_stmt *, int col);
struct slice store_col_blob(struct store_stmt *, int col);
bool store_col_null(struct store_stmt *, int col);

/* Moves what the WAL holds into the database file, as far as readers allow (PASSIVE). */
MUST_CHECK enum err_code store_checkpoint(struct store_conn *, struct err *e);
/* A consistent copy of the whole database, as of its start, into a new file (mode 0600), while others
 * write. Written beside as path.part and renamed when complete; ERR_CONFLICT when path exists.
 * SQLite's WAL grows meanwhile by what is written, and shrinks afterwards. */
MUST_CHECK enum err_code store_backup(struct store *, const char *path, struct err *e);

#endif
