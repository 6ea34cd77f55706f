/* Delivers tests/segment/: requests of clients, and what must become of each event. */
#include <setjmp.h>
#include <stdarg.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "memory/memory_testing.h"
#include "text/time.h"

static enum ingest_call call_of(struct slice name)
{
    static const char *const names[] = { "track", "identify", "page", "screen", "group", "alias", "batch" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is(name, names[i]))
            return (enum ingest_call)i;
    fail_msg("call '%.*s'", SLICE_ARG(name));
    return INGEST_BATCH;
}

static void assert_text(const char *path, size_t i, const char *what, struct json want, struct slice got,
                        struct arena *mem)
{
    if (want.mark && !slice_eq(json_string(want, mem), got))
        fail_msg("%s, event %zu: %s is '%.*s'", path, i, what, SLICE_ARG(got));
}

static void assert_time(const char *path, size_t i, const char *what, struct json want, int64_t got,
                        struct arena *mem)
{
    char text[TIME_TEXT_MAX];
    if (want.mark)
        assert_text(path, i, what, want, time_print(got, text), mem);
}

/* Bodies that are not said to change are kept byte for byte. */
static void check_fact(const char *path, size_t i, struct json want, struct slice sent, const struct fact *fact,
                       struct arena *mem)
{
    struct json stored = json_get(want, "stored");
    assert_text(path, i, "type", json_get(want, "type"), slice_of(fact_type_name(fact->type)), mem);
    assert_text(path, i, "event", json_get(want, "event"), fact->event, mem);
    assert_time(path, i, "timestamp", json_get(want, "timestamp"), fact->timestamp_ms, mem);
    assert_time(path, i, "original", json_get(want, "original"), fact->original_ms, mem);
    assert_text(path, i, "stored", stored, fact->body, mem);
    if (!stored.mark && !slice_eq(fact->body, sent))
        fail_msg("%s, event %zu: stored as %.*s", path, i, SLICE_ARG(fact->body));
}

static const struct fact *fact_of(const struct fact *facts, size_t n, const char *message_id)
{
    for (size_t i = 0; i < n; i++)
        if (slice_is(facts[i].message_id, message_id))
            return &facts[i];
    fail_msg("no fact %s", message_id);
    return NULL;
}

static void check_events(struct lab *lab, const char *path, struct json root)
{
    static const char *const outcomes[] = { "accepted", "duplicate", "rejected" };
    struct live_event seen[32];
    struct fact *facts;
    size_t n_facts = lab_facts(lab, true, &facts), i = 0, n = ingest_live(lab->memory, 0, seen, 32);
    struct json batch = json_get(json_get(root, "body"), "batch");
    struct json_iter sent = json_iter(batch);
    assert_int_equal(n, json_count(json_get(root, "events")));
    for (struct json_iter it = json_iter(json_get(root, "events")); json_next(&it); i++) {
        struct slice raw = json_raw(batch.mark && json_next(&sent) ? sent.value : json_get(root, "body"));
        assert_text(path, i, "outcome", json_get(it.value, "outcome"), slice_of(outcomes[seen[i].outcome]), lab->mem);
        if (!slice_eq(json_string(json_get(it.value, "reason"), lab->mem), slice_of(seen[i].reason)))
            fail_msg("%s, event %zu: reason is '%s'", path, i, seen[i].reason);
        if (seen[i].outcome == OUTCOME_ACCEPTED)
            check_fact(path, i, it.value, raw, fact_of(facts, n_facts, seen[i].message_id), lab->mem);
    }
    for (i = 0; i < n_facts; i++)
        assert_null(memmem(facts[i].body.at, facts[i].body.len, "SECRET", 6));
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM rejections WHERE body LIKE '%SECRET%'"), 0);
}

static void deliver(const char *path)
{
    struct lab lab;
    lab_open(&lab);
    const char *text = lab_file(&lab, path);
    struct json_parser *parser = json_parser_new();
    struct json root;
    struct err e = { 0 };
    if (json_parse(parser, slice_of(text), &root, &e))
        fail_msg("%s: byte %zu: %s", path, e.pos, e.text);
    if (time_parse(json_string(json_get(root, "received"), lab.mem), &lab.clock.fixed_ms, &e))
        fail_msg("%s: received: %s", path, e.text);
    struct slice body = arena_copy(lab.mem, json_raw(json_get(root, "body")));
    assert_true(body.len > 0);
    lab_ingest(&lab, call_of(json_string(json_get(root, "call"), lab.mem)), 1, body.at);
    check_events(&lab, path, root);
    json_parser_drop(&parser);
    lab_close(&lab);
}

static void requests_of_clients(void **state)
{
    (void)state;
    const char *root = getenv("TENDERO_ROOT");
    char folder[512], path[1024];
    snprintf(folder, sizeof folder, "%s/tests/segment", root ? root : ".");
    DIR *dir = opendir(folder);
    if (!dir)
        fail_msg("cannot open %s: run from the repository or set TENDERO_ROOT", folder);
    int n = 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (!slice_ends(slice_of(entry->d_name), SLICE(".json")))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        deliver(path);
        n++;
    }
    closedir(dir);
    assert_true(n >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(requests_of_clients) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
