#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_ALIGN 16u
#define ARENA_BLOCK_MIN 4096u
#define ARENA_BLOCK_MAX (1u << 20)

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(ARENA_ALIGN) char bytes[];
};

struct arena {
    struct block *head;
    size_t limit, used;
};

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena)
        arena->limit = limit_bytes;
    return arena;
}

void arena_drop(struct arena **arena)
{
    assert(arena);
    if (!*arena)
        return;
    for (struct block *b = (*arena)->head, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(*arena);
    *arena = NULL;
}

void arena_reset(struct arena *arena)
{
    assert(arena);
    struct block *keep = arena->head;
    if (!keep)
        return;
    for (struct block *b = keep->next, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    keep->next = NULL;
    keep->used = 0;
    arena->used = 0;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

static struct block *block_add(struct arena *arena, size_t bytes)
{
    size_t size = arena->head ? arena->head->size * 2 : ARENA_BLOCK_MIN;
    size = size > ARENA_BLOCK_MAX ? ARENA_BLOCK_MAX : size;
    size = size < bytes ? bytes : size;
    struct block *b = malloc(sizeof *b + size);
    if (!b)
        return NULL;
    *b = (struct block){ .next = arena->head, .size = size };
    arena->head = b;
    return b;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    assert(arena);
    if (bytes > SIZE_MAX - ARENA_ALIGN)
        return NULL;
    size_t need = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    need = need ? need : ARENA_ALIGN;
    if (need > arena->limit - arena->used)
        return NULL;
    struct block *b = arena->head;
    if (!b || b->size - b->used < need)
        b = block_add(arena, need);
    if (!b)
        return NULL;
    void *at = b->bytes + b->used;
    b->used += need;
    arena->used += need;
    return memset(at, 0, need);
}

void *arena_calloc_n(struct arena *arena, size_t n, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(n, size, &bytes) ? NULL : arena_alloc(arena, bytes);
}

bool arena_room(struct arena *arena, void **at, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return true;
    size_t wish = need + need / 2 + 8;
    void *more = arena_calloc_n(arena, wish, size);
    if (!more)
        return false;
    if (*cap)
        memcpy(more, *at, *cap * size);
    *at = more;
    *cap = wish;
    return true;
}

struct slice arena_copy(struct arena *arena, struct slice s)
{
    char *at = arena_alloc(arena, s.len + 1);
    if (!at)
        return (struct slice){ NULL, 0 };
    if (s.len)
        memcpy(at, s.at, s.len);
    return (struct slice){ at, s.len };
}

struct slice arena_printf(struct arena *arena, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *at = n < 0 ? NULL : arena_alloc(arena, (size_t)n + 1);
    if (at)
        vsnprintf(at, (size_t)n + 1, fmt, again);
    va_end(again);
    return at ? (struct slice){ at, (size_t)n } : (struct slice){ NULL, 0 };
}
