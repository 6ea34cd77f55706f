#include "engine/configurator/explain.h"

#include <assert.h>
#include <math.h>
#include <picosat/picosat.h>
#include <stdlib.h>
#include <string.h>

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory to explain a conflict")
#define OPEN_MAX 20000               // sets of changes that are being looked at

struct explainer {
    const struct encoding *of;
    PicoSAT *plain, *named;          // named: clause c holds where its rule's selector is assumed
    size_t steps;
};

static int selector(const struct explainer *x, uint32_t rule)
{
    return (int)(x->of->clauses->variables + 1 + rule);
}

static PicoSAT *solver_new(const struct explainer *x, bool named)
{
    const struct clauses *c = x->of->clauses;
    PicoSAT *ret = picosat_init();
    if (!ret)
        return NULL;
    picosat_adjust(ret, (int)(c->variables + (named ? x->of->rules : 0)));
    for (uint32_t i = 0; i < c->clauses; i++) {
        for (uint32_t k = c->start[i]; k < c->start[i + 1]; k++)
            picosat_add(ret, c->literal[k]);
        if (named && c->of[i])
            picosat_add(ret, -selector(x, c->of[i]));
        picosat_add(ret, 0);
    }
    return ret;
}

enum err_code explainer_new(const struct encoding *of, struct explainer **ret, struct err *e)
{
    struct explainer *x = calloc(1, sizeof *x);
    if (x)
        *x = (struct explainer){ .of = of };
    if (x)
        x->plain = solver_new(x, false);
    if (!x || !x->plain) {
        explainer_drop(&x);
        return NO_MEMORY(e);
    }
    *ret = x;
    return ERR_OK;
}

void explainer_drop(struct explainer **at)
{
    if (!*at)
        return;
    if ((*at)->plain)
        picosat_reset((*at)->plain);
    if ((*at)->named)
        picosat_reset((*at)->named);
    free(*at);
    *at = NULL;
}

static bool solve(struct explainer *x, PicoSAT *solver, const int32_t *assumed, size_t n)
{
    x->steps++;
    for (size_t i = 0; i < n; i++)
        picosat_assume(solver, assumed[i]);
    return picosat_sat(solver, -1) == PICOSAT_SATISFIABLE;
}

bool explain_possible(struct explainer *x, const int32_t *choice, size_t n)
{
    return solve(x, x->plain, choice, n);
}

/* Keeps of of[fixed .. n) what the solver's last refusal needed. */
static size_t keep_failed(PicoSAT *solver, int32_t *of, size_t fixed, size_t n)
{
    size_t kept = fixed;
    for (size_t i = fixed; i < n; i++)
        if (picosat_failed_assumption(solver, of[i]))
            of[kept++] = of[i];
    return kept;
}

/* of[n] cannot stand together: leaves out what can be spared, the first ones first. The first `fixed` stay. Returns how many are
 * left; SIZE_MAX after too many steps. scratch: n. */
static size_t shrink(struct explainer *x, PicoSAT *solver, int32_t *of, size_t fixed, size_t n, int32_t *scratch)
{
    n = keep_failed(solver, of, fixed, n);
    for (size_t at = fixed; at < n;) {
        if (x->steps > EXPLAIN_STEPS_MAX)
            return SIZE_MAX;
        memcpy(scratch, of, at * sizeof *of);
        memcpy(scratch + at, of + at + 1, (n - at - 1) * sizeof *of);
        if (solve(x, solver, scratch, n - 1)) {
            at++;
            continue;
        }
        size_t kept = keep_failed(solver, scratch, at, n - 1);  // those before `at` are needed: they were asked for
        memcpy(of, scratch, kept * sizeof *of);
        n = kept;
    }
    return n;
}

static enum err_code too_many(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "the conflict was not explained within %d questions to the solver", EXPLAIN_STEPS_MAX);
}

/* The rules without which the choices of the conflict could stand. */
static enum err_code name_rules(struct explainer *x, struct arena *mem, struct conflict *ret, struct err *e)
{
    size_t n = ret->choices + x->of->rules;
    int32_t *all = arena_array(mem, int32_t, n + 1), *scratch = arena_array(mem, int32_t, n + 1);
    if (!x->named)
        x->named = solver_new(x, true);
    if (!all || !scratch || !x->named)
        return NO_MEMORY(e);
    if (ret->choices)
        memcpy(all, ret->choice, ret->choices * sizeof *all);
    for (uint32_t r = 1; r < x->of->rules; r++)
        all[ret->choices + r - 1] = selector(x, r);
    if (solve(x, x->named, all, --n))
        return err_set(e, ERR_CORRUPT, 0, "the solver contradicts itself");
    n = shrink(x, x->named, all, ret->choices, n, scratch);
    if (n == SIZE_MAX)
        return too_many(e);
    ret->rules = n - ret->choices;
    ret->rule = arena_array(mem, uint32_t, ret->rules + 1);
    if (!ret->rule)
        return NO_MEMORY(e);
    for (size_t i = 0; i < ret->rules; i++)
        ret->rule[i] = (uint32_t)all[ret->choices + i] - x->of->clauses->variables - 1;
    return ERR_OK;
}

static enum err_code find_choices(struct explainer *x, const int32_t *choice, size_t n, struct arena *mem, struct conflict *ret,
                                  bool *found, struct err *e)
{
    int32_t *scratch = arena_array(mem, int32_t, n + 1);
    *ret = (struct conflict){ .choice = arena_array(mem, int32_t, n + 1) };
    if (!ret->choice || !scratch)
        return NO_MEMORY(e);
    *found = !solve(x, x->plain, choice, n);
    if (!*found)
        return ERR_OK;
    if (n)
        memcpy(ret->choice, choice, n * sizeof *choice);
    ret->choices = shrink(x, x->plain, ret->choice, 0, n, scratch);
    return ret->choices == SIZE_MAX ? too_many(e) : ERR_OK;
}

enum err_code explain_conflict(struct explainer *x, const int32_t *choice, size_t n, bool with_rules, struct arena *mem,
                               struct conflict *ret, bool *found, struct err *e)
{
    x->steps = 0;
    TRY(find_choices(x, choice, n, mem, ret, found, e));
    return *found && with_rules ? name_rules(x, mem, ret, e) : ERR_OK;
}

enum err_code explain_is_redundant(struct explainer *x, uint32_t rule, bool *ret, struct err *e)
{
    const struct clauses *c = x->of->clauses;
    if (!x->named)
        x->named = solver_new(x, true);
    if (!x->named)
        return NO_MEMORY(e);
    *ret = true;
    for (uint32_t i = 0; i < c->clauses && *ret; i++) {
        if (c->of[i] != rule)
            continue;
        for (uint32_t r = 1; r < x->of->rules; r++)
            picosat_assume(x->named, r == rule ? -selector(x, r) : selector(x, r));
        for (uint32_t k = c->start[i]; k < c->start[i + 1]; k++)
            picosat_assume(x->named, -c->literal[k]);
        *ret = picosat_sat(x->named, -1) == PICOSAT_UNSATISFIABLE;
    }
    return ERR_OK;
}

/* ---- changes ---- */
/* A set of choices to give up, by their places in ascending order. */
struct trial {
    uint32_t *at;
    size_t n;
    double cost;
};
struct search {
    struct explainer *x;
    const int32_t *choice;
    const double *cost;
    size_t n;
    struct arena *mem;
    struct trial *open;              // a heap, the cheapest first
    size_t opens, cap;
};

static bool heap_push(struct search *s, struct trial t)
{
    if (!arena_need(s->mem, s->open, s->cap, s->opens + 1))
        return false;
    size_t at = s->opens++;
    for (; at && s->open[(at - 1) / 2].cost > t.cost; at = (at - 1) / 2)
        s->open[at] = s->open[(at - 1) / 2];
    s->open[at] = t;
    return true;
}

static struct trial heap_pop(struct search *s)
{
    struct trial top = s->open[0], last = s->open[--s->opens];
    size_t at = 0;
    for (size_t below; (below = 2 * at + 1) < s->opens; at = below) {
        below += below + 1 < s->opens && s->open[below + 1].cost < s->open[below].cost;
        if (s->open[below].cost >= last.cost)
            break;
        s->open[at] = s->open[below];
    }
    s->open[at] = last;
    return top;
}

static bool contains(const struct trial *t, uint32_t at)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->at[i] == at)
            return true;
    return false;
}

static bool is_within(const struct search *s, const struct change *small, const struct trial *t)
{
    size_t have = 0;
    for (size_t i = 0; i < small->n; i++)
        for (size_t k = 0; k < t->n; k++)
            have += s->choice[t->at[k]] == small->give_up[i];
    return have == small->n;
}

/* The same set is reached by several ways: those that are open are few. */
static bool is_open(const struct search *s, const struct trial *t)
{
    for (size_t i = 0; i < s->opens; i++)
        if (s->open[i].n == t->n && (!t->n || !memcmp(s->open[i].at, t->at, t->n * sizeof *t->at)))
            return true;
    return false;
}

/* With one more given up, for each choice of the conflict. */
static enum err_code branch(struct search *s, const struct trial *t, const struct conflict *c, struct err *e)
{
    for (uint32_t i = 0; i < s->n; i++) {
        bool blamed = false;
        for (size_t k = 0; k < c->choices && !blamed; k++)
            blamed = c->choice[k] == s->choice[i];
        if (!blamed || contains(t, i) || !(s->cost[i] < INFINITY))
            continue;
        struct trial more = { arena_array(s->mem, uint32_t, t->n + 1), t->n + 1, t->cost + s->cost[i] };
        if (!more.at)
            return NO_MEMORY(e);
        size_t before = 0;
        while (before < t->n && t->at[before] < i)
            before++;
        if (t->n) {
            memcpy(more.at, t->at, before * sizeof *t->at);
            memcpy(more.at + before + 1, t->at + before, (t->n - before) * sizeof *t->at);
        }
        more.at[before] = i;
        if (is_open(s, &more))
            continue;
        if (s->opens >= OPEN_MAX)
            return err_set(e, ERR_LIMIT, 0, "there are more than %d ways to look at", OPEN_MAX);
        if (!heap_push(s, more))
            return NO_MEMORY(e);
    }
    return ERR_OK;
}

static enum err_code change_of(const struct search *s, const struct trial *t, struct change *ret, struct err *e)
{
    *ret = (struct change){ arena_array(s->mem, int32_t, t->n + 1), t->n, t->cost };
    if (!ret->give_up)
        return NO_MEMORY(e);
    for (size_t i = 0; i < t->n; i++)
        ret->give_up[i] = s->choice[t->at[i]];
    return ERR_OK;
}

enum err_code explain_changes(struct explainer *x, const int32_t *choice, const double *cost, size_t n, struct arena *mem,
                              struct change *ret, size_t max, size_t *found, struct err *e)
{
    struct search s = { .x = x, .choice = choice, .cost = cost, .n = n, .mem = mem };
    int32_t *rest = arena_array(mem, int32_t, n + 1);
    *found = 0;
    x->steps = 0;
    if (!rest || !heap_push(&s, (struct trial){ 0 }))
        return NO_MEMORY(e);
    while (s.opens && *found < max) {
        struct trial t = heap_pop(&s);
        struct conflict c;
        bool conflict, known = false;
        size_t left = 0;
        for (size_t i = 0; i < *found && !known; i++)
            known = is_within(&s, &ret[i], &t);
        if (known)
            continue;
        for (uint32_t i = 0; i < n; i++)
            if (!contains(&t, i))
                rest[left++] = choice[i];
        TRY(find_choices(x, rest, left, mem, &c, &conflict, e));
        if (conflict)
            TRY(branch(&s, &t, &c, e));
        else
            TRY(change_of(&s, &t, &ret[(*found)++], e));
    }
    return ERR_OK;
}
