#include <assert.h>

#include "api/api_room.h"
#include "text/url.h"

const struct route routes[] = {
#define ROUTE(method, pattern, access, handler, summary, query, request, response)                             \
    { HTTP_##method, pattern, ACCESS_##access, handler, #handler, summary, query, request, response },
#include "api/routes.def"
#undef ROUTE
};
const size_t routes_count = sizeof routes / sizeof *routes;

static struct slice segment_next(struct slice *rest)
{
    if (rest->len && rest->at[0] == '/') {
        rest->at++;
        rest->len--;
    }
    size_t n = slice_find(*rest, '/');
    struct slice head = { rest->at, n };
    rest->at += n;
    rest->len -= n;
    return head;
}

/* Whether the path has the pattern's form; raw parameters into param. */
static bool pattern_fits(struct slice pattern, struct slice path, struct slice param[CALL_PARAMS])
{
    size_t n = 0;
    while (pattern.len && path.len) {
        struct slice want = segment_next(&pattern), have = segment_next(&path);
        if (want.len && want.at[0] == '{') {
            assert(n < CALL_PARAMS);
            if (!have.len)
                return false;
            param[n++] = have;
        } else if (!slice_eq(want, have)) {
            return false;
        }
    }
    return !pattern.len && !path.len;
}

static enum err_code params_decode(struct slice param[CALL_PARAMS], struct arena *mem, struct err *e)
{
    for (size_t i = 0; i < CALL_PARAMS && param[i].len; i++)
        TRY(url_decode(param[i], false, mem, &param[i], e));
    return ERR_OK;
}

enum err_code route_find(enum http_method method, struct slice path, struct arena *mem,
                         const struct route **ret, struct slice param[CALL_PARAMS], bool *known,
                         struct err *e)
{
    assert(ret && known);
    enum http_method wanted = method == HTTP_HEAD ? HTTP_GET : method;
    for (size_t i = 0; i < routes_count; i++) {
        struct slice found[CALL_PARAMS] = { 0 };
        if (!pattern_fits(slice_of(routes[i].pattern), path, found))
            continue;
        *known = true;
        if (routes[i].method != wanted)
            continue;
        TRY(params_decode(found, mem, e));
        memcpy(param, found, sizeof found);
        *ret = &routes[i];
        return ERR_OK;
    }
    return err_set(e, ERR_NOT_FOUND, 0, "there is no such path; /openapi.json lists them all");
}
