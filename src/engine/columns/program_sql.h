/* A condition as SQL for PostgreSQL (12 and newer): the executor for a base that lives there.
 *
 * Table     a column for each column of the program, by its name:
 *             NUMBER numeric, a multiple of 10^-scale    BOOLEAN boolean    DATE date    DATE_TIME timestamptz
 *             CODES jsonb: the value as JSON, which must be one of the dictionary; null in SQL is null in FEEL
 * Meaning   true for exactly the rows that program_run finds, where `exact`. SQL's TRUE, FALSE and NULL are FEEL's, and
 *           its and, or and not agree with FEEL's; each single comparison is made of the ranges and values that the
 *           interpreter was asked about (program.h), so that no rule of FEEL is written a second time.
 * Row steps what only the interpreter can do is left open: the SQL is then true for at least the rows that program_run
 *           finds, and the interpreter decides among them (program_explain names the parts).
 * Safety    names and texts are quoted; standard_conforming_strings must be on, as it is by default.
 */
#ifndef TENDERO_ENGINE_COLUMNS_PROGRAM_SQL_H
#define TENDERO_ENGINE_COLUMNS_PROGRAM_SQL_H

#include "engine/columns/program.h"

/* The expression for a WHERE, added to out. ERR_INVALID: a column's name is longer than the 63 bytes that PostgreSQL
 * tells apart; ERR_LIMIT: out. */
MUST_CHECK enum err_code program_sql(const struct program *, struct buf *out, bool *exact, struct err *e);

#endif
