/* Sorting some dozens to thousands of scores, highest first, ties in the order they were given.
 *
 * Radix sort by bytes, lowest first (Knuth, TAOCP 3, 5.2.5), over the bits of a float turned so that they compare as numbers do.
 * A byte that all have in common is passed over. qsort's calls of a comparison cost five times as much at a hundred scores.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_RANKED_H
#define TENDERO_ENGINE_RECOMMEND_RANKED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ranked {
    float score;
    uint32_t at;
};

/* Greater for a lesser score; -0 is 0. */
static inline uint32_t ranked_key(float score)
{
    uint32_t bits;
    score += 0.0f;
    memcpy(&bits, &score, sizeof bits);
    return bits & UINT32_C(0x80000000) ? bits : ~(bits | UINT32_C(0x80000000));
}

static inline void ranked_pass(const struct ranked *from, struct ranked *to, size_t n, unsigned shift, uint32_t begin[256])
{
    uint32_t sum = 0;
    for (unsigned b = 0; b < 256; b++) {
        uint32_t count = begin[b];
        begin[b] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[begin[ranked_key(from[i].score) >> shift & 255]++] = from[i];
}

/* No score is a NAN. scratch[n]. */
static inline void ranked_sort(struct ranked *of, struct ranked *scratch, size_t n)
{
    uint32_t begin[4][256] = { 0 };
    struct ranked *from = of, *to = scratch;
    for (size_t i = 0; i < n; i++)
        for (unsigned byte = 0; byte < 4; byte++)
            begin[byte][ranked_key(of[i].score) >> 8 * byte & 255]++;
    for (unsigned byte = 0; n && byte < 4; byte++) {
        if (begin[byte][ranked_key(of[0].score) >> 8 * byte & 255] == n)
            continue;
        ranked_pass(from, to, n, 8 * byte, begin[byte]);
        struct ranked *swap = from;
        from = to;
        to = swap;
    }
    if (from != of)
        memcpy(of, from, n * sizeof *of);
}

#endif
