/* What the functions of a condition mean: each call becomes a column of its own, counted for this condition alone or by the
 * frame; condition_arguments.c reads what they are called with. */
#include <stdio.h>

#include "insight/condition_room.h"

#define AUDIENCES_DEEP 8         // audiences in audiences
#define DAY_NEVER_FIRST INT32_MAX
#define DAY_NEVER_LAST INT32_MIN

/* ---- columns of this condition alone ---- */
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
        postings_count(p, from, condition_today(m), times, rows_of(m));
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

/* Of whom another condition is true, in m->mem. */
static enum err_code ask_other(struct making *m, struct slice text, bool of_related, uint64_t **ret, struct err *e)
{
    struct condition *other = arena_one(m->mem, struct condition);
    struct making inner = { .condition = other, .world = m->world, .mem = m->mem, .depth = m->depth + 1,
                            .of_related = of_related, .e = e };
    AUTO(arena) scratch = arena_new((size_t)64 << 20);
    if (!other || !scratch)
        return condition_no_memory(e);
    TRY(condition_make(&inner, text));
    return condition_run(other, m->mem, scratch, NULL, ret, e);
}

static enum err_code audience_column(struct making *m, const struct node *call, struct slice name, struct column *ret)
{
    struct slice text = m->world->audience ? m->world->audience(m->world->arg, name) : (struct slice){ NULL, 0 };
    char why[120];
    struct err err = { .text = "" };
    uint64_t *bits;
    if (!text.len)
        return no_audience(m, call, name);
    if (m->depth >= AUDIENCES_DEEP) {
        snprintf(why, sizeof why, "audience '%.*s' leads back to itself, or too deep", SLICE_ARG(slice_utf8_cut(name, 60)));
        return condition_flaw(m, call->at, why);
    }
    enum err_code code = ask_other(m, text, false, &bits, &err);
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
    if (!call_text(m, a->of[PARAM_AUDIENCE], &of))
        return call_is_wrong(m, a);
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

static enum err_code related_column(struct making *m, const struct arguments *a, struct slice kind, struct slice text,
                                    struct column *ret)
{
    const struct population *p = m->world->population;
    uint64_t *bits = arena_array(m->mem, uint64_t, COLUMN_WORDS(rows_of(m))), *theirs;
    struct err err = { .text = "" };
    size_t n;
    if (!bits)
        return condition_no_memory(m->e);
    TRY(flaw_in_related(m, a, ask_other(m, text, true, &theirs, &err), &err));
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
    struct condition *c = m->condition;
    struct err err = { .text = "" };
    size_t place;
    const struct related_ask *known = frame_related(m->frame, name, &place);
    if (!known) {
        struct population *p = (struct population *)(uintptr_t)m->world->population;  // which a frame may change
        struct related_ask *ask;
        TRY(flaw_in_related(m, a, related_ask_new(p, m->world, kind, text, &ask, &err), &err));
        TRY(frame_add_related(m->frame, name, ask, &place, m->e));
        known = ask;
    }
    c->by_day = c->by_day || related_ask_is_of_day(known);
    c->by_moment = c->by_moment || related_ask_is_of_moment(known);
    return condition_add_place(m, place);
}

static enum err_code related_of(struct making *m, const struct arguments *a, struct slice name, struct column *ret)
{
    struct slice kind, text = condition_printed(m, a->of[PARAM_WHERE]);
    if (!text.at)
        return condition_no_memory(m->e);
    if (!call_text(m, a->of[PARAM_KIND], &kind) || !is_kind_name(kind))
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
                                                   && !a->of[PARAM_WITHIN]);
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
    struct population_event known;
    const struct postings *p = population_event_named(m->world->population, event, &known) ? known.postings : NULL;
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

static enum err_code add_where(struct making *m, const struct node *where, struct slice event)
{
    struct condition *c = m->condition;
    if (!arena_need(m->mem, c->where, c->where_cap, c->n_where + 1))
        return condition_no_memory(m->e);
    c->where[c->n_where++] = (struct condition_where){ where, event };
    return ERR_OK;
}

static enum err_code event_of(struct making *m, const struct arguments *a, struct slice name, struct column *ret)
{
    struct event_question q = { .measure = a->function->measure, .n_events = 1 };
    struct window w;
    if (q.measure != EVENT_SEQUENCE && !call_text(m, a->of[PARAM_EVENT], &q.event[0]))
        return condition_flaw(m, a->call->at, "the event's name, a text, is expected");
    TRY(call_window(m, a, &w));
    if (is_by_day(a, q.event[0], w))
        return tally_of(m, q.measure, q.event[0], w, name, ret);
    TRY(call_question(m, a, w, &q));
    if (a->of[PARAM_WHERE])
        TRY(add_where(m, a->of[PARAM_WHERE], q.event[0]));
    return answer_of(m, &q, a->call, name, ret);
}

static enum err_code permission_of(struct making *m, const struct arguments *a, struct slice name, struct column *ret)
{
    struct event_question q = { .measure = a->function->measure };
    TRY(call_permission(m, a, &q));
    return answer_of(m, &q, a->call, name, ret);
}

/* ---- what customers said themselves ---- */
static struct slice trait_of(struct making *m, const struct node *call)
{
    struct slice trait = { NULL, 0 };
    if (call->n == 2 && call->kid[1]->kind == NODE_NAME)
        return call->kid[1]->name;
    return call->n == 2 && call_text(m, call->kid[1], &trait) ? trait : (struct slice){ NULL, 0 };
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
        return call_is_wrong(m, a);
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
    case ABOUT_PERMISSION: return permission_of(m, a, name, ret);
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
        TRY(call_bind(m, &a));
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
    const struct function *function = call_function(node);
    if (function)
        return replace_call(m, node, function);
    for (uint32_t i = 0; i < node->n; i++)
        TRY(condition_replace_calls(m, node->kid[i]));
    return ERR_OK;
}
