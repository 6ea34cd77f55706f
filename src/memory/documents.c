#include "memory/documents.h"

#include <assert.h>

#define SELECT(text)                                                                                                   \
    "SELECT a.id, a.name, a.created_ms, v.version, " text ", v.note, v.author, v.at_ms FROM documents a "              \
    "JOIN document_versions v ON v.document = a.id AND v.version = "                                                   \
    "(SELECT max(version) FROM document_versions w WHERE w.document = a.id) "

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for the documents");
}

static bool row_of(struct store_stmt *st, struct arena *mem, struct document_row *ret)
{
    *ret = (struct document_row){ .id = store_col_i64(st, 0), .name = arena_copy(mem, store_col_text(st, 1)),
                                  .created_ms = store_col_i64(st, 2), .version = store_col_i64(st, 3),
                                  .text = arena_copy(mem, store_col_text(st, 4)),
                                  .note = arena_copy(mem, store_col_text(st, 5)),
                                  .by = arena_copy(mem, store_col_text(st, 6)), .changed_ms = store_col_i64(st, 7) };
    return ret->name.at && ret->text.at && ret->note.at && ret->by.at;
}

enum err_code documents_list(struct store_conn *conn, const char *kind, bool texts, struct arena *mem,
                             struct document_row **ret, size_t *n, struct err *e)
{
    struct store_stmt *st;
    size_t cap = 0;
    bool more;
    *ret = NULL;
    *n = 0;
    TRY(store_prepare(conn, texts ? SLICE(SELECT("v.text") "WHERE a.kind = $1 ORDER BY a.name")
                                  : SLICE(SELECT("''") "WHERE a.kind = $1 ORDER BY a.name"), &st, e));
    store_bind_text(st, 1, slice_of(kind));
    for (;;) {
        TRY(store_step(st, &more, e));
        if (!more)
            return ERR_OK;
        if (!arena_need(mem, *ret, cap, *n + 1) || !row_of(st, mem, &(*ret)[(*n)++])) {
            store_reset(st);
            return no_memory(e);
        }
    }
}

/* The row that a prepared statement finds. */
static enum err_code read_one(struct store_stmt *st, struct arena *mem, struct document_row *ret, bool *is, struct err *e)
{
    TRY(store_step(st, is, e));
    if (!*is)
        return ERR_OK;
    bool ok = row_of(st, mem, ret);
    store_reset(st);
    return ok ? ERR_OK : no_memory(e);
}

enum err_code document_read(struct store_conn *conn, const char *kind, int64_t id, struct arena *mem,
                            struct document_row *ret, struct err *e)
{
    struct store_stmt *st;
    bool is;
    TRY(store_prepare(conn, SLICE(SELECT("v.text") "WHERE a.id = $1 AND a.kind = $2"), &st, e));
    store_bind_i64(st, 1, id);
    store_bind_text(st, 2, slice_of(kind));
    TRY(read_one(st, mem, ret, &is, e));
    return is ? ERR_OK : err_set(e, ERR_NOT_FOUND, 0, "there is no such document: %lld", (long long)id);
}

enum err_code document_named(struct store_conn *conn, const char *kind, struct slice name, struct arena *mem,
                             struct document_row *ret, bool *is, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(conn, SLICE(SELECT("v.text") "WHERE a.name = $1 AND a.kind = $2"), &st, e));
    store_bind_text(st, 1, name);
    store_bind_text(st, 2, slice_of(kind));
    return read_one(st, mem, ret, is, e);
}

enum err_code document_text(struct store_conn *conn, int64_t id, int64_t version, struct arena *mem, struct slice *ret,
                            struct err *e)
{
    struct store_stmt *st;
    bool is;
    TRY(store_prepare(conn, SLICE("SELECT text FROM document_versions WHERE document = $1 AND version = $2"), &st, e));
    store_bind_i64(st, 1, id);
    store_bind_i64(st, 2, version);
    TRY(store_step(st, &is, e));
    if (!is)
        return err_set(e, ERR_NOT_FOUND, 0, "there is no such version: %lld", (long long)version);
    *ret = arena_copy(mem, store_col_text(st, 0));
    store_reset(st);
    return ret->at ? ERR_OK : no_memory(e);
}

enum err_code document_versions(struct store_conn *conn, int64_t id, bool texts, struct arena *mem,
                                struct document_version **ret, size_t *n, struct err *e)
{
    struct store_stmt *st;
    size_t cap = 0;
    bool more;
    *ret = NULL;
    *n = 0;
    TRY(store_prepare(conn, texts ? SLICE("SELECT version, at_ms, text, note, author FROM document_versions "
                                          "WHERE document = $1 ORDER BY version DESC")
                                  : SLICE("SELECT version, at_ms, '', note, author FROM document_versions "
                                          "WHERE document = $1 ORDER BY version DESC"), &st, e));
    store_bind_i64(st, 1, id);
    for (;;) {
        TRY(store_step(st, &more, e));
        if (!more)
            return ERR_OK;
        if (!arena_need(mem, *ret, cap, *n + 1)) {
            store_reset(st);
            return no_memory(e);
        }
        struct document_version *v = &(*ret)[(*n)++];
        *v = (struct document_version){ store_col_i64(st, 0), store_col_i64(st, 1),
                                        arena_copy(mem, store_col_text(st, 2)), arena_copy(mem, store_col_text(st, 3)),
                                        arena_copy(mem, store_col_text(st, 4)) };
        if (!v->text.at || !v->note.at || !v->by.at) {
            store_reset(st);
            return no_memory(e);
        }
    }
}

/* ---- writing ---- */
static enum err_code run(struct store_stmt *st, struct err *e)
{
    bool row;
    return store_step(st, &row, e);
}

static enum err_code name_free(struct tx *tx, const char *kind, struct slice name, int64_t but, struct err *e)
{
    struct store_stmt *st;
    bool taken;
    TRY(store_prepare(tx->conn, SLICE("SELECT id FROM documents WHERE name = $1 AND id <> $2 AND kind = $3"), &st, e));
    store_bind_text(st, 1, name);
    store_bind_i64(st, 2, but);
    store_bind_text(st, 3, slice_of(kind));
    TRY(store_step(st, &taken, e));
    store_reset(st);
    return taken ? err_set(e, ERR_CONFLICT, 0, "/name: that name is taken") : ERR_OK;
}

static enum err_code add_version(struct tx *tx, int64_t id, int64_t version, struct slice text, struct slice note,
                                 struct slice by, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO document_versions (document, version, text, note, author, at_ms) "
                                      "VALUES ($1, $2, $3, $4, $5, $6)"), &st, e));
    store_bind_i64(st, 1, id);
    store_bind_i64(st, 2, version);
    store_bind_text(st, 3, text);
    store_bind_text(st, 4, note);
    store_bind_text(st, 5, by);
    store_bind_i64(st, 6, tx->now_ms);
    return run(st, e);
}

/* Numbers of documents that are gone are not given again: links to them must not lead elsewhere. */
static enum err_code next_id(struct tx *tx, int64_t *ret, struct err *e)
{
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(tx->conn, SLICE("SELECT coalesce(max(document), 0) + 1 FROM document_versions"), &st, e));
    TRY(store_step(st, &row, e));
    *ret = row ? store_col_i64(st, 0) : 1;
    store_reset(st);
    return ERR_OK;
}

enum err_code tx_document_add(struct tx *tx, const char *kind, struct slice name, struct slice text, struct slice note,
                              struct slice by, int64_t *ret_id, struct err *e)
{
    struct store_stmt *st;
    int64_t id;
    TRY(name_free(tx, kind, name, 0, e));
    TRY(next_id(tx, &id, e));
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO documents (id, kind, name, created_ms) "
                                      "VALUES ($1, $2, $3, $4)"), &st, e));
    store_bind_i64(st, 1, id);
    store_bind_text(st, 2, slice_of(kind));
    store_bind_text(st, 3, name);
    store_bind_i64(st, 4, tx->now_ms);
    TRY(run(st, e));
    TRY(add_version(tx, id, 1, text, note, by, e));
    *ret_id = id;
    return ERR_OK;
}

/* The newest version of one that stands, and whether its text is this one. */
static enum err_code newest(struct tx *tx, const char *kind, int64_t id, struct slice text, int64_t *version,
                            bool *same, struct err *e)
{
    struct store_stmt *st;
    bool is;
    TRY(store_prepare(tx->conn, SLICE("SELECT v.version, v.text FROM document_versions v "
                                      "JOIN documents a ON a.id = v.document WHERE v.document = $1 AND a.kind = $2 "
                                      "ORDER BY v.version DESC LIMIT 1"), &st, e));
    store_bind_i64(st, 1, id);
    store_bind_text(st, 2, slice_of(kind));
    TRY(store_step(st, &is, e));
    if (!is)
        return err_set(e, ERR_NOT_FOUND, 0, "there is no such document: %lld", (long long)id);
    *version = store_col_i64(st, 0);
    *same = slice_eq(store_col_text(st, 1), text);
    store_reset(st);
    return ERR_OK;
}

enum err_code tx_document_edit(struct tx *tx, const char *kind, int64_t id, struct slice name, struct slice text,
                               struct slice note, struct slice by, struct err *e)
{
    struct store_stmt *st;
    int64_t version = 0;
    bool same = false;
    TRY(newest(tx, kind, id, text, &version, &same, e));
    TRY(name_free(tx, kind, name, id, e));
    TRY(store_prepare(tx->conn, SLICE("UPDATE documents SET name = $1 WHERE id = $2"), &st, e));
    store_bind_text(st, 1, name);
    store_bind_i64(st, 2, id);
    TRY(run(st, e));
    return same ? ERR_OK : add_version(tx, id, version + 1, text, note, by, e);
}

/* Its versions stay: what was decided by it can still be told. */
enum err_code tx_document_remove(struct tx *tx, const char *kind, int64_t id, struct err *e)
{
    struct store_stmt *st;
    int64_t version;
    bool same;
    TRY(newest(tx, kind, id, SLICE(""), &version, &same, e));
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM documents WHERE id = $1"), &st, e));
    store_bind_i64(st, 1, id);
    return run(st, e);
}
