/* Whom to spend a budget on: treatments with their costs and channels, who gets which, what one more unit would be worth. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/audience_ask.h"
#include "base/decimal.h"
#include "insight/allocations.h"
#include "text/csv.h"

#define NAME_MAX_BYTES 100
#define MONEY_MOST 1e12              // of currency
#define EFFECT_MOST 10.0
#define SAMPLE 5
#define CUSTOMERS_USUAL 50
#define PIECE_CUSTOMERS 200
#define FACE_BYTES ((size_t)1 << 20)

/* ---- what is asked ---- */
struct alloc_call {
    struct allocation_ask ask;
    struct slice condition[ALLOCATE_TREATMENTS];
    struct allocation_table *table;
    int64_t id;
};

static bool is_absent(struct json v)
{
    return json_is(v, JSON_NONE) || json_is(v, JSON_NULL);
}

/* Flaws of a member of a list's element: "/cost: …" becomes "/treatments/2/cost: …". */
static enum err_code within(const char *list, size_t at, enum err_code code, struct err *e)
{
    struct err flaw = *e;
    if (code != ERR_INVALID)
        return code;
    return err_set(e, code, flaw.pos, "/%s/%zu%.120s", list, at, flaw.text);
}

static enum err_code money_member(struct json object, const char *name, int64_t *micro, struct err *e)
{
    struct err flaw;
    struct json value = json_get(object, name);
    double amount;
    if (!json_double(value, &amount) || amount < 0 || amount > MONEY_MOST || micro_parse(json_raw(value), micro, &flaw))
        return err_set(e, ERR_INVALID, 0, "/%s: must be an amount of money from 0 to %g, of six places at most", name,
                       MONEY_MOST);
    return ERR_OK;
}

static enum err_code limit_member(struct json object, const char *name, int64_t *ret, struct err *e)
{
    return body_i64(object, name, 0, UINT32_MAX, ALLOCATE_UNLIMITED, ret, e);
}

static enum err_code list_of(struct json body, const char *name, size_t least, size_t most, struct json *ret, struct err *e)
{
    *ret = json_get(body, name);
    if (is_absent(*ret) && !least)
        return ERR_OK;
    if (!json_is(*ret, JSON_ARRAY) || json_count(*ret) < least || json_count(*ret) > most)
        return err_set(e, ERR_INVALID, 0, "/%s: must be a list of %zu to %zu", name, least, most);
    return ERR_OK;
}

static enum err_code channel_read(struct call *call, struct json of, struct allocation_ask *ask, struct err *e)
{
    struct allocation_channel *channel = &ask->channel[ask->channels];
    if (!json_is(of, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, ": must be an object {\"name\", \"capacity\"}");
    TRY(body_only(call, of, "name capacity", e));
    TRY(body_text(call, of, "name", true, NAME_MAX_BYTES, &channel->name, e));
    TRY(limit_member(of, "capacity", &channel->capacity, e));
    for (unsigned c = 0; c < ask->channels; c++)
        if (slice_eq(ask->channel[c].name, channel->name))
            return err_set(e, ERR_INVALID, 0, "/name: another channel has this name already");
    ask->channels++;
    return ERR_OK;
}

static enum err_code channel_member(struct call *call, struct json of, const struct allocation_ask *ask, uint8_t *ret,
                                    struct err *e)
{
    struct slice name;
    TRY(body_text(call, of, "channel", ask->channels > 0, NAME_MAX_BYTES, &name, e));
    for (unsigned c = 0; c < ask->channels; c++)
        if (slice_eq(ask->channel[c].name, name)) {
            *ret = (uint8_t)c;
            return ERR_OK;
        }
    return name.len ? err_set(e, ERR_INVALID, 0, "/channel: is none of /channels; add it there") : ERR_OK;
}

static enum err_code part_read(struct json value, const char *tier, double *ret, struct err *e)
{
    if (json_double(value, ret) && *ret >= 0 && *ret <= EFFECT_MOST)
        return ERR_OK;
    return err_set(e, ERR_INVALID, 0, "/effect%s: must be the part of the lifetime value that is gained, from 0 to %g", tier,
                   EFFECT_MOST);
}

/* A number: the same for all tiers. An object: of those that it does not name nothing. */
static enum err_code effect_member(struct call *call, struct json of, double ret[TIERS_COUNT], struct err *e)
{
    struct json effect = json_get(of, "effect");
    double all = 0;
    if (!json_is(effect, JSON_OBJECT)) {
        TRY(part_read(effect, "", &all, e));
        for (int t = 0; t < TIERS_COUNT; t++)
            ret[t] = all;
        return ERR_OK;
    }
    for (struct json_iter it = json_iter(effect); json_next(&it);) {
        struct slice name = json_string(it.key, call->mem);
        char at[40];
        int tier = tiers_parse(name.at, name.len);
        if (tier < 0)
            return err_set(e, ERR_INVALID, 0, "/effect/%.*s: is no tier; they are most_valuable, most_growable, migrator, "
                           "below_zero, partner, newcomer", SLICE_ARG(slice_utf8_cut(name, 20)));
        snprintf(at, sizeof at, "/%s", tiers_name((enum tiers_tier)tier));
        TRY(part_read(it.value, at, &ret[tier], e));
    }
    return ERR_OK;
}

static enum err_code treatment_read(struct call *call, struct json of, struct alloc_call *a, struct err *e)
{
    struct allocation_ask *ask = &a->ask;
    struct allocation_treatment *t = &ask->treatment[ask->treatments];
    if (!json_is(of, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, ": must be an object {\"name\", \"channel\", \"cost\", \"effect\", \"condition\"}");
    TRY(body_only(call, of, "name channel cost condition effect", e));
    TRY(body_text(call, of, "name", true, NAME_MAX_BYTES, &t->name, e));
    TRY(channel_member(call, of, ask, &t->channel, e));
    TRY(money_member(of, "cost", &t->cost_micro, e));
    TRY(effect_member(call, of, t->effect, e));
    TRY(body_text(call, of, "condition", false, AUDIENCE_CONDITION_MAX, &a->condition[ask->treatments], e));
    for (unsigned k = 0; k < ask->treatments; k++)
        if (slice_eq(ask->treatment[k].name, t->name))
            return err_set(e, ERR_INVALID, 0, "/name: another treatment has this name already");
    ask->treatments++;
    return ERR_OK;
}

static enum err_code ask_read(struct call *call, struct json body, struct alloc_call *a, struct err *e)
{
    struct json channels, treatments;
    size_t at = 0;
    TRY(body_only(call, body, "budget contacts channels treatments", e));
    a->ask.budget_micro = ALLOCATE_UNLIMITED;
    if (!is_absent(json_get(body, "budget")))
        TRY(money_member(body, "budget", &a->ask.budget_micro, e));
    TRY(limit_member(body, "contacts", &a->ask.contacts, e));
    TRY(list_of(body, "channels", 0, ALLOCATE_CHANNELS, &channels, e));
    TRY(list_of(body, "treatments", 1, ALLOCATE_TREATMENTS, &treatments, e));
    for (struct json_iter it = json_iter(channels); json_next(&it); at++)
        TRY(within("channels", at, channel_read(call, it.value, &a->ask, e), e));
    at = 0;
    for (struct json_iter it = json_iter(treatments); json_next(&it); at++)
        TRY(within("treatments", at, treatment_read(call, it.value, a, e), e));
    return ERR_OK;
}

/* ---- worked out on a thread of the pool ---- */
static enum err_code gather_locked(struct call *call, struct asking *asking, void *arg, struct err *e)
{
    struct alloc_call *a = arg;
    (void)call;
    for (unsigned k = 0; k < a->ask.treatments; k++) {
        struct condition *condition;
        uint64_t *bits;
        if (!a->condition[k].len)
            continue;
        TRY(within("treatments", k, ask_run(asking, a->condition[k], "condition", &condition, &bits, e), e));
        a->ask.treatment[k].who = bits;
    }
    return allocation_gather(asking->world.population, &a->ask, &a->table, e);
}

static enum err_code allocation_work(struct call *call, void *arg, struct err *e)
{
    struct alloc_call *a = arg;
    struct allocated *one;
    investment_plans(call->rooms->investment, a->ask.plan);
    enum err_code code = ask_population(call, gather_locked, a, e);
    if (!code)
        code = allocation_solve(a->table, &a->ask, call->now_ms, call->by, &call->api->stopping, &one, e);
    if (!code)
        a->id = allocations_keep(call->api->allocations, one);
    allocation_table_drop(&a->table);
    api_count_work(call->api, false);
    return code;
}

/* ---- JSON ---- */
static double money(const struct allocated *a, double units)
{
    return units * (double)a->unit_micro / 1e6;
}

static void json_limit(struct json_w *w, const char *key, int64_t limit)
{
    if (limit == ALLOCATE_UNLIMITED)
        json_w_knull(w, key);
    else
        json_w_ki64(w, key, limit);
}

/* What one more would be worth; of what is not limited nothing. */
static void json_worth(struct json_w *w, const char *key, int64_t limit, double worth)
{
    json_w_kdouble(w, key, limit == ALLOCATE_UNLIMITED ? 0 : worth);
}

static void json_channels(struct json_w *w, const struct allocated *a)
{
    json_w_key(w, "channels");
    json_w_open(w, '[');
    for (unsigned c = 0; c < a->ask.channels; c++) {
        json_w_open(w, '{');
        json_w_kstring(w, "name", a->ask.channel[c].name);
        json_limit(w, "capacity", a->ask.channel[c].capacity);
        json_w_ki64(w, "used", a->answer.used[c]);
        json_worth(w, "worth", a->ask.channel[c].capacity, money(a, a->answer.channel_worth[c]));
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static struct allocation_sum sum_of(const struct allocated *a, int treatment, int tier)
{
    struct allocation_sum ret = { 0, 0 };
    for (int k = 0; k < (int)a->ask.treatments; k++)
        for (int t = 0; t < TIERS_COUNT; t++)
            if ((treatment < 0 || treatment == k) && (tier < 0 || tier == t)) {
                ret.customers += a->sum[k][t].customers;
                ret.value += a->sum[k][t].value;
            }
    return ret;
}

/* Of a treatment, or (-1) of them all. */
static void json_tiers(struct json_w *w, const struct allocated *a, int treatment)
{
    json_w_key(w, "tiers");
    json_w_open(w, '[');
    for (int t = 0; t < TIERS_COUNT; t++) {
        struct allocation_sum sum = sum_of(a, treatment, t);
        json_w_open(w, '{');
        json_w_kcstr(w, "tier", tiers_name((enum tiers_tier)t));
        if (treatment < 0)
            json_w_ki64(w, "people", (int64_t)a->tier[t]);
        json_w_ki64(w, "customers", (int64_t)sum.customers);
        json_w_kdouble(w, "value", money(a, (double)sum.value));
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static enum err_code json_choice(struct call *call, struct json_w *w, const struct allocated *a,
                                 const struct allocation_choice *of, struct err *e)
{
    json_w_open(w, '{');
    TRY(json_kcustomer(call, w, "customer", of->root, e));
    json_w_kstring(w, "treatment", a->ask.treatment[of->treatment].name);
    json_w_kcstr(w, "tier", tiers_name((enum tiers_tier)of->tier));
    json_w_kdouble(w, "value", money(a, of->value));
    json_w_kmicro(w, "cost", a->ask.treatment[of->treatment].cost_micro);
    json_w_close(w, '}');
    return ERR_OK;
}

/* Spread over all who get it. */
static enum err_code json_sample(struct call *call, struct json_w *w, const struct allocated *a, unsigned k, struct err *e)
{
    size_t n = a->begin[k + 1] - a->begin[k], step = n > SAMPLE ? n / SAMPLE : 1;
    json_w_key(w, "sample");
    json_w_open(w, '[');
    for (size_t i = 0; i < SAMPLE && i * step < n; i++)
        TRY(json_choice(call, w, a, &a->choice[a->begin[k] + i * step], e));
    json_w_close(w, ']');
    return ERR_OK;
}

static enum err_code json_treatments(struct call *call, struct json_w *w, const struct allocated *a, struct err *e)
{
    json_w_key(w, "treatments");
    json_w_open(w, '[');
    for (unsigned k = 0; k < a->ask.treatments; k++) {
        const struct allocation_treatment *t = &a->ask.treatment[k];
        struct allocation_sum sum = sum_of(a, (int)k, -1);
        json_w_open(w, '{');
        json_w_kstring(w, "name", t->name);
        json_ktext_or_null(w, "channel", a->ask.channels ? a->ask.channel[t->channel].name : (struct slice){ "", 0 });
        json_w_ki64(w, "customers", (int64_t)sum.customers);
        json_w_kdouble(w, "value", money(a, (double)sum.value));
        json_w_kmicro(w, "cost", (int64_t)sum.customers * t->cost_micro);
        json_tiers(w, a, (int)k);
        TRY(json_sample(call, w, a, k, e));
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    return ERR_OK;
}

/* What is spent: of each treatment its own cost, which may be less than its units. */
static int64_t spent_micro(const struct allocated *a)
{
    int64_t sum = 0;
    for (unsigned k = 0; k < a->ask.treatments; k++)
        sum += a->answer.chosen[k] * a->ask.treatment[k].cost_micro;
    return sum;
}

static void json_head(struct json_w *w, const struct allocated *a)
{
    const struct allocation *answer = &a->answer;
    json_row_id(w, "id", a->id);
    json_w_ktime(w, "at", a->at_ms);
    json_w_kstring(w, "by", a->by);
    if (a->ask.budget_micro == ALLOCATE_UNLIMITED)
        json_w_knull(w, "budget");
    else
        json_w_kmicro(w, "budget", a->ask.budget_micro);
    json_limit(w, "contactsMost", a->ask.contacts);
    json_w_ki64(w, "people", (int64_t)a->people);
    json_w_ki64(w, "contacts", answer->contacts);
    json_w_kdouble(w, "value", money(a, (double)answer->value));
    json_w_kmicro(w, "cost", spent_micro(a));
    json_w_kdouble(w, "bound", money(a, answer->bound));
    json_w_kdouble(w, "gap", money(a, answer->gap));
    json_worth(w, "moneyWorth", a->ask.budget_micro, answer->money_worth);
    json_worth(w, "contactWorth", a->ask.contacts, money(a, answer->contact_worth));
}

static enum err_code json_allocation(struct call *call, struct json_w *w, int64_t id, struct err *e)
{
    struct allocations *kept = call->api->allocations;
    enum err_code code = ERR_OK;
    allocations_lock(kept);
    const struct allocated *a = allocations_find(kept, id);
    if (a) {
        json_w_open(w, '{');
        json_head(w, a);
        json_tiers(w, a, -1);
        json_channels(w, a);
        code = json_treatments(call, w, a, e);
        json_w_close(w, '}');
    } else {
        code = err_set(e, ERR_NOT_FOUND, 0, "there is no allocation %lld: the last %d since the start are kept", (long long)id,
                       ALLOCATIONS_KEPT);
    }
    allocations_unlock(kept);
    return code;
}

static enum err_code answer_allocation(struct call *call, int status, int64_t id, struct err *e)
{
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    TRY(json_allocation(call, &w, id, e));
    return call_answer(call, status, out, e);
}

static enum err_code allocation_done(struct call *call, void *arg, struct err *e)
{
    return answer_allocation(call, 201, ((const struct alloc_call *)arg)->id, e);
}

enum err_code allocation_create(struct call *call, struct err *e)
{
    struct json body;
    struct alloc_call *a = arena_one(call->mem, struct alloc_call);
    if (!a)
        return NO_MEMORY(e);
    TRY(call_body(call, &body, e));
    TRY(ask_read(call, body, a, e));
    api_count_work(call->api, true);
    enum err_code code = call_slow(call, (struct call_slow){ allocation_work, allocation_done, a }, e);
    if (code)
        api_count_work(call->api, false);
    return code;
}

enum err_code allocation_get(struct call *call, struct err *e)
{
    int64_t id;
    TRY(param_i64(call, 0, &id, e));
    return answer_allocation(call, 200, id, e);
}

enum err_code allocations_list(struct call *call, struct err *e)
{
    struct allocations *kept = call->api->allocations;
    const struct allocated *a;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    allocations_lock(kept);
    for (size_t at = 0; (a = allocations_at(kept, at)); at++) {
        json_w_open(&w, '{');
        json_head(&w, a);
        json_w_close(&w, '}');
    }
    allocations_unlock(kept);
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

/* ---- who gets what ---- */
/* ?treatment=: the choices [*from, *to) that it has; absent: all. Under the lock. */
static enum err_code choices_asked(struct call *call, const struct allocated *a, size_t *from, size_t *to, struct err *e)
{
    struct slice name;
    TRY(call_query(call, "treatment", &name, e));
    *from = 0;
    *to = a->begin[a->ask.treatments];
    if (!name.len)
        return ERR_OK;
    for (unsigned k = 0; k < a->ask.treatments; k++)
        if (slice_eq(a->ask.treatment[k].name, name)) {
            *from = a->begin[k];
            *to = a->begin[k + 1];
            return ERR_OK;
        }
    return err_set(e, ERR_INVALID, 0, "?treatment= is none of the allocation's");
}

static enum err_code find_asked(struct call *call, const struct allocated **ret, size_t *from, size_t *to, struct err *e)
{
    int64_t id;
    TRY(param_i64(call, 0, &id, e));
    *ret = allocations_find(call->api->allocations, id);
    if (!*ret)
        return err_set(e, ERR_NOT_FOUND, 0, "there is no allocation %lld: the last %d since the start are kept", (long long)id,
                       ALLOCATIONS_KEPT);
    return choices_asked(call, *ret, from, to, e);
}

static enum err_code page_locked(struct call *call, struct json_w *w, size_t after, size_t limit, struct err *e)
{
    const struct allocated *a;
    size_t from, to, n = 0;
    TRY(find_asked(call, &a, &from, &to, e));
    json_list_open(w);
    for (size_t i = from + after; i < to && n < limit; i++, n++)
        TRY(json_choice(call, w, a, &a->choice[i], e));
    json_list_close(w, from + after + n < to ? (int64_t)(after + n) : 0);
    return ERR_OK;
}

enum err_code allocation_customers(struct call *call, struct err *e)
{
    int64_t after;
    size_t limit;
    TRY(query_after(call, &after, e));
    TRY(call_query_limit(call, CUSTOMERS_USUAL, &limit, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    allocations_lock(call->api->allocations);
    enum err_code code = page_locked(call, &w, (size_t)after, limit, e);
    allocations_unlock(call->api->allocations);
    return code ? code : call_answer(call, 200, out, e);
}

/* A copy of the choices, so that the stream can take its time. */
struct choice_export {
    const struct api_options *rooms;
    struct api_thread *thread;
    struct arena *mem;               // of a face
    struct slice treatment[ALLOCATE_TREATMENTS];
    int64_t cost_micro[ALLOCATE_TREATMENTS];
    int64_t unit_micro;
    struct allocation_choice *of;
    size_t n, at;
    char texts[ALLOCATE_TREATMENTS * (NAME_MAX_BYTES + 1)];
};

static void export_drop(void *arg)
{
    struct choice_export *x = arg;
    free(x->of);
    arena_drop(&x->mem);
    free(x);
}

static enum err_code export_line(struct choice_export *x, const struct allocation_choice *of, struct buf *out, struct err *e)
{
    struct customer_face face;
    char cost[32];
    arena_reset(x->mem);
    memory_read_lock(x->rooms->memory);
    enum err_code code = customers_face(memory_customers(x->rooms->memory), x->thread->read, of->root, x->mem, &face, e);
    memory_read_unlock(x->rooms->memory);
    TRY(code);
    buf_printf(out, "c%u,", of->root);
    csv_write_safe(out, face.user_id);
    buf_addc(out, ',');
    csv_write_safe(out, face.email);
    buf_addc(out, ',');
    csv_write_safe(out, x->treatment[of->treatment]);
    buf_printf(out, ",%s,%.2f,", tiers_name((enum tiers_tier)of->tier), of->value * (double)x->unit_micro / 1e6);
    buf_add(out, micro_print(x->cost_micro[of->treatment], cost));
    buf_adds(out, "\r\n");
    return ERR_OK;
}

static enum err_code export_next(void *arg, struct buf *out, bool *more, struct err *e)
{
    struct choice_export *x = arg;
    if (!x->at)
        buf_adds(out, "customer,userId,email,treatment,tier,value,cost\r\n");
    for (size_t end = x->at + PIECE_CUSTOMERS; x->at < x->n && x->at < end; x->at++)
        TRY(export_line(x, &x->of[x->at], out, e));
    *more = x->at < x->n;
    return ERR_OK;
}

/* Under the lock. */
static enum err_code export_copy(struct call *call, struct choice_export *x, struct err *e)
{
    const struct allocated *a;
    size_t from, to;
    TRY(find_asked(call, &a, &from, &to, e));
    x->n = to - from;
    x->of = malloc((x->n + 1) * sizeof *x->of);
    if (!x->of)
        return NO_MEMORY(e);
    memcpy(x->of, a->choice + from, x->n * sizeof *x->of);
    x->unit_micro = a->unit_micro;
    char *text = x->texts;
    for (unsigned k = 0; k < a->ask.treatments; k++) {
        struct slice name = a->ask.treatment[k].name;
        memcpy(text, name.at, name.len);
        x->treatment[k] = (struct slice){ text, name.len };
        x->cost_micro[k] = a->ask.treatment[k].cost_micro;
        text += name.len;
    }
    return ERR_OK;
}

enum err_code allocation_export(struct call *call, struct err *e)
{
    struct choice_export *x = calloc(1, sizeof *x);
    if (!x)
        return NO_MEMORY(e);
    x->rooms = call->rooms;
    x->thread = call->thread;
    x->mem = arena_new(FACE_BYTES);
    enum err_code code = x->mem ? ERR_OK : NO_MEMORY(e);
    allocations_lock(call->api->allocations);
    if (!code)
        code = export_copy(call, x, e);
    allocations_unlock(call->api->allocations);
    if (code) {
        export_drop(x);
        return code;
    }
    call_end(call, 200);
    http_set_header(call->http, "Content-Disposition", SLICE("attachment; filename=\"allocation.csv\""));
    http_set_header(call->http, "Cache-Control", SLICE("no-store"));
    http_reply_stream(call->http, 200, SLICE("text/csv; charset=utf-8"), (struct http_stream){ export_next, export_drop, x });
    return ERR_OK;
}
