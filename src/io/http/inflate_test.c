#include "io/http/inflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* printf a | gzip -n, and the like */
#define GZIP_A "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x04\x00\x43\xbe\xb7\xe8\x01\x00\x00\x00"
#define GZIP_EMPTY "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define BYTES(lit) { lit, sizeof(lit) - 1 }

static const struct {
    const char *name;
    struct slice in;
    size_t limit;
    enum err_code code;
    const char *out;
} cases[] = {
    { "one", BYTES(GZIP_A), 1, ERR_OK, "a" },
    { "empty member", BYTES(GZIP_EMPTY), 0, ERR_OK, "" },
    { "members", BYTES(GZIP_A GZIP_EMPTY GZIP_A), 2, ERR_OK, "aa" },
    { "members above the limit", BYTES(GZIP_A GZIP_A), 1, ERR_LIMIT, NULL },
    { "nothing", BYTES(""), 9, ERR_INVALID, NULL },
    { "no gzip", BYTES("{\"a\":1}"), 9, ERR_INVALID, NULL },
    { "garbage behind", BYTES(GZIP_A "x"), 9, ERR_INVALID, NULL },
    { "half a member behind", BYTES(GZIP_A "\x1f\x8b\x08"), 9, ERR_INVALID, NULL },
    { "wrong checksum", BYTES("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x04\x00\x44\xbe\xb7\xe8\x01\x00\x00\x00"), 9,
      ERR_INVALID, NULL },
    { "a raw zlib stream", BYTES("\x78\x9c\x4b\x04\x00\x00\x62\x00\x62"), 9, ERR_INVALID, NULL },
};

static void each_case(void **state)
{
    (void)state;
    struct inflater *inflater = inflater_new();
    assert_non_null(inflater);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = buf_make(0);
        struct err e = { 0 };
        enum err_code code = inflater_run(inflater, cases[i].in, cases[i].limit, &out, &e);
        if (code != cases[i].code || (code == ERR_OK && !slice_is(buf_slice(&out), cases[i].out)))
            fail_msg("%s: %s, '%.*s' (%s)", cases[i].name, err_name(code), SLICE_ARG(buf_slice(&out)), e.text);
        buf_drop(&out);
    }
    inflater_drop(&inflater);
    assert_null(inflater);
}

/* Cut anywhere, it is an error and never a shorter body. */
static void each_cut(void **state)
{
    (void)state;
    static const char whole[] = GZIP_A;
    struct inflater *inflater = inflater_new();
    assert_non_null(inflater);
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        struct buf out = buf_make(0);
        assert_int_equal(inflater_run(inflater, (struct slice){ whole, len }, 9, &out, NULL), ERR_INVALID);
        buf_drop(&out);
    }
    inflater_drop(&inflater);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_case), cmocka_unit_test(each_cut) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
