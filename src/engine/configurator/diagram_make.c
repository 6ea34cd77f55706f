#include "engine/configurator/diagram_room.h"

#include <time.h>

#define LOOK_EVERY 64                // decisions between two looks at the clock

/* A component: its classes and its open clauses, sorted, in the maker's pool. */
struct part {
    size_t classes, clauses;         // where they start
    uint32_t n_classes, n_clauses;
};
/* A component that is decided on, and the conjunction that is left of it under the value that is tried. The first level decides
 * nothing. A stack of these stands in for recursion, which would be as deep as the model has variables. */
struct level {
    uint32_t entry, class, tried, kids;
    uint32_t kid[2];                 // one for each value under which there are solutions
    struct part of;
    uint32_t trail;                  // the literals of the conjunction start there
    size_t pool, parts, next, kid_from;  // next: the component that is to be made
};
enum step { STEP_TRY, STEP_SPLIT, STEP_JOINED, STEP_DECIDED };
struct maker {
    const struct diagram_budget *budget;
    struct formula formula;
    struct trail trail;
    struct nodes nodes;
    struct cache cache;
    uint32_t *depth;                 // by class
    uint32_t *label, *queue;         // by class: its component while they are found; scratch of a search
    uint32_t *seen;                  // by clause: the last search that met it
    uint32_t searches, width;
    uint32_t *pool, *kid;
    struct part *part;
    struct level *level;
    size_t pool_n, pool_cap, kid_n, kid_cap, part_n, part_cap, levels, level_cap;
    uint32_t node;                   // what the last step made
    uint64_t decisions;
    double began;
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum err_code look(const struct maker *m, struct err *e)
{
    const struct diagram_budget *b = m->budget;
    if (b->cancel && atomic_load_explicit(b->cancel, memory_order_relaxed))
        return err_set(e, ERR_BUSY, 0, "compiling the model was cancelled");
    if (m->nodes.n > b->nodes || m->cache.n > b->nodes)
        return err_set(e, ERR_LIMIT, 0, "the model compiled has more than %u nodes", b->nodes);
    if (nodes_bytes(&m->nodes) + cache_bytes(&m->cache) > b->bytes)
        return err_set(e, ERR_LIMIT, 0, "compiling the model needs more than %zu bytes", b->bytes);
    if (m->decisions % LOOK_EVERY)
        return ERR_OK;
    if (b->progress)
        b->progress(b->arg, (double)m->decisions);
    if (cpu_seconds() - m->began > b->seconds)
        return err_set(e, ERR_LIMIT, 0, "compiling the model takes more than %g seconds", b->seconds);
    return ERR_OK;
}

/* ---- components ---- */

#define LABEL_NONE 0u                // of classes that are decided, or not met yet
#define LABEL_FREE 1u
#define LABEL_PARTS 2u               // of the level's first component; each has a label

static void meet(struct maker *m, uint32_t code, uint32_t label, uint32_t *met)
{
    uint32_t class = code >> 1;
    if (m->trail.value[code] || m->label[class] != LABEL_NONE)
        return;
    m->label[class] = label;
    m->queue[(*met)++] = class;
}

static void meet_neighbours(struct maker *m, uint32_t class, uint32_t label, uint32_t *met)
{
    const struct formula *f = &m->formula;
    for (uint32_t i = f->implied_from[2 * class]; i < f->implied_from[2 * class + 2]; i++)
        meet(m, f->implied[i], label, met);
    for (uint32_t i = f->in_from[2 * class]; i < f->in_from[2 * class + 2]; i++) {
        uint32_t clause = f->in[i];
        if (!clause_is_open(&m->trail, clause) || m->seen[clause] == m->searches)
            continue;
        m->seen[clause] = m->searches;
        for (uint32_t k = f->from[clause]; k < f->from[clause + 1]; k++)
            meet(m, f->literal[k], label, met);
    }
}

/* Labels the component of a class; the number of its classes. left: of all that are undecided and in no component yet. */
static uint32_t flood(struct maker *m, uint32_t class, uint32_t label, uint32_t left)
{
    uint32_t met = 0;
    meet(m, 2 * class, label, &met);
    for (uint32_t at = 0; at < met && met < left; at++)
        meet_neighbours(m, m->queue[at], label, &met);
    if (met == 1)
        m->label[class] = LABEL_FREE;
    return met;
}

static bool pool_room(struct maker *m, size_t more)
{
    return vec_need(m->pool, m->pool_cap, m->pool_n + more);
}

/* The component of an open clause is that of any literal that is left in it. */
static uint32_t label_of_clause(const struct maker *m, uint32_t clause)
{
    const struct formula *f = &m->formula;
    uint32_t i = f->from[clause];
    while (m->trail.value[f->literal[i]])
        i++;
    return m->label[f->literal[i] >> 1];
}

static struct part *part_of(const struct maker *m, uint32_t label)
{
    return m->part + m->level[m->levels - 1].parts + (label - LABEL_PARTS);
}

/* Finds the components of what is left of a part. */
static enum err_code find_parts(struct maker *m, const struct part *of, struct err *e)
{
    struct level *l = m->level + m->levels - 1;
    uint32_t left = 0;
    m->searches++;
    for (uint32_t i = 0; i < of->n_classes; i++) {
        uint32_t class = m->pool[of->classes + i];
        m->label[class] = LABEL_NONE;
        left += m->trail.value[2 * class] == 0;
    }
    for (uint32_t i = 0; i < of->n_classes && left; i++) {
        uint32_t class = m->pool[of->classes + i];
        if (m->trail.value[2 * class] || m->label[class] != LABEL_NONE)
            continue;
        uint32_t met = flood(m, class, LABEL_PARTS + (uint32_t)(m->part_n - l->parts), left);
        left -= met;
        if (met == 1)
            continue;
        if (!vec_need(m->part, m->part_cap, m->part_n + 1))
            return diagram_no_memory(e);
        m->part[m->part_n++] = (struct part){ .n_classes = met };
    }
    return ERR_OK;
}

/* Deals classes and clauses out to the components; since those of the whole are sorted, so are theirs. */
static enum err_code deal_out(struct maker *m, const struct part *of, struct err *e)
{
    if (!pool_room(m, (size_t)of->n_classes + of->n_clauses))
        return diagram_no_memory(e);
    for (uint32_t i = 0; i < of->n_clauses; i++) {
        uint32_t clause = m->pool[of->clauses + i];
        if (clause_is_open(&m->trail, clause))
            part_of(m, label_of_clause(m, clause))->n_clauses++;
    }
    for (size_t i = m->level[m->levels - 1].parts; i < m->part_n; i++) {
        struct part *p = m->part + i;
        p->classes = m->pool_n;
        p->clauses = p->classes + p->n_classes;
        m->pool_n = p->clauses + p->n_clauses;
        p->n_classes = p->n_clauses = 0;
    }
    for (uint32_t i = 0; i < of->n_classes; i++) {
        uint32_t class = m->pool[of->classes + i];
        if (m->label[class] <= LABEL_FREE)
            continue;
        struct part *p = part_of(m, m->label[class]);
        m->pool[p->classes + p->n_classes++] = class;
    }
    for (uint32_t i = 0; i < of->n_clauses; i++) {
        uint32_t clause = m->pool[of->clauses + i];
        if (!clause_is_open(&m->trail, clause))
            continue;
        struct part *p = part_of(m, label_of_clause(m, clause));
        m->pool[p->clauses + p->n_clauses++] = clause;
    }
    return ERR_OK;
}

static bool add_kid(struct maker *m, uint32_t node)
{
    if (!vec_need(m->kid, m->kid_cap, m->kid_n + 1))
        return false;
    m->kid[m->kid_n++] = node;
    return true;
}

/* The literals and the free classes of the conjunction. */
static enum err_code add_leaves(struct maker *m, const struct part *of, struct err *e)
{
    const struct level *l = m->level + m->levels - 1;
    for (uint32_t i = l->trail; i < m->trail.n; i++)
        if (!add_kid(m, m->trail.code[i]))
            return diagram_no_memory(e);
    for (uint32_t i = 0; i < of->n_classes; i++) {
        uint32_t class = m->pool[of->classes + i], node;
        if (m->label[class] != LABEL_FREE)
            continue;
        TRY(nodes_add_free(&m->nodes, class, &node, e));
        if (!add_kid(m, node))
            return diagram_no_memory(e);
    }
    return ERR_OK;
}

/* The small first: one that cannot be satisfied then spares the large ones. */
static int by_size(const void *left, const void *right)
{
    const struct part *x = left, *y = right;
    if (x->n_classes != y->n_classes)
        return x->n_classes < y->n_classes ? -1 : 1;
    return (x->classes > y->classes) - (x->classes < y->classes);
}

/* What is left of the top level's part under the literals since its trail. */
static enum err_code split_open(struct maker *m, struct err *e)
{
    struct level *l = m->level + m->levels - 1;
    struct part of = l->of;
    l->pool = m->pool_n;
    l->parts = l->next = m->part_n;
    l->kid_from = m->kid_n;
    TRY(find_parts(m, &of, e));
    TRY(deal_out(m, &of, e));
    TRY(add_leaves(m, &of, e));
    if (m->part_n > l->parts)
        qsort(m->part + l->parts, m->part_n - l->parts, sizeof *m->part, by_size);
    return ERR_OK;
}

/* ---- decisions ---- */

/* How much a class is bound to: open clauses count the more the shorter they are. */
static double bonds(const struct maker *m, uint32_t class)
{
    const struct formula *f = &m->formula;
    double sum = 0;
    for (uint32_t i = f->implied_from[2 * class]; i < f->implied_from[2 * class + 2]; i++)
        sum += m->trail.value[f->implied[i]] == 0;
    for (uint32_t i = f->in_from[2 * class]; i < f->in_from[2 * class + 2]; i++) {
        uint32_t clause = f->in[i];
        if (clause_is_open(&m->trail, clause))
            sum += f->from[clause + 1] - f->from[clause] - m->trail.state[clause].n_false == 2 ? 1 : .5;
    }
    return sum;
}

static uint32_t class_to_decide(const struct maker *m, const struct part *of)
{
    uint32_t best = 0, least = UINT32_MAX;
    double most = -1;
    for (uint32_t i = 0; i < of->n_classes; i++) {
        uint32_t depth = m->depth[m->pool[of->classes + i]];
        least = depth < least ? depth : least;
    }
    for (uint32_t i = 0; i < of->n_classes; i++) {
        uint32_t class = m->pool[of->classes + i];
        if (m->depth[class] != least)
            continue;
        double now = bonds(m, class);
        if (now > most) {
            most = now;
            best = class;
        }
    }
    return best;
}

static enum err_code level_open(struct maker *m, const struct part *of, uint32_t entry, struct err *e)
{
    struct part part = *of;          // it moves when there are more parts
    if (!vec_need(m->level, m->level_cap, m->levels + 1))
        return diagram_no_memory(e);
    m->level[m->levels++] = (struct level){ .entry = entry, .class = class_to_decide(m, &part), .of = part, .trail = m->trail.n };
    m->decisions++;
    return look(m, e);
}

/* The next value of the top level's class; where all were tried, the node of its component. */
static enum err_code step_try(struct maker *m, enum step *next, struct err *e)
{
    struct level *l = m->level + m->levels - 1;
    while (l->tried < 2) {
        if (trail_assign(&m->trail, 2 * l->class + l->tried++)) {
            *next = STEP_SPLIT;
            return split_open(m, e);
        }
        trail_back(&m->trail, l->trail);
    }
    m->node = l->kids ? l->kid[0] : NODE_NEVER;
    if (l->kids == 2)
        TRY(nodes_add(&m->nodes, true, l->kid, 2, &m->node, e));
    m->cache.entry[l->entry].node = m->node;
    m->levels--;
    *next = STEP_DECIDED;
    return ERR_OK;
}

/* The next component of the top level's conjunction; where all are made, its node. */
static enum err_code step_split(struct maker *m, enum step *next, struct err *e)
{
    struct level *l = m->level + m->levels - 1;
    if (l->next < m->part_n) {
        const struct part *p = m->part + l->next++;
        uint32_t entry;
        bool is_new;
        TRY(cache_find(&m->cache, m->pool + p->classes, p->n_classes, m->pool + p->clauses, p->n_clauses, &entry, &is_new, e));
        m->node = m->cache.entry[entry].node;
        *next = is_new ? STEP_TRY : STEP_DECIDED;
        return is_new ? level_open(m, p, entry, e) : ERR_OK;
    }
    m->node = m->kid[m->kid_n - 1];
    if (m->kid_n - l->kid_from != 1)
        TRY(nodes_add(&m->nodes, false, m->kid + l->kid_from, m->kid_n - l->kid_from, &m->node, e));
    *next = STEP_JOINED;
    return ERR_OK;
}

/* A component is made: it is a child of the conjunction, which nothing satisfies if nothing satisfies the component. */
static enum err_code step_decided(struct maker *m, enum step *next, struct err *e)
{
    *next = m->node == NODE_NEVER ? STEP_JOINED : STEP_SPLIT;
    return m->node == NODE_NEVER || add_kid(m, m->node) ? ERR_OK : diagram_no_memory(e);
}

/* A conjunction is made: it is what the value comes to that was tried. */
static void step_joined(struct maker *m)
{
    struct level *l = m->level + m->levels - 1;
    m->pool_n = l->pool;
    m->part_n = l->parts;
    m->kid_n = l->kid_from;
    trail_back(&m->trail, l->trail);
    if (m->node != NODE_NEVER)
        l->kid[l->kids++] = m->node;
}

static enum err_code steps(struct maker *m, struct err *e)
{
    for (enum step next = STEP_SPLIT;;) {
        switch (next) {
        case STEP_TRY:
            TRY(step_try(m, &next, e));
            break;
        case STEP_SPLIT:
            TRY(step_split(m, &next, e));
            break;
        case STEP_DECIDED:
            TRY(step_decided(m, &next, e));
            break;
        case STEP_JOINED:
            if (m->levels == 1)
                return ERR_OK;
            step_joined(m);
            next = STEP_TRY;
            break;
        }
    }
}

/* ---- the whole ---- */

static enum err_code maker_init(struct maker *m, const struct clauses *c, uint32_t *of, struct arena *mem, struct arena *scratch,
                                struct err *e)
{
    TRY(formula_make(c, mem, of, &m->formula, e));
    size_t rows = m->formula.classes + (size_t)1;
    m->depth = arena_array(scratch, uint32_t, rows);
    m->label = arena_array(scratch, uint32_t, rows);
    m->queue = arena_array(scratch, uint32_t, rows);
    m->seen = arena_array(scratch, uint32_t, m->formula.clauses);
    if (!m->depth || !m->label || !m->queue || !m->seen)
        return diagram_no_memory(e);
    TRY(nodes_init(&m->nodes, m->formula.classes, e));
    return m->formula.is_void ? ERR_OK : trail_make(&m->formula, scratch, &m->trail, e);
}

/* The first level: all classes, all clauses, and what is true for certain. */
static enum err_code first_level(struct maker *m, struct err *e)
{
    const struct formula *f = &m->formula;
    if (!pool_room(m, (size_t)f->classes + f->clauses) || !vec_need(m->level, m->level_cap, 1))
        return diagram_no_memory(e);
    for (uint32_t class = 1; class <= f->classes; class++)
        m->pool[m->pool_n++] = class;
    for (uint32_t clause = 0; clause < f->clauses; clause++)
        m->pool[m->pool_n++] = clause;
    m->level[m->levels++] = (struct level){ .of = { 0, f->classes, f->classes, f->clauses } };
    bool ok = trail_assign(&m->trail, 0);
    for (uint32_t i = 0; i < f->units && ok; i++)
        ok = trail_assign(&m->trail, f->unit[i]);
    m->node = NODE_NEVER;
    return ok ? split_open(m, e) : ERR_OK;
}

static enum err_code compile(struct maker *m, struct err *e)
{
    TRY(formula_depths(&m->formula, m->depth, &m->width, e));
    TRY(look(m, e));
    TRY(first_level(m, e));
    return m->kid_n ? steps(m, e) : ERR_OK;
}

static enum err_code finish(struct maker *m, const struct clauses *c, const uint32_t *of, struct diagram **ret, struct err *e)
{
    void *block;
    if (m->node == NODE_NEVER)       // an OR of nothing
        TRY(nodes_add(&m->nodes, true, NULL, 0, &m->node, e));
    struct diagram_head head = { .magic = DIAGRAM_MAGIC, .version = DIAGRAM_VERSION, .decisions = m->decisions,
                                 .cache_hits = m->cache.hits, .variables = c->variables, .classes = m->formula.classes,
                                 .width = m->width };
    TRY(nodes_pack(&m->nodes, m->node, &head, of, &block, e));
    ((struct diagram_head *)block)->seconds = cpu_seconds() - m->began;
    return diagram_seal(block, ret, e);
}

static struct diagram_budget budget_of(const struct diagram_budget *given)
{
    struct diagram_budget b = given ? *given : (struct diagram_budget){ 0 };
    b.seconds = b.seconds > 0 ? b.seconds : 60;
    b.nodes = b.nodes ? b.nodes : 2000000;
    b.bytes = b.bytes ? b.bytes : (size_t)2 << 30;
    return b;
}

enum err_code diagram_make(const struct clauses *c, const struct diagram_budget *given, struct diagram **ret, struct err *e)
{
    struct diagram_budget budget = budget_of(given);
    AUTO(arena) mem = arena_new(SIZE_MAX);
    AUTO(arena) scratch = arena_new(SIZE_MAX);
    struct maker m = { .budget = &budget, .node = NODE_NEVER, .began = cpu_seconds() };
    uint32_t *of = scratch ? arena_array(scratch, uint32_t, c->variables + (size_t)1) : NULL;
    if (!mem || !of)
        return diagram_no_memory(e);
    enum err_code code = maker_init(&m, c, of, mem, scratch, e);
    if (!code && !m.formula.is_void)
        code = compile(&m, e);
    if (!code)
        code = finish(&m, c, of, ret, e);
    nodes_drop(&m.nodes);
    cache_drop(&m.cache);
    free(m.pool);
    free(m.kid);
    free(m.part);
    free(m.level);
    return code;
}
