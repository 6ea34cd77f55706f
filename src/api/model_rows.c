#include "api/model_rows.h"

#include <assert.h>
#include <stdlib.h>

#include "api/audience_ask.h"
#include "api/model_ask.h"
#include "engine/columns/cells.h"
#include "engine/columns/table_program.h"

#define RULE_NOBODY (-4)                        // the row is no customer
#define SLICE_BYTES ((size_t)32 << 20)          // of answers: then the lock is given back

struct model_rows {
    const struct api_options *rooms;
    struct arena *mem;
    const struct dmn *dmn;
    const struct dmn_element *decision;
    const struct table *table;
    struct slice output[MODEL_FIELDS_MAX];
    int64_t now_ms;
    size_t rows, customers, next;
    int32_t *rule;                // of each row: the rule, from 0, RULE_NONE, RULE_NOBODY, or RULE_ASK the interpreter
    struct model_row **known;     // what has been asked, by the rule + 1
};

/* ---- reading ---- */
static enum err_code read_outputs(struct model_rows *r, struct slice decision, struct err *e)
{
    if (r->table->n_outputs > MODEL_FIELDS_MAX)
        return err_set(e, ERR_LIMIT, 0, "a table has at most %d outputs", MODEL_FIELDS_MAX);
    for (size_t o = 0; o < r->table->n_outputs; o++) {
        struct slice name = r->table->output[o].name;
        r->output[o] = name.len ? name : decision;
    }
    return ERR_OK;
}

static enum err_code read_model(struct model_rows *r, struct slice xml, struct slice decision, struct err *e)
{
    const struct dmn_options options = { .zones = r->rooms->zones };
    const struct dmn_diag *flaw;
    struct dmn *dmn;
    TRY(dmn_load(xml, &options, r->mem, &dmn, &flaw, e));
    if (flaw) {
        struct slice where = slice_utf8_cut(flaw->element, 60), what = slice_utf8_cut(slice_of(flaw->flaw.text), 50);
        return err_set(e, ERR_INVALID, 0, "%.*s, line %zu: %.*s: mend it and save", SLICE_ARG(where), flaw->line,
                       SLICE_ARG(what));
    }
    r->dmn = dmn;
    r->decision = dmn_find(dmn, DMN_DECISION, decision);
    r->table = r->decision ? dmn_table(r->decision) : NULL;
    if (!r->table)
        return err_set(e, ERR_NOT_FOUND, 0, "/decision: the model has no table of that decision");
    return read_outputs(r, r->decision->name, e);
}

enum err_code model_rows_new(const struct api_options *rooms, struct slice xml, struct slice decision,
                             struct model_rows **ret, struct err *e)
{
    assert(rooms && ret);
    struct model_rows *r = calloc(1, sizeof *r);
    if (!r)
        return NO_MEMORY(e);
    r->rooms = rooms;
    r->mem = arena_new(MODEL_WORK_BYTES);
    enum err_code code = r->mem ? read_model(r, xml, decision, e) : NO_MEMORY(e);
    if (code)
        model_rows_drop(&r);
    *ret = r;
    return code;
}

void model_rows_drop(struct model_rows **rows)
{
    if (!*rows)
        return;
    arena_drop(&(*rows)->mem);
    free((*rows)->rule);
    free(*rows);
    *rows = NULL;
}

struct slice model_rows_decision(const struct model_rows *r)
{
    return r->decision->name;
}

const struct slice *model_rows_outputs(const struct model_rows *r, size_t *n)
{
    *n = r->table->n_outputs;
    return r->output;
}

size_t model_rows_customers(const struct model_rows *r)
{
    return r->customers;
}

/* ---- which rule hits, for all at once ---- */

/* What a model declares of an input is nothing that a value of the column could fail. */
static bool fits(const struct type *type, const struct column *column)
{
    static const enum type_kind kinds[] = { [COLUMN_BOOLEAN] = TYPE_BOOLEAN, [COLUMN_NUMBER] = TYPE_NUMBER,
                                            [COLUMN_CODES] = TYPE_STRING, [COLUMN_DATE] = TYPE_DATE,
                                            [COLUMN_DATE_TIME] = TYPE_DATE_TIME };
    if (!type || type->kind == TYPE_ANY)
        return !type || !type->allows;
    if (type->kind != kinds[column->kind] || type->allows)
        return false;
    for (size_t c = 0; column->kind == COLUMN_CODES && c < column->dictionary->n; c++)
        if (column->dictionary->value[c].kind != VALUE_STRING)
            return false;
    return true;
}

/* Every input of the table is one of the model, and a column. */
static bool inputs_are_columns(const struct model_rows *r, const struct columns *columns)
{
    for (size_t i = 0; i < r->table->n_inputs; i++) {
        const struct node *node = r->table->input[i].expression;
        if (node->kind != NODE_NAME)
            return false;
        const struct dmn_element *input = dmn_find(r->dmn, DMN_INPUT, node->name);
        const struct column *column = columns_find(columns, node->name);
        if (!input || !slice_eq(input->name, node->name) || dmn_find(r->dmn, DMN_DECISION, node->name) || !column
            || !fits(input->type, column))
            return false;
    }
    return true;
}

/* Then what a rule says is the same for whomever it hits, and one that hits is alone or first. */
static bool says_constants(const struct table *t)
{
    if (t->policy != HIT_UNIQUE && t->policy != HIT_FIRST)
        return false;
    for (size_t i = 0; i < t->n_rules * t->n_outputs; i++)
        if (!node_is_constant(t->says[i]))
            return false;
    for (size_t o = 0; o < t->n_outputs; o++)
        if (t->output[o].otherwise && !node_is_constant(t->output[o].otherwise))
            return false;
    return true;
}

/* Under the lock. A table that cannot be made ready leaves every row to the interpreter. */
static void find_rules(struct model_rows *r, const struct columns *columns)
{
    struct table_program *program;
    struct err why;
    if (says_constants(r->table) && inputs_are_columns(r, columns)
        && !table_program_new(r->table, columns, r->rooms->zones, r->now_ms, r->mem, &program, &why))
        table_program_run(program, 0, r->rows, r->rule);
    else
        for (size_t row = 0; row < r->rows; row++)
            r->rule[row] = RULE_ASK;
}

static enum err_code begin_locked(struct model_rows *r, struct err *e)
{
    const struct population *p = r->rooms->population;
    const struct columns *columns = population_columns(p);
    r->rows = columns->rows;
    r->customers = population_customers_count(p);
    r->rule = calloc(r->rows + COLUMN_CHUNK, sizeof *r->rule);
    r->known = arena_array(r->mem, struct model_row *, r->table->n_rules + 1);
    if (!r->rule || !r->known)
        return NO_MEMORY(e);
    find_rules(r, columns);
    for (size_t row = 0; row < r->rows; row++)
        if (!bits_has(population_customers(p), row))
            r->rule[row] = RULE_NOBODY;
    return ERR_OK;
}

enum err_code model_rows_begin(struct model_rows *r, int64_t now_ms, struct err *e)
{
    struct asking a = { 0 };
    assert(r && !r->rule);
    r->now_ms = now_ms;
    enum err_code code = ask_begin(r->rooms, r->now_ms, &a, e);
    if (!code) {
        population_lock(r->rooms->population);
        code = begin_locked(r, e);
        population_unlock(r->rooms->population);
    }
    ask_end(&a);
    return code;
}

/* ---- one customer ---- */

/* One output of the decision's value: of a list of hits, the list of theirs. */
static struct value output_of(const struct model_rows *r, struct value v, size_t o, struct arena *mem, bool *ok)
{
    const struct value *member = v.kind == VALUE_CONTEXT ? value_member(v.context, r->output[o]) : NULL;
    if (r->table->n_outputs == 1)
        return v;
    if (v.kind != VALUE_LIST)
        return member ? *member : value_null;
    struct value *item = arena_array(mem, struct value, v.list->n + 1);
    *ok = *ok && item;
    for (size_t i = 0; *ok && i < v.list->n; i++)
        item[i] = output_of(r, v.list->item[i], o, mem, ok);
    return *ok ? value_list(mem, item, v.list->n, ok) : value_null;
}

static enum row_state state_of(const struct table *t, struct value v, size_t n_hits)
{
    bool one = t->policy == HIT_UNIQUE || (t->policy == HIT_ANY && value_is_null(v));
    if (one && n_hits > 1)
        return ROW_CONFLICT;
    return !n_hits && value_is_null(v) ? ROW_UNDECIDED : ROW_DECIDED;
}

static enum err_code ask_interpreter(const struct model_rows *r, const struct columns *inputs, uint32_t root,
                                     struct arena *mem, struct model_row *ret, struct err *e)
{
    struct value given, v;
    struct value *output = arena_array(mem, struct value, r->table->n_outputs);
    size_t *hit = arena_array(mem, size_t, r->table->n_rules + 1), n = 0;
    struct err why = { 0 };
    struct eval eval;
    bool ok = output && hit;
    if (!ok)
        return NO_MEMORY(e);
    TRY(model_customer_inputs(inputs, root, mem, &given, e));
    eval_init(&eval, mem, r->rooms->zones, r->now_ms, &why);
    enum err_code code = dmn_decide(r->dmn, r->decision, given.context, &eval, &v);
    eval_init(&eval, mem, r->rooms->zones, r->now_ms, &why);
    if (!code)
        code = dmn_hits(r->decision, given.context, &eval, hit, &n);
    if (code)
        return err_set(e, code, 0, "customer c%u: %.120s", root, why.text);
    for (size_t o = 0; o < r->table->n_outputs; o++)
        output[o] = output_of(r, v, o, mem, &ok);
    *ret = (struct model_row){ root, state_of(r->table, v, n), output, hit, n };
    return ok ? ERR_OK : NO_MEMORY(e);
}

static bool is_by(const struct model_row *row, int32_t rule)
{
    return rule == RULE_NONE ? row->n_hits == 0 : row->n_hits == 1 && row->hit[0] == (size_t)rule;
}

static enum err_code ask_row(struct model_rows *r, const struct columns *inputs, uint32_t root, struct arena *mem,
                             struct model_row *ret, struct err *e)
{
    int32_t rule = r->rule[root];
    bool once = rule >= RULE_NONE;
    struct model_row **known = once ? &r->known[rule + 1] : NULL;
    if (once && *known) {
        *ret = **known;
        ret->root = root;
        return ERR_OK;
    }
    TRY(ask_interpreter(r, inputs, root, mem, ret, e));
    if (!once || !is_by(ret, rule))  // what is known of the customer has changed meanwhile
        return ERR_OK;
    *known = arena_one(r->mem, struct model_row);
    return *known ? ask_interpreter(r, inputs, root, r->mem, *known, e) : NO_MEMORY(e);
}

/* ---- some customers ---- */

/* Of the columns those that the model asks for. */
static enum err_code inputs_of(const struct model_rows *r, struct arena *mem, struct columns *ret, struct err *e)
{
    const struct columns *all = population_columns(r->rooms->population);
    struct column *column = arena_array(mem, struct column, all->n + 1);
    if (!column)
        return NO_MEMORY(e);
    *ret = (struct columns){ .rows = all->rows, .column = column };
    for (size_t i = 0; i < all->n; i++)
        if (dmn_find(r->dmn, DMN_INPUT, all->column[i].name))
            column[ret->n++] = all->column[i];
    return ERR_OK;
}

static enum err_code next_locked(struct model_rows *r, size_t max, struct arena *mem, struct model_row *row, size_t *n,
                                 struct err *e)
{
    const uint64_t *customers = population_customers(r->rooms->population);
    size_t before = arena_used(mem);
    struct columns inputs;
    TRY(inputs_of(r, mem, &inputs, e));
    for (; r->next < r->rows && *n < max && arena_used(mem) - before < SLICE_BYTES; r->next++)
        if (r->rule[r->next] != RULE_NOBODY && bits_has(customers, r->next))
            TRY(ask_row(r, &inputs, (uint32_t)r->next, mem, &row[(*n)++], e));
    return ERR_OK;
}

enum err_code model_rows_next(struct model_rows *r, size_t max, struct arena *mem, struct model_row **ret, size_t *n,
                              struct err *e)
{
    assert(r && r->rule && max && mem);
    *n = 0;
    *ret = arena_array(mem, struct model_row, max);
    if (!*ret)
        return NO_MEMORY(e);
    population_lock(r->rooms->population);
    enum err_code code = next_locked(r, max, mem, *ret, n, e);
    population_unlock(r->rooms->population);
    return code;
}
