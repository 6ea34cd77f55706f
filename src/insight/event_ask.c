/* What customers did, counted, summed and compared; event_sequence.c tells which came after which. */
#include "insight/event_ask_room.h"

#include <assert.h>

#include "base/vec.h"
#include "engine/feel/names.h"
#include "engine/feel/parse.h"
#include "insight/population_room.h"

#define ASK_BYTES ((size_t)256 << 20)
#define SCRATCH_BYTES ((size_t)16 << 20)

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for what customers did");
}

/* ---- making ---- */
static const struct occurrences *occurred(const struct event_ask *a, uint32_t event)
{
    return &a->population->event[event].occurred;
}

/* What it knows of properties: which there are, their kinds, and the values that dictionaries have. An event that has not
 * come yet is looked for again when there is another name. */
static uint64_t state_of(const struct event_ask *a)
{
    uint64_t state = 0;
    bool open = false;
    for (size_t i = 0; i < a->question.n_events; i++)
        open = open || a->event[i] == CODE_NONE;
    for (size_t i = 0; i < a->question.n_without; i++)
        open = open || a->without[i] == CODE_NONE;
    state = open ? population_names(a->population) : 0;
    if (a->question.measure == EVENT_SEQUENCE || a->event[0] == CODE_NONE)
        return state;
    const struct occurrences *o = occurred(a, a->event[0]);
    for (size_t i = 0; a->program && i < a->columns.n; i++) {
        const struct property *property = &o->property[a->seen[i].place];
        const struct keep *k = &property->keep;
        state += (uint64_t)(k->kind + 1) << 40 | (uint64_t)k->width << 36 | (uint64_t)k->scale << 32 | k->dictionary.n << 1
                 | property->dropped;
    }
    if ((a->property != SIZE_MAX && o->property[a->property].dropped)
        || (a->question.measure == EVENT_HELD && a->until != SIZE_MAX && o->property[a->until].dropped))
        state += UINT64_C(1) << 60;
    return state + ((uint64_t)(o->n_properties > 0) << 50) + ((uint64_t)(o->n > 0) << 51);
}

uint64_t event_ask_state(const struct event_ask *a)
{
    return state_of(a);
}

bool event_ask_is_old(const struct event_ask *a)
{
    return a->state != state_of(a);
}

static bool see_property(struct event_ask *a, struct column *column, const struct keep *k, size_t place)
{
    struct seen_property *seen = &a->seen[a->columns.n++];
    *seen = (struct seen_property){ place, k->dictionary, arena_array(a->mem, uint64_t, COLUMN_CHUNK),
                                    arena_array(a->mem, uint64_t, COLUMN_CHUNK / 64) };
    *column = keep_column(k);
    column->data = seen->data;
    column->null = seen->null;
    column->dictionary = &seen->dictionary;
    return seen->data && seen->null;
}

static enum err_code make_program(struct event_ask *a, const struct node *where, int64_t now_ms, struct err *e)
{
    const struct occurrences *o = occurred(a, a->event[0]);
    struct column *column = arena_array(a->mem, struct column, o->n_properties + 1);
    a->seen = arena_array(a->mem, struct seen_property, o->n_properties + 1);
    a->columns = (struct columns){ COLUMN_CHUNK, 0, column };
    bool ok = column && a->seen;
    for (size_t i = 0; i < o->n_properties && ok; i++)
        if (!o->property[i].dropped && feel_speaks_of(where, o->property[i].keep.name))
            ok = see_property(a, &column[a->columns.n], &o->property[i].keep, i);
    if (!ok)
        return no_memory(e);
    return program_new(where, &a->columns, a->zones, now_ms, a->mem, &a->program, e);
}

static enum err_code make_where(struct event_ask *a, int64_t now_ms, struct err *e)
{
    const struct parse_options options = { 0 };
    struct node *where;
    struct diag diag = { 0 };
    enum err_code code = feel_parse(a->question.where, &options, a->mem, &where, &diag, e);
    if (code == ERR_INVALID)
        return err_set(e, ERR_INVALID, diag.at, "%s", diag.text);
    return code ? code : make_program(a, where, now_ms, e);
}

static bool needs_property(enum event_measure measure)
{
    return (measure >= EVENT_SUM && measure <= EVENT_DISTINCT) || measure == EVENT_HELD;
}

/* SIZE_MAX: there is none that can be asked about. */
static size_t property_place(const struct occurrences *o, struct slice name)
{
    for (size_t i = 0; i < o->n_properties; i++)
        if (slice_eq(o->property[i].keep.name, name) && !o->property[i].dropped)
            return i;
    return SIZE_MAX;
}

static enum err_code no_property(struct slice name, struct err *e)
{
    return err_set(e, ERR_INVALID, 0, "the event has no property '%.*s'", SLICE_ARG(slice_utf8_cut(name, 60)));
}

static enum err_code make_property(struct event_ask *a, int64_t now_ms, struct err *e)
{
    const struct slice until = SLICE("until");
    const struct occurrences *o = occurred(a, a->event[0]);
    struct date today;
    char text[TEMPORAL_TEXT];
    a->property = property_place(o, a->question.property);
    if (a->property == SIZE_MAX)
        return no_property(a->question.property, e);
    if (a->question.measure != EVENT_HELD)
        return ERR_OK;
    a->until = property_place(o, until);
    if (a->until == SIZE_MAX || !date_of_days(zones_day(a->zones, now_ms), &today))
        return no_property(until, e);
    a->today = arena_copy(a->mem, date_print(today, text));
    return a->today.at ? ERR_OK : no_memory(e);
}

static enum err_code make(struct event_ask *a, int64_t now_ms, struct err *e)
{
    const struct event_question *q = &a->question;
    a->property = a->until = SIZE_MAX;
    for (size_t i = 0; i < q->n_events; i++)
        a->event[i] = population_find_event(a->population, q->event[i]);
    for (size_t i = 0; i < q->n_without; i++)
        a->without[i] = population_find_event(a->population, q->without[i]);
    if (q->measure == EVENT_SEQUENCE || a->event[0] == CODE_NONE)
        return ERR_OK;
    const struct occurrences *o = occurred(a, a->event[0]);
    if (!o->n_properties && !o->n)
        return ERR_OK;
    if (needs_property(q->measure))
        TRY(make_property(a, now_ms, e));
    return q->where.len ? make_where(a, now_ms, e) : ERR_OK;
}

/* Texts of the question outlive the asker's. */
static bool own_texts(struct event_ask *a)
{
    struct event_question *q = &a->question;
    struct slice *text[2 * EVENT_STEPS_MAX + 2] = { &q->property, &q->where };
    size_t n = 2;
    for (size_t i = 0; i < q->n_events; i++)
        text[n++] = &q->event[i];
    for (size_t i = 0; i < q->n_without; i++)
        text[n++] = &q->without[i];
    for (size_t i = 0; i < n; i++) {
        *text[i] = arena_copy(a->mem, *text[i]);
        if (!text[i]->at)
            return false;
    }
    return true;
}

enum err_code event_ask_new(const struct population *p, const struct event_question *question, const struct zones *zones,
                            int64_t now_ms, struct event_ask **ret, struct err *e)
{
    assert(question->n_events > 0 && question->n_events <= EVENT_STEPS_MAX && question->n_without <= EVENT_STEPS_MAX);
    struct event_ask *a = *ret = calloc(1, sizeof *a);
    bool ok = a != NULL;
    if (ok) {
        *a = (struct event_ask){ .population = p, .zones = zones, .question = *question, .mem = arena_new(ASK_BYTES),
                                 .scratch = arena_new(SCRATCH_BYTES) };
        ok = a->mem && a->scratch && own_texts(a);
    }
    enum err_code code = ok ? make(a, now_ms, e) : no_memory(e);
    if (code)
        event_ask_drop(ret);
    else
        a->state = state_of(a);
    return code;
}

void event_ask_drop(struct event_ask **ask)
{
    struct event_ask *a = *ask;
    if (!a)
        return;
    arena_drop(&a->mem);
    arena_drop(&a->scratch);
    free(a->times);
    free(a->value);
    free(a->pair);
    free(a->by_place);
    free(a->first);
    free(a);
    *ask = NULL;
}

struct column event_ask_shape(const struct event_ask *a)
{
    static const uint64_t some = 0;
    switch (a->question.measure) {
    case EVENT_COUNT:
    case EVENT_DISTINCT: return (struct column){ .kind = COLUMN_NUMBER, .width = sizeof(int32_t) };
    case EVENT_SUM: return (struct column){ .kind = COLUMN_NUMBER, .scale = NUMBER_SCALE, .width = sizeof(int64_t) };
    case EVENT_MEAN:
    case EVENT_MIN:
    case EVENT_MAX:
        return (struct column){ .kind = COLUMN_NUMBER, .scale = NUMBER_SCALE, .width = sizeof(int64_t), .null = &some };
    case EVENT_FIRST:
    case EVENT_LAST: return (struct column){ .kind = COLUMN_DATE, .width = sizeof(int32_t), .null = &some };
    case EVENT_SEQUENCE:
    case EVENT_HELD: break;
    }
    return (struct column){ .kind = COLUMN_BOOLEAN };
}

/* ---- of which occurrences `where` is true ---- */
static void gather(const struct event_ask *a)
{
    const struct occurrences *o = occurred(a, a->event[0]);
    for (size_t c = 0; c < a->columns.n; c++) {
        const struct seen_property *seen = &a->seen[c];
        const struct keep *k = &o->property[seen->place].keep;
        column_gather(k->data, k->width, a->asked_at, a->n_asked, seen->data);
        memset(seen->null, 0, COLUMN_CHUNK / 8);
        for (size_t i = 0; i < a->n_asked; i++)
            seen->null[i / 64] |= (uint64_t)bits_has(k->null, a->asked_at[i]) << i % 64;
    }
}

/* ---- what they amount to ---- */
/* In millionths; false: it is no number. */
static bool number_at(const struct keep *k, size_t at, int64_t *ret)
{
    bool exact;
    if (bits_has(k->null, at))
        return false;
    if (k->kind == COLUMN_NUMBER) {
        *ret = keep_raw_at(k, at);
        return true;
    }
    const struct value *v = &k->dictionary.value[keep_held(k, at)];
    return v->kind == VALUE_NUMBER && number_floor_scaled(v->number, NUMBER_SCALE, ret, &exact);
}

/* Days are texts that compare as they do. */
static bool is_given(const struct event_ask *a, size_t at)
{
    const struct occurrences *o = occurred(a, a->event[0]);
    const struct keep *given = &o->property[a->property].keep, *until = &o->property[a->until].keep;
    if (given->kind != COLUMN_CODES || bits_has(given->null, at))
        return false;
    struct value is = given->dictionary.value[keep_held(given, at)];
    if (is.kind != VALUE_BOOLEAN || !is.boolean)
        return false;
    if (until->kind != COLUMN_CODES || bits_has(until->null, at))
        return true;
    struct value end = until->dictionary.value[keep_held(until, at)];
    return end.kind == VALUE_STRING && slice_cmp(end.string, a->today) >= 0;
}

static void add_value(int64_t *sum, int64_t value)
{
    if (__builtin_add_overflow(*sum, value, sum))
        *sum = value > 0 ? INT64_MAX : INT64_MIN;
}

static bool add_pair(struct event_ask *a, struct pair pair)
{
    if (!vec_need(a->pair, a->pairs_cap, a->n_pairs + 1))
        return false;
    a->pair[a->n_pairs++] = pair;
    return true;
}

static bool add_one(struct event_ask *a, size_t at, uint32_t place)
{
    enum event_measure measure = a->question.measure;
    const struct occurrences *o = occurred(a, a->event[0]);
    const struct keep *k = a->property == SIZE_MAX ? NULL : &o->property[a->property].keep;
    int64_t *times = &a->times[place], *value = &a->value[place], v = occurrence_ms(&o->one[at]);
    if (measure == EVENT_DISTINCT)
        return bits_has(k->null, at) || add_pair(a, (struct pair){ place, 0, keep_held(k, at) });
    if (measure == EVENT_HELD)
        v = v * 2 + !is_given(a, at);  // the greatest is what was said last
    else if (k && !number_at(k, at, &v))
        return true;
    bool first = (*times)++ == 0;
    if (measure == EVENT_SUM || measure == EVENT_MEAN)
        add_value(value, v);
    else if (first || (measure == EVENT_MIN || measure == EVENT_FIRST ? v < *value : v > *value))
        *value = v;
    return true;
}

static enum err_code look_at_asked(struct event_ask *a, struct err *e)
{
    uint64_t is[COLUMN_CHUNK / 64];
    bool ok = true;
    if (a->program) {
        gather(a);
        TRY(program_run(a->program, 0, a->n_asked, is, a->scratch, NULL, e));
    }
    for (size_t i = 0; i < a->n_asked && ok; i++)
        if (!a->program || bits_has(is, i))
            ok = add_one(a, a->asked_at[i], a->asked_place[i]);
    a->n_asked = 0;
    return ok ? ERR_OK : no_memory(e);
}

static enum err_code add_asked(struct event_ask *a, uint32_t at, uint32_t place, struct err *e)
{
    a->asked_at[a->n_asked] = at;
    a->asked_place[a->n_asked++] = place;
    return a->n_asked == COLUMN_CHUNK ? look_at_asked(a, e) : ERR_OK;
}

/* ---- each place's pairs together ---- */
static int by_key(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->step < y->step ? -1 : x->step > y->step;
}

/* Most people did it a few times. */
static void sort_few(struct pair *p, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct pair is = p[i];
        size_t at = i;
        for (; at > 0 && by_key(&is, &p[at - 1]) < 0; at--)
            p[at] = p[at - 1];
        p[at] = is;
    }
}

/* What a place's pairs, by key, come to. */
typedef int64_t count_fn(const struct event_ask *, const struct pair *, size_t n);

static bool make_groups(struct event_ask *a, size_t places)
{
    if (!vec_need(a->first, a->first_cap, places + 2) || !vec_need(a->by_place, a->by_place_cap, a->n_pairs + 1))
        return false;
    memset(a->first, 0, (places + 2) * sizeof *a->first);
    for (size_t i = 0; i < a->n_pairs; i++)
        a->first[a->pair[i].place + 2]++;
    for (size_t place = 0; place < places; place++)
        a->first[place + 2] += a->first[place + 1];
    for (size_t i = 0; i < a->n_pairs; i++)  // afterwards first[place + 1] is where the place ends
        a->by_place[a->first[a->pair[i].place + 1]++] = a->pair[i];
    return true;
}

static bool count_pairs(struct event_ask *a, size_t places, count_fn *count)
{
    if (!make_groups(a, places))
        return false;
    for (size_t place = 0; place < places; place++) {
        struct pair *p = a->by_place + a->first[place];
        size_t n = a->first[place + 1] - a->first[place];
        if (!n)
            continue;
        if (n <= 32)
            sort_few(p, n);
        else
            qsort(p, n, sizeof *p, by_key);
        a->times[place] = count(a, p, n);
    }
    return true;
}

/* ---- how many different ---- */
static int64_t count_different(const struct event_ask *a, const struct pair *p, size_t n)
{
    int64_t different = 1;
    (void)a;
    for (size_t i = 1; i < n; i++)
        different += p[i].key != p[i - 1].key;
    return different;
}

/* ---- everything of a customer's together ---- */
/* What has to be seen together. */
static enum err_code look_together(struct event_ask *a, size_t places, struct err *e)
{
    bool ok = true;
    if (a->question.measure == EVENT_DISTINCT)
        ok = count_pairs(a, places, count_different);
    if (a->question.measure == EVENT_SEQUENCE)
        ok = count_pairs(a, places, sequence_found);
    return ok ? ERR_OK : no_memory(e);
}

/* ---- whose ---- */
static bool is_in_time(const struct event_ask *a, int64_t time_ms)
{
    return time_ms >= a->question.from_ms && time_ms < a->question.until_ms;
}

static bool add_steps(struct event_ask *a, uint32_t event, int64_t time_ms, uint32_t place)
{
    const struct event_question *q = &a->question;
    bool ok = true;
    for (size_t i = 0; i < q->n_events; i++)
        if (a->event[i] == event) {
            ok = add_pair(a, (struct pair){ place, (uint32_t)i, time_ms });
            break;
        }
    for (size_t i = 0; i < q->n_without && ok; i++)
        if (a->without[i] == event)
            ok = add_pair(a, (struct pair){ place, WITHOUT, time_ms });
    return ok;
}

static inline enum err_code add_occurrence(struct event_ask *a, uint32_t event, struct deed d, struct err *e)
{
    if (!is_in_time(a, d.time_ms))
        return ERR_OK;
    if (a->question.measure != EVENT_SEQUENCE)
        return add_asked(a, d.at, d.place, e);
    return add_steps(a, event, d.time_ms, d.place) ? ERR_OK : no_memory(e);
}

/* Some customers' occurrences of the event, or everybody's one after the other. */
static enum err_code ask_event(struct event_ask *a, uint32_t event, const struct deeds *deeds, size_t rows, struct err *e)
{
    const struct occurrences *o = occurred(a, event);
    const uint32_t *root = a->population->root;
    size_t n;
    const struct deed *deed = deeds ? deeds_of(deeds, event, &n) : NULL;
    for (size_t i = 0; deed && i < n; i++)
        TRY(add_occurrence(a, event, deed[i], e));
    for (size_t at = 0; !deeds && at < o->n; at++) {
        const struct occurrence *one = &o->one[at];
        if (one->row == FACT_NOBODY || one->row >= rows)
            continue;
        TRY(add_occurrence(a, event, (struct deed){ (uint32_t)at, root[one->row], occurrence_ms(one) }, e));
    }
    return look_at_asked(a, e);
}

static bool is_among(const uint32_t *event, size_t n, uint32_t which)
{
    for (size_t i = 0; i < n; i++)
        if (event[i] == which)
            return true;
    return false;
}

static enum err_code ask_events(struct event_ask *a, const struct deeds *deeds, size_t rows, struct err *e)
{
    const struct event_question *q = &a->question;
    a->n_pairs = a->n_asked = 0;
    for (size_t i = 0; i < q->n_events; i++)
        if (a->event[i] != CODE_NONE && !is_among(a->event, i, a->event[i]))
            TRY(ask_event(a, a->event[i], deeds, rows, e));
    for (size_t i = 0; i < q->n_without; i++)
        if (a->without[i] != CODE_NONE && !is_among(a->event, q->n_events, a->without[i])
            && !is_among(a->without, i, a->without[i]))
            TRY(ask_event(a, a->without[i], deeds, rows, e));
    return look_together(a, rows, e);
}

/* ---- the answers ---- */
static int64_t mean(int64_t sum, int64_t times)
{
    int64_t whole = sum / times, rest = sum % times;
    bool up = (rest < 0 ? -rest : rest) * 2 >= times;
    return !up ? whole : sum < 0 ? whole - 1 : whole + 1;
}

static int64_t capped(int64_t times)
{
    return times > INT32_MAX ? INT32_MAX : times;
}

static int64_t answer(const struct event_ask *a, size_t place)
{
    switch (a->question.measure) {
    case EVENT_COUNT:
    case EVENT_DISTINCT: return capped(a->times[place]);
    case EVENT_MEAN: return a->times[place] ? mean(a->value[place], a->times[place]) : 0;
    case EVENT_FIRST:
    case EVENT_LAST: return a->times[place] ? zones_day(a->zones, a->value[place]) : 0;
    case EVENT_SEQUENCE: return a->times[place] != 0;
    case EVENT_HELD: return a->times[place] && a->value[place] % 2 == 0;
    default: return a->value[place];
    }
}

static void put_answers(const struct event_ask *a, size_t n, void *data, uint64_t *null)
{
    const struct column shape = event_ask_shape(a);
    for (size_t i = 0; i < n; i++) {
        int64_t is = answer(a, i);
        if (shape.width == sizeof(int32_t))
            ((int32_t *)data)[i] = (int32_t)is;
        else if (shape.width)
            ((int64_t *)data)[i] = is;
        else
            ((uint64_t *)data)[i / 64] |= (uint64_t)is << i % 64;
        if (null)
            null[i / 64] |= (uint64_t)(a->times[i] == 0) << i % 64;
    }
}

static bool make_places(struct event_ask *a, size_t n)
{
    free(a->times);
    free(a->value);
    a->times = calloc(n + 1, sizeof *a->times);
    a->value = calloc(n + 1, sizeof *a->value);
    return a->times && a->value;
}

static void clear_places(struct event_ask *a, size_t n)
{
    memset(a->times, 0, n * sizeof *a->times);
    memset(a->value, 0, n * sizeof *a->value);
}

enum err_code event_ask_rows(struct event_ask *a, const struct deeds *deeds, size_t n, void *data, uint64_t *null,
                             struct err *e)
{
    const struct column shape = event_ask_shape(a);
    assert(n <= COLUMN_CHUNK);
    if (!a->times && !make_places(a, COLUMN_CHUNK))
        return no_memory(e);
    clear_places(a, n);
    TRY(ask_events(a, deeds, n, e));
    if (!shape.width)
        memset(data, 0, COLUMN_CHUNK / 8);
    if (shape.null)
        memset(null, 0, COLUMN_CHUNK / 8);
    put_answers(a, n, data, shape.null ? null : NULL);
    return ERR_OK;
}

enum err_code event_ask_all(struct event_ask *a, struct arena *mem, struct column *ret, struct err *e)
{
    size_t rows = population_columns(a->population)->rows, words = COLUMN_WORDS(rows);
    struct column shape = event_ask_shape(a);
    void *data = arena_alloc(mem, shape.width ? words * 64 * shape.width : words * sizeof(uint64_t));
    uint64_t *null = shape.null ? arena_array(mem, uint64_t, words + 1) : NULL;
    if (!data || (shape.null && !null))
        return no_memory(e);
    if (!make_places(a, rows))
        return no_memory(e);
    TRY(ask_events(a, NULL, rows, e));
    put_answers(a, rows, data, null);
    shape.data = data;
    shape.null = null;
    *ret = shape;
    return ERR_OK;
}
