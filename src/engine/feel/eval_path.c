/* Members and properties (DMN 1.5 section 10.3.2.5, tables 61 to 66), filters. */
#include "engine/feel/eval_room.h"

#include <assert.h>

static bool is_number(int64_t n, struct value *ret)
{
    *ret = value_number(number_of(n));
    return true;
}

static bool date_property(struct date d, struct slice name, struct value *ret)
{
    if (slice_is(name, "year"))
        return is_number(d.year, ret);
    if (slice_is(name, "month"))
        return is_number(d.month, ret);
    if (slice_is(name, "day"))
        return is_number(d.day, ret);
    return slice_is(name, "weekday") && is_number(date_weekday(d), ret);
}

/* East of Greenwich; false: no zone, or a named one without the day that would tell. */
static bool offset_of(const struct eval *e, struct value v, int32_t *ret)
{
    struct zone zone = v.kind == VALUE_TIME ? v.time->zone : v.date_time->time.zone;
    int64_t utc_s, wall_s;
    if (zone.kind == ZONE_OFFSET)
        *ret = zone.offset_s;
    if (zone.kind != ZONE_NAMED)
        return zone.kind == ZONE_OFFSET;
    if (v.kind == VALUE_TIME)
        return time_offset(*v.time, ret);
    struct date_time wall = *v.date_time;
    wall.time.zone = (struct zone){ .kind = ZONE_NONE };
    if (!date_time_instant(*v.date_time, e->zones, &utc_s) || !date_time_instant(wall, e->zones, &wall_s))
        return false;
    *ret = (int32_t)(wall_s - utc_s);
    return true;
}

/* Seconds are whole, as their equality is. */
static bool time_property(const struct eval *e, struct value v, struct slice name, struct value *ret)
{
    const struct day_time *t = v.kind == VALUE_TIME ? v.time : &v.date_time->time;
    int32_t offset_s;
    if (slice_is(name, "hour"))
        return is_number(t->hour, ret);
    if (slice_is(name, "minute"))
        return is_number(t->minute, ret);
    if (slice_is(name, "second"))
        return is_number(t->second, ret);
    *ret = value_null;
    if (slice_is(name, "time offset") && offset_of(e, v, &offset_s))
        *ret = value_duration((struct duration){ offset_s, 0 });
    if (slice_is(name, "timezone") && t->zone.kind == ZONE_NAMED)
        *ret = value_string(t->zone.name);
    return slice_is(name, "time offset") || slice_is(name, "timezone");
}

static bool months_property(int64_t months, struct slice name, struct value *ret)
{
    if (slice_is(name, "years"))
        return is_number(months / 12, ret);
    return slice_is(name, "months") && is_number(months % 12, ret);
}

static bool duration_property(struct duration d, struct slice name, struct value *ret)
{
    if (slice_is(name, "days"))
        return is_number(d.seconds / 86400, ret);
    if (slice_is(name, "hours"))
        return is_number(d.seconds / 3600 % 24, ret);
    if (slice_is(name, "minutes"))
        return is_number(d.seconds / 60 % 60, ret);
    return slice_is(name, "seconds") && is_number(d.seconds % 60, ret);
}

static bool range_property(const struct value_range *r, struct slice name, struct value *ret)
{
    if (slice_is(name, "start"))
        *ret = r->low;
    else if (slice_is(name, "end"))
        *ret = r->high;
    else if (slice_is(name, "start included"))
        *ret = value_boolean(r->low_closed);
    else if (slice_is(name, "end included"))
        *ret = value_boolean(r->high_closed);
    else
        return false;
    return true;
}

static bool context_property(const struct value_context *c, struct slice name, struct value *ret)
{
    const struct value *v = value_member(c, name);
    if (v)
        *ret = *v;
    return v != NULL;
}

static bool property(const struct eval *e, struct value v, struct slice name, struct value *ret)
{
    switch (v.kind) {
    case VALUE_CONTEXT: return context_property(v.context, name, ret);
    case VALUE_DATE: return date_property(v.date, name, ret);
    case VALUE_TIME: return time_property(e, v, name, ret);
    case VALUE_DATE_TIME: return date_property(v.date_time->date, name, ret) || time_property(e, v, name, ret);
    case VALUE_MONTHS: return months_property(v.months, name, ret);
    case VALUE_DURATION: return duration_property(v.duration, name, ret);
    case VALUE_RANGE: return range_property(v.range, name, ret);
    default: return false;
    }
}

/* The member of each item, null where one has none. */
static struct value path_of_list(struct eval *e, uint32_t at, const struct value_list *list, struct slice name)
{
    if (!eval_enter(e))
        return value_null;
    struct value *items = eval_spend(e, list->n) ? eval_values(e, list->n) : NULL;
    for (size_t i = 0; i < list->n && !e->failed; i++)
        items[i] = eval_path(e, at, list->item[i], name);
    eval_leave(e);
    return e->failed ? value_null : eval_list(e, items, list->n);
}

struct value eval_path(struct eval *e, uint32_t at, struct value v, struct slice name)
{
    struct value found;
    if (v.kind == VALUE_LIST)
        return path_of_list(e, at, v.list, name);
    if (property(e, v, name, &found))
        return found;
    return eval_null(e, at, "%s has no '%.*s'", eval_kind_name(v), SLICE_ARG(name));
}

static struct value item_at(struct eval *e, uint32_t at, struct value_list list, struct number position)
{
    int64_t i, n = (int64_t)list.n;
    if (!number_to_i64(position, &i))
        return eval_null(e, at, "a position in a list is a whole number");
    if (i >= 1 && i <= n)
        return list.item[i - 1];
    if (i <= -1 && i >= -n)
        return list.item[n + i];
    return eval_null(e, at, "the list has %zu items, and none at this position", list.n);
}

/* The item's own members come before `item`. */
static struct value test_item(struct eval *e, const struct node *test, struct value item, const struct feel_scope *scope)
{
    const struct value_entry entry = { SLICE("item"), item };
    const struct feel_scope outer = { .outer = scope, .n = 1, .entry = &entry };
    const struct feel_scope inner = { .outer = &outer, .context = item.kind == VALUE_CONTEXT ? item.context : NULL };
    return eval_node(e, test, &inner);
}

/* Whether a filter is a position or a condition shows when it is worked out, for the first item. */
static struct value filter(struct eval *e, const struct node *node, struct value_list list, const struct feel_scope *scope)
{
    const struct node *test = node->kid[1];
    struct value *kept = eval_values(e, list.n);
    size_t n = 0;
    bool is_test = list.n == 0;
    for (size_t i = 0; i < list.n && !e->failed; i++) {
        struct value v = test_item(e, test, list.item[i], scope);
        if (i == 0 && v.kind == VALUE_NUMBER)
            return item_at(e, node->at, list, v.number);
        is_test = v.kind == VALUE_BOOLEAN || v.kind == VALUE_NULL;
        if (!is_test)
            break;
        if (value_is_true(v))
            kept[n++] = list.item[i];
    }
    if (e->failed)
        return value_null;
    return is_test ? eval_list(e, kept, n) : eval_null(e, node->at, "a filter is a position or a condition");
}

struct value eval_filter(struct eval *e, const struct node *node, const struct feel_scope *scope)
{
    assert(node->n == 2);
    struct value v = eval_node(e, node->kid[0], scope);
    if (e->failed || value_is_null(v))
        return eval_null(e, node->at, "null has no items");
    if (v.kind != VALUE_LIST)
        return filter(e, node, (struct value_list){ 1, &v }, scope);
    if (v.list->n > 0)
        return filter(e, node, *v.list, scope);
    /* [][1] is null, [][item > 1] is empty. */
    struct value inside = test_item(e, node->kid[1], value_null, scope);
    return inside.kind == VALUE_NUMBER ? item_at(e, node->at, *v.list, inside.number) : eval_list(e, NULL, 0);
}
