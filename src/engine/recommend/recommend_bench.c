/* How fast the models are fitted and customers scored, on made-up purchases:
 * recommend_bench [BUYERS [ITEMS [PURCHASES [EASE_ITEMS]]]]
 *
 * The usual size is that of MovieLens 20 M. Baskets and items are as uneven as there: lognormal and Zipf's law. GFLOP/s stand
 * beside those of OpenBLAS's own sgemm on large squares, measured in the same run.
 */
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "engine/recommend/best.h"
#include "engine/recommend/crew.h"
#include "engine/recommend/ease.h"
#include "engine/recommend/ials.h"

#define SQUARE 1024
#define FOLDS 2000
#define EVENTS 100
#define SHOP 20000
#define TOP 50

static double on_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(void)
{
    return on_clock(CLOCK_MONOTONIC);
}

static double between(uint64_t *seed)
{
    return ((double)(hash_mix(++*seed) >> 11) + .5) / 9007199254740992.0;
}

static void check(enum err_code code, const struct err *e)
{
    if (!code)
        return;
    fprintf(stderr, "recommend_bench: %s\n", e->text);
    exit(1);
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Twice the same item is one. */
static uint64_t make_row(uint32_t *row, uint32_t n, uint32_t items, uint64_t *seed)
{
    uint64_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        row[i] = (uint32_t)(pow(between(seed), 2.2) * items);
    qsort(row, n, sizeof *row, by_number);
    for (uint32_t i = 0; i < n; i++)
        if (!kept || row[kept - 1] != row[i])
            row[kept++] = row[i];
    return kept;
}

static struct purchase_rows make(uint32_t buyers, uint32_t items, uint64_t purchases)
{
    uint32_t *item = malloc((purchases * 2 + items) * sizeof *item);
    uint64_t *start = calloc((size_t)buyers + 1, sizeof *start), seed = 1, n = 0;
    for (uint32_t b = 0; item && start && b < buyers; b++) {
        double normal = sqrt(-2 * log(between(&seed))) * cos(6.283185307179586 * between(&seed)),
               size = (double)purchases / buyers * exp(1.05 * normal - .551) * 1.08 + 1;
        uint32_t basket = (uint32_t)fmin(size, items / 3.0);
        if (n + basket > purchases * 2)
            basket = 0;
        n += make_row(item + n, basket, items, &seed);
        start[b + 1] = n;
    }
    if (!item || !start)
        exit(2);
    return (struct purchase_rows){ item, start, buyers, items };
}

static void rows_free(struct purchase_rows *rows)
{
    free((void *)(uintptr_t)rows->item);
    free((void *)(uintptr_t)rows->start);
}

static void squares(void *arg, unsigned worker, size_t begin, size_t end)
{
    float *a = (float *)arg + (size_t)worker * 2 * SQUARE * SQUARE;
    for (size_t i = begin; i < end; i++)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SQUARE, SQUARE, SQUARE, 1, a, SQUARE, a, SQUARE, 0,
                    a + SQUARE * SQUARE, SQUARE);
}

static double peak(unsigned threads)
{
    size_t cells = (size_t)threads * 2 * SQUARE * SQUARE, turns = 6 * threads;
    float *of = malloc(cells * sizeof *of);
    if (!of)
        exit(2);
    for (size_t i = 0; i < cells; i++)
        of[i] = (float)(i % 7);
    openblas_set_num_threads(1);
    crew_run(threads, threads, 1, squares, of);
    double began = seconds();
    crew_run(threads, turns, 1, squares, of);
    double took = seconds() - began;
    free(of);
    return 2.0 * SQUARE * SQUARE * SQUARE * (double)turns / took / 1e9;
}

/* Products and factors only, as they would be counted on paper: what is done twice is counted once. */
static double work_of(const struct purchase_rows *rows, uint32_t d, uint32_t block, uint32_t steps)
{
    double n = (double)rows->start[rows->buyers], both = (double)rows->buyers + rows->items, b = block ? block : d;
    if (steps)
        return (steps + 1.0) * (2 * n * 4 * d + both * 2.0 * d * d) + both * (double)d * d;
    return 2 * n * d * (b + 1) + both * d * (b * b / 3 + (double)d) + (block ? 2 * n * 6 * d + both * 4.0 * d * d : 2 * n * d);
}

static void bench_ials(const struct purchase_rows *rows, uint32_t d, uint32_t block, uint32_t steps, unsigned threads, double of_peak)
{
    struct ials_options o = { .dimensions = d, .epochs = 1, .block = block, .steps = steps, .alpha = .1f, .lambda = .003f, .nu = 1,
                              .sigma = .1f, .threads = threads };
    struct ials *model = NULL;
    struct err e = { 0 };
    double took[2], cpu[2];
    for (int turn = 0; turn < 2; turn++) {  // one epoch and two: the difference is one, without what surrounds them
        o.epochs = turn ? 2 : 1;
        double began = seconds(), cpu_began = on_clock(CLOCK_PROCESS_CPUTIME_ID);
        check(ials_fit(rows, &o, &model, &e), &e);
        took[turn] = seconds() - began;
        cpu[turn] = on_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_began;
        ials_drop(&model);
    }
    double each = took[1] - took[0], gflops = work_of(rows, d, block, steps) / each / 1e9;
    printf("{\"what\": \"ials\", \"buyers\": %u, \"items\": %u, \"purchases\": %llu, \"dimensions\": %u, \"block\": %u, "
           "\"steps\": %u, \"threads\": %u, \"epoch_s\": %.3f, \"epoch_cpu_s\": %.3f, \"gflops\": %.1f, \"sgemm_gflops\": %.1f}\n",
           rows->buyers, rows->items, (unsigned long long)rows->start[rows->buyers], d, block, steps, threads, each, cpu[1] - cpu[0],
           gflops, of_peak);
    fflush(stdout);
}

static void bench_fold(uint32_t d)
{
    struct purchase_rows rows = make(2000, SHOP, 200000);
    struct ials_options o = { .dimensions = d, .epochs = 1, .alpha = .1f, .lambda = .003f, .nu = 1,
                              .sigma = .1f, .threads = 1 };
    struct ials *model = NULL;
    struct ials_work *work = ials_work_new(d);
    struct best best[TOP];
    struct err e = { 0 };
    float *vector = ials_vector_new(d), *score = malloc(SHOP * sizeof *score);
    uint32_t bought[EVENTS];
    check(ials_fit(&rows, &o, &model, &e), &e);
    if (!work || !score || !vector)
        exit(2);
    double fold = 0, whole = 0;
    for (uint32_t i = 0; i < FOLDS; i++) {
        for (uint32_t k = 0; k < EVENTS; k++)
            bought[k] = (k * 199 + i * 31) % SHOP;
        double began = seconds();
        ials_fold_in(model, bought, EVENTS, vector, work);
        fold += seconds() - began;
        ials_score(model, vector, score);
        if (best_of(score, NULL, SHOP, best, TOP) != TOP)
            exit(2);
        whole += seconds() - began;
    }
    printf("{\"what\": \"fold-in\", \"dimensions\": %u, \"events\": %d, \"items\": %d, \"top\": %d, \"fold_us\": %.1f, "
           "\"fold_and_top_us\": %.1f}\n", d, EVENTS, SHOP, TOP, fold * 1e6 / FOLDS, whole * 1e6 / FOLDS);
    free(score);
    free(vector);
    ials_work_drop(&work);
    ials_drop(&model);
    rows_free(&rows);
}

static void bench_ease(uint32_t items, unsigned threads)
{
    struct purchase_rows rows = make(items, items, (uint64_t)items * 50);
    struct ease *model = NULL;
    struct err e = { 0 };
    double began = seconds();
    check(ease_fit(&rows, &(struct ease_options){ .lambda = 300, .threads = threads }, &model, &e), &e);
    double took = seconds() - began;
    printf("{\"what\": \"ease\", \"items\": %u, \"purchases\": %llu, \"threads\": %u, \"fit_s\": %.3f, \"gflops\": %.1f}\n",
           items, (unsigned long long)rows.start[rows.buyers], threads, took, pow(items, 3) / took / 1e9);
    fflush(stdout);
    ease_drop(&model);
    rows_free(&rows);
}

int main(int argc, char **argv)
{
    uint32_t buyers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 138493,
             items = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 26744,
             ease_items = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 20000;
    uint64_t purchases = argc > 3 ? strtoull(argv[3], NULL, 10) : 20000263;
    unsigned threads = (unsigned)fmin((double)sysconf(_SC_NPROCESSORS_ONLN), CREW_MAX);
    double of_peak = peak(threads);
    bench_ease(1682, threads);
    bench_fold(128);
    struct purchase_rows rows = make(buyers, items, purchases);
    for (uint32_t d = 64; d <= 256; d *= 2) {
        bench_ials(&rows, d, 0, 2, threads, of_peak);
        bench_ials(&rows, d, d > 64 ? 32 : 0, 0, threads, of_peak);
    }
    rows_free(&rows);
    if (ease_items)
        bench_ease(ease_items, threads);
    return 0;
}
