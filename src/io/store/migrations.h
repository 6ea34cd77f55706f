/* The migrations compiled in, from the files src/<folder>/migrations/NNNN-name.sql.
 *
 * Written by script/gen-migrations into the build folder and linked into the program and the tests.
 * Shape   numbers 1, 2, … without gaps; migrations_count rows (the array holds one empty row when 0)
 */
#ifndef TENDERO_IO_STORE_MIGRATIONS_H
#define TENDERO_IO_STORE_MIGRATIONS_H

#include "io/store/migrate.h"

extern const struct migration migrations_all[];
extern const size_t migrations_count;

#endif
