#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/feel/type.h"

#define NUM(n) value_number(number_of(n))

static const struct type number = { .kind = TYPE_NUMBER }, string = { .kind = TYPE_STRING },
                         date_time = { .kind = TYPE_DATE_TIME }, numbers = { .kind = TYPE_LIST, .element = &number };
static const struct type_member a_member[] = { { { "a", 1 }, &string }, { { "b", 1 }, &number } };
static const struct type a_only = { .kind = TYPE_CONTEXT, .member = a_member, .n = 1 },
                         a_and_b = { .kind = TYPE_CONTEXT, .member = a_member, .n = 2 };
/* function<context<a>> -> number, function<context<a, b>> -> Any */
static const struct type_member takes_less[] = { { { NULL, 0 }, &a_only } },
                                takes_more[] = { { { NULL, 0 }, &a_and_b } };
static const struct type wide = { .kind = TYPE_FUNCTION, .member = takes_less, .n = 1, .element = &number },
                         narrow = { .kind = TYPE_FUNCTION, .member = takes_more, .n = 1 };

static bool is_positive(void *arg, struct value v)
{
    (void)arg;
    return v.kind == VALUE_NUMBER && number_sign(v.number) > 0;
}
static const struct type positive = { .kind = TYPE_NUMBER, .allows = is_positive };

static void names_are_those_of_feel(void **state)
{
    (void)state;
    assert_int_equal(type_builtin(SLICE("date and time"))->kind, TYPE_DATE_TIME);
    assert_int_equal(type_builtin(SLICE("Any"))->kind, TYPE_ANY);
    assert_true(type_builtin(SLICE("context"))->open);
    assert_null(type_builtin(SLICE("tLoan")));
}

static void more_conforms_to_less(void **state)
{
    (void)state;
    assert_true(type_conforms(&a_and_b, &a_only));
    assert_false(type_conforms(&a_only, &a_and_b));
    assert_true(type_conforms(&a_only, type_builtin(SLICE("context"))));
    assert_true(type_conforms(&wide, &narrow));
    assert_false(type_conforms(&narrow, &wide));
    assert_true(type_conforms(type_builtin(SLICE("Null")), &number));
    assert_false(type_conforms(NULL, &number));
    assert_true(type_conforms(&number, NULL));
    assert_true(type_conforms(&numbers, type_builtin(SLICE("list"))));
    assert_false(type_conforms(type_builtin(SLICE("list")), &numbers));
}

static void values_have_types(void **state)
{
    (void)state;
    const struct value items[] = { NUM(1), value_null };
    const struct value_list list = { 2, items };
    const struct value v = { .kind = VALUE_LIST, .list = &list };
    assert_true(type_has(&numbers, v));
    assert_false(type_has(&number, value_null));
    assert_true(type_has(NULL, value_null));
    assert_true(type_has(&positive, NUM(1)));
    assert_true(type_has(&positive, NUM(-1)));  // what it allows is asked by type_coerce
    const struct value_entry entry = { SLICE("a"), value_null };
    const struct value_context c = { 1, &entry };
    assert_true(type_has(&a_only, (struct value){ .kind = VALUE_CONTEXT, .context = &c }));
    assert_false(type_has(&a_and_b, (struct value){ .kind = VALUE_CONTEXT, .context = &c }));
}

static void values_are_coerced(void **state)
{
    (void)state;
    struct arena *mem = arena_new(1 << 16);
    const struct value one = NUM(1), word = value_string(SLICE("a"));
    const struct value_list list = { 1, &one }, words = { 1, &word };
    const struct value singleton = { .kind = VALUE_LIST, .list = &list };
    bool ok = false;
    assert_int_equal(type_coerce(&number, singleton, mem, &ok).kind, VALUE_NUMBER);
    assert_int_equal(type_coerce(&numbers, one, mem, &ok).list->n, 1);
    assert_int_equal(type_coerce(&positive, NUM(-1), mem, &ok).kind, VALUE_NULL);
    assert_int_equal(type_coerce(&numbers, word, mem, &ok).kind, VALUE_NULL);
    const struct value word_list = { .kind = VALUE_LIST, .list = &words };
    assert_int_equal(type_coerce(&number, word_list, mem, &ok).kind, VALUE_NULL);
    assert_int_equal(type_coerce(NULL, singleton, mem, &ok).kind, VALUE_LIST);
    struct value v = type_coerce(&date_time, value_date((struct date){ 2020, 2, 29 }), mem, &ok);
    assert_true(ok);
    assert_int_equal(v.date_time->date.day, 29);
    assert_int_equal(v.date_time->time.zone.kind, ZONE_OFFSET);
    arena_drop(&mem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_feel),
        cmocka_unit_test(more_conforms_to_less),
        cmocka_unit_test(values_have_types),
        cmocka_unit_test(values_are_coerced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
