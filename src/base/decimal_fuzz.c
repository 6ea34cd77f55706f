/* What micro_parse accepts prints as a text that reads as the same amount. */
#include <stdlib.h>

#include "base/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { ERR_OK, 0, "" };
    int64_t micro, again;
    if (micro_parse((struct slice){ (const char *)data, size }, &micro, &e)) {
        if (e.pos > size)
            abort();
        return 0;
    }
    char out[32];
    if (micro_parse(micro_print(micro, out), &again, NULL) || again != micro)
        abort();
    return 0;
}
