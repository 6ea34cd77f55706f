#include "base/slice.h"

#include <assert.h>

int slice_cmp(struct slice a, struct slice b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.at, b.at, n) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool slice_starts(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_eq((struct slice){ s.at, prefix.len }, prefix);
}

bool slice_ends(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len
           && slice_eq((struct slice){ s.at + (s.len - suffix.len), suffix.len }, suffix);
}

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool slice_eq_nocase(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.at[i]) != ascii_lower(b.at[i]))
            return false;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
    while (s.len && is_blank(s.at[0])) {
        s.at++;
        s.len--;
    }
    while (s.len && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

struct slice slice_utf8_cut(struct slice s, size_t max)
{
    if (s.len <= max)
        return s;
    while (max > 0 && ((unsigned char)s.at[max] & 0xC0) == 0x80)
        max--;
    return (struct slice){ s.at, max };
}

size_t slice_find(struct slice s, char c)
{
    const char *hit = s.len ? memchr(s.at, c, s.len) : NULL;
    return hit ? (size_t)(hit - s.at) : s.len;
}

struct slice slice_cut(struct slice *rest, char c)
{
    assert(rest);
    size_t n = slice_find(*rest, c);
    struct slice head = { rest->at, n };
    size_t skip = n < rest->len ? n + 1 : n;
    if (skip)  // an empty one may have no bytes at all
        rest->at += skip;
    rest->len -= skip;
    return head;
}

bool slice_i64(struct slice s, int64_t *ret)
{
    assert(ret);
    size_t i = s.len && (s.at[0] == '-' || s.at[0] == '+') ? 1 : 0;
    if (i == s.len)
        return false;
    int64_t value = 0;  // kept negative: the range below zero is the larger one
    for (; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9' || __builtin_mul_overflow(value, 10, &value)
            || __builtin_sub_overflow(value, s.at[i] - '0', &value))
            return false;
    }
    if (s.at[0] != '-' && __builtin_sub_overflow((int64_t)0, value, &value))
        return false;
    *ret = value;
    return true;
}
