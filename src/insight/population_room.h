/* What the files of the population share. Private to population*.c. */
#ifndef TENDERO_INSIGHT_POPULATION_ROOM_H
#define TENDERO_INSIGHT_POPULATION_ROOM_H

#include <pthread.h>
#include <stdatomic.h>

#include "insight/customer_share.h"
#include "insight/investment.h"
#include "insight/likings.h"
#include "insight/population.h"
#include "insight/valuation.h"
#include "insight/words.h"
#include "text/json.h"

#define EVENT_NAMES_MAX 1000
#define CODE_NONE UINT32_MAX

/* A column that grows: rows, values, and from a number to a dictionary when a value is no number. It is as narrow as what
 * it holds: a number has the digits behind the point that one of its values needed, and codes a byte while there are few. */
struct keep {
    enum column_kind kind;
    int scale;                   // of NUMBER, NUMBER_SCALE at most
    int64_t unit;                // of what data holds: of NUMBER in millionths, else 1
    size_t width;                // bytes a value; 0: a bit
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
/* A code, a day, milliseconds, a number in millionths, or 0 and 1. false: memory. */
bool keep_raw(struct keep *, size_t row, int64_t raw);
/* It is empty, and of this width and scale from now on. false: no column of its kind has them. */
bool keep_shape(struct keep *, size_t width, int scale);
/* A value with a text that is the same for equal values. false: memory. */
bool keep_code(struct keep *, size_t row, struct slice key, struct value);
/* The code of a value, which is added where it is new. false: memory. */
bool keep_code_of(struct keep *, struct slice key, struct value, uint32_t *ret);
/* A value that is not there yet gets the next code. false: memory. */
bool keep_add(struct keep *, struct slice key, struct value);
bool keep_to_codes(struct keep *);
/* *is: it is a number of six places at most. false: memory. */
bool keep_number(struct keep *, size_t row, struct slice json, bool *is);
/* A value of JSON, whose text is the same for equal values; dated: a text that is a date is one. null is null. false:
 * memory. */
bool keep_json(struct keep *, size_t row, struct slice json, bool dated, struct json_parser *);
size_t keep_bytes(const struct keep *);
static inline struct column keep_column(const struct keep *k)
{
    return (struct column){ .name = k->name, .kind = k->kind, .scale = k->scale, .width = k->width, .data = k->data,
                            .null = k->null, .dictionary = &k->dictionary };
}
/* What data holds, and what keep_raw was given. */
static inline int64_t keep_held(const struct keep *k, size_t row)
{
    const struct column column = keep_column(k);
    return column_raw(&column, row);
}
static inline int64_t keep_raw_at(const struct keep *k, size_t row)
{
    return keep_held(k, row) * k->unit;
}

/* What the follower was told and refresh has not taken in yet. */
struct told {
    uint32_t event;              // place in the names; CODE_NONE: the row's events are forgotten
    uint32_t row;
    int32_t day;
};
/* Every time that an event happened, with its properties: a row each (population_events.c). */
struct property {
    struct keep keep;
    bool dropped;                // it has too many different values to be asked about
};
struct occurrence {
    uint32_t row;                // whose it is; FACT_NOBODY: it is free
    uint32_t before_at;          // with before_event, what the same row did before it; of a free one the next free one + 1
    uint64_t time : 48;          // occurrence_ms
    uint64_t before_event : 16;  // + 1; 0: none
};
struct occurrences {
    size_t n;                    // rows, the free ones too
    struct occurrence *one;
    size_t cap;
    uint64_t free;               // the first free one + 1; 0: none
    size_t live;                 // that are not free
    struct property *property;
    size_t n_properties, properties_cap;
};
struct event_name {
    struct slice name;           // owned: it stays where it is, whatever names come
    struct postings *postings;
    struct tally *tally;         // the first of its own; the rest hangs on it
    struct occurrences occurred;
};
/* The place of an occurrence among all of them. 0: none. */
static inline uint64_t link_to(uint32_t event, size_t at)
{
    return (uint64_t)(event + 1) << 32 | at;
}
static inline uint32_t link_event(uint64_t link)
{
    return (uint32_t)(link >> 32) - 1;
}
static inline size_t link_at(uint64_t link)
{
    return (uint32_t)link;
}
static inline uint64_t link_before(const struct occurrence *o)
{
    return (uint64_t)o->before_event << 32 | o->before_at;
}
/* Milliseconds since TIME_BEGINS; what is later than a time can be kept happened in its last one, in the year 6429. */
#define TIME_BEGINS (-(INT64_C(1) << 47))
#define TIME_LAST ((UINT64_C(1) << 48) - 1)
static inline uint64_t occurrence_time(int64_t time_ms)
{
    uint64_t time = time_ms < TIME_BEGINS ? 0 : (uint64_t)time_ms - (uint64_t)TIME_BEGINS;
    return time < TIME_LAST ? time : TIME_LAST;
}
static inline int64_t occurrence_ms(const struct occurrence *o)
{
    return (int64_t)o->time + TIME_BEGINS;
}
/* What happened and has not been taken in yet, with the facts' bodies end to end. */
struct occurring {
    uint32_t event, row;         // CODE_NONE: the row's occurrences are forgotten
    int64_t time_ms;
    size_t at, len;              // of the body
};
struct occurring_list {
    struct occurring *at;
    size_t n, cap, done;
    char *body;
    size_t bytes, bytes_cap;
};

/* A row that something happened to. */
struct dirty {
    uint32_t row;
    bool traits;                 // what is known of them may be another thing now
    int64_t seq;                 // of the newest fact about them; 0: none
};

/* A person and an account, in a role; as a fact told it. */
struct membership {
    uint32_t person, account;
    uint64_t role;               // its hash; 0: all of them
    int64_t seq;
    bool ended;
};
struct membership_list {
    struct membership *at;
    size_t n, cap;
};

enum computed { COMPUTED_ORDERS, COMPUTED_SPEND, COMPUTED_FIRST_ORDER, COMPUTED_LAST_ORDER, COMPUTED_FIRST_SEEN,
                COMPUTED_LAST_SEEN, COMPUTED_TIER, COMPUTED_KIND, COMPUTED_KNOWN, COMPUTED_ALIVE, COMPUTED_EXPECTED_ORDERS,
                COMPUTED_ORDER_VALUE, COMPUTED_LIFETIME, COMPUTED_LIFETIME_LOW, COMPUTED_LIFETIME_HIGH, COMPUTED_SPEND_YEAR,
                COMPUTED_VALUE_TIER, COMPUTED_VALUE_TIER_SINCE,
                COMPUTED_FAVOURITE_CATEGORY, COMPUTED_FAVOURITE_CATEGORY_SHARE, COMPUTED_FAVOURITE_BRAND, COMPUTED_PRICE_LEVEL,
                COMPUTED_FAVOURITE_HOUR, COMPUTED_FAVOURITE_WEEKDAY, COMPUTED_FAVOURITE_CHANNEL, COMPUTED_SHARE, COMPUTED_REACH,
                COMPUTED };
struct population {
    struct memory *memory;
    const struct zones *zones;
    const struct valuation *valuation;  // or NULL
    struct likings *likings;     // or NULL
    const struct investment *investment;  // or NULL
    const struct customer_share *share; // or NULL
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
    struct words products, categories;  // of the catalogue
    uint32_t *category;          // of each product; 0: none
    size_t category_cap;
    int64_t recategorized;       // the last fact that moved a product to another category; 0: none
    struct membership_list told_memberships;
    int64_t merge;               // the last fact that changed links; 0: none
    bool lost;                   // a row could not be marked: everybody is read anew
    struct words names;          // of events, from 1 in their order
    struct occurring_list told_events;

    bool relinked;               // leaves are other ones
    size_t n_events;             // names are added under the queue's lock too; postings only by refresh
    struct event_name *event;    // EVENT_NAMES_MAX
    struct occurring_list taking;  // of told_events, while it is taken in
    struct json_parser *events_parser, *value_parser;
    atomic_bool events_left;     // what had no memory is still to be taken in
    bool lines_known;            // the occurrences of what was bought are those of all rows
    uint64_t *last, *bought;     // of a row, what it did last that was told, and the line it bought last, as links
    size_t last_cap, bought_cap;
    uint32_t bought_event;       // of the latter; CODE_NONE until bought_name
    size_t n_properties;         // of all events
    size_t rows, rows_told;      // of the columns, of the events taken in
    uint64_t *customers;
    size_t customers_cap;        // words
    uint32_t *root;
    size_t root_cap;
    struct population_leaf *leaf;
    size_t n_leaves, leaf_cap;
    struct membership_list memberships;  // those that stand
    struct population_relation *relation;
    size_t n_relations, relations_cap;
    struct keep computed[COMPUTED];
    size_t n_traits, traits_cap;
    struct keep *trait, *declared;  // of each trait: has the customer said it
    size_t declared_cap;
    struct column *column;       // of them all, for questions
    struct columns columns;
    _Atomic uint64_t fits;       // of the tiers that the columns hold
    _Atomic uint64_t valued;     // the stamp of the values that they hold
    _Atomic uint64_t liked;      // and of what customers like
    _Atomic int64_t invested;    // of the value tiers
    _Atomic int64_t shared;      // the fit of the shares that they hold
    bool filled;
    atomic_int progress;
};

static inline int64_t population_invested(const struct population *p)
{
    return p->investment ? investment_stamp(p->investment) : 0;
}
/* A snapshot begins with the zone of its days. ERR_CORRUPT: another one. */
MUST_CHECK enum err_code population_put_zone(const struct population *, struct snapshot_out *, struct err *e);
MUST_CHECK enum err_code population_check_zone(const struct population *, struct snapshot_in *, struct err *e);
/* The event that followers are told of; empty: none. Nobody sends those that are our own. */
static inline struct slice counted_event(const struct fact *fact)
{
    const struct slice none = { NULL, 0 };
    if (fact->timestamp_ms == FACT_NO_TIME || fact->customer == FACT_NOBODY)
        return none;
    if (fact->type == FACT_PERMISSION)
        return EVENT_PERMISSION;
    bool is = fact->type == FACT_TRACK && !slice_eq(fact->event, EVENT_BOUGHT) && !slice_eq(fact->event, EVENT_PERMISSION);
    return is ? fact->event : none;
}
/* Under the queue's lock: something happened to the row. false: memory. */
bool population_mark(struct population *, uint32_t row, bool traits, int64_t seq);
/* The same: the row has been written. */
bool population_note(struct population *, uint32_t row, int64_t seq);
/* CODE_NONE: there are too many names, this one is not counted. false: memory. */
bool population_name_event(struct population *, struct slice name, uint32_t *ret);

/* Of pairs that ascend by their first half: the place of the first that has this one, and how many do. */
size_t pairs_find(const void *pairs, size_t n, uint32_t first, size_t *found);
/* How many names there are, and the place of one of them; CODE_NONE: it is none. */
size_t population_names(const struct population *);
uint32_t population_find_event(const struct population *, struct slice name);

/* population_tally.c, under the lock. */
void tally_add(struct event_name *, uint32_t row, int32_t day);
void tally_forget(struct event_name *, const uint64_t *gone, size_t first, size_t n);
void tallies_drop(struct event_name *);
MUST_CHECK enum err_code tallies_mend(struct population *, struct err *e);
size_t tallies_bytes(const struct event_name *);

/* population_related.c. Under the queue's lock: a fact of a membership. false: memory. */
bool related_told(struct population *, const struct fact *);
/* Under the population's lock: who belongs to whom, once leaves are right. */
MUST_CHECK enum err_code related_fill(struct population *, struct err *e);
MUST_CHECK enum err_code related_save(const struct population *, struct snapshot_out *, struct err *e);
MUST_CHECK enum err_code related_load(struct population *, struct snapshot_in *, struct err *e);

/* population_bought.c: what customers bought, as occurrences that no fact tells but purchases do. */
struct line_list {
    struct bought_line *line;
    struct slice *product;       // of each line, its id
    size_t n, cap, products_cap;
};
/* Before the others: the event and its properties. */
MUST_CHECK enum err_code bought_name(struct population *, struct err *e);
/* Under the queue's lock: a change of the catalogue. false: memory. */
bool bought_catalogue(struct population *, const struct fact *);
/* Under the population's lock: these are the lines of the row from now on. */
MUST_CHECK enum err_code bought_put(struct population *, uint32_t row, const struct line_list *, struct err *e);
/* Under the population's lock: categories of the lines anew, whose rows have changed because of that fact. */
MUST_CHECK enum err_code bought_recategorize(struct population *, int64_t seq, struct err *e);
MUST_CHECK enum err_code bought_save(const struct population *, struct snapshot_out *, struct err *e);
MUST_CHECK enum err_code bought_load(struct population *, struct snapshot_in *, struct err *e);

/* population_events.c. One more of a row, before those of *head; *ret: its place, whose properties are null. NULL:
 * memory. */
struct occurrences *occurrence_add(struct population *, uint64_t *head, uint32_t event, uint32_t row, int64_t time_ms,
                                   size_t *ret);
/* The row's chain from *head on is forgotten. */
void occurrences_forget_chain(struct population *, uint64_t *head);
/* An event of our own, with its properties in this order. false: memory, or too many names. */
struct own_property {
    const char *name;
    enum column_kind kind;
};
bool occurrences_name(struct population *, struct slice event, const struct own_property *, size_t n, uint32_t *ret);
/* Before others: the event of permissions. */
MUST_CHECK enum err_code permission_name(struct population *, struct err *e);
/* Under the lock: what the follower was told into the occurrences. */
MUST_CHECK enum err_code occurrences_take_in(struct population *, struct err *e);
bool occurrences_wait(struct population *);
void occurrences_drop(struct population *);
size_t occurrences_bytes(const struct occurrences *);

/* A column in a snapshot (population_columns.c). word: its values are texts that are no JSON. */
MUST_CHECK enum err_code population_put_text(struct snapshot_out *, struct slice text, struct err *e);
MUST_CHECK enum err_code population_put_keep(struct snapshot_out *, const struct keep *, size_t rows, struct err *e);
struct loading {
    struct population *p;
    struct snapshot_in *in;
    struct arena *mem;
    size_t rows;
    struct err *e;
};
MUST_CHECK enum err_code population_damaged(struct err *e);
MUST_CHECK enum err_code population_get_text(struct loading *, struct slice *ret);
MUST_CHECK enum err_code population_get_keep(struct loading *, struct keep *, bool word);

/* A text that a trait of the type date has is a date, or a date with a time. */
struct value population_dated(struct slice text, struct arena *mem, bool *ok);
/* population_row.c, under the lock. What a customer likes; texts are of the slice. Empty and NAN: unknown. */
struct favourites {
    struct slice category, brand, weekday, channel;
    double category_share, price_level, hour;
};
/* One customer as it is read. */
struct seen {
    uint32_t row, root;
    enum customer_kind kind;
    bool known;
    int64_t first_ms, last_ms;
    struct standing standing;
    struct customer_value value;
    struct favourites liked;
    struct customer_tier invest;
    struct share_one share;
};
/* All that is computed; what changes with fits and days alone, and whether it has. false: memory. */
bool population_put_computed(struct population *, const struct seen *);
bool population_put_standing(struct population *, const struct seen *, bool *changed);
void population_clear_computed(struct population *, size_t row);

/* Columns move when they grow: what questions are given, made anew. Under the lock. */
MUST_CHECK enum err_code population_show(struct population *, struct err *e);
/* population_fill.c, under refreshing: what changed into the columns. */
MUST_CHECK enum err_code population_fill(struct population *, const struct people *, int64_t now_ms, struct err *e);

#endif
