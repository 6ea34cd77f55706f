/* Decision tables as the texts that people edit, read from a DMN file and written back into it.
 *
 * Kept     everything of the file that is not the table: other elements, layout (DI), comments, prefixes. Of the table
 *          itself its ids, labels and annotations; vendors' extensions inside of it are not.
 * Shape    tests[r * n_inputs + i], says[r * n_outputs + o]; texts as they stand, without blanks at their ends.
 * Errors   ERR_INVALID: no DMN file; ERR_NOT_FOUND: no such table; ERR_LIMIT: memory.
 */
#ifndef TENDERO_ENGINE_DMN_SHEET_H
#define TENDERO_ENGINE_DMN_SHEET_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct sheet_input {
    struct slice id, label, expression, type, values;
};
struct sheet_output {
    struct slice id, name, label, type, values, otherwise;
};
struct sheet {
    struct slice decision_id, decision;       // whose whole logic it is
    struct slice hit_policy, aggregation;     // "FIRST", "SUM"; empty: UNIQUE, none
    size_t n_inputs, n_outputs, n_rules;
    struct sheet_input *input;
    struct sheet_output *output;
    struct slice *rule_id, *note;             // of each rule
    struct slice *test, *says;
};
/* All tables that are a decision's whole logic, in the order of the file; in mem, where file must live too. */
MUST_CHECK enum err_code sheets_read(struct slice file, struct arena *mem, struct sheet **ret, size_t *n, struct err *e);
/* The file with the table of sheet->decision_id replaced. out is added to. */
MUST_CHECK enum err_code sheet_write(struct slice file, const struct sheet *, struct arena *mem, struct buf *out,
                                     struct err *e);
/* A new file: one decision of that name with an empty table over inputs (name and FEEL type each). */
struct sheet_field {
    struct slice name, type;
};
void sheet_new_file(struct slice name, const struct sheet_field *inputs, size_t n, struct slice output_type,
                    struct buf *out);

#endif
