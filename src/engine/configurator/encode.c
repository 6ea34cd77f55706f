#include "engine/configurator/encode.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/configurator/encode_room.h"

#define PAIRS_MAX 40                 // children of which at most one is taken: pair by pair up to so many

/* ---- what the other files use ---- */
enum err_code encode_emit(struct encoder *c, const int32_t *literal, size_t n, struct err *e)
{
    return clauses_add(c->ret->clauses, c->rule, literal, n, e);
}

enum err_code encode_define(struct encoder *c, const int32_t *literal, size_t n, struct err *e)
{
    return clauses_add(c->ret->clauses, 0, literal, n, e);
}

enum err_code encode_push(struct encoder *c, struct literals *list, int32_t literal, struct err *e)
{
    if (!arena_need(c->mem, list->at, list->cap, list->n + 1))
        return NO_MEMORY(e);
    list->at[list->n++] = literal;
    return ERR_OK;
}

enum err_code encode_deeper(struct encoder *c, uint32_t expr, struct err *e)
{
    if (++c->depth > ENCODE_DEPTH_MAX)
        return encode_fault(c, c->model->expr[expr].place, e, "the constraint is nested deeper than %d: split it", ENCODE_DEPTH_MAX);
    return ERR_OK;
}

enum err_code encode_helper(struct encoder *c, int32_t *ret, struct err *e)
{
    if (c->ret->clauses->variables >= ENCODE_VARIABLES_MAX)
        return err_set(e, ERR_LIMIT, 0, "the rules of the model need more than %d variables", ENCODE_VARIABLES_MAX);
    *ret = clauses_helper(c->ret->clauses);
    return ERR_OK;
}

enum err_code encode_always(struct encoder *c, int32_t *ret, struct err *e)
{
    if (!c->always) {
        TRY(encode_helper(c, &c->always, e));
        TRY(encode_define(c, &c->always, 1, e));
    }
    *ret = c->always;
    return ERR_OK;
}

enum err_code encode_choice(struct encoder *c, int32_t test, int32_t yes, int32_t no, int32_t *ret, struct err *e)
{
    bool known = c->always && yes == c->always && no == -c->always, opposite = c->always && yes == -c->always && no == c->always;
    *ret = yes;
    if (yes == no)
        return ERR_OK;
    if (known || opposite) {
        *ret = known ? test : -test;
        return ERR_OK;
    }
    TRY(encode_helper(c, ret, e));
    int32_t r = *ret;
    TRY(encode_define(c, (int32_t[]){ -test, -yes, r }, 3, e));
    TRY(encode_define(c, (int32_t[]){ -test, yes, -r }, 3, e));
    TRY(encode_define(c, (int32_t[]){ test, -no, r }, 3, e));
    TRY(encode_define(c, (int32_t[]){ test, no, -r }, 3, e));
    TRY(encode_define(c, (int32_t[]){ -yes, -no, r }, 3, e));  // follow from the others, and let propagation see it
    return encode_define(c, (int32_t[]){ yes, no, -r }, 3, e);
}

enum err_code encode_fault(const struct encoder *c, struct uvl_place place, struct err *e, const char *fmt, ...)
{
    char text[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct slice file = place.file < c->model->files ? c->model->file[place.file] : SLICE("");
    return err_set(e, ERR_INVALID, place.line, "%.*s:%u:%u: %s", SLICE_ARG(file), place.line, place.column, text);
}

static enum err_code rule_begin(struct encoder *c, enum rule_kind kind, uint32_t at, size_t *cap, struct err *e)
{
    struct encoding *ret = c->ret;
    if (!arena_need(c->mem, ret->rule, *cap, (size_t)ret->rules + 1))
        return NO_MEMORY(e);
    ret->rule[ret->rules] = (struct rule){ kind, at };
    c->rule = ret->rules++;
    return ERR_OK;
}

/* ---- the tree ---- */
struct tree {
    struct encoder c;
    size_t rule_cap, open_cap;
    uint32_t *home;                  // of each constraint: the cloned feature in each of whose instances it holds, or UVL_NONE
    int32_t next;                    // variable of an instance
};

static const struct uvl_feature *feature_of(const struct tree *t, uint32_t at)
{
    return &t->c.model->feature[at];
}

/* parent -> (from min to max of the children) */
static enum err_code encode_number(struct tree *t, int32_t parent, const int32_t *child, uint32_t n, uint32_t min, uint32_t max,
                                   struct err *e)
{
    struct encoder *c = &t->c;
    int32_t met;
    if (min <= 1 && max == 1 && n <= PAIRS_MAX) {
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t k = i + 1; k < n; k++)
                TRY(encode_emit(c, (int32_t[]){ -child[i], -child[k] }, 2, e));
        max = n;
    }
    if (min == 1 && max >= n) {
        struct literals clause = { 0 };
        TRY(encode_push(c, &clause, -parent, e));
        for (uint32_t i = 0; i < n; i++)
            TRY(encode_push(c, &clause, child[i], e));
        return encode_emit(c, clause.at, clause.n, e);
    }
    if (min == 0 && max >= n)
        return ERR_OK;
    TRY(encode_between(c, child, n, min, max, &met, e));
    return encode_emit(c, (int32_t[]){ -parent, met }, 2, e);
}

static enum err_code encode_group(struct tree *t, uint32_t at, struct err *e)
{
    const struct uvl_group *g = &t->c.model->group[at];
    int32_t parent = t->c.variable[g->of], *child = arena_array(t->c.mem, int32_t, (size_t)g->children + 1);
    if (!child)
        return NO_MEMORY(e);
    for (uint32_t i = 0; i < g->children; i++) {
        child[i] = t->c.variable[g->child[i]];
        TRY(rule_begin(&t->c, RULE_PARENT, g->child[i], &t->rule_cap, e));
        TRY(encode_emit(&t->c, (int32_t[]){ -child[i], parent }, 2, e));
    }
    TRY(rule_begin(&t->c, RULE_GROUP, at, &t->rule_cap, e));
    switch (g->kind) {
    case UVL_MANDATORY:
        for (uint32_t i = 0; i < g->children; i++)
            TRY(encode_emit(&t->c, (int32_t[]){ -parent, child[i] }, 2, e));
        return ERR_OK;
    case UVL_OPTIONAL: return ERR_OK;
    case UVL_OR: return encode_number(t, parent, child, g->children, 1, g->children, e);
    case UVL_ALTERNATIVE: return encode_number(t, parent, child, g->children, 1, 1, e);
    default: return encode_number(t, parent, child, g->children, g->min, g->max, e);
    }
}

static enum err_code encode_constraints(struct tree *t, uint32_t home, struct err *e)
{
    const struct uvl_model *m = t->c.model;
    for (uint32_t i = 0; i < m->constraints; i++) {
        const struct uvl_constraint *one = &m->constraint[i];
        if (t->home[i] != home)
            continue;
        TRY(rule_begin(&t->c, RULE_CONSTRAINT, i, &t->rule_cap, e));
        TRY(encode_rule(&t->c, one->expr, one->of == UVL_NONE ? 0 : -t->c.variable[one->of], e));
    }
    return ERR_OK;
}

static enum err_code encode_below(struct tree *t, uint32_t at, struct err *e);

/* What is below a cloned feature is there if any instance has it; the instances are taken in order. */
static enum err_code join_instances(struct tree *t, uint32_t at, int32_t *const *instance, uint32_t n, struct err *e)
{
    const struct uvl_feature *f = feature_of(t, at);
    const int32_t *outer = t->c.variable;
    TRY(rule_begin(&t->c, RULE_INSTANCES, at, &t->rule_cap, e));
    for (uint32_t k = 1; k < n; k++)
        TRY(encode_emit(&t->c, (int32_t[]){ -instance[k][at], instance[k - 1][at] }, 2, e));
    if (f->min > 1)
        TRY(encode_emit(&t->c, (int32_t[]){ -outer[at], instance[f->min - 1][at] }, 2, e));
    for (uint32_t below = at; below < t->c.end[at]; below++) {
        struct literals any = { 0 };
        t->c.ret->variable[outer[below]].joined = true;
        TRY(encode_push(&t->c, &any, -outer[below], e));
        for (uint32_t k = 0; k < n; k++) {
            TRY(encode_push(&t->c, &any, instance[k][below], e));
            TRY(encode_emit(&t->c, (int32_t[]){ -instance[k][below], outer[below] }, 2, e));
        }
        TRY(encode_emit(&t->c, any.at, any.n, e));
    }
    return ERR_OK;
}

static enum err_code encode_instances(struct tree *t, uint32_t at, struct err *e)
{
    const struct uvl_feature *f = feature_of(t, at);
    const int32_t *outer = t->c.variable;
    int32_t *instance[ENCODE_INSTANCES_MAX];
    size_t features = t->c.model->features;
    for (uint32_t k = 0; k < f->max; k++) {
        instance[k] = arena_array(t->c.mem, int32_t, features);
        if (!instance[k])
            return NO_MEMORY(e);
        memcpy(instance[k], outer, features * sizeof **instance);
        for (uint32_t below = at; below < t->c.end[at]; below++) {
            t->c.ret->variable[t->next].feature = below;
            instance[k][below] = t->next++;
        }
    }
    TRY(join_instances(t, at, instance, f->max, e));
    for (uint32_t k = 0; k < f->max; k++) {
        t->c.variable = instance[k];
        TRY(encode_below(t, at, e));
        TRY(encode_constraints(t, at, e));
    }
    t->c.variable = outer;
    return ERR_OK;
}

static enum err_code encode_below(struct tree *t, uint32_t at, struct err *e)
{
    const struct uvl_feature *f = feature_of(t, at);
    for (uint32_t i = 0; i < f->groups; i++) {
        const struct uvl_group *g = &t->c.model->group[f->group[i]];
        TRY(encode_group(t, f->group[i], e));
        for (uint32_t k = 0; k < g->children; k++)
            TRY(feature_of(t, g->child[k])->cloned ? encode_instances(t, g->child[k], e) : encode_below(t, g->child[k], e));
    }
    return ERR_OK;
}

/* ---- before that ---- */
/* Looks at every expression of a constraint. numbers: it stands where a value is wanted. */
struct look {
    uint32_t expr;
    bool numbers;
};
struct seen {
    bool open;                       // asks for a value that the customer gives
    bool everywhere;                 // names no feature, or all of them
    uint32_t first, last;            // features that it names
};

static enum err_code look_at(struct tree *t, uint32_t expr, struct seen *ret, struct err *e)
{
    const struct uvl_model *m = t->c.model;
    struct look *todo = NULL;
    size_t n = 0, cap = 0;
    if (!arena_need(t->c.mem, todo, cap, 1))
        return NO_MEMORY(e);
    todo[n++] = (struct look){ expr, false };
    while (n) {
        struct look at = todo[--n];
        const struct uvl_expr *x = &m->expr[at.expr];
        bool numbers = at.numbers || x->op >= UVL_OP_EQ;
        if (x->op == UVL_OP_FEATURE || x->op == UVL_OP_ATTRIBUTE) {
            ret->open |= numbers && x->op == UVL_OP_FEATURE && m->feature[x->feature].type != UVL_BOOLEAN;
            ret->first = x->feature < ret->first ? x->feature : ret->first;
            ret->last = x->feature > ret->last ? x->feature : ret->last;
        }
        ret->everywhere |= x->op == UVL_OP_SUM || x->op == UVL_OP_AVG;
        ret->open |= (x->op == UVL_OP_SUM || x->op == UVL_OP_AVG) && !x->text.len;  // of the values of a feature
        if (!arena_need(t->c.mem, todo, cap, n + 2))
            return NO_MEMORY(e);
        if (x->a != UVL_NONE)
            todo[n++] = (struct look){ x->a, numbers };
        if (x->b != UVL_NONE)
            todo[n++] = (struct look){ x->b, numbers };
    }
    return ERR_OK;
}

/* The nearest cloned feature that has all of them at or below it. */
static uint32_t home_of(const struct tree *t, const struct seen *seen)
{
    uint32_t at = seen->everywhere || seen->first == UVL_NONE ? UVL_NONE : seen->first;
    while (at != UVL_NONE && !(feature_of(t, at)->cloned && seen->last < t->c.end[at]))
        at = feature_of(t, at)->parent;
    return at;
}

#define HOME_OPEN (UVL_NONE - 1)

static enum err_code find_homes(struct tree *t, struct err *e)
{
    const struct uvl_model *m = t->c.model;
    for (uint32_t i = 0; i < m->constraints; i++) {
        struct seen seen = { .first = UVL_NONE };
        TRY(look_at(t, m->constraint[i].expr, &seen, e));
        if (m->constraint[i].of != UVL_NONE) {
            seen.first = m->constraint[i].of < seen.first ? m->constraint[i].of : seen.first;
            seen.last = m->constraint[i].of > seen.last ? m->constraint[i].of : seen.last;
        }
        t->home[i] = seen.open ? HOME_OPEN : home_of(t, &seen);
        if (!seen.open)
            continue;
        if (!arena_need(t->c.mem, t->c.ret->open, t->open_cap, (size_t)t->c.ret->opens + 1))
            return NO_MEMORY(e);
        t->c.ret->open[t->c.ret->opens++] = i;
    }
    return ERR_OK;
}

static void find_ends(const struct tree *t, uint32_t *end)
{
    for (uint32_t i = t->c.model->features; i-- > 0;) {
        uint32_t parent = feature_of(t, i)->parent;
        end[i] = end[i] ? end[i] : i + 1;
        if (parent != UVL_NONE && end[parent] < end[i])
            end[parent] = end[i];
    }
}

/* How many variables the instances of all cloned features need: of each feature one for each instance of each cloned feature at or
 * above it, those within instances included. */
static enum err_code count_instances(const struct tree *t, uint64_t *ret, struct err *e)
{
    const struct uvl_model *m = t->c.model;
    struct {
        uint64_t times, all;
    } *of = arena_calloc_n(t->c.mem, (size_t)m->features + 1, sizeof *of);
    if (!of)
        return NO_MEMORY(e);
    *ret = 0;
    for (uint32_t i = 0; i < m->features; i++) {
        const struct uvl_feature *f = &m->feature[i];
        of[i] = of[f->parent == UVL_NONE ? m->features : f->parent];
        of[i].times = of[i].times ? of[i].times : 1;
        if (f->cloned && f->max > ENCODE_INSTANCES_MAX)
            return encode_fault(&t->c, f->place, e, "at most %d instances of a feature", ENCODE_INSTANCES_MAX);
        if (f->cloned) {
            of[i].times *= f->max;
            of[i].all += of[i].times;
        }
        *ret += of[i].all;
        if (*ret > ENCODE_VARIABLES_MAX)
            return err_set(e, ERR_LIMIT, 0, "the instances of the model need more than %d variables", ENCODE_VARIABLES_MAX);
    }
    return ERR_OK;
}

static enum err_code encode_all(struct tree *t, struct err *e)
{
    uint32_t features = t->c.model->features;
    int32_t *own = arena_array(t->c.mem, int32_t, (size_t)features + 1);
    uint64_t instances = 0;
    uint32_t *end = arena_array(t->c.mem, uint32_t, (size_t)features + 1);
    t->home = arena_array(t->c.mem, uint32_t, (size_t)t->c.model->constraints + 1);
    if (!own || !end || !t->home)
        return NO_MEMORY(e);
    find_ends(t, end);
    t->c.end = end;
    TRY(count_instances(t, &instances, e));
    TRY(find_homes(t, e));
    t->c.ret->variable = arena_array(t->c.mem, struct variable, (size_t)features + (size_t)instances + 1);
    if (!t->c.ret->variable)
        return NO_MEMORY(e);
    for (uint32_t i = 0; i < features; i++) {
        own[i] = (int32_t)i + 1;
        t->c.ret->variable[own[i]].feature = i;
    }
    TRY(clauses_new(features + (uint32_t)instances, &t->c.ret->clauses, e));
    t->c.variable = own;
    t->next = (int32_t)features + 1;
    if (!features)
        return ERR_OK;
    TRY(rule_begin(&t->c, RULE_DEFINITIONS, 0, &t->rule_cap, e));
    TRY(rule_begin(&t->c, RULE_ROOT, 0, &t->rule_cap, e));
    TRY(encode_emit(&t->c, &own[0], 1, e));
    TRY(encode_below(t, 0, e));
    return encode_constraints(t, UVL_NONE, e);
}

enum err_code encode_model(const struct uvl_model *model, struct arena *mem, struct encoding *ret, struct err *e)
{
    *ret = (struct encoding){ 0 };
    struct tree t = { .c = { .model = model, .mem = mem, .ret = ret } };
    enum err_code code = encode_all(&t, e);
    if (code)
        encoding_drop(ret);
    return code;
}

void encoding_drop(struct encoding *of)
{
    clauses_drop(&of->clauses);
    *of = (struct encoding){ 0 };
}
