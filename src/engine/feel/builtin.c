#include "engine/feel/builtin_room.h"

#include <assert.h>
#include <stdlib.h>
#include <threads.h>

#define BUILTINS_MAX 128

/* Built once from the files' tables, sorted by name. */
static struct {
    size_t n;
    const struct builtin *builtin[BUILTINS_MAX];
    struct slice name[BUILTINS_MAX];
    struct value_function function[BUILTINS_MAX];
    struct value_parameter parameter[BUILTINS_MAX][BUILTIN_ARGS];
} joined;
static once_flag joined_once = ONCE_FLAG_INIT;

/* One parameter of a form: "length?", "item...". */
struct form_part {
    struct slice name;
    bool optional, repeated, no_list;
};

/* Cuts the next one off; false at the end. */
static bool form_next(struct slice *form, struct form_part *ret)
{
    if (form->len == 0)
        return false;
    struct slice part = slice_cut(form, ',');
    *ret = (struct form_part){ .name = part };
    if (slice_ends(part, SLICE("..."))) {
        ret->repeated = true;
        ret->name.len -= 3;
    } else if (slice_ends(part, SLICE("?"))) {
        ret->optional = true;
        ret->name.len -= 1;
    } else if (slice_ends(part, SLICE("!"))) {
        ret->no_list = true;
        ret->name.len -= 1;
    }
    assert(ret->name.len > 0);
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct builtin *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* As many parameters as a call with every place filled once has. */
static void fill_function(size_t i)
{
    const struct builtin *b = joined.builtin[i];
    struct slice form = slice_of(b->form[0]);
    struct form_part part;
    size_t n = 0;
    while (form_next(&form, &part)) {
        assert(n < BUILTIN_ARGS);
        joined.parameter[i][n++].name = part.name;
    }
    joined.name[i] = slice_of(b->name);
    joined.function[i] = (struct value_function){
        .name = joined.name[i], .n = n, .parameter = joined.parameter[i], .builtin = b
    };
}

static void join(void)
{
    const struct builtin *tables[] = { builtins_string, builtins_number, builtins_list, builtins_temporal,
                                       builtins_context, builtins_range };
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
        for (const struct builtin *b = tables[t]; b->name; b++) {
            assert(joined.n < BUILTINS_MAX);
            assert(b->call && b->min <= b->max);
            joined.builtin[joined.n++] = b;
        }
    qsort(joined.builtin, joined.n, sizeof(joined.builtin[0]), by_name);
    for (size_t i = 0; i < joined.n; i++)
        fill_function(i);
}

/* joined.n: there is none. */
static size_t find(struct slice name)
{
    call_once(&joined_once, join);
    size_t low = 0, high = joined.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_cmp(joined.name[middle], name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return joined.n;
}

/* Given arguments into a form's places; false: a name that it does not have, one twice, or, where `whole`, one
 * that is missing. */
static bool arrange(const char *text, bool whole, const struct slice *names, const struct value *given, size_t n,
                    struct value *args, size_t *n_args)
{
    struct slice form = slice_of(text);
    struct form_part part;
    size_t place = 0, used = 0, last = 0;
    for (; form_next(&form, &part); place++) {
        assert(place < BUILTIN_ARGS);
        size_t found = n;
        for (size_t i = 0; i < n; i++)
            if (slice_eq(names[i], part.name)) {
                if (found < n || (part.no_list && given[i].kind == VALUE_LIST))
                    return false;
                found = i;
            }
        args[place] = found < n ? given[found] : value_null;
        used += found < n;
        if (found < n || !(part.optional || part.repeated))
            last = place + 1;
        if (whole && found == n && !part.optional && !part.repeated)
            return false;
    }
    *n_args = last;
    return used == n;
}

const struct builtin *builtin_find(struct slice name)
{
    size_t i = find(name);
    return i < joined.n ? joined.builtin[i] : NULL;
}

bool builtin_arrange(const struct builtin *b, const struct slice *names, const struct value *given, size_t n,
                     struct value *args, size_t *n_args)
{
    assert(b && args && n_args);
    /* First a form that has all it asks for; a call that leaves something out gives null for it. */
    for (int whole = 1; whole >= 0; whole--)
        for (size_t f = 0; f < BUILTIN_FORMS && b->form[f]; f++)
            if (arrange(b->form[f], whole, names, given, n, args, n_args))
                return true;
    return false;
}

const struct value_function *feel_builtin(struct slice name)
{
    size_t i = find(name);
    return i < joined.n ? &joined.function[i] : NULL;
}

const struct slice *feel_builtin_names(size_t *n)
{
    assert(n);
    call_once(&joined_once, join);
    *n = joined.n;
    return joined.name;
}

struct value arg_single(struct value v)
{
    assert(v.kind < VALUE_KINDS);
    return v.kind == VALUE_LIST && v.list->n == 1 ? v.list->item[0] : v;
}

bool arg_number(struct value v, struct number *ret)
{
    v = arg_single(v);
    if (v.kind != VALUE_NUMBER)
        return false;
    *ret = v.number;
    return true;
}

bool arg_whole(struct value v, int64_t *ret)
{
    struct number n, whole;
    return arg_number(v, &n) && number_round(n, 0, ROUND_DOWN, &whole) && number_to_i64(whole, ret);
}

bool arg_string(struct value v, struct slice *ret)
{
    v = arg_single(v);
    if (v.kind != VALUE_STRING)
        return false;
    *ret = v.string;
    return true;
}

bool arg_context(struct value v, const struct value_context **ret)
{
    v = arg_single(v);
    if (v.kind != VALUE_CONTEXT)
        return false;
    *ret = v.context;
    return true;
}

bool arg_function(struct value v, size_t n, const struct value_function **ret)
{
    v = arg_single(v);
    if (v.kind != VALUE_FUNCTION)
        return false;
    const struct value_function *f = v.function;
    *ret = f;
    return f->builtin ? f->builtin->min <= n && n <= f->builtin->max : f->n == n;
}

bool arg_date(struct value v, struct date *ret)
{
    v = arg_single(v);
    if (v.kind != VALUE_DATE && v.kind != VALUE_DATE_TIME)
        return false;
    *ret = v.kind == VALUE_DATE ? v.date : v.date_time->date;
    return true;
}

bool arg_list(const struct value *arg, struct value_list *ret)
{
    assert(arg && ret);
    *ret = arg->kind == VALUE_LIST ? *arg->list : (struct value_list){ 1, arg };
    return arg->kind != VALUE_NULL;
}

bool args_list(const struct value *args, size_t n, struct value_list *ret)
{
    if (n == 1)
        return arg_list(args, ret);
    *ret = (struct value_list){ n, args };
    return n > 0;
}

bool room_index(int64_t position, size_t n, size_t *ret)
{
    if (position > 0 && (uint64_t)position <= n) {
        *ret = (size_t)position - 1;
        return true;
    }
    if (position < 0 && position >= -(int64_t)n) {
        *ret = n - (size_t)-position;
        return true;
    }
    return false;
}

struct value room_wrong(struct eval *e, const char *function, const char *wants)
{
    assert(function && wants);
    return eval_null(e, 0, "%s() wants %s", function, wants);
}

struct value room_text(struct eval *e, struct slice s)
{
    struct slice copy = arena_copy(e->mem, s);
    return copy.at ? value_string(copy) : eval_limit(e, "memory");
}

struct value room_buf(struct eval *e, struct buf *b)
{
    assert(b);
    struct value v = value_null;
    if (b->failed)
        v = eval_limit(e, "memory");
    else if (eval_spend(e, b->len))
        v = room_text(e, buf_slice(b));
    buf_drop(b);
    return v;
}

struct value room_number(struct eval *e, const char *function, struct number n, bool ok)
{
    if (ok)
        return value_number(n);
    return eval_null(e, 0, "%s() has no result for these numbers", function);
}
