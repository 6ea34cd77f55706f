#include "engine/feel/names.h"

#include <assert.h>
#include <stdio.h>

#include "engine/feel/eval.h"

#define NEAR_MAX 64  // bytes of names that are compared for a hint

/* What is known where a name stands. */
struct known {
    const struct known *outer;
    const struct node *node;     // whose bindings are known; NULL: anything may be, inside of a filter
};
struct names {
    const struct slice *name;
    size_t n;
};

static size_t distance(struct slice a, struct slice b)
{
    if (a.len > NEAR_MAX || b.len > NEAR_MAX)
        return SIZE_MAX;
    size_t row[NEAR_MAX + 1];
    for (size_t k = 0; k <= b.len; k++)
        row[k] = k;
    for (size_t i = 0; i < a.len; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < b.len; k++) {
            size_t swap = corner + (a.at[i] != b.at[k]);
            corner = row[k + 1];
            size_t drop = (row[k] < row[k + 1] ? row[k] : row[k + 1]) + 1;
            row[k + 1] = swap < drop ? swap : drop;
        }
    }
    return row[b.len];
}

static bool is_bound(const struct known *known, struct slice name)
{
    for (; known; known = known->outer) {
        if (!known->node)
            return true;
        for (uint32_t i = 0; i < known->node->n_binding; i++)
            if (slice_eq(known->node->binding[i].name, name))
                return true;
    }
    return false;
}

static bool is_known(const struct names *names, const struct known *known, struct slice name)
{
    for (size_t i = 0; i < names->n; i++)
        if (slice_eq(names->name[i], name))
            return true;
    return slice_is(name, "?") || slice_is(name, "partial") || feel_builtin(name) || is_bound(known, name);
}

static bool binds(const struct node *node)
{
    return node->kind == NODE_FOR || node->kind == NODE_SOME || node->kind == NODE_EVERY || node->kind == NODE_FUNCTION
           || node->kind == NODE_CONTEXT;
}

static const struct node *find(const struct names *names, const struct node *node, const struct known *outer)
{
    const struct known own = { outer, node }, anything = { outer, NULL };
    if (node->kind == NODE_NAME)
        return is_known(names, outer, node->name) ? NULL : node;
    for (uint32_t i = 0; i < node->n; i++) {
        bool filter = node->kind == NODE_FILTER && i == 1;
        const struct node *found = find(names, node->kid[i], filter ? &anything : binds(node) ? &own : outer);
        if (found)
            return found;
    }
    return NULL;
}

const struct node *feel_unknown_name(const struct node *node, const struct slice *known, size_t n)
{
    const struct names names = { known, n };
    assert(node);
    return find(&names, node, NULL);
}

struct slice feel_near_name(struct slice name, const struct slice *known, size_t n)
{
    struct slice nearest = { NULL, 0 };
    size_t best = name.len / 3 + 1;
    for (size_t i = 0; i < n; i++) {
        size_t off = distance(name, known[i]);
        if (off && off < best) {
            best = off;
            nearest = known[i];
        }
    }
    return nearest;
}

void feel_unknown_text(const struct node *name, const struct slice *known, size_t n, char *out, size_t cap)
{
    struct slice nearest = feel_near_name(name->name, known, n), shown = slice_utf8_cut(name->name, 60);
    if (nearest.len)
        snprintf(out, cap, "nothing is called '%.*s'; '%.*s' is", SLICE_ARG(shown),
                 SLICE_ARG(slice_utf8_cut(nearest, 60)));
    else
        snprintf(out, cap, "nothing is called '%.*s'", SLICE_ARG(shown));
}

bool feel_speaks_of(const struct node *node, struct slice name)
{
    if (node->kind == NODE_NAME && slice_eq(node->name, name))
        return true;
    for (uint32_t i = 0; i < node->n; i++)
        if (feel_speaks_of(node->kid[i], name))
            return true;
    return false;
}
