#include "engine/recommend/ials.h"

#include <assert.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/recommend/crew.h"
#include "engine/recommend/dense.h"
#include "engine/recommend/ials_room.h"

#define GRAIN 8
#define SOME 256                // rows whose product stays in the cache
#define SLICES 16               // of a product over all rows, whoever works on them: sums must not depend on threads

struct fitting {
    const struct ials_options *options;
    size_t width;
    struct ials *model;
    float *buyer;
    float *gram, *slices;       // of the side that is held
    struct purchase_rows rows, cols;
    // of the side that is held, where there are steps: as struct ials_turned has it
    int32_t *shorts;
    float *scale, *there, *back, *axis, *usual;
    struct ials_work *work[CREW_MAX];
    double *loss;               // of each buyer
};
/* A half step: `vector` is solved for, `side` is held. */
struct half {
    const struct fitting *fitting;
    const struct purchase_rows *rows;
    struct ials_side side;
    float *vector;
    size_t block;               // 0: exactly, unless there are steps
    unsigned steps;
    struct ials_turned turned;
};

/* ---- the start ---- */
static double between(uint64_t bits)
{
    return ((double)(bits >> 11) + .5) / 9007199254740992.0;
}

static void start_item(uint64_t key, uint32_t d, float deviation, float *h)
{
    uint64_t state = hash_mix(key);
    for (uint32_t k = 0; k < d; k++) {
        double radius = sqrt(-2 * log(between(hash_mix(++state)))), turn = 6.283185307179586 * between(hash_mix(++state));
        h[k] = deviation * (float)(radius * cos(turn));
    }
}

static void start(const struct fitting *f)
{
    const struct ials_options *o = f->options;
    float deviation = o->sigma / sqrtf((float)o->dimensions);
    for (uint32_t i = 0; i < f->model->items; i++)
        start_item((o->item_key ? o->item_key[i] : i) + hash_mix(o->seed), o->dimensions, deviation,
                   f->model->item + i * f->width);
}

/* ---- the product of a side ---- */
struct product {
    const float *vector;
    float *slices;
    size_t n, width;
};

static void product_slices(void *arg, unsigned worker, size_t begin, size_t end)
{
    (void)worker;
    const struct product *p = arg;
    for (size_t s = begin; s < end; s++) {
        size_t first = p->n * s / SLICES, last = p->n * (s + 1) / SLICES;
        float *gram = p->slices + s * p->width * p->width;
        memset(gram, 0, p->width * p->width * sizeof *gram);
        for (; first < last; first += SOME)
            dense_gram(p->vector + first * p->width, last - first < SOME ? last - first : SOME, p->width, p->width, gram,
                       p->width);
    }
}

/* alpha V'V, both triangles. */
static void product_of(const struct fitting *f, const float *vector, size_t n, float *gram)
{
    size_t d = f->width;
    struct product p = { vector, f->slices, n, d };
    crew_run(f->options->threads, SLICES, 1, product_slices, &p);
    for (size_t row = 0; row < d; row++) {
        for (size_t col = row; col < d; col++) {
            float sum = 0;
            for (size_t s = 0; s < SLICES; s++)
                sum += f->slices[(s * d + row) * d + col];
            gram[row * d + col] = gram[col * d + row] = f->options->alpha * sum;
        }
    }
}

/* ---- along the axes of the product ---- */
/* Whoever has them counts for each purchase: `often` are the rows of the held side. */
struct turning {
    const struct fitting *fitting;
    const struct purchase_rows *often;
    const float *vector;
};

static void turn_slices(void *arg, unsigned worker, size_t begin, size_t end)
{
    (void)worker;
    const struct turning *t = arg;
    const struct fitting *f = t->fitting;
    size_t d = ials_turned_width(f->width), n = t->often->buyers;
    for (size_t s = begin; s < end; s++) {
        float *turned = f->slices + s * d * d, *usual = turned + GRAIN * d;
        memset(usual, 0, d * sizeof *usual);
        for (size_t first = n * s / SLICES, last = n * (s + 1) / SLICES; first < last; first += GRAIN) {
            size_t some = last - first < GRAIN ? last - first : GRAIN;
            memset(turned, 0, some * d * sizeof *turned);
            dense_times(t->vector + first * f->width, f->width, some, f->there, d, d, f->width, turned, d);
            for (size_t r = first; r < first + some; r++) {
                const float *row = turned + (r - first) * d;
                float often = (float)(t->often->start[r + 1] - t->often->start[r]);
                f->scale[r] = dense_shorten(row, d, f->shorts + r * d / 2);
                for (size_t k = 0; k < d; k++)
                    usual[k] += often * row[k] * row[k];
            }
        }
    }
}

static enum err_code turn(const struct fitting *f, struct turning t, const float *gram, struct ials_turned *ret, struct err *e)
{
    size_t d = f->width, wide = ials_turned_width(d);
    lapack_int size = (lapack_int)f->options->dimensions;
    float purchases = (float)f->rows.start[f->rows.buyers] + 1;
    memcpy(f->back, gram, d * d * sizeof *f->back);
    if (LAPACKE_ssyevd(LAPACK_COL_MAJOR, 'V', 'U', size, f->back, (lapack_int)d, f->axis) != 0)
        return err_set(e, ERR_LIMIT, 0, "the axes of %u dimensions could not be found", f->options->dimensions);
    for (size_t row = 0; row < d; row++)
        for (size_t col = 0; col < d; col++)
            f->there[col * wide + row] = f->back[row * d + col];
    crew_run(f->options->threads, SLICES, 1, turn_slices, &t);
    memset(f->usual, 0, wide * sizeof *f->usual);
    for (size_t s = 0; s < SLICES; s++)
        for (size_t k = 0; k < wide; k++)
            f->usual[k] += f->slices[(s * wide + GRAIN) * wide + k] / purchases;
    for (size_t k = 0; k < wide; k++)  // what rounding leaves of nothing may lie below it
        f->axis[k] = fmaxf(f->axis[k], 0);
    *ret = (struct ials_turned){ { f->shorts, f->scale, wide }, f->there, f->back, f->axis, f->usual };
    return ERR_OK;
}

/* Some rows are turned at once: then it is a product of matrices, and the axes are read once for all. */
static void step_some(const struct half *half, size_t begin, size_t end, struct ials_work *work)
{
    const struct purchase_rows *rows = half->rows;
    size_t d = half->side.width, wide = half->turned.vector.width, some = end - begin;
    float *w = half->vector + begin * d, *turned = work->square;
    memset(turned, 0, some * wide * sizeof *turned);
    dense_times(w, d, some, half->turned.there, wide, wide, d, turned, wide);
    memset(w, 0, some * d * sizeof *w);
    for (size_t r = begin; r < end; r++) {
        size_t n = (size_t)(rows->start[r + 1] - rows->start[r]);
        float *own = turned + (r - begin) * wide;
        if (n)
            ials_step(&half->side, &half->turned, half->steps, rows->item + rows->start[r], n, own, work);
        else
            memset(own, 0, wide * sizeof *own);
    }
    dense_times(turned, wide, some, half->turned.back, d, d, wide, w, d);
}

static void solve_some(void *arg, unsigned worker, size_t begin, size_t end)
{
    const struct half *half = arg;
    const struct purchase_rows *rows = half->rows;
    const atomic_bool *cancel = half->fitting->options->cancel;
    if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
        return;
    if (half->steps) {
        step_some(half, begin, end, half->fitting->work[worker]);
        return;
    }
    for (size_t r = begin; r < end; r++) {
        const uint32_t *other = rows->item + rows->start[r];
        size_t n = (size_t)(rows->start[r + 1] - rows->start[r]);
        float *w = half->vector + r * half->side.width;
        if (half->block)
            ials_sweep(&half->side, half->block, other, n, w, half->fitting->work[worker]);
        else
            ials_solve(&half->side, other, n, w, half->fitting->work[worker]);
    }
}

static enum err_code half_step(const struct fitting *f, bool of_buyers, size_t block, unsigned steps, struct err *e)
{
    const struct purchase_rows *rows = of_buyers ? &f->rows : &f->cols;
    const float *held = of_buyers ? f->model->item : f->buyer;
    float *gram = of_buyers ? f->model->gram : f->gram;
    const struct ials_options *o = f->options;
    struct half half = { f, rows, { held, gram, rows->items, f->width, o->alpha, o->lambda, o->nu },
                         of_buyers ? f->buyer : f->model->item, block, steps, { .axis = NULL } };
    product_of(f, held, rows->items, gram);
    if (steps)
        TRY(turn(f, (struct turning){ f, of_buyers ? &f->cols : &f->rows, held }, gram, &half.turned, e));
    crew_run(o->threads, rows->buyers, GRAIN, solve_some, &half);
    return ERR_OK;
}

/* ---- what is minimised ---- */
static void loss_some(void *arg, unsigned worker, size_t begin, size_t end)
{
    (void)worker;
    const struct fitting *f = arg;
    for (size_t u = begin; u < end; u++) {
        double sum = 0;
        for (uint64_t at = f->rows.start[u]; at < f->rows.start[u + 1]; at++) {
            float off = -1;
            dense_dots(f->model->item + f->rows.item[at] * f->width, 1, f->width, f->width, f->buyer + u * f->width, &off);
            sum += (double)off * (double)off;
        }
        f->loss[u] = sum;
    }
}

static double ridge_of(const struct fitting *f, const struct purchase_rows *rows, const float *vector)
{
    const struct ials_options *o = f->options;
    struct ials_side side = { NULL, NULL, rows->items, f->width, o->alpha, o->lambda, o->nu };
    double sum = 0;
    for (size_t r = 0; r < rows->buyers; r++) {
        const float *w = vector + r * f->width;
        float squared = 0;
        dense_dots(w, 1, f->width, f->width, w, &squared);
        sum += ials_weight(&side, (size_t)(rows->start[r + 1] - rows->start[r])) * (double)squared;
    }
    return sum;
}

static double loss_of(const struct fitting *f)
{
    size_t d = f->width;
    double sum = 0;
    crew_run(f->options->threads, f->rows.buyers, GRAIN, loss_some, (void *)(uintptr_t)f);
    for (size_t u = 0; u < f->rows.buyers; u++)
        sum += f->loss[u];
    product_of(f, f->model->item, f->model->items, f->model->gram);
    product_of(f, f->buyer, f->rows.buyers, f->gram);
    for (size_t k = 0; k < d * d; k++)
        sum += (double)f->model->gram[k] * (double)f->gram[k] / (double)f->options->alpha;
    return sum + ridge_of(f, &f->rows, f->buyer) + ridge_of(f, &f->cols, f->model->item);
}

/* ---- all epochs ---- */
static enum err_code run(struct fitting *f, struct err *e)
{
    const struct ials_options *o = f->options;
    size_t block = o->block < o->dimensions ? ials_width(o->block) : 0;
    start(f);
    for (unsigned half = 0; half < 2 * o->epochs; half++) {
        TRY(half_step(f, half % 2 == 0, block, o->steps, e));
        if (o->cancel && atomic_load(o->cancel))
            return err_set(e, ERR_BUSY, half, "cancelled in epoch %u of %u", half / 2 + 1, o->epochs);
        if (o->watch)
            o->watch(o->watch_arg, half, loss_of(f));
    }
    if (o->keep_buyers)
        return half_step(f, true, 0, 0, e);
    product_of(f, f->model->item, f->model->items, f->model->gram);
    return ERR_OK;
}

static size_t longest(const struct purchase_rows *rows)
{
    size_t most = 0;
    for (size_t r = 0; r < rows->buyers; r++)
        if (rows->start[r + 1] - rows->start[r] > most)
            most = (size_t)(rows->start[r + 1] - rows->start[r]);
    return most;
}

static bool turned_make(struct fitting *f)
{
    size_t d = ials_turned_width(f->width), buyers = f->rows.buyers, items = f->rows.items;
    size_t most = (buyers > items ? buyers : items) + 1;
    f->shorts = (int32_t *)dense_new(most, d / 2);
    f->scale = dense_new(most, 1);
    f->there = dense_new(f->width, d);
    f->back = dense_new(d, f->width);
    f->axis = dense_new(1, d);
    f->usual = dense_new(1, d);
    return f->shorts && f->scale && f->there && f->back && f->axis && f->usual;
}

static enum err_code scratch_make(struct fitting *f, struct err *e)
{
    const struct ials_options *o = f->options;
    size_t d = f->width, room = longest(&f->rows), buyers = (size_t)f->rows.buyers + 1;
    bool there = !o->steps || turned_make(f);
    if (longest(&f->cols) > room)
        room = longest(&f->cols);
    f->buyer = dense_new(buyers, d);
    f->gram = dense_new(d, d);
    f->slices = dense_new(SLICES, ials_turned_width(d) * ials_turned_width(d));
    f->loss = o->watch ? malloc(buyers * sizeof *f->loss) : NULL;
    for (unsigned t = 0; t < o->threads; t++)
        there = (f->work[t] = ials_work_with(o->dimensions, o->block ? room : 0)) && there;
    if (!f->model || !f->buyer || !f->gram || !f->slices || (o->watch && !f->loss) || !there)
        return err_set(e, ERR_LIMIT, 0, "no memory for %u buyers and %u items of %u dimensions", f->rows.buyers, f->rows.items,
                       o->dimensions);
    return ERR_OK;
}

enum err_code ials_fit(const struct purchase_rows *rows, const struct ials_options *options, struct ials **ret, struct err *e)
{
    assert(options->dimensions > 0 && options->dimensions <= IALS_DIMENSIONS_MAX && options->threads <= CREW_MAX);
    assert(options->alpha > 0 && options->lambda > 0);
    struct purchase_columns cols = { 0 };
    TRY(purchase_turn(rows, BASKET_ALL, &cols, e));
    struct fitting f = { .options = options, .width = ials_width(options->dimensions),
                         .model = ials_new(rows->items, options->dimensions), .rows = *rows,
                         .cols = { cols.buyer, cols.start, rows->items, rows->buyers } };
    enum err_code code = scratch_make(&f, e);
    if (!code) {
        f.model->alpha = options->alpha;
        f.model->lambda = options->lambda;
        f.model->nu = options->nu;
        code = run(&f, e);
    }
    if (!code && options->keep_buyers) {
        f.model->buyers = rows->buyers;
        f.model->buyer = f.buyer;
        f.buyer = NULL;
    }
    purchase_columns_drop(&cols);
    for (unsigned t = 0; t < options->threads; t++)
        ials_work_drop(&f.work[t]);
    free(f.buyer);
    free(f.gram);
    free(f.slices);
    free(f.loss);
    free(f.shorts);
    free(f.scale);
    free(f.there);
    free(f.back);
    free(f.axis);
    free(f.usual);
    if (code) {
        ials_drop(&f.model);
        return code;
    }
    *ret = f.model;
    return ERR_OK;
}

struct ials *ials_new(uint32_t items, uint32_t dimensions)
{
    struct ials *model = calloc(1, sizeof *model);
    size_t d = ials_width(dimensions);
    if (!model)
        return NULL;
    model->items = items;
    model->dimensions = dimensions;
    model->item = dense_new((size_t)items + 1, d);
    model->gram = dense_new(d, d);
    if (!model->item || !model->gram)
        ials_drop(&model);
    return model;
}

void ials_drop(struct ials **model)
{
    assert(model);
    if (!*model)
        return;
    free((*model)->item);
    free((*model)->gram);
    free((*model)->buyer);
    free(*model);
    *model = NULL;
}
