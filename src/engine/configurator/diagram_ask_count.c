#include "engine/configurator/diagram_room.h"

#include <gmp.h>
#include <math.h>

#include "base/draw.h"

/* A count beyond what doubles hold: m * 2^e, m from 1 to below 2, or 0 with an exponent below all others. Exact up to 2^53. The
 * exponents of doubles are set as bits: ldexp and branches cost more than the whole pass. */
struct wide {
    double m;
    int64_t e;
};
static const struct wide none = { 0, INT64_MIN / 4 }, one = { 1, 0 };

#define DOUBLE_BIAS 1023
#define DOUBLE_FRACTION 52           // bits

/* 2^k for k up to 0. */
static double power(int64_t k)
{
    uint64_t bits = (uint64_t)(k + DOUBLE_BIAS) << DOUBLE_FRACTION;
    double ret;
    memcpy(&ret, &bits, sizeof ret);
    return k > -DOUBLE_BIAS ? ret : 0;
}

static struct wide normal(double m, int64_t e)
{
    uint64_t bits;
    struct wide ret = none;
    memcpy(&bits, &m, sizeof bits);
    int64_t more = (int64_t)(bits >> DOUBLE_FRACTION) - DOUBLE_BIAS;
    bits -= (uint64_t)more << DOUBLE_FRACTION;
    if (m > 0) {
        memcpy(&ret.m, &bits, sizeof bits);
        ret.e = e + more;
    }
    return ret;
}

static struct wide times(struct wide x, struct wide y)
{
    return normal(x.m * y.m, x.e + y.e);
}

/* y is not 0. */
static struct wide over(struct wide x, struct wide y)
{
    return normal(x.m / y.m, x.e - y.e);
}

static struct wide plus(struct wide x, struct wide y)
{
    int64_t e = x.e > y.e ? x.e : y.e;
    return normal(x.m * power(x.e - e) + y.m * power(y.e - e), e);
}

static double narrow(struct wide x)
{
    return x.m <= 0 || x.e < -2000 ? 0 : x.e > 2000 ? INFINITY : ldexp(x.m, (int)x.e);
}

static struct wide sum_of(const uint32_t *kid, const uint32_t *end, const struct wide *value)
{
    struct wide sum = none;
    for (; kid < end; kid++)
        sum = plus(sum, value[*kid]);
    return sum;
}

static struct wide product_of(const uint32_t *kid, const uint32_t *end, const struct wide *value)
{
    struct wide product = one;
    for (; kid < end; kid++) {
        product.m *= value[*kid].m;
        product.e += value[*kid].e;
        if (product.m > 1e300)
            product = normal(product.m, product.e);
        if (product.m <= 0)
            return none;
    }
    return normal(product.m, product.e);
}

static void counts_up(const struct diagram *d, const int8_t *chosen, struct wide *value)
{
    for (uint32_t leaf = 0; leaf < d->leaves; leaf++)
        value[leaf] = one;
    FOR_EACH_REFUSED(leaf, v, d, chosen)
        value[leaf] = none;
    for (uint32_t node = d->leaves; node < d->all; node++) {
        const uint32_t *end, *kid = node_kids(d, node, &end);
        value[node] = node_is_or(d, node) ? sum_of(kid, end, value) : product_of(kid, end, value);
    }
}

/* around[node]: how many ways there are to complete what is below it. */
static void counts_down(const struct diagram *d, const struct wide *value, struct wide *around)
{
    for (uint32_t node = 0; node < d->all; node++)
        around[node] = none;
    around[d->all - 1] = one;
    for (uint32_t node = d->all; node-- > d->leaves;) {
        if (around[node].m <= 0 || value[node].m <= 0)
            continue;
        const uint32_t *end, *kid = node_kids(d, node, &end);
        bool is_or = node_is_or(d, node);
        struct wide whole = is_or ? around[node] : times(around[node], value[node]);
        for (; kid < end; kid++)
            around[*kid] = plus(around[*kid], is_or || *kid < d->leaves ? whole : over(whole, value[*kid]));
    }
}

/* How many solutions the leaf is part of. */
static struct wide with_leaf(const struct diagram_work *w, uint32_t leaf)
{
    const struct wide *value = w->value, *around = w->context;
    return times(value[leaf], around[leaf]);
}

void diagram_count(const struct diagram *d, const int8_t *chosen, struct diagram_work *w, double *all, double *each)
{
    struct wide *value = w->value;
    counts_up(d, chosen, value);
    if (all)
        *all = narrow(value[d->all - 1]);
    if (!each)
        return;
    counts_down(d, value, w->context);
    for (uint32_t v = 1; v <= d->head->variables; v++)
        each[v] = narrow(with_leaf(w, d->of[v]));
}

double diagram_shares(const struct diagram *d, const int8_t *chosen, struct diagram_work *w, double *each)
{
    struct wide *value = w->value;
    counts_up(d, chosen, value);
    struct wide all = value[d->all - 1];
    if (each)
        counts_down(d, value, w->context);
    for (uint32_t v = 1; v <= d->head->variables && each; v++)
        each[v] = all.m > 0 ? narrow(over(with_leaf(w, d->of[v]), all)) : 0;
    return all.m > 0 ? log10(all.m) + (double)all.e * log10(2) : -INFINITY;
}

/* The child that a random number falls on, each as likely as it has solutions. */
static uint32_t fall_on(const uint32_t *kid, const uint32_t *end, const struct wide *value, struct wide all, double random)
{
    uint32_t last = *kid;
    for (; kid < end && random >= 0; kid++) {
        if (value[*kid].m <= 0)
            continue;
        last = *kid;
        random -= narrow(over(value[last], all));
    }
    return last;
}

bool diagram_draw(const struct diagram *d, const int8_t *chosen, uint64_t seed, struct diagram_work *w, int8_t *solution)
{
    struct wide *value = w->value;
    seed = hash_mix(seed);           // so that what follows from seeds side by side has nothing in common
    counts_up(d, chosen, value);
    if (value[d->all - 1].m <= 0)
        return false;
    memset(w->mark, 0, d->all);
    w->mark[d->all - 1] = 1;
    for (uint32_t node = d->all; node-- > d->leaves;) {
        const uint32_t *end, *kid = node_kids(d, node, &end);
        if (!w->mark[node])
            continue;
        if (node_is_or(d, node))
            w->mark[fall_on(kid, end, value, value[node], any_between(&seed))] = 1;
        for (; !node_is_or(d, node) && kid < end; kid++)
            w->mark[*kid] = 1;
    }
    diagram_solution(d, w->mark, solution);
    return true;
}

/* ---- exactly ---- */

struct exact {
    mpz_t *value;                    // by node that is no leaf; there from its making to its last use
    uint32_t *uses;
    uint8_t *refused;                // by leaf
};

static void exact_node(const struct diagram *d, uint32_t node, struct exact *x)
{
    const uint32_t *end, *kid = node_kids(d, node, &end);
    mpz_t *value = x->value + (node - d->leaves);
    bool is_or = node_is_or(d, node);
    mpz_init_set_ui(*value, !is_or);
    for (; kid < end; kid++) {
        if (*kid < d->leaves && is_or)
            mpz_add_ui(*value, *value, !x->refused[*kid]);
        else if (*kid < d->leaves && x->refused[*kid])
            mpz_set_ui(*value, 0);
        if (*kid < d->leaves)
            continue;
        uint32_t k = *kid - d->leaves;
        if (is_or)
            mpz_add(*value, *value, x->value[k]);
        else
            mpz_mul(*value, *value, x->value[k]);
        if (--x->uses[k] == 0)
            mpz_clear(x->value[k]);
    }
}

static char *exact_fill(const struct diagram *d, const int8_t *chosen, struct exact *x)
{
    FOR_EACH_REFUSED(leaf, v, d, chosen)
        x->refused[leaf] = 1;
    for (uint64_t k = 0; k < d->head->edges; k++)
        if (d->child[k] >= d->leaves)
            x->uses[d->child[k] - d->leaves]++;
    for (uint32_t node = d->leaves; node < d->all; node++)
        exact_node(d, node, x);
    mpz_t *root = x->value + d->head->nodes - 1;
    char *ret = malloc(mpz_sizeinbase(*root, 10) + 2);
    if (ret)
        mpz_get_str(ret, 10, *root);
    mpz_clear(*root);
    return ret;
}

char *diagram_count_exact(const struct diagram *d, const int8_t *chosen)
{
    struct exact x = { malloc(d->head->nodes * sizeof *x.value), calloc(d->head->nodes, sizeof *x.uses), calloc(d->leaves, 1) };
    char *ret = x.value && x.uses && x.refused ? exact_fill(d, chosen, &x) : NULL;
    free(x.value);
    free(x.uses);
    free(x.refused);
    return ret;
}
