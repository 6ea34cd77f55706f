/* The proposers are fitted. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/recommend/ease.h"
#include "engine/recommend/together.h"
#include "engine/recommend/tune.h"
#include "insight/recommendations_room.h"
#include "text/time.h"

#define TABLE_KEPT 50                // docs/EVALUATION.md: as good as 100 on the demo shop, at half the cost
#define TABLE_EASE 200               // a popular product weighs in many columns: its row is cut here
#define SHRINK 10.0f
#define BASKET_MAX 500
#define TREND_KEPT 400
#define TUNE_BUYERS 2000             // on whom settings are compared
#define TUNE_ITEMS 5000              // above it, EASE is fitted with the usual lambda
#define SESSIONS_MAX 200000u
#define SESSIONS_MIN 4096u
#define SESSION_ITEMS 50

const char *proposer_name(enum proposer p)
{
    static const char *const names[PROPOSERS] = { "neighbours", "walk", "ease", "content", "ials", "sessions", "trend" };
    assert((size_t)p < PROPOSERS);
    return names[p];
}

struct recommend_settings settings_usual(void)
{
    struct recommend_options o = recommend_usual(RECOMMEND_IALS, 1);
    return (struct recommend_settings){ o.ridge, o.ials.dimensions, o.ials.epochs, o.ials.alpha, o.ials.lambda, o.ials.nu,
                                        false };
}

void proposers_drop(struct proposers **at)
{
    struct proposers *p = *at;
    if (!p)
        return;
    for (size_t t = 0; t < sizeof p->table / sizeof *p->table; t++)
        neighbours_drop(&p->table[t]);
    ials_drop(&p->ials);
    sessions_drop(&p->sessions);
    pthread_rwlock_destroy(&p->sessions_lock);
    free(p->buyers);
    free(p->trend);
    free(p->again_days);
    free(p);
    *at = NULL;
}

size_t proposers_bytes(const struct proposers *p, enum proposer which)
{
    switch (which) {
    case PROPOSER_NEIGHBOURS:
    case PROPOSER_WALK:
    case PROPOSER_EASE:
    case PROPOSER_CONTENT: {
        const struct neighbours *t = p->table[which];
        return t ? (size_t)t->items * (t->k * sizeof *t->of + sizeof *t->buyers + sizeof *t->count) : 0;
    }
    case PROPOSER_IALS: {
        size_t width = p->ials ? ials_width(p->ials->dimensions) : 0;
        return (p->items + width) * width * sizeof(float);
    }
    case PROPOSER_SESSIONS:
        return sessions_bytes(p->sessions);
    case PROPOSER_TREND:
        return p->trends * sizeof *p->trend + p->items * (sizeof *p->buyers + sizeof *p->again_days);
    case PROPOSERS:
        break;
    }
    return 0;
}

/* ---- EASE as a table ---- */
/* Keeps the weights of a row that say most, of either sign, the greatest first; ties by item. */
static void row_add(struct neighbour *of, uint32_t *n, uint32_t k, uint32_t item, float weight)
{
    float most = fabsf(weight);
    if (most == 0 || (*n == k && !(most > fabsf(of[k - 1].similarity))))
        return;
    uint32_t at = *n < k ? (*n)++ : k - 1;
    for (; at > 0 && most > fabsf(of[at - 1].similarity); at--)
        of[at] = of[at - 1];
    of[at] = (struct neighbour){ item, 0, weight };
}

static void table_row(struct neighbours *table, const struct ease *ease, uint32_t row)
{
    struct neighbour *of = table->of + (size_t)row * table->k;
    uint32_t *n = &table->count[row];
    if (ease->kept)
        for (uint64_t i = ease->start[row]; i < ease->start[row + 1]; i++)
            row_add(of, n, table->k, ease->other[i], ease->weight[i]);
    else
        for (uint32_t i = 0; i < ease->items; i++)
            row_add(of, n, table->k, i, ease_weight(ease, row, i));
}

/* How many bought both is known of the near ones. */
static void table_together(struct neighbours *table, const struct neighbours *counted)
{
    for (uint32_t row = 0; row < table->items; row++)
        for (uint32_t i = 0; i < table->count[row]; i++) {
            struct neighbour *to = &table->of[(size_t)row * table->k + i];
            const struct neighbour *near = counted->of + (size_t)row * counted->k;
            for (uint32_t k = 0; k < counted->count[row]; k++)
                if (near[k].item == to->item)
                    to->together = near[k].together;
        }
}

static enum err_code fit_ease(const struct purchase_rows *rows, const struct fit_ask *ask, struct proposers *p, struct err *e)
{
    uint32_t kept = rows->items < EASE_KEPT ? rows->items : EASE_KEPT;
    AUTO(ease) ease = NULL;
    if (rows->items < 2)
        return ERR_OK;
    TRY(ease_fit(rows, &(struct ease_options){ ask->settings.ease_lambda, kept, 1, ask->cancel }, &ease, e));
    struct neighbours *table = p->table[PROPOSER_EASE] = neighbours_new(rows->items, TABLE_EASE);
    if (!table)
        return NO_MEMORY(e);
    memcpy(table->buyers, p->buyers, rows->items * sizeof *p->buyers);
    for (uint32_t row = 0; row < rows->items; row++)
        table_row(table, ease, row);
    table_together(table, p->table[PROPOSER_NEIGHBOURS]);
    return ERR_OK;
}

/* ---- the others ---- */
static enum err_code fit_ials(const struct purchase_rows *rows, const struct fit_ask *ask, struct proposers *p, struct err *e)
{
    const struct recommend_settings *s = &ask->settings;
    struct ials_options o = { .dimensions = s->dimensions, .epochs = s->epochs, .alpha = s->ials_alpha, .lambda = s->ials_lambda,
                              .nu = s->ials_nu, .sigma = .1f, .seed = 1, .threads = 1, .cancel = ask->cancel };
    return ials_fit(rows, &o, &p->ials, e);
}

static int by_buyers(const void *a, const void *b)
{
    const struct trending *x = a, *y = b;
    if (x->buyers != y->buyers)
        return x->buyers > y->buyers ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

void trending_order(struct trending *of, size_t n)
{
    qsort(of, n, sizeof *of, by_buyers);
}

static enum err_code count_trend(const struct book *l, int64_t until_ms, struct proposers *p, struct err *e)
{
    struct window recent;
    int64_t end_ms = until_ms != FACT_NO_TIME ? until_ms : l->newest_ms + 1;
    p->trend = calloc((size_t)l->items + 1, sizeof *p->trend);
    if (!p->trend)
        return NO_MEMORY(e);
    if (!l->customers)
        return ERR_OK;
    TRY(window_make(l, end_ms - RECENT_DAYS * DAY_MS, until_ms, &recent, e));
    for (uint32_t i = 0; i < l->items; i++)
        p->trend[i].item = i;
    for (uint64_t i = 0; i < recent.start[recent.customers]; i++)
        p->trend[recent.item[i]].buyers++;
    window_drop(&recent);
    trending_order(p->trend, l->items);
    while (p->trends < l->items && p->trends < TREND_KEPT && p->trend[p->trends].buyers)
        p->trends++;
    return ERR_OK;
}

enum err_code sessions_follow(struct proposers *p, struct memory *memory, const struct purchases *purchases, int64_t until_ms,
                              struct err *e)
{
    uint32_t basket[SESSION_ITEMS];
    int64_t time_ms;
    enum err_code code = ERR_OK;
    size_t n = 1;
    while (n && !code) {
        memory_read_lock(memory);
        pthread_rwlock_wrlock(&p->sessions_lock);
        for (int step = 0; step < 256 && !code; step++) {
            size_t kept = 0;
            n = purchases_basket(purchases, &p->sessions_row, &time_ms, basket, SESSION_ITEMS);
            if (!n)
                break;
            for (size_t i = 0; i < n; i++)
                if (basket[i] - 1 < p->items + NEW_ITEMS)
                    basket[kept++] = basket[i] - 1;
            if (until_ms == FACT_NO_TIME || time_ms < until_ms)
                code = sessions_add(p->sessions, basket, kept, e);
        }
        pthread_rwlock_unlock(&p->sessions_lock);
        memory_read_unlock(memory);
    }
    return code;
}

static enum err_code fill_sessions(const struct fit_ask *ask, struct proposers *p, struct err *e)
{
    memory_read_lock(ask->memory);
    uint64_t orders = purchases_orders(ask->purchases) * 2;
    memory_read_unlock(ask->memory);
    uint32_t most = orders > SESSIONS_MAX ? SESSIONS_MAX : orders < SESSIONS_MIN ? SESSIONS_MIN : (uint32_t)orders;
    struct sessions_options o = { most, most * 8, p->items + NEW_ITEMS, SESSION_ITEMS, 500, 500, RECOMMEND_SESSION };
    TRY(sessions_new(o, &p->sessions, e));
    return sessions_follow(p, ask->memory, ask->purchases, ask->until_ms, e);
}

static enum err_code fit_all(const struct fit_ask *ask, const struct window *all, const struct purchase_rows *rows,
                             struct proposers *p, struct err *e)
{
    const struct neighbours_options near = { TABLE_KEPT, SHRINK, BASKET_MAX, ask->cancel };
    const struct walk_options walk = { TABLE_KEPT, 1, .3f, BASKET_MAX, ask->cancel };
    p->items = all->items;
    p->buyers = calloc((size_t)p->items + 1, sizeof *p->buyers);
    p->again_days = calloc((size_t)p->items + 1, sizeof *p->again_days);
    if (!p->buyers || !p->again_days || !rows->start)
        return NO_MEMORY(e);
    for (uint64_t i = 0; i < all->start[all->customers]; i++)
        p->buyers[all->item[i]]++;
    TRY(count_trend(ask->book, ask->until_ms, p, e));
    TRY(fill_sessions(ask, p, e));
    TRY(neighbours_fit(*rows, near, &p->table[PROPOSER_NEIGHBOURS], e));
    TRY(together_walk(*rows, walk, &p->table[PROPOSER_WALK], e));
    if (ask->content && p->items)
        TRY(content_liken(ask, p->buyers, p->items, &p->table[PROPOSER_CONTENT], e));
    if (ask->quick || !rows->buyers)
        return ERR_OK;
    TRY(book_again(ask->book, p->again_days, e));
    TRY(fit_ials(rows, ask, p, e));
    return rows->items <= TUNE_EASE_ITEMS ? fit_ease(rows, ask, p, e) : ERR_OK;
}

enum err_code proposers_fit(const struct fit_ask *ask, struct proposers **ret, struct err *e)
{
    struct window all;
    TRY(window_make(ask->book, FACT_NO_TIME, ask->until_ms, &all, e));
    struct purchase_rows rows = window_rows(&all);
    struct proposers *p = calloc(1, sizeof *p);
    if (p)
        pthread_rwlock_init(&p->sessions_lock, NULL);
    enum err_code code = p ? fit_all(ask, &all, &rows, p, e) : NO_MEMORY(e);
    free((void *)(uintptr_t)rows.start);
    window_drop(&all);
    if (code)
        proposers_drop(&p);
    *ret = p;
    return code;
}

/* ---- settings ---- */
struct told {
    struct progress *progress;
    int64_t share;
};

static void tell(void *arg, unsigned done, unsigned most)
{
    const struct told *told = arg;
    progress_set(told->progress, told->share * done / (most ? most : 1), 100);
}

/* The best that was tried of a kind, and that a decision can afford; NULL: none. */
static const struct recommend_options *best_of_kind(const struct tuned *tuned, enum recommend_kind kind)
{
    for (unsigned i = 0; i < tuned->n; i++) {
        const struct tried *t = &tuned->tried[i];
        if (t->full && t->options.kind == kind && (kind != RECOMMEND_IALS || t->options.ials.dimensions <= DIMENSIONS_MAX))
            return &t->options;
    }
    return NULL;
}

/* Some buyers of all, by a hash. */
static void thin(struct purchase_rows *rows, uint64_t *start, uint32_t *item)
{
    uint32_t kept = 0, of = rows->buyers;
    for (uint32_t b = 0; b < of; b++) {
        uint64_t n = rows->start[b + 1] - rows->start[b];
        if (hash_mix(b) % of >= TUNE_BUYERS)
            continue;
        memcpy(item + start[kept], rows->item + rows->start[b], n * sizeof *item);
        start[kept + 1] = start[kept] + n;
        kept++;
    }
    rows->item = item;
    rows->start = start;
    rows->buyers = kept;
}

static enum err_code tune_rows(const struct fit_ask *ask, struct purchase_rows rows, struct progress *progress,
                               struct recommend_settings *ret, struct err *e)
{
    struct told told = { progress, 40 };
    struct tune_options o = { .kinds = 1u << RECOMMEND_IALS | (rows.items <= TUNE_ITEMS ? 1u << RECOMMEND_EASE : 0),
                              .in_order = true, .seed = 1, .threads = 1, .cancel = ask->cancel, .progress = tell, .arg = &told };
    struct tuned *tuned = malloc(sizeof *tuned);
    enum err_code code = tuned ? tune(&rows, &o, tuned, e) : NO_MEMORY(e);
    const struct recommend_options *ease = code ? NULL : best_of_kind(tuned, RECOMMEND_EASE),
                                   *ials = code ? NULL : best_of_kind(tuned, RECOMMEND_IALS);
    if (ease)
        ret->ease_lambda = ease->ridge;
    if (ials)
        *ret = (struct recommend_settings){ ret->ease_lambda, ials->ials.dimensions, ials->ials.epochs, ials->ials.alpha,
                                            ials->ials.lambda, ials->ials.nu, true };
    free(tuned);
    return code == ERR_INVALID ? ERR_OK : code;  // nobody bought two things: what is usual stays
}

enum err_code settings_tune(const struct fit_ask *ask, struct progress *progress, struct recommend_settings *ret, struct err *e)
{
    struct window all;
    TRY(window_make(ask->book, FACT_NO_TIME, ask->until_ms, &all, e));
    struct purchase_rows rows = window_rows(&all);
    uint64_t *whole = (uint64_t *)(uintptr_t)rows.start, *start = calloc((size_t)rows.buyers + 1, sizeof *start);
    uint32_t *item = malloc((all.start[all.customers] + 1) * sizeof *item);
    enum err_code code = whole && start && item ? ERR_OK : NO_MEMORY(e);
    if (!code && rows.buyers) {
        thin(&rows, start, item);
        code = tune_rows(ask, rows, progress, ret, e);
    }
    free(whole);
    free(start);
    free(item);
    window_drop(&all);
    return code;
}
