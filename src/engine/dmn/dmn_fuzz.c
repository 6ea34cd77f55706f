/* Any bytes load or are refused with a sentence; every decision of what loads answers or meets a limit. */
#include <stdlib.h>

#include "engine/dmn/dmn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void decide_all(const struct dmn *dmn, struct arena *scratch)
{
    static const struct value_context nothing = { 0 };
    const struct dmn_element *element;
    for (size_t i = 0; (element = dmn_element(dmn, i)); i++) {
        struct eval eval;
        struct err e;
        struct value v;
        arena_reset(scratch);
        eval_init(&eval, scratch, NULL, 0, &e);
        eval.steps = 100000;
        if (element->kind == DMN_DECISION)
            expect(!dmn_decide(dmn, element, &nothing, &eval, &v) || eval.failed);
        else if (element->kind != DMN_INPUT)
            expect(!dmn_invoke(dmn, element, &nothing, &eval, &v) || eval.failed);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dmn_options options = { 0 };
    struct arena *mem = arena_new((size_t)64 << 20), *scratch = arena_new((size_t)16 << 20);
    struct dmn *dmn;
    const struct dmn_diag *diags;
    struct err e = { 0 };
    expect(mem && scratch);
    enum err_code code = dmn_load((struct slice){ (const char *)data, size }, &options, mem, &dmn, &diags, &e);
    expect(code == ERR_OK || ((code == ERR_INVALID || code == ERR_LIMIT) && e.text[0]));
    if (!code) {
        for (; diags; diags = diags->next)
            expect(diags->flaw.text[0] && diags->line > 0);
        decide_all(dmn, scratch);
        code = dmn_probe(dmn, NULL, 0, mem, &diags, &e);
        expect(code == ERR_OK || (code == ERR_LIMIT && e.text[0]));
        for (; !code && diags; diags = diags->next)
            expect(diags->flaw.text[0] && diags->line > 0);
    }
    arena_drop(&scratch);
    arena_drop(&mem);
    return 0;
}
