/* Decision tables: their parts as a file has them, and what they decide.
 *
 * Source  DMN 1.5 section 8 (hit policies: 8.2.10, aggregation: 8.2.11).
 * Shape   rule r tests input i by test[r * n_inputs + i] and says output o by says[r * n_outputs + o].
 */
#ifndef TENDERO_ENGINE_DMN_TABLE_H
#define TENDERO_ENGINE_DMN_TABLE_H

#include "engine/feel/eval.h"

enum hit_policy { HIT_UNIQUE, HIT_ANY, HIT_PRIORITY, HIT_FIRST, HIT_RULE_ORDER, HIT_OUTPUT_ORDER, HIT_COLLECT };
enum aggregation { AGGREGATE_NONE, AGGREGATE_SUM, AGGREGATE_COUNT, AGGREGATE_MIN, AGGREGATE_MAX };

struct table_input {
    struct slice label;             // as people read it: its label, else its expression
    const struct node *expression;
    const struct type *type;        // NULL: not declared
    const struct node *allowed;     // NODE_TESTS; NULL: not declared
};
struct table_output {
    struct slice name;              // empty where there is one output only
    const struct type *type;
    const struct node *allowed;     // NODE_TESTS, the dearest value first; NULL: not declared
    const struct node *otherwise;   // where no rule hits; NULL: null
};
struct table {
    struct node_foreign foreign;    // first: what a NODE_FOREIGN of the table points to
    enum hit_policy policy;
    enum aggregation aggregation;
    size_t n_inputs, n_outputs, n_rules;
    struct table_input *input;
    struct table_output *output;
    const struct node **test;       // NODE_TESTS each
    const struct node **says;
    bool broken;                    // a part of it did not parse: it decides null
};

/* The table's answer for the names in scope. hits, which may be NULL and else has room for n_rules, takes the rules
 * that hit, counted from 0; a policy that stops at the first hit is not looked at further. */
struct value table_decide(struct eval *, const struct table *, const struct feel_scope *, size_t *hits, size_t *n_hits);
/* "UNIQUE", or "U" as in a table's corner; empty is UNIQUE. false: no such policy. */
bool hit_policy_of(struct slice text, enum hit_policy *ret);
bool aggregation_of(struct slice text, enum aggregation *ret);

#endif
