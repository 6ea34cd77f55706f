/* Numbered, forward-only migrations.
 *
 * The files src/…/migrations/NNNN-name.sql are compiled in (meson lists them, a generator writes one
 * table). migrate_run brings a database from any earlier version to the newest, each migration in a
 * transaction of its own together with its row in `migrations(number, name, applied_at)`.
 * Errors  ERR_CONFLICT when the database is newer than the program ("made by a newer Tendero"), or when a
 *         migration already applied has another name than the one compiled in.
 */
#ifndef TENDERO_IO_STORE_MIGRATE_H
#define TENDERO_IO_STORE_MIGRATE_H

#include "io/store/store.h"

struct migration {
    int number;        // 1, 2, … without gaps
    const char *name;  // "facts"
    const char *sql;   // statements of the shared subset
};

MUST_CHECK enum err_code migrate_run(struct store_conn *, const struct migration *list, size_t n,
                                     int64_t now_ms, int *applied, struct err *e);
/* The same by a connection of its own: no other may write meanwhile. */
MUST_CHECK enum err_code migrate_store(struct store *, const struct migration *list, size_t n, int64_t now_ms,
                                       struct err *e);

#endif
