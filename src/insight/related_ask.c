#include "insight/related_ask.h"

#include <stdlib.h>

#include "insight/condition_room.h"

#define MEM_BYTES ((size_t)64 << 20)

struct related_ask {
    struct population *population;
    struct condition_world world;
    struct arena *mem, *scratch;
    struct frame *frame;
    struct slice kind;
    struct condition *condition;
    uint64_t state;
    uint32_t to[COLUMN_CHUNK], place[COLUMN_CHUNK];  // to be asked, and for whom
    size_t n;
};

uint64_t related_ask_state(const struct related_ask *a)
{
    return condition_state(a->condition, a->frame);
}

bool related_ask_is_old(const struct related_ask *a)
{
    return a->state != related_ask_state(a);
}

static enum err_code make(struct related_ask *a, struct slice text, struct err *e)
{
    size_t n;
    TRY(frame_new(a->population, &a->frame, e));
    TRY(condition_new_of_related(a->frame, &a->world, text, a->mem, &a->condition, e));
    const size_t *place = condition_places(a->condition, &n);
    frame_want(a->frame, place, n);
    a->state = related_ask_state(a);
    return ERR_OK;
}

enum err_code related_ask_new(struct population *population, const struct condition_world *world, struct slice kind,
                              struct slice text, struct related_ask **ret, struct err *e)
{
    struct related_ask *a = *ret = calloc(1, sizeof *a);
    if (!a)
        return condition_no_memory(e);
    *a = (struct related_ask){ .population = population, .world = *world, .mem = arena_new(MEM_BYTES),
                               .scratch = arena_new(MEM_BYTES) };
    if (a->mem)
        a->kind = arena_copy(a->mem, kind);
    enum err_code code = a->kind.at && a->scratch ? make(a, text, e) : condition_no_memory(e);
    if (code)
        related_ask_drop(ret);
    return code;
}

void related_ask_drop(struct related_ask **ask)
{
    struct related_ask *a = *ask;
    if (!a)
        return;
    frame_drop(&a->frame);
    arena_drop(&a->mem);
    arena_drop(&a->scratch);
    free(a);
    *ask = NULL;
}

bool related_ask_is_of_day(const struct related_ask *a)
{
    return condition_is_of_day(a->condition);
}

bool related_ask_is_of_moment(const struct related_ask *a)
{
    return condition_is_of_moment(a->condition);
}

enum err_code related_ask_look(struct related_ask *a, struct err *e)
{
    return frame_look(a->frame, e);
}

static enum err_code ask(struct related_ask *a, uint64_t *bits, struct err *e)
{
    uint64_t is[COLUMN_CHUNK / 64];
    TRY(frame_gather(a->frame, a->to, a->n, e));
    TRY(condition_run_frame(a->condition, a->n, is, a->scratch, e));
    for (size_t i = 0; i < a->n; i++)
        if (bits_has(is, i))
            bits[a->place[i] / 64] |= UINT64_C(1) << a->place[i] % 64;
    a->n = 0;
    return ERR_OK;
}

enum err_code related_ask_rows(struct related_ask *a, const uint32_t *row, size_t n, uint64_t *bits, struct err *e)
{
    memset(bits, 0, COLUMN_CHUNK / 8);
    a->n = 0;
    for (size_t i = 0; i < n; i++) {
        size_t related;
        const struct population_relation *r = population_related(a->population, row[i], &related);
        for (size_t k = 0; k < related; k++) {
            if (!population_is_kind(a->population, r[k].to, a->kind))
                continue;
            a->to[a->n] = r[k].to;
            a->place[a->n++] = (uint32_t)i;
            if (a->n == COLUMN_CHUNK)
                TRY(ask(a, bits, e));
        }
    }
    return ask(a, bits, e);
}
