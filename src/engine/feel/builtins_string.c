/* String functions: DMN 1.5 section 10.3.4.3, table 76; not() of table 75; string() of table 74.
 *
 * Characters are Unicode's code points, never bytes or UTF-16's units.
 */
#include "engine/feel/builtin_room.h"

#include "base/utf8.h"
#include "engine/feel/regex_xpath.h"

#include <assert.h>
#include <utf8proc.h>

static size_t step(struct slice s)
{
    size_t n = utf8_step(s);
    return n ? n : 1;  // what is no UTF-8 counts by the byte
}

static size_t count_points(struct slice s)
{
    size_t n = 0;
    for (size_t at = 0; at < s.len; n++)
        at += step((struct slice){ s.at + at, s.len - at });
    return n;
}

/* Behind the first `points` characters. */
static struct slice skip_points(struct slice s, uint64_t points)
{
    for (; points > 0 && s.len > 0; points--) {
        size_t n = step(s);
        s = (struct slice){ s.at + n, s.len - n };
    }
    return s;
}

/* Position of part in s; false: it is not there. */
static bool find_part(struct slice s, struct slice part, size_t *ret)
{
    if (part.len == 0) {
        *ret = 0;
        return true;
    }
    const char *at = part.len <= s.len ? memmem(s.at, s.len, part.at, part.len) : NULL;
    if (at)
        *ret = (size_t)(at - s.at);
    return at != NULL;
}

static struct value call_string(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    if (value_is_null(args[0]) || args[0].kind == VALUE_STRING)
        return args[0];
    struct buf out = buf_make(0);
    value_print(args[0], &out);
    return room_buf(e, &out);
}

static struct value call_not(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct value v = arg_single(args[0]);
    return v.kind == VALUE_BOOLEAN ? value_boolean(!v.boolean) : room_wrong(e, "not", "a boolean");
}

/* The parts of a string without a copy: strings do not change. A negative start counts from the end. */
static struct value call_substring(struct eval *e, const struct value *args, size_t n)
{
    assert(n >= 2);
    struct slice s;
    int64_t start, length = INT64_MAX;
    if (!arg_string(args[0], &s) || !arg_whole(args[1], &start) || (n > 2 && !arg_whole(args[2], &length)))
        return room_wrong(e, "substring", "a string, a position and a length");
    if (start == 0 || length < 0)
        return room_wrong(e, "substring", "a position that is not 0 and a length that is not negative");
    if (!eval_spend(e, s.len))
        return value_null;
    uint64_t points = start < 0 ? count_points(s) : 0, back = start < 0 ? 0 - (uint64_t)start : 0;
    if (back > points)
        return room_wrong(e, "substring", "a position within the string");
    struct slice rest = skip_points(s, start < 0 ? points - back : (uint64_t)start - 1);
    struct slice behind = skip_points(rest, (uint64_t)length);
    return value_string((struct slice){ rest.at, rest.len - behind.len });
}

static struct value call_string_length(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    struct slice s;
    if (!arg_string(args[0], &s))
        return room_wrong(e, "string length", "a string");
    if (!eval_spend(e, s.len))
        return value_null;
    return value_number(number_of((int64_t)count_points(s)));
}

/* Where one character becomes several, or the other case is not the one that utf8proc takes: Unicode's
 * SpecialCasing.txt, the entries that hold in every language. */
static const struct special {
    uint32_t point;
    const char *upper, *lower;
} specials[] = {
    { 0x00DF, "SS", NULL },           { 0x0130, NULL, "i\xCC\x87" },    { 0x0149, "\xCA\xBCN", NULL },
    { 0x01F0, "J\xCC\x8C", NULL },    { 0x0390, "\xCE\x99\xCC\x88\xCC\x81", NULL },
    { 0x03B0, "\xCE\xA5\xCC\x88\xCC\x81", NULL },                       { 0x0587, "\xD4\xB5\xD5\x92", NULL },
    { 0x1E96, "H\xCC\xB1", NULL },    { 0x1E97, "T\xCC\x88", NULL },    { 0x1E98, "W\xCC\x8A", NULL },
    { 0x1E99, "Y\xCC\x8A", NULL },    { 0x1E9A, "A\xCA\xBE", NULL },    { 0xFB00, "FF", NULL },
    { 0xFB01, "FI", NULL },           { 0xFB02, "FL", NULL },           { 0xFB03, "FFI", NULL },
    { 0xFB04, "FFL", NULL },          { 0xFB05, "ST", NULL },           { 0xFB06, "ST", NULL },
};

static void put_case(struct buf *out, uint32_t point, bool upper)
{
    char text[4];
    for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++) {
        const char *special = upper ? specials[i].upper : specials[i].lower;
        if (specials[i].point == point && special) {
            buf_adds(out, special);
            return;
        }
    }
    utf8proc_int32_t other = (utf8proc_int32_t)point;
    other = upper ? utf8proc_toupper(other) : utf8proc_tolower(other);
    buf_add(out, (struct slice){ text, utf8_put((uint32_t)other, text) });
}

static struct value cased(struct eval *e, const char *name, struct value arg, bool upper)
{
    struct slice s;
    if (!arg_string(arg, &s))
        return room_wrong(e, name, "a string");
    if (!eval_spend(e, s.len))
        return value_null;
    struct buf out = buf_make(0);
    for (size_t at = 0; at < s.len;) {
        size_t n;
        uint32_t point = utf8_point((struct slice){ s.at + at, s.len - at }, &n);
        if (n)
            put_case(&out, point, upper);
        else
            buf_addc(&out, s.at[at]);
        at += n ? n : 1;
    }
    return room_buf(e, &out);
}

static struct value call_upper_case(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    return cased(e, "upper case", args[0], true);
}

static struct value call_lower_case(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 1);
    return cased(e, "lower case", args[0], false);
}

/* The two strings of contains, starts with, …; false: *ret is what to answer. */
static bool two_strings(struct eval *e, const char *name, const struct value *args, struct slice *s,
                        struct slice *match, struct value *ret)
{
    *ret = value_null;
    if (!arg_string(args[0], s) || !arg_string(args[1], match)) {
        *ret = room_wrong(e, name, "two strings");
        return false;
    }
    return eval_spend(e, s->len);
}

static struct value call_substring_before(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct slice s, match;
    struct value ret;
    size_t at = 0;
    if (!two_strings(e, "substring before", args, &s, &match, &ret))
        return ret;
    return value_string(find_part(s, match, &at) ? (struct slice){ s.at, at } : SLICE(""));
}

static struct value call_substring_after(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct slice s, match;
    struct value ret;
    size_t at = 0;
    if (!two_strings(e, "substring after", args, &s, &match, &ret))
        return ret;
    if (!find_part(s, match, &at))
        return value_string(SLICE(""));
    at += match.len;
    return value_string((struct slice){ s.at + at, s.len - at });
}

static struct value call_contains(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct slice s, match;
    struct value ret;
    size_t at;
    if (!two_strings(e, "contains", args, &s, &match, &ret))
        return ret;
    return value_boolean(find_part(s, match, &at));
}

static struct value call_starts_with(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct slice s, match;
    struct value ret;
    return two_strings(e, "starts with", args, &s, &match, &ret) ? value_boolean(slice_starts(s, match)) : ret;
}

static struct value call_ends_with(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct slice s, match;
    struct value ret;
    return two_strings(e, "ends with", args, &s, &match, &ret) ? value_boolean(slice_ends(s, match)) : ret;
}

/* A null flag is none. NULL: *ret is what to answer. */
static struct regex_xpath *regex(struct eval *e, const char *name, struct value pattern, const struct value *flags,
                                 struct value *ret)
{
    struct slice text, letters = { NULL, 0 };
    const char *why;
    *ret = value_null;
    if (!arg_string(pattern, &text) || (flags && !value_is_null(*flags) && !arg_string(*flags, &letters))) {
        *ret = room_wrong(e, name, "strings");
        return NULL;
    }
    if (!eval_spend(e, 100 + text.len))
        return NULL;
    struct regex_xpath *re = regex_xpath_new(text, letters, &why);
    if (!re)
        *ret = eval_null(e, 0, "%s(): %s", name, why);
    return re;
}

static struct value call_matches(struct eval *e, const struct value *args, size_t n)
{
    assert(n >= 2);
    struct slice s;
    struct value ret;
    size_t start, end;
    if (!arg_string(args[0], &s))
        return room_wrong(e, "matches", "strings");
    struct regex_xpath *re = regex(e, "matches", args[1], n > 2 ? &args[2] : NULL, &ret);
    if (!re || !eval_spend(e, s.len)) {
        regex_xpath_drop(&re);
        return ret;
    }
    enum regex_found found = regex_xpath_find(re, s, 0, &start, &end);
    regex_xpath_drop(&re);
    if (found == REGEX_LIMIT)
        return eval_null(e, 0, "matches(): the pattern takes too long on this text");
    return value_boolean(found == REGEX_FOUND);
}

static struct value call_replace(struct eval *e, const struct value *args, size_t n)
{
    assert(n >= 3);
    struct slice s, replacement;
    struct value ret;
    const char *why;
    if (!arg_string(args[0], &s) || !arg_string(args[2], &replacement))
        return room_wrong(e, "replace", "strings");
    struct regex_xpath *re = regex(e, "replace", args[1], n > 3 ? &args[3] : NULL, &ret);
    struct buf out = buf_make(0);
    if (re && eval_spend(e, s.len)) {
        bool ok = regex_xpath_replace(re, s, replacement, &out, &why);
        ret = ok ? room_buf(e, &out) : eval_null(e, 0, "replace(): %s", why);
    }
    buf_drop(&out);
    regex_xpath_drop(&re);
    return ret;
}

/* The pieces between matches, in a list that doubles. */
static struct value split_at(struct eval *e, struct regex_xpath *re, struct slice s)
{
    size_t at = 0, n = 0, room = 16, start, end;
    enum regex_found found;
    struct value *piece = eval_values(e, room);
    while (piece && (found = regex_xpath_find(re, s, at, &start, &end)) == REGEX_FOUND && end > start) {
        if (!eval_spend(e, 1))
            return value_null;
        if (n + 1 == room) {
            struct value *more = eval_values(e, room * 2);
            if (more)
                memcpy(more, piece, n * sizeof(*piece));
            piece = more;
            room *= 2;
        }
        if (piece)
            piece[n++] = value_string((struct slice){ s.at + at, start - at });
        at = end;
    }
    if (!piece)
        return value_null;
    if (found == REGEX_LIMIT)
        return eval_null(e, 0, "split(): the pattern takes too long on this text");
    piece[n++] = value_string((struct slice){ s.at + at, s.len - at });
    return eval_list(e, piece, n);
}

static struct value call_split(struct eval *e, const struct value *args, size_t n)
{
    assert(n == 2);
    struct slice s;
    struct value ret;
    size_t start, end;
    if (!arg_string(args[0], &s))
        return room_wrong(e, "split", "two strings");
    struct regex_xpath *re = regex(e, "split", args[1], NULL, &ret);
    if (!re)
        return ret;
    if (regex_xpath_find(re, SLICE(""), 0, &start, &end) != REGEX_NONE)
        ret = eval_null(e, 0, "split(): the delimiter matches the empty string");
    else if (eval_spend(e, s.len))
        ret = split_at(e, re, s);
    regex_xpath_drop(&re);
    return ret;
}

/* Items that are null are passed over. */
static struct value call_string_join(struct eval *e, const struct value *args, size_t n)
{
    assert(n >= 1);
    struct value_list list;
    struct slice delimiter = { NULL, 0 };
    bool some = false;
    if (!arg_list(&args[0], &list) || (n > 1 && !value_is_null(args[1]) && !arg_string(args[1], &delimiter)))
        return room_wrong(e, "string join", "a list of strings and a delimiter");
    for (size_t i = 0; i < list.n; i++)
        if (list.item[i].kind != VALUE_STRING && list.item[i].kind != VALUE_NULL)
            return room_wrong(e, "string join", "a list of strings and a delimiter");
    if (!eval_spend(e, list.n))
        return value_null;
    struct buf out = buf_make(0);
    for (size_t i = 0; i < list.n; i++) {
        if (list.item[i].kind == VALUE_NULL)
            continue;
        if (some)
            buf_add(&out, delimiter);
        buf_add(&out, list.item[i].string);
        some = true;
    }
    return room_buf(e, &out);
}

const struct builtin builtins_string[] = {
    { "contains", { "string,match" }, 2, 2, call_contains },
    { "ends with", { "string,match" }, 2, 2, call_ends_with },
    { "lower case", { "string" }, 1, 1, call_lower_case },
    { "matches", { "input,pattern,flags?" }, 2, 3, call_matches },
    { "not", { "negand" }, 1, 1, call_not },
    { "replace", { "input,pattern,replacement,flags?" }, 3, 4, call_replace },
    { "split", { "string,delimiter" }, 2, 2, call_split },
    { "starts with", { "string,match" }, 2, 2, call_starts_with },
    { "string", { "from" }, 1, 1, call_string },
    { "string join", { "list,delimiter?" }, 1, 2, call_string_join },
    { "string length", { "string" }, 1, 1, call_string_length },
    { "substring", { "string,start position,length?" }, 2, 3, call_substring },
    { "substring after", { "string,match" }, 2, 2, call_substring_after },
    { "substring before", { "string,match" }, 2, 2, call_substring_before },
    { "upper case", { "string" }, 1, 1, call_upper_case },
    { NULL, { NULL }, 0, 0, NULL },
};
