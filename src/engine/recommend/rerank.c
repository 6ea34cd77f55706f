#include "engine/recommend/rerank.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "engine/recommend/ranked.h"

#define SMOOTH .01                   // the wanted distribution's part in that of the list (Steck 2018)
#define RULES (RERANK_CALIBRATION + 1)

/* A candidate that passed the filters; they are in the order of their scores. */
struct runner {
    const struct candidate *of;
    double relevance, nearest;       // to any that is placed
    uint32_t group;
    bool placed;
};
/* A category among candidates or wanted ones. */
struct group {
    uint32_t category;
    double wanted;                   // 0..1, of all 1
    size_t placed;
    double gain;                     // of the divergence, if one more is placed
};
struct race {
    const struct candidate *candidate;
    const struct rerank_rules *rules;
    struct runner *runner;
    struct group *group;
    size_t n, placed;
    uint32_t groups;
    bool calibrated;
    double divergence;               // if none of a wanted category is placed next
};

const char *rerank_rule_name(enum rerank_rule rule)
{
    static const char *const name[RULES] = { "relevance", "popularity", "cap", "variety", "calibration" };
    assert((unsigned)rule < RULES);
    return name[rule];
}

static enum err_code check(const struct candidate *of, size_t n, const struct rerank_rules *rules, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(of[i].score) || (rules->popularity > 0 && of[i].score < 0))
            return err_set(e, ERR_INVALID, i, "the score %g of item %u cannot be ranked", (double)of[i].score, of[i].item);
    for (size_t i = 0; i < rules->n_wanted; i++)
        if (!isfinite(rules->wanted[i].share) || rules->wanted[i].share < 0)
            return err_set(e, ERR_INVALID, i, "the share %g of category %u is not one", (double)rules->wanted[i].share,
                           rules->wanted[i].category);
    return ERR_OK;
}

static bool passes(const struct candidate *of, struct rerank_dropped *dropped)
{
    bool due = of->days_again > 0 && of->days_since >= of->days_again;
    if (!of->offerable)
        dropped->not_offerable++;
    else if (!of->in_stock)
        dropped->no_stock++;
    else if (of->bought && !due)
        dropped->bought++;
    else
        return true;
    return false;
}

static bool stands_before(const struct candidate *x, const struct candidate *y)
{
    return x->score > y->score || (x->score >= y->score && x->item < y->item);
}

/* By score, equals by their item number, which are few. scratch: twice as many. */
static void sort(struct race *r, struct ranked *scratch)
{
    struct runner *runner = r->runner;
    for (size_t i = 0; i < r->n; i++)
        scratch[i] = (struct ranked){ runner[i].of->score, (uint32_t)(runner[i].of - r->candidate) };
    ranked_sort(scratch, scratch + r->n, r->n);
    for (size_t i = 0; i < r->n; i++) {
        const struct candidate *of = r->candidate + scratch[i].at;
        size_t at = i;
        for (; at > 0 && stands_before(of, runner[at - 1].of); at--)
            runner[at] = runner[at - 1];
        runner[at] = (struct runner){ .of = of };
    }
}

static void relevance_fill(struct race *r)
{
    double most = -INFINITY, least = INFINITY;
    for (size_t i = 0; i < r->n; i++) {
        const struct candidate *of = r->runner[i].of;
        double value = (double)of->score;
        if (r->rules->popularity > 0)
            value /= pow(of->buyers > 1 ? of->buyers : 1, r->rules->popularity);
        r->runner[i].relevance = value;
        most = fmax(most, value);
        least = fmin(least, value);
    }
    for (size_t i = 0; i < r->n; i++)
        r->runner[i].relevance = most > least ? (r->runner[i].relevance - least) / (most - least) : 1;
}

static double wanted_sum(const struct rerank_rules *rules)
{
    double sum = 0;
    for (size_t i = 0; i < rules->n_wanted; i++)
        sum += (double)rules->wanted[i].share;
    return sum;
}

/* Where a category stands among the groups, which are few; it is added if need be. */
static uint32_t group_of(struct race *r, uint32_t category)
{
    uint32_t at = 0;
    while (at < r->groups && r->group[at].category != category)
        at++;
    if (at == r->groups)
        r->group[r->groups++] = (struct group){ .category = category };
    return at;
}

static void groups_fill(struct race *r)
{
    const struct rerank_rules *rules = r->rules;
    double sum = wanted_sum(rules);
    for (size_t i = 0; i < rules->n_wanted && sum > 0; i++)
        r->group[group_of(r, rules->wanted[i].category)].wanted = (double)rules->wanted[i].share / sum;
    for (size_t i = 0; i < r->n; i++)
        r->runner[i].group = group_of(r, r->runner[i].of->category);
    r->calibrated = sum > 0 && rules->calibration > 0;
}

/* A category's part of KL(wanted || list). */
static double divergence_of(double wanted, size_t placed, size_t all)
{
    if (wanted <= 0)
        return 0;
    double q = all ? (double)placed / (double)all : 0;
    return wanted * log(wanted / ((1 - SMOOTH) * q + SMOOTH * wanted));
}

static void divergence_fill(struct race *r)
{
    r->divergence = 0;
    for (struct group *g = r->group; g < r->group + r->groups; g++) {
        double now = divergence_of(g->wanted, g->placed, r->placed + 1);
        r->divergence += now;
        g->gain = now - divergence_of(g->wanted, g->placed + 1, r->placed + 1);
    }
}

static bool is_full(const struct race *r, const struct runner *runner)
{
    return r->rules->per_category && runner->of->category && r->group[runner->group].placed >= r->rules->per_category;
}

/* What the candidate is worth in the next place by the rules up to each; -INFINITY: it may not stand there. */
static void worth(const struct race *r, const struct runner *runner, double ret[RULES])
{
    const struct rerank_rules *rules = r->rules;
    ret[RERANK_RELEVANCE] = (double)runner->of->score;
    ret[RERANK_POPULARITY] = runner->relevance;
    ret[RERANK_CAP] = ret[RERANK_VARIETY] = ret[RERANK_CALIBRATION] = -INFINITY;
    if (is_full(r, runner))
        return;
    ret[RERANK_CAP] = runner->relevance;
    ret[RERANK_VARIETY] = rules->lambda * runner->relevance - (1 - rules->lambda) * runner->nearest;
    ret[RERANK_CALIBRATION] = ret[RERANK_VARIETY];
    if (r->calibrated)
        ret[RERANK_CALIBRATION] = (1 - rules->calibration) * ret[RERANK_VARIETY] -
                                  rules->calibration * (r->divergence - r->group[runner->group].gain);
}

/* The best for the next place, n where all that are left are above their cap; the rule from which on it is the best. */
static size_t next_of(const struct race *r, enum rerank_rule *rule)
{
    size_t best[RULES];
    double most[RULES];
    for (int at = 0; at < RULES; at++) {
        best[at] = r->n;
        most[at] = -INFINITY;
    }
    for (size_t i = 0; i < r->n; i++) {
        double value[RULES];
        if (r->runner[i].placed)
            continue;
        worth(r, r->runner + i, value);
        for (int at = 0; at < RULES; at++) {
            if (value[at] > most[at]) {
                most[at] = value[at];
                best[at] = i;
            }
        }
    }
    int from = RERANK_CALIBRATION;
    while (from > 0 && best[from - 1] == best[RERANK_CALIBRATION])
        from--;
    *rule = (enum rerank_rule)from;
    return best[RERANK_CALIBRATION];
}

static void place(struct race *r, size_t at)
{
    const struct rerank_rules *rules = r->rules;
    const struct candidate *one = r->runner[at].of;
    r->runner[at].placed = true;
    r->group[r->runner[at].group].placed++;
    r->placed++;
    for (size_t i = 0; i < r->n && rules->lambda < 1; i++) {
        const struct candidate *other = r->runner[i].of;
        if (r->runner[i].placed)
            continue;
        double alike = rules->alike ? rules->alike(rules->arg, other, one) : other->category == one->category && one->category;
        if (alike > r->runner[i].nearest)
            r->runner[i].nearest = alike;
    }
}

static void race_free(struct race *r, struct ranked *scratch)
{
    free(r->runner);
    free(r->group);
    free(scratch);
}

enum err_code rerank(const struct candidate *candidate, size_t n_candidates, const struct rerank_rules *rules,
                     struct reranked *list, size_t max, size_t *n, struct rerank_dropped *dropped, struct err *e)
{
    assert(rules->lambda >= 0 && rules->lambda <= 1 && rules->calibration >= 0 && rules->calibration <= 1);
    TRY(check(candidate, n_candidates, rules, e));
    struct race r = { .candidate = candidate, .rules = rules };
    struct rerank_dropped counted = { 0 };
    r.runner = malloc((n_candidates + 1) * sizeof *r.runner);
    r.group = malloc((n_candidates + rules->n_wanted + 1) * sizeof *r.group);
    struct ranked *scratch = malloc((2 * n_candidates + 1) * sizeof *scratch);
    if (!r.runner || !r.group || !scratch) {
        race_free(&r, scratch);
        return err_set(e, ERR_LIMIT, 0, "no memory to rank %zu candidates", n_candidates);
    }
    for (size_t i = 0; i < n_candidates; i++)
        if (passes(candidate + i, &counted))
            r.runner[r.n++] = (struct runner){ .of = candidate + i };
    sort(&r, scratch);
    relevance_fill(&r);
    groups_fill(&r);
    while (r.placed < max) {
        enum rerank_rule rule;
        if (r.calibrated)
            divergence_fill(&r);
        size_t at = next_of(&r, &rule);
        if (at == r.n)
            break;
        list[r.placed] = (struct reranked){ (size_t)(r.runner[at].of - candidate), rule, at };
        place(&r, at);
    }
    race_free(&r, scratch);
    *n = r.placed;
    if (dropped)
        *dropped = counted;
    return ERR_OK;
}

double rerank_divergence(const struct candidate *candidate, const struct reranked *list, size_t n,
                         const struct rerank_rules *rules)
{
    double sum = wanted_sum(rules), divergence = 0;
    for (size_t w = 0; w < rules->n_wanted && sum > 0; w++) {
        size_t placed = 0;
        for (size_t i = 0; i < n; i++)
            placed += candidate[list[i].candidate].category == rules->wanted[w].category;
        divergence += divergence_of((double)rules->wanted[w].share / sum, placed, n);
    }
    return divergence;
}
