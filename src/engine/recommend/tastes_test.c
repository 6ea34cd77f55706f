#include "engine/recommend/tastes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

#define DAY_MS INT64_C(86400000)
#define HALF_LIFE (90.0 * (double)DAY_MS)

static const struct taste_limits usual = { 3, .8 };

static void add(struct taste *t, uint32_t code, int64_t day, double weight)
{
    assert_int_equal(taste_add(t, code, day * DAY_MS, weight, NULL), ERR_OK);
}

static void close_to(double is, double want)
{
    assert_true(fabs(is - want) <= 1e-9 * (1 + fabs(want)));
}

/* Bought code 1 on day 0, code 2 on days 90 and 180; on day 180 they weigh 1/4, 1/2 + 1. The shop sold 1, 2 and 3 as 6 to 3 to
 * 1: with a prior of 2 events, share(1) = (1/4 + 1.2) / 3.75, share(2) = (3/2 + .6) / 3.75, share(3) = .2 / 3.75. */
static void worked_example(void **state)
{
    (void)state;
    struct taste t, shop;
    taste_init(&t, HALF_LIFE);
    taste_init(&shop, HALF_LIFE);
    add(&shop, 1, 50, 6);
    add(&shop, 2, 50, 3);
    add(&shop, 3, 50, 1);
    add(&t, 1, 0, taste_weight(TASTE_BOUGHT));
    add(&t, 2, 180, 1);
    add(&t, 2, 90, 1);  // came late
    const struct taste_prior prior = { &shop, 2 }, alone = { NULL, 0 };
    close_to(taste_evidence(&t, 180 * DAY_MS), 1.75);
    close_to(taste_evidence(&t, 270 * DAY_MS), .875);
    close_to(taste_share(&t, prior, 1, 180 * DAY_MS), 1.45 / 3.75);
    close_to(taste_share(&t, prior, 2, 180 * DAY_MS), 2.1 / 3.75);
    close_to(taste_share(&t, prior, 3, 180 * DAY_MS), .2 / 3.75);
    close_to(taste_share(&t, alone, 2, 999 * DAY_MS), 1.5 / 1.75);
    close_to(taste_mean(&t, prior, 180 * DAY_MS), (1.45 + 2 * 2.1 + 3 * .2) / 3.75);
    struct taste_code best[3];
    assert_int_equal(taste_best(&t, prior, 180 * DAY_MS, best, 3), 2);
    assert_int_equal(best[0].code, 2);
    assert_int_equal(best[1].code, 1);
    struct taste_favourite favourite = taste_favourite(&t, prior, usual, 180 * DAY_MS);
    assert_false(favourite.known);  // 1.75 purchases are too few
    assert_int_equal(favourite.code, 2);
    close_to(favourite.shop_share, .3);
    add(&t, 2, 180, 6);
    favourite = taste_favourite(&t, prior, usual, 180 * DAY_MS);
    assert_true(favourite.known && favourite.sure > .95 && favourite.sure < 1);
    assert_false(taste_favourite(&t, prior, usual, 400 * DAY_MS).known);  // and they fade
    taste_drop(&t);
    taste_drop(&shop);
}

#define EVENTS 1500
#define CODES 60

struct event {
    uint32_t code;
    int64_t at_ms;
    double weight;
};

static void random_events(struct event *event, uint64_t seed, int64_t days)
{
    for (int i = 0; i < EVENTS; i++) {
        event[i].code = (uint32_t)(hash_mix(++seed) % CODES * 0x9e3779b9u);
        event[i].at_ms = (int64_t)(hash_mix(++seed) % (uint64_t)(days * DAY_MS)) * (i + 1) / EVENTS;  // roughly in order
        event[i].weight = taste_weight((enum taste_event)(hash_mix(++seed) % 3));
    }
}

/* The definition: all events, each time. */
static double slow_mass(const struct event *event, int n, uint32_t code, bool any, int64_t now_ms)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        if (any || event[i].code == code)
            sum += event[i].weight * exp2(-(double)(now_ms - event[i].at_ms) / HALF_LIFE);
    return sum;
}

/* Over two years, and over so many that the landmark moves and old codes are forgotten. */
static void one_by_one_is_all_at_once(void **state)
{
    (void)state;
    static const int64_t days[] = { 700, 90 * 1000 };
    for (size_t c = 0; c < sizeof days / sizeof *days; c++) {
        static struct event event[EVENTS], others[EVENTS];
        struct taste t, shop;
        int64_t now = 0, now_shop = days[c] * DAY_MS;
        taste_init(&t, HALF_LIFE);
        taste_init(&shop, HALF_LIFE);
        random_events(event, 5, days[c]);
        random_events(others, 50005, days[c]);
        for (int i = 0; i < EVENTS; i++)
            assert_int_equal(taste_add(&shop, others[i].code, others[i].at_ms, others[i].weight, NULL), ERR_OK);
        const struct taste_prior prior = { &shop, 2 };
        double shop_all = slow_mass(others, EVENTS, 0, true, now_shop);
        for (int i = 0; i < EVENTS; i++) {
            assert_int_equal(taste_add(&t, event[i].code, event[i].at_ms, event[i].weight, NULL), ERR_OK);
            now = event[i].at_ms > now ? event[i].at_ms : now;
            if (i % 149 != 0 && i + 1 < EVENTS)
                continue;
            int64_t later = now + (int64_t)(hash_mix((uint64_t)i) % (uint64_t)(200 * DAY_MS));
            double all = slow_mass(event, i + 1, 0, true, later);
            close_to(taste_evidence(&t, later), all);
            for (uint32_t code = 0; code < CODES; code++) {
                uint32_t own = code * 0x9e3779b9u;
                double smooth = 2 * slow_mass(others, EVENTS, own, false, now_shop) / shop_all;
                close_to(taste_share(&t, prior, own, later), (slow_mass(event, i + 1, own, false, later) + smooth) / (all + 2));
            }
        }
        taste_drop(&t);
        taste_drop(&shop);
    }
}

static void shares_are_one_in_all_and_order_does_not_matter(void **state)
{
    (void)state;
    static struct event event[EVENTS];
    struct taste one, two, parts[2];
    random_events(event, 99, 700);
    taste_init(&one, HALF_LIFE);
    taste_init(&two, HALF_LIFE);
    taste_init(parts, HALF_LIFE);
    taste_init(parts + 1, HALF_LIFE);
    for (int i = 0; i < EVENTS; i++) {
        const struct event *last = event + EVENTS - 1 - i;
        assert_int_equal(taste_add(&one, event[i].code, event[i].at_ms, event[i].weight, NULL), ERR_OK);
        assert_int_equal(taste_add(&two, last->code, last->at_ms, last->weight, NULL), ERR_OK);
        assert_int_equal(taste_add(parts + i % 2, event[i].code, event[i].at_ms, event[i].weight, NULL), ERR_OK);
    }
    assert_int_equal(taste_merge(parts, parts + 1, NULL), ERR_OK);
    const struct taste_prior prior = { &two, 5 };
    double sum = 0;
    for (uint32_t code = 0; code < CODES; code++) {
        uint32_t own = code * 0x9e3779b9u;
        double share = taste_share(&one, prior, own, 800 * DAY_MS);
        close_to(taste_share(&two, prior, own, 800 * DAY_MS), share);
        close_to(taste_share(parts, prior, own, 800 * DAY_MS), share);
        sum += share;
    }
    close_to(sum, 1);
    close_to(taste_evidence(parts, 800 * DAY_MS), taste_evidence(&one, 800 * DAY_MS));
    taste_drop(&one);
    taste_drop(&two);
    taste_drop(parts);
    taste_drop(parts + 1);
}

/* Someone who buys in two categories alike has no favourite, however much they buy; with a third of it more they have. */
static void equals_are_no_favourite(void **state)
{
    (void)state;
    struct taste t;
    const struct taste_prior none = { NULL, 0 };
    taste_init(&t, HALF_LIFE);
    assert_false(taste_favourite(&t, none, usual, 0).known);
    assert_true(isnan(taste_mean(&t, none, 0)));
    for (uint32_t i = 0; i < 40; i++)
        add(&t, i % 2, 1, 1);
    struct taste_favourite favourite = taste_favourite(&t, none, usual, DAY_MS);
    assert_false(favourite.known);
    close_to(favourite.sure, .5);
    close_to(favourite.share, .5);
    for (uint32_t i = 0; i < 7; i++)
        add(&t, 1, 1, 1);
    favourite = taste_favourite(&t, none, usual, DAY_MS);
    assert_true(favourite.known && favourite.code == 1);
    close_to(favourite.sure, .5 * erfc(-7 / sqrt(2 * 47)));
    taste_drop(&t);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct taste t;
    struct err e = { 0 };
    taste_init(&t, HALF_LIFE);
    assert_int_equal(taste_add(&t, 1, 0, 0, &e), ERR_INVALID);
    assert_string_equal(e.text, "an event weighs 0: it must be a number above 0");
    assert_int_equal(taste_add(&t, 1, 0, NAN, &e), ERR_INVALID);
    for (uint32_t code = 0; code < TASTE_CODES_MAX; code++)
        add(&t, code, 0, 1);
    assert_int_equal(taste_add(&t, TASTE_CODES_MAX, 0, 1, &e), ERR_LIMIT);
    close_to(taste_evidence(&t, 0), TASTE_CODES_MAX);
    add(&t, TASTE_CODES_MAX, 90 * 100, 1);  // by then the others are forgotten
    struct taste_code best[2];
    assert_int_equal(taste_best(&t, (struct taste_prior){ NULL, 0 }, 9000 * DAY_MS, best, 2), 1);
    assert_int_equal(best[0].code, TASTE_CODES_MAX);
    add(&t, 5, 0, 1);  // and this was too long ago, though it is written down
    close_to(taste_evidence(&t, 9000 * DAY_MS), 1);
    taste_drop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worked_example),
        cmocka_unit_test(one_by_one_is_all_at_once),
        cmocka_unit_test(shares_are_one_in_all_and_order_does_not_matter),
        cmocka_unit_test(equals_are_no_favourite),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
