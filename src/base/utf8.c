#include "base/utf8.h"

#include <assert.h>

/* What a lead byte asks of the bytes behind it: their number, and the range of the first of them, which
 * is where overlong forms, surrogates and points above U+10FFFF show. */
struct lead {
    unsigned char more, low, high;
};

static struct lead lead_of(unsigned char c)
{
    if (c >= 0xC2 && c <= 0xDF)
        return (struct lead){ 1, 0x80, 0xBF };
    if (c >= 0xE0 && c <= 0xEF)
        return (struct lead){ 2, c == 0xE0 ? 0xA0 : 0x80, c == 0xED ? 0x9F : 0xBF };
    if (c >= 0xF0 && c <= 0xF4)
        return (struct lead){ 3, c == 0xF0 ? 0x90 : 0x80, c == 0xF4 ? 0x8F : 0xBF };
    return (struct lead){ 0, 0, 0 };
}

size_t utf8_step(struct slice s)
{
    if (!s.len)
        return 0;
    const unsigned char *at = (const unsigned char *)s.at;
    if (at[0] < 0x80)
        return 1;
    struct lead lead = lead_of(at[0]);
    if (!lead.more || s.len <= lead.more || at[1] < lead.low || at[1] > lead.high)
        return 0;
    for (size_t i = 2; i <= lead.more; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    return lead.more + 1u;
}

uint32_t utf8_point(struct slice s, size_t *bytes)
{
    size_t n = *bytes = utf8_step(s);
    if (n <= 1)
        return n ? (unsigned char)s.at[0] : 0;
    uint32_t point = (unsigned char)s.at[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        point = point << 6 | ((unsigned char)s.at[i] & 0x3Fu);
    return point;
}

size_t utf8_find_flaw(struct slice s)
{
    size_t i = 0;
    while (i < s.len) {
        uint64_t word;
        if (s.len - i >= sizeof word) {  // eight ASCII bytes at once
            memcpy(&word, s.at + i, sizeof word);
            if (!(word & 0x8080808080808080u)) {
                i += sizeof word;
                continue;
            }
        }
        size_t n = utf8_step((struct slice){ s.at + i, s.len - i });
        if (!n)
            return i;
        i += n;
    }
    return s.len;
}

bool utf8_valid(struct slice s)
{
    return utf8_find_flaw(s) == s.len;
}

size_t utf8_put(uint32_t point, char out[4])
{
    assert(point <= 0x10FFFF);
    assert(point < 0xD800 || point > 0xDFFF);
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3F));
    out[0] = (char)((0xF0u << (4 - n)) | point);
    return n;
}
