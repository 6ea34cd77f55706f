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

int64_t column_raw(const struct column *c, size_t row)
{
    bool code = c->kind == COLUMN_CODES;
    switch (c->width) {
    case 0: return bits_has(c->data, row);
    case 1: return code ? ((const uint8_t *)c->data)[row] : ((const int8_t *)c->data)[row];
    case 2: return code ? ((const uint16_t *)c->data)[row] : ((const int16_t *)c->data)[row];
    case 4: return code ? (int64_t)((const uint32_t *)c->data)[row] : ((const int32_t *)c->data)[row];
    default: assert(c->width == 8); return ((const int64_t *)c->data)[row];
    }
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
