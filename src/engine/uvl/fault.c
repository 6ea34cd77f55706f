#include <stdarg.h>
#include <stdio.h>

#include "engine/uvl/read_room.h"

#define NEAR_LONGEST 64

static void note(struct reading *r, struct uvl_place place, bool warning, const char *fmt, va_list args)
{
    char text[512];
    int n = vsnprintf(text, sizeof text, fmt, args);
    if (n < 0 || r->code)
        return;
    struct slice s = slice_utf8_cut(slice_of(text), sizeof text - 4);
    struct uvl_fault fault = { warning, place, arena_copy(r->mem, s) };
    if (uvl_read_memory(r, fault.text.at))
        r->m.fault[r->m.faults++] = fault;
}

bool uvl_read_fault(struct reading *r, struct uvl_place place, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    r->errors++;
    if (r->m.faults < UVL_FAULTS_MAX)
        note(r, place, false, fmt, args);
    va_end(args);
    return false;
}

/* Warnings take half of the room at most: an error is always among the faults. */
void uvl_read_warning(struct reading *r, struct uvl_place place, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (r->m.faults < UVL_FAULTS_MAX / 2)
        note(r, place, true, fmt, args);
    va_end(args);
}

void uvl_read_limit(struct reading *r, struct uvl_place place, const char *fmt, ...)
{
    char text[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct slice file = slice_utf8_cut(place.file < r->m.files ? r->m.file[place.file] : SLICE("model"), 60);
    if (!r->code)
        r->code = err_set(r->e, ERR_LIMIT, place.line, "%.*s:%u:%u: %s", SLICE_ARG(file), place.line, place.column, text);
}

bool uvl_read_memory(struct reading *r, bool there)
{
    if (!there && !r->code)
        r->code = err_set(r->e, ERR_LIMIT, 0, "the model does not fit the memory that reading it may take; make it smaller");
    return there;
}

static char small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Letters to put in, take out or change, capitals being free; `most` + 1: more than that. */
static size_t distance(struct slice a, struct slice b, size_t most)
{
    size_t row[NEAR_LONGEST + 1];
    if (a.len > b.len + most || b.len > a.len + most)
        return most + 1;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0], best = row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = corner + (small(a.at[i - 1]) != small(b.at[j - 1]));
            corner = row[j];
            size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = step < change ? step : change;
            best = row[j] < best ? row[j] : best;
        }
        if (best > most)
            return most + 1;
    }
    return row[b.len];
}

struct slice uvl_read_near(struct reading *r, struct slice name, size_t prefix, struct slice (*name_of)(const void *, uint32_t),
                       const void *of, uint32_t n)
{
    size_t own = name.len - prefix, most = own < 3 ? 0 : 1 + own / 4;
    struct slice ret = { 0 };
    if (name.len > NEAR_LONGEST)
        return ret;
    for (size_t i = 0; i < n && r->near_left; i++) {
        struct slice other = name_of(of, (uint32_t)i);
        uint64_t cost = 1 + name.len * (other.len <= NEAR_LONGEST ? other.len : 0);
        r->near_left -= cost < r->near_left ? cost : r->near_left;
        size_t d = other.len && other.len <= NEAR_LONGEST ? distance(name, other, most) : most + 1;
        if (d < most || (d == most && !ret.len)) {
            most = d;
            ret = other;
        }
    }
    return ret;
}

static bool before(const struct uvl_place *a, const struct uvl_place *b)
{
    if (a->file != b->file)
        return a->file < b->file;
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void uvl_read_faults_sort(struct uvl_model *m)
{
    for (uint32_t i = 1; i < m->faults; i++) {
        struct uvl_fault f = m->fault[i];
        uint32_t j = i;
        for (; j && before(&f.place, &m->fault[j - 1].place); j--)
            m->fault[j] = m->fault[j - 1];
        m->fault[j] = f;
    }
}

struct slice uvl_fault_text(const struct uvl_model *m, const struct uvl_fault *f, struct arena *mem)
{
    return arena_printf(mem, "%.*s:%u:%u: %.*s", SLICE_ARG(m->file[f->place.file]), f->place.line, f->place.column,
                        SLICE_ARG(f->text));
}
