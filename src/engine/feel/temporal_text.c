/* Lexical forms: XML Schema 1.1 part 2, sections 3.3 and 3.4; zone names behind @ are
 * FEEL's own (DMN 1.5, section 10.3.2.3). */
#include "engine/feel/temporal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/scan.h"

#define NANO_DIGITS 9
#define YEAR_DIGITS_MAX 9
#define OFFSET_MAX_S (14 * 3600)
#define NUMBER_MAX (INT64_MAX / 100000)  // of each part of a duration, as read and as printed: no sum overflows
#define DAYS_MAX (NUMBER_MAX / 2)
#define ZONE_NAME_MAX 64

static bool two_digits(struct scan *sc, int max, int *ret)
{
    *ret = 0;
    for (int k = 0; k < 2; k++, sc->i++) {
        if (!scan_digit(sc))
            return false;
        *ret = *ret * 10 + (sc->s.at[sc->i] - '0');
    }
    return *ret <= max;
}

/* As many digits as there are, one at least; false also beyond NUMBER_MAX. */
static bool digits(struct scan *sc, int64_t *ret)
{
    size_t begin = sc->i;
    int64_t value = 0;
    for (; scan_digit(sc); sc->i++)
        if ((value = value * 10 + (sc->s.at[sc->i] - '0')) > NUMBER_MAX)
            return false;
    *ret = value;
    return sc->i > begin;
}

/* Digits behind the point: nine count, the others are cut off. Returns how many there were. */
static size_t fraction(struct scan *sc, uint32_t *nano)
{
    size_t n = 0;
    *nano = 0;
    for (; scan_digit(sc); sc->i++, n++)
        if (n < NANO_DIGITS)
            *nano = *nano * 10 + (uint32_t)(sc->s.at[sc->i] - '0');
    for (size_t k = n; k < NANO_DIGITS; k++)
        *nano *= 10;
    return n;
}

static bool read_year(struct scan *sc, int64_t *year)
{
    bool minus = scan_accept(sc, '-');
    size_t begin = sc->i;
    if (!digits(sc, year))
        return false;
    size_t n = sc->i - begin;
    if (minus)
        *year = -*year;
    return n >= 4 && n <= YEAR_DIGITS_MAX && (n == 4 || sc->s.at[begin] != '0');
}

static bool read_date(struct scan *sc, struct date *ret)
{
    int64_t year;
    int month, day;
    if (!read_year(sc, &year) || !scan_accept(sc, '-') || !two_digits(sc, 12, &month) || !scan_accept(sc, '-')
        || !two_digits(sc, 31, &day) || !date_valid(year, month, day))
        return false;
    *ret = (struct date){ (int32_t)year, (uint8_t)month, (uint8_t)day };
    return true;
}

/* "+01:00", "-02:30:15", behind the sign. */
static bool read_offset(struct scan *sc, bool minus, struct zone *ret)
{
    int hours, minutes, seconds = 0;
    if (!two_digits(sc, 14, &hours) || !scan_accept(sc, ':') || !two_digits(sc, 59, &minutes))
        return false;
    if (scan_accept(sc, ':') && !two_digits(sc, 59, &seconds))
        return false;
    int offset_s = hours * 3600 + minutes * 60 + seconds;
    *ret = (struct zone){ .kind = ZONE_OFFSET, .offset_s = minus ? -offset_s : offset_s };
    return offset_s <= OFFSET_MAX_S;
}

static bool zone_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'
           || c == '+' || c == '/';
}

static bool read_zone_name(struct scan *sc, const struct zones *zones, struct zone *ret)
{
    struct slice name = { sc->s.at + sc->i, sc->s.len - sc->i };
    for (size_t k = 0; k < name.len; k++)
        if (!zone_char(name.at[k]))
            return false;
    int32_t offset_s;
    if (name.len == 0 || name.len > ZONE_NAME_MAX || (zones && !zones->offset(zones->arg, name, 0, false, &offset_s)))
        return false;
    sc->i = sc->s.len;
    *ret = (struct zone){ .kind = ZONE_NAMED, .name = name };
    return true;
}

static bool read_zone(struct scan *sc, const struct zones *zones, struct zone *ret)
{
    *ret = (struct zone){ .kind = ZONE_NONE };
    if (scan_end(sc))
        return true;
    if (scan_accept(sc, 'Z')) {
        ret->kind = ZONE_OFFSET;
        return true;
    }
    if (scan_accept(sc, '@'))
        return read_zone_name(sc, zones, ret);
    bool minus = scan_accept(sc, '-');
    return (minus || scan_accept(sc, '+')) && read_offset(sc, minus, ret);
}

/* 24:00:00 is said by *next_day. */
static bool read_time(struct scan *sc, const struct zones *zones, struct day_time *ret, bool *next_day)
{
    int hour, minute, second;
    struct day_time t = { 0 };
    if (!two_digits(sc, 24, &hour) || !scan_accept(sc, ':') || !two_digits(sc, 59, &minute) || !scan_accept(sc, ':')
        || !two_digits(sc, 59, &second))
        return false;
    if (scan_accept(sc, '.') && fraction(sc, &t.nano) == 0)
        return false;
    *next_day = hour == 24;
    if (*next_day && (minute || second || t.nano))
        return false;
    if (!read_zone(sc, zones, &t.zone) || !scan_end(sc))
        return false;
    t.hour = (uint8_t)(hour % 24);
    t.minute = (uint8_t)minute;
    t.second = (uint8_t)second;
    *ret = t;
    return true;
}

bool date_parse(struct slice text, struct date *ret)
{
    assert(ret);
    struct scan sc = { text, 0 };
    struct date d;
    if (!read_date(&sc, &d) || !scan_end(&sc))
        return false;
    *ret = d;
    return true;
}

/* DMN TCK 1116: 24:00:00 is the midnight that a day ends with, which is a time of the day as 00:00:00 is. */
bool time_of_day_parse(struct slice text, const struct zones *zones, struct day_time *ret)
{
    assert(ret);
    struct scan sc = { text, 0 };
    bool next_day;
    return read_time(&sc, zones, ret, &next_day);
}

bool date_time_parse(struct slice text, const struct zones *zones, struct date_time *ret)
{
    assert(ret);
    struct scan sc = { text, 0 };
    struct date_time t = { .time = { 0 } };
    bool next_day = false;
    if (!read_date(&sc, &t.date))
        return false;
    if (!scan_end(&sc) && (!scan_accept(&sc, 'T') || !read_time(&sc, zones, &t.time, &next_day)))
        return false;
    if (next_day && !date_of_days(date_days(t.date) + 1, &t.date))
        return false;
    *ret = t;
    return true;
}

bool months_parse(struct slice text, int64_t *ret_months)
{
    assert(ret_months);
    struct scan sc = { text, 0 };
    int64_t n, months = 0;
    bool minus = scan_accept(&sc, '-'), any = false, year = false;
    if (!scan_accept(&sc, 'P'))
        return false;
    for (; !scan_end(&sc); any = true) {
        if (!digits(&sc, &n))
            return false;
        if (!year && !any && scan_accept(&sc, 'Y')) {
            months = n * 12;
            year = true;
        } else if (scan_accept(&sc, 'M') && scan_end(&sc))
            months += n;
        else
            return false;
    }
    if (!any || months / 12 > NUMBER_MAX)
        return false;
    *ret_months = minus ? -months : months;
    return true;
}

/* "2H3M4.5S" behind the T: each at most once, in this order. */
static bool read_clock(struct scan *sc, struct duration *d)
{
    static const struct {
        char unit;
        int seconds;
    } units[] = { { 'H', 3600 }, { 'M', 60 }, { 'S', 1 } };
    size_t next = 0;
    do {
        int64_t n;
        uint32_t nano = 0;
        if (!digits(sc, &n))
            return false;
        bool point = scan_accept(sc, '.');
        if (point)
            fraction(sc, &nano);
        while (next < 3 && (scan_end(sc) || sc->s.at[sc->i] != units[next].unit))
            next++;
        if (next == 3 || (point && units[next].unit != 'S'))
            return false;
        sc->i++;
        if (__builtin_add_overflow(d->seconds, n * units[next++].seconds, &d->seconds))
            return false;
        d->nanos = (int32_t)nano;
    } while (!scan_end(sc));
    return true;
}

bool duration_parse(struct slice text, struct duration *ret)
{
    assert(ret);
    struct scan sc = { text, 0 };
    struct duration d = { 0 };
    int64_t days = 0;
    bool minus = scan_accept(&sc, '-'), any = false;
    if (!scan_accept(&sc, 'P'))
        return false;
    if (scan_digit(&sc)) {
        if (!digits(&sc, &days) || !scan_accept(&sc, 'D') || days > DAYS_MAX)
            return false;
        any = true;
    }
    if (scan_accept(&sc, 'T') ? !read_clock(&sc, &d) : !any || !scan_end(&sc))
        return false;
    if (__builtin_add_overflow(d.seconds, days * 86400, &d.seconds) || d.seconds / 86400 > DAYS_MAX)
        return false;
    *ret = minus ? duration_neg(d) : d;
    return true;
}

struct line {
    char *at;
    size_t len;
};

static void add(struct line *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void add(struct line *l, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(l->at + l->len, TEMPORAL_TEXT - l->len, fmt, args);
    va_end(args);
    assert(n >= 0 && l->len + (size_t)n < TEMPORAL_TEXT);
    l->len += (size_t)n;
}

static struct slice done(const struct line *l)
{
    return (struct slice){ l->at, l->len };
}

static void add_nano(struct line *l, uint32_t nano)
{
    if (!nano)
        return;
    add(l, ".%09" PRIu32, nano);
    while (l->at[l->len - 1] == '0')
        l->len--;
}

static void add_date(struct line *l, struct date d)
{
    add(l, "%s%04" PRId32 "-%02d-%02d", d.year < 0 ? "-" : "", d.year < 0 ? -d.year : d.year, d.month, d.day);
}

static void add_zone(struct line *l, struct zone zone)
{
    int32_t s = zone.offset_s < 0 ? -zone.offset_s : zone.offset_s;
    if (zone.kind == ZONE_NAMED)
        add(l, "@%.*s", SLICE_ARG(zone.name));
    else if (zone.kind == ZONE_OFFSET && s == 0)
        add(l, "Z");
    else if (zone.kind == ZONE_OFFSET)
        add(l, s % 60 ? "%c%02d:%02d:%02d" : "%c%02d:%02d", zone.offset_s < 0 ? '-' : '+', s / 3600, s / 60 % 60,
            s % 60);
}

static void add_time(struct line *l, struct day_time t)
{
    add(l, "%02d:%02d:%02d", t.hour, t.minute, t.second);
    add_nano(l, t.nano);
    add_zone(l, t.zone);
}

struct slice date_print(struct date d, char out[TEMPORAL_TEXT])
{
    struct line l = { out, 0 };
    add_date(&l, d);
    return done(&l);
}

struct slice time_of_day_print(struct day_time t, char out[TEMPORAL_TEXT])
{
    struct line l = { out, 0 };
    add_time(&l, t);
    return done(&l);
}

struct slice date_time_print(struct date_time t, char out[TEMPORAL_TEXT])
{
    struct line l = { out, 0 };
    add_date(&l, t.date);
    add(&l, "T");
    add_time(&l, t.time);
    return done(&l);
}

static uint64_t magnitude(int64_t n)
{
    return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

struct slice months_print(int64_t months, char out[TEMPORAL_TEXT])
{
    struct line l = { out, 0 };
    uint64_t n = magnitude(months);
    add(&l, "%sP", months < 0 ? "-" : "");
    if (n >= 12)
        add(&l, "%" PRIu64 "Y", n / 12);
    if (n % 12 || n == 0)
        add(&l, "%" PRIu64 "M", n % 12);
    return done(&l);
}

struct slice duration_print(struct duration d, char out[TEMPORAL_TEXT])
{
    struct line l = { out, 0 };
    uint64_t s = magnitude(d.seconds);
    uint32_t nano = (uint32_t)magnitude(d.nanos);
    if (s == 0 && nano == 0)
        add(&l, "PT0S");
    else
        add(&l, "%sP", d.seconds < 0 || d.nanos < 0 ? "-" : "");
    if (s >= 86400)
        add(&l, "%" PRIu64 "D", s / 86400);
    s %= 86400;
    if (s || nano)
        add(&l, "T");
    if (s >= 3600)
        add(&l, "%" PRIu64 "H", s / 3600);
    if (s / 60 % 60)
        add(&l, "%" PRIu64 "M", s / 60 % 60);
    if (s % 60 || nano) {
        add(&l, "%" PRIu64, s % 60);
        add_nano(&l, nano);
        add(&l, "S");
    }
    return done(&l);
}
