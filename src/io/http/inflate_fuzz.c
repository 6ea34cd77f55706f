/* Any bytes as a gzip body: no crash, no more than the limit, and the inflater stays usable. */
#include <assert.h>

#include "io/http/inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static const char good[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x04\x00\x43\xbe\xb7\xe8\x01\x00\x00";
    static struct inflater *inflater;
    if (!inflater)
        inflater = inflater_new();
    assert(inflater);
    struct buf out = buf_make(0);
    enum err_code code = inflater_run(inflater, (struct slice){ (const char *)at, len }, 100000, &out, NULL);
    assert(code != ERR_OK || out.len <= 100000);
    assert(out.len <= 100000 + INFLATE_STEP);
    buf_clear(&out);
    code = inflater_run(inflater, (struct slice){ good, sizeof good }, 1, &out, NULL);
    assert(code == ERR_OK && out.len == 1 && out.at[0] == 'a');
    buf_drop(&out);
    return 0;
}
