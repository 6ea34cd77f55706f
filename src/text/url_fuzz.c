/* Decoders of addresses and base64, and encoders as their inverse. */
#include <stdlib.h>

#include "text/fold.h"
#include "text/url.h"

#define MEMORY ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void try_url(struct slice text, struct arena *mem)
{
    struct slice decoded, again;
    bool found;
    struct err e = { ERR_OK, 0, "" };
    struct buf out = buf_make(0);
    if (url_query(text, "q", mem, &again, &found, &e))
        require(e.pos <= text.len);
    if (url_decode(text, false, mem, &decoded, &e) == ERR_OK) {
        url_encode(&out, decoded);
        require(url_decode(buf_slice(&out), true, mem, &again, &e) == ERR_OK);
        require(slice_eq(again, decoded));
    }
    buf_drop(&out);
}

static void try_base64(struct slice text, struct arena *mem)
{
    struct slice bytes, again;
    struct buf out = buf_make(0);
    base64_encode(&out, text);
    require(base64_decode(buf_slice(&out), mem, &again, NULL) == ERR_OK);
    require(slice_eq(again, text));
    if (base64_decode(text, mem, &bytes, NULL) == ERR_OK)
        require(bytes.len <= text.len);
    buf_drop(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1u << 16)
        return 0;
    struct slice text = { (const char *)data, size };
    struct arena *mem = arena_new(MEMORY);
    require(mem);
    try_url(text, mem);
    try_base64(text, mem);
    struct slice folded = fold_text(text, mem), word;
    require(folded.at && utf8_valid(folded));
    while (fold_word(&folded, &word))
        require(word.len > 0);
    struct buf escaped = buf_make(0);
    html_escape(&escaped, text);
    require(slice_find(buf_slice(&escaped), '<') == escaped.len);
    buf_drop(&escaped);
    arena_drop(&mem);
    return 0;
}
