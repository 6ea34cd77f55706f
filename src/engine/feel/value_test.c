#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/feel/value.h"

#define NUM(n) value_number(number_of(n))
#define STR(s) value_string(SLICE(s))

static struct arena *mem;

static int begin(void **state)
{
    (void)state;
    mem = arena_new(4 << 20);
    return mem ? 0 : -1;
}
static int end(void **state)
{
    (void)state;
    arena_drop(&mem);
    return 0;
}

static struct value list(const struct value *items, size_t n)
{
    bool ok = false;
    struct value v = value_list(mem, items, n, &ok);
    assert_true(ok);
    return v;
}
#define LIST(...)                                   \
    list((const struct value[]){ __VA_ARGS__ },     \
         sizeof((const struct value[]){ __VA_ARGS__ }) / sizeof(struct value))

static struct value range(struct value low, bool low_closed, struct value high, bool high_closed)
{
    bool ok = false;
    struct value v = value_range(mem, (struct value_range){ low, high, low_closed, high_closed, false, false }, &ok);
    assert_true(ok);
    return v;
}

static struct value time_at(uint8_t hour, uint32_t nano, enum zone_kind kind, int32_t offset_s)
{
    bool ok = false;
    struct value v = value_time(mem, (struct day_time){ hour, 0, 0, nano, { kind, offset_s, { NULL, 0 } } }, &ok);
    assert_true(ok);
    return v;
}

static struct value context(struct slice a, struct value x, struct slice b, struct value y)
{
    bool ok = false;
    struct value v = value_context(mem, (const struct value_entry[]){ { a, x }, { b, y } }, 2, &ok);
    assert_true(ok);
    return v;
}

static void equality_has_three_values(void **state)
{
    (void)state;
    struct value ab = context(SLICE("a"), NUM(1), SLICE("b"), NUM(2));
    struct value ba = context(SLICE("b"), NUM(2), SLICE("a"), NUM(1));
    const struct {
        struct value a, b;
        enum value_eq want;
    } cases[] = {
        { value_null, value_null, VALUE_EQ_TRUE },
        { value_null, NUM(0), VALUE_EQ_FALSE },
        { NUM(1), STR("1"), VALUE_EQ_NULL },
        { value_number(number_scaled(100, -2)), NUM(1), VALUE_EQ_TRUE },
        { STR(""), STR(""), VALUE_EQ_TRUE },
        { LIST(NUM(1), STR("a")), LIST(NUM(1), STR("a")), VALUE_EQ_TRUE },
        { LIST(NUM(1)), LIST(STR("a")), VALUE_EQ_FALSE },
        { LIST(NUM(1)), LIST(NUM(1), NUM(1)), VALUE_EQ_FALSE },
        { ab, ba, VALUE_EQ_TRUE },
        { ab, context(SLICE("a"), NUM(1), SLICE("c"), NUM(2)), VALUE_EQ_FALSE },
        { range(NUM(1), true, NUM(2), true), range(NUM(1), true, NUM(2), true), VALUE_EQ_TRUE },
        { range(NUM(1), true, NUM(2), true), range(NUM(1), true, NUM(2), false), VALUE_EQ_FALSE },
        { value_months(12), value_duration((struct duration){ 0, 0 }), VALUE_EQ_NULL },
        { time_at(10, 1, ZONE_NONE, 0), time_at(10, 2, ZONE_NONE, 0), VALUE_EQ_TRUE },
        { time_at(10, 0, ZONE_OFFSET, 0), time_at(11, 0, ZONE_OFFSET, 3600), VALUE_EQ_TRUE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(value_equal(cases[i].a, cases[i].b, NULL), cases[i].want);
        assert_int_equal(value_equal(cases[i].b, cases[i].a, NULL), cases[i].want);
    }
    assert_false(value_same(time_at(10, 0, ZONE_OFFSET, 0), time_at(11, 0, ZONE_OFFSET, 3600)));
    assert_true(value_same(LIST(value_null), LIST(value_null)));
}

static void shared_parts_do_not_hang(void **state)
{
    (void)state;
    struct value a = LIST(NUM(1)), b = LIST(NUM(1));
    for (int i = 0; i < 60; i++) {
        a = LIST(a, a);
        b = LIST(b, b);
    }
    uint64_t budget = 1000;
    assert_int_equal(value_equal_within(a, b, NULL, &budget), VALUE_EQ_NULL);
    assert_int_equal(budget, 0);
    struct value deep = LIST(NUM(1)), other = LIST(NUM(1));
    for (int i = 0; i < 20000; i++) {
        deep = LIST(deep);
        other = LIST(other);
    }
    assert_int_equal(value_equal(deep, other, NULL), VALUE_EQ_NULL);
    struct buf out = buf_make(0);
    value_print(deep, &out);
    assert_true(out.failed);
    buf_drop(&out);
}

static void ranges_hold_what_lies_between(void **state)
{
    (void)state;
    const struct value_range below = { value_null, NUM(5), false, false, true, false };
    const struct value_range just = { NUM(5), NUM(5), true, true, true, true };
    const struct value_range other = { NUM(5), NUM(5), false, false, true, true };
    const struct value_range null_end = { value_null, NUM(5), false, true, false, false };
    assert_int_equal(value_in_range(NUM(4), &below, NULL), VALUE_EQ_TRUE);
    assert_int_equal(value_in_range(NUM(5), &below, NULL), VALUE_EQ_FALSE);
    assert_int_equal(value_in_range(STR("a"), &below, NULL), VALUE_EQ_NULL);
    assert_int_equal(value_in_range(NUM(5), &just, NULL), VALUE_EQ_TRUE);
    assert_int_equal(value_in_range(NUM(5), &other, NULL), VALUE_EQ_FALSE);
    assert_int_equal(value_in_range(NUM(4), &null_end, NULL), VALUE_EQ_NULL);
    assert_int_equal(value_in_range(NUM(6), &null_end, NULL), VALUE_EQ_FALSE);
}

static void texts_are_as_feel_writes_them(void **state)
{
    (void)state;
    const struct {
        struct value v;
        const char *print, *literal;
    } cases[] = {
        { STR("a\"b"), "a\"b", "\"a\\\"b\"" },
        { LIST(NUM(1), STR("a"), value_null), "[1, \"a\", null]", "[1, \"a\", null]" },
        { context(SLICE("a b"), NUM(1), SLICE("{"), LIST(STR("x"))), "{a b: 1, \"{\": [\"x\"]}",
          "{a b: 1, \"{\": [\"x\"]}" },
        { value_date((struct date){ 2026, 11, 27 }), "2026-11-27", "@\"2026-11-27\"" },
        { range(NUM(1), true, NUM(2), false), "[1..2)", "[1..2)" },
        { LIST(value_months(14)), "[P1Y2M]", "[@\"P1Y2M\"]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = buf_make(0);
        value_print(cases[i].v, &out);
        buf_addc(&out, 0);
        assert_string_equal(out.at, cases[i].print);
        buf_clear(&out);
        value_literal(cases[i].v, &out);
        buf_addc(&out, 0);
        assert_string_equal(out.at, cases[i].literal);
        buf_drop(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(equality_has_three_values, begin, end),
        cmocka_unit_test_setup_teardown(shared_parts_do_not_hang, begin, end),
        cmocka_unit_test_setup_teardown(ranges_hold_what_lies_between, begin, end),
        cmocka_unit_test_setup_teardown(texts_are_as_feel_writes_them, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
