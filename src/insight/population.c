/* The follower of events and what questions see; population_columns.c is the follower of what changes columns,
 * population_fill.c reads the customers, population_keep.c is a column. */
#include "insight/population_room.h"

#include <assert.h>

#include "base/vec.h"
#include "text/time.h"

#define SNAPSHOT_VERSION 3
#define ZONE_BYTES 64            // names of the IANA database are half as long
#define KEPT_ROOM (1u << 16)     // entries that the queue keeps room for when it is empty
#define TOLD_MAX (1u << 20)      // beyond that the follower takes its own queue in

static const struct {
    const char *name;
    enum column_kind kind;
} computed[COMPUTED] = {
    [COMPUTED_ORDERS] = { "orders", COLUMN_NUMBER },           [COMPUTED_SPEND] = { "spend", COLUMN_NUMBER },
    [COMPUTED_FIRST_ORDER] = { "first order", COLUMN_DATE },   [COMPUTED_LAST_ORDER] = { "last order", COLUMN_DATE },
    [COMPUTED_FIRST_SEEN] = { "first seen", COLUMN_DATE },     [COMPUTED_LAST_SEEN] = { "last seen", COLUMN_DATE },
    [COMPUTED_TIER] = { "tier", COLUMN_CODES },                [COMPUTED_KIND] = { "kind", COLUMN_CODES },
    [COMPUTED_KNOWN] = { "known", COLUMN_BOOLEAN },
    [COMPUTED_ALIVE] = { "probability alive", COLUMN_NUMBER },
    [COMPUTED_EXPECTED_ORDERS] = { "expected orders", COLUMN_NUMBER },
    [COMPUTED_ORDER_VALUE] = { "expected order value", COLUMN_NUMBER },
    [COMPUTED_LIFETIME] = { "lifetime value", COLUMN_NUMBER },
    [COMPUTED_LIFETIME_LOW] = { "lifetime value low", COLUMN_NUMBER },
    [COMPUTED_LIFETIME_HIGH] = { "lifetime value high", COLUMN_NUMBER },
    [COMPUTED_FAVOURITE_CATEGORY] = { "favourite category", COLUMN_CODES },
    [COMPUTED_FAVOURITE_CATEGORY_SHARE] = { "favourite category share", COLUMN_NUMBER },
    [COMPUTED_FAVOURITE_BRAND] = { "favourite brand", COLUMN_CODES },
    [COMPUTED_PRICE_LEVEL] = { "price level", COLUMN_NUMBER },
    [COMPUTED_FAVOURITE_HOUR] = { "favourite hour", COLUMN_NUMBER },
    [COMPUTED_FAVOURITE_WEEKDAY] = { "favourite weekday", COLUMN_CODES },
    [COMPUTED_FAVOURITE_CHANNEL] = { "favourite channel", COLUMN_CODES },
    [COMPUTED_SPEND_YEAR] = { "spend last year", COLUMN_NUMBER },
    [COMPUTED_VALUE_TIER] = { "value tier", COLUMN_CODES },
    [COMPUTED_VALUE_TIER_SINCE] = { "value tier since", COLUMN_DATE },
    [COMPUTED_SHARE] = { "share of customer", COLUMN_NUMBER },
    [COMPUTED_REACH] = { "spend within reach", COLUMN_NUMBER },
};

bool population_is_computed(struct slice name)
{
    for (size_t i = 0; i < COMPUTED; i++)
        if (slice_is(name, computed[i].name))
            return true;
    return false;
}

#define DECLARED SLICE("declared(")

struct slice population_declared_name(struct slice trait, struct arena *mem)
{
    struct buf out = buf_make(1 << 16);
    buf_add(&out, DECLARED);
    value_literal(value_string(trait), &out);
    buf_addc(&out, ')');
    struct slice name = out.failed ? (struct slice){ NULL, 0 } : arena_copy(mem, buf_slice(&out));
    buf_drop(&out);
    return name;
}

bool population_is_declared(struct slice column)
{
    return column.len > DECLARED.len && memcmp(column.at, DECLARED.at, DECLARED.len) == 0;
}

enum err_code population_new(struct memory *memory, const struct zones *zones, struct population **ret, struct err *e)
{
    struct population *p = calloc(1, sizeof *p);
    bool ok = p != NULL;
    if (ok) {
        p->memory = memory;
        p->zones = zones;
        pthread_rwlock_init(&p->lock, NULL);
        pthread_mutex_init(&p->refreshing, NULL);
        pthread_mutex_init(&p->queue, NULL);
        p->event = calloc(EVENT_NAMES_MAX, sizeof *p->event);
        p->bought_event = CODE_NONE;
        p->parser = json_parser_new();
        p->events_parser = json_parser_new();
        p->value_parser = json_parser_new();
        ok = p->event && p->parser && p->events_parser && p->value_parser;
    }
    for (size_t i = 0; ok && i < COMPUTED; i++)
        ok = keep_init(&p->computed[i], slice_of(computed[i].name), computed[i].kind);
    uint32_t own;  // whatever names come later, there is room for these
    ok = ok && population_name_event(p, EVENT_BOUGHT, &own) && population_name_event(p, EVENT_PERMISSION, &own);
    *ret = p;
    if (ok)
        return ERR_OK;
    population_drop(ret);
    return err_set(e, ERR_LIMIT, 0, "no memory for the population");
}

void population_value_by(struct population *p, const struct valuation *valuation)
{
    p->valuation = valuation;
}

void population_like_by(struct population *p, struct likings *likings)
{
    p->likings = likings;
}

void population_invest_by(struct population *p, const struct investment *investment)
{
    p->investment = investment;
}

void population_share_by(struct population *p, const struct customer_share *share)
{
    p->share = share;
}

void population_drop(struct population **population)
{
    struct population *p = *population;
    if (!p)
        return;
    occurrences_drop(p);
    for (size_t i = 0; i < p->n_events; i++) {
        free((char *)(uintptr_t)p->event[i].name.at);
        postings_drop(&p->event[i].postings);
        tallies_drop(&p->event[i]);
    }
    words_drop(&p->names);
    words_drop(&p->products);
    words_drop(&p->categories);
    free(p->category);
    free(p->told_memberships.at);
    free(p->memberships.at);
    free(p->relation);
    free(p->event);
    for (size_t i = 0; i < COMPUTED; i++)
        keep_clear(&p->computed[i]);
    for (size_t i = 0; i < p->n_traits; i++) {
        keep_clear(&p->trait[i]);
        keep_clear(&p->declared[i]);
    }
    free(p->declared);
    store_conn_drop(&p->conn);
    free(p->trait);
    free(p->column);
    free(p->told);
    free(p->dirty);
    free(p->dirty_at);
    free(p->changed);
    json_parser_drop(&p->parser);
    free(p->gone);
    free(p->customers);
    free(p->root);
    free(p->leaf);
    pthread_mutex_destroy(&p->queue);
    pthread_mutex_destroy(&p->refreshing);
    pthread_rwlock_destroy(&p->lock);
    free(p);
    *population = NULL;
}

/* ---- the follower; the queue's lock is held ---- */
bool population_name_event(struct population *p, struct slice name, uint32_t *ret)
{
    uint32_t known = words_find(&p->names, name);
    *ret = known ? known - 1 : CODE_NONE;
    if (known || p->n_events == EVENT_NAMES_MAX)
        return true;
    char *copy = malloc(name.len + 1);
    struct postings *postings = copy ? postings_new() : NULL;
    if (!postings || !words_add(&p->names, name)) {
        postings_drop(&postings);
        free(copy);
        return false;
    }
    memcpy(copy, name.at, name.len);
    *ret = (uint32_t)p->n_events;
    p->event[p->n_events++] = (struct event_name){ .name = { copy, name.len }, .postings = postings };
    return true;
}

static bool tell(struct population *p, struct told told)
{
    if (!vec_need(p->told, p->told_cap, p->n_told + 1))
        return false;
    p->told[p->n_told++] = told;
    return true;
}

/* What was told before a row was forgotten does not count; then one walk forgets all such rows. */
static void forget_rows(struct population *p)
{
    bool any = false;
    for (size_t i = p->n_told; i-- > 0;) {
        struct told *t = &p->told[i];
        if (t->event == CODE_NONE) {
            p->gone[t->row / 64] |= UINT64_C(1) << t->row % 64;
            any = true;
        } else if (t->row / 64 < p->gone_cap && bits_has(p->gone, t->row)) {
            t->event = CODE_NONE;
        }
    }
    for (size_t k = 0; k < p->n_events && any; k++) {
        postings_forget(p->event[k].postings, p->gone, 0, p->gone_cap * 64);
        tally_forget(&p->event[k], p->gone, 0, p->gone_cap * 64);
    }
    if (any)
        memset(p->gone, 0, p->gone_cap * sizeof *p->gone);
}

/* Days that are too far from the others are left out: nobody asks about them. */
static void take_in(struct population *p)
{
    forget_rows(p);
    for (size_t i = 0; i < p->n_told; i++) {
        const struct told *t = &p->told[i];
        if (t->event == CODE_NONE || !postings_add(p->event[t->event].postings, t->row, t->day))
            continue;
        tally_add(&p->event[t->event], t->row, t->day);
        p->rows_told = t->row < p->rows_told ? p->rows_told : (size_t)t->row + 1;
    }
    p->n_told = 0;
    if (p->told_cap > KEPT_ROOM) {
        free(p->told);
        p->told = NULL;
        p->told_cap = 0;
    }
}

static enum err_code told_fact(struct population *p, const struct fact *fact, struct err *e)
{
    uint32_t event = CODE_NONE;
    struct slice name = counted_event(fact);
    if (!name.len)
        return ERR_OK;
    bool ok = population_name_event(p, name, &event);
    if (ok && event != CODE_NONE)
        ok = tell(p, (struct told){ event, fact->customer, zones_day(p->zones, fact->timestamp_ms) });
    return ok ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory to count events");
}

static enum err_code population_apply(void *self, const struct fact *fact, struct err *e)
{
    struct population *p = self;
    pthread_mutex_lock(&p->queue);
    enum err_code code = told_fact(p, fact, e);
    bool full = p->n_told >= TOLD_MAX;
    pthread_mutex_unlock(&p->queue);
    /* A replay would fill the memory with its queue; questions are few then. */
    if (full && pthread_rwlock_trywrlock(&p->lock) == 0) {
        pthread_mutex_lock(&p->queue);
        take_in(p);
        pthread_mutex_unlock(&p->queue);
        pthread_rwlock_unlock(&p->lock);
    }
    return code;
}

/* Events that are told again must not count twice: where the queue has no room, it is taken in at once. */
static void population_forget(void *self, uint32_t row)
{
    static const uint64_t one = 1;
    struct population *p = self;
    pthread_mutex_lock(&p->queue);
    bool queued = vec_need(p->gone, p->gone_cap, (size_t)row / 64 + 1)
                  && tell(p, (struct told){ CODE_NONE, row, 0 });
    pthread_mutex_unlock(&p->queue);
    if (queued)
        return;
    pthread_rwlock_wrlock(&p->lock);
    pthread_mutex_lock(&p->queue);
    take_in(p);
    for (size_t k = 0; k < p->n_events; k++) {
        postings_forget(p->event[k].postings, &one, row, 1);
        tally_forget(&p->event[k], &one, row, 1);
    }
    pthread_mutex_unlock(&p->queue);
    pthread_rwlock_unlock(&p->lock);
}

static void population_reset(void *self)
{
    struct population *p = self;
    pthread_rwlock_wrlock(&p->lock);
    pthread_mutex_lock(&p->queue);
    for (size_t i = 0; i < p->n_events; i++) {
        postings_clear(p->event[i].postings);
        tallies_drop(&p->event[i]);
    }
    p->n_told = 0;
    pthread_mutex_unlock(&p->queue);
    pthread_rwlock_unlock(&p->lock);
}

struct snapshot_arg {
    struct snapshot_out *out;
    struct snapshot_in *in;
    enum err_code code;
    struct err *e;
};

static bool put(void *arg, const void *at, size_t len)
{
    struct snapshot_arg *a = arg;
    a->code = snapshot_put(a->out, at, len, a->e);
    return a->code == ERR_OK;
}

static bool get(void *arg, void *at, size_t len)
{
    struct snapshot_arg *a = arg;
    a->code = snapshot_get(a->in, at, len, a->e);
    return a->code == ERR_OK;
}

static struct slice zone_of(const struct population *p)
{
    return p->zones && p->zones->here.len ? p->zones->here : SLICE("UTC");
}

enum err_code population_put_zone(const struct population *p, struct snapshot_out *out, struct err *e)
{
    char name[ZONE_BYTES] = { 0 };
    struct slice zone = slice_utf8_cut(zone_of(p), sizeof name);
    memcpy(name, zone.at, zone.len);
    return snapshot_put(out, name, sizeof name, e);
}

enum err_code population_check_zone(const struct population *p, struct snapshot_in *in, struct err *e)
{
    char name[ZONE_BYTES];
    TRY(snapshot_get(in, name, sizeof name, e));
    struct slice zone = { name, strnlen(name, sizeof name) };
    return slice_eq(zone, slice_utf8_cut(zone_of(p), sizeof name)) ? ERR_OK
           : err_set(e, ERR_CORRUPT, 0, "the snapshot's days are of %.*s", SLICE_ARG(zone));
}

static enum err_code population_save(void *self, struct snapshot_out *out, struct err *e)
{
    struct population *p = self;
    struct snapshot_arg arg = { .out = out, .e = e };
    pthread_rwlock_wrlock(&p->lock);
    pthread_mutex_lock(&p->queue);
    take_in(p);
    uint64_t n = p->n_events;
    arg.code = population_put_zone(p, out, e);
    bool ok = !arg.code && put(&arg, &n, sizeof n);
    for (size_t i = 0; ok && i < p->n_events; i++) {
        uint64_t len = p->event[i].name.len;
        ok = put(&arg, &len, sizeof len) && put(&arg, p->event[i].name.at, len)
             && postings_save(p->event[i].postings, put, &arg);
    }
    pthread_mutex_unlock(&p->queue);
    pthread_rwlock_unlock(&p->lock);
    return arg.code;
}

static enum err_code load_event(struct population *p, struct snapshot_arg *arg)
{
    char name[1024];
    uint64_t len;
    uint32_t event;
    if (!get(arg, &len, sizeof len))
        return arg->code;
    if (len == 0 || len > sizeof name)
        return err_set(arg->e, ERR_CORRUPT, 0, "an event's name has %llu bytes", (unsigned long long)len);
    if (!get(arg, name, len))
        return arg->code;
    if (!population_name_event(p, (struct slice){ name, len }, &event) || event == CODE_NONE)
        return err_set(arg->e, ERR_LIMIT, 0, "no memory to count events");
    if (postings_load(p->event[event].postings, get, arg))
        return ERR_OK;
    return arg->code ? arg->code : err_set(arg->e, ERR_CORRUPT, 0, "the events of the snapshot are damaged");
}

static enum err_code population_load(void *self, struct snapshot_in *in, struct err *e)
{
    struct population *p = self;
    struct snapshot_arg arg = { .in = in, .e = e };
    uint64_t n;
    population_reset(p);
    TRY(population_check_zone(p, in, e));
    TRY(snapshot_get(in, &n, sizeof n, e));
    for (uint64_t i = 0; i < n; i++)
        TRY(load_event(p, &arg));
    return ERR_OK;
}

struct follower population_follower(struct population *p)
{
    return (struct follower){ .name = "population", .version = SNAPSHOT_VERSION, .per_customer = true,
                              .apply = population_apply, .forget = population_forget, .reset = population_reset,
                              .save = population_save, .load = population_load, .self = p };
}

/* ---- questions ---- */
static uint64_t stamp_now(const struct population *p)
{
    if (!p->valuation)
        return 0;
    const struct valuation_view view = valuation_look(p->valuation);
    return valuation_stamp(&view);
}

/* Another fit of shares than the columns hold; before the first one of a start, they hold the last one's. */
static bool shared_anew(const struct population *p)
{
    const struct share_scores *scores = p->share ? customer_share_look(p->share) : NULL;
    int64_t fit = share_scores_fit(scores);
    share_scores_drop(&scores);
    return fit && fit != atomic_load(&p->shared);
}

bool population_refresh_due(struct population *p, const struct people *people)
{
    pthread_mutex_lock(&p->queue);
    bool due = p->n_dirty > 0 || p->n_told > 0 || p->merge || p->recategorized || occurrences_wait(p);
    pthread_mutex_unlock(&p->queue);
    return due || population_progress(p) < 100 || atomic_load(&p->fits) != people_fits(people)
           || atomic_load(&p->valued) != stamp_now(p) || atomic_load(&p->invested) != population_invested(p)
           || (p->likings && likings_due(p->likings)) || shared_anew(p);
}

static enum err_code refresh(struct population *p, const struct people *people, int64_t now_ms, struct err *e)
{
    pthread_rwlock_wrlock(&p->lock);
    pthread_mutex_lock(&p->queue);
    take_in(p);
    pthread_mutex_unlock(&p->queue);
    enum err_code code = tallies_mend(p, e);
    if (!code)
        code = occurrences_take_in(p, e);
    pthread_rwlock_unlock(&p->lock);
    if (!code && !p->conn)
        code = store_conn_new(memory_store(p->memory), STORE_READ, &p->conn, e);
    return code ? code : population_fill(p, people, now_ms, e);
}

enum err_code population_refresh(struct population *p, const struct people *people, int64_t now_ms, struct err *e)
{
    pthread_mutex_lock(&p->refreshing);
    enum err_code code = population_refresh_due(p, people) ? refresh(p, people, now_ms, e) : ERR_OK;
    pthread_mutex_unlock(&p->refreshing);
    return code;
}

int population_progress(const struct population *p)
{
    return atomic_load(&p->progress);
}

void population_lock(struct population *p)
{
    pthread_rwlock_rdlock(&p->lock);
}

void population_lock_alone(struct population *p)
{
    pthread_rwlock_wrlock(&p->lock);
}

void population_unlock(struct population *p)
{
    pthread_rwlock_unlock(&p->lock);
}

const struct columns *population_columns(const struct population *p)
{
    return &p->columns;
}

const uint64_t *population_customers(const struct population *p)
{
    return p->customers;
}

size_t population_customers_count(const struct population *p)
{
    return p->rows ? bits_count(p->customers, p->rows) : 0;
}

const struct population_leaf *population_leaves(const struct population *p, size_t *n)
{
    *n = p->n_leaves;
    return p->leaf;
}

size_t pairs_find(const void *pairs, size_t n, uint32_t first, size_t *found)
{
    const uint32_t *half = pairs;
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (half[2 * middle] < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (*found = 0; low + *found < n && half[2 * (low + *found)] == first;)
        ++*found;
    return low;
}

const struct population_leaf *population_leaves_of(const struct population *p, uint32_t root, size_t *n)
{
    return p->leaf + pairs_find(p->leaf, p->n_leaves, root, n);
}

size_t population_names_known(const struct population *p)
{
    return p->columns.n + p->n_properties;
}

static pthread_mutex_t *queue_of(const struct population *p)
{
    return &((struct population *)(uintptr_t)p)->queue;
}

size_t population_names(const struct population *p)
{
    pthread_mutex_lock(queue_of(p));
    size_t n = p->n_events;
    pthread_mutex_unlock(queue_of(p));
    return n;
}

uint32_t population_find_event(const struct population *p, struct slice name)
{
    pthread_mutex_lock(queue_of(p));
    uint32_t number = words_find(&p->names, name);
    pthread_mutex_unlock(queue_of(p));
    return number ? number - 1 : CODE_NONE;
}

/* Names are only added, and never moved. */
bool population_event(const struct population *p, size_t i, struct population_event *ret)
{
    if (i >= population_names(p))
        return false;
    *ret = (struct population_event){ p->event[i].name, p->event[i].postings, p->event[i].occurred.live };
    return true;
}

bool population_event_named(const struct population *p, struct slice name, struct population_event *ret)
{
    uint32_t number = population_find_event(p, name);
    return number != CODE_NONE && population_event(p, number, ret);
}

bool population_property(const struct population *p, struct slice event, size_t i, struct population_property *ret)
{
    uint32_t number = population_find_event(p, event);
    const struct occurrences *o = number == CODE_NONE ? NULL : &p->event[number].occurred;
    if (!o || i >= o->n_properties)
        return false;
    const struct keep *k = &o->property[i].keep;
    *ret = (struct population_property){ keep_column(k), o->property[i].dropped ? 0 : o->n, o->property[i].dropped };
    return true;
}

static int by_row(const void *a, const void *b)
{
    const struct population_change *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static bool are_sorted(const struct population_change *change, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (by_row(&change[i - 1], &change[i]) > 0)
            return false;
    return true;
}

/* Each row once, with its newest fact. Most often they are those of one refresh, in order. */
static size_t each_once(struct population_change *change, size_t n)
{
    size_t kept = 0;
    if (!are_sorted(change, n))
        qsort(change, n, sizeof *change, by_row);
    for (size_t i = 0; i < n; i++)
        if (i + 1 == n || change[i + 1].row != change[i].row)
            change[kept++] = change[i];
    return kept;
}

bool population_changes_wait(struct population *p)
{
    pthread_mutex_lock(&p->queue);
    bool wait = p->n_changed > 0 || p->changed_all;
    pthread_mutex_unlock(&p->queue);
    return wait;
}

/* Those who belong to them, too: what is asked of these may have another answer now. NULL: memory. */
static struct population_change *with_related(const struct population *p, const struct population_change *change, size_t n,
                                              struct arena *mem, size_t *ret)
{
    size_t related, all = n;
    for (size_t i = 0; i < n; i++) {
        (void)population_related(p, change[i].row, &related);
        all += related;
    }
    struct population_change *list = arena_array(mem, struct population_change, all + 1);
    if (!list)
        return NULL;
    if (n)
        memcpy(list, change, n * sizeof *list);
    *ret = n;
    for (size_t i = 0; i < n; i++) {
        const struct population_relation *r = population_related(p, change[i].row, &related);
        for (size_t k = 0; k < related; k++)
            list[(*ret)++] = (struct population_change){ r[k].to, change[i].seq };
    }
    return list;
}

/* What could not be told is everybody's change. */
static enum err_code lost_changes(struct population *p, struct err *e)
{
    pthread_mutex_lock(&p->queue);
    p->changed_all = true;
    pthread_mutex_unlock(&p->queue);
    return err_set(e, ERR_LIMIT, 0, "no memory for what changed");
}

enum err_code population_take_changes(struct population *p, struct arena *mem, struct population_change **ret, size_t *n,
                                      bool *all, struct err *e)
{
    pthread_mutex_lock(&p->queue);
    struct population_change *changed = p->changed;
    size_t n_changed = p->n_changed;
    *all = p->changed_all;
    p->changed = NULL;
    p->n_changed = p->changed_cap = 0;
    p->changed_all = false;
    pthread_mutex_unlock(&p->queue);
    population_lock(p);
    *ret = with_related(p, changed, n_changed, mem, n);
    population_unlock(p);
    free(changed);
    if (!*ret)
        return lost_changes(p, e);
    *n = each_once(*ret, *n);
    return ERR_OK;
}

size_t population_bytes(const struct population *p)
{
    size_t bytes = p->customers_cap * 8 + p->root_cap * 4 + p->leaf_cap * sizeof *p->leaf
                   + (p->last_cap + p->bought_cap) * sizeof *p->last + p->relations_cap * sizeof *p->relation
                   + p->memberships.cap * sizeof *p->memberships.at;
    for (size_t i = 0; i < COMPUTED; i++)
        bytes += keep_bytes(&p->computed[i]);
    for (size_t i = 0; i < p->n_traits; i++)
        bytes += keep_bytes(&p->trait[i]) + keep_bytes(&p->declared[i]);
    for (size_t i = 0; i < p->n_events; i++)
        bytes += postings_bytes(p->event[i].postings) + tallies_bytes(&p->event[i])
                 + occurrences_bytes(&p->event[i].occurred);
    return bytes;
}
