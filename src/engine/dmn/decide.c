/* Runs a model. Each element that is required is worked out once and kept; a service begins a run of its own, in which
 * its parameters stand in for input data and decisions. */
#include "engine/dmn/dmn_room.h"

#include <assert.h>

#include "engine/feel/value_json.h"

struct run {
    const struct dmn *model;
    const struct run *outer;               // of the model that imports this one
    const struct value_context *inputs;    // NULL: none
    struct memo {
        enum { MEMO_NEW, MEMO_BUSY, MEMO_DONE } state;
        struct value value;
    } *memo;
    struct run **imported;
};

static struct value value_of(struct run *, struct eval *, const struct element *);

static struct run *run_new(struct eval *e, const struct dmn *model, const struct value_context *inputs)
{
    struct run *run = arena_one(e->mem, struct run);
    struct memo *memo = arena_array(e->mem, struct memo, model->n_elements ? model->n_elements : 1);
    struct run **imported = arena_array(e->mem, struct run *, model->n_imports ? model->n_imports : 1);
    if (!run || !memo || !imported) {
        eval_limit(e, "memory");
        return NULL;
    }
    *run = (struct run){ model, NULL, inputs, memo, imported };
    return run;
}

/* Inputs of an imported model stand in a context under the import's name. */
static struct run *run_of_import(struct run *run, struct eval *e, size_t i)
{
    assert(i < run->model->n_imports);
    const struct import *import = &run->model->import[i];
    const struct value_context *inputs = import->name.len ? NULL : run->inputs;
    const struct value *v = run->inputs && import->name.len ? value_member(run->inputs, import->name) : NULL;
    if (run->imported[i])
        return run->imported[i];
    if (v && v->kind == VALUE_CONTEXT)
        inputs = v->context;
    struct run *made = run_new(e, import->model, inputs);
    if (made)
        made->outer = run;
    return run->imported[i] = made;
}

/* An imported input that is not under the import's name may be among those of the model that imports. */
static struct value input_value(const struct run *run, struct eval *e, const struct element *input)
{
    const struct value *v = NULL;
    bool ok = true;
    for (; run && !v; run = run->outer)
        v = run->inputs ? value_member(run->inputs, input->is.name) : NULL;
    if (!v)
        return eval_null(e, 0, "the input '%.*s' is not given", SLICE_ARG(input->is.name));
    struct value coerced = input->is.type ? type_coerce(input->is.type, *v, e->mem, &ok) : *v;
    if (ok && value_is_null(coerced) && !value_is_null(*v))
        return eval_null(e, 0, "the input '%.*s' is not of its type", SLICE_ARG(input->is.name));
    return eval_made(e, coerced, ok);
}

static bool add_entry(struct run *run, struct eval *e, const struct requirement *r, struct value_entry *entry)
{
    struct run *where = r->import == SIZE_MAX ? run : run_of_import(run, e, r->import);
    if (!where)
        return false;
    *entry = (struct value_entry){ r->what->is.name, value_of(where, e, r->what) };
    return !e->failed;
}

/* What an element requires of one import, under the import's name. */
static bool add_import(struct run *run, struct eval *e, const struct element *element, size_t import,
                       struct value_entry *ret)
{
    struct value_context *context = arena_one(e->mem, struct value_context);
    struct value_entry *entry = arena_array(e->mem, struct value_entry, element->n_requires);
    size_t n = 0;
    if (!context || !entry) {
        eval_limit(e, "memory");
        return false;
    }
    for (size_t i = 0; i < element->n_requires; i++)
        if (element->require[i].import == import && !add_entry(run, e, &element->require[i], &entry[n++]))
            return false;
    *context = (struct value_context){ n, entry };
    *ret = (struct value_entry){ run->model->import[import].name,
                                 { .kind = VALUE_CONTEXT, .context = context } };
    return true;
}

static bool stands_alone(const struct run *run, const struct requirement *r)
{
    return r->import == SIZE_MAX || run->model->import[r->import].name.len == 0;
}

/* The names that the element's logic may use. NULL: the evaluation has failed. */
static const struct feel_scope *scope_of(struct run *run, struct eval *e, const struct element *element)
{
    struct feel_scope *scope = arena_one(e->mem, struct feel_scope);
    struct value_entry *entry = arena_array(e->mem, struct value_entry,
                                            element->n_requires + run->model->n_imports + 1);
    if (!scope || !entry) {
        eval_limit(e, "memory");
        return NULL;
    }
    *scope = (struct feel_scope){ .entry = entry };
    for (size_t i = 0; i < element->n_requires; i++)
        if (stands_alone(run, &element->require[i]) && !add_entry(run, e, &element->require[i], &entry[scope->n++]))
            return NULL;
    for (size_t k = 0; k < run->model->n_imports; k++) {
        bool used = false;
        for (size_t i = 0; i < element->n_requires; i++)
            used = used || (element->require[i].import == k && run->model->import[k].name.len > 0);
        if (used && !add_import(run, e, element, k, &entry[scope->n++]))
            return NULL;
    }
    return scope;
}

static struct value decision_value(struct run *run, struct eval *e, const struct element *decision)
{
    const struct feel_scope *scope = decision->logic ? scope_of(run, e, decision) : NULL;
    if (!decision->logic)
        return eval_null(e, 0, "the decision '%.*s' has no logic", SLICE_ARG(decision->is.name));
    return scope ? feel_value(e, decision->logic, scope) : value_null;
}

/* A type of a function speaks of the function, any other of what it answers. */
static const struct type *result_type(const struct type *type)
{
    return type && type->kind == TYPE_FUNCTION ? type->element : type;
}

static struct value knowledge_value(struct run *run, struct eval *e, const struct element *model)
{
    struct value_function *f = arena_one(e->mem, struct value_function);
    struct feel_scope *own = arena_one(e->mem, struct feel_scope);
    struct value_entry *self = arena_one(e->mem, struct value_entry);
    if (!f || !own || !self)
        return eval_limit(e, "memory");
    *f = (struct value_function){ .n = model->n_parameters, .parameter = model->parameter, .body = model->logic };
    f->result = result_type(model->is.type);
    /* Known before what it requires is: models may call each other. */
    struct value v = { .kind = VALUE_FUNCTION, .function = f };
    run->memo[model->index] = (struct memo){ MEMO_DONE, v };
    *self = (struct value_entry){ model->is.name, v };
    *own = (struct feel_scope){ .n = 1, .entry = self };
    f->scope = own;
    own->outer = scope_of(run, e, model);
    return v;
}

/* What the service's function closes over. */
struct service {
    struct run *run;
    const struct element *element;
};

static struct run *service_run(const struct service *service, struct eval *e, const struct value *args)
{
    const struct element *element = service->element;
    struct run *run = run_new(e, service->run->model, NULL);
    for (size_t i = 0; run && i < element->n_parameters; i++) {
        const struct element *given = element->given[i];
        if (given->model == run->model)
            run->memo[given->index] = (struct memo){ MEMO_DONE, args[i] };
        for (size_t k = 0; k < run->model->n_imports && given->model != run->model; k++) {
            struct run *imported = run->model->import[k].model == given->model ? run_of_import(run, e, k) : NULL;
            if (imported)
                imported->memo[given->index] = (struct memo){ MEMO_DONE, args[i] };
        }
    }
    return run;
}

static struct value output_value(struct run *run, struct eval *e, const struct element *output)
{
    if (output->model == run->model)
        return value_of(run, e, output);
    for (size_t k = 0; k < run->model->n_imports; k++)
        if (run->model->import[k].model == output->model) {
            struct run *imported = run_of_import(run, e, k);
            return imported ? value_of(imported, e, output) : value_null;
        }
    return value_null;
}

/* One output decision is the service's value, several are a context of them. */
static struct value call_service(struct eval *e, const struct value_function *f, const struct value *args, size_t n)
{
    const struct service *service = f->arg;
    const struct element *element = service->element;
    struct run *run = service_run(service, e, args);
    assert(n == element->n_parameters);
    if (!run)
        return value_null;
    if (element->n_outputs == 1)
        return output_value(run, e, element->output[0]);
    struct value_context *context = arena_one(e->mem, struct value_context);
    struct value_entry *entry = arena_array(e->mem, struct value_entry, element->n_outputs ? element->n_outputs : 1);
    if (!context || !entry)
        return eval_limit(e, "memory");
    for (size_t i = 0; i < element->n_outputs; i++) {
        const struct element *output = element->output[i];
        entry[i] = (struct value_entry){ output->is.name, output_value(run, e, output) };
    }
    *context = (struct value_context){ element->n_outputs, entry };
    return e->failed ? value_null : (struct value){ .kind = VALUE_CONTEXT, .context = context };
}

static struct value service_value(struct run *run, struct eval *e, const struct element *element)
{
    struct value_function *f = arena_one(e->mem, struct value_function);
    struct service *service = arena_one(e->mem, struct service);
    if (!f || !service)
        return eval_limit(e, "memory");
    *service = (struct service){ run, element };
    *f = (struct value_function){ .n = element->n_parameters, .parameter = element->parameter,
                                  .call = call_service, .arg = service, .result = result_type(element->is.type) };
    return (struct value){ .kind = VALUE_FUNCTION, .function = f };
}

static struct value value_of(struct run *run, struct eval *e, const struct element *element)
{
    static struct value (*const work_out[])(struct run *, struct eval *, const struct element *) = {
        [DMN_DECISION] = decision_value, [DMN_KNOWLEDGE] = knowledge_value, [DMN_SERVICE] = service_value,
    };
    struct memo *memo = &run->memo[element->index];
    assert(element->model == run->model);
    if (memo->state == MEMO_BUSY)
        return eval_null(e, 0, "'%.*s' requires itself", SLICE_ARG(element->is.name));
    if (memo->state == MEMO_DONE || !eval_spend(e, 1))
        return memo->value;
    if (e->depth >= EVAL_DEPTH_MAX)
        return eval_limit(e, "depth (decisions that require each other)");
    memo->state = MEMO_BUSY;
    e->depth++;
    memo->value = element->is.kind == DMN_INPUT ? input_value(run, e, element)
                                                : work_out[element->is.kind](run, e, element);
    e->depth--;
    memo->state = MEMO_DONE;
    return memo->value;
}

struct value dmn_value(const struct element *element, const struct value_context *inputs, struct eval *e)
{
    struct run *run = run_new(e, element->model, inputs);
    return run ? value_of(run, e, element) : value_null;
}

enum err_code dmn_decide(const struct dmn *dmn, const struct dmn_element *decision, const struct value_context *inputs,
                         struct eval *e, struct value *ret)
{
    assert(dmn && decision && decision->kind == DMN_DECISION && e && ret);
    struct value v = dmn_value((const struct element *)decision, inputs, e);
    if (e->failed)
        return ERR_LIMIT;
    *ret = v;
    return ERR_OK;
}

enum err_code dmn_hits(const struct dmn_element *decision, const struct value_context *inputs, struct eval *e,
                       size_t *hits, size_t *n)
{
    const struct table *table = dmn_table(decision);
    const struct element *element = (const struct element *)decision;
    assert(table && e && hits && n);
    struct run *run = run_new(e, element->model, inputs);
    const struct feel_scope *scope = run ? scope_of(run, e, element) : NULL;
    *n = 0;
    if (scope)
        table_decide(e, table, scope, hits, n);
    return e->failed ? ERR_LIMIT : ERR_OK;
}

enum err_code dmn_inputs(const struct dmn *dmn, struct value given, const struct zones *zones, struct arena *mem,
                         struct value *ret, struct err *e)
{
    assert(dmn && mem && ret && given.kind == VALUE_CONTEXT);
    struct value_entry *entry = arena_array(mem, struct value_entry, given.context->n + 1);
    bool ok = entry != NULL;
    for (size_t i = 0; ok && i < given.context->n; i++) {
        entry[i] = given.context->entry[i];
        const struct dmn_element *input = dmn_find(dmn, DMN_INPUT, entry[i].name);
        if (input && input->type)
            entry[i].value = value_of_type(entry[i].value, input->type, zones, mem, &ok);
    }
    if (ok)
        *ret = value_context(mem, entry, given.context->n, &ok);
    return ok ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for the inputs");
}

enum err_code dmn_invoke(const struct dmn *dmn, const struct dmn_element *what, const struct value_context *args,
                         struct eval *e, struct value *ret)
{
    assert(dmn && what && (what->kind == DMN_SERVICE || what->kind == DMN_KNOWLEDGE) && e && ret);
    const struct element *element = (const struct element *)what;
    struct value f = dmn_value(element, NULL, e);
    struct value *arg = arena_array(e->mem, struct value, element->n_parameters ? element->n_parameters : 1);
    if (!arg)
        eval_limit(e, "memory");
    for (size_t i = 0; arg && i < element->n_parameters; i++) {
        const struct value *given = args ? value_member(args, element->parameter[i].name) : NULL;
        arg[i] = given ? *given : value_null;
    }
    struct value v = e->failed ? value_null : feel_call(e, f.function, arg, element->n_parameters);
    if (e->failed)
        return ERR_LIMIT;
    *ret = v;
    return ERR_OK;
}
