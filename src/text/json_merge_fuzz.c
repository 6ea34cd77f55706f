/* Two texts with a NUL between. What comes out is JSON, and merging the same patch again changes nothing. */
#include <stdlib.h>

#include "text/json.h"
#include "text/json_merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice patch = { (const char *)data, size };
    struct slice target = slice_cut(&patch, 0), once, twice;
    AUTO(arena) mem = arena_new((size_t)64 << 20);
    AUTO(json_parser) parser = json_parser_new();
    struct json root;
    if (!mem || !parser || json_merge(target, patch, mem, &once, NULL))
        return 0;
    if (json_parse(parser, once, &root, NULL))
        abort();
    if (json_merge(once, patch, mem, &twice, NULL) || !slice_eq(once, twice))
        abort();
    return 0;
}
