#include "engine/clv/ggompertz_nbd.h"

#include <math.h>

#include "engine/clv/nbd.h"
#include "engine/clv/special.h"

#define PARAMETERS 5
#define STARTS 3
#define PANELS 3
#define FOLDS 23.0               // of e: beyond them a ten thousand millionth is left
#define LARGE 36.0               // beyond it 1 is nothing beside e^x

/* beta + e^(b t) - 1, over beta to the power of -s the share that is still there: its logarithm, 1 / it, and e^(b t) / it. */
struct wear {
    double log, inverse, grows;
};

static struct wear wear_of(const struct ggompertz_nbd *m, double t)
{
    double bt = m->b * t;
    if (bt > LARGE) {
        double rest = 1 + m->beta * exp(-bt);
        return (struct wear){ bt + log(rest), exp(-bt) / rest, 1 / rest };
    }
    double more = expm1(bt), is = m->beta + more;
    return (struct wear){ log(is), 1 / is, (1 + more) / is };
}

static double log_wear(const struct ggompertz_nbd *m, double t)
{
    return wear_of(m, t).log;
}

static double log_stays(const struct ggompertz_nbd *m, double t)
{
    return m->s * (log(m->beta) - log_wear(m, t));
}

/* A time in which nothing of the model changes much. */
static double low_of(const struct ggompertz_nbd *m)
{
    return fmin(m->alpha, fmin(m->beta, 1) / m->b);
}

/* The moment of leaving, between the last purchase and now: the logarithm of its integral, and of what the slope needs the
 * mean over it. */
struct leaving {
    double log;
    double log_alpha, alpha;     // of ln(alpha + t), 1 / (alpha + t)
    double log_wear, beta, b;    // of ln(wear), 1 / wear, t (1 - (s + 1) e^(b t) / wear)
};

/* What falls beyond FOLDS is left out; span is of the logarithm of time from `from` on. */
static double shorten(const struct ggompertz_nbd *m, double x, double tx, double from, double span)
{
    double falls = from * ((m->r + x) / (m->alpha + tx) - m->b + (m->s + 1) * m->b * wear_of(m, tx).grows) - 1;
    return falls * span > FOLDS ? FOLDS / falls : span;
}

static struct leaving leaving_of(const struct ggompertz_nbd *m, double x, double tx, double T)
{
    const struct gauss *rule = gauss();
    double low = low_of(m), from = low + tx, span = shorten(m, x, tx, from, log(low + T) - log(from)) / PANELS, sum = 0;
    double log_a0 = log(m->alpha + tx), log_w0 = log_wear(m, tx);
    struct leaving l = { .log = -INFINITY };
    for (int i = 0; i < PANELS * GAUSS_NODES && span > 0; i++) {
        double z = span * (i / GAUSS_NODES + rule->node[i % GAUSS_NODES]), past = from * expm1(z), t = tx + past;
        double log_a = log(m->alpha + t);
        const struct wear wear = wear_of(m, t);
        double w = rule->weight[i % GAUSS_NODES]
                   * exp(z - (m->r + x) * (log_a - log_a0) + m->b * past - (m->s + 1) * (wear.log - log_w0));
        sum += w;
        l.log_alpha += w * log_a;
        l.alpha += w / (m->alpha + t);
        l.log_wear += w * wear.log;
        l.beta += w * wear.inverse;
        l.b += w * t * (1 - (m->s + 1) * wear.grows);
    }
    if (sum <= 0)
        return l;
    l.log = log(from * span * sum) - (m->r + x) * log_a0 + m->b * tx - (m->s + 1) * log_w0;
    l.log_alpha /= sum;
    l.alpha /= sum;
    l.log_wear /= sum;
    l.beta /= sum;
    l.b /= sum;
    return l;
}

/* They are still here, or have left. */
static struct parts parts_at(const struct ggompertz_nbd *m, const struct leaving *l, double x, double T)
{
    return parts_of(-(m->r + x) * log(m->alpha + T) - m->s * log_wear(m, T), log(m->s) + log(m->b) + l->log);
}

/* ---- the likelihood ---- */
static double value(const void *arg, const double *at, double *slope)
{
    const struct buyers *buyers = ((const struct buying *)arg)->buyers;
    const struct ggompertz_nbd m = { exp(at[0]), exp(at[1]), exp(at[2]), exp(at[3]), exp(at[4]) };
    double sum = 0, r = 0, alpha = 0, b = 0, s = 0, beta = 0, known = -1, whole = 0, whole_r = 0;
    for (size_t i = 0; i < buyers->n; i++) {
        const struct buyer *of = &buyers->of[i];
        double x = of->repeats, tx = of->last / buyers->per, T = of->watched / buyers->per, w = buyers->weight[i];
        if (x != known) {        // buyers stand by their repeat purchases
            known = x;
            whole = lgamma(m.r + x) - lgamma(m.r) + m.r * log(m.alpha) + m.s * log(m.beta);
            whole_r = digamma(m.r + x) - digamma(m.r) + log(m.alpha);
        }
        const struct leaving l = leaving_of(&m, x, tx, T);
        const struct parts p = parts_at(&m, &l, x, T);
        const struct wear wear = wear_of(&m, T);
        sum += w * (whole + p.sum);
        r += w * (whole_r - p.stays * log(m.alpha + T) - p.leaves * l.log_alpha);
        alpha += w * (m.r / m.alpha - (m.r + x) * (p.stays / (m.alpha + T) + p.leaves * l.alpha));
        b += w * (p.leaves * (1 / m.b + l.b) - p.stays * m.s * T * wear.grows);
        s += w * (log(m.beta) - p.stays * wear.log + p.leaves * (1 / m.s - l.log_wear));
        beta += w * (m.s / m.beta - p.stays * m.s * wear.inverse - p.leaves * (m.s + 1) * l.beta);
    }
    slope[0] = r * m.r;
    slope[1] = alpha * m.alpha;
    slope[2] = b * m.b;
    slope[3] = s * m.s;
    slope[4] = beta * m.beta;
    return sum;
}

double ggompertz_nbd_log_likelihood(const struct ggompertz_nbd *m, const struct buyers *buyers)
{
    const double at[PARAMETERS] = { log(m->r), log(m->alpha), log(m->b), log(m->s), log(m->beta) };
    const struct buying f = { .buyers = buyers };
    double slope[PARAMETERS];
    return value(&f, at, slope);
}

struct surface ggompertz_nbd_surface(const struct buying *f)
{
    return (struct surface){ .n = PARAMETERS, .value = value, .arg = f };
}

enum err_code ggompertz_nbd_fit(const struct buyers *buyers, struct ggompertz_nbd *ret, struct fit *fit, struct err *e)
{
    static const double shape[STARTS][4] = { { 0.5, 0.05, 0.5, 0.1 }, { 1, 0.5, 0.2, 1 }, { 0.5, 2, 0.5, 10 } };  // r, b, s, beta
    struct buying f = { .buyers = buyers };
    const struct surface surface = ggompertz_nbd_surface(&f);
    struct fit_start start[STARTS];
    double at[PARAMETERS], rate = buyers_rate(buyers);  // 0: fit_of_buying refuses
    for (unsigned i = 0; i < STARTS; i++) {
        const double *of = shape[i];
        start[i] = (struct fit_start){ { log(of[0]), log(of[0] / rate), log(of[1] * rate), log(of[2]), log(of[3]) } };
    }
    TRY(fit_of_buying(&surface, &f, start, STARTS, at, fit, e));
    *ret = (struct ggompertz_nbd){ at[0], at[1], at[2], at[3], at[4] };
    return ERR_OK;
}

/* ---- what it says ---- */
double ggompertz_nbd_expected(const struct ggompertz_nbd *m, double t)
{
    const struct gauss *rule = gauss();
    double low = low_of(m), span = log1p(t / low) / PANELS, sum = 0;
    for (int i = 0; i < PANELS * GAUSS_NODES && t > 0; i++) {
        double z = span * (i / GAUSS_NODES + rule->node[i % GAUSS_NODES]);
        sum += rule->weight[i % GAUSS_NODES] * exp(z + log_stays(m, low * expm1(z)));
    }
    return t > 0 ? m->r / m->alpha * low * span * sum : 0;
}

double ggompertz_nbd_alive(const struct ggompertz_nbd *m, double x, double tx, double T)
{
    const struct leaving l = leaving_of(m, x, tx, T);
    return parts_at(m, &l, x, T).stays;
}

double ggompertz_nbd_expected_of(const struct ggompertz_nbd *m, double x, double tx, double T, double t)
{
    const struct ggompertz_nbd here = ggompertz_nbd_of_alive(m, x, T);
    return ggompertz_nbd_expected(&here, t) * ggompertz_nbd_alive(m, x, tx, T);
}

struct ggompertz_nbd ggompertz_nbd_of_alive(const struct ggompertz_nbd *m, double x, double T)
{
    return (struct ggompertz_nbd){ m->r + x, m->alpha + T, m->b, m->s, exp(log_wear(m, T) - m->b * T) };
}

static double leaves_at(const void *model, double t)
{
    const struct ggompertz_nbd *m = model;
    return m->s * m->b * wear_of(m, t).grows * exp(log_stays(m, t));
}

double ggompertz_nbd_chance(const struct ggompertz_nbd *m, uint32_t n, double t)
{
    return nbd_chance(m->r, m->alpha, n, t) * exp(log_stays(m, t))
           + nbd_chance_until(m->r, m->alpha, n, t, low_of(m), leaves_at, m);
}
