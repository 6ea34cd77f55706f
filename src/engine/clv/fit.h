/* A likelihood's parameters: found from several starts, with what a person wants to know of the finding.
 *
 * Shape   models have parameters above 0; surfaces are of their logarithms. Standard errors are those of the parameters
 *         themselves (delta method, exact where the slope is 0).
 */
#ifndef TENDERO_ENGINE_CLV_FIT_H
#define TENDERO_ENGINE_CLV_FIT_H

#include "base/err.h"
#include "engine/clv/buyers.h"
#include "engine/clv/optimum.h"

struct fit {
    double log_likelihood, gradient;
    double error[OPTIMUM_MAX];       // in the order of the parameters; NAN: the likelihood is flat
    unsigned steps, starts;
    bool converged;
    const char *diagnosis;           // a sentence
};
struct fit_start {
    double at[OPTIMUM_MAX];          // logarithms
};
/* From the best of the starts on, by a rough surface (of some of the customers, or the same). parameter: n of them.
 * ERR_INVALID: from no start is the likelihood a number. */
MUST_CHECK enum err_code fit_find(const struct surface *, const struct surface *rough, const struct fit_start *,
                                  unsigned starts, double *parameter, struct fit *ret, struct err *e);
/* A model of how often customers buy again: the argument of its likelihood. */
struct buying {
    const struct buyers *buyers;
    unsigned form;                   // of the model, where it has several
};
/* From the starts by some of the buyers, then by all of them. ERR_INVALID: also where nobody bought a second time. */
MUST_CHECK enum err_code fit_of_buying(const struct surface *, const struct fit_start *, unsigned starts,
                                       double *parameter, struct fit *ret, struct err *e);

#endif
