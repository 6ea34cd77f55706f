#include "engine/recommend/content.h"

#include <assert.h>
#include <lapacke.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* The normal equations, centred: (sum trust x x' - total mean mean' + ridge I) W = sum trust x (y - centre)'. */
struct equations {
    const struct content_rows *rows;
    const struct content_known *known;
    const struct content_options *options;
    size_t features, factors;
    double total;                    // of the trust
    double *mean, *centre;           // of x, of y
    double *right, *w;               // features x factors
};

static double trust_of(const struct content_known *known, uint32_t item)
{
    return known->trust ? (double)known->trust[item] : 1;
}

static double value_of(const float *value, uint64_t at)
{
    return value ? (double)value[at] : 1;
}

static bool cancelled(const struct content_options *options)
{
    return options->cancel && atomic_load_explicit(options->cancel, memory_order_relaxed);
}

static enum err_code check(const struct content_rows *rows, const struct content_known *known, struct err *e)
{
    double total = 0;
    for (uint32_t i = 0; i < rows->items; i++) {
        double trust = trust_of(known, i);
        if (!isfinite(trust) || trust < 0)
            return err_set(e, ERR_INVALID, i, "the trust in item %u is not a number from 0 on", i);
        total += trust;
        for (uint64_t at = rows->start[i]; at < rows->start[i + 1]; at++)
            if (rows->feature[at] >= rows->features || !isfinite(value_of(rows->value, at)))
                return err_set(e, ERR_INVALID, i, "item %u: feature %u is not below %u, or its value is no number", i,
                               rows->feature[at], rows->features);
        for (uint32_t f = 0; f < known->factors; f++)
            if (!isfinite(known->vector[(size_t)i * known->factors + f]))
                return err_set(e, ERR_INVALID, i, "the vector of item %u is not a number at %u", i, f);
    }
    return total > 0 ? ERR_OK : err_set(e, ERR_INVALID, 0, "there is no item to learn from");
}

static void equations_end(struct equations *eq)
{
    free(eq->mean);
    free(eq->centre);
    free(eq->right);
    free(eq->w);
}

static bool equations_make(struct equations *eq)
{
    size_t cells = (eq->features * eq->factors) + 1;
    eq->mean = calloc(eq->features + 1, sizeof *eq->mean);
    eq->centre = calloc(eq->factors + 1, sizeof *eq->centre);
    eq->right = calloc(cells, sizeof *eq->right);
    eq->w = calloc(cells, sizeof *eq->w);
    return eq->mean && eq->centre && eq->right && eq->w;
}

static void equations_fill(struct equations *eq)
{
    const struct content_rows *rows = eq->rows;
    for (uint32_t i = 0; i < rows->items; i++) {
        double trust = trust_of(eq->known, i);
        const float *y = eq->known->vector + i * eq->factors;
        eq->total += trust;
        for (size_t f = 0; f < eq->factors; f++)
            eq->centre[f] += trust * (double)y[f];
        for (uint64_t at = rows->start[i]; at < rows->start[i + 1]; at++)
            eq->mean[rows->feature[at]] += trust * value_of(rows->value, at);
    }
    for (size_t f = 0; f < eq->factors; f++)
        eq->centre[f] /= eq->total;
    for (size_t j = 0; j < eq->features; j++)
        eq->mean[j] /= eq->total;
    for (uint32_t i = 0; i < rows->items; i++) {
        const float *y = eq->known->vector + i * eq->factors;
        for (uint64_t at = rows->start[i]; at < rows->start[i + 1]; at++) {
            double x = trust_of(eq->known, i) * value_of(rows->value, at), *right = eq->right + rows->feature[at] * eq->factors;
            for (size_t f = 0; f < eq->factors; f++)
                right[f] += x * ((double)y[f] - eq->centre[f]);
        }
    }
}

/* The upper triangle, in columns: gram[p * col + row], row <= col. */
static void gram_fill(const struct equations *eq, double *gram)
{
    const struct content_rows *rows = eq->rows;
    size_t p = eq->features;
    for (size_t col = 0; col < p; col++) {
        for (size_t row = 0; row <= col; row++)
            gram[p * col + row] = -eq->total * eq->mean[row] * eq->mean[col];
        gram[p * col + col] += eq->options->ridge;
    }
    for (uint32_t i = 0; i < rows->items; i++) {
        double trust = trust_of(eq->known, i);
        for (uint64_t a = rows->start[i]; a < rows->start[i + 1]; a++) {
            double x = trust * value_of(rows->value, a), *col = gram + p * rows->feature[a];
            for (uint64_t b = rows->start[i]; b < rows->start[i + 1]; b++)
                if (rows->feature[b] <= rows->feature[a])
                    col[rows->feature[b]] += x * value_of(rows->value, b);
        }
    }
}

static enum err_code solve_dense(struct equations *eq, struct err *e)
{
    size_t p = eq->features, d = eq->factors;
    double *gram = malloc((p * p + 1) * sizeof *gram), *side = malloc((p * d + 1) * sizeof *side);
    enum err_code code = ERR_OK;
    if (!gram || !side)
        code = err_set(e, ERR_LIMIT, 0, "no memory for the equations of %zu features", p);
    if (!code) {
        gram_fill(eq, gram);
        for (size_t j = 0; j < p; j++)
            for (size_t f = 0; f < d; f++)
                side[f * p + j] = eq->right[j * d + f];
        lapack_int size = (lapack_int)p;
        if (p > 0 && LAPACKE_dposv(LAPACK_COL_MAJOR, 'U', size, (lapack_int)d, gram, size, side, size) != 0)
            code = err_set(e, ERR_INVALID, 0, "the ridge %g is too small for these features", eq->options->ridge);
    }
    for (size_t j = 0; !code && j < p; j++)
        for (size_t f = 0; f < d; f++)
            eq->w[j * d + f] = side[f * p + j];
    free(gram);
    free(side);
    return code;
}

/* out = matrix times v, for all factors in one pass over the rows. z: scratch of 2 factors. */
static void multiply(const struct equations *eq, const double *restrict v, double *restrict out, double *restrict z)
{
    const struct content_rows *rows = eq->rows;
    size_t d = eq->factors;
    double *middle = z + d;
    memset(middle, 0, d * sizeof *middle);
    for (size_t j = 0; j < eq->features; j++)
        for (size_t f = 0; f < d; f++) {
            middle[f] += eq->mean[j] * v[j * d + f];
            out[j * d + f] = eq->options->ridge * v[j * d + f];
        }
    for (uint32_t i = 0; i < rows->items; i++) {
        double trust = trust_of(eq->known, i);
        for (size_t f = 0; f < d; f++)
            z[f] = -middle[f];
        for (uint64_t at = rows->start[i]; at < rows->start[i + 1]; at++) {
            const double *of = v + rows->feature[at] * d, x = value_of(rows->value, at);
            for (size_t f = 0; f < d; f++)
                z[f] += x * of[f];
        }
        for (uint64_t at = rows->start[i]; at < rows->start[i + 1]; at++) {
            double *to = out + rows->feature[at] * d, x = trust * value_of(rows->value, at);
            for (size_t f = 0; f < d; f++)
                to[f] += x * z[f];
        }
    }
}

/* Conjugate gradients, a search for each factor: what they share is the matrix. */
struct search {
    double *residual, *way, *turned, *scaled;  // features x factors
    double *diagonal;                          // features: the preconditioner
    double *was, *is, *step, *z;               // factors; z twice as many
};

static bool search_make(struct search *s, const struct equations *eq)
{
    size_t d = eq->factors, cells = eq->features * d;
    s->residual = malloc((4 * cells + eq->features + 5 * d + 1) * sizeof *s->residual);
    if (!s->residual)
        return false;
    s->way = s->residual + cells;
    s->turned = s->way + cells;
    s->scaled = s->turned + cells;
    s->diagonal = s->scaled + cells;
    s->was = s->diagonal + eq->features;
    s->is = s->was + d;
    s->step = s->is + d;
    s->z = s->step + d;
    for (size_t j = 0; j < eq->features; j++)
        s->diagonal[j] = eq->options->ridge;
    for (uint32_t i = 0; i < eq->rows->items; i++)
        for (uint64_t at = eq->rows->start[i]; at < eq->rows->start[i + 1]; at++)
            s->diagonal[eq->rows->feature[at]] += trust_of(eq->known, i) * value_of(eq->rows->value, at) *
                                                  value_of(eq->rows->value, at);
    return true;
}

/* ret[f] = sum over the features of a b. */
static void inner(const struct equations *eq, const double *a, const double *b, double *ret)
{
    memset(ret, 0, eq->factors * sizeof *ret);
    for (size_t j = 0; j < eq->features; j++)
        for (size_t f = 0; f < eq->factors; f++)
            ret[f] += a[j * eq->factors + f] * b[j * eq->factors + f];
}

static void scale(const struct equations *eq, struct search *s)
{
    for (size_t j = 0; j < eq->features; j++)
        for (size_t f = 0; f < eq->factors; f++)
            s->scaled[j * eq->factors + f] = s->residual[j * eq->factors + f] / s->diagonal[j];
}

/* One step of each factor's search; false: all residuals are small. first: of the right sides. */
static bool search_step(struct equations *eq, struct search *s, const double *first)
{
    size_t d = eq->factors;
    bool more = false;
    multiply(eq, s->way, s->turned, s->z);
    inner(eq, s->way, s->turned, s->step);
    for (size_t f = 0; f < d; f++)
        s->step[f] = s->step[f] > 0 ? s->was[f] / s->step[f] : 0;
    for (size_t j = 0; j < eq->features; j++)
        for (size_t f = 0; f < d; f++) {
            eq->w[j * d + f] += s->step[f] * s->way[j * d + f];
            s->residual[j * d + f] -= s->step[f] * s->turned[j * d + f];
        }
    scale(eq, s);
    inner(eq, s->residual, s->scaled, s->is);
    for (size_t f = 0; f < d; f++) {
        more |= sqrt(s->is[f]) > eq->options->tolerance * sqrt(first[f]);
        s->step[f] = s->was[f] > 0 ? s->is[f] / s->was[f] : 0;
        s->was[f] = s->is[f];
    }
    for (size_t j = 0; j < eq->features; j++)
        for (size_t f = 0; f < d; f++)
            s->way[j * d + f] = s->scaled[j * d + f] + s->step[f] * s->way[j * d + f];
    return more;
}

static enum err_code solve_sparse(struct equations *eq, unsigned *steps, struct err *e)
{
    size_t d = eq->factors, cells = eq->features * d;
    struct search s = { 0 };
    double *first = malloc((d + 1) * sizeof *first);
    if (!first || !search_make(&s, eq)) {
        free(first);
        return err_set(e, ERR_LIMIT, 0, "no memory for the equations of %zu features", eq->features);
    }
    memcpy(s.residual, eq->right, cells * sizeof *s.residual);
    scale(eq, &s);
    memcpy(s.way, s.scaled, cells * sizeof *s.way);
    inner(eq, s.residual, s.scaled, s.was);
    memcpy(first, s.was, d * sizeof *first);
    enum err_code code = ERR_OK;
    bool more = true;
    for (*steps = 0; more && !code && *steps < eq->options->steps_max; ++*steps) {
        if (cancelled(eq->options))
            code = err_set(e, ERR_BUSY, *steps, "cancelled at step %u", *steps);
        else
            more = search_step(eq, &s, first);
    }
    free(first);
    free(s.residual);
    return code;
}

static struct content *content_new(uint32_t features, uint32_t factors)
{
    struct content *fit = calloc(1, sizeof *fit);
    if (!fit)
        return NULL;
    *fit = (struct content){ .features = features, .factors = factors };
    fit->weight = malloc(((size_t)features * factors + 1) * sizeof *fit->weight);
    fit->intercept = malloc(((size_t)factors + 1) * sizeof *fit->intercept);
    if (!fit->weight || !fit->intercept)
        content_drop(&fit);
    return fit;
}

void content_drop(struct content **fit)
{
    assert(fit);
    if (!*fit)
        return;
    free((*fit)->weight);
    free((*fit)->intercept);
    free(*fit);
    *fit = NULL;
}

static void keep(const struct equations *eq, struct content *fit)
{
    for (size_t at = 0; at < eq->features * eq->factors; at++)
        fit->weight[at] = (float)eq->w[at];
    for (size_t f = 0; f < eq->factors; f++) {
        double c = eq->centre[f];
        for (size_t j = 0; j < eq->features; j++)
            c -= eq->mean[j] * eq->w[j * eq->factors + f];
        fit->intercept[f] = (float)c;
    }
}

enum err_code content_fit(const struct content_rows *rows, const struct content_known *known,
                          const struct content_options *options, struct content **ret, struct err *e)
{
    assert(options->ridge > 0 && options->tolerance > 0 && known->factors > 0);
    TRY(check(rows, known, e));
    if (cancelled(options))
        return err_set(e, ERR_BUSY, 0, "cancelled before the first step");
    struct equations eq = { rows, known, options, rows->features, known->factors, 0, NULL, NULL, NULL, NULL };
    AUTO(content) fit = content_new(rows->features, known->factors);
    enum err_code code = ERR_OK;
    if (!fit || !equations_make(&eq))
        code = err_set(e, ERR_LIMIT, 0, "no memory for the equations of %u features", rows->features);
    if (!code) {
        equations_fill(&eq);
        code = rows->features <= options->dense_max ? solve_dense(&eq, e) : solve_sparse(&eq, &fit->steps, e);
    }
    if (!code) {
        keep(&eq, fit);
        *ret = fit;
        fit = NULL;
    }
    equations_end(&eq);
    return code;
}

void content_vector(const struct content *fit, const uint32_t *feature, const float *value, size_t n, float *ret)
{
    memcpy(ret, fit->intercept, fit->factors * sizeof *ret);
    for (size_t i = 0; i < n; i++) {
        if (feature[i] >= fit->features)
            continue;
        const float *weight = fit->weight + (size_t)feature[i] * fit->factors, x = value ? value[i] : 1;
        for (uint32_t f = 0; f < fit->factors; f++)
            ret[f] += x * weight[f];
    }
}

static bool held_out(uint32_t item)
{
    return hash_mix(item) % 5 == 0;
}

/* The share of the held-out vectors' variance about the others' mean that a model explains. */
static double explained_by(const struct content *fit, const struct content_rows *rows, const struct content_known *known,
                           const float *mean, float *guess)
{
    double left = 0, all = 0;
    for (uint32_t i = 0; i < rows->items; i++) {
        if (!held_out(i))
            continue;
        uint64_t at = rows->start[i];
        const float *y = known->vector + (size_t)i * known->factors;
        const float *value = rows->value ? rows->value + at : NULL;
        content_vector(fit, rows->feature + at, value, (size_t)(rows->start[i + 1] - at), guess);
        for (uint32_t f = 0; f < known->factors; f++) {
            double off = (double)(y[f] - guess[f]), far = (double)(y[f] - mean[f]);
            left += trust_of(known, i) * off * off;
            all += trust_of(known, i) * far * far;
        }
    }
    return all > 0 ? 1 - left / all : 0;
}

/* The mean vector is what content of no features says. */
static enum err_code mean_of(const struct content_rows *rows, const struct content_known *known,
                             const struct content_options *options, float *mean, struct err *e)
{
    AUTO(content) fit = NULL;
    uint64_t *start = calloc((size_t)rows->items + 1, sizeof *start);
    if (!start)
        return err_set(e, ERR_LIMIT, 0, "no memory for %u items", rows->items);
    const struct content_rows none = { NULL, NULL, start, rows->items, 0 };
    enum err_code code = content_fit(&none, known, options, &fit, e);
    if (!code)
        content_vector(fit, NULL, NULL, 0, mean);
    free(start);
    return code;
}

enum err_code content_choose(const struct content_rows *rows, const struct content_known *known,
                             const struct content_options *options, const double *ridge, size_t n, double *best,
                             double *explained, struct err *e)
{
    assert(n > 0);
    float *trust = malloc(((size_t)rows->items + 1) * sizeof *trust), *mean = malloc(2 * known->factors * sizeof *mean);
    enum err_code code = trust && mean ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for %u items", rows->items);
    for (uint32_t i = 0; !code && i < rows->items; i++)
        trust[i] = held_out(i) ? 0 : (float)trust_of(known, i);
    const struct content_known others = { known->vector, known->factors, trust };
    if (!code)
        code = mean_of(rows, &others, options, mean, e);
    double most = -INFINITY, at = ridge[0];
    for (size_t r = 0; !code && r < n; r++) {
        struct content_options tried = *options;
        AUTO(content) fit = NULL;
        tried.ridge = ridge[r];
        code = content_fit(rows, &others, &tried, &fit, e);
        double share = code ? 0 : explained_by(fit, rows, known, mean, mean + known->factors);
        if (!code && share > most) {
            most = share;
            at = ridge[r];
        }
    }
    free(trust);
    free(mean);
    if (code)
        return code;
    *best = at;
    *explained = most;
    return ERR_OK;
}
