#include "memory/identifier_table.h"

#include <assert.h>

#include "base/hash.h"
#include "sys/pages.h"

#define CAP_MIN 64
#define CAP_KEPT 4096  // a cleared table keeps no more: clearing costs by size, not by use

struct identifier_key identifier_key(struct slice kind, struct slice value, uint64_t seed)
{
    struct hash128 h = hash128(value, seed ^ hash64(kind, seed));
    return (struct identifier_key){ h.low, (uint32_t)(h.high >> 32) };
}

static size_t slot_of(const struct identifier_table *t, struct identifier_key key)
{
    size_t i = (size_t)key.low & (t->cap - 1);
    while (t->slots[i].owner && (t->slots[i].low != key.low || t->slots[i].high != key.high))
        i = (i + 1) & (t->cap - 1);
    return i;
}

struct identifier_owner identifier_table_find(const struct identifier_table *t, struct identifier_key key)
{
    if (t->cap == 0)
        return (struct identifier_owner){ 0, false };
    uint32_t owner = t->slots[slot_of(t, key)].owner;
    return (struct identifier_owner){ owner >> 1, owner & 1 };
}

void identifier_table_prefetch(const struct identifier_table *t, struct identifier_key key)
{
    if (t->cap)
        __builtin_prefetch(&t->slots[(size_t)key.low & (t->cap - 1)], 1);
}

bool identifier_table_has_room(const struct identifier_table *t, size_t n)
{
    return n <= t->cap / 4 * 3;
}

bool identifier_table_copy(const struct identifier_table *from, size_t n, struct identifier_table *grown)
{
    assert(!grown->slots);
    size_t cap = from->cap > CAP_MIN ? from->cap : CAP_MIN;
    while (n > cap / 4 * 3)
        cap *= 2;
    struct identifier_slot *slots = pages_new(cap * sizeof *slots);
    if (!slots)
        return false;
    *grown = (struct identifier_table){ slots, cap, from->n };
    for (size_t i = 0; i < from->cap; i++) {
        const struct identifier_slot *s = &from->slots[i];
        if (s->owner)
            slots[slot_of(grown, (struct identifier_key){ s->low, s->high })] = *s;
    }
    return true;
}

void identifier_table_put(struct identifier_table *t, struct identifier_key key,
                          struct identifier_owner owner)
{
    assert(owner.history > 0 && owner.history < UINT32_MAX / 2);
    struct identifier_slot *s = &t->slots[slot_of(t, key)];
    if (!s->owner)
        t->n++;
    assert(identifier_table_has_room(t, t->n));
    *s = (struct identifier_slot){ key.low, key.high, owner.history << 1 | (uint32_t)owner.shared };
}

void identifier_table_drop(struct identifier_table *t)
{
    pages_drop(t->slots, t->cap * sizeof *t->slots);
    *t = (struct identifier_table){ NULL, 0, 0 };
}

void identifier_table_clear(struct identifier_table *t)
{
    if (t->cap > CAP_KEPT) {
        identifier_table_drop(t);
        return;
    }
    if (t->n)
        memset(t->slots, 0, t->cap * sizeof *t->slots);
    t->n = 0;
}
