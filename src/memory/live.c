#include "memory/live.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct live {
    pthread_mutex_t lock;
    struct live_event ring[LIVE_KEPT];  // event id lies at id % LIVE_KEPT
    int64_t newest;                     // its id; 0: none yet
    struct ingest_totals totals;
};

struct live *live_new(void)
{
    struct live *live = calloc(1, sizeof *live);
    if (live && pthread_mutex_init(&live->lock, NULL)) {
        free(live);
        return NULL;
    }
    return live;
}

void live_drop(struct live **live)
{
    assert(live);
    if (!*live)
        return;
    pthread_mutex_destroy(&(*live)->lock);
    free(*live);
    *live = NULL;
}

void live_add(struct live *live, const struct live_event *events, size_t n)
{
    assert(live);
    pthread_mutex_lock(&live->lock);
    for (size_t i = 0; i < n; i++) {
        int64_t id = ++live->newest;
        struct live_event *slot = &live->ring[id % LIVE_KEPT];
        *slot = events[i];
        slot->id = id;
    }
    pthread_mutex_unlock(&live->lock);
}

void live_count(struct live *live, struct ingest_totals more)
{
    assert(live);
    pthread_mutex_lock(&live->lock);
    live->totals.accepted += more.accepted;
    live->totals.duplicates += more.duplicates;
    live->totals.rejected += more.rejected;
    pthread_mutex_unlock(&live->lock);
}

size_t live_read(struct live *live, int64_t after, struct live_event *ret, size_t max)
{
    assert(live);
    pthread_mutex_lock(&live->lock);
    int64_t oldest = live->newest > LIVE_KEPT ? live->newest - LIVE_KEPT + 1 : 1;
    int64_t id = after >= oldest ? after + 1 : oldest;
    size_t n = 0;
    for (; id <= live->newest && n < max; id++)
        ret[n++] = live->ring[id % LIVE_KEPT];
    pthread_mutex_unlock(&live->lock);
    return n;
}

struct ingest_totals live_totals(struct live *live)
{
    assert(live);
    pthread_mutex_lock(&live->lock);
    struct ingest_totals totals = live->totals;
    pthread_mutex_unlock(&live->lock);
    return totals;
}
