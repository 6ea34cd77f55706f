/* The fast reading and the plain one agree on every text, and print(parse(s)) is stable. */
#include <stdlib.h>

#include "text/json.h"
#include "text/json_flaw.h"

#define MEMORY ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void print(struct json v, struct buf *out)
{
    struct arena *mem = arena_new(MEMORY);
    require(mem);
    struct json_w w = json_w(out);
    json_w_value(&w, v, mem);
    require(!out->failed);
    arena_drop(&mem);
}

static void ask(struct json v)
{
    int64_t whole;
    double real;
    bool truth;
    require(json_i64(v, &whole) <= json_is(v, JSON_NUMBER));
    require(json_double(v, &real) == json_is(v, JSON_NUMBER));
    require(json_bool(v, &truth) == json_is(v, JSON_BOOL));
    size_t n = 0;
    for (struct json_iter it = json_iter(v); json_next(&it); n++)
        ask(it.value);
    require(n == json_count(v));
    require(json_is(v, JSON_OBJECT) || json_is(json_get(v, "a"), JSON_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_parser *parser;
    if (!parser)
        parser = json_parser_new();
    require(parser);
    struct slice text = { (const char *)data, size };
    struct err e = { ERR_OK, 0, "" };
    struct json root;
    enum err_code code = json_parse(parser, text, &root, &e);
    require(code == json_flaw(text, NULL));
    require(code == ERR_OK || e.pos <= size);
    if (code)
        return 0;
    ask(root);
    struct buf once = buf_make(0), twice = buf_make(0);
    print(root, &once);
    require(json_parse(parser, buf_slice(&once), &root, NULL) == ERR_OK);
    print(root, &twice);
    require(slice_eq(buf_slice(&once), buf_slice(&twice)));
    buf_drop(&once);
    buf_drop(&twice);
    return 0;
}
