#include "engine/recommend/recommender.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/recommend/crew.h"

const char *const recommend_names[RECOMMEND_KINDS] = { "popularity", "knn", "ease", "ials" };

struct recommend_options recommend_usual(enum recommend_kind kind, unsigned threads)
{
    return (struct recommend_options){
        .kind = kind, .k = 100, .shrink = 10, .ridge = 300, .threads = threads,
        .ials = { .dimensions = 64, .epochs = 16, .alpha = .1f, .lambda = .02f, .nu = 1, .sigma = .1f },
    };
}

/* ---- fit ---- */
static enum err_code fit_kind(const struct purchase_rows *rows, const struct recommend_options *o, struct recommender *r,
                              struct err *e)
{
    struct ials_options ials = o->ials;
    ials.threads = o->threads;
    ials.cancel = o->cancel;
    switch (o->kind) {
    case RECOMMEND_KNN:
        return neighbours_fit(*rows, (struct neighbours_options){ o->k, o->shrink, BASKET_ALL, o->cancel }, &r->knn, e);
    case RECOMMEND_EASE:
        return ease_fit(rows, &(struct ease_options){ o->ridge, o->keep, o->threads, o->cancel }, &r->ease, e);
    case RECOMMEND_IALS:
        return ials_fit(rows, &ials, &r->ials, e);
    case RECOMMEND_POPULARITY:
    case RECOMMEND_KINDS:
        break;
    }
    return ERR_OK;
}

enum err_code recommender_fit(const struct purchase_rows *rows, const struct recommend_options *options,
                              struct recommender **ret, struct err *e)
{
    assert(options->kind < RECOMMEND_KINDS);
    struct recommender *r = calloc(1, sizeof *r);
    struct purchase_columns cols = { 0 };
    enum err_code code = r ? purchase_turn(rows, BASKET_ALL, &cols, e) : err_set(e, ERR_LIMIT, 0, "no memory for a model");
    if (!code) {
        *r = (struct recommender){ .kind = options->kind, .items = rows->items,
                                   .buyers = malloc(((size_t)rows->items + 1) * sizeof *r->buyers) };
        for (uint32_t i = 0; r->buyers && i < rows->items; i++)
            r->buyers[i] = (uint32_t)(cols.start[i + 1] - cols.start[i]);
        purchase_columns_drop(&cols);
        code = r->buyers ? fit_kind(rows, options, r, e) : err_set(e, ERR_LIMIT, 0, "no memory for %u items", rows->items);
    }
    if (code) {
        recommender_drop(&r);
        return code;
    }
    *ret = r;
    return ERR_OK;
}

void recommender_drop(struct recommender **r)
{
    assert(r);
    if (!*r)
        return;
    free((*r)->buyers);
    neighbours_drop(&(*r)->knn);
    ease_drop(&(*r)->ease);
    ials_drop(&(*r)->ials);
    free(*r);
    *r = NULL;
}

/* ---- asked ---- */
struct recommender_work {
    float *has;                 // knn's scratch
    float *score;               // items
    uint8_t *passed;            // items
    float *vector;              // ials
    struct ials_work *ials;
};

struct recommender_work *recommender_work_new(const struct recommender *r)
{
    struct recommender_work *work = calloc(1, sizeof *work);
    size_t items = (size_t)r->items + 1;
    if (!work)
        return NULL;
    *work = (struct recommender_work){ calloc(items, sizeof(float)), malloc(items * sizeof(float)), malloc(items), NULL, NULL };
    if (r->ials) {
        work->ials = ials_work_new(r->ials->dimensions);
        work->vector = ials_vector_new(r->ials->dimensions);
    }
    if (!work->has || !work->score || !work->passed || (r->ials && (!work->ials || !work->vector)))
        recommender_work_drop(&work);
    return work;
}

void recommender_work_drop(struct recommender_work **work)
{
    assert(work);
    if (!*work)
        return;
    free((*work)->has);
    free((*work)->score);
    free((*work)->passed);
    free((*work)->vector);
    ials_work_drop(&(*work)->ials);
    free(*work);
    *work = NULL;
}

void recommender_score(const struct recommender *r, const uint32_t *bought, size_t n, float *score,
                       struct recommender_work *work)
{
    if (!n || r->kind == RECOMMEND_POPULARITY) {
        for (uint32_t i = 0; i < r->items; i++)
            score[i] = (float)r->buyers[i];
    } else if (r->kind == RECOMMEND_KNN) {
        neighbours_score_all(r->knn, bought, n, work->has, score);
    } else if (r->kind == RECOMMEND_EASE) {
        ease_score(r->ease, bought, n, score);
    } else {
        ials_fold_in(r->ials, bought, n, work->vector, work->ials);
        ials_score(r->ials, work->vector, score);
    }
}

size_t recommender_best(const struct recommender *r, const uint32_t *bought, size_t n, const uint8_t *refused,
                        struct best *best, size_t max, struct recommender_work *work)
{
    recommender_score(r, bought, n, work->score, work);
    if (refused)
        memcpy(work->passed, refused, r->items);
    else
        memset(work->passed, 0, r->items);
    for (size_t i = 0; i < n; i++)
        work->passed[bought[i]] = 1;
    return best_of(work->score, work->passed, r->items, best, max);
}

void recommender_explain(const struct recommender *r, const uint32_t *bought, size_t n, uint32_t item, float *share,
                         struct recommender_work *work)
{
    if (n && r->kind == RECOMMEND_IALS)
        ials_explain(r->ials, bought, n, item, share, work->ials);
    for (size_t i = 0; i < n && r->kind != RECOMMEND_IALS; i++)
        share[i] = r->kind == RECOMMEND_KNN    ? neighbours_similarity(r->knn, item, bought[i])
                   : r->kind == RECOMMEND_EASE ? ease_weight(r->ease, bought[i], item)
                                               : 0;
}

/* ---- measured ---- */
struct measured {
    const struct recommender *r;
    struct recommender_work *work[CREW_MAX];
};

static void score_one(void *arg, unsigned worker, const uint32_t *bought, size_t n, float *score)
{
    struct measured *m = arg;
    recommender_score(m->r, bought, n, score, m->work[worker]);
}

enum err_code recommender_measure(const struct recommender *r, const struct purchase_rows *train,
                                  const struct purchase_rows *test, unsigned threads, const atomic_bool *cancel,
                                  struct metrics *ret, struct err *e)
{
    assert(threads > 0 && threads <= CREW_MAX);
    struct measured m = { .r = r };
    struct ranker ranker = { score_one, &m, threads, cancel };
    enum err_code code = ERR_OK;
    for (unsigned t = 0; !code && t < threads; t++)
        if (!(m.work[t] = recommender_work_new(r)))
            code = err_set(e, ERR_LIMIT, 0, "no memory to measure %u items", r->items);
    if (!code)
        code = metrics_measure(train, test, &ranker, ret, e);
    for (unsigned t = 0; t < threads; t++)
        recommender_work_drop(&m.work[t]);
    return code;
}

/* ---- stored ---- */
struct recommender_shape recommender_shape(const struct recommender *r)
{
    struct recommender_shape shape = { .kind = (uint32_t)r->kind, .items = r->items };
    if (r->knn)
        shape.k = r->knn->k;
    if (r->ease)
        shape.kept = r->ease->kept;
    if (r->ials) {
        shape.dimensions = r->ials->dimensions;
        shape.alpha = r->ials->alpha;
        shape.lambda = r->ials->lambda;
        shape.nu = r->ials->nu;
    }
    return shape;
}

size_t recommender_parts(const struct recommender *r, struct recommender_part *part)
{
    size_t n = 0, items = r->items;
    part[n++] = (struct recommender_part){ r->buyers, items * sizeof *r->buyers };
    if (r->knn) {
        part[n++] = (struct recommender_part){ r->knn->buyers, items * sizeof *r->knn->buyers };
        part[n++] = (struct recommender_part){ r->knn->count, items * sizeof *r->knn->count };
        part[n++] = (struct recommender_part){ r->knn->of, items * r->knn->k * sizeof *r->knn->of };
    } else if (r->ease && !r->ease->kept) {
        part[n++] = (struct recommender_part){ r->ease->weight, items * ease_width(r->items) * sizeof *r->ease->weight };
    } else if (r->ease) {
        part[n++] = (struct recommender_part){ r->ease->start, (items + 1) * sizeof *r->ease->start };
        part[n++] = (struct recommender_part){ r->ease->other, r->ease->kept * sizeof *r->ease->other };
        part[n++] = (struct recommender_part){ r->ease->weight, r->ease->kept * sizeof *r->ease->weight };
    } else if (r->ials) {
        size_t width = ials_width(r->ials->dimensions);
        part[n++] = (struct recommender_part){ r->ials->item, items * width * sizeof(float) };
        part[n++] = (struct recommender_part){ r->ials->gram, width * width * sizeof(float) };
    }
    return n;
}

static bool shape_is_fit(const struct recommender_shape *s)
{
    switch ((enum recommend_kind)s->kind) {
    case RECOMMEND_POPULARITY:
        return true;
    case RECOMMEND_KNN:
        return s->k > 0 && s->k <= RECOMMEND_K_MAX;
    case RECOMMEND_EASE:
        return s->kept <= (uint64_t)s->items * s->items;
    case RECOMMEND_IALS:
        return s->dimensions > 0 && s->dimensions <= IALS_DIMENSIONS_MAX && s->alpha > 0 && s->lambda > 0 &&
               isfinite(s->alpha) && isfinite(s->lambda) && s->nu >= 0 && s->nu <= RECOMMEND_NU_MAX;
    case RECOMMEND_KINDS:
        break;
    }
    return false;
}

enum err_code recommender_new(const struct recommender_shape *shape, struct recommender **ret, struct err *e)
{
    if (!shape_is_fit(shape))
        return err_set(e, ERR_CORRUPT, 0, "no model has that shape");
    struct recommender *r = calloc(1, sizeof *r);
    bool there = r;
    if (r) {
        *r = (struct recommender){ .kind = (enum recommend_kind)shape->kind, .items = shape->items,
                                   .buyers = calloc((size_t)shape->items + 1, sizeof *r->buyers) };
        there = r->buyers;
        if (r->kind == RECOMMEND_KNN)
            there = (r->knn = neighbours_new(shape->items, shape->k)) && there;
        if (r->kind == RECOMMEND_EASE)
            there = (r->ease = ease_new(shape->items, shape->kept)) && there;
        if (r->kind == RECOMMEND_IALS)
            there = (r->ials = ials_new(shape->items, shape->dimensions)) && there;
        if (r->ials) {
            r->ials->alpha = shape->alpha;
            r->ials->lambda = shape->lambda;
            r->ials->nu = shape->nu;
        }
    }
    if (!there) {
        recommender_drop(&r);
        return err_set(e, ERR_LIMIT, 0, "no memory for a model of %u items", shape->items);
    }
    *ret = r;
    return ERR_OK;
}

enum err_code recommender_check(const struct recommender *r, struct err *e)
{
    bool ok = true;
    for (uint32_t i = 0; r->knn && i < r->items; i++) {
        ok = ok && r->knn->count[i] <= r->knn->k;
        for (uint32_t at = 0; ok && at < r->knn->count[i]; at++)
            ok = r->knn->of[(size_t)i * r->knn->k + at].item < r->items;
    }
    if (r->ease && r->ease->kept) {
        ok = r->ease->start[0] == 0;
        for (uint32_t i = 0; i < r->items; i++)
            ok = ok && r->ease->start[i] <= r->ease->start[i + 1] && r->ease->start[i + 1] <= r->ease->kept;
        for (uint64_t at = 0; at < r->ease->kept; at++)
            ok = ok && r->ease->other[at] < r->items;
    }
    return ok ? ERR_OK : err_set(e, ERR_CORRUPT, 0, "the model speaks of items that it does not have");
}
