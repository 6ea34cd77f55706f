#include "insight/people.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/limits.h"
#include "insight/purchases_state.h"
#include "memory/traits.h"
#include "text/time.h"

#define REFRESH_MS INT64_C(3600000)
#define REFRESH_GROWTH 0.1
#define SEARCH_MAX 2000  // people a search brings at most: who finds more types on

struct people {
    struct memory *memory;
    struct purchases *purchases;
    pthread_mutex_t lock;  // guards all below
    struct rfm_cuts cuts;
    int64_t cuts_ms;       // 0: never fitted
    uint64_t fits;
    struct tier_row tiers[TIERS];
};

enum err_code people_new(struct memory *memory, struct purchases *purchases, struct people **ret,
                         struct err *e)
{
    assert(memory && purchases && ret);
    struct people *people = calloc(1, sizeof *people);
    if (!people)
        return err_set(e, ERR_LIMIT, 0, "no memory for tiers");
    people->memory = memory;
    people->purchases = purchases;
    pthread_mutex_init(&people->lock, NULL);
    *ret = people;
    return ERR_OK;
}

void people_drop(struct people **people)
{
    assert(people);
    if (!*people)
        return;
    pthread_mutex_destroy(&(*people)->lock);
    free(*people);
    *people = NULL;
}

static struct rfm rfm_of(const struct purchase_summary *bought, int64_t now_ms)
{
    if (bought->orders == 0)
        return (struct rfm){ 0 };
    double recency = (double)(now_ms - bought->last_ms) / (double)DAY_MS;
    return (struct rfm){ recency < 0 ? 0 : recency, bought->orders, bought->value_micro };
}

/* Cuts, and the moment they are of: recency is scored as it was then. By now everybody's has grown by the same,
 * and whoever stood at a cut (in a small shop: everybody) would fall behind it a minute after the fit. */
struct measure {
    struct rfm_cuts cuts;
    int64_t at_ms;
};

static struct measure measure_now(const struct people *people)
{
    struct people *p = (struct people *)people;  // for its lock
    pthread_mutex_lock(&p->lock);
    struct measure measure = { p->cuts, p->cuts_ms };
    pthread_mutex_unlock(&p->lock);
    return measure;
}

static struct standing standing_of(const struct measure *measure, struct purchase_summary bought,
                                   int64_t now_ms)
{
    struct standing s = { .bought = bought, .rfm = rfm_of(&bought, now_ms) };
    s.scores = rfm_score(&measure->cuts, rfm_of(&bought, measure->at_ms));
    s.tier = rfm_tier(s.scores, s.rfm.frequency);
    return s;
}

static struct standing standing_by(const struct people *people, const struct measure *measure, uint32_t root,
                                   int64_t now_ms)
{
    return standing_of(measure, purchases_summary(people->purchases, root), now_ms);
}

struct standing people_standing(const struct people *people, uint32_t root, int64_t now_ms)
{
    struct measure measure = measure_now(people);
    return standing_by(people, &measure, root, now_ms);
}

struct standing people_standing_of(const struct people *people, const struct purchase_summary *bought,
                                   int64_t now_ms)
{
    struct measure measure = measure_now(people);
    return standing_of(&measure, *bought, now_ms);
}

bool people_refresh_due(const struct people *people, int64_t now_ms)
{
    struct people *p = (struct people *)people;  // for its locks
    memory_read_lock(p->memory);
    uint32_t roots = customers_roots(memory_customers(p->memory));
    memory_read_unlock(p->memory);
    pthread_mutex_lock(&p->lock);
    uint64_t counted = 0;
    for (int t = 0; t < TIERS; t++)
        counted += p->tiers[t].customers;
    bool due = p->cuts_ms == 0 || now_ms - p->cuts_ms >= REFRESH_MS
               || (double)roots > (double)counted * (1 + REFRESH_GROWTH);
    pthread_mutex_unlock(&p->lock);
    return due;
}

const struct purchases *people_purchases(const struct people *p)
{
    return p->purchases;
}

uint64_t people_fits(const struct people *people)
{
    struct people *p = (struct people *)people;  // for its lock
    pthread_mutex_lock(&p->lock);
    uint64_t fits = p->fits;
    pthread_mutex_unlock(&p->lock);
    return fits;
}

enum err_code people_refresh(struct people *people, int64_t now_ms, struct err *e)
{
    assert(people);
    const struct customers *customers = memory_customers(people->memory);
    memory_read_lock(people->memory);
    uint32_t count = customers_count(customers), n = 0;
    struct rfm *of = malloc(((size_t)count + 1) * sizeof *of);
    for (uint32_t root = 1; of && root <= count; root++) {
        memory_read_turn(people->memory);
        if (!customers_is_root(customers, root))
            continue;
        struct purchase_summary bought = purchases_summary(people->purchases, root);
        of[n++] = rfm_of(&bought, now_ms);
    }
    memory_read_unlock(people->memory);
    if (!of)
        return err_set(e, ERR_LIMIT, 0, "no memory for the tiers of %u customers", count);
    struct rfm_cuts cuts;
    struct tier_row tiers[TIERS] = { 0 };
    enum err_code code = rfm_fit(of, n, &cuts, e);
    for (uint32_t i = 0; !code && i < n; i++) {
        struct tier_row *tier = &tiers[rfm_tier(rfm_score(&cuts, of[i]), of[i].frequency)];
        tier->customers++;
        amount_add(&tier->value_micro, of[i].value_micro);
    }
    free(of);
    TRY(code);
    for (int t = 0; t < TIERS; t++)
        tiers[t].tier = (enum tier)t;
    pthread_mutex_lock(&people->lock);
    people->cuts = cuts;
    people->fits++;
    people->cuts_ms = now_ms;
    memcpy(people->tiers, tiers, sizeof tiers);
    pthread_mutex_unlock(&people->lock);
    return ERR_OK;
}

void people_tiers(const struct people *people, struct tier_row ret[TIERS])
{
    struct people *p = (struct people *)people;  // for its lock
    pthread_mutex_lock(&p->lock);
    memcpy(ret, p->tiers, sizeof p->tiers);
    pthread_mutex_unlock(&p->lock);
    for (int t = 0; t < TIERS; t++)
        ret[t].tier = (enum tier)t;
}

void people_why(const struct standing *s, const char *lang, struct buf *out)
{
    bool es = lang[0] == 'e' && lang[1] == 's';
    if (s->rfm.frequency == 0) {
        buf_adds(out, es ? "todavía no ha comprado" : "has not bought yet");
        return;
    }
    long days = (long)s->rfm.recency_days;
    buf_printf(out, es ? "%u %s, el último hace %ld %s; recencia %d, frecuencia %d, valor %d de 5"
                       : "%u %s, the last one %ld %s ago; recency %d, frequency %d, value %d of 5",
               s->rfm.frequency,
               es ? (s->rfm.frequency == 1 ? "pedido" : "pedidos") : s->rfm.frequency == 1 ? "order" : "orders",
               days, es ? (days == 1 ? "día" : "días") : days == 1 ? "day" : "days", s->scores.r,
               s->scores.f, s->scores.m);
}

int people_sort_parse(struct slice name)
{
    static const char *const names[] = { "name", "value", "orders", "last_order", "last_seen", "first_seen" };
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        if (slice_is(name, names[i]))
            return i;
    return -1;
}

/* ---- one page of the list ---- */

struct listing {
    struct people *people;
    const struct people_query *query;
    const struct customers *customers;
    struct measure measure;
    int64_t now_ms;
    bool after;           // behind (after_key, after_root)
    int64_t after_key;
    uint32_t after_root;
    int64_t *key;         // keys of page->root, best first
    struct people_page *page;
};

static bool wanted(const struct listing *l, uint32_t root)
{
    const struct people_query *q = l->query;
    if (!customers_is_root(l->customers, root))
        return false;
    if (q->known >= 0 && customers_is_known(l->customers, root) != (q->known == 1))
        return false;
    if (q->kind >= 0 && (int)customers_kind(l->customers, root) != q->kind)
        return false;
    return q->tier < 0 || (int)standing_by(l->people, &l->measure, root, l->now_ms).tier == q->tier;
}

static int64_t sort_key(const struct listing *l, uint32_t root)
{
    switch (l->query->sort) {
    case SORT_LAST_SEEN:
        return customers_last_seen_ms(l->customers, root);
    case SORT_FIRST_SEEN:
        return customers_first_seen_ms(l->customers, root);
    default:
        break;
    }
    struct purchase_summary bought = purchases_summary(l->people->purchases, root);
    return l->query->sort == SORT_ORDERS       ? bought.orders
           : l->query->sort == SORT_LAST_ORDER ? bought.last_ms
                                               : bought.value_micro;
}

/* Whether (key, root) stands before (other_key, other_root) in the page's order. */
static bool before(const struct listing *l, int64_t key, uint32_t root, int64_t other_key,
                   uint32_t other_root)
{
    if (key != other_key)
        return l->query->descending ? key > other_key : key < other_key;
    return root < other_root;
}

static void offer(struct listing *l, uint32_t root, int64_t key)
{
    struct people_page *page = l->page;
    size_t room = l->query->limit + 1;  // one more tells whether there is a next page
    if (l->after && !before(l, l->after_key, l->after_root, key, root))
        return;
    if (page->n == room && !before(l, key, root, l->key[room - 1], page->root[room - 1]))
        return;
    size_t at = page->n < room ? page->n++ : room - 1;
    for (; at > 0 && before(l, key, root, l->key[at - 1], page->root[at - 1]); at--) {
        l->key[at] = l->key[at - 1];
        page->root[at] = page->root[at - 1];
    }
    l->key[at] = key;
    page->root[at] = root;
}

static enum err_code after_parse(struct listing *l, struct err *e)
{
    struct slice root = l->query->after, key = slice_cut(&root, '.');
    int64_t number;
    if (!l->query->after.len)
        return ERR_OK;
    if (!slice_i64(key, &l->after_key) || !slice_i64(root, &number) || number < 1 || number > UINT32_MAX)
        return err_set(e, ERR_INVALID, 0, "?after= is not a word that a page before it gave");
    l->after_root = (uint32_t)number;
    l->after = true;
    return ERR_OK;
}

static enum err_code page_room(struct listing *l, struct arena *mem, struct err *e)
{
    l->page->root = arena_array(mem, uint32_t, l->query->limit + 1);
    l->key = arena_array(mem, int64_t, l->query->limit + 1);
    if (!l->page->root || !l->key)
        return err_set(e, ERR_LIMIT, 0, "no memory for a page of %zu customers", l->query->limit);
    return ERR_OK;
}

static enum err_code page_next(struct listing *l, struct arena *mem, struct err *e)
{
    if (l->page->n <= l->query->limit)
        return ERR_OK;
    l->page->n = l->query->limit;
    size_t last = l->page->n - 1;
    l->page->next = arena_printf(mem, "%lld.%u", (long long)l->key[last], l->page->root[last]);
    return l->page->next.at ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for a page");
}

static enum err_code list_all(struct listing *l, struct arena *mem, struct err *e)
{
    uint32_t count = customers_count(l->customers);
    for (uint32_t root = 1; root <= count; root++) {
        memory_read_turn(l->people->memory);
        if (!wanted(l, root))
            continue;
        l->page->total++;
        offer(l, root, sort_key(l, root));
    }
    return page_next(l, mem, e);
}

static enum err_code list_found(struct listing *l, struct store_conn *conn, struct arena *mem,
                                struct err *e)
{
    uint32_t *found = arena_array(mem, uint32_t, SEARCH_MAX);
    size_t n = 0;
    if (!found)
        return err_set(e, ERR_LIMIT, 0, "no memory for a search");
    TRY(customers_search(l->people->memory, conn, l->query->q, mem, found, SEARCH_MAX, &n, e));
    for (size_t i = 0; i < n; i++) {
        if (!wanted(l, found[i]))
            continue;
        l->page->total++;
        int64_t place = l->query->descending ? -(int64_t)i : (int64_t)i;
        offer(l, found[i], l->query->sort == SORT_NAME ? place : sort_key(l, found[i]));
    }
    return page_next(l, mem, e);
}

/* The word after= of a page by name: the number, then the folded name, which may hold anything. */
static enum err_code name_after(const struct listing *l, struct slice *name, uint32_t *root, struct err *e)
{
    struct slice rest = l->query->after, number = slice_cut(&rest, '.');
    int64_t value = 0;
    if (l->query->after.len && (!slice_i64(number, &value) || value < 1 || value > UINT32_MAX))
        return err_set(e, ERR_INVALID, 0, "?after= is not a word that a page before it gave");
    *name = rest;
    *root = (uint32_t)value;
    return ERR_OK;
}

static enum err_code list_by_name(struct listing *l, struct store_conn *conn, struct arena *mem,
                                  struct err *e)
{
    const size_t step = LIMIT_PAGE;
    struct slice name, *names = arena_array(mem, struct slice, step);
    uint32_t last = 0, *roots = arena_array(mem, uint32_t, step);
    if (!names || !roots)
        return err_set(e, ERR_LIMIT, 0, "no memory for a page");
    TRY(name_after(l, &name, &last, e));
    for (size_t got = step; got == step && l->page->n <= l->query->limit;) {
        TRY(customers_by_name(l->people->memory, conn, name, last, l->query->descending, step, mem, names,
                              roots, &got, e));
        for (size_t i = 0; i < got && l->page->n <= l->query->limit; i++) {
            name = names[i];
            last = roots[i];
            if (!wanted(l, roots[i]))
                continue;
            if (l->page->n == l->query->limit) {  // the first of the next page: this one ends before it
                l->page->n++;
                break;
            }
            l->page->root[l->page->n++] = roots[i];
            l->page->next = arena_printf(mem, "%u.%.*s", last, SLICE_ARG(name));
        }
    }
    if (l->page->n <= l->query->limit)
        l->page->next = (struct slice){ NULL, 0 };
    else
        l->page->n = l->query->limit;
    uint32_t count = customers_count(l->customers);
    for (uint32_t root = 1; root <= count; root++) {
        memory_read_turn(l->people->memory);
        l->page->total += wanted(l, root);
    }
    return ERR_OK;
}

enum err_code people_list(struct people *people, struct store_conn *conn, const struct people_query *query,
                          int64_t now_ms, struct arena *mem, struct people_page *ret, struct err *e)
{
    assert(people && query && ret && query->limit > 0);
    struct people_page page = { 0 };
    struct listing l = { .people = people, .query = query, .page = &page, .now_ms = now_ms,
                         .customers = memory_customers(people->memory), .measure = measure_now(people) };
    bool by_name = query->sort == SORT_NAME && !query->q.len;
    TRY(page_room(&l, mem, e));
    if (!by_name)
        TRY(after_parse(&l, e));
    memory_read_lock(people->memory);
    enum err_code code = by_name        ? list_by_name(&l, conn, mem, e)
                         : query->q.len ? list_found(&l, conn, mem, e)
                                        : list_all(&l, mem, e);
    memory_read_unlock(people->memory);
    if (!code)
        *ret = page;
    return code;
}
