#include "engine/tiers/tiers.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define CONTACTS_MOST 31             // one a day
#define MARGIN_MOST .5

static const char *const names[TIERS_COUNT] = { "most_valuable", "most_growable", "migrator",
                                                "below_zero",    "partner",       "newcomer" };
static const char *const service_names[TIERS_SERVICES] = { "self", "standard", "priority", "personal" };

/* ---- one customer's values ---- */
struct values {
    double brings, could_be, alive;
    bool partner, known;
};

static double cell(const double *column, size_t row, double otherwise)
{
    return column && !isnan(column[row]) ? column[row] : otherwise;
}

static struct values values_of(const struct tiers_columns *c, size_t row, double reach_rate)
{
    double serve = cell(c->serve, row, 0), alive = cell(c->alive, row, 1);
    return (struct values){
        .brings = c->actual[row] - serve,
        .could_be = c->lifetime[row] + alive * reach_rate * cell(c->reach, row, 0) - serve,
        .alive = alive,
        .partner = c->partner && c->partner[row],
        .known = !isnan(c->actual[row]) && !isnan(c->lifetime[row]),
    };
}

/* ---- cuts ---- */
/* The value that stands at `at` once they are sorted: Hoare's selection. Reorders them. */
static double nth(double *of, size_t n, size_t at)
{
    assert(at < n);
    for (size_t low = 0, high = n - 1, turn = 0; low < high; turn++) {
        double pivot = of[low + hash_mix(turn + n) % (high - low + 1)];
        size_t i = low, j = high;
        for (;;) {
            while (of[i] < pivot)
                i++;
            while (of[j] > pivot)
                j--;
            if (i >= j)
                break;
            double swap = of[i];
            of[i++] = of[j];
            of[j--] = swap;
        }
        size_t end = j < high ? j : high - 1;  // up to here all are <= pivot, after it >= it; a pivot that stands last is alone
        if (at <= end)
            high = end;
        else
            low = end + 1;
    }
    return of[at];
}

/* Who counts for which cut, and with what. */
enum counted { BRINGS, COULD_BE, NEAR_FLOOR };

static bool counts(enum counted what, const struct values *v, const struct tiers_cuts *cuts, double *ret)
{
    bool valuable = v->brings >= cuts->valuable && v->alive >= cuts->alive_least;
    *ret = what == COULD_BE ? v->could_be : fabs(v->brings);
    return v->known && !v->partner
           && (what == BRINGS ? v->brings > 0 : what == COULD_BE ? !valuable && v->could_be > 0 : true);
}

static double quantile(const struct tiers_columns *c, enum counted what, double part, const struct tiers_cuts *cuts,
                       double *scratch)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct values v = values_of(c, i, cuts->reach_rate);
        n += counts(what, &v, cuts, &scratch[n]);
    }
    return n ? nth(scratch, n, (size_t)(part * (double)(n - 1))) : INFINITY;
}

static enum err_code flaw(const char *field, double is, const char *want, struct err *e)
{
    return err_set(e, ERR_INVALID, 0, "%s is %g; %s", field, is, want);
}

enum err_code tiers_options_check(const struct tiers_options *o, struct err *e)
{
    const struct {
        const char *field;
        double is, most;
    } parts[] = {
        { "valuable_quantile", o->valuable_quantile, 1 }, { "growable_quantile", o->growable_quantile, 1 },
        { "reach_rate", o->reach_rate, 1 },               { "alive_least", o->alive_least, 1 },
        { "margin", o->margin, MARGIN_MOST },
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!(parts[i].is >= 0 && parts[i].is <= parts[i].most))
            return flaw(parts[i].field, parts[i].is, parts[i].most < 1 ? "from 0 to 0.5" : "from 0 to 1", e);
    if (!isfinite(o->floor))
        return flaw("floor", o->floor, "an amount of money", e);
    if (o->valuable_cut <= o->floor)
        return flaw("valuable_cut", o->valuable_cut, "above the floor", e);
    if (o->growable_cut <= o->floor)
        return flaw("growable_cut", o->growable_cut, "above the floor", e);
    return ERR_OK;
}

struct tiers_options tiers_options_usual(void)
{
    return (struct tiers_options){ .9, .8, NAN, NAN, 0, .2, .2, .1 };
}

enum err_code tiers_fit(const struct tiers_columns *c, const struct tiers_options *o, struct tiers_cuts *ret, struct err *e)
{
    assert(c && o && ret);
    TRY(tiers_options_check(o, e));
    double *scratch = malloc((c->n + 1) * sizeof *scratch);
    if (!scratch)
        return err_set(e, ERR_LIMIT, 0, "no memory for the cuts of %zu customers", c->n);
    struct tiers_cuts cuts = { .valuable = o->valuable_cut, .growable = o->growable_cut, .floor = o->floor,
                               .reach_rate = o->reach_rate, .alive_least = o->alive_least, .margin = o->margin };
    if (isnan(cuts.valuable))
        cuts.valuable = quantile(c, BRINGS, o->valuable_quantile, &cuts, scratch);
    if (isnan(cuts.growable))
        cuts.growable = quantile(c, COULD_BE, o->growable_quantile, &cuts, scratch);
    cuts.near_floor = quantile(c, NEAR_FLOOR, .5, &cuts, scratch);
    cuts.near_floor = isfinite(cuts.near_floor) ? cuts.near_floor : 0;
    free(scratch);
    *ret = cuts;
    return ERR_OK;
}

/* ---- customers ---- */
/* On which side of a cut they were. */
enum side { ABOVE, BELOW, UNKNOWN };

/* x >= cut, where the cut is harder to pass for who was on the other side. */
static bool reaches(double x, double cut, double margin, enum side was)
{
    if (!isfinite(cut))
        return x >= cut;
    return x >= (was == ABOVE ? cut - margin : was == BELOW ? cut + margin : cut);
}

static enum tiers_tier tier_at(const struct values *v, const struct tiers_cuts *c, double margin, uint8_t last)
{
    static const struct {
        enum side floor, valuable, growable;
    } was[TIERS_COUNT + 1] = {
        [TIERS_MOST_VALUABLE] = { ABOVE, ABOVE, UNKNOWN }, [TIERS_MOST_GROWABLE] = { ABOVE, BELOW, ABOVE },
        [TIERS_MIGRATOR] = { ABOVE, BELOW, BELOW },        [TIERS_BELOW_ZERO] = { BELOW, BELOW, BELOW },
        [TIERS_PARTNER] = { UNKNOWN, UNKNOWN, UNKNOWN },   [TIERS_NEWCOMER] = { UNKNOWN, UNKNOWN, UNKNOWN },
        [TIERS_NONE] = { UNKNOWN, UNKNOWN, UNKNOWN },
    };
    assert(last <= TIERS_NONE);
    if (v->partner)
        return TIERS_PARTNER;
    if (!v->known)
        return TIERS_NEWCOMER;
    double at_floor = margin * fmax(c->near_floor, fabs(c->floor));
    if (!reaches(v->brings, c->floor, at_floor, was[last].floor) && !reaches(v->could_be, c->floor, at_floor, was[last].floor))
        return TIERS_BELOW_ZERO;
    if (reaches(v->brings, c->valuable, margin * fabs(c->valuable), was[last].valuable)
        && reaches(v->alive, c->alive_least, margin * c->alive_least, was[last].valuable))
        return TIERS_MOST_VALUABLE;
    return reaches(v->could_be, c->growable, margin * fabs(c->growable), was[last].growable) ? TIERS_MOST_GROWABLE
                                                                                               : TIERS_MIGRATOR;
}

static struct tiers_state next(const struct values *v, const struct tiers_cuts *c, int32_t today, struct tiers_state last)
{
    enum tiers_tier tier = tier_at(v, c, c->margin, last.tier), leaning = tier_at(v, c, c->margin / 2, last.tier);
    if (tier == last.tier && leaning != last.tier && leaning == last.leaning)
        tier = leaning;              // for the second time
    if (tier != last.tier)
        return (struct tiers_state){ (uint8_t)tier, (uint8_t)tier, today };
    last.leaning = (uint8_t)leaning;
    return last;
}

void tiers_assign(const struct tiers_columns *c, const struct tiers_cuts *cuts, int32_t today, struct tiers_state *state,
                  struct tiers_movement *ret)
{
    assert(c && cuts && ret && (state || !c->n));
    *ret = (struct tiers_movement){ 0 };
    for (size_t i = 0; i < c->n; i++) {
        const struct values v = values_of(c, i, cuts->reach_rate);
        uint8_t from = state[i].tier;
        state[i] = next(&v, cuts, today, state[i]);
        ret->customers[from][state[i].tier]++;
        ret->value[from][state[i].tier] += v.known ? v.could_be : 0;
    }
}

/* ---- names and plans ---- */
const char *tiers_name(enum tiers_tier tier)
{
    assert((unsigned)tier < TIERS_COUNT);
    return names[tier];
}

int tiers_parse(const char *at, size_t len)
{
    for (int t = 0; t < TIERS_COUNT; t++)
        if (strlen(names[t]) == len && memcmp(names[t], at, len) == 0)
            return t;
    return -1;
}

const char *tiers_service_name(enum tiers_service service)
{
    assert((unsigned)service < TIERS_SERVICES);
    return service_names[service];
}

struct tiers_plan tiers_plan_usual(enum tiers_tier tier)
{
    static const struct tiers_plan usual[TIERS_COUNT] = {
        [TIERS_MOST_VALUABLE] = { 6, TIERS_PERSONAL, true, .15 },   // keep: their manager decides within this
        [TIERS_MOST_GROWABLE] = { 8, TIERS_PRIORITY, true, .2 },    // invest: the most contacts and room for offers
        [TIERS_MIGRATOR] = { 4, TIERS_STANDARD, false, .1 },
        [TIERS_BELOW_ZERO] = { 1, TIERS_SELF, false, 0 },           // at low cost; nothing given away
        [TIERS_PARTNER] = { 1, TIERS_STANDARD, false, 0 },          // the partner speaks and prices
        [TIERS_NEWCOMER] = { 4, TIERS_STANDARD, false, .1 },        // as the rest, until something is known
    };
    assert((unsigned)tier < TIERS_COUNT);
    return usual[tier];
}

enum err_code tiers_plan_check(const struct tiers_plan *p, enum tiers_tier tier, struct err *e)
{
    const char *name = tiers_name(tier);
    if (p->contacts_per_month > CONTACTS_MOST)
        return err_set(e, ERR_INVALID, 0, "%s: contacts_per_month is %u; %d at most", name, p->contacts_per_month,
                       CONTACTS_MOST);
    if ((unsigned)p->service >= TIERS_SERVICES)
        return err_set(e, ERR_INVALID, 0, "%s: service is none of self, standard, priority, personal", name);
    if (p->manager && p->service == TIERS_SELF)
        return err_set(e, ERR_INVALID, 0, "%s: manager is set; with service self nobody answers", name);
    if (!(p->discount_most >= 0 && p->discount_most <= 1))
        return err_set(e, ERR_INVALID, 0, "%s: discount_most is %g; from 0 to 1", name, p->discount_most);
    return ERR_OK;
}
