/* Everything out again, as NDJSON: facts, customers, catalogue. Streams: memory does not grow with the shop.
 *
 * A fact's line is its body as it came, with seq, type, customer, source, messageId and the four times behind
 * it; a member of the body that has one of these names gives way to ours.
 */
#include <stdlib.h>

#include "api/api_room.h"
#include "base/limits.h"

#define PIECE_BYTES (48u << 10)   // then the socket gets its turn
#define STEP_BYTES ((size_t)64 << 20)
#define STEP_FACTS 64
#define STEP_PRODUCTS 50
#define STEP_CUSTOMERS 8          // a customer's page is some ten reads
#define STEP_HISTORIES 4096       // looked at for them: most may have been merged

struct export_stream {
    struct call call;             // a copy that lives with the request's arena
    struct arena *mem;            // one step's
    int64_t after;                // seq, or history
    struct slice after_product;   // in name
    char name[512];
};

static bool is_ours(struct slice key)
{
    static const char *const ours[] = { "seq", "type", "customer", "source", "messageId", "timestamp",
                                        "originalTimestamp", "sentAt", "receivedAt" };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (slice_is(key, ours[i]))
            return true;
    return false;
}

static enum err_code fact_line(struct call *call, const struct fact *fact, struct buf *out, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    struct json body;
    struct json_w w = json_w(out);
    TRY(json_parse(call->thread->parser, fact->body, &body, e));
    json_w_open(&w, '{');
    for (struct json_iter it = json_iter(body); json_next(&it);) {
        struct slice key = json_string(it.key, call->mem);
        if (is_ours(key))
            continue;
        json_w_key_slice(&w, key);
        json_w_value(&w, it.value, call->mem);  // without line breaks
    }
    json_w_ki64(&w, "seq", fact->seq);
    json_w_kcstr(&w, "type", fact_type_name(fact->type));
    json_id(&w, "customer",
            fact->customer ? customers_root(memory_customers(memory), fact->customer) : FACT_NOBODY);
    json_w_kstring(&w, "source", memory_source_name(memory, fact->source));
    json_ktext_or_null(&w, "messageId", fact->message_id);
    json_w_ktime(&w, "timestamp", fact->timestamp_ms);
    json_ktime_or_null(&w, "originalTimestamp", fact->original_ms);
    json_ktime_or_null(&w, "sentAt", fact->sent_ms);
    json_w_ktime(&w, "receivedAt", fact->received_ms);
    json_w_close(&w, '}');
    buf_addc(out, '\n');
    return ERR_OK;
}

static enum err_code facts_step(struct export_stream *s, struct buf *out, bool *more, struct err *e)
{
    struct fact facts[STEP_FACTS];
    size_t got;
    TRY(log_scan(memory_log(s->call.rooms->memory), s->call.thread->read, s->after, STEP_FACTS, false,
                 s->call.mem, facts, &got, e));
    for (size_t i = 0; i < got; i++) {
        TRY(fact_line(&s->call, &facts[i], out, e));
        s->after = facts[i].seq;
    }
    *more = got > 0;
    return ERR_OK;
}

static enum err_code customers_step(struct export_stream *s, struct buf *out, bool *more, struct err *e)
{
    const struct customers *customers = memory_customers(s->call.rooms->memory);
    uint32_t count = customers_count(customers), history = (uint32_t)s->after;
    for (size_t looked = 0, n = 0; history < count && n < STEP_CUSTOMERS && looked < STEP_HISTORIES; looked++) {
        if (!customers_is_root(customers, ++history))
            continue;
        struct json_w w = json_w(out);
        TRY(json_customer(&s->call, &w, history, e));
        buf_addc(out, '\n');
        n++;
    }
    s->after = history;
    *more = history < count;
    return ERR_OK;
}

static enum err_code catalogue_step(struct export_stream *s, struct buf *out, bool *more, struct err *e)
{
    struct product_query query = { .after = s->after_product, .kind = -1, .limit = STEP_PRODUCTS };
    struct product *products;
    size_t n;
    TRY(catalogue_list(s->call.thread->read, &query, s->call.mem, &products, &n, e));
    for (size_t i = 0; i < n; i++) {
        struct json_w w = json_w(out);
        TRY(json_product(&s->call, &w, products[i].id, s->call.mem, e));
        buf_addc(out, '\n');
    }
    if (n && products[n - 1].id.len <= sizeof s->name) {
        s->after_product = (struct slice){ s->name, products[n - 1].id.len };
        memcpy(s->name, products[n - 1].id.at, products[n - 1].id.len);
    }
    *more = n == STEP_PRODUCTS;
    return ERR_OK;
}

/* ---- the three, as streams ---- */

typedef enum err_code (*export_step)(struct export_stream *, struct buf *, bool *more, struct err *);

/* Steps until a piece is full. locked: the step reads memory. */
static enum err_code piece(struct export_stream *s, export_step step, bool locked, struct buf *out, bool *more,
                           struct err *e)
{
    do {
        arena_reset(s->mem);
        if (locked)
            memory_read_lock(s->call.rooms->memory);
        enum err_code code = step(s, out, more, e);
        if (locked)
            memory_read_unlock(s->call.rooms->memory);
        TRY(code);
    } while (*more && out->len < PIECE_BYTES);
    return ERR_OK;
}

static enum err_code facts_next(void *arg, struct buf *out, bool *more, struct err *e)
{
    return piece(arg, facts_step, true, out, more, e);
}

static enum err_code customers_next(void *arg, struct buf *out, bool *more, struct err *e)
{
    return piece(arg, customers_step, true, out, more, e);
}

static enum err_code catalogue_next(void *arg, struct buf *out, bool *more, struct err *e)
{
    return piece(arg, catalogue_step, false, out, more, e);
}

static void export_end(void *arg)
{
    struct export_stream *s = arg;
    arena_drop(&s->mem);
}

enum err_code export_get(struct call *call, struct err *e)
{
    static const struct {
        const char *what;
        enum err_code (*next)(void *, struct buf *, bool *, struct err *);
    } exports[] = { { "facts", facts_next }, { "customers", customers_next }, { "catalogue", catalogue_next } };
    struct http_stream stream = { .end = export_end };
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++)
        if (slice_is(call->param[0], exports[i].what))
            stream.next = exports[i].next;
    if (!stream.next)
        return err_set(e, ERR_NOT_FOUND, 0, "there is facts, customers and catalogue to export");
    struct export_stream *s = arena_one(call->mem, struct export_stream);
    if (!s)
        return err_set(e, ERR_LIMIT, 0, "no memory for the export");
    s->mem = arena_new(STEP_BYTES);
    if (!s->mem)
        return err_set(e, ERR_LIMIT, 0, "no memory for the export");
    s->call = *call;
    s->call.mem = s->mem;
    s->call.parser = NULL;
    stream.arg = s;
    call_end(call, 200);
    http_set_header(call->http, "Cache-Control", SLICE("no-store"));
    http_reply_stream(call->http, 200, SLICE("application/x-ndjson"), stream);
    return ERR_OK;
}
