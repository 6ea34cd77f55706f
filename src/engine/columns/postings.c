#include "engine/columns/postings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"

#define BLOCK_DAYS 32
#define BLOCKS_MAX 2000
#define NOBODY UINT32_MAX       // an entry that was forgotten

struct block {
    uint32_t *row;
    uint8_t *day;                // of the block
    size_t n, room;
};
struct postings {
    int64_t first;               // number of block[0]
    size_t n;
    struct block *block;
    size_t events;
};

struct postings *postings_new(void)
{
    return calloc(1, sizeof(struct postings));
}

void postings_drop(struct postings **postings)
{
    struct postings *p = *postings;
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++) {
        free(p->block[i].row);
        free(p->block[i].day);
    }
    free(p->block);
    free(p);
    *postings = NULL;
}

/* Blocks from the least to the greatest that there are events of; NULL: memory, or too far. */
static struct block *block_of(struct postings *p, int64_t number)
{
    int64_t first = p->n ? p->first : number, last = p->n ? p->first + (int64_t)p->n - 1 : number;
    int64_t from = number < first ? number : first, to = number > last ? number : last;
    size_t n = (size_t)(to - from) + 1, before = (size_t)(first - from);
    if (n > BLOCKS_MAX)
        return NULL;
    if (n > p->n) {
        struct block *block = calloc(n, sizeof *block);
        if (!block)
            return NULL;
        if (p->n)
            memcpy(block + before, p->block, p->n * sizeof *block);
        free(p->block);
        p->block = block;
        p->n = n;
        p->first = from;
    }
    return &p->block[number - p->first];
}

static bool grow(struct block *b)
{
    size_t room = b->room ? b->room * 2 : 64;
    uint32_t *row = realloc(b->row, room * sizeof *row);
    if (row)
        b->row = row;
    uint8_t *day = row ? realloc(b->day, room) : NULL;
    if (!day)
        return false;
    b->day = day;
    b->room = room;
    return true;
}

bool postings_add(struct postings *p, uint32_t row, int32_t day)
{
    assert(row != NOBODY);
    int64_t number = floor_div(day, BLOCK_DAYS);
    struct block *b = block_of(p, number);
    if (!b || (b->n == b->room && !grow(b)))
        return false;
    b->row[b->n] = row;
    b->day[b->n++] = (uint8_t)(day - number * BLOCK_DAYS);
    p->events++;
    return true;
}

void postings_forget(struct postings *p, uint32_t row)
{
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->block[i].n; k++)
            if (p->block[i].row[k] == row) {
                p->block[i].row[k] = NOBODY;
                p->events--;
            }
}

static void count_all(const struct block *b, uint8_t *times, size_t n)
{
    for (size_t k = 0; k < b->n; k++)
        if (b->row[k] < n)
            times[b->row[k]] = (uint8_t)(times[b->row[k]] + (times[b->row[k]] != UINT8_MAX));
}

static void count_some(const struct block *b, int64_t from, int64_t to, uint8_t *times, size_t n)
{
    for (size_t k = 0; k < b->n; k++)
        if (b->day[k] >= from && b->day[k] <= to && b->row[k] < n)
            times[b->row[k]] = (uint8_t)(times[b->row[k]] + (times[b->row[k]] != UINT8_MAX));
}

void postings_count(const struct postings *p, int32_t from_day, int32_t to_day, uint8_t *times, size_t n)
{
    for (size_t i = 0; i < p->n; i++) {
        int64_t begin = (p->first + (int64_t)i) * BLOCK_DAYS;
        if (begin > to_day || begin + BLOCK_DAYS - 1 < from_day)
            continue;
        if (begin >= from_day && begin + BLOCK_DAYS - 1 <= to_day)
            count_all(&p->block[i], times, n);
        else
            count_some(&p->block[i], from_day - begin, to_day - begin, times, n);
    }
}

size_t postings_events(const struct postings *p)
{
    return p->events;
}

size_t postings_bytes(const struct postings *p)
{
    size_t bytes = sizeof *p + p->n * sizeof *p->block;
    for (size_t i = 0; i < p->n; i++)
        bytes += p->block[i].room * (sizeof *p->block->row + sizeof *p->block->day);
    return bytes;
}
