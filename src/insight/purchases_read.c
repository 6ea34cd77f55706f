#include <assert.h>
#include <math.h>

#include "base/hash.h"
#include "base/limits.h"
#include "base/vec.h"
#include "insight/purchases_state.h"

void histories_of(const struct purchases *p, uint32_t root, struct histories *ret)
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

void histories_free(struct histories *histories)
{
    if (histories->of != histories->usual)
        free(histories->of);
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
        amount_add(&sum.value_micro, own->value_micro);
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
        for (uint32_t at = history_orders(p, histories.of[h]); at; at = p->order[at].next)
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

/* Products in the order they are met, which is nearly the latest first, and a table that finds them. */
struct tallies {
    struct tally *of;
    uint32_t *slot;  // open addressing, index + 1; a power of two, at least twice `room`
    size_t n, room, slots;
    void *heap;      // both, where the usual room was too small
};

#define TALLIES_USUAL 256

struct tallies_usual {
    struct tally of[TALLIES_USUAL];
    uint32_t slot[TALLIES_USUAL * 2];
};

static struct tally *tally_of(struct tallies *tallies, uint32_t product)
{
    size_t at = (size_t)hash_mix(product) & (tallies->slots - 1);
    for (; tallies->slot[at]; at = (at + 1) & (tallies->slots - 1))
        if (tallies->of[tallies->slot[at] - 1].product == product)
            return &tallies->of[tallies->slot[at] - 1];
    assert(tallies->n < tallies->room);
    struct tally *tally = &tallies->of[tallies->n++];
    *tally = (struct tally){ .product = product, .last_ms = INT64_MIN };
    tallies->slot[at] = (uint32_t)tallies->n;
    return tally;
}

static void tally_order(struct tallies *tallies, const struct purchases *p, uint32_t row)
{
    const struct order *order = &p->order[row];
    for (uint32_t i = 0; i < order->lines; i++) {
        const struct line *line = &p->line[order->first_line + i];
        struct tally *tally = tally_of(tallies, line->product);
        tally->quantity_milli += line->quantity_milli;
        if (order->refund)
            continue;
        tally->times += tally->order != row;
        tally->order = row;
        tally->last_ms = order->time_ms > tally->last_ms ? order->time_ms : tally->last_ms;
    }
}

/* Room for `lines` products, in `usual` where they fit. */
static bool tallies_room(struct tallies *tallies, struct tallies_usual *usual, size_t lines)
{
    *tallies = (struct tallies){ .of = usual->of, .slot = usual->slot, .room = TALLIES_USUAL, .slots = 16 };
    while (tallies->slots < lines * 2)
        tallies->slots *= 2;
    if (lines > TALLIES_USUAL) {
        tallies->room = lines;
        tallies->heap = malloc(lines * sizeof *tallies->of + tallies->slots * sizeof *tallies->slot);
        if (!tallies->heap)
            return false;
        tallies->of = tallies->heap;
        tallies->slot = (uint32_t *)(void *)(tallies->of + lines);
    }
    memset(tallies->slot, 0, tallies->slots * sizeof *tallies->slot);
    return true;
}

/* All products of a customer's orders within [since, until); free(tallies->heap) afterwards. false: no memory. */
static bool tally_customer(const struct purchases *p, uint32_t root, int64_t since_ms, int64_t until_ms,
                           struct tallies_usual *usual, struct tallies *tallies)
{
    struct histories histories;
    histories_of(p, root, &histories);
    size_t lines = 0;
    for (size_t h = 0; h < histories.n; h++)
        for (uint32_t at = history_orders(p, histories.of[h]); at; at = p->order[at].next)
            if (order_within(&p->order[at], since_ms, until_ms))
                lines += p->order[at].lines;
    bool room = tallies_room(tallies, usual, lines);
    for (size_t h = 0; room && h < histories.n; h++)
        for (uint32_t at = history_orders(p, histories.of[h]); at; at = p->order[at].next)
            if (order_within(&p->order[at], since_ms, until_ms))
                tally_order(tallies, p, at);
    histories_free(&histories);
    return room;
}

/* Latest first, ties by number. */
static bool stands_before(const struct tally *a, const struct tally *b)
{
    return a->last_ms > b->last_ms || (a->last_ms == b->last_ms && a->product < b->product);
}

static int by_latest(const void *a, const void *b)
{
    return stands_before(a, b) ? -1 : stands_before(b, a);
}

/* Leaves what was bought and not given back, latest first. Small ones by insertion, since they come nearly in
 * order. */
static void tallies_sort(struct tallies *tallies)
{
    size_t kept = 0;
    for (size_t i = 0; i < tallies->n; i++)
        if (tallies->of[i].quantity_milli > 0 && tallies->of[i].times)
            tallies->of[kept++] = tallies->of[i];
    tallies->n = kept;
    if (kept > TALLIES_USUAL) {
        qsort(tallies->of, kept, sizeof *tallies->of, by_latest);
        return;
    }
    for (size_t i = 1; i < kept; i++) {
        struct tally tally = tallies->of[i];
        size_t at = i;
        for (; at > 0 && stands_before(&tally, &tallies->of[at - 1]); at--)
            tallies->of[at] = tallies->of[at - 1];
        tallies->of[at] = tally;
    }
}

size_t purchases_bought(const struct purchases *p, uint32_t root, struct bought *ret, size_t max)
{
    struct tallies_usual usual;
    struct tallies tallies;
    if (!tally_customer(p, root, FACT_NO_TIME, FACT_NO_TIME, &usual, &tallies))
        return 0;
    tallies_sort(&tallies);
    for (size_t i = 0; i < tallies.n && i < max; i++)
        ret[i] = (struct bought){ tallies.of[i].product, tallies.of[i].times, tallies.of[i].last_ms };
    free(tallies.heap);
    return tallies.n;
}

/* ---- lines one by one ---- */
static int by_time(const void *a, const void *b)
{
    const struct bought_line *x = a, *y = b;
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    if (x->product != y->product)
        return x->product < y->product ? -1 : 1;
    return (x->quantity_milli > y->quantity_milli) - (x->quantity_milli < y->quantity_milli);
}

/* Takes back what came latest. */
static void give_back(struct bought_line *line, size_t n, uint32_t product, int64_t quantity_milli)
{
    for (size_t i = n; i-- > 0 && quantity_milli > 0;) {
        if (line[i].product != product || line[i].quantity_milli <= 0)
            continue;
        int64_t less = line[i].quantity_milli < quantity_milli ? line[i].quantity_milli : quantity_milli;
        line[i].quantity_milli -= (int32_t)less;
        quantity_milli -= less;
    }
}

static bool add_lines(const struct purchases *p, uint32_t history, struct bought_line **ret, size_t *n, size_t *cap)
{
    for (uint32_t at = history_orders(p, history); at; at = p->order[at].next) {
        const struct order *order = &p->order[at];
        if (order->state != ORDER_LIVE)
            continue;
        if (!vec_need(*ret, *cap, *n + order->lines + 1))
            return false;
        for (uint32_t i = 0; i < order->lines; i++) {
            const struct line *line = &p->line[order->first_line + i];
            (*ret)[(*n)++] = (struct bought_line){ order->time_ms, line->product, line->quantity_milli };
        }
    }
    return true;
}

bool purchases_lines(const struct purchases *p, uint32_t root, struct bought_line **ret, size_t *n, size_t *cap)
{
    struct histories histories;
    bool ok = true;
    size_t kept = 0;
    *n = 0;
    histories_of(p, root, &histories);
    for (size_t h = 0; h < histories.n && ok; h++)
        ok = add_lines(p, histories.of[h], ret, n, cap);
    histories_free(&histories);
    if (*n && ok)
        qsort(*ret, *n, sizeof **ret, by_time);
    for (size_t i = 0; i < *n && ok; i++)
        if ((*ret)[i].quantity_milli < 0)
            give_back(*ret, *n, (*ret)[i].product, -(int64_t)(*ret)[i].quantity_milli);
    for (size_t i = 0; i < *n && ok; i++)
        if ((*ret)[i].quantity_milli > 0)
            (*ret)[kept++] = (*ret)[i];
    *n = kept;
    return ok;
}

bool purchases_when(const struct purchases *p, uint32_t root, struct bought_when **ret, size_t *n, size_t *cap)
{
    struct histories histories;
    bool ok = true;
    *n = 0;
    histories_of(p, root, &histories);
    for (size_t h = 0; h < histories.n && ok; h++)
        for (uint32_t at = history_orders(p, histories.of[h]); at && ok; at = p->order[at].next) {
            const struct order *order = &p->order[at];
            if (order->refund || order->state != ORDER_LIVE)
                continue;
            ok = vec_need(*ret, *cap, *n + 1);
            if (ok)
                (*ret)[(*n)++] = (struct bought_when){ order->time_ms, order->source };
        }
    histories_free(&histories);
    return ok;
}

static const struct looked *looked_of(const struct purchases *p, uint32_t history)
{
    uint32_t row = history < p->history_cap ? p->history[history].looked : 0;
    return row ? &p->looked[row] : NULL;
}

/* The next best history to read: the one with the latest look that is earlier than *before_ms, or as late and
 * behind *behind in the list. NULL: none is left. */
static const struct looked *looked_next(const struct purchases *p, const struct histories *histories,
                                        int64_t *before_ms, size_t *behind)
{
    const struct looked *best = NULL;
    size_t best_at = 0;
    for (size_t h = 0; h < histories->n; h++) {
        const struct looked *looked = looked_of(p, histories->of[h]);
        if (!looked || looked->at_ms > *before_ms || (looked->at_ms == *before_ms && h < *behind))
            continue;
        if (best && looked->at_ms <= best->at_ms)
            continue;
        best = looked;
        best_at = h;
    }
    if (best) {
        *before_ms = best->at_ms;
        *behind = best_at + 1;
    }
    return best;
}

static bool holds(const uint32_t *list, size_t n, uint32_t product)
{
    while (n > 0 && list[n - 1] != product)
        n--;
    return n > 0;
}

size_t purchases_viewed(const struct purchases *p, uint32_t root, uint32_t *ret, size_t max, int64_t *last_ms)
{
    struct histories histories;
    histories_of(p, root, &histories);
    size_t n = 0, behind = 0;
    int64_t before_ms = INT64_MAX, first_ms = FACT_NO_TIME;
    const struct looked *looked;
    while (n < max && (looked = looked_next(p, &histories, &before_ms, &behind))) {
        first_ms = first_ms == FACT_NO_TIME ? looked->at_ms : first_ms;
        for (size_t i = 0; i < LOOKED_PRODUCTS && n < max; i++)
            if (looked->product[i] && !holds(ret, n, looked->product[i]))
                ret[n++] = looked->product[i];
    }
    histories_free(&histories);
    if (last_ms)
        *last_ms = first_ms;
    return n;
}

struct slice purchases_viewed_category(const struct purchases *p, uint32_t root)
{
    struct histories histories;
    histories_of(p, root, &histories);
    uint32_t category = 0;
    size_t behind = 0;
    int64_t before_ms = INT64_MAX;
    const struct looked *looked;
    while (!category && (looked = looked_next(p, &histories, &before_ms, &behind)))
        category = looked->category;
    histories_free(&histories);
    return words_text(&p->categories, category);
}

/* ---- products ---- */

uint64_t purchases_orders(const struct purchases *p)
{
    return p->orders;
}

size_t purchases_basket(const struct purchases *p, uint32_t *row, int64_t *time_ms, uint32_t *product, size_t max)
{
    for (*row = *row ? *row : 1; *row <= p->orders; ++*row) {
        const struct order *order = &p->order[*row];
        size_t n = order->lines < max ? order->lines : max;
        if (order->state != ORDER_LIVE || order->refund || !n)
            continue;
        for (size_t i = 0; i < n; i++)
            product[i] = p->line[order->first_line + i].product;
        *time_ms = order->time_ms;
        ++*row;
        return n;
    }
    return 0;
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
           + p->index_cap * sizeof *p->index + words_memory_bytes(&p->products)
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

struct rows {
    struct purchase_matrix *m;
    size_t item_cap, start_cap, root_cap;
};

static bool row_add(struct rows *rows, uint32_t root, struct tallies *tallies)
{
    struct purchase_matrix *m = rows->m;
    tallies_sort(tallies);
    size_t kept = tallies->n;
    if (kept == 0)
        return true;
    size_t end = m->buyers ? m->start[m->buyers] : 0;
    if (!vec_need(m->item, rows->item_cap, end + kept) || !vec_need(m->root, rows->root_cap, m->buyers + 1u)
        || !vec_need(m->start, rows->start_cap, m->buyers + 2u))
        return false;
    for (size_t i = 0; i < kept; i++)
        m->item[end + i] = tallies->of[kept - 1 - i].product - 1;
    m->root[m->buyers++] = root;
    m->start[m->buyers] = end + kept;
    return true;
}

enum err_code purchases_matrix(const struct purchases *p, int64_t since_ms, int64_t until_ms,
                               struct purchase_matrix **ret, struct err *e)
{
    assert(p && ret);
    struct rows rows = { .m = calloc(1, sizeof *rows.m) };
    struct tallies_usual *usual = malloc(sizeof *usual);
    bool whole = rows.m && usual && vec_need(rows.m->start, rows.start_cap, 2);
    const struct customers *customers = memory_customers(p->memory);
    memory_read_lock(p->memory);
    uint32_t count = customers_count(customers);
    for (uint32_t root = 1; whole && root <= count; root++) {
        memory_read_turn(p->memory);
        if (!customers_is_root(customers, root))
            continue;
        struct tallies tallies;
        whole = tally_customer(p, root, since_ms, until_ms, usual, &tallies)
                && row_add(&rows, root, &tallies);
        free(tallies.heap);
    }
    uint32_t items = p->products.count;
    memory_read_unlock(p->memory);
    free(usual);
    if (!whole) {
        purchase_matrix_drop(&rows.m);
        return err_set(e, ERR_LIMIT, 0, "no memory to copy the purchases of %u customers", count);
    }
    rows.m->items = items;
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
