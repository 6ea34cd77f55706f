/* Wallets fitted and said: share_bench [CUSTOMERS [CATEGORIES]]
 *
 * Shoppers of the Dirichlet model with 8 features, of which 3 say something; a wallet for each category, fitted on 200,000
 * rows. CPU seconds of one thread for all categories together; a line of JSON at the end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "engine/share/draw.h"
#include "engine/share/wallet.h"

#define FEATURES 8

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void draw(size_t n, uint64_t seed, float *feature, float *own)
{
    for (size_t i = 0; i < n; i++) {
        double mean = exp(1 + .5 * any_normal(&seed));
        for (size_t f = 0; f < FEATURES; f++)
            feature[f * n + i] = (float)((f < 3 ? log(mean) : 0) + any_normal(&seed));
        own[i] = (float)(any_own(&seed, any_purchases(&seed, mean, 2), 1.5, .35) * exp(.2 * any_normal(&seed)));
    }
}

static void check(enum err_code code, const struct err *e)
{
    if (!code)
        return;
    fprintf(stderr, "share_bench: %s\n", e->text);
    exit(1);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000, categories = argc > 2 ? strtoul(argv[2], NULL, 10) : 10;
    float *feature = malloc(n * FEATURES * sizeof *feature), *own = malloc(n * sizeof *own), *out = malloc(7 * n * sizeof *out);
    const struct wallet_options options = wallet_options_usual();
    double fit = 0, say = 0;
    unsigned trees = 0;
    if (!n || !feature || !own || !out)
        return 2;
    const struct wallet_rows rows = { n, FEATURES, feature, own, NULL, NULL };
    const struct wallet_shares shares = { out, out + n, out + 2 * n, out + 3 * n, out + 4 * n, out + 5 * n, out + 6 * n };
    for (size_t c = 0; c < categories; c++) {
        struct wallet *w = NULL;
        struct err e;
        draw(n, c << 40, feature, own);
        double began = cpu_seconds();
        check(wallet_fit(&rows, &options, &w, &e), &e);
        fit += cpu_seconds() - began;
        trees += wallet_summary(w).trees;
        began = cpu_seconds();
        check(wallet_of(w, &rows, &shares, &e), &e);
        say += cpu_seconds() - began;
        wallet_drop(&w);
    }
    printf("{\"what\": \"share\", \"customers\": %zu, \"categories\": %zu, \"trees\": %u, \"fit_ms\": %.0f, "
           "\"say_ms\": %.0f}\n", n, categories, trees, fit * 1e3, say * 1e3);
    free(feature);
    free(own);
    free(out);
    return 0;
}
