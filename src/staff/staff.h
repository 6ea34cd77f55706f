/* People who log in, sessions, and keys of programs.
 *
 * Passwords  argon2id (libsodium's crypto_pwhash_str with INTERACTIVE limits: 64 MiB, so that a small
 *            machine can log people in), on a pool thread.
 * Sessions   256 random bits in a cookie, stored as SHA-256; end after 12 h without a request and 7 days
 *            at most; each has a CSRF token of its own.
 * Keys       "tw_…", "tr_…", "ta_…" (write, read, admin) with 190 random bits, stored as SHA-256, and the
 *            last four characters as a hint. All keys are in memory: a check costs one hash. A write key
 *            may sit in a browser: it can send events and nothing else. Each key names a source.
 * Throttle   5 failures per account and 20 per address within 15 minutes, then ERR_BUSY with the seconds
 *            to wait in e->pos; an unknown e-mail costs the same time as a wrong password.
 * Threads    every function may be called from any thread; the room has a lock and a reading connection of
 *            its own. Functions that take `write` run inside the one writer's transaction (a command of
 *            memory/): a second writing connection would starve beside a busy log. What they change is
 *            seen once it is committed: keys by staff_keys_load.
 */
#ifndef TENDERO_STAFF_STAFF_H
#define TENDERO_STAFF_STAFF_H

#include "base/arena.h"
#include "io/store/store.h"
#include "sys/clock.h"

enum scope { SCOPE_NONE, SCOPE_WRITE, SCOPE_READ, SCOPE_ADMIN };
const char *scope_name(enum scope);
bool scope_parse(struct slice, enum scope *ret);

struct staff;
MUST_CHECK enum err_code staff_new(struct store *, const struct sys_clock *, struct staff **ret,
                                   struct err *e);
void staff_drop(struct staff **);

struct user {
    int64_t id, created_ms;
    struct slice email, name, language;  // language: "en" or "es"
};
/* argon2id, some 60 ms: never inside the writer's transaction. ERR_INVALID: shorter than 10 bytes or longer
 * than PASSWORD_MAX. */
#define PASSWORD_MAX 1024
#define PASSWORD_HASH 128
MUST_CHECK enum err_code staff_password_hash(struct slice password, char hash[PASSWORD_HASH], struct err *e);
/* ERR_INVALID: no e-mail address. ERR_CONFLICT: exists already. Sets user->id and user->created_ms. */
MUST_CHECK enum err_code staff_user_add(struct staff *, struct store_conn *write, struct user *user,
                                        const char *password_hash, struct err *e);
/* Both end the user's sessions. ERR_NOT_FOUND; ERR_CONFLICT: the last one, after whom nobody could come in. */
MUST_CHECK enum err_code staff_user_password(struct staff *, struct store_conn *write, int64_t id,
                                             const char *password_hash, struct err *e);
MUST_CHECK enum err_code staff_user_remove(struct staff *, struct store_conn *write, int64_t id, struct err *e);
MUST_CHECK enum err_code staff_user_language(struct staff *, struct store_conn *write, int64_t id, struct slice language,
                                             struct err *e);
/* In the order of their e-mail addresses, the first thousand. */
MUST_CHECK enum err_code staff_users(struct staff *, struct arena *mem, struct user **ret, size_t *n,
                                     struct err *e);

#define SESSION_TOKEN 43
struct session {
    struct user user;  // in mem
    char token[SESSION_TOKEN + 1], csrf[SESSION_TOKEN + 1];
};
/* Slow (argon2id): on a pool thread. ERR_DENIED: wrong, whatever was wrong. ERR_BUSY: throttled. */
MUST_CHECK enum err_code staff_login(struct staff *, struct slice email, struct slice password,
                                     struct slice peer, struct arena *mem, struct user *ret, struct err *e);
/* A session for somebody staff_login let in. */
MUST_CHECK enum err_code staff_session_start(struct staff *, struct store_conn *write, struct user,
                                             struct session *ret, struct err *e);
/* ERR_DENIED when there is no such session or it has ended. */
MUST_CHECK enum err_code staff_session(struct staff *, struct slice token, struct arena *mem,
                                       struct session *ret, struct err *e);
MUST_CHECK enum err_code staff_logout(struct staff *, struct store_conn *write, struct slice token, struct err *e);

struct key {
    int64_t id;
    struct slice name, hint, source;
    enum scope scope;
    int64_t created_ms, last_used_ms;  // last_used_ms 0: never
};
#define KEY_TEXT 36
MUST_CHECK enum err_code staff_key_add(struct staff *, struct store_conn *write, enum scope, struct slice name, struct slice source,
                                       char text[KEY_TEXT], int64_t *id, struct err *e);
MUST_CHECK enum err_code staff_key_remove(struct staff *, struct store_conn *write, int64_t id, struct err *e);
/* Reads the keys again: after a transaction that added or removed one. */
MUST_CHECK enum err_code staff_keys_load(struct staff *, struct err *e);
/* Writes when keys and sessions were last used, if anything is to be written: every minute. */
bool staff_flush_due(struct staff *);
MUST_CHECK enum err_code staff_flush(struct staff *, struct store_conn *write, struct err *e);
MUST_CHECK enum err_code staff_keys(struct staff *, struct arena *mem, struct key **ret, size_t *n,
                                    struct err *e);
/* SCOPE_NONE for an unknown key; else the key's source is copied to source[SOURCE_NAME_MAX + 1]. */
#define SOURCE_NAME_MAX 64
enum scope staff_key_check(struct staff *, struct slice text, char source[SOURCE_NAME_MAX + 1]);

#endif
