#include "engine/clv/covariates.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static_assert(KIND_PARAMETERS + 2 * COVARIATES_MAX <= OPTIMUM_MAX, "a surface holds them all");
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for a value model with covariates")

/* Customers whose covariates are the same: a model of their own. */
struct group {
    struct buyers buyers;
    const double *z;
};
struct fitting {
    const struct kind *kind;
    struct group *of;
    size_t groups, n;
};

static void drop(struct fitting *f)
{
    for (size_t g = 0; g < f->groups; g++)
        buyers_drop(&f->of[g].buyers);
    free(f->of);
}

/* By how much the logarithm of a parameter differs, from effects that lie side by side. */
static double moved(const struct kind *k, size_t parameter, const double *rate, const double *leaving, const double *z, size_t n)
{
    double by = 0;
    for (size_t i = 0; i < n; i++)
        by += z[i] * (k->rate[parameter] * rate[i] + k->leaving[parameter] * leaving[i]);
    return by;
}

/* Of the parameters' logarithms, and of the effects as they are. */
static double value(const void *arg, const double *at, double *slope)
{
    const struct fitting *f = arg;
    const struct kind *k = f->kind;
    const double *rate = at + k->n, *leaving = rate + f->n;
    double sum = 0;
    memset(slope, 0, (k->n + 2 * f->n) * sizeof *slope);
    for (size_t g = 0; g < f->groups; g++) {
        const struct group *of = &f->of[g];
        const struct buying buying = { .buyers = &of->buyers, .form = k->form };
        const struct surface own = k->surface(&buying);
        double here[KIND_PARAMETERS], steep[KIND_PARAMETERS];
        for (size_t i = 0; i < k->n; i++)
            here[i] = at[i] + moved(k, i, rate, leaving, of->z, f->n);
        sum += own.value(own.arg, here, steep);
        for (size_t i = 0; i < k->n; i++) {
            slope[i] += steep[i];
            for (size_t c = 0; c < f->n; c++) {
                slope[k->n + c] += steep[i] * k->rate[i] * of->z[c];
                slope[k->n + f->n + c] += steep[i] * k->leaving[i] * of->z[c];
            }
        }
    }
    return sum;
}

/* A customer's row, to be put in order beside those that are alike. */
struct row {
    const double *z;
    size_t n, customer;
};

static int by_covariates(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    for (size_t i = 0; i < x->n; i++)
        if (x->z[i] != y->z[i])
            return x->z[i] < y->z[i] ? -1 : 1;
    return 0;
}

static enum err_code make_groups(const struct row *row, const struct buyer *of, size_t customers, double per,
                                 struct buyer *some, struct fitting *f, struct err *e)
{
    for (size_t from = 0, to; from < customers; from = to) {
        size_t n = 0;
        for (to = from; to < customers && by_covariates(&row[from], &row[to]) == 0; to++)
            some[n++] = of[row[to].customer];
        TRY(buyers_gather(some, n, per, &f->of[f->groups].buyers, e));
        f->of[f->groups++].z = row[from].z;
    }
    return ERR_OK;
}

static enum err_code group(const struct buyer *of, size_t customers, double per, const double *z, struct fitting *f, struct err *e)
{
    struct row *row = calloc(customers + 1, sizeof *row);
    struct buyer *some = calloc(customers + 1, sizeof *some);
    f->of = calloc(customers + 1, sizeof *f->of);
    enum err_code code = row && some && f->of ? ERR_OK : NO_MEMORY(e);
    for (size_t i = 0; i < customers && !code; i++)
        row[i] = (struct row){ z + i * f->n, f->n, i };
    if (!code && customers) {
        qsort(row, customers, sizeof *row, by_covariates);
        code = make_groups(row, of, customers, per, some, f, e);
    }
    free(row);
    free(some);
    return code;
}

/* Covariates in their own standard deviations, in which effects are of one size. */
static enum err_code scale(const double *z, size_t customers, size_t n, double *width, double *ret, struct err *e)
{
    for (size_t c = 0; c < n; c++) {
        double mean = 0, squares = 0;
        for (size_t i = 0; i < customers; i++) {
            double off = z[i * n + c] - mean;
            mean += off / (double)(i + 1);
            squares += off * (z[i * n + c] - mean);
        }
        width[c] = sqrt(squares / (double)customers);
        if (!isfinite(width[c]))
            return err_set(e, ERR_INVALID, c, "covariate %zu is no number of somebody", c + 1);
        if (width[c] <= 1e-12 * fabs(mean))
            return err_set(e, ERR_INVALID, c, "covariate %zu is the same of everybody: leave it out", c + 1);
        for (size_t i = 0; i < customers; i++)
            ret[i * n + c] = z[i * n + c] / width[c];
    }
    return ERR_OK;
}

/* From where the model without covariates is best. */
static enum err_code find(const struct fitting *f, const struct buyer *of, size_t customers, double per, double *at,
                          struct fit *fit, double *low, double *high, struct err *e)
{
    const struct surface surface = { .n = f->kind->n + 2 * f->n, .value = value, .arg = f, .plain = 2 * f->n };
    struct fit_start start = { { 0 } };
    struct buyers all;
    TRY(buyers_gather(of, customers, per, &all, e));
    enum err_code code = f->kind->fit(&all, fit, e);
    buyers_drop(&all);
    TRY(code);
    memcpy(start.at, fit->at, f->kind->n * sizeof *start.at);
    TRY(fit_find(&surface, NULL, 0, &start, 1, at, fit, e));
    if (low)
        fit_intervals(&surface, fit, low, high);
    return ERR_OK;
}

enum err_code covariates_fit(const struct kind *k, const struct buyer *of, size_t customers, double per, const double *z, size_t n,
                             struct covariates *ret, struct fit *fit, double *low, double *high, struct err *e)
{
    struct fitting f = { .kind = k, .n = n };
    double at[OPTIMUM_MAX], width[COVARIATES_MAX];
    if (n < 1 || n > COVARIATES_MAX)
        return err_set(e, ERR_LIMIT, n, "a value model takes 1 to %d covariates", COVARIATES_MAX);
    double *scaled = calloc(customers * n + 1, sizeof *scaled);
    enum err_code code = scaled ? scale(z, customers, n, width, scaled, e) : NO_MEMORY(e);
    if (!code)
        code = group(of, customers, per, scaled, &f, e);
    if (!code)
        code = find(&f, of, customers, per, at, fit, low, high, e);
    drop(&f);
    free(scaled);
    TRY(code);
    *ret = (struct covariates){ .kind = k, .n = n };
    memcpy(ret->at, at, k->n * sizeof *at);
    for (size_t i = 0; i < 2 * n; i++) {
        (i < n ? ret->rate : ret->leaving)[i % n] = at[k->n + i] / width[i % n];
        fit->error[k->n + i] /= width[i % n];
        if (low) {
            low[k->n + i] /= width[i % n];
            high[k->n + i] /= width[i % n];
        }
    }
    return ERR_OK;
}

void covariates_of(const struct covariates *m, const double *z, double *at)
{
    for (size_t i = 0; i < m->kind->n; i++)
        at[i] = m->at[i] * exp(moved(m->kind, i, m->rate, m->leaving, z, m->n));
}
