#include "engine/configurator/diagram_room.h"

#define ROUNDS 30                    // of merging; what is left after them is compiled as it is

/* A round: each variable leads to the one that it merged into, and those that lead to themselves are numbered as classes. */
struct merge {
    const struct clauses *clauses;
    uint32_t *of;                    // by variable: the code that it equals
    uint32_t *number;                // by variable: its class
    uint32_t *leader;                // by class: its variable
    uint32_t classes;
};
/* All clauses of a round, of any length, that are not true for certain. */
struct reduced {
    uint32_t *from, *code, clauses;
    uint32_t *seen;                  // by code: the clause + 1 that has it
};

static uint32_t leads_to(const struct merge *m, uint32_t code)
{
    while (m->of[code >> 1] != (code & ~1u))
        code = m->of[code >> 1] ^ (code & 1);
    return code;
}

static void number(struct merge *m)
{
    m->classes = 0;
    for (uint32_t v = 0; v <= m->clauses->variables; v++) {
        m->of[v] = leads_to(m, 2 * v);
        if (m->of[v] != 2 * v)
            continue;
        m->number[v] = v ? ++m->classes : 0;
        m->leader[m->number[v]] = v;
    }
}

static uint32_t class_code(const struct merge *m, int32_t literal)
{
    uint32_t code = m->of[abs(literal)] ^ (literal < 0);
    return 2 * m->number[code >> 1] + (code & 1);
}

/* Adds a clause as it is now; one that is true is left out. */
static void reduce(const struct merge *m, uint32_t clause, struct reduced *r)
{
    const struct clauses *c = m->clauses;
    uint32_t at = r->from[r->clauses], mark = clause + 1;
    for (uint32_t i = c->start[clause]; i < c->start[clause + 1]; i++) {
        uint32_t code = class_code(m, c->literal[i]);
        if (code == 0 || r->seen[code ^ 1] == mark)
            return;
        if (code == 1 || r->seen[code] == mark)
            continue;
        r->seen[code] = mark;
        r->code[at++] = code;
    }
    r->from[++r->clauses] = at;
}

static enum err_code reduced_make(const struct merge *m, struct arena *scratch, struct reduced *ret, struct err *e)
{
    const struct clauses *c = m->clauses;
    struct reduced r = { arena_array(scratch, uint32_t, c->clauses + (size_t)1), arena_array(scratch, uint32_t, c->literals + 1),
                         0, arena_array(scratch, uint32_t, 2 * ((size_t)m->classes + 1)) };
    if (!r.from || !r.code || !r.seen)
        return diagram_no_memory(e);
    for (uint32_t i = 0; i < c->clauses; i++)
        reduce(m, i, &r);
    *ret = r;
    return ERR_OK;
}

static void sum_up(uint32_t *from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        from[i + 1] += from[i];
}

/* Counts, at [x + 2], what fill moves to [x + 1] while it puts each in its place: afterwards [x] is where those of x start. */
static void measure(const struct reduced *r, struct formula *f, uint32_t *literals, uint32_t *pairs)
{
    for (uint32_t c = 0; c < r->clauses; c++) {
        uint32_t n = r->from[c + 1] - r->from[c];
        f->is_void |= n == 0;
        f->units += n == 1;
        f->clauses += n > 2;
        *pairs += n == 2;
        for (uint32_t i = r->from[c]; i < r->from[c + 1]; i++) {
            if (n == 2)
                f->implied_from[(r->code[i] ^ 1) + 2]++;
            else if (n > 2)
                f->in_from[r->code[i] + 2]++;
        }
        *literals += n > 2 ? n : 0;
    }
    sum_up(f->implied_from, f->codes + 1);
    sum_up(f->in_from, f->codes + 1);
}

static void fill(const struct reduced *r, struct formula *f)
{
    uint32_t units = 0, clauses = 0;
    for (uint32_t c = 0; c < r->clauses; c++) {
        const uint32_t *code = r->code + r->from[c];
        uint32_t n = r->from[c + 1] - r->from[c];
        if (n == 1)
            f->unit[units++] = *code;
        if (n == 2) {
            f->implied[f->implied_from[(code[0] ^ 1) + 1]++] = code[1];
            f->implied[f->implied_from[(code[1] ^ 1) + 1]++] = code[0];
        }
        if (n <= 2)
            continue;
        memcpy(f->literal + f->from[clauses], code, n * sizeof *code);
        for (uint32_t i = 0; i < n; i++)
            f->in[f->in_from[code[i] + 1]++] = clauses;
        f->from[clauses + 1] = f->from[clauses] + n;
        clauses++;
    }
}

/* Rules say the same in many ways once variables are merged. */
static void keep_each_once(struct formula *f)
{
    uint32_t kept = 0, from = 0;
    for (uint32_t code = 0; code < f->codes; code++) {
        uint32_t to = f->implied_from[code + 1], start = kept;
        qsort(f->implied + from, to - from, sizeof *f->implied, codes_by_number);
        for (uint32_t i = from; i < to; i++)
            if (kept == start || f->implied[kept - 1] != f->implied[i])
                f->implied[kept++] = f->implied[i];
        f->implied_from[code] = start;
        from = to;
    }
    f->implied_from[f->codes] = kept;
}

static enum err_code build(const struct merge *m, const struct reduced *r, struct arena *mem, struct formula *ret, struct err *e)
{
    struct formula f = { .mem = mem, .classes = m->classes, .codes = 2 * m->classes + 2 };
    uint32_t literals = 0, pairs = 0;
    f.implied_from = arena_array(mem, uint32_t, f.codes + (size_t)2);
    f.in_from = arena_array(mem, uint32_t, f.codes + (size_t)2);
    if (!f.implied_from || !f.in_from)
        return diagram_no_memory(e);
    measure(r, &f, &literals, &pairs);
    f.implied = arena_array(mem, uint32_t, 2 * (size_t)pairs);
    f.from = arena_array(mem, uint32_t, f.clauses + (size_t)1);
    f.literal = arena_array(mem, uint32_t, literals);
    f.in = arena_array(mem, uint32_t, literals);
    f.unit = arena_array(mem, uint32_t, f.units);
    if (!f.implied || !f.from || !f.literal || !f.in || !f.unit)
        return diagram_no_memory(e);
    fill(r, &f);
    keep_each_once(&f);
    *ret = f;
    return ERR_OK;
}

/* Tarjan 1972, with a stack of its own: a chain of implications may be as long as the model. */
struct search {
    const struct formula *f;
    uint32_t *low, *next, *open, *path;  // low 0: not seen yet; next: the implication to follow
    uint32_t seen, opened, depth;
};

static void enter(struct search *s, uint32_t code)
{
    s->low[code] = ++s->seen;
    s->next[code] = s->f->implied_from[code];
    s->open[s->opened++] = s->path[s->depth++] = code;
}

/* The code is the first of its component: what was opened since is all of it. */
static void close_component(struct search *s, uint32_t code, uint32_t *equal)
{
    uint32_t from = s->opened, least = code;
    do {
        uint32_t x = s->open[--from];
        least = x < least ? x : least;
    } while (s->open[from] != code);
    for (uint32_t i = from; i < s->opened; i++) {
        equal[s->open[i]] = least;
        s->low[s->open[i]] = UINT32_MAX;
    }
    s->opened = from;
}

static void search_from(struct search *s, uint32_t code, uint32_t *first, uint32_t *equal)
{
    enter(s, code);
    first[code] = s->low[code];
    while (s->depth) {
        uint32_t x = s->path[s->depth - 1];
        if (s->next[x] < s->f->implied_from[x + 1]) {
            uint32_t y = s->f->implied[s->next[x]++];
            if (!s->low[y]) {
                enter(s, y);
                first[y] = s->low[y];
            } else if (s->low[y] < s->low[x]) {
                s->low[x] = s->low[y];
            }
            continue;
        }
        s->depth--;
        uint32_t low = s->low[x];
        if (low == first[x])
            close_component(s, x, equal);
        else if (low < s->low[s->path[s->depth - 1]])
            s->low[s->path[s->depth - 1]] = low;
    }
}

enum err_code formula_equals(const struct formula *f, uint32_t *equal, struct err *e)
{
    AUTO(arena) mem = arena_new(SIZE_MAX);
    struct search s = { .f = f };
    uint32_t *first = mem ? arena_array(mem, uint32_t, f->codes) : NULL;
    if (first) {
        s.low = arena_array(mem, uint32_t, f->codes);
        s.next = arena_array(mem, uint32_t, f->codes);
        s.open = arena_array(mem, uint32_t, f->codes);
        s.path = arena_array(mem, uint32_t, f->codes);
    }
    if (!first || !s.low || !s.next || !s.open || !s.path)
        return diagram_no_memory(e);
    for (uint32_t code = 0; code < f->codes; code++)
        if (!s.low[code])
            search_from(&s, code, first, equal);
    return ERR_OK;
}

/* What unit propagation and the implications say: variables lead to others, or to what is always true. */
static enum err_code merge_more(struct merge *m, struct formula *f, struct arena *scratch, bool *more, struct err *e)
{
    struct trail t = { 0 };
    *more = false;
    TRY(trail_make(f, scratch, &t, e));
    for (uint32_t i = 0; i < f->units && !f->is_void; i++)
        f->is_void = !trail_assign(&t, f->unit[i]);
    uint32_t *equal = arena_array(scratch, uint32_t, f->codes);
    if (!equal)
        return diagram_no_memory(e);
    TRY(formula_equals(f, equal, e));
    for (uint32_t class = 1; class <= f->classes && !f->is_void; class++) {
        uint32_t code = 2 * class, other = t.value[code] ? t.value[code] < 0 : equal[code];
        f->is_void = equal[code] == equal[code + 1];
        if (other == code)
            continue;
        m->of[m->leader[class]] = 2 * m->leader[other >> 1] + (other & 1);
        *more = true;
    }
    return ERR_OK;
}

/* A round: the formula as merged so far; *more: whether something may merge, and whether it did. */
static enum err_code merge_round(struct merge *m, struct arena *mem, struct formula *ret, bool *more, struct err *e)
{
    AUTO(arena) scratch = arena_new(SIZE_MAX);
    struct reduced r = { 0 };
    if (!scratch)
        return diagram_no_memory(e);
    number(m);
    TRY(reduced_make(m, scratch, &r, e));
    TRY(build(m, &r, mem, ret, e));
    *more &= !ret->is_void;
    return *more ? merge_more(m, ret, scratch, more, e) : ERR_OK;
}

enum err_code formula_make(const struct clauses *c, struct arena *mem, uint32_t *of, struct formula *ret, struct err *e)
{
    AUTO(arena) scratch = arena_new(SIZE_MAX);
    struct merge m = { .clauses = c, .of = of };
    size_t n = c->variables + (size_t)1;
    bool more = true;
    m.number = scratch ? arena_array(scratch, uint32_t, n) : NULL;
    m.leader = scratch ? arena_array(scratch, uint32_t, n) : NULL;
    if (!m.number || !m.leader)
        return diagram_no_memory(e);
    for (uint32_t v = 0; v < n; v++)
        of[v] = 2 * v;
    for (int round = 1; more; round++) {
        bool merged = round < ROUNDS;
        arena_reset(mem);
        TRY(merge_round(&m, mem, ret, &merged, e));
        more = merged && !ret->is_void;
    }
    number(&m);
    ret->classes = m.classes;        // of a void one fewer may be left than its clauses speak of
    for (uint32_t v = 0; v < n; v++)
        of[v] = 2 * m.number[of[v] >> 1] + (of[v] & 1);
    return ERR_OK;
}
