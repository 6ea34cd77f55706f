/* The population: every customer as a row of typed columns, for rules over all of them (engine/columns).
 *
 * Rows      the number of a history is its row; those that are customers (roots) are marked, the others are null.
 * Columns   what the shop computes (see population.c: orders, spend, first order, …, known) and every trait by its name.
 *           A trait of the type number is a number of six places at most, any other (and a number trait with a value that
 *           is none) a dictionary of its values.
 *           Of each trait a yes or no, population_declared_name: what is known has been declared by the customer.
 * Days      are of the shop's zone: what is kept by another zone is told and read anew.
 * Events    a follower of the log keeps, for each of the first 1,000 names of track events, who did it on which day.
 *           Another keeps each with its time and its properties, as columns (event_ask.h asks about them).
 * Tallies   how often, first or last a row did something, kept up with each event for those who ask again and again.
 * Fresh     population_refresh takes in what changed since the last time: facts, traits, merges, tiers. The first time it
 *           reads everybody, which population_progress follows. Call it before questions, on a thread that may wait.
 * Threads   refresh: one at a time, it sees to that. Questions between population_lock and population_unlock; several at a
 *           time. The follower never waits for them: what it is told lies in a queue until the next refresh.
 * Start     the columns are a snapshot too, written when the memory stops: the first refresh then reads what came since.
 * Memory    population_bytes; about 60 bytes a customer and 12 a trait; 25 bytes an event, 4 or 8 more a property.
 */
#ifndef TENDERO_INSIGHT_POPULATION_H
#define TENDERO_INSIGHT_POPULATION_H

#include "engine/columns/columns.h"
#include "engine/columns/postings.h"
#include "insight/people.h"

#define NUMBER_SCALE 6               // places that a number has at most
struct population;
/* zones->here is the zone of its days; NULL: UTC. */
MUST_CHECK enum err_code population_new(struct memory *, const struct zones *, struct population **ret, struct err *e);
void population_drop(struct population **);
/* Before the first refresh: what customers will be worth is in the columns, too. */
struct valuation;
void population_value_by(struct population *, const struct valuation *);
/* The same: what customers like. */
struct likings;
void population_like_by(struct population *, struct likings *);
/* The same for value tiers. */
struct investment;
void population_invest_by(struct population *, const struct investment *);
/* The same of the share of customer. */
struct customer_share;
void population_share_by(struct population *, const struct customer_share *);
/* Categories of the catalogue, as it is now, by numbers that stay; 0: none. Without the lock. */
uint32_t population_category_of(struct population *, struct slice product);
uint32_t population_category_named(struct population *, struct slice id);
/* Its id in mem; no text: memory. */
struct slice population_category_id(struct population *, uint32_t category, struct arena *mem);
/* Three followers of the log: of events by day, of events with their properties, and of whatever changes a customer's
 * row. */
struct follower population_follower(struct population *);
struct follower population_events_follower(struct population *);
struct follower population_columns_follower(struct population *);
MUST_CHECK enum err_code population_refresh(struct population *, const struct people *, int64_t now_ms, struct err *e);
/* Something has happened that refresh would take in. Also false while another thread takes it in: who must not miss it
 * calls population_refresh, which waits for that and does nothing where nothing is due. */
bool population_refresh_due(struct population *, const struct people *);
/* 0 to 100; 100: everybody has been read once. */
int population_progress(const struct population *);

void population_lock(struct population *);
void population_unlock(struct population *);
/* Nobody else reads meanwhile: for population_tally. Given back by population_unlock. */
void population_lock_alone(struct population *);

/* Rows that refreshes have written since this was last asked, and those that belong to them, each once; *all: everybody.
 * For one asker, without the lock; in mem. */
struct population_change {
    uint32_t row;
    int64_t seq;                 // the newest fact about them; 0: none, another fit of the tiers
};
bool population_changes_wait(struct population *);  // there are some to take
MUST_CHECK enum err_code population_take_changes(struct population *, struct arena *mem, struct population_change **ret,
                                                 size_t *n, bool *all, struct err *e);

/* Is it the name of a column that the shop computes? */
bool population_is_computed(struct slice name);
/* declared("diet"), in mem; no text: memory. */
struct slice population_declared_name(struct slice trait, struct arena *mem);
bool population_is_declared(struct slice column);

/* All under the lock. */
const struct columns *population_columns(const struct population *);
const uint64_t *population_customers(const struct population *);   // a bit a row: it is a customer
size_t population_customers_count(const struct population *);
/* Rows that are not their own root, with their customer's; by root. */
struct population_leaf {
    uint32_t root, row;
};
const struct population_leaf *population_leaves(const struct population *, size_t *n);
const struct population_leaf *population_leaves_of(const struct population *, uint32_t root, size_t *n);
/* Grows with each column and each property of an event. */
size_t population_names_known(const struct population *);
/* Customers that belong together, both ways: a person and an account that they act for. By from. */
struct population_relation {
    uint32_t from, to;
};
const struct population_relation *population_relations(const struct population *, size_t *n);
const struct population_relation *population_related(const struct population *, uint32_t root, size_t *n);
/* Of the kind "person", "company", "household" or "partner"; "account": any of the last three. */
bool population_is_kind(const struct population *, size_t row, struct slice kind);
struct population_event {
    struct slice name;
    const struct postings *postings;
    size_t events;
};
/* An event that no fact tells: each line of each order that stands, less what was given back, with the properties product
 * (its id), category (its id, as the catalogue has it now) and quantity. It has no postings and no tallies. */
#define EVENT_BOUGHT SLICE("Product Bought")
/* The event of FACT_PERMISSION, with the properties channel, topic, given and until (memory/permissions.h). */
#define EVENT_PERMISSION SLICE("Permission Changed")
/* The i-th name, in the order of first sight; false behind the last. */
bool population_event(const struct population *, size_t i, struct population_event *ret);
bool population_event_named(const struct population *, struct slice name, struct population_event *ret);
/* The i-th property of an event, in the order of first sight; false behind the last. Its column has a row for each time that
 * the event happened, or that is free now and null. */
struct population_property {
    struct column column;
    size_t rows;
    bool dropped;                // it has too many different values to be asked about: the column has none
};
bool population_property(const struct population *, struct slice event, size_t i, struct population_property *ret);

/* What rows (histories, not customers) did of one event, up to date with each refresh. Counts are of the days from and
 * to, both included; 65,535 is the most. First and last are of all days: from and to are 0. */
enum tally_kind { TALLY_COUNT, TALLY_FIRST, TALLY_LAST };
struct tally;
/* Finds it or makes it; it lives until a sweep finds it not asked for. Under population_lock_alone. NULL in *ret: there
 * are too many names of events for another one, nobody did it. */
MUST_CHECK enum err_code population_tally(struct population *, struct slice event, enum tally_kind, int32_t from,
                                          int32_t to, struct tally **ret, struct err *e);
/* Drops those that nobody has asked population_tally for since the last sweep. Under population_lock_alone. */
void population_sweep_tallies(struct population *);
/* NULL: nobody did it. */
uint32_t tally_count(const struct tally *, size_t row);
/* false: never. */
bool tally_day(const struct tally *, size_t row, int32_t *ret);
size_t population_bytes(const struct population *);

#endif
