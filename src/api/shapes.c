/* Shapes that several handlers write; docs/API.md and schemas.json say what they hold. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/api_room.h"
#include "base/limits.h"
#include "engine/feel/temporal.h"
#include "memory/traits.h"
#include "text/time.h"

void json_id(struct json_w *w, const char *key, uint32_t root)
{
    char text[16];
    snprintf(text, sizeof text, "c%u", root);
    json_w_kcstr(w, key, root == FACT_NOBODY ? NULL : text);
}

void json_row_id(struct json_w *w, const char *key, int64_t id)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)id);
    json_w_kcstr(w, key, text);
}

void json_document(struct json_w *w, const struct document_row *d)
{
    json_row_id(w, "id", d->id);
    json_w_kstring(w, "name", d->name);
    json_w_ki64(w, "version", d->version);
    json_w_ktime(w, "createdAt", d->created_ms);
    json_w_ktime(w, "changedAt", d->changed_ms);
    json_w_kstring(w, "by", d->by);
    json_w_kstring(w, "note", d->note);
}

void json_document_version(struct json_w *w, const struct document_version *v)
{
    json_w_ki64(w, "version", v->version);
    json_w_kstring(w, "note", v->note);
    json_w_kstring(w, "by", v->by);
    json_w_ktime(w, "at", v->at_ms);
}

void json_w_texts(struct json_w *w, const char *key, struct slice en, struct slice es)
{
    json_w_key(w, key);
    json_w_open(w, '{');
    json_w_kstring(w, "en", en);
    json_w_kstring(w, "es", es);
    json_w_close(w, '}');
}

void json_ktext_or_null(struct json_w *w, const char *key, struct slice text)
{
    if (text.len)
        json_w_kstring(w, key, text);
    else
        json_w_knull(w, key);
}

void json_ktime_or_null(struct json_w *w, const char *key, int64_t ms)
{
    if (ms == FACT_NO_TIME)
        json_w_knull(w, key);
    else
        json_w_ktime(w, key, ms);
}

void json_kday(struct json_w *w, const char *key, int32_t day)
{
    char text[TIME_TEXT_MAX];
    json_w_kstring(w, key, time_print_date(day * DAY_MS, text));
}

void json_list_open(struct json_w *w)
{
    json_w_open(w, '{');
    json_w_key(w, "items");
    json_w_open(w, '[');
}

void json_list_close_word(struct json_w *w, struct slice next)
{
    json_w_close(w, ']');
    json_ktext_or_null(w, "next", next);
    json_w_close(w, '}');
}

void json_list_close(struct json_w *w, int64_t next)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)next);
    json_list_close_word(w, (struct slice){ text, next ? (size_t)n : 0 });
}

/* ---- customers ---- */

enum err_code customer_row(struct call *call, uint32_t root, struct customer_row *ret, struct err *e)
{
    const struct customers *customers = memory_customers(call->rooms->memory);
    struct customer_row row = { .root = customers_root(customers, root) };
    TRY(customers_face(customers, call->thread->read, row.root, call->mem, &row.face, e));
    struct standing standing = people_standing(call->rooms->people, row.root, call->now_ms);
    row.kind = customers_kind(customers, row.root);
    row.known = customers_is_known(customers, row.root);
    row.bought = standing.bought;
    row.tier = standing.tier;
    row.first_ms = customers_first_seen_ms(customers, row.root);
    row.last_ms = customers_last_seen_ms(customers, row.root);
    *ret = row;
    return ERR_OK;
}

static void row_members(struct json_w *w, const struct customer_row *row)
{
    json_id(w, "id", row->root);
    json_w_kcstr(w, "kind", customer_kind_name(row->kind));
    json_ktext_or_null(w, "name", row->face.name);
    json_ktext_or_null(w, "email", row->face.email);
    json_ktext_or_null(w, "userId", row->face.user_id);
    json_ktext_or_null(w, "country", row->face.country);
    json_w_kbool(w, "anonymous", !row->known);
    json_w_kcstr(w, "tier", tier_name(row->tier));
    json_w_ki64(w, "orders", row->bought.orders);
    json_w_kmicro(w, "value", row->bought.value_micro);
    json_ktime_or_null(w, "lastOrderAt", row->bought.last_ms);
    json_ktime_or_null(w, "firstSeenAt", row->first_ms);
    json_ktime_or_null(w, "lastSeenAt", row->last_ms);
}

void json_customer_row(struct json_w *w, const struct customer_row *row)
{
    json_w_open(w, '{');
    row_members(w, row);
    json_w_close(w, '}');
}

enum err_code json_customer_row_of(struct call *call, struct json_w *w, uint32_t root, struct err *e)
{
    struct customer_row row;
    TRY(customer_row(call, root, &row, e));
    json_customer_row(w, &row);
    return ERR_OK;
}

enum err_code json_kcustomer(struct call *call, struct json_w *w, const char *key, uint32_t root, struct err *e)
{
    json_w_key(w, key);
    memory_read_lock(call->rooms->memory);
    enum err_code code = json_customer_row_of(call, w, root, e);
    memory_read_unlock(call->rooms->memory);
    return code;
}

static void rfm_member(struct call *call, struct json_w *w, uint32_t root)
{
    struct standing standing = people_standing(call->rooms->people, root, call->now_ms);
    bool bought = standing.bought.orders > 0;
    json_w_key(w, "rfm");
    json_w_open(w, '{');
    if (bought)
        json_w_ki64(w, "recencyDays", (int64_t)standing.rfm.recency_days);
    else
        json_w_knull(w, "recencyDays");
    json_w_ki64(w, "frequency", standing.rfm.frequency);
    json_w_kmicro(w, "value", standing.rfm.value_micro);
    if (bought) {
        json_w_key(w, "scores");
        json_w_open(w, '{');
        json_w_ki64(w, "r", standing.scores.r);
        json_w_ki64(w, "f", standing.scores.f);
        json_w_ki64(w, "m", standing.scores.m);
        json_w_close(w, '}');
    } else {
        json_w_knull(w, "scores");
    }
    json_w_kcstr(w, "tier", tier_name(standing.tier));
    struct buf en = buf_make(1024), es = buf_make(1024);
    people_why(&standing, "en", &en);
    people_why(&standing, "es", &es);
    json_w_texts(w, "why", buf_slice(&en), buf_slice(&es));
    buf_drop(&en);
    buf_drop(&es);
    json_w_close(w, '}');
}

static void trait_value_members(struct call *call, struct json_w *w, const struct trait_value *value)
{
    json_w_kraw(w, "value", value->value);
    json_w_ktime(w, "time", value->time_ms);
    json_w_kstring(w, "source", memory_source_name(call->rooms->memory, value->source));
    json_w_kcstr(w, "provenance", provenance_name(value->provenance));
}

static void trait_json(struct call *call, struct json_w *w, const struct trait *trait)
{
    json_w_open(w, '{');
    json_w_kstring(w, "name", trait->name);
    json_w_texts(w, "label", trait->label_en.len ? trait->label_en : trait->name,
                 trait->label_es.len ? trait->label_es : trait->name);
    json_w_kcstr(w, "type", trait_type_name(trait->type));
    trait_value_members(call, w, &trait->chosen);
    json_w_kbool(w, "fits", trait->fits);
    json_w_kstring(w, "purpose", trait->purpose);
    json_w_kcstr(w, "rule", trait_rule_name(trait->rule));
    json_w_key(w, "others");
    json_w_open(w, '[');
    for (size_t i = 0; i < trait->n_others; i++) {
        json_w_open(w, '{');
        trait_value_members(call, w, &trait->others[i]);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    json_w_close(w, '}');
}

static enum err_code traits_member(struct call *call, struct json_w *w, uint32_t root, struct err *e)
{
    struct trait *traits;
    size_t n;
    TRY(traits_of(call->rooms->memory, call->thread->read, root, call->mem, &traits, &n, e));
    json_w_key(w, "traits");
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++)
        trait_json(call, w, &traits[i]);
    json_w_close(w, ']');
    return ERR_OK;
}

void json_identifiers(struct call *call, struct json_w *w, const struct identifier_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        json_w_open(w, '{');
        json_w_kstring(w, "kind", rows[i].id.kind);
        json_w_kstring(w, "value", rows[i].id.value);
        json_w_ktime(w, "since", rows[i].since_ms);
        json_w_kstring(w, "source", memory_source_name(call->rooms->memory, rows[i].source));
        json_w_kbool(w, "shared", rows[i].shared);
        json_id(w, "history", rows[i].history);
        json_w_close(w, '}');
    }
}

static enum err_code identifiers_member(struct call *call, struct json_w *w, uint32_t root, struct err *e)
{
    struct identifier_row *rows;
    size_t n;
    TRY(customers_identifiers(memory_customers(call->rooms->memory), call->thread->read, root, call->mem,
                              &rows, &n, e));
    json_w_key(w, "identifiers");
    json_w_open(w, '[');
    json_identifiers(call, w, rows, n);
    json_w_close(w, ']');
    return ERR_OK;
}

static enum err_code memberships_member(struct call *call, struct json_w *w, uint32_t root, bool members,
                                        struct err *e)
{
    const struct customers *customers = memory_customers(call->rooms->memory);
    struct membership_row *rows;
    size_t n;
    TRY(customers_memberships(customers, call->thread->read, root, members, call->mem, &rows, &n, e));
    json_w_key(w, members ? "members" : "accounts");
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        uint32_t other = customers_root(customers, members ? rows[i].person : rows[i].account);
        struct customer_face face;
        TRY(customers_face(customers, call->thread->read, other, call->mem, &face, e));
        char id[32];
        snprintf(id, sizeof id, "c%u-c%u", rows[i].person, rows[i].account);
        json_w_open(w, '{');
        json_w_kcstr(w, "id", id);
        json_id(w, "customer", other);
        json_ktext_or_null(w, "name", face.name);
        json_w_kcstr(w, "kind", customer_kind_name(customers_kind(customers, other)));
        json_w_kstring(w, "role", rows[i].role);
        json_w_ktime(w, "since", rows[i].since_ms);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    return ERR_OK;
}

void json_merge_row(struct json_w *w, const struct merge_row *merge)
{
    json_w_open(w, '{');
    json_row_id(w, "id", merge->id);
    json_id(w, "winner", merge->winner);
    json_id(w, "loser", merge->loser);
    json_w_kstring(w, "reason", merge->reason);
    json_w_kstring(w, "by", merge->by);
    json_w_kstring(w, "note", merge->note);
    json_w_ktime(w, "at", merge->at_ms);
    json_ktime_or_null(w, "undoneAt", merge->undone_ms);
    json_w_close(w, '}');
}

static enum err_code merges_member(struct call *call, struct json_w *w, uint32_t root, struct err *e)
{
    struct merge_row *rows;
    size_t n;
    TRY(customers_merges(memory_customers(call->rooms->memory), call->thread->read, root, 0, LIMIT_PAGE,
                         call->mem, &rows, &n, e));
    json_w_key(w, "merges");
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++)
        json_merge_row(w, &rows[i]);
    json_w_close(w, ']');
    return ERR_OK;
}

enum err_code json_customer(struct call *call, struct json_w *w, uint32_t root, struct err *e)
{
    const struct customers *customers = memory_customers(call->rooms->memory);
    struct customer_row row;
    uint32_t histories[LIMIT_MERGE_LEAVES];
    TRY(customer_row(call, root, &row, e));
    json_w_open(w, '{');
    row_members(w, &row);
    rfm_member(call, w, row.root);
    TRY(traits_member(call, w, row.root, e));
    TRY(identifiers_member(call, w, row.root, e));
    TRY(memberships_member(call, w, row.root, false, e));
    TRY(memberships_member(call, w, row.root, true, e));
    TRY(merges_member(call, w, row.root, e));
    json_w_ki64(w, "histories",
                (int64_t)customers_histories(customers, row.root, histories, LIMIT_MERGE_LEAVES));
    json_w_close(w, '}');
    return ERR_OK;
}

enum err_code answer_customer(struct call *call, int status, uint32_t root, struct err *e)
{
    struct buf *out = call_buf(call);
    struct json_w w = json_w(out);
    memory_read_lock(call->rooms->memory);
    enum err_code code = json_customer(call, &w, root, e);
    memory_read_unlock(call->rooms->memory);
    TRY(code);
    return call_answer(call, status, out, e);
}

/* ---- products ---- */

void json_product_row(struct json_w *w, const struct product *product)
{
    json_w_open(w, '{');
    product_json(w, product);
    json_w_close(w, '}');
}

static void variants_member(struct json_w *w, const struct variant *variants, size_t n)
{
    json_w_key(w, "variants");
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        json_w_open(w, '{');
        json_w_kstring(w, "id", variants[i].id);
        json_w_kstring(w, "title", variants[i].title);
        if (variants[i].price_micro == PRICE_UNKNOWN)
            json_w_knull(w, "price");
        else
            json_w_kmicro(w, "price", variants[i].price_micro);
        if (variants[i].stock == STOCK_NOT_COUNTED)
            json_w_knull(w, "stock");
        else
            json_w_ki64(w, "stock", variants[i].stock);
        json_w_kraw(w, "attributes", variants[i].attributes.len ? variants[i].attributes : SLICE("{}"));
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

#define NEIGHBOURS_SHOWN 10

/* Under the read lock. */
static void neighbours_member(const struct api_options *rooms, struct json_w *w, uint32_t product)
{
    const struct recommend_model *models = recommendations_use(rooms->recommendations);
    const struct neighbours *model = models ? models->of->table[PROPOSER_NEIGHBOURS] : NULL;
    json_w_key(w, "neighbours");
    json_w_open(w, '[');
    size_t shown = 0, n = model && product && product <= model->items ? model->count[product - 1] : 0;
    for (size_t i = 0; i < n && shown < NEIGHBOURS_SHOWN; i++) {
        const struct neighbour *one = &model->of[(size_t)(product - 1) * model->k + i];
        const struct product *other = catalogue_product(rooms->catalogue, one->item + 1);
        if (!other)
            continue;
        json_w_open(w, '{');
        json_w_key(w, "product");
        json_product_row(w, other);
        json_w_kdouble(w, "similarity", (double)one->similarity);
        json_w_ki64(w, "together", one->together);
        json_w_close(w, '}');
        shown++;
    }
    json_w_close(w, ']');
    recommendations_done(rooms->recommendations, models);
}

enum err_code json_product(struct call *call, struct json_w *w, struct slice id, struct arena *mem,
                           struct err *e)
{
    const struct api_options *rooms = call->rooms;
    struct product product;
    struct variant *variants;
    size_t n;
    TRY(catalogue_get(call->thread->read, id, mem, &product, e));
    TRY(catalogue_variants(call->thread->read, id, mem, &variants, &n, e));
    json_w_open(w, '{');
    product_json(w, &product);
    json_w_kstring(w, "description", product.description);
    variants_member(w, variants, n);
    memory_read_lock(rooms->memory);
    uint32_t number = purchases_product_find(rooms->purchases, id);
    json_w_ki64(w, "sold", number ? purchases_product_orders(rooms->purchases, number) : 0);
    neighbours_member(rooms, w, number);
    memory_read_unlock(rooms->memory);
    json_w_close(w, '}');
    return ERR_OK;
}

/* ---- facts ---- */

static enum err_code story_member(struct call *call, struct json_w *w, const struct fact *fact, struct err *e)
{
    struct json body;
    TRY(json_parse(call->thread->parser, fact->body, &body, e));
    struct buf en = buf_make(8192), es = buf_make(8192);
    story_write(call, fact, body, &en, &es);
    json_w_texts(w, "story", buf_slice(&en), buf_slice(&es));
    buf_drop(&en);
    buf_drop(&es);
    return ERR_OK;
}

enum err_code json_fact(struct call *call, struct json_w *w, const struct fact *fact, struct err *e)
{
    struct memory *memory = call->rooms->memory;
    json_w_open(w, '{');
    json_w_ki64(w, "seq", fact->seq);
    json_w_kcstr(w, "type", fact_type_name(fact->type));
    json_ktext_or_null(w, "event", fact->event);
    json_id(w, "customer",
            fact->customer ? customers_root(memory_customers(memory), fact->customer) : FACT_NOBODY);
    json_ktext_or_null(w, "messageId", fact->message_id);
    json_w_kstring(w, "source", memory_source_name(memory, fact->source));
    json_w_ktime(w, "timestamp", fact->timestamp_ms);
    json_ktime_or_null(w, "originalTimestamp", fact->original_ms);
    json_ktime_or_null(w, "sentAt", fact->sent_ms);
    json_w_ktime(w, "receivedAt", fact->received_ms);
    json_w_kraw(w, "body", fact->body);
    json_w_kbool(w, "corrected", fact->corrected);
    json_w_kbool(w, "deleted", fact->deleted);
    TRY(story_member(call, w, fact, e));
    json_w_close(w, '}');
    return ERR_OK;
}
