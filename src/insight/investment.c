#include "insight/investment.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/feel/temporal.h"
#include "insight/investment_room.h"
#include "text/time.h"

#define PPM 1e6
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the tiers of customers")

/* ---- life ---- */
enum err_code investment_new(struct memory *memory, const struct valuation *valuation, struct population *population,
                             struct store_conn *conn, struct investment **ret, struct err *e)
{
    assert(memory && valuation && population && conn && ret);
    struct investment *v = calloc(1, sizeof *v);
    if (!v)
        return NO_MEMORY(e);
    v->memory = memory;
    v->valuation = valuation;
    v->population = population;
    pthread_mutex_init(&v->fitting, NULL);
    pthread_mutex_init(&v->planning, NULL);
    pthread_rwlock_init(&v->lock, NULL);
    enum err_code code = investment_read(v, conn, e);
    if (!code)
        code = investment_read_plans(v, conn, e);
    if (code)
        investment_drop(&v);
    else
        *ret = v;
    return code;
}

void investment_drop(struct investment **investment)
{
    assert(investment);
    struct investment *v = *investment;
    if (!v)
        return;
    pthread_mutex_destroy(&v->fitting);
    pthread_mutex_destroy(&v->planning);
    pthread_rwlock_destroy(&v->lock);
    free(v->state);
    free(v);
    *investment = NULL;
}

void investment_reach_by(struct investment *v, investment_reach reach, void *arg)
{
    v->reach = reach;
    v->reach_arg = arg;
}

/* For readers, whose pointer is to what they do not change. */
static struct investment *locked(const struct investment *investment)
{
    struct investment *v = (struct investment *)investment;
    pthread_rwlock_rdlock(&v->lock);
    return v;
}

static void unlock(struct investment *v)
{
    pthread_rwlock_unlock(&v->lock);
}

bool investment_last_fit(const struct investment *investment, struct investment_fit *ret)
{
    struct investment *v = locked(investment);
    *ret = v->fit;
    unlock(v);
    return ret->id != 0;
}

int64_t investment_stamp(const struct investment *investment)
{
    struct investment *v = locked(investment);
    int64_t id = v->fit.id;
    unlock(v);
    return id;
}

bool investment_refit_due(const struct investment *investment, int64_t now_ms)
{
    const struct valuation_view view = valuation_look(investment->valuation);
    struct investment *v = locked(investment);
    bool due = view.fitted && (!v->fit.id || v->fit.value_fit != view.fit || v->fit.day < zones_day(view.zones, now_ms));
    unlock(v);
    return due;
}

/* ---- one customer ---- */
struct investment_cells investment_cells(const struct investment *v, const struct valuation_view *view,
                                         const struct customer_value *value, uint32_t root)
{
    double spent = (double)value->year_micro / INVESTMENT_MONEY;
    return (struct investment_cells){
        .actual = value->known && value->bought ? spent * view->terms.margin : NAN,
        .lifetime = value->known ? value->worth.value : NAN,
        .alive = value->known ? value->worth.alive : NAN,
        .reach = v->reach ? v->reach(v->reach_arg, root) : NAN,
    };
}

/* By the cuts alone. */
static struct tiers_state anew(const struct tiers_cuts *cuts, const struct investment_cells *cells, bool partner, int32_t today)
{
    struct tiers_state state = { TIERS_NONE, TIERS_NONE, 0 };
    struct tiers_movement moved;
    uint8_t served = partner;
    const struct tiers_columns one = { 1, &cells->actual, &cells->lifetime, &cells->reach, NULL, &cells->alive, &served };
    tiers_assign(&one, cuts, today, &state, &moved);
    return state;
}

struct customer_tier investment_of(const struct investment *investment, const struct valuation_view *view,
                                   const struct customer_value *value, uint32_t root)
{
    const struct investment_cells cells = investment_cells(investment, view, value, root);
    double reach = isnan(cells.reach) ? 0 : cells.reach, alive = isnan(cells.alive) ? 1 : cells.alive;
    struct investment *v = locked(investment);
    struct tiers_state state = *investment_state(v, root);
    struct tiers_cuts cuts = v->fit.cuts;
    bool fitted = v->fit.id != 0;
    unlock(v);
    if (!fitted)
        return (struct customer_tier){ .known = false };
    if (state.tier == TIERS_NONE || (state.tier == TIERS_NEWCOMER && !isnan(cells.actual)))
        state = anew(&cuts, &cells, customers_kind(view->customers, root) == KIND_PARTNER, view->today);
    return (struct customer_tier){ true, (enum tiers_tier)state.tier, (enum tiers_tier)state.leaning, state.since_day,
                                   cells.actual, cells.lifetime + alive * cuts.reach_rate * reach };
}

/* ---- in words ---- */
static const char *const labels[TIERS_COUNT][2] = {
    [TIERS_MOST_VALUABLE] = { "most valuable", "más valioso" }, [TIERS_MOST_GROWABLE] = { "most growable", "con más potencial" },
    [TIERS_MIGRATOR] = { "migrator", "por decidir" },           [TIERS_BELOW_ZERO] = { "below zero", "bajo cero" },
    [TIERS_PARTNER] = { "partner", "por un socio" },            [TIERS_NEWCOMER] = { "newcomer", "nuevo" },
};

static bool is_es(const char *lang)
{
    return lang[0] == 'e' && lang[1] == 's';
}

const char *investment_tier_label(enum tiers_tier tier, const char *lang)
{
    assert((unsigned)tier < TIERS_COUNT);
    return labels[tier][is_es(lang)];
}

/* With the comma of Spanish. */
static void put_money(struct buf *out, double amount, bool es)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%.2f", amount);
    char *point = es && n > 0 ? strchr(text, '.') : NULL;
    if (point)
        *point = ',';
    buf_adds(out, text);
}

/* "…, while the most growable could bring 120.00 or more". */
static void put_cut(struct buf *out, const char *before, double cut, const char *behind, bool es)
{
    if (!isfinite(cut))
        return;
    buf_adds(out, before);
    put_money(out, cut, es);
    buf_adds(out, behind);
}

static void why_by_cuts(const struct tiers_cuts *cuts, const struct customer_tier *t, bool es, struct buf *out)
{
    buf_adds(out, es ? "Aportó " : "Brought ");
    put_money(out, t->brings, es);
    buf_adds(out, es ? " en el último año y podría aportar " : " in the last year and could bring ");
    put_money(out, t->could_be, es);
    if (t->tier == TIERS_MOST_VALUABLE)
        put_cut(out, es ? "; los más valiosos aportan desde " : "; the most valuable bring ", cuts->valuable,
                es ? "" : " or more", es);
    else if (t->tier == TIERS_BELOW_ZERO)
        put_cut(out, es ? "; ninguna de las dos cifras llega a " : "; neither comes up to ", cuts->floor, "", es);
    else
        put_cut(out, es ? "; los de más potencial podrían aportar desde " : "; the most growable could bring ", cuts->growable,
                es ? "" : " or more", es);
    buf_addc(out, '.');
}

/* Where they lean, or would be if tiers were not steady. */
static void why_steady(const struct customer_tier *t, const char *lang, struct buf *out)
{
    if (t->leaning != t->tier && t->leaning < TIERS_COUNT)
        buf_printf(out, is_es(lang) ? " Está cerca del nivel «%s»." : " They are near the tier “%s”.",
                   investment_tier_label(t->leaning, lang));
}

void investment_why(const struct investment *investment, const struct customer_tier *t, const char *lang, struct buf *out)
{
    struct investment_fit fit;
    bool es = is_es(lang);
    char day[TIME_TEXT_MAX];
    if (!investment_last_fit(investment, &fit) || !t->known) {
        buf_adds(out, es ? "Aún no hay niveles: faltan clientes que hayan comprado dos veces."
                         : "There are no tiers yet: too few customers have bought twice.");
        return;
    }
    struct slice since = time_print_date(t->since_day * DAY_MS, day);
    buf_printf(out, es ? "Nivel «%s» desde %.*s. " : "In the tier “%s” since %.*s. ", investment_tier_label(t->tier, lang),
               SLICE_ARG(since));
    if (t->tier == TIERS_PARTNER)
        buf_adds(out, es ? "Se le atiende a través de un socio." : "They are served through a partner.");
    else if (t->tier == TIERS_NEWCOMER || isnan(t->brings) || isnan(t->could_be))
        buf_adds(out, es ? "Todavía no ha comprado." : "They have not bought yet.");
    else
        why_by_cuts(&fit.cuts, t, es, out);
    why_steady(t, lang, out);
}

/* ---- plans ---- */
void investment_plans(const struct investment *investment, struct investment_plan ret[TIERS_COUNT])
{
    struct investment *v = locked(investment);
    memcpy(ret, v->plan, sizeof v->plan);
    unlock(v);
}

struct tiers_plan investment_plan_of(const struct investment *investment, uint32_t root)
{
    const struct valuation_view view = valuation_look(investment->valuation);
    struct valuation_work work = { 0 };
    memory_read_lock(investment->memory);
    const struct customer_value value = valuation_of(&view, &work, root, false);
    const struct customer_tier tier = investment_of(investment, &view, &value, root);
    memory_read_unlock(investment->memory);
    valuation_work_clear(&work);
    struct investment *v = locked(investment);
    struct tiers_plan plan = v->plan[tier.known ? tier.tier : TIERS_NEWCOMER].plan;
    unlock(v);
    return plan;
}

enum err_code tx_investment_plan(struct tx *tx, enum tiers_tier tier, const struct tiers_plan *plan, struct slice by,
                                 struct err *e)
{
    struct store_stmt *st;
    TRY(tiers_plan_check(plan, tier, e));
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO investment_plans (tier, contacts_per_month, service, manager, discount_most, "
        "changed_ms, by_whom) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tier) DO UPDATE SET "
        "contacts_per_month = excluded.contacts_per_month, service = excluded.service, manager = excluded.manager, "
        "discount_most = excluded.discount_most, changed_ms = excluded.changed_ms, by_whom = excluded.by_whom"), &st, e));
    store_bind_text(st, 1, slice_of(tiers_name(tier)));
    store_bind_i64(st, 2, plan->contacts_per_month);
    store_bind_text(st, 3, slice_of(tiers_service_name(plan->service)));
    store_bind_i64(st, 4, plan->manager);
    store_bind_i64(st, 5, llround(plan->discount_most * PPM));
    store_bind_i64(st, 6, tx->now_ms);
    store_bind_text(st, 7, slice_utf8_cut(by, INVESTMENT_BY_MAX - 1));
    return store_run(st, e);
}

static enum tiers_service service_of(struct slice name)
{
    int s = 0;
    while (s < TIERS_SERVICES && !slice_is(name, tiers_service_name((enum tiers_service)s)))
        s++;
    return (enum tiers_service)s;    // TIERS_SERVICES: there is none of that name
}

static void read_plan(struct store_stmt *st, struct investment_plan plan[TIERS_COUNT])
{
    struct slice name = store_col_text(st, 0), by = store_col_text(st, 6);
    int tier = tiers_parse(name.at, name.len);
    struct investment_plan p = { { (uint32_t)store_col_i64(st, 1), service_of(store_col_text(st, 2)), store_col_i64(st, 3) != 0,
                                   (double)store_col_i64(st, 4) / PPM }, store_col_i64(st, 5), "" };
    struct err flaw;
    snprintf(p.by, sizeof p.by, "%.*s", SLICE_ARG(by));
    if (tier >= 0 && !tiers_plan_check(&p.plan, (enum tiers_tier)tier, &flaw))
        plan[tier] = p;
}

enum err_code investment_read_plans(struct investment *v, struct store_conn *conn, struct err *e)
{
    struct investment_plan plan[TIERS_COUNT] = { 0 };
    struct store_stmt *st;
    bool row = true;
    for (int t = 0; t < TIERS_COUNT; t++)
        plan[t] = (struct investment_plan){ tiers_plan_usual((enum tiers_tier)t), FACT_NO_TIME, "" };
    pthread_mutex_lock(&v->planning);  // of two who read, the later one has the newer plans
    enum err_code code = store_prepare(conn, SLICE("SELECT tier, contacts_per_month, service, manager, discount_most, changed_ms, "
                                                   "by_whom FROM investment_plans"), &st, e);
    while (!code && row) {
        code = store_step(st, &row, e);
        if (!code && row)
            read_plan(st, plan);
    }
    if (!code) {
        pthread_rwlock_wrlock(&v->lock);
        memcpy(v->plan, plan, sizeof v->plan);
        pthread_rwlock_unlock(&v->lock);
    }
    pthread_mutex_unlock(&v->planning);
    return code;
}
