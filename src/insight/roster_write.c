/* What a pass finds, as facts of the log and rows of audience_changes and audience_starts. */
#include <assert.h>
#include <stdlib.h>

#include "insight/roster_room.h"

static const char *const because_names[] = {
    [BECAUSE_FACT] = "fact", [BECAUSE_TIME] = "time", [BECAUSE_TIERS] = "tiers", [BECAUSE_AUDIENCE] = "audience",
    [BECAUSE_RECOUNT] = "recount",
};
static_assert(sizeof because_names / sizeof *because_names == BECAUSES, "every reason has a name");

const char *because_name(enum because because)
{
    assert((unsigned)because < BECAUSES);
    return because_names[because];
}

/* ---- writing ---- */
struct writing {
    struct command command;          // first
    const struct found *found;
    size_t n;
    struct kept *begins;
    int64_t ends;
};

static enum err_code append(struct tx *tx, uint32_t customer, struct buf *body, int64_t *seq, struct err *e)
{
    struct fact fact = { .type = FACT_AUDIENCE, .customer = customer, .timestamp_ms = tx->now_ms,
                         .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms,
                         .body = buf_slice(body) };
    if (body->failed)
        return roster_no_memory(e);
    TRY(tx_source(tx, SLICE("tendero"), &fact.source, e));
    TRY(tx_append(tx, &fact, e));
    *seq = fact.seq;
    return ERR_OK;
}

static void open_body(struct json_w *w, const struct kept *k, int64_t version)
{
    json_w_open(w, '{');
    json_w_ki64(w, "audience", k->id);
    json_w_kstring(w, "name", k->name);
    json_w_ki64(w, "version", version);
}

static enum err_code append_found(struct tx *tx, const struct found *f, struct buf *body, int64_t *seq, struct err *e)
{
    struct json_w w = json_w(body);
    buf_clear(body);
    open_body(&w, f->kept, f->kept->version);
    json_w_kbool(&w, "in", f->in);
    json_w_kcstr(&w, "because", because_name(f->because));
    if (f->cause)
        json_w_ki64(&w, f->because == BECAUSE_AUDIENCE ? "by" : "fact", f->cause);
    json_w_close(&w, '}');
    return append(tx, f->row, body, seq, e);
}

static enum err_code insert_found(struct tx *tx, const struct found *f, int64_t seq, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO audience_changes (audience, seq, customer, entered, at_ms, because, "
                                      "cause) VALUES ($1, $2, $3, $4, $5, $6, $7)"), &st, e));
    store_bind_i64(st, 1, f->kept->id);
    store_bind_i64(st, 2, seq);
    store_bind_i64(st, 3, f->row);
    store_bind_i64(st, 4, f->in);
    store_bind_i64(st, 5, tx->now_ms);
    store_bind_text(st, 6, slice_of(because_name(f->because)));
    store_bind_i64(st, 7, f->cause);
    return store_run(st, e);
}

static enum err_code run_found(struct command *command, struct tx *tx, struct err *e)
{
    const struct writing *w = (const struct writing *)command;
    struct buf body = buf_make(4096);
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < w->n && !code; i++) {
        int64_t seq;
        code = append_found(tx, &w->found[i], &body, &seq, e);
        if (!code)
            code = insert_found(tx, &w->found[i], seq, e);
    }
    buf_drop(&body);
    return code;
}

enum err_code roster_write(struct roster *m, const struct found *found, size_t n, struct err *e)
{
    struct writing w = { .command = { .run = run_found, .facts = n }, .found = found, .n = n };
    return memory_run(m->memory, &w.command, e);
}

/* ---- a version begins ---- */
static enum err_code insert_start(struct tx *tx, const struct kept *k, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO audience_starts (audience, version, bits) VALUES ($1, $2, $3) "
                                      "ON CONFLICT (audience) DO UPDATE SET version = excluded.version, "
                                      "bits = excluded.bits"), &st, e));
    store_bind_i64(st, 1, k->id);
    store_bind_i64(st, 2, k->wanted);
    store_bind_blob(st, 3, (struct slice){ (const char *)k->next, k->next_words * sizeof *k->next });
    return store_run(st, e);
}

static enum err_code run_begin(struct command *command, struct tx *tx, struct err *e)
{
    const struct kept *k = ((const struct writing *)command)->begins;
    struct buf body = buf_make(4096);
    struct json_w w = json_w(&body);
    int64_t seq;
    open_body(&w, k, k->wanted);
    json_w_ki64(&w, "customers", (int64_t)bits_count(k->next, k->next_words * 64));
    json_w_close(&w, '}');
    enum err_code code = append(tx, FACT_NOBODY, &body, &seq, e);
    buf_drop(&body);
    return code ? code : insert_start(tx, k, e);
}

enum err_code roster_begin(struct roster *m, struct kept *k, struct err *e)
{
    struct writing w = { .command = { .run = run_begin, .facts = 1 }, .begins = k };
    return memory_run(m->memory, &w.command, e);
}

/* ---- an audience ends ---- */
static enum err_code run_end(struct command *command, struct tx *tx, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM audience_starts WHERE audience = $1"), &st, e));
    store_bind_i64(st, 1, ((const struct writing *)command)->ends);
    return store_run(st, e);
}

enum err_code roster_end(struct roster *m, int64_t audience, struct err *e)
{
    struct writing w = { .command = { .run = run_end }, .ends = audience };
    return memory_run(m->memory, &w.command, e);
}

/* ---- reading ---- */
enum err_code roster_start(struct store_conn *conn, int64_t audience, int64_t version, uint64_t **ret, size_t *words,
                               struct err *e)
{
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(conn, SLICE("SELECT version, bits FROM audience_starts WHERE audience = $1"), &st, e));
    store_bind_i64(st, 1, audience);
    TRY(store_step(st, &row, e));
    if (!row || store_col_i64(st, 0) != version) {
        store_reset(st);
        return err_set(e, ERR_NOT_FOUND, 0, "another version has begun");
    }
    struct slice blob = store_col_blob(st, 1);
    *words = blob.len / sizeof **ret;
    *ret = malloc(blob.len + 1);
    if (*ret && blob.len)
        memcpy(*ret, blob.at, blob.len);
    store_reset(st);
    return *ret ? ERR_OK : roster_no_memory(e);
}

static enum because because_of(struct slice name)
{
    for (int i = 0; i < BECAUSES; i++)
        if (slice_is(name, because_names[i]))
            return (enum because)i;
    return BECAUSE_RECOUNT;
}

enum err_code audience_changes(struct store_conn *conn, int64_t audience, int64_t before, size_t limit, struct arena *mem,
                               struct audience_change **ret, size_t *n, struct err *e)
{
    struct store_stmt *st;
    *ret = arena_array(mem, struct audience_change, limit + 1);
    *n = 0;
    if (!*ret)
        return err_set(e, ERR_LIMIT, 0, "no memory for who came and left");
    TRY(store_prepare(conn, SLICE("SELECT seq, customer, entered, at_ms, because, cause FROM audience_changes "
                                  "WHERE audience = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"), &st, e));
    store_bind_i64(st, 1, audience);
    store_bind_i64(st, 2, before ? before : INT64_MAX);
    store_bind_i64(st, 3, (int64_t)limit);
    for (bool row;;) {
        TRY(store_step(st, &row, e));
        if (!row)
            return ERR_OK;
        (*ret)[(*n)++] = (struct audience_change){
            .audience = audience, .seq = store_col_i64(st, 0), .customer = (uint32_t)store_col_i64(st, 1),
            .entered = store_col_i64(st, 2) != 0, .at_ms = store_col_i64(st, 3),
            .because = because_of(store_col_text(st, 4)), .cause = store_col_i64(st, 5),
        };
    }
}

enum err_code audience_entries(struct store_conn *conn, uint32_t customer, struct arena *mem, struct audience_entry **ret,
                               size_t *n, struct err *e)
{
    struct store_stmt *st;
    size_t cap = 0;
    *ret = NULL;
    *n = 0;
    TRY(store_prepare(conn, SLICE("SELECT audience, MAX(at_ms) FROM audience_changes WHERE customer = $1 AND entered = 1 "
                                  "GROUP BY audience ORDER BY audience"), &st, e));
    store_bind_i64(st, 1, customer);
    for (bool row;;) {
        TRY(store_step(st, &row, e));
        if (!row)
            return ERR_OK;
        if (!arena_need(mem, *ret, cap, *n + 1)) {
            store_reset(st);
            return roster_no_memory(e);
        }
        (*ret)[(*n)++] = (struct audience_entry){ store_col_i64(st, 0), store_col_i64(st, 1) };
    }
}
