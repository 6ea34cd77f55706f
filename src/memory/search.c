/* The writing half of search: names and words of a history, kept in line with its traits. */
#include <assert.h>

#include "memory/customers_write.h"
#include "memory/ingest_memory.h"
#include "memory/search.h"
#include "text/fold.h"

enum { R_NAME, R_FIRST, R_LAST, R_FIRST_, R_LAST_, R_EMAIL, R_PHONE, R_COMPANY, R_USERNAME, R_ADDRESS,
       R_COUNTRY, RESERVED };

/* Segment's reserved traits that show in a face or are searched. */
static const char *const reserved[RESERVED] = {
    [R_NAME] = "name", [R_FIRST] = "firstName", [R_LAST] = "lastName", [R_FIRST_] = "first_name",
    [R_LAST_] = "last_name", [R_EMAIL] = "email", [R_PHONE] = "phone", [R_COMPANY] = "company",
    [R_USERNAME] = "username", [R_ADDRESS] = "address", [R_COUNTRY] = "country",
};

struct doc {
    struct tx *tx;
    uint32_t history;
    struct arena *mem;
    struct slice raw[RESERVED];  // JSON of the chosen value; empty: none
    struct best { int64_t provenance, time_ms, fact; } best[RESERVED];
    struct slice text[RESERVED];
    struct slice terms[SEARCH_TERMS];
    size_t n;
    struct customer_face face;
    struct slice name;           // folded
    struct err *e;
};

bool search_reads(struct slice name)
{
    for (size_t i = 0; i < RESERVED; i++)
        if (slice_is(name, reserved[i]))
            return true;
    return false;
}

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "a customer's names need more memory than a group of events may use");
}

/* Strongest provenance, then latest. */
static void consider(struct doc *d, struct store_stmt *st)
{
    struct slice name = store_col_text(st, 0);
    struct best b = { store_col_i64(st, 2), store_col_i64(st, 3), store_col_i64(st, 4) };
    for (size_t i = 0; i < RESERVED; i++) {
        if (!slice_is(name, reserved[i]))
            continue;
        const struct best *old = &d->best[i];
        if (d->raw[i].len && (b.provenance > old->provenance ||
                              (b.provenance == old->provenance &&
                               (b.time_ms < old->time_ms ||
                                (b.time_ms == old->time_ms && b.fact < old->fact)))))
            return;
        d->best[i] = b;
        d->raw[i] = arena_copy(d->mem, store_col_text(st, 1));
        return;
    }
}

static enum err_code read_traits(struct doc *d)
{
    struct store_stmt *st;
    TRY(store_prepare(d->tx->conn, SLICE("SELECT s.name, t.value, t.provenance, t.time, t.fact FROM traits t "
                                         "JOIN trait_schema s ON s.id = t.trait WHERE t.customer = $1"), &st,
                      d->e));
    store_bind_i64(st, 1, d->history);
    for (bool row;;) {
        TRY(store_step(st, &row, d->e));
        if (!row)
            return ERR_OK;
        consider(d, st);
    }
}

/* Text of each chosen value: company and address are objects in Segment's spec, often plain text outside. */
static enum err_code read_values(struct doc *d)
{
    struct json_parser *parser = ingest_state_parser(memory_ingest(d->tx->memory));
    for (size_t i = 0; i < RESERVED; i++) {
        struct json v;
        if (!d->raw[i].len)
            continue;
        TRY(json_parse(parser, d->raw[i], &v, d->e));
        if (i == R_COMPANY && json_is(v, JSON_OBJECT))
            v = json_get(v, "name");
        if (i == R_ADDRESS)
            v = json_get(v, "country");
        d->text[i] = slice_trim(json_text(v, d->mem));
    }
    return ERR_OK;
}

static struct slice first_of(struct slice a, struct slice b)
{
    return a.len ? a : b;
}

static enum err_code make_face(struct doc *d)
{
    struct slice first = first_of(d->text[R_FIRST], d->text[R_FIRST_]);
    struct slice last = first_of(d->text[R_LAST], d->text[R_LAST_]);
    d->face.name = d->text[R_NAME];
    if (!d->face.name.len && first.len && last.len)
        d->face.name = arena_printf(d->mem, "%.*s %.*s", SLICE_ARG(first), SLICE_ARG(last));
    else if (!d->face.name.len)
        d->face.name = first_of(last, first);
    d->face.email = d->text[R_EMAIL];
    d->face.country = first_of(d->text[R_ADDRESS], d->text[R_COUNTRY]);
    struct slice folded = fold_text(first_of(d->face.name, d->face.email), d->mem);
    if (!folded.at && folded.len)
        return no_memory(d->e);
    d->name = slice_utf8_cut(folded, SEARCH_NAME_BYTES);
    return ERR_OK;
}

/* Sorted, each once; beyond SEARCH_TERMS the rest is left out. */
static void add_term(struct doc *d, struct slice term)
{
    term = slice_utf8_cut(term, SEARCH_TERM_BYTES);
    size_t at = 0;
    while (at < d->n && slice_cmp(d->terms[at], term) < 0)
        at++;
    if (term.len == 0 || d->n == SEARCH_TERMS || (at < d->n && slice_eq(d->terms[at], term)))
        return;
    memmove(d->terms + at + 1, d->terms + at, (d->n - at) * sizeof *d->terms);
    d->terms[at] = term;
    d->n++;
}

static void add_words(struct doc *d, struct slice text)
{
    struct slice rest = fold_text(text, d->mem), word;
    while (rest.at && fold_word(&rest, &word))
        add_term(d, word);
}

/* A phone is also found without its blanks and signs. */
static void add_digits(struct doc *d, struct slice phone)
{
    char *digits = arena_alloc(d->mem, phone.len + 1);
    size_t n = 0;
    for (size_t i = 0; digits && i < phone.len; i++)
        if (phone.at[i] >= '0' && phone.at[i] <= '9')
            digits[n++] = phone.at[i];
    add_term(d, (struct slice){ digits, n });
}

static enum err_code add_identifiers(struct doc *d)
{
    struct store_stmt *st;
    TRY(store_prepare(d->tx->conn, SLICE("SELECT kind, value FROM identifiers WHERE history = $1"), &st,
                      d->e));
    store_bind_i64(st, 1, d->history);
    for (bool row;;) {
        TRY(store_step(st, &row, d->e));
        if (!row)
            return ERR_OK;
        struct slice kind = store_col_text(st, 0);
        if (slice_is(kind, "anonymous_id"))
            continue;  // nobody types it
        struct slice value = arena_copy(d->mem, store_col_text(st, 1));
        add_words(d, value);
        if (slice_is(kind, "phone"))
            add_digits(d, value);
    }
}

static enum err_code make_terms(struct doc *d)
{
    static const int worded[] = { R_NAME, R_FIRST, R_LAST, R_FIRST_, R_LAST_, R_EMAIL, R_COMPANY, R_USERNAME,
                                  R_PHONE };
    for (size_t i = 0; i < sizeof worded / sizeof *worded; i++)
        add_words(d, d->text[worded[i]]);
    if (d->text[R_PHONE].len)
        add_digits(d, d->text[R_PHONE]);
    return add_identifiers(d);
}

static struct slice join_terms(const struct doc *d)
{
    size_t len = 0;
    for (size_t i = 0; i < d->n; i++)
        len += d->terms[i].len + 1;
    char *at = arena_alloc(d->mem, len + 1);
    if (!at)
        return (struct slice){ 0 };
    size_t used = 0;
    for (size_t i = 0; i < d->n; i++) {
        at[used++] = ' ';
        memcpy(at + used, d->terms[i].at, d->terms[i].len);
        used += d->terms[i].len;
    }
    return (struct slice){ at, used };
}

static enum err_code change_pair(struct doc *d, struct slice sql, struct slice text)
{
    struct store_stmt *st;
    TRY(store_prepare(d->tx->conn, sql, &st, d->e));
    store_bind_text(st, 1, text);
    store_bind_i64(st, 2, d->history);
    return store_run(st, d->e);
}

/* Both lists are sorted: one walk tells what went and what came. */
static enum err_code change_terms(struct doc *d, struct slice old)
{
    size_t i = 0;
    slice_cut(&old, ' ');
    while (old.len || i < d->n) {
        struct slice rest = old, was = slice_cut(&rest, ' ');
        int order = !old.len ? 1 : i == d->n ? -1 : slice_cmp(was, d->terms[i]);
        if (order < 0)
            TRY(change_pair(d, SLICE("DELETE FROM search_terms WHERE term = $1 AND customer = $2"), was));
        if (order > 0)
            TRY(change_pair(d, SLICE("INSERT INTO search_terms (term, customer) VALUES ($1, $2)"),
                            d->terms[i]));
        if (order <= 0)
            old = rest;
        if (order >= 0)
            i++;
    }
    return ERR_OK;
}

static enum err_code read_old(struct doc *d, struct slice *name, struct slice *terms)
{
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(d->tx->conn, SLICE("SELECT name, terms FROM search_docs WHERE customer = $1"), &st, d->e));
    store_bind_i64(st, 1, d->history);
    TRY(store_step(st, &row, d->e));
    if (row) {
        *name = arena_copy(d->mem, store_col_text(st, 0));
        *terms = arena_copy(d->mem, store_col_text(st, 1));
    }
    store_reset(st);
    return row && (!name->at || !terms->at) ? no_memory(d->e) : ERR_OK;
}

static enum err_code put_doc(struct doc *d, struct slice terms)
{
    struct store_stmt *st;
    TRY(store_prepare(d->tx->conn, SLICE("INSERT INTO search_docs (customer, name, terms) VALUES ($1, $2, $3) "
                                         "ON CONFLICT (customer) DO UPDATE SET name = excluded.name, "
                                         "terms = excluded.terms"), &st, d->e));
    store_bind_i64(st, 1, d->history);
    store_bind_text(st, 2, d->name);
    store_bind_text(st, 3, terms);
    return store_run(st, d->e);
}

static enum err_code store_doc(struct doc *d)
{
    struct slice name = { 0 }, old = { 0 }, terms = join_terms(d);
    if (!terms.at)
        return no_memory(d->e);
    TRY(read_old(d, &name, &old));
    if (slice_eq(name, d->name) && slice_eq(old, terms))
        return ERR_OK;
    TRY(change_terms(d, old));
    if (!slice_eq(name, d->name)) {
        if (name.len)
            TRY(change_pair(d, SLICE("DELETE FROM customer_names WHERE name = $1 AND customer = $2"), name));
        if (d->name.len)
            TRY(change_pair(d, SLICE("INSERT INTO customer_names (name, customer) VALUES ($1, $2)"), d->name));
    }
    return put_doc(d, terms);
}

enum err_code search_refresh(struct tx *tx, uint32_t history, struct err *e)
{
    assert(tx && history != FACT_NOBODY);
    struct doc d = { .tx = tx, .history = history, .e = e,
                     .mem = ingest_state_group(memory_ingest(tx->memory)) };
    TRY(read_traits(&d));
    TRY(read_values(&d));
    TRY(make_face(&d));
    TRY(make_terms(&d));
    TRY(store_doc(&d));
    return tx_customer_face(tx, history, &d.face, e);
}
