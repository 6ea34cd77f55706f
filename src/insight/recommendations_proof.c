/* What the proposers and their blend are worth, by what customers did next. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/vec.h"
#include "engine/recommend/together.h"
#include "insight/recommendations_room.h"
#include "text/time.h"

#define TOP 10
#define DEEP 20
#define LISTS_MAX 2000               // the blend is learnt on
#define MEASURED_MAX 20000           // customers
#define Z 1.959963984540054          // 97.5 % of the standard normal

const char *measured_name(enum measured m)
{
    static const char *const names[] = { "shown", "popular", "cooccurrence" };
    assert((size_t)m < MEASURED);
    return (int)m < (int)PROPOSERS ? proposer_name((enum proposer)m) : names[(size_t)m - PROPOSERS];
}

void weights_usual(double weight[PROPOSERS])
{
    for (size_t p = 0; p < PROPOSERS; p++)
        weight[p] = p == PROPOSER_WALK;
}

/* ---- intervals ---- */
void wilson(uint32_t hits, uint32_t n, double *low, double *high)
{
    if (n == 0) {
        *low = 0;
        *high = 1;
        return;
    }
    double p = (double)hits / n, zz = Z * Z / n;
    double middle = p + zz / 2, spread = Z * sqrt(p * (1 - p) / n + zz / (4.0 * n));
    *low = fmax(0, (middle - spread) / (1 + zz));
    *high = fmin(1, (middle + spread) / (1 + zz));
}

struct interval paired_lead(uint32_t hits, uint32_t rival, uint32_t both, uint32_t n)
{
    assert(both <= hits && both <= rival && hits <= n && rival <= n);
    double only = hits - both + 0.5, only_rival = rival - both + 0.5, all = n + 2.0;
    double middle = (only - only_rival) / all;
    double spread = Z * sqrt(only + only_rival - all * middle * middle) / all;
    return (struct interval){ n ? ((double)hits - rival) / n : 0, fmax(-1, middle - spread), fmin(1, middle + spread) };
}

/* Of a mean of numbers from 0 to 1. */
static struct interval mean_interval(double sum, double squares, uint32_t n)
{
    if (!n)
        return (struct interval){ 0, 0, 1 };
    double mean = sum / n, spread = Z * sqrt(fmax(0, squares / n - mean * mean) / n);
    return (struct interval){ mean, fmax(0, mean - spread), fmin(1, mean + spread) };
}

/* ---- one side of the cutoff and the other ---- */
struct sums {
    double recall, recall_squares, ndcg, ndcg_squares;
};
struct proving {
    const struct proof_ask *ask;
    struct recommend_proof *ret;
    struct window before, after;
    struct proposers *models;
    struct neighbours *together;
    struct neighbour_work *near;
    struct recommend_work *work;
    struct trending *popular;            // most buyers first
    uint32_t items, populars;
    uint8_t *offerable, *mine, *later;   // of each item; the last two of the customer at hand
    uint32_t *group;
    struct sums sums[MEASURED];
};

static bool may_be_shown(void *arg, uint32_t product)
{
    const struct proving *p = arg;
    return product <= p->items && p->offerable[product - 1] && !p->mine[product - 1];
}

static uint32_t group_shown(void *arg, uint32_t product)
{
    const struct proving *p = arg;
    return p->group[product - 1];
}

static struct recommend_taste taste_of(struct proving *p)
{
    return (struct recommend_taste){ may_be_shown, group_shown, p };
}

/* Asked once, since answers want the read lock. */
static enum err_code ask_taste(struct proving *p, struct err *e)
{
    const struct recommend_taste *taste = p->ask->taste;
    size_t items = (size_t)p->items + 1;
    p->offerable = calloc(items, 1);
    p->mine = calloc(items, 1);
    p->later = calloc(items, 1);
    p->group = calloc(items, sizeof *p->group);
    if (!p->offerable || !p->mine || !p->later || !p->group)
        return NO_MEMORY(e);
    memory_read_lock(p->ask->fit.memory);
    for (uint32_t i = 0; i < p->items; i++) {
        memory_read_turn(p->ask->fit.memory);
        p->offerable[i] = taste->allowed(taste->arg, i + 1);
        p->group[i] = taste->group ? taste->group(taste->arg, i + 1) : 0;
    }
    memory_read_unlock(p->ask->fit.memory);
    return ERR_OK;
}

static void side_drop(struct proving *p)
{
    window_drop(&p->before);
    window_drop(&p->after);
    proposers_drop(&p->models);
}

static void proving_drop(struct proving *p)
{
    side_drop(p);
    neighbours_drop(&p->together);
    neighbour_work_drop(&p->near);
    recommend_work_drop(&p->work);
    free(p->popular);
    free(p->offerable);
    free(p->mine);
    free(p->later);
    free(p->group);
}

/* Everything before that moment, and the days after it. */
static enum err_code side_make(struct proving *p, int64_t cutoff_ms, struct err *e)
{
    struct fit_ask fit = p->ask->fit;
    side_drop(p);
    fit.until_ms = cutoff_ms;
    fit.settings = p->ret->settings;
    TRY(window_make(fit.book, FACT_NO_TIME, cutoff_ms, &p->before, e));
    TRY(window_make(fit.book, cutoff_ms, cutoff_ms + p->ask->days * DAY_MS, &p->after, e));
    return proposers_fit(&fit, &p->models, e);
}

/* How many items customer c buys for the first time after the cutoff; 0: not one to be counted. */
static uint32_t customer_begin(struct proving *p, uint32_t c)
{
    uint32_t news = 0;
    for (uint64_t i = p->before.start[c]; i < p->before.start[c + 1]; i++)
        p->mine[p->before.item[i]] = 1;
    for (uint64_t i = p->after.start[c]; i < p->after.start[c + 1]; i++) {
        uint32_t item = p->after.item[i];
        p->later[item] = !p->mine[item] && p->offerable[item];
        news += p->later[item];
    }
    return p->before.start[c + 1] > p->before.start[c] ? news : 0;
}

static void customer_end(struct proving *p, uint32_t c)
{
    for (uint64_t i = p->before.start[c]; i < p->before.start[c + 1]; i++)
        p->mine[p->before.item[i]] = 0;
    for (uint64_t i = p->after.start[c]; i < p->after.start[c + 1]; i++)
        p->later[p->after.item[i]] = 0;
}

static struct recommend_basis basis_of(const struct proving *p, uint32_t c, int64_t cutoff_ms,
                                       uint32_t session[RECOMMEND_SESSION])
{
    return (struct recommend_basis){ p->before.item + p->before.start[c], p->before.start[c + 1] - p->before.start[c], session,
                                     book_last_order(p->ask->fit.book, c, cutoff_ms, session, RECOMMEND_SESSION) };
}

/* Customers whose turn it is, when not all have one: chosen by a hash. */
static bool chosen(uint32_t c, uint32_t customers, uint32_t most)
{
    return customers <= most || hash_mix(c) % customers < most;
}

/* ---- the blend ---- */
struct lists {
    float *score[PROPOSERS];
    size_t score_cap[PROPOSERS], hit_cap, start_cap, wanted_cap;
    uint8_t *hit;
    uint64_t *start;
    uint32_t *wanted, n;
};

static void lists_drop(struct lists *l)
{
    for (size_t m = 0; m < PROPOSERS; m++)
        free(l->score[m]);
    free(l->hit);
    free(l->start);
    free(l->wanted);
}

static bool list_add(struct lists *l, const struct proving *p, const struct pool *pool, uint32_t wanted)
{
    uint64_t end = l->start[l->n];
    bool ok = vec_need(l->hit, l->hit_cap, end + pool->n) && vec_need(l->start, l->start_cap, (size_t)l->n + 2)
              && vec_need(l->wanted, l->wanted_cap, (size_t)l->n + 1);
    for (size_t m = 0; ok && m < PROPOSERS; m++)
        ok = vec_need(l->score[m], l->score_cap[m], end + pool->n);
    if (!ok)
        return false;
    for (size_t i = 0; i < pool->n; i++) {
        l->hit[end + i] = p->later[pool->item[i]];
        for (size_t m = 0; m < PROPOSERS; m++)
            l->score[m][end + i] = pool->score[m][i];
    }
    l->wanted[l->n++] = wanted;
    l->start[l->n] = end + pool->n;
    return true;
}

static enum err_code gather_lists(struct proving *p, int64_t cutoff_ms, struct lists *l, struct err *e)
{
    double all[PROPOSERS];
    uint32_t session[RECOMMEND_SESSION];
    const struct recommend_taste taste = taste_of(p);
    enum err_code code = vec_need(l->start, l->start_cap, 2) ? ERR_OK : NO_MEMORY(e);
    for (size_t m = 0; m < PROPOSERS; m++)
        all[m] = 1;
    for (uint32_t c = 0; !code && c < p->before.customers; c++) {
        const struct pool *pool;
        uint32_t news = customer_begin(p, c);
        if (news && chosen(c, p->before.customers, LISTS_MAX * 4) && l->n < LISTS_MAX) {
            struct recommend_basis basis = basis_of(p, c, cutoff_ms, session);
            code = recommend_gather(p->models, all, &basis, &taste, p->work, &pool, e);
            if (!code && !list_add(l, p, pool, news))
                code = NO_MEMORY(e);
        }
        customer_end(p, c);
        if (!code)
            code = progress_check(p->ask->progress, e);
    }
    return code;
}

/* Of two halves with too few lists nothing is learnt, not even which proposer is the best. */
static enum err_code learn_blend(struct proving *p, int64_t cutoff_ms, struct err *e)
{
    struct lists l = { .n = 0 };
    struct recommend_proof *ret = p->ret;
    enum err_code code = gather_lists(p, cutoff_ms, &l, e);
    if (!code && l.n >= 2 * BLEND_LISTS_MIN) {
        struct blend_lists lists = { .models = PROPOSERS, .start = l.start, .lists = l.n, .hit = l.hit, .wanted = l.wanted,
                                     .cancel = p->ask->fit.cancel };
        for (size_t m = 0; m < PROPOSERS; m++)
            lists.score[m] = l.score[m];
        code = blend_learn(&lists, TOP, &ret->blend, e);
        ret->learnt = !code;
    }
    if (!ret->learnt) {
        ret->blend = (struct blend){ .models = PROPOSERS, .best = PROPOSER_WALK };
        weights_usual(ret->blend.weight);
    }
    lists_drop(&l);
    return code;
}

/* ---- measuring ---- */
static enum err_code rivals_make(struct proving *p, struct err *e)
{
    struct purchase_rows rows = window_rows(&p->before);
    struct neighbours_options o = { RECOMMEND_LIST, 10, 500, p->ask->fit.cancel };
    p->popular = malloc(((size_t)p->items + 1) * sizeof *p->popular);
    p->near = neighbour_work_new();
    enum err_code code = p->popular && p->near && rows.start ? together_lift(rows, o, &p->together, e) : NO_MEMORY(e);
    free((void *)(uintptr_t)rows.start);
    for (uint32_t i = 0; !code && i < p->items; i++)
        if (p->models->buyers[i] && p->offerable[i])
            p->popular[p->populars++] = (struct trending){ i, p->models->buyers[i] };
    if (!code)
        trending_order(p->popular, p->populars);
    return code;
}

/* A plain ranking: the same for all, but for what they have. */
static size_t rank_shown(struct proving *p, const struct trending *of, uint32_t n_of, uint32_t shown[DEEP])
{
    size_t n = 0;
    for (uint32_t i = 0; i < n_of && n < DEEP; i++)
        if (may_be_shown(p, of[i].item + 1))
            shown[n++] = of[i].item;
    return n;
}

static bool item_shown(void *arg, uint32_t item)
{
    return may_be_shown(arg, item + 1);
}

static enum err_code shown_by(struct proving *p, size_t m, const struct recommend_basis *basis, uint32_t shown[DEEP], size_t *n,
                              struct err *e)
{
    struct recommended best[DEEP];
    struct scored near[DEEP];
    double weight[PROPOSERS] = { 0 };
    const struct recommend_taste taste = taste_of(p);
    if (m == MEASURED_POPULAR || m == (size_t)PROPOSER_TREND) {
        bool ever = m == MEASURED_POPULAR;
        *n = rank_shown(p, ever ? p->popular : p->models->trend, ever ? p->populars : p->models->trends, shown);
        return ERR_OK;
    }
    if (m == MEASURED_TOGETHER) {
        TRY(neighbours_score(p->together, basis->item, basis->n, item_shown, p, p->near, near, DEEP, n, e));
        for (size_t i = 0; i < *n; i++)
            shown[i] = near[i].item;
        return ERR_OK;
    }
    if (m < PROPOSERS)
        weight[m] = 1;
    TRY(recommend_propose(p->models, m < PROPOSERS ? weight : p->ret->blend.weight, basis, &taste, p->work, best, DEEP, n, e));
    for (size_t i = 0; i < *n; i++)
        shown[i] = best[i].item;
    return ERR_OK;
}

/* Sums up one list of a customer with `news`; whether one of the first TOP is bought. */
static bool count_list(struct sums *s, const uint8_t *later, const uint32_t *shown, size_t n, uint32_t news)
{
    double gain = 0, ideal = 0, found = 0;
    bool hit = false;
    for (size_t i = 0; i < DEEP; i++) {
        bool good = i < n && later[shown[i]];
        found += good;
        hit = hit || (good && i < TOP);
        if (i < TOP) {
            gain += good ? 1 / log2((double)i + 2) : 0;
            ideal += i < news ? 1 / log2((double)i + 2) : 0;
        }
    }
    double recall = found / news, ndcg = gain / ideal;
    s->recall += recall;
    s->recall_squares += recall * recall;
    s->ndcg += ndcg;
    s->ndcg_squares += ndcg * ndcg;
    return hit;
}

static void hits_add(struct hit_rate *rate, const bool hit[MEASURED])
{
    bool model = hit[MEASURED_SHOWN], baseline = hit[MEASURED_POPULAR], recent = hit[PROPOSER_TREND];
    rate->customers++;
    rate->hits_model += model;
    rate->hits_baseline += baseline;
    rate->hits_recent += recent;
    rate->both_baseline += model && baseline;
    rate->both_recent += model && recent;
}

static size_t group_of(uint32_t orders)
{
    return orders <= 1 ? 0 : orders <= 3 ? 1 : orders <= 9 ? 2 : 3;
}

static enum err_code measure_customer(struct proving *p, uint32_t c, uint32_t news, struct err *e)
{
    uint32_t session[RECOMMEND_SESSION], shown[DEEP];
    int64_t cutoff_ms = p->ask->cutoff_ms;
    const struct recommend_basis basis = basis_of(p, c, cutoff_ms, session);
    bool hit[MEASURED] = { false };
    size_t n;
    for (size_t m = 0; m < MEASURED; m++) {
        if (!p->ret->of[m].known)
            continue;
        TRY(shown_by(p, m, &basis, shown, &n, e));
        hit[m] = count_list(&p->sums[m], p->later, shown, n, news);
    }
    for (size_t m = 0; m < MEASURED; m++) {
        p->ret->of[m].hits += hit[m];
        p->ret->of[m].both += hit[m] && hit[MEASURED_SHOWN];
    }
    hits_add(&p->ret->evaluation.all, hit);
    hits_add(&p->ret->evaluation.by_orders[group_of(book_orders(p->ask->fit.book, c, cutoff_ms))], hit);
    return ERR_OK;
}

static void conclude(struct proving *p)
{
    uint32_t n = p->ret->evaluation.all.customers;
    for (size_t m = 0; m < MEASURED; m++) {
        struct quality *q = &p->ret->of[m];
        const struct sums *s = &p->sums[m];
        if (!q->known)
            continue;
        q->recall_at_20 = mean_interval(s->recall, s->recall_squares, n);
        q->ndcg_at_10 = mean_interval(s->ndcg, s->ndcg_squares, n);
        q->hit_at_10.value = n ? (double)q->hits / n : 0;
        wilson(q->hits, n, &q->hit_at_10.low, &q->hit_at_10.high);
    }
}

static enum err_code measure(struct proving *p, struct err *e)
{
    TRY(rivals_make(p, e));
    for (size_t m = 0; m < MEASURED; m++)
        p->ret->of[m].known = !((m <= PROPOSER_CONTENT && !p->models->table[m]) || (m == PROPOSER_IALS && !p->models->ials));
    enum err_code code = ERR_OK;
    for (uint32_t c = 0; !code && c < p->before.customers; c++) {
        uint32_t news = customer_begin(p, c);
        if (news && chosen(c, p->before.customers, MEASURED_MAX))
            code = measure_customer(p, c, news, e);
        customer_end(p, c);
        if (!code)
            code = progress_check(p->ask->progress, e);
    }
    conclude(p);
    return code;
}

/* ---- all of it ---- */
static enum err_code prove(struct proving *p, struct err *e)
{
    const struct proof_ask *ask = p->ask;
    int64_t learn_ms = ask->cutoff_ms - ask->days * DAY_MS;
    TRY(progress_check(ask->progress, e));
    TRY(ask_taste(p, e));
    p->work = recommend_work_new();
    if (!p->work)
        return NO_MEMORY(e);
    if (ask->tune) {
        struct fit_ask fit = ask->fit;
        fit.until_ms = learn_ms;
        TRY(settings_tune(&fit, ask->progress, &p->ret->settings, e));
    }
    progress_set(ask->progress, 40, 100);
    TRY(side_make(p, learn_ms, e));
    progress_set(ask->progress, 50, 100);
    TRY(learn_blend(p, learn_ms, e));
    progress_set(ask->progress, 60, 100);
    TRY(side_make(p, ask->cutoff_ms, e));
    progress_set(ask->progress, 70, 100);
    return measure(p, e);
}

enum err_code recommend_prove(const struct proof_ask *ask, struct recommend_proof *ret, struct err *e)
{
    assert(ask && ask->taste && ask->days > 0);
    struct proving p = { .ask = ask, .ret = ret, .items = ask->fit.book->items };
    *ret = (struct recommend_proof){ .settings = ask->fit.settings };
    enum err_code code = prove(&p, e);
    proving_drop(&p);
    ret->evaluation.at_ms = clock_now_ms(memory_clock(ask->fit.memory));
    ret->evaluation.cutoff_ms = ask->cutoff_ms;
    ret->evaluation.held_back_days = ask->days;
    return code;
}
