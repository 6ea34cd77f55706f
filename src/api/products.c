/* The catalogue over HTTP. */
#include "api/api_room.h"
#include "base/decimal.h"
#include "offers/catalogue_rows.h"

#define VARIANTS_MAX 200
#define ID_MAX 200
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the request")

enum err_code products_list(struct call *call, struct err *e)
{
    struct product_query query = { .kind = -1 };
    struct slice kind;
    enum product_kind kind_value;
    struct product *products;
    size_t limit, n;
    TRY(call_query(call, "q", &query.q, e));
    TRY(call_query(call, "category", &query.category, e));
    TRY(call_query(call, "after", &query.after, e));
    TRY(call_query(call, "kind", &kind, e));
    TRY(call_query_limit(call, 50, &limit, e));
    if (kind.len) {
        if (!product_kind_parse(kind, &kind_value))
            return err_set(e, ERR_INVALID, 0, "?kind= is goods, service, fee or voucher");
        query.kind = (int)kind_value;
    }
    query.limit = limit + 1;
    TRY(catalogue_list(call->thread->read, &query, call->mem, &products, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n && i < limit; i++)
        json_product_row(&w, &products[i]);
    json_list_close_word(&w, n > limit ? products[limit - 1].id : (struct slice){ NULL, 0 });
    return call_answer(call, 200, out, e);
}

static enum err_code answer_product(struct call *call, struct slice id, struct err *e)
{
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    TRY(json_product(call, &w, id, call->mem, e));
    return call_answer(call, 200, out, e);
}

enum err_code product_get(struct call *call, struct err *e)
{
    return answer_product(call, call->param[0], e);
}

/* ---- writing ---- */

struct product_change {
    struct product product;
    struct variant *variants;
    size_t n;
    struct category category;
};

static enum err_code variant_read(struct call *call, struct json object, struct variant *ret, struct err *e)
{
    struct variant v = { .price_micro = PRICE_UNKNOWN, .stock = STOCK_NOT_COUNTED };
    struct json price = json_get(object, "price"), attributes = json_get(object, "attributes");
    TRY(body_only(call, object, "id title price stock attributes", e));
    TRY(body_text(call, object, "id", true, ID_MAX, &v.id, e));
    TRY(body_text(call, object, "title", false, 1000, &v.title, e));
    TRY(body_i64(object, "stock", 0, INT64_MAX, STOCK_NOT_COUNTED, &v.stock, e));
    if (json_is(price, JSON_NUMBER))
        TRY(micro_parse(json_raw(price), &v.price_micro, e));
    else if (!json_is(price, JSON_NONE) && !json_is(price, JSON_NULL))
        return err_set(e, ERR_INVALID, 0, "/price: must be a number or null");
    if (json_is(attributes, JSON_OBJECT))
        v.attributes = json_raw(attributes);
    else if (!json_is(attributes, JSON_NONE))
        return err_set(e, ERR_INVALID, 0, "/attributes: must be an object");
    *ret = v;
    return ERR_OK;
}

static enum err_code variants_read(struct call *call, struct json list, struct product_change *change,
                                   struct err *e)
{
    size_t max = json_count(list);
    if (json_is(list, JSON_NONE))
        return ERR_OK;
    if (!json_is(list, JSON_ARRAY) || max > VARIANTS_MAX)
        return err_set(e, ERR_INVALID, 0, "/variants: must be a list of at most %d", VARIANTS_MAX);
    change->variants = arena_array(call->mem, struct variant, max + 1);
    if (!change->variants)
        return NO_MEMORY(e);
    for (struct json_iter it = json_iter(list); json_next(&it); change->n++) {
        struct err flaw = { 0 };
        enum err_code code = variant_read(call, it.value, &change->variants[change->n], &flaw);
        if (code)
            return err_set(e, code, change->n, "/variants/%zu%s%s", change->n,
                           flaw.text[0] == '/' ? "" : ": ", flaw.text);
    }
    return ERR_OK;
}

static enum err_code put_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    struct product_change *change = arg;
    bool changed;
    return tx_product_put(tx, &change->product, change->variants, change->n, call->by, &changed, e);
}

static enum err_code put_done(struct call *call, void *arg, struct err *e)
{
    const struct product_change *change = arg;
    return answer_product(call, change->product.id, e);
}

enum err_code product_put(struct call *call, struct err *e)
{
    struct json body;
    TRY(call_body(call, &body, e));
    struct product_change *change = arena_one(call->mem, struct product_change);
    if (!change)
        return NO_MEMORY(e);
    TRY(body_only(call, body, "id title description category price stock kind active imageUrl url variants "
                              "sold neighbours", e));  // the last two: a product sent back as it was got
    TRY(product_of_json(body, call->mem, &change->product, e));
    if (change->product.id.len && !slice_eq(change->product.id, call->param[0]))
        return err_set(e, ERR_INVALID, 0, "/id: is another than the path's");
    if (!call->param[0].len || call->param[0].len > ID_MAX)
        return err_set(e, ERR_INVALID, 0, "a product's id has 1 to %d bytes", ID_MAX);
    if (!slice_trim(change->product.title).len)
        return err_set(e, ERR_INVALID, 0, "/title: is missing");
    change->product.id = call->param[0];
    TRY(variants_read(call, json_get(body, "variants"), change, e));
    return call_write(call, (struct call_work){ put_run, put_done, change, 1 }, e);
}

static enum err_code remove_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    (void)arg;
    return tx_product_remove(tx, call->param[0], call->by, e);
}

enum err_code product_delete(struct call *call, struct err *e)
{
    return call_write(call, (struct call_work){ remove_run, call_nothing, NULL, 1 }, e);
}

/* ---- categories ---- */

static void category_json(struct json_w *w, const struct category *category)
{
    json_w_open(w, '{');
    json_w_kstring(w, "id", category->id);
    json_w_texts(w, "name", category->name_en.len ? category->name_en : category->id,
                 category->name_es.len ? category->name_es : category->id);
    json_ktext_or_null(w, "parent", category->parent);
    json_w_ki64(w, "products", category->products);
    json_w_close(w, '}');
}

enum err_code categories_list(struct call *call, struct err *e)
{
    struct category *categories;
    size_t n;
    TRY(catalogue_categories(call->thread->read, call->mem, &categories, &n, e));
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    json_list_open(&w);
    for (size_t i = 0; i < n; i++)
        category_json(&w, &categories[i]);
    json_list_close(&w, 0);
    return call_answer(call, 200, out, e);
}

static enum err_code category_run(struct call *call, void *arg, struct tx *tx, struct err *e)
{
    const struct product_change *change = arg;
    bool changed;
    return tx_category_put(tx, &change->category, call->by, &changed, e);
}

static enum err_code category_done(struct call *call, void *arg, struct err *e)
{
    struct product_change *change = arg;
    struct category *categories;
    size_t n;
    TRY(catalogue_categories(call->thread->read, call->mem, &categories, &n, e));
    for (size_t i = 0; i < n; i++)
        if (slice_eq(categories[i].id, call->param[0]))
            change->category = categories[i];
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    category_json(&w, &change->category);
    return call_answer(call, 200, out, e);
}

enum err_code category_put(struct call *call, struct err *e)
{
    struct json body;
    TRY(call_body(call, &body, e));
    struct product_change *change = arena_one(call->mem, struct product_change);
    if (!change)
        return NO_MEMORY(e);
    struct category *category = &change->category;
    TRY(body_only(call, body, "id name parent", e));
    TRY(body_texts(call, body, "name", &category->name_en, &category->name_es, e));
    TRY(body_text(call, body, "parent", false, ID_MAX, &category->parent, e));
    category->id = call->param[0];
    if (!category->id.len || category->id.len > ID_MAX)
        return err_set(e, ERR_INVALID, 0, "a category's id has 1 to %d bytes", ID_MAX);
    if (!category->name_en.len && !category->name_es.len)
        return err_set(e, ERR_INVALID, 0, "/name: must be an object {\"en\": text, \"es\": text}");
    if (!category->name_es.len)
        category->name_es = category->name_en;
    if (!category->name_en.len)
        category->name_en = category->name_es;
    return call_write(call, (struct call_work){ category_run, category_done, change, 1 }, e);
}
