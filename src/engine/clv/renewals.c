#include "engine/clv/renewals.h"

#include <assert.h>
#include <math.h>

#include "engine/clv/special.h"

#define STARTS 3
#define TERMS_MAX 100000

struct fitting {
    const double *survivors;
    size_t n;
};

/* S(t) = B(alpha, beta + t^c) / B(alpha, beta), and its slope by the logarithms of the parameters. */
struct survival {
    double is, alpha, beta, c;
};

static struct survival survival_of(const struct renewals *m, double t)
{
    double power = t > 0 ? pow(t, m->c) : 0, b = m->beta + power, all = m->alpha + b;
    double is = exp(lgamma(b) - lgamma(all) - lgamma(m->beta) + lgamma(m->alpha + m->beta));
    double both = digamma(m->alpha + m->beta), bent = digamma(b) - digamma(all);
    return (struct survival){ is, is * m->alpha * (both - digamma(all)),
                              is * m->beta * (bent - digamma(m->beta) + both), t > 0 ? is * m->c * bent * power * log(t) : 0 };
}

static double value_of(const struct fitting *f, const struct renewals *m, double slope[3])
{
    double sum = 0;
    struct survival before = { 1, 0, 0, 0 };
    for (size_t t = 1; t <= f->n; t++) {
        const struct survival s = survival_of(m, (double)t);
        double lost = f->survivors[t - 1] - f->survivors[t], chance = before.is - s.is;
        if (lost > 0) {
            sum += lost * log(chance);
            slope[0] += lost * (before.alpha - s.alpha) / chance;
            slope[1] += lost * (before.beta - s.beta) / chance;
            slope[2] += lost * (before.c - s.c) / chance;
        }
        before = s;
    }
    double left = f->survivors[f->n];
    slope[0] += left * before.alpha / before.is;
    slope[1] += left * before.beta / before.is;
    slope[2] += left * before.c / before.is;
    return sum + (left > 0 ? left * log(before.is) : 0);
}

static double value_geometric(const void *arg, const double *at, double *slope)
{
    const struct renewals m = { exp(at[0]), exp(at[1]), 1 };
    double all[3] = { 0 }, value = value_of(arg, &m, all);
    slope[0] = all[0];
    slope[1] = all[1];
    return value;
}

static double value_weibull(const void *arg, const double *at, double *slope)
{
    const struct renewals m = { exp(at[0]), exp(at[1]), exp(at[2]) };
    slope[0] = slope[1] = slope[2] = 0;
    return value_of(arg, &m, slope);
}

enum err_code renewals_fit(const double *survivors, size_t n, bool weibull, struct renewals *ret, struct fit *fit, struct err *e)
{
    static const struct fit_start start[STARTS] = { { { 0, 1, 0 } }, { { -0.5, 0, 0.2 } }, { { 1, 3, -0.2 } } };
    const struct fitting f = { survivors, n };
    const struct surface surface = { .n = weibull ? 3 : 2, .value = weibull ? value_weibull : value_geometric,
                                     .arg = &f };
    double at[3] = { 0 };
    for (size_t t = 1; t <= n; t++)
        if (survivors[t] > survivors[t - 1] || survivors[t] < 0)
            return err_set(e, ERR_INVALID, t, "after renewal %zu there are more customers than before it", t);
    if (n == 0 || survivors[n] == survivors[0])
        return err_set(e, ERR_INVALID, 0, "nobody has left: there is nothing to learn from");
    TRY(fit_find(&surface, NULL, 0, start, STARTS, at, fit, e));
    *ret = (struct renewals){ at[0], at[1], weibull ? at[2] : 1 };
    return ERR_OK;
}

double renewals_survival(const struct renewals *m, double t)
{
    return survival_of(m, t).is;
}

double renewals_retention(const struct renewals *m, double t)
{
    return renewals_survival(m, t + 1) / renewals_survival(m, t);
}

double renewals_expected(const struct renewals *m, double t, double discount)
{
    double sum = 0, here = renewals_survival(m, t);
    assert(discount > 0);
    for (int k = 1; k <= TERMS_MAX; k++) {
        double worth = renewals_survival(m, t + k) / here * pow(1 + discount, 1 - k);
        sum += worth;
        if (worth < 1e-12 * sum)
            break;
    }
    return sum;
}
