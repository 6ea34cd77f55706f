/* A product model as clauses.
 *
 * Variables  feature f of the model is variable f + 1. The features below one that is cloned have, besides, a variable of each
 *            instance; their own is true where that of any instance is.
 * Instances  of a feature with cardinality [m..n]: they are taken in order, the first k of them are there. A rule about features
 *            below one clone holds in each of its instances; any other sees whether any instance has the feature.
 * Rules      each clause comes from a rule: a group, a feature's place in the tree, a constraint. Rule 0 has what defines helpers,
 *            which refuses nothing by itself.
 * Numbers    equations over attributes and counts of features are turned into clauses by decision diagrams over the features they
 *            name, exactly, in millionths. An attribute of what is not selected is 0; the mean of nothing meets no equation.
 *            Equations over values that the customer gives (Integer, Real, String features) are not clauses: they are `open`, and
 *            checked when the values are there. They do not count in numbers of variants.
 * Errors     ERR_INVALID what cannot be meant, or is nested deeper than ENCODE_DEPTH_MAX (with file, line, column); ERR_LIMIT above
 *            ENCODE_NODES_MAX nodes or ENCODE_TERMS_MAX features of an equation, above ENCODE_INSTANCES_MAX instances, or without
 *            memory.
 */
#ifndef TENDERO_ENGINE_CONFIGURATOR_ENCODE_H
#define TENDERO_ENGINE_CONFIGURATOR_ENCODE_H

#include "engine/configurator/clauses.h"
#include "engine/uvl/uvl.h"

#define ENCODE_NODES_MAX 1000000     // of the diagram of one equation
#define ENCODE_INSTANCES_MAX 64      // of a cloned feature
#define ENCODE_VARIABLES_MAX 10000000
#define ENCODE_DEPTH_MAX 4000        // of an expression, where it is no chain of & or |; sums are as deep as they are long
#define ENCODE_TERMS_MAX 10000       // features of an equation

enum rule_kind { RULE_DEFINITIONS, RULE_ROOT, RULE_PARENT, RULE_GROUP, RULE_INSTANCES, RULE_CONSTRAINT };
struct rule {
    enum rule_kind kind;
    uint32_t at;                     // the feature, the group, or the constraint
};
struct variable {
    uint32_t feature;
    bool joined;                     // true where an instance's is: what a feature costs counts in those
};
struct encoding {
    struct clauses *clauses;
    struct variable *variable;       // 1 .. clauses->own
    struct rule *rule;
    uint32_t rules;
    uint32_t *open;                  // constraints that are checked when values are there
    uint32_t opens;
};
/* Everything lives in the arena but the clauses: encoding_drop. */
MUST_CHECK enum err_code encode_model(const struct uvl_model *, struct arena *mem, struct encoding *ret, struct err *e);
void encoding_drop(struct encoding *);

#endif
