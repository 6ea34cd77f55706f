/* Against exact answers: dynamic programming over the budget, and all allocations of a few customers. */
#include "engine/allocate/allocate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

#define CUSTOMERS 12
#define BUDGET 200
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct allocate_options usual = { .threads = 2 };

struct small {
    size_t n;
    unsigned k;
    int32_t value[CUSTOMERS * ALLOCATE_TREATMENTS], cost[CUSTOMERS * ALLOCATE_TREATMENTS];
    uint8_t channel[ALLOCATE_TREATMENTS];
    int64_t capacity[ALLOCATE_CHANNELS];
};

static int64_t below(uint64_t *seed, int64_t n)
{
    return (int64_t)(hash_mix(++*seed) % (uint64_t)n);
}

/* `alike`: values follow costs, so that slopes tie. */
static struct small draw(uint64_t *seed, size_t n_most, unsigned k_most, bool alike)
{
    struct small s = { .n = 1 + (size_t)below(seed, (int64_t)n_most), .k = 1 + (unsigned)below(seed, k_most) };
    for (size_t i = 0; i < s.n * s.k; i++) {
        s.cost[i] = (int32_t)below(seed, 32) - 1;
        s.value[i] = alike ? 3 * s.cost[i] : (int32_t)below(seed, 120) - 20;
    }
    for (unsigned t = 0; t < s.k; t++)
        s.channel[t] = (uint8_t)below(seed, 3);
    for (unsigned c = 0; c < 3; c++)
        s.capacity[c] = below(seed, (int64_t)s.n + 1);
    return s;
}

static struct allocate_problem problem(const struct small *s, int64_t budget)
{
    return (struct allocate_problem){ s->n, s->k, 0, s->value, s->cost, NULL, budget, ALLOCATE_UNLIMITED, NULL };
}

/* Of treatments that cost something. */
static int64_t best_by_budget(const struct small *s, int64_t budget)
{
    int64_t best[BUDGET + 1] = { 0 };
    for (size_t i = 0; i < s->n; i++)
        for (int64_t b = budget; b >= 0; b--)
            for (size_t t = 0; t < s->k; t++) {
                int32_t cost = s->cost[t * s->n + i];
                if (cost <= 0 || cost > b)
                    continue;
                int64_t with = best[b - cost] + s->value[t * s->n + i];
                best[b] = with > best[b] ? with : best[b];
            }
    return best[budget];
}

/* Of all: what a customer brings for nothing is a base that the others must beat. */
static int64_t optimum(const struct small *s, int64_t budget)
{
    struct small above = *s;
    int64_t base = 0;
    for (size_t i = 0; i < s->n; i++) {
        int32_t free_value = 0;
        for (size_t t = 0; t < s->k; t++)
            if (s->cost[t * s->n + i] == 0 && s->value[t * s->n + i] > free_value)
                free_value = s->value[t * s->n + i];
        base += free_value;
        for (size_t t = 0; t < s->k; t++)
            above.value[t * s->n + i] -= free_value;
    }
    return base + best_by_budget(&above, budget);
}

/* What it says of itself is what it chose; limits hold. */
static void is_consistent(const struct allocate_problem *p, const uint8_t *choice, const struct allocation *got)
{
    int64_t value = 0, cost = 0, contacts = 0, used[ALLOCATE_CHANNELS] = { 0 };
    for (size_t i = 0; i < p->customers; i++) {
        if (choice[i] == ALLOCATE_NOTHING)
            continue;
        assert_true(choice[i] < p->treatments);
        assert_true(p->cost[choice[i] * p->customers + i] >= 0);
        assert_true(p->value[choice[i] * p->customers + i] > 0);
        value += p->value[choice[i] * p->customers + i];
        cost += p->cost[choice[i] * p->customers + i];
        contacts++;
        if (p->channels)
            used[p->channel[choice[i]]]++;
    }
    assert_int_equal(value, got->value);
    assert_int_equal(cost, got->cost);
    assert_int_equal(contacts, got->contacts);
    assert_true(cost <= p->budget && contacts <= p->contacts);
    for (unsigned c = 0; c < p->channels; c++) {
        assert_int_equal(used[c], got->used[c]);
        assert_true(used[c] <= p->capacity[c]);
    }
    assert_true(got->gap >= 0);
}

static void budget_alone_is_within_one_treatment_of_the_best(void **state)
{
    uint64_t seed = 1;
    size_t exact = 0, cases = 0;
    (void)state;
    for (; cases < 1500; cases++) {
        struct small s = draw(&seed, CUSTOMERS, 6, cases % 4 == 0);
        struct allocate_problem p = problem(&s, below(&seed, BUDGET));
        struct allocation got;
        uint8_t choice[CUSTOMERS];
        int32_t most = 0;
        for (size_t i = 0; i < s.n * s.k; i++)
            most = s.cost[i] >= 0 && s.value[i] > most ? s.value[i] : most;
        int64_t want = optimum(&s, p.budget);
        assert_int_equal(allocate(&p, &usual, choice, &got, NULL), ERR_OK);
        is_consistent(&p, choice, &got);
        assert_true(got.value <= want);
        assert_true((double)want <= got.bound + 1e-6);
        assert_true(got.gap <= most + 1e-6);
        exact += got.value == want;
    }
    assert_true(exact * 2 > cases);
}

static int64_t best_of_all(const struct allocate_problem *p, size_t row, int64_t budget, int64_t contacts, int64_t *capacity)
{
    if (row == p->customers)
        return 0;
    int64_t best = best_of_all(p, row + 1, budget, contacts, capacity);
    for (unsigned t = 0; t < p->treatments; t++) {
        int32_t cost = p->cost[t * p->customers + row];
        if (cost < 0 || cost > budget || !contacts || !capacity[p->channel[t]])
            continue;
        capacity[p->channel[t]]--;
        int64_t with = p->value[t * p->customers + row] + best_of_all(p, row + 1, budget - cost, contacts - 1, capacity);
        capacity[p->channel[t]]++;
        best = with > best ? with : best;
    }
    return best;
}

static void all_limits_hold_and_the_bound_is_one(void **state)
{
    uint64_t seed = 2;
    double reached = 0, possible = 0;
    (void)state;
    for (int turn = 0; turn < 400; turn++) {
        struct small s = draw(&seed, 7, 3, turn % 4 == 0);
        struct allocate_problem p = problem(&s, below(&seed, 100));
        struct allocation got;
        uint8_t choice[CUSTOMERS];
        p.channels = 3;
        p.channel = s.channel;
        p.capacity = s.capacity;
        p.contacts = turn % 3 ? below(&seed, 8) : ALLOCATE_UNLIMITED;
        p.budget = turn % 5 ? p.budget : ALLOCATE_UNLIMITED;
        assert_int_equal(allocate(&p, &usual, choice, &got, NULL), ERR_OK);
        is_consistent(&p, choice, &got);
        int64_t want = best_of_all(&p, 0, p.budget, p.contacts, s.capacity);
        assert_true(got.value <= want);
        assert_true((double)want <= got.bound + 1e-6);
        reached += (double)got.value;
        possible += (double)want;
    }
    assert_true(reached > .95 * possible);
}

static void edges(void **state)
{
    static const int32_t value[] = { 10, 20, -5, 30, 7, 9 }, cost[] = { 1, 2, 3, 3, 0, -1 };  // 3 customers, 2 treatments
    static const struct {
        int64_t budget, value, cost;
    } cases[] = {
        { 0, 7, 0 }, { 1, 17, 1 }, { 2, 20, 2 }, { 3, 37, 3 }, { 5, 50, 5 }, { ALLOCATE_UNLIMITED, 50, 5 },
    };
    struct allocate_problem p = { 3, 2, 0, value, cost, NULL, 0, ALLOCATE_UNLIMITED, NULL };
    struct allocation got;
    uint8_t choice[3];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        p.budget = cases[i].budget;
        assert_int_equal(allocate(&p, &usual, choice, &got, NULL), ERR_OK);
        is_consistent(&p, choice, &got);
        assert_int_equal(got.value, cases[i].value);
        assert_int_equal(got.cost, cases[i].cost);
    }
    p.budget = 0;
    p.customers = 0;
    assert_int_equal(allocate(&p, &usual, NULL, &got, NULL), ERR_OK);
    assert_int_equal(got.value, 0);
    static const int32_t bad[] = { -1, -2, -3, 0, 0, 0 };
    p = (struct allocate_problem){ 3, 2, 0, bad, cost, NULL, 100, 2, NULL };
    assert_int_equal(allocate(&p, &usual, choice, &got, NULL), ERR_OK);
    assert_int_equal(got.contacts, 0);
    assert_true(got.gap == 0);
}

static void fill_large(int32_t *value, int32_t *cost, size_t cells)
{
    uint64_t seed = 7;
    for (size_t i = 0; i < cells; i++) {
        value[i] = (int32_t)below(&seed, 10000) - 1000;
        cost[i] = (int32_t)below(&seed, 3000) - 100;
    }
}

/* Large enough that a sample gives the first prices; the same with one thread and with three. */
static void large_bases_come_close(void **state)
{
    enum { N = 270000, K = 2 };
    static const uint8_t channel[K] = { 0, 1 };
    static const int64_t capacity[2] = { 20000, 60000 };
    int32_t *value = malloc(sizeof *value * N * K), *cost = malloc(sizeof *cost * N * K);
    uint8_t *one = malloc(N), *three = malloc(N);
    atomic_uint progress = 0;
    const struct allocate_options threads = { .threads = 3, .progress = &progress };
    struct allocate_problem p = { N, K, 2, value, cost, channel, ALLOCATE_UNLIMITED, ALLOCATE_UNLIMITED, capacity };
    struct allocation got, again;
    (void)state;
    assert_true(value && cost && one && three);
    fill_large(value, cost, (size_t)N * K);
    for (int turn = 0; turn < 2; turn++) {
        p.budget = turn ? 30000000 : ALLOCATE_UNLIMITED;
        p.contacts = turn ? 50000 : ALLOCATE_UNLIMITED;
        assert_int_equal(allocate(&p, &(struct allocate_options){ 0 }, one, &got, NULL), ERR_OK);
        assert_int_equal(allocate(&p, &threads, three, &again, NULL), ERR_OK);
        is_consistent(&p, one, &got);
        assert_memory_equal(one, three, N);
        assert_int_equal(atomic_exchange(&progress, 0), 1000);
        assert_true(got.gap < 1e-4 * got.bound);
    }
    p.channels = 0;
    assert_int_equal(allocate(&p, &usual, one, &got, NULL), ERR_OK);
    for (size_t i = 0; i < (size_t)N * K; i++)
        value[i] = 2 * cost[i];      // all slopes are equal: each unit of budget is worth 2
    p.contacts = ALLOCATE_UNLIMITED;
    assert_int_equal(allocate(&p, &usual, one, &got, NULL), ERR_OK);
    is_consistent(&p, one, &got);
    assert_true(got.gap <= 6000 && fabs(got.money_worth - 2) < 1e-9);
    free(value);
    free(cost);
    free(one);
    free(three);
}

/* The largest and the least numbers there are, more threads than customers, and every kind of limit. */
static void extremes_are_no_trouble(void **state)
{
    static const int32_t cells[] = { INT32_MAX, INT32_MIN, 0, 1, -1, INT32_MAX - 1, 1000 };
    static const int64_t limits[] = { 0, 1, 3, INT32_MAX, INT64_MAX - 1, ALLOCATE_UNLIMITED };
    const struct allocate_options crowd = { .threads = 1000 };
    uint64_t seed = 11;
    (void)state;
    for (int turn = 0; turn < 1000; turn++) {
        struct small s = draw(&seed, 5, 3, false);
        struct allocate_problem p = problem(&s, limits[below(&seed, COUNT(limits))]);
        struct allocation got;
        uint8_t choice[CUSTOMERS];
        for (size_t i = 0; i < s.n * s.k; i++) {
            s.value[i] = cells[below(&seed, COUNT(cells))];
            s.cost[i] = cells[below(&seed, COUNT(cells))];
        }
        p.contacts = limits[below(&seed, COUNT(limits))];
        if (turn % 2) {
            p.channels = 3;
            p.channel = s.channel;
            p.capacity = s.capacity;
        }
        assert_int_equal(allocate(&p, &crowd, choice, &got, NULL), ERR_OK);
        is_consistent(&p, choice, &got);
        if (turn % 2)
            assert_true((double)best_of_all(&p, 0, p.budget, p.contacts, s.capacity) <= got.bound * (1 + 1e-12));
    }
}

/* What it says one more unit of money is worth, it is. */
static void the_price_of_money_is_its_yield(void **state)
{
    enum { N = 2000, K = 4 };
    static int32_t value[N * K], cost[N * K];
    static uint8_t choice[N];
    struct allocate_problem p = { N, K, 0, value, cost, NULL, 200000, ALLOCATE_UNLIMITED, NULL };
    struct allocation less, more;
    (void)state;
    fill_large(value, cost, N * K);
    assert_int_equal(allocate(&p, &usual, choice, &less, NULL), ERR_OK);
    p.budget += 20000;
    assert_int_equal(allocate(&p, &usual, choice, &more, NULL), ERR_OK);
    double yield = (more.bound - less.bound) / 20000;
    assert_true(yield <= less.money_worth + 1e-9 && yield >= more.money_worth - 1e-9);
}

static void what_cannot_be_is_refused(void **state)
{
    static const int32_t cells[4] = { 1, 2, 3, 4 };
    static const uint8_t channel[2] = { 0, 2 };
    static const int64_t capacity[2] = { 1, -1 };
    const struct allocate_problem good = { 2, 2, 0, cells, cells, NULL, 9, 9, NULL };
    struct allocate_problem p;
    struct allocation got;
    struct err e;
    uint8_t choice[2];
    atomic_bool stop = true;
    const struct allocate_options stopped = { .cancel = &stop };
    (void)state;
    p = good, p.treatments = 17;
    assert_int_equal(allocate(&p, &usual, choice, &got, &e), ERR_INVALID);
    p = good, p.budget = -1;
    assert_int_equal(allocate(&p, &usual, choice, &got, &e), ERR_INVALID);
    assert_string_equal(e.text, "the budget is negative");
    p = good, p.channels = 2, p.channel = channel, p.capacity = capacity;
    assert_int_equal(allocate(&p, &usual, choice, &got, &e), ERR_INVALID);
    assert_string_equal(e.text, "treatment 1 is on channel 2; there are 2");
    p.channel = (const uint8_t[]){ 0, 1 };
    assert_int_equal(allocate(&p, &usual, choice, &got, &e), ERR_INVALID);
    assert_int_equal(allocate(&good, &stopped, choice, &got, &e), ERR_BUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budget_alone_is_within_one_treatment_of_the_best),
        cmocka_unit_test(all_limits_hold_and_the_bound_is_one),
        cmocka_unit_test(edges),
        cmocka_unit_test(extremes_are_no_trouble),
        cmocka_unit_test(large_bases_come_close),
        cmocka_unit_test(the_price_of_money_is_its_yield),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
