#include "engine/columns/columns.h"

#include <assert.h>

const struct column *columns_find(const struct columns *c, struct slice name)
{
    for (size_t i = 0; i < c->n; i++)
        if (slice_eq(c->column[i].name, name))
            return &c->column[i];
    return NULL;
}

bool column_is_null(const struct column *c, size_t row)
{
    return c->null && bits_has(c->null, row);
}

struct value column_value(const struct column *c, size_t row, struct arena *mem, bool *ok)
{
    struct value v = { .kind = VALUE_DATE };
    struct date_time t;
    int64_t raw = column_raw(c, row);
    *ok = true;
    if (column_is_null(c, row))
        return value_null;
    switch (c->kind) {
    case COLUMN_BOOLEAN: return value_boolean(raw);
    case COLUMN_NUMBER: return value_number(number_scaled(raw, -c->scale));
    case COLUMN_CODES: assert((size_t)raw < c->dictionary->n); return c->dictionary->value[raw];
    case COLUMN_DATE: return date_of_days(raw, &v.date) ? v : value_null;
    case COLUMN_DATE_TIME: return date_time_of_ms(raw, &t) ? value_date_time(mem, t, ok) : value_null;
    }
    return value_null;
}

#define GATHER(bits)                                                                                                   \
    static void gather_##bits(const uint##bits##_t *data, const uint32_t *row, size_t n, uint##bits##_t *ret)          \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++)                                                                                 \
            ret[i] = data[row[i]];                                                                                     \
    }
GATHER(8)
GATHER(16)
GATHER(32)
GATHER(64)

void column_gather(const void *data, size_t width, const uint32_t *row, size_t n, void *ret)
{
    switch (width) {
    case 1: gather_8(data, row, n, ret); break;
    case 2: gather_16(data, row, n, ret); break;
    case 4: gather_32(data, row, n, ret); break;
    default: assert(width == 8); gather_64(data, row, n, ret);
    }
}
