/* One answer: what the proposers name, blended and put in order. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/vec.h"
#include "engine/recommend/dense.h"
#include "engine/recommend/rerank.h"
#include "insight/recommendations_room.h"

struct place {
    uint32_t turn, at;
};

struct recommend_work {
    struct neighbour_work *near;
    struct sessions_work *sessions;
    struct ials_work *ials;
    float *vector;
    uint32_t dimensions;                 // of the two above
    struct place *place;                 // of an item in the pool; valid only in its turn, so nothing is cleared
    size_t places;
    uint32_t turn;
    struct pool pool;
    float score[POOL_MAX];
    uint32_t group[POOL_MAX];
    struct candidate candidate[POOL_MAX];
    bool taken[POOL_MAX];
};

struct recommend_work *recommend_work_new(void)
{
    struct recommend_work *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->near = neighbour_work_new();
    w->sessions = sessions_work_new();
    if (!w->near || !w->sessions)
        recommend_work_drop(&w);
    return w;
}

void recommend_work_drop(struct recommend_work **at)
{
    struct recommend_work *w = *at;
    if (!w)
        return;
    neighbour_work_drop(&w->near);
    sessions_work_drop(&w->sessions);
    ials_work_drop(&w->ials);
    free(w->vector);
    free(w->place);
    free(w);
    *at = NULL;
}

/* ---- the pool ---- */
struct gathering {
    struct proposers *of;
    const double *weight;
    const struct recommend_taste *taste;
    struct recommend_work *work;
};

static bool item_allowed(void *arg, uint32_t item)
{
    const struct recommend_taste *taste = arg;
    return taste->allowed(taste->arg, item + 1);
}

static bool pool_begin(struct recommend_work *w, uint32_t items)
{
    if (!vec_need(w->place, w->places, (size_t)items + 1))
        return false;
    if (++w->turn == 0) {  // after 2^32 answers old places would look new
        for (size_t i = 0; i < w->places; i++)
            w->place[i].turn = 0;
        w->turn = 1;
    }
    w->pool.n = 0;
    return true;
}

static uint32_t pool_place(struct recommend_work *w, uint32_t item)
{
    struct pool *pool = &w->pool;
    struct place *place = &w->place[item];
    if (place->turn == w->turn)
        return place->at;
    *place = (struct place){ w->turn, (uint32_t)pool->n };
    pool->item[pool->n] = item;
    pool->why[pool->n] = NO_ITEM;
    pool->together[pool->n] = 0;
    pool->most[pool->n] = -1;
    pool->by[pool->n] = PROPOSERS;
    for (size_t p = 0; p < PROPOSERS; p++)
        pool->score[p][pool->n] = NAN;
    return (uint32_t)pool->n++;
}

/* The one that counts most gives the reason: its weight times how far up it names the item. Trends have none, and tables are asked
 * for theirs when it is known what is shown. */
static void pool_add(struct gathering *g, enum proposer by, const struct scored *best, size_t n)
{
    struct pool *pool = &g->work->pool;
    for (size_t i = 0; i < n; i++) {
        if (best[i].item >= g->work->places)
            continue;
        uint32_t at = pool_place(g->work, best[i].item);
        float counts = (float)g->weight[by] * (1 - (float)i / RECOMMEND_LIST);
        pool->score[by][at] = best[i].score;
        if (counts < pool->most[at] || (pool->most[at] >= 0 && by == PROPOSER_TREND))
            continue;
        pool->most[at] = counts;
        pool->by[at] = (uint8_t)by;
        pool->why[at] = by == PROPOSER_SESSIONS ? best[i].why : NO_ITEM;
        pool->together[at] = best[i].together;
    }
}

static enum err_code add_table(struct gathering *g, enum proposer by, const struct recommend_basis *b, struct err *e)
{
    struct scored best[RECOMMEND_LIST];
    size_t n;
    TRY(neighbours_score(g->of->table[by], b->item, b->n, item_allowed, (void *)(uintptr_t)g->taste, g->work->near, best,
                         RECOMMEND_LIST, &n, e));
    pool_add(g, by, best, n);
    return ERR_OK;
}

static enum err_code add_sessions(struct gathering *g, const struct recommend_basis *b, struct err *e)
{
    struct scored best[RECOMMEND_LIST];
    size_t n;
    pthread_rwlock_rdlock(&g->of->sessions_lock);
    enum err_code code = sessions_score(g->of->sessions, b->session, b->n_session, item_allowed, (void *)(uintptr_t)g->taste,
                                        g->work->sessions, best, RECOMMEND_LIST, &n, e);
    pthread_rwlock_unlock(&g->of->sessions_lock);
    if (!code)
        pool_add(g, PROPOSER_SESSIONS, best, n);
    return code;
}

static void add_trend(struct gathering *g)
{
    struct scored best[RECOMMEND_LIST];
    size_t n = 0;
    for (uint32_t i = 0; i < g->of->trends && n < RECOMMEND_LIST; i++) {
        const struct trending *t = &g->of->trend[i];
        if (item_allowed((void *)(uintptr_t)g->taste, t->item))
            best[n++] = (struct scored){ t->item, NO_ITEM, t->buyers, (float)t->buyers };
    }
    pool_add(g, PROPOSER_TREND, best, n);
}

static enum err_code score_ials(struct gathering *g, const struct recommend_basis *b, struct err *e)
{
    struct recommend_work *w = g->work;
    const struct ials *ials = g->of->ials;
    uint32_t width = ials_width(ials->dimensions), known[RECOMMEND_BASIS];
    size_t n = 0;
    if (w->dimensions != ials->dimensions) {
        ials_work_drop(&w->ials);
        free(w->vector);
        w->ials = ials_work_new(ials->dimensions);
        w->vector = ials_vector_new(ials->dimensions);
        w->dimensions = w->ials && w->vector ? ials->dimensions : 0;
        if (!w->dimensions)
            return NO_MEMORY(e);
    }
    for (size_t i = 0; i < b->n; i++)
        if (b->item[i] < ials->items)
            known[n++] = b->item[i];
    if (!n)
        return ERR_OK;
    ials_fold_in(ials, known, n, w->vector, w->ials);
    for (size_t i = 0; i < w->pool.n; i++) {
        if (w->pool.item[i] >= ials->items)
            continue;
        float *score = &w->pool.score[PROPOSER_IALS][i];
        *score = 0;
        dense_dots(ials->item + (size_t)w->pool.item[i] * width, 1, width, width, w->vector, score);
    }
    return ERR_OK;
}

static struct recommend_basis basis_latest(const struct recommend_basis *basis)
{
    struct recommend_basis b = *basis;
    if (b.n > RECOMMEND_BASIS) {
        b.item += b.n - RECOMMEND_BASIS;
        b.n = RECOMMEND_BASIS;
    }
    return b;
}

/* iALS finds nothing of its own: then the walk does, and says why, even where it does not count. */
enum err_code recommend_gather(struct proposers *of, const double weight[PROPOSERS], const struct recommend_basis *basis,
                               const struct recommend_taste *taste, struct recommend_work *work, const struct pool **ret,
                               struct err *e)
{
    struct gathering g = { of, weight, taste, work };
    const struct recommend_basis b = basis_latest(basis);
    if (!pool_begin(work, of->items + NEW_ITEMS))
        return NO_MEMORY(e);
    bool ials = of->ials && weight[PROPOSER_IALS] > 0;
    for (enum proposer p = 0; p <= PROPOSER_CONTENT && b.n; p++)
        if (of->table[p] && (weight[p] > 0 || (p == PROPOSER_WALK && ials)))
            TRY(add_table(&g, p, &b, e));
    if (weight[PROPOSER_SESSIONS] > 0 && b.n_session)
        TRY(add_sessions(&g, &b, e));
    if (weight[PROPOSER_TREND] > 0)
        add_trend(&g);
    if (ials && b.n)
        TRY(score_ials(&g, &b, e));
    *ret = &work->pool;
    return ERR_OK;
}

/* ---- the order ---- */
static enum err_code blend_pool(const double weight[PROPOSERS], struct recommend_work *w, struct err *e)
{
    struct blend blend = { .models = PROPOSERS };
    const float *score[PROPOSERS];
    for (size_t p = 0; p < PROPOSERS; p++) {
        blend.weight[p] = weight[p];
        score[p] = w->pool.score[p];
    }
    return blend_score(&blend, score, w->pool.n, w->score, e);
}

/* What nobody who counts names is not shown. */
static size_t candidates(const struct proposers *of, const struct recommend_taste *taste, struct recommend_work *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->pool.n; i++) {
        uint32_t item = w->pool.item[i];
        w->taken[i] = false;
        w->candidate[n++] = (struct candidate){ .item = item, .score = w->score[i],
                                                .buyers = item < of->items ? of->buyers[item] : 0,
                                                .category = taste->group ? taste->group(taste->arg, item + 1) : 0,
                                                .offerable = w->score[i] > 0, .in_stock = true };
    }
    return n;
}

static struct recommended recommended(const struct recommend_work *w, const double weight[PROPOSERS], size_t i,
                                      bool passed_over)
{
    const struct pool *pool = &w->pool;
    bool ials = !isnan(pool->score[PROPOSER_IALS][i]) && (float)weight[PROPOSER_IALS] > pool->most[i];
    return (struct recommended){ pool->item[i], pool->why[i], pool->together[i], ials ? PROPOSER_IALS : (enum proposer)pool->by[i],
                                 w->score[i], passed_over, false };
}

/* The reasons of what a table named. shown[n]: where each of best[n] stands in the pool. */
static enum err_code explain(const struct proposers *of, enum proposer by, const struct recommend_basis *b, struct recommend_work *w,
                             const size_t *shown, struct recommended *best, size_t n, struct err *e)
{
    struct scored asked[RECOMMEND_MAX];
    size_t to[RECOMMEND_MAX], some = 0;
    for (size_t i = 0; i < n; i++) {
        if (w->pool.by[shown[i]] != by)
            continue;
        to[some] = i;
        asked[some++] = (struct scored){ .item = best[i].item, .why = NO_ITEM };
    }
    if (some)
        TRY(neighbours_explain(of->table[by], b->item, b->n, w->near, asked, some, e));
    for (size_t i = 0; i < some; i++) {
        best[to[i]].why = asked[i].why;
        best[to[i]].together = asked[i].together;
    }
    return ERR_OK;
}

/* The best that is not taken, lowest number among equals; SIZE_MAX: none is left. */
static size_t next_best(const struct recommend_work *w, size_t n)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < n; i++)
        if (!w->taken[i] && w->score[i] > 0
            && (best == SIZE_MAX || w->score[i] > w->score[best]
                || (w->score[i] == w->score[best] && w->pool.item[i] < w->pool.item[best])))
            best = i;
    return best;
}

/* ---- the newcomers' place ---- */
struct newcomers {
    const struct proposers *of;
    const struct recommend_taste *taste;
    const struct recommended *best;
};

static bool is_newcomer(const struct proposers *of, uint32_t item)
{
    return item < of->items && of->buyers[item] < NEWCOMER_BUYERS;
}

/* One whose group is not full in what stands before its place. */
static bool newcomer_allowed(void *arg, uint32_t item)
{
    const struct newcomers *c = arg;
    const struct recommend_taste *taste = c->taste;
    uint32_t group, same = 0;
    if (!is_newcomer(c->of, item) || !taste->allowed(taste->arg, item + 1))
        return false;
    group = taste->group ? taste->group(taste->arg, item + 1) : 0;
    for (size_t i = 0; group && i < NEWCOMER_PLACE - 1; i++)
        same += taste->group(taste->arg, c->best[i].item + 1) == group;
    return same < RECOMMEND_PER_GROUP;
}

static enum err_code seat_newcomer(const struct proposers *of, const struct recommend_basis *basis,
                                   const struct recommend_taste *taste, struct recommend_work *w, struct recommended *best,
                                   size_t n, struct err *e)
{
    struct newcomers c = { of, taste, best };
    struct recommended *seat = &best[NEWCOMER_PLACE - 1];
    struct scored found;
    size_t some = 0, at = NEWCOMER_PLACE - 1;
    if (!RECOMMEND_NEWCOMERS || n < NEWCOMER_PLACE || !of->table[PROPOSER_CONTENT] || !basis->n)
        return ERR_OK;
    for (size_t i = 0; i < NEWCOMER_PLACE; i++)
        if (is_newcomer(of, best[i].item))
            return ERR_OK;
    TRY(neighbours_score(of->table[PROPOSER_CONTENT], basis->item, basis->n, newcomer_allowed, &c, w->near, &found, 1, &some, e));
    if (!some)
        return ERR_OK;
    TRY(neighbours_explain(of->table[PROPOSER_CONTENT], basis->item, basis->n, w->near, &found, 1, e));
    while (at < n - 1 && best[at].item != found.item)  // what stood there moves on, up to where the newcomer stood
        at++;
    for (; at >= NEWCOMER_PLACE; at--)
        best[at] = best[at - 1];
    *seat = (struct recommended){ found.item, found.why, 0, PROPOSER_CONTENT, seat->score, false, true };
    return ERR_OK;
}

enum err_code recommend_propose(struct proposers *of, const double weight[PROPOSERS], const struct recommend_basis *basis,
                                const struct recommend_taste *taste, struct recommend_work *w, struct recommended *best,
                                size_t max, size_t *ret, struct err *e)
{
    assert(max <= RECOMMEND_MAX);
    const struct rerank_rules rules = { .per_category = RECOMMEND_PER_GROUP, .lambda = 1 };
    struct reranked list[RECOMMEND_MAX];
    const struct pool *pool;
    const struct recommend_basis latest = basis_latest(basis);
    size_t n, placed = 0, shown[RECOMMEND_MAX];
    TRY(recommend_gather(of, weight, &latest, taste, w, &pool, e));
    TRY(blend_pool(weight, w, e));
    n = candidates(of, taste, w);
    TRY(rerank(w->candidate, n, &rules, list, max, &placed, NULL, e));
    for (size_t i = 0; i < placed; i++) {
        shown[i] = list[i].candidate;
        best[i] = recommended(w, weight, shown[i], false);
        w->taken[shown[i]] = true;
    }
    for (size_t at; placed < max && (at = next_best(w, n)) != SIZE_MAX; placed++) {
        shown[placed] = at;
        best[placed] = recommended(w, weight, at, true);
        w->taken[at] = true;
    }
    for (enum proposer p = 0; p <= PROPOSER_CONTENT; p++)
        TRY(explain(of, p, &latest, w, shown, best, placed, e));
    *ret = placed;
    return seat_newcomer(of, &latest, taste, w, best, placed, e);
}
