/* Tallies: what rows did of one event, kept with each event that comes. */
#include "insight/population_room.h"

#include "base/vec.h"

#define DAY_ZERO INT64_C(2147483648)   // days are kept as numbers above 0; 0: never

/* Of first and last, too, the larger number wins: first is kept as the distance to the end of days. */
struct tally {
    struct tally *next;
    enum tally_kind kind;
    int32_t from, to;
    bool asked;                  // since the last sweep
    bool failed;                 // memory: it is counted anew by the next refresh
    uint16_t *times;             // COUNT
    uint32_t *day;               // FIRST, LAST
    size_t cap;
};

static void drop(struct tally *t)
{
    free(t->times);
    free(t->day);
    free(t);
}

void tallies_drop(struct event_name *event)
{
    while (event->tally) {
        struct tally *t = event->tally;
        event->tally = t->next;
        drop(t);
    }
}

static bool need(struct tally *t, size_t rows)
{
    return t->kind == TALLY_COUNT ? vec_need(t->times, t->cap, rows) : vec_need(t->day, t->cap, rows);
}

static uint32_t kept(const struct tally *t, int32_t day)
{
    int64_t place = day + DAY_ZERO;
    return (uint32_t)(t->kind == TALLY_LAST ? place : UINT32_MAX - place);
}

void tally_add(struct event_name *event, uint32_t row, int32_t day)
{
    for (struct tally *t = event->tally; t; t = t->next) {
        if (t->kind == TALLY_COUNT && (day < t->from || day > t->to))
            continue;
        if (!need(t, (size_t)row + 1))
            t->failed = true;
        else if (t->kind == TALLY_COUNT)
            t->times[row] = (uint16_t)(t->times[row] + (t->times[row] < UINT16_MAX));
        else if (t->day[row] < kept(t, day))
            t->day[row] = kept(t, day);
    }
}

static void forget_row(struct tally *t, size_t row)
{
    if (row >= t->cap)
        return;
    if (t->kind == TALLY_COUNT)
        t->times[row] = 0;
    else
        t->day[row] = 0;
}

void tally_forget(struct event_name *event, const uint64_t *gone, size_t first, size_t n)
{
    for (size_t w = 0; w * 64 < n; w++)
        for (uint64_t left = gone[w]; left; left &= left - 1)
            for (struct tally *t = event->tally; t; t = t->next)
                forget_row(t, first + w * 64 + (size_t)__builtin_ctzll(left));
}

/* ---- from the postings, all at once ---- */
static bool count_days(struct tally *t, const struct postings *postings)
{
    int32_t *day = malloc(t->cap * sizeof *day), never = t->kind == TALLY_LAST ? INT32_MIN : INT32_MAX;
    if (!day)
        return false;
    for (size_t i = 0; i < t->cap; i++)
        day[i] = never;
    if (t->kind == TALLY_LAST)
        postings_last(postings, day, t->cap);
    else
        postings_first(postings, day, t->cap);
    for (size_t i = 0; i < t->cap; i++)
        t->day[i] = day[i] == never ? 0 : kept(t, day[i]);
    free(day);
    return true;
}

static bool count_anew(struct tally *t, const struct postings *postings, size_t rows)
{
    if (!need(t, rows + 1))
        return false;
    t->failed = false;
    if (t->kind != TALLY_COUNT)
        return count_days(t, postings);
    memset(t->times, 0, t->cap * sizeof *t->times);
    postings_count(postings, t->from, t->to, t->times, t->cap);
    return true;
}

/* Rows that the postings know: those of the columns may be fewer, until the next refresh. */
static size_t rows_known(const struct population *p)
{
    return p->rows_told > p->rows ? p->rows_told : p->rows;
}

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for what audiences count");
}

enum err_code tallies_mend(struct population *p, struct err *e)
{
    for (size_t i = 0; i < p->n_events; i++)
        for (struct tally *t = p->event[i].tally; t; t = t->next)
            if (t->failed && !count_anew(t, p->event[i].postings, rows_known(p))) {
                t->failed = true;
                return no_memory(e);
            }
    return ERR_OK;
}

size_t tallies_bytes(const struct event_name *event)
{
    size_t bytes = 0;
    for (const struct tally *t = event->tally; t; t = t->next)
        bytes += sizeof *t + t->cap * (t->kind == TALLY_COUNT ? sizeof *t->times : sizeof *t->day);
    return bytes;
}

/* ---- for those who ask ---- */
static struct tally *find(const struct event_name *event, enum tally_kind kind, int32_t from, int32_t to)
{
    for (struct tally *t = event->tally; t; t = t->next)
        if (t->kind == kind && t->from == from && t->to == to)
            return t;
    return NULL;
}

enum err_code population_tally(struct population *p, struct slice event, enum tally_kind kind, int32_t from, int32_t to,
                               struct tally **ret, struct err *e)
{
    uint32_t place;
    pthread_mutex_lock(&p->queue);
    bool named = population_name_event(p, event, &place);
    pthread_mutex_unlock(&p->queue);
    *ret = named && place != CODE_NONE ? find(&p->event[place], kind, from, to) : NULL;
    if (*ret)
        (*ret)->asked = true;
    if (*ret || place == CODE_NONE)
        return named ? ERR_OK : no_memory(e);
    struct tally *t = calloc(1, sizeof *t);
    if (!t)
        return no_memory(e);
    *t = (struct tally){ .kind = kind, .from = from, .to = to, .asked = true, .next = p->event[place].tally };
    if (!count_anew(t, p->event[place].postings, rows_known(p))) {
        drop(t);
        return no_memory(e);
    }
    *ret = p->event[place].tally = t;
    return ERR_OK;
}

void population_sweep_tallies(struct population *p)
{
    for (size_t i = 0; i < p->n_events; i++)
        for (struct tally **at = &p->event[i].tally; *at;) {
            struct tally *t = *at;
            if (t->asked) {
                t->asked = false;
                at = &t->next;
            } else {
                *at = t->next;
                drop(t);
            }
        }
}

uint32_t tally_count(const struct tally *t, size_t row)
{
    return t && row < t->cap ? t->times[row] : 0;
}

bool tally_day(const struct tally *t, size_t row, int32_t *ret)
{
    if (!t || row >= t->cap || !t->day[row])
        return false;
    int64_t place = t->kind == TALLY_LAST ? t->day[row] : UINT32_MAX - t->day[row];
    *ret = (int32_t)(place - DAY_ZERO);
    return true;
}
