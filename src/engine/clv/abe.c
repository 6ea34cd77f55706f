#include "engine/clv/abe.h"

#include <math.h>
#include <stdlib.h>

#include "base/draw.h"

#define STRIDE 6.0               // from end to end, of what is unsure: a variance as of 2.4 / sqrt(2) (Gelman, Roberts, Gilks 1996)
#define PRIOR_CUSTOMERS .01      // what the prior mean, 0, weighs
#define PRIOR_FREEDOM 4.0
#define PRIOR_SPREAD 4.0
#define START_VAR 1.0

/* A customer's history, and where the chain has their rates: logarithms, and the likelihood there. */
struct one {
    double x, tx, T;
    double rate, leaving, log;
};

/* Of one who buys at the rate e^a and leaves at e^b: alive now, or gone at some moment since their last purchase. */
static double log_likelihood(const struct one *c, double a, double b)
{
    double rate = exp(a), leaves = exp(b), both = rate + leaves;
    return c->x * a - both * c->tx + log((leaves + rate * exp(-both * (c->T - c->tx))) / both);
}

/* The normal distribution over customers, as its logarithm needs it. */
struct spread {
    double rate, leaving, inverse_rate, inverse_both, inverse_leaving;
};

static struct spread spread_of(const struct abe *m)
{
    double det = m->rate_var * m->leaving_var - m->covariance * m->covariance;
    return (struct spread){ m->rate, m->leaving, m->leaving_var / det, -m->covariance / det, m->rate_var / det };
}

static double log_density(const struct spread *s, double a, double b)
{
    double da = a - s->rate, db = b - s->leaving;
    return -.5 * (s->inverse_rate * da * da + 2 * s->inverse_both * da * db + s->inverse_leaving * db * db);
}

static void move(struct one *c, const struct spread *s, uint64_t *seed)
{
    double a = c->rate + STRIDE * (any_between(seed) - .5) / sqrt(s->inverse_rate + c->x);
    double b = c->leaving + STRIDE * (any_between(seed) - .5) / sqrt(s->inverse_leaving);
    double log_to = log_likelihood(c, a, b);
    double gain = log_to - c->log + log_density(s, a, b) - log_density(s, c->rate, c->leaving);
    if (gain >= 0 || any_between(seed) < exp(gain)) {
        c->rate = a;
        c->leaving = b;
        c->log = log_to;
    }
}

/* What customers are like, given where each is: normal and inverse Wishart, both conjugate. */
static struct abe draw_spread(const struct one *of, size_t customers, uint64_t *seed)
{
    double n = (double)customers, a = 0, b = 0, aa = PRIOR_SPREAD, ab = 0, bb = PRIOR_SPREAD, all = n + PRIOR_CUSTOMERS;
    for (size_t i = 0; i < customers; i++) {
        a += of[i].rate / n;
        b += of[i].leaving / n;
    }
    for (size_t i = 0; i < customers; i++) {
        aa += (of[i].rate - a) * (of[i].rate - a);
        ab += (of[i].rate - a) * (of[i].leaving - b);
        bb += (of[i].leaving - b) * (of[i].leaving - b);
    }
    double shrinks = PRIOR_CUSTOMERS * n / all, freedom = PRIOR_FREEDOM + n;
    aa += shrinks * a * a;
    ab += shrinks * a * b;
    bb += shrinks * b * b;
    /* Bartlett's: W = L A A' L', L the root of the inverse of the sums; the covariance is W's inverse. */
    double det = aa * bb - ab * ab, l11 = sqrt(bb / det), l21 = -ab / det / l11, l22 = sqrt(aa / det - l21 * l21);
    double a11 = sqrt(2 * any_gamma(seed, freedom / 2)), a22 = sqrt(2 * any_gamma(seed, (freedom - 1) / 2)), normal[2];
    any_normals(seed, normal);
    double m11 = l11 * a11, m21 = l21 * a11 + l22 * normal[0], m22 = l22 * a22, of_w = m11 * m22;
    struct abe m = { .rate_var = (m21 * m21 + m22 * m22) / (of_w * of_w), .covariance = -m11 * m21 / (of_w * of_w),
                     .leaving_var = m11 * m11 / (of_w * of_w) };
    any_normals(seed, normal);
    double root = sqrt(m.rate_var / all), cross = m.covariance / all / root;
    m.rate = a * n / all + root * normal[0];
    m.leaving = b * n / all + cross * normal[0] + sqrt(m.leaving_var / all - cross * cross) * normal[1];
    return m;
}

/* What is foretold of each, where the chain is: the mean over the draws. */
static void add(const struct one *of, size_t n, const struct abe_wish *w, double *alive, double *purchases)
{
    for (size_t i = 0; i < n && (alive || purchases); i++) {
        double rate = exp(of[i].rate), leaves = exp(of[i].leaving), both = rate + leaves;
        double stays = rate * exp(-both * (of[i].T - of[i].tx)), here = stays / (leaves + stays) / (double)w->draws;
        if (alive)
            alive[i] += here;
        if (purchases)
            purchases[i] += here * rate / leaves * -expm1(-leaves * w->horizon);
    }
}

static void start(const struct buyer *buyer, size_t n, double per, struct one *of, struct abe *m)
{
    double bought = 0, watched = 0;
    for (size_t i = 0; i < n; i++) {
        of[i] = (struct one){ .x = buyer[i].repeats, .tx = buyer[i].last / per, .T = buyer[i].watched / per };
        bought += of[i].x;
        watched += of[i].T;
    }
    *m = (struct abe){ log(bought / watched), log(bought / watched), START_VAR, 0, START_VAR };
    for (size_t i = 0; i < n; i++) {
        of[i].rate = log((of[i].x + 1) / (of[i].T + watched / bought));
        of[i].leaving = m->leaving;
        of[i].log = log_likelihood(&of[i], of[i].rate, of[i].leaving);
    }
}

static void run(struct one *of, size_t n, const struct abe_wish *w, struct abe *m, struct abe *draw, double *alive,
                double *purchases)
{
    uint64_t seed = hash_mix(w->seed);
    for (size_t step = 0; step < w->before + w->draws; step++) {
        const struct spread s = spread_of(m);
        for (size_t i = 0; i < n; i++)
            move(&of[i], &s, &seed);
        *m = draw_spread(of, n, &seed);
        if (step < w->before)
            continue;
        draw[step - w->before] = *m;
        add(of, n, w, alive, purchases);
    }
}

enum err_code abe_draw(const struct buyer *buyer, size_t n, double per, const struct abe_wish *w, struct abe *draw,
                       double *alive, double *purchases, struct err *e)
{
    uint64_t repeats = 0;
    struct abe m;
    for (size_t i = 0; i < n; i++) {
        repeats += buyer[i].watched > 0 ? buyer[i].repeats : 0;
        if (alive)
            alive[i] = 0;
        if (purchases)
            purchases[i] = 0;
    }
    if (!repeats)
        return err_set(e, ERR_INVALID, 0, "nobody bought a second time: there is nothing to learn from");
    if (!w->draws)
        return err_set(e, ERR_INVALID, 0, "no draws are asked for");
    struct one *of = malloc(n * sizeof *of);
    if (!of)
        return err_set(e, ERR_LIMIT, 0, "no memory for draws");
    start(buyer, n, per, of, &m);
    run(of, n, w, &m, draw, alive, purchases);
    free(of);
    return ERR_OK;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double number_of(const struct abe *m, size_t which)
{
    return (const double[]){ m->rate, m->leaving, m->rate_var, m->covariance, m->leaving_var }[which];
}

enum err_code abe_median(const struct abe *draw, size_t draws, struct abe *ret, struct err *e)
{
    enum { NUMBERS = 5 };
    double *column = malloc((draws + 1) * sizeof *column), median[NUMBERS] = { 0 };
    if (!column)
        return err_set(e, ERR_LIMIT, 0, "no memory for draws");
    for (size_t k = 0; k < NUMBERS && draws; k++) {
        for (size_t i = 0; i < draws; i++)
            column[i] = number_of(&draw[i], k);
        qsort(column, draws, sizeof *column, by_size);
        median[k] = column[draws / 2];
    }
    free(column);
    *ret = (struct abe){ median[0], median[1], median[2], median[3], median[4] };
    return ERR_OK;
}
