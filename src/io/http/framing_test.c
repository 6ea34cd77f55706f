#include "io/http/framing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What became of one message: 0 complete, -1 more bytes are needed, else the status it is refused with. */
struct outcome {
    int status;
    size_t used;       // bytes of the message when complete
    char body[256];
    size_t body_len;
    struct framing_head head;
};

/* Feeds `step` bytes at a time, as a socket would. */
static void feed(struct slice in, size_t step, struct outcome *out)
{
    *out = (struct outcome){ .status = -1 };
    struct framing_scan scan = { 0 };
    struct framing_refusal refusal = { 0, NULL };
    size_t head_len = 0;
    enum framing_verdict verdict = FRAMING_MORE;
    for (size_t len = 0; verdict == FRAMING_MORE && len < in.len;) {
        len = len + step < in.len ? len + step : in.len;
        verdict = framing_scan(&scan, in.at, len, &head_len, &refusal);
    }
    if (verdict == FRAMING_MORE)
        return;
    struct framing_body body;
    if (verdict == FRAMING_DONE)
        verdict = framing_parse((struct slice){ in.at, head_len }, &out->head, &refusal);
    if (verdict == FRAMING_DONE)
        verdict = framing_body_begin(&body, &out->head, 100, &refusal);
    size_t at = head_len;
    while (verdict == FRAMING_MORE && at < in.len) {
        size_t len = step < in.len - at ? step : in.len - at, used;
        struct slice data;
        verdict = framing_body(&body, in.at + at, len, &used, &data, &refusal);
        at += used;
        if (verdict != FRAMING_REFUSED && data.len) {
            assert_true(out->body_len + data.len <= sizeof out->body);
            memcpy(out->body + out->body_len, data.at, data.len);
            out->body_len += data.len;
        }
    }
    if (verdict == FRAMING_REFUSED) {
        assert_non_null(refusal.reason);
        assert_true(refusal.status >= 400 && refusal.status <= 599);
    }
    out->used = at;
    out->status = verdict == FRAMING_DONE ? 0 : verdict == FRAMING_MORE ? -1 : refusal.status;
}

#define GET "GET / HTTP/1.1\r\nHost: x\r\n"
#define POST "POST / HTTP/1.1\r\nHost: x\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

#define BYTES(lit) { lit, sizeof(lit) - 1 }  // SLICE is no constant expression

static const struct {
    const char *name;
    struct slice in;
    int status;
    const char *body;
} cases[] = {
    { "plain", BYTES(GET "\r\n"), 0, "" },
    { "empty line before", BYTES("\r\n" GET "\r\n"), 0, "" },
    { "two empty lines before", BYTES("\r\n\r\n" GET "\r\n"), 400, "" },
    { "length", BYTES(POST "Content-Length: 3\r\n\r\nabcGET"), 0, "abc" },
    { "length zero", BYTES(POST "Content-Length: 0\r\n\r\n"), 0, "" },
    { "length cut", BYTES(POST "Content-Length: 4\r\n\r\nabc"), -1, "abc" },
    { "lengths differ", BYTES(POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400, "" },
    { "lengths equal", BYTES(POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), 400, "" },
    { "length and coding", BYTES(POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "" },
    { "coding and length", BYTES(POST "Transfer-Encoding: chunked\r\ncontent-length: 3\r\n\r\n"), 400, "" },
    { "length +7", BYTES(POST "Content-Length: +7\r\n\r\n"), 400, "" },
    { "length 7,3", BYTES(POST "Content-Length: 7,3\r\n\r\n"), 400, "" },
    { "length 3, 3", BYTES(POST "Content-Length: 3, 3\r\n\r\n"), 400, "" },
    { "length -1", BYTES(POST "Content-Length: -1\r\n\r\n"), 400, "" },
    { "length 0x7", BYTES(POST "Content-Length: 0x7\r\n\r\n"), 400, "" },
    { "length empty", BYTES(POST "Content-Length:\r\n\r\n"), 400, "" },
    { "length 7 7", BYTES(POST "Content-Length: 7 7\r\n\r\n"), 400, "" },
    { "length blanks around", BYTES(POST "Content-Length: \t 2 \r\n\r\nab"), 0, "ab" },
    { "length above limit", BYTES(POST "Content-Length: 101\r\n\r\n"), 413, "" },
    { "length 2^64", BYTES(POST "Content-Length: 18446744073709551616\r\n\r\n"), 413, "" },
    { "length 2^64 + 3", BYTES(POST "Content-Length: 18446744073709551619\r\n\r\nabc"), 413, "" },
    { "blank before colon", BYTES(GET "A : b\r\n\r\n"), 400, "" },
    { "length with blank before colon", BYTES(POST "Content-Length : 3\r\n\r\nabc"), 400, "" },
    { "tab before colon", BYTES(GET "A\t: b\r\n\r\n"), 400, "" },
    { "no colon", BYTES(GET "A\r\n\r\n"), 400, "" },
    { "no name", BYTES(GET ": b\r\n\r\n"), 400, "" },
    { "folded", BYTES(GET "A: b\r\n c\r\n\r\n"), 400, "" },
    { "folded by tab", BYTES(GET "A: b\r\n\tc\r\n\r\n"), 400, "" },
    { "folded first line", BYTES("GET / HTTP/1.1\r\n Host: x\r\n\r\n"), 400, "" },
    { "NUL in value", BYTES(GET "A: b\0c\r\n\r\n"), 400, "" },
    { "NUL in name", BYTES(GET "A\0: b\r\n\r\n"), 400, "" },
    { "NUL in target", BYTES("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "bare CR in value", BYTES(GET "A: b\rc\r\n\r\n"), 400, "" },
    { "bare CR before CR LF", BYTES(GET "A: b\r\r\n\r\n"), 400, "" },
    { "bare LF", BYTES(GET "A: b\nC: d\r\n\r\n"), 400, "" },
    { "bare LF everywhere", BYTES("GET / HTTP/1.1\nHost: x\n\n"), 400, "" },
    { "DEL in value", BYTES(GET "A: \x7f\r\n\r\n"), 400, "" },
    { "obs-text in value", BYTES(GET "A: \xc3\xa9\r\n\r\n"), 0, "" },
    { "no Host", BYTES("GET / HTTP/1.1\r\n\r\n"), 400, "" },
    { "two Hosts", BYTES(GET "Host: y\r\n\r\n"), 400, "" },
    { "two equal Hosts", BYTES(GET "host: x\r\n\r\n"), 400, "" },
    { "two Hosts in HTTP/1.0", BYTES("GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n"), 400, "" },
    { "no Host in HTTP/1.0", BYTES("GET / HTTP/1.0\r\n\r\n"), 0, "" },
    { "Host with user", BYTES("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400, "" },
    { "Host with path", BYTES("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400, "" },
    { "Host list", BYTES("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400, "" },
    { "Host port", BYTES("GET / HTTP/1.1\r\nHost: a.b:80\r\n\r\n"), 0, "" },
    { "Host port of letters", BYTES("GET / HTTP/1.1\r\nHost: a.b:http\r\n\r\n"), 400, "" },
    { "Host IPv6", BYTES("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 0, "" },
    { "absolute form", BYTES("GET http://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n"), 0, "" },
    { "absolute form, other host", BYTES("GET http://y/a HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "absolute form, no host", BYTES("GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "other scheme", BYTES("GET ftp://x/a HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "fragment", BYTES("GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "target beyond ASCII", BYTES("GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "no target", BYTES("GET HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "two blanks", BYTES("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "blank in target", BYTES("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "tab for blank", BYTES("GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "blank behind version", BYTES("GET / HTTP/1.1 \r\nHost: x\r\n\r\n"), 400, "" },
    { "HTTP/0.9", BYTES("GET /\r\n\r\n"), 400, "" },
    { "HTTP/2.0", BYTES("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505, "" },
    { "HTTP/2 preface", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, "" },
    { "http/1.1", BYTES("GET / http/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "HTTP/1.10", BYTES("GET / HTTP/1.10\r\nHost: x\r\n\r\n"), 400, "" },
    { "get", BYTES("get / HTTP/1.1\r\nHost: x\r\n\r\n"), 501, "" },
    { "TRACE", BYTES("TRACE / HTTP/1.1\r\nHost: x\r\n\r\n"), 405, "" },
    { "CONNECT", BYTES("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n"), 405, "" },
    { "OPTIONS *", BYTES("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), 0, "" },
    { "GET *", BYTES("GET * HTTP/1.1\r\nHost: x\r\n\r\n"), 400, "" },
    { "TLS hello", BYTES("\x16\x03\x01\x02"), 400, "" },
    { "Expect", BYTES(POST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\na"), 0, "a" },
    { "Expect something else", BYTES(POST "Expect: cake\r\n\r\n"), 417, "" },
    { "Upgrade is ignored", BYTES(GET "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), 0, "" },
    { "chunked", BYTES(CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET"), 0, "abcde" },
    { "chunked empty", BYTES(CHUNKED "0\r\n\r\n"), 0, "" },
    { "chunk size upper and lower case", BYTES(CHUNKED "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"), 0,
      "01234567890123456789" },
    { "chunk size 0x7", BYTES(CHUNKED "0x7\r\nabcdefg\r\n0\r\n\r\n"), 400, "" },
    { "chunk size +3", BYTES(CHUNKED "+3\r\nabc\r\n0\r\n\r\n"), 400, "" },
    { "chunk size -1", BYTES(CHUNKED "-1\r\n"), 400, "" },
    { "chunk size empty", BYTES(CHUNKED "\r\nabc\r\n0\r\n\r\n"), 400, "" },
    { "chunk size after blank", BYTES(CHUNKED " 3\r\nabc\r\n0\r\n\r\n"), 400, "" },
    { "chunk size 2^64", BYTES(CHUNKED "10000000000000000\r\n"), 413, "" },
    { "chunk size 2^64 - 1", BYTES(CHUNKED "ffffffffffffffff\r\n"), 413, "" },
    { "chunk size by 17 zeros", BYTES(CHUNKED "00000000000000003\r\nabc\r\n0\r\n\r\n"), 413, "" },
    { "chunks above limit", BYTES(CHUNKED "3\r\nabc\r\n62\r\n"), 413, "abc" },
    { "chunk extensions", BYTES(CHUNKED "3;a=b;c=\"d\"\r\nabc\r\n0;e\r\n\r\n"), 0, "abc" },
    { "chunk extension after blank", BYTES(CHUNKED "3 ;a\r\nabc\r\n0\r\n\r\n"), 0, "abc" },
    { "chunk blank without extension", BYTES(CHUNKED "3 \r\nabc\r\n0\r\n\r\n"), 400, "" },
    { "chunk extension with LF", BYTES(CHUNKED "3;a\nabc\r\n0\r\n\r\n"), 400, "" },
    { "chunk size ends with LF", BYTES(CHUNKED "3\nabc\r\n0\r\n\r\n"), 400, "" },
    { "chunk ends with LF", BYTES(CHUNKED "3\r\nabc\n0\r\n\r\n"), 400, "abc" },
    { "chunk longer than its size", BYTES(CHUNKED "3\r\nabcd\r\n0\r\n\r\n"), 400, "abc" },
    { "missing last chunk", BYTES(CHUNKED "3\r\nabc\r\n"), -1, "abc" },
    { "missing last line", BYTES(CHUNKED "3\r\nabc\r\n0\r\n"), -1, "abc" },
    { "trailer", BYTES(CHUNKED "0\r\nA: b\r\nC: d\r\n\r\n"), 0, "" },
    { "trailer with blank before colon", BYTES(CHUNKED "0\r\nA : b\r\n\r\n"), 400, "" },
    { "trailer folded", BYTES(CHUNKED "0\r\nA: b\r\n c\r\n\r\n"), 400, "" },
    { "trailer with bare LF", BYTES(CHUNKED "0\r\nA: b\n\r\n"), 400, "" },
    { "trailer with NUL", BYTES(CHUNKED "0\r\nA: \0\r\n\r\n"), 400, "" },
    { "coding twice", BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "" },
    { "gzip, chunked", BYTES(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501, "" },
    { "identity", BYTES(POST "Transfer-Encoding: identity\r\n\r\n"), 501, "" },
    { "xchunked", BYTES(POST "Transfer-Encoding: xchunked\r\n\r\n"), 501, "" },
    { "coding empty", BYTES(POST "Transfer-Encoding:\r\n\r\n"), 501, "" },
    { "Chunked in capitals", BYTES(POST "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n"), 0, "" },
    { "chunked in HTTP/1.0", BYTES("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "" },
};

static void each_case(void **state)
{
    (void)state;
    struct outcome *out = malloc(sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t step = 1; step <= 4096; step *= 4) {
            feed(cases[i].in, step, out);
            bool body_right = out->body_len == strlen(cases[i].body) &&
                              memcmp(out->body, cases[i].body, out->body_len) == 0;
            if (out->status != cases[i].status || !body_right)
                fail_msg("%s, by %zu bytes: %d, body '%.*s'; wanted %d, '%s'", cases[i].name, step,
                         out->status, (int)out->body_len, out->body, cases[i].status, cases[i].body);
        }
    free(out);
}

static void head_is_read(void **state)
{
    (void)state;
    static const char in[] = "PATCH http://Shop.example:80/a/b?c=d?e HTTP/1.1\r\n"
                             "hOsT: shop.example:80\r\nA:  one \t\r\nB:\r\na: two\r\n"
                             "Connection: keep-alive, Close\r\n\r\n";
    struct outcome *out = malloc(sizeof *out);
    assert_non_null(out);
    feed(slice_of(in), 7, out);
    assert_int_equal(out->status, 0);
    assert_int_equal(out->head.method, HTTP_PATCH);
    assert_true(slice_is(out->head.path, "/a/b"));
    assert_true(slice_is(out->head.query, "c=d?e"));
    assert_false(out->head.keep_alive);
    assert_int_equal(out->head.fields_n, 5);
    assert_true(slice_is(framing_find(&out->head, SLICE("A"))->value, "one"));
    assert_true(slice_is(framing_find(&out->head, SLICE("b"))->value, ""));
    assert_null(framing_find(&out->head, SLICE("c")));
    free(out);
}

static void keep_alive_by_version(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        bool keep;
    } of[] = {
        { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", true },
        { "GET / HTTP/1.0\r\n\r\n", false },
        { "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
        { "GET / HTTP/1.1\r\nHost: x\r\nConnection: x\r\nConnection: close\r\n\r\n", false },
    };
    struct outcome *out = malloc(sizeof *out);
    assert_non_null(out);
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        feed(slice_of(of[i].in), 100, out);
        assert_int_equal(out->status, 0);
        assert_int_equal(out->head.keep_alive, of[i].keep);
    }
    free(out);
}

/* What follows a message must be left for the next one, to the byte. */
static void boundaries_of_pipelined_requests(void **state)
{
    (void)state;
    static const char in[] = CHUNKED "3;x\r\nabc\r\n0\r\nT: u\r\n\r\n"
                             POST "Content-Length: 5\r\n\r\nGET /" GET "\r\n"
                             "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n";
    static const int want[] = { 0, 0, 0, 400 };
    struct outcome *out = malloc(sizeof *out);
    assert_non_null(out);
    struct slice rest = slice_of(in);
    for (size_t i = 0; i < 4; i++) {
        feed(rest, 3, out);
        assert_int_equal(out->status, want[i]);
        rest = (struct slice){ rest.at + out->used, rest.len - out->used };
    }
    free(out);
}

static int status_of_padded(const char *before, size_t pad, const char *line, size_t lines,
                            const char *after)
{
    struct buf in = buf_make(0);
    buf_adds(&in, before);
    for (size_t i = 0; i < pad; i++)
        buf_addc(&in, 'a');
    for (size_t i = 0; i < lines; i++)
        buf_adds(&in, line);
    buf_adds(&in, after);
    struct outcome *out = malloc(sizeof *out);
    assert_non_null(out);
    feed(buf_slice(&in), 512, out);
    int status = out->status;
    free(out);
    buf_drop(&in);
    return status;
}

static void limits(void **state)
{
    (void)state;
    assert_int_equal(status_of_padded(GET "A: ", 16000, "", 0, "\r\n\r\n"), 0);
    assert_int_equal(status_of_padded(GET "A: ", 100000, "", 0, "\r\n\r\n"), 431);
    assert_int_equal(status_of_padded(GET "A: ", 100000, "", 0, ""), 431);
    assert_int_equal(status_of_padded("GET /", 8000, "", 0, " HTTP/1.1\r\nHost: x\r\n\r\n"), 0);
    assert_int_equal(status_of_padded("GET /", 9000, "", 0, " HTTP/1.1\r\nHost: x\r\n\r\n"), 414);
    assert_int_equal(status_of_padded("GET /", 9000, "", 0, ""), 414);
    assert_int_equal(status_of_padded(GET, 0, "A: b\r\n", 99, "\r\n"), 0);
    assert_int_equal(status_of_padded(GET, 0, "A: b\r\n", 100, "\r\n"), 431);
    assert_int_equal(status_of_padded(GET, 0, "A: b\r\n", 10000, "\r\n"), 431);
    assert_int_equal(status_of_padded(CHUNKED "1;", 200, "", 0, "\r\na\r\n0\r\n\r\n"), 0);
    assert_int_equal(status_of_padded(CHUNKED "1;", 300, "", 0, "\r\na\r\n0\r\n\r\n"), 400);
    assert_int_equal(status_of_padded(CHUNKED "0\r\nA: ", 10000, "", 0, "\r\n\r\n"), 0);
    assert_int_equal(status_of_padded(CHUNKED "0\r\nA: ", 20000, "", 0, "\r\n\r\n"), 431);
    assert_int_equal(status_of_padded(CHUNKED "0\r\n", 0, "A: b\r\n", 10000, "\r\n"), 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case),
        cmocka_unit_test(head_is_read),
        cmocka_unit_test(keep_alive_by_version),
        cmocka_unit_test(boundaries_of_pipelined_requests),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
