#include "base/hash.h"
#include "engine/configurator/diagram_room.h"

#define ALIGN 64u                    // of mapped bytes too
#define CHECKED offsetof(struct diagram_head, bytes)    // the checksum is of what follows itself

static size_t aligned(uint64_t bytes)
{
    return (size_t)((bytes + ALIGN - 1) & ~(uint64_t)(ALIGN - 1));
}

struct diagram_layout diagram_layout(uint32_t variables, uint32_t nodes, uint64_t edges)
{
    struct diagram_layout at;
    at.of = aligned(sizeof(struct diagram_head));
    at.node = at.of + aligned((variables + UINT64_C(1)) * sizeof(uint32_t));
    at.child = at.node + aligned((nodes + UINT64_C(1)) * sizeof(uint32_t));
    at.bytes = at.child + aligned(edges * sizeof(uint32_t));
    return at;
}

static uint64_t checksum(const void *block, size_t bytes)
{
    return hash64((struct slice){ (const char *)block + CHECKED, bytes - CHECKED }, DIAGRAM_VERSION);
}

static enum err_code corrupt(struct err *e, size_t pos, const char *what)
{
    return err_set(e, ERR_CORRUPT, pos, "these bytes are no compiled model: %s", what);
}

static enum err_code check_head(const struct diagram_head *h, size_t bytes, struct err *e)
{
    if (h->magic != DIAGRAM_MAGIC)
        return corrupt(e, 0, "they do not begin like one");
    if (h->version != DIAGRAM_VERSION)
        return err_set(e, ERR_CORRUPT, 0, "the compiled model has version %u, not %d: compile it again", h->version,
                       DIAGRAM_VERSION);
    if (h->classes > h->variables || h->variables > CLAUSES_VARIABLES || h->nodes == 0 || h->nodes > INT32_MAX ||
        h->edges > INT32_MAX || h->bytes != bytes || diagram_layout(h->variables, h->nodes, h->edges).bytes != bytes)
        return corrupt(e, 0, "their length is wrong");
    if (h->checksum != checksum(h, bytes))
        return corrupt(e, 0, "the checksum is wrong");
    return ERR_OK;
}

static enum err_code check_arrays(const struct diagram *d, struct err *e)
{
    if (d->of[0] != 0 || d->node[0] >> 1 != 0 || d->node[d->head->nodes] >> 1 != d->head->edges)
        return corrupt(e, 0, "an array does not begin or end as it should");
    for (uint32_t v = 0; v <= d->head->variables; v++)
        if (d->of[v] >= d->leaves)
            return corrupt(e, v, "a variable belongs to no class");
    for (uint32_t node = d->leaves; node < d->all; node++) {
        uint32_t i = node - d->leaves;
        if (d->node[i] >> 1 > d->node[i + 1] >> 1 || d->node[i + 1] >> 1 > d->head->edges)
            return corrupt(e, node, "a node ends before it starts, or after all");
        for (uint32_t k = d->node[i] >> 1; k < d->node[i + 1] >> 1; k++)
            if (d->child[k] >= node)
                return corrupt(e, node, "a child comes after its parent");
    }
    return ERR_OK;
}

/* What a node speaks of: how many classes, and a sum of numbers of chance, one for each class. Where a node counts no class twice
 * and leaves none out, the root speaks of each just once. */
struct scope {
    uint64_t sum;
    uint32_t n;
};

static bool scope_fill(const struct diagram *d, uint32_t node, struct scope *scope)
{
    const uint32_t *end, *kid = node_kids(d, node, &end);
    struct scope all = { 0, 0 };
    bool is_or = node_is_or(d, node);
    if (kid == end)
        return false;
    for (const uint32_t *first = kid; kid < end; kid++) {
        struct scope *k = scope + *kid;
        if (is_or && kid > first && (k->sum != all.sum || k->n != all.n))
            return false;
        all = is_or ? *k : (struct scope){ all.sum + k->sum, all.n + k->n };
        if (all.n > d->head->classes + 1)
            return false;
    }
    scope[node] = all;
    return true;
}

/* Each node but the root has a parent. used: by leaf and node, zeros. */
static bool all_are_used(const struct diagram *d, uint8_t *used)
{
    for (uint64_t k = 0; k < d->head->edges; k++)
        used[d->child[k]] = 1;
    for (uint32_t node = d->leaves; node + 1 < d->all; node++)
        if (!used[node])
            return false;
    return true;
}

/* Smooth, decomposable, and all of it below the root: so that no sum of a query goes beyond its bounds. */
static enum err_code check_form(const struct diagram *d, struct err *e)
{
    if (diagram_is_void(d))
        return d->head->nodes == 1 && node_is_or(d, d->leaves) ? ERR_OK : corrupt(e, 0, "nothing is below its nodes");
    struct scope *scope = calloc(d->all, sizeof *scope), whole = { 0, d->head->classes + 1 };
    uint8_t *used = calloc(d->all, 1);
    enum err_code code = scope && used ? ERR_OK : diagram_no_memory(e);
    for (uint32_t leaf = 0; leaf < d->leaves && !code; leaf++)
        scope[leaf] = (struct scope){ hash_mix(leaf / 2 + 1), 1 };
    for (uint32_t class = 0; class <= d->head->classes; class++)
        whole.sum += hash_mix(class + 1);
    for (uint32_t node = d->leaves; node < d->all && !code; node++)
        if (!scope_fill(d, node, scope))
            code = corrupt(e, node, "a node's children do not fit together");
    if (!code && (scope[d->all - 1].sum != whole.sum || scope[d->all - 1].n != whole.n || !all_are_used(d, used)))
        code = corrupt(e, d->all - 1, "the root does not speak of all");
    free(scope);
    free(used);
    return code;
}

static struct diagram view(const void *block)
{
    const struct diagram_head *h = block;
    struct diagram_layout at = diagram_layout(h->variables, h->nodes, h->edges);
    const char *bytes = block;
    struct diagram d = { .head = h,
                         .of = (const uint32_t *)(const void *)(bytes + at.of),
                         .node = (const uint32_t *)(const void *)(bytes + at.node),
                         .child = (const uint32_t *)(const void *)(bytes + at.child),
                         .leaves = 2 * h->classes + 2 };
    d.all = d.leaves + h->nodes;
    return d;
}

enum err_code diagram_map(struct slice bytes, struct diagram **ret, struct err *e)
{
    if (bytes.len < sizeof(struct diagram_head))
        return corrupt(e, 0, "they are too few");
    assert((uintptr_t)bytes.at % ALIGN == 0);
    TRY(check_head((const void *)bytes.at, bytes.len, e));
    struct diagram d = view(bytes.at);
    TRY(check_arrays(&d, e));
    TRY(check_form(&d, e));
    struct diagram *made = malloc(sizeof *made);
    if (!made)
        return diagram_no_memory(e);
    *made = d;
    *ret = made;
    return ERR_OK;
}

enum err_code diagram_seal(void *block, struct diagram **ret, struct err *e)
{
    struct diagram_head *h = block;
    struct diagram *d = malloc(sizeof *d);
    if (!d) {
        free(block);
        return diagram_no_memory(e);
    }
    h->checksum = checksum(h, h->bytes);
    *d = view(block);
    d->owned = block;
    *ret = d;
    return ERR_OK;
}

void diagram_drop(struct diagram **d)
{
    if (*d)
        free((*d)->owned);
    free(*d);
    *d = NULL;
}

struct slice diagram_bytes(const struct diagram *d)
{
    return (struct slice){ (const char *)d->head, d->head->bytes };
}

bool diagram_is_void(const struct diagram *d)
{
    return d->head->edges == 0;
}

struct diagram_about diagram_about(const struct diagram *d)
{
    const struct diagram_head *h = d->head;
    return (struct diagram_about){ h->variables, h->nodes, h->edges, h->bytes, h->seconds, h->decisions, h->cache_hits,
                                   h->width };
}
