/* The population: every customer as a row of typed columns, for rules over all of them (engine/columns).
 *
 * Rows      the number of a history is its row; those that are customers (roots) are marked, the others are null.
 * Columns   what the shop computes (see population.c: orders, spend, first order, …, known) and every trait by its name.
 *           A trait of the type number is a number of six places at most, any other (and a number trait with a value that
 *           is none) a dictionary of its values. Days are UTC.
 * Events    a follower of the log keeps, for each of the first 1,000 names of track events, who did it on which day.
 * Fresh     population_refresh takes in what changed since the last time: facts, traits, merges, tiers. The first time it
 *           reads everybody, which population_progress follows. Call it before questions, on a thread that may wait.
 * Threads   refresh: one at a time, it sees to that. Questions between population_lock and population_unlock; several at a
 *           time. The follower never waits for them: what it is told lies in a queue until the next refresh.
 * Memory    population_bytes; about 60 bytes a customer and 12 a trait.
 */
#ifndef TENDERO_INSIGHT_POPULATION_H
#define TENDERO_INSIGHT_POPULATION_H

#include "engine/columns/columns.h"
#include "engine/columns/postings.h"
#include "insight/people.h"

struct population;
MUST_CHECK enum err_code population_new(struct memory *, struct population **ret, struct err *e);
void population_drop(struct population **);
struct follower population_follower(struct population *);
MUST_CHECK enum err_code population_refresh(struct population *, const struct people *, int64_t now_ms, struct err *e);
/* Something has happened that refresh would take in. */
bool population_refresh_due(struct population *);
/* 0 to 100; 100: everybody has been read once. */
int population_progress(const struct population *);

void population_lock(struct population *);
void population_unlock(struct population *);
/* All under the lock. */
const struct columns *population_columns(const struct population *);
const uint64_t *population_customers(const struct population *);   // a bit a row: it is a customer
size_t population_customers_count(const struct population *);
/* Rows that are not their own root, with their customer's. */
struct population_leaf {
    uint32_t row, root;
};
const struct population_leaf *population_leaves(const struct population *, size_t *n);
struct population_event {
    struct slice name;
    const struct postings *postings;
};
/* The i-th name, in the order of first sight; false behind the last. */
bool population_event(const struct population *, size_t i, struct population_event *ret);
size_t population_bytes(const struct population *);

#endif
