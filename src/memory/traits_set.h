/* Inside of traits: setting from a list, so that ingest can read the object once, on its own thread. */
#ifndef TENDERO_MEMORY_TRAITS_SET_H
#define TENDERO_MEMORY_TRAITS_SET_H

#include "memory/traits.h"

struct trait_in {
    struct slice name, value;  // value: raw JSON
};

/* The type of a trait of which only null has been seen: readers are told TRAIT_TEXT. */
#define TRAIT_UNTOLD ((enum trait_type)(TRAIT_MIXED + 1))
/* The type of a raw JSON value; TRAIT_UNTOLD for null. Text that is an RFC 3339 date or time is a date. */
enum trait_type trait_type_of(struct slice raw);

/* The members of an object as a list in mem, n_max at most. *cut: some were left out because a name or
 * value is too long or there are too many (limits.h); of twins the last counts. Anything that is no object
 * is an empty list. ERR_LIMIT: mem is exhausted. */
MUST_CHECK enum err_code trait_list(struct json object, struct arena *mem, struct trait_in **ret, size_t *n,
                                    bool *cut, struct err *e);

/* As tx_traits_set. steady: a value that has not changed keeps the time it was first seen with, so that
 * what devices repeat with every event costs no write. */
struct trait_origin {
    enum provenance provenance;
    bool steady;
    bool quiet;  // the caller will call search_refresh itself
    uint32_t source;
    int64_t time_ms, fact;
};
MUST_CHECK enum err_code traits_set_list(struct tx *, uint32_t history, const struct trait_in *, size_t n,
                                         const struct trait_origin *, struct err *e);

/* Brings face, names and search terms of a history in line with its traits. */
MUST_CHECK enum err_code search_refresh(struct tx *, uint32_t history, struct err *e);

/* What a fact says about the history `about`: members of an identify's or staff's traits, of a group's when
 * about is that account. Slices in mem and the fact's body; empty when it says nothing. */
MUST_CHECK enum err_code traits_of_body(struct json body, struct arena *mem, struct trait_in **ret,
                                        size_t *n, struct err *e);

#endif
