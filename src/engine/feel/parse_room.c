#include "engine/feel/parse_room.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void parse_advance(struct parse *p)
{
    assert(p->token.end >= p->token.at);
    p->token = lex_token(p->text, p->token.end);
}

bool parse_accept(struct parse *p, enum token_kind kind)
{
    if (p->token.kind != kind)
        return false;
    parse_advance(p);
    return true;
}

bool parse_accept_key(struct parse *p, enum keyword key)
{
    assert(key != KEY_NONE);
    if (p->token.kind != TOKEN_WORD || p->token.key != key)
        return false;
    parse_advance(p);
    return true;
}

enum err_code parse_fail(struct parse *p, size_t at, const char *fmt, ...)
{
    assert(at <= p->text.len);
    va_list args;
    va_start(args, fmt);
    p->flaw.at = at;
    vsnprintf(p->flaw.text, sizeof p->flaw.text, fmt, args);
    va_end(args);
    return ERR_INVALID;
}

enum err_code parse_expected(struct parse *p, const char *what)
{
    struct token t = p->token;
    if (t.kind == TOKEN_BAD)
        return parse_fail(p, t.at, "%s", t.why);
    struct slice found = { p->text.at + t.at, t.end - t.at };
    struct slice shown = slice_utf8_cut(found, 40);
    if (t.kind == TOKEN_END)
        parse_fail(p, t.at, "%s is expected, but the text ends here", what);
    else
        parse_fail(p, t.at, "%s is expected, but here stands %.*s%s", what, SLICE_ARG(shown),
                   shown.len < found.len ? "..." : "");
    parse_hint(p);
    return ERR_INVALID;
}

enum err_code parse_expect(struct parse *p, enum token_kind kind, const char *what)
{
    return parse_accept(p, kind) ? ERR_OK : parse_expected(p, what);
}

enum err_code parse_no_room(struct parse *p)
{
    return err_set(p->e, ERR_LIMIT, p->token.at, "the memory for a FEEL expression is exhausted");
}

static enum err_code fail_deep(struct parse *p)
{
    p->fatal = true;
    return parse_fail(p, p->token.at, "the expression nests deeper than %d levels: name its parts", FEEL_DEPTH_MAX);
}

enum err_code parse_enter(struct parse *p)
{
    if (p->depth >= FEEL_DEPTH_MAX)
        return fail_deep(p);
    p->depth++;
    return ERR_OK;
}

enum err_code parse_count(struct parse *p)
{
    if (p->nodes < FEEL_NODES_MAX) {
        p->nodes++;
        return ERR_OK;
    }
    p->fatal = true;
    return parse_fail(p, p->token.at, "the expression has more than %d parts", FEEL_NODES_MAX);
}

enum err_code parse_add(struct parse *p, struct items *items, struct node *kid, struct node_binding binding)
{
    struct item *item = arena_one(p->mem, struct item);
    if (!item)
        return parse_no_room(p);
    *item = (struct item){ NULL, kid, binding };
    if (items->last)
        items->last->next = item;
    else
        items->first = item;
    items->last = item;
    items->n++;
    return ERR_OK;
}

enum err_code parse_node(struct parse *p, enum node_kind kind, size_t at, const struct items *items,
                         struct node **ret)
{
    assert(at <= UINT32_MAX);
    TRY(parse_count(p));
    struct node *node = arena_one(p->mem, struct node);
    uint32_t n = items->n;
    struct node **kids = n ? arena_array(p->mem, struct node *, n) : NULL;
    if (!node || (n && !kids))
        return parse_no_room(p);
    *node = (struct node){ .kind = kind, .at = (uint32_t)at, .n = n, .kid = kids, .height = 1 };
    size_t i = 0;
    for (const struct item *item = items->first; item; item = item->next, i++) {
        kids[i] = item->kid;
        if (item->kid->height >= node->height)
            node->height = (uint16_t)(item->kid->height + 1);
    }
    assert(i == n);
    if (node->height > FEEL_DEPTH_MAX)
        return fail_deep(p);
    *ret = node;
    return ERR_OK;
}

enum err_code parse_bind(struct parse *p, const struct items *items, uint32_t n, struct node *node)
{
    assert(n <= items->n && !node->binding);
    struct node_binding *binding = n ? arena_array(p->mem, struct node_binding, n) : NULL;
    if (n && !binding)
        return parse_no_room(p);
    const struct item *item = items->first;
    for (uint32_t i = 0; i < n; i++, item = item->next)
        binding[i] = item->binding;
    node->binding = binding;
    node->n_binding = n;
    return ERR_OK;
}

enum err_code parse_kids(struct parse *p, enum node_kind kind, size_t at, struct node *const kid[3], struct node **ret)
{
    struct item item[3] = { 0 };
    struct items items = { NULL, NULL, 0 };
    for (; items.n < 3 && kid[items.n]; items.n++) {
        item[items.n].kid = kid[items.n];
        if (items.n)
            items.last->next = &item[items.n];
        items.last = &item[items.n];
    }
    items.first = items.n ? item : NULL;
    return parse_node(p, kind, at, &items, ret);
}
