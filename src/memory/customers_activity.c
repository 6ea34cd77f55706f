/* First and last seen: a follower, because facts come by the thousand a second and the newest is enough. */
#include "memory/customers_state.h"
#include "memory/customers_write.h"

#define SAVED_AT_ONCE 4096

struct seen {
    int64_t first_ms, last_ms;
};

static struct history *history_of(struct customers *c, uint32_t id)
{
    return &c->histories[id / HISTORY_CHUNK][id % HISTORY_CHUNK];
}

static enum err_code apply(void *self, const struct fact *fact, struct err *e)
{
    struct customers *c = self;
    (void)e;
    /* Whether a fact's customer exists is for those to know who write it; here it is nobody's activity. */
    if (fact->customer == FACT_NOBODY || fact->customer > c->counts.histories || fact->type > FACT_ALIAS)
        return ERR_OK;
    struct history *h = history_of(c, fact->customer);
    if (h->first_ms == FACT_NO_TIME || fact->timestamp_ms < h->first_ms)
        h->first_ms = fact->timestamp_ms;
    if (h->last_ms == FACT_NO_TIME || fact->timestamp_ms > h->last_ms)
        h->last_ms = fact->timestamp_ms;
    return ERR_OK;
}

static void forget(void *self, uint32_t customer)
{
    struct customers *c = self;
    if (customer == FACT_NOBODY || customer > c->counts.histories)
        return;
    struct history *h = history_of(c, customer);
    h->first_ms = h->last_ms = FACT_NO_TIME;
}

static void reset(void *self)
{
    struct customers *c = self;
    for (uint32_t id = 1; id <= c->counts.histories; id++)
        forget(c, id);
}

static enum err_code save(void *self, struct snapshot_out *out, struct err *e)
{
    const struct customers *c = self;
    struct seen seen[SAVED_AT_ONCE];
    uint32_t count = c->counts.histories;
    TRY(snapshot_put(out, &count, sizeof count, e));
    for (uint32_t done = 0; done < count;) {
        uint32_t n = count - done < SAVED_AT_ONCE ? count - done : SAVED_AT_ONCE;
        for (uint32_t i = 0; i < n; i++) {
            const struct history *h = customers_history(c, COMMITTED, done + i + 1);
            seen[i] = (struct seen){ h->first_ms, h->last_ms };
        }
        TRY(snapshot_put(out, seen, n * sizeof *seen, e));
        done += n;
    }
    return ERR_OK;
}

static enum err_code load(void *self, struct snapshot_in *in, struct err *e)
{
    struct customers *c = self;
    struct seen seen[SAVED_AT_ONCE];
    uint32_t count;
    TRY(snapshot_get(in, &count, sizeof count, e));
    if (count > c->counts.histories)
        return err_set(e, ERR_CORRUPT, 0, "the snapshot knows %u customers, the store %u", count,
                       c->counts.histories);
    for (uint32_t done = 0; done < count;) {
        uint32_t n = count - done < SAVED_AT_ONCE ? count - done : SAVED_AT_ONCE;
        TRY(snapshot_get(in, seen, n * sizeof *seen, e));
        for (uint32_t i = 0; i < n; i++) {
            struct history *h = history_of(c, done + i + 1);
            h->first_ms = seen[i].first_ms;
            h->last_ms = seen[i].last_ms;
        }
        done += n;
    }
    return ERR_OK;
}

struct follower customers_follower(struct customers *c)
{
    return (struct follower){
        .name = "activity", .version = 1, .per_customer = true, .apply = apply, .forget = forget,
        .reset = reset, .save = save, .load = load, .self = c,
    };
}
