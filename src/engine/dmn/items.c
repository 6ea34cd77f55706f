/* Item definitions: DMN 1.5 section 7.3.3. */
#include "engine/dmn/dmn_room.h"

#include <assert.h>

#define SCRATCH_BYTES (1u << 20)

static const struct type *item_type(struct load *, struct item *);

/* Mostly tests are texts and numbers, which need no memory to be compared. */
static enum value_eq literal_has(const struct allowed *a, struct value v, bool *simple)
{
    enum value_eq any = VALUE_EQ_FALSE;
    for (uint32_t i = 0; i < a->tests->n; i++) {
        const struct node *test = a->tests->kid[i];
        if (test->kind != NODE_LITERAL || test->value.kind == VALUE_BOOLEAN) {
            *simple = false;
            return VALUE_EQ_NULL;
        }
        if (value_equal(v, test->value, a->options->zones) == VALUE_EQ_TRUE)
            any = VALUE_EQ_TRUE;
    }
    *simple = !a->tests->negated && a->tests->n > 0;
    return any;
}

enum value_eq allowed_has(const struct allowed *a, struct value v)
{
    bool simple;
    enum value_eq has = literal_has(a, v, &simple);
    if (simple)
        return has;
    AUTO(arena) scratch = arena_new(SCRATCH_BYTES);
    struct eval eval;
    struct err err;
    has = VALUE_EQ_NULL;
    if (!scratch)
        return has;
    eval_init(&eval, scratch, a->options->zones, 0, &err);
    return feel_eval_tests(&eval, a->tests, v, NULL, &has) ? VALUE_EQ_NULL : has;
}

static bool allows(void *arg, struct value v)
{
    const struct allowed *a = arg;
    return (!a->base || a->base->allows(a->base->arg, v)) && allowed_has(a, v) == VALUE_EQ_TRUE;
}

const struct node *items_allowed(const struct type *type)
{
    if (!type || type->allows != allows)
        return NULL;
    return ((const struct allowed *)type->arg)->tests;
}

/* The child is <allowedValues> or <typeConstraint>, with the tests in its <text>. */
static bool constrain(struct load *l, struct type *type, const struct xml *constraint)
{
    const struct xml *text = constraint ? xml_child(constraint, "text") : NULL;
    struct node *tests = text ? load_feel(l, text, true) : NULL;
    if (!tests || tests->n == 0)
        return !l->full;
    struct allowed *allowed = load_one(l, struct allowed);
    struct type *base = type->allows ? load_one(l, struct type) : NULL;
    if (l->full)
        return false;
    if (base)
        *base = *type;
    *allowed = (struct allowed){ tests, &l->dmn->options, base };
    type->allows = allows;
    type->arg = allowed;
    return true;
}

static struct item *find_item(const struct dmn *dmn, struct slice name)
{
    for (size_t i = 0; i < dmn->n_items; i++)
        if (slice_eq(dmn->item[i].name, name))
            return &dmn->item[i];
    return NULL;
}

/* "myimport.tPerson", or "tPerson" of an import without a name. */
static const struct type *imported_type(const struct dmn *dmn, struct slice ref)
{
    for (size_t i = 0; i < dmn->n_imports; i++) {
        const struct import *import = &dmn->import[i];
        struct slice rest = ref;
        if (!import->model)
            continue;
        if (import->name.len) {
            if (!slice_starts(ref, import->name) || ref.len <= import->name.len || ref.at[import->name.len] != '.')
                continue;
            rest = (struct slice){ ref.at + import->name.len + 1, ref.len - import->name.len - 1 };
        }
        const struct item *item = find_item(import->model, rest);
        if (item)
            return item->type;
        const struct type *deeper = imported_type(import->model, rest);
        if (deeper)
            return deeper;
    }
    return NULL;
}

static const struct type *named_type(struct load *l, struct slice name)
{
    struct item *item = find_item(l->dmn, name);
    if (item)
        return item_type(l, item);
    const struct type *type = type_builtin(name);
    return type ? type : imported_type(l->dmn, name);
}

static bool bind_type(struct load *, struct type_node *, const struct xml *at);

static bool bind_kids(struct load *l, struct type_node *node, const struct xml *at)
{
    for (size_t i = 0; i < node->n; i++)
        if (!bind_type(l, node->kid[i], at))
            return false;
    return true;
}

static bool bind_type(struct load *l, struct type_node *node, const struct xml *at)
{
    if (!node->bare)
        return bind_kids(l, node, at);
    node->bound = named_type(l, node->name);
    if (!node->bound && !l->full)
        load_flaw(l, at, "there is no type '%.*s'", SLICE_ARG(node->name));
    return node->bound != NULL;
}

void items_bind(struct load *l, struct node *node, const struct xml *at)
{
    if (node->type)
        bind_type(l, node->type, at);
    for (uint32_t i = 0; i < node->n_binding; i++)
        if (node->binding[i].type)
            bind_type(l, node->binding[i].type, at);
    for (uint32_t i = 0; i < node->n; i++)
        items_bind(l, node->kid[i], at);
}

/* "list<number>", "context<a: tLoan>". */
static const struct type *written_type(struct load *l, struct slice ref, const struct xml *at)
{
    struct type_node *node;
    struct diag flaw;
    struct err err;
    enum err_code code = feel_parse_type(ref, l->mem, &node, &flaw, &err);
    if (code == ERR_LIMIT)
        l->full = true;
    if (code || node->bare || !bind_type(l, node, at))
        return NULL;
    struct eval eval;
    eval_init(&eval, l->mem, l->dmn->options.zones, 0, &err);
    const struct type *type = feel_type_of(&eval, node);
    l->full = l->full || eval.failed;
    return type;
}

const struct type *items_type(struct load *l, struct slice ref, const struct xml *at)
{
    ref = load_name(l, ref);
    if (!ref.len || l->full)
        return NULL;
    const struct type *type = named_type(l, ref);
    size_t colon = slice_find(ref, ':');
    if (!type && colon < ref.len && memchr(ref.at, '<', ref.len) == NULL)  // DMN 1.1: a QName, "feel:string"
        type = named_type(l, (struct slice){ ref.at + colon + 1, ref.len - colon - 1 });
    if (!type && !l->full)
        type = written_type(l, ref, at);
    if (!type && !l->full)
        load_flaw(l, at, "there is no type '%.*s'", SLICE_ARG(ref));
    return type;
}

static bool build(struct load *, const struct xml *, struct type *);

static bool build_members(struct load *l, const struct xml *xml, struct type *type)
{
    size_t n = xml_count(xml, "itemComponent");
    struct type_member *member = load_array(l, struct type_member, n);
    if (!member)
        return false;
    /* At once: a type that is copied while this one is built shares the members that are still to come. */
    type->kind = TYPE_CONTEXT;
    type->member = member;
    type->n = n;
    for (const struct xml *c = xml_child(xml, "itemComponent"); c; c = xml_next(c, "itemComponent")) {
        struct type *of = load_one(l, struct type);
        struct slice name = load_name(l, xml_attribute(c, "name"));
        if (!of || !build(l, c, of))
            return false;
        *member++ = (struct type_member){ name, of };
    }
    return !l->full;
}

static bool build_function(struct load *l, const struct xml *xml, struct type *type)
{
    size_t n = xml_count(xml, "parameters");
    struct type_member *member = load_array(l, struct type_member, n);
    if (!member)
        return false;
    type->kind = TYPE_FUNCTION;
    type->member = member;
    for (const struct xml *p = xml_child(xml, "parameters"); p; p = xml_next(p, "parameters")) {
        const struct type *of = items_type(l, xml_attribute(p, "typeRef"), p);
        member[type->n++] = (struct type_member){ load_name(l, xml_attribute(p, "name")), of };
    }
    struct slice result = xml_attribute(xml, "outputTypeRef");
    type->element = items_type(l, result.len ? result : xml_child_text(xml, "outputTypeRef"), xml);
    return !l->full;
}

static bool build_base(struct load *l, const struct xml *xml, struct type *type)
{
    const struct xml *function = xml_child(xml, "functionItem");
    *type = (struct type){ .kind = TYPE_ANY };
    if (function)
        return build_function(l, function, type);
    if (xml_child(xml, "itemComponent"))
        return build_members(l, xml, type);
    const struct type *base = items_type(l, xml_child_text(xml, "typeRef"), xml);
    if (base)
        *type = *base;
    return !l->full;
}

/* Allowed values are those of the items of a collection, a type's constraint is the collection's own. */
static bool build(struct load *l, const struct xml *xml, struct type *type)
{
    struct slice collection = xml_attribute(xml, "isCollection");
    bool many = slice_is(collection, "true") || slice_is(collection, "1");
    struct type *one = many ? load_one(l, struct type) : type;
    if (!one)
        return false;
    if (many)
        *type = (struct type){ .kind = TYPE_LIST, .element = one };
    return build_base(l, xml, one) && constrain(l, one, xml_child(xml, "allowedValues"))
           && constrain(l, type, xml_child(xml, "typeConstraint"));
}

static const struct type *item_type(struct load *l, struct item *item)
{
    if (item->busy && item->type->kind == TYPE_ANY) {
        load_flaw(l, item->xml, "the type '%.*s' is defined by itself", SLICE_ARG(item->name));
        return item->type;
    }
    if (item->type)
        return item->type;
    item->type = load_one(l, struct type);
    if (!item->type)
        return NULL;
    item->busy = true;
    bool ok = build(l, item->xml, item->type);
    item->busy = false;
    return ok ? item->type : NULL;
}

bool items_load(struct load *l)
{
    struct dmn *dmn = l->dmn;
    size_t n = xml_count(l->root, "itemDefinition");
    dmn->item = load_array(l, struct item, n);
    if (!dmn->item)
        return false;
    for (const struct xml *x = xml_child(l->root, "itemDefinition"); x; x = xml_next(x, "itemDefinition"))
        dmn->item[dmn->n_items++] = (struct item){ .name = load_name(l, xml_attribute(x, "name")), .xml = x };
    for (size_t i = 0; i < n && !l->full; i++) {
        l->where = arena_printf(l->mem, "type '%.*s'", SLICE_ARG(dmn->item[i].name));
        if (!l->where.at || !item_type(l, &dmn->item[i]))
            l->full = true;
    }
    return !l->full;
}
