#include "engine/feel/value_json.h"

#include <assert.h>

#define LEVELS_MAX 1000

static struct value of_array(struct json json, struct arena *mem, bool *ok)
{
    size_t n = json_count(json), i = 0;
    struct value_list *list = arena_one(mem, struct value_list);
    struct value *item = arena_array(mem, struct value, n ? n : 1);
    *ok = list && item;
    for (struct json_iter it = json_iter(json); *ok && json_next(&it);)
        item[i++] = value_of_json(it.value, mem, ok);
    if (!*ok)
        return value_null;
    assert(i == n);
    *list = (struct value_list){ n, item };
    return (struct value){ .kind = VALUE_LIST, .list = list };
}

/* Of two equal keys the last counts, in the first one's place. */
static struct value_entry *entry_of(struct value_entry *entry, size_t *n, struct slice name)
{
    for (size_t i = 0; i < *n; i++)
        if (slice_eq(entry[i].name, name))
            return &entry[i];
    entry[*n].name = name;
    return &entry[(*n)++];
}

static struct value of_object(struct json json, struct arena *mem, bool *ok)
{
    size_t n = json_count(json), used = 0;
    struct value_context *c = arena_one(mem, struct value_context);
    struct value_entry *entry = arena_array(mem, struct value_entry, n ? n : 1);
    *ok = c && entry;
    for (struct json_iter it = json_iter(json); *ok && json_next(&it);) {
        struct slice name = arena_copy(mem, json_string(it.key, mem));
        if (name.at)
            entry_of(entry, &used, name)->value = value_of_json(it.value, mem, ok);
        else
            *ok = false;
    }
    if (!*ok)
        return value_null;
    assert(used <= n);
    *c = (struct value_context){ used, entry };
    return (struct value){ .kind = VALUE_CONTEXT, .context = c };
}

struct value value_of_json(struct json json, struct arena *mem, bool *ok)
{
    assert(mem && ok);
    struct number number;
    struct slice text;
    bool boolean = false;
    *ok = true;
    switch (json_type(json)) {
    case JSON_NONE:
    case JSON_NULL: return value_null;
    case JSON_BOOL: return json_bool(json, &boolean) ? value_boolean(boolean) : value_null;
    case JSON_NUMBER: return number_parse(json_raw(json), &number) ? value_number(number) : value_null;
    case JSON_ARRAY: return of_array(json, mem, ok);
    case JSON_OBJECT: return of_object(json, mem, ok);
    case JSON_STRING: break;
    }
    text = json_string(json, mem);
    *ok = text.at != NULL;
    if (*ok)
        text = arena_copy(mem, text);
    *ok = *ok && text.at;
    return *ok ? value_string(text) : value_null;
}

/* The text as what the type says; the string itself where it is no such thing. */
static struct value of_text(struct value v, enum type_kind kind, const struct zones *zones, struct arena *mem, bool *ok)
{
    struct day_time time;
    struct date_time date_time;
    struct value made = v;
    bool fits = true;
    switch (kind) {
    case TYPE_DATE:
        made.kind = VALUE_DATE;
        fits = date_parse(v.string, &made.date);
        break;
    case TYPE_MONTHS:
        made.kind = VALUE_MONTHS;
        fits = months_parse(v.string, &made.months);
        break;
    case TYPE_DURATION:
        made.kind = VALUE_DURATION;
        fits = duration_parse(v.string, &made.duration);
        break;
    case TYPE_TIME:
        fits = time_of_day_parse(v.string, zones, &time);
        made = fits ? value_time(mem, time, ok) : v;
        break;
    case TYPE_DATE_TIME:
        fits = date_time_parse(v.string, zones, &date_time);
        made = fits ? value_date_time(mem, date_time, ok) : v;
        break;
    default: break;
    }
    return fits ? made : v;
}

static struct value of_type(struct value v, const struct type *type, const struct zones *zones, unsigned level,
                            struct arena *mem, bool *ok);

static struct value list_of_type(const struct value_list *list, const struct type *type, const struct zones *zones,
                                 unsigned level, struct arena *mem, bool *ok)
{
    struct value made = value_list(mem, list->item, list->n, ok);
    /* Our own copy: nobody else has seen it yet. */
    struct value *item = *ok ? (struct value *)(uintptr_t)made.list->item : NULL;
    for (size_t i = 0; *ok && i < list->n; i++)
        item[i] = of_type(item[i], type, zones, level + 1, mem, ok);
    return made;
}

static struct value context_of_type(const struct value_context *c, const struct type *type, const struct zones *zones,
                                    unsigned level, struct arena *mem, bool *ok)
{
    struct value made = value_context(mem, c->entry, c->n, ok);
    struct value_entry *entry = *ok ? (struct value_entry *)(uintptr_t)made.context->entry : NULL;
    for (size_t i = 0; *ok && i < c->n; i++)
        for (size_t k = 0; *ok && k < type->n; k++)
            if (slice_eq(type->member[k].name, entry[i].name))
                entry[i].value = of_type(entry[i].value, type->member[k].type, zones, level + 1, mem, ok);
    return made;
}

static struct value of_type(struct value v, const struct type *type, const struct zones *zones, unsigned level,
                            struct arena *mem, bool *ok)
{
    if (!type || level > LEVELS_MAX)
        return v;
    if (type->kind == TYPE_LIST && v.kind == VALUE_LIST)
        return list_of_type(v.list, type->element, zones, level, mem, ok);
    if (type->kind == TYPE_LIST)
        return of_type(v, type->element, zones, level + 1, mem, ok);
    if (v.kind == VALUE_LIST)
        return list_of_type(v.list, type, zones, level, mem, ok);
    if (v.kind == VALUE_CONTEXT && type->kind == TYPE_CONTEXT)
        return context_of_type(v.context, type, zones, level, mem, ok);
    return v.kind == VALUE_STRING ? of_text(v, type->kind, zones, mem, ok) : v;
}

struct value value_of_type(struct value v, const struct type *type, const struct zones *zones, struct arena *mem,
                           bool *ok)
{
    assert(mem && ok);
    *ok = true;
    v = of_type(v, type, zones, 0, mem, ok);
    return *ok ? v : value_null;
}

/* Dates, durations, functions, ranges. */
static void text_to_json(struct value v, struct json_w *w)
{
    struct buf text = buf_make(w->out->limit);
    value_print(v, &text);
    if (text.failed)
        w->out->failed = true;
    json_w_string(w, buf_slice(&text));
    buf_drop(&text);
}

static void to_json(struct value v, unsigned level, struct json_w *w)
{
    char text[NUMBER_TEXT];
    if (level > LEVELS_MAX)
        w->out->failed = true;
    if (w->out->failed)
        return;
    switch (v.kind) {
    case VALUE_NULL: json_w_null(w); break;
    case VALUE_BOOLEAN: json_w_bool(w, v.boolean); break;
    case VALUE_NUMBER: json_w_raw(w, number_print(v.number, text)); break;
    case VALUE_STRING: json_w_string(w, v.string); break;
    case VALUE_LIST:
        json_w_open(w, '[');
        for (size_t i = 0; i < v.list->n && !w->out->failed; i++)
            to_json(v.list->item[i], level + 1, w);
        json_w_close(w, ']');
        break;
    case VALUE_CONTEXT:
        json_w_open(w, '{');
        for (size_t i = 0; i < v.context->n && !w->out->failed; i++) {
            json_w_key_slice(w, v.context->entry[i].name);
            to_json(v.context->entry[i].value, level + 1, w);
        }
        json_w_close(w, '}');
        break;
    default: text_to_json(v, w);
    }
}

void value_to_json(struct value v, struct json_w *w)
{
    assert(w && w->out);
    to_json(v, 0, w);
}
