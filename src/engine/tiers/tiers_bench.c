/* Tiers of a whole base: tiers_bench [CUSTOMERS]
 *
 * Values are skewed and one in eight customers costs more than they bring. CPU seconds of one thread, the best of three turns;
 * a line of JSON at the end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "engine/tiers/tiers.h"

#define TURNS 3

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double skewed(uint64_t *seed)
{
    return -log(((double)(hash_mix(++*seed) >> 11) + .5) / 9007199254740992.0) * 100;
}

static void draw(size_t n, double *cells)
{
    uint64_t seed = 1;
    for (size_t i = 0; i < n; i++) {
        cells[i] = skewed(&seed);                // actual, lifetime, reach, serve, alive
        cells[n + i] = cells[i] + skewed(&seed);
        cells[2 * n + i] = skewed(&seed) * 3;
        cells[3 * n + i] = skewed(&seed) / 7;
        cells[4 * n + i] = exp(-skewed(&seed) / 100);
    }
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000000;
    double *cells = malloc((5 * n + 1) * sizeof *cells), fit = INFINITY, assign = INFINITY;
    struct tiers_state *state = malloc((n + 1) * sizeof *state);
    const struct tiers_options options = tiers_options_usual();
    struct tiers_cuts cuts;
    struct tiers_movement m = { 0 };
    if (!cells || !state)
        return 2;
    draw(n, cells);
    for (size_t i = 0; i < n; i++)
        state[i] = (struct tiers_state){ TIERS_NONE, TIERS_NONE, 0 };
    const struct tiers_columns c = { n, cells, cells + n, cells + 2 * n, cells + 3 * n, cells + 4 * n, NULL };
    for (int turn = 0; turn < TURNS; turn++) {
        double began = cpu_seconds();
        if (tiers_fit(&c, &options, &cuts, NULL))
            return 1;
        fit = fmin(fit, cpu_seconds() - began);
        began = cpu_seconds();
        tiers_assign(&c, &cuts, turn, state, &m);
        assign = fmin(assign, cpu_seconds() - began);
    }
    printf("{\"what\": \"tiers\", \"customers\": %zu, \"fit_ms\": %.0f, \"assign_ms\": %.0f, \"most_valuable\": %llu, "
           "\"most_growable\": %llu, \"below_zero\": %llu}\n", n, fit * 1e3, assign * 1e3,
           (unsigned long long)m.customers[TIERS_MOST_VALUABLE][TIERS_MOST_VALUABLE],
           (unsigned long long)m.customers[TIERS_MOST_GROWABLE][TIERS_MOST_GROWABLE],
           (unsigned long long)m.customers[TIERS_BELOW_ZERO][TIERS_BELOW_ZERO]);
    free(cells);
    free(state);
    return 0;
}
