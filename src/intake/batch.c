#include "intake/batch.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "memory/ingest.h"

enum item_kind { ITEM_EVENT, ITEM_PRODUCT, ITEM_CATEGORY };

struct item {
    enum item_kind kind;
    int64_t rows;
    char reason[160];  // why the event was refused; empty: it was not
    union {
        struct import_event event;
        struct product product;
        struct category category;
    } of;
};

struct done_sums {
    int64_t imported, duplicates, facts, amount_micro;
};

struct import_batch {
    struct command command;  // first
    struct memory *memory;
    struct slice source;
    struct arena *mem;
    struct json_parser *parser;
    struct buf json;
    struct item item[BATCH_ITEMS];
    size_t n, told;          // told: items that batch_refused has passed
    struct done_sums sums;   // of the running transaction
    pthread_mutex_t lock;
    pthread_cond_t back;
    bool away;
    enum err_code code;
    struct err e;
};

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory to import")

enum err_code batch_new(struct memory *memory, struct slice source, struct import_batch **ret, struct err *e)
{
    struct import_batch *b = calloc(1, sizeof *b);
    if (!b)
        return NO_MEMORY(e);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->back, NULL);
    b->memory = memory;
    b->source = source;
    b->mem = arena_new(BATCH_BYTES * 8);
    b->parser = json_parser_new();
    b->json = buf_make(BATCH_BYTES * 4);
    if (!b->mem || !b->parser) {
        batch_drop(&b);
        return NO_MEMORY(e);
    }
    *ret = b;
    return ERR_OK;
}

void batch_drop(struct import_batch **batch)
{
    struct import_batch *b = *batch;
    if (!b)
        return;
    assert(!b->away);
    arena_drop(&b->mem);
    json_parser_drop(&b->parser);
    buf_drop(&b->json);
    pthread_cond_destroy(&b->back);
    pthread_mutex_destroy(&b->lock);
    free(b);
    *batch = NULL;
}

bool batch_full(const struct import_batch *b)
{
    return b->n == BATCH_ITEMS || arena_used(b->mem) >= BATCH_BYTES;
}

bool batch_empty(const struct import_batch *b)
{
    return b->n == 0;
}

static enum err_code keep(struct import_batch *b, struct slice *text, struct err *e)
{
    *text = arena_copy(b->mem, *text);
    return text->at ? ERR_OK : NO_MEMORY(e);
}

static struct item *item_add(struct import_batch *b, enum item_kind kind, int64_t rows)
{
    assert(b->n < BATCH_ITEMS && !b->away);
    struct item *item = &b->item[b->n++];
    *item = (struct item){ .kind = kind, .rows = rows };
    return item;
}

enum err_code batch_event(struct import_batch *b, const struct import_event *event, struct err *e)
{
    struct item *item = item_add(b, ITEM_EVENT, event->rows);
    item->of.event = *event;
    TRY(keep(b, &item->of.event.key, e));
    TRY(keep(b, &item->of.event.event, e));
    TRY(keep(b, &item->of.event.changed, e));
    return keep(b, &item->of.event.rest, e);
}

enum err_code batch_product(struct import_batch *b, const struct product *product, int64_t rows,
                            struct err *e)
{
    struct item *item = item_add(b, ITEM_PRODUCT, rows);
    item->of.product = *product;
    struct product *p = &item->of.product;
    struct slice *const text[] = { &p->id, &p->title, &p->description, &p->category, &p->image_url, &p->url };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        TRY(keep(b, text[i], e));
    return ERR_OK;
}

enum err_code batch_category(struct import_batch *b, const struct category *category, struct err *e)
{
    struct item *item = item_add(b, ITEM_CATEGORY, 0);
    item->of.category = *category;
    struct category *c = &item->of.category;
    struct slice *const text[] = { &c->id, &c->name_en, &c->name_es, &c->parent };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        TRY(keep(b, text[i], e));
    return ERR_OK;
}

/* ---- on the writer's thread ---- */

enum seen { SEEN_NEVER, SEEN_SAME, SEEN_OTHER };

static enum err_code seen_before(struct tx *tx, uint32_t source, struct slice key, uint64_t hash,
                                 enum seen *ret, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("SELECT hash FROM import_seen WHERE source = $1 AND key = $2"), &stmt,
                      e));
    store_bind_i64(stmt, 1, source);
    store_bind_text(stmt, 2, key);
    bool row;
    TRY(store_step(stmt, &row, e));
    *ret = !row ? SEEN_NEVER : store_col_i64(stmt, 0) == (int64_t)hash ? SEEN_SAME : SEEN_OTHER;
    store_reset(stmt);
    return ERR_OK;
}

static enum err_code seen_now(struct tx *tx, uint32_t source, struct slice key, uint64_t hash, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO import_seen (source, key, hash) VALUES ($1, $2, $3)"
                                      " ON CONFLICT (source, key) DO UPDATE SET hash = excluded.hash"),
                      &stmt, e));
    store_bind_i64(stmt, 1, source);
    store_bind_text(stmt, 2, key);
    store_bind_i64(stmt, 3, (int64_t)hash);
    return store_run(stmt, e);
}

static void sums_add(struct import_batch *b, const struct item *item, bool duplicate, int64_t amount_micro)
{
    if (duplicate) {
        b->sums.duplicates += item->rows;
        return;
    }
    b->sums.imported += item->rows;
    b->sums.amount_micro += amount_micro;
    b->sums.facts++;
}

static enum err_code run_event(struct import_batch *b, struct tx *tx, uint32_t source,
                               struct item *item, struct err *e)
{
    const struct import_event *event = &item->of.event;
    enum seen seen = SEEN_NEVER;
    item->reason[0] = 0;
    if (event->key.len)
        TRY(seen_before(tx, source, event->key, event->hash, &seen, e));
    if (seen == SEEN_SAME) {
        sums_add(b, item, true, 0);
        return ERR_OK;
    }
    struct slice name = seen == SEEN_OTHER && event->changed.len ? event->changed : event->event;
    buf_clear(&b->json);
    buf_addc(&b->json, '{');
    if (name.len) {
        buf_adds(&b->json, "\"event\":");
        buf_add(&b->json, name);
        buf_addc(&b->json, ',');
    }
    buf_add(&b->json, event->rest);
    buf_addc(&b->json, '}');
    TRY(buf_check(&b->json, "an event", e));
    struct json json;
    TRY(json_parse(b->parser, buf_slice(&b->json), &json, e));
    bool duplicate;
    struct err why;
    enum err_code code = tx_ingest(tx, json, event->nobody, source, tx->now_ms, &duplicate, &why);
    if (code == ERR_INVALID) {  // nothing was written for it: the others go on
        snprintf(item->reason, sizeof item->reason, "%s", why.text);
        return ERR_OK;
    }
    if (code)
        return err_set(e, code, why.pos, "%s", why.text);
    if (event->key.len)
        TRY(seen_now(tx, source, event->key, event->hash, e));
    sums_add(b, item, duplicate, event->amount_micro);
    return ERR_OK;
}

static uint64_t product_hash(const struct product *p)
{
    const struct slice text[] = { p->id, p->title, p->description, p->category, p->image_url, p->url };
    uint64_t hash = hash_mix((uint64_t)p->price_micro) ^ hash_mix((uint64_t)p->stock + 1)
                    ^ (uint64_t)p->kind ^ (p->active ? 256 : 0);
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        hash = hash64(text[i], hash);
    return hash;
}

/* A product that the importer brought before as it is now is left as people may have edited it since. */
static enum err_code run_product(struct import_batch *b, struct tx *tx, uint32_t source,
                                 const struct item *item, struct err *e)
{
    const struct product *product = &item->of.product;
    struct slice key = arena_printf(b->mem, "product:%.*s", SLICE_ARG(product->id));
    if (!key.at)
        return NO_MEMORY(e);
    uint64_t hash = product_hash(product);
    enum seen seen;
    TRY(seen_before(tx, source, key, hash, &seen, e));
    if (seen == SEEN_SAME) {
        b->sums.duplicates += item->rows;
        return ERR_OK;
    }
    bool changed;
    TRY(tx_product_put(tx, product, NULL, 0, SLICE("import"), &changed, e));
    TRY(seen_now(tx, source, key, hash, e));
    b->sums.imported += item->rows;
    b->sums.facts += changed;
    return ERR_OK;
}

static enum err_code run_category(struct import_batch *b, struct tx *tx, const struct item *item,
                                  struct err *e)
{
    bool changed;
    TRY(tx_category_put(tx, &item->of.category, SLICE("import"), &changed, e));
    b->sums.facts += changed;
    return ERR_OK;
}

static enum err_code batch_run(struct command *command, struct tx *tx, struct err *e)
{
    struct import_batch *b = (struct import_batch *)command;
    uint32_t source;
    b->sums = (struct done_sums){ 0 };  // a command may run twice
    TRY(tx_source(tx, b->source, &source, e));
    for (size_t i = 0; i < b->n; i++) {
        struct item *item = &b->item[i];
        if (item->kind == ITEM_EVENT)
            TRY(run_event(b, tx, source, item, e));
        else if (item->kind == ITEM_PRODUCT)
            TRY(run_product(b, tx, source, item, e));
        else
            TRY(run_category(b, tx, item, e));
    }
    return ERR_OK;
}

static void batch_done(struct command *command, enum err_code code, const struct err *e)
{
    struct import_batch *b = (struct import_batch *)command;
    pthread_mutex_lock(&b->lock);
    b->code = code;
    if (code && e)
        b->e = *e;
    b->away = false;
    pthread_cond_signal(&b->back);
    pthread_mutex_unlock(&b->lock);
}

/* ---- on the import's thread ---- */

enum err_code batch_send(struct import_batch *b, struct err *e)
{
    assert(!b->away);
    b->command = (struct command){ .run = batch_run, .done = batch_done, .bytes = arena_used(b->mem),
                                   .facts = b->n };
    b->away = true;
    b->code = ERR_OK;
    enum err_code code = memory_submit(b->memory, &b->command, e);
    if (code == ERR_BUSY)  // others wait already: wait in line instead of reading on
        code = memory_run(b->memory, &b->command, e);
    else if (code)
        b->away = false;
    return code;
}

enum err_code batch_wait(struct import_batch *b, struct import_progress *progress, struct err *e)
{
    pthread_mutex_lock(&b->lock);
    while (b->away)
        pthread_cond_wait(&b->back, &b->lock);
    pthread_mutex_unlock(&b->lock);
    if (b->code)
        return err_set(e, b->code, b->e.pos, "%s", b->e.text);
    atomic_fetch_add(&progress->imported, b->sums.imported);
    atomic_fetch_add(&progress->duplicates, b->sums.duplicates);
    atomic_fetch_add(&progress->facts, b->sums.facts);
    atomic_fetch_add(&progress->amount_micro, b->sums.amount_micro);
    b->sums = (struct done_sums){ 0 };
    return ERR_OK;
}

bool batch_refused(struct import_batch *b, struct refusal *ret)
{
    assert(!b->away);
    while (b->told < b->n) {
        const struct item *item = &b->item[b->told++];
        if (item->kind != ITEM_EVENT || !item->reason[0])
            continue;
        *ret = (struct refusal){ item->of.event.line, item->reason, item->of.event.rest };
        return true;
    }
    return false;
}

void batch_clear(struct import_batch *b)
{
    assert(!b->away);
    b->n = b->told = 0;
    arena_reset(b->mem);
}
