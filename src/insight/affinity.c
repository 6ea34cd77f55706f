#include "insight/affinity.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "text/time.h"

#define NEIGHBOURS_KEPT 50    // docs/EVALUATION.md: as good as 100 on the demo shop, at half the cost
#define SHRINK 10.0f
#define BASKET_MAX 500
#define REFIT_GROWTH 0.05     // purchases may grow by this before the model is fitted anew
#define REFIT_MIN_MS INT64_C(60000)
#define TOP 10                // proposals that count in the evaluation

/* A model in use: freed when it has been replaced and the last user has given it back. */
struct model {
    struct neighbours *fit;
    int users;
    bool replaced;
    struct model *next;
};

struct affinity {
    struct memory *memory;
    struct purchases *purchases;
    pthread_mutex_t lock;  // guards all below
    struct model *models;  // newest first
    int64_t version, fitted_ms;
    uint64_t fitted_orders;
};

enum err_code affinity_new(struct memory *memory, struct purchases *purchases, struct affinity **ret,
                           struct err *e)
{
    assert(memory && purchases && ret);
    struct affinity *affinity = calloc(1, sizeof *affinity);
    if (!affinity)
        return err_set(e, ERR_LIMIT, 0, "no memory for the item-to-item model");
    affinity->memory = memory;
    affinity->purchases = purchases;
    pthread_mutex_init(&affinity->lock, NULL);
    *ret = affinity;
    return ERR_OK;
}

static void model_free(struct model *model)
{
    neighbours_drop(&model->fit);
    free(model);
}

void affinity_drop(struct affinity **affinity)
{
    assert(affinity);
    if (!*affinity)
        return;
    for (struct model *m = (*affinity)->models, *next; m; m = next) {
        next = m->next;
        model_free(m);
    }
    pthread_mutex_destroy(&(*affinity)->lock);
    free(*affinity);
    *affinity = NULL;
}

bool affinity_refit_due(const struct affinity *affinity, int64_t now_ms)
{
    struct affinity *a = (struct affinity *)affinity;  // for its locks: nothing is changed
    memory_read_lock(a->memory);
    uint64_t orders = purchases_orders(a->purchases);
    memory_read_unlock(a->memory);
    pthread_mutex_lock(&a->lock);
    bool first = a->version == 0 && orders > 0;
    bool grown = (double)orders > (double)a->fitted_orders * (1 + REFIT_GROWTH)
                 && now_ms - a->fitted_ms >= REFIT_MIN_MS;
    bool old = orders != a->fitted_orders && now_ms - a->fitted_ms >= DAY_MS;
    pthread_mutex_unlock(&a->lock);
    return first || grown || old;
}

static enum err_code fit_matrix(const struct purchase_matrix *m, const atomic_bool *cancel,
                                struct neighbours **ret, struct err *e)
{
    struct purchase_rows rows = { m->item, m->start, m->buyers, m->items };
    struct neighbours_options options = { NEIGHBOURS_KEPT, SHRINK, BASKET_MAX, cancel };
    return neighbours_fit(rows, options, ret, e);
}

/* Unlinks and frees replaced models that nobody uses; with the lock held. */
static void models_sweep(struct affinity *affinity)
{
    for (struct model **at = &affinity->models; *at;) {
        struct model *model = *at;
        if (model->replaced && model->users == 0) {
            *at = model->next;
            model_free(model);
        } else {
            at = &model->next;
        }
    }
}

enum err_code affinity_refit(struct affinity *affinity, int64_t now_ms, const atomic_bool *cancel,
                             struct err *e)
{
    assert(affinity);
    struct purchase_matrix *matrix = NULL;
    memory_read_lock(affinity->memory);
    uint64_t orders = purchases_orders(affinity->purchases);
    int64_t version = log_last_seq(memory_log(affinity->memory));
    memory_read_unlock(affinity->memory);
    TRY(purchases_matrix(affinity->purchases, FACT_NO_TIME, FACT_NO_TIME, &matrix, e));
    struct model *model = calloc(1, sizeof *model);
    enum err_code code = model ? fit_matrix(matrix, cancel, &model->fit, e)
                               : err_set(e, ERR_LIMIT, 0, "no memory for the item-to-item model");
    purchase_matrix_drop(&matrix);
    if (code) {
        free(model);
        return code;
    }
    pthread_mutex_lock(&affinity->lock);
    if (affinity->models)
        affinity->models->replaced = true;
    model->next = affinity->models;
    affinity->models = model;
    affinity->version = version;
    affinity->fitted_ms = now_ms;
    affinity->fitted_orders = orders;
    models_sweep(affinity);
    pthread_mutex_unlock(&affinity->lock);
    return ERR_OK;
}

const struct neighbours *affinity_use(struct affinity *affinity, int64_t *version)
{
    assert(affinity && version);
    pthread_mutex_lock(&affinity->lock);
    struct model *model = affinity->models;
    if (model)
        model->users++;
    *version = affinity->version;
    pthread_mutex_unlock(&affinity->lock);
    return model ? model->fit : NULL;
}

void affinity_done(struct affinity *affinity, const struct neighbours *fit)
{
    if (!fit)
        return;
    pthread_mutex_lock(&affinity->lock);
    struct model *model = affinity->models;
    while (model && model->fit != fit)
        model = model->next;
    assert(model && model->users > 0);
    model->users--;
    models_sweep(affinity);
    pthread_mutex_unlock(&affinity->lock);
}

/* ---- proposing ---- */

static bool item_allowed(void *arg, uint32_t item)
{
    const struct affinity_taste *taste = arg;
    return taste->allowed(taste->arg, item + 1);
}

static bool group_has_room(const uint32_t *group, size_t n, uint32_t own)
{
    size_t same = 0;
    for (size_t i = 0; own && i < n; i++)
        same += group[i] == own;
    return same < AFFINITY_PER_GROUP;
}

/* The best first, then, where groups were full and room is left, those that were passed over. */
static size_t pick_varied(const struct affinity_taste *taste, const struct scored *of, size_t n,
                          struct scored *best, size_t max)
{
    uint32_t group[AFFINITY_CANDIDATES];
    bool taken[AFFINITY_CANDIDATES] = { false };
    size_t picked = 0;
    for (size_t i = 0; i < n && picked < max; i++) {
        uint32_t own = taste->group(taste->arg, of[i].item + 1);
        if (!group_has_room(group, picked, own))
            continue;
        group[picked] = own;
        best[picked++] = of[i];
        taken[i] = true;
    }
    for (size_t i = 0; i < n && picked < max; i++)
        if (!taken[i])
            best[picked++] = of[i];
    return picked;
}

enum err_code affinity_propose(const struct neighbours *fit, const uint32_t *basis, size_t n_basis,
                               const struct affinity_taste *taste, struct neighbour_work *work,
                               struct scored *best, size_t max, size_t *n, struct err *e)
{
    assert(fit && taste && taste->allowed && max <= AFFINITY_CANDIDATES);
    if (n_basis > AFFINITY_BASIS) {
        basis += n_basis - AFFINITY_BASIS;
        n_basis = AFFINITY_BASIS;
    }
    if (!taste->group)
        return neighbours_score(fit, basis, n_basis, item_allowed, (void *)taste, work, best, max, n, e);
    struct scored of[AFFINITY_CANDIDATES];
    size_t found = 0, wide = max * 4 < AFFINITY_CANDIDATES ? max * 4 : AFFINITY_CANDIDATES;
    TRY(neighbours_score(fit, basis, n_basis, item_allowed, (void *)taste, work, of, wide, &found, e));
    *n = pick_varied(taste, of, found, best, max);
    return ERR_OK;
}

/* ---- the proof ---- */

void wilson(uint32_t hits, uint32_t n, double *low, double *high)
{
    const double z = 1.959963984540054;  // 97.5 % of the standard normal
    if (n == 0) {
        *low = 0;
        *high = 1;
        return;
    }
    double p = (double)hits / n, zz = z * z / n;
    double middle = p + zz / 2, spread = z * sqrt(p * (1 - p) / n + zz / (4.0 * n));
    *low = fmax(0, (middle - spread) / (1 + zz));
    *high = fmin(1, (middle + spread) / (1 + zz));
}

struct lead paired_lead(uint32_t hits, uint32_t rival, uint32_t both, uint32_t n)
{
    assert(both <= hits && both <= rival && hits <= n && rival <= n);
    const double z = 1.959963984540054;
    double only = hits - both + 0.5, only_rival = rival - both + 0.5, all = n + 2.0;
    double middle = (only - only_rival) / all;
    double spread = z * sqrt(only + only_rival - all * middle * middle) / all;
    return (struct lead){ n ? ((double)hits - rival) / n : 0, fmax(-1, middle - spread), fmin(1, middle + spread) };
}

struct proof {
    const struct purchase_matrix *before, *after;
    const struct neighbours *fit;
    struct neighbour_work *work;
    size_t items;        // of both, and never 0: products may come between
    struct ranking { uint32_t *item, n; } popular, recent;  // most buyers first: ever, and in RECENT_DAYS
    uint8_t *mine;       // item -> bought before by the customer at hand
    uint8_t *offerable;  // item -> may be proposed, asked once
    const struct affinity_taste *taste;
};

static bool may_be_shown(void *arg, uint32_t product)
{
    const struct proof *proof = arg;
    return proof->offerable[product - 1] && !proof->mine[product - 1];
}

static uint32_t group_shown(void *arg, uint32_t product)
{
    const struct proof *proof = arg;
    return proof->taste->group ? proof->taste->group(proof->taste->arg, product) : 0;
}

/* Items by buyers, most first, ties by number: what everybody would be shown. */
static void rank(const struct proof *proof, const uint32_t *buyers, uint32_t items, struct ranking *ret)
{
    for (uint32_t i = 0; i < items; i++)
        if (buyers[i] && proof->offerable[i])
            ret->item[ret->n++] = i;
    for (uint32_t gap = ret->n / 2; gap; gap /= 2)
        for (uint32_t i = gap; i < ret->n; i++) {
            uint32_t item = ret->item[i], at = i;
            for (; at >= gap; at -= gap) {
                uint32_t other = ret->item[at - gap];
                if (buyers[other] > buyers[item] || (buyers[other] == buyers[item] && other < item))
                    break;
                ret->item[at] = other;
            }
            ret->item[at] = item;
        }
}

/* Buyers of each item in a matrix, whose rows may hold an item more than once. */
static enum err_code count_buyers(const struct purchase_matrix *of, uint32_t **ret, struct err *e)
{
    uint32_t *buyers = calloc((size_t)of->items + 1, sizeof *buyers), *last = calloc((size_t)of->items + 1, sizeof *last);
    enum err_code code = buyers && last ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for the evaluation");
    for (uint32_t row = 0; !code && row < of->buyers; row++)
        for (uint64_t at = of->start[row]; at < of->start[row + 1]; at++) {
            uint32_t item = of->item[at];
            buyers[item] += last[item] != row + 1;
            last[item] = row + 1;
        }
    free(last);
    *ret = buyers;
    return code;
}

/* Whether any of the first TOP items not owned is bought for the first time after the cutoff. */
static bool ranking_hits(const struct proof *proof, const struct ranking *ranking, const uint8_t *bought_later)
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < ranking->n && shown < TOP; i++) {
        uint32_t item = ranking->item[i];
        if (proof->mine[item])
            continue;
        if (bought_later[item])
            return true;
        shown++;
    }
    return false;
}

static enum err_code model_hits(struct proof *proof, uint32_t row, const uint8_t *bought_later, bool *ret,
                                struct err *e)
{
    const uint32_t *items = proof->before->item + proof->before->start[row];
    size_t n_items = proof->before->start[row + 1] - proof->before->start[row], n = 0;
    struct scored best[TOP];
    struct affinity_taste taste = { may_be_shown, group_shown, proof };
    TRY(affinity_propose(proof->fit, items, n_items, &taste, proof->work, best, TOP, &n, e));
    *ret = false;
    for (size_t i = 0; i < n; i++)
        *ret |= bought_later[best[i].item];
    return ERR_OK;
}

static size_t group_of(uint32_t orders)
{
    return orders <= 1 ? 0 : orders <= 3 ? 1 : orders <= 9 ? 2 : 3;
}

static void hits_add(struct hit_rate *rate, bool model, bool baseline, bool recent)
{
    rate->customers++;
    rate->hits_model += model;
    rate->hits_baseline += baseline;
    rate->hits_recent += recent;
    rate->both_baseline += model && baseline;
    rate->both_recent += model && recent;
}

/* One customer: counted when he bought before the cutoff, and something he did not have after it. */
static enum err_code prove_customer(struct proof *proof, uint32_t before_row, uint32_t after_row,
                                    uint32_t orders, uint8_t *later, struct evaluation *ret, struct err *e)
{
    const struct purchase_matrix *before = proof->before, *after = proof->after;
    bool model = false, news = false;
    for (uint64_t at = before->start[before_row]; at < before->start[before_row + 1]; at++)
        proof->mine[before->item[at]] = 1;
    for (uint64_t at = after->start[after_row]; at < after->start[after_row + 1]; at++) {
        uint32_t item = after->item[at];
        later[item] = !proof->mine[item] && proof->offerable[item];
        news |= later[item];
    }
    enum err_code code = news ? model_hits(proof, before_row, later, &model, e) : ERR_OK;
    if (news && !code) {
        bool baseline = ranking_hits(proof, &proof->popular, later),
             recent = ranking_hits(proof, &proof->recent, later);
        hits_add(&ret->all, model, baseline, recent);
        hits_add(&ret->by_orders[group_of(orders)], model, baseline, recent);
    }
    for (uint64_t at = before->start[before_row]; at < before->start[before_row + 1]; at++)
        proof->mine[before->item[at]] = 0;
    for (uint64_t at = after->start[after_row]; at < after->start[after_row + 1]; at++)
        later[after->item[at]] = 0;
    return code;
}

static enum err_code prove_all(struct affinity *affinity, struct proof *proof, int64_t cutoff_ms,
                               const atomic_bool *cancel, struct evaluation *ret, struct err *e)
{
    uint8_t *later = calloc(proof->items, 1);
    enum err_code code = later ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for the evaluation");
    uint32_t a = 0;
    for (uint32_t b = 0; !code && b < proof->before->buyers; b++) {  // both lists rise by root
        while (a < proof->after->buyers && proof->after->root[a] < proof->before->root[b])
            a++;
        if (a == proof->after->buyers || proof->after->root[a] != proof->before->root[b])
            continue;
        if (cancel && atomic_load(cancel)) {
            code = err_set(e, ERR_BUSY, b, "cancelled");
            break;
        }
        memory_read_lock(affinity->memory);
        uint32_t orders = purchases_orders_before(affinity->purchases, proof->before->root[b], cutoff_ms);
        code = prove_customer(proof, b, a, orders, later, ret, e);
        memory_read_unlock(affinity->memory);
    }
    free(later);
    return code;
}

static enum err_code proof_room(struct affinity *affinity, struct proof *proof, struct err *e)
{
    uint32_t before = proof->before->items, after = proof->after->items;
    proof->items = (size_t)(before > after ? before : after) + 1;
    proof->work = neighbour_work_new();
    proof->popular.item = malloc(proof->items * sizeof *proof->popular.item);
    proof->recent.item = malloc(proof->items * sizeof *proof->recent.item);
    proof->mine = calloc(proof->items, 1);
    proof->offerable = calloc(proof->items, 1);
    if (!proof->work || !proof->popular.item || !proof->recent.item || !proof->mine || !proof->offerable)
        return err_set(e, ERR_LIMIT, 0, "no memory for the evaluation");
    memory_read_lock(affinity->memory);
    for (uint32_t i = 0; i + 1 < proof->items; i++)
        proof->offerable[i] = proof->taste->allowed(proof->taste->arg, i + 1);
    memory_read_unlock(affinity->memory);
    return ERR_OK;
}

static void proof_drop(struct proof *proof)
{
    neighbour_work_drop(&proof->work);
    free(proof->popular.item);
    free(proof->recent.item);
    free(proof->mine);
    free(proof->offerable);
}

/* What is popular: of all time before the cutoff, and of its last weeks. */
static enum err_code rank_both(struct affinity *affinity, struct proof *proof, int64_t cutoff_ms, struct err *e)
{
    struct purchase_matrix *recent = NULL;
    uint32_t *buyers = NULL;
    rank(proof, proof->fit->buyers, proof->fit->items, &proof->popular);
    TRY(purchases_matrix(affinity->purchases, cutoff_ms - RECENT_DAYS * DAY_MS, cutoff_ms, &recent, e));
    enum err_code code = count_buyers(recent, &buyers, e);
    if (!code)
        rank(proof, buyers, recent->items < proof->items ? recent->items : (uint32_t)proof->items - 1, &proof->recent);
    free(buyers);
    purchase_matrix_drop(&recent);
    return code;
}

enum err_code affinity_evaluate(struct affinity *affinity, int64_t cutoff_ms, int held_back_days,
                                const struct affinity_taste *taste, const atomic_bool *cancel,
                                struct evaluation *ret, struct err *e)
{
    assert(affinity && taste && ret && held_back_days > 0);
    struct purchase_matrix *before = NULL, *after = NULL;
    struct neighbours *fit = NULL;
    int64_t end_ms = cutoff_ms + held_back_days * DAY_MS;
    enum err_code code = purchases_matrix(affinity->purchases, FACT_NO_TIME, cutoff_ms, &before, e);
    if (!code)
        code = purchases_matrix(affinity->purchases, cutoff_ms, end_ms, &after, e);
    if (!code)
        code = fit_matrix(before, cancel, &fit, e);
    struct evaluation result = { .at_ms = clock_now_ms(memory_clock(affinity->memory)),
                                 .cutoff_ms = cutoff_ms, .held_back_days = held_back_days };
    struct proof proof = { .before = before, .after = after, .fit = fit, .taste = taste };
    if (!code)
        code = proof_room(affinity, &proof, e);
    if (!code)
        code = rank_both(affinity, &proof, cutoff_ms, e);
    if (!code)
        code = prove_all(affinity, &proof, cutoff_ms, cancel, &result, e);
    proof_drop(&proof);
    neighbours_drop(&fit);
    purchase_matrix_drop(&before);
    purchase_matrix_drop(&after);
    if (!code)
        *ret = result;
    return code;
}
