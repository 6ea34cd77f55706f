#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/limits.h"
#include "text/csv.h"

#define LIT(s) { "" s, sizeof(s) - 1 }

struct bytes {
    struct slice rest;
    size_t chunk;  // at most so many bytes at once
    bool broken;   // fails instead of ending
};

static enum err_code source(void *arg, char *out, size_t cap, size_t *n, struct err *e)
{
    struct bytes *b = arg;
    size_t some = b->rest.len < b->chunk ? b->rest.len : b->chunk;
    if (!some && b->broken)
        return err_set(e, ERR_IO, 0, "the disk is gone");
    *n = some < cap ? some : cap;
    if (*n)
        memcpy(out, b->rest.at, *n);
    b->rest = (struct slice){ b->rest.at + *n, b->rest.len - *n };
    return ERR_OK;
}

/* All records as "line:field|field;" and errors as "!line:byte;". */
static void read_all(struct slice text, size_t chunk, struct buf *out)
{
    struct bytes b = { text, chunk, false };
    AUTO(csv) csv = NULL;
    assert_int_equal(csv_new(source, &b, ',', &csv, NULL), ERR_OK);
    for (;;) {
        struct csv_record record;
        bool more = true;
        struct err e = { ERR_OK, 0, "" };
        enum err_code code = csv_next(csv, &record, &more, &e);
        if (code) {
            int line = 0, byte = 0;
            assert_int_equal(code, ERR_INVALID);
            assert_int_equal(sscanf(e.text, "line %d, byte %d", &line, &byte), 2);
            assert_int_equal(line, e.pos);
            buf_printf(out, "!%d:%d;", line, byte);
            continue;
        }
        if (!more)
            return;
        buf_printf(out, "%lld:", (long long)record.line);
        for (size_t i = 0; i < record.fields; i++)
            buf_printf(out, "%s%.*s", i ? "|" : "", SLICE_ARG(record.field[i]));
        buf_addc(out, ';');
    }
}

static const struct {
    struct slice text;
    const char *want;
} cases[] = {
    { LIT(""), "" },
    { LIT("\n"), "" },
    { LIT("\r\n\r\n"), "" },
    { LIT("\xEF\xBB\xBF"), "" },
    { LIT("a"), "1:a;" },
    { LIT("a,b\nc,d\n"), "1:a|b;2:c|d;" },
    { LIT("a,b\r\nc,d\r\n"), "1:a|b;2:c|d;" },
    { LIT("a,b\r\nc,d"), "1:a|b;2:c|d;" },
    { LIT("a,b\r"), "1:a|b;" },
    { LIT("\xEF\xBB\xBF" "a,b\n1,2\n"), "1:a|b;2:1|2;" },
    { LIT("\xEF\xBB\xBF\"a\",b\n"), "1:a|b;" },
    { LIT(",\n,,\n"), "1:|;2:||;" },
    { LIT("a\n\n\nb\n"), "1:a;4:b;" },
    { LIT("a,\n"), "1:a|;" },
    { LIT(" a , b \n"), "1: a | b ;" },
    { LIT("a\rb,c\n"), "1:a\rb|c;" },
    { LIT("\"a\",\"b\"\n\"c\"\n"), "1:a|b;2:c;" },
    { LIT("\"a\",\"b\"\r\n\"c\"\r\n"), "1:a|b;2:c;" },
    { LIT("\"\""), "1:;" },
    { LIT("\"\"\n\"\",\"\""), "1:;2:|;" },
    { LIT("\"\"\"\"\n"), "1:\";" },
    { LIT("\"a \"\"b\"\" c\",d\n"), "1:a \"b\" c|d;" },
    { LIT("\"\"\"a\",\"b\"\"\",\"c\"\"d\"\"\"\"e\"\n"), "1:\"a|b\"|c\"d\"\"e;" },
    { LIT("a,\"b,c\",d\n"), "1:a|b,c|d;" },
    { LIT("a,\"1\n2\r\n3\",b\nc\n"), "1:a|1\n2\r\n3|b;4:c;" },
    { LIT("a,\"b\r\"\n"), "1:a|b\r;" },
    { LIT("\"a\","), "1:a|;" },
    { LIT(",\"a\""), "1:|a;" },
    { LIT("\"a\",b\r\nc\r\n"), "1:a|b;2:c;" },
    { LIT("\"\n\n\"\nx\n"), "1:\n\n;4:x;" },
    /* flaws: the reader goes on with the line behind */
    { LIT("a\"b,c\nd\n"), "!1:2;2:d;" },
    { LIT("x\na,b\"\nd\n"), "1:x;!2:4;3:d;" },
    { LIT("\"a\"b,c\nd\n"), "!1:4;2:d;" },
    { LIT("\"a\" ,c\nd\n"), "!1:4;2:d;" },
    { LIT("\"a\"\rb\nd\n"), "!1:4;2:d;" },
    { LIT("\"a\nb\"c\nd\n"), "!2:3;3:d;" },
    { LIT("1\na,\"b\nc\nd"), "1:1;!2:3;3:c;4:d;" },
    { LIT("\""), "!1:1;" },
    { LIT("\"\"\""), "!1:1;" },
    { LIT("a,\"\"\""), "!1:3;" },
};

static void reads_in_chunks_of_any_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t chunk = 1; chunk < 20; chunk += 6) {
            struct buf out = buf_make(0);
            read_all(cases[i].text, chunk, &out);
            if (!slice_is(buf_slice(&out), cases[i].want))
                fail_msg("'%.*s': %.*s, want %s", SLICE_ARG(cases[i].text), SLICE_ARG(buf_slice(&out)),
                         cases[i].want);
            buf_drop(&out);
        }
}

static void record_knows_its_place(void **state)
{
    (void)state;
    struct bytes b = { SLICE("a;b\r\n\"c\n\"\"d\"\"\";e\r\nf;g\n"), SIZE_MAX, false };
    static const struct {
        const char *raw;
        int64_t line, next_line;
    } want[] = { { "a;b", 1, 2 }, { "\"c\n\"\"d\"\"\";e", 2, 4 }, { "f;g", 4, 5 } };
    AUTO(csv) csv = NULL;
    assert_int_equal(csv_new(source, &b, ';', &csv, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct csv_record record;
        bool more = false;
        assert_int_equal(csv_next(csv, &record, &more, NULL), ERR_OK);
        assert_true(more && slice_is(record.raw, want[i].raw));
        assert_int_equal(record.fields, 2);
        assert_int_equal(record.line, want[i].line);
        assert_int_equal(record.next_line, want[i].next_line);
    }
}

/* `bytes` of 'x' in a field with or without quotes, then a sound line. */
static void long_field(size_t bytes, bool quoted, bool closed, const char *want_last)
{
    struct buf in = buf_make(0), out = buf_make(0);
    buf_adds(&in, quoted ? "\"" : "");
    for (size_t i = 0; i < bytes; i++)
        buf_addc(&in, 'x');
    buf_adds(&in, quoted && closed ? "\"\nok,1\n" : "\nok,1\n");
    read_all(buf_slice(&in), 100000, &out);
    struct slice got = buf_slice(&out);
    bool taken = got.len > bytes;
    assert_int_equal(taken, closed && bytes < LIMIT_CSV_RECORD - 2);
    if (!slice_ends(got, slice_of(want_last)))
        fail_msg("ends with %.*s", 40, got.at + (got.len > 40 ? got.len - 40 : 0));
    buf_drop(&in);
    buf_drop(&out);
}

static void limits_records(void **state)
{
    (void)state;
    long_field(300000, false, true, "x;2:ok|1;");
    long_field(300000, true, true, "x;2:ok|1;");
    long_field(LIMIT_CSV_RECORD - 3, true, true, "x;2:ok|1;");
    long_field(LIMIT_CSV_RECORD + 1, true, true, "!1:1;2:ok|1;");
    long_field(LIMIT_CSV_RECORD + 1, false, true, "!1:1;2:ok|1;");
    long_field(5u << 20, false, true, "!1:1;2:ok|1;");
    long_field(5u << 20, true, false, "!1:1;2:ok|1;");
    long_field(100, true, false, "!1:1;2:ok|1;");
}

static void limits_fields(void **state)
{
    (void)state;
    for (int quoted = 0; quoted < 2; quoted++) {
        struct buf in = buf_make(0), out = buf_make(0);
        for (size_t n = LIMIT_CSV_FIELDS; n <= LIMIT_CSV_FIELDS + 1; n++) {
            buf_adds(&in, quoted ? "\"y\"" : "y");
            for (size_t i = 1; i < n; i++)
                buf_adds(&in, ",");
            buf_addc(&in, '\n');
        }
        buf_adds(&in, "z\n");
        read_all(buf_slice(&in), 4096, &out);
        assert_true(slice_starts(buf_slice(&out), SLICE("1:y||")));
        const char *end = quoted ? "|;!2:1028;3:z;" : "|;!2:1026;3:z;";
        assert_true(slice_ends(buf_slice(&out), slice_of(end)));
        buf_drop(&in);
        buf_drop(&out);
    }
}

/* Many records over many refills: fields with and without quotes come out as they went in. */
static void round_trips_over_refills(void **state)
{
    (void)state;
    static const char *const values[] = { "plain", "with \"quotes\"", "two\nlines", "a,b", "", "caf\xC3\xA9" };
    struct buf in = buf_make(0);
    for (size_t i = 0; i < 60000; i++) {
        buf_printf(&in, "%zu,", i);
        csv_write(&in, slice_of(values[i % 6]));
        buf_adds(&in, i % 2 ? "\r\n" : "\n");
    }
    assert_true(in.len > 3 * (256u << 10));
    struct bytes b = { buf_slice(&in), 4099, false };
    AUTO(csv) csv = NULL;
    assert_int_equal(csv_new(source, &b, ',', &csv, NULL), ERR_OK);
    struct csv_record record;
    bool more = true;
    for (size_t i = 0; i < 60000; i++) {
        int64_t id = -1;
        assert_int_equal(csv_next(csv, &record, &more, NULL), ERR_OK);
        assert_true(more && record.fields == 2);
        assert_true(slice_i64(record.field[0], &id) && id == (int64_t)i);
        assert_true(slice_is(record.field[1], values[i % 6]));
    }
    assert_int_equal(csv_next(csv, &record, &more, NULL), ERR_OK);
    assert_false(more);
    buf_drop(&in);
}

static void source_errors_pass_through(void **state)
{
    (void)state;
    struct bytes b = { SLICE("a,b\nc"), SIZE_MAX, true };
    AUTO(csv) csv = NULL;
    struct csv_record record;
    bool more = true;
    struct err e = { ERR_OK, 0, "" };
    assert_int_equal(csv_new(source, &b, ',', &csv, NULL), ERR_OK);
    assert_int_equal(csv_next(csv, &record, &more, &e), ERR_IO);
    assert_string_equal(e.text, "the disk is gone");
}

static void writes_fields(void **state)
{
    (void)state;
    static const struct {
        struct slice field;
        const char *plain, *safe;
    } want[] = {
        { LIT(""), "", "" },
        { LIT("a b"), "a b", "a b" },
        { LIT("a,b"), "\"a,b\"", "\"a,b\"" },
        { LIT("a;b"), "\"a;b\"", "\"a;b\"" },
        { LIT("a\"b\""), "\"a\"\"b\"\"\"", "\"a\"\"b\"\"\"" },
        { LIT("a\r"), "\"a\r\"", "\"a\r\"" },
        { LIT("=1+1"), "=1+1", "'=1+1" },
        { LIT("@SUM(\"A1\")"), "\"@SUM(\"\"A1\"\")\"", "\"'@SUM(\"\"A1\"\")\"" },
        { LIT("-cmd"), "-cmd", "'-cmd" },
        { LIT("+x"), "+x", "'+x" },
        { LIT("\tx"), "\"\tx\"", "\"'\tx\"" },
        { LIT("-12.5"), "-12.5", "-12.5" },
        { LIT("+34600111222"), "+34600111222", "+34600111222" },
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct buf plain = buf_make(0), safe = buf_make(0);
        csv_write(&plain, want[i].field);
        csv_write_safe(&safe, want[i].field);
        assert_true(slice_is(buf_slice(&plain), want[i].plain));
        assert_true(slice_is(buf_slice(&safe), want[i].safe));
        buf_drop(&plain);
        buf_drop(&safe);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_in_chunks_of_any_size), cmocka_unit_test(record_knows_its_place),
        cmocka_unit_test(limits_records),              cmocka_unit_test(limits_fields),
        cmocka_unit_test(round_trips_over_refills),    cmocka_unit_test(source_errors_pass_through),
        cmocka_unit_test(writes_fields),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
