#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/columns/program_testing.h"
#include "engine/feel/parse.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static uint64_t seed = 1;

uint64_t any(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

/* ---- the base: a column of each kind and width, with nulls, extremes and neighbours of the constants below ---- */
#define TEXT(t) { .kind = VALUE_STRING, .string = { t, sizeof t - 1 } }
static const struct value members[] = { TEXT("ES"), { .kind = VALUE_NULL }, TEXT("'") };
static const struct value_list several = { COUNT(members), members };
static const struct date_time moment = { { 2026, 11, 27 }, { .hour = 10, .zone = { .kind = ZONE_OFFSET } } };
static struct value texts[] = { TEXT(""), TEXT("ES"), TEXT("PT"), TEXT("a b"), TEXT("Ünï"), TEXT("es"), TEXT("o'x\\"),
                                      TEXT("\\'; DROP TABLE base; --"), TEXT("\"]\n\t$$"), TEXT("true"),
                                      { .kind = VALUE_BOOLEAN, .boolean = true },
                                      { .kind = VALUE_BOOLEAN, .boolean = false },
                                      { .kind = VALUE_DATE, .date = { 2026, 11, 27 } },
                                      { .kind = VALUE_LIST, .list = &several },
                                      { .kind = VALUE_DATE_TIME, .date_time = &moment },
                                      { .kind = VALUE_NUMBER } };  // 1.5, by store_fill
static const struct slice written[COUNT(texts)] = {
    [12] = { "\"2026-11-27\"", 12 },
    [14] = { "\"2026-11-27T10:00:00.000Z\"", 26 },
};
static const struct dictionary dictionary = { COUNT(texts), texts, written };
static const char *const numbers[] = { "0", "1", "-1", "100", "100.5", "99.99", "100.01", "0.005", "-0.01", "1E30", "127",
                                       "-128", "32767", "2147483647", "9223372036854775807" };
static const char *const dates[] = { "@\"2026-11-27\"", "@\"1970-01-01\"", "@\"2024-02-29\"", "today()",
                                     "today() - @\"P90D\"", "@\"0001-01-01\"", "@\"-4713-11-24\"", "@\"5874897-12-30\"",
                                     "@\"5900000-01-01\"" };
static const char *const times[] = { "@\"2026-11-27T10:00:00Z\"", "@\"2026-11-27T10:00:00.5Z\"", "now()",
                                     "@\"2026-11-27T11:00:00+01:00\"", "@\"2026-11-27T10:00:00\"", "now() - @\"PT1H\"",
                                     "@\"-4713-11-24T00:00:00.001Z\"", "@\"294276-12-31T23:59:59.998Z\"",
                                     "@\"300000-01-01T00:00:00Z\"" };

/* The first and the last that PostgreSQL can hold, and a neighbour of each. */
#define DAYS_FIRST INT64_C(-2440588)
#define DAYS_LAST INT64_C(2145042905)
#define MS_FIRST (DAYS_FIRST * 86400000)
#define MS_LAST (INT64_C(106762940) * 86400000 - 1)

static int64_t raw_of(const struct column *c)
{
    static const int64_t near[] = { 0, 1, -1, 100, 127, -128, 10000, 10050, 9999, 10001, -100, 50, 101, 99 };
    static const int64_t days[] = { 0, 19782, 20784, 20694, 20695, 20783, 20785, -719162,
                                    DAYS_FIRST + 1, DAYS_LAST - 1 };
    static const int64_t ms[] = { 1795773600000, 1795773600500, 1795773600001, 1795773599999, 1795773601000, NOW_MS,
                                  NOW_MS - 3600000, NOW_MS - 1, MS_FIRST, MS_FIRST + 1, MS_LAST, MS_LAST - 1 };
    switch (c->kind) {
    case COLUMN_BOOLEAN: return (int64_t)any(2);
    case COLUMN_CODES: return (int64_t)any(COUNT(texts));
    case COLUMN_DATE: return days[any(COUNT(days))] + (int64_t)any(3) - 1;
    case COLUMN_DATE_TIME: return ms[any(COUNT(ms))];
    case COLUMN_NUMBER: break;
    }
    if (c->width == 8 && any(10) == 0)
        return any(2) ? INT64_MAX : INT64_MIN;
    return near[any(COUNT(near))];
}

static void put(void *data, size_t width, size_t row, int64_t v)
{
    if (width == 0)
        ((uint64_t *)data)[row / 64] |= (uint64_t)v << row % 64;
    else
        memcpy((char *)data + row * width, &v, width);  // little endian, as the machines that this runs on
}

void store_fill(struct store *s)
{
    static const struct column kinds[] = {
        { .name = { "n1", 2 }, .kind = COLUMN_NUMBER, .width = 1 },
        { .name = { "n2", 2 }, .kind = COLUMN_NUMBER, .width = 2, .scale = 2 },
        { .name = { "spend", 5 }, .kind = COLUMN_NUMBER, .width = 4, .scale = 2 },
        { .name = { "count", 5 }, .kind = COLUMN_NUMBER, .width = 8 },
        { .name = { "country", 7 }, .kind = COLUMN_CODES, .width = 1 },
        { .name = { "plan", 4 }, .kind = COLUMN_CODES, .width = 2 },
        { .name = { "known", 5 }, .kind = COLUMN_BOOLEAN },
        { .name = { "last order", 10 }, .kind = COLUMN_DATE, .width = 4 },
        { .name = { "seen at", 7 }, .kind = COLUMN_DATE_TIME, .width = 8 },
    };
    size_t words = COLUMN_WORDS(ROWS);
    texts[COUNT(texts) - 1] = value_number(number_scaled(15, -1));
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct column *c = &s->column[i];
        *c = kinds[i];
        c->dictionary = c->kind == COLUMN_CODES ? &dictionary : NULL;
        s->data[i] = calloc(words * 64, c->width ? c->width : 1);
        s->null[i] = calloc(words, sizeof(uint64_t));
        for (size_t row = 0; row < ROWS; row++) {
            put(s->data[i], c->width, row, raw_of(c));
            s->null[i][row / 64] |= (uint64_t)(any(5) == 0) << row % 64;
        }
        c->data = s->data[i];
        c->null = i == 3 ? NULL : s->null[i];
    }
}

void store_clear(struct store *s)
{
    for (size_t i = 0; i < COUNT(s->column); i++) {
        free(s->data[i]);
        free(s->null[i]);
    }
}

/* ---- random conditions ---- */
static const char *const compare[] = { "<", "<=", ">", ">=", "=", "!=" };
static const char *const number_names[] = { "n1", "n2", "spend", "count" };
static const char *const text_names[] = { "country", "plan" };
static const char *const text_values[] = { "\"ES\"", "\"PT\"", "\"\"", "\"a b\"", "\"zz\"", "\"true\"", "true",
                                           "\"o'x\\\\\"", "@\"2026-11-27\"", "1.5", "now()" };

static const char *of(const char *const *list, size_t n)
{
    return list[any(n)];
}
#define OF(list) of(list, COUNT(list))

static void ordered_condition(struct buf *b, const char *name, const char *const *values, size_t n)
{
    switch (any(9)) {
    case 0: buf_printf(b, "%s between %s and %s", name, of(values, n), of(values, n)); break;
    case 1: buf_printf(b, "%s in [%s..%s)", name, of(values, n), of(values, n)); break;
    case 2: buf_printf(b, "%s in (%s, %s, > %s)", name, of(values, n), of(values, n), of(values, n)); break;
    case 3: buf_printf(b, "%s %s null", name, any(2) ? "=" : "!="); break;
    case 4: buf_printf(b, "%s %s %s", of(values, n), OF(compare), name); break;
    case 5: buf_printf(b, "%s in ([%s..%s], null)", name, of(values, n), of(values, n)); break;
    default: buf_printf(b, "%s %s %s", name, OF(compare), of(values, n));
    }
}

static void text_condition(struct buf *b)
{
    const char *name = OF(text_names);
    switch (any(6)) {
    case 0: buf_printf(b, "%s in (%s, %s)", name, OF(text_values), OF(text_values)); break;
    case 1: buf_printf(b, "starts with(%s, \"E\")", name); break;
    case 2: buf_printf(b, "upper case(%s) = \"ES\"", name); break;
    case 3: buf_printf(b, "string length(%s) %s 2", name, OF(compare)); break;
    case 4: buf_printf(b, "%s %s null", name, any(2) ? "=" : "!="); break;
    default: buf_printf(b, "%s %s %s", name, OF(compare), OF(text_values));
    }
}

static void odd_condition(struct buf *b)
{
    static const char *const odd[] = {
        "n1 + n2 > spend", "n1 = n2", "n1 < count", "spend / n1 > 2", "n2 * n2 >= 100.5", "country = plan",
        "if known then spend > 10 else n1 = 0", "known = (n1 > 0)", "some x in [1, 2, n1] satisfies x = 1", "spend = \"x\"",
        "n2 = spend", "n2 != spend", "n2 < spend", "true", "null", "1 < 2", "last order.year = 2026", "known in (true, null)",
        "list contains([1, null], n1)", "not(null)", "last order != last order", "is(n1, 1)", "seen at = last order",
    };
    buf_adds(b, OF(odd));
}

void any_condition(struct buf *b, unsigned depth)
{
    switch (depth ? any(12) : 3 + any(9)) {
    case 0:
    case 1:
    case 2:
        buf_addc(b, '(');
        any_condition(b, depth - 1);
        buf_adds(b, any(2) ? ") and (" : ") or (");
        any_condition(b, depth - 1);
        buf_addc(b, ')');
        break;
    case 3:
        buf_adds(b, "not(");
        any_condition(b, depth ? depth - 1 : 0);
        buf_addc(b, ')');
        break;
    case 4: text_condition(b); break;
    case 5: buf_adds(b, any(2) ? "known" : "known != true"); break;
    case 6: ordered_condition(b, "last order", dates, COUNT(dates)); break;
    case 7: ordered_condition(b, "seen at", times, COUNT(times)); break;
    case 8: odd_condition(b); break;
    default: ordered_condition(b, OF(number_names), numbers, COUNT(numbers));
    }
}

/* ---- the interpreter ---- */
struct node *parse_condition(const struct columns *c, struct slice text, struct arena *mem)
{
    struct slice names[STORE_COLUMNS];
    const struct parse_options options = { names, c->n };
    struct node *node;
    struct diag flaw;
    struct err e;
    for (size_t i = 0; i < c->n; i++)
        names[i] = c->column[i].name;
    if (feel_parse(text, &options, mem, &node, &flaw, &e))
        fail_msg("%.*s: %s", SLICE_ARG(text), flaw.text);
    return node;
}

enum value_eq interpreter_says(const struct columns *c, const struct node *node, size_t row, struct arena *mem)
{
    struct value_entry entry[STORE_COLUMNS];
    struct eval eval;
    struct err e;
    struct value v;
    bool ok;
    arena_reset(mem);
    for (size_t i = 0; i < c->n; i++)
        entry[i] = (struct value_entry){ c->column[i].name, column_value(&c->column[i], row, mem, &ok) };
    const struct feel_scope scope = { .n = c->n, .entry = entry };
    eval_init(&eval, mem, NULL, NOW_MS, &e);
    assert_int_equal(feel_eval(&eval, node, &scope, &v), ERR_OK);
    return truth_of(v);
}
