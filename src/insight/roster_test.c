/* Who is in which audience, kept pass by pass through a random life, against each condition asked of everybody; what the
 * facts in the log make of it when it is told them anew; and who came and left, with the reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "insight/street_testing.h"
#include "memory/documents.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Beside those of the street, which are the first. */
static const char *const own[] = {
    "event count(\"Looked\", @\"P1M\") >= 1",
    "audience(\"A0\") and not(audience(\"A2\"))",
    "audience(\"A21\") or audience(\"A4\")",
    "event count(\"Never seen\") = 0",
};
#define AUDIENCES (STREET_CONDITIONS + COUNT(own))

static const char *condition_of(size_t i)
{
    return i < STREET_CONDITIONS ? street_conditions[i] : own[i - STREET_CONDITIONS];
}

struct writing {
    int64_t id;
    const char *name, *text;
};

static enum err_code write_audience(void *arg, struct tx *tx, struct err *e)
{
    struct writing *w = arg;
    if (w->id)
        return tx_document_edit(tx, AUDIENCE, w->id, slice_of(w->name), slice_of(w->text), SLICE(""), SLICE("test"), e);
    return tx_document_add(tx, AUDIENCE, slice_of(w->name), slice_of(w->text), SLICE(""), SLICE("test"), &w->id, e);
}

static int64_t save(struct street *s, int64_t id, const char *name, const char *text)
{
    struct writing w = { id, name, text };
    lab_must_run(&s->shop.lab, write_audience, &w);
    roster_touch(s->roster);
    return w.id;
}

static enum err_code remove_audience(void *arg, struct tx *tx, struct err *e)
{
    return tx_document_remove(tx, AUDIENCE, *(const int64_t *)arg, e);
}

static void pass(struct street *s)
{
    struct err e = { 0 };
    int64_t now_ms = s->shop.lab.clock.fixed_ms;
    assert_int_equal(people_refresh(s->people, now_ms, &e), ERR_OK);
    if (roster_pass(s->roster, s->people, now_ms, &e))
        fail_msg("%s", e.text);
    assert_false(roster_due(s->roster, s->people, now_ms));
}

static struct slice text_of(void *arg, struct slice name)
{
    struct street *s = arg;
    struct document_row row;
    struct err e;
    bool is;
    assert_int_equal(document_named(s->shop.lab.read, AUDIENCE, name, s->shop.lab.mem, &row, &is, &e), ERR_OK);
    return is ? row.text : (struct slice){ NULL, 0 };
}

/* The kept bits against the condition, asked of everybody. */
static void check_one(struct street *s, int64_t id)
{
    AUTO(arena) mem = arena_new((size_t)64 << 20);
    AUTO(arena) scratch = arena_new((size_t)16 << 20);
    struct condition_world w = street_world(s);
    struct document_row row;
    struct condition *c;
    struct members members;
    uint64_t *bits;
    struct err e = { 0 };
    w.audience = text_of;
    w.arg = s;
    assert_int_equal(document_read(s->shop.lab.read, AUDIENCE, id, mem, &row, &e), ERR_OK);
    char failed[200] = "";
    population_lock(s->population);
    roster_lock(s->roster);
    enum err_code code = condition_new(&w, row.text, mem, &c, &e);
    if (!code)
        code = condition_run(c, mem, scratch, NULL, &bits, &e);
    size_t rows = population_columns(s->population)->rows;
    bool found = roster_find(s->roster, id, &members);
    for (size_t i = 0; !code && found && i < rows; i++)
        if (members_have(&members, i) != bits_has(bits, i))
            snprintf(failed, sizeof failed, "%.*s: row %zu is %sin", SLICE_ARG(row.text), i,
                     bits_has(bits, i) ? "" : "not ");
    roster_unlock(s->roster);
    population_unlock(s->population);
    if (!found || (code ? !members.why : members.why || failed[0]))  // not under the locks: cmocka jumps
        fail_msg("%s", !found ? "not found" : code ? e.text : members.why ? members.why : failed);
    if (!code)
        assert_int_equal(members.n, (int64_t)bits_count(bits, rows));
}

static void check(struct street *s, const int64_t *id, size_t n)
{
    pass(s);
    for (size_t i = 0; i < n; i++)
        check_one(s, id[i]);
}

static const char *const names[] = { "A0", "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12",
                                     "A13", "A14", "A15", "A16", "A17", "A18", "A19", "A20", "A21", "A22", "A23", "A24",
                                     "A25" };

static void is_what_asking_everybody_gives(void **state)
{
    struct street *s = *state;
    int64_t id[AUDIENCES] = { 0 };
    assert_int_equal(COUNT(names), AUDIENCES);
    for (size_t i = 0; i < AUDIENCES; i++)
        id[i] = save(s, 0, names[i], condition_of(i));
    for (int turn = 0; turn < 12; turn++) {
        for (int step = 0; step < 40; step++) {
            street_live(s);
            if (any(2) == 0)
                check(s, id, COUNT(id));
            if (any(20) == 0)  // another version; the old one comes back later
                save(s, id[3], names[3], any(2) ? "spend > 10" : condition_of(3));
        }
        check(s, id, COUNT(id));
        street_stop(s);  // snapshots, and what comes after them; every other time days are of another zone
        if (turn % 2)
            s->zones = (struct zones){ street_offset, NULL, turn % 4 == 1 ? SLICE("Here") : SLICE("") };
        street_start(s);
        check(s, id, COUNT(id));
    }
}

/* Without the snapshot, told every fact since the first, the follower knows what it knew. */
static void facts_tell_all_of_it(void **state)
{
    struct street *s = *state;
    char path[120];
    int64_t id[AUDIENCES];
    struct err e;
    struct members members;
    for (size_t i = 0; i < AUDIENCES; i++)
        id[i] = save(s, 0, names[i], condition_of(i));
    for (int step = 0; step < 200; step++) {
        street_live(s);
        if (step % 10 == 0)
            check(s, id, COUNT(id));
        if (step == 90)
            save(s, id[0], names[0], "orders > 0");
    }
    check(s, id, COUNT(id));
    int64_t facts = lab_number(&s->shop.lab, "SELECT count(*) FROM audience_changes");
    street_stop(s);
    snprintf(path, sizeof path, "%s/snapshots/roster.snap", s->shop.lab.dir);
    assert_int_equal(remove(path), 0);
    street_start(s);
    for (size_t i = 0; i < COUNT(id); i++) {
        roster_lock(s->roster);
        assert_true(roster_find(s->roster, id[i], &members));
        roster_unlock(s->roster);
    }
    check(s, id, COUNT(id));
    assert_true(facts > 20);
    assert_int_equal(lab_number(&s->shop.lab, "SELECT count(*) FROM audience_changes"), facts);  // nothing was found anew
    struct audience_change *change;
    size_t n;
    assert_int_equal(audience_changes(s->shop.lab.read, id[1], 0, 1000, s->shop.lab.mem, &change, &n, &e), ERR_OK);
    for (size_t i = 0; i < n; i++)  // of one customer, in and out take turns
        for (size_t k = i + 1; k < n; k++)
            if (change[k].customer == change[i].customer) {
                assert_true(change[k].entered != change[i].entered);
                break;
            }
}

static struct audience_change newest(struct street *s, int64_t id)
{
    struct audience_change *change;
    struct err e;
    size_t n;
    assert_int_equal(audience_changes(s->shop.lab.read, id, 0, 1, s->shop.lab.mem, &change, &n, &e), ERR_OK);
    assert_int_equal(n, 1);
    return change[0];
}

static int64_t since(struct street *s, int64_t audience, uint32_t customer)
{
    struct audience_entry *entry;
    struct err e;
    size_t n;
    assert_int_equal(audience_entries(s->shop.lab.read, customer, s->shop.lab.mem, &entry, &n, &e), ERR_OK);
    for (size_t i = 0; i < n; i++)
        if (entry[i].audience == audience)
            return entry[i].at_ms;
    return FACT_NO_TIME;
}

static void reasons_are_told(void **state)
{
    struct street *s = *state;
    int64_t busy = save(s, 0, "Busy", "event count(\"Looked\", @\"P7D\") > 1");
    int64_t calm = save(s, 0, "Calm", "not(audience(\"Busy\"))");
    shop_track(&s->shop, "u1", "Looked", LAB_NOW - SHOP_DAY, "{}");
    pass(s);
    uint32_t row = shop_root(&s->shop, "u1");
    assert_int_equal(lab_number(&s->shop.lab, "SELECT count(*) FROM audience_changes"), 0);  // a version begins in one
    assert_true(since(s, calm, row) == FACT_NO_TIME);
    shop_track(&s->shop, "u1", "Looked", LAB_NOW, "{}");
    int64_t seq = log_last_seq(memory_log(s->shop.lab.memory));
    pass(s);
    struct audience_change in = newest(s, busy), out = newest(s, calm);
    assert_true(in.entered && in.because == BECAUSE_FACT && in.cause == seq && in.customer == row);
    assert_true(!out.entered && out.because == BECAUSE_FACT && out.cause == seq);
    s->shop.lab.clock.fixed_ms += 7 * SHOP_DAY;
    pass(s);
    in = newest(s, calm);
    out = newest(s, busy);
    assert_true(!out.entered && out.because == BECAUSE_TIME && out.cause == 0);
    assert_true(in.entered && in.because == BECAUSE_AUDIENCE && in.cause == busy);
    assert_int_equal(since(s, calm, row), s->shop.lab.clock.fixed_ms);
    struct fact *fact;
    size_t n = lab_facts(&s->shop.lab, true, &fact), told = 0;
    for (size_t i = 0; i < n; i++)
        told += fact[i].type == FACT_AUDIENCE && fact[i].customer == row;
    assert_int_equal(told, 4);
}

/* A start asks about those only whom something has happened to: before the stop, after the last pass, and since. */
static void a_start_asks_nobody_else(void **state)
{
    struct street *s = *state;
    int64_t seq[2], busy = save(s, 0, "Busy", "event count(\"Looked\") > 0");
    struct audience_change *change;
    struct err e;
    size_t n;
    shop_track(&s->shop, "u1", "Looked", LAB_NOW, "{}");
    pass(s);
    shop_track(&s->shop, "u2", "Looked", LAB_NOW, "{}");
    seq[0] = log_last_seq(memory_log(s->shop.lab.memory));
    assert_int_equal(population_refresh(s->population, s->people, LAB_NOW, &e), ERR_OK);
    street_stop(s);
    street_start(s);
    shop_track(&s->shop, "u3", "Looked", LAB_NOW, "{}");
    seq[1] = log_last_seq(memory_log(s->shop.lab.memory));
    pass(s);
    assert_int_equal(audience_changes(s->shop.lab.read, busy, 0, 10, s->shop.lab.mem, &change, &n, &e), ERR_OK);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++)
        assert_true(change[i].entered && change[i].because == BECAUSE_FACT && change[i].cause == seq[n - 1 - i]);
    check_one(s, busy);
}

static void a_cancelled_pass_is_made_up_for(void **state)
{
    struct street *s = *state;
    struct err e;
    int64_t busy = save(s, 0, "Busy", "event count(\"Looked\") > 0");
    pass(s);
    shop_track(&s->shop, "u1", "Looked", LAB_NOW, "{}");
    roster_cancel(s->roster);
    assert_int_equal(roster_pass(s->roster, s->people, LAB_NOW, &e), ERR_BUSY);
    street_stop(s);
    street_start(s);
    pass(s);
    assert_true(newest(s, busy).because == BECAUSE_RECOUNT);
    check_one(s, busy);
}

static void broken_ones_say_why_and_wait(void **state)
{
    struct street *s = *state;
    struct members members;
    int64_t a = save(s, 0, "A", "orders > 0"), b = save(s, 0, "B", "audience(\"A\") or spend > 5");
    shop_buy(&s->shop, "u1", "o1", SHOP_T0, "mug");
    pass(s);
    assert_true(roster_find(s->roster, b, &members) && members.n == 1);
    lab_must_run(&s->shop.lab, remove_audience, &a);
    pass(s);
    assert_false(roster_find(s->roster, a, &members));
    assert_int_equal(lab_number(&s->shop.lab, "SELECT count(*) FROM audience_starts"), 1);
    assert_true(roster_find(s->roster, b, &members));
    assert_non_null(strstr(members.why, "there is no audience 'A'"));
    assert_int_equal(members.n, 1);
    a = save(s, 0, "A", "audience(\"B\")");  // in a circle
    pass(s);
    assert_true(roster_find(s->roster, b, &members));
    assert_non_null(strstr(members.why, "leads back to itself"));
    save(s, a, "A", "orders > 5");
    pass(s);
    check_one(s, b);
    assert_true(roster_find(s->roster, b, &members));
    assert_int_equal(members.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_what_asking_everybody_gives, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(facts_tell_all_of_it, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(reasons_are_told, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(a_start_asks_nobody_else, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_pass_is_made_up_for, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(broken_ones_say_why_and_wait, street_setup, street_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
