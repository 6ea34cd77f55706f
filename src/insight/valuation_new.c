/* Those who have bought once: what is known of their first order, and whether it tells how often they come again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "insight/valuation_room.h"

#define ALL ((1u << NEW_COVARIATES) - 1)

const char *new_covariate_name(enum new_covariate covariate)
{
    static const char *const names[] = { "channel", "month", "firstValue" };
    return names[covariate];
}

/* 0: nobody knows. Sources are numbered from 1; later ones than there are levels are as all. */
uint8_t value_new_channel(const struct valuation_view *view, struct valuation_work *work, uint32_t root)
{
    const struct bought_when *first = NULL;
    if (!purchases_when(view->purchases, root, &work->when, &work->whens, &work->when_cap))
        return 0;
    for (size_t i = 0; i < work->whens; i++)
        first = !first || work->when[i].time_ms < first->time_ms ? &work->when[i] : first;
    return first && first->source < RATIO_LEVELS ? (uint8_t)first->source : 0;
}

uint8_t value_new_month(int32_t day)
{
    int64_t year;
    int month, of_month;
    civil_of_days(day, &year, &month, &of_month);
    return (uint8_t)month;
}

void value_new_level(const struct value_new *anew, uint8_t channel, uint8_t month, double first, uint8_t *level)
{
    memset(level, 0, RATIO_COVARIATES);
    level[NEW_CHANNEL] = channel;
    level[NEW_MONTH] = month;
    level[NEW_FIRST_VALUE] = 1;
    for (size_t i = 0; i < NEW_VALUES - 1; i++)
        level[NEW_FIRST_VALUE] = (uint8_t)(level[NEW_FIRST_VALUE] + (first > anew->cut[i]));
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Into fifths. false: memory. */
static bool find_cuts(const struct valued *of, size_t n, bool then, struct value_new *ret)
{
    double *first = malloc((n + 1) * sizeof *first);
    size_t some = 0;
    for (size_t i = 0; first && i < n; i++)
        if (!then || of[i].then.watched >= 0)
            first[some++] = (double)of[i].first;
    if (some)
        qsort(first, some, sizeof *first, by_size);
    for (size_t i = 0; i < NEW_VALUES - 1; i++)
        ret->cut[i] = some ? first[some * (i + 1) / NEW_VALUES] : 0;
    bool ok = first != NULL;
    free(first);
    return ok;
}

struct proving {
    const struct value_models *models;
    const struct buyer **one;
    double weeks;
};

/* Who came again has a history of their own. */
static double foretell(const void *arg, size_t i, double ratio)
{
    const struct proving *p = arg;
    const struct worth_of of = worth_of_buyer(p->one[i], 0);
    const struct value_models m = worth_faster(p->models, p->one[i]->repeats ? 1 : ratio);
    return worth_expected(&m, &of, p->weeks);
}

static size_t cases_of(const struct valued *of, size_t n, bool then, const struct proving *p, const struct value_new *anew,
                       struct ratio_case *ret)
{
    size_t some = 0;
    for (size_t i = 0; i < n; i++) {
        const struct buyer *buyer = then ? &of[i].then : &of[i].now;
        if (buyer->watched < 0)
            continue;
        p->one[some] = buyer;
        ret[some] = (struct ratio_case){ buyer->repeats, worth_expected_anew(p->models, buyer->watched / WEEK_DAYS),
                                         of[i].later, { 0 } };
        value_new_level(anew, of[i].channel, of[i].month, (double)of[i].first, ret[some++].level);
    }
    return some;
}

static void compare(const struct proving *p, const struct ratio_case *of, size_t n, struct value_proof *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (p->one[i]->repeats)
            continue;
        ret->new_customers++;
        ret->new_came += of[i].later;
        for (int with = 0; with < 2; with++) {
            double m = foretell(p, i, with ? rate_ratio_of(&ret->anew.ratios, of[i].level) : 1);
            ret->new_expected[with] += m;
            ret->new_rmse[with] += (m - of[i].later) * (m - of[i].later);
        }
    }
    for (int with = 0; with < 2; with++)
        ret->new_rmse[with] = sqrt(ret->new_rmse[with] / (double)ret->new_customers);
}

/* proof NULL: only the ratios of `used`. */
static enum err_code learn(const struct valued *of, size_t n, struct proving *p, unsigned used, struct value_new *anew,
                           struct value_proof *proof, struct err *e)
{
    struct ratio_case *cases = calloc(n + 1, sizeof *cases);
    p->one = malloc((n + 1) * sizeof *p->one);
    bool ok = cases && p->one && find_cuts(of, n, proof != NULL, anew);
    if (ok) {
        size_t some = cases_of(of, n, proof != NULL, p, anew, cases);
        if (proof) {
            rate_ratios_choose(cases, some, ALL, foretell, p, &anew->ratios, proof->new_gain);
            compare(p, cases, some, proof);
        } else {
            rate_ratios_fit(cases, some, used, &anew->ratios);
        }
    }
    free(cases);
    free(p->one);
    return ok ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for models of new customers");
}

enum err_code value_new_prove(const struct valued *of, size_t n, const struct value_models *models, struct value_proof *ret,
                              struct err *e)
{
    struct proving p = { .models = models, .weeks = ret->days / WEEK_DAYS };
    return learn(of, n, &p, 0, &ret->anew, ret, e);
}

enum err_code value_new_fit(const struct valued *of, size_t n, const struct value_models *models, unsigned used,
                            struct value_new *ret, struct err *e)
{
    struct proving p = { .models = models };
    return learn(of, n, &p, used, ret, NULL, e);
}
