/* What time_parse accepts prints as a text that reads as the same instant. */
#include <stdlib.h>

#include "text/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = { (const char *)data, size };
    struct err e = { ERR_OK, 0, "" };
    int64_t ms, again;
    if (time_parse(text, &ms, &e)) {
        if (e.pos > size)
            abort();
        return 0;
    }
    char out[TIME_TEXT_MAX];
    if (time_parse(time_print(ms, out), &again, NULL) || again != ms)
        abort();
    return 0;
}
