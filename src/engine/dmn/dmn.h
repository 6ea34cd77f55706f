/* DMN models: read from XML, checked, decided.
 *
 * Source   OMG DMN 1.5 (reads 1.1 to 1.5: namespaces differ, the elements used here do not).
 * Shape    a model is immutable once loaded and may be used by several threads, each with its own arena.
 * Imports  a model that imports others is given them by dmn_options.load, which finds a model by its namespace.
 * Errors   what is wrong with the file as XML: ERR_INVALID. Flaws of rules (an expression that does not parse, an
 *          unknown reference, a hit policy that does not exist) are diags with the element's id and line; the model
 *          loads all the same and the decisions concerned answer null.
 * Limits   those of feel/parse.h and feel/eval.h, 10,000 elements, 100,000 rules, no cycles of requirements (a diag).
 */
#ifndef TENDERO_ENGINE_DMN_DMN_H
#define TENDERO_ENGINE_DMN_DMN_H

#include "engine/feel/eval.h"

struct dmn;

struct dmn_diag {
    struct slice element;         // "decision 'Approval', rule 3, input 2"
    size_t line, column;          // in the file
    struct diag flaw;
    struct dmn_diag *next;
};
struct dmn_options {
    const struct zones *zones;
    /* A model that another imports; NULL: not known. May be NULL. */
    const struct dmn *(*load)(void *arg, struct slice ns, struct slice location);
    void *arg;
};
/* Everything is in mem, the file's text too. diags: in the order of the file. */
MUST_CHECK enum err_code dmn_load(struct slice file, const struct dmn_options *, struct arena *mem, struct dmn **ret,
                                  const struct dmn_diag **diags, struct err *e);

enum dmn_kind { DMN_INPUT, DMN_DECISION, DMN_KNOWLEDGE, DMN_SERVICE };
struct dmn_element {
    enum dmn_kind kind;
    struct slice id, name;
    const struct type *type;      // of its variable; NULL: Any
};
/* The i-th of the model's own elements, in the order of the file; NULL behind the last. */
const struct dmn_element *dmn_element(const struct dmn *, size_t i);
/* By name or id; NULL: there is none. */
const struct dmn_element *dmn_find(const struct dmn *, enum dmn_kind, struct slice name);

/* The table that is a decision's or knowledge model's whole logic; NULL: it is something else. */
struct table;
const struct table *dmn_table(const struct dmn_element *decision);

/* Decides. inputs: input data by name (a context; imported ones under the import's name). Every decision that is
 * required is decided once. Errors of the data give null, as in FEEL. `eval` has been inited. */
MUST_CHECK enum err_code dmn_decide(const struct dmn *, const struct dmn_element *decision,
                                    const struct value_context *inputs, struct eval *, struct value *ret);
/* Which rules of the decision's own table hit, counted from 0; hits has room for n_rules. */
MUST_CHECK enum err_code dmn_hits(const struct dmn_element *decision, const struct value_context *inputs, struct eval *,
                                  size_t *hits, size_t *n);
/* JSON knows no dates: what the model says of its inputs makes them. given: a context by name. */
MUST_CHECK enum err_code dmn_inputs(const struct dmn *, struct value given, const struct zones *, struct arena *mem,
                                    struct value *ret, struct err *e);
/* Where decisions can only give null because what they join does not fit (feel/probe.h), with the place in the file; what a
 * table's tests compare, engine/columns/table_check.h tells. In mem. */
MUST_CHECK enum err_code dmn_probe(const struct dmn *, const struct zones *, int64_t now_ms, struct arena *mem,
                                   const struct dmn_diag **ret, struct err *e);
/* Invokes a decision service or a business knowledge model with named arguments. */
MUST_CHECK enum err_code dmn_invoke(const struct dmn *, const struct dmn_element *, const struct value_context *args,
                                    struct eval *, struct value *ret);

#endif
