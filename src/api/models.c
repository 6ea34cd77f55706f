/* Decision models: DMN files with versions; what is wrong with their tables, saved or as they are edited. */
#include "api/model_ask.h"
#include "engine/columns/table_check.h"
#include "text/xml.h"

#define NO_ROOM(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

/* ---- what a request is about ---- */
enum err_code model_asked_new(struct call *call, bool with_id, struct model_asked **ret, struct err *e)
{
    struct model_asked *a = *ret = arena_one(call->mem, struct model_asked);
    if (!a)
        return NO_ROOM(e);
    if (!with_id)
        return ERR_OK;
    TRY(param_i64(call, 0, &a->id, e));
    return document_read(call->thread->read, MODEL, a->id, call->mem, &a->row, e);
}

enum err_code model_asked_table(struct call *call, struct json body, struct model_asked *a, struct err *e)
{
    struct json table = json_get(body, "table");
    a->has_sheet = !json_is(table, JSON_NONE);
    return a->has_sheet ? sheet_of_json(call, table, &a->sheet, e) : ERR_OK;
}

enum err_code model_asked_xml(struct call *call, struct model_asked *a, struct err *e)
{
    a->xml = a->row.text;
    if (!a->has_sheet)
        return ERR_OK;
    struct buf out = buf_make(XML_BYTES_MAX);
    AUTO(arena) scratch = arena_new(MODEL_WORK_BYTES);
    enum err_code code = scratch ? sheet_write(a->row.text, &a->sheet, scratch, &out, e) : NO_ROOM(e);
    return call_keep(call, code, &out, &a->xml, e);
}

enum err_code model_answer(struct call *call, struct model_asked *a, model_write write, struct arena *mem,
                           struct err *e)
{
    struct buf out = buf_make(0);
    enum err_code code = write(call, a, mem, &out, e);
    return call_keep(call, code, &out, &a->json, e);
}

enum err_code model_answered(struct call *call, void *arg, struct err *e)
{
    const struct model_asked *a = arg;
    struct buf *out = call_buf(call);
    buf_add(out, a->json);
    return call_answer(call, a->is_new ? 201 : 200, out, e);
}

/* ---- its page ---- */
static void json_elements(struct json_w *w, const struct dmn *dmn)
{
    static const char *const kinds[] = { [DMN_INPUT] = "input", [DMN_DECISION] = "decision",
                                         [DMN_KNOWLEDGE] = "knowledge", [DMN_SERVICE] = "service" };
    const struct dmn_element *element;
    json_w_key(w, "elements");
    json_w_open(w, '[');
    for (size_t i = 0; (element = dmn_element(dmn, i)); i++) {
        json_w_open(w, '{');
        json_w_kcstr(w, "kind", kinds[element->kind]);
        json_w_kstring(w, "name", element->name);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void json_flaws(struct json_w *w, const char *key, const struct dmn_diag *diag)
{
    json_w_key(w, key);
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

static void json_finding(struct json_w *w, const struct finding *f, size_t n_inputs)
{
    static const char *const kinds[] = { [FINDING_GAP] = "gap", [FINDING_OVERLAP] = "overlap",
                                         [FINDING_UNREACHABLE] = "unreachable", [FINDING_DUPLICATE] = "duplicate",
                                         [FINDING_TYPE] = "type" };
    json_w_open(w, '{');
    json_w_kcstr(w, "kind", kinds[f->kind]);
    json_w_ki64(w, "a", (int64_t)f->a);
    json_w_ki64(w, "b", (int64_t)f->b);
    json_w_kstring(w, "where", f->where);
    json_w_kstrings(w, "tests", f->test, n_inputs);
    json_w_kstring(w, "example", f->example);
    json_w_kstring(w, "text", f->text);
    json_w_close(w, '}');
}

static enum err_code json_check(struct call *call, struct json_w *w, const struct dmn *dmn, const struct sheet *s,
                                struct arena *mem, struct err *e)
{
    const struct dmn_element *decision = dmn_find(dmn, DMN_DECISION, s->decision_id.len ? s->decision_id : s->decision);
    const struct table *table = decision ? dmn_table(decision) : NULL;
    struct table_check check = { .first = NULL };
    if (table)
        TRY(table_check(table, call->rooms->zones, mem, &check, e));
    json_w_open(w, '{');
    json_w_key(w, "findings");
    json_w_open(w, '[');
    for (const struct finding *f = check.first; f; f = f->next)
        json_finding(w, f, table->n_inputs);
    json_w_close(w, ']');
    json_w_ki64(w, "leftOut", (int64_t)check.left_out);
    json_w_kbool(w, "cut", check.cut);
    json_w_close(w, '}');
    return ERR_OK;
}

static void json_model(struct json_w *w, const struct document_row *d)
{
    json_w_open(w, '{');
    json_document(w, d);
    json_w_close(w, '}');
}

static enum err_code page_json(struct call *call, struct model_asked *a, struct arena *mem, struct buf *out,
                               struct err *e)
{
    const struct dmn_options options = { .zones = call->rooms->zones };
    struct json_w w = json_w(out);
    const struct dmn_diag *diags;
    struct dmn *dmn;
    struct sheet *sheet;
    size_t n;
    TRY(dmn_load(a->xml, &options, mem, &dmn, &diags, e));
    TRY(sheets_read(a->xml, mem, &sheet, &n, e));
    json_w_open(&w, '{');
    json_w_key(&w, "model");
    json_model(&w, &a->row);
    json_elements(&w, dmn);
    json_w_key(&w, "tables");
    json_w_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        json_sheet(&w, &sheet[i]);
    json_w_close(&w, ']');
    json_w_key(&w, "checks");
    json_w_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        TRY(json_check(call, &w, dmn, &sheet[i], mem, e));
    json_w_close(&w, ']');
    json_flaws(&w, "flaws", diags);
    TRY(dmn_probe(dmn, call->rooms->zones, call->now_ms, mem, &diags, e));
    json_flaws(&w, "warnings", diags);
    json_w_close(&w, '}');
    return buf_check(out, "the model", e);
}

enum err_code model_page_run(struct call *call, void *arg, struct err *e)
{
    AUTO(arena) mem = arena_new(MODEL_WORK_BYTES);
    if (!mem)
        return NO_ROOM(e);
    TRY(model_asked_xml(call, arg, e));
    return model_answer(call, arg, page_json, mem, e);
}

enum err_code model_get(struct call *call, struct err *e)
{
    struct model_asked *a;
    TRY(model_asked_new(call, true, &a, e));
    return call_slow(call, (struct call_slow){ model_page_run, model_answered, a }, e);
}

/* As it would be with the table given: flaws and findings while it is edited. */
enum err_code model_check(struct call *call, struct err *e)
{
    struct model_asked *a;
    struct json body;
    TRY(model_asked_new(call, true, &a, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "table", e));
    TRY(model_asked_table(call, body, a, e));
    return call_slow(call, (struct call_slow){ model_page_run, model_answered, a }, e);
}

/* ---- list, file, versions ---- */
enum err_code models_list(struct call *call, struct err *e)
{
    struct document_row *row;
    size_t n;
    TRY(documents_list(call->thread->read, MODEL, false, call->mem, &row, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n; i++)
        json_model(&w, &row[i]);
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

enum err_code model_file(struct call *call, struct err *e)
{
    struct model_asked *a;
    int64_t version;
    TRY(model_asked_new(call, true, &a, e));
    TRY(call_query_i64(call, "version", a->row.version, &version, e));
    TRY(document_text(call->thread->read, a->id, version, call->mem, &a->xml, e));
    call_raw(call, 200, SLICE("application/xml"), a->xml);
    return ERR_OK;
}

enum err_code model_versions(struct call *call, struct err *e)
{
    struct model_asked *a;
    struct document_version *version;
    size_t n;
    TRY(model_asked_new(call, true, &a, e));
    TRY(document_versions(call->thread->read, a->id, false, call->mem, &version, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n; i++) {
        json_w_open(&w, '{');
        json_document_version(&w, &version[i]);
        json_w_close(&w, '}');
    }
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

/* ---- saving ---- */

/* A file that is given, or a new one over the inputs named. */
static enum err_code new_xml(struct call *call, struct json body, struct model_asked *a, struct err *e)
{
    struct sheet_field field[MODEL_FIELDS_MAX];
    struct slice output;
    size_t n;
    TRY(body_text(call, body, "xml", false, XML_BYTES_MAX, &a->xml, e));
    if (a->xml.len)
        return ERR_OK;
    TRY(sheet_fields_of_json(call, body, field, &n, e));
    TRY(body_text(call, body, "outputType", false, 60, &output, e));
    struct buf out = buf_make(XML_BYTES_MAX);
    sheet_new_file(a->name, field, n, output, &out);
    return call_keep(call, ERR_OK, &out, &a->xml, e);
}

/* What is no DMN is not kept; flaws of rules are: they are marked, and decide null. */
static enum err_code saving_check(struct call *call, void *arg, struct err *e)
{
    const struct dmn_options options = { .zones = call->rooms->zones };
    struct model_asked *a = arg;
    const struct dmn_diag *diags;
    struct dmn *dmn;
    AUTO(arena) mem = arena_new(MODEL_WORK_BYTES);
    if (!mem)
        return NO_ROOM(e);
    if (a->has_sheet)
        TRY(model_asked_xml(call, a, e));
    return dmn_load(a->xml, &options, mem, &dmn, &diags, e);
}

static enum err_code saving_write(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct model_asked *a = arg;
    if (a->is_new)
        return tx_document_add(tx, MODEL, a->name, a->xml, a->note, call->by, &a->id, e);
    return tx_document_edit(tx, MODEL, a->id, a->name, a->xml, a->note, call->by, e);
}

static enum err_code saving_written(struct call *call, void *arg, struct err *e)
{
    struct model_asked *a = arg;
    TRY(document_read(call->thread->read, MODEL, a->id, call->mem, &a->row, e));
    a->has_sheet = false;
    return call_slow(call, (struct call_slow){ model_page_run, model_answered, a }, e);
}

static enum err_code saving_checked(struct call *call, void *arg, struct err *e)
{
    return call_write(call, (struct call_work){ saving_write, saving_written, arg, 0 }, e);
}

enum err_code model_create(struct call *call, struct err *e)
{
    struct model_asked *a;
    struct json body;
    TRY(model_asked_new(call, false, &a, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "name note xml inputs outputType", e));
    TRY(body_text(call, body, "name", true, DOCUMENT_NAME_MAX, &a->name, e));
    TRY(body_text(call, body, "note", false, DOCUMENT_NOTE_MAX, &a->note, e));
    a->name = slice_trim(a->name);
    a->is_new = true;
    TRY(new_xml(call, body, a, e));
    return call_slow(call, (struct call_slow){ saving_check, saving_checked, a }, e);
}

/* Another file, a table, an older version, or only another name. */
static enum err_code edited_xml(struct call *call, struct json body, struct model_asked *a, struct err *e)
{
    int64_t version;
    TRY(body_text(call, body, "xml", false, XML_BYTES_MAX, &a->xml, e));
    TRY(body_i64(body, "version", 1, INT64_MAX, 0, &version, e));
    TRY(model_asked_table(call, body, a, e));
    if ((a->xml.len > 0) + a->has_sheet + (version > 0) > 1)
        return err_set(e, ERR_INVALID, 0, "say one of /xml, /table and /version");
    if (version)
        return document_text(call->thread->read, a->id, version, call->mem, &a->xml, e);
    a->xml = a->xml.len ? a->xml : a->row.text;
    return ERR_OK;
}

enum err_code model_put(struct call *call, struct err *e)
{
    struct model_asked *a;
    struct json body;
    TRY(model_asked_new(call, true, &a, e));
    TRY(call_body(call, &body, e));
    TRY(body_only(call, body, "name note xml table version", e));
    TRY(body_text(call, body, "name", false, DOCUMENT_NAME_MAX, &a->name, e));
    TRY(body_text(call, body, "note", false, DOCUMENT_NOTE_MAX, &a->note, e));
    a->name = slice_trim(a->name).len ? slice_trim(a->name) : a->row.name;
    TRY(edited_xml(call, body, a, e));
    return call_slow(call, (struct call_slow){ saving_check, saving_checked, a }, e);
}

static enum err_code delete_write(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    (void)call;
    return tx_document_remove(tx, MODEL, ((const struct model_asked *)arg)->id, e);
}

enum err_code model_delete(struct call *call, struct err *e)
{
    struct model_asked *a;
    TRY(model_asked_new(call, true, &a, e));
    return call_write(call, (struct call_work){ delete_write, call_nothing, a, 0 }, e);
}
