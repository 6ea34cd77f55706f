/* The writing half of json.h. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/utf8.h"
#include "text/json.h"
#include "text/time.h"

/* What a string's byte asks for: nothing, an escape, or a look at the UTF-8 that begins there. */
enum care { PLAIN, ESCAPE, WIDE };

static inline enum care care_of(unsigned char c)
{
    if (c >= 0x80)
        return WIDE;
    return c < 0x20 || c == '"' || c == '\\' ? ESCAPE : PLAIN;
}

static void add_escape(struct buf *out, unsigned char c)
{
    static const char short_form[0x20] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n',
                                           ['\r'] = 'r', ['\t'] = 't' };
    static const char hex[] = "0123456789abcdef";
    char text[6] = { '\\', (char)c };
    size_t n = 2;
    if (c < 0x20 && short_form[c]) {
        text[1] = short_form[c];
    } else if (c < 0x20) {
        memcpy(text, "\\u00", 4);
        text[4] = hex[c >> 4];
        text[5] = hex[c & 15];
        n = 6;
    }
    buf_add(out, (struct slice){ text, n });
}

/* True when none of eight bytes is a control character, a quote, a backslash or not ASCII: for each
 * byte's highest bit, x - 0x20 borrows below a blank, and (x ^ c) - 1 borrows where x equals c. */
static inline bool eight_plain(const char *at)
{
    const uint64_t one = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t x;
    memcpy(&x, at, sizeof x);
    uint64_t quote = x ^ (one * '"'), slash = x ^ (one * '\\');
    return !(((x - one * 0x20) | (quote - one) | (slash - one) | x) & high);
}

/* Length of the run from s on that is copied as it is. */
static size_t plain_run(struct slice s)
{
    size_t n = 0;
    while (s.len - n >= 8 && eight_plain(s.at + n))
        n += 8;
    while (n < s.len) {
        enum care care = care_of((unsigned char)s.at[n]);
        size_t wide = care == WIDE ? utf8_step((struct slice){ s.at + n, s.len - n }) : 0;
        if (care == ESCAPE || (care == WIDE && !wide))
            break;
        n += wide ? wide : 1;
        while (s.len - n >= 8 && eight_plain(s.at + n))
            n += 8;
    }
    return n;
}

/* A string that goes on with `n` plain bytes and then with something that is not. */
static void add_careful(struct buf *out, struct slice s, size_t n)
{
    buf_addc(out, '"');
    for (; s.len; n = plain_run(s)) {
        buf_add(out, (struct slice){ s.at, n });
        if (n < s.len) {
            unsigned char c = (unsigned char)s.at[n++];
            if (c < 0x80)
                add_escape(out, c);
            else
                buf_add(out, SLICE(UTF8_REPLACEMENT));
        }
        s.at += n;
        s.len -= n;
    }
    buf_addc(out, '"');
}

/* Nearly all strings are plain: these are one copy. */
static void add_string(struct buf *out, struct slice s)
{
    size_t n = plain_run(s);
    if (n < s.len) {
        add_careful(out, s, n);
        return;
    }
    if (!buf_reserve(out, n + 2))
        return;
    char *at = out->at + out->len;
    at[0] = '"';
    if (n)
        memcpy(at + 1, s.at, n);
    at[n + 1] = '"';
    out->len += n + 2;
}

/* Before a value or a key: the comma that the one before it left owing. */
static void begin(struct json_w *w)
{
    assert(w && w->out);
    if (w->comma)
        buf_addc(w->out, ',');
    w->comma = true;
}

static void add_value(struct json_w *w, struct slice text)
{
    begin(w);
    buf_add(w->out, text);
}

void json_w_open(struct json_w *w, char bracket)
{
    assert(bracket == '{' || bracket == '[');
    begin(w);
    buf_addc(w->out, bracket);
    w->comma = false;
}

void json_w_close(struct json_w *w, char bracket)
{
    assert(bracket == '}' || bracket == ']');
    buf_addc(w->out, bracket);
    w->comma = true;
}

void json_w_key_slice(struct json_w *w, struct slice key)
{
    begin(w);
    add_string(w->out, key);
    buf_addc(w->out, ':');
    w->comma = false;
}

void json_w_key(struct json_w *w, const char *key)
{
    json_w_key_slice(w, slice_of(key));
}

void json_w_string(struct json_w *w, struct slice text)
{
    begin(w);
    add_string(w->out, text);
}

void json_w_cstr(struct json_w *w, const char *text)
{
    if (text)
        json_w_string(w, slice_of(text));
    else
        json_w_null(w);
}

void json_w_i64(struct json_w *w, int64_t value)
{
    char text[32];
    add_value(w, i64_print(value, text));
}

void json_w_micro(struct json_w *w, int64_t micro)
{
    char text[32];
    add_value(w, micro_print(micro, text));
}

/* Shortest of the texts with 15 to 17 digits that reads back as the same double. */
static struct slice print_double(double value, char out[32])
{
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    assert(n > 0 && n < 32);
    return (struct slice){ out, (size_t)n };
}

void json_w_double(struct json_w *w, double value)
{
    char text[32];
    if (!isfinite(value)) {
        json_w_null(w);
        return;
    }
    /* Most numbers of a shop have at most six places and fit in 15 digits. Then the division below is
     * exact to the last bit, so the decimal reads back as this double; no printf, no strtod. */
    if (fabs(value) < 1e9 && !(value == 0 && signbit(value))) {
        double micro = nearbyint(value * MICRO);
        if (micro / MICRO == value) {
            json_w_micro(w, (int64_t)micro);
            return;
        }
    }
    add_value(w, print_double(value, text));
}

void json_w_bool(struct json_w *w, bool value)
{
    add_value(w, value ? SLICE("true") : SLICE("false"));
}

void json_w_null(struct json_w *w)
{
    add_value(w, SLICE("null"));
}

void json_w_raw(struct json_w *w, struct slice valid_json)
{
    assert(valid_json.len);
    add_value(w, valid_json);
}

void json_w_time(struct json_w *w, int64_t ms)
{
    char text[TIME_TEXT_MAX];
    json_w_string(w, time_print(ms, text));
}

static void write_text(struct json_w *w, struct json v, struct arena *scratch)
{
    struct slice text = json_string(v, scratch);
    w->out->failed |= !text.at;
    json_w_string(w, text);
}

void json_w_value(struct json_w *w, struct json v, struct arena *scratch)
{
    bool object = json_is(v, JSON_OBJECT);
    if (json_is(v, JSON_STRING)) {
        write_text(w, v, scratch);
        return;
    }
    if (!object && !json_is(v, JSON_ARRAY)) {
        add_value(w, json_type(v) ? json_raw(v) : SLICE("null"));
        return;
    }
    json_w_open(w, object ? '{' : '[');
    for (struct json_iter it = json_iter(v); json_next(&it);) {  // as deep as LIMIT_JSON_DEPTH
        if (object) {
            write_text(w, it.key, scratch);
            buf_addc(w->out, ':');
            w->comma = false;
        }
        json_w_value(w, it.value, scratch);
    }
    json_w_close(w, object ? '}' : ']');
}

void json_w_kstring(struct json_w *w, const char *key, struct slice value)
{
    json_w_key(w, key);
    json_w_string(w, value);
}

void json_w_kstrings(struct json_w *w, const char *key, const struct slice *value, size_t n)
{
    json_w_key(w, key);
    json_w_open(w, '[');
    for (size_t i = 0; i < n; i++)
        json_w_string(w, value[i]);
    json_w_close(w, ']');
}

void json_w_kcstr(struct json_w *w, const char *key, const char *text)
{
    json_w_key(w, key);
    json_w_cstr(w, text);
}

void json_w_ki64(struct json_w *w, const char *key, int64_t value)
{
    json_w_key(w, key);
    json_w_i64(w, value);
}

void json_w_kdouble(struct json_w *w, const char *key, double value)
{
    json_w_key(w, key);
    json_w_double(w, value);
}

void json_w_kmicro(struct json_w *w, const char *key, int64_t micro)
{
    json_w_key(w, key);
    json_w_micro(w, micro);
}

void json_w_kbool(struct json_w *w, const char *key, bool value)
{
    json_w_key(w, key);
    json_w_bool(w, value);
}

void json_w_knull(struct json_w *w, const char *key)
{
    json_w_key(w, key);
    json_w_null(w);
}

void json_w_kraw(struct json_w *w, const char *key, struct slice valid_json)
{
    json_w_key(w, key);
    json_w_raw(w, valid_json);
}

void json_w_ktime(struct json_w *w, const char *key, int64_t ms)
{
    json_w_key(w, key);
    json_w_time(w, ms);
}
