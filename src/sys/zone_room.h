/* One zone, read from the bytes of a TZif file. Private to sys/zone*.c and its fuzz target. */
#ifndef TENDERO_SYS_ZONE_ROOM_H
#define TENDERO_SYS_ZONE_ROOM_H

#include "base/slice.h"

/* One of the days on which the offset changes each year (RFC 8536 section 3.3.1, POSIX TZ). */
struct zone_day {
    enum { DAY_OF_MONTH_WEEK, DAY_JULIAN, DAY_OF_YEAR } kind;  // Mm.w.d, Jn, n
    int month, week, day;
    int32_t second;             // of the wall clock then in force, from midnight; may be outside of the day
};
struct zone_rule {
    bool known, changes;        // there is a rule; it has summer time
    int32_t standard_s, summer_s;
    struct zone_day begin, end;
};
struct zone_table {
    size_t n;
    int64_t *at;                // UTC seconds, ascending
    int32_t *offset_s;          // from at[i] on
    int32_t first_s;            // before at[0]
    struct zone_rule rule;      // from the last transition on
};

/* Allocates the two columns; false: no TZif, or damaged; nothing is allocated then. */
bool zone_table_read(struct slice file, struct zone_table *ret);
void zone_table_clear(struct zone_table *);
int32_t zone_table_offset(const struct zone_table *, int64_t utc_s);
int32_t zone_table_local(const struct zone_table *, int64_t wall_s);

#endif
