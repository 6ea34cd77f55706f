#include "engine/share/wallet.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/share/quantile.h"
#include "engine/share/tobit.h"

#define PRIOR 10                     // declared wallets that shift and spread are worth before any is
#define LEAST_POTENTIAL .01          // of the mean: nobody's wallet is sought at 0
#define LEAST_VARIANCE 1e-6
#define SUREST 1e-300
#define BUYERS_EACH 10               // for a coefficient

struct wallet {
    struct wallet_options options;
    struct wallet_summary is;
    unsigned features;
    double unit;                     // mean own spend of those who bought
    double level;                    // ln (1 + potential / unit) of the group
    struct quantile_trees *trees;    // of each customer, or NULL
    struct tobit *tobit;             // the same
};

/* ---- the tail of the normal ---- */
static double above(double z)
{
    return erfc(z * M_SQRT1_2) / 2;
}

/* Where above(z) = p, to 5e-4. Source: Abramowitz and Stegun 26.2.23. */
static double at_tail(double p)
{
    if (p > .5)
        return -at_tail(1 - p);
    double t = sqrt(-2 * log(fmax(p, SUREST)));
    return t - (2.515517 + t * (.802853 + t * .010328)) / (1 + t * (1.432788 + t * (.189269 + t * .001308)));
}

/* ---- what is checked ---- */
static enum err_code check_rows(const struct wallet_rows *rows, struct err *e)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (!(rows->own[i] >= 0 && isfinite(rows->own[i])))
            return err_set(e, ERR_INVALID, i, "row %zu: own spend is %g; 0 or more", i, (double)rows->own[i]);
        if (!rows->declared || isnan(rows->declared[i]))
            continue;
        if (!(rows->declared[i] >= 0 && isfinite(rows->declared[i])))
            return err_set(e, ERR_INVALID, i, "row %zu: the declared wallet is %g; 0 or more", i, (double)rows->declared[i]);
        if (!(rows->reliability[i] > 0 && rows->reliability[i] <= 1))
            return err_set(e, ERR_INVALID, i, "row %zu: reliability is %g; above 0, up to 1", i, (double)rows->reliability[i]);
    }
    return ERR_OK;
}

static enum err_code check_options(const struct wallet_options *o, struct err *e)
{
    if (!(o->spread > 0 && isfinite(o->spread)))
        return err_set(e, ERR_INVALID, 0, "spread is %g; above 0", o->spread);
    if (!(o->interval > 0 && o->interval < 1))
        return err_set(e, ERR_INVALID, 0, "interval is %g; between 0 and 1", o->interval);
    if (!(o->width_most > 0 && o->width_most <= 1))
        return err_set(e, ERR_INVALID, 0, "width_most is %g; above 0, up to 1", o->width_most);
    if ((unsigned)o->by > WALLET_BY_GROUP)
        return err_set(e, ERR_INVALID, 0, "by is none of size, trees, tobit, group");
    if (!(o->trees.quantile > 0 && o->trees.quantile < 1))
        return err_set(e, ERR_INVALID, 0, "quantile is %g; between 0 and 1", o->trees.quantile);
    if (o->rows_most < o->trees_least)
        return err_set(e, ERR_INVALID, 0, "rows_most is %u; at least trees_least, %u", o->rows_most, o->trees_least);
    return ERR_OK;
}

/* ---- one customer ---- */
static double log_potential(const struct wallet *w, double level)
{
    return log(w->unit * fmax(expm1(level), LEAST_POTENTIAL));
}

/* ln of what is declared, own at least; NaN: nothing is. */
static double log_declared(const struct wallet_rows *rows, size_t row)
{
    if (!rows->declared || isnan(rows->declared[row]))
        return NAN;
    double most = fmax((double)rows->declared[row], (double)rows->own[row]);
    return most > 0 ? log(most) : NAN;           // of nothing: they do not buy in this category, which says nothing here
}

struct belief {
    double middle, variance;         // of ln wallet, before it is held above own
};

static struct belief belief_of(const struct wallet *w, double level, double declared, double reliability)
{
    struct belief b = { log_potential(w, level) + w->is.shift, w->is.spread * w->is.spread };
    if (isnan(declared))
        return b;
    double noise = b.variance * (1 - reliability) / reliability;
    b.middle = (b.middle * noise + declared * b.variance) / (noise + b.variance);
    b.variance = fmax(b.variance * noise / (noise + b.variance), LEAST_VARIANCE);
    return b;
}

/* The wallet that a part `rest` of what is possible lies above. */
static double wallet_at(const struct belief *b, double deviation, double possible, double own, double rest)
{
    return fmax(own, exp(b->middle + deviation * at_tail(rest * possible)));
}

static void row_of(const struct wallet *w, const struct wallet_rows *rows, const struct wallet_shares *ret, size_t i,
                   double level)
{
    double own = (double)rows->own[i], tail = (1 - w->options.interval) / 2, declared = log_declared(rows, i);
    struct belief b = belief_of(w, level, declared, isnan(declared) ? 0 : (double)rows->reliability[i]);
    b.middle -= b.variance;          // any share being as likely, own is 1 / wallet as likely: a normal of the same spread
    double deviation = sqrt(b.variance), possible = own > 0 ? above((log(own) - b.middle) / deviation) : 1;
    double low = wallet_at(&b, deviation, possible, own, 1 - tail), high = wallet_at(&b, deviation, possible, own, tail);
    double middle = wallet_at(&b, deviation, possible, own, .5);
    bool known = own / low - own / high <= w->options.width_most;
    ret->potential[i] = (float)exp(log_potential(w, level));
    ret->wallet[i] = (float)middle;
    ret->wallet_low[i] = (float)low;
    ret->wallet_high[i] = (float)high;
    ret->share[i] = known ? (float)(own / middle) : NAN;
    ret->share_low[i] = known ? (float)(own / high) : NAN;
    ret->share_high[i] = known ? (float)(own / low) : NAN;
}

static void levels_of(const struct wallet *w, const struct quantile_rows *rows, float *ret)
{
    if (w->trees)
        quantile_trees_of(w->trees, rows, ret);
    else if (w->tobit)
        tobit_of(w->tobit, rows, at_tail(1 - w->options.trees.quantile), ret);
    for (size_t i = 0; !w->trees && !w->tobit && i < rows->n; i++)
        ret[i] = (float)w->level;
}

static void unknown(const struct wallet_shares *ret, size_t n)
{
    float *const columns[] = { ret->potential, ret->wallet,    ret->wallet_low, ret->wallet_high,
                               ret->share,     ret->share_low, ret->share_high };
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (size_t i = 0; i < n; i++)
            columns[c][i] = NAN;
}

enum err_code wallet_of(const struct wallet *w, const struct wallet_rows *rows, const struct wallet_shares *ret, struct err *e)
{
    assert(w && rows && ret);
    if (rows->features != w->features)
        return err_set(e, ERR_INVALID, 0, "%u features; the fit had %u", rows->features, w->features);
    TRY(check_rows(rows, e));
    if (w->is.customers < w->options.group_least || w->unit == 0) {
        unknown(ret, rows->n);
        return ERR_OK;
    }
    levels_of(w, &(struct quantile_rows){ rows->n, rows->features, rows->feature }, ret->wallet);
    for (size_t i = 0; i < rows->n; i++)
        row_of(w, rows, ret, i, (double)ret->wallet[i]);
    return ERR_OK;
}

/* ---- fitting ---- */
/* Every so many rows, as the trees want them. */
struct sample {
    struct quantile_rows rows;
    float *feature, *level;
};

static enum err_code take_sample(const struct wallet *w, const struct wallet_rows *rows, struct sample *s, struct err *e)
{
    size_t every = (rows->n + w->options.rows_most - 1) / w->options.rows_most, n = (rows->n + every - 1) / every;
    s->feature = malloc((n * rows->features + 1) * sizeof *s->feature);
    s->level = malloc(n * sizeof *s->level);
    if (!s->feature || !s->level)
        return err_set(e, ERR_LIMIT, 0, "no memory to fit wallets of %zu customers", n);
    for (size_t f = 0; f < rows->features; f++)
        for (size_t i = 0; i < n; i++)
            s->feature[f * n + i] = rows->feature[f * rows->n + i * every];
    for (size_t i = 0; i < n; i++)
        s->level[i] = (float)log1p((double)rows->own[i * every] / w->unit);
    s->rows = (struct quantile_rows){ n, rows->features, s->feature };
    return ERR_OK;
}

/* One potential for all: its own uncertainty, from the ranks beside, adds to the spread. */
static enum err_code fit_level(struct wallet *w, const struct sample *s, struct err *e)
{
    uint32_t *scratch = malloc((QUANTILE_DIGITS + 3) * sizeof *scratch);
    double q = w->options.trees.quantile, beside = sqrt(q * (1 - q) / (double)s->rows.n);
    float level[3];
    if (!scratch)
        return err_set(e, ERR_LIMIT, 0, "no memory for a quantile");
    for (int i = 0; i < 3; i++)
        quantiles(s->level, NULL, s->rows.n, 1, fmin(fmax(q + (i - 1) * beside, 0), 1), &level[i], scratch);
    free(scratch);
    w->level = (double)level[1];
    double off = (log_potential(w, (double)level[2]) - log_potential(w, (double)level[0])) / 2;
    w->is.spread = hypot(w->is.spread, off);
    return ERR_OK;
}

static double level_of(const struct wallet *w, const struct wallet_rows *rows, size_t row)
{
    float level, feature[QUANTILE_FEATURES];
    for (size_t f = 0; f < rows->features; f++)
        feature[f] = rows->feature[f * rows->n + row];
    levels_of(w, &(struct quantile_rows){ 1, rows->features, feature }, &level);
    return (double)level;
}

/* How declared wallets lie round potentials. A figure of reliability r has the variance spread^2 / r. */
static void fit_declared(struct wallet *w, const struct wallet_rows *rows)
{
    double sum = 0, squares = 0, weight = 0;
    for (size_t i = 0; i < rows->n; i++) {
        double declared = log_declared(rows, i);
        if (isnan(declared))
            continue;
        double off = declared - log_potential(w, level_of(w, rows, i)), r = (double)rows->reliability[i];
        sum += r * off;
        squares += r * off * off;
        weight += r;
        w->is.declared++;
    }
    double before = w->is.spread * w->is.spread, mean = weight > 0 ? sum / weight : 0;
    w->is.shift = sum / (weight + PRIOR);
    w->is.spread = sqrt((PRIOR * before + squares - weight * mean * mean) / (PRIOR + (double)w->is.declared));
}

static enum wallet_by by_of(const struct wallet *w)
{
    if (w->options.by != WALLET_BY_SIZE)
        return w->options.by;
    if (w->features && w->is.customers >= w->options.trees_least)
        return WALLET_BY_TREES;
    return w->features && w->is.buyers >= (uint64_t)BUYERS_EACH * (w->features + 1) ? WALLET_BY_TOBIT : WALLET_BY_GROUP;
}

static enum err_code fit(struct wallet *w, const struct wallet_rows *rows, struct err *e)
{
    struct sample s = { .feature = NULL };
    enum err_code code = take_sample(w, rows, &s, e);
    w->is.by = by_of(w);
    if (!code && w->is.by == WALLET_BY_TREES)
        code = quantile_trees_fit(&s.rows, s.level, &w->options.trees, &w->trees, e);
    else if (!code && w->is.by == WALLET_BY_TOBIT)
        code = tobit_fit(&s.rows, s.level, &w->tobit, e);
    else if (!code)
        code = fit_level(w, &s, e);
    free(s.feature);
    free(s.level);
    if (!code)
        fit_declared(w, rows);
    return code;
}

enum err_code wallet_fit(const struct wallet_rows *rows, const struct wallet_options *o, struct wallet **ret, struct err *e)
{
    assert(rows && o && ret);
    TRY(check_options(o, e));
    TRY(check_rows(rows, e));
    struct wallet *w = calloc(1, sizeof *w);
    if (!w)
        return err_set(e, ERR_LIMIT, 0, "no memory for wallets");
    *w = (struct wallet){ *o, { .customers = rows->n, .spread = o->spread }, .features = rows->features };
    for (size_t i = 0; i < rows->n; i++) {
        w->unit += (double)rows->own[i];
        w->is.buyers += rows->own[i] > 0;
    }
    w->unit /= w->is.buyers ? (double)w->is.buyers : 1;
    enum err_code code = rows->n >= o->group_least && w->is.buyers ? fit(w, rows, e) : ERR_OK;
    if (code) {
        wallet_drop(&w);
        return code;
    }
    *ret = w;
    return ERR_OK;
}

void wallet_drop(struct wallet **w)
{
    if (!*w)
        return;
    quantile_trees_drop(&(*w)->trees);
    tobit_drop(&(*w)->tobit);
    free(*w);
    *w = NULL;
}

struct wallet_summary wallet_summary(const struct wallet *w)
{
    struct wallet_summary ret = w->is;
    ret.trees = w->trees ? quantile_trees_count(w->trees) : 0;
    return ret;
}

struct wallet_options wallet_options_usual(void)
{
    return (struct wallet_options){ quantile_trees_options_usual(), WALLET_BY_SIZE, 50, 2000, 200000, .8, .8, .6 };
}
