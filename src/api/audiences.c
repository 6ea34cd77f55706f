/* Saved audiences: list, one with its versions and sizes, save, take out. */
#include "api/audience_ask.h"
#include "base/limits.h"
#include "text/time.h"

#define SIZES_BYTES ((size_t)64 << 20)

static void json_audience(struct json_w *w, const struct document_row *a, int64_t customers, struct slice why)
{
    json_w_open(w, '{');
    json_document(w, a);
    json_w_kstring(w, "condition", a->text);
    if (customers < 0)
        json_w_knull(w, "customers");
    else
        json_w_ki64(w, "customers", customers);
    if (why.len)
        json_w_kstring(w, "broken", why);
    else
        json_w_knull(w, "broken");
    json_w_close(w, '}');
}

static enum err_code keep_bits(struct call *call, struct saved *s, const uint64_t *bits, size_t rows, struct err *e)
{
    s->rows = rows;
    s->bits = arena_array(call->mem, uint64_t, rows / 64 + 1);
    if (!s->bits)
        return NO_MEMORY(e);
    if (rows)
        memcpy(s->bits, bits, rows / 64 * sizeof *bits);
    return ERR_OK;
}

/* Of the version that is saved; -1 while another one's members are kept. */
static enum err_code take_members(struct call *call, struct saved *s, struct err *e)
{
    struct roster *m = call->rooms->roster;
    enum err_code code = ERR_OK;
    roster_lock(m);
    for (size_t i = 0; i < s->n && !code; i++) {
        struct members members = { 0 };
        bool is = roster_find(m, s->row[i].id, &members);
        if (members.why)
            s->why[i] = arena_copy(call->mem, slice_of(members.why));
        if (!is || members.why || members.version != s->row[i].version)
            continue;
        s->customers[i] = members.n;
        if (s->id)
            code = keep_bits(call, s, members.bits, members.rows, e);
    }
    roster_unlock(m);
    return code;
}

static enum err_code saved_read(struct call *call, struct saved *s, struct err *e)
{
    struct store_conn *conn = NULL;
    enum err_code code = store_conn_new(memory_store(call->rooms->memory), STORE_READ, &conn, e);
    if (!code && s->id) {
        s->n = 1;
        s->row = arena_one(call->mem, struct document_row);
        code = s->row ? document_read(conn, AUDIENCE, s->id, call->mem, s->row, e) : NO_MEMORY(e);
    } else if (!code) {
        code = documents_list(conn, AUDIENCE, true, call->mem, &s->row, &s->n, e);
    }
    store_conn_drop(&conn);
    return code;
}

enum err_code audience_saved_run(struct call *call, void *arg, struct err *e)
{
    struct saved *s = arg;
    TRY(saved_read(call, s, e));
    s->customers = arena_array(call->mem, int64_t, s->n + 1);
    s->why = arena_array(call->mem, struct slice, s->n + 1);
    if (!s->customers || !s->why)
        return NO_MEMORY(e);
    for (size_t i = 0; i < s->n; i++)
        s->customers[i] = -1;
    enum err_code code = ask_members(call->rooms, call->now_ms, e);
    if (code && code != ERR_BUSY)
        return code;
    if (code)
        s->unknown = *e;  // until the columns are there, those of the last time
    return take_members(call, s, e);
}

static enum err_code list_done(struct call *call, void *arg, struct err *e)
{
    const struct saved *s = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < s->n; i++)
        json_audience(&w, &s->row[i], s->customers[i], s->why[i]);
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

static enum err_code saved_begin(struct call *call, int64_t id, struct saved **ret, struct err *e)
{
    *ret = arena_one(call->mem, struct saved);
    if (!*ret)
        return NO_MEMORY(e);
    (*ret)->id = id;
    return ERR_OK;
}

enum err_code audiences_list_get(struct call *call, struct err *e)
{
    struct saved *s;
    TRY(saved_begin(call, 0, &s, e));
    return call_slow(call, (struct call_slow){ audience_saved_run, list_done, s }, e);
}

static enum err_code json_page(struct call *call, struct json_w *w, const struct saved *s, struct err *e)
{
    struct document_version *version;
    struct audience_size *size;
    size_t versions, sizes;
    TRY(document_versions(call->thread->read, s->id, true, call->mem, &version, &versions, e));
    TRY(audience_sizes(call->thread->read, s->id, call->mem, &size, &sizes, e));
    json_w_open(w, '{');
    json_w_key(w, "audience");
    json_audience(w, s->row, s->customers[0], s->why[0]);
    json_w_key(w, "versions");
    json_w_open(w, '[');
    for (size_t i = 0; i < versions; i++) {
        json_w_open(w, '{');
        json_document_version(w, &version[i]);
        json_w_kstring(w, "condition", version[i].text);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_key(w, "sizes");
    json_w_open(w, '[');
    for (size_t i = 0; i < sizes; i++) {
        char day[TIME_TEXT_MAX];
        json_w_open(w, '{');
        json_w_kstring(w, "day", time_print_date(size[i].day * DAY_MS, day));
        json_w_ki64(w, "customers", size[i].customers);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_close(w, '}');
    return ERR_OK;
}

static enum err_code page_done(struct call *call, void *arg, struct err *e)
{
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    TRY(json_page(call, &w, arg, e));
    return call_answer(call, 200, out, e);
}

enum err_code audience_get(struct call *call, struct err *e)
{
    struct saved *s;
    int64_t id;
    TRY(param_i64(call, 0, &id, e));
    TRY(saved_begin(call, id, &s, e));
    return call_slow(call, (struct call_slow){ audience_saved_run, page_done, s }, e);
}

/* ---- saving ---- */
struct saving {
    struct saved saved;             // first
    struct slice name, condition, note;
    bool is_new;
};

/* A condition that does not read is not saved. */
static enum err_code saving_locked(struct call *call, struct asking *a, void *arg, struct err *e)
{
    struct condition *condition;
    (void)call;
    return ask_condition(a, ((struct saving *)arg)->condition, "condition", &condition, e);
}

static enum err_code saving_check(struct call *call, void *arg, struct err *e)
{
    return ask_population(call, saving_locked, arg, e);
}

static enum err_code saving_write(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct saving *s = arg;
    if (s->is_new)
        return tx_document_add(tx, AUDIENCE, s->name, s->condition, s->note, call->by, &s->saved.id, e);
    return tx_document_edit(tx, AUDIENCE, s->saved.id, s->name, s->condition, s->note, call->by, e);
}

static enum err_code saved_done(struct call *call, void *arg, struct err *e)
{
    struct saving *s = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_audience(&w, s->saved.row, s->saved.customers[0], s->saved.why[0]);
    return call_answer(call, s->is_new ? 201 : 200, out, e);
}

static enum err_code saving_sized(struct call *call, void *arg, struct err *e)
{
    roster_touch(call->rooms->roster);
    return call_slow(call, (struct call_slow){ audience_saved_run, saved_done, arg }, e);
}

static enum err_code saving_checked(struct call *call, void *arg, struct err *e)
{
    return call_write(call, (struct call_work){ saving_write, saving_sized, arg, 0 }, e);
}

static enum err_code save(struct call *call, bool is_new, struct err *e)
{
    struct json body;
    struct saving *s = arena_one(call->mem, struct saving);
    TRY(call_body(call, &body, e));
    if (!s)
        return NO_MEMORY(e);
    s->is_new = is_new;
    if (!is_new)
        TRY(param_i64(call, 0, &s->saved.id, e));
    TRY(body_only(call, body, "name condition note", e));
    TRY(body_text(call, body, "name", true, DOCUMENT_NAME_MAX, &s->name, e));
    TRY(condition_member(call, body, "condition", &s->condition, e));
    TRY(body_text(call, body, "note", false, DOCUMENT_NOTE_MAX, &s->note, e));
    s->name = slice_trim(s->name);
    return call_slow(call, (struct call_slow){ saving_check, saving_checked, s }, e);
}

enum err_code audience_create(struct call *call, struct err *e)
{
    return save(call, true, e);
}

enum err_code audience_put(struct call *call, struct err *e)
{
    return save(call, false, e);
}

static enum err_code delete_write(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    (void)call;
    return tx_document_remove(tx, AUDIENCE, *(const int64_t *)arg, e);
}

static enum err_code deleted(struct call *call, void *arg, struct err *e)
{
    roster_touch(call->rooms->roster);
    return call_nothing(call, arg, e);
}

enum err_code audience_delete(struct call *call, struct err *e)
{
    int64_t *id = arena_one(call->mem, int64_t);
    if (!id)
        return NO_MEMORY(e);
    TRY(param_i64(call, 0, id, e));
    return call_write(call, (struct call_work){ delete_write, deleted, id, 0 }, e);
}

/* ---- sizes by day, kept by the clock ---- */
struct keeping {
    struct command command;         // first
    const struct api_options *rooms;
    struct store_conn *conn;
    struct arena *mem;
    struct document_row *audience;
    int64_t *customers;
    size_t n;
};

static enum err_code keep_run(struct command *command, struct tx *tx, struct err *e)
{
    const struct keeping *k = (const struct keeping *)command;
    for (size_t i = 0; i < k->n; i++)
        if (k->customers[i] >= 0)
            TRY(tx_audience_size(tx, k->audience[i].id, zones_day(k->rooms->zones, tx->now_ms), k->customers[i], e));
    return ERR_OK;
}

static enum err_code count_sizes(struct keeping *k, struct err *e)
{
    TRY(store_conn_new(memory_store(k->rooms->memory), STORE_READ, &k->conn, e));
    TRY(documents_list(k->conn, AUDIENCE, false, k->mem, &k->audience, &k->n, e));
    k->customers = arena_array(k->mem, int64_t, k->n + 1);
    if (!k->customers)
        return NO_MEMORY(e);
    roster_lock(k->rooms->roster);
    for (size_t i = 0; i < k->n; i++) {
        struct members members;
        bool is = roster_find(k->rooms->roster, k->audience[i].id, &members) && !members.why;
        k->customers[i] = is ? members.n : -1;
    }
    roster_unlock(k->rooms->roster);
    return ERR_OK;
}

enum err_code audiences_keep_sizes(const struct api_options *rooms, int64_t now_ms, struct err *e)
{
    AUTO(arena) mem = arena_new(SIZES_BYTES);
    struct keeping k = { .command = { .run = keep_run }, .rooms = rooms, .mem = mem };
    enum err_code code = mem ? ask_members(rooms, now_ms, e) : NO_MEMORY(e);
    if (!code)
        code = count_sizes(&k, e);
    if (!code && k.n)
        code = memory_run(rooms->memory, &k.command, e);
    store_conn_drop(&k.conn);
    return code;
}
