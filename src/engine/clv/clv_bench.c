/* Value models fitted and asked: clv_bench [CUSTOMERS]
 *
 * Customers are simulated from the Pareto / NBD model's printed estimates on CDNOW, first seen in the first 12 of 39 weeks, as
 * there. Scores are of a year to come: P(alive), purchases, spend and value. CPU seconds of one thread, the best of three
 * turns; a line of JSON at the end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/draw.h"
#include "engine/clv/bg_nbd.h"
#include "engine/clv/pareto_nbd.h"
#include "engine/clv/score.h"

#define TURNS 3

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void simulate(struct buyer *of, size_t n)
{
    uint64_t seed = 1;
    for (size_t i = 0; i < n; i++) {
        double rate = any_gamma(&seed, .553) / 10.578, leaves = -log(any_between(&seed)) / (any_gamma(&seed, .606) / 11.669);
        of[i] = (struct buyer){ .watched = 27 * 7 + (int32_t)(any_between(&seed) * 12 * 7) };
        for (double t = 0; of[i].repeats < 1000; of[i].repeats++) {
            t -= log(any_between(&seed)) / rate;
            if (!(t * 7 < of[i].watched && t < leaves))
                break;
            of[i].last = (int32_t)(t * 7);
        }
    }
}

static void check(enum err_code code, const struct err *e)
{
    if (!code)
        return;
    fprintf(stderr, "clv_bench: %s\n", e->text);
    exit(1);
}

struct times {
    double gather, bg, pareto, ggompertz, spending, score_bg, score_pareto, score_value;
    size_t distinct;
};

static void least(double *best, double took)
{
    *best = *best == 0 || took < *best ? took : *best;
}

/* The columns that a caller has of them, and those that are asked for. */
struct columns {
    struct spender *spender;
    struct score_buyers of;
    struct score_columns ret;
};

/* What they spend, of 1 to 9 purchases each. */
static struct spender *make_spenders(size_t n)
{
    struct spender *of = malloc(n * sizeof *of);
    uint64_t seed = 2;
    for (size_t i = 0; of && i < n; i++) {
        uint32_t x = 1 + (uint32_t)(i % 9);
        of[i] = (struct spender){ x, any_gamma(&seed, 6.25 * x) * 15.44 / any_gamma(&seed, 3.74) / x };
    }
    return of;
}

static double score(const struct score_model *m, const struct columns *c, double discount)
{
    struct err e;
    double began = cpu_seconds();
    check(score_buyers(m, &c->of, (struct score_horizon){ 365, discount }, c->ret, &e), &e);
    return cpu_seconds() - began;
}

static void make_columns(const struct buyer *of, size_t n, struct columns *ret)
{
    uint32_t *repeats = malloc(n * sizeof *repeats);
    int32_t *last = malloc(n * sizeof *last), *watched = malloc(n * sizeof *watched);
    double *all = malloc(5 * n * sizeof *all);
    if (!repeats || !last || !watched || !all)
        exit(2);
    for (size_t i = 0; i < n; i++) {
        repeats[i] = of[i].repeats;
        last[i] = of[i].last;
        watched[i] = of[i].watched;
        all[i] = 20 + (double)(i % 30);
    }
    *ret = (struct columns){ make_spenders(n), { n, repeats, last, watched, all }, { all + n, all + 2 * n, all + 3 * n, all + 4 * n } };
}

static void turn(const struct buyer *of, size_t n, const struct columns *c, struct times *t)
{
    static const struct gamma_gamma spends = { 6.25, 3.74, 15.44 };
    struct buyers buyers;
    struct bg_nbd bg;
    struct pareto_nbd pareto;
    struct fit fit;
    struct err e;
    double began = cpu_seconds();
    check(buyers_gather(of, n, 7, &buyers, &e), &e);
    least(&t->gather, cpu_seconds() - began);
    t->distinct = buyers.n;
    began = cpu_seconds();
    check(bg_nbd_fit(BG_NBD, &buyers, &bg, &fit, &e), &e);
    least(&t->bg, cpu_seconds() - began);
    began = cpu_seconds();
    check(pareto_nbd_fit(&buyers, &pareto, &fit, &e), &e);
    least(&t->pareto, cpu_seconds() - began);
    double at[KIND_PARAMETERS];
    began = cpu_seconds();
    check(kind_fit(&buying_kinds[KIND_GGOMPERTZ_NBD], &buyers, at, &fit, &e), &e);
    least(&t->ggompertz, cpu_seconds() - began);
    struct gamma_gamma found;
    began = cpu_seconds();
    check(gamma_gamma_fit(c->spender, n, &found, &fit, &e), &e);
    least(&t->spending, cpu_seconds() - began);
    const struct score_model by_bg = { &buying_kinds[KIND_BG_NBD], { bg.r, bg.alpha, bg.a, bg.b }, 7, 7, &spends };
    const struct score_model by_pareto = { &buying_kinds[KIND_PARETO_NBD], { pareto.r, pareto.alpha, pareto.s, pareto.beta }, 7, 7,
                                           &spends };
    least(&t->score_bg, score(&by_bg, c, 0));
    least(&t->score_value, score(&by_bg, c, .1));
    least(&t->score_pareto, score(&by_pareto, c, 0));
    buyers_drop(&buyers);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    struct buyer *of = malloc((n + 1) * sizeof *of);
    struct times t = { 0 };
    struct columns c;
    if (!of || !n)
        return 2;
    simulate(of, n);
    make_columns(of, n, &c);
    for (int i = 0; i < TURNS; i++)
        turn(of, n, &c, &t);
    printf("{\"what\": \"clv\", \"customers\": %zu, \"distinct\": %zu, \"gather_ms\": %.2f, \"bg_nbd_ms\": %.2f, "
           "\"pareto_nbd_ms\": %.2f, \"ggompertz_nbd_ms\": %.2f, \"gamma_gamma_ms\": %.2f, \"score_bg_nbd_ms\": %.2f, \"score_pareto_nbd_ms\": %.2f, "
           "\"score_discounted_ms\": %.2f}\n",
           n, t.distinct, t.gather * 1e3, t.bg * 1e3, t.pareto * 1e3, t.ggompertz * 1e3, t.spending * 1e3, t.score_bg * 1e3,
           t.score_pareto * 1e3, t.score_value * 1e3);
    free(of);
    return 0;
}
