/* Reads any bytes as an expression and as unary tests; what parses is printed, parses again and prints the same. */
#include <stdlib.h>

#include "engine/feel/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum err_code (*parser)(struct slice, const struct parse_options *, struct arena *, struct node **,
                                struct diag *, struct err *);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* No node deeper than its height says, no kid missing. */
static void walk(const struct node *node, unsigned room)
{
    require(node && node->kind < NODE_KINDS && node->height <= room);
    for (uint32_t i = 0; i < node->n; i++)
        walk(node->kid[i], node->height - 1u);
}

static void reread(parser parse, const struct parse_options *options, struct slice text)
{
    struct arena *mem = arena_new((size_t)64 << 20);
    struct node *node = NULL, *again = NULL;
    struct diag flaw = { SIZE_MAX, "" };
    require(mem != NULL);
    enum err_code code = parse(text, options, mem, &node, &flaw, NULL);
    if (code) {
        require(code == ERR_INVALID && !node && flaw.at <= text.len && flaw.text[0]);
        arena_drop(&mem);
        return;
    }
    walk(node, FEEL_DEPTH_MAX);
    struct buf first = buf_make(0), second = buf_make(0);
    node_print(node, &first);
    require(!first.failed);
    /* Printing adds blanks, brackets and escapes: what was just inside of the limits may be outside then. */
    code = parse(buf_slice(&first), options, mem, &again, &flaw, NULL);
    require(!code || first.len > FEEL_TEXT_MAX || strstr(flaw.text, "levels") || strstr(flaw.text, "parts"));
    if (!code) {
        node_print(again, &second);
        require(slice_eq(buf_slice(&first), buf_slice(&second)));
    }
    buf_drop(&first);
    buf_drop(&second);
    arena_drop(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice names[] = {
        { "a", 1 }, { "b", 1 }, { "a-b", 3 }, { "a - b", 5 }, { "x.y", 3 }, { "a in b", 6 }, { "days in weekend", 15 },
        { "Pre-bureau risk", 15 }, { "a then", 6 }, { "b..a", 4 }, { "if a", 4 }, { "a(b", 3 }, { "a/*b", 4 },
    };
    struct parse_options options = { names, sizeof names / sizeof *names };
    struct slice text = { (const char *)data, size };
    reread(feel_parse, &options, text);
    reread(feel_parse_tests, &options, text);
    struct arena *mem = arena_new((size_t)64 << 20);
    struct type_node *type = NULL;
    struct diag flaw = { SIZE_MAX, "" };
    require(mem != NULL);
    enum err_code code = feel_parse_type(text, mem, &type, &flaw, NULL);
    require(code ? code == ERR_INVALID && flaw.text[0] : type && type->name.len + 1 > 0);
    arena_drop(&mem);
    return 0;
}
