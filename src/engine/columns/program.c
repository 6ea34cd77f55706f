#include "engine/columns/program_room.h"

#include <assert.h>

#include "engine/columns/cells.h"
#include "engine/columns/kernels.h"

#define RANGES_MAX 256
#define RUNS_MAX 4            // of codes
#define CODES_MAX 65536u      // different values that are each asked about
#define ROW_STEPS UINT64_C(1000000)

/* ---- making ---- */
struct making {
    struct program *program;
    struct arena *mem;
    struct arena *scratch;             // of questions to the interpreter
    size_t room;
    bool full;
    struct err *e;
};

static void *room(struct making *m, size_t n, size_t size)
{
    void *at = arena_calloc_n(m->mem, n ? n : 1, size);
    if (!at)
        m->full = true;
    return at;
}

static size_t count_nodes(const struct node *node)
{
    size_t n = 1;
    for (uint32_t i = 0; i < node->n; i++)
        n += count_nodes(node->kid[i]);
    return n;
}

static size_t add_step(struct making *m, struct step step)
{
    struct program *p = m->program;
    assert(p->n < m->room);
    p->step[p->n] = step;
    return p->n++;
}

bool columns_used(const struct columns *columns, const struct node *node, const struct column **use, size_t *n)
{
    const struct column *c = node->kind == NODE_NAME ? columns_find(columns, node->name) : NULL;
    bool known = !c;
    for (size_t i = 0; i < *n && !known; i++)
        known = use[i] == c;
    if (!known && *n == COLUMNS_USED_MAX)
        return false;
    if (!known)
        use[(*n)++] = c;
    for (uint32_t i = 0; i < node->n; i++)
        if (!columns_used(columns, node->kid[i], use, n))
            return false;
    return true;
}

/* What the interpreter says for these values of the columns. */
static enum value_eq ask(struct making *m, const struct node *node, const struct value_entry *entry, size_t n)
{
    struct eval eval;
    struct err err;
    struct value v;
    const struct feel_scope scope = { .n = n, .entry = entry };
    eval_init(&eval, m->scratch, m->program->zones, m->program->now_ms, &err);
    enum value_eq is = feel_eval(&eval, node, &scope, &v) ? VALUE_EQ_NULL : truth_of(v);
    if (eval.failed) {
        m->full = true;
        if (m->e)
            *m->e = err;
    }
    arena_reset(m->scratch);
    return is;
}

static enum value_eq ask_one(struct making *m, const struct node *node, const struct column *c, struct value v)
{
    const struct value_entry entry = { c->name, v };
    return ask(m, node, &entry, 1);
}

static struct step rows_step(struct making *m, const struct node *node, const struct column *const *use, size_t n,
                             const char *why)
{
    struct step step = { .kind = STEP_ROWS, .node = node, .why = why, .n_use = n };
    step.use = room(m, n, sizeof *step.use);
    if (step.use && n)
        memcpy(step.use, use, n * sizeof *use);
    return step;
}

static struct step constant_step(struct making *m, const struct node *node)
{
    return (struct step){ .kind = STEP_CONSTANT, .constant = ask(m, node, NULL, 0), .node = node };
}

static struct step bits_step(struct making *m, const struct node *node, const struct column *c)
{
    struct step step = { .kind = STEP_BITS, .a = c, .node = node };
    step.of[0] = ask_one(m, node, c, value_boolean(false));
    step.of[1] = ask_one(m, node, c, value_boolean(true));
    step.constant = ask_one(m, node, c, value_null);
    return step;
}

static bool add_range(struct range *list, size_t *n, size_t most, int64_t low, int64_t high)
{
    if (*n && list[*n - 1].high + 1 == low) {
        list[*n - 1].high = high;
        return true;
    }
    if (*n == most)
        return false;
    list[(*n)++] = (struct range){ low, high };
    return true;
}

/* Few runs of codes are compared faster than looked up. */
static void try_runs(struct making *m, struct step *step, size_t n)
{
    struct step runs = *step;
    runs.kind = STEP_RUNS;
    runs.is = room(m, RUNS_MAX, sizeof *runs.is);
    runs.unknown = room(m, RUNS_MAX, sizeof *runs.unknown);
    for (size_t i = 0; i < n && !m->full; i++) {
        int64_t code = (int64_t)i;
        if ((step->codes[i] && !add_range(runs.is, &runs.n_is, RUNS_MAX, code, code))
            || (step->unknown_codes && step->unknown_codes[i]
                && !add_range(runs.unknown, &runs.n_unknown, RUNS_MAX, code, code)))
            return;
    }
    *step = runs;
}

static struct step codes_step(struct making *m, const struct node *node, const struct column *c)
{
    size_t n = c->dictionary->n;
    struct step step = { .kind = STEP_CODES, .a = c, .node = node };
    uint8_t *codes = room(m, n, 1), *unknown = room(m, n, 1);
    bool any = false;
    step.codes = codes;
    for (size_t i = 0; i < n && !m->full; i++) {
        enum value_eq is = ask_one(m, node, c, c->dictionary->value[i]);
        codes[i] = is == VALUE_EQ_TRUE;
        unknown[i] = is == VALUE_EQ_NULL;
        any = any || unknown[i];
    }
    step.unknown_codes = any ? unknown : NULL;
    step.constant = ask_one(m, node, c, value_null);
    if (!m->full)
        try_runs(m, &step, n);
    return step;
}

static void width_ends(const struct column *c, int64_t *low, int64_t *high)
{
    unsigned bits = (unsigned)c->width * 8;
    *high = (int64_t)(UINT64_MAX >> (65 - bits));
    *low = -*high - 1;
}

static bool fill_ranges(struct making *m, struct step *step, const struct cells *cells)
{
    int64_t least, most;
    width_ends(step->a, &least, &most);
    for (size_t i = 0; i < cells->n && !m->full; i++) {
        int64_t low = i ? cells_whole(cells->start[i]) : least;
        int64_t high = i + 1 < cells->n ? cells_whole(cells->start[i + 1]) - 1 : most;
        struct value v;
        low = low < least ? least : low;
        high = high > most ? most : high;
        if (low > high || !cells_sample(cells, i, true, m->scratch, &v))
            continue;
        enum value_eq is = ask_one(m, step->node, step->a, v);
        if ((is == VALUE_EQ_TRUE && !add_range(step->is, &step->n_is, RANGES_MAX, low, high))
            || (is == VALUE_EQ_NULL && !add_range(step->unknown, &step->n_unknown, RANGES_MAX, low, high)))
            return false;
    }
    return true;
}

static bool ranges_step(struct making *m, const struct node *node, const struct column *c, struct step *ret,
                        const char **why)
{
    struct eval eval;
    struct err err;
    struct cells cells;
    eval_init(&eval, m->mem, m->program->zones, m->program->now_ms, &err);
    if (!cells_of(&node, 1, c->name, c->kind, c->scale, &eval, &cells, why)) {
        m->full = m->full || eval.failed;
        return false;
    }
    struct step step = { .kind = STEP_RANGES, .a = c, .node = node };
    step.is = room(m, RANGES_MAX, sizeof *step.is);
    step.unknown = room(m, RANGES_MAX, sizeof *step.unknown);
    if (m->full)
        return false;
    step.constant = ask_one(m, node, c, value_null);
    *why = "it names too many values";
    *ret = step;
    return fill_ranges(m, ret, &cells);
}

/* A step that is about one column. */
static bool single_step(struct making *m, const struct node *node, const struct column *c, struct step *ret,
                        const char **why)
{
    switch (c->kind) {
    case COLUMN_BOOLEAN: *ret = bits_step(m, node, c); return true;
    case COLUMN_CODES:
        *why = "the column has too many different values";
        if (c->dictionary->n > CODES_MAX)
            return false;
        *ret = codes_step(m, node, c);
        return true;
    default: return ranges_step(m, node, c, ret, why);
    }
}

static bool is_logic(const struct node *node)
{
    return node->kind == NODE_BINARY && (node->op == OP_AND || node->op == OP_OR);
}

/* Two columns of whole numbers of one scale, compared. */
static bool is_pair(const struct making *m, const struct node *node, const struct column **a, const struct column **b)
{
    if (node->kind != NODE_BINARY || node->op < OP_EQ || node->op > OP_GE || node->kid[0]->kind != NODE_NAME
        || node->kid[1]->kind != NODE_NAME)
        return false;
    *a = columns_find(m->program->columns, node->kid[0]->name);
    *b = columns_find(m->program->columns, node->kid[1]->name);
    return *a && *b && (*a)->kind == (*b)->kind && (*a)->scale == (*b)->scale
           && ((*a)->kind == COLUMN_NUMBER || (*a)->kind == COLUMN_DATE);
}

static size_t make(struct making *m, const struct node *node)
{
    const struct column *use[COLUMNS_USED_MAX], *a, *b;
    size_t n = 0;
    struct step step = { .node = node };
    const char *why = "it uses several columns at once";
    if (m->full)
        return 0;
    bool few = columns_used(m->program->columns, node, use, &n);
    if (few && n == 0)
        return add_step(m, constant_step(m, node));
    if (few && n == 1 && single_step(m, node, use[0], &step, &why))
        return add_step(m, step);
    if (is_logic(node) || node_is_not(node)) {
        step.kind = node_is_not(node) ? STEP_NOT : node->op == OP_AND ? STEP_AND : STEP_OR;
        step.left = make(m, node->kid[step.kind == STEP_NOT ? 1 : 0]);
        step.right = step.kind == STEP_NOT ? 0 : make(m, node->kid[1]);
        return m->full ? 0 : add_step(m, step);
    }
    if (is_pair(m, node, &a, &b)) {
        step = (struct step){ .kind = STEP_PAIR, .a = a, .b = b, .op = node->op, .node = node };
        return add_step(m, step);
    }
    if (!few) {
        err_set(m->e, ERR_LIMIT, 0, "a condition that goes row by row uses at most %d columns", COLUMNS_USED_MAX);
        m->full = true;
        return 0;
    }
    return add_step(m, rows_step(m, node, use, n, why));
}

enum err_code program_new(const struct node *condition, const struct columns *columns, const struct zones *zones,
                          int64_t now_ms, struct arena *mem, struct program **ret, struct err *e)
{
    assert(condition && columns && mem && ret);
    AUTO(arena) scratch = arena_new((size_t)64 << 20);
    struct program *program = arena_one(mem, struct program);
    struct making m = { program, mem, scratch, count_nodes(condition), false, e };
    if (!program || !scratch)
        return err_set(e, ERR_LIMIT, 0, "the condition needs more memory than it may have");
    *program = (struct program){ .columns = columns, .zones = zones, .now_ms = now_ms };
    program->step = arena_array(mem, struct step, m.room);
    if (!program->step)
        return err_set(e, ERR_LIMIT, 0, "the condition needs more memory than it may have");
    err_set(e, ERR_LIMIT, 0, "the condition needs more memory than it may have");
    program->root = make(&m, condition);
    if (m.full)
        return ERR_LIMIT;
    *ret = program;
    return ERR_OK;
}

/* ---- running ---- */
struct bits {
    uint64_t is[KERNEL_WORDS], unknown[KERNEL_WORDS];
};
struct running {
    const struct program *program;
    size_t row;                    // the chunk's first
    struct arena *scratch;
    struct err *e;
    enum err_code code;
};

static void run_step(struct running *, size_t step, const uint64_t *active, struct bits *out);

/* What a null makes: neither true nor unknown, unless the step says so. */
static void apply_null(const struct running *r, const struct column *c, enum value_eq at_null, struct bits *out)
{
    if (!c->null)
        return;
    const uint64_t *null = c->null + r->row / 64;
    for (size_t w = 0; w < KERNEL_WORDS; w++) {
        out->is[w] = at_null == VALUE_EQ_TRUE ? out->is[w] | null[w] : out->is[w] & ~null[w];
        out->unknown[w] = at_null == VALUE_EQ_NULL ? out->unknown[w] | null[w] : out->unknown[w] & ~null[w];
    }
}

static const void *chunk_of(const struct running *r, const struct column *c)
{
    return (const char *)c->data + r->row * c->width;
}

static void or_ranges(const void *data, size_t width, const struct range *range, size_t n, uint64_t *out)
{
    memset(out, 0, KERNEL_WORDS * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        uint64_t one[KERNEL_WORDS];
        kernel_range(data, width, range[i].low, range[i].high, i ? one : out);
        for (size_t w = 0; i && w < KERNEL_WORDS; w++)
            out[w] |= one[w];
    }
}

static void run_ranges(const struct running *r, const struct step *s, struct bits *out)
{
    or_ranges(chunk_of(r, s->a), s->a->width, s->is, s->n_is, out->is);
    or_ranges(chunk_of(r, s->a), s->a->width, s->unknown, s->n_unknown, out->unknown);
    apply_null(r, s->a, s->constant, out);
}

static void run_codes(const struct running *r, const struct step *s, struct bits *out)
{
    kernel_codes(chunk_of(r, s->a), s->a->width, s->codes, out->is);
    memset(out->unknown, 0, sizeof out->unknown);
    if (s->unknown_codes)
        kernel_codes(chunk_of(r, s->a), s->a->width, s->unknown_codes, out->unknown);
    apply_null(r, s->a, s->constant, out);
}

static void run_bits(const struct running *r, const struct step *s, struct bits *out)
{
    const uint64_t *data = (const uint64_t *)s->a->data + r->row / 64;
    for (size_t w = 0; w < KERNEL_WORDS; w++) {
        out->is[w] = (s->of[1] == VALUE_EQ_TRUE ? data[w] : 0) | (s->of[0] == VALUE_EQ_TRUE ? ~data[w] : 0);
        out->unknown[w] = (s->of[1] == VALUE_EQ_NULL ? data[w] : 0) | (s->of[0] == VALUE_EQ_NULL ? ~data[w] : 0);
    }
    apply_null(r, s->a, s->constant, out);
}

static bool compares(enum node_op op, int64_t a, int64_t b)
{
    switch (op) {
    case OP_EQ: return a == b;
    case OP_NE: return a != b;
    case OP_LT: return a < b;
    case OP_LE: return a <= b;
    case OP_GT: return a > b;
    default: return a >= b;
    }
}

/* = and != know null, the others give null. */
static void run_pair(const struct running *r, const struct step *s, struct bits *out)
{
    bool equality = s->op == OP_EQ || s->op == OP_NE;
    for (size_t w = 0; w < KERNEL_WORDS; w++) {
        const uint64_t na = s->a->null ? s->a->null[r->row / 64 + w] : 0;
        const uint64_t nb = s->b->null ? s->b->null[r->row / 64 + w] : 0;
        uint64_t is = 0;
        for (size_t i = 0; i < 64; i++) {
            size_t row = r->row + w * 64 + i;
            is |= (uint64_t)compares(s->op, column_raw(s->a, row), column_raw(s->b, row)) << i;
        }
        is &= ~(na | nb);
        if (s->op == OP_EQ)
            is |= na & nb;
        if (s->op == OP_NE)
            is |= na ^ nb;
        out->is[w] = is;
        out->unknown[w] = equality ? 0 : na | nb;
    }
}

static enum value_eq ask_row(struct running *r, const struct step *s, size_t row)
{
    struct value_entry entry[COLUMNS_USED_MAX];
    struct eval eval;
    struct err err;
    struct value v = value_null;
    bool ok = true;
    arena_reset(r->scratch);
    for (size_t i = 0; i < s->n_use && ok; i++)
        entry[i] = (struct value_entry){ s->use[i]->name, column_value(s->use[i], row, r->scratch, &ok) };
    const struct feel_scope scope = { .n = s->n_use, .entry = entry };
    eval_init(&eval, r->scratch, r->program->zones, r->program->now_ms, &err);
    eval.steps = ROW_STEPS;
    if (!ok || feel_eval(&eval, s->node, &scope, &v))
        r->code = err_set(r->e, ERR_LIMIT, row, "row %zu: the condition goes beyond its limits", row);
    return truth_of(v);
}

static void run_rows(struct running *r, const struct step *s, const uint64_t *active, struct bits *out)
{
    memset(out, 0, sizeof *out);
    for (size_t w = 0; w < KERNEL_WORDS; w++)
        for (uint64_t left = active[w]; left && !r->code; left &= left - 1) {
            size_t i = (size_t)__builtin_ctzll(left);
            enum value_eq is = ask_row(r, s, r->row + w * 64 + i);
            out->is[w] |= (uint64_t)(is == VALUE_EQ_TRUE) << i;
            out->unknown[w] |= (uint64_t)(is == VALUE_EQ_NULL) << i;
        }
}

/* The right side is asked for rows only that the left one leaves open. */
static void run_logic(struct running *r, const struct step *s, const uint64_t *active, struct bits *out)
{
    struct bits right;
    uint64_t open[KERNEL_WORDS], any = 0;
    bool is_and = s->kind == STEP_AND;
    run_step(r, s->left, active, out);
    for (size_t w = 0; w < KERNEL_WORDS; w++) {
        open[w] = active[w] & (is_and ? out->is[w] | out->unknown[w] : ~out->is[w]);
        any |= open[w];
    }
    if (!any)
        return;
    run_step(r, s->right, open, &right);
    for (size_t w = 0; w < KERNEL_WORDS; w++) {
        uint64_t no_a = ~(out->is[w] | out->unknown[w]), no_b = ~(right.is[w] | right.unknown[w]);
        uint64_t is = is_and ? out->is[w] & right.is[w] : out->is[w] | right.is[w];
        uint64_t no = is_and ? no_a | no_b : no_a & no_b;
        out->is[w] = is;
        out->unknown[w] = ~(is | no);
    }
}

static void run_step(struct running *r, size_t step, const uint64_t *active, struct bits *out)
{
    const struct step *s = &r->program->step[step];
    switch (s->kind) {
    case STEP_CONSTANT:
        memset(out->is, s->constant == VALUE_EQ_TRUE ? 0xff : 0, sizeof out->is);
        memset(out->unknown, s->constant == VALUE_EQ_NULL ? 0xff : 0, sizeof out->unknown);
        break;
    case STEP_RANGES:
    case STEP_RUNS: run_ranges(r, s, out); break;
    case STEP_CODES: run_codes(r, s, out); break;
    case STEP_BITS: run_bits(r, s, out); break;
    case STEP_PAIR: run_pair(r, s, out); break;
    case STEP_ROWS: run_rows(r, s, active, out); break;
    case STEP_AND:
    case STEP_OR: run_logic(r, s, active, out); break;
    case STEP_NOT:
        run_step(r, s->left, active, out);
        for (size_t w = 0; w < KERNEL_WORDS; w++)
            out->is[w] = ~(out->is[w] | out->unknown[w]);
        break;
    }
}

enum err_code program_run(const struct program *program, size_t begin, size_t end, uint64_t *bits,
                          struct arena *scratch, const atomic_bool *cancel, struct err *e)
{
    assert(program && bits && scratch && begin % COLUMN_CHUNK == 0 && end <= program->columns->rows);
    struct running r = { .program = program, .scratch = scratch, .e = e };
    for (r.row = begin; r.row < end && !r.code; r.row += COLUMN_CHUNK) {
        uint64_t active[KERNEL_WORDS] = { 0 };
        struct bits out;
        size_t rows = end - r.row < COLUMN_CHUNK ? end - r.row : COLUMN_CHUNK, words = (rows + 63) / 64;
        if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
            return err_set(e, ERR_BUSY, r.row, "the count was cancelled");
        for (size_t w = 0; w < words; w++)
            active[w] = rows - w * 64 >= 64 ? UINT64_MAX : (UINT64_C(1) << rows % 64) - 1;
        run_step(&r, program->root, active, &out);
        for (size_t w = 0; w < words; w++)
            bits[r.row / 64 + w] = out.is[w] & active[w];
    }
    return r.code;
}

/* ---- telling ---- */
static void explain(const struct program *p, size_t step, size_t depth, struct buf *out)
{
    static const char *const words[] = {
        [STEP_CONSTANT] = "constant: ", [STEP_RANGES] = "ranges: ", [STEP_RUNS] = "different values: ",
        [STEP_CODES] = "different values: ",
        [STEP_BITS] = "yes or no: ", [STEP_PAIR] = "two columns: ", [STEP_AND] = "and", [STEP_OR] = "or",
        [STEP_NOT] = "not", [STEP_ROWS] = "row by row: ",
    };
    const struct step *s = &p->step[step];
    bool logic = s->kind == STEP_AND || s->kind == STEP_OR || s->kind == STEP_NOT;
    buf_printf(out, "%*s%s", (int)(2 * depth), "", words[s->kind]);
    if (!logic)
        node_print(s->node, out);
    if (s->kind == STEP_ROWS)
        buf_printf(out, ", since %s", s->why);
    buf_addc(out, '\n');
    if (logic)
        explain(p, s->left, depth + 1, out);
    if (s->kind == STEP_AND || s->kind == STEP_OR)
        explain(p, s->right, depth + 1, out);
}

void program_explain(const struct program *p, struct buf *out)
{
    explain(p, p->root, 0, out);
}

size_t program_row_steps(const struct program *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += p->step[i].kind == STEP_ROWS;
    return n;
}
