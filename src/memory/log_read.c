/* Reading the log: one fact, one customer's page, one history, the whole in order. */
#include <assert.h>
#include <stdlib.h>

#include "memory/log_state.h"
#include "text/json_merge.h"

#define COLUMNS                                                                                    \
    "seq, customer, source, type, event, message_id, timestamp, original_timestamp, sent_at, "     \
    "received_at, body"
#define HISTORY_FACT_BYTES ((size_t)64 << 20)

/* The writer reads what its own group has done so far; everybody else what is committed. */
static bool sees_pending(const struct log *log, const struct store_conn *conn)
{
    return conn == log->conn && store_in_transaction(conn);
}

/* The seq behind the newest visible fact. */
static int64_t visible_end(const struct log *log, const struct store_conn *conn)
{
    return sees_pending(log, conn)
               ? log->parts[log_open_index(log)].first_seq + (int64_t)log->open.n : log->last_seq + 1;
}

/* The part that holds seq, which is visible. */
static size_t part_of(const struct log *log, int64_t seq)
{
    size_t low = 0, high = log->n_parts;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (log->parts[middle].first_seq <= seq)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool log_is_edited(const struct log *log, int64_t seq)
{
    struct fact_edit edit = edits_of(&log->edits, seq, false);
    return edit.corrected || edit.deleted;
}

/* ---- a row to a fact ---- */

static int64_t time_of(struct store_stmt *stmt, int col)
{
    return store_col_null(stmt, col) ? FACT_NO_TIME : store_col_i64(stmt, col);
}

static enum err_code fact_of(struct store_stmt *stmt, struct arena *mem, struct fact *ret, struct err *e)
{
    struct fact fact = {
        .seq = store_col_i64(stmt, 0),
        .customer = (uint32_t)store_col_i64(stmt, 1),
        .source = (uint32_t)store_col_i64(stmt, 2),
        .event = arena_copy(mem, store_col_text(stmt, 4)),
        .message_id = arena_copy(mem, store_col_text(stmt, 5)),
        .timestamp_ms = store_col_i64(stmt, 6),
        .original_ms = time_of(stmt, 7),
        .sent_ms = time_of(stmt, 8),
        .received_ms = time_of(stmt, 9),
        .body = arena_copy(mem, store_col_text(stmt, 10)),
    };
    if (!fact.event.at || !fact.message_id.at || !fact.body.at)
        return err_set(e, ERR_LIMIT, 0, "no memory to read fact %lld", (long long)fact.seq);
    if (!fact_type_parse(store_col_text(stmt, 3), &fact.type))
        return err_set(e, ERR_CORRUPT, 0, "fact %lld has an unknown type: restore a backup",
                       (long long)fact.seq);
    *ret = fact;
    return ERR_OK;
}

/* The edits made by facts up to `by_seq`. A deletion is for good. */
static enum err_code edits_apply(struct store_conn *conn, int64_t by_seq, struct fact *fact, struct arena *mem,
                                 struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    TRY(store_prepare(conn, SLICE("SELECT patch FROM fact_edits WHERE seq = $1 AND by_seq <= $2"
                                  " ORDER BY by_seq"), &stmt, e));
    store_bind_i64(stmt, 1, fact->seq);
    store_bind_i64(stmt, 2, by_seq);
    for (;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        if (store_col_null(stmt, 0)) {
            fact->deleted = true;
            continue;
        }
        enum err_code code = json_merge(fact->body, store_col_text(stmt, 0), mem, &fact->body, e);
        if (code) {
            store_reset(stmt);
            return code;
        }
        fact->corrected = true;
    }
}

/* The current row as readers see it; stmt is reset when that fails. */
static enum err_code fact_view(const struct log *log, struct store_conn *conn, struct store_stmt *stmt,
                               bool raw, struct arena *mem, struct fact *ret, struct err *e)
{
    enum err_code code = fact_of(stmt, mem, ret, e);
    if (!code && !raw) {
        struct fact_edit edit = edits_of(&log->edits, ret->seq, sees_pending(log, conn));
        ret->deleted = edit.deleted;
        if (edit.corrected)
            code = edits_apply(conn, INT64_MAX, ret, mem, e);
    }
    if (code)
        store_reset(stmt);
    return code;
}

/* Steps to the row of a fact. */
static enum err_code row_get(const struct log *log, struct store_conn *conn, int64_t seq,
                             struct store_stmt **stmt, struct err *e)
{
    char sql[LOG_SQL_MAX];
    bool row = false;
    if (seq >= 1 && seq < visible_end(log, conn)) {
        TRY(store_prepare(conn, log_sql(sql, "SELECT " COLUMNS " FROM " LOG_TABLE " WHERE seq = $1",
                                        part_of(log, seq) + 1), stmt, e));
        store_bind_i64(*stmt, 1, seq);
        TRY(store_step(*stmt, &row, e));
    }
    return row ? ERR_OK : err_set(e, ERR_NOT_FOUND, 0, "there is no fact %lld", (long long)seq);
}

enum err_code log_get(const struct log *log, struct store_conn *conn, int64_t seq, struct arena *mem,
                      struct fact *ret, struct err *e)
{
    assert(mem && ret);
    struct store_stmt *stmt;
    TRY(row_get(log, conn, seq, &stmt, e));
    TRY(fact_view(log, conn, stmt, false, mem, ret, e));
    store_reset(stmt);
    return ERR_OK;
}

enum err_code log_get_at(const struct log *log, struct store_conn *conn, int64_t seq, int64_t by_seq,
                         struct arena *mem, struct fact *ret, struct err *e)
{
    assert(mem && ret);
    struct store_stmt *stmt;
    TRY(row_get(log, conn, seq, &stmt, e));
    TRY(fact_view(log, conn, stmt, true, mem, ret, e));
    store_reset(stmt);
    return edits_apply(conn, by_seq, ret, mem, e);
}

/* ---- one customer's page: first the keys, then only the rows that are wanted ---- */

struct key { int64_t ms, seq; };

struct page {
    const struct log *log;
    struct store_conn *conn;
    const struct log_query *q;
    int64_t low_ms, high_ms;      // both inclusive
    enum fact_type type;          // when q->type is given
    uint32_t kind, kind_mask;     // what of a fact's log_kind must be equal
    struct key *heap;             // the best q->limit so far, the worst of them first
    size_t n;
};

static bool key_better(const struct page *page, struct key a, struct key b)
{
    bool less = a.ms != b.ms ? a.ms < b.ms : a.seq < b.seq;
    return page->q->order == LOG_OLDEST ? less : !less && (a.ms != b.ms || a.seq != b.seq);
}

static void heap_down(struct page *page, size_t at)
{
    for (;;) {
        size_t worst = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < page->n; child++)
            if (key_better(page, page->heap[worst], page->heap[child]))
                worst = child;
        if (worst == at)
            return;
        struct key swap = page->heap[at];
        page->heap[at] = page->heap[worst];
        page->heap[worst] = swap;
        at = worst;
    }
}

static void heap_up(struct page *page, size_t at)
{
    while (at && key_better(page, page->heap[(at - 1) / 2], page->heap[at])) {
        struct key swap = page->heap[at];
        page->heap[at] = page->heap[(at - 1) / 2];
        page->heap[(at - 1) / 2] = swap;
        at = (at - 1) / 2;
    }
}

/* false: the page is full of better ones, so that nothing behind this key is wanted either. */
static bool page_offer(struct page *page, struct key key)
{
    if (page->n < page->q->limit) {
        page->heap[page->n++] = key;
        heap_up(page, page->n - 1);
        return true;
    }
    if (!key_better(page, key, page->heap[0]))
        return false;
    page->heap[0] = key;
    heap_down(page, 0);
    return true;
}

static bool key_wanted(const struct page *page, struct key key)
{
    const struct log_query *q = page->q;
    if (key.ms < page->low_ms || key.ms > page->high_ms)
        return false;
    if (q->after_seq && !key_better(page, (struct key){ q->after_ms, q->after_seq }, key))
        return false;
    return q->with_deleted
           || !edits_of(&page->log->edits, key.seq, sees_pending(page->log, page->conn)).deleted;
}

/* Two events may share a word: the store tells them apart. */
static enum err_code event_is(struct page *page, int64_t seq, bool *ret, struct err *e)
{
    char sql[LOG_SQL_MAX];
    struct store_stmt *stmt;
    TRY(store_prepare(page->conn, log_sql(sql, "SELECT 1 FROM " LOG_TABLE " WHERE seq = $1 AND event = $2",
                                          part_of(page->log, seq) + 1), &stmt, e));
    store_bind_i64(stmt, 1, seq);
    store_bind_text(stmt, 2, page->q->event);
    TRY(store_step(stmt, ret, e));
    store_reset(stmt);
    return ERR_OK;
}

/* *full: this key is worse than all of a full page. */
static enum err_code page_consider(struct page *page, struct key key, uint32_t kind, bool *full,
                                   struct err *e)
{
    const struct log_query *q = page->q;
    bool wanted = (kind & page->kind_mask) == page->kind && key_wanted(page, key);
    if (wanted && q->event.len)
        TRY(event_is(page, key.seq, &wanted, e));
    *full = wanted && !page_offer(page, key);
    return ERR_OK;
}

struct sealed {
    struct page *page;
    int64_t first_seq;
};

static enum err_code sealed_entry(void *arg, const struct index_entry *entry, bool *stop, struct err *e)
{
    const struct sealed *sealed = arg;
    struct key key = { entry->timestamp_ms, sealed->first_seq + entry->row };
    return page_consider(sealed->page, key, entry->kind, stop, e);
}

static enum err_code page_from_sealed(struct page *page, size_t part, uint32_t customer, struct err *e)
{
    struct sealed sealed = { page, page->log->parts[part].first_seq };
    struct index_query q = { customer, page->low_ms, page->high_ms, page->q->order == LOG_NEWEST,
                             sealed_entry, &sealed };
    return index_customer(&page->log->parts[part].index, page->conn, part, &q, e);
}

static enum err_code page_offer_open(struct page *page, size_t r, struct err *e)
{
    const struct open_row *row = &page->log->open.rows[r];
    struct key key = { row->timestamp_ms,
                       page->log->parts[log_open_index(page->log)].first_seq + (int64_t)r };
    bool full;  // the chain is in log order, not in the page's: later rows may still be better
    return page_consider(page, key, row->kind, &full, e);
}

static enum err_code page_from_open(struct page *page, uint32_t customer, struct err *e)
{
    const struct open_part *open = &page->log->open;
    for (uint32_t at = open_head(open, customer); at; at = open->rows[at - 1].prev)
        TRY(page_offer_open(page, at - 1, e));
    if (!sees_pending(page->log, page->conn))
        return ERR_OK;
    for (size_t r = open->committed; r < open->n; r++)
        if (open->rows[r].customer == customer)
            TRY(page_offer_open(page, r, e));
    return ERR_OK;
}

/* Whether a sealed part can add anything: its times against the asked and against a full page's worst. */
static bool part_wanted(const struct page *page, const struct log_part *part)
{
    if (part->newest_ms < page->low_ms || part->oldest_ms > page->high_ms
        || (page->q->type.len && !(part->types >> page->type & 1)))
        return false;
    if (page->n < page->q->limit)
        return true;
    return page->q->order == LOG_OLDEST ? part->oldest_ms <= page->heap[0].ms
                                        : part->newest_ms >= page->heap[0].ms;
}

static enum err_code page_from_part(struct page *page, size_t part, struct err *e)
{
    bool open = part == log_open_index(page->log);
    if (!open && !part_wanted(page, &page->log->parts[part]))
        return ERR_OK;
    for (size_t i = 0; i < page->q->n; i++) {
        uint32_t customer = page->q->customers[i];
        if (customer == FACT_NOBODY)
            continue;
        if (open)
            TRY(page_from_open(page, customer, e));
        else if (members_of(&page->log->members, customer) >> (part % 64) & 1)
            TRY(page_from_sealed(page, part, customer, e));
    }
    return ERR_OK;
}

static void page_bounds(struct page *page)
{
    const struct log_query *q = page->q;
    page->low_ms = q->since_ms == FACT_NO_TIME ? INT64_MIN : q->since_ms;
    page->high_ms = q->until_ms == FACT_NO_TIME ? INT64_MAX : q->until_ms - 1;
    if (q->after_seq && q->order == LOG_OLDEST && q->after_ms > page->low_ms)
        page->low_ms = q->after_ms;
    if (q->after_seq && q->order == LOG_NEWEST && q->after_ms < page->high_ms)
        page->high_ms = q->after_ms;
}

/* The heap's keys, best first, to facts. */
static enum err_code page_fetch(struct page *page, struct arena *mem, struct fact *ret, size_t *got,
                                struct err *e)
{
    size_t n = page->n;
    while (page->n > 1) {  // heapsort: the worst goes last
        struct key worst = page->heap[0];
        page->heap[0] = page->heap[--page->n];
        heap_down(page, 0);
        page->heap[page->n] = worst;
    }
    for (size_t i = 0; i < n; i++)
        TRY(log_get(page->log, page->conn, page->heap[i].seq, mem, &ret[i], e));
    *got = n;
    return ERR_OK;
}

enum err_code log_read(const struct log *log, struct store_conn *conn, const struct log_query *q,
                       struct arena *mem, struct fact *ret, size_t *got, struct err *e)
{
    assert(q->limit > 0 && got);
    struct page page = { .log = log, .conn = conn, .q = q };
    if (q->type.len && !fact_type_parse(q->type, &page.type))
        return err_set(e, ERR_INVALID, 0, "'%.*s' is no type of fact", SLICE_ARG(q->type));
    page.kind_mask = log_kind(q->type.len ? 0xff : 0, q->event.len ? UINT32_MAX : 0);
    page.kind = log_kind(page.type, log_event_hash(q->event)) & page.kind_mask;
    page_bounds(&page);
    page.heap = arena_array(mem, struct key, q->limit);
    if (!page.heap)
        return err_set(e, ERR_LIMIT, 0, "no memory for a page of %zu facts", q->limit);
    for (size_t i = 0; i < log->n_parts; i++)  // the likeliest part first: the others may then be skipped
        TRY(page_from_part(&page, q->order == LOG_OLDEST ? i : log->n_parts - 1 - i, e));
    return page_fetch(&page, mem, ret, got, e);
}

/* ---- one history in log order ---- */

struct seqs {
    int64_t *at;
    size_t n, cap;
};

static enum err_code seqs_add(struct seqs *seqs, int64_t seq, struct err *e)
{
    if (seqs->n == seqs->cap) {
        size_t cap = seqs->cap ? seqs->cap * 2 : 64;
        int64_t *at = realloc(seqs->at, cap * sizeof *at);
        if (!at)
            return err_set(e, ERR_LIMIT, 0, "no memory for a history of %zu facts", cap);
        seqs->at = at;
        seqs->cap = cap;
    }
    seqs->at[seqs->n++] = seq;
    return ERR_OK;
}

static void seqs_drop(struct seqs *seqs)
{
    free(seqs->at);
}

static int seq_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

struct history {
    struct seqs *seqs;
    int64_t first_seq;
};

static enum err_code history_entry(void *arg, const struct index_entry *entry, bool *stop, struct err *e)
{
    const struct history *history = arg;
    (void)stop;
    return seqs_add(history->seqs, history->first_seq + entry->row, e);
}

static enum err_code history_seqs(const struct log *log, struct store_conn *conn, size_t part,
                                  uint32_t customer, struct seqs *seqs, struct err *e)
{
    seqs->n = 0;
    if (part == log_open_index(log)) {
        for (uint32_t at = open_head(&log->open, customer); at; at = log->open.rows[at - 1].prev)
            TRY(seqs_add(seqs, log->parts[part].first_seq + at - 1, e));
        return ERR_OK;
    }
    if (!(members_of(&log->members, customer) >> (part % 64) & 1))
        return ERR_OK;
    struct index_query q = { customer, INT64_MIN, INT64_MAX, false, history_entry,
                             &(struct history){ seqs, log->parts[part].first_seq } };
    return index_customer(&log->parts[part].index, conn, part, &q, e);
}

enum err_code log_history(const struct log *log, struct store_conn *conn, uint32_t customer, int64_t until,
                          enum err_code (*each)(void *arg, const struct fact *, struct err *e), void *arg,
                          struct err *e)
{
    assert(customer != FACT_NOBODY);
    AUTO(arena) mem = arena_new(HISTORY_FACT_BYTES);
    __attribute__((cleanup(seqs_drop))) struct seqs seqs = { 0 };
    struct fact fact;
    if (!mem)
        return err_set(e, ERR_LIMIT, 0, "no memory to read a history");
    for (size_t part = 0; part < log->n_parts; part++) {
        TRY(history_seqs(log, conn, part, customer, &seqs, e));
        if (seqs.n)
            qsort(seqs.at, seqs.n, sizeof *seqs.at, seq_order);
        for (size_t i = 0; i < seqs.n && seqs.at[i] <= until; i++) {
            arena_reset(mem);
            TRY(log_get(log, conn, seqs.at[i], mem, &fact, e));
            if (!fact.deleted)
                TRY(each(arg, &fact, e));
        }
    }
    return ERR_OK;
}

/* ---- the whole log ---- */

static enum err_code scan_part(const struct log *log, struct store_conn *conn, size_t part, int64_t after,
                               size_t limit, bool raw, struct arena *mem, struct fact *ret, size_t *got,
                               struct err *e)
{
    char sql[LOG_SQL_MAX];
    struct store_stmt *stmt;
    bool row;
    TRY(store_prepare(conn, log_sql(sql, "SELECT " COLUMNS " FROM " LOG_TABLE " WHERE seq > $1 AND seq < $2"
                                    " ORDER BY seq", part + 1), &stmt, e));
    store_bind_i64(stmt, 1, after);
    store_bind_i64(stmt, 2, visible_end(log, conn));
    while (*got < limit) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        TRY(fact_view(log, conn, stmt, raw, mem, &ret[*got], e));
        *got += raw || !ret[*got].deleted;
    }
    store_reset(stmt);
    return ERR_OK;
}

enum err_code log_scan(const struct log *log, struct store_conn *conn, int64_t after, size_t limit, bool raw,
                       struct arena *mem, struct fact *ret, size_t *got, struct err *e)
{
    assert(after >= 0 && limit > 0);
    size_t n = 0;
    int64_t end = visible_end(log, conn);
    for (size_t part = part_of(log, after + 1); part < log->n_parts && n < limit; part++)
        if (log->parts[part].first_seq < end)
            TRY(scan_part(log, conn, part, after, limit, raw, mem, ret, &n, e));
    *got = n;
    return ERR_OK;
}

static enum err_code recent_part(const struct log *log, struct store_conn *conn, size_t part, int64_t before,
                                 struct slice type, struct slice event, size_t limit, struct arena *mem,
                                 struct fact *ret, size_t *got, struct err *e)
{
    static const char *const filters[2][2] = { { "", " AND event = $2" },
                                               { " AND type = $2", " AND type = $2 AND event = $3" } };
    char sql[LOG_SQL_MAX];
    struct store_stmt *stmt;
    bool row;
    TRY(store_prepare(conn, log_sql(sql, "SELECT " COLUMNS " FROM " LOG_TABLE " WHERE seq < $1%s"
                                    " ORDER BY seq DESC", part + 1, filters[type.len > 0][event.len > 0]),
                      &stmt, e));
    store_bind_i64(stmt, 1, before);
    if (type.len)
        store_bind_text(stmt, 2, type);
    if (event.len)
        store_bind_text(stmt, type.len ? 3 : 2, event);
    while (*got < limit) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        TRY(fact_view(log, conn, stmt, false, mem, &ret[*got], e));
        *got += !ret[*got].deleted;
    }
    store_reset(stmt);
    return ERR_OK;
}

enum err_code log_recent(const struct log *log, struct store_conn *conn, int64_t before, struct slice type,
                         struct slice event, size_t limit, struct arena *mem, struct fact *ret, size_t *got,
                         struct err *e)
{
    assert(limit > 0 && got);
    enum fact_type only = FACT_TYPES;
    size_t n = 0;
    int64_t end = visible_end(log, conn);
    if (type.len && !fact_type_parse(type, &only))
        return err_set(e, ERR_INVALID, 0, "'%.*s' is no type of fact", SLICE_ARG(type));
    before = before > 0 && before < end ? before : end;
    for (size_t part = log->n_parts; part-- > 0 && n < limit;) {
        const struct log_part *at = &log->parts[part];
        if (at->first_seq < before && (!type.len || (at->types >> only & 1)))
            TRY(recent_part(log, conn, part, before, type, event, limit, mem, ret, &n, e));
    }
    *got = n;
    return ERR_OK;
}
