/* A condition in FEEL, run over columns: the executor for many customers at once.
 *
 * Meaning   exactly the interpreter's. What is compared with constants becomes ranges of the column's own whole
 *           numbers, found by asking the interpreter about a value of each cell (cells.h); what asks about a text or a yes-or-no
 *           is asked once for each different value; `and`, `or` and `not` work on the bits with FEEL's three values. What
 *           is neither is asked of the interpreter row by row, for those rows only that the rest leaves open;
 *           program_explain says which part, and why.
 * Speed     64 rows a step, no allocation per row but the interpreter's; several threads may run one program, each on
 *           rows of its own.
 * Now       now() and today() are those of the moment given.
 */
#ifndef TENDERO_ENGINE_COLUMNS_PROGRAM_H
#define TENDERO_ENGINE_COLUMNS_PROGRAM_H

#include <stdatomic.h>

#include "engine/columns/columns.h"
#include "engine/feel/eval.h"

struct program;
/* The columns and the tree must outlive it; it lives in mem. ERR_LIMIT: memory, or a constant that is too much work. */
MUST_CHECK enum err_code program_new(const struct node *condition, const struct columns *, const struct zones *,
                                     int64_t now_ms, struct arena *mem, struct program **ret, struct err *e);
/* Sets the bits of rows in [begin, end) for which the condition is true and clears the others; begin is a multiple of
 * COLUMN_CHUNK, bits those of row 0 on. scratch is reset. cancel, which may be NULL, is looked at once a chunk:
 * ERR_BUSY. ERR_LIMIT: the interpreter met a limit. */
MUST_CHECK enum err_code program_run(const struct program *, size_t begin, size_t end, uint64_t *bits,
                                     struct arena *scratch, const atomic_bool *cancel, struct err *e);
/* One line a step, indented by depth: "and", "  range of spend", "  rows: upper case(name) = …, since …". */
void program_explain(const struct program *, struct buf *out);
/* Steps that the interpreter does row by row. */
size_t program_row_steps(const struct program *);

#define COLUMNS_USED_MAX 64
/* Columns that the tree names, each once, added behind use[*n]; false: they are more than COLUMNS_USED_MAX. */
bool columns_used(const struct columns *, const struct node *, const struct column **use, size_t *n);

#endif
