/* One growing column. */
#include "insight/population_room.h"

#include <assert.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "engine/feel/value_json.h"

#define DICTIONARY_BYTES ((size_t)4 << 30)

static size_t least_width(enum column_kind kind)
{
    switch (kind) {
    case COLUMN_BOOLEAN: return 0;
    case COLUMN_NUMBER:
    case COLUMN_CODES: return 1;
    case COLUMN_DATE: return sizeof(int32_t);
    case COLUMN_DATE_TIME: break;
    }
    return sizeof(int64_t);
}

static int64_t unit_of(int scale)
{
    static const int64_t unit[NUMBER_SCALE + 1] = { 1000000, 100000, 10000, 1000, 100, 10, 1 };
    return unit[scale];
}

static void set_scale(struct keep *k, int scale)
{
    k->scale = scale;
    k->unit = k->kind == COLUMN_NUMBER ? unit_of(scale) : 1;
}

static void set_empty(struct keep *k, enum column_kind kind)
{
    *k = (struct keep){ .kind = kind, .width = least_width(kind) };
    set_scale(k, 0);
}

bool keep_init(struct keep *k, struct slice name, enum column_kind kind)
{
    set_empty(k, kind);
    k->mem = arena_new(DICTIONARY_BYTES);
    if (k->mem)
        k->name = arena_copy(k->mem, name);
    return k->mem && k->name.at;
}

void keep_clear(struct keep *k)
{
    free(k->data);
    free(k->null);
    free(k->key);
    free((void *)(uintptr_t)k->dictionary.value);
    free(k->slot);
    arena_drop(&k->mem);
    set_empty(k, k->kind);
}

bool keep_shape(struct keep *k, size_t width, int scale)
{
    bool varies = k->kind == COLUMN_NUMBER || k->kind == COLUMN_CODES;
    bool is_width = width == 1 || width == 2 || width == 4 || (width == 8 && k->kind == COLUMN_NUMBER);
    assert(!k->cap);
    if (varies ? !is_width : width != k->width)
        return false;
    if (scale < 0 || scale > (k->kind == COLUMN_NUMBER ? NUMBER_SCALE : 0))
        return false;
    k->width = width;
    set_scale(k, scale);
    return true;
}

static size_t data_bytes(const struct keep *k, size_t rows)
{
    return k->width ? rows * k->width : rows / 8;
}

/* Words of bits, or bytes of values: whole chunks, so that loops need no end of their own. */
static void *grown(void *at, size_t old, size_t bytes, int fill)
{
    char *more = realloc(at, bytes);
    if (more)
        memset(more + old, fill, bytes - old);
    return more;
}

bool keep_rows(struct keep *k, size_t rows)
{
    if (rows <= k->cap)
        return true;
    size_t wish = rows + rows / 8, words = COLUMN_WORDS(wish), cap = words * 64, old = k->cap;
    void *data = grown(k->data, data_bytes(k, old), data_bytes(k, cap), 0);
    if (!data)
        return false;
    k->data = data;
    uint64_t *null = grown(k->null, old / 8, cap / 8, 0xff);
    if (!null)
        return false;
    k->null = null;
    k->cap = cap;
    return true;
}

void keep_null(struct keep *k, size_t row)
{
    assert(row < k->cap);
    k->null[row / 64] |= UINT64_C(1) << row % 64;
}

/* ---- as narrow as what it holds ---- */
static size_t width_for(const struct keep *k, int64_t held)
{
    if (k->kind == COLUMN_CODES)
        return held <= UINT8_MAX ? 1 : held <= UINT16_MAX ? 2 : 4;
    return held == (int8_t)held ? 1 : held == (int16_t)held ? 2 : held == (int32_t)held ? 4 : 8;
}

static void put_held(void *data, size_t width, size_t row, int64_t held)
{
    switch (width) {
    case 1: ((int8_t *)data)[row] = (int8_t)held; break;
    case 2: ((int16_t *)data)[row] = (int16_t)held; break;
    case 4: ((int32_t *)data)[row] = (int32_t)held; break;
    default: ((int64_t *)data)[row] = held;
    }
}

/* Of what is at the rows now, each by `times`; a row that is null has nothing. */
static size_t width_of_all(const struct keep *k, int64_t times)
{
    size_t width = k->width;
    for (size_t row = 0; row < k->cap; row++) {
        size_t need = bits_has(k->null, row) ? 1 : width_for(k, keep_held(k, row) * times);
        width = need > width ? need : width;
    }
    return width;
}

static bool move(struct keep *k, size_t width, int64_t times)
{
    void *data = calloc(k->cap, width);
    if (!data)
        return false;
    for (size_t row = 0; row < k->cap; row++)
        if (!bits_has(k->null, row))
            put_held(data, width, row, keep_held(k, row) * times);
    free(k->data);
    k->data = data;
    k->width = width;
    return true;
}

/* A number of millionths that needs more digits behind the point than those before it. */
static bool refine(struct keep *k, int64_t micro)
{
    int scale = k->scale;
    while (micro % unit_of(scale) != 0)
        scale++;
    int64_t times = k->unit / unit_of(scale);
    if (!move(k, width_of_all(k, times), times))
        return false;
    set_scale(k, scale);
    return true;
}

bool keep_raw(struct keep *k, size_t row, int64_t raw)
{
    assert(row < k->cap);
    uint64_t bit = UINT64_C(1) << row % 64, *bits = k->data;
    int64_t held = raw;
    if (k->unit > 1) {
        if (raw % k->unit != 0 && !refine(k, raw))
            return false;
        held = raw / k->unit;
    }
    if (k->width && width_for(k, held) > k->width && !move(k, width_for(k, held), 1))
        return false;
    k->null[row / 64] &= ~bit;
    if (k->width)
        put_held(k->data, k->width, row, held);
    else
        bits[row / 64] = raw ? bits[row / 64] | bit : bits[row / 64] & ~bit;
    return true;
}

/* ---- its dictionary ---- */
static bool grow_slots(struct keep *k)
{
    size_t slots = k->slots ? k->slots * 2 : 64;
    uint32_t *slot = calloc(slots, sizeof *slot);
    if (!slot)
        return false;
    for (size_t i = 0; i < k->dictionary.n; i++) {
        size_t at = hash64(k->key[i], 0) & (slots - 1);
        while (slot[at])
            at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    free(k->slot);
    k->slot = slot;
    k->slots = slots;
    return true;
}

static bool grow_codes(struct keep *k)
{
    size_t cap = k->codes_cap ? k->codes_cap * 2 : 16;
    struct slice *key = realloc(k->key, cap * sizeof *key);
    if (key)
        k->dictionary.json = k->key = key;
    struct value *value = key ? realloc((void *)(uintptr_t)k->dictionary.value, cap * sizeof *value) : NULL;
    if (!value)
        return false;
    k->dictionary.value = value;
    k->codes_cap = cap;
    return true;
}

/* The value's own parts live in the caller's memory: texts are copied, other values are kept as they are and must have
 * been made in k->mem. */
static bool add_code(struct keep *k, struct slice key, struct value v, uint32_t *ret)
{
    if ((k->dictionary.n + 1) * 2 > k->slots && !grow_slots(k))
        return false;
    if (k->dictionary.n == k->codes_cap && !grow_codes(k))
        return false;
    struct slice own = arena_copy(k->mem, key);
    if (v.kind == VALUE_STRING)
        v.string = arena_copy(k->mem, v.string);
    if (!own.at || (v.kind == VALUE_STRING && !v.string.at))
        return false;
    size_t at = hash64(own, 0) & (k->slots - 1);
    while (k->slot[at])
        at = (at + 1) & (k->slots - 1);
    k->key[k->dictionary.n] = own;
    ((struct value *)(uintptr_t)k->dictionary.value)[k->dictionary.n] = v;
    k->slot[at] = (uint32_t)++k->dictionary.n;
    *ret = k->slot[at] - 1;
    return true;
}

bool keep_add(struct keep *k, struct slice key, struct value v)
{
    uint32_t code;
    return add_code(k, key, v, &code);
}

/* CODE_NONE: there is no such value. */
static uint32_t find_code(const struct keep *k, struct slice key)
{
    for (size_t at = k->slots ? hash64(key, 0) & (k->slots - 1) : 0; k->slots && k->slot[at]; at = (at + 1) & (k->slots - 1))
        if (slice_eq(k->key[k->slot[at] - 1], key))
            return k->slot[at] - 1;
    return CODE_NONE;
}

bool keep_code_of(struct keep *k, struct slice key, struct value v, uint32_t *ret)
{
    assert(k->kind == COLUMN_CODES);
    *ret = find_code(k, key);
    return *ret != CODE_NONE || add_code(k, key, v, ret);
}

bool keep_code(struct keep *k, size_t row, struct slice key, struct value v)
{
    uint32_t code;
    if (!keep_code_of(k, key, v, &code))
        return false;
    return keep_raw(k, row, code);
}

bool keep_to_codes(struct keep *k)
{
    struct keep codes;
    if (!keep_init(&codes, k->name, COLUMN_CODES) || !keep_rows(&codes, k->cap)) {
        keep_clear(&codes);
        return false;
    }
    for (size_t row = 0; row < k->cap; row++) {
        char text[NUMBER_TEXT];
        if (bits_has(k->null, row))
            continue;
        struct number n = number_scaled(keep_raw_at(k, row), -NUMBER_SCALE);
        if (!keep_code(&codes, row, number_print(n, text), value_number(n))) {
            keep_clear(&codes);
            return false;
        }
    }
    keep_clear(k);
    *k = codes;
    return true;
}

struct value population_dated(struct slice text, struct arena *mem, bool *ok)
{
    struct date date;
    struct date_time time;
    if (date_parse(text, &date))
        return value_date(date);
    if (date_time_parse(text, NULL, &time) && time.time.zone.kind == ZONE_OFFSET)
        return value_date_time(mem, time, ok);
    return value_string(text);
}

bool keep_number(struct keep *k, size_t row, struct slice json, bool *is)
{
    struct number number;
    struct err ignored;
    int64_t raw;
    *is = !micro_parse(json, &raw, &ignored);
    if (!*is && number_parse(json, &number))
        *is = number_floor_scaled(number, NUMBER_SCALE, &raw, is) && *is;
    return !*is || keep_raw(k, row, raw);
}

bool keep_json(struct keep *k, size_t row, struct slice json, bool dated, struct json_parser *parser)
{
    struct json read;
    struct err ignored;
    bool ok = true, is_number = false;
    if (k->kind == COLUMN_NUMBER)
        ok = keep_number(k, row, json, &is_number);
    if (!ok || is_number)
        return ok;
    uint32_t known = k->kind == COLUMN_CODES ? find_code(k, json) : CODE_NONE;
    if (known != CODE_NONE)
        return keep_raw(k, row, known);
    if (json_parse(parser, json, &read, &ignored) || json_is(read, JSON_NULL)) {
        keep_null(k, row);       // it was valid when it was stored
        return true;
    }
    if (k->kind == COLUMN_NUMBER && !keep_to_codes(k))
        return false;
    struct value v = value_of_json(read, k->mem, &ok);
    if (ok && v.kind == VALUE_STRING && dated)
        v = population_dated(v.string, k->mem, &ok);
    return ok && keep_code(k, row, json, v);
}

size_t keep_bytes(const struct keep *k)
{
    return data_bytes(k, k->cap) + k->cap / 8 + k->codes_cap * (sizeof *k->key + sizeof(struct value))
           + k->slots * sizeof *k->slot + (k->mem ? arena_used(k->mem) : 0);
}
