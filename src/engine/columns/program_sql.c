#include "engine/columns/program_sql.h"

#include <assert.h>

#include "base/civil.h"
#include "engine/columns/program_room.h"
#include "engine/feel/value_json.h"
#include "text/time.h"

#define NAME_MAX_BYTES 63
#define JSON_BYTES ((size_t)1 << 16)         // of one value
/* What PostgreSQL's types hold, its documentation, table 8.9, as days since 1970-01-01: day 0 of Julian days on. */
#define DAY_FIRST INT64_C(-2440588)
#define DAY_LAST INT64_C(2145042905)         // of a date: 5874897-12-31
#define MOMENT_LAST_DAY INT64_C(106762939)   // of a timestamp: 294276-12-31

struct printing {
    const struct program *program;
    struct buf *out;
    bool negative;               // below an odd number of nots
    bool exact;
    enum err_code code;
    struct err *e;
};

static const char *truth_word(enum value_eq is)
{
    return is == VALUE_EQ_TRUE ? "TRUE" : is == VALUE_EQ_FALSE ? "FALSE" : "NULL::boolean";
}

static void doubled(struct buf *out, struct slice text, char twice, char twice_too)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == twice || text.at[i] == twice_too)
            buf_addc(out, text.at[i]);
        buf_addc(out, text.at[i]);
    }
}

/* A backslash is written so that standard_conforming_strings does not matter. */
static void print_text(struct buf *out, struct slice text)
{
    buf_adds(out, slice_find(text, '\\') < text.len ? "E'" : "'");
    doubled(out, text, '\'', '\\');
    buf_addc(out, '\'');
}

static void print_name(struct printing *p, const struct column *c)
{
    struct slice shown = slice_utf8_cut(c->name, 80);
    if (c->name.len > NAME_MAX_BYTES && !p->code)
        p->code = err_set(p->e, ERR_INVALID, 0, "'%.*s' is longer than the %d bytes of a name in PostgreSQL",
                          SLICE_ARG(shown), NAME_MAX_BYTES);
    if ((!c->name.len || slice_find(c->name, '\0') < c->name.len) && !p->code)
        p->code = err_set(p->e, ERR_INVALID, 0, "'%.*s' is no name in PostgreSQL: it is empty or holds a NUL",
                          SLICE_ARG(shown));
    buf_addc(p->out, '"');
    doubled(p->out, c->name, '"', '"');
    buf_addc(p->out, '"');
}

/* ---- values ---- */
static void print_number(struct buf *out, int64_t raw, int scale)
{
    char text[NUMBER_TEXT];
    struct slice number = number_print(number_scaled(raw, -scale), text);
    buf_printf(out, "'%.*s'::numeric", SLICE_ARG(number));
}

/* Days are added, so that no year has to be written. */
static void print_day(struct buf *out, int64_t day)
{
    buf_printf(out, "(DATE '1970-01-01' + (%lld))", (long long)day);
}

static void print_moment(struct buf *out, int64_t ms)
{
    int64_t day = floor_div(ms, DAY_MS);
    buf_adds(out, "((");
    print_day(out, day);
    buf_printf(out, "::timestamp + INTERVAL '%lld milliseconds') AT TIME ZONE 'UTC')", (long long)(ms - day * DAY_MS));
}

static void print_raw(struct buf *out, const struct column *c, int64_t raw)
{
    if (c->kind == COLUMN_NUMBER)
        print_number(out, raw, c->scale);
    else if (c->kind == COLUMN_DATE)
        print_day(out, raw);
    else
        print_moment(out, raw);
}

/* The least and the greatest that the column holds there; beyond them a bound is no bound. */
static void ends_of(const struct column *c, int64_t *least, int64_t *most)
{
    unsigned bits = (unsigned)c->width * 8;
    *most = (int64_t)(UINT64_MAX >> (65 - bits));
    *least = -*most - 1;
    if (c->kind == COLUMN_DATE || c->kind == COLUMN_DATE_TIME) {
        int64_t unit = c->kind == COLUMN_DATE ? 1 : DAY_MS, last = c->kind == COLUMN_DATE ? DAY_LAST : MOMENT_LAST_DAY;
        *least = *least > DAY_FIRST * unit ? *least : DAY_FIRST * unit;
        last = (last + 1) * unit - 1;
        *most = *most < last ? *most : last;
    }
}

/* ---- ranges ---- */
/* How much of what a column holds. */
enum reach { REACH_NONE, REACH_SOME, REACH_ALL };

static enum reach range_reach(const struct column *c, struct range r)
{
    int64_t least, most;
    ends_of(c, &least, &most);
    if (r.low > most || r.high < least)
        return REACH_NONE;
    return r.low > least || r.high < most ? REACH_SOME : REACH_ALL;
}

/* timestamptz is finer than a millisecond: what lies behind the last one still belongs to it. */
static void print_range(struct printing *p, const struct column *c, struct range r)
{
    int64_t least, most;
    ends_of(c, &least, &most);
    bool low = r.low > least, high = r.high < most, finer = c->kind == COLUMN_DATE_TIME;
    bool one = low && r.low == r.high && !finer;
    if (low) {
        print_name(p, c);
        buf_adds(p->out, one ? " = " : " >= ");
        print_raw(p->out, c, r.low);
    }
    if (high && !one) {
        buf_adds(p->out, low ? " AND " : "");
        print_name(p, c);
        buf_adds(p->out, finer ? " < " : " <= ");
        print_raw(p->out, c, finer ? r.high + 1 : r.high);
    }
}

static void print_ranges(struct printing *p, const struct column *c, const struct range *range, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (range_reach(c, range[i]) != REACH_SOME)
            continue;
        buf_adds(p->out, any ? " OR " : "");
        print_range(p, c, range[i]);
        any = true;
    }
}

static enum reach ranges_reach(const struct column *c, const struct range *range, size_t n)
{
    enum reach most = REACH_NONE;
    for (size_t i = 0; i < n; i++) {
        enum reach one = range_reach(c, range[i]);
        most = one > most ? one : most;
    }
    return most;
}

/* ---- codes ---- */
/* An escape is two characters, but for those of a code point. */
static bool has_nul(struct slice json)
{
    for (size_t i = 0; i + 5 < json.len; i++) {
        if (json.at[i] != '\\')
            continue;
        if (memcmp(json.at + i, "\\u0000", 6) == 0)
            return true;
        i++;
    }
    return false;
}

/* Into text, which is cleared. false: PostgreSQL cannot hold it (a NUL in a text), so that it is in no row there. A
 * moment has many spellings ("10:00:00Z", "10:00:00.000Z"): the rows have the one that it came in. */
static bool json_of(struct printing *p, const struct column *c, size_t code, struct buf *text)
{
    const struct dictionary *d = c->dictionary;
    const struct value v = d->value[code];
    buf_clear(text);
    struct json_w w = json_w(text);
    if (d->json && (v.kind == VALUE_DATE || v.kind == VALUE_DATE_TIME))
        buf_add(text, d->json[code]);
    else
        value_to_json(v, &w);
    p->out->failed = p->out->failed || text->failed;
    return !text->failed && !has_nul(buf_slice(text));
}

static bool has_code(const struct step *s, size_t code, bool unknown)
{
    const uint8_t *codes = unknown ? s->unknown_codes : s->codes;
    const struct range *range = unknown ? s->unknown : s->is;
    size_t n = unknown ? s->n_unknown : s->n_is;
    if (s->kind == STEP_CODES)
        return codes && codes[code];
    for (size_t i = 0; i < n; i++)
        if ((int64_t)code >= range[i].low && (int64_t)code <= range[i].high)
            return true;
    return false;
}

/* Of the values that PostgreSQL can hold. */
static size_t count_codes(struct printing *p, const struct step *s, bool unknown, bool in)
{
    struct buf text = buf_make(JSON_BYTES);
    size_t n = 0;
    for (size_t code = 0; code < s->a->dictionary->n; code++)
        n += has_code(s, code, unknown) == in && json_of(p, s->a, code, &text);
    buf_drop(&text);
    return n;
}

/* Those in it or those out of it, whichever are fewer. */
static void print_codes(struct printing *p, const struct step *s, bool unknown)
{
    bool in = count_codes(p, s, unknown, true) <= count_codes(p, s, unknown, false), any = false;
    struct buf text = buf_make(JSON_BYTES);
    print_name(p, s->a);
    buf_adds(p->out, in ? "::jsonb = ANY (ARRAY[" : "::jsonb <> ALL (ARRAY[");
    for (size_t code = 0; code < s->a->dictionary->n; code++) {
        if (has_code(s, code, unknown) != in || !json_of(p, s->a, code, &text))
            continue;
        buf_adds(p->out, any ? ", " : "");
        print_text(p->out, buf_slice(&text));
        any = true;
    }
    buf_adds(p->out, "]::jsonb[])");
    buf_drop(&text);
}

/* ---- tests ---- */
static enum reach part_reach(struct printing *p, const struct step *s, bool unknown)
{
    if (s->a->kind != COLUMN_CODES)
        return ranges_reach(s->a, unknown ? s->unknown : s->is, unknown ? s->n_unknown : s->n_is);
    return !count_codes(p, s, unknown, true) ? REACH_NONE : count_codes(p, s, unknown, false) ? REACH_SOME : REACH_ALL;
}

/* Null where the column is, if the reach is some; never null else. */
static void print_part(struct printing *p, const struct step *s, bool unknown)
{
    switch (part_reach(p, s, unknown)) {
    case REACH_NONE: buf_adds(p->out, "FALSE"); return;
    case REACH_ALL: buf_adds(p->out, "TRUE"); return;
    case REACH_SOME: break;
    }
    if (s->a->kind == COLUMN_CODES)
        print_codes(p, s, unknown);
    else
        print_ranges(p, s->a, unknown ? s->unknown : s->is, unknown ? s->n_unknown : s->n_is);
}

/* Without CASE, which no index serves; false: it cannot be said so. */
static bool print_plain(struct printing *p, const struct step *s)
{
    enum reach is = part_reach(p, s, false);
    bool some = is == REACH_SOME, at_null = s->constant == VALUE_EQ_TRUE;
    if (part_reach(p, s, true) != REACH_NONE)
        return false;
    if (s->constant == VALUE_EQ_NULL) {
        if (some)
            print_part(p, s, false);
        return some;
    }
    if (!some && is != (at_null ? REACH_NONE : REACH_ALL))
        return false;
    print_name(p, s->a);
    buf_adds(p->out, at_null ? " IS NULL" : " IS NOT NULL");
    if (some) {
        buf_adds(p->out, at_null ? " OR (" : " AND (");
        print_part(p, s, false);
        buf_addc(p->out, ')');
    }
    return true;
}

/* A test of one column that may say three things, and something of its own for null. */
static void print_test(struct printing *p, const struct step *s)
{
    if (print_plain(p, s))
        return;
    buf_adds(p->out, "CASE WHEN ");
    print_name(p, s->a);
    buf_printf(p->out, " IS NULL THEN %s WHEN ", truth_word(s->constant));
    print_part(p, s, false);
    buf_adds(p->out, " THEN TRUE WHEN ");
    print_part(p, s, true);
    buf_adds(p->out, " THEN NULL ELSE FALSE END");
}

static void print_bits(struct printing *p, const struct step *s)
{
    static const char *const yes[] = {
        [VALUE_EQ_FALSE] = " IS TRUE", [VALUE_EQ_TRUE] = " IS NOT FALSE", [VALUE_EQ_NULL] = "",
    }, *const no[] = {
        [VALUE_EQ_FALSE] = " IS FALSE", [VALUE_EQ_TRUE] = " IS NOT TRUE", [VALUE_EQ_NULL] = " = FALSE",
    };
    bool is_yes = s->of[0] == VALUE_EQ_FALSE && s->of[1] == VALUE_EQ_TRUE;
    if (is_yes || (s->of[0] == VALUE_EQ_TRUE && s->of[1] == VALUE_EQ_FALSE)) {
        print_name(p, s->a);
        buf_adds(p->out, is_yes ? yes[s->constant] : no[s->constant]);
        return;
    }
    buf_adds(p->out, "CASE WHEN ");
    print_name(p, s->a);
    buf_printf(p->out, " IS NULL THEN %s WHEN ", truth_word(s->constant));
    print_name(p, s->a);
    buf_printf(p->out, " THEN %s ELSE %s END", truth_word(s->of[1]), truth_word(s->of[0]));
}

/* = and != know null, the others give null. */
static void print_pair(struct printing *p, const struct step *s)
{
    static const char *const words[] = { " IS NOT DISTINCT FROM ", " IS DISTINCT FROM ", " < ", " <= ", " > ", " >= " };
    static_assert(OP_GE - OP_EQ == 5 && OP_NE - OP_EQ == 1 && OP_LT - OP_EQ == 2 && OP_LE - OP_EQ == 3
                  && OP_GT - OP_EQ == 4, "words stand in the order of the operators");
    assert(s->op >= OP_EQ && s->op <= OP_GE);
    print_name(p, s->a);
    buf_adds(p->out, words[s->op - OP_EQ]);
    print_name(p, s->b);
}

/* ---- steps ---- */
static void print_step(struct printing *, size_t step);

/* and in and, or in or: no parentheses. */
static void print_side(struct printing *p, size_t side, enum step_kind within)
{
    const struct step *s = &p->program->step[side];
    if (s->kind != within) {
        print_step(p, side);
        return;
    }
    print_side(p, s->left, within);
    buf_adds(p->out, within == STEP_AND ? " AND " : " OR ");
    print_side(p, s->right, within);
}

static void print_not(struct printing *p, size_t step)
{
    p->negative = !p->negative;
    buf_adds(p->out, "NOT ");
    print_step(p, step);
    p->negative = !p->negative;
}

static void print_step(struct printing *p, size_t step)
{
    const struct step *s = &p->program->step[step];
    buf_addc(p->out, '(');
    switch (s->kind) {
    case STEP_CONSTANT: buf_adds(p->out, truth_word(s->constant)); break;
    case STEP_RANGES:
    case STEP_RUNS:
    case STEP_CODES: print_test(p, s); break;
    case STEP_BITS: print_bits(p, s); break;
    case STEP_PAIR: print_pair(p, s); break;
    case STEP_ROWS:  // whatever makes the whole true
        buf_adds(p->out, p->negative ? "FALSE" : "TRUE");
        p->exact = false;
        break;
    case STEP_AND:
    case STEP_OR: print_side(p, step, s->kind); break;
    case STEP_NOT: print_not(p, s->left); break;
    }
    buf_addc(p->out, ')');
}

enum err_code program_sql(const struct program *program, struct buf *out, bool *exact, struct err *e)
{
    struct printing p = { .program = program, .out = out, .exact = true, .e = e };
    print_step(&p, program->root);
    TRY(p.code);
    TRY(buf_check(out, "a condition as SQL", e));
    *exact = p.exact;
    return ERR_OK;
}
