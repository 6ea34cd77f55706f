/* What the files of the diagram share: its form, and the stations of its making.
 *
 * Classes  variables that are always equal or always opposite are one class, 1 .. classes; those that can have one value only
 *          belong to class 0, which is always true. A literal is a code: 2 * class, and 1 more where the class is false.
 * Leaves   codes are the first numbers of nodes: 0 .. 2 * classes + 1; the first node that is none is 2 * classes + 2.
 * Free     a class that nothing restricts is a node too, the OR of its two leaves: so a query knows leaves and edges, no more.
 */
#ifndef TENDERO_ENGINE_CONFIGURATOR_DIAGRAM_ROOM_H
#define TENDERO_ENGINE_CONFIGURATOR_DIAGRAM_ROOM_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "engine/configurator/diagram.h"

/* ---- the form: a head, and three arrays, each aligned to 64 ---- */
#define DIAGRAM_MAGIC 0x4d474454u    // "TDGM", other bytes where integers are the other way round

struct diagram_head {
    uint32_t magic, version;
    uint64_t checksum;               // of all that follows
    uint64_t bytes, edges, decisions, cache_hits;
    double seconds;
    uint32_t variables, classes, nodes, width;
};
static_assert(sizeof(struct diagram_head) == 72, "it is written to files as it is");

struct diagram {
    const struct diagram_head *head;
    const uint32_t *of;              // variables + 1: the code of each variable where it is true; of[0] is 0
    const uint32_t *node;            // nodes + 1: where its children start, times 2; and 1 more: it is an OR
    const uint32_t *child;           // edges
    uint32_t leaves, all;            // all: leaves and nodes
    void *owned;                     // the bytes, where they are its own
};
static inline bool node_is_or(const struct diagram *d, uint32_t node)
{
    return d->node[node - d->leaves] & 1;
}
static inline const uint32_t *node_kids(const struct diagram *d, uint32_t node, const uint32_t **end)
{
    *end = d->child + (d->node[node - d->leaves + 1] >> 1);
    return d->child + (d->node[node - d->leaves] >> 1);
}
/* Scratch of one query: whatever it keeps of each leaf and node, 16 bytes in two arrays and one byte. */
struct diagram_work {
    void *value, *context;
    uint8_t *mark;
};
/* A leaf cannot be: what is chosen says otherwise. */
#define FOR_EACH_REFUSED(leaf, v, d, chosen)                                                                               \
    for (uint32_t v = 1, leaf; v <= (d)->head->variables; v++)                                                             \
        if ((chosen)[v] && (leaf = (d)->of[v] ^ ((chosen)[v] > 0), true))
/* The solution of which the leaves and nodes are marked that it goes through; only the root is marked yet. */
void diagram_solution(const struct diagram *, const uint8_t *mark, int8_t *solution);

/* Where the arrays stand, and how long all is. */
struct diagram_layout {
    size_t of, node, child, bytes;
};
struct diagram_layout diagram_layout(uint32_t variables, uint32_t nodes, uint64_t edges);
/* Fills checksum in; then the block becomes a diagram that owns it. */
MUST_CHECK enum err_code diagram_seal(void *block, struct diagram **ret, struct err *e);

/* ---- the formula that is compiled: clauses of classes ---- */
struct formula {
    struct arena *mem;
    uint32_t classes, codes;         // codes: 2 * classes + 2
    uint32_t *implied_from, *implied;  // by code: the codes that are true when it is, of clauses of two literals
    uint32_t clauses;                // the longer ones
    uint32_t *from, *literal;        // by clause
    uint32_t *in_from, *in;          // by code: the longer clauses that it is in
    uint32_t *unit, units;
    bool is_void;                    // there is an empty clause
};
/* Merges variables into classes until nothing merges: of[v], and what is left. The arena keeps the formula. */
MUST_CHECK enum err_code formula_make(const struct clauses *, struct arena *mem, uint32_t *of, struct formula *ret,
                                      struct err *e);
/* Components of the graph of implications: equal[code] is the least code of those that are equal to it. */
MUST_CHECK enum err_code formula_equals(const struct formula *, uint32_t *equal, struct err *e);
/* By class: how deep in a tree decomposition it stands, the smaller the sooner it should be decided. */
MUST_CHECK enum err_code formula_depths(const struct formula *, uint32_t *depth, uint32_t *width, struct err *e);

/* ---- what is assigned, with unit propagation ---- */
struct clause_state {
    uint32_t n_true, n_false;
};
struct trail {
    const struct formula *formula;
    int8_t *value;                   // by code: +1, -1 or 0
    struct clause_state *state;      // by clause, as of the first `counted` codes
    uint32_t *code;
    uint32_t n, counted;
};
MUST_CHECK enum err_code trail_make(const struct formula *, struct arena *mem, struct trail *ret, struct err *e);
/* Whether the code can be true with what is there; then it and all that follow from it are added. Otherwise trail_back. */
bool trail_assign(struct trail *, uint32_t code);
void trail_back(struct trail *, uint32_t n);
static inline bool clause_is_open(const struct trail *t, uint32_t clause)
{
    return t->state[clause].n_true == 0;
}

/* For qsort: codes, or nodes. */
static inline int codes_by_number(const void *left, const void *right)
{
    uint32_t x = *(const uint32_t *)left, y = *(const uint32_t *)right;
    return (x > y) - (x < y);
}

/* ---- nodes while they are made, and the cache of components ---- */
#define NODE_NEVER UINT32_MAX        // nothing satisfies it

struct nodes {
    uint32_t leaves;
    uint32_t *node, *child;          // as in struct diagram
    uint32_t *free_of;               // by class: the node that leaves it free, 0: none yet
    uint32_t n;
    size_t node_cap, edges, child_cap;
};
struct cached {
    uint64_t hash;
    size_t key;
    uint32_t key_len, node;
};
struct cache {
    struct cached *entry;
    uint32_t *slot;                  // entry + 1, 0: empty; slots is a power of two
    uint8_t *key;
    size_t n, entry_cap, slots, keys, key_cap;
    uint64_t hits;
};
MUST_CHECK enum err_code nodes_init(struct nodes *, uint32_t classes, struct err *e);
void nodes_drop(struct nodes *);     // what is in it
size_t nodes_bytes(const struct nodes *);
MUST_CHECK enum err_code nodes_add(struct nodes *, bool is_or, const uint32_t *kid, size_t n, uint32_t *ret, struct err *e);
MUST_CHECK enum err_code nodes_add_free(struct nodes *, uint32_t class, uint32_t *ret, struct err *e);
/* What is below the root, a leaf or a node, as a block of a diagram without its checksum: with as few edges as there may be. */
MUST_CHECK enum err_code nodes_pack(const struct nodes *, uint32_t root, const struct diagram_head *, const uint32_t *of,
                                    void **ret, struct err *e);

void cache_drop(struct cache *);     // what is in it
size_t cache_bytes(const struct cache *);
/* The entry of a component with these sorted classes and open clauses; one that is new has no node yet. */
MUST_CHECK enum err_code cache_find(struct cache *, const uint32_t *class, uint32_t classes, const uint32_t *clause,
                                    uint32_t clauses, uint32_t *entry, bool *is_new, struct err *e);

static inline enum err_code diagram_no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "compiling the model needs more memory than there is");
}

#endif
