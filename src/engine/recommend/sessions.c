#include "engine/recommend/sessions.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Cells of the most recent sessions with one item, the oldest first, in a ring whose room is a power of two. */
struct recent {
    uint32_t *cell;
    uint32_t room, first, n;
    uint32_t sessions;               // held with the item; the latest n of them are listed
};

struct held {
    uint32_t start, n;               // its items begin at place[start], the latest first
};

/* Sessions lie in a ring of cells in the order they were added, their items in the same order in a ring of places. */
struct sessions {
    struct sessions_options options;
    struct held *held;
    uint32_t *place;
    struct recent *recent;           // by item
    uint32_t items;                  // of recent
    uint32_t *fresh;                 // scratch of sessions_add: length_max
    uint32_t next, count;            // the cell of the next session; how many cells before it are in use
    uint32_t head;                   // the place after the latest session's
    size_t listed_bytes;             // of all lists of cells
};

enum err_code sessions_new(struct sessions_options options, struct sessions **ret, struct err *e)
{
    assert(options.sessions_max > 0 && options.sessions_max < 1u << 31 && options.places_max < 1u << 31);
    assert(options.length_max > 1 && options.places_max >= options.length_max && options.m > 0 && options.k > 0);
    assert(options.query_max > 0 && options.query_max <= SESSIONS_QUERY_MAX);
    AUTO(sessions) s = calloc(1, sizeof *s);
    if (s) {
        s->options = options;
        s->held = calloc(options.sessions_max, sizeof *s->held);
        s->place = malloc(options.places_max * sizeof *s->place);
        s->fresh = malloc(options.length_max * sizeof *s->fresh);
    }
    if (!s || !s->held || !s->place || !s->fresh)
        return err_set(e, ERR_LIMIT, 0, "no memory for %u sessions", options.sessions_max);
    *ret = s;
    s = NULL;
    return ERR_OK;
}

void sessions_drop(struct sessions **s)
{
    assert(s);
    if (!*s)
        return;
    for (uint32_t i = 0; i < (*s)->items; i++)
        free((*s)->recent[i].cell);
    free((*s)->recent);
    free((*s)->held);
    free((*s)->place);
    free((*s)->fresh);
    free(*s);
    *s = NULL;
}

/* Gives a list another room: a power of two, at least its n; 0 frees it. */
static bool recent_room(struct sessions *s, struct recent *of, uint32_t room)
{
    uint32_t *cell = room ? malloc(room * sizeof *cell) : NULL;
    if (room && !cell)
        return false;
    for (uint32_t i = 0; i < of->n; i++)
        cell[i] = of->cell[(of->first + i) & (of->room - 1)];
    free(of->cell);
    s->listed_bytes = s->listed_bytes - of->room * sizeof *cell + room * sizeof *cell;
    of->cell = cell;
    of->room = room;
    of->first = 0;
    return true;
}

static void oldest_drop(struct sessions *s)
{
    uint32_t oldest = (s->next + s->options.sessions_max - s->count) % s->options.sessions_max;
    const struct held *held = s->held + oldest;
    for (uint32_t i = 0; i < held->n; i++) {
        struct recent *of = s->recent + s->place[held->start + i];
        of->sessions--;
        if (of->n > 0 && of->cell[of->first] == oldest) {  // else newer ones have pushed it off the list
            of->first = (of->first + 1) & (of->room - 1);
            of->n--;
        }
        if (of->n <= of->room / 4)
            (void)recent_room(s, of, of->n ? of->room / 2 : 0);  // without memory it stays roomy
    }
    s->count--;
}

/* Where n items can lie together, in place of the oldest sessions if need be. */
static uint32_t places_free(struct sessions *s, uint32_t n)
{
    bool turns = n > s->options.places_max - s->head;
    uint32_t at = turns ? 0 : s->head;
    while (s->count > 0) {
        uint32_t oldest = (s->next + s->options.sessions_max - s->count) % s->options.sessions_max;
        uint32_t tail = s->held[oldest].start;
        if (s->count < s->options.sessions_max && (turns ? tail < s->head && n <= tail : tail < s->head || n <= tail - at))
            return at;
        oldest_drop(s);
    }
    return 0;
}

/* The latest distinct items, the latest first, at most max. */
static uint32_t distinct(const uint32_t *item, size_t n, uint32_t *ret, uint32_t max)
{
    uint32_t count = 0;
    for (size_t i = n; i-- > 0 && count < max;) {
        uint32_t at = 0;
        while (at < count && ret[at] != item[i])
            at++;
        if (at == count)
            ret[count++] = item[i];
    }
    return count;
}

static bool items_room(struct sessions *s, uint32_t items)
{
    if (items <= s->items)
        return true;
    uint32_t half = s->options.items_max / 2, room = s->items < half ? 2 * s->items : s->options.items_max;
    if (room < items)
        room = items;
    struct recent *recent = realloc(s->recent, room * sizeof *recent);
    if (!recent)
        return false;
    memset(recent + s->items, 0, (room - s->items) * sizeof *recent);
    s->recent = recent;
    s->items = room;
    return true;
}

static bool lists_room(struct sessions *s, const uint32_t *item, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct recent *of = s->recent + item[i];
        if (of->n == of->room && of->n < s->options.m && !recent_room(s, of, of->room ? 2 * of->room : 1))
            return false;
    }
    return true;
}

static void list_add(struct recent *of, uint32_t cell, uint32_t m)
{
    if (of->n == m) {
        of->first = (of->first + 1) & (of->room - 1);
        of->n--;
    }
    of->cell[(of->first + of->n++) & (of->room - 1)] = cell;
    of->sessions++;
}

enum err_code sessions_add(struct sessions *s, const uint32_t *item, size_t n, struct err *e)
{
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) {
        if (item[i] >= s->options.items_max)
            return err_set(e, ERR_INVALID, i, "item %u is not below %u", item[i], s->options.items_max);
        most = item[i] > most ? item[i] : most;
    }
    uint32_t length = distinct(item, n, s->fresh, s->options.length_max);
    if (length < 2)
        return ERR_OK;
    uint32_t at = places_free(s, length);
    if (!items_room(s, most + 1) || !lists_room(s, s->fresh, length))
        return err_set(e, ERR_LIMIT, 0, "no memory for a session of %u items", length);
    memcpy(s->place + at, s->fresh, length * sizeof *s->place);
    s->held[s->next] = (struct held){ at, length };
    for (uint32_t i = 0; i < length; i++)
        list_add(s->recent + s->fresh[i], s->next, s->options.m);
    s->head = at + length;
    s->next = (s->next + 1) % s->options.sessions_max;
    s->count++;
    return ERR_OK;
}

uint32_t sessions_count(const struct sessions *s)
{
    return s->count;
}

uint32_t sessions_with(const struct sessions *s, uint32_t item)
{
    return item < s->items ? s->recent[item].sessions : 0;
}

size_t sessions_bytes(const struct sessions *s)
{
    return sizeof *s + s->options.sessions_max * sizeof *s->held + s->options.places_max * sizeof *s->place +
           s->options.length_max * sizeof *s->fresh + s->items * sizeof *s->recent + s->listed_bytes;
}

/* A session that shares an item with the evolving one; bit p - 1 of `shared`: the item at p. */
struct like {
    uint32_t cell, shared;
    float r;
};

struct met {
    uint32_t together;               // neighbours with the item; OWN; in the second pass 1 + its rank
    float weight;
};
#define OWN UINT32_MAX               // the evolving session's

struct sessions_work {
    struct met *met;                 // by item; all 0 between calls
    uint32_t *list;                  // the items met
    uint32_t items;
    struct like *like;               // m
    float *r;                        // m
    uint32_t m;
    float part[SESSIONS_BEST_MAX][SESSIONS_QUERY_MAX];
};

struct sessions_work *sessions_work_new(void)
{
    return calloc(1, sizeof(struct sessions_work));
}

void sessions_work_drop(struct sessions_work **work)
{
    assert(work);
    if (!*work)
        return;
    free((*work)->met);
    free((*work)->list);
    free((*work)->like);
    free((*work)->r);
    free(*work);
    *work = NULL;
}

static enum err_code work_fit(struct sessions_work *work, const struct sessions *s, struct err *e)
{
    if (work->items < s->items) {
        free(work->met);
        free(work->list);
        work->met = calloc(s->items, sizeof *work->met);
        work->list = malloc(s->items * sizeof *work->list);
        work->items = work->met && work->list ? s->items : 0;
    }
    if (work->m < s->options.m) {
        free(work->like);
        free(work->r);
        work->like = malloc(s->options.m * sizeof *work->like);
        work->r = malloc(s->options.m * sizeof *work->r);
        work->m = work->like && work->r ? s->options.m : 0;
    }
    if (work->items < s->items || work->m < s->options.m)
        return err_set(e, ERR_LIMIT, 0, "no memory to score %u items", s->items);
    return ERR_OK;
}

/* What is left of an item's list, from its new end. */
struct reading {
    const struct recent *of;
    uint32_t left, age;              // age of the latest left: 0 for the last session added
};

static void reading_move(const struct sessions *s, struct reading *at)
{
    if (at->left == 0) {
        at->age = UINT32_MAX;
        return;
    }
    uint32_t cell = at->of->cell[(at->of->first + at->left - 1) & (at->of->room - 1)];
    at->age = (cell < s->next ? s->next : s->next + s->options.sessions_max) - 1 - cell;
}

static float pi_of(uint32_t at, uint32_t length)
{
    return (float)(length - at) / (float)length;
}

/* The m most recent sessions with one of the items, each with r: the lists' merge. */
static uint32_t find_alike(const struct sessions *s, const uint32_t *item, uint32_t length, struct like *like)
{
    struct reading reading[SESSIONS_QUERY_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < length; i++) {
        reading[i] = (struct reading){ s->recent + item[i], s->recent[item[i]].n, 0 };
        reading_move(s, reading + i);
    }
    while (n < s->options.m) {
        uint32_t age = UINT32_MAX;
        for (uint32_t i = 0; i < length; i++)
            age = reading[i].age < age ? reading[i].age : age;
        if (age == UINT32_MAX)
            break;
        struct like *one = like + n++;
        *one = (struct like){ (s->next > age ? s->next : s->next + s->options.sessions_max) - 1 - age, 0, 0 };
        for (uint32_t i = 0; i < length; i++) {
            if (reading[i].age != age)
                continue;
            one->shared |= 1u << i;
            one->r += pi_of(i, length);
            reading[i].left--;
            reading_move(s, reading + i);
        }
    }
    return n;
}

/* The k-th greatest of r[n], by Hoare's selection; r is put in another order. */
static float kth_greatest(float *r, uint32_t n, uint32_t k)
{
    int64_t low = 0, high = (int64_t)n - 1, want = (int64_t)k - 1;
    while (low < high) {
        float pivot = r[(low + high) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (r[i] > pivot)
                i++;
            while (r[j] < pivot)
                j--;
            if (i > j)
                break;
            float swap = r[i];
            r[i++] = r[j];
            r[j--] = swap;
        }
        if (want <= j)
            high = j;
        else if (want >= i)
            low = i;
        else
            break;
    }
    return r[want];
}

/* Leaves the k neighbours at the front: those with the greatest r, of equals the more recent ones, which come first. */
static uint32_t keep_nearest(struct like *like, float *r, uint32_t n, uint32_t k)
{
    if (n <= k)
        return n;
    for (uint32_t i = 0; i < n; i++)
        r[i] = like[i].r;
    float least = kth_greatest(r, n, k);
    uint32_t equals = k, kept = 0;
    for (uint32_t i = 0; i < n; i++)
        equals -= like[i].r > least;
    for (uint32_t i = 0; i < n; i++) {
        if (like[i].r < least || (like[i].r <= least && equals == 0))
            continue;
        equals -= like[i].r <= least;
        like[kept++] = like[i];
    }
    return kept;
}

static float lambda_of(uint32_t shared)
{
    assert(shared != 0);
    float p = (float)__builtin_ctz(shared) + 1;
    return p < 10 ? 1 - p / 10 : 0;
}

#define AHEAD 8                      // neighbours whose items are asked for before their turn: each lies somewhere else

/* Adds the neighbours' items; returns how many were met. */
static uint32_t add_up(const struct sessions *s, const struct like *like, uint32_t k, struct sessions_work *work)
{
    struct met *met = work->met;
    uint32_t *list = work->list, n = 0;
    for (uint32_t i = 0; i < k; i++) {
        float weight = lambda_of(like[i].shared) * like[i].r;
        if (i + 2 * AHEAD < k)
            __builtin_prefetch(s->held + like[i + 2 * AHEAD].cell);
        if (i + AHEAD < k)
            __builtin_prefetch(s->place + s->held[like[i + AHEAD].cell].start);
        if (weight <= 0)
            continue;
        const struct held *held = s->held + like[i].cell;
        const uint32_t *item = s->place + held->start, *end = item + held->n;
        for (; item < end; item++) {
            struct met *one = met + *item;
            if (one->together == OWN)
                continue;
            if (one->together++ == 0)
                list[n++] = *item;
            one->weight += weight;
        }
    }
    return n;
}

/* What each item of the evolving session added to each of the best; their `why`. */
static void find_why(const struct sessions *s, const uint32_t *own, uint32_t length, uint32_t k, struct sessions_work *work,
                     struct scored *best, size_t n)
{
    memset(work->part, 0, n * sizeof work->part[0]);
    for (uint32_t rank = 0; rank < n; rank++)
        work->met[best[rank].item].together = rank + 1;
    for (uint32_t i = 0; i < k; i++) {
        const struct held *held = s->held + work->like[i].cell;
        float lambda = lambda_of(work->like[i].shared);
        for (uint32_t at = held->start; at < held->start + held->n; at++) {
            uint32_t rank = work->met[s->place[at]].together;
            if (rank == 0 || rank == OWN)
                continue;
            for (uint32_t left = work->like[i].shared; left; left &= left - 1) {
                uint32_t p = (uint32_t)__builtin_ctz(left);
                work->part[rank - 1][p] += lambda * pi_of(p, length);
            }
        }
    }
    for (size_t rank = 0; rank < n; rank++) {
        uint32_t most = 0;
        for (uint32_t p = 1; p < length; p++)
            if (work->part[rank][p] > work->part[rank][most])
                most = p;
        best[rank].why = own[most];
        work->met[best[rank].item].together = 0;
    }
}

/* The distinct items of the evolving session of which sessions are held, the latest first. */
static uint32_t known(const struct sessions *s, const uint32_t *item, size_t n, uint32_t *ret)
{
    uint32_t length = distinct(item, n, ret, SESSIONS_OWN_MAX), kept = 0;
    for (uint32_t i = 0; i < length; i++)
        if (sessions_with(s, ret[i]) > 0)
            ret[kept++] = ret[i];
    return kept;
}

enum err_code sessions_score(const struct sessions *s, const uint32_t *item, size_t n_items,
                             bool (*allowed)(void *arg, uint32_t item), void *arg, struct sessions_work *work,
                             struct scored *best, size_t max, size_t *n, struct err *e)
{
    assert(s && work && n && max > 0 && max <= SESSIONS_BEST_MAX);
    TRY(work_fit(work, s, e));
    uint32_t own[SESSIONS_OWN_MAX], n_own = known(s, item, n_items, own);
    uint32_t length = n_own < s->options.query_max ? n_own : s->options.query_max;
    uint32_t k = keep_nearest(work->like, work->r, find_alike(s, own, length, work->like), s->options.k);
    for (uint32_t i = 0; i < n_own; i++)
        work->met[own[i]].together = OWN;
    uint32_t n_met = add_up(s, work->like, k, work);
    size_t count = 0;
    float rarest = logf((float)s->count);
    for (uint32_t i = 0; i < n_met; i++) {
        uint32_t one = work->list[i];
        const struct met met = work->met[one];
        work->met[one] = (struct met){ 0 };
        if (count == max && rarest * met.weight < best[max - 1].score)
            continue;  // most end here, without their own logarithm and before `allowed`: each may cost a cache miss
        float idf = logf((float)s->count / (float)s->recent[one].sessions);
        struct scored candidate = { one, 0, met.together, idf * met.weight };
        if (count == max && !scored_better(candidate, best[max - 1]))
            continue;
        if (!allowed || allowed(arg, one))
            count = scored_keep(best, count, max, candidate);
    }
    find_why(s, own, length, k, work, best, count);
    for (uint32_t i = 0; i < n_own; i++)
        work->met[own[i]].together = 0;
    *n = count;
    return ERR_OK;
}
