#include "engine/columns/postings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "engine/columns/columns.h"

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

void postings_clear(struct postings *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->block[i].row);
        free(p->block[i].day);
    }
    free(p->block);
    *p = (struct postings){ 0 };
}

void postings_drop(struct postings **postings)
{
    if (*postings)
        postings_clear(*postings);
    free(*postings);
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

void postings_forget(struct postings *p, const uint64_t *gone, uint32_t first, size_t n)
{
    assert(n < NOBODY);
    for (size_t i = 0; i < p->n; i++) {
        struct block *b = &p->block[i];
        for (size_t k = 0; k < b->n; k++) {
            uint32_t of = b->row[k] - first;
            if (of >= n || b->row[k] == NOBODY || !bits_has(gone, of))
                continue;
            b->row[k] = NOBODY;
            p->events--;
        }
    }
}

static inline void count_one(uint16_t *times)
{
    *times = (uint16_t)(*times + (*times != UINT16_MAX));
}

static void count_all(const struct block *b, uint16_t *times, size_t n)
{
    for (size_t k = 0; k < b->n; k++)
        if (b->row[k] < n)
            count_one(&times[b->row[k]]);
}

static void count_some(const struct block *b, int64_t from, int64_t to, uint16_t *times, size_t n)
{
    for (size_t k = 0; k < b->n; k++)
        if (b->day[k] >= from && b->day[k] <= to && b->row[k] < n)
            count_one(&times[b->row[k]]);
}

void postings_count(const struct postings *p, int32_t from_day, int32_t to_day, uint16_t *times, size_t n)
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

void postings_last(const struct postings *p, int32_t *day, size_t n)
{
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->block[i].n; k++) {
            uint32_t row = p->block[i].row[k];
            int32_t of = (int32_t)((p->first + (int64_t)i) * BLOCK_DAYS) + p->block[i].day[k];
            if (row < n && of > day[row])
                day[row] = of;
        }
}

void postings_first(const struct postings *p, int32_t *day, size_t n)
{
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->block[i].n; k++) {
            uint32_t row = p->block[i].row[k];
            int32_t of = (int32_t)((p->first + (int64_t)i) * BLOCK_DAYS) + p->block[i].day[k];
            if (row < n && of < day[row])
                day[row] = of;
        }
}

bool postings_save(const struct postings *p, bool (*put)(void *arg, const void *at, size_t len), void *arg)
{
    const int64_t head[3] = { p->first, (int64_t)p->n, (int64_t)p->events };
    bool ok = put(arg, head, sizeof head);
    for (size_t i = 0; i < p->n && ok; i++) {
        const struct block *b = &p->block[i];
        const uint64_t n = b->n;
        ok = put(arg, &n, sizeof n) && put(arg, b->row, b->n * sizeof *b->row) && put(arg, b->day, b->n);
    }
    return ok;
}

static bool load_block(struct block *b, bool (*get)(void *arg, void *at, size_t len), void *arg)
{
    uint64_t n;
    if (!get(arg, &n, sizeof n) || n > UINT32_MAX)
        return false;
    b->row = malloc(n ? n * sizeof *b->row : 1);
    b->day = malloc(n ? n : 1);
    if (!b->row || !b->day || !get(arg, b->row, n * sizeof *b->row) || !get(arg, b->day, n))
        return false;
    b->n = b->room = n;
    return true;
}

bool postings_load(struct postings *p, bool (*get)(void *arg, void *at, size_t len), void *arg)
{
    int64_t head[3];
    assert(p->n == 0);
    if (!get(arg, head, sizeof head) || head[1] < 0 || head[1] > BLOCKS_MAX || head[2] < 0)
        return false;
    p->block = calloc((size_t)head[1] + 1, sizeof *p->block);
    if (!p->block)
        return false;
    p->first = head[0];
    p->n = (size_t)head[1];
    p->events = (size_t)head[2];
    for (size_t i = 0; i < p->n; i++)
        if (!load_block(&p->block[i], get, arg))
            return false;
    return true;
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
