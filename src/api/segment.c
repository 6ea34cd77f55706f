/* The Segment tracking contract on the wire: paths, keys, CORS, statuses. dialogue.md section 5.
 *
 * Success is exactly 200 {"success":true}; never a 3xx, 201, 202 or 204 (clients differ in what they take for
 * delivered), never 410 or 460 (newer clients retry those for ever).
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/api_room.h"
#include "api/problem.h"
#include "base/limits.h"
#include "memory/ingest.h"
#include "sys/clock.h"
#include "text/url.h"

#define JSON_TYPE SLICE("application/json")

enum segment_path { SEGMENT_NONE, SEGMENT_CALL, SEGMENT_METRICS, SEGMENT_PIXEL, SEGMENT_SETTINGS,
                    SEGMENT_SCRIPT };

static const struct {
    const char *name;
    enum ingest_call call;
} calls[] = {
    { "track", INGEST_TRACK }, { "t", INGEST_TRACK },   { "identify", INGEST_IDENTIFY },
    { "i", INGEST_IDENTIFY },  { "page", INGEST_PAGE }, { "p", INGEST_PAGE },
    { "screen", INGEST_SCREEN }, { "s", INGEST_SCREEN }, { "group", INGEST_GROUP },
    { "g", INGEST_GROUP },     { "alias", INGEST_ALIAS }, { "a", INGEST_ALIAS },
    { "batch", INGEST_BATCH }, { "b", INGEST_BATCH },   { "import", INGEST_BATCH },
};

static bool call_parse(struct slice name, enum ingest_call *ret)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (!slice_is(name, calls[i].name))
            continue;
        *ret = calls[i].call;
        return true;
    }
    return false;
}

/* What a path asks for. *rest: the write key of settings and script, the method of a pixel. */
static enum segment_path path_parse(struct slice path, enum ingest_call *call, struct slice *rest)
{
    if (slice_ends(path, SLICE("/")) && path.len > 1)
        path.len--;
    struct slice script = SLICE("/analytics.js/v1/"), settings = SLICE("/v1/projects/"),
                 settings_end = SLICE("/settings"), script_end = SLICE("/analytics.min.js"),
                 pixel = SLICE("/v1/pixel/");
    *rest = path;
    if (slice_starts(path, script) && slice_ends(path, script_end)
        && path.len > script.len + script_end.len) {
        *rest = (struct slice){ path.at + script.len, path.len - script.len - script_end.len };
        return SEGMENT_SCRIPT;
    }
    if (slice_starts(path, settings) && slice_ends(path, settings_end)
        && path.len > settings.len + settings_end.len) {
        *rest = (struct slice){ path.at + settings.len, path.len - settings.len - settings_end.len };
        return SEGMENT_SETTINGS;
    }
    if (slice_starts(path, pixel)) {
        *rest = (struct slice){ path.at + pixel.len, path.len - pixel.len };
        return SEGMENT_PIXEL;
    }
    if (!slice_starts(path, SLICE("/v1/")))
        return SEGMENT_NONE;
    struct slice name = { path.at + 4, path.len - 4 };
    if (slice_is(name, "m"))
        return SEGMENT_METRICS;
    return call_parse(name, call) ? SEGMENT_CALL : SEGMENT_NONE;
}

/* Browsers send Authorization, so each cross-origin call is preflighted; any shop page may send events. */
static void cors(struct http_request *http)
{
    struct slice origin = http_header(http, "Origin");
    if (!origin.len)
        return;
    http_set_header(http, "Access-Control-Allow-Origin", origin);
    http_set_header(http, "Access-Control-Allow-Credentials", SLICE("true"));
    http_set_header(http, "Vary", SLICE("Origin"));
}

static void preflight(struct http_request *http)
{
    cors(http);
    http_set_header(http, "Access-Control-Allow-Methods", SLICE("GET, POST, OPTIONS"));
    http_set_header(http, "Access-Control-Allow-Headers", SLICE("authorization,content-type,x-retry-count"));
    http_set_header(http, "Access-Control-Max-Age", SLICE("7200"));
    http_reply(http, 204, (struct slice){ NULL, 0 }, (struct slice){ NULL, 0 });
}

static void note(struct api *api, struct http_request *http, int status)
{
    int64_t duration_us = (clock_steady_ns() - http_received_ns(http)) / 1000;
    metrics_request(api->metrics, "/v1/*", status, duration_us);
    if (api->options.log) {
        struct api_log_line line = { "POST", "/v1/*", status, duration_us };
        api->options.log(api->options.log_arg, &line);
    }
}

/* {"success":false,"code":…,"message":…}: Python's client looks for both members. */
static void refuse(struct api *api, struct http_request *http, int status, enum err_code code,
                   const struct err *e)
{
    char text[512];
    struct buf out = buf_make(4096);
    struct json_w w = json_w(&out);
    json_w_open(&w, '{');
    json_w_kbool(&w, "success", false);
    json_w_kcstr(&w, "code", err_name(code));
    json_w_kcstr(&w, "message", e->text);
    json_w_close(&w, '}');
    int retry_s = problem_retry_s(code, e);
    if (retry_s) {
        int n = snprintf(text, sizeof text, "%d", retry_s);
        http_set_header(http, "Retry-After", (struct slice){ text, (size_t)n });
    }
    note(api, http, status);
    http_reply(http, status, JSON_TYPE, buf_slice(&out));
    buf_drop(&out);
}

static void refuse_code(struct api *api, struct http_request *http, enum err_code code, const struct err *e)
{
    int status = code == ERR_LIMIT ? 400 : problem_status(code);  // the contract's answer to "too large"
    refuse(api, http, status, code, e);
}

static void succeed(struct api *api, struct http_request *http)
{
    note(api, http, 200);
    http_reply(http, 200, JSON_TYPE, SLICE("{\"success\":true}"));
}

/* The write key of Basic base64("key:") (colon optional) or Bearer; empty when there is none. */
static enum err_code header_key(struct http_request *http, struct slice *ret, struct err *e)
{
    struct slice rest = http_header(http, "Authorization"), kind = slice_cut(&rest, ' ');
    *ret = (struct slice){ NULL, 0 };
    if (slice_eq_nocase(kind, SLICE("Bearer")))
        *ret = slice_trim(rest);
    if (!slice_eq_nocase(kind, SLICE("Basic")))
        return ERR_OK;
    struct slice pair;
    if (base64_decode(slice_trim(rest), http_arena(http), &pair, NULL))
        return err_set(e, ERR_DENIED, 0, "Authorization: Basic is not base64");
    *ret = slice_cut(&pair, ':');
    return ERR_OK;
}

struct sending {
    struct api *api;
    struct http_request *http;
    uint32_t source;
};

static void sent(struct command *command, enum err_code code, const struct err *e)
{
    struct ingest_batch *batch = ingest_of(command);
    struct sending *sending = ingest_arg(batch);
    struct api *api = sending->api;
    struct http_request *http = sending->http;
    ingest_drop(&batch);
    if (code)
        refuse_code(api, http, code, e);
    else
        succeed(api, http);
}

static enum err_code source_of(struct api *api, struct slice key, uint32_t *source, struct err *e)
{
    char name[SOURCE_NAME_MAX + 1];
    enum scope scope = staff_key_check(api->options.staff, key, name);
    if (scope == SCOPE_NONE)
        return err_set(e, ERR_DENIED, 0, "the write key is unknown or has been revoked: make one with"
                                         " 'tendero key create --scope write'");
    if (scope == SCOPE_READ)
        return err_set(e, ERR_DENIED, 0, "a key of scope \"read\" may not send events");
    memory_read_lock(api->options.memory);
    bool found = memory_source_find(api->options.memory, slice_of(name), source);
    memory_read_unlock(api->options.memory);
    return found ? ERR_OK : err_set(e, ERR_CORRUPT, 0, "the key's source '%s' is not in the store", name);
}

static enum err_code send_events(struct api *api, struct http_request *http, enum ingest_call call,
                                 struct slice body, struct err *e)
{
    struct slice key, body_key;
    TRY(header_key(http, &key, e));
    struct api_thread *thread = http_thread_state(http);
    struct ingest_batch *batch = NULL;
    TRY(ingest_parse(thread->parser, call, body, &batch, &body_key, e));
    struct sending *sending = arena_one(http_arena(http), struct sending);
    uint32_t source = 0;
    enum err_code code = sending ? source_of(api, key.len ? key : body_key, &source, e)
                                 : err_set(e, ERR_LIMIT, 0, "no memory for the request");
    if (!code) {
        *sending = (struct sending){ api, http, source };
        struct ingest_envelope envelope = { source, clock_now_ms(memory_clock(api->options.memory)),
                                            http_peer(http), http_header(http, "User-Agent") };
        ingest_prepare(batch, envelope, sent, sending);
        code = memory_submit(api->options.memory, ingest_command(batch), e);
    }
    if (code)
        ingest_drop(&batch);
    return code;
}

static void handle_call(struct api *api, struct http_request *http, enum ingest_call call)
{
    struct err e = { 0 };
    cors(http);
    if (http_method(http) != HTTP_POST) {
        err_set(&e, ERR_INVALID, 0, "events are sent by POST");
        refuse(api, http, 405, ERR_INVALID, &e);
        return;
    }
    enum err_code code = send_events(api, http, call, http_body(http), &e);
    if (code)
        refuse_code(api, http, code, &e);
}

/* A 1 by 1 transparent GIF89a. */
static const unsigned char pixel_gif[] = {
    'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, '!', 0xf9, 4, 1, 0, 0, 0, 0,
    ',', 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, ';'
};

static void pixel_answer(struct http_request *http)
{
    http_set_header(http, "Cache-Control", SLICE("no-store"));
    http_reply(http, 200, SLICE("image/gif"),
               (struct slice){ (const char *)pixel_gif, sizeof pixel_gif });
}

static void pixel_sent(struct command *command, enum err_code code, const struct err *e)
{
    (void)code;
    (void)e;
    struct ingest_batch *batch = ingest_of(command);
    struct http_request *http = ingest_arg(batch);
    ingest_drop(&batch);
    pixel_answer(http);
}

static enum err_code pixel_send(struct api *api, struct http_request *http, enum ingest_call call,
                                struct err *e)
{
    struct slice data, body, body_key;
    bool found;
    struct arena *mem = http_arena(http);
    TRY(url_query(http_query(http), "data", mem, &data, &found, e));
    if (!found)
        return err_set(e, ERR_INVALID, 0, "a pixel carries its event in ?data=");
    body = data;
    if (!slice_starts(slice_trim(data), SLICE("{")))
        TRY(base64_decode(data, mem, &body, e));
    struct api_thread *thread = http_thread_state(http);
    struct ingest_batch *batch = NULL;
    TRY(ingest_parse(thread->parser, call, body, &batch, &body_key, e));
    uint32_t source = 0;
    enum err_code code = source_of(api, body_key, &source, e);
    if (!code) {
        struct ingest_envelope envelope = { source, clock_now_ms(memory_clock(api->options.memory)),
                                            http_peer(http), http_header(http, "User-Agent") };
        ingest_prepare(batch, envelope, pixel_sent, http);
        code = memory_submit(api->options.memory, ingest_command(batch), e);
    }
    if (code)
        ingest_drop(&batch);
    return code;
}

/* Whatever is wrong with it, a picture in a mail must show: the answer is always the GIF. */
static void handle_pixel(struct api *api, struct http_request *http, struct slice name)
{
    enum ingest_call call;
    if (!call_parse(name, &call) || call == INGEST_BATCH || pixel_send(api, http, call, NULL))
        pixel_answer(http);
}

/* Exactly one integration: with more, the browser's client falls back to loading legacy code. */
static void handle_settings(struct http_request *http, struct slice write_key)
{
    struct buf out = buf_make(8192);
    struct json_w w = json_w(&out);
    char host[300];
    struct slice name = http_header(http, "Host");
    int n = snprintf(host, sizeof host, "%.*s/v1", SLICE_ARG(name));
    json_w_open(&w, '{');
    json_w_key(&w, "integrations");
    json_w_open(&w, '{');
    json_w_key(&w, "Segment.io");
    json_w_open(&w, '{');
    json_w_kstring(&w, "apiKey", write_key);
    json_w_kstring(&w, "apiHost", (struct slice){ host, n < (int)sizeof host ? (size_t)n : 0 });
    json_w_kcstr(&w, "protocol", http_is_tls(http) ? "https" : "http");
    json_w_close(&w, '}');
    json_w_close(&w, '}');
    json_w_kraw(&w, "plan", SLICE("{}"));
    json_w_kraw(&w, "edgeFunction", SLICE("{}"));
    json_w_kraw(&w, "middlewareSettings", SLICE("{}"));
    json_w_kraw(&w, "metrics", SLICE("{\"sampleRate\":0}"));
    json_w_close(&w, '}');
    cors(http);
    http_reply(http, 200, JSON_TYPE, buf_slice(&out));
    buf_drop(&out);
}

bool segment_handle(struct api *api, struct http_request *http)
{
    enum ingest_call call = INGEST_BATCH;
    struct slice rest;
    enum segment_path what = path_parse(http_path(http), &call, &rest);
    if (what == SEGMENT_NONE || what == SEGMENT_SCRIPT)
        return false;  // the script is a file of the console's
    if (http_method(http) == HTTP_OPTIONS)
        preflight(http);
    else if (what == SEGMENT_CALL)
        handle_call(api, http, call);
    else if (what == SEGMENT_PIXEL)
        handle_pixel(api, http, rest);
    else if (what == SEGMENT_SETTINGS)
        handle_settings(http, rest);
    else {
        cors(http);  // the browser client's own metrics: taken and not kept
        http_reply(http, 200, JSON_TYPE, SLICE("{\"success\":true}"));
    }
    return true;
}
