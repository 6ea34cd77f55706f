/* Value models fitted and asked: clv_bench [CUSTOMERS]
 *
 * Customers are simulated from the Pareto / NBD model's printed estimates on CDNOW, first seen in the first 12 of 39 weeks, as
 * there. CPU seconds of one thread, the best of three turns; a line of JSON at the end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/clv/bg_nbd.h"
#include "engine/clv/draw.h"
#include "engine/clv/pareto_nbd.h"

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
    double gather, bg, pareto, score_bg, score_pareto;
    size_t distinct;
};

static void least(double *best, double took)
{
    *best = *best == 0 || took < *best ? took : *best;
}

static void turn(const struct buyer *of, size_t n, struct times *t)
{
    struct buyers buyers;
    struct bg_nbd bg;
    struct pareto_nbd pareto;
    struct fit fit;
    struct err e;
    volatile double sum = 0;
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
    began = cpu_seconds();
    for (size_t i = 0; i < n; i++)
        sum += bg_nbd_expected_of(&bg, of[i].repeats, of[i].last / 7.0, of[i].watched / 7.0, 52);
    least(&t->score_bg, cpu_seconds() - began);
    began = cpu_seconds();
    for (size_t i = 0; i < n; i++)
        sum += pareto_nbd_expected_of(&pareto, of[i].repeats, of[i].last / 7.0, of[i].watched / 7.0, 52);
    least(&t->score_pareto, cpu_seconds() - began);
    buyers_drop(&buyers);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    struct buyer *of = malloc((n + 1) * sizeof *of);
    struct times t = { 0 };
    if (!of || !n)
        return 2;
    simulate(of, n);
    for (int i = 0; i < TURNS; i++)
        turn(of, n, &t);
    printf("{\"what\": \"clv\", \"customers\": %zu, \"distinct\": %zu, \"gather_ms\": %.2f, \"bg_nbd_ms\": %.2f, "
           "\"pareto_nbd_ms\": %.2f, \"score_bg_nbd_ms\": %.2f, \"score_pareto_nbd_ms\": %.2f}\n",
           n, t.distinct, t.gather * 1e3, t.bg * 1e3, t.pareto * 1e3, t.score_bg * 1e3, t.score_pareto * 1e3);
    free(of);
    return 0;
}
