#include "io/http/inflate.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_ONLY (16 + MAX_WBITS)

struct inflater {
    z_stream z;
};

struct inflater *inflater_new(void)
{
    struct inflater *inflater = calloc(1, sizeof *inflater);
    if (inflater && inflateInit2(&inflater->z, GZIP_ONLY) != Z_OK) {
        free(inflater);
        inflater = NULL;
    }
    return inflater;
}

void inflater_drop(struct inflater **inflater)
{
    assert(inflater);
    if (!*inflater)
        return;
    inflateEnd(&(*inflater)->z);
    free(*inflater);
    *inflater = NULL;
}

enum err_code inflater_run(struct inflater *inflater, struct slice gzip, size_t limit,
                           struct buf *out, struct err *e)
{
    assert(inflater && gzip.len <= UINT_MAX);
    z_stream *z = &inflater->z;
    inflateReset(z);
    z->next_in = (Bytef *)(uintptr_t)gzip.at;  // zlib's interface predates const
    z->avail_in = (uInt)gzip.len;
    for (;;) {
        if (!buf_reserve(out, INFLATE_STEP))
            return err_set(e, ERR_LIMIT, out->len, "memory is exhausted; try again later");
        z->next_out = (Bytef *)out->at + out->len;
        z->avail_out = INFLATE_STEP;
        int code = inflate(z, Z_NO_FLUSH);
        out->len += INFLATE_STEP - z->avail_out;
        size_t pos = gzip.len - z->avail_in;
        if (out->len > limit)
            return err_set(e, ERR_LIMIT, pos, "the body inflates to more than %zu bytes; send it in "
                           "smaller pieces", limit);
        if (code == Z_STREAM_END && z->avail_in == 0)
            return ERR_OK;
        if (code == Z_STREAM_END)
            inflateReset(z);
        else if (code != Z_OK)
            return err_set(e, ERR_INVALID, pos, "the body is not gzip, or it is cut or damaged, at byte "
                           "%zu", pos);
    }
}
