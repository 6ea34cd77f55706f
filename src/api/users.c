/* People who may log in: list, let in, a new password for somebody who has forgotten theirs, take out. */
#include "api/api_room.h"

void json_user(struct json_w *w, const struct user *user)
{
    json_w_open(w, '{');
    json_row_id(w, "id", user->id);
    json_w_kstring(w, "email", user->email);
    json_w_kstring(w, "name", user->name);
    json_w_kstring(w, "language", user->language);
    json_w_ktime(w, "createdAt", user->created_ms);
    json_w_close(w, '}');
}

enum err_code users_list(struct call *call, struct err *e)
{
    struct user *users;
    size_t n;
    TRY(staff_users(call->rooms->staff, call->mem, &users, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n; i++)
        json_user(&w, &users[i]);
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

enum err_code language_member(struct call *call, struct json body, struct slice *ret, struct err *e)
{
    TRY(body_text(call, body, "language", false, 2, ret, e));
    if (ret->len && !slice_is(*ret, "en") && !slice_is(*ret, "es"))
        return err_set(e, ERR_INVALID, 0, "/language: is \"en\" or \"es\"");
    return ERR_OK;
}

enum err_code password_hash_member(struct slice password, char hash[PASSWORD_HASH], struct err *e)
{
    struct err why = { 0 };
    enum err_code code = staff_password_hash(password, hash, &why);
    return code ? err_set(e, code, 0, "/password: %s", why.text) : ERR_OK;
}

struct new_user {
    struct user user;
    struct slice password;
    char hash[PASSWORD_HASH];
};

static enum err_code hash_run(struct call *call, void *arg, struct err *e)
{
    struct new_user *new = arg;
    (void)call;
    return password_hash_member(new->password, new->hash, e);
}

static enum err_code create_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct new_user *new = arg;
    return staff_user_add(call->rooms->staff, tx->conn, &new->user, new->hash, e);
}

static enum err_code create_done(struct call *call, void *arg, struct err *e)
{
    struct new_user *new = arg;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_user(&w, &new->user);
    return call_answer(call, 201, out, e);
}

static enum err_code create_hashed(struct call *call, void *arg, struct err *e)
{
    return call_write(call, (struct call_work){ create_run, create_done, arg, 0 }, e);
}

static struct new_user *new_user(struct call *call, struct json *body, enum err_code *code, struct err *e)
{
    struct new_user *new = arena_one(call->mem, struct new_user);
    *code = call_body(call, body, e);
    if (!*code && !new)
        *code = err_set(e, ERR_LIMIT, 0, "no memory for the request");
    return new;
}

enum err_code user_create(struct call *call, struct err *e)
{
    struct json body;
    enum err_code code;
    struct new_user *new = new_user(call, &body, &code, e);
    TRY(code);
    TRY(body_only(call, body, "email name password language", e));
    TRY(body_text(call, body, "email", true, 320, &new->user.email, e));
    TRY(body_text(call, body, "name", false, 200, &new->user.name, e));
    TRY(body_text(call, body, "password", true, PASSWORD_MAX, &new->password, e));
    TRY(language_member(call, body, &new->user.language, e));
    if (!new->user.language.len)
        new->user.language = SLICE("en");
    return call_slow(call, (struct call_slow){ hash_run, create_hashed, new }, e);
}

static enum err_code password_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct new_user *new = arg;
    return staff_user_password(call->rooms->staff, tx->conn, new->user.id, new->hash, e);
}

static enum err_code password_hashed(struct call *call, void *arg, struct err *e)
{
    return call_write(call, (struct call_work){ password_run, call_nothing, arg, 0 }, e);
}

enum err_code user_password(struct call *call, struct err *e)
{
    struct json body;
    enum err_code code;
    struct new_user *new = new_user(call, &body, &code, e);
    TRY(code);
    TRY(param_i64(call, 0, &new->user.id, e));
    TRY(body_only(call, body, "password", e));
    TRY(body_text(call, body, "password", true, PASSWORD_MAX, &new->password, e));
    return call_slow(call, (struct call_slow){ hash_run, password_hashed, new }, e);
}

static enum err_code delete_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    int64_t *id = arg;
    return staff_user_remove(call->rooms->staff, tx->conn, *id, e);
}

enum err_code user_delete(struct call *call, struct err *e)
{
    int64_t *id = arena_one(call->mem, int64_t);
    if (!id)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    TRY(param_i64(call, 0, id, e));
    if (*id == call->session.user.id)
        return err_set(e, ERR_CONFLICT, 0, "that is yourself: let somebody else do it");
    return call_write(call, (struct call_work){ delete_run, call_nothing, id, 0 }, e);
}
