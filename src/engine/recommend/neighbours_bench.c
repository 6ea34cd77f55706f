/* How fast neighbours are fitted, and customers scored: neighbours_bench [BUYERS [ITEMS]]
 *
 * Items are drawn by Zipf's law, half of each basket from the buyer's own tenth of the shop; 3 to 60 items a buyer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/recommend/draw.h"
#include "engine/recommend/neighbours.h"
#include "engine/recommend/together.h"

#define BASKET_MOST 60
#define SCORED 200000

static uint32_t draw(uint64_t *seed, uint32_t buyer, uint32_t items)
{
    uint64_t random = hash_mix(++*seed);
    if (random & 1)
        return zipf(hash_mix(random), items);
    return zipf(hash_mix(random), items / 10) * 10 + buyer % 10;
}

static struct purchase_rows make(uint32_t buyers, uint32_t items)
{
    uint32_t *item = malloc((size_t)buyers * BASKET_MOST * sizeof *item);
    uint64_t *start = calloc((size_t)buyers + 1, sizeof *start), seed = 1, n = 0;
    for (uint32_t b = 0; item && start && b < buyers; b++) {
        uint32_t size = 3 + zipf(hash_mix(++seed), BASKET_MOST - 2);
        for (uint32_t i = 0; i < size; i++) {
            uint32_t own = draw(&seed, b, items);
            uint64_t at = start[b];
            while (at < n && item[at] != own)
                at++;
            if (at == n)
                item[n++] = own;
        }
        start[b + 1] = n;
    }
    return (struct purchase_rows){ item, start, buyers, items };
}

int main(int argc, char **argv)
{
    uint32_t buyers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000,
             items = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 10000;
    struct purchase_rows rows = make(buyers, items);
    struct neighbours *fit = NULL;
    struct neighbour_work *work = neighbour_work_new();
    struct err e = { 0 };
    if (!rows.item || !rows.start || !work || !buyers || items < 10)
        return 1;
    double began = cpu_seconds();
    if (neighbours_fit(rows, (struct neighbours_options){ 50, 10, 500, NULL }, &fit, &e)) {
        fprintf(stderr, "neighbours_bench: %s\n", e.text);
        return 1;
    }
    printf("fit    %8.2f s of CPU; %u buyers, %u items, %llu purchases\n", cpu_seconds() - began, buyers, items,
           (unsigned long long)rows.start[buyers]);
    struct neighbours *walk = NULL;
    began = cpu_seconds();
    if (together_walk(rows, (struct walk_options){ 50, 1, .3f, 500, NULL }, &walk, &e))
        return 1;
    printf("walk   %8.2f s of CPU\n", cpu_seconds() - began);
    neighbours_drop(&walk);
    struct scored best[40];
    size_t n, sum = 0;
    began = cpu_seconds();
    for (uint32_t i = 0; i < SCORED; i++) {
        uint32_t b = (uint32_t)(hash_mix(i) % buyers);
        if (neighbours_score(fit, rows.item + rows.start[b], (size_t)(rows.start[b + 1] - rows.start[b]), NULL, NULL,
                             work, best, 40, &n, &e))
            return 1;
        sum += n;
    }
    double each_us = (cpu_seconds() - began) * 1e6 / SCORED;
    printf("score  %8.2f us of CPU each, %.0f /s on one core; best 40, %.1f items bought on average, %zu found\n",
           each_us, 1e6 / each_us, (double)rows.start[buyers] / buyers, sum / SCORED);
    neighbour_work_drop(&work);
    neighbours_drop(&fit);
    free((void *)(uintptr_t)rows.item);
    free((void *)(uintptr_t)rows.start);
    return 0;
}
