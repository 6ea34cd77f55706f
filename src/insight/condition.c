#include "insight/condition.h"

#include <assert.h>
#include <stdio.h>

#include "engine/feel/names.h"
#include "engine/feel/parse.h"
#include "text/time.h"

#define AUDIENCES_DEEP 8         // audiences in audiences
#define DAY_NEVER_FIRST INT32_MAX
#define DAY_NEVER_LAST INT32_MIN

struct condition {
    const struct condition_world *world;
    struct node *node;
    struct columns columns;      // the population's, then those counted for this condition; or the frame's
    struct program *program;
    size_t *place;               // of a frame
    size_t n_places, places_cap;
    bool by_day, by_moment;
};

/* While it is made. */
struct making {
    struct condition *condition;
    const struct condition_world *world;
    struct arena *mem;
    struct slice text;
    struct column *column;
    size_t n, cap;
    unsigned depth;
    struct frame *frame;         // NULL: columns are counted for this condition alone
    struct err *e;
};

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "the condition needs more memory than it may have");
}

static enum err_code flaw(const struct making *m, size_t at, const char *text)
{
    size_t line, column;
    diag_place(m->text, at, &line, &column);
    return err_set(m->e, ERR_INVALID, at, "line %zu, column %zu: %s", line, column, text);
}

/* ---- the columns that a condition counts ---- */
static enum err_code make_condition(struct making *, struct slice text, struct condition *);

static const struct postings *find_event(const struct population *p, struct slice name)
{
    struct population_event event;
    for (size_t i = 0; population_event(p, i, &event); i++)
        if (slice_eq(event.name, name))
            return event.postings;
    return NULL;
}

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

/* The first day of the window; false: it is no window. */
static bool window_begin(const struct making *m, struct value v, int32_t *ret)
{
    struct date day, begin;
    *ret = INT32_MIN;
    if (v.kind == VALUE_NULL)
        return true;
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
        return no_memory(m->e);
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
        return no_memory(m->e);
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

static enum err_code no_audience(const struct making *m, const struct node *call, struct slice name)
{
    char why[120];
    snprintf(why, sizeof why, "there is no audience '%.*s'", SLICE_ARG(slice_utf8_cut(name, 60)));
    return flaw(m, call->at, why);
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
        return flaw(m, call->at, why);
    }
    struct condition *other = arena_one(m->mem, struct condition);
    struct making inner = { .condition = other, .world = m->world, .mem = m->mem, .text = text, .depth = m->depth + 1,
                            .e = &err };
    AUTO(arena) scratch = arena_new((size_t)64 << 20);
    uint64_t *bits;
    if (!other || !scratch)
        return no_memory(m->e);
    enum err_code code = make_condition(&inner, text, other);
    if (!code)
        code = condition_run(other, m->mem, scratch, NULL, &bits, &err);
    if (code == ERR_INVALID) {
        snprintf(why, sizeof why, "in audience '%.*s': %.60s", SLICE_ARG(slice_utf8_cut(name, 40)), err.text);
        return flaw(m, call->at, why);
    }
    if (code)
        return err_set(m->e, code, 0, "%s", err.text);
    *ret = (struct column){ .kind = COLUMN_BOOLEAN, .data = bits };
    return ERR_OK;
}

static enum err_code add_place(struct making *m, size_t place)
{
    struct condition *c = m->condition;
    for (size_t i = 0; i < c->n_places; i++)
        if (c->place[i] == place)
            return ERR_OK;
    if (!arena_need(m->mem, c->place, c->places_cap, c->n_places + 1))
        return no_memory(m->e);
    c->place[c->n_places++] = place;
    return ERR_OK;
}

/* ---- calls of the functions above become names of columns ---- */
enum function { FUNCTION_EVENT_COUNT, FUNCTION_FIRST_EVENT, FUNCTION_LAST_EVENT, FUNCTION_IN_AUDIENCE, FUNCTIONS };
static const struct slice function_names[FUNCTIONS] = {
    { "event count", 11 }, { "first event", 11 }, { "last event", 10 }, { "audience", 8 },
};

static bool function_of(const struct node *node, enum function *ret)
{
    if (node->kind != NODE_CALL || node->kid[0]->kind != NODE_NAME)
        return false;
    for (int i = 0; i < FUNCTIONS; i++)
        if (slice_eq(node->kid[0]->name, function_names[i])) {
            *ret = (enum function)i;
            return true;
        }
    return false;
}

/* The column is the frame's; only its name is known here. */
static enum err_code frame_column(struct making *m, const struct node *call, enum function function, struct slice of,
                                  int32_t from, struct slice name)
{
    static const enum tally_kind kinds[] = { [FUNCTION_EVENT_COUNT] = TALLY_COUNT, [FUNCTION_FIRST_EVENT] = TALLY_FIRST,
                                             [FUNCTION_LAST_EVENT] = TALLY_LAST };
    int64_t audience;
    size_t place;
    if (function == FUNCTION_IN_AUDIENCE) {
        if (!m->world->audience_id(m->world->arg, of, &audience))
            return no_audience(m, call, of);
        TRY(frame_add_audience(m->frame, name, audience, &place, m->e));
    } else {
        bool counts = function == FUNCTION_EVENT_COUNT;
        m->condition->by_day = m->condition->by_day || counts;
        TRY(frame_add_tally(m->frame, name, of, kinds[function], counts ? from : 0, counts ? today(m) : 0, &place, m->e));
    }
    return add_place(m, place);
}

static enum err_code column_of(struct making *m, const struct node *call, enum function function, struct slice printed,
                               struct column *ret)
{
    struct value name, window = value_null;
    int32_t from;
    bool two = function == FUNCTION_EVENT_COUNT && call->n == 3;
    if (call->named || (call->n != 2 && !two) || !constant(m, call->kid[1], &name) || name.kind != VALUE_STRING)
        return flaw(m, call->at, function == FUNCTION_IN_AUDIENCE ? "audience() takes the audience's name, a text"
                                                                   : "the event's name, a text, is expected");
    if (two && !constant(m, call->kid[2], &window))
        return no_memory(m->e);
    if (!window_begin(m, window, &from) || (two && value_is_null(window)))
        return flaw(m, call->kid[two ? 2 : 1]->at, "a window is a duration, such as @\"P90D\" or @\"P3M\"");
    *ret = (struct column){ .name = printed };
    if (m->frame)
        return frame_column(m, call, function, name.string, from, printed);
    const struct postings *p = find_event(m->world->population, name.string);
    switch (function) {
    case FUNCTION_EVENT_COUNT: return count_column(m, p, from, ret);
    case FUNCTION_FIRST_EVENT: return day_column(m, p, true, ret);
    case FUNCTION_LAST_EVENT: return day_column(m, p, false, ret);
    default: return audience_column(m, call, name.string, ret);
    }
}

static enum err_code add_column(struct making *m, struct column column)
{
    if (!arena_need(m->mem, m->column, m->cap, m->n + 1))
        return no_memory(m->e);
    m->column[m->n++] = column;
    return ERR_OK;
}

static struct slice printed(struct making *m, const struct node *node)
{
    struct buf out = buf_make(1 << 16);
    node_print(node, &out);
    struct slice text = out.failed ? (struct slice){ NULL, 0 } : arena_copy(m->mem, buf_slice(&out));
    buf_drop(&out);
    return text;
}

static enum err_code replace_call(struct making *m, struct node *node, enum function function)
{
    struct slice name = printed(m, node);
    struct column column;
    bool known = false;
    if (!name.at)
        return no_memory(m->e);
    for (size_t i = 0; i < m->n && !known; i++)
        known = slice_eq(m->column[i].name, name);
    if (!known) {
        TRY(column_of(m, node, function, name, &column));
        column.name = name;
        TRY(add_column(m, column));
    }
    node->kind = NODE_NAME;
    node->name = name;
    node->n = 0;
    return ERR_OK;
}

static enum err_code replace_calls(struct making *m, struct node *node)
{
    enum function function;
    if (function_of(node, &function))
        return replace_call(m, node, function);
    for (uint32_t i = 0; i < node->n; i++)
        TRY(replace_calls(m, node->kid[i]));
    return ERR_OK;
}

/* ---- names that mean nothing ---- */
static enum err_code check_names(const struct making *m, const struct node *node)
{
    struct slice *names = arena_array(m->mem, struct slice, m->n + 1);
    char text[160];
    if (!names)
        return no_memory(m->e);
    for (size_t i = 0; i < m->n; i++)
        names[i] = m->column[i].name;
    const struct node *unknown = feel_unknown_name(node, names, m->n);
    if (!unknown)
        return ERR_OK;
    feel_unknown_text(unknown, names, m->n, text, sizeof text);
    return flaw(m, unknown->at, text);
}

/* ---- making it ---- */
static enum err_code parse(struct making *m, struct node **ret)
{
    struct slice *names = arena_array(m->mem, struct slice, m->n + FUNCTIONS);
    struct diag diag = { 0 };
    if (!names)
        return no_memory(m->e);
    const struct parse_options options = { names, m->n + FUNCTIONS };
    for (size_t i = 0; i < m->n; i++)
        names[i] = m->column[i].name;
    for (size_t i = 0; i < FUNCTIONS; i++)
        names[m->n + i] = function_names[i];
    enum err_code code = feel_parse(m->text, &options, m->mem, ret, &diag, m->e);
    return code == ERR_INVALID ? flaw(m, diag.at, diag.text) : code;
}

/* ---- the frame's columns ---- */
static bool calls(const struct node *node, struct slice name)
{
    return node->kind == NODE_CALL && node->kid[0]->kind == NODE_NAME && slice_eq(node->kid[0]->name, name);
}

/* Those that the tree names; what it says of the time is true for a day, or for a moment. */
static enum err_code add_named(struct making *m, const struct node *node)
{
    const struct columns *known = population_columns(m->world->population);
    const struct column *base = node->kind == NODE_NAME ? columns_find(known, node->name) : NULL;
    size_t place;
    if (base) {
        TRY(frame_add_base(m->frame, base, &place, m->e));
        TRY(add_place(m, place));
    }
    m->condition->by_day = m->condition->by_day || calls(node, SLICE("today"));
    m->condition->by_moment = m->condition->by_moment || calls(node, SLICE("now"));
    for (uint32_t i = 0; i < node->n; i++)
        TRY(add_named(m, node->kid[i]));
    return ERR_OK;
}

static enum err_code make_condition(struct making *m, struct slice text, struct condition *ret)
{
    const struct columns *base = population_columns(m->world->population);
    m->text = arena_copy(m->mem, text);
    if (!m->text.at)
        return no_memory(m->e);
    for (size_t i = 0; i < base->n; i++)
        TRY(add_column(m, base->column[i]));
    TRY(parse(m, &ret->node));
    TRY(replace_calls(m, ret->node));
    TRY(check_names(m, ret->node));
    ret->world = m->world;
    ret->columns = (struct columns){ base->rows, m->n, m->column };
    if (m->frame) {
        TRY(add_named(m, ret->node));
        ret->columns = *frame_columns(m->frame);
    }
    return program_new(ret->node, &ret->columns, m->world->zones, m->world->now_ms, m->mem, &ret->program, m->e);
}

enum err_code condition_new_in(struct frame *frame, const struct condition_world *world, struct slice text,
                               struct arena *mem, struct condition **ret, struct err *e)
{
    assert(world && mem && ret);
    struct condition *condition = arena_one(mem, struct condition);
    struct err own;
    struct making m = { .condition = condition, .world = world, .mem = mem, .frame = frame, .e = e ? e : &own };
    if (!condition)
        return no_memory(e);
    TRY(make_condition(&m, text, condition));
    *ret = condition;
    return ERR_OK;
}

enum err_code condition_new(const struct condition_world *world, struct slice text, struct arena *mem,
                            struct condition **ret, struct err *e)
{
    return condition_new_in(NULL, world, text, mem, ret, e);
}

const size_t *condition_places(const struct condition *c, size_t *n)
{
    *n = c->n_places;
    return c->place;
}

bool condition_is_of_day(const struct condition *c)
{
    return c->by_day;
}

bool condition_is_of_moment(const struct condition *c)
{
    return c->by_moment;
}

enum err_code condition_run_frame(const struct condition *c, size_t n, uint64_t *bits, struct arena *scratch,
                                  struct err *e)
{
    return program_run(c->program, 0, n, bits, scratch, NULL, e);
}

enum err_code condition_run(const struct condition *c, struct arena *mem, struct arena *scratch,
                            const atomic_bool *cancel, uint64_t **ret, struct err *e)
{
    size_t words = COLUMN_WORDS(c->columns.rows);
    uint64_t *bits = arena_array(mem, uint64_t, words);
    const uint64_t *customers = population_customers(c->world->population);
    if (!bits)
        return no_memory(e);
    TRY(program_run(c->program, 0, c->columns.rows, bits, scratch, cancel, e));
    for (size_t w = 0; w < (c->columns.rows + 63) / 64; w++)
        bits[w] &= customers[w];
    *ret = bits;
    return ERR_OK;
}

void condition_plan(const struct condition *c, struct buf *out)
{
    program_explain(c->program, out);
}

size_t condition_row_steps(const struct condition *c)
{
    return program_row_steps(c->program);
}

/* Of the columns those that the tree names, in the order of columns. */
static bool names(const struct node *node, struct slice name)
{
    if (node->kind == NODE_NAME && slice_eq(node->name, name))
        return true;
    for (uint32_t i = 0; i < node->n; i++)
        if (names(node->kid[i], name))
            return true;
    return false;
}

enum err_code condition_sql(const struct condition *c, struct arena *mem, struct buf *out, bool *exact,
                            const struct column **columns, size_t *n, struct err *e)
{
    struct column *used = arena_array(mem, struct column, c->columns.n + 1);
    if (!used)
        return no_memory(e);
    *n = 0;
    for (size_t i = 0; i < c->columns.n; i++)
        if (names(c->node, c->columns.column[i].name))
            used[(*n)++] = c->columns.column[i];
    *columns = used;
    return program_sql(c->program, out, exact, e);
}

/* ---- why ---- */
static enum why_joint joint_of(const struct node *node)
{
    if (node->kind == NODE_BINARY && node->op == OP_AND)
        return WHY_AND;
    if (node->kind == NODE_BINARY && node->op == OP_OR)
        return WHY_OR;
    return node_is_not(node) ? WHY_NOT : WHY_NONE;
}

struct explaining {
    const struct condition *condition;
    uint32_t row;
    struct arena *mem;
    struct err *e;
};

static enum err_code explain_values(const struct explaining *x, const struct node *node, struct condition_why *ret)
{
    const struct column *use[COLUMNS_USED_MAX];
    struct eval eval;
    struct value v;
    size_t n = 0;
    bool ok = columns_used(&x->condition->columns, node, use, &n);
    ret->value = arena_array(x->mem, struct value_entry, n ? n : 1);
    if (!ret->value)
        return no_memory(x->e);
    for (size_t i = 0; ok && i < n; i++)
        ret->value[i] = (struct value_entry){ use[i]->name, column_value(use[i], x->row, x->mem, &ok) };
    if (!ok)
        return no_memory(x->e);
    ret->n_values = n;
    const struct feel_scope scope = { .n = n, .entry = ret->value };
    eval_init(&eval, x->mem, x->condition->world->zones, x->condition->world->now_ms, x->e);
    TRY(feel_eval(&eval, node, &scope, &v));
    ret->is = truth_of(v);
    return ERR_OK;
}

/* a and b and c has three parts, however the tree leans. */
static size_t count_parts(const struct node *node, enum why_joint joint)
{
    if (joint_of(node) != joint || joint == WHY_NONE)
        return 1;
    return joint == WHY_NOT ? 1 : count_parts(node->kid[0], joint) + count_parts(node->kid[1], joint);
}

static enum err_code explain(const struct explaining *, const struct node *, struct condition_why *);

static enum err_code explain_parts(const struct explaining *x, const struct node *node, enum why_joint joint,
                                   struct condition_why *ret)
{
    if (joint == WHY_NOT)
        return explain(x, node->kid[1], &ret->part[ret->n_parts++]);
    for (int i = 0; i < 2; i++)
        if (joint_of(node->kid[i]) == joint)
            TRY(explain_parts(x, node->kid[i], joint, ret));
        else
            TRY(explain(x, node->kid[i], &ret->part[ret->n_parts++]));
    return ERR_OK;
}

static enum value_eq joined(const struct condition_why *why)
{
    enum value_eq is = why->part[0].is;
    for (size_t i = 1; i < why->n_parts; i++)
        is = why->joint == WHY_AND ? truth_and(is, why->part[i].is) : truth_or(is, why->part[i].is);
    return why->joint == WHY_NOT ? truth_not(is) : is;
}

static enum err_code explain(const struct explaining *x, const struct node *node, struct condition_why *ret)
{
    struct making printer = { .mem = x->mem };
    enum why_joint joint = joint_of(node);
    *ret = (struct condition_why){ .text = printed(&printer, node) };
    ret->joint = joint;
    if (!ret->text.at)
        return no_memory(x->e);
    if (joint == WHY_NONE)
        return explain_values(x, node, ret);
    ret->part = arena_array(x->mem, struct condition_why, count_parts(node, joint));
    if (!ret->part)
        return no_memory(x->e);
    TRY(explain_parts(x, node, joint, ret));
    ret->is = joined(ret);
    return ERR_OK;
}

enum err_code condition_explain(const struct condition *c, uint32_t row, struct arena *mem, struct condition_why *ret,
                                struct err *e)
{
    const struct explaining x = { c, row, mem, e };
    assert(row < c->columns.rows);
    return explain(&x, c->node, ret);
}
