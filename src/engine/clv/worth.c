#include "engine/clv/worth.h"

#include <math.h>

#define WEEKS_OF_YEAR (365.25 / 7)
#define COUNTED 200.0                // expected purchases beyond which their spread is taken as normal
#define COUNTED_MAX 10000            // how far they are counted

double worth_expected(const struct value_models *m, const struct worth_of *of, double weeks)
{
    return kind_expected_of(m->kind, m->at, of->x, of->tx, of->T, weeks);
}

double worth_alive(const struct value_models *m, const struct worth_of *of)
{
    return m->kind->alive(m->at, of->x, of->tx, of->T);
}

double worth_expected_anew(const struct value_models *m, double weeks)
{
    return m->kind->expected(m->at, weeks);
}

struct value_models worth_faster(const struct value_models *m, double times)
{
    struct value_models ret = *m;
    for (size_t i = 0; i < m->kind->n; i++)
        ret.at[i] *= pow(times, m->kind->rate[i]);
    return ret;
}

double worth_spend_anew(const struct value_models *m)
{
    double spend = m->spend.p > 0 ? gamma_gamma_expected(&m->spend, 0, 0) : NAN;
    return isfinite(spend) ? spend : m->mean_spend;
}

static double discount_at(const struct worth_terms *terms, double weeks)
{
    return pow(1 + terms->discount, -weeks / WEEKS_OF_YEAR);
}

double worth_discount(const struct worth_terms *terms)
{
    return discount_at(terms, terms->horizon / 2);
}

static double spend_of(const struct value_models *m, const struct worth_of *of)
{
    if (!(of->purchases > 0))
        return worth_spend_anew(m);
    double spend = m->spend.p > 0 ? gamma_gamma_expected(&m->spend, of->purchases, of->mean) : NAN;
    return isfinite(spend) ? spend : of->mean;
}

/* Abramowitz and Stegun 26.2.23, to 4.5e-4; 0 < share < 1. */
static double normal_at(double share)
{
    double tail = fmin(share, 1 - share), t = sqrt(-2 * log(tail));
    double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    return share < 0.5 ? -z : z;
}

/* Where the purchases of one who is there with this chance, and buys `mean` times then, have `share` of what may come below. */
static double purchases_at(double alive, double shape, double mean, double share)
{
    double to = (share - (1 - alive)) / alive, p = shape / (shape + mean), chance = pow(p, shape), n = 0;
    if (to <= 0)
        return 0;
    if (mean > COUNTED)
        return fmax(0, round(mean + normal_at(fmin(to, 1 - 1e-9)) * sqrt(mean + mean * mean / shape)));
    for (double below = chance; below < to && n < COUNTED_MAX; n++) {
        chance *= (shape + n) / (n + 1) * (1 - p);
        below += chance;
    }
    return n;
}

/* Of one who is here: in parts of the horizon, each discounted from its middle, the purchases to come and what is left of them. */
static double discounted(const struct value_models *m, const struct worth_terms *terms, const struct worth_of *of, double *expected)
{
    double sum = 0, before = 0, part = terms->horizon / WORTH_QUARTERS;
    for (int i = 1; i <= WORTH_QUARTERS; i++) {
        double until = m->kind->to_come(m->at, of->x, of->T, part * i);
        sum += (until - before) * discount_at(terms, part * (i - 0.5));
        before = until;
    }
    *expected = before;
    return sum;
}

struct worth worth_of(const struct value_models *m, const struct worth_terms *terms, const struct worth_of *of, bool range)
{
    struct worth w = { .alive = worth_alive(m, of), .spend = spend_of(m, of) };
    double mean, left = discounted(m, terms, of, &mean), shape = of->x + m->at[0];
    w.expected = w.alive * mean;
    w.value = terms->margin * w.spend * w.alive * left;
    if (range && w.alive > 0) {
        w.low = purchases_at(w.alive, shape, mean, WORTH_BEYOND);
        w.high = purchases_at(w.alive, shape, mean, 1 - WORTH_BEYOND);
    }
    return w;
}

double worth_at(const struct worth *w, double purchases)
{
    return w->expected > 0 ? w->value / w->expected * purchases : 0;
}
