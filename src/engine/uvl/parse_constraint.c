/* A constraint, with stacks for operators and operands instead of calls within calls: a chain of any length is read in one loop.
 *
 * Source   E. W. Dijkstra, "Algol 60 translation", 1961: the shunting yard.
 */
#include "engine/uvl/read_room.h"

#define COMPARES 6   // how strongly each binds
#define NEGATES 5
#define IMPLIES 2
#define CALLS 9

static const struct {
    int kind;
    enum uvl_op op;
    int binds;
} binary[] = {
    { TOKEN_EQUIVALENT, UVL_OP_EQUIVALENT, 1 }, { TOKEN_IMPLIES, UVL_OP_IMPLIES, IMPLIES },
    { '|', UVL_OP_OR, 3 }, { '&', UVL_OP_AND, 4 },
    { TOKEN_EQ, UVL_OP_EQ, COMPARES }, { TOKEN_NE, UVL_OP_NE, COMPARES }, { '<', UVL_OP_LT, COMPARES },
    { TOKEN_LE, UVL_OP_LE, COMPARES }, { '>', UVL_OP_GT, COMPARES }, { TOKEN_GE, UVL_OP_GE, COMPARES },
    { '+', UVL_OP_ADD, 7 }, { '-', UVL_OP_SUB, 7 }, { '*', UVL_OP_MUL, 8 }, { '/', UVL_OP_DIV, 8 },
};
#define BINARY (sizeof binary / sizeof *binary)

static const struct {
    const char *word;
    enum uvl_op op;
} function[] = { { "sum", UVL_OP_SUM }, { "avg", UVL_OP_AVG }, { "len", UVL_OP_LEN }, { "floor", UVL_OP_FLOOR },
                 { "ceil", UVL_OP_CEIL } };
#define FUNCTIONS (sizeof function / sizeof *function)

static unsigned binary_of(int kind)
{
    unsigned i = 0;
    while (i < BINARY && binary[i].kind != kind)
        i++;
    return i;
}

static bool emit(struct reading *r, struct uvl_expr x, struct names names)
{
    struct uvl_model *m = &r->m;
    if (!uvl_read_memory(r, arena_need(r->mem, m->expr, r->expr_cap, m->exprs + 1) &&
                        arena_need(r->mem, r->names, r->names_cap, m->exprs + 1) &&
                        arena_need(r->mem, r->operand, r->operand_cap, r->operands + 1)))
        return false;
    m->expr[m->exprs] = x;
    r->names[m->exprs] = names;
    r->operand[r->operands++] = m->exprs++;
    return true;
}

static struct uvl_expr expr_of(enum uvl_op op, struct uvl_place place)
{
    return (struct uvl_expr){ .op = op, .a = UVL_NONE, .b = UVL_NONE, .feature = UVL_NONE, .place = place };
}

static bool push(struct parse *p, int kind, enum uvl_op op)
{
    struct reading *r = p->r;
    if (!uvl_read_memory(r, arena_need(r->mem, r->operator, r->operator_cap, r->operators + 1)))
        return false;
    r->operator[r->operators++] = (struct operator){ kind, op, p->token.place };
    return true;
}

static int binds(const struct operator *o)
{
    if (o->kind == '(')
        return 0;
    if (o->kind == '!')
        return NEGATES;
    return o->kind == TOKEN_NAME ? CALLS : binary[binary_of(o->kind)].binds;
}

/* Applies the operators on top that bind stronger than `above`. */
static bool reduce(struct reading *r, int above)
{
    while (r->operators && binds(&r->operator[r->operators - 1]) > above) {
        const struct operator *o = &r->operator[--r->operators];
        struct uvl_expr x = expr_of(o->op, o->place);
        if (o->kind != '!' && o->kind != TOKEN_NAME)
            x.b = r->operand[--r->operands];
        x.a = r->operand[--r->operands];
        if (!emit(r, x, (struct names){ 0 }))
            return false;
    }
    return true;
}

/* The function that a name is: only with a bracket behind it. */
static unsigned function_of(const struct parse *p)
{
    unsigned f = 0;
    size_t i = p->lex.i;
    while (f < FUNCTIONS && !uvl_parse_is(p, function[f].word))
        f++;
    while (i < p->lex.text.len && (p->lex.text.at[i] == ' ' || p->lex.text.at[i] == '\t'))
        i++;
    return i < p->lex.text.len && p->lex.text.at[i] == '(' ? f : FUNCTIONS;
}

/* sum(attribute) or sum(attribute, feature) */
static bool aggregate(struct parse *p, enum uvl_op op)
{
    struct names names = { 0 };
    struct uvl_expr x = expr_of(op, p->token.place);
    uvl_parse_next(p);
    uvl_parse_next(p);
    if (!uvl_parse_path(p, &names.path, NULL, NULL, "the name of an attribute"))
        return false;
    if (uvl_parse_accept(p, ',') && !uvl_parse_path(p, &names.within, NULL, NULL, "the feature to add up below"))
        return false;
    return uvl_parse_expect(p, ')', "a comma or ) to close the function") && emit(p->r, x, names);
}

static bool literal(struct parse *p)
{
    struct names names = { 0 };
    struct token t = p->token;
    if (t.kind == TOKEN_TEXT || uvl_parse_is(p, "true") || uvl_parse_is(p, "false")) {
        struct uvl_expr x = expr_of(t.kind == TOKEN_TEXT ? UVL_OP_TEXT : UVL_OP_TRUTH, t.place);
        x.text = t.text;
        x.truth = t.kind == TOKEN_NAME && slice_is(t.text, "true");
        uvl_parse_next(p);
        return emit(p->r, x, names);
    }
    if (t.kind == TOKEN_INTEGER || t.kind == TOKEN_REAL || t.kind == '-') {
        struct uvl_value number;
        struct uvl_expr x = expr_of(UVL_OP_NUMBER, t.place);
        if (!uvl_parse_number(p, &number, "a number right behind the minus"))
            return false;
        x.text = number.text;
        x.number = number.number;
        return emit(p->r, x, names);
    }
    return uvl_parse_path(p, &names.path, NULL, &names.quoted, "a feature, a number, a 'text', ! or (") &&
           emit(p->r, expr_of(UVL_OP_FEATURE, t.place), names);
}

/* What an operator may follow: passes over what stands before it. */
static bool operand(struct parse *p, uint32_t *open)
{
    for (;;) {
        unsigned f = function_of(p);
        if (f < FUNCTIONS && (function[f].op == UVL_OP_SUM || function[f].op == UVL_OP_AVG))
            return aggregate(p, function[f].op);
        if (f < FUNCTIONS) {
            if (!push(p, TOKEN_NAME, function[f].op))
                return false;
        } else if (p->token.kind == '(') {
            if (++*open > UVL_DEPTH_MAX) {
                uvl_read_limit(p->r, p->token.place, "brackets are deeper than %d; part the constraint", UVL_DEPTH_MAX);
                return false;
            }
            if (!push(p, '(', UVL_OP_NOT))
                return false;
        } else if (p->token.kind == '!') {
            if (!push(p, '!', UVL_OP_NOT))
                return false;
        } else {
            return literal(p);
        }
        uvl_parse_next(p);
    }
}

static bool unclosed(struct parse *p)
{
    struct reading *r = p->r;
    while (r->operator[r->operators - 1].kind != '(')
        r->operators--;
    struct uvl_place at = r->operator[r->operators - 1].place;
    if (p->token.kind == TOKEN_WRONG || p->token.place.line == at.line)
        return uvl_parse_unexpected(p, "an operator or ) to close the bracket");
    return uvl_read_fault(r, at, "this ( is not closed before line %u: write its )", p->token.place.line);
}

static bool expression(struct parse *p)
{
    struct reading *r = p->r;
    for (uint32_t open = 0;;) {
        if (!operand(p, &open))
            return false;
        while (open && p->token.kind == ')') {
            if (!reduce(r, 0))
                return false;
            r->operators--;
            open--;
            uvl_parse_next(p);
        }
        unsigned i = binary_of(p->token.kind);
        if (i == BINARY)
            return open ? unclosed(p) : reduce(r, 0);
        if (!reduce(r, binary[i].binds - (binary[i].binds != IMPLIES)) || !push(p, binary[i].kind, binary[i].op))
            return false;
        uvl_parse_next(p);
    }
}

bool uvl_parse_constraint(struct parse *p, uint32_t of)
{
    struct reading *r = p->r;
    struct uvl_model *m = &r->m;
    struct uvl_constraint c = { .first = m->exprs, .of = of, .place = p->token.place };
    size_t start = p->token.start;
    r->operators = r->operands = 0;
    if (!expression(p)) {
        m->exprs = c.first;
        return false;
    }
    if (!uvl_read_memory(r, arena_need(r->mem, m->constraint, r->constraint_cap, m->constraints + 1) &&
                        arena_need(r->mem, r->prefix, r->prefix_cap, m->constraints + 1)))
        return false;
    c.expr = m->exprs - 1;
    c.text = (struct slice){ p->lex.text.at + start, p->last_end - start };
    m->constraint[m->constraints] = c;
    r->prefix[m->constraints++] = p->prefix;
    return true;
}
