#include "engine/clv/fit.h"

#include <stdlib.h>
#include <string.h>

#define LARGE 1e3                    // a parameter beyond it says that customers are all alike in what it is about
#define SOME 400u                     // customers of a look, and those of a first search
#define MORE 10000u
#define WIDE 1.959963984540054       // standard errors, of 95 %
#define CLOSE 1e-3
#define FAR 14.0                     // of a logarithm, a million times as much: nothing is to be found there
#define TRIES 40
#define LIMIT_SLOPE 1e-4             // of the likelihood
#define VAGUE 2.0                    // a standard error of a logarithm: the parameter may be anything

/* A parameter that went off to infinity, where customers are all alike: what it still gains there is what rounding leaves. */
static bool is_limit(const struct surface *s, const struct optimum *best, const double *parameter)
{
    bool far = false;
    for (size_t i = 0; i < s->n - s->plain; i++)
        far = far || parameter[i] > LARGE;
    return far && best->gradient <= LIMIT_SLOPE * fabs(best->value);
}

static const char *diagnose(const struct surface *s, const struct optimum *best, const double *parameter)
{
    bool limit = is_limit(s, best, parameter), vague = !best->peaked || limit;
    for (size_t i = 0; i < s->n - s->plain; i++)
        vague = vague || parameter[i] > LARGE || sqrt(best->covariance[i * s->n + i]) > VAGUE;
    if (!best->found && !limit)
        return "The search has not ended: the likelihood still rises where it stopped.";
    if (vague)
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
    ret->converged = best.found || is_limit(surface, &best, parameter);
    ret->diagnosis = diagnose(surface, &best, parameter);
    return ERR_OK;
}

/* ---- intervals ---- */
/* A surface with one of its variables held. */
struct held {
    const struct surface *of;
    size_t which;
    double at;
};

static double value_held(const void *arg, const double *x, double *slope)
{
    const struct held *h = arg;
    double all[OPTIMUM_MAX], steep[OPTIMUM_MAX];
    for (size_t i = 0; i < h->of->n; i++)
        all[i] = i == h->which ? h->at : x[i - (i > h->which)];
    double value = h->of->value(h->of->arg, all, steep);
    for (size_t i = 0; i < h->of->n; i++)
        if (i != h->which)
            slope[i - (i > h->which)] = steep[i];
    return value;
}

/* What is left of the covariance of the others once one is known. */
static void covariance_held(const struct fit *fit, size_t n, size_t which, double *ret)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            if (i != which && k != which)
                *ret++ = fit->covariance[i * n + k] - fit->covariance[i * n + which] * fit->covariance[which * n + k]
                                                          / fit->covariance[which * n + which];
}

/* How far the likelihood falls where the variable is held, as a distance in standard errors; NAN: it is no number. others:
 * where the rest was best, and is now. */
static double fallen(const struct surface *s, const struct fit *fit, size_t which, double at, double *others)
{
    const struct held h = { s, which, at };
    const struct surface rest = { .n = s->n - 1, .value = value_held, .arg = &h };
    double covariance[OPTIMUM_MAX * OPTIMUM_MAX];
    struct optimum best;
    if (fit->peaked)
        covariance_held(fit, s->n, which, covariance);
    if (!optimum_find(&rest, others, fit->peaked ? covariance : NULL, OPTIMUM_CLIMB, &best))
        return NAN;
    memcpy(others, best.x, (s->n - 1) * sizeof *others);
    return sqrt(2 * fmax(0, fit->log_likelihood - best.value));
}

/* The end on one side: out to where it has fallen far enough, and then in between, along which that distance is almost
 * straight. */
static double end_of(const struct surface *s, const struct fit *fit, size_t which, double side)
{
    double width = fit->peaked ? sqrt(fit->covariance[which * s->n + which]) : 1, others[OPTIMUM_MAX];
    double near = 0, near_by = 0, far = INFINITY, far_by = 0, off = WIDE * fmin(width, 1);
    for (size_t i = 0; i + 1 < s->n; i++)
        others[i] = fit->at[i + (i >= which)];
    for (int i = 0; i < TRIES && off <= FAR; i++) {
        double by = fallen(s, fit, which, fit->at[which] + side * off, others);
        if (!isfinite(by))
            break;
        if (fabs(by - WIDE) < CLOSE)
            return fit->at[which] + side * off;
        *(by < WIDE ? &near : &far) = off;
        *(by < WIDE ? &near_by : &far_by) = by;
        if (isinf(far))
            off = off < FAR ? fmin(FAR, off * fmin(3, fmax(1.05, WIDE / by))) : INFINITY;
        else
            off = near + (far - near) * fmin(.95, fmax(.05, (WIDE - near_by) / (far_by - near_by)));
    }
    return side * INFINITY;
}

void fit_intervals(const struct surface *s, const struct fit *fit, double *low, double *high)
{
    for (size_t i = 0; i < s->n; i++) {
        bool plain = i >= s->n - s->plain;
        double from = end_of(s, fit, i, -1), to = end_of(s, fit, i, 1);
        low[i] = plain ? from : exp(from);
        high[i] = plain ? to : exp(to);
    }
}

/* ---- models of buying ---- */
void buying_days(const struct buying *f, double alpha)
{
    const struct buying direct = { .buyers = f->buyers };
    for (size_t day = 0; f->day && day < f->days; day++)
        f->day[day] = buying_at(&direct, alpha, (int32_t)day);
}

/* Room for the days, where they are fewer than the buyers; without it each day is worked out where it is met. */
static void make_days(struct buying *f)
{
    const struct buyers *b = f->buyers;
    int32_t least = 0, most = 0;
    for (size_t i = 0; i < b->n; i++) {
        const struct buyer *of = &b->of[i];
        int32_t low = of->last < of->watched ? of->last : of->watched, high = of->last < of->watched ? of->watched : of->last;
        least = low < least ? low : least;
        most = high > most ? high : most;
    }
    f->days = (size_t)most + 1;
    f->day = least == 0 && f->days < b->n ? malloc(f->days * sizeof *f->day) : NULL;
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
