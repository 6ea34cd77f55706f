/* A decision model tried: on a case, on a customer, on everybody. */
#include "api/audience_ask.h"
#include "api/model_ask.h"
#include "engine/columns/table_program.h"
#include "engine/feel/value_json.h"

static enum err_code load(struct call *call, struct slice xml, struct arena *mem, struct dmn **ret, struct err *e)
{
    const struct dmn_options options = { .zones = call->rooms->zones };
    const struct dmn_diag *diags;
    return dmn_load(xml, &options, mem, ret, &diags, e);
}

/* ---- one case ---- */
static enum err_code case_inputs(struct call *call, struct model_asked *a, const struct dmn *dmn, struct arena *mem,
                                 struct value *ret, struct err *e)
{
    bool ok;
    struct value given = value_of_json(a->input, mem, &ok);
    return ok ? dmn_inputs(dmn, given, call->rooms->zones, mem, ret, e) : NO_MEMORY(e);
}

enum err_code model_customer_inputs(const struct columns *columns, uint32_t root, struct arena *mem, struct value *ret,
                                    struct err *e)
{
    struct value_entry *entry = arena_array(mem, struct value_entry, columns->n + 1);
    bool ok = entry != NULL;
    if (root >= columns->rows)
        return err_set(e, ERR_BUSY, 1, "the customer has come just now");
    for (size_t i = 0; ok && i < columns->n; i++)
        entry[i] = (struct value_entry){ columns->column[i].name, column_value(&columns->column[i], root, mem, &ok) };
    if (ok)
        *ret = value_context(mem, entry, columns->n, &ok);
    return ok ? ERR_OK : NO_MEMORY(e);
}

static void add_note(void *arg, uint32_t at, const char *text)
{
    (void)at;
    json_w_cstr(arg, text);
}

/* Which rules of the decision's own table hit. */
static enum err_code json_hits(struct call *call, struct json_w *w, const struct dmn_element *decision,
                               struct value inputs, struct arena *mem, struct err *e)
{
    const struct table *table = dmn_table(decision);
    size_t *hits = arena_array(mem, size_t, table ? table->n_rules + 1 : 1), n = 0;
    struct eval eval;
    if (!hits)
        return NO_MEMORY(e);
    eval_init(&eval, mem, call->rooms->zones, call->now_ms, e);
    if (table)
        TRY(dmn_hits(decision, inputs.context, &eval, hits, &n));
    json_w_key(w, "hits");
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++)
        json_w_i64(w, (int64_t)hits[i] + 1);
    json_w_close(w, ']');
    return ERR_OK;
}

static enum err_code decide_json(struct call *call, struct model_asked *a, struct arena *mem, struct buf *out,
                                 struct err *e)
{
    struct json_w w = json_w(out);
    struct value inputs, v;
    struct dmn *dmn;
    struct eval eval;
    TRY(load(call, a->xml, mem, &dmn, e));
    const struct dmn_element *decision = dmn_find(dmn, DMN_DECISION, a->decision);
    if (!decision)
        return err_set(e, ERR_NOT_FOUND, 0, "/decision: the model has no such decision");
    TRY(a->root ? model_customer_inputs(population_columns(call->rooms->population), a->root, mem, &inputs, e)
                : case_inputs(call, a, dmn, mem, &inputs, e));
    json_w_open(&w, '{');
    json_w_key(&w, "notes");
    json_w_open(&w, '[');
    eval_init(&eval, mem, call->rooms->zones, call->now_ms, e);
    eval.note = add_note;
    eval.note_arg = &w;
    TRY(dmn_decide(dmn, decision, inputs.context, &eval, &v));
    json_w_close(&w, ']');
    json_w_key(&w, "value");
    value_to_json(v, &w);
    TRY(json_hits(call, &w, decision, inputs, mem, e));
    json_w_close(&w, '}');
    return buf_check(out, "the answer", e);
}

static enum err_code decide_locked(struct call *call, struct asking *ask, void *arg, struct err *e)
{
    return model_answer(call, arg, decide_json, ask->mem, e);
}

/* A case asks nothing of the customers' columns, and does not wait for them. */
static enum err_code decide_run(struct call *call, void *arg, struct err *e)
{
    struct model_asked *a = arg;
    TRY(model_asked_xml(call, a, e));
    if (a->root)
        return ask_population(call, decide_locked, a, e);
    AUTO(arena) mem = arena_new(MODEL_WORK_BYTES);
    return mem ? model_answer(call, a, decide_json, mem, e) : NO_MEMORY(e);
}

enum err_code model_decide(struct call *call, struct err *e)
{
    struct model_asked *a;
    struct json body;
    TRY(model_asked_new(call, true, &a, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "decision input customer table", e));
    TRY(body_text(call, body, "decision", true, DECISION_NAME_MAX, &a->decision, e));
    TRY(model_asked_table(call, body, a, e));
    a->input = json_get(body, "input");
    if (!json_is(json_get(body, "customer"), JSON_NONE))
        TRY(body_customer(call, body, "customer", &a->root, e));
    else if (!json_is(a->input, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "/input: say the inputs as an object, or name a customer");
    return call_slow(call, (struct call_slow){ decide_run, model_answered, a }, e);
}

/* ---- everybody ---- */
struct tally {
    int64_t *rule, none, conflict;
};

static void count_rules(const struct table_program *program, const uint64_t *customers, size_t rows, int32_t *rule,
                        struct tally *ret)
{
    table_program_run(program, 0, rows, rule);
    for (size_t row = 0; row < rows; row++) {
        if (!bits_has(customers, row))
            continue;
        if (rule[row] == RULE_NONE)
            ret->none++;
        else if (rule[row] == RULE_CONFLICT)
            ret->conflict++;
        else
            ret->rule[rule[row]]++;
    }
}

static void json_tally(struct json_w *w, const struct tally *t, size_t n_rules, size_t customers)
{
    json_w_open(w, '{');
    json_w_ki64(w, "customers", (int64_t)customers);
    json_w_key(w, "rules");
    json_w_open(w, '[');
    for (size_t r = 0; r < n_rules; r++)
        json_w_i64(w, t->rule[r]);
    json_w_close(w, ']');
    json_w_ki64(w, "none", t->none);
    json_w_ki64(w, "conflict", t->conflict);
    json_w_close(w, '}');
}

static enum err_code base_json(struct call *call, struct model_asked *a, struct arena *mem, struct buf *out,
                               struct err *e)
{
    struct json_w w = json_w(out);
    struct table_program *program;
    const struct population *p = call->rooms->population;
    const struct columns *columns = population_columns(p);
    struct dmn *dmn;
    TRY(load(call, a->xml, mem, &dmn, e));
    const struct dmn_element *decision = dmn_find(dmn, DMN_DECISION, a->decision);
    const struct table *table = decision ? dmn_table(decision) : NULL;
    if (!table)
        return err_set(e, ERR_NOT_FOUND, 0, "/decision: the model has no table of that decision");
    struct err why = { 0 };
    enum err_code code = table_program_new(table, columns, call->rooms->zones, call->now_ms, mem, &program, &why);
    if (code)
        return err_set(e, code, 0, "/decision: not over everybody at once: %.120s", why.text);
    int32_t *rule = arena_array(mem, int32_t, columns->rows + 1);
    struct tally tally = { .rule = arena_array(mem, int64_t, table->n_rules + 1) };
    if (!rule || !tally.rule)
        return NO_MEMORY(e);
    count_rules(program, population_customers(p), columns->rows, rule, &tally);
    json_tally(&w, &tally, table->n_rules, population_customers_count(p));
    return buf_check(out, "the answer", e);
}

static enum err_code base_locked(struct call *call, struct asking *ask, void *arg, struct err *e)
{
    return model_answer(call, arg, base_json, ask->mem, e);
}

static enum err_code base_run(struct call *call, void *arg, struct err *e)
{
    TRY(model_asked_xml(call, arg, e));
    return ask_population(call, base_locked, arg, e);
}

enum err_code model_base(struct call *call, struct err *e)
{
    struct model_asked *a;
    struct json body;
    TRY(model_asked_new(call, true, &a, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "decision table", e));
    TRY(body_text(call, body, "decision", true, DECISION_NAME_MAX, &a->decision, e));
    TRY(model_asked_table(call, body, a, e));
    return call_slow(call, (struct call_slow){ base_run, model_answered, a }, e);
}
