/* Which products are alike by what they are: the cosine of their features, weighed by how few have them. */
#include <math.h>
#include <stdlib.h>

#include "base/vec.h"
#include "insight/recommendations_room.h"

#define CONTENT_KEPT 20
#define FEATURES_MAX 64              // of an item
#define WORDS_BYTES ((size_t)1 << 20)
#define ALIKE_MAX 1000u              // a feature that more items have tells little, and costs much

struct has {
    uint64_t feature;
    uint32_t item;
};
struct likening {
    struct has *has;                 // by feature, then item
    size_t n, cap;
    size_t *next;                    // of each place: where its item stands next; SIZE_MAX: nowhere
    size_t *first;                   // of each item
    size_t *begin, *end;             // of each place: those who have that feature
    float *idf, *norm, *dot;         // of each place; of each item, twice
    uint32_t *met;
};

static void likening_end(struct likening *l)
{
    free(l->has);
    free(l->next);
    free(l->first);
    free(l->begin);
    free(l->end);
    free(l->idf);
    free(l->norm);
    free(l->dot);
    free(l->met);
}

static int by_feature(const void *a, const void *b)
{
    const struct has *x = a, *y = b;
    if (x->feature != y->feature)
        return x->feature < y->feature ? -1 : 1;
    return (x->item > y->item) - (x->item < y->item);
}

static bool ask_content(const struct fit_ask *ask, uint32_t items, struct likening *l)
{
    uint64_t feature[FEATURES_MAX];
    AUTO(arena) mem = arena_new(WORDS_BYTES);
    bool ok = mem != NULL;
    memory_read_lock(ask->memory);
    for (uint32_t i = 0; ok && i < items; i++) {
        memory_read_turn(ask->memory);
        arena_reset(mem);
        size_t n = ask->content->says(ask->content->arg, i + 1, mem, feature, FEATURES_MAX);
        ok = vec_need(l->has, l->cap, l->n + n + 1);
        for (size_t k = 0; ok && k < n; k++)
            l->has[l->n++] = (struct has){ feature[k], i };
    }
    memory_read_unlock(ask->memory);
    return ok;
}

/* Sorts, drops what is there twice, links the places of an item, and weighs. */
static bool weigh_content(uint32_t items, struct likening *l)
{
    size_t n = 0;
    qsort(l->has, l->n, sizeof *l->has, by_feature);
    for (size_t i = 0; i < l->n; i++)
        if (!n || by_feature(&l->has[i], &l->has[n - 1]))
            l->has[n++] = l->has[i];
    l->n = n;
    l->next = malloc((n + 1) * sizeof *l->next);
    l->begin = malloc((n + 1) * sizeof *l->begin);
    l->end = malloc((n + 1) * sizeof *l->end);
    l->idf = calloc(n + 1, sizeof *l->idf);
    l->first = malloc(((size_t)items + 1) * sizeof *l->first);
    l->norm = calloc((size_t)items + 1, sizeof *l->norm);
    l->dot = calloc((size_t)items + 1, sizeof *l->dot);
    l->met = malloc(((size_t)items + 1) * sizeof *l->met);
    if (!l->next || !l->begin || !l->end || !l->idf || !l->first || !l->norm || !l->dot || !l->met)
        return false;
    for (uint32_t i = 0; i < items; i++)
        l->first[i] = SIZE_MAX;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && l->has[end].feature == l->has[i].feature;)
            end++;
        for (size_t at = i; at < end; at++) {
            uint32_t item = l->has[at].item;
            l->idf[at] = logf((float)items / (float)(end - i));
            l->norm[item] += l->idf[at] * l->idf[at];
            l->begin[at] = i;
            l->end[at] = end;
            l->next[at] = l->first[item];
            l->first[item] = at;
        }
    }
    return true;
}

static void liken(struct likening *l, struct neighbours *table, uint32_t item)
{
    struct neighbour *row = table->of + (size_t)item * table->k;
    uint32_t met = 0, *count = &table->count[item];
    for (size_t at = l->first[item]; at != SIZE_MAX; at = l->next[at]) {
        if (!(l->idf[at] > 0) || l->end[at] - l->begin[at] > ALIKE_MAX)  // what all have is no likeness
            continue;
        for (size_t i = l->begin[at]; i < l->end[at]; i++) {
            uint32_t other = l->has[i].item;
            if (l->dot[other] == 0)
                l->met[met++] = other;
            l->dot[other] += l->idf[at] * l->idf[at];
        }
    }
    for (uint32_t i = 0; i < met; i++) {
        uint32_t other = l->met[i];
        float all = sqrtf(l->norm[item] * l->norm[other]);
        if (other != item && all > 0 && l->dot[other] > 0)
            *count = neighbours_keep(row, *count, table->k, (struct neighbour){ other, 0, l->dot[other] / all });
        l->dot[other] = 0;
    }
}

enum err_code content_liken(const struct fit_ask *ask, const uint32_t *buyers, uint32_t items, struct neighbours **ret,
                            struct err *e)
{
    struct likening l = { .n = 0 };
    struct neighbours *table = neighbours_new(items, CONTENT_KEPT);
    bool ok = table && ask_content(ask, items, &l) && weigh_content(items, &l);
    for (uint32_t i = 0; ok && i < items; i++) {
        table->buyers[i] = buyers[i];
        liken(&l, table, i);
    }
    likening_end(&l);
    if (!ok)
        neighbours_drop(&table);
    *ret = table;
    return ok ? ERR_OK : NO_MEMORY(e);
}
