#include "engine/feel/temporal.h"

#include <assert.h>

#include "base/civil.h"
#include "text/time.h"

#define DAY_S 86400
#define NANOS 1000000000
#define YEAR_MAX 999999999

static int sign_of(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

bool date_valid(int64_t year, int64_t month, int64_t day)
{
    return year >= -YEAR_MAX && year <= YEAR_MAX && month >= 1 && month <= 12 && day >= 1
           && day <= civil_month_days(year, (int)month);
}

int64_t date_days(struct date d)
{
    return civil_days(d.year, d.month, d.day);
}

bool date_of_days(int64_t days, struct date *ret)
{
    assert(ret);
    if (days < civil_days(-YEAR_MAX, 1, 1) || days > civil_days(YEAR_MAX, 12, 31))
        return false;
    int64_t year;
    int month, day;
    civil_of_days(days, &year, &month, &day);
    *ret = (struct date){ (int32_t)year, (uint8_t)month, (uint8_t)day };
    return true;
}

int date_cmp(struct date a, struct date b)
{
    return sign_of(date_days(a), date_days(b));
}

int date_weekday(struct date d)
{
    int64_t from_monday = date_days(d) + 3;  // 1970-01-01 was a Thursday
    return (int)(from_monday - floor_div(from_monday, 7) * 7) + 1;
}

int date_day_of_year(struct date d)
{
    return (int)(date_days(d) - civil_days(d.year, 1, 1)) + 1;
}

/* The week belongs to the year of its Thursday. */
int date_week_of_year(struct date d)
{
    int64_t thursday = date_days(d) + 4 - date_weekday(d), year;
    int month, day;
    civil_of_days(thursday, &year, &month, &day);
    return (int)((thursday - civil_days(year, 1, 1)) / 7) + 1;
}

static int64_t second_of_day(struct day_time t)
{
    return t.hour * 3600 + t.minute * 60 + t.second;
}

/* As if the clock ran by UTC. */
static int64_t wall_second(struct date_time t)
{
    return date_days(t.date) * DAY_S + second_of_day(t.time);
}

static void set_clock(struct day_time *t, int64_t second_of_day, int64_t nano)
{
    assert(second_of_day >= 0 && second_of_day < DAY_S && nano >= 0 && nano < NANOS);
    t->hour = (uint8_t)(second_of_day / 3600);
    t->minute = (uint8_t)(second_of_day / 60 % 60);
    t->second = (uint8_t)(second_of_day % 60);
    t->nano = (uint32_t)nano;
}

static bool zone_offset_at(const struct zones *zones, struct zone zone, int64_t second, bool local, int32_t *ret_s)
{
    *ret_s = zone.kind == ZONE_OFFSET ? zone.offset_s : 0;
    return zone.kind != ZONE_NAMED || (zones && zones->offset(zones->arg, zone.name, second, local, ret_s));
}

bool date_time_instant(struct date_time t, const struct zones *zones, int64_t *ret_s)
{
    assert(ret_s);
    int64_t wall = wall_second(t);
    int32_t offset_s;
    if (!zone_offset_at(zones, t.time.zone, wall, true, &offset_s))
        return false;
    *ret_s = wall - offset_s;
    return true;
}

bool time_offset(struct day_time t, int32_t *ret_s)
{
    assert(ret_s);
    return t.zone.kind != ZONE_NAMED && zone_offset_at(NULL, t.zone, 0, true, ret_s);
}

static bool same_named_zone(struct zone a, struct zone b)
{
    return a.kind == ZONE_NAMED && b.kind == ZONE_NAMED && slice_eq(a.name, b.name);
}

static bool zones_compare(struct zone a, struct zone b)
{
    return (a.kind == ZONE_NONE) == (b.kind == ZONE_NONE);
}

/* Of two that compare. */
static bool instants(struct date_time a, struct date_time b, const struct zones *zones, int64_t *at, int64_t *bt)
{
    return zones_compare(a.time.zone, b.time.zone) && date_time_instant(a, zones, at) && date_time_instant(b, zones, bt);
}

bool date_time_cmp(struct date_time a, struct date_time b, const struct zones *zones, int *ret)
{
    assert(ret);
    int64_t at, bt;
    if (!instants(a, b, zones, &at, &bt))
        return false;
    *ret = at == bt ? sign_of(a.time.nano, b.time.nano) : sign_of(at, bt);
    return true;
}

/* Seconds of the two that compare. Times of one named zone compare by the clock, since both lie on one day; of two
 * zones by the offsets of 1970-01-01, since a time has no day that would say which. */
static bool time_seconds(struct day_time a, struct day_time b, const struct zones *zones, int64_t *at, int64_t *bt)
{
    int32_t a_offset = 0, b_offset = 0;
    if (!zones_compare(a.zone, b.zone))
        return false;
    if (!same_named_zone(a.zone, b.zone)
        && (!zone_offset_at(zones, a.zone, 0, true, &a_offset) || !zone_offset_at(zones, b.zone, 0, true, &b_offset)))
        return false;
    *at = second_of_day(a) - a_offset;
    *bt = second_of_day(b) - b_offset;
    return true;
}

bool time_of_day_cmp(struct day_time a, struct day_time b, const struct zones *zones, int *ret)
{
    assert(ret);
    int64_t at, bt;
    if (!time_seconds(a, b, zones, &at, &bt))
        return false;
    *ret = at == bt ? sign_of(a.nano, b.nano) : sign_of(at, bt);
    return true;
}

bool date_add_months(struct date d, int64_t months, struct date *ret)
{
    assert(ret);
    int64_t month;
    if (__builtin_add_overflow((int64_t)d.year * 12 + d.month - 1, months, &month))
        return false;
    int64_t year = floor_div(month, 12);
    int of_year = (int)(month - year * 12) + 1;
    if (year < -YEAR_MAX || year > YEAR_MAX)
        return false;
    int last = civil_month_days(year, of_year);
    *ret = (struct date){ (int32_t)year, (uint8_t)of_year, d.day < last ? d.day : (uint8_t)last };
    return true;
}

bool date_time_add_months(struct date_time t, int64_t months, struct date_time *ret)
{
    assert(ret);
    if (!date_add_months(t.date, months, &t.date))
        return false;
    *ret = t;
    return true;
}

/* Seconds and nanoseconds as they come, of both signs, to nanoseconds in [0, 10^9). */
static bool carry(int64_t seconds, int64_t nanos, int64_t *ret_s, int64_t *ret_nano)
{
    int64_t over = floor_div(nanos, NANOS);
    *ret_nano = nanos - over * NANOS;
    return !__builtin_add_overflow(seconds, over, ret_s);
}

bool date_time_add(struct date_time t, struct duration d, struct date_time *ret)
{
    assert(ret);
    int64_t second, nano;
    if (__builtin_add_overflow(wall_second(t), d.seconds, &second)
        || !carry(second, (int64_t)t.time.nano + d.nanos, &second, &nano))
        return false;
    int64_t day = floor_div(second, DAY_S);
    if (!date_of_days(day, &t.date))
        return false;
    set_clock(&t.time, second - day * DAY_S, nano);
    *ret = t;
    return true;
}

bool date_time_of_ms(int64_t ms, struct date_time *ret)
{
    const struct date_time epoch = { { 1970, 1, 1 }, { .zone = { .kind = ZONE_OFFSET } } };
    int64_t s = floor_div(ms, 1000);
    return date_time_add(epoch, (struct duration){ s, (int32_t)(ms - s * 1000) * 1000000 }, ret);
}

int32_t zones_offset_here(const struct zones *zones, int64_t ms)
{
    int32_t offset_s = 0;
    if (zones && zones->here.len && !zones->offset(zones->arg, zones->here, floor_div(ms, 1000), false, &offset_s))
        return 0;
    return offset_s;
}

int32_t zones_day(const struct zones *zones, int64_t ms)
{
    int64_t wall_ms;
    bool fits = !__builtin_add_overflow(ms, (int64_t)zones_offset_here(zones, ms) * 1000, &wall_ms);
    return time_day(fits ? wall_ms : ms);
}

struct day_time time_of_day_add(struct day_time t, struct duration d)
{
    int64_t second, nano;
    bool fits = carry(second_of_day(t) + d.seconds % DAY_S, (int64_t)t.nano + d.nanos, &second, &nano);
    assert(fits);
    set_clock(&t, second - floor_div(second, DAY_S) * DAY_S, nano);
    return t;
}

/* Of seconds and nanoseconds of any sign: both of the same. */
static struct duration duration_of(int64_t seconds, int64_t nanos)
{
    assert(nanos > -NANOS && nanos < NANOS);
    if (seconds > 0 && nanos < 0)
        return (struct duration){ seconds - 1, (int32_t)(nanos + NANOS) };
    if (seconds < 0 && nanos > 0)
        return (struct duration){ seconds + 1, (int32_t)(nanos - NANOS) };
    return (struct duration){ seconds, (int32_t)nanos };
}

bool date_time_sub(struct date_time a, struct date_time b, const struct zones *zones, struct duration *ret)
{
    assert(ret);
    int64_t at, bt;
    if (!instants(a, b, zones, &at, &bt))
        return false;
    *ret = duration_of(at - bt, (int64_t)a.time.nano - b.time.nano);
    return true;
}

bool time_of_day_sub(struct day_time a, struct day_time b, const struct zones *zones, struct duration *ret)
{
    assert(ret);
    int64_t at, bt;
    if (!time_seconds(a, b, zones, &at, &bt))
        return false;
    *ret = duration_of(at - bt, (int64_t)a.nano - b.nano);
    return true;
}

int64_t months_between(struct date from, struct date to)
{
    int64_t months = ((int64_t)to.year - from.year) * 12 + to.month - from.month;
    if (months > 0 && to.day < from.day)
        return months - 1;
    return months < 0 && to.day > from.day ? months + 1 : months;
}

bool duration_add(struct duration a, struct duration b, struct duration *ret)
{
    assert(ret);
    int64_t seconds, nanos = (int64_t)a.nanos + b.nanos;
    if (__builtin_add_overflow(a.seconds, b.seconds, &seconds)
        || __builtin_add_overflow(seconds, nanos / NANOS, &seconds))
        return false;
    *ret = duration_of(seconds, nanos % NANOS);
    return true;
}

struct duration duration_neg(struct duration d)
{
    return (struct duration){ d.seconds == INT64_MIN ? INT64_MAX : -d.seconds, -d.nanos };
}

int duration_cmp(struct duration a, struct duration b)
{
    return a.seconds == b.seconds ? sign_of(a.nanos, b.nanos) : sign_of(a.seconds, b.seconds);
}
