/* A fit: a wallet for each category and group of customers, and what it says of each of them. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"
#include "insight/customer_share_room.h"
#include "sys/clock.h"
#include "text/time.h"

#define QUIET_MS (30 * DAY_MS)       // a shop without an order for longer: its data end there
#define COUNTRY_PRIOR 50             // customers that the mean of all counts as, of a country
#define SCRATCH ((size_t)64 << 20)

enum feature { F_FIRST_DAYS, F_ORDER_VALUE, F_KNOWN, F_COUNTRY, F_EVERYTHING,
               F_ORDERS = F_EVERYTHING, F_SPEND, F_CATEGORIES, FEATURES };

struct fitting {
    struct customer_share *c;
    struct share_fit *fit;
    struct share_spend spend;
    uint32_t category[SHARE_CATEGORIES + 1];  // the population's numbers; the first is everything
    size_t n;
    struct progress *progress;
    struct arena *mem;
    struct err *e;
};

/* Customers of one group in a category, as engine/share wants them. */
struct alike {
    size_t n, cap;
    uint32_t *cell;                  // the places of their cells
    float *feature, *own, *declared, *reliability, *out;
};

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for the share of customer");
}

/* ---- which categories ---- */
struct spent_in {
    uint32_t category;
    double own;
};

static int by_own(const void *a, const void *b)
{
    const struct spent_in *x = a, *y = b;
    if (x->own != y->own)
        return x->own > y->own ? -1 : 1;
    return (x->category > y->category) - (x->category < y->category);
}

static enum err_code choose_categories(struct fitting *f)
{
    uint32_t most = 0;
    for (size_t i = 0; i < f->spend.cells; i++)
        most = f->spend.cell[i].category > most ? f->spend.cell[i].category : most;
    struct spent_in *in = calloc((size_t)most + 1, sizeof *in);
    if (!in)
        return no_memory(f->e);
    for (uint32_t i = 0; i <= most; i++)
        in[i].category = i;
    for (size_t i = 0; i < f->spend.cells; i++)
        in[f->spend.cell[i].category].own += (double)f->spend.cell[i].own;
    qsort(in + 1, most, sizeof *in, by_own);
    f->n = 1;
    for (size_t i = 1; i <= most && f->n <= SHARE_CATEGORIES && in[i].own > 0; i++)
        f->category[f->n++] = in[i].category;
    free(in);
    return ERR_OK;
}

/* ---- who is alike ---- */
static bool takes_part(const struct share_cell *cell)
{
    return cell->own > 0 || cell->declared > 0;
}

static const struct share_person *person_of(const struct fitting *f, const struct share_cell *cell)
{
    return &f->spend.person[cell->person];
}

static bool find_alike(const struct fitting *f, uint32_t category, enum share_group group, struct alike *ret)
{
    ret->n = 0;
    for (size_t i = 0; i < f->spend.cells; i++) {
        const struct share_cell *cell = &f->spend.cell[i];
        if (cell->category != category || !takes_part(cell) || person_of(f, cell)->group != group)
            continue;
        if (!vec_need(ret->cell, ret->cap, ret->n + 1))
            return false;
        ret->cell[ret->n++] = (uint32_t)i;
    }
    return true;
}

static float log_of(double value)
{
    return value >= 0 ? log1pf((float)value) : 0;
}

/* What customers of each country spend in the category, on average; of small ones nearly what all do. */
static bool country_values(const struct fitting *f, struct alike *a)
{
    size_t countries = (size_t)f->spend.countries + 1;
    double *sum = calloc(2 * countries, sizeof *sum), *n = sum + countries, all = 0;
    if (!sum)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct share_cell *cell = &f->spend.cell[a->cell[i]];
        sum[person_of(f, cell)->country] += (double)log_of((double)cell->own);
        n[person_of(f, cell)->country]++;
        all += (double)log_of((double)cell->own) / (double)a->n;
    }
    for (size_t i = 0; i < a->n; i++) {
        uint16_t country = person_of(f, &f->spend.cell[a->cell[i]])->country;
        double value = (sum[country] + COUNTRY_PRIOR * all) / (n[country] + COUNTRY_PRIOR);
        a->feature[F_COUNTRY * a->n + i] = country ? (float)value : NAN;
    }
    free(sum);
    return true;
}

static void put_elsewhere(const struct fitting *f, struct alike *a, size_t i)
{
    const struct share_cell *cell = &f->spend.cell[a->cell[i]];
    const struct share_person *person = person_of(f, cell);
    const struct share_cell *everything = &f->spend.cell[person->first];
    a->feature[F_ORDERS * a->n + i] = log_of((double)everything->orders - cell->orders);
    a->feature[F_SPEND * a->n + i] = log_of((double)everything->own - (double)cell->own);
    a->feature[F_CATEGORIES * a->n + i] = log_of((double)person->categories - (cell->own > 0));
}

/* A feature that is the same of all says nothing. How many are left. */
static unsigned keep_telling(struct alike *a, unsigned features)
{
    unsigned kept = 0;
    for (unsigned k = 0; k < features; k++) {
        const float *column = a->feature + k * a->n;
        bool tells = false;
        for (size_t i = 1; i < a->n && !tells; i++)
            tells = isnan(column[i]) ? !isnan(column[0]) : !(column[i] == column[0]);
        if (tells)
            memmove(a->feature + kept++ * a->n, column, a->n * sizeof *column);
    }
    return kept;
}

static bool describe(const struct fitting *f, uint32_t category, struct alike *a, struct wallet_rows *ret)
{
    unsigned features = category ? FEATURES : F_EVERYTHING;
    a->feature = malloc((a->n + 1) * (FEATURES + 10) * sizeof *a->feature);
    if (!a->feature)
        return false;
    a->own = a->feature + a->n * FEATURES;
    a->declared = a->own + a->n;
    a->reliability = a->declared + a->n;
    a->out = a->reliability + a->n;
    for (size_t i = 0; i < a->n; i++) {
        const struct share_cell *cell = &f->spend.cell[a->cell[i]];
        const struct share_person *person = person_of(f, cell);
        a->feature[F_FIRST_DAYS * a->n + i] = isnan(person->first_days) ? NAN : log_of((double)person->first_days);
        a->feature[F_ORDER_VALUE * a->n + i] = isnan(person->order_value) ? NAN : log_of((double)person->order_value);
        a->feature[F_KNOWN * a->n + i] = person->known;
        if (category)
            put_elsewhere(f, a, i);
        a->own[i] = cell->own;
        a->declared[i] = cell->declared;
        a->reliability[i] = cell->reliability;
    }
    if (!country_values(f, a))
        return false;
    *ret = (struct wallet_rows){ a->n, keep_telling(a, features), a->feature, a->own, a->declared, a->reliability };
    return true;
}

/* ---- what it says of them ---- */
static bool make_rows(struct share_rows *r, size_t n, struct slice id)
{
    const size_t room = n + 1;
    r->id = malloc(id.len + 1);
    r->root = malloc(room * sizeof *r->root);
    float **const columns[] = { &r->own, &r->wallet, &r->low, &r->high, &r->potential, &r->declared };
    bool ok = r->id && r->root && (r->why = malloc(room)) != NULL;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        ok = (*columns[i] = malloc(room * sizeof **columns[i])) != NULL && ok;
    if (r->id) {
        memcpy(r->id, id.at, id.len);
        r->id[id.len] = 0;
    }
    return ok;
}

static void add_up(struct share_sums *s, const struct share_rows *r, size_t at)
{
    s->customers++;
    s->why[r->why[at]]++;
    s->own_all += (double)r->own[at];
    if (r->why[at] != SHARE_KNOWN)
        return;
    s->own += (double)r->own[at];
    s->wallet += (double)r->wallet[at];
    s->low += (double)r->low[at];
    s->high += (double)r->high[at];
}

static void put_scores(const struct fitting *f, const struct alike *a, const struct wallet_shares *is, struct share_rows *r)
{
    for (size_t i = 0; i < a->n; i++) {
        size_t at = r->n++;
        r->root[at] = person_of(f, &f->spend.cell[a->cell[i]])->root;
        r->own[at] = a->own[i];
        r->wallet[at] = is->wallet[i];
        r->low[at] = is->wallet_low[i];
        r->high[at] = is->wallet_high[i];
        r->potential[at] = is->potential[i];
        r->declared[at] = a->declared[i];
        r->why[at] = isnan(is->wallet[i]) ? SHARE_FEW_ALIKE : isnan(is->share[i]) ? SHARE_TOO_WIDE : SHARE_KNOWN;
    }
}

static enum err_code fit_alike(struct fitting *f, uint32_t category, struct alike *a, struct share_rows *r,
                               struct wallet_summary *summary)
{
    struct wallet_options options = wallet_options_usual();
    struct wallet_rows rows;
    struct wallet *w = NULL;
    options.trees.cancel = f->progress ? &f->progress->cancel : NULL;
    if (!describe(f, category, a, &rows))
        return no_memory(f->e);
    TRY(wallet_fit(&rows, &options, &w, f->e));
    size_t n = a->n;
    const struct wallet_shares is = { a->out, a->out + n, a->out + 2 * n, a->out + 3 * n, a->out + 4 * n, a->out + 5 * n,
                                      a->out + 6 * n };
    enum err_code code = wallet_of(w, &rows, &is, f->e);
    if (!code)
        put_scores(f, a, &is, r);
    *summary = wallet_summary(w);
    wallet_drop(&w);
    return code;
}

/* Places by root, or by what is within reach. */
struct place {
    double key;
    uint32_t root, at;
};

static int by_key(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->root > y->root) - (x->root < y->root);
}

static void reorder(const struct place *place, size_t n, void *column, size_t size, char *scratch)
{
    for (size_t i = 0; i < n; i++)
        memcpy(scratch + i * size, (char *)column + place[i].at * size, size);
    memcpy(column, scratch, n * size);
}

static bool sort_by_root(struct share_rows *r, struct place *place)
{
    char *scratch = malloc((r->n + 1) * sizeof(uint32_t));
    float *const columns[] = { r->own, r->wallet, r->low, r->high, r->potential, r->declared };
    if (!scratch)
        return false;
    for (uint32_t i = 0; i < r->n; i++)
        place[i] = (struct place){ 0, r->root[i], i };
    qsort(place, r->n, sizeof *place, by_key);
    reorder(place, r->n, r->root, sizeof *r->root, scratch);
    reorder(place, r->n, r->why, sizeof *r->why, scratch);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        reorder(place, r->n, columns[i], sizeof *columns[i], scratch);
    free(scratch);
    return true;
}

static bool sort_rows(struct share_rows *r)
{
    struct place *place = malloc((r->n + 1) * sizeof *place);
    bool ok = place && sort_by_root(r, place);
    for (uint32_t i = 0; i < r->n && ok; i++)
        if (r->why[i] == SHARE_KNOWN)
            place[r->known++] = (struct place){ (double)(r->own[i] - r->wallet[i]), r->root[i], i };
    r->by_reach = ok ? malloc((r->known + 1) * sizeof *r->by_reach) : NULL;
    ok = r->by_reach != NULL;
    if (ok)
        qsort(place, r->known, sizeof *place, by_key);
    for (size_t i = 0; i < r->known && ok; i++)
        r->by_reach[i] = place[i].at;
    free(place);
    return ok;
}

/* ---- what share is usual ---- */
struct panel {
    uint64_t people, buy, ours;
    double own, wallet, orders;
};

/* Those who said what they spend in the category, be it nothing. */
static struct panel panel_of(const struct fitting *f, uint32_t category)
{
    struct panel p = { 0 };
    for (size_t i = 0; i < f->spend.cells; i++) {
        const struct share_cell *cell = &f->spend.cell[i];
        if (cell->category != category || isnan(cell->declared))
            continue;
        p.people++;
        p.buy += takes_part(cell);
        p.ours += cell->own > 0;
        p.own += (double)cell->own;
        p.wallet += fmax((double)cell->own, (double)cell->declared);
        p.orders += cell->orders;
    }
    return p;
}

static void fit_norm(const struct fitting *f, uint32_t category, struct share_norm *ret)
{
    const struct panel p = panel_of(f, category);
    struct dirichlet d;
    struct err e = { 0 };
    size_t used;
    ret->panel = p.people;
    if (p.people < DECLARED_LEAST || !(p.orders > 0) || !(p.own > 0)) {
        snprintf(ret->why_not, sizeof ret->why_not, "%llu customers have said what they spend here; %d are needed",
                 (unsigned long long)p.people, DECLARED_LEAST);
        return;
    }
    double purchases = p.wallet / (p.own / p.orders), people = (double)p.people, buy = (double)p.buy;
    const struct dirichlet_brand us = { p.own / p.wallet, (double)p.ours / people };
    if (dirichlet_fit(buy / people, purchases / buy, &us, 1, &d, &used, &e)) {
        snprintf(ret->why_not, sizeof ret->why_not, "%s", e.text);
        return;
    }
    ret->is = true;
    ret->penetration = buy / people;
    ret->norm = dirichlet_norm(&d, us.share, 1);
}

/* ---- a category ---- */
static enum err_code fit_category(struct fitting *f, size_t at)
{
    struct share_found *found = &f->fit->found[at];
    struct share_rows *r = &f->fit->scores->category[at];
    size_t n = 0;
    enum err_code code = ERR_OK;
    for (size_t i = 0; i < f->spend.cells; i++)
        n += f->spend.cell[i].category == f->category[at] && takes_part(&f->spend.cell[i]);
    arena_reset(f->mem);
    struct slice id = at ? population_category_id(f->c->rooms.population, f->category[at], f->mem) : SLICE("");
    if (!id.at || !make_rows(r, n, id))
        return no_memory(f->e);
    f->fit->scores->n = at + 1;
    for (int group = 0; group < SHARE_GROUPS && !code; group++) {
        struct alike a = { 0 };
        if (!find_alike(f, f->category[at], (enum share_group)group, &a))
            code = no_memory(f->e);
        if (!code && a.n)
            code = fit_alike(f, f->category[at], &a, r, &found->group[group]);
        free(a.cell);
        free(a.feature);
    }
    if (!code && !sort_rows(r))
        code = no_memory(f->e);
    for (size_t i = 0; i < r->n && !code; i++)
        add_up(&found->sums, r, i);
    if (!code)
        fit_norm(f, f->category[at], &found->norm);
    return code;
}

static enum err_code run(struct fitting *f)
{
    struct share_fit *fit = f->fit;
    struct customer_share_rooms *rooms = &f->c->rooms;
    TRY(population_refresh(rooms->population, rooms->people, fit->fitted_ms, f->e));
    TRY(share_spend_gather(rooms, fit->since_ms, fit->until_ms, f->progress, &f->spend, f->e));
    fit->customers = f->spend.persons;
    fit->unlined = f->spend.unlined;
    if (!f->spend.persons)
        return err_set(f->e, ERR_CONFLICT, 0, "nobody has bought anything in %d days: shares are learnt from orders",
                       SHARE_DAYS);
    TRY(choose_categories(f));
    for (size_t at = 0; at < f->n; at++) {
        TRY(progress_check(f->progress, f->e));
        TRY(fit_category(f, at));
        progress_set(f->progress, (int64_t)(2 * f->n + at + 1), 3 * (int64_t)f->n);
    }
    return ERR_OK;
}

enum err_code share_fit_make(struct customer_share *c, int64_t now_ms, struct progress *progress, struct share_fit *ret,
                             struct err *e)
{
    assert(c && ret);
    *ret = (struct share_fit){ .fitted_ms = now_ms };
    ret->scores = calloc(1, sizeof *ret->scores);
    AUTO(arena) mem = arena_new(SCRATCH);
    if (!ret->scores || !mem)
        return no_memory(e);
    atomic_store(&ret->scores->holders, 1);
    struct fitting f = { .c = c, .fit = ret, .progress = progress, .mem = mem, .e = e };
    memory_read_lock(c->rooms.memory);
    int64_t newest_ms = purchases_newest_ms(c->rooms.purchases), began_ns = clock_steady_ns();
    memory_read_unlock(c->rooms.memory);
    ret->until_ms = newest_ms && now_ms - newest_ms > QUIET_MS ? newest_ms + 1 : now_ms;
    ret->since_ms = ret->until_ms - SHARE_DAYS * DAY_MS;
    enum err_code code = run(&f);
    ret->took_ms = (clock_steady_ns() - began_ns) / 1000000;
    share_spend_clear(&f.spend);
    return code;
}

void share_fit_clear(struct share_fit *fit)
{
    const struct share_scores *scores = fit->scores;
    share_scores_drop(&scores);
    fit->scores = NULL;
}
