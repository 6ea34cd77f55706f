#include "staff/throttle.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"

#define FAILURES_KEPT 20  // the largest `max` anybody asks for

struct slot {
    uint64_t name;                 // its hash; 0: free
    int64_t at_ms[FAILURES_KEPT];  // a ring, newest at `last`
    unsigned last;
};

struct throttle {
    uint64_t seed;
    struct slot slot[THROTTLE_SLOTS];
};

struct throttle *throttle_new(uint64_t seed)
{
    struct throttle *t = calloc(1, sizeof *t);
    if (t)
        t->seed = seed;
    return t;
}

void throttle_drop(struct throttle **t)
{
    assert(t);
    free(*t);
    *t = NULL;
}

static uint64_t name_hash(const struct throttle *t, struct slice name)
{
    uint64_t hash = hash64(name, t->seed);
    return hash ? hash : 1;
}

/* Linear search: 4,096 comparisons beside an argon2id of 50 ms. */
static const struct slot *slot_find(const struct throttle *t, uint64_t name)
{
    for (size_t i = 0; i < THROTTLE_SLOTS; i++)
        if (t->slot[i].name == name)
            return &t->slot[i];
    return NULL;
}

int64_t throttle_wait_s(const struct throttle *t, struct slice name, unsigned max, int64_t now_ms)
{
    assert(max > 0 && max <= FAILURES_KEPT);
    const struct slot *slot = slot_find(t, name_hash(t, name));
    if (!slot)
        return 0;
    // the failure that must leave the window first is the max-th newest
    int64_t oldest = slot->at_ms[(slot->last + FAILURES_KEPT - (max - 1)) % FAILURES_KEPT];
    int64_t left_ms = oldest ? oldest + THROTTLE_WINDOW_MS - now_ms : 0;
    return left_ms > 0 ? (left_ms + 999) / 1000 : 0;
}

void throttle_failed(struct throttle *t, struct slice name, int64_t now_ms)
{
    uint64_t hash = name_hash(t, name);
    struct slot *slot = (struct slot *)slot_find(t, hash);
    if (!slot) {
        slot = t->slot;
        for (size_t i = 1; i < THROTTLE_SLOTS && slot->name; i++)
            if (!t->slot[i].name || t->slot[i].at_ms[t->slot[i].last] < slot->at_ms[slot->last])
                slot = &t->slot[i];
        *slot = (struct slot){ .name = hash };
    }
    slot->last = (slot->last + 1) % FAILURES_KEPT;
    slot->at_ms[slot->last] = now_ms;
}

void throttle_passed(struct throttle *t, struct slice name)
{
    struct slot *slot = (struct slot *)slot_find(t, name_hash(t, name));
    if (!slot)
        return;
    slot->at_ms[slot->last] = 0;
    slot->last = (slot->last + FAILURES_KEPT - 1) % FAILURES_KEPT;
}

void throttle_forget(struct throttle *t, struct slice name)
{
    struct slot *slot = (struct slot *)slot_find(t, name_hash(t, name));
    if (slot)
        *slot = (struct slot){ 0 };
}
