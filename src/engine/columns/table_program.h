/* A decision table made ready: for many customers at once, or for single decisions in a fraction of a microsecond.
 *
 * Method    each input is cut into cells inside of which every test answers the same (cells.h; texts by themselves);
 *           a cell keeps the set of rules whose test it passes, as bits. A decision is the AND of its inputs' sets.
 * Meaning   the interpreter's: the sets are found by asking it. What cannot be made ready is refused with the reason, and
 *           table_decide (engine/dmn) decides as ever.
 * Policies  UNIQUE, ANY and FIRST; at most 1,024 rules and 16 inputs. Inputs that are tested by more than comparison with
 *           constants are refused; over columns a text or yes-or-no may be tested by anything.
 */
#ifndef TENDERO_ENGINE_COLUMNS_TABLE_PROGRAM_H
#define TENDERO_ENGINE_COLUMNS_TABLE_PROGRAM_H

#include "engine/columns/columns.h"
#include "engine/dmn/table.h"

#define RULE_NONE (-1)        // no rule hits: the outputs' defaults
#define RULE_CONFLICT (-2)    // several hit that may not: null
#define RULE_ASK (-3)         // a value of another kind than the tests are about: ask table_decide

struct table_program;
/* columns NULL: for table_program_rule; else each input is a column's name, and it is for table_program_run. Lives in
 * mem; table and columns must outlive it. ERR_INVALID: it cannot be made ready, e says why. */
MUST_CHECK enum err_code table_program_new(const struct table *, const struct columns *, const struct zones *,
                                           int64_t now_ms, struct arena *mem, struct table_program **ret, struct err *e);
/* The rule, from 0, that decides for these values of the inputs. */
int32_t table_program_rule(const struct table_program *, const struct value *inputs);
/* The same for rows [begin, end); rule[0] is that of row 0. Threads may share it. */
void table_program_run(const struct table_program *, size_t begin, size_t end, int32_t *rule);

/* What an input is: by its declared type, else by the first constant that it is compared with. false: not known. */
bool table_input_kind(const struct table *, size_t input, enum column_kind *ret);

#endif
