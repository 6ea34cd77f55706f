/* Single acts on histories and identifiers inside a transaction. */
#include "memory/customers_write.h"

#include "memory/customers_state.h"
#include "memory/customers_tx.h"

static void bind_or_null(struct store_stmt *stmt, int param, struct slice value)
{
    if (value.len)
        store_bind_text(stmt, param, value);
    else
        store_bind_null(stmt, param);
}

enum err_code tx_history_new(struct tx *tx, enum customer_kind kind, struct slice user_id,
                             int64_t timestamp_ms, uint32_t *ret, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO customers (id, kind, first_seen, user_id) "
                                      "VALUES ($1, $2, $3, $4)"), &stmt, e));
    store_bind_i64(stmt, 1, (int64_t)tx->customers->tx.histories + 1);
    store_bind_text(stmt, 2, slice_of(customer_kind_name(kind)));
    store_bind_i64(stmt, 3, timestamp_ms);
    bind_or_null(stmt, 4, user_id);
    TRY(store_run(stmt, e));
    return customers_add_history(tx->customers, kind, timestamp_ms, ret, e);
}

enum err_code tx_identifier_new(struct tx *tx, struct slice kind, struct slice folded, struct slice shown,
                                uint32_t history, uint32_t source, int64_t timestamp_ms, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO identifiers "
                                      "(history, kind, value, shown, since, source, shared) "
                                      "VALUES ($1, $2, $3, $4, $5, $6, 0)"), &stmt, e));
    store_bind_i64(stmt, 1, history);
    store_bind_text(stmt, 2, kind);
    store_bind_text(stmt, 3, folded);
    bind_or_null(stmt, 4, slice_eq(folded, shown) ? SLICE("") : shown);
    store_bind_i64(stmt, 5, timestamp_ms);
    store_bind_i64(stmt, 6, source);
    TRY(store_run(stmt, e));
    return customers_add_identifier(tx->customers, kind, folded, history, false, e);
}

enum err_code tx_share(struct tx *tx, struct slice kind, struct slice folded, uint32_t history,
                       struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("UPDATE identifiers SET shared = 1 "
                                      "WHERE history = $1 AND kind = $2 AND value = $3"), &stmt, e));
    store_bind_i64(stmt, 1, history);
    store_bind_text(stmt, 2, kind);
    store_bind_text(stmt, 3, folded);
    TRY(store_run(stmt, e));
    return customers_add_identifier(tx->customers, kind, folded, history, true, e);
}

enum err_code tx_note(struct tx *tx, enum fact_type type, uint32_t customer, uint32_t source,
                      int64_t timestamp_ms, const struct buf *body, int64_t *seq, struct err *e)
{
    TRY(buf_check(body, "the body of a fact", e));
    struct fact fact = {
        .type = type, .customer = customer, .source = source, .timestamp_ms = timestamp_ms,
        .original_ms = FACT_NO_TIME, .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms, .body = buf_slice(body),
    };
    TRY(tx_append(tx, &fact, e));
    *seq = fact.seq;
    return ERR_OK;
}

enum err_code tx_customer_face(struct tx *tx, uint32_t history, const struct customer_face *face,
                               struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("UPDATE customers SET name = $2, email = $3, country = $4 "
                                      "WHERE id = $1"), &stmt, e));
    store_bind_i64(stmt, 1, history);
    bind_or_null(stmt, 2, face->name);
    bind_or_null(stmt, 3, face->email);
    bind_or_null(stmt, 4, face->country);
    return store_run(stmt, e);
}
