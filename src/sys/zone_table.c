/* TZif: RFC 8536. Versions 2 and up count in 64 bits and end with a rule for the time behind the table. */
#include "sys/zone_room.h"

#include <assert.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/scan.h"

#define DAY_S 86400
#define HEADER_BYTES 44
#define TIMES_MAX 100000
#define OFFSET_MAX_S (26 * 3600)
#define HOURS_MAX 167

struct counts {
    uint32_t isut, isstd, leap, time, type, chars;
};

static uint64_t big_endian(const char *at, size_t bytes)
{
    uint64_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | (unsigned char)at[i];
    return n;
}

static bool read_header(struct slice file, size_t at, struct counts *ret, char *version)
{
    if (file.len < HEADER_BYTES || at > file.len - HEADER_BYTES || memcmp(file.at + at, "TZif", 4) != 0)
        return false;
    uint32_t n[6];
    for (size_t i = 0; i < 6; i++)
        n[i] = (uint32_t)big_endian(file.at + at + 20 + 4 * i, 4);
    *ret = (struct counts){ n[0], n[1], n[2], n[3], n[4], n[5] };
    *version = file.at[at + 4];
    return n[3] <= TIMES_MAX && n[4] >= 1 && n[4] <= 256 && n[5] <= 65536 && n[2] <= TIMES_MAX && n[0] <= 256
           && n[1] <= 256;
}

static size_t body_bytes(const struct counts *c, size_t time_bytes)
{
    return c->time * (time_bytes + 1) + c->type * 6 + c->chars + c->leap * (time_bytes + 4) + c->isstd + c->isut;
}

/* ---- the rule at the end ---- */
static bool read_int(struct scan *sc, int max, int *ret)
{
    size_t begin = sc->i;
    *ret = 0;
    for (; scan_digit(sc); sc->i++)
        if ((*ret = *ret * 10 + (sc->s.at[sc->i] - '0')) > max)
            return false;
    return sc->i > begin;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "CET", "<+03>": its abbreviation is not used. */
static bool skip_name(struct scan *sc)
{
    size_t begin = sc->i;
    if (scan_accept(sc, '<')) {
        while (sc->i < sc->s.len && sc->s.at[sc->i] != '>')
            sc->i++;
        return scan_accept(sc, '>');
    }
    while (sc->i < sc->s.len && is_letter(sc->s.at[sc->i]))
        sc->i++;
    return sc->i > begin;
}

/* "-3", "10:30", "+02:00:15" in seconds. */
static bool read_clock(struct scan *sc, int hours_max, int32_t *ret)
{
    int hour, minute = 0, second = 0;
    bool minus = scan_accept(sc, '-');
    if (!minus)
        scan_accept(sc, '+');
    if (!read_int(sc, hours_max, &hour))
        return false;
    if (scan_accept(sc, ':') && (!read_int(sc, 59, &minute) || (scan_accept(sc, ':') && !read_int(sc, 59, &second))))
        return false;
    int32_t s = hour * 3600 + minute * 60 + second;
    *ret = minus ? -s : s;
    return true;
}

static bool read_day(struct scan *sc, struct zone_day *ret)
{
    struct zone_day d = { .kind = DAY_OF_YEAR, .second = 2 * 3600 };
    if (scan_accept(sc, 'M')) {
        d.kind = DAY_OF_MONTH_WEEK;
        if (!read_int(sc, 12, &d.month) || d.month < 1 || !scan_accept(sc, '.') || !read_int(sc, 5, &d.week) || d.week < 1
            || !scan_accept(sc, '.') || !read_int(sc, 6, &d.day))
            return false;
    } else {
        d.kind = scan_accept(sc, 'J') ? DAY_JULIAN : DAY_OF_YEAR;
        if (!read_int(sc, 365, &d.day) || (d.kind == DAY_JULIAN && d.day < 1))
            return false;
    }
    if (scan_accept(sc, '/') && !read_clock(sc, HOURS_MAX, &d.second))
        return false;
    *ret = d;
    return true;
}

/* POSIX counts offsets west of Greenwich. */
static bool read_rule(struct slice text, struct zone_rule *ret)
{
    struct scan sc = { text, 0 };
    struct zone_rule r = { .known = true };
    *ret = (struct zone_rule){ .known = false };
    if (text.len == 0)
        return true;
    if (!skip_name(&sc) || !read_clock(&sc, 24, &r.standard_s))
        return false;
    r.standard_s = -r.standard_s;
    r.changes = sc.i < text.len;
    if (r.changes) {
        if (!skip_name(&sc))
            return false;
        r.summer_s = r.standard_s + 3600;
        if (sc.i < text.len && text.at[sc.i] != ',') {
            if (!read_clock(&sc, 24, &r.summer_s))
                return false;
            r.summer_s = -r.summer_s;
        }
        if (!scan_accept(&sc, ',') || !read_day(&sc, &r.begin) || !scan_accept(&sc, ',') || !read_day(&sc, &r.end))
            return false;
    }
    *ret = r;
    return sc.i == text.len;
}

/* Of the wall clock: seconds since 1970 at which that day's change of the year comes. */
static int64_t change_of(const struct zone_day *d, int64_t year)
{
    int64_t day = civil_days(year, 1, 1);
    if (d->kind == DAY_OF_YEAR)
        day += d->day;
    if (d->kind == DAY_JULIAN)  // the 29th of February is never counted
        day += d->day - 1 + (civil_month_days(year, 2) == 29 && d->day >= 60);
    if (d->kind == DAY_OF_MONTH_WEEK) {
        int64_t first = civil_days(year, d->month, 1);
        int weekday = (int)(first + 4 - floor_div(first + 4, 7) * 7);  // 0 is Sunday, as in the rule
        int of_month = 1 + (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
        while (of_month > civil_month_days(year, d->month))
            of_month -= 7;
        day = first + of_month - 1;
    }
    return day * DAY_S + d->second;
}

static int32_t rule_offset(const struct zone_rule *r, int64_t utc_s)
{
    int64_t year;
    int month, day;
    if (!r->changes)
        return r->standard_s;
    civil_of_days(floor_div(utc_s + r->standard_s, DAY_S), &year, &month, &day);
    int64_t begin = change_of(&r->begin, year) - r->standard_s, end = change_of(&r->end, year) - r->summer_s;
    bool summer = begin < end ? utc_s >= begin && utc_s < end : utc_s >= begin || utc_s < end;
    return summer ? r->summer_s : r->standard_s;
}

/* ---- the table ---- */
static bool offset_at(struct slice types, size_t n, unsigned char type, int32_t *ret)
{
    if (type >= n)
        return false;
    *ret = (int32_t)(uint32_t)big_endian(types.at + type * 6u, 4);
    return *ret >= -OFFSET_MAX_S && *ret <= OFFSET_MAX_S;
}

static bool fill(struct slice body, const struct counts *c, size_t time_bytes, struct zone_table *t)
{
    const char *index = body.at + c->time * time_bytes;
    struct slice types = { index + c->time, c->type * 6 };
    if (!offset_at(types, c->type, 0, &t->first_s))
        return false;
    for (size_t i = 0; i < c->time; i++) {
        uint64_t n = big_endian(body.at + i * time_bytes, time_bytes);
        t->at[i] = time_bytes == 8 ? (int64_t)n : (int32_t)(uint32_t)n;
        if (!offset_at(types, c->type, (unsigned char)index[i], &t->offset_s[i]) || (i && t->at[i] <= t->at[i - 1]))
            return false;
    }
    t->n = c->time;
    return true;
}

void zone_table_clear(struct zone_table *t)
{
    free(t->at);
    free(t->offset_s);
    *t = (struct zone_table){ 0 };
}

static bool read_footer(struct slice file, size_t at, struct zone_rule *ret)
{
    if (at >= file.len || file.at[at] != '\n')
        return false;
    struct slice rest = { file.at + at + 1, file.len - at - 1 };
    size_t end = slice_find(rest, '\n');
    return end < rest.len && read_rule((struct slice){ rest.at, end }, ret);
}

bool zone_table_read(struct slice file, struct zone_table *ret)
{
    struct counts c;
    struct zone_table t = { 0 };
    char version;
    size_t at = HEADER_BYTES, time_bytes = 4;
    assert(ret);
    if (!read_header(file, 0, &c, &version))
        return false;
    if (version >= '2') {
        size_t second = HEADER_BYTES + body_bytes(&c, 4);
        if (!read_header(file, second, &c, &version))
            return false;
        at = second + HEADER_BYTES;
        time_bytes = 8;
    }
    size_t bytes = body_bytes(&c, time_bytes);
    if (at > file.len || bytes > file.len - at)
        return false;
    if (time_bytes == 8 && !read_footer(file, at + bytes, &t.rule))
        return false;
    t.at = calloc(c.time + 1, sizeof *t.at);
    t.offset_s = calloc(c.time + 1, sizeof *t.offset_s);
    if (!t.at || !t.offset_s || !fill((struct slice){ file.at + at, bytes }, &c, time_bytes, &t)) {
        zone_table_clear(&t);
        return false;
    }
    *ret = t;
    return true;
}

int32_t zone_table_offset(const struct zone_table *t, int64_t utc_s)
{
    if (t->n == 0 || utc_s < t->at[0])
        return t->n == 0 && t->rule.known ? rule_offset(&t->rule, utc_s) : t->first_s;
    if (utc_s >= t->at[t->n - 1])
        return t->rule.known ? rule_offset(&t->rule, utc_s) : t->offset_s[t->n - 1];
    size_t low = 0, high = t->n - 1;  // at[low] <= utc_s < at[high]
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (t->at[middle] <= utc_s)
            low = middle;
        else
            high = middle;
    }
    return t->offset_s[low];
}

/* No zone changes twice within two days: the offsets of the day before and of the day behind are all there can be. */
int32_t zone_table_local(const struct zone_table *t, int64_t wall_s)
{
    int32_t before = zone_table_offset(t, wall_s - DAY_S), behind = zone_table_offset(t, wall_s + DAY_S);
    if (before == behind || zone_table_offset(t, wall_s - before) == before)
        return before;
    return zone_table_offset(t, wall_s - behind) == behind ? behind : before;
}
