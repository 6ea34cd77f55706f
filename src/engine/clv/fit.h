/* A likelihood's parameters: found from several starts, with what a person wants to know of the finding.
 *
 * Shape   models have parameters above 0; surfaces are of their logarithms, but for their last ones where they say so. Standard
 *         errors are those of the parameters themselves (delta method, exact where the slope is 0).
 * Cost    looks at some of the customers, a search among some more, and about 15 turns over all of them; intervals take some
 *         hundreds of turns.
 */
#ifndef TENDERO_ENGINE_CLV_FIT_H
#define TENDERO_ENGINE_CLV_FIT_H

#include <math.h>

#include "base/err.h"
#include "engine/clv/buyers.h"
#include "engine/clv/optimum.h"

struct fit {
    double log_likelihood, gradient;
    double error[OPTIMUM_MAX];       // in the order of the parameters; NAN: the likelihood is flat
    double at[OPTIMUM_MAX];          // the surface's variables there, and their covariance where there is one
    double covariance[OPTIMUM_MAX * OPTIMUM_MAX];
    bool peaked;                     // there is
    unsigned steps, starts;
    bool converged;
    const char *diagnosis;           // a sentence
};
struct fit_start {
    double at[OPTIMUM_MAX];          // logarithms
};
/* From the best of the starts on. rough: surfaces of the same shape, of ever more of the customers, to begin with; 0 of them
 * will do. parameter: n of them. ERR_INVALID: from no start is the likelihood a number. */
MUST_CHECK enum err_code fit_find(const struct surface *, const struct surface *rough, unsigned n_rough,
                                  const struct fit_start *, unsigned starts, double *parameter, struct fit *ret, struct err *e);
/* Between which values each parameter lies with a confidence of 95 %: where the likelihood, at its best with the parameter held
 * there, is as far below its peak as a chi-squared of 1 degree has it (profile likelihood). Where it never is, 0 or INFINITY
 * (-INFINITY and INFINITY of those that are no logarithms). */
void fit_intervals(const struct surface *, const struct fit *, double *low, double *high);

/* ln(alpha + t) and 1 / (alpha + t) of a time t: there are far fewer days than customers. */
struct at_day {
    double log, inverse;
};
/* A model of how often customers buy again: the argument of its likelihood. */
struct buying {
    const struct buyers *buyers;
    unsigned form;                   // of the model, where it has several
    struct at_day *day;              // room for each day that they were watched, or NULL
    size_t days;
};
void buying_days(const struct buying *, double alpha);
static inline struct at_day buying_at(const struct buying *f, double alpha, int32_t day)
{
    double t = alpha + day / f->buyers->per;
    return f->day ? f->day[day] : (struct at_day){ log(t), 1 / t };
}
/* From the starts by some of the buyers, then by all of them. ERR_INVALID: also where nobody bought a second time. */
MUST_CHECK enum err_code fit_of_buying(const struct surface *, struct buying *, const struct fit_start *, unsigned starts,
                                       double *parameter, struct fit *ret, struct err *e);

#endif
