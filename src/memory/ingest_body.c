#include "memory/ingest_event.h"

#include <assert.h>

#include "base/limits.h"

static bool has_members(struct json v)
{
    return json_is(v, JSON_OBJECT) && json_count(v) > 0;
}

/* `over` on top of `under`, objects within objects likewise. Depth is bounded by the JSON parser's. */
static void merge_under(struct json_w *w, struct json over, struct json under, struct arena *mem)
{
    if (!json_is(over, JSON_OBJECT) || !json_is(under, JSON_OBJECT)) {
        json_w_raw(w, json_raw(json_is(over, JSON_NONE) ? under : over));
        return;
    }
    json_w_open(w, '{');
    for (struct json_iter it = json_iter(over); json_next(&it);) {
        struct slice key = json_string(it.key, mem);
        json_w_key_slice(w, key);
        merge_under(w, it.value, json_get_slice(under, key), mem);
    }
    for (struct json_iter it = json_iter(under); json_next(&it);) {
        struct slice key = json_string(it.key, mem);
        if (!json_is(json_get_slice(over, key), JSON_NONE))
            continue;
        json_w_key_slice(w, key);
        json_w_raw(w, json_raw(it.value));
    }
    json_w_close(w, '}');
}

/* context goes first, so that its place is known for what ingest_complete puts in. */
static void print_context(const struct ingest_body_job *job, struct json_w *w, struct arena *mem,
                          struct ingest_event *ret)
{
    struct json over = job->context, under = job->base->context;
    if (!json_is(over, JSON_OBJECT))
        over = (struct json){ 0 };
    if (!has_members(over) && !has_members(under))
        return;
    json_w_key(w, "context");
    ret->context_at = w->out->len + 1;
    ret->context_empty = false;
    merge_under(w, over, json_is(under, JSON_OBJECT) ? under : (struct json){ 0 }, mem);
}

static void print_body(const struct ingest_body_job *job, struct json_w *w, struct arena *mem,
                       struct ingest_event *ret)
{
    json_w_open(w, '{');
    print_context(job, w, mem, ret);
    bool merged = has_members(job->base->integrations);
    if (merged) {
        json_w_key(w, "integrations");
        merge_under(w, job->integrations, job->base->integrations, mem);
    }
    for (struct json_iter it = json_iter(job->item); json_next(&it);) {
        struct slice key = json_string(it.key, mem);
        if (slice_is(key, "writeKey") || slice_is(key, "context") ||
            (merged && slice_is(key, "integrations")) ||
            (job->drop_message_id && slice_is(key, "messageId")))
            continue;
        json_w_key_slice(w, key);
        json_w_raw(w, json_raw(it.value));
    }
    json_w_close(w, '}');
}

enum err_code ingest_body(const struct ingest_body_job *job, struct arena *mem, struct ingest_event *ret,
                          struct err *e)
{
    assert(json_is(job->item, JSON_OBJECT));
    struct slice raw = json_raw(job->item);
    bool odd_context = job->context.mark && !json_is(job->context, JSON_OBJECT);
    if (!job->drop_write_key && !job->drop_message_id && !odd_context &&
        !has_members(job->base->context) && !has_members(job->base->integrations)) {
        ret->fact.body = raw;
        if (json_is(job->context, JSON_OBJECT)) {
            ret->context_at = (size_t)(json_raw(job->context).at - raw.at) + 1;
            ret->context_empty = json_count(job->context) == 0;
        }
        return ERR_OK;
    }
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(2 * (size_t)LIMIT_HTTP_BODY);
    struct json_w w = json_w(&out);
    print_body(job, &w, mem, ret);
    TRY(buf_check(&out, "an event's body", e));
    ret->fact.body = arena_copy(mem, buf_slice(&out));
    if (!ret->fact.body.at)
        return err_set(e, ERR_LIMIT, 0, "a batch needs more memory than a request may use");
    return ERR_OK;
}
