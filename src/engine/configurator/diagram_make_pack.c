#include "engine/configurator/diagram_room.h"

#define FAN_BITS 3                   // of classes in one group of leaves

/* Children that stand below many nodes together become a node of their own, to which those lead: most of the edges are literals,
 * and what follows from one option is the same each time. Leaves and free classes are grouped by the number of their class, 8
 * at a time, groups again by 8, and so on; equal groups are one. */
struct kid {
    uint32_t class, node;
};
struct sharing {
    const struct nodes *from;
    struct nodes to;
    struct cache groups;
    uint32_t *number;                // by node of from: its number in to, 0 where nothing leads to it
    uint32_t *class;                 // by node of from that is free: its class
    struct kid *kid;
    uint32_t *list;
    size_t kid_cap, list_cap;
};

static int by_class(const void *left, const void *right)
{
    const struct kid *x = left, *y = right;
    return (x->class > y->class) - (x->class < y->class);
}

/* The AND of the kids; it is there already where others have the same. */
static enum err_code group(struct sharing *s, const struct kid *kid, size_t n, uint32_t *ret, struct err *e)
{
    uint32_t entry;
    bool is_new;
    if (!vec_need(s->list, s->list_cap, n))
        return diagram_no_memory(e);
    for (size_t i = 0; i < n; i++)
        s->list[i] = kid[i].node;
    if (n == 1) {
        *ret = kid->node;
        return ERR_OK;
    }
    qsort(s->list, n, sizeof *s->list, codes_by_number);
    TRY(cache_find(&s->groups, s->list, (uint32_t)n, NULL, 0, &entry, &is_new, e));
    if (is_new)
        TRY(nodes_add(&s->to, false, s->list, n, &s->groups.entry[entry].node, e));
    *ret = s->groups.entry[entry].node;
    return ERR_OK;
}

/* One round of groups: those of the first n kids, which are sorted by class, whose class has the same upper bits. */
static enum err_code group_round(struct sharing *s, unsigned shift, size_t *n, struct err *e)
{
    size_t kept = 0;
    for (size_t from = 0, to; from < *n; from = to) {
        struct kid made = s->kid[from];
        for (to = from + 1; to < *n && s->kid[to].class >> shift == made.class >> shift;)
            to++;
        TRY(group(s, s->kid + from, to - from, &made.node, e));
        s->kid[kept++] = made;
    }
    *n = kept;
    return ERR_OK;
}

static enum err_code share_and(struct sharing *s, const uint32_t *kid, size_t n, uint32_t *ret, struct err *e)
{
    size_t leaves = 0, all = 0;
    if (!vec_need(s->kid, s->kid_cap, n))
        return diagram_no_memory(e);
    for (size_t i = 0; i < n; i++) {
        bool is_leaf = kid[i] < s->from->leaves;
        uint32_t class = is_leaf ? kid[i] >> 1 : s->class[kid[i] - s->from->leaves];
        if (is_leaf || class)
            s->kid[leaves++] = (struct kid){ class, is_leaf ? kid[i] : s->number[kid[i] - s->from->leaves] };
    }
    qsort(s->kid, leaves, sizeof *s->kid, by_class);
    all = leaves;
    for (unsigned shift = FAN_BITS; all > 1 && shift < 32; shift += FAN_BITS)
        TRY(group_round(s, shift, &all, e));
    for (size_t i = 0; i < n; i++)
        if (kid[i] >= s->from->leaves && !s->class[kid[i] - s->from->leaves])
            s->kid[all++] = (struct kid){ 0, s->number[kid[i] - s->from->leaves] };
    return group(s, s->kid, all, ret, e);
}

static enum err_code share_or(struct sharing *s, const uint32_t *kid, size_t n, uint32_t *ret, struct err *e)
{
    if (!vec_need(s->list, s->list_cap, n))
        return diagram_no_memory(e);
    for (size_t i = 0; i < n; i++)
        s->list[i] = kid[i] < s->from->leaves ? kid[i] : s->number[kid[i] - s->from->leaves];
    return nodes_add(&s->to, true, s->list, n, ret, e);
}

/* Marks, with 1, what is below the root. */
static void mark_below(const struct nodes *n, uint32_t root, uint32_t *mark)
{
    mark[root - n->leaves] = 1;
    for (uint32_t i = root - n->leaves + 1; i-- > 0;)
        for (uint32_t k = n->node[i] >> 1; mark[i] && k < n->node[i + 1] >> 1; k++)
            if (n->child[k] >= n->leaves)
                mark[n->child[k] - n->leaves] = 1;
}

static enum err_code share_all(struct sharing *s, uint32_t *root, struct err *e)
{
    const struct nodes *n = s->from;
    uint32_t classes = n->leaves / 2 - 1, leaf = *root;
    TRY(nodes_init(&s->to, classes, e));
    if (leaf < n->leaves)            // the root is a node in any case
        return nodes_add(&s->to, false, &leaf, 1, root, e);
    uint32_t nodes = *root - n->leaves + 1;
    s->number = calloc(nodes, sizeof *s->number);
    s->class = calloc(n->n, sizeof *s->class);
    if (!s->number || !s->class)
        return diagram_no_memory(e);
    for (uint32_t class = 1; class <= classes; class++)
        if (n->free_of[class])
            s->class[n->free_of[class] - n->leaves] = class;
    mark_below(n, *root, s->number);
    for (uint32_t i = 0; i < nodes; i++) {
        const uint32_t *kid = n->child + (n->node[i] >> 1);
        size_t kids = (n->node[i + 1] >> 1) - (n->node[i] >> 1);
        if (!s->number[i])
            continue;
        if (n->node[i] & 1)
            TRY(share_or(s, kid, kids, s->number + i, e));
        else
            TRY(share_and(s, kid, kids, s->number + i, e));
    }
    *root = s->number[nodes - 1];
    return ERR_OK;
}

static void sharing_drop(struct sharing *s)
{
    nodes_drop(&s->to);
    cache_drop(&s->groups);
    free(s->number);
    free(s->class);
    free(s->kid);
    free(s->list);
}

/* ---- the block ---- */

/* A node that is not worth its own place gives its children to its parents: an AND below ANDs. */
struct packing {
    const struct nodes *nodes;
    uint32_t *uses;                  // by node: how many lead to it
    uint32_t *kids;                  // by node: children, with those that it is given
    uint32_t *height;                // by node: more than that of any child
    uint32_t *number;                // by node: its number in the block, 0: it has none
    uint64_t *order;                 // of those that have one: what they are sorted by, and the node in the lower 32 bits
    uint32_t *open;                  // nodes whose children are to be given
    size_t open_n, open_cap;
};

#define NO_AND UINT32_MAX            // uses of what cannot be given away

static void uses_fill(struct packing *p, uint32_t root)
{
    const struct nodes *n = p->nodes;
    p->uses[root - n->leaves] = NO_AND;
    for (uint32_t i = root - n->leaves + 1; i-- > 0;)
        for (uint32_t k = n->node[i] >> 1; p->uses[i] && k < n->node[i + 1] >> 1; k++) {
            if (n->child[k] < n->leaves)
                continue;
            uint32_t *uses = p->uses + (n->child[k] - n->leaves);
            *uses = *uses == NO_AND || n->node[i] & 1 ? NO_AND : *uses + 1;
        }
}

/* A node of its own costs about as much as two edges. */
static bool is_given(const struct packing *p, uint32_t i)
{
    uint64_t uses = p->uses[i], kids = p->kids[i];
    return uses != NO_AND && !(p->nodes->node[i] & 1) && (uses - 1) * (kids - 1) <= 3;
}

/* What a node has to do with those below it; 0 in number stands for those whose children it is given. */
static void measure(struct packing *p, uint32_t i)
{
    const struct nodes *n = p->nodes;
    for (uint32_t k = n->node[i] >> 1; k < n->node[i + 1] >> 1; k++) {
        if (n->child[k] < n->leaves) {
            p->kids[i]++;
            continue;
        }
        uint32_t kid = n->child[k] - n->leaves, height = p->height[kid] + 1;
        p->kids[i] += p->number[kid] ? 1 : p->kids[kid];
        p->height[i] = height > p->height[i] ? height : p->height[i];
    }
}

static int by_key(const void *left, const void *right)
{
    uint64_t x = *(const uint64_t *)left, y = *(const uint64_t *)right;
    return (x > y) - (x < y);
}

/* Numbers the nodes by height, those alike beside each other: a pass over them then branches the same way many times over,
 * which halves its time. Returns how many nodes there will be. */
static uint32_t number_all(struct packing *p, uint32_t root, size_t *edges)
{
    uint32_t made = 0;
    *edges = 0;
    for (uint32_t i = 0; i <= root - p->nodes->leaves; i++) {
        if (!p->uses[i])
            continue;
        measure(p, i);
        if (is_given(p, i))
            continue;
        uint64_t kids = p->kids[i] < 127 ? p->kids[i] : 127, is_or = p->nodes->node[i] & 1;
        p->order[made++] = ((uint64_t)p->height[i] << 8 | is_or << 7 | kids) << 32 | i;
        p->number[i] = 1;
        *edges += p->kids[i];
    }
    qsort(p->order, made, sizeof *p->order, by_key);
    for (uint32_t i = 0; i < made; i++)
        p->number[(uint32_t)p->order[i]] = p->nodes->leaves + i;
    return made;
}

static bool copy_kids(struct packing *p, uint32_t node, uint32_t *child, size_t *edges)
{
    const struct nodes *n = p->nodes;
    p->open_n = 0;
    for (uint32_t i = node;; i = p->open[--p->open_n]) {
        for (uint32_t k = n->node[i] >> 1; k < n->node[i + 1] >> 1; k++) {
            uint32_t kid = n->child[k];
            if (kid >= n->leaves && !p->number[kid - n->leaves]) {
                if (!vec_need(p->open, p->open_cap, p->open_n + 1))
                    return false;
                p->open[p->open_n++] = kid - n->leaves;
                continue;
            }
            child[(*edges)++] = kid < n->leaves ? kid : p->number[kid - n->leaves];
        }
        if (p->open_n == 0)
            return true;
    }
}

static bool copy_all(struct packing *p, uint32_t nodes, uint32_t *node, uint32_t *child)
{
    size_t edges = 0;
    for (uint32_t i = 0; i < nodes; i++) {
        uint32_t from = (uint32_t)p->order[i];
        node[i] = (uint32_t)edges << 1 | (p->nodes->node[from] & 1);
        if (!copy_kids(p, from, child, &edges))
            return false;
    }
    node[nodes] = (uint32_t)edges << 1;
    return true;
}

static void *pack(struct packing *p, uint32_t root, const struct diagram_head *about, const uint32_t *of)
{
    size_t n = root - p->nodes->leaves + (size_t)1, edges;
    p->uses = calloc(n, sizeof *p->uses);
    p->kids = calloc(n, sizeof *p->kids);
    p->height = calloc(n, sizeof *p->height);
    p->number = calloc(n, sizeof *p->number);
    p->order = calloc(n, sizeof *p->order);
    if (!p->uses || !p->kids || !p->height || !p->number || !p->order)
        return NULL;
    uses_fill(p, root);
    uint32_t nodes = number_all(p, root, &edges);
    struct diagram_layout at = diagram_layout(about->variables, nodes, edges);
    char *block = aligned_alloc(64, at.bytes);
    if (!block)
        return NULL;
    struct diagram_head *head = memset(block, 0, at.bytes);
    *head = *about;
    head->bytes = at.bytes;
    head->nodes = nodes;
    head->edges = edges;
    memcpy(block + at.of, of, (about->variables + (size_t)1) * sizeof *of);
    if (copy_all(p, nodes, (uint32_t *)(void *)(block + at.node), (uint32_t *)(void *)(block + at.child)))
        return block;
    free(block);
    return NULL;
}

enum err_code nodes_pack(const struct nodes *n, uint32_t root, const struct diagram_head *about, const uint32_t *of, void **ret,
                         struct err *e)
{
    struct sharing s = { .from = n };
    struct packing p = { .nodes = &s.to };
    enum err_code code = share_all(&s, &root, e);
    void *block = code ? NULL : pack(&p, root, about, of);
    sharing_drop(&s);
    free(p.uses);
    free(p.kids);
    free(p.height);
    free(p.number);
    free(p.order);
    free(p.open);
    if (!code && !block)
        return diagram_no_memory(e);
    *ret = block;
    return code;
}
