/* Accounts: companies, households and partners, and the persons who act for them. */
#include "base/limits.h"
#include "memory/customers_state.h"
#include "memory/customers_tx.h"
#include "memory/identity.h"
#include "text/json.h"

#define BODY_BYTES 16384
#define ROLE_DEFAULT "member"

struct membership {
    uint32_t person, account;
    struct slice role;
};

static enum err_code is_member(struct tx *tx, const struct membership *m, bool *ret, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("SELECT 1 FROM memberships WHERE person = $1 AND account = $2 "
                                      "AND role = $3 AND ended IS NULL"), &stmt, e));
    store_bind_i64(stmt, 1, m->person);
    store_bind_i64(stmt, 2, m->account);
    store_bind_text(stmt, 3, m->role);
    TRY(store_step(stmt, ret, e));
    store_reset(stmt);
    return ERR_OK;
}

static enum err_code note(struct tx *tx, const struct membership *m, bool ended, struct slice by,
                          uint32_t source, int64_t timestamp_ms, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf body = buf_make(BODY_BYTES);
    struct json_w w = json_w(&body);
    json_w_open(&w, '{');
    json_w_ki64(&w, "account", m->account);
    if (m->role.len)
        json_w_kstring(&w, "role", m->role);
    if (ended)
        json_w_kbool(&w, "ended", true);
    if (by.len)
        json_w_kstring(&w, "by", by);
    json_w_close(&w, '}');
    int64_t seq;
    return tx_note(tx, FACT_MEMBERSHIP, m->person, source, timestamp_ms, &body, &seq, e);
}

static enum err_code begin(struct tx *tx, struct membership m, struct slice by, uint32_t source,
                           int64_t timestamp_ms, struct err *e)
{
    if (m.role.len == 0)
        m.role = SLICE(ROLE_DEFAULT);
    bool member;
    TRY(is_member(tx, &m, &member, e));
    if (member)
        return ERR_OK;
    TRY(note(tx, &m, false, by, source, timestamp_ms, e));
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO memberships (person, account, role, since) "
                                      "VALUES ($1, $2, $3, $4) ON CONFLICT (person, account, role) "
                                      "DO UPDATE SET since = excluded.since, ended = NULL"), &stmt, e));
    store_bind_i64(stmt, 1, m.person);
    store_bind_i64(stmt, 2, m.account);
    store_bind_text(stmt, 3, m.role);
    store_bind_i64(stmt, 4, timestamp_ms);
    return store_run(stmt, e);
}

/* An empty role ends them all. */
static enum err_code end(struct tx *tx, struct membership m, struct slice by, uint32_t source, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("UPDATE memberships SET ended = $3 WHERE person = $1 AND account = $2 "
                                      "AND ended IS NULL AND (role = $4 OR $4 = '')"), &stmt, e));
    store_bind_i64(stmt, 1, m.person);
    store_bind_i64(stmt, 2, m.account);
    store_bind_i64(stmt, 3, tx->now_ms);
    store_bind_text(stmt, 4, m.role);
    TRY(store_run(stmt, e));
    if (store_changes(tx->conn) == 0)
        return err_set(e, ERR_NOT_FOUND, 0, "c%u does not act for c%u%s", m.person, m.account,
                       m.role.len ? " in that role" : "");
    return note(tx, &m, true, by, source, tx->now_ms, e);
}

static enum err_code check(const struct customers *c, uint32_t person, uint32_t account, struct err *e)
{
    if (!history_exists(c, person) || !history_exists(c, account))
        return err_set(e, ERR_NOT_FOUND, 0, "there is no customer c%u",
                       history_exists(c, person) ? account : person);
    if (customers_history(c, IN_TX, person)->kind != KIND_PERSON)
        return err_set(e, ERR_INVALID, 0, "c%u is no person: only persons act for an account", person);
    if (customers_history(c, IN_TX, account)->kind == KIND_PERSON)
        return err_set(e, ERR_INVALID, 0, "c%u is a person: an account is a company, a household or a "
                       "partner", account);
    return ERR_OK;
}

enum err_code tx_membership(struct tx *tx, uint32_t person, uint32_t account, struct slice role,
                            bool ended, struct slice by, struct err *e)
{
    struct membership m = { person, account, role };
    uint32_t source;
    TRY(check(tx->customers, person, account, e));
    if (role.len > LIMIT_TRAIT_NAME)
        return err_set(e, ERR_LIMIT, 0, "a role has at most %d bytes", LIMIT_TRAIT_NAME);
    TRY(tx_source(tx, SLICE("staff"), &source, e));
    return ended ? end(tx, m, by, source, e) : begin(tx, m, by, source, tx->now_ms, e);
}

enum err_code tx_group(struct tx *tx, uint32_t person, struct slice group_id, enum customer_kind kind,
                       struct slice role, uint32_t source, int64_t timestamp_ms, uint32_t *account,
                       struct err *e)
{
    static const struct slice group = { "group_id", 8 };
    struct customers *c = tx->customers;
    char buf[LIMIT_IDENTIFIER];
    struct slice folded;
    TRY(identity_fold(group, group_id, buf, &folded, e));
    if (folded.len == 0) {
        *account = FACT_NOBODY;
        return ERR_OK;
    }
    uint32_t history = customers_owner(c, IN_TX, group, folded).history;
    if (!history) {
        TRY(tx_history_new(tx, kind == KIND_PERSON ? KIND_COMPANY : kind, SLICE(""), timestamp_ms, &history,
                           e));
        TRY(tx_identifier_new(tx, group, folded, slice_trim(group_id), history, source, timestamp_ms, e));
    }
    *account = history;
    /* Ids given by hand to a person, or a person's to a company: the fact is kept, nobody is joined. */
    if (person == FACT_NOBODY || check(c, person, history, NULL))
        return ERR_OK;
    struct slice cut = { role.at, role.len <= LIMIT_TRAIT_NAME ? role.len : 0 };
    return begin(tx, (struct membership){ person, history, cut }, SLICE(""), source, timestamp_ms, e);
}

enum err_code customers_memberships(const struct customers *c, struct store_conn *conn, uint32_t root,
                                    bool members, struct arena *mem, struct membership_row **ret, size_t *n,
                                    struct err *e)
{
    static const char of_person[] = "SELECT person, account, role, since FROM memberships "
                                    "WHERE person = $1 AND ended IS NULL ORDER BY account, role LIMIT $2";
    static const char of_account[] = "SELECT person, account, role, since FROM memberships "
                                     "WHERE account = $1 AND ended IS NULL ORDER BY person, role LIMIT $2";
    struct membership_row *rows = arena_array(mem, struct membership_row, LIMIT_PAGE);
    if (!rows)
        return customers_no_memory(e);
    size_t got = 0;
    uint32_t at = root;
    do {
        struct store_stmt *stmt;
        TRY(store_prepare(conn, slice_of(members ? of_account : of_person), &stmt, e));
        store_bind_i64(stmt, 1, at);
        store_bind_i64(stmt, 2, (int64_t)(LIMIT_PAGE - got));
        for (bool row;;) {
            TRY(store_step(stmt, &row, e));
            if (!row)
                break;
            struct slice role = arena_copy(mem, store_col_text(stmt, 2));
            if (!role.at)
                return customers_no_memory(e);
            rows[got++] = (struct membership_row){ (uint32_t)store_col_i64(stmt, 0),
                                                   (uint32_t)store_col_i64(stmt, 1), role,
                                                   store_col_i64(stmt, 3) };
        }
        at = customers_next(c, at);
    } while (at != root && got < LIMIT_PAGE);
    *ret = rows;
    *n = got;
    return ERR_OK;
}
