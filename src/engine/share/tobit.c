#include "engine/share/tobit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST (QUANTILE_FEATURES + 1) // coefficients: the features' and, first, a constant
#define TURNS 500
#define NEAR 1e-7                    // of the error: coefficients that move by less are found
#define RIDGE 1e-6                   // of a row: features that say the same share what they say
#define ROOT_TAU 2.5066282746310002

struct tobit {
    unsigned features;
    double mean[QUANTILE_FEATURES], scale[QUANTILE_FEATURES];
    double b[MOST], error;
};

static void row_at(const struct tobit *t, const struct quantile_rows *rows, size_t row, double *x)
{
    x[0] = 1;
    for (unsigned f = 0; f < t->features; f++) {
        double is = (double)rows->feature[f * rows->n + row];
        x[f + 1] = isfinite(is) ? (is - t->mean[f]) / t->scale[f] : 0;
    }
}

static double along(const struct tobit *t, const double *x)
{
    double sum = 0;
    for (unsigned k = 0; k <= t->features; k++)
        sum += t->b[k] * x[k];
    return sum;
}

void tobit_of(const struct tobit *t, const struct quantile_rows *rows, double deviations, float *ret)
{
    double x[MOST];
    assert(rows->features == t->features);
    for (size_t i = 0; i < rows->n; i++) {
        row_at(t, rows, i, x);
        ret[i] = (float)fmax(along(t, x) + deviations * t->error, 0);
    }
}

/* ---- fitting ---- */
static void measure(struct tobit *t, const struct quantile_rows *rows)
{
    for (unsigned f = 0; f < t->features; f++) {
        double n = 0, sum = 0, squares = 0;
        for (size_t i = 0; i < rows->n; i++) {
            double is = (double)rows->feature[f * rows->n + i];
            if (!isfinite(is))
                continue;
            sum += is;
            squares += is * is;
            n++;
        }
        t->mean[f] = n > 0 ? sum / n : 0;
        double variance = n > 0 ? squares / n - t->mean[f] * t->mean[f] : 0;
        t->scale[f] = variance > 0 ? sqrt(variance) : 1;
    }
}

/* Cholesky's factor of a[n][n], in its lower triangle. */
static void factor(double *a, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j <= i; j++) {
            double sum = a[i * MOST + j];
            for (unsigned k = 0; k < j; k++)
                sum -= a[i * MOST + k] * a[j * MOST + k];
            a[i * MOST + j] = i == j ? sqrt(sum) : sum / a[j * MOST + j];
        }
}

static void solve(const double *a, unsigned n, double *b)
{
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = 0; k < i; k++)
            b[i] -= a[i * MOST + k] * b[k];
        b[i] /= a[i * MOST + i];
    }
    for (unsigned i = n; i-- > 0;) {
        for (unsigned k = i + 1; k < n; k++)
            b[i] -= a[k * MOST + i] * b[k];
        b[i] /= a[i * MOST + i];
    }
}

static void squares_of(const struct tobit *t, const struct quantile_rows *rows, double *a)
{
    double x[MOST];
    memset(a, 0, MOST * MOST * sizeof *a);
    for (size_t i = 0; i < rows->n; i++) {
        row_at(t, rows, i, x);
        for (unsigned k = 0; k <= t->features; k++)
            for (unsigned l = 0; l <= k; l++)
                a[k * MOST + l] += x[k] * x[l];
    }
    for (unsigned k = 0; k <= t->features; k++)
        a[k * MOST + k] += RIDGE * (double)rows->n;
    factor(a, t->features + 1);
}

/* What a row whose y is 0 is expected to be below 0, and the variance of that. */
static void below_zero(double at, double error, double *mean, double *variance)
{
    double a = at / error, tail = erfc(a * M_SQRT1_2) / 2;
    // far in the tail by its asymptote, where both are 0 / 0
    double hazard = a < 25 ? exp(-a * a / 2) / ROOT_TAU / tail : a + 1 / a;
    *mean = at - error * hazard;
    *variance = fmax(error * error * (1 - hazard * (hazard - a)), 0);
}

/* One turn of both steps; returns how far the coefficients moved. */
static double turn(struct tobit *t, const struct quantile_rows *rows, const float *y, const double *a, float *latent)
{
    double x[MOST], b[MOST] = { 0 }, spread = 0, moved = 0;
    for (size_t i = 0; i < rows->n; i++) {
        double mean = (double)y[i], variance = 0;
        row_at(t, rows, i, x);
        if (!(y[i] > 0))
            below_zero(along(t, x), t->error, &mean, &variance);
        latent[i] = (float)mean;
        spread += variance;
        for (unsigned k = 0; k <= t->features; k++)
            b[k] += mean * x[k];
    }
    solve(a, t->features + 1, b);
    for (unsigned k = 0; k <= t->features; k++)
        moved = fmax(moved, fabs(b[k] - t->b[k]));
    memcpy(t->b, b, sizeof b);
    for (size_t i = 0; i < rows->n; i++) {
        row_at(t, rows, i, x);
        double off = (double)latent[i] - along(t, x);
        spread += off * off;
    }
    t->error = sqrt(spread / (double)rows->n);
    return moved;
}

static enum err_code check(const struct quantile_rows *rows, const float *y, struct err *e)
{
    size_t bought = 0;
    if (rows->features > QUANTILE_FEATURES)
        return err_set(e, ERR_INVALID, 0, "%u features; %d at most", rows->features, QUANTILE_FEATURES);
    for (size_t i = 0; i < rows->n; i++) {
        if (!(y[i] >= 0 && isfinite(y[i])))
            return err_set(e, ERR_INVALID, i, "row %zu: %g; 0 or more", i, (double)y[i]);
        bought += y[i] > 0;
    }
    return bought < 2 * ((size_t)rows->features + 1)
               ? err_set(e, ERR_INVALID, 0, "%zu rows above 0; at least %u", bought, 2 * (rows->features + 1))
               : ERR_OK;
}

enum err_code tobit_fit(const struct quantile_rows *rows, const float *y, struct tobit **ret, struct err *e)
{
    assert(rows && y && ret);
    TRY(check(rows, y, e));
    struct tobit *t = calloc(1, sizeof *t);
    float *latent = malloc(rows->n * sizeof *latent);
    double *a = malloc(MOST * MOST * sizeof *a);
    enum err_code code = ERR_OK;
    if (!t || !latent || !a)
        code = err_set(e, ERR_LIMIT, 0, "no memory to fit %zu rows", rows->n);
    if (!code) {
        t->features = rows->features;
        t->error = 1;
        measure(t, rows);
        squares_of(t, rows, a);
        for (unsigned i = 0; i < TURNS; i++)
            if (turn(t, rows, y, a, latent) <= NEAR * t->error)
                break;
    }
    free(latent);
    free(a);
    if (code) {
        tobit_drop(&t);
        return code;
    }
    *ret = t;
    return ERR_OK;
}

void tobit_drop(struct tobit **t)
{
    free(*t);
    *t = NULL;
}

double tobit_error(const struct tobit *t)
{
    return t->error;
}
