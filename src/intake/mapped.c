/* CSV with a header line, and NDJSON, by a mapping. */
#include <assert.h>
#include <stdio.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "intake/import_room.h"
#include "intake/mapping.h"
#include "text/time.h"

struct rows {
    struct import *import;
    struct mapping map;
    struct arena *mem;        // of the mapping and the header
    struct slice *header;     // CSV
    size_t columns;
    const struct csv_record *record;
    struct json_parser *parser;
    struct json json;         // NDJSON: the line
    int64_t line;
    char reason[128];         // why the row at hand is refused
    const char *remedy;
};

#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory to import")

static bool refuse(struct rows *r, const char *remedy, const char *fmt, struct slice name)
{
    snprintf(r->reason, sizeof r->reason, "%s%.*s", fmt, name.len > 60 ? 60 : (int)name.len, name.at);
    r->remedy = remedy;
    return false;
}

/* ---- one value of a row ---- */

static struct json json_at(struct json v, struct slice from)
{
    if (!slice_starts(from, SLICE("/")))
        return json_get_slice(v, from);
    from.at++;
    from.len--;
    while (from.len && !json_is(v, JSON_NONE))
        v = json_get_slice(v, slice_cut(&from, '/'));
    return v;
}

/* The value as text; empty where the row has none. */
static struct slice value_text(const struct rows *r, const struct mapped *m)
{
    if (m->fixed.at)
        return m->fixed;
    if (!r->record)
        return json_text(json_at(r->json, m->from), r->import->scratch);
    for (size_t c = 0; c < r->columns && c < r->record->fields; c++)
        if (slice_eq(r->header[c], m->from))
            return slice_trim(r->record->field[c]);
    return (struct slice){ NULL, 0 };
}

static bool json_of_value(struct rows *r, const struct mapped *m, struct slice text, struct json_w *w)
{
    int64_t number;
    char time[TIME_TEXT_MAX];
    switch (m->type) {
    case TYPE_NUMBER:
        if (micro_parse(text, &number, NULL))
            return refuse(r, "write numbers like 2.55, with a point", "no number in ", m->from);
        json_w_micro(w, number);
        return true;
    case TYPE_DATE:
        if (time_parse(text, &number, NULL))
            return refuse(r, "write dates like 2026-01-31 or 2026-01-31T10:00:00Z", "no date in ", m->from);
        json_w_string(w, time_print(number, time));
        return true;
    case TYPE_BOOLEAN:
        if (!slice_is(text, "true") && !slice_is(text, "false") && !slice_is(text, "1")
            && !slice_is(text, "0"))
            return refuse(r, "write true or false", "neither true nor false in ", m->from);
        json_w_bool(w, slice_is(text, "true") || slice_is(text, "1"));
        return true;
    default:
        json_w_string(w, text);
        return true;
    }
}

/* One member; left out where the row has nothing for it. */
static bool member_write(struct rows *r, const struct mapped *m, struct json_w *w)
{
    if (m->type == TYPE_JSON && !r->record && !m->fixed.at) {
        struct json v = json_at(r->json, m->from);
        if (!json_is(v, JSON_NONE)) {
            json_w_key_slice(w, m->name);
            json_w_raw(w, json_raw(v));
        }
        return true;
    }
    struct slice text = value_text(r, m);
    if (!text.len)
        return true;
    json_w_key_slice(w, m->name);
    return json_of_value(r, m, text, w);
}

static bool members_write(struct rows *r, const char *key, struct json_w *w)
{
    json_w_key(w, key);
    json_w_open(w, '{');
    for (size_t i = 0; i < r->map.n; i++)
        if (!member_write(r, &r->map.members[i], w))
            return false;
    const struct mapped *email = &r->map.email;
    if (email->name.len && value_text(r, email).len && !member_write(r, email, w))
        return false;
    json_w_close(w, '}');
    return true;
}

/* ---- rows to events ---- */

static bool event_write(struct rows *r, uint64_t hash, struct buf *out)
{
    struct json_w w = json_w(out);
    bool customer = r->map.as == AS_CUSTOMER;
    json_w_kcstr(&w, "type", customer ? "identify" : "track");
    const struct mapped *who[] = { &r->map.user_id, &r->map.anonymous_id, &r->map.group_id };
    bool known = r->map.email.name.len && value_text(r, &r->map.email).len;
    for (size_t i = 0; i < 3; i++) {
        if (!who[i]->name.len)
            continue;
        known |= value_text(r, who[i]).len > 0;
        if (!member_write(r, who[i], &w))
            return false;
    }
    if (!known)
        return refuse(r, "fill in a user id, an anonymous id or an e-mail", "no identifier of a customer", SLICE(""));
    if (!customer && !value_text(r, &r->map.event).len)
        return refuse(r, "fill in the event's name", "no event name", SLICE(""));
    if (!customer && !member_write(r, &r->map.event, &w))
        return false;
    struct mapped when = r->map.timestamp;
    when.type = TYPE_DATE;
    if (when.name.len && !member_write(r, &when, &w))
        return false;
    char id[24];
    struct slice given = r->map.message_id.name.len ? value_text(r, &r->map.message_id) : SLICE("");
    snprintf(id, sizeof id, "row-%016llx", (unsigned long long)hash);
    json_w_kstring(&w, "messageId", given.len ? given : slice_of(id));
    if (!members_write(r, customer ? "traits" : "properties", &w))
        return false;
    return true;
}

static enum err_code put_event(struct rows *r, struct slice raw, bool *taken, struct err *e)
{
    uint64_t hash = hash64(raw, 0);
    struct buf rest = buf_make((size_t)1 << 20);
    *taken = event_write(r, hash, &rest);
    enum err_code code = ERR_OK;
    if (*taken) {
        struct slice given = r->map.message_id.name.len ? value_text(r, &r->map.message_id) : SLICE("");
        char text[24];
        snprintf(text, sizeof text, "row-%016llx", (unsigned long long)hash);
        struct import_event event = { .key = given.len ? given : slice_of(text), .hash = 1,
                                      .rest = buf_slice(&rest), .rows = 1, .line = r->line };
        code = buf_check(&rest, "an event", e);
        if (!code)
            code = import_put_event(r->import, &event, e);
    }
    buf_drop(&rest);
    return code;
}

/* A line that is an event already: as clients send them and `export facts` writes them. */
static enum err_code put_raw(struct rows *r, struct slice raw, bool *taken, struct err *e)
{
    *taken = true;
    struct slice id = json_text(json_get(r->json, "messageId"), r->import->scratch);
    char text[24];
    snprintf(text, sizeof text, "row-%016llx", (unsigned long long)hash64(raw, 0));
    raw = slice_trim(json_raw(r->json));
    struct slice inside = slice_trim((struct slice){ raw.at + 1, raw.len - 2 });
    if (!inside.len) {
        *taken = refuse(r, "write one event a line", "an empty object", SLICE(""));
        return ERR_OK;
    }
    struct import_event event = { .key = id.len ? id : slice_of(text), .hash = 1, .rest = inside,
                                  .nobody = true, .rows = 1, .line = r->line };
    return import_put_event(r->import, &event, e);
}

static const struct mapped *member_named(const struct rows *r, const char *name)
{
    for (size_t i = 0; i < r->map.n; i++)
        if (slice_is(r->map.members[i].name, name))
            return &r->map.members[i];
    return NULL;
}

static struct slice product_text(const struct rows *r, const char *name)
{
    const struct mapped *m = member_named(r, name);
    struct slice text = m ? value_text(r, m) : SLICE("");
    return text.len ? text : SLICE("");
}

static bool product_read(struct rows *r, struct product *ret)
{
    struct product p = { .id = product_text(r, "id"), .title = product_text(r, "title"),
                         .description = product_text(r, "description"),
                         .category = product_text(r, "category"), .image_url = product_text(r, "imageUrl"),
                         .url = product_text(r, "url"), .active = true, .price_micro = PRICE_UNKNOWN,
                         .stock = STOCK_NOT_COUNTED };
    struct slice price = product_text(r, "price"), stock = product_text(r, "stock"),
                 kind = product_text(r, "kind");
    if (!p.id.len || p.id.len > 200)
        return refuse(r, "fill in the product's id, at most 200 bytes", "no product id", SLICE(""));
    if (price.len && micro_parse(price, &p.price_micro, NULL))
        return refuse(r, "write prices like 2.55, with a point", "no price in ", price);
    if (stock.len && (!slice_i64(stock, &p.stock) || p.stock < 0))
        return refuse(r, "write the stock as a whole number from 0, or leave it empty", "no stock in ", stock);
    if (kind.len && !product_kind_parse(kind, &p.kind))
        return refuse(r, "use goods, service, fee or voucher", "no kind of product: ", kind);
    *ret = p;
    return true;
}

static enum err_code row_take(struct rows *r, struct slice raw, int64_t line, struct err *e)
{
    bool taken = false;
    r->line = line;
    if (r->map.raw) {
        TRY(put_raw(r, raw, &taken, e));
    } else if (r->map.as == AS_PRODUCT) {
        struct product product;
        taken = product_read(r, &product);
        if (taken)
            TRY(import_put_product(r->import, &product, 1, e));
    } else {
        TRY(put_event(r, raw, &taken, e));
    }
    return taken ? ERR_OK : import_reject(r->import, line, r->reason, r->remedy, raw, e);
}

/* ---- CSV ---- */

static enum err_code header_take(struct rows *r, const struct csv_record *record, struct err *e)
{
    r->header = arena_array(r->mem, struct slice, record->fields);
    r->columns = record->fields;
    for (size_t c = 0; r->header && c < record->fields; c++) {
        r->header[c] = arena_copy(r->mem, slice_trim(record->field[c]));
        if (!r->header[c].at)
            return NO_MEMORY(e);
    }
    return r->header ? ERR_OK : NO_MEMORY(e);
}

/* Each column that the mapping names must be in the header: a typing error would lose a column silently. */
static enum err_code columns_check(const struct rows *r, struct err *e)
{
    const struct mapped *single[] = { &r->map.event, &r->map.timestamp, &r->map.message_id, &r->map.user_id,
                                      &r->map.anonymous_id, &r->map.group_id, &r->map.email };
    for (size_t i = 0; i < 7 + r->map.n; i++) {
        const struct mapped *m = i < 7 ? single[i] : &r->map.members[i - 7];
        if (!m->name.len || m->fixed.at)
            continue;
        size_t c = 0;
        while (c < r->columns && !slice_eq(r->header[c], m->from))
            c++;
        if (c == r->columns)
            return err_set(e, ERR_INVALID, 1, "line 1 has no column \"%.*s\", which the mapping names for \"%.*s\"",
                           SLICE_ARG(m->from), SLICE_ARG(m->name));
    }
    return ERR_OK;
}

static enum err_code table_header(void *arg, const struct csv_record *record, struct err *e)
{
    struct rows *r = arg;
    TRY(header_take(r, record, e));
    return columns_check(r, e);
}

static enum err_code table_record(void *arg, const struct csv_record *record, struct err *e)
{
    struct rows *r = arg;
    if (!utf8_valid(record->raw))
        return import_reject(r->import, record->line, "not UTF-8", "save the file as UTF-8", SLICE(""), e);
    r->record = record;
    return row_take(r, record->raw, record->line, e);
}

/* ---- NDJSON ---- */

static enum err_code line_take(struct rows *r, struct slice line, int64_t number, struct err *e)
{
    struct err flaw;
    line = slice_trim(line);
    if (!line.len)
        return ERR_OK;
    arena_reset(r->import->scratch);
    atomic_fetch_add(&r->import->progress->rows, 1);
    if (json_parse(r->parser, line, &r->json, &flaw))
        return import_reject(r->import, number, flaw.text, "write one JSON object a line", line, e);
    if (!json_is(r->json, JSON_OBJECT))
        return import_reject(r->import, number, "no JSON object", "write one JSON object a line", line, e);
    r->record = NULL;
    return row_take(r, line, number, e);
}

#define LINE_MAX_BYTES LIMIT_IMPORT_EVENT_BYTES

/* Lines of a growing buffer: what stands before the last line break is taken, the rest waits for more. */
static enum err_code lines_take(struct rows *r, struct buf *pending, int64_t *number, bool last,
                                struct err *e)
{
    struct slice rest = buf_slice(pending);
    while (rest.len) {
        if (slice_find(rest, '\n') == rest.len && !last)
            break;
        TRY(line_take(r, slice_cut(&rest, '\n'), ++*number, e));
        TRY(import_step(r->import, e));
    }
    if (rest.len)
        memmove(pending->at, rest.at, rest.len);
    pending->len = rest.len;
    return rest.len <= LINE_MAX_BYTES
               ? ERR_OK
               : err_set(e, ERR_LIMIT, (size_t)*number + 1, "line %lld is longer than %u bytes",
                         (long long)*number + 1, LINE_MAX_BYTES);
}

static enum err_code ndjson_take(struct rows *r, struct err *e)
{
    const size_t piece = (size_t)256 << 10;
    struct buf pending = buf_make((size_t)LINE_MAX_BYTES * 4);
    int64_t number = 0;
    enum err_code code = ERR_OK;
    for (size_t got = 1; !code && got;) {
        if (!buf_reserve(&pending, piece)) {
            code = NO_MEMORY(e);
            break;
        }
        code = import_source(r->import, pending.at + pending.len, piece, &got, e);
        if (code)
            break;
        pending.len += got;
        code = lines_take(r, &pending, &number, got == 0, e);
    }
    buf_drop(&pending);
    return code;
}

enum err_code import_mapped(struct import *import, struct err *e)
{
    assert(import);
    struct rows r = { .import = import, .mem = arena_new((size_t)4 << 20), .parser = json_parser_new() };
    bool is_csv = import->options->format == IMPORT_CSV;
    enum err_code code = r.mem && r.parser ? mapping_parse(import->options->mapping, r.mem, &r.map, e)
                                           : NO_MEMORY(e);
    if (!code && is_csv && r.map.raw)
        code = err_set(e, ERR_INVALID, 0, "a CSV file needs a mapping: see docs/IMPORT.md");
    struct import_table table = { r.map.separator, table_header, table_record, &r };
    if (!code)
        code = is_csv ? import_csv(import, &table, e) : ndjson_take(&r, e);
    json_parser_drop(&r.parser);
    arena_drop(&r.mem);
    return code;
}
