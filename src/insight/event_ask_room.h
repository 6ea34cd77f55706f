/* What the files of event_ask share. Private to event_*.c. */
#ifndef TENDERO_INSIGHT_EVENT_ASK_ROOM_H
#define TENDERO_INSIGHT_EVENT_ASK_ROOM_H

#include "engine/columns/program.h"
#include "insight/event_ask.h"

#define WITHOUT EVENT_STEPS_MAX      // the step of an event that must not be

/* A property that `where` names, of the occurrences that are asked about. */
struct seen_property {
    size_t place;                    // among the event's properties
    struct dictionary dictionary;
    uint64_t *data;                  // COLUMN_CHUNK values
    uint64_t *null;
};
/* A customer's different value, or step of a sequence. */
struct pair {
    uint32_t place, step;
    int64_t key;
};
struct event_ask {
    const struct population *population;
    const struct zones *zones;
    struct event_question question;
    struct arena *mem, *scratch;
    uint32_t event[EVENT_STEPS_MAX], without[EVENT_STEPS_MAX];  // CODE_NONE: nobody ever did it
    size_t property;                 // place; SIZE_MAX: nobody ever did it
    size_t until;                    // of HELD, whose property is "given": the place of "until"
    struct slice today;              // and the day that it has not ended on, "2026-11-27"
    struct program *program;         // NULL: any
    struct columns columns;
    struct seen_property *seen;
    uint64_t state;

    uint32_t asked_at[COLUMN_CHUNK];     // occurrences that are not looked at yet
    uint32_t asked_place[COLUMN_CHUNK];  // whose answer each counts for
    size_t n_asked;
    int64_t *times, *value;          // of each place
    struct pair *pair, *by_place;    // as they come; then each place's together
    size_t n_pairs, pairs_cap, by_place_cap;
    size_t *first;                   // of each place among by_place
    size_t first_cap;
};

/* event_sequence.c: 1 where one customer's steps, by time and step, hold the sequence that is asked for, else 0. */
int64_t sequence_found(const struct event_ask *, const struct pair *, size_t n);

#endif
