#include "engine/recommend/blend.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

#define LISTS 900
#define EACH 40
#define ALL (LISTS * EACH)

static struct made {
    float score[BLEND_MODELS_MAX][ALL];
    double truth[ALL];
    uint64_t start[LISTS + 1];
    uint8_t hit[ALL];
} made;

static double uniform(uint64_t *seed)
{
    return ((double)(hash_mix(++*seed) >> 11) + .5) / 9007199254740992.0;
}

/* Hits are the three best of each list by the planted sum of the models' scores, with noise. */
static struct blend_lists plant(const double *weight, unsigned models, double noise, uint64_t seed)
{
    struct blend_lists lists = { .models = models, .start = made.start, .lists = LISTS, .hit = made.hit };
    memset(made.hit, 0, sizeof made.hit);
    for (uint32_t l = 0; l < LISTS; l++) {
        made.start[l + 1] = (l + 1) * EACH;
        for (uint32_t at = l * EACH; at < (l + 1) * EACH; at++) {
            made.truth[at] = noise * uniform(&seed);
            for (unsigned m = 0; m < models; m++) {
                double of = uniform(&seed);
                made.score[m][at] = (float)exp(3 * of) * (float)(m + 1);  // each on a scale of its own
                made.truth[at] += weight[m] * of;
            }
        }
        for (int h = 0; h < 3; h++) {
            uint32_t best = l * EACH;
            for (uint32_t at = l * EACH; at < (l + 1) * EACH; at++)
                if (made.hit[best] || (!made.hit[at] && made.truth[at] > made.truth[best]))
                    best = at;
            made.hit[best] = 1;
        }
    }
    for (unsigned m = 0; m < models; m++)
        lists.score[m] = made.score[m];
    return lists;
}

static void planted_weights_are_found(void **state)
{
    (void)state;
    static const double planted[][3] = { { .7, .3, 0 }, { .5, .5, 0 }, { 0, .25, .75 }, { .4, .3, .3 } };
    for (size_t c = 0; c < sizeof planted / sizeof *planted; c++) {
        struct blend_lists lists = plant(planted[c], 3, .1, 10 * c);
        struct blend blend;
        assert_int_equal(blend_learn(&lists, 10, &blend, NULL), ERR_OK);
        assert_true(blend.blended && blend.lead.low > 0 && blend.lead.low < blend.lead.value);
        assert_true(fabs(blend.lead.value - (blend.together - blend.alone[blend.best])) < 1e-12);
        assert_int_equal(blend.learnt + blend.measured, LISTS);
        double sum = 0;
        for (int m = 0; m < 3; m++) {
            assert_true(planted[c][m] > 0 ? fabs(blend.weight[m] - planted[c][m]) < .08 : blend.weight[m] <= 0);
            sum += blend.weight[m];
        }
        assert_true(fabs(sum - 1) < 1e-9);
    }
}

static void the_useless_get_nothing(void **state)
{
    (void)state;
    static const double planted[8] = { 0, 0, 0, 1, 0, 0, 0, 0 };
    struct blend_lists lists = plant(planted, 8, .4, 77);
    struct blend blend;
    assert_int_equal(blend_learn(&lists, 10, &blend, NULL), ERR_OK);
    assert_false(blend.blended);
    assert_int_equal(blend.best, 3);
    for (int m = 0; m < 8; m++)
        assert_true(fabs(blend.weight[m] - planted[m]) < 1e-12);
}

/* Where no model knows anything, the interval says so in at least 95 of 100 cases or so, and nothing is blended. */
static void chance_is_no_lead(void **state)
{
    (void)state;
    static const double planted[2] = { 0 };
    int blended = 0, covered = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        struct blend_lists lists = plant(planted, 2, 1, 100000 * seed);
        struct blend blend;
        lists.lists = 200;
        assert_int_equal(blend_learn(&lists, 5, &blend, NULL), ERR_OK);
        blended += blend.blended;
        covered += blend.lead.low <= 0 && blend.lead.high >= 0;
    }
    assert_true(blended <= 3 && covered >= 35);
}

/* A list's NDCG by hand. Scores 3 NAN 1 3 become 5/6 0 1/3 5/6: the first, the last, the third, the second.
 * Hits are the second and the last: (1/log2(3) + 1/log2(5)) / (1 + 1/log2(3)) at depth 4; 1/log2(3) / 1 at depth 2
 * and with seven wanted. */
static void ndcg_is_as_defined(void **state)
{
    (void)state;
    static float score[100 * 4];
    static uint64_t start[101];
    static uint8_t hit[100 * 4];
    static uint32_t wanted[100];
    for (uint32_t l = 0; l < 100; l++) {
        const float of[] = { 3, NAN, 1, 3 };
        const uint8_t is[] = { 0, 1, 0, 1 };
        memcpy(score + l * 4, of, sizeof of);
        memcpy(hit + l * 4, is, sizeof is);
        start[l + 1] = (l + 1) * 4;
        wanted[l] = 7;
    }
    struct blend_lists lists = { { score }, 1, start, 100, hit, NULL, NULL };
    struct blend blend;
    assert_int_equal(blend_learn(&lists, 4, &blend, NULL), ERR_OK);
    assert_true(fabs(blend.alone[0] - (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3))) < 1e-12);
    lists.wanted = wanted;
    assert_int_equal(blend_learn(&lists, 2, &blend, NULL), ERR_OK);
    assert_true(fabs(blend.alone[0] - 1 / log2(3) / (1 + 1 / log2(3))) < 1e-12);
    memset(hit, 0, sizeof hit);  // wanted, but not proposed
    assert_int_equal(blend_learn(&lists, 2, &blend, NULL), ERR_OK);
    assert_int_equal(blend.learnt + blend.measured, 100);
    assert_true(blend.alone[0] <= 0);
    assert_true(blend.weight[0] >= 1 && !blend.blended);
    const float *const of[] = { score };
    float ret[4];
    assert_int_equal(blend_score(&blend, of, 4, ret, NULL), ERR_OK);
    assert_float_equal(ret[0], 5.0f / 6, 1e-6);
    assert_float_equal(ret[1], 0, 1e-6);
    assert_float_equal(ret[2], 1.0f / 3, 1e-6);
    assert_float_equal(ret[3], 5.0f / 6, 1e-6);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const double planted[2] = { 1, 1 };
    struct blend_lists lists = plant(planted, 2, 1, 5);
    struct blend blend;
    struct err e;
    atomic_bool cancel = true;
    lists.cancel = &cancel;
    assert_int_equal(blend_learn(&lists, 10, &blend, &e), ERR_BUSY);
    lists.cancel = NULL;
    lists.lists = 40;  // too few to be sure of
    assert_int_equal(blend_learn(&lists, 10, &blend, &e), ERR_OK);
    assert_false(blend.blended);
    memset(made.hit, 0, sizeof made.hit);
    assert_int_equal(blend_learn(&lists, 10, &blend, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "nothing is wanted of 40 lists"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_weights_are_found),
        cmocka_unit_test(the_useless_get_nothing),
        cmocka_unit_test(chance_is_no_lead),
        cmocka_unit_test(ndcg_is_as_defined),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
