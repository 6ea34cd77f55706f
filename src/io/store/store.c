#include "io/store/store.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "io/store/store_backend.h"

/* ---- the words of the shared subset ---- */

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Length of the quoted text or comment that begins at `at`; 0: none begins there; SIZE_MAX: it has no
 * end. A doubled quote inside a quoted text reads as two texts side by side, which copies the same. */
static size_t opaque_len(struct slice sql, size_t at)
{
    struct slice rest = { sql.at + at, sql.len - at };
    const char *end = NULL;
    if (rest.at[0] == '\'' || rest.at[0] == '"') {
        end = memchr(rest.at + 1, rest.at[0], rest.len - 1);
        return end ? (size_t)(end - rest.at) + 1 : SIZE_MAX;
    }
    if (slice_starts(rest, SLICE("--")))
        return slice_find(rest, '\n');
    if (slice_starts(rest, SLICE("/*"))) {
        end = rest.len > 2 ? memmem(rest.at + 2, rest.len - 2, "*/", 2) : NULL;
        return end ? (size_t)(end - rest.at) + 2 : SIZE_MAX;
    }
    return 0;
}

/* The word of the table that stands at `at`, or NULL. */
static const struct store_word *word_at(const struct store_backend *backend, struct slice sql, size_t at)
{
    if (at > 0 && is_word_char(sql.at[at]) && is_word_char(sql.at[at - 1]))
        return NULL;
    for (size_t i = 0; i < backend->n_words; i++) {
        struct slice from = slice_of(backend->words[i].from);
        size_t end = at + from.len;
        if (end > sql.len || !slice_eq_nocase(from, (struct slice){ sql.at + at, from.len }))
            continue;
        if (end == sql.len || !is_word_char(sql.at[end]) || !is_word_char(sql.at[end - 1]))
            return &backend->words[i];
    }
    return NULL;
}

static enum err_code words_into(const struct store_backend *backend, struct slice sql, struct buf *out,
                                struct err *e)
{
    for (size_t at = 0; at < sql.len;) {
        size_t opaque = opaque_len(sql, at);
        if (opaque == SIZE_MAX)
            return err_set(e, ERR_INVALID, at, "SQL: the quote or comment at byte %zu has no end", at);
        if (opaque) {
            buf_add(out, (struct slice){ sql.at + at, opaque });
            at += opaque;
            continue;
        }
        const struct store_word *word = word_at(backend, sql, at);
        if (word) {
            buf_adds(out, word->to);
            at += strlen(word->from);
            continue;
        }
        if (sql.at[at] == '{')
            return err_set(e, ERR_INVALID, at, "SQL: unknown {word} at byte %zu", at);
        buf_addc(out, sql.at[at++]);
    }
    return buf_check(out, "an SQL statement", e);
}

enum err_code store_words(const struct store_backend *backend, struct slice sql, struct buf *ret,
                          struct err *e)
{
    assert(sql.at);
    struct buf out = buf_make(0);
    enum err_code code = words_into(backend, sql, &out, e);
    buf_addc(&out, '\0');  // backends read a C string; the length does not count it
    if (!code)
        code = buf_check(&out, "an SQL statement", e);
    if (code) {
        buf_drop(&out);
        return code;
    }
    out.len--;
    *ret = out;
    return ERR_OK;
}

/* ---- the statement cache ---- */

enum { BUCKETS = 1024 };  // twice STORE_STMT_MAX: chains of one or two
static_assert((BUCKETS & (BUCKETS - 1)) == 0, "a mask picks the bucket");

struct store_cache {
    struct store_stmt *bucket[BUCKETS];
    struct store_stmt *newest, *oldest;
    size_t n;
};

static void cache_unlink_age(struct store_cache *cache, struct store_stmt *stmt)
{
    *(stmt->newer ? &stmt->newer->older : &cache->newest) = stmt->older;
    *(stmt->older ? &stmt->older->newer : &cache->oldest) = stmt->newer;
    stmt->newer = stmt->older = NULL;
}

static void cache_link_newest(struct store_cache *cache, struct store_stmt *stmt)
{
    stmt->newer = NULL;
    stmt->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = stmt;
    cache->newest = stmt;
}

static void cache_remove(struct store_cache *cache, struct store_stmt *stmt)
{
    struct store_stmt **link = &cache->bucket[stmt->hash & (BUCKETS - 1)];
    while (*link != stmt)
        link = &(*link)->chain;
    *link = stmt->chain;
    cache_unlink_age(cache, stmt);
    cache->n--;
    free(stmt->text);
    stmt->backend->stmt_drop(stmt);
}

/* Makes room for one. A statement that is giving rows belongs to a caller, however old it is. */
static void cache_make_room(struct store_cache *cache)
{
    struct store_stmt *stmt = cache->oldest;
    while (cache->n >= STORE_STMT_MAX && stmt) {
        struct store_stmt *newer = stmt->newer;
        if (!stmt->backend->stmt_stepping(stmt))
            cache_remove(cache, stmt);
        stmt = newer;
    }
}

static struct store_stmt *cache_find(struct store_cache *cache, struct slice sql, uint64_t hash)
{
    struct store_stmt *stmt = cache->bucket[hash & (BUCKETS - 1)];
    while (stmt && (stmt->hash != hash || stmt->text_len != sql.len ||
                    memcmp(stmt->text, sql.at, sql.len) != 0))
        stmt = stmt->chain;
    return stmt;
}

static enum err_code stmt_compile(struct store_conn *conn, struct slice sql, uint64_t hash,
                                  struct store_stmt **ret, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf native = { 0 };
    TRY(store_words(conn->backend, sql, &native, e));
    char *text = malloc(sql.len);
    if (!text)
        return err_set(e, ERR_LIMIT, 0, "no memory for an SQL statement of %zu bytes", sql.len);
    cache_make_room(conn->cache);

    struct store_stmt *stmt = NULL;
    enum err_code code = conn->backend->stmt_new(conn, buf_slice(&native), &stmt, e);
    if (code) {
        free(text);
        return code;
    }
    memcpy(text, sql.at, sql.len);
    stmt->backend = conn->backend;
    stmt->conn = conn;
    stmt->text = text;
    stmt->text_len = sql.len;
    stmt->hash = hash;
    struct store_stmt **bucket = &conn->cache->bucket[hash & (BUCKETS - 1)];
    stmt->chain = *bucket;
    *bucket = stmt;
    cache_link_newest(conn->cache, stmt);
    conn->cache->n++;
    *ret = stmt;
    return ERR_OK;
}

enum err_code store_prepare(struct store_conn *conn, struct slice sql, struct store_stmt **ret,
                            struct err *e)
{
    assert(sql.len > 0);
    uint64_t hash = hash64(sql, 0);  // SQL is the program's own text: nobody aims at a bucket
    struct store_stmt *stmt = cache_find(conn->cache, sql, hash);
    if (!stmt)
        return stmt_compile(conn, sql, hash, ret, e);
    assert(!stmt->backend->stmt_stepping(stmt));
    stmt->backend->stmt_clear(stmt);
    if (conn->cache->newest != stmt) {
        cache_unlink_age(conn->cache, stmt);
        cache_link_newest(conn->cache, stmt);
    }
    *ret = stmt;
    return ERR_OK;
}

/* ---- stores and connections ---- */

enum err_code store_open(struct slice url, struct store_options options, struct store **ret,
                         struct err *e)
{
    if (slice_starts(url, SLICE("postgresql://")) || slice_starts(url, SLICE("postgres://")))
        return err_set(e, ERR_INVALID, 0, "this version has no PostgreSQL backend yet: give the path "
                       "of a directory");
    if (url.len == 0)
        return err_set(e, ERR_INVALID, 0, "the data directory is missing: give its path");
    if (options.cache_bytes == 0)
        options.cache_bytes = (size_t)16 << 20;
    const struct store_backend *backend = &store_sqlite;
    struct store *store = NULL;
    TRY(backend->open(url, &options, &store, e));
    store->backend = backend;
    store->options = options;
    *ret = store;
    return ERR_OK;
}

void store_drop(struct store **store)
{
    if (*store)
        (*store)->backend->drop(*store);
    *store = NULL;
}

enum err_code store_conn_new(struct store *store, enum store_mode mode, struct store_conn **ret,
                             struct err *e)
{
    struct store_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return err_set(e, ERR_LIMIT, 0, "no memory for a connection to the database");
    struct store_conn *conn = NULL;
    enum err_code code = store->backend->conn_new(store, mode, &conn, e);
    if (code) {
        free(cache);
        return code;
    }
    conn->backend = store->backend;
    conn->store = store;
    conn->mode = mode;
    conn->cache = cache;
    conn->changes = 0;
    *ret = conn;
    return ERR_OK;
}

void store_conn_drop(struct store_conn **ref)
{
    struct store_conn *conn = *ref;
    *ref = NULL;
    if (!conn)
        return;
    while (conn->cache->oldest)
        cache_remove(conn->cache, conn->cache->oldest);
    assert(conn->cache->n == 0);
    free(conn->cache);
    conn->backend->conn_drop(conn);
}

enum err_code store_begin(struct store_conn *conn, struct err *e)
{
    assert(!store_in_transaction(conn));
    return conn->backend->begin(conn, e);
}

enum err_code store_commit(struct store_conn *conn, struct err *e)
{
    return conn->backend->commit(conn, e);
}

void store_rollback(struct store_conn *conn)
{
    for (struct store_stmt *stmt = conn->cache->newest; stmt; stmt = stmt->older)
        if (stmt->backend->stmt_stepping(stmt))
            stmt->backend->reset(stmt);
    conn->backend->rollback(conn);
    assert(!store_in_transaction(conn));
}

bool store_in_transaction(const struct store_conn *conn)
{
    return conn->backend->in_transaction(conn);
}

enum err_code store_exec(struct store_conn *conn, const char *sql, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf native = { 0 };
    TRY(store_words(conn->backend, slice_of(sql), &native, e));
    return conn->backend->exec(conn, buf_slice(&native), e);
}

/* ---- statements ---- */

void store_bind_i64(struct store_stmt *stmt, int param, int64_t value)
{
    stmt->backend->bind_i64(stmt, param, value);
}

void store_bind_double(struct store_stmt *stmt, int param, double value)
{
    stmt->backend->bind_double(stmt, param, value);
}

void store_bind_text(struct store_stmt *stmt, int param, struct slice value)
{
    stmt->backend->bind_text(stmt, param, value);
}

void store_bind_blob(struct store_stmt *stmt, int param, struct slice value)
{
    stmt->backend->bind_blob(stmt, param, value);
}

void store_bind_null(struct store_stmt *stmt, int param)
{
    stmt->backend->bind_null(stmt, param);
}

enum err_code store_step(struct store_stmt *stmt, bool *row, struct err *e)
{
    bool more = false;
    TRY(stmt->backend->step(stmt, &more, e));
    *row = more;
    return ERR_OK;
}

enum err_code store_run(struct store_stmt *stmt, struct err *e)
{
    bool more = true;
    while (more)
        TRY(stmt->backend->step(stmt, &more, e));
    stmt->conn->changes = stmt->backend->changes(stmt);
    return ERR_OK;
}

void store_reset(struct store_stmt *stmt)
{
    stmt->backend->reset(stmt);
}

int64_t store_changes(const struct store_conn *conn)
{
    return conn->changes;
}

int64_t store_col_i64(struct store_stmt *stmt, int col)
{
    return stmt->backend->col_i64(stmt, col);
}

double store_col_double(struct store_stmt *stmt, int col)
{
    return stmt->backend->col_double(stmt, col);
}

struct slice store_col_text(struct store_stmt *stmt, int col)
{
    return stmt->backend->col_text(stmt, col);
}

struct slice store_col_blob(struct store_stmt *stmt, int col)
{
    return stmt->backend->col_blob(stmt, col);
}

bool store_col_null(struct store_stmt *stmt, int col)
{
    return stmt->backend->col_null(stmt, col);
}

/* ---- care of the database ---- */

enum err_code store_checkpoint(struct store_conn *conn, struct err *e)
{
    return conn->backend->checkpoint(conn, e);
}

enum err_code store_backup(struct store *store, const char *path, struct err *e)
{
    return store->backend->backup(store, path, e);
}
