#include "engine/dmn/tck.h"

#include <assert.h>

#include "engine/feel/parse.h"
#include "text/xml.h"

#define CASES_BYTES ((size_t)256 << 20)

/* ---- values as the kit writes them ---- */
static struct value value_of_xml(const struct xml *, const struct tck *, bool *ok);

static struct slice attribute_of_any(const struct xml *x, const char *name)
{
    for (size_t i = 0; i < x->attributes; i++)
        if (slice_is(x->attribute[i].name, name))
            return x->attribute[i].value;
    return (struct slice){ NULL, 0 };
}

static bool is_nil(const struct xml *x)
{
    struct slice nil = attribute_of_any(x, "nil");
    return slice_is(nil, "true") || slice_is(nil, "1");
}

static struct value duration_value(struct slice text)
{
    struct duration duration;
    int64_t months;
    if (duration_parse(text, &duration))
        return value_duration(duration);
    return months_parse(text, &months) ? value_months(months) : value_null;
}

static struct value simple_value(const struct xml *x, const struct tck *tck, bool *ok)
{
    struct slice type = attribute_of_any(x, "type"), text = slice_trim(x->text), rest = type;
    struct number number;
    struct date date;
    struct day_time time;
    struct date_time date_time;
    slice_cut(&rest, ':');
    type = rest.len ? rest : type;
    *ok = true;
    if (is_nil(x))
        return value_null;
    if (slice_is(type, "boolean"))
        return value_boolean(slice_is(text, "true") || slice_is(text, "1"));
    if (slice_is(type, "date") && date_parse(text, &date))
        return value_date(date);
    if (slice_is(type, "time") && time_of_day_parse(text, tck->zones, &time))
        return value_time(tck->scratch, time, ok);
    if (slice_is(type, "dateTime") && date_time_parse(text, tck->zones, &date_time))
        return value_date_time(tck->scratch, date_time, ok);
    if (slice_is(type, "duration"))
        return duration_value(text);
    if (type.len && !slice_is(type, "string"))
        return number_parse(text, &number) ? value_number(number) : value_null;
    return value_string(x->text);
}

static struct value list_of_xml(const struct xml *x, const struct tck *tck, bool *ok)
{
    size_t n = xml_count(x, "item");
    struct value *item = arena_array(tck->scratch, struct value, n ? n : 1);
    *ok = item != NULL;
    n = 0;
    for (const struct xml *i = xml_child(x, "item"); i && *ok; i = xml_next(i, "item"))
        item[n++] = value_of_xml(i, tck, ok);
    return *ok ? value_list(tck->scratch, item, n, ok) : value_null;
}

static struct value context_of_xml(const struct xml *x, const struct tck *tck, bool *ok)
{
    size_t n = xml_count(x, "component");
    struct value_entry *entry = arena_array(tck->scratch, struct value_entry, n ? n : 1);
    *ok = entry != NULL;
    n = 0;
    for (const struct xml *c = xml_child(x, "component"); c && *ok; c = xml_next(c, "component")) {
        entry[n].name = feel_name(xml_attribute(c, "name"), tck->scratch);
        entry[n++].value = value_of_xml(c, tck, ok);
    }
    return *ok ? value_context(tck->scratch, entry, n, ok) : value_null;
}

/* Of an inputNode, item, component or expected: a value, components or a list inside. */
static struct value value_of_xml(const struct xml *x, const struct tck *tck, bool *ok)
{
    const struct xml *value = xml_child(x, "value"), *list = xml_child(x, "list");
    *ok = true;
    if (value)
        return simple_value(value, tck, ok);
    if (list)
        return is_nil(list) ? value_null : list_of_xml(list, tck, ok);
    const struct xml *component = xml_child(x, "component");
    return component && !is_nil(component) ? context_of_xml(x, tck, ok) : value_null;
}

/* ---- what is wanted and what came ---- */
static bool near(struct number a, struct number b)
{
    struct number off, room;
    return number_cmp(a, b) == 0
           || (number_sub(a, b, &off) && number_mul(b, number_scaled(1, -8), &room)
               && number_cmp(number_abs(off), number_abs(room)) < 0);
}

static bool agrees(struct value want, struct value got, const struct zones *zones);

static bool lists_agree(const struct value_list *a, const struct value_list *b, const struct zones *zones)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!agrees(a->item[i], b->item[i], zones))
            return false;
    return true;
}

static bool contexts_agree(const struct value_context *a, const struct value_context *b, const struct zones *zones)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const struct value *other = value_member(b, a->entry[i].name);
        if (!other || !agrees(a->entry[i].value, *other, zones))
            return false;
    }
    return true;
}

static bool agrees(struct value want, struct value got, const struct zones *zones)
{
    if (want.kind != got.kind)
        return false;
    if (want.kind == VALUE_NUMBER)
        return near(got.number, want.number);
    if (want.kind == VALUE_LIST)
        return lists_agree(want.list, got.list, zones);
    if (want.kind == VALUE_CONTEXT)
        return contexts_agree(want.context, got.context, zones);
    return value_equal(want, got, zones) == VALUE_EQ_TRUE;
}

/* ---- cases ---- */
static const struct value_context *inputs_of(const struct xml *x, const struct tck *tck)
{
    size_t n = xml_count(x, "inputNode");
    bool ok = true;
    struct value_entry *entry = arena_array(tck->scratch, struct value_entry, n ? n : 1);
    struct value_context *context = arena_one(tck->scratch, struct value_context);
    if (!entry || !context)
        return NULL;
    n = 0;
    for (const struct xml *i = xml_child(x, "inputNode"); i && ok; i = xml_next(i, "inputNode")) {
        entry[n].name = feel_name(xml_attribute(i, "name"), tck->scratch);
        entry[n++].value = value_of_xml(i, tck, &ok);
    }
    *context = (struct value_context){ n, entry };
    return ok ? context : NULL;
}

static enum err_code invoke(const struct tck *tck, const struct xml *x, struct slice name, enum dmn_kind kind,
                            const struct value_context *inputs, struct eval *eval, struct value *ret)
{
    const struct dmn_element *what = dmn_find(tck->model, kind, xml_attribute(x, "invocableName"));
    if (!what)
        return ERR_NOT_FOUND;
    TRY(dmn_invoke(tck->model, what, inputs, eval, ret));
    /* A service of several decisions answers a context of them. */
    const struct value *member = ret->kind == VALUE_CONTEXT ? value_member(ret->context, name) : NULL;
    if (member)
        *ret = *member;
    return ERR_OK;
}

static enum err_code result_of(const struct tck *tck, const struct xml *x, const struct xml *result,
                               const struct value_context *inputs, struct value *ret)
{
    struct eval eval;
    struct err err;
    struct slice type = xml_attribute(x, "type"), name = feel_name(xml_attribute(result, "name"), tck->scratch);
    eval_init(&eval, tck->scratch, tck->zones, tck->now_ms, &err);
    if (slice_is(type, "decisionService"))
        return invoke(tck, x, name, DMN_SERVICE, inputs, &eval, ret);
    if (slice_is(type, "bkm"))
        return invoke(tck, x, name, DMN_KNOWLEDGE, inputs, &eval, ret);
    const struct dmn_element *decision = dmn_find(tck->model, DMN_DECISION, name);
    return decision ? dmn_decide(tck->model, decision, inputs, &eval, ret) : ERR_NOT_FOUND;
}

static bool check_result(const struct tck *tck, const struct xml *x, const struct xml *result,
                         const struct value_context *inputs, struct slice *why)
{
    const struct xml *expected = xml_child(result, "expected");
    bool ok = true;
    struct value want = expected ? value_of_xml(expected, tck, &ok) : value_null, got = value_null;
    enum err_code code = ok && inputs ? result_of(tck, x, result, inputs, &got) : ERR_LIMIT;
    if (code == ERR_OK && agrees(want, got, tck->zones))
        return true;
    struct buf text = buf_make(1 << 16);
    buf_printf(&text, "%.*s: ", SLICE_ARG(xml_attribute(result, "name")));
    if (code) {
        buf_adds(&text, err_name(code));
    } else {
        buf_adds(&text, "wanted ");
        value_literal(want, &text);
        buf_adds(&text, ", came ");
        value_literal(got, &text);
    }
    *why = arena_copy(tck->scratch, buf_slice(&text));
    buf_drop(&text);
    return false;
}

static void run_case(const struct tck *tck, const struct xml *x)
{
    struct tck_case is = { .id = xml_attribute(x, "id"), .passed = tck->model != NULL };
    arena_reset(tck->scratch);
    if (!tck->model)
        is.why = SLICE("the model could not be loaded");
    const struct value_context *inputs = tck->model ? inputs_of(x, tck) : NULL;
    for (const struct xml *r = xml_child(x, "resultNode"); r && is.passed; r = xml_next(r, "resultNode"))
        is.passed = check_result(tck, x, r, inputs, &is.why);
    tck->done(tck->arg, &is);
}

static enum err_code read_cases(struct slice file, struct arena *mem, struct xml **ret, struct err *e)
{
    TRY(xml_parse(file, mem, ret, e));
    if (slice_is((*ret)->name, "testCases"))
        return ERR_OK;
    return err_set(e, ERR_INVALID, 0, "these are no test cases: the first element is '%.*s'", SLICE_ARG((*ret)->name));
}

enum err_code tck_run(const struct tck *tck, struct slice file, struct err *e)
{
    assert(tck && tck->scratch && tck->done);
    AUTO(arena) mem = arena_new(CASES_BYTES);
    struct xml *root;
    if (!mem)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    TRY(read_cases(file, mem, &root, e));
    for (const struct xml *x = xml_child(root, "testCase"); x; x = xml_next(x, "testCase"))
        run_case(tck, x);
    return ERR_OK;
}

enum err_code tck_model_name(struct slice file, struct arena *mem, struct slice *ret, struct err *e)
{
    struct xml *root;
    TRY(read_cases(file, mem, &root, e));
    *ret = xml_child_text(root, "modelName");
    return ERR_OK;
}
