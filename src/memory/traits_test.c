#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "memory/customers.h"
#include "memory/memory_testing.h"
#include "memory/traits.h"
#include "text/time.h"

/* ---- acts ---- */

struct told {
    struct lab *lab;
    const char *user;  // whose
    enum provenance provenance;
    uint32_t source;
    int day;
    const char *object;
};

static enum err_code tell_act(void *arg, struct tx *tx, struct err *e)
{
    const struct told *t = arg;
    struct json root;
    char body[200] = "{}";  // what devices observe lies in no fact of this kind
    uint32_t history;
    struct who who = { .user_id = slice_of(t->user) };
    int64_t time_ms = time_of_civil(2026, 1, t->day);
    struct fact fact = { .type = FACT_TRAIT, .source = t->source, .timestamp_ms = time_ms,
                         .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME, .received_ms = LAB_NOW };
    if (t->provenance != PROVENANCE_OBSERVED)
        snprintf(body, sizeof body, "{\"traits\":%s,\"provenance\":\"%s\"}", t->object, provenance_name(t->provenance));
    fact.body = slice_of(body);
    TRY(json_parse(t->lab->parser, slice_of(t->object), &root, e));
    TRY(tx_resolve(tx, &who, t->source, time_ms, &history, e));
    fact.customer = history;
    TRY(tx_append(tx, &fact, e));
    return tx_traits_set(tx, history, root, t->provenance, t->source, time_ms, fact.seq, e);
}

static void tell(struct lab *lab, struct told t)
{
    struct err e = { 0 };
    t.lab = lab;
    if (lab_run(lab, tell_act, &t, &e))
        fail_msg("%s: %s", t.object, e.text);
}

struct schema_act {
    const char *name;
    struct trait_schema_edit edit;
};

static enum err_code schema_run(void *arg, struct tx *tx, struct err *e)
{
    const struct schema_act *a = arg;
    return tx_trait_schema_edit(tx, slice_of(a->name), &a->edit, e);
}

static enum err_code edit_schema(struct lab *lab, const char *name, int type, int rule)
{
    struct schema_act a = { name, { .type = type, .rule = rule } };
    return lab_run(lab, schema_run, &a, NULL);
}

static size_t read_traits(struct lab *lab, const char *user, struct trait **ret)
{
    struct err e = { 0 };
    size_t n;
    uint32_t root = lab_customer(lab, "user_id", user);
    memory_read_lock(lab->memory);
    enum err_code code = traits_of(lab->memory, lab->read, root, lab->mem, ret, &n, &e);
    memory_read_unlock(lab->memory);
    if (code)
        fail_msg("traits_of: %s", e.text);
    return n;
}

static const struct trait *trait_of(struct lab *lab, const char *user, const char *name)
{
    struct trait *traits;
    size_t n = read_traits(lab, user, &traits);
    for (size_t i = 0; i < n; i++)
        if (slice_is(traits[i].name, name))
            return &traits[i];
    return NULL;
}

static struct slice value_of(struct lab *lab, const char *user, const char *name)
{
    const struct trait *t = trait_of(lab, user, name);
    return t ? t->chosen.value : SLICE("-");
}

/* ---- the rules ---- */

#define D PROVENANCE_DECLARED
#define O PROVENANCE_OBSERVED
#define I PROVENANCE_INFERRED

static const struct {
    const char *name;
    struct { enum provenance provenance; uint32_t source; int day; const char *value; } told[4];
    size_t n;
    const char *latest, *strongest, *all;  // "-": no value
} rules[] = {
    { "one", { { D, 1, 1, "1" } }, 1, "1", "1", "[1]" },
    { "newer of one source", { { D, 1, 1, "1" }, { D, 1, 2, "2" } }, 2, "2", "2", "[2]" },
    { "newer of two sources", { { D, 1, 1, "1" }, { D, 2, 2, "2" } }, 2, "2", "2", "[2,1]" },
    { "inferred later", { { D, 1, 1, "1" }, { I, 2, 2, "2" } }, 2, "2", "1", "[2,1]" },
    { "observed between", { { O, 1, 2, "1" }, { I, 2, 3, "2" }, { O, 2, 1, "3" } }, 3, "2", "1", "[2,1,3]" },
    { "said again", { { D, 1, 1, "1" }, { D, 2, 2, "2" }, { D, 1, 3, "1" } }, 3, "1", "1", "[1,2]" },
    { "said again, same source", { { D, 1, 1, "1" }, { D, 1, 2, "2" }, { D, 1, 3, "1" } }, 3, "1", "1", "[1]" },
    { "the same twice", { { D, 1, 1, "1" }, { D, 2, 2, "1" } }, 2, "1", "1", "[1]" },
    { "taken back", { { D, 1, 1, "1" }, { D, 1, 2, "null" } }, 2, "-", "-", "-" },
    { "taken back elsewhere", { { O, 1, 1, "1" }, { D, 2, 2, "null" } }, 2, "-", "1", "[1]" },
    { "taken back before", { { D, 1, 2, "1" }, { D, 2, 1, "null" } }, 2, "1", "1", "[1]" },
    { "and said after", { { D, 1, 1, "1" }, { D, 1, 2, "null" }, { D, 1, 3, "3" } }, 3, "3", "3", "[3]" },
};

/* Every order of arrival: the k-th permutation of n. */
static void permute(size_t k, size_t n, size_t *order)
{
    size_t left[4] = { 0, 1, 2, 3 };
    for (size_t i = 0; i < n; i++) {
        size_t base = 1;
        for (size_t f = 2; f < n - i; f++)
            base *= f;
        size_t at = (k / base) % (n - i);
        order[i] = left[at];
        memmove(left + at, left + at + 1, (n - i - at - 1) * sizeof *left);
    }
}

static void check_rule(struct lab *lab, size_t i, const char *user, size_t order)
{
    static const enum trait_rule each[] = { RULE_LATEST, RULE_STRONGEST, RULE_ALL };
    const char *want[] = { rules[i].latest, rules[i].strongest, rules[i].all };
    for (size_t r = 0; r < 3; r++) {
        assert_int_equal(edit_schema(lab, "x", -1, (int)each[r]), ERR_OK);
        struct slice got = value_of(lab, user, "x");
        if (!slice_is(got, want[r]))
            fail_msg("%s, order %zu, %s: %.*s instead of %s", rules[i].name, order, trait_rule_name(each[r]),
                     SLICE_ARG(got), want[r]);
    }
}

static void rules_choose_in_any_order(void **state)
{
    struct lab *lab = *state;
    static const size_t factorial[] = { 1, 1, 2, 6, 24 };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        for (size_t k = 0; k < factorial[rules[i].n]; k++) {
            char user[32];
            size_t order[4];
            snprintf(user, sizeof user, "u-%zu-%zu", i, k);
            permute(k, rules[i].n, order);
            for (size_t j = 0; j < rules[i].n; j++) {
                char object[64];
                snprintf(object, sizeof object, "{\"x\":%s}", rules[i].told[order[j]].value);
                tell(lab, (struct told){ .user = user, .provenance = rules[i].told[order[j]].provenance,
                                         .source = rules[i].told[order[j]].source,
                                         .day = rules[i].told[order[j]].day, .object = object });
            }
            check_rule(lab, i, user, k);
        }
}

/* What is said again counts as of then, also when the rest is not said again. */
static void a_part_is_said_again(void **state)
{
    struct lab *lab = *state;
    tell(lab, (struct told){ .user = "u", .source = 1, .day = 1, .object = "{\"x\":1,\"y\":1}" });
    tell(lab, (struct told){ .user = "u", .source = 2, .day = 2, .object = "{\"x\":2,\"y\":2}" });
    tell(lab, (struct told){ .user = "u", .source = 1, .day = 3, .object = "{\"x\":1}" });
    assert_true(slice_is(value_of(lab, "u", "x"), "1"));
    assert_true(slice_is(value_of(lab, "u", "y"), "2"));
}

static void others_are_kept_in_sight(void **state)
{
    struct lab *lab = *state;
    tell(lab, (struct told){ .user = "u", .source = 1, .day = 1, .object = "{\"x\":1,\"a\":true}" });
    tell(lab, (struct told){ .user = "u", .source = 2, .day = 3, .object = "{\"x\":3}" });
    tell(lab, (struct told){ .user = "u", .source = 3, .day = 2, .object = "{\"x\":2}", .provenance = O });
    tell(lab, (struct told){ .user = "u", .source = 4, .day = 2, .object = "{\"x\":null}" });
    struct trait *traits;
    assert_int_equal(read_traits(lab, "u", &traits), 2);
    assert_true(slice_is(traits[0].name, "a"));
    const struct trait *x = &traits[1];
    assert_true(slice_is(x->chosen.value, "3"));
    assert_int_equal(x->chosen.source, 2);
    assert_int_equal(x->chosen.time_ms, time_of_civil(2026, 1, 3));
    assert_int_equal(x->n_others, 2);
    assert_true(slice_is(x->others[0].value, "2") && slice_is(x->others[1].value, "1"));
    assert_int_equal(x->others[0].provenance, O);
}

static void merged_histories_choose_together(void **state)
{
    struct lab *lab = *state;
    lab_ingest(lab, INGEST_BATCH, 1, "{\"batch\":["
        "{\"type\":\"identify\",\"anonymousId\":\"an\",\"messageId\":\"1\",\"timestamp\":\"2026-01-02\",\"traits\":{\"x\":2,\"y\":1}},"
        "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"2\",\"timestamp\":\"2026-01-01\",\"traits\":{\"x\":1}},"
        "{\"type\":\"alias\",\"userId\":\"u\",\"previousId\":\"an\",\"messageId\":\"3\"}]}");
    assert_true(slice_is(value_of(lab, "u", "x"), "2"));
    assert_true(slice_is(value_of(lab, "u", "y"), "1"));
    lab_ingest(lab, INGEST_IDENTIFY, 1, "{\"userId\":\"u\",\"messageId\":\"4\",\"timestamp\":\"2026-01-03\",\"traits\":{\"x\":3}}");
    assert_true(slice_is(value_of(lab, "u", "x"), "3"));
}

/* ---- the schema ---- */

static const struct {
    const char *first, *second;
    enum trait_type one, both;
} types[] = {
    { "\"a\"", "\"b\"", TRAIT_TEXT, TRAIT_TEXT },
    { "1", "2.5e3", TRAIT_NUMBER, TRAIT_NUMBER },
    { "true", "false", TRAIT_BOOLEAN, TRAIT_BOOLEAN },
    { "\"2026-01-02\"", "\"2026-01-02T03:04:05Z\"", TRAIT_DATE, TRAIT_DATE },
    { "\"2026-01-02\"", "\"soon\"", TRAIT_DATE, TRAIT_TEXT },
    { "\"soon\"", "\"2026-01-02\"", TRAIT_TEXT, TRAIT_TEXT },
    { "\"2026-13-02\"", "\"2026-1-2\"", TRAIT_TEXT, TRAIT_TEXT },
    { "[1]", "[]", TRAIT_LIST, TRAIT_LIST },
    { "{}", "{\"a\":1}", TRAIT_OBJECT, TRAIT_OBJECT },
    { "1", "\"1\"", TRAIT_NUMBER, TRAIT_MIXED },
    { "null", "7", TRAIT_TEXT, TRAIT_NUMBER },
    { "7", "null", TRAIT_NUMBER, TRAIT_NUMBER },
};

static enum trait_type type_of(struct lab *lab, const char *name, int64_t *customers)
{
    struct trait_schema *rows;
    size_t n;
    assert_int_equal(trait_schemas(lab->read, lab->mem, &rows, &n, NULL), ERR_OK);
    for (size_t i = 0; i < n; i++)
        if (slice_is(rows[i].name, name)) {
            *customers = rows[i].customers;
            return rows[i].type;
        }
    fail_msg("no schema of %s", name);
    return TRAIT_MIXED;
}

static void types_follow_values(void **state)
{
    struct lab *lab = *state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char name[16], first[64], second[64];
        int64_t customers;
        snprintf(name, sizeof name, "t%zu", i);
        snprintf(first, sizeof first, "{\"%s\":%s}", name, types[i].first);
        snprintf(second, sizeof second, "{\"%s\":%s}", name, types[i].second);
        tell(lab, (struct told){ .user = "u", .source = 1, .day = 1, .object = first });
        assert_int_equal(type_of(lab, name, &customers), types[i].one);
        assert_int_equal(customers, 1);
        tell(lab, (struct told){ .user = "v", .source = 1, .day = 1, .object = second });
        if (type_of(lab, name, &customers) != types[i].both)
            fail_msg("%s then %s: %s", types[i].first, types[i].second,
                     trait_type_name(type_of(lab, name, &customers)));
        assert_int_equal(customers, 2);
    }
}

static void decided_types_stay(void **state)
{
    struct lab *lab = *state;
    assert_int_equal(edit_schema(lab, "x", TRAIT_NUMBER, -1), ERR_NOT_FOUND);
    tell(lab, (struct told){ .user = "u", .source = 1, .day = 1, .object = "{\"x\":\"1\"}" });
    assert_true(trait_of(lab, "u", "x")->fits);
    assert_int_equal(edit_schema(lab, "x", TRAIT_NUMBER, -1), ERR_OK);
    assert_false(trait_of(lab, "u", "x")->fits);
    tell(lab, (struct told){ .user = "v", .source = 1, .day = 2, .object = "{\"x\":\"2\"}" });
    lab_reopen(lab);
    tell(lab, (struct told){ .user = "u", .source = 1, .day = 2, .object = "{\"x\":\"2\"}" });
    int64_t customers;
    assert_int_equal(type_of(lab, "x", &customers), TRAIT_NUMBER);
    assert_int_equal(customers, 2);
    const struct trait *x = trait_of(lab, "u", "x");
    assert_true(slice_is(x->chosen.value, "\"2\"") && !x->fits);
    struct schema_act label = { "x", { .label_es = SLICE("equis"), .purpose = SLICE("service"), .type = -1, .rule = -1 } };
    assert_int_equal(lab_run(lab, schema_run, &label, NULL), ERR_OK);
    x = trait_of(lab, "u", "x");
    assert_true(slice_is(x->label_es, "equis") && slice_is(x->label_en, "") && slice_is(x->purpose, "service"));
    assert_int_equal(x->type, TRAIT_NUMBER);
}

static void names_and_words(void **state)
{
    (void)state;
    for (int i = 0; i <= RULE_ALL; i++) {
        enum trait_rule rule;
        assert_true(trait_rule_parse(slice_of(trait_rule_name((enum trait_rule)i)), &rule) && (int)rule == i);
    }
    for (int i = 0; i <= TRAIT_MIXED; i++) {
        enum trait_type type;
        assert_true(trait_type_parse(slice_of(trait_type_name((enum trait_type)i)), &type) && (int)type == i);
    }
    enum trait_rule rule;
    enum trait_type type;
    assert_false(trait_rule_parse(SLICE("newest"), &rule));
    assert_false(trait_type_parse(SLICE("string"), &type));
}

/* ---- values over time ---- */

static void the_past_is_in_the_facts(void **state)
{
    struct lab *lab = *state;
    lab_ingest(lab, INGEST_BATCH, 1, "{\"batch\":["
        "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"1\",\"timestamp\":\"2026-01-01\",\"traits\":{\"x\":1,\"y\":0}},"
        "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"2\",\"timestamp\":\"2026-01-03\",\"traits\":{\"x\":null}},"
        "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"3\",\"timestamp\":\"2026-01-02\",\"traits\":{\"x\":2}},"
        "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"4\",\"timestamp\":\"2026-01-04\",\"traits\":{\"y\":1}},"
        "{\"type\":\"group\",\"userId\":\"u\",\"groupId\":\"g\",\"messageId\":\"5\",\"timestamp\":\"2026-01-04\",\"traits\":{\"x\":\"of g\"}},"
        "{\"type\":\"group\",\"userId\":\"v\",\"groupId\":\"g\",\"messageId\":\"6\",\"timestamp\":\"2026-01-05\",\"traits\":{\"x\":\"of v\"}}]}");
    tell(lab, (struct told){ .user = "u", .source = 5, .day = 9, .object = "{\"x\":9}", .provenance = I });
    static const struct { const char *kind, *id; size_t limit, n; const char *values[4]; } cases[] = {
        { "user_id", "u", 9, 4, { "9", "null", "2", "1" } },
        { "user_id", "u", 2, 2, { "9", "null" } },
        { "group_id", "g", 9, 2, { "\"of v\"", "\"of g\"" } },
        { "user_id", "v", 9, 0, { NULL } } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trait_value *past;
        size_t n;
        uint32_t root = lab_customer(lab, cases[i].kind, cases[i].id);
        memory_read_lock(lab->memory);
        assert_int_equal(traits_history(lab->memory, lab->read, root, SLICE("x"), cases[i].limit, lab->mem, &past, &n,
                                        NULL), ERR_OK);
        memory_read_unlock(lab->memory);
        assert_int_equal(n, cases[i].n);
        for (size_t j = 0; j < n; j++)
            if (!slice_is(past[j].value, cases[i].values[j]))
                fail_msg("%s %zu: %.*s", cases[i].id, j, SLICE_ARG(past[j].value));
    }
}

/* ---- corrections and deletions ---- */

struct edit_act {
    int64_t seq;
    const char *patch;  // NULL: delete
};

static enum err_code edit_run(void *arg, struct tx *tx, struct err *e)
{
    const struct edit_act *a = arg;
    if (a->patch)
        return tx_correct(tx, a->seq, slice_of(a->patch), SLICE("ann"), SLICE("a typo"), e);
    return tx_delete_fact(tx, a->seq, SLICE("ann"), SLICE("not hers"), e);
}

static enum err_code edit(struct lab *lab, int64_t seq, const char *patch)
{
    return lab_run(lab, edit_run, &(struct edit_act){ seq, patch }, NULL);
}

static int64_t seq_of(struct lab *lab, const char *message_id)
{
    struct fact *facts;
    for (size_t n = lab_facts(lab, true, &facts); n-- > 0;)
        if (slice_is(facts[n].message_id, message_id))
            return facts[n].seq;
    fail_msg("no fact %s", message_id);
    return 0;
}

static void edits_reach_the_traits(void **state)
{
    struct lab *lab = *state;
    lab_ingest(lab, INGEST_BATCH, 1, "{\"batch\":["
        "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"1\",\"timestamp\":\"2026-01-01\",\"traits\":{\"name\":\"Ann\",\"x\":1}},"
        "{\"type\":\"identify\",\"userId\":\"u\",\"messageId\":\"2\",\"timestamp\":\"2026-01-02\",\"traits\":{\"name\":\"Bnn\",\"y\":2},"
        "\"context\":{\"locale\":\"es\"}}]}");
    int64_t customers, second = seq_of(lab, "2");
    assert_int_equal(edit(lab, second, "[]"), ERR_INVALID);
    assert_int_equal(edit(lab, 999, "{}"), ERR_NOT_FOUND);
    assert_int_equal(edit(lab, second, "{\"traits\":{\"name\":\"Anna\",\"z\":true}}"), ERR_OK);
    assert_true(slice_is(value_of(lab, "u", "name"), "\"Anna\""));
    assert_true(slice_is(value_of(lab, "u", "x"), "1") && slice_is(value_of(lab, "u", "y"), "2"));
    assert_true(slice_is(value_of(lab, "u", "z"), "true") && slice_is(value_of(lab, "u", "locale"), "\"es\""));
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM search_terms WHERE term = 'bnn'"), 0);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM search_terms WHERE term = 'anna'"), 1);
    lab_reopen(lab);
    static const char look[] = "{\"event\":\"A\",\"userId\":\"u\",\"messageId\":\"%d\",\"context\":{\"locale\":\"es\"}}";
    char body[128];
    snprintf(body, sizeof body, look, 3);
    lab_ingest(lab, INGEST_TRACK, 1, body);
    assert_int_equal(edit(lab, second, NULL), ERR_OK);
    assert_true(slice_is(value_of(lab, "u", "name"), "\"Ann\""));
    assert_null(trait_of(lab, "u", "y"));
    assert_null(trait_of(lab, "u", "locale"));
    type_of(lab, "y", &customers);
    assert_int_equal(customers, 0);
    type_of(lab, "name", &customers);
    assert_int_equal(customers, 1);
    snprintf(body, sizeof body, look, 4);
    lab_ingest(lab, INGEST_TRACK, 1, body);
    assert_true(slice_is(value_of(lab, "u", "locale"), "\"es\""));  // observed anew
    assert_int_equal(edit(lab, second, NULL), ERR_CONFLICT);
    assert_int_equal(edit(lab, second + 1, NULL), ERR_CONFLICT);  // the correction itself
}

static void expect_word(struct lab *lab, const char *want)
{
    struct slice word;
    uint32_t root = lab_customer(lab, "user_id", "u");
    memory_read_lock(lab->memory);
    assert_int_equal(traits_word(lab->memory, lab->read, root, SLICE("x"), I, lab->mem, &word, NULL), ERR_OK);
    memory_read_unlock(lab->memory);
    if (!slice_is(word, want))
        fail_msg("%.*s instead of %s", SLICE_ARG(word), want);
}

/* A model's word is a fact like any other: edits of others leave it, its own deletion takes it away. */
static void what_was_inferred_stays_what_it_is(void **state)
{
    struct lab *lab = *state;
    struct fact *facts;
    tell(lab, (struct told){ .user = "u", .source = 1, .day = 1, .object = "{\"x\":\"own\"}" });
    expect_word(lab, "");
    tell(lab, (struct told){ .user = "u", .source = 5, .day = 2, .object = "{\"x\":\"a\"}", .provenance = I });
    tell(lab, (struct told){ .user = "u", .source = 6, .day = 3, .object = "{\"x\":\"b\"}", .provenance = I });
    tell(lab, (struct told){ .user = "u", .source = 1, .day = 4, .object = "{\"x\":\"mine\"}" });
    expect_word(lab, "\"b\"");
    size_t n = lab_facts(lab, true, &facts);
    assert_int_equal(edit(lab, facts[n - 1].seq, NULL), ERR_OK);  // "mine"
    expect_word(lab, "\"b\"");
    const struct trait *x = trait_of(lab, "u", "x");
    assert_true(slice_is(x->chosen.value, "\"b\"") && x->chosen.provenance == I && x->chosen.source == 6);
    assert_int_equal(edit(lab, facts[n - 2].seq, NULL), ERR_OK);  // "b"
    expect_word(lab, "\"a\"");
    tell(lab, (struct told){ .user = "u", .source = 5, .day = 5, .object = "{\"x\":null}", .provenance = I });
    expect_word(lab, "null");
}

static void edits_of_a_group_reach_the_account(void **state)
{
    struct lab *lab = *state;
    lab_ingest(lab, INGEST_BATCH, 1, "{\"batch\":["
        "{\"type\":\"group\",\"userId\":\"u\",\"groupId\":\"g\",\"messageId\":\"1\",\"timestamp\":\"2026-01-01\",\"traits\":{\"name\":\"Acme\"}},"
        "{\"type\":\"group\",\"userId\":\"v\",\"groupId\":\"g\",\"messageId\":\"2\",\"timestamp\":\"2026-01-02\",\"traits\":{\"name\":\"Acne\"}}]}");
    struct trait *traits;
    size_t n;
    uint32_t root = lab_customer(lab, "group_id", "g");
    static const struct { const char *patch, *want; } cases[] = {
        { "{\"traits\":{\"name\":\"ACME\"}}", "\"ACME\"" }, { NULL, "\"Acme\"" } };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(edit(lab, seq_of(lab, "2"), cases[i].patch), ERR_OK);
        memory_read_lock(lab->memory);
        assert_int_equal(traits_of(lab->memory, lab->read, root, lab->mem, &traits, &n, NULL), ERR_OK);
        memory_read_unlock(lab->memory);
        assert_int_equal(n, 1);
        assert_true(slice_is(traits[0].chosen.value, cases[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rules_choose_in_any_order, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(a_part_is_said_again, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(others_are_kept_in_sight, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(merged_histories_choose_together, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(types_follow_values, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(decided_types_stay, lab_setup, lab_teardown),
        cmocka_unit_test(names_and_words),
        cmocka_unit_test_setup_teardown(the_past_is_in_the_facts, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(edits_reach_the_traits, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(what_was_inferred_stays_what_it_is, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(edits_of_a_group_reach_the_account, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
