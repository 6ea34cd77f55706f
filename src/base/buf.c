#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_LIMIT_DEFAULT ((size_t)64 << 20)
#define PRINTF_USUAL 128  // most texts fit at the first try

struct buf buf_make(size_t limit_bytes)
{
    return (struct buf){ .limit = limit_bytes ? limit_bytes : BUF_LIMIT_DEFAULT };
}

void buf_drop(struct buf *b)
{
    assert(b);
    free(b->at);
    *b = (struct buf){ .limit = b->limit };
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

bool buf_reserve(struct buf *b, size_t more)
{
    assert(b);
    size_t limit = b->limit ? b->limit : BUF_LIMIT_DEFAULT;
    if (b->failed || more > limit - b->len) {
        b->failed = true;
        return false;
    }
    if (b->cap - b->len >= more)
        return true;
    size_t cap = b->cap ? b->cap : 256;
    while (cap - b->len < more)
        cap *= 2;
    char *at = realloc(b->at, cap);
    if (!at) {
        b->failed = true;
        return false;
    }
    b->at = at;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, struct slice s)
{
    if (!s.len || !buf_reserve(b, s.len))
        return;
    memcpy(b->at + b->len, s.at, s.len);
    b->len += s.len;
}

void buf_addc(struct buf *b, char c)
{
    if (!buf_reserve(b, 1))
        return;
    b->at[b->len++] = c;
}

void buf_adds(struct buf *b, const char *text)
{
    buf_add(b, slice_of(text));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    size_t room = buf_reserve(b, PRINTF_USUAL) ? b->cap - b->len : 0;
    int n = room ? vsnprintf(b->at + b->len, room, fmt, args) : -1;
    va_end(args);
    if (n >= 0 && (size_t)n >= room && buf_reserve(b, (size_t)n + 1))
        vsnprintf(b->at + b->len, (size_t)n + 1, fmt, again);
    if (n >= 0 && !b->failed)
        b->len += (size_t)n;
    va_end(again);
}

enum err_code buf_check(const struct buf *b, const char *what, struct err *e)
{
    if (!b->failed)
        return ERR_OK;
    return err_set(e, ERR_LIMIT, b->len, "%s needs more than %zu bytes of memory", what, b->len);
}
