#include "engine/clv/pareto_nbd_bayes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/draw.h"

#define PARAMETERS 4
#define APART 10                 // steps between two draws that are kept
#define BEFORE 200               // steps that are not: the chain starts at its peak
#define STRIDE 1.19              // of the covariance's root: 2.38 / sqrt(4) (Gelman, Roberts and Gilks 1996)
#define VAGUE 1e-3               // shape and rate of the priors
#define PURCHASES_MAX 100000

/* Lower, of a covariance. */
static void root_of(const double *of, double root[PARAMETERS][PARAMETERS])
{
    for (int i = 0; i < PARAMETERS; i++)
        for (int k = 0; k <= i; k++) {
            double rest = of[i * PARAMETERS + k];
            for (int j = 0; j < k; j++)
                rest -= root[i][j] * root[k][j];
            root[i][k] = i == k ? sqrt(rest) : rest / root[k][k];
        }
}

/* Of the parameters' logarithms, but for a constant. */
static double log_posterior(const struct surface *s, const double *at)
{
    double slope[PARAMETERS], sum = s->value(s->arg, at, slope);
    for (int i = 0; i < PARAMETERS; i++)
        sum += VAGUE * (at[i] - exp(at[i]));
    return sum;
}

struct chain {
    const struct surface *surface;
    double root[PARAMETERS][PARAMETERS];
    double at[PARAMETERS], log;
    uint64_t seed;
    size_t accepted;
};

static void step(struct chain *c)
{
    double to[PARAMETERS], normal[PARAMETERS];
    for (int i = 0; i < PARAMETERS; i++) {
        normal[i] = any_normal(&c->seed) * STRIDE;
        to[i] = c->at[i];
        for (int k = 0; k <= i; k++)
            to[i] += c->root[i][k] * normal[k];
    }
    double log_to = log_posterior(c->surface, to);
    if (!(log(any_between(&c->seed)) < log_to - c->log))
        return;
    memcpy(c->at, to, sizeof to);
    c->log = log_to;
    c->accepted++;
}

enum err_code pareto_nbd_bayes_fit(const struct buyers *buyers, uint64_t seed, size_t draws, struct pareto_nbd_bayes *ret,
                                   struct fit *fit, struct err *e)
{
    const struct buying f = { .buyers = buyers };
    const struct surface surface = pareto_nbd_surface(&f);
    struct chain c = { .surface = &surface, .seed = hash_mix(seed) };
    struct pareto_nbd best;
    if (draws < 1 || draws > BAYES_DRAWS_MAX)
        return err_set(e, ERR_LIMIT, draws, "draws are from 1 to %d", BAYES_DRAWS_MAX);
    TRY(pareto_nbd_fit(buyers, &best, fit, e));
    if (!fit->peaked)
        return err_set(e, ERR_INVALID, 0, "the likelihood is flat: these customers do not tell what is possible from what is not");
    struct pareto_nbd *draw = malloc(draws * sizeof *draw);
    if (!draw)
        return err_set(e, ERR_LIMIT, 0, "no memory for draws");
    root_of(fit->covariance, c.root);
    memcpy(c.at, fit->at, sizeof c.at);
    c.log = log_posterior(&surface, c.at);
    for (size_t i = 0; i < BEFORE; i++)
        step(&c);
    c.accepted = 0;
    for (size_t i = 0; i < draws * APART; i++) {
        step(&c);
        draw[i / APART] = (struct pareto_nbd){ exp(c.at[0]), exp(c.at[1]), exp(c.at[2]), exp(c.at[3]) };
    }
    *ret = (struct pareto_nbd_bayes){ draw, draws, (double)c.accepted / (double)(draws * APART) };
    return ERR_OK;
}

void pareto_nbd_bayes_drop(struct pareto_nbd_bayes *b)
{
    free(b->draw);
    *b = (struct pareto_nbd_bayes){ .n = 0 };
}

/* ---- one customer ---- */
static double purchases_drawn(const struct pareto_nbd *here, double t, uint64_t *seed)
{
    double rate = any_gamma(seed, here->r) / here->alpha;
    double leaves = -log(any_between(seed)) * here->beta / any_gamma(seed, here->s), until = fmin(t, leaves), n = 0;
    for (double now = -log(any_between(seed)) / rate; now < until && n < PURCHASES_MAX; n++)
        now -= log(any_between(seed)) / rate;
    return n;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct foreseen range_of(double *draw, size_t n, double sum)
{
    qsort(draw, n, sizeof *draw, by_size);
    double from = floor(.025 * (double)(n - 1)), to = ceil(.975 * (double)(n - 1));
    return (struct foreseen){ sum / (double)n, draw[(size_t)from], draw[(size_t)to] };
}

struct pareto_nbd_future pareto_nbd_bayes_of(const struct pareto_nbd_bayes *b, double x, double tx, double T, double t,
                                             uint64_t seed)
{
    double alive[BAYES_DRAWS_MAX], purchases[BAYES_DRAWS_MAX], alives = 0, expected = 0;
    uint64_t state = hash_mix(seed);
    for (size_t i = 0; i < b->n; i++) {
        const struct pareto_nbd here = pareto_nbd_of_alive(&b->draw[i], x, T);
        alive[i] = pareto_nbd_alive(&b->draw[i], x, tx, T);
        purchases[i] = any_between(&state) < alive[i] ? purchases_drawn(&here, t, &state) : 0;
        alives += alive[i];
        expected += alive[i] * pareto_nbd_expected(&here, t);
    }
    return (struct pareto_nbd_future){ range_of(alive, b->n, alives), range_of(purchases, b->n, expected) };
}
