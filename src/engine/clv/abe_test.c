/* On CDNOW the posterior is where it is printed; customers made up from known rates give their spread back. */
#include "engine/clv/abe.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"

/* BTYDplus prints medians of -3.54, -3.59, 1.34, .13 and 2.62. Draws depend on each other there as here: some thousands of them
 * tell the last ones hardly better than the 95 % intervals that it prints, and those are what is allowed. */
static void the_sample_gives_what_is_printed(void **state)
{
    enum { DRAWS = 7000 };
    const struct abe_wish wish = { 11, 1000, DRAWS, 39 };
    struct abe *draw = malloc(DRAWS * sizeof *draw), m;
    struct cdnow c;
    struct err e;
    (void)state;
    assert_non_null(draw);
    if (!cdnow_read(&c)) {
        free(draw);
        skip();
    }
    double *alive = malloc(c.n * sizeof *alive), *purchases = malloc(c.n * sizeof *purchases);
    assert_true(alive && purchases);
    assert_int_equal(abe_draw(c.buyer, c.n, 7, &wish, draw, alive, purchases, &e), ERR_OK);
    assert_int_equal(abe_median(draw, DRAWS, &m, &e), ERR_OK);
    near(m.rate, -3.51, .19);
    near(m.leaving, -3.61, .35);
    near(m.rate_var, 1.375, .275);
    near(m.covariance, .27, .47);
    near(m.leaving_var, 3.245, 1.805);
    const struct holdout h = holdout_score(purchases, c.later, c.n);
    near(h.total, 1400, 150);
    near(h.mae, .737, .02);
    near(h.correlation, .63, .02);
    for (size_t i = 0; i < c.n; i++)
        assert_true(alive[i] > 0 && alive[i] <= 1 && purchases[i] > 0);
    free(alive);
    free(purchases);
    free(draw);
    cdnow_drop(&c);
}

/* Who buys often leaves sooner here. */
static void what_is_simulated_is_found_again(void **state)
{
    enum { BUYERS = 3000, DRAWS = 1500 };
    const struct abe_wish wish = { 3, 700, DRAWS, 52 };
    static struct buyer of[BUYERS];
    static struct abe draw[DRAWS];
    struct abe m;
    struct err e;
    uint64_t seed = 53;
    (void)state;
    for (size_t i = 0; i < BUYERS; i++) {
        double normal[2];
        any_normals(&seed, normal);
        double rate = exp(-1.5 + normal[0]), leaves = exp(-3.5 + .5 * normal[0] + normal[1]);
        of[i] = buyer_made_up(rate, -log(any_between(&seed)) / leaves, 7 * 104, &seed);
    }
    assert_int_equal(abe_draw(of, BUYERS, 7, &wish, draw, NULL, NULL, &e), ERR_OK);
    assert_int_equal(abe_median(draw, DRAWS, &m, &e), ERR_OK);
    near(m.rate, -1.5, .08);
    near(m.leaving, -3.5, .15);
    near(m.rate_var, 1, .1);
    near(m.covariance, .5, .15);
    near(m.leaving_var, 1.25, .3);
}

static void a_seed_gives_the_same_again(void **state)
{
    const struct buyer of[] = { { 0, 0, 200 }, { 1, 30, 200 }, { 2, 90, 180 }, { 5, 150, 190 }, { 1, 5, 170 }, { 9, 120, 200 } };
    const struct buyer never = { 0, 0, 100 };
    const struct abe_wish wish = { 5, 10, 20, 10 }, none = { 5, 10, 0, 10 };
    struct abe one[20], again[20];
    struct err e;
    (void)state;
    assert_int_equal(abe_draw(of, COUNT(of), 7, &wish, one, NULL, NULL, &e), ERR_OK);
    assert_int_equal(abe_draw(of, COUNT(of), 7, &wish, again, NULL, NULL, &e), ERR_OK);
    assert_memory_equal(one, again, sizeof one);
    assert_int_equal(abe_draw(of, COUNT(of), 7, &none, again, NULL, NULL, &e), ERR_INVALID);
    assert_int_equal(abe_draw(&never, 1, 7, &wish, again, NULL, NULL, &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_gives_what_is_printed),
        cmocka_unit_test(what_is_simulated_is_found_again),
        cmocka_unit_test(a_seed_gives_the_same_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
