#include "text/time.h"

#include <assert.h>

#include "base/civil.h"
#include "base/scan.h"

#define YEAR_FIRST 1
#define YEAR_LAST 9999
#define SECONDS_DIGITS 10  // a plain integer of more digits is milliseconds

/* Exactly `n` digits whose value is in [low, high]; the scan stands at the first bad byte otherwise. */
static bool number(struct scan *sc, int n, int low, int high, int *ret)
{
    int value = 0;
    size_t begin = sc->i;
    for (int k = 0; k < n; k++, sc->i++) {
        if (!scan_digit(sc))
            return false;
        value = value * 10 + (sc->s.at[sc->i] - '0');
    }
    *ret = value;
    if (value >= low && value <= high)
        return true;
    sc->i = begin;
    return false;
}

int64_t time_of_civil(int year, int month, int day)
{
    assert(month >= 1 && month <= 12);
    return civil_days(year, month, day) * DAY_MS;
}

void time_to_civil(int64_t ms, int *year, int *month, int *day)
{
    int64_t years;
    civil_of_days(floor_div(ms, DAY_MS), &years, month, day);
    *year = (int)years;
}

int32_t time_day(int64_t ms)
{
    return (int32_t)floor_div(ms, DAY_MS);
}

int32_t time_month(int64_t ms)
{
    int year, month, day;
    time_to_civil(ms, &year, &month, &day);
    return (int32_t)(year * 100 + month);
}

/* ".678" and any further digits, which are cut off; nothing is fine too. */
static bool read_fraction(struct scan *sc, int *ms)
{
    *ms = 0;
    if (!scan_accept(sc, '.') && !scan_accept(sc, ','))
        return true;
    int weight = 100;
    size_t begin = sc->i;
    for (; scan_digit(sc); sc->i++) {
        *ms += weight * (sc->s.at[sc->i] - '0');
        weight /= 10;
    }
    return sc->i > begin;
}

/* "Z", "+01:00", "-0330", "+01" or nothing. */
static bool read_zone(struct scan *sc, int *minutes)
{
    *minutes = 0;
    if (scan_accept(sc, 'Z') || scan_accept(sc, 'z'))
        return true;
    bool west = sc->i < sc->s.len && sc->s.at[sc->i] == '-';
    if (!scan_accept(sc, '+') && !scan_accept(sc, '-'))
        return true;
    int hour, minute = 0;
    if (!number(sc, 2, 0, 23, &hour))
        return false;
    if (scan_accept(sc, ':') || sc->i < sc->s.len)
        if (!number(sc, 2, 0, 59, &minute))
            return false;
    *minutes = (hour * 60 + minute) * (west ? -1 : 1);
    return true;
}

/* A leap second (":60") is the same instant as the next minute's first: POSIX time has no other place. */
static bool read_clock(struct scan *sc, int64_t *ret_ms)
{
    int hour, minute, second = 0, ms = 0, zone;
    if (!number(sc, 2, 0, 23, &hour) || !scan_accept(sc, ':') || !number(sc, 2, 0, 59, &minute))
        return false;
    if (scan_accept(sc, ':') && (!number(sc, 2, 0, 60, &second) || !read_fraction(sc, &ms)))
        return false;
    if (!read_zone(sc, &zone))
        return false;
    *ret_ms = ((hour * 60 + minute - zone) * INT64_C(60) + second) * 1000 + ms;
    return true;
}

static bool read_date_time(struct scan *sc, int64_t *ret_ms)
{
    int year, month, day;
    if (!number(sc, 4, YEAR_FIRST, YEAR_LAST, &year) || !scan_accept(sc, '-')
        || !number(sc, 2, 1, 12, &month) || !scan_accept(sc, '-')
        || !number(sc, 2, 1, civil_month_days(year, month), &day))
        return false;
    int64_t clock_ms = 0;
    if (scan_accept(sc, 'T') || scan_accept(sc, 't') || scan_accept(sc, ' ')) {
        if (!read_clock(sc, &clock_ms))
            return false;
    }
    *ret_ms = time_of_civil(year, month, day) + clock_ms;
    return sc->i == sc->s.len;
}

static bool in_range(int64_t ms)
{
    return ms >= time_of_civil(YEAR_FIRST, 1, 1) && ms < time_of_civil(YEAR_LAST + 1, 1, 1);
}

enum err_code time_parse(struct slice text, int64_t *ret_ms, struct err *e)
{
    assert(ret_ms);
    struct scan sc = { text, 0 };
    int64_t ms;
    if (slice_i64(text, &ms)) {
        size_t digits = text.len - (text.at[0] == '-' || text.at[0] == '+');
        if (digits <= SECONDS_DIGITS)
            ms *= 1000;
    } else if (!read_date_time(&sc, &ms)) {
        return err_set(e, ERR_INVALID, sc.i,
                       "not a date or time from its character %zu on: expected 2026-01-31 or "
                       "2026-01-31T12:00:00Z", sc.i + 1);
    }
    if (!in_range(ms))
        return err_set(e, ERR_INVALID, 0, "a time outside the years %04d to %d", YEAR_FIRST,
                       YEAR_LAST);
    *ret_ms = ms;
    return ERR_OK;
}

static char *put(char *at, int value, int digits)
{
    for (int k = digits; k-- > 0; value /= 10)
        at[k] = (char)('0' + value % 10);
    return at + digits;
}

struct slice time_print_date(int64_t ms, char out[TIME_TEXT_MAX])
{
    assert(in_range(ms));
    int year, month, day;
    time_to_civil(ms, &year, &month, &day);
    char *at = put(out, year, 4);
    *at++ = '-';
    at = put(at, month, 2);
    *at++ = '-';
    at = put(at, day, 2);
    *at = 0;
    return (struct slice){ out, (size_t)(at - out) };
}

struct slice time_print(int64_t ms, char out[TIME_TEXT_MAX])
{
    struct slice date = time_print_date(ms, out);
    int of_day = (int)(ms - floor_div(ms, DAY_MS) * DAY_MS);
    char *at = out + date.len;
    *at++ = 'T';
    at = put(at, of_day / 3600000, 2);
    *at++ = ':';
    at = put(at, of_day / 60000 % 60, 2);
    *at++ = ':';
    at = put(at, of_day / 1000 % 60, 2);
    *at++ = '.';
    at = put(at, of_day % 1000, 3);
    *at++ = 'Z';
    *at = 0;
    return (struct slice){ out, (size_t)(at - out) };
}
