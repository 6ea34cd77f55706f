/* The arguments of a condition's functions: what is called, with what, and the question about events that it makes. */
#include <stdio.h>

#include "engine/feel/names.h"
#include "insight/condition_room.h"
#include "memory/permissions.h"
#include "text/time.h"

static const struct slice param_names[PARAMS] = {
    [PARAM_EVENT] = { "event", 5 },   [PARAM_PROPERTY] = { "property", 8 }, [PARAM_WITHIN] = { "within", 6 },
    [PARAM_WHERE] = { "where", 5 },   [PARAM_STEPS] = { "steps", 5 },       [PARAM_GAP] = { "gap", 3 },
    [PARAM_WITHOUT] = { "without", 7 }, [PARAM_AUDIENCE] = { "name", 4 },
    [PARAM_KIND] = { "kind", 4 },          [PARAM_TRAIT] = { "trait", 5 },
    [PARAM_CHANNEL] = { "channel", 7 },    [PARAM_TOPIC] = { "topic", 5 },
};
enum { FUNCTIONS = 13 };
static const struct slice function_names[FUNCTIONS] = {
    { "event count", 11 }, { "event sum", 9 },    { "event mean", 10 }, { "event min", 9 },       { "event max", 9 },
    { "event distinct", 14 }, { "first event", 11 }, { "last event", 10 }, { "event sequence", 14 }, { "audience", 8 },
    { "related", 7 },     { "declared", 8 },        { "permission", 10 },
};
#define OF_PROPERTY { PARAM_EVENT, PARAM_PROPERTY, PARAM_WITHIN, PARAM_WHERE }
#define OF_EVENT { PARAM_EVENT, PARAM_WITHIN, PARAM_WHERE }
#define PROPERTY_SHAPE "event, property, within, where"
#define EVENT_SHAPE "event, within, where"
static const struct function functions[FUNCTIONS] = {
    { ABOUT_EVENTS, EVENT_COUNT, OF_EVENT, 1, EVENT_SHAPE },
    { ABOUT_EVENTS, EVENT_SUM, OF_PROPERTY, 2, PROPERTY_SHAPE },
    { ABOUT_EVENTS, EVENT_MEAN, OF_PROPERTY, 2, PROPERTY_SHAPE },
    { ABOUT_EVENTS, EVENT_MIN, OF_PROPERTY, 2, PROPERTY_SHAPE },
    { ABOUT_EVENTS, EVENT_MAX, OF_PROPERTY, 2, PROPERTY_SHAPE },
    { ABOUT_EVENTS, EVENT_DISTINCT, OF_PROPERTY, 2, PROPERTY_SHAPE },
    { ABOUT_EVENTS, EVENT_FIRST, OF_EVENT, 1, EVENT_SHAPE },
    { ABOUT_EVENTS, EVENT_LAST, OF_EVENT, 1, EVENT_SHAPE },
    { ABOUT_EVENTS, EVENT_SEQUENCE, { PARAM_STEPS, PARAM_GAP, PARAM_WITHOUT, PARAM_WITHIN }, 1,
      "steps, gap, without, within" },
    { ABOUT_AUDIENCE, .params = { PARAM_AUDIENCE }, .required = 1, .shape = "name" },
    { ABOUT_RELATED, .params = { PARAM_KIND, PARAM_WHERE }, .required = 2, .shape = "kind, where" },
    { ABOUT_DECLARED, .params = { PARAM_TRAIT }, .required = 1, .shape = "trait" },
    { ABOUT_PERMISSION, EVENT_HELD, { PARAM_CHANNEL, PARAM_TOPIC }, 1, "channel, topic" },
};

const struct slice *condition_functions(size_t *n)
{
    *n = FUNCTIONS;
    return function_names;
}

const struct function *call_function(const struct node *node)
{
    if (node->kind != NODE_CALL || node->kid[0]->kind != NODE_NAME)
        return NULL;
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (slice_eq(node->kid[0]->name, function_names[i]))
            return &functions[i];
    return NULL;
}

/* ---- a call's arguments ---- */
enum err_code call_is_wrong(const struct making *m, const struct arguments *a)
{
    char text[160];
    if (a->function->about == ABOUT_AUDIENCE)
        return condition_flaw(m, a->call->at, "audience() takes the audience's name, a text");
    snprintf(text, sizeof text, "%.*s() takes these, in this order or by their names: %s",
             SLICE_ARG(a->call->kid[0]->name), a->function->shape);
    return condition_flaw(m, a->call->at, text);
}

/* Properties may be called as a function of FEEL is: "product", "count". */
static bool names_something(const struct node *node)
{
    if (node->kind == NODE_NAME)
        return true;
    for (uint32_t i = node->kind == NODE_CALL && node->kid[0]->kind == NODE_NAME; i < node->n; i++)
        if (names_something(node->kid[i]))
            return true;
    return false;
}

/* The parameter that stands there; a window, which names nothing, may be left out. */
static enum param param_at(const struct function *f, size_t *at, const struct node *arg)
{
    if (*at < PARAMS_MAX - 1 && f->params[*at] == PARAM_WITHIN && f->params[*at + 1] == PARAM_WHERE && names_something(arg))
        ++*at;
    return *at < PARAMS_MAX ? f->params[(*at)++] : PARAM_NONE;
}

static enum param param_named(const struct function *f, struct slice name)
{
    for (size_t i = 0; i < PARAMS_MAX; i++)
        if (f->params[i] && slice_eq(param_names[f->params[i]], name))
            return f->params[i];
    return PARAM_NONE;
}

enum err_code call_bind(const struct making *m, struct arguments *a)
{
    size_t at = 0;
    for (uint32_t i = 1; i < a->call->n; i++) {
        const struct node *arg = a->call->kid[i];
        enum param param = a->call->named ? param_named(a->function, a->call->binding[i - 1].name)
                           : param_at(a->function, &at, arg);
        if (param == PARAM_NONE || a->of[param])
            return call_is_wrong(m, a);
        a->of[param] = arg;
    }
    for (size_t i = 0; i < a->function->required; i++)
        if (!a->of[a->function->params[i]])
            return call_is_wrong(m, a);
    return ERR_OK;
}

/* ---- what they say ---- */
static bool constant(struct making *m, const struct node *node, struct value *ret)
{
    struct eval eval;
    struct err err;
    eval_init(&eval, m->mem, m->world->zones, m->world->now_ms, &err);
    return feel_eval(&eval, node, NULL, ret) == ERR_OK;
}

int32_t condition_today(const struct making *m)
{
    return zones_day(m->world->zones, m->world->now_ms);
}

/* false: it is no duration that windows have. */
static bool window_begin(const struct making *m, struct value v, int32_t *ret)
{
    struct date day, begin;
    if (v.kind == VALUE_DURATION && v.duration.seconds >= 0 && v.duration.seconds / 86400 < 1000000) {
        *ret = condition_today(m) - (int32_t)(v.duration.seconds / 86400) + 1;
        return true;
    }
    if (v.kind != VALUE_MONTHS || v.months < 0 || v.months > 12000 || !date_of_days(condition_today(m), &day)
        || !date_add_months(day, -v.months, &begin))
        return false;
    *ret = (int32_t)date_days(begin) + 1;
    return true;
}

/* false: no range of days. Ends that are open leave their day out. */
static bool window_range(struct value v, struct window *ret)
{
    const struct value_range *r = v.kind == VALUE_RANGE ? v.range : NULL;
    if (!r || (!r->low_unbounded && r->low.kind != VALUE_DATE) || (!r->high_unbounded && r->high.kind != VALUE_DATE))
        return false;
    if (!r->low_unbounded)
        ret->from = (int32_t)date_days(r->low.date) + !r->low_closed;
    if (!r->high_unbounded)
        ret->to = (int32_t)date_days(r->high.date) - !r->high_closed;
    ret->ranged = true;
    return true;
}

enum err_code call_window(struct making *m, const struct arguments *a, struct window *ret)
{
    const struct node *node = a->of[PARAM_WITHIN];
    struct value v;
    *ret = (struct window){ .from = INT32_MIN, .to = condition_today(m) };
    if (!node)
        return ERR_OK;
    if (!constant(m, node, &v))
        return condition_no_memory(m->e);
    if (window_begin(m, v, &ret->from) || window_range(v, ret))
        return ERR_OK;
    return condition_flaw(m, node->at, "a window is a duration, such as @\"P90D\" or @\"P3M\", or a range of days, such as "
                          "[@\"2026-01-01\"..@\"2026-03-31\"]");
}

/* The first moment of a day. Zones are at most a day and a half from Greenwich. */
static int64_t day_begin_ms(const struct making *m, int32_t day)
{
    int64_t low = (day - INT64_C(2)) * DAY_MS, high = (day + INT64_C(2)) * DAY_MS;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (zones_day(m->world->zones, middle) < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void set_window(const struct making *m, struct window w, struct event_question *q)
{
    q->from_ms = w.from == INT32_MIN ? INT64_MIN : day_begin_ms(m, w.from);
    q->until_ms = w.to == INT32_MAX ? INT64_MAX : day_begin_ms(m, w.to + 1);
}

bool call_text(struct making *m, const struct node *node, struct slice *ret)
{
    struct value v;
    if (!constant(m, node, &v) || v.kind != VALUE_STRING)
        return false;
    *ret = v.string;
    return true;
}

/* One text, or a list of them. */
static enum err_code read_events(struct making *m, const struct node *node, struct slice ret[EVENT_STEPS_MAX], size_t *n)
{
    struct value v;
    bool ok = constant(m, node, &v);
    size_t count = ok && v.kind == VALUE_LIST ? v.list->n : 1;
    for (*n = 0; ok && *n < count && count <= EVENT_STEPS_MAX; ++*n) {
        struct value item = v.kind == VALUE_LIST ? v.list->item[*n] : v;
        ok = item.kind == VALUE_STRING;
        ret[*n] = ok ? item.string : (struct slice){ NULL, 0 };
    }
    return ok && *n && count <= EVENT_STEPS_MAX ? ERR_OK
           : condition_flaw(m, node->at, "a list of one to eight names of events is expected, such as [\"Product Added\"]");
}

static enum err_code read_sequence(struct making *m, const struct arguments *a, struct event_question *q)
{
    const struct node *gap = a->of[PARAM_GAP];
    struct value v;
    TRY(read_events(m, a->of[PARAM_STEPS], q->event, &q->n_events));
    if (a->of[PARAM_WITHOUT])
        TRY(read_events(m, a->of[PARAM_WITHOUT], q->without, &q->n_without));
    q->gap_ms = INT64_MAX;
    if (gap && (!constant(m, gap, &v) || v.kind != VALUE_DURATION || v.duration.seconds < 0
                || v.duration.seconds > INT64_C(100000) * 86400))
        return condition_flaw(m, gap->at, "a gap is a duration of days and hours, such as @\"P3D\" or @\"PT12H\"");
    if (gap)
        q->gap_ms = v.duration.seconds * 1000;
    if (q->n_events > 1)
        return ERR_OK;
    if (!gap || !q->n_without)
        return condition_flaw(m, a->call->at, "a sequence has two steps or more; of one step it says what did not follow: "
                              "gap and without");
    /* Whole days are over when a day begins; hours with each moment. */
    q->by_ms = q->gap_ms % DAY_MS == 0 ? day_begin_ms(m, condition_today(m)) : m->world->now_ms;
    m->condition->by_moment = m->condition->by_moment || q->gap_ms % DAY_MS != 0;
    return ERR_OK;
}

/* Names of an event's properties that can be asked about, in mem; in the order of first sight. */
static enum err_code property_names(struct making *m, struct slice event, struct slice **ret, size_t *n)
{
    struct population_property property;
    size_t all = 0;
    while (population_property(m->world->population, event, all, &property))
        all++;
    *ret = arena_array(m->mem, struct slice, all + 1);
    *n = 0;
    for (size_t i = 0; *ret && population_property(m->world->population, event, i, &property); i++)
        if (!property.dropped)
            (*ret)[(*n)++] = property.column.name;
    return *ret ? ERR_OK : condition_no_memory(m->e);
}

/* One that was dropped and that the tree speaks of. */
static bool speaks_of_dropped(const struct making *m, struct slice event, const struct node *node, struct slice *ret)
{
    struct population_property property;
    for (size_t i = 0; population_property(m->world->population, event, i, &property); i++) {
        *ret = property.column.name;
        if (property.dropped && feel_speaks_of(node, *ret))
            return true;
    }
    return false;
}

static enum err_code dropped_property(const struct making *m, size_t at, struct slice event, struct slice name)
{
    char text[160];
    snprintf(text, sizeof text, "'%.*s' of '%.*s' has too many different values to be asked about",
             SLICE_ARG(slice_utf8_cut(name, 40)), SLICE_ARG(slice_utf8_cut(event, 40)));
    return condition_flaw(m, at, text);
}

static enum err_code unknown_property(const struct making *m, size_t at, struct slice event, struct slice name,
                                      const struct slice *names, size_t n)
{
    struct slice near = feel_near_name(name, names, n);
    char text[200];
    snprintf(text, sizeof text, "'%.*s' has no property '%.*s'%s%.*s%s", SLICE_ARG(slice_utf8_cut(event, 40)),
             SLICE_ARG(slice_utf8_cut(name, 40)), near.len ? "; '" : "", SLICE_ARG(slice_utf8_cut(near, 40)),
             near.len ? "' is one" : "");
    return condition_flaw(m, at, text);
}

static bool ever_came(const struct making *m, struct slice event)
{
    struct population_property property;
    return population_property(m->world->population, event, 0, &property);
}

static bool is_among(struct slice name, const struct slice *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq(names[i], name))
            return true;
    return false;
}

static enum err_code read_property(struct making *m, const struct arguments *a, struct event_question *q)
{
    const struct node *node = a->of[PARAM_PROPERTY];
    struct slice *names;
    size_t n;
    if (node->kind == NODE_NAME)
        q->property = node->name;
    else if (!call_text(m, node, &q->property))
        return condition_flaw(m, node->at, "the name of one of the event's properties is expected");
    TRY(property_names(m, q->event[0], &names, &n));
    if (!ever_came(m, q->event[0]) || is_among(q->property, names, n))
        return ERR_OK;
    const struct node named = { .kind = NODE_NAME, .name = q->property };
    struct slice dropped;
    if (speaks_of_dropped(m, q->event[0], &named, &dropped))
        return dropped_property(m, node->at, q->event[0], dropped);
    return unknown_property(m, node->at, q->event[0], q->property, names, n);
}

static enum err_code read_where(struct making *m, const struct arguments *a, struct event_question *q)
{
    const struct node *node = a->of[PARAM_WHERE];
    struct slice *names;
    size_t n;
    if (!node)
        return ERR_OK;
    q->where = condition_printed(m, node);
    if (!q->where.at)
        return condition_no_memory(m->e);
    TRY(property_names(m, q->event[0], &names, &n));
    struct slice dropped;
    if (speaks_of_dropped(m, q->event[0], node, &dropped))
        return dropped_property(m, node->at, q->event[0], dropped);
    const struct node *unknown = ever_came(m, q->event[0]) ? feel_unknown_name(node, names, n) : NULL;
    return unknown ? unknown_property(m, unknown->at, q->event[0], unknown->name, names, n) : ERR_OK;
}

enum err_code call_question(struct making *m, const struct arguments *a, struct window w, struct event_question *q)
{
    set_window(m, w, q);
    if (q->measure == EVENT_SEQUENCE)
        return read_sequence(m, a, q);
    if (a->of[PARAM_PROPERTY])
        TRY(read_property(m, a, q));
    return read_where(m, a, q);
}

/* What was said of the topic and of the whole channel: which of it was last tells. */
enum err_code call_permission(struct making *m, const struct arguments *a, struct event_question *q)
{
    const struct node *channel = a->of[PARAM_CHANNEL], *topic = a->of[PARAM_TOPIC];
    struct slice name, about = { NULL, 0 };
    enum channel known;
    if (!call_text(m, channel, &name) || !channel_parse(name, &known))
        return condition_flaw(m, channel->at, "a channel is expected: " CHANNEL_NAMES);
    if (topic && (!call_text(m, topic, &about) || !about.len))
        return condition_flaw(m, topic->at, "the name of a topic, a text, is expected");
    struct buf where = buf_make(0);
    buf_printf(&where, "channel = \"%s\" and (topic = null", channel_name(known));
    if (topic) {
        buf_adds(&where, " or topic = ");
        value_literal(value_string(about), &where);
    }
    buf_addc(&where, ')');
    q->event[0] = EVENT_PERMISSION;
    q->n_events = 1;
    q->property = SLICE("given");
    q->from_ms = INT64_MIN;
    q->until_ms = INT64_MAX;
    q->where = where.failed ? (struct slice){ NULL, 0 } : arena_copy(m->mem, buf_slice(&where));
    buf_drop(&where);
    return q->where.at ? ERR_OK : condition_no_memory(m->e);
}
