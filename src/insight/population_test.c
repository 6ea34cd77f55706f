/* The population that was told things one by one against one that reads everybody anew, after every few steps of a random
 * life: events late and early, orders, refunds, traits, merges, unmerges, deletions, a clock that passes midnight. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "insight/street_testing.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void print_bits(const uint64_t *bits, size_t rows, struct buf *out)
{
    for (size_t row = 0; row < rows; row++)
        if (bits_has(bits, row))
            buf_printf(out, " %zu", row);
    buf_addc(out, '\n');
}

static void print_conditions(struct street *s, struct buf *out)
{
    const struct condition_world w = street_world(s);
    size_t rows = population_columns(s->population)->rows;
    for (size_t i = 0; i < STREET_CONDITIONS; i++) {
        AUTO(arena) mem = arena_new((size_t)64 << 20);
        AUTO(arena) scratch = arena_new((size_t)16 << 20);
        struct condition *c;
        uint64_t *bits;
        struct err e = { 0 };
        enum err_code code = condition_new(&w, slice_of(street_conditions[i]), mem, &c, &e);
        if (!code)
            code = condition_run(c, mem, scratch, NULL, &bits, &e);
        buf_printf(out, "%zu:", i);
        if (code)
            buf_printf(out, " %s\n", e.text);
        else
            print_bits(bits, rows, out);
    }
}

static int by_name(const void *a, const void *b)
{
    return slice_cmp((*(const struct column *const *)a)->name, (*(const struct column *const *)b)->name);
}

/* Everything that can be asked, in an order of its own. */
static const char *print(struct street *s)
{
    struct err e = { 0 };
    struct buf out = buf_make(0);
    const struct column *column[64];
    assert_int_equal(people_refresh(s->people, s->shop.lab.clock.fixed_ms, &e), ERR_OK);
    if (population_refresh(s->population, s->people, s->shop.lab.clock.fixed_ms, &e))
        fail_msg("%s", e.text);
    population_lock(s->population);
    const struct columns *columns = population_columns(s->population);
    for (size_t i = 0; i < columns->n; i++)
        column[i] = &columns->column[i];
    qsort(column, columns->n, sizeof *column, by_name);
    for (size_t row = 1; row < columns->rows; row++) {
        buf_printf(&out, "%zu%s", row, bits_has(population_customers(s->population), row) ? "" : " of another");
        for (size_t i = 0; i < columns->n; i++) {
            bool ok;
            struct value v = column_value(column[i], row, s->shop.lab.mem, &ok);
            if (value_is_null(v))
                continue;
            buf_printf(&out, "; %.*s ", SLICE_ARG(column[i]->name));
            value_literal(v, &out);
        }
        buf_addc(&out, '\n');
    }
    print_conditions(s, &out);
    population_unlock(s->population);
    struct slice text = arena_copy(s->shop.lab.mem, buf_slice(&out));
    buf_drop(&out);
    return text.at;
}

/* The first line that is another one. */
static void fail_differing(int turn, const char *told, const char *anew)
{
    const char *line = told;
    for (; *told && *told == *anew; told++, anew++)
        if (*told == '\n')
            line = told + 1;
    fail_msg("turn %d: told %.*s\n read anew from there: %.60s", turn, (int)strcspn(line, "\n"), line, anew);
}

static void is_what_reading_anew_gives(void **state)
{
    struct street *s = *state;
    for (int turn = 0; turn < 60; turn++) {
        for (int step = 0; step < 25; step++) {
            street_live(s);
            if (any(3) == 0)
                print(s);  // takes in what happened, little by little
        }
        const char *told = print(s);
        struct population *kept = s->population;
        street_stop(s);
        char path[120];
        snprintf(path, sizeof path, "%s/snapshots/columns.snap", s->shop.lab.dir);
        if (turn % 2)  // else from where it stopped
            assert_int_equal(remove(path), 0);
        assert_non_null(kept);
        street_start(s);
        const char *anew = print(s);
        if (strcmp(told, anew) != 0)
            fail_differing(turn, told, anew);
    }
}

static struct condition *make(struct street *s, struct condition_world *w, const char *text, struct arena *mem)
{
    struct condition *c;
    struct err e = { 0 };
    *w = street_world(s);
    if (condition_new(w, slice_of(text), mem, &c, &e))
        fail_msg("%s: %s", text, e.text);
    return c;
}

static size_t count(struct street *s, const char *text)
{
    AUTO(arena) mem = arena_new((size_t)64 << 20);
    AUTO(arena) scratch = arena_new((size_t)16 << 20);
    struct err e = { 0 };
    struct condition_world w;
    uint64_t *bits;
    assert_int_equal(population_refresh(s->population, s->people, s->shop.lab.clock.fixed_ms, &e), ERR_OK);
    population_lock(s->population);
    assert_int_equal(condition_run(make(s, &w, text, mem), mem, scratch, NULL, &bits, &e), ERR_OK);
    size_t n = bits_count(bits, population_columns(s->population)->rows);
    population_unlock(s->population);
    return n;
}

/* Windows end with today and begin the given number of days before tomorrow. */
static void windows_are_whole_days(void **state)
{
    struct street *s = *state;
    int64_t midnight = LAB_NOW - LAB_NOW % SHOP_DAY;
    shop_track(&s->shop, "u1", "Looked", midnight - 6 * SHOP_DAY, "{}");       // the first moment of the seventh day
    shop_track(&s->shop, "u2", "Looked", midnight - 6 * SHOP_DAY - 1, "{}");   // the last before it
    shop_track(&s->shop, "u2", "Looked", midnight, "{}");
    assert_int_equal(count(s, "event count(\"Looked\", @\"P7D\") = 1"), 2);
    assert_int_equal(count(s, "event count(\"Looked\", @\"P8D\") = 2"), 1);
    assert_int_equal(count(s, "event count(\"Looked\") = 2"), 1);
    assert_int_equal(count(s, "event count(\"Never seen\") = 0"), 2);
    s->shop.lab.clock.fixed_ms += SHOP_DAY;                                    // a day passes, nothing else happens
    assert_int_equal(count(s, "event count(\"Looked\", @\"P7D\") = 1"), 1);
    assert_int_equal(count(s, "event count(\"Looked\", @\"P1M\") > 0"), 2);
}

/* Days begin at the shop's midnight, also on the day that has 25 hours. */
static void days_are_the_shops(void **state)
{
    struct street *s = *state;
    int64_t midnight = LAB_NOW - LAB_NOW % SHOP_DAY, hour = SHOP_DAY / 24;  // 2026-11-23T00:00Z
    int64_t long_day = midnight - 29 * SHOP_DAY;                             // 2026-10-25T00:00Z
    shop_track(&s->shop, "u1", "Looked", midnight - hour / 2, "{}");
    shop_track(&s->shop, "u2", "Changed", long_day - 2 * hour, "{}");        // the first moment of the 25th
    shop_track(&s->shop, "u3", "Changed", long_day - 2 * hour - 1, "{}");
    shop_track(&s->shop, "u4", "Changed", long_day + 23 * hour - 1, "{}");   // its last
    shop_track(&s->shop, "u5", "Changed", long_day + 23 * hour, "{}");
    assert_int_equal(count(s, "event count(\"Looked\", @\"P1D\") = 1"), 0);
    assert_int_equal(count(s, "last event(\"Changed\") = @\"2026-10-25\""), 2);
    assert_int_equal(count(s, "today() = @\"2026-11-23\" and last seen < today()"), 5);
    street_stop(s);
    s->zones = (struct zones){ street_offset, NULL, SLICE("Here") };
    street_start(s);
    assert_int_equal(count(s, "event count(\"Looked\", @\"P1D\") = 1"), 1);
    assert_int_equal(count(s, "last event(\"Changed\") = @\"2026-10-25\""), 2);
    assert_int_equal(count(s, "last event(\"Changed\") = @\"2026-10-25\" and first seen = @\"2026-10-25\""), 2);
    assert_int_equal(count(s, "last event(\"Changed\") = @\"2026-10-24\""), 1);
    assert_int_equal(count(s, "last seen < today()"), 4);
}

static void flaws_have_their_place(void **state)
{
    static const struct street_flaw flaws[] = {
        { "ordres > 2", "line 1, column 1: nothing is called 'ordres'; 'orders' is" },
        { "orders > 2 and\n  spnd > 3", "line 2, column 3: nothing is called 'spnd'; 'spend' is" },
        { "orders >", "line 1, column 9: " },
        { "event count(orders) > 2", "line 1, column 1: the event's name" },
        { "event count(\"A\", 90) > 2", "column 18: a window is a duration" },
        { "audience(\"Nobody\")", "there is no audience 'Nobody'" },
    };
    struct street *s = *state;
    struct err e = { 0 };
    assert_int_equal(population_refresh(s->population, s->people, LAB_NOW, &e), ERR_OK);
    street_flaws(s, flaws, COUNT(flaws));
}

static struct slice other_audience(void *arg, struct slice name)
{
    (void)arg;
    if (slice_is(name, "Buyers"))
        return SLICE("orders > 0");
    return slice_is(name, "Loop") ? SLICE("audience(\"Loop\")") : (struct slice){ NULL, 0 };
}

static void explains_and_composes(void **state)
{
    struct street *s = *state;
    AUTO(arena) mem = arena_new((size_t)64 << 20);
    struct err e = { 0 };
    struct condition_world w = street_world(s);
    struct condition *c;
    struct condition_why why;
    shop_buy(&s->shop, "u1", "o1", SHOP_T0, "mug");
    assert_int_equal(population_refresh(s->population, s->people, LAB_NOW, &e), ERR_OK);
    population_lock(s->population);
    w.audience = other_audience;
    assert_int_equal(condition_new(&w, SLICE("audience(\"Buyers\") and orders > 1 and not(known)"), mem, &c, &e), ERR_OK);
    assert_int_equal(condition_explain(c, shop_root(&s->shop, "u1"), mem, &why, &e), ERR_OK);
    assert_int_equal(why.joint, WHY_AND);
    assert_int_equal(why.n_parts, 3);
    assert_int_equal(why.is, VALUE_EQ_FALSE);
    assert_int_equal(why.part[0].is, VALUE_EQ_TRUE);
    assert_int_equal(why.part[1].is, VALUE_EQ_FALSE);
    assert_int_equal(why.part[1].n_values, 1);
    assert_true(slice_is(why.part[1].value[0].name, "orders"));
    assert_int_equal(why.part[2].joint, WHY_NOT);
    assert_int_equal(condition_new(&w, SLICE("audience(\"Loop\")"), mem, &c, &e), ERR_INVALID);
    population_unlock(s->population);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_what_reading_anew_gives, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(windows_are_whole_days, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(days_are_the_shops, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(flaws_have_their_place, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(explains_and_composes, street_setup, street_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
