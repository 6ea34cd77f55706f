/* Who is in a saved audience, who came and who left; the audiences that a customer is in. */
#include "api/audience_ask.h"

/* ---- who is in ---- */
struct listing {
    struct saved saved;             // first
    int64_t after;
    size_t limit;
};

static enum err_code members_done(struct call *call, void *arg, struct err *e)
{
    const struct listing *m = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    size_t n = 0;
    int64_t next = 0, last = 0;
    if (m->saved.why[0].len)
        return err_set(e, ERR_INVALID, 0, "/condition: %.*s", SLICE_ARG(slice_utf8_cut(m->saved.why[0], 140)));
    if (m->saved.customers[0] < 0)
        return m->saved.unknown.code ? err_set(e, m->saved.unknown.code, m->saved.unknown.pos, "%s", m->saved.unknown.text)
                                     : err_set(e, ERR_BUSY, 1, "the audience has been saved just now");
    json_list_open(&w);
    for (size_t row = (size_t)m->after + 1; row < m->saved.rows && !next; row++) {
        if (!bits_has(m->saved.bits, row)) {
            if (!m->saved.bits[row / 64])  // of a small audience most words are empty
                row |= 63;
            continue;
        }
        if (n++ == m->limit) {
            next = last;
            break;
        }
        TRY(json_customer_row_of(call, &w, (uint32_t)row, e));
        last = (int64_t)row;
    }
    json_list_close(&w, next);
    return call_answer(call, 200, out, e);
}

enum err_code audience_customers(struct call *call, struct err *e)
{
    struct listing *m = arena_one(call->mem, struct listing);
    if (!m)
        return NO_MEMORY(e);
    TRY(param_i64(call, 0, &m->saved.id, e));
    TRY(query_after(call, &m->after, e));
    TRY(call_query_limit(call, 50, &m->limit, e));
    return call_slow(call, (struct call_slow){ audience_saved_run, members_done, m }, e);
}

/* ---- who came and who left ---- */
static void json_change(struct json_w *w, const struct audience_change *c)
{
    json_w_kbool(w, "entered", c->entered);
    json_w_ktime(w, "at", c->at_ms);
    json_w_kcstr(w, "because", because_name(c->because));
    if (c->because == BECAUSE_FACT)
        json_w_ki64(w, "fact", c->cause);
    else
        json_w_knull(w, "fact");
    if (c->because == BECAUSE_AUDIENCE)
        json_row_id(w, "audience", c->cause);
    else
        json_w_knull(w, "audience");
}

struct changes {
    int64_t id, before;
    size_t limit;
};

/* What has happened by now is among them. */
static enum err_code changes_run(struct call *call, void *arg, struct err *e)
{
    (void)arg;
    enum err_code code = ask_members(call->rooms, call->now_ms, e);
    return code == ERR_BUSY ? ERR_OK : code;
}

static enum err_code changes_done(struct call *call, void *arg, struct err *e)
{
    const struct changes *c = arg;
    struct audience_change *change;
    struct document_row row;
    size_t n;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    TRY(document_read(call->thread->read, AUDIENCE, c->id, call->mem, &row, e));  // ERR_NOT_FOUND
    TRY(audience_changes(call->thread->read, c->id, c->before, c->limit + 1, call->mem, &change, &n, e));
    json_list_open(&w);
    for (size_t i = 0; i < n && i < c->limit; i++) {
        memory_read_lock(call->rooms->memory);
        uint32_t root = customers_root(memory_customers(call->rooms->memory), change[i].customer);
        memory_read_unlock(call->rooms->memory);
        json_w_open(&w, '{');
        json_w_key(&w, "customer");
        TRY(json_customer_row_of(call, &w, root, e));
        json_change(&w, &change[i]);
        json_w_close(&w, '}');
    }
    json_list_close(&w, n > c->limit ? change[c->limit - 1].seq : 0);
    return call_answer(call, 200, out, e);
}

enum err_code audience_changes_get(struct call *call, struct err *e)
{
    struct changes *c = arena_one(call->mem, struct changes);
    if (!c)
        return NO_MEMORY(e);
    TRY(param_i64(call, 0, &c->id, e));
    TRY(query_after(call, &c->before, e));
    TRY(call_query_limit(call, 50, &c->limit, e));
    return call_slow(call, (struct call_slow){ changes_run, changes_done, c }, e);
}

/* ---- who is in another one, too ---- */
struct overlaps {
    struct saved saved;             // first: all of them
    int64_t id;
    int64_t *both;
};

static int64_t count_both(const struct members *a, const struct members *b)
{
    size_t words = (a->rows < b->rows ? a->rows : b->rows) / 64;
    int64_t n = 0;
    for (size_t w = 0; w < words; w++)
        n += __builtin_popcountll(a->bits[w] & b->bits[w]);
    return n;
}

static enum err_code overlaps_run(struct call *call, void *arg, struct err *e)
{
    struct overlaps *o = arg;
    struct members own, other;
    TRY(audience_saved_run(call, &o->saved, e));
    o->both = arena_array(call->mem, int64_t, o->saved.n + 1);
    if (!o->both)
        return NO_MEMORY(e);
    roster_lock(call->rooms->roster);
    bool is = roster_find(call->rooms->roster, o->id, &own);
    for (size_t i = 0; i < o->saved.n && is; i++)
        if (roster_find(call->rooms->roster, o->saved.row[i].id, &other))
            o->both[i] = count_both(&own, &other);
    roster_unlock(call->rooms->roster);
    return is ? ERR_OK : err_set(e, ERR_NOT_FOUND, 0, "there is no audience %lld", (long long)o->id);
}

static enum err_code overlaps_done(struct call *call, void *arg, struct err *e)
{
    const struct overlaps *o = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < o->saved.n; i++) {
        if (o->saved.row[i].id == o->id || o->saved.customers[i] < 0)
            continue;
        json_w_open(&w, '{');
        json_row_id(&w, "id", o->saved.row[i].id);
        json_w_kstring(&w, "name", o->saved.row[i].name);
        json_w_ki64(&w, "customers", o->saved.customers[i]);
        json_w_ki64(&w, "both", o->both[i]);
        json_w_close(&w, '}');
    }
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

enum err_code audience_overlaps(struct call *call, struct err *e)
{
    struct overlaps *o = arena_one(call->mem, struct overlaps);
    if (!o)
        return NO_MEMORY(e);
    TRY(param_i64(call, 0, &o->id, e));
    return call_slow(call, (struct call_slow){ overlaps_run, overlaps_done, o }, e);
}

/* ---- the audiences of one customer ---- */
struct of_customer {
    struct saved saved;             // first
    uint32_t root;
    bool *in;
};

static enum err_code of_customer_run(struct call *call, void *arg, struct err *e)
{
    struct of_customer *o = arg;
    TRY(audience_saved_run(call, &o->saved, e));
    o->in = arena_array(call->mem, bool, o->saved.n + 1);
    if (!o->in)
        return NO_MEMORY(e);
    roster_lock(call->rooms->roster);
    for (size_t i = 0; i < o->saved.n; i++) {
        struct members members;
        o->in[i] = roster_find(call->rooms->roster, o->saved.row[i].id, &members) && members_have(&members, o->root);
    }
    roster_unlock(call->rooms->roster);
    return ERR_OK;
}

static int64_t entered_ms(const struct audience_entry *entry, size_t n, int64_t audience)
{
    for (size_t i = 0; i < n; i++)
        if (entry[i].audience == audience)
            return entry[i].at_ms;
    return FACT_NO_TIME;
}

static enum err_code of_customer_done(struct call *call, void *arg, struct err *e)
{
    const struct of_customer *o = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    struct audience_entry *entry;
    size_t n;
    TRY(audience_entries(call->thread->read, o->root, call->mem, &entry, &n, e));
    json_list_open(&w);
    for (size_t i = 0; i < o->saved.n; i++) {
        if (!o->in[i])
            continue;
        json_w_open(&w, '{');
        json_row_id(&w, "id", o->saved.row[i].id);
        json_w_kstring(&w, "name", o->saved.row[i].name);
        json_ktime_or_null(&w, "since", entered_ms(entry, n, o->saved.row[i].id));
        json_w_close(&w, '}');
    }
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

enum err_code customer_audiences(struct call *call, struct err *e)
{
    struct of_customer *o = arena_one(call->mem, struct of_customer);
    if (!o)
        return NO_MEMORY(e);
    TRY(call_customer(call, call->param[0], &o->root, e));
    return call_slow(call, (struct call_slow){ of_customer_run, of_customer_done, o }, e);
}
