/* Identifiers to histories, in memory: open addressing with linear probing.
 *
 * Shape    16 bytes a slot, load <= 3/4. A slot holds 96 bits of a seeded hash of kind and folded value
 *          instead of the text: among 10^8 identifiers the chance that any two agree is below 10^-12,
 *          and the seed is secret, so nobody can aim.
 * Memory   the owner drops it; identifier_table_reserve is the only call that allocates.
 */
#ifndef TENDERO_MEMORY_IDENTIFIER_TABLE_H
#define TENDERO_MEMORY_IDENTIFIER_TABLE_H

#include "base/err.h"
#include "base/slice.h"

struct identifier_key {
    uint64_t low;
    uint32_t high;
};

struct identifier_owner {
    uint32_t history;  // 0: unknown
    bool shared;
};

struct identifier_slot {
    uint64_t low;
    uint32_t high, owner;  // history * 2 + shared; 0: empty
};

struct identifier_table {
    struct identifier_slot *slots;
    size_t cap, n;  // cap: 0 or a power of two
};

/* kind and value as they are compared (folded). */
struct identifier_key identifier_key(struct slice kind, struct slice value, uint64_t seed);
struct identifier_owner identifier_table_find(const struct identifier_table *, struct identifier_key);
/* Asks the processor for the line that the key lies on. */
void identifier_table_prefetch(const struct identifier_table *, struct identifier_key);
/* Room for n identifiers in all? */
bool identifier_table_has_room(const struct identifier_table *, size_t n);
/* Makes *grown, which is empty, a copy of `from` with room for n identifiers; false when memory is
 * exhausted. `from` stays as it is, so that readers may go on reading it. */
MUST_CHECK bool identifier_table_copy(const struct identifier_table *from, size_t n,
                                      struct identifier_table *grown);
/* Inserts or replaces; there is room. */
void identifier_table_put(struct identifier_table *, struct identifier_key, struct identifier_owner);
void identifier_table_clear(struct identifier_table *);
void identifier_table_drop(struct identifier_table *);

#endif
