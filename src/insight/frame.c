#include "insight/frame.h"

#include <assert.h>
#include <stdlib.h>

#define NAMES_BYTES ((size_t)64 << 20)

enum source { SOURCE_BASE, SOURCE_TALLY, SOURCE_EVENTS, SOURCE_RELATED, SOURCE_AUDIENCE };
struct place {
    enum source source;
    bool wanted;
    const struct column *base;   // of the last look
    enum tally_kind kind;
    const struct tally *tally;   // NULL: nobody did it
    struct event_ask *ask;
    struct related_ask *related;
    int64_t audience;
    struct dictionary dictionary;
    void *data;                  // COLUMN_CHUNK values of 8 bytes
    uint64_t null[COLUMN_CHUNK / 64];
};
struct frame {
    struct population *population;
    struct arena *names;
    struct columns columns;
    struct column *column;       // FRAME_COLUMNS_MAX: programs point into it
    struct place **place;
    const struct population_leaf *leaf[COLUMN_CHUNK];  // of each row gathered, the customer's other histories
    size_t leaves[COLUMN_CHUNK];
    struct bits_picked picked;   // the rows gathered
    struct deeds *deeds;         // of the rows gathered, where something asks about events
};

enum err_code frame_new(struct population *population, struct frame **ret, struct err *e)
{
    struct frame *f = *ret = calloc(1, sizeof *f);
    if (f) {
        f->population = population;
        f->names = arena_new(NAMES_BYTES);
        f->column = calloc(FRAME_COLUMNS_MAX, sizeof *f->column);
        f->place = calloc(FRAME_COLUMNS_MAX, sizeof(struct place *));
        f->deeds = deeds_new();
        f->columns = (struct columns){ COLUMN_CHUNK, 0, f->column };
    }
    if (f && f->names && f->column && f->place && f->deeds)
        return ERR_OK;
    frame_drop(ret);
    return err_set(e, ERR_LIMIT, 0, "no memory for live audiences");
}

void frame_drop(struct frame **frame)
{
    struct frame *f = *frame;
    if (!f)
        return;
    for (size_t i = 0; i < f->columns.n; i++) {
        event_ask_drop(&f->place[i]->ask);
        related_ask_drop(&f->place[i]->related);
        free(f->place[i]->data);
        free(f->place[i]);
    }
    free(f->place);
    free(f->column);
    deeds_drop(&f->deeds);
    arena_drop(&f->names);
    free(f);
    *frame = NULL;
}

const struct columns *frame_columns(const struct frame *f)
{
    return &f->columns;
}

/* ---- adding ---- */
static enum err_code add(struct frame *f, struct slice name, struct place **ret, size_t *at, struct err *e)
{
    const struct column *known = columns_find(&f->columns, name);
    if (known) {
        *at = (size_t)(known - f->column);
        *ret = f->place[*at];
        return ERR_OK;
    }
    if (f->columns.n == FRAME_COLUMNS_MAX)
        return err_set(e, ERR_LIMIT, 0, "all audiences together speak of more than %d things", FRAME_COLUMNS_MAX);
    struct place *p = calloc(1, sizeof *p);
    struct slice own = p ? arena_copy(f->names, name) : (struct slice){ NULL, 0 };
    if (own.at)
        p->data = calloc(COLUMN_CHUNK, sizeof(int64_t));
    if (!own.at || !p->data) {
        free(p);
        return err_set(e, ERR_LIMIT, 0, "no memory for live audiences");
    }
    *at = f->columns.n++;
    f->place[*at] = *ret = p;
    f->column[*at] = (struct column){ .name = own, .data = p->data };
    return ERR_OK;
}

/* What the population's column is now, over the frame's own values. */
static void take_shape(struct frame *f, size_t at, const struct column *base)
{
    struct place *p = f->place[at];
    struct column *c = &f->column[at];
    p->base = base;
    c->kind = base->kind;
    c->scale = base->scale;
    c->width = base->width;
    c->null = base->null ? p->null : NULL;
    c->dictionary = base->dictionary ? &p->dictionary : NULL;
    if (base->dictionary)
        p->dictionary = *base->dictionary;
}

enum err_code frame_add_base(struct frame *f, const struct column *base, size_t *ret, struct err *e)
{
    struct place *p = NULL;
    TRY(add(f, base->name, &p, ret, e));
    p->source = SOURCE_BASE;
    take_shape(f, *ret, base);
    return ERR_OK;
}

enum err_code frame_add_tally(struct frame *f, struct slice name, struct slice event, enum tally_kind kind, int32_t from,
                              int32_t to, size_t *ret, struct err *e)
{
    struct place *p = NULL;
    struct tally *made;
    TRY(population_tally(f->population, event, kind, from, to, &made, e));
    TRY(add(f, name, &p, ret, e));
    struct column *c = &f->column[*ret];
    p->source = SOURCE_TALLY;
    p->kind = kind;
    p->tally = made;
    c->kind = kind == TALLY_COUNT ? COLUMN_NUMBER : COLUMN_DATE;
    c->width = kind == TALLY_COUNT ? sizeof(int16_t) : sizeof(int32_t);
    c->null = kind == TALLY_COUNT ? NULL : p->null;
    return ERR_OK;
}

enum err_code frame_add_audience(struct frame *f, struct slice name, int64_t audience, size_t *ret, struct err *e)
{
    struct place *p = NULL;
    TRY(add(f, name, &p, ret, e));
    p->source = SOURCE_AUDIENCE;
    p->audience = audience;
    f->column[*ret].kind = COLUMN_BOOLEAN;
    return ERR_OK;
}

enum err_code frame_add_events(struct frame *f, struct slice name, const struct event_question *question,
                               const struct zones *zones, int64_t now_ms, size_t *ret, struct err *e)
{
    const struct column *known = columns_find(&f->columns, name);
    struct place *p = known ? f->place[known - f->column] : NULL;
    struct event_ask *ask = NULL;
    if (!p || event_ask_is_old(p->ask))
        TRY(event_ask_new(f->population, question, zones, now_ms, &ask, e));
    enum err_code code = add(f, name, &p, ret, e);
    if (code) {
        event_ask_drop(&ask);
        return code;
    }
    if (!ask)
        return ERR_OK;
    event_ask_drop(&p->ask);
    p->ask = ask;
    p->source = SOURCE_EVENTS;
    const struct column shape = event_ask_shape(ask);
    struct column *c = &f->column[*ret];
    c->kind = shape.kind;
    c->scale = shape.scale;
    c->width = shape.width;
    c->null = shape.null ? p->null : NULL;
    return ERR_OK;
}

const struct related_ask *frame_related(const struct frame *f, struct slice name, size_t *ret)
{
    const struct column *known = columns_find(&f->columns, name);
    *ret = known ? (size_t)(known - f->column) : 0;
    return known && !related_ask_is_old(f->place[*ret]->related) ? f->place[*ret]->related : NULL;
}

enum err_code frame_add_related(struct frame *f, struct slice name, struct related_ask *related, size_t *ret, struct err *e)
{
    struct place *p = NULL;
    enum err_code code = add(f, name, &p, ret, e);
    if (code) {
        related_ask_drop(&related);
        return code;
    }
    related_ask_drop(&p->related);
    p->related = related;
    p->source = SOURCE_RELATED;
    f->column[*ret].kind = COLUMN_BOOLEAN;
    return ERR_OK;
}

bool frame_audience(const struct frame *f, size_t place, int64_t *ret)
{
    *ret = f->place[place]->audience;
    return f->place[place]->source == SOURCE_AUDIENCE;
}

/* ---- looking ---- */
enum err_code frame_look(struct frame *f, struct err *e)
{
    const struct columns *base = population_columns(f->population);
    for (size_t i = 0; i < f->columns.n; i++) {
        struct place *p = f->place[i];
        const struct column *c = p->source == SOURCE_BASE ? columns_find(base, f->column[i].name) : NULL;
        if (p->source == SOURCE_RELATED)
            TRY(related_ask_look(p->related, e));
        if (p->source != SOURCE_BASE)
            continue;
        if (!c)
            return err_set(e, ERR_NOT_FOUND, 0, "a column is gone");
        take_shape(f, i, c);
    }
    return ERR_OK;
}

uint64_t frame_state(const struct frame *f, size_t place)
{
    const struct column *c = &f->column[place];
    if (f->place[place]->source == SOURCE_EVENTS)
        return event_ask_state(f->place[place]->ask);
    if (f->place[place]->source == SOURCE_RELATED)
        return related_ask_state(f->place[place]->related);
    return (uint64_t)c->kind << 48 | (uint64_t)c->width << 44 | (uint64_t)c->scale << 40
           | (c->dictionary ? c->dictionary->n : 0);
}

void frame_want(struct frame *f, const size_t *place, size_t n)
{
    for (size_t i = 0; i < n; i++)
        f->place[place[i]]->wanted = true;
}

void frame_want_none(struct frame *f)
{
    for (size_t i = 0; i < f->columns.n; i++)
        f->place[i]->wanted = false;
}

/* ---- gathering ---- */
static void gather_base(const struct frame *f, struct place *p, const uint32_t *row, size_t n)
{
    const struct column *c = p->base;
    size_t words = COLUMN_WORDS(population_columns(f->population)->rows);
    if (c->width)
        column_gather(c->data, c->width, row, n, p->data);
    else
        bits_gather(&f->picked, c->data, words, p->data);
    if (c->null)
        bits_gather(&f->picked, c->null, words, p->null);
}

/* As a question over everybody counts them: two sums that stop at their ends. */
static void gather_counts(const struct frame *f, struct place *p, const uint32_t *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t sum = tally_count(p->tally, row[i]);
        for (size_t k = 0; k < f->leaves[i]; k++) {
            sum += tally_count(p->tally, f->leaf[i][k].row);
            sum = sum > UINT16_MAX ? UINT16_MAX : sum;
        }
        ((int16_t *)p->data)[i] = (int16_t)(sum > INT16_MAX ? INT16_MAX : sum);
    }
}

static void gather_days(const struct frame *f, struct place *p, const uint32_t *row, size_t n)
{
    memset(p->null, 0, sizeof p->null);
    for (size_t i = 0; i < n; i++) {
        int32_t day = 0, theirs;
        bool is = tally_day(p->tally, row[i], &day);
        for (size_t k = 0; k < f->leaves[i]; k++) {
            if (!tally_day(p->tally, f->leaf[i][k].row, &theirs))
                continue;
            if (!is || (p->kind == TALLY_FIRST ? theirs < day : theirs > day))
                day = theirs;
            is = true;
        }
        ((int32_t *)p->data)[i] = day;
        p->null[i / 64] |= (uint64_t)!is << i % 64;
    }
}

static bool asks_about_events(const struct frame *f)
{
    for (size_t i = 0; i < f->columns.n; i++)
        if (f->place[i]->wanted && f->place[i]->source == SOURCE_EVENTS)
            return true;
    return false;
}

enum err_code frame_gather(struct frame *f, const uint32_t *row, size_t n, struct err *e)
{
    bits_pick(row, n, &f->picked);
    for (size_t i = 0; i < n; i++)
        f->leaf[i] = population_leaves_of(f->population, row[i], &f->leaves[i]);
    if (asks_about_events(f) && !deeds_gather(f->deeds, f->population, row, n))
        return err_set(e, ERR_LIMIT, 0, "no memory for live audiences");
    for (size_t i = 0; i < f->columns.n; i++) {
        struct place *p = f->place[i];
        if (!p->wanted || p->source == SOURCE_AUDIENCE)
            continue;
        if (p->source == SOURCE_BASE)
            gather_base(f, p, row, n);
        else if (p->source == SOURCE_RELATED)
            TRY(related_ask_rows(p->related, row, n, p->data, e));
        else if (p->source == SOURCE_EVENTS)
            TRY(event_ask_rows(p->ask, f->deeds, n, p->data, p->null, e));
        else if (p->kind == TALLY_COUNT)
            gather_counts(f, p, row, n);
        else
            gather_days(f, p, row, n);
    }
    return ERR_OK;
}

const struct bits_picked *frame_picked(const struct frame *f)
{
    return &f->picked;
}

uint64_t *frame_bits(struct frame *f, size_t place)
{
    assert(f->place[place]->source == SOURCE_AUDIENCE);
    return f->place[place]->data;
}
