#include "engine/clv/gamma_gamma.h"

#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/clv/special.h"

#define PARAMETERS 3
#define STARTS 3
#define SOME 5000u                // spenders of a first search, where there are many
#define MANY 20000u

/* Spenders with as many purchases each: what depends on that alone is worked out once. */
struct group {
    double x, n, log_mean;       // log_mean: the sum of their ln mean
    size_t until;                // the first of the next group
};
struct fitting {
    double *spent;               // of each in all
    struct group *group;
    size_t n, groups;
};

static void drop(struct fitting *f)
{
    free(f->spent);
    free(f->group);
    *f = (struct fitting){ .n = 0 };
}

static int by_purchases(const void *a, const void *b)
{
    const struct spender *x = a, *y = b;
    return (x->purchases > y->purchases) - (x->purchases < y->purchases);
}

static void add(struct fitting *f, const struct spender *s)
{
    if (!f->groups || f->group[f->groups - 1].x < s->purchases)
        f->group[f->groups++] = (struct group){ .x = s->purchases };
    struct group *g = &f->group[f->groups - 1];
    f->spent[f->n++] = s->purchases * s->mean;
    g->n++;
    g->log_mean += log(s->mean);
    g->until = f->n;
}

/* One of each `step`, at places of chance. false: memory. */
static bool make(const struct spender *of, size_t n, size_t step, struct fitting *ret)
{
    struct spender *some = malloc((n + 1) * sizeof *some);
    size_t chosen = 0;
    *ret = (struct fitting){ malloc((n + 1) * sizeof *ret->spent), malloc((n + 1) * sizeof *ret->group), 0, 0 };
    bool ok = some && ret->spent && ret->group;
    for (size_t i = 0; ok && i < n; i++)
        if (of[i].purchases > 0 && of[i].mean > 0 && hash_mix(i) % step == 0)
            some[chosen++] = of[i];
    if (chosen)
        qsort(some, chosen, sizeof *some, by_purchases);
    for (size_t i = 0; i < chosen; i++)
        add(ret, &some[i]);
    free(some);
    return ok;
}

static double value(const void *arg, const double *at, double *slope)
{
    const struct fitting *f = arg;
    const double p = exp(at[0]), q = exp(at[1]), gamma = exp(at[2]);
    double sum = 0, dp = 0, dq = 0, dgamma = 0, of_all = q * log(gamma) - lgamma(q), slope_q = log(gamma) - digamma(q);
    for (size_t g = 0, i = 0; g < f->groups; g++) {
        const struct group *k = &f->group[g];
        double px = p * k->x, both = digamma(px + q), log_all = 0, inverse = 0;
        for (; i < k->until; i++) {
            log_all += log(gamma + f->spent[i]);
            inverse += 1 / (gamma + f->spent[i]);
        }
        sum += k->n * (lgamma(px + q) - lgamma(px) + of_all + px * log(k->x)) + (px - 1) * k->log_mean - (px + q) * log_all;
        dp += k->x * (k->n * (both - digamma(px) + log(k->x)) + k->log_mean - log_all);
        dq += k->n * (both + slope_q) - log_all;
        dgamma += k->n * q / gamma - (px + q) * inverse;
    }
    slope[0] = dp * p;
    slope[1] = dq * q;
    slope[2] = dgamma * gamma;
    return sum;
}

static struct surface surface_of(const struct fitting *f)
{
    return (struct surface){ .n = PARAMETERS, .value = value, .arg = f };
}

/* Around the mean of all purchases. */
static void make_starts(const struct fitting *f, struct fit_start ret[STARTS])
{
    static const double shape[STARTS][2] = { { 2, 3 }, { 6, 4 }, { 1, 10 } };  // p, q
    double spent = 0, bought = 0;
    for (size_t i = 0; i < f->n; i++)
        spent += f->spent[i];
    for (size_t g = 0; g < f->groups; g++)
        bought += f->group[g].n * f->group[g].x;
    for (unsigned i = 0; i < STARTS; i++) {
        ret[i].at[0] = log(shape[i][0]);
        ret[i].at[1] = log(shape[i][1]);
        ret[i].at[2] = log(spent / bought * (shape[i][1] - 1) / shape[i][0]);
    }
}

enum err_code gamma_gamma_fit(const struct spender *of, size_t n, struct gamma_gamma *ret, struct fit *fit, struct err *e)
{
    struct fitting all, some = { .n = 0 };
    struct fit_start start[STARTS];
    double at[PARAMETERS];
    bool ok = make(of, n, 1, &all), many = ok && all.n > MANY && make(of, n, all.n / SOME, &some) && some.n > SOME / 2;
    enum err_code code = ERR_OK;
    if (!ok)
        code = err_set(e, ERR_LIMIT, 0, "no memory for a value model");
    else if (!all.n)
        code = err_set(e, ERR_INVALID, 0, "nobody has a repeat purchase with a value above 0: there is nothing to learn from");
    if (!code) {
        const struct surface surface = surface_of(&all), rough[] = { surface_of(&some), surface_of(&some) };
        make_starts(&all, start);
        code = fit_find(&surface, rough, many ? 2 : 0, start, STARTS, at, fit, e);
    }
    drop(&all);
    drop(&some);
    TRY(code);
    *ret = (struct gamma_gamma){ at[0], at[1], at[2] };
    return ERR_OK;
}

enum err_code gamma_gamma_intervals(const struct spender *of, size_t n, const struct fit *fit, double *low, double *high,
                                    struct err *e)
{
    struct fitting f;
    enum err_code code = make(of, n, 1, &f) ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for a value model");
    const struct surface surface = surface_of(&f);
    if (!code)
        fit_intervals(&surface, fit, low, high);
    drop(&f);
    return code;
}

double gamma_gamma_expected(const struct gamma_gamma *m, double x, double mean)
{
    double below = m->p * x + m->q - 1;
    return below > 0 ? m->p * (m->gamma + x * (x > 0 ? mean : 0)) / below : NAN;
}
