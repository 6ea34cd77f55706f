/* Who is who: histories, identifiers, merges.
 *
 * Model     A *history* (leaf) is a dense number from 1. An identifier (kind, value) belongs to one
 *           history for ever, a fact belongs to one history for ever, and which one depends on events
 *           alone. A merge links two histories, an unmerge undoes exactly that link; nothing else ever
 *           changes. A *customer* is the histories that links still standing hold together; its number is
 *           the root's: the winner's root stays root, link by link in order. Links join the two histories
 *           that the evidence speaks of, not the roots above them, and are kept also where another link
 *           joins both already. So unmerge in any order, however interleaved with new events, leaves each
 *           customer exactly with what came in under its own identifiers: a visitor who logged in as A
 *           while A was merged with B stays with A. Reads of a customer gather its histories.
 * Resolving an event goes to the history of its userId; without one, of its anonymousId; without one, of
 *           the first other identifier (externalIds, e-mail, telephone). Identifiers nobody had become this
 *           history's; a known one joins its history with this one (a merge fact: "identify", "email",
 *           "phone") under these rules:
 *             - two different userIds never merge silently. An anonymousId that is seen with a second
 *               userId becomes *shared*: it keeps its past, it joins nobody any more, and later events that
 *               carry only it go to a history of the device (identifier "device"). Users that alias()
 *               called one are no two;
 *             - role mailboxes (info@, sales@, …) and shared e-mails identify nobody. An event with nothing
 *               else goes to a history of the mailbox ("mailbox"; "line" for telephones), which joins
 *               nobody. An e-mail is shared when a suggestion about it is dismissed, or there were three;
 *             - an e-mail known for another customer joins when at most one of both has a userId,
 *               otherwise it is a merge suggestion for a person to decide;
 *             - at most LIMIT_MERGE_LEAVES histories in a customer, and limits per kind (identity_limit);
 *               beyond them an identifier gets a history of its own and a suggestion says why;
 *             - a link that somebody has undone is not made again by itself;
 *             - words for "no value" ("null", "undefined", "0", …) are no identifiers.
 *           alias(previousId, userId) is an explicit wish: it merges, reason "alias"; where both sides
 *           have been identified as different users it is still done (that is what alias is for) and the
 *           merge is listed, and can be undone, like every other. A previousId nobody has becomes an
 *           anonymousId of the user.
 * Threads   customers_* reads under memory_read_lock; tx_* inside a transaction on the writer's thread, which
 *           sees its own uncommitted changes through an overlay that readers do not. A tx_* that fails
 *           otherwise than ERR_INVALID, ERR_NOT_FOUND or ERR_CONFLICT needs the group rolled back.
 * Memory    16 bytes a slot of the identifier table (load <= 3/4), 48 bytes a history, 32 a merge.
 * Internal  customers_write.h: what other parts of the memory tell customers.
 */
#ifndef TENDERO_MEMORY_CUSTOMERS_H
#define TENDERO_MEMORY_CUSTOMERS_H

#include "base/arena.h"
#include "io/store/store.h"
#include "memory/memory.h"

enum customer_kind { KIND_PERSON, KIND_COMPANY, KIND_HOUSEHOLD, KIND_PARTNER };
const char *customer_kind_name(enum customer_kind);
bool customer_kind_parse(struct slice, enum customer_kind *ret);

struct identifier {
    struct slice kind;   // "user_id", "anonymous_id", "email", "phone", "group_id", or any other word
    struct slice value;  // as it came; compared as identity.h folds it
};

MUST_CHECK enum err_code customers_new(struct store_conn *, uint64_t seed, struct customers **ret,
                                       struct err *e);
void customers_drop(struct customers **);
void customers_committed(struct customers *);    // the writer's: overlay becomes base
void customers_rolled_back(struct customers *);  // the writer's: overlay is forgotten
size_t customers_memory_bytes(const struct customers *);

/* ---- reading, under the read lock ---- */
uint32_t customers_count(const struct customers *);    // histories: ids 1..count
uint32_t customers_roots(const struct customers *);    // customers
uint32_t customers_known(const struct customers *);    // of these, with a userId or e-mail
/* The history of an identifier; 0 when unknown. */
uint32_t customers_find(const struct customers *, struct identifier);
/* Has the caches read what looking up this identifier needs, provided it comes as identity.h folds it. */
void customers_prefetch(const struct customers *, struct slice kind, struct slice value);
/* This and all that follow take any history that the store shows; one that is newer than what memory shows
 * (its commit is being told) is a customer of its own, a person, seen at FACT_NO_TIME. */
uint32_t customers_root(const struct customers *, uint32_t history);
/* All histories of the customer of `history`, root first; fills ret[max], returns how many there are. */
size_t customers_histories(const struct customers *, uint32_t history, uint32_t *ret, size_t max);
bool customers_is_root(const struct customers *, uint32_t history);
bool customers_is_known(const struct customers *, uint32_t root);
enum customer_kind customers_kind(const struct customers *, uint32_t history);
/* By timestamp of what came from outside; before the first such fact, when it was made. */
int64_t customers_first_seen_ms(const struct customers *, uint32_t root);
int64_t customers_last_seen_ms(const struct customers *, uint32_t root);
/* What people write: "c42", "kind:value", or a bare value (user id, e-mail, anonymous id, other kinds in
 * that order). Answers the root; ERR_NOT_FOUND. All is in memory: conn may be NULL. */
MUST_CHECK enum err_code customers_resolve(const struct customers *, struct store_conn *, struct slice ref,
                                           uint32_t *root, struct err *e);

/* ---- reading the store: details of one customer; slices in mem ---- */
struct identifier_row {
    struct identifier id;
    int64_t since_ms;
    uint32_t source, history;
    bool shared;
};
MUST_CHECK enum err_code customers_identifiers(const struct customers *, struct store_conn *, uint32_t root,
                                               struct arena *mem, struct identifier_row **ret, size_t *n,
                                               struct err *e);
struct customer_face {  // what a list shows
    struct slice name, email, user_id, country;  // empty: unknown
};
MUST_CHECK enum err_code customers_face(const struct customers *, struct store_conn *, uint32_t root,
                                        struct arena *mem, struct customer_face *ret, struct err *e);
struct merge_row {
    int64_t id;  // seq of the merge fact
    uint32_t winner, loser;
    struct slice reason, by, note;
    int64_t at_ms, undone_ms;  // FACT_NO_TIME: stands
};
/* Newest first below `before` (0: from the newest), undone ones too. root 0: all; else those that touch a
 * history of the customer. */
MUST_CHECK enum err_code customers_merges(const struct customers *, struct store_conn *, uint32_t root,
                                          int64_t before, size_t limit, struct arena *mem,
                                          struct merge_row **ret, size_t *n, struct err *e);
struct suggestion_row {
    int64_t id;
    uint32_t a, b;             // histories
    struct slice code;         // "shared_device", "same_email", "same_phone", "same_identifier": two users
                               // claim `value`; "two_users": it would join two customers who both have a
                               // userId; "identifier_limit": too many of them
    struct slice value;
    int64_t at_ms;
};
/* Open ones, newest first below `before`; pairs that have been merged since are left out. */
MUST_CHECK enum err_code customers_suggestions(const struct customers *, struct store_conn *, int64_t before,
                                               size_t limit, struct arena *mem, struct suggestion_row **ret,
                                               size_t *n, struct err *e);
struct membership_row {
    uint32_t person, account;
    struct slice role;
    int64_t since_ms;
};
/* Accounts that a person acts for, or members of an account; at most LIMIT_PAGE. */
MUST_CHECK enum err_code customers_memberships(const struct customers *, struct store_conn *, uint32_t root,
                                               bool members, struct arena *mem,
                                               struct membership_row **ret, size_t *n, struct err *e);

/* ---- writing, inside a transaction ---- */
struct who {  // identifiers that came with one event; empty where absent
    struct slice user_id, anonymous_id, email, phone, group_id, previous_id;
    const struct identifier *external;  // of context.externalIds, in their own kinds
    size_t n_external;
};
/* The history for an event, made when new; joins histories where the rules above say so (appending merge
 * facts). FACT_NOBODY when `who` is empty. */
MUST_CHECK enum err_code tx_resolve(struct tx *, const struct who *, uint32_t source, int64_t timestamp_ms,
                                    uint32_t *history, struct err *e);
MUST_CHECK enum err_code tx_alias(struct tx *, const struct who *, uint32_t source, int64_t timestamp_ms,
                                  uint32_t *history, struct err *e);
/* The account history of a group_id, made when new (a person's kind makes a company); `person` becomes a
 * member, a fact when it is news. FACT_NOBODY for a group_id that names nobody; `person` may be FACT_NOBODY. */
MUST_CHECK enum err_code tx_group(struct tx *, uint32_t person, struct slice group_id, enum customer_kind,
                                  struct slice role, uint32_t source, int64_t timestamp_ms,
                                  uint32_t *account, struct err *e);
/* By hand. ERR_CONFLICT when somebody has one of the identifiers; e->pos is its index. */
MUST_CHECK enum err_code tx_customer_new(struct tx *, enum customer_kind, const struct identifier *, size_t n,
                                         uint32_t source, uint32_t *history, struct err *e);
/* By hand; winner and loser are histories, usually roots. ERR_CONFLICT: one customer already, or of two
 * kinds; ERR_LIMIT. */
MUST_CHECK enum err_code tx_merge(struct tx *, uint32_t winner, uint32_t loser, struct slice reason,
                                  struct slice by, struct slice note, int64_t *merge_id, struct err *e);
/* ERR_NOT_FOUND, ERR_CONFLICT when it was undone before. Where other merges hold both sides together they
 * stay one customer: customers_root tells. */
MUST_CHECK enum err_code tx_unmerge(struct tx *, int64_t merge_id, struct slice by, struct err *e);
/* A person acts for an account, or (ended) no longer; an empty role is "member", or ends them all. */
MUST_CHECK enum err_code tx_membership(struct tx *, uint32_t person, uint32_t account, struct slice role,
                                       bool ended, struct slice by, struct err *e);
/* "They are two people": an e-mail or telephone number in question is shared from now on. */
MUST_CHECK enum err_code tx_suggestion_dismiss(struct tx *, int64_t id, struct err *e);

#endif
