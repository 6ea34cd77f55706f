/* Reads a model: its elements, what they require, their logic. */
#include "engine/dmn/dmn_room.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/feel/names.h"

#define ELEMENTS_MAX 10000
#define DIAGS_MAX 1000

static void load_full(struct load *l)
{
    err_set(l->e, ERR_LIMIT, 0, "the model needs more memory than it may have");
    l->full = true;
}

void *load_room(struct load *l, size_t n, size_t size)
{
    void *at = l->full ? NULL : arena_calloc_n(l->mem, n ? n : 1, size);
    if (!at && !l->full)
        load_full(l);
    return at;
}

static struct slice element_name(struct load *l)
{
    return l->part.len ? arena_printf(l->mem, "%.*s, %.*s", SLICE_ARG(l->where), SLICE_ARG(l->part)) : l->where;
}

/* Of a text: where in the file, as well as entities and CDATA let us say. */
static void flaw_at(struct load *l, const struct xml *at, size_t line, size_t column, const struct diag *flaw)
{
    struct dmn_diag *diag = load_one(l, struct dmn_diag);
    if (!diag)
        return;
    *diag = (struct dmn_diag){ .element = element_name(l), .line = at->line + line - 1,
                               .column = line > 1 ? column : at->column, .flaw = *flaw };
    *l->last = diag;
    l->last = &diag->next;
}

void load_flaw(struct load *l, const struct xml *at, const char *fmt, ...)
{
    struct diag flaw = { 0 };
    va_list args;
    va_start(args, fmt);
    vsnprintf(flaw.text, sizeof flaw.text, fmt, args);
    va_end(args);
    flaw_at(l, at, 1, 1, &flaw);
}

struct slice load_name(struct load *l, struct slice text)
{
    struct slice name = feel_name(text, l->mem);
    if (!name.at && text.len)
        l->full = true;
    return name;
}

bool load_know(struct load *l, struct slice name)
{
    if (!l->full && !arena_need(l->mem, l->names, l->cap_names, l->n_names + 1))
        load_full(l);
    if (name.len && !l->full)
        l->names[l->n_names++] = name;
    return !l->full;
}

/* A name that nothing gives a meaning to is null when it is met, which the standard allows and people rarely want. */
static void check_names(struct load *l, const struct node *node, const struct xml *x)
{
    const struct node *unknown = feel_unknown_name(node, l->names, l->n_names);
    struct diag flaw = { 0 };
    size_t line, column;
    if (!unknown || l->members)
        return;
    flaw.at = unknown->at;
    feel_unknown_text(unknown, l->names, l->n_names, flaw.text, sizeof flaw.text);
    diag_place(x->text, flaw.at, &line, &column);
    flaw_at(l, x, line, column, &flaw);
}

static bool remember(struct load *l, const struct xml *x, const struct node *node, bool tests)
{
    struct dmn *dmn = l->dmn;
    if (!arena_need(l->mem, dmn->text, dmn->texts_cap, dmn->n_texts + 1)) {
        load_full(l);
        return false;
    }
    dmn->text[dmn->n_texts++] = (struct dmn_text){ x, node, NULL, element_name(l), tests };
    return true;
}

struct node *load_feel(struct load *l, const struct xml *x, bool tests)
{
    struct node *node;
    struct diag flaw;
    struct err err;
    const struct parse_options options = { l->names, l->n_names };
    if (l->full)
        return NULL;
    enum err_code code = (tests ? feel_parse_tests : feel_parse)(x->text, &options, l->mem, &node, &flaw, &err);
    if (code == ERR_OK) {
        items_bind(l, node, x);
        check_names(l, node, x);
        return !l->full && remember(l, x, node, tests) ? node : NULL;
    }
    size_t line = 1, column = 1;
    if (code == ERR_LIMIT) {
        l->full = true;
        *l->e = err;
        return NULL;
    }
    diag_place(x->text, flaw.at, &line, &column);
    flaw_at(l, x, line, column, &flaw);
    return NULL;
}

/* ---- elements ---- */
static bool kind_of(const struct xml *x, enum dmn_kind *kind)
{
    static const struct {
        const char *name;
        enum dmn_kind kind;
    } kinds[] = { { "inputData", DMN_INPUT }, { "decision", DMN_DECISION },
                  { "businessKnowledgeModel", DMN_KNOWLEDGE }, { "decisionService", DMN_SERVICE } };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (slice_is(x->name, kinds[i].name)) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

static void set_where(struct load *l, const struct element *element)
{
    static const char *const words[] = { [DMN_INPUT] = "input", [DMN_DECISION] = "decision",
                                         [DMN_KNOWLEDGE] = "knowledge model", [DMN_SERVICE] = "service" };
    l->where = arena_printf(l->mem, "%s '%.*s'", words[element->is.kind], SLICE_ARG(element->is.name));
    l->full = l->full || !l->where.at;
    l->part = SLICE("");
}

static bool load_element(struct load *l, const struct xml *x, enum dmn_kind kind)
{
    struct dmn *dmn = l->dmn;
    struct element *element = load_one(l, struct element);
    if (!element)
        return false;
    struct slice name = load_name(l, xml_attribute(x, "name"));
    *element = (struct element){ .is = { kind, xml_attribute(x, "id"), name, NULL }, .model = dmn, .xml = x };
    element->index = dmn->n_elements;
    set_where(l, element);
    if (!name.len)
        load_flaw(l, x, "a %.*s needs a name", SLICE_ARG(x->name));
    dmn->element[dmn->n_elements++] = element;
    const struct xml *variable = xml_child(x, "variable");
    if (variable)
        element->is.type = items_type(l, xml_attribute(variable, "typeRef"), variable);
    return !l->full;
}

static bool load_elements(struct load *l)
{
    size_t n = 0;
    enum dmn_kind kind;
    for (const struct xml *x = l->root->first; x; x = x->next)
        n += kind_of(x, &kind);
    if (n > ELEMENTS_MAX) {
        err_set(l->e, ERR_LIMIT, 0, "a model has at most %d elements", ELEMENTS_MAX);
        return false;
    }
    l->dmn->element = load_array(l, struct element *, n);
    for (const struct xml *x = l->root->first; x && !l->full; x = x->next)
        if (kind_of(x, &kind) && !load_element(l, x, kind))
            return false;
    return !l->full;
}

static const struct element *element_by_id(const struct dmn *dmn, struct slice id)
{
    for (size_t i = 0; i < dmn->n_elements; i++)
        if (slice_eq(dmn->element[i]->is.id, id))
            return dmn->element[i];
    return NULL;
}

/* "#id" of this model, "namespace#id" of this one or of an import. */
static bool find_href(struct load *l, const struct xml *at, struct requirement *ret)
{
    struct slice id = xml_attribute(at, "href"), ns = slice_cut(&id, '#');
    *ret = (struct requirement){ NULL, SIZE_MAX };
    if (!ns.len || slice_eq(ns, l->dmn->ns))
        ret->what = element_by_id(l->dmn, id);
    for (size_t i = 0; i < l->dmn->n_imports && !ret->what; i++)
        if (slice_eq(l->dmn->import[i].ns, ns) && l->dmn->import[i].model)
            *ret = (struct requirement){ element_by_id(l->dmn->import[i].model, id), i };
    if (!ret->what)
        load_flaw(l, at, "'%.*s' refers to nothing", SLICE_ARG(xml_attribute(at, "href")));
    return ret->what != NULL;
}

static const struct xml *required(const struct xml *x)
{
    static const char *const names[] = { "requiredInput", "requiredDecision", "requiredKnowledge" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (xml_child(x, names[i]))
            return xml_child(x, names[i]);
    return NULL;
}

static bool load_requirements(struct load *l, struct element *element)
{
    size_t n = 0;
    for (const struct xml *x = element->xml->first; x; x = x->next)
        n += required(x) != NULL;
    element->require = load_array(l, struct requirement, n);
    for (const struct xml *x = element->xml->first; x && !l->full; x = x->next)
        if (required(x) && find_href(l, required(x), &element->require[element->n_requires]))
            element->n_requires++;
    return !l->full;
}

/* The service's parameters: input data, then decisions (DMN 1.5 section 10.4, TCK 0085). */
static bool load_given(struct load *l, struct element *service, const char *name)
{
    for (const struct xml *x = xml_child(service->xml, name); x && !l->full; x = xml_next(x, name)) {
        struct requirement r;
        if (!find_href(l, x, &r))
            continue;
        service->given[service->n_parameters] = r.what;
        service->parameter[service->n_parameters++] = (struct value_parameter){ r.what->is.name, r.what->is.type };
    }
    return !l->full;
}

static bool load_service(struct load *l, struct element *service)
{
    const struct xml *x = service->xml;
    size_t n = xml_count(x, "inputData") + xml_count(x, "inputDecision");
    service->given = load_array(l, const struct element *, n);
    service->parameter = load_array(l, struct value_parameter, n);
    service->output = load_array(l, const struct element *, xml_count(x, "outputDecision"));
    if (l->full || !load_given(l, service, "inputData") || !load_given(l, service, "inputDecision"))
        return false;
    for (const struct xml *o = xml_child(x, "outputDecision"); o && !l->full; o = xml_next(o, "outputDecision")) {
        struct requirement r;
        if (find_href(l, o, &r))
            service->output[service->n_outputs++] = r.what;
    }
    return !l->full;
}

/* ---- logic ---- */
static bool know_required(struct load *l, const struct element *element)
{
    l->n_names = 0;
    for (size_t i = 0; i < element->n_requires; i++)
        if (!load_know(l, element->require[i].what->is.name))
            return false;
    for (size_t i = 0; i < l->dmn->n_imports; i++)
        if (!load_know(l, l->dmn->import[i].name))
            return false;
    /* A knowledge model may call itself. */
    return element->is.kind != DMN_KNOWLEDGE || load_know(l, element->is.name);
}

static bool load_logic(struct load *l, struct element *element)
{
    const struct xml *x = element->xml;
    if (element->is.kind == DMN_KNOWLEDGE) {
        const struct xml *logic = xml_child(x, "encapsulatedLogic");
        x = logic;
        if (!logic)
            return true;
        if (!boxed_parameters(l, logic, &element->n_parameters, &element->parameter))
            return false;
        struct slice kind = xml_attribute(logic, "kind");
        if (kind.len && !slice_is(kind, "FEEL") && !slice_is(kind, "F"))
            return true;  // Java, PMML: calls give null
    }
    const struct xml *box = boxed_child(x, NULL);
    if (!box)
        return true;
    struct node *node = boxed_node(l, box);
    element->logic = element->is.kind == DMN_DECISION ? boxed_typed(l, node, element->is.type) : node;
    return element->logic && !l->full;
}

static bool load_bodies(struct load *l)
{
    struct dmn *dmn = l->dmn;
    for (size_t i = 0; i < dmn->n_elements; i++) {
        struct element *element = dmn->element[i];
        set_where(l, element);
        if (!load_requirements(l, element) || (element->is.kind == DMN_SERVICE && !load_service(l, element)))
            return false;
    }
    for (size_t i = 0; i < dmn->n_elements; i++) {
        struct element *element = dmn->element[i];
        set_where(l, element);
        bool logic = element->is.kind == DMN_DECISION || element->is.kind == DMN_KNOWLEDGE;
        if (logic && (!know_required(l, element) || !load_logic(l, element)))
            return false;
    }
    return !l->full;
}

/* Decisions that require each other in a circle: each search starts anew, seen holds the way and what is done. */
static bool circles(struct load *l, const struct element *element, unsigned char *seen, unsigned depth)
{
    enum { ON_THE_WAY = 1, DONE };
    if (seen[element->index] == DONE)
        return false;
    if (seen[element->index] == ON_THE_WAY || depth > FEEL_DEPTH_MAX)
        return true;
    seen[element->index] = ON_THE_WAY;
    bool circle = false;
    for (size_t i = 0; i < element->n_requires && !circle; i++) {
        const struct element *what = element->require[i].what;
        circle = what->model == l->dmn && what->is.kind == DMN_DECISION && circles(l, what, seen, depth + 1);
    }
    seen[element->index] = DONE;
    return circle;
}

static bool find_circles(struct load *l)
{
    const struct dmn *dmn = l->dmn;
    for (size_t i = 0; i < dmn->n_elements; i++) {
        unsigned char *seen = load_array(l, unsigned char, dmn->n_elements);
        if (!seen)
            return false;
        const struct element *element = dmn->element[i];
        if (element->is.kind != DMN_DECISION || !circles(l, element, seen, 0))
            continue;
        set_where(l, element);
        load_flaw(l, element->xml, "its requirements lead back to it, or through more than %d decisions",
                  FEEL_DEPTH_MAX);
        break;
    }
    return !l->full;
}

static bool load_imports(struct load *l)
{
    struct dmn *dmn = l->dmn;
    dmn->import = load_array(l, struct import, xml_count(l->root, "import"));
    for (const struct xml *x = xml_child(l->root, "import"); x && !l->full; x = xml_next(x, "import")) {
        struct slice type = xml_attribute(x, "importType"), ns = xml_attribute(x, "namespace");
        struct import *import = &dmn->import[dmn->n_imports];
        l->where = SLICE("import");
        if (type.len && !strstr(arena_copy(l->mem, type).at, "/DMN/"))
            continue;  // documents of other kinds are kept, and nothing of them is used
        *import = (struct import){ .name = load_name(l, xml_attribute(x, "name")), .ns = ns };
        if (dmn->options.load)
            import->model = dmn->options.load(dmn->options.arg, ns, xml_attribute(x, "locationURI"));
        if (!import->model)
            load_flaw(l, x, "the model '%.*s' that is imported is not known", SLICE_ARG(ns));
        dmn->n_imports++;
    }
    return !l->full;
}

static enum err_code failed(const struct load *l)
{
    if (l->e && l->e->code != ERR_LIMIT)
        return err_set(l->e, ERR_LIMIT, 0, "the model needs more memory than it may have");
    return ERR_LIMIT;
}

enum err_code dmn_load(struct slice file, const struct dmn_options *options, struct arena *mem, struct dmn **ret,
                       const struct dmn_diag **diags, struct err *e)
{
    assert(options && mem && ret && diags);
    struct xml *root;
    struct slice text = arena_copy(mem, file);
    struct err err = { .code = ERR_OK };
    if (!text.at)
        return err_set(e, ERR_LIMIT, 0, "the model needs more memory than it may have");
    TRY(xml_parse(text, mem, &root, e));
    struct slice ns = arena_copy(mem, root->ns);
    if (!slice_is(root->name, "definitions") || !ns.at || !strstr(ns.at, "omg.org/spec/DMN/"))
        return err_set(e, ERR_INVALID, root->begin, "line %zu: this is no DMN file: its first element is '%.*s', not "
                       "'definitions' of DMN", root->line, SLICE_ARG(root->name));
    struct load l = { .mem = mem, .root = root, .e = e ? e : &err, .where = SLICE("model") };
    l.last = (struct dmn_diag **)&l.first;
    l.e->code = ERR_OK;
    l.dmn = load_one(&l, struct dmn);
    if (!l.dmn)
        return failed(&l);
    *l.dmn = (struct dmn){ .mem = mem, .options = *options };
    l.dmn->ns = xml_attribute(root, "namespace");
    if (!load_imports(&l) || !items_load(&l) || !load_elements(&l) || !load_bodies(&l) || !find_circles(&l))
        return failed(&l);
    *ret = l.dmn;
    *diags = l.first;
    return ERR_OK;
}

const struct dmn_element *dmn_element(const struct dmn *dmn, size_t i)
{
    return i < dmn->n_elements ? &dmn->element[i]->is : NULL;
}

const struct dmn_element *dmn_find(const struct dmn *dmn, enum dmn_kind kind, struct slice name)
{
    for (size_t i = 0; i < dmn->n_elements; i++) {
        const struct dmn_element *is = &dmn->element[i]->is;
        if (is->kind == kind && (slice_eq(is->name, name) || (is->id.len && slice_eq(is->id, name))))
            return is;
    }
    return NULL;
}
