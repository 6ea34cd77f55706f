/* Decision models: DMN files with versions, their tables as people edit them, tried on a case, on a customer, on everybody. */
#include <assert.h>
#include <stdio.h>

#include "api/audience_ask.h"
#include "engine/columns/table_check.h"
#include "engine/columns/table_program.h"
#include "engine/dmn/dmn.h"
#include "engine/dmn/sheet.h"
#include "engine/feel/value_json.h"
#include "text/xml.h"

#define MODEL "model"                    // the kind of document
#define WORK_BYTES ((size_t)1 << 30)
#define CELLS_MAX 200000
#define FIELDS_MAX 64
#define CELL_TEXT_MAX 4096

/* ---- a model that is looked at: loaded, its tables as texts ---- */
struct look {
    struct arena *mem;
    const struct dmn *dmn;
    const struct dmn_diag *diags;
    struct sheet *sheet;
    size_t n_sheets;
};

static enum err_code look_at(struct call *call, struct slice xml, struct arena *mem, struct look *ret, struct err *e)
{
    const struct dmn_options options = { .zones = call->rooms->zones };
    struct dmn *dmn;
    ret->mem = mem;
    TRY(dmn_load(xml, &options, mem, &dmn, &ret->diags, e));
    ret->dmn = dmn;
    return sheets_read(xml, mem, &ret->sheet, &ret->n_sheets, e);
}

static const struct table *table_of(const struct look *l, const struct sheet *s)
{
    const struct dmn_element *decision = dmn_find(l->dmn, DMN_DECISION, s->decision_id.len ? s->decision_id : s->decision);
    return decision ? dmn_table(decision) : NULL;
}

/* ---- JSON out ---- */
static void json_texts(struct json_w *w, const char *key, const struct slice *text, size_t n)
{
    json_w_key(w, key);
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++)
        json_w_string(w, text[i]);
    json_w_close(w, ']');
}

static void json_columns(struct json_w *w, const struct sheet *s)
{
    json_w_key(w, "inputs");
    json_w_open(w, '[');
    for (size_t i = 0; i < s->n_inputs; i++) {
        json_w_open(w, '{');
        json_w_kstring(w, "id", s->input[i].id);
        json_w_kstring(w, "label", s->input[i].label);
        json_w_kstring(w, "expression", s->input[i].expression);
        json_w_kstring(w, "type", s->input[i].type);
        json_w_kstring(w, "values", s->input[i].values);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_key(w, "outputs");
    json_w_open(w, '[');
    for (size_t o = 0; o < s->n_outputs; o++) {
        json_w_open(w, '{');
        json_w_kstring(w, "id", s->output[o].id);
        json_w_kstring(w, "name", s->output[o].name);
        json_w_kstring(w, "label", s->output[o].label);
        json_w_kstring(w, "type", s->output[o].type);
        json_w_kstring(w, "values", s->output[o].values);
        json_w_kstring(w, "otherwise", s->output[o].otherwise);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void json_sheet(struct json_w *w, const struct sheet *s)
{
    json_w_open(w, '{');
    json_w_kstring(w, "decisionId", s->decision_id);
    json_w_kstring(w, "decision", s->decision);
    json_w_kstring(w, "hitPolicy", s->hit_policy.len ? s->hit_policy : SLICE("UNIQUE"));
    json_w_kstring(w, "aggregation", s->aggregation);
    json_columns(w, s);
    json_w_key(w, "rules");
    json_w_open(w, '[');
    for (size_t r = 0; r < s->n_rules; r++) {
        json_w_open(w, '{');
        json_w_kstring(w, "id", s->rule_id[r]);
        json_texts(w, "tests", s->test + r * s->n_inputs, s->n_inputs);
        json_texts(w, "says", s->says + r * s->n_outputs, s->n_outputs);
        json_w_kstring(w, "note", s->note[r]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_close(w, '}');
}

static void json_flaws(struct json_w *w, const struct dmn_diag *diag)
{
    json_w_key(w, "flaws");
    json_w_open(w, '[');
    for (; diag; diag = diag->next) {
        json_w_open(w, '{');
        json_w_kstring(w, "element", diag->element);
        json_w_ki64(w, "line", (int64_t)diag->line);
        json_w_ki64(w, "column", (int64_t)diag->column);
        json_w_kcstr(w, "text", diag->flaw.text);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static enum err_code json_findings(struct call *call, struct json_w *w, const struct look *l, struct err *e)
{
    static const char *const kinds[] = { [FINDING_GAP] = "gap", [FINDING_OVERLAP] = "overlap",
                                         [FINDING_UNREACHABLE] = "unreachable", [FINDING_DUPLICATE] = "duplicate",
                                         [FINDING_TYPE] = "type" };
    size_t left_out = 0;
    bool cut = false;
    json_w_key(w, "findings");
    json_w_open(w, '[');
    for (size_t i = 0; i < l->n_sheets; i++) {
        const struct table *table = table_of(l, &l->sheet[i]);
        struct table_check check = { .first = NULL };
        if (table)
            TRY(table_check(table, call->rooms->zones, l->mem, &check, e));
        left_out += check.left_out;
        cut |= check.cut;
        for (const struct finding *f = check.first; f; f = f->next) {
            json_w_open(w, '{');
            json_w_kstring(w, "decisionId", l->sheet[i].decision_id);
            json_w_kcstr(w, "kind", kinds[f->kind]);
            json_w_ki64(w, "a", (int64_t)f->a);
            json_w_ki64(w, "b", (int64_t)f->b);
            json_w_kstring(w, "where", f->where);
            json_w_kstring(w, "example", f->example);
            json_w_kstring(w, "text", f->text);
            json_w_close(w, '}');
        }
    }
    json_w_close(w, ']');
    json_w_ki64(w, "leftOut", (int64_t)left_out);
    json_w_kbool(w, "cut", cut);
    return ERR_OK;
}

static void json_model(struct json_w *w, const struct document_row *d)
{
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)d->id);
    json_w_open(w, '{');
    json_w_kcstr(w, "id", id);
    json_w_kstring(w, "name", d->name);
    json_w_ki64(w, "version", d->version);
    json_w_ktime(w, "createdAt", d->created_ms);
    json_w_ktime(w, "changedAt", d->changed_ms);
    json_w_kstring(w, "by", d->by);
    json_w_kstring(w, "note", d->note);
    json_w_close(w, '}');
}

/* ---- JSON in ---- */
static struct slice text_member(struct call *call, struct json object, const char *name)
{
    struct slice s = json_string(json_get(object, name), call->mem);
    return s.at ? s : SLICE("");
}

static enum err_code cells_of_rule(struct call *call, struct json list, struct slice *cell, size_t n, const char *what,
                                   size_t rule, struct err *e)
{
    size_t i = 0;
    for (struct json_iter it = json_iter(list); json_next(&it); i++) {
        if (i == n || !json_is(it.value, JSON_STRING))
            return err_set(e, ERR_INVALID, 0, "/table/rules/%zu/%s: must be %zu texts", rule, what, n);
        cell[i] = json_string(it.value, call->mem);
        if (!cell[i].at || cell[i].len > CELL_TEXT_MAX)
            return err_set(e, ERR_LIMIT, 0, "/table/rules/%zu/%s/%zu: has at most %d bytes", rule, what, i, CELL_TEXT_MAX);
    }
    return i == n ? ERR_OK : err_set(e, ERR_INVALID, 0, "/table/rules/%zu/%s: must be %zu texts", rule, what, n);
}

static enum err_code sheet_columns(struct call *call, struct json table, struct sheet *s, struct err *e)
{
    struct json inputs = json_get(table, "inputs"), outputs = json_get(table, "outputs");
    size_t i = 0, o = 0;
    s->n_inputs = json_count(inputs);
    s->n_outputs = json_count(outputs);
    if (!s->n_outputs || s->n_inputs > FIELDS_MAX || s->n_outputs > FIELDS_MAX)
        return err_set(e, ERR_INVALID, 0, "/table: has at most %d inputs, and 1 to %d outputs", FIELDS_MAX, FIELDS_MAX);
    s->input = arena_array(call->mem, struct sheet_input, s->n_inputs + 1);
    s->output = arena_array(call->mem, struct sheet_output, s->n_outputs);
    if (!s->input || !s->output)
        return NO_MEMORY(e);
    for (struct json_iter it = json_iter(inputs); json_next(&it);)
        s->input[i++] = (struct sheet_input){ text_member(call, it.value, "id"), text_member(call, it.value, "label"),
                                              text_member(call, it.value, "expression"), text_member(call, it.value, "type"),
                                              text_member(call, it.value, "values") };
    for (struct json_iter it = json_iter(outputs); json_next(&it);)
        s->output[o++] = (struct sheet_output){ text_member(call, it.value, "id"), text_member(call, it.value, "name"),
                                                text_member(call, it.value, "label"), text_member(call, it.value, "type"),
                                                text_member(call, it.value, "values"),
                                                text_member(call, it.value, "otherwise") };
    return ERR_OK;
}

static enum err_code sheet_of_json(struct call *call, struct json table, struct sheet *s, struct err *e)
{
    struct json rules = json_get(table, "rules");
    size_t r = 0;
    *s = (struct sheet){ .decision_id = text_member(call, table, "decisionId"), .decision = text_member(call, table, "decision"),
                         .hit_policy = text_member(call, table, "hitPolicy"),
                         .aggregation = text_member(call, table, "aggregation") };
    TRY(sheet_columns(call, table, s, e));
    s->n_rules = json_count(rules);
    if (s->n_rules * (s->n_inputs + s->n_outputs) > CELLS_MAX)
        return err_set(e, ERR_LIMIT, 0, "/table/rules: a table has at most %d cells", CELLS_MAX);
    s->rule_id = arena_array(call->mem, struct slice, s->n_rules + 1);
    s->note = arena_array(call->mem, struct slice, s->n_rules + 1);
    s->test = arena_array(call->mem, struct slice, s->n_rules * s->n_inputs + 1);
    s->says = arena_array(call->mem, struct slice, s->n_rules * s->n_outputs + 1);
    if (!s->rule_id || !s->note || !s->test || !s->says)
        return NO_MEMORY(e);
    for (struct json_iter it = json_iter(rules); json_next(&it); r++) {
        s->rule_id[r] = text_member(call, it.value, "id");
        s->note[r] = text_member(call, it.value, "note");
        TRY(cells_of_rule(call, json_get(it.value, "tests"), s->test + r * s->n_inputs, s->n_inputs, "tests", r, e));
        TRY(cells_of_rule(call, json_get(it.value, "says"), s->says + r * s->n_outputs, s->n_outputs, "says", r, e));
    }
    return ERR_OK;
}

/* ---- what a request is about: a model, perhaps with a table as it is being edited ---- */
struct asked {
    int64_t id;
    struct document_row row;
    struct sheet sheet;
    bool has_sheet;
    struct slice xml;                // the model's, with that table in it
    struct slice decision, json;     // json: the answer
    struct json input;
    uint32_t root;                   // of the customer it is tried on; 0: none
    struct slice name, note;
    bool is_new;
};

static enum err_code asked_xml(struct call *call, struct asked *a, struct err *e)
{
    struct buf out = buf_make(XML_BYTES_MAX);
    a->xml = a->row.text;
    if (!a->has_sheet)
        return ERR_OK;
    AUTO(arena) scratch = arena_new(WORK_BYTES);
    enum err_code code = scratch ? sheet_write(a->row.text, &a->sheet, scratch, &out, e) : NO_MEMORY(e);
    if (!code)
        a->xml = arena_copy(call->mem, buf_slice(&out));
    buf_drop(&out);
    return code ? code : a->xml.at ? ERR_OK : NO_MEMORY(e);
}

static enum err_code asked_table(struct call *call, struct json body, struct asked *a, struct err *e)
{
    struct json table = json_get(body, "table");
    a->has_sheet = json_is(table, JSON_OBJECT);
    return a->has_sheet ? sheet_of_json(call, table, &a->sheet, e) : ERR_OK;
}

static enum err_code asked_new(struct call *call, bool with_id, struct asked **ret, struct err *e)
{
    struct asked *a = *ret = arena_one(call->mem, struct asked);
    if (!a)
        return NO_MEMORY(e);
    if (!with_id)
        return ERR_OK;
    TRY(param_i64(call, 0, &a->id, e));
    return document_read(call->thread->read, MODEL, a->id, call->mem, &a->row, e);
}

/* What write_json writes is the answer. */
typedef enum err_code (*write_json)(struct call *, struct asked *, struct arena *mem, struct buf *out, struct err *);

static enum err_code answer_json(struct call *call, struct asked *a, write_json write, struct arena *mem, struct err *e)
{
    struct buf out = buf_make(0);
    enum err_code code = write(call, a, mem, &out, e);
    if (!code)
        a->json = arena_copy(call->mem, buf_slice(&out));
    buf_drop(&out);
    return code ? code : a->json.at ? ERR_OK : NO_MEMORY(e);
}

/* ---- list, one, file ---- */
enum err_code models_list(struct call *call, struct err *e)
{
    struct document_row *row;
    size_t n;
    TRY(documents_list(call->thread->read, MODEL, call->mem, &row, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n; i++)
        json_model(&w, &row[i]);
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

static void json_elements(struct json_w *w, const struct look *l)
{
    static const char *const kinds[] = { [DMN_INPUT] = "input", [DMN_DECISION] = "decision", [DMN_KNOWLEDGE] = "knowledge",
                                         [DMN_SERVICE] = "service" };
    const struct dmn_element *element;
    json_w_key(w, "elements");
    json_w_open(w, '[');
    for (size_t i = 0; (element = dmn_element(l->dmn, i)); i++) {
        json_w_open(w, '{');
        json_w_kcstr(w, "kind", kinds[element->kind]);
        json_w_kstring(w, "name", element->name);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static enum err_code page_json(struct call *call, struct asked *a, struct arena *mem, struct buf *out, struct err *e)
{
    struct look look = { 0 };
    struct json_w w = json_w(out);
    TRY(look_at(call, a->xml, mem, &look, e));
    json_w_open(&w, '{');
    json_w_key(&w, "model");
    json_model(&w, &a->row);
    json_elements(&w, &look);
    json_w_key(&w, "tables");
    json_w_open(&w, '[');
    for (size_t i = 0; i < look.n_sheets; i++)
        json_sheet(&w, &look.sheet[i]);
    json_w_close(&w, ']');
    json_flaws(&w, look.diags);
    TRY(json_findings(call, &w, &look, e));
    json_w_close(&w, '}');
    return buf_check(out, "the model", e);
}

static enum err_code page_run(struct call *call, void *arg, struct err *e)
{
    AUTO(arena) mem = arena_new(WORK_BYTES);
    if (!mem)
        return NO_MEMORY(e);
    TRY(asked_xml(call, arg, e));
    return answer_json(call, arg, page_json, mem, e);
}

static enum err_code json_done(struct call *call, void *arg, struct err *e)
{
    const struct asked *a = arg;
    struct buf *out = call_buf(call);
    buf_add(out, a->json);
    return call_answer(call, a->is_new ? 201 : 200, out, e);
}

enum err_code model_get(struct call *call, struct err *e)
{
    struct asked *a;
    TRY(asked_new(call, true, &a, e));
    return call_slow(call, (struct call_slow){ page_run, json_done, a }, e);
}

/* As it would be with the table given: flaws and findings while it is edited. */
enum err_code model_check(struct call *call, struct err *e)
{
    struct asked *a;
    struct json body;
    TRY(asked_new(call, true, &a, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "table", e));
    TRY(asked_table(call, body, a, e));
    return call_slow(call, (struct call_slow){ page_run, json_done, a }, e);
}

enum err_code model_file(struct call *call, struct err *e)
{
    struct asked *a;
    TRY(asked_new(call, true, &a, e));
    call_raw(call, 200, SLICE("application/xml"), a->row.text);
    return ERR_OK;
}

enum err_code model_versions(struct call *call, struct err *e)
{
    struct asked *a;
    struct document_version *version;
    size_t n;
    TRY(asked_new(call, true, &a, e));
    TRY(document_versions(call->thread->read, a->id, call->mem, &version, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n; i++) {
        json_w_open(&w, '{');
        json_w_ki64(&w, "version", version[i].version);
        json_w_kstring(&w, "note", version[i].note);
        json_w_kstring(&w, "by", version[i].by);
        json_w_ktime(&w, "at", version[i].at_ms);
        json_w_kstring(&w, "xml", version[i].text);
        json_w_close(&w, '}');
    }
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

/* ---- trying it ---- */
static enum err_code json_inputs(struct call *call, struct asked *a, const struct look *l, struct arena *mem,
                                 struct value *ret, struct err *e)
{
    bool ok;
    struct value v = value_of_json(a->input, mem, &ok);
    if (ok && v.kind != VALUE_CONTEXT)
        return err_set(e, ERR_INVALID, 0, "/input: must be an object of names and values");
    struct value_entry *entry = ok ? arena_array(mem, struct value_entry, v.context->n + 1) : NULL;
    ok = entry != NULL;
    for (size_t i = 0; ok && i < v.context->n; i++) {
        const struct dmn_element *input = dmn_find(l->dmn, DMN_INPUT, v.context->entry[i].name);
        entry[i] = v.context->entry[i];
        if (input && input->type)
            entry[i].value = value_of_type(entry[i].value, input->type, call->rooms->zones, mem, &ok);
    }
    if (ok)
        *ret = value_context(mem, entry, v.context->n, &ok);
    return ok ? ERR_OK : NO_MEMORY(e);
}

/* What the columns know of a customer, by their names. */
static enum err_code customer_inputs(struct call *call, const struct asked *a, struct arena *mem, struct value *ret,
                                     struct err *e)
{
    const struct columns *columns = population_columns(call->rooms->population);
    struct value_entry *entry = arena_array(mem, struct value_entry, columns->n + 1);
    bool ok = entry != NULL;
    if (a->root >= columns->rows)
        return err_set(e, ERR_BUSY, 1, "the customer has come just now");
    for (size_t i = 0; ok && i < columns->n; i++)
        entry[i] = (struct value_entry){ columns->column[i].name, column_value(&columns->column[i], a->root, mem, &ok) };
    if (ok)
        *ret = value_context(mem, entry, columns->n, &ok);
    return ok ? ERR_OK : NO_MEMORY(e);
}

static void add_note(void *arg, uint32_t at, const char *text)
{
    (void)at;
    json_w_cstr(arg, text);
}

/* Which rules of the decision's own table hit, where their names are inputs. */
static void json_hits(struct call *call, struct json_w *w, const struct dmn_element *decision, struct value inputs,
                      struct arena *mem)
{
    const struct table *table = dmn_table(decision);
    const struct feel_scope scope = { .context = inputs.context };
    size_t *hits = table ? arena_array(mem, size_t, table->n_rules + 1) : NULL, n = 0;
    struct eval eval;
    struct err err;
    json_w_key(w, "hits");
    json_w_open(w, '[');
    if (hits) {
        eval_init(&eval, mem, call->rooms->zones, call->now_ms, &err);
        table_decide(&eval, table, &scope, hits, &n);
    }
    for (size_t i = 0; i < n; i++)
        json_w_i64(w, (int64_t)hits[i] + 1);
    json_w_close(w, ']');
}

static enum err_code decide_json(struct call *call, struct asked *a, struct arena *mem, struct buf *out, struct err *e)
{
    struct look look = { 0 };
    struct json_w w = json_w(out);
    struct value inputs, v;
    struct eval eval;
    TRY(look_at(call, a->xml, mem, &look, e));
    const struct dmn_element *decision = dmn_find(look.dmn, DMN_DECISION, a->decision);
    if (!decision)
        return err_set(e, ERR_NOT_FOUND, 0, "/decision: the model has no such decision");
    TRY(a->root ? customer_inputs(call, a, mem, &inputs, e) : json_inputs(call, a, &look, mem, &inputs, e));
    json_w_open(&w, '{');
    json_w_key(&w, "notes");
    json_w_open(&w, '[');
    eval_init(&eval, mem, call->rooms->zones, call->now_ms, e);
    eval.note = add_note;
    eval.note_arg = &w;
    TRY(dmn_decide(look.dmn, decision, inputs.context, &eval, &v));
    json_w_close(&w, ']');
    json_w_key(&w, "value");
    value_to_json(v, &w);
    json_hits(call, &w, decision, inputs, mem);
    json_w_close(&w, '}');
    return buf_check(out, "the answer", e);
}

static enum err_code decide_locked(struct call *call, struct asking *ask, void *arg, struct err *e)
{
    return answer_json(call, arg, decide_json, ask->mem, e);
}

static enum err_code decide_run(struct call *call, void *arg, struct err *e)
{
    TRY(asked_xml(call, arg, e));
    return ask_population(call, decide_locked, arg, e);
}

enum err_code model_decide(struct call *call, struct err *e)
{
    struct asked *a;
    struct json body;
    TRY(asked_new(call, true, &a, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "decision input customer table", e));
    TRY(body_text(call, body, "decision", true, 500, &a->decision, e));
    TRY(asked_table(call, body, a, e));
    a->input = json_get(body, "input");
    if (!json_is(json_get(body, "customer"), JSON_NONE))
        TRY(body_customer(call, body, "customer", &a->root, e));
    else if (!json_is(a->input, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "/input: say the inputs as an object, or name a customer");
    return call_slow(call, (struct call_slow){ decide_run, json_done, a }, e);
}

/* ---- over everybody ---- */
static void count_rules(const struct table_program *program, const uint64_t *customers, size_t rows, int32_t *rule,
                        size_t n_rules, int64_t *count, int64_t *none, int64_t *conflict)
{
    table_program_run(program, 0, rows, rule);
    for (size_t row = 0; row < rows; row++) {
        if (!(customers[row / 64] >> row % 64 & 1))
            continue;
        if (rule[row] == RULE_NONE)
            ++*none;
        else if (rule[row] == RULE_CONFLICT)
            ++*conflict;
        else if ((size_t)rule[row] < n_rules)
            count[rule[row]]++;
    }
}

static enum err_code base_json(struct call *call, struct asked *a, struct arena *mem, struct buf *out, struct err *e)
{
    struct look look = { 0 };
    struct json_w w = json_w(out);
    struct table_program *program;
    const struct population *p = call->rooms->population;
    const struct columns *columns = population_columns(p);
    int64_t none = 0, conflict = 0;
    TRY(look_at(call, a->xml, mem, &look, e));
    const struct dmn_element *decision = dmn_find(look.dmn, DMN_DECISION, a->decision);
    const struct table *table = decision ? dmn_table(decision) : NULL;
    if (!table)
        return err_set(e, ERR_NOT_FOUND, 0, "/decision: the model has no table of that decision");
    struct err why = { 0 };
    enum err_code code = table_program_new(table, columns, call->rooms->zones, call->now_ms, mem, &program, &why);
    if (code)
        return err_set(e, code, 0, "/decision: not over everybody at once: %.120s", why.text);
    int32_t *rule = arena_array(mem, int32_t, columns->rows + 1);
    int64_t *count = arena_array(mem, int64_t, table->n_rules + 1);
    if (!rule || !count)
        return NO_MEMORY(e);
    count_rules(program, population_customers(p), columns->rows, rule, table->n_rules, count, &none, &conflict);
    json_w_open(&w, '{');
    json_w_ki64(&w, "customers", (int64_t)population_customers_count(p));
    json_w_key(&w, "rules");
    json_w_open(&w, '[');
    for (size_t r = 0; r < table->n_rules; r++)
        json_w_i64(&w, count[r]);
    json_w_close(&w, ']');
    json_w_ki64(&w, "none", none);
    json_w_ki64(&w, "conflict", conflict);
    json_w_close(&w, '}');
    return buf_check(out, "the answer", e);
}

static enum err_code base_locked(struct call *call, struct asking *ask, void *arg, struct err *e)
{
    return answer_json(call, arg, base_json, ask->mem, e);
}

static enum err_code base_run(struct call *call, void *arg, struct err *e)
{
    TRY(asked_xml(call, arg, e));
    return ask_population(call, base_locked, arg, e);
}

enum err_code model_base(struct call *call, struct err *e)
{
    struct asked *a;
    struct json body;
    TRY(asked_new(call, true, &a, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "decision table", e));
    TRY(body_text(call, body, "decision", true, 500, &a->decision, e));
    TRY(asked_table(call, body, a, e));
    return call_slow(call, (struct call_slow){ base_run, json_done, a }, e);
}

/* ---- saving ---- */
static enum err_code fields_member(struct call *call, struct json body, struct sheet_field *field, size_t *n,
                                   struct err *e)
{
    *n = 0;
    for (struct json_iter it = json_iter(json_get(body, "inputs")); json_next(&it);) {
        if (*n == FIELDS_MAX)
            return err_set(e, ERR_INVALID, 0, "/inputs: at most %d", FIELDS_MAX);
        field[*n] = (struct sheet_field){ text_member(call, it.value, "name"), text_member(call, it.value, "type") };
        if (!field[(*n)++].name.len)
            return err_set(e, ERR_INVALID, 0, "/inputs/%zu/name: is missing", *n - 1);
    }
    return ERR_OK;
}

/* A file that is given, or a new one over the inputs named. */
static enum err_code new_xml(struct call *call, struct json body, struct asked *a, struct err *e)
{
    struct sheet_field field[FIELDS_MAX];
    struct slice output;
    size_t n;
    TRY(body_text(call, body, "xml", false, XML_BYTES_MAX, &a->xml, e));
    if (a->xml.len)
        return ERR_OK;
    TRY(fields_member(call, body, field, &n, e));
    TRY(body_text(call, body, "outputType", false, 60, &output, e));
    struct buf out = buf_make(XML_BYTES_MAX);
    sheet_new_file(a->name, field, n, output, &out);
    a->xml = arena_copy(call->mem, buf_slice(&out));
    buf_drop(&out);
    return a->xml.at ? ERR_OK : NO_MEMORY(e);
}

/* What is no DMN is not kept; flaws of rules are: they are marked, and decide null. */
static enum err_code saving_check(struct call *call, void *arg, struct err *e)
{
    struct asked *a = arg;
    struct look look = { 0 };
    AUTO(arena) mem = arena_new(WORK_BYTES);
    if (!mem)
        return NO_MEMORY(e);
    if (a->has_sheet)
        TRY(asked_xml(call, a, e));
    return look_at(call, a->xml, mem, &look, e);
}

static enum err_code saving_write(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct asked *a = arg;
    if (a->is_new)
        return tx_document_add(tx, MODEL, a->name, a->xml, a->note, call->by, &a->id, e);
    return tx_document_edit(tx, MODEL, a->id, a->name, a->xml, a->note, call->by, e);
}

static enum err_code saving_written(struct call *call, void *arg, struct err *e)
{
    struct asked *a = arg;
    TRY(document_read(call->thread->read, MODEL, a->id, call->mem, &a->row, e));
    a->has_sheet = false;
    return call_slow(call, (struct call_slow){ page_run, json_done, a }, e);
}

static enum err_code saving_checked(struct call *call, void *arg, struct err *e)
{
    return call_write(call, (struct call_work){ saving_write, saving_written, arg, 0 }, e);
}

enum err_code model_create(struct call *call, struct err *e)
{
    struct asked *a;
    struct json body;
    TRY(asked_new(call, false, &a, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "name note xml inputs outputType", e));
    TRY(body_text(call, body, "name", true, DOCUMENT_NAME_MAX, &a->name, e));
    TRY(body_text(call, body, "note", false, DOCUMENT_NOTE_MAX, &a->note, e));
    TRY(new_xml(call, body, a, e));
    a->is_new = true;
    return call_slow(call, (struct call_slow){ saving_check, saving_checked, a }, e);
}

enum err_code model_put(struct call *call, struct err *e)
{
    struct asked *a;
    struct json body;
    TRY(asked_new(call, true, &a, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "name note xml table", e));
    TRY(body_text(call, body, "name", false, DOCUMENT_NAME_MAX, &a->name, e));
    TRY(body_text(call, body, "note", false, DOCUMENT_NOTE_MAX, &a->note, e));
    TRY(body_text(call, body, "xml", false, XML_BYTES_MAX, &a->xml, e));
    TRY(asked_table(call, body, a, e));
    if (a->xml.len && a->has_sheet)
        return err_set(e, ERR_INVALID, 0, "/xml: give a file or a table, not both");
    a->name = a->name.len ? a->name : a->row.name;
    a->xml = a->xml.len ? a->xml : a->row.text;
    return call_slow(call, (struct call_slow){ saving_check, saving_checked, a }, e);
}

static enum err_code delete_write(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    (void)call;
    return tx_document_remove(tx, MODEL, ((const struct asked *)arg)->id, e);
}

static enum err_code delete_done(struct call *call, void *arg, struct err *e)
{
    (void)arg;
    (void)e;
    call_empty(call, 204);
    return ERR_OK;
}

enum err_code model_delete(struct call *call, struct err *e)
{
    struct asked *a;
    TRY(asked_new(call, true, &a, e));
    return call_write(call, (struct call_work){ delete_write, delete_done, a, 0 }, e);
}
