/* Single acts inside a transaction, of which resolve.c, merges.c and accounts.c make theirs. Private to them. */
#ifndef TENDERO_MEMORY_CUSTOMERS_TX_H
#define TENDERO_MEMORY_CUSTOMERS_TX_H

#include "base/buf.h"
#include "memory/customers.h"

/* user_id: shown in lists; empty when it has none. */
MUST_CHECK enum err_code tx_history_new(struct tx *, enum customer_kind, struct slice user_id,
                                        int64_t timestamp_ms, uint32_t *ret, struct err *e);
/* An identifier that nobody has. */
MUST_CHECK enum err_code tx_identifier_new(struct tx *, struct slice kind, struct slice folded,
                                           struct slice shown, uint32_t history, uint32_t source,
                                           int64_t timestamp_ms, struct err *e);
/* From now on the identifier identifies nobody. */
MUST_CHECK enum err_code tx_share(struct tx *, struct slice kind, struct slice folded, uint32_t history,
                                  struct err *e);
/* A fact of the memory's own. */
MUST_CHECK enum err_code tx_note(struct tx *, enum fact_type, uint32_t customer, uint32_t source,
                                 int64_t timestamp_ms, const struct buf *body, int64_t *seq, struct err *e);

struct merge_order {
    uint32_t winner, loser;
    struct slice reason, by, note;
    uint32_t source;
    int64_t timestamp_ms;
};
/* Appends the fact and joins; whether it may be is the caller's to know. */
MUST_CHECK enum err_code tx_link(struct tx *, const struct merge_order *, int64_t *merge_id, struct err *e);
/* For a person to decide; one a pair and code. *made: it is new. */
MUST_CHECK enum err_code tx_suggest(struct tx *, uint32_t a, uint32_t b, struct slice code,
                                    struct slice value, bool *made, struct err *e);
#endif
