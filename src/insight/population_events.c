/* Occurrences: each time that somebody did something, with the event's properties as columns, a row an occurrence. The rows
 * of one customer hang on a chain, newest told first, so that what one did is found without looking at anybody else.
 *
 * Source   track events of the log, the edited view; the members of "properties", each a column by its name. Numbers of six
 *          places at most are numbers, other values codes of a dictionary.
 * Limits   the first PROPERTIES_MAX names of an event; of a property PROPERTY_VALUES_MAX different values, or
 *          PROPERTY_BYTES of them (an order's number has as many values as there are orders, and nobody asks about it):
 *          beyond that the property is dropped.
 * Queue    the follower copies bodies; they are read when they are taken in, so that the writer need not wait for it. */
#include "insight/population_room.h"

#include <assert.h>

#include "base/limits.h"
#include "base/vec.h"

#define SNAPSHOT_VERSION 2
#define PROPERTIES_MAX 64
#define PROPERTY_VALUES_MAX (1u << 18)
#define PROPERTY_LISTS_MAX (1u << 12)       // different values that are lists or objects
#define PROPERTY_BYTES ((size_t)64 << 20)
#define QUEUE_BYTES ((size_t)64 << 20)      // beyond that the follower takes its own queue in
#define KEPT_BYTES ((size_t)1 << 20)        // room that the queue keeps when it is empty

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for what customers did");
}

/* ---- an occurrence ---- */
static void drop_occurrences(struct occurrences *o)
{
    for (size_t i = 0; i < o->n_properties; i++)
        keep_clear(&o->property[i].keep);
    free(o->property);
    free(o->one);
    *o = (struct occurrences){ 0 };
}

static void drop_list(struct occurring_list *list)
{
    free(list->at);
    free(list->body);
    *list = (struct occurring_list){ 0 };
}

/* Whoever was told of is not known any more; names of events stay. */
static void forget_all(struct population *p)
{
    for (size_t i = 0; i < p->n_events; i++)
        drop_occurrences(&p->event[i].occurred);
    drop_list(&p->told_events);
    drop_list(&p->taking);
    if (p->last_cap)
        memset(p->last, 0, p->last_cap * sizeof *p->last);
    if (p->bought_cap)
        memset(p->bought, 0, p->bought_cap * sizeof *p->bought);
    p->n_properties = 0;
    p->lines_known = false;
}

void occurrences_drop(struct population *p)
{
    forget_all(p);
    free(p->last);
    free(p->bought);
    json_parser_drop(&p->events_parser);
    json_parser_drop(&p->value_parser);
}

static void set_free(struct occurrences *o, size_t at)
{
    for (size_t i = 0; i < o->n_properties; i++)
        if (!o->property[i].dropped)
            keep_null(&o->property[i].keep, at);
    o->one[at] = (struct occurrence){ .row = FACT_NOBODY, .before_at = (uint32_t)o->free };
    o->free = at + 1;
    o->live--;
}

void occurrences_forget_chain(struct population *p, uint64_t *head)
{
    uint64_t link = *head;
    *head = 0;
    while (link) {
        struct occurrences *o = &p->event[link_event(link)].occurred;
        size_t at = link_at(link);
        link = link_before(&o->one[at]);
        set_free(o, at);
    }
}

static void forget_row(struct population *p, uint32_t row)
{
    if (row < p->last_cap)
        occurrences_forget_chain(p, &p->last[row]);
}

/* Room for one more; *ret is its place. */
static bool make_room(struct occurrences *o, size_t *ret)
{
    *ret = o->free ? o->free - 1 : o->n;
    if (*ret == UINT32_MAX || !vec_need(o->one, o->cap, *ret + 1))
        return false;
    for (size_t i = 0; i < o->n_properties; i++) {
        struct property *property = &o->property[i];
        if (property->dropped)
            continue;
        if (!keep_rows(&property->keep, *ret + 1))
            return false;
    }
    return true;
}

static void link_in(struct occurrences *o, uint64_t *head, uint32_t event, uint32_t row, int64_t time_ms, size_t at)
{
    if (o->free)
        o->free = o->one[at].before_at;
    else
        o->n++;
    o->live++;
    o->one[at] = (struct occurrence){ row, (uint32_t)*head, occurrence_time(time_ms) & TIME_LAST,
                                       *head >> 32 & UINT16_MAX };
    *head = link_to(event, at);
}

struct occurrences *occurrence_add(struct population *p, uint64_t *head, uint32_t event, uint32_t row, int64_t time_ms,
                                   size_t *ret)
{
    struct occurrences *o = &p->event[event].occurred;
    if (!make_room(o, ret))
        return NULL;
    link_in(o, head, event, row, time_ms, *ret);
    return o;
}

/* ---- its properties ---- */
static struct property *find_property(struct population *p, struct occurrences *o, struct slice name,
                                      enum column_kind kind, bool *full)
{
    for (size_t i = 0; i < o->n_properties; i++)
        if (slice_eq(o->property[i].keep.name, name))
            return &o->property[i];
    *full = o->n_properties == PROPERTIES_MAX;
    if (*full || !vec_need(o->property, o->properties_cap, o->n_properties + 1))
        return NULL;
    struct property *property = &o->property[o->n_properties];
    *property = (struct property){ 0 };
    if (!keep_init(&property->keep, name, kind) || !keep_rows(&property->keep, o->n)) {
        keep_clear(&property->keep);
        return NULL;
    }
    o->n_properties++;
    p->n_properties++;
    return property;
}

bool occurrences_name(struct population *p, struct slice event, const struct own_property *own, size_t n, uint32_t *ret)
{
    bool full;
    pthread_mutex_lock(&p->queue);
    bool ok = population_name_event(p, event, ret) && *ret != CODE_NONE;
    pthread_mutex_unlock(&p->queue);
    for (size_t i = 0; i < n && ok; i++)
        ok = find_property(p, &p->event[*ret].occurred, slice_of(own[i].name), own[i].kind, &full) != NULL;
    return ok;
}

enum err_code permission_name(struct population *p, struct err *e)
{
    static const struct own_property own[] = { { "channel", COLUMN_CODES }, { "topic", COLUMN_CODES },
                                               { "given", COLUMN_CODES },   { "until", COLUMN_CODES } };
    uint32_t event;
    return occurrences_name(p, EVENT_PERMISSION, own, sizeof own / sizeof *own, &event) ? ERR_OK : no_memory(e);
}

/* Equal values have one text. */
static struct slice canonical(struct json v, struct buf *out, struct arena *mem)
{
    struct json_w w = json_w(out);
    char digits[NUMBER_TEXT];
    struct number number;
    struct slice raw = json_raw(v);
    if (json_is(v, JSON_BOOL) || (json_is(v, JSON_STRING) && !v.mark->escaped))
        return raw;
    buf_clear(out);
    if (json_is(v, JSON_NUMBER) && number_parse(raw, &number))
        buf_add(out, number_print(number, digits));
    else
        json_w_value(&w, v, mem);
    return buf_slice(out);
}

static void drop_property(struct property *property)
{
    struct slice name = property->keep.name;
    struct keep empty;
    if (!keep_init(&empty, name, COLUMN_CODES)) {  // the old one is as good until there is memory
        keep_clear(&empty);
        return;
    }
    keep_clear(&property->keep);
    property->keep = empty;
    property->dropped = true;
}

static bool is_too_much(const struct property *property, enum json_type type)
{
    const struct keep *k = &property->keep;
    size_t most = type == JSON_ARRAY || type == JSON_OBJECT ? PROPERTY_LISTS_MAX : PROPERTY_VALUES_MAX;
    return k->kind == COLUMN_CODES && (k->dictionary.n > most || arena_used(k->mem) > PROPERTY_BYTES);
}

/* While a batch is taken in. */
struct reading {
    struct population *p;
    struct arena *mem;
    struct buf text;
};

static bool put_property(struct reading *r, struct occurrences *o, size_t at, struct slice name, struct json v)
{
    bool full = false;
    if (json_is(v, JSON_NULL))
        return true;
    struct property *property = find_property(r->p, o, name, json_is(v, JSON_NUMBER) ? COLUMN_NUMBER : COLUMN_CODES, &full);
    if (!property)
        return full;
    if (property->dropped)
        return true;
    if (!keep_rows(&property->keep, at + 1))
        return false;
    bool is_number = false;
    if (property->keep.kind == COLUMN_NUMBER && !keep_number(&property->keep, at, json_raw(v), &is_number))
        return false;
    if (is_number)
        return true;
    struct slice text = canonical(v, &r->text, r->mem);
    if (r->text.failed || !keep_json(&property->keep, at, text, false, r->p->value_parser))
        return false;
    if (is_too_much(property, json_type(v)))
        drop_property(property);
    return true;
}

static bool take_one(struct reading *r, const struct occurring *told, struct slice body)
{
    struct population *p = r->p;
    struct occurrences *o = &p->event[told->event].occurred;
    struct json root;
    struct err ignored;
    size_t at;
    bool ok = make_room(o, &at) && vec_need(p->last, p->last_cap, (size_t)told->row + 1);
    if (json_parse(p->events_parser, body, &root, &ignored))
        return true;             // cannot be: it was valid when it was stored
    arena_reset(r->mem);
    for (struct json_iter it = json_iter(json_get(root, "properties")); ok && json_next(&it);)
        ok = put_property(r, o, at, json_string(it.key, r->mem), it.value);
    if (ok)
        link_in(o, &p->last[told->row], told->event, told->row, told->time_ms, at);
    return ok;
}

/* ---- taking in ---- */
/* What is told while a batch is taken in waits for the next. */
static void take_list(struct population *p)
{
    pthread_mutex_lock(&p->queue);
    struct occurring_list empty = p->taking;
    p->taking = p->told_events;
    p->told_events = empty;
    p->told_events.n = p->told_events.bytes = p->told_events.done = 0;
    if (p->told_events.bytes_cap > KEPT_BYTES)
        drop_list(&p->told_events);
    pthread_mutex_unlock(&p->queue);
}

#define AHEAD 16

/* Whose chain comes next is somewhere else each time: the caches are told a little ahead. */
static void prefetch_chain(const struct population *p, size_t at)
{
    if (at < p->taking.n && p->taking.at[at].row < p->last_cap)
        __builtin_prefetch(&p->last[p->taking.at[at].row], 1);
}

static bool take_told(struct reading *r, const struct occurring *told)
{
    if (told->event != CODE_NONE)
        return take_one(r, told, (struct slice){ r->p->taking.body + told->at, told->len });
    forget_row(r->p, told->row);
    return true;
}

enum err_code occurrences_take_in(struct population *p, struct err *e)
{
    AUTO(arena) mem = arena_new((size_t)16 << 20);
    struct reading r = { p, mem, buf_make(LIMIT_EVENT_BYTES * 8) };
    struct occurring_list *list = &p->taking;
    bool ok = mem != NULL;
    while (ok) {
        if (list->done == list->n)
            take_list(p);
        if (list->done == list->n)
            break;
        prefetch_chain(p, list->done + AHEAD);
        ok = take_told(&r, &list->at[list->done]);
        list->done += ok;
    }
    buf_drop(&r.text);
    atomic_store(&p->events_left, !ok);
    return ok ? ERR_OK : no_memory(e);
}

bool occurrences_wait(struct population *p)
{
    return p->told_events.n > 0 || atomic_load(&p->events_left);
}

size_t occurrences_bytes(const struct occurrences *o)
{
    size_t bytes = o->cap * sizeof *o->one;
    for (size_t i = 0; i < o->n_properties; i++)
        bytes += keep_bytes(&o->property[i].keep);
    return bytes;
}

/* ---- the follower; the queue's lock is held ---- */
static bool tell(struct population *p, struct occurring told, struct slice body)
{
    struct occurring_list *list = &p->told_events;
    if (!vec_need(list->at, list->cap, list->n + 1) || !vec_need(list->body, list->bytes_cap, list->bytes + body.len + 1))
        return false;
    told.at = list->bytes;
    told.len = body.len;
    if (body.len)
        memcpy(list->body + list->bytes, body.at, body.len);
    list->bytes += body.len;
    list->at[list->n++] = told;
    return true;
}

static enum err_code told_fact(struct population *p, const struct fact *fact, struct err *e)
{
    uint32_t event = CODE_NONE;
    struct slice name = counted_event(fact);
    if (!name.len)
        return ERR_OK;
    bool ok = population_name_event(p, name, &event);
    if (ok && event != CODE_NONE)
        ok = tell(p, (struct occurring){ .event = event, .row = fact->customer, .time_ms = fact->timestamp_ms }, fact->body);
    return ok ? ERR_OK : no_memory(e);
}

static enum err_code occurrences_apply(void *self, const struct fact *fact, struct err *e)
{
    struct population *p = self;
    pthread_mutex_lock(&p->queue);
    enum err_code code = told_fact(p, fact, e);
    bool full = p->told_events.bytes >= QUEUE_BYTES;
    pthread_mutex_unlock(&p->queue);
    /* A replay would fill the memory with its queue; questions are few then. */
    if (!code && full && pthread_rwlock_trywrlock(&p->lock) == 0) {
        struct err later;
        (void)!occurrences_take_in(p, &later);  // what has no memory now is taken in by the next refresh
        pthread_rwlock_unlock(&p->lock);
    }
    return code;
}

static void forget_told(struct occurring_list *list, uint32_t row)
{
    for (size_t i = list->done; i < list->n; i++)
        if (list->at[i].row == row)
            list->at[i] = (struct occurring){ .event = CODE_NONE, .row = FACT_NOBODY };
}

/* Where the queue has no room, the row is forgotten at once, and what is queued of it. */
static void occurrences_forget(void *self, uint32_t row)
{
    struct population *p = self;
    pthread_mutex_lock(&p->queue);
    bool queued = tell(p, (struct occurring){ .event = CODE_NONE, .row = row }, (struct slice){ NULL, 0 });
    pthread_mutex_unlock(&p->queue);
    if (queued)
        return;
    pthread_rwlock_wrlock(&p->lock);
    pthread_mutex_lock(&p->queue);
    forget_told(&p->taking, row);
    forget_told(&p->told_events, row);
    forget_row(p, row);
    pthread_mutex_unlock(&p->queue);
    pthread_rwlock_unlock(&p->lock);
}

static void occurrences_reset(void *self)
{
    struct population *p = self;
    pthread_rwlock_wrlock(&p->lock);
    pthread_mutex_lock(&p->queue);
    forget_all(p);
    pthread_mutex_unlock(&p->queue);
    pthread_rwlock_unlock(&p->lock);
}

/* ---- the snapshot ---- */
static enum err_code put_event(struct snapshot_out *out, const struct event_name *event, struct err *e)
{
    const struct occurrences *o = &event->occurred;
    const uint64_t head[] = { o->n, o->free, o->n_properties, o->live };
    TRY(population_put_text(out, event->name, e));
    TRY(snapshot_put(out, head, sizeof head, e));
    TRY(snapshot_put(out, o->one, o->n * sizeof *o->one, e));
    for (size_t i = 0; i < o->n_properties; i++) {
        uint8_t dropped = o->property[i].dropped;
        TRY(snapshot_put(out, &dropped, sizeof dropped, e));
        TRY(population_put_keep(out, &o->property[i].keep, dropped ? 0 : o->n, e));
    }
    return ERR_OK;
}

static enum err_code put_all(struct population *p, struct snapshot_out *out, struct err *e)
{
    TRY(occurrences_take_in(p, e));
    const uint64_t head[] = { population_names(p), p->last_cap, p->bought_cap, p->lines_known };
    TRY(snapshot_put(out, head, sizeof head, e));
    for (size_t i = 0; i < head[0]; i++)
        TRY(put_event(out, &p->event[i], e));
    TRY(snapshot_put(out, p->last, p->last_cap * sizeof *p->last, e));
    return snapshot_put(out, p->bought, p->bought_cap * sizeof *p->bought, e);
}

static enum err_code occurrences_save(void *self, struct snapshot_out *out, struct err *e)
{
    struct population *p = self;
    pthread_rwlock_wrlock(&p->lock);
    enum err_code code = put_all(p, out, e);
    pthread_rwlock_unlock(&p->lock);
    return code;
}

static enum err_code get_array(struct loading *l, void *at, size_t n, size_t size)
{
    return n ? snapshot_get(l->in, at, n * size, l->e) : ERR_OK;
}

static enum err_code get_event(struct loading *l, uint32_t *ret)
{
    struct population *p = l->p;
    struct slice name;
    uint64_t head[4];
    uint8_t dropped;
    arena_reset(l->mem);
    TRY(population_get_text(l, &name));
    pthread_mutex_lock(&p->queue);
    bool named = population_name_event(p, name, ret);
    pthread_mutex_unlock(&p->queue);
    if (!named)
        return no_memory(l->e);
    TRY(snapshot_get(l->in, head, sizeof head, l->e));
    if (*ret == CODE_NONE || head[0] > UINT32_MAX || head[1] > head[0] || head[2] > PROPERTIES_MAX || head[3] > head[0])
        return population_damaged(l->e);
    struct occurrences *o = &p->event[*ret].occurred;
    l->rows = o->n = head[0];
    o->free = head[1];
    o->live = head[3];
    if (!vec_need(o->one, o->cap, o->n) || !vec_need(o->property, o->properties_cap, head[2]))
        return no_memory(l->e);
    TRY(get_array(l, o->one, o->n, sizeof *o->one));
    for (uint64_t i = 0; i < head[2]; i++) {
        struct property *property = &o->property[o->n_properties++];
        p->n_properties++;
        TRY(snapshot_get(l->in, &dropped, sizeof dropped, l->e));
        property->dropped = dropped != 0;
        l->rows = dropped ? 0 : o->n;
        TRY(population_get_keep(l, &property->keep, false));
    }
    return ERR_OK;
}

/* Events have other numbers in this run. false: it leads nowhere. */
static bool relink(const struct population *p, const uint32_t *now, size_t n, uint64_t *link)
{
    if (!*link)
        return true;
    uint32_t event = link_event(*link);
    if (event >= n || link_at(*link) >= p->event[now[event]].occurred.n)
        return false;
    *link = link_to(now[event], link_at(*link));
    return true;
}

static bool relink_one(const struct population *p, const uint32_t *now, size_t n, const struct occurrences *o,
                       struct occurrence *one)
{
    uint64_t before = link_before(one);
    if (one->row == FACT_NOBODY)
        return before <= o->n;
    bool ok = relink(p, now, n, &before);
    one->before_event = before >> 32 & UINT16_MAX;
    return ok;
}

static enum err_code relink_all(struct loading *l, const uint32_t *now, size_t n)
{
    struct population *p = l->p;
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        struct occurrences *o = &p->event[now[i]].occurred;
        for (size_t at = 0; at < o->n && ok; at++)
            ok = relink_one(p, now, n, o, &o->one[at]);
    }
    for (size_t row = 0; row < p->last_cap && ok; row++)
        ok = relink(p, now, n, &p->last[row]);
    for (size_t row = 0; row < p->bought_cap && ok; row++)
        ok = relink(p, now, n, &p->bought[row]);
    return ok ? ERR_OK : population_damaged(l->e);
}

static enum err_code get_all(struct loading *l)
{
    struct population *p = l->p;
    uint32_t now[EVENT_NAMES_MAX];
    uint64_t head[4];
    TRY(snapshot_get(l->in, head, sizeof head, l->e));
    if (head[0] > EVENT_NAMES_MAX || head[1] > 2 * (uint64_t)LIMIT_CUSTOMERS + 64
        || head[2] > 2 * (uint64_t)LIMIT_CUSTOMERS + 64)
        return population_damaged(l->e);
    for (size_t i = 0; i < head[0]; i++)
        TRY(get_event(l, &now[i]));
    if (!vec_need(p->last, p->last_cap, head[1]) || !vec_need(p->bought, p->bought_cap, head[2]))
        return no_memory(l->e);
    TRY(get_array(l, p->last, head[1], sizeof *p->last));
    TRY(get_array(l, p->bought, head[2], sizeof *p->bought));
    TRY(relink_all(l, now, head[0]));
    p->lines_known = head[3] != 0;
    return ERR_OK;
}

static enum err_code occurrences_load(void *self, struct snapshot_in *in, struct err *e)
{
    struct population *p = self;
    AUTO(arena) mem = arena_new((size_t)1 << 20);
    struct loading l = { .p = p, .in = in, .mem = mem, .e = e };
    if (!mem)
        return no_memory(e);
    occurrences_reset(p);
    pthread_rwlock_wrlock(&p->lock);
    enum err_code code = get_all(&l);
    pthread_rwlock_unlock(&p->lock);
    return code;
}

struct follower population_events_follower(struct population *p)
{
    return (struct follower){ .name = "events", .version = SNAPSHOT_VERSION, .per_customer = true, .large = true,
                              .apply = occurrences_apply, .forget = occurrences_forget, .reset = occurrences_reset,
                              .save = occurrences_save, .load = occurrences_load, .self = p };
}
