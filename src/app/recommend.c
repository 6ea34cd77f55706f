/* tendero recommend: models of what customers buy together, from files: measured, trained, explained; no server and no data of
 * its own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/recommend.h"
#include "engine/recommend/crew.h"
#include "engine/recommend/tune.h"
#include "text/json.h"

#define THREADS_MOST 16
#define LIMIT_PROPOSALS 1000
#define REASONS 3
#define SEED 43                 // docs/RECOMMEND.md says how much it matters

/* ---- what is asked for ---- */
struct wish {
    bool tuned;
    struct recommend_options options;
};

static enum err_code read_float(struct settings *s, const char *name, double least, double most, float *ret, struct err *e)
{
    const char *text = settings_option(s, name);
    char *end;
    if (!text)
        return ERR_OK;
    double number = strtod(text, &end);
    if (!*text || *end || !(number >= least && number <= most))
        return err_set(e, ERR_INVALID, 0, "--%s is a number from %g to %g", name, least, most);
    *ret = (float)number;
    return ERR_OK;
}

static enum err_code read_whole(struct settings *s, const char *name, int64_t least, int64_t most, uint32_t *ret, struct err *e)
{
    const char *text = settings_option(s, name);
    int64_t number;
    if (!text)
        return ERR_OK;
    if (!slice_i64(slice_of(text), &number) || number < least || number > most)
        return err_set(e, ERR_INVALID, 0, "--%s is a whole number from %lld to %lld", name, (long long)least, (long long)most);
    *ret = (uint32_t)number;
    return ERR_OK;
}

static enum err_code read_kind(struct settings *s, struct wish *w, struct err *e)
{
    const char *model = settings_option(s, "model");
    enum recommend_kind kind = RECOMMEND_POPULARITY;
    w->tuned = !model || strcmp(model, "auto") == 0;
    while (!w->tuned && kind < RECOMMEND_KINDS && strcmp(model, recommend_names[kind]) != 0)
        kind++;
    if (kind == RECOMMEND_KINDS)
        return err_set(e, ERR_INVALID, 0, "--model is popularity, knn, ease, ials or auto");
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned threads = processors > THREADS_MOST ? THREADS_MOST : processors < 1 ? 1 : (unsigned)processors;
    w->options = recommend_usual(kind, threads);
    w->options.ials.seed = SEED;
    return ERR_OK;
}

static enum err_code read_ials(struct settings *s, struct ials_options *o, struct err *e)
{
    TRY(read_float(s, "alpha", 1e-6, 1e6, &o->alpha, e));
    TRY(read_float(s, "lambda", 1e-6, 1e6, &o->lambda, e));
    TRY(read_float(s, "nu", 0, RECOMMEND_NU_MAX, &o->nu, e));
    TRY(read_float(s, "sigma", 1e-6, 1e3, &o->sigma, e));
    TRY(read_whole(s, "dimensions", 1, IALS_DIMENSIONS_MAX, &o->dimensions, e));
    TRY(read_whole(s, "epochs", 1, 1000, &o->epochs, e));
    TRY(read_whole(s, "steps", 0, 100, &o->steps, e));
    return read_whole(s, "block", 0, IALS_DIMENSIONS_MAX, &o->block, e);
}

/* Each model has its own numbers, and the autotuner finds them: what does not belong to the model stays, and is refused. */
static enum err_code read_wish(struct settings *s, struct wish *w, struct err *e)
{
    TRY(read_kind(s, w, e));
    struct recommend_options *o = &w->options;
    uint32_t seed = SEED;
    if (o->kind == RECOMMEND_KNN) {
        TRY(read_whole(s, "k", 1, RECOMMEND_K_MAX, &o->k, e));
        TRY(read_float(s, "shrink", 0, 1e6, &o->shrink, e));
    } else if (o->kind == RECOMMEND_EASE) {
        TRY(read_float(s, "lambda", 1e-3, 1e9, &o->ridge, e));
        TRY(read_whole(s, "keep", 0, UINT32_MAX, &o->keep, e));
    } else if (o->kind == RECOMMEND_IALS) {
        TRY(read_ials(s, &o->ials, e));
    }
    TRY(read_whole(s, "seed", 0, UINT32_MAX, &seed, e));
    o->ials.seed = seed;
    return settings_no_options(s, e);
}

/* ---- answers ---- */
/* As it was written, and not what float made of it. */
static void json_float(struct json_w *w, const char *key, float number)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", (double)number);
    json_w_kdouble(w, key, strtod(text, NULL));
}

static void json_options(struct json_w *w, const struct recommend_options *o)
{
    json_w_kcstr(w, "model", recommend_names[o->kind]);
    if (o->kind == RECOMMEND_KNN) {
        json_w_ki64(w, "k", o->k);
        json_float(w, "shrink", o->shrink);
    } else if (o->kind == RECOMMEND_EASE) {
        json_float(w, "lambda", o->ridge);
    } else if (o->kind == RECOMMEND_IALS) {
        json_w_ki64(w, "dimensions", o->ials.dimensions);
        json_float(w, "alpha", o->ials.alpha);
        json_float(w, "lambda", o->ials.lambda);
        json_float(w, "nu", o->ials.nu);
        json_w_ki64(w, "epochs", o->ials.epochs);
    }
}

static void json_metrics(struct json_w *w, const struct metrics *m)
{
    json_w_kdouble(w, "recall_at_20", m->recall_at_20);
    json_w_kdouble(w, "recall_at_20_min", m->recall_at_20_min);
    json_w_kdouble(w, "recall_at_50", m->recall_at_50);
    json_w_kdouble(w, "ndcg_at_10", m->ndcg_at_10);
    json_w_kdouble(w, "ndcg_at_20", m->ndcg_at_20);
    json_w_kdouble(w, "ndcg_at_100", m->ndcg_at_100);
}

static void json_tried(struct json_w *w, const struct tuned *tuned)
{
    json_w_ki64(w, "held_back", (int64_t)tuned->held_back);
    json_w_key(w, "tried");
    json_w_open(w, '[');
    for (unsigned i = 0; i < tuned->n; i++) {
        json_w_open(w, '{');
        json_options(w, &tuned->tried[i].options);
        json_w_kdouble(w, "ndcg_at_20", tuned->tried[i].metrics.ndcg_at_20);
        json_w_close(w, '}');
    }
    json_w_close(w, ']');
}

static void json_base(struct json_w *w, const struct ledgers *l, const struct wish *wish, const struct tuned *tuned)
{
    json_options(w, &wish->options);
    json_w_ki64(w, "users", (int64_t)l->users.n);
    json_w_ki64(w, "items", (int64_t)l->items.n);
    json_w_ki64(w, "train", (int64_t)l->train.start[l->users.n]);
    json_w_ki64(w, "counted_once", (int64_t)l->twice);
    if (wish->tuned)
        json_tried(w, tuned);
}

static enum err_code print(struct buf *out, struct err *e)
{
    TRY(buf_check(out, "the answer", e));
    printf("%.*s\n", SLICE_ARG(buf_slice(out)));
    return ERR_OK;
}

static void show_progress(void *arg, unsigned done, unsigned most)
{
    (void)arg;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r%u of at most %u candidates %s", done, most, done == most ? "\n" : "");
}

/* The one that was asked for, or the best; what was tried goes to *tuned. */
static enum err_code fit(const struct ledgers *l, struct wish *w, struct tuned *tuned, struct recommender **ret, struct err *e)
{
    uint64_t *keys = ledgers_item_keys(l);
    if (!keys)
        return err_set(e, ERR_LIMIT, 0, "no memory for %zu items", l->items.n);
    enum err_code code = ERR_OK;
    if (w->tuned) {
        struct tune_options o = { .seed = w->options.ials.seed, .item_key = keys, .threads = w->options.threads,
                                  .progress = show_progress };
        code = tune(&l->train.rows, &o, tuned, e);
        if (!code)
            w->options = tuned->tried[0].options;
    }
    w->options.ials.item_key = keys;
    if (!code)
        code = recommender_fit(&l->train.rows, &w->options, ret, e);
    free(keys);
    return code;
}

static enum err_code run_evaluate(const struct ledgers *l, struct wish *wish, struct tuned *tuned, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(0);
    AUTO(recommender) model = NULL;
    struct json_w w = json_w(&out);
    struct metrics metrics;
    TRY(fit(l, wish, tuned, &model, e));
    TRY(recommender_measure(model, &l->train.rows, &l->test.rows, wish->options.threads, NULL, &metrics, e));
    if (!metrics.users)
        return err_set(e, ERR_INVALID, 0, "nothing is held out: every line of the test file is in the training file, too");
    json_w_open(&w, '{');
    json_base(&w, l, wish, tuned);
    json_w_ki64(&w, "test", (int64_t)l->test.start[l->users.n]);
    json_w_ki64(&w, "measured_users", metrics.users);
    json_metrics(&w, &metrics);
    json_w_close(&w, '}');
    return print(&out, e);
}

static enum err_code run_train(const struct ledgers *l, struct wish *wish, const char *to, struct tuned *tuned, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(0);
    AUTO(recommender) model = NULL;
    struct json_w w = json_w(&out);
    TRY(fit(l, wish, tuned, &model, e));
    TRY(stored_write(to, model, l, e));
    json_w_open(&w, '{');
    json_base(&w, l, wish, tuned);
    json_w_close(&w, '}');
    return print(&out, e);
}

static enum err_code command_fit(struct settings *s, bool evaluate, struct err *e)
{
    const char *train = settings_option(s, "train"), *test = evaluate ? settings_option(s, "test") : NULL,
               *to = evaluate ? NULL : settings_option(s, "out");
    struct wish wish;
    AUTO(ledgers) l = NULL;
    if (!train || (evaluate && !test) || (!evaluate && !to))
        return err_set(e, ERR_INVALID, 0, "%s needs --train FILE and %s FILE; files are CSV with the columns user, item",
                       evaluate ? "evaluate" : "train", evaluate ? "--test" : "--out");
    TRY(read_wish(s, &wish, e));
    TRY(ledgers_read(train, test, &l, e));
    struct tuned *tuned = malloc(sizeof *tuned);
    enum err_code code = !tuned     ? err_set(e, ERR_LIMIT, 0, "no memory for the candidates")
                         : evaluate ? run_evaluate(l, &wish, tuned, e)
                                    : run_train(l, &wish, to, tuned, e);
    free(tuned);
    return code;
}

/* ---- explain ---- */
struct asked {
    uint32_t *bought;
    float *share;
    size_t n, limit;
};

static enum err_code read_items(const struct names *items, const char *list, struct asked *a, struct err *e)
{
    struct slice rest = slice_of(list);
    while (rest.len) {
        struct slice name = slice_trim(slice_cut(&rest, ','));
        uint32_t item = names_find(items, name);
        bool again = false;
        if (item == NAMES_NONE)
            return err_set(e, ERR_NOT_FOUND, a->n, "--items: the model does not know '%.*s'",
                           SLICE_ARG(slice_utf8_cut(name, 60)));
        for (size_t i = 0; i < a->n; i++)
            again = again || a->bought[i] == item;
        if (!again)
            a->bought[a->n++] = item;
    }
    return ERR_OK;
}

static enum err_code read_asked(const struct stored *s, const char *user, const char *items, struct asked *a, struct err *e)
{
    const struct purchase_rows *rows = &s->ledgers->train.rows;
    size_t most = s->ledgers->items.n + 1;
    a->bought = malloc(most * sizeof *a->bought);
    a->share = malloc(most * sizeof *a->share);
    if (!a->bought || !a->share)
        return err_set(e, ERR_LIMIT, 0, "no memory for %zu items", most);
    if (items)
        return read_items(&s->ledgers->items, items, a, e);
    uint32_t u = names_find(&s->ledgers->users, slice_of(user));
    if (u == NAMES_NONE)
        return err_set(e, ERR_NOT_FOUND, 0, "--user: the model does not know '%.*s'; --items says what somebody new has bought",
                       SLICE_ARG(slice_utf8_cut(slice_of(user), 60)));
    a->n = (size_t)(rows->start[u + 1] - rows->start[u]);
    memcpy(a->bought, rows->item + rows->start[u], a->n * sizeof *a->bought);
    return ERR_OK;
}

/* The bought item that adds most to what is left of the shares; SIZE_MAX: none adds anything. */
static size_t next_reason(struct asked *a)
{
    size_t most = SIZE_MAX;
    for (size_t i = 0; i < a->n; i++)
        if (a->share[i] > 0 && (most == SIZE_MAX || a->share[i] > a->share[most]))
            most = i;
    return most;
}

static void json_reasons(struct json_w *w, const struct stored *s, struct asked *a, uint32_t item)
{
    __attribute__((cleanup(buf_drop))) struct buf words = buf_make(0);
    const char *begin = s->model->kind == RECOMMEND_IALS ? "customers like this one buy it: they bought " : "because of ";
    double sum = 0;
    for (size_t i = 0; i < a->n; i++)
        sum += fmax((double)a->share[i], 0);
    json_w_key(w, "because");
    json_w_open(w, '[');
    for (int r = 0; r < REASONS; r++) {
        size_t at = next_reason(a);
        if (at == SIZE_MAX)
            break;
        struct slice name = s->ledgers->items.of[a->bought[at]];
        json_w_open(w, '{');
        json_w_kstring(w, "item", name);
        json_float(w, "share", (float)((double)a->share[at] / sum));
        json_w_close(w, '}');
        buf_adds(&words, r ? ", " : begin);
        buf_add(&words, name);
        a->share[at] = 0;
    }
    json_w_close(w, ']');
    if (!words.len)
        buf_printf(&words, "popular: %u customers bought it", s->model->buyers[item]);
    json_w_kstring(w, "reason", buf_slice(&words));
}

static enum err_code explain(const struct stored *s, struct asked *a, struct err *e)
{
    __attribute__((cleanup(buf_drop))) struct buf out = buf_make(0);
    AUTO(recommender_work) work = recommender_work_new(s->model);
    struct best best[LIMIT_PROPOSALS];
    struct json_w w = json_w(&out);
    if (!work)
        return err_set(e, ERR_LIMIT, 0, "no memory for %u items", s->model->items);
    size_t n = recommender_best(s->model, a->bought, a->n, NULL, best, a->limit, work);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "model", recommend_names[s->model->kind]);
    json_w_ki64(&w, "bought", (int64_t)a->n);
    json_w_key(&w, "proposals");
    json_w_open(&w, '[');
    for (size_t i = 0; i < n; i++) {
        recommender_explain(s->model, a->bought, a->n, best[i].item, a->share, work);
        json_w_open(&w, '{');
        json_w_kstring(&w, "item", s->ledgers->items.of[best[i].item]);
        json_float(&w, "score", best[i].score);
        json_reasons(&w, s, a, best[i].item);
        json_w_close(&w, '}');
    }
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    return print(&out, e);
}

static enum err_code command_explain(struct settings *settings, struct err *e)
{
    const char *path = settings_option(settings, "model"), *user = settings_option(settings, "user"),
               *items = settings_option(settings, "items");
    struct stored stored;
    struct asked asked = { .n = 0 };
    uint32_t limit = 10;
    if (!path || !user == !items)
        return err_set(e, ERR_INVALID, 0, "explain needs --model FILE and either --user ID or --items ID,ID…");
    TRY(read_whole(settings, "limit", 1, LIMIT_PROPOSALS, &limit, e));
    TRY(settings_no_options(settings, e));
    TRY(stored_read(path, &stored, e));
    asked.limit = limit;
    enum err_code code = read_asked(&stored, user, items, &asked, e);
    if (!code)
        code = explain(&stored, &asked, e);
    free(asked.bought);
    free(asked.share);
    stored_drop(&stored);
    return code;
}

enum err_code command_recommend(struct settings *s, struct err *e)
{
    const char *what = s->n_rest ? s->rest[0] : "";
    if (strcmp(what, "evaluate") == 0 || strcmp(what, "train") == 0)
        return command_fit(s, *what == 'e', e);
    if (strcmp(what, "explain") == 0)
        return command_explain(s, e);
    if (strcmp(what, "split") == 0)
        return command_recommend_split(s, e);
    return err_set(e, ERR_INVALID, 0, "recommend is followed by evaluate, train, explain or split; see --help");
}
