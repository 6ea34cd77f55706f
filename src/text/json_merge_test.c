#include "text/json_merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The first fifteen are the examples of RFC 7396, appendix A. */
static const struct {
    const char *target, *patch, *want;
} cases[] = {
    { "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
    { "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
    { "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
    { "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
    { "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
    { "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
    { "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}" },
    { "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
    { "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
    { "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
    { "{\"a\":\"foo\"}", "null", "null" },
    { "{\"a\":\"foo\"}", "\"bar\"", "\"bar\"" },
    { "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
    { "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
    { "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
    /* digits stay as they were written */
    { "{\"n\":12345678901234567.100,\"m\":1e3}", "{\"k\":0.10}", "{\"n\":12345678901234567.100,\"m\":1e3,\"k\":0.10}" },
    /* keys are equal by what they say, not by how they are written */
    { "{\"caf\\u00e9\":1}", "{\"caf\xc3\xa9\":2}", "{\"caf\xc3\xa9\":2}" },
    /* of twins the last counts, in both */
    { "{\"a\":1,\"a\":2}", "{\"b\":1,\"b\":2}", "{\"a\":2,\"b\":2}" },
    { "{\"a\":1,\"a\":{\"x\":1}}", "{\"a\":{\"y\":2}}", "{\"a\":{\"x\":1,\"y\":2}}" },
    { "1", "{\"a\":[null,{\"b\":null}]}", "{\"a\":[null,{\"b\":null}]}" },
};

static void merges_as_the_rfc_says(void **state)
{
    struct arena *mem = arena_new(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { 0 };
        struct slice got = { 0 };
        if (json_merge(slice_of(cases[i].target), slice_of(cases[i].patch), mem, &got, &e))
            fail_msg("case %zu: %s", i, e.text);
        if (!slice_is(got, cases[i].want))
            fail_msg("case %zu: %.*s, not %s", i, SLICE_ARG(got), cases[i].want);
    }
    arena_drop(&mem);
}

static void refuses_what_is_not_json(void **state)
{
    struct arena *mem = arena_new(1 << 20), *small = arena_new(16);
    struct err e = { 0 };
    struct slice got = { 0 };
    (void)state;
    assert_int_equal(json_merge(SLICE("{"), SLICE("{}"), mem, &got, &e), ERR_INVALID);
    assert_int_equal(json_merge(SLICE("{}"), SLICE(""), mem, &got, &e), ERR_INVALID);
    assert_int_equal(json_merge(SLICE("{\"a\":1}"), SLICE("{\"bcdefghi\":123456}"), small, &got, &e), ERR_LIMIT);
    assert_int_equal(json_merge(SLICE("{\"\\u0041bcdefghijklmnopqrstu\":1}"), SLICE("{}"), small, &got, &e),
                     ERR_LIMIT);
    assert_null(got.at);
    arena_drop(&mem);
    arena_drop(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_as_the_rfc_says),
        cmocka_unit_test(refuses_what_is_not_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
