#include "insight/recommendations.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "insight/recommendations_room.h"
#include "sys/clock.h"
#include "text/time.h"

#define REFIT_GROWTH 0.05            // purchases may grow by this before the models are fitted anew
#define LEARN_GROWTH 1.0             // and by this before the weights are learnt anew
#define REFIT_MIN_MS INT64_C(60000)
#define WAIT_NS 50000000L
#define SECOND_NS 1000000000L
#define LEARN_DAYS 7
#define PROOF_DAYS 28                // kept back
#define PROOF_SPANS 6                // of history, at least so many times what is kept back

/* Models in use: freed when they have been replaced and the last user has given them back. */
struct version {
    struct recommend_model model;        // first
    int users;
    bool replaced;
    struct version *next;
};

struct recommendations {
    struct memory *memory;
    struct purchases *purchases;
    struct recommend_content content;
    pthread_mutex_t fitting;             // one fit at a time
    pthread_mutex_t lock;                // guards all below
    struct version *versions;            // newest first
    struct recommend_version past[RECOMMEND_VERSIONS];  // newest first
    size_t pasts;
    struct recommend_learnt learnt;
    struct recommend_note note;          // of the start; it does not change
};

static enum err_code read_kept(struct recommendations *r, struct store_conn *conn, struct err *e)
{
    struct recommend_kept *kept = malloc(sizeof *kept);
    enum err_code code = kept ? recommend_kept(conn, kept, e) : NO_MEMORY(e);
    if (!code) {
        r->learnt = kept->learnt;
        r->note = kept->note;
        r->pasts = kept->n;
        memcpy(r->past, kept->past, sizeof r->past);
    }
    free(kept);
    return code;
}

enum err_code recommendations_new(struct memory *memory, struct purchases *purchases, struct store_conn *conn,
                                  struct recommendations **ret, struct err *e)
{
    assert(memory && purchases && conn && ret);
    struct recommendations *r = calloc(1, sizeof *r);
    if (!r)
        return NO_MEMORY(e);
    r->memory = memory;
    r->purchases = purchases;
    pthread_mutex_init(&r->fitting, NULL);
    pthread_mutex_init(&r->lock, NULL);
    enum err_code code = read_kept(r, conn, e);
    if (code)
        recommendations_drop(&r);
    *ret = r;
    return code;
}

void recommendations_content_by(struct recommendations *r, struct recommend_content content)
{
    assert(r);
    r->content = content;
}

const char *recommendations_note(const struct recommendations *r)
{
    assert(r);
    return r->note.text;
}

static void version_free(struct version *v)
{
    proposers_drop(&v->model.of);
    free(v);
}

void recommendations_drop(struct recommendations **at)
{
    assert(at);
    struct recommendations *r = *at;
    if (!r)
        return;
    for (struct version *v = r->versions, *next; v; v = next) {
        next = v->next;
        version_free(v);
    }
    pthread_mutex_destroy(&r->fitting);
    pthread_mutex_destroy(&r->lock);
    free(r);
    *at = NULL;
}

/* ---- using ---- */
/* Unlinks and frees what was replaced and nobody uses; with the lock held. */
static void versions_sweep(struct recommendations *r)
{
    for (struct version **at = &r->versions; *at;) {
        struct version *v = *at;
        if (v->replaced && v->users == 0) {
            *at = v->next;
            version_free(v);
        } else {
            at = &v->next;
        }
    }
}

const struct recommend_model *recommendations_use(struct recommendations *r)
{
    assert(r);
    pthread_mutex_lock(&r->lock);
    struct version *v = r->versions;
    if (v)
        v->users++;
    pthread_mutex_unlock(&r->lock);
    return v ? &v->model : NULL;
}

void recommendations_done(struct recommendations *r, const struct recommend_model *model)
{
    if (!model)
        return;
    struct version *v = (struct version *)(uintptr_t)model;
    pthread_mutex_lock(&r->lock);
    assert(v->users > 0);
    v->users--;
    versions_sweep(r);
    pthread_mutex_unlock(&r->lock);
}

size_t recommendations_versions(struct recommendations *r, struct recommend_version *ret, size_t max)
{
    pthread_mutex_lock(&r->lock);
    size_t n = r->pasts < max ? r->pasts : max;
    memcpy(ret, r->past, n * sizeof *ret);
    pthread_mutex_unlock(&r->lock);
    return n;
}

bool recommendations_proof(struct recommendations *r, struct recommend_proof *ret)
{
    pthread_mutex_lock(&r->lock);
    bool proven = r->learnt.proven;
    if (proven)
        *ret = r->learnt.proof;
    pthread_mutex_unlock(&r->lock);
    return proven;
}

/* ---- what is due ---- */
enum due { DUE_NOTHING, DUE_FIT, DUE_LEARN };

static bool grown(uint64_t orders, uint64_t before, double by)
{
    return (double)orders > (double)before * (1 + by);
}

static enum due due(const struct recommendations *recommendations, int64_t now_ms)
{
    struct recommendations *r = (struct recommendations *)(uintptr_t)recommendations;  // for its locks: nothing is changed
    memory_read_lock(r->memory);
    uint64_t orders = purchases_orders(r->purchases);
    memory_read_unlock(r->memory);
    pthread_mutex_lock(&r->lock);
    const struct recommend_version *last = r->versions ? &r->past[0] : NULL;  // of a run before there is none in use
    const struct recommend_learnt *learnt = &r->learnt;
    bool rested = last && now_ms - last->fitted_ms >= REFIT_MIN_MS, changed = orders != learnt->orders;
    bool fit = last ? (rested && grown(orders, last->orders, REFIT_GROWTH))
                          || (orders != last->orders && now_ms - last->fitted_ms >= DAY_MS)
                    : orders > 0;
    bool learn = last && changed && (!learnt->at_ms || (rested && grown(orders, learnt->orders, LEARN_GROWTH))
                                     || now_ms - learnt->at_ms >= LEARN_DAYS * DAY_MS);
    pthread_mutex_unlock(&r->lock);
    return learn ? DUE_LEARN : fit ? DUE_FIT : DUE_NOTHING;
}

bool recommendations_due(const struct recommendations *r, int64_t now_ms)
{
    return due(r, now_ms) != DUE_NOTHING;
}

/* ---- fitting ---- */
struct refit {
    struct recommendations *r;
    struct book book;
    struct fit_ask fit;
    struct progress *progress;
    int64_t now_ms, began_ns, version;
    uint64_t orders;
};

static enum err_code refit_begin(struct recommendations *r, int64_t now_ms, struct progress *progress, struct refit *ret,
                                 struct err *e)
{
    *ret = (struct refit){ .r = r, .now_ms = now_ms, .began_ns = clock_steady_ns(), .progress = progress };
    TRY(progress_check(progress, e));
    memory_read_lock(r->memory);
    ret->orders = purchases_orders(r->purchases);
    ret->version = log_last_seq(memory_log(r->memory));
    memory_read_unlock(r->memory);
    TRY(book_read(r->memory, r->purchases, &ret->book, e));
    ret->fit = (struct fit_ask){ .book = &ret->book, .memory = r->memory, .purchases = r->purchases, .until_ms = FACT_NO_TIME,
                                 .settings = settings_usual(), .content = r->content.says ? &r->content : NULL,
                                 .cancel = progress ? &progress->cancel : NULL };
    return ERR_OK;
}

static int64_t took_ms(const struct refit *refit)
{
    return (clock_steady_ns() - refit->began_ns) / 1000000;
}

static void describe(const struct refit *refit, const struct proposers *of, struct recommend_version *about)
{
    about->version = refit->version;
    about->fitted_ms = refit->now_ms;
    about->took_ms = took_ms(refit);
    about->orders = refit->orders;
    about->lines = refit->book.start[refit->book.customers];
    about->customers = refit->book.customers;
    about->products = of->items;
    about->sessions = sessions_count(of->sessions);
    for (enum proposer p = 0; p < PROPOSERS; p++) {
        about->bytes[p] = proposers_bytes(of, p);
        about->fitted[p] = (p > PROPOSER_CONTENT || of->table[p]) && (p != PROPOSER_IALS || of->ials);
    }
}

/* With the lock held. Weights of what could not be fitted are none; where nothing is left, the walk is asked. */
static void weigh(const struct recommend_learnt *learnt, struct recommend_version *about)
{
    double sum = 0;
    for (enum proposer p = 0; p < PROPOSERS; p++) {
        about->weight[p] = learnt->proven && about->fitted[p] ? learnt->proof.blend.weight[p] : 0;
        sum += about->weight[p];
    }
    if (sum <= 0)
        weights_usual(about->weight);
    about->learnt_ms = learnt->proven && learnt->proof.learnt ? learnt->at_ms : 0;
    about->learnt_took_ms = learnt->took_ms;
}

/* The new models serve before they are kept: a disk that is full shall not stop them. */
static enum err_code swap_in(const struct refit *refit, struct recommend_version *about, struct recommend_learnt *learnt,
                             struct err *e)
{
    struct recommendations *r = refit->r;
    struct version *v = calloc(1, sizeof *v);
    enum err_code code = v ? proposers_fit(&refit->fit, &v->model.of, e) : NO_MEMORY(e);
    if (code) {
        free(v);
        return code;
    }
    describe(refit, v->model.of, &v->model.about);
    pthread_mutex_lock(&r->lock);
    weigh(&r->learnt, &v->model.about);
    if (r->versions)
        r->versions->replaced = true;
    v->next = r->versions;
    r->versions = v;
    memmove(r->past + 1, r->past, (RECOMMEND_VERSIONS - 1) * sizeof *r->past);
    r->past[0] = v->model.about;
    r->pasts += r->pasts < RECOMMEND_VERSIONS;
    *about = v->model.about;
    *learnt = r->learnt;
    versions_sweep(r);
    pthread_mutex_unlock(&r->lock);
    return ERR_OK;
}

/* The proof's days: a sixth of the history at most. */
static enum err_code learn(struct refit *refit, const struct recommend_taste *taste, struct err *e)
{
    struct recommendations *r = refit->r;
    const struct book *l = &refit->book;
    int64_t span = l->customers ? (l->newest_ms - l->oldest_ms) / DAY_MS / PROOF_SPANS : 0;
    int days = span < 1 ? 1 : span > PROOF_DAYS ? PROOF_DAYS : (int)span;
    struct recommend_proof *proof = calloc(1, sizeof *proof);
    if (!proof)
        return NO_MEMORY(e);
    struct proof_ask ask = { .fit = refit->fit, .taste = taste, .cutoff_ms = l->newest_ms + 1 - days * DAY_MS, .days = days,
                             .tune = true, .progress = refit->progress };
    enum err_code code = l->customers ? recommend_prove(&ask, proof, e) : ERR_OK;
    if (!code) {
        pthread_mutex_lock(&r->lock);
        r->learnt = (struct recommend_learnt){ refit->now_ms, took_ms(refit), refit->orders, l->customers > 0, *proof };
        pthread_mutex_unlock(&r->lock);
    }
    free(proof);
    return code;
}

/* Waits for the fit before this one, but not against the wish that it ends. */
static enum err_code fitting_begin(struct recommendations *r, struct progress *progress, struct err *e)
{
    for (;;) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += WAIT_NS;
        if (until.tv_nsec >= SECOND_NS) {
            until.tv_nsec -= SECOND_NS;
            until.tv_sec++;
        }
        TRY(progress_check(progress, e));
        if (pthread_mutex_timedlock(&r->fitting, &until) == 0)
            return ERR_OK;
    }
}

static enum err_code refit(struct recommendations *r, const struct recommend_taste *taste, bool learning, int64_t now_ms,
                           struct progress *progress, struct err *e)
{
    struct refit work;
    struct recommend_version about;
    struct recommend_learnt learnt;
    TRY(fitting_begin(r, progress, e));
    enum err_code code = refit_begin(r, now_ms, progress, &work, e);
    if (!code && learning)
        code = learn(&work, taste, e);
    if (!code) {
        progress_set(progress, learning ? 80 : 0, 100);
        pthread_mutex_lock(&r->lock);
        work.fit.quick = !r->learnt.at_ms;
        if (r->learnt.proven)
            work.fit.settings = r->learnt.proof.settings;
        pthread_mutex_unlock(&r->lock);
        code = swap_in(&work, &about, &learnt, e);
    }
    if (!code)
        code = recommend_keep(r->memory, &about, &learnt, e);
    if (!code)
        progress_set(progress, 100, 100);
    book_drop(&work.book);
    pthread_mutex_unlock(&r->fitting);
    return code;
}

enum err_code recommendations_learn(struct recommendations *r, const struct recommend_taste *taste, int64_t now_ms,
                                    struct progress *progress, struct err *e)
{
    assert(r && taste);
    return refit(r, taste, true, now_ms, progress, e);
}

enum err_code recommendations_refit(struct recommendations *r, const struct recommend_taste *taste, int64_t now_ms,
                                    struct progress *progress, struct err *e)
{
    assert(r && taste);
    return refit(r, taste, due(r, now_ms) == DUE_LEARN, now_ms, progress, e);
}

bool recommendations_behind(struct recommendations *r)
{
    const struct recommend_model *model = recommendations_use(r);
    bool behind = false;
    if (model) {
        uint32_t product;
        int64_t time_ms;
        memory_read_lock(r->memory);
        pthread_rwlock_rdlock(&model->of->sessions_lock);
        uint32_t row = model->of->sessions_row;
        pthread_rwlock_unlock(&model->of->sessions_lock);
        behind = purchases_basket(r->purchases, &row, &time_ms, &product, 1) > 0;
        memory_read_unlock(r->memory);
    }
    recommendations_done(r, model);
    return behind;
}

enum err_code recommendations_turn(struct recommendations *r, struct err *e)
{
    const struct recommend_model *model = recommendations_use(r);
    enum err_code code = model ? sessions_follow(model->of, r->memory, r->purchases, FACT_NO_TIME, e) : ERR_OK;
    recommendations_done(r, model);
    return code;
}

enum err_code recommendations_evaluate(struct recommendations *r, int64_t cutoff_ms, int held_back_days,
                                       const struct recommend_taste *taste, struct progress *progress,
                                       struct recommend_proof *ret, struct err *e)
{
    struct refit work;
    enum err_code code = refit_begin(r, 0, progress, &work, e);
    if (!code) {
        struct proof_ask ask = { .fit = work.fit, .taste = taste, .cutoff_ms = cutoff_ms, .days = held_back_days,
                                 .progress = progress };
        pthread_mutex_lock(&r->lock);
        if (r->learnt.proven)
            ask.fit.settings = r->learnt.proof.settings;
        pthread_mutex_unlock(&r->lock);
        code = recommend_prove(&ask, ret, e);
    }
    book_drop(&work.book);
    return code;
}
