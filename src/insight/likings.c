/* The follower: looks of each history and products; and when the shop is made anew. */
#include "insight/likings_room.h"

#include "base/limits.h"
#include "base/vec.h"
#include "engine/feel/temporal.h"
#include "insight/purchases_state.h"
#include "sys/clock.h"

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for what customers like")
#define MINUTE_MS 60000
#define NAMES_MAX (1u << 16)         // of categories and of brands; later ones are none: events come from outside
#define CUSTOMERS_A_MS 3             // a shop of ten millions is not made anew within the hour

/* ---- products ---- */
/* The number of a name; 0: it is empty, too long or one too many. false: memory. */
static bool name_number(struct words *words, struct slice name, uint32_t *ret)
{
    *ret = 0;
    if (!name.len || name.len > LIMIT_PRODUCT_ID)
        return true;
    *ret = words->count < NAMES_MAX ? words_add(words, name) : words_find(words, name);
    return *ret || words->count >= NAMES_MAX;
}

/* 0: memory. */
static uint32_t item_number(struct likings *l, struct slice id)
{
    uint32_t before = l->products.count, number = words_add(&l->products, id);
    if (!number || !vec_need(l->item, l->item_cap, (size_t)number + 1))
        return 0;
    if (number > before)
        l->item[number].price_micro = NO_PRICE;
    return number;
}

static bool read_name(struct likings *l, struct json object, const char *member, struct words *words, uint32_t *ret)
{
    return name_number(words, slice_trim(json_text(json_get(object, member), l->scratch)), ret);
}

/* What an event says of a product. *ret 0: it names none. */
static bool event_item(struct likings *l, struct json product, uint32_t *ret)
{
    uint32_t brand, category;
    int64_t price;
    arena_reset(l->scratch);
    struct slice id = event_product_id(product, l->scratch);
    *ret = id.len ? item_number(l, id) : 0;
    if (!*ret)
        return !id.len;
    struct item *item = &l->item[*ret];
    if (!read_name(l, product, "brand", &l->brands, &brand) || !read_name(l, product, "category", &l->categories, &category))
        return false;
    item->brand = brand ? brand : item->brand;
    if (item->catalogued)
        return true;
    item->category = category ? category : item->category;
    if (event_amount(json_get(product, "price"), &price) && price > 0)
        item->price_micro = price;
    return true;
}

static enum err_code catalogue_item(struct likings *l, struct json body, struct err *e)
{
    struct json product = json_get(body, "product"), removed = json_get(body, "removed");
    bool gone = json_is(removed, JSON_STRING);
    arena_reset(l->scratch);
    struct slice id = json_string(gone ? removed : json_get(product, "id"), l->scratch);
    if (!id.len)
        return ERR_OK;
    uint32_t number = item_number(l, id), category;
    if (!number || !read_name(l, product, "category", &l->categories, &category))
        return NO_MEMORY(e);
    struct item *item = &l->item[number], is = { category, item->brand, NO_PRICE, true };
    item->catalogued = !gone;
    if (gone)                    // what they liked of it they still like
        return ERR_OK;
    if (!event_amount(json_get(product, "price"), &is.price_micro))
        is.price_micro = NO_PRICE;
    if (is.category != item->category || is.price_micro != item->price_micro)
        atomic_fetch_add(&l->moves, 1);
    *item = is;
    return ERR_OK;
}

/* ---- looks ---- */
static uint32_t look_room(struct likings *l)
{
    uint32_t at = l->freed;
    if (at) {
        l->freed = l->look[at].before;
        return at;
    }
    if (!vec_need(l->look, l->look_cap, l->looks + 2))
        return 0;
    return (uint32_t)++l->looks;
}

/* The oldest of a history that has as many as are kept. */
static uint32_t take_oldest(struct likings *l, uint32_t latest)
{
    uint32_t at = latest;
    while (l->look[l->look[at].before].before)
        at = l->look[at].before;
    uint32_t oldest = l->look[at].before;
    l->look[at].before = 0;
    return oldest;
}

static enum err_code add_look(struct likings *l, const struct fact *fact, uint32_t product, enum taste_event kind,
                              struct err *e)
{
    if (!vec_need(l->latest, l->latest_cap, (size_t)fact->customer + 1))
        return NO_MEMORY(e);
    uint32_t latest = l->latest[fact->customer];
    uint8_t n = latest ? l->look[latest].n : 0;
    bool full = n == LOOKS_MAX;
    uint32_t at = full ? take_oldest(l, latest) : look_room(l);
    if (!at)
        return NO_MEMORY(e);
    int64_t minute = fact->timestamp_ms / MINUTE_MS;
    l->look[at] = (struct look){ product, minute > 0 && minute <= UINT32_MAX ? (uint32_t)minute : 0, latest,
                                 fact->source <= UINT16_MAX ? (uint16_t)fact->source : 0, (uint8_t)kind,
                                 full ? n : (uint8_t)(n + 1) };
    l->latest[fact->customer] = at;
    return ERR_OK;
}

static enum err_code apply_look(struct likings *l, const struct fact *fact, struct json properties, enum taste_event kind,
                                struct err *e)
{
    uint32_t product;
    if (!event_item(l, properties, &product))
        return NO_MEMORY(e);
    return product && fact->customer != FACT_NOBODY ? add_look(l, fact, product, kind, e) : ERR_OK;
}

/* Purchases know the lines; here are their products. */
static enum err_code apply_order(struct likings *l, const struct fact *fact, struct json properties, enum taste_event kind,
                                 struct err *e)
{
    struct json products = json_get(properties, "products");
    uint32_t product;
    (void)fact;
    (void)kind;
    for (struct json_iter it = json_iter(products); json_is(products, JSON_ARRAY) && json_next(&it);)
        if (json_is(it.value, JSON_OBJECT) && !event_item(l, it.value, &product))
            return NO_MEMORY(e);
    return ERR_OK;
}

static const struct {
    const char *event;
    enum err_code (*apply)(struct likings *, const struct fact *, struct json, enum taste_event, struct err *);
    enum taste_event kind;
} events[] = {
    { "Order Completed", apply_order, TASTE_BOUGHT }, { "Completed Order", apply_order, TASTE_BOUGHT },
    { "Order Updated", apply_order, TASTE_BOUGHT },   { "Product Viewed", apply_look, TASTE_VIEWED },
    { "Viewed Product", apply_look, TASTE_VIEWED },   { "Product Added", apply_look, TASTE_ADDED },
    { "Added Product", apply_look, TASTE_ADDED },
};
#define EVENTS (sizeof events / sizeof *events)

/* ---- the follower ---- */
static enum err_code likings_apply(void *self, const struct fact *fact, struct err *e)
{
    struct likings *l = self;
    struct json body;
    size_t i = 0;
    while (fact->type == FACT_TRACK && i < EVENTS && !slice_eq_nocase(fact->event, slice_of(events[i].event)))
        i++;
    if (fact->type != FACT_CATALOGUE && (fact->type != FACT_TRACK || i == EVENTS))
        return ERR_OK;
    enum err_code code = json_parse(l->parser, fact->body, &body, e);
    if (code)  // what no reader can read says nothing, for ever; without memory it is told again
        return code == ERR_INVALID ? ERR_OK : code;
    if (fact->type == FACT_CATALOGUE)
        return catalogue_item(l, body, e);
    TRY(events[i].apply(l, fact, json_get(body, "properties"), events[i].kind, e));
    atomic_fetch_add(&l->acts, 1);
    return ERR_OK;
}

static void likings_forget(void *self, uint32_t customer)
{
    struct likings *l = self;
    uint32_t at = customer < l->latest_cap ? l->latest[customer] : 0, last = at;
    if (!at)
        return;
    while (l->look[last].before)
        last = l->look[last].before;
    l->look[last].before = l->freed;
    l->freed = at;
    l->latest[customer] = 0;
}

static void likings_reset(void *self)
{
    struct likings *l = self;
    words_drop(&l->products);
    words_drop(&l->categories);
    words_drop(&l->brands);
    free(l->item);
    free(l->latest);
    free(l->look);
    l->item = NULL;
    l->latest = NULL;
    l->look = NULL;
    l->item_cap = l->latest_cap = l->look_cap = l->looks = 0;
    l->freed = 0;
    atomic_store(&l->acts, 0);
    atomic_store(&l->moves, 0);
}

enum { HEAD_ITEMS, HEAD_LATEST, HEAD_LOOKS, HEAD_FREED, HEAD_ACTS, HEAD_MOVES, HEAD };

static enum err_code likings_save(void *self, struct snapshot_out *out, struct err *e)
{
    struct likings *l = self;
    const uint64_t head[HEAD] = { l->products.count ? l->products.count + 1 : 0, l->latest_cap, l->looks ? l->looks + 1 : 0,
                                  l->freed, atomic_load(&l->acts), atomic_load(&l->moves) };
    TRY(snapshot_put(out, head, sizeof head, e));
    TRY(words_save(&l->products, out, e));
    TRY(words_save(&l->categories, out, e));
    TRY(words_save(&l->brands, out, e));
    TRY(snapshot_put(out, l->item, head[HEAD_ITEMS] * sizeof *l->item, e));
    TRY(snapshot_put(out, l->latest, head[HEAD_LATEST] * sizeof *l->latest, e));
    return snapshot_put(out, l->look, head[HEAD_LOOKS] * sizeof *l->look, e);
}

static enum err_code likings_load(void *self, struct snapshot_in *in, struct err *e)
{
    struct likings *l = self;
    uint64_t head[HEAD];
    likings_reset(l);
    TRY(snapshot_get(in, head, sizeof head, e));
    TRY(words_load(&l->products, in, e));
    TRY(words_load(&l->categories, in, e));
    TRY(words_load(&l->brands, in, e));
    if (head[HEAD_ITEMS] > UINT32_MAX || head[HEAD_LATEST] > UINT32_MAX || head[HEAD_LOOKS] > UINT32_MAX
        || !vec_need(l->item, l->item_cap, head[HEAD_ITEMS]) || !vec_need(l->latest, l->latest_cap, head[HEAD_LATEST])
        || !vec_need(l->look, l->look_cap, head[HEAD_LOOKS]))
        return NO_MEMORY(e);
    TRY(snapshot_get(in, l->item, head[HEAD_ITEMS] * sizeof *l->item, e));
    TRY(snapshot_get(in, l->latest, head[HEAD_LATEST] * sizeof *l->latest, e));
    TRY(snapshot_get(in, l->look, head[HEAD_LOOKS] * sizeof *l->look, e));
    l->looks = head[HEAD_LOOKS] ? head[HEAD_LOOKS] - 1 : 0;
    l->freed = (uint32_t)head[HEAD_FREED];
    atomic_store(&l->acts, head[HEAD_ACTS]);
    atomic_store(&l->moves, head[HEAD_MOVES]);
    return ERR_OK;
}

struct follower likings_follower(struct likings *l)
{
    return (struct follower){ .name = "likings", .version = 1, .per_customer = true, .large = true, .apply = likings_apply,
                              .forget = likings_forget, .reset = likings_reset, .save = likings_save, .load = likings_load,
                              .self = l };
}

/* ---- life ---- */
enum err_code likings_new(struct memory *memory, struct purchases *purchases, const struct zones *zones, struct likings **ret,
                          struct err *e)
{
    assert(memory && purchases && ret);
    struct likings *l = calloc(1, sizeof *l);
    if (!l)
        return NO_MEMORY(e);
    l->memory = memory;
    l->purchases = purchases;
    l->zones = zones;
    pthread_mutex_init(&l->making, NULL);
    pthread_mutex_init(&l->lock, NULL);
    l->now_ms = clock_now_ms(memory_clock(memory));
    l->parser = json_parser_new();
    l->scratch = arena_new((size_t)1 << 20);
    l->shop = likings_shop_new(l, l->now_ms);
    *ret = l;
    if (l->parser && l->scratch && l->shop)
        return ERR_OK;
    likings_drop(ret);
    return NO_MEMORY(e);
}

void likings_drop(struct likings **likings)
{
    struct likings *l = *likings;
    if (!l)
        return;
    likings_reset(l);
    assert(!l->shop || l->shop->views == 0);
    likings_shop_drop(l->shop);
    json_parser_drop(&l->parser);
    arena_drop(&l->scratch);
    pthread_mutex_destroy(&l->making);
    pthread_mutex_destroy(&l->lock);
    free(l);
    *likings = NULL;
}

size_t likings_memory_bytes(const struct likings *l)
{
    return l->item_cap * sizeof *l->item + l->latest_cap * sizeof *l->latest + l->look_cap * sizeof *l->look
           + words_memory_bytes(&l->products) + words_memory_bytes(&l->categories) + words_memory_bytes(&l->brands);
}

struct likings_view likings_look(struct likings *l)
{
    pthread_mutex_lock(&l->lock);
    l->shop->views++;
    const struct likings_view view = { l, l->shop };
    pthread_mutex_unlock(&l->lock);
    return view;
}

void likings_leave(struct likings_view *view)
{
    struct likings *l = view->of;
    struct likings_shop *shop = (struct likings_shop *)(uintptr_t)view->shop;
    pthread_mutex_lock(&l->lock);
    assert(shop->views > 0);
    bool last = --shop->views == 0 && shop != l->shop;
    pthread_mutex_unlock(&l->lock);
    if (last)
        likings_shop_drop(shop);
    *view = (struct likings_view){ 0 };
}

uint64_t likings_stamp(const struct likings_view *view)
{
    return view->shop->stamp;
}

int32_t likings_today(const struct likings_view *view)
{
    return view->shop->today;
}

/* ---- the shop ---- */
void likings_turn(struct likings *l, int64_t now_ms)
{
    pthread_mutex_lock(&l->lock);
    l->now_ms = now_ms;
    pthread_mutex_unlock(&l->lock);
}

bool likings_due(const struct likings *likings)
{
    struct likings *l = (struct likings *)(uintptr_t)likings;  // for its lock
    uint64_t acts = atomic_load(&l->acts), moves = atomic_load(&l->moves);
    pthread_mutex_lock(&l->lock);
    const struct likings_shop *shop = l->shop;
    bool other = acts > shop->acts + shop->acts / 10 || acts < shop->acts || moves != shop->moves;
    bool due = !shop->stamp || zones_day(l->zones, l->now_ms) != shop->today
               || (other && l->now_ms - shop->made_ms >= shop->customers / CUSTOMERS_A_MS);
    pthread_mutex_unlock(&l->lock);
    return due;
}

static void use(struct likings *l, struct likings_shop *shop)
{
    pthread_mutex_lock(&l->lock);
    struct likings_shop *old = l->shop;
    shop->stamp = old->stamp + 1;
    l->shop = shop;
    bool last = old->views == 0;
    pthread_mutex_unlock(&l->lock);
    if (last)
        likings_shop_drop(old);
}

enum err_code likings_refresh(struct likings *l, int64_t now_ms, struct err *e)
{
    likings_turn(l, now_ms);
    pthread_mutex_lock(&l->making);
    enum err_code code = ERR_OK;
    if (likings_due(l)) {
        struct likings_shop *shop = likings_shop_new(l, now_ms);
        code = shop ? likings_shop_make(l, shop, e) : NO_MEMORY(e);
        if (code)
            likings_shop_drop(shop);
        else
            use(l, shop);
    }
    pthread_mutex_unlock(&l->making);
    return code;
}
