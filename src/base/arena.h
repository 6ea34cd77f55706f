/* An arena: allocations that end together, with a byte limit that no input can pass.
 *
 * Allocation returns NULL when the limit or the machine's memory is reached; callers turn that into
 * ERR_LIMIT with a sentence. Memory is zeroed and aligned to 16 bytes. Not shared between threads.
 */
#ifndef TENDERO_BASE_ARENA_H
#define TENDERO_BASE_ARENA_H

#include "base/slice.h"

struct arena;

struct arena *arena_new(size_t limit_bytes);  // NULL when memory is exhausted
void arena_drop(struct arena **arena);
/* Forgets every allocation and keeps one block for the next use. */
void arena_reset(struct arena *arena);
size_t arena_used(const struct arena *arena);

void *arena_alloc(struct arena *arena, size_t bytes);
void *arena_calloc_n(struct arena *arena, size_t n, size_t size);  // checks n * size
#define arena_array(arena, T, n) ((T *)arena_calloc_n((arena), (n), sizeof(T)))
#define arena_one(arena, T) ((T *)arena_alloc((arena), sizeof(T)))

/* Room for `need` rows of `size` bytes at *at, which holds *cap of them: what is there is copied. false: no memory. */
bool arena_room(struct arena *arena, void **at, size_t *cap, size_t need, size_t size);
/* arena_need(mem, v->row, v->cap, n): for a member that is a pointer to rows. */
#define arena_need(arena, rows, cap, need) arena_room((arena), (void **)&(rows), &(cap), (need), sizeof *(rows))

/* Copies with a NUL behind it that len does not count; at is NULL when memory is exhausted. */
struct slice arena_copy(struct arena *arena, struct slice s);
struct slice arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
