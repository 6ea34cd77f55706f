#include "engine/clv/rate_ratio.h"

#include <math.h>

#define ROUNDS 8
#define LEAST 1e-9                   // of a mean: its logarithm is asked for

struct level {
    double came, expected;
};

static void start(struct rate_ratios *r)
{
    r->used = 0;
    for (size_t c = 0; c < RATIO_COVARIATES; c++)
        for (size_t l = 0; l < RATIO_LEVELS; l++)
            r->ratio[c][l] = 1;
}

double rate_ratio_of(const struct rate_ratios *r, const uint8_t *level)
{
    double by = 1;
    for (size_t c = 0; c < RATIO_COVARIATES; c++)
        by *= level[c] < RATIO_LEVELS ? r->ratio[c][level[c]] : 1;
    return fmin(RATIO_MOST, fmax(1 / RATIO_MOST, by));
}

/* Of those with a level of it, what came and what the others foretell; returns the dispersion. */
static double gather(const struct ratio_case *of, size_t n, const struct rate_ratios *r, size_t c, struct level *level)
{
    double came = 0, expected = 0, squares = 0, scale;
    for (size_t i = 0; i < n; i++) {
        size_t l = of[i].level[c];
        if (!l || l >= RATIO_LEVELS)
            continue;
        double e = of[i].expected * rate_ratio_of(r, of[i].level) / r->ratio[c][l];
        level[l].came += of[i].came;
        level[l].expected += e;
        came += of[i].came;
        expected += e;
    }
    if (!(came > 0 && expected > 0))
        return NAN;
    scale = came / expected;
    for (size_t l = 1; l < RATIO_LEVELS; l++)
        level[l].expected *= scale;
    for (size_t i = 0; i < n; i++) {
        double off = of[i].came - of[i].expected * rate_ratio_of(r, of[i].level) * scale;
        squares += of[i].level[c] ? off * off : 0;
    }
    return fmax(1, squares / came);
}

static void turn(const struct ratio_case *of, size_t n, size_t c, struct rate_ratios *r)
{
    struct level level[RATIO_LEVELS] = { { 0 } };
    double phi = gather(of, n, r, c, level), q = 0, all = 0, squares = 0, levels = 0;
    for (size_t l = 1; l < RATIO_LEVELS && isfinite(phi); l++) {
        double e = level[l].expected, off = e > 0 ? level[l].came / e - 1 : 0;
        q += e * off * off / phi;
        all += e;
        squares += e * e;
        levels += e > 0;
    }
    double t2 = levels > 1 ? phi * (q - (levels - 1)) / (all - squares / all) : 0;
    for (size_t l = 1; l < RATIO_LEVELS; l++) {
        double e = level[l].expected;
        r->ratio[c][l] = t2 > 0 && e > 0 ? 1 + e / (e + phi / t2) * (level[l].came / e - 1) : 1;
    }
}

void rate_ratios_fit(const struct ratio_case *of, size_t n, unsigned used, struct rate_ratios *ret)
{
    start(ret);
    ret->used = used;
    for (int round = 0; round < ROUNDS; round++)
        for (size_t c = 0; c < RATIO_COVARIATES; c++)
            if (used >> c & 1)
                turn(of, n, c, ret);
}

static double score(double came, double mean)
{
    return came * log(fmax(mean, LEAST)) - mean;
}

/* How many standard errors the one foretells later days better than the other. */
static double gain_of(const struct ratio_case *of, size_t n, const struct rate_ratios *with, const struct rate_ratios *without,
                      ratio_foretell foretell, const void *arg)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double by = rate_ratio_of(with, of[i].level), plain = rate_ratio_of(without, of[i].level), gain = 0;
        if (by != plain)
            gain = score(of[i].later, foretell(arg, i, by)) - score(of[i].later, foretell(arg, i, plain));
        double off = gain - mean;
        mean += off / (double)(i + 1);
        squares += off * (gain - mean);
    }
    return squares > 0 ? mean / sqrt(squares) * (double)n : 0;
}

void rate_ratios_choose(const struct ratio_case *of, size_t n, unsigned candidates, ratio_foretell foretell, const void *arg,
                        struct rate_ratios *ret, double gain[RATIO_COVARIATES])
{
    start(ret);
    for (size_t c = 0; c < RATIO_COVARIATES; c++)
        gain[c] = 0;
    for (;;) {
        struct rate_ratios best, one;
        double most = 0;
        for (size_t c = 0; c < RATIO_COVARIATES; c++) {
            if (!(candidates >> c & 1) || ret->used >> c & 1)
                continue;
            rate_ratios_fit(of, n, ret->used | 1u << c, &one);
            gain[c] = gain_of(of, n, &one, ret, foretell, arg);
            if (gain[c] <= most)
                continue;
            most = gain[c];
            best = one;
        }
        if (most < RATIO_SURE)
            return;
        *ret = best;
    }
}
