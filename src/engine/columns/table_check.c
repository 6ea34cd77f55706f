#include "engine/columns/table_check.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "engine/columns/cells.h"
#include "engine/columns/table_program.h"

#define RULES_MAX 1024
#define WORDS (RULES_MAX / 64)
#define CELLS_OF_INPUT 1024
#define FINDINGS_MAX 64
#define STEPS_MAX 1000000
#define TEXT_BYTES (1u << 16)

/* One input, cut. */
struct cut {
    enum column_kind kind;
    bool known;                  // its kind is: else it has one cell that every rule passes
    struct cells cells;          // ordered kinds
    size_t n;
    struct value *sample;        // of each cell; null where there is none
    uint64_t (*set)[WORDS];      // rules that the cell passes
    size_t *cell;                // ordered kinds: place in cells
    size_t other;                // texts: the cell of all that no rule names; SIZE_MAX: there is none
};
struct checking {
    const struct table *t;
    const struct zones *zones;
    struct arena *mem, *scratch;
    struct cut *cut;
    uint64_t used[WORDS];        // rules that are looked at
    struct table_check *ret;
    struct finding **last;
    size_t n_of[FINDING_TYPE + 1];
    uint64_t steps;
    bool full;
};
typedef uint64_t ruleset[WORDS];

static void *room(struct checking *c, size_t n, size_t size)
{
    void *at = arena_calloc_n(c->mem, n ? n : 1, size);
    c->full = c->full || !at;
    return at;
}

static bool is_empty(const uint64_t *set)
{
    for (size_t w = 0; w < WORDS; w++)
        if (set[w])
            return false;
    return true;
}

static void both(const uint64_t *a, const uint64_t *b, uint64_t *ret)
{
    for (size_t w = 0; w < WORDS; w++)
        ret[w] = a[w] & b[w];
}

static const struct node *test_of(const struct checking *c, size_t rule, size_t input)
{
    return c->t->test[rule * c->t->n_inputs + input];
}

static bool is_any(const struct node *test)
{
    return test->n == 0 && !test->negated;
}

/* ---- cutting ---- */
static bool passes(struct checking *c, const struct node *test, struct value v)
{
    struct eval eval;
    struct err err;
    enum value_eq hit;
    eval_init(&eval, c->scratch, c->zones, 0, &err);
    bool is = !feel_eval_tests(&eval, test, v, NULL, &hit) && hit == VALUE_EQ_TRUE;
    arena_reset(c->scratch);
    return is;
}

static void add_cell(struct checking *c, size_t input, struct value sample, size_t cell)
{
    struct cut *cut = &c->cut[input];
    const struct node *allowed = c->t->input[input].allowed;
    if (cut->n == CELLS_OF_INPUT) {
        c->ret->cut = true;
        return;
    }
    if (allowed && !passes(c, allowed, sample))
        return;
    for (size_t r = 0; r < c->t->n_rules; r++)
        if (bits_has(c->used, r) && (is_any(test_of(c, r, input)) || passes(c, test_of(c, r, input), sample)))
            cut->set[cut->n][r / 64] |= UINT64_C(1) << r % 64;
    cut->sample[cut->n] = sample;
    cut->cell[cut->n++] = cell;
}

static bool ordered(enum column_kind kind)
{
    return kind == COLUMN_NUMBER || kind == COLUMN_DATE || kind == COLUMN_DATE_TIME;
}

/* Can the test be looked into? Texts and booleans: constants only. */
static bool is_clear(struct checking *c, const struct node *test, enum column_kind kind)
{
    struct eval eval;
    struct err err;
    struct cells cells;
    const char *why;
    bool clear = node_is_constant(test);
    if (ordered(kind)) {
        eval_init(&eval, c->scratch, c->zones, 0, &err);
        clear = cells_of(&test, 1, SLICE("?"), kind, kind == COLUMN_NUMBER ? -1 : 0, &eval, &cells, &why);
        arena_reset(c->scratch);
    }
    return clear;
}

static void cut_ordered(struct checking *c, size_t input)
{
    struct cut *cut = &c->cut[input];
    const struct node **test = room(c, c->t->n_rules + 1, sizeof *test);
    struct eval eval;
    struct err err;
    const char *why;
    size_t n = 0;
    if (c->full)
        return;
    for (size_t r = 0; r < c->t->n_rules; r++)
        if (bits_has(c->used, r))
            test[n++] = test_of(c, r, input);
    if (c->t->input[input].allowed)
        test[n++] = c->t->input[input].allowed;
    eval_init(&eval, c->mem, c->zones, 0, &err);
    if (!cells_of(test, n, SLICE("?"), cut->kind, cut->kind == COLUMN_NUMBER ? -1 : 0, &eval, &cut->cells, &why)) {
        c->ret->cut = true;
        cut->known = false;
        return;
    }
    for (size_t i = 0; i < cut->cells.n; i++) {
        struct value v;
        if (cells_sample(&cut->cells, i, false, c->mem, &v))
            add_cell(c, input, v, i);
    }
}

static bool is_named(const struct cut *cut, struct slice text)
{
    for (size_t i = 0; i < cut->n; i++)
        if (slice_eq(cut->sample[i].string, text))
            return true;
    return false;
}

static void add_text(struct checking *c, size_t input, struct slice text)
{
    if (!is_named(&c->cut[input], text))
        add_cell(c, input, value_string(text), 0);
}

static void add_texts(struct checking *c, size_t input, const struct node *node)
{
    if (node->kind == NODE_LITERAL && node->value.kind == VALUE_STRING)
        add_text(c, input, node->value.string);
    for (uint32_t i = 0; i < node->n; i++)
        add_texts(c, input, node->kid[i]);
}

/* All texts that are named, and one that none of them is. */
static void cut_texts(struct checking *c, size_t input)
{
    if (c->t->input[input].allowed)
        add_texts(c, input, c->t->input[input].allowed);
    for (size_t r = 0; r < c->t->n_rules; r++)
        if (bits_has(c->used, r))
            add_texts(c, input, test_of(c, r, input));
    struct slice other = SLICE("…");
    while (other.at && is_named(&c->cut[input], other))
        other = arena_printf(c->mem, "%.*s…", SLICE_ARG(other));
    c->full = c->full || !other.at;
    c->cut[input].other = c->cut[input].n;
    if (!c->full)
        add_cell(c, input, value_string(other), 0);
    if (c->cut[input].other == c->cut[input].n)
        c->cut[input].other = SIZE_MAX;  // the input's declared values are all that there are
}

static void cut_input(struct checking *c, size_t input)
{
    struct cut *cut = &c->cut[input];
    cut->sample = room(c, CELLS_OF_INPUT, sizeof *cut->sample);
    cut->set = room(c, CELLS_OF_INPUT, sizeof *cut->set);
    cut->cell = room(c, CELLS_OF_INPUT, sizeof *cut->cell);
    cut->other = SIZE_MAX;
    if (c->full)
        return;
    if (cut->known && ordered(cut->kind))
        cut_ordered(c, input);
    else if (cut->known && cut->kind == COLUMN_CODES)
        cut_texts(c, input);
    else if (cut->known) {
        add_cell(c, input, value_boolean(false), 0);
        add_cell(c, input, value_boolean(true), 0);
    }
    if (cut->known)
        return;
    cut->n = 1;
    memcpy(cut->set[0], c->used, sizeof c->used);
}

/* Rules whose tests cannot be looked into are left out of everything. */
static void choose_rules(struct checking *c)
{
    for (size_t i = 0; i < c->t->n_inputs; i++)
        c->cut[i].known = table_input_kind(c->t, i, &c->cut[i].kind);
    for (size_t r = 0; r < c->t->n_rules; r++) {
        bool clear = true;
        for (size_t i = 0; i < c->t->n_inputs && clear; i++)
            clear = is_any(test_of(c, r, i)) || (c->cut[i].known && is_clear(c, test_of(c, r, i), c->cut[i].kind));
        if (clear)
            c->used[r / 64] |= UINT64_C(1) << r % 64;
        else
            c->ret->left_out++;
    }
}

/* ---- telling ---- */
/* The value whose point is the even one at or below. */
static struct value end_value(const struct cut *cut, int64_t point, struct arena *mem)
{
    int64_t start[] = { INT64_MIN, point - (point % 2 != 0) };
    const struct cells at = { cut->cells.kind, cut->cells.scale, 2, start };
    struct value v;
    return cells_sample(&at, 1, false, mem, &v) ? v : value_null;
}

/* Cells from..to of the line, as a test: "< 5", "[5 .. 10)", "10". */
static void range_text(struct checking *c, const struct cut *cut, size_t from, size_t to, struct buf *out)
{
    int64_t start = cut->cells.start[from], end = to + 1 < cut->cells.n ? cut->cells.start[to + 1] : INT64_MAX;
    bool open_start = start % 2 != 0, closed_end = end % 2 != 0;
    if (from == 0 && end == INT64_MAX) {
        buf_adds(out, "-");
    } else if (from == 0) {
        buf_adds(out, closed_end ? "<= " : "< ");
        value_literal(end_value(cut, end, c->mem), out);
    } else if (end == INT64_MAX) {
        buf_adds(out, open_start ? "> " : ">= ");
        value_literal(end_value(cut, start, c->mem), out);
    } else if (!open_start && end == start + 1) {
        value_literal(end_value(cut, start, c->mem), out);
    } else {
        buf_addc(out, open_start ? '(' : '[');
        value_literal(end_value(cut, start, c->mem), out);
        buf_adds(out, " .. ");
        value_literal(end_value(cut, end, c->mem), out);
        buf_addc(out, closed_end ? ']' : ')');
    }
}

/* "a", "b"; with all that nobody names: not() of those that are not meant. */
static void values_text(const struct cut *cut, const bool *marked, struct buf *out)
{
    bool inverse = cut->other != SIZE_MAX && marked[cut->other], first = true;
    buf_adds(out, inverse ? "not(" : "");
    for (size_t i = 0; i < cut->n; i++) {
        if (i == cut->other || marked[i] == inverse)
            continue;
        buf_adds(out, first ? "" : ", ");
        value_literal(cut->sample[i], out);
        first = false;
    }
    buf_adds(out, inverse ? ")" : "");
}

static void ranges_text(struct checking *c, const struct cut *cut, const bool *marked, struct buf *out)
{
    bool first = true;
    for (size_t i = 0; i < cut->n; i++) {
        size_t to = i;
        if (!marked[i])
            continue;
        while (to + 1 < cut->n && marked[to + 1] && cut->cell[to + 1] == cut->cell[to] + 1)
            to++;
        buf_adds(out, first ? "" : ", ");
        range_text(c, cut, cut->cell[i], cut->cell[to], out);
        first = false;
        i = to;
    }
}

static bool all_marked(const struct cut *cut, const bool *marked)
{
    for (size_t i = 0; i < cut->n; i++)
        if (!marked[i])
            return false;
    return true;
}

static struct slice keep(struct checking *c, const struct buf *b)
{
    struct slice s = b->failed ? (struct slice){ NULL, 0 } : arena_copy(c->mem, buf_slice(b));
    c->full = c->full || !s.at;
    return s;
}

/* The cells of one input that are marked, as tests. */
static struct slice tests_text(struct checking *c, const struct cut *cut, const bool *marked)
{
    struct buf out = buf_make(TEXT_BYTES);
    if (ordered(cut->kind))
        ranges_text(c, cut, marked, &out);
    else
        values_text(cut, marked, &out);
    struct slice text = keep(c, &out);
    buf_drop(&out);
    return text;
}

/* marked[i] of each input; NULL: all of its cells. */
static void place(struct checking *c, bool **marked, struct finding *f)
{
    struct buf where = buf_make(TEXT_BYTES), example = buf_make(TEXT_BYTES);
    for (size_t i = 0; i < c->t->n_inputs && !c->full; i++) {
        const struct cut *cut = &c->cut[i];
        struct slice label = c->t->input[i].label;
        if (!cut->known || !marked[i] || all_marked(cut, marked[i]))
            continue;
        f->test[i] = tests_text(c, cut, marked[i]);
        buf_printf(&where, "%s%.*s in %.*s", where.len ? "; " : "", SLICE_ARG(label), SLICE_ARG(f->test[i]));
        size_t first = 0;
        while (!marked[i][first])
            first++;
        buf_printf(&example, "%s%.*s: ", example.len ? ", " : "", SLICE_ARG(label));
        value_literal(cut->sample[first], &example);
    }
    f->where = keep(c, &where);
    f->example = keep(c, &example);
    buf_drop(&where);
    buf_drop(&example);
}

static struct finding *add_finding(struct checking *c, enum finding_kind kind, size_t a, size_t b)
{
    if (c->n_of[kind] == FINDINGS_MAX) {
        c->ret->cut = true;
        return NULL;
    }
    struct finding *f = room(c, 1, sizeof *f);
    struct slice *test = room(c, c->t->n_inputs, sizeof *test);
    if (c->full)
        return NULL;
    for (size_t i = 0; i < c->t->n_inputs; i++)
        test[i] = SLICE("-");
    *f = (struct finding){ .kind = kind, .a = a, .b = b, .where = SLICE(""), .example = SLICE(""), .test = test };
    c->n_of[kind]++;
    c->ret->n++;
    *c->last = f;
    c->last = &f->next;
    return f;
}

static void say(struct checking *c, struct finding *f, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void say(struct checking *c, struct finding *f, const char *fmt, ...)
{
    struct buf out = buf_make(TEXT_BYTES);
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    buf_adds(&out, text);
    if (f->where.len)
        buf_printf(&out, " where %.*s", SLICE_ARG(f->where));
    if (f->example.len)
        buf_printf(&out, " (for example %.*s)", SLICE_ARG(f->example));
    f->text = keep(c, &out);
    buf_drop(&out);
}

/* ---- gaps ---- */
static bool **marks(struct checking *c)
{
    return room(c, c->t->n_inputs, sizeof(bool *));
}

static void walk_gaps(struct checking *c, size_t input, const uint64_t *left, bool **marked)
{
    if (c->full || c->ret->cut || ++c->steps > STEPS_MAX) {
        c->ret->cut = c->ret->cut || c->steps > STEPS_MAX;
        return;
    }
    if (is_empty(left)) {
        struct finding *f = add_finding(c, FINDING_GAP, 0, 0);
        if (f) {
            place(c, marked, f);
            say(c, f, "no rule hits");
        }
        return;
    }
    if (input == c->t->n_inputs)
        return;
    const struct cut *cut = &c->cut[input];
    bool *done = room(c, cut->n, sizeof *done), *mine = room(c, cut->n, sizeof *mine);
    for (size_t i = 0; i < cut->n && !c->full; i++) {
        ruleset here, other;
        if (done[i])
            continue;
        both(left, cut->set[i], here);
        /* Cells that leave the same rules are one. */
        for (size_t k = i; k < cut->n; k++) {
            both(left, cut->set[k], other);
            mine[k] = !done[k] && memcmp(here, other, sizeof here) == 0;
            done[k] = done[k] || mine[k];
        }
        marked[input] = mine;
        walk_gaps(c, input + 1, here, marked);
        memset(mine, 0, cut->n * sizeof *mine);
    }
    marked[input] = NULL;
}

static bool has_defaults(const struct table *t)
{
    for (size_t o = 0; o < t->n_outputs; o++)
        if (!t->output[o].otherwise)
            return false;
    return true;
}

static void find_gaps(struct checking *c)
{
    bool **marked = marks(c);
    if (c->full || c->ret->left_out || c->t->policy == HIT_COLLECT || has_defaults(c->t))
        return;
    walk_gaps(c, 0, c->used, marked);
}

/* ---- pairs ---- */
static bool same_text(const struct node *a, const struct node *b)
{
    struct buf x = buf_make(TEXT_BYTES), y = buf_make(TEXT_BYTES);
    node_print(a, &x);
    node_print(b, &y);
    bool same = !x.failed && !y.failed && slice_eq(buf_slice(&x), buf_slice(&y));
    buf_drop(&x);
    buf_drop(&y);
    return same;
}

static bool say_same(const struct checking *c, size_t a, size_t b)
{
    for (size_t o = 0; o < c->t->n_outputs; o++)
        if (!same_text(c->t->says[a * c->t->n_outputs + o], c->t->says[b * c->t->n_outputs + o]))
            return false;
    return true;
}

/* Marks the cells that both rules pass. */
static void mark_shared(struct checking *c, size_t a, size_t b, bool **marked)
{
    for (size_t i = 0; i < c->t->n_inputs; i++) {
        marked[i] = room(c, c->cut[i].n, sizeof **marked);
        for (size_t k = 0; marked[i] && k < c->cut[i].n; k++)
            marked[i][k] = bits_has(c->cut[i].set[k], a) && bits_has(c->cut[i].set[k], b);
    }
}

static bool may_share(const struct checking *c, size_t a, size_t b)
{
    for (size_t i = 0; i < c->t->n_inputs; i++) {
        bool any = false;
        for (size_t k = 0; k < c->cut[i].n && !any; k++)
            any = bits_has(c->cut[i].set[k], a) && bits_has(c->cut[i].set[k], b);
        if (!any)
            return false;
    }
    return true;
}

static bool same_tests(const struct checking *c, size_t a, size_t b)
{
    for (size_t i = 0; i < c->t->n_inputs; i++)
        for (size_t k = 0; k < c->cut[i].n; k++)
            if (bits_has(c->cut[i].set[k], a) != bits_has(c->cut[i].set[k], b))
                return false;
    return true;
}

static void look_at_pair(struct checking *c, size_t a, size_t b)
{
    bool same = say_same(c, a, b);
    if (same && same_tests(c, a, b)) {
        struct finding *f = add_finding(c, FINDING_DUPLICATE, a + 1, b + 1);
        if (f)
            say(c, f, "rule %zu tests and says what rule %zu does", b + 1, a + 1);
    }
    bool wrong = c->t->policy == HIT_UNIQUE || (c->t->policy == HIT_ANY && !same);
    if (!wrong || !may_share(c, a, b))
        return;
    struct finding *f = add_finding(c, FINDING_OVERLAP, a + 1, b + 1);
    bool **marked = f ? marks(c) : NULL;
    if (marked)
        mark_shared(c, a, b, marked);
    if (!marked || c->full)
        return;
    place(c, marked, f);
    say(c, f, c->t->policy == HIT_UNIQUE ? "rules %zu and %zu hit together" : "rules %zu and %zu hit together and say "
        "different things", a + 1, b + 1);
}

static void find_pairs(struct checking *c)
{
    for (size_t a = 0; a < c->t->n_rules; a++)
        for (size_t b = a + 1; b < c->t->n_rules && !c->full; b++)
            if (bits_has(c->used, a) && bits_has(c->used, b))
                look_at_pair(c, a, b);
}

/* ---- rules that never hit ---- */
/* Is there a point of the rule that none of `before` takes? */
static bool reaches(struct checking *c, size_t rule, size_t input, const uint64_t *before)
{
    c->ret->cut = c->ret->cut || c->steps > STEPS_MAX;
    if (is_empty(before) || ++c->steps > STEPS_MAX)
        return true;
    if (input == c->t->n_inputs)
        return false;
    for (size_t k = 0; k < c->cut[input].n; k++) {
        ruleset left;
        if (!bits_has(c->cut[input].set[k], rule))
            continue;
        both(before, c->cut[input].set[k], left);
        if (reaches(c, rule, input + 1, left))
            return true;
    }
    return false;
}

static void find_unreachable(struct checking *c)
{
    ruleset before = { 0 };
    for (size_t r = 0; r < c->t->n_rules && !c->full; r++) {
        const char *why = NULL;
        if (!bits_has(c->used, r))
            continue;
        if (!may_share(c, r, r))
            why = "no value passes one of its tests";
        else if (c->t->policy == HIT_FIRST && !reaches(c, r, 0, before))
            why = "the rules before it take all that it would";
        struct finding *f = why ? add_finding(c, FINDING_UNREACHABLE, r + 1, 0) : NULL;
        if (f)
            say(c, f, "rule %zu never hits: %s", r + 1, why);
        before[r / 64] |= UINT64_C(1) << r % 64;
    }
}

/* ---- types ---- */
static bool fits(enum column_kind kind, enum value_kind value)
{
    static const enum value_kind of[] = { [COLUMN_BOOLEAN] = VALUE_BOOLEAN, [COLUMN_NUMBER] = VALUE_NUMBER,
                                          [COLUMN_CODES] = VALUE_STRING, [COLUMN_DATE] = VALUE_DATE,
                                          [COLUMN_DATE_TIME] = VALUE_DATE_TIME };
    return value == VALUE_NULL || value == of[kind];
}

/* The first literal that a test compares with and that cannot be of the input's kind. */
static const struct node *misfit(const struct node *node, enum column_kind kind)
{
    if (node->kind == NODE_LITERAL)
        return fits(kind, node->value.kind) ? NULL : node;
    bool compares = node->kind == NODE_TESTS || node->kind == NODE_UNARY || node->kind == NODE_RANGE
                    || node->kind == NODE_LIST;
    for (uint32_t i = 0; i < node->n && compares; i++) {
        const struct node *found = misfit(node->kid[i], kind);
        if (found)
            return found;
    }
    return NULL;
}

static void tell_misfit(struct checking *c, size_t rule, const char *what, size_t number, const struct node *node)
{
    struct finding *f = add_finding(c, FINDING_TYPE, rule + 1, 0);
    struct buf out = buf_make(TEXT_BYTES);
    if (!f)
        return;
    node_print(node, &out);
    say(c, f, "rule %zu, %s %zu: %.*s is not of its type", rule + 1, what, number + 1,
        (int)(out.len < 80 ? out.len : 80), out.len ? out.at : "");
    buf_drop(&out);
}

static void find_misfits(struct checking *c)
{
    for (size_t r = 0; r < c->t->n_rules && !c->full; r++) {
        for (size_t i = 0; i < c->t->n_inputs; i++) {
            const struct node *found = c->cut[i].known ? misfit(test_of(c, r, i), c->cut[i].kind) : NULL;
            if (found)
                tell_misfit(c, r, "input", i, found);
        }
        for (size_t o = 0; o < c->t->n_outputs; o++) {
            const struct node *says = c->t->says[r * c->t->n_outputs + o];
            const struct type *type = c->t->output[o].type;
            bool ok;
            if (type && says->kind == NODE_LITERAL && !value_is_null(says->value)
                && value_is_null(type_coerce(type, says->value, c->mem, &ok)))
                tell_misfit(c, r, "output", o, says);
        }
    }
}

enum err_code table_check(const struct table *t, const struct zones *zones, struct arena *mem, struct table_check *ret,
                          struct err *e)
{
    assert(t && mem && ret);
    AUTO(arena) scratch = arena_new((size_t)64 << 20);
    struct checking c = { .t = t, .zones = zones, .mem = mem, .scratch = scratch, .ret = ret, .last = &ret->first };
    *ret = (struct table_check){ .first = NULL };
    if (t->broken || t->n_rules > RULES_MAX || t->n_rules == 0) {
        ret->cut = t->n_rules > RULES_MAX;
        return ERR_OK;
    }
    c.cut = room(&c, t->n_inputs, sizeof *c.cut);
    if (!scratch || c.full)
        return err_set(e, ERR_LIMIT, 0, "no memory to check the table");
    choose_rules(&c);
    for (size_t i = 0; i < t->n_inputs && !c.full; i++)
        cut_input(&c, i);
    if (!c.full)
        find_misfits(&c);
    if (!c.full)
        find_unreachable(&c);
    if (!c.full)
        find_pairs(&c);
    if (!c.full)
        find_gaps(&c);
    return c.full ? err_set(e, ERR_LIMIT, 0, "no memory to check the table") : ERR_OK;
}
