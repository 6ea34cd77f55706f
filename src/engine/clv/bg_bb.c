#include "engine/clv/bg_bb.h"

#include <math.h>

#include "engine/clv/special.h"

#define PARAMETERS 4
#define STARTS 3

static double log_beta(double a, double b)
{
    return lgamma(a) + lgamma(b) - lgamma(a + b);
}

/* They bought x times at the first m opportunities; e 0: and are there, 1: and left before the one after them. The logarithm of
 * its chance, and its slope by the parameters. */
struct term {
    double log, slope[PARAMETERS];
};

static struct term term_of(const struct bg_bb *p, double x, double m, int e)
{
    double buys = digamma(p->alpha + p->beta) - digamma(p->alpha + p->beta + m);
    double stays = digamma(p->gamma + p->delta) - digamma(p->gamma + p->delta + m + e);
    return (struct term){
        log_beta(p->alpha + x, p->beta + m - x) - log_beta(p->alpha, p->beta) + log_beta(p->gamma + e, p->delta + m)
            - log_beta(p->gamma, p->delta),
        { digamma(p->alpha + x) - digamma(p->alpha) + buys, digamma(p->beta + m - x) - digamma(p->beta) + buys,
          digamma(p->gamma + e) - digamma(p->gamma) + stays, digamma(p->delta + m) - digamma(p->delta) + stays },
    };
}

/* The sum over the opportunities before which they may have left: from the one behind their last purchase on. */
static struct term leaving_of(const struct bg_bb *p, double x, double tx, double T)
{
    if (tx >= T)
        return (struct term){ .log = -INFINITY };
    struct term now = term_of(p, x, tx, 1);
    double share = 1, sum = 0, mean[PARAMETERS] = { 0 };
    for (double m = tx; m < T; m++) {
        double whole = p->alpha + p->beta + m, all = p->gamma + p->delta + m + 1;
        sum += share;
        for (int i = 0; i < PARAMETERS; i++)
            mean[i] += share * now.slope[i];
        share *= (p->beta + m - x) / whole * (p->delta + m) / all;
        now.slope[0] -= 1 / whole;
        now.slope[1] += 1 / (p->beta + m - x) - 1 / whole;
        now.slope[2] -= 1 / all;
        now.slope[3] += 1 / (p->delta + m) - 1 / all;
    }
    now.log += log(sum);
    for (int i = 0; i < PARAMETERS; i++)
        now.slope[i] = mean[i] / sum;
    return now;
}

static double value(const void *arg, const double *at, double *slope)
{
    const struct buyers *buyers = ((const struct buying *)arg)->buyers;
    const struct bg_bb p = { exp(at[0]), exp(at[1]), exp(at[2]), exp(at[3]) };
    double value = 0, sum[PARAMETERS] = { 0 };
    for (size_t i = 0; i < buyers->n; i++) {
        const struct buyer *of = &buyers->of[i];
        const struct term stays = term_of(&p, of->repeats, of->watched, 0);
        const struct term leaves = leaving_of(&p, of->repeats, of->last, of->watched);
        const struct parts ways = parts_of(stays.log, leaves.log);
        value += buyers->weight[i] * ways.sum;
        for (int k = 0; k < PARAMETERS; k++)
            sum[k] += buyers->weight[i] * (ways.stays * stays.slope[k] + ways.leaves * leaves.slope[k]);
    }
    for (int k = 0; k < PARAMETERS; k++)
        slope[k] = sum[k] * exp(at[k]);
    return value;
}

double bg_bb_log_likelihood(const struct bg_bb *p, const struct buyers *buyers)
{
    const double at[PARAMETERS] = { log(p->alpha), log(p->beta), log(p->gamma), log(p->delta) };
    const struct buying f = { .buyers = buyers };
    double slope[PARAMETERS];
    return value(&f, at, slope);
}

struct surface bg_bb_surface(const struct buying *f)
{
    return (struct surface){ .n = PARAMETERS, .value = value, .arg = f };
}

enum err_code bg_bb_fit(const struct buyers *buyers, struct bg_bb *ret, struct fit *fit, struct err *e)
{
    static const struct fit_start start[STARTS] = { { { 0, 0, 0, 1 } }, { { -0.7, 1, 0, 2 } }, { { 1, 1, -1, 0 } } };
    struct buying f = { .buyers = buyers };
    const struct surface surface = bg_bb_surface(&f);
    double at[PARAMETERS];
    for (size_t i = 0; i < buyers->n; i++)
        if (buyers->of[i].repeats > (uint32_t)buyers->of[i].last || buyers->of[i].last > buyers->of[i].watched)
            return err_set(e, ERR_INVALID, i, "somebody bought more often than there were opportunities to");
    TRY(fit_of_buying(&surface, &f, start, STARTS, at, fit, e));
    *ret = (struct bg_bb){ at[0], at[1], at[2], at[3] };
    return ERR_OK;
}

/* ---- what it says ---- */
double bg_bb_expected(const struct bg_bb *p, double t)
{
    double sum = 0, there = 1;
    for (double i = 0; i < t; i++) {
        there *= (p->delta + i) / (p->gamma + p->delta + i);
        sum += there * fmin(1, t - i);
    }
    return p->alpha / (p->alpha + p->beta) * sum;
}

double bg_bb_alive(const struct bg_bb *p, double x, double tx, double T)
{
    return parts_of(term_of(p, x, T, 0).log, leaving_of(p, x, tx, T).log).stays;
}

double bg_bb_expected_of(const struct bg_bb *p, double x, double tx, double T, double t)
{
    const struct bg_bb here = bg_bb_of_alive(p, x, T);
    return bg_bb_expected(&here, t) * bg_bb_alive(p, x, tx, T);
}

struct bg_bb bg_bb_of_alive(const struct bg_bb *p, double x, double T)
{
    return (struct bg_bb){ p->alpha + x, p->beta + T - x, p->gamma, p->delta + T };
}

double bg_bb_chance(const struct bg_bb *p, uint32_t n, double t)
{
    double x = n, all = floor(t), sum = 0;
    for (double m = x; m <= all; m++) {
        double ways = lgamma(m + 1) - lgamma(x + 1) - lgamma(m - x + 1);
        sum += exp(ways + term_of(p, x, m, m < all).log);
    }
    return sum;
}
