/* Boxed expressions: DMN 1.5 sections 7.3.6 and 10.2.2. */
#include "engine/dmn/dmn_room.h"

#include <assert.h>

#define RESULT SLICE("")  // the entry of a context that has no name: what the context is

struct node *node_make(struct load *l, enum node_kind kind, uint32_t kids)
{
    struct node *node = load_one(l, struct node);
    struct node **kid = load_array(l, struct node *, kids);
    struct node_binding *binding = load_array(l, struct node_binding, kids);
    if (!node || !kid || !binding)
        return NULL;
    *node = (struct node){ .kind = kind, .kid = kid, .n = kids, .binding = binding, .height = 1 };
    return node;
}

struct node *node_made(struct node *node)
{
    for (uint32_t i = 0; i < node->n; i++)
        if (node->kid[i]->height >= node->height)
            node->height = (uint16_t)(node->kid[i]->height + 1);
    return node;
}

struct node *node_null(struct load *l)
{
    return node_make(l, NODE_LITERAL, 0);
}

/* ---- declared types ---- */
struct typed {
    struct node_foreign foreign;
    const struct type *type;
};

static struct value eval_typed(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    const struct typed *typed = (const struct typed *)node->foreign;
    struct value v = feel_value(e, node->kid[0], scope);
    bool ok;
    struct value coerced = type_coerce(typed->type, v, e->mem, &ok);
    if (ok && value_is_null(coerced) && !value_is_null(v))
        return eval_null(e, node->at, "the value is not of the type that is declared");
    return eval_made(e, coerced, ok);
}

struct node *boxed_typed(struct load *l, struct node *inside, const struct type *type)
{
    if (!type || !inside || type->kind == TYPE_ANY)
        return inside;
    struct node *node = node_make(l, NODE_FOREIGN, 1);
    struct typed *typed = load_one(l, struct typed);
    if (!node || !typed)
        return NULL;
    *typed = (struct typed){ { eval_typed }, type };
    node->kid[0] = inside;
    node->at = inside->at;
    node->foreign = &typed->foreign;
    struct dmn_text *last = l->dmn->n_texts ? &l->dmn->text[l->dmn->n_texts - 1] : NULL;
    if (last && last->node == inside)
        last->typed = node;
    return node_made(node);
}

/* ---- one function for each kind ---- */
static struct node *boxed_literal(struct load *l, const struct xml *x)
{
    const struct xml *text = xml_child(x, "text");
    struct slice language = xml_attribute(x, "expressionLanguage");
    if (language.len && !strstr(arena_copy(l->mem, language).at, "FEEL")) {
        load_flaw(l, x, "expressions are in FEEL here, not in '%.*s'", SLICE_ARG(language));
        return node_null(l);
    }
    if (!text || !slice_trim(text->text).len)
        return node_null(l);
    struct node *node = load_feel(l, text, false);
    return node || l->full ? node : node_null(l);
}

static struct node *child_node(struct load *l, const struct xml *x, const char *what)
{
    const struct xml *child = boxed_child(x, NULL);
    if (child)
        return boxed_node(l, child);
    load_flaw(l, x, "%s is missing", what);
    return node_null(l);
}

static struct slice entry_name(struct load *l, const struct xml *entry)
{
    const struct xml *variable = xml_child(entry, "variable");
    return variable ? load_name(l, xml_attribute(variable, "name")) : RESULT;
}

static struct node *context_entry(struct load *l, const struct xml *entry)
{
    const struct xml *variable = xml_child(entry, "variable");
    struct node *node = child_node(l, entry, "the entry's expression");
    if (!node || !variable)
        return node;
    return boxed_typed(l, node, items_type(l, xml_attribute(variable, "typeRef"), variable));
}

/* With a result the context is one of its entries: {a: 1, b: 2, : a + b}. of its nameless member. */
static struct node *boxed_context(struct load *l, const struct xml *x)
{
    uint32_t n = (uint32_t)xml_count(x, "contextEntry");
    bool result = false;
    size_t known = l->n_names;
    struct node *node = node_make(l, NODE_CONTEXT, n);
    if (!node)
        return NULL;
    node->n_binding = n;
    n = 0;
    for (const struct xml *c = xml_child(x, "contextEntry"); c; c = xml_next(c, "contextEntry"), n++) {
        struct slice name = entry_name(l, c);
        /* A function may call itself by the name of its entry. */
        bool function = xml_child(c, "functionDefinition");
        if (function && !load_know(l, name))
            return NULL;
        node->binding[n].name = name;
        node->kid[n] = context_entry(l, c);
        if (!node->kid[n] || (name.len && !load_know(l, name)))
            return NULL;
        result = result || !name.len;
    }
    l->n_names = known;
    node_made(node);
    struct node *path = result ? node_make(l, NODE_PATH, 1) : node;
    if (!path || !result)
        return path;
    path->kid[0] = node;
    path->name = RESULT;
    return node_made(path);
}

static struct node *boxed_list(struct load *l, const struct xml *x)
{
    uint32_t n = 0;
    for (const struct xml *c = boxed_child(x, NULL); c; c = boxed_child(x, c))
        n++;
    struct node *node = node_make(l, NODE_LIST, n);
    n = 0;
    for (const struct xml *c = boxed_child(x, NULL); c && node; c = boxed_child(x, c))
        if (!(node->kid[n++] = boxed_node(l, c)))
            return NULL;
    return node ? node_made(node) : NULL;
}

/* A row is a context whose entries do not see each other. */
static struct value eval_row(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    struct value_entry *entry = arena_array(e->mem, struct value_entry, node->n ? node->n : 1);
    struct value_context *context = arena_one(e->mem, struct value_context);
    if (!entry || !context)
        return eval_limit(e, "memory");
    for (uint32_t i = 0; i < node->n; i++)
        entry[i] = (struct value_entry){ node->binding[i].name, feel_value(e, node->kid[i], scope) };
    *context = (struct value_context){ node->n, entry };
    return (struct value){ .kind = VALUE_CONTEXT, .context = context };
}
static const struct node_foreign row = { eval_row };

static struct node *relation_row(struct load *l, const struct xml *x, const struct xml *r, uint32_t columns)
{
    struct node *node = node_make(l, NODE_FOREIGN, columns);
    uint32_t i = 0;
    const struct xml *cell = boxed_child(r, NULL);
    if (!node)
        return NULL;
    node->foreign = &row;
    node->n_binding = columns;
    for (const struct xml *c = xml_child(x, "column"); c; c = xml_next(c, "column"), i++) {
        node->binding[i].name = load_name(l, xml_attribute(c, "name"));
        if (!cell)
            load_flaw(l, r, "the row has no cell for the column '%.*s'", SLICE_ARG(node->binding[i].name));
        struct node *kid = cell ? boxed_node(l, cell) : node_null(l);
        node->kid[i] = boxed_typed(l, kid, items_type(l, xml_attribute(c, "typeRef"), c));
        if (!node->kid[i])
            return NULL;
        cell = cell ? boxed_child(r, cell) : NULL;
    }
    return node_made(node);
}

static struct node *boxed_relation(struct load *l, const struct xml *x)
{
    uint32_t n = (uint32_t)xml_count(x, "row"), columns = (uint32_t)xml_count(x, "column");
    struct node *node = node_make(l, NODE_LIST, n);
    n = 0;
    for (const struct xml *r = xml_child(x, "row"); r && node; r = xml_next(r, "row"))
        if (!(node->kid[n++] = relation_row(l, x, r, columns)))
            return NULL;
    return node ? node_made(node) : NULL;
}

static struct node *boxed_invocation(struct load *l, const struct xml *x)
{
    uint32_t n = (uint32_t)xml_count(x, "binding");
    struct node *node = node_make(l, NODE_CALL, n + 1);
    if (!node || !(node->kid[0] = child_node(l, x, "what is invoked")))
        return NULL;
    node->named = n > 0;
    node->n_binding = n;
    n = 0;
    for (const struct xml *b = xml_child(x, "binding"); b; b = xml_next(b, "binding"), n++) {
        const struct xml *parameter = xml_child(b, "parameter");
        if (!parameter)
            load_flaw(l, b, "the binding has no parameter");
        else
            node->binding[n].name = load_name(l, xml_attribute(parameter, "name"));
        /* What is not bound is null. */
        if (!(node->kid[n + 1] = boxed_child(b, NULL) ? boxed_node(l, boxed_child(b, NULL)) : node_null(l)))
            return NULL;
    }
    return node_made(node);
}

bool boxed_parameters(struct load *l, const struct xml *x, size_t *n, struct value_parameter **ret)
{
    *n = xml_count(x, "formalParameter");
    struct value_parameter *parameter = load_array(l, struct value_parameter, *n);
    if (!parameter)
        return false;
    *ret = parameter;
    for (const struct xml *p = xml_child(x, "formalParameter"); p; p = xml_next(p, "formalParameter")) {
        parameter->name = load_name(l, xml_attribute(p, "name"));
        parameter->type = items_type(l, xml_attribute(p, "typeRef"), p);
        if (!load_know(l, parameter++->name))
            return false;
    }
    return !l->full;
}

/* A type that is known already, where the tree would have its text. */
static struct type_node *type_node_of(struct load *l, const struct type *type)
{
    struct type_node *node = type ? load_one(l, struct type_node) : NULL;
    if (node)
        *node = (struct type_node){ .bare = true, .bound = type };
    return node;
}

static struct node *boxed_function(struct load *l, const struct xml *x)
{
    size_t known = l->n_names, n;
    struct value_parameter *parameter;
    struct slice kind = xml_attribute(x, "kind");
    struct node *node = node_make(l, NODE_FUNCTION, 1);
    if (!node || !boxed_parameters(l, x, &n, &parameter))
        return NULL;
    node->binding = load_array(l, struct node_binding, n);
    if (!node->binding)
        return NULL;
    node->n_binding = (uint32_t)n;
    for (size_t i = 0; i < n; i++)
        node->binding[i] = (struct node_binding){ parameter[i].name, type_node_of(l, parameter[i].type) };
    node->external = kind.len && !slice_is(kind, "FEEL") && !slice_is(kind, "F");
    node->kid[0] = child_node(l, x, "the function's expression");
    l->n_names = known;
    return node->kid[0] && !l->full ? node_made(node) : NULL;
}

/* The expression inside of <if>, <in>, <return> …; its kids take the form that FEEL has for the same. */
static struct node *part(struct load *l, const struct xml *x, const char *name)
{
    const struct xml *child = xml_child(x, name);
    if (child)
        return child_node(l, child, "an expression");
    load_flaw(l, x, "'%s' is missing", name);
    return node_null(l);
}

static struct node *parts(struct load *l, const struct xml *x, enum node_kind kind, const char *const *names)
{
    uint32_t n = 0;
    while (names[n])
        n++;
    struct node *node = node_make(l, kind, n);
    for (uint32_t i = 0; i < n && node; i++)
        if (!(node->kid[i] = part(l, x, names[i])))
            return NULL;
    return node ? node_made(node) : NULL;
}

static struct node *boxed_conditional(struct load *l, const struct xml *x)
{
    return parts(l, x, NODE_IF, (const char *const[]){ "if", "then", "else", NULL });
}

static struct node *boxed_filter(struct load *l, const struct xml *x)
{
    struct node *node = node_make(l, NODE_FILTER, 2);
    bool members = l->members;
    if (!node || !(node->kid[0] = part(l, x, "in")))
        return NULL;
    l->members = true;
    node->kid[1] = part(l, x, "match");
    l->members = members;
    return node->kid[1] ? node_made(node) : NULL;
}

static struct node *iterator(struct load *l, const struct xml *x, enum node_kind kind, const char *result)
{
    size_t known = l->n_names;
    struct node *node = node_make(l, kind, 2);
    struct slice variable = load_name(l, xml_attribute(x, "iteratorVariable"));
    if (!node || !(node->kid[0] = part(l, x, "in")) || !load_know(l, variable)
        || !(node->kid[1] = part(l, x, result)))
        return NULL;
    l->n_names = known;
    node->n_binding = 1;
    node->binding[0].name = variable;
    return node_made(node);
}

static struct node *boxed_for(struct load *l, const struct xml *x)
{
    return iterator(l, x, NODE_FOR, "return");
}

static struct node *boxed_some(struct load *l, const struct xml *x)
{
    return iterator(l, x, NODE_SOME, "satisfies");
}

static struct node *boxed_every(struct load *l, const struct xml *x)
{
    return iterator(l, x, NODE_EVERY, "satisfies");
}

static const struct kind {
    const char *name;
    struct node *(*make)(struct load *, const struct xml *);
} kinds[] = {
    { "literalExpression", boxed_literal }, { "decisionTable", table_node },      { "context", boxed_context },
    { "list", boxed_list },                 { "relation", boxed_relation },       { "invocation", boxed_invocation },
    { "functionDefinition", boxed_function }, { "conditional", boxed_conditional }, { "filter", boxed_filter },
    { "for", boxed_for },                   { "some", boxed_some },               { "every", boxed_every },
};

static const struct kind *kind_of(const struct xml *x)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_is(x->name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

const struct xml *boxed_child(const struct xml *parent, const struct xml *after)
{
    const struct xml *x = after ? after->next : parent->first;
    while (x && !kind_of(x))
        x = x->next;
    return x;
}

struct node *boxed_node(struct load *l, const struct xml *x)
{
    const struct kind *kind = kind_of(x);
    assert(kind);
    struct node *node = kind->make(l, x);
    /* A function's typeRef is that of the function, which its text says already. */
    if (!node || node->kind == NODE_FUNCTION)
        return node;
    return boxed_typed(l, node, items_type(l, xml_attribute(x, "typeRef"), x));
}
