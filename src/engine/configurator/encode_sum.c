/* Equations as literals: decision diagrams over the features that they name (Eén and Sörensson, JSAT 2006: "Translating
 * pseudo-Boolean constraints into SAT", section 3), each node a helper that is defined in both directions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "engine/configurator/encode_room.h"

#define FREE_MAX 16                  // features of an equation that is no sum: all their values are tried

/* constant + the weights of what is selected, all divided by `scale`, which is above 0. */
struct term {
    int32_t literal;
    int64_t weight;
};
struct linear {
    struct term *term;
    size_t n, cap;
    int64_t constant, scale;
};

static const struct uvl_expr *expr_of(const struct encoder *c, uint32_t at)
{
    return &c->model->expr[at];
}

static enum err_code too_large(const struct encoder *c, const struct uvl_expr *x, struct err *e)
{
    return encode_fault(c, x->place, e, "the numbers of this equation are too large, or have too many places: six behind the point count");
}

/* Inside this file: it has to be tried out. */
static enum err_code not_linear(struct err *e)
{
    return err_set(e, ERR_CONFLICT, 0, "it is no sum");
}

/* ---- values of attributes ---- */
static enum err_code micro_of(const struct encoder *c, const struct uvl_expr *x, const struct uvl_value *value, int64_t *ret,
                              struct err *e)
{
    struct err why;
    if (value->kind == UVL_TRUTH)
        *ret = value->truth ? MICRO : 0;
    else if (value->kind != UVL_NUMBER)
        return encode_fault(c, x->place, e, "'%.*s' is no number", SLICE_ARG(x->text));
    else if (micro_parse(value->text, ret, &why))
        return too_large(c, x, e);
    return ERR_OK;
}

static int64_t points_of(struct slice text)
{
    int64_t n = 0;
    for (; text.len; n++) {
        size_t step = utf8_step(text);
        text = (struct slice){ text.at + (step ? step : 1), text.len - (step ? step : 1) };
    }
    return n;
}

/* What floor, ceil and len make of an attribute. */
static enum err_code micro_of_call(const struct encoder *c, const struct uvl_expr *call, const struct uvl_value *value, int64_t *ret,
                                   struct err *e)
{
    const struct uvl_expr *x = expr_of(c, call->a);
    if (call->op == UVL_OP_LEN) {
        if (value->kind != UVL_TEXT)
            return encode_fault(c, x->place, e, "'%.*s' is no text: len() takes one", SLICE_ARG(x->text));
        *ret = points_of(value->text) * MICRO;
        return ERR_OK;
    }
    TRY(micro_of(c, x, value, ret, e));
    int64_t rest = ((*ret % MICRO) + MICRO) % MICRO;
    *ret += call->op == UVL_OP_FLOOR || !rest ? -rest : MICRO - rest;
    return ERR_OK;
}

static const struct uvl_value *attribute_of(const struct encoder *c, const struct uvl_expr *x)
{
    return x->op == UVL_OP_ATTRIBUTE ? uvl_attribute_find(&c->model->feature[x->feature], x->text) : NULL;
}

/* ---- sums ---- */
static enum err_code term_add(struct encoder *c, struct linear *l, int32_t literal, int64_t weight, struct err *e)
{
    if (!weight)
        return ERR_OK;
    if (!arena_need(c->mem, l->term, l->cap, l->n + 1))
        return NO_MEMORY(e);
    l->term[l->n++] = (struct term){ literal, weight };
    return ERR_OK;
}

/* l = l * by / (over of the scale); by of either sign, over above 0. */
static bool linear_scale(struct linear *l, int64_t by, int64_t over)
{
    bool fits = !__builtin_mul_overflow(l->constant, by, &l->constant) && !__builtin_mul_overflow(l->scale, over, &l->scale);
    for (size_t i = 0; fits && i < l->n; i++)
        fits = !__builtin_mul_overflow(l->term[i].weight, by, &l->term[i].weight);
    return fits;
}

static int64_t divisor_of(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

/* Divides by what all have in common, so that products of products stay small. */
static void linear_reduce(struct linear *l)
{
    int64_t d = divisor_of(l->scale, l->constant);
    for (size_t i = 0; i < l->n; i++)
        d = divisor_of(d, l->term[i].weight);
    l->constant /= d;
    l->scale /= d;
    for (size_t i = 0; i < l->n; i++)
        l->term[i].weight /= d;
}

static bool same_scale(struct linear *a, struct linear *b)
{
    linear_reduce(a);
    linear_reduce(b);
    int64_t d = divisor_of(a->scale, b->scale), of_a = b->scale / d, of_b = a->scale / d;
    return linear_scale(a, of_a, of_a) && linear_scale(b, of_b, of_b);
}

static enum err_code linear_of(struct encoder *c, uint32_t at, struct linear *ret, struct err *e);

/* a + sign * b, into a. */
static enum err_code linear_add(struct encoder *c, const struct uvl_expr *x, struct linear *a, struct linear *b, int sign,
                                struct err *e)
{
    if (!same_scale(a, b) || !linear_scale(b, sign, 1) || __builtin_add_overflow(a->constant, b->constant, &a->constant))
        return too_large(c, x, e);
    for (size_t i = 0; i < b->n; i++)
        TRY(term_add(c, a, b->term[i].literal, b->term[i].weight, e));
    return ERR_OK;
}

static enum err_code linear_binary(struct encoder *c, const struct uvl_expr *x, struct linear *ret, struct err *e)
{
    struct linear b = { 0 };
    bool fits;
    TRY(encode_deeper(c, x->a, e));
    TRY(linear_of(c, x->a, ret, e));
    TRY(linear_of(c, x->b, &b, e));
    c->depth--;
    if (x->op == UVL_OP_ADD || x->op == UVL_OP_SUB)
        return linear_add(c, x, ret, &b, x->op == UVL_OP_ADD ? 1 : -1, e);
    if (x->op == UVL_OP_MUL && ret->n && !b.n) {
        fits = linear_scale(ret, b.constant, b.scale);
    } else if (x->op == UVL_OP_MUL && !ret->n) {
        fits = linear_scale(&b, ret->constant, ret->scale);
        *ret = b;
    } else if (x->op == UVL_OP_DIV && !b.n && b.constant) {
        fits = linear_scale(ret, b.constant < 0 ? -b.scale : b.scale, b.constant < 0 ? -b.constant : b.constant);
    } else {
        return not_linear(e);
    }
    if (!fits)
        return too_large(c, x, e);
    linear_reduce(ret);
    return ERR_OK;
}

/* The value that the attribute of a sum or mean has for a feature; NULL: it does not count. */
static const struct uvl_value *carried(const struct encoder *c, const struct uvl_expr *x, uint32_t feature)
{
    bool counts = x->feature == UVL_NONE || (feature >= x->feature && feature < c->end[x->feature]);
    return counts ? uvl_attribute_find(&c->model->feature[feature], x->text) : NULL;
}

/* sum(attribute, feature), each value less `less` millionths. */
static enum err_code linear_sum(struct encoder *c, const struct uvl_expr *x, int64_t less, struct linear *ret, struct err *e)
{
    for (uint32_t f = 0; f < c->model->features; f++) {
        const struct uvl_value *value = carried(c, x, f);
        int64_t micro;
        if (!value)
            continue;
        TRY(micro_of(c, x, value, &micro, e));
        if (__builtin_sub_overflow(micro, less, &micro))
            return too_large(c, x, e);
        TRY(term_add(c, ret, c->variable[f], micro, e));
    }
    return ERR_OK;
}

/* Each once. */
static enum err_code literal_note(struct encoder *c, struct literals *list, int32_t literal, struct err *e)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->at[i] == literal)
            return ERR_OK;
    return encode_push(c, list, literal, e);
}

static enum err_code carriers(struct encoder *c, const struct uvl_expr *x, struct literals *ret, struct err *e)
{
    for (uint32_t f = 0; f < c->model->features; f++)
        if (carried(c, x, f))
            TRY(literal_note(c, ret, c->variable[f], e));
    return ERR_OK;
}

static enum err_code linear_of(struct encoder *c, uint32_t at, struct linear *ret, struct err *e)
{
    const struct uvl_expr *x = expr_of(c, at);
    const struct uvl_value *value;
    struct err why;
    int64_t micro = MICRO;
    *ret = (struct linear){ .scale = MICRO };
    switch (x->op) {
    case UVL_OP_NUMBER:
        return micro_parse(x->text, &ret->constant, &why) ? too_large(c, x, e) : ERR_OK;
    case UVL_OP_FEATURE:
        return term_add(c, ret, c->variable[x->feature], micro, e);
    case UVL_OP_ATTRIBUTE:
        value = attribute_of(c, x);
        if (!value)
            return encode_fault(c, x->place, e, "there is no attribute '%.*s'", SLICE_ARG(x->text));
        TRY(micro_of(c, x, value, &micro, e));
        return term_add(c, ret, c->variable[x->feature], micro, e);
    case UVL_OP_LEN: case UVL_OP_FLOOR: case UVL_OP_CEIL:
        value = attribute_of(c, expr_of(c, x->a));
        if (!value)
            return encode_fault(c, x->place, e, "len, floor and ceil take an attribute, or a feature with a value");
        TRY(micro_of_call(c, x, value, &micro, e));
        return term_add(c, ret, c->variable[expr_of(c, x->a)->feature], micro, e);
    case UVL_OP_SUM:
        return linear_sum(c, x, 0, ret, e);
    case UVL_OP_ADD: case UVL_OP_SUB: case UVL_OP_MUL: case UVL_OP_DIV:
        return linear_binary(c, x, ret, e);
    case UVL_OP_AVG:
        return not_linear(e);
    default:
        return encode_fault(c, x->place, e, "a number is wanted here");
    }
}

/* ---- the diagram of low <= sum <= high ---- */
struct cell {
    int64_t sum;
    uint32_t at;
    int32_t literal;                 // 0: the cell is free
};
struct counting {
    struct encoder *c;
    const struct term *term;
    size_t n;
    int64_t *least, *greatest;       // of what is from here on
    int64_t low, high;
    struct cell *cell;
    size_t cells, used;
};

static struct cell *cell_of(const struct counting *k, size_t at, int64_t sum)
{
    size_t mask = k->cells - 1, i = (size_t)hash_mix((uint64_t)sum * 31 + at) & mask;
    while (k->cell[i].literal && (k->cell[i].at != at || k->cell[i].sum != sum))
        i = (i + 1) & mask;
    return &k->cell[i];
}

static enum err_code cells_room(struct counting *k, struct err *e)
{
    struct counting more = *k;
    if ((k->used + 1) * 2 < k->cells)
        return ERR_OK;
    if (k->used >= ENCODE_NODES_MAX)
        return err_set(e, ERR_LIMIT, 0, "an equation over %zu features needs more than %d nodes: round its numbers, or split it", k->n,
                       ENCODE_NODES_MAX);
    more.cells = k->cells ? k->cells * 2 : 256;
    more.cell = arena_array(k->c->mem, struct cell, more.cells);
    if (!more.cell)
        return NO_MEMORY(e);
    for (size_t i = 0; i < k->cells; i++)
        if (k->cell[i].literal)
            *cell_of(&more, k->cell[i].at, k->cell[i].sum) = k->cell[i];
    *k = more;
    return ERR_OK;
}

static enum err_code node_of(struct counting *k, size_t at, int64_t sum, int32_t *ret, struct err *e)
{
    int64_t least = sum + k->least[at], greatest = sum + k->greatest[at];
    bool out = greatest < k->low || least > k->high, in = least >= k->low && greatest <= k->high;
    int32_t yes, no;
    if (out || in) {
        TRY(encode_always(k->c, ret, e));
        *ret = in ? *ret : -*ret;
        return ERR_OK;
    }
    if (k->cells && cell_of(k, at, sum)->literal) {
        *ret = cell_of(k, at, sum)->literal;
        return ERR_OK;
    }
    TRY(node_of(k, at + 1, sum + k->term[at].weight, &yes, e));
    TRY(node_of(k, at + 1, sum, &no, e));
    TRY(encode_choice(k->c, k->term[at].literal, yes, no, ret, e));
    TRY(cells_room(k, e));
    *cell_of(k, at, sum) = (struct cell){ sum, (uint32_t)at, *ret };
    k->used++;
    return ERR_OK;
}

static int by_literal(const void *a, const void *b)
{
    const struct term *x = a, *y = b;
    return (abs(x->literal) > abs(y->literal)) - (abs(x->literal) < abs(y->literal));
}

static int by_weight(const void *a, const void *b)
{
    int64_t x = llabs(((const struct term *)a)->weight), y = llabs(((const struct term *)b)->weight);
    return x != y ? (x < y) - (x > y) : by_literal(a, b);
}

/* Each variable once; the heavy ones first, which decide the most. */
static size_t terms_order(struct term *term, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(term, n, sizeof *term, by_literal);
    for (size_t i = 0; i < n; i++) {
        if (kept && term[kept - 1].literal == term[i].literal)
            term[kept - 1].weight += term[i].weight;
        else
            term[kept++] = term[i];
    }
    if (kept)
        qsort(term, kept, sizeof *term, by_weight);
    return kept;
}

static enum err_code between(struct encoder *c, struct term *term, size_t n, int64_t low, int64_t high, int32_t *ret, struct err *e)
{
    struct counting k = { .c = c, .term = term, .n = terms_order(term, n), .low = low, .high = high };
    if (k.n > ENCODE_TERMS_MAX)
        return err_set(e, ERR_LIMIT, 0, "an equation over %zu features: %d at most", k.n, ENCODE_TERMS_MAX);
    k.least = arena_array(c->mem, int64_t, k.n + 1);
    k.greatest = arena_array(c->mem, int64_t, k.n + 1);
    if (!k.least || !k.greatest)
        return NO_MEMORY(e);
    for (size_t i = k.n; i-- > 0;) {
        k.least[i] = k.least[i + 1] + (term[i].weight < 0 ? term[i].weight : 0);
        k.greatest[i] = k.greatest[i + 1] + (term[i].weight > 0 ? term[i].weight : 0);
    }
    return node_of(&k, 0, 0, ret, e);
}

enum err_code encode_between(struct encoder *c, const int32_t *literal, size_t n, uint32_t min, uint32_t max, int32_t *ret,
                             struct err *e)
{
    struct term *term = arena_array(c->mem, struct term, n + 1);
    if (!term)
        return NO_MEMORY(e);
    for (size_t i = 0; i < n; i++)
        term[i] = (struct term){ literal[i], 1 };
    return between(c, term, n, min, max == UVL_MANY ? INT64_MAX : max, ret, e);
}

/* sum op 0 */
static enum err_code compare_sum(struct encoder *c, enum uvl_op op, const struct linear *l, const struct uvl_expr *x, int32_t *ret,
                                 struct err *e)
{
    int64_t all = llabs(l->constant);
    for (size_t i = 0; i < l->n; i++)
        if (__builtin_add_overflow(all, llabs(l->term[i].weight), &all))
            return too_large(c, x, e);
    int64_t low = op == UVL_OP_GE || op == UVL_OP_EQ || op == UVL_OP_NE ? 0 : op == UVL_OP_GT ? 1 : -all - 1,
            high = op == UVL_OP_LE || op == UVL_OP_EQ || op == UVL_OP_NE ? 0 : op == UVL_OP_LT ? -1 : all + 1;
    TRY(between(c, l->term, l->n, low - l->constant, high - l->constant, ret, e));
    if (op == UVL_OP_NE)
        *ret = -*ret;
    return ERR_OK;
}

/* ---- means of constants, and what is no sum ---- */

static enum err_code named(struct encoder *c, uint32_t at, struct literals *ret, struct err *e)
{
    const struct uvl_expr *x = expr_of(c, at);
    if (x->op == UVL_OP_FEATURE || x->op == UVL_OP_ATTRIBUTE)
        TRY(literal_note(c, ret, c->variable[x->feature], e));
    if (x->op == UVL_OP_SUM || x->op == UVL_OP_AVG)
        TRY(carriers(c, x, ret, e));
    TRY(encode_deeper(c, at, e));
    if (x->a != UVL_NONE)
        TRY(named(c, x->a, ret, e));
    if (x->b != UVL_NONE)
        TRY(named(c, x->b, ret, e));
    c->depth--;
    return ERR_OK;
}

struct trying {
    struct encoder *c;
    const struct literals *of;
    uint64_t selected;               // bit i: of->at[i]
    const struct uvl_expr *x;
};

static bool is_selected(const struct trying *t, uint32_t feature)
{
    for (size_t i = 0; i < t->of->n; i++)
        if (t->of->at[i] == t->c->variable[feature])
            return t->selected >> i & 1;
    return false;
}

static double number_of(const struct uvl_value *value)
{
    return value->kind == UVL_TRUTH ? value->truth : value->kind == UVL_NUMBER ? value->number : 0;
}

static double aggregate(const struct trying *t, const struct uvl_expr *x)
{
    double sum = 0, n = 0;
    for (uint32_t f = 0; f < t->c->model->features; f++) {
        const struct uvl_value *value = carried(t->c, x, f);
        if (!value || !is_selected(t, f))
            continue;
        sum += number_of(value);
        n++;
    }
    return x->op == UVL_OP_SUM ? sum : n > 0 ? sum / n : (double)NAN;
}

static double tried(const struct trying *t, uint32_t at)
{
    const struct uvl_expr *x = expr_of(t->c, at);
    int64_t micro = 0;
    switch (x->op) {
    case UVL_OP_NUMBER: return x->number;
    case UVL_OP_FEATURE: return is_selected(t, x->feature);
    case UVL_OP_ATTRIBUTE: return is_selected(t, x->feature) ? number_of(attribute_of(t->c, x)) : 0;
    case UVL_OP_ADD: return tried(t, x->a) + tried(t, x->b);
    case UVL_OP_SUB: return tried(t, x->a) - tried(t, x->b);
    case UVL_OP_MUL: return tried(t, x->a) * tried(t, x->b);
    case UVL_OP_DIV: return tried(t, x->a) / tried(t, x->b);
    case UVL_OP_SUM: case UVL_OP_AVG: return aggregate(t, x);
    default:
        if (is_selected(t, expr_of(t->c, x->a)->feature))
            (void)micro_of_call(t->c, x, attribute_of(t->c, expr_of(t->c, x->a)), &micro, NULL);
        return (double)micro / MICRO;
    }
}

/* Whether the equation holds; what is not a number (a mean of nothing, x / 0) meets none. */
static bool tried_equation(const struct trying *t)
{
    double a = tried(t, t->x->a), b = tried(t, t->x->b), near = 1e-9 * fmax(fabs(a), fmax(fabs(b), 1));
    if (!isfinite(a) || !isfinite(b))
        return false;
    switch (t->x->op) {
    case UVL_OP_EQ: return fabs(a - b) <= near;
    case UVL_OP_NE: return fabs(a - b) > near;
    case UVL_OP_LT: return a < b - near;
    case UVL_OP_LE: return a <= b + near;
    case UVL_OP_GT: return a > b + near;
    default: return a >= b - near;
    }
}

static enum err_code try_all(struct trying *t, size_t at, int32_t *ret, struct err *e)
{
    int32_t yes, no;
    if (at == t->of->n) {
        TRY(encode_always(t->c, ret, e));
        *ret = tried_equation(t) ? *ret : -*ret;
        return ERR_OK;
    }
    TRY(try_all(t, at + 1, &no, e));
    t->selected |= UINT64_C(1) << at;
    TRY(try_all(t, at + 1, &yes, e));
    t->selected &= ~(UINT64_C(1) << at);
    return encode_choice(t->c, t->of->at[at], yes, no, ret, e);
}

static enum err_code encode_any(struct encoder *c, const struct uvl_expr *x, int32_t *ret, struct err *e)
{
    struct literals of = { 0 };
    TRY(named(c, x->a, &of, e));
    TRY(named(c, x->b, &of, e));
    if (of.n > FREE_MAX)
        return encode_fault(c, x->place, e, "this equation multiplies, divides or averages %zu features: %d at most", of.n, FREE_MAX);
    struct trying t = { c, &of, 0, x };
    return try_all(&t, 0, ret, e);
}

/* avg(...) op constant: the sum of what each is above the constant, where there is any. */
static enum err_code encode_mean(struct encoder *c, const struct uvl_expr *x, int32_t *ret, struct err *e)
{
    const struct uvl_expr *mean = expr_of(c, x->a), *bound = expr_of(c, x->b);
    struct linear l = { .scale = MICRO };
    struct literals any = { 0 };
    int64_t micro;
    int32_t some, met, always;
    struct err why;
    if (micro_parse(bound->text, &micro, &why))
        return too_large(c, bound, e);
    TRY(linear_sum(c, mean, micro, &l, e));
    TRY(compare_sum(c, x->op, &l, x, &met, e));
    TRY(carriers(c, mean, &any, e));
    TRY(encode_between(c, any.at, any.n, 1, UVL_MANY, &some, e));
    TRY(encode_always(c, &always, e));
    return encode_choice(c, some, met, -always, ret, e);
}

/* ---- texts ---- */
static bool text_of(const struct encoder *c, const struct uvl_expr *x, struct slice *ret)
{
    const struct uvl_value *value = attribute_of(c, x);
    *ret = x->op == UVL_OP_TEXT ? x->text : value ? value->text : SLICE("");
    return x->op == UVL_OP_TEXT || (value && value->kind == UVL_TEXT);
}

/* Of texts only whether they are the same; those of a feature that is not selected are neither. */
static enum err_code encode_texts(struct encoder *c, const struct uvl_expr *x, struct slice a, struct slice b, int32_t *ret,
                                  struct err *e)
{
    const struct uvl_expr *side[2] = { expr_of(c, x->a), expr_of(c, x->b) };
    int32_t always;
    if (x->op != UVL_OP_EQ && x->op != UVL_OP_NE)
        return encode_fault(c, x->place, e, "texts are compared with == and != only");
    TRY(encode_always(c, &always, e));
    *ret = slice_eq(a, b) == (x->op == UVL_OP_EQ) ? always : -always;
    for (int i = 0; i < 2; i++)
        if (side[i]->op == UVL_OP_ATTRIBUTE)
            TRY(encode_choice(c, c->variable[side[i]->feature], *ret, -always, ret, e));
    return ERR_OK;
}

enum err_code encode_equation(struct encoder *c, uint32_t at, int32_t *ret, struct err *e)
{
    const struct uvl_expr *x = expr_of(c, at);
    struct linear a = { 0 }, b = { 0 };
    struct slice left, right;
    if (x->op < UVL_OP_EQ || x->op > UVL_OP_GE)
        return encode_fault(c, x->place, e, "a condition is wanted here: compare it with something");
    bool texts = text_of(c, expr_of(c, x->a), &left);
    if (texts != text_of(c, expr_of(c, x->b), &right))
        return encode_fault(c, x->place, e, "a text is compared with something that is none");
    if (texts)
        return encode_texts(c, x, left, right, ret, e);
    if (expr_of(c, x->a)->op == UVL_OP_AVG && expr_of(c, x->b)->op == UVL_OP_NUMBER)
        return encode_mean(c, x, ret, e);
    uint32_t depth = c->depth;
    enum err_code code = linear_of(c, x->a, &a, e);
    if (!code)
        code = linear_of(c, x->b, &b, e);
    c->depth = depth;
    if (code == ERR_CONFLICT)
        return encode_any(c, x, ret, e);
    TRY(code);
    TRY(linear_add(c, x, &a, &b, -1, e));
    return compare_sum(c, x->op, &a, x, ret, e);
}
