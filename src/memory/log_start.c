/* Opening the log: what memory needs is read from log_parts, the open part and fact_edits. */
#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "memory/log_state.h"

static enum err_code parts_read(struct log *log, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    TRY(store_prepare(log->conn, SLICE("SELECT number, first_seq, opened_at, sealed_at, oldest_timestamp,"
                                       " newest_timestamp, types FROM log_parts ORDER BY number"),
                      &stmt, e));
    for (;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        bool open = store_col_null(stmt, 3);
        if (log->n_parts == LOG_MAX_PARTS || store_col_i64(stmt, 0) != (int64_t)log->n_parts + 1)
            return err_set(e, ERR_CORRUPT, log->n_parts, "log_parts has no row %zu: restore a backup",
                           log->n_parts + 1);
        log->parts[log->n_parts++] = (struct log_part){
            .first_seq = store_col_i64(stmt, 1),
            .opened_ms = store_col_i64(stmt, 2),
            .sealed_ms = open ? FACT_NO_TIME : store_col_i64(stmt, 3),
            .oldest_ms = open ? INT64_MAX : store_col_i64(stmt, 4),
            .newest_ms = open ? INT64_MIN : store_col_i64(stmt, 5),
            .types = open ? 0 : (uint32_t)store_col_i64(stmt, 6),
        };
    }
}

static enum err_code first_part_make(struct log *log, int64_t now_ms, struct err *e)
{
    log->parts[0] = (struct log_part){ .first_seq = 1, .opened_ms = now_ms, .sealed_ms = FACT_NO_TIME,
                                       .oldest_ms = INT64_MAX, .newest_ms = INT64_MIN };
    TRY(store_begin(log->conn, e));
    enum err_code code = log_part_create(log->conn, 0, &log->parts[0], e);
    code = code ? code : store_commit(log->conn, e);
    if (code)
        store_rollback(log->conn);
    else
        log->n_parts = 1;
    return code;
}

/* Columns of one part's row in log_parts. */
static enum err_code column_open(struct log *log, const char *columns, size_t part, struct store_stmt **ret,
                                 bool *row, struct err *e)
{
    char sql[LOG_SQL_MAX];
    TRY(store_prepare(log->conn, log_sql(sql, "SELECT %s FROM log_parts WHERE number = $1", columns), ret,
                      e));
    store_bind_i64(*ret, 1, (int64_t)part + 1);
    return store_step(*ret, row, e);
}

static enum err_code filter_rebuild(struct log *log, size_t part, struct err *e)
{
    char sql[LOG_SQL_MAX];
    struct store_stmt *stmt;
    bool row;
    TRY(filter_open_part(&log->filter, part, e));
    TRY(store_prepare(log->conn, log_sql(sql, "SELECT message_hash FROM " LOG_TABLE
                                         " WHERE message_hash IS NOT NULL", part + 1), &stmt, e));
    for (;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        filter_add(&log->filter, part, (uint64_t)store_col_i64(stmt, 0));
    }
}

static enum err_code filter_read(struct log *log, size_t part, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    TRY(filter_open_part(&log->filter, part, e));
    TRY(column_open(log, "filter", part, &stmt, &row, e));
    bool good = row && filter_load(&log->filter, part, store_col_blob(stmt, 0));
    store_reset(stmt);
    if (!good)  // made with another part size, or damaged
        TRY(filter_rebuild(log, part, e));
    filter_set_live(&log->filter, part);
    return ERR_OK;
}

struct largest { uint32_t customer; };

static void largest_see(void *arg, uint32_t customer)
{
    struct largest *largest = arg;
    largest->customer = customer > largest->customer ? customer : largest->customer;
}

struct member_of { struct log *log; size_t part; };

static void member_see(void *arg, uint32_t customer)
{
    const struct member_of *of = arg;
    members_set(&of->log->members, of->part, customer);
}

static enum err_code members_rebuild(struct log *log, size_t part, struct err *e)
{
    char sql[LOG_SQL_MAX];
    struct store_stmt *stmt;
    bool row;
    TRY(store_prepare(log->conn, log_sql(sql, "SELECT DISTINCT customer FROM " LOG_TABLE, part + 1), &stmt,
                      e));
    for (;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        uint32_t customer = (uint32_t)store_col_i64(stmt, 0);
        TRY(members_reserve(&log->members, customer, e));
        members_set(&log->members, part, customer);
    }
}

static enum err_code members_read(struct log *log, size_t part, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    struct largest largest = { 0 };
    struct member_of of = { log, part };
    TRY(column_open(log, "customers", part, &stmt, &row, e));
    struct slice list = row ? store_col_blob(stmt, 0) : (struct slice){ 0 };
    bool good = list.len && members_each(list, largest_see, &largest)
                && largest.customer <= LIMIT_CUSTOMERS;
    enum err_code code = good ? members_reserve(&log->members, largest.customer, e) : ERR_OK;
    if (good && !code)
        members_each(list, member_see, &of);
    store_reset(stmt);
    return code || good ? code : members_rebuild(log, part, e);
}

static enum err_code index_read(struct log *log, size_t part, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    TRY(column_open(log, "customer_heads, message_heads", part, &stmt, &row, e));
    struct slice heads = row ? store_col_blob(stmt, 0) : (struct slice){ 0 };
    struct slice message_heads = row ? store_col_blob(stmt, 1) : (struct slice){ 0 };
    enum err_code code = index_load(heads, message_heads, &log->parts[part].index, e);
    store_reset(stmt);
    return code;
}

static enum err_code open_read(struct log *log, struct err *e)
{
    char sql[LOG_SQL_MAX];
    struct store_stmt *stmt;
    bool row;
    size_t part = log_open_index(log);
    TRY(store_prepare(log->conn, log_sql(sql, "SELECT seq, customer, type, event, message_hash, timestamp"
                                         " FROM " LOG_TABLE " ORDER BY seq", part + 1), &stmt, e));
    for (;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        enum fact_type type;
        int64_t at = store_col_i64(stmt, 0) - log->parts[part].first_seq;
        if (at < (int64_t)log->open.n || at >= (int64_t)log->open.cap
            || !fact_type_parse(store_col_text(stmt, 2), &type))
            return err_set(e, ERR_CORRUPT, 0, "fact %lld of the log's open part is damaged: restore a "
                           "backup", (long long)store_col_i64(stmt, 0));
        while ((int64_t)log->open.n < at)  // a fact that was erased
            open_add(&log->open, (struct open_row){ .kind = FACT_DELETION });
        open_add(&log->open, (struct open_row){
                 .timestamp_ms = store_col_i64(stmt, 5), .message_hash = (uint64_t)store_col_i64(stmt, 4),
                 .customer = (uint32_t)store_col_i64(stmt, 1),
                 .kind = log_kind(type, log_event_hash(store_col_text(stmt, 3))) });
    }
}

/* The open part's table may hold more rows than this program would put there (a larger LOG_PART_ROWS). */
static enum err_code open_size(struct log *log, size_t *ret, struct err *e)
{
    char sql[LOG_SQL_MAX];
    struct store_stmt *stmt;
    bool row;
    size_t part = log_open_index(log);
    TRY(store_prepare(log->conn, log_sql(sql, "SELECT coalesce(max(seq), 0) FROM " LOG_TABLE, part + 1),
                      &stmt, e));
    TRY(store_step(stmt, &row, e));
    int64_t rows = row ? store_col_i64(stmt, 0) + 1 - log->parts[part].first_seq : 0;
    store_reset(stmt);
    size_t larger = rows > (int64_t)log->part_rows ? (size_t)rows : log->part_rows;
    *ret = larger + LOG_COMMAND_FACTS;
    return ERR_OK;
}

static enum err_code edits_read(struct log *log, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    TRY(store_prepare(log->conn, SLICE("SELECT seq, kind FROM fact_edits"), &stmt, e));
    for (;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        int64_t kind = store_col_i64(stmt, 1);
        TRY(edits_add(&log->edits, (struct fact_edit){ store_col_i64(stmt, 0),
                                                       kind == LOG_EDIT_CORRECTION,
                                                       kind == LOG_EDIT_DELETION }, e));
    }
}

static enum err_code log_load(struct log *log, int64_t now_ms, struct err *e)
{
    size_t cap = 0;
    TRY(parts_read(log, e));
    if (!log->n_parts)
        TRY(first_part_make(log, now_ms, e));
    filter_init(&log->filter, log->part_rows);
    for (size_t part = 0; part < log_open_index(log); part++) {
        TRY(members_read(log, part, e));
        TRY(index_read(log, part, e));
        if (now_ms - log->parts[part].sealed_ms <= DEDUPE_WINDOW_MS)
            TRY(filter_read(log, part, e));
    }
    log_expire(log, now_ms);
    TRY(open_size(log, &cap, e));
    TRY(open_init(&log->open, cap, e));
    TRY(open_read(log, e));
    TRY(edits_read(log, e));
    log_open_begins(log);
    log_committed(log);
    return ERR_OK;
}

enum err_code log_new(struct store_conn *write, int64_t now_ms, uint64_t seed, size_t part_rows,
                      struct log **ret, struct err *e)
{
    assert(write && ret);
    struct log *log = calloc(1, sizeof *log);
    if (log)
        log->parts = calloc(LOG_MAX_PARTS, sizeof *log->parts);
    if (!log || !log->parts) {
        log_drop(&log);
        return err_set(e, ERR_LIMIT, 0, "no memory for the log");
    }
    log->conn = write;
    log->seed = seed;
    log->part_rows = part_rows ? part_rows : LOG_PART_ROWS;
    enum err_code code = log_load(log, now_ms, e);
    if (code) {
        log_drop(&log);
        return code;
    }
    *ret = log;
    return ERR_OK;
}

void log_drop(struct log **log)
{
    if (!*log)
        return;
    for (size_t part = 0; (*log)->parts && part < (*log)->n_parts; part++)
        index_drop(&(*log)->parts[part].index);
    index_drop(&(*log)->next_index);
    free((*log)->parts);
    open_drop(&(*log)->open);
    members_drop(&(*log)->members);
    edits_drop(&(*log)->edits);
    filter_drop(&(*log)->filter);
    free(*log);
    *log = NULL;
}
