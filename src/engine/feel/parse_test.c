#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/feel/eval.h"
#include "engine/feel/parse.h"

#define NAME(lit) { lit, sizeof(lit) - 1 }
static const struct slice names[] = {
    NAME("a"), NAME("b"), NAME("c"), NAME("a-b"), NAME("Pre-bureau risk"), NAME("decision A 2.1"), NAME("loan"),
    NAME("days in weekend"), NAME("Credit Score"), NAME("a(b"), NAME("if a"), NAME("x.y"),
};
static const struct parse_options options = { names, sizeof names / sizeof *names };

static const char *const op_text[] = {
    [OP_OR] = "or", [OP_AND] = "and", [OP_EQ] = "=", [OP_NE] = "!=", [OP_LT] = "<", [OP_LE] = "<=", [OP_GT] = ">",
    [OP_GE] = ">=", [OP_ADD] = "+", [OP_SUB] = "-", [OP_MUL] = "*", [OP_DIV] = "/", [OP_POW] = "**",
};

static void show_type(const struct type_node *type, struct buf *out)
{
    buf_add(out, type->name);
    if (type->bare)
        return;
    buf_addc(out, '<');
    for (size_t i = 0; i < type->n; i++) {
        buf_adds(out, i ? " " : "");
        if (type->member)
            buf_printf(out, "%.*s:", SLICE_ARG(type->member[i]));
        show_type(type->kid[i], out);
    }
    buf_addc(out, '>');
}

static void show_head(const struct node *node, struct buf *out)
{
    static const char *const kinds[NODE_KINDS] = {
        [NODE_NEGATE] = "neg", [NODE_BETWEEN] = "between", [NODE_IN] = "in", [NODE_INSTANCE] = "instance",
        [NODE_IF] = "if", [NODE_FOR] = "for", [NODE_SOME] = "some", [NODE_EVERY] = "every", [NODE_SPAN] = "span",
        [NODE_LIST] = "list", [NODE_CONTEXT] = "context", [NODE_RANGE] = "range", [NODE_PATH] = "path",
        [NODE_FILTER] = "filter", [NODE_CALL] = "call", [NODE_FUNCTION] = "function", [NODE_TESTS] = "tests",
    };
    bool op = node->kind == NODE_BINARY || node->kind == NODE_UNARY;
    buf_printf(out, "(%s", op ? op_text[node->op] : kinds[node->kind]);
    if (node->kind == NODE_RANGE)
        buf_adds(out, node->low_closed ? node->high_closed ? "[]" : "[)" : node->high_closed ? "(]" : "()");
    buf_adds(out, node->negated ? " not" : "");
    buf_adds(out, node->external ? " external" : "");
    if (node->kind == NODE_PATH)
        buf_printf(out, " .%.*s", SLICE_ARG(node->name));
    for (uint32_t i = 0; i < node->n_binding; i++) {
        buf_printf(out, " %.*s:", SLICE_ARG(node->binding[i].name));
        if (node->binding[i].type)
            show_type(node->binding[i].type, out);
    }
    if (node->type) {
        buf_addc(out, ' ');
        show_type(node->type, out);
    }
}

/* The tree in brackets: (+ 1 (* 2 3)); names in bars where they hold blanks or signs. */
static void show(const struct node *node, struct buf *out)
{
    bool word = true;
    for (size_t i = 0; i < node->name.len; i++)
        word = word && !strchr(" .-'", node->name.at[i]);
    switch (node->kind) {
    case NODE_LITERAL: value_literal(node->value, out); return;
    case NODE_NAME: buf_printf(out, word ? "%.*s" : "|%.*s|", SLICE_ARG(node->name)); return;
    default: show_head(node, out);
    }
    for (uint32_t i = 0; i < node->n; i++) {
        buf_addc(out, ' ');
        show(node->kid[i], out);
    }
    buf_addc(out, ')');
}

struct shape {
    const char *text, *want;
};

typedef enum err_code (*parser)(struct slice, const struct parse_options *, struct arena *, struct node **,
                                struct diag *, struct err *);

static void check_shape(parser parse, struct slice text, const char *want)
{
    struct arena *mem = arena_new(1 << 20);
    struct node *node = NULL, *again = NULL;
    struct diag flaw = { 0, "" };
    struct buf shape = buf_make(0), printed = buf_make(0), reshape = buf_make(0);
    if (parse(text, &options, mem, &node, &flaw, NULL))
        fail_msg("%.*s: at %zu: %s", SLICE_ARG(text), flaw.at, flaw.text);
    show(node, &shape);
    buf_addc(&shape, 0);
    assert_string_equal(shape.at, want);
    node_print(node, &printed);
    if (parse(buf_slice(&printed), &options, mem, &again, &flaw, NULL))
        fail_msg("%.*s: at %zu: %s", SLICE_ARG(buf_slice(&printed)), flaw.at, flaw.text);
    show(again, &reshape);
    buf_addc(&reshape, 0);
    assert_string_equal(reshape.at, want);
    buf_drop(&shape);
    buf_drop(&printed);
    buf_drop(&reshape);
    arena_drop(&mem);
}

static void check_shapes(parser parse, const struct shape *shapes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_shape(parse, slice_of(shapes[i].text), shapes[i].want);
}
#define COUNT(array) (sizeof(array) / sizeof *(array))

static void operators_bind_as_in_the_standard(void **state)
{
    (void)state;
    static const struct shape shapes[] = {
        { "1 + 2 * 3", "(+ 1 (* 2 3))" },
        { "(1 + 2) * 3", "(* (+ 1 2) 3)" },
        { "1 - 2 - 3", "(- (- 1 2) 3)" },
        { "1 - (2 - 3)", "(- 1 (- 2 3))" },
        { "3 ** 4 ** 5", "(** (** 3 4) 5)" },
        { "-3 ** 2", "(** (neg 3) 2)" },
        { "2 ** -3", "(** 2 (neg 3))" },
        { "-10--5", "(- (neg 10) (neg 5))" },
        { "-a.b", "(neg (path .b a))" },
        { "a or b and c = 1", "(or a (and b (= c 1)))" },
        { "(a or b) and c", "(and (or a b) c)" },
        { "a = b != c", "(!= (= a b) c)" },
        { "1 + a instance of number", "(+ 1 (instance number a))" },
        { "a between 1 and 2 and b", "(and (between a 1 2) b)" },
        { "a between 1 + 1 and 2 or c", "(or (between a (+ 1 1) 2) c)" },
        { "a in 1 and b", "(and (in a 1) b)" },
        { "a in (1, < 5, [7..9])", "(in a 1 (< 5) (range[] 7 9))" },
        { "a in < b + 1 = true", "(= (in a (< (+ b 1))) true)" },
        { "a in (b + 1) * 2", "(in a (* (+ b 1) 2))" },
        { "a in (b)", "(in a b)" },
        { "a in (=10)", "(in a (= 10))" },
        { "a in (1..3]", "(in a (range(] 1 3))" },
        { "if a then b else c + 1", "(if a b (+ c 1))" },
        { "(if a then b else c) + 1", "(+ (if a b c) 1)" },
        { "1 +/* 2 + */ 3 // end", "(+ 1 3)" },
    };
    check_shapes(feel_parse, shapes, COUNT(shapes));
}

static void operands_have_their_forms(void **state)
{
    (void)state;
    static const struct shape shapes[] = {
        { "[]", "(list)" },
        { "[1, [2], 3]", "(list 1 (list 2) 3)" },
        { "[1..2]", "(range[] 1 2)" },
        { "]1..2[", "(range() 1 2)" },
        { "(1..2)", "(range() 1 2)" },
        { "[1..10[ = [1..10)", "(= (range[) 1 10) (range[) 1 10))" },
        { "[1..10[.end", "(path .end (range[) 1 10))" },
        { "[[1..3[, ]4..5[]", "(list (range[) 1 3) (range() 4 5))" },
        { "[1..b[1]]", "(range[] 1 (filter b 1))" },
        { "[1..b[1][", "(range[) 1 (filter b 1))" },
        { "(< 5)", "(< 5)" },
        { "(!=5) = (>= 10)", "(= (!= 5) (>= 10))" },
        { "{}", "(context)" },
        { "{a: 1, \"b(\": 2, date and time: 3, foo+bar: 4}", "(context a: b(: date and time: foo+bar: 1 2 3 4)" },
        { "{x y: 1}.x y", "(path .x y (context x y: 1))" },
        { "a.b[c > 1].x", "(path .x (filter (path .b a) (> c 1)))" },
        { "date and time(\"x\").time offset", "(path .time offset (call |date and time| \"x\"))" },
        { "a(1, b)(2)", "(call (call a 1 b) 2)" },
        { "a(x: 1, long name: b - c)", "(call x: long name: a 1 (- b c))" },
        { "a()", "(call a)" },
        { "not(a)", "(call not a)" },
        { "function(x: number, long y) x + long y", "(function x:number long y: (+ x |long y|))" },
        { "function() external {java: a}", "(function external (context java: a))" },
        { "function(external) external", "(function external: external)" },
        { "for x in [1], y in 1+1..3 return x * y", "(for x: y: (list 1) (span (+ 1 1) 3) (* x y))" },
        { "some x in a satisfies x > 1", "(some x: a (> x 1))" },
        { "every x in days in weekend satisfies x", "(every x: |days in weekend| x)" },
        { "for i in 0..4 return partial[-1]", "(for i: (span 0 4) (filter partial (neg 1)))" },
        { "a instance of list<date and time>", "(instance list<date and time> a)" },
        { "a instance of list<Any>=b", "(= (instance list<Any> a) b)" },
        { "a instance of context<x y: number, z: list<tLoan>>",
          "(instance context<x y:number z:list<tLoan>> a)" },
        { "a instance of function<number, string> -> range<date>",
          "(instance function<number string range<date>> a)" },
        { "a instance of function<>->Any", "(instance function<Any> a)" },
        { "a instance of days and time duration and b", "(and (instance days and time duration a) b)" },
        { "(a instance of lib.tLoan).b", "(path .b (instance lib.tLoan a))" },
        { "a instance of function", "(instance function a)" },
    };
    check_shapes(feel_parse, shapes, COUNT(shapes));
}

static void the_longest_known_name_wins(void **state)
{
    (void)state;
    static const struct shape shapes[] = {
        { "Pre-bureau risk", "|Pre-bureau risk|" },
        { "Pre-bureau  \n risk + 1", "(+ |Pre-bureau risk| 1)" },
        { "Pre-bureau risks", "(- Pre |bureau risks|)" },
        { "decision A 2.1", "|decision A 2.1|" },
        { "a-b", "|a-b|" },
        { "a - b", "(- a b)" },
        { "(a)-b", "(- a b)" },
        { "a-c", "(- a c)" },
        { "x.y", "|x.y|" },
        { "(x).y", "(path .y x)" },
        { "date and time", "|date and time|" },
        { "(date) and time", "(and date time)" },
        { "unknown name and b", "(and |unknown name| b)" },
        { "loan amount", "|loan amount|" },
        { "Student's name + a", "(+ |Student's name| a)" },
        { "a(b)", "(call a b)" },
        { "if a then b else c", "(if a b c)" },
        { "? > 5", "(> ? 5)" },
        { "{n-m: 1, k: n-m, l: n - m}", "(context n-m: k: l: 1 |n-m| (- n m))" },
        { "for a-c in b return a-c", "(for a-c: b |a-c|)" },
        { "instance", "instance" },
        { "\xF0\x9F\x90\x8E.\xC3\xA4", "(path .\xC3\xA4 \xF0\x9F\x90\x8E)" },
    };
    check_shapes(feel_parse, shapes, COUNT(shapes));
}

static void tests_are_lists_of_tests(void **state)
{
    (void)state;
    static const struct shape shapes[] = {
        { "-", "(tests)" },
        { "-5", "(tests (neg 5))" },
        { "< 5, >= 10", "(tests (< 5) (>= 10))" },
        { "not(1, [2..3])", "(tests not 1 (range[] 2 3))" },
        { "(not(a))", "(tests (call not a))" },
        { "not(a) and b", "(tests (and (call not a) b))" },
        { "not(a), b", "(tests (call not a) b)" },
        { "not(not(a))", "(tests not (call not a))" },
        { "? > 5 and ? < 7", "(tests (and (> ? 5) (< ? 7)))" },
        { "null, [0..999]", "(tests null (range[] 0 999))" },
        { "> a.b", "(tests (> (path .b a)))" },
    };
    check_shapes(feel_parse_tests, shapes, COUNT(shapes));
}

static struct value parse_literal(struct arena *mem, const char *text)
{
    struct node *node = NULL;
    struct diag flaw;
    assert_int_equal(feel_parse(slice_of(text), NULL, mem, &node, &flaw, NULL), ERR_OK);
    assert_int_equal(node->kind, NODE_LITERAL);
    return node->value;
}

static void literals_mean_what_they_say(void **state)
{
    (void)state;
    static const struct shape strings[] = {
        { "\"a\\n\\t\\\"\\\\\\'\"", "a\n\t\"\\'" },
        { "\"\\u00e4\\uD83D\\uDC0E\\U01F40E\"", "\xC3\xA4\xF0\x9F\x90\x8E\xF0\x9F\x90\x8E" },
        { "\"\\d+\\s\"", "\\d+\\s" },
        { "\"\\\\u0009\"", "\\u0009" },
        { "\"two\nlines\"", "two\nlines" },
        { "\"\"", "" },
    };
    static const struct {
        const char *text;
        enum value_kind kind;
    } kinds[] = {
        { "null", VALUE_NULL }, { "true", VALUE_BOOLEAN }, { ".5", VALUE_NUMBER }, { "1.5E-3", VALUE_NUMBER },
        { "@\"2020-01-01\"", VALUE_DATE }, { "@\"10:30:00\"", VALUE_TIME },
        { "@\"2020-01-01T10:30:00\"", VALUE_DATE_TIME }, { "@\"P1Y\"", VALUE_MONTHS },
        { "@\"P1D\"", VALUE_DURATION }, { "@\"foo\"", VALUE_NULL },
    };
    struct arena *mem = arena_new(1 << 20);
    for (size_t i = 0; i < COUNT(strings); i++) {
        struct value v = parse_literal(mem, strings[i].text);
        assert_int_equal(v.kind, VALUE_STRING);
        assert_true(slice_is(v.string, strings[i].want));
    }
    for (size_t i = 0; i < COUNT(kinds); i++)
        assert_int_equal(parse_literal(mem, kinds[i].text).kind, kinds[i].kind);
    arena_drop(&mem);
}

static void flaws_say_where_and_what(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *want;
    } flaws[] = {
        { "", 0, "an expression is expected, but the text ends here" },
        { "1 +", 3, "an expression is expected, but the text ends here" },
        { "1 + )", 4, "an expression is expected, but here stands )" },
        { "[1, 2", 5, "a comma or ] is expected, but the text ends here" },
        { "(1 + 2", 6, "')' is expected, but the text ends here" },
        { "if a then b", 11, "'else' (FEEL's if has always one) is expected, but the text ends here" },
        { "a == b", 2, "FEEL writes a single = for equality" },
        { "a && b", 2, "FEEL writes 'and' for &&" },
        { "'a'", 0, "strings stand in double quotes" },
        { "\"a", 0, "the string has no end: a double quote is missing" },
        { "1 /* a", 2, "the comment has no end: */ is missing" },
        { "\"a\\u12\"", 2, "\\u needs four hexadecimal digits (in pairs above FFFF), \\U six" },
        { "\"\\uD83D\"", 1, "\\u needs four hexadecimal digits (in pairs above FFFF), \\U six" },
        { "a\xFF", 1, "the bytes are not valid UTF-8" },
        { "a(x: 1, 2)", 8, "a parameter's name (all arguments are named, or none) is expected, but here stands 2" },
        { "for x of a return x", 11, "'in' behind the name is expected, but here stands return" },
        { "a.", 2, "a member's name behind the point is expected, but the text ends here" },
        { "[1..2", 5, "one of ] ) [ at the range's end is expected, but the text ends here" },
        { "a between 1", 11, "'and' and the upper end is expected, but the text ends here" },
        { "Credit Skore \"x\"", 13,
          "an operator is expected, but here stands \"x\"; 'Credit Skore' is not known, 'Credit Score' is" },
        { "a instance of 5", 14, "a type is expected, but here stands 5" },
        { "@5", 1, "a date, time or duration in quotes is expected, but here stands 5" },
    };
    for (size_t i = 0; i < COUNT(flaws); i++) {
        struct arena *mem = arena_new(1 << 20);
        struct node *node = NULL;
        struct diag flaw = { 0, "" };
        struct err e = { ERR_OK, 0, "" };
        assert_int_equal(feel_parse(slice_of(flaws[i].text), &options, mem, &node, &flaw, &e), ERR_INVALID);
        assert_string_equal(flaw.text, flaws[i].want);
        assert_int_equal(flaw.at, flaws[i].at);
        assert_int_equal(e.pos, flaws[i].at);
        assert_null(node);
        arena_drop(&mem);
    }
}

/* The middle between so many `before` and as many `after`. */
static struct buf repeated(const char *before, const char *middle, const char *after, size_t times)
{
    struct buf out = buf_make(0);
    for (size_t i = 0; i < times; i++)
        buf_adds(&out, before);
    buf_adds(&out, middle);
    for (size_t i = 0; i < times; i++)
        buf_adds(&out, after);
    return out;
}

static void limits_are_flaws_never_crashes(void **state)
{
    (void)state;
    static const struct {
        const char *before, *middle, *after;
        size_t times;
        enum err_code code;
        const char *want;
    } cases[] = {
        { "(", "1", ")", 150, ERR_OK, "" },
        { "(", "1", ")", 10000, ERR_INVALID, "levels" },
        { "[", "", "]", 10000, ERR_INVALID, "levels" },
        { "-", "1", "", 10000, ERR_INVALID, "levels" },
        { "{a:", "1", "}", 10000, ERR_INVALID, "levels" },
        { "", "a", ".a", 150, ERR_OK, "" },
        { "", "a", ".a", 10000, ERR_INVALID, "levels" },
        { "", "1", "+1", 150, ERR_OK, "" },
        { "", "1", "+1", 10000, ERR_INVALID, "levels" },
        { "if 1 then 1 else ", "1", "", 3000, ERR_INVALID, "levels" },
        { "", "a instance of ", "list<", 3000, ERR_INVALID, "levels" },
        { "[1..a[", "", "", 3000, ERR_INVALID, "" },
        { "[1..a[-", "1", "", 3000, ERR_INVALID, "" },
        { "", "[1", ",1", 19000, ERR_INVALID, "" },
        { "", "[1", ",1", 25000, ERR_INVALID, "parts" },
        { " ", "1", "", 65000, ERR_OK, "" },
        { " ", "1", "", 66000, ERR_INVALID, "longer" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf text = repeated(cases[i].before, cases[i].middle, cases[i].after, cases[i].times);
        struct arena *mem = arena_new((size_t)64 << 20);
        struct node *node = NULL;
        struct diag flaw = { 0, "" };
        assert_int_equal(feel_parse(buf_slice(&text), &options, mem, &node, &flaw, NULL), cases[i].code);
        assert_non_null(strstr(flaw.text, cases[i].want));
        assert_true(!node || node->height <= FEEL_DEPTH_MAX);
        arena_drop(&mem);
        buf_drop(&text);
    }
}

static void exhausted_memory_is_a_limit(void **state)
{
    (void)state;
    struct slice text = SLICE("for x in [1, {a b: \"c\"}], y in 1..2 return "
                              "function(z: list<number>) x.a b[z](@\"P1D\")");
    enum err_code code = ERR_LIMIT;
    size_t failed = 0;
    for (size_t limit = 64; code && limit < 1 << 20; limit += 64) {
        struct arena *mem = arena_new(limit);
        struct node *node = NULL;
        struct diag flaw = { SIZE_MAX, "" };
        code = feel_parse(text, &options, mem, &node, &flaw, NULL);
        assert_true(code == ERR_OK || code == ERR_LIMIT);
        assert_int_equal(flaw.at, SIZE_MAX);
        assert_true(!code == (node != NULL));
        failed += code != ERR_OK;
        arena_drop(&mem);
    }
    assert_int_equal(code, ERR_OK);
    assert_true(failed > 10);
}

static void types_are_read_alone(void **state)
{
    (void)state;
    static const struct shape types[] = {
        { "number", "number" },
        { " date  and\ttime ", "date and time" },
        { "feel-type_1 & more", "feel-type_1 & more" },
        { "list<context<a b: number>>", "list<context<a b:number>>" },
        { "function<tA, my.tB> -> list<Any>", "function<tA my.tB list<Any>>" },
    };
    struct arena *mem = arena_new(1 << 20);
    struct type_node *type = NULL;
    struct diag flaw;
    for (size_t i = 0; i < COUNT(types); i++) {
        struct buf out = buf_make(0);
        assert_int_equal(feel_parse_type(slice_of(types[i].text), mem, &type, &flaw, NULL), ERR_OK);
        show_type(type, &out);
        buf_addc(&out, 0);
        assert_string_equal(out.at, types[i].want);
        buf_drop(&out);
    }
    assert_int_equal(feel_parse_type(SLICE("list<"), mem, &type, &flaw, NULL), ERR_INVALID);
    assert_int_equal(flaw.at, 5);
    assert_int_equal(feel_parse_type(SLICE(" "), mem, &type, &flaw, NULL), ERR_INVALID);
    assert_int_equal(feel_parse_type(SLICE("list<a> b"), mem, &type, &flaw, NULL), ERR_INVALID);
    arena_drop(&mem);
}

static void names_are_folded(void **state)
{
    (void)state;
    struct arena *mem = arena_new(1 << 16);
    assert_true(slice_is(feel_name(SLICE(" \xC2\xA0 a \t\n b - c\xE3\x80\x80"), mem), "a b - c"));
    assert_true(slice_is(feel_name(SLICE(""), mem), ""));
    assert_true(slice_is(feel_name(SLICE("a//b"), mem), "a//b"));
    arena_drop(&mem);
}

static void places_count_characters(void **state)
{
    (void)state;
    struct slice text = SLICE("\xC3\xA4\xF0\x9F\x90\x8E+\n b");
    size_t line, column;
    diag_place(text, 6, &line, &column);
    assert_int_equal(line, 1);
    assert_int_equal(column, 3);
    diag_place(text, 9, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 2);
    diag_place(text, 99, &line, &column);
    assert_int_equal(column, 3);
}

static void printed_text_is_for_people(void **state)
{
    (void)state;
    static const struct shape texts[] = {
        { "a+b*( c )", "a + b * c" },
        { "a in(1,<5)", "a in (1, < 5)" },
        { "f(date,a)[ date >1 ]", "f(date, a)[(date) > 1]" },  // "date and time" is known
        { "{a:[1..2[,\"x y\":(<5)}", "{a: [1..2), x y: (< 5)}" },
        { "if(a)then-b else not(c)", "if a then -b else not(c)" },
        { "(a=b)=(c)", "(a = b) = c" },
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct arena *mem = arena_new(1 << 20);
        struct node *node = NULL;
        struct diag flaw;
        struct buf out = buf_make(0);
        assert_int_equal(feel_parse(slice_of(texts[i].text), NULL, mem, &node, &flaw, NULL), ERR_OK);
        node_print(node, &out);
        buf_addc(&out, 0);
        assert_string_equal(out.at, texts[i].want);
        buf_drop(&out);
        arena_drop(&mem);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_bind_as_in_the_standard),
        cmocka_unit_test(operands_have_their_forms),
        cmocka_unit_test(the_longest_known_name_wins),
        cmocka_unit_test(tests_are_lists_of_tests),
        cmocka_unit_test(literals_mean_what_they_say),
        cmocka_unit_test(flaws_say_where_and_what),
        cmocka_unit_test(limits_are_flaws_never_crashes),
        cmocka_unit_test(exhausted_memory_is_a_limit),
        cmocka_unit_test(types_are_read_alone),
        cmocka_unit_test(names_are_folded),
        cmocka_unit_test(places_count_characters),
        cmocka_unit_test(printed_text_is_for_people),
    };
    return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
