#include "engine/recommend/ranked.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

#define N 700

/* The definition: highest first, and those that are equal as they were given. */
static void insert(struct ranked *of, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct ranked one = of[i];
        size_t at = i;
        for (; at > 0 && of[at - 1].score < one.score; at--)
            of[at] = of[at - 1];
        of[at] = one;
    }
}

static float drawn(uint64_t seed, unsigned kind)
{
    uint64_t random = hash_mix(seed);
    if (kind == 0)
        return (float)(random % 7) - 3;  // many equals, and a 0 of either sign
    if (kind == 1)
        return (float)ldexp((double)(random % 2000) - 1000, (int)(random >> 40) % 200 - 100);
    const float edge[] = { 0.0f, -0.0f, INFINITY, -INFINITY, 1e-45f, -1e-45f, 3e38f, -3e38f, 1, -1 };
    return edge[random % (sizeof edge / sizeof *edge)];
}

static void equals_insertion(void **state)
{
    (void)state;
    static struct ranked of[N], want[N], scratch[N];
    for (uint64_t turn = 0; turn < 300; turn++) {
        size_t n = turn < 4 ? turn : hash_mix(turn) % N;
        for (size_t i = 0; i < n; i++)
            of[i] = want[i] = (struct ranked){ drawn(turn * N + i, (unsigned)(turn % 3)), (uint32_t)i };
        ranked_sort(of, scratch, n);
        insert(want, n);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(of[i].at, want[i].at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_insertion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
