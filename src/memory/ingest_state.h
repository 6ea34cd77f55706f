/* What ingest, traits and search keep in memory beside the log: one per memory, owned by memory.c.
 *
 * Holds    the ids, types and rules of the trait schema as the writer sees them (with an overlay for the
 *          running group), counters of the running group, the live ring and the totals since start.
 * Threads  the writer's, except the live ring and the totals, which have a lock of their own.
 * Calls    memory.c calls flush as the last act inside each group's transaction (an error undoes the group
 *          as a failed command would), then committed (under the write lock, before followers are told) or
 *          rolled_back.
 */
#ifndef TENDERO_MEMORY_INGEST_STATE_H
#define TENDERO_MEMORY_INGEST_STATE_H

#include "memory/memory.h"

struct ingest_state;

/* Reads the schema: the migrations have run. */
MUST_CHECK enum err_code ingest_state_new(struct store_conn *write, struct ingest_state **ret,
                                          struct err *e);
void ingest_state_drop(struct ingest_state **);
MUST_CHECK enum err_code ingest_state_flush(struct ingest_state *, struct tx *, struct err *e);
void ingest_state_committed(struct ingest_state *);
void ingest_state_rolled_back(struct ingest_state *);
size_t ingest_state_memory_bytes(const struct ingest_state *);

#endif
