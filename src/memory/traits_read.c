/* Traits as readers see them: one value chosen among those of all histories, and the history of values. */
#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "memory/read_view.h"
#include "memory/traits_told.h"

struct candidate {
    uint32_t trait;
    struct trait_value v;
};
struct pile {
    struct arena *mem;
    struct candidate *at;
    size_t n, cap;
    struct err *e;
};

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "the customer's traits need more memory than a request may use");
}

static enum err_code pile_add(struct pile *p, struct candidate c)
{
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        struct candidate *at = arena_array(p->mem, struct candidate, cap);
        if (!at)
            return no_memory(p->e);
        if (p->n)
            memcpy(at, p->at, p->n * sizeof *at);
        p->at = at;
        p->cap = cap;
    }
    if (!c.v.value.at)
        return no_memory(p->e);
    p->at[p->n++] = c;
    return ERR_OK;
}

static enum err_code read_history(struct pile *p, struct store_conn *conn, uint32_t history)
{
    struct store_stmt *st;
    TRY(store_prepare(conn, SLICE("SELECT trait, source, provenance, value, time, fact FROM traits "
                                  "WHERE customer = $1"), &st, p->e));
    store_bind_i64(st, 1, history);
    for (bool row;;) {
        TRY(store_step(st, &row, p->e));
        if (!row)
            return ERR_OK;
        struct trait_value v = { .value = arena_copy(p->mem, store_col_text(st, 3)),
                                 .time_ms = store_col_i64(st, 4), .fact = store_col_i64(st, 5),
                                 .source = (uint32_t)store_col_i64(st, 1), .history = history,
                                 .provenance = (enum provenance)store_col_i64(st, 2) };
        TRY(pile_add(p, (struct candidate){ (uint32_t)store_col_i64(st, 0), v }));
    }
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* By trait, then newest first; ties are broken by what does not change between two readings. */
static int newest_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int by[] = { order(x->trait, y->trait), order(y->v.time_ms, x->v.time_ms), order(y->v.fact, x->v.fact),
                 order(x->v.history, y->v.history), order(x->v.source, y->v.source),
                 order(x->v.provenance, y->v.provenance) };
    for (size_t i = 0; i < sizeof by / sizeof *by; i++)
        if (by[i])
            return by[i];
    return 0;
}

static bool is_null(const struct candidate *c)
{
    return slice_is(c->v.value, "null");
}

/* ---- the rules: the place of the chosen among n of one trait, newest first; n: none ---- */

static size_t choose_latest(const struct candidate *at, size_t n)
{
    return is_null(&at[0]) ? n : 0;  // the newest word was that there is none
}

/* Of each provenance the newest word counts; one that takes back leaves it to the next weaker. */
static size_t choose_strongest(const struct candidate *at, size_t n)
{
    for (int p = PROVENANCE_DECLARED; p <= PROVENANCE_INFERRED; p++) {
        size_t i = 0;
        while (i < n && at[i].v.provenance != (enum provenance)p)
            i++;
        if (i < n && !is_null(&at[i]))
            return i;
    }
    return n;
}

static size_t choose_all(const struct candidate *at, size_t n)
{
    size_t i = 0;
    while (i < n && is_null(&at[i]))
        i++;
    return i;
}

static bool seen_before(const struct candidate *at, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (slice_eq(at[j].v.value, at[i].v.value))
            return true;
    return false;
}

static enum err_code all_values(const struct candidate *at, size_t n, struct arena *mem, struct slice *ret,
                                struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(0);
    struct json_w w = json_w(&out);
    json_w_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        if (!is_null(&at[i]) && !seen_before(at, i))
            json_w_raw(&w, at[i].v.value);
    json_w_close(&w, ']');
    TRY(buf_check(&out, "a trait's values", e));
    *ret = arena_copy(mem, buf_slice(&out));
    return ret->at ? ERR_OK : no_memory(e);
}

static bool fits(enum trait_type wanted, struct slice value)
{
    enum trait_type type = trait_type_of(value);
    return wanted == TRAIT_MIXED || type == wanted || (wanted == TRAIT_TEXT && type == TRAIT_DATE);
}

/* The others are what is left, in their order; those that only take back are nothing to show. */
static enum err_code fill(struct trait *t, const struct candidate *at, size_t n, size_t chosen,
                          struct arena *mem, struct err *e)
{
    struct trait_value *others = arena_array(mem, struct trait_value, n);
    if (!others)
        return no_memory(e);
    t->chosen = at[chosen].v;
    t->fits = fits(t->type, t->chosen.value);
    for (size_t i = 0; i < n; i++) {
        if (is_null(&at[i]))
            continue;
        if (i != chosen)
            others[t->n_others++] = at[i].v;
        if (t->rule == RULE_ALL)
            t->fits = t->fits && fits(t->type, at[i].v.value);
    }
    t->others = others;
    return t->rule == RULE_ALL ? all_values(at, n, mem, &t->chosen.value, e) : ERR_OK;
}

static enum err_code read_schema(struct store_conn *conn, uint32_t id, struct arena *mem, struct trait *t,
                                 struct err *e)
{
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(conn, SLICE("SELECT name, label_en, label_es, purpose, type, rule FROM trait_schema "
                                  "WHERE id = $1"), &st, e));
    store_bind_i64(st, 1, id);
    TRY(store_step(st, &row, e));
    if (!row)
        return err_set(e, ERR_CORRUPT, id, "trait %u is not in the schema", id);
    *t = (struct trait){ .name = arena_copy(mem, store_col_text(st, 0)),
                         .label_en = arena_copy(mem, store_col_text(st, 1)),
                         .label_es = arena_copy(mem, store_col_text(st, 2)),
                         .purpose = arena_copy(mem, store_col_text(st, 3)),
                         .type = (enum trait_type)store_col_i64(st, 4),
                         .rule = (enum trait_rule)store_col_i64(st, 5) };
    store_reset(st);
    if (t->type == TRAIT_UNTOLD)
        t->type = TRAIT_TEXT;
    return t->name.at && t->purpose.at ? ERR_OK : no_memory(e);
}

static int by_trait_name(const void *a, const void *b)
{
    const struct trait *x = a, *y = b;
    return slice_cmp(x->name, y->name);
}

static enum err_code resolve(const struct pile *p, struct store_conn *conn, struct trait *traits, size_t *n)
{
    static size_t (*const choose[])(const struct candidate *, size_t) = {
        [RULE_LATEST] = choose_latest, [RULE_STRONGEST] = choose_strongest, [RULE_ALL] = choose_all };
    size_t got = 0;
    for (size_t i = 0, end; i < p->n; i = end) {
        for (end = i; end < p->n && p->at[end].trait == p->at[i].trait;)
            end++;
        struct trait *t = &traits[got];
        TRY(read_schema(conn, p->at[i].trait, p->mem, t, p->e));
        size_t chosen = choose[t->rule](p->at + i, end - i);
        if (chosen == end - i)
            continue;
        TRY(fill(t, p->at + i, end - i, chosen, p->mem, p->e));
        got++;
    }
    qsort(traits, got, sizeof *traits, by_trait_name);
    *n = got;
    return ERR_OK;
}

static enum err_code read_histories(struct memory *m, uint32_t root, struct arena *mem, uint32_t **ret,
                                    size_t *n, struct err *e)
{
    uint32_t *ids = arena_array(mem, uint32_t, LIMIT_MERGE_LEAVES);
    if (!ids)
        return no_memory(e);
    *n = customers_histories(memory_customers(m), root, ids, LIMIT_MERGE_LEAVES);
    if (*n > LIMIT_MERGE_LEAVES)
        *n = LIMIT_MERGE_LEAVES;
    *ret = ids;
    return ERR_OK;
}

static enum err_code read_and_resolve(struct pile *p, struct store_conn *conn, const uint32_t *histories,
                                      size_t n_histories, struct trait **ret, size_t *n)
{
    for (size_t i = 0; i < n_histories; i++)
        TRY(read_history(p, conn, histories[i]));
    struct trait *traits = arena_array(p->mem, struct trait, p->n + 1);
    if (!traits)
        return no_memory(p->e);
    size_t got = 0;
    if (p->n) {
        qsort(p->at, p->n, sizeof *p->at, newest_first);
        TRY(resolve(p, conn, traits, &got));
    }
    *ret = traits;
    *n = got;
    return ERR_OK;
}

enum err_code traits_of(struct memory *m, struct store_conn *conn, uint32_t root, struct arena *mem,
                        struct trait **ret, size_t *n, struct err *e)
{
    assert(m && conn && mem);
    uint32_t *histories = NULL;
    size_t n_histories = 0;
    bool began;
    struct pile p = { .mem = mem, .e = e };
    TRY(read_histories(m, root, mem, &histories, &n_histories, e));
    TRY(read_view_begin(conn, &began, e));
    enum err_code code = read_and_resolve(&p, conn, histories, n_histories, ret, n);
    read_view_end(conn, began);
    return code;
}

/* ---- one provenance's newest word ---- */

struct word {
    struct slice value;
    int64_t time_ms, fact;
};

static enum err_code read_word(struct store_conn *conn, uint32_t history, struct slice name, enum provenance provenance,
                               struct arena *mem, struct word *best, struct err *e)
{
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(conn, SLICE("SELECT t.value, t.time, t.fact FROM traits t JOIN trait_schema s ON s.id = t.trait "
                                  "WHERE t.customer = $1 AND s.name = $2 AND t.provenance = $3 "
                                  "ORDER BY t.time DESC, t.fact DESC LIMIT 1"), &st, e));
    store_bind_i64(st, 1, history);
    store_bind_text(st, 2, name);
    store_bind_i64(st, 3, provenance);
    TRY(store_step(st, &row, e));
    struct word word = { .time_ms = row ? store_col_i64(st, 1) : 0, .fact = row ? store_col_i64(st, 2) : 0 };
    bool newer = !best->value.len || word.time_ms > best->time_ms
                 || (word.time_ms == best->time_ms && word.fact > best->fact);
    if (row && newer) {
        word.value = arena_copy(mem, store_col_text(st, 0));
        *best = word;
    }
    store_reset(st);
    return row && newer && !word.value.at ? no_memory(e) : ERR_OK;
}

enum err_code traits_word(struct memory *m, struct store_conn *conn, uint32_t root, struct slice name,
                          enum provenance provenance, struct arena *mem, struct slice *ret, struct err *e)
{
    assert(m && conn && mem && ret);
    uint32_t *histories = NULL;
    size_t n = 0;
    struct word best = { .fact = 0 };
    TRY(read_histories(m, root, mem, &histories, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(read_word(conn, histories[i], name, provenance, mem, &best, e));
    *ret = best.value;
    return ERR_OK;
}

/* ---- the history of values ---- */

struct past {
    struct pile pile;
    struct slice name;
    size_t limit, of_type;
    enum fact_type type;
};

static enum err_code remember(void *arg, const struct told_by *told, bool *enough, struct err *e)
{
    struct past *past = arg;
    (void)e;
    if (told->fact->type != past->type)
        past->of_type = 0;
    past->type = told->fact->type;
    for (size_t i = 0; i < told->n; i++) {
        if (!slice_eq(told->traits[i].name, past->name))
            continue;
        struct trait_value v = { .value = arena_copy(past->pile.mem, told->traits[i].value),
                                 .time_ms = told->fact->timestamp_ms, .fact = told->fact->seq,
                                 .source = told->fact->source, .history = told->about,
                                 .provenance = told->provenance };
        TRY(pile_add(&past->pile, (struct candidate){ 0, v }));
        *enough = ++past->of_type >= past->limit;
    }
    return ERR_OK;
}

/* What devices told lies in no fact of its own: of these the present value. */
static enum err_code read_observed(struct past *past, struct store_conn *conn, uint32_t history)
{
    struct store_stmt *st;
    TRY(store_prepare(conn, SLICE("SELECT t.value, t.time, t.fact, t.source FROM traits t "
                                  "JOIN trait_schema s ON s.id = t.trait WHERE t.customer = $1 "
                                  "AND s.name = $2 AND t.provenance = $3"), &st, past->pile.e));
    store_bind_i64(st, 1, history);
    store_bind_text(st, 2, past->name);
    store_bind_i64(st, 3, PROVENANCE_OBSERVED);
    for (bool row;;) {
        TRY(store_step(st, &row, past->pile.e));
        if (!row)
            return ERR_OK;
        struct trait_value v = { .value = arena_copy(past->pile.mem, store_col_text(st, 0)),
                                 .time_ms = store_col_i64(st, 1), .fact = store_col_i64(st, 2),
                                 .source = (uint32_t)store_col_i64(st, 3), .history = history,
                                 .provenance = PROVENANCE_OBSERVED };
        TRY(pile_add(&past->pile, (struct candidate){ 0, v }));
    }
}

enum err_code traits_history(struct memory *m, struct store_conn *conn, uint32_t root, struct slice name,
                             size_t limit, struct arena *mem, struct trait_value **ret, size_t *n,
                             struct err *e)
{
    assert(m && conn && limit > 0);
    uint32_t *histories = NULL;
    size_t n_histories = 0;
    struct past past = { .pile = { .mem = mem, .e = e }, .name = name, .limit = limit, .type = FACT_TYPES };
    TRY(read_histories(m, root, mem, &histories, &n_histories, e));
    struct told_query q = { memory_log(m), conn, memory_customers(m), histories, n_histories, LOG_NEWEST };
    TRY(traits_told(&q, remember, &past, e));
    for (size_t i = 0; i < n_histories; i++)
        TRY(read_observed(&past, conn, histories[i]));
    if (past.pile.n)
        qsort(past.pile.at, past.pile.n, sizeof *past.pile.at, newest_first);
    size_t got = past.pile.n < limit ? past.pile.n : limit;
    struct trait_value *values = arena_array(mem, struct trait_value, got + 1);
    if (!values)
        return no_memory(e);
    for (size_t i = 0; i < got; i++)
        values[i] = past.pile.at[i].v;
    *ret = values;
    *n = got;
    return ERR_OK;
}
