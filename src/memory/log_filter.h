/* Which sealed parts may hold a message id: a bit-sliced signature file.
 *
 * Source   Bloom (1970); Faloutsos, Christodoulakis (1984) stood the filters of many parts on end: one
 *          64-bit word a slot, bit p for part p mod 64, so that FILTER_HASHES cache misses answer for 64
 *          parts at once.
 * Errors   never a false "no". A false "maybe" has (1 - e^(-6/16))^6 = 0.094 % per full part: with 64 parts
 *          one new id in 17 is looked up in one part for nothing.
 * Memory   16 bits a row and part, given by groups of 64 parts (33 MB at LOG_PART_ROWS). A group is freed
 *          once all its parts have expired.
 * Threads  the writer's alone.
 */
#ifndef TENDERO_MEMORY_LOG_FILTER_H
#define TENDERO_MEMORY_LOG_FILTER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define FILTER_HASHES 6
#define FILTER_BITS_PER_ROW 16
#define FILTER_GROUP 64

struct log_filter {
    struct filter_group {
        uint64_t *words;  // NULL: no part of this group counts
        uint64_t live;    // parts whose bits count
    } *groups;
    size_t n_groups, slots;
};

void filter_init(struct log_filter *, size_t part_rows);
void filter_drop(struct log_filter *);
/* Room for the part's bits; cleared when an earlier attempt left some. */
MUST_CHECK enum err_code filter_open_part(struct log_filter *, size_t part, struct err *e);
void filter_add(struct log_filter *, size_t part, uint64_t hash);
void filter_set_live(struct log_filter *, size_t part);
void filter_expire(struct log_filter *, size_t part);
/* Parts of group g that may hold the hash, bit p for part 64 g + p. */
uint64_t filter_probe(const struct log_filter *, size_t g, uint64_t hash);
void filter_prefetch(const struct log_filter *, size_t g, uint64_t hash);
/* One part's bits as slots / 8 bytes, and back; false when the length is not that. */
void filter_save(const struct log_filter *, size_t part, struct buf *out);
bool filter_load(struct log_filter *, size_t part, struct slice bits);
size_t filter_bytes(const struct log_filter *);

#endif
