/* The reading half of search: prefixes of words to customers, and customers in the order of their names. */
#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "memory/customers.h"
#include "memory/read_view.h"
#include "memory/search.h"
#include "text/fold.h"

struct word {
    struct slice text;
    uint32_t *histories;  // sorted; those with a word that begins with text
    size_t n;
    bool complete;        // false: there are more than SEARCH_ROWS
};
struct search {
    struct memory *memory;
    struct store_conn *conn;
    struct arena *mem;
    uint32_t *ret;
    size_t n, max;
    struct word words[SEARCH_WORDS];
    size_t n_words;
    struct err *e;
};

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "the search needs more memory than a request may use");
}

static void add_root(struct search *s, uint32_t history)
{
    uint32_t root = customers_root(memory_customers(s->memory), history);
    for (size_t i = 0; i < s->n; i++)
        if (s->ret[i] == root)
            return;
    if (s->n < s->max)
        s->ret[s->n++] = root;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int by_selectivity(const void *a, const void *b)
{
    const struct word *x = a, *y = b;
    if (x->complete != y->complete)
        return x->complete ? -1 : 1;
    return x->complete ? (x->n > y->n) - (x->n < y->n) : (x->text.len < y->text.len) - (x->text.len > y->text.len);
}

/* Terms hold letters and digits only: U+10FFFF behind the prefix is above all that begin with it. The rows
 * come in the order of terms, so the first ones have the word itself, not a longer one. */
static enum err_code read_word(struct search *s, struct word *w, size_t limit)
{
    assert(limit <= SEARCH_ROWS);
    struct slice end = arena_printf(s->mem, "%.*s\xF4\x8F\xBF\xBF", SLICE_ARG(w->text));
    w->histories = arena_array(s->mem, uint32_t, limit + 1);
    if (!end.at || !w->histories)
        return no_memory(s->e);
    struct store_stmt *st;
    TRY(store_prepare(s->conn, SLICE("SELECT customer FROM search_terms WHERE term >= $1 AND term < $2 "
                                     "LIMIT $3"), &st, s->e));
    store_bind_text(st, 1, w->text);
    store_bind_text(st, 2, end);
    store_bind_i64(st, 3, (int64_t)limit + 1);
    bool row = true;
    while (row && w->n <= limit) {
        TRY(store_step(st, &row, s->e));
        if (row)
            w->histories[w->n++] = (uint32_t)store_col_i64(st, 0);
    }
    store_reset(st);
    w->complete = w->n <= limit;
    return ERR_OK;
}

static bool terms_have(struct slice terms, struct slice prefix)
{
    while (terms.len) {
        struct slice term = slice_cut(&terms, ' ');
        if (slice_starts(term, prefix))
            return true;
    }
    return false;
}

/* Does the history have every word whose list is not complete? */
static enum err_code check_terms(struct search *s, uint32_t history, bool *has)
{
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(s->conn, SLICE("SELECT terms FROM search_docs WHERE customer = $1"), &st, s->e));
    store_bind_i64(st, 1, history);
    TRY(store_step(st, &row, s->e));
    *has = row;
    for (size_t i = 1; i < s->n_words && *has; i++)
        if (!s->words[i].complete)
            *has = terms_have(store_col_text(st, 0), s->words[i].text);
    store_reset(st);
    return ERR_OK;
}

static bool in_complete_lists(const struct search *s, uint32_t history)
{
    for (size_t i = 1; i < s->n_words; i++)
        if (s->words[i].complete && !bsearch(&history, s->words[i].histories, s->words[i].n,
                                             sizeof history, by_number))
            return false;
    return true;
}

/* Candidates are those of the word with the fewest; the others are asked in memory where their list is
 * complete, else in the candidate's own words. So the work is bounded, and only a query whose every word
 * is on more than SEARCH_ROWS customers looks at some of them instead of all. */
static enum err_code intersect(struct search *s)
{
    for (size_t i = 0; i < s->n_words; i++) {
        TRY(read_word(s, &s->words[i], SEARCH_ROWS));
        qsort(s->words[i].histories, s->words[i].n, sizeof *s->words[i].histories, by_number);
    }
    qsort(s->words, s->n_words, sizeof *s->words, by_selectivity);
    bool ask = false;
    for (size_t i = 1; i < s->n_words; i++)
        ask = ask || !s->words[i].complete;
    const struct word *first = &s->words[0];
    size_t n = first->complete || first->n < SEARCH_GUESSES ? first->n : SEARCH_GUESSES;
    for (size_t i = 0; i < n && s->n < s->max; i++) {
        bool has = in_complete_lists(s, first->histories[i]);
        if (has && ask)
            TRY(check_terms(s, first->histories[i], &has));
        if (has)
            add_root(s, first->histories[i]);
    }
    return ERR_OK;
}

/* "+34 600 123": read as one number, as which it is stored too. */
static bool is_number_query(struct slice q)
{
    size_t digits = 0;
    for (size_t i = 0; i < q.len; i++) {
        if (q.at[i] >= '0' && q.at[i] <= '9')
            digits++;
        else if (!strchr("+ ().-/", q.at[i]))
            return false;
    }
    return digits >= 3 && digits < q.len;
}

/* One word: no more than what is shown, with some room for histories of one customer. */
static enum err_code search_word(struct search *s, struct slice text)
{
    struct word w = { .text = slice_utf8_cut(text, SEARCH_TERM_BYTES) };
    TRY(read_word(s, &w, s->max < SEARCH_ROWS / 4 ? 4 * s->max : SEARCH_ROWS));
    for (size_t i = 0; i < w.n && s->n < s->max; i++)
        add_root(s, w.histories[i]);
    return ERR_OK;
}

static enum err_code search_number(struct search *s, struct slice q)
{
    char *digits = arena_alloc(s->mem, q.len + 1);
    size_t n = 0;
    if (!digits)
        return no_memory(s->e);
    for (size_t i = 0; i < q.len; i++)
        if (q.at[i] >= '0' && q.at[i] <= '9')
            digits[n++] = q.at[i];
    return search_word(s, (struct slice){ digits, n });
}

static enum err_code search_words(struct search *s, struct slice q)
{
    struct slice rest = fold_text(q, s->mem), word;
    if (!rest.at)
        return no_memory(s->e);
    while (s->n_words < SEARCH_WORDS && fold_word(&rest, &word))
        s->words[s->n_words++].text = slice_utf8_cut(word, SEARCH_TERM_BYTES);
    if (s->n_words == 1)
        return search_word(s, s->words[0].text);
    return s->n_words ? intersect(s) : ERR_OK;
}

static enum err_code search_all(struct search *s, struct slice q)
{
    uint32_t root;
    if (customers_resolve(memory_customers(s->memory), s->conn, q, &root, NULL) == ERR_OK)
        add_root(s, root);
    if (is_number_query(q))
        TRY(search_number(s, q));
    return search_words(s, q);
}

enum err_code customers_search(struct memory *m, struct store_conn *conn, struct slice q, struct arena *mem,
                               uint32_t *ret, size_t max, size_t *n, struct err *e)
{
    assert(m && conn && ret);
    struct search s = { .memory = m, .conn = conn, .mem = mem, .ret = ret, .max = max, .e = e };
    bool began;
    *n = 0;
    q = slice_utf8_cut(slice_trim(q), LIMIT_IDENTIFIER);
    if (q.len == 0 || max == 0)
        return ERR_OK;
    TRY(read_view_begin(conn, &began, e));
    enum err_code code = search_all(&s, q);
    read_view_end(conn, began);
    if (!code)
        *n = s.n;
    return code;
}

/* ---- in the order of names ---- */

static enum err_code has_name(struct store_conn *conn, uint32_t history, bool *ret, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(conn, SLICE("SELECT 1 FROM search_docs WHERE customer = $1 AND name <> ''"), &st, e));
    store_bind_i64(st, 1, history);
    TRY(store_step(st, ret, e));
    store_reset(st);
    return ERR_OK;
}

/* The history under whose name a customer stands in the list: the first of its own, root first, that has
 * one. 0: none has. */
static enum err_code naming_history(struct search *s, uint32_t root, uint32_t *ret)
{
    uint32_t ids[LIMIT_MERGE_LEAVES];
    size_t n = customers_histories(memory_customers(s->memory), root, ids, LIMIT_MERGE_LEAVES);
    *ret = 0;
    if (n == 1) {
        *ret = ids[0];
        return ERR_OK;
    }
    for (size_t i = 0; i < n && i < LIMIT_MERGE_LEAVES; i++) {
        bool has;
        TRY(has_name(s->conn, ids[i], &has, s->e));
        if (has) {
            *ret = ids[i];
            return ERR_OK;
        }
    }
    return ERR_OK;
}

static enum err_code prepare_names(struct search *s, bool behind, bool descending, struct store_stmt **st)
{
    static const char *const sql[2][2] = {
        { "SELECT name, customer FROM customer_names ORDER BY name, customer",
          "SELECT name, customer FROM customer_names ORDER BY name DESC, customer DESC" },
        { "SELECT name, customer FROM customer_names WHERE (name, customer) > ($1, $2) "
          "ORDER BY name, customer",
          "SELECT name, customer FROM customer_names WHERE (name, customer) < ($1, $2) "
          "ORDER BY name DESC, customer DESC" },
    };
    return store_prepare(s->conn, slice_of(sql[behind][descending]), st, s->e);
}

struct name_page {
    struct slice after_name;
    uint32_t after_id;
    bool descending;
    size_t limit;
    struct slice *names;
    uint32_t *roots;
};

static enum err_code read_names(struct search *s, const struct name_page *page)
{
    uint32_t after = 0;
    if (page->after_id)
        TRY(naming_history(s, page->after_id, &after));
    struct store_stmt *st;
    TRY(prepare_names(s, page->after_name.len > 0, page->descending, &st));
    if (page->after_name.len) {
        store_bind_text(st, 1, page->after_name);
        store_bind_i64(st, 2, after ? after : page->after_id);
    }
    for (bool row; s->n < page->limit;) {
        TRY(store_step(st, &row, s->e));
        if (!row)
            break;
        uint32_t history = (uint32_t)store_col_i64(st, 1), naming;
        uint32_t root = customers_root(memory_customers(s->memory), history);
        TRY(naming_history(s, root, &naming));
        if (naming != history)
            continue;
        page->roots[s->n] = root;
        page->names[s->n] = arena_copy(s->mem, store_col_text(st, 0));
        if (!page->names[s->n++].at)
            return no_memory(s->e);
    }
    store_reset(st);
    return ERR_OK;
}

enum err_code customers_by_name(struct memory *m, struct store_conn *conn, struct slice after_name,
                                uint32_t after_id, bool descending, size_t limit, struct arena *mem,
                                struct slice *names, uint32_t *roots, size_t *n, struct err *e)
{
    assert(m && conn && names && roots);
    struct search s = { .memory = m, .conn = conn, .mem = mem, .e = e };
    struct name_page page = { after_name, after_id, descending, limit, names, roots };
    bool began;
    TRY(read_view_begin(conn, &began, e));
    enum err_code code = read_names(&s, &page);
    read_view_end(conn, began);
    if (!code)
        *n = s.n;
    return code;
}
