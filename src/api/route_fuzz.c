/* Paths and queries as strangers may send them: routes are found or refused, parameters decode or fail. */
#include <assert.h>
#include <stdlib.h>

#include "api/api_room.h"
#include "base/utf8.h"
#include "text/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice query = { (const char *)data, size }, path;
    if (size < 1)
        return 0;
    enum http_method method = (enum http_method)(data[0] % 7);
    query.at++;
    query.len--;
    path = slice_cut(&query, '?');
    AUTO(arena) mem = arena_new(1 << 20);
    struct err e;
    const struct route *route = NULL;
    struct slice param[CALL_PARAMS] = { 0 };
    bool known = false, found;
    enum err_code code = route_find(method, path, mem, &route, param, &known, &e);
    if (code == ERR_OK) {
        assert(route && known);
        for (size_t i = 0; i < CALL_PARAMS; i++)
            if (!utf8_valid(param[i]) || (param[i].len && memchr(param[i].at, 0, param[i].len)))
                abort();
    }
    struct slice value;
    if (url_query(query, "after", mem, &value, &found, &e) == ERR_OK && found && !utf8_valid(value))
        abort();
    return 0;
}
