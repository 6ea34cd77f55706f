/* A fit of the tiers: everybody's values side by side, cuts, and where everybody is by them. */
#include <assert.h>
#include <stdlib.h>

#include "engine/feel/temporal.h"
#include "insight/investment_room.h"
#include "insight/population.h"
#include "insight/purchases_state.h"

#define LOOK_STEP 16384              // customers between two looks at whether to go on
#define SERVED SLICE("served through")
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the tiers of customers")

/* One customer a row. */
struct gathering {
    struct investment *v;
    struct valuation_view view;
    struct valuation_work work;
    size_t n;
    uint32_t count;                  // histories when it began
    uint32_t *root;
    double *actual, *lifetime, *alive, *reach;
    uint8_t *partner;
    struct tiers_state *state;
    uint64_t *served;                // a bit a history
    size_t served_rows;
    struct progress *progress;
    struct err *e;
};

static enum err_code begin(struct gathering *g)
{
    memory_read_lock(g->v->memory);
    g->count = customers_count(memory_customers(g->v->memory));
    memory_read_unlock(g->v->memory);
    size_t n = (size_t)g->count + 1;
    g->root = malloc(n * sizeof *g->root);
    g->actual = malloc(n * sizeof *g->actual);
    g->lifetime = malloc(n * sizeof *g->lifetime);
    g->alive = malloc(n * sizeof *g->alive);
    g->reach = malloc(n * sizeof *g->reach);
    g->partner = malloc(n);
    g->state = malloc(n * sizeof *g->state);
    return g->root && g->actual && g->lifetime && g->alive && g->reach && g->partner && g->state ? ERR_OK : NO_MEMORY(g->e);
}

static void end(struct gathering *g)
{
    free(g->root);
    free(g->actual);
    free(g->lifetime);
    free(g->alive);
    free(g->reach);
    free(g->partner);
    free(g->state);
    free(g->served);
    valuation_work_clear(&g->work);
}

/* ---- who is served through a partner ---- */
/* A name, or true; of a trait that is a list or an object, anything. */
static bool says_so(const struct column *c, size_t row)
{
    if (column_is_null(c, row))
        return false;
    if (c->kind == COLUMN_BOOLEAN)
        return column_raw(c, row) != 0;
    if (c->kind != COLUMN_CODES)
        return true;
    const struct value *v = &c->dictionary->value[column_raw(c, row)];
    return v->kind == VALUE_STRING ? v->string.len > 0 : v->kind == VALUE_BOOLEAN ? v->boolean : true;
}

static enum err_code find_served(struct gathering *g, const struct people *people, int64_t now_ms)
{
    TRY(population_refresh(g->v->population, people, now_ms, g->e));
    population_lock(g->v->population);
    const struct columns *columns = population_columns(g->v->population);
    const struct column *served = columns_find(columns, SERVED);
    if (served) {
        g->served_rows = columns->rows;
        g->served = calloc(COLUMN_WORDS(g->served_rows) + 1, sizeof *g->served);
        for (size_t row = 0; row < g->served_rows && g->served; row++)
            if (says_so(served, row))
                g->served[row / 64] |= UINT64_C(1) << row % 64;
    }
    population_unlock(g->v->population);
    return served && !g->served ? NO_MEMORY(g->e) : ERR_OK;
}

/* ---- everybody ---- */
static void add_customer(struct gathering *g, uint32_t root)
{
    const struct customer_value value = valuation_of(&g->view, &g->work, root, false);
    const struct investment_cells cells = investment_cells(g->v, &g->view, &value, root);
    bool served = root < g->served_rows && bits_has(g->served, root);
    size_t i = g->n++;
    g->root[i] = root;
    g->actual[i] = cells.actual;
    g->lifetime[i] = cells.lifetime;
    g->alive[i] = cells.alive;
    g->reach[i] = cells.reach;
    g->partner[i] = served || customers_kind(g->view.customers, root) == KIND_PARTNER;
    g->state[i] = *investment_state(g->v, root);
}

static enum err_code gather(struct gathering *g)
{
    enum err_code code = ERR_OK;
    memory_read_lock(g->v->memory);
    for (uint32_t root = 1; root <= g->count && !code; root++) {
        if (customers_is_root(g->view.customers, root))
            add_customer(g, root);
        memory_read_turn(g->v->memory);
        if (root % LOOK_STEP)
            continue;
        progress_set(g->progress, root, (int64_t)g->count + 1);
        code = progress_check(g->progress, g->e);
    }
    memory_read_unlock(g->v->memory);
    return code ? code : progress_check(g->progress, g->e);
}

static void sum_up(const struct gathering *g, struct investment_fit *fit)
{
    for (size_t i = 0; i < g->n; i++) {
        struct investment_tier *t = &fit->tier[g->state[i].tier];
        t->customers++;
        t->actual += isnan(g->actual[i]) ? 0 : g->actual[i];
        t->lifetime += isnan(g->lifetime[i]) ? 0 : g->lifetime[i];
    }
}

/* Of who is no customer of their own now, what it was: merges may be undone. */
static struct tiers_state *by_history(const struct gathering *g)
{
    struct tiers_state *ret = malloc(((size_t)g->count + 1) * sizeof *ret);
    for (uint32_t history = 0; ret && history <= g->count; history++)
        ret[history] = *investment_state(g->v, history);
    for (size_t i = 0; ret && i < g->n; i++)
        ret[g->root[i]] = g->state[i];
    return ret;
}

static enum err_code make(struct gathering *g, int64_t now_ms, struct investment_fit *fit)
{
    const struct tiers_options options = tiers_options_usual();
    TRY(begin(g));
    TRY(gather(g));
    const struct tiers_columns columns = { g->n, g->actual, g->lifetime, g->reach, NULL, g->alive, g->partner };
    fit->id = g->v->last_id + 1;
    fit->fitted_ms = now_ms;
    fit->value_fit = g->view.fit;
    fit->day = zones_day(g->view.zones, now_ms);
    TRY(tiers_fit(&columns, &options, &fit->cuts, g->e));
    tiers_assign(&columns, &fit->cuts, fit->day, g->state, &fit->movement);
    sum_up(g, fit);
    return ERR_OK;
}

static enum err_code keep(struct gathering *g, const struct investment_fit *fit)
{
    struct investment *v = g->v;
    struct tiers_state *state = by_history(g);
    if (!state)
        return NO_MEMORY(g->e);
    enum err_code code = investment_keep(v, fit, state, g->count + 1, g->e);
    if (code) {
        free(state);
        return code;
    }
    pthread_rwlock_wrlock(&v->lock);
    free(v->state);
    v->state = state;
    v->states = g->count + 1;
    v->fit = *fit;
    v->last_id = fit->id;
    pthread_rwlock_unlock(&v->lock);
    return ERR_OK;
}

enum err_code investment_refit(struct investment *v, const struct people *people, int64_t now_ms, struct progress *progress,
                               struct err *e)
{
    assert(v && people);
    struct gathering g = { .v = v, .view = valuation_look(v->valuation), .progress = progress, .e = e };
    struct investment_fit fit = { 0 };
    if (!g.view.fitted)
        return err_set(e, ERR_CONFLICT, 0, "what customers will be worth is not known yet: POST /api/v1/value/fits first");
    TRY(find_served(&g, people, now_ms));
    pthread_mutex_lock(&v->fitting);
    enum err_code code = make(&g, now_ms, &fit);
    if (!code)
        code = keep(&g, &fit);
    pthread_mutex_unlock(&v->fitting);
    progress_set(progress, 1, 1);
    end(&g);
    return code;
}
