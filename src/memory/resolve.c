/* From the identifiers of one event to its history. The rules are in customers.h.
 *
 * Which history an identifier or an event goes to depends on events alone, never on merges made or undone:
 * that is what keeps unmerge exact. Merges decide only which histories are joined further.
 */
#include "base/limits.h"
#include "memory/customers_state.h"
#include "memory/customers_tx.h"
#include "memory/identity.h"

#define CLAIMS 24          // identifiers of one event that are looked at
#define ALIASES 64         // users that are followed from alias to alias
#define DISPUTES_SHARED 3  // disputes over one e-mail or telephone number make it shared

struct claim {
    struct slice kind, folded, shown;
    char buf[LIMIT_IDENTIFIER];
    uint32_t history;  // 0: not known yet
    bool shared;
};

struct resolving {
    struct tx *tx;
    struct customers *c;
    uint32_t source;
    int64_t timestamp_ms;
    struct claim claims[CLAIMS];
    size_t n;
};

/* ---- what came ---- */

static enum err_code claim(struct resolving *r, struct slice kind, struct slice value, struct err *e)
{
    if (r->n == CLAIMS)
        return ERR_OK;
    struct claim *claim = &r->claims[r->n];
    TRY(identity_fold(kind, value, claim->buf, &claim->folded, e));
    if (claim->folded.len == 0)
        return ERR_OK;
    claim->kind = kind;
    claim->shown = slice_trim(value);
    struct identifier_owner owner = customers_owner(r->c, IN_TX, kind, claim->folded);
    claim->history = owner.history;
    claim->shared = owner.shared || (slice_is(kind, "email") && identity_is_role_mailbox(claim->folded));
    r->n++;
    return ERR_OK;
}

/* Kinds that a client's externalIds cannot claim: they have a place of their own, or are ours. */
static bool is_reserved(struct slice kind)
{
    static const char *const reserved[] = { "user_id", "group_id", "device", "mailbox", "line", "" };
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (slice_is(kind, reserved[i]))
            return true;
    }
    return false;
}

static enum err_code claims(struct resolving *r, const struct who *who, struct err *e)
{
    TRY(claim(r, SLICE("user_id"), who->user_id, e));
    TRY(claim(r, SLICE("anonymous_id"), who->anonymous_id, e));
    for (size_t i = 0; i < who->n_external; i++) {
        if (!is_reserved(who->external[i].kind))
            TRY(claim(r, who->external[i].kind, who->external[i].value, e));
    }
    TRY(claim(r, SLICE("email"), who->email, e));
    return claim(r, SLICE("phone"), who->phone, e);
}

/* ---- new histories and identifiers ---- */

static enum err_code add_identifier(struct resolving *r, const struct claim *claim, uint32_t history,
                                    struct err *e)
{
    return tx_identifier_new(r->tx, claim->kind, claim->folded, claim->shown, history, r->source,
                             r->timestamp_ms, e);
}

static enum err_code history_of_its_own(struct resolving *r, struct claim *claim, struct err *e)
{
    uint32_t history;
    bool user = slice_is(claim->kind, "user_id");
    TRY(tx_history_new(r->tx, KIND_PERSON, user ? claim->shown : SLICE(""), r->timestamp_ms, &history, e));
    TRY(add_identifier(r, claim, history, e));
    claim->history = history;
    return ERR_OK;
}

static enum err_code see_with(struct resolving *r, uint32_t history, uint32_t user, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(r->tx->conn, SLICE("UPDATE customers SET seen_with = $2 WHERE id = $1"), &stmt, e));
    store_bind_i64(stmt, 1, history);
    store_bind_i64(stmt, 2, user);
    TRY(store_run(stmt, e));
    TRY(customers_reserve_edits(r->c, 1, e));
    customers_edit(r->c, history)->seen_with = user;
    return ERR_OK;
}

static enum err_code count_of(struct resolving *r, uint32_t history, struct slice kind, unsigned *ret,
                              struct err *e)
{
    const struct history *h = customers_history(r->c, IN_TX, history);
    if (slice_is(kind, "anonymous_id"))
        *ret = h->anonymous_ids;
    else if (slice_is(kind, "email"))
        *ret = h->emails;
    else if (slice_is(kind, "phone"))
        *ret = h->phones;
    else {
        struct store_stmt *stmt;
        bool row;
        TRY(store_prepare(r->tx->conn, SLICE("SELECT COUNT(*) FROM identifiers "
                                             "WHERE history = $1 AND kind = $2"), &stmt, e));
        store_bind_i64(stmt, 1, history);
        store_bind_text(stmt, 2, kind);
        TRY(store_step(stmt, &row, e));
        *ret = row ? (unsigned)store_col_i64(stmt, 0) : 0;
        store_reset(stmt);
    }
    return ERR_OK;
}

/* One open word about a customer's limits is enough, however many identifiers run into it. */
static enum err_code suggest_limit(struct resolving *r, uint32_t history, uint32_t other,
                                   struct slice value, struct err *e)
{
    struct store_stmt *stmt;
    bool row, made;
    uint32_t first = history < other ? history : other;
    TRY(store_prepare(r->tx->conn, SLICE("SELECT 1 FROM suggestions WHERE a = $1 "
                                         "AND code = 'identifier_limit' AND dismissed_at IS NULL LIMIT 1"),
                      &stmt, e));
    store_bind_i64(stmt, 1, first);
    TRY(store_step(stmt, &row, e));
    store_reset(stmt);
    return row ? ERR_OK : tx_suggest(r->tx, history, other, SLICE("identifier_limit"), value, &made, e);
}

/* An identifier that nobody had becomes one of the event's history. */
static enum err_code attach(struct resolving *r, struct claim *claim, uint32_t to, struct err *e)
{
    unsigned count;
    TRY(count_of(r, to, claim->kind, &count, e));
    if (count < identity_limit(claim->kind)) {
        claim->history = to;
        return add_identifier(r, claim, to, e);
    }
    TRY(history_of_its_own(r, claim, e));
    return suggest_limit(r, to, claim->history, claim->folded, e);
}

/* ---- joining ---- */

/* Have the two users been called one by alias, directly or over others? Undone aliases count: what an
 * event means must not depend on merges. */
static bool aliased(const struct customers *c, uint32_t a, uint32_t b)
{
    uint32_t known[ALIASES] = { a };
    size_t n = 1;
    for (size_t i = 0; i < n; i++) {
        uint32_t at = customers_history(c, IN_TX, known[i])->newest_link;
        while (at) {
            const struct link *l = customers_link(c, at - 1);
            uint32_t other = l->winner == known[i] ? l->loser : l->winner;
            at = link_older(l, known[i]);
            if (!l->alias)
                continue;
            if (other == b)
                return true;
            size_t seen = 0;
            while (seen < n && known[seen] != other)
                seen++;
            if (seen == n && n < ALIASES)
                known[n++] = other;
        }
    }
    return false;
}

static unsigned sum_of(const struct customers *c, uint32_t history, struct slice kind, unsigned *users)
{
    unsigned sum = 0;
    uint32_t at = history;
    do {
        const struct history *h = customers_history(c, IN_TX, at);
        sum += slice_is(kind, "anonymous_id") ? h->anonymous_ids
             : slice_is(kind, "email") ? h->emails : slice_is(kind, "phone") ? h->phones : 0u;
        *users += (h->has & HAS_USER) != 0;
        at = h->next;
    } while (at != history);
    return sum;
}

/* Two users claim one identifier. */
static enum err_code dispute(struct resolving *r, uint32_t history, const struct claim *claim, bool share,
                             struct err *e)
{
    bool made, phone = slice_is(claim->kind, "phone"), email = slice_is(claim->kind, "email");
    struct slice code = slice_is(claim->kind, "anonymous_id") ? SLICE("shared_device")
                      : email ? SLICE("same_email") : phone ? SLICE("same_phone") : SLICE("same_identifier");
    TRY(tx_suggest(r->tx, history, claim->history, code, claim->folded, &made, e));
    if (made && (email || phone)) {
        struct store_stmt *stmt;
        bool row;
        TRY(store_prepare(r->tx->conn, SLICE("SELECT COUNT(*) FROM suggestions "
                                             "WHERE value = $1 AND code = $2"), &stmt, e));
        store_bind_text(stmt, 1, claim->folded);
        store_bind_text(stmt, 2, code);
        TRY(store_step(stmt, &row, e));
        share = row && store_col_i64(stmt, 0) >= DISPUTES_SHARED;
        store_reset(stmt);
    }
    return share ? tx_share(r->tx, claim->kind, claim->folded, claim->history, e) : ERR_OK;
}

static enum err_code link_claim(struct resolving *r, uint32_t history, const struct claim *claim,
                                struct err *e)
{
    const struct history *a = customers_history(r->c, IN_TX, history);
    const struct history *b = customers_history(r->c, IN_TX, claim->history);
    struct pair pair = links_pair(r->c, IN_TX, history, claim->history);
    if (pair.evident || pair.refused || a->kind != b->kind)
        return ERR_OK;
    bool made;
    unsigned users = 0, sum = sum_of(r->c, history, claim->kind, &users);
    const struct history *root_a = customers_history(r->c, IN_TX, a->root);
    const struct history *root_b = customers_history(r->c, IN_TX, b->root);
    if (root_a == root_b) {
        if (users > 1)  // evidence that would hold two users together once they are unmerged
            return ERR_OK;
    } else {
        if (root_a->joint & root_b->joint & HAS_USER)
            return tx_suggest(r->tx, history, claim->history, SLICE("two_users"), claim->folded, &made, e);
        sum += sum_of(r->c, claim->history, claim->kind, &users);
        if (root_a->histories + root_b->histories > LIMIT_MERGE_LEAVES || sum > identity_limit(claim->kind))
            return suggest_limit(r, history, claim->history, claim->folded, e);
    }
    bool user = a->has & HAS_USER, email = slice_is(claim->kind, "email");
    bool claim_wins = !user && (root_b->joint > root_a->joint
                                || (root_b->joint == root_a->joint && b->root < a->root));
    struct merge_order order = {
        .winner = claim_wins ? claim->history : history,
        .loser = claim_wins ? history : claim->history,
        .reason = email ? SLICE("email") : slice_is(claim->kind, "phone") ? SLICE("phone") : SLICE("identify"),
        .source = r->source, .timestamp_ms = r->timestamp_ms,
    };
    int64_t id;
    return tx_link(r->tx, &order, &id, e);
}

/* The event's history and the one of another identifier in it. */
static enum err_code join(struct resolving *r, uint32_t history, const struct claim *claim, struct err *e)
{
    if (claim->history == history)
        return ERR_OK;
    const struct history *a = customers_history(r->c, IN_TX, history);
    const struct history *b = customers_history(r->c, IN_TX, claim->history);
    bool user = a->has & HAS_USER;
    uint32_t witness = user ? history : b->seen_with, of = user ? claim->history : history;
    if (witness) {
        uint32_t seen = customers_history(r->c, IN_TX, of)->seen_with;
        if (!seen)
            TRY(see_with(r, of, witness, e));
        else if (seen != witness)
            return aliased(r->c, seen, witness)
                 ? ERR_OK
                 : dispute(r, history, claim, user && slice_is(claim->kind, "anonymous_id"), e);
    }
    return link_claim(r, history, claim, e);
}

/* ---- entry points ---- */

static enum err_code resolve(struct resolving *r, const struct who *who, uint32_t *history, struct err *e)
{
    TRY(claims(r, who, e));
    size_t first = 0;
    while (first < r->n && r->claims[first].shared)
        first++;
    if (r->n == 0) {
        *history = FACT_NOBODY;
        return ERR_OK;
    }
    if (first == r->n) {  // nothing but shared ones: the history of the device or mailbox itself
        struct claim *only = &r->claims[0];
        only->kind = identity_shared_kind(only->kind);
        only->history = customers_owner(r->c, IN_TX, only->kind, only->folded).history;
        first = 0;
        r->n = 1;
    }
    if (!r->claims[first].history)
        TRY(history_of_its_own(r, &r->claims[first], e));
    *history = r->claims[first].history;
    for (size_t i = first + 1; i < r->n; i++) {
        struct claim *other = &r->claims[i];
        /* Asked again: an identifier may come twice in one event. */
        other->history = customers_owner(r->c, IN_TX, other->kind, other->folded).history;
        if (other->shared)
            continue;
        TRY(other->history ? join(r, *history, other, e) : attach(r, other, *history, e));
    }
    return ERR_OK;
}

static void resolving_init(struct resolving *r, struct tx *tx, uint32_t source, int64_t timestamp_ms)
{
    r->tx = tx;
    r->c = tx->customers;
    r->source = source;
    r->timestamp_ms = timestamp_ms;
    r->n = 0;  // and the claims are left as they are: 9 KB to clear for each event
}

enum err_code tx_resolve(struct tx *tx, const struct who *who, uint32_t source, int64_t timestamp_ms,
                         uint32_t *history, struct err *e)
{
    struct resolving r;
    resolving_init(&r, tx, source, timestamp_ms);
    return resolve(&r, who, history, e);
}

/* Whom previousId means: a user, else a device; the claim is left on the one of another history. */
static enum err_code claim_previous(struct resolving *r, struct slice previous, uint32_t history,
                                    struct claim **ret, struct err *e)
{
    r->n = 0;
    TRY(claim(r, SLICE("user_id"), previous, e));
    if (r->n && r->claims[0].history && r->claims[0].history != history) {
        *ret = &r->claims[0];
        return ERR_OK;
    }
    bool itself = r->n && r->claims[0].history == history;
    r->n = 0;
    TRY(claim(r, SLICE("anonymous_id"), previous, e));
    *ret = r->n && (r->claims[0].history || !itself) ? &r->claims[0] : NULL;
    return ERR_OK;
}

static enum err_code link_alias(struct resolving *r, uint32_t history, const struct claim *previous,
                                struct err *e)
{
    bool made;
    const struct history *a = customers_history(r->c, IN_TX, history);
    const struct history *b = customers_history(r->c, IN_TX, previous->history);
    if (previous->shared)
        return tx_suggest(r->tx, history, previous->history, SLICE("shared_device"), previous->folded,
                          &made, e);
    struct pair pair = links_pair(r->c, IN_TX, history, previous->history);
    /* An alias is sent again and again by some clients: undone once by a person, it stays undone. */
    if (pair.alias || a->kind != b->kind)
        return ERR_OK;
    unsigned together = customers_history(r->c, IN_TX, a->root)->histories
                      + customers_history(r->c, IN_TX, b->root)->histories;
    if (a->root != b->root && together > LIMIT_MERGE_LEAVES)
        return suggest_limit(r, history, previous->history, previous->folded, e);
    if ((a->has & HAS_USER) && !b->seen_with)
        TRY(see_with(r, previous->history, history, e));
    struct merge_order order = { .winner = history, .loser = previous->history, .reason = SLICE("alias"),
                                 .source = r->source, .timestamp_ms = r->timestamp_ms };
    int64_t id;
    return tx_link(r->tx, &order, &id, e);
}

enum err_code tx_alias(struct tx *tx, const struct who *who, uint32_t source, int64_t timestamp_ms,
                       uint32_t *history, struct err *e)
{
    struct resolving r;
    resolving_init(&r, tx, source, timestamp_ms);
    uint32_t to;
    struct claim *previous;
    TRY(resolve(&r, who, &to, e));
    *history = to;
    if (to == FACT_NOBODY)
        return ERR_OK;
    TRY(claim_previous(&r, who->previous_id, to, &previous, e));
    if (!previous || previous->history == to)
        return ERR_OK;
    return previous->history ? link_alias(&r, to, previous, e) : attach(&r, previous, to, e);
}

enum err_code tx_customer_new(struct tx *tx, enum customer_kind kind, const struct identifier *ids, size_t n,
                              uint32_t source, uint32_t *history, struct err *e)
{
    struct resolving r;
    resolving_init(&r, tx, source, tx->now_ms);
    struct slice user_id = SLICE("");
    for (size_t i = 0; i < n; i++) {
        size_t before = r.n;
        TRY(claim(&r, ids[i].kind, ids[i].value, e));
        if (r.n == before)
            return err_set(e, ERR_INVALID, i, "identifier %zu names nobody, or there are more than %d: "
                           "leave it out", i + 1, CLAIMS);
        const struct claim *c = &r.claims[before];
        if (c->history)
            return err_set(e, ERR_CONFLICT, i, "identifier %zu belongs to customer c%u", i + 1,
                           customers_history(r.c, IN_TX, c->history)->root);
        if (c->shared)
            return err_set(e, ERR_INVALID, i, "identifier %zu is a mailbox that a role reads: keep it as a "
                           "trait", i + 1);
        if (slice_is(c->kind, "user_id") && user_id.len)
            return err_set(e, ERR_INVALID, i, "a customer has one user_id; merge two customers instead");
        if (slice_is(c->kind, "user_id"))
            user_id = c->shown;
    }
    uint32_t made;
    TRY(tx_history_new(tx, kind, user_id, tx->now_ms, &made, e));
    for (size_t i = 0; i < r.n; i++) {
        if (!customers_owner(r.c, IN_TX, r.claims[i].kind, r.claims[i].folded).history)
            TRY(add_identifier(&r, &r.claims[i], made, e));
    }
    *history = made;
    return ERR_OK;
}
