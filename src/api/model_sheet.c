/* Decision tables as JSON, there and back: the texts of their cells. */
#include <stddef.h>
#include <stdio.h>

#include "api/model_ask.h"

#define CELLS_MAX 200000
#define TEXT_MAX 4096                    // bytes of a cell, a label
#define NO_ROOM(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

/* Members that are texts, and where they are kept. */
struct member {
    const char *name;
    size_t at;
};
#define MEMBER(T, json, field) { json, offsetof(struct T, field) }
static const struct member of_sheet[] = {
    MEMBER(sheet, "decisionId", decision_id), MEMBER(sheet, "decision", decision),
    MEMBER(sheet, "hitPolicy", hit_policy), MEMBER(sheet, "aggregation", aggregation), { NULL, 0 } };
static const struct member of_input[] = {
    MEMBER(sheet_input, "id", id), MEMBER(sheet_input, "label", label), MEMBER(sheet_input, "expression", expression),
    MEMBER(sheet_input, "type", type), MEMBER(sheet_input, "values", values), { NULL, 0 } };
static const struct member of_output[] = {
    MEMBER(sheet_output, "id", id), MEMBER(sheet_output, "name", name), MEMBER(sheet_output, "label", label),
    MEMBER(sheet_output, "type", type), MEMBER(sheet_output, "values", values),
    MEMBER(sheet_output, "otherwise", otherwise), { NULL, 0 } };
static const struct member of_field[] = { MEMBER(sheet_field, "name", name), MEMBER(sheet_field, "type", type),
                                          { NULL, 0 } };

/* ---- out ---- */
static void json_members(struct json_w *w, const struct member *m, const void *row)
{
    for (; m->name; m++)
        json_w_kstring(w, m->name, *(const struct slice *)(const void *)((const char *)row + m->at));
}

static void json_rows(struct json_w *w, const char *key, const struct member *m, const void *row, size_t n, size_t size)
{
    json_w_key(w, key);
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        json_w_open(w, '{');
        json_members(w, m, (const char *)row + i * size);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void json_rule(struct json_w *w, const struct sheet *s, size_t r)
{
    json_w_open(w, '{');
    json_w_kstring(w, "id", s->rule_id[r]);
    json_w_kstrings(w, "tests", s->test + r * s->n_inputs, s->n_inputs);
    json_w_kstrings(w, "says", s->says + r * s->n_outputs, s->n_outputs);
    json_w_kstring(w, "note", s->note[r]);
    json_w_close(w, '}');
}

void json_sheet(struct json_w *w, const struct sheet *s)
{
    struct sheet shown = *s;
    shown.hit_policy = s->hit_policy.len ? s->hit_policy : SLICE("UNIQUE");
    json_w_open(w, '{');
    json_members(w, of_sheet, &shown);
    json_rows(w, "inputs", of_input, s->input, s->n_inputs, sizeof *s->input);
    json_rows(w, "outputs", of_output, s->output, s->n_outputs, sizeof *s->output);
    json_w_key(w, "rules");
    json_w_open(w, '[');
    for (size_t r = 0; r < s->n_rules; r++)
        json_rule(w, s, r);
    json_w_close(w, ']');
    json_w_close(w, '}');
}

/* ---- in ---- */
static enum err_code members_of(struct call *call, struct json object, const char *where, const struct member *m,
                                void *row, struct err *e)
{
    if (!json_is(object, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "%s: must be an object", where);
    for (; m->name; m++) {
        struct err err = { 0 };
        enum err_code code = body_text(call, object, m->name, false, TEXT_MAX,
                                       (struct slice *)(void *)((char *)row + m->at), &err);
        if (code)
            return err_set(e, code, 0, "%s%s", where, err.text);
    }
    return ERR_OK;
}

static enum err_code rows_of(struct call *call, struct json list, const char *where, const struct member *m, void *row,
                             size_t size, struct err *e)
{
    size_t i = 0;
    for (struct json_iter it = json_iter(list); json_next(&it); i++) {
        char place[60];
        snprintf(place, sizeof place, "%s/%zu", where, i);
        TRY(members_of(call, it.value, place, m, (char *)row + i * size, e));
    }
    return ERR_OK;
}

static enum err_code cells_of(struct call *call, struct json list, struct slice *cell, size_t n, const char *what,
                              size_t rule, struct err *e)
{
    size_t i = 0;
    for (struct json_iter it = json_iter(list); json_next(&it); i++) {
        if (i == n || !json_is(it.value, JSON_STRING))
            return err_set(e, ERR_INVALID, 0, "/table/rules/%zu/%s: must be %zu texts", rule, what, n);
        cell[i] = json_string(it.value, call->mem);
        if (!cell[i].at || cell[i].len > TEXT_MAX)
            return err_set(e, ERR_LIMIT, 0, "/table/rules/%zu/%s/%zu: has at most %d bytes", rule, what, i, TEXT_MAX);
    }
    return i == n ? ERR_OK : err_set(e, ERR_INVALID, 0, "/table/rules/%zu/%s: must be %zu texts", rule, what, n);
}

static enum err_code columns_of(struct call *call, struct json table, struct sheet *s, struct err *e)
{
    struct json inputs = json_get(table, "inputs"), outputs = json_get(table, "outputs");
    s->n_inputs = json_count(inputs);
    s->n_outputs = json_count(outputs);
    if (!s->n_outputs || s->n_inputs > MODEL_FIELDS_MAX || s->n_outputs > MODEL_FIELDS_MAX)
        return err_set(e, ERR_INVALID, 0, "/table: has at most %d inputs, and 1 to %d outputs", MODEL_FIELDS_MAX,
                       MODEL_FIELDS_MAX);
    s->input = arena_array(call->mem, struct sheet_input, s->n_inputs + 1);
    s->output = arena_array(call->mem, struct sheet_output, s->n_outputs);
    if (!s->input || !s->output)
        return NO_ROOM(e);
    TRY(rows_of(call, inputs, "/table/inputs", of_input, s->input, sizeof *s->input, e));
    return rows_of(call, outputs, "/table/outputs", of_output, s->output, sizeof *s->output, e);
}

static enum err_code rules_of(struct call *call, struct json rules, struct sheet *s, struct err *e)
{
    static const struct member texts[] = { { "id", 0 }, { "note", sizeof(struct slice) }, { NULL, 0 } };
    size_t r = 0;
    for (struct json_iter it = json_iter(rules); json_next(&it); r++) {
        char place[60];
        struct slice text[2];
        snprintf(place, sizeof place, "/table/rules/%zu", r);
        TRY(members_of(call, it.value, place, texts, text, e));
        s->rule_id[r] = text[0];
        s->note[r] = text[1];
        TRY(cells_of(call, json_get(it.value, "tests"), s->test + r * s->n_inputs, s->n_inputs, "tests", r, e));
        TRY(cells_of(call, json_get(it.value, "says"), s->says + r * s->n_outputs, s->n_outputs, "says", r, e));
    }
    return ERR_OK;
}

enum err_code sheet_of_json(struct call *call, struct json table, struct sheet *s, struct err *e)
{
    struct json rules = json_get(table, "rules");
    *s = (struct sheet){ .n_rules = json_count(rules) };
    TRY(members_of(call, table, "/table", of_sheet, s, e));
    TRY(columns_of(call, table, s, e));
    if (s->n_rules > CELLS_MAX || s->n_rules * (s->n_inputs + s->n_outputs) > CELLS_MAX)
        return err_set(e, ERR_LIMIT, 0, "/table/rules: a table has at most %d cells", CELLS_MAX);
    s->rule_id = arena_array(call->mem, struct slice, s->n_rules + 1);
    s->note = arena_array(call->mem, struct slice, s->n_rules + 1);
    s->test = arena_array(call->mem, struct slice, s->n_rules * s->n_inputs + 1);
    s->says = arena_array(call->mem, struct slice, s->n_rules * s->n_outputs + 1);
    if (!s->rule_id || !s->note || !s->test || !s->says)
        return NO_ROOM(e);
    return rules_of(call, rules, s, e);
}

enum err_code sheet_fields_of_json(struct call *call, struct json body, struct sheet_field *field, size_t *n,
                                   struct err *e)
{
    struct json inputs = json_get(body, "inputs");
    *n = json_count(inputs);
    if (*n > MODEL_FIELDS_MAX)
        return err_set(e, ERR_INVALID, 0, "/inputs: at most %d", MODEL_FIELDS_MAX);
    TRY(rows_of(call, inputs, "/inputs", of_field, field, sizeof *field, e));
    for (size_t i = 0; i < *n; i++)
        if (!slice_trim(field[i].name).len)
            return err_set(e, ERR_INVALID, 0, "/inputs/%zu/name: is missing", i);
    return ERR_OK;
}
