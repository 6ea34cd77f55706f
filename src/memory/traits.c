#include "memory/traits.h"

#include <assert.h>

#include "base/limits.h"
#include "memory/ingest_memory.h"
#include "memory/traits_set.h"
#include "text/time.h"

static const char *const provenances[] = { "declared", "observed", "inferred" };
static const char *const rules[] = { "latest", "strongest", "all" };
static const char *const types[] = { "text", "number", "boolean", "date", "list", "object", "mixed" };

#define COUNT(table) (sizeof(table) / sizeof *(table))

const char *provenance_name(enum provenance p)
{
    assert(p < COUNT(provenances));
    return provenances[p];
}

const char *trait_rule_name(enum trait_rule rule)
{
    assert(rule < COUNT(rules));
    return rules[rule];
}

const char *trait_type_name(enum trait_type type)
{
    assert(type < COUNT(types));
    return types[type];
}

bool trait_rule_parse(struct slice name, enum trait_rule *ret)
{
    for (size_t i = 0; i < COUNT(rules); i++)
        if (slice_is(name, rules[i])) {
            *ret = (enum trait_rule)i;
            return true;
        }
    return false;
}

bool trait_type_parse(struct slice name, enum trait_type *ret)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (slice_is(name, types[i])) {
            *ret = (enum trait_type)i;
            return true;
        }
    return false;
}

static bool is_date(struct slice text)
{
    int64_t ms;
    if (text.len < 10 || text.len >= TIME_TEXT_MAX || text.at[4] != '-' || text.at[7] != '-')
        return false;
    return time_parse(text, &ms, NULL) == ERR_OK;
}

enum trait_type trait_type_of(struct slice raw)
{
    assert(raw.len > 0);
    switch (raw.at[0]) {
    case '"': return is_date((struct slice){ raw.at + 1, raw.len - 2 }) ? TRAIT_DATE : TRAIT_TEXT;
    case '{': return TRAIT_OBJECT;
    case '[': return TRAIT_LIST;
    case 't':
    case 'f': return TRAIT_BOOLEAN;
    case 'n': return TRAIT_UNTOLD;
    default: return TRAIT_NUMBER;
    }
}

/* ---- reading an object ---- */

static size_t place_of(const struct trait_in *list, size_t n, struct slice name)
{
    size_t i = 0;
    while (i < n && !slice_eq(list[i].name, name))
        i++;
    return i;
}

enum err_code trait_list(struct json object, struct arena *mem, struct trait_in **ret, size_t *n, bool *cut,
                         struct err *e)
{
    *n = 0;
    *cut = false;
    if (!json_is(object, JSON_OBJECT) || json_count(object) == 0)
        return ERR_OK;
    size_t max = json_count(object) < LIMIT_TRAITS_PER_FACT ? json_count(object) : LIMIT_TRAITS_PER_FACT;
    struct trait_in *list = arena_array(mem, struct trait_in, max);
    size_t got = 0;
    for (struct json_iter it = json_iter(object); list && json_next(&it);) {
        struct trait_in in = { json_string(it.key, mem), json_raw(it.value) };
        size_t place = place_of(list, got, in.name);
        if (in.name.len == 0 || in.name.len > LIMIT_TRAIT_NAME || in.value.len > LIMIT_TRAIT_VALUE ||
            memchr(in.name.at, 0, in.name.len) || place == max) {
            *cut = true;
            continue;
        }
        list[place] = in;
        got += place == got;
    }
    if (!list)
        return err_set(e, ERR_LIMIT, 0, "the traits need more memory than a request may use");
    *ret = list;
    *n = got;
    return ERR_OK;
}

enum err_code traits_of_body(struct json body, struct arena *mem, struct trait_in **ret, size_t *n,
                             struct err *e)
{
    bool cut;
    return trait_list(json_get(body, "traits"), mem, ret, n, &cut, e);
}

/* ---- writing ---- */

enum fate { FATE_NEW, FATE_CHANGED, FATE_SAME, FATE_STALE };
struct incoming {
    const struct trait_known *known;
    uint32_t id;     // 0: the schema is full
    enum fate fate;
    bool had_any;    // the history has this trait from some source
};
struct change {
    struct tx *tx;
    uint32_t history;
    const struct trait_in *in;
    const struct trait_origin *origin;
    struct incoming to[LIMIT_TRAITS_PER_FACT];
    size_t n, n_same, n_rows;  // n_rows: stored rows of this source and provenance
};

static enum err_code find_ids(struct change *c, struct err *e)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct trait_known *known;
        TRY(ingest_state_trait(c->tx, c->in[i].name, trait_type_of(c->in[i].value), &known, e));
        c->to[i] = (struct incoming){ .known = known, .id = known ? known->id : 0, .fate = FATE_NEW };
    }
    return ERR_OK;
}

static void compare(struct change *c, struct store_stmt *st)
{
    uint32_t trait = (uint32_t)store_col_i64(st, 0);
    bool own = store_col_i64(st, 1) == c->origin->source && store_col_i64(st, 2) == c->origin->provenance;
    c->n_rows += own;
    for (size_t i = 0; i < c->n; i++) {
        if (c->to[i].id != trait)
            continue;
        c->to[i].had_any = true;
        if (!own)
            return;
        int64_t time_ms = store_col_i64(st, 4);
        bool newer = c->origin->time_ms > time_ms ||
                     (c->origin->time_ms == time_ms && c->origin->fact >= store_col_i64(st, 5));
        bool same = slice_eq(store_col_text(st, 3), c->in[i].value);
        c->to[i].fate = !newer || (same && c->origin->steady) ? FATE_STALE : same ? FATE_SAME : FATE_CHANGED;
        c->n_same += c->to[i].fate == FATE_SAME;
        return;
    }
}

static enum err_code look_up(struct change *c, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(c->tx->conn, SLICE("SELECT trait, source, provenance, value, time, fact FROM traits "
                                         "WHERE customer = $1"), &st, e));
    store_bind_i64(st, 1, c->history);
    for (bool row;;) {
        TRY(store_step(st, &row, e));
        if (!row)
            return ERR_OK;
        compare(c, st);
    }
}

static void bind_key(struct store_stmt *st, const struct change *c)
{
    store_bind_i64(st, 1, c->history);
    store_bind_i64(st, 2, c->origin->source);
    store_bind_i64(st, 3, c->origin->provenance);
    store_bind_i64(st, 4, c->origin->time_ms);
    store_bind_i64(st, 5, c->origin->fact);
}

/* The usual identify repeats everything this source ever said: one statement moves all the times, which
 * `latest` needs where another source said something else in between. */
static enum err_code touch_all(const struct change *c, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(c->tx->conn, SLICE("UPDATE traits SET time = $4, fact = $5 WHERE customer = $1 "
                                         "AND source = $2 AND provenance = $3"), &st, e));
    bind_key(st, c);
    return store_run(st, e);
}

static enum err_code touch(const struct change *c, size_t i, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(c->tx->conn, SLICE("UPDATE traits SET time = $4, fact = $5 WHERE customer = $1 "
                                         "AND trait = $6 AND source = $2 AND provenance = $3"), &st, e));
    bind_key(st, c);
    store_bind_i64(st, 6, c->to[i].id);
    return store_run(st, e);
}

static enum err_code put(const struct change *c, size_t i, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(c->tx->conn,
                      SLICE("INSERT INTO traits (customer, source, provenance, time, fact, trait, value) "
                            "VALUES ($1, $2, $3, $4, $5, $6, $7) "
                            "ON CONFLICT (customer, trait, source, provenance) DO UPDATE "
                            "SET value = excluded.value, time = excluded.time, fact = excluded.fact"), &st, e));
    bind_key(st, c);
    store_bind_i64(st, 6, c->to[i].id);
    store_bind_text(st, 7, c->in[i].value);
    if (!c->to[i].had_any)
        ingest_state_trait_count(memory_ingest(c->tx->memory), c->to[i].id, 1);
    return store_run(st, e);
}

static enum err_code store_changes_of(const struct change *c, bool *face, struct err *e)
{
    bool all = c->n_same && c->n_same == c->n_rows;
    if (all)
        TRY(touch_all(c, e));
    for (size_t i = 0; i < c->n; i++) {
        if (c->to[i].id == 0 || c->to[i].fate == FATE_STALE)
            continue;
        if (c->to[i].fate == FATE_SAME) {
            if (!all)
                TRY(touch(c, i, e));
            continue;
        }
        TRY(put(c, i, e));
        *face = *face || search_reads(c->in[i].name);
    }
    return ERR_OK;
}

enum err_code traits_set_list(struct tx *tx, uint32_t history, const struct trait_in *in, size_t n,
                              const struct trait_origin *origin, struct err *e)
{
    assert(tx && history != FACT_NOBODY && n <= LIMIT_TRAITS_PER_FACT);
    struct change c;  // not zeroed: 5 KB of which a few hundred bytes are used
    c.tx = tx;
    c.history = history;
    c.in = in;
    c.origin = origin;
    c.n = n;
    c.n_same = c.n_rows = 0;
    bool face = false;
    TRY(find_ids(&c, e));
    TRY(look_up(&c, e));
    TRY(store_changes_of(&c, &face, e));
    return face && !origin->quiet ? search_refresh(tx, history, e) : ERR_OK;
}

enum err_code tx_traits_set(struct tx *tx, uint32_t history, struct json object, enum provenance provenance,
                            uint32_t source, int64_t time_ms, int64_t fact, struct err *e)
{
    struct trait_in *in = NULL;
    size_t n;
    bool cut;
    TRY(trait_list(object, ingest_state_group(memory_ingest(tx->memory)), &in, &n, &cut, e));
    if (n == 0)
        return ERR_OK;
    struct trait_origin origin = { .provenance = provenance, .source = source, .time_ms = time_ms, .fact = fact };
    return traits_set_list(tx, history, in, n, &origin, e);
}
