/* Models that are made up, the same in each run: a tree of options, and rules across it. For tests and measurements. */
#ifndef TENDERO_ENGINE_CONFIGURATOR_MADE_UP_TESTING_H
#define TENDERO_ENGINE_CONFIGURATOR_MADE_UP_TESTING_H

#include <stdlib.h>

#include "base/hash.h"
#include "engine/configurator/clauses.h"

#define ACROSS_NEAR 40               // a rule speaks of options that are this near in the tree's order

static inline uint32_t any_below(uint64_t *seed, uint32_t n)
{
    return (uint32_t)(hash_mix(++*seed) % n);
}

static inline bool add_clause(struct clauses *c, uint32_t rule, int32_t x, int32_t y, int32_t z)
{
    int32_t literal[3] = { x, y, z };
    return clauses_add(c, rule, literal, z ? 3 : y ? 2 : 1, NULL) == ERR_OK;
}

/* The options kid .. kid + n - 1 below their parent: each may be there, or must, or one of them, or at least one. shown: a
 * solution, in which the first is there wherever its parent is, and half of the others that may be. */
static inline bool add_group(struct clauses *c, int32_t parent, int32_t kid, int32_t n, uint32_t kind, bool *shown)
{
    int32_t literal[16] = { -parent };
    bool ok = true;
    for (int32_t i = 0; i < n; i++) {
        literal[i + 1] = kid + i;
        shown[kid + i] = shown[parent] && (i == 0 || (kind != 2 && i % 2 == 0));
        ok = ok && add_clause(c, (uint32_t)parent, -(kid + i), parent, 0);
        if (kind == 1 && i % 2 == 0)
            ok = ok && add_clause(c, (uint32_t)parent, -parent, kid + i, 0);
        for (int32_t j = 0; kind == 2 && j < i; j++)
            ok = ok && add_clause(c, (uint32_t)parent, -(kid + i), -(kid + j), 0);
    }
    return ok && (kind < 2 || clauses_add(c, (uint32_t)parent, literal, (size_t)n + 1, NULL) == ERR_OK);
}

/* A rule across the tree, unless the solution breaks it: x needs y, excludes it, or needs it or z. */
static inline bool add_across(struct clauses *c, uint32_t rule, const int32_t x[3], uint32_t kind, const bool *shown)
{
    bool is_kept = !shown[x[0]] || (kind == 1 ? !shown[x[1]] : shown[x[1]] || (kind == 2 && shown[x[2]]));
    return !is_kept || add_clause(c, rule, -x[0], kind == 1 ? -x[1] : x[1], kind == 2 ? x[2] : 0);
}

/* A model of options 1 .. n, 1 its root, that is not void, and up to across / 100 rules across for each option. They speak of
 * options that are near, but for one in 400. NULL without memory. */
static inline struct clauses *any_model(uint32_t n, uint32_t across, uint64_t seed)
{
    AUTO(clauses) c = NULL;
    bool *shown = calloc(n + (size_t)1, sizeof *shown);
    bool ok = shown && clauses_new(n, &c, NULL) == ERR_OK && add_clause(c, 0, 1, 0, 0);
    if (ok)
        shown[1] = true;
    for (uint32_t next = 2; next <= n && ok;) {
        uint32_t kids = 2 + any_below(&seed, 7), kind = any_below(&seed, 4);
        uint32_t back = any_below(&seed, 2u << any_below(&seed, 32 - (uint32_t)__builtin_clz(next)));
        kids = kids > n + 1 - next ? n + 1 - next : kids;
        ok = add_group(c, (int32_t)(back < next - 1 ? next - 1 - back : 1), (int32_t)next, (int32_t)kids, kind,
                       shown);
        next += kids;
    }
    for (uint32_t i = 0; i < n * across / 100 && ok; i++) {
        int32_t x[3];
        uint32_t near = any_below(&seed, 400) ? ACROSS_NEAR : n, from = 1 + any_below(&seed, n);
        for (int k = 0; k < 3; k++)
            x[k] = (int32_t)((from + any_below(&seed, near)) % n + 1);
        ok = add_across(c, n + i, x, any_below(&seed, 3), shown);
    }
    free(shown);
    struct clauses *ret = ok ? c : NULL;
    c = ok ? NULL : c;
    return ret;
}

/* Clauses of 1 to 4 literals without any meaning. */
static inline struct clauses *any_clauses(uint32_t n, uint32_t clauses, uint64_t seed)
{
    AUTO(clauses) c = NULL;
    bool ok = clauses_new(n, &c, NULL) == ERR_OK;
    for (uint32_t i = 0; i < clauses && ok; i++) {
        int32_t literal[4];
        uint32_t kind = any_below(&seed, 20), len = kind < 1 ? 1 : kind < 10 ? 2 : kind < 17 ? 3 : 4;
        for (uint32_t k = 0; k < len; k++) {
            literal[k] = 1 + (int32_t)any_below(&seed, n);
            literal[k] = any_below(&seed, 2) ? literal[k] : -literal[k];
        }
        ok = clauses_add(c, i, literal, len, NULL) == ERR_OK;
    }
    struct clauses *ret = ok ? c : NULL;
    c = ok ? NULL : c;
    return ret;
}

#endif
