#include "engine/clv/gamma_gamma.h"

#include <math.h>

#include "engine/clv/special.h"

#define PARAMETERS 3
#define STARTS 3

struct fitting {
    const struct spender *of;
    size_t n;
};

static bool counts(const struct spender *s)
{
    return s->purchases > 0 && s->mean > 0;
}

static double value(const void *arg, const double *at, double *slope)
{
    const struct fitting *f = arg;
    const double p = exp(at[0]), q = exp(at[1]), gamma = exp(at[2]);
    double sum = 0, dp = 0, dq = 0, dgamma = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (!counts(&f->of[i]))
            continue;
        double x = f->of[i].purchases, z = f->of[i].mean, px = p * x, all = log(gamma + x * z);
        sum += lgamma(px + q) - lgamma(px) - lgamma(q) + q * log(gamma) + (px - 1) * log(z) + px * log(x) - (px + q) * all;
        double both = digamma(px + q);
        dp += x * (both - digamma(px) + log(z) + log(x) - all);
        dq += both - digamma(q) + log(gamma) - all;
        dgamma += q / gamma - (px + q) / (gamma + x * z);
    }
    slope[0] = dp * p;
    slope[1] = dq * q;
    slope[2] = dgamma * gamma;
    return sum;
}

/* Around the mean of all purchases; 0: there are none. */
static unsigned starts_of(const struct fitting *f, struct fit_start *ret)
{
    static const double shape[STARTS][2] = { { 2, 3 }, { 6, 4 }, { 1, 10 } };  // p, q
    double spent = 0, bought = 0;
    for (size_t i = 0; i < f->n; i++)
        if (counts(&f->of[i])) {
            spent += f->of[i].mean * f->of[i].purchases;
            bought += f->of[i].purchases;
        }
    for (unsigned i = 0; i < STARTS && bought > 0; i++) {
        ret[i].at[0] = log(shape[i][0]);
        ret[i].at[1] = log(shape[i][1]);
        ret[i].at[2] = log(spent / bought * (shape[i][1] - 1) / shape[i][0]);
    }
    return bought > 0 ? STARTS : 0;
}

enum err_code gamma_gamma_fit(const struct spender *of, size_t n, struct gamma_gamma *ret, struct fit *fit, struct err *e)
{
    const struct fitting f = { of, n };
    const struct surface surface = { .n = PARAMETERS, .value = value, .arg = &f };
    struct fit_start start[STARTS];
    double at[PARAMETERS];
    unsigned starts = starts_of(&f, start);
    if (!starts)
        return err_set(e, ERR_INVALID, 0, "nobody has a repeat purchase with a value above 0: there is nothing to learn from");
    TRY(fit_find(&surface, NULL, 0, start, starts, at, fit, e));
    *ret = (struct gamma_gamma){ at[0], at[1], at[2] };
    return ERR_OK;
}

double gamma_gamma_expected(const struct gamma_gamma *m, double x, double mean)
{
    double below = m->p * x + m->q - 1;
    return below > 0 ? m->p * (m->gamma + x * (x > 0 ? mean : 0)) / below : NAN;
}
