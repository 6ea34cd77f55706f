#include "engine/feel/parse_room.h"

#include <assert.h>

static enum err_code parse_path(struct parse *p, struct node *base, struct node **ret)
{
    parse_advance(p);
    if (p->token.kind != TOKEN_WORD)
        return parse_expected(p, "a member's name behind the point");
    size_t at = p->token.at;
    struct slice name;
    bool fenced;
    TRY(parse_name(p, &name, &fenced));
    TRY(parse_kids(p, NODE_PATH, at, (struct node *[3]){ base, NULL }, ret));
    (*ret)->name = name;
    (*ret)->fenced = fenced;
    return ERR_OK;
}

static enum err_code parse_filter(struct parse *p, struct node *base, struct node **ret)
{
    size_t at = p->token.at;
    struct node *inside;
    parse_advance(p);
    TRY(parse_inner(p, &inside));
    TRY(parse_expect(p, TOKEN_RIGHT_SQUARE, "] behind the filter"));
    return parse_kids(p, NODE_FILTER, at, (struct node *[3]){ base, inside, NULL }, ret);
}

/* In a range's upper end "[" closes the range, unless what follows reads as a filter: [1..9[, [1..limits[1]].
 * Nodes of a reading that failed stay counted, so that the limit bounds how often that is tried. */
static enum err_code try_filter(struct parse *p, struct node *base, struct node **ret)
{
    assert(p->in_end);
    struct parse saved = *p;
    enum node_op op;
    parse_advance(p);
    bool unary = parse_unary_op(p, &op);
    *p = saved;
    *ret = NULL;
    if (unary)
        return ERR_OK;  // [1..9[ = [1..9[
    enum err_code code = parse_filter(p, base, ret);
    if (code != ERR_INVALID || p->fatal)
        return code;
    unsigned nodes = p->nodes;
    *p = saved;
    p->nodes = nodes;
    *ret = NULL;
    return ERR_OK;
}

/* "name:" of a named argument stands here. */
static bool stands_named(const struct parse *p)
{
    size_t at = p->token.at;
    return p->token.kind == TOKEN_WORD
           && lex_token(p->text, lex_raw_name(p->text, at, false)).kind == TOKEN_COLON;
}

static enum err_code parse_argument(struct parse *p, struct items *items, bool named)
{
    struct node_binding binding = { { NULL, 0 }, NULL };
    struct node *kid;
    if (named) {
        TRY(parse_new_name(p, false, "a parameter's name (all arguments are named, or none)", &binding.name));
        TRY(parse_expect(p, TOKEN_COLON, "':' behind the parameter's name"));
    }
    TRY(parse_inner(p, &kid));
    return parse_add(p, items, kid, binding);
}

static enum err_code parse_call(struct parse *p, struct node *base, struct node **ret)
{
    struct items items = { NULL, NULL, 0 };
    TRY(parse_add(p, &items, base, (struct node_binding){ { NULL, 0 }, NULL }));
    parse_advance(p);
    bool named = stands_named(p);
    if (p->token.kind != TOKEN_RIGHT) {
        do
            TRY(parse_argument(p, &items, named));
        while (parse_accept(p, TOKEN_COMMA));
    }
    TRY(parse_expect(p, TOKEN_RIGHT, "a comma or ')' behind the argument"));
    TRY(parse_node(p, NODE_CALL, base->at, &items, ret));
    (*ret)->named = named;
    struct items arguments = { items.first->next, items.last, items.n - 1 };
    return named ? parse_bind(p, &arguments, arguments.n, *ret) : ERR_OK;
}

enum err_code parse_postfix(struct parse *p, struct node *base, struct node **ret)
{
    assert(base);
    struct node *next = base;
    while (next) {
        base = next;
        switch (p->token.kind) {
        case TOKEN_DOT: TRY(parse_path(p, base, &next)); break;
        case TOKEN_LEFT: TRY(parse_call(p, base, &next)); break;
        case TOKEN_LEFT_SQUARE:
            if (p->in_end)
                TRY(try_filter(p, base, &next));
            else
                TRY(parse_filter(p, base, &next));
            break;
        default: next = NULL;
        }
    }
    *ret = base;
    return ERR_OK;
}
