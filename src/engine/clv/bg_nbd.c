#include "engine/clv/bg_nbd.h"

#include <math.h>

#include "engine/clv/nbd.h"
#include "engine/clv/special.h"

#define PARAMETERS 4
#define STARTS 3
#define STEEP 500.0              // of e, that the expectation's two factors make up for each other
#define CLOSE 1e-7               // to what makes an expectation 0 / 0: it is taken beside it

/* MBG is BG with one more chance to leave. */
static double chances(const struct bg_nbd *m, double x)
{
    return x + (m->form == MBG_NBD);
}

/* ---- the likelihood ---- */
/* What the likelihood of one with x repeat purchases has of x alone, and its slope by the parameters. */
struct of_repeats {
    double rx, whole, r, a, b;
    double leaves, y;            // ln a - ln(y - 1); y - 1
};

static double log_leaves(const struct bg_nbd *m, double x)
{
    return chances(m, x) > 0 ? log(m->a) - log(m->b + chances(m, x) - 1) : -INFINITY;
}

/* The same of everybody. */
static struct of_repeats of_all(const struct bg_nbd *m)
{
    return (struct of_repeats){
        .whole = m->r * log(m->alpha) - lgamma(m->r) + lgamma(m->a + m->b) - lgamma(m->b),
        .r = log(m->alpha) - digamma(m->r),
        .a = digamma(m->a + m->b),
        .b = digamma(m->a + m->b) - digamma(m->b),
    };
}

static struct of_repeats of_repeats(const struct bg_nbd *m, const struct of_repeats *all, double x)
{
    double y = m->b + chances(m, x), rx = m->r + x, both = digamma(m->a + y);
    return (struct of_repeats){
        .rx = rx,
        .whole = all->whole + lgamma(rx) + lgamma(y) - lgamma(m->a + y),
        .r = all->r + digamma(rx),
        .a = all->a - both,
        .b = all->b - both + digamma(y),
        .leaves = log_leaves(m, x),
        .y = y - 1,
    };
}

/* They are still here, or left with their last purchase. */
static struct parts parts_at(const struct of_repeats *k, double log_tx, double log_T)
{
    return parts_of(-k->rx * log_T, k->leaves - k->rx * log_tx);
}

/* Of the parameters' logarithms. Buyers stand by their repeat purchases: what is of these alone is worked out once. */
static double value(const void *arg, const double *at, double *slope)
{
    const struct buying *f = arg;
    const struct bg_nbd m = { (enum bg_form)f->form, exp(at[0]), exp(at[1]), exp(at[2]), exp(at[3]) };
    double sum = 0, r = 0, alpha = 0, a = 0, b = 0;
    struct of_repeats all = of_all(&m), k = { .rx = -1 };
    uint32_t known = UINT32_MAX;
    buying_days(f, m.alpha);
    for (size_t i = 0; i < f->buyers->n; i++) {
        const struct buyer *of = &f->buyers->of[i];
        double w = f->buyers->weight[i];
        if (of->repeats != known)
            k = of_repeats(&m, &all, known = of->repeats);
        const struct at_day last = buying_at(f, m.alpha, of->last), now = buying_at(f, m.alpha, of->watched);
        const struct parts p = parts_at(&k, last.log, now.log);
        sum += w * (k.whole + p.sum);
        r += w * (k.r - p.stays * now.log - p.leaves * last.log);
        alpha += w * (m.r / m.alpha - k.rx * (p.stays * now.inverse + p.leaves * last.inverse));
        a += w * (k.a + p.leaves / m.a);
        b += w * (k.b - (p.leaves > 0 ? p.leaves / k.y : 0));
    }
    slope[0] = r * m.r;
    slope[1] = alpha * m.alpha;
    slope[2] = a * m.a;
    slope[3] = b * m.b;
    return sum;
}

double bg_nbd_log_likelihood(const struct bg_nbd *m, const struct buyers *buyers)
{
    const double at[PARAMETERS] = { log(m->r), log(m->alpha), log(m->a), log(m->b) };
    const struct buying f = { .buyers = buyers, .form = m->form };
    double slope[PARAMETERS];
    return value(&f, at, slope);
}

/* ---- fitting ---- */
struct surface bg_nbd_surface(const struct buying *f)
{
    return (struct surface){ .n = PARAMETERS, .value = value, .arg = f };
}

enum err_code bg_nbd_fit(enum bg_form form, const struct buyers *buyers, struct bg_nbd *ret, struct fit *fit, struct err *e)
{
    static const double shape[STARTS][3] = { { 0.5, 1, 2 }, { 2, 0.3, 1 }, { 0.2, 3, 10 } };  // r, a, b
    struct buying f = { .buyers = buyers, .form = form };
    const struct surface surface = bg_nbd_surface(&f);
    struct fit_start start[STARTS];
    double at[PARAMETERS], rate = buyers_rate(buyers);  // 0: fit_of_buying refuses
    for (unsigned i = 0; i < STARTS; i++)
        start[i] = (struct fit_start){ { log(shape[i][0]), log(shape[i][0] / rate), log(shape[i][1]), log(shape[i][2]) } };
    TRY(fit_of_buying(&surface, &f, start, STARTS, at, fit, e));
    *ret = (struct bg_nbd){ form, at[0], at[1], at[2], at[3] };
    return ERR_OK;
}

/* ---- what it says ---- */
/* The same where customers hardly differ in how they leave, and the series would leave what a double holds: the mean of (1 - (1 + p
 * w)^-rx) / p over the chance p of leaving, by the two nodes that have the first three moments of beta (a, y). */
static double expected_alike(double a, double y, double rx, double z)
{
    double n = a + y, mean = a / n, spread = sqrt(mean * (1 - mean) / (n + 1)), w = z / (1 - z), sum = 0;
    double skew = (y - a) / (n + 2) * sqrt((n + 1) / (a * y)), q = sqrt(1 + skew * skew / 4);
    for (int side = -1; side <= 1; side += 2) {
        double p = mean + spread * (skew / 2 + side * q), weight = (q - side * skew / 2) / (2 * q);
        sum += weight * -expm1(-rx * log1p(p * w)) / p;
    }
    return sum;
}

/* (c / (a - 1)) (1 - (1 - z)^(a - 1) 2F1(c - rx, a - 1; c; z)), with c = a + y - 1. */
static double expected(double a, double y, double rx, double z)
{
    if ((a - 1) * -log1p(-z) > STEEP)
        return expected_alike(a, y, rx, z);
    if (fabs(a - 1) < CLOSE)
        a = 1 + CLOSE;
    if (fabs(a + y - 1) < CLOSE)
        y += CLOSE;
    double c = a + y - 1;
    return c / (a - 1) * (1 - exp((a - 1) * log1p(-z)) * hypergeometric(c - rx, a - 1, c, z));
}

double bg_nbd_expected(const struct bg_nbd *m, double t)
{
    if (t <= 0)
        return 0;
    return expected(m->a, m->b + chances(m, 0), m->r, t / (m->alpha + t)) * (m->form == MBG_NBD ? m->b / (m->a + m->b) : 1);
}

double bg_nbd_alive(const struct bg_nbd *m, double x, double tx, double T)
{
    const struct of_repeats k = { .rx = m->r + x, .leaves = log_leaves(m, x) };
    return parts_at(&k, log(m->alpha + tx), log(m->alpha + T)).stays;
}

double bg_nbd_expected_of(const struct bg_nbd *m, double x, double tx, double T, double t)
{
    if (t <= 0)
        return 0;
    const struct bg_nbd here = bg_nbd_of_alive(m, x, T);
    return bg_nbd_expected(&here, t) * bg_nbd_alive(m, x, tx, T);
}

struct bg_nbd bg_nbd_of_alive(const struct bg_nbd *m, double x, double T)
{
    return (struct bg_nbd){ BG_NBD, m->r + x, m->alpha + T, m->a, m->b + chances(m, x) };
}

double bg_nbd_chance(const struct bg_nbd *m, uint32_t n, double t)
{
    if (m->form == MBG_NBD) {    // who comes through the first purchase is BG from there on
        const struct bg_nbd comes = { BG_NBD, m->r, m->alpha, m->a, m->b + 1 };
        return ((n ? 0 : m->a) + m->b * bg_nbd_chance(&comes, n, t)) / (m->a + m->b);
    }
    double x = n, beta = lgamma(m->a) + lgamma(m->b) - lgamma(m->a + m->b);
    double stays = exp(lgamma(m->a) + lgamma(m->b + x) - lgamma(m->a + m->b + x) - beta) * nbd_chance(m->r, m->alpha, n, t);
    if (!n)
        return stays;
    double leaves = exp(lgamma(m->a + 1) + lgamma(m->b + x - 1) - lgamma(m->a + m->b + x) - beta);
    return stays + leaves * (1 - nbd_fewer(m->r, m->alpha, n, t));
}
