#include "engine/feel/parse_room.h"

#include <assert.h>

static enum err_code literal(struct parse *p, size_t at, struct value value, struct node **ret)
{
    TRY(parse_kids(p, NODE_LITERAL, at, (struct node *[3]){ NULL }, ret));
    (*ret)->value = value;
    return ERR_OK;
}

static enum err_code parse_word_literal(struct parse *p, struct value value, struct node **ret)
{
    size_t at = p->token.at;
    parse_advance(p);
    return literal(p, at, value, ret);
}

static enum err_code parse_number(struct parse *p, struct node **ret)
{
    struct token t = p->token;
    struct number number;
    if (!number_parse((struct slice){ p->text.at + t.at, t.end - t.at }, &number))
        return parse_fail(p, t.at, "the number has more digits than fit, or is too large");
    parse_advance(p);
    return literal(p, t.at, value_number(number), ret);
}

static enum err_code string_value(struct parse *p, struct slice *ret)
{
    size_t flaw_at;
    const char *why;
    enum err_code code = lex_string(p->text, p->token, p->mem, ret, &flaw_at, &why);
    if (code == ERR_LIMIT)
        return parse_no_room(p);
    if (code)
        return parse_fail(p, flaw_at, "%s", why);
    parse_advance(p);
    return ERR_OK;
}

static enum err_code parse_string(struct parse *p, struct node **ret)
{
    size_t at = p->token.at;
    struct slice string;
    TRY(string_value(p, &string));
    return literal(p, at, value_string(string), ret);
}

/* What an @"…" means: the forms exclude each other but for a date alone, which is a date and time too. */
static struct value at_value(struct slice text, struct arena *mem, bool *ok)
{
    struct date date;
    struct date_time date_time;
    struct day_time time;
    struct duration duration;
    int64_t months;
    *ok = true;
    if (date_parse(text, &date))
        return value_date(date);
    if (date_time_parse(text, NULL, &date_time))
        return value_date_time(mem, date_time, ok);
    if (time_of_day_parse(text, NULL, &time))
        return value_time(mem, time, ok);
    if (months_parse(text, &months))
        return value_months(months);
    return duration_parse(text, &duration) ? value_duration(duration) : value_null;
}

static enum err_code parse_at_literal(struct parse *p, struct node **ret)
{
    size_t at = p->token.at;
    struct slice text;
    bool ok;
    parse_advance(p);
    if (p->token.kind != TOKEN_STRING)
        return parse_expected(p, "a date, time or duration in quotes");
    TRY(string_value(p, &text));
    struct value value = at_value(text, p->mem, &ok);
    return ok ? literal(p, at, value, ret) : parse_no_room(p);
}

static enum err_code parse_name_node(struct parse *p, struct node **ret)
{
    size_t at = p->token.at;
    struct slice name;
    bool fenced;
    TRY(parse_name(p, &name, &fenced));
    TRY(parse_kids(p, NODE_NAME, at, (struct node *[3]){ NULL }, ret));
    (*ret)->name = name;
    (*ret)->fenced = fenced;
    return ERR_OK;
}

static enum err_code parse_if(struct parse *p, struct node **ret)
{
    size_t at = p->token.at;
    struct node *kid[3];
    parse_advance(p);
    TRY(parse_expression(p, &kid[0]));
    if (!parse_accept_key(p, KEY_THEN))
        return parse_expected(p, "'then' behind the condition");
    TRY(parse_expression(p, &kid[1]));
    if (!parse_accept_key(p, KEY_ELSE))
        return parse_expected(p, "'else' (FEEL's if has always one)");
    TRY(parse_expression(p, &kid[2]));
    return parse_kids(p, NODE_IF, at, kid, ret);
}

static enum err_code parse_iterator(struct parse *p, struct items *items)
{
    struct node_binding binding = { { NULL, 0 }, NULL };
    struct node *domain, *high;
    TRY(parse_new_name(p, true, "the name of what runs through the list", &binding.name));
    if (!parse_accept_key(p, KEY_IN))
        return parse_expected(p, "'in' behind the name");
    TRY(parse_expression(p, &domain));
    size_t dots = p->token.at;
    if (parse_accept(p, TOKEN_DOTS)) {
        TRY(parse_expression(p, &high));
        TRY(parse_kids(p, NODE_SPAN, dots, (struct node *[3]){ domain, high, NULL }, &domain));
    }
    TRY(parse_add(p, items, domain, binding));
    return parse_know(p, binding.name);
}

static enum err_code parse_loop(struct parse *p, enum node_kind kind, struct node **ret)
{
    size_t at = p->token.at;
    struct items items = { NULL, NULL, 0 };
    struct node *result;
    do {
        parse_advance(p);
        TRY(parse_iterator(p, &items));
    } while (p->token.kind == TOKEN_COMMA);
    if (!parse_accept_key(p, kind == NODE_FOR ? KEY_RETURN : KEY_SATISFIES))
        return parse_expected(p, kind == NODE_FOR ? "a comma or 'return'" : "a comma or 'satisfies'");
    TRY(parse_expression(p, &result));
    TRY(parse_add(p, &items, result, (struct node_binding){ { NULL, 0 }, NULL }));
    TRY(parse_node(p, kind, at, &items, ret));
    return parse_bind(p, &items, items.n - 1, *ret);
}

static enum err_code parse_parameters(struct parse *p, struct items *items)
{
    TRY(parse_expect(p, TOKEN_LEFT, "'(' and the function's parameters"));
    if (parse_accept(p, TOKEN_RIGHT))
        return ERR_OK;
    do {
        struct node_binding parameter = { { NULL, 0 }, NULL };
        TRY(parse_new_name(p, false, "a parameter's name", &parameter.name));
        if (parse_accept(p, TOKEN_COLON))
            TRY(parse_type(p, &parameter.type));
        TRY(parse_add(p, items, NULL, parameter));
        TRY(parse_know(p, parameter.name));
    } while (parse_accept(p, TOKEN_COMMA));
    return parse_expect(p, TOKEN_RIGHT, "a comma or ')' behind the parameter");
}

/* "external" is no keyword, since names begin with it; but no name has a context behind it. */
static bool stands_external(const struct parse *p)
{
    struct slice word = { p->text.at + p->token.at, p->token.end - p->token.at };
    return p->token.kind == TOKEN_WORD && slice_is(word, "external")
           && lex_token(p->text, p->token.end).kind == TOKEN_LEFT_CURLY;
}

static enum err_code parse_function(struct parse *p, struct node **ret)
{
    size_t at = p->token.at;
    struct items items = { NULL, NULL, 0 };
    struct node *body;
    parse_advance(p);
    TRY(parse_parameters(p, &items));
    bool external = stands_external(p);
    if (external)
        parse_advance(p);
    TRY(parse_expression(p, &body));
    TRY(parse_kids(p, NODE_FUNCTION, at, (struct node *[3]){ body, NULL }, ret));
    (*ret)->external = external;
    return parse_bind(p, &items, items.n, *ret);
}

static enum err_code parse_entry(struct parse *p, struct items *items)
{
    struct node_binding key = { { NULL, 0 }, NULL };
    struct node *kid;
    if (p->token.kind == TOKEN_STRING)
        TRY(string_value(p, &key.name));
    else
        TRY(parse_new_name(p, false, "an entry's name", &key.name));
    TRY(parse_expect(p, TOKEN_COLON, "':' behind the entry's name"));
    TRY(parse_inner(p, &kid));
    TRY(parse_add(p, items, kid, key));
    return parse_know(p, key.name);
}

static enum err_code parse_context(struct parse *p, struct node **ret)
{
    size_t at = p->token.at;
    struct items items = { NULL, NULL, 0 };
    parse_advance(p);
    if (p->token.kind != TOKEN_RIGHT_CURLY) {
        do
            TRY(parse_entry(p, &items));
        while (parse_accept(p, TOKEN_COMMA));
    }
    TRY(parse_expect(p, TOKEN_RIGHT_CURLY, "a comma or } behind the entry"));
    TRY(parse_node(p, NODE_CONTEXT, at, &items, ret));
    return parse_bind(p, &items, items.n, *ret);
}

/* From ".." on. */
static enum err_code parse_range(struct parse *p, size_t at, struct node *low, bool low_closed, struct node **ret)
{
    struct node *high;
    bool in_end = p->in_end;
    assert(p->token.kind == TOKEN_DOTS);
    parse_advance(p);
    p->in_end = true;
    TRY(parse_expression(p, &high));
    p->in_end = in_end;
    bool closed = p->token.kind == TOKEN_RIGHT_SQUARE;
    if (!closed && p->token.kind != TOKEN_RIGHT && p->token.kind != TOKEN_LEFT_SQUARE)
        return parse_expected(p, "one of ] ) [ at the range's end");
    parse_advance(p);
    TRY(parse_kids(p, NODE_RANGE, at, (struct node *[3]){ low, high, NULL }, ret));
    (*ret)->low_closed = low_closed;
    (*ret)->high_closed = closed;
    return ERR_OK;
}

/* "[": a list or a range. */
static enum err_code parse_square(struct parse *p, struct node **ret)
{
    size_t at = p->token.at;
    struct items items = { NULL, NULL, 0 };
    struct node *kid;
    parse_advance(p);
    if (parse_accept(p, TOKEN_RIGHT_SQUARE))
        return parse_node(p, NODE_LIST, at, &items, ret);
    do {
        TRY(parse_inner(p, &kid));
        if (p->token.kind == TOKEN_DOTS && items.n == 0)
            return parse_range(p, at, kid, true, ret);
        TRY(parse_add(p, &items, kid, (struct node_binding){ { NULL, 0 }, NULL }));
    } while (parse_accept(p, TOKEN_COMMA));
    TRY(parse_expect(p, TOKEN_RIGHT_SQUARE, items.n == 1 ? "a comma, '..' or ]" : "a comma or ]"));
    return parse_node(p, NODE_LIST, at, &items, ret);
}

/* "]": a range with an open lower end. */
static enum err_code parse_open_range(struct parse *p, struct node **ret)
{
    size_t at = p->token.at;
    struct node *low;
    parse_advance(p);
    TRY(parse_inner(p, &low));
    return p->token.kind == TOKEN_DOTS ? parse_range(p, at, low, false, ret) : parse_expected(p, "'..' of the range");
}

enum err_code parse_brackets(struct parse *p, struct items *tests, struct node **ret)
{
    assert(p->token.kind == TOKEN_LEFT);
    size_t at = p->token.at;
    parse_advance(p);
    TRY(parse_inner(p, ret));
    if (p->token.kind == TOKEN_DOTS)
        return parse_range(p, at, *ret, false, ret);
    if (!tests || p->token.kind != TOKEN_COMMA)
        return parse_expect(p, TOKEN_RIGHT, tests ? "a comma or ')'" : "')'");
    const struct node_binding none = { { NULL, 0 }, NULL };
    TRY(parse_add(p, tests, *ret, none));
    while (parse_accept(p, TOKEN_COMMA)) {
        TRY(parse_inner(p, ret));
        TRY(parse_add(p, tests, *ret, none));
    }
    *ret = NULL;
    return parse_expect(p, TOKEN_RIGHT, "a comma or ')'");
}

static enum err_code parse_word(struct parse *p, struct node **ret)
{
    switch (p->token.key) {
    case KEY_NONE: return parse_name_node(p, ret);
    case KEY_NULL: return parse_word_literal(p, value_null, ret);
    case KEY_TRUE: return parse_word_literal(p, value_boolean(true), ret);
    case KEY_FALSE: return parse_word_literal(p, value_boolean(false), ret);
    case KEY_IF: return parse_if(p, ret);
    case KEY_FOR: return parse_loop(p, NODE_FOR, ret);
    case KEY_SOME: return parse_loop(p, NODE_SOME, ret);
    case KEY_EVERY: return parse_loop(p, NODE_EVERY, ret);
    case KEY_FUNCTION: return parse_function(p, ret);
    default: return parse_expected(p, "an expression");
    }
}

enum err_code parse_primary(struct parse *p, struct node **ret)
{
    switch (p->token.kind) {
    case TOKEN_WORD: return parse_word(p, ret);
    case TOKEN_NUMBER: return parse_number(p, ret);
    case TOKEN_STRING: return parse_string(p, ret);
    case TOKEN_AT: return parse_at_literal(p, ret);
    case TOKEN_LEFT: return parse_brackets(p, NULL, ret);
    case TOKEN_LEFT_SQUARE: return parse_square(p, ret);
    case TOKEN_RIGHT_SQUARE: return parse_open_range(p, ret);
    case TOKEN_LEFT_CURLY: return parse_context(p, ret);
    default: return parse_expected(p, "an expression");
    }
}
