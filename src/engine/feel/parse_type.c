#include "engine/feel/parse_room.h"

#include <assert.h>

/* Words up to a keyword; a point or a hyphen between two words without blanks belongs to the name. */
static size_t name_end(struct slice text, size_t at)
{
    static const char *const with_and[] = { "date and time", "days and time duration", "years and months duration" };
    for (size_t i = 0; i < sizeof with_and / sizeof *with_and; i++) {
        size_t end = lex_known(text, at, slice_of(with_and[i]));
        if (end > at)
            return end;
    }
    size_t end = lex_word(text, at);
    for (;;) {
        bool sign = end < text.len && (text.at[end] == '.' || text.at[end] == '-');
        size_t next = sign ? end + 1 : lex_skip(text, end), word = lex_word(text, next);
        if (word == next || (sign && !lex_starts_name(text, next) && text.at[end] == '.')
            || (!sign && lex_keyword(text, next) != KEY_NONE))
            return end;
        end = word;
    }
}

static enum err_code settle(struct parse *p, const struct items *items, bool members, struct type_node *type)
{
    type->n = items->n;
    type->kid = arena_array(p->mem, struct type_node *, items->n + 1);
    type->member = members ? arena_array(p->mem, struct slice, items->n + 1) : NULL;
    if (!type->kid || (members && !type->member))
        return parse_no_room(p);
    size_t i = 0;
    for (const struct item *item = items->first; item; item = item->next, i++) {
        type->kid[i] = item->binding.type;
        if (members)
            type->member[i] = item->binding.name;
    }
    assert(i == items->n);
    return ERR_OK;
}

/* One ">" of the text, also where ">=" stands: "x instance of list<Any>=y". */
static enum err_code close_angle(struct parse *p)
{
    if (p->token.kind != TOKEN_GE)
        return parse_expect(p, TOKEN_GT, "a comma or > of the type");
    p->token = lex_token(p->text, p->token.at + 1);
    return ERR_OK;
}

static enum err_code parse_arrow(struct parse *p)
{
    size_t at = p->token.at;
    if (p->token.kind != TOKEN_SUB || at + 1 >= p->text.len || p->text.at[at + 1] != '>')
        return parse_expected(p, "-> and the type of the function's result");
    p->token = lex_token(p->text, at + 2);
    return ERR_OK;
}

static enum err_code parse_arguments(struct parse *p, struct type_node *type)
{
    bool context = slice_is(type->name, "context"), function = slice_is(type->name, "function");
    bool many = context || function;
    struct items items = { NULL, NULL, 0 };
    for (bool more = !many || (p->token.kind != TOKEN_GT && p->token.kind != TOKEN_GE); more;) {
        struct node_binding member = { { NULL, 0 }, NULL };
        if (context) {
            TRY(parse_new_name(p, false, "a member's name", &member.name));
            TRY(parse_expect(p, TOKEN_COLON, "':' and the member's type"));
        }
        TRY(parse_type(p, &member.type));
        TRY(parse_add(p, &items, NULL, member));
        more = many && parse_accept(p, TOKEN_COMMA);
    }
    TRY(close_angle(p));
    if (function) {
        struct node_binding result = { { NULL, 0 }, NULL };
        TRY(parse_arrow(p));
        TRY(parse_type(p, &result.type));
        TRY(parse_add(p, &items, NULL, result));
    }
    return settle(p, &items, context, type);
}

enum err_code parse_type(struct parse *p, struct type_node **ret)
{
    TRY(parse_enter(p));
    TRY(parse_count(p));
    if (p->token.kind != TOKEN_WORD)
        return parse_expected(p, "a type");
    struct type_node *type = arena_one(p->mem, struct type_node);
    if (!type)
        return parse_no_room(p);
    size_t at = p->token.at, end = name_end(p->text, at);
    TRY(parse_fold(p, at, end, &type->name));
    p->token = lex_token(p->text, end);
    bool generic = slice_is(type->name, "list") || slice_is(type->name, "range") || slice_is(type->name, "context")
                   || slice_is(type->name, "function");
    type->bare = !generic || !parse_accept(p, TOKEN_LT);
    if (!type->bare)
        TRY(parse_arguments(p, type));
    *ret = type;
    p->depth--;
    return ERR_OK;
}
