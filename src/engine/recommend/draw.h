/* Shops that are made up, and a clock, for measurements: the same numbers in each run. */
#ifndef TENDERO_ENGINE_RECOMMEND_DRAW_H
#define TENDERO_ENGINE_RECOMMEND_DRAW_H

#include <math.h>
#include <stdint.h>
#include <time.h>

static inline double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Between 0 and 1, never 1. */
static inline double any_share(uint64_t random)
{
    return (double)(random >> 11) / (double)(UINT64_C(1) << 53);
}

/* Zipf with exponent 1 over n, by inverting its integral. */
static inline uint32_t zipf(uint64_t random, uint32_t n)
{
    uint32_t rank = (uint32_t)(pow((double)n + 1, any_share(random)) - 1);
    return rank < n ? rank : n - 1;
}

#endif
