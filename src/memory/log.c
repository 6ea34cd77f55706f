#include "memory/log.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/limits.h"
#include "memory/log_state.h"

#define PART_MONTH_MS (INT64_C(30) * 86400000)

struct slice log_sql(char out[LOG_SQL_MAX], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(out, LOG_SQL_MAX, fmt, args);
    va_end(args);
    assert(n > 0 && n < LOG_SQL_MAX);
    return (struct slice){ out, (size_t)n };
}

uint64_t log_message_hash(const struct log *log, uint32_t source, struct slice message_id)
{
    if (!message_id.len)
        return 0;
    uint64_t hash = hash64(message_id, log->seed ^ hash_mix(source));
    return hash ? hash : 1;  // 0 says "no id"
}

uint32_t log_event_hash(struct slice event)
{
    return (uint32_t)hash64(event, 0);
}

int64_t log_last_seq(const struct log *log)
{
    return log->last_seq;
}

size_t log_memory_bytes(const struct log *log)
{
    return open_bytes(&log->open) + filter_bytes(&log->filter) + log->members.n * sizeof(uint64_t)
           + log->edits.n_slots * sizeof(struct fact_edit) + log->n_parts * sizeof *log->parts;
}

static int64_t next_seq(const struct log *log)
{
    return log->parts[log_open_index(log)].first_seq + (int64_t)log->open.n;
}

/* ---- deduplication ---- */

static enum err_code row_is(struct log *log, size_t part, int64_t seq, uint32_t source, struct slice id,
                            bool *ret, struct err *e)
{
    char sql[LOG_SQL_MAX];
    struct store_stmt *stmt;
    TRY(store_prepare(log->conn, log_sql(sql, "SELECT 1 FROM " LOG_TABLE " WHERE seq = $1 AND source = $2"
                                         " AND message_id = $3", part + 1), &stmt, e));
    store_bind_i64(stmt, 1, seq);
    store_bind_i64(stmt, 2, source);
    store_bind_text(stmt, 3, id);
    TRY(store_step(stmt, ret, e));
    store_reset(stmt);
    return ERR_OK;
}

static enum err_code known_in_open(struct log *log, uint64_t hash, uint32_t source, struct slice id,
                                   bool *ret, struct err *e)
{
    size_t part = log_open_index(log), cursor = 0, row;
    while (!*ret && open_find_message(&log->open, hash, &cursor, &row))
        TRY(row_is(log, part, log->parts[part].first_seq + (int64_t)row, source, id, ret, e));
    return ERR_OK;
}

struct candidate {
    struct log *log;
    size_t part;
    uint32_t source;
    struct slice id;
    bool *known;
};

static enum err_code candidate_check(void *arg, uint32_t row, bool *stop, struct err *e)
{
    const struct candidate *c = arg;
    TRY(row_is(c->log, c->part, c->log->parts[c->part].first_seq + row, c->source, c->id, c->known, e));
    *stop = *c->known;
    return ERR_OK;
}

static enum err_code known_in_sealed(struct log *log, size_t part, uint64_t hash, uint32_t source,
                                     struct slice id, bool *ret, struct err *e)
{
    struct candidate candidate = { log, part, source, id, ret };
    return index_message(&log->parts[part].index, log->conn, part, hash, candidate_check, &candidate, e);
}

enum err_code log_known(struct log *log, uint32_t source, struct slice message_id, bool *known,
                        struct err *e)
{
    assert(known);
    uint64_t hash = log_message_hash(log, source, message_id);
    bool found = false;
    if (hash)
        TRY(known_in_open(log, hash, source, message_id, &found, e));
    for (size_t g = log->filter.n_groups; hash && !found && g-- > 0;) {
        for (uint64_t maybe = filter_probe(&log->filter, g, hash); maybe && !found; maybe &= maybe - 1)
            TRY(known_in_sealed(log, g * FILTER_GROUP + (size_t)__builtin_ctzll(maybe), hash, source,
                                message_id, &found, e));
    }
    *known = found;
    return ERR_OK;
}

void log_prefetch(const struct log *log, uint32_t source, struct slice message_id)
{
    uint64_t hash = log_message_hash(log, source, message_id);
    open_prefetch_message(&log->open, hash);
    for (size_t g = 0; hash && g < log->filter.n_groups; g++)
        filter_prefetch(&log->filter, g, hash);
}

/* ---- appending ---- */

static void bind_time(struct store_stmt *stmt, int param, int64_t ms)
{
    if (ms == FACT_NO_TIME)
        store_bind_null(stmt, param);
    else
        store_bind_i64(stmt, param, ms);
}

static enum err_code fact_insert(struct log *log, const struct fact *fact, uint64_t hash, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(log->conn, slice_of(log->insert_sql), &stmt, e));
    store_bind_i64(stmt, 1, fact->seq);
    store_bind_i64(stmt, 2, fact->customer);
    store_bind_i64(stmt, 3, fact->source);
    store_bind_text(stmt, 4, slice_of(fact_type_name(fact->type)));
    store_bind_text(stmt, 5, fact->event);
    store_bind_text(stmt, 6, fact->message_id);
    if (hash)
        store_bind_i64(stmt, 7, (int64_t)hash);
    else
        store_bind_null(stmt, 7);
    store_bind_i64(stmt, 8, fact->timestamp_ms);
    bind_time(stmt, 9, fact->original_ms);
    bind_time(stmt, 10, fact->sent_ms);
    bind_time(stmt, 11, fact->received_ms);
    store_bind_text(stmt, 12, fact->body);
    return store_run(stmt, e);
}

enum err_code log_append(struct log *log, struct fact *fact, struct err *e)
{
    assert(fact->timestamp_ms != FACT_NO_TIME);
    if (log->open.n == log->open.cap)
        return err_set(e, ERR_LIMIT, 0, "one command may append at most %d facts: split it",
                       LOG_COMMAND_FACTS);
    uint64_t hash = log_message_hash(log, fact->source, fact->message_id);
    fact->seq = next_seq(log);
    TRY(fact_insert(log, fact, hash, e));
    open_add(&log->open, (struct open_row){ .timestamp_ms = fact->timestamp_ms, .message_hash = hash,
                                            .customer = fact->customer,
                                            .kind = log_kind(fact->type, log_event_hash(fact->event)) });
    return ERR_OK;
}

enum err_code log_edit(struct log *log, int64_t seq, enum log_edit_kind kind, int64_t by_seq,
                       struct slice patch, struct err *e)
{
    if (seq < 1 || seq >= next_seq(log))
        return err_set(e, ERR_NOT_FOUND, 0, "there is no fact %lld", (long long)seq);
    struct store_stmt *stmt;
    TRY(store_prepare(log->conn, SLICE("INSERT INTO fact_edits (seq, by_seq, kind, patch)"
                                       " VALUES ($1, $2, $3, $4)"), &stmt, e));
    store_bind_i64(stmt, 1, seq);
    store_bind_i64(stmt, 2, by_seq);
    store_bind_i64(stmt, 3, kind);
    if (kind == LOG_EDIT_CORRECTION)
        store_bind_text(stmt, 4, patch);
    else
        store_bind_null(stmt, 4);
    TRY(store_run(stmt, e));
    return edits_add(&log->edits, (struct fact_edit){ seq, kind == LOG_EDIT_CORRECTION,
                                                      kind == LOG_EDIT_DELETION }, e);
}

/* ---- sealing ---- */

enum err_code log_part_create(struct store_conn *conn, size_t part, const struct log_part *made,
                              struct err *e)
{
    char sql[LOG_SQL_MAX];
    log_sql(sql, "CREATE TABLE " LOG_TABLE " (seq INTEGER PRIMARY KEY, customer INTEGER NOT NULL,"
            " source INTEGER NOT NULL, type TEXT NOT NULL, event TEXT NOT NULL, message_id TEXT NOT NULL,"
            " message_hash INTEGER, timestamp INTEGER NOT NULL, original_timestamp INTEGER,"
            " sent_at INTEGER, received_at INTEGER, body TEXT NOT NULL) {strict}", part + 1);
    TRY(store_exec(conn, sql, e));
    struct store_stmt *stmt;
    TRY(store_prepare(conn, SLICE("INSERT INTO log_parts (number, first_seq, opened_at)"
                                  " VALUES ($1, $2, $3)"), &stmt, e));
    store_bind_i64(stmt, 1, (int64_t)part + 1);
    store_bind_i64(stmt, 2, made->first_seq);
    store_bind_i64(stmt, 3, made->opened_ms);
    return store_run(stmt, e);
}

bool log_is_full(const struct log *log, int64_t now_ms)
{
    const struct log_part *part = &log->parts[log_open_index(log)];
    return log->open.n >= log->part_rows
           || (log->open.n && now_ms - part->opened_ms >= PART_MONTH_MS);
}

static enum err_code part_close(struct log *log, int64_t now_ms, const struct buf *filter,
                                const struct buf *customers, const struct buf *heads,
                                const struct buf *message_heads, struct err *e)
{
    const struct log_part *part = &log->parts[log_open_index(log)];
    struct store_stmt *stmt;
    TRY(store_prepare(log->conn, SLICE("UPDATE log_parts SET last_seq = $2, sealed_at = $3,"
                                       " oldest_timestamp = $4, newest_timestamp = $5, types = $6,"
                                       " filter = $7, customers = $8, customer_heads = $9,"
                                       " message_heads = $10 WHERE number = $1"), &stmt, e));
    store_bind_i64(stmt, 1, (int64_t)log->n_parts);
    store_bind_i64(stmt, 2, log->last_seq);
    store_bind_i64(stmt, 3, now_ms);
    store_bind_i64(stmt, 4, part->oldest_ms);
    store_bind_i64(stmt, 5, part->newest_ms);
    store_bind_i64(stmt, 6, part->types);
    store_bind_blob(stmt, 7, buf_slice(filter));
    store_bind_blob(stmt, 8, buf_slice(customers));
    store_bind_blob(stmt, 9, buf_slice(heads));
    store_bind_blob(stmt, 10, buf_slice(message_heads));
    return store_run(stmt, e);
}

/* The filter, the list of customers and the index of the open part, into memory and into the store. */
static enum err_code part_summarise(struct log *log, int64_t now_ms, struct err *e)
{
    size_t part = log_open_index(log);
    uint32_t largest = 0;
    TRY(filter_open_part(&log->filter, part, e));
    for (size_t r = 0; r < log->open.n; r++) {
        if (log->open.rows[r].message_hash)
            filter_add(&log->filter, part, log->open.rows[r].message_hash);
        largest = log->open.rows[r].customer > largest ? log->open.rows[r].customer : largest;
    }
    TRY(members_reserve(&log->members, largest, e));
    __attribute__((cleanup(buf_drop))) struct buf filter = buf_make(0);
    __attribute__((cleanup(buf_drop))) struct buf customers = buf_make(0);
    __attribute__((cleanup(buf_drop))) struct buf heads = buf_make(0);
    __attribute__((cleanup(buf_drop))) struct buf message_heads = buf_make(0);
    filter_save(&log->filter, part, &filter);
    TRY(buf_check(&filter, "the filter of a part", e));
    TRY(members_save(&log->open, &customers, e));
    index_save(&log->next_index, &heads, &message_heads);
    TRY(buf_check(&heads, "the index of a part", e));
    TRY(buf_check(&message_heads, "the index of a part", e));
    return part_close(log, now_ms, &filter, &customers, &heads, &message_heads, e);
}

enum err_code log_seal(struct log *log, int64_t now_ms, struct err *e)
{
    assert(log->open.n == log->open.committed && log->open.n);
    size_t part = log_open_index(log);
    if (log->n_parts == LOG_MAX_PARTS)
        return err_set(e, ERR_LIMIT, 0, "the log holds its maximum of %d parts", LOG_MAX_PARTS);
    TRY(index_write(log->conn, part, &log->open, &log->next_index, e));
    TRY(part_summarise(log, now_ms, e));
    log->next = (struct log_part){ .first_seq = next_seq(log), .opened_ms = now_ms,
                                   .sealed_ms = FACT_NO_TIME, .oldest_ms = INT64_MAX,
                                   .newest_ms = INT64_MIN };
    TRY(log_part_create(log->conn, part + 1, &log->next, e));
    log->sealing = true;
    return ERR_OK;
}

/* ---- after the transaction ---- */

void log_open_begins(struct log *log)
{
    log_sql(log->insert_sql, "INSERT INTO " LOG_TABLE " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
            " $11, $12)", log->n_parts);
}

void log_expire(struct log *log, int64_t now_ms)
{
    for (; log->oldest_live < log_open_index(log); log->oldest_live++) {
        if (now_ms - log->parts[log->oldest_live].sealed_ms <= DEDUPE_WINDOW_MS)
            return;
        filter_expire(&log->filter, log->oldest_live);
    }
}

static void seal_committed(struct log *log)
{
    size_t part = log_open_index(log);
    members_commit(&log->members, part, &log->open);
    filter_set_live(&log->filter, part);
    log->parts[part].sealed_ms = log->next.opened_ms;
    log->parts[part].index = log->next_index;
    log->next_index = (struct log_index){ 0 };
    log->parts[log->n_parts++] = log->next;
    open_clear(&log->open);
    log_open_begins(log);
    log_expire(log, log->next.opened_ms);
    log->sealing = false;
}

void log_committed(struct log *log)
{
    struct log_part *part = &log->parts[log_open_index(log)];
    for (size_t r = log->open.committed; r < log->open.n; r++) {
        const struct open_row *row = &log->open.rows[r];
        part->oldest_ms = row->timestamp_ms < part->oldest_ms ? row->timestamp_ms : part->oldest_ms;
        part->newest_ms = row->timestamp_ms > part->newest_ms ? row->timestamp_ms : part->newest_ms;
        part->types |= UINT32_C(1) << log_kind_type(row->kind);
    }
    log->last_seq = next_seq(log) - 1;
    open_commit(&log->open);
    edits_commit(&log->edits);
    if (log->sealing)
        seal_committed(log);
}

void log_rolled_back(struct log *log)
{
    open_rollback(&log->open);
    edits_rollback(&log->edits);
    index_drop(&log->next_index);
    log->sealing = false;
}
