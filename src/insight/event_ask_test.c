/* Questions about events: each measure by hand, then all of them at random against the plainest way to work them out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "insight/street_testing.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define HOUR (SHOP_DAY / 24)

static void look(struct street *s, const char *who, int64_t at, const char *properties)
{
    shop_track(&s->shop, who, "Looked", at, properties);
}

static void measures_properties(void **state)
{
    struct street *s = *state;
    int64_t at = LAB_NOW - 40 * SHOP_DAY;
    look(s, "u1", at, "{'price': 1.5, 'room': 'hall', 'gift': true}");
    look(s, "u1", at + SHOP_DAY, "{'price': 2, 'room': 'shed'}");
    look(s, "u1", at + 35 * SHOP_DAY, "{'price': 0.000001, 'room': 'hall', 'line total': 7}");
    look(s, "u2", at, "{'price': 'none', 'room': null}");
    look(s, "u3", at, "{'tags': ['a', 'b'], 'price': 3}");
    street_refresh(s);
    street_need(s, "u1", "event sum(\"Looked\", price) = 3.500001");
    street_need(s, "u1", "event mean(event: \"Looked\", property: price) = 1.166667");
    street_need(s, "u1", "event min(\"Looked\", \"price\") = 0.000001 and event max(\"Looked\", price) = 2");
    street_need(s, "u1", "event distinct(\"Looked\", room) = 2 and event distinct(\"Looked\", price) = 3");
    street_need(s, "u1", "event sum(\"Looked\", price, room = \"hall\") = 1.500001");
    street_need(s, "u1", "event sum(event: \"Looked\", where: room = \"hall\", within: @\"P10D\", property: price) = 0.000001");
    look(s, "u4", at, "{'product': 'p', 'count': 2}");
    street_refresh(s);
    street_need(s, "u4", "event count(\"Looked\", product = \"p\") = 1");
    street_need(s, "u4", "event sum(\"Looked\", count) = 2");
    street_need(s, "u4", "event sum(\"Looked\", count, count > 1) = 2");
    street_need(s, "u1", "event count(\"Looked\", gift) = 1 and event count(\"Looked\", not(gift)) = 0");
    street_need(s, "u1", "event count(\"Looked\", gift = null) = 2 and event sum(\"Looked\", line total) = 7");
    street_need(s, "u1", "last event(\"Looked\", room = \"shed\") = first event(\"Looked\") + @\"P1D\"");
    street_need(s, "u1", "first event(\"Looked\", @\"P30D\") = last event(\"Looked\")");
    street_need(s, "u2", "event sum(\"Looked\", price) = 0 and event mean(\"Looked\", price) = null");
    street_need(s, "u2", "event distinct(\"Looked\", room) = 0 and event min(\"Looked\", price) = null");
    street_need(s, "u3", "event count(\"Looked\", list contains(tags, \"b\")) = 1");
    street_need(s, "u3", "event sum(\"Never\", price) = 0 and event distinct(\"Never\", anything) = 0");
    street_need(s, "u3", "first event(\"Looked\", price > 3) = null");
}

static void ranges_of_days_are_the_shops(void **state)
{
    struct street *s = *state;
    int64_t midnight = LAB_NOW - LAB_NOW % SHOP_DAY, long_day = midnight - 29 * SHOP_DAY;  // 2026-10-25T00:00Z
    street_stop(s);
    s->zones = (struct zones){ street_offset, NULL, SLICE("Here") };
    street_start(s);
    look(s, "u1", long_day - 2 * HOUR, "{'n': 1}");           // the first moment of the 25th
    look(s, "u1", long_day + 23 * HOUR - 1, "{'n': 10}");     // its last
    look(s, "u1", long_day - 2 * HOUR - 1, "{'n': 100}");
    look(s, "u1", long_day + 23 * HOUR, "{'n': 1000}");
    street_refresh(s);
    street_need(s, "u1", "event sum(\"Looked\", n, [@\"2026-10-25\"..@\"2026-10-25\"]) = 11");
    street_need(s, "u1", "event sum(\"Looked\", n, (@\"2026-10-24\"..@\"2026-10-26\"]) = 1011");
    street_need(s, "u1", "event sum(\"Looked\", n, [@\"2026-10-24\"..@\"2026-10-26\")) = 111");
    street_need(s, "u1", "event count(\"Looked\", [@\"2026-10-24\"..today()]) = 4");
}

static void knows_what_followed(void **state)
{
    struct street *s = *state;
    int64_t at = LAB_NOW - 20 * SHOP_DAY;
    shop_track(&s->shop, "u1", "A", at, "{}");
    shop_track(&s->shop, "u1", "B", at + 3 * SHOP_DAY, "{}");
    shop_track(&s->shop, "u2", "B", at, "{}");
    shop_track(&s->shop, "u2", "A", at + HOUR, "{}");
    shop_track(&s->shop, "u3", "A", at, "{}");
    shop_track(&s->shop, "u3", "C", at + HOUR, "{}");
    shop_track(&s->shop, "u3", "B", at + 2 * HOUR, "{}");
    shop_track(&s->shop, "u4", "B", at, "{}");                // at the same moment, told before
    shop_track(&s->shop, "u4", "A", at, "{}");
    shop_track(&s->shop, "u4", "C", at, "{}");
    street_refresh(s);
    street_need(s, "u1", "event sequence([\"A\", \"B\"]) and event sequence([\"A\", \"B\"], @\"P3D\")");
    street_need(s, "u1", "not(event sequence([\"A\", \"B\"], @\"P2DT23H\"))");
    street_need(s, "u1", "not(event sequence([\"A\", \"A\"])) and not(event sequence([\"A\", \"B\", \"B\"]))");
    street_need(s, "u1", "not(event sequence(steps: [\"A\", \"B\"], within: @\"P19D\"))");
    street_need(s, "u2", "not(event sequence([\"A\", \"B\"])) and event sequence([\"B\", \"A\"], @\"PT1H\")");
    street_need(s, "u3", "event sequence([\"A\", \"B\"]) and not(event sequence(steps: [\"A\", \"B\"], without: \"C\"))");
    street_need(s, "u3", "event sequence(steps: [\"A\", \"C\"], without: [\"C\", \"B\"])");
    street_need(s, "u4", "event sequence([\"A\", \"B\"], @\"PT0S\", \"C\")");
    street_need(s, "u1", "event sequence(\"A\", @\"P2D\", \"B\") and not(event sequence(\"A\", @\"P3D\", \"B\"))");
    street_need(s, "u1", "event sequence(\"B\", @\"P16D\", \"C\") and not(event sequence(\"B\", @\"P17D\", \"C\"))");
    street_need(s, "u3", "not(event sequence(\"A\", @\"PT90M\", \"C\")) and event sequence(\"B\", @\"PT90M\", \"C\")");
    street_need(s, "u1", "not(event sequence([\"A\", \"Never\"])) and event sequence(steps: [\"A\", \"B\"], without: \"Never\")");
}

/* All histories of a customer count together, and apart again. */
static void gathers_histories(void **state)
{
    struct street *s = *state;
    look(s, "u1", LAB_NOW - 3 * SHOP_DAY, "{'price': 5, 'room': 'hall'}");
    look(s, "u2", LAB_NOW - 2 * SHOP_DAY, "{'price': 7, 'room': 'hall'}");
    shop_track(&s->shop, "u2", "Bought", LAB_NOW - SHOP_DAY, "{}");
    int64_t merge = shop_merge(&s->shop, "u1", "u2");
    street_refresh(s);
    street_need(s, "u1", "event sum(\"Looked\", price) = 12 and event distinct(\"Looked\", room) = 1");
    street_need(s, "u1", "event sequence([\"Looked\", \"Looked\", \"Bought\"])");
    shop_unmerge(&s->shop, merge);
    street_refresh(s);
    street_need(s, "u1", "event sum(\"Looked\", price) = 5 and not(event sequence([\"Looked\", \"Bought\"]))");
    street_need(s, "u2", "event sum(\"Looked\", price) = 7 and event sequence([\"Looked\", \"Bought\"])");
}

static void flaws_have_their_place(void **state)
{
    static const struct street_flaw flaws[] = {
        { "event sum(\"Looked\", prize) > 2", "line 1, column 21: 'Looked' has no property 'prize'; 'price' is one" },
        { "event count(\"Looked\",\n  prise > 2) > 2", "line 2, column 3: 'Looked' has no property 'prise'; 'price' is one" },
        { "event count(event: \"Looked\", whitin: @\"P3D\") > 2", "event count() takes these, in this order or by their "
          "names: event, within, where" },
        { "event sum(\"Looked\") > 2", "event, property, within, where" },
        { "event sum(\"Looked\", price, @\"P3D\", price > 1, 5) > 2", "event, property, within, where" },
        { "event sequence([\"A\"]) ", "a sequence has two steps or more" },
        { "event sequence([\"A\", 3]) ", "a list of one to eight names" },
        { "event sequence([]) ", "a list of one to eight names" },
        { "event sequence([\"A\", \"B\"], @\"P1M\") ", "a gap is a duration of days and hours" },
        { "event count(\"Looked\", [1..3]) > 2", "a window is a duration" },
        { "related(\"friend\", orders > 1)", "column 9: \"account\", \"company\"" },
        { "related(\"account\", ordres > 1)", "in what is asked of them: line 1, column 1: nothing is called 'ordres'" },
        { "related(\"account\", related(\"person\", orders > 1))", "cannot stand inside of related()" },
        { "related(\"account\", audience(\"A\"))", "audiences cannot be asked about" },
        { "related(\"account\")", "kind, where" },
        { "declared(diet)", "line 1, column 1: there is no trait 'diet'" },
        { "declared(1)", "in this order or by their names: trait" },
        { "event sum(\"Looked\", number) > 2", "'number' of 'Looked' has too many different values" },
        { "event count(\"Looked\", number = [1]) > 2", "'number' of 'Looked' has too many different values" },
    };
    struct street *s = *state;
    char properties[80];
    look(s, "u1", LAB_NOW, "{'price': 1}");
    for (int i = 0; i <= 4096; i++) {
        snprintf(properties, sizeof properties, "{'number': [%d]}", i);
        look(s, "u2", LAB_NOW, properties);
    }
    street_refresh(s);
    street_flaws(s, flaws, COUNT(flaws));
    street_need(s, "u2", "event count(\"Looked\", price = null) = 4097");
}

/* Without the snapshot the log is told again; with it nothing is. */
static void starts_with_what_it_knew(void **state)
{
    struct street *s = *state;
    char path[160];
    for (int turn = 0; turn < 2; turn++) {
        look(s, "u1", LAB_NOW - SHOP_DAY, "{'price': 5, 'room': 'hall', 'mixed': 1}");
        shop_track(&s->shop, "u2", turn ? "A" : "B", LAB_NOW - SHOP_DAY, "{'mixed': [1, 2]}");
        look(s, "u2", LAB_NOW - SHOP_DAY, "{'price': 'much', 'mixed': {'a': 'x'}}");
        street_refresh(s);
        street_stop(s);
        snprintf(path, sizeof path, "%s/snapshots/events.snap", s->shop.lab.dir);
        if (turn)
            assert_int_equal(remove(path), 0);
        street_start(s);
        street_refresh(s);
        street_need(s, "u1", turn ? "event sum(\"Looked\", price) = 10" : "event sum(\"Looked\", price) = 5");
        street_need(s, "u2", "event count(\"Looked\", mixed.a = \"x\") > 0 and event sequence([\"B\", \"Looked\"])");
    }
}

/* ---- at random ---- */
#define EVENTS 24
#define KINDS 3
struct told {
    int kind;                    // event, by its name
    int64_t at;
    int room, seconds;
};
static const char *const kinds[KINDS] = { "A", "B", "C" };

/* A sequence from event `from` on, by trying all. */
static bool tries(const struct told *t, size_t n, const int *step, size_t steps, int64_t gap, int without, size_t first,
                  size_t last, uint32_t used)
{
    if (steps == 0) {
        for (size_t i = 0; i < n; i++)
            if (t[i].kind == without && t[i].at > t[first].at && t[i].at < t[last].at)
                return false;
        return true;
    }
    for (size_t i = 0; i < n; i++)
        if (t[i].kind == step[0] && !(used >> i & 1) && t[i].at >= t[last].at && t[i].at - t[last].at <= gap
            && tries(t, n, step + 1, steps - 1, gap, without, first, i, used | 1u << i))
            return true;
    return false;
}

static bool is_sequence(const struct told *t, size_t n, const int *step, size_t steps, int64_t gap, int without)
{
    for (size_t i = 0; i < n; i++)
        if (t[i].kind == step[0] && tries(t, n, step + 1, steps - 1, gap, without, i, i, 1u << i))
            return true;
    return false;
}

static void check(struct street *s, const char *who, const char *text, bool is)
{
    if (street_holds(s, who, text) != is)
        fail_msg("%s of %s: %s", is ? "true" : "false", who, text);
}

static size_t tell_some(struct street *s, const char *who, struct told *t)
{
    char properties[80];
    size_t n = 1 + any(EVENTS);
    for (size_t i = 0; i < n; i++) {
        t[i] = (struct told){ (int)any(KINDS), LAB_NOW - SHOP_DAY * 9 + (int64_t)any(40) * HOUR, (int)any(4), (int)any(9) };
        snprintf(properties, sizeof properties, "{'room': %d, 'seconds': %d}", t[i].room, t[i].seconds);
        shop_track(&s->shop, who, kinds[t[i].kind], t[i].at, properties);
    }
    return n;
}

/* One step alone: none of the others from it until the gap has passed, which is over now. */
static bool is_alone(const struct told *t, size_t n, int step, int64_t gap, int without)
{
    for (size_t i = 0; i < n; i++) {
        bool alone = t[i].kind == step && t[i].at + gap <= LAB_NOW;
        for (size_t k = 0; k < n && alone; k++)
            alone = t[k].kind != without || t[k].at <= t[i].at || t[k].at > t[i].at + gap;
        if (alone)
            return true;
    }
    return false;
}

static void check_alone(struct street *s, const char *who, const struct told *t, size_t n)
{
    for (int k = 0; k < 4; k++) {
        int step = (int)any(KINDS), without = (int)any(KINDS), hours = 1 + (int)any(23);
        char text[120];
        snprintf(text, sizeof text, "event sequence(\"%s\", @\"PT%dH\", \"%s\")", kinds[step], hours, kinds[without]);
        check(s, who, text, is_alone(t, n, step, hours * HOUR, without));
    }
}

static void check_sequences(struct street *s, const char *who, const struct told *t, size_t n)
{
    for (int k = 0; k < 6; k++) {
        int step[3] = { (int)any(KINDS), (int)any(KINDS), (int)any(KINDS) }, without = (int)any(KINDS);
        size_t steps = 2 + any(2);
        int hours = (int)any(30);
        char text[160], third[16];
        snprintf(third, sizeof third, ", \"%s\"", kinds[step[2]]);
        snprintf(text, sizeof text, "event sequence([\"%s\", \"%s\"%s], @\"PT%dH\", \"%s\")", kinds[step[0]], kinds[step[1]],
                 steps == 3 ? third : "", hours, kinds[without]);
        check(s, who, text, is_sequence(t, n, step, steps, hours * HOUR, without));
    }
}

static void check_measures(struct street *s, const char *who, const struct told *t, size_t n)
{
    for (int kind = 0; kind < KINDS; kind++) {
        int room = (int)any(4), sum = 0, times = 0, most = -1, rooms = 0;
        char text[300];
        for (size_t i = 0; i < n; i++) {
            bool is = t[i].kind == kind && t[i].room != room;
            sum += is * t[i].seconds;
            times += is;
            most = is && t[i].seconds > most ? t[i].seconds : most;
            rooms |= is << t[i].room;
        }
        snprintf(text, sizeof text, "event sum(\"%s\", seconds, room != %d) = %d and event count(\"%s\", room != %d) = %d and "
                 "event distinct(\"%s\", room, @\"P30D\", room != %d) = %d", kinds[kind], room, sum, kinds[kind], room, times,
                 kinds[kind], room, __builtin_popcount((unsigned)rooms));
        check(s, who, text, true);
        snprintf(text, sizeof text, "event max(\"%s\", seconds, not(room = %d)) %s", kinds[kind], room,
                 most < 0 ? "= null" : "!= null");
        check(s, who, text, true);
    }
}

static void equals_the_plain_way(void **state)
{
    struct street *s = *state;
    char who[16];
    for (int turn = 0; turn < 60; turn++) {
        struct told told[EVENTS];
        snprintf(who, sizeof who, "u%d", 4 * (turn + 1));
        size_t n = tell_some(s, who, told);
        street_refresh(s);
        check_measures(s, who, told, n);
        check_sequences(s, who, told, n);
        check_alone(s, who, told, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(measures_properties, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(ranges_of_days_are_the_shops, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(knows_what_followed, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(gathers_histories, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(flaws_have_their_place, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(starts_with_what_it_knew, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(equals_the_plain_way, street_setup, street_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
