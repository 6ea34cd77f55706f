#include "app/value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/vec.h"
#include "text/csv.h"
#include "text/time.h"

#define TEXTS_BYTES ((size_t)8 << 30)

/* ---- purchases ---- */
enum { FIELD_CUSTOMER, FIELD_DATE, FIELD_VALUE, FIELDS };
static const char *const field_names[FIELDS] = { "customer", "date", "value" };

static enum err_code read_more(void *arg, char *out, size_t cap, size_t *n, struct err *e)
{
    *n = fread(out, 1, cap, arg);
    return *n == 0 && ferror((FILE *)arg) ? err_set(e, ERR_IO, 0, "the file cannot be read") : ERR_OK;
}

static enum err_code read_header(const struct csv_record *r, size_t place[FIELDS], struct ledger *l, struct err *e)
{
    for (size_t f = 0; f < FIELDS; f++) {
        place[f] = SIZE_MAX;
        for (size_t i = 0; i < r->fields; i++)
            if (slice_eq_nocase(slice_trim(r->field[i]), slice_of(field_names[f])))
                place[f] = i;
    }
    l->valued = place[FIELD_VALUE] != SIZE_MAX;
    for (size_t f = 0; f < FIELD_VALUE; f++)
        if (place[f] == SIZE_MAX)
            return err_set(e, ERR_INVALID, (size_t)r->line, "line %lld: the first line names the columns; there is no '%s'",
                           (long long)r->line, field_names[f]);
    return ERR_OK;
}

static enum err_code flaw(const struct csv_record *r, size_t f, const char *what, struct err *e)
{
    return err_set(e, ERR_INVALID, (size_t)r->line, "line %lld, column '%s': %s", (long long)r->line, field_names[f], what);
}

static enum err_code read_purchase(const struct csv_record *r, size_t place[FIELDS], struct ledger *l, struct err *e)
{
    struct slice field[FIELDS] = { { NULL, 0 } };
    struct purchase p = { .value = 0 };
    struct err ignored;
    int64_t ms, micro;
    for (size_t f = 0; f < FIELDS; f++)
        if (place[f] < r->fields)
            field[f] = slice_trim(r->field[place[f]]);
    if (!field[FIELD_CUSTOMER].len)
        return flaw(r, FIELD_CUSTOMER, "is empty", e);
    if (time_parse(field[FIELD_DATE], &ms, &ignored))
        return flaw(r, FIELD_DATE, "is no day, such as 1997-09-30", e);
    if (field[FIELD_VALUE].len) {
        if (micro_parse(field[FIELD_VALUE], &micro, &ignored))
            return flaw(r, FIELD_VALUE, "is no number, such as 29.33", e);
        p.value = (double)micro / 1e6;
    }
    p.day = time_day(ms);
    p.customer = arena_copy(l->mem, field[FIELD_CUSTOMER]);
    if (!p.customer.at || !vec_need(l->of, l->cap, l->n + 1))
        return VALUE_NO_MEMORY(e);
    l->of[l->n++] = p;
    return ERR_OK;
}

static int by_customer(const void *a, const void *b)
{
    const struct purchase *x = a, *y = b;
    int order = slice_cmp(x->customer, y->customer);
    return order ? order : (x->day > y->day) - (x->day < y->day);
}

/* ---- covariates ---- */
static enum err_code read_covariate_names(const struct csv_record *r, size_t *unused, struct ledger *l, struct err *e)
{
    (void)unused;
    if (!slice_eq_nocase(slice_trim(r->field[0]), slice_of("customer")))
        return err_set(e, ERR_INVALID, 1, "covariates, line 1: the first column is 'customer'");
    if (r->fields < 2 || r->fields > COVARIATES_MAX + 1)
        return err_set(e, ERR_INVALID, 1, "covariates, line 1: behind 'customer' there are 1 to %d columns", COVARIATES_MAX);
    for (l->covariates = 0; l->covariates + 1 < r->fields; l->covariates++)
        if (!(l->covariate[l->covariates] = arena_copy(l->mem, slice_trim(r->field[l->covariates + 1]))).at)
            return VALUE_NO_MEMORY(e);
    return ERR_OK;
}

static enum err_code read_covered(const struct csv_record *r, size_t *unused, struct ledger *l, struct err *e)
{
    struct covered c = { .bought = false };
    struct err ignored;
    (void)unused;
    if (r->fields != l->covariates + 1)
        return err_set(e, ERR_INVALID, (size_t)r->line, "covariates, line %lld: %zu columns, not %zu", (long long)r->line, r->fields,
                       l->covariates + 1);
    for (size_t i = 0; i < l->covariates; i++) {
        int64_t micro;
        if (micro_parse(slice_trim(r->field[i + 1]), &micro, &ignored))
            return err_set(e, ERR_INVALID, (size_t)r->line, "covariates, line %lld, column '%.*s': is no number, such as 1 or 0.5",
                           (long long)r->line, SLICE_ARG(slice_utf8_cut(l->covariate[i], 40)));
        c.z[i] = (double)micro / 1e6;
    }
    c.customer = arena_copy(l->mem, slice_trim(r->field[0]));
    if (!c.customer.at || !vec_need(l->covered, l->cap_covered, l->n_covered + 1))
        return VALUE_NO_MEMORY(e);
    l->covered[l->n_covered++] = c;
    return ERR_OK;
}

static int by_covered(const void *a, const void *b)
{
    return slice_cmp(((const struct covered *)a)->customer, ((const struct covered *)b)->customer);
}

/* ---- a file ---- */
typedef enum err_code (*read_record)(const struct csv_record *, size_t *place, struct ledger *, struct err *e);

static enum err_code read_lines(struct csv *csv, read_record header, read_record line, struct ledger *l, struct err *e)
{
    size_t place[FIELDS];
    bool more = true;
    for (size_t lines = 0;; lines++) {
        struct csv_record r;
        TRY(csv_next(csv, &r, &more, e));
        if (!more && !lines)
            return err_set(e, ERR_INVALID, 0, "the file is empty; its first line names its columns, such as customer, date, value");
        if (!more)
            return ERR_OK;
        TRY((lines ? line : header)(&r, place, l, e));
    }
}

static enum err_code read_file(const char *path, read_record header, read_record line, struct ledger *l, struct err *e)
{
    FILE *file = slice_is(slice_of(path), "-") ? stdin : fopen(path, "r");
    AUTO(csv) csv = NULL;
    if (!file)
        return err_set(e, ERR_IO, 0, "%s cannot be read", path);
    enum err_code code = csv_new(read_more, file, ',', &csv, e);
    if (!code)
        code = read_lines(csv, header, line, l, e);
    if (file != stdin)
        fclose(file);
    return code;
}


/* ---- histories ---- */
/* The opportunity that a day falls into: the first purchase has one of its own. */
static int32_t opportunity_of(const struct ledger *l, int32_t since)
{
    return l->opportunity > 0 ? (int32_t)floor(since / l->opportunity) : since;
}

/* One more day that they bought on. Of an opportunity that had not ended with the calibration nothing is learnt. */
static void add_day(struct ledger *l, struct history *h, int32_t first, int32_t day, double value)
{
    int32_t at = opportunity_of(l, day - first);
    l->last = day > l->last ? day : l->last;
    if (day > l->end) {
        h->spent += value;
        h->later += at != h->counted;
        h->counted = at;
        return;
    }
    h->silent = l->end - day;
    if (at > h->buyer.last && at <= h->buyer.watched) {
        h->buyer.repeats++;
        h->buyer.last = at;
    }
    if (day > first) {
        h->spender.purchases++;
        h->spender.mean += (value - h->spender.mean) / h->spender.purchases;
    }
}

/* Purchases of a day are one. Whoever came after the calibration is not known at its end. */
static enum err_code make_histories(struct ledger *l, struct err *e)
{
    l->history = calloc(l->n + 1, sizeof *l->history);
    if (!l->history)
        return VALUE_NO_MEMORY(e);
    for (size_t i = 0, next; i < l->n; i = next) {
        struct history h = { .customer = l->of[i].customer };
        int32_t first = l->of[i].day, watched = l->end - first;
        h.buyer.watched = l->opportunity > 0 && watched >= 0 ? opportunity_of(l, watched + 1) - 1 : watched;
        h.buyer.watched = h.buyer.watched > 0 ? h.buyer.watched : 0;
        for (next = i; next < l->n && slice_eq(l->of[next].customer, h.customer);) {
            int32_t day = l->of[next].day;
            double value = 0;
            for (; next < l->n && l->of[next].day == day && slice_eq(l->of[next].customer, h.customer); next++)
                value += l->of[next].value;
            add_day(l, &h, first, day, value);
        }
        if (first <= l->end)
            l->history[l->customers++] = h;
    }
    return l->customers ? ERR_OK : err_set(e, ERR_INVALID, 0, "nobody bought until the end of the calibration");
}

/* Both stand by customer. */
static enum err_code cover(struct ledger *l, struct err *e)
{
    size_t c = 0;
    if (l->n_covered)
        qsort(l->covered, l->n_covered, sizeof *l->covered, by_covered);
    for (size_t i = 1; i < l->n_covered; i++)
        if (by_covered(&l->covered[i - 1], &l->covered[i]) == 0)
            return err_set(e, ERR_INVALID, 0, "covariates: customer '%.*s' has two lines",
                           SLICE_ARG(slice_utf8_cut(l->covered[i].customer, 40)));
    for (size_t i = 0; i < l->customers; i++) {
        struct history *h = &l->history[i];
        while (c < l->n_covered && slice_cmp(l->covered[c].customer, h->customer) < 0)
            c++;
        if (c == l->n_covered || !slice_eq(l->covered[c].customer, h->customer))
            return err_set(e, ERR_INVALID, 0, "covariates: customer '%.*s' has no line", SLICE_ARG(slice_utf8_cut(h->customer, 40)));
        l->covered[c].bought = true;
        h->z = l->covered[c].z;
    }
    return ERR_OK;
}

static enum err_code read_all(const struct wish *w, struct ledger *l, struct err *e)
{
    TRY(read_file(w->file, read_header, read_purchase, l, e));
    if (l->n)
        qsort(l->of, l->n, sizeof *l->of, by_customer);
    TRY(make_histories(l, e));
    if (!w->covariates)
        return ERR_OK;
    TRY(read_file(w->covariates, read_covariate_names, read_covered, l, e));
    return cover(l, e);
}

enum err_code ledger_read(const struct wish *w, struct ledger **ret, struct err *e)
{
    AUTO(ledger) l = calloc(1, sizeof *l);
    if (!l || !(l->mem = arena_new(TEXTS_BYTES)))
        return VALUE_NO_MEMORY(e);
    l->end = w->end;
    l->opportunity = w->kind && w->kind->discrete ? w->days : 0;
    TRY(read_all(w, l, e));
    *ret = l;
    l = NULL;
    return ERR_OK;
}

void ledger_drop(struct ledger **ledger)
{
    if (!*ledger)
        return;
    free((*ledger)->of);
    free((*ledger)->history);
    free((*ledger)->covered);
    arena_drop(&(*ledger)->mem);
    free(*ledger);
    *ledger = NULL;
}

enum err_code ledger_spenders(const struct ledger *l, struct spender **ret, struct err *e)
{
    if (!l->valued)
        return err_set(e, ERR_INVALID, 0, "the file has no column 'value'");
    struct spender *of = calloc(l->customers, sizeof *of);
    if (!of)
        return VALUE_NO_MEMORY(e);
    for (size_t i = 0; i < l->customers; i++)
        of[i] = l->history[i].spender;
    *ret = of;
    return ERR_OK;
}

enum err_code ledger_gather(const struct ledger *l, double per, struct buyers *ret, struct err *e)
{
    struct buyer *of = calloc(l->customers, sizeof *of);
    if (!of)
        return VALUE_NO_MEMORY(e);
    for (size_t i = 0; i < l->customers; i++)
        of[i] = l->history[i].buyer;
    enum err_code code = buyers_gather(of, l->customers, per, ret, e);
    free(of);
    return code;
}
