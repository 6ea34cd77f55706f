/* The follower, and the pass; roster_make.c reads the audiences, roster_write.c writes what a pass finds. */
#include "insight/roster_room.h"

#include <assert.h>

#include "base/limits.h"
#include "base/vec.h"

#define SNAPSHOT_VERSION 2
#define MOMENT_MS 60000              // now() is asked so often
#define FOUND_MAX 16384u             // written in one go
#define ROWS_LOCKED (16 * COLUMN_CHUNK)
#define LONG_ROWS 20000              // an audience asked about more of them is not waited for
#define RETRY_MS 10000               // after a pass that failed everybody is asked again: not every second
#define PASS_BYTES ((size_t)4 << 30)
#define SCRATCH_BYTES ((size_t)64 << 20)

enum err_code roster_new(struct memory *memory, struct population *population, const struct zones *zones,
                         struct roster **ret, struct err *e)
{
    struct roster *m = *ret = calloc(1, sizeof *m);
    if (!m)
        return roster_no_memory(e);
    m->memory = memory;
    m->population = population;
    m->world.zones = zones;
    pthread_rwlock_init(&m->lock, NULL);
    pthread_mutex_init(&m->passing, NULL);
    atomic_init(&m->touched, true);
    atomic_init(&m->redo, true);
    atomic_init(&m->day, INT32_MIN);
    atomic_init(&m->moment_ms, INT64_MIN);
    atomic_init(&m->retry_ms, INT64_MIN);
    atomic_init(&m->long_pass, false);
    atomic_init(&m->stopping, false);
    m->parser = json_parser_new();
    if (m->parser)
        return ERR_OK;
    roster_drop(ret);
    return roster_no_memory(e);
}

static void forget_all(struct roster *m)
{
    for (size_t i = 0; i < m->n; i++) {
        arena_drop(&m->kept[i]->mem);
        free(m->kept[i]->bits);
        free(m->kept[i]->next);
        free(m->kept[i]);
    }
    m->n = m->n_order = 0;
}

void roster_drop(struct roster **roster)
{
    struct roster *m = *roster;
    if (!m)
        return;
    forget_all(m);
    free(m->kept);
    free(m->order);
    frame_drop(&m->frame);
    arena_drop(&m->texts);
    json_parser_drop(&m->parser);
    store_conn_drop(&m->follow);
    store_conn_drop(&m->conn);
    pthread_mutex_destroy(&m->passing);
    pthread_rwlock_destroy(&m->lock);
    free(m);
    *roster = NULL;
}

/* By id: the first that is not below it. */
static size_t place_of(const struct roster *m, int64_t id)
{
    size_t low = 0, high = m->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->kept[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct kept *kept_find(const struct roster *m, int64_t id)
{
    size_t at = place_of(m, id);
    return at < m->n && m->kept[at]->id == id ? m->kept[at] : NULL;
}

struct kept *kept_make(struct roster *m, int64_t id)
{
    struct kept *k = kept_find(m, id);
    size_t at = place_of(m, id);
    if (k || !vec_need(m->kept, m->cap, m->n + 1))
        return k;
    k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->id = id;
    memmove(m->kept + at + 1, m->kept + at, (m->n++ - at) * sizeof(struct kept *));
    return m->kept[at] = k;
}

/* ---- the follower; the lock is held ---- */
static enum err_code told_member(struct kept *k, uint32_t row, bool in, struct err *e)
{
    if (!vec_need(k->bits, k->words, (size_t)row / 64 + 1))
        return roster_no_memory(e);
    uint64_t bit = UINT64_C(1) << row % 64, was = k->bits[row / 64];
    k->bits[row / 64] = in ? was | bit : was & ~bit;
    k->members += (k->bits[row / 64] != was) * (in ? 1 : -1);
    return ERR_OK;
}

/* The pass has the bits at hand; after a start they are in the store, if no other version has begun since. */
static enum err_code told_version(struct roster *m, struct kept *k, int64_t version, struct err *e)
{
    uint64_t *bits = k->wanted == version ? k->next : NULL;
    size_t words = k->next_words;
    if (bits) {
        k->next = NULL;
    } else {
        if (!m->follow)
            TRY(store_conn_new(memory_store(m->memory), STORE_READ, &m->follow, e));
        enum err_code code = roster_start(m->follow, k->id, version, &bits, &words, e);
        if (code && code != ERR_NOT_FOUND)
            return code;
        words = code ? 0 : words;
    }
    free(k->bits);
    k->bits = bits;
    k->words = words;
    k->version = version;
    k->members = bits ? (int64_t)bits_count(bits, words * 64) : 0;
    return ERR_OK;
}

static enum err_code told(struct roster *m, const struct fact *fact, struct err *e)
{
    struct json body;
    int64_t audience = 0, version = 0;
    bool in = false;
    TRY(json_parse(m->parser, fact->body, &body, e));
    if (!json_i64(json_get(body, "audience"), &audience) || !json_i64(json_get(body, "version"), &version))
        return err_set(e, ERR_CORRUPT, 0, "fact %lld names no audience", (long long)fact->seq);
    struct kept *k = kept_make(m, audience);
    if (!k)
        return roster_no_memory(e);
    json_bool(json_get(body, "in"), &in);
    return fact->customer == FACT_NOBODY ? told_version(m, k, version, e) : told_member(k, fact->customer, in, e);
}

static enum err_code roster_apply(void *self, const struct fact *fact, struct err *e)
{
    struct roster *m = self;
    if (fact->type != FACT_AUDIENCE)
        return ERR_OK;
    pthread_rwlock_wrlock(&m->lock);
    enum err_code code = told(m, fact, e);
    pthread_rwlock_unlock(&m->lock);
    return code;
}

static void roster_reset(void *self)
{
    struct roster *m = self;
    pthread_rwlock_wrlock(&m->lock);
    forget_all(m);
    pthread_rwlock_unlock(&m->lock);
    atomic_store(&m->redo, true);
    atomic_store(&m->day, INT32_MIN);
}

static enum err_code put_all(const struct roster *m, struct snapshot_out *out, struct err *e)
{
    uint64_t lists[3] = { 0, atomic_load(&m->redo), (uint64_t)atomic_load(&m->day) };
    for (size_t i = 0; i < m->n; i++)
        lists[0] += !m->kept[i]->gone;
    TRY(snapshot_put(out, lists, sizeof lists, e));
    for (size_t i = 0; i < m->n; i++) {
        const struct kept *k = m->kept[i];
        const uint64_t head[] = { (uint64_t)k->id, (uint64_t)k->version, k->words };
        if (k->gone)
            continue;
        TRY(snapshot_put(out, head, sizeof head, e));
        TRY(snapshot_put(out, k->bits, k->words * sizeof *k->bits, e));
    }
    return ERR_OK;
}

static enum err_code roster_save(void *self, struct snapshot_out *out, struct err *e)
{
    struct roster *m = self;
    pthread_rwlock_rdlock(&m->lock);
    enum err_code code = put_all(m, out, e);
    pthread_rwlock_unlock(&m->lock);
    return code;
}

static enum err_code load_kept(struct roster *m, struct snapshot_in *in, struct err *e)
{
    uint64_t head[3];
    TRY(snapshot_get(in, head, sizeof head, e));
    if (head[2] > LIMIT_CUSTOMERS / 64 + 2)
        return err_set(e, ERR_CORRUPT, 0, "the audiences of the snapshot are damaged");
    struct kept *k = kept_make(m, (int64_t)head[0]);
    if (!k || !vec_need(k->bits, k->words, head[2]))
        return roster_no_memory(e);
    k->version = (int64_t)head[1];
    if (head[2])
        TRY(snapshot_get(in, k->bits, head[2] * sizeof *k->bits, e));
    k->members = (int64_t)bits_count(k->bits, k->words * 64);
    return ERR_OK;
}

static enum err_code roster_load(void *self, struct snapshot_in *in, struct err *e)
{
    struct roster *m = self;
    uint64_t lists[3];
    enum err_code code = ERR_OK;
    roster_reset(m);
    TRY(snapshot_get(in, lists, sizeof lists, e));
    pthread_rwlock_wrlock(&m->lock);
    for (uint64_t i = 0; i < lists[0] && !code; i++)
        code = load_kept(m, in, e);
    pthread_rwlock_unlock(&m->lock);
    if (!code) {
        atomic_store(&m->redo, lists[1] != 0);
        atomic_store(&m->day, (int32_t)lists[2]);
    }
    return code;
}

struct follower roster_follower(struct roster *m)
{
    return (struct follower){ .name = "roster", .version = SNAPSHOT_VERSION, .apply = roster_apply,
                              .reset = roster_reset, .save = roster_save, .load = roster_load, .self = m };
}

/* ---- a pass ---- */
struct passing {
    struct roster *m;
    struct arena *scratch;           // of conditions that go row by row
    struct found *found;
    size_t n, cap;
    bool everybody;                  // which audiences are asked
    struct err *e;
};

static bool asked(const struct passing *x, const struct kept *k)
{
    return k->everybody == x->everybody;
}

/* What the audiences that it names say of the rows. */
static void name_audiences(struct passing *x, const struct kept *k)
{
    size_t places;
    const size_t *place = condition_places(k->condition, &places);
    for (size_t i = 0; i < places; i++) {
        int64_t id;
        if (!frame_audience(x->m->frame, place[i], &id))
            continue;
        const struct kept *other = kept_find(x->m, id);
        uint64_t *bits = frame_bits(x->m->frame, place[i]);
        if (asked(x, other))
            memcpy(bits, other->chunk, sizeof other->chunk);
        else
            bits_gather(frame_picked(x->m->frame), other->bits, other->words, bits);
    }
}

static bool note(struct passing *x, struct kept *k, uint32_t row, int64_t seq, bool in)
{
    if (!vec_need(x->found, x->cap, x->n + 1))
        return false;
    struct found *f = &x->found[x->n++];
    *f = (struct found){ k, row, in, seq ? BECAUSE_FACT : BECAUSE_TIERS, seq };
    if (x->everybody) {
        f->because = k->because;
        f->cause = k->cause;
    }
    return true;
}

/* seq NULL: everybody is asked. */
static enum err_code compare(struct passing *x, struct kept *k, const uint32_t *row, const int64_t *seq, size_t n)
{
    uint64_t was[COLUMN_CHUNK / 64];
    if (k->next) {
        memcpy(&k->next[row[0] / 64], k->chunk, (n + 63) / 64 * sizeof *k->next);
        return ERR_OK;
    }
    bits_gather(frame_picked(x->m->frame), k->bits, k->words, was);
    for (size_t w = 0; w * 64 < n; w++)
        for (uint64_t left = was[w] ^ k->chunk[w]; left; left &= left - 1) {
            size_t i = w * 64 + (size_t)__builtin_ctzll(left);
            if (!note(x, k, row[i], seq ? seq[i] : 0, k->chunk[w] >> i % 64 & 1))
                return roster_no_memory(x->e);
        }
    return ERR_OK;
}

static enum err_code ask_rows(struct passing *x, const uint32_t *row, const int64_t *seq, size_t n)
{
    struct roster *m = x->m;
    size_t words = COLUMN_WORDS(population_columns(m->population)->rows);
    uint64_t is[COLUMN_CHUNK / 64];
    TRY(frame_gather(m->frame, row, n, x->e));
    bits_gather(frame_picked(m->frame), population_customers(m->population), words, is);
    for (size_t a = 0; a < m->n_order; a++) {
        struct kept *k = m->order[a];
        if (!asked(x, k))
            continue;
        name_audiences(x, k);
        TRY(condition_run_frame(k->condition, n, k->chunk, x->scratch, x->e));
        for (size_t w = 0; w * 64 < n; w++)
            k->chunk[w] &= is[w];
        TRY(compare(x, k, row, seq, n));
    }
    return ERR_OK;
}

static enum err_code write_found(struct passing *x)
{
    enum err_code code = x->n ? roster_write(x->m, x->found, x->n, x->e) : ERR_OK;
    x->n = 0;
    return code;
}

static bool want(struct passing *x)
{
    bool any = false;
    frame_want_none(x->m->frame);
    for (size_t a = 0; a < x->m->n_order; a++) {
        const struct kept *k = x->m->order[a];
        size_t n;
        const size_t *place = condition_places(k->condition, &n);
        if (!asked(x, k))
            continue;
        frame_want(x->m->frame, place, n);
        any = true;
    }
    return any;
}

/* Under the population's lock, until there is enough to write. */
static enum err_code ask_some(struct passing *x, const struct population_change *change, size_t n, size_t *done)
{
    size_t end = *done + ROWS_LOCKED;
    want(x);
    while (*done < n && *done < end && x->n < FOUND_MAX) {
        uint32_t row[COLUMN_CHUNK];
        int64_t seq[COLUMN_CHUNK];
        size_t rows = n - *done < COLUMN_CHUNK ? n - *done : COLUMN_CHUNK;
        for (size_t i = 0; i < rows; i++) {
            row[i] = change ? change[*done + i].row : (uint32_t)(*done + i);
            seq[i] = change ? change[*done + i].seq : 0;
        }
        TRY(ask_rows(x, row, change ? seq : NULL, rows));
        *done += rows;
    }
    return ERR_OK;
}

/* change NULL: the first n rows. */
static enum err_code ask(struct passing *x, const struct population_change *change, size_t n)
{
    if (!want(x))
        return ERR_OK;
    for (size_t done = 0; done < n;) {
        if (atomic_load(&x->m->stopping))
            return err_set(x->e, ERR_BUSY, 1, "the server stops");
        TRY(roster_lock_fit(x->m, x->e));
        enum err_code code = ask_some(x, change, n, &done);
        population_unlock(x->m->population);
        TRY(code);
        TRY(write_found(x));
    }
    return ERR_OK;
}

/* ---- who is asked about everybody, and why ---- */
static void ask_everybody(struct kept *k, enum because because, int64_t cause)
{
    if (k->everybody)
        return;
    k->everybody = true;
    k->because = because;
    k->cause = cause;
}

static void named_everybody(struct roster *m, struct kept *k)
{
    size_t n;
    const size_t *place = condition_places(k->condition, &n);
    for (size_t i = 0; i < n; i++) {
        int64_t id;
        if (frame_audience(m->frame, place[i], &id) && kept_find(m, id)->everybody)
            ask_everybody(k, BECAUSE_AUDIENCE, id);
    }
}

static enum err_code choose(struct passing *x, bool all, bool new_day, bool new_moment)
{
    struct roster *m = x->m;
    size_t words = COLUMN_WORDS(population_columns(m->population)->rows);
    for (size_t a = 0; a < m->n_order; a++) {
        struct kept *k = m->order[a];
        k->everybody = false;
        if (k->version != k->wanted) {
            ask_everybody(k, BECAUSE_RECOUNT, 0);
            free(k->next);
            k->next = calloc(words, sizeof *k->next);
            k->next_words = words;
            if (!k->next)
                return roster_no_memory(x->e);
        }
        if (all)
            ask_everybody(k, BECAUSE_RECOUNT, 0);
        if ((new_day && condition_is_of_day(k->condition)) || (new_moment && condition_is_of_moment(k->condition)))
            ask_everybody(k, BECAUSE_TIME, 0);
        named_everybody(m, k);
    }
    return ERR_OK;
}

static enum err_code begin_versions(struct passing *x)
{
    for (size_t a = 0; a < x->m->n_order; a++)
        if (x->m->order[a]->next)
            TRY(roster_begin(x->m, x->m->order[a], x->e));
    return ERR_OK;
}

static bool any_moment(const struct roster *m)
{
    for (size_t a = 0; a < m->n_order; a++)
        if (condition_is_of_moment(m->order[a]->condition))
            return true;
    return false;
}

/* Conditions know the day and the moment that they were made at. */
static enum err_code make(struct passing *x, bool new_day, bool new_moment)
{
    struct roster *m = x->m;
    bool changed;
    TRY(roster_read(m, &changed, x->e));
    population_lock(m->population);
    changed = changed || population_names_known(m->population) != m->names;
    population_unlock(m->population);
    return changed || new_day || new_moment || !m->frame ? roster_make(m, x->e) : ERR_OK;
}

static enum err_code ask_all(struct passing *x, size_t rows)
{
    x->everybody = true;
    atomic_store(&x->m->long_pass, rows > LONG_ROWS && want(x));
    enum err_code code = ask(x, NULL, rows);
    if (!code)
        code = begin_versions(x);
    atomic_store(&x->m->long_pass, false);
    return code;
}

/* What is taken from the population is not told again: until it has been asked about, everybody would have to be. */
static enum err_code pass(struct passing *x, struct arena *mem)
{
    struct roster *m = x->m;
    struct population_change *change;
    size_t n, rows;
    bool all;
    int64_t now_ms = m->world.now_ms;
    int32_t today = zones_day(m->world.zones, now_ms);
    bool new_day = today != atomic_load(&m->day), new_moment = now_ms >= atomic_load(&m->moment_ms);
    TRY(make(x, new_day, new_moment));
    TRY(population_take_changes(m->population, mem, &change, &n, &all, x->e));
    all = atomic_exchange(&m->redo, true) || all;
    population_lock(m->population);
    enum err_code code = choose(x, all, new_day, new_moment);
    rows = population_columns(m->population)->rows;
    population_unlock(m->population);
    TRY(code);
    TRY(ask(x, change, n));
    TRY(ask_all(x, rows));
    atomic_store(&m->day, today);
    if (new_moment)
        atomic_store(&m->moment_ms, any_moment(m) ? now_ms + MOMENT_MS : INT64_MAX);
    atomic_store(&m->redo, false);
    return ERR_OK;
}

static enum err_code refresh_and_pass(struct roster *m, const struct people *people, int64_t now_ms, struct err *e)
{
    AUTO(arena) mem = arena_new(PASS_BYTES);
    AUTO(arena) scratch = arena_new(SCRATCH_BYTES);
    struct passing x = { .m = m, .scratch = scratch, .e = e };
    if (!mem || !scratch)
        return roster_no_memory(e);
    atomic_store(&m->touched, false);
    if (!m->conn)
        TRY(store_conn_new(memory_store(m->memory), STORE_READ, &m->conn, e));
    TRY(population_refresh(m->population, people, now_ms, e));
    enum err_code code = pass(&x, mem);
    free(x.found);
    return code;
}

static bool is_due(struct roster *m, const struct people *people, int64_t now_ms)
{
    return atomic_load(&m->touched) || population_changes_wait(m->population)
           || population_refresh_due(m->population, people)
           || zones_day(m->world.zones, now_ms) != atomic_load(&m->day) || now_ms >= atomic_load(&m->moment_ms);
}

bool roster_due(struct roster *m, const struct people *people, int64_t now_ms)
{
    return now_ms >= atomic_load(&m->retry_ms) && is_due(m, people, now_ms);
}

/* Whoever waits for a long pass keeps a thread from other work. */
static bool begin(struct roster *m)
{
    if (pthread_mutex_trylock(&m->passing) == 0)
        return true;
    if (atomic_load(&m->long_pass))
        return false;
    pthread_mutex_lock(&m->passing);
    return true;
}

enum err_code roster_pass(struct roster *m, const struct people *people, int64_t now_ms, struct err *e)
{
    enum err_code code = ERR_OK;
    if (!begin(m))
        return ERR_OK;
    if (is_due(m, people, now_ms)) {
        m->world.now_ms = now_ms;
        code = refresh_and_pass(m, people, now_ms, e);
    }
    if (code)
        atomic_store(&m->touched, true);
    atomic_store(&m->retry_ms, code ? now_ms + RETRY_MS : INT64_MIN);
    pthread_mutex_unlock(&m->passing);
    return code;
}

void roster_cancel(struct roster *m)
{
    atomic_store(&m->stopping, true);
}

void roster_touch(struct roster *m)
{
    atomic_store(&m->touched, true);
}

/* ---- members ---- */
void roster_lock(struct roster *m)
{
    pthread_rwlock_rdlock(&m->lock);
}

void roster_unlock(struct roster *m)
{
    pthread_rwlock_unlock(&m->lock);
}

bool roster_find(const struct roster *m, int64_t audience, struct members *ret)
{
    const struct kept *k = kept_find(m, audience);
    if (!k || k->gone || !(k->version || k->why[0]))
        return false;
    *ret = (struct members){ k->version, k->members, k->bits, k->words * 64, k->why[0] ? k->why : NULL };
    return true;
}
