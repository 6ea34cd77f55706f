/* FEEL's dates, times and durations: DMN 1.5 sections 10.3.2.3.5 to 10.3.2.3.9, over XML Schema's lexical forms.
 *
 * Calendar  proleptic Gregorian; years -999,999,999 to 999,999,999 (four digits at least; no year 0000 in front of
 *           five: "0000" is a year, as in XML Schema 1.1).
 * Zones     none, an offset of seconds ("Z", "+01:00", "-02:30:15"; at most 14 h), or a name of the IANA database
 *           ("@Europe/Paris"). What a name means is asked of struct zones, since it lies on the disk.
 * Order     a time or date-time with zone compares by the instant; one without only with one without: else null.
 * Errors    parsers answer false for what is no such value (FEEL: null); nothing is written then.
 */
#ifndef TENDERO_ENGINE_FEEL_TEMPORAL_H
#define TENDERO_ENGINE_FEEL_TEMPORAL_H

#include "base/err.h"
#include "base/slice.h"

enum zone_kind { ZONE_NONE, ZONE_OFFSET, ZONE_NAMED };
struct zone {
    enum zone_kind kind;
    int32_t offset_s;   // ZONE_OFFSET: east of Greenwich. "Z" is 0
    struct slice name;  // ZONE_NAMED: canonical; lives as long as struct zones, or where the text did
};

/* Where named zones come from. NULL: there are none, every name is unknown. */
struct zones {
    /* Offset east of Greenwich in force at that second since 1970: of UTC, or of the zone's own wall clock (local).
     * A wall time that a gap skips takes the offset before it; one that comes twice the earlier offset. false: no
     * such zone. */
    bool (*offset)(void *arg, struct slice name, int64_t second, bool local, int32_t *ret);
    void *arg;
    struct slice here;  // the zone of now() and today(), and of the shop's days; empty: UTC
};
/* Seconds east of Greenwich of the zone that is here, at that moment (milliseconds since 1970). */
int32_t zones_offset_here(const struct zones *, int64_t ms);
/* The day there, since 1970-01-01. */
int32_t zones_day(const struct zones *, int64_t ms);

struct date {
    int32_t year;
    uint8_t month, day;  // from 1
};
struct day_time {        // a time of day
    uint8_t hour, minute, second;
    uint32_t nano;
    struct zone zone;
};
struct date_time {
    struct date date;
    struct day_time time;
};
/* days and time duration: seconds and nanoseconds of the same sign. */
struct duration {
    int64_t seconds;
    int32_t nanos;
};

#define TEMPORAL_TEXT 128

bool date_valid(int64_t year, int64_t month, int64_t day);
bool date_parse(struct slice text, struct date *ret);                     // "2026-11-27", "-0044-03-15"
/* "10:30:00", "10:30:00.123Z", "10:30:00@Europe/Paris"; zones NULL: names are taken unseen. */
bool time_of_day_parse(struct slice text, const struct zones *, struct day_time *ret);
/* A date alone is midnight without a zone. "T24:00:00" is the next day's midnight. */
bool date_time_parse(struct slice text, const struct zones *, struct date_time *ret);
bool months_parse(struct slice text, int64_t *ret_months);                // "P1Y2M", "-P3M"
bool duration_parse(struct slice text, struct duration *ret);             // "P1DT2H3M4.5S", "-PT0.001S"

/* As string() shows them; durations normalised ("P1DT1H", "PT0S", "P1Y2M", "P0M"). */
struct slice date_print(struct date, char out[TEMPORAL_TEXT]);
struct slice time_of_day_print(struct day_time, char out[TEMPORAL_TEXT]);
struct slice date_time_print(struct date_time, char out[TEMPORAL_TEXT]);
struct slice months_print(int64_t months, char out[TEMPORAL_TEXT]);
struct slice duration_print(struct duration, char out[TEMPORAL_TEXT]);

int64_t date_days(struct date);              // since 1970-01-01
bool date_of_days(int64_t days, struct date *ret);
bool date_time_of_ms(int64_t ms, struct date_time *ret);                  // since 1970 UTC, shown with "Z"
int date_cmp(struct date, struct date);
int date_weekday(struct date);               // 1 Monday … 7 Sunday
int date_day_of_year(struct date);
int date_week_of_year(struct date);          // ISO 8601

/* Seconds since 1970 UTC, or of the wall clock where there is no zone; false: the zone is unknown. */
bool date_time_instant(struct date_time, const struct zones *, int64_t *ret_s);
/* Of a time without a date: false for a named zone, whose offset depends on the day. */
bool time_offset(struct day_time, int32_t *ret_s);
/* *ret: negative, 0, positive; false: not comparable (one has a zone, the other has none). */
bool date_time_cmp(struct date_time a, struct date_time b, const struct zones *, int *ret);
bool time_of_day_cmp(struct day_time a, struct day_time b, const struct zones *, int *ret);

/* Arithmetic; false: outside of the years, or not defined. */
bool date_add_months(struct date, int64_t months, struct date *ret);      // the day is cut to the month's last
bool date_time_add_months(struct date_time, int64_t months, struct date_time *ret);
bool date_time_add(struct date_time, struct duration, struct date_time *ret);
struct day_time time_of_day_add(struct day_time, struct duration);       // round the clock
bool date_time_sub(struct date_time a, struct date_time b, const struct zones *, struct duration *ret);
bool time_of_day_sub(struct day_time a, struct day_time b, const struct zones *, struct duration *ret);
int64_t months_between(struct date from, struct date to);                 // whole months, towards zero
bool duration_add(struct duration, struct duration, struct duration *ret);
struct duration duration_neg(struct duration);
int duration_cmp(struct duration, struct duration);

#endif
