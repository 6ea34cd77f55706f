/* Constraints as clauses. Conjunctions become several, disjunctions one; what stands too deep for that gets a helper that has one
 * value for each choice of the features. */
#include "engine/configurator/encode_room.h"

static const struct uvl_expr *expr_of(const struct encoder *c, uint32_t at)
{
    return &c->model->expr[at];
}

/* What an expression is when it is true, or when it is false. */
enum form { FORM_LITERAL, FORM_ALL, FORM_ANY, FORM_SAME };

struct side {
    uint32_t expr;
    bool is;
};

static struct side without_not(const struct encoder *c, struct side s)
{
    while (expr_of(c, s.expr)->op == UVL_OP_NOT)
        s = (struct side){ expr_of(c, s.expr)->a, !s.is };
    return s;
}

static enum form form_of(const struct encoder *c, struct side s)
{
    switch (expr_of(c, s.expr)->op) {
    case UVL_OP_AND: return s.is ? FORM_ALL : FORM_ANY;
    case UVL_OP_OR: case UVL_OP_IMPLIES: return s.is ? FORM_ANY : FORM_ALL;
    case UVL_OP_EQUIVALENT: return FORM_SAME;
    default: return FORM_LITERAL;
    }
}

struct sides {
    struct side *at;
    size_t n, cap;
};

static enum err_code sides_push(struct encoder *c, struct sides *list, struct side s, struct err *e)
{
    if (!arena_need(c->mem, list->at, list->cap, list->n + 1))
        return NO_MEMORY(e);
    list->at[list->n++] = s;
    return ERR_OK;
}

/* The parts of a conjunction or disjunction, those of its like within it included: a chain of thousands is one list. */
static enum err_code parts_of(struct encoder *c, struct side whole, struct sides *ret, struct err *e)
{
    enum form form = form_of(c, whole);
    struct sides open = { 0 };
    if (form == FORM_LITERAL)
        return sides_push(c, ret, whole, e);
    TRY(sides_push(c, &open, whole, e));
    while (open.n) {
        struct side s = without_not(c, open.at[--open.n]);
        const struct uvl_expr *x = expr_of(c, s.expr);
        if (form_of(c, s) != form) {
            TRY(sides_push(c, ret, s, e));
            continue;
        }
        TRY(sides_push(c, &open, (struct side){ x->b, s.is }, e));
        TRY(sides_push(c, &open, (struct side){ x->a, x->op == UVL_OP_IMPLIES ? !s.is : s.is }, e));
    }
    return ERR_OK;
}

/* ---- one literal ---- */
static enum err_code literal_of(struct encoder *c, struct side s, int32_t *ret, struct err *e);

/* A helper that is true where all of them are. */
static enum err_code literal_all(struct encoder *c, const struct literals *of, int32_t *ret, struct err *e)
{
    struct literals clause = { 0 };
    int32_t helper;
    TRY(encode_helper(c, &helper, e));
    TRY(encode_push(c, &clause, helper, e));
    for (size_t i = 0; i < of->n; i++) {
        TRY(encode_define(c, (int32_t[]){ -helper, of->at[i] }, 2, e));
        TRY(encode_push(c, &clause, -of->at[i], e));
    }
    TRY(encode_define(c, clause.at, clause.n, e));
    *ret = helper;
    return ERR_OK;
}

static enum err_code literal_parts(struct encoder *c, struct side s, bool all, int32_t *ret, struct err *e)
{
    struct sides parts = { 0 };
    struct literals of = { 0 };
    TRY(parts_of(c, s, &parts, e));
    for (size_t i = 0; i < parts.n; i++) {
        int32_t one;
        TRY(literal_of(c, parts.at[i], &one, e));
        TRY(encode_push(c, &of, all ? one : -one, e));
    }
    TRY(literal_all(c, &of, ret, e));
    if (!all)
        *ret = -*ret;
    return ERR_OK;
}

static enum err_code literal_plain(struct encoder *c, struct side s, int32_t *ret, struct err *e)
{
    const struct uvl_expr *x = expr_of(c, s.expr);
    const struct uvl_value *value;
    switch (x->op) {
    case UVL_OP_FEATURE:
        *ret = c->variable[x->feature];
        break;
    case UVL_OP_TRUTH:
        TRY(encode_always(c, ret, e));
        *ret = x->truth ? *ret : -*ret;
        break;
    case UVL_OP_ATTRIBUTE:
        value = uvl_attribute_find(&c->model->feature[x->feature], x->text);
        if (!value || (value->kind != UVL_TRUTH && value->kind != UVL_EMPTY))
            return encode_fault(c, x->place, e, "'%.*s' is not true or false: compare it", SLICE_ARG(x->text));
        *ret = c->variable[x->feature];
        if (value->kind == UVL_TRUTH && !value->truth) {
            TRY(encode_always(c, ret, e));
            *ret = -*ret;
        }
        break;
    default:
        TRY(encode_equation(c, s.expr, ret, e));
    }
    *ret = s.is ? *ret : -*ret;
    return ERR_OK;
}

static enum err_code literal_of(struct encoder *c, struct side whole, int32_t *ret, struct err *e)
{
    struct side s = without_not(c, whole);
    enum form form = form_of(c, s);
    int32_t a, b;
    if (form == FORM_LITERAL)
        return literal_plain(c, s, ret, e);
    TRY(encode_deeper(c, s.expr, e));
    if (form == FORM_SAME) {
        TRY(literal_of(c, (struct side){ expr_of(c, s.expr)->a, true }, &a, e));
        TRY(literal_of(c, (struct side){ expr_of(c, s.expr)->b, s.is }, &b, e));
        TRY(encode_choice(c, a, b, -b, ret, e));
    } else {
        TRY(literal_parts(c, s, form == FORM_ALL, ret, e));
    }
    c->depth--;
    return ERR_OK;
}

/* ---- clauses ---- */
static enum err_code assert_side(struct encoder *c, struct side whole, const struct literals *or_else, struct err *e);

/* One of them, or what `or_else` has. One part that is a conjunction is multiplied out, the others get a helper. */
static enum err_code assert_any(struct encoder *c, struct side s, const struct literals *or_else, struct err *e)
{
    struct sides parts = { 0 };
    struct literals clause = { 0 };
    size_t out = SIZE_MAX;
    TRY(parts_of(c, s, &parts, e));
    for (size_t i = 0; i < or_else->n; i++)
        TRY(encode_push(c, &clause, or_else->at[i], e));
    for (size_t i = 0; i < parts.n; i++) {
        int32_t one;
        if (out == SIZE_MAX && form_of(c, parts.at[i]) != FORM_LITERAL) {
            out = i;
            continue;
        }
        TRY(literal_of(c, parts.at[i], &one, e));
        TRY(encode_push(c, &clause, one, e));
    }
    return out == SIZE_MAX ? encode_emit(c, clause.at, clause.n, e) : assert_side(c, parts.at[out], &clause, e);
}

static enum err_code assert_same(struct encoder *c, struct side s, const struct literals *or_else, struct err *e)
{
    const struct uvl_expr *x = expr_of(c, s.expr);
    struct literals clause = { 0 };
    int32_t a, b;
    TRY(literal_of(c, (struct side){ x->a, true }, &a, e));
    TRY(literal_of(c, (struct side){ x->b, s.is }, &b, e));
    for (size_t i = 0; i < or_else->n; i++)
        TRY(encode_push(c, &clause, or_else->at[i], e));
    TRY(encode_push(c, &clause, -a, e));
    TRY(encode_push(c, &clause, b, e));
    TRY(encode_emit(c, clause.at, clause.n, e));
    clause.at[clause.n - 2] = a;
    clause.at[clause.n - 1] = -b;
    return encode_emit(c, clause.at, clause.n, e);
}

static enum err_code assert_side(struct encoder *c, struct side whole, const struct literals *or_else, struct err *e)
{
    struct side s = without_not(c, whole);
    struct sides parts = { 0 };
    TRY(encode_deeper(c, s.expr, e));
    switch (form_of(c, s)) {
    case FORM_ALL:
        TRY(parts_of(c, s, &parts, e));
        for (size_t i = 0; i < parts.n; i++)
            TRY(assert_side(c, parts.at[i], or_else, e));
        break;
    case FORM_SAME:
        TRY(assert_same(c, s, or_else, e));
        break;
    default:
        TRY(assert_any(c, s, or_else, e));
    }
    c->depth--;
    return ERR_OK;
}

enum err_code encode_rule(struct encoder *c, uint32_t expr, int32_t guard, struct err *e)
{
    struct literals or_else = { &guard, guard ? 1 : 0, 1 };
    c->depth = 0;
    return assert_side(c, (struct side){ expr, true }, &or_else, e);
}
