#include "text/json.h"

#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "text/json_check.h"
#include "text/json_flaw.h"

#define TEXT_MAX ((size_t)1 << 31)
#define MARKS_FIRST 256u
#define MARKS_KEEP ((size_t)1 << 18)  // a larger array than this is given back by the next small text

struct json_parser {
    struct json_check *check;
    struct json_mark *marks;
    size_t cap;
};

struct json_parser *json_parser_new(void)
{
    struct json_parser *parser = calloc(1, sizeof *parser);
    if (!parser)
        return NULL;
    /* simdjson refuses at its limit where we refuse above ours. */
    parser->check = json_check_new(LIMIT_JSON_DEPTH + 1);
    if (!parser->check)
        json_parser_drop(&parser);
    return parser;
}

void json_parser_drop(struct json_parser **parser)
{
    assert(parser);
    if (!*parser)
        return;
    json_check_free((*parser)->check);
    free((*parser)->marks);
    free(*parser);
    *parser = NULL;
}

/* Room for as many marks as there are tokens: an upper bound that one walk never passes. */
static bool make_room(struct json_parser *parser, size_t tokens)
{
    bool shrink = parser->cap > MARKS_KEEP && tokens <= MARKS_KEEP / 4;
    if (tokens <= parser->cap && !shrink)
        return true;
    size_t cap = MARKS_FIRST;
    while (cap < tokens)
        cap *= 2;
    free(parser->marks);
    parser->cap = 0;
    parser->marks = malloc(cap * sizeof *parser->marks);
    if (!parser->marks)
        return false;
    parser->cap = cap;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The type that a token's first byte tells; JSON_NONE for ] } , and : */
static const uint8_t type_of[256] = {
    ['{'] = JSON_OBJECT, ['['] = JSON_ARRAY,  ['"'] = JSON_STRING, ['t'] = JSON_BOOL,
    ['f'] = JSON_BOOL,   ['n'] = JSON_NULL,   ['-'] = JSON_NUMBER, ['0'] = JSON_NUMBER,
    ['1'] = JSON_NUMBER, ['2'] = JSON_NUMBER, ['3'] = JSON_NUMBER, ['4'] = JSON_NUMBER,
    ['5'] = JSON_NUMBER, ['6'] = JSON_NUMBER, ['7'] = JSON_NUMBER, ['8'] = JSON_NUMBER,
    ['9'] = JSON_NUMBER,
};

struct walk {
    const char *text;
    struct json_mark *marks;
    uint32_t n;                           // marks made
    uint32_t depth;
    bool beyond;                          // a limit of ours that simdjson does not know
    uint32_t open[LIMIT_JSON_DEPTH + 1];  // marks of the arrays and objects around
};

/* The mark of a token that begins a value; `next` is where the following token begins. */
static inline void walk_value(struct walk *w, enum json_type type, uint32_t begin, uint32_t next)
{
    struct json_mark *m = &w->marks[w->n];
    *m = (struct json_mark){ .begin = begin, .after = 1, .type = (uint8_t)type };
    if (type == JSON_OBJECT || type == JSON_ARRAY) {
        assert(w->depth <= LIMIT_JSON_DEPTH);
        w->open[w->depth++] = w->n++;
        /* simdjson counts only arrays and objects that hold something. */
        w->beyond |= w->depth > LIMIT_JSON_DEPTH;
        return;
    }
    w->n++;
    while (is_blank(w->text[next - 1]))
        next--;
    m->end = next;
    if (type == JSON_STRING)
        m->escaped = memchr(w->text + begin + 1, '\\', next - begin - 2) != NULL;
    else
        w->beyond |= next - begin > LIMIT_JSON_NUMBER;
}

/* Marks every value of a text that json_check has found valid; false beyond a limit. */
static bool walk(struct json_parser *parser, struct slice text)
{
    size_t tokens;
    const uint32_t *at = json_check_tokens(parser->check, &tokens);
    struct walk w = { .text = text.at, .marks = parser->marks };
    assert(tokens <= parser->cap);
    for (size_t i = 0; i < tokens; i++) {
        char first = text.at[at[i]];
        enum json_type type = type_of[(unsigned char)first];
        if (type != JSON_NONE) {
            walk_value(&w, type, at[i], i + 1 < tokens ? at[i + 1] : (uint32_t)text.len);
        } else if (first == '}' || first == ']') {
            struct json_mark *m = &w.marks[w.open[--w.depth]];
            m->end = at[i] + 1;
            m->after = w.n - w.open[w.depth];
        }
    }
    assert(w.depth == 0);
    return !w.beyond;
}

enum err_code json_parse(struct json_parser *parser, struct slice text, struct json *root,
                         struct err *e)
{
    assert(parser);
    assert(root);
    if (text.len >= TEXT_MAX)
        return err_set(e, ERR_LIMIT, TEXT_MAX, "a JSON text of more than 2 GiB");
    if (slice_starts(text, SLICE("\xEF\xBB\xBF")))  // later simdjson skips it: be the same everywhere
        return json_flaw(text, e);
    int no_memory;
    const char *reason = json_check_run(parser->check, text.at, text.len, &no_memory);
    size_t tokens = 0;
    if (!reason)
        json_check_tokens(parser->check, &tokens);
    if (no_memory || !make_room(parser, tokens))
        return err_set(e, ERR_LIMIT, 0, "no memory left to read %zu bytes of JSON", text.len);
    if (!reason && walk(parser, text)) {
        *root = (struct json){ text.at, parser->marks };
        return ERR_OK;
    }
    TRY(json_flaw(text, e));
    return err_set(e, ERR_INVALID, 0, "not JSON: %s", reason ? reason : "a limit is passed");
}

/* One character of a string's inside: *at moves behind it, its UTF-8 goes to out. The text is valid. */
static size_t unescape(const char **at, char out[4])
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *p = *at;
    if (*p != '\\') {
        *out = *p;
        *at = p + 1;
        return 1;
    }
    *at = p + 2;
    if (p[1] != 'u') {
        const char *hit = strchr(from, p[1]);
        *out = hit ? to[hit - from] : p[1];
        return 1;
    }
    uint32_t unit[2] = { 0, 0 };
    for (int k = 0; k < 2; k++) {
        for (int i = 2; i < 6; i++)
            unit[k] = unit[k] << 4 | (uint32_t)hex_digit(p[i]);
        p += 6;
        *at = p;
        if (k || unit[0] < 0xD800 || unit[0] > 0xDBFF)
            break;
    }
    if (unit[1])
        return utf8_put(0x10000 + ((unit[0] - 0xD800) << 10) + (unit[1] - 0xDC00), out);
    return utf8_put(unit[0], out);
}

/* The bytes between a string's quotes. */
static struct slice inside(struct json v)
{
    return (struct slice){ v.text + v.mark->begin + 1, v.mark->end - v.mark->begin - 2 };
}

static bool key_is(struct json key, struct slice want)
{
    struct slice raw = inside(key);
    if (!key.mark->escaped)
        return slice_eq(raw, want);
    const char *at = raw.at, *end = raw.at + raw.len;
    size_t done = 0;
    while (at < end) {
        char out[4];
        size_t n = unescape(&at, out);
        if (want.len - done < n || memcmp(want.at + done, out, n) != 0)
            return false;
        done += n;
    }
    return done == want.len;
}

struct slice json_raw(struct json v)
{
    if (!v.mark)
        return SLICE("");
    return (struct slice){ v.text + v.mark->begin, v.mark->end - v.mark->begin };
}

struct json_iter json_iter(struct json v)
{
    struct json_iter it = { .text = v.text, .object = json_is(v, JSON_OBJECT) };
    if (it.object || json_is(v, JSON_ARRAY)) {
        it.at = v.mark + 1;
        it.end = v.mark + v.mark->after;
    }
    return it;
}

bool json_next(struct json_iter *it)
{
    assert(it);
    if (it->at == it->end)
        return false;
    if (it->object)
        it->key = (struct json){ it->text, it->at++ };
    it->value = (struct json){ it->text, it->at };
    it->at += it->at->after;
    return true;
}

struct json json_get_slice(struct json v, struct slice key)
{
    struct json found = { NULL, NULL };
    if (!json_is(v, JSON_OBJECT))
        return found;
    for (struct json_iter it = json_iter(v); json_next(&it);)
        if (key_is(it.key, key))
            found = it.value;
    return found;
}

struct json json_get(struct json v, const char *key)
{
    return json_get_slice(v, slice_of(key));
}

size_t json_count(struct json v)
{
    size_t n = 0;
    for (struct json_iter it = json_iter(v); json_next(&it);)
        n++;
    return n;
}

struct slice json_string(struct json v, struct arena *mem)
{
    if (!json_is(v, JSON_STRING))
        return SLICE("");
    struct slice raw = inside(v);
    if (!v.mark->escaped)
        return raw;
    char *text = arena_alloc(mem, raw.len + 1);  // unescaping never lengthens
    if (!text)
        return (struct slice){ NULL, 0 };
    size_t n = 0;
    for (const char *at = raw.at, *end = at + raw.len; at < end;) {
        char out[4];
        size_t bytes = unescape(&at, out);
        memcpy(text + n, out, bytes);
        n += bytes;
    }
    return (struct slice){ text, n };
}

bool json_i64(struct json v, int64_t *ret)
{
    return json_is(v, JSON_NUMBER) && slice_i64(json_raw(v), ret);
}

bool json_double(struct json v, double *ret)
{
    if (!json_is(v, JSON_NUMBER))
        return false;
    struct slice raw = json_raw(v);
    char text[LIMIT_JSON_NUMBER + 1];
    assert(raw.len < sizeof text);
    memcpy(text, raw.at, raw.len);
    text[raw.len] = 0;
    *ret = strtod(text, NULL);
    return true;
}

bool json_bool(struct json v, bool *ret)
{
    if (!json_is(v, JSON_BOOL))
        return false;
    *ret = json_raw(v).at[0] == 't';
    return true;
}

struct slice json_text(struct json v, struct arena *mem)
{
    return json_is(v, JSON_NUMBER) ? json_raw(v) : json_string(v, mem);
}
