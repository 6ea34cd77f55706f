/* People who log in, sessions, and keys of programs.
 *
 * Passwords  argon2id (libsodium, crypto_pwhash_str, MODERATE limits for people), on a pool thread.
 * Sessions   256 random bits in a cookie, stored as SHA-256; 12 h idle, 7 days at most; a CSRF token each.
 * Keys       "tw_…", "tr_…", "ta_…" (write, read, admin) with 190 random bits, stored as SHA-256 and the last
 *            four characters as a hint; found through memory, so a check costs a hash and a look-up. A write
 *            key may sit in a browser: it can send events and nothing else. Each key names a source.
 * Throttle   5 failures per account and 20 per address within 15 minutes, then ERR_BUSY with the seconds
 *            to wait; an unknown e-mail costs the same time as a wrong password.
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
/* Reads keys and sessions into memory. Writes go through `write`, a connection of its own used under the
 * room's lock (few and small: busy time-out is enough), or through a callback of the writer: see staff.c. */
MUST_CHECK enum err_code staff_new(struct store *, const struct sys_clock *, struct staff **ret,
                                   struct err *e);
void staff_drop(struct staff **);

struct user { int64_t id; struct slice email, name, language; };
MUST_CHECK enum err_code staff_user_add(struct staff *, struct slice email, struct slice name,
                                        struct slice password, struct slice language, int64_t *id,
                                        struct err *e);
MUST_CHECK enum err_code staff_user_password(struct staff *, struct slice email, struct slice password,
                                             struct err *e);
MUST_CHECK enum err_code staff_user_language(struct staff *, int64_t id, struct slice language,
                                             struct err *e);
int64_t staff_users(const struct staff *);

#define SESSION_TOKEN 43
struct session { struct user user; char token[SESSION_TOKEN + 1], csrf[SESSION_TOKEN + 1]; int64_t ends_ms; };
/* Slow (argon2id): on a pool thread. ERR_DENIED wrong; ERR_BUSY throttled, e->pos seconds to wait. */
MUST_CHECK enum err_code staff_login(struct staff *, struct slice email, struct slice password,
                                     struct slice peer, struct arena *mem, struct session *ret,
                                     struct err *e);
/* Fast. ERR_DENIED when there is no such session or it has ended. */
MUST_CHECK enum err_code staff_session(struct staff *, struct slice token, struct arena *mem,
                                       struct session *ret, struct err *e);
MUST_CHECK enum err_code staff_logout(struct staff *, struct slice token, struct err *e);

struct key { int64_t id; struct slice name, hint, source; enum scope scope; int64_t created_ms, last_used_ms; };
#define KEY_TEXT 36
MUST_CHECK enum err_code staff_key_add(struct staff *, enum scope, struct slice name, struct slice source,
                                       char text[KEY_TEXT], struct key *ret, struct arena *mem,
                                       struct err *e);
MUST_CHECK enum err_code staff_key_remove(struct staff *, int64_t id, struct err *e);
MUST_CHECK enum err_code staff_keys(struct staff *, struct arena *mem, struct key **ret, size_t *n,
                                    struct err *e);
/* Fast, any thread. SCOPE_NONE for an unknown key. *source: the name of its source, lives as long as the key. */
enum scope staff_key_check(struct staff *, struct slice text, uint32_t *key_source_id, struct slice *source);

#endif
