#include "io/http/framing.h"

#include <assert.h>

#define CHUNK_DIGITS 16

enum body_state {
    BODY_COUNTED,
    CHUNK_SIZE,
    CHUNK_BLANK,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER_START,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    BODY_LF,
    BODY_DONE
};

static enum framing_verdict refuse(struct framing_refusal *refusal, int status, const char *reason)
{
    *refusal = (struct framing_refusal){ status, reason };
    return FRAMING_REFUSED;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(unsigned char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* tchar of RFC 9110 section 5.6.2. */
static bool is_token(unsigned char c)
{
    return is_alnum(c) || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* A byte of a field value: visible, obs-text, blank or tab. */
static bool is_value(unsigned char c)
{
    return (c >= 0x20 && c != 0x7f) || c == '\t';
}

static bool all(struct slice s, bool (*is)(unsigned char))
{
    for (size_t i = 0; i < s.len; i++)
        if (!is((unsigned char)s.at[i]))
            return false;
    return true;
}

enum framing_verdict framing_scan(struct framing_scan *scan, const char *at, size_t len,
                                  size_t *head_len, struct framing_refusal *refusal)
{
    assert(scan->checked <= len || len == 0);
    if (len && !is_token((unsigned char)at[0]) && at[0] != '\r' && at[0] != '\n')
        return refuse(refusal, 400, "A request begins with its method; these bytes do not.");
    const char *lf;
    while (scan->checked < len && (lf = memchr(at + scan->checked, '\n', len - scan->checked))) {
        size_t pos = (size_t)(lf - at);
        if (pos == scan->line || at[pos - 1] != '\r')
            return refuse(refusal, 400, "A line ends with LF alone; end lines with CR LF.");
        if (scan->line == scan->lead && pos - scan->line > LIMIT_HTTP_TARGET)
            break;
        bool empty = pos - scan->line == 1;
        scan->checked = pos + 1;
        if (pos >= LIMIT_HTTP_HEADER)
            break;
        if (empty && scan->line == 0)
            scan->lead = 2;  // RFC 9112 section 2.2: one empty line before a request is ignored
        else if (empty && scan->line == scan->lead)
            return refuse(refusal, 400, "Empty lines stand where the request line should.");
        else if (empty) {
            *head_len = scan->checked;
            return FRAMING_DONE;
        }
        scan->line = scan->checked;
    }
    scan->checked = scan->checked > len ? scan->checked : len;
    if (scan->line == scan->lead && len > LIMIT_HTTP_TARGET)
        return refuse(refusal, 414, "The request line exceeds 8 KiB; send long data in a body.");
    if (len > LIMIT_HTTP_HEADER)
        return refuse(refusal, 431, "The header exceeds 16 KiB; send fewer or smaller fields.");
    return FRAMING_MORE;
}

static bool is_target(unsigned char c)
{
    return c > 0x20 && c < 0x7f && c != '#';
}

static enum framing_verdict method_parse(struct slice text, enum http_method *ret,
                                         struct framing_refusal *refusal)
{
    static const struct {
        const char *name;
        enum http_method method;
    } known[] = { { "GET", HTTP_GET },     { "HEAD", HTTP_HEAD },     { "POST", HTTP_POST },
                  { "PUT", HTTP_PUT },     { "PATCH", HTTP_PATCH },   { "DELETE", HTTP_DELETE },
                  { "OPTIONS", HTTP_OPTIONS } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (slice_is(text, known[i].name)) {
            *ret = known[i].method;
            return FRAMING_DONE;
        }
    if (slice_is(text, "TRACE") || slice_is(text, "CONNECT"))
        return refuse(refusal, 405, "TRACE and CONNECT are not offered here.");
    return refuse(refusal, 501, "The method is unknown; see /openapi.json for what is offered.");
}

static bool is_host(unsigned char c)
{
    return is_alnum(c) || strchr("-._~!$&'()*+,;=%:[]", c) != NULL;
}

/* host[:port]; user information ('@') has no place in a Host field. */
static bool host_valid(struct slice host)
{
    for (size_t i = 0; i < host.len; i++)
        if (host.at[i] == 0 || !is_host((unsigned char)host.at[i]))
            return false;
    if (host.len && host.at[0] == '[') {
        slice_cut(&host, ']');
        return host.len == 0 || (host.at[0] == ':' && all((struct slice){ host.at + 1, host.len - 1 },
                                                          is_digit));
    }
    slice_cut(&host, ':');
    return all(host, is_digit);
}

/* Splits the target; *authority is filled for the absolute form, which proxies send. */
static enum framing_verdict target_parse(struct slice target, struct framing_head *head,
                                         struct slice *authority, struct framing_refusal *refusal)
{
    if (target.len == 0 || !all(target, is_target))
        return refuse(refusal, 400, "The request target holds characters that must be escaped as %XX.");
    if (slice_is(target, "*") && head->method == HTTP_OPTIONS) {
        head->path = target;
        return FRAMING_DONE;
    }
    size_t scheme = slice_starts(target, SLICE("http://"))    ? 7
                    : slice_starts(target, SLICE("https://")) ? 8
                                                              : 0;
    if (scheme) {
        size_t end = scheme;
        while (end < target.len && target.at[end] != '/' && target.at[end] != '?')
            end++;
        *authority = (struct slice){ target.at + scheme, end - scheme };
        if (authority->len == 0 || !host_valid(*authority))
            return refuse(refusal, 400, "The request target names no valid host.");
        target = (struct slice){ target.at + end, target.len - end };
    } else if (target.at[0] != '/')
        return refuse(refusal, 400, "The request target must begin with '/'.");
    head->path = slice_cut(&target, '?');
    head->query = target;
    if (head->path.len == 0)
        head->path = SLICE("/");
    return FRAMING_DONE;
}

static enum framing_verdict request_line_parse(struct slice line, struct framing_head *head,
                                               struct slice *authority,
                                               struct framing_refusal *refusal)
{
    struct slice rest = line;
    struct slice method = slice_cut(&rest, ' ');
    struct slice target = slice_cut(&rest, ' ');
    if (method.len == 0 || !all(method, is_token) || target.len == 0)
        return refuse(refusal, 400, "The request line is not METHOD TARGET HTTP/1.1.");
    if (rest.len != 8 || !slice_starts(rest, SLICE("HTTP/")) || !is_digit((unsigned char)rest.at[5]) ||
        rest.at[6] != '.' || !is_digit((unsigned char)rest.at[7]))
        return refuse(refusal, 400, "The request line does not end with HTTP/1.1.");
    if (rest.at[5] != '1')
        return refuse(refusal, 505, "This server speaks HTTP/1.1 and HTTP/1.0.");
    head->minor = rest.at[7] - '0';
    head->keep_alive = head->minor >= 1;
    enum framing_verdict verdict = method_parse(method, &head->method, refusal);
    return verdict == FRAMING_DONE ? target_parse(target, head, authority, refusal) : verdict;
}

static enum framing_verdict field_parse(struct slice line, struct framing_head *head,
                                        struct framing_refusal *refusal)
{
    if (line.at[0] == ' ' || line.at[0] == '\t')
        return refuse(refusal, 400, "A header line is folded; put each field on one line.");
    size_t colon = slice_find(line, ':');
    struct slice name = { line.at, colon };
    if (colon == line.len || colon == 0 || !all(name, is_token))
        return refuse(refusal, 400, "A header line is not NAME: VALUE, without a blank before the colon.");
    struct slice value = { line.at + colon + 1, line.len - colon - 1 };
    if (!all(value, is_value))
        return refuse(refusal, 400, "A header value holds a control character.");
    if (head->fields_n == LIMIT_HTTP_HEADER_LINES)
        return refuse(refusal, 431, "More than 100 header lines; send fewer.");
    head->fields[head->fields_n++] = (struct framing_field){ name, slice_trim(value) };
    return FRAMING_DONE;
}

/* Each field that decides framing must stand alone: *ret is it, or NULL when there is none. */
static bool find_single(const struct framing_head *head, struct slice name,
                        const struct framing_field **ret)
{
    *ret = NULL;
    for (size_t i = 0; i < head->fields_n; i++) {
        if (!slice_eq_nocase(head->fields[i].name, name))
            continue;
        if (*ret)
            return false;
        *ret = &head->fields[i];
    }
    return true;
}

static enum framing_verdict length_parse(struct slice value, uint64_t *ret,
                                         struct framing_refusal *refusal)
{
    if (value.len == 0 || !all(value, is_digit))
        return refuse(refusal, 400, "Content-Length must be digits only.");
    uint64_t n = 0;
    for (size_t i = 0; i < value.len; i++)
        if (__builtin_mul_overflow(n, 10u, &n) ||
            __builtin_add_overflow(n, (uint64_t)(value.at[i] - '0'), &n))
            return refuse(refusal, 413, "Content-Length exceeds what any computer holds.");
    *ret = n;
    return FRAMING_DONE;
}

static enum framing_verdict lengths_check(struct framing_head *head, struct framing_refusal *refusal)
{
    const struct framing_field *length, *coding;
    if (!find_single(head, SLICE("content-length"), &length))
        return refuse(refusal, 400, "Content-Length is given more than once.");
    if (!find_single(head, SLICE("transfer-encoding"), &coding))
        return refuse(refusal, 400, "Transfer-Encoding is given more than once.");
    if (length && coding)
        return refuse(refusal, 400, "Content-Length and Transfer-Encoding contradict each other.");
    if (length)
        return length_parse(length->value, &head->length, refusal);
    if (!coding)
        return FRAMING_DONE;
    if (head->minor == 0)
        return refuse(refusal, 400, "HTTP/1.0 has no Transfer-Encoding.");
    if (!slice_eq_nocase(coding->value, SLICE("chunked")))
        return refuse(refusal, 501, "The only transfer coding offered is chunked.");
    head->chunked = true;
    return FRAMING_DONE;
}

static enum framing_verdict host_check(const struct framing_head *head, struct slice authority,
                                       struct framing_refusal *refusal)
{
    const struct framing_field *host;
    if (!find_single(head, SLICE("host"), &host))
        return refuse(refusal, 400, "Host is given more than once.");
    if (!host)
        return head->minor == 0 ? FRAMING_DONE : refuse(refusal, 400, "Host is missing.");
    if (!host_valid(host->value))
        return refuse(refusal, 400, "Host is not NAME or NAME:PORT.");
    if (authority.len && !slice_eq_nocase(authority, host->value))
        return refuse(refusal, 400, "Host and the request target name different hosts.");
    return FRAMING_DONE;
}

static enum framing_verdict options_check(struct framing_head *head, struct framing_refusal *refusal)
{
    bool asks_close = false, asks_keep = false;
    for (size_t i = 0; i < head->fields_n; i++) {
        struct slice value = head->fields[i].value;
        if (slice_eq_nocase(head->fields[i].name, SLICE("connection"))) {
            while (value.len) {
                struct slice word = slice_trim(slice_cut(&value, ','));
                asks_close |= slice_eq_nocase(word, SLICE("close"));
                asks_keep |= slice_eq_nocase(word, SLICE("keep-alive"));
            }
        } else if (slice_eq_nocase(head->fields[i].name, SLICE("expect")) && head->minor >= 1) {
            if (!slice_eq_nocase(value, SLICE("100-continue")))
                return refuse(refusal, 417, "The only expectation known is 100-continue.");
            head->expect_continue = true;
        }
    }
    head->keep_alive = !asks_close && (head->keep_alive || asks_keep);
    return FRAMING_DONE;
}

static struct slice next_line(struct slice *rest)
{
    struct slice line = slice_cut(rest, '\n');
    assert(line.len && line.at[line.len - 1] == '\r');  // framing_scan saw to it
    line.len--;
    return line;
}

enum framing_verdict framing_parse(struct slice head, struct framing_head *ret,
                                   struct framing_refusal *refusal)
{
    assert(head.len >= 4);
    struct slice authority = { NULL, 0 };
    ret->method = HTTP_GET;
    ret->path = ret->query = authority;
    ret->expect_continue = ret->chunked = false;
    ret->length = 0;
    ret->fields_n = 0;

    struct slice line = next_line(&head);
    if (line.len == 0)
        line = next_line(&head);
    enum framing_verdict verdict = request_line_parse(line, ret, &authority, refusal);
    while (verdict == FRAMING_DONE && (line = next_line(&head)).len > 0)
        verdict = field_parse(line, ret, refusal);
    if (verdict == FRAMING_DONE)
        verdict = lengths_check(ret, refusal);
    if (verdict == FRAMING_DONE)
        verdict = host_check(ret, authority, refusal);
    if (verdict == FRAMING_DONE)
        verdict = options_check(ret, refusal);
    return verdict;
}

const struct framing_field *framing_find(const struct framing_head *head, struct slice name)
{
    for (size_t i = 0; i < head->fields_n; i++)
        if (slice_eq_nocase(head->fields[i].name, name))
            return &head->fields[i];
    return NULL;
}

static enum framing_verdict too_large(struct framing_refusal *refusal)
{
    return refuse(refusal, 413, "The body exceeds the limit; send it in smaller pieces.");
}

/* The end of a chunk's size line: what follows it. */
static enum framing_verdict chunk_begin(struct framing_body *body, struct framing_refusal *refusal)
{
    if (body->left > body->limit - body->total)
        return too_large(refusal);
    body->total += body->left;
    body->state = body->left ? CHUNK_DATA : TRAILER_START;
    body->line = 0;
    return FRAMING_MORE;
}

static enum framing_verdict size_byte(struct framing_body *body, unsigned char c,
                                      struct framing_refusal *refusal)
{
    int digit = hex_digit((char)c);
    if (digit >= 0) {
        if (++body->line > CHUNK_DIGITS)
            return too_large(refusal);
        body->left = body->left << 4 | (uint64_t)digit;
        return FRAMING_MORE;
    }
    if (body->line == 0)
        return refuse(refusal, 400, "A chunk's size must be hexadecimal digits.");
    if (c == '\r')
        body->state = CHUNK_SIZE_LF;
    else if (c == ';')
        body->state = CHUNK_EXTENSION;
    else if (c == ' ' || c == '\t')
        body->state = CHUNK_BLANK;
    else
        return refuse(refusal, 400, "A chunk's size must be hexadecimal digits.");
    return FRAMING_MORE;
}

/* Bytes that carry no data are bounded too: a request must not be endless extensions or trailers. */
static enum framing_verdict extension_byte(struct framing_body *body, unsigned char c,
                                           struct framing_refusal *refusal)
{
    if (++body->line > LIMIT_HTTP_CHUNK_LINE || ++body->overhead > LIMIT_HTTP_HEADER)
        return refuse(refusal, 400, "The chunk extensions are too long.");
    if (body->state == CHUNK_BLANK && c == ';')
        body->state = CHUNK_EXTENSION;
    else if (body->state == CHUNK_EXTENSION && c == '\r')
        body->state = CHUNK_SIZE_LF;
    else if (body->state == CHUNK_BLANK ? c != ' ' && c != '\t' : !is_value(c))
        return refuse(refusal, 400, "A chunk's size line is malformed.");
    return FRAMING_MORE;
}

static enum framing_verdict trailer_byte(struct framing_body *body, unsigned char c,
                                         struct framing_refusal *refusal)
{
    if (++body->overhead > LIMIT_HTTP_HEADER)
        return refuse(refusal, 431, "The trailer exceeds 16 KiB.");
    if (body->state == TRAILER_START && c == '\r')
        body->state = BODY_LF;
    else if (body->state == TRAILER_START && is_token(c))
        body->state = TRAILER_NAME;
    else if (body->state == TRAILER_NAME && c == ':')
        body->state = TRAILER_VALUE;
    else if (body->state == TRAILER_VALUE && c == '\r')
        body->state = TRAILER_LF;
    else if (body->state == TRAILER_NAME ? !is_token(c)
                                         : body->state != TRAILER_VALUE || !is_value(c))
        return refuse(refusal, 400, "A trailer line is malformed.");
    return FRAMING_MORE;
}

static enum framing_verdict body_byte(struct framing_body *body, unsigned char c,
                                      struct framing_refusal *refusal)
{
    switch ((enum body_state)body->state) {
    case CHUNK_SIZE: return size_byte(body, c, refusal);
    case CHUNK_BLANK:
    case CHUNK_EXTENSION: return extension_byte(body, c, refusal);
    case TRAILER_START:
    case TRAILER_NAME:
    case TRAILER_VALUE: return trailer_byte(body, c, refusal);
    case CHUNK_SIZE_LF:
        return c == '\n' ? chunk_begin(body, refusal)
                         : refuse(refusal, 400, "A chunk's size line ends with CR alone.");
    case CHUNK_DATA_CR:
        body->state = CHUNK_DATA_LF;
        return c == '\r' ? FRAMING_MORE
                         : refuse(refusal, 400, "A chunk is longer than its size says.");
    case CHUNK_DATA_LF:
        body->state = CHUNK_SIZE;
        return c == '\n' ? FRAMING_MORE : refuse(refusal, 400, "A chunk ends with CR alone.");
    case TRAILER_LF:
        body->state = TRAILER_START;
        return c == '\n' ? FRAMING_MORE : refuse(refusal, 400, "A trailer line ends with CR alone.");
    case BODY_LF:
        body->state = BODY_DONE;
        return c == '\n' ? FRAMING_DONE : refuse(refusal, 400, "The body's last line ends with CR alone.");
    case BODY_COUNTED:
    case CHUNK_DATA:
    case BODY_DONE: break;
    }
    assert(false);  // data is taken in pieces, not bytes
    return FRAMING_REFUSED;
}

enum framing_verdict framing_body_begin(struct framing_body *body, const struct framing_head *head,
                                        uint64_t limit, struct framing_refusal *refusal)
{
    *body = (struct framing_body){ .state = head->chunked ? CHUNK_SIZE : BODY_COUNTED,
                                   .left = head->length,
                                   .total = head->length,
                                   .limit = limit };
    if (head->length > limit)
        return too_large(refusal);
    return head->chunked || head->length ? FRAMING_MORE : FRAMING_DONE;
}

enum framing_verdict framing_body(struct framing_body *body, const char *at, size_t len, size_t *used,
                                  struct slice *data, struct framing_refusal *refusal)
{
    assert(body->state != BODY_DONE);
    *data = (struct slice){ NULL, 0 };
    size_t i = 0;
    enum framing_verdict verdict = FRAMING_MORE;
    while (i < len && verdict == FRAMING_MORE && body->state != BODY_COUNTED &&
           body->state != CHUNK_DATA)
        verdict = body_byte(body, (unsigned char)at[i++], refusal);
    if (verdict == FRAMING_MORE && (body->state == BODY_COUNTED || body->state == CHUNK_DATA)) {
        *data = (struct slice){ at + i, body->left < len - i ? (size_t)body->left : len - i };
        body->left -= data->len;
        i += data->len;
        if (body->left == 0) {
            verdict = body->state == BODY_COUNTED ? FRAMING_DONE : FRAMING_MORE;
            body->state = body->state == BODY_COUNTED ? BODY_DONE : CHUNK_DATA_CR;
        }
    }
    *used = i;
    return verdict;
}
