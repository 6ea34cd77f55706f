#include "api/call.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/api_room.h"
#include "api/problem.h"
#include "base/limits.h"
#include "sys/clock.h"
#include "text/url.h"

#define JSON_TYPE SLICE("application/json")
#define KEPT_BYTES ((size_t)1 << 20)
#define PROBLEM_TYPE SLICE("application/problem+json")

enum err_code call_body(struct call *call, struct json *root, struct err *e)
{
    assert(call && root);
    struct slice body = http_body(call->http);
    if (body.len == 0)
        return err_set(e, ERR_INVALID, 0, "the request needs a JSON body");
    if (!call->parser)
        call->parser = json_parser_new();
    if (!call->parser)
        return err_set(e, ERR_LIMIT, 0, "no memory to read the request");
    struct json value;
    TRY(json_parse(call->parser, body, &value, e));
    if (!json_is(value, JSON_OBJECT))
        return err_set(e, ERR_INVALID, 0, "the body must be a JSON object");
    *root = value;
    return ERR_OK;
}

enum err_code call_query(struct call *call, const char *name, struct slice *ret, struct err *e)
{
    bool found;
    struct slice value;
    TRY(url_query(http_query(call->http), name, call->mem, &value, &found, e));
    *ret = found ? value : (struct slice){ NULL, 0 };
    return ERR_OK;
}

enum err_code call_query_i64(struct call *call, const char *name, int64_t usual, int64_t *ret,
                             struct err *e)
{
    struct slice text;
    TRY(call_query(call, name, &text, e));
    int64_t value = usual;
    if (text.len && !slice_i64(text, &value))
        return err_set(e, ERR_INVALID, 0, "?%s= must be a whole number", name);
    *ret = value;
    return ERR_OK;
}

enum err_code call_query_limit(struct call *call, size_t usual, size_t *ret, struct err *e)
{
    int64_t value;
    TRY(call_query_i64(call, "limit", (int64_t)usual, &value, e));
    if (value < 1 || value > LIMIT_PAGE)
        return err_set(e, ERR_INVALID, 0, "?limit= must be 1 to %d", LIMIT_PAGE);
    *ret = (size_t)value;
    return ERR_OK;
}

struct buf *call_buf(struct call *call)
{
    struct buf *out = &call->thread->out;
    if (out->cap > KEPT_BYTES) {  // one large answer must not hold memory for good
        size_t limit = out->limit;
        buf_drop(out);
        *out = buf_make(limit);
    }
    buf_clear(out);
    return out;
}

static const char *method_name(enum http_method method)
{
    static const char *const names[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };
    return names[method];
}

void call_end(struct call *call, int status)
{
    int64_t duration_us = (clock_steady_ns() - http_received_ns(call->http)) / 1000;
    const char *pattern = call->route ? call->route->pattern : "";
    metrics_request(call->api->metrics, pattern, status, duration_us);
    if (call->rooms->log) {
        struct api_log_line line = { method_name(http_method(call->http)), pattern, status, duration_us };
        call->rooms->log(call->rooms->log_arg, &line);
    }
    json_parser_drop(&call->parser);
}

void call_raw(struct call *call, int status, struct slice type, struct slice body)
{
    call_end(call, status);
    http_set_header(call->http, "Cache-Control", SLICE("no-store"));
    http_reply(call->http, status, type, body);
}

void call_empty(struct call *call, int status)
{
    call_raw(call, status, (struct slice){ NULL, 0 }, (struct slice){ NULL, 0 });
}

enum err_code call_nothing(struct call *call, void *arg, struct err *e)
{
    (void)arg;
    (void)e;
    call_empty(call, 204);
    return ERR_OK;
}

enum err_code call_keep(struct call *call, enum err_code code, struct buf *b, struct slice *ret, struct err *e)
{
    if (!code)
        code = buf_check(b, "the answer", e);
    if (!code)
        *ret = arena_copy(call->mem, buf_slice(b));
    buf_drop(b);
    return code || ret->at ? code : err_set(e, ERR_LIMIT, 0, "no memory for the answer");
}

enum err_code call_answer(struct call *call, int status, struct buf *json, struct err *e)
{
    TRY(buf_check(json, "the answer", e));
    call_raw(call, status, JSON_TYPE, buf_slice(json));
    return ERR_OK;
}

static void problem_send(struct call *call, enum err_code code, int status, const struct err *e)
{
    struct buf *out = call_buf(call);
    problem_json(out, code, status, e);
    int retry_s = problem_retry_s(code, e);
    if (retry_s) {
        char text[16];
        int n = snprintf(text, sizeof text, "%d", retry_s);
        http_set_header(call->http, "Retry-After", (struct slice){ text, (size_t)n });
    }
    if (status == 401)
        http_set_header(call->http, "WWW-Authenticate", SLICE("Bearer realm=\"tendero\""));
    call_raw(call, status, PROBLEM_TYPE, buf_slice(out));
}

void call_problem(struct call *call, enum err_code code, const struct err *e)
{
    problem_send(call, code, problem_status(code), e);
}

/* A call that is away from its loop: with the writer, or with a job. */
struct away {
    struct command command;  // first: the writer's handle
    struct call *call;
    struct call_work work;
    struct call_slow slow;
    enum err_code code;
    struct err e;
};

static void away_back(struct http_request *http, void *arg)
{
    (void)http;
    struct away *away = arg;
    struct call *call = away->call;
    enum err_code (*after)(struct call *, void *, struct err *)
        = away->slow.run ? away->slow.after : away->work.after;
    void *after_arg = away->slow.run ? away->slow.arg : away->work.arg;
    enum err_code code = away->code;
    struct err e = away->e;
    free(away);
    if (!code)
        code = after(call, after_arg, &e);
    if (code)
        call_problem(call, code, &e);
}

static enum err_code away_run(struct command *command, struct tx *tx, struct err *e)
{
    struct away *away = (struct away *)command;
    return away->work.run(away->call, away->work.arg, tx, e);
}

static void away_done(struct command *command, enum err_code code, const struct err *e)
{
    struct away *away = (struct away *)command;
    away->code = code;
    if (code && e)
        away->e = *e;
    http_resume(away->call->http, away_back, away);
}

static struct away *away_new(struct call *call)
{
    struct away *away = calloc(1, sizeof *away);
    if (away)
        away->call = call;
    return away;
}

enum err_code call_write(struct call *call, struct call_work work, struct err *e)
{
    assert(work.run && work.after);
    struct away *away = away_new(call);
    if (!away)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    away->work = work;
    away->command = (struct command){ .run = away_run, .done = away_done, .facts = work.facts,
                                      .bytes = sizeof *away + http_body(call->http).len };
    enum err_code code = memory_submit(call->rooms->memory, &away->command, e);
    if (code)
        free(away);
    return code;
}

static void slow_job(void *arg)
{
    struct away *away = arg;
    away->code = away->slow.run(away->call, away->slow.arg, &away->e);
    http_resume(away->call->http, away_back, away);
}

enum err_code call_slow(struct call *call, struct call_slow slow, struct err *e)
{
    assert(slow.run && slow.after);
    struct away *away = away_new(call);
    if (!away)
        return err_set(e, ERR_LIMIT, 0, "no memory for the request");
    away->slow = slow;
    enum err_code code = pool_submit(call->rooms->jobs, slow_job, away, e);
    if (code)
        free(away);
    return code;
}

enum err_code call_customer(struct call *call, struct slice ref, uint32_t *root, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    memory_read_lock(memory);
    enum err_code code = customers_resolve(memory_customers(memory), call->thread->read, ref, root, e);
    memory_read_unlock(memory);
    return code;
}

static void not_found(struct call *call, bool known, const struct err *e)
{
    struct err no_method = { ERR_NOT_FOUND, 0, "this path does not take that method; see /openapi.json" };
    problem_send(call, ERR_NOT_FOUND, known ? 405 : 404, known ? &no_method : e);
}

static void call_dispatch(struct call *call)
{
    struct err e = { 0 };
    bool known = false, forbidden = false;
    if (route_find(http_method(call->http), http_path(call->http), call->mem, &call->route, call->param,
                   &known, &e)) {
        not_found(call, known, &e);
        return;
    }
    enum err_code code = auth_check(call, &forbidden, &e);
    if (code) {
        problem_send(call, code, forbidden ? 403 : problem_status(code), &e);
        return;
    }
    code = call->route->handler(call, &e);
    if (code)
        call_problem(call, code, &e);
}

static bool is_api_path(struct slice path)
{
    static const char *const own[] = { "/healthz", "/readyz", "/metrics", "/openapi.json" };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (slice_is(path, own[i]))
            return true;
    return slice_starts(path, SLICE("/api/"));
}

void api_handle(void *arg, struct http_request *http)
{
    struct api *api = arg;
    assert(http_thread_state(http));  // without it the server does not start
    if (segment_handle(api, http))
        return;
    if (!is_api_path(http_path(http))) {
        files_handle(api, http);
        return;
    }
    struct call *call = arena_one(http_arena(http), struct call);
    if (!call) {
        http_reply(http, 503, PROBLEM_TYPE, SLICE("{\"status\":503,\"title\":\"No memory\"}"));
        return;
    }
    call->api = api;
    call->rooms = &api->options;
    call->thread = http_thread_state(http);
    call->http = http;
    call->mem = http_arena(http);
    call->now_ms = clock_now_ms(memory_clock(api->options.memory));
    call_dispatch(call);
}
