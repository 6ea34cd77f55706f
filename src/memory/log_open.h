/* What the log keeps in memory of its open part: enough to find a fact by customer or message id.
 *
 * Shape    row r is fact first_seq + r. by_customer and by_message are open-addressed tables (linear
 *          probing, load <= 3/4) of row numbers + 1; facts of one customer are chained newest first. Slots of
 *          by_message also hold the hash's upper half, so that an id that is not there costs one miss.
 * Groups   rows of the running group stand behind `committed`. by_message knows them at once, for
 *          deduplication within the group; the chains only from open_commit on, so that readers, who
 *          look at nothing behind `committed`, need no copy.
 * Memory   fixed when made: nothing grows while readers look. 32 bytes a row and 16 to 32 of tables.
 */
#ifndef TENDERO_MEMORY_LOG_OPEN_H
#define TENDERO_MEMORY_LOG_OPEN_H

#include "base/err.h"
#include "base/slice.h"

struct open_row {
    int64_t timestamp_ms;
    uint64_t message_hash;  // 0: no message id
    uint32_t customer;      // 0: nobody, in no chain
    uint32_t prev;          // row + 1 of the customer's fact before this one
    uint32_t kind;          // log_kind
};

/* Type and event in a word: facts with different words differ, the same word is to be verified. */
static inline uint32_t log_kind(uint32_t type, uint32_t event_hash)
{
    return type | event_hash << 8;
}
static inline uint32_t log_kind_type(uint32_t kind)
{
    return kind & 0xff;
}

struct open_part {
    struct open_row *rows;
    uint32_t *by_customer;
    uint64_t *by_message;
    size_t cap, slots;      // slots: a power of two
    size_t committed, n;    // rows that readers see; rows in all
};

MUST_CHECK enum err_code open_init(struct open_part *, size_t cap, struct err *e);
void open_drop(struct open_part *);
void open_clear(struct open_part *);  // an empty part of the same size

/* The writer's. The caller has checked that n < cap. */
void open_add(struct open_part *, struct open_row);
void open_commit(struct open_part *);
void open_rollback(struct open_part *);
/* The first row with this hash, counted from *cursor (begin with 0 there); false when there is none. */
bool open_find_message(const struct open_part *, uint64_t hash, size_t *cursor, size_t *row);
void open_prefetch_message(const struct open_part *, uint64_t hash);

/* Newest committed row of a customer + 1; 0 when it has none. Follow rows[].prev from there. */
uint32_t open_head(const struct open_part *, uint32_t customer);
size_t open_bytes(const struct open_part *);

#endif
