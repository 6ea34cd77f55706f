#include "text/csv.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/decimal.h"
#include "base/limits.h"

#define BUFFER_BYTES ((size_t)256 << 10)

struct csv {
    csv_source source;
    void *arg;
    char *bytes;        // [at, len) is read and not yet handed out
    size_t at, len, cap;
    size_t quote;       // first quote in [at, len), or len
    char *plain;        // fields whose doubled quotes are undone; as long as `bytes`
    size_t plain_cap, plain_len;
    int64_t line;       // of the byte at `at`
    char separator;
    bool started, eof;
    bool skipping;      // the rest of a line that was too long is yet to be passed over
    size_t fields;
    struct slice field[LIMIT_CSV_FIELDS];
};

enum step { STEP_DONE, STEP_MORE, STEP_FLAW, STEP_MEMORY };

/* What one try at a record found: its end, or the flaw. Offsets count from the record's first byte. */
struct record {
    size_t end;          // behind the last byte, without the line break
    size_t next;         // where the next record begins
    int64_t breaks;      // line breaks in [0, next)
    size_t flaw;
    const char *reason;
};

void csv_drop(struct csv **csv)
{
    assert(csv);
    if (!*csv)
        return;
    free((*csv)->bytes);
    free((*csv)->plain);
    free(*csv);
    *csv = NULL;
}

enum err_code csv_new(csv_source source, void *arg, char separator, struct csv **ret, struct err *e)
{
    assert(source && ret);
    assert(separator != '"' && separator != '\n' && separator != '\r');
    AUTO(csv) csv = calloc(1, sizeof *csv);
    if (csv)
        csv->bytes = malloc(BUFFER_BYTES);
    if (!csv || !csv->bytes)
        return err_set(e, ERR_LIMIT, 0, "no memory left to read CSV");
    csv->cap = BUFFER_BYTES;
    csv->source = source;
    csv->arg = arg;
    csv->separator = separator;
    csv->line = 1;
    *ret = csv;
    csv = NULL;
    return ERR_OK;
}

static void find_quote(struct csv *csv)
{
    csv->quote = csv->at + slice_find((struct slice){ csv->bytes + csv->at, csv->len - csv->at }, '"');
}

/* Moves the unread bytes to the front and fills the buffer, which doubles when one record fills it. */
static enum err_code refill(struct csv *csv, struct err *e)
{
    size_t kept = csv->len - csv->at;
    memmove(csv->bytes, csv->bytes + csv->at, kept);
    csv->at = 0;
    csv->len = kept;
    if (kept == csv->cap) {
        char *bytes = realloc(csv->bytes, csv->cap * 2);
        if (!bytes)
            return err_set(e, ERR_LIMIT, (size_t)csv->line, "no memory left to read CSV");
        csv->bytes = bytes;
        csv->cap *= 2;
    }
    while (csv->len < csv->cap && !csv->eof) {
        size_t n = 0;
        TRY(csv->source(csv->arg, csv->bytes + csv->len, csv->cap - csv->len, &n, e));
        csv->len += n;
        csv->eof = n == 0;
    }
    find_quote(csv);
    return ERR_OK;
}

static bool add_field(struct csv *csv, const char *at, size_t len)
{
    if (csv->fields == LIMIT_CSV_FIELDS)
        return false;
    csv->field[csv->fields++] = (struct slice){ at, len };
    return true;
}

static enum step too_many(struct record *r, size_t at)
{
    r->flaw = at;
    r->reason = "more fields than the limit allows";
    return STEP_FLAW;
}

/* A line without quotes: cut at each separator. */
static enum step split_plain(struct csv *csv, struct slice s, struct record *r)
{
    const char *at = s.at, *end = s.at + s.len;
    for (;;) {
        const char *cut = memchr(at, csv->separator, (size_t)(end - at));
        if (!add_field(csv, at, (size_t)((cut ? cut : end) - at)))
            return too_many(r, (size_t)(at - s.at));
        if (!cut)
            return STEP_DONE;
        at = cut + 1;
    }
}

static enum step flaw(struct record *r, size_t at, const char *reason)
{
    r->flaw = at;
    r->reason = reason;
    return STEP_FLAW;
}

/* The field's bytes without the doubling, in `plain`, which never moves while a record is read. */
static bool undouble(struct csv *csv, struct slice *inside)
{
    if (csv->plain_cap < csv->cap) {
        assert(csv->plain_len == 0);
        free(csv->plain);
        csv->plain_cap = 0;
        csv->plain = malloc(csv->cap);
        if (!csv->plain)
            return false;
        csv->plain_cap = csv->cap;
    }
    char *begin = csv->plain + csv->plain_len, *out = begin;
    for (struct slice rest = *inside; rest.len;) {
        struct slice run = slice_cut(&rest, '"');
        memcpy(out, run.at, run.len);
        out += run.len;
        if (rest.len) {  // the second of two quotes
            *out++ = '"';
            rest.at++;
            rest.len--;
        }
    }
    csv->plain_len += (size_t)(out - begin);
    *inside = (struct slice){ begin, (size_t)(out - begin) };
    return true;
}

static void count_breaks(struct record *r, struct slice s)
{
    while (s.len) {
        size_t n = slice_find(s, '\n');
        if (n == s.len)
            return;
        r->breaks++;
        s = (struct slice){ s.at + n + 1, s.len - n - 1 };
    }
}

/* A quoted field whose opening quote stands at *i; *i moves behind the closing one. */
static enum step read_quoted(struct csv *csv, struct slice s, size_t *i, struct record *r)
{
    size_t begin = *i + 1, at = begin;
    bool doubled = false;
    for (;; at += 2) {
        at += slice_find((struct slice){ s.at + at, s.len - at }, '"');
        if (at + 1 >= s.len && !csv->eof)
            return STEP_MORE;
        if (at == s.len)
            return flaw(r, *i, "a quote opens here and is never closed");
        if (at + 1 == s.len || s.at[at + 1] != '"')
            break;
        doubled = true;
    }
    struct slice inside = { s.at + begin, at - begin };
    count_breaks(r, inside);
    if (doubled && !undouble(csv, &inside))
        return STEP_MEMORY;
    if (!add_field(csv, inside.at, inside.len))
        return too_many(r, *i);
    *i = at + 1;
    return STEP_DONE;
}

static enum step read_bare(struct csv *csv, struct slice s, size_t *i, struct record *r)
{
    size_t at = *i;
    while (at < s.len && s.at[at] != csv->separator && s.at[at] != '\n') {
        if (s.at[at] == '"')
            return flaw(r, at, "a quote inside a field: put the whole field in quotes and double it");
        at++;
    }
    if (at == s.len && !csv->eof)
        return STEP_MORE;
    size_t end = at > *i && s.at[at - 1] == '\r' && (at == s.len || s.at[at] == '\n') ? at - 1 : at;
    if (!add_field(csv, s.at + *i, end - *i))
        return too_many(r, *i);
    *i = end;
    return STEP_DONE;
}

/* At the end of a field: true when the record ends here too, and then r says where. */
static bool read_end(struct csv *csv, struct slice s, size_t i, struct record *r, enum step *step)
{
    *step = STEP_DONE;
    size_t brk = i + (i < s.len && s.at[i] == '\r');
    if (brk == s.len && !csv->eof) {
        *step = STEP_MORE;
        return true;
    }
    r->end = i;
    r->next = brk;
    if (brk == s.len)
        return true;
    if (s.at[brk] == '\n') {
        r->next = brk + 1;
        r->breaks++;
        return true;
    }
    if (s.at[i] == csv->separator)
        return false;
    *step = flaw(r, i, "text behind a closing quote: a separator or the line's end is expected");
    return true;
}

/* A record with quotes, which may go over many lines. */
static enum step split_quoted(struct csv *csv, struct slice s, struct record *r)
{
    for (size_t i = 0;; i++) {
        enum step step = i < s.len && s.at[i] == '"' ? read_quoted(csv, s, &i, r)
                                                     : read_bare(csv, s, &i, r);
        if (step != STEP_DONE || read_end(csv, s, i, r, &step))
            return step;
    }
}

static enum step try_record(struct csv *csv, struct record *r)
{
    struct slice s = { csv->bytes + csv->at, csv->len - csv->at };
    *r = (struct record){ .breaks = 0 };
    csv->fields = csv->plain_len = 0;
    if (csv->quote < csv->at)
        find_quote(csv);
    size_t brk = slice_find(s, '\n');
    if (csv->quote - csv->at < brk)
        return split_quoted(csv, s, r);
    if (brk == s.len && !csv->eof)
        return STEP_MORE;
    r->end = brk - (brk && s.at[brk - 1] == '\r');
    r->breaks = brk < s.len;
    r->next = brk + (size_t)r->breaks;
    return split_plain(csv, (struct slice){ s.at, r->end }, r);
}

/* Reports a bad record and moves behind the line that the flaw is in. Of a quote that is never closed
 * that is the line where it opens: what follows is likely to be sound. */
static enum err_code skip_bad(struct csv *csv, const struct record *r, struct err *e)
{
    struct slice s = { csv->bytes + csv->at, csv->len - csv->at };
    int64_t line = csv->line;
    size_t line_begin = 0;
    for (size_t i = 0; i < r->flaw; i++)
        if (s.at[i] == '\n') {
            line++;
            line_begin = i + 1;
        }
    size_t brk = r->flaw + slice_find((struct slice){ s.at + r->flaw, s.len - r->flaw }, '\n');
    csv->at += brk < s.len ? brk + 1 : s.len;
    csv->skipping = brk == s.len;
    csv->line = line + 1;
    return err_set(e, ERR_INVALID, (size_t)line, "line %lld, byte %zu: %s", (long long)line,
                   r->flaw - line_begin + 1, r->reason);
}

static void skip_rest(struct csv *csv)
{
    size_t brk = slice_find((struct slice){ csv->bytes + csv->at, csv->len - csv->at }, '\n');
    csv->skipping = csv->at + brk == csv->len;
    csv->at += brk + !csv->skipping;
}

static enum err_code start(struct csv *csv, struct err *e)
{
    TRY(refill(csv, e));
    csv->started = true;
    if (csv->len >= 3 && memcmp(csv->bytes, "\xEF\xBB\xBF", 3) == 0)
        csv->at = 3;
    return ERR_OK;
}

static void hand_out(struct csv *csv, const struct record *r, struct csv_record *ret)
{
    *ret = (struct csv_record){ csv->field, csv->fields, csv->line, csv->line + r->breaks,
                                { csv->bytes + csv->at, r->end } };
    csv->at += r->next;
    csv->line += r->breaks;
}

enum err_code csv_next(struct csv *csv, struct csv_record *ret, bool *more, struct err *e)
{
    assert(csv && ret && more);
    if (!csv->started)
        TRY(start(csv, e));
    for (;;) {
        struct record r;
        if (csv->skipping)
            skip_rest(csv);
        enum step step = csv->at == csv->len ? STEP_MORE : try_record(csv, &r);
        if (step == STEP_MEMORY)
            return err_set(e, ERR_LIMIT, (size_t)csv->line, "no memory left to read CSV");
        if (step == STEP_MORE && csv->eof) {
            *more = false;
            return ERR_OK;
        }
        if (step != STEP_MORE && r.next > LIMIT_CSV_RECORD)
            step = flaw(&r, 0, "the record that begins here is longer than 1 MiB");
        if (step == STEP_MORE && csv->len - csv->at > LIMIT_CSV_RECORD)
            step = flaw(&r, 0, "the record that begins here is longer than 1 MiB; is a quote open?");
        if (step == STEP_FLAW) {
            *more = true;
            return skip_bad(csv, &r, e);
        }
        if (step == STEP_MORE) {
            TRY(refill(csv, e));
        } else if (r.end == 0) {  // an empty line is no record
            csv->at += r.next;
            csv->line += r.breaks;
        } else {
            hand_out(csv, &r, ret);
            *more = true;
            return ERR_OK;
        }
    }
}

void csv_write(struct buf *out, struct slice field)
{
    bool quote = false;
    for (size_t i = 0; i < field.len && !quote; i++)
        quote = strchr(",;\t\"\r\n", field.at[i]) && field.at[i];
    if (!quote) {
        buf_add(out, field);
        return;
    }
    buf_addc(out, '"');
    while (field.len) {
        size_t n = slice_find(field, '"');
        buf_add(out, (struct slice){ field.at, n });
        if (n == field.len)
            break;
        buf_adds(out, "\"\"");
        field = (struct slice){ field.at + n + 1, field.len - n - 1 };
    }
    buf_addc(out, '"');
}

void csv_write_safe(struct buf *out, struct slice field)
{
    int64_t micro;
    bool formula = field.len && memchr("=+-@\t\r", field.at[0], 6);
    if (!formula || micro_parse(field, &micro, NULL) == ERR_OK) {
        csv_write(out, field);
        return;
    }
    struct buf quoted = buf_make(out->limit);
    buf_addc(&quoted, '\'');
    buf_add(&quoted, field);
    out->failed |= quoted.failed;
    csv_write(out, buf_slice(&quoted));
    buf_drop(&quoted);
}
