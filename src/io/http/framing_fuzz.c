/* Any bytes, cut anywhere: no crash, and the same verdict whether they come at once or byte by byte. */
#include <assert.h>
#include <stdlib.h>

#include "io/http/framing.h"

struct result {
    int status;
    size_t at;  // where the message ended or was refused
    uint64_t data;
};

static struct result run(struct slice in, size_t step, struct framing_head *head)
{
    struct framing_scan scan = { 0 };
    struct framing_refusal refusal = { 0, NULL };
    struct result r = { -1, 0, 0 };
    enum framing_verdict verdict = FRAMING_MORE;
    for (size_t len = 0; verdict == FRAMING_MORE && len < in.len;) {
        len = len + step < in.len ? len + step : in.len;
        verdict = framing_scan(&scan, in.at, len, &r.at, &refusal);
    }
    struct framing_body body;
    if (verdict == FRAMING_DONE)
        verdict = framing_parse((struct slice){ in.at, r.at }, head, &refusal);
    else if (verdict == FRAMING_MORE)
        return r;
    if (verdict == FRAMING_DONE)
        verdict = framing_body_begin(&body, head, 1000, &refusal);
    while (verdict == FRAMING_MORE && r.at < in.len) {
        size_t len = step < in.len - r.at ? step : in.len - r.at, used;
        struct slice data;
        verdict = framing_body(&body, in.at + r.at, len, &used, &data, &refusal);
        assert(used > 0 && used <= len);
        r.at += used;
        r.data += data.len;
        assert(r.data <= 1000);
    }
    if (verdict == FRAMING_REFUSED) {
        assert(refusal.status >= 400 && refusal.reason);
        r.status = refusal.status;
    } else if (verdict == FRAMING_DONE)
        r.status = 0;
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static struct framing_head head;
    struct slice in = { (const char *)at, len };
    struct result whole = run(in, len ? len : 1, &head);
    struct result bytes = run(in, 1, &head);
    /* A refusal of one flaw may be overtaken by that of an earlier limit; what is taken must be equal. */
    assert((whole.status == 0) == (bytes.status == 0));
    assert(whole.status != 0 || (whole.at == bytes.at && whole.data == bytes.data));
    return 0;
}
