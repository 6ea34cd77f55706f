/* Proposals with their scores, and how the best of them are kept.
 *
 * Order   by score, best first; ties by item number, so that the same question has the same answer.
 */
#ifndef TENDERO_ENGINE_RECOMMEND_SCORED_H
#define TENDERO_ENGINE_RECOMMEND_SCORED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scored {
    uint32_t item, why, together;
    float score;
};

static inline bool scored_better(struct scored a, struct scored b)
{
    return a.score > b.score || (a.score == b.score && a.item < b.item);
}

/* Keeps the max best in best[count], best first; returns their new number. Insertion: most candidates lose against the last. */
static inline size_t scored_keep(struct scored *best, size_t count, size_t max, struct scored candidate)
{
    if (count == max && !scored_better(candidate, best[max - 1]))
        return count;
    size_t at = count < max ? count : max - 1;
    for (; at > 0 && scored_better(candidate, best[at - 1]); at--)
        best[at] = best[at - 1];
    best[at] = candidate;
    return count < max ? count + 1 : count;
}

#endif
