#include <assert.h>
#include <sodium.h>

#include "api/api_room.h"

#define COOKIE_NAME "tendero_session"

struct slice auth_cookie(struct http_request *http)
{
    struct slice rest = http_header(http, "Cookie");
    while (rest.len) {
        struct slice pair = slice_trim(slice_cut(&rest, ';'));
        struct slice name = slice_cut(&pair, '=');
        if (slice_is(name, COOKIE_NAME))
            return pair;
    }
    return (struct slice){ NULL, 0 };
}

static bool is_unsafe(enum http_method method)
{
    return method != HTTP_GET && method != HTTP_HEAD && method != HTTP_OPTIONS;
}

static bool token_eq(struct slice given, const char *want)
{
    return given.len == SESSION_TOKEN && sodium_memcmp(given.at, want, SESSION_TOKEN) == 0;
}

static enum err_code by_session(struct call *call, struct slice cookie, bool *forbidden, struct err *e)
{
    TRY(staff_session(call->rooms->staff, cookie, call->mem, &call->session, e));
    call->scope = SCOPE_ADMIN;
    call->by = call->session.user.email;
    if (is_unsafe(http_method(call->http))
        && !token_eq(http_header(call->http, "X-CSRF-Token"), call->session.csrf)) {
        *forbidden = true;
        return err_set(e, ERR_DENIED, 0, "the header X-CSRF-Token is missing or wrong: GET /api/v1/session"
                                         " tells it");
    }
    return ERR_OK;
}

static enum err_code by_key(struct call *call, struct slice header, struct err *e)
{
    struct slice key = header, kind = slice_cut(&key, ' ');
    if (!slice_eq_nocase(kind, SLICE("Bearer")))
        return err_set(e, ERR_DENIED, 0, "send the key as Authorization: Bearer KEY");
    char source[SOURCE_NAME_MAX + 1];
    call->scope = staff_key_check(call->rooms->staff, slice_trim(key), source);
    if (call->scope == SCOPE_NONE)
        return err_set(e, ERR_DENIED, 0, "the key is unknown or has been revoked");
    call->by = arena_printf(call->mem, "key:%s", source);
    return call->by.at ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for the request");
}

static bool scope_allows(enum scope scope, enum access access)
{
    return access == ACCESS_PUBLIC || scope == SCOPE_ADMIN || (access == ACCESS_READ && scope == SCOPE_READ);
}

enum err_code auth_check(struct call *call, bool *forbidden, struct err *e)
{
    assert(call->route && forbidden);
    struct slice authorization = http_header(call->http, "Authorization"), cookie = auth_cookie(call->http);
    if (call->route->access == ACCESS_PUBLIC)
        return ERR_OK;
    if (http_is_local(call->http)) {  // the socket's file mode has let only the owner in
        call->scope = SCOPE_ADMIN;
        call->by = SLICE("command line");
    } else if (authorization.len) {
        TRY(by_key(call, authorization, e));
    } else if (cookie.len) {
        TRY(by_session(call, cookie, forbidden, e));
    } else {
        return err_set(e, ERR_DENIED, 0, "log in, or send a key as Authorization: Bearer KEY");
    }
    if (scope_allows(call->scope, call->route->access))
        return ERR_OK;
    *forbidden = true;
    return err_set(e, ERR_DENIED, 0, "a key of scope \"%s\" may not do this", scope_name(call->scope));
}

int api_admit_upload(void *arg, const struct http_request *asked)
{
    struct api *api = arg;
    struct http_request *http = (struct http_request *)(uintptr_t)asked;  // for its arena
    struct err e = { 0 };
    bool known = false, forbidden = false;
    struct call call = { .api = api, .rooms = &api->options, .thread = http_thread_state(http), .http = http,
                         .mem = http_arena(http) };
    if (route_find(http_method(http), http_path(http), call.mem, &call.route, call.param, &known, &e))
        return 404;
    enum err_code code = auth_check(&call, &forbidden, &e);
    return !code ? 0 : forbidden ? 403 : problem_status(code);
}
