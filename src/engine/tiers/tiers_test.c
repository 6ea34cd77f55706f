#include "engine/tiers/tiers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))
static const struct tiers_state first_time = { TIERS_NONE, TIERS_NONE, 0 };
static const struct tiers_cuts known_cuts = { 100, 400, 0, 20, .5, .2, .1 };

/* One customer's tier; columns of one row. */
struct one {
    double actual, lifetime, reach, serve, alive;
    uint8_t partner;
};

static struct tiers_columns columns(const struct one *o)
{
    return (struct tiers_columns){ 1, &o->actual, &o->lifetime, &o->reach, &o->serve, &o->alive, &o->partner };
}

static enum tiers_tier assign(const struct one *o, int32_t today, struct tiers_state *state)
{
    const struct tiers_columns c = columns(o);
    struct tiers_movement m;
    tiers_assign(&c, &known_cuts, today, state, &m);
    return state->tier;
}

static void tiers_are_by_both_values(void **state)
{
    static const struct {
        struct one is;
        enum tiers_tier want;
    } cases[] = {
        { { 150, 50, NAN, NAN, NAN, 0 }, TIERS_MOST_VALUABLE },
        { { 150, 50, NAN, NAN, NAN, 1 }, TIERS_PARTNER },
        { { 150, 50, NAN, 60, NAN, 0 }, TIERS_MIGRATOR },        // costs most of what they bring
        { { 150, 50, NAN, NAN, .1, 0 }, TIERS_MIGRATOR },        // probably gone
        { { 10, 420, NAN, NAN, NAN, 0 }, TIERS_MOST_GROWABLE },
        { { 10, 100, 700, NAN, 1, 0 }, TIERS_MOST_GROWABLE },    // half of what is in reach
        { { 10, 100, 700, NAN, .5, 0 }, TIERS_MIGRATOR },
        { { 10, 100, NAN, NAN, NAN, 0 }, TIERS_MIGRATOR },
        { { 10, 5, NAN, 30, NAN, 0 }, TIERS_BELOW_ZERO },
        { { 10, 50, NAN, 30, NAN, 0 }, TIERS_MIGRATOR },         // does not pay yet, but will
        { { -5, -1, NAN, NAN, NAN, 0 }, TIERS_BELOW_ZERO },
        { { NAN, 50, NAN, NAN, NAN, 0 }, TIERS_NEWCOMER },
        { { 10, NAN, NAN, NAN, NAN, 0 }, TIERS_NEWCOMER },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tiers_state s = first_time;
        if (assign(&cases[i].is, 7, &s) != cases[i].want)
            fail_msg("case %zu: %s, not %s", i, tiers_name(s.tier), tiers_name(cases[i].want));
        assert_int_equal(s.since_day, 7);
    }
}

static double between(uint64_t *seed, double low, double high)
{
    return low + (high - low) * ((double)(hash_mix(++*seed) >> 11) / 9007199254740992.0);
}

/* Whose values play by 5 % round any cut stays where they were at first, for ever. */
static void who_jitters_stays(void **state)
{
    static const struct one at_cuts[] = {
        { 100, 50, 0, 0, 1, 0 }, { 100, 400, 0, 0, 1, 0 }, { 10, 400, 0, 0, 1, 0 },  { 150, 50, 0, 0, .2, 0 },
        { 0, 0, 0, 0, 1, 0 },    { 10, 300, 200, 0, 1, 0 },
    };
    uint64_t seed = 3;
    (void)state;
    for (size_t i = 0; i < 600; i++) {
        struct tiers_state s = first_time;
        for (int32_t week = 0; week < 104; week++) {
            struct one o = at_cuts[i % COUNT(at_cuts)];
            double by = between(&seed, .95, 1.05);
            o.actual = o.actual * by + (o.actual == 0 ? between(&seed, -1, 1) : 0);      // 5 % of what most bring
            o.lifetime = o.lifetime * by + (o.lifetime == 0 ? between(&seed, -1, 1) : 0);
            o.reach *= by;
            o.alive = o.alive < 1 ? o.alive * by : 1;
            assign(&o, week * 7, &s);
        }
        assert_int_equal(s.since_day, 0);
    }
}

static void who_moves_moves_within_two_fits(void **state)
{
    static const struct {
        double actual, lifetime;
        enum tiers_tier first, second;
    } cases[] = {
        { 111, 50, TIERS_MOST_VALUABLE, TIERS_MOST_VALUABLE },   // past the margin: at once
        { 107, 50, TIERS_MIGRATOR, TIERS_MOST_VALUABLE },        // past half of it: when it lasts
        { 104, 50, TIERS_MIGRATOR, TIERS_MIGRATOR },
        { 50, 450, TIERS_MOST_GROWABLE, TIERS_MOST_GROWABLE },
        { 50, 430, TIERS_MIGRATOR, TIERS_MOST_GROWABLE },
        { -3, -3, TIERS_BELOW_ZERO, TIERS_BELOW_ZERO },
        { -1.5, -1.5, TIERS_MIGRATOR, TIERS_BELOW_ZERO },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct one before = { 50, 50, 0, 0, 1, 0 }, after = { cases[i].actual, cases[i].lifetime, 0, 0, 1, 0 };
        struct tiers_state s = first_time;
        assert_int_equal(assign(&before, 0, &s), TIERS_MIGRATOR);
        assert_int_equal(assign(&after, 7, &s), cases[i].first);
        assert_int_equal(assign(&after, 14, &s), cases[i].second);
        assign(&before, 21, &s);
        assert_int_equal(assign(&before, 28, &s), TIERS_MIGRATOR);
    }
    // twice, but not in fits that follow each other
    const struct one low = { 50, 50, 0, 0, 1, 0 }, high = { 107, 50, 0, 0, 1, 0 };
    struct tiers_state s = first_time;
    for (int32_t week = 0; week < 20; week++)
        assert_int_equal(assign(week % 2 ? &high : &low, week * 7, &s), TIERS_MIGRATOR);
}

static void cuts_are_quantiles(void **state)
{
    enum { N = 1001 };
    static double actual[N], lifetime[N];
    struct tiers_columns c = { .n = N, .actual = actual, .lifetime = lifetime };
    struct tiers_options o = tiers_options_usual();
    struct tiers_cuts cuts;
    (void)state;
    for (size_t i = 0; i < N; i++) {
        actual[i] = (double)(i * 387 % N) + 1;   // 1 .. 1001 in some order
        lifetime[i] = 2 * actual[i];
    }
    assert_int_equal(tiers_fit(&c, &o, &cuts, NULL), ERR_OK);
    assert_float_equal(cuts.valuable, 901, 0);
    assert_float_equal(cuts.growable, 2 * 720, 0);               // of the 900 below
    assert_float_equal(cuts.near_floor, 501, 0);
    for (int part = 0; part <= 1000; part++) {
        o.valuable_quantile = part / 1000.0;
        assert_int_equal(tiers_fit(&c, &o, &cuts, NULL), ERR_OK);
        assert_true(cuts.valuable == 1 + (int)(o.valuable_quantile * 1000));
    }
    o.valuable_cut = 500;
    assert_int_equal(tiers_fit(&c, &o, &cuts, NULL), ERR_OK);
    assert_float_equal(cuts.valuable, 500, 0);
    assert_float_equal(cuts.growable, 2 * 399, 0);
    c.n = 0;
    o.valuable_cut = NAN;
    assert_int_equal(tiers_fit(&c, &o, &cuts, NULL), ERR_OK);
    assert_true(isinf(cuts.valuable) && isinf(cuts.growable));
}

/* Equal values, and few of them, do not hold up the selection. */
static void cuts_of_ties(void **state)
{
    enum { N = 20000 };
    static double actual[N];
    const struct tiers_columns c = { .n = N, .actual = actual, .lifetime = actual };
    const struct tiers_options o = tiers_options_usual();
    struct tiers_cuts cuts;
    (void)state;
    for (size_t kinds = 1; kinds < 5; kinds++) {
        for (size_t i = 0; i < N; i++)
            actual[i] = (double)(i % kinds) + 1;
        assert_int_equal(tiers_fit(&c, &o, &cuts, NULL), ERR_OK);
        assert_float_equal(cuts.valuable, (double)kinds, 0);
    }
}

static void movements_add_up(void **state)
{
    static const double actual[] = { 150, 10, 10, NAN }, later[] = { 10, 150, 10, 200 };
    static const double lifetime[] = { 50, 500, 60, NAN }, later_lifetime[] = { 50, 500, 60, 70 };
    struct tiers_state s[4] = { first_time, first_time, first_time, first_time };
    struct tiers_columns c = { .n = 4, .actual = actual, .lifetime = lifetime };
    struct tiers_movement m;
    (void)state;
    tiers_assign(&c, &known_cuts, 0, s, &m);
    assert_int_equal(m.customers[TIERS_NONE][TIERS_MOST_VALUABLE], 1);
    assert_int_equal(m.customers[TIERS_NONE][TIERS_NEWCOMER], 1);
    c.actual = later;
    c.lifetime = later_lifetime;
    tiers_assign(&c, &known_cuts, 7, s, &m);
    assert_int_equal(m.customers[TIERS_MOST_VALUABLE][TIERS_MIGRATOR], 1);
    assert_int_equal(m.customers[TIERS_MOST_GROWABLE][TIERS_MOST_VALUABLE], 1);
    assert_int_equal(m.customers[TIERS_MIGRATOR][TIERS_MIGRATOR], 1);
    assert_int_equal(m.customers[TIERS_NEWCOMER][TIERS_MOST_VALUABLE], 1);
    assert_float_equal(m.value[TIERS_MOST_GROWABLE][TIERS_MOST_VALUABLE], 500, 0);
    assert_int_equal(s[2].since_day, 0);
    assert_int_equal(s[3].since_day, 7);
}

static void plans_and_options_are_checked(void **state)
{
    struct tiers_options o = tiers_options_usual();
    struct tiers_plan p;
    struct err e;
    (void)state;
    assert_int_equal(tiers_options_check(&o, &e), ERR_OK);
    o.margin = .6;
    assert_int_equal(tiers_options_check(&o, &e), ERR_INVALID);
    assert_string_equal(e.text, "margin is 0.6; from 0 to 0.5");
    o = tiers_options_usual();
    o.growable_cut = -3;
    assert_int_equal(tiers_options_check(&o, &e), ERR_INVALID);
    assert_string_equal(e.text, "growable_cut is -3; above the floor");
    for (int t = 0; t < TIERS_COUNT; t++) {
        p = tiers_plan_usual((enum tiers_tier)t);
        assert_int_equal(tiers_plan_check(&p, (enum tiers_tier)t, &e), ERR_OK);
        assert_int_equal(tiers_parse(tiers_name((enum tiers_tier)t), strlen(tiers_name((enum tiers_tier)t))), t);
    }
    assert_int_equal(tiers_parse("gold", 4), -1);
    p.discount_most = NAN;
    assert_int_equal(tiers_plan_check(&p, TIERS_NEWCOMER, &e), ERR_INVALID);
    assert_string_equal(e.text, "newcomer: discount_most is nan; from 0 to 1");
    p = (struct tiers_plan){ 32, TIERS_SELF, false, 0 };
    assert_int_equal(tiers_plan_check(&p, TIERS_MIGRATOR, &e), ERR_INVALID);
    assert_string_equal(e.text, "migrator: contacts_per_month is 32; 31 at most");
    p = (struct tiers_plan){ 3, TIERS_SELF, true, 0 };
    assert_int_equal(tiers_plan_check(&p, TIERS_MIGRATOR, &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiers_are_by_both_values),
        cmocka_unit_test(who_jitters_stays),
        cmocka_unit_test(who_moves_moves_within_two_fits),
        cmocka_unit_test(cuts_are_quantiles),
        cmocka_unit_test(cuts_of_ties),
        cmocka_unit_test(movements_add_up),
        cmocka_unit_test(plans_and_options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
