#include "text/url.h"

#include <assert.h>

#include "base/utf8.h"

enum err_code url_decode(struct slice text, bool plus, struct arena *mem, struct slice *ret,
                         struct err *e)
{
    assert(mem && ret);
    char *out = arena_alloc(mem, text.len + 1);
    if (!out)
        return err_set(e, ERR_LIMIT, 0, "no memory left to decode %zu bytes", text.len);
    size_t n = 0;
    for (size_t i = 0, step; i < text.len; i += step) {
        char c = text.at[i];
        step = 1;
        if (c == '+' && plus)
            c = ' ';
        if (c == '%') {
            int high = i + 2 < text.len ? hex_digit(text.at[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_digit(text.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return err_set(e, ERR_INVALID, i, "byte %zu: %% needs two hexadecimal digits", i);
            c = (char)(high * 16 + low);
            step = 3;
        }
        if (!c)
            return err_set(e, ERR_INVALID, i, "byte %zu: NUL is not allowed in an address", i);
        out[n++] = c;
    }
    struct slice decoded = { out, n };
    size_t bad = utf8_find_flaw(decoded);
    if (bad < n)
        return err_set(e, ERR_INVALID, bad, "byte %zu of the decoded text is not UTF-8", bad);
    *ret = decoded;
    return ERR_OK;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
           || c == '.' || c == '_' || c == '~';
}

void url_encode(struct buf *out, struct slice text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (is_unreserved(text.at[i]))
            buf_addc(out, text.at[i]);
        else
            buf_add(out, (struct slice){ (char[]){ '%', hex[c >> 4], hex[c & 15] }, 3 });
    }
}

enum err_code url_query(struct slice query, const char *name, struct arena *mem, struct slice *ret,
                        bool *found, struct err *e)
{
    assert(name && found);
    while (query.len) {
        struct slice value = slice_cut(&query, '&'), key;
        struct slice raw_key = slice_cut(&value, '=');
        TRY(url_decode(raw_key, true, mem, &key, e));
        if (!slice_is(key, name))
            continue;
        TRY(url_decode(value, true, mem, ret, e));
        *found = true;
        return ERR_OK;
    }
    *found = false;
    return ERR_OK;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* The text without its padding; false when there is more or less of it than RFC 4648 has. */
static bool strip_padding(struct slice *text)
{
    size_t padded = text->len;
    while (text->len && text->at[text->len - 1] == '=' && padded - text->len < 2)
        text->len--;
    return (text->len == padded || padded % 4 == 0) && text->len % 4 != 1;
}

enum err_code base64_decode(struct slice text, struct arena *mem, struct slice *ret, struct err *e)
{
    assert(mem && ret);
    if (!strip_padding(&text))
        return err_set(e, ERR_INVALID, text.len, "base64 text of a length that cannot be");
    char *out = arena_alloc(mem, text.len / 4 * 3 + 3);
    if (!out)
        return err_set(e, ERR_LIMIT, 0, "no memory left to decode %zu bytes", text.len);
    size_t n = 0;
    uint32_t bits = 0;
    int held = 0;  // bits in `bits` that are not written yet
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.at[i]);
        if (value < 0)
            return err_set(e, ERR_INVALID, i, "byte %zu is not a base64 character", i);
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[n++] = (char)(bits >> held);
        }
        bits &= (1u << held) - 1;
    }
    if (bits)  // two texts must not mean the same bytes
        return err_set(e, ERR_INVALID, text.len, "base64 text with unused bits set at its end");
    *ret = (struct slice){ out, n };
    return ERR_OK;
}

void base64_encode(struct buf *out, struct slice bytes)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t n = bytes.len - i < 3 ? bytes.len - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < n ? (unsigned char)bytes.at[i + k] : 0);
        char text[4];
        for (size_t k = 0; k < 4; k++)
            text[k] = k > n ? '=' : alphabet[bits >> (18 - 6 * k) & 63];
        buf_add(out, (struct slice){ text, 4 });
    }
}

static const char *entity_of(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void html_escape(struct buf *out, struct slice text)
{
    size_t run = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *entity = entity_of(text.at[i]);
        if (!entity)
            continue;
        buf_add(out, (struct slice){ text.at + run, i - run });
        buf_adds(out, entity);
        run = i + 1;
    }
    buf_add(out, (struct slice){ text.at + run, text.len - run });
}
