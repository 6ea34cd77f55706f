/* How fast candidates become a list: rerank_bench [CANDIDATES [LIST]], with all rules at once, the best candidates first. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/recommend/draw.h"
#include "engine/recommend/rerank.h"

#define LISTS 20000
#define CATEGORIES 20

int main(int argc, char **argv)
{
    size_t candidates = argc > 1 ? strtoul(argv[1], NULL, 10) : 200, n, sum = 0;
    size_t max = argc > 2 ? strtoul(argv[2], NULL, 10) : 10;
    struct candidate *of = calloc(candidates + 1, sizeof *of);
    struct reranked *list = calloc(max + 1, sizeof *list);
    struct category_share wanted[CATEGORIES];
    struct rerank_rules rules = { 3, .8, .3, .3, wanted, CATEGORIES, NULL, NULL };
    struct err e;
    if (!of || !list)
        return 1;
    for (uint32_t c = 0; c < CATEGORIES; c++)
        wanted[c] = (struct category_share){ c + 1, 1 / (float)(c + 1) };
    uint64_t seed = 1;
    for (uint32_t i = 0; i < candidates; i++) {
        of[i] = (struct candidate){ .item = i, .score = 1 / (float)(i + 5), .offerable = true, .in_stock = true };
        of[i].category = 1 + zipf(hash_mix(++seed), CATEGORIES);
        of[i].buyers = zipf(hash_mix(++seed), 10000);
    }
    double began = cpu_seconds();
    for (int i = 0; i < LISTS; i++) {
        if (rerank(of, candidates, &rules, list, max, &n, NULL, &e))
            return 1;
        sum += n;
    }
    printf("list   %8.2f us of CPU each; %zu of %zu candidates\n", (cpu_seconds() - began) * 1e6 / LISTS, sum / LISTS,
           candidates);
    free(of);
    free(list);
    return 0;
}
