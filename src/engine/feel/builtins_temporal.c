/* Dates, times and durations: DMN 1.5 sections 10.3.4.1 and 10.3.4.6 to 10.3.4.8, tables 74, 79, 80, 82. */
#include "engine/feel/builtin_room.h"

#include <assert.h>

#define OFFSET_MAX_S (14 * 3600)

static struct value made_time(struct eval *e, struct day_time t)
{
    bool ok;
    struct value v = value_time(e->mem, t, &ok);
    return eval_made(e, v, ok);
}

static struct value made_date_time(struct eval *e, struct date_time t)
{
    bool ok;
    struct value v = value_date_time(e->mem, t, &ok);
    return eval_made(e, v, ok);
}

/* A number without a fraction: date(2017.5, 1, 1) is nothing. */
static bool exact_whole(struct value v, int64_t *ret)
{
    struct number n;
    return arg_number(v, &n) && number_is_integer(n) && number_to_i64(n, ret);
}

static struct value date_of_parts(struct eval *e, const struct value *args)
{
    int64_t year, month, day;
    if (!exact_whole(args[0], &year) || !exact_whole(args[1], &month) || !exact_whole(args[2], &day) ||
        !date_valid(year, month, day))
        return room_wrong(e, "date", "year, month and day of the calendar");
    return value_date((struct date){ (int32_t)year, (uint8_t)month, (uint8_t)day });
}

/* date(from) of a string or a date and time; date(year, month, day). */
static struct value call_date(struct eval *e, const struct value *args, size_t n)
{
    assert(n >= 1);
    struct slice text;
    struct date d;
    if (n == 3)
        return date_of_parts(e, args);
    if (n != 1)
        return room_wrong(e, "date", "one argument or three");
    if (arg_date(args[0], &d) || (arg_string(args[0], &text) && date_parse(text, &d)))
        return value_date(d);
    return room_wrong(e, "date", "the text of a date, or a date and time");
}

/* A zone of that distance from Greenwich; null: none. */
static bool zone_of(struct value v, struct zone *ret)
{
    v = arg_single(v);
    *ret = (struct zone){ .kind = ZONE_NONE };
    if (value_is_null(v))
        return true;
    if (v.kind != VALUE_DURATION || v.duration.nanos || v.duration.seconds > OFFSET_MAX_S ||
        v.duration.seconds < -OFFSET_MAX_S)
        return false;
    *ret = (struct zone){ .kind = ZONE_OFFSET, .offset_s = (int32_t)v.duration.seconds };
    return true;
}

/* Seconds may have a fraction, cut at the nanosecond. */
static bool seconds_of(struct value v, uint8_t *second, uint32_t *nano)
{
    struct number n, whole, rest;
    int64_t s, ns;
    if (!arg_number(v, &n) || !number_round(n, 0, ROUND_FLOOR, &whole) || !number_to_i64(whole, &s) || s < 0 || s > 59)
        return false;
    if (!number_sub(n, whole, &rest) || !number_mul(rest, number_of(1000000000), &rest) ||
        !number_round(rest, 0, ROUND_FLOOR, &rest) || !number_to_i64(rest, &ns))
        return false;
    assert(ns >= 0 && ns < 1000000000);
    *second = (uint8_t)s;
    *nano = (uint32_t)ns;
    return true;
}

static struct value time_of_parts(struct eval *e, const struct value *args, size_t n)
{
    int64_t hour, minute;
    struct day_time t = { 0 };
    bool fits = exact_whole(args[0], &hour) && hour >= 0 && hour <= 23 && exact_whole(args[1], &minute) &&
                minute >= 0 && minute <= 59 && seconds_of(args[2], &t.second, &t.nano) &&
                zone_of(n > 3 ? args[3] : value_null, &t.zone);
    if (!fits)
        return room_wrong(e, "time", "hour, minute, second of a day and an offset");
    t.hour = (uint8_t)hour;
    t.minute = (uint8_t)minute;
    return made_time(e, t);
}

/* time(from) of a string, a time, a date and time or a date, which is midnight UTC; time(hour, minute, second,
 * offset). */
static struct value call_time(struct eval *e, const struct value *args, size_t n)
{
    assert(n >= 1);
    struct day_time t;
    if (n >= 3)
        return time_of_parts(e, args, n);
    struct value v = arg_single(args[0]);
    if (n == 2)
        return room_wrong(e, "time", "one argument, three or four");
    switch (v.kind) {
    case VALUE_TIME:
        return v;
    case VALUE_DATE_TIME:
        return made_time(e, v.date_time->time);
    case VALUE_DATE:
        return made_time(e, (struct day_time){ .zone = { .kind = ZONE_OFFSET } });
    case VALUE_STRING:
        if (time_of_day_parse(v.string, e->zones, &t))
            return made_time(e, t);
        break;
    default:
        break;
    }
    return room_wrong(e, "time", "the text of a time, a date and time or a date");
}

/* date and time(from), date and time(date, time). */
static struct value call_date_and_time(struct eval *e, const struct value *args, size_t n)
{
    assert(n >= 1);
    struct date_time t;
    struct value v = arg_single(args[0]);
    if (n == 1) {
        if (v.kind == VALUE_DATE_TIME)
            return v;
        if (v.kind == VALUE_STRING && date_time_parse(v.string, e->zones, &t))
            return made_date_time(e, t);
        return room_wrong(e, "date and time", "the text of a date and time");
    }
    struct value time = arg_single(args[1]);
    if (!arg_date(v, &t.date) || time.kind != VALUE_TIME)
        return room_wrong(e, "date and time", "a date and a time");
    t.time = *time.time;
    return made_date_time(e, t);
}

static struct value call_duration(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct duration d;
    int64_t months;
    struct value v = arg_single(args[0]);
    if (v.kind == VALUE_DURATION || v.kind == VALUE_MONTHS)
        return v;
    if (v.kind == VALUE_STRING && duration_parse(v.string, &d))
        return value_duration(d);
    if (v.kind == VALUE_STRING && months_parse(v.string, &months))
        return value_months(months);
    return room_wrong(e, "duration", "the text of a duration");
}

/* By the days alone: the times of day do not count. */
static struct value call_months(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct date from, to;
    if (!arg_date(args[0], &from) || !arg_date(args[1], &to))
        return room_wrong(e, "years and months duration", "two dates");
    return value_months(months_between(from, to));
}

static struct value call_day_of_year(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct date d;
    return arg_date(args[0], &d) ? value_number(number_of(date_day_of_year(d)))
                                 : room_wrong(e, "day of year", "a date");
}

static struct value call_week_of_year(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct date d;
    return arg_date(args[0], &d) ? value_number(number_of(date_week_of_year(d)))
                                 : room_wrong(e, "week of year", "a date");
}

static struct value call_day_of_week(struct eval *e, const struct value *args, size_t n)
{
    static const char *const days[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };
    assert(n == 1);
    struct date d;
    if (!arg_date(args[0], &d))
        return room_wrong(e, "day of week", "a date");
    int day = date_weekday(d);
    assert(day >= 1 && day <= 7);
    return value_string(slice_of(days[day - 1]));
}

static struct value call_month_of_year(struct eval *e, const struct value *args, size_t n)
{
    static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August",
                                          "September", "October", "November", "December" };
    assert(n == 1);
    struct date d;
    if (!arg_date(args[0], &d))
        return room_wrong(e, "month of year", "a date");
    assert(d.month >= 1 && d.month <= 12);
    return value_string(slice_of(months[d.month - 1]));
}

/* The clock was read when the evaluation began: it is the same throughout. Its wall clock is of the zone that is here. */
static bool wall_clock(const struct eval *e, struct date_time *ret)
{
    int32_t offset_s = zones_offset_here(e->zones, e->now_ms);
    int64_t wall_ms;
    if (__builtin_add_overflow(e->now_ms, (int64_t)offset_s * 1000, &wall_ms) || !date_time_of_ms(wall_ms, ret))
        return false;
    ret->time.zone.offset_s = offset_s;
    return true;
}

static struct value call_now(struct eval *e, const struct value *args, size_t n)
{
    (void)args;
    assert(n == 0);
    struct date_time t;
    if (!wall_clock(e, &t))
        return eval_null(e, 0, "now(): the clock is outside of the calendar");
    return made_date_time(e, t);
}

static struct value call_today(struct eval *e, const struct value *args, size_t n)
{
    (void)args;
    assert(n == 0);
    struct date_time t;
    return wall_clock(e, &t) ? value_date(t.date) : eval_null(e, 0, "today(): the clock is outside of the calendar");
}

static struct value call_is(struct eval *e, const struct value *args, size_t n)
{
    (void)e;
    assert(n == 2);
    return value_boolean(value_same(args[0], args[1]));
}

const struct builtin builtins_temporal[] = {
    { "date", { "from", "year,month,day" }, 1, 3, call_date },
    { "date and time", { "from", "date,time" }, 1, 2, call_date_and_time },
    { "day of week", { "date" }, 1, 1, call_day_of_week },
    { "day of year", { "date" }, 1, 1, call_day_of_year },
    { "duration", { "from" }, 1, 1, call_duration },
    { "is", { "value1,value2" }, 2, 2, call_is },
    { "month of year", { "date" }, 1, 1, call_month_of_year },
    { "now", { "" }, 0, 0, call_now },
    { "time", { "from", "hour,minute,second,offset?" }, 1, 4, call_time },
    { "today", { "" }, 0, 0, call_today },
    { "week of year", { "date" }, 1, 1, call_week_of_year },
    { "years and months duration", { "from,to" }, 2, 2, call_months },
    { NULL, { NULL }, 0, 0, NULL },
};
