#include "insight/audiences.h"

#include <assert.h>

#define LIST_MAX 10000
#define SIZES_MAX 400

#define SELECT                                                                                                         \
    "SELECT a.id, a.name, a.created_ms, v.version, v.condition, v.note, v.author, v.at_ms FROM audiences a "           \
    "JOIN audience_versions v ON v.audience = a.id AND v.version = "                                                   \
    "(SELECT max(version) FROM audience_versions w WHERE w.audience = a.id) "

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for the audiences");
}

static bool row_of(struct store_stmt *st, struct arena *mem, struct audience_row *ret)
{
    *ret = (struct audience_row){ .id = store_col_i64(st, 0), .name = arena_copy(mem, store_col_text(st, 1)),
                                  .created_ms = store_col_i64(st, 2), .version = store_col_i64(st, 3),
                                  .condition = arena_copy(mem, store_col_text(st, 4)),
                                  .note = arena_copy(mem, store_col_text(st, 5)),
                                  .by = arena_copy(mem, store_col_text(st, 6)), .changed_ms = store_col_i64(st, 7) };
    return ret->name.at && ret->condition.at && ret->note.at && ret->by.at;
}

enum err_code audiences_list(struct store_conn *conn, struct arena *mem, struct audience_row **ret, size_t *n,
                             struct err *e)
{
    struct store_stmt *st;
    bool more;
    *ret = arena_array(mem, struct audience_row, LIST_MAX);
    *n = 0;
    if (!*ret)
        return no_memory(e);
    TRY(store_prepare(conn, SLICE(SELECT "ORDER BY a.name LIMIT 10000"), &st, e));
    for (;;) {
        TRY(store_step(st, &more, e));
        if (!more)
            return ERR_OK;
        if (!row_of(st, mem, &(*ret)[(*n)++])) {
            store_reset(st);
            return no_memory(e);
        }
    }
}

enum err_code audience_read(struct store_conn *conn, int64_t id, struct arena *mem, struct audience_row *ret,
                            struct err *e)
{
    struct store_stmt *st;
    bool is;
    TRY(store_prepare(conn, SLICE(SELECT "WHERE a.id = $1"), &st, e));
    store_bind_i64(st, 1, id);
    TRY(store_step(st, &is, e));
    if (!is)
        return err_set(e, ERR_NOT_FOUND, 0, "there is no audience %lld", (long long)id);
    bool ok = row_of(st, mem, ret);
    store_reset(st);
    return ok ? ERR_OK : no_memory(e);
}

static enum err_code count_of(struct store_conn *conn, struct slice sql, int64_t id, size_t *ret, struct err *e)
{
    struct store_stmt *st;
    bool is;
    TRY(store_prepare(conn, sql, &st, e));
    store_bind_i64(st, 1, id);
    TRY(store_step(st, &is, e));
    *ret = is ? (size_t)store_col_i64(st, 0) : 0;
    store_reset(st);
    return ERR_OK;
}

enum err_code audience_versions(struct store_conn *conn, int64_t id, struct arena *mem, struct audience_version **ret,
                                size_t *n, struct err *e)
{
    struct store_stmt *st;
    size_t most;
    bool more;
    TRY(count_of(conn, SLICE("SELECT count(*) FROM audience_versions WHERE audience = $1"), id, &most, e));
    *ret = arena_array(mem, struct audience_version, most + 1);
    *n = 0;
    if (!*ret)
        return no_memory(e);
    TRY(store_prepare(conn, SLICE("SELECT version, at_ms, condition, note, author FROM audience_versions "
                                  "WHERE audience = $1 ORDER BY version DESC"), &st, e));
    store_bind_i64(st, 1, id);
    for (;;) {
        TRY(store_step(st, &more, e));
        if (!more)
            return ERR_OK;
        if (*n == most) {
            store_reset(st);
            return ERR_OK;
        }
        (*ret)[(*n)++] = (struct audience_version){ store_col_i64(st, 0), store_col_i64(st, 1),
                                                    arena_copy(mem, store_col_text(st, 2)),
                                                    arena_copy(mem, store_col_text(st, 3)),
                                                    arena_copy(mem, store_col_text(st, 4)) };
    }
}

enum err_code audience_sizes(struct store_conn *conn, int64_t id, struct arena *mem, struct audience_size **ret,
                             size_t *n, struct err *e)
{
    struct store_stmt *st;
    bool more;
    *ret = arena_array(mem, struct audience_size, SIZES_MAX);
    *n = 0;
    if (!*ret)
        return no_memory(e);
    TRY(store_prepare(conn, SLICE("SELECT day, customers FROM (SELECT day, customers FROM audience_sizes "
                                  "WHERE audience = $1 ORDER BY day DESC LIMIT 400) s ORDER BY day"), &st, e));
    store_bind_i64(st, 1, id);
    for (;;) {
        TRY(store_step(st, &more, e));
        if (!more)
            return ERR_OK;
        (*ret)[(*n)++] = (struct audience_size){ (int32_t)store_col_i64(st, 0), store_col_i64(st, 1) };
    }
}

/* ---- writing ---- */
static enum err_code run(struct store_stmt *st, struct err *e)
{
    bool row;
    return store_step(st, &row, e);
}

static enum err_code name_free(struct tx *tx, struct slice name, int64_t but, struct err *e)
{
    struct store_stmt *st;
    bool taken;
    TRY(store_prepare(tx->conn, SLICE("SELECT id FROM audiences WHERE name = $1 AND id <> $2"), &st, e));
    store_bind_text(st, 1, name);
    store_bind_i64(st, 2, but);
    TRY(store_step(st, &taken, e));
    store_reset(st);
    return taken ? err_set(e, ERR_CONFLICT, 0, "/name: there is an audience of that name") : ERR_OK;
}

static enum err_code add_version(struct tx *tx, int64_t id, int64_t version, struct slice condition, struct slice note,
                                 struct slice by, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO audience_versions (audience, version, condition, note, author, at_ms) "
                                      "VALUES ($1, $2, $3, $4, $5, $6)"), &st, e));
    store_bind_i64(st, 1, id);
    store_bind_i64(st, 2, version);
    store_bind_text(st, 3, condition);
    store_bind_text(st, 4, note);
    store_bind_text(st, 5, by);
    store_bind_i64(st, 6, tx->now_ms);
    return run(st, e);
}

/* Numbers of audiences that are gone are not given again: links to them must not lead elsewhere. */
static enum err_code next_id(struct tx *tx, int64_t *ret, struct err *e)
{
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(tx->conn, SLICE("SELECT coalesce(max(audience), 0) + 1 FROM audience_versions"), &st, e));
    TRY(store_step(st, &row, e));
    *ret = row ? store_col_i64(st, 0) : 1;
    store_reset(st);
    return ERR_OK;
}

enum err_code tx_audience_add(struct tx *tx, struct slice name, struct slice condition, struct slice note,
                              struct slice by, int64_t *ret_id, struct err *e)
{
    struct store_stmt *st;
    int64_t id;
    TRY(name_free(tx, name, 0, e));
    TRY(next_id(tx, &id, e));
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO audiences (id, name, created_ms) VALUES ($1, $2, $3)"), &st, e));
    store_bind_i64(st, 1, id);
    store_bind_text(st, 2, name);
    store_bind_i64(st, 3, tx->now_ms);
    TRY(run(st, e));
    TRY(add_version(tx, id, 1, condition, note, by, e));
    *ret_id = id;
    return ERR_OK;
}

/* The newest version of one that stands, and whether its condition is this one. */
static enum err_code newest(struct tx *tx, int64_t id, struct slice condition, int64_t *version, bool *same,
                            struct err *e)
{
    struct store_stmt *st;
    bool is;
    TRY(store_prepare(tx->conn, SLICE("SELECT v.version, v.condition FROM audience_versions v "
                                      "JOIN audiences a ON a.id = v.audience WHERE v.audience = $1 "
                                      "ORDER BY v.version DESC LIMIT 1"), &st, e));
    store_bind_i64(st, 1, id);
    TRY(store_step(st, &is, e));
    if (!is)
        return err_set(e, ERR_NOT_FOUND, 0, "there is no audience %lld", (long long)id);
    *version = store_col_i64(st, 0);
    *same = slice_eq(store_col_text(st, 1), condition);
    store_reset(st);
    return ERR_OK;
}

enum err_code tx_audience_edit(struct tx *tx, int64_t id, struct slice name, struct slice condition, struct slice note,
                               struct slice by, struct err *e)
{
    struct store_stmt *st;
    int64_t version;
    bool same;
    TRY(newest(tx, id, condition, &version, &same, e));
    TRY(name_free(tx, name, id, e));
    TRY(store_prepare(tx->conn, SLICE("UPDATE audiences SET name = $1 WHERE id = $2"), &st, e));
    store_bind_text(st, 1, name);
    store_bind_i64(st, 2, id);
    TRY(run(st, e));
    return same ? ERR_OK : add_version(tx, id, version + 1, condition, note, by, e);
}

/* Its versions stay: what was decided by it can still be told. */
enum err_code tx_audience_remove(struct tx *tx, int64_t id, struct err *e)
{
    struct store_stmt *st;
    int64_t version;
    bool same;
    TRY(newest(tx, id, SLICE(""), &version, &same, e));
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM audiences WHERE id = $1"), &st, e));
    store_bind_i64(st, 1, id);
    return run(st, e);
}

enum err_code tx_audience_size(struct tx *tx, int64_t id, int32_t day, int64_t customers, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO audience_sizes (audience, day, customers) VALUES ($1, $2, $3) "
                                      "ON CONFLICT (audience, day) DO UPDATE SET customers = excluded.customers"), &st, e));
    store_bind_i64(st, 1, id);
    store_bind_i64(st, 2, day);
    store_bind_i64(st, 3, customers);
    return run(st, e);
}
