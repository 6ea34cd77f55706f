/* Customers into columns: everybody once, then those that something happened to. */
#include "insight/population_room.h"

#include <assert.h>
#include <math.h>

#include "base/vec.h"
#include "engine/feel/value_json.h"
#include "memory/traits.h"
#include "text/time.h"

#define SLICE_ROWS 256u        // read in one go; the locks are given back between
#define ROW_BYTES ((size_t)64 << 20)
#define DIGIT_BITS 11
#define DIGIT ((1u << DIGIT_BITS) - 1)

struct filling {
    struct population *p;
    const struct people *people;
    struct store_conn *conn;
    int64_t now_ms;
    struct arena *mem;
    struct json_parser *parser;
    struct line_list line[SLICE_ROWS];   // of the slice's rows
    struct valuation_view view;          // of this fill, as the tiers are
    const struct share_scores *shares;   // the same; NULL: columns stay as they are
    uint64_t fits;
    int64_t invested;
    struct valuation_work work;
    struct likings_view liked;           // of NULL: nothing is known
    struct likings_work liking_work;
    struct err *e;
};

static enum err_code no_memory(struct err *e)
{
    return err_set(e, ERR_LIMIT, 0, "no memory for the population");
}

enum err_code population_show(struct population *p, struct err *e)
{
    struct column *column = realloc(p->column, (COMPUTED + 2 * p->n_traits) * sizeof *column);
    if (!column)
        return no_memory(e);
    p->column = column;
    size_t n = 0;
    for (size_t i = 0; i < COMPUTED; i++)
        column[n++] = keep_column(&p->computed[i]);
    for (size_t i = 0; i < p->n_traits; i++)
        if (!population_is_computed(p->trait[i].name))  // the shop's own word wins
            column[n++] = keep_column(&p->trait[i]);
    for (size_t i = 0; i < p->n_traits; i++) {
        column[n] = keep_column(&p->declared[i]);
        column[n++].null = NULL;  // of whom nothing is known has said nothing
    }
    p->columns = (struct columns){ p->rows, n, column };
    return ERR_OK;
}

static enum err_code show(struct filling *f)
{
    return population_show(f->p, f->e);
}

static enum err_code make_rows(struct filling *f, size_t rows)
{
    struct population *p = f->p;
    bool ok = vec_need(p->root, p->root_cap, rows) && vec_need(p->customers, p->customers_cap, COLUMN_WORDS(rows));
    for (size_t i = 0; ok && i < COMPUTED; i++)
        ok = keep_rows(&p->computed[i], rows);
    for (size_t i = 0; ok && i < p->n_traits; i++)
        ok = keep_rows(&p->trait[i], rows) && keep_rows(&p->declared[i], rows);
    for (size_t row = p->rows; ok && row < rows; row++)
        p->root[row] = (uint32_t)row;
    if (!ok)
        return no_memory(f->e);
    p->rows = rows;
    return show(f);
}

/* ---- one row ---- */
static bool clear_traits(struct population *p, size_t row)
{
    bool ok = true;
    for (size_t i = 0; i < p->n_traits; i++) {
        keep_null(&p->trait[i], row);
        ok = keep_raw(&p->declared[i], row, false) && ok;
    }
    return ok;
}

static bool make_column(const struct population *p, struct keep *k, struct slice name, enum column_kind kind)
{
    if (keep_init(k, name, kind) && keep_rows(k, p->rows))
        return true;
    keep_clear(k);
    return false;
}

/* Its place; SIZE_MAX: memory. */
static size_t trait_place(struct filling *f, struct slice name, enum trait_type type)
{
    struct population *p = f->p;
    for (size_t i = 0; i < p->n_traits; i++)
        if (slice_eq(p->trait[i].name, name))
            return i;
    size_t i = p->n_traits;
    struct slice declared = population_declared_name(name, f->mem);
    if (!declared.at || !vec_need(p->trait, p->traits_cap, i + 1) || !vec_need(p->declared, p->declared_cap, i + 1)
        || !make_column(p, &p->trait[i], name, type == TRAIT_NUMBER ? COLUMN_NUMBER : COLUMN_CODES))
        return SIZE_MAX;
    if (!make_column(p, &p->declared[i], declared, COLUMN_BOOLEAN)) {
        keep_clear(&p->trait[i]);
        return SIZE_MAX;
    }
    return p->n_traits++;
}

static bool put_trait(struct filling *f, size_t row, const struct trait *t)
{
    size_t i = trait_place(f, t->name, t->type);
    if (i == SIZE_MAX || !keep_json(&f->p->trait[i], row, t->chosen.value, t->type == TRAIT_DATE, f->parser))
        return false;
    return keep_raw(&f->p->declared[i], row, t->chosen.provenance == PROVENANCE_DECLARED);
}

static void set_customer(struct population *p, size_t row, bool is)
{
    uint64_t bit = UINT64_C(1) << row % 64;
    p->customers[row / 64] = is ? p->customers[row / 64] | bit : p->customers[row / 64] & ~bit;
}

/* All but what is known of them. */
static bool put_seen(struct population *p, const struct seen *s)
{
    p->relinked = p->relinked || p->root[s->row] != s->root;
    p->root[s->row] = s->root;
    set_customer(p, s->row, s->root == s->row);
    if (s->root == s->row)
        return population_put_computed(p, s);
    population_clear_computed(p, s->row);
    return clear_traits(p, s->row);
}

/* Both under memory's read lock. */
static bool look_at_lines(struct filling *f, const struct seen *s, struct line_list *list)
{
    const struct purchases *purchases = people_purchases(f->people);
    list->n = 0;
    if (s->root != s->row || !s->standing.bought.orders)
        return true;
    bool ok = purchases_lines(purchases, s->row, &list->line, &list->n, &list->cap)
              && vec_need(list->product, list->products_cap, list->n);
    for (size_t i = 0; i < list->n && ok; i++) {
        list->product[i] = arena_copy(f->mem, purchases_product_id(purchases, list->line[i].product));
        ok = list->product[i].at != NULL;
    }
    return ok;
}

static bool copy_word(struct filling *f, const struct customer_likings *is, enum liking liking, struct slice *ret)
{
    if (!is->of[liking].known)
        return true;
    *ret = arena_copy(f->mem, likings_word(&f->liked, liking, is->of[liking].code));
    return ret->at != NULL;
}

static bool look_at_likings(struct filling *f, uint32_t row, struct favourites *ret)
{
    *ret = (struct favourites){ .category_share = NAN, .price_level = NAN, .hour = NAN };
    if (!f->liked.of)
        return true;
    const struct customer_likings is = likings_of(&f->liked, &f->liking_work, row, false);
    ret->category_share = is.of[LIKING_CATEGORY].known ? is.of[LIKING_CATEGORY].share : NAN;
    ret->price_level = is.price_level;
    ret->hour = is.of[LIKING_HOUR].known ? (double)is.of[LIKING_HOUR].code : NAN;
    return copy_word(f, &is, LIKING_CATEGORY, &ret->category) && copy_word(f, &is, LIKING_BRAND, &ret->brand)
           && copy_word(f, &is, LIKING_WEEKDAY, &ret->weekday) && copy_word(f, &is, LIKING_CHANNEL, &ret->channel);
}

static void look_at_value(struct filling *f, struct seen *s)
{
    s->standing = people_standing(f->people, s->row, f->now_ms);
    s->value = valuation_of(&f->view, &f->work, s->row, true);
    if (f->p->investment)
        s->invest = investment_of(f->p->investment, &f->view, &s->value, s->row);
    s->share = share_of(f->shares, 0, s->row);
}

static struct seen look(struct filling *f, uint32_t row)
{
    const struct customers *customers = memory_customers(f->p->memory);
    struct seen s = { .row = row, .root = customers_root(customers, row) };
    if (s.root != row)
        return s;
    s.kind = customers_kind(customers, row);
    s.known = customers_is_known(customers, row);
    s.first_ms = customers_first_seen_ms(customers, row);
    s.last_ms = customers_last_seen_ms(customers, row);
    look_at_value(f, &s);
    return s;
}

static enum err_code fill_traits(struct filling *f, uint32_t row)
{
    struct trait *trait = NULL;
    size_t n = 0;
    bool ok = true;
    arena_reset(f->mem);
    memory_read_lock(f->p->memory);
    enum err_code code = traits_of(f->p->memory, f->conn, row, f->mem, &trait, &n, f->e);
    memory_read_unlock(f->p->memory);
    TRY(code);
    pthread_rwlock_wrlock(&f->p->lock);
    ok = clear_traits(f->p, row);
    for (size_t i = 0; ok && i < n; i++)
        ok = put_trait(f, row, &trait[i]);
    code = ok ? show(f) : no_memory(f->e);
    pthread_rwlock_unlock(&f->p->lock);
    return code;
}

/* Some rows, SLICE_ROWS at most. The store is asked only about those whose traits may be other ones. */
static enum err_code fill_slice(struct filling *f, const struct dirty *d, size_t n)
{
    struct seen seen[SLICE_ROWS];
    bool ok = true;
    assert(n <= SLICE_ROWS);
    arena_reset(f->mem);
    memory_read_lock(f->p->memory);
    for (size_t i = 0; i < n && ok; i++) {
        seen[i] = look(f, d[i].row);
        ok = look_at_lines(f, &seen[i], &f->line[i])
             && (seen[i].root != seen[i].row || look_at_likings(f, d[i].row, &seen[i].liked));
    }
    memory_read_unlock(f->p->memory);
    if (!ok)
        return no_memory(f->e);
    pthread_rwlock_wrlock(&f->p->lock);
    for (size_t i = 0; i < n && ok; i++)
        ok = put_seen(f->p, &seen[i]);
    enum err_code code = ok ? show(f) : no_memory(f->e);
    for (size_t i = 0; i < n && !code; i++)
        code = bought_put(f->p, d[i].row, &f->line[i], f->e);
    pthread_rwlock_unlock(&f->p->lock);
    for (size_t i = 0; i < n && !code; i++)
        if (d[i].traits && seen[i].root == seen[i].row)
            code = fill_traits(f, d[i].row);
    return code;
}

/* ---- what to read ---- */

/* Rows to read, each with the fact it is read for. */
struct rows {
    struct dirty *at;
    size_t n, cap;
};

static bool add_row(struct rows *rows, uint32_t row, bool traits, int64_t seq)
{
    if (!vec_need(rows->at, rows->cap, rows->n + 1))
        return false;
    rows->at[rows->n++] = (struct dirty){ row, traits, seq };
    return true;
}

/* Links have changed: rows whose customer is another one now, and both customers. */
static enum err_code find_moved(struct filling *f, int64_t seq, struct rows *rows)
{
    struct population *p = f->p;
    for (size_t from = 1; from < p->rows; from += SLICE_ROWS) {
        uint32_t root[SLICE_ROWS];
        size_t n = p->rows - from < SLICE_ROWS ? p->rows - from : SLICE_ROWS;
        memory_read_lock(p->memory);
        for (size_t i = 0; i < n; i++)
            root[i] = customers_root(memory_customers(p->memory), (uint32_t)(from + i));
        memory_read_unlock(p->memory);
        for (size_t i = 0; i < n; i++)
            if (root[i] != p->root[from + i]
                && !(add_row(rows, (uint32_t)(from + i), true, seq) && add_row(rows, root[i], true, seq)
                     && add_row(rows, p->root[from + i], true, seq)))
                return no_memory(f->e);
    }
    return ERR_OK;
}

static int by_root(const void *a, const void *b)
{
    const struct population_leaf *x = a, *y = b;
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static enum err_code fill_leaves(struct filling *f)
{
    struct population *p = f->p;
    size_t n = 0;
    for (size_t row = 1; row < p->rows; row++)
        n += p->root[row] != row;
    if (!vec_need(p->leaf, p->leaf_cap, n + 1))
        return no_memory(f->e);
    p->n_leaves = 0;
    for (size_t row = 1; row < p->rows; row++)
        if (p->root[row] != row)
            p->leaf[p->n_leaves++] = (struct population_leaf){ p->root[row], (uint32_t)row };
    qsort(p->leaf, p->n_leaves, sizeof *p->leaf, by_root);
    p->relinked = false;
    return ERR_OK;
}

/* What the queue knew, which it forgets: rows, the last facts that changed links and that moved products. */
struct taken {
    struct rows rows;
    int64_t merge, moved;
    bool memberships;            // some have been told
};

static void take_dirty(struct filling *f, struct taken *t)
{
    struct population *p = f->p;
    pthread_mutex_lock(&p->queue);
    *t = (struct taken){ { p->dirty, p->n_dirty, p->dirty_cap }, p->merge, p->recategorized, p->told_memberships.n > 0 };
    for (size_t i = 0; i < p->n_dirty; i++)
        p->dirty_at[p->dirty[i].row] = 0;
    p->dirty = NULL;
    p->n_dirty = p->dirty_cap = 0;
    p->merge = p->recategorized = 0;
    p->filled = p->filled && !p->lost && p->lines_known;
    p->lost = false;
    pthread_mutex_unlock(&p->queue);
}

/* What is told of a history that is no customer means its customer, too. */
static enum err_code add_roots(struct filling *f, struct rows *rows)
{
    size_t n = rows->n;
    bool ok = true;
    memory_read_lock(f->p->memory);
    for (size_t i = 0; i < n && ok; i++) {
        uint32_t root = customers_root(memory_customers(f->p->memory), rows->at[i].row);
        if (root != rows->at[i].row)
            ok = add_row(rows, root, rows->at[i].traits, rows->at[i].seq);
    }
    memory_read_unlock(f->p->memory);
    return ok ? ERR_OK : no_memory(f->e);
}

static bool note_changed(struct population *p, const struct dirty *d, size_t n)
{
    bool ok = true;
    pthread_mutex_lock(&p->queue);
    for (size_t i = 0; i < n && ok; i++)
        ok = population_note(p, d[i].row, d[i].seq);
    pthread_mutex_unlock(&p->queue);
    return ok;
}

/* By row, digit by digit from the lowest one on. */
static bool sort_rows(struct rows *rows)
{
    uint32_t most = 0;
    for (size_t i = 0; i < rows->n; i++)
        most |= rows->at[i].row;
    struct dirty *other = malloc((rows->n + 1) * sizeof *other);
    for (unsigned shift = 0; other && shift < 32 && most >> shift; shift += DIGIT_BITS) {
        size_t before[(1u << DIGIT_BITS) + 1] = { 0 };
        for (size_t i = 0; i < rows->n; i++)
            before[(rows->at[i].row >> shift & DIGIT) + 1]++;
        for (size_t digit = 0; digit < DIGIT; digit++)
            before[digit + 1] += before[digit];
        for (size_t i = 0; i < rows->n; i++)
            other[before[rows->at[i].row >> shift & DIGIT]++] = rows->at[i];
        struct dirty *sorted = other;
        other = rows->at;
        rows->at = sorted;
        rows->cap = rows->n + 1;
    }
    free(other);
    return other != NULL;
}

/* Each row once. Rows that memory has shown after this began are read the next time. */
static size_t keep_each_once(struct rows *rows, size_t end)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->n; i++) {
        struct dirty d = rows->at[i], *last = kept ? &rows->at[kept - 1] : NULL;
        if (!d.row || d.row >= end)
            continue;
        if (!last || last->row != d.row) {
            rows->at[kept++] = d;
            continue;
        }
        last->traits = last->traits || d.traits;
        last->seq = d.seq > last->seq ? d.seq : last->seq;
    }
    return kept;
}

/* In ascending order, so that what is known of neighbours is read together. */
static enum err_code fill_some(struct filling *f, struct rows *rows)
{
    TRY(add_roots(f, rows));
    if (!sort_rows(rows))
        return no_memory(f->e);
    size_t kept = keep_each_once(rows, f->p->rows);
    for (size_t i = 0; i < kept; i += SLICE_ROWS)
        TRY(fill_slice(f, rows->at + i, kept - i < SLICE_ROWS ? kept - i : SLICE_ROWS));
    return note_changed(f->p, rows->at, kept) ? ERR_OK : no_memory(f->e);
}

/* Traits that nobody has any more are columns of nulls: rules that speak of them still read. */
static enum err_code make_traits(struct filling *f)
{
    struct trait_schema *schema;
    size_t n;
    bool ok = true;
    arena_reset(f->mem);
    TRY(trait_schemas(f->conn, f->mem, &schema, &n, f->e));
    pthread_rwlock_wrlock(&f->p->lock);
    for (size_t i = 0; i < n && ok; i++)
        ok = trait_place(f, schema[i].name, schema[i].type) != SIZE_MAX;
    enum err_code code = ok ? show(f) : no_memory(f->e);
    pthread_rwlock_unlock(&f->p->lock);
    return code;
}

/* ---- tiers, values, shares and likings ---- */
static void keep_stamps(const struct filling *f)
{
    atomic_store(&f->p->fits, f->fits);
    atomic_store(&f->p->valued, valuation_stamp(&f->view));
    atomic_store(&f->p->liked, f->liked.of ? likings_stamp(&f->liked) : 0);
    atomic_store(&f->p->invested, f->invested);
    if (f->shares)
        atomic_store(&f->p->shared, share_scores_fit(f->shares));
}

static enum err_code fill_all(struct filling *f)
{
    struct population *p = f->p;
    struct dirty slice[SLICE_ROWS];
    TRY(make_traits(f));
    for (size_t from = 1; from < p->rows; from += SLICE_ROWS) {
        size_t n = p->rows - from < SLICE_ROWS ? p->rows - from : SLICE_ROWS;
        for (size_t i = 0; i < n; i++)
            slice[i] = (struct dirty){ (uint32_t)(from + i), true, 0 };
        TRY(fill_slice(f, slice, n));
        atomic_store(&p->progress, (int)(from * 99 / p->rows));
    }
    pthread_mutex_lock(&p->queue);
    p->changed_all = true;
    pthread_mutex_unlock(&p->queue);
    keep_stamps(f);
    return ERR_OK;
}

/* What people who did nothing are has changed. */
static bool put_standing(struct population *p, const struct seen *s)
{
    const struct dirty moved = { .row = s->row };
    bool changed;
    return population_put_standing(p, s, &changed) && (!changed || note_changed(p, &moved, 1));
}

static enum err_code fill_standings_of(struct filling *f, uint32_t from, size_t rows)
{
    struct population *p = f->p;
    struct seen seen[SLICE_ROWS];
    size_t n = 0;
    bool ok = true;
    arena_reset(f->mem);
    memory_read_lock(p->memory);
    for (size_t i = 0; i < rows && ok; i++) {
        if (p->root[from + i] != from + i)
            continue;
        seen[n] = (struct seen){ .row = from + (uint32_t)i };
        look_at_value(f, &seen[n]);
        ok = look_at_likings(f, seen[n].row, &seen[n].liked);
        n++;
    }
    memory_read_unlock(p->memory);
    pthread_rwlock_wrlock(&p->lock);
    for (size_t i = 0; i < n && ok; i++)
        ok = put_standing(p, &seen[i]);
    enum err_code code = ok ? show(f) : no_memory(f->e);
    pthread_rwlock_unlock(&p->lock);
    return code;
}

/* Another fit of either tiers, of the models of value or of shares, another shop and another day move people who did nothing. */
static enum err_code fill_standings(struct filling *f)
{
    struct population *p = f->p;
    bool same_shares = !f->shares || share_scores_fit(f->shares) == atomic_load(&p->shared);
    if (f->fits == atomic_load(&p->fits) && valuation_stamp(&f->view) == atomic_load(&p->valued) && same_shares
        && f->invested == atomic_load(&p->invested)
        && (!f->liked.of || likings_stamp(&f->liked) == atomic_load(&p->liked)))
        return ERR_OK;
    for (size_t from = 1; from < p->rows; from += SLICE_ROWS)
        TRY(fill_standings_of(f, (uint32_t)from, p->rows - from < SLICE_ROWS ? p->rows - from : SLICE_ROWS));
    keep_stamps(f);
    return ERR_OK;
}

/* New rows are read like those that something happened to. */
static enum err_code begin(struct filling *f, struct rows *rows)
{
    struct population *p = f->p;
    size_t before = p->rows ? p->rows : 1;
    memory_read_lock(p->memory);
    size_t count = (size_t)customers_count(memory_customers(p->memory)) + 1;
    memory_read_unlock(p->memory);
    pthread_rwlock_wrlock(&p->lock);
    enum err_code code = bought_name(p, f->e);
    if (!code)
        code = permission_name(p, f->e);
    if (!code && count > p->rows)
        code = make_rows(f, count);
    pthread_rwlock_unlock(&p->lock);
    for (size_t row = before; row < p->rows && p->filled && !code; row++)
        if (!add_row(rows, (uint32_t)row, true, 0))
            code = no_memory(f->e);
    return code;
}

/* What hangs on rows that are right. Under the population's lock. */
static enum err_code fill_links(struct filling *f, const struct taken *t)
{
    struct population *p = f->p;
    bool related = p->relinked || t->memberships;
    if (p->relinked)
        TRY(fill_leaves(f));
    if (related)
        TRY(related_fill(p, f->e));
    return t->moved ? bought_recategorize(p, t->moved, f->e) : ERR_OK;
}

/* What could not be read is read again, with everybody; but lines do not tell that their product has moved. */
static void end(struct filling *f, const struct taken *t, bool ok)
{
    struct population *p = f->p;
    p->filled = ok;
    pthread_mutex_lock(&p->queue);
    if (!ok && !p->recategorized)
        p->recategorized = t->moved;
    pthread_mutex_unlock(&p->queue);
    atomic_store(&p->progress, ok ? 100 : 0);
}

static enum err_code fill(struct filling *f)
{
    struct population *p = f->p;
    struct taken t;
    take_dirty(f, &t);
    enum err_code code = begin(f, &t.rows);
    if (!code && p->filled && t.merge)
        code = find_moved(f, t.merge, &t.rows);
    if (!code)
        code = p->filled ? fill_some(f, &t.rows) : fill_all(f);
    if (!code)
        code = fill_standings(f);
    free(t.rows.at);
    pthread_rwlock_wrlock(&p->lock);
    if (!code)
        code = fill_links(f, &t);
    p->lines_known = p->lines_known || !code;
    pthread_rwlock_unlock(&p->lock);
    end(f, &t, code == ERR_OK);
    return code;
}

enum err_code population_fill(struct population *p, const struct people *people, int64_t now_ms, struct err *e)
{
    struct filling f = { .p = p, .people = people, .conn = p->conn, .now_ms = now_ms, .e = e };
    AUTO(arena) mem = f.mem = arena_new(ROW_BYTES);
    AUTO(json_parser) parser = f.parser = json_parser_new();
    if (!mem || !parser)
        return no_memory(e);
    f.fits = people_fits(people);
    if (p->valuation)
        f.view = valuation_look(p->valuation);
    f.invested = population_invested(p);
    if (p->share)
        f.shares = customer_share_look(p->share);
    enum err_code code = p->likings ? likings_refresh(p->likings, now_ms, e) : ERR_OK;
    if (!code) {
        if (p->likings)
            f.liked = likings_look(p->likings);
        code = fill(&f);
    }
    if (f.liked.of)
        likings_leave(&f.liked);
    valuation_work_clear(&f.work);
    likings_work_clear(&f.liking_work);
    share_scores_drop(&f.shares);
    for (size_t i = 0; i < SLICE_ROWS; i++) {
        free(f.line[i].line);
        free(f.line[i].product);
    }
    return code;
}
