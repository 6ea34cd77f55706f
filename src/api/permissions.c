/* Permissions: what a customer said of being contacted, and saying it. */
#include "api/api_room.h"
#include "memory/permissions.h"
#include "text/time.h"

#define SAID_MAX 1000
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

/* ---- reading ---- */
static void json_said(struct call *call, struct json_w *w, const struct permission_said *said)
{
    const struct permission *p = &said->permission;
    json_w_open(w, '{');
    json_w_kcstr(w, "channel", channel_name(p->channel));
    json_ktext_or_null(w, "topic", p->topic);
    json_w_kbool(w, "given", p->given);
    json_w_kbool(w, "holds", said->holds);
    json_ktext_or_null(w, "until", p->until);
    json_ktext_or_null(w, "evidence", p->evidence);
    json_w_ktime(w, "since", said->time_ms);
    json_ktext_or_null(w, "by", said->by);
    json_w_kstring(w, "source", memory_source_name(call->rooms->memory, said->source));
    json_w_ki64(w, "fact", said->fact);
    json_w_close(w, '}');
}

enum err_code customer_permissions(struct call *call, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    struct permission_said *said;
    size_t n = 0;
    uint32_t root;
    TRY(call_customer(call, call->param[0], &root, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    memory_read_lock(memory);
    enum err_code code = permissions_of(memory, call->thread->read, root, zones_day(call->rooms->zones, call->now_ms),
                                        call->mem, &said, &n, e);
    for (size_t i = 0; i < n && !code; i++)
        json_said(call, &w, &said[i]);
    memory_read_unlock(memory);
    TRY(code);
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

/* ---- saying ---- */
struct saying {
    uint32_t customer;
    struct permission permission;
    int64_t at_ms;
};
struct sayings {
    struct saying *at;
    size_t n;
};

static enum err_code read_time(struct call *call, struct json said, int64_t *ret, struct err *e)
{
    struct slice text;
    struct err flaw;
    TRY(body_text(call, said, "at", false, TIME_TEXT_MAX, &text, e));
    *ret = call->now_ms;
    if (!text.len)
        return ERR_OK;
    if (time_parse(text, ret, &flaw))
        return err_set(e, ERR_INVALID, 0, "/at: must be a time such as 2026-01-31T10:00:00Z");
    return *ret <= call->now_ms ? ERR_OK : err_set(e, ERR_INVALID, 0, "/at: lies ahead; it is when they said so");
}

static enum err_code read_given(struct json said, bool *ret, struct err *e)
{
    return json_bool(json_get(said, "given"), ret) ? ERR_OK
           : err_set(e, ERR_INVALID, 0, "/given: must be true, or false for a withdrawal");
}

static enum err_code read_channel(struct call *call, struct json said, enum channel *ret, struct err *e)
{
    struct slice name;
    TRY(body_text(call, said, "channel", true, 20, &name, e));
    return channel_parse(name, ret) ? ERR_OK : err_set(e, ERR_INVALID, 0, "/channel: must be one of " CHANNEL_NAMES);
}

static enum err_code read_one(struct call *call, struct json said, struct saying *ret, struct err *e)
{
    struct permission *p = &ret->permission;
    if (!json_is(said, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "must be an object");
    TRY(body_only(call, said, "customer channel topic given until evidence at", e));
    TRY(read_channel(call, said, &p->channel, e));
    TRY(body_text(call, said, "topic", false, PERMISSION_TOPIC_MAX, &p->topic, e));
    TRY(read_given(said, &p->given, e));
    TRY(body_text(call, said, "until", false, TIME_TEXT_MAX, &p->until, e));
    TRY(body_text(call, said, "evidence", false, PERMISSION_EVIDENCE_MAX, &p->evidence, e));
    TRY(read_time(call, said, &ret->at_ms, e));
    p->topic = slice_trim(p->topic);
    TRY(permission_check(p, e));
    return body_customer(call, said, "customer", &ret->customer, e);
}

static enum err_code read_all(struct call *call, struct json list, struct sayings *s, struct err *e)
{
    size_t n = json_count(list);
    if (!json_is(list, JSON_ARRAY) || !n || n > SAID_MAX)
        return err_set(e, ERR_INVALID, 0, "/permissions: must be a list of 1 to %d", SAID_MAX);
    s->at = arena_array(call->mem, struct saying, n);
    if (!s->at)
        return NO_MEMORY(e);
    for (struct json_iter it = json_iter(list); json_next(&it); s->n++) {
        struct err flaw = { .text = "" };
        enum err_code code = read_one(call, it.value, &s->at[s->n], &flaw);
        if (code)
            return err_set(e, code, flaw.pos, "/permissions/%zu%s%s", s->n, flaw.text[0] == '/' ? "" : ": ", flaw.text);
    }
    return ERR_OK;
}

/* All of them or none. */
static enum err_code say_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    const struct sayings *s = arg;
    uint32_t source;
    TRY(tx_call_source(tx, call, &source, e));
    for (size_t i = 0; i < s->n; i++)
        TRY(tx_permission(tx, s->at[i].customer, &s->at[i].permission, s->at[i].at_ms, call->by, source, e));
    return ERR_OK;
}

static enum err_code said(struct call *call, void *arg, struct err *e)
{
    const struct sayings *s = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_ki64(&w, "kept", (int64_t)s->n);
    json_w_close(&w, '}');
    return call_answer(call, 201, out, e);
}

enum err_code permissions_say(struct call *call, struct err *e)
{
    struct json body;
    struct sayings *s = arena_one(call->mem, struct sayings);
    if (!s)
        return NO_MEMORY(e);
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "permissions", e));
    TRY(read_all(call, json_get(body, "permissions"), s, e));
    return call_write(call, (struct call_work){ say_run, said, s, s->n }, e);
}
