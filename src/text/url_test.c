#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/url.h"

#define LIT(s) { "" s, sizeof(s) - 1 }

static struct arena *mem;

static int setup(void **state)
{
    (void)state;
    mem = arena_new(1u << 20);
    return mem ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_drop(&mem);
    return 0;
}

static const struct {
    struct slice text;
    bool plus;
    const char *want;  // NULL: refused
    size_t pos;
} urls[] = {
    { LIT(""), false, "", 0 },
    { LIT("a-b_c.d~e"), false, "a-b_c.d~e", 0 },
    { LIT("a%20b"), false, "a b", 0 },
    { LIT("%41%6a%6A"), false, "Ajj", 0 },
    { LIT("a+b"), false, "a+b", 0 },
    { LIT("a+b%2B"), true, "a b+", 0 },
    { LIT("caf%C3%A9"), false, "caf\xC3\xA9", 0 },
    { LIT("caf\xC3\xA9"), false, "caf\xC3\xA9", 0 },
    { LIT("%"), false, NULL, 0 },
    { LIT("a%4"), false, NULL, 1 },
    { LIT("a%4g"), false, NULL, 1 },
    { LIT("%%41"), false, NULL, 0 },
    { LIT("ab%00"), false, NULL, 2 },
    { LIT("ab\0c"), false, NULL, 2 },
    { LIT("ab%FF"), false, NULL, 2 },
    { LIT("ab%C3"), false, NULL, 2 },
    { LIT("%C0%AF"), false, NULL, 0 },
    { LIT("%ED%A0%80"), false, NULL, 0 },
};

static void decodes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct slice got = { NULL, 0 };
        struct err e = { ERR_OK, 0, "" };
        enum err_code code = url_decode(urls[i].text, urls[i].plus, mem, &got, &e);
        assert_int_equal(code, urls[i].want ? ERR_OK : ERR_INVALID);
        assert_int_equal(e.pos, urls[i].pos);
        assert_true(urls[i].want ? slice_is(got, urls[i].want) : got.at == NULL);
    }
}

static void encodes_all_but_unreserved(void **state)
{
    (void)state;
    struct buf out = buf_make(0);
    url_encode(&out, SLICE("aZ09-._~ /?&=+%\xC3\xA9\n"));
    assert_true(slice_is(buf_slice(&out), "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%A9%0A"));
    buf_drop(&out);
}

static void finds_query_values(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        bool found;
        const char *value;
        enum err_code code;
    } want[] = {
        { "", false, "", ERR_OK },
        { "q=1", true, "1", ERR_OK },
        { "a=1&q=b+c%26&q=2", true, "b c&", ERR_OK },
        { "q", true, "", ERR_OK },
        { "q=", true, "", ERR_OK },
        { "qq=1&aq=2", false, "", ERR_OK },
        { "%71=x=y", true, "x=y", ERR_OK },
        { "&&q=1", true, "1", ERR_OK },
        { "q=%zz", false, "", ERR_INVALID },
        { "%=1&q=1", false, "", ERR_INVALID },
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct slice value = SLICE("");
        bool found = false;
        assert_int_equal(url_query(slice_of(want[i].query), "q", mem, &value, &found, NULL), want[i].code);
        assert_int_equal(found, want[i].found);
        assert_true(slice_is(value, want[i].value));
    }
}

static const struct {
    const char *text;
    struct slice bytes;  // at NULL: refused
} base64s[] = {
    /* RFC 4648, section 10 */
    { "", LIT("") },
    { "Zg==", LIT("f") },
    { "Zm8=", LIT("fo") },
    { "Zm9v", LIT("foo") },
    { "Zm9vYg==", LIT("foob") },
    { "Zm9vYmE=", LIT("fooba") },
    { "Zm9vYmFy", LIT("foobar") },
    { "Zg", LIT("f") },
    { "Zm8", LIT("fo") },
    { "-_-_", LIT("\xFB\xFF\xBF") },
    { "+/+/", LIT("\xFB\xFF\xBF") },
    { "AAA=", LIT("\0\0") },
    { "Z", { NULL, 0 } },
    { "Zm9vY", { NULL, 0 } },
    { "Zg=", { NULL, 0 } },
    { "Zm9v=", { NULL, 0 } },
    { "Zg===", { NULL, 0 } },
    { "Z===", { NULL, 0 } },
    { "====", { NULL, 0 } },
    { "Zh==", { NULL, 0 } },
    { "Zm9=", { NULL, 0 } },
    { "Zm 9", { NULL, 0 } },
    { "Zm9v\n", { NULL, 0 } },
    { "Z=g=", { NULL, 0 } },
    { "Zm9\xC3", { NULL, 0 } },
};

static void reads_base64(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base64s / sizeof *base64s; i++) {
        struct slice got = { NULL, 0 };
        enum err_code code = base64_decode(slice_of(base64s[i].text), mem, &got, NULL);
        if (code != (base64s[i].bytes.at ? ERR_OK : ERR_INVALID) || !slice_eq(got, base64s[i].bytes))
            fail_msg("'%s'", base64s[i].text);
    }
}

static void base64_round_trips(void **state)
{
    (void)state;
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 37 + 11);
    for (size_t n = 0; n <= sizeof bytes; n++) {
        struct buf out = buf_make(0);
        struct slice back;
        base64_encode(&out, (struct slice){ bytes, n });
        assert_int_equal(out.len, (n + 2) / 3 * 4);
        assert_int_equal(base64_decode(buf_slice(&out), mem, &back, NULL), ERR_OK);
        assert_true(slice_eq(back, (struct slice){ bytes, n }));
        buf_drop(&out);
    }
}

static void escapes_html(void **state)
{
    (void)state;
    struct buf out = buf_make(0);
    html_escape(&out, SLICE("<a href=\"x\">Tom & J'y \xC3\xA9</a>"));
    assert_true(slice_is(buf_slice(&out),
                         "&lt;a href=&quot;x&quot;&gt;Tom &amp; J&#39;y \xC3\xA9&lt;/a&gt;"));
    buf_drop(&out);
}

static void says_when_memory_ends(void **state)
{
    (void)state;
    AUTO(arena) small = arena_new(16);
    struct slice got = { NULL, 0 }, text = SLICE("0123456789abcdef01234567");
    bool found = true;
    assert_int_equal(url_decode(text, false, small, &got, NULL), ERR_LIMIT);
    assert_int_equal(base64_decode(text, small, &got, NULL), ERR_LIMIT);
    assert_int_equal(url_query(text, "x", small, &got, &found, NULL), ERR_LIMIT);
    assert_null(got.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes),
        cmocka_unit_test(encodes_all_but_unreserved),
        cmocka_unit_test(finds_query_values),
        cmocka_unit_test(reads_base64),
        cmocka_unit_test(base64_round_trips),
        cmocka_unit_test(escapes_html),
        cmocka_unit_test(says_when_memory_ends),
    };
    return cmocka_run_group_tests_name("url", tests, setup, teardown);
}
