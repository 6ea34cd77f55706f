/* Why choices cannot stand together, and what to change so that they can.
 *
 * Conflict  a set of choices and of rules that contradict each other, and would not if any one of them were left out. Choices that
 *           stand later in the list are blamed first (as in QuickXplain: Junker, AAAI 2004; here by leaving out one after the
 *           other, since solvers already name few).
 * Change    a set of choices to give up, such that the others can stand, and such that no part of it is enough. They come in the
 *           order of their costs (hitting sets of conflicts, best first: Reiter 1987).
 * Solver    PicoSAT, one for choices and, made when rules are first asked for, one with a selector for each rule. Not shared
 *           between threads.
 * Errors    ERR_LIMIT without memory, or above EXPLAIN_STEPS_MAX calls of the solver. PicoSAT ends the program where malloc fails.
 */
#ifndef TENDERO_ENGINE_CONFIGURATOR_EXPLAIN_H
#define TENDERO_ENGINE_CONFIGURATOR_EXPLAIN_H

#include "base/arena.h"
#include "engine/configurator/encode.h"

#define EXPLAIN_STEPS_MAX 100000

struct explainer;
/* Borrows the encoding. */
MUST_CHECK enum err_code explainer_new(const struct encoding *, struct explainer **ret, struct err *e);
void explainer_drop(struct explainer **);

/* Whether there is a design with all of these literals. */
bool explain_possible(struct explainer *, const int32_t *choice, size_t n);

struct conflict {
    int32_t *choice;                 // in the order they were given
    uint32_t *rule;                  // numbers of the encoding's rules
    size_t choices, rules;
};
/* found false: they can stand together. with_rules false: only the choices are found, which is faster. */
MUST_CHECK enum err_code explain_conflict(struct explainer *, const int32_t *choice, size_t n, bool with_rules, struct arena *mem,
                                          struct conflict *ret, bool *found, struct err *e);

/* Whether the others imply that rule, so that it could go. */
MUST_CHECK enum err_code explain_is_redundant(struct explainer *, uint32_t rule, bool *ret, struct err *e);

struct change {
    int32_t *give_up;
    size_t n;
    double cost;
};
/* The max cheapest. cost[n], above 0; INFINITY: that one is never given up. ret[max]; fewer where there are no more. */
MUST_CHECK enum err_code explain_changes(struct explainer *, const int32_t *choice, const double *cost, size_t n, struct arena *mem,
                                         struct change *ret, size_t max, size_t *found, struct err *e);

#endif
