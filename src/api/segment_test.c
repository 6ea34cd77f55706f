/* The Segment contract on the wire: what each client of it needs to hear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "api/api_testing.h"
#include "sys/file.h"
#include "text/url.h"

#define TRACK "{\"event\":\"Seen\",\"userId\":\"u1\",\"messageId\":\"%s\"}"
#define OK "{\"success\":true}"

static struct shop shop;

static int set_up(void **state)
{
    (void)state;
    shop_open(&shop);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shop_close(&shop);
    return 0;
}

static const char *bearer(const char *key)
{
    static char line[128];
    snprintf(line, sizeof line, "Authorization: Bearer %s\r\n", key);
    return line;
}

static const char *basic(const char *pair)
{
    static char line[256];
    struct buf out = buf_make(256);
    base64_encode(&out, slice_of(pair));
    snprintf(line, sizeof line, "Authorization: Basic %.*s\r\n", SLICE_ARG(buf_slice(&out)));
    buf_drop(&out);
    return line;
}

static int64_t facts(void)
{
    int64_t n;
    memory_read_lock(shop.rooms.memory);
    n = log_last_seq(memory_log(shop.rooms.memory));
    memory_read_unlock(shop.rooms.memory);
    return n;
}

static void paths_of_every_client(void **state)
{
    static const struct {
        const char *path, *body;
    } cases[] = {
        { "/v1/track", "{\"userId\":\"u1\",\"event\":\"E\"}" },  { "/v1/t", "{\"userId\":\"u1\",\"event\":\"E\"}" },
        { "/v1/identify", "{\"userId\":\"u1\",\"traits\":{\"name\":\"Ann\"}}" }, { "/v1/i", "{\"userId\":\"u1\"}" },
        { "/v1/page", "{\"userId\":\"u1\"}" },                   { "/v1/p", "{\"anonymousId\":\"a\"}" },
        { "/v1/screen", "{\"userId\":\"u1\"}" },                 { "/v1/s", "{\"userId\":\"u1\"}" },
        { "/v1/group", "{\"userId\":\"u1\",\"groupId\":\"g\"}" }, { "/v1/g", "{\"userId\":\"u1\",\"groupId\":\"g\"}" },
        { "/v1/alias", "{\"userId\":\"u1\",\"previousId\":\"x\"}" }, { "/v1/a", "{\"userId\":\"u1\",\"previousId\":\"y\"}" },
        { "/v1/batch", "{\"batch\":[{\"type\":\"track\",\"event\":\"E\",\"userId\":\"u1\"}]}" },
        { "/v1/b", "{\"batch\":[{\"type\":\"page\",\"userId\":\"u1\"}]}" },
        { "/v1/import", "{\"batch\":[{\"type\":\"page\",\"userId\":\"u1\"}]}" },
        { "/v1/import/", "{\"batch\":[{\"type\":\"page\",\"userId\":\"u1\"}]}" },
        { "/v1/track/", "{\"userId\":\"u1\",\"event\":\"E\"}" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t before = facts();
        send_event(&shop, cases[i].path, cases[i].body);
        if (facts() <= before)
            fail_msg("%s kept nothing", cases[i].path);
    }
}

static void keys_in_every_place(void **state)
{
    char body[256], pair[80];
    (void)state;
    snprintf(pair, sizeof pair, "%s:", shop.key_write);
    assert_int_equal(ask(&shop, "POST", "/v1/track", basic(pair), "{\"userId\":\"u\",\"event\":\"E\"}").status, 200);
    assert_int_equal(ask(&shop, "POST", "/v1/track", basic(shop.key_write),
                         "{\"userId\":\"u\",\"event\":\"E\"}").status, 200);
    snprintf(body, sizeof body, "{\"userId\":\"u\",\"event\":\"E\",\"writeKey\":\"%s\"}", shop.key_write);
    assert_int_equal(ask(&shop, "POST", "/v1/track", "", body).status, 200);
    assert_int_equal(ask(&shop, "POST", "/v1/track", bearer(shop.key_admin), body).status, 200);
    static const char *const wrong[] = { "", "Authorization: Basic !!!\r\n", "Authorization: Bearer nope\r\n" };
    for (size_t i = 0; i < 3; i++) {
        struct answer answer = ask(&shop, "POST", "/v1/track", wrong[i], "{\"userId\":\"u\",\"event\":\"E\"}");
        assert_int_equal(answer.status, 401);
        assert_true(json_is(at(answer.json, "success"), JSON_BOOL));
        expect_text(answer.json, "code", "denied");
        assert_true(json_is(at(answer.json, "message"), JSON_STRING));
    }
    assert_int_equal(ask(&shop, "POST", "/v1/track", bearer(shop.key_read), "{\"userId\":\"u\",\"event\":\"E\"}")
                         .status, 401);
}

static struct slice gzip(const char *text, unsigned char *out, size_t cap)
{
    z_stream z = { 0 };
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = (uInt)strlen(text);
    z.next_out = out;
    z.avail_out = (uInt)cap;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    struct slice packed = { (const char *)out, cap - z.avail_out };
    deflateEnd(&z);
    return packed;
}

static void bodies_as_they_come(void **state)
{
    char headers[256];
    unsigned char packed[512];
    (void)state;
    static const char *const types[] = { "text/plain", "application/json", "application/json; charset=utf-8" };
    for (size_t i = 0; i < 3; i++) {
        snprintf(headers, sizeof headers, "%sContent-Type: %s\r\n", bearer(shop.key_write), types[i]);
        assert_int_equal(ask(&shop, "POST", "/v1/track", headers, "{\"userId\":\"u\",\"event\":\"E\"}").status, 200);
    }
    int64_t before = facts();
    snprintf(headers, sizeof headers, "%sContent-Encoding: gzip\r\n", bearer(shop.key_write));
    struct slice body = gzip("{\"userId\":\"u\",\"event\":\"Packed\"}", packed, sizeof packed);
    assert_int_equal(ask_bytes(&shop, "POST", "/v1/track", headers, body).status, 200);
    assert_int_equal(facts(), before + 1);
}

static void a_message_counts_once(void **state)
{
    char body[128];
    (void)state;
    snprintf(body, sizeof body, TRACK, "m-once");
    int64_t before = facts();
    send_event(&shop, "/v1/track", body);
    send_event(&shop, "/v1/track", body);
    assert_int_equal(facts(), before + 1);
}

static void wrong_bodies(void **state)
{
    static const char *const bodies[] = { "{", "[]", "", "{\"batch\":3}", "\xff\xfe" };
    (void)state;
    int64_t before = facts();
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct answer answer = ask(&shop, "POST", "/v1/batch", bearer(shop.key_write), bodies[i]);
        if (answer.status != 400)
            fail_msg("body %zu answered %d", i, answer.status);
        bool success = true;
        assert_true(json_bool(at(answer.json, "success"), &success));
        assert_false(success);
        expect_text(answer.json, "code", "invalid");
        assert_true(json_is(at(answer.json, "message"), JSON_STRING));
    }
    /* an event that is wrong by itself is dropped, with the reason where people look for it */
    send_event(&shop, "/v1/track", "{\"event\":\"E\"}");
    assert_int_equal(facts(), before);
    struct answer seen = ask_ok(&shop, 200, "GET", "/api/v1/rejections", NULL);
    expect_text(seen.json, "items.0.code", "no_id");
    assert_true(json_is(at(seen.json, "items.0.reason.es"), JSON_STRING));
}

static void browsers_are_let_in(void **state)
{
    (void)state;
    struct answer answer = ask(&shop, "OPTIONS", "/v1/t", "Origin: https://shop.example\r\n"
                                                          "Access-Control-Request-Method: POST\r\n", NULL);
    assert_int_equal(answer.status, 204);
    assert_true(slice_is(header_of(answer, "Access-Control-Allow-Origin"), "https://shop.example"));
    assert_true(slice_is(header_of(answer, "Access-Control-Allow-Headers"),
                         "authorization,content-type,x-retry-count"));
    assert_true(slice_is(header_of(answer, "Access-Control-Allow-Credentials"), "true"));
    assert_true(slice_is(header_of(answer, "Access-Control-Max-Age"), "7200"));
    char headers[256];
    snprintf(headers, sizeof headers, "%sOrigin: https://shop.example\r\n", bearer(shop.key_write));
    answer = ask(&shop, "POST", "/v1/t", headers, "{\"userId\":\"u\",\"event\":\"E\"}");
    assert_int_equal(answer.status, 200);
    assert_true(slice_is(header_of(answer, "Access-Control-Allow-Origin"), "https://shop.example"));
    assert_int_equal(ask(&shop, "POST", "/v1/m", "", "{\"series\":[]}").status, 200);
}

static void pixels_and_settings(void **state)
{
    char target[512], event[256];
    struct buf data = buf_make(1024);
    (void)state;
    snprintf(event, sizeof event, "{\"userId\":\"u\",\"event\":\"Mail opened\",\"writeKey\":\"%s\"}", shop.key_write);
    base64_encode(&data, slice_of(event));
    struct buf word = buf_make(1024);
    url_encode(&word, buf_slice(&data));
    snprintf(target, sizeof target, "/v1/pixel/track?data=%.*s", SLICE_ARG(buf_slice(&word)));
    int64_t before = facts();
    struct answer answer = ask(&shop, "GET", target, "", NULL);
    assert_int_equal(answer.status, 200);
    assert_true(slice_is(header_of(answer, "Content-Type"), "image/gif"));
    assert_true(slice_starts(answer.body, SLICE("GIF89a")));
    assert_int_equal(facts(), before + 1);
    assert_int_equal(ask(&shop, "GET", "/v1/pixel/track?data=%7Bbroken", "", NULL).status, 200);
    assert_int_equal(ask(&shop, "GET", "/v1/pixel/nothing", "", NULL).status, 200);
    buf_drop(&word);
    buf_drop(&data);
    answer = ask(&shop, "GET", "/v1/projects/wk1/settings", "", NULL);
    assert_int_equal(answer.status, 200);
    assert_int_equal(json_count(at(answer.json, "integrations")), 1);
    struct json segment = json_get(at(answer.json, "integrations"), "Segment.io");
    expect_text(segment, "apiKey", "wk1");
    expect_text(segment, "apiHost", "shop.test/v1");
    expect_text(segment, "protocol", "http");
    answer = ask(&shop, "GET", "/analytics.js/v1/wk1/analytics.min.js", "", NULL);
    assert_int_equal(answer.status, 200);
    assert_true(slice_is(answer.body, "analytics"));
}

/* Node's and the browser's clients take any redirect for a delivery. */
static void never_a_redirect(void **state)
{
    static const char *const methods[] = { "GET", "POST", "PUT", "DELETE", "OPTIONS" };
    static const char *const targets[] = { "/v1", "/v1/", "/v1/track", "/v1/track/", "/v1/batch//", "/v1/nothing",
                                           "/custom/batch", "/v1/projects", "/v1/pixel/", "/v2/track" };
    (void)state;
    for (size_t m = 0; m < 5; m++) {
        for (size_t t = 0; t < sizeof targets / sizeof *targets; t++) {
            struct answer answer = ask(&shop, methods[m], targets[t], "", m == 1 || m == 2 ? "{}" : NULL);
            if (answer.status / 100 == 3 || answer.status == 410 || answer.status == 460)
                fail_msg("%s %s answered %d", methods[m], targets[t], answer.status);
        }
    }
}

/* What an official client sent, byte for byte but for the key: /v1/… is kept once, all else is refused. */
static void replay_one(struct json sent)
{
    char url[128], pair[80];
    snprintf(url, sizeof url, "%.*s", SLICE_ARG(json_string(json_get(sent, "url"), shop.mem)));
    snprintf(pair, sizeof pair, "%s:", shop.key_write);
    struct slice body = json_string(json_get(sent, "body"), shop.mem);
    struct answer answer = ask_bytes(&shop, "POST", url, basic(pair), body);
    if (!slice_starts(slice_of(url), SLICE("/v1/"))) {
        assert_true(answer.status >= 400);
        return;
    }
    if (answer.status != 200 || !slice_is(answer.body, OK))
        fail_msg("%s answered %d: %.*s", url, answer.status, SLICE_ARG(answer.body));
    int64_t once = facts();
    assert_int_equal(ask_bytes(&shop, "POST", url, basic(pair), body).status, 200);
    assert_int_equal(facts(), once);
}

static void recorded_requests(void **state)
{
    char path[512];
    struct slice text;
    struct json list = { 0 };
    struct err e = { 0 };
    (void)state;
    const char *dir = getenv("TENDERO_CONFORMANCE");
    if (!dir) {
        print_message("recorded requests of official clients: skipped, TENDERO_CONFORMANCE names no folder\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/segment/capture.json", dir);
    struct json_parser *parser = json_parser_new();
    if (file_read(path, (size_t)64 << 20, shop.mem, &text, &e) || json_parse(parser, text, &list, &e))
        fail_msg("%s", e.text);
    size_t sent = 0;
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        if (json_is(json_get(it.value, "method"), JSON_NONE))
            continue;  // what the client said about it
        replay_one(it.value);
        sent++;
    }
    assert_true(sent > 10);
    json_parser_drop(&parser);
    struct answer who = ask_ok(&shop, 200, "GET", "/api/v1/customers/user_id:u-1", NULL);
    expect_text(who.json, "email", "ann@example.com");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_of_every_client), cmocka_unit_test(keys_in_every_place),
        cmocka_unit_test(bodies_as_they_come),   cmocka_unit_test(a_message_counts_once),
        cmocka_unit_test(wrong_bodies),          cmocka_unit_test(browsers_are_let_in),
        cmocka_unit_test(pixels_and_settings),   cmocka_unit_test(never_a_redirect),
        cmocka_unit_test(recorded_requests),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
