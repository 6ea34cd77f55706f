/* What the functions of a condition mean: each call becomes a column of its own, counted for this condition alone or by the
 * frame. */
#include <stdio.h>

#include "engine/feel/names.h"
#include "insight/condition_room.h"
#include "text/time.h"

#define AUDIENCES_DEEP 8         // audiences in audiences
#define DAY_NEVER_FIRST INT32_MAX
#define DAY_NEVER_LAST INT32_MIN

/* ---- the functions ---- */
enum param { PARAM_NONE, PARAM_EVENT, PARAM_PROPERTY, PARAM_WITHIN, PARAM_WHERE, PARAM_STEPS, PARAM_GAP, PARAM_WITHOUT,
             PARAM_AUDIENCE, PARAM_KIND, PARAM_TRAIT, PARAMS };
static const struct slice param_names[PARAMS] = {
    [PARAM_EVENT] = { "event", 5 },   [PARAM_PROPERTY] = { "property", 8 }, [PARAM_WITHIN] = { "within", 6 },
    [PARAM_WHERE] = { "where", 5 },   [PARAM_STEPS] = { "steps", 5 },       [PARAM_GAP] = { "gap", 3 },
    [PARAM_WITHOUT] = { "without", 7 }, [PARAM_AUDIENCE] = { "name", 4 },
    [PARAM_KIND] = { "kind", 4 },          [PARAM_TRAIT] = { "trait", 5 },
};
#define PARAMS_MAX 4
enum { FUNCTIONS = 12 };
static const struct slice function_names[FUNCTIONS] = {
    { "event count", 11 }, { "event sum", 9 },    { "event mean", 10 }, { "event min", 9 },       { "event max", 9 },
    { "event distinct", 14 }, { "first event", 11 }, { "last event", 10 }, { "event sequence", 14 }, { "audience", 8 },
    { "related", 7 },     { "declared", 8 },
};
#define OF_PROPERTY { PARAM_EVENT, PARAM_PROPERTY, PARAM_WITHIN, PARAM_WHERE }
#define OF_EVENT { PARAM_EVENT, PARAM_WITHIN, PARAM_WHERE }
#define PROPERTY_SHAPE "event, property, within, where"
#define EVENT_SHAPE "event, within, where"
enum about { ABOUT_EVENTS, ABOUT_AUDIENCE, ABOUT_RELATED, ABOUT_DECLARED };
static const struct function {
    enum about about;
    enum event_measure measure;
    enum param params[PARAMS_MAX];
    size_t required;             // arguments, from the first on
    const char *shape;
} functions[FUNCTIONS] = {
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
};

const struct slice *condition_functions(size_t *n)
{
    *n = FUNCTIONS;
    return function_names;
}

static const struct function *function_of(const struct node *node)
{
    if (node->kind != NODE_CALL || node->kid[0]->kind != NODE_NAME)
        return NULL;
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (slice_eq(node->kid[0]->name, function_names[i]))
            return &functions[i];
    return NULL;
}

/* ---- a call's arguments ---- */
struct arguments {
    const struct function *function;
    const struct node *call;
    const struct node *of[PARAMS];
};

static enum err_code bad_arguments(const struct making *m, const struct arguments *a)
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

static enum err_code bind_arguments(const struct making *m, struct arguments *a)
{
    size_t at = 0;
    for (uint32_t i = 1; i < a->call->n; i++) {
        const struct node *arg = a->call->kid[i];
        enum param param = a->call->named ? param_named(a->function, a->call->binding[i - 1].name)
                           : param_at(a->function, &at, arg);
        if (param == PARAM_NONE || a->of[param])
            return bad_arguments(m, a);
        a->of[param] = arg;
    }
    for (size_t i = 0; i < a->function->required; i++)
        if (!a->of[a->function->params[i]])
            return bad_arguments(m, a);
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

static int32_t today(const struct making *m)
{
    return zones_day(m->world->zones, m->world->now_ms);
}

/* Days from and to, both included. */
struct window {
    int32_t from, to;
    bool given, ranged;
};

/* false: it is no duration that windows have. */
static bool window_begin(const struct making *m, struct value v, int32_t *ret)
{
    struct date day, begin;
    if (v.kind == VALUE_DURATION && v.duration.seconds >= 0 && v.duration.seconds / 86400 < 1000000) {
        *ret = today(m) - (int32_t)(v.duration.seconds / 86400) + 1;
        return true;
    }
    if (v.kind != VALUE_MONTHS || v.months < 0 || v.months > 12000 || !date_of_days(today(m), &day)
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

static enum err_code read_window(struct making *m, const struct arguments *a, struct window *ret)
{
    const struct node *node = a->of[PARAM_WITHIN];
    struct value v;
    *ret = (struct window){ .from = INT32_MIN, .to = today(m), .given = node != NULL };
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

static bool is_text(struct making *m, const struct node *node, struct slice *ret)
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
    q->by_ms = q->gap_ms % DAY_MS == 0 ? day_begin_ms(m, today(m)) : m->world->now_ms;
    m->condition->by_moment = m->condition->by_moment || q->gap_ms % DAY_MS != 0;
    return ERR_OK;
}

/* Names of an event's properties, in mem; *n 0: it never came. */
static enum err_code property_names(struct making *m, struct slice event, struct slice **ret, size_t *n)
{
    struct population_property property;
    for (*n = 0; population_property(m->world->population, event, *n, &property);)
        ++*n;
    *ret = arena_array(m->mem, struct slice, *n + 1);
    for (size_t i = 0; *ret && i < *n; i++)
        if (population_property(m->world->population, event, i, &property))
            (*ret)[i] = property.column.name;
    return *ret ? ERR_OK : condition_no_memory(m->e);
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
    char text[200];
    if (node->kind == NODE_NAME)
        q->property = node->name;
    else if (!is_text(m, node, &q->property))
        return condition_flaw(m, node->at, "the name of one of the event's properties is expected");
    TRY(property_names(m, q->event[0], &names, &n));
    if (!n || is_among(q->property, names, n))
        return ERR_OK;
    struct slice near = feel_near_name(q->property, names, n);
    snprintf(text, sizeof text, "'%.*s' has no property '%.*s'%s%.*s%s", SLICE_ARG(slice_utf8_cut(q->event[0], 40)),
             SLICE_ARG(slice_utf8_cut(q->property, 40)), near.len ? "; '" : "", SLICE_ARG(slice_utf8_cut(near, 40)),
             near.len ? "' is one" : "");
    return condition_flaw(m, node->at, text);
}

static enum err_code read_where(struct making *m, const struct arguments *a, struct event_question *q)
{
    const struct node *node = a->of[PARAM_WHERE];
    struct slice *names;
    size_t n;
    char text[160];
    if (!node)
        return ERR_OK;
    q->where = condition_printed(m, node);
    if (!q->where.at)
        return condition_no_memory(m->e);
    TRY(property_names(m, q->event[0], &names, &n));
    const struct node *unknown = n ? feel_unknown_name(node, names, n) : NULL;
    if (!unknown)
        return ERR_OK;
    feel_unknown_text(unknown, names, n, text, sizeof text);
    return condition_flaw(m, unknown->at, text);
}

static enum err_code read_question(struct making *m, const struct arguments *a, struct window w, struct event_question *q)
{
    set_window(m, w, q);
    if (q->measure == EVENT_SEQUENCE)
        return read_sequence(m, a, q);
    if (a->of[PARAM_PROPERTY])
        TRY(read_property(m, a, q));
    return read_where(m, a, q);
}

/* ---- columns of this condition alone ---- */
static const struct postings *find_event(const struct population *p, struct slice name)
{
    struct population_event event;
    for (size_t i = 0; population_event(p, i, &event); i++)
        if (slice_eq(event.name, name))
            return event.postings;
    return NULL;
}

static size_t rows_of(const struct making *m)
{
    return population_columns(m->world->population)->rows;
}

/* What was counted for a customer's other histories is the customer's. */
static void gather_counts(const struct making *m, uint16_t *times)
{
    size_t n;
    const struct population_leaf *leaf = population_leaves(m->world->population, &n);
    for (size_t i = 0; i < n; i++) {
        unsigned sum = (unsigned)times[leaf[i].root] + times[leaf[i].row];
        times[leaf[i].root] = sum > UINT16_MAX ? UINT16_MAX : (uint16_t)sum;
    }
}

/* Columns of two bytes are signed: 32,767 is the most that is counted. */
static enum err_code count_column(struct making *m, const struct postings *p, int32_t from, struct column *ret)
{
    uint16_t *times = arena_array(m->mem, uint16_t, COLUMN_WORDS(rows_of(m)) * 64);
    if (!times)
        return condition_no_memory(m->e);
    if (p)
        postings_count(p, from, today(m), times, rows_of(m));
    gather_counts(m, times);
    for (size_t i = 0; i < rows_of(m); i++)
        times[i] = times[i] > INT16_MAX ? INT16_MAX : times[i];
    *ret = (struct column){ .kind = COLUMN_NUMBER, .width = 2, .data = times };
    return ERR_OK;
}

static void gather_days(const struct making *m, int32_t *day, bool first)
{
    size_t n;
    const struct population_leaf *leaf = population_leaves(m->world->population, &n);
    for (size_t i = 0; i < n; i++) {
        int32_t theirs = day[leaf[i].row], *own = &day[leaf[i].root];
        if (first ? theirs < *own : theirs > *own)
            *own = theirs;
    }
}

static enum err_code day_column(struct making *m, const struct postings *p, bool first, struct column *ret)
{
    size_t words = COLUMN_WORDS(rows_of(m));
    int32_t *day = arena_array(m->mem, int32_t, words * 64), never = first ? DAY_NEVER_FIRST : DAY_NEVER_LAST;
    uint64_t *null = arena_array(m->mem, uint64_t, words);
    if (!day || !null)
        return condition_no_memory(m->e);
    for (size_t i = 0; i < words * 64; i++)
        day[i] = never;
    if (p && first)
        postings_first(p, day, rows_of(m));
    else if (p)
        postings_last(p, day, rows_of(m));
    gather_days(m, day, first);
    for (size_t i = 0; i < words * 64; i++)
        null[i / 64] |= (uint64_t)(day[i] == never) << i % 64;
    *ret = (struct column){ .kind = COLUMN_DATE, .width = 4, .data = day, .null = null };
    return ERR_OK;
}

/* ---- audiences ---- */
static enum err_code no_audience(const struct making *m, const struct node *call, struct slice name)
{
    char why[120];
    snprintf(why, sizeof why, "there is no audience '%.*s'", SLICE_ARG(slice_utf8_cut(name, 60)));
    return condition_flaw(m, call->at, why);
}

static enum err_code audience_column(struct making *m, const struct node *call, struct slice name, struct column *ret)
{
    struct slice text = m->world->audience ? m->world->audience(m->world->arg, name) : (struct slice){ NULL, 0 };
    char why[120];
    struct err err;
    if (!text.len)
        return no_audience(m, call, name);
    if (m->depth >= AUDIENCES_DEEP) {
        snprintf(why, sizeof why, "audience '%.*s' leads back to itself, or too deep", SLICE_ARG(slice_utf8_cut(name, 60)));
        return condition_flaw(m, call->at, why);
    }
    struct condition *other = arena_one(m->mem, struct condition);
    struct making inner = { .condition = other, .world = m->world, .mem = m->mem, .text = text, .depth = m->depth + 1,
                            .e = &err };
    AUTO(arena) scratch = arena_new((size_t)64 << 20);
    uint64_t *bits;
    if (!other || !scratch)
        return condition_no_memory(m->e);
    enum err_code code = condition_make(&inner, text, other);
    if (!code)
        code = condition_run(other, m->mem, scratch, NULL, &bits, &err);
    if (code == ERR_INVALID) {
        snprintf(why, sizeof why, "in audience '%.*s': %.60s", SLICE_ARG(slice_utf8_cut(name, 40)), err.text);
        return condition_flaw(m, call->at, why);
    }
    if (code)
        return err_set(m->e, code, 0, "%s", err.text);
    *ret = (struct column){ .kind = COLUMN_BOOLEAN, .data = bits };
    return ERR_OK;
}

static enum err_code place_audience(struct making *m, const struct node *call, struct slice of, struct slice name)
{
    int64_t audience;
    size_t place;
    if (!m->world->audience_id(m->world->arg, of, &audience))
        return no_audience(m, call, of);
    TRY(frame_add_audience(m->frame, name, audience, &place, m->e));
    return condition_add_place(m, place);
}

static enum err_code audience_of(struct making *m, const struct arguments *a, struct slice name, struct column *ret)
{
    struct slice of;
    if (!is_text(m, a->of[PARAM_AUDIENCE], &of))
        return bad_arguments(m, a);
    if (m->of_related)
        return condition_flaw(m, a->call->at, "audiences cannot be asked about inside of related()");
    return m->frame ? place_audience(m, a->call, of, name) : audience_column(m, a->call, of, ret);
}

/* ---- those who belong to them ---- */
static enum err_code flaw_in_related(const struct making *m, const struct arguments *a, enum err_code code,
                                     const struct err *flaw)
{
    char why[200];
    if (code != ERR_INVALID)
        return code ? err_set(m->e, code, 0, "%s", flaw->text) : ERR_OK;
    snprintf(why, sizeof why, "in what is asked of them: %.150s", flaw->text);
    return condition_flaw(m, a->of[PARAM_WHERE]->at, why);
}

static enum err_code ask_others(struct making *m, struct slice text, uint64_t **ret, struct err *e)
{
    struct condition *other = arena_one(m->mem, struct condition);
    struct making inner = { .condition = other, .world = m->world, .mem = m->mem, .of_related = true, .e = e };
    AUTO(arena) scratch = arena_new((size_t)64 << 20);
    if (!other || !scratch)
        return condition_no_memory(e);
    TRY(condition_make(&inner, text, other));
    return condition_run(other, m->mem, scratch, NULL, ret, e);
}

static enum err_code related_column(struct making *m, const struct arguments *a, struct slice kind, struct slice text,
                                    struct column *ret)
{
    const struct population *p = m->world->population;
    uint64_t *bits = arena_array(m->mem, uint64_t, COLUMN_WORDS(rows_of(m))), *theirs;
    struct err err = { .text = "" };
    size_t n;
    if (!bits)
        return condition_no_memory(m->e);
    TRY(flaw_in_related(m, a, ask_others(m, text, &theirs, &err), &err));
    const struct population_relation *r = population_relations(p, &n);
    for (size_t i = 0; i < n; i++)
        if (bits_has(theirs, r[i].to) && population_is_kind(p, r[i].to, kind))
            bits[r[i].from / 64] |= UINT64_C(1) << r[i].from % 64;
    *ret = (struct column){ .kind = COLUMN_BOOLEAN, .data = bits };
    return ERR_OK;
}

static bool is_kind_name(struct slice kind)
{
    return slice_is(kind, "account") || slice_is(kind, "person") || slice_is(kind, "company") || slice_is(kind, "household")
           || slice_is(kind, "partner");
}

static enum err_code place_related(struct making *m, const struct arguments *a, struct slice kind, struct slice text,
                                   struct slice name)
{
    struct related_ask *ask;
    struct err err = { .text = "" };
    size_t place;
    if (!frame_has_related(m->frame, name, &place)) {
        struct population *p = (struct population *)(uintptr_t)m->world->population;  // which a frame may change
        TRY(flaw_in_related(m, a, related_ask_new(p, m->world, text, &ask, &err), &err));
        TRY(frame_add_related(m->frame, name, kind, ask, &place, m->e));
    }
    frame_times(m->frame, place, &m->condition->by_day, &m->condition->by_moment);
    return condition_add_place(m, place);
}

static enum err_code related_of(struct making *m, const struct arguments *a, struct slice name, struct column *ret)
{
    struct slice kind, text = condition_printed(m, a->of[PARAM_WHERE]);
    if (!text.at)
        return condition_no_memory(m->e);
    if (!is_text(m, a->of[PARAM_KIND], &kind) || !is_kind_name(kind))
        return condition_flaw(m, a->of[PARAM_KIND]->at, "\"account\", \"company\", \"household\", \"partner\" or \"person\" is "
                              "expected");
    if (m->of_related)
        return condition_flaw(m, a->call->at, "related() cannot stand inside of related()");
    return m->frame ? place_related(m, a, kind, text, name) : related_column(m, a, kind, text, ret);
}

/* ---- events ---- */

/* What is counted by days is told by tallies and postings, which look at nothing else. */
static bool is_by_day(const struct arguments *a, struct slice event, struct window w)
{
    if (a->of[PARAM_WHERE] || w.ranged || slice_eq(event, EVENT_BOUGHT))
        return false;
    return a->function->measure == EVENT_COUNT || ((a->function->measure == EVENT_FIRST || a->function->measure == EVENT_LAST)
                                                   && !w.given);
}

static enum err_code tally_of(struct making *m, enum event_measure measure, struct slice event, struct window w,
                              struct slice name, struct column *ret)
{
    static const enum tally_kind kinds[] = { [EVENT_COUNT] = TALLY_COUNT, [EVENT_FIRST] = TALLY_FIRST,
                                             [EVENT_LAST] = TALLY_LAST };
    bool counts = measure == EVENT_COUNT;
    size_t place;
    if (m->frame) {
        m->condition->by_day = m->condition->by_day || counts;
        TRY(frame_add_tally(m->frame, name, event, kinds[measure], counts ? w.from : 0, counts ? w.to : 0, &place, m->e));
        return condition_add_place(m, place);
    }
    const struct postings *p = find_event(m->world->population, event);
    return counts ? count_column(m, p, w.from, ret) : day_column(m, p, measure == EVENT_FIRST, ret);
}

static enum err_code answer_of(struct making *m, const struct event_question *q, const struct node *call, struct slice name,
                               struct column *ret)
{
    struct event_ask *ask = NULL;
    struct err err = { .text = "" };
    size_t place;
    enum err_code code;
    m->condition->by_day = true;
    if (m->frame)
        code = frame_add_events(m->frame, name, q, m->world->zones, m->world->now_ms, &place, &err);
    else
        code = event_ask_new(m->world->population, q, m->world->zones, m->world->now_ms, &ask, &err);
    if (!code && !m->frame)
        code = event_ask_all(ask, m->mem, ret, &err);
    event_ask_drop(&ask);
    if (code == ERR_INVALID)
        return condition_flaw(m, call->at, err.text);
    if (code)
        return err_set(m->e, code, 0, "%s", err.text);
    return m->frame ? condition_add_place(m, place) : ERR_OK;
}

static enum err_code event_of(struct making *m, const struct arguments *a, struct slice name, struct column *ret)
{
    struct event_question q = { .measure = a->function->measure, .n_events = 1 };
    struct window w;
    if (q.measure != EVENT_SEQUENCE && !is_text(m, a->of[PARAM_EVENT], &q.event[0]))
        return condition_flaw(m, a->call->at, "the event's name, a text, is expected");
    TRY(read_window(m, a, &w));
    if (is_by_day(a, q.event[0], w))
        return tally_of(m, q.measure, q.event[0], w, name, ret);
    TRY(read_question(m, a, w, &q));
    return answer_of(m, &q, a->call, name, ret);
}

/* ---- what customers said themselves ---- */
static struct slice trait_of(struct making *m, const struct node *call)
{
    struct slice trait = { NULL, 0 };
    if (call->n == 2 && call->kid[1]->kind == NODE_NAME)
        return call->kid[1]->name;
    return call->n == 2 && is_text(m, call->kid[1], &trait) ? trait : (struct slice){ NULL, 0 };
}

/* The population has a column for each trait: the call is its name. */
static struct slice name_of(struct making *m, const struct node *call, const struct function *function)
{
    struct slice trait = function->about == ABOUT_DECLARED ? trait_of(m, call) : (struct slice){ NULL, 0 };
    return trait.at ? population_declared_name(trait, m->mem) : condition_printed(m, call);
}

static enum err_code no_trait(struct making *m, const struct arguments *a)
{
    struct slice trait = trait_of(m, a->call);
    char text[120];
    if (!trait.at)
        return bad_arguments(m, a);
    snprintf(text, sizeof text, "there is no trait '%.*s'", SLICE_ARG(slice_utf8_cut(trait, 60)));
    return condition_flaw(m, a->call->at, text);
}

/* ---- calls become names of columns ---- */
static enum err_code column_of(struct making *m, const struct arguments *a, struct slice name, struct column *ret)
{
    switch (a->function->about) {
    case ABOUT_AUDIENCE: return audience_of(m, a, name, ret);
    case ABOUT_RELATED: return related_of(m, a, name, ret);
    case ABOUT_DECLARED: return no_trait(m, a);
    case ABOUT_EVENTS: break;
    }
    return event_of(m, a, name, ret);
}

static enum err_code replace_call(struct making *m, struct node *node, const struct function *function)
{
    struct slice name = name_of(m, node, function);
    struct arguments a = { .function = function, .call = node };
    struct column column = { 0 };
    bool known = false;
    if (!name.at)
        return condition_no_memory(m->e);
    for (size_t i = 0; i < m->n && !known; i++)
        known = slice_eq(m->column[i].name, name);
    if (!known) {
        TRY(bind_arguments(m, &a));
        TRY(column_of(m, &a, name, &column));
        column.name = name;
        TRY(condition_add_column(m, column));
    }
    node->kind = NODE_NAME;
    node->name = name;
    node->n = 0;
    return ERR_OK;
}

enum err_code condition_replace_calls(struct making *m, struct node *node)
{
    const struct function *function = function_of(node);
    if (function)
        return replace_call(m, node, function);
    for (uint32_t i = 0; i < node->n; i++)
        TRY(condition_replace_calls(m, node->kid[i]));
    return ERR_OK;
}
