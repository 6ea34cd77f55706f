#include "insight/counts.h"

#include <assert.h>

#include "base/vec.h"
#include "text/time.h"

struct source_row {
    int64_t last_seen_ms;
    uint32_t count;  // facts of `day`
    int32_t day;
};

struct counts {
    struct count_day *day;      // sorted; facts arrive in order of days, so growth is at the end
    struct source_row *source;  // by source id
    size_t day_cap, source_cap, days, sources;
    uint32_t histories;         // the highest number seen: numbers are dense, so a higher one is new
};

static bool from_outside(enum fact_type type)
{
    return type <= FACT_ALIAS;
}

static enum err_code counts_apply(void *self, const struct fact *fact, struct err *e)
{
    struct counts *c = self;
    if (!from_outside(fact->type))
        return ERR_OK;
    int32_t day = time_day(fact->received_ms);
    if (!vec_need(c->day, c->day_cap, c->days + 1)
        || !vec_need(c->source, c->source_cap, (size_t)fact->source + 1))
        return err_set(e, ERR_LIMIT, 0, "no memory to count days");
    // the writer's clock never runs backwards, so an older day can only be a replayed import's: the last row
    if (c->days == 0 || c->day[c->days - 1].day < day)
        c->day[c->days++] = (struct count_day){ .day = day };
    struct count_day *row = &c->day[c->days - 1];
    row->received++;
    if (fact->customer > c->histories) {
        row->new_histories += fact->customer - c->histories;
        c->histories = fact->customer;
    }
    struct source_row *source = &c->source[fact->source];
    source->count = source->day == day ? source->count + 1 : 1;
    source->day = day;
    source->last_seen_ms = fact->received_ms;
    if (fact->source >= c->sources)
        c->sources = (size_t)fact->source + 1;
    return ERR_OK;
}

static void counts_reset(void *self)
{
    struct counts *c = self;
    free(c->day);
    free(c->source);
    *c = (struct counts){ 0 };
}

static enum err_code counts_save(void *self, struct snapshot_out *out, struct err *e)
{
    const struct counts *c = self;
    uint64_t head[3] = { c->days, c->sources, c->histories };
    TRY(snapshot_put(out, head, sizeof head, e));
    TRY(snapshot_put(out, c->day, c->days * sizeof *c->day, e));
    return snapshot_put(out, c->source, c->sources * sizeof *c->source, e);
}

static enum err_code counts_load(void *self, struct snapshot_in *in, struct err *e)
{
    struct counts *c = self;
    uint64_t head[3];
    counts_reset(c);
    TRY(snapshot_get(in, head, sizeof head, e));
    if (head[0] > UINT32_MAX || head[1] > UINT32_MAX || !vec_need(c->day, c->day_cap, head[0])
        || !vec_need(c->source, c->source_cap, head[1]))
        return err_set(e, ERR_LIMIT, 0, "no memory to count days");
    TRY(snapshot_get(in, c->day, head[0] * sizeof *c->day, e));
    TRY(snapshot_get(in, c->source, head[1] * sizeof *c->source, e));
    c->days = head[0];
    c->sources = head[1];
    c->histories = (uint32_t)head[2];
    return ERR_OK;
}

struct follower counts_follower(struct counts *counts)
{
    return (struct follower){ .name = "counts", .version = 1, .apply = counts_apply, .reset = counts_reset,
                              .save = counts_save, .load = counts_load, .self = counts };
}

enum err_code counts_new(struct counts **ret, struct err *e)
{
    assert(ret);
    struct counts *counts = calloc(1, sizeof *counts);
    if (!counts)
        return err_set(e, ERR_LIMIT, 0, "no memory to count days");
    *ret = counts;
    return ERR_OK;
}

void counts_drop(struct counts **counts)
{
    assert(counts);
    if (!*counts)
        return;
    counts_reset(*counts);
    free(*counts);
    *counts = NULL;
}

size_t counts_days(const struct counts *c, int32_t from_day, struct count_day *ret, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < c->days && n < max; i++)
        if (c->day[i].day >= from_day)
            ret[n++] = c->day[i];
    return n;
}

size_t counts_sources(const struct counts *c, int32_t today, struct count_source *ret, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < c->sources && n < max; i++) {
        const struct source_row *row = &c->source[i];
        if (row->last_seen_ms)
            ret[n++] = (struct count_source){ (uint32_t)i, row->day == today ? row->count : 0,
                                              row->last_seen_ms };
    }
    return n;
}
