/* A condition as SQL for PostgreSQL (12 and newer): the executor for a base that lives there.
 *
 * Table     a column for each column of the program, by its name, of values that its width holds, none infinite:
 *             NUMBER numeric, a multiple of 10^-scale    DATE date
 *             BOOLEAN boolean                            DATE_TIME timestamptz, of which the whole millisecond counts
 *             CODES jsonb: the value as value_to_json has it, dates as the dictionary's json; one of the dictionary
 *           null in SQL is null in FEEL.
 * Meaning   true for exactly the rows that program_run finds, where `exact`; false and null are FEEL's too. SQL's and,
 *           or and not agree with FEEL's; each single comparison is made of the ranges and values that the interpreter
 *           was asked about (program.h), so that no rule of FEEL is written a second time.
 * Row steps what only the interpreter can do is left open: the SQL is then true for at least the rows that program_run
 *           finds, and the interpreter decides among them (program_explain names the parts).
 * Indexes   a comparison is printed as one, without CASE, where it has nothing else to say for null.
 * Safety    names and texts are quoted, whatever standard_conforming_strings says; client_encoding must be UTF8.
 */
#ifndef TENDERO_ENGINE_COLUMNS_PROGRAM_SQL_H
#define TENDERO_ENGINE_COLUMNS_PROGRAM_SQL_H

#include "engine/columns/program.h"

/* The expression for a WHERE, added to out. ERR_INVALID: a column's name is longer than the 63 bytes that PostgreSQL
 * tells apart, empty, or holds a NUL; ERR_LIMIT: out, or a value of more than 64 KiB. */
MUST_CHECK enum err_code program_sql(const struct program *, struct buf *out, bool *exact, struct err *e);

#endif
