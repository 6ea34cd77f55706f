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

struct fitting {
    const struct condition *condition;
    struct probe *probe;
    struct probe_name *name;
    size_t n;
    bool gave_truth;                 // the whole of it, once
    struct value gave;               // else what it gave
    struct arena *mem, *run;
    struct err *e;
};

/* Values that customers have, some of each kind. */
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
    struct value literal[PROBE_LITERALS];
    *ret = (struct probe_name){ .name = c->name };
    if (c->kind == COLUMN_CODES)
        return sample_codes(c->dictionary, f->mem, ret);
    size_t n = probe_literals(f->condition->node, literal, 0, PROBE_LITERALS);
    return probe_samples(&types[c->kind], literal, n, f->mem, ret);
}

static enum err_code sample_names(struct fitting *f)
{
    const struct columns *columns = &f->condition->columns;
    f->name = arena_array(f->mem, struct probe_name, columns->n + 1);
    if (!f->name)
        return condition_no_memory(f->e);
    for (size_t i = 0; i < columns->n; i++)
        if (feel_speaks_of(f->condition->node, columns->column[i].name)
            && !sample_column(f, &columns->column[i], &f->name[f->n++]))
            return condition_no_memory(f->e);
    return ERR_OK;
}

static enum err_code run_once(struct fitting *f, unsigned run)
{
    const struct condition *c = f->condition;
    struct eval eval;
    struct err limit;
    struct value v;
    arena_reset(f->run);
    const struct value_context *inputs = probe_inputs(f->name, f->n, run, f->run);
    if (!inputs)
        return condition_no_memory(f->e);
    const struct feel_scope scope = { .n = inputs->n, .entry = inputs->entry };
    eval_init(&eval, f->run, c->world->zones, c->world->now_ms, &limit);
    eval.steps = RUN_STEPS;
    probe_watch(f->probe, &eval);
    if (feel_eval(&eval, c->node, &scope, &v) || value_is_null(v))
        return ERR_OK;
    f->gave_truth = f->gave_truth || v.kind == VALUE_BOOLEAN;
    f->gave = v;
    return ERR_OK;
}

static void warn(const struct condition *c, size_t at, const char *text, struct condition_warning *ret)
{
    diag_place(c->text, at, &ret->line, &ret->column);
    snprintf(ret->text, sizeof ret->text, "%s", text);
}

static enum err_code tell(const struct fitting *f, struct condition_warning **ret, size_t *n)
{
    const struct condition *c = f->condition;
    *n = 0;
    *ret = arena_array(f->mem, struct condition_warning, WARNINGS_MAX);
    if (!*ret)
        return condition_no_memory(f->e);
    for (const struct node *node = NULL; *n < WARNINGS_MAX && (node = probe_next(f->probe, c->node, node));)
        warn(c, probe_at(node), probe_said(f->probe, node), &(*ret)[(*n)++]);
    if (!*n && !f->gave_truth && !value_is_null(f->gave))
        warn(c, 0, "it is neither true nor false of anybody: it gives something else", &(*ret)[(*n)++]);
    return ERR_OK;
}

static enum err_code fit(struct fitting *f, struct condition_warning **ret, size_t *n)
{
    TRY(sample_names(f));
    for (unsigned run = 0; run < PROBE_RUNS; run++)
        TRY(run_once(f, run));
    return tell(f, ret, n);
}

enum err_code condition_warnings(const struct condition *c, struct arena *mem, struct condition_warning **ret, size_t *n,
                                 struct err *e)
{
    AUTO(arena) run = arena_new(RUN_BYTES);
    AUTO(probe) probe = NULL;
    if (!run)
        return condition_no_memory(e);
    TRY(probe_new(&probe, e));
    struct fitting f = { .condition = c, .probe = probe, .gave = value_null, .mem = mem, .run = run, .e = e };
    return fit(&f, ret, n);
}
