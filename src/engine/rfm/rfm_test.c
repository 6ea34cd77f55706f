#include "engine/rfm/rfm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/decimal.h"

/* Ten buyers whose numbers run 1..10: two of them in each fifth. */
static void quintiles_of_ten(void **state)
{
    (void)state;
    struct rfm of[11];
    for (uint32_t i = 0; i < 10; i++)
        of[i] = (struct rfm){ i + 1, i + 1, (int64_t)(i + 1) * MICRO };
    of[10] = (struct rfm){ 0, 0, 0 };  // bought nothing: does not count
    struct rfm_cuts cuts;
    assert_int_equal(rfm_fit(of, 11, &cuts, NULL), ERR_OK);
    assert_int_equal(cuts.buyers, 10);
    const int up[10] = { 1, 1, 2, 2, 3, 3, 4, 4, 5, 5 };
    for (int i = 0; i < 10; i++) {
        struct rfm_scores s = rfm_score(&cuts, of[i]);
        assert_int_equal(s.r, 6 - up[i]);
        assert_int_equal(s.f, up[i]);
        assert_int_equal(s.m, up[i]);
    }
}

static void ties_share_a_score(void **state)
{
    (void)state;
    struct rfm of[10];
    for (uint32_t i = 0; i < 10; i++)
        of[i] = (struct rfm){ 5, i < 7 ? 1 : 4, 10 * MICRO };
    struct rfm_cuts cuts;
    assert_int_equal(rfm_fit(of, 10, &cuts, NULL), ERR_OK);
    struct rfm_scores few = rfm_score(&cuts, of[0]), many = rfm_score(&cuts, of[9]);
    for (int i = 0; i < 7; i++)
        assert_int_equal(rfm_score(&cuts, of[i]).f, few.f);
    assert_true(many.f > few.f);
    assert_int_equal(few.m, many.m);
}

static void nobody_bought(void **state)
{
    (void)state;
    struct rfm of = { 0 };
    struct rfm_cuts cuts;
    assert_int_equal(rfm_fit(&of, 1, &cuts, NULL), ERR_OK);
    assert_int_equal(rfm_score(&cuts, of).r, 3);
    assert_int_equal(rfm_tier(rfm_score(&cuts, of), 0), TIER_PROSPECT);
}

static void tiers(void **state)
{
    (void)state;
    static const struct {
        struct rfm_scores s;
        uint32_t frequency;
        enum tier want;
    } cases[] = {
        { { 5, 5, 5 }, 0, TIER_PROSPECT }, { { 5, 1, 1 }, 1, TIER_NEW },
        { { 4, 4, 4 }, 5, TIER_CHAMPION }, { { 4, 4, 3 }, 5, TIER_LOYAL },
        { { 3, 1, 1 }, 1, TIER_PROMISING }, { { 2, 3, 1 }, 3, TIER_AT_RISK },
        { { 1, 1, 4 }, 1, TIER_AT_RISK },   { { 1, 1, 1 }, 1, TIER_ASLEEP },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(rfm_tier(cases[i].s, cases[i].frequency), cases[i].want);
    for (int t = 0; t < TIERS; t++)
        assert_int_equal(tier_parse(tier_name((enum tier)t), strlen(tier_name((enum tier)t))), t);
    assert_int_equal(tier_parse("gold", 4), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quintiles_of_ten),
        cmocka_unit_test(ties_share_a_score),
        cmocka_unit_test(nobody_bought),
        cmocka_unit_test(tiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
