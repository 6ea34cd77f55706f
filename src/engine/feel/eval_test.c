#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/feel/eval.h"
#include "engine/feel/parse.h"

struct line {
    const char *text, *want;  // value_literal of the result
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Names in scope of every test: with blanks, so that the parser has to know them. */
static const struct value_entry entries[] = {
    { { "monthly income", 14 }, { .kind = VALUE_STRING, .string = { "much", 4 } } },
    { { "on", 2 }, { .kind = VALUE_BOOLEAN, .boolean = true } },
};
static const struct feel_scope scope = { .n = COUNT(entries), .entry = entries };

static bool zone_offset(void *arg, struct slice name, int64_t second, bool local, int32_t *ret)
{
    (void)arg;
    (void)second;
    (void)local;
    *ret = 3600;
    return slice_is(name, "Europe/Paris");
}
static const struct zones zones = { zone_offset, NULL };

static enum err_code eval_text(struct arena *mem, const char *text, struct value *ret, struct err *e)
{
    const struct slice names[] = { entries[0].name, entries[1].name };
    const struct parse_options options = { names, COUNT(names) };
    struct node *node = NULL;
    struct diag flaw = { 0, "" };
    struct eval eval;
    if (feel_parse(slice_of(text), &options, mem, &node, &flaw, e))
        fail_msg("%s: at %zu: %s", text, flaw.at, flaw.text);
    eval_init(&eval, mem, &zones, 0, e);
    return feel_eval(&eval, node, &scope, ret);
}

static void check(const struct line *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct arena *mem = arena_new(4 << 20);
        struct buf out = buf_make(0);
        struct value v = value_null;
        struct err e = { 0 };
        if (eval_text(mem, lines[i].text, &v, &e))
            fail_msg("%s: %s", lines[i].text, e.text);
        value_literal(v, &out);
        buf_addc(&out, 0);
        if (strcmp(out.at, lines[i].want) != 0)
            fail_msg("%s: %s, not %s", lines[i].text, out.at, lines[i].want);
        buf_drop(&out);
        arena_drop(&mem);
    }
}

static void logic_has_three_values(void **state)
{
    (void)state;
    static const struct line lines[] = {
        { "true and null", "null" }, { "false and null", "false" }, { "null and false", "false" },
        { "\"true\" and true", "null" }, { "true or 123", "true" }, { "null or false", "null" },
        { "null = null", "true" }, { "null != null", "false" }, { "true = 1", "null" }, { "[] = null", "false" },
        { "[1] = [\"a\"]", "false" }, { "{a: 1, b: 2} = {b: 2, a: 1}", "true" }, { "1 < \"a\"", "null" },
        { "null < 1", "null" }, { "true < false", "null" }, { "(< 10) = (null..10)", "false" },
        { "(=10) = [10..10]", "false" }, { "(!=10) = (!=10)", "true" }, { "1 between 1 and 2", "true" },
        { "2 between 1 and null", "null" }, { "0 between 1 and null", "false" }, { "if null then 1 else 2", "2" },
        { "if \"a\" then 1 else 2", "null" }, { "if 1 < 2 then 1 else 2", "1" },
        { "time(\"10:30:00.0001\") = time(\"10:30:00.0002\")", "true" },
    };
    check(lines, COUNT(lines));
}

static void operators_know_their_kinds(void **state)
{
    (void)state;
    static const struct line lines[] = {
        { "1 + 2 * 3", "7" }, { "1 / 0", "null" }, { "-3 ** 2", "9" }, { "3 ** 4 ** 5", "3486784401" },
        { "\"a\" + \"b\"", "\"ab\"" }, { "\"a\" - \"b\"", "null" }, { "\"a\" + 1", "null" }, { "--10", "10" },
        { "-@\"P1Y\"", "@\"-P1Y\"" }, { "-\"a\"", "null" }, { "@\"2021-01-31\" + @\"P1M\"", "@\"2021-02-28\"" },
        { "@\"PT36H\" + @\"2021-01-01\"", "@\"2021-01-02\"" }, { "@\"2021-01-02\" - @\"PT1M\"", "@\"2021-01-01\"" },
        { "@\"2021-01-02\" - @\"2021-01-01\"", "@\"P1D\"" }, { "@\"10:10:10\" - @\"11:10:10\"", "@\"-PT1H\"" },
        { "@\"2021-01-02T10:10:10+01:00\" - @\"2021-01-02\"", "@\"PT9H10M10S\"" },
        { "@\"2021-01-02T10:10:10\" - @\"2021-01-02\"", "null" }, { "@\"10:00:00\" + @\"P1Y\"", "null" },
        { "1.5 * @\"P4DT1H\"", "@\"P6DT1H30M\"" }, { "@\"P10Y11M\" / -2.5", "@\"-P4Y4M\"" },
        { "@\"P10D\" / @\"P5D\"", "2" }, { "2 / @\"P1D\"", "null" }, { "@\"P1D\" * @\"P1D\"", "null" },
        { "@\"P1D\" + @\"P1Y\"", "null" }, { "@\"10:00:00@Mars/Here\"", "null" },
    };
    check(lines, COUNT(lines));
}

static void paths_and_filters_reach_inside(void **state)
{
    (void)state;
    static const struct line lines[] = {
        { "{a: {b: 1}}.a.b", "1" }, { "{a: 1}.b", "null" }, { "[{a: 1}, {b: 2}].a", "[1, null]" },
        { "[[{a: 1}]].a", "[[1]]" }, { "@\"2018-12-10\".weekday", "1" }, { "@\"2018-12-10\".hour", "null" },
        { "@\"10:30:00+05:00\".time offset", "@\"PT5H\"" }, { "@\"10:30:00\".time offset", "null" },
        { "@\"2018-12-10T10:30:00@Europe/Paris\".time offset", "@\"PT1H\"" },
        { "@\"2018-12-10T10:30:00@Europe/Paris\".timezone", "\"Europe/Paris\"" },
        { "@\"P1Y2M\".months", "2" }, { "@\"P1Y\".hours", "null" }, { "@\"-P1DT2H\".hours", "-2" },
        { "(1..10].start included", "false" }, { "(< 10).end", "10" }, { "(>= 10).end", "null" },
        { "(!=10).start", "10" }, { "[1, 2, 3][-1]", "3" }, { "[1, 2, 3][0]", "null" }, { "[1, 2, 3][1.5]", "null" },
        { "[1, 2, 3][item > 1]", "[2, 3]" }, { "[][1]", "null" }, { "[][item > 1]", "[]" }, { "100[1]", "100" },
        { "100[false]", "[]" }, { "null[1]", "null" }, { "[{a: 1}, {a: 2}][a > 1]", "[{a: 2}]" },
        { "[{x: 1}, {y: 2}][y > 1]", "[{y: 2}]" }, { "[{item: 5}][item = 5]", "[{item: 5}]" },
        { "[1, 2][\"a\"]", "null" }, { "monthly income + \"!\"", "\"much!\"" }, { "nobody", "null" },
        { "{a: 1 + 2, b: a + 3}", "{a: 3, b: 6}" }, { "{a: 1, a: 2}", "null" },
    };
    check(lines, COUNT(lines));
}

static void loops_run_through_lists_and_spans(void **state)
{
    (void)state;
    static const struct line lines[] = {
        { "for i in 4..2 return i", "[4, 3, 2]" }, { "for i in [1..3) return i", "[1, 2]" },
        { "for i in (1..3] return i", "[2, 3]" }, { "for i in [2..1] return i", "null" },
        { "for i in (< 3) return i", "null" }, { "for i in \"a\"..\"c\" return i", "null" },
        { "for i in @\"1980-01-02\"..@\"1980-01-01\" return i", "[@\"1980-01-02\", @\"1980-01-01\"]" },
        { "for i in [1, 2], j in [4, 5] return i + j", "[5, 6, 6, 7]" },
        { "for x in [[1, 2], [3]], y in x return y", "[1, 2, 3]" }, { "for i in null return i", "null" },
        { "for i in 5 return i", "[5]" }, { "for i in [] return i", "[]" },
        { "for i in 0..4 return if i = 0 then 1 else i * partial[-1]", "[1, 1, 2, 6, 24]" },
        { "for i in 1..3 return partial", "[[], [[]], [[], [[]]]]" },
        { "some x in [1, 2] satisfies x > 1", "true" }, { "every x in [1, 2] satisfies x > 1", "false" },
        { "some x in [] satisfies true", "false" }, { "every x in [] satisfies false", "true" },
        { "some x in [1] satisfies x * 2", "null" }, { "some x in [1, 2], y in [2] satisfies x = y", "true" },
        { "every x in [1, null] satisfies x = 1", "false" }, { "every x in [1, \"a\"] satisfies x < 2", "null" },
    };
    check(lines, COUNT(lines));
}

static void functions_are_values(void **state)
{
    (void)state;
    static const struct line lines[] = {
        { "(function(a) a)(10)", "10" }, { "(function(a, b) a - b)(b: 1, a: 3)", "2" },
        { "(function(a) a)(b: 1)", "null" }, { "(function(a) a)()", "null" }, { "(function(a: string) a)(1)", "null" },
        { "(function(a: string) a)([\"x\"])", "\"x\"" }, { "(function(a: list<number>) a)(1)", "[1]" },
        { "(function(a: date and time) a)(@\"2020-01-01\")", "@\"2020-01-01T00:00:00Z\"" },
        { "{f: function(n) if n <= 1 then 1 else n * f(n - 1), r: f(10)}.r", "3628800" },
        { "{add: function(a) function(b) a + b, r: add(1)(2)}.r", "3" },
        { "(for i in 1..2 return function() i)[1]()", "1" }, { "{f: abs, r: f(-1)}.r", "1" }, { "\"abs\"(-1)", "null" },
        { "nobody()", "null" }, { "abs(1, 2)", "null" }, { "abs(n: -1)", "1" }, { "abs(m: -1)", "null" },
        { "(function(a) external {java: {}})(1)", "null" }, { "{abs: 1, r: abs(-2)}.r", "2" },
        { "(function() \"a\") instance of function<>->string", "true" },
        { "(function() 1) instance of function<>->string", "false" }, { "null instance of number", "false" },
        { "null instance of Any", "true" }, { "{a: null} instance of context<a: string>", "true" },
        { "{a: 1} instance of context<a: number, b: string>", "false" },
        { "[1, \"a\"] instance of list<number>", "false" },
        { "[1..2] instance of range<number>", "true" }, { "1 instance of tNobody", "null" },
    };
    check(lines, COUNT(lines));
}

static void in_tests_one_of_many(void **state)
{
    (void)state;
    static const struct line lines[] = {
        { "1 in [[2..4], [1..3]]", "true" }, { "10 in (!=10)", "false" }, { "5 in (null..10]", "null" },
        { "null in [1..10]", "null" }, { "0 in [1..null]", "false" }, { "1 in (\"a\", 1)", "true" },
        { "1 in \"a\"", "null" }, { "[1] in [[1], [2]]", "true" }, { "[1, 2] in [1, 2]", "true" },
        { "5 in (? > 3)", "true" }, { "true in (false, true)", "true" }, { "[1..\"a\"]", "null" },
        { "\"d\" in (\"c\", >=\"e\")", "false" }, { "[true..false]", "null" },
    };
    check(lines, COUNT(lines));
}

static void tests_of_a_table_hit(void **state)
{
    (void)state;
    static const struct {
        const char *tests, *input;
        enum value_eq want;
    } cases[] = {
        { "-", "1", VALUE_EQ_TRUE }, { "< 5, > 10", "11", VALUE_EQ_TRUE }, { "< 5, > 10", "7", VALUE_EQ_FALSE },
        { "not(1, 2)", "3", VALUE_EQ_TRUE }, { "not(< 5)", "\"a\"", VALUE_EQ_NULL },
        { "true", "false", VALUE_EQ_FALSE },
        { "true", "null", VALUE_EQ_FALSE }, { "null", "null", VALUE_EQ_TRUE }, { "[1, 2]", "2", VALUE_EQ_TRUE },
        { "[1..5]", "null", VALUE_EQ_NULL }, { "? + 1 = 3", "2", VALUE_EQ_TRUE }, { "? > 5", "null", VALUE_EQ_NULL },
        { "contains(?, \"a\")", "\"bab\"", VALUE_EQ_TRUE }, { "on", "7", VALUE_EQ_TRUE },
        { "1 > 2", "7", VALUE_EQ_FALSE },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena *mem = arena_new(1 << 20);
        struct value input = value_null;
        struct err e = { 0 };
        struct diag flaw = { 0, "" };
        struct node *tests = NULL;
        struct eval eval;
        enum value_eq hit = VALUE_EQ_NULL;
        assert_int_equal(eval_text(mem, cases[i].input, &input, &e), ERR_OK);
        if (feel_parse_tests(slice_of(cases[i].tests), NULL, mem, &tests, &flaw, &e))
            fail_msg("%s: %s", cases[i].tests, flaw.text);
        eval_init(&eval, mem, &zones, 0, &e);
        assert_int_equal(feel_eval_tests(&eval, tests, input, &scope, &hit), ERR_OK);
        if (hit != cases[i].want)
            fail_msg("%s of %s: %d", cases[i].tests, cases[i].input, (int)hit);
        arena_drop(&mem);
    }
}

static void limits_end_what_would_not_end(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{f: function(n) f(n + 1), r: f(1)}.r",
        "{f: function(n) if f(n) then 1 else 2, r: f(1)}.r",
        "{f: function(n) abs(abs(abs(abs(f(n))))), r: f(1)}.r",
        "{f: function(x, y) sort([1, 2], f), r: f(1, 2)}.r",
        "{f: function(n) for i in [f(n)] return i, r: f(1)}.r",
        "{f: function(n) [1][f(n)], r: f(1)}.r",
        "for i in 1..1000000000 return null",
        "some i in 1..1000000000000 satisfies false",
        "{l: for i in 1..40 return if i = 1 then [1] else [partial[-1], partial[-1]], m: for i in 1..40 return "
        "if i = 1 then [1] else [partial[-1], partial[-1]], r: l[-1] = m[-1]}.r",
        "for i in 1..60 return if i = 1 then \"ab\" else partial[-1] + partial[-1]",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct arena *mem = arena_new(32 << 20);
        struct value v = value_null;
        struct err e = { 0 };
        if (eval_text(mem, texts[i], &v, &e) != ERR_LIMIT)
            fail_msg("%s ends", texts[i]);
        assert_int_equal(e.code, ERR_LIMIT);
        arena_drop(&mem);
    }
}

/* Each amount of memory, from what the tree takes on: a clean refusal or the answer. */
static void memory_may_end_anywhere(void **state)
{
    (void)state;
    static const char text[] = "{f: function(a: list<number>) for i in a return {x: i, y: [i..9], z: @\"10:00:00\" + "
                               "@\"PT1H\"}, r: f([1, 2, 3])[x > 1].x, s: \"a\" + \"b\", t: 1 in (< 5)}";
    bool done = false;
    for (size_t limit = 8 << 10; !done; limit += 64) {
        struct arena *mem = arena_new(limit);
        struct node *node = NULL;
        struct diag flaw = { 0, "" };
        struct err e = { 0 };
        struct eval eval;
        struct value v = value_null;
        assert_true(limit < 1 << 20);
        if (mem && !feel_parse(slice_of(text), NULL, mem, &node, &flaw, &e)) {
            eval_init(&eval, mem, &zones, 0, &e);
            enum err_code code = feel_eval(&eval, node, NULL, &v);
            assert_true(code == ERR_OK || code == ERR_LIMIT);
            done = code == ERR_OK;
        }
        arena_drop(&mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logic_has_three_values),        cmocka_unit_test(operators_know_their_kinds),
        cmocka_unit_test(paths_and_filters_reach_inside), cmocka_unit_test(loops_run_through_lists_and_spans),
        cmocka_unit_test(functions_are_values),          cmocka_unit_test(in_tests_one_of_many),
        cmocka_unit_test(tests_of_a_table_hit),          cmocka_unit_test(limits_end_what_would_not_end),
        cmocka_unit_test(memory_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
