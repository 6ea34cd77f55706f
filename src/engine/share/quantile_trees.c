#include "engine/share/quantile_trees.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/share/quantile.h"

#define BINS 64                      // the first is of what is not known
#define EDGES (BINS - 2)
#define LEAVES (1u << QUANTILE_DEPTH)
#define NOBODY UINT8_MAX             // no bin is above it
#define SAMPLE 16384                 // values that a feature's bins are made of
#define HELD_BACK 5                  // one row of so many
#define PATIENCE 30                  // trees that may be no better before it ends
#define BLOCK 1024

struct tree {
    uint8_t feature[QUANTILE_DEPTH], bin[QUANTILE_DEPTH];  // level d asks: is the feature's bin above this?
    float value[LEAVES];
};
struct quantile_trees {
    unsigned features, depth, n;
    float first;                     // what is said before any tree
    float edge[QUANTILE_FEATURES][BINS - 1];  // after the last of them, INFINITY
    struct tree of[];
};

/* ---- bins ---- */
static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Edges between which about as many rows lie; values that are frequent get a bin of their own. */
static void edges_of(const float *feature, size_t n, float *sample, float *edge)
{
    size_t every = n / SAMPLE + 1, known = 0;
    unsigned edges = 0;
    for (size_t i = 0; i < n; i += every)
        if (!isnan(feature[i]))
            sample[known++] = feature[i];
    qsort(sample, known, sizeof *sample, by_value);
    for (size_t q = 1; q <= EDGES && known; q++) {
        float at = sample[(known - 1) * q / (EDGES + 1)];
        if ((!edges || at > edge[edges - 1]) && at < sample[known - 1])
            edge[edges++] = at;
    }
    while (edges < BINS - 1)
        edge[edges++] = INFINITY;
}

/* How many edges it is above, and one; by halves without branches, which no processor could foresee. */
static uint8_t bin_of(const float *edge, float x)
{
    unsigned at = 0;
    for (unsigned half = BINS / 2; half; half /= 2)
        at += (unsigned)(x > edge[at + half - 1]) * half;
    return (uint8_t)(isnan(x) ? 0 : at + 1);
}

/* ---- what a tree says ---- */
/* Of rows whose bins stand by feature, `stride` apart. */
static void leaves_of(const struct quantile_trees *t, const struct tree *tree, const uint8_t *bin, size_t stride, size_t n,
                      uint8_t *restrict leaf)
{
    memset(leaf, 0, n);
    for (unsigned d = 0; d < t->depth; d++) {
        const uint8_t *restrict of = bin + tree->feature[d] * stride;
        uint8_t above = tree->bin[d];
        for (size_t i = 0; i < n; i++)
            leaf[i] = (uint8_t)(leaf[i] | (of[i] > above) << d);
    }
}

void quantile_trees_of(const struct quantile_trees *t, const struct quantile_rows *rows, float *ret)
{
    uint8_t bin[QUANTILE_FEATURES * BLOCK], leaf[BLOCK];
    assert(rows->features == t->features);
    for (size_t row = 0; row < rows->n; row += BLOCK) {
        size_t n = rows->n - row < BLOCK ? rows->n - row : BLOCK;
        for (unsigned f = 0; f < t->features; f++)
            for (size_t i = 0; i < n; i++)
                bin[f * BLOCK + i] = bin_of(t->edge[f], rows->feature[f * rows->n + row + i]);
        for (size_t i = 0; i < n; i++)
            ret[row + i] = t->first;
        for (unsigned k = 0; k < t->n; k++) {
            leaves_of(t, &t->of[k], bin, BLOCK, n, leaf);
            for (size_t i = 0; i < n; i++)
                ret[row + i] += t->of[k].value[leaf[i]];
        }
    }
}

/* ---- fitting ---- */
/* Rows for fitting stand first, those held back after them. */
struct work {
    const struct quantile_trees_options *o;
    size_t n, held;
    uint8_t *bin, *leaf;
    float *left;                     // over: y less what the trees say
    uint64_t *step;                  // a row's part of a sum: 1, and 2^32 where it lies above what the trees say
    uint64_t *sum;                   // [feature][leaf][bin]
    uint32_t *scratch;
    float *sample;
};

static void work_free(struct work *w)
{
    free(w->bin);
    free(w->leaf);
    free(w->left);
    free(w->step);
    free(w->sum);
    free(w->scratch);
    free(w->sample);
}

static size_t place_of(size_t row, const struct work *w)
{
    return row % HELD_BACK == HELD_BACK - 1 ? w->n + row / HELD_BACK : row - row / HELD_BACK;
}

static enum err_code work_new(struct quantile_trees *t, const struct quantile_rows *rows, const float *y,
                              const struct quantile_trees_options *o, struct work *w, struct err *e)
{
    size_t all = rows->n, held = all / HELD_BACK;
    *w = (struct work){ .o = o, .n = all - held, .held = held, .bin = malloc(all * rows->features), .leaf = malloc(all),
                        .left = malloc(all * sizeof *w->left), .step = malloc(all * sizeof *w->step),
                        .sum = malloc((size_t)LEAVES * rows->features * BINS * sizeof *w->sum),
                        .scratch = malloc(LEAVES * (QUANTILE_DIGITS + 3) * sizeof *w->scratch),
                        .sample = malloc(SAMPLE * sizeof *w->sample) };
    if (!w->bin || !w->leaf || !w->left || !w->step || !w->sum || !w->scratch || !w->sample)
        return err_set(e, ERR_LIMIT, 0, "no memory to fit %zu rows", all);
    for (unsigned f = 0; f < rows->features; f++) {
        const float *feature = rows->feature + f * all;
        edges_of(feature, all, w->sample, t->edge[f]);
        for (size_t i = 0; i < all; i++)
            w->bin[f * all + place_of(i, w)] = bin_of(t->edge[f], feature[i]);
    }
    for (size_t i = 0; i < all; i++) {
        if (!isfinite(y[i]))
            return err_set(e, ERR_INVALID, i, "row %zu: its value is no number", i);
        w->left[place_of(i, w)] = y[i];
    }
    return ERR_OK;
}

static void sum_feature(size_t n, const uint8_t *restrict leaf, const uint8_t *restrict bin, const uint64_t *restrict step,
                        uint64_t *restrict sum)
{
    for (size_t i = 0; i < n; i++)
        sum[leaf[i] * BINS + bin[i]] += step[i];
}

static void sum_up(const struct quantile_trees *t, struct work *w, unsigned leaves)
{
    size_t all = w->n + w->held;
    for (unsigned f = 0; f < t->features; f++) {
        uint64_t *sum = w->sum + (size_t)f * LEAVES * BINS;
        memset(sum, 0, leaves * BINS * sizeof *sum);
        sum_feature(w->n, w->leaf, w->bin + f * all, w->step, sum);
    }
}

/* How much a leaf's value can gain: the square of the loss's slope, by its rows. */
static double gain_of(uint64_t sum, double quantile)
{
    double rows = (double)(uint32_t)sum, above = (double)(sum >> 32), slope = above - (1 - quantile) * rows;
    return rows > 0 ? slope * slope / rows : 0;
}

/* What it gains to ask one feature at each bin, added to gain[]. */
static void ask(const struct work *w, const uint64_t *sum, double *gain)
{
    uint64_t all = 0, below = 0;
    for (unsigned b = 0; b < BINS; b++)
        all += sum[b];
    double whole = gain_of(all, w->o->quantile);
    for (unsigned b = 0; b + 1 < BINS; b++) {
        below += sum[b];
        if ((uint32_t)below >= w->o->leaf_least && (uint32_t)(all - below) >= w->o->leaf_least)
            gain[b] += gain_of(below, w->o->quantile) + gain_of(all - below, w->o->quantile) - whole;
    }
}

static void best_question(const struct quantile_trees *t, const struct work *w, unsigned leaves, uint8_t *feature, uint8_t *bin)
{
    double best = 1e-9;
    *feature = 0;
    *bin = NOBODY;
    for (unsigned f = 0; f < t->features; f++) {
        double gain[BINS] = { 0 };
        for (unsigned l = 0; l < leaves; l++)
            ask(w, w->sum + (f * LEAVES + l) * BINS, gain);
        for (unsigned b = 0; b + 1 < BINS; b++)
            if (gain[b] > best) {
                best = gain[b];
                *feature = (uint8_t)f;
                *bin = (uint8_t)b;
            }
    }
}

static void grow(const struct quantile_trees *t, struct work *w, struct tree *tree)
{
    size_t all = w->n + w->held;
    uint32_t rows[LEAVES] = { 0 };
    for (size_t i = 0; i < w->n; i++)
        w->step[i] = 1 | (uint64_t)(w->left[i] > 0) << 32;
    memset(w->leaf, 0, all);
    *tree = (struct tree){ .feature = { 0 } };
    memset(tree->bin, NOBODY, sizeof tree->bin);
    for (unsigned d = 0; d < t->depth; d++) {
        sum_up(t, w, 1u << d);
        best_question(t, w, 1u << d, &tree->feature[d], &tree->bin[d]);
        leaves_of(t, tree, w->bin, all, all, w->leaf);
    }
    quantiles(w->left, w->leaf, w->n, 1u << t->depth, w->o->quantile, tree->value, w->scratch);
    for (size_t i = 0; i < w->n; i++)
        rows[w->leaf[i]]++;
    for (unsigned l = 0; l < LEAVES; l++)
        tree->value[l] = rows[l] >= w->o->leaf_least ? tree->value[l] * (float)w->o->rate : 0;
}

static double held_back_loss(const struct work *w)
{
    double loss = 0;
    for (size_t i = w->n; i < w->n + w->held; i++)
        loss += (double)w->left[i] * (w->left[i] > 0 ? w->o->quantile : w->o->quantile - 1);
    return loss;
}

static void take_off(struct work *w, const float *value, float sign)
{
    for (size_t i = 0; i < w->n + w->held; i++)
        w->left[i] -= sign * value[w->leaf[i]];
}

/* Trees that the rows held back found no better are taken away again, and the level is set by those rows. */
static void end(struct quantile_trees *t, struct work *w, unsigned best)
{
    size_t all = w->n + w->held;
    float level = 0;
    while (t->n > best) {
        leaves_of(t, &t->of[--t->n], w->bin, all, all, w->leaf);
        take_off(w, t->of[t->n].value, -1);
    }
    double of = w->o->quantile * (1 + 1 / (double)w->held);
    quantiles(w->left + w->n, NULL, w->held, 1, of < 1 ? of : 1, &level, w->scratch);
    t->first += level;
}

static enum err_code boost(struct quantile_trees *t, struct work *w, struct err *e)
{
    quantiles(w->left, NULL, w->n, 1, w->o->quantile, &t->first, w->scratch);
    for (size_t i = 0; i < w->n + w->held; i++)
        w->left[i] -= t->first;
    double least = held_back_loss(w);
    unsigned best = 0;
    while (t->n < w->o->trees && t->n < best + PATIENCE) {
        if (w->o->cancel && atomic_load_explicit(w->o->cancel, memory_order_relaxed))
            return err_set(e, ERR_BUSY, t->n, "cancelled at tree %u", t->n);
        grow(t, w, &t->of[t->n]);
        take_off(w, t->of[t->n++].value, 1);
        double loss = held_back_loss(w);
        if (loss < least) {
            least = loss;
            best = t->n;
        }
    }
    end(t, w, best);
    return ERR_OK;
}

static enum err_code check(const struct quantile_rows *rows, const struct quantile_trees_options *o, struct err *e)
{
    if (!(o->quantile > 0 && o->quantile < 1))
        return err_set(e, ERR_INVALID, 0, "quantile is %g; between 0 and 1", o->quantile);
    if (!(o->rate > 0 && o->rate <= 1))
        return err_set(e, ERR_INVALID, 0, "rate is %g; up to 1", o->rate);
    if (!o->depth || o->depth > QUANTILE_DEPTH)
        return err_set(e, ERR_INVALID, 0, "depth is %u; from 1 to %d", o->depth, QUANTILE_DEPTH);
    if (o->trees > QUANTILE_TREES)
        return err_set(e, ERR_INVALID, 0, "trees is %u; %d at most", o->trees, QUANTILE_TREES);
    if (!rows->features || rows->features > QUANTILE_FEATURES)
        return err_set(e, ERR_INVALID, 0, "%u features; from 1 to %d", rows->features, QUANTILE_FEATURES);
    if (rows->n < HELD_BACK || rows->n >= UINT32_MAX)
        return err_set(e, ERR_INVALID, 0, "%zu rows; at least %d", rows->n, HELD_BACK);
    return ERR_OK;
}

enum err_code quantile_trees_fit(const struct quantile_rows *rows, const float *y, const struct quantile_trees_options *o,
                                 struct quantile_trees **ret, struct err *e)
{
    assert(rows && y && o && ret);
    TRY(check(rows, o, e));
    struct work w;
    struct quantile_trees *t = calloc(1, sizeof *t + o->trees * sizeof *t->of);
    if (!t)
        return err_set(e, ERR_LIMIT, 0, "no memory for %u trees", o->trees);
    t->features = rows->features;
    t->depth = o->depth;
    enum err_code code = work_new(t, rows, y, o, &w, e);
    if (!code)
        code = boost(t, &w, e);
    work_free(&w);
    if (code) {
        quantile_trees_drop(&t);
        return code;
    }
    *ret = t;
    return ERR_OK;
}

void quantile_trees_drop(struct quantile_trees **t)
{
    free(*t);
    *t = NULL;
}

unsigned quantile_trees_count(const struct quantile_trees *t)
{
    return t->n;
}

struct quantile_trees_options quantile_trees_options_usual(void)
{
    return (struct quantile_trees_options){ .9, 300, 4, .1, 40, NULL };
}
