/* Reading one customer: identifiers, face, merges, and what people write to mean somebody. */
#include <stdlib.h>

#include "base/limits.h"
#include "memory/customers_state.h"
#include "memory/identity.h"

static struct identifier_owner owner_of(const struct customers *c, struct slice kind, struct slice value)
{
    char buf[LIMIT_IDENTIFIER];
    struct slice folded;
    if (identity_fold(kind, value, buf, &folded, NULL) || folded.len == 0)
        return (struct identifier_owner){ 0, false };
    return customers_owner(c, COMMITTED, kind, folded);
}

uint32_t customers_find(const struct customers *c, struct identifier id)
{
    struct identifier_owner owner = owner_of(c, id.kind, id.value);
    struct slice alone = identity_shared_kind(id.kind);
    if (owner.history || alone.len == 0)
        return owner.history;
    return owner_of(c, alone, id.value).history;  // a role mailbox
}

/* ---- what people write ---- */

static uint32_t by_number(const struct customers *c, struct slice ref)
{
    int64_t id;
    if (ref.len < 2 || ref.at[0] != 'c' || ref.at[1] < '0' || ref.at[1] > '9')
        return 0;
    if (!slice_i64((struct slice){ ref.at + 1, ref.len - 1 }, &id) || id < 1 || id > c->counts.histories)
        return 0;
    return (uint32_t)id;
}

static uint32_t by_any_kind(const struct customers *c, struct slice value)
{
    static const char *const first[] = { "user_id", "email", "anonymous_id" };
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        uint32_t found = customers_find(c, (struct identifier){ slice_of(first[i]), value });
        if (found)
            return found;
    }
    for (uint32_t i = 0; i < c->counts.kinds; i++) {
        uint32_t found = customers_find(c, (struct identifier){ slice_of(c->kinds[i]), value });
        if (found)
            return found;
    }
    return 0;
}

enum err_code customers_resolve(const struct customers *c, struct store_conn *conn, struct slice ref,
                                uint32_t *root, struct err *e)
{
    (void)conn;  // for kinds that memory would not hold
    struct slice value = slice_trim(ref), kind = slice_cut(&value, ':');
    uint32_t found = by_number(c, slice_trim(ref));
    if (!found && value.len)
        found = customers_find(c, (struct identifier){ kind, value });
    if (!found)
        found = by_any_kind(c, slice_trim(ref));
    if (!found)
        return err_set(e, ERR_NOT_FOUND, 0, "no customer has this number or identifier");
    *root = customers_root(c, found);
    return ERR_OK;
}

/* ---- rows of the store ---- */

/* *ok false: the arena is exhausted. */
static struct slice copy(struct arena *mem, struct slice text, bool *ok)
{
    struct slice kept = arena_copy(mem, text);
    *ok = *ok && kept.at;
    return kept;
}

static size_t identifiers_at_most(const struct customers *c, uint32_t root)
{
    size_t n = 0;
    uint32_t at = root;
    do {  // other kinds: 5 of each of a handful
        const struct history *h = customers_shown(c, at);
        n += 64 + (h ? (size_t)h->anonymous_ids + h->emails + h->phones : 0);
        at = customers_next(c, at);
    } while (at != root);
    return n;
}

enum err_code customers_identifiers(const struct customers *c, struct store_conn *conn, uint32_t root,
                                    struct arena *mem, struct identifier_row **ret, size_t *n, struct err *e)
{
    size_t max = identifiers_at_most(c, root), got = 0;
    struct identifier_row *rows = arena_array(mem, struct identifier_row, max);
    if (!rows)
        return customers_no_memory(e);
    bool ok = true;
    uint32_t at = root;
    do {
        struct store_stmt *stmt;
        TRY(store_prepare(conn, SLICE("SELECT kind, COALESCE(shown, value), since, source, shared "
                                      "FROM identifiers WHERE history = $1 ORDER BY kind, value LIMIT $2"),
                          &stmt, e));
        store_bind_i64(stmt, 1, at);
        store_bind_i64(stmt, 2, (int64_t)(max - got));
        for (bool row;;) {
            TRY(store_step(stmt, &row, e));
            if (!row)
                break;
            rows[got++] = (struct identifier_row){
                .id = { copy(mem, store_col_text(stmt, 0), &ok), copy(mem, store_col_text(stmt, 1), &ok) },
                .since_ms = store_col_i64(stmt, 2), .source = (uint32_t)store_col_i64(stmt, 3),
                .history = at, .shared = store_col_i64(stmt, 4) != 0,
            };
        }
        at = customers_next(c, at);
    } while (at != root && got < max);
    if (!ok)
        return customers_no_memory(e);
    *ret = rows;
    *n = got;
    return ERR_OK;
}

enum err_code customers_face(const struct customers *c, struct store_conn *conn, uint32_t root,
                             struct arena *mem, struct customer_face *ret, struct err *e)
{
    struct customer_face face = { 0 };
    struct slice *const members[] = { &face.name, &face.email, &face.user_id, &face.country };
    bool ok = true, complete;
    uint32_t at = root;
    do {  // the root's own word first, then that of the others
        struct store_stmt *stmt;
        TRY(store_prepare(conn, SLICE("SELECT name, email, user_id, country FROM customers WHERE id = $1"),
                          &stmt, e));
        store_bind_i64(stmt, 1, at);
        bool row;
        TRY(store_step(stmt, &row, e));
        complete = true;
        for (int i = 0; row && i < 4; i++) {
            if (members[i]->len == 0 && store_col_text(stmt, i).len)
                *members[i] = copy(mem, store_col_text(stmt, i), &ok);
            complete = complete && members[i]->len;
        }
        store_reset(stmt);
        at = customers_next(c, at);
    } while (at != root && !complete);
    if (!ok)
        return customers_no_memory(e);
    *ret = face;
    return ERR_OK;
}

static int newest_first(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x > y ? -1 : x < y;
}

/* Ids below `before` of all links of a customer, undone ones too, newest first; NULL without memory. */
static int64_t *merge_ids(const struct customers *c, uint32_t root, int64_t before, struct arena *mem,
                          size_t *n)
{
    int64_t *ids = NULL;
    size_t found = 0, distinct = 0;
    for (int pass = 0; pass < 2; pass++) {  // counts, then fills
        uint32_t at = root;
        found = 0;
        do {
            const struct history *h = customers_shown(c, at);
            for (uint32_t i = h ? h->newest_link : 0; i; i = link_older(customers_link(c, i - 1), at)) {
                int64_t id = customers_link(c, i - 1)->id;
                if (before != 0 && id >= before)
                    continue;
                if (ids)
                    ids[found] = id;
                found++;
            }
            at = customers_next(c, at);
        } while (at != root);
        if (!ids)
            ids = arena_array(mem, int64_t, found + 1);
        if (!ids)
            return NULL;
    }
    qsort(ids, found, sizeof *ids, newest_first);
    for (size_t i = 0; i < found; i++) {  // a link inside the customer was met from both its ends
        if (i == 0 || ids[i] != ids[i - 1])
            ids[distinct++] = ids[i];
    }
    *n = distinct;
    return ids;
}

static enum err_code read_merges(struct store_stmt *stmt, size_t max, struct arena *mem,
                                 struct merge_row *ret, size_t *n, struct err *e)
{
    size_t got = 0;
    bool ok = true;
    for (bool row;;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            break;
        assert(got < max);
        ret[got++] = (struct merge_row){
            .id = store_col_i64(stmt, 0), .winner = (uint32_t)store_col_i64(stmt, 1),
            .loser = (uint32_t)store_col_i64(stmt, 2), .reason = copy(mem, store_col_text(stmt, 3), &ok),
            .by = copy(mem, store_col_text(stmt, 4), &ok), .note = copy(mem, store_col_text(stmt, 5), &ok),
            .at_ms = store_col_i64(stmt, 6),
            .undone_ms = store_col_null(stmt, 7) ? FACT_NO_TIME : store_col_i64(stmt, 7),
        };
    }
    *n = got;
    return ok ? ERR_OK : customers_no_memory(e);
}

#define MERGES "SELECT id, winner, loser, reason, made_by, note, made_at, undone_at FROM merges "

enum err_code customers_merges(const struct customers *c, struct store_conn *conn, uint32_t root,
                               int64_t before, size_t limit, struct arena *mem, struct merge_row **ret,
                               size_t *n, struct err *e)
{
    struct store_stmt *stmt;
    struct merge_row *rows = arena_array(mem, struct merge_row, limit);
    if (!rows)
        return customers_no_memory(e);
    size_t got = 0;
    if (root == 0) {
        TRY(store_prepare(conn, SLICE(MERGES "WHERE id < $1 ORDER BY id DESC LIMIT $2"), &stmt, e));
        store_bind_i64(stmt, 1, before ? before : INT64_MAX);
        store_bind_i64(stmt, 2, (int64_t)limit);
        TRY(read_merges(stmt, limit, mem, rows, &got, e));
    } else {
        size_t known = 0;
        const int64_t *ids = merge_ids(c, root, before, mem, &known);
        if (!ids)
            return customers_no_memory(e);
        for (size_t i = 0; i < known && got < limit; i++) {
            size_t one;
            TRY(store_prepare(conn, SLICE(MERGES "WHERE id = $1"), &stmt, e));
            store_bind_i64(stmt, 1, ids[i]);
            TRY(read_merges(stmt, 1, mem, rows + got, &one, e));
            got += one;
        }
    }
    *ret = rows;
    *n = got;
    return ERR_OK;
}

enum err_code customers_suggestions(const struct customers *c, struct store_conn *conn, int64_t before,
                                    size_t limit, struct arena *mem, struct suggestion_row **ret, size_t *n,
                                    struct err *e)
{
    struct suggestion_row *rows = arena_array(mem, struct suggestion_row, limit);
    if (!rows)
        return customers_no_memory(e);
    struct store_stmt *stmt;
    TRY(store_prepare(conn, SLICE("SELECT id, a, b, code, value, made_at FROM suggestions "
                                  "WHERE id < $1 AND dismissed_at IS NULL ORDER BY id DESC"), &stmt, e));
    store_bind_i64(stmt, 1, before ? before : INT64_MAX);
    size_t got = 0;
    bool ok = true;
    for (bool row; got < limit;) {
        TRY(store_step(stmt, &row, e));
        if (!row)
            break;
        uint32_t a = (uint32_t)store_col_i64(stmt, 1), b = (uint32_t)store_col_i64(stmt, 2);
        /* Committed behind what this reader's memory shows, or decided by a merge meanwhile. */
        if (a > c->counts.histories || b > c->counts.histories || customers_root(c, a) == customers_root(c, b))
            continue;
        rows[got++] = (struct suggestion_row){
            .id = store_col_i64(stmt, 0), .a = a, .b = b, .code = copy(mem, store_col_text(stmt, 3), &ok),
            .value = copy(mem, store_col_text(stmt, 4), &ok), .at_ms = store_col_i64(stmt, 5),
        };
    }
    store_reset(stmt);
    if (!ok)
        return customers_no_memory(e);
    *ret = rows;
    *n = got;
    return ERR_OK;
}
