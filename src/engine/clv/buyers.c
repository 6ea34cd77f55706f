#include "engine/clv/buyers.h"

#include <stdlib.h>
#include <string.h>

static int by_all(const void *a, const void *b)
{
    const struct buyer *x = a, *y = b;
    if (x->repeats != y->repeats)
        return x->repeats < y->repeats ? -1 : 1;
    if (x->last != y->last)
        return x->last < y->last ? -1 : 1;
    return (x->watched > y->watched) - (x->watched < y->watched);
}

enum err_code buyers_gather(const struct buyer *of, size_t n, double per, struct buyers *ret, struct err *e)
{
    *ret = (struct buyers){ .of = malloc((n + 1) * sizeof *of), .weight = malloc((n + 1) * sizeof *ret->weight), .per = per };
    if (!ret->of || !ret->weight) {
        buyers_drop(ret);
        return err_set(e, ERR_LIMIT, 0, "no memory for a value model");
    }
    if (n) {
        memcpy(ret->of, of, n * sizeof *of);
        qsort(ret->of, n, sizeof *of, by_all);
    }
    for (size_t i = 0; i < n; i++)
        if (ret->n && by_all(&ret->of[ret->n - 1], &ret->of[i]) == 0)
            ret->weight[ret->n - 1]++;
        else {
            ret->of[ret->n] = ret->of[i];
            ret->weight[ret->n++] = 1;
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
