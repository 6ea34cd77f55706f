/* What of a condition can only be null, since what customers have there is of another kind: "zip = 48001" where zips are
 * texts. */
#include <stdio.h>

#include "engine/feel/names.h"
#include "engine/feel/probe.h"
#include "insight/condition_room.h"

#define RUN_BYTES ((size_t)4 << 20)
#define RUN_STEPS UINT64_C(20000)
#define CODES_LOOKED_AT 4096u
#define CODES_OF_A_KIND 8u
#define WARNINGS_MAX 20u

/* A tree, and what its names may be. */
struct fitting {
    const struct condition *condition;
    const struct node *tree;
    struct probe *probe;
    struct probe_name *name;
    size_t n;
    struct value literal[PROBE_LITERALS];  // of the tree
    size_t n_literals;
    struct value gave;               // true or false where it ever was, else what it gave
    struct arena *mem, *run;
    struct condition_warning *warning;
    size_t n_warnings;
    struct err *e;
};

/* Values that are there, some of each kind. */
static bool sample_codes(const struct dictionary *d, struct arena *mem, struct probe_name *ret)
{
    struct value *list = arena_array(mem, struct value, VALUE_KINDS * CODES_OF_A_KIND);
    size_t of_kind[VALUE_KINDS] = { 0 };
    if (!list)
        return false;
    ret->sample = list;
    for (size_t code = 0; code < d->n && code < CODES_LOOKED_AT; code++)
        if (of_kind[d->value[code].kind]++ < CODES_OF_A_KIND)
            list[ret->n++] = d->value[code];
    return true;
}

static bool sample_column(const struct fitting *f, const struct column *c, struct probe_name *ret)
{
    static const struct type types[] = {
        [COLUMN_BOOLEAN] = { .kind = TYPE_BOOLEAN }, [COLUMN_NUMBER] = { .kind = TYPE_NUMBER },
        [COLUMN_DATE] = { .kind = TYPE_DATE }, [COLUMN_DATE_TIME] = { .kind = TYPE_DATE_TIME },
    };
    *ret = (struct probe_name){ .name = c->name };
    if (c->kind == COLUMN_CODES)
        return sample_codes(c->dictionary, f->mem, ret);
    return probe_samples(&types[c->kind], f->literal, f->n_literals, f->mem, ret);
}

/* Of the columns those that the tree speaks of. */
static enum err_code sample_names(struct fitting *f, const struct columns *columns)
{
    f->n = 0;
    f->n_literals = probe_literals(f->tree, f->literal, 0, PROBE_LITERALS);
    f->name = arena_array(f->mem, struct probe_name, columns->n + 1);
    if (!f->name)
        return condition_no_memory(f->e);
    for (size_t i = 0; i < columns->n; i++)
        if (feel_speaks_of(f->tree, columns->column[i].name)
            && !sample_column(f, &columns->column[i], &f->name[f->n++]))
            return condition_no_memory(f->e);
    return ERR_OK;
}

static enum err_code run_once(struct fitting *f, unsigned run)
{
    const struct condition_world *world = f->condition->world;
    struct eval eval;
    struct err limit;
    struct value v;
    arena_reset(f->run);
    const struct value_context *inputs = probe_inputs(f->name, f->n, run, f->run);
    if (!inputs)
        return condition_no_memory(f->e);
    const struct feel_scope scope = { .n = inputs->n, .entry = inputs->entry };
    eval_init(&eval, f->run, world->zones, world->now_ms, &limit);
    eval.steps = RUN_STEPS;
    probe_watch(f->probe, &eval);
    if (!feel_eval(&eval, f->tree, &scope, &v) && !value_is_null(v) && f->gave.kind != VALUE_BOOLEAN)
        f->gave = v;
    return ERR_OK;
}

static void warn(struct fitting *f, size_t at, const char *text)
{
    struct condition_warning *w = &f->warning[f->n_warnings++];
    diag_place(f->condition->text, at, &w->line, &w->column);
    snprintf(w->text, sizeof w->text, "%s", text);
}

/* What the tree gives for these columns. */
static enum err_code fit(struct fitting *f, const struct node *tree, const struct columns *columns)
{
    size_t before = f->n_warnings;
    f->tree = tree;
    f->gave = value_null;
    TRY(sample_names(f, columns));
    for (unsigned run = 0; run < PROBE_RUNS; run++)
        TRY(run_once(f, run));
    for (const struct node *node = NULL; f->n_warnings < WARNINGS_MAX && (node = probe_next(f->probe, tree, node));)
        warn(f, probe_at(node), probe_said(f->probe, node));
    if (f->n_warnings == before && before < WARNINGS_MAX && f->gave.kind != VALUE_BOOLEAN && !value_is_null(f->gave))
        warn(f, probe_at(tree), "this is neither true nor false of anybody: it gives something else");
    return ERR_OK;
}

/* The condition on an event's properties. */
static enum err_code fit_where(struct fitting *f, const struct condition_where *w)
{
    const struct population *p = f->condition->world->population;
    struct population_property property;
    struct columns columns = { 0, 0, NULL };
    size_t n = 0;
    while (population_property(p, w->event, n, &property))
        n++;
    struct column *column = arena_array(f->mem, struct column, n + 1);
    if (!column)
        return condition_no_memory(f->e);
    for (size_t i = 0; i < n && population_property(p, w->event, i, &property); i++)
        if (!property.dropped)
            column[columns.n++] = property.column;
    columns.column = column;
    return fit(f, w->node, &columns);
}

static enum err_code fit_all(struct fitting *f)
{
    const struct condition *c = f->condition;
    f->warning = arena_array(f->mem, struct condition_warning, WARNINGS_MAX);
    if (!f->warning)
        return condition_no_memory(f->e);
    for (size_t i = 0; i < c->n_where; i++)
        TRY(fit_where(f, &c->where[i]));
    return fit(f, c->node, &c->columns);
}

enum err_code condition_warnings(const struct condition *c, struct arena *mem, struct condition_warning **ret, size_t *n,
                                 struct err *e)
{
    AUTO(arena) run = arena_new(RUN_BYTES);
    AUTO(probe) probe = NULL;
    if (!run)
        return condition_no_memory(e);
    TRY(probe_new(&probe, e));
    struct fitting f = { .condition = c, .probe = probe, .mem = mem, .run = run, .e = e };
    enum err_code code = fit_all(&f);
    *ret = f.warning;
    *n = f.n_warnings;
    return code;
}
