#include "insight/valuation.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "engine/feel/temporal.h"
#include "insight/valuation_room.h"
#include "memory/customers.h"
#include "sys/clock.h"
#include "text/time.h"

#define REFIT_MS (7 * DAY_MS)
#define REFIT_GROWTH 0.05
#define YEAR_DAYS 365
#define REPORT_BYTES ((size_t)4 << 20)
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for models of value")

/* ---- life ---- */
static enum err_code read_last(struct valuation *v, struct store_conn *conn, struct err *e)
{
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(conn, SLICE("SELECT id, fitted_ms, parameters FROM value_fits ORDER BY id DESC LIMIT 1"), &st, e));
    TRY(store_step(st, &row, e));
    if (row) {
        AUTO(json_parser) parser = json_parser_new();
        struct json json;
        if (!parser)
            return NO_MEMORY(e);
        v->fitted_ms = store_col_i64(st, 1);
        v->view.fit = store_col_i64(st, 0);
        v->view.fitted = !json_parse(parser, store_col_text(st, 2), &json, e) && value_parameters_read(json, &v->view);
    }
    store_reset(st);
    return ERR_OK;               // what cannot be read is fitted anew
}

enum err_code valuation_new(struct memory *memory, struct purchases *purchases, struct store_conn *conn,
                            struct valuation_options options, struct valuation **ret, struct err *e)
{
    assert(memory && purchases && conn && ret);
    struct valuation *v = calloc(1, sizeof *v);
    if (!v)
        return NO_MEMORY(e);
    v->memory = memory;
    v->purchases = purchases;
    v->options = options;
    pthread_mutex_init(&v->fitting, NULL);
    pthread_mutex_init(&v->lock, NULL);
    v->view = (struct valuation_view){ .terms = { options.horizon_days / WEEK_DAYS, options.discount, options.margin },
                                       .zones = options.zones, .purchases = purchases, .customers = memory_customers(memory) };
    enum err_code code = read_last(v, conn, e);
    valuation_turn(v, clock_now_ms(memory_clock(memory)));
    if (code)
        valuation_drop(&v);
    else
        *ret = v;
    return code;
}

void valuation_drop(struct valuation **valuation)
{
    assert(valuation);
    if (!*valuation)
        return;
    pthread_mutex_destroy(&(*valuation)->fitting);
    pthread_mutex_destroy(&(*valuation)->lock);
    free(*valuation);
    *valuation = NULL;
}

struct valuation_view valuation_look(const struct valuation *valuation)
{
    struct valuation *v = (struct valuation *)valuation;  // for its lock
    pthread_mutex_lock(&v->lock);
    struct valuation_view view = v->view;
    pthread_mutex_unlock(&v->lock);
    return view;
}

void valuation_turn(struct valuation *v, int64_t now_ms)
{
    int32_t today = zones_day(v->options.zones, now_ms);
    pthread_mutex_lock(&v->lock);
    v->view.today = today;
    pthread_mutex_unlock(&v->lock);
}

/* ---- fits ---- */
static uint64_t orders_now(const struct valuation *v)
{
    memory_read_lock(v->memory);
    uint64_t orders = purchases_orders(v->purchases);
    memory_read_unlock(v->memory);
    return orders;
}

bool valuation_refit_due(const struct valuation *valuation, int64_t now_ms)
{
    struct valuation *v = (struct valuation *)valuation;  // for its locks
    uint64_t orders = orders_now(v);
    pthread_mutex_lock(&v->lock);
    int64_t age_ms = now_ms - v->fitted_ms;
    bool first = !v->fitted_ms && orders > 0;
    bool grown = age_ms >= DAY_MS && (double)orders > (double)v->fitted_orders * (1 + REFIT_GROWTH);
    bool due = first || grown || (age_ms >= REFIT_MS && orders > 0);
    pthread_mutex_unlock(&v->lock);
    return due;
}

struct keep_fit {
    struct command command;      // first
    const struct value_fit *fit;
    struct slice parameters, report;
    int64_t id;
};

static enum err_code keep_run(struct command *command, struct tx *tx, struct err *e)
{
    struct keep_fit *keep = (struct keep_fit *)command;
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO value_fits (fitted_ms, model, parameters, report) VALUES ($1, $2, $3, $4) "
                                      "RETURNING id"), &st, e));
    store_bind_i64(st, 1, keep->fit->fitted_ms);
    store_bind_text(st, 2, slice_of(keep->fit->view.models.kind->name));
    store_bind_text(st, 3, keep->parameters);
    store_bind_text(st, 4, keep->report);
    TRY(store_step(st, &row, e));
    keep->id = row ? store_col_i64(st, 0) : 0;
    store_reset(st);
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM value_fits WHERE id <= $1"), &st, e));
    store_bind_i64(st, 1, keep->id - VALUE_FITS_KEPT);
    return store_run(st, e);
}

static enum err_code keep_fit(struct valuation *v, struct value_fit *fit, struct err *e)
{
    struct buf parameters = buf_make(REPORT_BYTES), report = buf_make(REPORT_BYTES);
    struct json_w w = json_w(&parameters);
    value_parameters(fit, &w);
    w = json_w(&report);
    value_report(v, fit, &w);
    enum err_code code = buf_check(&parameters, "the models of value", e);
    if (!code)
        code = buf_check(&report, "the report of the models of value", e);
    struct keep_fit keep = { { .run = keep_run, .bytes = REPORT_BYTES }, fit, buf_slice(&parameters), buf_slice(&report), 0 };
    if (!code)
        code = memory_run(v->memory, &keep.command, e);
    fit->view.fit = keep.id;
    buf_drop(&parameters);
    buf_drop(&report);
    return code;
}

static void use(struct valuation *v, const struct value_fit *fit, uint64_t orders)
{
    pthread_mutex_lock(&v->lock);
    v->view.fitted = true;
    v->view.fit = fit->view.fit;
    v->view.models = fit->view.models;
    v->view.anew = fit->view.anew;
    memcpy(v->view.newcomers, fit->view.newcomers, sizeof v->view.newcomers);
    v->fitted_ms = fit->fitted_ms;
    v->fitted_orders = orders;
    pthread_mutex_unlock(&v->lock);
}

/* What cannot be learnt from today is looked at again tomorrow. */
static void not_before_tomorrow(struct valuation *v, int64_t now_ms, uint64_t orders)
{
    pthread_mutex_lock(&v->lock);
    v->fitted_ms = v->view.fitted ? v->fitted_ms : now_ms;
    v->fitted_orders = orders;
    pthread_mutex_unlock(&v->lock);
}

static enum err_code refit(struct valuation *v, int64_t now_ms, struct progress *progress, struct err *e)
{
    struct value_fit *fit = malloc(sizeof *fit);
    if (!fit)
        return NO_MEMORY(e);
    uint64_t orders = orders_now(v);
    enum err_code code = value_fit_make(v, now_ms, progress, fit, e);
    if (code == ERR_CONFLICT && orders)
        not_before_tomorrow(v, now_ms, orders);
    if (!code)
        code = keep_fit(v, fit, e);
    if (!code)
        use(v, fit, orders);
    free(fit);
    return code;
}

enum err_code valuation_refit(struct valuation *v, int64_t now_ms, struct progress *progress, struct err *e)
{
    assert(v);
    pthread_mutex_lock(&v->fitting);
    enum err_code code = refit(v, now_ms, progress, e);
    pthread_mutex_unlock(&v->fitting);
    return code;
}

enum err_code valuation_refresh(struct valuation *v, int64_t now_ms, struct progress *progress, struct err *e)
{
    assert(v);
    if (pthread_mutex_trylock(&v->fitting))
        return ERR_OK;           // somebody fits just now
    enum err_code code = valuation_refit_due(v, now_ms) ? refit(v, now_ms, progress, e) : ERR_OK;
    pthread_mutex_unlock(&v->fitting);
    return code;
}

enum err_code value_fits(struct store_conn *conn, int64_t id, size_t limit, struct arena *mem, struct value_fit_row **ret,
                         size_t *n, struct err *e)
{
    struct store_stmt *st;
    bool more;
    *n = 0;
    *ret = arena_array(mem, struct value_fit_row, limit);
    if (!*ret)
        return NO_MEMORY(e);
    TRY(store_prepare(conn, SLICE("SELECT id, fitted_ms, model, report FROM value_fits WHERE $1 = 0 OR id = $1 "
                                  "ORDER BY id DESC LIMIT $2"), &st, e));
    store_bind_i64(st, 1, id);
    store_bind_i64(st, 2, (int64_t)limit);
    while (*n < limit) {
        TRY(store_step(st, &more, e));
        if (!more)
            break;
        struct value_fit_row row = { store_col_i64(st, 0), store_col_i64(st, 1), arena_copy(mem, store_col_text(st, 2)),
                                     arena_copy(mem, store_col_text(st, 3)) };
        if (!row.model.at || !row.report.at)
            return NO_MEMORY(e);
        (*ret)[(*n)++] = row;
    }
    store_reset(st);
    return ERR_OK;
}

/* ---- of one ---- */
void valuation_work_clear(struct valuation_work *work)
{
    free(work->of);
    free(work->when);
    *work = (struct valuation_work){ 0 };
}

struct worth_of valuation_history(const struct transaction *of, size_t n, int32_t day)
{
    double sum = 0, spent = 0;
    for (size_t i = 0; i < n; i++) {
        double value = (double)of[i].value_micro / MONEY;
        sum += value > 0 ? value : 0;
        spent += value > 0;
    }
    return (struct worth_of){ (double)n - 1, (of[n - 1].day - of[0].day) / WEEK_DAYS, (day - of[0].day) / WEEK_DAYS, spent,
                              spent > 0 ? sum / spent : 0 };
}

/* Of those who have not bought: the chance that they will, and then what anybody is worth, in what is left of the horizon. */
static struct worth newcomer(const struct valuation_view *view, uint32_t root)
{
    int64_t seen_ms = customers_first_seen_ms(view->customers, root);
    double age = seen_ms == FACT_NO_TIME ? 0 : view->today - zones_day(view->zones, seen_ms), weeks = view->terms.horizon;
    double chance = newcomers_chance(&view->newcomers[customers_is_known(view->customers, root)], fmax(age, 0), weeks * WEEK_DAYS);
    if (!isfinite(chance))
        chance = 0;
    struct worth w = { .alive = 1, .spend = worth_spend_anew(&view->models) };
    w.expected = chance * (1 + worth_expected_anew(&view->models, weeks / 2));
    w.value = view->terms.margin * w.spend * w.expected * worth_discount(&view->terms);
    w.high = chance > WORTH_BEYOND ? 1 : 0;
    return w;
}

/* Those who bought once: by what their first order tells, where it tells something. */
static struct value_models models_of(const struct valuation_view *view, struct valuation_work *work, uint32_t root, uint8_t *level)
{
    const unsigned used = view->anew.ratios.used;
    if (work->n > 1 || !used)
        return view->models;
    const struct transaction *first = &work->of[0];
    uint8_t channel = used >> NEW_CHANNEL & 1 ? value_new_channel(view, work, root) : 0;
    value_new_level(&view->anew, channel, value_new_month(first->day), (double)first->value_micro / MONEY, level);
    for (unsigned c = 0; c < RATIO_COVARIATES; c++)
        level[c] = used >> c & 1 ? level[c] : 0;
    return worth_faster(&view->models, rate_ratio_of(&view->anew.ratios, level));
}

static int64_t spent_since(const struct transaction *of, size_t n, int32_t day)
{
    int64_t sum = 0;
    for (size_t i = n; i > 0 && of[i - 1].day > day; i--)
        sum += of[i - 1].value_micro;
    return sum;
}

struct customer_value valuation_of(const struct valuation_view *view, struct valuation_work *work, uint32_t root, bool range)
{
    struct customer_value ret = { 0 };
    if (!view->purchases
        || !purchases_transactions(view->purchases, view->zones, root, FACT_NO_TIME, &work->of, &work->n, &work->cap))
        return ret;
    while (work->n && work->of[work->n - 1].day > view->today)
        work->n--;
    ret.bought = work->n > 0;
    ret.year_micro = spent_since(work->of, work->n, view->today - YEAR_DAYS);
    ret.known = view->fitted;
    if (!ret.known)
        return ret;
    if (ret.bought) {
        const struct worth_of of = valuation_history(work->of, work->n, view->today);
        const struct value_models models = models_of(view, work, root, ret.level);
        ret.worth = worth_of(&models, &view->terms, &of, range);
    } else {
        ret.worth = newcomer(view, root);
    }
    ret.value_low = worth_at(&ret.worth, ret.worth.low);
    ret.value_high = worth_at(&ret.worth, ret.worth.high);
    return ret;
}

bool valuation_alive_on(const struct valuation_view *view, const struct transaction *of, size_t n, int32_t day, double *ret)
{
    while (n > 0 && of[n - 1].day > day)
        n--;
    if (!n || !view->fitted)
        return false;
    const struct worth_of then = valuation_history(of, n, day);
    *ret = worth_alive(&view->models, &then);
    return true;
}
