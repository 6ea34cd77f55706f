#include "engine/clv/pareto_nbd.h"

#include <math.h>

#include "engine/clv/nbd.h"
#include "engine/clv/special.h"

#define PARAMETERS 4
#define STARTS 3
#define FOLDS 23.0               // of e: beyond them a ten thousand millionth is left
#define CLOSE 1e-7               // to what makes an expectation 0 / 0: it is taken beside it

/* The moment of leaving, between the last purchase and now: the logarithm of its integral, and of what the slope needs the
 * mean over it. */
struct leaving {
    double log;
    double log_alpha, log_beta;  // of ln(alpha + t), ln(beta + t)
    double alpha, beta;          // of 1 / (alpha + t), 1 / (beta + t)
};

/* ln(alpha + t) and ln(beta + t) at the last purchase and now. */
struct ends {
    double alpha_tx, beta_tx, alpha_T, beta_T;
};

static struct ends ends_of(const struct pareto_nbd *m, double tx, double T)
{
    return (struct ends){ log(m->alpha + tx), log(m->beta + tx), log(m->alpha + T), log(m->beta + T) };
}

/* Over the logarithm of time from the lesser of alpha and beta on, where neither factor of (alpha + t)^-(r + x)
 * (beta + t)^-(s + 1) dt is steep; as far as what is left out is nothing. */
static struct leaving leaving_of(const struct pareto_nbd *m, const struct ends *at, double x, double tx)
{
    const struct gauss *rule = gauss();
    bool alpha_less = m->alpha < m->beta;
    double a0 = m->alpha + tx, b0 = m->beta + tx, from = alpha_less ? a0 : b0, sum = 0;
    double span = alpha_less ? at->alpha_T - at->alpha_tx : at->beta_T - at->beta_tx;
    double falls = (m->r + x) * from / a0 + (m->s + 1) * from / b0 - 1;
    struct leaving l = { .log = -INFINITY };
    if (falls * span > FOLDS)
        span = FOLDS / falls;
    for (int i = 0; i < GAUSS_NODES && span > 0; i++) {
        double z = span * rule->node[i], grows = exp(z), t = from * (grows - 1), a = a0 + t, b = b0 + t;
        double log_a = alpha_less ? at->alpha_tx + z : log(a), log_b = alpha_less ? log(b) : at->beta_tx + z;
        double w = rule->weight[i] * grows * exp(-(m->r + x) * (log_a - at->alpha_tx) - (m->s + 1) * (log_b - at->beta_tx));
        sum += w;
        l.log_alpha += w * log_a;
        l.log_beta += w * log_b;
        l.alpha += w / a;
        l.beta += w / b;
    }
    if (sum <= 0)
        return l;
    l.log = log(from * span * sum) - (m->r + x) * at->alpha_tx - (m->s + 1) * at->beta_tx;
    l.log_alpha /= sum;
    l.log_beta /= sum;
    l.alpha /= sum;
    l.beta /= sum;
    return l;
}

/* They are still here, or have left. */
static struct parts parts_at(const struct pareto_nbd *m, const struct ends *at, const struct leaving *l, double x)
{
    return parts_of(-(m->r + x) * at->alpha_T - m->s * at->beta_T, log(m->s) + l->log);
}

/* ---- the likelihood ---- */
static double value(const void *arg, const double *at, double *slope)
{
    const struct buyers *buyers = ((const struct buying *)arg)->buyers;
    const struct pareto_nbd m = { exp(at[0]), exp(at[1]), exp(at[2]), exp(at[3]) };
    double sum = 0, r = 0, alpha = 0, s = 0, beta = 0, known = -1, whole = 0, whole_r = 0;
    for (size_t i = 0; i < buyers->n; i++) {
        const struct buyer *of = &buyers->of[i];
        double x = of->repeats, tx = of->last / buyers->per, T = of->watched / buyers->per, w = buyers->weight[i];
        if (x != known) {        // buyers stand by their repeat purchases
            known = x;
            whole = lgamma(m.r + x) - lgamma(m.r) + m.r * at[1] + m.s * at[3];
            whole_r = digamma(m.r + x) - digamma(m.r) + at[1];
        }
        const struct ends ends = ends_of(&m, tx, T);
        const struct leaving l = leaving_of(&m, &ends, x, tx);
        const struct parts p = parts_at(&m, &ends, &l, x);
        sum += w * (whole + p.sum);
        r += w * (whole_r - p.stays * ends.alpha_T - p.leaves * l.log_alpha);
        alpha += w * (m.r / m.alpha - (m.r + x) * (p.stays / (m.alpha + T) + p.leaves * l.alpha));
        s += w * (at[3] - p.stays * ends.beta_T + p.leaves * (1 / m.s - l.log_beta));
        beta += w * (m.s / m.beta - p.stays * m.s / (m.beta + T) - p.leaves * (m.s + 1) * l.beta);
    }
    slope[0] = r * m.r;
    slope[1] = alpha * m.alpha;
    slope[2] = s * m.s;
    slope[3] = beta * m.beta;
    return sum;
}

double pareto_nbd_log_likelihood(const struct pareto_nbd *m, const struct buyers *buyers)
{
    const double at[PARAMETERS] = { log(m->r), log(m->alpha), log(m->s), log(m->beta) };
    const struct buying f = { .buyers = buyers };
    double slope[PARAMETERS];
    return value(&f, at, slope);
}

struct surface pareto_nbd_surface(const struct buying *f)
{
    return (struct surface){ .n = PARAMETERS, .value = value, .arg = f };
}

enum err_code pareto_nbd_fit(const struct buyers *buyers, struct pareto_nbd *ret, struct fit *fit, struct err *e)
{
    static const double shape[STARTS][2] = { { 0.5, 0.5 }, { 2, 1 }, { 0.2, 2 } };  // r, s
    struct buying f = { .buyers = buyers };
    const struct surface surface = pareto_nbd_surface(&f);
    struct fit_start start[STARTS];
    double at[PARAMETERS], rate = buyers_rate(buyers);  // 0: fit_of_buying refuses
    for (unsigned i = 0; i < STARTS; i++)
        start[i] = (struct fit_start){ { log(shape[i][0]), log(shape[i][0] / rate), log(shape[i][1]), log(shape[i][1] / rate) } };
    TRY(fit_of_buying(&surface, &f, start, STARTS, at, fit, e));
    *ret = (struct pareto_nbd){ at[0], at[1], at[2], at[3] };
    return ERR_OK;
}

/* ---- what it says ---- */
/* (1 - (b / (b + t))^(s - 1)) / (s - 1): how long they stay, in b. */
static double stay(double s, double b, double t)
{
    double power = s - 1, log_ratio = log(b / (b + t));
    return fabs(power) < CLOSE ? -log_ratio : -expm1(power * log_ratio) / power;
}

double pareto_nbd_expected(const struct pareto_nbd *m, double t)
{
    return t <= 0 ? 0 : m->r * m->beta / m->alpha * stay(m->s, m->beta, t);
}

double pareto_nbd_alive(const struct pareto_nbd *m, double x, double tx, double T)
{
    const struct ends ends = ends_of(m, tx, T);
    const struct leaving l = leaving_of(m, &ends, x, tx);
    return parts_at(m, &ends, &l, x).stays;
}

double pareto_nbd_expected_of(const struct pareto_nbd *m, double x, double tx, double T, double t)
{
    if (t <= 0)
        return 0;
    const struct pareto_nbd here = pareto_nbd_of_alive(m, x, T);
    return pareto_nbd_expected(&here, t) * pareto_nbd_alive(m, x, tx, T);
}

struct pareto_nbd pareto_nbd_of_alive(const struct pareto_nbd *m, double x, double T)
{
    return (struct pareto_nbd){ m->r + x, m->alpha + T, m->s, m->beta + T };
}

static double leaves_at(const void *model, double t)
{
    const struct pareto_nbd *m = model;
    return m->s / (m->beta + t) * exp(m->s * log(m->beta / (m->beta + t)));
}

double pareto_nbd_chance(const struct pareto_nbd *m, uint32_t n, double t)
{
    return nbd_chance(m->r, m->alpha, n, t) * exp(m->s * log(m->beta / (m->beta + t)))
           + nbd_chance_until(m->r, m->alpha, n, t, fmin(m->alpha, m->beta), leaves_at, m);
}
