/* A base as typed columns: one row a customer, values side by side, so that a condition over ten million rows reads
 * little memory and the same loop does it for 64 rows at a time.
 *
 * Numbers   whole multiples of 10^-scale, kept in the narrowest width that holds them: exact, as FEEL's decimals are.
 * Codes     of a dictionary of values: texts, yes-or-no with a third case, lists, whatever a trait may be.
 * Days      since 1970-01-01; dates with time are milliseconds UTC, shown with "Z".
 * Null      a bit a row; what the data of such a row says does not matter, but codes are of the dictionary always.
 * Padding   data and bits can be read up to the next multiple of COLUMN_CHUNK rows.
 */
#ifndef TENDERO_ENGINE_COLUMNS_COLUMNS_H
#define TENDERO_ENGINE_COLUMNS_COLUMNS_H

#include "engine/columns/bits.h"
#include "engine/feel/value.h"

enum column_kind { COLUMN_BOOLEAN, COLUMN_NUMBER, COLUMN_CODES, COLUMN_DATE, COLUMN_DATE_TIME };
struct dictionary {
    size_t n;
    const struct value *value;                   // by code
    const struct slice *json;                    // by code, NULL: how a date, or one with time, was written, as JSON
};
struct column {
    struct slice name;
    enum column_kind kind;
    int scale;                                   // NUMBER: digits behind the point, 0 to 18
    size_t width;                                // bytes a value: 1, 2, 4 or 8; BOOLEAN: 0, data is bits
    const void *data;                            // signed; codes unsigned
    const uint64_t *null;                        // NULL: no row is null
    const struct dictionary *dictionary;         // CODES
};
struct columns {
    size_t rows, n;
    const struct column *column;
};

/* NULL: there is none. */
const struct column *columns_find(const struct columns *, struct slice name);
/* A row's value as FEEL has it. *ok false: mem is exhausted. */
struct value column_value(const struct column *, size_t row, struct arena *mem, bool *ok);
bool column_is_null(const struct column *, size_t row);
/* What rows hold, side by side; width 1 to 8. */
void column_gather(const void *data, size_t width, const uint32_t *row, size_t n, void *ret);
/* The number that data holds: a code, days, milliseconds, multiples of 10^-scale; 0 or 1. */
static inline int64_t column_raw(const struct column *c, size_t row)
{
    bool code = c->kind == COLUMN_CODES;
    switch (c->width) {
    case 0: return bits_has(c->data, row);
    case 1: return code ? ((const uint8_t *)c->data)[row] : ((const int8_t *)c->data)[row];
    case 2: return code ? ((const uint16_t *)c->data)[row] : ((const int16_t *)c->data)[row];
    case 4: return code ? (int64_t)((const uint32_t *)c->data)[row] : ((const int32_t *)c->data)[row];
    default: return ((const int64_t *)c->data)[row];
    }
}

#endif
