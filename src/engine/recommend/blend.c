#include "engine/recommend/blend.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/recommend/ranked.h"

#define SWEEPS_MAX 12
#define GAIN_LEAST 1e-5              // of NDCG, for which a weight is moved

/* A list's scores by one model as ranks. scratch: 2 n. */
static void rank(const float *score, size_t n, struct ranked *scratch, float *ret)
{
    size_t scored = 0;
    for (size_t i = 0; i < n; i++) {
        ret[i] = 0;
        if (!isnan(score[i]))
            scratch[scored++] = (struct ranked){ score[i], (uint32_t)i };
    }
    ranked_sort(scratch, scratch + n, scored);
    for (size_t first = 0, next; first < scored; first = next) {
        next = first + 1;
        while (next < scored && scratch[next].score >= scratch[first].score)
            next++;
        float mean = (float)(first + next - 1) / 2;  // rank - 1
        for (size_t i = first; i < next; i++)
            ret[scratch[i].at] = 1 - mean / (float)scored;
    }
}

/* What is being learnt. Lists are those that count; `learns` says which half each is in. */
struct learning {
    const struct blend_lists *of;
    unsigned depth;
    uint32_t *list, n;
    bool *learns;
    float *rank[BLEND_MODELS_MAX];
    float *sum;                      // scratch: the longest list
    struct ranked *scratch;          // the same
    double *ideal;                   // of each list: the greatest DCG there is
    double discount[BLEND_DEPTH_MAX];
};

/* The scores' DCG: the best `depth` by insertion, since most lose against the last. */
static double gained(const struct learning *l, const float *score, const uint8_t *hit, size_t n)
{
    uint32_t best[BLEND_DEPTH_MAX];
    size_t count = 0;
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (count == l->depth && score[i] <= score[best[count - 1]])
            continue;
        size_t at = count < l->depth ? count++ : count - 1;
        for (; at > 0 && score[i] > score[best[at - 1]]; at--)
            best[at] = best[at - 1];
        best[at] = i;
    }
    for (size_t r = 0; r < count; r++)
        sum += hit[best[r]] ? l->discount[r] : 0;
    return sum;
}

static double ndcg_of(const struct learning *l, const double *weight, uint32_t at)
{
    uint64_t begin = l->of->start[l->list[at]];
    size_t n = (size_t)(l->of->start[l->list[at] + 1] - begin);
    memset(l->sum, 0, n * sizeof *l->sum);
    for (unsigned m = 0; m < l->of->models; m++) {
        const float *ranks = l->rank[m] + begin, w = (float)weight[m];
        for (size_t i = 0; w > 0 && i < n; i++)
            l->sum[i] += w * ranks[i];
    }
    return gained(l, l->sum, l->of->hit + begin, n) / l->ideal[at];
}

static double mean_of(const struct learning *l, const double *weight, bool learns)
{
    double sum = 0, n = 0;
    for (uint32_t at = 0; at < l->n; at++) {
        if (l->learns[at] != learns)
            continue;
        sum += ndcg_of(l, weight, at);
        n++;
    }
    return n > 0 ? sum / n : 0;
}

/* The mean of what a gains over b, list by list, and its standard error. */
static void compare(const struct learning *l, const double *a, const double *b, bool learns, double *mean, double *error)
{
    double sum = 0, squares = 0, n = 0;
    for (uint32_t at = 0; at < l->n; at++) {
        if (l->learns[at] != learns)
            continue;
        double gain = ndcg_of(l, a, at) - ndcg_of(l, b, at);
        sum += gain;
        squares += gain * gain;
        n++;
    }
    *mean = n > 0 ? sum / n : 0;
    *error = n > 1 ? sqrt(fmax(0, squares - n * *mean * *mean) / (n - 1) / n) : 0;
}

/* false: nothing would be left. */
static bool put(const double *weight, unsigned models, unsigned m, double value, double *ret)
{
    double sum = value;
    for (unsigned i = 0; i < models; i++)
        sum += i == m ? 0 : weight[i];
    if (sum < 1e-9)
        return false;
    for (unsigned i = 0; i < models; i++)
        ret[i] = (i == m ? value : weight[i]) / sum;
    return true;
}

/* The best of some other values of one weight. */
static double move(const struct learning *l, double *weight, unsigned m, double now)
{
    const double was = weight[m], values[] = { 0, .4 * was, .75 * was, .9 * was, 1.1 * was,
                                               1.35 * was, 2.5 * was, was + .03, was + .2 };
    double best[BLEND_MODELS_MAX];
    memcpy(best, weight, sizeof best);
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
        double tried[BLEND_MODELS_MAX] = { 0 };
        if (!put(weight, l->of->models, m, values[v], tried))
            continue;
        double then = mean_of(l, tried, true);
        if (then > now + GAIN_LEAST) {
            now = then;
            memcpy(best, tried, sizeof best);
        }
    }
    memcpy(weight, best, sizeof best);
    return now;
}

static enum err_code climb(const struct learning *l, double *weight, double *ret, struct err *e)
{
    double now = mean_of(l, weight, true), before = -1;
    for (int sweep = 0; sweep < SWEEPS_MAX && now > before; sweep++) {
        before = now;
        for (unsigned m = 0; m < l->of->models; m++) {
            if (l->of->cancel && atomic_load_explicit(l->of->cancel, memory_order_relaxed))
                return err_set(e, ERR_BUSY, 0, "cancelled in sweep %d", sweep);
            now = move(l, weight, m, now);
        }
    }
    *ret = now;
    return ERR_OK;
}

/* Leaves out one model after the other, first the one that costs least. */
static void prune(const struct learning *l, double *weight)
{
    for (;;) {
        double least = INFINITY, kept[BLEND_MODELS_MAX] = { 0 };
        for (unsigned m = 0; m < l->of->models; m++) {
            double without[BLEND_MODELS_MAX] = { 0 }, costs, error;
            if (weight[m] <= 0 || !put(weight, l->of->models, m, 0, without))
                continue;
            compare(l, weight, without, true, &costs, &error);
            if (costs <= error && costs < least) {
                least = costs;
                memcpy(kept, without, sizeof kept);
            }
        }
        if (isinf(least))
            return;
        memcpy(weight, kept, sizeof kept);
    }
}

static void learning_end(struct learning *l)
{
    free(l->list);
    free(l->learns);
    free(l->rank[0]);
    free(l->sum);
    free(l->scratch);
    free(l->ideal);
}

static uint32_t hits_of(const struct blend_lists *of, uint32_t list)
{
    uint32_t hits = 0;
    for (uint64_t at = of->start[list]; at < of->start[list + 1]; at++)
        hits += of->hit[at] != 0;
    return hits;
}

static bool learning_make(struct learning *l)
{
    const struct blend_lists *of = l->of;
    size_t longest = 1, all = (size_t)of->start[of->lists], lists = (size_t)of->lists + 1;
    for (uint32_t i = 0; i < of->lists; i++)
        longest = of->start[i + 1] - of->start[i] > longest ? (size_t)(of->start[i + 1] - of->start[i]) : longest;
    l->list = malloc(lists * sizeof *l->list);
    l->learns = malloc(lists * sizeof *l->learns);
    l->ideal = malloc(lists * sizeof *l->ideal);
    l->sum = malloc(longest * sizeof *l->sum);
    l->scratch = malloc(2 * longest * sizeof *l->scratch);
    l->rank[0] = malloc((all * of->models + 1) * sizeof *l->rank[0]);
    if (!l->list || !l->learns || !l->ideal || !l->sum || !l->scratch || !l->rank[0])
        return false;
    for (unsigned m = 1; m < of->models; m++)
        l->rank[m] = l->rank[0] + m * all;
    for (unsigned r = 0; r < l->depth; r++)
        l->discount[r] = 1 / log2(2 + r);
    for (uint32_t i = 0; i < of->lists; i++) {
        uint32_t hits = hits_of(of, i), wanted = of->wanted ? of->wanted[i] : hits;
        size_t begin = (size_t)of->start[i], n = (size_t)of->start[i + 1] - begin;
        if (wanted == 0)
            continue;
        double ideal = 0;
        for (unsigned r = 0; r < l->depth && r < wanted; r++)
            ideal += l->discount[r];
        l->ideal[l->n] = ideal;
        l->learns[l->n] = hash_mix(i + 1) & 1;
        l->list[l->n++] = i;
        for (unsigned m = 0; m < of->models; m++)
            rank(of->score[m] + begin, n, l->scratch, l->rank[m] + begin);
    }
    return true;
}

/* The weights that the learning half wants. */
static enum err_code learn(const struct learning *l, struct blend *ret, double *weight, struct err *e)
{
    double most = -1, over_all = -1, top, equal[BLEND_MODELS_MAX] = { 0 };
    unsigned start = 0;
    for (unsigned m = 0; m < ret->models; m++) {
        double one[BLEND_MODELS_MAX] = { 0 };
        one[m] = 1;
        equal[m] = 1.0 / ret->models;
        double alone = mean_of(l, one, true);
        ret->alone[m] = mean_of(l, one, false);
        if (alone > most) {
            most = alone;
            start = m;
        }
        double sum = ret->learnt * alone + ret->measured * ret->alone[m];
        if (sum > over_all) {
            over_all = sum;
            ret->best = m;
        }
    }
    memset(weight, 0, BLEND_MODELS_MAX * sizeof *weight);
    weight[start] = 1;
    TRY(climb(l, weight, &most, e));
    TRY(climb(l, equal, &top, e));
    if (top > most)
        memcpy(weight, equal, sizeof equal);
    prune(l, weight);
    return ERR_OK;
}

static void measure(const struct learning *l, const double *weight, struct blend *ret)
{
    double alone[BLEND_MODELS_MAX] = { 0 }, error;
    alone[ret->best] = 1;
    ret->together = mean_of(l, weight, false);
    compare(l, weight, alone, false, &ret->lead.value, &error);
    ret->lead.low = ret->lead.value - 1.959964 * error;
    ret->lead.high = ret->lead.value + 1.959964 * error;
    ret->blended = ret->lead.low > 0 && ret->learnt >= BLEND_LISTS_MIN && ret->measured >= BLEND_LISTS_MIN;
    memcpy(ret->weight, ret->blended ? weight : alone, sizeof alone);
}

enum err_code blend_learn(const struct blend_lists *of, unsigned depth, struct blend *ret, struct err *e)
{
    assert(of->models > 0 && of->models <= BLEND_MODELS_MAX && depth > 0 && depth <= BLEND_DEPTH_MAX);
    struct learning l = { .of = of, .depth = depth };
    struct blend blend = { .models = of->models };
    double weight[BLEND_MODELS_MAX];
    enum err_code code = learning_make(&l) ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory to blend %u lists", of->lists);
    if (!code && l.n == 0)
        code = err_set(e, ERR_INVALID, 0, "nothing is wanted of %u lists: there is nothing to learn from", of->lists);
    for (uint32_t at = 0; !code && at < l.n; at++)
        blend.learnt += l.learns[at];
    blend.measured = l.n - blend.learnt;
    if (!code)
        code = learn(&l, &blend, weight, e);
    if (!code) {
        measure(&l, weight, &blend);
        *ret = blend;
    }
    learning_end(&l);
    return code;
}

enum err_code blend_score(const struct blend *blend, const float *const *score, size_t n, float *ret, struct err *e)
{
    struct ranked *scratch = malloc((2 * n + 1) * sizeof *scratch);
    float *ranks = malloc((n + 1) * sizeof *ranks);
    enum err_code code = scratch && ranks ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory to blend %zu candidates", n);
    if (!code)
        memset(ret, 0, n * sizeof *ret);
    for (unsigned m = 0; !code && m < blend->models; m++) {
        float weight = (float)blend->weight[m];
        if (weight <= 0)
            continue;
        rank(score[m], n, scratch, ranks);
        for (size_t i = 0; i < n; i++)
            ret[i] += weight * ranks[i];
    }
    free(scratch);
    free(ranks);
    return code;
}
