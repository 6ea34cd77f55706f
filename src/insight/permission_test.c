/* Permission as conditions have it, by hand and at random, against what the memory says of one customer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "insight/street_testing.h"
#include "text/time.h"

#define EMAIL(...) ((struct permission){ .channel = CHANNEL_EMAIL, __VA_ARGS__ })
#define NEWS .topic = SLICE("news")
#define AGO(days) (LAB_NOW - (days) * SHOP_DAY)

static void known(struct street *s, const char *who)
{
    shop_track(&s->shop, who, "Looked", AGO(100), "{}");
}

static void the_last_word_holds(void **state)
{
    struct street *s = *state;
    char today[TIME_TEXT_MAX], yesterday[TIME_TEXT_MAX];
    for (int i = 1; i <= 7; i++) {
        char who[16];
        snprintf(who, sizeof who, "u%d", i);
        known(s, who);
    }
    street_permit(s, "u1", EMAIL(.given = true), AGO(9));
    street_permit(s, "u2", EMAIL(NEWS, .given = true), AGO(9));
    street_permit(s, "u3", EMAIL(.given = true), AGO(9));
    street_permit(s, "u3", EMAIL(NEWS, .given = false), AGO(8));
    street_permit(s, "u4", EMAIL(NEWS, .given = true), AGO(9));
    street_permit(s, "u4", EMAIL(.given = false), AGO(8));           // nothing more by e-mail
    street_permit(s, "u5", EMAIL(.given = true, .until = time_print_date(LAB_NOW, today)), AGO(9));
    street_permit(s, "u6", EMAIL(.given = true), AGO(9));
    street_permit(s, "u6", EMAIL(.given = true, .until = time_print_date(AGO(1), yesterday)), AGO(8));
    street_permit(s, "u7", EMAIL(.given = false), AGO(9));           // told late: what they said after it holds
    street_permit(s, "u7", EMAIL(.given = true), AGO(9));
    street_refresh(s);
    street_need(s, "u1", "permission(\"email\") and permission(\"email\", \"news\") and not(permission(\"sms\"))");
    street_need(s, "u2", "permission(channel: \"email\", topic: \"news\") and not(permission(\"email\"))");
    street_need(s, "u2", "not(permission(\"email\", \"offers\"))");
    street_need(s, "u3", "permission(\"email\") and not(permission(\"email\", \"news\")) and permission(\"email\", \"x\")");
    street_need(s, "u4", "not(permission(\"email\")) and not(permission(\"email\", \"news\"))");
    street_need(s, "u5", "permission(\"email\")");
    street_need(s, "u6", "not(permission(\"email\"))");
    street_need(s, "u7", "not(permission(\"email\"))");             // of one moment what allows less
    street_need(s, "u4", "event count(\"Permission Changed\", not(given) and channel = \"email\") = 1");
    street_need(s, "u4", "event count(\"Permission Changed\", @\"P10D\") = 2");
    s->shop.lab.clock.fixed_ms += SHOP_DAY;
    street_need(s, "u5", "not(permission(\"email\"))");
}

static void histories_speak_together(void **state)
{
    struct street *s = *state;
    known(s, "u1");
    known(s, "u2");
    street_permit(s, "u1", EMAIL(.given = true), AGO(9));
    street_permit(s, "u2", EMAIL(.given = false), AGO(5));
    int64_t merge = shop_merge(&s->shop, "u1", "u2");
    street_refresh(s);
    street_need(s, "u1", "not(permission(\"email\"))");
    shop_unmerge(&s->shop, merge);
    street_refresh(s);
    street_need(s, "u1", "permission(\"email\")");
}

/* Whoever sends an event of that name says nothing. */
static void events_give_no_permission(void **state)
{
    struct street *s = *state;
    shop_track(&s->shop, "u1", "Permission Changed", AGO(3), "{'channel': 'email', 'given': true}");
    street_refresh(s);
    street_need(s, "u1", "not(permission(\"email\")) and event count(\"Permission Changed\") = 0");
}

static void flaws_have_their_place(void **state)
{
    static const struct street_flaw flaws[] = {
        { "permission(\"fax\")", "column 12: a channel is expected: email, sms" },
        { "permission(\"email\", 3)", "column 21: the name of a topic" },
        { "permission()", "in this order or by their names: channel, topic" },
    };
    street_flaws(*state, flaws, sizeof flaws / sizeof *flaws);
}

static void bad_ones_are_refused(void **state)
{
    static const struct {
        struct permission permission;
        const char *want;
    } bad[] = {
        { { .given = true, .until = { "soon", 4 } }, "/until: must be a day" },
        { { .given = true, .until = { "2027-02-30", 10 } }, "/until: must be a day" },
        { { .given = true, .until = { "2027-02-03T10:00", 16 } }, "/until: must be a day" },
        { { .given = false, .until = { "2027-02-03", 10 } }, "/until: a withdrawal has no end" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = { 0 };
        assert_int_equal(permission_check(&bad[i].permission, &e), ERR_INVALID);
        if (!strstr(e.text, bad[i].want))
            fail_msg("%s", e.text);
    }
}

/* ---- at random ---- */
static const struct { const char *text; enum channel channel; const char *topic; } questions[] = {
    { "permission(\"email\")", CHANNEL_EMAIL, "" }, { "permission(\"email\", \"news\")", CHANNEL_EMAIL, "news" },
    { "permission(\"sms\")", CHANNEL_SMS, "" },     { "permission(\"sms\", \"news\")", CHANNEL_SMS, "news" },
};

/* As the memory has it. Of a topic that they never spoke of, the whole channel tells. */
static bool said_of(const struct permission_said *said, size_t n, enum channel channel, const char *topic)
{
    bool whole = false;
    for (size_t i = 0; i < n; i++) {
        if (said[i].permission.channel != channel)
            continue;
        if (slice_is(said[i].permission.topic, topic))
            return said[i].holds;
        whole = whole || (!said[i].permission.topic.len && said[i].holds);
    }
    return whole;
}

static void check_all(struct street *s, const char *who)
{
    AUTO(arena) mem = arena_new((size_t)16 << 20);
    struct permission_said *said;
    struct err e;
    size_t n;
    memory_read_lock(s->shop.lab.memory);
    assert_int_equal(permissions_of(s->shop.lab.memory, s->shop.lab.read, shop_root(&s->shop, who),
                                    zones_day(&s->zones, s->shop.lab.clock.fixed_ms), mem, &said, &n, &e), ERR_OK);
    memory_read_unlock(s->shop.lab.memory);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (street_holds(s, who, questions[i].text) != said_of(said, n, questions[i].channel, questions[i].topic))
            fail_msg("%s of %s", questions[i].text, who);
}

static void equals_what_the_memory_says(void **state)
{
    static const char *const who[] = { "u1", "u2", "u3" };
    struct street *s = *state;
    int64_t merge = 0;
    for (size_t i = 0; i < 3; i++)
        known(s, who[i]);
    for (int turn = 0; turn < 150; turn++) {
        street_permit_any(s, who[any(3)], AGO((int64_t)any(6)));     // many of one moment
        if (any(10) == 0 && !merge)
            merge = shop_merge(&s->shop, "u1", "u2");
        else if (any(10) == 0 && merge) {
            shop_unmerge(&s->shop, merge);
            merge = 0;
        }
        if (any(20) == 0)
            s->shop.lab.clock.fixed_ms += SHOP_DAY;
        street_refresh(s);
        for (size_t i = 0; i < 3; i++)
            check_all(s, who[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_word_holds, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(histories_speak_together, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(events_give_no_permission, street_setup, street_teardown),
        cmocka_unit_test_setup_teardown(flaws_have_their_place, street_setup, street_teardown),
        cmocka_unit_test(bad_ones_are_refused),
        cmocka_unit_test_setup_teardown(equals_what_the_memory_says, street_setup, street_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
