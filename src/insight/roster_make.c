/* The saved audiences as conditions over one frame, each behind those that it names. */
#include <stdio.h>

#include "base/vec.h"
#include "insight/roster_room.h"

#define TEXTS_BYTES ((size_t)256 << 20)
#define CONDITION_BYTES ((size_t)64 << 20)

/* ---- reading ---- */
static bool is_same(const struct kept *k, const struct document_row *row)
{
    return !k->gone && k->wanted == row->version && slice_eq(k->name, row->name);
}

static void set_gone(struct roster *m, struct kept *k)
{
    pthread_rwlock_wrlock(&m->lock);
    k->gone = true;
    free(k->bits);
    k->bits = NULL;
    k->words = 0;
    k->members = k->version = 0;
    pthread_rwlock_unlock(&m->lock);
    free(k->next);
    k->next = NULL;
    arena_drop(&k->mem);
    k->condition = NULL;
    k->name = k->text = (struct slice){ NULL, 0 };
}

static bool is_among(const struct document_row *row, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (row[i].id == id)
            return true;
    return false;
}

static enum err_code take_documents(struct roster *m, const struct document_row *row, size_t n, bool *changed,
                                    struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        pthread_rwlock_wrlock(&m->lock);
        struct kept *k = kept_make(m, row[i].id);
        pthread_rwlock_unlock(&m->lock);
        if (!k)
            return roster_no_memory(e);
        *changed = *changed || !is_same(k, &row[i]);
        k->gone = false;
        k->wanted = row[i].version;
        k->name = row[i].name;
        k->text = row[i].text;
    }
    for (size_t i = 0; i < m->n; i++)
        if (!m->kept[i]->gone && !is_among(row, n, m->kept[i]->id)) {
            TRY(roster_end(m, m->kept[i]->id, e));
            set_gone(m, m->kept[i]);
            *changed = true;
        }
    return ERR_OK;
}

enum err_code roster_read(struct roster *m, bool *changed, struct err *e)
{
    struct arena *mem = arena_new(TEXTS_BYTES);
    struct document_row *row;
    size_t n;
    *changed = false;
    if (!mem)
        return roster_no_memory(e);
    enum err_code code = documents_list(m->conn, AUDIENCE, true, mem, &row, &n, e);
    if (!code)
        code = take_documents(m, row, n, changed, e);
    if (code) {                      // some may have texts of this arena: no name is the same, so that they are read anew
        for (size_t i = 0; i < m->n; i++)
            m->kept[i]->name = m->kept[i]->text = (struct slice){ NULL, 0 };
        arena_drop(&mem);
        return code;
    }
    arena_drop(&m->texts);
    m->texts = mem;
    return ERR_OK;
}

/* ---- making ---- */
static void set_why(struct roster *m, struct kept *k, const char *why)
{
    pthread_rwlock_wrlock(&m->lock);
    snprintf(k->why, sizeof k->why, "%s", why);
    pthread_rwlock_unlock(&m->lock);
}

/* What does not read is no error of the pass. Alone with the population. */
static void make_one(struct roster *m, struct kept *k)
{
    struct err err = { .text = "no memory for live audiences" };
    arena_drop(&k->mem);
    k->condition = NULL;
    k->mem = arena_new(CONDITION_BYTES);
    if (k->mem && !condition_new_in(m->frame, &m->world, k->text, k->mem, &k->condition, &err))
        k->state = condition_state(k->condition, m->frame);
    else
        k->condition = NULL;
    set_why(m, k, k->condition ? "" : err.text);
}

static void breaks(struct roster *m, struct kept *k, const struct kept *other)
{
    char why[160];
    snprintf(why, sizeof why, "in audience '%.*s': %.90s", SLICE_ARG(slice_utf8_cut(other->name, 40)),
             other->why[0] ? other->why : "it leads back to itself");
    set_why(m, k, why);
    k->condition = NULL;
}

static void seek_depth(struct roster *m, struct kept *k)
{
    size_t n = 0;
    if (k->seeking != DEPTH_OPEN)
        return;
    k->seeking = DEPTH_SEEKING;
    k->depth = 0;
    const size_t *place = k->condition ? condition_places(k->condition, &n) : NULL;
    for (size_t i = 0; i < n && k->condition; i++) {
        int64_t id;
        if (!frame_audience(m->frame, place[i], &id))
            continue;
        struct kept *other = kept_find(m, id);
        seek_depth(m, other);
        if (!other->condition || other->seeking == DEPTH_SEEKING)
            breaks(m, k, other);
        else if (other->depth >= k->depth)
            k->depth = other->depth + 1;
    }
    k->seeking = DEPTH_KNOWN;
}

static int by_depth(const void *a, const void *b)
{
    const struct kept *x = *(struct kept *const *)a, *y = *(struct kept *const *)b;
    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static enum err_code put_in_order(struct roster *m, struct err *e)
{
    m->n_order = 0;
    if (!vec_need(m->order, m->order_cap, m->n + 1))
        return roster_no_memory(e);
    for (size_t i = 0; i < m->n; i++)
        m->kept[i]->seeking = DEPTH_OPEN;
    for (size_t i = 0; i < m->n; i++) {
        seek_depth(m, m->kept[i]);
        if (m->kept[i]->condition)
            m->order[m->n_order++] = m->kept[i];
    }
    qsort(m->order, m->n_order, sizeof(struct kept *), by_depth);
    return ERR_OK;
}

static bool id_of(void *arg, struct slice name, int64_t *ret)
{
    const struct roster *m = arg;
    for (size_t i = 0; i < m->n; i++)
        if (!m->kept[i]->gone && slice_eq(m->kept[i]->name, name)) {
            *ret = m->kept[i]->id;
            return true;
        }
    return false;
}

static enum err_code make_all(struct roster *m, struct err *e)
{
    frame_drop(&m->frame);
    TRY(frame_new(m->population, &m->frame, e));
    m->names = population_names_known(m->population);
    m->world.population = m->population;
    m->world.audience_id = id_of;
    m->world.arg = m;
    for (size_t i = 0; i < m->n; i++)
        if (!m->kept[i]->gone)
            make_one(m, m->kept[i]);
    population_sweep_tallies(m->population);
    return put_in_order(m, e);
}

enum err_code roster_make(struct roster *m, struct err *e)
{
    population_lock_alone(m->population);
    enum err_code code = make_all(m, e);
    population_unlock(m->population);
    return code;
}

/* ---- columns that are other ones than when conditions were made ---- */
static bool fits(const struct roster *m)
{
    for (size_t a = 0; a < m->n_order; a++)
        if (m->order[a]->state != condition_state(m->order[a]->condition, m->frame))
            return false;
    return true;
}

static enum err_code make_fit(struct roster *m, struct err *e)
{
    TRY(frame_look(m->frame, e));
    for (size_t a = 0; a < m->n_order; a++)
        if (m->order[a]->state != condition_state(m->order[a]->condition, m->frame))
            make_one(m, m->order[a]);
    return put_in_order(m, e);
}

enum err_code roster_lock_fit(struct roster *m, struct err *e)
{
    for (;;) {
        population_lock(m->population);
        enum err_code code = frame_look(m->frame, e);
        if (!code && fits(m))
            return ERR_OK;
        population_unlock(m->population);
        TRY(code);
        population_lock_alone(m->population);
        code = make_fit(m, e);
        population_unlock(m->population);
        TRY(code);
    }
}
