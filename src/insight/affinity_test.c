#include "insight/affinity.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "insight/insight_testing.h"

/* Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3. */
static void wilson_intervals(void **state)
{
    (void)state;
    static const struct {
        uint32_t hits, n;
        double low, high;
    } cases[] = { { 81, 263, 0.2553, 0.3662 }, { 15, 148, 0.0624, 0.1605 }, { 0, 20, 0, 0.1611 },
                  { 1, 29, 0.0061, 0.1718 }, { 20, 20, 0.8389, 1 }, { 0, 0, 0, 1 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double low, high;
        wilson(cases[i].hits, cases[i].n, &low, &high);
        assert_float_equal(low, cases[i].low, 5e-5);
        assert_float_equal(high, cases[i].high, 5e-5);
    }
}

static bool all(void *arg, uint32_t product)
{
    (void)arg;
    return product > 0;
}

/* Hundreds of groups of ten. */
static uint32_t tens(void *arg, uint32_t product)
{
    (void)arg;
    return (product - 1) / 10 + 1;
}

/* ---- variety ---- */

static void at_most_some_of_a_group(void **state)
{
    (void)state;
    // items 0..39 in groups of ten; 40 is bought. Neighbours of 40, best first: all of group 1, then of 2 and 3
    enum { ITEMS = 41 };
    struct neighbour near[ITEMS * 40] = { { 0 } };
    uint32_t buyers[ITEMS] = { 0 }, count[ITEMS] = { 0 };
    for (uint32_t i = 0; i < 24; i++)
        near[40 * 40 + i] = (struct neighbour){ i, 5, 1.0f - (float)i / 100 };
    count[40] = 24;
    struct neighbours fit = { ITEMS, 40, buyers, count, near };
    struct neighbour_work *work = neighbour_work_new();
    struct scored best[10];
    size_t n = 0;
    uint32_t basis[] = { 40 };
    struct affinity_taste varied = { all, tens, NULL }, plain = { all, NULL, NULL };
    assert_int_equal(affinity_propose(&fit, basis, 1, &plain, work, best, 10, &n, NULL), ERR_OK);
    assert_int_equal(n, 10);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(best[i].item, i);
    assert_int_equal(affinity_propose(&fit, basis, 1, &varied, work, best, 10, &n, NULL), ERR_OK);
    static const uint32_t want[] = { 0, 1, 2, 10, 11, 12, 20, 21, 22, 3 };  // then those passed over
    assert_int_equal(n, 10);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(best[i].item, want[i]);
    neighbour_work_drop(&work);
}

/* Only the last AFFINITY_BASIS of what the customer has count. */
static void the_latest_count(void **state)
{
    (void)state;
    enum { ITEMS = 100 };
    struct neighbour near[ITEMS] = { { 0 } };
    uint32_t buyers[ITEMS] = { 0 }, count[ITEMS], basis[AFFINITY_BASIS + 1];
    for (uint32_t i = 0; i < ITEMS; i++) {
        near[i] = (struct neighbour){ 99 - i, 1, 0.5f };
        count[i] = 1;
    }
    for (uint32_t i = 0; i <= AFFINITY_BASIS; i++)
        basis[i] = i;
    struct neighbours fit = { ITEMS, 1, buyers, count, near };
    struct neighbour_work *work = neighbour_work_new();
    struct scored best[80];
    size_t n = 0;
    struct affinity_taste plain = { all, NULL, NULL };
    assert_int_equal(affinity_propose(&fit, basis, AFFINITY_BASIS + 1, &plain, work, best, 80, &n, NULL), 0);
    assert_true(n > 30);
    for (size_t i = 0; i < n; i++)
        assert_int_not_equal(best[i].item, 99);  // only item 0 leads there
    neighbour_work_drop(&work);
}

/* ---- the model in use ---- */

struct customer_says {
    struct affinity *affinity;
    atomic_bool stop;
    atomic_int used;
};

static void *borrower(void *arg)
{
    struct customer_says *c = arg;
    uint64_t sum = 0;
    while (!atomic_load(&c->stop)) {
        int64_t version;
        const struct neighbours *fit = affinity_use(c->affinity, &version);
        for (uint32_t i = 0; fit && i < fit->items; i++)
            sum += fit->count[i] + fit->of[(size_t)i * fit->k].together;
        affinity_done(c->affinity, fit);
        atomic_fetch_add(&c->used, fit != NULL);
    }
    return (void *)(uintptr_t)(sum & 0xff);
}

static void models_live_while_they_are_used(void **state)
{
    struct shop *s = *state;
    struct affinity *affinity = NULL;
    int64_t version = -1, later = -1;
    assert_int_equal(affinity_new(s->lab.memory, s->purchases, &affinity, NULL), ERR_OK);
    assert_null(affinity_use(affinity, &version));
    assert_int_equal(version, 0);
    affinity_done(affinity, NULL);
    assert_false(affinity_refit_due(affinity, LAB_NOW));  // nothing to fit
    for (int i = 0; i < 20; i++) {
        char who[16], order[16];
        snprintf(who, sizeof who, "u%d", i % 5);
        snprintf(order, sizeof order, "o%d", i);
        shop_buy(s, who, order, SHOP_T0 + i, i % 2 ? "a b c" : "b c d");
    }
    assert_true(affinity_refit_due(affinity, LAB_NOW));
    assert_int_equal(affinity_refit(affinity, LAB_NOW, NULL, NULL), ERR_OK);
    assert_false(affinity_refit_due(affinity, LAB_NOW + 10 * SHOP_DAY));  // nothing is new
    const struct neighbours *old = affinity_use(affinity, &version);
    assert_non_null(old);
    assert_int_equal(old->items, 4);
    shop_buy(s, "u9", "o99", SHOP_T0, "e a");
    assert_false(affinity_refit_due(affinity, LAB_NOW + 1));  // grown by a twentieth at most
    assert_true(affinity_refit_due(affinity, LAB_NOW + SHOP_DAY));
    struct customer_says c = { .affinity = affinity };
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, borrower, &c), 0);
    for (int i = 0; i < 30 || atomic_load(&c.used) < 100; i++)
        assert_int_equal(affinity_refit(affinity, LAB_NOW + i, NULL, NULL), ERR_OK);
    atomic_store(&c.stop, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    const struct neighbours *fresh = affinity_use(affinity, &later);
    assert_true(later > version);
    assert_int_equal(fresh->items, 5);
    assert_int_equal(old->items, 4);  // still whole, though replaced thirty times
    affinity_done(affinity, old);
    affinity_done(affinity, fresh);
    atomic_bool cancel = true;
    assert_int_equal(affinity_refit(affinity, LAB_NOW, &cancel, NULL), ERR_BUSY);
    affinity_drop(&affinity);
    assert_null(affinity);
}

/* ---- the proof, again from its definition ---- */

enum { CUSTOMERS = 60, PRODUCTS = 30, SHOWN = 10 };

struct world {
    bool before[CUSTOMERS][PRODUCTS], after[CUSTOMERS][PRODUCTS];
    int orders_before[CUSTOMERS];
};

static bool offered(void *arg, uint32_t product)
{
    (void)arg;
    return product % 7 != 0;
}

/* Whether one of the ten offerable goods with the most points that are not owned is bought later. */
static bool hits(const struct world *w, int c, const double *points)
{
    bool shown[PRODUCTS] = { false };
    for (int k = 0; k < SHOWN; k++) {
        int best = -1;
        for (int i = 0; i < PRODUCTS; i++)
            if (points[i] > 0 && !shown[i] && !w->before[c][i] && offered(NULL, (uint32_t)i + 1)
                && (best < 0 || points[i] > points[best]))
                best = i;
        if (best < 0)
            break;
        shown[best] = true;
        if (w->after[c][best])
            return true;
    }
    return false;
}

/* Bought long before the cutoff, not in its last weeks. */
static bool is_old(int c)
{
    return c % 3 == 0;
}

static void prove(const struct world *w, struct evaluation *ev)
{
    double buyers[PRODUCTS] = { 0 }, lately[PRODUCTS] = { 0 }, both[PRODUCTS][PRODUCTS] = { { 0 } };
    for (int c = 0; c < CUSTOMERS; c++)
        for (int i = 0; i < PRODUCTS; i++)
            for (int j = 0; w->before[c][i] && j < PRODUCTS; j++) {
                buyers[i] += i == j;
                lately[i] += i == j && !is_old(c);
                both[i][j] += w->before[c][j];
            }
    for (int c = 0; c < CUSTOMERS; c++) {
        bool had = false, news = false;
        float score[PRODUCTS] = { 0 };
        double points[PRODUCTS];
        for (int i = 0; i < PRODUCTS; i++) {
            had |= w->before[c][i];
            news |= w->after[c][i] && !w->before[c][i] && offered(NULL, (uint32_t)i + 1);
            for (int j = 0; w->before[c][i] && j < PRODUCTS; j++)
                if (i != j)
                    score[j] += (float)(both[i][j] / (sqrt(buyers[i]) * sqrt(buyers[j]) + 10));
        }
        for (int i = 0; i < PRODUCTS; i++)
            points[i] = (double)score[i];
        if (!had || !news)
            continue;
        int group = w->orders_before[c] <= 1 ? 0 : w->orders_before[c] <= 3 ? 1 : w->orders_before[c] <= 9 ? 2 : 3;
        struct hit_rate *rates[] = { &ev->all, &ev->by_orders[group] };
        bool model = hits(w, c, points), popular = hits(w, c, buyers), recent = hits(w, c, lately);
        for (int k = 0; k < 2; k++) {
            rates[k]->customers++;
            rates[k]->hits_model += model;
            rates[k]->hits_baseline += popular;
            rates[k]->hits_recent += recent;
            rates[k]->both_baseline += model && popular;
            rates[k]->both_recent += model && recent;
        }
    }
}

static void buy_at_random(struct shop *s, struct world *w, uint64_t *seed, int c, int order, bool after)
{
    char who[16], id[16], products[60] = "";
    snprintf(who, sizeof who, "u%d", c);
    snprintf(id, sizeof id, "o%d-%d", c, order);
    for (int k = 0; k < 2; k++) {
        int product = (int)(hash_mix(++*seed) % PRODUCTS);
        if (hash_mix(++*seed) % 3)  // a taste: thirds of the shop
            product = product / 3 * 3 + c % 3;
        size_t at = strlen(products);
        snprintf(products + at, sizeof products - at, "%sp%d", k ? " " : "", product);
        (after ? w->after : w->before)[c][product] = true;
    }
    w->orders_before[c] += !after;
    shop_buy(s, who, id, SHOP_T0 + (after ? 20 : is_old(c) ? -60 : 0) * SHOP_DAY + order * 1000 + c, products);
}

static void the_proof_by_its_definition(void **state)
{
    struct shop *s = *state;
    static struct world w;
    uint64_t seed = 11;
    char all_products[200] = "";
    for (int i = 0; i < PRODUCTS; i++) {  // so that numbers are the tests' own
        size_t at = strlen(all_products);
        snprintf(all_products + at, sizeof all_products - at, "%sp%d", i ? " " : "", i);
    }
    shop_buy(s, "first", "o", SHOP_T0 + 90 * SHOP_DAY, all_products);  // outside of both periods
    for (int c = 0; c < CUSTOMERS; c++) {
        for (int o = 0; o < 1 + c % 11; o++)
            buy_at_random(s, &w, &seed, c, o, false);
        if (c % 4)
            buy_at_random(s, &w, &seed, c, 90, true);
    }
    struct affinity *affinity = NULL;
    struct evaluation got, want = { 0 };
    prove(&w, &want);
    assert_int_equal(affinity_new(s->lab.memory, s->purchases, &affinity, NULL), ERR_OK);
    struct affinity_taste taste = { offered, NULL, NULL };
    assert_int_equal(affinity_evaluate(affinity, SHOP_T0 + 10 * SHOP_DAY, 30, &taste, NULL, &got, NULL), ERR_OK);
    assert_true(want.all.customers > 20 && want.all.hits_model > 0 && want.all.hits_model < want.all.customers);
    assert_int_not_equal(want.all.hits_recent, want.all.hits_baseline);
    assert_memory_equal(&got.all, &want.all, sizeof want.all);
    assert_memory_equal(got.by_orders, want.by_orders, sizeof want.by_orders);
    assert_int_equal(got.held_back_days, 30);
    atomic_bool cancel = true;
    assert_int_equal(affinity_evaluate(affinity, SHOP_T0 + 10 * SHOP_DAY, 30, &taste, &cancel, &got, NULL), ERR_BUSY);
    affinity_drop(&affinity);
}

/* Of 50 pairs 9 fell on one side only and 2 on the other: (9.5 - 2.5) / 52, give or take 1.96 times the root of
 * (9.5 + 2.5 - 7 * 7 / 52) / 52. */
static void a_lead_by_hand(void **state)
{
    (void)state;
    struct lead lead = paired_lead(30, 23, 21, 50);
    assert_true(fabs(lead.value - 0.14) < 1e-12);
    assert_true(fabs(lead.low - 0.009279) < 1e-6 && fabs(lead.high - 0.259952) < 1e-6);
    lead = paired_lead(0, 0, 0, 0);
    assert_true(lead.value == 0 && lead.low < 0 && lead.high > 0);
    lead = paired_lead(7, 7, 7, 7);
    assert_true(lead.low < 0 && lead.high > 0);
}

int main(void)
{
#define SHOP_TEST(f) cmocka_unit_test_setup_teardown(f, shop_setup, shop_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_intervals),           cmocka_unit_test(a_lead_by_hand),
                cmocka_unit_test(at_most_some_of_a_group),
        cmocka_unit_test(the_latest_count),           SHOP_TEST(models_live_while_they_are_used),
        SHOP_TEST(the_proof_by_its_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
