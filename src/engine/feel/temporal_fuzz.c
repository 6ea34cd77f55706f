/* What a parser accepts prints as a text that reads as the same value; calendar and arithmetic keep their promises for
 * any two values. The input is two texts with a blank between. */
#include <stdlib.h>

#include "base/civil.h"
#include "engine/feel/temporal.h"

/* The largest that is read; sums may be larger, and print as texts that are not. */
#define AGAIN_S (INT64_MAX / 100000 / 2 * 86400)
#define AGAIN_MONTHS (INT64_MAX / 100000 * 12)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* One hour more in the second half of each year. */
static bool fake_offset(void *arg, struct slice name, int64_t second, bool local, int32_t *ret)
{
    struct date d;
    (void)arg;
    (void)local;
    if (!slice_is(name, "Europe/Paris") && !slice_is(name, "Etc/UTC"))
        return false;
    *ret = 0;
    if (slice_is(name, "Europe/Paris"))
        *ret = date_of_days(second / 86400, &d) && d.month > 6 ? 7200 : 3600;
    return true;
}
static const struct zones zones = { fake_offset, NULL };

static bool same_clock(struct day_time a, struct day_time b)
{
    return a.hour == b.hour && a.minute == b.minute && a.second == b.second && a.nano == b.nano
           && a.zone.kind == b.zone.kind && a.zone.offset_s == b.zone.offset_s && slice_eq(a.zone.name, b.zone.name);
}

static void check_clock(struct day_time t)
{
    expect(t.hour < 24 && t.minute < 60 && t.second < 60 && t.nano < 1000000000);
    expect(t.zone.offset_s >= -14 * 3600 && t.zone.offset_s <= 14 * 3600);
    expect(t.zone.kind == ZONE_OFFSET || t.zone.offset_s == 0);
}

static void check_date(struct date d)
{
    char out[TEMPORAL_TEXT];
    struct date again;
    expect(date_valid(d.year, d.month, d.day));
    expect(date_parse(date_print(d, out), &again) && date_cmp(d, again) == 0);
    expect(date_of_days(date_days(d), &again) && date_cmp(d, again) == 0 && d.year == again.year && d.day == again.day);
    int weekday = date_weekday(d), of_year = date_day_of_year(d), week = date_week_of_year(d);
    expect(weekday >= 1 && weekday <= 7 && of_year >= 1 && of_year <= 366 && week >= 1 && week <= 53);
    if (date_of_days(date_days(d) + 1, &again)) {
        expect(date_weekday(again) == weekday % 7 + 1 && date_cmp(d, again) < 0);
        expect(weekday == 7 || date_week_of_year(again) == week);
        expect(date_day_of_year(again) == (again.year == d.year ? of_year + 1 : 1));
    }
}

static void check_time(struct day_time t)
{
    char out[TEMPORAL_TEXT];
    struct day_time again;
    int32_t offset_s;
    check_clock(t);
    expect(time_of_day_parse(time_of_day_print(t, out), &zones, &again) && same_clock(t, again));
    expect(time_offset(t, &offset_s) == (t.zone.kind != ZONE_NAMED));
}

static void check_date_time(struct date_time t)
{
    char out[TEMPORAL_TEXT];
    struct date_time again;
    int64_t at;
    check_clock(t.time);
    check_date(t.date);
    expect(date_time_parse(date_time_print(t, out), &zones, &again));
    expect(date_cmp(t.date, again.date) == 0 && same_clock(t.time, again.time));
    expect(date_time_instant(t, &zones, &at) && at - date_days(t.date) * 86400 <= 2 * 86400);
}

static void check_duration(struct duration d)
{
    char out[TEMPORAL_TEXT];
    struct duration again, sum;
    struct slice text = duration_print(d, out);
    expect(d.nanos > -1000000000 && d.nanos < 1000000000);
    expect((d.seconds <= 0 || d.nanos >= 0) && (d.seconds >= 0 || d.nanos <= 0));
    bool near = d.seconds >= -AGAIN_S && d.seconds <= AGAIN_S, reads = duration_parse(text, &again);
    expect(reads || !near);
    expect(!reads || duration_cmp(d, again) == 0);
    expect(duration_add(d, duration_neg(d), &sum) && sum.seconds == 0 && sum.nanos == 0);
}

static void check_months(int64_t months)
{
    char out[TEMPORAL_TEXT];
    int64_t again;
    bool near = months >= -AGAIN_MONTHS && months <= AGAIN_MONTHS;
    bool reads = months_parse(months_print(months, out), &again);
    expect(reads || !near);
    expect(!reads || again == months);
}

/* Adding months forgets days only where a month is too short; what months_between counts does not lead past `to`. */
static void check_dates(struct date a, struct date b)
{
    struct date there;
    int64_t months = months_between(a, b);
    expect(date_cmp(a, b) == -date_cmp(b, a) && months_between(a, a) == 0);
    expect(date_add_months(a, months, &there) && date_valid(there.year, there.month, there.day));
    expect(there.day == a.day || there.day == civil_month_days(there.year, there.month));
    expect(months == 0 || (months > 0 ? date_cmp(there, b) <= 0 : date_cmp(there, b) >= 0));
}

static void check_date_times(struct date_time a, struct date_time b)
{
    int order, back;
    struct duration d;
    struct date_time there;
    bool compare = date_time_cmp(a, b, &zones, &order);
    expect(compare == ((a.time.zone.kind == ZONE_NONE) == (b.time.zone.kind == ZONE_NONE)));
    expect(date_time_sub(a, b, &zones, &d) == compare);
    if (!compare)
        return;
    check_duration(d);
    expect(date_time_cmp(b, a, &zones, &back) && order == -back);
    expect(order == duration_cmp(d, (struct duration){ 0, 0 }));
    if (a.time.zone.kind != ZONE_NAMED && b.time.zone.kind != ZONE_NAMED && date_time_add(b, d, &there)) {
        check_date_time(there);
        expect(date_time_cmp(there, a, &zones, &order) && order == 0);
    }
}

static void check_times(struct day_time a, struct day_time b)
{
    int order, back;
    struct duration d;
    bool compare = time_of_day_cmp(a, b, &zones, &order);
    expect(compare == ((a.zone.kind == ZONE_NONE) == (b.zone.kind == ZONE_NONE)));
    expect(time_of_day_sub(a, b, &zones, &d) == compare);
    if (!compare)
        return;
    check_duration(d);
    expect(time_of_day_cmp(b, a, &zones, &back) && order == -back);
    expect(order == duration_cmp(d, (struct duration){ 0, 0 }));
}

/* A moved time stays one; the clock comes back by the same way. */
static void check_moves(struct date_time t, struct duration d)
{
    struct date_time there, back;
    struct day_time clock = time_of_day_add(t.time, d);
    check_time(clock);
    expect(same_clock(time_of_day_add(clock, duration_neg(d)), t.time));
    if (!date_time_add(t, d, &there))
        return;
    check_date_time(there);
    expect(same_clock(there.time, clock));
    expect(date_time_add(there, duration_neg(d), &back));
    expect(date_cmp(back.date, t.date) == 0 && same_clock(back.time, t.time));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = { (const char *)data, size };
    struct slice left = slice_cut(&rest, ' ');
    struct date_time at, at2;
    struct day_time clock, clock2;
    struct duration d, d2, sum;
    struct date_time moved;
    int64_t months;
    if (date_parse(left, &at.date))
        check_date(at.date);
    if (duration_parse(left, &d)) {
        check_duration(d);
        if (duration_parse(rest, &d2) && duration_add(d, d2, &sum))
            check_duration(sum);
    }
    if (months_parse(left, &months))
        check_months(months);
    if (time_of_day_parse(left, &zones, &clock)) {
        check_time(clock);
        if (time_of_day_parse(rest, &zones, &clock2))
            check_times(clock, clock2);
    }
    if (!date_time_parse(left, &zones, &at))
        return 0;
    check_date_time(at);
    if (date_time_parse(rest, &zones, &at2)) {
        check_dates(at.date, at2.date);
        check_date_times(at, at2);
    }
    if (duration_parse(rest, &d))
        check_moves(at, d);
    if (months_parse(rest, &months) && date_time_add_months(at, months, &moved))
        check_date_time(moved);
    return 0;
}
