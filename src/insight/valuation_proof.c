/* What models and rules of thumb foretold of each customer, beside what came. */
#include <math.h>
#include <stdlib.h>

#include "insight/valuation_room.h"

#define WILL_BUY 0.9                 // expected purchases from which on "they will buy"
#define ALIVE 0.5
#define HIATUS_WEEKS 12.0            // Wuebben and Wangenheim 2008 ask managers for theirs; this one does well on CDNOW

struct proving {
    const struct valued **one;       // customers of the first part
    size_t n;
    double *came, *money, *foretold, *score;
    struct value_proof *ret;
    struct err *e;
};

static bool make_room(struct proving *p, const struct valued *of, size_t n)
{
    p->one = malloc((n + 1) * sizeof *p->one);
    double *numbers = p->came = malloc((4 * n + 1) * sizeof *numbers);
    if (!p->one || !numbers)
        return false;
    p->money = numbers + n;
    p->foretold = numbers + 2 * n;
    p->score = numbers + 3 * n;
    for (size_t i = 0; i < n; i++) {
        if (of[i].then.watched < 0)
            continue;
        p->one[p->n] = &of[i];
        p->came[p->n] = of[i].later;
        p->money[p->n++] = (double)of[i].later_money;
    }
    return true;
}

static size_t frequency_of(const struct valued *of)
{
    return of->then.repeats < FREQUENCIES ? of->then.repeats : FREQUENCIES - 1;
}

static enum err_code prove_model(struct proving *p, const struct value_models *m, const struct worth_terms *terms,
                                 struct proof_line *ret)
{
    size_t within = 0, right = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct worth_of of = worth_of_buyer(&p->one[i]->then, (double)p->one[i]->mean_then);
        struct worth w = worth_of(m, terms, &of, true);
        p->foretold[i] = w.expected;
        p->score[i] = w.expected * w.spend;
        within += p->came[i] >= w.low && p->came[i] <= w.high;
        right += (w.alive >= ALIVE) == (p->came[i] > 0);
    }
    ret->proof = holdout_score(p->foretold, p->came, p->n);
    double by_expected = holdout_accuracy(p->foretold, WILL_BUY, p->came, p->n), by_alive = (double)right / (double)p->n;
    ret->active = fmax(by_expected, by_alive);
    ret->within = (double)within / (double)p->n;
    return holdout_top_tenth(p->score, p->money, p->n, &ret->top, p->e);
}

static double rule_score(enum proof_rule rule, const struct valued *of, double weeks)
{
    double watched = of->then.watched / WEEK_DAYS, quiet = (of->then.watched - of->then.last) / WEEK_DAYS;
    switch (rule) {
    case RULE_RATE:
        return watched > 0 ? of->then.repeats / watched * weeks : 0;
    case RULE_SPENT:
        return (double)of->mean_then * (of->then.repeats + 1.0);
    case RULE_FREQUENCY:
        return of->then.repeats;
    default:
        return -quiet;
    }
}

static enum err_code prove_rule(struct proving *p, enum proof_rule rule, double weeks, struct proof_line *ret)
{
    for (size_t i = 0; i < p->n; i++)
        p->score[i] = rule_score(rule, p->one[i], weeks);
    if (rule == RULE_RATE) {
        ret->proof = holdout_score(p->score, p->came, p->n);
        ret->active = holdout_accuracy(p->score, WILL_BUY, p->came, p->n);
        return ERR_OK;
    }
    if (rule == RULE_HIATUS) {
        ret->active = holdout_accuracy(p->score, -HIATUS_WEEKS, p->came, p->n);
        return ERR_OK;
    }
    return holdout_top_tenth(p->score, p->money, p->n, &ret->top, p->e);
}

static void by_frequency(struct proving *p, const struct value_models *m, double weeks)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct worth_of of = worth_of_buyer(&p->one[i]->then, (double)p->one[i]->mean_then);
        size_t f = frequency_of(p->one[i]);
        p->ret->customers_of[f]++;
        p->ret->came_of[f] += p->came[i];
        p->ret->foretold_of[f] += worth_expected(m, &of, weeks);
    }
}

static enum err_code prove_models(struct proving *p, const struct fitted *fitted, const struct worth_terms *held)
{
    double best = INFINITY;
    for (size_t k = 0; k < VALUE_KINDS; k++) {
        if (!fitted->valid[k])
            continue;
        const struct value_models m = fitted_models(fitted, k);
        TRY(prove_model(p, &m, held, &p->ret->of[k]));
        if (p->ret->of[k].proof.rmse >= best)
            continue;
        best = p->ret->of[k].proof.rmse;
        p->ret->best = k;
    }
    if (isfinite(best)) {
        const struct value_models m = fitted_models(fitted, p->ret->best);
        by_frequency(p, &m, held->horizon);
    }
    return ERR_OK;
}

static enum err_code prove(struct proving *p, const struct fitted *fitted, const struct worth_terms *held)
{
    static const struct proof_line nothing = { { NAN, NAN, NAN, NAN }, NAN, NAN, NAN };
    for (int i = 0; i < RULES; i++)
        p->ret->of[i] = nothing;
    p->ret->customers = p->n;
    for (size_t i = 0; i < p->n; i++)
        p->ret->came += p->came[i];
    TRY(prove_models(p, fitted, held));
    for (int rule = RULE_RATE; rule < RULES; rule++)
        TRY(prove_rule(p, (enum proof_rule)rule, held->horizon, &p->ret->of[rule]));
    return ERR_OK;
}

enum err_code value_prove(const struct valued *of, size_t n, const struct worth_terms *terms, struct value_proof *ret, struct err *e)
{
    struct fitted fitted;
    const struct worth_terms held = { ret->days / WEEK_DAYS, terms->discount, terms->margin };
    TRY(value_fit_models(of, n, true, &fitted, e));
    struct proving p = { .ret = ret, .e = e };
    enum err_code code = make_room(&p, of, n) ? prove(&p, &fitted, &held)
                                              : err_set(e, ERR_LIMIT, 0, "no memory to prove models of value");
    free(p.one);
    free(p.came);
    if (code || !fitted.valid[ret->best])
        return code;
    const struct value_models best = fitted_models(&fitted, ret->best);
    return value_new_prove(of, n, &best, ret, e);
}
