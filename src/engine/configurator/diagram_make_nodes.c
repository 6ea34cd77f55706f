#include "base/hash.h"
#include "engine/configurator/diagram_room.h"

#define EDGES_MOST (1u << 31)        // a node's place is kept times 2

enum err_code nodes_init(struct nodes *n, uint32_t classes, struct err *e)
{
    *n = (struct nodes){ .leaves = 2 * classes + 2 };
    n->free_of = calloc(classes + (size_t)1, sizeof *n->free_of);
    if (!n->free_of || !vec_need(n->node, n->node_cap, 1) ||
        !vec_need(n->child, n->child_cap, 1))
        return diagram_no_memory(e);
    n->node[0] = 0;
    return ERR_OK;
}

void nodes_drop(struct nodes *n)
{
    free(n->free_of);
    free(n->node);
    free(n->child);
    *n = (struct nodes){ 0 };
}

size_t nodes_bytes(const struct nodes *n)
{
    return n->node_cap * sizeof *n->node + n->child_cap * sizeof *n->child;
}

enum err_code nodes_add(struct nodes *nodes, bool is_or, const uint32_t *kid, size_t n, uint32_t *ret, struct err *e)
{
    if (n >= EDGES_MOST - nodes->edges || nodes->n >= NODE_NEVER - 1 - nodes->leaves)
        return err_set(e, ERR_LIMIT, 0, "the model compiled has more than %u edges", EDGES_MOST);
    if (!vec_need(nodes->node, nodes->node_cap, nodes->n + (size_t)2) ||
        !vec_need(nodes->child, nodes->child_cap, nodes->edges + n))
        return diagram_no_memory(e);
    if (n)
        memcpy(nodes->child + nodes->edges, kid, n * sizeof *kid);
    nodes->edges += n;
    nodes->node[nodes->n] |= is_or;
    *ret = nodes->leaves + nodes->n++;
    nodes->node[nodes->n] = (uint32_t)nodes->edges << 1;
    return ERR_OK;
}

enum err_code nodes_add_free(struct nodes *nodes, uint32_t class, uint32_t *ret, struct err *e)
{
    uint32_t both[2] = { 2 * class + 1, 2 * class };
    if (!nodes->free_of[class])
        TRY(nodes_add(nodes, true, both, 2, &nodes->free_of[class], e));
    *ret = nodes->free_of[class];
    return ERR_OK;
}

void cache_drop(struct cache *c)
{
    free(c->entry);
    free(c->slot);
    free(c->key);
    *c = (struct cache){ 0 };
}

size_t cache_bytes(const struct cache *c)
{
    return c->entry_cap * sizeof *c->entry + c->slots * sizeof *c->slot + c->key_cap;
}

/* Sorted numbers as what each is above the one before, 7 bits a byte: no byte is 0, which ends a list. */
static size_t put_sorted(uint8_t *to, const uint32_t *number, uint32_t n, uint32_t below)
{
    size_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t more = number[i] - below;
        for (; more > 127; more >>= 7)
            to[at++] = (uint8_t)(more | 128);
        to[at++] = (uint8_t)more;
        below = number[i];
    }
    to[at++] = 0;
    return at;
}

/* Where the key is, or the empty slot where it belongs. */
static size_t slot_of(const struct cache *c, const uint8_t *key, size_t len, uint64_t hash)
{
    size_t at = hash & (c->slots - 1);
    for (; c->slot[at]; at = (at + 1) & (c->slots - 1)) {
        const struct cached *is = c->entry + c->slot[at] - 1;
        if (is->hash == hash && is->key_len == len && memcmp(c->key + is->key, key, len) == 0)
            break;
    }
    return at;
}

static bool more_slots(struct cache *c)
{
    size_t slots = c->slots ? 2 * c->slots : 1024;
    uint32_t *slot = calloc(slots, sizeof *slot);
    if (!slot)
        return false;
    for (size_t i = 0; i < c->n; i++) {
        size_t at = c->entry[i].hash & (slots - 1);
        while (slot[at])
            at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    free(c->slot);
    c->slot = slot;
    c->slots = slots;
    return true;
}

enum err_code cache_find(struct cache *c, const uint32_t *class, uint32_t classes, const uint32_t *clause, uint32_t clauses,
                         uint32_t *entry, bool *is_new, struct err *e)
{
    size_t most = 5 * ((size_t)classes + clauses) + 2;
    if (!vec_need(c->entry, c->entry_cap, c->n + 1) || !vec_need(c->key, c->key_cap, c->keys + most) ||
        (2 * c->n >= c->slots && !more_slots(c)))
        return diagram_no_memory(e);
    uint8_t *key = c->key + c->keys;
    size_t len = put_sorted(key, class, classes, 0);
    len += put_sorted(key + len, clause, clauses, UINT32_MAX);    // the first may be 0
    uint64_t hash = hash64((struct slice){ (const char *)key, len }, 0);
    size_t at = slot_of(c, key, len, hash);
    *is_new = c->slot[at] == 0;
    if (*is_new) {
        c->entry[c->n] = (struct cached){ hash, c->keys, (uint32_t)len, NODE_NEVER };
        c->keys += len;
        c->slot[at] = (uint32_t)++c->n;
    }
    c->hits += !*is_new;
    *entry = c->slot[at] - 1;
    return ERR_OK;
}
