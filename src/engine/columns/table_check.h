/* What a person wants to know of a decision table before it is published: combinations of inputs that no rule hits, rules
 * that hit together where they may not, rules that never hit or say nothing new, tests of another type than their input.
 *
 * Method   each input is cut into cells between which no test changes its answer (cells.h; texts by themselves); a cell
 *          knows the rules that it passes. Gaps: a walk over the inputs that keeps the rules still possible and treats
 *          cells alike that leave the same ones (a decision diagram, after Calvanese et al. 2016, "Semantics and Analysis
 *          of DMN Decision Tables"). Overlaps: pairs of rules that share a cell of every input.
 * Honest   a test that is more than comparison with constants may hit anything: its rule is left out, and counted.
 *          null is not looked for: that an input may be missing everybody knows.
 * Limits   64 findings of a kind, 1,000,000 steps, 1,024 rules: beyond them `cut` says that there may be more.
 */
#ifndef TENDERO_ENGINE_COLUMNS_TABLE_CHECK_H
#define TENDERO_ENGINE_COLUMNS_TABLE_CHECK_H

#include "engine/dmn/table.h"

enum finding_kind {
    FINDING_GAP,           // no rule hits; not where every output has a default, nor in COLLECT tables
    FINDING_OVERLAP,       // rules a and b hit together: in UNIQUE tables, in ANY ones where they say different things
    FINDING_UNREACHABLE,   // rule a never hits: a test of it is empty, or (FIRST) those before it take all
    FINDING_DUPLICATE,     // rule b tests and says what rule a does
    FINDING_TYPE           // rule a compares an input with a value of another type, or says one
};
struct finding {
    enum finding_kind kind;
    size_t a, b;           // rules from 1; 0: none
    struct slice where;    // "Order value in [50 .. 100); Tier in \"new\"": as tests; empty: everywhere
    struct slice *test;    // of each input, the same as a test of a rule: "[50 .. 100)", "-"
    struct slice example;  // FEEL values of the inputs in it: "Order value: 50, Tier: \"new\""
    struct slice text;     // a sentence
    struct finding *next;
};
struct table_check {
    struct finding *first;
    size_t n, left_out;    // left_out: rules with a test that cannot be looked into
    bool cut;
};
/* Everything in mem. ERR_LIMIT: mem is exhausted. */
MUST_CHECK enum err_code table_check(const struct table *, const struct zones *, struct arena *mem,
                                     struct table_check *ret, struct err *e);

#endif
