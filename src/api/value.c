/* What customers will be worth: fits of the models, their proof, and one customer. */
#include <math.h>
#include <stdlib.h>

#include "api/api_room.h"
#include "engine/feel/temporal.h"
#include "text/time.h"

#define FITS_USUAL 20
#define TRANSACTIONS_SHOWN 500u
#define MOMENTS 60                   // of one customer's history
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

/* ---- fits ---- */
static enum err_code answer_fit(struct call *call, int64_t id, bool must, struct err *e)
{
    struct value_fit_row *row;
    size_t n;
    TRY(value_fits(call->thread->read, id, 1, call->mem, &row, &n, e));
    if (!n && must)
        return err_set(e, ERR_NOT_FOUND, 0, "there is no fit %lld: the last %d are kept", (long long)id, VALUE_FITS_KEPT);
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_key(&w, "id");
    if (n) {
        json_w_i64(&w, row->id);
        json_w_kraw(&w, "report", row->report);
    } else {
        json_w_null(&w);
        json_w_knull(&w, "report");
    }
    json_w_close(&w, '}');
    return call_answer(call, 200, out, e);
}

enum err_code value_get(struct call *call, struct err *e)
{
    return answer_fit(call, 0, false, e);
}

enum err_code value_fit_get(struct call *call, struct err *e)
{
    int64_t id;
    TRY(param_i64(call, 0, &id, e));
    return answer_fit(call, id, true, e);
}

/* The one of a report's list that is called as its chosen model is. */
static struct json chosen(struct json report, struct json list)
{
    struct slice name = json_raw(json_get(report, "model"));
    struct json_iter it = json_iter(list);
    while (json_next(&it))
        if (slice_eq(json_raw(json_get(it.value, "name")), name))
            return it.value;
    return (struct json){ 0 };
}

/* What a list shows of a report. */
static enum err_code json_fit(struct call *call, struct json_w *w, const struct value_fit_row *row, struct err *e)
{
    static const char *const shown[] = { "asOf", "model", "tookMs", "customers", "transactions", "value", "expected", "meanSpend" };
    AUTO(json_parser) parser = json_parser_new();
    struct json report;
    if (!parser)
        return NO_MEMORY(e);
    TRY(json_parse(parser, row->report, &report, e));
    json_w_open(w, '{');
    json_w_ki64(w, "id", row->id);
    json_w_ktime(w, "fittedAt", row->fitted_ms);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        json_w_key(w, shown[i]);
        json_w_value(w, json_get(report, shown[i]), call->mem);
    }
    struct json model = chosen(report, json_get(report, "models")), proof = json_get(report, "proof");
    const struct { const char *name; struct json value; } health[] = {
        { "converged", json_get(model, "converged") }, { "diagnosis", json_get(model, "diagnosis") },
        { "proofDays", json_get(proof, "days") }, { "rmse", json_get(chosen(report, json_get(proof, "rows")), "rmse") },
    };
    for (size_t i = 0; i < sizeof health / sizeof *health; i++) {
        json_w_key(w, health[i].name);
        json_w_value(w, health[i].value, call->mem);
    }
    json_w_close(w, '}');
    return ERR_OK;
}

enum err_code value_fits_list(struct call *call, struct err *e)
{
    struct value_fit_row *row;
    size_t limit, n;
    TRY(call_query_limit(call, FITS_USUAL, &limit, e));
    TRY(value_fits(call->thread->read, 0, limit, call->mem, &row, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n; i++)
        TRY(json_fit(call, &w, &row[i], e));
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

static enum err_code fit_value(const struct api_options *rooms, struct progress *progress, struct err *e)
{
    return valuation_refit(rooms->valuation, clock_now_ms(memory_clock(rooms->memory)), progress, e);
}

enum err_code value_fit_run(struct call *call, struct err *e)
{
    static const struct fit_work work = { "value", "lifetime value", fit_value };
    int64_t id;
    TRY(jobs_fit(call->api->jobs, &work, &id, e));
    return answer_job(call, 202, id, e);
}

/* ---- one customer ---- */
struct one {
    uint32_t root;
    struct valuation_view view;
    struct valuation_work work;
    struct customer_value value;
    struct customer_tier tier;
};

static int by_day(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* The days to look at: equal steps from the first purchase until today, and those before and of each purchase, where it falls and
 * rises. */
static size_t moments(const struct one *o, int32_t *day)
{
    const struct transaction *of = o->work.of;
    size_t n = 0, from = o->work.n > TRANSACTIONS_SHOWN ? o->work.n - TRANSACTIONS_SHOWN : 0;
    int64_t span = o->view.today - of[0].day;
    for (int i = 0; i <= MOMENTS; i++)
        day[n++] = of[0].day + (int32_t)(span * i / MOMENTS);
    for (size_t i = from > 0 ? from : 1; i < o->work.n; i++) {
        day[n++] = of[i].day - 1;
        day[n++] = of[i].day;
    }
    qsort(day, n, sizeof *day, by_day);
    return n;
}

static void history(struct json_w *w, const struct one *o)
{
    int32_t day[MOMENTS + 1 + 2 * TRANSACTIONS_SHOWN];
    size_t n = o->value.bought ? moments(o, day) : 0;
    json_w_key(w, "history");
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        double alive;
        if ((i && day[i] == day[i - 1]) || !valuation_alive_on(&o->view, o->work.of, o->work.n, day[i], &alive))
            continue;
        json_w_open(w, '{');
        json_kday(w, "day", day[i]);
        json_w_kdouble(w, "alive", alive);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void transactions(struct json_w *w, const struct one *o)
{
    size_t n = o->work.n;
    json_w_key(w, "transactions");
    json_w_open(w, '[');
    for (size_t i = n > TRANSACTIONS_SHOWN ? n - TRANSACTIONS_SHOWN : 0; i < n; i++) {
        json_w_open(w, '{');
        json_kday(w, "day", o->work.of[i].day);
        json_w_kmicro(w, "value", o->work.of[i].value_micro);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

/* What the first order of one who bought once tells, beside how often all come again. */
static void why_new(const struct one *o, bool es, struct buf *out)
{
    static const char *const names[NEW_COVARIATES][2] = { { "its channel", "su canal" }, { "its month", "su mes" },
                                                          { "what it was worth", "su importe" } };
    const char *comma = es ? " Como cliente nuevo, cuenta su primer pedido: " : " As a new customer, the first order counts: ";
    for (int c = 0; c < NEW_COVARIATES; c++) {
        if (!o->value.level[c])
            continue;
        buf_printf(out, es ? "%s%s (%.0f %% de lo que compran todos)" : "%s%s (%.0f %% of what all buy)", comma, names[c][es],
                   100 * o->view.anew.ratios.ratio[c][o->value.level[c]]);
        comma = ", ";
    }
    if (comma[0] == ',')
        buf_addc(out, '.');
}

/* The reason in words. */
static void why(const struct one *o, bool es, struct buf *out)
{
    const struct transaction *of = o->work.of;
    size_t n = o->work.n;
    if (!o->value.known) {
        buf_adds(out, es ? "Aún no se sabe: faltan clientes que hayan comprado dos veces."
                         : "Not known yet: too few customers have bought twice.");
        return;
    }
    if (!o->value.bought) {
        buf_adds(out, es ? "Todavía no ha comprado: vale lo que suelen valer quienes llevan el mismo tiempo sin comprar."
                         : "Has not bought yet: worth what people are who have waited as long.");
        return;
    }
    int32_t quiet = o->view.today - of[n - 1].day, between = n > 1 ? (of[n - 1].day - of[0].day) / (int32_t)(n - 1) : 0;
    buf_printf(out, es ? "Compró en %zu %s, la última vez hace %d %s" : "Bought on %zu %s, last %d %s ago", n,
               es ? (n == 1 ? "día" : "días") : n == 1 ? "day" : "days", quiet,
               es ? (quiet == 1 ? "día" : "días") : quiet == 1 ? "day" : "days");
    if (between)
        buf_printf(out, es ? ", cada %d días por término medio" : ", every %d days on average", between);
    buf_printf(out, es ? ": sigue siendo cliente con una probabilidad del %.0f %%." : ": still a customer with a chance of %.0f %%.",
               100 * o->value.worth.alive);
    why_new(o, es, out);
}

static void json_why(struct json_w *w, const struct one *o)
{
    json_w_key(w, "why");
    json_w_open(w, '{');
    for (int es = 0; es < 2; es++) {
        struct buf text = buf_make(1000);
        why(o, es, &text);
        json_w_kstring(w, es ? "es" : "en", buf_slice(&text));
        buf_drop(&text);
    }
    json_w_close(w, '}');
}

static void json_one(struct json_w *w, const struct investment *investment, const struct one *o)
{
    const struct customer_value *v = &o->value;
    const struct { const char *name; double value; } numbers[] = {
        { "alive", v->bought ? v->worth.alive : NAN }, { "expectedOrders", v->worth.expected }, { "expectedOrderValue", v->worth.spend },
        { "lifetimeValue", v->worth.value }, { "ordersLow", v->worth.low }, { "ordersHigh", v->worth.high },
        { "lifetimeValueLow", v->value_low }, { "lifetimeValueHigh", v->value_high },
    };
    json_w_open(w, '{');
    json_id(w, "customer", o->root);
    json_w_kbool(w, "bought", v->bought);
    json_kday(w, "asOf", o->view.today);
    json_w_ki64(w, "horizonDays", llround(o->view.terms.horizon * 7));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_w_kdouble(w, numbers[i].name, v->known ? numbers[i].value : NAN);
    json_why(w, o);
    json_customer_tier(w, investment, &o->tier);
    history(w, o);
    transactions(w, o);
    json_w_close(w, '}');
}

enum err_code customer_value_get(struct call *call, struct err *e)
{
    struct one one = { .view = valuation_look(call->rooms->valuation) };
    TRY(call_customer(call, call->param[0], &one.root, e));
    memory_read_lock(call->rooms->memory);
    one.value = valuation_of(&one.view, &one.work, one.root, true);
    one.tier = investment_of(call->rooms->investment, &one.view, &one.value, one.root);
    memory_read_unlock(call->rooms->memory);
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_one(&w, call->rooms->investment, &one);
    valuation_work_clear(&one.work);
    return call_answer(call, 200, out, e);
}
