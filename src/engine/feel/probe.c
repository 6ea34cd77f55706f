#include "engine/feel/probe.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"

#define NODES_MAX (1u << 20)
#define DEPTH_MAX 4              // types in types
#define SAMPLES_MAX 48
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- samples ---- */
/* What is given to every sample. */
struct sampling {
    const struct value *literal;
    size_t n_literals;
    struct arena *mem;
};

static bool sample(const struct sampling *, const struct type *, unsigned depth, size_t i, struct value *ret);

/* The i-th of those that there always are and the literals behind them; false: it is one of the former. */
static bool literal_of(const struct sampling *s, enum value_kind kind, size_t always, size_t i, struct value *ret)
{
    size_t n = 0;
    for (size_t k = 0; k < s->n_literals; k++)
        n += s->literal[k].kind == kind;
    i %= always + n;
    if (i < always)
        return false;
    i -= always;
    for (size_t k = 0; k < s->n_literals; k++)
        if (s->literal[k].kind == kind && i-- == 0)
            *ret = s->literal[k];
    return true;
}

static bool sample_temporal(const struct sampling *s, enum type_kind kind, size_t i, struct value *ret)
{
    struct date date;
    struct date_time moment;
    int64_t day = 20484 + (int64_t)(i % SAMPLES_MAX) * 97;
    bool ok = date_of_days(day, &date) && date_time_of_ms(day * 86400000 + 37800000, &moment);
    if (!ok)
        return false;
    if (i % 2)
        moment.time.zone = (struct zone){ .kind = ZONE_NONE };  // one with a zone and one without are never compared
    switch (kind) {
    case TYPE_DATE: *ret = value_date(date); break;
    case TYPE_TIME: *ret = value_time(s->mem, moment.time, &ok); break;
    case TYPE_DATE_TIME: *ret = value_date_time(s->mem, moment, &ok); break;
    case TYPE_MONTHS: *ret = value_months(14 * ((int64_t)i + 1)); break;
    default: *ret = value_duration((struct duration){ 93784 * ((int64_t)i + 1), 0 });
    }
    return ok;
}

static bool sample_list(const struct sampling *s, const struct type *type, unsigned depth, size_t i, struct value *ret)
{
    struct value *item = arena_array(s->mem, struct value, 2);
    bool ok = item != NULL;
    for (size_t k = 0; k < 2 && ok; k++)
        ok = sample(s, type->element, depth + 1, i + k, &item[k]);
    if (ok)
        *ret = value_list(s->mem, item, 2 - i % 2, &ok);
    return ok;
}

static bool sample_context(const struct sampling *s, const struct type *type, unsigned depth, size_t i, struct value *ret)
{
    struct value_context *c = arena_one(s->mem, struct value_context);
    struct value_entry *entry = arena_array(s->mem, struct value_entry, type->n + 1);
    bool ok = c && entry;
    for (size_t k = 0; k < type->n && ok; k++) {
        entry[k].name = type->member[k].name;
        ok = sample(s, type->member[k].type, depth + 1, i + k, &entry[k].value);
    }
    if (ok) {
        *c = (struct value_context){ type->n, entry };
        *ret = (struct value){ .kind = VALUE_CONTEXT, .context = c };
    }
    return ok;
}

static bool sample_range(const struct sampling *s, const struct type *type, unsigned depth, size_t i, struct value *ret)
{
    struct value_range *r = arena_one(s->mem, struct value_range);
    bool ok = r && sample(s, type->element, depth + 1, i, &r->low) && sample(s, type->element, depth + 1, i, &r->high);
    if (ok) {
        r->low_closed = r->high_closed = true;
        *ret = (struct value){ .kind = VALUE_RANGE, .range = r };
    }
    return ok;
}

static struct value sample_number(const struct sampling *s, size_t i)
{
    static const int whole[] = { 1, 2, 0, -1, 12, 1000 };
    struct value v;
    if (literal_of(s, VALUE_NUMBER, COUNT(whole) + 1, i, &v))
        return v;
    i %= COUNT(whole) + 1;
    return value_number(i == COUNT(whole) ? number_scaled(25, -1) : number_of(whole[i]));
}

static struct value sample_text(const struct sampling *s, size_t i)
{
    static const char *const texts[] = {
        "a", "1", "2026-01-31", "10:30:00", "2026-01-31T10:30:00Z", "P1DT2H", "P1Y2M", "[1..5]",
        "The quick brown fox jumps over the lazy dog, 1234567890 times", "A",
    };
    struct value v;
    return literal_of(s, VALUE_STRING, COUNT(texts), i, &v) ? v : value_string(slice_of(texts[i % COUNT(texts)]));
}

/* null of what nothing is known of. */
static bool sample(const struct sampling *s, const struct type *type, unsigned depth, size_t i, struct value *ret)
{
    *ret = value_null;
    if (!type || depth > DEPTH_MAX)
        return true;
    switch (type->kind) {
    case TYPE_BOOLEAN: *ret = value_boolean(i % 2 == 0); return true;
    case TYPE_NUMBER: *ret = sample_number(s, i); return true;
    case TYPE_STRING: *ret = sample_text(s, i); return true;
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_DATE_TIME:
    case TYPE_MONTHS:
    case TYPE_DURATION: return sample_temporal(s, type->kind, i, ret);
    case TYPE_LIST: return sample_list(s, type, depth, i, ret);
    case TYPE_CONTEXT: return type->open || sample_context(s, type, depth, i, ret);
    case TYPE_RANGE: return sample_range(s, type, depth, i, ret);
    case TYPE_ANY:
    case TYPE_NULL:
    case TYPE_FUNCTION: break;
    }
    return true;
}

size_t probe_literals(const struct node *tree, struct value *literal, size_t n, size_t max)
{
    bool known = tree->kind != NODE_LITERAL || (tree->value.kind != VALUE_STRING && tree->value.kind != VALUE_NUMBER);
    for (size_t i = 0; i < n && !known; i++)
        known = value_same(literal[i], tree->value);
    if (!known && n < max)
        literal[n++] = tree->value;
    for (uint32_t i = 0; i < tree->n; i++)
        n = probe_literals(tree->kid[i], literal, n, max);
    return n;
}

bool probe_samples(const struct type *type, const struct value *literal, size_t n_literals, struct arena *mem,
                   struct probe_name *ret)
{
    const struct sampling s = { literal, n_literals, mem };
    struct value *list = arena_array(mem, struct value, SAMPLES_MAX);
    bool ok = list != NULL;
    ret->sample = list;
    for (ret->n = 0; ok && ret->n < SAMPLES_MAX; ret->n++) {
        ok = sample(&s, type, 0, ret->n, &list[ret->n]);
        if (ok && value_is_null(list[ret->n]))
            break;
    }
    return ok;
}

const struct value_context *probe_inputs(const struct probe_name *name, size_t n, unsigned run, struct arena *mem)
{
    struct value_context *c = arena_one(mem, struct value_context);
    struct value_entry *entry = arena_array(mem, struct value_entry, n + 1);
    if (!c || !entry)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        uint64_t random = hash_mix((uint64_t)run << 32 | i);
        bool none = name[i].n == 0 || random >> 61 == 0;
        entry[i] = (struct value_entry){ name[i].name, none ? value_null : name[i].sample[random % name[i].n] };
    }
    *c = (struct value_context){ n, entry };
    return c;
}

/* ---- watching ---- */
struct seen {
    const struct node *node;         // NULL: free
    bool gave, lost;                 // a value; null while its parts had values
    char *text;                      // what was said then
};
struct probe {
    struct eval_watch watch;         // first
    struct seen *seen;               // an open table
    size_t n, slots;
    bool full;                       // memory: what is not in it is not spoken of
    char said[240];                  // last
};

enum err_code probe_new(struct probe **ret, struct err *e)
{
    *ret = calloc(1, sizeof **ret);
    return *ret ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory to look for types that do not fit");
}

void probe_drop(struct probe **probe)
{
    struct probe *p = *probe;
    if (!p)
        return;
    for (size_t i = 0; i < p->slots; i++)
        free(p->seen[i].text);
    free(p->seen);
    free(p);
    *probe = NULL;
}

static struct seen *slot_of(const struct probe *p, const struct node *node)
{
    size_t at = hash_mix((uint64_t)(uintptr_t)node) & (p->slots - 1);
    while (p->seen[at].node && p->seen[at].node != node)
        at = (at + 1) & (p->slots - 1);
    return &p->seen[at];
}

static bool grow(struct probe *p)
{
    struct probe more = { .slots = p->slots ? p->slots * 2 : 256 };
    more.seen = p->slots < NODES_MAX ? calloc(more.slots, sizeof *more.seen) : NULL;
    if (!more.seen)
        return false;
    for (size_t i = 0; i < p->slots; i++)
        if (p->seen[i].node)
            *slot_of(&more, p->seen[i].node) = p->seen[i];
    free(p->seen);
    p->seen = more.seen;
    p->slots = more.slots;
    return true;
}

/* What can be of the wrong kind: not what is written down, names, and positions. */
static bool is_judged(const struct node *node)
{
    switch (node->kind) {
    case NODE_NEGATE:
    case NODE_BINARY:
    case NODE_BETWEEN:
    case NODE_IN:
    case NODE_IF:
    case NODE_SOME:
    case NODE_EVERY:
    case NODE_PATH:
    case NODE_CALL:
    case NODE_FOREIGN: return true;
    default: return false;
    }
}

/* The answer shows that its parts fit. null = 5 is false, "if null" goes on with else, false and anything is false: that says
 * nothing of the kinds. */
static bool shows_fit(const struct node *node, struct value v, bool below)
{
    bool binary = node->kind == NODE_BINARY;
    if (value_is_null(v))
        return false;
    if (binary && (node->op == OP_AND || node->op == OP_OR))
        return value_is_true(v) == (node->op == OP_AND);
    return !below || !(node->kind == NODE_IF || (binary && (node->op == OP_EQ || node->op == OP_NE)));
}

static void look_at(struct probe *p, const struct node *node, struct value v, bool below)
{
    if (p->full || !is_judged(node))
        return;
    if (2 * (p->n + 1) > p->slots && !grow(p)) {
        p->full = true;
        return;
    }
    struct seen *seen = slot_of(p, node);
    p->n += !seen->node;
    seen->node = node;
    seen->gave = seen->gave || shows_fit(node, v, below);
    /* A member may be null: then nothing is said of it. A type that is declared is not kept silently either. */
    bool lost = value_is_null(v) && !below && (p->said[0] || node->kind == NODE_FOREIGN);
    seen->lost = seen->lost || lost;
    if (lost && !seen->text)
        seen->text = strdup(p->said);
}

static void saw(struct eval_watch *watch, const struct node *node, struct value v, bool below)
{
    struct probe *p = (struct probe *)watch;
    look_at(p, node, v, below);
    p->said[0] = 0;                  // what is said of the next is said behind its parts
}

static void note(void *arg, uint32_t at, const char *text)
{
    struct probe *p = arg;
    (void)at;
    snprintf(p->said, sizeof p->said, "%s", text);
}

void probe_watch(struct probe *p, struct eval *e)
{
    p->watch.saw = saw;
    p->watch.below = false;
    p->said[0] = 0;
    e->watch = &p->watch;
    e->note = note;
    e->note_arg = p;
}

const char *probe_said(const struct probe *p, const struct node *node)
{
    const struct seen *seen = p->slots ? slot_of(p, node) : NULL;
    if (!seen || !seen->node || seen->gave || !seen->lost)
        return NULL;
    return seen->text ? seen->text : "";
}

uint32_t probe_at(const struct node *node)
{
    return node->kind == NODE_IF ? node->kid[0]->at : node->at;
}

static const struct node *next(const struct probe *p, const struct node *tree, const struct node *after, bool *behind)
{
    if (*behind && probe_said(p, tree))
        return tree;
    *behind = *behind || tree == after;
    for (uint32_t i = 0; i < tree->n; i++) {
        const struct node *found = next(p, tree->kid[i], after, behind);
        if (found)
            return found;
    }
    return NULL;
}

const struct node *probe_next(const struct probe *p, const struct node *tree, const struct node *after)
{
    bool behind = after == NULL;
    return next(p, tree, after, &behind);
}
