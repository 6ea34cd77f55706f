#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "memory/ingest_event.h"
#include "text/time.h"

#define RECEIVED INT64_C(1795403305400)  // 2026-11-23T03:08:25.400Z

struct ground {
    struct json_parser *parser, *base_parser;
    struct arena *mem;
};

static int open_ground(void **state)
{
    struct ground *g = calloc(1, sizeof *g);
    assert_non_null(g);
    g->parser = json_parser_new();
    g->base_parser = json_parser_new();
    g->mem = arena_new(64u << 20);
    assert_non_null(g->mem);
    *state = g;
    return 0;
}

static int close_ground(void **state)
{
    struct ground *g = *state;
    json_parser_drop(&g->parser);
    json_parser_drop(&g->base_parser);
    arena_drop(&g->mem);
    free(g);
    return 0;
}

static struct json parsed(struct json_parser *parser, const char *text)
{
    struct json root = { 0 };
    struct err e = { 0 };
    if (json_parse(parser, slice_of(text), &root, &e))
        fail_msg("%s: %s", text, e.text);
    return root;
}

static struct ingest_event read_one(struct ground *g, const char *item, const char *base_text,
                                    enum fact_type type, bool nobody)
{
    struct ingest_event event;
    struct json root = parsed(g->base_parser, base_text ? base_text : "{}");
    struct ingest_base base = { json_get(root, "context"), json_get(root, "integrations"),
                                json_get(root, "sentAt") };
    struct err e = { 0 };
    if (ingest_read(parsed(g->parser, item), &base, type, nobody, g->mem, &event, &e))
        fail_msg("%s: %s", item, e.text);
    return event;
}

static void assert_slice(const char *name, const char *what, struct slice got, const char *want)
{
    if (!slice_is(got, want))
        fail_msg("%s: %s is \"%.*s\", not \"%s\"", name, what, SLICE_ARG(got), want);
}

/* ---- what is accepted, and why not ---- */

#define LONG20 "01234567890123456789"
#define LONG100 LONG20 LONG20 LONG20 LONG20 LONG20

static const struct {
    const char *name, *item;
    enum fact_type type;  // FACT_TYPES: of a batch
    bool nobody;
    const char *reason;   // NULL: accepted without remark
} verdicts[] = {
    { "plain track", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\"}", FACT_TYPES, 0, NULL },
    { "the path tells the type", "{\"type\":\"page\",\"event\":\"X\",\"userId\":\"u\"}", FACT_TRACK, 0, NULL },
    { "no object", "[1]", FACT_TYPES, 0, "not_an_object" },
    { "a text", "\"track\"", FACT_TYPES, 0, "not_an_object" },
    { "unknown type", "{\"type\":\"buy\",\"userId\":\"u\"}", FACT_TYPES, 0, "unknown_type" },
    { "type of our own", "{\"type\":\"merge\",\"userId\":\"u\"}", FACT_TYPES, 0, "unknown_type" },
    { "type is a number", "{\"type\":1,\"userId\":\"u\"}", FACT_TYPES, 0, "unknown_type" },
    { "no type", "{\"userId\":\"u\"}", FACT_TYPES, 0, "unknown_type" },
    { "nobody", "{\"type\":\"track\",\"event\":\"X\"}", FACT_TYPES, 0, "no_id" },
    { "empty ids", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"\",\"anonymousId\":null}", FACT_TYPES, 0, "no_id" },
    { "an object is no id", "{\"type\":\"track\",\"event\":\"X\",\"userId\":{}}", FACT_TYPES, 0, "no_id" },
    { "a till may be nobody", "{\"type\":\"track\",\"event\":\"X\"}", FACT_TYPES, 1, NULL },
    { "nobody can't identify", "{\"type\":\"identify\",\"traits\":{}}", FACT_TYPES, 1, "no_id" },
    { "but by an e-mail", "{\"type\":\"identify\",\"traits\":{\"email\":\"a@b.example\"}}", FACT_TYPES, 1, NULL },
    { "track without event", "{\"type\":\"track\",\"userId\":\"u\"}", FACT_TYPES, 0, "no_event" },
    { "page without name", "{\"type\":\"page\",\"userId\":\"u\"}", FACT_TYPES, 0, NULL },
    { "group without id", "{\"type\":\"group\",\"userId\":\"u\"}", FACT_TYPES, 0, "no_group_id" },
    { "alias without previous", "{\"type\":\"alias\",\"userId\":\"u\"}", FACT_TYPES, 0, "no_previous_id" },
    { "alias to nobody", "{\"type\":\"alias\",\"previousId\":\"u\",\"anonymousId\":\"a\"}", FACT_TYPES, 0, "no_previous_id" },
    { "message id of 100", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"messageId\":\"" LONG100 "\"}", FACT_TYPES, 0, NULL },
    { "message id of 101", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"messageId\":\"" LONG100 "x\"}", FACT_TYPES, 0, "bad_message_id" },
    { "NUL in message id", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"messageId\":\"a\\u0000b\"}", FACT_TYPES, 0, "bad_message_id" },
    { "NUL in an id", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\\u0000\"}", FACT_TYPES, 0, "bad_id" },
    { "id too long", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"" LONG100 LONG100 LONG100 LONG20 "1\"}", FACT_TYPES, 0, "bad_id" },
    { "event name of 201", "{\"type\":\"track\",\"event\":\"" LONG100 LONG100 "1\",\"userId\":\"u\"}", FACT_TYPES, 0, "bad_event" },
    { "time that is none", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"timestamp\":\"soon\"}", FACT_TYPES, 0, "bad_time" },
    { "trait too long by name", "{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"" LONG100 "1\":1}}", FACT_TYPES, 0, "traits_cut" },
};

static void judges_each_event(void **state)
{
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        struct ingest_event event = read_one(*state, verdicts[i].item, NULL, verdicts[i].type,
                                             verdicts[i].nobody);
        assert_slice(verdicts[i].name, "reason", slice_of(event.reason),
                     verdicts[i].reason ? verdicts[i].reason : "");
        bool remark = verdicts[i].reason && (!strcmp(verdicts[i].reason, "bad_time") ||
                                             !strcmp(verdicts[i].reason, "traits_cut"));
        if (event.rejected != (verdicts[i].reason && !remark))
            fail_msg("%s: %s", verdicts[i].name, event.rejected ? "rejected" : "accepted");
        if (verdicts[i].reason)
            assert_string_not_equal(ingest_reason_text(slice_of(verdicts[i].reason), "en"),
                                    ingest_reason_text(SLICE("?"), "en"));
    }
}

static void refuses_large_events(void **state)
{
    struct ground *g = *state;
    static const struct { size_t bytes; const char *reason; } cases[] = {
        { LIMIT_EVENT_BYTES, "" }, { LIMIT_EVENT_BYTES + 1, "too_large" } };
    for (size_t i = 0; i < 2; i++) {
        static const char head[] = "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"x\":\"";
        char *item = arena_alloc(g->mem, cases[i].bytes + 1);
        assert_non_null(item);
        memset(item, 'x', cases[i].bytes);
        memcpy(item, head, sizeof head - 1);
        memcpy(item + cases[i].bytes - 2, "\"}", 2);
        struct ingest_event event = read_one(g, item, NULL, FACT_TYPES, false);
        assert_slice("size", "reason", slice_of(event.reason), cases[i].reason);
    }
    char *base = arena_alloc(g->mem, 3 * LIMIT_EVENT_BYTES);
    assert_non_null(base);
    memset(base, 'x', 2 * LIMIT_EVENT_BYTES + 100);
    memcpy(base, "{\"context\":{\"a\":\"", 17);
    memcpy(base + 2 * LIMIT_EVENT_BYTES + 97, "\"}}", 4);
    struct ingest_event event = read_one(g, "{\"type\":\"page\",\"userId\":\"u\"}", base, FACT_TYPES, false);
    assert_slice("merged", "reason", slice_of(event.reason), "too_large");
}

/* ---- who ---- */

static const struct {
    const char *name, *item, *user, *anonymous, *email, *phone, *external;
} people[] = {
    { "numbers by their digits", "{\"type\":\"track\",\"event\":\"X\",\"userId\":17850,\"anonymousId\":\"a\"}",
      "17850", "a", "", "", "" },
    { "e-mail and phone of an identify", "{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"email\":\" Ann@B.example\","
      "\"phone\":\"+34 600 123 456\"}}", "u", "", "Ann@B.example", "+34 600 123 456", "" },
    { "context.traits of a track", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"context\":{\"traits\":{\"email\":\"a@b.c\"}}}",
      "u", "", "a@b.c", "", "" },
    { "properties identify nobody", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"properties\":{\"email\":\"a@b.c\"}}",
      "u", "", "", "", "" },
    { "a company's e-mail is not the person's", "{\"type\":\"group\",\"groupId\":\"g\",\"userId\":\"u\",\"traits\":{\"email\":\"a@b.c\"}}",
      "u", "", "", "", "" },
    { "not an e-mail", "{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"email\":\"ann at home\",\"phone\":\"none\"}}",
      "u", "", "", "", "" },
    { "two signs", "{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"email\":\"a@b@c\"}}", "u", "", "", "", "" },
    { "external ids", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"context\":{\"externalIds\":[{\"id\":\"\",\"type\":\"k\"},"
      "{\"id\":77,\"type\":\"crm\",\"collection\":\"users\"},3]}}", "u", "", "", "", "crm=77" },
    { "the last twin counts", "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"userId\":\"v\"}", "v", "", "", "", "" },
    { "escaped keys are keys", "{\"type\":\"track\",\"event\":\"X\",\"user\\u0049d\":\"w\"}", "w", "", "", "", "" },
};

static void reads_who(void **state)
{
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        struct ingest_event event = read_one(*state, people[i].item, NULL, FACT_TYPES, false);
        assert_false(event.rejected);
        assert_slice(people[i].name, "user", event.who.user_id, people[i].user);
        assert_slice(people[i].name, "anonymous", event.who.anonymous_id, people[i].anonymous);
        assert_slice(people[i].name, "email", event.who.email, people[i].email);
        assert_slice(people[i].name, "phone", event.who.phone, people[i].phone);
        char external[64] = "";
        if (event.who.n_external)
            snprintf(external, sizeof external, "%.*s=%.*s", SLICE_ARG(event.who.external[0].kind),
                     SLICE_ARG(event.who.external[0].value));
        assert_true(event.who.n_external <= 1);
        assert_string_equal(external, people[i].external);
    }
}

/* ---- times: of item and batch, as milliseconds before RECEIVED ---- */

#define NONE INT64_MIN
static const struct {
    const char *name;
    int64_t original, sent;   // by the client's clock, relative to RECEIVED
    bool batch_sent;
    int64_t want;
} times[] = {
    { "neither", NONE, NONE, 0, 0 },
    { "only original", -5000, NONE, 0, -5000 },
    { "only sent", NONE, -300, 0, 0 },
    { "clock right", -5000, -100, 0, -4900 },
    { "clock an hour slow", -3605000, -3600000, 0, -5000 },
    { "clock a day fast", 86395000, 86400000, 1, -5000 },
    { "future without sent", 60000, NONE, 0, 0 },
    { "sent before it happened", -1000, -2000, 1, 0 },
};

static void corrects_clocks(void **state)
{
    struct ground *g = *state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char item[300], base[100] = "{}", t[TIME_TEXT_MAX], s[TIME_TEXT_MAX];
        struct slice original = times[i].original == NONE ? SLICE("") : time_print(RECEIVED + times[i].original, t);
        struct slice sent = times[i].sent == NONE ? SLICE("") : time_print(RECEIVED + times[i].sent, s);
        snprintf(item, sizeof item, "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\"%s%.*s%s%s%.*s%s}",
                 original.len ? ",\"timestamp\":\"" : "", SLICE_ARG(original), original.len ? "\"" : "",
                 sent.len && !times[i].batch_sent ? ",\"sentAt\":\"" : "",
                 times[i].batch_sent ? 0 : (int)sent.len, sent.at, sent.len && !times[i].batch_sent ? "\"" : "");
        if (times[i].batch_sent)
            snprintf(base, sizeof base, "{\"sentAt\":\"%.*s\"}", SLICE_ARG(sent));
        struct ingest_event event = read_one(g, item, base, FACT_TYPES, false);
        assert_int_equal(ingest_complete(&event, &(struct ingest_envelope){ .received_ms = RECEIVED }, g->mem,
                                         NULL), ERR_OK);
        if (event.fact.timestamp_ms != RECEIVED + times[i].want)
            fail_msg("%s: %lld", times[i].name, (long long)(event.fact.timestamp_ms - RECEIVED));
        assert_int_equal(event.fact.received_ms, RECEIVED);
        assert_int_equal(event.fact.original_ms,
                         times[i].original == NONE ? FACT_NO_TIME : RECEIVED + times[i].original);
        assert_int_equal(event.fact.sent_ms, times[i].sent == NONE ? FACT_NO_TIME : RECEIVED + times[i].sent);
    }
}

/* ---- bodies ---- */

#define ITEM(rest) "{\"type\":\"page\",\"userId\":\"u\",\"messageId\":\"m\"" rest "}"
static const struct {
    const char *name, *base, *item, *want;
} bodies[] = {
    { "as it came", "{\"context\":{}}", "{ \"type\":\"page\",  \"userId\":\"u\",\"messageId\":\"m\" ,\"n\":1.00}",
      "{ \"type\":\"page\",  \"userId\":\"u\",\"messageId\":\"m\" ,\"n\":1.00}" },
    { "no key is kept", NULL, ITEM(",\"writeKey\":\"secret\",\"n\":1"), ITEM(",\"n\":1") },
    { "context under", "{\"context\":{\"app\":{\"a\":1,\"b\":2},\"os\":\"x\"}}", ITEM(",\"context\":{\"app\":{\"b\":3,\"c\":4},\"z\":0}"),
      "{\"context\":{\"app\":{\"b\":3,\"c\":4,\"a\":1},\"z\":0,\"os\":\"x\"},\"type\":\"page\",\"userId\":\"u\",\"messageId\":\"m\"}" },
    { "context of the batch alone", "{\"context\":{\"os\":\"x\"}}", ITEM(""),
      "{\"context\":{\"os\":\"x\"},\"type\":\"page\",\"userId\":\"u\",\"messageId\":\"m\"}" },
    { "integrations under", "{\"integrations\":{\"All\":true,\"X\":false}}", ITEM(",\"integrations\":{\"All\":false}"),
      "{\"integrations\":{\"All\":false,\"X\":false},\"type\":\"page\",\"userId\":\"u\",\"messageId\":\"m\"}" },
    { "a browser's address", NULL, ITEM(",\"context\":{\"library\":{\"name\":\"analytics.js\"}}"),
      ITEM(",\"context\":{\"ip\":\"203.0.113.9\",\"userAgent\":\"UA \\\"1\\\"\",\"library\":{\"name\":\"analytics.js\"}}") },
    { "its own address stands", NULL, ITEM(",\"context\":{\"direct\":true,\"ip\":\"198.51.100.1\"}"),
      ITEM(",\"context\":{\"userAgent\":\"UA \\\"1\\\"\",\"direct\":true,\"ip\":\"198.51.100.1\"}") },
    { "direct by the batch", "{\"context\":{\"direct\":true}}", ITEM(""),
      "{\"context\":{\"ip\":\"203.0.113.9\",\"userAgent\":\"UA \\\"1\\\"\",\"direct\":true},\"type\":\"page\",\"userId\":\"u\",\"messageId\":\"m\"}" },
    { "a server's is not taken", NULL, ITEM(",\"context\":{\"library\":{\"name\":\"analytics-go\"}}"),
      ITEM(",\"context\":{\"library\":{\"name\":\"analytics-go\"}}") },
    { "odd context goes", NULL, ITEM(",\"context\":7"), ITEM("") },
};

static void makes_bodies(void **state)
{
    struct ground *g = *state;
    struct ingest_envelope env = { 1, RECEIVED, SLICE("203.0.113.9"), SLICE("UA \"1\"") };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct ingest_event event = read_one(g, bodies[i].item, bodies[i].base, FACT_TYPES, false);
        assert_int_equal(ingest_complete(&event, &env, g->mem, NULL), ERR_OK);
        assert_slice(bodies[i].name, "body", event.fact.body, bodies[i].want);
    }
}

static void gives_message_ids(void **state)
{
    struct ground *g = *state;
    static const char *const items[] = {
        "{\"type\":\"page\",\"userId\":\"u\"}", "{\"type\":\"page\",\"userId\":\"u\",\"messageId\":null}",
        "{\"type\":\"page\",\"messageId\":\"\",\"context\":{\"direct\":true},\"userId\":\"u\"}",
        "{ \"type\":\"page\",\"userId\":\"u\", \"context\" : { } }" };
    struct slice last = SLICE("");
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        struct ingest_event event = read_one(g, items[i], NULL, FACT_TYPES, false);
        assert_true(event.own_id);
        struct ingest_envelope env = { 1, RECEIVED + (int64_t)i, SLICE("::1"), SLICE("") };
        assert_int_equal(ingest_complete(&event, &env, g->mem, NULL), ERR_OK);
        assert_int_equal(event.fact.message_id.len, 36);
        assert_true(slice_cmp(last, event.fact.message_id) < 0);  // in the order of time
        last = event.fact.message_id;
        struct slice body = arena_copy(g->mem, event.fact.body);
        struct json root = parsed(g->parser, body.at);
        assert_slice(items[i], "id in the body", json_string(json_get(root, "messageId"), g->mem), last.at);
        assert_int_equal(json_get(json_get(root, "context"), "ip").mark != NULL, i == 2);
    }
}

static void reads_traits(void **state)
{
    struct ground *g = *state;
    struct ingest_event event = read_one(g, "{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"a\":1,\"b\":null,\"a\":\"2\",\"\":3},"
                                         "\"context\":{\"locale\":\"es-ES\",\"timezone\":7}}", NULL, FACT_TYPES, false);
    assert_int_equal(event.n_traits, 2);
    assert_slice("traits", "the last twin", event.traits[0].value, "\"2\"");
    assert_slice("traits", "null", event.traits[1].value, "null");
    assert_slice("traits", "remark", slice_of(event.reason), "traits_cut");
    assert_int_equal(event.n_observed, 1);
    assert_slice("traits", "observed", event.observed[0].value, "\"es-ES\"");
    event = read_one(g, "{\"type\":\"group\",\"groupId\":5,\"userId\":\"u\",\"traits\":{\"kind\":\"household\",\"role\":\"buyer\"}}",
                     NULL, FACT_TYPES, false);
    assert_int_equal(event.group_kind, KIND_HOUSEHOLD);
    assert_slice("group", "id", event.group_id, "5");
    assert_slice("group", "role", event.role, "buyer");
    event = read_one(g, "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"traits\":{\"a\":1}}", NULL, FACT_TYPES, false);
    assert_int_equal(event.n_traits, 0);  // a track tells no traits
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(judges_each_event, open_ground, close_ground),
        cmocka_unit_test_setup_teardown(refuses_large_events, open_ground, close_ground),
        cmocka_unit_test_setup_teardown(reads_who, open_ground, close_ground),
        cmocka_unit_test_setup_teardown(corrects_clocks, open_ground, close_ground),
        cmocka_unit_test_setup_teardown(makes_bodies, open_ground, close_ground),
        cmocka_unit_test_setup_teardown(gives_message_ids, open_ground, close_ground),
        cmocka_unit_test_setup_teardown(reads_traits, open_ground, close_ground),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
