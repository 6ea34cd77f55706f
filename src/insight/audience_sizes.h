/* How large each audience was, day by day. */
#ifndef TENDERO_INSIGHT_AUDIENCE_SIZES_H
#define TENDERO_INSIGHT_AUDIENCE_SIZES_H

#include "memory/memory.h"

struct audience_size {
    int32_t day;                 // UTC, since 1970-01-01
    int64_t customers;
};
/* Oldest first, the last 400 days at most; in mem. */
MUST_CHECK enum err_code audience_sizes(struct store_conn *, int64_t audience, struct arena *mem,
                                        struct audience_size **ret, size_t *n, struct err *e);
/* Inside a transaction: the size of that day, whatever was written before. */
MUST_CHECK enum err_code tx_audience_size(struct tx *, int64_t audience, int32_t day, int64_t customers, struct err *e);

#endif
