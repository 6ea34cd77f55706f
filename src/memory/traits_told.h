/* Inside of traits: the facts that told something about a history, from the log. */
#ifndef TENDERO_MEMORY_TRAITS_TOLD_H
#define TENDERO_MEMORY_TRAITS_TOLD_H

#include "memory/customers.h"
#include "memory/traits_set.h"

struct told_by {
    const struct fact *fact;
    uint32_t about;  // one of the histories asked for: of a group fact the account, else fact->customer
    enum provenance provenance;  // declared or inferred
    const struct trait_in *traits;
    size_t n;
};

struct told_query {
    const struct log *log;
    struct store_conn *conn;
    const struct customers *customers;
    const uint32_t *histories;
    size_t n;
    enum log_order order;  // within each type of fact
};

/* Calls each for every identify, trait and group fact that says something of these histories (edited view,
 * deleted ones left out), type after type. *enough set by each ends the reading of that type. What it is
 * given lives until it returns. */
MUST_CHECK enum err_code traits_told(const struct told_query *,
                                     enum err_code (*each)(void *arg, const struct told_by *, bool *enough,
                                                           struct err *e),
                                     void *arg, struct err *e);

#endif
