/* Orders of a customer as transactions: days with what was bought on them, net of what came back. */
#include <stdlib.h>

#include "base/vec.h"
#include "engine/feel/temporal.h"
#include "insight/purchases_state.h"

#define ENTRIES_USUAL 128

/* An order or a refund, in the shop's days. */
struct entry {
    uint64_t id_hash;
    int64_t value_micro;
    int32_t day;
    bool refund, returned;           // returned: something of it came back
};
struct entries {
    struct entry usual[ENTRIES_USUAL], *of;
    size_t n;
};

static size_t count_orders(const struct purchases *p, const struct histories *histories)
{
    size_t n = 0;
    for (size_t h = 0; h < histories->n; h++)
        for (uint32_t at = history_orders(p, histories->of[h]); at; at = p->order[at].next)
            n++;
    return n;
}

static bool gather(const struct purchases *p, const struct zones *zones, uint32_t root, int64_t until_ms, struct entries *ret)
{
    struct histories histories;
    histories_of(p, root, &histories);
    size_t orders = count_orders(p, &histories);
    ret->of = orders > ENTRIES_USUAL ? malloc(orders * sizeof *ret->of) : ret->usual;
    ret->n = 0;
    for (size_t h = 0; ret->of && h < histories.n; h++)
        for (uint32_t at = history_orders(p, histories.of[h]); at; at = p->order[at].next) {
            const struct order *o = &p->order[at];
            if (o->state == ORDER_LIVE && (until_ms == FACT_NO_TIME || o->time_ms < until_ms))
                ret->of[ret->n++] = (struct entry){ o->id_hash, o->value_micro, zones_day(zones, o->time_ms), o->refund, false };
        }
    histories_free(&histories);
    return ret->of != NULL;
}

/* By day, orders before refunds. */
static bool stands_before(const struct entry *a, const struct entry *b)
{
    return a->day != b->day ? a->day < b->day : a->refund < b->refund;
}

static int by_day(const void *a, const void *b)
{
    return stands_before(a, b) ? -1 : stands_before(b, a);
}

/* They come newest first, nearly: turned round, insertion is quick. */
static void sort_entries(struct entry *of, size_t n)
{
    if (n > ENTRIES_USUAL) {
        qsort(of, n, sizeof *of, by_day);
        return;
    }
    for (size_t i = 0; i < n / 2; i++) {
        struct entry swap = of[i];
        of[i] = of[n - 1 - i];
        of[n - 1 - i] = swap;
    }
    for (size_t i = 1; i < n; i++) {
        struct entry one = of[i];
        size_t at = i;
        for (; at > 0 && stands_before(&one, &of[at - 1]); at--)
            of[at] = of[at - 1];
        of[at] = one;
    }
}

/* The order that it is of; else the last one before it. NULL: there was none. */
static struct entry *order_of(struct entry *of, size_t n, size_t refund)
{
    struct entry *last = NULL;
    for (size_t i = 0; i < n && of[refund].id_hash; i++)
        if (!of[i].refund && of[i].id_hash == of[refund].id_hash)
            return &of[i];
    for (size_t i = 0; i < refund; i++)
        last = of[i].refund ? last : &of[i];
    return last;
}

static void give_back(struct entry *of, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct entry *order = of[i].refund ? order_of(of, n, i) : NULL;
        if (!order)
            continue;
        amount_add(&order->value_micro, of[i].value_micro);
        order->returned = true;
    }
}

static bool merge_days(const struct entries *entries, struct transaction **ret, size_t *n, size_t *cap)
{
    if (!vec_need(*ret, *cap, entries->n + 1))
        return false;
    for (size_t i = 0; i < entries->n; i++) {
        const struct entry *entry = &entries->of[i];
        if (entry->refund || (entry->returned && entry->value_micro <= 0))
            continue;
        if (*n && (*ret)[*n - 1].day == entry->day)
            amount_add(&(*ret)[*n - 1].value_micro, entry->value_micro);
        else
            (*ret)[(*n)++] = (struct transaction){ entry->day, entry->value_micro };
    }
    return true;
}

bool purchases_transactions(const struct purchases *p, const struct zones *zones, uint32_t root, int64_t until_ms,
                            struct transaction **ret, size_t *n, size_t *cap)
{
    struct entries entries;
    *n = 0;
    if (!gather(p, zones, root, until_ms, &entries))
        return false;
    sort_entries(entries.of, entries.n);
    give_back(entries.of, entries.n);
    bool ok = merge_days(&entries, ret, n, cap);
    if (entries.of != entries.usual)
        free(entries.of);
    return ok;
}
