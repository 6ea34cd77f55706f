#include "engine/recommend/metrics.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/recommend/best.h"
#include "engine/recommend/crew.h"

#define DEEPEST 100
#define GRAIN 8

enum { RECALL_20, RECALL_20_MIN, RECALL_50, NDCG_10, NDCG_20, NDCG_100, MEASURES };

struct measuring {
    const struct purchase_rows *train, *test;
    const struct ranker *ranker;
    float *score;               // items of each worker
    uint8_t *mark;              // the same
    double (*of)[MEASURES];     // of each buyer
    bool *measured;
    double gain[DEEPEST], ideal[DEEPEST + 1];
};
enum { MARK_NEW, MARK_BOUGHT, MARK_HELD_OUT };

static void mark_row(const struct purchase_rows *rows, size_t buyer, uint8_t *mark, uint8_t as)
{
    for (uint64_t at = rows->start[buyer]; at < rows->start[buyer + 1]; at++)
        mark[rows->item[at]] = as;
}

static double ndcg(const struct measuring *m, const bool *hit, size_t found, size_t deep, size_t held_out)
{
    double sum = 0;
    for (size_t r = 0; r < found && r < deep; r++)
        sum += hit[r] ? m->gain[r] : 0;
    return sum / m->ideal[held_out < deep ? held_out : deep];
}

static double hits(const bool *hit, size_t found, size_t deep)
{
    double sum = 0;
    for (size_t r = 0; r < found && r < deep; r++)
        sum += hit[r];
    return sum;
}

static void measure_ranking(const struct measuring *m, const bool *hit, size_t found, size_t held_out, double of[MEASURES])
{
    double n = (double)held_out;
    of[RECALL_20] = hits(hit, found, 20) / n;
    of[RECALL_20_MIN] = hits(hit, found, 20) / fmin(n, 20);
    of[RECALL_50] = hits(hit, found, 50) / n;
    of[NDCG_10] = ndcg(m, hit, found, 10, held_out);
    of[NDCG_20] = ndcg(m, hit, found, 20, held_out);
    of[NDCG_100] = ndcg(m, hit, found, 100, held_out);
}

static void measure_buyer(struct measuring *m, unsigned worker, size_t buyer)
{
    uint32_t items = m->train->items;
    float *score = m->score + (size_t)worker * items;
    uint8_t *mark = m->mark + (size_t)worker * items;
    const uint32_t *bought = m->train->item + m->train->start[buyer];
    size_t held_out = 0, n = (size_t)(m->train->start[buyer + 1] - m->train->start[buyer]);
    struct best best[DEEPEST];
    bool hit[DEEPEST];
    mark_row(m->test, buyer, mark, MARK_HELD_OUT);
    mark_row(m->train, buyer, mark, MARK_BOUGHT);
    for (uint64_t at = m->test->start[buyer]; at < m->test->start[buyer + 1]; at++)
        held_out += mark[m->test->item[at]] == MARK_HELD_OUT;
    if (held_out) {
        m->ranker->score(m->ranker->arg, worker, bought, n, score);
        for (size_t i = 0; i < n; i++)
            score[bought[i]] = -INFINITY;  // what is bought comes last, and no row is all that there is
        size_t found = best_of(score, NULL, items, best, DEEPEST);
        for (size_t r = 0; r < found; r++)
            hit[r] = mark[best[r].item] == MARK_HELD_OUT;
        measure_ranking(m, hit, found, held_out, m->of[buyer]);
        m->measured[buyer] = true;
    }
    mark_row(m->test, buyer, mark, MARK_NEW);
    mark_row(m->train, buyer, mark, MARK_NEW);
}

static void measure_some(void *arg, unsigned worker, size_t begin, size_t end)
{
    struct measuring *m = arg;
    const atomic_bool *cancel = m->ranker->cancel;
    if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
        return;
    for (size_t buyer = begin; buyer < end; buyer++)
        if (m->test->start[buyer] < m->test->start[buyer + 1])
            measure_buyer(m, worker, buyer);
}

/* In the order of the buyers, so that the sum is the same for any number of threads. */
static struct metrics average(const struct measuring *m)
{
    double sum[MEASURES] = { 0 };
    uint32_t users = 0;
    for (size_t buyer = 0; buyer < m->train->buyers; buyer++) {
        users += m->measured[buyer];
        for (size_t i = 0; i < MEASURES; i++)
            sum[i] += m->of[buyer][i];
    }
    double n = users ? users : 1;
    return (struct metrics){ sum[RECALL_20] / n, sum[RECALL_20_MIN] / n, sum[RECALL_50] / n,
                             sum[NDCG_10] / n, sum[NDCG_20] / n, sum[NDCG_100] / n, users };
}

enum err_code metrics_measure(const struct purchase_rows *train, const struct purchase_rows *test,
                              const struct ranker *ranker, struct metrics *ret, struct err *e)
{
    assert(train->buyers == test->buyers && train->items == test->items);
    size_t cells = (size_t)ranker->threads * (train->items + 1), buyers = (size_t)train->buyers + 1;
    struct measuring m = { train, test, ranker, malloc(cells * sizeof *m.score), calloc(cells, sizeof *m.mark),
                           calloc(buyers, sizeof *m.of), calloc(buyers, sizeof *m.measured), { 0 }, { 0 } };
    enum err_code code = ERR_OK;
    if (!m.score || !m.mark || !m.of || !m.measured)
        code = err_set(e, ERR_LIMIT, 0, "no memory to measure %u buyers", train->buyers);
    for (size_t r = 0; r < DEEPEST; r++) {
        m.gain[r] = 1 / log2((double)r + 2);
        m.ideal[r + 1] = m.ideal[r] + m.gain[r];
    }
    if (!code)
        crew_run(ranker->threads, train->buyers, GRAIN, measure_some, &m);
    if (!code && ranker->cancel && atomic_load(ranker->cancel))
        code = err_set(e, ERR_BUSY, 0, "cancelled while it was measured");
    if (!code)
        *ret = average(&m);
    free(m.score);
    free(m.mark);
    free(m.of);
    free(m.measured);
    return code;
}
