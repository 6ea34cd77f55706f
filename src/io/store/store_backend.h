/* What a backend gives to the store port: the functions behind store.h.
 *
 * store.c keeps what is the same for every database (the words of the SQL subset, the statement cache,
 * the checks of use); a backend is one `static const struct store_backend` and the three objects below,
 * each embedded as the first member of the backend's own. A backend allocates and frees its objects;
 * the port fills the members named here.
 *
 * Contract of each function: as in store.h. SQL arrives with the backend's own words, and with a NUL that
 * its length does not count. Binding and reading never fail: a value that cannot be bound is remembered
 * and told by the next step.
 */
#ifndef TENDERO_IO_STORE_STORE_BACKEND_H
#define TENDERO_IO_STORE_STORE_BACKEND_H

#include "base/buf.h"
#include "io/store/store.h"

#define STORE_STMT_MAX 512  // cached statements of one connection

/* One phrase of the shared subset and what it is called here. `from` is matched as whole words, without
 * regard to case, outside quotes and comments; {words} must all be known. */
struct store_word {
    const char *from, *to;
};

struct store_backend {
    const char *name;  // "sqlite"
    const struct store_word *words;
    size_t n_words;

    enum err_code (*open)(struct slice url, const struct store_options *, struct store **ret,
                          struct err *e);
    void (*drop)(struct store *);
    enum err_code (*conn_new)(struct store *, enum store_mode, struct store_conn **ret, struct err *e);
    void (*conn_drop)(struct store_conn *);  // its statements are gone by then

    enum err_code (*begin)(struct store_conn *, struct err *e);
    enum err_code (*commit)(struct store_conn *, struct err *e);
    void (*rollback)(struct store_conn *);
    bool (*in_transaction)(const struct store_conn *);
    enum err_code (*exec)(struct store_conn *, struct slice sql, struct err *e);

    enum err_code (*stmt_new)(struct store_conn *, struct slice sql, struct store_stmt **ret,
                              struct err *e);
    void (*stmt_drop)(struct store_stmt *);
    bool (*stmt_stepping)(const struct store_stmt *);  // has given a row and is not reset
    void (*stmt_clear)(struct store_stmt *);           // reset, nothing bound
    void (*reset)(struct store_stmt *);
    enum err_code (*step)(struct store_stmt *, bool *row, struct err *e);
    int64_t (*changes)(const struct store_stmt *);

    void (*bind_i64)(struct store_stmt *, int param, int64_t value);
    void (*bind_double)(struct store_stmt *, int param, double value);
    void (*bind_text)(struct store_stmt *, int param, struct slice value);
    void (*bind_blob)(struct store_stmt *, int param, struct slice value);
    void (*bind_null)(struct store_stmt *, int param);

    int64_t (*col_i64)(struct store_stmt *, int col);
    double (*col_double)(struct store_stmt *, int col);
    struct slice (*col_text)(struct store_stmt *, int col);
    struct slice (*col_blob)(struct store_stmt *, int col);
    bool (*col_null)(struct store_stmt *, int col);

    enum err_code (*checkpoint)(struct store_conn *, struct err *e);
    enum err_code (*backup)(struct store *, const char *path, struct err *e);
};

struct store {
    const struct store_backend *backend;
    struct store_options options;
};

struct store_cache;  // store.c

struct store_conn {
    const struct store_backend *backend;
    struct store *store;  // outlives its connections
    enum store_mode mode;
    struct store_cache *cache;
    int64_t changes;
};

struct store_stmt {
    const struct store_backend *backend;
    struct store_conn *conn;
    char *text;  // as the caller wrote it; owned by the port
    size_t text_len;
    uint64_t hash;
    struct store_stmt *chain;         // next of the same bucket
    struct store_stmt *newer, *older;  // by last use
};

/* The caller's SQL with the backend's words; `sql` empty on failure. ERR_INVALID with the place for an
 * unknown {word} or an unfinished quote. Drop with buf_drop. */
MUST_CHECK enum err_code store_words(const struct store_backend *, struct slice sql, struct buf *ret,
                                     struct err *e);

extern const struct store_backend store_sqlite;

#endif
