#include "engine/feel/lex.h"

#include <assert.h>

#include "base/utf8.h"

struct span {
    uint32_t from, to;
};
/* Rule 61, 62. */
static const struct span blanks[] = {
    { 0x09, 0x0D }, { 0x20, 0x20 }, { 0x85, 0x85 }, { 0xA0, 0xA0 }, { 0x1680, 0x1680 }, { 0x180E, 0x180E },
    { 0x2000, 0x200B }, { 0x2028, 0x2029 }, { 0x202F, 0x202F }, { 0x205F, 0x205F }, { 0x3000, 0x3000 },
    { 0xFEFF, 0xFEFF },
};
/* Rule 28. */
static const struct span starts[] = {
    { '?', '?' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' }, { 0xC0, 0xD6 }, { 0xD8, 0xF6 }, { 0xF8, 0x2FF },
    { 0x370, 0x37D }, { 0x37F, 0x1FFF }, { 0x200C, 0x200D }, { 0x2070, 0x218F }, { 0x2C00, 0x2FEF },
    { 0x3001, 0xD7FF }, { 0xF900, 0xFDCF }, { 0xFDF0, 0xFFFD }, { 0x10000, 0xEFFFF },
};
/* Rule 29, beside those that start. The apostrophe of rule 30 is here: it means nothing else in FEEL, so that
 * "Student's name" needs nobody to know it. */
static const struct span insides[] = {
    { '\'', '\'' }, { '0', '9' }, { 0xB7, 0xB7 }, { 0x300, 0x36F }, { 0x203F, 0x2040 },
};

#define IS_ONE_OF(point, spans) is_one_of(point, spans, sizeof(spans) / sizeof *(spans))
static bool is_one_of(uint32_t point, const struct span *spans, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (point <= spans[i].to)
            return point >= spans[i].from;
    return false;
}

static struct slice rest_of(struct slice text, size_t at)
{
    return (struct slice){ text.at + at, text.len - at };
}

/* The character at `at` and its bytes; a byte that is no UTF-8 counts as a character of its own. */
static uint32_t point_at(struct slice text, size_t at, size_t *bytes)
{
    assert(at < text.len);
    uint32_t point = utf8_point(rest_of(text, at), bytes);
    if (*bytes)
        return point;
    *bytes = 1;
    return 0x80;
}

static bool starts_name(uint32_t point)
{
    return IS_ONE_OF(point, starts) && !IS_ONE_OF(point, blanks);
}

size_t lex_blanks(struct slice text, size_t at)
{
    size_t n;
    while (at < text.len && IS_ONE_OF(point_at(text, at, &n), blanks))
        at += n;
    return at;
}

/* Behind the comment at `at`; `at` itself where there is none, or none that ends. */
static size_t skip_comment(struct slice text, size_t at)
{
    struct slice rest = rest_of(text, at);
    if (slice_starts(rest, SLICE("//")))
        return at + slice_find(rest, '\n');
    if (!slice_starts(rest, SLICE("/*")))
        return at;
    for (size_t i = at + 2; i + 1 < text.len; i++)
        if (text.at[i] == '*' && text.at[i + 1] == '/')
            return i + 2;
    return at;
}

size_t lex_skip(struct slice text, size_t at)
{
    for (size_t before = SIZE_MAX; before != at;) {
        before = at;
        at = lex_blanks(text, at);
        if (at < text.len)
            at = skip_comment(text, at);
    }
    return at;
}

size_t lex_word(struct slice text, size_t at)
{
    size_t n;
    while (at < text.len) {
        uint32_t point = point_at(text, at, &n);
        if (!starts_name(point) && !IS_ONE_OF(point, insides))
            break;
        at += n;
    }
    return at;
}

bool lex_starts_name(struct slice text, size_t at)
{
    size_t n;
    return at < text.len && starts_name(point_at(text, at, &n));
}

/* Behind the "of" that makes `instance` a keyword; 0 without it. */
static size_t behind_of(struct slice text, size_t at)
{
    size_t of = lex_skip(text, at), end = lex_word(text, of);
    return slice_is((struct slice){ text.at + of, end - of }, "of") ? end : 0;
}

enum keyword lex_keyword(struct slice text, size_t at)
{
    static const char *const words[] = {
        [KEY_AND] = "and", [KEY_BETWEEN] = "between", [KEY_ELSE] = "else", [KEY_EVERY] = "every",
        [KEY_FALSE] = "false", [KEY_FOR] = "for", [KEY_FUNCTION] = "function", [KEY_IF] = "if", [KEY_IN] = "in",
        [KEY_INSTANCE_OF] = "instance", [KEY_NULL] = "null", [KEY_OR] = "or", [KEY_RETURN] = "return",
        [KEY_SATISFIES] = "satisfies", [KEY_SOME] = "some", [KEY_THEN] = "then", [KEY_TRUE] = "true",
    };
    size_t end = lex_word(text, at);
    struct slice word = { text.at + at, end - at };
    for (int i = KEY_AND; i <= KEY_TRUE; i++)
        if (slice_is(word, words[i]))
            return i == KEY_INSTANCE_OF && !behind_of(text, end) ? KEY_NONE : (enum keyword)i;
    return KEY_NONE;
}

static size_t digits(struct slice text, size_t at)
{
    while (at < text.len && text.at[at] >= '0' && text.at[at] <= '9')
        at++;
    return at;
}

/* Rule 37, with the exponent of DMN 1.2. "1." is the number 1: the point may begin "1..2". */
static size_t number_end(struct slice text, size_t at)
{
    size_t end = digits(text, at);
    if (end < text.len && text.at[end] == '.' && digits(text, end + 1) > end + 1)
        end = digits(text, end + 1);
    if (end == at || end == text.len || (text.at[end] | 0x20) != 'e')
        return end;
    size_t power = end + 1;
    if (power < text.len && (text.at[power] == '+' || text.at[power] == '-'))
        power++;
    return digits(text, power) > power ? digits(text, power) : end;
}

/* Longer signs first. */
static const struct {
    const char *text;
    enum token_kind kind;
    const char *why;
} signs[] = {
    { "==", TOKEN_BAD, "FEEL writes a single = for equality" },
    { "/*", TOKEN_BAD, "the comment has no end: */ is missing" },
    { "&&", TOKEN_BAD, "FEEL writes 'and' for &&" },
    { "||", TOKEN_BAD, "FEEL writes 'or' for ||" },
    { "..", TOKEN_DOTS, NULL }, { "**", TOKEN_POW, NULL }, { "!=", TOKEN_NE, NULL },
    { "<=", TOKEN_LE, NULL }, { ">=", TOKEN_GE, NULL },
    { "!", TOKEN_BAD, "FEEL writes not(...) for !" },
    { "%", TOKEN_BAD, "FEEL writes modulo(a, b) for %" },
    { "^", TOKEN_BAD, "FEEL writes ** for powers" },
    { "'", TOKEN_BAD, "strings stand in double quotes" },
    { "<", TOKEN_LT, NULL }, { ">", TOKEN_GT, NULL }, { "=", TOKEN_EQ, NULL },
    { "+", TOKEN_ADD, NULL }, { "-", TOKEN_SUB, NULL }, { "*", TOKEN_MUL, NULL }, { "/", TOKEN_DIV, NULL },
    { "(", TOKEN_LEFT, NULL }, { ")", TOKEN_RIGHT, NULL },
    { "[", TOKEN_LEFT_SQUARE, NULL }, { "]", TOKEN_RIGHT_SQUARE, NULL },
    { "{", TOKEN_LEFT_CURLY, NULL }, { "}", TOKEN_RIGHT_CURLY, NULL },
    { ",", TOKEN_COMMA, NULL }, { ":", TOKEN_COLON, NULL }, { "@", TOKEN_AT, NULL }, { ".", TOKEN_DOT, NULL },
};

static struct token sign_token(struct slice text, size_t at)
{
    struct slice rest = rest_of(text, at);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (slice_starts(rest, slice_of(signs[i].text)))
            return (struct token){ signs[i].kind, KEY_NONE, at, at + strlen(signs[i].text), signs[i].why };
    size_t bytes;
    point_at(text, at, &bytes);
    return (struct token){ TOKEN_BAD, KEY_NONE, at, at + bytes, "FEEL has no such sign" };
}

static struct token string_token(struct slice text, size_t at)
{
    assert(text.at[at] == '"');
    for (size_t i = at + 1; i < text.len; i++) {
        if (text.at[i] == '"')
            return (struct token){ TOKEN_STRING, KEY_NONE, at, i + 1, NULL };
        if (text.at[i] == '\\')
            i++;
    }
    return (struct token){ TOKEN_BAD, KEY_NONE, at, text.len, "the string has no end: a double quote is missing" };
}

struct token lex_token(struct slice text, size_t at)
{
    at = lex_skip(text, at);
    if (at >= text.len)
        return (struct token){ TOKEN_END, KEY_NONE, text.len, text.len, NULL };
    if (text.at[at] == '"')
        return string_token(text, at);
    if (lex_starts_name(text, at)) {
        struct token word = { TOKEN_WORD, lex_keyword(text, at), at, lex_word(text, at), NULL };
        if (word.key == KEY_INSTANCE_OF)
            word.end = behind_of(text, word.end);
        return word;
    }
    size_t end = number_end(text, at);
    return end > at ? (struct token){ TOKEN_NUMBER, KEY_NONE, at, end, NULL } : sign_token(text, at);
}

bool lex_is_sign(char c)
{
    return c && strchr("./-+*", c);
}

size_t lex_known(struct slice text, size_t at, struct slice name)
{
    size_t i = at;
    for (size_t k = 0; k < name.len; k++) {
        size_t next = name.at[k] == ' ' ? lex_blanks(text, i) : i + (i < text.len && text.at[i] == name.at[k]);
        if (next == i)
            return at;
        i = next;
    }
    bool cut = name.len && !lex_is_sign(name.at[name.len - 1]) && lex_word(text, i) > i;
    return cut ? at : i;
}

size_t lex_raw_name(struct slice text, size_t at, bool to_keyword)
{
    if (!lex_starts_name(text, at))
        return at;
    for (size_t end = at, next = at;; next = lex_skip(text, end)) {
        size_t word = lex_word(text, next);
        bool sign = next < text.len && lex_is_sign(text.at[next]);
        /* What lex_skip left standing of a comment is one without end. */
        if (sign && slice_starts(rest_of(text, next), SLICE("/*")))
            return end;
        if ((word == next && !sign) || (to_keyword && lex_keyword(text, next) != KEY_NONE))
            return end;
        end = word > next ? word : next + 1;
    }
}

bool lex_is_name(struct slice name)
{
    for (size_t i = 0; i + 1 < name.len; i++)
        if (name.at[i] == '/' && (name.at[i + 1] == '/' || name.at[i + 1] == '*'))
            return false;
    for (size_t i = 0, n; i < name.len; i += n) {
        bool blank = IS_ONE_OF(point_at(name, i, &n), blanks);
        if (blank && (name.at[i] != ' ' || i + 1 == name.len || name.at[i + 1] == ' '))
            return false;
    }
    return name.len && lex_raw_name(name, 0, false) == name.len;
}

struct slice lex_fold(struct slice text, size_t at, size_t end, struct arena *mem)
{
    assert(at <= end && end <= text.len);
    char *out = arena_alloc(mem, end - at + 1);
    size_t len = 0;
    if (!out)
        return (struct slice){ NULL, 0 };
    struct slice part = { text.at, end };
    for (size_t i = lex_skip(part, at); i < end;) {
        size_t next = lex_skip(part, i);
        if (next == i)
            out[len++] = text.at[i++];
        else if (next < end)
            out[len++] = ' ';
        i = next > i ? next : i;
    }
    return (struct slice){ out, len };
}

/* So many hex digits of text[i, end), or UINT32_MAX. */
static uint32_t hex(struct slice text, size_t i, size_t end, size_t n)
{
    uint32_t value = 0;
    if (end - i < n)
        return UINT32_MAX;
    for (size_t k = 0; k < n; k++) {
        int digit = hex_digit(text.at[i + k]);
        if (digit < 0)
            return UINT32_MAX;
        value = value << 4 | (uint32_t)digit;
    }
    return value;
}

/* \uXXXX, a pair of them, or \UXXXXXX, whose u stands at i. Returns where it ends; 0 where it is none. */
static size_t unicode_escape(struct slice text, size_t i, size_t end, uint32_t *point)
{
    size_t n = text.at[i] == 'u' ? 4 : 6, next = i + 1 + n;
    *point = hex(text, i + 1, end, n);
    if (n == 4 && *point >= 0xD800 && *point < 0xDC00 && end - next >= 2 && text.at[next] == '\\'
        && text.at[next + 1] == 'u') {
        uint32_t low = hex(text, next + 2, end, 4);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *point = 0x10000 + ((*point - 0xD800) << 10) + (low - 0xDC00);
            return next + 6;
        }
    }
    return *point > 0x10FFFF || (*point >= 0xD800 && *point <= 0xDFFF) ? 0 : next;
}

enum err_code lex_string(struct slice text, struct token token, struct arena *mem, struct slice *ret,
                         size_t *flaw_at, const char **why)
{
    assert(token.kind == TOKEN_STRING && token.end - token.at >= 2);
    static const char plain[] = "\"\\'nrtbf", meant[] = "\"\\'\n\r\t\b\f";
    size_t len = 0, end = token.end - 1;
    char *out = arena_alloc(mem, token.end - token.at);  // no escape is longer than what it is written as
    if (!out)
        return ERR_LIMIT;
    for (size_t i = token.at + 1; i < end;) {
        if (text.at[i] != '\\') {
            out[len++] = text.at[i++];
            continue;
        }
        char c = text.at[i + 1];
        const char *simple = c ? strchr(plain, c) : NULL;
        if (simple) {
            out[len++] = meant[simple - plain];
            i += 2;
        } else if (c == 'u' || c == 'U') {
            uint32_t point;
            size_t next = unicode_escape(text, i + 1, end, &point);
            if (!next) {
                *flaw_at = i;
                *why = "\\u needs four hexadecimal digits (in pairs above FFFF), \\U six";
                return ERR_INVALID;
            }
            len += utf8_put(point, out + len);
            i = next;
        } else {
            out[len++] = text.at[i++];  // the backslash of a pattern such as "\d" stays
        }
    }
    *ret = (struct slice){ out, len };
    return ERR_OK;
}
