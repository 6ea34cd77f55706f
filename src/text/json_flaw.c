#include "text/json_flaw.h"

#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/utf8.h"

struct reader {
    struct slice s;
    size_t i;
    struct err *e;
};

/* The next byte, or -1 at the end: NUL is a byte like others. */
static int peek(const struct reader *r)
{
    return r->i < r->s.len ? (unsigned char)r->s.at[r->i] : -1;
}

static bool accept(struct reader *r, int c)
{
    if (peek(r) != c)
        return false;
    r->i++;
    return true;
}

static void skip_blanks(struct reader *r)
{
    while (accept(r, ' ') || accept(r, '\t') || accept(r, '\n') || accept(r, '\r'))
        ;
}

static enum err_code flaw(const struct reader *r, const char *reason)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < r->i && i < r->s.len; i++) {
        column++;
        if (r->s.at[i] == '\n') {
            line++;
            column = 1;
        }
    }
    return err_set(r->e, ERR_INVALID, r->i, "line %zu, byte %zu: %s", line, column,
                   r->i < r->s.len ? reason : "the text ends too early");
}

/* Four hex digits, or -1. */
static int read_hex4(struct reader *r)
{
    int value = 0;
    for (int k = 0; k < 4; k++, r->i++) {
        int digit = r->i < r->s.len ? hex_digit(r->s.at[r->i]) : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static enum err_code read_escape(struct reader *r)
{
    int c = peek(r);
    if (c < 0 || !strchr("\"\\/bfnrtu", c) || c == 0)
        return flaw(r, "a backslash must be followed by one of \" \\ / b f n r t u");
    r->i++;
    if (c != 'u')
        return ERR_OK;
    int unit = read_hex4(r);
    if (unit < 0)
        return flaw(r, "\\u needs four hexadecimal digits");
    if (unit < 0xD800 || unit > 0xDFFF)
        return ERR_OK;
    if (unit < 0xDC00 && accept(r, '\\') && accept(r, 'u')) {
        int second = read_hex4(r);
        if (second >= 0xDC00 && second <= 0xDFFF)
            return ERR_OK;
    }
    return flaw(r, "half of a surrogate pair stands alone");
}

static enum err_code read_string(struct reader *r)
{
    if (!accept(r, '"'))
        return flaw(r, "a string in double quotes is expected");
    while (!accept(r, '"')) {
        int c = peek(r);
        if (c >= 0 && c < 0x20)
            return flaw(r, "control characters in strings must be escaped");
        if (accept(r, '\\')) {
            TRY(read_escape(r));
            continue;
        }
        size_t n = utf8_step((struct slice){ r->s.at + r->i, r->s.len - r->i });
        if (!n)
            return flaw(r, "the bytes are not valid UTF-8");
        r->i += n;
    }
    return ERR_OK;
}

static bool read_digits(struct reader *r)
{
    size_t begin = r->i;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->i++;
    return r->i > begin;
}

/* Integers up to 64 bits, signed or not; doubles that are finite. */
static bool number_fits(struct slice digits, bool integer)
{
    char text[LIMIT_JSON_NUMBER + 1];
    memcpy(text, digits.at, digits.len);
    text[digits.len] = 0;
    int64_t as_int;
    if (!integer)
        return isfinite(strtod(text, NULL));
    if (slice_i64(digits, &as_int))
        return true;
    static const char most[] = "18446744073709551615";
    size_t places = sizeof most - 1;
    return text[0] != '-'
           && (digits.len < places || (digits.len == places && strcmp(text, most) <= 0));
}

static enum err_code read_number(struct reader *r)
{
    size_t begin = r->i;
    bool integer = true;
    accept(r, '-');
    if (!accept(r, '0') && !read_digits(r))
        return flaw(r, "a value is expected: object, array, string, number, true, false or null");
    if (peek(r) >= '0' && peek(r) <= '9')
        return flaw(r, "numbers do not begin with a zero");
    if (accept(r, '.')) {
        integer = false;
        if (!read_digits(r))
            return flaw(r, "a digit is expected behind the decimal point");
    }
    if (accept(r, 'e') || accept(r, 'E')) {
        integer = false;
        if (!accept(r, '+'))
            accept(r, '-');
        if (!read_digits(r))
            return flaw(r, "a digit is expected in the exponent");
    }
    struct slice digits = { r->s.at + begin, r->i - begin };
    if (digits.len > LIMIT_JSON_NUMBER)
        return err_set(r->e, ERR_LIMIT, begin, "a number has more than %d characters",
                       LIMIT_JSON_NUMBER);
    if (number_fits(digits, integer))
        return ERR_OK;
    return err_set(r->e, ERR_INVALID, begin,
                   "the number at byte %zu does not fit in 64 bits; send it as a string", begin);
}

static enum err_code read_literal(struct reader *r, const char *word)
{
    for (; *word; word++)
        if (!accept(r, *word))
            return flaw(r, "a value is expected; bare words are true, false and null");
    return ERR_OK;
}

static enum err_code read_scalar(struct reader *r)
{
    switch (peek(r)) {
    case '"': return read_string(r);
    case 't': return read_literal(r, "true");
    case 'f': return read_literal(r, "false");
    case 'n': return read_literal(r, "null");
    default: return read_number(r);
    }
}

static enum err_code read_key(struct reader *r)
{
    skip_blanks(r);
    TRY(read_string(r));
    skip_blanks(r);
    return accept(r, ':') ? ERR_OK : flaw(r, "a colon is expected behind the key");
}

/* Behind a value: closes what ends there. *depth 0 means that the document is complete, otherwise the
 * reader stands before the next value. */
static enum err_code read_behind(struct reader *r, const char *open, size_t *depth)
{
    while (*depth) {
        bool object = open[*depth - 1] == '{';
        skip_blanks(r);
        if (accept(r, ','))
            return object ? read_key(r) : ERR_OK;
        if (!accept(r, object ? '}' : ']'))
            return flaw(r, object ? "a comma or } is expected" : "a comma or ] is expected");
        --*depth;
    }
    return ERR_OK;
}

static enum err_code read_open(struct reader *r, char *open, size_t *depth)
{
    if (*depth == LIMIT_JSON_DEPTH)
        return err_set(r->e, ERR_LIMIT, r->i, "arrays and objects nest deeper than %d",
                       LIMIT_JSON_DEPTH);
    bool object = accept(r, '{');
    if (!object)
        r->i++;
    skip_blanks(r);
    if (accept(r, object ? '}' : ']'))
        return read_behind(r, open, depth);
    open[(*depth)++] = object ? '{' : '[';
    return object ? read_key(r) : ERR_OK;
}

enum err_code json_flaw(struct slice text, struct err *e)
{
    char open[LIMIT_JSON_DEPTH];
    size_t depth = 0;
    struct reader r = { text, 0, e };
    if (slice_starts(text, SLICE("\xEF\xBB\xBF")))
        return flaw(&r, "JSON does not begin with a byte order mark");
    do {
        skip_blanks(&r);
        int c = peek(&r);
        if (c == '{' || c == '[') {
            TRY(read_open(&r, open, &depth));
            continue;
        }
        TRY(read_scalar(&r));
        TRY(read_behind(&r, open, &depth));
    } while (depth);
    skip_blanks(&r);
    return r.i == text.len ? ERR_OK : flaw(&r, "nothing may follow the JSON value");
}
