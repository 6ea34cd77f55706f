#include "engine/feel/parse.h"

#include <assert.h>

#include "base/utf8.h"
#include "engine/feel/eval.h"
#include "engine/feel/parse_room.h"

/* How tight an operator binds; all are left-associative. Rule 2 of the grammar lists them in this order. */
enum level { LEVEL_OR = 1, LEVEL_AND, LEVEL_COMPARE, LEVEL_ADD, LEVEL_MUL, LEVEL_POW };

static enum err_code parse_level(struct parse *p, enum level level, struct node *first, struct node **ret);

static bool sign_op(enum token_kind kind, enum node_op *op, enum level *level)
{
    static const struct {
        enum token_kind kind;
        enum node_op op;
        enum level level;
    } ops[] = {
        { TOKEN_EQ, OP_EQ, LEVEL_COMPARE }, { TOKEN_NE, OP_NE, LEVEL_COMPARE }, { TOKEN_LT, OP_LT, LEVEL_COMPARE },
        { TOKEN_LE, OP_LE, LEVEL_COMPARE }, { TOKEN_GT, OP_GT, LEVEL_COMPARE }, { TOKEN_GE, OP_GE, LEVEL_COMPARE },
        { TOKEN_ADD, OP_ADD, LEVEL_ADD },   { TOKEN_SUB, OP_SUB, LEVEL_ADD },   { TOKEN_MUL, OP_MUL, LEVEL_MUL },
        { TOKEN_DIV, OP_DIV, LEVEL_MUL },   { TOKEN_POW, OP_POW, LEVEL_POW },
    };
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (ops[i].kind != kind)
            continue;
        *op = ops[i].op;
        *level = ops[i].level;
        return true;
    }
    return false;
}

/* The binary operator at the token; between and in have none, only the level. */
static bool operator_at(const struct parse *p, enum node_op *op, enum level *level)
{
    if (p->token.kind != TOKEN_WORD)
        return sign_op(p->token.kind, op, level);
    switch (p->token.key) {
    case KEY_OR: *op = OP_OR; *level = LEVEL_OR; return true;
    case KEY_AND: *op = OP_AND; *level = LEVEL_AND; return true;
    case KEY_BETWEEN:
    case KEY_IN: *op = OP_EQ; *level = LEVEL_COMPARE; return true;
    default: return false;
    }
}

bool parse_unary_op(const struct parse *p, enum node_op *op)
{
    enum level level;
    return sign_op(p->token.kind, op, &level) && level == LEVEL_COMPARE;
}

static enum err_code parse_unary_test(struct parse *p, enum node_op op, struct node **ret)
{
    size_t at = p->token.at;
    struct node *end;
    parse_advance(p);
    TRY(parse_level(p, LEVEL_ADD, NULL, &end));
    TRY(parse_kids(p, NODE_UNARY, at, (struct node *[3]){ end, NULL }, ret));
    (*ret)->op = op;
    return ERR_OK;
}

static enum err_code parse_instance(struct parse *p, struct node **ret)
{
    size_t at = p->token.at;
    while (parse_accept_key(p, KEY_INSTANCE_OF)) {
        struct type_node *type;
        TRY(parse_type(p, &type));
        TRY(parse_kids(p, NODE_INSTANCE, at, (struct node *[3]){ *ret, NULL }, ret));
        (*ret)->type = type;
        at = p->token.at;
    }
    return ERR_OK;
}

/* An operand: signs, a primary (`first` where it is read already) and what stands behind it. */
static enum err_code parse_operand(struct parse *p, struct node *first, struct node **ret)
{
    size_t at = p->token.at;
    if (!first && parse_accept(p, TOKEN_SUB)) {
        TRY(parse_enter(p));
        TRY(parse_operand(p, NULL, ret));
        p->depth--;
        return parse_kids(p, NODE_NEGATE, at, (struct node *[3]){ *ret, NULL }, ret);
    }
    if (!first)
        TRY(parse_primary(p, &first));
    TRY(parse_postfix(p, first, ret));
    return parse_instance(p, ret);
}

static enum err_code parse_between(struct parse *p, size_t at, struct node *left, struct node **ret)
{
    struct node *low, *high;
    TRY(parse_level(p, LEVEL_ADD, NULL, &low));
    if (!parse_accept_key(p, KEY_AND))
        return parse_expected(p, "'and' and the upper end");
    TRY(parse_level(p, LEVEL_ADD, NULL, &high));
    return parse_kids(p, NODE_BETWEEN, at, (struct node *[3]){ left, low, high }, ret);
}

static enum err_code parse_in(struct parse *p, size_t at, struct node *left, struct node **ret)
{
    const struct node_binding none = { { NULL, 0 }, NULL };
    struct items items = { NULL, NULL, 0 };
    struct node *test = NULL;
    enum node_op op;
    TRY(parse_add(p, &items, left, none));
    if (parse_unary_op(p, &op)) {
        TRY(parse_unary_test(p, op, &test));
    } else if (p->token.kind == TOKEN_LEFT) {
        TRY(parse_brackets(p, &items, &test));
        if (test)  // x in (a + b) * c: one in brackets may be the operand of more
            TRY(parse_level(p, LEVEL_ADD, test, &test));
    } else {
        TRY(parse_level(p, LEVEL_ADD, NULL, &test));
    }
    if (test)
        TRY(parse_add(p, &items, test, none));
    return parse_node(p, NODE_IN, at, &items, ret);
}

static enum err_code parse_binary(struct parse *p, enum node_op op, enum level level, struct node *left,
                                  struct node **ret)
{
    size_t at = p->token.at;
    struct node *right;
    if (parse_accept_key(p, KEY_BETWEEN))
        return parse_between(p, at, left, ret);
    if (parse_accept_key(p, KEY_IN))
        return parse_in(p, at, left, ret);
    parse_advance(p);
    TRY(parse_level(p, level + 1, NULL, &right));
    TRY(parse_kids(p, NODE_BINARY, at, (struct node *[3]){ left, right, NULL }, ret));
    (*ret)->op = op;
    return ERR_OK;
}

/* Precedence climbing: operators of this level and tighter ones. The recursion is as deep as there are levels. */
static enum err_code parse_level(struct parse *p, enum level level, struct node *first, struct node **ret)
{
    enum node_op op;
    enum level found;
    TRY(parse_operand(p, first, ret));
    while (operator_at(p, &op, &found) && found >= level)
        TRY(parse_binary(p, op, found, *ret, ret));
    return ERR_OK;
}

enum err_code parse_expression(struct parse *p, struct node **ret)
{
    enum node_op op;
    TRY(parse_enter(p));
    if (parse_unary_op(p, &op))
        TRY(parse_unary_test(p, op, ret));
    else
        TRY(parse_level(p, LEVEL_OR, NULL, ret));
    p->depth--;
    return ERR_OK;
}

enum err_code parse_inner(struct parse *p, struct node **ret)
{
    bool in_end = p->in_end;
    p->in_end = false;
    TRY(parse_expression(p, ret));
    p->in_end = in_end;
    return ERR_OK;
}

static enum err_code parse_list_of_tests(struct parse *p, struct items *items)
{
    do {
        struct node *test;
        TRY(parse_inner(p, &test));
        TRY(parse_add(p, items, test, (struct node_binding){ { NULL, 0 }, NULL }));
    } while (parse_accept(p, TOKEN_COMMA));
    return ERR_OK;
}

static enum err_code parse_end(struct parse *p, const char *what)
{
    return p->token.kind == TOKEN_END ? ERR_OK : parse_expected(p, what);
}

static bool stands_not(const struct parse *p)
{
    struct slice word = { p->text.at + p->token.at, p->token.end - p->token.at };
    return slice_is(word, "not") && lex_token(p->text, p->token.end).kind == TOKEN_LEFT;
}

static enum err_code parse_negated(struct parse *p, struct items *items)
{
    parse_advance(p);
    parse_advance(p);
    TRY(parse_list_of_tests(p, items));
    TRY(parse_expect(p, TOKEN_RIGHT, "a comma or ')'"));
    return parse_end(p, "the end of the tests");
}

static enum err_code parse_tests(struct parse *p, struct node **ret)
{
    size_t at = p->token.at;
    struct items items = { NULL, NULL, 0 };
    bool negated = false;
    if (p->token.kind == TOKEN_SUB && lex_token(p->text, p->token.end).kind == TOKEN_END)
        return parse_node(p, NODE_TESTS, at, &items, ret);
    if (stands_not(p)) {
        struct parse saved = *p;
        enum err_code code = parse_negated(p, &items);
        if (code && (code != ERR_INVALID || p->fatal))
            return code;
        negated = !code;
        /* not(a) and b, not(a), b: a call of not() begins the first test. */
        if (!negated) {
            unsigned nodes = p->nodes;
            *p = saved;
            p->nodes = nodes;
            items = (struct items){ NULL, NULL, 0 };
        }
    }
    if (!negated) {
        TRY(parse_list_of_tests(p, &items));
        TRY(parse_end(p, "a comma or an operator"));
    }
    TRY(parse_node(p, NODE_TESTS, at, &items, ret));
    (*ret)->negated = negated;
    return ERR_OK;
}

static enum err_code parse_whole(struct parse *p, struct node **ret)
{
    TRY(parse_expression(p, ret));
    return parse_end(p, "an operator");
}

static enum err_code know_all(struct parse *p, const struct parse_options *options)
{
    size_t n;
    const struct slice *builtin = feel_builtin_names(&n);
    for (size_t i = 0; i < n; i++)
        TRY(parse_know(p, builtin[i]));
    for (size_t i = 0; options && i < options->n_names; i++)
        TRY(parse_know(p, options->names[i]));
    return ERR_OK;
}

static enum err_code start(struct parse *p)
{
    if (p->text.len > FEEL_TEXT_MAX)
        return parse_fail(p, FEEL_TEXT_MAX, "the text is longer than %u bytes", FEEL_TEXT_MAX);
    size_t flaw = utf8_find_flaw(p->text);
    if (flaw < p->text.len)
        return parse_fail(p, flaw, "the bytes are not valid UTF-8");
    p->token = lex_token(p->text, 0);
    return ERR_OK;
}

static enum err_code told(const struct parse *p, enum err_code code, struct diag *flaw)
{
    if (code != ERR_INVALID)
        return code;
    *flaw = p->flaw;
    flaw->text[utf8_find_flaw(slice_of(flaw->text))] = 0;  // long names may have been cut inside of a character
    struct slice shown = slice_utf8_cut(slice_of(flaw->text), sizeof p->e->text - 1);
    return err_set(p->e, ERR_INVALID, flaw->at, "%.*s", SLICE_ARG(shown));
}

static enum err_code run(struct slice text, const struct parse_options *options, struct arena *mem,
                         enum err_code (*rule)(struct parse *, struct node **), struct node **ret, struct diag *flaw,
                         struct err *e)
{
    assert(mem && ret && flaw);
    struct parse p = { .text = text, .mem = mem, .e = e };
    struct node *node = NULL;
    enum err_code code = start(&p);
    if (!code)
        code = know_all(&p, options);
    if (!code)
        code = rule(&p, &node);
    if (code)
        return told(&p, code, flaw);
    *ret = node;
    return ERR_OK;
}

enum err_code feel_parse(struct slice text, const struct parse_options *options, struct arena *mem, struct node **ret,
                         struct diag *flaw, struct err *e)
{
    return run(text, options, mem, parse_whole, ret, flaw, e);
}

enum err_code feel_parse_tests(struct slice text, const struct parse_options *options, struct arena *mem,
                               struct node **ret, struct diag *flaw, struct err *e)
{
    return run(text, options, mem, parse_tests, ret, flaw, e);
}

struct slice feel_name(struct slice text, struct arena *mem)
{
    char *out = arena_alloc(mem, text.len + 1);
    size_t len = 0;
    if (!out)
        return (struct slice){ NULL, 0 };
    for (size_t i = lex_blanks(text, 0); i < text.len;) {
        size_t next = lex_blanks(text, i);
        if (next == i)
            out[len++] = text.at[i++];
        else if (next < text.len)
            out[len++] = ' ';
        i = next > i ? next : i;
    }
    return (struct slice){ out, len };
}

/* A name alone may hold what it likes: the file says where it ends. */
static enum err_code parse_whole_type(struct parse *p, struct type_node **ret)
{
    if (slice_find(p->text, '<') < p->text.len || p->token.kind == TOKEN_END) {
        TRY(parse_type(p, ret));
        return parse_end(p, "the end of the type");
    }
    struct type_node *type = arena_one(p->mem, struct type_node);
    if (!type)
        return parse_no_room(p);
    type->name = feel_name(p->text, p->mem);
    type->bare = true;
    *ret = type;
    return type->name.at ? ERR_OK : parse_no_room(p);
}

enum err_code feel_parse_type(struct slice text, struct arena *mem, struct type_node **ret, struct diag *flaw,
                              struct err *e)
{
    assert(mem && ret && flaw);
    struct parse p = { .text = text, .mem = mem, .e = e };
    struct type_node *type = NULL;
    enum err_code code = start(&p);
    if (!code)
        code = parse_whole_type(&p, &type);
    if (code)
        return told(&p, code, flaw);
    *ret = type;
    return ERR_OK;
}
