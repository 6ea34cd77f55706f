/* On CDNOW the posterior is about the maximum likelihood; in a world drawn from the model its intervals hold what comes. */
#include "engine/clv/pareto_nbd_bayes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/draw.h"
#include "engine/clv/clv_testing.h"

static void the_posterior_is_about_the_likelihood(void **state)
{
    static const struct pareto_nbd best = { .553277, 10.577684, .606239, 11.668717 };
    struct pareto_nbd_bayes b;
    struct cdnow c;
    struct fit fit;
    struct err e;
    double r = 0, squares = 0, bayes = 0, plain = 0;
    (void)state;
    if (!cdnow_read(&c))
        skip();
    assert_int_equal(pareto_nbd_bayes_fit(&c.buyers, 7, 150, &b, &fit, &e), ERR_OK);
    assert_true(b.accepted > .15 && b.accepted < .5);
    for (size_t i = 0; i < b.n; i++) {
        r += b.draw[i].r / (double)b.n;
        squares += b.draw[i].r * b.draw[i].r / (double)b.n;
    }
    near(r, best.r, .02);
    near(sqrt(squares - r * r), .0476, .012);
    for (size_t i = 0; i < c.n; i += 10) {
        double x = c.buyer[i].repeats, tx = c.buyer[i].last / 7.0, T = c.buyer[i].watched / 7.0;
        const struct pareto_nbd_future f = pareto_nbd_bayes_of(&b, x, tx, T, 39, i);
        near(f.alive.mean, pareto_nbd_alive(&best, x, tx, T), .03);
        near(f.purchases.mean, pareto_nbd_expected_of(&best, x, tx, T, 39), .05 + .05 * f.purchases.mean);
        assert_true(f.alive.low <= f.alive.mean && f.alive.mean <= f.alive.high && f.purchases.low <= f.purchases.high);
        bayes += f.purchases.mean;
        plain += pareto_nbd_expected_of(&best, x, tx, T, 39);
    }
    near(bayes, plain, .03 * plain);
    pareto_nbd_bayes_drop(&b);
    cdnow_drop(&c);
}

/* Buyers, what they did then, and what the draws of the first half say of it. */
static void intervals_hold_what_comes(void **state)
{
    enum { BUYERS = 1500 };
    static struct buyer of[BUYERS];
    static double later[BUYERS];
    const struct pareto_nbd model = { .9, 5, 1, 20 };
    struct buyers buyers;
    struct pareto_nbd_bayes b;
    struct fit fit;
    struct err e;
    uint64_t seed = 43;
    size_t within = 0, sharp = 0;
    (void)state;
    for (size_t i = 0; i < BUYERS; i++) {
        double rate = any_gamma(&seed, model.r) / model.alpha;
        double leaves = -log(any_between(&seed)) * model.beta / any_gamma(&seed, model.s);
        uint64_t same = seed;
        of[i] = buyer_made_up(rate, leaves, 7 * 40, &seed);
        later[i] = buyer_made_up(rate, leaves, 7 * 80, &same).repeats - of[i].repeats;
        seed += 1000;
    }
    assert_int_equal(buyers_gather(of, BUYERS, 7, &buyers, &e), ERR_OK);
    assert_int_equal(pareto_nbd_bayes_fit(&buyers, 3, 120, &b, &fit, &e), ERR_OK);
    for (size_t i = 0; i < BUYERS; i++) {
        const struct pareto_nbd_future f = pareto_nbd_bayes_of(&b, of[i].repeats, of[i].last / 7.0, 40, 40, i);
        within += later[i] >= f.purchases.low && later[i] <= f.purchases.high;
        sharp += f.purchases.high - f.purchases.low < 15;
    }
    assert_true(within >= BUYERS * 94 / 100 && sharp > BUYERS * 3 / 4);
    buyers_drop(&buyers);
    pareto_nbd_bayes_drop(&b);
}

static void a_seed_gives_the_same_again(void **state)
{
    struct buyer of[400];
    uint64_t seed = 47;
    struct buyers buyers;
    struct pareto_nbd_bayes one, again;
    struct fit fit;
    struct err e;
    (void)state;
    for (size_t i = 0; i < COUNT(of); i++)
        of[i] = buyer_made_up(any_gamma(&seed, .9) / 5, -log(any_between(&seed)) * 20 / any_gamma(&seed, 1), 7 * 40, &seed);
    assert_int_equal(buyers_gather(of, COUNT(of), 7, &buyers, &e), ERR_OK);
    assert_int_equal(pareto_nbd_bayes_fit(&buyers, 5, 10, &one, &fit, &e), ERR_OK);
    assert_int_equal(pareto_nbd_bayes_fit(&buyers, 5, 10, &again, &fit, &e), ERR_OK);
    assert_memory_equal(one.draw, again.draw, 10 * sizeof *one.draw);
    const struct pareto_nbd_future f = pareto_nbd_bayes_of(&one, 2, 10, 25, 52, 1);
    const struct pareto_nbd_future g = pareto_nbd_bayes_of(&again, 2, 10, 25, 52, 1);
    assert_memory_equal(&f, &g, sizeof f);
    assert_int_equal(pareto_nbd_bayes_fit(&buyers, 5, 0, &again, &fit, &e), ERR_LIMIT);
    pareto_nbd_bayes_drop(&one);
    pareto_nbd_bayes_drop(&again);
    assert_null(again.draw);
    buyers_drop(&buyers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_posterior_is_about_the_likelihood),
        cmocka_unit_test(intervals_hold_what_comes),
        cmocka_unit_test(a_seed_gives_the_same_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
