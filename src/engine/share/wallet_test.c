/* Shoppers of the Dirichlet model, whose purchases from competitors are hidden from the wallets and known to the test.
 *
 * Protocol  20,000 shoppers to fit, 10,000 others to judge by. A shopper's rate is gamma (K = 3) round a mean given by two
 *           features; a third is what they spend in another category, a fourth is noise. Our brand has .35 of the purchases,
 *           S = 1.5; shoppers pay prices of their own level. Judged: coverage of the potential on those 10,000, and on those
 *           of them who buy in the category the rank correlation and the mean error of the share, against the true mean share
 *           said of everybody, which is what no model could know. */
#include "engine/share/wallet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/share/share_testing.h"

#define FITTED 20000
#define JUDGED 10000
#define FEATURES 4

struct shoppers {
    size_t n;
    float *feature, *own, *declared, *reliability, *truth;
    float *out[7];                   // as struct wallet_shares
};

static struct shoppers shoppers_make(size_t n, uint64_t seed)
{
    float *cells = calloc(n * (FEATURES + 11), sizeof *cells);
    assert_non_null(cells);
    struct shoppers s = { n, cells, cells + n * FEATURES, cells + n * (FEATURES + 1), cells + n * (FEATURES + 2),
                          cells + n * (FEATURES + 3), { NULL } };
    for (size_t c = 0; c < COUNT(s.out); c++)
        s.out[c] = cells + n * (FEATURES + 4 + c);
    for (size_t i = 0; i < n; i++) {
        double persons = floor(1 + 4 * any_between(&seed)), income = any_normal(&seed), price = exp(.2 * any_normal(&seed));
        double mean = exp(1.4 + .25 * persons + .35 * income);
        unsigned all = any_purchases(&seed, mean, 3), own = any_own(&seed, all, 1.5, .35);
        s.feature[i] = (float)persons;
        s.feature[n + i] = (float)(income + .3 * any_normal(&seed));
        s.feature[2 * n + i] = any_between(&seed) < .8 ? (float)(mean * exp(.4 * any_normal(&seed))) : NAN;
        s.feature[3 * n + i] = (float)any_normal(&seed);
        s.own[i] = (float)(own * price * 20);
        s.truth[i] = (float)(all * price * 20);
        s.declared[i] = NAN;
        s.reliability[i] = .8F;
    }
    return s;
}

static void shoppers_drop(struct shoppers *s)
{
    free(s->feature);
}

static struct wallet_rows rows_of(const struct shoppers *s)
{
    return (struct wallet_rows){ s->n, FEATURES, s->feature, s->own, s->declared, s->reliability };
}

static struct wallet_shares shares_of(const struct shoppers *s)
{
    return (struct wallet_shares){ s->out[0], s->out[1], s->out[2], s->out[3], s->out[4], s->out[5], s->out[6] };
}

/* One in so many says what they spend: with noise that makes the reliability .8 of a spread of ln wallets of .6. */
static void declare(struct shoppers *s, size_t every, uint64_t seed)
{
    for (size_t i = 0; i < s->n; i += every)
        s->declared[i] = s->truth[i] > 0 ? (float)(s->truth[i] * exp(.3 * any_normal(&seed))) : NAN;
}

static void judge(const struct shoppers *fit_to, const struct shoppers *s, const struct wallet_options *o)
{
    struct wallet_rows rows = rows_of(fit_to);
    struct wallet *w = NULL;
    struct wallet_shares shares = shares_of(s);
    struct err e;
    assert_int_equal(wallet_fit(&rows, o, &w, &e), ERR_OK);
    rows = rows_of(s);
    assert_int_equal(wallet_of(w, &rows, &shares, &e), ERR_OK);
    wallet_drop(&w);
}

/* ---- figures ---- */
struct ranked {
    float value;
    size_t row;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* Ranks of n values, the mean rank for those that tie. */
static void ranks(const float *value, size_t n, double *ret)
{
    struct ranked *of = malloc(n * sizeof *of);
    assert_non_null(of);
    for (size_t i = 0; i < n; i++)
        of[i] = (struct ranked){ value[i], i };
    qsort(of, n, sizeof *of, by_value);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && of[end].value == of[i].value; end++)
            ;
        for (size_t k = i; k < end; k++)
            ret[of[k].row] = (double)(i + end - 1) / 2;
    }
    free(of);
}

static double rank_correlation(const float *a, const float *b, size_t n)
{
    double *x = malloc(2 * n * sizeof *x), *y = x + n, xy = 0, xx = 0, yy = 0, mean = (double)(n - 1) / 2;
    assert_non_null(x);
    ranks(a, n, x);
    ranks(b, n, y);
    for (size_t i = 0; i < n; i++) {
        xy += (x[i] - mean) * (y[i] - mean);
        xx += (x[i] - mean) * (x[i] - mean);
        yy += (y[i] - mean) * (y[i] - mean);
    }
    free(x);
    return xy / sqrt(xx * yy);
}

struct figures {
    double published, correlation, error, error_of_mean, covered;
    double wallet_correlation;       // of all, also of those whose share is not published
};

/* Of those who buy in the category and whose share is published. */
static struct figures figures_of(const struct shoppers *s)
{
    const struct wallet_shares is = shares_of(s);
    float *truth = malloc(2 * s->n * sizeof *truth), *said = truth + s->n;
    struct figures f = { 0 };
    double mean = 0, all = 0, n = 0;
    assert_non_null(truth);
    for (size_t i = 0; i < s->n; i++) {
        all += s->truth[i] > 0;
        if (!(s->truth[i] > 0) || isnan(is.share[i]))
            continue;
        f.covered += s->truth[i] >= is.wallet_low[i] * .9999F && s->truth[i] <= is.wallet_high[i] * 1.0001F;
        truth[(size_t)n] = s->own[i] / s->truth[i];
        said[(size_t)n] = is.share[i];
        mean += (double)truth[(size_t)n++];
    }
    for (size_t i = 0; i < (size_t)n; i++) {
        f.error += fabs((double)(said[i] - truth[i])) / n;
        f.error_of_mean += fabs(mean / n - (double)truth[i]) / n;
    }
    f.correlation = rank_correlation(said, truth, (size_t)n);
    f.published = n / all;
    f.covered /= n;
    f.wallet_correlation = rank_correlation(is.wallet, s->truth, s->n);
    free(truth);
    print_message("published %.3f, rank correlation %.3f, error %.4f (of the mean %.4f), in the interval %.3f; of the "
                  "wallet: rank correlation %.3f\n", f.published, f.correlation, f.error, f.error_of_mean, f.covered,
                  f.wallet_correlation);
    return f;
}

static double coverage_of_potential(const struct shoppers *s)
{
    const struct wallet_shares is = shares_of(s);
    double below = 0;
    for (size_t i = 0; i < s->n; i++)
        below += s->own[i] <= is.potential[i];
    return below / (double)s->n;
}

static void shares_are_near_the_hidden_ones(void **state)
{
    struct shoppers fit_to = shoppers_make(FITTED, 1), s = shoppers_make(JUDGED, 2000000);
    struct wallet_options o = wallet_options_usual();
    (void)state;
    o.width_most = 1;                // all are published
    judge(&fit_to, &s, &o);
    const struct figures all = figures_of(&s);
    near(coverage_of_potential(&s), .9, .02);
    assert_true(all.published == 1 && all.correlation > .85 && all.error < .5 * all.error_of_mean);
    assert_true(all.covered > .7 && all.covered < .85);          // .8 is what is said
    o = wallet_options_usual();
    judge(&fit_to, &s, &o);
    const struct figures sure = figures_of(&s);
    assert_true(sure.published > .4 && sure.published < .9 && sure.error < all.error);
    declare(&fit_to, 20, 7);         // others' wallets say how ours lie
    declare(&s, 1, 8);
    judge(&fit_to, &s, &o);
    const struct figures declared = figures_of(&s);
    assert_true(declared.published > sure.published && declared.correlation > .95 && declared.error < .6 * all.error);
    assert_true(declared.covered > .7 && declared.covered < .85);
    shoppers_drop(&fit_to);
    shoppers_drop(&s);
}

static void three_ways_on_the_same_shoppers(void **state)
{
    static const size_t sizes[] = { FITTED, 600 };
    struct shoppers s = shoppers_make(JUDGED, 2000000);
    struct wallet_options o = wallet_options_usual();
    (void)state;
    o.width_most = 1;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct shoppers fit_to = shoppers_make(sizes[i], 3);
        double wallets[WALLET_BY_GROUP + 1];
        for (o.by = WALLET_BY_TREES; o.by <= WALLET_BY_GROUP; o.by++) {
            judge(&fit_to, &s, &o);
            print_message("%zu customers, way %d, below the potential %.3f: ", sizes[i], (int)o.by, coverage_of_potential(&s));
            const struct figures f = figures_of(&s);
            assert_true(f.correlation > .8 && f.error < .6 * f.error_of_mean);
            wallets[o.by] = f.wallet_correlation;
        }
        assert_true(wallets[WALLET_BY_TREES] > wallets[WALLET_BY_GROUP] + .05);      // whom to ask for more is what it is for
        assert_true(wallets[WALLET_BY_TOBIT] > wallets[WALLET_BY_GROUP] + .1);
        shoppers_drop(&fit_to);
    }
    shoppers_drop(&s);
}

static void small_groups_have_one_potential_or_none(void **state)
{
    struct shoppers fit_to = shoppers_make(600, 3), s = shoppers_make(JUDGED, 4000000);
    struct wallet_options o = wallet_options_usual();
    const struct wallet_shares is = shares_of(&s);
    (void)state;
    o.width_most = 1;
    o.by = WALLET_BY_GROUP;
    judge(&fit_to, &s, &o);
    near(coverage_of_potential(&s), .9, .03);
    assert_true(is.potential[0] == is.potential[1]);
    o.group_least = 601;
    judge(&fit_to, &s, &o);
    for (size_t i = 0; i < s.n; i++)
        assert_true(isnan(is.share[i]) && isnan(is.wallet[i]) && isnan(is.potential[i]));
    shoppers_drop(&fit_to);
    shoppers_drop(&s);
}

static double mean_width(const struct shoppers *s)
{
    const struct wallet_shares is = shares_of(s);
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += log((double)(is.wallet_high[i] / is.wallet_low[i]));
    return sum / (double)s->n;
}

static void declared_wallets_narrow_the_interval(void **state)
{
    enum { N = 5 };
    struct shoppers fit_to = shoppers_make(600, 3), s = shoppers_make(JUDGED, 9);
    const struct wallet_options o = wallet_options_usual();
    (void)state;
    judge(&fit_to, &s, &o);
    double before = mean_width(&s);
    declare(&s, 1, 8);
    judge(&fit_to, &s, &o);
    assert_true(mean_width(&s) < .75 * before);
    shoppers_drop(&s);
    // the same shopper, who declares 200 with more and more reliability
    s = shoppers_make(N, 9);
    const struct wallet_shares is = shares_of(&s);
    for (size_t i = 0; i < N; i++) {
        s.own[i] = 10;
        s.declared[i] = i ? 200 : NAN;
        s.reliability[i] = .25F * (float)i;
    }
    judge(&fit_to, &s, &o);
    for (size_t i = 1; i < N; i++) {
        assert_true(is.wallet_high[i] / is.wallet_low[i] < is.wallet_high[i - 1] / is.wallet_low[i - 1]);
        assert_true(i < 2 || fabsf(is.wallet[i] - 200) < fabsf(is.wallet[i - 1] - 200));
    }
    near(is.wallet[N - 1], 200, .5);             // who cannot err is believed
    near(is.share[N - 1], .05, .001);
    s.declared[4] = 3;                           // less than they spent with us
    judge(&fit_to, &s, &o);
    near(is.wallet[4], 10, .05);
    near(is.share[4], 1, .005);
    for (size_t i = 0; i < N; i++) {
        assert_true(is.wallet_low[i] >= 10 && is.wallet_low[i] <= is.wallet[i] && is.wallet[i] <= is.wallet_high[i]);
        assert_true(isnan(is.share[i]) || (is.share_low[i] <= is.share[i] && is.share[i] <= is.share_high[i]));
    }
    shoppers_drop(&fit_to);
    shoppers_drop(&s);
}

static void who_spends_far_above_the_potential_is_all_ours(void **state)
{
    struct shoppers fit_to = shoppers_make(600, 3), s = shoppers_make(1, 9);
    const struct wallet_options o = wallet_options_usual();
    const struct wallet_shares is = shares_of(&s);
    (void)state;
    s.own[0] = 1e9F;
    judge(&fit_to, &s, &o);
    assert_true(is.share[0] > .9F && is.share[0] <= 1 && isfinite(is.wallet_high[0]));
    s.own[0] = 0;
    judge(&fit_to, &s, &o);
    assert_true(is.share[0] == 0 && is.wallet[0] > 0);
    shoppers_drop(&fit_to);
    shoppers_drop(&s);
}

static void what_cannot_be_is_refused(void **state)
{
    struct shoppers s = shoppers_make(600, 3);
    struct wallet_rows rows = rows_of(&s);
    struct wallet_options o = wallet_options_usual();
    struct wallet *w = NULL;
    struct wallet_shares shares = shares_of(&s);
    struct err e;
    (void)state;
    s.own[5] = -1;
    assert_int_equal(wallet_fit(&rows, &o, &w, &e), ERR_INVALID);
    assert_string_equal(e.text, "row 5: own spend is -1; 0 or more");
    s.own[5] = 1;
    s.declared[6] = 3;
    s.reliability[6] = 0;
    assert_int_equal(wallet_fit(&rows, &o, &w, &e), ERR_INVALID);
    assert_string_equal(e.text, "row 6: reliability is 0; above 0, up to 1");
    s.declared[6] = NAN;
    o.width_most = 0;
    assert_int_equal(wallet_fit(&rows, &o, &w, &e), ERR_INVALID);
    assert_string_equal(e.text, "width_most is 0; above 0, up to 1");
    o = wallet_options_usual();
    assert_null(w);
    assert_int_equal(wallet_fit(&rows, &o, &w, &e), ERR_OK);
    rows.features--;
    assert_int_equal(wallet_of(w, &rows, &shares, &e), ERR_INVALID);
    assert_string_equal(e.text, "3 features; the fit had 4");
    wallet_drop(&w);
    memset(s.own, 0, s.n * sizeof *s.own);       // nobody buys: nothing is known
    rows.features++;
    assert_int_equal(wallet_fit(&rows, &o, &w, &e), ERR_OK);
    assert_int_equal(wallet_of(w, &rows, &shares, &e), ERR_OK);
    assert_true(isnan(shares.wallet[0]));
    wallet_drop(&w);
    shoppers_drop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_near_the_hidden_ones),
        cmocka_unit_test(three_ways_on_the_same_shoppers),
        cmocka_unit_test(small_groups_have_one_potential_or_none),
        cmocka_unit_test(declared_wallets_narrow_the_interval),
        cmocka_unit_test(who_spends_far_above_the_potential_is_all_ours),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
