/* A product model compiled: everything that a click needs is read off it in two passes.
 *
 * Form     smooth deterministic decomposable negation normal form (Darwiche 2001: d-DNNF). AND: its literals, its free variables
 *          and its children, which share no variable. OR: of its children just one is true of any solution; all have the same
 *          variables. Children come before parents; the root is the last.
 * Making   depth first with unit propagation, components, and a cache of components (sharpSAT: Thurley 2006); branching by the
 *          depth of a variable in a tree decomposition by least degree, taken apart at its centroids; atomic sets and the
 *          backbone go first. What many nodes have in common is shared at the end. On the caller's thread; a small stack will do.
 * Weights  int64; what is added stays below 2^62 in all. Bounds are exact.
 * Memory   diagram_drop; one block, which can be written to a file as it is and mapped from it (DIAGRAM_VERSION, and a checksum).
 *          A diagram does not change: any number of threads ask it, each with a work of its own.
 * Errors   ERR_LIMIT without memory or above the budget; ERR_BUSY when *cancel turned true; ERR_CORRUPT of bytes that are none.
 */
#ifndef TENDERO_ENGINE_CONFIGURATOR_DIAGRAM_H
#define TENDERO_ENGINE_CONFIGURATOR_DIAGRAM_H

#include <stdatomic.h>

#include "engine/configurator/clauses.h"

#define DIAGRAM_VERSION 1
#define DIAGRAM_NEVER INT64_MAX      // a bound of what cannot be

struct diagram_budget {              // 0 means the number that stands beside it
    double seconds;                  // of the thread's CPU; 60
    uint32_t nodes;                  // 2 million; the cache has as many entries at most
    size_t bytes;                    // of nodes and cache together; 2 GB
    const atomic_bool *cancel;       // or NULL
    void (*progress)(void *arg, double decisions);  // or NULL
    void *arg;
};
struct diagram;
/* Nothing satisfies the clauses: a diagram all the same, diagram_is_void. budget NULL: all as usual. */
MUST_CHECK enum err_code diagram_make(const struct clauses *, const struct diagram_budget *, struct diagram **ret, struct err *e);
void diagram_drop(struct diagram **);

struct diagram_about {
    uint32_t variables, nodes;
    size_t edges, bytes;
    double seconds;                  // that making took
    uint64_t decisions, cache_hits;
    uint32_t width;                  // of the tree decomposition
};
struct diagram_about diagram_about(const struct diagram *);
bool diagram_is_void(const struct diagram *);

/* The bytes of it, borrowed; and a diagram over such bytes, which must be aligned to 64 and last as long as it does. */
struct slice diagram_bytes(const struct diagram *);
MUST_CHECK enum err_code diagram_map(struct slice bytes, struct diagram **ret, struct err *e);

/* ---- asking ---- */
struct diagram_work;                 // of a thread: scratch of the size of the diagram
struct diagram_work *diagram_work_new(const struct diagram *);  // NULL without memory
void diagram_work_drop(struct diagram_work **);

/* What is decided: chosen[v] +1, -1 or 0 for each variable 0 .. variables (0 unused). What is returned for each variable has as
 * many rows; row 0 is left alone. NULL for `all` or `each`: it is not wanted. */

/* How many solutions as a double (inf above 1e308), and how many of them have each variable true. */
void diagram_count(const struct diagram *, const int8_t *chosen, struct diagram_work *, double *all, double *each);
/* The same where there are more than a double holds: the logarithm to 10 of how many, -inf: none; and which share of them has
 * each variable true, 0 to 1 (0 where there are none). */
double diagram_shares(const struct diagram *, const int8_t *chosen, struct diagram_work *, double *each);
/* Exactly, as decimal digits with a NUL; free() it. NULL without memory (but for what GMP asks for, which it cannot be refused).
 * A node's count is kept until the last of its parents has used it. */
char *diagram_count_exact(const struct diagram *, const int8_t *chosen);

/* Bounds over all solutions that agree with the choices. weight[v] counts where v is true. For each variable v and each
 * value, [v][0] false and [v][1] true: the least and the greatest total of the solutions that have it; least DIAGRAM_NEVER and
 * greatest -DIAGRAM_NEVER: there are none, so that value is impossible. Returns whether there is a solution at all. */
struct diagram_bounds {
    int64_t least, greatest;
};
bool diagram_totals(const struct diagram *, const int8_t *chosen, const int64_t *weight, struct diagram_work *,
                    struct diagram_bounds *all, struct diagram_bounds (*each)[2]);
/* The same where the greatest weight counts instead of the sum (lead times); weights are at least 0. */
bool diagram_peaks(const struct diagram *, const int8_t *chosen, const int64_t *weight, struct diagram_work *,
                   struct diagram_bounds *all, struct diagram_bounds (*each)[2]);
/* Only what is possible: bit 1 false, bit 2 true. */
bool diagram_domains(const struct diagram *, const int8_t *chosen, struct diagram_work *, uint8_t *each);

/* The solution with the least total, the first of equals in the order of nodes; solution[v] +1 or -1. false: there is none, and
 * solution is left alone. */
bool diagram_best(const struct diagram *, const int8_t *chosen, const int64_t *weight, struct diagram_work *, int8_t *solution);
/* A solution drawn evenly among all, up to the rounding of doubles. */
bool diagram_draw(const struct diagram *, const int8_t *chosen, uint64_t seed, struct diagram_work *, int8_t *solution);

#endif
