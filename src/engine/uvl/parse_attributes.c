/* What stands in braces behind a feature: values, maps, lists, and constraints that hold where it is selected. */
#include "engine/uvl/read_room.h"

#define COMPARED_MAX 64  // of the names of a map, for one that is there twice

static bool value(struct parse *, struct uvl_value *, uint32_t depth);
static bool map(struct parse *, struct uvl_attribute **ret, uint32_t *n, uint32_t depth);

static bool list(struct parse *p, struct uvl_value *ret, uint32_t depth)
{
    struct reading *r = p->r;
    size_t base = r->values;
    uvl_parse_next(p);
    if (p->token.kind != ']')
        do {
            struct uvl_value one;
            if (!value(p, &one, depth + 1) || !uvl_read_memory(r, arena_need(r->mem, r->value, r->value_cap, r->values + 1)))
                goto wrong;
            r->value[r->values++] = one;
        } while (uvl_parse_accept(p, ','));
    if (!uvl_parse_expect(p, ']', "a comma or ] to close the list"))
        goto wrong;
    *ret = (struct uvl_value){ .kind = UVL_LIST, .n = (uint32_t)(r->values - base) };
    ret->list = arena_array(r->mem, struct uvl_value, r->values - base + 1);
    if (!uvl_read_memory(r, ret->list))
        goto wrong;
    if (ret->n)
        memcpy(ret->list, r->value + base, ret->n * sizeof *ret->list);
    r->values = base;
    return true;
wrong:
    r->values = base;
    return false;
}

static bool value(struct parse *p, struct uvl_value *ret, uint32_t depth)
{
    struct token t = p->token;
    *ret = (struct uvl_value){ 0 };
    if (depth > UVL_DEPTH_MAX) {
        uvl_read_limit(p->r, t.place, "maps and lists are deeper than %d; make them flatter", UVL_DEPTH_MAX);
        return false;
    }
    if (t.kind == '[')
        return list(p, ret, depth);
    if (t.kind == '{') {
        ret->kind = UVL_MAP;
        return map(p, &ret->map, &ret->n, depth + 1);
    }
    if (t.kind == TOKEN_TEXT || uvl_parse_is(p, "true") || uvl_parse_is(p, "false")) {
        *ret = (struct uvl_value){ .kind = t.kind == TOKEN_TEXT ? UVL_TEXT : UVL_TRUTH, .text = t.text,
                                   .truth = slice_is(t.text, "true") && t.kind == TOKEN_NAME };
        uvl_parse_next(p);
        return true;
    }
    return uvl_parse_number(p, ret, "a value (true, false, a number, a 'text' in single quotes, a [list] or a {map})");
}

static bool constraint_list(struct parse *p)
{
    if (!uvl_parse_expect(p, '[', "[ to open the list of constraints"))
        return false;
    if (uvl_parse_accept(p, ']'))
        return true;
    do
        if (!uvl_parse_constraint(p, p->feature))
            return false;
    while (uvl_parse_accept(p, ','));
    return uvl_parse_expect(p, ']', "a comma or ] to close the list of constraints");
}

static bool attribute(struct parse *p, size_t base, uint32_t depth)
{
    struct reading *r = p->r;
    struct uvl_attribute a = { .name = p->token.text, .place = p->token.place };
    bool one = uvl_parse_is(p, "constraint"), many = uvl_parse_is(p, "constraints");
    if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_QUOTED)
        return uvl_parse_unexpected(p, "the name of an attribute");
    uvl_parse_next(p);
    if (one || many)
        return one ? uvl_parse_constraint(p, p->feature) : constraint_list(p);
    if (p->token.kind != ',' && p->token.kind != '}' && !value(p, &a.value, depth))
        return false;
    for (size_t i = base; i < r->attributes; i++)
        if (r->attributes - base < COMPARED_MAX && slice_eq(r->attribute[i].name, a.name))
            return uvl_read_fault(r, a.place, "the attribute %.*s is here for the second time: take one of them out",
                              SLICE_ARG(slice_utf8_cut(a.name, 80)));
    if (!uvl_read_memory(r, arena_need(r->mem, r->attribute, r->attribute_cap, r->attributes + 1)))
        return false;
    r->attribute[r->attributes++] = a;
    return true;
}

/* *ret holds what is there already, which stays before what is read. */
static bool map(struct parse *p, struct uvl_attribute **ret, uint32_t *n, uint32_t depth)
{
    struct reading *r = p->r;
    size_t base = r->attributes;
    uvl_parse_next(p);
    if (p->token.kind != '}')
        do
            if (!attribute(p, base, depth)) {
                r->attributes = base;
                return false;
            }
        while (uvl_parse_accept(p, ','));
    size_t more = r->attributes - base;
    r->attributes = base;
    if (!uvl_parse_expect(p, '}', "a comma or } to close the attributes"))
        return false;
    if (!more)
        return true;
    struct uvl_attribute *all = arena_array(r->mem, struct uvl_attribute, *n + more);
    if (!uvl_read_memory(r, all))
        return false;
    if (*n)
        memcpy(all, *ret, *n * sizeof *all);
    memcpy(all + *n, r->attribute + base, more * sizeof *all);
    *ret = all;
    *n += (uint32_t)more;
    return true;
}

bool uvl_parse_attributes(struct parse *p)
{
    struct uvl_attribute *all = p->r->m.feature[p->feature].attribute;
    uint32_t n = p->r->m.feature[p->feature].attributes;
    struct uvl_place place = p->token.place;
    if (!map(p, &all, &n, 1))
        return false;
    struct uvl_feature *f = &p->r->m.feature[p->feature];
    f->attribute = all;
    f->attributes = n;
    const struct uvl_value *abstract = uvl_attribute_find(f, SLICE("abstract"));
    if (abstract && abstract->kind != UVL_EMPTY && abstract->kind != UVL_TRUTH)
        return uvl_read_fault(p->r, place, "abstract is either there or not: write {abstract}, {abstract true} or {abstract false}");
    f->abstract = abstract && (abstract->kind == UVL_EMPTY || abstract->truth);
    return true;
}
