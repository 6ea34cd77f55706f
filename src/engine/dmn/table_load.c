/* Decision tables of a file: DMN 1.5 section 8.3. */
#include "engine/dmn/dmn_room.h"

#include <assert.h>

#define RULES_MAX 100000

struct table_word {
    const char *word, *letter;
    int value;
};

static bool word_of(const struct table_word *words, struct slice text, int *ret)
{
    text = slice_trim(text);
    for (; words->word; words++)
        if (slice_is(text, words->word) || (words->letter && slice_is(text, words->letter))) {
            *ret = words->value;
            return true;
        }
    return false;
}

bool hit_policy_of(struct slice text, enum hit_policy *ret)
{
    static const struct table_word words[] = {
        { "", NULL, HIT_UNIQUE },           { "UNIQUE", "U", HIT_UNIQUE },
        { "ANY", "A", HIT_ANY },            { "PRIORITY", "P", HIT_PRIORITY },
        { "FIRST", "F", HIT_FIRST },        { "RULE ORDER", "R", HIT_RULE_ORDER },
        { "OUTPUT ORDER", "O", HIT_OUTPUT_ORDER }, { "COLLECT", "C", HIT_COLLECT },
        { NULL, NULL, 0 },
    };
    int value;
    if (!word_of(words, text, &value))
        return false;
    *ret = (enum hit_policy)value;
    return true;
}

bool aggregation_of(struct slice text, enum aggregation *ret)
{
    static const struct table_word words[] = {
        { "", NULL, AGGREGATE_NONE }, { "SUM", "+", AGGREGATE_SUM }, { "COUNT", "#", AGGREGATE_COUNT },
        { "MIN", "<", AGGREGATE_MIN }, { "MAX", ">", AGGREGATE_MAX }, { NULL, NULL, 0 },
    };
    int value;
    if (!word_of(words, text, &value))
        return false;
    *ret = (enum aggregation)value;
    return true;
}

/* <name><text>tests</text></name>; NULL: there are none. */
static const struct node *allowed_of(struct load *l, const struct xml *x, const char *name)
{
    const struct xml *values = xml_child(x, name), *text = values ? xml_child(values, "text") : NULL;
    struct node *tests = text && slice_trim(text->text).len ? load_feel(l, text, true) : NULL;
    return tests && tests->n ? tests : NULL;
}

static bool load_input(struct load *l, const struct xml *x, struct table *t, size_t i)
{
    struct table_input *input = &t->input[i];
    const struct xml *expression = xml_child(x, "inputExpression");
    const struct xml *text = expression ? xml_child(expression, "text") : NULL;
    l->part = arena_printf(l->mem, "input %zu", i + 1);
    if (!text || !slice_trim(text->text).len)
        load_flaw(l, x, "the input has no expression");
    else
        input->expression = load_feel(l, text, false);
    t->broken = t->broken || !input->expression;
    input->label = xml_attribute(x, "label");
    if (!input->label.len && text)
        input->label = slice_trim(text->text);
    if (expression)
        input->type = items_type(l, xml_attribute(expression, "typeRef"), expression);
    input->allowed = allowed_of(l, x, "inputValues");
    return !l->full;
}

static bool load_output(struct load *l, const struct xml *x, struct table *t, size_t i)
{
    struct table_output *output = &t->output[i];
    const struct xml *otherwise = xml_child(x, "defaultOutputEntry");
    const struct xml *text = otherwise ? xml_child(otherwise, "text") : NULL;
    l->part = arena_printf(l->mem, "output %zu", i + 1);
    output->name = load_name(l, xml_attribute(x, "name"));
    output->type = items_type(l, xml_attribute(x, "typeRef"), x);
    output->allowed = allowed_of(l, x, "outputValues");
    if (!output->allowed)
        output->allowed = items_allowed(output->type);
    if (text && slice_trim(text->text).len) {
        output->otherwise = load_feel(l, text, false);
        t->broken = t->broken || !output->otherwise;
    }
    if (t->n_outputs > 1 && !output->name.len)
        load_flaw(l, x, "of several outputs each has a name");
    return !l->full;
}

/* One cell; an empty test hits everything, an empty output is null. */
static const struct node *load_cell(struct load *l, const struct xml *cell, bool test)
{
    const struct xml *text = xml_child(cell, "text");
    if (!text || !slice_trim(text->text).len)
        return test ? node_make(l, NODE_TESTS, 0) : node_null(l);
    return load_feel(l, text, test);
}

static bool load_rule(struct load *l, const struct xml *x, struct table *t, size_t r)
{
    size_t i = 0, o = 0;
    for (const struct xml *c = xml_child(x, "inputEntry"); c && i < t->n_inputs; c = xml_next(c, "inputEntry"), i++) {
        l->part = arena_printf(l->mem, "rule %zu, input %zu", r + 1, i + 1);
        t->test[r * t->n_inputs + i] = load_cell(l, c, true);
        t->broken = t->broken || !t->test[r * t->n_inputs + i];
    }
    for (const struct xml *c = xml_child(x, "outputEntry"); c && o < t->n_outputs;
         c = xml_next(c, "outputEntry"), o++) {
        l->part = arena_printf(l->mem, "rule %zu, output %zu", r + 1, o + 1);
        t->says[r * t->n_outputs + o] = load_cell(l, c, false);
        t->broken = t->broken || !t->says[r * t->n_outputs + o];
    }
    l->part = arena_printf(l->mem, "rule %zu", r + 1);
    if (i != xml_count(x, "inputEntry") || i < t->n_inputs || o < t->n_outputs) {
        load_flaw(l, x, "a rule of this table has %zu tests and %zu outputs", t->n_inputs, t->n_outputs);
        t->broken = true;
    }
    return !l->full;
}

static bool load_corner(struct load *l, const struct xml *x, struct table *t)
{
    if (!hit_policy_of(xml_attribute(x, "hitPolicy"), &t->policy)) {
        load_flaw(l, x, "there is no hit policy '%.*s'", SLICE_ARG(xml_attribute(x, "hitPolicy")));
        t->broken = true;
    }
    if (!aggregation_of(xml_attribute(x, "aggregation"), &t->aggregation)) {
        load_flaw(l, x, "there is no aggregation '%.*s'", SLICE_ARG(xml_attribute(x, "aggregation")));
        t->broken = true;
    }
    if (t->policy != HIT_COLLECT)
        t->aggregation = AGGREGATE_NONE;
    if (t->aggregation != AGGREGATE_NONE && t->n_outputs > 1) {
        load_flaw(l, x, "only a table with a single output can sum, count or take the least or greatest");
        t->broken = true;
    }
    l->n_rules += t->n_rules;
    if (l->n_rules <= RULES_MAX)
        return !l->full;
    err_set(l->e, ERR_LIMIT, x->begin, "line %zu: a model has at most %d rules", x->line, RULES_MAX);
    l->full = true;
    return false;
}

static bool load_parts(struct load *l, const struct xml *x, struct table *t)
{
    size_t i = 0;
    if (!load_corner(l, x, t))
        return false;
    for (const struct xml *c = xml_child(x, "input"); c; c = xml_next(c, "input"))
        if (!load_input(l, c, t, i++))
            return false;
    i = 0;
    for (const struct xml *c = xml_child(x, "output"); c; c = xml_next(c, "output"))
        if (!load_output(l, c, t, i++))
            return false;
    i = 0;
    for (const struct xml *c = xml_child(x, "rule"); c; c = xml_next(c, "rule"))
        if (!load_rule(l, c, t, i++))
            return false;
    return true;
}

static struct value eval_table(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    return table_decide(e, (const struct table *)node->foreign, scope, NULL, NULL);
}

const struct table *dmn_table(const struct dmn_element *decision)
{
    const struct node *node = ((const struct element *)decision)->logic;
    /* A declared type stands around it. */
    while (node && node->kind == NODE_FOREIGN && node->foreign->eval != eval_table)
        node = node->n == 1 ? node->kid[0] : NULL;
    return node && node->kind == NODE_FOREIGN ? (const struct table *)node->foreign : NULL;
}

struct node *table_node(struct load *l, const struct xml *x)
{
    struct node *node = node_make(l, NODE_FOREIGN, 0);
    struct table *t = load_one(l, struct table);
    if (!node || !t)
        return NULL;
    *t = (struct table){ .foreign = { eval_table } };
    t->n_inputs = xml_count(x, "input");
    t->n_outputs = xml_count(x, "output");
    t->n_rules = xml_count(x, "rule");
    t->input = load_array(l, struct table_input, t->n_inputs);
    t->output = load_array(l, struct table_output, t->n_outputs);
    t->test = load_array(l, const struct node *, t->n_rules * t->n_inputs);
    t->says = load_array(l, const struct node *, t->n_rules * t->n_outputs);
    node->foreign = &t->foreign;
    bool ok = !l->full && load_parts(l, x, t);
    l->part = SLICE("");
    if (ok && t->n_outputs == 0) {
        load_flaw(l, x, "the table has no output");
        t->broken = true;
    }
    return ok ? node : NULL;
}
