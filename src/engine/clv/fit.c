#include "engine/clv/fit.h"

#include <math.h>

#define LARGE 1e3                    // a parameter beyond it says that customers are all alike in what it is about

static const char *diagnose(const struct optimum *best, const double *parameter, size_t n)
{
    bool large = false;
    for (size_t i = 0; i < n; i++)
        large = large || parameter[i] > LARGE;
    if (!best->found)
        return "The search has not ended: the likelihood still rises where it stopped.";
    if (!best->peaked || large)
        return "The likelihood is flat in one direction: the data do not tell some parameters apart. What the model predicts is to "
               "be trusted more than they are.";
    return "The likelihood has its peak here.";
}

enum err_code fit_find(const struct surface *surface, const struct surface *rough, const struct fit_start *start,
                       unsigned starts, double *parameter, struct fit *ret, struct err *e)
{
    struct optimum best = { .value = -INFINITY }, one;
    *ret = (struct fit){ .starts = starts };
    for (unsigned i = 0; i < starts; i++)
        if (optimum_look(rough, start[i].at, &one)) {
            ret->steps += one.steps;
            if (one.value > best.value)
                best = one;
        }
    if (!isfinite(best.value) || !optimum_find(surface, best.x, &one))
        return err_set(e, ERR_INVALID, 0, "the likelihood is no number: nothing can be learnt from these customers");
    best = one;
    ret->steps += one.steps;
    for (size_t i = 0; i < surface->n; i++) {
        parameter[i] = exp(best.x[i]);
        ret->error[i] = best.peaked ? parameter[i] * sqrt(best.covariance[i * surface->n + i]) : NAN;
    }
    ret->log_likelihood = best.value;
    ret->gradient = best.gradient;
    ret->converged = best.found;
    ret->diagnosis = diagnose(&best, parameter, surface->n);
    return ERR_OK;
}

enum err_code fit_of_buying(const struct surface *surface, const struct fit_start *start, unsigned starts,
                            double *parameter, struct fit *ret, struct err *e)
{
    const struct buying *all = surface->arg;
    struct buyers some;
    if (buyers_rate(all->buyers) <= 0)
        return err_set(e, ERR_INVALID, 0, "nobody bought a second time: there is nothing to learn from");
    TRY(buyers_sample(all->buyers, &some, e));
    const struct buying of_some = { &some, all->form };
    const struct surface rough = { surface->n, surface->value, &of_some };
    enum err_code code = fit_find(surface, &rough, start, starts, parameter, ret, e);
    buyers_drop(&some);
    return code;
}
