#include "engine/recommend/ease.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/recommend/best.h"
#include "engine/recommend/crew.h"
#include "engine/recommend/dense.h"

#define TILE 64
#define PIVOTS 256              // of a step: the matrix is read and written once a step
#define GROUP 32                // columns that one piece of the panel holds: as wide as the widest tile of dense.c
#define GRAIN 8

struct fitting {
    const struct purchase_rows *rows;
    const struct purchase_columns *cols;
    const struct ease_options *options;
    float *a;                   // width * width; right of the diagonal, until it is weighed
    float *unit;                // 1 / P_jj
    size_t items, width;
    // of a step: the pivots' rows, and those by the inverse of the pivots' square; in columns of GROUP, each in one piece
    float *panel, *solved, *square;
    size_t first, pivots;
};

static enum err_code stopped(const struct ease_options *options, struct err *e)
{
    bool stop = options->cancel && atomic_load_explicit(options->cancel, memory_order_relaxed);
    return stop ? err_set(e, ERR_BUSY, 0, "cancelled while the items' weights were fitted") : ERR_OK;
}

/* Rows of X'X + lambda I: who bought i, and what else. */
static void gram_rows(void *arg, unsigned worker, size_t begin, size_t end)
{
    (void)worker;
    struct fitting *f = arg;
    for (size_t i = begin; i < end; i++) {
        float *row = f->a + i * f->width;
        row[i] = f->options->lambda;
        for (uint64_t c = f->cols->start[i]; c < f->cols->start[i + 1]; c++) {
            uint32_t buyer = f->cols->buyer[c];
            for (uint64_t at = f->rows->start[buyer]; at < f->rows->start[buyer + 1]; at++)
                row[f->rows->item[at]] += 1;
        }
    }
}

/* ---- the inverse ---- */
/* A column of lanes of the panel: it stands in the pivots' rows, or left of them, turned, in its own. */
static void take_panel(void *arg, unsigned worker, size_t begin, size_t end)
{
    (void)worker;
    struct fitting *f = arg;
    for (size_t g = begin; g < end; g++) {
        float *to = f->panel + g * GROUP * f->pivots;
        for (size_t p = 0; p < f->pivots; p++) {
            for (size_t l = 0; l < GROUP; l++) {
                size_t row = f->first + p, col = g * GROUP + l;
                to[p * GROUP + l] = col < f->first ? f->a[col * f->width + row] : f->a[row * f->width + col];
            }
        }
        float *solved = f->solved + g * GROUP * f->pivots;
        memset(solved, 0, GROUP * f->pivots * sizeof *solved);
        dense_outer(-1, f->square, f->pivots, f->pivots, to, GROUP, GROUP, f->pivots, solved, GROUP);
    }
}

static void put_panel(const struct fitting *f, size_t g)
{
    const float *from = f->solved + g * GROUP * f->pivots;
    for (size_t p = 0; p < f->pivots; p++) {
        for (size_t l = 0; l < GROUP; l++) {
            size_t row = f->first + p, col = g * GROUP + l;
            if (col < f->first)
                f->a[col * f->width + row] = from[p * GROUP + l];
            else
                f->a[row * f->width + col] = from[p * GROUP + l];
        }
    }
}

/* a_ij -= a_ik a_kk^-1 a_kj in strips of rows. */
static void update_strips(void *arg, unsigned worker, size_t begin, size_t end)
{
    (void)worker;
    struct fitting *f = arg;
    for (size_t row = begin * TILE; row < end * TILE; row += TILE) {
        if (row >= f->first && row < f->first + f->pivots)
            continue;
        for (size_t col = row; col < f->width; col += GROUP) {
            if (col >= f->first && col < f->first + f->pivots)
                continue;
            for (size_t part = 0; part < TILE; part += GROUP)
                dense_outer(-1, f->panel + (row + part) * f->pivots, GROUP, GROUP, f->solved + col * f->pivots,
                            GROUP, GROUP, f->pivots, f->a + (row + part) * f->width + col, f->width);
        }
    }
}

/* a = a swept on these pivots. */
static bool step(struct fitting *f)
{
    size_t n = f->pivots, threads = f->options->threads;
    for (size_t p = 0; p < n; p++)
        for (size_t q = p; q < n; q++)
            f->square[p * n + q] = f->square[q * n + p] = f->a[(f->first + p) * f->width + f->first + q];
    if (!dense_sweep(f->square, n, n))
        return false;
    crew_run((unsigned)threads, f->width / GROUP, GRAIN, take_panel, f);
    crew_run((unsigned)threads, f->width / TILE, 1, update_strips, f);
    for (size_t g = 0; g < f->width / GROUP; g++)
        if (g * GROUP < f->first || g * GROUP >= f->first + n)
            put_panel(f, g);
    for (size_t p = 0; p < n; p++)
        memcpy(f->a + (f->first + p) * f->width + f->first, f->square + p * n, n * sizeof *f->a);
    return true;
}

/* Rows and columns behind the items are those of the unit matrix. */
static enum err_code invert(struct fitting *f, struct err *e)
{
    for (size_t i = f->items; i < f->width; i++)
        f->a[i * f->width + i] = 1;
    for (f->first = 0; f->first < f->width; f->first += f->pivots) {
        f->pivots = f->width - f->first < PIVOTS ? f->width - f->first : PIVOTS;
        TRY(stopped(f->options, e));
        if (!step(f))
            return err_set(e, ERR_INVALID, 0, "the items' weights cannot be told apart: lambda must be larger than %g",
                           (double)f->options->lambda);
    }
    return ERR_OK;
}

/* -P stands right of the diagonal; a pair of tiles becomes B on both sides of it. */
static void weigh_tiles(void *arg, unsigned worker, size_t begin, size_t end)
{
    (void)worker;
    struct fitting *f = arg;
    size_t n = f->items, w = f->width;
    for (size_t top = begin * TILE; top < end * TILE && top < n; top += TILE) {
        for (size_t left = top; left < n; left += TILE) {
            for (size_t i = top; i < top + TILE && i < n; i++) {
                for (size_t j = left > i + 1 ? left : i + 1; j < left + TILE && j < n; j++) {
                    float p = f->a[i * w + j];
                    f->a[i * w + j] = p * f->unit[j];
                    f->a[j * w + i] = p * f->unit[i];
                }
            }
        }
    }
}

static void weigh(struct fitting *f)
{
    for (size_t j = 0; j < f->width; j++) {
        f->unit[j] = -1 / f->a[j * f->width + j];
        f->a[j * f->width + j] = 0;
    }
    crew_run(f->options->threads, (f->items + TILE - 1) / TILE, 1, weigh_tiles, f);
}

/* ---- the largest weights only ---- */
/* The k-th largest |weight| of each column. */
static void column_bars(const struct ease *dense, uint32_t keep, float *bar, struct best *best)
{
    size_t n = dense->items, w = ease_width(dense->items);
    for (size_t j = 0; j < n; j++) {
        size_t count = 0;
        for (size_t i = 0; i < n; i++)
            count = best_keep(best, count, keep, (struct best){ (uint32_t)i, fabsf(dense->weight[i * w + j]) });
        bar[j] = fmaxf(best[count - 1].score, FLT_MIN);
    }
}

static enum err_code thin(struct ease **model, uint32_t keep, struct err *e)
{
    struct ease *dense = *model;
    size_t n = dense->items, w = ease_width(dense->items);
    uint64_t kept = 0;
    float *bar = malloc((n + 1) * sizeof *bar);
    struct best *best = malloc(keep * sizeof *best);
    struct ease *thinned = NULL;
    if (bar && best) {
        column_bars(dense, keep, bar, best);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                kept += fabsf(dense->weight[i * w + j]) >= bar[j];
        thinned = ease_new(dense->items, kept ? kept : 1);
    }
    if (thinned) {
        uint64_t at = 0;
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n; j++) {
                if (fabsf(dense->weight[i * w + j]) >= bar[j]) {
                    thinned->weight[at] = dense->weight[i * w + j];
                    thinned->other[at++] = (uint32_t)j;
                }
            }
            thinned->start[i + 1] = at;
        }
        ease_drop(model);
        *model = thinned;
    }
    free(bar);
    free(best);
    return thinned ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for the weights of %zu items", n);
}

static enum err_code fit_dense(struct fitting *f, struct err *e)
{
    const struct ease_options *options = f->options;
    f->unit = malloc((f->width + 1) * sizeof *f->unit);
    f->panel = dense_new(PIVOTS, f->width);
    f->solved = dense_new(PIVOTS, f->width);
    f->square = dense_new(PIVOTS, PIVOTS);
    if (!f->unit || !f->panel || !f->solved || !f->square)
        return err_set(e, ERR_LIMIT, 0, "no memory for the weights of %zu items", f->items);
    crew_run(options->threads, f->items, GRAIN, gram_rows, f);
    TRY(invert(f, e));
    weigh(f);
    return ERR_OK;
}

enum err_code ease_fit(const struct purchase_rows *rows, const struct ease_options *options, struct ease **ret, struct err *e)
{
    assert(options->lambda > 0 && options->threads > 0);
    struct purchase_columns cols = { 0 };
    TRY(purchase_turn(rows, BASKET_ALL, &cols, e));
    struct ease *model = ease_new(rows->items, 0);
    struct fitting f = { .rows = rows, .cols = &cols, .options = options, .a = model ? model->weight : NULL,
                         .items = rows->items, .width = ease_width(rows->items) };
    enum err_code code = model ? fit_dense(&f, e)
                               : err_set(e, ERR_LIMIT, 0, "no memory for the weights of %u items, %zu MB: use a model that "
                                         "takes less", rows->items, f.width * f.width * sizeof(float) >> 20);
    if (!code && options->keep && options->keep < rows->items)
        code = thin(&model, options->keep, e);
    purchase_columns_drop(&cols);
    free(f.unit);
    free(f.panel);
    free(f.solved);
    free(f.square);
    if (code) {
        ease_drop(&model);
        return code;
    }
    *ret = model;
    return ERR_OK;
}

struct ease *ease_new(uint32_t items, uint64_t kept)
{
    struct ease *model = calloc(1, sizeof *model);
    if (!model)
        return NULL;
    *model = (struct ease){ .items = items, .kept = kept,
                            .weight = kept ? dense_new(1, kept) : dense_new(ease_width(items), ease_width(items)) };
    if (kept) {
        model->start = calloc((size_t)items + 1, sizeof *model->start);
        model->other = calloc(kept, sizeof *model->other);
    }
    if (!model->weight || (kept && (!model->start || !model->other)))
        ease_drop(&model);
    return model;
}

void ease_drop(struct ease **model)
{
    assert(model);
    if (!*model)
        return;
    free((*model)->weight);
    free((*model)->start);
    free((*model)->other);
    free(*model);
    *model = NULL;
}

void ease_score(const struct ease *model, const uint32_t *bought, size_t n, float *restrict score)
{
    memset(score, 0, model->items * sizeof *score);
    for (size_t b = 0; b < n; b++) {
        if (!model->kept) {
            const float *restrict row = model->weight + (size_t)bought[b] * ease_width(model->items);
            for (size_t j = 0; j < model->items; j++)
                score[j] += row[j];
            continue;
        }
        for (uint64_t at = model->start[bought[b]]; at < model->start[bought[b] + 1]; at++)
            score[model->other[at]] += model->weight[at];
    }
}

float ease_weight(const struct ease *model, uint32_t bought, uint32_t item)
{
    if (!model->kept)
        return model->weight[(size_t)bought * ease_width(model->items) + item];
    for (uint64_t at = model->start[bought]; at < model->start[bought + 1]; at++)
        if (model->other[at] == item)
            return model->weight[at];
    return 0;
}
