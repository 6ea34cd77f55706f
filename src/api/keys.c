/* Keys of programs: list, make, revoke. */
#include "api/api_room.h"

static void key_members(struct json_w *w, const struct key *key)
{
    json_row_id(w, "id", key->id);
    json_w_kstring(w, "name", key->name);
    json_w_kcstr(w, "scope", scope_name(key->scope));
    json_w_kstring(w, "source", key->source);
    json_w_kstring(w, "hint", key->hint);
    json_w_ktime(w, "createdAt", key->created_ms);
    json_ktime_or_null(w, "lastUsedAt", key->last_used_ms ? key->last_used_ms : FACT_NO_TIME);
}

enum err_code keys_list(struct call *call, struct err *e)
{
    struct key *keys;
    size_t n;
    TRY(staff_keys(call->rooms->staff, call->mem, &keys, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n; i++) {
        json_w_open(&w, '{');
        key_members(&w, &keys[i]);
        json_w_close(&w, '}');
    }
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

struct new_key {
    struct key key;
    char text[KEY_TEXT];
};

static enum err_code create_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct new_key *made = arg;
    uint32_t source;  // its events are to find it
    TRY(tx_source(tx, made->key.source, &source, e));
    return staff_key_add(call->rooms->staff, tx->conn, made->key.scope, made->key.name, made->key.source,
                         made->text, &made->key.id, e);
}

static enum err_code create_done(struct call *call, void *arg, struct err *e)
{
    struct new_key *made = arg;
    struct slice text = slice_of(made->text);
    TRY(staff_keys_load(call->rooms->staff, e));
    made->key.hint = (struct slice){ text.at + text.len - 4, 4 };
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    key_members(&w, &made->key);
    json_w_kstring(&w, "key", text);
    json_w_close(&w, '}');
    return call_answer(call, 201, out, e);
}

enum err_code key_create(struct call *call, struct err *e)
{
    struct json body;
    struct slice scope;
    TRY(call_body(call, &body, e));
    struct new_key *made = arena_one(call->mem, struct new_key);
    if (!made)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    made->key.created_ms = call->now_ms;
    TRY(body_only(call, body, "scope name source", e));
    TRY(body_text(call, body, "scope", true, 10, &scope, e));
    TRY(body_text(call, body, "name", true, SOURCE_NAME_MAX, &made->key.name, e));
    TRY(body_text(call, body, "source", false, SOURCE_NAME_MAX, &made->key.source, e));
    if (!scope_parse(scope, &made->key.scope))
        return err_set(e, ERR_INVALID, 0, "/scope: is \"write\", \"read\" or \"admin\"");
    if (!made->key.source.len)
        made->key.source = made->key.name;
    return call_write(call, (struct call_work){ create_run, create_done, made, 0 }, e);
}

static enum err_code delete_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    int64_t *id = arg;
    return staff_key_remove(call->rooms->staff, tx->conn, *id, e);
}

static enum err_code delete_done(struct call *call, void *arg, struct err *e)
{
    (void)arg;
    TRY(staff_keys_load(call->rooms->staff, e));
    call_empty(call, 204);
    return ERR_OK;
}

enum err_code key_delete(struct call *call, struct err *e)
{
    int64_t *id = arena_one(call->mem, int64_t);
    if (!id)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    TRY(param_i64(call, 0, id, e));
    return call_write(call, (struct call_work){ delete_run, delete_done, id, 0 }, e);
}
