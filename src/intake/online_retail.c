/* The UCI "Online Retail" form (D. Chen, 2015, CC BY 4.0): order lines to orders. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "insight/words.h"
#include "intake/gifts.h"
#include "intake/import_room.h"
#include "text/time.h"

enum column { INVOICE, STOCK, TITLE, QUANTITY, DATE, PRICE, CUSTOMER, COUNTRY, COLUMNS };

static const char *const column_names[COLUMNS] = { "InvoiceNo", "StockCode", "Description", "Quantity",
                                                   "InvoiceDate", "UnitPrice", "CustomerID", "Country" };

/* What a file told about one stock code: its title by majority vote (Boyer, Moore 1981), its newest price. */
struct article {
    struct slice title;  // owned
    int64_t votes, price_micro, price_ms;
};

struct row {
    struct slice invoice, stock, title, customer, country;
    int64_t quantity_micro, price_micro, amount_micro, time_ms, line;
};

/* The invoice whose lines are being read: lines of one invoice stand together in the file. */
struct invoice {
    struct buf lines;  // JSON of its products
    struct slice id, customer, country;  // owned, in `mem`
    struct arena *mem;
    int64_t time_ms, amount_micro, rows, line;  // line: where it begins
    uint64_t hash;
    bool open;
};

struct reading {
    struct import *import;
    size_t at[COLUMNS];       // where each column stands
    struct invoice invoice;
    struct words stocks;      // stock code -> article
    struct article *article;
    size_t article_cap;
    struct words countries;   // "customer|country" told in this run
    struct words invoices;    // ids met, so that a second run of lines of one id gets a key of its own
    uint32_t *met;            // how often
    size_t met_cap;
};

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory to import")

/* ---- one row ---- */

static enum err_code read_header(void *arg, const struct csv_record *record, struct err *e)
{
    struct reading *r = arg;
    for (int c = 0; c < COLUMNS; c++) {
        size_t at = 0;
        while (at < record->fields && !slice_is(slice_trim(record->field[at]), column_names[c]))
            at++;
        if (at == record->fields)
            return err_set(e, ERR_INVALID, 1, "line 1: the column %s is missing; the form is InvoiceNo,"
                           "StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
                           column_names[c]);
        r->at[c] = at;
    }
    return ERR_OK;
}

/* "17850.0" is customer 17850: the file has been through a table of floats. */
static struct slice customer_id(struct slice text)
{
    text = slice_trim(text);
    if (slice_ends(text, SLICE(".0")))
        text.len -= 2;
    return text;
}

struct flaw {
    const char *reason, *remedy;
};

static bool row_read(const struct reading *r, const struct csv_record *record, struct row *ret,
                     struct flaw *flaw)
{
    for (int c = 0; c < COLUMNS; c++) {
        *flaw = (struct flaw){ "too few columns", "give every row the columns of the first line" };
        if (r->at[c] >= record->fields)
            return false;
        *flaw = (struct flaw){ "not UTF-8", "save the file as UTF-8" };
        if (!utf8_valid(record->field[r->at[c]]))
            return false;
    }
    const struct slice *field = record->field;
    struct row row = { .invoice = slice_trim(field[r->at[INVOICE]]), .stock = slice_trim(field[r->at[STOCK]]),
                       .title = slice_trim(field[r->at[TITLE]]), .country = slice_trim(field[r->at[COUNTRY]]),
                       .customer = customer_id(field[r->at[CUSTOMER]]) };
    const struct {
        bool wrong;
        struct flaw flaw;
    } checks[] = {
        { !row.invoice.len || row.invoice.len > 64, { "no invoice number", "fill in InvoiceNo" } },
        { !row.stock.len || row.stock.len > 64, { "no stock code", "fill in StockCode" } },
        { micro_parse(slice_trim(field[r->at[QUANTITY]]), &row.quantity_micro, NULL) != ERR_OK,
          { "the quantity is no number", "write Quantity like 6 or -6" } },
        { micro_parse(slice_trim(field[r->at[PRICE]]), &row.price_micro, NULL) != ERR_OK,
          { "the price is no number", "write UnitPrice like 2.55, with a point" } },
        { time_parse(slice_trim(field[r->at[DATE]]), &row.time_ms, NULL) != ERR_OK,
          { "the date cannot be read", "write InvoiceDate like 2010-12-01 08:26:00" } },
        { row.customer.len > 64, { "the customer id is too long", "use at most 64 characters" } },
    };
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        *flaw = checks[i].flaw;
        if (checks[i].wrong)
            return false;
    }
    *flaw = (struct flaw){ "quantity times price is too large", "check both numbers" };
    if (micro_mul(row.quantity_micro, row.price_micro, &row.amount_micro, NULL))
        return false;
    row.time_ms += r->import->options->shift_ms;
    row.line = record->line;
    *ret = row;
    return true;
}

/* ---- articles for the catalogue ---- */

static enum err_code article_vote(struct article *article, struct slice title, struct err *e)
{
    if (slice_eq(article->title, title)) {
        article->votes++;
        return ERR_OK;
    }
    if (article->votes > 0) {
        article->votes--;
        return ERR_OK;
    }
    char *copy = malloc(title.len + 1);
    if (!copy)
        return NO_MEMORY(e);
    memcpy(copy, title.at, title.len);
    free((char *)article->title.at);
    article->title = (struct slice){ copy, title.len };
    article->votes = 1;
    return ERR_OK;
}

/* Only lines with a price speak of the article: the others are the stockroom's notes ("damages", "?"). */
static enum err_code article_note(struct reading *r, const struct row *row, struct err *e)
{
    if (row->price_micro <= 0)
        return ERR_OK;
    uint32_t number = words_add(&r->stocks, row->stock);
    if (!number || !vec_need(r->article, r->article_cap, (size_t)number + 1))
        return NO_MEMORY(e);
    struct article *article = &r->article[number];
    if (row->time_ms >= article->price_ms) {
        article->price_micro = row->price_micro;
        article->price_ms = row->time_ms;
    }
    return row->title.len ? article_vote(article, row->title, e) : ERR_OK;
}

static enum err_code catalogue_put(struct reading *r, struct err *e)
{
    for (size_t i = 0; i < gift_categories_count; i++) {
        const struct gift_category *c = &gift_categories[i];
        struct category category = { .id = slice_of(c->id), .name_en = slice_of(c->name_en),
                                     .name_es = slice_of(c->name_es), .parent = SLICE("") };
        TRY(import_put_category(r->import, &category, e));
    }
    for (uint32_t n = 1; n <= r->stocks.count; n++) {
        const struct article *article = &r->article[n];
        struct slice code = words_text(&r->stocks, n);
        struct product product = { .id = code, .title = article->title, .active = true,
                                   .kind = gift_kind(code), .price_micro = article->price_micro,
                                   .stock = STOCK_NOT_COUNTED };
        if (product.kind == PRODUCT_GOODS)
            product.category = gift_category_of(article->title);
        TRY(import_put_product(r->import, &product, 0, e));
    }
    return ERR_OK;
}

/* ---- invoices ---- */

static enum err_code told_country(struct reading *r, const struct invoice *in, struct err *e)
{
    struct slice pair = arena_printf(r->import->scratch, "%.*s|%.*s", SLICE_ARG(in->customer),
                                     SLICE_ARG(in->country));
    if (!pair.at)
        return NO_MEMORY(e);
    if (!in->customer.len || !in->country.len || words_find(&r->countries, pair))
        return ERR_OK;
    if (!words_add(&r->countries, pair))
        return NO_MEMORY(e);
    struct buf rest = buf_make(4096);
    struct json_w w = json_w(&rest);
    char key[160];
    int n = snprintf(key, sizeof key, "country:%.*s:%016llx", SLICE_ARG(in->customer),
                     (unsigned long long)hash64(in->country, 0));
    json_w_kcstr(&w, "type", "identify");
    json_w_kstring(&w, "userId", in->customer);
    json_w_kcstr(&w, "messageId", key);
    json_w_ktime(&w, "timestamp", in->time_ms);
    json_w_key(&w, "traits");
    json_w_open(&w, '{');
    json_w_key(&w, "address");
    json_w_open(&w, '{');
    json_w_kstring(&w, "country", in->country);
    json_w_close(&w, '}');
    json_w_close(&w, '}');
    struct import_event event = { .key = { key, (size_t)n }, .hash = 1, .line = in->line, .rest = buf_slice(&rest) };
    enum err_code code = buf_check(&rest, "an event", e);
    if (!code)
        code = import_put_event(r->import, &event, e);
    buf_drop(&rest);
    return code;
}

/* How often this invoice number has begun before in the file; 0 for the first time. */
static enum err_code begun_before(struct reading *r, struct slice id, uint32_t *ret, struct err *e)
{
    uint32_t number = words_add(&r->invoices, id);
    if (!number || !vec_need(r->met, r->met_cap, (size_t)number + 1))
        return NO_MEMORY(e);
    *ret = r->met[number]++;
    return ERR_OK;
}

static void order_json(const struct invoice *in, struct slice order_id, struct slice message_id,
                       struct buf *out)
{
    struct json_w w = json_w(out);
    json_w_kcstr(&w, "type", "track");
    if (in->customer.len)
        json_w_kstring(&w, "userId", in->customer);
    json_w_kstring(&w, "messageId", message_id);
    json_w_ktime(&w, "timestamp", in->time_ms);
    json_w_key(&w, "properties");
    json_w_open(&w, '{');
    json_w_kstring(&w, "order_id", order_id);
    json_w_kcstr(&w, "currency", "GBP");
    json_w_kmicro(&w, "revenue", in->amount_micro);
    if (in->country.len)
        json_w_kstring(&w, "country", in->country);
    json_w_key(&w, "products");
    json_w_open(&w, '[');
    buf_add(out, buf_slice(&in->lines));
    w.comma = true;
    json_w_close(&w, ']');
    json_w_close(&w, '}');
}

static enum err_code invoice_end(struct reading *r, struct err *e)
{
    struct invoice *in = &r->invoice;
    if (!in->open)
        return ERR_OK;
    in->open = false;
    TRY(buf_check(&in->lines, "the lines of an invoice", e));
    uint32_t again = 0;
    TRY(begun_before(r, in->id, &again, e));
    struct slice order_id = again ? arena_printf(in->mem, "%.*s#%u", SLICE_ARG(in->id), again + 1) : in->id;
    struct slice key = arena_printf(in->mem, "order:%.*s", SLICE_ARG(order_id));
    struct slice message_id = arena_printf(in->mem, "%.*s-%016llx", SLICE_ARG(order_id),
                                           (unsigned long long)in->hash);
    if (!order_id.at || !key.at || !message_id.at)
        return NO_MEMORY(e);
    TRY(told_country(r, in, e));
    struct buf rest = buf_make((size_t)4 << 20);
    order_json(in, order_id, message_id, &rest);
    bool refund = in->id.at[0] == 'C';
    struct import_event event = { .key = key, .hash = in->hash, .rest = buf_slice(&rest),
                                  .event = refund ? SLICE("\"Order Refunded\"") : SLICE("\"Order Completed\""),
                                  .changed = refund ? SLICE("") : SLICE("\"Order Updated\""),
                                  .nobody = !in->customer.len, .rows = in->rows, .line = in->line,
                                  .amount_micro = in->amount_micro };
    enum err_code code = buf_check(&rest, "an invoice", e);
    if (!code)
        code = import_put_event(r->import, &event, e);
    buf_drop(&rest);
    return code;
}

static enum err_code invoice_begin(struct reading *r, const struct row *row, struct err *e)
{
    struct invoice *in = &r->invoice;
    arena_reset(in->mem);
    buf_clear(&in->lines);
    in->id = arena_copy(in->mem, row->invoice);
    in->customer = arena_copy(in->mem, row->customer);
    in->country = arena_copy(in->mem, row->country);
    if (!in->id.at || !in->customer.at || !in->country.at)
        return NO_MEMORY(e);
    in->time_ms = row->time_ms;
    in->line = row->line;
    in->amount_micro = in->rows = 0;
    in->hash = hash64(row->customer, 7);
    in->open = true;
    return ERR_OK;
}

static enum err_code invoice_line(struct reading *r, const struct row *row, struct err *e)
{
    struct invoice *in = &r->invoice;
    if (__builtin_add_overflow(in->amount_micro, row->amount_micro, &in->amount_micro))
        return err_set(e, ERR_LIMIT, 0, "the sum of an invoice does not fit in 13 digits");
    struct json_w w = { &in->lines, in->rows > 0 };
    size_t from = in->lines.len;
    json_w_open(&w, '{');
    json_w_kstring(&w, "product_id", row->stock);
    json_w_kmicro(&w, "quantity", row->quantity_micro);
    json_w_kmicro(&w, "price", row->price_micro);
    json_w_close(&w, '}');
    if (!in->lines.failed)
        in->hash = hash64((struct slice){ in->lines.at + from, in->lines.len - from }, in->hash);
    in->rows++;
    return ERR_OK;
}

static bool same_invoice(const struct invoice *in, const struct row *row)
{
    return in->open && slice_eq(in->id, row->invoice) && slice_eq(in->customer, row->customer);
}

static enum err_code row_take(struct reading *r, const struct row *row, struct err *e)
{
    if (!same_invoice(&r->invoice, row)) {
        TRY(invoice_end(r, e));
        TRY(invoice_begin(r, row, e));
    }
    TRY(article_note(r, row, e));
    return invoice_line(r, row, e);
}

/* ---- the file ---- */

static enum err_code record_take(void *arg, const struct csv_record *record, struct err *e)
{
    struct reading *r = arg;
    struct row row;
    struct flaw flaw;
    if (!row_read(r, record, &row, &flaw))
        return import_reject(r->import, record->line, flaw.reason, flaw.remedy, record->raw, e);
    return row_take(r, &row, e);
}

static void reading_free(struct reading *r)
{
    for (size_t i = 0; i < r->article_cap; i++)
        free((char *)r->article[i].title.at);
    free(r->article);
    free(r->met);
    words_drop(&r->stocks);
    words_drop(&r->countries);
    words_drop(&r->invoices);
    buf_drop(&r->invoice.lines);
    arena_drop(&r->invoice.mem);
}

enum err_code import_online_retail(struct import *import, struct err *e)
{
    assert(import);
    struct reading r = { .import = import, .invoice = { .lines = buf_make((size_t)4 << 20),
                                                        .mem = arena_new((size_t)1 << 20) } };
    struct import_table table = { ',', read_header, record_take, &r };
    enum err_code code = r.invoice.mem ? import_csv(import, &table, e) : NO_MEMORY(e);
    if (!code)
        code = invoice_end(&r, e);
    if (!code)
        code = catalogue_put(&r, e);
    reading_free(&r);
    return code;
}
