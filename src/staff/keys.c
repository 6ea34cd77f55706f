#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "staff/staff_room.h"
#include "sys/random.h"
#include "text/fold.h"

#define KEY_RANDOM 32             // characters of 5.95 bits
#define KEY_USE_MS INT64_C(60000)  // last_used_at is written once a minute at most
#define KEYS_MAX 10000

static const struct {
    enum scope scope;
    const char *name, *prefix;
} scopes[] = {
    { SCOPE_WRITE, "write", "tw_" },
    { SCOPE_READ, "read", "tr_" },
    { SCOPE_ADMIN, "admin", "ta_" },
};
#define N_SCOPES (sizeof scopes / sizeof *scopes)

const char *scope_name(enum scope scope)
{
    for (size_t i = 0; i < N_SCOPES; i++)
        if (scopes[i].scope == scope)
            return scopes[i].name;
    return "none";
}

bool scope_parse(struct slice name, enum scope *ret)
{
    for (size_t i = 0; i < N_SCOPES; i++) {
        if (!slice_is(name, scopes[i].name))
            continue;
        *ret = scopes[i].scope;
        return true;
    }
    return false;
}

static void text_copy(char *out, size_t cap, struct slice text)
{
    size_t n = text.len < cap ? text.len : cap - 1;
    if (n)
        memcpy(out, text.at, n);
    out[n] = 0;
}

static enum err_code keys_push(struct staff *staff, const struct key_entry *entry, struct err *e)
{
    if (staff->keys == staff->keys_cap) {
        size_t cap = staff->keys_cap ? staff->keys_cap * 2 : 16;
        struct key_entry *grown = realloc(staff->key, cap * sizeof *grown);
        if (!grown)
            return err_set(e, ERR_LIMIT, 0, "no memory for %zu keys", cap);
        staff->key = grown;
        staff->keys_cap = cap;
    }
    staff->key[staff->keys++] = *entry;
    return ERR_OK;
}

static enum err_code key_of_row(struct store_stmt *stmt, struct key_entry *ret, struct err *e)
{
    struct key_entry entry = { .id = store_col_i64(stmt, 0), .created_ms = store_col_i64(stmt, 6),
                               .last_used_ms = store_col_i64(stmt, 7) };
    entry.written_ms = entry.last_used_ms;
    text_copy(entry.name, sizeof entry.name, store_col_text(stmt, 1));
    text_copy(entry.source, sizeof entry.source, store_col_text(stmt, 3));
    text_copy(entry.hash, sizeof entry.hash, store_col_text(stmt, 4));
    text_copy(entry.hint, sizeof entry.hint, store_col_text(stmt, 5));
    if (!scope_parse(store_col_text(stmt, 2), &entry.scope))
        return err_set(e, ERR_CORRUPT, 0, "key %lld has an unknown scope", (long long)entry.id);
    *ret = entry;
    return ERR_OK;
}

static enum err_code keys_read(struct staff *staff, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(staff->read, SLICE("SELECT id, name, scope, source, key_hash, hint, created_at,"
                                         " last_used_at FROM api_keys ORDER BY id"), &stmt, e));
    enum err_code code = ERR_OK;
    for (bool row = true; !code;) {
        struct key_entry entry;
        code = store_step(stmt, &row, e);
        if (code || !row)
            break;
        code = key_of_row(stmt, &entry, e);
        if (!code)
            code = keys_push(staff, &entry, e);
    }
    store_reset(stmt);
    return code;
}

/* Uses that are not in the store yet are carried over to the list just read. */
static void uses_carry(struct staff *staff, const struct key_entry *before, size_t n)
{
    for (size_t i = 0; i < staff->keys; i++)
        for (size_t b = 0; b < n; b++)
            if (before[b].id == staff->key[i].id && before[b].last_used_ms > staff->key[i].last_used_ms)
                staff->key[i].last_used_ms = before[b].last_used_ms;
}

enum err_code staff_keys_load(struct staff *staff, struct err *e)
{
    assert(staff);
    pthread_mutex_lock(&staff->lock);
    struct key_entry *before = staff->key;
    size_t n = staff->keys, cap = staff->keys_cap;
    staff->key = NULL;
    staff->keys = staff->keys_cap = 0;
    enum err_code code = keys_read(staff, e);
    if (code) {  // the list as it was is better than a part of the new one
        free(staff->key);
        staff->key = before;
        staff->keys = n;
        staff->keys_cap = cap;
    } else {
        uses_carry(staff, before, n);
        free(before);
    }
    pthread_mutex_unlock(&staff->lock);
    return code;
}

static enum err_code key_insert(struct store_conn *write, struct key_entry *entry, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(write,
                      SLICE("INSERT INTO api_keys (name, scope, source, key_hash, hint, created_at)"
                            " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id"), &stmt, e));
    store_bind_text(stmt, 1, slice_of(entry->name));
    store_bind_text(stmt, 2, slice_of(scope_name(entry->scope)));
    store_bind_text(stmt, 3, slice_of(entry->source));
    store_bind_text(stmt, 4, slice_of(entry->hash));
    store_bind_text(stmt, 5, slice_of(entry->hint));
    store_bind_i64(stmt, 6, entry->created_ms);
    bool row = false;
    TRY(store_step(stmt, &row, e));
    entry->id = row ? store_col_i64(stmt, 0) : 0;
    store_reset(stmt);
    return ERR_OK;
}

enum err_code staff_key_add(struct staff *staff, struct store_conn *write, enum scope scope,
                            struct slice name, struct slice source, char text[KEY_TEXT], int64_t *id,
                            struct err *e)
{
    assert(staff && text && id && scope != SCOPE_NONE);
    if (source.len == 0)
        source = name;
    if (name.len == 0 || name.len > SOURCE_NAME_MAX || source.len > SOURCE_NAME_MAX || !utf8_valid(name)
        || !utf8_valid(source))
        return err_set(e, ERR_INVALID, 0, "a key needs a name of 1 to %d bytes of UTF-8", SOURCE_NAME_MAX);
    const char *prefix = "";
    for (size_t i = 0; i < N_SCOPES; i++)
        if (scopes[i].scope == scope)
            prefix = scopes[i].prefix;
    char random[KEY_RANDOM + 1];
    random_token(random, KEY_RANDOM);
    int n = snprintf(text, KEY_TEXT, "%s%s", prefix, random);
    assert(n == KEY_RANDOM + 3);
    struct key_entry entry = { .scope = scope, .created_ms = clock_now_ms(staff->clock) };
    secret_hash(slice_of(text), entry.hash);
    text_copy(entry.name, sizeof entry.name, name);
    text_copy(entry.source, sizeof entry.source, source);
    text_copy(entry.hint, sizeof entry.hint, slice_of(text + n - 4));
    pthread_mutex_lock(&staff->lock);
    bool full = staff->keys >= KEYS_MAX;
    pthread_mutex_unlock(&staff->lock);
    if (full)
        return err_set(e, ERR_LIMIT, 0, "there are %d keys already: revoke some", KEYS_MAX);
    TRY(key_insert(write, &entry, e));
    *id = entry.id;
    return ERR_OK;
}

enum err_code staff_key_remove(struct staff *staff, struct store_conn *write, int64_t id, struct err *e)
{
    assert(staff && write);
    struct store_stmt *stmt;
    TRY(store_prepare(write, SLICE("DELETE FROM api_keys WHERE id = $1"), &stmt, e));
    store_bind_i64(stmt, 1, id);
    TRY(store_run(stmt, e));
    return store_changes(write) ? ERR_OK : err_set(e, ERR_NOT_FOUND, 0, "there is no such key");
}

enum err_code staff_keys(struct staff *staff, struct arena *mem, struct key **ret, size_t *n,
                         struct err *e)
{
    assert(staff && ret && n);
    pthread_mutex_lock(&staff->lock);
    struct key *list = arena_array(mem, struct key, staff->keys);
    bool whole = list != NULL;
    for (size_t i = 0; whole && i < staff->keys; i++) {
        const struct key_entry *entry = &staff->key[i];
        list[i] = (struct key){ entry->id, arena_copy(mem, slice_of(entry->name)),
                                arena_copy(mem, slice_of(entry->hint)),
                                arena_copy(mem, slice_of(entry->source)), entry->scope, entry->created_ms,
                                entry->last_used_ms };
        whole = list[i].name.at && list[i].hint.at && list[i].source.at;
    }
    size_t count = staff->keys;
    pthread_mutex_unlock(&staff->lock);
    if (!whole)
        return err_set(e, ERR_LIMIT, 0, "no memory to list %zu keys", count);
    *ret = list;
    *n = count;
    return ERR_OK;
}

static bool use_due(const struct key_entry *entry)
{
    return entry->last_used_ms - entry->written_ms >= KEY_USE_MS;
}

bool keys_flush_due(const struct staff *staff)
{
    for (size_t i = 0; i < staff->keys; i++)
        if (use_due(&staff->key[i]))
            return true;
    return false;
}

enum err_code keys_flush(struct staff *staff, struct store_conn *write, struct err *e)
{
    for (size_t i = 0; i < staff->keys; i++) {
        struct key_entry *entry = &staff->key[i];
        if (!use_due(entry))
            continue;
        struct store_stmt *stmt;
        TRY(store_prepare(write, SLICE("UPDATE api_keys SET last_used_at = $1 WHERE id = $2"), &stmt, e));
        store_bind_i64(stmt, 1, entry->last_used_ms);
        store_bind_i64(stmt, 2, entry->id);
        TRY(store_run(stmt, e));
        entry->written_ms = entry->last_used_ms;
    }
    return ERR_OK;
}

enum scope staff_key_check(struct staff *staff, struct slice text, char source[SOURCE_NAME_MAX + 1])
{
    assert(staff && source);
    if (text.len != KEY_RANDOM + 3)
        return SCOPE_NONE;
    char hash[SECRET_HASH_HEX + 1];
    secret_hash(text, hash);
    enum scope scope = SCOPE_NONE;
    pthread_mutex_lock(&staff->lock);
    for (size_t i = 0; i < staff->keys; i++) {  // hashes, so the time of a comparison tells nothing
        if (memcmp(staff->key[i].hash, hash, SECRET_HASH_HEX) != 0)
            continue;
        staff->key[i].last_used_ms = clock_now_ms(staff->clock);
        memcpy(source, staff->key[i].source, sizeof staff->key[i].source);
        scope = staff->key[i].scope;
        break;
    }
    pthread_mutex_unlock(&staff->lock);
    return scope;
}
