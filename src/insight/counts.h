/* How the shop's memory grows: a follower that counts facts by UTC day of arrival and by source. */
#ifndef TENDERO_INSIGHT_COUNTS_H
#define TENDERO_INSIGHT_COUNTS_H

#include "memory/memory.h"

struct counts;
MUST_CHECK enum err_code counts_new(struct memory *, struct counts **ret, struct err *e);
void counts_drop(struct counts **);
struct follower counts_follower(struct counts *);

struct count_day {
    int32_t day;
    uint32_t received, duplicates, rejected, new_customers;  // duplicates, rejected: since they are no facts, kept
};                                                           // in table day_outcomes by ingest
/* Under the read lock: rows with day >= from_day, oldest first. */
size_t counts_days(const struct counts *, int32_t from_day, struct count_day *ret, size_t max);
struct count_source { uint32_t source; int64_t last_seen_ms; uint32_t today; };
size_t counts_sources(const struct counts *, int32_t today, struct count_source *ret, size_t max);

#endif
