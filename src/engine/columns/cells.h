/* Where a condition on one ordered value can change its answer: the ends that its text names cut the line into cells,
 * inside of which every value gives the same answer, so that asking the interpreter about one of each is exact.
 *
 * Points  a value is k * 10^-scale; its point is 2k. What lies strictly between two neighbours has the odd point between
 *         them: for values finer than the scale. Dates have days for k, dates with time milliseconds UTC.
 */
#ifndef TENDERO_ENGINE_COLUMNS_CELLS_H
#define TENDERO_ENGINE_COLUMNS_CELLS_H

#include "engine/columns/columns.h"
#include "engine/feel/eval.h"

#define CELLS_MAX 4096
#define CELLS_SCALE_MAX 18

struct cells {
    enum column_kind kind;   // NUMBER, DATE, DATE_TIME
    int scale;
    size_t n;
    int64_t *start;          // ascending points: cell i holds start[i] and what is below start[i + 1]; start[0] is
                             // INT64_MIN
};

/* Cells of all these texts together: each a condition in which the value has that name, or NODE_TESTS of it. scale -1:
 * as fine as their constants need. eval works out constants and keeps the cells. false: one of them asks more than how
 * the value compares with constants, or there are too many cells; *why says so. */
bool cells_of(const struct node *const *texts, size_t n, struct slice name, enum column_kind kind, int scale,
              struct eval *eval, struct cells *ret, const char **why);
/* A value inside of cell i; whole: one that is a multiple of the scale. false: there is none. */
bool cells_sample(const struct cells *, size_t i, bool whole, struct arena *mem, struct value *ret);
/* The point of a value; false: of another kind, or beyond what points can say. */
bool cells_point(const struct cells *, struct value, int64_t *ret);
size_t cells_find(const struct cells *, int64_t point);
/* The least k whose point is this one or behind it. */
int64_t cells_whole(int64_t point);
/* The tree uses no names but those of built-in functions that it calls. */
bool node_is_constant(const struct node *);
/* Nor any but that one. */
bool node_is_about(const struct node *, struct slice name);

#endif
