#include "engine/recommend/rows.h"

#include <assert.h>
#include <stdlib.h>

uint64_t purchase_begin(const struct purchase_rows *rows, uint32_t buyer, uint32_t basket_max)
{
    uint64_t begin = rows->start[buyer], end = rows->start[buyer + 1];
    assert(begin <= end);
    return end - begin > basket_max ? end - basket_max : begin;
}

enum err_code purchase_turn(const struct purchase_rows *rows, uint32_t basket_max, struct purchase_columns *ret,
                            struct err *e)
{
    uint64_t total = 0;
    struct purchase_columns cols = { .start = calloc((size_t)rows->items + 2, sizeof *cols.start) };
    if (!cols.start)
        return err_set(e, ERR_LIMIT, 0, "no memory for %u items", rows->items);
    for (uint32_t b = 0; b < rows->buyers; b++) {
        for (uint64_t at = purchase_begin(rows, b, basket_max); at < rows->start[b + 1]; at++, total++) {
            if (rows->item[at] >= rows->items) {
                free(cols.start);
                return err_set(e, ERR_INVALID, (size_t)at, "item %u is not below %u", rows->item[at],
                               rows->items);
            }
            cols.start[rows->item[at] + 2]++;
        }
    }
    cols.buyer = malloc((total ? total : 1) * sizeof *cols.buyer);
    if (!cols.buyer) {
        free(cols.start);
        return err_set(e, ERR_LIMIT, 0, "no memory for %llu purchases", (unsigned long long)total);
    }
    for (uint32_t i = 1; i <= rows->items; i++)
        cols.start[i + 1] += cols.start[i];
    // start[i + 1] is now where item i begins, and moves to its end while it is filled
    for (uint32_t b = 0; b < rows->buyers; b++)
        for (uint64_t at = purchase_begin(rows, b, basket_max); at < rows->start[b + 1]; at++)
            cols.buyer[cols.start[rows->item[at] + 1]++] = b;
    *ret = cols;
    return ERR_OK;
}

void purchase_columns_drop(struct purchase_columns *cols)
{
    free(cols->start);
    free(cols->buyer);
    *cols = (struct purchase_columns){ NULL, NULL };
}
