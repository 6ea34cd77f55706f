/* Saved audiences: a name, a condition (condition.h), its versions, and how large it was each day. */
#ifndef TENDERO_INSIGHT_AUDIENCES_H
#define TENDERO_INSIGHT_AUDIENCES_H

#include "io/store/store.h"
#include "memory/memory.h"

#define AUDIENCE_NAME_MAX 200
#define AUDIENCE_CONDITION_MAX 16384
#define AUDIENCE_NOTE_MAX 1000

struct audience_row {
    int64_t id, version;
    struct slice name, condition, note, by;
    int64_t created_ms, changed_ms;
};
/* By name; in mem. */
MUST_CHECK enum err_code audiences_list(struct store_conn *, struct arena *mem, struct audience_row **ret, size_t *n,
                                        struct err *e);
MUST_CHECK enum err_code audience_read(struct store_conn *, int64_t id, struct arena *mem, struct audience_row *ret,
                                       struct err *e);
struct audience_version {
    int64_t version, at_ms;
    struct slice condition, note, by;
};
/* Newest first. */
MUST_CHECK enum err_code audience_versions(struct store_conn *, int64_t id, struct arena *mem,
                                           struct audience_version **ret, size_t *n, struct err *e);
struct audience_size {
    int32_t day;
    int64_t customers;
};
/* Oldest first, the last 400 days at most. */
MUST_CHECK enum err_code audience_sizes(struct store_conn *, int64_t id, struct arena *mem, struct audience_size **ret,
                                        size_t *n, struct err *e);

/* ---- writing, inside a transaction ---- */
/* ERR_CONFLICT: the name is taken. */
MUST_CHECK enum err_code tx_audience_add(struct tx *, struct slice name, struct slice condition, struct slice note,
                                         struct slice by, int64_t *ret_id, struct err *e);
/* A new version where the condition is another one. ERR_NOT_FOUND, ERR_CONFLICT. */
MUST_CHECK enum err_code tx_audience_edit(struct tx *, int64_t id, struct slice name, struct slice condition,
                                          struct slice note, struct slice by, struct err *e);
MUST_CHECK enum err_code tx_audience_remove(struct tx *, int64_t id, struct err *e);
MUST_CHECK enum err_code tx_audience_size(struct tx *, int64_t id, int32_t day, int64_t customers, struct err *e);

#endif
