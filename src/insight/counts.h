/* How the shop's memory grows: a follower that counts facts by UTC day of arrival and by source.
 *
 * Refused events and duplicates are no facts; ingest.h tells of them.
 */
#ifndef TENDERO_INSIGHT_COUNTS_H
#define TENDERO_INSIGHT_COUNTS_H

#include "memory/memory.h"

struct counts;
MUST_CHECK enum err_code counts_new(struct counts **ret, struct err *e);
void counts_drop(struct counts **);
struct follower counts_follower(struct counts *);

struct count_day {
    int32_t day;                     // days since 1970-01-01
    uint32_t received, new_histories;  // from outside: decisions and merges are ours and not counted
};
/* Under the read lock: rows with day >= from_day, oldest first. */
size_t counts_days(const struct counts *, int32_t from_day, struct count_day *ret, size_t max);
struct count_source {
    uint32_t source, today;
    int64_t last_seen_ms;  // arrival of its newest fact
};
size_t counts_sources(const struct counts *, int32_t today, struct count_source *ret, size_t max);

#endif
