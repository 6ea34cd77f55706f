/* A fit: everybody's transactions, the models, the proof, and what people are shown of it. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/vec.h"
#include "engine/feel/temporal.h"
#include "insight/valuation_room.h"
#include "memory/customers.h"
#include "sys/clock.h"
#include "text/time.h"

#define QUIET_DAYS 30                // a shop without an order for longer: its data end there
#define PROOF_MIN_DAYS 84            // of history, for a proof
#define HELD_MIN_DAYS 28
#define HELD_MAX_DAYS 182
#define SLOW_CUSTOMERS 20000
#define LOOK_STEP 1024               // customers between two looks at whether to go on
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for a model of value")

struct fitting {
    struct valuation *v;
    struct value_fit *fit;
    struct valued *of;
    size_t n, cap;
    double *first_in_week;           // customers by the week of their first transaction
    struct valuation_view looks;     // where purchases are
    struct valuation_work work;
    struct progress *progress;
    struct err *e;
};

/* ---- the models ---- */
static double mean_of(const struct valued *of, bool then)
{
    return (double)(then ? of->mean_then : of->mean);
}

static enum err_code fit_spend(const struct valued *of, size_t n, bool then, struct fitted *ret, struct err *e)
{
    struct spender *spender = malloc((n + 1) * sizeof *spender);
    struct err why;
    double sum = 0;
    size_t spenders = 0;
    if (!spender)
        return NO_MEMORY(e);
    for (size_t i = 0; i < n; i++) {
        const struct buyer *buyer = then ? &of[i].then : &of[i].now;
        if (buyer->watched < 0 || !(mean_of(&of[i], then) > 0))
            continue;
        spender[spenders++] = (struct spender){ buyer->repeats + 1, mean_of(&of[i], then) };
        sum += mean_of(&of[i], then);
    }
    ret->mean_spend = spenders ? sum / (double)spenders : 0;
    if (!spenders || gamma_gamma_fit(spender, spenders, &ret->spend, &ret->spend_fit, &why))
        ret->spend = (struct gamma_gamma){ 0 };
    free(spender);
    return ERR_OK;
}

/* The one model whose likelihood takes integrals is fitted to some of the customers: all of a million would take a minute. */
static enum err_code fit_buying(const struct buyers *all, size_t customers, struct fitted *ret, struct err *e)
{
    struct buyers some = { 0 };
    if (customers > SLOW_CUSTOMERS)
        TRY(buyers_sample(all, SLOW_CUSTOMERS, &some, e));
    for (size_t k = 0; k < VALUE_KINDS; k++)
        ret->valid[k] = !kind_fit(&buying_kinds[k], k == KIND_GGOMPERTZ_NBD && some.n ? &some : all, ret->at[k], &ret->fit[k],
                                  &ret->why[k]);
    buyers_drop(&some);
    return ERR_OK;
}

enum err_code value_fit_models(const struct valued *of, size_t n, bool then, struct fitted *ret, struct err *e)
{
    // gcc 12 takes what malloc gives as read before it is written
    struct buyer *buyer = calloc(n + 1, sizeof *buyer);
    struct buyers buyers = { 0 };
    size_t bought = 0;
    *ret = (struct fitted){ 0 };
    if (!buyer)
        return NO_MEMORY(e);
    for (size_t i = 0; i < n; i++)
        if ((then ? &of[i].then : &of[i].now)->watched >= 0)
            buyer[bought++] = then ? of[i].then : of[i].now;
    enum err_code code = buyers_gather(buyer, bought, WEEK_DAYS, &buyers, e);
    free(buyer);
    TRY(code);
    code = fit_buying(&buyers, bought, ret, e);
    buyers_drop(&buyers);
    TRY(code);
    return fit_spend(of, n, then, ret, e);
}

struct value_models fitted_models(const struct fitted *f, size_t kind)
{
    struct value_models m = { .kind = &buying_kinds[kind], .spend = f->spend, .mean_spend = f->mean_spend };
    memcpy(m.at, f->at[kind], sizeof m.at);
    return m;
}

/* ---- everybody ---- */
static float mean_value(const struct transaction *of, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)of[i].value_micro / MONEY;
    return n ? (float)(sum / (double)n) : 0;
}

static struct buyer buyer_of(const struct transaction *of, size_t n, int32_t day)
{
    if (!n || of[0].day > day)
        return (struct buyer){ .watched = -1 };
    return (struct buyer){ (uint32_t)n - 1, of[n - 1].day - of[0].day, day - of[0].day };
}

static size_t until(const struct transaction *of, size_t n, int32_t day)
{
    while (n > 0 && of[n - 1].day > day)
        n--;
    return n;
}

static void count_week(struct value_fit *fit, int32_t day)
{
    size_t week = (size_t)(day - fit->first) / 7;
    if (day >= fit->first && week < fit->n_weeks)
        fit->week[week].came++;
}

static bool add_customer(struct fitting *f, uint32_t root, const struct transaction *of, size_t n)
{
    struct value_fit *fit = f->fit;
    n = until(of, n, fit->as_of);
    if (!n)
        return true;
    if (!vec_need(f->of, f->cap, f->n + 1))
        return false;
    size_t early = until(of, n, fit->proof.cutoff);
    f->of[f->n++] = (struct valued){ .now = buyer_of(of, n, fit->as_of), .then = buyer_of(of, early, fit->proof.cutoff),
                                     .later = (uint32_t)(n - early), .mean = mean_value(of, n), .mean_then = mean_value(of, early),
                                     .later_money = mean_value(of + early, n - early) * (float)(n - early) };
    struct valued *added = &f->of[f->n - 1];
    added->first = (float)((double)of[0].value_micro / MONEY);
    added->month = value_new_month(of[0].day);
    added->channel = value_new_channel(&f->looks, &f->work, root);
    fit->transactions += n;
    for (size_t i = 1; i < n; i++)
        count_week(fit, of[i].day);
    size_t week = of[0].day > fit->first ? (size_t)(of[0].day - fit->first) / 7 : 0;
    if (week < fit->n_weeks)
        f->first_in_week[week]++;
    return true;
}

static bool look_at(struct fitting *f, uint32_t root)
{
    const struct customers *customers = memory_customers(f->v->memory);
    const struct zones *zones = f->v->options.zones;
    struct valuation_work *w = &f->work;
    if (!purchases_transactions(f->v->purchases, zones, root, FACT_NO_TIME, &w->of, &w->n, &w->cap) || !add_customer(f, root, w->of, w->n))
        return false;
    int64_t seen_ms = customers_first_seen_ms(customers, root);
    size_t n = until(w->of, w->n, f->fit->as_of);
    if (seen_ms == FACT_NO_TIME)
        return true;
    double from = zones_day(zones, seen_ms), to = n ? w->of[0].day : f->fit->as_of;
    newcomers_add(&f->fit->view.newcomers[customers_is_known(customers, root)], fmax(0, to - from), n > 0);
    f->fit->people++;
    return true;
}

static enum err_code check_in(struct fitting *f, uint32_t root, uint32_t count)
{
    memory_read_turn(f->v->memory);
    if (root % LOOK_STEP)
        return ERR_OK;
    progress_set(f->progress, root, 2 * (int64_t)count);  // the models are the other half
    return progress_check(f->progress, f->e);
}

static enum err_code gather(struct fitting *f)
{
    const struct customers *customers = memory_customers(f->v->memory);
    memory_read_lock(f->v->memory);
    uint32_t count = customers_count(customers);
    enum err_code code = ERR_OK;
    for (uint32_t root = 1; root <= count && !code; root++) {
        code = check_in(f, root, count);
        if (!code && customers_is_root(customers, root) && !look_at(f, root))
            code = NO_MEMORY(f->e);
    }
    memory_read_unlock(f->v->memory);
    f->fit->customers = f->n;
    return code;
}

/* ---- time ---- */
/* From the shop's first order on, as long as it sold: orders that stop a month before today are where the data end. false: there is
 * none. */
static bool find_days(struct fitting *f, int32_t today)
{
    struct day_row days[64];
    int32_t from = INT32_MIN, last = INT32_MIN;
    bool any = false;
    memory_read_lock(f->v->memory);
    for (size_t n; (n = purchases_days(f->v->purchases, from, days, 64)) > 0; from = days[n - 1].day + 1)
        for (size_t i = 0; i < n; i++) {
            if (!days[i].orders || days[i].day > today)
                continue;
            f->fit->first = any ? f->fit->first : days[i].day - 1;  // UTC: in the shop's zone it may be the day before
            any = true;
            last = days[i].day;
        }
    memory_read_unlock(f->v->memory);
    f->fit->as_of = any && today - last > QUIET_DAYS ? last + 1 : today;
    return any;
}

static void set_proof(struct value_fit *fit)
{
    int32_t span = fit->as_of - fit->first, held = span / 3;
    held = held < HELD_MIN_DAYS ? HELD_MIN_DAYS : held > HELD_MAX_DAYS ? HELD_MAX_DAYS : held;
    fit->proof.days = span >= PROOF_MIN_DAYS ? held : 0;
    fit->proof.cutoff = fit->as_of - held;
    fit->n_weeks = (size_t)span / 7;  // whole ones
    if (fit->n_weeks > WEEKS_MAX)
        fit->n_weeks = WEEKS_MAX;
}

/* ---- what it says of all ---- */
/* Repeat transactions that the model expects in each week, of customers by the week of their first one. */
static void track(struct fitting *f, const struct value_models *m)
{
    double expected[WEEKS_MAX];
    struct value_fit *fit = f->fit;
    for (size_t age = 0; age < fit->n_weeks; age++)  // they come in the middle of their first week, on average
        expected[age] = worth_expected_anew(m, (double)age + 0.5);
    for (size_t first = 0; first < fit->n_weeks; first++)
        for (size_t week = first; week < fit->n_weeks && f->first_in_week[first] > 0; week++) {
            size_t age = week - first;
            fit->week[week].expected += f->first_in_week[first] * (expected[age] - (age ? expected[age - 1] : 0));
        }
}

static size_t map_span(const struct buyer *of)
{
    size_t span = (size_t)(of->watched - of->last) / 28;
    return span < MAP_SPANS ? span : MAP_SPANS - 1;
}

static void sum_up(struct fitting *f)
{
    struct value_fit *fit = f->fit;
    for (size_t i = 0; i < f->n; i++) {
        const struct buyer *of = &f->of[i].now;
        const struct worth_of one = worth_of_buyer(of, (double)f->of[i].mean);
        uint8_t level[RATIO_COVARIATES];
        value_new_level(&fit->view.anew, f->of[i].channel, f->of[i].month, (double)f->of[i].first, level);
        const struct value_models m = worth_faster(&fit->view.models,
                                                   of->repeats ? 1 : rate_ratio_of(&fit->view.anew.ratios, level));
        struct worth w = worth_of(&m, &fit->view.terms, &one, false);
        struct value_cell *cell = &fit->map[of->repeats < FREQUENCIES ? of->repeats : FREQUENCIES - 1][map_span(of)];
        cell->customers++;
        cell->alive += w.alive;
        cell->expected += w.expected;
        fit->value += w.value;
        fit->expected += w.expected;
    }
}

/* Of those who came again: the gamma-gamma model takes it as none. */
static double frequency_and_spend(const struct fitting *f)
{
    double *often = malloc((2 * f->n + 1) * sizeof *often), *much = often ? often + f->n : NULL;
    size_t n = 0;
    for (size_t i = 0; often && i < f->n; i++)
        if (f->of[i].now.repeats && f->of[i].mean > 0) {
            often[n] = f->of[i].now.repeats;
            much[n++] = (double)f->of[i].mean;
        }
    double correlation = often ? holdout_score(often, much, n).correlation : NAN;
    free(often);
    return correlation;
}

/* The one that foretold best; without a proof the first of them all whose search has ended, else any that has numbers. */
static enum err_code choose(struct fitting *f)
{
    struct value_fit *fit = f->fit;
    const struct fitted *fitted = &fit->fitted;
    size_t best = fit->proof.days && fitted->valid[fit->proof.best] ? fit->proof.best : VALUE_KINDS;
    for (int even_unsure = 0; even_unsure < 2; even_unsure++)
        for (size_t k = 0; k < VALUE_KINDS && best == VALUE_KINDS; k++)
            best = fitted->valid[k] && (even_unsure || fitted->fit[k].converged) ? k : VALUE_KINDS;
    if (best == VALUE_KINDS)
        return err_set(f->e, ERR_CONFLICT, 0, "nobody has bought on two days yet: there is nothing to learn from");
    fit->view.models = fitted_models(fitted, best);
    fit->view.fitted = true;
    return ERR_OK;
}

static enum err_code fit_all(struct fitting *f, int64_t now_ms)
{
    struct value_fit *fit = f->fit;
    int64_t began_ns = clock_steady_ns();
    if (!find_days(f, zones_day(f->v->options.zones, now_ms)))
        return err_set(f->e, ERR_CONFLICT, 0, "there are no orders yet: import some first");
    set_proof(fit);
    TRY(gather(f));
    if (fit->proof.days)
        TRY(value_prove(f->of, f->n, &fit->view.terms, &fit->proof, f->e));
    progress_set(f->progress, 6, 8);
    TRY(progress_check(f->progress, f->e));
    TRY(value_fit_models(f->of, f->n, false, &fit->fitted, f->e));
    progress_set(f->progress, 7, 8);
    TRY(choose(f));
    TRY(value_new_fit(f->of, f->n, &fit->view.models, fit->proof.anew.ratios.used, &fit->view.anew, f->e));
    track(f, &fit->view.models);
    sum_up(f);
    fit->frequency_spend = frequency_and_spend(f);
    fit->fitted_ms = now_ms;
    fit->took_ms = (clock_steady_ns() - began_ns) / 1000000;
    return ERR_OK;
}

enum err_code value_fit_make(struct valuation *v, int64_t now_ms, struct progress *progress, struct value_fit *ret, struct err *e)
{
    struct fitting f = { .v = v, .looks = v->view, .fit = ret, .progress = progress, .e = e };
    *ret = (struct value_fit){ 0 };
    ret->view.terms = v->view.terms;
    f.first_in_week = calloc(WEEKS_MAX, sizeof *f.first_in_week);
    enum err_code code = f.first_in_week ? fit_all(&f, now_ms) : NO_MEMORY(e);
    free(f.first_in_week);
    free(f.of);
    valuation_work_clear(&f.work);
    return code;
}
