#include "engine/recommend/neighbours.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/recommend/neighbours_room.h"

static bool better(struct neighbour a, struct neighbour b)
{
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.item < b.item);
}

uint32_t neighbours_keep(struct neighbour *best, uint32_t count, uint32_t k, struct neighbour candidate)
{
    if (count == k && !better(candidate, best[k - 1]))
        return count;
    uint32_t at = count < k ? count : k - 1;
    for (; at > 0 && better(candidate, best[at - 1]); at--)
        best[at] = best[at - 1];
    best[at] = candidate;
    return count < k ? count + 1 : count;
}

/* What buyers of one item have in common with another: how many they are, and their weights. */
struct tally {
    uint32_t both;
    float weight;
};

/* What is fitted, and the scratch of fitting. */
struct fitting {
    const struct purchase_rows *rows;
    struct purchase_columns cols;
    uint32_t basket_max, *met;
    float *weight;               // by buyer
    float *own, *other;          // n_i^own_power, n_j^other_power
    struct tally *tally;
};

/* Counts for one item how many of its buyers bought each other item; lists the items met. */
static uint32_t count_together(const struct fitting *f, uint32_t item)
{
    const struct purchase_rows *rows = f->rows;
    struct tally *tally = f->tally;
    uint32_t *met = f->met, n = 0;
    for (uint64_t c = f->cols.start[item]; c < f->cols.start[item + 1]; c++) {
        uint32_t buyer = f->cols.buyer[c];
        uint64_t end = rows->start[buyer + 1];
        float weight = f->weight[buyer];
        for (uint64_t at = purchase_begin(rows, buyer, f->basket_max); at < end; at++) {
            uint32_t other = rows->item[at];
            if (tally[other].both++ == 0)
                met[n++] = other;
            tally[other].weight += weight;
        }
    }
    return n;
}

static void item_fit(struct neighbours *fit, uint32_t item, const struct similarity *by, const struct fitting *f,
                     uint32_t n_met)
{
    struct neighbour *best = fit->of + (size_t)item * fit->k;
    uint32_t count = 0;
    for (uint32_t m = 0; m < n_met; m++) {
        uint32_t other = f->met[m];
        struct tally tally = f->tally[other];
        f->tally[other] = (struct tally){ 0 };
        if (other == item)
            continue;
        float norm = f->own[item] * f->other[other] + by->shrink;
        struct neighbour candidate = { other, tally.both, by->scale * tally.weight / norm };
        count = neighbours_keep(best, count, fit->k, candidate);
    }
    fit->count[item] = count;
}

struct neighbours *neighbours_new(uint32_t items, uint32_t k)
{
    struct neighbours *fit = calloc(1, sizeof *fit);
    if (!fit)
        return NULL;
    fit->items = items;
    fit->k = k;
    size_t rows = items ? items : 1;
    fit->buyers = calloc(rows, sizeof *fit->buyers);
    fit->count = calloc(rows, sizeof *fit->count);
    fit->of = calloc(rows * k, sizeof *fit->of);
    if (!fit->buyers || !fit->count || !fit->of)
        neighbours_drop(&fit);
    return fit;
}

static void fitting_end(struct fitting *f)
{
    purchase_columns_drop(&f->cols);
    free(f->met);
    free(f->weight);
    free(f->own);
    free(f->other);
    free(f->tally);
}

/* false: memory; what was made ends with fitting_end. */
static bool fitting_make(struct fitting *f, const struct similarity *by)
{
    const struct purchase_rows *rows = f->rows;
    size_t items = (size_t)rows->items + 1;
    f->met = malloc(items * sizeof *f->met);
    f->weight = malloc(((size_t)rows->buyers + 1) * sizeof *f->weight);
    f->own = malloc(items * sizeof *f->own);
    f->other = malloc(items * sizeof *f->other);
    f->tally = calloc(items, sizeof *f->tally);
    if (!f->met || !f->weight || !f->own || !f->other || !f->tally)
        return false;
    for (uint32_t b = 0; b < rows->buyers; b++)
        f->weight[b] = powf((float)(rows->start[b + 1] - purchase_begin(rows, b, f->basket_max)), -by->basket_power);
    for (uint32_t i = 0; i < rows->items; i++) {
        float buyers = (float)(f->cols.start[i + 1] - f->cols.start[i]);
        f->own[i] = powf(buyers, by->own_power);
        f->other[i] = powf(buyers, by->other_power);
    }
    return true;
}

enum err_code neighbours_fit_by(struct purchase_rows rows, const struct similarity *by, uint32_t k, uint32_t basket_max,
                                const atomic_bool *cancel, struct neighbours **ret, struct err *e)
{
    assert(k > 0 && basket_max > 0 && by->shrink >= 0);
    struct fitting f = { .rows = &rows, .basket_max = basket_max };
    TRY(purchase_turn(&rows, basket_max, &f.cols, e));
    struct neighbours *fit = neighbours_new(rows.items, k);
    enum err_code code = ERR_OK;
    if (!fit || !fitting_make(&f, by))
        code = err_set(e, ERR_LIMIT, 0, "no memory for the neighbours of %u items", rows.items);
    for (uint32_t i = 0; !code && i < rows.items; i++) {
        fit->buyers[i] = (uint32_t)(f.cols.start[i + 1] - f.cols.start[i]);
        if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
            code = err_set(e, ERR_BUSY, i, "cancelled at item %u of %u", i, rows.items);
        else
            item_fit(fit, i, by, &f, count_together(&f, i));
    }
    fitting_end(&f);
    if (code) {
        neighbours_drop(&fit);
        return code;
    }
    *ret = fit;
    return ERR_OK;
}

enum err_code neighbours_fit(struct purchase_rows rows, struct neighbours_options options, struct neighbours **ret,
                             struct err *e)
{
    const struct similarity cosine = { 0, .5f, .5f, options.shrink, 1 };
    return neighbours_fit_by(rows, &cosine, options.k, options.basket_max, options.cancel, ret, e);
}

void neighbours_drop(struct neighbours **fit)
{
    assert(fit);
    if (!*fit)
        return;
    free((*fit)->buyers);
    free((*fit)->count);
    free((*fit)->of);
    free(*fit);
    *fit = NULL;
}

/* What one thread adds up. A score is one float, so that those of some thousand items stay in the first cache; -0 says that no
 * neighbour has been met: no sum of numbers that are not -0 is. Marks say where an item
 * stands among those to be explained, from 1. */
struct neighbour_work {
    float *score;
    uint32_t *met;
    uint16_t *mark;
    uint32_t items;
};

#define CACHE_LINE 64
#define ROWS_AHEAD 2
#define UNMET (-0.0f)
#define BOUGHT (-INFINITY)  // whatever is added to it

struct neighbour_work *neighbour_work_new(void)
{
    return calloc(1, sizeof(struct neighbour_work));
}

static void work_clear(struct neighbour_work *work)
{
    free(work->score);
    free(work->met);
    free(work->mark);
    *work = (struct neighbour_work){ 0 };
}

void neighbour_work_drop(struct neighbour_work **work)
{
    assert(work);
    if (!*work)
        return;
    work_clear(*work);
    free(*work);
    *work = NULL;
}

static enum err_code work_fit(struct neighbour_work *work, uint32_t items, struct err *e)
{
    if (work->items >= items)
        return ERR_OK;
    work_clear(work);
    work->score = malloc(items * sizeof *work->score);
    work->met = malloc(((size_t)items + 1) * sizeof *work->met);  // one more is written, and not kept
    work->mark = calloc(items, sizeof *work->mark);
    if (!work->score || !work->met || !work->mark) {
        work_clear(work);
        return err_set(e, ERR_LIMIT, 0, "no memory to score %u items", items);
    }
    for (uint32_t i = 0; i < items; i++)
        work->score[i] = UNMET;
    work->items = items;
    return ERR_OK;
}

/* By its bits: compared as numbers, there would be a branch for those that are none. */
static bool is_unmet(float score)
{
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    return bits == UINT32_C(1) << 31;
}

/* Adds the neighbours of one bought item to the scores; returns the new number of items met. Without a branch: whether an
 * item is met for the first time cannot be foretold. */
static uint32_t score_add(const struct neighbours *fit, uint32_t bought, struct neighbour_work *work,
                          uint32_t n_met)
{
    const struct neighbour *of = fit->of + (size_t)bought * fit->k, *end = of + fit->count[bought];
    float *scores = work->score;
    uint32_t *met = work->met;
    for (; of < end; of++) {
        float score = scores[of->item];
        met[n_met] = of->item;
        n_met += is_unmet(score);
        scores[of->item] = score + of->similarity;
    }
    return n_met;
}

/* The best of those met, whose scores are forgotten. */
static size_t keep_met(struct neighbour_work *work, uint32_t n_met, bool (*allowed)(void *arg, uint32_t item), void *arg,
                       struct scored *best, size_t max)
{
    size_t count = 0;
    for (uint32_t m = 0; m < n_met; m++) {
        struct scored candidate = { .item = work->met[m], .score = work->score[work->met[m]] };
        work->score[candidate.item] = UNMET;
        if (count == max && !scored_better(candidate, best[max - 1]))
            continue;  // most end here; asked before `allowed`, which may cost a cache miss
        if (!allowed || allowed(arg, candidate.item))
            count = scored_keep(best, count, max, candidate);
    }
    return count;
}

/* A row is some cache lines away from the one before it, which nothing foretells but this. Inline: gcc takes a function that only
 * prefetches for one without an effect, and leaves it out. */
static inline __attribute__((always_inline)) void row_prefetch(const struct neighbours *fit, const uint32_t *bought,
                                                              size_t n_bought, size_t at)
{
    if (at >= n_bought || bought[at] >= fit->items)
        return;
    const char *row = (const char *)(fit->of + (size_t)bought[at] * fit->k);
    for (size_t byte = 0; byte < fit->count[bought[at]] * sizeof *fit->of; byte += CACHE_LINE)
        __builtin_prefetch(row + byte);
}

enum err_code neighbours_score(const struct neighbours *fit, const uint32_t *bought, size_t n_bought,
                               bool (*allowed)(void *arg, uint32_t item), void *arg,
                               struct neighbour_work *work, struct scored *best, size_t max, size_t *n,
                               struct err *e)
{
    assert(fit && work && n && max > 0 && max < UINT16_MAX);
    TRY(work_fit(work, fit->items, e));
    for (size_t i = 0; i < n_bought; i++)  // first, so that nothing bought is ever met as a proposal
        if (bought[i] < fit->items)
            work->score[bought[i]] = BOUGHT;
    uint32_t n_met = 0;
    for (size_t i = 0; i < n_bought; i++) {
        row_prefetch(fit, bought, n_bought, i + ROWS_AHEAD);
        if (bought[i] < fit->items)
            n_met = score_add(fit, bought[i], work, n_met);
    }
    *n = keep_met(work, n_met, allowed, arg, best, max);
    for (size_t i = 0; i < n_bought; i++)
        if (bought[i] < fit->items)
            work->score[bought[i]] = UNMET;
    return ERR_OK;
}

static void explain_by(const struct neighbours *fit, uint32_t bought, struct neighbour_work *work, struct scored *best)
{
    const struct neighbour *of = fit->of + (size_t)bought * fit->k, *end = of + fit->count[bought];
    for (; of < end; of++) {
        if (!work->mark[of->item] || of->similarity <= work->score[of->item])
            continue;
        struct scored *to = best + work->mark[of->item] - 1;
        work->score[of->item] = of->similarity;
        to->why = bought;
        to->together = of->together;
    }
}

enum err_code neighbours_explain(const struct neighbours *fit, const uint32_t *bought, size_t n_bought,
                                 struct neighbour_work *work, struct scored *best, size_t n, struct err *e)
{
    assert(n < UINT16_MAX);
    TRY(work_fit(work, fit->items, e));
    for (size_t i = 0; i < n; i++) {
        work->mark[best[i].item] = (uint16_t)(i + 1);
        work->score[best[i].item] = -INFINITY;  // until how much the one that adds most does
    }
    for (size_t i = 0; i < n_bought; i++)
        if (bought[i] < fit->items)
            explain_by(fit, bought[i], work, best);
    for (size_t i = 0; i < n; i++) {
        work->mark[best[i].item] = 0;
        work->score[best[i].item] = UNMET;
    }
    return ERR_OK;
}

void neighbours_score_all(const struct neighbours *fit, const uint32_t *bought, size_t n_bought, float *has, float *score)
{
    for (size_t i = 0; i < n_bought; i++)
        has[bought[i]] = 1;
    for (uint32_t j = 0; j < fit->items; j++) {
        const struct neighbour *of = fit->of + (size_t)j * fit->k;
        float sum = 0;
        for (uint32_t at = 0; at < fit->count[j]; at++)
            sum += of[at].similarity * has[of[at].item];
        score[j] = sum;
    }
    for (size_t i = 0; i < n_bought; i++)
        has[bought[i]] = 0;
}

float neighbours_similarity(const struct neighbours *fit, uint32_t item, uint32_t bought)
{
    const struct neighbour *of = fit->of + (size_t)item * fit->k;
    for (uint32_t at = 0; at < fit->count[item]; at++)
        if (of[at].item == bought)
            return of[at].similarity;
    return 0;
}
