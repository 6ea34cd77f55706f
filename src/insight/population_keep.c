/* One growing column. */
#include "insight/population_room.h"

#include <assert.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/hash.h"
#include "engine/feel/value_json.h"

#define DICTIONARY_BYTES ((size_t)4 << 30)

static size_t width_of(enum column_kind kind)
{
    switch (kind) {
    case COLUMN_BOOLEAN: return 0;
    case COLUMN_NUMBER: return sizeof(int64_t);
    case COLUMN_CODES: return sizeof(uint32_t);
    case COLUMN_DATE: return sizeof(int32_t);
    case COLUMN_DATE_TIME: break;
    }
    return sizeof(int64_t);
}

bool keep_init(struct keep *k, struct slice name, enum column_kind kind)
{
    *k = (struct keep){ .kind = kind, .mem = arena_new(DICTIONARY_BYTES) };
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
    *k = (struct keep){ .kind = k->kind };
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
    size_t wish = rows + rows / 8, words = COLUMN_WORDS(wish), cap = words * 64, width = width_of(k->kind);
    size_t old = k->cap, old_bytes = width ? old * width : old / 8, bytes = width ? cap * width : cap / 8;
    void *data = grown(k->data, old_bytes, bytes, 0);
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

void keep_raw(struct keep *k, size_t row, int64_t raw)
{
    assert(row < k->cap);
    uint64_t bit = UINT64_C(1) << row % 64;
    k->null[row / 64] &= ~bit;
    switch (k->kind) {
    case COLUMN_BOOLEAN: {
        uint64_t *bits = k->data;
        bits[row / 64] = raw ? bits[row / 64] | bit : bits[row / 64] & ~bit;
        break;
    }
    case COLUMN_CODES: ((uint32_t *)k->data)[row] = (uint32_t)raw; break;
    case COLUMN_DATE: ((int32_t *)k->data)[row] = (int32_t)raw; break;
    case COLUMN_NUMBER:
    case COLUMN_DATE_TIME: ((int64_t *)k->data)[row] = raw; break;
    }
}

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
    keep_raw(k, row, code);
    return true;
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
        if (k->null[row / 64] >> row % 64 & 1)
            continue;
        struct number n = number_scaled(((int64_t *)k->data)[row], -NUMBER_SCALE);
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

bool keep_number(struct keep *k, size_t row, struct slice json)
{
    struct number number;
    struct err ignored;
    int64_t raw;
    bool exact = false;
    if (!micro_parse(json, &raw, &ignored)) {
        keep_raw(k, row, raw);
        return true;
    }
    if (!number_parse(json, &number) || !number_floor_scaled(number, NUMBER_SCALE, &raw, &exact) || !exact)
        return false;
    keep_raw(k, row, raw);
    return true;
}

bool keep_json(struct keep *k, size_t row, struct slice json, bool dated, struct json_parser *parser)
{
    struct json read;
    struct err ignored;
    bool ok = true;
    if (k->kind == COLUMN_NUMBER && keep_number(k, row, json))
        return true;
    uint32_t known = k->kind == COLUMN_CODES ? find_code(k, json) : CODE_NONE;
    if (known != CODE_NONE) {
        keep_raw(k, row, known);
        return true;
    }
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
    size_t width = width_of(k->kind);
    return k->cap * width + (width ? k->cap / 8 : k->cap / 4) + k->codes_cap * (sizeof *k->key + sizeof(struct value))
           + k->slots * sizeof *k->slot + (k->mem ? arena_used(k->mem) : 0);
}

struct column keep_column(const struct keep *k)
{
    return (struct column){ .name = k->name, .kind = k->kind, .scale = k->kind == COLUMN_NUMBER ? NUMBER_SCALE : 0,
                            .width = width_of(k->kind), .data = k->data, .null = k->null, .dictionary = &k->dictionary };
}
