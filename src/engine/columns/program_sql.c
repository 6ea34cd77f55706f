#include "engine/columns/program_sql.h"

#include <assert.h>

#include "base/civil.h"
#include "engine/columns/program_room.h"
#include "engine/feel/value_json.h"
#include "text/time.h"

#define NAME_MAX_BYTES 63
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

static void quoted(struct buf *out, struct slice text, char quote)
{
    buf_addc(out, quote);
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == quote)
            buf_addc(out, quote);
        buf_addc(out, text.at[i]);
    }
    buf_addc(out, quote);
}

static void print_name(struct printing *p, const struct column *c)
{
    if (c->name.len > NAME_MAX_BYTES && !p->code)
        p->code = err_set(p->e, ERR_INVALID, 0, "'%.*s' is longer than the %d bytes of a name in PostgreSQL",
                          SLICE_ARG(slice_utf8_cut(c->name, 80)), NAME_MAX_BYTES);
    quoted(p->out, c->name, '"');
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

/* ---- tests ---- */
static void print_range(struct printing *p, const struct column *c, struct range r)
{
    int64_t least, most;
    ends_of(c, &least, &most);
    bool low = r.low > least, high = r.high < most;
    if (r.low > most || r.high < least) {
        buf_adds(p->out, "FALSE");
        return;
    }
    if (!low && !high) {
        print_name(p, c);
        buf_adds(p->out, " IS NOT NULL");
        return;
    }
    print_name(p, c);
    buf_adds(p->out, low && high ? (r.low == r.high ? " = " : " BETWEEN ") : low ? " >= " : " <= ");
    print_raw(p->out, c, low ? r.low : r.high);
    if (low && high && r.low != r.high) {
        buf_adds(p->out, " AND ");
        print_raw(p->out, c, r.high);
    }
}

static void print_ranges(struct printing *p, const struct column *c, const struct range *range, size_t n)
{
    if (!n)
        buf_adds(p->out, "FALSE");
    for (size_t i = 0; i < n; i++) {
        buf_adds(p->out, i ? " OR " : "");
        print_range(p, c, range[i]);
    }
}

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

/* What PostgreSQL cannot hold (a NUL in a text) is in no row of its. */
static bool print_json(struct buf *out, struct value v, bool first)
{
    struct buf text = buf_make(1 << 16);
    struct json_w w = json_w(&text);
    value_to_json(v, &w);
    struct slice json = buf_slice(&text);
    bool fits = !text.failed && !has_nul(json);
    if (fits) {
        buf_adds(out, first ? "" : ", ");
        quoted(out, json, '\'');
    }
    out->failed = out->failed || text.failed;
    buf_drop(&text);
    return fits;
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

static void print_codes(struct printing *p, const struct step *s, bool unknown)
{
    bool any = false;
    for (size_t code = 0; code < s->a->dictionary->n; code++) {
        if (!has_code(s, code, unknown))
            continue;
        if (!any) {
            print_name(p, s->a);
            buf_adds(p->out, "::jsonb = ANY (ARRAY[");
        }
        any = print_json(p->out, s->a->dictionary->value[code], !any) || any;
    }
    buf_adds(p->out, any ? "]::jsonb[])" : "FALSE");
}

static bool has_unknown(const struct step *s)
{
    return s->n_unknown > 0 || s->unknown_codes != NULL;
}

static void print_part(struct printing *p, const struct step *s, bool unknown)
{
    if (s->a->kind == COLUMN_CODES)
        print_codes(p, s, unknown);
    else
        print_ranges(p, s->a, unknown ? s->unknown : s->is, unknown ? s->n_unknown : s->n_is);
}

/* A test of one column that may say three things, and something of its own for null. */
static void print_test(struct printing *p, const struct step *s)
{
    buf_adds(p->out, "CASE WHEN ");
    print_name(p, s->a);
    buf_printf(p->out, " IS NULL THEN %s WHEN ", truth_word(s->constant));
    print_part(p, s, false);
    buf_adds(p->out, " THEN TRUE");
    if (has_unknown(s)) {
        buf_adds(p->out, " WHEN ");
        print_part(p, s, true);
        buf_adds(p->out, " THEN NULL");
    }
    buf_adds(p->out, " ELSE FALSE END");
}

static void print_bits(struct printing *p, const struct step *s)
{
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

static void print_logic(struct printing *p, const struct step *s)
{
    if (s->kind == STEP_NOT) {
        p->negative = !p->negative;
        buf_adds(p->out, "NOT ");
        print_step(p, s->left);
        p->negative = !p->negative;
        return;
    }
    print_step(p, s->left);
    buf_adds(p->out, s->kind == STEP_AND ? " AND " : " OR ");
    print_step(p, s->right);
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
    case STEP_OR:
    case STEP_NOT: print_logic(p, s); break;
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
