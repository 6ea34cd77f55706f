#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"
#include "engine/clv/rate_ratio.h"

#define PEOPLE 20000
#define BOTH 3u

static const double channel[] = { 1, .5, 1, 2 };  // of level 0 to 3

static unsigned any_count(uint64_t *seed, double mean)
{
    unsigned n = 0;
    for (double t = -log(any_between(seed)); t < mean; t -= log(any_between(seed)))
        n++;
    return n;
}

/* Each with a rate of their own around that of their channel; the second covariate is without effect. */
static struct ratio_case *people(size_t n, uint64_t seed, bool effect)
{
    struct ratio_case *of = calloc(n, sizeof *of);
    assert_non_null(of);
    for (size_t i = 0; i < n; i++) {
        uint8_t level = (uint8_t)(1 + any_between(&seed) * 3), other = (uint8_t)(1 + any_between(&seed) * 8);
        double rate = any_gamma(&seed, 2) / 2 * (effect ? channel[level] : 1);
        of[i] = (struct ratio_case){ any_count(&seed, rate), 1, any_count(&seed, rate / 2), { level, other } };
    }
    return of;
}

static double half(const void *arg, size_t i, double ratio)
{
    (void)arg;
    (void)i;
    return ratio / 2;
}

static void ratios_are_found(void **state)
{
    struct ratio_case *of = people(PEOPLE, 7, true);
    struct rate_ratios r;
    (void)state;
    rate_ratios_fit(of, PEOPLE, BOTH, &r);
    near(r.ratio[0][3] / r.ratio[0][1], 4, .25);
    near(r.ratio[0][2] / r.ratio[0][1], 2, .12);
    for (size_t l = 1; l <= 8; l++)
        near(r.ratio[1][l], 1, .04);
    free(of);
}

/* All together get what came, whatever scale the expectation has. */
static void no_total_is_moved(void **state)
{
    struct ratio_case *of = people(PEOPLE, 8, true);
    struct rate_ratios r;
    double came = 0, plain = 0, with = 0;
    (void)state;
    for (size_t i = 0; i < PEOPLE; i++)
        of[i].expected = 3;
    rate_ratios_fit(of, PEOPLE, 1, &r);
    for (size_t i = 0; i < PEOPLE; i++) {
        came += of[i].came;
        plain += of[i].expected;
        with += of[i].expected * rate_ratio_of(&r, of[i].level);
    }
    near(with / plain, 1, .01);
    assert_true(came < plain / 2);
    free(of);
}

static void what_has_no_effect_is_hardly_ever_chosen(void **state)
{
    unsigned chosen = 0;
    (void)state;
    for (uint64_t seed = 100; seed < 140; seed++) {
        struct ratio_case *of = people(1000, seed * 1000003, false);
        struct rate_ratios r;
        double gain[RATIO_COVARIATES];
        rate_ratios_choose(of, 1000, BOTH, half, NULL, &r, gain);
        chosen += r.used != 0;
        for (size_t l = 0; l < RATIO_LEVELS && !r.used; l++)
            assert_true(r.ratio[0][l] == 1 && r.ratio[1][l] == 1);
        free(of);
    }
    assert_in_range(chosen, 0, 4);
}

static void what_helps_is_chosen(void **state)
{
    struct ratio_case *of = people(2000, 9, true);
    struct rate_ratios r;
    double gain[RATIO_COVARIATES];
    (void)state;
    rate_ratios_choose(of, 2000, BOTH, half, NULL, &r, gain);
    assert_int_equal(r.used & 1, 1);
    assert_true(gain[0] > 5 && gain[1] < 3);
    free(of);
}

static void few_stay_near_all_and_who_is_new_is_as_all(void **state)
{
    struct ratio_case *of = people(PEOPLE, 11, true);
    struct rate_ratios r;
    (void)state;
    for (size_t i = 0; i < 3; i++) { // three of a level, who came ten times
        of[i].level[0] = 20;
        of[i].came = 10;
    }
    rate_ratios_fit(of, PEOPLE, 1, &r);
    assert_true(r.ratio[0][20] > 1 && r.ratio[0][20] < 10);
    assert_true(rate_ratio_of(&r, (const uint8_t[RATIO_COVARIATES]){ 32 }) == 1);
    assert_true(rate_ratio_of(&r, (const uint8_t[RATIO_COVARIATES]){ 0, 5 }) == 1);
    assert_true(rate_ratio_of(&r, (const uint8_t[RATIO_COVARIATES]){ 200 }) == 1);
    free(of);
}

static void nobody_tells_nothing(void **state)
{
    struct rate_ratios r;
    double gain[RATIO_COVARIATES];
    const struct ratio_case one = { 0, 0, 0, { 1 } };
    (void)state;
    rate_ratios_choose(NULL, 0, BOTH, half, NULL, &r, gain);
    assert_int_equal(r.used, 0);
    rate_ratios_fit(&one, 1, BOTH, &r);
    assert_true(rate_ratio_of(&r, one.level) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios_are_found),
        cmocka_unit_test(no_total_is_moved),
        cmocka_unit_test(what_has_no_effect_is_hardly_ever_chosen),
        cmocka_unit_test(what_helps_is_chosen),
        cmocka_unit_test(few_stay_near_all_and_who_is_new_is_as_all),
        cmocka_unit_test(nobody_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
