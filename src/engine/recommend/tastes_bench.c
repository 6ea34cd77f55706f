/* How fast tastes learn and answer: tastes_bench [CUSTOMERS [EVENTS]], codes by Zipf's law over 300. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/recommend/draw.h"
#include "engine/recommend/tastes.h"

#define CODES 300
#define DAY_MS 86400000

int main(int argc, char **argv)
{
    uint32_t customers = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 100000,
             each = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 30, known = 0;
    struct taste *taste = calloc((size_t)customers + 1, sizeof *taste), shop;
    if (!taste || !customers || !each)
        return 1;
    uint64_t seed = 1, bytes = 0;
    struct err e;
    taste_init(&shop, 180.0 * DAY_MS);
    for (uint32_t c = 0; c < customers; c++)
        taste_init(taste + c, 180.0 * DAY_MS);
    double began = cpu_seconds();
    for (uint32_t i = 0; i < each; i++) {
        for (uint32_t c = 0; c < customers; c++) {
            uint64_t random = hash_mix(++seed);  // half of it what all like, half a customer's own
            uint32_t code = (zipf(hash_mix(random), CODES) + (random & 1 ? c % 7 : 0)) % CODES;
            int64_t at_ms = (int64_t)i * 30 * DAY_MS;
            if (taste_add(taste + c, code, at_ms, 1, &e) || taste_add(&shop, code, at_ms, 1, &e))
                return 1;
        }
    }
    double all = (double)customers * each;
    printf("add    %8.1f ns of CPU each with drawing it, to the customer's and the shop's\n",
           (cpu_seconds() - began) * 1e9 / all);
    for (uint32_t c = 0; c < customers; c++)
        bytes += sizeof *taste + taste[c].room * 16ull;
    began = cpu_seconds();
    for (uint32_t c = 0; c < customers; c++)
        known += taste_favourite(taste + c, (struct taste_prior){ &shop, 2 }, (struct taste_limits){ 3, .8 },
                                 (int64_t)each * 30 * DAY_MS).known;
    printf("ask    %8.1f ns of CPU each favourite; %u of %u known, %.0f bytes a customer\n",
           (cpu_seconds() - began) * 1e9 / customers, known, customers, (double)bytes / customers);
    for (uint32_t c = 0; c < customers; c++)
        taste_drop(taste + c);
    taste_drop(&shop);
    free(taste);
    return 0;
}
