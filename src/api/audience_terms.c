/* What a condition may speak of: columns with the values that customers have, and events with their properties. */
#include <stdlib.h>

#include "api/audience_ask.h"
#include "memory/traits.h"

#define VALUES_MAX 50
#define MEMBERS_MAX 32

struct terms {
    struct slice json;
};

struct value_count {
    uint32_t code;
    size_t rows;
};

static int most_first(const void *a, const void *b)
{
    const struct value_count *x = a, *y = b;
    if (x->rows != y->rows)
        return x->rows < y->rows ? 1 : -1;
    return (x->code > y->code) - (x->code < y->code);
}

static void json_literal(struct json_w *w, const char *key, struct value v)
{
    struct buf text = buf_make(1 << 16);
    value_literal(v, &text);
    json_w_kstring(w, key, buf_slice(&text));
    buf_drop(&text);
}

/* Where nearly everybody has a value of their own, as with e-mail addresses, there is nothing to choose from, and
 * nobody's to be shown. */
static bool is_personal(const struct column *c, const struct value_count *count, size_t n)
{
    return c->kind == COLUMN_CODES && n > VALUES_MAX && count[n / 2].rows <= 1;
}

/* counted: what there are so many of. */
static void json_values(struct json_w *w, const struct column *c, const struct value_count *count, size_t n,
                        const char *counted)
{
    json_w_key(w, "values");
    json_w_open(w, '[');
    if (is_personal(c, count, n))
        n = 0;
    for (size_t i = 0; i < n && i < VALUES_MAX && count[i].rows; i++) {
        struct value v = c->kind == COLUMN_BOOLEAN ? value_boolean(count[i].code) : c->dictionary->value[count[i].code];
        json_w_open(w, '{');
        json_literal(w, "text", v);
        json_w_ki64(w, counted, (int64_t)count[i].rows);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

/* How often each code or bit is there, the most frequent first. which NULL: of all rows. */
static enum err_code count_values(const struct column *c, const uint64_t *which, size_t rows, struct arena *mem,
                                  struct value_count **ret, size_t *n, struct err *e)
{
    *n = c->kind == COLUMN_BOOLEAN ? 2 : c->kind == COLUMN_CODES ? c->dictionary->n : 0;
    *ret = arena_array(mem, struct value_count, *n + 1);
    if (!*ret)
        return NO_MEMORY(e);
    for (size_t i = 0; i < *n; i++)
        (*ret)[i].code = (uint32_t)i;
    for (size_t row = 0; row < rows && *n; row++)
        if ((!which || bits_has(which, row)) && !column_is_null(c, row))
            (*ret)[column_raw(c, row)].rows++;
    qsort(*ret, *n, sizeof **ret, most_first);
    return ERR_OK;
}

static const char *term_kind(const struct column *c)
{
    if (c->kind != COLUMN_CODES)
        return c->kind == COLUMN_NUMBER ? "number" : c->kind == COLUMN_BOOLEAN ? "boolean" : "date";
    enum value_kind kind = c->dictionary->n ? c->dictionary->value[0].kind : VALUE_STRING;
    for (size_t i = 1; i < c->dictionary->n; i++)
        if (c->dictionary->value[i].kind != kind)
            return "other";
    return kind == VALUE_STRING ? "text" : kind == VALUE_BOOLEAN ? "boolean" : kind == VALUE_NUMBER ? "number"
           : kind == VALUE_DATE ? "date" : "other";
}

/* Least and greatest of numbers and days. */
static void json_ends(struct json_w *w, const struct column *c, const uint64_t *customers, size_t rows,
                      struct arena *mem)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    size_t at[2] = { 0, 0 };
    bool ordered = c->kind == COLUMN_NUMBER || c->kind == COLUMN_DATE, ok;
    for (size_t row = 0; row < rows && ordered; row++) {
        if (!bits_has(customers, row) || column_is_null(c, row))
            continue;
        int64_t raw = column_raw(c, row);
        if (raw < least)
            least = raw, at[0] = row;
        if (raw > most)
            most = raw, at[1] = row;
    }
    if (least > most) {
        json_w_knull(w, "least");
        json_w_knull(w, "most");
        return;
    }
    json_literal(w, "least", column_value(c, at[0], mem, &ok));
    json_literal(w, "most", column_value(c, at[1], mem, &ok));
}

static enum err_code recoded(const struct column *c, const uint32_t *code_of, size_t rows, struct arena *mem,
                             struct column *ret, struct err *e)
{
    uint32_t *code = arena_array(mem, uint32_t, COLUMN_WORDS(rows) * 64);
    uint64_t *null = arena_array(mem, uint64_t, COLUMN_WORDS(rows));
    if (!code || !null)
        return NO_MEMORY(e);
    for (size_t row = 0; row < rows; row++) {
        uint32_t is = column_is_null(c, row) ? UINT32_MAX : code_of[column_raw(c, row)];
        code[row] = is == UINT32_MAX ? 0 : is;
        null[row / 64] |= (uint64_t)(is == UINT32_MAX) << row % 64;
    }
    ret->data = code;
    ret->null = null;
    return ERR_OK;
}

/* The member of each of a column's values; rows that have none are null. */
static enum err_code member_column(const struct column *c, struct slice name, size_t rows, struct arena *mem,
                                   struct dictionary *dictionary, struct column *ret, struct err *e)
{
    const struct dictionary *from = c->dictionary;
    struct value *value = arena_array(mem, struct value, from->n);
    uint32_t *code_of = arena_array(mem, uint32_t, from->n);
    if (!value || !code_of)
        return NO_MEMORY(e);
    *dictionary = (struct dictionary){ 0, value };
    for (size_t i = 0; i < from->n; i++) {
        const struct value_context *context = from->value[i].kind == VALUE_CONTEXT ? from->value[i].context : NULL;
        const struct value *v = context ? value_member(context, name) : NULL;
        size_t code = 0;
        while (v && code < dictionary->n && !value_same(value[code], *v))
            code++;
        if (v && code == dictionary->n)
            value[dictionary->n++] = *v;
        code_of[i] = v && !value_is_null(*v) ? (uint32_t)code : UINT32_MAX;
    }
    ret->dictionary = dictionary;
    return recoded(c, code_of, rows, mem, ret, e);
}

static const struct { const char *name, *en, *es, *group; } labels[] = {
    { "orders", "Orders", "Pedidos", "purchases" },
    { "spend", "Spend, net of refunds", "Gasto, sin devoluciones", "purchases" },
    { "first order", "First order", "Primer pedido", "purchases" },
    { "last order", "Last order", "Último pedido", "purchases" },
    { "first seen", "First seen", "Visto por primera vez", "customer" },
    { "last seen", "Last seen", "Visto por última vez", "customer" },
    { "tier", "Tier", "Nivel", "customer" },
    { "kind", "Kind", "Tipo", "customer" },
    { "known", "Known by name", "Conocido por su nombre", "customer" },
    { "probability alive", "Chance that they are still customers", "Probabilidad de que siga siendo cliente", "value" },
    { "expected orders", "Orders expected", "Pedidos esperados", "value" },
    { "expected order value", "Expected value of an order", "Valor esperado de un pedido", "value" },
    { "lifetime value", "Lifetime value", "Valor del cliente", "value" },
    { "lifetime value low", "Lifetime value, at least", "Valor del cliente, como poco", "value" },
    { "lifetime value high", "Lifetime value, at most", "Valor del cliente, como mucho", "value" },
    { "favourite category", "Favourite category", "Categoría favorita", "likings" },
    { "favourite category share", "Share of their favourite category, 0 to 1", "Parte de su categoría favorita, de 0 a 1", "likings" },
    { "favourite brand", "Favourite brand", "Marca favorita", "likings" },
    { "price level", "Price level they buy at, 1 to 5", "Nivel de precio al que compra, de 1 a 5", "likings" },
    { "favourite hour", "Favourite hour of the day", "Hora favorita del día", "likings" },
    { "favourite weekday", "Favourite day of the week", "Día favorito de la semana", "likings" },
    { "favourite channel", "Favourite channel", "Canal favorito", "likings" },
    { "spend last year", "Spend in the last year, net of refunds", "Gasto del último año, sin devoluciones", "value" },
    { "value tier", "Value tier", "Nivel de valor", "value" },
    { "value tier since", "In the value tier since", "En el nivel de valor desde", "value" },
    { "share of customer", "Share of customer", "Cuota del cliente", "value" },
    { "spend within reach", "Spend within reach, a year", "Gasto a nuestro alcance, al año", "value" },
};

static void json_label(struct json_w *w, struct slice name, const struct trait_schema *schema, size_t n)
{
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (slice_is(name, labels[i].name)) {
            json_w_texts(w, "label", slice_of(labels[i].en), slice_of(labels[i].es));
            json_w_kcstr(w, "group", labels[i].group);
            return;
        }
    struct slice en = name, es = name;
    for (size_t i = 0; i < n; i++)
        if (slice_eq(schema[i].name, name)) {
            en = schema[i].label_en.len ? schema[i].label_en : name;
            es = schema[i].label_es.len ? schema[i].label_es : name;
        }
    json_w_texts(w, "label", en, es);
    json_w_kcstr(w, "group", "trait");
}

static enum err_code json_term(struct call *call, struct json_w *w, const struct column *c, const struct asking *a,
                               const struct trait_schema *schema, size_t n_schema, struct err *e)
{
    const uint64_t *customers = population_customers(call->rooms->population);
    size_t rows = ask_rows(a), n, have = 0;
    struct value_count *count;
    TRY(count_values(c, customers, rows, a->scratch, &count, &n, e));
    for (size_t i = 0; i < (rows + 63) / 64; i++)
        have += (size_t)__builtin_popcountll(customers[i] & ~(c->null ? c->null[i] : 0));
    json_w_open(w, '{');
    json_w_kstring(w, "name", c->name);
    json_label(w, c->name, schema, n_schema);
    json_w_kcstr(w, "kind", term_kind(c));
    json_w_ki64(w, "customers", (int64_t)have);
    json_values(w, c, count, n, "customers");
    json_ends(w, c, customers, rows, a->scratch);
    json_w_close(w, '}');
    arena_reset(a->scratch);
    return ERR_OK;
}

/* Names of the members that any of a column's values has, in the order of first sight. */
static size_t members_of(const struct dictionary *d, struct slice name[MEMBERS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        const struct value_context *c = d->value[i].kind == VALUE_CONTEXT ? d->value[i].context : NULL;
        for (size_t m = 0; c && m < c->n && n < MEMBERS_MAX; m++) {
            size_t k = 0;
            while (k < n && !slice_eq(name[k], c->entry[m].name))
                k++;
            if (k == n)
                name[n++] = c->entry[m].name;
        }
    }
    return n;
}

/* A trait that is an object: each of its members by its path, "address.country", as a column of its own. */
static enum err_code json_members(struct call *call, struct json_w *w, const struct column *c, const struct asking *a,
                                  struct err *e)
{
    struct slice name[MEMBERS_MAX];
    size_t n = c->kind == COLUMN_CODES ? members_of(c->dictionary, name) : 0;
    for (size_t m = 0; m < n; m++) {
        struct dictionary member;
        struct column column = *c;
        TRY(member_column(c, name[m], ask_rows(a), a->mem, &member, &column, e));
        column.name = arena_printf(a->mem, "%.*s.%.*s", SLICE_ARG(c->name), SLICE_ARG(name[m]));
        if (!column.name.at)
            return NO_MEMORY(e);
        TRY(json_term(call, w, &column, a, NULL, 0, e));
    }
    return ERR_OK;
}

static enum err_code json_property(struct json_w *w, const struct population_property *property, const struct asking *a,
                                   struct err *e)
{
    struct value_count *count;
    size_t n, nulls = 0;
    const struct column *c = &property->column;
    TRY(count_values(c, NULL, property->rows, a->scratch, &count, &n, e));
    for (size_t row = 0; row < property->rows; row++)
        nulls += column_is_null(c, row);
    json_w_open(w, '{');
    json_w_kstring(w, "name", c->name);
    json_w_kcstr(w, "kind", term_kind(c));
    json_w_ki64(w, "events", (int64_t)(property->rows - nulls));
    json_values(w, c, count, n, "events");
    json_w_close(w, '}');
    arena_reset(a->scratch);
    return ERR_OK;
}

static enum err_code json_properties(struct json_w *w, struct slice event, const struct asking *a, const struct population *p,
                                     struct err *e)
{
    struct population_property property;
    json_w_key(w, "properties");
    json_w_open(w, '[');
    for (size_t i = 0; population_property(p, event, i, &property); i++)
        if (!property.dropped)
            TRY(json_property(w, &property, a, e));
    json_w_close(w, ']');
    return ERR_OK;
}

static enum err_code json_events(const struct population *p, struct json_w *w, const struct asking *a, struct err *e)
{
    struct population_event event;
    json_w_key(w, "events");
    json_w_open(w, '[');
    for (size_t i = 0; population_event(p, i, &event); i++) {
        if (!event.events)  // only an audience names it
            continue;
        json_w_open(w, '{');
        json_w_kstring(w, "name", event.name);
        json_w_ki64(w, "events", (int64_t)event.events);
        TRY(json_properties(w, event.name, a, p, e));
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
    return ERR_OK;
}

static enum err_code terms_json(struct call *call, struct asking *a, struct buf *out, struct err *e)
{
    const struct population *p = call->rooms->population;
    const struct columns *columns = population_columns(p);
    struct trait_schema *schema;
    struct json_w w = json_w(out);
    size_t n;
    TRY(store_conn_new(memory_store(call->rooms->memory), STORE_READ, &a->conn, e));
    TRY(trait_schemas(a->conn, a->mem, &schema, &n, e));
    json_w_open(&w, '{');
    json_w_kbool(&w, "ready", true);
    json_w_ki64(&w, "progress", 100);
    json_w_ki64(&w, "customers", (int64_t)population_customers_count(p));
    json_w_ki64(&w, "bytes", (int64_t)population_bytes(p));
    json_w_key(&w, "terms");
    json_w_open(&w, '[');
    for (size_t i = 0; i < columns->n; i++) {
        if (population_is_declared(columns->column[i].name))
            continue;
        TRY(json_term(call, &w, &columns->column[i], a, schema, n, e));
        TRY(json_members(call, &w, &columns->column[i], a, e));
    }
    json_w_close(&w, ']');
    TRY(json_events(p, &w, a, e));
    json_w_close(&w, '}');
    return ERR_OK;
}

static enum err_code terms_locked(struct call *call, struct asking *a, void *arg, struct err *e)
{
    struct terms *ret = arg;
    struct buf out = buf_make(0);
    enum err_code code = terms_json(call, a, &out, e);
    return call_keep(call, code, &out, &ret->json, e);
}

static enum err_code terms_run(struct call *call, void *arg, struct err *e)
{
    struct terms *terms = arg;
    enum err_code code = ask_population(call, terms_locked, terms, e);
    if (code != ERR_BUSY)
        return code;
    terms->json = arena_printf(call->mem, "{\"ready\":false,\"progress\":%d,\"customers\":0,\"bytes\":0,\"terms\":[],"
                               "\"events\":[]}", population_progress(call->rooms->population));
    return terms->json.at ? ERR_OK : NO_MEMORY(e);
}

static enum err_code terms_done(struct call *call, void *arg, struct err *e)
{
    const struct terms *terms = arg;
    struct buf *out = call_buf(call);
    buf_add(out, terms->json);
    return call_answer(call, 200, out, e);
}

enum err_code audience_terms_get(struct call *call, struct err *e)
{
    struct terms *terms = arena_one(call->mem, struct terms);
    if (!terms)
        return NO_MEMORY(e);
    return call_slow(call, (struct call_slow){ terms_run, terms_done, terms }, e);
}
