#include "engine/feel/eval.h"
#include "engine/feel/lex.h"

#include <assert.h>

#define LEVELS_MAX 1000

static void print(struct value v, bool literal, unsigned level, struct buf *out);

static void print_string(struct slice s, struct buf *out)
{
    buf_addc(out, '"');
    for (size_t i = 0; i < s.len; i++)
        switch (s.at[i]) {
        case '"': buf_adds(out, "\\\""); break;
        case '\\': buf_adds(out, "\\\\"); break;
        case '\n': buf_adds(out, "\\n"); break;
        case '\r': buf_adds(out, "\\r"); break;
        case '\t': buf_adds(out, "\\t"); break;
        default: buf_addc(out, s.at[i]);
        }
    buf_addc(out, '"');
}

static void print_temporal(struct value v, bool literal, struct buf *out)
{
    char text[TEMPORAL_TEXT];
    struct slice s = { text, 0 };
    switch (v.kind) {
    case VALUE_DATE: s = date_print(v.date, text); break;
    case VALUE_TIME: s = time_of_day_print(*v.time, text); break;
    case VALUE_DATE_TIME: s = date_time_print(*v.date_time, text); break;
    case VALUE_MONTHS: s = months_print(v.months, text); break;
    default: s = duration_print(v.duration, text);
    }
    buf_adds(out, literal ? "@\"" : "");
    buf_add(out, s);
    buf_adds(out, literal ? "\"" : "");
}

static void print_list(const struct value_list *list, bool literal, unsigned level, struct buf *out)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < list->n && !out->failed; i++) {
        buf_adds(out, i ? ", " : "");
        print(list->item[i], literal, level + 1, out);
    }
    buf_addc(out, ']');
}

static void print_context(const struct value_context *c, bool literal, unsigned level, struct buf *out)
{
    buf_addc(out, '{');
    for (size_t i = 0; i < c->n && !out->failed; i++) {
        buf_adds(out, i ? ", " : "");
        if (lex_is_name(c->entry[i].name))
            buf_add(out, c->entry[i].name);
        else
            print_string(c->entry[i].name, out);
        buf_adds(out, ": ");
        print(c->entry[i].value, literal, level + 1, out);
    }
    buf_addc(out, '}');
}

static void print_range(const struct value_range *r, bool literal, unsigned level, struct buf *out)
{
    const char *sign = NULL;
    if (r->low_unbounded)
        sign = r->high_unbounded ? (r->low_closed ? "=" : "!=") : r->high_closed ? "<=" : "<";
    else if (r->high_unbounded)
        sign = r->low_closed ? ">=" : ">";
    if (sign) {
        buf_printf(out, "(%s ", sign);
        print(r->low_unbounded ? r->high : r->low, literal, level + 1, out);
        buf_addc(out, ')');
        return;
    }
    buf_addc(out, r->low_closed ? '[' : '(');
    print(r->low, literal, level + 1, out);
    buf_adds(out, "..");
    print(r->high, literal, level + 1, out);
    buf_addc(out, r->high_closed ? ']' : ')');
}

/* A built-in by its name; of others the parameters without their types, which belong to the model. */
static void print_function(const struct value_function *f, struct buf *out)
{
    if (f->builtin) {
        buf_add(out, f->name);
        return;
    }
    buf_adds(out, "function(");
    for (size_t i = 0; i < f->n; i++) {
        buf_adds(out, i ? ", " : "");
        buf_add(out, f->parameter[i].name);
    }
    buf_adds(out, ") ");
    if (f->body)
        node_print(f->body, out);
    else
        buf_adds(out, "external {}");
}

static void print(struct value v, bool literal, unsigned level, struct buf *out)
{
    char text[NUMBER_TEXT];
    if (level > LEVELS_MAX)
        out->failed = true;
    if (out->failed)
        return;
    switch (v.kind) {
    case VALUE_NULL: buf_adds(out, "null"); break;
    case VALUE_BOOLEAN: buf_adds(out, v.boolean ? "true" : "false"); break;
    case VALUE_NUMBER: buf_add(out, number_print(v.number, text)); break;
    case VALUE_STRING: print_string(v.string, out); break;
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_DATE_TIME:
    case VALUE_MONTHS:
    case VALUE_DURATION: print_temporal(v, literal, out); break;
    case VALUE_LIST: print_list(v.list, literal, level, out); break;
    case VALUE_CONTEXT: print_context(v.context, literal, level, out); break;
    case VALUE_RANGE: print_range(v.range, literal, level, out); break;
    case VALUE_FUNCTION: print_function(v.function, out); break;
    case VALUE_KINDS: assert(!"a value has a kind");
    }
}

void value_print(struct value v, struct buf *out)
{
    assert(out);
    if (v.kind == VALUE_STRING)
        buf_add(out, v.string);
    else
        print(v, false, 0, out);
}

void value_literal(struct value v, struct buf *out)
{
    assert(out);
    print(v, true, 0, out);
}
