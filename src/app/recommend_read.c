/* Files of purchases for `tendero recommend`: names to numbers, lines to rows. */
#include <stdio.h>
#include <stdlib.h>

#include "app/recommend.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/vec.h"
#include "text/csv.h"

#define NAMES_BYTES ((size_t)16 << 30)
#define SLOTS_FIRST 1024
#define NO_MEMORY(e) err_set(e, ERR_LIMIT, 0, "no memory for the purchases")

/* ---- names ---- */
static size_t slot_of(const struct names *names, struct slice name)
{
    size_t at = (size_t)hash64(name, 0) & (names->slots - 1);
    while (names->slot[at] && !slice_eq(names->of[names->slot[at] - 1], name))
        at = (at + 1) & (names->slots - 1);
    return at;
}

/* Slots for n names, filled with those that are there. */
static bool slots_make(struct names *names, size_t n)
{
    size_t slots = names->slots ? names->slots : SLOTS_FIRST;
    while (slots < 2 * n)
        slots *= 2;
    uint32_t *slot = calloc(slots, sizeof *slot);
    if (!slot)
        return false;
    free(names->slot);
    names->slot = slot;
    names->slots = slots;
    for (size_t i = 0; i < names->n; i++)
        slot[slot_of(names, names->of[i])] = (uint32_t)i + 1;
    return true;
}

uint32_t names_find(const struct names *names, struct slice name)
{
    return names->slots ? names->slot[slot_of(names, name)] - 1 : NAMES_NONE;
}

bool names_add(struct names *names, struct slice name, uint32_t *ret)
{
    if (2 * (names->n + 1) > names->slots && !slots_make(names, names->n + 1))
        return false;
    size_t at = slot_of(names, name);
    if (!names->slot[at]) {
        struct slice own = arena_copy(names->mem, name);
        if (!own.at || names->n >= NAMES_NONE - 1 || !vec_need(names->of, names->cap, names->n + 1))
            return false;
        names->of[names->n++] = own;
        names->slot[at] = (uint32_t)names->n;
    }
    *ret = names->slot[at] - 1;
    return true;
}

static bool is_number(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] < '0' || name.at[i] > '9')
            return false;
    return name.len > 0;
}

static struct slice without_zeros(struct slice number)
{
    while (number.len > 1 && *number.at == '0')
        number = (struct slice){ number.at + 1, number.len - 1 };
    return number;
}

struct named {
    struct slice name;
    uint32_t number;
};

static int by_bytes(const void *a, const void *b)
{
    return slice_cmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* Of any length: the longer one is the larger. 7 and 07 are two names. */
static int by_value(const void *a, const void *b)
{
    struct slice x = without_zeros(((const struct named *)a)->name), y = without_zeros(((const struct named *)b)->name);
    if (x.len != y.len)
        return x.len < y.len ? -1 : 1;
    int order = slice_cmp(x, y);
    return order ? order : by_bytes(a, b);
}

/* Puts them in order; *place: where each of them went. */
static bool names_sort(struct names *names, uint32_t **place)
{
    struct named *sorted = malloc((names->n + 1) * sizeof *sorted);
    bool numbers = true;
    *place = malloc((names->n + 1) * sizeof **place);
    for (size_t i = 0; sorted && i < names->n; i++) {
        sorted[i] = (struct named){ names->of[i], (uint32_t)i };
        numbers = numbers && is_number(names->of[i]);
    }
    if (sorted && *place && names->n) {
        qsort(sorted, names->n, sizeof *sorted, numbers ? by_value : by_bytes);
        for (size_t i = 0; i < names->n; i++) {
            names->of[i] = sorted[i].name;
            (*place)[sorted[i].number] = (uint32_t)i;
        }
    }
    free(sorted);
    return sorted && *place && slots_make(names, names->n);
}

/* ---- a file's lines ---- */
enum { FIELD_USER, FIELD_ITEM, FIELDS };
static const char *const field_names[FIELDS] = { "user", "item" };

struct pair {
    uint32_t of[FIELDS];
};
struct lines {
    const char *path;
    struct ledgers *ledgers;
    struct pair *pair;
    size_t n, cap;
    size_t place[FIELDS];
};

enum err_code purchases_read_more(void *arg, char *out, size_t cap, size_t *n, struct err *e)
{
    *n = fread(out, 1, cap, arg);
    return *n == 0 && ferror((FILE *)arg) ? err_set(e, ERR_IO, 0, "the file cannot be read") : ERR_OK;
}

static enum err_code read_header(const struct csv_record *r, struct lines *l, struct err *e)
{
    for (size_t f = 0; f < FIELDS; f++) {
        l->place[f] = SIZE_MAX;
        for (size_t i = 0; i < r->fields; i++)
            if (slice_eq_nocase(slice_trim(r->field[i]), slice_of(field_names[f])))
                l->place[f] = i;
        if (l->place[f] == SIZE_MAX)
            return err_set(e, ERR_INVALID, (size_t)r->line, "%s, line %lld: the first line names the columns; there is no '%s'",
                           l->path, (long long)r->line, field_names[f]);
    }
    return ERR_OK;
}

static enum err_code read_pair(const struct csv_record *r, struct lines *l, struct err *e)
{
    struct pair pair;
    for (size_t f = 0; f < FIELDS; f++) {
        struct slice name = l->place[f] < r->fields ? slice_trim(r->field[l->place[f]]) : (struct slice){ NULL, 0 };
        if (!name.len)
            return err_set(e, ERR_INVALID, (size_t)r->line, "%s, line %lld, column '%s': is empty; lines are user and item",
                           l->path, (long long)r->line, field_names[f]);
        if (name.len > LIMIT_IDENTIFIER)
            return err_set(e, ERR_LIMIT, (size_t)r->line, "%s, line %lld, column '%s': is longer than %d bytes", l->path,
                           (long long)r->line, field_names[f], LIMIT_IDENTIFIER);
        if (!names_add(f == FIELD_USER ? &l->ledgers->users : &l->ledgers->items, name, &pair.of[f]))
            return NO_MEMORY(e);
    }
    if (!vec_need(l->pair, l->cap, l->n + 1))
        return NO_MEMORY(e);
    l->pair[l->n++] = pair;
    return ERR_OK;
}

static enum err_code read_lines(struct csv *csv, struct lines *l, struct err *e)
{
    bool more = true;
    for (size_t lines = 0;; lines++) {
        struct csv_record r;
        TRY(csv_next(csv, &r, &more, e));
        if (!more && lines < 2)
            return err_set(e, ERR_INVALID, 0, "%s %s; its first line names the columns user and item", l->path,
                           lines ? "has no purchases" : "is empty");
        if (!more)
            return ERR_OK;
        TRY(lines ? read_pair(&r, l, e) : read_header(&r, l, e));
    }
}

static enum err_code read_file(struct lines *l, struct err *e)
{
    FILE *file = slice_is(slice_of(l->path), "-") ? stdin : fopen(l->path, "r");
    AUTO(csv) csv = NULL;
    if (!file)
        return err_set(e, ERR_IO, 0, "%s cannot be read", l->path);
    enum err_code code = csv_new(purchases_read_more, file, ',', &csv, e);
    if (!code)
        code = read_lines(csv, l, e);
    if (file != stdin)
        fclose(file);
    return code;
}

/* ---- rows ---- */
static int by_item(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Sorts each row and leaves one of each item; returns how many went. */
static uint64_t rows_clean(struct baskets *p, uint32_t users)
{
    uint64_t kept = 0, begin = 0;
    for (uint32_t u = 0; u < users; u++) {
        uint64_t end = p->start[u + 1], first = kept;
        qsort(p->item + begin, (size_t)(end - begin), sizeof *p->item, by_item);
        for (uint64_t at = begin; at < end; at++)
            if (kept == first || p->item[kept - 1] != p->item[at])
                p->item[kept++] = p->item[at];
        begin = end;
        p->start[u + 1] = kept;
    }
    return begin - kept;
}

static enum err_code rows_make(const struct lines *l, uint32_t *const place[FIELDS], struct baskets *ret, struct err *e)
{
    uint32_t users = (uint32_t)l->ledgers->users.n, items = (uint32_t)l->ledgers->items.n;
    *ret = (struct baskets){ .item = malloc((l->n + 1) * sizeof *ret->item),
                             .start = calloc((size_t)users + 2, sizeof *ret->start) };
    if (!ret->item || !ret->start)
        return NO_MEMORY(e);
    for (size_t i = 0; i < l->n; i++)
        ret->start[place[FIELD_USER][l->pair[i].of[FIELD_USER]] + 2]++;
    for (uint32_t u = 1; u <= users; u++)
        ret->start[u + 1] += ret->start[u];
    // start[u + 1] is now where user u begins, and moves to the end while it is filled
    for (size_t i = 0; i < l->n; i++) {
        uint32_t user = place[FIELD_USER][l->pair[i].of[FIELD_USER]];
        ret->item[ret->start[user + 1]++] = place[FIELD_ITEM][l->pair[i].of[FIELD_ITEM]];
    }
    l->ledgers->twice += rows_clean(ret, users);
    ret->rows = (struct purchase_rows){ ret->item, ret->start, users, items };
    return ERR_OK;
}

static enum err_code rows_number(struct lines *train, struct lines *test, struct err *e)
{
    struct ledgers *l = train->ledgers;
    uint32_t *place[FIELDS] = { NULL, NULL };
    bool sorted = names_sort(&l->users, &place[FIELD_USER]) && names_sort(&l->items, &place[FIELD_ITEM]);
    enum err_code code = sorted ? rows_make(train, place, &l->train, e) : NO_MEMORY(e);
    if (!code)
        code = rows_make(test, place, &l->test, e);
    free(place[FIELD_USER]);
    free(place[FIELD_ITEM]);
    return code;
}

enum err_code ledgers_new(struct ledgers **ret, struct err *e)
{
    struct ledgers *l = calloc(1, sizeof *l);
    if (!l || !(l->users.mem = arena_new(NAMES_BYTES)) || !(l->items.mem = arena_new(NAMES_BYTES))) {
        ledgers_drop(&l);
        return NO_MEMORY(e);
    }
    *ret = l;
    return ERR_OK;
}

enum err_code ledgers_read(const char *train_path, const char *test_path, struct ledgers **ret, struct err *e)
{
    AUTO(ledgers) l = NULL;
    TRY(ledgers_new(&l, e));
    struct lines train = { .path = train_path, .ledgers = l }, test = { .path = test_path, .ledgers = l };
    enum err_code code = read_file(&train, e);
    if (!code && test_path)
        code = read_file(&test, e);
    if (!code)
        code = rows_number(&train, &test, e);
    free(train.pair);
    free(test.pair);
    if (code)
        return code;
    *ret = l;
    l = NULL;
    return ERR_OK;
}

uint64_t *ledgers_item_keys(const struct ledgers *l)
{
    uint64_t *keys = malloc((l->items.n + 1) * sizeof *keys);
    for (size_t i = 0; keys && i < l->items.n; i++)
        keys[i] = hash64(l->items.of[i], 0);
    return keys;
}

static void names_drop(struct names *names)
{
    arena_drop(&names->mem);
    free(names->of);
    free(names->slot);
}

static void baskets_drop(struct baskets *p)
{
    free(p->item);
    free(p->start);
}

void ledgers_drop(struct ledgers **l)
{
    if (!*l)
        return;
    names_drop(&(*l)->users);
    names_drop(&(*l)->items);
    baskets_drop(&(*l)->train);
    baskets_drop(&(*l)->test);
    free(*l);
    *l = NULL;
}
