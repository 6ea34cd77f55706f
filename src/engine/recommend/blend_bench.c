/* How fast weights are learnt, and lists blended: blend_bench [LISTS [CANDIDATES [MODELS]]] */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/recommend/blend.h"
#include "engine/recommend/draw.h"

#define SCORED 20000

int main(int argc, char **argv)
{
    uint32_t lists = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 5000,
             each = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 100,
             models = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 4;
    size_t all = (size_t)lists * each;
    float *score = malloc((all * models + 1) * sizeof *score), *ret = malloc((each + 1) * sizeof *ret);
    uint64_t *start = calloc((size_t)lists + 1, sizeof *start), seed = 1;
    uint8_t *hit = calloc(all + 1, 1);
    const float *of[BLEND_MODELS_MAX];
    if (!score || !ret || !start || !hit || !all || !models || models > BLEND_MODELS_MAX)
        return 1;
    struct blend_lists made = { .models = models, .start = start, .lists = lists, .hit = hit };
    for (uint32_t l = 0; l < lists; l++)
        start[l + 1] = (uint64_t)(l + 1) * each;
    for (size_t at = 0; at < all; at++) {
        double sum = 0;
        for (uint32_t m = 0; m < models; m++) {
            double one = any_share(hash_mix(++seed));
            score[m * all + at] = (float)one;
            sum += one / (m + 1);
        }
        hit[at] = any_share(hash_mix(++seed)) < .02 * sum * sum;
    }
    for (uint32_t m = 0; m < models; m++)
        of[m] = made.score[m] = score + m * all;
    struct blend blend;
    struct err e;
    double began = cpu_seconds();
    if (blend_learn(&made, 10, &blend, &e)) {
        fprintf(stderr, "blend_bench: %s\n", e.text);
        return 1;
    }
    printf("learn  %8.2f s of CPU; %u lists of %u, %u models; lead %.4f [%.4f, %.4f]\n", cpu_seconds() - began, lists, each,
           models, blend.lead.value, blend.lead.low, blend.lead.high);
    began = cpu_seconds();
    for (int i = 0; i < SCORED; i++)
        if (blend_score(&blend, of, each, ret, &e))
            return 1;
    printf("score  %8.2f us of CPU each list\n", (cpu_seconds() - began) * 1e6 / SCORED);
    free(score);
    free(ret);
    free(start);
    free(hit);
    return 0;
}
