/* JSON: bytes to a read-only tree and back.
 *
 * Source   RFC 8259. simdjson validates (strict, UTF-8, depth); one pass over its tokens then marks
 *          where each value begins and ends. So every value gives its raw bytes (an event is stored as
 *          it came) and every number its digits (no double in between): what simdjson's own trees lose.
 * Memory   the tree borrows the text, which must outlive it; the parser owns the marks and is reused.
 *          One parse per parser at a time.
 * Limits   depth LIMIT_JSON_DEPTH, numbers LIMIT_JSON_NUMBER characters, text 2^31 bytes.
 * Errors   ERR_INVALID with e->pos = byte offset of the flaw and the reason; ERR_LIMIT.
 * Numbers  integers beyond 64 bits and doubles beyond 1.8e308 are refused as invalid.
 * Twins    of two equal keys json_get finds the last, as ECMAScript does.
 */
#ifndef TENDERO_TEXT_JSON_H
#define TENDERO_TEXT_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum json_type { JSON_NONE, JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_mark {
    uint32_t begin, end;  // bytes [begin, end) of the text; strings with their quotes
    uint32_t after;       // marks of this value and all it holds: the next value's mark is `after` on
    uint8_t type;         // enum json_type
    bool escaped;         // string: holds a backslash
};

struct json_parser;
/* A value: absent values (JSON_NONE) can be asked anything and answer empty. */
struct json {
    const char *text;
    const struct json_mark *mark;
};

struct json_parser *json_parser_new(void);
void json_parser_drop(struct json_parser **);
MUST_CHECK enum err_code json_parse(struct json_parser *, struct slice text, struct json *root,
                                    struct err *e);

static inline enum json_type json_type(struct json v)
{
    return v.mark ? (enum json_type)v.mark->type : JSON_NONE;
}
static inline bool json_is(struct json v, enum json_type type)
{
    return json_type(v) == type;
}
/* The value's bytes as they stand in the text. */
struct slice json_raw(struct json v);
/* Member of an object by key; JSON_NONE when absent or v is no object. */
struct json json_get(struct json v, const char *key);
struct json json_get_slice(struct json v, struct slice key);
/* Number of elements or members. */
size_t json_count(struct json v);

/* for (struct json_iter it = json_iter(v); json_next(&it);) ... it.key (objects only), it.value */
struct json_iter {
    struct json key, value;
    const struct json_mark *at, *end;
    const char *text;
    bool object;
};
struct json_iter json_iter(struct json v);
bool json_next(struct json_iter *it);

/* A string's text: borrowed where it has no escapes, else unescaped into mem (at is NULL when mem is
 * exhausted). Empty for anything that is no string. */
struct slice json_string(struct json v, struct arena *mem);
/* false, *ret untouched: not a number, or not one of that kind. */
bool json_i64(struct json v, int64_t *ret);
bool json_double(struct json v, double *ret);
bool json_bool(struct json v, bool *ret);
/* A scalar as people write identifiers: strings as they are, numbers by their digits. Empty otherwise. */
struct slice json_text(struct json v, struct arena *mem);

/* Writing. The writer puts commas itself: json_w_key before each member's value. */
struct json_w {
    struct buf *out;
    bool comma;
};
static inline struct json_w json_w(struct buf *out)
{
    return (struct json_w){ out, false };
}
void json_w_open(struct json_w *, char bracket);   // '{' or '['
void json_w_close(struct json_w *, char bracket);  // '}' or ']'
void json_w_key(struct json_w *, const char *key);
void json_w_key_slice(struct json_w *, struct slice key);
void json_w_string(struct json_w *, struct slice);  // escapes; invalid UTF-8 becomes U+FFFD
void json_w_cstr(struct json_w *, const char *text);  // NULL writes null
void json_w_i64(struct json_w *, int64_t);
void json_w_double(struct json_w *, double);  // shortest round trip; NaN and infinities become null
void json_w_micro(struct json_w *, int64_t micro);  // exact decimal
void json_w_bool(struct json_w *, bool);
void json_w_null(struct json_w *);
void json_w_raw(struct json_w *, struct slice valid_json);
/* A parsed value without blanks, strings in their shortest form, numbers by their digits; an absent one
 * writes null. The buffer turns `failed` when scratch is exhausted. */
void json_w_value(struct json_w *, struct json v, struct arena *scratch);
void json_w_time(struct json_w *, int64_t ms);  // RFC 3339 in UTC with milliseconds
/* key and value in one line */
void json_w_kstring(struct json_w *, const char *key, struct slice);
void json_w_kstrings(struct json_w *, const char *key, const struct slice *, size_t n);
void json_w_kcstr(struct json_w *, const char *key, const char *text);
void json_w_ki64(struct json_w *, const char *key, int64_t);
void json_w_kdouble(struct json_w *, const char *key, double);
void json_w_kmicro(struct json_w *, const char *key, int64_t);
void json_w_kbool(struct json_w *, const char *key, bool);
void json_w_knull(struct json_w *, const char *key);
void json_w_kraw(struct json_w *, const char *key, struct slice);
void json_w_ktime(struct json_w *, const char *key, int64_t ms);

#endif
