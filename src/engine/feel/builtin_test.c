#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/feel/builtin.h"
#include "engine/feel/parse.h"
#include "engine/feel/regex_xpath.h"

#define ARENA_BYTES (64u << 20)
#define NOW_MS INT64_C(1795742130250)  // 2026-11-27T01:15:30.250Z

/* Two zones are enough: Paris without summers. */
static bool fake_offset(void *arg, struct slice name, int64_t second, bool local, int32_t *ret)
{
    (void)arg, (void)second, (void)local;
    *ret = slice_is(name, "Europe/Paris") ? 3600 : 0;
    return slice_is(name, "Europe/Paris") || slice_is(name, "Etc/UTC");
}

struct example {
    const char *text, *want;  // an expression, its value as FEEL's own text
};

static void check(const struct example *c, size_t limit, uint64_t steps)
{
    struct arena *mem = arena_new(limit);
    struct zones zones = { fake_offset, NULL };
    struct node *node;
    struct diag flaw = { 0 };
    struct err err = { 0 };
    struct eval eval;
    struct value v;
    assert_non_null(mem);
    if (feel_parse(slice_of(c->text), NULL, mem, &node, &flaw, &err))
        fail_msg("%s\n  does not parse: %s%s", c->text, flaw.text, err.text);
    eval_init(&eval, mem, &zones, NOW_MS, &err);
    if (steps)
        eval.steps = steps;
    enum err_code code = feel_eval(&eval, node, NULL, &v);
    struct buf out = buf_make(0);
    if (code)
        buf_adds(&out, err_name(code));
    else
        value_literal(v, &out);
    if (!slice_is(buf_slice(&out), c->want))
        fail_msg("%s\n  gives %.*s\n  wants %s", c->text, SLICE_ARG(buf_slice(&out)), c->want);
    buf_drop(&out);
    arena_drop(&mem);
}

static void check_all(const struct example *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check(&c[i], ARENA_BYTES, 0);
}
#define CHECK_ALL(table) check_all(table, sizeof(table) / sizeof((table)[0]))

static const struct example conversions[] = {
    { "string(1.10)", "\"1.1\"" },
    { "string(null)", "null" },
    { "string(\"it\")", "\"it\"" },
    { "string([1, \"a\"])", "\"[1, \\\"a\\\"]\"" },
    { "string(from: true)", "\"true\"" },
    { "number(\"12.5\")", "12.5" },
    { "number(\"4 711,5\", \" \", \",\")", "4711.5" },
    { "number(\"4.711,5\", \".\", \",\")", "4711.5" },
    { "number(\"4,711\", \",\", null)", "4711" },
    { "number(\"4711.5\", null, \".\")", "4711.5" },
    { "number(\"4,7.1\", \" \", \",\")", "null" },
    { "number(\"47.5\", \",\", \",\")", "null" },
    { "number(\"47.5\", \";\", \".\")", "null" },
    { "number(\"47.5\", \",\")", "null" },
    { "number(\"x\", \",\", \".\")", "null" },
    { "number(47, \",\", \".\")", "null" },
    { "number(\"47\", 4, \".\")", "null" },
    { "number(from: \"1.5,2\", decimal separator: \",\", grouping separator: \".\")", "15.2" },
    { "number(from: \"1\", decimals: \",\")", "null" },
    { "not(true)", "false" },
    { "not(negand: false)", "true" },
    { "not(3)", "null" },
    { "not(null)", "null" },
};

static const struct example temporals[] = {
    { "date(\"2026-02-28\")", "@\"2026-02-28\"" },
    { "date(\"2026-02-29\")", "null" },
    { "date(2024, 2, 29)", "@\"2024-02-29\"" },
    { "date(day: 1, month: 3, year: -44)", "@\"-0044-03-01\"" },
    { "date(2026, 2, 29)", "null" },
    { "date(2026, 2.5, 1)", "null" },
    { "date(2026, null, 1)", "null" },
    { "date(2026, 2)", "null" },
    { "date()", "null" },
    { "date([])", "null" },
    { "date([\"2026-01-02\"])", "@\"2026-01-02\"" },
    { "date(from: date and time(\"2026-01-02T03:04:05Z\"))", "@\"2026-01-02\"" },
    { "time(\"03:04:05.5\")", "@\"03:04:05.5\"" },
    { "time(\"24:30:00\")", "null" },
    { "time(date(\"2026-01-02\"))", "@\"00:00:00Z\"" },
    { "time(date and time(\"2026-01-02T03:04:05+02:00\"))", "@\"03:04:05+02:00\"" },
    { "time(3, 4, 5.25, null)", "@\"03:04:05.25\"" },
    { "time(3, 4, 5)", "@\"03:04:05\"" },
    { "time(3, 4)", "null" },
    { "time(3, 4, 5, duration(\"-PT1H30M\"))", "@\"03:04:05-01:30\"" },
    { "time(3, 4, 5, duration(\"PT0S\"))", "@\"03:04:05Z\"" },
    { "time(3, 4, 5, duration(\"PT15H\"))", "null" },
    { "time(3, 60, 5, null)", "null" },
    { "time(-3, 6, 5, null)", "null" },
    { "time(null, 6, 5, null)", "null" },
    { "time(hour: 3, minute: 4, second: 5)", "@\"03:04:05\"" },
    { "time(offset: duration(\"PT1H\"), second: 5, minute: 4, hour: 3)", "@\"03:04:05+01:00\"" },
    { "date and time(\"2026-01-02T03:04:05@Europe/Paris\")", "@\"2026-01-02T03:04:05@Europe/Paris\"" },
    { "date and time(\"2026-01-02\")", "@\"2026-01-02T00:00:00\"" },
    { "date and time(\"03:04:05\")", "null" },
    { "date and time(date(\"2026-01-02\"), time(\"03:04:05Z\"))", "@\"2026-01-02T03:04:05Z\"" },
    { "date and time(date and time(\"2026-01-02T09:00:00Z\"), time(\"03:04:05\"))", "@\"2026-01-02T03:04:05\"" },
    { "date and time(date: date(\"2026-01-02\"), time: null)", "null" },
    { "duration(\"P1DT25H\")", "@\"P2DT1H\"" },
    { "duration(\"P14M\")", "@\"P1Y2M\"" },
    { "duration(\"P1H\")", "null" },
    { "duration(7)", "null" },
    { "years and months duration(date(\"2024-02-29\"), date(\"2026-02-28\"))", "@\"P1Y11M\"" },
    { "years and months duration(from: date(\"2026-02-28\"), to: date and time(\"2024-02-28T23:00:00\"))",
      "@\"-P2Y\"" },
    { "years and months duration(date(\"2026-02-28\"), null)", "null" },
    { "day of year(@\"2024-12-31\")", "366" },
    { "day of year(date: @\"2026-02-01T10:00:00\")", "32" },
    { "day of week(@\"2026-11-27\")", "\"Friday\"" },
    { "day of week(\"2026-11-27\")", "null" },
    { "month of year(@\"2026-11-27\")", "\"November\"" },
    { "month of year(value: @\"2026-11-27\")", "null" },
    { "week of year(@\"2027-01-01\")", "53" },
    { "week of year(@\"2027-01-04\")", "1" },
    { "week of year(null)", "null" },
    { "now()", "@\"2026-11-27T01:15:30.25Z\"" },
    { "today()", "@\"2026-11-27\"" },
    { "today(1)", "null" },
    { "is(1, 1.0)", "true" },
    { "is(@\"10:00:00Z\", @\"11:00:00+01:00\")", "false" },
    { "is(@\"P1D\", @\"PT24H\")", "true" },
    { "is(@\"P0Y\", @\"P0D\")", "false" },
    { "is(value1: 1)", "false" },
    { "is(value1: 1, value2: 1, value3: 1)", "null" },
};

static const struct example strings[] = {
    { "substring(\"Käsebrot\", 2, 3)", "\"äse\"" },
    { "substring(\"a🐎c\", 3)", "\"c\"" },
    { "substring(\"abcdef\", -2)", "\"ef\"" },
    { "substring(\"abcdef\", -4, 2.9)", "\"cd\"" },
    { "substring(\"abc\", 2, 99)", "\"bc\"" },
    { "substring(\"abc\", 4)", "\"\"" },
    { "substring(\"abc\", 0)", "null" },
    { "substring(\"abc\", -4)", "null" },
    { "substring(\"abc\", 1, -1)", "null" },
    { "substring(\"abc\", \"1\")", "null" },
    { "substring(\"abc\")", "null" },
    { "substring(start position: 2, string: \"abc\")", "\"bc\"" },
    { "string length(\"a🐎c\")", "3" },
    { "string length([\"abc\"])", "3" },
    { "string length(12)", "null" },
    { "upper case(\"straße ﬁn é\")", "\"STRASSE FIN É\"" },
    { "lower case(\"ÀÉΩ1\")", "\"àéω1\"" },
    { "lower case(null)", "null" },
    { "substring before(\"key=value=\", \"=\")", "\"key\"" },
    { "substring before(\"key\", \"=\")", "\"\"" },
    { "substring after(\"key=value=\", \"=\")", "\"value=\"" },
    { "substring after(\"key\", \"=\")", "\"\"" },
    { "substring after(\"key\", \"\")", "\"key\"" },
    { "substring after(\"\", \"\")", "\"\"" },
    { "contains(\"müller\", \"ül\")", "true" },
    { "contains(\"\", \"\")", "true" },
    { "contains(\"a\", null)", "null" },
    { "starts with(match: \"M\", string: \"müller\")", "false" },
    { "ends with(string: \"müller\", match: \"er\")", "true" },
    { "starts with(\"müller\", \"mü\")", "true" },
    { "split(\"a, b,c\", \",\\s*\")", "[\"a\", \"b\", \"c\"]" },
    { "split(\";a;\", \";\")", "[\"\", \"a\", \"\"]" },
    { "split(\"\", \";\")", "[\"\"]" },
    { "split(\"abc\", \"x*\")", "null" },
    { "split(\"abc\", null)", "null" },
    { "split(\"abc\", \"(\")", "null" },
    { "split(\"1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18\", \"[.]\")[18]", "\"18\"" },
    { "string join([\"a\", null, \"b\"], \"-\")", "\"a-b\"" },
    { "string join([null, \"b\"], \"-\")", "\"b\"" },
    { "string join(\"a\", \"-\")", "\"a\"" },
    { "string join([\"a\", \"b\"])", "\"ab\"" },
    { "string join([], null)", "\"\"" },
    { "string join([\"a\", 1], \"-\")", "null" },
    { "string join([\"a\"], 1)", "null" },
    { "string join(null)", "null" },
    { "replace(\"2026-11-27\", \"(\\d+)-(\\d+)-(\\d+)\", \"$3.$2.$1\")", "\"27.11.2026\"" },
    { "replace(\"aXbx\", \"x\", \"\", \"i\")", "\"ab\"" },
    { "replace(\"a\", \"a\", \"$\")", "null" },
    { "replace(\"a\", \"a*\", \"b\")", "null" },
    { "replace(\"a\", \"(\", \"b\")", "null" },
    { "replace(\"a.b\", \".\", \"$1\", \"q\")", "\"a$1b\"" },
    { "replace(input: \"a\", pattern: \"a\", replacement: \"b\", flags: null)", "\"b\"" },
    { "matches(\"order 17\", \"order \\d+\")", "true" },
    { "matches(\"order 17\", \"^\\d\")", "false" },
    { "matches(\"order\", \"ORDER\", \"i\")", "true" },
    { "matches(\"order\", \"order\", \"g\")", "null" },
    { "matches(\"order\", [])", "null" },
    { "matches(input: \"order\", regex: \"o\")", "null" },
};

static const struct example numbers[] = {
    { "abs(-3)", "3" },
    { "abs(n: @\"-PT5M\")", "@\"PT5M\"" },
    { "abs(@\"-P5M\")", "@\"P5M\"" },
    { "abs(\"1\")", "null" },
    { "decimal(2.5, 0)", "2" },
    { "decimal(1 / 3, 2.9)", "0.33" },
    { "decimal(1.5)", "null" },
    { "floor(-1.5)", "-2" },
    { "floor(1.56, 1)", "1.5" },
    { "floor(1.5, null)", "null" },
    { "ceiling(-1.5)", "-1" },
    { "ceiling(n: 1.51, scale: 1)", "1.6" },
    { "round up(-1.121, 2)", "-1.13" },
    { "round down(-1.129, 2)", "-1.12" },
    { "round half up(2.5, 0)", "3" },
    { "round half down(2.5, 0)", "2" },
    { "round half down(-2.51, 0)", "-3" },
    { "round up(1.5, 6177)", "null" },
    { "round up(1.5, -6112)", "null" },
    { "round up(1.5, 6176)", "1.5" },
    { "round up(scale: 0)", "null" },
    { "modulo(-12, 5)", "3" },
    { "modulo(dividend: 12, divisor: -5)", "-3" },
    { "modulo(10.1, 4.5)", "1.1" },
    { "modulo(1, 0)", "null" },
    { "sqrt(16)", "4" },
    { "sqrt(-1)", "null" },
    { "log(1)", "0" },
    { "log(0)", "null" },
    { "exp(0)", "1" },
    { "exp(1000000)", "null" },
    { "odd(-3)", "true" },
    { "odd(4)", "false" },
    { "even(0)", "true" },
    { "even(1.5)", "false" },
    { "even(number: \"4\")", "null" },
};

static const struct example lists[] = {
    { "list contains([1, null], null)", "true" },
    { "list contains([[1], [2]], [2])", "true" },
    { "list contains(\"a\", \"a\")", "true" },
    { "list contains(null, 1)", "null" },
    { "count([1, null])", "2" },
    { "count(\"a\")", "1" },
    { "count(null)", "null" },
    { "count(1, 2)", "null" },
    { "min([3, 1, 2])", "1" },
    { "max(3, 1, 2)", "3" },
    { "max(\"a\", \"b\")", "\"b\"" },
    { "min(@\"2026-01-02\", @\"2026-01-01\")", "@\"2026-01-01\"" },
    { "min([])", "null" },
    { "min(1, \"a\")", "null" },
    { "max(list: [1, 7])", "7" },
    { "sum([1.5, 2])", "3.5" },
    { "sum(1, 2, 3)", "6" },
    { "sum([])", "null" },
    { "sum([1, null])", "null" },
    { "mean(1, 2)", "1.5" },
    { "mean([])", "null" },
    { "product([2, 3, 4])", "24" },
    { "product()", "null" },
    { "median([8, 2, 5, 3, 4])", "4" },
    { "median(6, 1, 2, 3)", "2.5" },
    { "median([])", "null" },
    { "stddev([2, 4, 6])", "2" },
    { "stddev([47])", "null" },
    { "mode([6, 1, 9, 6, 1])", "[1, 6]" },
    { "mode([])", "[]" },
    { "mode()", "null" },
    { "mode([1, \"a\"])", "null" },
    { "all([true, false, null])", "false" },
    { "all(true, null)", "null" },
    { "all([])", "true" },
    { "all([true, 1])", "null" },
    { "all(null)", "null" },
    { "any(false, null, true)", "true" },
    { "any([false, null])", "null" },
    { "any(list: [])", "false" },
    { "any(lst: [])", "null" },
    { "sublist([1, 2, 3], 2)", "[2, 3]" },
    { "sublist([1, 2, 3], -2, 1)", "[2]" },
    { "sublist([1, 2, 3], 1, 9)", "[1, 2, 3]" },
    { "sublist([1, 2, 3], 0)", "null" },
    { "sublist([1, 2, 3], 4)", "null" },
    { "sublist(7, 1)", "[7]" },
    { "append([1], 2, [3])", "[1, 2, [3]]" },
    { "append(1, null)", "[1, null]" },
    { "append(list: [1], item: 2)", "[1, 2]" },
    { "append(null, 1)", "null" },
    { "concatenate([1], 2, [3, [4]])", "[1, 2, 3, [4]]" },
    { "concatenate([1], null)", "null" },
    { "union([1, 2], [2, 3, 1])", "[1, 2, 3]" },
    { "distinct values([1, 2, 1.0, null, null])", "[1, 2, null]" },
    { "insert before([1, 2], 2, 9)", "[1, 9, 2]" },
    { "insert before([1, 2], -2, 9)", "[9, 1, 2]" },
    { "insert before([1, 2], 3, 9)", "null" },
    { "remove([1, 2, 3], 2)", "[1, 3]" },
    { "remove([1, 2, 3], -1)", "[1, 2]" },
    { "remove([1], 1)", "[]" },
    { "remove([1], 0)", "null" },
    { "reverse([1, 2, 3])", "[3, 2, 1]" },
    { "index of([1, 2, 1, null], 1)", "[1, 3]" },
    { "index of([1, null], null)", "[2]" },
    { "flatten([[1, [2]], [], 3])", "[1, 2, 3]" },
    { "flatten(null)", "null" },
    { "list replace([1, 2, 3], 2, 9)", "[1, 9, 3]" },
    { "list replace([1, 2, 3], -1.5, null)", "[1, 2, null]" },
    { "list replace([1, 2, 3], 4, 9)", "null" },
    { "list replace([2, 4, 7], function(item, newItem) item < newItem, 5)", "[5, 5, 7]" },
    { "list replace([2, 4], function(item) item = 2, 5)", "null" },
    { "list replace([2, 4], function(item, newItem) item, 5)", "null" },
    { "list replace(match: function(item, newItem) item = 2, newItem: 4, list: [1, 2])", "[1, 4]" },
    { "sort([3, 1, 2, 5, 4], function(a, b) a < b)", "[1, 2, 3, 4, 5]" },
    { "sort(list: [3, 1, 2], precedes: function(a, b) a > b)", "[3, 2, 1]" },
    { "sort([{k: 1, v: \"a\"}, {k: 0, v: \"b\"}, {k: 1, v: \"c\"}], function(a, b) a.k < b.k).v",
      "[\"b\", \"a\", \"c\"]" },
    { "sort([3, 1], function(a, b) a)", "null" },
    { "sort([3, 1], function(a) true)", "null" },
    { "sort([], function(a, b) a < b)", "[]" },
    { "sort([3, 1])", "null" },
};

static const struct example contexts[] = {
    { "get value({a: 1}, \"a\")", "1" },
    { "get value(key: \"a\", m: {a: 1})", "1" },
    { "get value({a: 1}, \"b\")", "null" },
    { "get value({a: 1}, 1)", "null" },
    { "get entries({a: 1, b: null})", "[{key: \"a\", value: 1}, {key: \"b\", value: null}]" },
    { "get entries(m: {})", "[]" },
    { "get entries(1)", "null" },
    { "context([{key: \"a\", value: 1}, {key: \"b\", value: null, more: 2}])", "{a: 1, b: null}" },
    { "context({key: \"a\", value: 1})", "{a: 1}" },
    { "context([])", "{}" },
    { "context([{key: \"a\", value: 1}, {key: \"a\", value: 2}])", "null" },
    { "context({key: \"a\"})", "null" },
    { "context({key: 1, value: 1})", "null" },
    { "context put({a: 1, b: 2}, \"a\", 3)", "{a: 3, b: 2}" },
    { "context put({a: 1}, \"b\", null)", "{a: 1, b: null}" },
    { "context put({a: 1}, null, 1)", "null" },
    { "context put({a: 1}, [], 1)", "null" },
    { "context put({a: {b: {c: 1}}}, [\"a\", \"b\", \"d\"], 2)", "{a: {b: {c: 1, d: 2}}}" },
    { "context put({a: {b: 0}}, [\"a\", \"b\", \"c\"], 2)", "null" },
    { "context put({a: {b: 0}}, [\"a\", null], 2)", "null" },
    { "context put(context: {a: {b: 0}}, keys: [\"a\", \"b\"], value: 2)", "{a: {b: 2}}" },
    { "context put(context: {}, key: \"a\", value: 2)", "{a: 2}" },
    { "context put(context: {a: {b: 0}}, key: [\"a\", \"b\"], value: 2)", "null" },
    { "context merge([{a: 1, b: 1}, {a: 2, c: 3}])", "{a: 2, b: 1, c: 3}" },
    { "context merge(contexts: {a: 1})", "{a: 1}" },
    { "context merge([{a: 1}, 2])", "null" },
    { "context merge([])", "{}" },
};

static const struct example ranges[] = {
    { "[before(1, 2), before(2, 1), before(1, 1)]", "[true, false, false]" },
    { "[before(1, [1..9]), before(1, (1..9]), before([1..9], 9), before([1..9), 9)]", "[false, true, false, true]" },
    { "[before([1..5], [5..9]), before([1..5), [5..9]), before([1..5], (5..9])]", "[false, true, true]" },
    { "[after(9, [1..8]), after([1..8], 9), after((1..8], 1), after([5..9], [1..5))]", "[true, false, true, true]" },
    { "[meets([1..5], [5..9]), meets([1..5), [5..9]), met by([5..9], [1..5])]", "[true, false, true]" },
    { "[overlaps([1..5], [5..9]), overlaps([1..5], (5..9]), overlaps([2..3], [1..9])]", "[true, false, true]" },
    { "[overlaps before([1..5], [3..8]), overlaps before([1..5], [1..5]), overlaps before([1..5], (1..5])]",
      "[true, false, true]" },
    { "[overlaps after([3..8], [1..5]), overlaps after((1..5], [1..5]), overlaps after([1..5], [1..5))]",
      "[true, true, false]" },
    { "[finishes(9, [1..9]), finishes(9, [1..9)), finishes([5..9), [1..9)), finishes([0..9], [1..9])]",
      "[true, false, true, false]" },
    { "[finished by([1..9], 9), finished by([1..9], [5..9)), finished by([1..9], [1..9])]", "[true, false, true]" },
    { "[includes([1..9], 1), includes((1..9], 1), includes((1..9], [1..2]), includes([1..9], (1..9))]",
      "[true, false, false, true]" },
    { "[during(1, [1..9]), during(9, [1..9)), during([1..9], [1..9])]", "[true, false, true]" },
    { "[starts(1, [1..9]), starts(1, (1..9]), starts([1..5], [1..9]), starts((1..5], [1..9])]",
      "[true, false, true, false]" },
    { "[started by([1..9], 1), started by([1..9], [1..9)), started by((1..9], [1..5])]", "[true, true, false]" },
    { "[coincides(1, 1), coincides([1..5], [1..5]), coincides((1..5], [1..5])]", "[true, true, false]" },
    { "before(point: 0, range: [1..5])", "true" },
    { "includes(point: 2, range: [1..5])", "true" },
    { "includes(range1: [1..5], range2: [2..3])", "true" },
    { "meets(1, [1..2])", "null" },
    { "before(1, \"a\")", "null" },
    { "before(null, 1)", "null" },
    { "starts([1..2], 1)", "null" },
    { "range(\"[1..5)\") = [1..5)", "true" },
    { "range(from: \" ]-1 .. 5] \") = (-1..5]", "true" },
    { "range(\"[\\\"a\\\"..\\\"c\\\"]\") = [\"a\"..\"c\"]", "true" },
    { "range(\"[date(\\\"2026-01-01\\\")..@\\\"2026-01-02\\\"]\") = [@\"2026-01-01\"..@\"2026-01-02\"]", "true" },
    { "range(\"[5..1]\")", "null" },
    { "range(\"[1..\\\"a\\\"]\")", "null" },
    { "range(\"[1..]\")", "null" },
    { "range(\"[null..null]\")", "null" },
    { "range(\"[1+1..3]\")", "null" },
    { "range(\"[date(today)..@\\\"2026-01-02\\\"]\")", "null" },
    { "range(\"\")", "null" },
    { "range([1..2])", "null" },
};

static void converts(void **state)
{
    (void)state;
    CHECK_ALL(conversions);
}

static void tells_dates_and_times(void **state)
{
    (void)state;
    CHECK_ALL(temporals);
}

static void works_on_strings(void **state)
{
    (void)state;
    CHECK_ALL(strings);
}

static void computes(void **state)
{
    (void)state;
    CHECK_ALL(numbers);
}

static void works_on_lists(void **state)
{
    (void)state;
    CHECK_ALL(lists);
}

static void works_on_contexts(void **state)
{
    (void)state;
    CHECK_ALL(contexts);
}

static void relates_ranges(void **state)
{
    (void)state;
    CHECK_ALL(ranges);
}

static void meets_its_limits(void **state)
{
    (void)state;
    static const struct example costly[] = {
        { "distinct values(for i in 1..3000 return i)[1]", "limit" },
        { "string join(for i in 1..3000 return \"abcdefghij\", \", \")", "limit" },
        { "sort(for i in 1..3000 return i, function(a, b) a > b)[1]", "limit" },
    };
    for (size_t i = 0; i < sizeof(costly) / sizeof(costly[0]); i++) {
        check(&costly[i], 128u << 10, 0);
        check(&costly[i], ARENA_BYTES, 20000);
    }
}

/* Whatever fits into a place, and whatever does not, in every place of every function: no answer is expected, but
 * one is given. */
static void call_with(struct arena *mem, struct slice name, const char *const *kinds, size_t k, size_t args, size_t j)
{
    struct err err = { 0 };
    struct diag flaw = { 0 };
    struct node *node;
    struct eval eval;
    struct value v;
    struct buf text = buf_make(0);
    buf_printf(&text, "%.*s(", SLICE_ARG(name));
    for (size_t a = 0; a < args; a++)
        buf_printf(&text, "%s%s", a ? ", " : "", kinds[(a % 2 ? j / k : j) % k]);
    buf_addc(&text, ')');
    assert_int_equal(feel_parse(buf_slice(&text), NULL, mem, &node, &flaw, &err), ERR_OK);
    eval_init(&eval, mem, NULL, NOW_MS, &err);
    if (feel_eval(&eval, node, NULL, &v))
        fail_msg("%.*s: %s", SLICE_ARG(buf_slice(&text)), err.text);
    buf_drop(&text);
}

static void takes_any_argument(void **state)
{
    (void)state;
    static const char *const kinds[] = { "null", "true", "-1", "1.5", "\"a\"", "@\"2026-01-01\"", "@\"10:00:00\"",
                                         "@\"P1M\"", "@\"P1D\"", "[]", "[1]", "{a: 1}", "[1..2]", "function(a, b) a" };
    size_t n, k = sizeof(kinds) / sizeof(kinds[0]);
    const struct slice *name = feel_builtin_names(&n);
    struct arena *mem = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < n; i++)
        for (size_t args = 0; args <= 4; args++)
            for (size_t j = 0; j < (args < 2 ? k : k * k); j++) {
                call_with(mem, name[i], kinds, k, args, j);
                arena_reset(mem);
            }
    arena_drop(&mem);
}

static void joins_the_tables(void **state)
{
    (void)state;
    size_t n;
    const struct slice *names = feel_builtin_names(&n);
    assert_true(n > 70);
    for (size_t i = 0; i < n; i++) {
        const struct value_function *f = feel_builtin(names[i]);
        assert_non_null(f);
        assert_ptr_equal(builtin_find(names[i]), f->builtin);
        if (i)
            assert_true(slice_cmp(names[i - 1], names[i]) < 0);
    }
    assert_null(builtin_find(SLICE("subst")));
    assert_null(feel_builtin(SLICE("")));
    assert_int_equal(feel_builtin(SLICE("time"))->n, 1);
    assert_int_equal(feel_builtin(SLICE("substring"))->n, 3);
}

/* Places as letters: what was given first is 'a', what is null '-'. */
static void arranges_named_arguments(void **state)
{
    (void)state;
    static const struct {
        const char *function, *names, *want;
    } cases[] = {
        { "substring", "string,start position", "ab" },
        { "substring", "length,start position,string", "cba" },
        { "substring", "length,string", "b-a" },
        { "substring", "text", "?" },
        { "substring", "string,string", "?" },
        { "date", "month,day,year", "cab" },
        { "date", "from", "a" },
        { "is", "value1", "a-" },
        { "append", "list", "a" },
        { "append", "item,list", "ba" },
        { "list replace", "list,match,newItem", "abc" },
        { "round up", "scale", "-a" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice name[BUILTIN_ARGS], rest = slice_of(cases[i].names);
        struct value given[BUILTIN_ARGS], args[BUILTIN_ARGS];
        char got[BUILTIN_ARGS + 1] = "?";
        size_t n = 0, k = 0;
        for (; rest.len; n++) {
            name[n] = slice_cut(&rest, ',');
            given[n] = value_number(number_of((int64_t)n));
        }
        if (builtin_arrange(builtin_find(slice_of(cases[i].function)), name, given, n, args, &k))
            for (size_t a = 0; a <= k; a++) {
                int64_t which = 0;
                bool is = a < k && args[a].kind == VALUE_NUMBER && number_to_i64(args[a].number, &which);
                got[a] = a == k ? '\0' : is ? (char)('a' + which) : '-';
            }
        assert_string_equal(got, cases[i].want);
    }
}

static const struct {
    const char *pattern, *flags, *text;
    int start, end;  // -1: no match; -2: no such pattern; -3: given up
} searches[] = {
    { "", "", "abc", 0, 0 },
    { "b|c", "", "abc", 1, 2 },
    { "a{2,3}?", "", "aaaa", 0, 2 },
    { "(?:ab)+", "", "xababx", 1, 5 },
    { "(a)(b)\\2\\1", "", "abba", 0, 4 },
    { "(a)\\10", "", "aa0", 0, 3 },
    { "a\\1", "", "aa", -2, 0 },
    { "(a\\1)", "", "aa", -2, 0 },
    { "(a)[\\1]", "", "aa", -2, 0 },
    { "a**", "", "a", -2, 0 },
    { "a{2,1}", "", "a", -2, 0 },
    { "a{,2}", "", "a", -2, 0 },
    { "a{70000}", "", "a", -2, 0 },
    { "((((a{99}){99}){99}){99}){99}", "", "a", -2, 0 },
    { "?", "", "a", -2, 0 },
    { "(", "", "a", -2, 0 },
    { ")", "", "a", -2, 0 },
    { "a]", "", "a]", -2, 0 },
    { "a}", "", "a}", -2, 0 },
    { "[]", "", "a", -2, 0 },
    { "[a", "", "a", -2, 0 },
    { "[b-a]", "", "a", -2, 0 },
    { "[0-9-.]", "", "a", -2, 0 },
    { "\\", "", "a", -2, 0 },
    { "\\b", "", "a", -2, 0 },
    { "(?=a)", "", "a", -2, 0 },
    { "(*COMMIT)", "", "a", -2, 0 },
    { "\xFF", "", "a", -2, 0 },
    { "a", "z", "a", -2, 0 },
    { "a$", "", "a\n", -1, 0 },
    { "a$", "m", "a\nb", 0, 1 },
    { "^b", "m", "a\nb", 2, 3 },
    { "^b", "", "a\nb", -1, 0 },
    { "a.b", "", "a\nb", -1, 0 },
    { "a.b", "", "a\rb", -1, 0 },
    { "a.b", "s", "a\nb", 0, 3 },
    { "^*a", "", "ba", 1, 2 },
    { " a b ", "x", "ab", 0, 2 },
    { "a[ ]b", "x", "a b", 0, 3 },
    { "a\\ s", "x", "a ", 0, 2 },
    { "a.(", "q", "xa.(", 1, 4 },
    { "A.", "qi", "xa.", 1, 3 },
    { "É", "i", "é", 0, 2 },
    { "[a-z-[aeiou]]+", "", "aeixyz", 3, 6 },
    { "[^a-c-[x-[y]]]+", "", "axyd", 2, 4 },
    { "[A-Z-[OI]]", "i", "o", -1, 0 },
    { "[a-]+", "", "-a-", 0, 3 },
    { "[-a]+", "", "-a-", 0, 3 },
    { "[a\\-z]+", "", "y-z", 1, 3 },
    { "[\\^.]", "", "a^", 1, 2 },
    { "[*-/]", "", "a+", 1, 2 },
    { "\\d+", "", "a٣", 1, 3 },
    { "\\D", "", "1a", 1, 2 },
    { "\\w+", "", "-né+", 1, 5 },
    { "\\W", "", "a_", 1, 2 },
    { "\\s", "", "a\xC2\xA0\t", 3, 4 },
    { "[\\S]", "", " a", 1, 2 },
    { "\\i\\c*", "", "1:a-b.", 1, 6 },
    { "\\I", "", "a1", 1, 2 },
    { "\\C", "", "a-!", 2, 3 },
    { "\\p{Lu}+", "", "aÄB", 1, 4 },
    { "[\\P{L}]", "", "a1", 1, 2 },
    { "\\p{IsGreek}", "", "aω", 1, 3 },
    { "\\P{IsBasicLatin}", "", "aω", 1, 3 },
    { "[\\P{IsHangulSyllables}]", "", "\xEA\xB0\x80" "a", 3, 4 },
    { "\\p{Greek}", "", "ω", -2, 0 },
    { "\\p{u L}", "", "a", -2, 0 },
    { "\\p{IsKlingon}", "", "a", -2, 0 },
    { "(a+)+$", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", -3, 0 },
};

static void searches_as_xpath_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
        const char *why = NULL;
        size_t start = 0, end = 0;
        struct slice text = slice_of(searches[i].text);
        struct regex_xpath *re = regex_xpath_new(slice_of(searches[i].pattern), slice_of(searches[i].flags), &why);
        assert_int_equal(re == NULL, why != NULL);
        enum regex_found found = re ? regex_xpath_find(re, text, 0, &start, &end) : REGEX_NONE;
        int got = !re ? -2 : found == REGEX_LIMIT ? -3 : found == REGEX_NONE ? -1 : (int)start;
        if (got != searches[i].start || (got >= 0 && (int)end != searches[i].end))
            fail_msg("'%s' in '%s': %d to %zu, %s", searches[i].pattern, searches[i].text, got, end, why ? why : "");
        regex_xpath_drop(&re);
        assert_null(re);
    }
}

static void replaces_as_xpath_does(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *flags, *text, *with, *want;  // want NULL: refused
    } cases[] = {
        { "b", "", "abcb", "x", "axcx" },       { "(a)|(b)", "", "ab", "[$1$2$3]", "[a][b]" },
        { "(a)", "", "a", "$0$12", "aa2" },     { "a", "", "a", "\\$\\\\", "$\\" },
        { "a", "", "a", "$", NULL },            { "a", "", "a", "$x", NULL },
        { "a", "", "a", "\\n", NULL },          { "a", "", "a", "\\", NULL },
        { "a", "q", "a", "\\$1", "\\$1" },      { "a?", "", "b", "x", NULL },
        { "é", "", "aéé", "e", "aee" },         { "a", "", "", "x", "" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *why = NULL;
        struct buf out = buf_make(0);
        struct regex_xpath *re = regex_xpath_new(slice_of(cases[i].pattern), slice_of(cases[i].flags), &why);
        assert_non_null(re);
        bool ok = regex_xpath_replace(re, slice_of(cases[i].text), slice_of(cases[i].with), &out, &why);
        if (ok != (cases[i].want != NULL) || (ok && !slice_is(buf_slice(&out), cases[i].want)))
            fail_msg("'%s' '%s': '%.*s'", cases[i].pattern, cases[i].with, SLICE_ARG(buf_slice(&out)));
        buf_drop(&out);
        regex_xpath_drop(&re);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(searches_as_xpath_does), cmocka_unit_test(replaces_as_xpath_does),
        cmocka_unit_test(joins_the_tables),       cmocka_unit_test(arranges_named_arguments),
        cmocka_unit_test(converts),               cmocka_unit_test(tells_dates_and_times),
        cmocka_unit_test(works_on_strings),       cmocka_unit_test(computes),
        cmocka_unit_test(works_on_lists),         cmocka_unit_test(works_on_contexts),
        cmocka_unit_test(relates_ranges),         cmocka_unit_test(meets_its_limits),
        cmocka_unit_test(takes_any_argument),
    };
    return cmocka_run_group_tests_name("builtin", tests, NULL, NULL);
}
