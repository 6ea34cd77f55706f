/* The log's inside, shared by log.c (writing), log_start.c (opening) and log_read.c (reading). */
#ifndef TENDERO_MEMORY_LOG_STATE_H
#define TENDERO_MEMORY_LOG_STATE_H

#include "memory/log.h"
#include "memory/log_edits.h"
#include "memory/log_filter.h"
#include "memory/log_index.h"
#include "memory/log_members.h"
#include "memory/log_open.h"

/* A fixed directory, touched only as far as it is used, so that readers never see it move. */
#define LOG_MAX_PARTS 65536

#define LOG_SQL_MAX 512

struct log_part {
    int64_t first_seq;
    int64_t opened_ms, sealed_ms;              // sealed_ms FACT_NO_TIME: open
    int64_t oldest_ms, newest_ms;              // of the timestamps of its facts; oldest > newest: none
    uint32_t types;                            // bit t: holds facts of enum fact_type t
    struct log_index index;                    // sealed parts
};

struct log {
    struct store_conn *conn;                   // the writer's
    uint64_t seed;
    size_t part_rows;
    struct log_part *parts;                    // part i is table i + 1; the last is the open one
    size_t n_parts;
    int64_t last_seq;                          // newest committed
    struct open_part open;
    struct log_members members;
    struct log_edits edits;
    struct log_filter filter;                  // the writer's alone, like all below
    size_t oldest_live;                        // parts before it have left the dedupe window
    char insert_sql[LOG_SQL_MAX];              // into the open part
    bool sealing;                              // log_seal ran; the next part counts from log_committed on
    struct log_part next;
    struct log_index next_index;               // of the part that next takes over from
};

/* Statement text in out, ready for store_prepare. */
struct slice log_sql(char out[LOG_SQL_MAX], const char *fmt, ...) PRINTF_LIKE(2, 3);
#define LOG_TABLE "facts_%06zu"  // of part + 1
uint64_t log_message_hash(const struct log *, uint32_t source, struct slice message_id);
uint32_t log_event_hash(struct slice event);
/* Makes the table and the row in log_parts. */
MUST_CHECK enum err_code log_part_create(struct store_conn *, size_t part, const struct log_part *,
                                         struct err *e);
/* Statement texts for a new open part. */
void log_open_begins(struct log *);
/* Parts sealed longer than the dedupe window ago no longer count. */
void log_expire(struct log *, int64_t now_ms);
/* The end of part i: the seq behind its last, at most `behind`. */
static inline int64_t log_part_end(const struct log *log, size_t part, int64_t behind)
{
    return part + 1 < log->n_parts && log->parts[part + 1].first_seq < behind
               ? log->parts[part + 1].first_seq : behind;
}
static inline size_t log_open_index(const struct log *log)
{
    return log->n_parts - 1;
}

#endif
