/* Everybody's purchases as one copy, and windows of time into it. */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "insight/recommendations_room.h"
#include "text/time.h"

#define AGAIN_CUSTOMERS 10           // who bought an item again, before that is called usual
#define AGAIN_SHARE 0.25             // of its buyers

struct copying {
    struct book *to;
    struct bought_line *line;        // of one customer
    size_t line_cap, cap, start_cap;
};

static bool copy_customer(struct copying *c, const struct purchases *purchases, uint32_t root)
{
    struct book *l = c->to;
    size_t n, at = l->start[l->customers];
    if (!purchases_lines(purchases, root, &c->line, &n, &c->line_cap))
        return false;
    if (!n)
        return true;
    if (!vec_need(l->line, c->cap, at + n) || !vec_need(l->start, c->start_cap, (size_t)l->customers + 2))
        return false;
    for (size_t i = 0; i < n; i++) {
        l->line[at + i] = (struct book_line){ c->line[i].time_ms, c->line[i].product - 1 };
        l->oldest_ms = c->line[i].time_ms < l->oldest_ms ? c->line[i].time_ms : l->oldest_ms;
        l->newest_ms = c->line[i].time_ms > l->newest_ms ? c->line[i].time_ms : l->newest_ms;
    }
    l->start[++l->customers] = at + n;
    return true;
}

enum err_code book_read(struct memory *memory, const struct purchases *purchases, struct book *ret, struct err *e)
{
    *ret = (struct book){ .oldest_ms = INT64_MAX, .newest_ms = INT64_MIN };
    struct copying copying = { .to = ret };
    bool ok = vec_need(ret->start, copying.start_cap, 2);
    const struct customers *customers = memory_customers(memory);
    memory_read_lock(memory);
    uint32_t count = customers_count(customers);
    for (uint32_t root = 1; ok && root <= count; root++) {
        memory_read_turn(memory);
        if (customers_is_root(customers, root))
            ok = copy_customer(&copying, purchases, root);
    }
    ret->items = purchases_products(purchases);
    memory_read_unlock(memory);
    free(copying.line);
    if (!ret->customers)         // orders that name no product have no lines
        ret->oldest_ms = ret->newest_ms = 0;
    if (ok)
        return ERR_OK;
    book_drop(ret);
    return NO_MEMORY(e);
}

void book_drop(struct book *l)
{
    free(l->line);
    free(l->start);
    *l = (struct book){ 0 };
}

enum err_code window_make(const struct book *l, int64_t since_ms, int64_t until_ms, struct window *ret, struct err *e)
{
    uint32_t *met = calloc((size_t)l->items + 1, sizeof *met);
    *ret = (struct window){ malloc((l->start[l->customers] + 1) * sizeof *ret->item),
                            calloc((size_t)l->customers + 1, sizeof *ret->start), l->customers, l->items };
    if (!met || !ret->item || !ret->start) {
        free(met);
        window_drop(ret);
        return NO_MEMORY(e);
    }
    for (uint32_t c = 0; c < l->customers; c++) {
        uint32_t *row = ret->item + ret->start[c];
        size_t n = 0;
        for (size_t i = l->start[c + 1]; i-- > l->start[c];) {  // the latest first
            const struct book_line *line = &l->line[i];
            if ((since_ms != FACT_NO_TIME && line->time_ms < since_ms) || (until_ms != FACT_NO_TIME && line->time_ms >= until_ms)
                || met[line->item] == c + 1)
                continue;
            met[line->item] = c + 1;
            row[n++] = line->item;
        }
        for (size_t i = 0; i < n / 2; i++) {
            uint32_t other = row[n - 1 - i];
            row[n - 1 - i] = row[i];
            row[i] = other;
        }
        ret->start[c + 1] = ret->start[c] + n;
    }
    free(met);
    return ERR_OK;
}

void window_drop(struct window *w)
{
    free(w->item);
    free(w->start);
    *w = (struct window){ 0 };
}

struct purchase_rows window_rows(const struct window *w)
{
    uint64_t *start = malloc(((size_t)w->customers + 1) * sizeof *start);
    struct purchase_rows rows = { w->item, start, 0, w->items };
    if (!start)
        return rows;
    start[0] = 0;
    for (uint32_t c = 0; c < w->customers; c++)
        if (w->start[c + 1] > w->start[c])
            start[++rows.buyers] = w->start[c + 1];
    return rows;
}

/* ---- one customer ---- */
/* Lines before that moment end here. */
static size_t lines_end(const struct book *l, uint32_t customer, int64_t until_ms)
{
    size_t end = l->start[customer + 1];
    while (end > l->start[customer] && until_ms != FACT_NO_TIME && l->line[end - 1].time_ms >= until_ms)
        end--;
    return end;
}

uint32_t book_orders(const struct book *l, uint32_t customer, int64_t until_ms)
{
    uint32_t n = 0;
    for (size_t i = l->start[customer], end = lines_end(l, customer, until_ms); i < end; i++)
        n += i == l->start[customer] || l->line[i].time_ms != l->line[i - 1].time_ms;
    return n;
}

size_t book_last_order(const struct book *l, uint32_t customer, int64_t until_ms, uint32_t *item, size_t max)
{
    size_t n = 0;
    for (size_t i = lines_end(l, customer, until_ms), last = i; i > l->start[customer] && n < max; i--) {
        if (l->line[i - 1].time_ms != l->line[last - 1].time_ms)
            break;
        item[n++] = l->line[i - 1].item;
    }
    return n;
}

/* ---- what is bought again ---- */
struct again {
    uint32_t item;
    int64_t gap_ms;
};

static int by_item_gap(const void *a, const void *b)
{
    const struct again *x = a, *y = b;
    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    return (x->gap_ms > y->gap_ms) - (x->gap_ms < y->gap_ms);
}

static int by_item_time(const void *a, const void *b)
{
    const struct book_line *x = a, *y = b;
    if (x->item != y->item)
        return x->item < y->item ? -1 : 1;
    return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

/* Gaps of a day and more between one customer's purchases of an item; buyers and customers who buy again are counted. */
static size_t gaps_of(struct book_line *line, size_t n, struct again *gap, uint32_t *buyers, uint32_t *againers)
{
    size_t gaps = 0;
    bool again = false;
    qsort(line, n, sizeof *line, by_item_time);
    for (size_t i = 0; i < n; i++) {
        bool first = i == 0 || line[i].item != line[i - 1].item;
        buyers[line[i].item] += first;
        again = again && !first;
        if (first || line[i].time_ms - line[i - 1].time_ms < DAY_MS)
            continue;
        gap[gaps++] = (struct again){ line[i].item, line[i].time_ms - line[i - 1].time_ms };
        againers[line[i].item] += !again;
        again = true;
    }
    return gaps;
}

static void medians(const struct again *gap, size_t n, const uint32_t *buyers, const uint32_t *againers, uint16_t *ret)
{
    for (size_t i = 0, end; i < n; i = end) {
        uint32_t item = gap[i].item;
        for (end = i + 1; end < n && gap[end].item == item;)
            end++;
        int64_t days = gap[i + (end - i) / 2].gap_ms / DAY_MS;
        if (againers[item] >= AGAIN_CUSTOMERS && againers[item] >= AGAIN_SHARE * buyers[item])
            ret[item] = (uint16_t)(days < 1 ? 1 : days > UINT16_MAX ? UINT16_MAX : days);
    }
}

enum err_code book_again(const struct book *l, uint16_t *ret, struct err *e)
{
    size_t lines = l->start[l->customers], n = 0;
    struct book_line *line = malloc((lines + 1) * sizeof *line);
    struct again *gap = malloc((lines + 1) * sizeof *gap);
    uint32_t *buyers = calloc((size_t)l->items + 1, sizeof *buyers), *againers = calloc((size_t)l->items + 1, sizeof *againers);
    bool ok = line && gap && buyers && againers;
    if (ok && lines) {
        memcpy(line, l->line, lines * sizeof *line);
        for (uint32_t c = 0; c < l->customers; c++)
            n += gaps_of(line + l->start[c], l->start[c + 1] - l->start[c], gap + n, buyers, againers);
        qsort(gap, n, sizeof *gap, by_item_gap);
        medians(gap, n, buyers, againers, ret);
    }
    free(line);
    free(gap);
    free(buyers);
    free(againers);
    return ok ? ERR_OK : NO_MEMORY(e);
}
