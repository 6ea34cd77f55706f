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
    if (!vec_need(g->near[v], g->cap[v], g->degree[v] + (size_t)1))
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

/* The tree of bags taken apart at its centroids: each piece at the bag that leaves the smallest pieces, and so on. A piece is the
 * bags that are still linked. */
struct pieces {
    uint32_t *child, *sibling;       // the tree as lists
    uint32_t *level;                 // at which a bag was taken out, 0: not yet
    uint32_t *from;                  // by bag of the piece: the bag that it was reached from
    uint32_t *size;                  // by bag of the piece: itself and those reached from it
    uint32_t *queue, n;              // the bags of the piece, breadth first
    uint32_t *todo, todos;           // a bag of each piece that is to be taken apart
};

static void reach(struct pieces *p, uint32_t bag, uint32_t from)
{
    if (!bag || p->level[bag] || (from && bag == p->from[from]))
        return;
    p->from[bag] = from;
    p->size[bag] = 1;
    p->queue[p->n++] = bag;
}

/* The bag that leaves the smallest pieces of that which the bag is in. */
static uint32_t centroid(const struct graph *g, struct pieces *p, uint32_t bag)
{
    p->n = 0;
    reach(p, bag, 0);
    for (uint32_t at = 0; at < p->n; at++) {
        uint32_t v = p->queue[at];
        reach(p, g->parent[v], v);
        for (uint32_t c = p->child[v]; c; c = p->sibling[c])
            reach(p, c, v);
    }
    for (uint32_t at = p->n; at-- > 0;) {
        uint32_t v = p->queue[at];
        if (2 * p->size[v] >= p->n)  // the first from behind: none reached from it is that large
            return v;
        p->size[p->from[v]] += p->size[v];
    }
    return bag;
}

static void piece_add(struct pieces *p, uint32_t bag, uint32_t level)
{
    if (!bag || p->level[bag])
        return;
    p->todo[2 * p->todos] = bag;
    p->todo[2 * p->todos++ + 1] = level;
}

/* A class stands as high as the highest bag that it is in. */
static void take_apart(const struct graph *g, struct pieces *p, uint32_t *depth)
{
    while (p->todos) {
        p->todos--;
        uint32_t level = p->todo[2 * p->todos + 1], v = centroid(g, p, p->todo[2 * p->todos]);
        p->level[v] = level;
        depth[v] = level < depth[v] ? level : depth[v];
        for (uint32_t i = 0; i < g->degree[v]; i++) {
            uint32_t *other = depth + g->near[v][i];
            *other = level < *other ? level : *other;
        }
        piece_add(p, g->parent[v], level + 1);
        for (uint32_t c = p->child[v]; c; c = p->sibling[c])
            piece_add(p, c, level + 1);
    }
}

static bool depths_fill(struct graph *g, struct arena *mem, uint32_t *depth)
{
    size_t rows = g->n + (size_t)1;
    struct pieces p = { .child = arena_array(mem, uint32_t, rows), .sibling = arena_array(mem, uint32_t, rows),
                        .level = arena_array(mem, uint32_t, rows), .from = arena_array(mem, uint32_t, rows),
                        .size = arena_array(mem, uint32_t, rows), .queue = arena_array(mem, uint32_t, rows),
                        .todo = arena_array(mem, uint32_t, 2 * rows) };
    if (!p.child || !p.sibling || !p.level || !p.from || !p.size || !p.queue || !p.todo)
        return false;
    hang(g);
    for (uint32_t v = 1; v <= g->n; v++) {
        depth[v] = UINT32_MAX;
        if (!g->parent[v])
            continue;
        p.sibling[v] = p.child[g->parent[v]];
        p.child[g->parent[v]] = v;
    }
    for (uint32_t v = 1; v <= g->n; v++)
        if (!g->parent[v])
            piece_add(&p, v, 1);
    take_apart(g, &p, depth);
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
