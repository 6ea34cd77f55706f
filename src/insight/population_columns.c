/* The follower of whatever can change a row of the columns, and the columns as a snapshot: a start need not ask the store
 * about everybody. */
#include "insight/population_room.h"

#include <assert.h>

#include "base/limits.h"
#include "base/vec.h"
#include "engine/feel/value_json.h"

#define SNAPSHOT_VERSION 6

/* ---- what is told; the queue's lock is held ---- */
bool population_mark(struct population *p, uint32_t row, bool traits, int64_t seq)
{
    if (!vec_need(p->dirty_at, p->dirty_at_cap, (size_t)row + 1) || !vec_need(p->dirty, p->dirty_cap, p->n_dirty + 1))
        return false;
    if (!p->dirty_at[row]) {
        p->dirty[p->n_dirty] = (struct dirty){ .row = row };
        p->dirty_at[row] = (uint32_t)++p->n_dirty;
    }
    struct dirty *d = &p->dirty[p->dirty_at[row] - 1];
    d->traits = d->traits || traits;
    d->seq = seq > d->seq ? seq : d->seq;
    return true;
}

bool population_note(struct population *p, uint32_t row, int64_t seq)
{
    if (!p->changed_all && p->n_changed > p->rows) {  // it is as well to look at everybody
        p->changed_all = true;
        p->n_changed = 0;
    }
    if (p->changed_all)
        return true;
    if (!vec_need(p->changed, p->changed_cap, p->n_changed + 1))
        return false;
    p->changed[p->n_changed++] = (struct population_change){ row, seq };
    return true;
}

/* What a group fact tells of an account is the account's, whoever said it. */
static bool mark_account(struct population *p, const struct fact *fact)
{
    struct json body;
    struct err ignored;
    AUTO(arena) mem = arena_new(LIMIT_EVENT_BYTES);
    if (!mem)
        return false;
    if (json_parse(p->parser, fact->body, &body, &ignored))
        return true;  // cannot be: it was valid when it was stored
    const struct identifier id = { SLICE("group_id"), json_text(json_get(body, "groupId"), mem) };
    uint32_t account = customers_find(memory_customers(p->memory), id);
    return !account || population_mark(p, account, true, fact->seq);
}

/* Facts that can change what is known of somebody, beyond what they did. */
static bool tells_traits(enum fact_type type)
{
    return type != FACT_TRACK && type != FACT_PAGE && type != FACT_SCREEN && type != FACT_PERMISSION;
}

static enum err_code told_change(struct population *p, const struct fact *fact, struct err *e)
{
    if (fact->type == FACT_MERGE || fact->type == FACT_UNMERGE)
        p->merge = fact->seq;
    bool ok = fact->type != FACT_GROUP || mark_account(p, fact);
    if (fact->type == FACT_CATALOGUE)
        ok = ok && bought_catalogue(p, fact);
    if (fact->type == FACT_MEMBERSHIP)
        ok = ok && related_told(p, fact);
    if (fact->customer != FACT_NOBODY && fact->type != FACT_DECISION && fact->type != FACT_AUDIENCE)
        ok = ok && population_mark(p, fact->customer, tells_traits(fact->type), fact->seq);
    return ok ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for what changed");
}

static enum err_code columns_apply(void *self, const struct fact *fact, struct err *e)
{
    struct population *p = self;
    pthread_mutex_lock(&p->queue);
    enum err_code code = told_change(p, fact, e);
    pthread_mutex_unlock(&p->queue);
    return code;
}

/* Without memory to mark the row everybody is read anew. */
static void columns_forget(void *self, uint32_t row)
{
    struct population *p = self;
    pthread_mutex_lock(&p->queue);
    if (!population_mark(p, row, true, 0)) {
        p->lost = true;
        atomic_store(&p->progress, 0);
    }
    pthread_mutex_unlock(&p->queue);
}

static void columns_reset(void *self)
{
    struct population *p = self;
    pthread_rwlock_wrlock(&p->lock);
    pthread_mutex_lock(&p->queue);
    for (size_t i = 0; i < p->n_dirty; i++)
        p->dirty_at[p->dirty[i].row] = 0;
    p->n_dirty = p->n_changed = 0;
    p->merge = p->recategorized = 0;
    p->memberships.n = p->told_memberships.n = 0;
    words_drop(&p->products);
    words_drop(&p->categories);
    if (p->category_cap)
        memset(p->category, 0, p->category_cap * sizeof *p->category);
    p->filled = p->lost = p->changed_all = false;
    atomic_store(&p->progress, 0);
    pthread_mutex_unlock(&p->queue);
    pthread_rwlock_unlock(&p->lock);
}

/* ---- out ---- */
enum err_code population_put_text(struct snapshot_out *out, struct slice text, struct err *e)
{
    uint64_t len = text.len;
    TRY(snapshot_put(out, &len, sizeof len, e));
    return snapshot_put(out, text.at, text.len, e);
}

static bool is_dated(struct value v)
{
    return v.kind == VALUE_DATE || v.kind == VALUE_DATE_TIME;
}

static size_t data_bytes(const struct column *c, size_t rows)
{
    return c->width ? rows * c->width : COLUMN_WORDS(rows) * sizeof(uint64_t);
}

enum err_code population_put_keep(struct snapshot_out *out, const struct keep *k, size_t rows, struct err *e)
{
    const struct column c = keep_column(k);
    const uint64_t head[] = { (uint64_t)k->kind, k->width, (uint64_t)k->scale, k->dictionary.n };
    TRY(population_put_text(out, k->name, e));
    TRY(snapshot_put(out, head, sizeof head, e));
    for (size_t i = 0; i < k->dictionary.n; i++) {
        uint8_t dated = is_dated(k->dictionary.value[i]);
        TRY(population_put_text(out, k->key[i], e));
        TRY(snapshot_put(out, &dated, sizeof dated, e));
    }
    TRY(snapshot_put(out, c.data, data_bytes(&c, rows), e));
    return snapshot_put(out, c.null, COLUMN_WORDS(rows) * sizeof *c.null, e);
}

static enum err_code put_row(struct snapshot_out *out, uint32_t row, bool traits, int64_t seq, struct err *e)
{
    const uint64_t cell[] = { row, traits, (uint64_t)seq };
    return snapshot_put(out, cell, sizeof cell, e);
}

static enum err_code put_columns(struct population *p, struct snapshot_out *out, struct err *e)
{
    const uint64_t head[] = { p->filled && !p->lost ? p->rows : 0, p->n_traits, p->n_dirty, p->n_changed, p->changed_all,
                              (uint64_t)p->merge, atomic_load(&p->valued), (uint64_t)atomic_load(&p->invested),
                              (uint64_t)atomic_load(&p->shared) };
    TRY(population_put_zone(p, out, e));
    TRY(bought_save(p, out, e));
    TRY(related_save(p, out, e));
    TRY(snapshot_put(out, head, sizeof head, e));
    if (!head[0])
        return ERR_OK;
    TRY(snapshot_put(out, p->root, p->rows * sizeof *p->root, e));
    TRY(snapshot_put(out, p->customers, COLUMN_WORDS(p->rows) * sizeof *p->customers, e));
    for (size_t i = 0; i < COMPUTED; i++)
        TRY(population_put_keep(out, &p->computed[i], p->rows, e));
    for (size_t i = 0; i < p->n_traits; i++)
        TRY(population_put_keep(out, &p->trait[i], p->rows, e));
    for (size_t i = 0; i < p->n_traits; i++)
        TRY(population_put_keep(out, &p->declared[i], p->rows, e));
    for (size_t i = 0; i < p->n_dirty; i++)
        TRY(put_row(out, p->dirty[i].row, p->dirty[i].traits, p->dirty[i].seq, e));
    for (size_t i = 0; i < p->n_changed; i++)
        TRY(put_row(out, p->changed[i].row, false, p->changed[i].seq, e));
    return ERR_OK;
}

static enum err_code columns_save(void *self, struct snapshot_out *out, struct err *e)
{
    struct population *p = self;
    pthread_rwlock_rdlock(&p->lock);
    pthread_mutex_lock(&p->queue);
    enum err_code code = put_columns(p, out, e);
    pthread_mutex_unlock(&p->queue);
    pthread_rwlock_unlock(&p->lock);
    return code;
}

/* ---- in ---- */
enum err_code population_damaged(struct err *e)
{
    return err_set(e, ERR_CORRUPT, 0, "the columns of the snapshot are damaged");
}

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for the population");
}

enum err_code population_get_text(struct loading *l, struct slice *ret)
{
    uint64_t len;
    TRY(snapshot_get(l->in, &len, sizeof len, l->e));
    if (len > LIMIT_EVENT_BYTES)
        return population_damaged(l->e);
    char *at = arena_alloc(l->mem, len + 1);
    if (!at)
        return no_memory(l->e);
    *ret = (struct slice){ at, len };
    return snapshot_get(l->in, at, len, l->e);
}

static enum err_code get_code(struct loading *l, struct keep *k, bool word)
{
    struct slice key;
    uint8_t dated;
    struct json json;
    bool ok = true;
    arena_reset(l->mem);
    TRY(population_get_text(l, &key));
    TRY(snapshot_get(l->in, &dated, sizeof dated, l->e));
    struct value v = value_string(key);
    if (!word) {
        TRY(json_parse(l->p->parser, key, &json, l->e));
        v = value_of_json(json, k->mem, &ok);
    }
    if (ok && dated && v.kind == VALUE_STRING)
        v = population_dated(v.string, k->mem, &ok);
    return ok && keep_add(k, key, v) ? ERR_OK : no_memory(l->e);
}

static bool codes_are_known(const struct keep *k, size_t rows)
{
    for (size_t row = 0; k->kind == COLUMN_CODES && row < rows; row++)
        if (!bits_has(k->null, row) && (size_t)keep_held(k, row) >= k->dictionary.n)
            return false;
    return true;
}

enum err_code population_get_keep(struct loading *l, struct keep *k, bool word)
{
    struct slice name;
    uint64_t head[4];
    arena_reset(l->mem);
    TRY(population_get_text(l, &name));
    TRY(snapshot_get(l->in, head, sizeof head, l->e));
    if (word ? head[0] != k->kind : head[0] > COLUMN_DATE_TIME)
        return population_damaged(l->e);
    keep_clear(k);
    if (!keep_init(k, name, (enum column_kind)head[0]))
        return no_memory(l->e);
    if (!keep_shape(k, head[1], head[2] > NUMBER_SCALE ? -1 : (int)head[2]))
        return population_damaged(l->e);
    if (!keep_rows(k, l->rows))
        return no_memory(l->e);
    for (uint64_t i = 0; i < head[3]; i++)
        TRY(get_code(l, k, word));
    const struct column c = keep_column(k);
    TRY(snapshot_get(l->in, k->data, data_bytes(&c, l->rows), l->e));
    TRY(snapshot_get(l->in, k->null, COLUMN_WORDS(l->rows) * sizeof *k->null, l->e));
    return codes_are_known(k, l->rows) ? ERR_OK : population_damaged(l->e);
}

/* What was still to be read, and what nobody had asked about yet. */
static enum err_code get_marks(struct loading *l, size_t n_dirty, size_t n_changed)
{
    struct population *p = l->p;
    for (size_t i = 0; i < n_dirty + n_changed; i++) {
        uint64_t cell[3];
        TRY(snapshot_get(l->in, cell, sizeof cell, l->e));
        if (cell[0] > LIMIT_CUSTOMERS)
            return population_damaged(l->e);
        uint32_t row = (uint32_t)cell[0];
        int64_t seq = (int64_t)cell[2];
        if (i < n_dirty ? !population_mark(p, row, cell[1] != 0, seq) : !population_note(p, row, seq))
            return no_memory(l->e);
    }
    return ERR_OK;
}

static enum err_code get_rows(struct loading *l)
{
    struct population *p = l->p;
    if (!vec_need(p->root, p->root_cap, l->rows) || !vec_need(p->customers, p->customers_cap, COLUMN_WORDS(l->rows)))
        return no_memory(l->e);
    TRY(snapshot_get(l->in, p->root, l->rows * sizeof *p->root, l->e));
    for (size_t row = 0; row < l->rows; row++)
        if (p->root[row] >= l->rows)
            return population_damaged(l->e);
    return snapshot_get(l->in, p->customers, COLUMN_WORDS(l->rows) * sizeof *p->customers, l->e);
}

static enum err_code get_traits(struct loading *l, size_t n)
{
    struct population *p = l->p;
    assert(p->n_traits == 0);
    if (!vec_need(p->trait, p->traits_cap, n) || !vec_need(p->declared, p->declared_cap, n))
        return no_memory(l->e);
    p->n_traits = n;             // those that could not be read are empty ones
    for (size_t i = 0; i < n; i++)
        TRY(population_get_keep(l, &p->trait[i], false));
    for (size_t i = 0; i < n; i++) {
        p->declared[i].kind = COLUMN_BOOLEAN;
        TRY(population_get_keep(l, &p->declared[i], true));
    }
    return ERR_OK;
}

static enum err_code get_columns(struct loading *l)
{
    struct population *p = l->p;
    uint64_t head[9];
    TRY(population_check_zone(p, l->in, l->e));
    TRY(bought_load(p, l->in, l->e));
    TRY(related_load(p, l->in, l->e));
    TRY(snapshot_get(l->in, head, sizeof head, l->e));
    if (!head[0])
        return ERR_OK;
    if (head[0] > LIMIT_CUSTOMERS || head[1] > LIMIT_TRAIT_SCHEMA)
        return population_damaged(l->e);
    l->rows = head[0];
    TRY(get_rows(l));
    for (size_t i = 0; i < COMPUTED; i++)
        TRY(population_get_keep(l, &p->computed[i], true));
    TRY(get_traits(l, head[1]));
    p->rows = l->rows;
    p->changed_all = head[4] != 0;
    TRY(get_marks(l, head[2], head[3]));
    p->merge = (int64_t)head[5];
    p->filled = p->relinked = true;
    atomic_store(&p->fits, UINT64_MAX);  // tiers are of this start's fit: a refresh is due, which finds the leaves, too
    atomic_store(&p->valued, head[6]);
    atomic_store(&p->invested, (int64_t)head[7]);
    atomic_store(&p->shared, (int64_t)head[8]);
    atomic_store(&p->progress, 100);
    return population_show(p, l->e);
}

static enum err_code columns_load(void *self, struct snapshot_in *in, struct err *e)
{
    struct population *p = self;
    AUTO(arena) mem = arena_new((size_t)1 << 20);
    struct loading l = { .p = p, .in = in, .mem = mem, .e = e };
    if (!mem)
        return no_memory(e);
    columns_reset(p);
    pthread_rwlock_wrlock(&p->lock);
    pthread_mutex_lock(&p->queue);
    enum err_code code = get_columns(&l);
    pthread_mutex_unlock(&p->queue);
    pthread_rwlock_unlock(&p->lock);
    return code;
}

struct follower population_columns_follower(struct population *p)
{
    return (struct follower){ .name = "columns", .version = SNAPSHOT_VERSION, .per_customer = true, .large = true,
                              .apply = columns_apply, .forget = columns_forget, .reset = columns_reset,
                              .save = columns_save, .load = columns_load, .self = p };
}
