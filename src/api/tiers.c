/* Value tiers: who is in them, what they bring, who moved, and what is done for each. */
#include <math.h>
#include <stdlib.h>

#include "api/audience_ask.h"

#define CONTACTS_MOST 31
#define CUSTOMERS_USUAL 50

/* ---- JSON ---- */
static void json_tier_name(struct json_w *w, enum tiers_tier tier)
{
    json_w_kcstr(w, "tier", tiers_name(tier));
    json_w_texts(w, "label", slice_of(investment_tier_label(tier, "en")), slice_of(investment_tier_label(tier, "es")));
}

static void json_plan(struct json_w *w, const char *key, const struct investment_plan *p)
{
    json_w_key(w, key);
    json_w_open(w, '{');
    json_w_ki64(w, "contactsPerMonth", p->plan.contacts_per_month);
    json_w_kcstr(w, "service", tiers_service_name(p->plan.service));
    json_w_kbool(w, "manager", p->plan.manager);
    json_w_kdouble(w, "discountMost", p->plan.discount_most);
    json_ktime_or_null(w, "changedAt", p->changed_ms);
    json_ktext_or_null(w, "by", slice_of(p->by));
    json_w_close(w, '}');
}

static void json_cuts(struct json_w *w, const struct tiers_cuts *c)
{
    json_w_key(w, "cuts");
    json_w_open(w, '{');
    json_w_kdouble(w, "valuable", c->valuable);
    json_w_kdouble(w, "growable", c->growable);
    json_w_kdouble(w, "floor", c->floor);
    json_w_kdouble(w, "aliveLeast", c->alive_least);
    json_w_kdouble(w, "reachRate", c->reach_rate);
    json_w_kdouble(w, "margin", c->margin);
    json_w_close(w, '}');
}

/* Only where somebody went; from null: they are new. */
static void json_movement(struct json_w *w, const struct tiers_movement *m)
{
    json_w_key(w, "movement");
    json_w_open(w, '[');
    for (int from = 0; from <= TIERS_COUNT; from++)
        for (int to = 0; to < TIERS_COUNT; to++) {
            if (!m->customers[from][to])
                continue;
            json_w_open(w, '{');
            json_w_kcstr(w, "from", from < TIERS_COUNT ? tiers_name((enum tiers_tier)from) : NULL);
            json_w_kcstr(w, "to", tiers_name((enum tiers_tier)to));
            json_w_ki64(w, "customers", (int64_t)m->customers[from][to]);
            json_w_kdouble(w, "value", m->value[from][to]);
            json_w_close(w, '}');
        }
    json_w_close(w, ']');
}

static void json_fit(struct json_w *w, const struct investment_fit *fit, bool is)
{
    json_w_key(w, "fit");
    if (!is) {
        json_w_null(w);
        return;
    }
    json_w_open(w, '{');
    json_w_ki64(w, "id", fit->id);
    json_w_ktime(w, "fittedAt", fit->fitted_ms);
    json_kday(w, "asOf", fit->day);
    json_w_ki64(w, "valueFit", fit->value_fit);
    json_cuts(w, &fit->cuts);
    json_movement(w, &fit->movement);
    json_w_close(w, '}');
}

enum err_code tiers_get(struct call *call, struct err *e)
{
    struct investment_fit fit;
    struct investment_plan plan[TIERS_COUNT];
    bool is = investment_last_fit(call->rooms->investment, &fit);
    investment_plans(call->rooms->investment, plan);
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_fit(&w, &fit, is);
    json_w_key(&w, "tiers");
    json_w_open(&w, '[');
    for (int t = 0; t < TIERS_COUNT; t++) {
        json_w_open(&w, '{');
        json_tier_name(&w, (enum tiers_tier)t);
        json_w_ki64(&w, "customers", (int64_t)fit.tier[t].customers);
        json_w_kdouble(&w, "actualValue", fit.tier[t].actual);
        json_w_kdouble(&w, "lifetimeValue", fit.tier[t].lifetime);
        json_plan(&w, "plan", &plan[t]);
        json_w_close(&w, '}');
    }
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    return call_answer(call, 200, out, e);
}

/* ---- fits ---- */
static enum err_code fit_tiers(const struct api_options *rooms, struct progress *progress, struct err *e)
{
    return investment_refit(rooms->investment, rooms->people, clock_now_ms(memory_clock(rooms->memory)), progress, e);
}

enum err_code tiers_fit_run(struct call *call, struct err *e)
{
    static const struct fit_work work = { "tiers", "value tiers", fit_tiers };
    int64_t id;
    TRY(jobs_fit(call->api->jobs, &work, &id, e));
    return answer_job(call, 202, id, e);
}

/* ---- plans ---- */
static enum err_code param_tier(struct call *call, enum tiers_tier *ret, struct err *e)
{
    int tier = tiers_parse(call->param[0].at, call->param[0].len);
    if (tier < 0)
        return err_set(e, ERR_NOT_FOUND, 0, "there is no such tier; they are most_valuable, most_growable, migrator, below_zero, "
                                            "partner, newcomer");
    *ret = (enum tiers_tier)tier;
    return ERR_OK;
}

struct plan_put {
    enum tiers_tier tier;
    struct tiers_plan plan;
};

static enum err_code service_member(struct call *call, struct json body, enum tiers_service *ret, struct err *e)
{
    struct slice name;
    TRY(body_text(call, body, "service", false, 20, &name, e));
    for (int s = 0; s < TIERS_SERVICES; s++)
        if (slice_is(name, tiers_service_name((enum tiers_service)s))) {
            *ret = (enum tiers_service)s;
            return ERR_OK;
        }
    return name.len ? err_set(e, ERR_INVALID, 0, "/service: must be self, standard, priority or personal") : ERR_OK;
}

/* What is absent stays. */
static enum err_code plan_members(struct call *call, struct json body, struct plan_put *put, struct err *e)
{
    struct tiers_plan *p = &put->plan;
    struct json discount = json_get(body, "discountMost");
    struct err flaw;
    int64_t contacts;
    TRY(body_only(call, body, "contactsPerMonth service manager discountMost", e));
    TRY(body_i64(body, "contactsPerMonth", 0, CONTACTS_MOST, p->contacts_per_month, &contacts, e));
    p->contacts_per_month = (uint32_t)contacts;
    TRY(service_member(call, body, &p->service, e));
    TRY(body_bool(body, "manager", p->manager, &p->manager, e));
    bool is = json_is(discount, JSON_NONE) || json_double(discount, &p->discount_most);
    if (!is || p->discount_most < 0 || p->discount_most > 1)
        return err_set(e, ERR_INVALID, 0, "/discountMost: must be a part of the price, from 0 to 1");
    if (tiers_plan_check(p, put->tier, &flaw))  // all others have been checked
        return err_set(e, ERR_INVALID, 0, "/manager: with the service self nobody answers for them; choose another service");
    return ERR_OK;
}

static enum err_code plan_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    const struct plan_put *put = arg;
    return tx_investment_plan(tx, put->tier, &put->plan, call->by, e);
}

static enum err_code plan_done(struct call *call, void *arg, struct err *e)
{
    (void)arg;
    TRY(investment_read_plans(call->rooms->investment, call->thread->read, e));
    return tiers_get(call, e);
}

enum err_code tier_plan_put(struct call *call, struct err *e)
{
    struct json body;
    struct investment_plan plan[TIERS_COUNT];
    struct plan_put *put = arena_one(call->mem, struct plan_put);
    if (!put)
        return NO_MEMORY(e);
    TRY(param_tier(call, &put->tier, e));
    TRY(call_body(call, &body, e));
    investment_plans(call->rooms->investment, plan);
    put->plan = plan[put->tier].plan;
    TRY(plan_members(call, body, put, e));
    return call_write(call, (struct call_work){ plan_run, plan_done, put, 0 }, e);
}

/* ---- who is in ---- */
/* By lifetime value, the greatest first; of equals by number. */
struct place {
    int64_t value_micro;
    uint32_t row;
};
struct listing {
    enum tiers_tier tier;
    bool from_start;
    struct place after;
    size_t limit, n;
    struct place *of;                // limit + 1
    int32_t *since_day;
};

static bool comes_before(struct place a, struct place b)
{
    return a.value_micro != b.value_micro ? a.value_micro > b.value_micro : a.row < b.row;
}

/* Into its place among the first ones. */
static void consider(struct listing *l, struct place p)
{
    if (!l->from_start && !comes_before(l->after, p))
        return;
    size_t at = l->n;
    if (l->n == l->limit + 1 && !comes_before(p, l->of[--at]))
        return;
    for (; at > 0 && comes_before(p, l->of[at - 1]); at--)
        l->of[at] = l->of[at - 1];
    l->of[at] = p;
    l->n += l->n <= l->limit;
}

static enum err_code list_locked(struct call *call, struct asking *a, void *arg, struct err *e)
{
    struct listing *l = arg;
    const struct columns *columns = population_columns(a->world.population);
    const struct column *tier = columns_find(columns, SLICE("value tier"));
    const struct column *value = columns_find(columns, SLICE("lifetime value"));
    const struct column *since = columns_find(columns, SLICE("value tier since"));
    const uint64_t *customers = population_customers(a->world.population);
    int64_t code = 0, unit = llround(pow(10, NUMBER_SCALE - value->scale));
    while (code < (int64_t)tier->dictionary->n && !slice_is(tier->dictionary->value[code].string, tiers_name(l->tier)))
        code++;
    for (size_t row = 1; row < columns->rows; row++)
        if (bits_has(customers, row) && !column_is_null(tier, row) && column_raw(tier, row) == code)
            consider(l, (struct place){ column_is_null(value, row) ? 0 : column_raw(value, row) * unit, (uint32_t)row });
    l->since_day = arena_array(call->mem, int32_t, l->n + 1);
    if (!l->since_day)
        return NO_MEMORY(e);
    for (size_t i = 0; i < l->n; i++)
        l->since_day[i] = (int32_t)column_raw(since, l->of[i].row);
    return ERR_OK;
}

static enum err_code list_run(struct call *call, void *arg, struct err *e)
{
    return ask_population(call, list_locked, arg, e);
}

static enum err_code list_done(struct call *call, void *arg, struct err *e)
{
    const struct listing *l = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    struct slice next = { "", 0 };
    json_list_open(&w);
    for (size_t i = 0; i < l->n && i < l->limit; i++) {
        json_w_open(&w, '{');
        TRY(json_kcustomer(call, &w, "customer", l->of[i].row, e));
        json_w_kmicro(&w, "lifetimeValue", l->of[i].value_micro);
        json_kday(&w, "since", l->since_day[i]);
        json_w_close(&w, '}');
    }
    if (l->n > l->limit) {
        struct place last = l->of[l->limit - 1];
        next = arena_printf(call->mem, "%lld:%u", (long long)last.value_micro, last.row);
        if (!next.at)
            return NO_MEMORY(e);
    }
    json_list_close_word(&w, next);
    return call_answer(call, 200, out, e);
}

static enum err_code after_word(struct call *call, struct listing *l, struct err *e)
{
    struct slice word;
    int64_t row;
    TRY(call_query(call, "after", &word, e));
    l->from_start = !word.len;
    if (l->from_start)
        return ERR_OK;
    struct slice rest = word, value = slice_cut(&rest, ':');
    if (!slice_i64(value, &l->after.value_micro) || !slice_i64(rest, &row) || row < 1 || row > UINT32_MAX)
        return err_set(e, ERR_INVALID, 0, "?after= must be the `next` of the page before");
    l->after.row = (uint32_t)row;
    return ERR_OK;
}

enum err_code tier_customers(struct call *call, struct err *e)
{
    struct listing *l = arena_one(call->mem, struct listing);
    if (!l)
        return NO_MEMORY(e);
    TRY(param_tier(call, &l->tier, e));
    TRY(after_word(call, l, e));
    TRY(call_query_limit(call, CUSTOMERS_USUAL, &l->limit, e));
    l->of = arena_array(call->mem, struct place, l->limit + 1);
    return l->of ? call_slow(call, (struct call_slow){ list_run, list_done, l }, e) : NO_MEMORY(e);
}

/* ---- of one customer ---- */
void json_customer_tier(struct json_w *w, const struct investment *investment, const struct customer_tier *t)
{
    json_w_key(w, "valueTier");
    if (!t->known) {
        json_w_null(w);
        return;
    }
    struct investment_plan plan[TIERS_COUNT];
    investment_plans(investment, plan);
    json_w_open(w, '{');
    json_tier_name(w, t->tier);
    json_kday(w, "since", t->since_day);
    json_w_kcstr(w, "leaning", t->leaning != t->tier && t->leaning < TIERS_COUNT ? tiers_name(t->leaning) : NULL);
    json_w_kdouble(w, "brings", t->brings);
    json_w_kdouble(w, "couldBring", t->could_be);
    struct buf en = buf_make(1000), es = buf_make(1000);
    investment_why(investment, t, "en", &en);
    investment_why(investment, t, "es", &es);
    json_w_texts(w, "why", buf_slice(&en), buf_slice(&es));
    buf_drop(&en);
    buf_drop(&es);
    json_plan(w, "plan", &plan[t->tier]);
    json_w_close(w, '}');
}
