#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum err_code err_set(struct err *e, enum err_code code, size_t pos, const char *fmt, ...)
{
    assert(code != ERR_OK);
    if (!e)
        return code;
    e->code = code;
    e->pos = pos;
    va_list args;
    va_start(args, fmt);
    vsnprintf(e->text, sizeof e->text, fmt, args);
    va_end(args);
    return code;
}

const char *err_name(enum err_code code)
{
    static const char *const names[] = { "ok",     "invalid", "not_found", "conflict", "denied",
                                         "limit", "busy",    "io",        "corrupt" };
    assert((size_t)code < sizeof names / sizeof *names);
    return names[code];
}
