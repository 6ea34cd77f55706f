/* Customers: lists, one customer's page, what staff declare, accounts, timeline. */
#include <assert.h>
#include <stdio.h>

#include "api/api_room.h"
#include "base/limits.h"
#include "memory/traits.h"
#include "text/time.h"

#define IDENTIFIERS_MAX 20
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

/* ---- the list ---- */

static enum err_code query_flags(struct call *call, struct people_query *query, struct err *e)
{
    struct slice order, tier, kind, known;
    enum customer_kind kind_value;
    TRY(call_query(call, "order", &order, e));
    TRY(call_query(call, "tier", &tier, e));
    TRY(call_query(call, "kind", &kind, e));
    TRY(call_query(call, "known", &known, e));
    query->descending = slice_is(order, "desc");
    if (order.len && !query->descending && !slice_is(order, "asc"))
        return err_set(e, ERR_INVALID, 0, "?order= is asc or desc");
    query->tier = tier.len ? tier_parse(tier.at, tier.len) : -1;
    if (tier.len && query->tier < 0)
        return err_set(e, ERR_INVALID, 0, "?tier= is champion, loyal, promising, new, at_risk, asleep or "
                                          "prospect");
    query->kind = -1;
    if (kind.len) {
        if (!customer_kind_parse(kind, &kind_value))
            return err_set(e, ERR_INVALID, 0, "?kind= is person, company, household or partner");
        query->kind = (int)kind_value;
    }
    query->known = slice_is(known, "true") ? 1 : slice_is(known, "false") ? 0 : -1;
    if (known.len && query->known < 0)
        return err_set(e, ERR_INVALID, 0, "?known= is true or false");
    return ERR_OK;
}

static enum err_code query_people(struct call *call, struct people_query *query, struct err *e)
{
    struct slice sort;
    TRY(call_query(call, "q", &query->q, e));
    TRY(call_query(call, "after", &query->after, e));
    TRY(call_query_limit(call, 50, &query->limit, e));
    TRY(call_query(call, "sort", &sort, e));
    int by = sort.len ? people_sort_parse(sort) : SORT_LAST_SEEN;
    if (by < 0)
        return err_set(e, ERR_INVALID, 0, "?sort= is name, value, orders, last_order, last_seen or first_seen");
    query->sort = (enum people_sort)by;
    TRY(query_flags(call, query, e));
    struct slice order;
    TRY(call_query(call, "order", &order, e));
    if (!order.len)  // names from A, figures from the largest
        query->descending = query->sort != SORT_NAME;
    return ERR_OK;
}

enum err_code customers_list(struct call *call, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    struct people_query query = { 0 };
    struct people_page page;
    TRY(query_people(call, &query, e));
    TRY(people_list(call->rooms->people, call->thread->read, &query, call->now_ms, call->mem, &page, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_key(&w, "items");
    json_w_open(&w, '[');
    enum err_code code = ERR_OK;
    memory_read_lock(memory);
    for (size_t i = 0; i < page.n && !code; i++)
        code = json_customer_row_of(call, &w, page.root[i], e);
    memory_read_unlock(memory);
    TRY(code);
    json_w_close(&w, ']');
    json_ktext_or_null(&w, "next", page.next);
    json_w_ki64(&w, "total", (int64_t)page.total);
    json_w_close(&w, '}');
    return call_answer(call, 200, out, e);
}

enum err_code customer_get(struct call *call, struct err *e)
{
    uint32_t root;
    TRY(call_customer(call, call->param[0], &root, e));
    return answer_customer(call, 200, root, e);
}

/* ---- what staff declare ---- */

/* A customer to be made or changed. */
struct change {
    uint32_t customer, account;
    enum customer_kind kind;
    struct identifier *ids;
    size_t n;
    struct json traits;
    struct slice role;
    bool ended;
};

static enum err_code change_new(struct call *call, struct change **ret, struct err *e)
{
    *ret = arena_one(call->mem, struct change);
    return *ret ? ERR_OK : NO_MEMORY(e);
}

static enum err_code changed(struct call *call, void *arg, struct err *e)
{
    const struct change *change = arg;
    return answer_customer(call, 200, change->customer, e);
}

static enum err_code created(struct call *call, void *arg, struct err *e)
{
    const struct change *change = arg;
    return answer_customer(call, 201, change->customer, e);
}

static enum err_code tx_declare(struct tx *tx, struct call *call, const struct change *change, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf body = buf_make(LIMIT_HTTP_BODY);
    struct json_w w = json_w(&body);
    struct fact fact = { .type = FACT_TRAIT, .customer = change->customer, .timestamp_ms = tx->now_ms,
                         .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms };
    json_w_open(&w, '{');
    json_w_kraw(&w, "traits", json_raw(change->traits));
    json_w_kstring(&w, "by", call->by);
    json_w_close(&w, '}');
    TRY(buf_check(&body, "the fact of declared traits", e));
    fact.body = buf_slice(&body);
    TRY(tx_call_source(tx, call, &fact.source, e));
    TRY(tx_append(tx, &fact, e));
    return tx_traits_set(tx, change->customer, change->traits, PROVENANCE_DECLARED, fact.source, tx->now_ms,
                         fact.seq, e);
}

static enum err_code declare_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    return tx_declare(tx, call, arg, e);
}

static enum err_code traits_check(struct json traits, struct err *e)
{
    if (!json_is(traits, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "/traits: must be an object, name: value");
    if (!json_count(traits) || json_count(traits) > LIMIT_TRAITS_PER_FACT)
        return err_set(e, ERR_INVALID, 0, "give 1 to %d traits as name: value", LIMIT_TRAITS_PER_FACT);
    for (struct json_iter it = json_iter(traits); json_next(&it);)
        if (json_raw(it.key).len > LIMIT_TRAIT_NAME + 2 || json_raw(it.value).len > LIMIT_TRAIT_VALUE)
            return err_set(e, ERR_INVALID, 0, "a trait's name may have %d bytes, its value %d",
                           LIMIT_TRAIT_NAME, LIMIT_TRAIT_VALUE);
    return ERR_OK;
}

enum err_code customer_traits_edit(struct call *call, struct err *e)
{
    struct change *change;
    TRY(change_new(call, &change, e));
    TRY(call_body(call, &change->traits, e));
    TRY(traits_check(change->traits, e));
    TRY(call_customer(call, call->param[0], &change->customer, e));
    return call_write(call, (struct call_work){ declare_run, changed, change, 1 }, e);
}

static enum err_code identifiers_read(struct call *call, struct json list, struct change *change, struct err *e)
{
    size_t max = json_count(list);
    if (!json_is(list, JSON_ARRAY) || !max || max > IDENTIFIERS_MAX)
        return err_set(e, ERR_INVALID, 0, "/identifiers: must be a list of 1 to %d {kind, value}",
                       IDENTIFIERS_MAX);
    change->ids = arena_array(call->mem, struct identifier, max);
    if (!change->ids)
        return NO_MEMORY(e);
    for (struct json_iter it = json_iter(list); json_next(&it); change->n++) {
        struct identifier *id = &change->ids[change->n];
        if (body_text(call, it.value, "kind", true, 63, &id->kind, NULL)
            || body_text(call, it.value, "value", true, LIMIT_IDENTIFIER, &id->value, NULL))
            return err_set(e, ERR_INVALID, change->n, "/identifiers/%zu: must be {kind, value}, both text",
                           change->n);
    }
    return ERR_OK;
}

static enum err_code create_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct change *change = arg;
    uint32_t source;
    TRY(tx_call_source(tx, call, &source, e));
    TRY(tx_customer_new(tx, change->kind, change->ids, change->n, source, &change->customer, e));
    return json_count(change->traits) ? tx_declare(tx, call, change, e) : ERR_OK;
}

enum err_code customer_create(struct call *call, struct err *e)
{
    struct json body;
    struct slice kind;
    struct change *change;
    TRY(change_new(call, &change, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "kind identifiers traits", e));
    TRY(body_text(call, body, "kind", true, 20, &kind, e));
    if (!customer_kind_parse(kind, &change->kind))
        return err_set(e, ERR_INVALID, 0, "/kind: is person, company, household or partner");
    TRY(identifiers_read(call, json_get(body, "identifiers"), change, e));
    change->traits = json_get(body, "traits");
    if (json_count(change->traits))
        TRY(traits_check(change->traits, e));
    return call_write(call, (struct call_work){ create_run, created, change, 2 }, e);
}

/* ---- accounts ---- */

static enum err_code membership_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    const struct change *change = arg;
    return tx_membership(tx, change->customer, change->account, change->role, change->ended, call->by, e);
}

enum err_code customer_account_add(struct call *call, struct err *e)
{
    struct json body;
    struct change *change;
    TRY(change_new(call, &change, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "account role", e));
    TRY(body_text(call, body, "role", false, 100, &change->role, e));
    TRY(body_customer(call, body, "account", &change->account, e));
    TRY(call_customer(call, call->param[0], &change->customer, e));
    return call_write(call, (struct call_work){ membership_run, changed, change, 1 }, e);
}

enum err_code customer_account_remove(struct call *call, struct err *e)
{
    struct change *change;
    TRY(change_new(call, &change, e));
    TRY(call_customer(call, call->param[0], &change->customer, e));
    TRY(call_customer(call, call->param[1], &change->account, e));
    change->ended = true;
    return call_write(call, (struct call_work){ membership_run, changed, change, 1 }, e);
}

/* ---- history and timeline ---- */

enum err_code customer_trait_history(struct call *call, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    struct trait_value *values;
    size_t limit, n = 0;
    uint32_t root;
    TRY(call_query_limit(call, 50, &limit, e));
    TRY(call_customer(call, call->param[0], &root, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    memory_read_lock(memory);
    enum err_code code = traits_history(memory, call->thread->read, root, call->param[1], limit, call->mem,
                                        &values, &n, e);
    for (size_t i = 0; i < n && !code; i++) {
        json_w_open(&w, '{');
        json_w_kraw(&w, "value", values[i].value);
        json_w_ktime(&w, "time", values[i].time_ms);
        json_w_kstring(&w, "source", memory_source_name(memory, values[i].source));
        json_w_kcstr(&w, "provenance", provenance_name(values[i].provenance));
        json_w_ki64(&w, "fact", values[i].fact);
        json_w_close(&w, '}');
    }
    memory_read_unlock(memory);
    TRY(code);
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

static enum err_code query_time(struct call *call, const char *name, int64_t *ret, struct err *e)
{
    struct slice text;
    struct err flaw = { 0 };
    TRY(call_query(call, name, &text, e));
    *ret = FACT_NO_TIME;
    if (text.len && time_parse(text, ret, &flaw))
        return err_set(e, ERR_INVALID, 0, "?%s= must be a time such as 2026-01-31T10:00:00Z", name);
    return ERR_OK;
}

/* The opaque word of a page: "timestamp.seq" of its last fact. */
static enum err_code query_place(struct call *call, struct log_query *query, struct err *e)
{
    struct slice seq, ms;
    TRY(call_query(call, "after", &seq, e));
    if (!seq.len)
        return ERR_OK;
    ms = slice_cut(&seq, '.');
    if (!slice_i64(ms, &query->after_ms) || !slice_i64(seq, &query->after_seq) || query->after_seq < 1)
        return err_set(e, ERR_INVALID, 0, "?after= must be the `next` of the page before");
    return ERR_OK;
}

static enum err_code timeline_read(struct call *call, uint32_t root, struct log_query *query,
                                   struct arena *mem, struct buf *out, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    uint32_t histories[LIMIT_MERGE_LEAVES];
    size_t got, limit = query->limit - 1;
    struct fact *facts = arena_array(mem, struct fact, query->limit);
    if (!facts)
        return NO_MEMORY(e);
    query->customers = histories;
    query->n = customers_histories(memory_customers(memory), root, histories, LIMIT_MERGE_LEAVES);
    TRY(log_read(memory_log(memory), call->thread->read, query, mem, facts, &got, e));
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < got && i < limit; i++)
        TRY(json_fact(call, &w, &facts[i], e));
    char next[48];
    int n = 0;
    if (got > limit)
        n = snprintf(next, sizeof next, "%lld.%lld", (long long)facts[limit - 1].timestamp_ms,
                     (long long)facts[limit - 1].seq);
    json_list_close_word(&w, (struct slice){ next, (size_t)n });
    return ERR_OK;
}

enum err_code customer_timeline(struct call *call, struct err *e)
{
    struct log_query query = { .order = LOG_NEWEST };
    size_t limit;
    uint32_t root;
    TRY(call_query_limit(call, 50, &limit, e));
    TRY(query_fact_type(call, &query.type, e));
    TRY(call_query(call, "event", &query.event, e));
    TRY(query_time(call, "since", &query.since_ms, e));
    TRY(query_time(call, "until", &query.until_ms, e));
    TRY(query_place(call, &query, e));
    TRY(call_customer(call, call->param[0], &root, e));
    query.limit = limit + 1;  // one more tells whether another page follows
    AUTO(arena) mem = arena_new(LIMIT_PAGE_BYTES);
    if (!mem)
        return NO_MEMORY(e);
    struct buf *out = call_buf(call);
    memory_read_lock(call->rooms->memory);
    enum err_code code = timeline_read(call, root, &query, mem, out, e);
    memory_read_unlock(call->rooms->memory);
    TRY(code);
    return call_answer(call, 200, out, e);
}
