#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "insight/frame.h"
#include "insight/street_testing.h"
#include "text/time.h"

const char *const street_conditions[STREET_CONDITIONS] = {
    "event count(\"Order Completed\") > 1",
    "event count(\"Order Completed\", @\"P30D\") > 0 and not(event count(\"Looked\", @\"P7D\") > 2)",
    "last event(\"Looked\") >= today() - @\"P20D\" or first event(\"Looked\") = null",
    "spend > 20 and (plan = \"gold\" or age > 30)",
    "tier in (\"champion\", \"loyal\", \"new\") or known = false",
    "plan != \"gold\" and age between 18 and 40",
    "count(tags) > 1",
    "last order > first order",
    "event count(\"Looked\", @\"P60D\", room = \"kitchen\" and seconds > 20) > 1",
    "event sum(\"Order Completed\", revenue, @\"P90D\") > 30 or event mean(\"Looked\", seconds) > 33.5",
    "event max(\"Looked\", seconds, room != \"hall\") > event min(\"Looked\", seconds)",
    "event distinct(\"Looked\", room) > 1 and last event(\"Looked\", seconds < 30) > @\"2026-09-01\"",
    "event sequence([\"Looked\", \"Order Completed\"], @\"P9D\", \"Order Refunded\")",
    "event sequence(steps: [\"Looked\"], gap: @\"P20D\", without: [\"Order Completed\"], within: @\"P120D\")",
    "event sum(\"Looked\", seconds, [@\"2026-07-01\"..@\"2026-09-30\"]) > 40",
    "event sum(\"Product Bought\", quantity, @\"P100D\", product = \"p1\" or category = \"pots\") > 2",
    "event distinct(\"Product Bought\", product) = 1 or last event(\"Product Bought\", category = \"cups\") != null",
    "related(\"account\", plan = \"gold\") or related(kind: \"person\", where: spend > 50)",
    "related(\"person\", event count(\"Looked\", @\"P90D\") > 1 and event sum(\"Looked\", seconds) > 60)",
    "declared(plan) and plan = \"gold\" or not(declared(\"age\")) and age > 20",
    "permission(\"email\") or permission(\"sms\", \"news\")",
    "permission(\"email\", \"news\") and event count(\"Permission Changed\", @\"P60D\", not(given)) < 2",
};

static uint64_t seed = 11;

uint64_t any(uint64_t below)
{
    return hash_mix(++seed) % below;
}

bool street_offset(void *arg, struct slice name, int64_t second, bool local, int32_t *ret)
{
    (void)arg;
    (void)name;
    assert_false(local);
    *ret = second >= 1774746000 && second < 1792890000 ? 7200 : 3600;  // 2026-03-29 and 2026-10-25, 01:00 UTC
    return true;
}

void street_start(struct street *s)
{
    struct err e = { 0 };
    shop_make(&s->shop);
    assert_int_equal(population_new(s->shop.lab.memory, &s->zones, &s->population, &e), ERR_OK);
    assert_int_equal(roster_new(s->shop.lab.memory, s->population, &s->zones, &s->roster, &e), ERR_OK);
    const struct follower followers[] = { population_follower(s->population),
                                          population_events_follower(s->population),
                                          population_columns_follower(s->population), roster_follower(s->roster) };
    for (size_t i = 0; i < sizeof followers / sizeof *followers; i++)
        memory_follow(s->shop.lab.memory, &followers[i]);
    shop_begin(&s->shop);
    assert_int_equal(people_new(s->shop.lab.memory, s->shop.purchases, &s->people, &e), ERR_OK);
    assert_int_equal(people_refresh(s->people, LAB_NOW, &e), ERR_OK);
}

void street_stop(struct street *s)
{
    lab_stop(&s->shop.lab);  // the follower is asked for its snapshot
    people_drop(&s->people);
    roster_drop(&s->roster);
    population_drop(&s->population);
    purchases_drop(&s->shop.purchases);
}

int street_setup(void **state)
{
    struct street *s = calloc(1, sizeof *s);
    assert_non_null(s);
    street_start(s);
    *state = s;
    return 0;
}

int street_teardown(void **state)
{
    struct street *s = *state;
    street_stop(s);
    lab_close(&s->shop.lab);
    free(s);
    return 0;
}

struct condition_world street_world(struct street *s)
{
    return (struct condition_world){ .population = s->population, .zones = &s->zones, .now_ms = s->shop.lab.clock.fixed_ms };
}

static const char *name_of(uint64_t i, char out[16])
{
    snprintf(out, 16, "%su%d", i % 4 == 3 ? "@" : "", (int)i);
    return out;
}

static void identify(struct street *s, uint64_t who)
{
    static const char *const traits[] = {
        "\"plan\": \"gold\"", "\"plan\": \"free\", \"age\": 31", "\"age\": 17.5", "\"age\": \"old\"", "\"plan\": null",
        "\"tags\": [\"a\", \"b\"]", "\"tags\": [\"c\"]", "\"address\": {\"country\": \"ES\"}",
    };
    char body[300];
    snprintf(body, sizeof body, "{\"userId\": \"u%d\", \"messageId\": \"t%d\", \"timestamp\": \"2026-11-0%d\", "
             "\"traits\": {%s}}", (int)(who - who % 4), s->shop.told++, (int)any(9) + 1, traits[any(sizeof traits / sizeof *traits)]);
    lab_ingest(&s->shop.lab, INGEST_IDENTIFY, 1, body);
}

static enum err_code delete_one(void *arg, struct tx *tx, struct err *e)
{
    return tx_delete_fact(tx, *(int64_t *)arg, SLICE("test"), SLICE(""), e);
}

/* As the catalogue tells it. */
static enum err_code tell_catalogue(void *arg, struct tx *tx, struct err *e)
{
    struct fact fact = { .type = FACT_CATALOGUE, .timestamp_ms = tx->now_ms, .original_ms = FACT_NO_TIME,
                         .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms, .body = *(struct slice *)arg };
    TRY(tx_source(tx, SLICE("test"), &fact.source, e));
    return tx_append(tx, &fact, e);
}

void street_catalogue(struct street *s, const char *body)
{
    struct slice told = slice_of(body);
    lab_must_run(&s->shop.lab, tell_catalogue, &told);
}

static void recategorize(struct street *s)
{
    static const char *const categories[] = { ",\"category\":\"cups\"", ",\"category\":\"pots\"", "" };
    char body[120];
    if (any(4) == 0)
        snprintf(body, sizeof body, "{\"removed\":\"p%d\"}", 1 + (int)any(3));
    else
        snprintf(body, sizeof body, "{\"product\":{\"id\":\"p%d\",\"title\":\"T\"%s}}", 1 + (int)any(3), categories[any(3)]);
    street_catalogue(s, body);
}

static void join_account(struct street *s, uint64_t who)
{
    static const char *const plans[] = { "gold", "free" };
    char body[200];
    snprintf(body, sizeof body, "{\"userId\": \"u%d\", \"messageId\": \"g%d\", \"groupId\": \"firm%d\", "
             "\"traits\": {\"plan\": \"%s\"}}", (int)(who - who % 4), s->shop.told++, (int)any(3), plans[any(2)]);
    lab_ingest(&s->shop.lab, INGEST_GROUP, 1, body);
}

static enum err_code end_membership(void *arg, struct tx *tx, struct err *e)
{
    const uint32_t *pair = arg;
    return tx_membership(tx, pair[0], pair[1], SLICE(""), true, SLICE("test"), e);
}

static void leave_account(struct street *s, uint64_t who)
{
    char group[16], user[16];
    struct err e;
    snprintf(group, sizeof group, "firm%d", (int)any(3));
    snprintf(user, sizeof user, "u%d", (int)(who - who % 4));
    const struct customers *customers = memory_customers(s->shop.lab.memory);
    uint32_t pair[] = { customers_find(customers, (struct identifier){ SLICE("user_id"), slice_of(user) }),
                        customers_find(customers, (struct identifier){ SLICE("group_id"), slice_of(group) }) };
    if (pair[0] && pair[1])
        (void)!lab_run(&s->shop.lab, end_membership, pair, &e);  // who acts for nobody leaves nobody
}

struct saying {
    uint32_t customer;
    struct permission permission;
    int64_t at;
};

static enum err_code say(void *arg, struct tx *tx, struct err *e)
{
    const struct saying *saying = arg;
    uint32_t source;
    TRY(tx_source(tx, SLICE("test"), &source, e));
    return tx_permission(tx, saying->customer, &saying->permission, saying->at, SLICE("test"), source, e);
}

void street_permit(struct street *s, const char *who, struct permission permission, int64_t at)
{
    struct saying saying = { shop_root(&s->shop, who), permission, at };
    lab_must_run(&s->shop.lab, say, &saying);
}

void street_permit_any(struct street *s, const char *who, int64_t at)
{
    char day[TIME_TEXT_MAX];
    struct permission p = { .channel = any(2) ? CHANNEL_EMAIL : CHANNEL_SMS, .given = any(3) > 0,
                            .topic = any(2) ? SLICE("news") : SLICE("") };
    if (p.given && any(2))
        p.until = time_print_date(s->shop.lab.clock.fixed_ms + ((int64_t)any(5) - 2) * SHOP_DAY, day);
    street_permit(s, who, p, at);
}

void street_live(struct street *s)
{
    static const char *const rooms[] = { "kitchen", "hall", "shed" };
    static const char *const products[] = {
        "", ", 'products': [{'product_id': 'p1', 'price': 7, 'quantity': 2}]",
        ", 'products': [{'product_id': 'p2', 'price': 9}, {'product_id': 'p1', 'price': 7}]",
        ", 'products': [{'product_id': 'p3', 'price': 2.5, 'quantity': 4}]",
    };
    char who[16], properties[200];
    int64_t at = SHOP_T0 + (int64_t)any(200) * SHOP_DAY + (int64_t)any(86400) * 1000;
    uint64_t i = any(PEOPLE);
    struct err e;
    switch (any(13)) {
    case 12:
        if (s->known[i])
            street_permit_any(s, name_of(i, who), at);
        break;
    case 10: join_account(s, i); break;
    case 11: leave_account(s, i); break;
    case 9: recategorize(s); break;
    case 0: identify(s, i); break;
    case 1: {
        int64_t seq = 1 + (int64_t)any((uint64_t)log_last_seq(memory_log(s->shop.lab.memory)) + 1);
        (void)!lab_run(&s->shop.lab, delete_one, &seq, &e);
        break;
    }
    case 2: {
        char a[16], b[16];
        uint64_t k = any(8);
        if (s->merge[k]) {
            shop_unmerge(&s->shop, s->merge[k]);
            s->merge[k] = 0;
        } else if (s->known[4 * (k % 3)] && s->known[4 * (k % 3) + 1 + k % 2]
                   && shop_root(&s->shop, name_of(4 * (k % 3), a)) != shop_root(&s->shop, name_of(4 * (k % 3) + 1 + k % 2, b)))
            s->merge[k] = shop_merge(&s->shop, a, b);
        break;
    }
    case 3: s->shop.lab.clock.fixed_ms += SHOP_DAY / 3; break;
    case 4:
    case 5:
        s->known[i] = true;
        snprintf(properties, sizeof properties, "{'room': '%s', 'seconds': %d}", rooms[any(3)], (int)any(60));
        shop_track(&s->shop, name_of(i, who), "Looked", at, properties);
        break;
    default:
        s->known[i] = true;
        snprintf(properties, sizeof properties, "{'order_id': 'o%d', 'revenue': %d%s}", (int)any(30), (int)any(40),
                 products[any(4)]);
        shop_track(&s->shop, name_of(i, who), any(5) ? "Order Completed" : "Order Refunded", at, properties);
    }
}

void street_flaws(struct street *s, const struct street_flaw *flaw, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        AUTO(arena) mem = arena_new((size_t)16 << 20);
        struct err e = { 0 };
        struct condition *c;
        const struct condition_world w = street_world(s);
        population_lock(s->population);
        enum err_code code = condition_new(&w, slice_of(flaw[i].text), mem, &c, &e);
        population_unlock(s->population);
        if (code != ERR_INVALID || !strstr(e.text, flaw[i].want))
            fail_msg("%s: %s", flaw[i].text, e.text);
    }
}

/* ---- asking ---- */
void street_refresh(struct street *s)
{
    struct err e = { 0 };
    if (population_refresh(s->population, s->people, s->shop.lab.clock.fixed_ms, &e))
        fail_msg("%s", e.text);
}

static bool holds_of_all(struct street *s, uint32_t row, const char *text)
{
    AUTO(arena) mem = arena_new((size_t)64 << 20);
    AUTO(arena) scratch = arena_new((size_t)16 << 20);
    const struct condition_world w = street_world(s);
    struct condition *c;
    struct err e = { 0 };
    uint64_t *bits;
    population_lock(s->population);
    if (condition_new(&w, slice_of(text), mem, &c, &e) || condition_run(c, mem, scratch, NULL, &bits, &e))
        fail_msg("%s: %s", text, e.text);
    population_unlock(s->population);
    return bits_has(bits, row);
}

/* The answer of the frame, which asks customer by customer. */
static bool holds_in_frame(struct street *s, uint32_t row, const char *text)
{
    AUTO(arena) mem = arena_new((size_t)64 << 20);
    AUTO(arena) scratch = arena_new((size_t)16 << 20);
    const struct condition_world w = street_world(s);
    struct frame *frame;
    struct condition *c;
    struct err e = { 0 };
    uint64_t bits[COLUMN_CHUNK / 64] = { 0 };
    size_t n;
    population_lock_alone(s->population);
    assert_int_equal(frame_new(s->population, &frame, &e), ERR_OK);
    if (condition_new_in(frame, &w, slice_of(text), mem, &c, &e))
        fail_msg("%s: %s", text, e.text);
    const size_t *place = condition_places(c, &n);
    frame_want(frame, place, n);
    assert_int_equal(frame_look(frame, &e), ERR_OK);
    assert_int_equal(frame_gather(frame, &row, 1, &e), ERR_OK);
    assert_int_equal(condition_run_frame(c, 1, bits, scratch, &e), ERR_OK);
    frame_drop(&frame);
    population_unlock(s->population);
    return bits[0] & 1;
}

bool street_holds(struct street *s, const char *who, const char *text)
{
    uint32_t row = shop_root(&s->shop, who);
    bool is = holds_of_all(s, row, text);
    if (holds_in_frame(s, row, text) != is)
        fail_msg("asked about everybody it is %s of %s, asked about them alone not: %s", is ? "true" : "false", who, text);
    return is;
}

void street_need(struct street *s, const char *who, const char *text)
{
    if (!street_holds(s, who, text))
        fail_msg("not true of %s: %s", who, text);
}
