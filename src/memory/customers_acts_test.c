/* What staff do with customers, what readers see of them, and the limits. */
#include "memory/customers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "memory/customers_write.h"
#include "memory/memory_testing.h"

static struct customers *who_of(const struct lab *lab)
{
    return memory_customers(lab->memory);
}

static const struct identifier ann[] = { { { "user_id", 7 }, { "ann", 3 } }, { { "email", 5 }, { "A@a.example", 11 } } };
static const struct identifier bob[] = { { { "user_id", 7 }, { "bob", 3 } }, { { "crm", 3 }, { "k:1", 3 } } };
static const struct identifier acme[] = { { { "group_id", 8 }, { "acme", 4 } } };

/* c1 ann, c2 bob, c3 acme (a company), c4 a person with nothing. */
static enum err_code four(void *arg, struct tx *tx, struct err *e)
{
    uint32_t id;
    (void)arg;
    TRY(tx_customer_new(tx, KIND_PERSON, ann, 2, 1, &id, e));
    TRY(tx_customer_new(tx, KIND_PERSON, bob, 2, 1, &id, e));
    TRY(tx_customer_new(tx, KIND_COMPANY, acme, 1, 1, &id, e));
    return tx_customer_new(tx, KIND_PERSON, NULL, 0, 1, &id, e);
}

static int setup(void **state)
{
    assert_int_equal(lab_setup(state), 0);
    lab_must_run(*state, four, NULL);
    return 0;
}

/* ---- refusals ---- */

struct refusal {
    const char *name;
    enum { NEW, MERGE, UNMERGE, MEMBER, DISMISS } act;
    uint32_t a, b;
    enum err_code code;
    const char *text;  // a part of it
};
static const struct refusal refusals[] = {
    { "an identifier of somebody else", NEW, 0, 0, ERR_CONFLICT, "identifier 2 belongs to customer c1" },
    { "two userIds", NEW, 1, 0, ERR_INVALID, "one user_id" },
    { "a role's mailbox", NEW, 2, 0, ERR_INVALID, "keep it as a trait" },
    { "an identifier that names nobody", NEW, 3, 0, ERR_INVALID, "identifier 1 names nobody" },
    { "merged with itself", MERGE, 1, 1, ERR_INVALID, "itself" },
    { "merged with nobody", MERGE, 1, 9, ERR_NOT_FOUND, "c9" },
    { "nobody merged", MERGE, 0, 1, ERR_NOT_FOUND, "c0" },
    { "a person with a company", MERGE, 1, 3, ERR_CONFLICT, "c1 is a person, c3 a company" },
    { "unmerge of nothing", UNMERGE, 77, 0, ERR_NOT_FOUND, "77" },
    { "a person as account", MEMBER, 1, 2, ERR_INVALID, "c2 is a person" },
    { "a company that acts", MEMBER, 3, 3, ERR_INVALID, "c3 is no person" },
    { "a member of nobody", MEMBER, 1, 8, ERR_NOT_FOUND, "c8" },
    { "dismiss nothing", DISMISS, 5, 0, ERR_NOT_FOUND, "5" },
};

static enum err_code refused_new(struct tx *tx, uint32_t which, struct err *e)
{
    static const struct identifier lists[][2] = {
        { { { "crm", 3 }, { "new", 3 } }, { { "email", 5 }, { "a@A.example", 11 } } },
        { { { "user_id", 7 }, { "x", 1 } }, { { "user_id", 7 }, { "y", 1 } } },
        { { { "user_id", 7 }, { "x", 1 } }, { { "email", 5 }, { "info@a.example", 14 } } },
        { { { "user_id", 7 }, { "null", 4 } }, { { "user_id", 7 }, { "y", 1 } } },
    };
    uint32_t id;
    return tx_customer_new(tx, KIND_PERSON, lists[which], 2, 1, &id, e);
}

static enum err_code refused(void *arg, struct tx *tx, struct err *e)
{
    const struct refusal *r = arg;
    int64_t id;
    struct slice none = SLICE("");
    switch (r->act) {
    case NEW: return refused_new(tx, r->a, e);
    case MERGE: return tx_merge(tx, r->a, r->b, SLICE("by_hand"), none, none, &id, e);
    case UNMERGE: return tx_unmerge(tx, r->a, none, e);
    case MEMBER: return tx_membership(tx, r->a, r->b, none, false, none, e);
    case DISMISS: return tx_suggestion_dismiss(tx, r->a, e);
    }
    return ERR_OK;
}

static void refusals_say_why(void **state)
{
    struct lab *lab = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct err e = { 0 };
        struct refusal r = refusals[i];
        assert_int_equal(lab_run(lab, refused, &r, &e), r.code);
        if (!strstr(e.text, r.text))
            fail_msg("%s: %s", r.name, e.text);
        assert_int_equal(customers_count(who_of(lab)), 4);
        assert_int_equal(customers_roots(who_of(lab)), 4);
    }
}

/* ---- merging by hand, told in rows ---- */

static enum err_code merge_both(void *arg, struct tx *tx, struct err *e)
{
    int64_t *ids = arg;
    TRY(tx_merge(tx, 1, 2, SLICE("by_hand"), SLICE("eva"), SLICE("the \"same\""), &ids[0], e));
    return tx_merge(tx, 4, 2, SLICE("by_hand"), SLICE("eva"), SLICE(""), &ids[1], e);
}

static enum err_code unmerge(void *arg, struct tx *tx, struct err *e)
{
    return tx_unmerge(tx, *(int64_t *)arg, SLICE("eva"), e);
}

static void merges_are_listed(void **state)
{
    struct lab *lab = *state;
    int64_t ids[2];
    lab_must_run(lab, merge_both, ids);
    assert_int_equal(customers_root(who_of(lab), 1), 4);
    lab->clock.fixed_ms += 5000;
    lab_must_run(lab, unmerge, &ids[0]);
    struct err e = { 0 };
    assert_int_equal(lab_run(lab, unmerge, &ids[0], &e), ERR_CONFLICT);
    assert_non_null(strstr(e.text, "undone before"));
    lab_reopen(lab);

    struct merge_row *rows;
    size_t n;
    static const struct {
        uint32_t root;
        size_t n;
    } cases[] = { { 0, 2 }, { 1, 1 }, { 4, 2 }, { 3, 0 } };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(customers_merges(who_of(lab), lab->read, cases[i].root, 0, 10, lab->mem, &rows, &n, &e),
                         ERR_OK);
        assert_int_equal(n, cases[i].n);
    }
    assert_int_equal(customers_merges(who_of(lab), lab->read, 4, 0, 1, lab->mem, &rows, &n, &e), ERR_OK);
    assert_int_equal(n, 1);
    assert_true(rows[0].id == ids[1] && rows[0].undone_ms == FACT_NO_TIME);
    assert_int_equal(customers_merges(who_of(lab), lab->read, 4, rows[0].id, 10, lab->mem, &rows, &n, &e), ERR_OK);
    assert_int_equal(n, 1);
    assert_true(rows[0].id == ids[0] && rows[0].undone_ms == LAB_NOW + 5000 && rows[0].at_ms == LAB_NOW);
    assert_true(slice_is(rows[0].reason, "by_hand") && slice_is(rows[0].by, "eva")
                && slice_is(rows[0].note, "the \"same\""));
    assert_int_equal(customers_root(who_of(lab), 2), 4);
    assert_int_equal(customers_root(who_of(lab), 1), 1);

    struct fact *facts;
    assert_int_equal(lab_facts(lab, true, &facts), 3);
    assert_true(facts[0].type == FACT_MERGE && facts[0].customer == 2 && facts[0].seq == ids[0]);
    assert_true(slice_is(facts[0].body, "{\"winner\":1,\"loser\":2,\"reason\":\"by_hand\",\"by\":\"eva\","
                                        "\"note\":\"the \\\"same\\\"\"}"));
    assert_true(facts[2].type == FACT_UNMERGE && facts[2].customer == 2);
}

/* ---- what people write ---- */

static void references(void **state)
{
    struct lab *lab = *state;
    static const struct {
        const char *ref;
        uint32_t want;  // 0: not found
    } cases[] = {
        { "c1", 1 }, { "c4", 4 }, { " c2 ", 2 }, { "c0", 0 }, { "c5", 0 }, { "c+1", 0 }, { "c", 0 }, { "1", 0 },
        { "user_id:bob", 2 }, { "bob", 2 }, { "email:a@a.example", 1 }, { "A@A.EXAMPLE", 1 }, { "user_id:nobody", 0 },
        { "crm:k:1", 2 }, { "k:1", 2 }, { "acme", 3 }, { "group_id:acme", 3 }, { "email:bob", 0 }, { "", 0 },
        { ":", 0 }, { "c99999999999999999999", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t root = 0;
        enum err_code code = customers_resolve(who_of(lab), lab->read, slice_of(cases[i].ref), &root, NULL);
        if (code != (cases[i].want ? ERR_OK : ERR_NOT_FOUND) || root != cases[i].want)
            fail_msg("'%s': c%u, %s", cases[i].ref, root, err_name(code));
    }
}

/* ---- faces ---- */

static enum err_code give_faces(void *arg, struct tx *tx, struct err *e)
{
    int64_t id;
    (void)arg;
    struct customer_face of_ann = { .name = SLICE("Ann"), .email = SLICE("a@a.example") };
    struct customer_face of_bob = { .name = SLICE("Bob"), .country = SLICE("ES") };
    struct customer_face later = { .name = SLICE("Ann Lee"), .email = SLICE("ann@a.example") };
    TRY(tx_customer_face(tx, 1, &of_ann, e));
    TRY(tx_customer_face(tx, 2, &of_bob, e));
    TRY(tx_customer_face(tx, 1, &later, e));
    return tx_merge(tx, 1, 2, SLICE("by_hand"), SLICE("eva"), SLICE(""), &id, e);
}

static void faces(void **state)
{
    struct lab *lab = *state;
    struct customer_face face;
    lab_must_run(lab, give_faces, NULL);
    assert_int_equal(customers_face(who_of(lab), lab->read, 1, lab->mem, &face, NULL), ERR_OK);
    assert_true(slice_is(face.name, "Ann Lee") && slice_is(face.email, "ann@a.example"));
    assert_true(slice_is(face.user_id, "ann") && slice_is(face.country, "ES"));
    assert_int_equal(customers_face(who_of(lab), lab->read, 4, lab->mem, &face, NULL), ERR_OK);
    assert_true(!face.name.len && !face.email.len && !face.user_id.len && !face.country.len);
}

/* ---- accounts ---- */

static enum err_code join_accounts(void *arg, struct tx *tx, struct err *e)
{
    uint32_t *account = arg;
    struct slice none = SLICE("");
    TRY(tx_group(tx, 1, SLICE("acme"), KIND_COMPANY, none, 1, 1000, &account[0], e));
    TRY(tx_group(tx, 1, SLICE("acme"), KIND_COMPANY, none, 1, 2000, &account[0], e));  // no news
    TRY(tx_group(tx, 1, SLICE("home"), KIND_HOUSEHOLD, SLICE("parent"), 1, 3000, &account[1], e));
    TRY(tx_group(tx, 2, SLICE("null"), KIND_COMPANY, none, 1, 4000, &account[2], e));
    TRY(tx_group(tx, FACT_NOBODY, SLICE("lone"), KIND_PERSON, none, 1, 4000, &account[3], e));
    return tx_membership(tx, 2, 3, SLICE("buyer"), false, SLICE("eva"), e);
}

static enum err_code leave(void *arg, struct tx *tx, struct err *e)
{
    (void)arg;
    return tx_membership(tx, 1, 3, SLICE(""), true, SLICE("eva"), e);
}

static void accounts(void **state)
{
    struct lab *lab = *state;
    uint32_t account[4];
    struct membership_row *rows;
    size_t n;
    lab_must_run(lab, join_accounts, account);
    assert_int_equal(account[0], 3);
    assert_int_equal(account[2], FACT_NOBODY);
    assert_int_equal(customers_kind(who_of(lab), account[1]), KIND_HOUSEHOLD);
    assert_int_equal(customers_kind(who_of(lab), account[3]), KIND_COMPANY);
    assert_int_equal(customers_memberships(who_of(lab), lab->read, 1, false, lab->mem, &rows, &n, NULL), ERR_OK);
    assert_int_equal(n, 2);
    assert_true(rows[0].account == 3 && slice_is(rows[0].role, "member") && rows[0].since_ms == 1000);
    assert_true(rows[1].account == account[1] && slice_is(rows[1].role, "parent"));
    assert_int_equal(customers_memberships(who_of(lab), lab->read, 3, true, lab->mem, &rows, &n, NULL), ERR_OK);
    assert_int_equal(n, 2);
    assert_true(rows[0].person == 1 && rows[1].person == 2 && slice_is(rows[1].role, "buyer"));

    lab_must_run(lab, leave, NULL);
    struct err e;
    assert_int_equal(lab_run(lab, leave, NULL, &e), ERR_NOT_FOUND);
    assert_int_equal(customers_memberships(who_of(lab), lab->read, 3, true, lab->mem, &rows, &n, NULL), ERR_OK);
    assert_int_equal(n, 1);
    struct fact *facts;
    assert_int_equal(lab_facts(lab, true, &facts), 4);
    assert_true(slice_is(facts[0].body, "{\"account\":3,\"role\":\"member\"}") && facts[0].customer == 1);
    assert_true(slice_is(facts[3].body, "{\"account\":3,\"ended\":true,\"by\":\"eva\"}"));
    assert_int_equal(lab_number(lab, "SELECT COUNT(*) FROM memberships"), 3);
}

/* ---- limits ---- */

static enum err_code hundred_and_two_devices(void *arg, struct tx *tx, struct err *e)
{
    uint32_t *last = arg;
    for (int i = 0; i < 102; i++) {
        char device[16];
        snprintf(device, sizeof device, "d%d", i);
        struct who who = { .user_id = SLICE("ann"), .anonymous_id = slice_of(device) };
        uint32_t history;
        TRY(tx_resolve(tx, &who, 1, 5000, &history, e));
        assert_int_equal(history, 1);
    }
    struct who again = { .user_id = SLICE("ann"), .anonymous_id = SLICE("d101") };
    struct who only = { .anonymous_id = SLICE("d101") };
    TRY(tx_resolve(tx, &again, 1, 5000, last, e));
    return tx_resolve(tx, &only, 1, 5000, last, e);
}

static void identifiers_beyond_the_limit(void **state)
{
    struct lab *lab = *state;
    uint32_t last;
    lab_must_run(lab, hundred_and_two_devices, &last);
    assert_int_equal(last, 6);
    assert_int_equal(customers_root(who_of(lab), 5), 5);
    assert_int_equal(customers_root(who_of(lab), 6), 6);
    struct suggestion_row *rows;
    size_t n;
    assert_int_equal(customers_suggestions(who_of(lab), lab->read, 0, 10, lab->mem, &rows, &n, NULL), ERR_OK);
    assert_int_equal(n, 1);
    assert_true(rows[0].a == 1 && rows[0].b == 5 && slice_is(rows[0].code, "identifier_limit")
                && slice_is(rows[0].value, "d100"));
    struct identifier_row *ids;
    assert_int_equal(customers_identifiers(who_of(lab), lab->read, 1, lab->mem, &ids, &n, NULL), ERR_OK);
    assert_int_equal(n, 102);  // a hundred devices, the userId, the e-mail
}

static enum err_code thousand_merged(void *arg, struct tx *tx, struct err *e)
{
    (void)arg;
    uint32_t first = 0, id;
    int64_t merge;
    for (int i = 0; i < LIMIT_MERGE_LEAVES; i++) {
        TRY(tx_customer_new(tx, KIND_PERSON, NULL, 0, 1, &id, e));
        if (!first)
            first = id;
        else
            TRY(tx_merge(tx, first, id, SLICE("by_hand"), SLICE(""), SLICE(""), &merge, e));
    }
    return ERR_OK;
}

static enum err_code merge_one_more(void *arg, struct tx *tx, struct err *e)
{
    (void)arg;
    int64_t merge;
    return tx_merge(tx, 5, 4, SLICE("by_hand"), SLICE(""), SLICE(""), &merge, e);
}

static void histories_beyond_the_limit(void **state)
{
    struct lab *lab = *state;
    struct err e = { 0 };
    lab_must_run(lab, thousand_merged, NULL);
    assert_int_equal(lab_run(lab, merge_one_more, NULL, &e), ERR_LIMIT);
    assert_non_null(strstr(e.text, "1001 histories"));
    static uint32_t histories[LIMIT_MERGE_LEAVES];
    assert_int_equal(customers_histories(who_of(lab), 900, histories, LIMIT_MERGE_LEAVES), LIMIT_MERGE_LEAVES);
    assert_int_equal(histories[0], 5);
    assert_int_equal(customers_roots(who_of(lab)), 5);
    lab_reopen(lab);
    assert_int_equal(customers_roots(who_of(lab)), 5);
    struct merge_row *rows;
    size_t n;
    assert_int_equal(customers_merges(who_of(lab), lab->read, 5, 0, 500, lab->mem, &rows, &n, NULL), ERR_OK);
    assert_int_equal(n, 500);
}

static enum err_code long_identifier(void *arg, struct tx *tx, struct err *e)
{
    char value[LIMIT_IDENTIFIER + 1];
    memset(value, 'x', sizeof value);
    struct who who = { .user_id = { value, sizeof value } };
    return tx_resolve(tx, &who, 1, 0, arg, e);
}

static void identifiers_that_are_too_long(void **state)
{
    struct err e = { 0 };
    uint32_t history;
    assert_int_equal(lab_run(*state, long_identifier, &history, &e), ERR_LIMIT);
    assert_int_equal(customers_count(who_of(*state)), 4);
}

/* ---- what readers see meanwhile, and activity ---- */

static enum err_code visit(void *arg, struct tx *tx, struct err *e)
{
    struct lab *lab = arg;
    uint32_t history, again;
    static const struct identifier device = { { "anonymous_id", 12 }, { "new", 3 } };
    struct who who = { .user_id = SLICE("eve"), .anonymous_id = device.value };
    TRY(tx_resolve(tx, &who, 1, 7000, &history, e));
    TRY(tx_resolve(tx, &who, 1, 7000, &again, e));
    assert_int_equal(history, again);
    assert_int_equal(customers_find(who_of(lab), device), 0);  // readers do not
    assert_int_equal(customers_count(who_of(lab)), 4);
    assert_int_equal(customers_root(who_of(lab), history), history);
    assert_int_equal(customers_known(who_of(lab)), 2);
    static const int64_t times[] = { 9000, 8000 };
    for (size_t i = 0; i < 2; i++) {
        struct fact fact = { .type = FACT_TRACK, .customer = history, .source = 1, .timestamp_ms = times[i],
                             .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms,
                             .event = SLICE("Seen"), .body = SLICE("{}") };
        TRY(tx_append(tx, &fact, e));
    }
    return ERR_OK;
}

static void seen(const struct lab *lab, uint32_t id, int64_t first_ms, int64_t last_ms)
{
    assert_true(customers_first_seen_ms(who_of(lab), id) == first_ms);
    assert_true(customers_last_seen_ms(who_of(lab), id) == last_ms);
}

static void readers_see_commits_only(void **state)
{
    struct lab *lab = *state;
    lab_must_run(lab, visit, lab);
    for (int restart = 0; restart < 2; restart++) {
        assert_int_equal(customers_count(who_of(lab)), 5);
        assert_int_equal(customers_known(who_of(lab)), 3);
        seen(lab, 5, 8000, 9000);
        seen(lab, 4, LAB_NOW, LAB_NOW);          // made by hand: no fact from outside
        seen(lab, 6, FACT_NO_TIME, FACT_NO_TIME);  // newer than what memory shows
        assert_int_equal(customers_root(who_of(lab), 6), 6);
        assert_false(customers_is_known(who_of(lab), 6));
        lab_reopen(lab);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, lab_teardown)
    const struct CMUnitTest tests[] = {
        TEST(refusals_say_why),
        TEST(merges_are_listed),
        TEST(references),
        TEST(faces),
        TEST(accounts),
        TEST(identifiers_beyond_the_limit),
        TEST(histories_beyond_the_limit),
        TEST(identifiers_that_are_too_long),
        TEST(readers_see_commits_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
