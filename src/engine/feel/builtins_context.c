/* Functions of contexts: DMN 1.5 section 10.3.4.10, table 85. */
#include "engine/feel/builtin_room.h"

#include <assert.h>

/* A context that grows, in room for as many entries as it may come to have. */
struct draft {
    struct value_entry *entry;
    size_t n, room;
};

static bool draft_make(struct eval *e, size_t room, struct draft *ret)
{
    *ret = (struct draft){ arena_array(e->mem, struct value_entry, room ? room : 1), 0, room };
    if (!ret->entry)
        eval_limit(e, "memory");
    return ret->entry != NULL;
}

/* NULL: no such name yet, or the evaluation has failed over looking for it. */
static struct value_entry *draft_find(struct eval *e, const struct draft *d, struct slice name)
{
    if (!eval_spend(e, d->n))
        return NULL;
    for (size_t i = 0; i < d->n; i++)
        if (slice_eq(d->entry[i].name, name))
            return &d->entry[i];
    return NULL;
}

/* An entry of that name keeps its place and gets the value. */
static void draft_put(struct eval *e, struct draft *d, struct slice name, struct value v)
{
    struct value_entry *old = draft_find(e, d, name);
    if (old) {
        old->value = v;
        return;
    }
    assert(d->n < d->room);
    d->entry[d->n++] = (struct value_entry){ name, v };
}

static struct value draft_value(struct eval *e, const struct draft *d)
{
    bool ok;
    struct value v = value_context(e->mem, d->entry, d->n, &ok);
    return eval_made(e, v, ok);
}

static struct value call_get_value(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    const struct value_context *c;
    struct slice key;
    if (!arg_context(args[0], &c) || !arg_string(args[1], &key))
        return room_wrong(e, "get value", "a context and a key");
    const struct value *v = value_member(c, key);
    return v ? *v : eval_null(e, 0, "get value(): the context has no such key");
}

/* {key: …, value: …} */
static struct value pair(struct eval *e, const struct value_entry *entry)
{
    bool ok;
    const struct value_entry two[] = { { SLICE("key"), value_string(entry->name) }, { SLICE("value"), entry->value } };
    struct value v = value_context(e->mem, two, 2, &ok);
    return eval_made(e, v, ok);
}

static struct value call_get_entries(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    const struct value_context *c;
    if (!arg_context(args[0], &c))
        return room_wrong(e, "get entries", "a context");
    struct value *items = eval_values(e, c->n);
    if (!items || !eval_spend(e, c->n))
        return value_null;
    for (size_t i = 0; i < c->n; i++)
        items[i] = pair(e, &c->entry[i]);
    return e->failed ? value_null : eval_list(e, items, c->n);
}

/* context([{key: "a", value: 1}, …]): other members do not matter, a key that comes twice does. */
static struct value call_context(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct value_list list;
    struct draft d;
    if (!arg_list(&args[0], &list))
        return room_wrong(e, "context", "a list of entries");
    if (!draft_make(e, list.n, &d))
        return value_null;
    for (size_t i = 0; i < list.n && !e->failed; i++) {
        struct value item = list.item[i];
        const struct value *key = item.kind == VALUE_CONTEXT ? value_member(item.context, SLICE("key")) : NULL;
        const struct value *v = key ? value_member(item.context, SLICE("value")) : NULL;
        if (!v || key->kind != VALUE_STRING)
            return room_wrong(e, "context", "entries with a key, a string, and a value");
        if (draft_find(e, &d, key->string))
            return room_wrong(e, "context", "each key once");
        draft_put(e, &d, key->string, *v);
    }
    return e->failed ? value_null : draft_value(e, &d);
}

static struct value put(struct eval *e, const struct value_context *c, struct slice key, struct value v)
{
    struct draft d;
    if (!draft_make(e, c->n + 1, &d) || !eval_spend(e, c->n))
        return value_null;
    if (c->n)
        memcpy(d.entry, c->entry, c->n * sizeof(*d.entry));
    d.n = c->n;
    draft_put(e, &d, key, v);
    return e->failed ? value_null : draft_value(e, &d);
}

/* Down the keys, then the changed copies back up: what is on the way must be there, and a context. */
static struct value put_path(struct eval *e, const struct value_context *c, const struct value_list *keys,
                             struct value v)
{
    const struct value_context **way = arena_array(e->mem, const struct value_context *, keys->n);
    if (!way)
        return eval_limit(e, "memory");
    for (size_t i = 0; i < keys->n; i++) {
        const struct value *next = NULL;
        way[i] = c;
        if (keys->item[i].kind != VALUE_STRING)
            return room_wrong(e, "context put", "keys that are strings");
        if (i + 1 < keys->n)
            next = value_member(c, keys->item[i].string);
        if (i + 1 < keys->n && (!next || next->kind != VALUE_CONTEXT))
            return room_wrong(e, "context put", "keys that lead through contexts");
        c = next ? next->context : NULL;
    }
    for (size_t i = keys->n; i-- > 0 && !e->failed;)
        v = put(e, way[i], keys->item[i].string, v);
    return e->failed ? value_null : v;
}

/* context put(context, key, value), context put(context, keys, value). */
static struct value call_context_put(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 3);
    const struct value_context *c;
    struct value_list keys;
    if (!arg_context(args[0], &c) || !arg_list(&args[1], &keys) || keys.n == 0)
        return room_wrong(e, "context put", "a context, a key or a list of keys, and a value");
    return put_path(e, c, &keys, args[2]);
}

static struct value call_context_merge(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct value_list list;
    struct draft d;
    size_t room = 0;
    if (!arg_list(&args[0], &list))
        return room_wrong(e, "context merge", "a list of contexts");
    for (size_t i = 0; i < list.n; i++) {
        if (list.item[i].kind != VALUE_CONTEXT)
            return room_wrong(e, "context merge", "a list of contexts");
        room += list.item[i].context->n;
    }
    if (!draft_make(e, room, &d))
        return value_null;
    for (size_t i = 0; i < list.n && !e->failed; i++)
        for (size_t j = 0; j < list.item[i].context->n && !e->failed; j++)
            draft_put(e, &d, list.item[i].context->entry[j].name, list.item[i].context->entry[j].value);
    return e->failed ? value_null : draft_value(e, &d);
}

const struct builtin builtins_context[] = {
    { "context", { "entries" }, 1, 1, call_context },
    { "context merge", { "contexts" }, 1, 1, call_context_merge },
    /* By name, a list of keys is called keys. */
    { "context put", { "context,key!,value", "context,keys,value" }, 3, 3, call_context_put },
    { "get entries", { "m" }, 1, 1, call_get_entries },
    { "get value", { "m,key" }, 2, 2, call_get_value },
    { NULL, { NULL }, 0, 0, NULL },
};
