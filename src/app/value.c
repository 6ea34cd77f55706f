/* tendero value: how often customers buy again, whether they still do, and what they spend, from a file of purchases; no server
 * and no data of its own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/commands.h"
#include "base/decimal.h"
#include "engine/clv/bg_nbd.h"
#include "engine/clv/gamma_gamma.h"
#include "engine/clv/pareto_nbd.h"
#include "insight/vec.h"
#include "text/csv.h"
#include "text/json.h"
#include "text/time.h"

#define TEXTS_BYTES ((size_t)8 << 30)
#define WEEK 7.0
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the purchases")

/* A line of the file. */
struct purchase {
    struct slice customer;
    int32_t day;
    double value;
};
/* What is known of one customer at the end of the calibration, and what came then. */
struct history {
    struct slice customer;
    struct buyer buyer;
    struct spender spender;
    uint32_t later;
};
struct ledger {
    struct arena *mem;
    struct purchase *of;
    size_t n, cap;
    struct history *history;
    size_t customers;
    int32_t end, last;           // of the calibration; the last day of the file
    bool valued;                 // the file has values
};

static void ledger_drop(struct ledger **ledger)
{
    if (!*ledger)
        return;
    free((*ledger)->of);
    free((*ledger)->history);
    arena_drop(&(*ledger)->mem);
    free(*ledger);
    *ledger = NULL;
}

/* ---- the file ---- */
enum { FIELD_CUSTOMER, FIELD_DATE, FIELD_VALUE, FIELDS };
static const char *const field_names[FIELDS] = { "customer", "date", "value" };

static enum err_code read_more(void *arg, char *out, size_t cap, size_t *n, struct err *e)
{
    *n = fread(out, 1, cap, arg);
    return *n == 0 && ferror((FILE *)arg) ? err_set(e, ERR_IO, 0, "the file cannot be read") : ERR_OK;
}

static enum err_code read_header(const struct csv_record *r, size_t place[FIELDS], struct ledger *l, struct err *e)
{
    for (size_t f = 0; f < FIELDS; f++) {
        place[f] = SIZE_MAX;
        for (size_t i = 0; i < r->fields; i++)
            if (slice_eq_nocase(slice_trim(r->field[i]), slice_of(field_names[f])))
                place[f] = i;
    }
    l->valued = place[FIELD_VALUE] != SIZE_MAX;
    for (size_t f = 0; f < FIELD_VALUE; f++)
        if (place[f] == SIZE_MAX)
            return err_set(e, ERR_INVALID, (size_t)r->line, "line %lld: the first line names the columns; there is no '%s'",
                           (long long)r->line, field_names[f]);
    return ERR_OK;
}

static enum err_code flaw(const struct csv_record *r, size_t f, const char *what, struct err *e)
{
    return err_set(e, ERR_INVALID, (size_t)r->line, "line %lld, column '%s': %s", (long long)r->line, field_names[f], what);
}

static enum err_code read_purchase(const struct csv_record *r, const size_t place[FIELDS], struct ledger *l, struct err *e)
{
    struct slice field[FIELDS] = { { NULL, 0 } };
    struct purchase p = { .value = 0 };
    struct err ignored;
    int64_t ms, micro;
    for (size_t f = 0; f < FIELDS; f++)
        if (place[f] < r->fields)
            field[f] = slice_trim(r->field[place[f]]);
    if (!field[FIELD_CUSTOMER].len)
        return flaw(r, FIELD_CUSTOMER, "is empty", e);
    if (time_parse(field[FIELD_DATE], &ms, &ignored))
        return flaw(r, FIELD_DATE, "is no day, such as 1997-09-30", e);
    if (field[FIELD_VALUE].len) {
        if (micro_parse(field[FIELD_VALUE], &micro, &ignored))
            return flaw(r, FIELD_VALUE, "is no number, such as 29.33", e);
        p.value = (double)micro / 1e6;
    }
    p.day = time_day(ms);
    p.customer = arena_copy(l->mem, field[FIELD_CUSTOMER]);
    if (!p.customer.at || !vec_need(l->of, l->cap, l->n + 1))
        return NO_MEMORY(e);
    l->of[l->n++] = p;
    return ERR_OK;
}

static int by_customer(const void *a, const void *b)
{
    const struct purchase *x = a, *y = b;
    int order = slice_cmp(x->customer, y->customer);
    return order ? order : (x->day > y->day) - (x->day < y->day);
}

static enum err_code read_lines(struct csv *csv, struct ledger *l, struct err *e)
{
    size_t place[FIELDS];
    bool more = true;
    for (size_t lines = 0;; lines++) {
        struct csv_record r;
        TRY(csv_next(csv, &r, &more, e));
        if (!more && !lines)
            return err_set(e, ERR_INVALID, 0, "the file is empty; its first line names the columns customer, date, value");
        if (!more)
            break;
        TRY(lines ? read_purchase(&r, place, l, e) : read_header(&r, place, l, e));
    }
    if (l->n)
        qsort(l->of, l->n, sizeof *l->of, by_customer);
    return ERR_OK;
}

static enum err_code read_file(const char *path, struct ledger *l, struct err *e)
{
    FILE *file = slice_is(slice_of(path), "-") ? stdin : fopen(path, "r");
    AUTO(csv) csv = NULL;
    if (!file)
        return err_set(e, ERR_IO, 0, "%s cannot be read", path);
    enum err_code code = csv_new(read_more, file, ',', &csv, e);
    if (!code)
        code = read_lines(csv, l, e);
    if (file != stdin)
        fclose(file);
    return code;
}

/* ---- histories ---- */
/* One more day that they bought on. */
static void add_day(struct ledger *l, struct history *h, int32_t first, int32_t day, double value)
{
    l->last = day > l->last ? day : l->last;
    if (day > l->end) {
        h->later++;
    } else if (day > first) {
        h->buyer.repeats++;
        h->buyer.last = day - first;
        h->spender.purchases++;
        h->spender.mean += (value - h->spender.mean) / h->spender.purchases;
    }
}

/* Purchases of a day are one. Whoever came after the calibration is not known at its end. */
static enum err_code make_histories(struct ledger *l, struct err *e)
{
    l->history = calloc(l->n + 1, sizeof *l->history);
    if (!l->history)
        return NO_MEMORY(e);
    for (size_t i = 0, next; i < l->n; i = next) {
        struct history h = { .customer = l->of[i].customer, .buyer = { .watched = l->end - l->of[i].day } };
        int32_t first = l->of[i].day;
        for (next = i; next < l->n && slice_eq(l->of[next].customer, h.customer);) {
            int32_t day = l->of[next].day;
            double value = 0;
            for (; next < l->n && l->of[next].day == day && slice_eq(l->of[next].customer, h.customer); next++)
                value += l->of[next].value;
            add_day(l, &h, first, day, value);
        }
        if (first <= l->end)
            l->history[l->customers++] = h;
    }
    return l->customers ? ERR_OK : err_set(e, ERR_INVALID, 0, "nobody bought until the end of the calibration");
}

/* ---- what is asked for ---- */
enum model { MODEL_BG_NBD, MODEL_MBG_NBD, MODEL_PARETO_NBD, MODEL_GAMMA_GAMMA, MODELS };
static const char *const model_names[MODELS] = { "bg-nbd", "mbg-nbd", "pareto-nbd", "gamma-gamma" };
struct wish {
    enum model model;
    double per;                  // days of a unit of time
    const char *file;
    int32_t end;
};

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

static enum err_code read_wish(struct settings *s, struct wish *w, struct err *e)
{
    const char *model = settings_option(s, "model"), *unit = settings_option(s, "unit");
    *w = (struct wish){ .model = MODELS, .per = WEEK, .file = settings_option(s, "transactions") };
    for (int m = 0; m < MODELS; m++)
        if (!model || strcmp(model, model_names[m]) == 0) {
            w->model = (enum model)m;
            break;
        }
    if (w->model == MODELS)
        return err_set(e, ERR_INVALID, 0, "--model is bg-nbd, mbg-nbd, pareto-nbd or gamma-gamma");
    if (unit && strcmp(unit, "day") != 0 && strcmp(unit, "week") != 0)
        return err_set(e, ERR_INVALID, 0, "--unit is week or day");
    if (unit && strcmp(unit, "day") == 0)
        w->per = 1;
    if (!w->file)
        return err_set(e, ERR_INVALID, 0, "--transactions FILE is missing: CSV with the columns customer, date, value");
    return read_day(s, "calibration-end", &w->end, e);
}

/* ---- fit ---- */
/* A model that has been fitted, under its parameters' names. */
struct fitted {
    enum model model;
    double per;
    struct bg_nbd bg;
    struct pareto_nbd pareto;
    struct gamma_gamma spends;
    struct fit fit;
    const char *name[4];
    double at[4];
    size_t n;
};

static void set_parameters(struct fitted *f, size_t n, const double *at, const char *const *name)
{
    f->n = n;
    memcpy(f->at, at, n * sizeof *at);
    memcpy(f->name, name, n * sizeof *name);
}

static enum err_code fit_spending(const struct ledger *l, struct fitted *ret, struct err *e)
{
    struct spender *of = calloc(l->customers, sizeof *of);
    if (!of)
        return NO_MEMORY(e);
    for (size_t i = 0; i < l->customers; i++)
        of[i] = l->history[i].spender;
    enum err_code code = l->valued ? gamma_gamma_fit(of, l->customers, &ret->spends, &ret->fit, e)
                         : err_set(e, ERR_INVALID, 0, "the file has no column 'value'");
    free(of);
    const struct gamma_gamma *m = &ret->spends;
    set_parameters(ret, 3, (const double[]){ m->p, m->q, m->gamma }, (const char *const[]){ "p", "q", "gamma" });
    return code;
}

static enum err_code fit_buyers(const struct buyers *buyers, struct fitted *ret, struct err *e)
{
    const struct bg_nbd *b = &ret->bg;
    const struct pareto_nbd *p = &ret->pareto;
    if (ret->model == MODEL_PARETO_NBD) {
        TRY(pareto_nbd_fit(buyers, &ret->pareto, &ret->fit, e));
        set_parameters(ret, 4, (const double[]){ p->r, p->alpha, p->s, p->beta },
                       (const char *const[]){ "r", "alpha", "s", "beta" });
        return ERR_OK;
    }
    TRY(bg_nbd_fit(ret->model == MODEL_MBG_NBD ? MBG_NBD : BG_NBD, buyers, &ret->bg, &ret->fit, e));
    set_parameters(ret, 4, (const double[]){ b->r, b->alpha, b->a, b->b }, (const char *const[]){ "r", "alpha", "a", "b" });
    return ERR_OK;
}

static double alive_of(const struct fitted *f, const struct buyer *b)
{
    double tx = b->last / f->per, T = b->watched / f->per;
    return f->model == MODEL_PARETO_NBD ? pareto_nbd_alive(&f->pareto, b->repeats, tx, T)
                                        : bg_nbd_alive(&f->bg, b->repeats, tx, T);
}

static double expected_of(const struct fitted *f, const struct buyer *b, double days)
{
    double tx = b->last / f->per, T = b->watched / f->per, t = days / f->per;
    return f->model == MODEL_PARETO_NBD ? pareto_nbd_expected_of(&f->pareto, b->repeats, tx, T, t)
                                        : bg_nbd_expected_of(&f->bg, b->repeats, tx, T, t);
}

static enum err_code fit_buying(const struct ledger *l, const struct wish *w, struct fitted *ret, struct err *e)
{
    struct buyer *of = calloc(l->customers, sizeof *of);
    struct buyers buyers = { .n = 0 };
    if (!of)
        return NO_MEMORY(e);
    for (size_t i = 0; i < l->customers; i++)
        of[i] = l->history[i].buyer;
    enum err_code code = buyers_gather(of, l->customers, w->per, &buyers, e);
    if (!code)
        code = fit_buyers(&buyers, ret, e);
    buyers_drop(&buyers);
    free(of);
    return code;
}

static enum err_code fit_model(const struct ledger *l, const struct wish *w, struct fitted *ret, struct err *e)
{
    *ret = (struct fitted){ .model = w->model, .per = w->per };
    return w->model == MODEL_GAMMA_GAMMA ? fit_spending(l, ret, e) : fit_buying(l, w, ret, e);
}

static void json_numbers(struct json_w *w, const char *key, const struct fitted *f, const double *of)
{
    json_w_key(w, key);
    json_w_open(w, '{');
    for (size_t i = 0; i < f->n; i++)
        json_w_kdouble(w, f->name[i], of[i]);
    json_w_close(w, '}');
}

static void json_base(struct json_w *w, const struct ledger *l, const struct wish *wish)
{
    char day[TIME_TEXT_MAX];
    int64_t repeats = 0;
    for (size_t i = 0; i < l->customers; i++)
        repeats += l->history[i].buyer.repeats;
    json_w_kcstr(w, "model", model_names[wish->model]);
    json_w_kcstr(w, "unit", wish->per > 1 ? "week" : "day");
    json_w_kstring(w, "calibration_end", time_print_date(wish->end * DAY_MS, day));
    json_w_ki64(w, "customers", (int64_t)l->customers);
    json_w_ki64(w, "repeat_purchases", repeats);
}

static enum err_code print(struct buf *out, struct err *e)
{
    TRY(buf_check(out, "the answer", e));
    printf("%.*s\n", SLICE_ARG(buf_slice(out)));
    return ERR_OK;
}

static enum err_code command_fit(const struct ledger *l, const struct wish *wish, struct buf *out, struct err *e)
{
    struct fitted f;
    struct json_w w = json_w(out);
    TRY(fit_model(l, wish, &f, e));
    json_w_open(&w, '{');
    json_base(&w, l, wish);
    json_numbers(&w, "parameters", &f, f.at);
    json_numbers(&w, "standard_errors", &f, f.fit.error);
    json_w_kdouble(&w, "log_likelihood", f.fit.log_likelihood);
    json_w_kdouble(&w, "gradient", f.fit.gradient);
    json_w_kbool(&w, "converged", f.fit.converged);
    json_w_kcstr(&w, "diagnosis", f.fit.diagnosis);
    json_w_close(&w, '}');
    return print(out, e);
}

/* ---- holdout ---- */
struct score {
    double foretold, off, squares, cross, own;
};

static void add_score(struct score *s, double foretold, double actual)
{
    s->foretold += foretold;
    s->off += fabs(foretold - actual);
    s->squares += (foretold - actual) * (foretold - actual);
    s->cross += foretold * actual;
    s->own += foretold * foretold;
}

static void json_score(struct json_w *w, const char *name, const struct ledger *l, const struct score *s)
{
    double n = (double)l->customers, actual = 0, squares = 0;
    for (size_t i = 0; i < l->customers; i++) {
        actual += l->history[i].later;
        squares += (double)l->history[i].later * l->history[i].later;
    }
    double both = sqrt((s->own - s->foretold * s->foretold / n) * (squares - actual * actual / n));
    json_w_open(w, '{');
    json_w_kcstr(w, "model", name);
    json_w_kdouble(w, "total", s->foretold);
    json_w_kdouble(w, "mae", s->off / n);
    json_w_kdouble(w, "rmse", sqrt(s->squares / n));
    json_w_kdouble(w, "correlation", both > 0 ? (s->cross - s->foretold * actual / n) / both : 0);
    json_w_close(w, '}');
}

/* What they did goes on: a rate of purchases a day since their first one. */
static double carried_forward(const struct buyer *b, double days)
{
    return b->watched > 0 ? days * b->repeats / b->watched : 0;
}

static enum err_code command_holdout(const struct ledger *l, const struct wish *wish, struct buf *out, struct err *e)
{
    struct json_w w = json_w(out);
    struct score model = { 0 }, carried = { 0 };
    struct fitted f;
    double days = l->last - l->end, actual = 0;
    if (wish->model == MODEL_GAMMA_GAMMA)
        return err_set(e, ERR_INVALID, 0, "holdout is of purchases: --model bg-nbd, mbg-nbd or pareto-nbd");
    if (days <= 0)
        return err_set(e, ERR_INVALID, 0, "the file has no day after the end of the calibration");
    TRY(fit_model(l, wish, &f, e));
    for (size_t i = 0; i < l->customers; i++) {
        const struct history *h = &l->history[i];
        const struct buyer *b = &h->buyer;
        add_score(&model, expected_of(&f, b, days), h->later);
        add_score(&carried, carried_forward(b, days), h->later);
        actual += h->later;
    }
    json_w_open(&w, '{');
    json_base(&w, l, wish);
    json_w_ki64(&w, "days", (int64_t)days);
    json_w_kdouble(&w, "actual", actual);
    json_w_key(&w, "models");
    json_w_open(&w, '[');
    json_score(&w, model_names[wish->model], l, &model);
    json_score(&w, "rate carried forward", l, &carried);
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    return print(out, e);
}

/* ---- predict ---- */
static enum err_code command_predict(struct settings *s, const struct ledger *l, const struct wish *wish, struct buf *out,
                                     struct err *e)
{
    const char *text = settings_option(s, "days");
    int64_t days = 365;
    struct fitted f;
    if (text && (!slice_i64(slice_of(text), &days) || days < 1 || days > 36500))
        return err_set(e, ERR_INVALID, 0, "--days is a whole number from 1 to 36500");
    if (wish->model == MODEL_GAMMA_GAMMA)
        return err_set(e, ERR_INVALID, 0, "predict is of purchases: --model bg-nbd, mbg-nbd or pareto-nbd");
    TRY(fit_model(l, wish, &f, e));
    printf("customer,alive,purchases\n");
    for (size_t i = 0; i < l->customers; i++) {
        const struct buyer *b = &l->history[i].buyer;
        buf_clear(out);
        csv_write(out, l->history[i].customer);
        printf("%.*s,%.6f,%.6f\n", SLICE_ARG(buf_slice(out)), alive_of(&f, b), expected_of(&f, b, (double)days));
    }
    return ERR_OK;
}

static enum err_code run(struct settings *s, const char *what, struct ledger *l, struct err *e)
{
    struct wish wish;
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(0);
    TRY(read_wish(s, &wish, e));
    l->end = wish.end;
    TRY(read_file(wish.file, l, e));
    TRY(make_histories(l, e));
    if (strcmp(what, "predict") == 0)
        return command_predict(s, l, &wish, &out, e);
    TRY(settings_no_options(s, e));
    return strcmp(what, "fit") == 0 ? command_fit(l, &wish, &out, e) : command_holdout(l, &wish, &out, e);
}

enum err_code command_value(struct settings *s, struct err *e)
{
    const char *what = s->n_rest ? s->rest[0] : "";
    if (strcmp(what, "contracts") == 0)
        return command_value_contracts(s, e);
    AUTO(ledger) l = calloc(1, sizeof *l);
    if (strcmp(what, "fit") != 0 && strcmp(what, "predict") != 0 && strcmp(what, "holdout") != 0)
        return err_set(e, ERR_INVALID, 0, "value is followed by fit, predict, holdout or contracts; see --help");
    if (!l || !(l->mem = arena_new(TEXTS_BYTES)))
        return NO_MEMORY(e);
    return run(s, what, l, e);
}
