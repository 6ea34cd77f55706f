/* Whom to invest in: allocate_bench [CUSTOMERS [TREATMENTS [THREADS]]]
 *
 * Values are skewed, costs differ between treatments and customers; budget for about a tenth of the customers. First the
 * budget alone, then with three channels and a number of contacts. Wall and CPU milliseconds, the best of three turns. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/hash.h"
#include "engine/allocate/allocate.h"

#define TURNS 3

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double between(uint64_t *seed)
{
    return ((double)(hash_mix(++*seed) >> 11) + .5) / 9007199254740992.0;
}

static void draw(const struct allocate_problem *p, int32_t *value, int32_t *cost)
{
    uint64_t seed = 1;
    for (unsigned t = 0; t < p->treatments; t++)
        for (size_t i = 0; i < p->customers; i++) {
            value[t * p->customers + i] = (int32_t)(-log(between(&seed)) * 1000 * (t + 1)) - 500;
            cost[t * p->customers + i] = (int32_t)((t + 1) * (200 + 200 * between(&seed)));
        }
}

struct times {
    double wall, cpu;
};

static struct times best_of_turns(const struct allocate_problem *p, const struct allocate_options *options, uint8_t *choice,
                                  struct allocation *got)
{
    struct times best = { INFINITY, INFINITY };
    for (int turn = 0; turn < TURNS; turn++) {
        struct err e;
        double began = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        if (allocate(p, options, choice, got, &e)) {
            fprintf(stderr, "allocate_bench: %s\n", e.text);
            exit(1);
        }
        best.wall = fmin(best.wall, seconds(CLOCK_MONOTONIC) - began);
        best.cpu = fmin(best.cpu, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    }
    return best;
}

int main(int argc, char **argv)
{
    static const uint8_t channel[ALLOCATE_TREATMENTS] = { 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0 };
    struct allocate_problem p = { .customers = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000000,
                                  .treatments = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 5,
                                  .contacts = ALLOCATE_UNLIMITED };
    const struct allocate_options options = { .threads = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 2 };
    size_t cells = p.customers * p.treatments;
    int32_t *value = malloc(cells * sizeof *value), *cost = malloc(cells * sizeof *cost);
    uint8_t *choice = malloc(p.customers);
    struct allocation one, several;
    struct rusage usage;
    if (!value || !cost || !choice)
        return 2;
    draw(&p, value, cost);
    p.value = value;
    p.cost = cost;
    p.budget = (int64_t)p.customers / 10 * 900;
    const struct times alone = best_of_turns(&p, &options, choice, &one);
    int64_t each = (int64_t)p.customers / 40;
    p.channels = 3;
    p.channel = channel;
    p.capacity = (const int64_t[]){ each, each, each };
    p.contacts = (int64_t)p.customers / 15;
    const struct times together = best_of_turns(&p, &options, choice, &several);
    getrusage(RUSAGE_SELF, &usage);
    long columns_mb = (long)(2 * cells * sizeof *value >> 20);
    printf("{\"what\": \"allocate\", \"customers\": %zu, \"treatments\": %u, \"threads\": %u, \"budget_ms\": %.0f, "
           "\"budget_cpu_ms\": %.0f, \"budget_gap\": %.3g, \"budget_passes\": %u, \"five_limits_ms\": %.0f, "
           "\"five_limits_cpu_ms\": %.0f, \"five_limits_gap\": %.3g, \"five_limits_passes\": %u, \"columns_mb\": %ld, "
           "\"scratch_mb\": %ld}\n",
           p.customers, p.treatments, options.threads, alone.wall * 1e3, alone.cpu * 1e3, one.gap / one.bound, one.passes,
           together.wall * 1e3, together.cpu * 1e3, several.gap / several.bound, several.passes, columns_mb,
           usage.ru_maxrss / 1024 - columns_mb);
    free(value);
    free(cost);
    free(choice);
    return 0;
}
