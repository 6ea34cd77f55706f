/* The acts of one customer as tastes; and the shop: levels of price, and what everybody does. */
#include "insight/likings_room.h"

#include <math.h>

#include "base/vec.h"
#include "engine/feel/temporal.h"
#include "insight/purchases_state.h"
#include "text/time.h"

#define HALF_LIFE_MS (LIKING_HALF_LIFE_DAYS * (double)DAY_MS)
#define PRIOR_EVENTS 2
#define HOUR_MS INT64_C(3600000)
#define LEVELS 5
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for what the shop's customers like")

const struct taste_limits liking_limits = { 3, .8 };

const char *liking_name(enum liking liking)
{
    static const char *const names[LIKINGS] = { "category", "brand", "priceLevel", "hour", "weekday", "channel" };
    assert((unsigned)liking < LIKINGS);
    return names[liking];
}

/* ---- the acts of one ---- */
struct reading {
    const struct likings *l;
    const struct likings_shop *shop;
    struct likings_work *work;
};

/* Times are between 1970 and the day's end: clocks of clients say anything. */
static struct liking_act *act_add(const struct reading *r, int64_t time_ms, enum taste_event kind)
{
    struct likings_work *w = r->work;
    if (!vec_need(w->act, w->cap, w->n + 1))
        return NULL;
    struct liking_act *act = &w->act[w->n++];
    int64_t at_ms = time_ms < 0 ? 0 : time_ms < r->shop->now_ms ? time_ms : r->shop->now_ms;
    *act = (struct liking_act){ at_ms, kind, { 0 } };
    for (size_t i = 0; i < LIKINGS; i++)
        act->code[i] = LIKING_NONE;
    return act;
}

static uint32_t code_or_none(uint32_t number)
{
    return number ? number : LIKING_NONE;
}

static void put_item(const struct reading *r, struct liking_act *act, uint32_t number)
{
    const struct item *item = &r->l->item[number];
    act->code[LIKING_CATEGORY] = code_or_none(item->category);
    act->code[LIKING_BRAND] = code_or_none(item->brand);
    act->code[LIKING_PRICE_LEVEL] = code_or_none(number < r->shop->items ? r->shop->level[number] : 0);
}

static void put_when(const struct reading *r, struct liking_act *act, uint32_t source)
{
    int64_t wall_ms = act->time_ms + (int64_t)zones_offset_here(r->l->zones, act->time_ms) * 1000;
    int32_t day = time_day(wall_ms);
    act->code[LIKING_HOUR] = (uint32_t)((wall_ms - day * DAY_MS) / HOUR_MS);
    act->code[LIKING_WEEKDAY] = (uint32_t)(((day + 3) % 7 + 7) % 7);  // 1970 began on a Thursday; 0 is Monday
    act->code[LIKING_CHANNEL] = code_or_none(source);
}

static bool read_lines(const struct reading *r, uint32_t root)
{
    const struct likings *l = r->l;
    struct likings_work *w = r->work;
    bool ok = purchases_lines(l->purchases, root, &w->line, &w->lines, &w->lines_cap);
    for (size_t i = 0; i < w->lines && ok; i++) {
        uint32_t item = words_find(&l->products, purchases_product_id(l->purchases, w->line[i].product));
        struct liking_act *act = item ? act_add(r, w->line[i].time_ms, TASTE_BOUGHT) : NULL;
        ok = act || !item;
        if (act)
            put_item(r, act, item);
    }
    return ok;
}

static bool read_orders(const struct reading *r, uint32_t root)
{
    struct likings_work *w = r->work;
    bool ok = purchases_when(r->l->purchases, root, &w->when, &w->whens, &w->whens_cap);
    for (size_t i = 0; i < w->whens && ok; i++) {
        struct liking_act *act = act_add(r, w->when[i].time_ms, TASTE_BOUGHT);
        ok = act != NULL;
        if (ok)
            put_when(r, act, w->when[i].source);
    }
    return ok;
}

static bool read_looks(const struct reading *r, uint32_t root)
{
    const struct likings *l = r->l;
    struct histories histories;
    bool ok = true;
    histories_of(l->purchases, root, &histories);
    for (size_t h = 0; h < histories.n; h++) {
        uint32_t at = histories.of[h] < l->latest_cap ? l->latest[histories.of[h]] : 0;
        for (; at && ok; at = l->look[at].before) {
            const struct look *look = &l->look[at];
            struct liking_act *act = act_add(r, look->minute * INT64_C(60000), (enum taste_event)look->kind);
            ok = act != NULL;
            if (!ok)
                break;
            put_item(r, act, look->product);
            put_when(r, act, look->source);
        }
    }
    histories_free(&histories);
    return ok;
}

static bool read_acts(const struct reading *r, uint32_t root)
{
    r->work->n = 0;
    bool ok = read_lines(r, root) && read_orders(r, root) && read_looks(r, root);
    r->work->n = ok ? r->work->n : 0;
    return ok;
}

/* The most that any attribute could have, if nothing had faded. */
static double most_evidence(const struct likings_work *w)
{
    double sum[LIKINGS] = { 0 }, most = 0;
    for (size_t i = 0; i < w->n; i++)
        for (size_t k = 0; k < LIKINGS; k++)
            sum[k] += w->act[i].code[k] == LIKING_NONE ? 0 : taste_weight(w->act[i].kind);
    for (size_t k = 0; k < LIKINGS; k++)
        most = fmax(most, sum[k]);
    return most;
}

/* Codes beyond those that a taste holds do not count. */
static void add_acts(struct taste *taste, const struct likings_work *w)
{
    struct err ignored;
    for (size_t i = 0; i < w->n; i++)
        for (size_t k = 0; k < LIKINGS; k++)
            if (w->act[i].code[k] != LIKING_NONE)
                (void)!taste_add(&taste[k], w->act[i].code[k], w->act[i].time_ms, taste_weight(w->act[i].kind), &ignored);
}

static void tastes_clear(struct taste *taste)
{
    for (size_t k = 0; k < LIKINGS; k++) {
        if (taste[k].half_life_ms > 0)
            taste_drop(&taste[k]);
        taste_init(&taste[k], HALF_LIFE_MS);
    }
}

void likings_work_clear(struct likings_work *w)
{
    tastes_clear(w->taste);
    free(w->act);
    free(w->line);
    free(w->when);
    *w = (struct likings_work){ 0 };
}

static struct taste_prior prior_of(const struct likings_shop *shop, size_t liking)
{
    return (struct taste_prior){ &shop->taste[liking], PRIOR_EVENTS };
}

struct customer_likings likings_of(const struct likings_view *view, struct likings_work *w, uint32_t root, bool whole)
{
    const struct likings_shop *shop = view->shop;
    const struct reading r = { view->of, shop, w };
    struct customer_likings ret = { .price_level = NAN };
    tastes_clear(w->taste);
    if (!read_acts(&r, root) || (!whole && most_evidence(w) < liking_limits.evidence))
        return ret;
    add_acts(w->taste, w);
    for (size_t k = 0; k < LIKINGS; k++)
        ret.of[k] = taste_favourite(&w->taste[k], prior_of(shop, k), liking_limits, shop->now_ms);
    if (ret.of[LIKING_PRICE_LEVEL].evidence >= liking_limits.evidence)
        ret.price_level = taste_mean(&w->taste[LIKING_PRICE_LEVEL], prior_of(shop, LIKING_PRICE_LEVEL), shop->now_ms);
    return ret;
}

static void count_acts(const struct likings_work *w, enum liking liking, struct liking_code *c)
{
    c->since_ms = FACT_NO_TIME;
    for (size_t i = 0; i < w->n; i++) {
        const struct liking_act *act = &w->act[i];
        uint32_t code = act->code[liking];
        if (code == LIKING_NONE)
            continue;
        bool bought = act->kind == TASTE_BOUGHT;
        *(bought ? &c->bought_all : &c->looked_all) += 1;
        *(bought ? &c->bought : &c->looked) += code == c->code;
        if (c->since_ms == FACT_NO_TIME || act->time_ms < c->since_ms)
            c->since_ms = act->time_ms;
    }
}

size_t likings_best(const struct likings_view *view, const struct likings_work *w, enum liking liking, struct liking_code *ret,
                    size_t max)
{
    const struct likings_shop *shop = view->shop;
    struct taste_code best[LIKING_SHOWN];
    assert(max <= LIKING_SHOWN);
    size_t n = taste_best(&w->taste[liking], prior_of(shop, liking), shop->now_ms, best, max);
    for (size_t i = 0; i < n; i++) {
        ret[i] = (struct liking_code){ .code = best[i].code, .share = best[i].share };
        ret[i].shop_share = taste_share(&shop->taste[liking], (struct taste_prior){ 0 }, best[i].code, shop->now_ms);
        count_acts(w, liking, &ret[i]);
    }
    return n;
}

size_t likings_of_shop(const struct likings_view *view, enum liking liking, struct liking_code *ret, size_t max)
{
    const struct taste *taste = &view->shop->taste[liking];
    struct taste_code best[LIKING_SHOWN];
    assert(max <= LIKING_SHOWN);
    size_t n = taste_best(taste, (struct taste_prior){ 0 }, view->shop->now_ms, best, max);
    for (size_t i = 0; i < n; i++)
        ret[i] = (struct liking_code){ .code = best[i].code, .share = best[i].share, .shop_share = best[i].share,
                                       .since_ms = FACT_NO_TIME };
    return n;
}

struct slice likings_word(const struct likings_view *view, enum liking liking, uint32_t code)
{
    static const char *const weekdays[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
    const struct likings *l = view->of;
    switch (liking) {
    case LIKING_CATEGORY: return words_text(&l->categories, code);
    case LIKING_BRAND: return words_text(&l->brands, code);
    case LIKING_WEEKDAY: return slice_of(weekdays[code % 7]);
    case LIKING_CHANNEL: return memory_source_name(l->memory, code);
    default: return (struct slice){ NULL, 0 };
    }
}

/* ---- levels of price ---- */
struct priced {
    uint32_t category, item;
    int64_t price_micro;
};

static int by_price(const void *a, const void *b)
{
    const struct priced *x = a, *y = b;
    if (x->category != y->category)
        return x->category < y->category ? -1 : 1;
    if (x->price_micro != y->price_micro)
        return x->price_micro < y->price_micro ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

/* One category: equal prices are of one level, that of the middle one of them. */
static void level_category(const struct priced *of, size_t n, uint8_t *level)
{
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && of[to].price_micro == of[from].price_micro;)
            to++;
        size_t middle = from + (to - 1 - from) / 2;
        for (size_t i = from; i < to; i++)
            level[of[i].item] = (uint8_t)(1 + middle * LEVELS / n);
    }
}

static void level_all(struct priced *of, size_t n, uint8_t *level)
{
    qsort(of, n, sizeof *of, by_price);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && of[to].category == of[from].category;)
            to++;
        if (to - from >= LEVEL_PRICES)
            level_category(of + from, to - from, level);
    }
}

static enum err_code make_levels(struct likings *l, struct likings_shop *shop, struct err *e)
{
    size_t n = 0;
    memory_read_lock(l->memory);
    shop->items = l->products.count ? l->products.count + 1 : 0;
    memory_read_unlock(l->memory);
    struct priced *of = malloc((shop->items + 1) * sizeof *of);
    shop->level = calloc(shop->items + 1, 1);
    if (!of || !shop->level) {
        free(of);
        return NO_MEMORY(e);
    }
    memory_read_lock(l->memory);
    for (uint32_t i = 1; i < shop->items; i++) {
        memory_read_turn(l->memory);
        if (l->item[i].price_micro != NO_PRICE)
            of[n++] = (struct priced){ l->item[i].category, i, l->item[i].price_micro };
    }
    memory_read_unlock(l->memory);
    level_all(of, n, shop->level);
    free(of);
    return ERR_OK;
}

/* ---- the shop ---- */
struct likings_shop *likings_shop_new(const struct likings *l, int64_t now_ms)
{
    struct likings_shop *shop = calloc(1, sizeof *shop);
    if (!shop)
        return NULL;
    shop->made_ms = now_ms;
    shop->today = zones_day(l->zones, now_ms);
    shop->now_ms = (shop->today + INT64_C(1)) * DAY_MS - (int64_t)zones_offset_here(l->zones, now_ms) * 1000 - 1;
    for (size_t k = 0; k < LIKINGS; k++)
        taste_init(&shop->taste[k], HALF_LIFE_MS);
    return shop;
}

void likings_shop_drop(struct likings_shop *shop)
{
    if (!shop)
        return;
    tastes_clear(shop->taste);
    free(shop->level);
    free(shop);
}

enum err_code likings_shop_make(struct likings *l, struct likings_shop *shop, struct err *e)
{
    struct likings_work work = { 0 };
    const struct reading r = { l, shop, &work };
    const struct customers *customers = memory_customers(l->memory);
    bool ok = true;
    shop->acts = atomic_load(&l->acts);
    shop->moves = atomic_load(&l->moves);
    TRY(make_levels(l, shop, e));
    memory_read_lock(l->memory);
    shop->customers = customers_count(customers);
    uint32_t step = shop->customers / SHOP_SAMPLE + 1;
    for (uint32_t root = 1; ok && root <= shop->customers; root += step) {
        memory_read_turn(l->memory);
        if (!customers_is_root(customers, root))
            continue;
        ok = read_acts(&r, root);
        add_acts(shop->taste, &work);
    }
    memory_read_unlock(l->memory);
    likings_work_clear(&work);
    return ok ? ERR_OK : NO_MEMORY(e);
}
