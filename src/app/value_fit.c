/* tendero value fit: the parameters of a model by name, and how sure they are. */
#include "app/value.h"

#include <stdlib.h>

static void json_numbers(struct json_w *w, const char *key, const char *const *name, size_t n, const double *of)
{
    json_w_key(w, key);
    json_w_open(w, '{');
    for (size_t i = 0; i < n; i++)
        json_w_kdouble(w, name[i], of[i]);
    json_w_close(w, '}');
}

static void json_interval(struct json_w *w, const char *key, double low, double high)
{
    json_w_key(w, key);
    json_w_open(w, '[');
    json_w_double(w, low);
    json_w_double(w, high);
    json_w_close(w, ']');
}

static void json_intervals(struct json_w *w, const char *const *name, size_t n, const double *low, const double *high)
{
    json_w_key(w, "interval_95");
    json_w_open(w, '{');
    for (size_t i = 0; i < n; i++)
        json_interval(w, name[i], low[i], high[i]);
    json_w_close(w, '}');
}

static void json_effect(struct json_w *w, const char *key, const struct fitted *f, double is, size_t which)
{
    json_w_key(w, key);
    json_w_open(w, '{');
    json_w_kdouble(w, "effect", is);
    json_w_kdouble(w, "standard_error", f->fit.error[which]);
    json_interval(w, "interval_95", f->low[which], f->high[which]);
    json_w_close(w, '}');
}

/* What each covariate does: to the logarithm of how often they buy, and to that of what makes them leave. */
static void json_effects(struct json_w *w, const struct ledger *l, const struct fitted *f)
{
    json_w_key(w, "covariates");
    json_w_open(w, '[');
    for (size_t i = 0; i < l->covariates; i++) {
        json_w_open(w, '{');
        json_w_kstring(w, "name", l->covariate[i]);
        json_effect(w, "rate", f, f->covariates.rate[i], f->kind->n + i);
        json_effect(w, "leaving", f, f->covariates.leaving[i], f->kind->n + l->covariates + i);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void json_fit(struct json_w *w, const struct fit *f)
{
    json_w_kdouble(w, "log_likelihood", f->log_likelihood);
    json_w_kdouble(w, "gradient", f->gradient);
    json_w_kbool(w, "converged", f->converged);
    json_w_kcstr(w, "diagnosis", f->diagnosis);
}

static enum err_code fit_spending(struct json_w *w, const struct ledger *l, const struct wish *wish, struct err *e)
{
    static const char *const name[] = { "p", "q", "gamma" };
    struct gamma_gamma m;
    struct fit fit;
    struct spender *of;
    double low[OPTIMUM_MAX], high[OPTIMUM_MAX];
    TRY(ledger_spenders(l, &of, e));
    enum err_code code = gamma_gamma_fit(of, l->customers, &m, &fit, e);
    if (!code)
        code = gamma_gamma_intervals(of, l->customers, &fit, low, high, e);
    free(of);
    TRY(code);
    json_base(w, "gamma-gamma", l, wish);
    json_numbers(w, "parameters", name, 3, (const double[]){ m.p, m.q, m.gamma });
    json_numbers(w, "standard_errors", name, 3, fit.error);
    json_intervals(w, name, 3, low, high);
    json_fit(w, &fit);
    return ERR_OK;
}

static enum err_code fit_buying(struct json_w *w, const struct ledger *l, const struct wish *wish, struct err *e)
{
    const struct kind *k = wish->kind;
    struct fitted f;
    TRY(fitted_buying(l, k, wish, true, &f, e));
    json_base(w, k->name, l, wish);
    json_numbers(w, "parameters", k->parameter, k->n, f.at);
    json_numbers(w, "standard_errors", k->parameter, k->n, f.fit.error);
    json_intervals(w, k->parameter, k->n, f.low, f.high);
    if (l->covariates)
        json_effects(w, l, &f);
    json_fit(w, &f.fit);
    return ERR_OK;
}

enum err_code value_fit(const struct ledger *l, const struct wish *wish, struct buf *out, struct err *e)
{
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    TRY(wish->spending ? fit_spending(&w, l, wish, e) : fit_buying(&w, l, wish, e));
    json_w_close(&w, '}');
    return answer_print(out, e);
}
