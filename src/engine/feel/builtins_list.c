/* Functions of lists: DMN 1.5 section 10.3.4.4, table 77; sort() of table 83.
 *
 * f([1, 2]) and f(1, 2) are the same where the standard has both. null in place of a list gives null.
 */
#include "engine/feel/builtin_room.h"

#include <assert.h>

static bool equal(const struct eval *e, struct value a, struct value b)
{
    return value_equal(a, b, e->zones) == VALUE_EQ_TRUE;
}

/* Index of the first item equal to v; list.n: none, or the evaluation has failed over it. */
static size_t find(struct eval *e, struct value_list list, struct value v)
{
    if (!eval_spend(e, list.n))
        return list.n;
    for (size_t i = 0; i < list.n; i++)
        if (equal(e, list.item[i], v))
            return i;
    return list.n;
}

static struct value call_list_contains(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct value_list list;
    if (!arg_list(&args[0], &list))
        return room_wrong(e, "list contains", "a list");
    size_t at = find(e, list, args[1]);
    return e->failed ? value_null : value_boolean(at < list.n);
}

static struct value call_count(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct value_list list;
    return arg_list(&args[0], &list) ? value_number(number_of((int64_t)list.n)) : room_wrong(e, "count", "a list");
}

/* The first of the items that no other one is below (sign -1) or above (1). */
static struct value extreme(struct eval *e, const char *name, const struct value *args, size_t n, int sign)
{
    struct value_list list;
    if (!args_list(args, n, &list) || list.n == 0)
        return room_wrong(e, name, "a list of values that compare with each other");
    if (!eval_spend(e, list.n))
        return value_null;
    struct value best = list.item[0];
    for (size_t i = 0; i < list.n; i++) {
        int order;
        if (!value_compare(list.item[i], best, e->zones, &order))
            return room_wrong(e, name, "a list of values that compare with each other");
        if (sign < 0 ? order < 0 : order > 0)
            best = list.item[i];
    }
    return best;
}

static struct value call_min(struct eval *e, const struct value *args, size_t n)
{
    return extreme(e, "min", args, n, -1);
}

static struct value call_max(struct eval *e, const struct value *args, size_t n)
{
    return extreme(e, "max", args, n, 1);
}

/* A list of numbers, at least `least` of them; NULL: *ret is what to answer. The copy may be sorted. */
static struct number *numbers(struct eval *e, const char *name, const struct value *args, size_t n, size_t least,
                              size_t *ret_n, struct value *ret)
{
    struct value_list list;
    *ret = value_null;
    if (!args_list(args, n, &list) || list.n < least) {
        *ret = room_wrong(e, name, "a list of numbers");
        return NULL;
    }
    struct number *x = arena_array(e->mem, struct number, list.n ? list.n : 1);
    if (!x)
        *ret = eval_limit(e, "memory");
    if (!x || !eval_spend(e, list.n))
        return NULL;
    for (size_t i = 0; i < list.n; i++) {
        if (list.item[i].kind != VALUE_NUMBER) {
            *ret = room_wrong(e, name, "a list of numbers");
            return NULL;
        }
        x[i] = list.item[i].number;
    }
    *ret_n = list.n;
    return x;
}

static bool fold(const struct number *x, size_t n, bool (*join)(struct number, struct number, struct number *),
                 struct number *ret)
{
    assert(n > 0);
    struct number all = x[0];
    for (size_t i = 1; i < n; i++)
        if (!join(all, x[i], &all))
            return false;
    *ret = all;
    return true;
}

static struct value call_sum(struct eval *e, const struct value *args, size_t n)
{
    size_t k;
    struct value ret;
    struct number all = { 0, 0 };
    struct number *x = numbers(e, "sum", args, n, 1, &k, &ret);
    bool ok = x && fold(x, k, number_add, &all);
    return x ? room_number(e, "sum", all, ok) : ret;
}

static struct value call_product(struct eval *e, const struct value *args, size_t n)
{
    size_t k;
    struct value ret;
    struct number all = { 0, 0 };
    struct number *x = numbers(e, "product", args, n, 1, &k, &ret);
    bool ok = x && fold(x, k, number_mul, &all);
    return x ? room_number(e, "product", all, ok) : ret;
}

static bool mean_of(const struct number *x, size_t n, struct number *ret)
{
    return fold(x, n, number_add, ret) && number_div(*ret, number_of((int64_t)n), ret);
}

static struct value call_mean(struct eval *e, const struct value *args, size_t n)
{
    size_t k;
    struct value ret;
    struct number all = { 0, 0 };
    struct number *x = numbers(e, "mean", args, n, 1, &k, &ret);
    bool ok = x && mean_of(x, k, &all);
    return x ? room_number(e, "mean", all, ok) : ret;
}

/* Of a sample: divided by n - 1. */
static bool deviation_of(struct number *x, size_t n, struct number *ret)
{
    struct number mean;
    if (!mean_of(x, n, &mean))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!number_sub(x[i], mean, &x[i]) || !number_mul(x[i], x[i], &x[i]))
            return false;
    return fold(x, n, number_add, ret) && number_div(*ret, number_of((int64_t)n - 1), ret) && number_sqrt(*ret, ret);
}

static struct value call_stddev(struct eval *e, const struct value *args, size_t n)
{
    size_t k;
    struct value ret;
    struct number all = { 0, 0 };
    struct number *x = numbers(e, "stddev", args, n, 2, &k, &ret);
    bool ok = x && deviation_of(x, k, &all);
    return x ? room_number(e, "stddev", all, ok) : ret;
}

static void sift(struct number *x, size_t root, size_t n)
{
    for (size_t kid; (kid = 2 * root + 1) < n; root = kid) {
        if (kid + 1 < n && number_cmp(x[kid], x[kid + 1]) < 0)
            kid++;
        if (number_cmp(x[root], x[kid]) >= 0)
            return;
        struct number other = x[root];
        x[root] = x[kid];
        x[kid] = other;
    }
}

/* Heap sort: no memory, no worst case. */
static void sort_numbers(struct number *x, size_t n)
{
    for (size_t i = n / 2; i-- > 0;)
        sift(x, i, n);
    for (size_t end = n; end > 1; end--) {
        struct number last = x[end - 1];
        x[end - 1] = x[0];
        x[0] = last;
        sift(x, 0, end - 1);
    }
}

static struct value call_median(struct eval *e, const struct value *args, size_t n)
{
    size_t k;
    struct value ret;
    struct number middle;
    struct number *x = numbers(e, "median", args, n, 1, &k, &ret);
    if (!x)
        return ret;
    sort_numbers(x, k);
    if (k % 2)
        return value_number(x[k / 2]);
    bool ok = mean_of(x + k / 2 - 1, 2, &middle);
    return room_number(e, "median", middle, ok);
}

/* The numbers that come most often, in their order. */
static struct value call_mode(struct eval *e, const struct value *args, size_t n)
{
    size_t k, most = 0, found = 0;
    struct value ret;
    struct number *x = numbers(e, "mode", args, n, 0, &k, &ret);
    if (!x)
        return ret;
    sort_numbers(x, k);
    struct value *items = eval_values(e, k);
    for (size_t i = 0, end; items && i < k; i = end) {
        for (end = i + 1; end < k && number_cmp(x[i], x[end]) == 0;)
            end++;
        if (end - i > most) {
            most = end - i;
            found = 0;
        }
        if (end - i == most)
            items[found++] = value_number(x[i]);
    }
    return items ? eval_list(e, items, found) : value_null;
}

/* all (strong false) and any (strong true): one strong item decides; else one null makes null. What is no boolean
 * makes null wherever it stands. */
static struct value quantified(struct eval *e, const char *name, const struct value *args, size_t n, bool strong)
{
    struct value_list list;
    bool decided = false, unknown = false;
    if (!args_list(args, n, &list))
        return room_wrong(e, name, "booleans");
    if (!eval_spend(e, list.n))
        return value_null;
    for (size_t i = 0; i < list.n; i++) {
        struct value v = list.item[i];
        if (v.kind != VALUE_BOOLEAN && v.kind != VALUE_NULL)
            return room_wrong(e, name, "booleans");
        unknown |= v.kind == VALUE_NULL;
        decided |= v.kind == VALUE_BOOLEAN && v.boolean == strong;
    }
    if (decided)
        return value_boolean(strong);
    return unknown ? value_null : value_boolean(!strong);
}

static struct value call_all(struct eval *e, const struct value *args, size_t n)
{
    return quantified(e, "all", args, n, false);
}

static struct value call_any(struct eval *e, const struct value *args, size_t n)
{
    return quantified(e, "any", args, n, true);
}

/* [a, b] + [c, d] */
static struct value *joined(struct eval *e, struct value_list a, struct value_list b)
{
    struct value *items = eval_spend(e, a.n + b.n) ? eval_values(e, a.n + b.n) : NULL;
    if (items && a.n)
        memcpy(items, a.item, a.n * sizeof(*items));
    if (items && b.n)
        memcpy(items + a.n, b.item, b.n * sizeof(*items));
    return items;
}

/* As many items as there are, where the length goes beyond them. */
static struct value call_sublist(struct eval *e, const struct value *args, size_t n)
{
    assert(n >= 2);
    struct value_list list;
    int64_t start, length = INT64_MAX;
    size_t at;
    if (!arg_list(&args[0], &list) || !arg_whole(args[1], &start) || (n > 2 && !arg_whole(args[2], &length)))
        return room_wrong(e, "sublist", "a list, a position and a length");
    if (!room_index(start, list.n, &at) || length < 0)
        return room_wrong(e, "sublist", "a position within the list, and a length");
    size_t left = list.n - at, k = (uint64_t)length < left ? (size_t)length : left;
    struct value *items = joined(e, (struct value_list){ k, list.item + at }, (struct value_list){ 0, NULL });
    return items ? eval_list(e, items, k) : value_null;
}

static struct value call_append(struct eval *e, const struct value *args, size_t n)
{
    assert(n >= 1);
    struct value_list list;
    if (!arg_list(&args[0], &list))
        return room_wrong(e, "append", "a list");
    struct value *items = joined(e, list, (struct value_list){ n - 1, args + 1 });
    return items ? eval_list(e, items, list.n + n - 1) : value_null;
}

/* All lists behind each other; NULL: *ret is what to answer. */
static struct value *concatenated(struct eval *e, const char *name, const struct value *args, size_t n, size_t *ret_n,
                                  struct value *ret)
{
    struct value_list list;
    size_t all = 0;
    *ret = value_null;
    for (size_t i = 0; i < n; i++) {
        if (!arg_list(&args[i], &list)) {
            *ret = room_wrong(e, name, "lists");
            return NULL;
        }
        all += list.n;
    }
    struct value *items = eval_spend(e, all) ? eval_values(e, all) : NULL;
    *ret_n = 0;
    for (size_t i = 0; items && i < n; i++)
        if (arg_list(&args[i], &list) && list.n) {
            memcpy(items + *ret_n, list.item, list.n * sizeof(*items));
            *ret_n += list.n;
        }
    return items;
}

static struct value call_concatenate(struct eval *e, const struct value *args, size_t n)
{
    size_t k;
    struct value ret;
    struct value *items = concatenated(e, "concatenate", args, n, &k, &ret);
    return items ? eval_list(e, items, k) : ret;
}

/* Each value once, where it came first; in place. */
static struct value distinct(struct eval *e, struct value *items, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n && !e->failed; i++)
        if (find(e, (struct value_list){ kept, items }, items[i]) == kept)
            items[kept++] = items[i];
    return e->failed ? value_null : eval_list(e, items, kept);
}

static struct value call_union(struct eval *e, const struct value *args, size_t n)
{
    size_t k;
    struct value ret;
    struct value *items = concatenated(e, "union", args, n, &k, &ret);
    return items ? distinct(e, items, k) : ret;
}

static struct value call_distinct_values(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    size_t k;
    struct value ret;
    struct value *items = concatenated(e, "distinct values", args, n, &k, &ret);
    return items ? distinct(e, items, k) : ret;
}

static struct value call_insert_before(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 3);
    struct value_list list;
    int64_t position;
    size_t at;
    if (!arg_list(&args[0], &list) || !arg_whole(args[1], &position) || !room_index(position, list.n, &at))
        return room_wrong(e, "insert before", "a list, a position within it, and an item");
    struct value *items = joined(e, list, (struct value_list){ 1, &args[2] });
    if (!items)
        return value_null;
    memmove(items + at + 1, items + at, (list.n - at) * sizeof(*items));
    items[at] = args[2];
    return eval_list(e, items, list.n + 1);
}

static struct value call_remove(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct value_list list;
    int64_t position;
    size_t at;
    if (!arg_list(&args[0], &list) || !arg_whole(args[1], &position) || !room_index(position, list.n, &at))
        return room_wrong(e, "remove", "a list and a position within it");
    struct value_list front = { at, list.item }, back = { list.n - at - 1, list.item + at + 1 };
    struct value *items = joined(e, front, back);
    return items ? eval_list(e, items, list.n - 1) : value_null;
}

/* Every item that match(item, newItem) is true of; anything but a boolean from it makes null. */
static struct value replace_matching(struct eval *e, struct value *items, size_t n, const struct value_function *match,
                                     struct value with)
{
    for (size_t i = 0; i < n && !e->failed; i++) {
        const struct value pair[] = { items[i], with };
        struct value v = feel_call(e, match, pair, 2);
        if (v.kind != VALUE_BOOLEAN)
            return room_wrong(e, "list replace", "a function that answers true or false");
        if (v.boolean)
            items[i] = with;
    }
    return e->failed ? value_null : eval_list(e, items, n);
}

static struct value call_list_replace(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 3);
    struct value_list list;
    const struct value_function *match = NULL;
    int64_t position;
    size_t at = 0;
    if (!arg_list(&args[0], &list))
        return room_wrong(e, "list replace", "a list");
    bool by_match = arg_function(args[1], 2, &match);
    if (!by_match && (!arg_whole(args[1], &position) || !room_index(position, list.n, &at)))
        return room_wrong(e, "list replace", "a position within the list, or a function of two items");
    struct value *items = joined(e, list, (struct value_list){ 0, NULL });
    if (!items)
        return value_null;
    if (by_match)
        return replace_matching(e, items, list.n, match, args[2]);
    items[at] = args[2];
    return eval_list(e, items, list.n);
}

static struct value call_reverse(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct value_list list;
    if (!arg_list(&args[0], &list))
        return room_wrong(e, "reverse", "a list");
    struct value *items = eval_spend(e, list.n) ? eval_values(e, list.n) : NULL;
    for (size_t i = 0; items && i < list.n; i++)
        items[i] = list.item[list.n - 1 - i];
    return items ? eval_list(e, items, list.n) : value_null;
}

static struct value call_index_of(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct value_list list;
    size_t found = 0;
    if (!arg_list(&args[0], &list))
        return room_wrong(e, "index of", "a list");
    struct value *items = eval_spend(e, list.n) ? eval_values(e, list.n) : NULL;
    for (size_t i = 0; items && i < list.n; i++)
        if (equal(e, list.item[i], args[1]))
            items[found++] = value_number(number_of((int64_t)i + 1));
    return items ? eval_list(e, items, found) : value_null;
}

/* What is no list, counted (items NULL) or laid out. One list may be part of many: each visit is work. False: the
 * evaluation has failed. */
static bool flatten(struct eval *e, const struct value_list *list, unsigned depth, struct value *items, size_t *n)
{
    if (depth > EVAL_DEPTH_MAX)
        eval_limit(e, "depth");
    if (e->failed || !eval_spend(e, list->n + 1))
        return false;
    for (size_t i = 0; i < list->n; i++) {
        if (list->item[i].kind == VALUE_LIST) {
            if (!flatten(e, list->item[i].list, depth + 1, items, n))
                return false;
            continue;
        }
        if (items)
            items[*n] = list->item[i];
        ++*n;
    }
    return true;
}

static struct value call_flatten(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct value_list list;
    size_t all = 0, k = 0;
    if (!arg_list(&args[0], &list))
        return room_wrong(e, "flatten", "a list");
    if (!flatten(e, &list, 0, NULL, &all))
        return value_null;
    struct value *items = eval_values(e, all);
    if (!items || !flatten(e, &list, 0, items, &k))
        return value_null;
    assert(k == all);
    return eval_list(e, items, all);
}

/* precedes(b, a): only then does b, which came later, go first. False: the sort is off, *ret is the answer. */
static bool precedes(struct eval *e, const struct value_function *f, struct value b, struct value a, bool *yes)
{
    const struct value pair[] = { b, a };
    struct value v = feel_call(e, f, pair, 2);
    *yes = value_is_true(v);
    return v.kind == VALUE_BOOLEAN && !e->failed;
}

/* Merges the sorted runs from[0 … half) and from[half … n). */
static bool merge(struct eval *e, const struct value_function *f, const struct value *from, size_t half, size_t n,
                  struct value *to)
{
    size_t a = 0, b = half;
    bool later;
    assert(half <= n);
    for (size_t i = 0; i < n; i++) {
        if (b == n || a == half)
            later = a == half;
        else if (!precedes(e, f, from[b], from[a], &later))
            return false;
        to[i] = later ? from[b++] : from[a++];
    }
    return true;
}

/* Merge sort from the bottom up: stable, and the same calls whatever the answers' sense. */
static struct value call_sort(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct value_list list;
    const struct value_function *f;
    if (!arg_list(&args[0], &list) || !arg_function(args[1], 2, &f))
        return room_wrong(e, "sort", "a list and a function of two items");
    struct value *from = joined(e, list, (struct value_list){ 0, NULL }), *to = eval_values(e, list.n);
    if (!from || !to)
        return value_null;
    for (size_t run = 1; run < list.n; run *= 2) {
        for (size_t at = 0; at < list.n; at += 2 * run) {
            size_t left = list.n - at, size = left < 2 * run ? left : 2 * run;
            if (!merge(e, f, from + at, run < size ? run : size, size, to + at))
                return room_wrong(e, "sort", "a function that answers true or false");
        }
        struct value *other = from;
        from = to;
        to = other;
    }
    return eval_list(e, from, list.n);
}

const struct builtin builtins_list[] = {
    { "all", { "list" }, 1, SIZE_MAX, call_all },
    { "any", { "list" }, 1, SIZE_MAX, call_any },
    { "append", { "list,item..." }, 1, SIZE_MAX, call_append },
    { "concatenate", { "list..." }, 1, SIZE_MAX, call_concatenate },
    { "count", { "list" }, 1, 1, call_count },
    { "distinct values", { "list" }, 1, 1, call_distinct_values },
    { "flatten", { "list" }, 1, 1, call_flatten },
    { "index of", { "list,match" }, 2, 2, call_index_of },
    { "insert before", { "list,position,newItem" }, 3, 3, call_insert_before },
    { "list contains", { "list,element" }, 2, 2, call_list_contains },
    { "list replace", { "list,position,newItem", "list,match,newItem" }, 3, 3, call_list_replace },
    { "max", { "list" }, 1, SIZE_MAX, call_max },
    { "mean", { "list" }, 1, SIZE_MAX, call_mean },
    { "median", { "list" }, 1, SIZE_MAX, call_median },
    { "min", { "list" }, 1, SIZE_MAX, call_min },
    { "mode", { "list" }, 1, SIZE_MAX, call_mode },
    { "product", { "list" }, 1, SIZE_MAX, call_product },
    { "remove", { "list,position" }, 2, 2, call_remove },
    { "reverse", { "list" }, 1, 1, call_reverse },
    { "sort", { "list,precedes" }, 2, 2, call_sort },
    { "stddev", { "list" }, 1, SIZE_MAX, call_stddev },
    { "sublist", { "list,start position,length?" }, 2, 3, call_sublist },
    { "sum", { "list" }, 1, SIZE_MAX, call_sum },
    { "union", { "list..." }, 1, SIZE_MAX, call_union },
    { NULL, { NULL }, 0, 0, NULL },
};
