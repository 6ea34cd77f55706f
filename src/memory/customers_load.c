/* Start: the tables of 0002-customers.sql, each scanned once in the order it lies in. */
#include <stdlib.h>

#include "base/limits.h"
#include "memory/customers_state.h"

static enum err_code corrupt(struct err *e, const char *table, int64_t row)
{
    return err_set(e, ERR_CORRUPT, (size_t)row, "table %s, row of %lld: not what this program writes; "
                   "restore a backup", table, (long long)row);
}

static enum err_code number(struct store_conn *conn, struct slice sql, int64_t *ret, struct err *e)
{
    struct store_stmt *stmt;
    bool row;
    TRY(store_prepare(conn, sql, &stmt, e));
    TRY(store_step(stmt, &row, e));
    *ret = row ? store_col_i64(stmt, 0) : 0;
    store_reset(stmt);
    return ERR_OK;
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

/* An identifier lands on a random line of a table much larger than any cache. It waits behind so many
 * others while that line is fetched: two thirds of the time to start went there. */
#define AHEAD 32

struct queue {
    struct {
        struct identifier_key key;
        struct identifier_owner owner;
    } waiting[AHEAD];
    size_t n;  // ever queued
};

/* Puts the one that has waited longest into the table; false: somebody has that identifier already. */
static bool put_oldest(struct customers *c, struct queue *q, size_t oldest)
{
    size_t before = c->identifiers.n;
    identifier_table_put(&c->identifiers, q->waiting[oldest % AHEAD].key, q->waiting[oldest % AHEAD].owner);
    return c->identifiers.n > before;
}

static bool put(struct customers *c, struct queue *q, struct identifier_key key,
                struct identifier_owner owner)
{
    bool fine = q->n < AHEAD || put_oldest(c, q, q->n);
    identifier_table_prefetch(&c->identifiers, key);
    q->waiting[q->n % AHEAD].key = key;
    q->waiting[q->n % AHEAD].owner = owner;
    q->n++;
    return fine;
}

static enum err_code table_sized(struct customers *c, struct store_conn *conn, struct err *e)
{
    int64_t n;
    struct identifier_table sized = { NULL, 0, 0 };
    TRY(number(conn, SLICE("SELECT COUNT(*) FROM identifiers"), &n, e));
    if (!identifier_table_copy(&c->identifiers, (size_t)n, &sized))
        return customers_no_memory(e);
    c->identifiers = sized;
    return ERR_OK;
}

static enum err_code load_identifiers(struct customers *c, struct store_conn *conn, struct err *e)
{
    struct queue queue = { .n = 0 };
    struct store_stmt *stmt;
    TRY(table_sized(c, conn, e));
    TRY(store_prepare(conn, SLICE("SELECT kind, value, history, shared FROM identifiers "
                                  "ORDER BY history, kind, value"), &stmt, e));
    bool fine = true;
    for (bool row; fine;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            break;
        struct slice kind = store_col_text(stmt, 0);
        int64_t history = store_col_i64(stmt, 2);
        if (history < 1 || history > c->tx.histories)
            return corrupt(e, "identifiers", history);
        TRY(customers_load_identifier(c, kind, (uint32_t)history, e));
        fine = put(c, &queue, identifier_key(kind, store_col_text(stmt, 1), c->seed),
                   (struct identifier_owner){ (uint32_t)history, store_col_i64(stmt, 3) != 0 });
    }
    for (size_t i = queue.n > AHEAD ? queue.n - AHEAD : 0; fine && i < queue.n; i++)
        fine = put_oldest(c, &queue, i);
    if (!fine)
        return err_set(e, ERR_CORRUPT, 0, "table identifiers: one identifier belongs to two customers; "
                       "restore a backup");
    return ERR_OK;
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

static enum err_code load(struct customers *c, struct store_conn *conn, struct err *e)
{
    TRY(load_histories(c, conn, e));
    TRY(load_identifiers(c, conn, e));
    TRY(load_links(c, conn, e));
    TRY(number(conn, SLICE("SELECT COALESCE(MAX(id), 0) FROM suggestions"), &c->tx.suggestion, e));
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
