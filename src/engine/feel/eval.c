#include "engine/feel/eval_room.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

bool eval_enter(struct eval *e)
{
    if (e->failed)
        return false;
    if (e->depth >= EVAL_DEPTH_MAX) {
        eval_limit(e, "depth (functions that call themselves, or expressions in each other)");
        return false;
    }
    e->depth++;
    return true;
}

void eval_leave(struct eval *e)
{
    assert(e->depth > 0);
    e->depth--;
}

struct value *eval_values(struct eval *e, size_t n)
{
    struct value *v = arena_array(e->mem, struct value, n ? n : 1);
    if (!v)
        eval_limit(e, "memory");
    return v;
}

struct value eval_made(struct eval *e, struct value v, bool ok)
{
    return ok ? v : eval_limit(e, "memory");
}

struct value eval_list(struct eval *e, const struct value *items, size_t n)
{
    struct value_list *list = arena_one(e->mem, struct value_list);
    if (!list)
        return eval_limit(e, "memory");
    *list = (struct value_list){ n, items };
    return (struct value){ .kind = VALUE_LIST, .list = list };
}

const struct value *eval_variable(const struct feel_scope *scope, struct slice name)
{
    for (; scope; scope = scope->outer) {
        for (size_t i = scope->n; i-- > 0;)
            if (slice_eq(scope->entry[i].name, name))
                return &scope->entry[i].value;
        const struct value *v = scope->context ? value_member(scope->context, name) : NULL;
        if (v)
            return v;
    }
    return NULL;
}

bool eval_mentions(const struct node *node, struct slice name)
{
    if (node->kind == NODE_NAME)
        return slice_eq(node->name, name);
    for (uint32_t i = 0; i < node->n; i++)
        if (eval_mentions(node->kid[i], name))
            return true;
    return false;
}

static struct value eval_name(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    const struct value *v = eval_variable(scope, node->name);
    if (v)
        return *v;
    const struct value_function *f = feel_builtin(node->name);
    if (f)
        return (struct value){ .kind = VALUE_FUNCTION, .function = f };
    return eval_null(e, node->at, "nothing is called '%.*s' here", SLICE_ARG(node->name));
}

static bool zone_known(const struct eval *e, struct zone zone)
{
    int32_t offset_s;
    return zone.kind != ZONE_NAMED || !e->zones || e->zones->offset(e->zones->arg, zone.name, 0, false, &offset_s);
}

/* The parser takes names of zones unseen. */
static struct value eval_literal(struct eval *e, const struct node *node)
{
    struct value v = node->value;
    bool known = true;
    if (v.kind == VALUE_TIME)
        known = zone_known(e, v.time->zone);
    else if (v.kind == VALUE_DATE_TIME)
        known = zone_known(e, v.date_time->time.zone);
    return known ? v : eval_null(e, node->at, "there is no such time zone");
}

static bool is_no_truth(struct value v)
{
    return v.kind != VALUE_BOOLEAN && v.kind != VALUE_NULL;
}

/* false and anything is false, true or anything true: the right side is not looked at. */
static struct value eval_logic(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    bool is_and = node->op == OP_AND;
    enum value_eq end = is_and ? VALUE_EQ_FALSE : VALUE_EQ_TRUE;
    struct value left = eval_node(e, node->kid[0], scope);
    enum value_eq a = truth_of(left);
    if (a == end)
        return truth_value(a);
    struct value right = eval_node(e, node->kid[1], scope);
    enum value_eq b = truth_of(right), both = is_and ? truth_and(a, b) : truth_or(a, b);
    if (both != VALUE_EQ_NULL || !(is_no_truth(left) || is_no_truth(right)))
        return truth_value(both);
    return eval_null(e, node->at, "'%s' joins true and false, not %s", is_and ? "and" : "or",
                     eval_kind_name(is_no_truth(left) ? left : right));
}

static struct value eval_binary(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    if (node->op == OP_AND || node->op == OP_OR)
        return eval_logic(e, node, scope);
    struct value a = eval_node(e, node->kid[0], scope);
    struct value b = eval_node(e, node->kid[1], scope);
    return e->failed ? value_null : eval_operator(e, node->at, node->op, a, b);
}

static struct value eval_three(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    struct value v = eval_node(e, node->kid[0], scope);
    struct value low = eval_node(e, node->kid[1], scope);
    struct value high = eval_node(e, node->kid[2], scope);
    return e->failed ? value_null : eval_between(e, node->at, v, low, high);
}

static struct value eval_instance(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    struct value v = eval_node(e, node->kid[0], scope);
    const struct type *type = feel_type_of(e, node->type);
    if (!type)
        return eval_null(e, node->at, "there is no type '%.*s'", SLICE_ARG(node->type->name));
    return value_boolean(type_has(type, v));
}

static struct value eval_items(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    struct value *items = eval_values(e, node->n);
    for (uint32_t i = 0; i < node->n && !e->failed; i++)
        items[i] = eval_node(e, node->kid[i], scope);
    return e->failed ? value_null : eval_list(e, items, node->n);
}

static bool is_twin(struct eval *e, const struct feel_scope *made, struct slice name)
{
    if (!eval_spend(e, made->n))
        return false;
    for (size_t i = 0; i < made->n; i++)
        if (slice_eq(made->entry[i].name, name))
            return true;
    return false;
}

static struct value eval_context(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    struct value_context *c = arena_one(e->mem, struct value_context);
    struct value_entry *entry = arena_array(e->mem, struct value_entry, node->n ? node->n : 1);
    if (!c || !entry)
        return eval_limit(e, "memory");
    struct feel_scope made = { .outer = scope, .n = 0, .entry = entry };
    for (uint32_t i = 0; i < node->n && !e->failed; i++) {
        struct slice name = node->binding[i].name;
        if (is_twin(e, &made, name))
            return eval_null(e, node->kid[i]->at, "the entry '%.*s' comes twice", SLICE_ARG(name));
        struct value v = eval_node(e, node->kid[i], &made);
        if (node->kid[i]->kind == NODE_FUNCTION)
            eval_name_function(e, name, v);
        entry[made.n++] = (struct value_entry){ name, v };
    }
    *c = (struct value_context){ node->n, entry };
    return (struct value){ .kind = VALUE_CONTEXT, .context = c };
}

/* The branch that counts; NULL: the condition is neither true nor false nor null (DMN TCK 1150). */
static const struct node *choose(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    if (!eval_enter(e))
        return NULL;
    struct value condition = eval_node(e, node->kid[0], scope);
    eval_leave(e);
    if (e->failed)
        return NULL;
    if (condition.kind != VALUE_BOOLEAN && condition.kind != VALUE_NULL) {
        eval_null(e, node->kid[0]->at, "a condition is true or false, not %s", eval_kind_name(condition));
        return NULL;
    }
    return value_is_true(condition) ? node->kid[1] : node->kid[2];
}

static struct value eval_compound(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    switch (node->kind) {
    case NODE_NEGATE: return eval_negate(e, node->at, eval_node(e, node->kid[0], scope));
    case NODE_BINARY: return eval_binary(e, node, scope);
    case NODE_BETWEEN: return eval_three(e, node, scope);
    case NODE_IN: return eval_in(e, node, scope);
    case NODE_INSTANCE: return eval_instance(e, node, scope);
    case NODE_FOR: return eval_for(e, node, scope);
    case NODE_SOME:
    case NODE_EVERY: return eval_quantified(e, node, scope);
    case NODE_LIST: return eval_items(e, node, scope);
    case NODE_CONTEXT: return eval_context(e, node, scope);
    case NODE_RANGE: return eval_range(e, node, scope);
    case NODE_UNARY: return eval_unary(e, node, scope);
    case NODE_PATH: return eval_path(e, node->at, eval_node(e, node->kid[0], scope), node->name);
    case NODE_FILTER: return eval_filter(e, node, scope);
    case NODE_CALL: return eval_call(e, node, scope);
    case NODE_FUNCTION: return eval_function(e, node, scope);
    case NODE_FOREIGN: return node->foreign->eval(e, node, scope);
    case NODE_LITERAL:
    case NODE_NAME:
    case NODE_IF:
    case NODE_SPAN:
    case NODE_TESTS:
    case NODE_KINDS: break;
    }
    return eval_null(e, node->at, "this is no expression");
}

/* As eval_node, with each branch of "if" a level of its own. */
static struct value eval_watched(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    struct eval_watch *watch = e->watch;
    bool outer = watch->below;
    watch->below = false;
    if (!eval_spend(e, 1) || !eval_enter(e))
        return value_null;
    const struct node *branch = node->kind == NODE_IF ? choose(e, node, scope) : NULL;
    struct value v = branch ? eval_node(e, branch, scope) : node->kind == NODE_IF ? value_null
                     : node->kind == NODE_LITERAL ? eval_literal(e, node)
                     : node->kind == NODE_NAME ? eval_name(e, node, scope) : eval_compound(e, node, scope);
    eval_leave(e);
    if (e->failed)
        return value_null;
    watch->saw(watch, node, v, watch->below);
    watch->below = outer || value_is_null(v);
    return v;
}

/* The branches of "if" are no level of their own: a function that ends by calling itself in one gets deeper. */
struct value eval_node(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    assert(node);
    if (e->watch)
        return eval_watched(e, node, scope);
    if (!eval_spend(e, 1))
        return value_null;
    while (node->kind == NODE_IF)
        if (!(node = choose(e, node, scope)))
            return value_null;
    if (node->kind == NODE_LITERAL)
        return eval_literal(e, node);
    if (node->kind == NODE_NAME)
        return eval_name(e, node, scope);
    if (!eval_enter(e))
        return value_null;
    struct value v = eval_compound(e, node, scope);
    eval_leave(e);
    return e->failed ? value_null : v;
}

struct value eval_null(struct eval *e, uint32_t at, const char *fmt, ...)
{
    assert(e && fmt);
    if (!e->note || e->failed)
        return value_null;
    char text[240];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    e->note(e->note_arg, at, text);
    return value_null;
}

struct value eval_limit(struct eval *e, const char *what)
{
    assert(e && what);
    if (!e->failed)
        err_set(e->err, ERR_LIMIT, 0, "the rule goes beyond its limit of %s", what);
    e->failed = true;
    return value_null;
}

bool eval_spend(struct eval *e, uint64_t steps)
{
    if (e->failed)
        return false;
    if (steps >= e->steps) {
        e->steps = 0;
        eval_limit(e, "steps");
        return false;
    }
    e->steps -= steps;
    return true;
}

void eval_init(struct eval *e, struct arena *mem, const struct zones *zones, int64_t now_ms, struct err *err)
{
    assert(e && mem);
    *e = (struct eval){ .mem = mem, .zones = zones, .now_ms = now_ms, .steps = EVAL_STEPS, .err = err };
}

struct value feel_value(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    assert(e && node);
    return eval_node(e, node, scope);
}

enum err_code feel_eval(struct eval *e, const struct node *node, const struct feel_scope *scope, struct value *ret)
{
    assert(e && node && ret);
    struct value v = eval_node(e, node, scope);
    if (e->failed)
        return ERR_LIMIT;
    *ret = v;
    return ERR_OK;
}
