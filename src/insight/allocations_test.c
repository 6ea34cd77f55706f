#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "insight/allocations.h"
#include "insight/investment_testing.h"

#define MICRO(amount) ((int64_t)((amount) * 1e6 + 0.5))
#define NEAR(is, want, by) assert_true(fabs((is) - (want)) <= (by))

/* A call for the tiers that can grow, a letter for everybody. */
static struct allocation_ask usual(const struct house *h)
{
    struct allocation_ask ask = { .treatments = 2, .channels = 2, .budget_micro = MICRO(60), .contacts = ALLOCATE_UNLIMITED };
    ask.channel[0] = (struct allocation_channel){ SLICE("phone"), 5 };
    ask.channel[1] = (struct allocation_channel){ SLICE("post"), ALLOCATE_UNLIMITED };
    ask.treatment[0] = (struct allocation_treatment){ .name = SLICE("call"), .channel = 0, .cost_micro = MICRO(4) };
    ask.treatment[0].effect[TIERS_MOST_GROWABLE] = .5;
    ask.treatment[1] = (struct allocation_treatment){ .name = SLICE("letter"), .channel = 1, .cost_micro = MICRO(1) };
    for (int t = 0; t < TIERS_COUNT; t++)
        ask.treatment[1].effect[t] = .1;
    investment_plans(h->investment, ask.plan);
    return ask;
}

static enum err_code try_solve(struct house *h, const struct allocation_ask *ask, const atomic_bool *cancel,
                               struct allocated **ret, struct err *e)
{
    struct allocation_table *table = NULL;
    street_refresh(&h->street);
    population_lock(h->street.population);
    enum err_code code = allocation_gather(h->street.population, ask, &table, e);
    population_unlock(h->street.population);
    if (!code)
        code = allocation_solve(table, ask, LAB_NOW, SLICE("ann"), cancel, ret, e);
    allocation_table_drop(&table);
    return code;
}

static struct allocated *solved(struct house *h, const struct allocation_ask *ask)
{
    struct allocated *a;
    struct err e;
    if (try_solve(h, ask, NULL, &a, &e))
        fail_msg("%s", e.text);
    return a;
}

static double money(const struct allocated *a, int64_t units)
{
    return (double)units * (double)a->unit_micro / 1e6;
}

static void nobody_without_tiers(void **state)
{
    struct house *h = *state;
    struct allocation_ask ask = usual(h);
    struct allocated *a;
    struct err e;
    assert_int_equal(try_solve(h, &ask, NULL, &a, &e), ERR_CONFLICT);
    assert_non_null(strstr(e.text, "tiers/fits"));
}

/* What is listed adds up to what is told, within all limits. */
static void limits_hold_and_sums_agree(void **state)
{
    struct house *h = *state;
    struct investment_fit fit = house_fitted(h);
    struct allocation_ask ask = usual(h);
    struct allocated *a = solved(h, &ask);
    uint64_t customers = 0, people = 0;
    int64_t value = 0, listed = 0;
    for (int t = 0; t < TIERS_COUNT; t++) {
        assert_int_equal(a->tier[t], fit.tier[t].customers);
        people += a->tier[t];
        assert_true(t == TIERS_MOST_GROWABLE || a->sum[0][t].customers == 0);
        for (unsigned k = 0; k < 2; k++) {
            customers += a->sum[k][t].customers;
            value += a->sum[k][t].value;
        }
    }
    assert_int_equal(people, a->people);
    assert_int_equal(customers, (uint64_t)a->answer.contacts);
    assert_int_equal(value, a->answer.value);
    assert_int_equal(a->answer.chosen[0], 5);
    assert_true(money(a, a->answer.cost) <= 60);
    assert_true((double)a->answer.value <= a->answer.bound);
    for (unsigned k = 0; k < 2; k++)
        for (size_t i = a->begin[k]; i < a->begin[k + 1]; i++) {
            assert_int_equal(a->choice[i].treatment, k);
            assert_true(i == a->begin[k] || a->choice[i].value <= a->choice[i - 1].value);
            listed += a->choice[i].value;
        }
    assert_int_equal(listed, value);
    assert_string_equal(a->ask.treatment[0].name.at, "call");
    assert_null(a->ask.treatment[0].who);
    allocated_drop(&a);
}

/* With all the money in the world everybody gets what is worth most for them, and nothing more is worth anything. */
static void without_limits_everybody_gets_the_best(void **state)
{
    struct house *h = *state;
    house_fitted(h);
    struct allocation_ask ask = usual(h);
    ask.budget_micro = ALLOCATE_UNLIMITED;
    ask.channel[0].capacity = ALLOCATE_UNLIMITED;
    struct allocated *a = solved(h, &ask);
    assert_int_equal(a->answer.chosen[0], a->tier[TIERS_MOST_GROWABLE]);
    NEAR(a->answer.gap, 0, 1e-9);
    assert_true(a->answer.money_worth == 0 && a->answer.channel_worth[0] == 0);
    allocated_drop(&a);
}

/* A treatment of a fifth of a cent costs that, not a cent. */
static void small_costs_are_not_rounded(void **state)
{
    struct house *h = *state;
    house_fitted(h);
    struct allocation_ask ask = usual(h);
    ask.treatments = 1;
    ask.channels = 0;
    ask.treatment[0] = ask.treatment[1];
    ask.treatment[0].channel = 0;
    ask.treatment[0].cost_micro = 2000;
    ask.budget_micro = 20000;
    struct allocated *a = solved(h, &ask);
    assert_int_equal(a->answer.contacts, 10);
    NEAR(money(a, a->answer.cost), 0.02, 1e-12);
    allocated_drop(&a);
}

static void conditions_and_plans_leave_out(void **state)
{
    struct house *h = *state;
    house_fitted(h);
    uint64_t who[COLUMN_WORDS(4096)] = { 0 };
    uint32_t root = shop_root(&h->street.shop, "u5");
    assert_true(root < 4096);
    who[root / 64] |= UINT64_C(1) << root % 64;
    struct allocation_ask ask = usual(h);
    ask.treatment[1].who = who;
    ask.plan[TIERS_MOST_GROWABLE].plan.contacts_per_month = 0;
    struct allocated *a = solved(h, &ask);
    assert_int_equal(a->answer.chosen[0], 0);
    assert_true(a->answer.chosen[1] <= 1);
    for (size_t i = 0; i < a->begin[2]; i++)
        assert_int_equal(a->choice[i].root, root);
    allocated_drop(&a);
}

static void a_search_can_be_stopped(void **state)
{
    struct house *h = *state;
    house_fitted(h);
    struct allocation_ask ask = usual(h);
    struct allocated *a;
    struct err e;
    atomic_bool stop = true;
    assert_int_equal(try_solve(h, &ask, &stop, &a, &e), ERR_BUSY);
}

static void the_last_few_are_kept(void **state)
{
    (void)state;
    struct allocations *kept;
    struct err e;
    assert_int_equal(allocations_new(&kept, &e), ERR_OK);
    assert_null(allocations_at(kept, 0));
    for (int i = 1; i <= ALLOCATIONS_KEPT + 3; i++) {
        struct allocated *one = calloc(1, sizeof *one);
        assert_non_null(one);
        assert_int_equal(allocations_keep(kept, one), i);
    }
    allocations_lock(kept);
    assert_int_equal(allocations_at(kept, 0)->id, ALLOCATIONS_KEPT + 3);
    assert_int_equal(allocations_at(kept, ALLOCATIONS_KEPT - 1)->id, 4);
    assert_null(allocations_at(kept, ALLOCATIONS_KEPT));
    assert_null(allocations_find(kept, 3));
    assert_int_equal(allocations_find(kept, 4)->id, 4);
    allocations_unlock(kept);
    allocations_drop(&kept);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, house_setup, house_teardown)
    const struct CMUnitTest tests[] = {
        TEST(nobody_without_tiers), TEST(limits_hold_and_sums_agree), TEST(without_limits_everybody_gets_the_best),
        TEST(small_costs_are_not_rounded), TEST(conditions_and_plans_leave_out), TEST(a_search_can_be_stopped),
        cmocka_unit_test(the_last_few_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
