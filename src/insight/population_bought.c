/* What customers bought: the lines of their orders as occurrences of an event of its own, kept with the rows of the columns,
 * since a cancellation, a refund or another state of an order changes lines that are long told. */
#include "insight/population_room.h"

#include "base/limits.h"
#include "base/vec.h"

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for what customers bought");
}

enum { PLACE_PRODUCT, PLACE_CATEGORY, PLACE_QUANTITY };

enum err_code bought_name(struct population *p, struct err *e)
{
    static const struct own_property own[] = { [PLACE_PRODUCT] = { "product", COLUMN_CODES },
                                               [PLACE_CATEGORY] = { "category", COLUMN_CODES },
                                               [PLACE_QUANTITY] = { "quantity", COLUMN_NUMBER } };
    return occurrences_name(p, EVENT_BOUGHT, own, sizeof own / sizeof *own, &p->bought_event) ? ERR_OK : no_memory(e);
}

/* ---- the catalogue ---- */
static bool set_category(struct population *p, struct slice product, struct slice category, int64_t seq)
{
    uint32_t number = words_add(&p->products, product);
    uint32_t is = category.len ? words_add(&p->categories, category) : 0;
    if (!number || (category.len && !is) || !vec_need(p->category, p->category_cap, (size_t)number + 1))
        return false;
    if (p->category[number] != is)
        p->recategorized = seq;
    p->category[number] = is;
    return true;
}

bool bought_catalogue(struct population *p, const struct fact *fact)
{
    struct json body;
    struct err ignored;
    AUTO(arena) mem = arena_new(LIMIT_EVENT_BYTES * 2);
    if (!mem)
        return false;
    if (json_parse(p->parser, fact->body, &body, &ignored))
        return true;  // cannot be: it was valid when it was stored
    struct json product = json_get(body, "product"), removed = json_get(body, "removed");
    if (json_is(removed, JSON_STRING))
        return set_category(p, json_string(removed, mem), (struct slice){ NULL, 0 }, fact->seq);
    struct slice id = json_string(json_get(product, "id"), mem);
    return !id.len || set_category(p, id, json_string(json_get(product, "category"), mem), fact->seq);
}

/* Under the queue's lock. 0: none. */
static uint32_t category_of(const struct population *p, struct slice product)
{
    uint32_t number = words_find(&p->products, product);
    return number && number < p->category_cap ? p->category[number] : 0;
}

uint32_t population_category_of(struct population *p, struct slice product)
{
    pthread_mutex_lock(&p->queue);
    uint32_t is = category_of(p, product);
    pthread_mutex_unlock(&p->queue);
    return is;
}

uint32_t population_category_named(struct population *p, struct slice id)
{
    pthread_mutex_lock(&p->queue);
    uint32_t is = words_find(&p->categories, id);
    pthread_mutex_unlock(&p->queue);
    return is;
}

struct slice population_category_id(struct population *p, uint32_t category, struct arena *mem)
{
    pthread_mutex_lock(&p->queue);
    struct slice id = arena_copy(mem, words_text(&p->categories, category));
    pthread_mutex_unlock(&p->queue);
    return id;
}

/* ---- the lines ---- */
/* The code of a text; CODE_NONE: it is empty. false: memory. */
static bool text_code(struct keep *k, struct slice text, uint32_t *ret)
{
    struct buf json = buf_make(1 << 16);
    struct json_w w = json_w(&json);
    *ret = CODE_NONE;
    if (!text.len)
        return true;
    json_w_string(&w, text);
    bool ok = !json.failed && keep_code_of(k, buf_slice(&json), value_string(text), ret);
    buf_drop(&json);
    return ok;
}

static bool category_code(struct population *p, struct keep *category, struct slice product, uint32_t *ret)
{
    pthread_mutex_lock(&p->queue);
    uint32_t is = category_of(p, product);
    bool ok = text_code(category, is ? words_text(&p->categories, is) : (struct slice){ NULL, 0 }, ret);
    pthread_mutex_unlock(&p->queue);
    return ok;
}

static bool put_code(struct keep *k, size_t at, uint32_t code)
{
    if (code != CODE_NONE)
        return keep_raw(k, at, code);
    keep_null(k, at);
    return true;
}

static bool put_line(struct population *p, uint32_t row, const struct bought_line *line, struct slice product)
{
    size_t at;
    uint32_t of_product, of_category;
    struct occurrences *o = occurrence_add(p, &p->bought[row], p->bought_event, row, line->time_ms, &at);
    return o && text_code(&o->property[PLACE_PRODUCT].keep, product, &of_product)
           && category_code(p, &o->property[PLACE_CATEGORY].keep, product, &of_category)
           && put_code(&o->property[PLACE_PRODUCT].keep, at, of_product)
           && put_code(&o->property[PLACE_CATEGORY].keep, at, of_category)
           && keep_raw(&o->property[PLACE_QUANTITY].keep, at, (int64_t)line->quantity_milli * 1000);
}

static uint32_t code_at(const struct keep *k, size_t at)
{
    return bits_has(k->null, at) ? CODE_NONE : (uint32_t)keep_held(k, at);
}

static bool is_product(const struct keep *k, size_t at, struct slice product)
{
    uint32_t code = code_at(k, at);
    return code != CODE_NONE && slice_eq(k->dictionary.value[code].string, product);
}

/* Most rows are read again for other reasons: their lines, the newest first, are those that are there. */
static bool is_known(const struct population *p, uint32_t row, const struct line_list *list)
{
    const struct occurrences *o = &p->event[p->bought_event].occurred;
    size_t left = list->n;
    for (uint64_t link = row < p->bought_cap ? p->bought[row] : 0; link; link = link_before(&o->one[link_at(link)])) {
        size_t at = link_at(link);
        const struct bought_line *line = left ? &list->line[left - 1] : NULL;
        if (!line || o->one[at].time != occurrence_time(line->time_ms)
            || keep_raw_at(&o->property[PLACE_QUANTITY].keep, at) != (int64_t)line->quantity_milli * 1000
            || !is_product(&o->property[PLACE_PRODUCT].keep, at, list->product[left - 1]))
            return false;
        left--;
    }
    return left == 0;
}

enum err_code bought_put(struct population *p, uint32_t row, const struct line_list *list, struct err *e)
{
    if (is_known(p, row, list))
        return ERR_OK;
    if (!vec_need(p->bought, p->bought_cap, (size_t)row + 1))
        return no_memory(e);
    occurrences_forget_chain(p, &p->bought[row]);
    for (size_t i = 0; i < list->n; i++)
        if (!put_line(p, row, &list->line[i], list->product[i]))
            return no_memory(e);
    return ERR_OK;
}

/* The category of each product that was ever bought, by their codes; to be freed. NULL: memory. */
static uint32_t *categories_of(struct population *p, const struct keep *product, struct keep *category)
{
    uint32_t *of = calloc(product->dictionary.n + 1, sizeof *of);
    bool ok = of != NULL;
    for (size_t code = 0; code < product->dictionary.n && ok; code++)
        ok = category_code(p, category, product->dictionary.value[code].string, &of[code]);
    if (!ok) {
        free(of);
        return NULL;
    }
    return of;
}

enum err_code bought_recategorize(struct population *p, int64_t seq, struct err *e)
{
    struct occurrences *o = &p->event[p->bought_event].occurred;
    struct keep *category = &o->property[PLACE_CATEGORY].keep;
    const struct keep *product = &o->property[PLACE_PRODUCT].keep;
    uint32_t *of = categories_of(p, product, category);
    bool ok = of != NULL;
    for (size_t at = 0; at < o->n && ok; at++) {
        uint32_t bought = code_at(product, at);
        if (o->one[at].row == FACT_NOBODY || bought == CODE_NONE || of[bought] == code_at(category, at))
            continue;
        pthread_mutex_lock(&p->queue);
        ok = put_code(category, at, of[bought]) && population_note(p, o->one[at].row, seq);
        pthread_mutex_unlock(&p->queue);
    }
    free(of);
    return ok ? ERR_OK : no_memory(e);
}

/* ---- the catalogue in a snapshot; the queue's lock is held ---- */
enum err_code bought_save(const struct population *p, struct snapshot_out *out, struct err *e)
{
    const int64_t head[] = { p->products.count, p->recategorized };
    TRY(words_save(&p->products, out, e));
    TRY(words_save(&p->categories, out, e));
    TRY(snapshot_put(out, head, sizeof head, e));
    for (uint32_t i = 1; i <= p->products.count; i++)
        TRY(snapshot_put(out, &p->category[i], sizeof *p->category, e));
    return ERR_OK;
}

enum err_code bought_load(struct population *p, struct snapshot_in *in, struct err *e)
{
    int64_t head[2];
    TRY(words_load(&p->products, in, e));
    TRY(words_load(&p->categories, in, e));
    TRY(snapshot_get(in, head, sizeof head, e));
    if (head[0] != p->products.count)
        return population_damaged(e);
    if (!vec_need(p->category, p->category_cap, (size_t)p->products.count + 1))
        return no_memory(e);
    for (uint32_t i = 1; i <= p->products.count; i++) {
        TRY(snapshot_get(in, &p->category[i], sizeof *p->category, e));
        if (p->category[i] > p->categories.count)
            return population_damaged(e);
    }
    p->recategorized = head[1];
    return ERR_OK;
}
