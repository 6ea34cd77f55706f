#include "engine/clv/holdout.h"

#include <math.h>
#include <stdlib.h>

struct holdout holdout_score(const double *foretold, const double *actual, size_t n)
{
    double all = (double)n, f = 0, a = 0, ff = 0, aa = 0, fa = 0, off = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double gap = foretold[i] - actual[i];
        f += foretold[i];
        a += actual[i];
        ff += foretold[i] * foretold[i];
        aa += actual[i] * actual[i];
        fa += foretold[i] * actual[i];
        off += fabs(gap);
        squares += gap * gap;
    }
    double both = sqrt(fmax(0, ff - f * f / all) * fmax(0, aa - a * a / all));
    return (struct holdout){ f, off / all, sqrt(squares / all), both > 0 ? (fa - f * a / all) / both : 0 };
}

double holdout_accuracy(const double *foretold, double cut, const double *actual, size_t n)
{
    size_t right = 0;
    for (size_t i = 0; i < n; i++)
        right += (foretold[i] >= cut) == (actual[i] > 0);
    return (double)right / (double)n;
}

struct ranked {
    double foretold, worth;
};

static int foremost_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->foretold < y->foretold) - (x->foretold > y->foretold);
}

enum err_code holdout_top_tenth(const double *foretold, const double *worth, size_t n, double *ret, struct err *e)
{
    struct ranked *of = calloc(n + 1, sizeof *of);
    double all = 0, top = 0, room = (double)n / 10;
    if (!of)
        return err_set(e, ERR_LIMIT, 0, "no memory to rank customers");
    for (size_t i = 0; i < n; i++) {
        of[i] = (struct ranked){ foretold[i], worth[i] };
        all += worth[i];
    }
    if (n)
        qsort(of, n, sizeof *of, foremost_first);
    for (size_t i = 0, next; i < n && room > 0; i = next) {
        double alike = 0;
        for (next = i; next < n && foremost_first(&of[i], &of[next]) == 0; next++)
            alike += of[next].worth;
        top += alike * fmin(1, room / (double)(next - i));
        room -= (double)(next - i);
    }
    free(of);
    *ret = all > 0 ? top / all : 0;
    return ERR_OK;
}
