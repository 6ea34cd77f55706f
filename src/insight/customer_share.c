#include "insight/customer_share.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "insight/customer_share_room.h"
#include "text/time.h"

#define REFIT_MS (7 * DAY_MS)
#define REFIT_GROWTH 0.05
#define REPORT_BYTES ((size_t)4 << 20)
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the share of customer")

/* ---- life ---- */
enum err_code customer_share_new(struct customer_share_rooms rooms, struct customer_share **ret, struct err *e)
{
    assert(rooms.memory && rooms.purchases && rooms.people && rooms.population && ret);
    struct customer_share *c = calloc(1, sizeof *c);
    if (!c)
        return NO_MEMORY(e);
    c->rooms = rooms;
    pthread_mutex_init(&c->fitting, NULL);
    pthread_mutex_init(&c->lock, NULL);
    *ret = c;
    return ERR_OK;
}

void customer_share_drop(struct customer_share **share)
{
    assert(share);
    struct customer_share *c = *share;
    if (!c)
        return;
    const struct share_scores *scores = c->scores;
    share_scores_drop(&scores);
    pthread_mutex_destroy(&c->fitting);
    pthread_mutex_destroy(&c->lock);
    free(c);
    *share = NULL;
}

static void drop_rows(struct share_rows *r)
{
    void *const columns[] = { r->id,  r->root, r->by_reach,  r->own,      r->wallet,
                              r->low, r->high, r->potential, r->declared, r->why };
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        free(columns[i]);
}

void share_scores_drop(const struct share_scores **at)
{
    struct share_scores *scores = (struct share_scores *)*at;  // for its holders
    *at = NULL;
    if (!scores || atomic_fetch_sub(&scores->holders, 1) > 1)
        return;
    for (size_t i = 0; i < scores->n; i++)
        drop_rows(&scores->category[i]);
    free(scores);
}

const struct share_scores *customer_share_look(const struct customer_share *share)
{
    struct customer_share *c = (struct customer_share *)share;  // for its lock
    pthread_mutex_lock(&c->lock);
    struct share_scores *scores = c->scores;
    if (scores)
        atomic_fetch_add(&scores->holders, 1);
    pthread_mutex_unlock(&c->lock);
    return scores;
}

/* ---- fits ---- */
static uint64_t orders_now(const struct customer_share *c)
{
    memory_read_lock(c->rooms.memory);
    uint64_t orders = purchases_orders(c->rooms.purchases);
    memory_read_unlock(c->rooms.memory);
    return orders;
}

bool customer_share_refit_due(const struct customer_share *share, int64_t now_ms)
{
    struct customer_share *c = (struct customer_share *)share;  // for its locks
    uint64_t orders = orders_now(c);
    pthread_mutex_lock(&c->lock);
    int64_t age_ms = now_ms - c->fitted_ms;
    bool grown = age_ms >= DAY_MS && (double)orders > (double)c->fitted_orders * (1 + REFIT_GROWTH);
    bool due = orders > 0 && (!c->fitted_ms || grown || age_ms >= REFIT_MS);
    pthread_mutex_unlock(&c->lock);
    return due;
}

struct keep_fit {
    struct command command;      // first
    int64_t fitted_ms;
    struct slice report;
    int64_t id;
};

static enum err_code keep_run(struct command *command, struct tx *tx, struct err *e)
{
    struct keep_fit *keep = (struct keep_fit *)command;
    struct store_stmt *st;
    bool row;
    TRY(store_prepare(tx->conn, SLICE("INSERT INTO share_fits (fitted_ms, report) VALUES ($1, $2) RETURNING id"), &st, e));
    store_bind_i64(st, 1, keep->fitted_ms);
    store_bind_text(st, 2, keep->report);
    TRY(store_step(st, &row, e));
    keep->id = row ? store_col_i64(st, 0) : 0;
    store_reset(st);
    TRY(store_prepare(tx->conn, SLICE("DELETE FROM share_fits WHERE id <= $1"), &st, e));
    store_bind_i64(st, 1, keep->id - SHARE_FITS_KEPT);
    return store_run(st, e);
}

static enum err_code keep_fit(struct customer_share *c, const struct share_fit *fit, struct err *e)
{
    struct buf report = buf_make(REPORT_BYTES);
    struct json_w w = json_w(&report);
    share_report(c, fit, &w);
    enum err_code code = buf_check(&report, "the report of the share of customer", e);
    struct keep_fit keep = { { .run = keep_run, .bytes = REPORT_BYTES }, fit->fitted_ms, buf_slice(&report), 0 };
    if (!code)
        code = memory_run(c->rooms.memory, &keep.command, e);
    fit->scores->fit = keep.id;
    buf_drop(&report);
    return code;
}

/* What cannot be learnt from today is looked at again tomorrow, too. */
static void use(struct customer_share *c, struct share_fit *fit, bool ok, uint64_t orders)
{
    pthread_mutex_lock(&c->lock);
    const struct share_scores *before = ok ? c->scores : NULL;
    c->fitted_ms = fit->fitted_ms;
    c->fitted_orders = orders;
    if (ok) {
        c->scores = fit->scores;
        fit->scores = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    share_scores_drop(&before);
}

static enum err_code refit(struct customer_share *c, int64_t now_ms, struct progress *progress, struct err *e)
{
    struct share_fit *fit = calloc(1, sizeof *fit);
    if (!fit)
        return NO_MEMORY(e);
    uint64_t orders = orders_now(c);
    enum err_code code = share_fit_make(c, now_ms, progress, fit, e);
    if (!code)
        code = keep_fit(c, fit, e);
    if (!code || (code == ERR_CONFLICT && orders))
        use(c, fit, !code, orders);
    share_fit_clear(fit);
    free(fit);
    return code;
}

enum err_code customer_share_refit(struct customer_share *c, int64_t now_ms, struct progress *progress, struct err *e)
{
    assert(c);
    pthread_mutex_lock(&c->fitting);
    enum err_code code = refit(c, now_ms, progress, e);
    pthread_mutex_unlock(&c->fitting);
    return code;
}

enum err_code customer_share_refresh(struct customer_share *c, int64_t now_ms, struct progress *progress, struct err *e)
{
    assert(c);
    if (pthread_mutex_trylock(&c->fitting))
        return ERR_OK;           // somebody fits just now
    enum err_code code = customer_share_refit_due(c, now_ms) ? refit(c, now_ms, progress, e) : ERR_OK;
    pthread_mutex_unlock(&c->fitting);
    return code;
}

enum err_code share_fit_newest(struct store_conn *conn, struct arena *mem, struct share_fit_row *ret, bool *is, struct err *e)
{
    struct store_stmt *st;
    TRY(store_prepare(conn, SLICE("SELECT id, fitted_ms, report FROM share_fits ORDER BY id DESC LIMIT 1"), &st, e));
    TRY(store_step(st, is, e));
    if (*is)
        *ret = (struct share_fit_row){ store_col_i64(st, 0), store_col_i64(st, 1), arena_copy(mem, store_col_text(st, 2)) };
    store_reset(st);
    return *is && !ret->report.at ? NO_MEMORY(e) : ERR_OK;
}

/* ---- of one ---- */
int64_t share_scores_fit(const struct share_scores *scores)
{
    return scores ? scores->fit : 0;
}

size_t share_categories(const struct share_scores *scores)
{
    return scores ? scores->n : 0;
}

struct slice share_category(const struct share_scores *scores, size_t i)
{
    assert(i < scores->n);
    return slice_of(scores->category[i].id);
}

size_t share_category_named(const struct share_scores *scores, struct slice id)
{
    for (size_t i = 0; i < share_categories(scores); i++)
        if (slice_is(id, scores->category[i].id))
            return i;
    return SIZE_MAX;
}

size_t share_scores_bytes(const struct share_scores *scores)
{
    size_t bytes = sizeof *scores, a_row = sizeof(uint32_t) + 6 * sizeof(float) + sizeof(uint8_t);
    for (size_t i = 0; i < scores->n; i++)
        bytes += scores->category[i].n * a_row + scores->category[i].known * sizeof(uint32_t);
    return bytes;
}

const char *share_why_name(enum share_why why)
{
    static const char *const names[SHARE_WHYS] = { "known", "not fitted", "not buying", "few alike", "too wide" };
    assert((unsigned)why < SHARE_WHYS);
    return names[why];
}

const char *share_group_name(enum share_group group)
{
    return group == GROUP_COMPANIES ? "company" : "person";
}

/* SIZE_MAX: they are not there. */
static size_t place_of(const struct share_rows *r, uint32_t root)
{
    size_t from = 0, to = r->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (r->root[middle] < root)
            from = middle + 1;
        else
            to = middle;
    }
    return from < r->n && r->root[from] == root ? from : SIZE_MAX;
}

static struct share_one one_at(const struct share_rows *r, size_t at)
{
    struct share_one one = { (enum share_why)r->why[at], (double)r->own[at], NAN, NAN, NAN, (double)r->potential[at],
                             (double)r->declared[at] };
    if (one.why != SHARE_KNOWN)
        return one;
    one.wallet = (double)r->wallet[at];
    one.low = (double)r->low[at];
    one.high = (double)r->high[at];
    return one;
}

struct share_one share_of(const struct share_scores *scores, size_t category, uint32_t root)
{
    const struct share_one none = { scores ? SHARE_NOT_BUYING : SHARE_NOT_FITTED, 0, NAN, NAN, NAN, NAN, NAN };
    size_t at = category < share_categories(scores) ? place_of(&scores->category[category], root) : SIZE_MAX;
    return at == SIZE_MAX ? none : one_at(&scores->category[category], at);
}

double share_of_wallet(const struct share_one *one, double wallet)
{
    return wallet > 0 ? one->own / wallet : NAN;
}

double share_reach(const struct share_one *one)
{
    return one->wallet - one->own;
}

size_t share_by_reach(const struct share_scores *scores, size_t category, size_t from, size_t max, uint32_t *root)
{
    assert(category < scores->n);
    const struct share_rows *r = &scores->category[category];
    size_t n = 0;
    for (size_t i = from; i < r->known && n < max; i++)
        root[n++] = r->root[r->by_reach[i]];
    return n;
}

double customer_share_reach(void *share, uint32_t root)
{
    const struct share_scores *scores = customer_share_look(share);
    const struct share_one one = share_of(scores, 0, root);
    share_scores_drop(&scores);
    return one.why == SHARE_KNOWN ? share_reach(&one) : NAN;
}
