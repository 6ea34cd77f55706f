/* The tree of features: a line each, groups below them. */
#include "engine/uvl/read_room.h"

static void feature_lines(struct parse *, uint32_t parent, uint32_t group, uint32_t depth);

static const char *const group_word[] = { "mandatory", "optional", "or", "alternative" };  // by enum uvl_group_kind
#define GROUP_WORDS (sizeof group_word / sizeof *group_word)

static unsigned group_word_of(const struct parse *p)
{
    unsigned i = 0;
    while (i < GROUP_WORDS && !uvl_parse_is(p, group_word[i]))
        i++;
    return i;
}

static bool count(struct parse *p, uint32_t *ret)
{
    int64_t n;
    if (p->token.kind != TOKEN_INTEGER || !slice_i64(p->token.text, &n) || n >= UVL_FEATURES_MAX)
        return uvl_parse_unexpected(p, "a whole number below 1000000 (as in [1..3] or [1..*])");
    *ret = (uint32_t)n;
    uvl_parse_next(p);
    return true;
}

/* [m], [m..n] or [m..*] */
static bool cardinality(struct parse *p, uint32_t *min, uint32_t *max)
{
    struct uvl_place place = p->token.place;
    if (!uvl_parse_expect(p, '[', "a cardinality such as [1..3]") || !count(p, min))
        return false;
    *max = *min;
    if (uvl_parse_accept(p, TOKEN_RANGE)) {
        if (uvl_parse_accept(p, '*'))
            *max = UVL_MANY;
        else if (!count(p, max))
            return false;
    }
    if (*min > *max)
        return uvl_read_fault(p->r, place, "the cardinality [%u..%u] begins above its end: write [%u..%u]", *min, *max, *max, *min);
    return uvl_parse_expect(p, ']', "] to close the cardinality");
}

static uint32_t new_group(struct parse *p, struct uvl_group g)
{
    struct reading *r = p->r;
    if (!uvl_read_memory(r, arena_need(r->mem, r->m.group, r->group_cap, r->m.groups + 1)))
        return UVL_NONE;
    r->m.group[r->m.groups] = g;
    return r->m.groups++;
}

/* Groups, each with its features: behind the INDENT below a feature. */
static void group_lines(struct parse *p, uint32_t of, uint32_t depth)
{
    while (p->token.kind != TOKEN_DEDENT && p->token.kind != TOKEN_END) {
        struct uvl_group g = { .of = of, .place = p->token.place };
        unsigned word = group_word_of(p);
        g.kind = (enum uvl_group_kind)word;
        bool read = true;
        if (uvl_parse_too_deep(p))
            continue;
        if (word < GROUP_WORDS)
            uvl_parse_next(p);
        else if (p->token.kind == '[')
            read = cardinality(p, &g.min, &g.max);
        else
            read = uvl_parse_unexpected(p, "a group (mandatory, optional, or, alternative, [m..n])");
        if (!read)
            g.min = g.max = 0;
        if (!read || !uvl_parse_line_end(p, "the end of the line, with the group's features indented below,"))
            uvl_parse_skip_line(p);
        if (!uvl_parse_accept(p, TOKEN_INDENT)) {
            uvl_read_fault(p->r, g.place, "this group has no features: indent them below it, or take it out");
            continue;
        }
        uint32_t group = new_group(p, g);
        if (group != UVL_NONE)
            feature_lines(p, of, group, depth + 1);
        uvl_parse_accept(p, TOKEN_DEDENT);
    }
}

static uint32_t new_feature(struct parse *p, struct slice name, struct uvl_place place, uint32_t parent, uint32_t group)
{
    struct reading *r = p->r;
    struct uvl_feature f = { .name = uvl_parse_full_name(p, name), .place = place, .min = 1, .max = 1, .parent = parent,
                             .in = group };
    if (r->m.features == UVL_FEATURES_MAX)
        uvl_read_limit(r, place, "the model has more than %d features; part it", UVL_FEATURES_MAX);
    if (r->code || !uvl_read_memory(r, arena_need(r->mem, r->m.feature, r->feature_cap, r->m.features + 1)))
        return UVL_NONE;
    r->m.feature[r->m.features] = f;
    if (!uvl_names_add(r, r->m.features)) {
        const struct uvl_feature *other = &r->m.feature[uvl_feature_find(&r->m, f.name)];
        uvl_read_fault(r, place, "the feature %.*s is already in line %u: give one of them another name",
                   SLICE_ARG(slice_utf8_cut(f.name, 200)), other->place.line);
    }
    return r->m.features++;
}

static bool type(struct parse *p, enum uvl_type *ret)
{
    static const char *const word[] = { "Boolean", "Integer", "Real", "String" };
    for (unsigned i = 0; i < 4; i++)
        if (uvl_parse_is(p, word[i])) {
            *ret = (enum uvl_type)i;
            uvl_parse_next(p);
            return true;
        }
    return false;
}

static bool own_cardinality(struct parse *p, uint32_t feature, uint32_t group)
{
    struct reading *r = p->r;
    struct uvl_place place = p->token.place;
    struct uvl_feature *f = &r->m.feature[feature];
    uvl_parse_next(p);
    if (!cardinality(p, &f->min, &f->max))
        return false;
    if (group == p->in)
        return uvl_read_fault(r, place, "the root has a cardinality, and there is only one of it: take the cardinality out");
    f->cloned = true;
    r->m.arithmetic = true;
    if (r->m.group[group].kind != UVL_MANDATORY || f->min)
        return true;
    if (!f->max)
        return uvl_read_fault(r, place, "there are no instances of a mandatory feature: make it optional, or write [1..n]");
    f->min = 1;
    uvl_read_warning(r, place, "a mandatory feature with cardinality [0..n] is read as [1..n]: write that, or make it optional");
    return true;
}

static uint32_t named(struct parse *p, uint32_t parent, uint32_t group, uint32_t depth)
{
    struct uvl_place place = p->token.place;
    struct slice path, last;
    if (p->token.kind == TOKEN_INTEGER)  // in public models names are of digits, too
        p->token.kind = TOKEN_NAME;
    if (group_word_of(p) < GROUP_WORDS || uvl_parse_is(p, "cardinality")) {
        uvl_read_fault(p->r, place, "%.*s is a word of the language: indent it below its feature, or put the name in quotes",
                   SLICE_ARG(p->token.text));
        return UVL_NONE;
    }
    if (!uvl_parse_path(p, &path, &last, NULL, "a feature"))
        return UVL_NONE;
    return path.len == last.len ? new_feature(p, path, place, parent, group)
                                : uvl_import_feature(p, path, last, place, parent, group, depth);
}

static bool behind_name(struct parse *p, uint32_t feature, uint32_t group)
{
    if (uvl_parse_is(p, "cardinality") && !own_cardinality(p, feature, group))
        return false;
    p->feature = feature;
    if (p->token.kind == '{' && !uvl_parse_attributes(p))
        return false;
    return uvl_parse_line_end(p, "a cardinality, attributes in {braces} or the end of the line");
}

static void feature_line(struct parse *p, uint32_t parent, uint32_t group, uint32_t depth)
{
    struct reading *r = p->r;
    enum uvl_type of = UVL_BOOLEAN;
    struct uvl_place place = p->token.place;
    if (depth > UVL_DEPTH_MAX) {
        uvl_read_limit(r, place, "features are deeper than %d; make the tree flatter", UVL_DEPTH_MAX);
        uvl_parse_next(p);
        return;
    }
    bool typed = type(p, &of);
    uint32_t feature = named(p, parent, group, depth);
    if (feature != UVL_NONE && p->first == UVL_NONE)
        p->first = feature;
    if (feature != UVL_NONE && typed) {
        r->m.feature[feature].type = of;
        r->m.typed |= of != UVL_BOOLEAN;
    }
    if (feature == UVL_NONE || !behind_name(p, feature, group))
        uvl_parse_skip_line(p);
    if (!uvl_parse_accept(p, TOKEN_INDENT))
        return;
    if (feature == UVL_NONE)
        uvl_parse_skip_block(p);
    else {
        group_lines(p, feature, depth);
        uvl_parse_accept(p, TOKEN_DEDENT);
    }
}

static void feature_lines(struct parse *p, uint32_t parent, uint32_t group, uint32_t depth)
{
    while (p->token.kind != TOKEN_DEDENT && p->token.kind != TOKEN_END)
        if (!uvl_parse_too_deep(p))
            feature_line(p, parent, group, depth);
}

void uvl_parse_features(struct parse *p)
{
    feature_line(p, p->at, p->in, p->depth);
    while (p->token.kind != TOKEN_DEDENT && p->token.kind != TOKEN_END) {
        struct uvl_place place = p->token.place;
        if (!uvl_parse_accept(p, TOKEN_INDENT)) {
            unsigned word = group_word_of(p);
            uvl_read_fault(p->r, place, word < GROUP_WORDS ? "this group is at the level of the root: indent it below its feature"
                                                       : "there is a second root: put it into a group below the first");
            uvl_parse_skip_line(p);
            place = p->token.place;
            if (!uvl_parse_accept(p, TOKEN_INDENT))
                continue;
        }
        uvl_parse_skip_block(p);
    }
}
