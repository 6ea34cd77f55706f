#include "engine/feel/builtin.h"

#include <assert.h>

#define BUDGET 4000000u
#define LEVELS_MAX 400

static const struct type any = { .kind = TYPE_ANY };

static const struct {
    const char *name;
    struct type type;
} builtins[] = {
    { "Any", { .kind = TYPE_ANY } },
    { "Null", { .kind = TYPE_NULL } },
    { "boolean", { .kind = TYPE_BOOLEAN } },
    { "number", { .kind = TYPE_NUMBER } },
    { "string", { .kind = TYPE_STRING } },
    { "date", { .kind = TYPE_DATE } },
    { "time", { .kind = TYPE_TIME } },
    { "date and time", { .kind = TYPE_DATE_TIME } },
    { "dateTime", { .kind = TYPE_DATE_TIME } },
    { "years and months duration", { .kind = TYPE_MONTHS } },
    { "yearMonthDuration", { .kind = TYPE_MONTHS } },
    { "days and time duration", { .kind = TYPE_DURATION } },
    { "dayTimeDuration", { .kind = TYPE_DURATION } },
    { "list", { .kind = TYPE_LIST } },
    { "context", { .kind = TYPE_CONTEXT, .open = true } },
    { "range", { .kind = TYPE_RANGE } },
    { "function", { .kind = TYPE_FUNCTION, .open = true } },
};

/* NULL in a type is Any. */
static const struct type *of(const struct type *type)
{
    return type ? type : &any;
}

const struct type *type_builtin(struct slice name)
{
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (slice_is(name, builtins[i].name))
            return &builtins[i].type;
    return NULL;
}

static const struct type *member_type(const struct type *type, struct slice name)
{
    for (size_t i = 0; i < type->n; i++)
        if (slice_eq(type->member[i].name, name))
            return of(type->member[i].type);
    return NULL;
}

static bool conforms(const struct type *from, const struct type *to, unsigned level);

/* Each member of `to` is one of `from`, which may have more. */
static bool context_conforms(const struct type *from, const struct type *to, unsigned level)
{
    if (to->open)
        return true;
    for (size_t i = 0; i < to->n; i++) {
        const struct type *member = member_type(from, to->member[i].name);
        if (!member || !conforms(member, of(to->member[i].type), level + 1))
            return false;
    }
    return true;
}

/* Takes at least what `to` takes, gives at most what `to` gives. */
static bool function_conforms(const struct type *from, const struct type *to, unsigned level)
{
    if (to->open)
        return true;
    if (from->open || from->n != to->n || !conforms(of(from->element), of(to->element), level + 1))
        return false;
    for (size_t i = 0; i < to->n; i++)
        if (!conforms(of(to->member[i].type), of(from->member[i].type), level + 1))
            return false;
    return true;
}

static bool conforms(const struct type *from, const struct type *to, unsigned level)
{
    if (from == to || to->kind == TYPE_ANY || from->kind == TYPE_NULL)
        return true;
    if (from->kind != to->kind || level > LEVELS_MAX)
        return false;
    switch (to->kind) {
    case TYPE_LIST:
    case TYPE_RANGE: return conforms(of(from->element), of(to->element), level + 1);
    case TYPE_CONTEXT: return context_conforms(from, to, level);
    case TYPE_FUNCTION: return function_conforms(from, to, level);
    default: return true;
    }
}

bool type_conforms(const struct type *from, const struct type *to)
{
    return conforms(of(from), of(to), 0);
}

/* The steps are counted: a list that holds itself many times over is endless to walk. */
struct check {
    unsigned budget;
    bool allowed;  // values that a type does not allow are none of it
};
static bool has(struct check *c, const struct type *type, struct value v, unsigned level);

static bool list_has(struct check *c, const struct type *type, const struct value_list *list, unsigned level)
{
    for (size_t i = 0; i < list->n && type->element; i++)
        if (!has(c, type->element, list->item[i], level + 1))
            return false;
    return true;
}

static bool context_has(struct check *c, const struct type *type, const struct value_context *context, unsigned level)
{
    for (size_t i = 0; i < type->n && !type->open; i++) {
        const struct value *v = value_member(context, type->member[i].name);
        if (!v || !has(c, of(type->member[i].type), *v, level + 1))
            return false;
    }
    return true;
}

/* Where a function says nothing of a type it has any: only what is said can be wrong. A built-in says how many
 * arguments it takes. */
static bool function_has(const struct type *type, const struct value_function *f)
{
    if (type->open)
        return true;
    if (f->builtin)
        return type->n >= f->builtin->min && type->n <= f->builtin->max;
    if (f->n != type->n || (f->result && !type_conforms(f->result, type->element)))
        return false;
    for (size_t i = 0; i < f->n; i++)
        if (!type_conforms(type->member[i].type, f->parameter[i].type))
            return false;
    return true;
}

static bool range_has(struct check *c, const struct type *type, const struct value_range *r, unsigned level)
{
    return !type->element || (has(c, type->element, r->low, level + 1) && has(c, type->element, r->high, level + 1));
}

static bool has_kind(struct check *c, const struct type *type, struct value v, unsigned level)
{
    switch (type->kind) {
    case TYPE_ANY: return true;
    case TYPE_NULL: return false;
    case TYPE_BOOLEAN: return v.kind == VALUE_BOOLEAN;
    case TYPE_NUMBER: return v.kind == VALUE_NUMBER;
    case TYPE_STRING: return v.kind == VALUE_STRING;
    case TYPE_DATE: return v.kind == VALUE_DATE;
    case TYPE_TIME: return v.kind == VALUE_TIME;
    case TYPE_DATE_TIME: return v.kind == VALUE_DATE_TIME;
    case TYPE_MONTHS: return v.kind == VALUE_MONTHS;
    case TYPE_DURATION: return v.kind == VALUE_DURATION;
    case TYPE_LIST: return v.kind == VALUE_LIST && list_has(c, type, v.list, level);
    case TYPE_CONTEXT: return v.kind == VALUE_CONTEXT && context_has(c, type, v.context, level);
    case TYPE_RANGE: return v.kind == VALUE_RANGE && range_has(c, type, v.range, level);
    case TYPE_FUNCTION: return v.kind == VALUE_FUNCTION && function_has(type, v.function);
    }
    return false;
}

/* Inside of a value null fits every type. */
static bool has(struct check *c, const struct type *type, struct value v, unsigned level)
{
    if (c->budget == 0 || level > LEVELS_MAX)
        return false;
    c->budget--;
    return value_is_null(v) || (has_kind(c, type, v, level) && (!c->allowed || !type->allows || type->allows(type->arg, v)));
}

static bool top_has(const struct type *type, struct value v, bool allowed)
{
    struct check c = { BUDGET, allowed };
    if (value_is_null(v))
        return type->kind == TYPE_NULL || type->kind == TYPE_ANY;
    return has(&c, type, v, 0);
}

bool type_has(const struct type *type, struct value v)
{
    return top_has(of(type), v, false);
}

/* DMN 1.5 section 10.3.2.9.4: the time of day is UTC midnight. */
static struct value midnight(struct date date, struct arena *mem, bool *ok)
{
    struct date_time at = { .date = date, .time.zone.kind = ZONE_OFFSET };
    return value_date_time(mem, at, ok);
}

struct value type_coerce(const struct type *type, struct value v, struct arena *mem, bool *ok)
{
    assert(mem && ok);
    *ok = true;
    type = of(type);
    if (value_is_null(v) || top_has(type, v, true))
        return v;
    if (type->kind != TYPE_LIST && v.kind == VALUE_LIST && v.list->n == 1)
        v = v.list->item[0];
    else if (type->kind == TYPE_LIST && v.kind != VALUE_LIST)
        v = value_list(mem, &v, 1, ok);
    if (*ok && type->kind == TYPE_DATE_TIME && v.kind == VALUE_DATE)
        v = midnight(v.date, mem, ok);
    return *ok && top_has(type, v, true) ? v : value_null;
}
