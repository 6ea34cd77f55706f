#include "engine/clv/buyers.h"

#include <stdlib.h>

#include "base/hash.h"

struct counted {
    struct buyer of;             // first
    double weight;
};

/* Between 0 and 1. */
static double hash_share(uint64_t i)
{
    return (double)(hash_mix(i + 1) >> 11) / 9007199254740992.0;
}

static bool make_room(struct buyers *b, size_t n)
{
    b->of = malloc((n + 1) * sizeof *b->of);
    b->weight = malloc((n + 1) * sizeof *b->weight);
    if (!b->of || !b->weight)
        buyers_drop(b);
    return b->of != NULL;
}

static int by_all(const void *a, const void *b)
{
    const struct buyer *x = a, *y = b;
    if (x->repeats != y->repeats)
        return x->repeats < y->repeats ? -1 : 1;
    if (x->last != y->last)
        return x->last < y->last ? -1 : 1;
    return (x->watched > y->watched) - (x->watched < y->watched);
}

/* Each once, with how many are like it: an open table over them. false: memory. */
static bool count_alike(const struct buyer *of, size_t n, struct counted **ret, size_t *distinct)
{
    size_t slots = 64;
    while (slots < 2 * n)
        slots *= 2;
    uint32_t *slot = calloc(slots, sizeof *slot);
    struct counted *list = *ret = malloc((n + 1) * sizeof *list);
    *distinct = 0;
    for (size_t i = 0; slot && list && i < n; i++) {
        size_t at = hash_mix((uint64_t)of[i].repeats << 42 ^ (uint64_t)(uint32_t)of[i].last << 21 ^ (uint32_t)of[i].watched);
        for (at &= slots - 1; slot[at] && by_all(&list[slot[at] - 1].of, &of[i]); at = (at + 1) & (slots - 1))
            ;
        if (!slot[at]) {
            list[*distinct] = (struct counted){ of[i], 0 };
            slot[at] = (uint32_t)++*distinct;
        }
        list[slot[at] - 1].weight++;
    }
    free(slot);
    return slot && list;
}

enum err_code buyers_gather(const struct buyer *of, size_t n, double per, struct buyers *ret, struct err *e)
{
    struct counted *list;
    size_t distinct;
    bool ok = count_alike(of, n, &list, &distinct);
    *ret = (struct buyers){ .per = per };
    if (ok)
        ok = make_room(ret, distinct);
    if (ok && distinct)
        qsort(list, distinct, sizeof *list, by_all);
    for (; ok && ret->n < distinct; ret->n++) {
        ret->of[ret->n] = list[ret->n].of;
        ret->weight[ret->n] = list[ret->n].weight;
    }
    free(list);
    return ok ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for a value model");
}

/* One customer of each so many, at a place of chance among them: buyers stand in an order, and steps of one length would have a
 * rhythm of their own. */
enum err_code buyers_sample(const struct buyers *b, size_t customers, struct buyers *ret, struct err *e)
{
    double all = 0, passed = 0, each;
    uint64_t taken = 0;
    *ret = (struct buyers){ .per = b->per };
    if (!make_room(ret, customers < b->n ? customers : b->n))
        return err_set(e, ERR_LIMIT, 0, "no memory for a value model");
    for (size_t i = 0; i < b->n; i++)
        all += b->weight[i];
    each = all / (double)customers;
    for (size_t i = 0; i < b->n; i++) {
        double weight = 0;
        passed += b->weight[i];
        for (; taken < customers && ((double)taken + hash_share(taken)) * each < passed; taken++)
            weight += each;
        if (weight > 0) {
            ret->of[ret->n] = b->of[i];
            ret->weight[ret->n++] = weight;
        }
    }
    return ERR_OK;
}

void buyers_drop(struct buyers *b)
{
    free(b->of);
    free(b->weight);
    *b = (struct buyers){ .per = b->per };
}

double buyers_rate(const struct buyers *b)
{
    double bought = 0, watched = 0;
    for (size_t i = 0; i < b->n; i++) {
        bought += b->weight[i] * b->of[i].repeats;
        watched += b->weight[i] * b->of[i].watched / b->per;
    }
    return watched > 0 ? bought / watched : 0;
}
