/* A growable byte buffer. When memory or the limit is exhausted it turns `failed`, ignores further
 * additions, and the owner asks once at the end: no check per byte.
 */
#ifndef TENDERO_BASE_BUF_H
#define TENDERO_BASE_BUF_H

#include "base/err.h"
#include "base/slice.h"

struct buf {
    char *at;  // owned, free with buf_drop
    size_t len, cap, limit;
    bool failed;
};

/* An empty buffer; limit 0 means BUF_LIMIT_DEFAULT (64 MiB). */
struct buf buf_make(size_t limit_bytes);
void buf_drop(struct buf *b);   // also good for cleanup(buf_drop) on a struct buf
void buf_clear(struct buf *b);  // keeps the memory; clears `failed`
bool buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, struct slice s);
void buf_addc(struct buf *b, char c);
void buf_adds(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline struct slice buf_slice(const struct buf *b)
{
    return (struct slice){ b->at, b->len };
}
/* ERR_LIMIT with the sentence "`what` needs more than ... bytes" when the buffer failed. */
MUST_CHECK enum err_code buf_check(const struct buf *b, const char *what, struct err *e);

#endif
