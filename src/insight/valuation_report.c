/* A fit as JSON: what is needed to foretell, and what people are shown. */
#include <math.h>
#include <string.h>

#include "insight/numbers.h"
#include "insight/valuation_room.h"
#include "text/time.h"

/* ---- parameters ---- */
void value_parameters(const struct value_fit *fit, struct json_w *w)
{
    const struct value_models *m = &fit->view.models;
    const double spend[] = { m->spend.p, m->spend.q, m->spend.gamma, m->mean_spend };
    json_w_open(w, '{');
    json_w_kcstr(w, "model", m->kind->name);
    numbers_write(w, "at", m->at, m->kind->n);
    numbers_write(w, "spend", spend, 4);
    for (int known = 0; known < 2; known++) {
        const struct newcomers *n = &fit->view.newcomers[known];
        numbers_write(w, known ? "known_days" : "stranger_days", n->days, NEWCOMER_SPANS);
        numbers_write(w, known ? "known_purchases" : "stranger_purchases", n->purchases, NEWCOMER_SPANS);
        numbers_write(w, known ? "known_people" : "stranger_people", &n->people, 1);
    }
    numbers_write(w, "new_cuts", fit->view.anew.cut, NEW_VALUES - 1);
    for (int c = 0; c < NEW_COVARIATES; c++)
        if (fit->view.anew.ratios.used >> c & 1)
            numbers_write(w, new_covariate_name((enum new_covariate)c), fit->view.anew.ratios.ratio[c], RATIO_LEVELS);
    json_w_close(w, '}');
}

/* Of a text that value_parameters wrote: it has nothing to escape. */
static bool is_text(struct json v, struct slice text)
{
    struct slice raw = json_raw(v);
    return raw.len == text.len + 2 && memcmp(raw.at + 1, text.at, text.len) == 0;
}

/* A fit that has none is of a time before them. */
static void read_new(struct json json, struct value_new *ret)
{
    rate_ratios_fit(NULL, 0, 0, &ret->ratios);
    bool cuts = numbers_read(json, "new_cuts", ret->cut, NEW_VALUES - 1);
    for (int c = 0; c < NEW_COVARIATES && cuts; c++) {
        double ratio[RATIO_LEVELS];
        if (!numbers_read(json, new_covariate_name((enum new_covariate)c), ratio, RATIO_LEVELS))
            continue;
        memcpy(ret->ratios.ratio[c], ratio, sizeof ratio);
        ret->ratios.used |= 1u << c;
    }
}

bool value_parameters_read(struct json json, struct valuation_view *view)
{
    double spend[4];
    struct newcomers *n = view->newcomers;
    const struct kind *kind = NULL;
    for (size_t k = 0; k < VALUE_KINDS; k++)
        kind = is_text(json_get(json, "model"), slice_of(buying_kinds[k].name)) ? &buying_kinds[k] : kind;
    view->models.kind = kind;
    if (!kind || !numbers_read(json, "at", view->models.at, kind->n) || !numbers_read(json, "spend", spend, 4))
        return false;
    view->models.spend = (struct gamma_gamma){ spend[0], spend[1], spend[2] };
    view->models.mean_spend = spend[3];
    read_new(json, &view->anew);
    return numbers_read(json, "stranger_days", n[0].days, NEWCOMER_SPANS) && numbers_read(json, "known_days", n[1].days, NEWCOMER_SPANS)
           && numbers_read(json, "stranger_purchases", n[0].purchases, NEWCOMER_SPANS)
           && numbers_read(json, "known_purchases", n[1].purchases, NEWCOMER_SPANS)
           && numbers_read(json, "stranger_people", &n[0].people, 1) && numbers_read(json, "known_people", &n[1].people, 1);
}

/* ---- the report ---- */
static void day(struct json_w *w, const char *key, int32_t day)
{
    char text[TIME_TEXT_MAX];
    json_w_kstring(w, key, time_print_date(day * DAY_MS, text));
}

static void parameter(struct json_w *w, const char *name, double value, double error)
{
    json_w_open(w, '{');
    json_w_kcstr(w, "name", name);
    json_w_kdouble(w, "value", value);
    json_w_kdouble(w, "error", error);
    json_w_close(w, '}');
}

static void model_head(struct json_w *w, const char *name, bool valid, const struct fit *fit, const char *why)
{
    json_w_open(w, '{');
    json_w_kcstr(w, "name", name);
    json_w_kbool(w, "converged", valid && fit->converged);
    json_w_kdouble(w, "logLikelihood", valid ? fit->log_likelihood : NAN);
    json_w_kcstr(w, "diagnosis", valid ? fit->diagnosis : why);
    json_w_key(w, "parameters");
    json_w_open(w, '[');
}

static void model_end(struct json_w *w)
{
    json_w_close(w, ']');
    json_w_close(w, '}');
}

static void models(struct json_w *w, const struct fitted *f)
{
    json_w_key(w, "models");
    json_w_open(w, '[');
    for (size_t k = 0; k < VALUE_KINDS; k++) {
        model_head(w, buying_kinds[k].name, f->valid[k], &f->fit[k], f->why[k].text);
        for (size_t i = 0; f->valid[k] && i < buying_kinds[k].n; i++)
            parameter(w, buying_kinds[k].parameter[i], f->at[k][i], f->fit[k].error[i]);
        model_end(w);
    }
    const bool spends = f->spend.p > 0;
    model_head(w, "gamma-gamma", spends, &f->spend_fit, "Nobody has spent anything: all are taken to spend the same.");
    if (spends) {
        parameter(w, "p", f->spend.p, f->spend_fit.error[0]);
        parameter(w, "q", f->spend.q, f->spend_fit.error[1]);
        parameter(w, "gamma", f->spend.gamma, f->spend_fit.error[2]);
    }
    model_end(w);
    json_w_close(w, ']');
}

static const char *rule_name(int rule)
{
    static const char *const names[] = { "rate", "hiatus", "spent", "frequency", "recency" };
    return rule < RULE_RATE ? buying_kinds[rule].name : names[rule - RULE_RATE];
}

static void new_customers(struct json_w *w, const struct value_proof *p)
{
    json_w_key(w, "newCustomers");
    json_w_open(w, '{');
    json_w_ki64(w, "customers", (int64_t)p->new_customers);
    json_w_kdouble(w, "actual", p->new_came);
    json_w_kdouble(w, "expected", p->new_expected[0]);
    json_w_kdouble(w, "expectedByCovariates", p->new_expected[1]);
    json_w_kdouble(w, "rmse", p->new_rmse[0]);
    json_w_kdouble(w, "rmseByCovariates", p->new_rmse[1]);
    json_w_key(w, "covariates");
    json_w_open(w, '[');
    for (int c = 0; c < NEW_COVARIATES; c++) {
        json_w_open(w, '{');
        json_w_kcstr(w, "name", new_covariate_name((enum new_covariate)c));
        json_w_kbool(w, "used", p->anew.ratios.used >> c & 1);
        json_w_kdouble(w, "gain", p->new_gain[c]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_close(w, '}');
}

static void proof(struct json_w *w, const struct value_proof *p)
{
    json_w_key(w, "proof");
    if (!p->days) {
        json_w_null(w);
        return;
    }
    json_w_open(w, '{');
    day(w, "from", p->cutoff + 1);
    json_w_ki64(w, "days", p->days);
    json_w_ki64(w, "customers", (int64_t)p->customers);
    json_w_kdouble(w, "actual", p->came);
    json_w_kcstr(w, "best", buying_kinds[p->best].name);
    json_w_key(w, "rows");
    json_w_open(w, '[');
    for (int i = 0; i < RULES; i++) {
        json_w_open(w, '{');
        json_w_kcstr(w, "name", rule_name(i));
        json_w_kdouble(w, "total", p->of[i].proof.total);
        json_w_kdouble(w, "mae", p->of[i].proof.mae);
        json_w_kdouble(w, "rmse", p->of[i].proof.rmse);
        json_w_kdouble(w, "correlation", p->of[i].proof.correlation);
        json_w_kdouble(w, "active", p->of[i].active);
        json_w_kdouble(w, "top", p->of[i].top);
        json_w_kdouble(w, "within", p->of[i].within);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    new_customers(w, p);
    json_w_key(w, "byFrequency");
    json_w_open(w, '[');
    for (int i = 0; i < FREQUENCIES; i++) {
        json_w_open(w, '{');
        json_w_ki64(w, "repeats", i);
        json_w_ki64(w, "customers", (int64_t)p->customers_of[i]);
        json_w_kdouble(w, "actual", p->came_of[i]);
        json_w_kdouble(w, "expected", p->foretold_of[i]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_close(w, '}');
}

static void weeks(struct json_w *w, const struct value_fit *fit)
{
    json_w_key(w, "weeks");
    json_w_open(w, '[');
    for (size_t i = 0; i < fit->n_weeks; i++) {
        json_w_open(w, '{');
        day(w, "from", fit->first + 7 * (int32_t)i);
        json_w_kdouble(w, "actual", fit->week[i].came);
        json_w_kdouble(w, "expected", fit->week[i].expected);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void map(struct json_w *w, const struct value_fit *fit)
{
    json_w_key(w, "map");
    json_w_open(w, '[');
    for (int f = 0; f < FREQUENCIES; f++)
        for (int span = 0; span < MAP_SPANS; span++) {
            const struct value_cell *cell = &fit->map[f][span];
            if (!(cell->customers > 0))
                continue;
            json_w_open(w, '{');
            json_w_ki64(w, "repeats", f);
            json_w_ki64(w, "quietWeeks", 4 * span);
            json_w_ki64(w, "customers", (int64_t)cell->customers);
            json_w_kdouble(w, "alive", cell->alive / cell->customers);
            json_w_kdouble(w, "expected", cell->expected / cell->customers);
            json_w_close(w, '}');
        }
    json_w_close(w, ']');
}

void value_report(const struct valuation *v, const struct value_fit *fit, struct json_w *w)
{
    json_w_open(w, '{');
    json_w_ktime(w, "fittedAt", fit->fitted_ms);
    day(w, "from", fit->first);
    day(w, "asOf", fit->as_of);
    json_w_ki64(w, "tookMs", fit->took_ms);
    json_w_ki64(w, "people", (int64_t)fit->people);
    json_w_ki64(w, "customers", (int64_t)fit->customers);
    json_w_ki64(w, "transactions", (int64_t)fit->transactions);
    json_w_ki64(w, "horizonDays", v->options.horizon_days);
    json_w_kdouble(w, "discount", v->options.discount);
    json_w_kdouble(w, "margin", v->options.margin);
    json_w_kcstr(w, "model", fit->view.models.kind->name);
    json_w_kdouble(w, "value", fit->value);
    json_w_kdouble(w, "expected", fit->expected);
    json_w_kdouble(w, "meanSpend", worth_spend_anew(&fit->view.models));
    json_w_kdouble(w, "frequencySpend", fit->frequency_spend);
    models(w, &fit->fitted);
    proof(w, &fit->proof);
    weeks(w, fit);
    map(w, fit);
    json_w_close(w, '}');
}
