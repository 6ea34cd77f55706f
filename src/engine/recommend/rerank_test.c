#include "engine/recommend/rerank.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

#define MANY 60
#define LIST 15

static const struct rerank_rules none = { .lambda = 1 };

static struct candidate good(uint32_t item, float score, uint32_t category)
{
    return (struct candidate){ .item = item, .score = score, .category = category, .offerable = true, .in_stock = true };
}

static size_t run(const struct candidate *of, size_t n_of, const struct rerank_rules *rules, struct reranked *list, size_t max)
{
    size_t n = 0;
    assert_int_equal(rerank(of, n_of, rules, list, max, &n, NULL, NULL), ERR_OK);
    return n;
}

static void random_candidates(struct candidate *of, uint64_t seed)
{
    for (uint32_t i = 0; i < MANY; i++, seed++) {
        of[i] = good(i * 7 % MANY, (float)(hash_mix(seed) % 40), (uint32_t)(hash_mix(seed + 1000) % 8));
        of[i].buyers = (uint32_t)(hash_mix(seed + 2000) % 500);
    }
}

static void what_must_not_be_shown_is_not(void **state)
{
    (void)state;
    struct candidate of[7];
    for (uint32_t i = 0; i < 7; i++)
        of[i] = good(i, (float)i, 1);
    of[6].offerable = of[6].in_stock = false;
    of[5].in_stock = false;
    of[4].bought = true;
    of[3].bought = true;
    of[3].days_since = 29.5f;
    of[3].days_again = 30;
    of[2] = of[3];
    of[2].item = 2;
    of[2].score = 2;
    of[2].days_since = 30;
    struct reranked list[7];
    struct rerank_dropped dropped;
    size_t n = 0;
    assert_int_equal(rerank(of, 7, &none, list, 7, &n, &dropped, NULL), ERR_OK);
    assert_int_equal(n, 3);
    assert_int_equal(list[0].candidate, 2);
    assert_int_equal(list[2].candidate, 0);
    assert_int_equal(dropped.not_offerable, 1);
    assert_int_equal(dropped.no_stock, 1);
    assert_int_equal(dropped.bought, 2);
}

/* Scores 10 9 8 6 0 in categories 1 1 1 2 3, so relevance 1 .9 .8 .6 0.
 * Cap 1: 0, then 3 and 4 for the two that are above the cap.
 * lambda .5 by category: 0 (.5), then 3 (.3 against -.05 of 1), then 4 (0), then 1.
 * calibration 1, half of each of 1 and 2 wanted: 0, then 3; a third place evens nothing, so the score decides: 1. */
static void each_rule_names_itself(void **state)
{
    (void)state;
    const struct candidate of[] = { good(0, 10, 1), good(1, 9, 1), good(2, 8, 1), good(3, 6, 2), good(4, 0, 3) };
    struct rerank_rules rules = none;
    struct reranked list[5];
    rules.per_category = 1;
    assert_int_equal(run(of, 5, &rules, list, 5), 3);
    assert_int_equal(list[0].rule, RERANK_RELEVANCE);
    assert_int_equal(list[1].candidate, 3);
    assert_int_equal(list[1].rule, RERANK_CAP);
    assert_int_equal(list[1].by_score, 3);
    assert_int_equal(list[2].candidate, 4);
    rules = none;
    rules.lambda = .5;
    assert_int_equal(run(of, 5, &rules, list, 5), 5);
    assert_int_equal(list[1].candidate, 3);
    assert_int_equal(list[1].rule, RERANK_VARIETY);
    assert_int_equal(list[2].candidate, 4);
    assert_int_equal(list[3].candidate, 1);
    assert_int_equal(list[3].rule, RERANK_RELEVANCE);
    static const struct category_share half[] = { { 1, 3 }, { 2, 3 } };
    rules = none;
    rules.calibration = 1;
    rules.wanted = half;
    rules.n_wanted = 2;
    assert_int_equal(run(of, 5, &rules, list, 3), 3);
    assert_int_equal(list[0].candidate, 0);
    assert_int_equal(list[1].candidate, 3);
    assert_int_equal(list[1].rule, RERANK_CALIBRATION);
    assert_int_equal(list[2].candidate, 1);
    assert_string_equal(rerank_rule_name(list[1].rule), "calibration");
}

static void the_popular_are_discounted(void **state)
{
    (void)state;
    struct candidate of[] = { good(0, 10, 1), good(1, 9, 1), good(2, 4, 2) };
    of[0].buyers = 400;
    of[1].buyers = 4;
    of[2].buyers = 0;
    struct rerank_rules rules = none;
    struct reranked list[3];
    rules.popularity = .5;  // 10/20, 9/2, 4/1
    assert_int_equal(run(of, 3, &rules, list, 3), 3);
    assert_int_equal(list[0].candidate, 1);
    assert_int_equal(list[0].rule, RERANK_POPULARITY);
    assert_int_equal(list[1].candidate, 2);
    assert_int_equal(list[2].candidate, 0);
    assert_int_equal(list[2].rule, RERANK_RELEVANCE);
}

static void without_rules_the_order_stays(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct candidate of[MANY];
        struct reranked list[MANY];
        random_candidates(of, seed * 100);
        assert_int_equal(run(of, MANY, &none, list, MANY), MANY);
        for (size_t i = 0; i < MANY; i++) {
            const struct candidate *now = of + list[i].candidate, *before = i ? of + list[i - 1].candidate : NULL;
            assert_int_equal(list[i].rule, RERANK_RELEVANCE);
            assert_int_equal(list[i].by_score, i);
            assert_true(!before || before->score > now->score ||
                        (before->score >= now->score && before->item < now->item));
        }
    }
}

/* Whatever else is asked for: no cap is passed, nothing is shown twice, and a shorter list is the longer one's beginning. */
static void caps_are_held_and_lists_grow_at_their_end(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct candidate of[MANY], turned[MANY];
        struct reranked list[MANY], shorter[MANY];
        struct category_share wanted[] = { { 1, .5f }, { 2, .3f }, { 9, .2f } };
        struct rerank_rules rules = { 1 + hash_mix(seed) % 4, .25 * (double)(hash_mix(seed + 1) % 5),
                                      .25 * (double)(hash_mix(seed + 2) % 5), .5 * (double)(hash_mix(seed + 3) % 3),
                                      wanted, 3, NULL, NULL };
        random_candidates(of, seed * 100);
        size_t n = run(of, MANY, &rules, list, MANY), in[8] = { 0 };
        bool shown[MANY] = { 0 };
        for (size_t i = 0; i < n; i++) {
            assert_false(shown[list[i].candidate]);
            shown[list[i].candidate] = true;
            in[of[list[i].candidate].category]++;
        }
        for (uint32_t c = 1; c < 8; c++)
            assert_true(in[c] <= rules.per_category);
        for (size_t i = 0; i < MANY; i++)  // what is left is above a cap
            assert_true(shown[i] || (of[i].category && in[of[i].category] == rules.per_category));
        size_t part = run(of, MANY, &rules, shorter, 5);
        assert_int_equal(part, 5);
        for (size_t i = 0; i < MANY; i++)
            turned[i] = of[MANY - 1 - i];
        struct reranked again[MANY];
        assert_int_equal(run(turned, MANY, &rules, again, MANY), n);
        for (size_t i = 0; i < n; i++) {
            assert_true(i >= part || (shorter[i].candidate == list[i].candidate && shorter[i].rule == list[i].rule));
            assert_int_equal(turned[again[i].candidate].item, of[list[i].candidate].item);
        }
    }
}

/* The more calibration counts, the closer the list is to the customer's categories: in the mean of many lists at each step, and
 * never further from them than by relevance alone. */
static void calibration_calibrates(void **state)
{
    (void)state;
    static const double counts[] = { 0, .2, .5, .8, .99, 1 };
    double mean[6] = { 0 };
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct candidate of[MANY];
        struct reranked list[LIST];
        struct category_share wanted[4];
        random_candidates(of, seed * 100);
        for (uint32_t c = 0; c < 4; c++)
            wanted[c] = (struct category_share){ c + 1, 1 + (float)(hash_mix(seed * 4 + c) % 10) };
        double alone = 0;
        for (int at = 0; at < 6; at++) {
            struct rerank_rules rules = { 0, 1, counts[at], 0, wanted, 4, NULL, NULL };
            size_t n = run(of, MANY, &rules, list, LIST);
            double far = rerank_divergence(of, list, n, &rules);
            alone = at == 0 ? far : alone;
            assert_true(far >= -1e-12 && far <= alone + 1e-12);
            mean[at] += far / 300;
        }
    }
    for (int at = 1; at < 6; at++)
        assert_true(mean[at] <= mean[at - 1] + 1e-12);
    assert_true(mean[4] < .1 * mean[0]);
}

static double alike_by_score(void *arg, const struct candidate *a, const struct candidate *b)
{
    ++*(size_t *)arg;
    return 1 / (1 + fabs((double)(a->score - b->score)));
}

/* The formula of maximal marginal relevance, with nothing kept from one place to the next. */
static void variety_is_the_formula(void **state)
{
    (void)state;
    struct candidate of[MANY];
    struct reranked list[LIST];
    size_t asked = 0;
    random_candidates(of, 5);
    struct rerank_rules rules = { 0, .6, 0, 0, NULL, 0, alike_by_score, &asked };
    double most = 0, least = 1000;
    for (int i = 0; i < MANY; i++) {
        most = fmax(most, (double)of[i].score);
        least = fmin(least, (double)of[i].score);
    }
    assert_int_equal(run(of, MANY, &rules, list, LIST), LIST);
    assert_true(asked <= LIST * MANY);
    for (size_t at = 0; at < LIST; at++) {
        double best = -INFINITY, chosen = 0;
        for (size_t i = 0; i < MANY; i++) {
            double nearest = 0;
            bool placed = false;
            for (size_t j = 0; j < at; j++) {
                placed |= list[j].candidate == i;
                nearest = fmax(nearest, alike_by_score(&asked, of + i, of + list[j].candidate));
            }
            double value = .6 * ((double)of[i].score - least) / (most - least) - .4 * nearest;
            best = placed ? best : fmax(best, value);
            chosen = list[at].candidate == i ? value : chosen;
        }
        assert_true(fabs(chosen - best) < 1e-12);
    }
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct candidate of[] = { good(0, 1, 1), good(1, -2, 1) };
    const struct category_share wanted = { 1, -1 };
    struct rerank_rules rules = none;
    struct reranked list[2];
    struct err e = { 0 };
    size_t n = 7;
    assert_int_equal(run(of, 2, &rules, list, 2), 2);
    rules.popularity = 1;
    assert_int_equal(rerank(of, 2, &rules, list, 2, &n, NULL, &e), ERR_INVALID);
    assert_string_equal(e.text, "the score -2 of item 1 cannot be ranked");
    rules = none;
    rules.wanted = &wanted;
    rules.n_wanted = 1;
    assert_int_equal(rerank(of, 2, &rules, list, 2, &n, NULL, &e), ERR_INVALID);
    assert_string_equal(e.text, "the share -1 of category 1 is not one");
    assert_int_equal(n, 7);
    assert_int_equal(run(of, 0, &none, list, 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_must_not_be_shown_is_not),
        cmocka_unit_test(each_rule_names_itself),
        cmocka_unit_test(the_popular_are_discounted),
        cmocka_unit_test(without_rules_the_order_stays),
        cmocka_unit_test(caps_are_held_and_lists_grow_at_their_end),
        cmocka_unit_test(calibration_calibrates),
        cmocka_unit_test(variety_is_the_formula),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
