/* Any bytes are a table of offsets in bounds, or refused. */
#include <stdlib.h>

#include "sys/zone_room.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t years[] = { -5000000000000, -3000000000, -1, 0, 1700000000, 1711846800, 4102444800, 32503680000,
                                     31556889864403199 };
    struct zone_table t;
    if (!zone_table_read((struct slice){ (const char *)data, size }, &t))
        return 0;
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        int32_t utc = zone_table_offset(&t, years[i]), local = zone_table_local(&t, years[i]);
        if (utc < -26 * 3600 || utc > 26 * 3600 || local < -26 * 3600 || local > 26 * 3600)
            abort();
    }
    zone_table_clear(&t);
    return 0;
}
