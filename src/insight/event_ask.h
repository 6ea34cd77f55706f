/* Questions about what customers did: how often, how much, how many different, when, and in which order.
 *
 * Asks      occurrences of track events (population.h) in [from_ms, until_ms) of which `where` is true: a condition in
 *           FEEL whose names are the event's properties.
 * Answers   COUNT, DISTINCT     a number, 0 for those who never did
 *           SUM                 of a property that is a number (others are left out): 0 for those who never did
 *           MEAN, MIN, MAX      the same; null for those who never did. A mean has six places, half away from zero
 *           FIRST, LAST         the day, of the shop's zone; null: never
 *           SEQUENCE            yes or no: one event after another (at the same moment is enough), each at most gap_ms
 *                               after the one before it, and none of `without` between the first and the last. Of one
 *                               event alone: none of `without` until gap_ms after it, which must have ended by by_ms
 *           HELD                yes or no, of EVENT_PERMISSION: what was said last gives it and has not ended; of one
 *                               moment all that was said
 *           of customers, with all their histories.
 * Exact     numbers have six places; a sum stops at 9.2 million million.
 * Lock      all of it under the population's lock. It is not asked once event_ask_is_old.
 */
#ifndef TENDERO_INSIGHT_EVENT_ASK_H
#define TENDERO_INSIGHT_EVENT_ASK_H

#include "insight/deeds.h"

enum event_measure { EVENT_COUNT, EVENT_SUM, EVENT_MEAN, EVENT_MIN, EVENT_MAX, EVENT_DISTINCT, EVENT_FIRST, EVENT_LAST,
                     EVENT_SEQUENCE, EVENT_HELD };
#define EVENT_STEPS_MAX 8
struct event_question {
    enum event_measure measure;
    struct slice event[EVENT_STEPS_MAX];    // one; of a SEQUENCE the steps
    size_t n_events;
    struct slice without[EVENT_STEPS_MAX];
    size_t n_without;
    struct slice property;                  // what is summed, or counted once for each value
    struct slice where;                     // empty: any
    int64_t from_ms, until_ms;
    int64_t gap_ms, by_ms;                  // gap_ms INT64_MAX: none
};
struct event_ask;
/* The property and those that `where` names are the event's (population_property) and not dropped, if it ever came.
 * ERR_INVALID: the property is none, or `where` does not read; e->pos is the byte in it. */
MUST_CHECK enum err_code event_ask_new(const struct population *, const struct event_question *, const struct zones *,
                                       int64_t now_ms, struct event_ask **ret, struct err *e);
void event_ask_drop(struct event_ask **);
/* Of what it knows of the properties: while it is the same, answers hold. */
uint64_t event_ask_state(const struct event_ask *);
/* It has to be made anew. */
bool event_ask_is_old(const struct event_ask *);
/* Its shape: kind, scale, width, and null where there can be one (not NULL). */
struct column event_ask_shape(const struct event_ask *);
/* The answers about the n <= COLUMN_CHUNK rows of these deeds, side by side: data and null of the shape. */
MUST_CHECK enum err_code event_ask_rows(struct event_ask *, const struct deeds *, size_t n, void *data, uint64_t *null,
                                        struct err *e);
/* About everybody, in mem. */
MUST_CHECK enum err_code event_ask_all(struct event_ask *, struct arena *mem, struct column *ret, struct err *e);

#endif
