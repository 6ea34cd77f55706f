/* Start: the tables of 0002-customers.sql, each scanned once in the order it lies in. */
#include <stdlib.h>

#include "base/limits.h"
#include "memory/customers_state.h"

static enum err_code corrupt(struct err *e, const char *table, int64_t row)
{
    return err_set(e, ERR_CORRUPT, (size_t)row, "table %s, row of %lld: not what this program writes; "
                   "restore a backup", table, (long long)row);
}

static enum err_code load_histories(struct customers *c, struct store_conn *conn, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(conn, SLICE("SELECT id, kind, first_seen, seen_with FROM customers ORDER BY id"),
                      &stmt, e));
    for (bool row;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        enum customer_kind kind;
        uint32_t id;
        int64_t want = store_col_i64(stmt, 0), seen_with = store_col_i64(stmt, 3);
        if (!customer_kind_parse(store_col_text(stmt, 1), &kind))
            return corrupt(e, "customers", want);
        TRY(customers_add_history(c, kind, store_col_i64(stmt, 2), &id, e));
        if (id != want || seen_with < 0 || seen_with > LIMIT_CUSTOMERS)
            return corrupt(e, "customers", want);
        customers_edit(c, id)->seen_with = (uint32_t)seen_with;
    }
}

static enum err_code load_identifiers(struct customers *c, struct store_conn *conn, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(conn, SLICE("SELECT kind, value, history, shared FROM identifiers "
                                  "ORDER BY history, kind, value"), &stmt, e));
    for (bool row;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        struct slice kind = store_col_text(stmt, 0), value = store_col_text(stmt, 1);
        int64_t history = store_col_i64(stmt, 2);
        if (history < 1 || history > c->tx.histories
            || customers_owner(c, IN_TX, kind, value).history)
            return corrupt(e, "identifiers", history);
        TRY(customers_load_identifier(c, kind, value, (uint32_t)history, store_col_i64(stmt, 3) != 0, e));
    }
}

static enum err_code load_links(struct customers *c, struct store_conn *conn, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(conn, SLICE("SELECT id, winner, loser, reason, undone_at FROM merges ORDER BY id"),
                      &stmt, e));
    for (bool row;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            return ERR_OK;
        int64_t id = store_col_i64(stmt, 0), winner = store_col_i64(stmt, 1), loser = store_col_i64(stmt, 2);
        if (winner < 1 || winner > c->tx.histories || loser < 1 || loser > c->tx.histories
            || winner == loser)
            return corrupt(e, "merges", id);
        struct link l = link_of(id, (uint32_t)winner, (uint32_t)loser, store_col_text(stmt, 3));
        l.state = store_col_null(stmt, 4) ? LINK_STANDS : LINK_UNDONE;
        TRY(links_make(c, l, e));
    }
}

static enum err_code load_suggestion_id(struct customers *c, struct store_conn *conn, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    TRY(store_prepare(conn, SLICE("SELECT COALESCE(MAX(id), 0) FROM suggestions"), &stmt, e));
    TRY(store_step(stmt, &row, e));
    c->tx.suggestion = row ? store_col_i64(stmt, 0) : 0;
    store_reset(stmt);
    return ERR_OK;
}

static enum err_code load(struct customers *c, struct store_conn *conn, struct err *e)
{
    TRY(load_histories(c, conn, e));
    TRY(load_identifiers(c, conn, e));
    TRY(load_links(c, conn, e));
    TRY(load_suggestion_id(c, conn, e));
    customers_committed(c);
    return ERR_OK;
}

enum err_code customers_new(struct store_conn *conn, uint64_t seed, struct customers **ret, struct err *e)
{
    struct customers *c = calloc(1, sizeof *c);
    if (!c)
        return customers_no_memory(e);
    c->seed = seed;
    c->ended = true;
    enum err_code code = load(c, conn, e);
    if (code) {
        customers_drop(&c);
        return code;
    }
    *ret = c;
    return ERR_OK;
}
