#include "engine/columns/table_program.h"

#include <assert.h>

#include "base/hash.h"
#include "engine/columns/cells.h"
#include "engine/columns/kernels.h"

#define RULES_MAX 1024
#define INPUTS_MAX 16
#define TEXTS_MAX 4096
#define BUCKETS 1024u
#define DIRECT_MAX (1u << 18)  // half a megabyte: what a core's own cache holds
#define CHUNK 256u           // rows whose sets are held at once

/* One input: from a value to the set of rules that it passes. */
struct map {
    const struct column *column;
    enum column_kind kind;
    struct cells cells;          // ordered kinds, single decisions
    size_t n_starts;             // ordered kinds, columns: raw numbers at which set i + 1 begins
    int64_t *start;
    uint16_t *direct;            // where the starts span few numbers: the set of each, from start[0] - 1 on
    size_t n_direct;             // 0: they do not
    uint16_t *bucket;            // else of (raw - start[0]) >> shift: the first set that can be meant
    unsigned shift;
    uint32_t *set_of;            // cell, code or bit -> set
    uint32_t set_of_null;
    uint64_t *set;               // words each
    size_t n_texts, slots;       // texts, single decisions: an open table of those that are named
    struct slice *text;
    uint32_t *slot;              // index into text + 1; 0: free. What is not there has the set behind the last
};
struct table_program {
    const struct table *table;
    size_t words;
    struct map map[INPUTS_MAX];
    uint32_t *same;              // ANY: rules that say the same have the same number
};

/* ---- making ---- */
struct making {
    struct table_program *program;
    const struct table *table;
    struct arena *mem, *scratch;
    const struct zones *zones;
    int64_t now_ms;
    struct err *e;
    enum err_code code;
    size_t n_sets, room;         // of the map that is being made
};

static bool refuse(struct making *m, enum err_code code, const char *fmt, const char *what)
{
    if (!m->code)
        m->code = err_set(m->e, code, 0, fmt, what);
    return false;
}

static void *room(struct making *m, size_t n, size_t size)
{
    void *at = arena_calloc_n(m->mem, n ? n : 1, size);
    if (!at)
        refuse(m, ERR_LIMIT, "%s", "the table needs more memory than it may have");
    return at;
}

static bool declared(struct making *m, const struct table_input *input, struct eval *eval, struct value *v)
{
    bool ok = true;
    enum value_eq allowed = VALUE_EQ_TRUE;
    if (input->type)
        *v = type_coerce(input->type, *v, m->scratch, &ok);
    if (!ok || (input->allowed && feel_eval_tests(eval, input->allowed, *v, NULL, &allowed)))
        return refuse(m, ERR_LIMIT, "%s", "a test is too much work");
    return allowed == VALUE_EQ_TRUE || value_is_null(*v);
}

/* The rules that a value of input i passes, kept once however many values have the same. */
static bool set_for(struct making *m, size_t i, struct value v, uint32_t *ret)
{
    uint64_t set[RULES_MAX / 64] = { 0 };
    struct map *map = &m->program->map[i];
    struct eval eval;
    struct err err;
    eval_init(&eval, m->scratch, m->zones, m->now_ms, &err);
    bool ok = declared(m, &m->table->input[i], &eval, &v);
    for (size_t r = 0; ok && r < m->table->n_rules; r++) {
        enum value_eq hit;
        if (feel_eval_tests(&eval, m->table->test[r * m->table->n_inputs + i], v, NULL, &hit))
            return refuse(m, ERR_LIMIT, "%s", "a test is too much work");
        set[r / 64] |= (uint64_t)(hit == VALUE_EQ_TRUE) << r % 64;
    }
    arena_reset(m->scratch);
    size_t words = m->program->words, at = 0;
    while (at < m->n_sets && memcmp(map->set + at * words, set, words * sizeof *set) != 0)
        at++;
    if (at == m->n_sets) {
        if (m->n_sets == m->room)
            return refuse(m, ERR_INVALID, "%s", "an input has too many different cases");
        memcpy(map->set + m->n_sets++ * words, set, words * sizeof *set);
    }
    *ret = (uint32_t)at;
    return !m->code;
}

static bool begin_map(struct making *m, struct map *map, size_t values)
{
    m->n_sets = 0;
    m->room = values + 2;
    map->set = room(m, m->room * m->program->words, sizeof *map->set);
    map->set_of = room(m, values + 2, sizeof *map->set_of);
    return !m->code;
}

static const struct node *const *tests_of(struct making *m, size_t i)
{
    const struct node **test = room(m, m->table->n_rules + 1, sizeof *test);
    for (size_t r = 0; test && r < m->table->n_rules; r++)
        test[r] = m->table->test[r * m->table->n_inputs + i];
    if (test)
        test[m->table->n_rules] = m->table->input[i].allowed;
    return test;
}

static bool map_ordered(struct making *m, size_t i, struct map *map)
{
    const struct table_input *input = &m->table->input[i];
    const struct node *const *test = tests_of(m, i);
    struct eval eval;
    struct err err;
    const char *why;
    if (!test)
        return false;
    eval_init(&eval, m->mem, m->zones, m->now_ms, &err);
    int scale = map->column ? map->column->scale : map->kind == COLUMN_NUMBER ? -1 : 0;
    if (!cells_of(test, m->table->n_rules + (input->allowed != NULL), SLICE("?"), map->kind, scale, &eval, &map->cells,
                  &why))
        return refuse(m, ERR_INVALID, "a test cannot be made ready: %s", why);
    if (!begin_map(m, map, map->cells.n))
        return false;
    for (size_t c = 0; c < map->cells.n; c++) {
        struct value v;
        /* A cell without a value cannot be met. */
        if (cells_sample(&map->cells, c, map->column != NULL, m->scratch, &v) && !set_for(m, i, v, &map->set_of[c]))
            return false;
    }
    return true;
}

static bool index_directly(struct making *m, struct map *map, uint64_t span)
{
    map->n_direct = (size_t)span + 2;
    map->direct = room(m, map->n_direct, sizeof *map->direct);
    for (size_t i = 0, s = 0; map->direct && i < map->n_direct; i++) {
        while (s < map->n_starts && (uint64_t)map->start[s] - (uint64_t)map->start[0] + 1 <= i)
            s++;
        map->direct[i] = (uint16_t)map->set_of[s];
    }
    return map->direct != NULL;
}

static bool index_buckets(struct making *m, struct map *map, uint64_t span)
{
    map->bucket = room(m, BUCKETS, sizeof *map->bucket);
    while (span >> map->shift >= BUCKETS)
        map->shift++;
    for (size_t b = 0, s = 1; map->bucket && b < BUCKETS; b++) {
        uint64_t from = (uint64_t)b << map->shift;
        while (s < map->n_starts && (uint64_t)map->start[s] - (uint64_t)map->start[0] <= from)
            s++;
        map->bucket[b] = (uint16_t)s;
    }
    return map->bucket != NULL;
}

/* Cells of columns, as raw numbers; neighbours of one set are one. */
static bool index_ordered(struct making *m, struct map *map)
{
    const struct cells *cells = &map->cells;
    map->start = room(m, cells->n, sizeof *map->start);
    if (m->code)
        return false;
    size_t n = 1;                                // sets; the first has no start
    for (size_t c = 1; c < cells->n; c++) {
        int64_t from = cells_whole(cells->start[c]);
        int64_t next = c + 1 < cells->n ? cells_whole(cells->start[c + 1]) : INT64_MAX;
        if (from == next || map->set_of[c] == map->set_of[n - 1])
            continue;
        map->start[n - 1] = from;
        map->set_of[n++] = map->set_of[c];
    }
    map->n_starts = n - 1;
    if (n == 1)
        return true;
    uint64_t span = (uint64_t)map->start[n - 2] - (uint64_t)map->start[0];
    return span < DIRECT_MAX - 2 && m->n_sets <= UINT16_MAX ? index_directly(m, map, span) : index_buckets(m, map, span);
}

static bool map_bits(struct making *m, size_t i, struct map *map)
{
    return begin_map(m, map, 2) && set_for(m, i, value_boolean(false), &map->set_of[0])
           && set_for(m, i, value_boolean(true), &map->set_of[1]);
}

static bool map_codes(struct making *m, size_t i, struct map *map)
{
    const struct dictionary *d = map->column->dictionary;
    if (d->n > TEXTS_MAX * 16)
        return refuse(m, ERR_INVALID, "%s", "a column has too many different values");
    if (!begin_map(m, map, d->n))
        return false;
    for (size_t c = 0; c < d->n; c++)
        if (!set_for(m, i, d->value[c], &map->set_of[c]))
            return false;
    return true;
}

static bool add_text(struct making *m, struct map *map, struct slice text)
{
    size_t at = hash64(text, 0) & (map->slots - 1);
    for (; map->slot[at]; at = (at + 1) & (map->slots - 1))
        if (slice_eq(map->text[map->slot[at] - 1], text))
            return true;
    if (map->n_texts == TEXTS_MAX)
        return refuse(m, ERR_INVALID, "%s", "an input names too many texts");
    map->text[map->n_texts++] = text;
    map->slot[at] = (uint32_t)map->n_texts;
    return true;
}

/* A test that says equal to this text, or that; nothing else. */
static bool collect_texts(struct making *m, struct map *map, const struct node *tests)
{
    for (uint32_t k = 0; tests && k < tests->n; k++) {
        const struct node *kid = tests->kid[k];
        if (kid->kind != NODE_LITERAL)
            return refuse(m, ERR_INVALID, "%s", "a text is tested by more than its being equal");
        if (kid->value.kind == VALUE_STRING && !add_text(m, map, kid->value.string))
            return false;
    }
    return true;
}

static bool map_texts(struct making *m, size_t i, struct map *map)
{
    const struct node *const *test = tests_of(m, i);
    map->slots = TEXTS_MAX * 2;
    map->text = room(m, TEXTS_MAX, sizeof *map->text);
    map->slot = room(m, map->slots, sizeof *map->slot);
    for (size_t r = 0; !m->code && r <= m->table->n_rules; r++)
        collect_texts(m, map, test[r]);
    if (m->code || !begin_map(m, map, map->n_texts + 1))
        return false;
    for (size_t t = 0; t < map->n_texts; t++)
        if (!set_for(m, i, value_string(map->text[t]), &map->set_of[t]))
            return false;
    /* Any text that none of them is: one character longer than the longest. */
    size_t longest = 0;
    for (size_t t = 0; t < map->n_texts; t++)
        longest = map->text[t].len > longest ? map->text[t].len : longest;
    char *other = room(m, longest + 1, 1);
    if (!other)
        return false;
    memset(other, 'x', longest + 1);
    return set_for(m, i, value_string((struct slice){ other, longest + 1 }), &map->set_of[map->n_texts]);
}

static enum value_kind first_constant(const struct node *test)
{
    const struct node *first = test && test->n ? test->kid[0] : NULL;
    while (first && first->n && first->kind != NODE_LITERAL)
        first = first->kid[first->kind == NODE_CALL ? first->n - 1 : 0];
    return first && first->kind == NODE_LITERAL ? first->value.kind : VALUE_NULL;
}

bool table_input_kind(const struct table *t, size_t input, enum column_kind *ret)
{
    static const struct {
        enum type_kind type;
        enum value_kind value;
        enum column_kind kind;
    } kinds[] = { { TYPE_NUMBER, VALUE_NUMBER, COLUMN_NUMBER }, { TYPE_STRING, VALUE_STRING, COLUMN_CODES },
                  { TYPE_BOOLEAN, VALUE_BOOLEAN, COLUMN_BOOLEAN }, { TYPE_DATE, VALUE_DATE, COLUMN_DATE },
                  { TYPE_DATE_TIME, VALUE_DATE_TIME, COLUMN_DATE_TIME } };
    const struct type *type = t->input[input].type;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        bool is = type && type->kind == kinds[k].type;
        for (size_t r = 0; r < t->n_rules && !type && !is; r++)
            is = first_constant(t->test[r * t->n_inputs + input]) == kinds[k].value;
        if (is) {
            *ret = kinds[k].kind;
            return true;
        }
    }
    return false;
}

static bool map_input(struct making *m, size_t i, const struct columns *columns)
{
    struct map *map = &m->program->map[i];
    const struct node *expression = m->table->input[i].expression;
    for (size_t r = 0; r < m->table->n_rules; r++)
        if (!node_is_about(m->table->test[r * m->table->n_inputs + i], SLICE("?")))
            return refuse(m, ERR_INVALID, "%s", "a test is about more than its input");
    if (columns) {
        map->column = expression->kind == NODE_NAME ? columns_find(columns, expression->name) : NULL;
        if (!map->column)
            return refuse(m, ERR_INVALID, "%s", "an input is no column");
        map->kind = map->column->kind;
    } else if (!table_input_kind(m->table, i, &map->kind))
        return refuse(m, ERR_INVALID, "%s", "the type of an input is not known");
    bool ok;
    switch (map->kind) {
    case COLUMN_BOOLEAN: ok = map_bits(m, i, map); break;
    case COLUMN_CODES: ok = columns ? map_codes(m, i, map) : map_texts(m, i, map); break;
    default: ok = map_ordered(m, i, map);
    }
    ok = ok && set_for(m, i, value_null, &map->set_of_null);
    return ok && (!columns || map->kind == COLUMN_BOOLEAN || map->kind == COLUMN_CODES || index_ordered(m, map));
}

/* Rules that say the same, for ANY: their outputs are constants and equal. */
static bool find_same(struct making *m)
{
    const struct table *t = m->table;
    uint32_t *same = m->program->same = room(m, t->n_rules, sizeof *same);
    for (size_t r = 0; same && r < t->n_rules; r++) {
        same[r] = (uint32_t)r;
        for (size_t o = 0; o < t->n_outputs; o++)
            if (t->says[r * t->n_outputs + o]->kind != NODE_LITERAL)
                return refuse(m, ERR_INVALID, "%s", "what a rule of an ANY table says is no constant");
        for (size_t q = 0; q < r && same[r] == r; q++) {
            bool equal = true;
            for (size_t o = 0; o < t->n_outputs && equal; o++)
                equal = value_equal(t->says[r * t->n_outputs + o]->value, t->says[q * t->n_outputs + o]->value, m->zones)
                        == VALUE_EQ_TRUE;
            if (equal)
                same[r] = same[q];
        }
    }
    return !m->code;
}

enum err_code table_program_new(const struct table *table, const struct columns *columns, const struct zones *zones,
                                int64_t now_ms, struct arena *mem, struct table_program **ret, struct err *e)
{
    assert(table && mem && ret);
    AUTO(arena) scratch = arena_new((size_t)64 << 20);
    struct table_program *program = arena_one(mem, struct table_program);
    struct making m = { program, table, mem, scratch, zones, now_ms, e, ERR_OK, 0, 0 };
    if (!scratch || !program)
        return err_set(e, ERR_LIMIT, 0, "the table needs more memory than it may have");
    if (table->broken)
        return err_set(e, ERR_INVALID, 0, "the table has a flaw");
    if (table->policy > HIT_FIRST || table->policy == HIT_PRIORITY)
        return err_set(e, ERR_INVALID, 0, "its hit policy is none of UNIQUE, ANY and FIRST");
    if (table->n_rules > RULES_MAX || table->n_inputs > INPUTS_MAX || !table->n_rules || !table->n_inputs)
        return err_set(e, ERR_INVALID, 0, "it has not 1 to %d rules and 1 to %d inputs", RULES_MAX, INPUTS_MAX);
    *program = (struct table_program){ .table = table, .words = (table->n_rules + 63) / 64 };
    for (size_t i = 0; i < table->n_inputs; i++)
        if (!map_input(&m, i, columns))
            return m.code;
    if (table->policy == HIT_ANY && !find_same(&m))
        return m.code;
    *ret = program;
    return ERR_OK;
}

/* ---- deciding ---- */
static int32_t any_rule(const struct table_program *p, const uint64_t *set, int32_t first)
{
    for (size_t w = 0; w < p->words; w++)
        for (uint64_t left = set[w]; left; left &= left - 1)
            if (p->same[w * 64 + (size_t)__builtin_ctzll(left)] != p->same[first])
                return RULE_CONFLICT;
    return first;
}

static int32_t rule_of(const struct table_program *p, const uint64_t *set)
{
    for (size_t w = 0; w < p->words; w++) {
        if (!set[w])
            continue;
        int32_t first = (int32_t)(w * 64) + __builtin_ctzll(set[w]);
        if (p->table->policy == HIT_FIRST)
            return first;
        if (p->table->policy == HIT_ANY)
            return any_rule(p, set, first);
        uint64_t others = set[w] & (set[w] - 1);
        for (size_t k = w + 1; k < p->words; k++)
            others |= set[k];
        return others ? RULE_CONFLICT : first;
    }
    return RULE_NONE;
}

/* Bits above the highest rule, so that there is always one: where a word has none of its own, it is not looked at. */
static inline int32_t lowest(uint64_t set)
{
    return __builtin_ctzll(set | UINT64_C(1) << 63);
}

/* The same of two words. Whether and where one hits cannot be foreseen: it is computed, not branched on. */
static inline int32_t rule_of_two(const struct table_program *p, uint64_t low, uint64_t high)
{
    int32_t in_low = -(low != 0), in_high = -(high != 0);
    int32_t first = (lowest(low) & in_low) | (~in_low & (((lowest(high) + 64) & in_high) | ~in_high));
    if (p->table->policy == HIT_FIRST)
        return first;
    bool several = ((low & (low - 1)) | (high & (high - 1))) != 0 || (in_low & in_high) != 0;
    if (p->table->policy == HIT_ANY && several)
        return any_rule(p, (const uint64_t[]){ low, high }, first);
    return several ? RULE_CONFLICT : first;
}

static bool text_set(const struct map *map, struct slice text, uint32_t *ret)
{
    size_t at = hash64(text, 0) & (map->slots - 1);
    for (; map->slot[at]; at = (at + 1) & (map->slots - 1))
        if (slice_eq(map->text[map->slot[at] - 1], text)) {
            *ret = map->set_of[map->slot[at] - 1];
            return true;
        }
    *ret = map->set_of[map->n_texts];
    return true;
}

static bool value_set(const struct map *map, struct value v, uint32_t *ret)
{
    int64_t point;
    switch (v.kind) {
    case VALUE_NULL: *ret = map->set_of_null; return true;
    case VALUE_STRING: return map->kind == COLUMN_CODES && text_set(map, v.string, ret);
    case VALUE_BOOLEAN: *ret = map->set_of[v.boolean]; return map->kind == COLUMN_BOOLEAN;
    default:
        if (map->kind == COLUMN_CODES || map->kind == COLUMN_BOOLEAN || !cells_point(&map->cells, v, &point))
            return false;
        *ret = map->set_of[cells_find(&map->cells, point)];
        return true;
    }
}

int32_t table_program_rule(const struct table_program *p, const struct value *inputs)
{
    uint64_t set[RULES_MAX / 64];
    memset(set, 0xff, p->words * sizeof *set);
    for (size_t i = 0; i < p->table->n_inputs; i++) {
        uint32_t at;
        if (!value_set(&p->map[i], inputs[i], &at))
            return RULE_ASK;
        for (size_t w = 0; w < p->words; w++)
            set[w] &= p->map[i].set[at * p->words + w];
    }
    return rule_of(p, set);
}

static inline uint32_t ordered_set(const struct map *map, int64_t raw)
{
    size_t last = map->n_starts;
    if (last == 0 || raw < map->start[0])
        return map->set_of[0];
    if (raw >= map->start[last - 1])
        return map->set_of[last];
    size_t s = map->bucket[((uint64_t)raw - (uint64_t)map->start[0]) >> map->shift];
    while (raw >= map->start[s])
        s++;
    return map->set_of[s];
}

/* Clamped, not branched: where customers lie cannot be foreseen. */
static inline uint32_t direct_set(const struct map *map, int64_t raw)
{
    int64_t first = map->start[0] - 1, last = first + (int64_t)map->n_direct - 1;
    raw = raw < first ? first : raw;
    raw = raw > last ? last : raw;
    return map->direct[raw - first];
}

#define SETS(name, type, set)                                                                                          \
    static void sets_##name(const struct map *map, size_t row, size_t n, uint32_t *out)                                \
    {                                                                                                                  \
        const type *v = (const type *)map->column->data + row;                                                         \
        for (size_t i = 0; i < n; i++)                                                                                 \
            out[i] = set;                                                                                              \
    }
SETS(number_1, int8_t, ordered_set(map, v[i]))
SETS(direct_1, int8_t, direct_set(map, v[i]))
SETS(number_2, int16_t, ordered_set(map, v[i]))
SETS(direct_2, int16_t, direct_set(map, v[i]))
SETS(number_4, int32_t, ordered_set(map, v[i]))
SETS(direct_4, int32_t, direct_set(map, v[i]))
SETS(number_8, int64_t, ordered_set(map, v[i]))
SETS(direct_8, int64_t, direct_set(map, v[i]))
SETS(code_1, uint8_t, map->set_of[v[i]])
SETS(code_2, uint16_t, map->set_of[v[i]])
SETS(code_4, uint32_t, map->set_of[v[i]])

static void sets_bit(const struct map *map, size_t row, size_t n, uint32_t *out)
{
    const uint64_t *bits = map->column->data;
    for (size_t i = 0; i < n; i++)
        out[i] = map->set_of[bits[(row + i) / 64] >> (row + i) % 64 & 1];
}

/* The set of each of n rows. */
static void sets_of(const struct map *map, size_t row, size_t n, uint32_t *out)
{
    static void (*const loops[3][4])(const struct map *, size_t, size_t, uint32_t *) = {
        { sets_number_1, sets_number_2, sets_number_4, sets_number_8 },
        { sets_direct_1, sets_direct_2, sets_direct_4, sets_direct_8 },
        { sets_code_1, sets_code_2, sets_code_4, NULL },
    };
    const struct column *c = map->column;
    int way = c->kind == COLUMN_CODES ? 2 : map->n_direct ? 1 : 0;
    if (c->width == 0)
        sets_bit(map, row, n, out);
    else
        loops[way][__builtin_ctzll(c->width)](map, row, n, out);
    if (c->null)
        kernel_put(c->null + row / 64, n, map->set_of_null, out);
}

/* Of each input the set of each row; the rows one after the other, so that what is common stays in registers. */
static inline __attribute__((always_inline)) void run_two(const struct table_program *p, size_t n, const uint32_t *at,
                                                          int32_t *rule, size_t words)
{
    size_t inputs = p->table->n_inputs;
    for (size_t k = 0; k < n; k++) {
        uint64_t low = UINT64_MAX, high = words > 1 ? UINT64_MAX : 0;
        for (size_t i = 0; i < inputs; i++) {
            const uint64_t *set = p->map[i].set + at[i * CHUNK + k] * words;
            low &= set[0];
            high &= words > 1 ? set[1] : 0;
        }
        rule[k] = rule_of_two(p, low, high);
    }
}

static void run_many(const struct table_program *p, size_t n, const uint32_t *at, int32_t *rule)
{
    uint64_t common[RULES_MAX / 64];
    for (size_t k = 0; k < n; k++) {
        memset(common, 0xff, p->words * sizeof *common);
        for (size_t i = 0; i < p->table->n_inputs; i++)
            for (size_t w = 0; w < p->words; w++)
                common[w] &= p->map[i].set[at[i * CHUNK + k] * p->words + w];
        rule[k] = rule_of(p, common);
    }
}

/* Most tables have one word of rules or two: loops of their own. */
static void run_rows(const struct table_program *p, size_t row, size_t n, int32_t *rule)
{
    uint32_t at[INPUTS_MAX * CHUNK];
    for (size_t i = 0; i < p->table->n_inputs; i++)
        sets_of(&p->map[i], row, n, at + i * CHUNK);
    switch (p->words) {
    case 1: run_two(p, n, at, rule, 1); break;
    case 2: run_two(p, n, at, rule, 2); break;
    default: run_many(p, n, at, rule);
    }
}

void table_program_run(const struct table_program *p, size_t begin, size_t end, int32_t *rule)
{
    assert(p->map[0].column);
    for (size_t row = begin; row < end; row += CHUNK)
        run_rows(p, row, end - row < CHUNK ? end - row : CHUNK, rule + row);
}
