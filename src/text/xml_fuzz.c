/* Any bytes are a tree whose elements lie in the file, in order and in each other, or are refused with a sentence. */
#include <stdlib.h>

#include "text/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* Returns the bytes of all texts. */
static size_t check(const struct xml *x, size_t begin, size_t end, bool entities)
{
    size_t text = 0;
    for (; x; x = x->next) {
        expect(x->name.len > 0 && x->line > 0 && x->column > 0);
        expect(x->begin >= begin && x->begin < x->end && x->end <= end);
        begin = entities ? x->begin : x->end;
        expect(!x->first || x->first->parent == x);
        text += x->text.len + check(x->first, x->begin, x->end, entities);
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *mem = arena_new((size_t)64 << 20);
    struct xml *root;
    struct err e = { 0 };
    expect(mem != NULL);
    enum err_code code = xml_parse((struct slice){ (const char *)data, size }, mem, &root, &e);
    expect(!code || ((code == ERR_INVALID || code == ERR_LIMIT) && e.text[0]));
    /* Inside of an entity expanded at its use every element stands where the use does: not in order, but
     * still in the file and in its parent. */
    bool entities = memmem(data, size, "<!ENTITY", 8) || memmem(data, size, "\0E\0N\0T", 6)
                    || memmem(data, size, "E\0N\0T\0", 6);
    if (!code) {
        size_t text = check(root, 0, size, entities);
        expect(entities || text <= 2 * size);  // ISO-8859-1 grows most: one byte to two
    }
    arena_drop(&mem);
    return 0;
}
