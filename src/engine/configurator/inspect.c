#include "engine/configurator/inspect.h"

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory to inspect the product model")

struct inspecting {
    const struct uvl_model *model;
    const struct encoding *encoding;
    struct explainer *explainer;
    struct inspection *ret;
    const atomic_bool *cancel;
};

static enum err_code check_cancel(const struct inspecting *t, struct err *e)
{
    return t->cancel && atomic_load(t->cancel) ? err_set(e, ERR_BUSY, 0, "cancelled") : ERR_OK;
}

static bool is_possible(const struct inspecting *t, int32_t a, int32_t b)
{
    return explain_possible(t->explainer, (const int32_t[]){ a, b }, b ? 2 : 1);
}

/* Whether its group leaves it open. */
static bool is_optional(const struct uvl_model *m, uint32_t at)
{
    const struct uvl_feature *f = &m->feature[at];
    if (f->in == UVL_NONE)
        return false;
    const struct uvl_group *g = &m->group[f->in];
    return g->kind == UVL_OPTIONAL || (g->kind != UVL_MANDATORY && g->children > 1 && (g->kind != UVL_CARDINALITY || g->min < g->children));
}

static void inspect_feature(struct inspecting *t, uint32_t at)
{
    struct inspection *ret = t->ret;
    int32_t own = (int32_t)at + 1;
    uint32_t parent = t->model->feature[at].parent;
    if (!is_possible(t, own, 0)) {
        ret->dead.at[ret->dead.n++] = at;
        return;
    }
    if (!is_possible(t, -own, 0))
        ret->core.at[ret->core.n++] = at;
    if (is_optional(t->model, at) && !is_possible(t, (int32_t)parent + 1, -own))
        ret->false_optional.at[ret->false_optional.n++] = at;
}

/* A constraint of several instances is several rules: it goes only if all could. */
static enum err_code inspect_constraints(struct inspecting *t, uint8_t *needed, uint8_t *there, struct err *e)
{
    for (uint32_t r = 0; r < t->encoding->rules; r++) {
        const struct rule *rule = &t->encoding->rule[r];
        bool redundant = false;
        if (rule->kind != RULE_CONSTRAINT || needed[rule->at])
            continue;
        TRY(check_cancel(t, e));
        TRY(explain_is_redundant(t->explainer, r, &redundant, e));
        there[rule->at] = 1;
        needed[rule->at] = !redundant;
    }
    for (uint32_t i = 0; i < t->model->constraints; i++)
        if (there[i] && !needed[i])
            t->ret->redundant.at[t->ret->redundant.n++] = i;
    return ERR_OK;
}

enum err_code inspect_model(const struct uvl_model *model, const struct encoding *encoding, struct explainer *explainer, struct arena *mem,
                      const atomic_bool *cancel, struct inspection *ret, struct err *e)
{
    struct inspecting t = { model, encoding, explainer, ret, cancel };
    size_t features = (size_t)model->features + 1, constraints = (size_t)model->constraints + 1;
    uint8_t *needed = arena_array(mem, uint8_t, constraints), *there = arena_array(mem, uint8_t, constraints);
    *ret = (struct inspection){ .dead = { arena_array(mem, uint32_t, features), 0 },
                                .core = { arena_array(mem, uint32_t, features), 0 },
                                .false_optional = { arena_array(mem, uint32_t, features), 0 },
                                .redundant = { arena_array(mem, uint32_t, constraints), 0 } };
    if (!needed || !there || !ret->dead.at || !ret->core.at || !ret->false_optional.at || !ret->redundant.at)
        return NO_MEMORY(e);
    TRY(explain_conflict(explainer, NULL, 0, true, mem, &ret->why, &ret->is_void, e));
    if (ret->is_void)
        return ERR_OK;
    for (uint32_t i = 0; i < model->features; i++) {
        TRY(check_cancel(&t, e));
        inspect_feature(&t, i);
    }
    return inspect_constraints(&t, needed, there, e);
}
