#include "staff/staff.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "staff/staff_room.h"
#include "sys/random.h"
#include "text/fold.h"

#define PASSWORD_MIN 10
#define ACCOUNT_FAILURES 5
#define ADDRESS_FAILURES 20
#define SESSION_IDLE_MS (INT64_C(12) * 3600 * 1000)
#define SESSION_LIFE_MS (INT64_C(7) * 24 * 3600 * 1000)
#define SESSION_TOUCH_MS (INT64_C(5) * 60 * 1000)

void secret_hash(struct slice secret, char hex[SECRET_HASH_HEX + 1])
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, (const unsigned char *)(secret.len ? secret.at : ""), secret.len);
    sodium_bin2hex(hex, SECRET_HASH_HEX + 1, digest, sizeof digest);
}

enum err_code staff_new(struct store *store, const struct sys_clock *clock, struct staff **ret,
                        struct err *e)
{
    assert(store && clock && ret);
    if (sodium_init() < 0)
        return err_set(e, ERR_IO, 0, "the system has no source of random numbers");
    struct staff *staff = calloc(1, sizeof *staff);
    if (!staff)
        return err_set(e, ERR_LIMIT, 0, "no memory for the staff room");
    pthread_mutex_init(&staff->lock, NULL);
    staff->clock = clock;
    staff->throttle = throttle_new(random_u64());
    enum err_code code = staff->throttle ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for the throttle");
    if (!code)
        code = store_conn_new(store, STORE_READ, &staff->read, e);
    if (!code)
        code = staff_keys_load(staff, e);
    if (code)
        staff_drop(&staff);
    else
        *ret = staff;
    return code;
}

void staff_drop(struct staff **staff)
{
    assert(staff);
    if (!*staff)
        return;
    store_conn_drop(&(*staff)->read);
    throttle_drop(&(*staff)->throttle);
    pthread_mutex_destroy(&(*staff)->lock);
    free((*staff)->key);
    free(*staff);
    *staff = NULL;
}

/* E-mail addresses of staff are compared in lower case. */
static enum err_code email_fold(struct slice email, struct arena *mem, struct slice *ret, struct err *e)
{
    email = slice_trim(email);
    size_t at = slice_find(email, '@');
    if (at == 0 || at + 1 >= email.len || email.len > 320 || !utf8_valid(email))
        return err_set(e, ERR_INVALID, 0, "that is no e-mail address: it needs a name, an @ and a domain");
    struct slice copy = arena_copy(mem, email);
    if (!copy.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for an e-mail address");
    char *text = (char *)copy.at;  // our own copy
    for (size_t i = 0; i < copy.len; i++)
        if (text[i] >= 'A' && text[i] <= 'Z')
            text[i] = (char)(text[i] + ('a' - 'A'));
    *ret = copy;
    return ERR_OK;
}

static_assert(PASSWORD_HASH >= crypto_pwhash_STRBYTES, "libsodium's encoded hash fits");

enum err_code staff_password_hash(struct slice password, char hash[PASSWORD_HASH], struct err *e)
{
    if (password.len < PASSWORD_MIN || password.len > PASSWORD_MAX)
        return err_set(e, ERR_INVALID, 0, "a password needs %d to %d characters", PASSWORD_MIN,
                       PASSWORD_MAX);
    if (crypto_pwhash_str(hash, password.at, password.len, crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE))
        return err_set(e, ERR_LIMIT, 0, "no memory to hash a password (64 MiB are needed)");
    return ERR_OK;
}

static bool language_known(struct slice language)
{
    return slice_is(language, "en") || slice_is(language, "es");
}

static enum err_code user_insert(struct store_conn *write, const struct user *user, const char *password_hash,
                                 int64_t *id, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(write, SLICE("INSERT INTO users (email, name, language, password, created_at)"
                                   " VALUES ($1, $2, $3, $4, $5) RETURNING id"), &stmt, e));
    store_bind_text(stmt, 1, user->email);
    store_bind_text(stmt, 2, user->name);
    store_bind_text(stmt, 3, user->language);
    store_bind_text(stmt, 4, slice_of(password_hash));
    store_bind_i64(stmt, 5, user->created_ms);
    bool row = false;
    enum err_code code = store_step(stmt, &row, e);
    if (code == ERR_CONFLICT)
        code = err_set(e, ERR_CONFLICT, 0, "somebody with that e-mail address is here already");
    if (!code && row)
        *id = store_col_i64(stmt, 0);
    store_reset(stmt);
    return code;
}

enum err_code staff_user_add(struct staff *staff, struct store_conn *write, struct user *user,
                             const char *password_hash, struct err *e)
{
    assert(staff && write && user && password_hash);
    AUTO(arena) mem = arena_new(8192);
    if (!mem)
        return err_set(e, ERR_LIMIT, 0, "no memory to add a user");
    struct user folded = *user;
    TRY(email_fold(user->email, mem, &folded.email, e));
    if (!language_known(user->language))
        return err_set(e, ERR_INVALID, 0, "the language is \"en\" or \"es\"");
    user->created_ms = folded.created_ms = clock_now_ms(staff->clock);
    return user_insert(write, &folded, password_hash, &user->id, e);
}

static enum err_code sessions_end(struct store_conn *write, int64_t user, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(write, SLICE("DELETE FROM sessions WHERE user_id = $1"), &stmt, e));
    store_bind_i64(stmt, 1, user);
    return store_run(stmt, e);
}

enum err_code staff_user_password(struct staff *staff, struct store_conn *write, int64_t id,
                                  const char *password_hash, struct err *e)
{
    assert(staff && write && password_hash);
    struct store_stmt *stmt;
    TRY(store_prepare(write, SLICE("UPDATE users SET password = $1 WHERE id = $2"), &stmt, e));
    store_bind_text(stmt, 1, slice_of(password_hash));
    store_bind_i64(stmt, 2, id);
    TRY(store_run(stmt, e));
    if (store_changes(write) == 0)
        return err_set(e, ERR_NOT_FOUND, 0, "there is nobody with the id %lld", (long long)id);
    return sessions_end(write, id, e);
}

static enum err_code others_remain(struct store_conn *write, int64_t id, struct err *e)
{
    struct store_stmt *stmt;
    bool row = false;
    TRY(store_prepare(write, SLICE("SELECT 1 FROM users WHERE id <> $1 LIMIT 1"), &stmt, e));
    store_bind_i64(stmt, 1, id);
    TRY(store_step(stmt, &row, e));
    store_reset(stmt);
    return row ? ERR_OK
               : err_set(e, ERR_CONFLICT, 0, "nobody else could log in: let somebody else in first");
}

enum err_code staff_user_remove(struct staff *staff, struct store_conn *write, int64_t id, struct err *e)
{
    assert(staff && write);
    struct store_stmt *stmt;
    TRY(others_remain(write, id, e));
    TRY(sessions_end(write, id, e));
    TRY(store_prepare(write, SLICE("DELETE FROM users WHERE id = $1"), &stmt, e));
    store_bind_i64(stmt, 1, id);
    TRY(store_run(stmt, e));
    if (store_changes(write) == 0)
        return err_set(e, ERR_NOT_FOUND, 0, "there is nobody with the id %lld", (long long)id);
    return ERR_OK;
}

enum err_code staff_user_language(struct staff *staff, struct store_conn *write, int64_t id,
                                  struct slice language, struct err *e)
{
    assert(staff && write);
    if (!language_known(language))
        return err_set(e, ERR_INVALID, 0, "the language is \"en\" or \"es\"");
    struct store_stmt *stmt;
    TRY(store_prepare(write, SLICE("UPDATE users SET language = $1 WHERE id = $2"), &stmt, e));
    store_bind_text(stmt, 1, language);
    store_bind_i64(stmt, 2, id);
    return store_run(stmt, e);
}

/* The row's columns id, email, name, language, created_at from `first` on. */
static enum err_code user_read(struct store_stmt *stmt, int first, struct arena *mem, struct user *ret,
                               struct err *e)
{
    *ret = (struct user){ .id = store_col_i64(stmt, first),
                          .created_ms = store_col_i64(stmt, first + 4),
                          .email = arena_copy(mem, store_col_text(stmt, first + 1)),
                          .name = arena_copy(mem, store_col_text(stmt, first + 2)),
                          .language = arena_copy(mem, store_col_text(stmt, first + 3)) };
    if (!ret->email.at || !ret->name.at || !ret->language.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for a user");
    return ERR_OK;
}

#define USERS_MAX 1000

static enum err_code users_read(struct staff *staff, struct arena *mem, struct user *ret, size_t *n, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(staff->read, SLICE("SELECT id, email, name, language, created_at FROM users"
                                         " ORDER BY email LIMIT $1"), &stmt, e));
    store_bind_i64(stmt, 1, USERS_MAX);
    bool row = false;
    enum err_code code = store_step(stmt, &row, e);
    for (*n = 0; !code && row; code = code ? code : store_step(stmt, &row, e))
        code = user_read(stmt, 0, mem, &ret[(*n)++], e);
    store_reset(stmt);
    return code;
}

enum err_code staff_users(struct staff *staff, struct arena *mem, struct user **ret, size_t *n, struct err *e)
{
    assert(staff && ret && n);
    *ret = arena_array(mem, struct user, USERS_MAX);
    if (!*ret)
        return err_set(e, ERR_LIMIT, 0, "no memory for the list of users");
    pthread_mutex_lock(&staff->lock);
    enum err_code code = users_read(staff, mem, *ret, n, e);
    pthread_mutex_unlock(&staff->lock);
    return code;
}

struct account {
    struct user user;
    char password[PASSWORD_HASH];
    bool found;
};

static enum err_code account_find(struct staff *staff, struct slice email, struct arena *mem,
                                  struct account *ret, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(staff->read, SLICE("SELECT id, email, name, language, created_at, password FROM users"
                                         " WHERE email = $1"), &stmt, e));
    store_bind_text(stmt, 1, email);
    bool row;
    TRY(store_step(stmt, &row, e));
    *ret = (struct account){ .found = row };
    if (!row)
        return ERR_OK;
    struct slice password = store_col_text(stmt, 5);
    assert(password.len < sizeof ret->password);
    memcpy(ret->password, password.at, password.len);
    enum err_code code = user_read(stmt, 0, mem, &ret->user, e);
    store_reset(stmt);
    return code;
}

static enum err_code session_insert(struct staff *staff, struct store_conn *write,
                                    const struct session *session, struct err *e)
{
    char hash[SECRET_HASH_HEX + 1];
    secret_hash(slice_of(session->token), hash);
    int64_t now_ms = clock_now_ms(staff->clock);
    struct store_stmt *stmt;
    TRY(store_prepare(write, SLICE("DELETE FROM sessions WHERE seen_at < $1 OR created_at < $2"),
                      &stmt, e));
    store_bind_i64(stmt, 1, now_ms - SESSION_IDLE_MS);
    store_bind_i64(stmt, 2, now_ms - SESSION_LIFE_MS);
    TRY(store_run(stmt, e));
    TRY(store_prepare(write, SLICE("INSERT INTO sessions (token_hash, user_id, csrf, created_at,"
                                         " seen_at) VALUES ($1, $2, $3, $4, $4)"), &stmt, e));
    store_bind_text(stmt, 1, slice_of(hash));
    store_bind_i64(stmt, 2, session->user.id);
    store_bind_text(stmt, 3, slice_of(session->csrf));
    store_bind_i64(stmt, 4, now_ms);
    return store_run(stmt, e);
}

static enum err_code throttle_check(struct staff *staff, struct slice email, struct slice peer,
                                    struct err *e)
{
    int64_t now_ms = clock_now_ms(staff->clock);
    int64_t account_s = throttle_wait_s(staff->throttle, email, ACCOUNT_FAILURES, now_ms);
    int64_t address_s = peer.len ? throttle_wait_s(staff->throttle, peer, ADDRESS_FAILURES, now_ms) : 0;
    int64_t wait_s = account_s > address_s ? account_s : address_s;
    if (wait_s == 0)
        return ERR_OK;
    return err_set(e, ERR_BUSY, (size_t)wait_s, "too many attempts: try again in %lld seconds",
                   (long long)wait_s);
}

/* The same argon2id is computed when nobody has that address: time must not tell who is here. */
static bool password_fits(const struct account *account, struct slice password)
{
    static const char nobody[] = "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                                 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const char *stored = account->found ? account->password : nobody;
    int wrong = crypto_pwhash_str_verify(stored, password.len ? password.at : "", password.len);
    return account->found && !wrong;
}

enum err_code staff_login(struct staff *staff, struct slice email, struct slice password,
                          struct slice peer, struct arena *mem, struct user *ret, struct err *e)
{
    assert(staff && ret);
    struct slice folded;
    TRY(email_fold(email, mem, &folded, e));
    struct account account = { 0 };
    pthread_mutex_lock(&staff->lock);
    enum err_code code = throttle_check(staff, folded, peer, e);
    if (!code) {
        // counted before it is checked, so that parallel attempts cannot outrun the count
        throttle_failed(staff->throttle, folded, clock_now_ms(staff->clock));
        if (peer.len)
            throttle_failed(staff->throttle, peer, clock_now_ms(staff->clock));
        code = account_find(staff, folded, mem, &account, e);
    }
    pthread_mutex_unlock(&staff->lock);
    TRY(code);
    if (password.len > PASSWORD_MAX || !password_fits(&account, password))
        return err_set(e, ERR_DENIED, 0, "the e-mail address or the password is wrong");
    pthread_mutex_lock(&staff->lock);
    throttle_forget(staff->throttle, folded);
    if (peer.len)
        throttle_passed(staff->throttle, peer);
    pthread_mutex_unlock(&staff->lock);
    *ret = account.user;
    return ERR_OK;
}

enum err_code staff_session_start(struct staff *staff, struct store_conn *write, struct user user,
                                  struct session *ret, struct err *e)
{
    assert(staff && write && ret);
    struct session session = { .user = user };
    random_token(session.token, SESSION_TOKEN);
    random_token(session.csrf, SESSION_TOKEN);
    TRY(session_insert(staff, write, &session, e));
    *ret = session;
    return ERR_OK;
}

/* Notes the use of a session for the next flush: reading pages must not write. A full list loses the note,
 * and the session may end a little earlier. */
static void session_touch(struct staff *staff, const char *hash, int64_t now_ms)
{
    size_t at = 0;
    while (at < staff->touches && strcmp(staff->touch[at].hash, hash) != 0)
        at++;
    if (at == TOUCHES_MAX)
        return;
    if (at == staff->touches) {
        memcpy(staff->touch[at].hash, hash, SECRET_HASH_HEX + 1);
        staff->touches++;
    }
    staff->touch[at].at_ms = now_ms;
}

static enum err_code session_find(struct staff *staff, struct slice token, struct arena *mem,
                                  struct session *ret, struct err *e)
{
    char hash[SECRET_HASH_HEX + 1];
    secret_hash(token, hash);
    int64_t now_ms = clock_now_ms(staff->clock);
    struct store_stmt *stmt;
    TRY(store_prepare(staff->read,
                      SLICE("SELECT s.csrf, s.seen_at, u.id, u.email, u.name, u.language, u.created_at"
                            " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.seen_at > $2"
                            " AND s.created_at > $3"), &stmt, e));
    store_bind_text(stmt, 1, slice_of(hash));
    store_bind_i64(stmt, 2, now_ms - SESSION_IDLE_MS);
    store_bind_i64(stmt, 3, now_ms - SESSION_LIFE_MS);
    bool row;
    TRY(store_step(stmt, &row, e));
    if (!row)
        return err_set(e, ERR_DENIED, 0, "nobody is logged in here, or the session has ended: log in again");
    struct slice csrf = store_col_text(stmt, 0);
    int64_t seen_ms = store_col_i64(stmt, 1);
    struct session session = { 0 };
    assert(csrf.len == SESSION_TOKEN && token.len == SESSION_TOKEN);
    memcpy(session.csrf, csrf.at, csrf.len);
    memcpy(session.token, token.at, token.len);
    enum err_code code = user_read(stmt, 2, mem, &session.user, e);
    store_reset(stmt);
    TRY(code);
    if (now_ms - seen_ms > SESSION_TOUCH_MS)
        session_touch(staff, hash, now_ms);
    *ret = session;
    return ERR_OK;
}

enum err_code staff_session(struct staff *staff, struct slice token, struct arena *mem,
                            struct session *ret, struct err *e)
{
    assert(staff && ret);
    if (token.len != SESSION_TOKEN)
        return err_set(e, ERR_DENIED, 0, "nobody is logged in here: log in first");
    pthread_mutex_lock(&staff->lock);
    enum err_code code = session_find(staff, token, mem, ret, e);
    pthread_mutex_unlock(&staff->lock);
    return code;
}

enum err_code staff_logout(struct staff *staff, struct store_conn *write, struct slice token,
                           struct err *e)
{
    assert(staff && write);
    char hash[SECRET_HASH_HEX + 1];
    secret_hash(token, hash);
    struct store_stmt *stmt;
    TRY(store_prepare(write, SLICE("DELETE FROM sessions WHERE token_hash = $1"), &stmt, e));
    store_bind_text(stmt, 1, slice_of(hash));
    return store_run(stmt, e);
}

bool staff_flush_due(struct staff *staff)
{
    assert(staff);
    pthread_mutex_lock(&staff->lock);
    bool due = staff->touches > 0 || keys_flush_due(staff);
    pthread_mutex_unlock(&staff->lock);
    return due;
}

static enum err_code touches_flush(struct staff *staff, struct store_conn *write, struct err *e)
{
    for (size_t i = 0; i < staff->touches; i++) {
        struct store_stmt *stmt;
        TRY(store_prepare(write, SLICE("UPDATE sessions SET seen_at = $1 WHERE token_hash = $2"), &stmt, e));
        store_bind_i64(stmt, 1, staff->touch[i].at_ms);
        store_bind_text(stmt, 2, slice_of(staff->touch[i].hash));
        TRY(store_run(stmt, e));
    }
    staff->touches = 0;
    return ERR_OK;
}

enum err_code staff_flush(struct staff *staff, struct store_conn *write, struct err *e)
{
    assert(staff && write);
    pthread_mutex_lock(&staff->lock);
    enum err_code code = touches_flush(staff, write, e);
    if (!code)
        code = keys_flush(staff, write, e);
    pthread_mutex_unlock(&staff->lock);
    return code;
}
