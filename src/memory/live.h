/* Inside of ingest: the ring of the newest outcomes and the totals since start. Any thread. */
#ifndef TENDERO_MEMORY_LIVE_H
#define TENDERO_MEMORY_LIVE_H

#include "memory/ingest.h"

#define LIVE_KEPT 1000

struct live;

struct live *live_new(void);  // NULL: memory is exhausted
void live_drop(struct live **);
/* The event's id is given here. */
void live_add(struct live *, const struct live_event *events, size_t n);
void live_count(struct live *, struct ingest_totals more);
size_t live_read(struct live *, int64_t after, struct live_event *ret, size_t max);
struct ingest_totals live_totals(struct live *);

#endif
