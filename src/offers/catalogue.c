#include "offers/catalogue.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "insight/vec.h"
#include "insight/words.h"
#include "offers/catalogue_rows.h"

/* A product in memory: its strings lie in one block behind it. */
struct entry {
    struct product product;
    uint32_t number;  // of insight/purchases; 0: never bought
    uint32_t group;   // number of its category in `groups`; 0: none
    char bytes[];
};

struct popular {
    uint32_t category;  // number in category names; 0: the whole shop
    uint32_t product[POPULAR_MAX];
    size_t n;
};

struct catalogue {
    struct memory *memory;
    struct purchases *purchases;
    struct json_parser *parser;
    struct arena *scratch;
    struct words ids;          // of products ever seen; entry[number] may be NULL
    struct entry **entry;
    uint32_t *by_number;       // purchases' number -> number in ids
    size_t entry_cap, by_number_cap;
    uint32_t mapped;           // purchases' numbers that by_number covers
    int64_t live, changes;
    struct words groups;       // categories that products name
    struct words categories;   // ids and names -> category_of
    struct slice *category_id; // the id that an id or a name stands for, in `categories`
    size_t category_cap;
    pthread_mutex_t lock;      // guards the lists below
    struct popular *list;
    size_t lists, list_cap;
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

static enum err_code memory_put(struct catalogue *c, const struct product *p, struct err *e)
{
    uint32_t row = words_add(&c->ids, p->id);
    struct entry *entry = row && vec_need(c->entry, c->entry_cap, (size_t)row + 1) ? entry_new(p) : NULL;
    if (!entry)
        return NO_MEMORY(e);
    entry->number = purchases_product_find(c->purchases, p->id);
    entry->group = p->category.len ? words_add(&c->groups, p->category) : 0;
    c->live += c->entry[row] == NULL;
    free(c->entry[row]);
    c->entry[row] = entry;
    c->changes++;
    return ERR_OK;
}

static void memory_remove(struct catalogue *c, struct slice id)
{
    uint32_t row = words_find(&c->ids, id);
    if (!row || row >= c->entry_cap || !c->entry[row])
        return;
    free(c->entry[row]);
    c->entry[row] = NULL;
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
        if (!row || !vec_need(c->entry, c->entry_cap, (size_t)row + 1))
            return NO_MEMORY(e);
        c->by_number[number] = row;
        if (c->entry[row])
            c->entry[row]->number = number;
        c->mapped = number;
    }
    return ERR_OK;
}

static enum err_code category_name(struct catalogue *c, struct slice name, struct slice id, struct err *e)
{
    uint32_t number = name.len ? words_add(&c->categories, name) : 0;
    if (name.len && (!number || !vec_need(c->category_id, c->category_cap, (size_t)number + 1)))
        return NO_MEMORY(e);
    if (!number)
        return ERR_OK;
    char *copy = malloc(id.len + 1);
    if (!copy)
        return NO_MEMORY(e);
    memcpy(copy, id.at, id.len);
    free((char *)c->category_id[number].at);
    c->category_id[number] = (struct slice){ copy, id.len };
    return ERR_OK;
}

static enum err_code memory_category(struct catalogue *c, const struct category *category, struct err *e)
{
    TRY(category_name(c, category->id, category->id, e));
    TRY(category_name(c, category->name_en, category->id, e));
    return category_name(c, category->name_es, category->id, e);
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
    (void)self;  // applying the facts again from the first one ends in the same rows
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
    for (size_t i = 0; i < c->entry_cap; i++)
        free(c->entry[i]);
    for (size_t i = 0; i < c->category_cap; i++)
        free((char *)c->category_id[i].at);
    words_drop(&c->ids);
    words_drop(&c->categories);
    words_drop(&c->groups);
    free(c->entry);
    free(c->by_number);
    free(c->category_id);
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
    return row && row < c->entry_cap && c->entry[row] ? &c->entry[row]->product : NULL;
}

const struct product *catalogue_product(const struct catalogue *c, uint32_t product)
{
    if (product == 0 || product > c->mapped)
        return NULL;
    const struct entry *entry = c->entry[c->by_number[product]];
    return entry ? &entry->product : NULL;
}

bool catalogue_offerable(const struct catalogue *c, uint32_t product)
{
    const struct product *p = catalogue_product(c, product);
    return p && p->kind == PRODUCT_GOODS && p->active && p->stock != 0 && p->title.len;
}

uint32_t catalogue_group(const struct catalogue *c, uint32_t product)
{
    bool there = catalogue_product(c, product) != NULL;
    return there ? c->entry[c->by_number[product]]->group : 0;
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

static struct popular *list_of(struct catalogue *c, uint32_t category, bool make)
{
    for (size_t i = 0; i < c->lists; i++)
        if (c->list[i].category == category)
            return &c->list[i];
    if (!make || !vec_need(c->list, c->list_cap, c->lists + 1))
        return NULL;
    c->list[c->lists] = (struct popular){ .category = category };
    return &c->list[c->lists++];
}

static void list_push(struct catalogue *c, uint32_t category, uint32_t product)
{
    struct popular *list = list_of(c, category, true);
    if (list && list->n < POPULAR_MAX)
        list->product[list->n++] = product;
}

static uint32_t category_number(const struct catalogue *c, struct slice category)
{
    return category.len ? words_find(&c->categories, category) : 0;
}

/* All lists anew, from one ranking of all products. Without memory the old ones stay. */
static void lists_make(struct catalogue *c)
{
    struct ranked *all = malloc(((size_t)c->mapped + 1) * sizeof *all);
    size_t n = 0;
    for (uint32_t product = 1; all && product <= c->mapped; product++)
        if (catalogue_offerable(c, product) && purchases_product_orders(c->purchases, product))
            all[n++] = (struct ranked){ purchases_product_trend(c->purchases, product), product };
    if (!all)
        return;
    qsort(all, n, sizeof *all, most_first);
    c->lists = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t category = category_number(c, catalogue_product(c, all[i].product)->category);
        list_push(c, 0, all[i].product);
        if (category)
            list_push(c, category, all[i].product);
    }
    free(all);
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
    uint32_t number = category_number(c, category);
    if (number && c->category_id[number].len)  // a name stands for its id
        number = category_number(c, c->category_id[number]);
    const struct popular *list = category.len && !number ? NULL : list_of(c, number, false);
    size_t n = list ? (list->n < max ? list->n : max) : 0;
    if (n)
        memcpy(ret, list->product, n * sizeof *ret);
    pthread_mutex_unlock(&c->lock);
    return n;
}
