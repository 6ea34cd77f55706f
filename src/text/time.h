/* Points in time as text. RFC 3339 / ISO 8601 calendar dates, proleptic Gregorian, UTC inside. */
#ifndef TENDERO_TEXT_TIME_H
#define TENDERO_TEXT_TIME_H

#include "base/err.h"
#include "base/slice.h"

#define TIME_TEXT_MAX 32
#define DAY_MS INT64_C(86400000)

/* "2026-01-02", "2026-01-02T03:04:05Z", "2026-01-02 03:04:05.678+01:00", "…T03:04" ; no zone means UTC.
 * A plain integer is seconds (10 digits or fewer) or milliseconds since 1970. Years 0001 to 9999.
 * ERR_INVALID names the place. */
MUST_CHECK enum err_code time_parse(struct slice text, int64_t *ret_ms, struct err *e);
/* "2026-01-02T03:04:05.678Z". Both print only times of the years that time_parse accepts. */
struct slice time_print(int64_t ms, char out[TIME_TEXT_MAX]);
/* "2026-01-02" */
struct slice time_print_date(int64_t ms, char out[TIME_TEXT_MAX]);
int64_t time_of_civil(int year, int month, int day);  // midnight UTC in ms
void time_to_civil(int64_t ms, int *year, int *month, int *day);
int32_t time_day(int64_t ms);                         // days since 1970-01-01, of any year
/* 202611 for any moment of November 2026: the period a log part belongs to. */
int32_t time_month(int64_t ms);

#endif
