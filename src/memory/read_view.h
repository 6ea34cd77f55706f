/* Several statements as one look at the store: consistent, and one lock instead of one a statement, which
 * halves the time of short ones. */
#ifndef TENDERO_MEMORY_READ_VIEW_H
#define TENDERO_MEMORY_READ_VIEW_H

#include "io/store/store.h"

/* *began: a transaction was begun here, and not by the caller before. */
MUST_CHECK static inline enum err_code read_view_begin(struct store_conn *conn, bool *began, struct err *e)
{
    *began = !store_in_transaction(conn);
    return *began ? store_begin(conn, e) : ERR_OK;
}

static inline void read_view_end(struct store_conn *conn, bool began)
{
    if (began)
        store_rollback(conn);
}

#endif
