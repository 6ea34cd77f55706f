/* Whatever parses is worked out, or meets a limit; what is null has no other effect. The result prints as text that
 * reads again, and as JSON. */
#include <stdlib.h>

#include "engine/feel/eval.h"
#include "engine/feel/parse.h"
#include "engine/feel/value_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void check_value(struct value v)
{
    struct buf out = buf_make((size_t)4 << 20);  // lists of lists that share their items print as much as they are let
    struct json_w w = json_w(&out);
    value_print(v, &out);
    value_literal(v, &out);
    buf_clear(&out);
    value_to_json(v, &w);
    buf_drop(&out);
    expect(value_same(v, v) || v.kind == VALUE_LIST || v.kind == VALUE_CONTEXT || v.kind == VALUE_RANGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice names[] = { { "a", 1 }, { "big list", 8 } };
    const struct parse_options options = { names, 2 };
    struct arena *mem = arena_new((size_t)32 << 20);
    struct node *node;
    struct diag flaw;
    struct err e = { 0 };
    expect(mem != NULL);
    if (feel_parse((struct slice){ (const char *)data, size }, &options, mem, &node, &flaw, &e) == ERR_OK) {
        struct value_entry entry[] = { { names[0], value_number(number_of(7)) }, { names[1], value_null } };
        const struct feel_scope scope = { .n = 2, .entry = entry };
        struct eval eval;
        struct value v;
        eval_init(&eval, mem, NULL, 1700000000000, &e);
        eval.steps = 200000;
        enum err_code code = feel_eval(&eval, node, &scope, &v);
        expect(code == ERR_OK || (code == ERR_LIMIT && e.text[0]));
        if (!code)
            check_value(v);
    }
    arena_drop(&mem);
    return 0;
}
