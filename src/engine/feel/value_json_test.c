#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/feel/value_json.h"

static struct value parse(struct json_parser *parser, const char *text, struct arena *mem)
{
    struct json root;
    bool ok = false;
    assert_int_equal(json_parse(parser, slice_of(text), &root, NULL), ERR_OK);
    struct value v = value_of_json(root, mem, &ok);
    assert_true(ok);
    return v;
}

static void check(struct value v, const char *want)
{
    struct buf out = buf_make(0);
    struct json_w w = json_w(&out);
    value_to_json(v, &w);
    buf_addc(&out, 0);
    assert_false(out.failed);
    assert_string_equal(out.at, want);
    buf_drop(&out);
}

static void json_comes_back_as_it_went(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "null", "true", "[]", "{}", "\"a\\\"\\n\"", "[1,[2.5,-3]]", "1234567890.123456789012345",
        "{\"a b\":{\"\":[null,false]},\"c\":\"\"}",
    };
    struct json_parser *parser = json_parser_new();
    struct arena *mem = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check(parse(parser, texts[i], mem), texts[i]);
    check(parse(parser, "{\"a\":1,\"b\":2,\"a\":3}", mem), "{\"a\":3,\"b\":2}");
    arena_drop(&mem);
    json_parser_drop(&parser);
}

static void types_turn_strings(void **state)
{
    (void)state;
    static const struct type date = { .kind = TYPE_DATE }, dates = { .kind = TYPE_LIST, .element = &date },
                             span = { .kind = TYPE_DURATION };
    static const struct type_member member[] = { { { "on", 2 }, &dates }, { { "for", 3 }, &span } };
    static const struct type type = { .kind = TYPE_CONTEXT, .member = member, .n = 2 };
    struct json_parser *parser = json_parser_new();
    struct arena *mem = arena_new(1 << 20);
    bool ok = false;
    struct value v = parse(parser, "{\"on\":[\"2026-11-27\",\"soon\"],\"for\":\"PT26H\",\"x\":\"2026-11-27\"}", mem);
    v = value_of_type(v, &type, NULL, mem, &ok);
    assert_true(ok);
    const struct value *on = value_member(v.context, SLICE("on"));
    assert_int_equal(on->list->item[0].kind, VALUE_DATE);
    assert_int_equal(on->list->item[1].kind, VALUE_STRING);
    assert_int_equal(value_member(v.context, SLICE("x"))->kind, VALUE_STRING);
    check(v, "{\"on\":[\"2026-11-27\",\"soon\"],\"for\":\"P1DT2H\",\"x\":\"2026-11-27\"}");
    arena_drop(&mem);
    json_parser_drop(&parser);
}

static void memory_may_end_anywhere(void **state)
{
    (void)state;
    struct json_parser *parser = json_parser_new();
    struct json root;
    bool ok = false;
    assert_int_equal(json_parse(parser, SLICE("{\"a\":[1,\"b\",{\"c\":\"d\"}],\"e\":\"f\"}"), &root, NULL), ERR_OK);
    for (size_t limit = 16; !ok; limit += 16) {
        struct arena *mem = arena_new(limit);
        assert_true(limit < 1 << 20);
        if (mem)
            value_of_json(root, mem, &ok);
        arena_drop(&mem);
    }
    json_parser_drop(&parser);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_comes_back_as_it_went),
        cmocka_unit_test(types_turn_strings),
        cmocka_unit_test(memory_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
