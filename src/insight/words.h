/* A dictionary: words to dense numbers from 1, and back. Bytes lie end to end in one block. */
#ifndef TENDERO_INSIGHT_WORDS_H
#define TENDERO_INSIGHT_WORDS_H

#include "base/slice.h"
#include "memory/memory.h"

struct words {
    char *bytes;
    uint32_t *end;   // end[i]: where word i ends; end[0] = 0
    uint32_t *slot;  // open addressing, load <= 1/2; 0: free
    uint64_t seed;   // of the slots, of this run: words come from outside, and nobody shall aim at a slot
    size_t bytes_len, bytes_cap, end_cap, slots;
    uint32_t count;
};

void words_drop(struct words *);
uint32_t words_find(const struct words *, struct slice word);  // 0: unknown
/* Finds or adds; 0: no memory. */
uint32_t words_add(struct words *, struct slice word);
struct slice words_text(const struct words *, uint32_t number);  // until the next words_add
size_t words_memory_bytes(const struct words *);
MUST_CHECK enum err_code words_save(const struct words *, struct snapshot_out *, struct err *e);
MUST_CHECK enum err_code words_load(struct words *, struct snapshot_in *, struct err *e);

#endif
