#include "memory/ingest_memory.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"

#define TOLD_MIN 1024
#define SCHEMA_SLOTS (1u << 14)  // load at LIMIT_TRAIT_SCHEMA below a third
#define GROUP_BYTES (256u << 20) // bodies printed anew by one group of imports
static_assert(SCHEMA_SLOTS >= 3 * LIMIT_TRAIT_SCHEMA, "probing stays short");

struct entry {
    struct trait_known known;
    char *name_at;      // owned
    struct slice name;
    int64_t more;       // customers since the last flush
};
struct saved {          // an entry before the running group changed it
    uint32_t id;
    struct trait_known known;
};

struct ingest_state {
    struct live *live;
    struct arena *group;
    struct json_parser *parser;
    bool group_ended;
    struct ingest_totals counted;  // in the running group

    struct entry *entries;  // trait id is index + 1
    size_t n, n_committed, n_saved;
    struct saved *saved;
    uint16_t *slots;        // trait id, 0: free
    bool counts_changed;

    int64_t rejection_next, rejection_committed;
    uint32_t *told;         // by history: hash of the observed traits it has in the store; 0: not known
    size_t n_told;
};

/* ---- the schema ---- */

static size_t slot_of(const struct ingest_state *s, struct slice name)
{
    size_t slot = hash64(name, 0) & (SCHEMA_SLOTS - 1);
    while (s->slots[slot] && !slice_eq(s->entries[s->slots[slot] - 1].name, name))
        slot = (slot + 1) & (SCHEMA_SLOTS - 1);
    return slot;
}

static enum err_code add_entry(struct ingest_state *s, struct slice name, struct trait_known known,
                               struct err *e)
{
    assert(s->n < LIMIT_TRAIT_SCHEMA && known.id == s->n + 1);
    char *copy = malloc(name.len + 1);
    if (!copy)
        return err_set(e, ERR_LIMIT, 0, "the names of the traits need more memory than there is");
    if (name.len)
        memcpy(copy, name.at, name.len);
    s->slots[slot_of(s, name)] = (uint16_t)known.id;
    s->entries[s->n++] = (struct entry){ known, copy, { copy, name.len }, 0 };
    return ERR_OK;
}

static void save(struct ingest_state *s, const struct entry *entry)
{
    for (size_t i = 0; i < s->n_saved; i++)
        if (s->saved[i].id == entry->known.id)
            return;
    if (entry->known.id <= s->n_committed)
        s->saved[s->n_saved++] = (struct saved){ entry->known.id, entry->known };
}

static enum err_code load_schema(struct ingest_state *s, struct store_conn *conn, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(conn, SLICE("SELECT id, name, type, rule, decided FROM trait_schema ORDER BY id"),
                      &st, e));
    for (bool row;;) {
        TRY(store_step(st, &row, e));
        if (!row)
            break;
        struct trait_known known = { (uint32_t)store_col_i64(st, 0), (enum trait_type)store_col_i64(st, 2),
                                     (enum trait_rule)store_col_i64(st, 3), store_col_i64(st, 4) != 0 };
        if (known.id != s->n + 1 || s->n >= LIMIT_TRAIT_SCHEMA || known.type > TRAIT_UNTOLD ||
            known.rule > RULE_ALL) {
            store_reset(st);
            return err_set(e, ERR_CORRUPT, known.id, "row %u of trait_schema does not follow its forerunner",
                           known.id);
        }
        TRY(add_entry(s, store_col_text(st, 1), known, e));
    }
    s->n_committed = s->n;
    return ERR_OK;
}

static enum err_code insert_trait(struct tx *tx, struct slice name, enum trait_type type, struct err *e)
{
    struct ingest_state *s = memory_ingest(tx->memory);
    struct trait_known known = { (uint32_t)s->n + 1, type, RULE_LATEST, false };
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO trait_schema (id, name, type, rule, first_seen_ms) "
                                      "VALUES ($1, $2, $3, $4, $5)"), &st, e));
    store_bind_i64(st, 1, known.id);
    store_bind_text(st, 2, name);
    store_bind_i64(st, 3, type);
    store_bind_i64(st, 4, known.rule);
    store_bind_i64(st, 5, tx->now_ms);
    TRY(store_run(st, e));
    return add_entry(s, name, known, e);
}

static enum trait_type joined(enum trait_type known, enum trait_type seen)
{
    if (known == TRAIT_UNTOLD)
        return seen;
    if (known == seen || seen == TRAIT_UNTOLD || (known == TRAIT_TEXT && seen == TRAIT_DATE))
        return known;
    return known == TRAIT_DATE && seen == TRAIT_TEXT ? TRAIT_TEXT : TRAIT_MIXED;
}

static enum err_code widen(struct tx *tx, struct entry *entry, enum trait_type type, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("UPDATE trait_schema SET type = $1 WHERE id = $2"), &st, e));
    store_bind_i64(st, 1, type);
    store_bind_i64(st, 2, entry->known.id);
    TRY(store_run(st, e));
    save(memory_ingest(tx->memory), entry);
    entry->known.type = type;
    return ERR_OK;
}

enum err_code ingest_state_trait(struct tx *tx, struct slice name, enum trait_type type,
                                 const struct trait_known **ret, struct err *e)
{
    struct ingest_state *s = memory_ingest(tx->memory);
    *ret = NULL;
    size_t slot = slot_of(s, name);
    if (!s->slots[slot]) {
        if (s->n == LIMIT_TRAIT_SCHEMA)
            return ERR_OK;
        TRY(insert_trait(tx, name, type, e));
        slot = slot_of(s, name);
    }
    struct entry *entry = &s->entries[s->slots[slot] - 1];
    enum trait_type wide = joined(entry->known.type, type);
    if (wide != entry->known.type && !entry->known.decided)
        TRY(widen(tx, entry, wide, e));
    *ret = &entry->known;
    return ERR_OK;
}

void ingest_state_trait_count(struct ingest_state *s, uint32_t trait, int by)
{
    assert(trait > 0 && trait <= s->n);
    s->entries[trait - 1].more += by;
    s->counts_changed = true;
}

void ingest_state_trait_edit(struct ingest_state *s, struct slice name, int type, int rule)
{
    size_t slot = slot_of(s, name);
    assert(s->slots[slot]);
    struct entry *entry = &s->entries[s->slots[slot] - 1];
    save(s, entry);
    if (type >= 0) {
        entry->known.type = (enum trait_type)type;
        entry->known.decided = true;
    }
    if (rule >= 0)
        entry->known.rule = (enum trait_rule)rule;
}

/* ---- small things of the writer ---- */

struct live *ingest_state_live(struct ingest_state *s)
{
    return s->live;
}

struct arena *ingest_state_group(struct ingest_state *s)
{
    if (s->group_ended)
        arena_reset(s->group);
    s->group_ended = false;
    return s->group;
}

struct json_parser *ingest_state_parser(struct ingest_state *s)
{
    return s->parser;
}

void ingest_state_count(struct ingest_state *s, bool duplicate)
{
    s->counted.duplicates += duplicate;
    s->counted.accepted += !duplicate;
}

int64_t ingest_state_rejection_id(struct ingest_state *s)
{
    return s->rejection_next++;
}

/* false without memory: then nothing is remembered, and what is in the store is looked up there. */
static bool told_has_room(struct ingest_state *s, uint32_t history)
{
    size_t n = s->n_told ? s->n_told : TOLD_MIN;
    if (history < s->n_told)
        return true;
    while (n <= history)
        n *= 2;
    uint32_t *told = realloc(s->told, n * sizeof *told);
    if (!told)
        return false;
    memset(told + s->n_told, 0, (n - s->n_told) * sizeof *told);
    s->told = told;
    s->n_told = n;
    return true;
}

bool ingest_state_told(struct ingest_state *s, uint32_t history, const struct trait_in *in, size_t n)
{
    if (!told_has_room(s, history))
        return false;
    uint64_t hash = history;
    for (size_t i = 0; i < n; i++)
        hash = hash64(in[i].value, hash_mix(hash + in[i].name.len));
    uint32_t now = (uint32_t)hash ? (uint32_t)hash : 1, before = s->told[history];
    s->told[history] = now;
    return before == now;
}

void ingest_state_untold(struct ingest_state *s, uint32_t history)
{
    if (history < s->n_told)
        s->told[history] = 0;
}

/* ---- the group's end ---- */

static enum err_code flush_counts(struct ingest_state *s, struct store_conn *conn, struct err *e)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!s->entries[i].more)
            continue;
        struct store_stmt *st;
        TRY(store_prepare(conn, SLICE("UPDATE trait_schema SET customers = customers + $1 WHERE id = $2"),
                          &st, e));
        store_bind_i64(st, 1, s->entries[i].more);
        store_bind_i64(st, 2, s->entries[i].known.id);
        TRY(store_run(st, e));
        s->entries[i].more = 0;
    }
    s->counts_changed = false;
    return ERR_OK;
}

enum err_code ingest_state_flush(struct ingest_state *s, struct tx *tx, struct err *e)
{
    assert(s && tx);
    if (s->counts_changed)
        TRY(flush_counts(s, tx->conn, e));
    if (s->rejection_next == s->rejection_committed)
        return ERR_OK;
    struct store_stmt *st;
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM rejections WHERE id < $1"), &st, e));
    store_bind_i64(st, 1, s->rejection_next - INGEST_REJECTIONS_KEPT);
    return store_run(st, e);
}

static void end_group(struct ingest_state *s)
{
    s->group_ended = true;
    s->n_saved = 0;
    s->counted = (struct ingest_totals){ 0 };
}

void ingest_state_committed(struct ingest_state *s)
{
    live_count(s->live, s->counted);
    s->n_committed = s->n;
    s->rejection_committed = s->rejection_next;
    end_group(s);
}

void ingest_state_rolled_back(struct ingest_state *s)
{
    for (size_t i = 0; i < s->n_saved; i++)
        s->entries[s->saved[i].id - 1].known = s->saved[i].known;
    if (s->n != s->n_committed) {
        while (s->n > s->n_committed)
            free(s->entries[--s->n].name_at);
        memset(s->slots, 0, SCHEMA_SLOTS * sizeof *s->slots);
        for (size_t i = 0; i < s->n; i++)
            s->slots[slot_of(s, s->entries[i].name)] = (uint16_t)(i + 1);
    }
    for (size_t i = 0; s->counts_changed && i < s->n; i++)
        s->entries[i].more = 0;
    s->counts_changed = false;
    s->rejection_next = s->rejection_committed;
    if (s->n_told)
        memset(s->told, 0, s->n_told * sizeof *s->told);
    end_group(s);
}

/* ---- life ---- */

static enum err_code load_rejections(struct ingest_state *s, struct store_conn *conn, struct err *e)
{
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(conn, SLICE("SELECT COALESCE(MAX(id), 0) FROM rejections"), &st, e));
    TRY(store_step(st, &row, e));
    s->rejection_next = s->rejection_committed = row ? store_col_i64(st, 0) + 1 : 1;
    store_reset(st);
    return ERR_OK;
}

static enum err_code load(struct ingest_state *s, struct store_conn *conn, struct err *e)
{
    s->live = live_new();
    s->group = arena_new(GROUP_BYTES);
    s->parser = json_parser_new();
    s->entries = calloc(LIMIT_TRAIT_SCHEMA, sizeof *s->entries);
    s->saved = calloc(LIMIT_TRAIT_SCHEMA, sizeof *s->saved);
    s->slots = calloc(SCHEMA_SLOTS, sizeof *s->slots);
    if (!s->live || !s->group || !s->parser || !s->entries || !s->saved || !s->slots)
        return err_set(e, ERR_LIMIT, 0, "not enough memory for the state of ingest");
    TRY(load_schema(s, conn, e));
    return load_rejections(s, conn, e);
}

enum err_code ingest_state_new(struct store_conn *write, struct ingest_state **ret, struct err *e)
{
    struct ingest_state *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(e, ERR_LIMIT, 0, "not enough memory for the state of ingest");
    enum err_code code = load(s, write, e);
    if (code) {
        ingest_state_drop(&s);
        return code;
    }
    *ret = s;
    return ERR_OK;
}

void ingest_state_drop(struct ingest_state **ret)
{
    struct ingest_state *s = *ret;
    if (!s)
        return;
    live_drop(&s->live);
    arena_drop(&s->group);
    json_parser_drop(&s->parser);
    for (size_t i = 0; i < s->n; i++)
        free(s->entries[i].name_at);
    free(s->entries);
    free(s->saved);
    free(s->slots);
    free(s->told);
    free(s);
    *ret = NULL;
}

size_t ingest_state_memory_bytes(const struct ingest_state *s)
{
    return sizeof *s + (size_t)LIMIT_TRAIT_SCHEMA * (sizeof *s->entries + sizeof *s->saved) +
           SCHEMA_SLOTS * sizeof *s->slots + s->n_told * sizeof *s->told + arena_used(s->group) +
           LIVE_KEPT * sizeof(struct live_event);
}

size_t ingest_live(struct memory *m, int64_t after, struct live_event *ret, size_t max)
{
    return live_read(memory_ingest(m)->live, after, ret, max);
}

struct ingest_totals ingest_totals(struct memory *m)
{
    return live_totals(memory_ingest(m)->live);
}
