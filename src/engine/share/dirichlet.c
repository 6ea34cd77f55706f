#include "engine/share/dirichlet.h"

#include <assert.h>
#include <math.h>

#define TAIL 1e-13                   // chance of more purchases than are summed up
#define PURCHASES_MOST 1000000
#define HALVINGS 200

/* Sums over how often people buy in the category, each number by its chance. */
struct sums {
    double none;                     // of the brand, those included who buy nothing at all
    double of_others;                // category purchases of people who do not buy the brand
    double only;                     // the brand and nothing else
};

static struct sums sums(double M, double K, double S, double share)
{
    double ratio = M / (M + K), chance = exp(-K * log1p(M / K)), below = chance, none = 1, only = 1;
    struct sums s = { .none = chance };
    for (double n = 1; n < PURCHASES_MOST && 1 - below > TAIL; n++) {
        chance *= ratio * (K + n - 1) / n;
        if (n > M && chance < TAIL * TAIL)
            break;                   // `below` is rounded and never gets there
        below += chance;
        none *= (S * (1 - share) + n - 1) / (S + n - 1);
        only *= (S * share + n - 1) / (S + n - 1);
        s.none += chance * none;
        s.of_others += chance * none * n;
        s.only += chance * only;
    }
    return s;
}

struct dirichlet_norm dirichlet_norm(const struct dirichlet *d, double share, double periods)
{
    assert(share > 0 && share < 1 && periods > 0);
    double M = d->M * periods;
    const struct sums s = sums(M, d->K, d->S, share);
    double penetration = 1 - s.none, category = (M - s.of_others) / penetration, buys = M * share / penetration;
    return (struct dirichlet_norm){ penetration, buys, category, buys / category, s.only / penetration };
}

/* ---- fitting ---- */
/* Where a rising function of a logarithm is 0; it is below at low and above at high. */
static double root(double (*of)(const void *arg, double x), const void *arg, double low, double high)
{
    for (int i = 0; i < HALVINGS && high - low > 1e-14 * fabs(high); i++) {
        double middle = (low + high) / 2;
        *(of(arg, exp(middle)) < 0 ? &low : &high) = middle;
    }
    return exp((low + high) / 2);
}

struct category {
    double penetration, M;
};

static double more_buyers_by_K(const void *arg, double K)
{
    const struct category *c = arg;
    return -expm1(-K * log1p(c->M / K)) - c->penetration;
}

struct brand {
    double M, K;
    const struct dirichlet_brand *is;
};

static double more_buyers_by_S(const void *arg, double S)
{
    const struct brand *b = arg;
    return 1 - sums(b->M, b->K, S, b->is->share).none - b->is->penetration;
}

#define LOG_LEAST (-12.0)
#define LOG_MOST 12.0

static enum err_code fit_S(double M, double K, const struct dirichlet_brand *brand, size_t brands, double *ret, size_t *used,
                           struct err *e)
{
    double sum = 0, weight = 0;
    *used = 0;
    for (size_t i = 0; i < brands; i++) {
        const struct brand b = { M, K, &brand[i] };
        if (!(brand[i].share > 0 && brand[i].share < 1 && brand[i].penetration > 0 && brand[i].penetration < 1))
            return err_set(e, ERR_INVALID, i, "brand %zu: share %g, penetration %g; both are between 0 and 1", i,
                           brand[i].share, brand[i].penetration);
        if (more_buyers_by_S(&b, exp(LOG_LEAST)) > 0 || more_buyers_by_S(&b, exp(LOG_MOST)) < 0)
            continue;
        sum += brand[i].share * root(more_buyers_by_S, &b, LOG_LEAST, LOG_MOST);
        weight += brand[i].share;
        ++*used;
    }
    if (!*used)
        return err_set(e, ERR_INVALID, 0, "no brand has as many buyers as its share and the category allow");
    *ret = sum / weight;
    return ERR_OK;
}

enum err_code dirichlet_fit(double penetration, double rate, const struct dirichlet_brand *brand, size_t brands,
                            struct dirichlet *ret, size_t *used, struct err *e)
{
    assert(ret && used);
    if (!(penetration > 0 && penetration < 1))
        return err_set(e, ERR_INVALID, 0, "the category's penetration is %g; between 0 and 1", penetration);
    const struct category c = { penetration, penetration * rate };
    if (!(isfinite(rate) && more_buyers_by_K(&c, exp(LOG_MOST)) > 0))
        return err_set(e, ERR_INVALID, 0, "buyers who are %g of all people buy at least %g times on average, not %g",
                       penetration, -log1p(-penetration) / penetration, rate);
    struct dirichlet d = { .M = c.M, .K = root(more_buyers_by_K, &c, -LOG_MOST * 4, LOG_MOST) };
    TRY(fit_S(d.M, d.K, brand, brands, &d.S, used, e));
    *ret = d;
    return ERR_OK;
}
