/* Any condition that parses is true of the same rows for the columns and for the interpreter. */
#include <stdlib.h>

#include "engine/columns/program.h"
#include "engine/feel/parse.h"

#define ROWS 96u
#define NOW_MS INT64_C(1796256000000)
#define STEPS 20000              // of the interpreter, for one row
#define TEXT(t) { .kind = VALUE_STRING, .string = { t, sizeof t - 1 } }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* ---- a base with neighbours of what conditions like to name ---- */
static const struct value texts[] = { TEXT(""), TEXT("ES"), TEXT("a b"), TEXT("Ünï"), { .kind = VALUE_BOOLEAN, .boolean = true } };
static const struct dictionary dictionary = { sizeof texts / sizeof *texts, texts };
static int64_t number[COLUMN_CHUNK], moment[COLUMN_CHUNK];
static int32_t day[COLUMN_CHUNK];
static uint8_t code[COLUMN_CHUNK];
static uint64_t known[COLUMN_CHUNK / 64], null[5][COLUMN_CHUNK / 64];
static const struct column column[] = {
    { .name = { "n", 1 }, .kind = COLUMN_NUMBER, .width = 8, .scale = 2, .data = number, .null = null[0] },
    { .name = { "s", 1 }, .kind = COLUMN_CODES, .width = 1, .data = code, .null = null[1], .dictionary = &dictionary },
    { .name = { "k", 1 }, .kind = COLUMN_BOOLEAN, .data = known, .null = null[2] },
    { .name = { "last day", 8 }, .kind = COLUMN_DATE, .width = 4, .data = day, .null = null[3] },
    { .name = { "seen", 4 }, .kind = COLUMN_DATE_TIME, .width = 8, .data = moment, .null = null[4] },
};
#define COLUMNS (sizeof column / sizeof *column)
static const struct columns columns = { ROWS, COLUMNS, column };

static void fill(void)
{
    static const int64_t near[] = { 0, 1, -1, 99, 100, 101, 10000, 10050, INT64_MAX, INT64_MIN, 200, -100 };
    for (size_t row = 0; row < ROWS; row++) {
        number[row] = near[row % 12];
        code[row] = (uint8_t)(row * 7 % dictionary.n);
        known[row / 64] |= (uint64_t)(row % 2) << row % 64;
        day[row] = (int32_t)(row % 3 ? 20784 - (int64_t)row + 48 : (int64_t)row - 719162);
        moment[row] = NOW_MS + ((int64_t)row - 48) * (row % 2 ? 1 : 3600000);
        for (size_t i = 0; i < COLUMNS; i++)
            null[i][row / 64] |= (uint64_t)((row / 5 + i) % 6 == 0) << row % 64;
    }
}

/* false: a limit was met, nothing is known. */
static bool interpreter_says(const struct node *node, size_t row, struct arena *mem, bool *ret)
{
    struct value_entry entry[COLUMNS];
    struct eval eval;
    struct err e;
    struct value v;
    bool ok = true;
    arena_reset(mem);
    for (size_t i = 0; i < COLUMNS && ok; i++)
        entry[i] = (struct value_entry){ column[i].name, column_value(&column[i], row, mem, &ok) };
    const struct feel_scope scope = { .n = COLUMNS, .entry = entry };
    eval_init(&eval, mem, NULL, NOW_MS, &e);
    eval.steps = STEPS;
    if (!ok || feel_eval(&eval, node, &scope, &v))
        return false;
    *ret = value_is_true(v);
    return true;
}

static void compare(const struct node *node, struct arena *mem, struct arena *scratch)
{
    struct program *program;
    struct err e;
    uint64_t bits[COLUMN_CHUNK / 64] = { 0 };
    bool is;
    for (size_t row = 0; row < ROWS; row++)
        if (!interpreter_says(node, row, scratch, &is))
            return;
    if (program_new(node, &columns, NULL, NOW_MS, mem, &program, &e)
        || program_run(program, 0, ROWS, bits, scratch, NULL, &e))
        return;
    for (size_t row = 0; row < ROWS; row++)
        if (interpreter_says(node, row, scratch, &is))
            expect(is == bits_has(bits, row));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice names[COLUMNS];
    const struct parse_options options = { names, COLUMNS };
    struct arena *mem = arena_new((size_t)32 << 20), *scratch = arena_new((size_t)16 << 20);
    struct node *node;
    struct diag flaw;
    struct err e;
    expect(mem && scratch);
    if (known[0] == 0)
        fill();
    for (size_t i = 0; i < COLUMNS; i++)
        names[i] = column[i].name;
    if (size < 400 && feel_parse((struct slice){ (const char *)data, size }, &options, mem, &node, &flaw, &e) == ERR_OK)
        compare(node, mem, scratch);
    arena_drop(&scratch);
    arena_drop(&mem);
    return 0;
}
