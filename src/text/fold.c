#include "text/fold.h"

#include <assert.h>
#include <utf8proc.h>

#define EXPANDED_MAX 32  // points that one point becomes; Unicode's longest, U+FDFA, makes 18

/* The point that s begins with and its bytes; an ill-formed byte reads as a blank. */
static size_t next_point(struct slice s, int32_t *point)
{
    size_t n = utf8_step(s);
    *point = ' ';
    if (!n)
        return 1;
    utf8proc_iterate((const utf8proc_uint8_t *)s.at, (utf8proc_ssize_t)n, point);
    return n;
}

/* Writes the folded form of one point to out, which may be NULL to count; returns its bytes. */
static size_t fold_point(int32_t point, char *out)
{
    if (point < 0x80) {
        if (out)
            *out = (char)(point >= 'A' && point <= 'Z' ? point + ('a' - 'A') : point);
        return 1;
    }
    int32_t points[EXPANDED_MAX];
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char(
        point, points, EXPANDED_MAX,
        UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK, &boundary);
    assert(n <= EXPANDED_MAX);
    size_t bytes = 0;
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        char text[4];
        size_t some = utf8_put((uint32_t)points[i], text);
        if (out)
            memcpy(out + bytes, text, some);
        bytes += some;
    }
    return bytes;
}

static size_t fold_all(struct slice text, char *out)
{
    size_t n = 0;
    while (text.len) {
        int32_t point;
        size_t step = next_point(text, &point);
        n += fold_point(point, out ? out + n : NULL);
        text = (struct slice){ text.at + step, text.len - step };
    }
    return n;
}

struct slice fold_text(struct slice text, struct arena *mem)
{
    assert(mem);
    size_t n = fold_all(text, NULL);
    char *out = arena_alloc(mem, n + 1);
    if (!out)
        return (struct slice){ NULL, 0 };
    fold_all(text, out);
    return (struct slice){ out, n };
}

static bool is_word_point(int32_t point)
{
    if (point < 0x80)
        return (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9')
               || (point >= 'A' && point <= 'Z');
    utf8proc_category_t c = utf8proc_category(point);
    return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO)
           || (c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO);
}

bool fold_word(struct slice *rest, struct slice *word)
{
    assert(rest && word);
    struct slice found = { rest->at, 0 };
    while (rest->len) {
        int32_t point;
        size_t step = next_point(*rest, &point);
        bool inside = is_word_point(point);
        if (!inside && found.len)
            break;
        rest->at += step;
        rest->len -= step;
        if (inside)
            found.len += step;
        else
            found.at = rest->at;
    }
    if (found.len)
        *word = found;
    return found.len > 0;
}
