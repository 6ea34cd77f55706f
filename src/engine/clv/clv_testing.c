#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/draw.h"
#include "engine/clv/clv_testing.h"

#define CUSTOMERS_MAX 2400

struct line {
    int customer, day;
    double spent;
};
/* Lines of a customer stand together, by day; those of one day are one purchase. */
struct reading {
    struct cdnow *c;
    struct line before;
    int first, end;
};

static bool read_line(FILE *file, struct line *ret)
{
    char text[128];
    int master, date, discs;
    if (!fgets(text, sizeof text, file)
        || sscanf(text, "%d %d %d %d %lf", &master, &ret->customer, &date, &discs, &ret->spent) != 5)
        return false;
    ret->day = (int)civil_days(date / 10000, date / 100 % 100, date % 100);
    return true;
}

static void add_line(struct reading *r, const struct line *l)
{
    struct cdnow *c = r->c;
    bool same = c->n && l->customer == r->before.customer, again = !same || l->day != r->before.day;
    if (!same) {
        assert_true(c->n < CUSTOMERS_MAX);
        c->buyer[c->n++] = (struct buyer){ .watched = r->end - l->day };
        r->first = l->day;
    }
    struct buyer *b = &c->buyer[c->n - 1];
    struct spender *s = &c->spender[c->n - 1];
    r->before = *l;
    if (l->day == r->first)
        return;
    if (l->day > r->end) {
        c->later[c->n - 1] += again;
        c->spent[c->n - 1] += l->spent;
        return;
    }
    b->repeats += again;
    b->last = l->day - r->first;
    s->purchases = b->repeats;
    s->mean += l->spent;             // the sum, until all are read
}

static FILE *open_sample(void)
{
    const char *root = getenv("TENDERO_ROOT"), *folder = getenv("TENDERO_DATA");
    char path[1024];
    if (folder)
        snprintf(path, sizeof path, "%s/cdnow/CDNOW_sample.txt", folder);
    else
        snprintf(path, sizeof path, "%s/../shared/data/cdnow/CDNOW_sample.txt", root ? root : ".");
    FILE *file = fopen(path, "r");
    if (!file)
        print_message("no CDNOW sample at %s: set TENDERO_DATA to the folder that has cdnow/\n", path);
    return file;
}

bool cdnow_read(struct cdnow *c)
{
    FILE *file = open_sample();
    struct reading r = { .c = c, .end = (int)civil_days(1997, 9, 30) };
    struct err e;
    struct line l;
    if (!file)
        return false;
    *c = (struct cdnow){ .buyer = calloc(CUSTOMERS_MAX, sizeof *c->buyer), .spender = calloc(CUSTOMERS_MAX, sizeof *c->spender),
                         .later = calloc(CUSTOMERS_MAX, sizeof *c->later), .spent = calloc(CUSTOMERS_MAX, sizeof *c->spent) };
    assert_true(c->buyer && c->spender && c->later && c->spent);
    while (read_line(file, &l))
        add_line(&r, &l);
    fclose(file);
    for (size_t i = 0; i < c->n; i++)
        c->spender[i].mean /= c->spender[i].purchases ? c->spender[i].purchases : 1;
    assert_int_equal(c->n, 2357);
    assert_int_equal(buyers_gather(c->buyer, c->n, 7, &c->buyers, &e), ERR_OK);
    return true;
}

void cdnow_drop(struct cdnow *c)
{
    free(c->buyer);
    free(c->spender);
    free(c->later);
    free(c->spent);
    buyers_drop(&c->buyers);
}

void cdnow_foretell(const struct cdnow *c, double (*expected_of)(const void *model, double x, double tx, double T, double t),
                    const void *model, struct holdout want)
{
    double *foretold = malloc(c->n * sizeof *foretold);
    assert_non_null(foretold);
    for (size_t i = 0; i < c->n; i++)
        foretold[i] = expected_of(model, c->buyer[i].repeats, c->buyer[i].last / 7.0, c->buyer[i].watched / 7.0, 39);
    const struct holdout is = holdout_score(foretold, c->later, c->n);
    near(is.total, want.total, .05);
    near(is.mae, want.mae, 5e-5);
    near(is.rmse, want.rmse, 5e-5);
    near(is.correlation, want.correlation, 5e-5);
    free(foretold);
}

struct buyer buyer_made_up(double rate, double leaves, int32_t days, uint64_t *seed)
{
    struct buyer b = { .watched = days };
    for (double t = 0;;) {
        t -= log(any_between(seed)) / rate;
        if (!(t * 7 < days && t < leaves))
            return b;
        b.repeats++;
        b.last = (int32_t)lround(t * 7);  // the nearest: always the earlier one would be a bias
    }
}
