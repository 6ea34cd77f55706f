#include <assert.h>

#include "base/decimal.h"
#include "base/limits.h"
#include "offers/catalogue_rows.h"
#include "text/fold.h"

#define URL_MAX 2000
#define TEXT_MAX 20000

static const char *const kind_names[] = { "goods", "service", "fee", "voucher" };

const char *product_kind_name(enum product_kind kind)
{
    assert((size_t)kind < sizeof kind_names / sizeof *kind_names);
    return kind_names[kind];
}

bool product_kind_parse(struct slice name, enum product_kind *ret)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++) {
        if (!slice_is(name, kind_names[i]))
            continue;
        *ret = (enum product_kind)i;
        return true;
    }
    return false;
}

/* ---- JSON ---- */

static void kmicro_or_null(struct json_w *w, const char *key, int64_t micro)
{
    if (micro == PRICE_UNKNOWN)
        json_w_knull(w, key);
    else
        json_w_kmicro(w, key, micro);
}

static void kstock(struct json_w *w, int64_t stock)
{
    if (stock == STOCK_NOT_COUNTED)
        json_w_knull(w, "stock");
    else
        json_w_ki64(w, "stock", stock);
}

static void kstring_or_null(struct json_w *w, const char *key, struct slice text)
{
    if (text.len)
        json_w_kstring(w, key, text);
    else
        json_w_knull(w, key);
}

void product_json(struct json_w *w, const struct product *p)
{
    json_w_kstring(w, "id", p->id);
    json_w_kstring(w, "title", p->title);
    kstring_or_null(w, "category", p->category);
    kmicro_or_null(w, "price", p->price_micro);
    kstock(w, p->stock);
    json_w_kcstr(w, "kind", product_kind_name(p->kind));
    json_w_kbool(w, "active", p->active);
    kstring_or_null(w, "imageUrl", p->image_url);
    kstring_or_null(w, "url", p->url);
}

static void product_body(struct buf *out, const struct product *p, const struct variant *v, size_t n,
                         struct slice by)
{
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_key(&w, "product");
    json_w_open(&w, '{');
    product_json(&w, p);
    json_w_kstring(&w, "description", p->description);
    json_w_key(&w, "variants");
    json_w_open(&w, '[');
    for (size_t i = 0; i < n; i++) {
        json_w_open(&w, '{');
        json_w_kstring(&w, "id", v[i].id);
        json_w_kstring(&w, "title", v[i].title);
        kmicro_or_null(&w, "price", v[i].price_micro);
        kstock(&w, v[i].stock);
        json_w_kraw(&w, "attributes", v[i].attributes.len ? v[i].attributes : SLICE("{}"));
        json_w_close(&w, '}');
    }
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    json_w_kstring(&w, "by", by);
    json_w_close(&w, '}');
}

static enum err_code text_member(struct json object, const char *key, size_t max, struct arena *mem,
                                 struct slice *ret, struct err *e)
{
    struct json v = json_get(object, key);
    if (json_is(v, JSON_NONE) || json_is(v, JSON_NULL)) {
        *ret = (struct slice){ "", 0 };
        return ERR_OK;
    }
    if (!json_is(v, JSON_STRING))
        return err_set(e, ERR_INVALID, 0, "\"%s\" must be a text", key);
    struct slice text = json_string(v, mem);
    if (!text.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for \"%s\"", key);
    if (text.len > max)
        return err_set(e, ERR_LIMIT, 0, "\"%s\" is longer than %zu bytes", key, max);
    *ret = text;
    return ERR_OK;
}

enum err_code product_of_json(struct json object, struct arena *mem, struct product *ret, struct err *e)
{
    struct product p = { .active = true, .price_micro = PRICE_UNKNOWN, .stock = STOCK_NOT_COUNTED };
    struct slice kind;
    TRY(text_member(object, "id", LIMIT_PRODUCT_ID, mem, &p.id, e));
    TRY(text_member(object, "title", TEXT_MAX, mem, &p.title, e));
    TRY(text_member(object, "description", TEXT_MAX, mem, &p.description, e));
    TRY(text_member(object, "category", LIMIT_PRODUCT_ID, mem, &p.category, e));
    TRY(text_member(object, "imageUrl", URL_MAX, mem, &p.image_url, e));
    TRY(text_member(object, "url", URL_MAX, mem, &p.url, e));
    TRY(text_member(object, "kind", 20, mem, &kind, e));
    if (kind.len && !product_kind_parse(kind, &p.kind))
        return err_set(e, ERR_INVALID, 0, "\"kind\" is goods, service, fee or voucher");
    struct json price = json_get(object, "price"), stock = json_get(object, "stock"),
                active = json_get(object, "active");
    if (json_is(price, JSON_NUMBER))
        TRY(micro_parse(json_raw(price), &p.price_micro, e));
    else if (!json_is(price, JSON_NONE) && !json_is(price, JSON_NULL))
        return err_set(e, ERR_INVALID, 0, "\"price\" must be a number or null");
    if (json_is(stock, JSON_NUMBER) && (!json_i64(stock, &p.stock) || p.stock < 0))
        return err_set(e, ERR_INVALID, 0, "\"stock\" must be a whole number from 0, or null: not counted");
    if (!json_is(active, JSON_NONE) && !json_bool(active, &p.active))
        return err_set(e, ERR_INVALID, 0, "\"active\" must be true or false");
    *ret = p;
    return ERR_OK;
}

enum err_code category_of_json(struct json object, struct arena *mem, struct category *ret, struct err *e)
{
    struct category c = { 0 };
    struct json name = json_get(object, "name");
    TRY(text_member(object, "id", LIMIT_PRODUCT_ID, mem, &c.id, e));
    TRY(text_member(object, "parent", LIMIT_PRODUCT_ID, mem, &c.parent, e));
    TRY(text_member(name, "en", LIMIT_PRODUCT_ID, mem, &c.name_en, e));
    TRY(text_member(name, "es", LIMIT_PRODUCT_ID, mem, &c.name_es, e));
    *ret = c;
    return ERR_OK;
}

/* ---- reading ---- */

#define PRODUCT_COLUMNS "id, title, description, category, kind, active, price, stock, image_url, url"

static enum err_code col_copy(struct store_stmt *stmt, int col, struct arena *mem, struct slice *ret,
                              struct err *e)
{
    *ret = arena_copy(mem, store_col_text(stmt, col));
    return ret->at ? ERR_OK : err_set(e, ERR_LIMIT, 0, "no memory for a product");
}

static enum err_code product_of_row(struct store_stmt *stmt, struct arena *mem, struct product *ret,
                                    struct err *e)
{
    struct product p = { .active = store_col_i64(stmt, 5) != 0,
                         .price_micro = store_col_null(stmt, 6) ? PRICE_UNKNOWN : store_col_i64(stmt, 6),
                         .stock = store_col_i64(stmt, 7) };
    TRY(col_copy(stmt, 0, mem, &p.id, e));
    TRY(col_copy(stmt, 1, mem, &p.title, e));
    TRY(col_copy(stmt, 2, mem, &p.description, e));
    TRY(col_copy(stmt, 3, mem, &p.category, e));
    TRY(col_copy(stmt, 8, mem, &p.image_url, e));
    TRY(col_copy(stmt, 9, mem, &p.url, e));
    if (!product_kind_parse(store_col_text(stmt, 4), &p.kind))
        return err_set(e, ERR_CORRUPT, 0, "a product has an unknown kind");
    *ret = p;
    return ERR_OK;
}

enum err_code catalogue_get(struct store_conn *conn, struct slice id, struct arena *mem,
                            struct product *ret, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(conn, SLICE("SELECT " PRODUCT_COLUMNS " FROM products WHERE id = $1"), &stmt, e));
    store_bind_text(stmt, 1, id);
    bool row;
    TRY(store_step(stmt, &row, e));
    if (!row)
        return err_set(e, ERR_NOT_FOUND, 0, "the catalogue has no such product");
    enum err_code code = product_of_row(stmt, mem, ret, e);
    store_reset(stmt);
    return code;
}

enum err_code catalogue_variants(struct store_conn *conn, struct slice id, struct arena *mem,
                                 struct variant **ret, size_t *n, struct err *e)
{
    struct store_stmt *stmt;
    struct variant *list = arena_array(mem, struct variant, LIMIT_PAGE);
    if (!list)
        return err_set(e, ERR_LIMIT, 0, "no memory for variants");
    TRY(store_prepare(conn, SLICE("SELECT id, title, attributes, price, stock FROM variants"
                                  " WHERE product = $1 ORDER BY id LIMIT $2"), &stmt, e));
    store_bind_text(stmt, 1, id);
    store_bind_i64(stmt, 2, LIMIT_PAGE);
    size_t got = 0;
    enum err_code code = ERR_OK;
    for (bool row = true; !code;) {
        code = store_step(stmt, &row, e);
        if (code || !row)
            break;
        struct variant *v = &list[got++];
        v->price_micro = store_col_null(stmt, 3) ? PRICE_UNKNOWN : store_col_i64(stmt, 3);
        v->stock = store_col_i64(stmt, 4);
        code = col_copy(stmt, 0, mem, &v->id, e);
        if (!code)
            code = col_copy(stmt, 1, mem, &v->title, e);
        if (!code)
            code = col_copy(stmt, 2, mem, &v->attributes, e);
    }
    store_reset(stmt);
    if (code)
        return code;
    *ret = list;
    *n = got;
    return ERR_OK;
}

/* %, _ and \ of what people typed are themselves, not wildcards. */
static struct slice like_pattern(struct slice q, struct arena *mem)
{
    struct slice folded = fold_text(q, mem);
    char *out = folded.at ? arena_alloc(mem, folded.len * 2 + 3) : NULL;
    if (!out)
        return (struct slice){ NULL, 0 };
    size_t n = 0;
    out[n++] = '%';
    for (size_t i = 0; i < folded.len; i++) {
        if (folded.at[i] == '%' || folded.at[i] == '_' || folded.at[i] == '\\')
            out[n++] = '\\';
        out[n++] = folded.at[i];
    }
    out[n++] = '%';
    return (struct slice){ out, n };
}

enum err_code catalogue_list(struct store_conn *conn, const struct product_query *query, struct arena *mem,
                             struct product **ret, size_t *n, struct err *e)
{
    struct store_stmt *stmt;
    struct product *list = arena_array(mem, struct product, query->limit);
    struct slice like = like_pattern(query->q, mem);
    if (!list || !like.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for a page of the catalogue");
    TRY(store_prepare(conn,
                      SLICE("SELECT " PRODUCT_COLUMNS " FROM products WHERE id > $1"
                            " AND ($2 = '' OR category = $2) AND ($3 = '' OR kind = $3)"
                            " AND ($4 = '%%' OR folded LIKE $4 ESCAPE '\\') ORDER BY id LIMIT $5"), &stmt, e));
    store_bind_text(stmt, 1, query->after);
    store_bind_text(stmt, 2, query->category);
    store_bind_text(stmt, 3, query->kind < 0 ? SLICE("")
                                             : slice_of(product_kind_name((enum product_kind)query->kind)));
    store_bind_text(stmt, 4, like);
    store_bind_i64(stmt, 5, (int64_t)query->limit);
    size_t got = 0;
    enum err_code code = ERR_OK;
    for (bool row = true; !code;) {
        code = store_step(stmt, &row, e);
        if (code || !row)
            break;
        code = product_of_row(stmt, mem, &list[got++], e);
    }
    store_reset(stmt);
    if (code)
        return code;
    *ret = list;
    *n = got;
    return ERR_OK;
}

enum err_code catalogue_categories(struct store_conn *conn, struct arena *mem, struct category **ret,
                                   size_t *n, struct err *e)
{
    struct store_stmt *stmt;
    struct category *list = arena_array(mem, struct category, LIMIT_PAGE * 4);
    if (!list)
        return err_set(e, ERR_LIMIT, 0, "no memory for categories");
    TRY(store_prepare(conn,
                      SLICE("SELECT c.id, c.name_en, c.name_es, c.parent, (SELECT COUNT(*) FROM products p"
                            " WHERE p.category = c.id) FROM categories c ORDER BY c.id LIMIT $1"), &stmt, e));
    store_bind_i64(stmt, 1, LIMIT_PAGE * 4);
    size_t got = 0;
    enum err_code code = ERR_OK;
    for (bool row = true; !code;) {
        code = store_step(stmt, &row, e);
        if (code || !row)
            break;
        struct category *c = &list[got++];
        c->products = store_col_i64(stmt, 4);
        struct slice *const text[] = { &c->id, &c->name_en, &c->name_es, &c->parent };
        for (int i = 0; !code && i < 4; i++)
            code = col_copy(stmt, i, mem, text[i], e);
    }
    store_reset(stmt);
    if (code)
        return code;
    *ret = list;
    *n = got;
    return ERR_OK;
}

/* ---- writing ---- */

static enum err_code catalogue_fact(struct tx *tx, struct slice body, struct err *e)
{
    struct fact fact = { .type = FACT_CATALOGUE, .timestamp_ms = tx->now_ms, .original_ms = FACT_NO_TIME,
                         .sent_ms = FACT_NO_TIME, .received_ms = tx->now_ms, .body = body };
    TRY(tx_source(tx, SLICE("tendero"), &fact.source, e));
    return tx_append(tx, &fact, e);
}

static enum err_code product_write(struct tx *tx, const struct product *p, struct arena *mem, struct err *e)
{
    struct slice both = arena_printf(mem, "%.*s %.*s", SLICE_ARG(p->title), SLICE_ARG(p->id));
    struct slice folded = both.at ? fold_text(both, mem) : both;
    if (!folded.at)
        return err_set(e, ERR_LIMIT, 0, "no memory for a product");
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn,
                      SLICE("INSERT INTO products (" PRODUCT_COLUMNS ", folded)"
                            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
                            " ON CONFLICT (id) DO UPDATE SET title = excluded.title,"
                            " description = excluded.description, category = excluded.category,"
                            " kind = excluded.kind, active = excluded.active, price = excluded.price,"
                            " stock = excluded.stock, image_url = excluded.image_url, url = excluded.url,"
                            " folded = excluded.folded"), &stmt, e));
    const struct slice text[] = { p->id, p->title, p->description, p->category };
    for (int i = 0; i < 4; i++)
        store_bind_text(stmt, i + 1, text[i]);
    store_bind_text(stmt, 5, slice_of(product_kind_name(p->kind)));
    store_bind_i64(stmt, 6, p->active);
    if (p->price_micro == PRICE_UNKNOWN)
        store_bind_null(stmt, 7);
    else
        store_bind_i64(stmt, 7, p->price_micro);
    store_bind_i64(stmt, 8, p->stock);
    store_bind_text(stmt, 9, p->image_url);
    store_bind_text(stmt, 10, p->url);
    store_bind_text(stmt, 11, folded);
    return store_run(stmt, e);
}

static enum err_code variants_write(struct tx *tx, struct slice product, const struct variant *v, size_t n,
                                    struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM variants WHERE product = $1"), &stmt, e));
    store_bind_text(stmt, 1, product);
    TRY(store_run(stmt, e));
    for (size_t i = 0; i < n; i++) {
        TRY(store_prepare(tx->conn, SLICE("INSERT INTO variants (product, id, title, attributes, price, stock)"
                                          " VALUES ($1, $2, $3, $4, $5, $6)"), &stmt, e));
        store_bind_text(stmt, 1, product);
        store_bind_text(stmt, 2, v[i].id);
        store_bind_text(stmt, 3, v[i].title);
        store_bind_text(stmt, 4, v[i].attributes.len ? v[i].attributes : SLICE("{}"));
        if (v[i].price_micro == PRICE_UNKNOWN)
            store_bind_null(stmt, 5);
        else
            store_bind_i64(stmt, 5, v[i].price_micro);
        store_bind_i64(stmt, 6, v[i].stock);
        TRY(store_run(stmt, e));
    }
    return ERR_OK;
}

/* The fact's body as it would be for what is stored now; empty when the product is new. */
static enum err_code body_stored(struct tx *tx, struct slice id, struct slice by, struct arena *mem,
                                 struct buf *out, struct err *e)
{
    struct product now;
    struct variant *v;
    size_t n;
    enum err_code code = catalogue_get(tx->conn, id, mem, &now, NULL);
    if (code == ERR_NOT_FOUND)
        return ERR_OK;
    if (code)
        return err_set(e, code, 0, "the product cannot be read");
    TRY(catalogue_variants(tx->conn, id, mem, &v, &n, e));
    product_body(out, &now, v, n, by);
    return buf_check(out, "a product", e);
}

/* The same that product_of_json asks: what is stored must be readable for ever. */
static enum err_code product_check(const struct product *p, size_t variants, struct err *e)
{
    const struct {
        const char *name;
        size_t len, max;
    } texts[] = {
        { "title", p->title.len, TEXT_MAX },           { "description", p->description.len, TEXT_MAX },
        { "category", p->category.len, LIMIT_PRODUCT_ID }, { "imageUrl", p->image_url.len, URL_MAX },
        { "url", p->url.len, URL_MAX },
    };
    if (!p->id.len || p->id.len > LIMIT_PRODUCT_ID)
        return err_set(e, ERR_INVALID, 0, "a product's id has 1 to %d bytes", LIMIT_PRODUCT_ID);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].len > texts[i].max)
            return err_set(e, ERR_LIMIT, 0, "a product's %s has at most %zu bytes", texts[i].name, texts[i].max);
    if (variants > LIMIT_PAGE)
        return err_set(e, ERR_LIMIT, 0, "a product has at most %d variants", LIMIT_PAGE);
    return ERR_OK;
}

static enum err_code product_put(struct tx *tx, const struct product *p, const struct variant *v, size_t n,
                                 struct slice by, struct arena *mem, struct buf *was, struct buf *is,
                                 bool *changed, struct err *e)
{
    TRY(product_check(p, n, e));
    TRY(body_stored(tx, p->id, by, mem, was, e));
    product_body(is, p, v, n, by);
    TRY(buf_check(is, "a product", e));
    *changed = !slice_eq(buf_slice(was), buf_slice(is));
    if (!*changed)
        return ERR_OK;
    TRY(product_write(tx, p, mem, e));
    TRY(variants_write(tx, p->id, v, n, e));
    return catalogue_fact(tx, buf_slice(is), e);
}

enum err_code tx_product_put(struct tx *tx, const struct product *p, const struct variant *v, size_t n,
                             struct slice by, bool *changed, struct err *e)
{
    assert(tx && p && changed);
    AUTO(arena) mem = arena_new((size_t)4 << 20);
    if (!mem)
        return err_set(e, ERR_LIMIT, 0, "no memory for a product");
    struct buf was = buf_make(1 << 20), is = buf_make(1 << 20);
    enum err_code code = product_put(tx, p, v, n, by, mem, &was, &is, changed, e);
    buf_drop(&was);
    buf_drop(&is);
    return code;
}

enum err_code tx_product_remove(struct tx *tx, struct slice id, struct slice by, struct err *e)
{
    assert(tx);
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM products WHERE id = $1"), &stmt, e));
    store_bind_text(stmt, 1, id);
    TRY(store_run(stmt, e));
    if (store_changes(tx->conn) == 0)
        return err_set(e, ERR_NOT_FOUND, 0, "the catalogue has no such product");
    TRY(variants_write(tx, id, NULL, 0, e));
    struct buf out = buf_make(8192);
    struct json_w w = json_w(&out);
    json_w_open(&w, '{');
    json_w_kstring(&w, "removed", id);
    json_w_kstring(&w, "by", by);
    json_w_close(&w, '}');
    enum err_code code = buf_check(&out, "a product", e);
    if (!code)
        code = catalogue_fact(tx, buf_slice(&out), e);
    buf_drop(&out);
    return code;
}

static enum err_code category_same(struct tx *tx, const struct category *c, bool *same, struct err *e)
{
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("SELECT 1 FROM categories WHERE id = $1 AND name_en = $2"
                                      " AND name_es = $3 AND parent = $4"), &stmt, e));
    store_bind_text(stmt, 1, c->id);
    store_bind_text(stmt, 2, c->name_en);
    store_bind_text(stmt, 3, c->name_es);
    store_bind_text(stmt, 4, c->parent);
    TRY(store_step(stmt, same, e));
    store_reset(stmt);
    return ERR_OK;
}

static void category_body(struct buf *out, const struct category *c, struct slice by)
{
    struct json_w w = json_w(out);
    json_w_open(&w, '{');
    json_w_key(&w, "category");
    json_w_open(&w, '{');
    json_w_kstring(&w, "id", c->id);
    json_w_key(&w, "name");
    json_w_open(&w, '{');
    json_w_kstring(&w, "en", c->name_en);
    json_w_kstring(&w, "es", c->name_es);
    json_w_close(&w, '}');
    kstring_or_null(&w, "parent", c->parent);
    json_w_close(&w, '}');
    json_w_kstring(&w, "by", by);
    json_w_close(&w, '}');
}

enum err_code tx_category_put(struct tx *tx, const struct category *c, struct slice by, bool *changed,
                              struct err *e)
{
    assert(tx && c && changed);
    if (!c->id.len || c->id.len > LIMIT_PRODUCT_ID || c->name_en.len > LIMIT_PRODUCT_ID
        || c->name_es.len > LIMIT_PRODUCT_ID || c->parent.len > LIMIT_PRODUCT_ID)
        return err_set(e, ERR_INVALID, 0, "a category's id, parent and names have 1 to %d bytes", LIMIT_PRODUCT_ID);
    bool same;
    TRY(category_same(tx, c, &same, e));
    *changed = !same;
    if (same)
        return ERR_OK;
    struct store_stmt *stmt;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO categories (id, name_en, name_es, parent)"
                                      " VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET"
                                      " name_en = excluded.name_en, name_es = excluded.name_es,"
                                      " parent = excluded.parent"), &stmt, e));
    store_bind_text(stmt, 1, c->id);
    store_bind_text(stmt, 2, c->name_en);
    store_bind_text(stmt, 3, c->name_es);
    store_bind_text(stmt, 4, c->parent);
    TRY(store_run(stmt, e));
    struct buf body = buf_make(16384);
    category_body(&body, c, by);
    enum err_code code = buf_check(&body, "a category", e);
    if (!code)
        code = catalogue_fact(tx, buf_slice(&body), e);
    buf_drop(&body);
    return code;
}
