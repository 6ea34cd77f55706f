/* Merges, unmerges, suggestions. */
#include "base/limits.h"
#include "memory/customers_state.h"
#include "memory/customers_tx.h"
#include "text/json.h"

#define BODY_BYTES 16384  // of a fact of the memory's own

/* ---- suggestions ---- */

enum err_code tx_suggest(struct tx *tx, uint32_t a, uint32_t b, struct slice code, struct slice value,
                         bool *made, struct err *e)
{
    struct store_stmt *stmt;
    int64_t id = tx->customers->tx.suggestion + 1;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO suggestions (id, a, b, code, value, made_at) "
                                      "VALUES ($1, $2, $3, $4, $5, $6) "
                                      "ON CONFLICT (a, b, code) DO NOTHING"), &stmt, e));
    store_bind_i64(stmt, 1, id);
    store_bind_i64(stmt, 2, a < b ? a : b);
    store_bind_i64(stmt, 3, a < b ? b : a);
    store_bind_text(stmt, 4, code);
    store_bind_text(stmt, 5, value);
    store_bind_i64(stmt, 6, tx->now_ms);
    TRY(store_run(stmt, e));
    *made = store_changes(tx->conn) > 0;
    if (*made)
        tx->customers->tx.suggestion = id;
    return ERR_OK;
}

/* The kind of identifier that a suggestion's code speaks of; empty for others. */
static struct slice kind_of_code(struct slice code)
{
    return slice_is(code, "same_email") ? SLICE("email")
         : slice_is(code, "same_phone") ? SLICE("phone") : SLICE("");
}

enum err_code tx_suggestion_dismiss(struct tx *tx, int64_t id, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    TRY(store_prepare(tx->conn, SLICE("UPDATE suggestions SET dismissed_at = $2 WHERE id = $1 "
                                      "AND dismissed_at IS NULL RETURNING code, value"), &stmt, e));
    store_bind_i64(stmt, 1, id);
    store_bind_i64(stmt, 2, tx->now_ms);
    TRY(store_step(stmt, &row, e));
    if (!row)
        return err_set(e, ERR_NOT_FOUND, 0, "no open suggestion has number %lld", (long long)id);
    struct slice kind = kind_of_code(store_col_text(stmt, 0)), value = store_col_text(stmt, 1);
    char buf[LIMIT_IDENTIFIER];
    assert(value.len <= sizeof buf);
    memcpy(buf, value.at, value.len);
    value.at = buf;
    do {  // to its end: some backends change rows as they are stepped
        TRY(store_step(stmt, &row, e));
    } while (row);
    if (kind.len == 0)
        return ERR_OK;
    /* Two people with one address: it identifies neither any more. */
    uint32_t owner = customers_owner(tx->customers, IN_TX, kind, value).history;
    return owner ? tx_share(tx, kind, value, owner, e) : ERR_OK;
}

/* ---- merging ---- */

enum err_code tx_link(struct tx *tx, const struct merge_order *order, int64_t *merge_id, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf body = buf_make(BODY_BYTES);
    struct json_w w = json_w(&body);
    json_w_open(&w, '{');
    json_w_ki64(&w, "winner", order->winner);
    json_w_ki64(&w, "loser", order->loser);
    json_w_kstring(&w, "reason", order->reason);
    if (order->by.len)
        json_w_kstring(&w, "by", order->by);
    if (order->note.len)
        json_w_kstring(&w, "note", order->note);
    json_w_close(&w, '}');

    int64_t id;
    TRY(tx_note(tx, FACT_MERGE, order->loser, order->source, order->timestamp_ms, &body, &id, e));
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO merges (id, winner, loser, reason, made_by, note, made_at) "
                                      "VALUES ($1, $2, $3, $4, $5, $6, $7)"), &stmt, e));
    store_bind_i64(stmt, 1, id);
    store_bind_i64(stmt, 2, order->winner);
    store_bind_i64(stmt, 3, order->loser);
    store_bind_text(stmt, 4, order->reason);
    store_bind_text(stmt, 5, order->by);
    store_bind_text(stmt, 6, order->note);
    store_bind_i64(stmt, 7, tx->now_ms);
    TRY(store_run(stmt, e));
    TRY(links_make(tx->customers, link_of(id, order->winner, order->loser, order->reason), e));
    *merge_id = id;
    return ERR_OK;
}

static enum err_code check_exists(const struct customers *c, uint32_t history, struct err *e)
{
    if (history_exists(c, history))
        return ERR_OK;
    return err_set(e, ERR_NOT_FOUND, 0, "there is no customer c%u", history);
}

enum err_code tx_merge(struct tx *tx, uint32_t winner, uint32_t loser, struct slice reason,
                       struct slice by, struct slice note, int64_t *merge_id, struct err *e)
{
    struct customers *c = tx->customers;
    TRY(check_exists(c, winner, e));
    TRY(check_exists(c, loser, e));
    if (winner == loser)
        return err_set(e, ERR_INVALID, 0, "c%u cannot be merged with itself", winner);
    const struct history *a = customers_history(c, IN_TX, winner), *b = customers_history(c, IN_TX, loser);
    if (a->root == b->root)
        return err_set(e, ERR_CONFLICT, 0, "c%u and c%u are already one customer, c%u", winner, loser,
                       a->root);
    if (a->kind != b->kind)
        return err_set(e, ERR_CONFLICT, 0, "c%u is a %s, c%u a %s: only customers of one kind are merged",
                       winner, customer_kind_name((enum customer_kind)a->kind), loser,
                       customer_kind_name((enum customer_kind)b->kind));
    unsigned together = customers_history(c, IN_TX, a->root)->histories
                      + customers_history(c, IN_TX, b->root)->histories;
    if (together > LIMIT_MERGE_LEAVES)
        return err_set(e, ERR_LIMIT, 0, "merged, c%u would be of %u histories; at most %d are joined",
                       winner, together, LIMIT_MERGE_LEAVES);
    struct merge_order order = { .winner = winner, .loser = loser, .reason = reason, .by = by,
                                 .note = note, .timestamp_ms = tx->now_ms };
    TRY(tx_source(tx, SLICE("staff"), &order.source, e));
    return tx_link(tx, &order, merge_id, e);
}

enum err_code tx_unmerge(struct tx *tx, int64_t merge_id, struct slice by, struct err *e)
{
    struct customers *c = tx->customers;
    uint32_t index, source;
    if (!links_find(c, merge_id, &index))
        return err_set(e, ERR_NOT_FOUND, 0, "there is no merge %lld", (long long)merge_id);
    if (!link_stands(c, IN_TX, index))
        return err_set(e, ERR_CONFLICT, 0, "merge %lld has been undone before", (long long)merge_id);
    __attribute__((cleanup(buf_drop))) struct buf body = buf_make(BODY_BYTES);
    struct json_w w = json_w(&body);
    json_w_open(&w, '{');
    json_w_ki64(&w, "merge", merge_id);
    if (by.len)
        json_w_kstring(&w, "by", by);
    json_w_close(&w, '}');
    int64_t seq;
    TRY(tx_source(tx, SLICE("staff"), &source, e));
    TRY(tx_note(tx, FACT_UNMERGE, customers_link(c, index)->loser, source, tx->now_ms, &body, &seq, e));
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("UPDATE merges SET undone_at = $2 WHERE id = $1"), &stmt, e));
    store_bind_i64(stmt, 1, merge_id);
    store_bind_i64(stmt, 2, tx->now_ms);
    TRY(store_run(stmt, e));
    return links_unmake(c, index, e);
}
