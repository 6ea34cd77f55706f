#include "offers/catalogue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/vec.h"
#include "insight/words.h"
#include "offers/catalogue_rows.h"

/* A product in memory: its strings lie in one block behind it. */
struct entry {
    struct product product;
    char bytes[];
};
/* What is known of an id; a decision asks hundreds of rows for the last two. */
struct row {
    struct entry *entry;       // NULL: the catalogue has it not, or no more
    uint32_t group;            // number of its category in `groups`; 0: none
    bool offerable;
};

struct popular {
    uint32_t product[POPULAR_MAX];
    size_t n;
};

struct category_row {
    uint32_t id;      // number of the id that this id or name stands for
    uint32_t en, es;  // numbers of its names, on the row of an id; 0: none
};

struct catalogue {
    struct memory *memory;
    struct purchases *purchases;
    struct json_parser *parser;
    struct arena *scratch;
    struct words ids;          // of products ever seen; row[number]
    struct row *row;
    uint32_t *by_number;       // purchases' number -> number in ids
    size_t row_cap, by_number_cap;
    uint32_t mapped;           // purchases' numbers that by_number covers
    int64_t live, changes;
    struct words groups;       // categories that products name
    struct words categories;   // their ids and names
    struct category_row *category;  // by number in `categories`
    size_t category_cap;
    pthread_mutex_t lock;      // guards the lists below
    struct popular **list;     // by group; 0: the whole shop; NULL: nothing of it was bought
    size_t list_cap;
    uint64_t listed_orders;
    int64_t listed_changes;
};

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the catalogue")

/* ---- rows in memory ---- */

static struct slice put_text(char **at, struct slice text)
{
    struct slice copy = { *at, text.len };
    if (text.len)
        memcpy(*at, text.at, text.len);
    *at += text.len;
    return copy;
}

static struct entry *entry_new(const struct product *p)
{
    size_t bytes = p->id.len + p->title.len + p->description.len + p->category.len + p->image_url.len
                   + p->url.len;
    struct entry *entry = calloc(1, sizeof *entry + bytes);
    if (!entry)
        return NULL;
    char *at = entry->bytes;
    entry->product = *p;
    entry->product.id = put_text(&at, p->id);
    entry->product.title = put_text(&at, p->title);
    entry->product.description = put_text(&at, p->description);
    entry->product.category = put_text(&at, p->category);
    entry->product.image_url = put_text(&at, p->image_url);
    entry->product.url = put_text(&at, p->url);
    return entry;
}

static bool is_offerable(const struct product *p)
{
    return p->kind == PRODUCT_GOODS && p->active && p->stock != 0 && p->title.len;
}

static enum err_code memory_put(struct catalogue *c, const struct product *p, struct err *e)
{
    uint32_t number = words_add(&c->ids, p->id);
    struct entry *entry = number && vec_need(c->row, c->row_cap, (size_t)number + 1) ? entry_new(p) : NULL;
    if (!entry)
        return NO_MEMORY(e);
    struct row *row = &c->row[number];
    c->live += row->entry == NULL;
    free(row->entry);
    *row = (struct row){ entry, p->category.len ? words_add(&c->groups, p->category) : 0, is_offerable(p) };
    c->changes++;
    return ERR_OK;
}

static void memory_remove(struct catalogue *c, struct slice id)
{
    uint32_t number = words_find(&c->ids, id);
    if (!number || number >= c->row_cap || !c->row[number].entry)
        return;
    free(c->row[number].entry);
    c->row[number] = (struct row){ 0 };
    c->live--;
    c->changes++;
}

/* Products that were bought for the first time since: their numbers are new. */
static enum err_code map_numbers(struct catalogue *c, struct err *e)
{
    uint32_t count = purchases_products(c->purchases);
    if (!vec_need(c->by_number, c->by_number_cap, (size_t)count + 1))
        return NO_MEMORY(e);
    while (c->mapped < count) {
        uint32_t number = c->mapped + 1, row = words_add(&c->ids, purchases_product_id(c->purchases, number));
        if (!row || !vec_need(c->row, c->row_cap, (size_t)row + 1))
            return NO_MEMORY(e);
        c->by_number[number] = row;
        c->mapped = number;
    }
    return ERR_OK;
}

/* A name leads to its category, unless it is the id of another one. */
static enum err_code category_text(struct catalogue *c, struct slice text, uint32_t id, uint32_t *ret,
                                   struct err *e)
{
    uint32_t number = text.len ? words_add(&c->categories, text) : 0;
    if (text.len && (!number || !vec_need(c->category, c->category_cap, (size_t)number + 1)))
        return NO_MEMORY(e);
    *ret = number;
    if (number && c->category[number].id != number)
        c->category[number].id = id ? id : number;
    return ERR_OK;
}

static enum err_code memory_category(struct catalogue *c, const struct category *category, struct err *e)
{
    uint32_t id = 0, en = 0, es = 0;
    TRY(category_text(c, category->id, 0, &id, e));
    TRY(category_text(c, category->name_en, id, &en, e));
    TRY(category_text(c, category->name_es, id, &es, e));
    if (id) {
        c->category[id].en = en;
        c->category[id].es = es;
    }
    return ERR_OK;
}

/* ---- following the log ---- */

static enum err_code catalogue_apply(void *self, const struct fact *fact, struct err *e)
{
    struct catalogue *c = self;
    TRY(map_numbers(c, e));
    if (fact->type != FACT_CATALOGUE)
        return ERR_OK;
    struct json body;
    TRY(json_parse(c->parser, fact->body, &body, e));
    arena_reset(c->scratch);
    struct json product = json_get(body, "product"), category = json_get(body, "category"),
                removed = json_get(body, "removed");
    if (json_is(removed, JSON_STRING))
        memory_remove(c, json_string(removed, c->scratch));
    if (json_is(product, JSON_OBJECT)) {
        struct product p;
        TRY(product_of_json(product, c->scratch, &p, e));
        TRY(memory_put(c, &p, e));
    }
    if (json_is(category, JSON_OBJECT)) {
        struct category row;
        TRY(category_of_json(category, c->scratch, &row, e));
        TRY(memory_category(c, &row, e));
    }
    return ERR_OK;
}

/* The tables are written in the fact's own transaction and read at start: a snapshot holds nothing. */
static enum err_code nothing_saved(void *self, struct snapshot_out *out, struct err *e)
{
    (void)self;
    return snapshot_put(out, "", 0, e);
}

static enum err_code nothing_loaded(void *self, struct snapshot_in *in, struct err *e)
{
    (void)in;
    return map_numbers(self, e);
}

static void catalogue_reset(void *self)
{
    struct catalogue *c = self;
    c->mapped = 0;  // the rows stay: applying the facts again from the first one ends in the same
}

struct follower catalogue_follower(struct catalogue *c)
{
    return (struct follower){ .name = "catalogue", .version = 1, .apply = catalogue_apply,
                              .reset = catalogue_reset, .save = nothing_saved, .load = nothing_loaded,
                              .self = c };
}

static enum err_code load_products(struct catalogue *c, struct store_conn *conn, struct err *e)
{
    struct product_query query = { .kind = -1, .limit = 500 };
    struct arena *mem = arena_new((size_t)64 << 20);
    char last[512];
    enum err_code code = mem ? ERR_OK : NO_MEMORY(e);
    for (size_t got = query.limit; !code && got == query.limit;) {
        struct product *rows;
        code = catalogue_list(conn, &query, mem, &rows, &got, e);
        for (size_t i = 0; !code && i < got; i++)
            code = memory_put(c, &rows[i], e);
        if (!code && got) {
            assert(rows[got - 1].id.len < sizeof last);
            memcpy(last, rows[got - 1].id.at, rows[got - 1].id.len);
            query.after = (struct slice){ last, rows[got - 1].id.len };
        }
        arena_reset(mem);
    }
    arena_drop(&mem);
    return code;
}

static enum err_code load_categories(struct catalogue *c, struct store_conn *conn, struct err *e)
{
    AUTO(arena) mem = arena_new((size_t)16 << 20);
    struct category *rows;
    size_t n;
    if (!mem)
        return NO_MEMORY(e);
    TRY(catalogue_categories(conn, mem, &rows, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(memory_category(c, &rows[i], e));
    return ERR_OK;
}

enum err_code catalogue_new(struct memory *memory, struct store_conn *conn, struct purchases *purchases,
                            struct catalogue **ret, struct err *e)
{
    assert(memory && conn && purchases && ret);
    struct catalogue *c = calloc(1, sizeof *c);
    if (!c)
        return NO_MEMORY(e);
    pthread_mutex_init(&c->lock, NULL);
    c->memory = memory;
    c->purchases = purchases;
    c->parser = json_parser_new();
    c->scratch = arena_new((size_t)1 << 20);
    enum err_code code = c->parser && c->scratch ? ERR_OK : NO_MEMORY(e);
    if (!code)
        code = load_products(c, conn, e);
    if (!code)
        code = load_categories(c, conn, e);
    if (code)
        catalogue_drop(&c);
    else
        *ret = c;
    return code;
}

void catalogue_drop(struct catalogue **catalogue)
{
    assert(catalogue);
    struct catalogue *c = *catalogue;
    if (!c)
        return;
    for (size_t i = 0; i < c->row_cap; i++)
        free(c->row[i].entry);
    for (size_t i = 0; i < c->list_cap; i++)
        free(c->list[i]);
    words_drop(&c->ids);
    words_drop(&c->categories);
    words_drop(&c->groups);
    free(c->row);
    free(c->by_number);
    free(c->category);
    free(c->list);
    json_parser_drop(&c->parser);
    arena_drop(&c->scratch);
    pthread_mutex_destroy(&c->lock);
    free(c);
    *catalogue = NULL;
}

/* ---- reading ---- */

int64_t catalogue_count(const struct catalogue *c)
{
    return c->live;
}

const struct product *catalogue_find(const struct catalogue *c, struct slice id)
{
    uint32_t row = words_find(&c->ids, id);
    return row && row < c->row_cap && c->row[row].entry ? &c->row[row].entry->product : NULL;
}

/* Numbers that purchases gave away since this follower was told of a fact are looked up by their id. */
static const struct row *row_of(const struct catalogue *c, uint32_t product)
{
    static const struct row none = { 0 };
    if (product == 0 || product > purchases_products(c->purchases))
        return &none;
    uint32_t number = product <= c->mapped ? c->by_number[product]
                                           : words_find(&c->ids, purchases_product_id(c->purchases, product));
    return number < c->row_cap ? &c->row[number] : &none;
}

const struct product *catalogue_product(const struct catalogue *c, uint32_t product)
{
    const struct row *row = row_of(c, product);
    return row->entry ? &row->entry->product : NULL;
}

bool catalogue_offerable(const struct catalogue *c, uint32_t product)
{
    return row_of(c, product)->offerable;
}

uint32_t catalogue_group(const struct catalogue *c, uint32_t product)
{
    return row_of(c, product)->group;
}

struct slice catalogue_category_name(const struct catalogue *c, struct slice id, const char *lang)
{
    uint32_t number = words_find(&c->categories, id);
    const struct category_row *row = number ? &c->category[number] : NULL;
    uint32_t name = row ? (lang[0] == 'e' && lang[1] == 's' ? row->es : row->en) : 0;
    return name ? words_text(&c->categories, name) : id;
}

struct ranked {
    double trend;
    uint32_t product;
};

static int most_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->trend != y->trend)
        return x->trend > y->trend ? -1 : 1;
    return (x->product > y->product) - (x->product < y->product);
}

static void list_push(struct catalogue *c, uint32_t group, uint32_t product)
{
    if (!vec_need(c->list, c->list_cap, (size_t)group + 1))
        return;
    if (!c->list[group])
        c->list[group] = calloc(1, sizeof **c->list);
    struct popular *list = c->list[group];
    if (list && list->n < POPULAR_MAX)
        list->product[list->n++] = product;
}

/* All lists anew, from one ranking of all products. Without memory the old ones stay. */
static void lists_make(struct catalogue *c)
{
    uint32_t products = purchases_products(c->purchases);
    struct ranked *all = malloc(((size_t)products + 1) * sizeof *all);
    size_t n = 0;
    if (!all)
        return;
    for (uint32_t product = 1; product <= products; product++)
        if (catalogue_offerable(c, product) && purchases_product_orders(c->purchases, product))
            all[n++] = (struct ranked){ purchases_product_trend(c->purchases, product), product };
    qsort(all, n, sizeof *all, most_first);
    for (size_t i = 0; i < c->list_cap; i++)
        if (c->list[i])
            c->list[i]->n = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t group = catalogue_group(c, all[i].product);
        list_push(c, 0, all[i].product);
        if (group)
            list_push(c, group, all[i].product);
    }
    free(all);
}

/* What products call it: by itself, or by a name of it. 0: no product does. */
static uint32_t group_find(const struct catalogue *c, struct slice category)
{
    uint32_t group = words_find(&c->groups, category), number = words_find(&c->categories, category);
    if (group || !number)
        return group;
    return words_find(&c->groups, words_text(&c->categories, c->category[number].id));
}

size_t catalogue_popular(struct catalogue *c, struct slice category, uint32_t *ret, size_t max)
{
    uint64_t orders = purchases_orders(c->purchases);
    pthread_mutex_lock(&c->lock);
    if (orders * 100 > c->listed_orders * 101 || orders < c->listed_orders || c->changes != c->listed_changes) {
        lists_make(c);
        c->listed_orders = orders;
        c->listed_changes = c->changes;
    }
    uint32_t group = category.len ? group_find(c, category) : 0;
    const struct popular *list = (group || !category.len) && group < c->list_cap ? c->list[group] : NULL;
    size_t n = list ? (list->n < max ? list->n : max) : 0;
    if (n)
        memcpy(ret, list->product, n * sizeof *ret);
    pthread_mutex_unlock(&c->lock);
    return n;
}
