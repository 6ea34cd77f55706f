/* The share of customer: the newest fit, one customer, and who is within reach. */
#include <math.h>
#include <stdlib.h>

#include "api/api_room.h"
#include "base/limits.h"
#include "sys/clock.h"

#define REACH_USUAL 50
#define EVERYTHING "everything"      // in paths
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

/* ---- fits ---- */
enum err_code share_get(struct call *call, struct err *e)
{
    struct share_fit_row row;
    bool is;
    TRY(share_fit_newest(call->thread->read, call->mem, &row, &is, e));
    const struct share_scores *scores = customer_share_look(call->rooms->share);
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_key(&w, "id");
    if (is)
        json_w_i64(&w, row.id);
    else
        json_w_null(&w);
    json_w_kbool(&w, "ready", scores != NULL);
    json_w_kraw(&w, "report", is ? row.report : SLICE("null"));
    json_w_close(&w, '}');
    share_scores_drop(&scores);
    return call_answer(call, 200, out, e);
}

static enum err_code fit_share(const struct api_options *rooms, struct progress *progress, struct err *e)
{
    return customer_share_refit(rooms->share, clock_now_ms(memory_clock(rooms->memory)), progress, e);
}

enum err_code share_fit_run(struct call *call, struct err *e)
{
    static const struct fit_work work = { "share", "share of customer", fit_share };
    int64_t id;
    TRY(jobs_fit(call->api->jobs, &work, &id, e));
    return answer_job(call, 202, id, e);
}

/* ---- one customer ---- */
static double cents(double money)
{
    return round(money * 100) / 100;
}

static void json_numbers(struct json_w *w, const struct share_one *one)
{
    const struct { const char *name; double is; } of[] = {
        { "own", cents(one->own) }, { "potential", cents(one->potential) }, { "declared", cents(one->declared) },
        { "wallet", cents(one->wallet) }, { "walletLow", cents(one->low) }, { "walletHigh", cents(one->high) },
        { "share", share_of_wallet(one, one->wallet) }, { "low", share_of_wallet(one, one->high) },
        { "high", share_of_wallet(one, one->low) }, { "reach", cents(share_reach(one)) },
    };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        json_w_kdouble(w, of[i].name, of[i].is);
}

static void json_why(struct json_w *w, const struct share_one *one)
{
    static const char *const words[SHARE_WHYS][2] = {
        [SHARE_NOT_FITTED] = { "Not known yet: shares are being worked out since the server started, or nobody has bought.",
                               "Aún no se sabe: se está calculando desde que arrancó el servidor, o nadie ha comprado." },
        [SHARE_NOT_BUYING] = { "Bought nothing of it here in a year, and has not said what they spend on it.",
                               "En un año no ha comprado nada de esto aquí ni ha dicho lo que gasta." },
        [SHARE_FEW_ALIKE] = { "Too few customers like this one buy it here: there is nothing to compare with.",
                              "Hay muy pocos clientes parecidos que lo compren aquí: no hay con qué comparar." },
        [SHARE_TOO_WIDE] = { "Buys so much here that it may be nearly all or a small part of what they spend: ask them.",
                             "Compra tanto aquí que puede ser casi todo o solo una parte de lo que gasta: pregúntele." },
    };
    if (one->why == SHARE_KNOWN) {
        const char *en = isnan(one->declared) ? "By what customers alike spend here who leave nearly everything with us."
                                              : "By what they said they spend, and by customers alike.";
        const char *es = isnan(one->declared) ? "Por lo que gastan aquí clientes parecidos que nos dejan casi todo."
                                              : "Por lo que dijo que gasta y por clientes parecidos.";
        json_w_texts(w, "why", slice_of(en), slice_of(es));
        return;
    }
    json_w_texts(w, "why", slice_of(words[one->why][0]), slice_of(words[one->why][1]));
}

static void json_category(struct json_w *w, const struct share_scores *scores, size_t i, uint32_t root)
{
    const struct share_one one = share_of(scores, i, root);
    json_w_open(w, '{');
    json_ktext_or_null(w, "category", scores ? share_category(scores, i) : SLICE(""));
    json_w_kcstr(w, "known", share_why_name(one.why));
    json_numbers(w, &one);
    json_why(w, &one);
    json_w_close(w, '}');
}

enum err_code customer_share_get(struct call *call, struct err *e)
{
    uint32_t root;
    TRY(call_customer(call, call->param[0], &root, e));
    const struct share_scores *scores = customer_share_look(call->rooms->share);
    size_t n = scores ? share_categories(scores) : 1;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_id(&w, "customer", root);
    json_w_ki64(&w, "days", SHARE_DAYS);
    json_w_key(&w, "categories");
    json_w_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        json_category(&w, scores, i, root);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    share_scores_drop(&scores);
    return call_answer(call, 200, out, e);
}

/* ---- who is within reach ---- */
/* Who has been joined with another since the fit is left out. */
static enum err_code json_reach(struct call *call, struct json_w *w, const struct share_scores *scores, size_t category,
                                uint32_t root, struct err *e)
{
    const struct share_one one = share_of(scores, category, root);
    memory_read_lock(call->rooms->memory);
    bool is = customers_is_root(memory_customers(call->rooms->memory), root);
    memory_read_unlock(call->rooms->memory);
    if (!is)
        return ERR_OK;
    json_w_open(w, '{');
    json_w_key(w, "customer");
    TRY(json_customer_row_of(call, w, root, e));
    json_numbers(w, &one);
    json_w_close(w, '}');
    return ERR_OK;
}

static enum err_code list_reach(struct call *call, const struct share_scores *scores, struct err *e)
{
    uint32_t root[LIMIT_PAGE + 1];
    size_t limit, n = 0;
    int64_t after;
    TRY(query_after(call, &after, e));
    TRY(call_query_limit(call, REACH_USUAL, &limit, e));
    struct slice id = slice_is(call->param[0], EVERYTHING) ? SLICE("") : call->param[0];
    size_t category = share_category_named(scores, id);
    if (category == SIZE_MAX && (scores || id.len))
        return err_set(e, ERR_NOT_FOUND, 0, "no shares are known of the category '%.*s': say %s, or one of GET /api/v1/share",
                       SLICE_ARG(call->param[0]), EVERYTHING);
    if (scores)
        n = share_by_reach(scores, category, (size_t)after, limit + 1, root);
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n && i < limit; i++)
        TRY(json_reach(call, &w, scores, category, root[i], e));
    json_list_close(&w, n > limit ? after + (int64_t)limit : 0);
    return call_answer(call, 200, out, e);
}

enum err_code share_customers(struct call *call, struct err *e)
{
    const struct share_scores *scores = customer_share_look(call->rooms->share);
    enum err_code code = list_reach(call, scores, e);
    share_scores_drop(&scores);
    return code;
}
