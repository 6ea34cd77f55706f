#include "engine/columns/cells.h"

#include <assert.h>
#include <stdlib.h>

#include "base/civil.h"
#include "engine/feel/names.h"

#define POINT_MAX (INT64_C(1) << 60)
#define LISTS_MAX 16          // lists in lists of constants

/* While the texts are read: constants first, then points. */
struct collect {
    struct slice name;
    enum column_kind kind;
    int scale;
    struct eval *eval;
    struct value constant[CELLS_MAX];
    size_t n;
    const char *why;
};

/* What is called is the function, what is not may be a value of that name: a column "count". */
bool node_is_about(const struct node *node, struct slice name)
{
    if (node->kind == NODE_FOREIGN || (node->kind == NODE_NAME && !slice_eq(node->name, name)))
        return false;
    bool calls = node->kind == NODE_CALL && node->kid[0]->kind == NODE_NAME && feel_builtin(node->kid[0]->name);
    for (uint32_t i = calls; i < node->n; i++)
        if (!node_is_about(node->kid[i], name))
            return false;
    return true;
}

bool node_is_constant(const struct node *node)
{
    return node_is_about(node, SLICE(""));
}

static bool refuse(struct collect *c, const char *why)
{
    c->why = why;
    return false;
}

static bool ordered(const struct collect *c, struct value v)
{
    return (v.kind == VALUE_NUMBER && c->kind == COLUMN_NUMBER) || (v.kind == VALUE_DATE && c->kind == COLUMN_DATE)
           || (v.kind == VALUE_DATE_TIME && c->kind == COLUMN_DATE_TIME);
}

/* A value that the text compares with, or the ends of a range, or the items of a list. Others compare the same with
 * every value of the column: they cut nothing. */
static bool add_value(struct collect *c, struct value v, unsigned level)
{
    if (v.kind == VALUE_RANGE)
        return add_value(c, v.range->low, level) && add_value(c, v.range->high, level);
    if (v.kind == VALUE_LIST) {
        if (level >= LISTS_MAX)
            return refuse(c, "lists are nested too deep");
        for (size_t i = 0; i < v.list->n; i++)
            if (!add_value(c, v.list->item[i], level + 1))
                return false;
        return true;
    }
    if (!ordered(c, v))
        return true;
    if (c->n == CELLS_MAX)
        return refuse(c, "it names too many values");
    c->constant[c->n++] = v;
    return true;
}

/* A value may have the name of a function that is called. */
static bool is_constant(const struct collect *c, const struct node *node)
{
    return node_is_constant(node) && !feel_speaks_of(node, c->name);
}

static bool add_constant(struct collect *c, const struct node *node)
{
    if (!is_constant(c, node))
        return refuse(c, "it compares with what is no constant");
    struct value v = feel_value(c->eval, node, NULL);
    return c->eval->failed ? refuse(c, "a constant is too much work") : add_value(c, v, 0);
}

static bool is_value(const struct collect *c, const struct node *node)
{
    return node->kind == NODE_NAME && (slice_eq(node->name, c->name) || slice_is(node->name, "?"));
}

static bool collect_test(struct collect *c, const struct node *);

static bool collect_kids(struct collect *c, const struct node *node, uint32_t from)
{
    for (uint32_t i = from; i < node->n; i++)
        if (!collect_test(c, node->kid[i]))
            return false;
    return true;
}

static bool collect_binary(struct collect *c, const struct node *node)
{
    const struct node *a = node->kid[0], *b = node->kid[1];
    if (node->op == OP_AND || node->op == OP_OR)
        return collect_kids(c, node, 0);
    if (node->op < OP_EQ || node->op > OP_GE)
        return refuse(c, "it computes with the value");
    if (is_value(c, a))
        return add_constant(c, b);
    return is_value(c, b) ? add_constant(c, a) : refuse(c, "it compares something else than the value");
}

/* A condition, or a test of a list of tests. */
static bool collect_test(struct collect *c, const struct node *node)
{
    if (node->kind != NODE_TESTS && node->kind != NODE_UNARY && is_constant(c, node))
        return add_constant(c, node);
    switch (node->kind) {
    case NODE_BINARY: return collect_binary(c, node);
    case NODE_UNARY: return add_constant(c, node->kid[0]);
    case NODE_TESTS:
    case NODE_IF: return collect_kids(c, node, 0);
    case NODE_CALL: return node_is_not(node) ? collect_kids(c, node, 1) : refuse(c, "it calls a function of the value");
    case NODE_BETWEEN:
        if (!is_value(c, node->kid[0]))
            return refuse(c, "it compares something else than the value");
        return add_constant(c, node->kid[1]) && add_constant(c, node->kid[2]);
    case NODE_IN:
        if (!is_value(c, node->kid[0]))
            return refuse(c, "it compares something else than the value");
        return collect_kids(c, node, 1);
    default: return refuse(c, "it asks more than how the value compares with constants");
    }
}

static int scale_of(struct number n)
{
    struct number whole;
    int scale = 0;
    while (scale < CELLS_SCALE_MAX && !(number_round(n, scale, ROUND_DOWN, &whole) && number_cmp(whole, n) == 0))
        scale++;
    return scale;
}

static bool instant_point(const struct date_time *t, int64_t *ret)
{
    int64_t s;
    if (t->time.zone.kind != ZONE_OFFSET || !date_time_instant(*t, NULL, &s) || s > POINT_MAX / 2000
        || s < -POINT_MAX / 2000)
        return false;
    *ret = 2 * (s * 1000 + t->time.nano / 1000000) + (t->time.nano % 1000000 != 0);
    return true;
}

bool cells_point(const struct cells *cells, struct value v, int64_t *ret)
{
    int64_t whole;
    bool exact;
    if (v.kind == VALUE_NUMBER && cells->kind == COLUMN_NUMBER) {
        if (!number_floor_scaled(v.number, cells->scale, &whole, &exact) || whole > POINT_MAX / 2 || whole < -POINT_MAX / 2)
            return false;
        *ret = 2 * whole + !exact;
        return true;
    }
    if (v.kind == VALUE_DATE && cells->kind == COLUMN_DATE) {
        *ret = 2 * date_days(v.date);
        return true;
    }
    return v.kind == VALUE_DATE_TIME && cells->kind == COLUMN_DATE_TIME && instant_point(v.date_time, ret);
}

/* A constant's own point is a cell; equality of times is of whole seconds, whose ends cut too. */
static bool add_points(const struct collect *c, const struct cells *cells, struct value v, int64_t *start, size_t *n)
{
    int64_t point;
    if (c->kind == COLUMN_DATE_TIME && v.date_time->time.zone.kind == ZONE_NONE)
        return true;  // never compares with one that has a zone
    if (!cells_point(cells, v, &point))
        return false;
    start[(*n)++] = point;
    start[(*n)++] = point + 1;
    if (c->kind == COLUMN_DATE_TIME) {
        int64_t second = floor_div(point, 2000) * 2000;
        start[(*n)++] = second;
        start[(*n)++] = second + 2000;
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool make_cells(struct collect *c, struct cells *ret)
{
    struct cells cells = { c->kind, c->scale, 0, NULL };
    size_t n = 1;
    if (c->scale < 0)
        cells.scale = 0;
    for (size_t i = 0; i < c->n && c->kind == COLUMN_NUMBER && c->scale < 0; i++) {
        int scale = scale_of(c->constant[i].number);
        cells.scale = scale > cells.scale ? scale : cells.scale;
    }
    cells.start = arena_array(c->eval->mem, int64_t, 4 * c->n + 1);
    if (!cells.start)
        return refuse(c, "memory is exhausted");
    cells.start[0] = INT64_MIN;
    for (size_t i = 0; i < c->n; i++)
        if (!add_points(c, &cells, c->constant[i], cells.start, &n))
            return refuse(c, "a constant is out of the columns' range");
    qsort(cells.start, n, sizeof *cells.start, by_value);
    cells.n = 1;
    for (size_t i = 1; i < n; i++)
        if (cells.start[i] != cells.start[cells.n - 1])
            cells.start[cells.n++] = cells.start[i];
    *ret = cells;
    return true;
}

bool cells_of(const struct node *const *texts, size_t n, struct slice name, enum column_kind kind, int scale,
              struct eval *eval, struct cells *ret, const char **why)
{
    assert(kind == COLUMN_NUMBER || kind == COLUMN_DATE || kind == COLUMN_DATE_TIME);
    struct collect *c = arena_one(eval->mem, struct collect);
    *why = "memory is exhausted";
    if (!c)
        return false;
    *c = (struct collect){ .name = name, .kind = kind, .scale = scale, .eval = eval };
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++)
        ok = collect_test(c, texts[i]);
    ok = ok && make_cells(c, ret);
    *why = c->why;
    return ok;
}

/* Of the point, whatever the kind. */
static struct value value_at(const struct cells *cells, int64_t point, struct arena *mem)
{
    struct value v = { .kind = VALUE_NULL };
    int64_t whole = floor_div(point, 2);
    bool half = point != 2 * whole;
    bool ok = true;
    if (cells->kind == COLUMN_NUMBER)
        return value_number(half ? number_scaled(point * 5, -cells->scale - 1) : number_scaled(whole, -cells->scale));
    if (cells->kind == COLUMN_DATE) {
        v.kind = VALUE_DATE;
        return date_of_days(whole, &v.date) ? v : value_null;
    }
    struct date_time t;
    if (!date_time_of_ms(whole, &t))
        return value_null;
    t.time.nano += half ? 500000 : 0;
    v = value_date_time(mem, t, &ok);
    return ok ? v : value_null;
}

bool cells_sample(const struct cells *cells, size_t i, bool whole, struct arena *mem, struct value *ret)
{
    assert(i < cells->n);
    int64_t below = i + 1 < cells->n ? cells->start[i + 1] : INT64_MAX;
    /* The first cell has no start, but an end where there is one. */
    int64_t point = i > 0 ? cells->start[i] : below == INT64_MAX ? 0 : below - 2;
    if ((whole || cells->kind == COLUMN_DATE) && point % 2 != 0)  // there is nothing between two days
        point++;
    if (point >= below)
        return false;
    *ret = value_at(cells, point, mem);
    return !value_is_null(*ret);
}

int64_t cells_whole(int64_t point)
{
    return point / 2 + (point > 0 && point % 2 != 0);
}

size_t cells_find(const struct cells *cells, int64_t point)
{
    size_t low = 0, high = cells->n;  // start[low] <= point < start[high]
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (cells->start[middle] <= point)
            low = middle;
        else
            high = middle;
    }
    return low;
}
