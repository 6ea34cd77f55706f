/* tendero value: how often customers buy again, whether they still do, and what they spend, from a file of purchases; no server
 * and no data of its own. */
#include "app/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "text/time.h"

/* ---- what is asked for ---- */
static const struct {
    const char *name;
    double days;
} units[] = { { "week", 7 }, { "day", 1 }, { "month", 30.4375 }, { "year", 365.25 } };

static enum err_code read_day(struct settings *s, const char *option, int32_t *ret, struct err *e)
{
    const char *text = settings_option(s, option);
    struct err ignored;
    int64_t ms;
    if (!text || time_parse(slice_of(text), &ms, &ignored))
        return err_set(e, ERR_INVALID, 0, "--%s DAY is missing, such as --%s 1997-09-30", option, option);
    *ret = time_day(ms);
    return ERR_OK;
}

static enum err_code read_model(const char *model, bool all, struct wish *w, struct err *e)
{
    w->spending = model && strcmp(model, "gamma-gamma") == 0;
    if (w->spending || (!model && all))
        return ERR_OK;
    w->kind = kind_of(slice_of(model ? model : buying_kinds[0].name));
    return w->kind ? ERR_OK : err_set(e, ERR_INVALID, 0, "--model is bg-nbd, mbg-nbd, pareto-nbd, ggompertz-nbd, bg-bb or gamma-gamma");
}

static enum err_code read_wish(struct settings *s, const char *what, struct wish *w, struct err *e)
{
    const char *unit = settings_option(s, "unit");
    *w = (struct wish){ .file = settings_option(s, "transactions"), .covariates = settings_option(s, "covariates") };
    TRY(read_model(settings_option(s, "model"), strcmp(what, "holdout") == 0, w, e));
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(unit ? unit : "week", units[i].name) == 0) {
            w->unit = units[i].name;
            w->days = units[i].days;
        }
    if (!w->unit)
        return err_set(e, ERR_INVALID, 0, "--unit is week, day, month or year");
    if (!w->file)
        return err_set(e, ERR_INVALID, 0, "--transactions FILE is missing: CSV with the columns customer, date, value");
    if (w->spending && strcmp(what, "fit") != 0)
        return err_set(e, ERR_INVALID, 0, "%s is of purchases, with gamma-gamma beside it: --model bg-nbd, or another", what);
    if (w->spending && w->covariates)
        return err_set(e, ERR_INVALID, 0, "gamma-gamma knows no covariates");
    return read_day(s, "calibration-end", &w->end, e);
}

/* ---- a model ---- */
static enum err_code fit_covered(const struct ledger *l, bool intervals, struct fitted *ret, struct err *e)
{
    struct buyer *of = calloc(l->customers, sizeof *of);
    double *z = calloc(l->customers * l->covariates, sizeof *z);
    enum err_code code = of && z ? ERR_OK : VALUE_NO_MEMORY(e);
    for (size_t i = 0; i < l->customers && !code; i++) {
        of[i] = l->history[i].buyer;
        memcpy(z + i * l->covariates, l->history[i].z, l->covariates * sizeof *z);
    }
    if (!code)
        code = covariates_fit(ret->kind, of, l->customers, ret->per, z, l->covariates, &ret->covariates, &ret->fit,
                              intervals ? ret->low : NULL, ret->high, e);
    memcpy(ret->at, ret->covariates.at, sizeof ret->at);
    free(of);
    free(z);
    return code;
}

static enum err_code fit_plain(const struct ledger *l, bool intervals, struct fitted *ret, struct err *e)
{
    struct buyers buyers;
    TRY(ledger_gather(l, ret->per, &buyers, e));
    enum err_code code = kind_fit(ret->kind, &buyers, ret->at, &ret->fit, e);
    if (!code && intervals)
        kind_intervals(ret->kind, &buyers, &ret->fit, ret->low, ret->high);
    buyers_drop(&buyers);
    return code;
}

enum err_code fitted_spending(const struct ledger *l, struct fitted *ret, struct err *e)
{
    struct spender *of;
    struct fit fit;
    if (!l->valued)
        return ERR_OK;
    TRY(ledger_spenders(l, &of, e));
    enum err_code code = gamma_gamma_fit(of, l->customers, &ret->spends, &fit, e);
    free(of);
    ret->valued = !code;
    return code;
}

enum err_code fitted_buying(const struct ledger *l, const struct kind *k, const struct wish *w, bool intervals,
                            struct fitted *ret, struct err *e)
{
    *ret = (struct fitted){ .kind = k, .per = k->discrete ? 1 : w->days, .unit = w->days };
    return l->covariates ? fit_covered(l, intervals, ret, e) : fit_plain(l, intervals, ret, e);
}

struct score_model fitted_of(const struct fitted *f, const double *z)
{
    struct score_model m = { .kind = f->kind, .per = f->per, .unit = f->unit, .spends = f->valued ? &f->spends : NULL };
    if (z)
        covariates_of(&f->covariates, z, m.at);
    else
        memcpy(m.at, f->at, sizeof m.at);
    return m;
}

/* ---- what is printed ---- */
void json_base(struct json_w *w, const char *model, const struct ledger *l, const struct wish *wish)
{
    char day[TIME_TEXT_MAX];
    int64_t repeats = 0;
    for (size_t i = 0; i < l->customers; i++)
        repeats += l->history[i].buyer.repeats;
    if (model)
        json_w_kcstr(w, "model", model);
    json_w_kcstr(w, "unit", wish->unit);
    json_w_kstring(w, "calibration_end", time_print_date(wish->end * DAY_MS, day));
    json_w_ki64(w, "customers", (int64_t)l->customers);
    json_w_ki64(w, "repeat_purchases", repeats);
}

enum err_code answer_print(struct buf *out, struct err *e)
{
    TRY(buf_check(out, "the answer", e));
    printf("%.*s\n", SLICE_ARG(buf_slice(out)));
    return ERR_OK;
}

static enum err_code run(struct settings *s, const char *what, struct err *e)
{
    struct wish wish;
    AUTO(ledger) l = NULL;
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(0);
    TRY(read_wish(s, what, &wish, e));
    TRY(ledger_read(&wish, &l, e));
    if (strcmp(what, "predict") == 0)
        return value_predict(s, l, &wish, &out, e);
    TRY(settings_no_options(s, e));
    return strcmp(what, "fit") == 0 ? value_fit(l, &wish, &out, e) : value_holdout(l, &wish, &out, e);
}

enum err_code command_value(struct settings *s, struct err *e)
{
    const char *what = s->n_rest ? s->rest[0] : "";
    if (strcmp(what, "contracts") == 0)
        return command_value_contracts(s, e);
    if (strcmp(what, "fit") != 0 && strcmp(what, "predict") != 0 && strcmp(what, "holdout") != 0)
        return err_set(e, ERR_INVALID, 0, "value is followed by fit, predict, holdout or contracts; see --help");
    return run(s, what, e);
}
