/* Requests become facts, customers and traits: on a real store with the writer running. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "memory/customers.h"
#include "memory/memory_testing.h"
#include "memory/traits.h"

static void assert_result(struct ingest_result got, uint32_t accepted, uint32_t duplicates, uint32_t rejected)
{
    assert_int_equal(got.accepted, accepted);
    assert_int_equal(got.duplicates, duplicates);
    assert_int_equal(got.rejected, rejected);
}

static struct slice trait_of(struct lab *lab, uint32_t root, const char *name)
{
    struct err e = { 0 };
    struct trait *traits;
    size_t n;
    memory_read_lock(lab->memory);
    enum err_code code = traits_of(lab->memory, lab->read, root, lab->mem, &traits, &n, &e);
    memory_read_unlock(lab->memory);
    if (code)
        fail_msg("traits_of: %s", e.text);
    for (size_t i = 0; i < n; i++)
        if (slice_is(traits[i].name, name))
            return traits[i].chosen.value;
    return SLICE("");
}

static void assert_trait(struct lab *lab, uint32_t root, const char *name, const char *want)
{
    struct slice got = trait_of(lab, root, name);
    if (!slice_is(got, want))
        fail_msg("trait %s is '%.*s', not '%s'", name, SLICE_ARG(got), want);
}

static void a_batch_becomes_facts(void **state)
{
    struct lab *lab = *state;
    static const char body[] = "{\"sentAt\":\"2026-11-23T03:08:25.000Z\",\"writeKey\":\"secret-key\",\"batch\":["
        "{\"type\":\"identify\",\"userId\":\"u-1\",\"anonymousId\":\"an-1\",\"messageId\":\"m1\",\"traits\":{\"name\":\"Ann\",\"age\":41},"
        "\"timestamp\":\"2026-11-23T03:08:20.000Z\"},"
        "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u-1\",\"messageId\":\"m2\"},"
        "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u-1\",\"messageId\":\"m2\"},"
        "{\"type\":\"track\",\"userId\":\"u-1\",\"messageId\":\"m3\",\"writeKey\":\"secret-key\"},"
        "{\"type\":\"group\",\"userId\":\"u-1\",\"groupId\":\"g-1\",\"messageId\":\"m4\",\"traits\":{\"name\":\"ACME\"}},"
        "7]}";
    assert_result(lab_ingest(lab, INGEST_BATCH, 3, body), 3, 1, 2);
    assert_result(lab_ingest(lab, INGEST_BATCH, 3, body), 0, 4, 2);
    assert_result(lab_ingest(lab, INGEST_BATCH, 4, body), 3, 1, 2);  // another source counts apart

    uint32_t ann = lab_customer(lab, "user_id", "u-1"), acme = lab_customer(lab, "group_id", "g-1");
    assert_true(ann && acme && ann != acme);
    assert_int_equal(lab_customer(lab, "anonymous_id", "an-1"), ann);
    assert_trait(lab, ann, "name", "\"Ann\"");
    assert_trait(lab, ann, "age", "41");
    assert_trait(lab, acme, "name", "\"ACME\"");
    struct fact *facts;
    size_t n = lab_facts(lab, true, &facts), identify = n;
    for (size_t i = 0; i < n; i++) {
        assert_null(memmem(facts[i].body.at, facts[i].body.len, "secret-key", 10));
        if (facts[i].type == FACT_IDENTIFY && facts[i].source == 3)
            identify = i;
    }
    assert_true(identify < n);
    assert_int_equal(facts[identify].timestamp_ms, LAB_NOW - 5000);
    assert_int_equal(facts[identify].received_ms, LAB_NOW);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM rejections"), 6);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM rejections WHERE body LIKE '%secret-key%'"), 0);
}

static void tells_live_and_counts(void **state)
{
    struct lab *lab = *state;
    struct live_event seen[8];
    lab_ingest(lab, INGEST_BATCH, 1, "{\"batch\":[{\"type\":\"track\",\"event\":\"Order\",\"userId\":\"u\",\"messageId\":\"a\"},"
               "{\"type\":\"track\",\"event\":\"Order\",\"userId\":\"u\",\"messageId\":\"a\"},"
               "{\"type\":\"page\",\"userId\":\"u\",\"messageId\":\"b\",\"timestamp\":\"?\"},{\"type\":\"page\",\"messageId\":\"c\"}]}");
    assert_int_equal(ingest_live(lab->memory, 0, seen, 8), 4);
    static const struct { enum ingest_outcome outcome; const char *id, *reason; } want[] = {
        { OUTCOME_ACCEPTED, "a", "" }, { OUTCOME_DUPLICATE, "a", "" }, { OUTCOME_ACCEPTED, "b", "bad_time" },
        { OUTCOME_REJECTED, "c", "no_id" } };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(seen[i].id, i + 1);
        assert_int_equal(seen[i].outcome, want[i].outcome);
        assert_string_equal(seen[i].message_id, want[i].id);
        assert_string_equal(seen[i].reason, want[i].reason);
    }
    assert_string_equal(seen[0].event, "Order");
    assert_int_equal(seen[0].customer, lab_customer(lab, "user_id", "u"));
    assert_int_equal(ingest_live(lab->memory, 2, seen, 1), 1);
    assert_int_equal(seen[0].id, 3);
    assert_int_equal(ingest_live(lab->memory, 4, seen, 8), 0);
    struct ingest_totals totals = ingest_totals(lab->memory);
    assert_int_equal(totals.accepted, 2);
    assert_int_equal(totals.duplicates, 1);
    assert_int_equal(totals.rejected, 1);
}

static void keeps_the_newest_rejections(void **state)
{
    struct lab *lab = *state;
    struct buf body = buf_make(0);
    buf_adds(&body, "{\"batch\":[");
    for (int i = 0; i < 2500; i++)
        buf_printf(&body, "%s{\"type\":\"page\",\"n\":%d}", i ? "," : "", i);
    buf_adds(&body, "]}");
    buf_addc(&body, 0);
    for (int i = 0; i < 102; i++)
        assert_result(lab_ingest(lab, INGEST_BATCH, 1, body.at), 0, 0, 2500);
    buf_drop(&body);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM rejections"), 10000);
    assert_int_equal(lab_number(lab, "SELECT max(id) FROM rejections"), 10200);
    lab_reopen(lab);
    assert_result(lab_ingest(lab, INGEST_PAGE, 1, "{\"n\":\"last\"}"), 0, 0, 1);
    struct rejection_row *rows;
    size_t n;
    assert_int_equal(ingest_rejections(lab->read, 0, 2, lab->mem, &rows, &n, NULL), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].id, 10201);
    assert_true(slice_is(rows[0].body, "{\"n\":\"last\"}") && slice_is(rows[0].code, "no_id"));
    assert_int_equal(ingest_rejections(lab->read, 203, 100, lab->mem, &rows, &n, NULL), ERR_OK);
    assert_int_equal(n, 1);  // 202 is the oldest kept
}

static const struct {
    const char *name;
    enum ingest_call call;
    const char *body;
    enum err_code code;
} refused[] = {
    { "not JSON", INGEST_TRACK, "{\"event\":", ERR_INVALID },
    { "an array", INGEST_TRACK, "[]", ERR_INVALID },
    { "no batch", INGEST_BATCH, "{}", ERR_INVALID },
    { "batch is no array", INGEST_BATCH, "{\"batch\":{}}", ERR_INVALID },
    { "two documents", INGEST_TRACK, "{} {}", ERR_INVALID },
};

static void refuses_whole_bodies(void **state)
{
    struct lab *lab = *state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct ingest_batch *batch = NULL;
        struct slice key;
        struct err e = { 0 };
        enum err_code code = ingest_parse(lab->parser, refused[i].call, slice_of(refused[i].body), &batch, &key, &e);
        if (code != refused[i].code || batch || !e.text[0])
            fail_msg("%s: %s", refused[i].name, err_name(code));
    }
    struct buf body = buf_make(0);
    buf_adds(&body, "{\"batch\":[");
    for (int i = 0; i <= 2500; i++)
        buf_adds(&body, i ? ",0" : "0");
    buf_adds(&body, "]}");
    struct ingest_batch *batch = NULL;
    struct slice key;
    assert_int_equal(ingest_parse(lab->parser, INGEST_BATCH, buf_slice(&body), &batch, &key, NULL), ERR_LIMIT);
    buf_drop(&body);
}

static void aliases_join(void **state)
{
    struct lab *lab = *state;
    lab_ingest(lab, INGEST_TRACK, 1, "{\"event\":\"Look\",\"anonymousId\":\"an\",\"messageId\":\"1\"}");
    lab_ingest(lab, INGEST_IDENTIFY, 1, "{\"userId\":\"u\",\"messageId\":\"2\",\"traits\":{\"plan\":\"gold\"}}");
    assert_int_not_equal(lab_customer(lab, "anonymous_id", "an"), lab_customer(lab, "user_id", "u"));
    lab_ingest(lab, INGEST_ALIAS, 1, "{\"userId\":\"u\",\"previousId\":\"an\",\"messageId\":\"3\"}");
    assert_int_equal(lab_customer(lab, "anonymous_id", "an"), lab_customer(lab, "user_id", "u"));
    assert_trait(lab, lab_customer(lab, "anonymous_id", "an"), "plan", "\"gold\"");
}

static void observes_devices(void **state)
{
    struct lab *lab = *state;
    lab_ingest(lab, INGEST_TRACK, 1, "{\"event\":\"A\",\"userId\":\"u\",\"messageId\":\"1\",\"context\":{\"locale\":\"es-ES\",\"timezone\":\"Europe/Madrid\"}}");
    uint32_t u = lab_customer(lab, "user_id", "u");
    int64_t fact = lab_number(lab, "SELECT max(fact) FROM traits");
    lab_ingest(lab, INGEST_TRACK, 1, "{\"event\":\"A\",\"userId\":\"u\",\"messageId\":\"2\",\"context\":{\"locale\":\"es-ES\",\"timezone\":\"Europe/Madrid\"}}");
    lab_reopen(lab);
    lab_ingest(lab, INGEST_TRACK, 1, "{\"event\":\"A\",\"userId\":\"u\",\"messageId\":\"3\",\"context\":{\"locale\":\"es-ES\",\"timezone\":\"Europe/Madrid\"}}");
    assert_int_equal(lab_number(lab, "SELECT max(fact) FROM traits"), fact);  // nothing new: nothing written
    lab->clock.fixed_ms += 1000;
    lab_ingest(lab, INGEST_TRACK, 1, "{\"event\":\"A\",\"userId\":\"u\",\"messageId\":\"4\",\"context\":{\"locale\":\"en-GB\"}}");
    assert_trait(lab, u, "locale", "\"en-GB\"");
    assert_trait(lab, u, "timezone", "\"Europe/Madrid\"");
    assert_int_equal(lab_number(lab, "SELECT customers FROM trait_schema WHERE name = 'locale'"), 1);
}

/* ---- tx_ingest, and what a failed command leaves behind ---- */

struct import {
    struct lab *lab;
    const char *event;
    bool nobody, fail, duplicate;
};

static enum err_code import_one(void *arg, struct tx *tx, struct err *e)
{
    struct import *import = arg;
    struct json root;
    TRY(json_parse(import->lab->parser, slice_of(import->event), &root, e));
    TRY(tx_ingest(tx, root, import->nobody, 9, LAB_NOW, &import->duplicate, e));
    return import->fail ? err_set(e, ERR_INVALID, 0, "as asked") : ERR_OK;
}

static enum err_code import(struct lab *lab, const char *event, bool nobody, bool fail, bool *duplicate)
{
    struct import arg = { lab, event, nobody, fail, false };
    struct err e = { 0 };
    enum err_code code = lab_run(lab, import_one, &arg, &e);
    *duplicate = arg.duplicate;
    return code;
}

static void importers_take_the_same_way(void **state)
{
    struct lab *lab = *state;
    bool duplicate;
    static const char sale[] = "{\"type\":\"track\",\"event\":\"Sale\",\"messageId\":\"s1\",\"timestamp\":\"2010-12-01T08:26:00Z\"}";
    assert_int_equal(import(lab, sale, false, false, &duplicate), ERR_INVALID);
    assert_int_equal(import(lab, sale, true, false, &duplicate), ERR_OK);
    assert_false(duplicate);
    assert_int_equal(import(lab, sale, true, false, &duplicate), ERR_OK);
    assert_true(duplicate);
    assert_int_equal(import(lab, "{\"type\":\"group\",\"groupId\":\"g\",\"messageId\":\"s2\",\"traits\":{\"name\":\"ACME\"}}", true, false,
                            &duplicate), ERR_OK);
    struct fact *facts;
    assert_int_equal(lab_facts(lab, true, &facts), 2);
    assert_int_equal(facts[0].customer, FACT_NOBODY);
    assert_int_equal(facts[0].timestamp_ms, INT64_C(1291191960000));
    assert_true(slice_is(facts[0].body, sale));
    assert_int_equal(facts[1].customer, lab_customer(lab, "group_id", "g"));
    assert_trait(lab, facts[1].customer, "name", "\"ACME\"");
    assert_int_equal(ingest_totals(lab->memory).accepted, 2);
    assert_int_equal(ingest_totals(lab->memory).duplicates, 1);
}

static void what_is_rolled_back_never_was(void **state)
{
    struct lab *lab = *state;
    bool duplicate;
    static const char event[] = "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"1\",\"traits\":{\"shoe\":44},"
                                "\"context\":{\"locale\":\"es\"}}";
    assert_int_equal(import(lab, event, false, true, &duplicate), ERR_INVALID);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM trait_schema"), 0);
    assert_int_equal(ingest_totals(lab->memory).accepted, 0);
    assert_int_equal(import(lab, event, false, false, &duplicate), ERR_OK);
    assert_false(duplicate);
    assert_trait(lab, lab_customer(lab, "user_id", "u"), "shoe", "44");
    assert_trait(lab, lab_customer(lab, "user_id", "u"), "locale", "\"es\"");
    assert_int_equal(import(lab, "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"2\",\"traits\":{\"shoe\":\"big\"}}", false, true,
                            &duplicate), ERR_INVALID);
    assert_int_equal(import(lab, "{\"type\":\"identify\",\"userId\":\"v\",\"messageId\":\"3\",\"traits\":{\"shoe\":43}}", false, false,
                            &duplicate), ERR_OK);
    assert_int_equal(lab_number(lab, "SELECT type FROM trait_schema WHERE name = 'shoe'"), TRAIT_NUMBER);
    assert_int_equal(lab_number(lab, "SELECT customers FROM trait_schema WHERE name = 'shoe'"), 2);
    lab_ingest(lab, INGEST_IDENTIFY, 1, "{\"userId\":\"w\",\"traits\":{\"shoe\":\"big\"}}");
    assert_int_equal(lab_number(lab, "SELECT type FROM trait_schema WHERE name = 'shoe'"), TRAIT_MIXED);
}

/* ---- recorded requests ---- */

/* Every body of the recording is delivered twice: the second time nothing is new, and every event that
 * came is a fact, byte for byte where the client gave a messageId and no key. */
static void replay(struct lab *lab, const char *text, size_t *events)
{
    struct json root;
    struct err e = { 0 };
    struct json_parser *parser = json_parser_new();
    if (json_parse(parser, slice_of(text), &root, &e))
        fail_msg("recording: %s", e.text);
    for (struct json_iter it = json_iter(root); json_next(&it);) {
        struct slice body = json_string(json_get(it.value, "body"), lab->mem);
        if (!body.len)
            continue;
        struct slice copy = arena_copy(lab->mem, body);  // NUL at its end
        struct ingest_result first = lab_ingest(lab, INGEST_BATCH, 1, copy.at);
        struct ingest_result second = lab_ingest(lab, INGEST_BATCH, 1, copy.at);
        assert_int_equal(first.rejected + second.rejected + second.accepted, 0);
        assert_int_equal(first.accepted + first.duplicates, second.duplicates);
        *events += first.accepted;
    }
    json_parser_drop(&parser);
}

static void recorded_requests_replay(void **state)
{
    struct lab *lab = *state;
    const char *root = getenv("TENDERO_ROOT"), *folder = getenv("TENDERO_CONFORMANCE");
    char path[1024];
    if (folder)
        snprintf(path, sizeof path, "%s/segment/capture.json", folder);
    else
        snprintf(path, sizeof path, "%s/../shared/conformance/segment/capture.json", root ? root : ".");
    const char *text = lab_file(lab, path);
    if (!text) {
        print_message("no recorded requests at %s: set TENDERO_CONFORMANCE to their folder\n", path);
        skip();
    }
    size_t events = 0, external = 0;
    replay(lab, text, &events);
    struct fact *facts;
    for (size_t n = lab_facts(lab, true, &facts); n-- > 0;)
        external += facts[n].type <= FACT_ALIAS;
    assert_true(events > 0);
    assert_int_equal(external, events);
    assert_trait(lab, lab_customer(lab, "user_id", "u-1"), "plan", "\"gold\"");
    assert_int_equal(lab_customer(lab, "anonymous_id", "an-1"), lab_customer(lab, "user_id", "u-1"));
    assert_trait(lab, lab_customer(lab, "group_id", "g-1"), "employees", "12");
}

/* ---- however it is delivered, the same is known ---- */

static uint64_t next(uint64_t *seed)
{
    return hash_mix(*seed += 0x9e3779b97f4a7c15u);
}

static const char *const story[] = {
    "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"01\",\"timestamp\":\"2026-01-01\",\"traits\":{\"plan\":\"free\",\"name\":\"Ann\"}}",
    "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"02\",\"timestamp\":\"2026-02-01\",\"traits\":{\"plan\":\"gold\"}}",
    "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"03\",\"timestamp\":\"2026-03-01\",\"traits\":{\"plan\":\"free\",\"name\":null}}",
    "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"04\",\"timestamp\":\"2026-02-15\",\"traits\":{\"plan\":\"gold\"}}",
    "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"05\",\"timestamp\":\"2026-01-15\",\"traits\":{\"name\":\"Anna\",\"shoe\":44}}",
    "{\"type\":\"identify\",\"userId\":\"v\",\"messageId\":\"06\",\"timestamp\":\"2026-04-15\",\"traits\":{\"name\":\"Bob\"}}",
    "{\"type\":\"group\",\"userId\":\"u\",\"groupId\":\"g\",\"messageId\":\"07\",\"timestamp\":\"2026-01-03\",\"traits\":{\"name\":\"ACME\"}}",
    "{\"type\":\"group\",\"userId\":\"v\",\"groupId\":\"g\",\"messageId\":\"08\",\"timestamp\":\"2026-01-02\",\"traits\":{\"name\":\"AC\"}}",
    "{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u\",\"messageId\":\"09\",\"timestamp\":\"2026-01-05\"}",
    "{\"type\":\"track\",\"event\":\"B\",\"userId\":\"v\",\"messageId\":\"10\",\"timestamp\":\"2026-01-06\"}",
    "{\"type\":\"page\",\"name\":\"C\",\"anonymousId\":\"w\",\"messageId\":\"11\",\"timestamp\":\"2026-01-07\"}",
    "{\"type\":\"track\",\"event\":\"D\",\"userId\":\"u\",\"messageId\":\"12\",\"timestamp\":\"2026-01-08\"}",
};
enum { STORY = sizeof story / sizeof *story };

/* Shuffled, some twice, cut into batches anywhere. */
static void deliver(struct lab *lab, uint64_t seed)
{
    size_t order[2 * STORY], n = 0;
    for (size_t i = 0; i < STORY; i++) {
        order[n++] = i;
        if (next(&seed) % 3 == 0)
            order[n++] = i;
    }
    for (size_t i = n; i > 1; i--) {
        size_t j = next(&seed) % i, swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    for (size_t i = 0; i < n;) {
        struct buf body = buf_make(0);
        buf_adds(&body, "{\"batch\":[");
        size_t take = 1 + next(&seed) % 5;
        for (size_t k = 0; k < take && i < n; k++, i++) {
            buf_adds(&body, k ? "," : "");
            buf_adds(&body, story[order[i]]);
        }
        buf_adds(&body, "]}");
        buf_addc(&body, 0);
        assert_int_equal(lab_ingest(lab, INGEST_BATCH, 1, body.at).rejected, 0);
        buf_drop(&body);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What is known, in words that do not depend on numbers given in order of arrival. */
static const char *known(struct lab *lab)
{
    struct fact *facts;
    const char *lines[STORY];
    size_t n = lab_facts(lab, true, &facts), told = 0;
    struct buf text = buf_make(0);
    for (size_t i = 0; i < n; i++) {
        if (facts[i].type > FACT_ALIAS)
            continue;
        assert_true(told < STORY);
        lines[told++] = arena_printf(lab->mem, "%s %.*s %lld %.*s\n", fact_type_name(facts[i].type),
                                     SLICE_ARG(facts[i].message_id), (long long)facts[i].timestamp_ms,
                                     SLICE_ARG(facts[i].body)).at;
    }
    qsort(lines, told, sizeof *lines, by_text);
    for (size_t i = 0; i < told; i++)
        buf_adds(&text, lines[i]);
    static const struct { const char *kind, *value, *trait; } asked[] = {
        { "user_id", "u", "plan" }, { "user_id", "u", "name" }, { "user_id", "u", "shoe" },
        { "user_id", "v", "name" }, { "group_id", "g", "name" } };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct slice v = trait_of(lab, lab_customer(lab, asked[i].kind, asked[i].value), asked[i].trait);
        buf_printf(&text, "%s %s: %.*s\n", asked[i].value, asked[i].trait, SLICE_ARG(v));
    }
    buf_printf(&text, "names %lld terms %lld", (long long)lab_number(lab, "SELECT count(*) FROM customer_names"),
               (long long)lab_number(lab, "SELECT count(*) FROM search_terms"));
    const char *at = arena_copy(lab->mem, buf_slice(&text)).at;
    buf_drop(&text);
    return at;
}

static void delivery_does_not_matter(void **state)
{
    (void)state;
    char *first = NULL;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct lab lab;
        lab_open(&lab);
        deliver(&lab, seed);
        const char *now = known(&lab);
        if (!first) {
            first = strdup(now);
            assert_non_null(strstr(now, "u plan: \"free\"\nu name: \nu shoe: 44\nv name: \"Bob\"\ng name: \"ACME\""));
        } else if (strcmp(first, now)) {
            fail_msg("seed %d: %s\ninstead of: %s", (int)seed, now, first);
        }
        lab_close(&lab);
    }
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_batch_becomes_facts, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(tells_live_and_counts, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(keeps_the_newest_rejections, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(refuses_whole_bodies, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(aliases_join, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(observes_devices, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(importers_take_the_same_way, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(what_is_rolled_back_never_was, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(recorded_requests_replay, lab_setup, lab_teardown),
        cmocka_unit_test(delivery_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
