/* How fast vectors of cold items are learnt: content_bench [ITEMS [FACTORS]]
 *
 * An item has a category, a brand and a price band, and 12 words by Zipf's law; 2,000 features are solved in closed form,
 * 20,000 by conjugate gradients.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/recommend/content.h"
#include "engine/recommend/draw.h"

#define EACH 15

static double wall_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    uint32_t items = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 50000,
             factors = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 64;
    size_t cells = (size_t)items * factors;
    uint32_t *feature = malloc((size_t)items * EACH * sizeof *feature);
    uint64_t *start = calloc((size_t)items + 1, sizeof *start), seed = 1;
    float *vector = malloc(cells * sizeof *vector);
    if (!feature || !start || !vector || !items || !factors)
        return 1;
    for (size_t at = 0; at < cells; at++)
        vector[at] = (float)(any_share(hash_mix(++seed)) - .5);
    for (uint32_t features = 2000; features <= 20000; features *= 10) {
        for (uint32_t i = 0; i < items; i++) {
            for (uint32_t k = 0; k < EACH; k++)
                feature[i * EACH + k] = zipf(hash_mix(++seed), features);
            start[i + 1] = (uint64_t)(i + 1) * EACH;
        }
        const struct content_rows rows = { feature, NULL, start, items, features };
        const struct content_known known = { vector, factors, NULL };
        const struct content_options options = { 10, 2000, 300, 1e-6, NULL };
        struct content *fit = NULL;
        struct err e;
        double began = wall_seconds();
        if (content_fit(&rows, &known, &options, &fit, &e)) {
            fprintf(stderr, "content_bench: %s\n", e.text);
            return 1;
        }
        printf("fit    %8.2f s; %u items, %u features, %u factors, %u steps\n", wall_seconds() - began, items, features,
               factors, fit->steps);
        content_drop(&fit);
    }
    free(feature);
    free(start);
    free(vector);
    return 0;
}
