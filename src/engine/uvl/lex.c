#include "engine/uvl/lex.h"

#include "base/utf8.h"

#define TAB 4

static bool is_letter(char c)
{
    char low = (char)(c | 0x20);
    return (low >= 'a' && low <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool in_name(char c)
{
    return is_letter(c) || is_digit(c) || (c && strchr("#%?\\';", c));
}

/* 0 behind the end, which no text holds elsewhere (uvl_read refuses it). */
static char peek(const struct lex *l, size_t ahead)
{
    return l->i + ahead < l->text.len ? l->text.at[l->i + ahead] : 0;
}

static bool is_newline(char c)
{
    return c == '\n' || c == '\r';
}

static void newline(struct lex *l)
{
    l->i += peek(l, 0) == '\r' && peek(l, 1) == '\n' ? 2 : 1;
    l->place.line++;
    l->place.column = 1;
    l->mark = l->i;
}

/* Columns are counted on from the last place that was asked for, so that long lines are read once. */
static struct uvl_place here(struct lex *l)
{
    for (; l->mark < l->i; l->mark++)
        l->place.column += ((unsigned char)l->text.at[l->mark] & 0xC0) != 0x80;
    return l->place;
}

/* Passes over a comment; false: it has no end. */
static bool comment(struct lex *l)
{
    if (peek(l, 1) == '/') {
        while (l->i < l->text.len && !is_newline(peek(l, 0)))
            l->i++;
        return true;
    }
    for (l->i += 2; l->i < l->text.len;)
        if (peek(l, 0) == '*' && peek(l, 1) == '/') {
            l->i += 2;
            return true;
        } else if (is_newline(peek(l, 0))) {
            newline(l);
        } else {
            l->i++;
        }
    return false;
}

static bool at_comment(const struct lex *l)
{
    return peek(l, 0) == '/' && (peek(l, 1) == '/' || peek(l, 1) == '*');
}

static struct token token_of(struct lex *l, int kind, size_t len)
{
    struct token t = { .kind = kind, .text = { l->text.at + l->i, len }, .place = here(l), .start = l->i, .end = l->i + len };
    l->i += len;
    return t;
}

static struct token wrong(struct lex *l, const char *why, size_t len)
{
    struct token t = token_of(l, TOKEN_WRONG, len);
    t.text = slice_of(why);
    return t;
}

/* What stands before the first word of a line, as columns; a comment there is as wide as its characters. */
static uint32_t indentation(struct lex *l, bool *whole)
{
    uint32_t width = 0;
    *whole = true;
    for (bool tab = false, blank = false;; l->i++) {
        if (peek(l, 0) == '\t') {
            width += TAB - width % TAB;
            tab = true;
        } else if (peek(l, 0) == ' ') {
            width++;
            blank = true;
        } else {
            if (!at_comment(l)) {
                l->tabs |= tab && !is_newline(peek(l, 0));
                l->blanks |= blank && !is_newline(peek(l, 0));
                return width;
            }
            size_t start = l->i;
            uint32_t line = l->place.line;
            *whole = comment(l);
            if (!*whole)
                return width;
            width = l->place.line == line ? width + (uint32_t)(l->i - start) : (uint32_t)(l->i - l->mark);
            l->i--;
        }
    }
}

/* At the start of a line: passes over those without words, and sets how many blocks end. */
static struct token line_start(struct lex *l)
{
    bool whole;
    uint32_t width;
    while (width = indentation(l, &whole), whole && is_newline(peek(l, 0)))
        newline(l);
    if (!whole)
        return wrong(l, "a comment /* has no end: close it with */", 0);
    l->at_start = false;
    if (l->i == l->text.len)
        width = 0;
    if (width > l->level[l->levels - 1]) {
        if (l->levels == LEX_LEVELS)
            return wrong(l, "there are too many levels of indentation", 0);
        l->level[l->levels++] = width;
        return token_of(l, TOKEN_INDENT, 0);
    }
    while (l->levels > 1 && l->level[l->levels - 2] >= width) {
        l->levels--;
        l->dedents++;
    }
    if (l->level[l->levels - 1] > width) {
        l->crooked = true;
        l->level[l->levels - 1] = width;
    }
    return (struct token){ .kind = TOKEN_NEWLINE };
}

static struct token quoted(struct lex *l, char quote)
{
    size_t n = 1;
    while (peek(l, n) && peek(l, n) != quote && !is_newline(peek(l, n)))
        n++;
    if (peek(l, n) != quote)
        return wrong(l, quote == '"' ? "a name in quotes has no end on its line: close it with \""
                                     : "a text has no end on its line: close it with '", n);
    struct slice inside = { l->text.at + l->i + 1, n - 1 };
    if (!inside.len && quote == '"')
        return wrong(l, "a name is empty: write it between the quotes", n + 1);
    if (quote == '"' && slice_find(inside, '.') < inside.len)
        return wrong(l, "a name holds a point, which parts names: leave it out", n + 1);
    struct token t = token_of(l, quote == '"' ? TOKEN_QUOTED : TOKEN_TEXT, n + 1);
    t.text = inside;
    return t;
}

/* A number, or a name that begins with digits, as public models have. */
static struct token number(struct lex *l)
{
    size_t n = 0;
    while (is_digit(peek(l, n)))
        n++;
    if (peek(l, n) == '.' && is_digit(peek(l, n + 1))) {
        for (n++; is_digit(peek(l, n)); n++)
            ;
        return token_of(l, TOKEN_REAL, n);
    }
    if (!is_letter(peek(l, n)))
        return token_of(l, TOKEN_INTEGER, n);
    while (in_name(peek(l, n)))
        n++;
    return token_of(l, TOKEN_NAME, n);
}

static struct token sign(struct lex *l)
{
    static const struct {
        const char *text;
        enum token_kind kind;
    } sign[] = { { "<=>", TOKEN_EQUIVALENT }, { "=>", TOKEN_IMPLIES }, { "==", TOKEN_EQ }, { "!=", TOKEN_NE },
                 { "<=", TOKEN_LE }, { ">=", TOKEN_GE }, { "..", TOKEN_RANGE } };
    struct slice rest = { l->text.at + l->i, l->text.len - l->i };
    for (size_t i = 0; i < sizeof sign / sizeof *sign; i++)
        if (slice_starts(rest, slice_of(sign[i].text)))
            return token_of(l, (int)sign[i].kind, strlen(sign[i].text));
    char c = peek(l, 0);
    if (!strchr("()[]{},.!&|<>+-*/", c))
        return c == '=' ? wrong(l, "= alone says nothing: write == or =>", 1)
                        : wrong(l, "a character stands for nothing here: take it out, or put the name in quotes", 1);
    if (c == '(' || c == '[' || c == '{')
        l->brackets++;
    else if ((c == ')' || c == ']' || c == '}') && l->brackets)
        l->brackets--;
    return token_of(l, c, 1);
}

static struct token word(struct lex *l)
{
    char c = peek(l, 0);
    if (is_letter(c)) {
        size_t n = 1;
        while (in_name(peek(l, n)))
            n++;
        return token_of(l, TOKEN_NAME, n);
    }
    if (c == '"' || c == '\'')
        return quoted(l, c);
    return is_digit(c) || (c == '.' && is_digit(peek(l, 1))) ? number(l) : sign(l);
}

void uvl_lex_start(struct lex *l, struct slice text, uint32_t file)
{
    *l = (struct lex){ .text = text, .place = { file, 1, 1 }, .levels = 1, .at_start = true };
    if (slice_starts(text, SLICE("\xEF\xBB\xBF")))
        l->mark = l->i = 3;
}

struct token uvl_lex_next(struct lex *l)
{
    if (l->at_start && !l->dedents) {
        struct token t = line_start(l);
        if (t.kind != TOKEN_NEWLINE)
            return t;
    }
    if (l->dedents) {
        l->dedents--;
        return token_of(l, TOKEN_DEDENT, 0);
    }
    for (;; l->i++)
        if (at_comment(l)) {
            if (!comment(l))
                return wrong(l, "a comment /* has no end: close it with */", 0);
            l->i--;
        } else if (is_newline(peek(l, 0))) {
            if (!l->brackets) {
                struct token t = token_of(l, TOKEN_NEWLINE, 0);
                newline(l);
                l->at_start = true;
                return t;
            }
            newline(l);
            l->i--;
        } else if (peek(l, 0) != ' ' && peek(l, 0) != '\t') {
            break;
        }
    return l->i < l->text.len ? word(l) : token_of(l, TOKEN_END, 0);
}

void uvl_lex_skip_line(struct lex *l, const struct token *from)
{
    l->i = l->mark = from->start;
    l->place = from->place;
    l->brackets = 0;
    l->at_start = false;
    while (l->i < l->text.len && !is_newline(peek(l, 0)))
        l->i++;
}
