#include "engine/clv/kinds.h"

#include <assert.h>
#include <math.h>

#include "engine/clv/bg_bb.h"
#include "engine/clv/bg_nbd.h"
#include "engine/clv/ggompertz_nbd.h"
#include "engine/clv/pareto_nbd.h"

#define PURCHASES_MAX 100000u

/* Each model's functions, of parameters that stand in an array: what follows are the members of its struct. */
#define ASKED(kind, model, ...)                                                                                       \
    static double kind##_expected(const double *at, double t)                                                         \
    {                                                                                                                 \
        const struct model m = { __VA_ARGS__ };                                                                       \
        return model##_expected(&m, t);                                                                               \
    }                                                                                                                 \
    static double kind##_chance(const double *at, uint32_t n, double t)                                               \
    {                                                                                                                 \
        const struct model m = { __VA_ARGS__ };                                                                       \
        return model##_chance(&m, n, t);                                                                              \
    }                                                                                                                 \
    static double kind##_alive(const double *at, double x, double tx, double T)                                       \
    {                                                                                                                 \
        const struct model m = { __VA_ARGS__ };                                                                       \
        return model##_alive(&m, x, tx, T);                                                                           \
    }                                                                                                                 \
    static double kind##_to_come(const double *at, double x, double T, double t)                                      \
    {                                                                                                                 \
        const struct model m = { __VA_ARGS__ }, here = model##_of_alive(&m, x, T);                                    \
        return model##_expected(&here, t);                                                                            \
    }                                                                                                                 \
    static double kind##_chance_to_come(const double *at, double x, double T, uint32_t n, double t)                   \
    {                                                                                                                 \
        const struct model m = { __VA_ARGS__ }, here = model##_of_alive(&m, x, T);                                    \
        return model##_chance(&here, n, t);                                                                           \
    }
#define FITTED(kind, model, ...)                                                                                      \
    static enum err_code kind##_fit(const struct buyers *buyers, struct fit *fit, struct err *e)                      \
    {                                                                                                                 \
        struct model m;                                                                                               \
        return model##_fit(__VA_ARGS__ buyers, &m, fit, e);                                                           \
    }
ASKED(bg, bg_nbd, BG_NBD, at[0], at[1], at[2], at[3])
ASKED(mbg, bg_nbd, MBG_NBD, at[0], at[1], at[2], at[3])
ASKED(pareto, pareto_nbd, at[0], at[1], at[2], at[3])
ASKED(ggompertz, ggompertz_nbd, at[0], at[1], at[2], at[3], at[4])
ASKED(bb, bg_bb, at[0], at[1], at[2], at[3])
#define FORM(form) form,
FITTED(bg, bg_nbd, FORM(BG_NBD))
FITTED(mbg, bg_nbd, FORM(MBG_NBD))
FITTED(pareto, pareto_nbd, )
FITTED(ggompertz, ggompertz_nbd, )
FITTED(bb, bg_bb, )

#define FUNCTIONS(kind)                                                                                               \
    .fit = kind##_fit, .expected = kind##_expected, .chance = kind##_chance, .alive = kind##_alive,                   \
    .to_come = kind##_to_come, .chance_to_come = kind##_chance_to_come
const struct kind buying_kinds[KINDS] = {
    [KIND_BG_NBD] = { .name = "bg-nbd", .n = 4, .parameter = { "r", "alpha", "a", "b" }, .form = BG_NBD,
                      .rate = { 0, -1, 0, 0 }, .leaving = { 0, 0, 1, 1 }, .surface = bg_nbd_surface, FUNCTIONS(bg) },
    [KIND_MBG_NBD] = { .name = "mbg-nbd", .n = 4, .parameter = { "r", "alpha", "a", "b" }, .form = MBG_NBD,
                       .rate = { 0, -1, 0, 0 }, .leaving = { 0, 0, 1, 1 }, .surface = bg_nbd_surface, FUNCTIONS(mbg) },
    [KIND_PARETO_NBD] = { .name = "pareto-nbd", .n = 4, .parameter = { "r", "alpha", "s", "beta" },
                          .rate = { 0, -1, 0, 0 }, .leaving = { 0, 0, 0, -1 }, .surface = pareto_nbd_surface, FUNCTIONS(pareto) },
    [KIND_GGOMPERTZ_NBD] = { .name = "ggompertz-nbd", .n = 5, .parameter = { "r", "alpha", "b", "s", "beta" },
                             .rate = { 0, -1, 0, 0, 0 }, .leaving = { 0, 0, 0, 0, -1 }, .surface = ggompertz_nbd_surface,
                             FUNCTIONS(ggompertz) },
    [KIND_BG_BB] = { .name = "bg-bb", .n = 4, .parameter = { "alpha", "beta", "gamma", "delta" }, .discrete = true,
                     .rate = { 1, 0, 0, 0 }, .leaving = { 0, 0, 1, 0 }, .surface = bg_bb_surface, FUNCTIONS(bb) },
};

const struct kind *kind_of(struct slice name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (slice_is(name, buying_kinds[i].name))
            return &buying_kinds[i];
    return NULL;
}

enum err_code kind_fit(const struct kind *k, const struct buyers *buyers, double *at, struct fit *fit, struct err *e)
{
    TRY(k->fit(buyers, fit, e));
    for (size_t i = 0; i < k->n; i++)
        at[i] = exp(fit->at[i]);
    return ERR_OK;
}

void kind_intervals(const struct kind *k, const struct buyers *buyers, const struct fit *fit, double *low, double *high)
{
    const struct buying f = { .buyers = buyers, .form = k->form };
    const struct surface surface = k->surface(&f);
    fit_intervals(&surface, fit, low, high);
}

double kind_expected_of(const struct kind *k, const double *at, double x, double tx, double T, double t)
{
    return k->alive(at, x, tx, T) * k->to_come(at, x, T, t);
}

struct purchase_range kind_range(const struct kind *k, const double *at, double x, double tx, double T, double t, double chance)
{
    assert(chance > 0 && chance < 1);
    double alive = k->alive(at, x, tx, T), out = (1 - chance) / 2, sum = 1 - alive;
    struct purchase_range ret = { 0, 0 };
    for (uint32_t n = 0; n < PURCHASES_MAX; n++) {
        sum += alive * k->chance_to_come(at, x, T, n, t);
        if (sum <= out)
            ret.low = n + 1;
        ret.high = n;
        if (sum >= 1 - out)
            break;
    }
    return ret;
}
