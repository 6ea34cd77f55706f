/* A formula in conjunctive normal form, as compilers and solvers take it.
 *
 * Shape    variables 1 .. variables; a literal is +v or -v. A clause is literal[start[c] .. start[c + 1]).
 * Helpers  variables above `own` are helpers: each has exactly one value for each choice of the own ones, so that they do not
 *          change how many solutions there are (Kuiter et al., ASE 2022: Tseitin or not Tseitin).
 * Groups   clause c belongs to the rule of[c], a number that its maker knows: explanations name rules.
 * Memory   clauses_drop. Errors: ERR_LIMIT without memory or above CLAUSES_VARIABLES or CLAUSES_LITERALS; all is then as it was.
 */
#ifndef TENDERO_ENGINE_CONFIGURATOR_CLAUSES_H
#define TENDERO_ENGINE_CONFIGURATOR_CLAUSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define CLAUSES_VARIABLES (1 << 24)
#define CLAUSES_LITERALS (1u << 30)

struct clauses {
    int32_t *literal;
    uint32_t *start;                 // clauses + 1
    uint32_t *of;                    // the rule of each
    uint32_t clauses, own, variables;
    size_t literals, literal_cap, start_cap, of_cap;
};
MUST_CHECK enum err_code clauses_new(uint32_t own, struct clauses **ret, struct err *e);
void clauses_drop(struct clauses **);
/* A literal that is there twice is kept once; a clause with v and -v is left out. n 0: nothing satisfies it. The literals are of
 * variables that there are; they are kept in the order of their variables. */
MUST_CHECK enum err_code clauses_add(struct clauses *, uint32_t rule, const int32_t *literal, size_t n, struct err *e);
/* A new helper. The caller gives the clauses that define it, in both directions. 0: there are CLAUSES_VARIABLES already. */
int32_t clauses_helper(struct clauses *);
/* DIMACS CNF ("p cnf 3 2", "1 -2 0", comments c, nothing read behind a %). ERR_INVALID with its line (e->pos). All variables are
 * own ones; clause c is of rule c, counted from 0 as they stand in the text. */
MUST_CHECK enum err_code clauses_read_dimacs(struct slice text, struct clauses **ret, struct err *e);

#endif
