#include "memory/ingest_event.h"
#include "memory/ingest_memory.h"
#include "text/time.h"

enum err_code ingest_reject(struct tx *tx, uint32_t source, const char *code, struct slice body, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO rejections (id, at_ms, source, code, body) "
                                      "VALUES ($1, $2, $3, $4, $5)"), &st, e));
    store_bind_i64(st, 1, ingest_state_rejection_id(memory_ingest(tx->memory)));
    store_bind_i64(st, 2, tx->now_ms);
    store_bind_i64(st, 3, source);
    store_bind_text(st, 4, slice_of(code));
    store_bind_text(st, 5, slice_utf8_cut(body, INGEST_REJECTED_BODY));
    return store_run(st, e);
}

enum err_code ingest_rejections(struct store_conn *conn, int64_t before, size_t limit, struct arena *mem,
                                struct rejection_row **ret, size_t *n, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(conn, SLICE("SELECT id, at_ms, source, code, body FROM rejections "
                                  "WHERE id < $1 ORDER BY id DESC LIMIT $2"), &st, e));
    store_bind_i64(st, 1, before > 0 ? before : INT64_MAX);
    store_bind_i64(st, 2, (int64_t)limit);
    struct rejection_row *rows = arena_array(mem, struct rejection_row, limit + 1);
    size_t got = 0;
    for (bool row; rows && got < limit;) {
        TRY(store_step(st, &row, e));
        if (!row)
            break;
        rows[got] = (struct rejection_row){ store_col_i64(st, 0), store_col_i64(st, 1),
                                            (uint32_t)store_col_i64(st, 2),
                                            arena_copy(mem, store_col_text(st, 3)),
                                            arena_copy(mem, store_col_text(st, 4)) };
        if (!rows[got].code.at || !rows[got].body.at)
            rows = NULL;
        got++;
    }
    store_reset(st);
    if (!rows)
        return err_set(e, ERR_LIMIT, 0, "the rejections need more memory than a request may use");
    *ret = rows;
    *n = got;
    return ERR_OK;
}

enum err_code ingest_rejection_days(struct store_conn *conn, int32_t from_day, struct rejection_day *ret,
                                    size_t max, size_t *n, struct err *e)
{
    struct store_stmt *st;
    size_t got = 0;
    TRY(store_prepare(conn, SLICE("SELECT at_ms / 86400000, COUNT(*) FROM rejections WHERE at_ms >= $1 "
                                  "GROUP BY at_ms / 86400000 ORDER BY 1"), &st, e));
    store_bind_i64(st, 1, from_day * DAY_MS);
    for (bool row; got < max; got++) {
        TRY(store_step(st, &row, e));
        if (!row)
            break;
        ret[got] = (struct rejection_day){ (int32_t)store_col_i64(st, 0), (uint32_t)store_col_i64(st, 1) };
    }
    store_reset(st);
    *n = got;
    return ERR_OK;
}
