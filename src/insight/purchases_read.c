#include <assert.h>
#include <math.h>

#include "base/hash.h"
#include "base/limits.h"
#include "insight/purchases_state.h"
#include "insight/vec.h"

#define HISTORIES_USUAL 32

/* Histories of a customer: nearly always a handful, on the stack; the rest on the heap. */
struct histories {
    uint32_t usual[HISTORIES_USUAL], *of;
    size_t n;
};

static void histories_of(const struct purchases *p, uint32_t root, struct histories *ret)
{
    const struct customers *customers = memory_customers(p->memory);
    ret->of = ret->usual;
    ret->n = customers_histories(customers, root, ret->usual, HISTORIES_USUAL);
    if (ret->n <= HISTORIES_USUAL)
        return;
    uint32_t *more = malloc(ret->n * sizeof *more);
    if (!more) {  // the newest joined ones are missing then: better a poorer answer than none
        ret->n = HISTORIES_USUAL;
        return;
    }
    ret->of = more;
    ret->n = customers_histories(customers, root, more, ret->n);
}

static void histories_free(struct histories *histories)
{
    if (histories->of != histories->usual)
        free(histories->of);
}

static uint32_t first_order(const struct purchases *p, uint32_t history)
{
    return history < p->history_cap ? p->history[history].orders : 0;
}

static bool order_within(const struct order *order, int64_t since_ms, int64_t until_ms)
{
    return order->state == ORDER_LIVE && (since_ms == FACT_NO_TIME || order->time_ms >= since_ms)
           && (until_ms == FACT_NO_TIME || order->time_ms < until_ms);
}

struct purchase_summary purchases_summary(const struct purchases *p, uint32_t root)
{
    struct purchase_summary sum = { .first_ms = FACT_NO_TIME, .last_ms = FACT_NO_TIME };
    struct histories histories;
    histories_of(p, root, &histories);
    for (size_t h = 0; h < histories.n; h++) {
        if (histories.of[h] >= p->history_cap)
            continue;
        const struct purchase_summary *own = &p->history[histories.of[h]].sum;
        sum.value_micro += own->value_micro;
        if (own->orders == 0)
            continue;
        if (sum.orders == 0 || own->first_ms < sum.first_ms)
            sum.first_ms = own->first_ms;
        if (sum.orders == 0 || own->last_ms > sum.last_ms)
            sum.last_ms = own->last_ms;
        sum.orders += own->orders;
    }
    histories_free(&histories);
    return sum;
}

uint32_t purchases_orders_before(const struct purchases *p, uint32_t root, int64_t until_ms)
{
    struct histories histories;
    histories_of(p, root, &histories);
    uint32_t n = 0;
    for (size_t h = 0; h < histories.n; h++)
        for (uint32_t at = first_order(p, histories.of[h]); at; at = p->order[at].next)
            n += order_within(&p->order[at], FACT_NO_TIME, until_ms) && !p->order[at].refund;
    histories_free(&histories);
    return n;
}

/* ---- gathering the lines of a customer by product ---- */

struct tally {
    uint32_t product, times;  // orders that held it
    uint32_t order;           // the last one counted: an order may hold a product in several lines
    int64_t quantity_milli, last_ms;
};

struct tallies {
    struct tally *of;  // open addressing by product; product 0: free
    size_t slots, n;
};

static struct tally *tally_of(struct tallies *tallies, uint32_t product)
{
    size_t at = (size_t)hash_mix(product) & (tallies->slots - 1);
    while (tallies->of[at].product && tallies->of[at].product != product)
        at = (at + 1) & (tallies->slots - 1);
    return &tallies->of[at];
}

static void tally_order(struct tallies *tallies, const struct purchases *p, uint32_t row)
{
    const struct order *order = &p->order[row];
    for (uint32_t i = 0; i < order->lines; i++) {
        const struct line *line = &p->line[order->first_line + i];
        struct tally *tally = tally_of(tallies, line->product);
        if (!tally->product) {
            tallies->n++;
            *tally = (struct tally){ .product = line->product, .last_ms = INT64_MIN };
        }
        tally->quantity_milli += line->quantity_milli;
        if (order->refund)
            continue;
        tally->times += tally->order != row;
        tally->order = row;
        tally->last_ms = order->time_ms > tally->last_ms ? order->time_ms : tally->last_ms;
    }
}

/* All products of a customer's orders within [since, until); *rows has room for `room` slots and is enlarged
 * where that is too few. false: no memory. */
static bool tally_customer(const struct purchases *p, uint32_t root, int64_t since_ms, int64_t until_ms,
                           struct tallies *tallies, bool *heap)
{
    struct histories histories;
    histories_of(p, root, &histories);
    size_t lines = 0;
    for (size_t h = 0; h < histories.n; h++)
        for (uint32_t at = first_order(p, histories.of[h]); at; at = p->order[at].next)
            if (order_within(&p->order[at], since_ms, until_ms))
                lines += p->order[at].lines;
    size_t slots = 16;
    while (slots < lines * 2)
        slots *= 2;
    *heap = slots > tallies->slots;
    if (*heap)
        tallies->of = calloc(slots, sizeof *tallies->of);
    else
        memset(tallies->of, 0, slots * sizeof *tallies->of);
    tallies->slots = slots;
    tallies->n = 0;
    for (size_t h = 0; tallies->of && h < histories.n; h++)
        for (uint32_t at = first_order(p, histories.of[h]); at; at = p->order[at].next)
            if (order_within(&p->order[at], since_ms, until_ms))
                tally_order(tallies, p, at);
    histories_free(&histories);
    return tallies->of != NULL;
}

static int latest_first(const void *a, const void *b)
{
    const struct bought *x = a, *y = b;
    if (x->last_ms != y->last_ms)
        return x->last_ms > y->last_ms ? -1 : 1;
    return (x->product > y->product) - (x->product < y->product);
}

#define TALLIES_USUAL 256

size_t purchases_bought(const struct purchases *p, uint32_t root, struct bought *ret, size_t max)
{
    struct tally usual[TALLIES_USUAL];
    struct tallies tallies = { usual, TALLIES_USUAL, 0 };
    bool heap;
    if (!tally_customer(p, root, FACT_NO_TIME, FACT_NO_TIME, &tallies, &heap))
        return 0;
    struct bought *all = max ? malloc((tallies.n + 1) * sizeof *all) : NULL;
    size_t n = 0;
    for (size_t i = 0; all && i < tallies.slots; i++) {
        const struct tally *t = &tallies.of[i];
        if (t->product && t->quantity_milli > 0 && t->times)
            all[n++] = (struct bought){ t->product, t->times, t->last_ms };
    }
    if (all)
        qsort(all, n, sizeof *all, latest_first);
    if (all)
        memcpy(ret, all, (n < max ? n : max) * sizeof *ret);
    free(all);
    if (heap)
        free(tallies.of);
    return n;
}

size_t purchases_viewed(const struct purchases *p, uint32_t root, uint32_t *ret, size_t max)
{
    struct histories histories;
    histories_of(p, root, &histories);
    size_t n = 0;
    for (size_t h = 0; h < histories.n; h++) {
        uint32_t history = histories.of[h];
        uint32_t row = history < p->history_cap ? p->history[history].looked : 0;
        for (size_t i = 0; row && i < LOOKED_PRODUCTS && n < max; i++)
            if (p->looked[row].product[i])
                ret[n++] = p->looked[row].product[i];
    }
    histories_free(&histories);
    return n;
}

struct slice purchases_viewed_category(const struct purchases *p, uint32_t root)
{
    struct histories histories;
    histories_of(p, root, &histories);
    uint32_t category = 0;
    for (size_t h = 0; h < histories.n && !category; h++) {
        uint32_t history = histories.of[h];
        uint32_t row = history < p->history_cap ? p->history[history].looked : 0;
        category = row ? p->looked[row].category : 0;
    }
    histories_free(&histories);
    return words_text(&p->categories, category);
}

/* ---- products ---- */

uint64_t purchases_orders(const struct purchases *p)
{
    return p->orders;
}

uint32_t purchases_products(const struct purchases *p)
{
    return p->products.count;
}

uint32_t purchases_product_find(const struct purchases *p, struct slice id)
{
    return words_find(&p->products, id);
}

struct slice purchases_product_id(const struct purchases *p, uint32_t product)
{
    return words_text(&p->products, product);
}

uint32_t purchases_product_orders(const struct purchases *p, uint32_t product)
{
    return product < p->product_cap ? p->product[product].orders : 0;
}

double purchases_product_trend(const struct purchases *p, uint32_t product)
{
    if (product >= p->product_cap || p->newest_ms == 0)
        return 0;
    return p->product[product].trend / purchases_weight(p->newest_ms);
}

size_t purchases_memory_bytes(const struct purchases *p)
{
    return p->product_cap * sizeof *p->product + p->history_cap * sizeof *p->history
           + p->order_cap * sizeof *p->order + p->line_cap * sizeof *p->line
           + p->looked_cap * sizeof *p->looked + p->day_cap * sizeof *p->day
           + p->nobody_cap * sizeof *p->nobody + words_memory_bytes(&p->products)
           + words_memory_bytes(&p->categories);
}

size_t purchases_days(const struct purchases *p, int32_t from_day, struct day_row *ret, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < p->days && n < max; i++)
        if (p->day[i].day >= from_day)
            ret[n++] = p->day[i];
    return n;
}

/* ---- the matrix ---- */

static int latest_last(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    if (x->last_ms != y->last_ms)
        return x->last_ms < y->last_ms ? -1 : 1;
    return (x->product > y->product) - (x->product < y->product);
}

struct rows {
    struct purchase_matrix *m;
    size_t item_cap, start_cap, root_cap;
};

static bool row_add(struct rows *rows, uint32_t root, struct tallies *tallies)
{
    struct purchase_matrix *m = rows->m;
    size_t kept = 0;
    for (size_t i = 0; i < tallies->slots; i++)
        if (tallies->of[i].product && tallies->of[i].quantity_milli > 0 && tallies->of[i].times)
            tallies->of[kept++] = tallies->of[i];
    if (kept == 0)
        return true;
    qsort(tallies->of, kept, sizeof *tallies->of, latest_last);
    size_t end = m->buyers ? m->start[m->buyers] : 0;
    if (!vec_need(m->item, rows->item_cap, end + kept) || !vec_need(m->root, rows->root_cap, m->buyers + 1u)
        || !vec_need(m->start, rows->start_cap, m->buyers + 2u))
        return false;
    for (size_t i = 0; i < kept; i++)
        m->item[end + i] = tallies->of[i].product - 1;
    m->root[m->buyers++] = root;
    m->start[m->buyers] = end + kept;
    return true;
}

enum err_code purchases_matrix(const struct purchases *p, int64_t since_ms, int64_t until_ms,
                               struct purchase_matrix **ret, struct err *e)
{
    assert(p && ret);
    struct rows rows = { .m = calloc(1, sizeof *rows.m) };
    struct tally *usual = malloc(TALLIES_USUAL * sizeof *usual);
    bool whole = rows.m && usual && vec_need(rows.m->start, rows.start_cap, 2);
    const struct customers *customers = memory_customers(p->memory);
    uint32_t count = customers_count(customers);
    for (uint32_t root = 1; whole && root <= count; root++) {
        struct tallies tallies = { usual, TALLIES_USUAL, 0 };
        bool heap = false;
        if (!customers_is_root(customers, root))
            continue;
        whole = tally_customer(p, root, since_ms, until_ms, &tallies, &heap)
                && row_add(&rows, root, &tallies);
        if (heap)
            free(tallies.of);
    }
    free(usual);
    if (!whole) {
        purchase_matrix_drop(&rows.m);
        return err_set(e, ERR_LIMIT, 0, "no memory to copy the purchases of %u customers", count);
    }
    rows.m->items = p->products.count;
    *ret = rows.m;
    return ERR_OK;
}

void purchase_matrix_drop(struct purchase_matrix **m)
{
    assert(m);
    if (!*m)
        return;
    free((*m)->item);
    free((*m)->start);
    free((*m)->root);
    free(*m);
    *m = NULL;
}
