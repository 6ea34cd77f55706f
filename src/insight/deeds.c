#include "insight/deeds.h"

#include <assert.h>

#include "base/vec.h"
#include "insight/population_room.h"

struct deeds {
    struct deed *met, *by_event;     // as they are met; then each event's together
    uint32_t *event;                 // of each that was met
    size_t n, met_cap, by_event_cap, event_cap;
    size_t first[EVENT_NAMES_MAX + 2];
};

struct deeds *deeds_new(void)
{
    return calloc(1, sizeof(struct deeds));
}

void deeds_drop(struct deeds **deeds)
{
    struct deeds *d = *deeds;
    if (!d)
        return;
    free(d->met);
    free(d->by_event);
    free(d->event);
    free(d);
    *deeds = NULL;
}

static bool meet(struct deeds *d, const struct population *p, uint64_t link, uint32_t place)
{
    while (link) {
        uint32_t event = link_event(link);
        size_t at = link_at(link);
        const struct occurrences *o = &p->event[event].occurred;
        if (!vec_need(d->met, d->met_cap, d->n + 1) || !vec_need(d->event, d->event_cap, d->n + 1))
            return false;
        d->event[d->n] = event;
        d->met[d->n++] = (struct deed){ (uint32_t)at, place, occurrence_ms(&o->one[at]) };
        link = link_before(&o->one[at]);
    }
    return true;
}

/* What was bought hangs on a chain of its own. */
static bool meet_row(struct deeds *d, const struct population *p, uint32_t row, uint32_t place)
{
    return meet(d, p, row < p->last_cap ? p->last[row] : 0, place)
           && meet(d, p, row < p->bought_cap ? p->bought[row] : 0, place);
}

static bool group(struct deeds *d)
{
    if (!vec_need(d->by_event, d->by_event_cap, d->n + 1))
        return false;
    memset(d->first, 0, sizeof d->first);
    for (size_t i = 0; i < d->n; i++)
        d->first[d->event[i] + 2]++;
    for (size_t i = 2; i < EVENT_NAMES_MAX + 2; i++)
        d->first[i] += d->first[i - 1];
    for (size_t i = 0; i < d->n; i++)  // afterwards first[event + 1] is where the event ends
        d->by_event[d->first[d->event[i] + 1]++] = d->met[i];
    return true;
}

bool deeds_gather(struct deeds *d, const struct population *p, const uint32_t *row, size_t n)
{
    bool ok = true;
    d->n = 0;
    for (size_t i = 0; i < n && ok; i++) {
        size_t leaves;
        const struct population_leaf *leaf = population_leaves_of(p, row[i], &leaves);
        ok = meet_row(d, p, row[i], (uint32_t)i);
        for (size_t k = 0; k < leaves && ok; k++)
            ok = meet_row(d, p, leaf[k].row, (uint32_t)i);
    }
    return ok && group(d);
}

const struct deed *deeds_of(const struct deeds *d, uint32_t event, size_t *n)
{
    assert(event < EVENT_NAMES_MAX);
    *n = d->first[event + 1] - d->first[event];
    return d->by_event + d->first[event];
}
