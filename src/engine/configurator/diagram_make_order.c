#include "engine/configurator/diagram_room.h"

#define CLIQUE 200                   // a longer clause links neighbours only: all pairs would cost more than they tell
#define DEGREE 500                   // above it what is left counts as one bag

/* Elimination by least degree of the graph in which classes of a clause are neighbours. Classes 1 .. n, 0 means none. */
struct graph {
    uint32_t n;
    uint32_t **near, *degree;        // by class; after its elimination: those that were left then, its bag
    size_t *cap;
    uint32_t *mark, marks;
    uint32_t *first, *next, *before; // lists of classes by degree; before: the class, or 0 for the first of its list
    uint32_t *order, *place;         // in which they were eliminated; place 0: not yet
    uint32_t *parent;                // the bag that a bag hangs on
};

static void graph_drop(struct graph *g)
{
    for (uint32_t v = 1; g->near && v <= g->n; v++)
        free(g->near[v]);
}

static bool graph_make(struct graph *g, struct arena *mem, uint32_t n)
{
    size_t rows = n + (size_t)1;
    *g = (struct graph){ .n = n };
    g->degree = arena_array(mem, uint32_t, rows);
    g->cap = arena_array(mem, size_t, rows);
    g->mark = arena_array(mem, uint32_t, rows);
    g->first = arena_array(mem, uint32_t, rows);
    g->next = arena_array(mem, uint32_t, rows);
    g->before = arena_array(mem, uint32_t, rows);
    g->order = arena_array(mem, uint32_t, rows);
    g->place = arena_array(mem, uint32_t, rows);
    g->parent = arena_array(mem, uint32_t, rows);
    g->near = arena_array(mem, uint32_t *, rows);
    return g->degree && g->cap && g->mark && g->first && g->next && g->before && g->order && g->place && g->parent && g->near;
}

static bool link_to(struct graph *g, uint32_t v, uint32_t w)
{
    if (v == w || g->mark[w] == g->marks)
        return true;
    g->mark[w] = g->marks;
    if (!grow(&g->near[v], &g->cap[v], g->degree[v] + (size_t)1, sizeof **g->near))
        return false;
    g->near[v][g->degree[v]++] = w;
    return true;
}

static bool link_clause(struct graph *g, const struct formula *f, uint32_t v, uint32_t clause)
{
    const uint32_t *literal = f->literal + f->from[clause];
    uint32_t n = f->from[clause + 1] - f->from[clause];
    for (uint32_t i = 0; i < n; i++) {
        bool is_beside = literal[(i + 1) % n] >> 1 == v || literal[(i + n - 1) % n] >> 1 == v;
        if ((n <= CLIQUE || is_beside) && !link_to(g, v, literal[i] >> 1))
            return false;
    }
    return true;
}

static bool link_all(struct graph *g, const struct formula *f)
{
    for (uint32_t v = 1; v <= g->n; v++) {
        g->marks++;
        for (uint32_t code = 2 * v; code < 2 * v + 2; code++) {
            for (uint32_t i = f->implied_from[code]; i < f->implied_from[code + 1]; i++)
                if (!link_to(g, v, f->implied[i] >> 1))
                    return false;
            for (uint32_t i = f->in_from[code]; i < f->in_from[code + 1]; i++)
                if (!link_clause(g, f, v, f->in[i]))
                    return false;
        }
    }
    return true;
}

static void list_add(struct graph *g, uint32_t v)
{
    uint32_t head = g->first[g->degree[v]];
    g->next[v] = head;
    g->before[v] = 0;
    if (head)
        g->before[head] = v;
    g->first[g->degree[v]] = v;
}

static void list_remove(struct graph *g, uint32_t v)
{
    if (g->before[v])
        g->next[g->before[v]] = g->next[v];
    else
        g->first[g->degree[v]] = g->next[v];
    if (g->next[v])
        g->before[g->next[v]] = g->before[v];
}

static void keep_those_left(struct graph *g, uint32_t v)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->degree[v]; i++)
        if (!g->place[g->near[v][i]])
            g->near[v][kept++] = g->near[v][i];
    g->degree[v] = kept;
}

/* What is left near v becomes neighbours of each other. */
static bool eliminate(struct graph *g, uint32_t v, uint32_t place)
{
    list_remove(g, v);
    g->order[place - 1] = v;
    g->place[v] = place;
    keep_those_left(g, v);
    for (uint32_t i = 0; i < g->degree[v]; i++) {
        uint32_t w = g->near[v][i];
        list_remove(g, w);
        keep_those_left(g, w);
        g->marks++;
        for (uint32_t j = 0; j < g->degree[w]; j++)
            g->mark[g->near[w][j]] = g->marks;
        for (uint32_t j = 0; j < g->degree[v]; j++)
            if (!link_to(g, w, g->near[v][j]))
                return false;
        list_add(g, w);
    }
    return true;
}

/* The rest is one bag: each hangs on the next. */
static void take_the_rest(struct graph *g, uint32_t place)
{
    uint32_t last = 0;
    for (uint32_t v = 1; v <= g->n; v++) {
        if (g->place[v])
            continue;
        g->order[place - 1] = v;
        g->place[v] = place++;
        g->degree[v] = 0;
        if (last)
            g->near[last][g->degree[last]++] = v;    // its degree was above DEGREE
        last = v;
    }
}

static bool eliminate_all(struct graph *g, uint32_t *width)
{
    uint32_t least = 0;
    *width = 0;
    for (uint32_t v = g->n; v >= 1; v--)
        list_add(g, v);
    for (uint32_t place = 1; place <= g->n; place++) {
        while (!g->first[least])
            least++;
        if (least > DEGREE) {
            *width = g->n - place;
            take_the_rest(g, place);
            return true;
        }
        *width = least > *width ? least : *width;
        if (!eliminate(g, g->first[least], place))
            return false;
        least -= least > 0;
    }
    return true;
}

static void hang(struct graph *g)
{
    for (uint32_t v = 1; v <= g->n; v++)
        for (uint32_t i = 0; i < g->degree[v]; i++) {
            uint32_t w = g->near[v][i];
            if (!g->parent[v] || g->place[w] < g->place[g->parent[v]])
                g->parent[v] = w;
        }
}

/* root[v]: the centroid of the tree that v is in, with which no branch is larger than it need be. size, branch: scratch of n + 1,
 * zeros. */
static void centroids(const struct graph *g, uint32_t *size, uint32_t *branch, uint32_t *top, uint32_t *best)
{
    for (uint32_t i = 0; i < g->n; i++) {
        uint32_t v = g->order[i], p = g->parent[v];
        size[v]++;
        size[p] += p ? size[v] : 0;
        branch[p] = p && size[v] > branch[p] ? size[v] : branch[p];
    }
    for (uint32_t i = g->n; i-- > 0;) {
        uint32_t v = g->order[i];
        top[v] = g->parent[v] ? top[g->parent[v]] : v;
        uint32_t above = size[top[v]] - size[v], *b = best + top[v];
        branch[v] = above > branch[v] ? above : branch[v];
        if (!*b || branch[v] < branch[*b])
            *b = v;
    }
}

/* Where a walk of bags stands. child, sibling: the tree as lists. */
struct walk {
    uint32_t *queue, *deep, *child, *sibling;
    uint32_t n;
};

static void visit(struct walk *w, uint32_t bag, uint32_t deep)
{
    if (!bag || w->deep[bag])
        return;
    w->deep[bag] = deep;
    w->queue[w->n++] = bag;
}

/* Breadth first from the centroids, whose depth is 1: a class stands as high as the highest bag that it is in. */
static void descend(const struct graph *g, struct walk *w, uint32_t *depth)
{
    for (uint32_t at = 0; at < w->n; at++) {
        uint32_t v = w->queue[at], deep = w->deep[v];
        depth[v] = deep < depth[v] ? deep : depth[v];
        for (uint32_t i = 0; i < g->degree[v]; i++) {
            uint32_t *other = depth + g->near[v][i];
            *other = deep < *other ? deep : *other;
        }
        visit(w, g->parent[v], deep + 1);
        for (uint32_t c = w->child[v]; c; c = w->sibling[c])
            visit(w, c, deep + 1);
    }
}

static bool depths_fill(struct graph *g, struct arena *mem, uint32_t *depth)
{
    size_t rows = g->n + (size_t)1;
    uint32_t *best = arena_array(mem, uint32_t, rows), *top = arena_array(mem, uint32_t, rows);
    struct walk w = { arena_array(mem, uint32_t, rows), arena_array(mem, uint32_t, rows), arena_array(mem, uint32_t, rows),
                      arena_array(mem, uint32_t, rows), 0 };
    if (!best || !top || !w.queue || !w.deep || !w.child || !w.sibling)
        return false;
    hang(g);
    centroids(g, w.child, w.sibling, top, best);
    memset(w.child, 0, rows * sizeof *w.child);
    for (uint32_t v = 1; v <= g->n; v++) {
        depth[v] = UINT32_MAX;
        if (!g->parent[v])
            continue;
        w.sibling[v] = w.child[g->parent[v]];
        w.child[g->parent[v]] = v;
    }
    for (uint32_t v = 1; v <= g->n; v++)
        visit(&w, g->parent[v] ? 0 : best[v], 1);
    descend(g, &w, depth);
    return true;
}

enum err_code formula_depths(const struct formula *f, uint32_t *depth, uint32_t *width, struct err *e)
{
    AUTO(arena) mem = arena_new(SIZE_MAX);
    struct graph g = { 0 };
    bool ok = mem && graph_make(&g, mem, f->classes) && link_all(&g, f) && eliminate_all(&g, width) &&
              depths_fill(&g, mem, depth);
    graph_drop(&g);
    return ok ? ERR_OK : diagram_no_memory(e);
}
