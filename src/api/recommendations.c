/* What to propose: the models in use, their proof on the shop's own past, and what each of them would say to one customer. */
#include <stdio.h>

#include "api/api_room.h"

#define EXAMPLES_USUAL 5
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the recommendations")

/* ---- the models ---- */
static void json_interval(struct json_w *w, const char *key, struct interval i)
{
    json_w_key(w, key);
    json_w_open(w, '{');
    json_w_kdouble(w, "value", i.value);
    json_w_kdouble(w, "low", i.low);
    json_w_kdouble(w, "high", i.high);
    json_w_close(w, '}');
}

static void json_models(struct json_w *w, const struct recommend_version *v)
{
    json_w_key(w, "models");
    json_w_open(w, '[');
    for (enum proposer p = 0; v && p < PROPOSERS; p++) {
        json_w_open(w, '{');
        json_w_kcstr(w, "kind", proposer_name(p));
        json_w_kbool(w, "fitted", v->fitted[p]);
        json_w_kdouble(w, "weight", v->weight[p]);
        json_w_ki64(w, "bytes", (int64_t)v->bytes[p]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void json_version(struct json_w *w, const struct recommend_version *v)
{
    char name[40];
    size_t bytes = 0;
    for (size_t p = 0; p < PROPOSERS; p++)
        bytes += v->bytes[p];
    snprintf(name, sizeof name, "recommend-%lld", (long long)v->version);
    json_w_open(w, '{');
    json_w_kcstr(w, "version", name);
    json_w_ktime(w, "fittedAt", v->fitted_ms);
    json_w_ki64(w, "tookMs", v->took_ms);
    json_ktime_or_null(w, "learntAt", v->learnt_ms ? v->learnt_ms : FACT_NO_TIME);
    json_w_ki64(w, "orders", (int64_t)v->orders);
    json_w_ki64(w, "lines", (int64_t)v->lines);
    json_w_ki64(w, "customers", v->customers);
    json_w_ki64(w, "products", v->products);
    json_w_ki64(w, "sessions", v->sessions);
    json_w_ki64(w, "bytes", (int64_t)bytes);
    json_models(w, v);
    json_w_close(w, '}');
}

/* ---- the proof ---- */
static size_t lead_rival(const struct recommend_proof *p)
{
    static const size_t rivals[] = { MEASURED_POPULAR, PROPOSER_TREND, MEASURED_TOGETHER };
    size_t best = rivals[0];
    for (size_t i = 1; i < sizeof rivals / sizeof *rivals; i++)
        best = p->of[rivals[i]].hits > p->of[best].hits ? rivals[i] : best;
    return best;
}

static void json_quality(struct json_w *w, const struct recommend_proof *p)
{
    json_w_key(w, "quality");
    json_w_open(w, '[');
    for (enum measured m = 0; m < MEASURED; m++) {
        const struct quality *q = &p->of[m];
        if (!q->known)
            continue;
        json_w_open(w, '{');
        json_w_kcstr(w, "kind", measured_name(m));
        json_interval(w, "recallAt20", q->recall_at_20);
        json_interval(w, "ndcgAt10", q->ndcg_at_10);
        json_interval(w, "hitRateAt10", q->hit_at_10);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void json_blend(struct json_w *w, const struct blend *b)
{
    json_w_key(w, "blend");
    json_w_open(w, '{');
    json_w_kbool(w, "counts", b->blended);
    json_w_kcstr(w, "bestSingle", proposer_name((enum proposer)b->best));
    json_w_ki64(w, "learntOn", b->learnt);
    json_w_ki64(w, "measuredOn", b->measured);
    json_interval(w, "lead", (struct interval){ b->lead.value, b->lead.low, b->lead.high });
    json_w_close(w, '}');
}

static void json_proof(struct json_w *w, const struct recommend_proof *p)
{
    const struct evaluation *v = &p->evaluation;
    size_t rival = lead_rival(p);
    json_w_open(w, '{');
    json_w_ktime(w, "at", v->at_ms);
    json_w_ktime(w, "cutoff", v->cutoff_ms);
    json_w_ki64(w, "heldBackDays", v->held_back_days);
    json_w_ki64(w, "customers", v->all.customers);
    json_quality(w, p);
    json_w_key(w, "lead");
    json_w_open(w, '{');
    json_w_kcstr(w, "over", measured_name((enum measured)rival));
    struct interval lead = paired_lead(p->of[MEASURED_SHOWN].hits, p->of[rival].hits, p->of[rival].both, v->all.customers);
    json_w_kdouble(w, "value", lead.value);
    json_w_kdouble(w, "low", lead.low);
    json_w_kdouble(w, "high", lead.high);
    json_w_close(w, '}');
    json_blend(w, &p->blend);
    json_w_close(w, '}');
}

/* ---- which counts, and why ---- */
enum why { WHY_NOTHING, WHY_FIRST, WHY_FEW, WHY_BLEND, WHY_SINGLE };
static const char *const why_names[] = { "nothing", "first", "few", "blend", "single" };

static enum why why_of(const struct recommend_version *v, const struct recommend_proof *p)
{
    return !v ? WHY_NOTHING : !p ? WHY_FIRST : !p->learnt ? WHY_FEW : p->blend.blended ? WHY_BLEND : WHY_SINGLE;
}

static void why_text(enum why why, const struct recommend_proof *p, bool es, struct buf *out)
{
    switch (why) {
    case WHY_NOTHING:
        buf_adds(out, es ? "Todavía no hay pedidos: se propone lo más pedido."
                         : "There are no orders yet: what is popular is proposed.");
        break;
    case WHY_FIRST:
        buf_adds(out, es ? "Lo que se compra junto (RP3beta), hasta que se haya medido en el pasado de la tienda qué modelos "
                           "valen más."
                         : "What is bought together (RP3beta), until it is measured on the shop's past which models are worth "
                           "more.");
        break;
    case WHY_FEW:
        buf_adds(out, es ? "Muy pocos clientes volvieron a comprar algo nuevo para aprender de ellos: se propone lo que se "
                           "compra junto (RP3beta) y, donde falta, lo más pedido."
                         : "Too few customers came back for something new to learn from: what is bought together (RP3beta) is "
                           "proposed and, where that is not enough, what is popular.");
        break;
    case WHY_BLEND:
        buf_printf(out, es ? "La mezcla: en %u clientes que no sirvieron para aprenderla fue mejor que el mejor modelo solo "
                             "(%s): NDCG@10 %+.3f (95 %%: %+.3f a %+.3f)."
                           : "The blend: on %u customers it was not learnt on it was better than the best single model (%s): "
                             "NDCG@10 %+.3f (95 %%: %+.3f to %+.3f).",
                   p->blend.measured, proposer_name((enum proposer)p->blend.best), p->blend.lead.value, p->blend.lead.low,
                   p->blend.lead.high);
        break;
    case WHY_SINGLE:
        buf_printf(out, es ? "Un solo modelo, %s: no está probado que la mezcla sea mejor (NDCG@10 %+.3f; 95 %%: %+.3f a %+.3f)."
                           : "One model, %s: it is not proven that a blend is better (NDCG@10 %+.3f; 95 %%: %+.3f to %+.3f).",
                   proposer_name((enum proposer)p->blend.best), p->blend.lead.value, p->blend.lead.low, p->blend.lead.high);
        break;
    }
}

static void json_why(struct json_w *w, const struct recommend_version *v, const struct recommend_proof *p)
{
    struct buf en = buf_make(1000), es = buf_make(1000);
    enum why why = why_of(v, p);
    why_text(why, p, false, &en);
    why_text(why, p, true, &es);
    json_w_kcstr(w, "health", why_names[why]);
    json_w_texts(w, "why", buf_slice(&en), buf_slice(&es));
    buf_drop(&en);
    buf_drop(&es);
}

enum err_code recommendations_get(struct call *call, struct err *e)
{
    struct recommendations *r = call->rooms->recommendations;
    struct recommend_version *past = arena_array(call->mem, struct recommend_version, RECOMMEND_VERSIONS);
    struct recommend_proof *proof = arena_one(call->mem, struct recommend_proof);
    if (!past || !proof)
        return NO_MEMORY(e);
    size_t n = recommendations_versions(r, past, RECOMMEND_VERSIONS);
    bool proven = recommendations_proof(r, proof);
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_why(&w, n ? past : NULL, proven ? proof : NULL);
    json_w_key(&w, "proof");
    if (proven)
        json_proof(&w, proof);
    else
        json_w_null(&w);
    json_w_key(&w, "versions");
    json_w_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        json_version(&w, &past[i]);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    return call_answer(call, 200, out, e);
}

static enum err_code fit_recommendations(const struct api_options *rooms, struct progress *progress, struct err *e)
{
    const struct recommend_taste taste = taste_of_catalogue(rooms->catalogue);
    return recommendations_learn(rooms->recommendations, &taste, clock_now_ms(memory_clock(rooms->memory)), progress, e);
}

enum err_code recommendations_fit_run(struct call *call, struct err *e)
{
    static const struct fit_work work = { "recommend", "recommendations", fit_recommendations };
    int64_t id;
    TRY(jobs_fit(call->api->jobs, &work, &id, e));
    return answer_job(call, 202, id, e);
}

/* ---- one customer ---- */
static void json_proposals(struct call *call, struct json_w *w, const char *kind, double weight, const struct decision *d)
{
    json_w_open(w, '{');
    json_w_kcstr(w, "kind", kind);
    json_w_kdouble(w, "weight", weight);
    json_w_key(w, "proposals");
    json_w_open(w, '[');
    for (size_t i = 0; i < d->n; i++)
        proposal_json(call->thread->decider, &d->of[i], d->at_ms, w);
    json_w_close(w, ']');
    json_w_close(w, '}');
}

/* Under the read lock. What is shown stands first. */
static enum err_code json_examples(struct call *call, struct json_w *w, uint32_t root, size_t limit, struct err *e)
{
    struct decider *decider = call->thread->decider;
    struct recommend_version now = { 0 };
    struct decision decision;
    bool any = recommendations_versions(call->rooms->recommendations, &now, 1) > 0;
    const struct decide_query query = { .root = root, .limit = limit };
    TRY(decide(decider, &query, call->now_ms, &decision, e));
    json_proposals(call, w, measured_name(MEASURED_SHOWN), 1, &decision);
    for (enum proposer p = 0; any && p < PROPOSERS; p++) {
        double alone[PROPOSERS] = { 0 };
        if (!now.fitted[p])
            continue;
        alone[p] = 1;
        TRY(decide_by(decider, root, alone, limit, call->now_ms, &decision, e));
        json_proposals(call, w, proposer_name(p), now.weight[p], &decision);
    }
    return ERR_OK;
}

enum err_code customer_recommendations_get(struct call *call, struct err *e)
{
    uint32_t root;
    size_t limit;
    TRY(call_query_limit(call, EXAMPLES_USUAL, &limit, e));
    TRY(call_customer(call, call->param[0], &root, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_id(&w, "customer", root);
    json_w_key(&w, "models");
    json_w_open(&w, '[');
    memory_read_lock(call->rooms->memory);
    enum err_code code = json_examples(call, &w, root, limit > DECIDE_MAX ? DECIDE_MAX : limit, e);
    memory_read_unlock(call->rooms->memory);
    TRY(code);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    return call_answer(call, 200, out, e);
}
