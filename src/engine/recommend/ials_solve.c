#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/recommend/dense.h"
#include "engine/recommend/ials_room.h"

#define GATHERED 8192           // floats of one product, where all dimensions are solved at once: they stay in the first cache
#define AHEAD 6                 // rows
#define LINE 16                 // floats

double ials_weight(const struct ials_side *side, size_t n)
{
    return (double)side->lambda * pow((double)n + (double)side->alpha * side->others, (double)side->nu);
}

/* Where they lie is anybody's guess to the processor, and known here: it is told some rows before. */
static void gather(const struct ials_side *side, const uint32_t *other, size_t n, float *into)
{
    size_t d = side->width;
    for (size_t i = 0; i < n; i++) {
        const float *ahead = side->vector + other[i + AHEAD < n ? i + AHEAD : i] * d;
        for (size_t k = 0; k < d; k += LINE)
            __builtin_prefetch(ahead + k);
        memcpy(into + i * d, side->vector + other[i] * d, d * sizeof *into);
    }
}

static bool factor(float *a, size_t d, double ridge)
{
    assert(isfinite(ridge));
    for (size_t i = 0; i < d; i++)
        a[i * d + i] += (float)ridge;
    return dense_factor(a, d, d);
}

static size_t rows_at_once(size_t d)
{
    return d < GATHERED / 16 ? GATHERED / d : 16;
}

/* With a ridge there is a factor; where float32 does not find it, the ridge drowns in rounding, and ten times it may not. */
void ials_factor(const struct ials_side *side, const uint32_t *other, size_t n, struct ials_work *work)
{
    size_t d = side->width, most = rows_at_once(d);
    double ridge = ials_weight(side, n);
    do {
        memcpy(work->square, side->gram, d * d * sizeof *work->square);
        for (size_t done = 0; done < n; done += most) {
            size_t some = n - done < most ? n - done : most;
            gather(side, other + done, some, work->gathered);
            dense_gram(work->gathered, some, d, d, work->square, d);
        }
    } while (!factor(work->square, d, ridge) && (ridge *= 10) > 0);
}

void ials_solve(const struct ials_side *side, const uint32_t *other, size_t n, float *w, struct ials_work *work)
{
    size_t d = side->width;
    memset(w, 0, d * sizeof *w);
    if (!n)
        return;
    ials_factor(side, other, n, work);
    for (size_t i = 0; i < n; i++) {
        const float *restrict h = side->vector + other[i] * d;
        float *restrict to = w;
        for (size_t k = 0; k < d; k++)
            to[k] += h[k];
    }
    dense_solve(work->square, d, d, w);
}

/* One block of w, from `first` on, by Newton's step, which is exact with the rest held; `off` and `pull` follow it. */
static void sweep_block(const struct ials_side *side, size_t first, size_t b, size_t n, float *w, struct ials_work *work)
{
    size_t d = side->width;
    float *y = work->gathered + first, *step = work->step, *a = work->square;
    double ridge = ials_weight(side, n), more = ridge;
    for (size_t k = 0; k < b; k++)
        step[k] = -work->pull[first + k] - (float)ridge * w[first + k];
    dense_sum(-1, y, n, d, b, work->off, step);
    do {
        for (size_t k = 0; k < b; k++)
            memcpy(a + k * b, side->gram + (first + k) * d + first, b * sizeof *a);
        dense_gram(y, n, d, b, a, b);
    } while (!factor(a, b, more) && (more *= 10) > 0);
    dense_solve(a, b, b, step);
    for (size_t k = 0; k < b; k++)
        w[first + k] += step[k];
    if (first + b == d)
        return;  // nobody asks for them any more
    dense_dots(y, n, d, b, step, work->off);
    dense_sum(1, side->gram + first * d, b, d, d, step, work->pull);
}

void ials_sweep(const struct ials_side *side, size_t block, const uint32_t *other, size_t n, float *w, struct ials_work *work)
{
    size_t d = side->width;
    assert(block > 0 && n <= work->room);
    if (!n) {
        memset(w, 0, d * sizeof *w);
        return;
    }
    gather(side, other, n, work->gathered);
    for (size_t i = 0; i < n; i++)
        work->off[i] = -1;
    dense_dots(work->gathered, n, d, d, w, work->off);
    memset(work->pull, 0, d * sizeof *work->pull);
    dense_sum(1, side->gram, d, d, d, w, work->pull);
    for (size_t first = 0; first < d; first += block)
        sweep_block(side, first, d - first < block ? d - first : block, n, w, work);
}

void ials_fold_in(const struct ials *model, const uint32_t *bought, size_t n, float *vector, struct ials_work *work)
{
    struct ials_side side = ials_items(model);
    ials_solve(&side, bought, n, vector, work);
}

void ials_score(const struct ials *model, const float *vector, float *score)
{
    size_t d = ials_width(model->dimensions);
    memset(score, 0, model->items * sizeof *score);
    dense_dots(model->item, model->items, d, d, vector, score);
}

void ials_explain(const struct ials *model, const uint32_t *bought, size_t n, uint32_t item, float *share,
                  struct ials_work *work)
{
    struct ials_side side = ials_items(model);
    size_t d = side.width;
    ials_factor(&side, bought, n, work);
    memcpy(work->step, model->item + item * d, d * sizeof *work->step);
    dense_solve(work->square, d, d, work->step);
    memset(share, 0, n * sizeof *share);
    for (size_t i = 0; i < n; i++)
        dense_dots(model->item + bought[i] * d, 1, d, d, work->step, share + i);
}

struct ials_work *ials_work_with(uint32_t dimensions, size_t room)
{
    struct ials_work *work = calloc(1, sizeof *work);
    size_t d = ials_width(dimensions), rows = room > rows_at_once(d) ? room : rows_at_once(d);
    if (!work)
        return NULL;
    *work = (struct ials_work){ rows, dense_new(rows, d), dense_new(1, rows), dense_new(d, d), dense_new(1, d),
                                dense_new(1, d) };
    if (!work->gathered || !work->off || !work->square || !work->pull || !work->step)
        ials_work_drop(&work);
    return work;
}

struct ials_work *ials_work_new(uint32_t dimensions)
{
    return ials_work_with(dimensions, 0);
}

float *ials_vector_new(uint32_t dimensions)
{
    return dense_new(1, ials_width(dimensions));
}

void ials_work_drop(struct ials_work **work)
{
    assert(work);
    if (!*work)
        return;
    free((*work)->gathered);
    free((*work)->off);
    free((*work)->square);
    free((*work)->pull);
    free((*work)->step);
    free(*work);
    *work = NULL;
}
