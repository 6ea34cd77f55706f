/* The two indexes of a sealed part: by (customer, timestamp) and by message hash.
 *
 * Why      all keys of the open part are in memory when it is sealed, so they are sorted there and written
 *          as runs. Two CREATE INDEX, which read the table again, took some 750 ms of the writer's time for
 *          2^18 rows, 3 us a fact (log_bench); the runs have not been timed by themselves yet.
 * Shape    rows of log_index of at most CHUNK_BYTES, so that a look-up reads one page; id = part, index and
 *          chunk. Little-endian entries of 20 bytes (timestamp, customer, row, kind) and of 12 (hash, row);
 *          row r is fact first_seq + r. The first entry of each chunk (its head) is kept in memory.
 * Memory   22 KB and 7 KB of heads a part of 2^18 rows.
 * Errors   ERR_CORRUPT for a chunk that is not there or not of that shape.
 */
#ifndef TENDERO_MEMORY_LOG_INDEX_H
#define TENDERO_MEMORY_LOG_INDEX_H

#include "base/buf.h"
#include "io/store/store.h"
#include "memory/log_open.h"

struct index_entry {
    int64_t timestamp_ms;
    uint32_t customer, row, kind;
};
struct message_entry {
    uint64_t hash;
    uint32_t row;
};

struct log_index {
    struct index_entry *heads;
    uint64_t *message_heads;
    size_t n_heads, n_message_heads;
};

void index_drop(struct log_index *);
/* Sorts the open part's rows and writes them as part `part`, inside the caller's transaction. */
MUST_CHECK enum err_code index_write(struct store_conn *, size_t part, const struct open_part *,
                                     struct log_index *ret, struct err *e);
/* The heads as bytes for log_parts, and back. */
void index_save(const struct log_index *, struct buf *heads, struct buf *message_heads);
MUST_CHECK enum err_code index_load(struct slice heads, struct slice message_heads, struct log_index *ret,
                                    struct err *e);

/* Entries of a customer with low <= timestamp <= high, by (timestamp, row) forward or backward, until `each`
 * sets *stop. */
struct index_query {
    uint32_t customer;
    int64_t low_ms, high_ms;
    bool backward;
    enum err_code (*each)(void *arg, const struct index_entry *, bool *stop, struct err *e);
    void *arg;
};
MUST_CHECK enum err_code index_customer(const struct log_index *, struct store_conn *, size_t part,
                                        const struct index_query *, struct err *e);
/* Rows with that hash. */
MUST_CHECK enum err_code index_message(const struct log_index *, struct store_conn *, size_t part,
                                       uint64_t hash,
                                       enum err_code (*each)(void *arg, uint32_t row, bool *stop,
                                                             struct err *e),
                                       void *arg, struct err *e);

#endif
