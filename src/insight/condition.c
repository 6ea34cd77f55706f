/* A condition made, run and explained; condition_calls.c is what its functions mean. */
#include "insight/condition_room.h"

#include <assert.h>

#include "engine/feel/names.h"
#include "engine/feel/parse.h"

enum err_code condition_no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "the condition needs more memory than it may have");
}

enum err_code condition_flaw(const struct making *m, size_t at, const char *text)
{
    size_t line, column;
    diag_place(m->text, at, &line, &column);
    return err_set(m->e, ERR_INVALID, at, "line %zu, column %zu: %s", line, column, text);
}

enum err_code condition_add_column(struct making *m, struct column column)
{
    if (!arena_need(m->mem, m->column, m->cap, m->n + 1))
        return condition_no_memory(m->e);
    m->column[m->n++] = column;
    return ERR_OK;
}

enum err_code condition_add_place(struct making *m, size_t place)
{
    struct condition *c = m->condition;
    for (size_t i = 0; i < c->n_places; i++)
        if (c->place[i] == place)
            return ERR_OK;
    if (!arena_need(m->mem, c->place, c->places_cap, c->n_places + 1))
        return condition_no_memory(m->e);
    c->place[c->n_places++] = place;
    return ERR_OK;
}

struct slice condition_printed(struct making *m, const struct node *node)
{
    struct buf out = buf_make(1 << 16);
    node_print(node, &out);
    struct slice text = out.failed ? (struct slice){ NULL, 0 } : arena_copy(m->mem, buf_slice(&out));
    buf_drop(&out);
    return text;
}

/* ---- names that mean nothing ---- */
static enum err_code check_names(const struct making *m, const struct node *node)
{
    struct slice *names = arena_array(m->mem, struct slice, m->n + 1);
    char text[160];
    if (!names)
        return condition_no_memory(m->e);
    for (size_t i = 0; i < m->n; i++)
        names[i] = m->column[i].name;
    const struct node *unknown = feel_unknown_name(node, names, m->n);
    if (!unknown)
        return ERR_OK;
    feel_unknown_text(unknown, names, m->n, text, sizeof text);
    return condition_flaw(m, unknown->at, text);
}

/* ---- making it ---- */
static enum err_code parse(struct making *m, struct node **ret)
{
    size_t functions;
    const struct slice *function = condition_functions(&functions);
    struct slice *names = arena_array(m->mem, struct slice, m->n + functions);
    struct diag diag = { 0 };
    if (!names)
        return condition_no_memory(m->e);
    const struct parse_options options = { names, m->n + functions };
    for (size_t i = 0; i < m->n; i++)
        names[i] = m->column[i].name;
    for (size_t i = 0; i < functions; i++)
        names[m->n + i] = function[i];
    enum err_code code = feel_parse(m->text, &options, m->mem, ret, &diag, m->e);
    return code == ERR_INVALID ? condition_flaw(m, diag.at, diag.text) : code;
}

/* ---- the frame's columns ---- */
/* Those that the tree names. */
static enum err_code add_named(struct making *m, const struct node *node)
{
    const struct columns *known = population_columns(m->world->population);
    const struct column *base = node->kind == NODE_NAME ? columns_find(known, node->name) : NULL;
    size_t place;
    if (base) {
        TRY(frame_add_base(m->frame, base, &place, m->e));
        TRY(condition_add_place(m, place));
    }
    for (uint32_t i = 0; i < node->n; i++)
        TRY(add_named(m, node->kid[i]));
    return ERR_OK;
}

enum err_code condition_make(struct making *m, struct slice text)
{
    struct condition *ret = m->condition;
    const struct columns *base = population_columns(m->world->population);
    m->text = arena_copy(m->mem, text);
    if (!m->text.at)
        return condition_no_memory(m->e);
    for (size_t i = 0; i < base->n; i++)
        TRY(condition_add_column(m, base->column[i]));
    TRY(parse(m, &ret->node));
    ret->by_day = feel_speaks_of(ret->node, SLICE("today"));
    ret->by_moment = feel_speaks_of(ret->node, SLICE("now"));
    TRY(condition_replace_calls(m, ret->node));
    TRY(check_names(m, ret->node));
    ret->world = m->world;
    ret->text = m->text;
    ret->columns = (struct columns){ base->rows, m->n, m->column };
    if (m->frame) {
        TRY(add_named(m, ret->node));
        ret->columns = *frame_columns(m->frame);
    }
    return program_new(ret->node, &ret->columns, m->world->zones, m->world->now_ms, m->mem, &ret->program, m->e);
}

static enum err_code make_new(struct making m, struct slice text, struct condition **ret)
{
    struct err own;
    assert(m.world && m.mem && ret);
    m.e = m.e ? m.e : &own;
    m.condition = arena_one(m.mem, struct condition);
    if (!m.condition)
        return condition_no_memory(m.e);
    TRY(condition_make(&m, text));
    *ret = m.condition;
    return ERR_OK;
}

enum err_code condition_new_in(struct frame *frame, const struct condition_world *world, struct slice text,
                               struct arena *mem, struct condition **ret, struct err *e)
{
    return make_new((struct making){ .world = world, .mem = mem, .frame = frame, .e = e }, text, ret);
}

enum err_code condition_new_of_related(struct frame *frame, const struct condition_world *world, struct slice text,
                                       struct arena *mem, struct condition **ret, struct err *e)
{
    return make_new((struct making){ .world = world, .mem = mem, .frame = frame, .of_related = true, .e = e }, text, ret);
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

uint64_t condition_state(const struct condition *c, const struct frame *frame)
{
    uint64_t state = 0;
    for (size_t i = 0; i < c->n_places; i++)
        state += frame_state(frame, c->place[i]);
    return state;
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
        return condition_no_memory(e);
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

/* Of the columns those that the tree names, in the order of columns. Another base's numbers may have more places than ours
 * have now: the program is made anew over columns that hold all that a column may. */
enum err_code condition_sql(const struct condition *c, struct arena *mem, struct buf *out, bool *exact,
                            const struct column **columns, size_t *n, struct err *e)
{
    struct column *used = arena_array(mem, struct column, c->columns.n + 1);
    if (!used)
        return condition_no_memory(e);
    *n = 0;
    for (size_t i = 0; i < c->columns.n; i++) {
        if (!feel_speaks_of(c->node, c->columns.column[i].name))
            continue;
        struct column *column = &used[(*n)++];
        *column = c->columns.column[i];
        if (column->kind == COLUMN_NUMBER) {
            column->scale = NUMBER_SCALE;
            column->width = sizeof(int64_t);
        }
    }
    *columns = used;
    const struct columns widest = { c->columns.rows, *n, used };
    struct program *program;
    TRY(program_new(c->node, &widest, c->world->zones, c->world->now_ms, mem, &program, e));
    return program_sql(program, out, exact, e);
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
        return condition_no_memory(x->e);
    for (size_t i = 0; ok && i < n; i++)
        ret->value[i] = (struct value_entry){ use[i]->name, column_value(use[i], x->row, x->mem, &ok) };
    if (!ok)
        return condition_no_memory(x->e);
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
    *ret = (struct condition_why){ .text = condition_printed(&printer, node) };
    ret->joint = joint;
    if (!ret->text.at)
        return condition_no_memory(x->e);
    if (joint == WHY_NONE)
        return explain_values(x, node, ret);
    ret->part = arena_array(x->mem, struct condition_why, count_parts(node, joint));
    if (!ret->part)
        return condition_no_memory(x->e);
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
