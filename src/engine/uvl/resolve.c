/* What the names of constraints mean, and whether what is compared can be. */
#include "base/hash.h"
#include "engine/uvl/read_room.h"

/* What an expression may stand for, as bits. */
enum { TRUTH = 1, NUMBER = 2, TEXT = 4, ANY = 7 };

struct resolving {
    struct reading *r;
    uint8_t *can;                     // of each expression
    struct slice *known;              // names of attributes, in a hash table
    uint32_t slots;                   // 0: not made yet
    const struct uvl_constraint *c;
    struct slice prefix;              // of the file that it stands in
};

static struct slice cut(struct slice s)
{
    return slice_utf8_cut(s, 120);
}

static struct slice in_full(struct resolving *s, struct slice path)
{
    if (!s->prefix.len)
        return path;
    struct slice full = arena_printf(s->r->mem, "%.*s.%.*s", SLICE_ARG(s->prefix), SLICE_ARG(path));
    return uvl_read_memory(s->r, full.at) ? full : path;
}

/* The feature that a path begins with, and what is left of it; the longest name wins. */
static uint32_t feature_of(const struct resolving *s, struct slice full, struct slice *rest)
{
    for (size_t end = full.len; end > s->prefix.len; end--) {
        if (end < full.len && full.at[end] != '.')
            continue;
        uint32_t f = uvl_feature_find(&s->r->m, (struct slice){ full.at, end });
        if (f != UVL_NONE) {
            size_t from = end + (end < full.len);
            *rest = (struct slice){ full.at + from, full.len - from };
            return f;
        }
    }
    return UVL_NONE;
}

static uint32_t known_slot(const struct resolving *s, struct slice name)
{
    uint32_t i = (uint32_t)hash64(name, 0) & (s->slots - 1);
    while (s->known[i].at && !slice_eq(s->known[i], name))
        i = (i + 1) & (s->slots - 1);
    return i;
}

/* Whether any feature has an attribute of that name; of a path the first name counts. */
static bool attribute_known(struct resolving *s, struct slice path)
{
    const struct uvl_model *m = &s->r->m;
    if (!s->slots) {
        size_t n = 0, slots = 64;
        for (uint32_t i = 0; i < m->features; i++)
            n += m->feature[i].attributes;
        while (slots < 2 * n)
            slots *= 2;
        s->known = arena_array(s->r->mem, struct slice, slots);
        if (!uvl_read_memory(s->r, s->known))
            return true;
        s->slots = (uint32_t)slots;
        for (uint32_t i = 0; i < m->features; i++)
            for (uint32_t k = 0; k < m->feature[i].attributes; k++)
                s->known[known_slot(s, m->feature[i].attribute[k].name)] = m->feature[i].attribute[k].name;
    }
    return s->known[known_slot(s, slice_cut(&path, '.'))].at;
}

static struct slice feature_name(const void *m, uint32_t i)
{
    return ((const struct uvl_model *)m)->feature[i].name;
}

static struct slice attribute_name(const void *f, uint32_t i)
{
    return ((const struct uvl_feature *)f)->attribute[i].name;
}

static struct slice known_name(const void *s, uint32_t i)
{
    return ((const struct resolving *)s)->known[i];
}

static void unknown(struct resolving *s, struct uvl_place place, struct slice path, bool quoted)
{
    struct slice full = in_full(s, path);
    size_t before = full.len - path.len;
    struct slice near = uvl_read_near(s->r, full, before, feature_name, &s->r->m, s->r->m.features);
    if (near.len > before && slice_eq((struct slice){ near.at, before }, (struct slice){ full.at, before }))
        near = (struct slice){ near.at + before, near.len - before };
    if (near.len)
        uvl_read_fault(s->r, place, "there is no feature %.*s: is it %.*s?", SLICE_ARG(cut(path)), SLICE_ARG(cut(near)));
    else
        uvl_read_fault(s->r, place, "there is no feature %.*s: add it to the tree, or %s", SLICE_ARG(cut(path)),
                   quoted ? "write a text in 'single quotes'" : "correct its name");
}

static uint8_t can_of_value(const struct uvl_value *v)
{
    switch (v->kind) {
    case UVL_EMPTY:
    case UVL_TRUTH:
        return TRUTH;
    case UVL_NUMBER:
        return NUMBER;
    case UVL_TEXT:
        return TEXT;
    case UVL_LIST:
    case UVL_MAP:
        break;
    }
    return 0;
}

/* Public models ask for attributes that a feature lacks: it is told, and no error. */
static uint8_t attribute(struct resolving *s, struct uvl_expr *x, uint32_t feature, struct slice path)
{
    const struct uvl_feature *f = &s->r->m.feature[feature];
    const struct uvl_value *v = uvl_attribute_find(f, path);
    x->op = UVL_OP_ATTRIBUTE;
    x->feature = feature;
    x->text = path;
    if (v)
        return can_of_value(v);
    struct slice near = uvl_read_near(s->r, path, 0, attribute_name, f, f->attributes);
    if (near.len)
        uvl_read_warning(s->r, x->place, "the feature %.*s has no attribute %.*s: is it %.*s?", SLICE_ARG(cut(f->name)),
                     SLICE_ARG(cut(path)), SLICE_ARG(cut(near)));
    else
        uvl_read_warning(s->r, x->place, "the feature %.*s has no attribute %.*s: add it in braces behind the feature",
                     SLICE_ARG(cut(f->name)), SLICE_ARG(cut(path)));
    return ANY;
}

/* A name in an attribute's constraint may also be another attribute of the same feature. */
static uint8_t reference(struct resolving *s, struct uvl_expr *x, const struct names *names)
{
    static const uint8_t can_of_type[] = { TRUTH | NUMBER, TRUTH | NUMBER, TRUTH | NUMBER, TRUTH | TEXT };
    struct slice rest = { 0 };
    uint32_t f = feature_of(s, in_full(s, names->path), &rest);
    if (f == UVL_NONE) {
        if (s->c->of != UVL_NONE && uvl_attribute_find(&s->r->m.feature[s->c->of], names->path))
            return attribute(s, x, s->c->of, names->path);
        unknown(s, x->place, names->path, names->quoted);
        return ANY;
    }
    if (rest.len)
        return attribute(s, x, f, rest);
    x->feature = f;
    return can_of_type[s->r->m.feature[f].type];
}

static uint8_t aggregate(struct resolving *s, struct uvl_expr *x, const struct names *names)
{
    struct slice rest = { 0 };
    x->text = names->path;
    if (names->within.len) {
        x->feature = feature_of(s, in_full(s, names->within), &rest);
        if (x->feature == UVL_NONE || rest.len)
            unknown(s, x->place, names->within, false);
    }
    if (attribute_known(s, names->path))
        return NUMBER;
    uint32_t f = feature_of(s, in_full(s, names->path), &rest);
    if (f != UVL_NONE && !rest.len && !names->within.len) {
        x->feature = f;
        x->text = (struct slice){ 0 };
        if (s->r->m.feature[f].type == UVL_STRING)
            uvl_read_fault(s->r, x->place, "%.*s is a text, which cannot be added up: give the name of a number",
                       SLICE_ARG(cut(names->path)));
        return NUMBER;
    }
    struct slice near = uvl_read_near(s->r, names->path, 0, known_name, s, s->slots);
    if (near.len)
        uvl_read_warning(s->r, x->place, "no feature has an attribute %.*s: is it %.*s?", SLICE_ARG(cut(names->path)),
                     SLICE_ARG(cut(near)));
    else
        uvl_read_warning(s->r, x->place, "no feature has an attribute %.*s: add it in braces behind features",
                     SLICE_ARG(cut(names->path)));
    return NUMBER;
}

static const char *word_of(uint8_t can)
{
    if (can & NUMBER)
        return "a number";
    if (can & TEXT)
        return "a text";
    return can ? "true or false" : "a list or a map";
}

static void need(struct resolving *s, uint32_t i, uint8_t what, const char *where)
{
    if (!(s->can[i] & what))
        uvl_read_fault(s->r, s->r->m.expr[i].place, "this is %s, where %s needs %s: %s", word_of(s->can[i]), where, word_of(what),
                   what == TRUTH ? "compare it with something" : "take a feature or an attribute of that kind");
}

/* Numbers with numbers, texts with texts, and whether two things are both true. */
static void comparison(struct resolving *s, const struct uvl_expr *x)
{
    uint8_t a = s->can[x->a], b = s->can[x->b];
    bool same = x->op == UVL_OP_EQ || x->op == UVL_OP_NE;
    s->r->m.arithmetic = true;
    s->r->m.typed |= !((a & b) & NUMBER) && ((a & b) & TEXT);
    if ((a & b & NUMBER) || (same && (a & b & TEXT)) || (same && (a & b & TRUTH) && (a == TRUTH || b == TRUTH)))
        return;
    if (a & b & TEXT)
        uvl_read_fault(s->r, x->place, "texts are equal or not: compare with == or !=, or compare len()");
    else
        uvl_read_fault(s->r, x->place, "%s is compared with %s, which is never so: compare things of one kind", word_of(a),
                   word_of(b));
}

static uint8_t operation(struct resolving *s, struct uvl_expr *x)
{
    switch (x->op) {
    case UVL_OP_NOT:
    case UVL_OP_AND:
    case UVL_OP_OR:
    case UVL_OP_IMPLIES:
    case UVL_OP_EQUIVALENT:
        need(s, x->a, TRUTH, "a logical operator");
        if (x->b != UVL_NONE)
            need(s, x->b, TRUTH, "a logical operator");
        return TRUTH;
    case UVL_OP_ADD:
    case UVL_OP_SUB:
    case UVL_OP_MUL:
    case UVL_OP_DIV:
        need(s, x->a, NUMBER, "arithmetic");
        need(s, x->b, NUMBER, "arithmetic");
        return NUMBER;
    case UVL_OP_FLOOR:
    case UVL_OP_CEIL:
        need(s, x->a, NUMBER, "rounding");
        return NUMBER;
    case UVL_OP_LEN:
        need(s, x->a, TEXT, "len()");
        s->r->m.typed = true;
        return NUMBER;
    default:
        comparison(s, x);
        return TRUTH;
    }
}

static uint8_t resolve_one(struct resolving *s, uint32_t i)
{
    struct uvl_expr *x = &s->r->m.expr[i];
    switch (x->op) {
    case UVL_OP_FEATURE:
        return reference(s, x, &s->r->names[i]);
    case UVL_OP_SUM:
    case UVL_OP_AVG:
        return aggregate(s, x, &s->r->names[i]);
    case UVL_OP_NUMBER:
        return NUMBER;
    case UVL_OP_TEXT:
        return TEXT;
    case UVL_OP_TRUTH:
        return TRUTH;
    default:
        return operation(s, x);
    }
}

void uvl_resolve(struct reading *r)
{
    struct resolving s = { .r = r, .can = arena_array(r->mem, uint8_t, (size_t)r->m.exprs + 1) };
    if (!uvl_read_memory(r, s.can))
        return;
    for (uint32_t i = 0; i < r->m.constraints && !r->code; i++) {
        s.c = &r->m.constraint[i];
        s.prefix = r->prefix[i];
        for (uint32_t k = s.c->first; k <= s.c->expr && !r->code; k++)
            s.can[k] = resolve_one(&s, k);
        need(&s, s.c->expr, TRUTH, "a constraint");
    }
}
