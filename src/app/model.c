/* tendero model: what is wrong with a product model, how many designs it has, and why a choice cannot be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "base/decimal.h"
#include "engine/configurator/diagram.h"
#include "engine/configurator/inspect.h"
#include "sys/file.h"

#define MEM_BYTES ((size_t)4 << 30)
#define FILE_BYTES_MAX ((size_t)64 << 20)
#define CHOICES_MAX 10000
#define CHANGES 5

struct workbench {
    struct arena *mem;
    struct uvl_model model;
    struct encoding encoding;
    struct explainer *explainer;
    struct diagram *diagram;
};

static void workbench_clear(struct workbench *b)
{
    explainer_drop(&b->explainer);
    diagram_drop(&b->diagram);
    encoding_drop(&b->encoding);
    arena_drop(&b->mem);
}

/* ---- reading ---- */
static enum err_code read_import(void *self, struct slice file, struct arena *mem, struct slice *ret, struct err *e)
{
    (void)self;
    struct slice path = arena_copy(mem, file);  // with its NUL
    return path.at ? file_read(path.at, FILE_BYTES_MAX, mem, ret, e) : err_set(e, ERR_LIMIT, 0, "no memory for a name");
}

static void print_faults(const struct workbench *b)
{
    for (uint32_t i = 0; i < b->model.faults; i++) {
        struct slice text = uvl_fault_text(&b->model, &b->model.fault[i], b->mem);
        fprintf(stderr, "%.*s\n", SLICE_ARG(text));
    }
}

static enum err_code workbench_read(struct workbench *b, struct slice file, struct err *e)
{
    const struct uvl_reader reader = { read_import, NULL };
    struct slice text;
    b->mem = arena_new(MEM_BYTES);
    if (!b->mem)
        return err_set(e, ERR_LIMIT, 0, "no memory for the product model");
    TRY(read_import(NULL, file, b->mem, &text, e));
    enum err_code code = uvl_read(text, file, &reader, b->mem, &b->model, e);
    print_faults(b);
    TRY(code);
    return encode_model(&b->model, b->mem, &b->encoding, e);
}

static enum err_code workbench_compile(struct workbench *b, struct err *e)
{
    return diagram_make(b->encoding.clauses, NULL, &b->diagram, e);
}

/* ---- prices ---- */
static const struct uvl_value *price_of(const struct uvl_feature *f, const char *name)
{
    for (uint32_t i = 0; i < f->attributes; i++)
        if (slice_eq_nocase(f->attribute[i].name, slice_of(name)))
            return &f->attribute[i].value;
    return NULL;
}

/* weight[variables + 1] in millionths; whether anything has a price. */
static enum err_code weigh(const struct workbench *b, const char *name, int64_t *weight, bool *any, struct err *e)
{
    *any = false;
    for (uint32_t v = 1; v <= b->encoding.clauses->own; v++) {
        const struct variable *variable = &b->encoding.variable[v];
        const struct uvl_feature *f = &b->model.feature[variable->feature];
        const struct uvl_value *value = price_of(f, name);
        if (!value || variable->joined)
            continue;
        if (value->kind != UVL_NUMBER)
            return err_set(e, ERR_INVALID, 0, "%s of '%.*s' is no number", name, SLICE_ARG(f->name));
        TRY(micro_parse(value->text, &weight[v], e));
        *any = true;
    }
    return ERR_OK;
}

static void print_design(const struct workbench *b, const char *what, const int64_t *weight, int sign, const int8_t *solution)
{
    char number[32];
    int64_t total = 0;
    for (uint32_t v = 1; v <= b->encoding.clauses->own; v++)
        total += solution[v] > 0 ? sign * weight[v] : 0;
    printf("%s: %.*s:", what, SLICE_ARG(micro_print(total, number)));
    for (uint32_t f = 0; f < b->model.features; f++)
        if (solution[f + 1] > 0 && !b->model.feature[f].abstract)
            printf(" %.*s", SLICE_ARG(b->model.feature[f].name));
    printf("\n");
}

static enum err_code print_prices(const struct workbench *b, const char *name, struct err *e)
{
    size_t n = (size_t)b->encoding.clauses->variables + 1;
    int64_t *weight = arena_array(b->mem, int64_t, n);
    int8_t *chosen = arena_array(b->mem, int8_t, n), *solution = arena_array(b->mem, int8_t, n);
    struct diagram_work *work = diagram_work_new(b->diagram);
    bool any = false;
    enum err_code code = weight && chosen && solution && work ? weigh(b, name, weight, &any, e)
                                                              : err_set(e, ERR_LIMIT, 0, "no memory for the prices");
    if (!code && any) {
        if (diagram_best(b->diagram, chosen, weight, work, solution))
            print_design(b, "cheapest", weight, 1, solution);
        for (size_t v = 0; v < n; v++)
            weight[v] = -weight[v];
        if (diagram_best(b->diagram, chosen, weight, work, solution))
            print_design(b, "dearest", weight, -1, solution);
    }
    diagram_work_drop(&work);
    return code;
}

/* ---- check ---- */
static void print_features(const struct workbench *b, const struct feature_list *list, const char *what)
{
    for (uint32_t i = 0; i < list->n; i++) {
        const struct uvl_feature *f = &b->model.feature[list->at[i]];
        printf("%.*s:%u:%u: '%.*s' %s\n", SLICE_ARG(b->model.file[f->place.file]), f->place.line, f->place.column, SLICE_ARG(f->name), what);
    }
}

static void print_rule(const struct workbench *b, uint32_t number)
{
    const struct rule *rule = &b->encoding.rule[number];
    const struct uvl_model *m = &b->model;
    struct uvl_place place = rule->kind == RULE_CONSTRAINT ? m->constraint[rule->at].place
                             : rule->kind == RULE_GROUP    ? m->group[rule->at].place
                                                           : m->feature[rule->at].place;
    printf("%.*s:%u:%u: ", SLICE_ARG(m->file[place.file]), place.line, place.column);
    switch (rule->kind) {
    case RULE_CONSTRAINT: printf("%.*s\n", SLICE_ARG(m->constraint[rule->at].text)); break;
    case RULE_GROUP: printf("the group below '%.*s'\n", SLICE_ARG(m->feature[m->group[rule->at].of].name)); break;
    case RULE_PARENT:
        printf("'%.*s' is a part of '%.*s'\n", SLICE_ARG(m->feature[rule->at].name),
               SLICE_ARG(m->feature[m->feature[rule->at].parent].name));
        break;
    default: printf("'%.*s' as it is declared\n", SLICE_ARG(m->feature[rule->at].name));
    }
}

static void print_redundant(const struct workbench *b, const struct feature_list *list)
{
    for (uint32_t i = 0; i < list->n; i++) {
        const struct uvl_constraint *c = &b->model.constraint[list->at[i]];
        printf("%.*s:%u:%u: '%.*s' follows from the other rules\n", SLICE_ARG(b->model.file[c->place.file]), c->place.line,
               c->place.column, SLICE_ARG(c->text));
    }
}

static enum err_code print_count(const struct workbench *b, const char *before, struct err *e)
{
    int8_t *chosen = arena_array(b->mem, int8_t, (size_t)b->encoding.clauses->variables + 1);
    char *digits = chosen ? diagram_count_exact(b->diagram, chosen) : NULL;
    if (!digits)
        return err_set(e, ERR_LIMIT, 0, "no memory to count");
    printf("%s%s\n", before, digits);
    free(digits);
    return ERR_OK;
}

static enum err_code check(struct workbench *b, struct slice file, const char *price, struct err *e)
{
    struct inspection found;
    TRY(explainer_new(&b->encoding, &b->explainer, e));
    TRY(inspect_model(&b->model, &b->encoding, b->explainer, b->mem, NULL, &found, e));
    for (size_t i = 0; i < found.why.rules && found.is_void; i++)
        print_rule(b, found.why.rule[i]);
    if (found.is_void)
        return err_set(e, ERR_INVALID, 0, "%.*s: the model is void: these rules contradict each other", SLICE_ARG(file));
    print_features(b, &found.dead, "is dead: no design has it");
    print_features(b, &found.false_optional, "is optional in name only: every design with its parent has it");
    print_redundant(b, &found.redundant);
    printf("features: %u, constraints: %u, dead: %u, in every design: %u, optional in name only: %u, redundant constraints: %u\n",
           b->model.features, b->model.constraints, found.dead.n, found.core.n, found.false_optional.n, found.redundant.n);
    if (b->encoding.opens)
        printf("constraints over values that a customer gives, which are not counted: %u\n", b->encoding.opens);
    TRY(workbench_compile(b, e));
    TRY(print_count(b, "variants: ", e));
    TRY(print_prices(b, price, e));
    return found.dead.n ? err_set(e, ERR_INVALID, 0, "%.*s: not fit to be published: %u features are dead", SLICE_ARG(file), found.dead.n)
                        : ERR_OK;
}

/* ---- explain ---- */
/* "Steel,!Bell" */
static enum err_code read_choices(const struct workbench *b, const char *text, int32_t *ret, size_t *n, struct err *e)
{
    struct slice rest = slice_of(text ? text : "");
    if (!rest.len)
        return err_set(e, ERR_INVALID, 0, "--choose LIST is missing: features by commas, !FEATURE for one that is not wanted");
    for (*n = 0; rest.len; (*n)++) {
        struct slice item = slice_trim(slice_cut(&rest, ','));
        bool no = item.len && item.at[0] == '!';
        struct slice name = no ? slice_trim((struct slice){ item.at + 1, item.len - 1 }) : item;
        uint32_t feature = uvl_feature_find(&b->model, name);
        if (*n == CHOICES_MAX)
            return err_set(e, ERR_LIMIT, *n, "--choose: %d choices at most", CHOICES_MAX);
        if (feature == UVL_NONE)
            return err_set(e, ERR_INVALID, *n, "--choose, number %zu: the model has no feature '%.*s'", *n + 1,
                           SLICE_ARG(slice_utf8_cut(name, 60)));
        ret[*n] = no ? -(int32_t)(feature + 1) : (int32_t)(feature + 1);
    }
    return ERR_OK;
}

static void print_choices(const struct workbench *b, const int32_t *choice, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf("%s%s%.*s", i ? ", " : "", choice[i] < 0 ? "!" : "", SLICE_ARG(b->model.feature[abs(choice[i]) - 1].name));
    printf("\n");
}

static enum err_code explain(struct workbench *b, const char *choose, struct err *e)
{
    int32_t *choice = arena_array(b->mem, int32_t, CHOICES_MAX);
    double *cost = arena_array(b->mem, double, CHOICES_MAX);
    struct conflict conflict;
    struct change change[CHANGES];
    size_t n = 0, changes;
    bool found;
    if (!choice || !cost)
        return err_set(e, ERR_LIMIT, 0, "no memory for the choices");
    TRY(read_choices(b, choose, choice, &n, e));
    TRY(explainer_new(&b->encoding, &b->explainer, e));
    TRY(explain_conflict(b->explainer, choice, n, true, b->mem, &conflict, &found, e));
    if (!found) {
        printf("possible\n");
        return ERR_OK;
    }
    printf("impossible together: ");
    print_choices(b, conflict.choice, conflict.choices);
    for (size_t i = 0; i < conflict.rules; i++)
        print_rule(b, conflict.rule[i]);
    for (size_t i = 0; i < n; i++)
        cost[i] = 1;
    TRY(explain_changes(b->explainer, choice, cost, n, b->mem, change, CHANGES, &changes, e));
    for (size_t i = 0; i < changes; i++) {
        printf("possible without: ");
        print_choices(b, change[i].give_up, change[i].n);
    }
    return ERR_OK;
}

enum err_code command_model(struct settings *s, struct err *e)
{
    const char *price = settings_option(s, "price"), *choose = settings_option(s, "choose");
    __attribute__((cleanup(workbench_clear))) struct workbench b = { 0 };
    TRY(settings_no_options(s, e));
    const char *what = s->n_rest == 2 ? s->rest[0] : "", *path = s->n_rest == 2 ? s->rest[1] : "";
    if (strcmp(what, "check") && strcmp(what, "count") && strcmp(what, "explain"))
        return err_set(e, ERR_INVALID, 0, "tendero model check|count|explain FILE.uvl");
    TRY(workbench_read(&b, slice_of(path), e));
    if (!strcmp(what, "check"))
        return check(&b, slice_of(path), price ? price : "price", e);
    if (!strcmp(what, "explain"))
        return explain(&b, choose, e);
    TRY(workbench_compile(&b, e));
    return print_count(&b, "", e);
}
