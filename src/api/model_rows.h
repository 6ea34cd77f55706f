/* A decision table over every customer, some at a time: what it says of each, and by which rules.
 *
 * Meaning   that of deciding for one customer (model_decide.c): the interpreter is asked about each. Where rules say
 *           constants and columns can tell which one hits (engine/columns/table_program.h), it is asked once a rule.
 * Flaws     of the model: ERR_INVALID with the first one, its place and what to do. Nothing is decided by half a model.
 * Moment    today() and now() are those of the beginning, and so are the customers; one who has been merged into
 *           another since is left out. Other values are those of when a customer's turn comes, or of the beginning.
 * Memory    four bytes a customer, beside what the model and some answers need.
 * Threads   one at a time, and none that others wait for: a thread of a pool.
 */
#ifndef TENDERO_API_MODEL_ROWS_H
#define TENDERO_API_MODEL_ROWS_H

#include "api/api.h"
#include "engine/feel/value.h"

enum row_state {
    ROW_DECIDED,
    ROW_UNDECIDED,    // no rule hits, and the outputs have no defaults
    ROW_CONFLICT      // several rules hit that may not: null
};
struct model_row {
    uint32_t root;
    enum row_state state;
    const struct value *output;
    const size_t *hit;             // rules, from 0
    size_t n_hits;
};

struct model_rows;
/* Reads the model. ERR_NOT_FOUND: it has no such decision, or that is no table. rooms must outlive it. */
MUST_CHECK enum err_code model_rows_new(const struct api_options *rooms, struct slice xml, struct slice decision,
                                        struct model_rows **ret, struct err *e);
void model_rows_drop(struct model_rows **);
struct slice model_rows_decision(const struct model_rows *);   // its name
/* The outputs by their names; where there is but one and it has none, the decision's. */
const struct slice *model_rows_outputs(const struct model_rows *, size_t *n);
/* Before the first row. ERR_BUSY while the first reading of many customers goes on. */
MUST_CHECK enum err_code model_rows_begin(struct model_rows *, int64_t now_ms, struct err *e);
size_t model_rows_customers(const struct model_rows *);
/* The next rows, at most max, in mem; *n 0: there are no more. An evaluation beyond its limits: ERR_LIMIT, with the
 * customer. */
MUST_CHECK enum err_code model_rows_next(struct model_rows *, size_t max, struct arena *mem, struct model_row **ret,
                                         size_t *n, struct err *e);

#endif
