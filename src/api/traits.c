/* The schema of traits: what the shop knows about people, by name. */
#include "memory/traits.h"

#include "api/api_room.h"
#include "base/limits.h"

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

static void schema_json(struct json_w *w, const struct trait_schema *schema)
{
    json_w_open(w, '{');
    json_w_kstring(w, "name", schema->name);
    json_w_texts(w, "label", schema->label_en.len ? schema->label_en : schema->name,
                 schema->label_es.len ? schema->label_es : schema->name);
    json_w_kcstr(w, "type", trait_type_name(schema->type));
    json_w_kcstr(w, "rule", trait_rule_name(schema->rule));
    json_w_kstring(w, "purpose", schema->purpose);
    json_w_ktime(w, "firstSeenAt", schema->first_seen_ms);
    json_w_ki64(w, "customers", schema->customers);
    json_w_close(w, '}');
}

enum err_code trait_schemas_list(struct call *call, struct err *e)
{
    struct trait_schema *schemas;
    size_t n;
    TRY(trait_schemas(call->thread->read, call->mem, &schemas, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n; i++)
        schema_json(&w, &schemas[i]);
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

static enum err_code edit_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    return tx_trait_schema_edit(tx, call->param[0], arg, e);
}

static enum err_code edit_done(struct call *call, void *arg, struct err *e)
{
    struct trait_schema *schemas;
    size_t n;
    (void)arg;
    TRY(trait_schemas(call->thread->read, call->mem, &schemas, &n, e));
    for (size_t i = 0; i < n; i++) {
        if (!slice_eq(schemas[i].name, call->param[0]))
            continue;
        struct buf *out = call_buf(call);
        struct json_w w = json_w(out);
        schema_json(&w, &schemas[i]);
        return call_answer(call, 200, out, e);
    }
    return err_set(e, ERR_NOT_FOUND, 0, "no customer has had that trait");
}

enum err_code trait_schema_edit(struct call *call, struct err *e)
{
    struct json body;
    struct slice type, rule;
    enum trait_type type_value;
    enum trait_rule rule_value;
    TRY(call_body(call, &body, e));
    struct trait_schema_edit *edit = arena_one(call->mem, struct trait_schema_edit);
    if (!edit)
        return NO_MEMORY(e);
    TRY(body_only(call, body, "label type rule purpose", e));
    TRY(body_texts(call, body, "label", &edit->label_en, &edit->label_es, e));
    TRY(body_text(call, body, "purpose", false, 500, &edit->purpose, e));
    TRY(body_text(call, body, "type", false, 20, &type, e));
    TRY(body_text(call, body, "rule", false, 20, &rule, e));
    if (type.len && !trait_type_parse(type, &type_value))
        return err_set(e, ERR_INVALID, 0, "/type: is text, number, boolean, date, list, object or mixed");
    if (rule.len && !trait_rule_parse(rule, &rule_value))
        return err_set(e, ERR_INVALID, 0, "/rule: is latest, strongest or all");
    edit->type = type.len ? (int)type_value : -1;
    edit->rule = rule.len ? (int)rule_value : -1;
    return call_write(call, (struct call_work){ edit_run, edit_done, edit, 0 }, e);
}
