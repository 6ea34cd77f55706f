/* The best items of a list of scores: highest first, ties by item number. */
#ifndef TENDERO_ENGINE_RECOMMEND_BEST_H
#define TENDERO_ENGINE_RECOMMEND_BEST_H

#include <stddef.h>
#include <stdint.h>

struct best {
    uint32_t item;
    float score;
};

/* Keeps a candidate whose item number is above those that were offered before it: among equals it comes last. Insertion,
 * since most candidates lose against the last of them. Returns the new count. */
static inline size_t best_keep(struct best *best, size_t count, size_t max, struct best candidate)
{
    if (count == max && !(candidate.score > best[max - 1].score))
        return count;
    size_t at = count < max ? count : max - 1;
    for (; at > 0 && candidate.score > best[at - 1].score; at--)
        best[at] = best[at - 1];
    best[at] = candidate;
    return count < max ? count + 1 : count;
}

/* Of n scores; items with passed[item] != 0 are passed over (NULL: none). best[max]; returns how many were found. */
static inline size_t best_of(const float *score, const uint8_t *passed, uint32_t n, struct best *best, size_t max)
{
    size_t count = 0;
    for (uint32_t i = 0; max && i < n; i++) {
        if (count == max && !(score[i] > best[max - 1].score))
            continue;
        if (!passed || !passed[i])
            count = best_keep(best, count, max, (struct best){ i, score[i] });
    }
    return count;
}

#endif
