#include "engine/recommend/neighbours.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows turned round: the buyers of each item. */
struct columns {
    uint64_t *start;
    uint32_t *buyer;
};

/* The part of a buyer's row that counts: the last basket_max items. */
static uint64_t row_begin(const struct purchase_rows *rows, uint32_t buyer, uint32_t basket_max)
{
    uint64_t begin = rows->start[buyer], end = rows->start[buyer + 1];
    assert(begin <= end);
    return end - begin > basket_max ? end - basket_max : begin;
}

static void columns_free(struct columns *cols)
{
    free(cols->start);
    free(cols->buyer);
}

static enum err_code columns_make(const struct purchase_rows *rows, uint32_t basket_max,
                                  struct columns *ret, struct err *e)
{
    uint64_t total = 0;
    struct columns cols = { .start = calloc((size_t)rows->items + 2, sizeof *cols.start) };
    if (!cols.start)
        return err_set(e, ERR_LIMIT, 0, "no memory for %u items", rows->items);
    for (uint32_t b = 0; b < rows->buyers; b++) {
        for (uint64_t at = row_begin(rows, b, basket_max); at < rows->start[b + 1]; at++, total++) {
            if (rows->item[at] >= rows->items) {
                free(cols.start);
                return err_set(e, ERR_INVALID, (size_t)at, "item %u is not below %u", rows->item[at],
                               rows->items);
            }
            cols.start[rows->item[at] + 2]++;
        }
    }
    cols.buyer = malloc((total ? total : 1) * sizeof *cols.buyer);
    if (!cols.buyer) {
        free(cols.start);
        return err_set(e, ERR_LIMIT, 0, "no memory for %llu purchases", (unsigned long long)total);
    }
    for (uint32_t i = 1; i <= rows->items; i++)
        cols.start[i + 1] += cols.start[i];
    // start[i + 1] is now where item i begins, and moves to its end while it is filled
    for (uint32_t b = 0; b < rows->buyers; b++)
        for (uint64_t at = row_begin(rows, b, basket_max); at < rows->start[b + 1]; at++)
            cols.buyer[cols.start[rows->item[at] + 1]++] = b;
    *ret = cols;
    return ERR_OK;
}

static bool better(struct neighbour a, struct neighbour b)
{
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.item < b.item);
}

/* Keeps the k best in best[], best first: insertion, since most candidates lose against the last. */
static uint32_t keep_best(struct neighbour *best, uint32_t count, uint32_t k, struct neighbour candidate)
{
    if (count == k && !better(candidate, best[k - 1]))
        return count;
    uint32_t at = count < k ? count : k - 1;
    for (; at > 0 && better(candidate, best[at - 1]); at--)
        best[at] = best[at - 1];
    best[at] = candidate;
    return count < k ? count + 1 : count;
}

/* Counts for one item how many of its buyers bought each other item; lists the items met. */
static uint32_t count_together(const struct purchase_rows *rows, const struct columns *cols,
                               uint32_t item, uint32_t basket_max, uint32_t *together, uint32_t *met)
{
    uint32_t n = 0;
    for (uint64_t c = cols->start[item]; c < cols->start[item + 1]; c++) {
        uint32_t buyer = cols->buyer[c];
        uint64_t end = rows->start[buyer + 1];
        for (uint64_t at = row_begin(rows, buyer, basket_max); at < end; at++) {
            uint32_t other = rows->item[at];
            if (together[other]++ == 0)
                met[n++] = other;
        }
    }
    return n;
}

static void item_fit(struct neighbours *fit, uint32_t item, float shrink, uint32_t *together,
                     const uint32_t *met, uint32_t n_met)
{
    struct neighbour *best = fit->of + (size_t)item * fit->k;
    uint32_t count = 0;
    for (uint32_t m = 0; m < n_met; m++) {
        uint32_t other = met[m], both = together[other];
        together[other] = 0;
        if (other == item)
            continue;
        float norm = sqrtf((float)fit->buyers[item]) * sqrtf((float)fit->buyers[other]) + shrink;
        struct neighbour candidate = { other, both, (float)both / norm };
        count = keep_best(best, count, fit->k, candidate);
    }
    fit->count[item] = count;
}

static struct neighbours *neighbours_new(uint32_t items, uint32_t k)
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

enum err_code neighbours_fit(struct purchase_rows rows, struct neighbours_options options,
                             struct neighbours **ret, struct err *e)
{
    assert(options.k > 0 && options.basket_max > 0 && options.shrink >= 0);
    struct columns cols = { 0 };
    TRY(columns_make(&rows, options.basket_max, &cols, e));
    struct neighbours *fit = neighbours_new(rows.items, options.k);
    uint32_t *together = calloc((size_t)rows.items + 1, sizeof *together);
    uint32_t *met = malloc(((size_t)rows.items + 1) * sizeof *met);
    enum err_code code = ERR_OK;
    if (!fit || !together || !met)
        code = err_set(e, ERR_LIMIT, 0, "no memory for the neighbours of %u items", rows.items);
    for (uint32_t i = 0; !code && i < rows.items; i++)
        fit->buyers[i] = (uint32_t)(cols.start[i + 1] - cols.start[i]);
    for (uint32_t i = 0; !code && i < rows.items; i++) {
        if (options.cancel && atomic_load_explicit(options.cancel, memory_order_relaxed))
            code = err_set(e, ERR_BUSY, i, "cancelled at item %u of %u", i, rows.items);
        uint32_t n = code ? 0 : count_together(&rows, &cols, i, options.basket_max, together, met);
        if (!code)
            item_fit(fit, i, options.shrink, together, met, n);
    }
    free(together);
    free(met);
    columns_free(&cols);
    if (code) {
        neighbours_drop(&fit);
        return code;
    }
    *ret = fit;
    return ERR_OK;
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

/* One cell per item; cells are valid only when their stamp is the current one, so nothing is cleared. */
struct cell {
    uint32_t stamp, why, together;
    float score, most;
};

struct neighbour_work {
    struct cell *cell;
    uint32_t *met;
    uint32_t items, stamp;
};

#define CELL_BOUGHT UINT32_MAX  // `why` of what the buyer has already

struct neighbour_work *neighbour_work_new(void)
{
    return calloc(1, sizeof(struct neighbour_work));
}

void neighbour_work_drop(struct neighbour_work **work)
{
    assert(work);
    if (!*work)
        return;
    free((*work)->cell);
    free((*work)->met);
    free(*work);
    *work = NULL;
}

static enum err_code work_fit(struct neighbour_work *work, uint32_t items, struct err *e)
{
    if (work->items < items) {
        struct cell *cell = calloc(items, sizeof *cell);
        uint32_t *met = malloc(items * sizeof *met);
        if (!cell || !met) {
            free(cell);
            free(met);
            return err_set(e, ERR_LIMIT, 0, "no memory to score %u items", items);
        }
        free(work->cell);
        free(work->met);
        *work = (struct neighbour_work){ .cell = cell, .met = met, .items = items };
    }
    if (++work->stamp == 0) {  // after 2^32 calls old stamps would look new
        memset(work->cell, 0, work->items * sizeof *work->cell);
        work->stamp = 1;
    }
    return ERR_OK;
}

/* Adds the neighbours of one bought item to the scores; returns the new number of items met. What the loop reads
 * is copied first: the stores into cells could change it for all the compiler knows. */
static uint32_t score_add(const struct neighbours *fit, uint32_t bought, struct neighbour_work *work,
                          uint32_t n_met)
{
    const struct neighbour *of = fit->of + (size_t)bought * fit->k, *end = of + fit->count[bought];
    struct cell *cells = work->cell;
    uint32_t *met = work->met, stamp = work->stamp;
    for (; of < end; of++) {
        struct cell *cell = cells + of->item;
        if (cell->stamp != stamp) {
            *cell = (struct cell){ stamp, bought, of->together, of->similarity, of->similarity };
            met[n_met++] = of->item;
            continue;
        }
        if (cell->why == CELL_BOUGHT)
            continue;
        cell->score += of->similarity;
        if (of->similarity > cell->most) {
            cell->most = of->similarity;
            cell->why = bought;
            cell->together = of->together;
        }
    }
    return n_met;
}

enum err_code neighbours_score(const struct neighbours *fit, const uint32_t *bought, size_t n_bought,
                               bool (*allowed)(void *arg, uint32_t item), void *arg,
                               struct neighbour_work *work, struct scored *best, size_t max, size_t *n,
                               struct err *e)
{
    assert(fit && work && n && max > 0);
    TRY(work_fit(work, fit->items, e));
    for (size_t i = 0; i < n_bought; i++)  // first, so that nothing bought is ever met as a proposal
        if (bought[i] < fit->items)
            work->cell[bought[i]] = (struct cell){ .stamp = work->stamp, .why = CELL_BOUGHT };
    uint32_t n_met = 0;
    for (size_t i = 0; i < n_bought; i++)
        if (bought[i] < fit->items)
            n_met = score_add(fit, bought[i], work, n_met);
    size_t count = 0;
    for (uint32_t m = 0; m < n_met; m++) {
        const struct cell *cell = work->cell + work->met[m];
        if (count == max && cell->score < best[max - 1].score)
            continue;  // most end here; asked before `allowed`, which may cost a cache miss
        struct scored candidate = { work->met[m], cell->why, cell->together, cell->score };
        if (count == max && !scored_better(candidate, best[max - 1]))
            continue;
        if (!allowed || allowed(arg, candidate.item))
            count = scored_keep(best, count, max, candidate);
    }
    *n = count;
    return ERR_OK;
}
