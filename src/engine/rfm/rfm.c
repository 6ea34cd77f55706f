#include "engine/rfm/rfm.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const tier_names[TIERS] = { "champion", "loyal",  "promising", "new",
                                               "at_risk",  "asleep", "prospect" };

const char *tier_name(enum tier tier)
{
    assert((unsigned)tier < TIERS);
    return tier_names[tier];
}

int tier_parse(const char *at, size_t len)
{
    for (int t = 0; t < TIERS; t++)
        if (strlen(tier_names[t]) == len && memcmp(tier_names[t], at, len) == 0)
            return t;
    return -1;
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The quintile cuts of values[n], lowest first: the largest value of each of the first four fifths. */
static void quintiles(double *values, size_t n, double cut[4])
{
    assert(n > 0);
    qsort(values, n, sizeof *values, by_double);
    for (size_t q = 1; q <= 4; q++) {
        size_t at = (n * q + 4) / 5;  // the count of the first q fifths, rounded up
        cut[q - 1] = values[(at ? at : 1) - 1];
    }
}

enum err_code rfm_fit(const struct rfm *of, size_t n, struct rfm_cuts *ret, struct err *e)
{
    assert(ret);
    double *values = malloc((n ? n : 1) * sizeof *values);
    if (!values)
        return err_set(e, ERR_LIMIT, 0, "no memory for the cuts of %zu customers", n);
    struct rfm_cuts cuts = { 0 };
    double cut[4];
    for (int which = 0; which < 3; which++) {
        size_t buyers = 0;
        for (size_t i = 0; i < n; i++) {
            if (of[i].frequency == 0)
                continue;
            values[buyers++] = which == 0   ? of[i].recency_days
                               : which == 1 ? (double)of[i].frequency
                                            : (double)of[i].value_micro;
        }
        cuts.buyers = (uint32_t)buyers;
        if (buyers == 0)
            break;
        quintiles(values, buyers, cut);
        for (size_t q = 0; q < 4; q++) {
            if (which == 0)
                cuts.r[q] = cut[q];
            else if (which == 1)  // scores rise with the value: the highest cut first
                cuts.f[q] = (uint32_t)cut[3 - q] + 1;
            else
                cuts.m[q] = (int64_t)cut[3 - q] + 1;
        }
    }
    free(values);
    *ret = cuts;
    return ERR_OK;
}

struct rfm_scores rfm_score(const struct rfm_cuts *cuts, struct rfm of)
{
    assert(cuts);
    if (cuts->buyers == 0)
        return (struct rfm_scores){ 3, 3, 3 };
    struct rfm_scores scores = { 1, 1, 1 };
    for (int q = 3; q >= 0; q--) {
        if (of.recency_days <= cuts->r[q])
            scores.r = 5 - q;
        if (of.frequency >= cuts->f[q])
            scores.f = 5 - q;
        if (of.value_micro >= cuts->m[q])
            scores.m = 5 - q;
    }
    return scores;
}

enum tier rfm_tier(struct rfm_scores s, uint32_t frequency)
{
    assert(s.r >= 1 && s.r <= 5);
    const struct {
        bool fits;
        enum tier tier;
    } rules[] = {
        { frequency == 0, TIER_PROSPECT },
        { frequency == 1 && s.r >= 4, TIER_NEW },
        { s.r >= 4 && s.f >= 4 && s.m >= 4, TIER_CHAMPION },
        { s.r >= 3 && s.f >= 3, TIER_LOYAL },
        { s.r >= 3, TIER_PROMISING },
        { s.f >= 3 || s.m >= 4, TIER_AT_RISK },
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].fits)
            return rules[i].tier;
    return TIER_ASLEEP;
}
