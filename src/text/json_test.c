#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/limits.h"
#include "text/json.h"
#include "text/json_flaw.h"

#define LIT(s) { "" s, sizeof(s) - 1 }

static struct json_parser *parser;
static struct arena *mem;

static int setup(void **state)
{
    (void)state;
    parser = json_parser_new();
    mem = arena_new(8u << 20);
    return parser && mem ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    json_parser_drop(&parser);
    arena_drop(&mem);
    return 0;
}

/* Parses a copy of exactly s.len bytes, so that the sanitizer sees a read beyond its end. */
static enum err_code parse(struct slice s, struct json *root, struct err *e)
{
    char *exact = malloc(s.len ? s.len : 1);
    assert_non_null(exact);
    memcpy(exact, s.at, s.len);
    struct slice text = { exact, s.len };
    enum err_code code = json_parse(parser, text, root, e);
    struct err plain = { ERR_OK, 0, "" };
    assert_int_equal(code, json_flaw(text, &plain));  // the fast and the plain reading agree
    if (code == ERR_OK)
        *root = (struct json){ arena_copy(mem, text).at, root->mark };
    free(exact);
    return code;
}

static struct json parse_ok(struct slice s)
{
    struct json root = { NULL, NULL };
    struct err e = { ERR_OK, 0, "" };
    if (parse(s, &root, &e))
        fail_msg("'%.*s': %s", SLICE_ARG(s), e.text);
    return root;
}

static void print(struct json v, struct buf *out)
{
    struct json_w w = json_w(out);
    json_w_value(&w, v, mem);
    assert_false(out->failed);
}

/* What RFC 8259 allows, and how it is printed again. */
static const struct {
    struct slice text, printed;
} accepted[] = {
    { LIT("{}"), LIT("{}") },
    { LIT("[]"), LIT("[]") },
    { LIT(" \t\r\n[ ] \n"), LIT("[]") },
    { LIT("null"), LIT("null") },
    { LIT("true"), LIT("true") },
    { LIT(" false "), LIT("false") },
    { LIT("0"), LIT("0") },
    { LIT("-0"), LIT("-0") },
    { LIT("-0.0e-0"), LIT("-0.0e-0") },
    { LIT("12 "), LIT("12") },
    { LIT("1E22"), LIT("1E22") },
    { LIT("1e+2"), LIT("1e+2") },
    { LIT("[0e1,0.5,-1.25E-3]"), LIT("[0e1,0.5,-1.25E-3]") },
    { LIT("123456789.123456789123456789"), LIT("123456789.123456789123456789") },
    { LIT("9223372036854775807"), LIT("9223372036854775807") },
    { LIT("-9223372036854775808"), LIT("-9223372036854775808") },
    { LIT("9223372036854775808"), LIT("9223372036854775808") },
    { LIT("9999999999999999999"), LIT("9999999999999999999") },
    { LIT("18446744073709551615"), LIT("18446744073709551615") },
    { LIT("1e-400"), LIT("1e-400") },
    { LIT("1.7976931348623157e308"), LIT("1.7976931348623157e308") },
    { LIT("\"\""), LIT("\"\"") },
    { LIT(" \"a b\" "), LIT("\"a b\"") },
    { LIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), LIT("\"\\\"\\\\/\\b\\f\\n\\r\\t\"") },
    { LIT("\"\\u0041\\u00e9\\u20AC\""), LIT("\"A\xC3\xA9\xE2\x82\xAC\"") },
    { LIT("\"\\ud83d\\uDE00\""), LIT("\"\xF0\x9F\x98\x80\"") },
    { LIT("\"\\udbff\\udfff\""), LIT("\"\xF4\x8F\xBF\xBF\"") },
    { LIT("\"\\u0000\\u001f\""), LIT("\"\\u0000\\u001f\"") },
    { LIT("\"\\\\u0041\""), LIT("\"\\\\u0041\"") },
    { LIT("\"\x7F\xC2\x80\xEF\xBF\xBF\xF0\x90\x80\x80\""),
      LIT("\"\x7F\xC2\x80\xEF\xBF\xBF\xF0\x90\x80\x80\"") },
    { LIT("\"\xEF\xBB\xBF\xE2\x80\xA8\""), LIT("\"\xEF\xBB\xBF\xE2\x80\xA8\"") },
    { LIT("\"{[,:]}\""), LIT("\"{[,:]}\"") },
    { LIT("[1 , 2,\n3]"), LIT("[1,2,3]") },
    { LIT("[[],[[]],{}]"), LIT("[[],[[]],{}]") },
    { LIT("[null,\"x\",{\"y\":[false]}]"), LIT("[null,\"x\",{\"y\":[false]}]") },
    { LIT("{\"\":0}"), LIT("{\"\":0}") },
    { LIT("{ \"a\" : { \"b\\n\" : [ 1 ] } , \"c\" : \"d\" }"), LIT("{\"a\":{\"b\\n\":[1]},\"c\":\"d\"}") },
    { LIT("{\"a\":1,\"a\":2}"), LIT("{\"a\":1,\"a\":2}") },
    { LIT("{\"a\\u0000b\":1}"), LIT("{\"a\\u0000b\":1}") },
};

static void accepts_and_prints(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        struct buf once = buf_make(0), twice = buf_make(0);
        print(parse_ok(accepted[i].text), &once);
        if (!slice_eq(buf_slice(&once), accepted[i].printed))
            fail_msg("'%.*s' printed as '%.*s'", SLICE_ARG(accepted[i].text), SLICE_ARG(buf_slice(&once)));
        print(parse_ok(buf_slice(&once)), &twice);
        assert_true(slice_eq(buf_slice(&once), buf_slice(&twice)));
        buf_drop(&once);
        buf_drop(&twice);
    }
}

/* What it forbids, and the byte that is named. */
static const struct {
    struct slice text;
    size_t pos;
} refused[] = {
    { LIT(""), 0 },
    { LIT(" "), 1 },
    { LIT("\0"), 0 },
    { LIT("\xEF\xBB\xBF{}"), 0 },
    { LIT("\xEF\xBB\xBF"), 0 },
    { LIT("\f[]"), 0 },
    { LIT("\xC2\xA0[]"), 0 },
    { LIT("["), 1 },
    { LIT("]"), 0 },
    { LIT("[1"), 2 },
    { LIT("[1,"), 3 },
    { LIT("[1,]"), 3 },
    { LIT("[,1]"), 1 },
    { LIT("[1,,2]"), 3 },
    { LIT("[1 2]"), 3 },
    { LIT("[1]]"), 3 },
    { LIT("[1]x"), 3 },
    { LIT("[1]\0"), 3 },
    { LIT("[1}"), 2 },
    { LIT("[1:2]"), 2 },
    { LIT("[\"a\":1]"), 4 },
    { LIT("{"), 1 },
    { LIT("}"), 0 },
    { LIT("{\"a\"}"), 4 },
    { LIT("{\"a\":}"), 5 },
    { LIT("{\"a\":1,}"), 7 },
    { LIT("{\"a\":1"), 6 },
    { LIT("{\"a\":1]"), 6 },
    { LIT("{\"a\" 1}"), 5 },
    { LIT("{,}"), 1 },
    { LIT("{1:1}"), 1 },
    { LIT("{a:1}"), 1 },
    { LIT("{'a':1}"), 1 },
    { LIT("{null:1}"), 1 },
    { LIT("{\"a\"::1}"), 5 },
    { LIT("{\"a\":1,,\"b\":2}"), 7 },
    { LIT("{}{}"), 2 },
    { LIT("1 2"), 2 },
    { LIT("// c\n1"), 0 },
    { LIT("[1/*c*/]"), 2 },
    { LIT("nul"), 3 },
    { LIT("nulL"), 3 },
    { LIT("True"), 0 },
    { LIT("truex"), 4 },
    { LIT("NaN"), 0 },
    { LIT("[Infinity]"), 1 },
    { LIT("-Infinity"), 1 },
    { LIT("-"), 1 },
    { LIT("+1"), 0 },
    { LIT(".5"), 0 },
    { LIT("-.5"), 1 },
    { LIT("1."), 2 },
    { LIT("[1.]"), 3 },
    { LIT("1.e1"), 2 },
    { LIT("01"), 1 },
    { LIT("-01"), 2 },
    { LIT("00"), 1 },
    { LIT("1e"), 2 },
    { LIT("1e+"), 3 },
    { LIT("[1eE2]"), 3 },
    { LIT("0x1"), 1 },
    { LIT("1_000"), 1 },
    { LIT("1a"), 1 },
    { LIT("[1.2.3]"), 4 },
    { LIT("1\xC2\xA0"), 1 },
    { LIT("\xEF\xBC\x91"), 0 },
    { LIT("18446744073709551616"), 0 },
    { LIT("[-9223372036854775809]"), 1 },
    { LIT("[100000000000000000000]"), 1 },
    { LIT("1e400"), 0 },
    { LIT("[-1e400]"), 1 },
    { LIT("\""), 1 },
    { LIT("\"abc"), 4 },
    { LIT("\"a\\\""), 4 },
    { LIT("'a'"), 0 },
    { LIT("\"a\nb\""), 2 },
    { LIT("\"a\tb\""), 2 },
    { LIT("\"a\0b\""), 2 },
    { LIT("\"\\x41\""), 2 },
    { LIT("\"\\a\""), 2 },
    { LIT("\"\\\0\""), 2 },
    { LIT("\"\\\xC3\xA9\""), 2 },
    { LIT("\"\\u\""), 3 },
    { LIT("\"\\u12\""), 5 },
    { LIT("\"\\u12G4\""), 5 },
    { LIT("\"\\U0041\""), 2 },
    { LIT("\"\\ud800\""), 7 },
    { LIT("\"\\ud800x\""), 7 },
    { LIT("\"\\ud800\\n\""), 8 },
    { LIT("\"\\ud800\\u0041\""), 13 },
    { LIT("\"\\ud800\\ud800\""), 13 },
    { LIT("\"\\udc00\""), 7 },
    { LIT("\"\\udc00\\ud800\""), 7 },
    { LIT("\"\x80\""), 1 },
    { LIT("\"\xC0\x80\""), 1 },
    { LIT("\"\xC1\xBF\""), 1 },
    { LIT("\"\xC3\""), 1 },
    { LIT("\"\xE0\x80\xAF\""), 1 },
    { LIT("\"\xE2\x82\""), 1 },
    { LIT("\"\xED\xA0\x80\""), 1 },
    { LIT("\"\xF0\x80\x80\x80\""), 1 },
    { LIT("\"\xF4\x90\x80\x80\""), 1 },
    { LIT("\"\xF5\x80\x80\x80\""), 1 },
    { LIT("\"\xFF\""), 1 },
    { LIT("[\"a\",\xFF]"), 5 },
    { LIT("\xFF\xFE[\0]\0"), 0 },
};

static void refuses_with_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct json root = { NULL, NULL };
        struct err e = { ERR_OK, 0, "" };
        if (parse(refused[i].text, &root, &e) != ERR_INVALID || e.pos != refused[i].pos)
            fail_msg("%zu: '%.*s': pos %zu, want %zu, '%s'", i, SLICE_ARG(refused[i].text), e.pos,
                     refused[i].pos, e.text);
        assert_null(root.mark);
        assert_true(strlen(e.text) > 10);
    }
}

/* Every beginning of a document is refused, and nothing is read beyond it. */
static void refuses_what_is_cut(void **state)
{
    (void)state;
    const struct slice whole = SLICE("{\"a\":[1.5e3,true,null,\"x\\u00e9\\n\xC3\xA9\",{\"b\":{}}],\"c\":-0}");
    for (size_t n = 0; n < whole.len; n++) {
        struct json root = { NULL, NULL };
        struct err e = { ERR_OK, 0, "" };
        assert_int_equal(parse((struct slice){ whole.at, n }, &root, &e), ERR_INVALID);
        assert_true(e.pos <= n);
    }
    parse_ok(whole);
}

static struct slice nested(size_t depth, const char *open, const char *inside, const char *close)
{
    struct buf b = buf_make(0);
    for (size_t i = 0; i < depth; i++)
        buf_adds(&b, open);
    buf_adds(&b, inside);
    for (size_t i = 0; i < depth; i++)
        buf_adds(&b, close);
    struct slice s = arena_copy(mem, buf_slice(&b));
    buf_drop(&b);
    return s;
}

static void limits_depth_and_digits(void **state)
{
    (void)state;
    static const struct {
        const char *open, *inside, *close;
        size_t inner;  // levels that `inside` adds
    } shapes[] = { { "[", "", "]", 0 },
                   { "[", "1", "]", 0 },
                   { "{\"a\":", "1", "}", 0 },
                   { "[", "{}", "]", 1 },
                   { "[[],", "[1]", "]", 1 } };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t most = LIMIT_JSON_DEPTH - shapes[i].inner;
        struct json root;
        struct err e;
        parse_ok(nested(most, shapes[i].open, shapes[i].inside, shapes[i].close));
        struct slice deep = nested(most + 1, shapes[i].open, shapes[i].inside, shapes[i].close);
        assert_int_equal(parse(deep, &root, &e), ERR_LIMIT);
        deep = nested(100000, shapes[i].open, shapes[i].inside, shapes[i].close);
        assert_int_equal(parse(deep, &root, &e), ERR_LIMIT);
    }
    struct json root;
    parse_ok(nested(LIMIT_JSON_NUMBER - 2, "", "0.", "0"));
    struct slice zeros = nested(LIMIT_JSON_NUMBER - 1, "", "0.", "0");
    assert_int_equal(parse(zeros, &root, NULL), ERR_LIMIT);
    double value = 1;
    assert_true(json_double(parse_ok((struct slice){ zeros.at, LIMIT_JSON_NUMBER }), &value));
    assert_true(value == 0);
}

static void finds_members(void **state)
{
    (void)state;
    struct json root = parse_ok(SLICE("{\"a\":1,\"b\":[10,[20],{\"c\":30}],\"e\\u0301\\/\":\"x\","
                                      "\"a\":2,\"\":null,\"a\\u0000\":3}"));
    int64_t value = 0;
    assert_int_equal(json_count(root), 6);
    assert_true(json_i64(json_get(root, "a"), &value) && value == 2);  // the last of twins
    assert_true(json_i64(json_get_slice(root, SLICE("a\0")), &value) && value == 3);
    assert_int_equal(json_type(json_get(root, "")), JSON_NULL);
    assert_int_equal(json_type(json_get(root, "e\xCC\x81/")), JSON_STRING);
    assert_int_equal(json_type(json_get(root, "e\xCC\x81")), JSON_NONE);
    assert_int_equal(json_type(json_get(root, "e\xCC\x81/ ")), JSON_NONE);
    struct json b = json_get(root, "b");
    assert_int_equal(json_count(b), 3);
    assert_true(slice_is(json_raw(b), "[10,[20],{\"c\":30}]"));
    static const char *const raws[] = { "10", "[20]", "{\"c\":30}" };
    size_t i = 0;
    for (struct json_iter it = json_iter(b); json_next(&it); i++)
        assert_true(slice_is(json_raw(it.value), raws[i]));
    assert_int_equal(i, 3);
    assert_int_equal(json_type(json_get(b, "c")), JSON_NONE);
}

static void absent_values_answer_empty(void **state)
{
    (void)state;
    struct json none = json_get(parse_ok(SLICE("[]")), "x");
    int64_t whole = 7;
    double real = 7;
    bool truth = true;
    assert_int_equal(json_type(none), JSON_NONE);
    assert_int_equal(json_type(json_get(json_get(none, "y"), "z")), JSON_NONE);
    assert_int_equal(json_count(none), 0);
    assert_int_equal(json_raw(none).len, 0);
    assert_int_equal(json_string(none, mem).len, 0);
    assert_int_equal(json_text(none, mem).len, 0);
    assert_false(json_i64(none, &whole) || json_double(none, &real) || json_bool(none, &truth));
    assert_true(whole == 7 && real == 7 && truth);
}

static void reads_scalars(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        bool is_i64;
        int64_t i64;
        bool is_double;
        double real;
    } cases[] = {
        { LIT("0"), true, 0, true, 0 },
        { LIT("-12"), true, -12, true, -12 },
        { LIT("9223372036854775807"), true, INT64_MAX, true, 9223372036854775807.0 },
        { LIT("9223372036854775808"), false, 0, true, 9223372036854775808.0 },
        { LIT("-9223372036854775808"), true, INT64_MIN, true, -9223372036854775808.0 },
        { LIT("1.0"), false, 0, true, 1 },
        { LIT("1e2"), false, 0, true, 100 },
        { LIT("0.1"), false, 0, true, 0.1 },
        { LIT("4.9406564584124654e-324"), false, 0, true, 4.9406564584124654e-324 },
        { LIT("\"1\""), false, 0, false, 0 },
        { LIT("true"), false, 0, false, 0 },
        { LIT("null"), false, 0, false, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json v = parse_ok(cases[i].text);
        int64_t whole = 0;
        double real = 0;
        assert_int_equal(json_i64(v, &whole), cases[i].is_i64);
        assert_int_equal(json_double(v, &real), cases[i].is_double);
        assert_true(whole == cases[i].i64 && real == cases[i].real);
    }
    bool truth = false;
    assert_true(json_bool(parse_ok(SLICE("true")), &truth) && truth);
    assert_true(json_bool(parse_ok(SLICE("false")), &truth) && !truth);
    assert_true(slice_is(json_text(parse_ok(SLICE("\"a\\tb\"")), mem), "a\tb"));
    assert_true(slice_is(json_text(parse_ok(SLICE("12.50")), mem), "12.50"));
    assert_int_equal(json_text(parse_ok(SLICE("true")), mem).len, 0);
    assert_int_equal(json_text(parse_ok(SLICE("[1]")), mem).len, 0);
}

static void string_says_when_memory_ends(void **state)
{
    (void)state;
    AUTO(arena) small = arena_new(16);
    struct slice text = SLICE("\"0123456789abcdef\\n\"");
    assert_null(json_string(parse_ok(text), small).at);
    assert_non_null(json_string(parse_ok(SLICE("\"0123456789abcdef!\"")), small).at);  // borrowed
    struct buf out = buf_make(0);
    struct json_w w = json_w(&out);
    json_w_value(&w, parse_ok(text), small);
    assert_true(out.failed);
    buf_drop(&out);
}

static struct slice array_of(size_t n)
{
    struct buf b = buf_make(0);
    buf_addc(&b, '[');
    for (size_t i = 0; i < n; i++)
        buf_adds(&b, i ? ",[]" : "0");
    buf_addc(&b, ']');
    struct slice s = arena_copy(mem, buf_slice(&b));
    buf_drop(&b);
    return s;
}

static void first_text_may_be_empty(void **state)
{
    (void)state;
    AUTO(json_parser) fresh = json_parser_new();
    struct json root;
    assert_non_null(fresh);
    assert_int_equal(json_parse(fresh, (struct slice){ NULL, 0 }, &root, NULL), ERR_INVALID);
}

/* One parser, texts of very different size: what it keeps must fit each of them. */
static void parser_grows_and_shrinks(void **state)
{
    (void)state;
    static const size_t sizes[] = { 1, 100, 400000, 3, 5000, 400000, 20 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct json root = parse_ok(array_of(sizes[i]));
        assert_int_equal(json_count(root), sizes[i]);
        arena_reset(mem);
    }
}

static void writes(void **state)
{
    (void)state;
    struct buf out = buf_make(0);
    struct json_w w = json_w(&out);
    json_w_open(&w, '{');
    json_w_kstring(&w, "s\"", SLICE("a\x01\"\\/\b\f\n\r\t\x1F\x7F caf\xC3\xA9 0123456789"));
    json_w_kstring(&w, "bad", SLICE("\x80" "a\xC3" "b\xED\xA0\x80\xF0\x9F\x98\x80\xF0\x9F"));
    json_w_kstring(&w, "empty", (struct slice){ NULL, 0 });
    json_w_kcstr(&w, "none", NULL);
    json_w_ki64(&w, "least", INT64_MIN);
    json_w_kmicro(&w, "price", -2550000);
    json_w_kbool(&w, "yes", true);
    json_w_knull(&w, "nil");
    json_w_ktime(&w, "at", 0);
    json_w_kraw(&w, "raw", SLICE("[1]"));
    json_w_key(&w, "list");
    json_w_open(&w, '[');
    json_w_open(&w, '[');
    json_w_close(&w, ']');
    json_w_bool(&w, false);
    json_w_open(&w, '{');
    json_w_close(&w, '}');
    json_w_close(&w, ']');
    json_w_close(&w, '}');
    assert_false(out.failed);
    buf_addc(&out, 0);
    assert_string_equal(out.at,
        "{\"s\\\"\":\"a\\u0001\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\x7F caf\xC3\xA9 0123456789\","
        "\"bad\":\"\xEF\xBF\xBD" "a\xEF\xBF\xBD" "b\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xF0\x9F\x98\x80"
        "\xEF\xBF\xBD\xEF\xBF\xBD\","
        "\"empty\":\"\",\"none\":null,\"least\":-9223372036854775808,\"price\":-2.55,\"yes\":true,"
        "\"nil\":null,\"at\":\"1970-01-01T00:00:00.000Z\",\"raw\":[1],\"list\":[[],false,{}]}");
    buf_drop(&out);
}

/* Each byte at each place of a run of eight: the quick look must never miss one. */
static void writes_any_byte_anywhere(void **state)
{
    (void)state;
    for (int c = 0; c < 0x80; c++)
        for (size_t at = 0; at < 17; at++) {
            char text[17];
            memset(text, 'a', sizeof text);
            text[at] = (char)c;
            struct buf out = buf_make(0);
            struct json_w w = json_w(&out);
            json_w_string(&w, (struct slice){ text, sizeof text });
            struct slice back = json_string(parse_ok(buf_slice(&out)), mem);
            assert_int_equal(back.len, sizeof text);
            assert_memory_equal(back.at, text, sizeof text);
            buf_drop(&out);
        }
}

static struct slice print_double(double value, struct buf *out)
{
    buf_clear(out);
    struct json_w w = json_w(out);
    json_w_double(&w, value);
    return buf_slice(out);
}

static void doubles_are_short(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = { { 0, "0" },           { -0.0, "-0" },      { 1, "1" },
                  { -1.5, "-1.5" },     { 0.1, "0.1" },      { 0.3, "0.3" },
                  { 0.1 + 0.2, "0.30000000000000004" },      { 1e-7, "1e-07" },
                  { 1.0 / 3, "0.3333333333333333" },         { 999999999.999999, "999999999.999999" },
                  { 1e21, "1e+21" },    { 5e-324, "4.94065645841247e-324" },
                  { 1.7976931348623157e308, "1.7976931348623157e+308" },
                  { NAN, "null" },      { INFINITY, "null" }, { -INFINITY, "null" } };
    struct buf out = buf_make(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice text = print_double(cases[i].value, &out);
        if (!slice_is(text, cases[i].text))
            fail_msg("%.17g printed as %.*s", cases[i].value, SLICE_ARG(text));
    }
    buf_drop(&out);
}

static void doubles_round_trip(void **state)
{
    (void)state;
    struct buf out = buf_make(0);
    uint64_t seed = 11;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = hash_mix(++seed);
        double value, back = 0;
        memcpy(&value, &bits, sizeof value);
        if (i % 2)  // half of them as money is
            value = (double)(int64_t)(bits >> 30) / 1e4;
        if (!isfinite(value))
            continue;
        assert_true(json_double(parse_ok(print_double(value, &out)), &back));
        assert_memory_equal(&value, &back, sizeof value);
        arena_reset(mem);
    }
    buf_drop(&out);
}

/* The writer goes on quietly when its buffer is full; the owner learns it at the end. */
static void full_buffer_is_told(void **state)
{
    (void)state;
    for (size_t limit = 1; limit < 42; limit++) {
        struct buf out = buf_make(limit);
        struct json_w w = json_w(&out);
        json_w_open(&w, '{');
        json_w_kcstr(&w, "key", "va\"lue");
        json_w_kdouble(&w, "n", 1.0 / 3);
        json_w_close(&w, '}');
        assert_int_equal(out.failed, limit < 40);
        assert_true(out.len <= limit);
        buf_drop(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_and_prints),
        cmocka_unit_test(refuses_with_place),
        cmocka_unit_test(refuses_what_is_cut),
        cmocka_unit_test(limits_depth_and_digits),
        cmocka_unit_test(finds_members),
        cmocka_unit_test(absent_values_answer_empty),
        cmocka_unit_test(reads_scalars),
        cmocka_unit_test(string_says_when_memory_ends),
        cmocka_unit_test(first_text_may_be_empty),
        cmocka_unit_test(parser_grows_and_shrinks),
        cmocka_unit_test(writes),
        cmocka_unit_test(writes_any_byte_anywhere),
        cmocka_unit_test(doubles_are_short),
        cmocka_unit_test(doubles_round_trip),
        cmocka_unit_test(full_buffer_is_told),
    };
    return cmocka_run_group_tests_name("json", tests, setup, teardown);
}
