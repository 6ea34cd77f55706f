#include "engine/configurator/diagram_room.h"

enum err_code trail_make(const struct formula *f, struct arena *mem, struct trail *ret, struct err *e)
{
    struct trail t = { .formula = f };
    t.value = arena_array(mem, int8_t, f->codes);
    t.state = arena_array(mem, struct clause_state, f->clauses);
    t.code = arena_array(mem, uint32_t, f->codes);
    if (!t.value || !t.state || !t.code)
        return diagram_no_memory(e);
    *ret = t;
    return ERR_OK;
}

static void set(struct trail *t, uint32_t code)
{
    t->value[code] = 1;
    t->value[code ^ 1] = -1;
    t->code[t->n++] = code;
}

/* A longer clause whose literals are false up to one, or all. */
static bool follow(struct trail *t, uint32_t clause)
{
    const struct formula *f = t->formula;
    uint32_t left = NODE_NEVER;
    for (uint32_t i = f->from[clause]; i < f->from[clause + 1]; i++) {
        int8_t value = t->value[f->literal[i]];
        if (value > 0)
            return true;
        if (value == 0)
            left = f->literal[i];
    }
    if (left == NODE_NEVER)
        return false;
    set(t, left);
    return true;
}

/* The counters are brought up to date even where there is a conflict: trail_back takes back just what was counted. */
static bool count(struct trail *t, uint32_t code)
{
    const struct formula *f = t->formula;
    bool ok = true;
    for (uint32_t i = f->implied_from[code]; i < f->implied_from[code + 1] && ok; i++) {
        uint32_t next = f->implied[i];
        if (t->value[next] == 0)
            set(t, next);
        ok = t->value[next] > 0;
    }
    for (uint32_t i = f->in_from[code]; i < f->in_from[code + 1]; i++)
        t->state[f->in[i]].n_true++;
    for (uint32_t i = f->in_from[code ^ 1]; i < f->in_from[(code ^ 1) + 1]; i++) {
        uint32_t clause = f->in[i];
        struct clause_state *s = t->state + clause;
        s->n_false++;
        if (ok && s->n_true == 0 && s->n_false + 1 >= f->from[clause + 1] - f->from[clause])
            ok = follow(t, clause);
    }
    return ok;
}

bool trail_assign(struct trail *t, uint32_t code)
{
    if (t->value[code])
        return t->value[code] > 0;
    set(t, code);
    while (t->counted < t->n)
        if (!count(t, t->code[t->counted++]))
            return false;
    return true;
}

void trail_back(struct trail *t, uint32_t n)
{
    const struct formula *f = t->formula;
    while (t->n > n) {
        uint32_t code = t->code[--t->n];
        t->value[code] = t->value[code ^ 1] = 0;
        if (t->n >= t->counted)
            continue;
        t->counted = t->n;
        for (uint32_t i = f->in_from[code]; i < f->in_from[code + 1]; i++)
            t->state[f->in[i]].n_true--;
        for (uint32_t i = f->in_from[code ^ 1]; i < f->in_from[(code ^ 1) + 1]; i++)
            t->state[f->in[i]].n_false--;
    }
}
