/* How much more often those who share a level of a covariate buy than a model without it expects: a channel, a country, a month.
 *
 * Model    what came of a customer has the mean e * prod ratio(c, level): e is what the model without covariates expects. The
 *          ratios of a covariate lie around 1 with the variance t2; what came of a level is off its mean by chance with the
 *          variance phi * e. phi, at least 1, is the dispersion of everybody; t2 is DerSimonian and Laird's estimate, 0 where
 *          levels differ no more than chance has them. The ratio of a level is 1 + w (came / e - 1), w = e / (e + phi / t2):
 *          levels of few customers stay near 1 (Buehlmann and Straub 1970). Covariates take turns, each with the others held.
 * Totals   e is scaled so that all levels together have what came: a covariate tells people apart, and moves no total.
 * Choice   forwards: the covariate that foretells later days best beside those already taken, by the Poisson score
 *          came ln(m) - m, which rewards the right mean; while the gain of the customers is RATIO_SURE standard errors or more.
 * Level 0  nothing is known: its ratio is 1, as is that of a level nobody had.
 */
#ifndef TENDERO_ENGINE_CLV_RATE_RATIO_H
#define TENDERO_ENGINE_CLV_RATE_RATIO_H

#include <stddef.h>
#include <stdint.h>

#define RATIO_COVARIATES 6
#define RATIO_LEVELS 33              // with level 0
#define RATIO_MOST 8.0               // all of a customer's ratios together, and its inverse
#define RATIO_SURE 2.0

struct ratio_case {
    double came, expected;           // to learn from
    double later;                    // to choose by
    uint8_t level[RATIO_COVARIATES];
};
struct rate_ratios {
    unsigned used;                   // a bit a covariate
    double ratio[RATIO_COVARIATES][RATIO_LEVELS];
};
/* What later days are expected to bring the i-th case whose ratio this is. */
typedef double (*ratio_foretell)(const void *arg, size_t i, double ratio);

/* Of the covariates in `used`; the others have ratios of 1. */
void rate_ratios_fit(const struct ratio_case *, size_t n, unsigned used, struct rate_ratios *ret);
double rate_ratio_of(const struct rate_ratios *, const uint8_t *level);
/* gain: of each covariate the gain per customer in the round in which it was taken, or the last in which it was not, in
 * standard errors; 0 where it changes nothing. */
void rate_ratios_choose(const struct ratio_case *, size_t n, unsigned candidates, ratio_foretell, const void *arg,
                        struct rate_ratios *ret, double gain[RATIO_COVARIATES]);

#endif
