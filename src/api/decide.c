/* POST /decide: the next best proposals, kept as facts. */
#include <assert.h>
#include <stdio.h>

#include "api/api_room.h"
#include "base/limits.h"

#define LIMIT_USUAL 3
#define NO_ID SLICE("{\"id\":null,")
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "too many proposals for one request: ask for fewer customers")

/* A decision with its JSON, which is both the fact's body and the answer. */
struct decided {
    struct decision decision;
    struct slice json;
    int64_t seq;
};

struct decide_work {
    struct decided *of;
    size_t n;
    bool batch;
};

static enum err_code decide_one(struct call *call, struct decide_query query, struct decided *ret,
                                struct err *e)
{
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    TRY(decide(call->thread->decider, &query, call->now_ms, &ret->decision, e));
    decision_json(call->thread->decider, &ret->decision, 0, &w);
    TRY(buf_check(out, "the decision", e));
    ret->json = arena_copy(call->mem, buf_slice(out));
    assert(slice_starts(buf_slice(out), NO_ID));
    return ret->json.at ? ERR_OK : NO_MEMORY(e);
}

/* The root that a member or an element names; a newcomer when there is none. Under the read lock. */
static enum err_code asked_root(struct call *call, struct json value, uint32_t *root, struct err *e)
{
    *root = FACT_NOBODY;
    if (json_is(value, JSON_NONE) || json_is(value, JSON_NULL))
        return ERR_OK;
    struct slice ref = json_text(value, call->mem);
    if (!ref.len)
        return err_set(e, ERR_INVALID, 0, "a customer is named by a text such as \"c42\"");
    return customers_resolve(memory_customers(call->rooms->memory), call->thread->read, ref, root, e);
}

static enum err_code decide_all(struct call *call, struct json body, struct decide_query query,
                                struct decide_work *work, struct err *e)
{
    struct json list = json_get(body, "customers");
    if (!work->batch) {
        TRY(asked_root(call, json_get(body, "customer"), &query.root, e));
        return decide_one(call, query, &work->of[0], e);
    }
    size_t i = 0;
    for (struct json_iter it = json_iter(list); json_next(&it); i++) {
        struct err flaw = { 0 };
        enum err_code code = asked_root(call, it.value, &query.root, &flaw);
        if (code)
            return err_set(e, code, i, "/customers/%zu: %s", i, flaw.text);
        TRY(decide_one(call, query, &work->of[i], e));
    }
    return ERR_OK;
}

static void decided_json(struct buf *out, const struct decided *decided)
{
    if (!decided->seq) {
        buf_add(out, decided->json);
        return;
    }
    size_t skip = NO_ID.len;
    buf_printf(out, "{\"id\":\"%lld\",", (long long)decided->seq);
    buf_add(out, (struct slice){ decided->json.at + skip, decided->json.len - skip });
}

static enum err_code decide_done(struct call *call, void *arg, struct err *e)
{
    const struct decide_work *work = arg;
    struct buf *out = call_buf(call);
    if (!work->batch) {
        decided_json(out, &work->of[0]);
        return call_answer(call, 200, out, e);
    }
    buf_adds(out, "{\"items\":[");
    for (size_t i = 0; i < work->n; i++) {
        if (i)
            buf_addc(out, ',');
        decided_json(out, &work->of[i]);
    }
    buf_adds(out, "]}");
    return call_answer(call, 200, out, e);
}

static enum err_code decide_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct decide_work *work = arg;
    (void)call;
    for (size_t i = 0; i < work->n; i++)
        TRY(tx_decision(tx, &work->of[i].decision, work->of[i].json, &work->of[i].seq, e));
    return ERR_OK;
}

static enum err_code decide_ask(struct call *call, struct json body, struct decide_query *query,
                                struct decide_work *work, bool *log, struct err *e)
{
    struct json list = json_get(body, "customers");
    int64_t limit;
    TRY(body_only(call, body, "customer customers category limit log", e));
    TRY(body_text(call, body, "category", false, 200, &query->category, e));
    TRY(body_i64(body, "limit", 1, DECIDE_MAX, LIMIT_USUAL, &limit, e));
    TRY(body_bool(body, "log", true, log, e));
    query->limit = (size_t)limit;
    work->batch = !json_is(list, JSON_NONE);
    work->n = work->batch ? json_count(list) : 1;
    if (work->batch && !json_is(json_get(body, "customer"), JSON_NONE))
        return err_set(e, ERR_INVALID, 0, "/customers: give customer or customers, not both");
    if (work->batch && (!json_is(list, JSON_ARRAY) || work->n > LIMIT_DECIDE_CUSTOMERS))
        return err_set(e, ERR_INVALID, 0, "/customers: must be a list of at most %d", LIMIT_DECIDE_CUSTOMERS);
    return ERR_OK;
}

enum err_code decide_post(struct call *call, struct err *e)
{
    struct json body;
    struct decide_query query = { 0 };
    bool log;
    TRY(call_body(call, &body, e));
    struct decide_work *work = arena_one(call->mem, struct decide_work);
    if (!work)
        return NO_MEMORY(e);
    TRY(decide_ask(call, body, &query, work, &log, e));
    work->of = arena_array(call->mem, struct decided, work->n + 1);
    if (!work->of)
        return NO_MEMORY(e);
    memory_read_lock(call->rooms->memory);
    enum err_code code = decide_all(call, body, query, work, e);
    memory_read_unlock(call->rooms->memory);
    TRY(code);
    if (!log || !work->n)
        return decide_done(call, work, e);
    return call_write(call, (struct call_work){ decide_run, decide_done, work, work->n }, e);
}
