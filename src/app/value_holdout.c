/* tendero value holdout: what models and plain rules foretold of the days after the calibration, beside what came. */
#include "app/value.h"

#include <math.h>
#include <stdlib.h>

#include "engine/clv/holdout.h"

#define ENTRIES_MAX 16
#define QUIET_DAYS 84            // 12 weeks: the hiatus that shops go by (Wuebben and von Wangenheim 2008)
#define SAME 1e-3                // of a measure: the one that is named first is preferred
#define AS_GOOD .01              // of a share: what nobody would change a rule for

/* One that foretold, and how it did; NAN: it says nothing of that. */
struct entry {
    const char *name;
    bool rule;
    struct holdout score;
    double accuracy, top;
};
/* Columns of all customers: what came, and what one foretells. */
struct table {
    const struct ledger *l;
    double days;
    double *later, *spent, *foretold, *comes, *worth;
    struct entry of[ENTRIES_MAX];
    size_t n;
};

static enum err_code make_columns(struct table *t, struct err *e)
{
    size_t n = t->l->customers;
    t->later = calloc(5 * n, sizeof *t->later);
    if (!t->later)
        return VALUE_NO_MEMORY(e);
    t->spent = t->later + n;
    t->foretold = t->spent + n;
    t->comes = t->foretold + n;
    t->worth = t->comes + n;
    for (size_t i = 0; i < n; i++) {
        t->later[i] = t->l->history[i].later;
        t->spent[i] = t->l->valued ? t->l->history[i].spent : t->later[i];
    }
    return ERR_OK;
}

/* What an entry's columns say: how often (foretold), whether at all (comes, from the cut on), who is foremost (worth). */
enum says { SAYS_PURCHASES = 1, SAYS_ACTIVE = 2, SAYS_WORTH = 4 };

static enum err_code add(struct table *t, const char *name, bool rule, int says, double cut, struct err *e)
{
    size_t n = t->l->customers;
    struct entry *to = &t->of[t->n++];
    *to = (struct entry){ name, rule, { NAN, NAN, NAN, NAN }, NAN, NAN };
    if (says & SAYS_PURCHASES)
        to->score = holdout_score(t->foretold, t->later, n);
    if (says & SAYS_ACTIVE)
        to->accuracy = holdout_accuracy(t->comes, cut, t->later, n);
    return says & SAYS_WORTH ? holdout_top_tenth(t->worth, t->spent, n, &to->top, e) : ERR_OK;
}

static enum err_code add_model(struct table *t, const struct kind *k, const struct wish *wish, struct err *e)
{
    struct fitted f;
    TRY(fitted_buying(t->l, k, wish, false, &f, e));
    TRY(fitted_spending(t->l, &f, e));
    for (size_t i = 0; i < t->l->customers; i++) {
        const struct history *h = &t->l->history[i];
        const struct score_model m = fitted_of(&f, h->z);
        const struct score s = score_buyer(&m, &h->buyer, h->spender.mean, (struct score_horizon){ t->days, 0 });
        t->foretold[i] = s.purchases;
        t->comes[i] = s.alive * (1 - k->chance_to_come(m.at, h->buyer.repeats, h->buyer.watched / f.per, 0, t->days / f.unit));
        t->worth[i] = f.valued ? s.value : s.purchases;
    }
    return add(t, k->name, false, SAYS_PURCHASES | SAYS_ACTIVE | SAYS_WORTH, .5, e);
}

static enum err_code add_rules(struct table *t, double per, struct err *e)
{
    for (size_t i = 0; i < t->l->customers; i++) {
        const struct history *h = &t->l->history[i];
        double past = h->buyer.repeats * (t->l->valued ? h->spender.mean : 1);
        t->foretold[i] = h->buyer.watched > 0 ? t->days / per * h->buyer.repeats / h->buyer.watched : 0;
        t->comes[i] = t->foretold[i];
        t->worth[i] = past;
    }
    TRY(add(t, "rate carried forward", true, SAYS_PURCHASES | SAYS_ACTIVE, 1, e));
    TRY(add(t, t->l->valued ? "past spend" : "past purchases", true, SAYS_WORTH, 0, e));
    for (size_t i = 0; i < t->l->customers; i++) {
        t->worth[i] = t->l->history[i].buyer.repeats;
        t->comes[i] = 0;
    }
    TRY(add(t, "times bought", true, SAYS_WORTH, 0, e));
    TRY(add(t, "nobody comes back", true, SAYS_ACTIVE, 1, e));
    for (size_t i = 0; i < t->l->customers; i++)
        t->comes[i] = t->worth[i] = -t->l->history[i].silent;
    return add(t, "bought in the last 12 weeks", true, SAYS_ACTIVE | SAYS_WORTH, -QUIET_DAYS, e);
}

/* ---- which is best ---- */
static double of_mae(const struct entry *x) { return -x->score.mae; }
static double of_accuracy(const struct entry *x) { return x->accuracy; }
static double of_top(const struct entry *x) { return x->top; }

/* The one of whom `by` is greatest, of the rules or the models alone; NULL: none says anything of it. */
static const struct entry *best_of(const struct table *t, double (*by)(const struct entry *), bool rule)
{
    const struct entry *best = NULL;
    for (size_t i = 0; i < t->n; i++)
        if (t->of[i].rule == rule && !isnan(by(&t->of[i])) && (!best || by(&t->of[i]) > by(best) + SAME))
            best = &t->of[i];
    return best;
}

/* "12.3 % by NAME", and beside it the best rule. */
static void say_share(struct buf *out, const struct table *t, const char *what, double (*by)(const struct entry *))
{
    const struct entry *model = best_of(t, by, false), *rule = best_of(t, by, true);
    bool worse = by(model) < by(rule) - AS_GOOD, better = by(model) > by(rule) + AS_GOOD;
    buf_printf(out, "; %s %s %.1f %%, the rule '%s' %.1f %%: %s", model->name, what, 100 * by(model), rule->name, 100 * by(rule),
            better ? "the model is better" : worse ? "the rule is better" : "the rule is as good");
}

static void say_best(struct buf *out, const struct table *t, double actual)
{
    const struct entry *model = best_of(t, of_mae, false), *rule = best_of(t, of_mae, true);
    const struct entry *near = model->score.mae <= rule->score.mae ? model : rule;
    buf_printf(out, "Here %s errs least of each customer's purchases (by %.3f) and says %+.1f %% of their total", near->name,
            near->score.mae, actual > 0 ? 100 * (near->score.total / actual - 1) : 0);
    say_share(out, t, "tells who comes back right of", of_accuracy);
    say_share(out, t, t->l->valued ? "finds a tenth of the customers with this much of the spend:"
                                   : "finds a tenth of the customers with this much of the purchases:", of_top);
    buf_printf(out, ".");
}

static void json_entries(struct json_w *w, const struct table *t)
{
    json_w_key(w, "models");
    json_w_open(w, '[');
    for (size_t i = 0; i < t->n; i++) {
        const struct entry *x = &t->of[i];
        json_w_open(w, '{');
        json_w_kcstr(w, "model", x->name);
        json_w_kbool(w, "rule", x->rule);
        json_w_kdouble(w, "total", x->score.total);
        json_w_kdouble(w, "mae", x->score.mae);
        json_w_kdouble(w, "rmse", x->score.rmse);
        json_w_kdouble(w, "correlation", x->score.correlation);
        json_w_kdouble(w, "active_accuracy", x->accuracy);
        json_w_kdouble(w, t->l->valued ? "top_tenth_of_spend" : "top_tenth_of_purchases", x->top);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static enum err_code fill(struct table *t, const struct wish *wish, struct err *e)
{
    TRY(make_columns(t, e));
    for (size_t k = 0; k < KINDS; k++)
        if (wish->kind ? wish->kind == &buying_kinds[k] : !buying_kinds[k].discrete)
            TRY(add_model(t, &buying_kinds[k], wish, e));
    return add_rules(t, t->l->opportunity > 0 ? t->l->opportunity : 1, e);
}

enum err_code value_holdout(const struct ledger *l, const struct wish *wish, struct buf *out, struct err *e)
{
    struct json_w w = json_w(out);
    struct table t = { .l = l, .days = l->last - l->end };
    __attribute__((cleanup(buf_drop))) struct buf best = buf_make(0);
    double actual = 0;
    if (t.days <= 0)
        return err_set(e, ERR_INVALID, 0, "the file has no day after the end of the calibration");
    enum err_code code = fill(&t, wish, e);
    for (size_t i = 0; i < l->customers && !code; i++)
        actual += t.later[i];
    free(t.later);
    TRY(code);
    json_w_open(&w, '{');
    json_base(&w, wish->kind ? wish->kind->name : NULL, l, wish);
    json_w_ki64(&w, "days", (int64_t)t.days);
    json_w_kdouble(&w, "actual", actual);
    json_entries(&w, &t);
    say_best(&best, &t, actual);
    TRY(buf_check(&best, "the answer", e));
    json_w_kstring(&w, "best", buf_slice(&best));
    json_w_close(&w, '}');
    return answer_print(out, e);
}
