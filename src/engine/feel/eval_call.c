/* Functions: made, called; what type names mean. DMN 1.5 sections 10.3.2.9 and 10.3.2.13. */
#include "engine/feel/eval_room.h"

#include <assert.h>

#define FEW 8  // arguments that need no memory of the arena

static const struct type *structured(struct eval *e, const struct type_node *node)
{
    bool function = slice_is(node->name, "function"), context = slice_is(node->name, "context");
    size_t n = context ? node->n : function ? node->n - 1 : 0;
    struct type *type = arena_one(e->mem, struct type);
    struct type_member *member = arena_array(e->mem, struct type_member, n ? n : 1);
    if (!type || !member) {
        eval_limit(e, "memory");
        return NULL;
    }
    type->kind = context ? TYPE_CONTEXT : function ? TYPE_FUNCTION
                 : slice_is(node->name, "range") ? TYPE_RANGE : TYPE_LIST;
    type->member = member;
    type->n = n;
    for (size_t i = 0; i < n; i++) {
        member[i] = (struct type_member){ context ? node->member[i] : SLICE(""), feel_type_of(e, node->kid[i]) };
        if (!member[i].type)
            return NULL;
    }
    if (context)
        return type;
    type->element = feel_type_of(e, node->kid[node->n - 1]);
    return type->element ? type : NULL;
}

const struct type *feel_type_of(struct eval *e, const struct type_node *node)
{
    if (!node || e->failed)
        return NULL;
    if (node->bound)
        return node->bound;
    if (!node->bare)
        return structured(e, node);
    return type_builtin(node->name);
}

static const struct type *inferred(struct eval *e, const struct node *node);

static const struct type *inferred_context(struct eval *e, const struct node *node)
{
    struct type *type = arena_one(e->mem, struct type);
    struct type_member *member = arena_array(e->mem, struct type_member, node->n ? node->n : 1);
    if (!type || !member) {
        eval_limit(e, "memory");
        return NULL;
    }
    *type = (struct type){ .kind = TYPE_CONTEXT, .member = member, .n = node->n };
    for (uint32_t i = 0; i < node->n; i++)
        member[i] = (struct type_member){ node->binding[i].name, inferred(e, node->kid[i]) };
    return type;
}

/* What a function's result is where its text says so at once: "instance of function<…> -> string" asks. NULL: Any. */
static const struct type *inferred(struct eval *e, const struct node *node)
{
    static const char *const names[VALUE_KINDS] = {
        [VALUE_BOOLEAN] = "boolean", [VALUE_NUMBER] = "number", [VALUE_STRING] = "string", [VALUE_DATE] = "date",
        [VALUE_TIME] = "time", [VALUE_DATE_TIME] = "date and time", [VALUE_MONTHS] = "years and months duration",
        [VALUE_DURATION] = "days and time duration",
    };
    if (node->kind == NODE_CONTEXT)
        return inferred_context(e, node);
    const char *name = node->kind == NODE_LITERAL ? names[node->value.kind] : NULL;
    return name ? type_builtin(slice_of(name)) : NULL;
}

/* Frames stand on the stack of whoever runs; a function outlives them. */
static const struct feel_scope *copy_scope(struct eval *e, const struct feel_scope *scope)
{
    const struct feel_scope *first = NULL, **link = &first;
    for (; scope && eval_spend(e, 1 + scope->n); scope = scope->outer) {
        struct feel_scope *frame = arena_one(e->mem, struct feel_scope);
        struct value_entry *entry = arena_array(e->mem, struct value_entry, scope->n ? scope->n : 1);
        if (!frame || !entry) {
            eval_limit(e, "memory");
            return NULL;
        }
        if (scope->n)
            memcpy(entry, scope->entry, scope->n * sizeof *entry);
        *frame = (struct feel_scope){ NULL, scope->n, entry, scope->context };
        *link = frame;
        link = &frame->outer;
    }
    return first;
}

struct value eval_function(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    struct value_function *f = arena_one(e->mem, struct value_function);
    struct value_parameter *p = arena_array(e->mem, struct value_parameter, node->n_binding ? node->n_binding : 1);
    if (!f || !p)
        return eval_limit(e, "memory");
    for (uint32_t i = 0; i < node->n_binding; i++) {
        const struct type_node *type = node->binding[i].type;
        p[i] = (struct value_parameter){ node->binding[i].name, feel_type_of(e, type) };
        if (type && !p[i].type)
            return eval_null(e, node->at, "there is no type '%.*s'", SLICE_ARG(type->name));
    }
    *f = (struct value_function){ .n = node->n_binding, .parameter = p, .body = node->external ? NULL : node->kid[0] };
    f->scope = copy_scope(e, scope);
    f->result = f->body ? inferred(e, f->body) : NULL;
    return (struct value){ .kind = VALUE_FUNCTION, .function = f };
}

void eval_name_function(struct eval *e, struct slice name, struct value function)
{
    if (function.kind != VALUE_FUNCTION)
        return;
    /* Just made, by eval_function: nobody else knows it. */
    struct value_function *f = (struct value_function *)(uintptr_t)function.function;
    struct feel_scope *frame = arena_one(e->mem, struct feel_scope);
    struct value_entry *entry = arena_one(e->mem, struct value_entry);
    if (!frame || !entry) {
        eval_limit(e, "memory");
        return;
    }
    *entry = (struct value_entry){ name, function };
    *frame = (struct feel_scope){ .outer = f->scope, .n = 1, .entry = entry };
    f->scope = frame;
}

/* A value that does not fit makes the call null, not the value. */
static bool coerce(struct eval *e, uint32_t at, const struct type *type, struct value *v)
{
    bool ok = true, null = value_is_null(*v);
    if (type)
        *v = type_coerce(type, *v, e->mem, &ok);
    if (!ok)
        eval_limit(e, "memory");
    else if (!null && value_is_null(*v))
        eval_null(e, at, "the value is not of the type that is declared");
    return ok && null == value_is_null(*v);
}

static struct value call_body(struct eval *e, const struct value_function *f, const struct value *args)
{
    struct value_entry few[FEW];
    struct value_entry *entry = f->n <= FEW ? few : arena_array(e->mem, struct value_entry, f->n);
    if (!entry)
        return eval_limit(e, "memory");
    for (size_t i = 0; i < f->n; i++)
        entry[i] = (struct value_entry){ f->parameter[i].name, args[i] };
    const struct feel_scope scope = { .outer = f->scope, .n = f->n, .entry = entry };
    return eval_node(e, f->body, &scope);
}

static struct value call_builtin(struct eval *e, uint32_t at, const struct builtin *b, const struct value *args,
                                 size_t n)
{
    if (n < b->min || n > b->max)
        return eval_null(e, at, "%s() does not take %zu arguments", b->name, n);
    return eval_spend(e, n) ? b->call(e, args, n) : value_null;
}

/* args are the call's own, and are coerced where they stand. */
static struct value call(struct eval *e, uint32_t at, const struct value_function *f, struct value *args, size_t n)
{
    if (f->builtin)
        return call_builtin(e, at, f->builtin, args, n);
    if (n != f->n)
        return eval_null(e, at, "the function takes %zu arguments, not %zu", f->n, n);
    if (!f->call && !f->body)
        return eval_null(e, at, "functions of other languages are not run here");
    /* A function is not called with what does not fit; a decision service decides with null then (DMN TCK 0082,
     * 0085). */
    for (size_t i = 0; i < n; i++)
        if (!coerce(e, at, f->parameter[i].type, &args[i]) && (f->body || e->failed))
            return value_null;
    struct value v = f->call ? f->call(e, f, args, n) : call_body(e, f, args);
    return !e->failed && coerce(e, at, f->result, &v) ? v : value_null;
}

/* Into the order of the parameters; false: a name that is none, or one that is missing. */
static bool place(const struct value_function *f, const struct node_binding *names, const struct value *given, size_t n,
                  struct value *args)
{
    for (size_t p = 0; p < f->n; p++) {
        size_t found = n;
        for (size_t i = 0; i < n && found == n; i++)
            if (slice_eq(names[i].name, f->parameter[p].name))
                found = i;
        if (found == n)
            return false;
        args[p] = given[found];
    }
    return n == f->n;
}

static struct value call_builtin_named(struct eval *e, const struct node *node, const struct builtin *b,
                                       const struct value *given, size_t n)
{
    struct slice names[BUILTIN_ARGS];
    struct value args[BUILTIN_ARGS];
    size_t n_args;
    for (size_t i = 0; i < n && i < BUILTIN_ARGS; i++)
        names[i] = node->binding[i].name;
    if (n > BUILTIN_ARGS || !builtin_arrange(b, names, given, n, args, &n_args))
        return eval_null(e, node->at, "%s() has no parameters of these names", b->name);
    return call_builtin(e, node->at, b, args, n_args);
}

static struct value call_named(struct eval *e, const struct node *node, const struct value_function *f,
                               const struct value *given, size_t n)
{
    if (f->builtin)
        return call_builtin_named(e, node, f->builtin, given, n);
    struct value few[FEW];
    struct value *args = f->n <= FEW ? few : eval_values(e, f->n);
    if (!args)
        return value_null;
    if (!eval_spend(e, n) || !place(f, node->binding, given, n, args))
        return eval_null(e, node->at, "the function has other parameters");
    return call(e, node->at, f, args, n);
}

/* A variable that is no function does not hide a built-in one of its name. */
static struct value called(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    if (node->kind != NODE_NAME)
        return eval_node(e, node, scope);
    const struct value *v = eval_variable(scope, node->name);
    const struct value_function *f = feel_builtin(node->name);
    if (f && !(v && v->kind == VALUE_FUNCTION))
        return (struct value){ .kind = VALUE_FUNCTION, .function = f };
    return v ? *v : value_null;
}

struct value eval_call(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    assert(node->n >= 1);
    size_t n = node->n - 1;
    struct value f = called(e, node->kid[0], scope);
    if (f.kind != VALUE_FUNCTION)
        return eval_null(e, node->at, "what is called is %s, and no function", eval_kind_name(f));
    struct value few[FEW];
    struct value *args = n <= FEW ? few : eval_values(e, n);
    for (size_t i = 0; i < n && !e->failed; i++)
        args[i] = eval_node(e, node->kid[i + 1], scope);
    if (e->failed)
        return value_null;
    return node->named ? call_named(e, node, f.function, args, n) : call(e, node->at, f.function, args, n);
}

struct value feel_call(struct eval *e, const struct value_function *f, const struct value *args, size_t n)
{
    assert(e && f);
    struct value few[FEW];
    struct value *own = n <= FEW ? few : eval_values(e, n);
    if (!own || !eval_enter(e))
        return value_null;
    if (n)
        memcpy(own, args, n * sizeof *own);
    struct value v = call(e, 0, f, own, n);
    eval_leave(e);
    return e->failed ? value_null : v;
}
