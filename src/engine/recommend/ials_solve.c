#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/recommend/dense.h"
#include "engine/recommend/ials_room.h"

#define GATHERED 8192           // floats of one product, where all dimensions are solved at once: they stay in the first cache
#define AHEAD 6                 // rows
#define LINE 16                 // floats
#define TINY 1e-20f             // of what is left, squared: it is the solution

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

/* A block of dimensions, from `first` on, after the one of `before`. */
struct block {
    size_t first, width, before;
};

static void square_start(const struct ials_side *side, struct block b, float *a)
{
    for (size_t k = 0; k < b.width; k++)
        memcpy(a + k * b.width, side->gram + (b.first + k) * side->width + b.first, b.width * sizeof *a);
}

/* What a block asks of all rows, in one pass of pieces that stay in the first cache: long rows are read from far. `off`
 * follows the step of the block before. */
static void block_pass(const struct ials_side *side, struct block b, const uint32_t *other, size_t n, const float *w,
                       struct ials_work *work)
{
    size_t d = side->width, most = rows_at_once(d);
    for (size_t done = 0; done < n; done += most) {
        size_t some = n - done < most ? n - done : most;
        float *y = work->gathered + done * d, *off = work->off + done;
        if (b.first) {
            dense_dots(y + b.first - b.before, some, d, b.before, work->step + b.first - b.before, off);
        } else {
            gather(side, other + done, some, y);
            for (size_t i = 0; i < some; i++)
                off[i] = -1;
            dense_dots(y, some, d, d, w, off);
        }
        dense_sum(-1, y + b.first, some, d, b.width, off, work->step + b.first);
        dense_gram(y + b.first, some, d, b.width, work->square, b.width);
    }
}

/* Newton's step, which is exact with the rest held; `pull` follows it. */
static void sweep_block(const struct ials_side *side, struct block b, const uint32_t *other, size_t n, float *w,
                        struct ials_work *work)
{
    size_t d = side->width;
    float *step = work->step + b.first;
    double ridge = ials_weight(side, n), more = ridge;
    for (size_t k = 0; k < b.width; k++)
        step[k] = -work->pull[b.first + k] - (float)ridge * w[b.first + k];
    square_start(side, b, work->square);
    block_pass(side, b, other, n, w, work);
    while (!factor(work->square, b.width, more)) {
        more *= 10;
        square_start(side, b, work->square);
        dense_gram(work->gathered + b.first, n, d, b.width, work->square, b.width);
    }
    dense_solve(work->square, b.width, b.width, step);
    for (size_t k = 0; k < b.width; k++)
        w[b.first + k] += step[k];
    dense_sum(1, side->gram + b.first * d, b.width, d, d, step, work->pull);
}

void ials_sweep(const struct ials_side *side, size_t block, const uint32_t *other, size_t n, float *w, struct ials_work *work)
{
    size_t d = side->width;
    assert(block > 0 && n <= work->room);
    if (!n) {
        memset(w, 0, d * sizeof *w);
        return;
    }
    memset(work->pull, 0, d * sizeof *work->pull);
    dense_sum(1, side->gram, d, d, d, w, work->pull);
    for (size_t first = 0; first < d; first += block)
        sweep_block(side, (struct block){ first, d - first < block ? d - first : block, block }, other, n, w, work);
}

/* ---- by conjugate gradients ---- */
static float product(const float *a, const float *b, size_t d)
{
    float sum = 0;
    dense_dots(a, 1, d, d, b, &sum);
    return sum;
}

/* By conjugate gradients with what is known of the matrix without its purchases, and with usual ones, before them: along its
 * axes that is diagonal, and two steps come further than three without. */
void ials_step(const struct ials_side *side, const struct ials_turned *turned, unsigned steps, const uint32_t *other, size_t n,
               float *w, struct ials_work *work)
{
    size_t d = turned->vector.width;
    float *left = work->pull, *along = work->step, *scratch = work->gathered;
    float *pulled = scratch + DENSE_FEW * d, *held = pulled + d, *guess = held + d, *next = guess + d;
    float ridge = (float)ials_weight(side, n), size, before = 0;
    for (size_t k = 0; k < d; k++) {
        held[k] = turned->axis[k] + ridge;
        guess[k] = 1 / (held[k] + (float)n * turned->usual[k]);
        pulled[k] = held[k] * w[k];
    }
    dense_pulls(turned->vector, other, n, 1, w, pulled, scratch);
    memset(along, 0, d * sizeof *along);
    for (size_t k = 0; k < d; k++)
        left[k] = -pulled[k];
    for (unsigned i = 0; i < steps; i++) {
        for (size_t k = 0; k < d; k++)
            next[k] = guess[k] * left[k];
        size = product(left, next, d);
        if (!(size > TINY))
            return;
        float keep = i ? size / before : 0;
        for (size_t k = 0; k < d; k++) {
            along[k] = next[k] + keep * along[k];
            pulled[k] = held[k] * along[k];
        }
        dense_pulls(turned->vector, other, n, 0, along, pulled, scratch);
        float far = size / product(along, pulled, d);
        for (size_t k = 0; k < d; k++) {
            w[k] += far * along[k];
            left[k] -= far * pulled[k];
        }
        before = size;
    }
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
    *work = (struct ials_work){ rows, dense_new(rows, d), dense_new(1, rows), dense_new(d, d),
                                dense_new(1, ials_turned_width(d)), dense_new(1, ials_turned_width(d)) };
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
