/* Borrowed bytes. The function that hands a slice out names what keeps the bytes alive.
 * Not NUL-terminated; at may be NULL only when len is 0.
 */
#ifndef TENDERO_BASE_SLICE_H
#define TENDERO_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *at;
    size_t len;
};

/* SLICE("literal"), and printf("%.*s", SLICE_ARG(s)). */
#define SLICE(lit) ((struct slice){ "" lit, sizeof(lit) - 1 })
#define SLICE_ARG(s) (int)((s).len), ((s).len ? (s).at : "")

static inline struct slice slice_of(const char *text)
{
    return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool slice_is(struct slice a, const char *text)
{
    return slice_eq(a, slice_of(text));
}

/* Value of a hexadecimal digit, -1 for any other character. */
static inline int hex_digit(char c)
{
    char low = (char)(c | 0x20);
    if (c >= '0' && c <= '9')
        return c - '0';
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* Bytewise order: negative, 0, positive. */
int slice_cmp(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);
/* ASCII letters only: for header names and formats, never for people's names. */
bool slice_eq_nocase(struct slice a, struct slice b);
/* Without ASCII blanks (space, tab, CR, LF) at both ends. */
struct slice slice_trim(struct slice s);
/* The longest prefix of at most `max` bytes that cuts no UTF-8 character in two. */
struct slice slice_utf8_cut(struct slice s, size_t max);
/* Position of the first `c`, or s.len. */
size_t slice_find(struct slice s, char c);
/* Cuts *rest at the first `c`: returns what stands before it and leaves what follows in *rest.
 * Without `c` returns all and empties *rest. */
struct slice slice_cut(struct slice *rest, char c);
/* The whole slice as a decimal integer with optional sign; false (and *ret untouched) otherwise. */
bool slice_i64(struct slice s, int64_t *ret);

#endif
