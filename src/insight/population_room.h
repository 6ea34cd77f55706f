/* What the files of the population share. Private to population*.c. */
#ifndef TENDERO_INSIGHT_POPULATION_ROOM_H
#define TENDERO_INSIGHT_POPULATION_ROOM_H

#include <pthread.h>
#include <stdatomic.h>

#include "insight/population.h"
#include "insight/words.h"
#include "text/json.h"

#define EVENT_NAMES_MAX 1000
#define NUMBER_SCALE 6
#define CODE_NONE UINT32_MAX

/* A column that grows: rows, values, and from a number to a dictionary when a value is no number. */
struct keep {
    enum column_kind kind;
    struct slice name;           // owned
    size_t cap;                  // rows
    void *data;
    uint64_t *null;
    struct dictionary dictionary;
    struct slice *key;           // of each code: the value's JSON
    size_t codes_cap;
    uint32_t *slot;              // open table over key: code + 1
    size_t slots;
    struct arena *mem;           // of keys and values
};
bool keep_init(struct keep *, struct slice name, enum column_kind);
void keep_clear(struct keep *);
/* All rows up to that many exist; new ones are null. false: memory. */
bool keep_rows(struct keep *, size_t rows);
void keep_null(struct keep *, size_t row);
void keep_raw(struct keep *, size_t row, int64_t raw);
/* A value with a text that is the same for equal values. false: memory. */
bool keep_code(struct keep *, size_t row, struct slice key, struct value);
/* A value that is not there yet gets the next code. false: memory. */
bool keep_add(struct keep *, struct slice key, struct value);
bool keep_to_codes(struct keep *);
size_t keep_bytes(const struct keep *);
struct column keep_column(const struct keep *);

/* What the follower was told and refresh has not taken in yet. */
struct told {
    uint32_t event;              // place in the names; CODE_NONE: the row's events are forgotten
    uint32_t row;
    int32_t day;
};
struct event_name {
    struct slice name;           // owned: it stays where it is, whatever names come
    struct postings *postings;
    struct tally *tally;         // the first of its own; the rest hangs on it
};

/* A row that something happened to. */
struct dirty {
    uint32_t row;
    bool traits;                 // what is known of them may be another thing now
    int64_t seq;                 // of the newest fact about them; 0: none
};

enum computed { COMPUTED_ORDERS, COMPUTED_SPEND, COMPUTED_FIRST_ORDER, COMPUTED_LAST_ORDER, COMPUTED_FIRST_SEEN,
                COMPUTED_LAST_SEEN, COMPUTED_TIER, COMPUTED_KIND, COMPUTED_KNOWN, COMPUTED };
struct population {
    struct memory *memory;
    const struct zones *zones;
    pthread_rwlock_t lock;       // of all that follows but the queue
    pthread_mutex_t refreshing;  // of the connection
    struct store_conn *conn;     // made when it is first needed

    pthread_mutex_t queue;       // of what follows, to merge
    struct told *told;
    size_t n_told, told_cap;
    struct dirty *dirty;
    size_t n_dirty, dirty_cap;
    uint32_t *dirty_at;          // of a row, its place in dirty + 1
    size_t dirty_at_cap;
    uint64_t *gone;              // a bit a row: told that its events are forgotten, and not taken in yet
    size_t gone_cap;             // words
    struct population_change *changed;
    size_t n_changed, changed_cap;
    bool changed_all;
    struct json_parser *parser;  // of the follower
    int64_t merge;               // the last fact that changed links; 0: none
    bool lost;                   // a row could not be marked: everybody is read anew
    struct words names;          // of events, from 1 in their order

    bool relinked;               // leaves are other ones
    size_t n_events;             // names are added under the queue's lock too; postings only by refresh
    struct event_name *event;    // EVENT_NAMES_MAX
    size_t rows, rows_told;      // of the columns, of the events taken in
    uint64_t *customers;
    size_t customers_cap;        // words
    uint32_t *root;
    size_t root_cap;
    struct population_leaf *leaf;
    size_t n_leaves, leaf_cap;
    struct keep computed[COMPUTED];
    size_t n_traits, traits_cap;
    struct keep *trait;
    struct column *column;       // of them all, for questions
    struct columns columns;
    _Atomic uint64_t fits;       // of the tiers that the columns hold
    bool filled;
    atomic_int progress;
};

/* A snapshot begins with the zone of its days. ERR_CORRUPT: another one. */
MUST_CHECK enum err_code population_put_zone(const struct population *, struct snapshot_out *, struct err *e);
MUST_CHECK enum err_code population_check_zone(const struct population *, struct snapshot_in *, struct err *e);
/* Under the queue's lock: something happened to the row. false: memory. */
bool population_mark(struct population *, uint32_t row, bool traits, int64_t seq);
/* The same: the row has been written. */
bool population_note(struct population *, uint32_t row, int64_t seq);
/* CODE_NONE: there are too many names, this one is not counted. false: memory. */
bool population_name_event(struct population *, struct slice name, uint32_t *ret);

/* population_tally.c, under the lock. */
void tally_add(struct event_name *, uint32_t row, int32_t day);
void tally_forget(struct event_name *, const uint64_t *gone, size_t first, size_t n);
void tallies_drop(struct event_name *);
MUST_CHECK enum err_code tallies_mend(struct population *, struct err *e);
size_t tallies_bytes(const struct event_name *);

/* A text that a trait of the type date has is a date, or a date with a time. */
struct value population_dated(struct slice text, struct arena *mem, bool *ok);
/* Columns move when they grow: what questions are given, made anew. Under the lock. */
MUST_CHECK enum err_code population_show(struct population *, struct err *e);
/* population_fill.c, under refreshing: what changed into the columns. */
MUST_CHECK enum err_code population_fill(struct population *, const struct people *, int64_t now_ms, struct err *e);

#endif
