/* tendero value contracts: how many customers with a contract will still be there, from how many were. */
#include <stdio.h>
#include <stdlib.h>

#include "app/commands.h"
#include "engine/clv/renewals.h"
#include "text/json.h"

#define SURVIVORS_MAX 1000
#define PERIODS 10

struct wish {
    double survivors[SURVIVORS_MAX];
    size_t n;                    // renewals: one less than survivors
    bool weibull;
    int64_t periods;
};

static enum err_code read_survivors(const char *text, struct wish *w, struct err *e)
{
    struct slice rest = slice_of(text ? text : "");
    if (!rest.len)
        return err_set(e, ERR_INVALID, 0, "--survivors LIST is missing: customers at the start, after one renewal, after two…, such "
                       "as 1000,869,743");
    for (size_t i = 0; rest.len; i++) {
        int64_t customers;
        struct slice item = slice_trim(slice_cut(&rest, ','));
        if (i == SURVIVORS_MAX || !slice_i64(item, &customers) || customers < 0)
            return err_set(e, ERR_INVALID, i, "--survivors, number %zu: '%.*s' is no whole number", i + 1,
                           SLICE_ARG(slice_utf8_cut(item, 40)));
        w->survivors[i] = (double)customers;
        w->n = i;
    }
    return ERR_OK;
}

static enum err_code read_wish(struct settings *s, struct wish *w, struct err *e)
{
    const char *model = settings_option(s, "model"), *periods = settings_option(s, "periods");
    struct slice name = slice_of(model ? model : "sbg");
    w->weibull = slice_is(name, "bdw");
    w->periods = PERIODS;
    if (!w->weibull && !slice_is(name, "sbg"))
        return err_set(e, ERR_INVALID, 0, "--model is sbg or bdw");
    if (periods && (!slice_i64(slice_of(periods), &w->periods) || w->periods < 1 || w->periods > SURVIVORS_MAX))
        return err_set(e, ERR_INVALID, 0, "--periods is a whole number from 1 to %d", SURVIVORS_MAX);
    return read_survivors(settings_option(s, "survivors"), w, e);
}

static void json_parameters(struct json_w *w, const char *key, const double *of, bool weibull)
{
    json_w_key(w, key);
    json_w_open(w, '{');
    json_w_kdouble(w, "alpha", of[0]);
    json_w_kdouble(w, "beta", of[1]);
    if (weibull)
        json_w_kdouble(w, "c", of[2]);
    json_w_close(w, '}');
}

/* Every renewal that was, beside what the model says of it, and those to come. */
static void json_renewals(struct json_w *w, const struct wish *wish, const struct renewals *m)
{
    json_w_key(w, "renewals");
    json_w_open(w, '[');
    for (size_t t = 1; t <= wish->n + (size_t)wish->periods; t++) {
        json_w_open(w, '{');
        json_w_ki64(w, "renewal", (int64_t)t);
        if (t <= wish->n)
            json_w_kdouble(w, "actual", wish->survivors[t] / wish->survivors[0]);
        else
            json_w_knull(w, "actual");
        json_w_kdouble(w, "survival", renewals_survival(m, (double)t));
        json_w_kdouble(w, "retention", renewals_retention(m, (double)t - 1));
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

enum err_code command_value_contracts(struct settings *s, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(0);
    struct json_w w = json_w(&out);
    struct wish wish = { .n = 0 };
    struct renewals m;
    struct fit fit;
    TRY(read_wish(s, &wish, e));
    TRY(settings_no_options(s, e));
    TRY(renewals_fit(wish.survivors, wish.n, wish.weibull, &m, &fit, e));
    json_w_open(&w, '{');
    json_w_kcstr(&w, "model", wish.weibull ? "bdw" : "sbg");
    json_parameters(&w, "parameters", (const double[]){ m.alpha, m.beta, m.c }, wish.weibull);
    json_parameters(&w, "standard_errors", fit.error, wish.weibull);
    json_w_kdouble(&w, "log_likelihood", fit.log_likelihood);
    json_w_kbool(&w, "converged", fit.converged);
    json_w_kcstr(&w, "diagnosis", fit.diagnosis);
    json_renewals(&w, &wish, &m);
    json_w_close(&w, '}');
    TRY(buf_check(&out, "the answer", e));
    printf("%.*s\n", SLICE_ARG(buf_slice(&out)));
    return ERR_OK;
}
