/* Logging in and out, who is logged in, one's own language and password. */
#include <stdio.h>

#include "api/api_room.h"

#define COOKIE "tendero_session=%.*s; Path=/; HttpOnly; SameSite=Lax%s%s"

/* An empty token takes the cookie back. */
static void cookie_set(struct call *call, struct slice token)
{
    char text[200];
    int n = snprintf(text, sizeof text, COOKIE, SLICE_ARG(token), http_is_tls(call->http) ? "; Secure" : "",
                     token.len ? "" : "; Max-Age=0");
    http_set_header(call->http, "Set-Cookie", (struct slice){ text, (size_t)n });
}

static enum err_code session_answer(struct call *call, const struct session *session, struct err *e)
{
    const struct api_options *rooms = call->rooms;
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_key(&w, "user");
    json_user(&w, &session->user);
    json_w_kcstr(&w, "csrf", session->csrf);
    json_w_key(&w, "shop");
    json_w_open(&w, '{');
    json_w_kstring(&w, "name", rooms->shop);
    json_w_kstring(&w, "currency", rooms->currency);
    json_w_kbool(&w, "demo", rooms->notice_en.len > 0);
    if (rooms->notice_en.len)
        json_w_texts(&w, "notice", rooms->notice_en, rooms->notice_es);
    else
        json_w_knull(&w, "notice");
    json_w_close(&w, '}');
    json_w_close(&w, '}');
    return call_answer(call, 200, out, e);
}

static struct slice peer_name(struct call *call)
{
    return http_is_local(call->http) ? SLICE("local") : http_peer(call->http);
}

struct login {
    struct slice email, password, peer;
    struct session session;
};

static enum err_code login_check(struct call *call, void *arg, struct err *e)
{
    struct login *login = arg;
    return staff_login(call->rooms->staff, login->email, login->password, login->peer, call->mem,
                       &login->session.user, e);
}

static enum err_code login_start(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct login *login = arg;
    return staff_session_start(call->rooms->staff, tx->conn, login->session.user, &login->session, e);
}

static enum err_code login_done(struct call *call, void *arg, struct err *e)
{
    struct login *login = arg;
    cookie_set(call, slice_of(login->session.token));
    return session_answer(call, &login->session, e);
}

static enum err_code login_checked(struct call *call, void *arg, struct err *e)
{
    return call_write(call, (struct call_work){ login_start, login_done, arg, 0 }, e);
}

/* A page elsewhere must not log its visitor in to an account of its own: browsers say where a form is from. */
static enum err_code same_site(struct call *call, struct err *e)
{
    struct slice site = http_header(call->http, "Sec-Fetch-Site");
    if (slice_is(site, "cross-site"))
        return err_set(e, ERR_DENIED, 0, "logging in from another site's page is refused");
    return ERR_OK;
}

enum err_code session_create(struct call *call, struct err *e)
{
    struct json body;
    TRY(same_site(call, e));
    TRY(call_body(call, &body, e));
    struct login *login = arena_one(call->mem, struct login);
    if (!login)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    TRY(body_only(call, body, "email password", e));
    TRY(body_text(call, body, "email", true, 320, &login->email, e));
    TRY(body_text(call, body, "password", true, PASSWORD_MAX, &login->password, e));
    login->peer = peer_name(call);
    return call_slow(call, (struct call_slow){ login_check, login_checked, login }, e);
}

static enum err_code is_person(struct call *call, struct err *e)
{
    return call->session.user.id ? ERR_OK : err_set(e, ERR_DENIED, 0, "nobody is logged in");
}

enum err_code session_get(struct call *call, struct err *e)
{
    TRY(is_person(call, e));
    return session_answer(call, &call->session, e);
}

static enum err_code edit_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct slice *language = arg;
    return staff_user_language(call->rooms->staff, tx->conn, call->session.user.id, *language, e);
}

static enum err_code edit_done(struct call *call, void *arg, struct err *e)
{
    struct slice *language = arg;
    call->session.user.language = *language;
    return session_answer(call, &call->session, e);
}

enum err_code session_edit(struct call *call, struct err *e)
{
    struct json body;
    struct slice *language = arena_one(call->mem, struct slice);
    TRY(is_person(call, e));
    TRY(call_body(call, &body, e));
    if (!language)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    TRY(body_only(call, body, "language", e));
    TRY(language_member(call, body, language, e));
    if (!language->len)
        return session_answer(call, &call->session, e);
    return call_write(call, (struct call_work){ edit_run, edit_done, language, 0 }, e);
}

static enum err_code logout_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    (void)arg;
    return staff_logout(call->rooms->staff, tx->conn, auth_cookie(call->http), e);
}

static enum err_code logout_done(struct call *call, void *arg, struct err *e)
{
    (void)arg;
    (void)e;
    cookie_set(call, (struct slice){ NULL, 0 });
    call_empty(call, 204);
    return ERR_OK;
}

enum err_code session_delete(struct call *call, struct err *e)
{
    TRY(is_person(call, e));
    return call_write(call, (struct call_work){ logout_run, logout_done, NULL, 0 }, e);
}

/* ---- one's own password ---- */

struct new_password {
    struct slice current, wanted, peer;
    char hash[PASSWORD_HASH];
    struct session session;
};

static enum err_code password_check(struct call *call, void *arg, struct err *e)
{
    struct new_password *new = arg;
    struct user same;
    enum err_code code = staff_login(call->rooms->staff, call->session.user.email, new->current, new->peer,
                                     call->mem, &same, e);
    if (code == ERR_DENIED)  // they are who they were, so no 401, which would end their session
        return err_set(e, ERR_INVALID, 0, "/current: that is not the password in force");
    TRY(code);
    return password_hash_member(new->wanted, new->hash, e);
}

static enum err_code password_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct new_password *new = arg;
    struct staff *staff = call->rooms->staff;
    TRY(staff_user_password(staff, tx->conn, call->session.user.id, new->hash, e));
    return staff_session_start(staff, tx->conn, call->session.user, &new->session, e);
}

static enum err_code password_done(struct call *call, void *arg, struct err *e)
{
    struct new_password *new = arg;
    cookie_set(call, slice_of(new->session.token));
    return session_answer(call, &new->session, e);
}

static enum err_code password_checked(struct call *call, void *arg, struct err *e)
{
    return call_write(call, (struct call_work){ password_run, password_done, arg, 0 }, e);
}

/* Ends all sessions of that person and begins a new one here. */
enum err_code session_password(struct call *call, struct err *e)
{
    struct json body;
    TRY(is_person(call, e));
    TRY(call_body(call, &body, e));
    struct new_password *new = arena_one(call->mem, struct new_password);
    if (!new)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    TRY(body_only(call, body, "current password", e));
    TRY(body_text(call, body, "current", true, PASSWORD_MAX, &new->current, e));
    TRY(body_text(call, body, "password", true, PASSWORD_MAX, &new->wanted, e));
    new->peer = peer_name(call);
    return call_slow(call, (struct call_slow){ password_check, password_checked, new }, e);
}
