/* How fast visits are remembered, and answered: sessions_bench [SESSIONS [ITEMS [M [K [QUERY]]]]]
 *
 * Items are drawn by Zipf's law, three of four from the visit's own hundredth of the shop; 2 to 30 items a visit. Asked are
 * visits of the same kind, 1 to 15 items long.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/recommend/draw.h"
#include "engine/recommend/sessions.h"

#define LONGEST 30
#define ASKED 100000

static uint32_t draw_visit(uint64_t *seed, uint32_t items, uint32_t longest, uint32_t *item)
{
    uint32_t n = 1 + zipf(hash_mix(++*seed), longest), own = (uint32_t)(hash_mix(++*seed) % 100);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t random = hash_mix(++*seed);
        item[i] = random & 3 ? zipf(hash_mix(random), items / 100) * 100 + own : zipf(hash_mix(random), items);
    }
    return n;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void ask(const struct sessions *s, uint32_t items, uint64_t seed)
{
    static double took[ASKED];
    struct sessions_work *work = sessions_work_new();
    struct scored best[21];
    uint32_t item[LONGEST];
    double all = 0;
    size_t n, found = 0;
    struct err e;
    for (uint32_t i = 0; work && i < ASKED; i++) {
        uint32_t length = draw_visit(&seed, items, LONGEST / 2, item);
        double began = cpu_seconds();
        if (sessions_score(s, item, length, NULL, NULL, work, best, 21, &n, &e))
            break;
        took[i] = cpu_seconds() - began;
        all += took[i];
        found += n;
    }
    qsort(took, ASKED, sizeof *took, by_size);
    printf("score  %8.2f us of CPU each, %.0f /s on one core; median %.0f us, p99 %.0f us, worst %.0f us; %.1f found\n",
           all * 1e6 / ASKED, ASKED / all, took[ASKED / 2] * 1e6, took[ASKED / 100 * 99] * 1e6, took[ASKED - 1] * 1e6,
           (double)found / ASKED);
    sessions_work_drop(&work);
}

int main(int argc, char **argv)
{
    uint32_t held = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000,
             items = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 100000,
             m = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 500,
             k = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 500,
             query = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 10) : 5, item[LONGEST];
    if (held == 0 || held > 200000000 || items < 100 || m == 0 || k == 0 || query == 0 || query > SESSIONS_QUERY_MAX)
        return 1;
    struct sessions *s = NULL;
    struct err e = { 0 };
    struct sessions_options options = { held, 10 * held + 50, items, 50, m, k, query };
    if (sessions_new(options, &s, &e)) {
        fprintf(stderr, "sessions_bench: %s\n", e.text);
        return 1;
    }
    uint64_t seed = 1, added = 2 * (uint64_t)held;  // the first half has fallen out in the end
    double began = cpu_seconds();
    for (uint64_t i = 0; i < added; i++)
        if (sessions_add(s, item, draw_visit(&seed, items, LONGEST, item), &e))
            return 1;
    printf("add    %8.2f us of CPU each with drawing them; %u sessions held, %u items, %.0f MB\n",
           (cpu_seconds() - began) * 1e6 / (double)added, sessions_count(s), items, (double)sessions_bytes(s) / 1e6);
    ask(s, items, seed);
    sessions_drop(&s);
    return 0;
}
