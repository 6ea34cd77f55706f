#include "engine/recommend/tune.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define SHARE 5                 // every fifth is held back
#define SALT UINT64_C(0x7465736561726368)
#define WIDEN_MOST 4            // steps beyond a grid's end
#define FEW_EPOCHS 6

struct inner {
    struct purchase_rows train, test;
    uint32_t *item[2];
    uint64_t *start[2];
};
struct tuning {
    const struct tune_options *options;
    struct inner inner;
    struct tuned *ret;
    unsigned most;
};

/* ---- what is held back ---- */
static void inner_drop(struct inner *in)
{
    for (int side = 0; side < 2; side++) {
        free(in->item[side]);
        free(in->start[side]);
    }
}

static bool is_held_back(const struct purchase_rows *rows, const struct tune_options *o, uint32_t buyer, uint64_t at)
{
    uint64_t n = rows->start[buyer + 1] - rows->start[buyer];
    if (o->in_order)
        return rows->start[buyer + 1] - at <= (n + SHARE / 2) / SHARE;
    return hash_mix(hash_mix(o->seed ^ SALT ^ buyer) + rows->item[at]) % SHARE == 0;
}

static enum err_code hold_back(const struct purchase_rows *rows, const struct tune_options *o, struct inner *in, struct err *e)
{
    uint64_t n[2] = { 0, 0 };
    for (int side = 0; side < 2; side++) {
        in->item[side] = malloc((rows->start[rows->buyers] + 1) * sizeof *in->item[side]);
        in->start[side] = calloc((size_t)rows->buyers + 1, sizeof *in->start[side]);
        if (!in->item[side] || !in->start[side])
            return err_set(e, ERR_LIMIT, 0, "no memory to hold purchases back");
    }
    for (uint32_t b = 0; b < rows->buyers; b++) {
        for (uint64_t at = rows->start[b]; at < rows->start[b + 1]; at++) {
            bool lone = rows->start[b + 1] - rows->start[b] < 2;
            int side = !lone && is_held_back(rows, o, b, at);
            in->item[side][n[side]++] = rows->item[at];
        }
        in->start[0][b + 1] = n[0];
        in->start[1][b + 1] = n[1];
    }
    in->train = (struct purchase_rows){ in->item[0], in->start[0], rows->buyers, rows->items };
    in->test = (struct purchase_rows){ in->item[1], in->start[1], rows->buyers, rows->items };
    return n[0] && n[1] ? ERR_OK : err_set(e, ERR_INVALID, 0, "too few purchases to choose a model by: nobody has some to hold "
                                           "back; name a model");
}

/* ---- candidates ---- */
static double worth(const struct tried *t)
{
    return t->metrics.ndcg_at_20;
}

static enum err_code try(struct tuning *t, const struct recommend_options *options, bool full, double *ret, struct err *e)
{
    struct tuned *all = t->ret;
    assert(all->n < TUNE_MAX);
    struct tried *tried = &all->tried[all->n];
    struct recommender *r = NULL;
    *tried = (struct tried){ .options = *options, .full = full };
    TRY(recommender_fit(&t->inner.train, options, &r, e));
    enum err_code code = recommender_measure(r, &t->inner.train, &t->inner.test, options->threads, options->cancel,
                                             &tried->metrics, e);
    recommender_drop(&r);
    if (code)
        return code;
    *ret = worth(tried);
    all->n++;
    if (t->options->progress)
        t->options->progress(t->options->arg, all->n, t->most > all->n ? t->most : all->n + 1);
    return ERR_OK;
}

static struct recommend_options usual(const struct tuning *t, enum recommend_kind kind)
{
    struct recommend_options o = recommend_usual(kind, t->options->threads);
    o.cancel = t->options->cancel;
    o.ials.item_key = t->options->item_key;
    o.ials.seed = t->options->seed;
    return o;
}

static const struct tried *best_tried(const struct tuned *all, enum recommend_kind kind)
{
    const struct tried *best = NULL;
    for (unsigned i = 0; i < all->n; i++)
        if (all->tried[i].full && all->tried[i].options.kind == kind && (!best || worth(&all->tried[i]) > worth(best)))
            best = &all->tried[i];
    return best;
}

/* Along one positive number of the options: times `by`, or else divided by it, while that is better. */
static enum err_code climb(struct tuning *t, struct recommend_options *options, float *number, float by, struct err *e)
{
    double most = worth(best_tried(t->ret, options->kind)), now;
    bool better = false;
    for (int down = 0; down < 2 && !better; down++) {
        for (int step = 0; step < WIDEN_MOST; step++) {
            float before = *number;
            *number = down ? before / by : before * by;
            TRY(try(t, options, true, &now, e));
            if (now <= most) {
                *number = before;
                break;
            }
            most = now;
            better = true;
        }
    }
    return ERR_OK;
}

static enum err_code tune_knn(struct tuning *t, struct err *e)
{
    static const uint32_t ks[] = { 20, 50, 100, 200, 400 };
    static const float shrinks[] = { 0, 10, 100 };
    double now;
    for (size_t k = 0; k < sizeof ks / sizeof *ks; k++) {
        struct recommend_options o = usual(t, RECOMMEND_KNN);
        o.k = ks[k];
        TRY(try(t, &o, true, &now, e));
    }
    struct recommend_options best = best_tried(t->ret, RECOMMEND_KNN)->options;
    for (size_t s = 0; s < sizeof shrinks / sizeof *shrinks; s++) {
        struct recommend_options o = best;
        o.shrink = shrinks[s];
        if (o.shrink != best.shrink)
            TRY(try(t, &o, true, &now, e));
    }
    return ERR_OK;
}

static enum err_code tune_ease(struct tuning *t, struct err *e)
{
    struct recommend_options o = usual(t, RECOMMEND_EASE);
    double now;
    if (t->inner.train.items > TUNE_EASE_ITEMS) {
        t->ret->without_ease = true;
        return ERR_OK;
    }
    TRY(try(t, &o, true, &now, e));
    TRY(climb(t, &o, &o.ridge, 2, e));
    return climb(t, &o, &o.ridge, 1.4f, e);
}

static int by_worth(const void *a, const void *b)
{
    const struct tried *x = a, *y = b;
    if (x->full != y->full)
        return x->full ? -1 : 1;
    return (worth(y) > worth(x)) - (worth(y) < worth(x));
}

/* A grid with few epochs, the better half of it with all, then on from the best. */
static enum err_code tune_ials(struct tuning *t, struct err *e)
{
    static const float lambdas[] = { .003f, .01f, .03f }, alphas[] = { .05f, .2f };
    static const uint32_t dimensions[] = { 128, 256 };
    struct tuned *all = t->ret;
    unsigned first = all->n, grid = 0;
    double now;
    for (size_t l = 0; l < sizeof lambdas / sizeof *lambdas; l++) {
        for (size_t a = 0; a < sizeof alphas / sizeof *alphas; a++, grid++) {
            struct recommend_options o = usual(t, RECOMMEND_IALS);
            o.ials.lambda = lambdas[l];
            o.ials.alpha = alphas[a];
            o.ials.epochs = FEW_EPOCHS;
            TRY(try(t, &o, false, &now, e));
        }
    }
    qsort(all->tried + first, grid, sizeof *all->tried, by_worth);
    for (unsigned i = 0; i < grid / 2; i++) {
        struct recommend_options o = all->tried[first + i].options;
        o.ials.epochs = usual(t, RECOMMEND_IALS).ials.epochs;
        TRY(try(t, &o, true, &now, e));
    }
    struct recommend_options o = best_tried(all, RECOMMEND_IALS)->options;
    TRY(climb(t, &o, &o.ials.lambda, 1.6f, e));
    TRY(climb(t, &o, &o.ials.alpha, 1.6f, e));
    for (size_t d = 0; d < sizeof dimensions / sizeof *dimensions; d++) {
        double most = worth(best_tried(all, RECOMMEND_IALS));
        o.ials.dimensions = dimensions[d];
        TRY(try(t, &o, true, &now, e));
        if (now <= most)
            break;
    }
    return ERR_OK;
}

static enum err_code tune_popularity(struct tuning *t, struct err *e)
{
    struct recommend_options o = usual(t, RECOMMEND_POPULARITY);
    double now;
    return try(t, &o, true, &now, e);
}

static const struct {
    enum err_code (*run)(struct tuning *, struct err *e);
    unsigned most;              // candidates
} searches[RECOMMEND_KINDS] = {
    [RECOMMEND_POPULARITY] = { tune_popularity, 1 },
    [RECOMMEND_KNN] = { tune_knn, 8 },
    [RECOMMEND_EASE] = { tune_ease, 1 + 2 * (WIDEN_MOST + 1) },
    [RECOMMEND_IALS] = { tune_ials, 6 + 3 + 2 * (WIDEN_MOST + 1) + 2 },
};
static_assert(1 + 8 + 1 + 2 * (WIDEN_MOST + 1) + 9 + 2 * (WIDEN_MOST + 1) + 2 <= TUNE_MAX, "all candidates have a place");

enum err_code tune(const struct purchase_rows *rows, const struct tune_options *options, struct tuned *ret, struct err *e)
{
    struct tuning t = { .options = options, .ret = ret };
    unsigned kinds = options->kinds ? options->kinds : (1u << RECOMMEND_KINDS) - 1;
    *ret = (struct tuned){ .n = 0 };
    enum err_code code = hold_back(rows, options, &t.inner, e);
    for (unsigned k = 0; k < RECOMMEND_KINDS; k++)
        t.most += kinds >> k & 1 ? searches[k].most : 0;
    for (unsigned k = 0; !code && k < RECOMMEND_KINDS; k++)
        if (kinds >> k & 1)
            code = searches[k].run(&t, e);
    if (!code && !ret->n)
        code = err_set(e, ERR_LIMIT, 0, "%u items are too many for EASE, which takes %d at most", rows->items,
                       TUNE_EASE_ITEMS);
    if (!code) {
        ret->held_back = t.inner.test.start[rows->buyers];
        qsort(ret->tried, ret->n, sizeof *ret->tried, by_worth);
    }
    inner_drop(&t.inner);
    return code;
}
