#include "engine/clv/fit.h"

#include <stdlib.h>
#include <string.h>

#define LARGE 1e3                    // a parameter beyond it says that customers are all alike in what it is about
#define SOME 400u                     // customers of a look, and those of a first search
#define MORE 10000u

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

/* From the best of the looks at the first surface. false: it is no number anywhere. */
static bool look_around(const struct surface *surface, const struct fit_start *start, unsigned starts, struct optimum *best,
                        unsigned *steps)
{
    struct optimum one;
    best->value = -INFINITY;
    for (unsigned i = 0; i < starts; i++)
        if (optimum_find(surface, start[i].at, NULL, OPTIMUM_LOOK, &one)) {
            *steps += one.steps;
            if (one.value > best->value)
                *best = one;
        }
    return isfinite(best->value);
}

/* On from where fewer customers led: by their covariance, as many times less as there are more of them now. */
static bool go_on(const struct surface *surface, struct optimum *best, unsigned *steps)
{
    double here[OPTIMUM_MAX], shrunk[OPTIMUM_MAX * OPTIMUM_MAX], slope[OPTIMUM_MAX];
    double share = best->peaked ? best->value / surface->value(surface->arg, best->x, slope) : NAN;
    bool known = share > 0 && isfinite(share);
    memcpy(here, best->x, sizeof here);
    for (size_t i = 0; known && i < surface->n * surface->n; i++)
        shrunk[i] = best->covariance[i] * share;
    bool ok = optimum_find(surface, here, known ? shrunk : NULL, OPTIMUM_PEAK, best);
    *steps += best->steps;
    return ok;
}

enum err_code fit_find(const struct surface *surface, const struct surface *rough, unsigned n_rough,
                       const struct fit_start *start, unsigned starts, double *parameter, struct fit *ret, struct err *e)
{
    struct optimum best = { .value = -INFINITY };
    size_t n = surface->n;
    *ret = (struct fit){ .starts = starts };
    bool ok = look_around(n_rough ? &rough[0] : surface, start, starts, &best, &ret->steps);
    for (unsigned i = 1; ok && i < n_rough; i++)
        ok = go_on(&rough[i], &best, &ret->steps);
    if (!ok || !go_on(surface, &best, &ret->steps))
        return err_set(e, ERR_INVALID, 0, "the likelihood is no number: nothing can be learnt from these customers");
    ret->peaked = best.peaked;
    for (size_t i = 0; i < n; i++) {
        bool plain = i >= n - surface->plain;
        ret->at[i] = best.x[i];
        parameter[i] = plain ? best.x[i] : exp(best.x[i]);
        ret->error[i] = best.peaked ? (plain ? 1 : parameter[i]) * sqrt(best.covariance[i * n + i]) : NAN;
    }
    memcpy(ret->covariance, best.covariance, n * n * sizeof *ret->covariance);
    ret->log_likelihood = best.value;
    ret->gradient = best.gradient;
    ret->converged = best.found;
    ret->diagnosis = diagnose(&best, parameter, n);
    return ERR_OK;
}

void buying_days(const struct buying *f, double alpha)
{
    const struct buying direct = { .buyers = f->buyers };
    for (size_t day = 0; f->day && day < f->days; day++)
        f->day[day] = buying_at(&direct, alpha, (int32_t)day);
}

/* Room for the days, where they are fewer than the buyers. */
static void make_days(struct buying *f)
{
    const struct buyers *b = f->buyers;
    f->days = 0;
    for (size_t i = 0; i < b->n; i++)
        f->days = (size_t)b->of[i].watched >= f->days ? (size_t)b->of[i].watched + 1 : f->days;
    f->day = f->days < b->n ? malloc(f->days * sizeof *f->day) : NULL;
}

enum err_code fit_of_buying(const struct surface *surface, struct buying *all, const struct fit_start *start, unsigned starts,
                            double *parameter, struct fit *ret, struct err *e)
{
    static const size_t sizes[] = { SOME, MORE };
    struct buyers some[2] = { { .n = 0 } };
    struct buying of_some[2];
    struct surface rough[2];
    unsigned n = 0;
    enum err_code code = ERR_OK;
    if (buyers_rate(all->buyers) <= 0)
        return err_set(e, ERR_INVALID, 0, "nobody bought a second time: there is nothing to learn from");
    for (; n < 2 && 2 * sizes[n] < all->buyers->n && !code; n++) {
        code = buyers_sample(all->buyers, sizes[n], &some[n], e);
        of_some[n] = (struct buying){ .buyers = &some[n], .form = all->form };
        rough[n] = (struct surface){ .n = surface->n, .value = surface->value, .arg = &of_some[n], .plain = surface->plain };
    }
    make_days(all);
    if (!code)
        code = fit_find(surface, rough, n, start, starts, parameter, ret, e);
    free(all->day);
    all->day = NULL;
    for (unsigned i = 0; i < n; i++)
        buyers_drop(&some[i]);
    return code;
}
