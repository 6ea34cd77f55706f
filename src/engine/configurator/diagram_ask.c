#include "engine/configurator/diagram_room.h"

static const struct diagram_bounds never = { DIAGRAM_NEVER, -DIAGRAM_NEVER };

struct diagram_work *diagram_work_new(const struct diagram *d)
{
    struct diagram_work *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->value = malloc(d->all * (size_t)16);
    w->context = malloc(d->all * (size_t)16);
    w->mark = malloc(d->all);
    if (!w->value || !w->context || !w->mark)
        diagram_work_drop(&w);
    return w;
}

void diagram_work_drop(struct diagram_work **work)
{
    struct diagram_work *w = *work;
    if (!w)
        return;
    free(w->value);
    free(w->context);
    free(w->mark);
    free(w);
    *work = NULL;
}

void diagram_solution(const struct diagram *d, const uint8_t *mark, int8_t *solution)
{
    for (uint32_t v = 1; v <= d->head->variables; v++)
        solution[v] = mark[d->of[v]] ? 1 : -1;
}

/* ---- what is possible ---- */

#define POSSIBLE 1u
#define REACHED 2u                   // and part of a solution

static void possible_up(const struct diagram *d, uint8_t *restrict mark)
{
    const uint32_t *restrict kid = d->child;
    for (uint32_t i = 0; i < d->head->nodes; i++) {
        const uint32_t *end = d->child + (d->node[i + 1] >> 1);
        uint8_t value = 0;
        if (d->node[i] & 1) {
            for (; kid < end; kid++)
                value |= mark[*kid];
        } else {
            for (value = POSSIBLE; kid < end; kid++)
                value &= mark[*kid];
        }
        mark[d->leaves + i] = value;
    }
}

/* The children of an AND that is possible are, so that it needs no case of its own. A pass without the branch on what is reached
 * was no faster, and half as fast on models of which one choice rules much out. */
static void possible_down(const struct diagram *d, uint8_t *restrict mark)
{
    const uint32_t *restrict child = d->child;
    for (uint32_t i = d->head->nodes; i-- > 0;) {
        if (mark[d->leaves + i] != (POSSIBLE | REACHED))
            continue;
        for (uint32_t k = d->node[i] >> 1, end = d->node[i + 1] >> 1; k < end; k++)
            mark[child[k]] |= (uint8_t)((mark[child[k]] & POSSIBLE) * REACHED);
    }
}

bool diagram_domains(const struct diagram *d, const int8_t *chosen, struct diagram_work *w, uint8_t *each)
{
    uint8_t *mark = w->mark, *root = mark + d->all - 1;
    memset(mark, POSSIBLE, d->leaves);
    FOR_EACH_REFUSED(leaf, v, d, chosen)
        mark[leaf] = 0;
    possible_up(d, mark);
    bool is_possible = *root;
    *root |= (uint8_t)(*root * REACHED);
    possible_down(d, mark);
    for (uint32_t v = 1; v <= d->head->variables; v++)
        each[v] = (uint8_t)((mark[d->of[v] ^ 1] >> 1) | (mark[d->of[v]] & REACHED));
    return is_possible;
}

/* ---- totals and peaks ---- */

static int64_t min(int64_t x, int64_t y)
{
    return x < y ? x : y;
}

static int64_t max(int64_t x, int64_t y)
{
    return x > y ? x : y;
}

static struct diagram_bounds wider(struct diagram_bounds x, struct diagram_bounds y)
{
    return (struct diagram_bounds){ min(x.least, y.least), max(x.greatest, y.greatest) };
}

static struct diagram_bounds any_of(const uint32_t *kid, const uint32_t *end, const struct diagram_bounds *value)
{
    struct diagram_bounds ret = never;
    for (; kid < end; kid++)
        ret = wider(ret, value[*kid]);
    return ret;
}

/* What never is would make sums wrap, which unsigned ones may: they are thrown away. */
static struct diagram_bounds sum_of(const uint32_t *kid, const uint32_t *end, const struct diagram_bounds *value)
{
    uint64_t least = 0, greatest = 0;
    bool is_never = false;
    for (; kid < end; kid++) {
        least += (uint64_t)value[*kid].least;
        greatest += (uint64_t)value[*kid].greatest;
        is_never |= value[*kid].least == DIAGRAM_NEVER;
    }
    return is_never ? never : (struct diagram_bounds){ (int64_t)least, (int64_t)greatest };
}

/* What the leaves come to is in `least`; those that cannot be never are. */
static void leaves_fill(const struct diagram *d, const int8_t *chosen, struct diagram_bounds *value)
{
    for (uint32_t leaf = 0; leaf < d->leaves; leaf++)
        value[leaf].greatest = value[leaf].least;
    FOR_EACH_REFUSED(leaf, v, d, chosen)
        value[leaf] = never;
}

static void totals_up(const struct diagram *d, const int8_t *chosen, const int64_t *weight, struct diagram_bounds *value)
{
    memset(value, 0, d->leaves * sizeof *value);
    for (uint32_t v = 1; v <= d->head->variables; v++)
        value[d->of[v]].least += weight[v];
    leaves_fill(d, chosen, value);
    for (uint32_t node = d->leaves; node < d->all; node++) {
        const uint32_t *end, *kid = node_kids(d, node, &end);
        value[node] = node_is_or(d, node) ? any_of(kid, end, value) : sum_of(kid, end, value);
    }
}

/* through[node]: the bounds of solutions that go through it. All children of an AND are in what goes through it. */
static void totals_down(const struct diagram *d, const struct diagram_bounds *value, struct diagram_bounds *through)
{
    for (uint32_t node = 0; node < d->all; node++)
        through[node] = never;
    through[d->all - 1] = value[d->all - 1];
    for (uint32_t node = d->all; node-- > d->leaves;) {
        struct diagram_bounds t = through[node];
        if (t.least == DIAGRAM_NEVER)
            continue;
        const uint32_t *end, *kid = node_kids(d, node, &end);
        if (!node_is_or(d, node)) {
            for (; kid < end; kid++)
                through[*kid] = wider(through[*kid], t);
            continue;
        }
        t.least -= value[node].least;
        t.greatest -= value[node].greatest;
        for (; kid < end; kid++) {
            struct diagram_bounds k = value[*kid];
            if (k.least != DIAGRAM_NEVER)
                through[*kid] = wider(through[*kid], (struct diagram_bounds){ t.least + k.least, t.greatest + k.greatest });
        }
    }
}

static bool answer(const struct diagram *d, const struct diagram_bounds *value, const struct diagram_bounds *through,
                   struct diagram_bounds *all, struct diagram_bounds (*each)[2])
{
    struct diagram_bounds root = value[d->all - 1];
    if (all)
        *all = root;
    for (uint32_t v = 1; v <= d->head->variables && each; v++) {
        each[v][0] = through[d->of[v] ^ 1];
        each[v][1] = through[d->of[v]];
    }
    return root.least != DIAGRAM_NEVER;
}

bool diagram_totals(const struct diagram *d, const int8_t *chosen, const int64_t *weight, struct diagram_work *w,
                    struct diagram_bounds *all, struct diagram_bounds (*each)[2])
{
    totals_up(d, chosen, weight, w->value);
    if (each)
        totals_down(d, w->value, w->context);
    return answer(d, w->value, w->context, all, each);
}

/* The greatest of children, and the greatest but for one that has it: what the others of any child come to. */
struct two {
    int64_t first, second;
};

static void two_add(struct two *t, int64_t x)
{
    t->second = max(t->second, min(t->first, x));
    t->first = max(t->first, x);
}

static int64_t two_but(const struct two *t, int64_t x)
{
    return x == t->first ? t->second : t->first;
}

static struct diagram_bounds peak_of(const uint32_t *kid, const uint32_t *end, const struct diagram_bounds *value)
{
    struct diagram_bounds ret = { 0, 0 };
    bool is_never = false;
    for (; kid < end; kid++) {
        ret.least = max(ret.least, value[*kid].least);
        ret.greatest = max(ret.greatest, value[*kid].greatest);
        is_never |= value[*kid].least == DIAGRAM_NEVER;
    }
    return is_never ? never : ret;
}

static void peaks_up(const struct diagram *d, const int8_t *chosen, const int64_t *weight, struct diagram_bounds *value)
{
    memset(value, 0, d->leaves * sizeof *value);
    for (uint32_t v = 1; v <= d->head->variables; v++) {
        assert(weight[v] >= 0);
        value[d->of[v]].least = max(value[d->of[v]].least, weight[v]);
    }
    leaves_fill(d, chosen, value);
    for (uint32_t node = d->leaves; node < d->all; node++) {
        const uint32_t *end, *kid = node_kids(d, node, &end);
        value[node] = node_is_or(d, node) ? any_of(kid, end, value) : peak_of(kid, end, value);
    }
}

/* around[kid]: the bounds of what is around it, of an AND that is possible. */
static void peaks_around(const uint32_t *kid, const uint32_t *end, struct diagram_bounds of, const struct diagram_bounds *value,
                         struct diagram_bounds *around)
{
    struct two least = { of.least, 0 }, greatest = { of.greatest, 0 };
    for (const uint32_t *k = kid; k < end; k++) {
        two_add(&least, value[*k].least);
        two_add(&greatest, value[*k].greatest);
    }
    for (; kid < end; kid++) {
        struct diagram_bounds k = value[*kid];
        struct diagram_bounds but = { two_but(&least, k.least), two_but(&greatest, k.greatest) };
        around[*kid] = wider(around[*kid], but);
    }
}

static void peaks_down(const struct diagram *d, const struct diagram_bounds *value, struct diagram_bounds *around)
{
    for (uint32_t node = 0; node < d->all; node++)
        around[node] = never;
    around[d->all - 1] = (struct diagram_bounds){ 0, 0 };
    for (uint32_t node = d->all; node-- > d->leaves;) {
        const uint32_t *end, *kid = node_kids(d, node, &end);
        struct diagram_bounds of = around[node];
        if (of.least == DIAGRAM_NEVER || value[node].least == DIAGRAM_NEVER)
            continue;
        if (!node_is_or(d, node))
            peaks_around(kid, end, of, value, around);
        for (; node_is_or(d, node) && kid < end; kid++)
            around[*kid] = wider(around[*kid], of);
    }
    for (uint32_t leaf = 0; leaf < d->leaves; leaf++) {
        struct diagram_bounds *a = around + leaf, k = value[leaf];
        bool is_never = a->least == DIAGRAM_NEVER || k.least == DIAGRAM_NEVER;
        *a = is_never ? never : (struct diagram_bounds){ max(a->least, k.least), max(a->greatest, k.greatest) };
    }
}

bool diagram_peaks(const struct diagram *d, const int8_t *chosen, const int64_t *weight, struct diagram_work *w,
                   struct diagram_bounds *all, struct diagram_bounds (*each)[2])
{
    peaks_up(d, chosen, weight, w->value);
    if (each)
        peaks_down(d, w->value, w->context);
    return answer(d, w->value, w->context, all, each);
}

bool diagram_best(const struct diagram *d, const int8_t *chosen, const int64_t *weight, struct diagram_work *w, int8_t *solution)
{
    struct diagram_bounds *value = w->value;
    totals_up(d, chosen, weight, value);
    if (value[d->all - 1].least == DIAGRAM_NEVER)
        return false;
    memset(w->mark, 0, d->all);
    w->mark[d->all - 1] = 1;
    for (uint32_t node = d->all; node-- > d->leaves;) {
        const uint32_t *end, *kid = node_kids(d, node, &end);
        if (!w->mark[node])
            continue;
        if (node_is_or(d, node)) {
            while (value[*kid].least != value[node].least)
                kid++;
            w->mark[*kid] = 1;
            continue;
        }
        for (; kid < end; kid++)
            w->mark[*kid] = 1;
    }
    diagram_solution(d, w->mark, solution);
    return true;
}
