/* Tables made ready against the interpreter: random tables, random rows and single decisions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/columns/table_program.h"
#include "engine/dmn/dmn.h"

#define ROWS 1000u
#define COUNT(table) (sizeof(table) / sizeof *(table))

static uint64_t seed = 7;

static uint64_t any(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

#define TEXT(t) { .kind = VALUE_STRING, .string = { t, sizeof t - 1 } }
static const struct value texts[] = { TEXT("ES"), TEXT("PT"), TEXT("FR"), TEXT("") };
static const struct dictionary dictionary = { COUNT(texts), texts };
static int32_t spend[COLUMN_WORDS(ROWS) * 64], day[COLUMN_WORDS(ROWS) * 64];
static uint8_t country[COLUMN_WORDS(ROWS) * 64];
static uint64_t known[COLUMN_WORDS(ROWS)], nulls[4][COLUMN_WORDS(ROWS)];
static const struct column column[] = {
    { { "spend", 5 }, COLUMN_NUMBER, 2, 4, spend, nulls[0], NULL },
    { { "country", 7 }, COLUMN_CODES, 0, 1, country, nulls[1], &dictionary },
    { { "known", 5 }, COLUMN_BOOLEAN, 0, 0, known, nulls[2], NULL },
    { { "day", 3 }, COLUMN_DATE, 0, 4, day, nulls[3], NULL },
};
static const struct columns columns = { ROWS, COUNT(column), column };

static void fill(void)
{
    for (size_t row = 0; row < ROWS; row++) {
        spend[row] = (int32_t)any(2200) - 100;
        country[row] = (uint8_t)any(COUNT(texts));
        day[row] = 20780 + (int32_t)any(12);
        known[row / 64] ^= (uint64_t)any(2) << row % 64;
        for (size_t i = 0; i < 4; i++)
            nulls[i][row / 64] |= (uint64_t)(any(8) == 0) << row % 64;
    }
}

/* Tests of each input, as XML. */
static const char *const cell_tests[4][8] = {
    { "-", "&lt; 5", "[5..10)", "&gt; 10", "10, 15.5, 20", "not(&lt; 3)", "&gt;= 9.99", "null" },
    { "-", "\"ES\"", "\"PT\", \"FR\"", "not(\"ES\")", "\"zz\"", "\"\"", "\"ES\", \"PT\"", "null" },
    { "-", "true", "false", "-", "not(true)", "true", "-", "null" },
    { "-", "date(\"2026-11-27\")", "&lt; @\"2026-11-27\"", "[@\"2026-11-25\"..@\"2026-11-28\"]", "-", "not(@\"2026-11-26\")",
      "&gt; @\"2026-11-30\"", "null" },
};
static const char *const policies[] = { "UNIQUE", "ANY", "FIRST" };

static void write_table(struct buf *b, size_t rules)
{
    static const char *const types[] = { "number", "string", "boolean", "date" };
    buf_adds(b, "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' name='m' namespace='m'>");
    for (size_t i = 0; i < 4; i++)
        buf_printf(b, "<inputData name='%s' id='%s'><variable name='%s' typeRef='%s'/></inputData>", column[i].name.at,
                   column[i].name.at, column[i].name.at, types[i]);
    buf_adds(b, "<decision name='d' id='d'><variable name='d'/>");
    for (size_t i = 0; i < 4; i++)
        buf_printf(b, "<informationRequirement><requiredInput href='#%s'/></informationRequirement>", column[i].name.at);
    buf_printf(b, "<decisionTable hitPolicy='%s'>", policies[any(COUNT(policies))]);
    for (size_t i = 0; i < 4; i++)
        buf_printf(b, "<input><inputExpression typeRef='%s'><text>%s</text></inputExpression></input>", types[i],
                   column[i].name.at);
    buf_adds(b, "<output/>");
    for (size_t r = 0; r < rules; r++) {
        buf_adds(b, "<rule>");
        for (size_t i = 0; i < 4; i++)
            buf_printf(b, "<inputEntry><text>%s</text></inputEntry>", cell_tests[i][any(3) ? any(8) : 0]);
        buf_printf(b, "<outputEntry><text>%d</text></outputEntry></rule>", (int)any(3));
    }
    buf_adds(b, "</decisionTable></decision></definitions>");
}

static int32_t interpreter_rule(const struct table *t, const struct value *v, struct arena *mem)
{
    size_t hits[128], n = 0;
    struct value_entry entry[4];
    struct eval eval;
    struct err e;
    for (size_t i = 0; i < 4; i++)
        entry[i] = (struct value_entry){ column[i].name, v[i] };
    const struct feel_scope scope = { .n = 4, .entry = entry };
    eval_init(&eval, mem, NULL, 0, &e);
    struct value said = table_decide(&eval, t, &scope, hits, &n);
    if (n == 0)
        return RULE_NONE;
    return value_is_null(said) ? RULE_CONFLICT : (int32_t)hits[0];
}

static void compare(const struct table *t, struct arena *mem, struct arena *scratch)
{
    struct table_program *many, *one;
    struct err e;
    static int32_t rule[ROWS];
    if (table_program_new(t, &columns, NULL, 0, mem, &many, &e) || table_program_new(t, NULL, NULL, 0, mem, &one, &e))
        fail_msg("%s", e.text);
    table_program_run(many, 0, ROWS, rule);
    for (size_t row = 0; row < ROWS; row++) {
        struct value v[4];
        bool ok;
        arena_reset(scratch);
        for (size_t i = 0; i < 4; i++)
            v[i] = column_value(&column[i], row, scratch, &ok);
        int32_t want = interpreter_rule(t, v, scratch), single = table_program_rule(one, v);
        if (rule[row] != want || single != want)
            fail_msg("row %zu: columns say %d, a single decision %d, the interpreter %d", row, rule[row], single, want);
    }
}

static void decides_as_the_interpreter_does(void **state)
{
    static const size_t many[] = { 70, 64, 128, 150 };  // around whole words of rules
    (void)state;
    AUTO(arena) mem = arena_new((size_t)64 << 20);
    AUTO(arena) scratch = arena_new((size_t)16 << 20);
    const struct dmn_options options = { 0 };
    fill();
    for (size_t turn = 0; turn < 80; turn++) {
        struct buf file = buf_make(0);
        struct dmn *dmn;
        const struct dmn_diag *diags;
        struct err e;
        arena_reset(mem);
        write_table(&file, turn % 10 == 9 ? many[turn / 10 % COUNT(many)] : 1 + any(12));
        assert_int_equal(dmn_load(buf_slice(&file), &options, mem, &dmn, &diags, &e), ERR_OK);
        assert_null(diags);
        compare(dmn_table(dmn_find(dmn, DMN_DECISION, SLICE("d"))), mem, scratch);
        buf_drop(&file);
    }
}

/* Finer than what the table names, of another kind, missing. */
static void values_between_and_beside(void **state)
{
    (void)state;
    AUTO(arena) mem = arena_new((size_t)16 << 20);
    const struct dmn_options options = { 0 };
    static const char file[] =
        "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' name='m' namespace='m'><decision name='d' id='d'>"
        "<variable name='d'/><decisionTable><input><inputExpression><text>x</text></inputExpression></input><output/>"
        "<rule><inputEntry><text>&lt; 10</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>"
        "<rule><inputEntry><text>10</text></inputEntry><outputEntry><text>2</text></outputEntry></rule>"
        "<rule><inputEntry><text>(10..11)</text></inputEntry><outputEntry><text>3</text></outputEntry></rule>"
        "</decisionTable></decision></definitions>";
    struct dmn *dmn;
    const struct dmn_diag *diags;
    struct err e;
    struct table_program *p;
    struct number n;
    assert_int_equal(dmn_load(slice_of(file), &options, mem, &dmn, &diags, &e), ERR_OK);
    assert_int_equal(table_program_new(dmn_table(dmn_find(dmn, DMN_DECISION, SLICE("d"))), NULL, NULL, 0, mem, &p, &e), ERR_OK);
    static const struct {
        const char *number;
        int32_t rule;
    } cases[] = { { "9.9999999999999", 0 }, { "10", 1 }, { "10.0", 1 }, { "10.0000000000000001", 2 }, { "10.9", 2 },
                  { "11", RULE_NONE }, { "-1E40", RULE_ASK } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_true(number_parse(slice_of(cases[i].number), &n));
        const struct value v = value_number(n);
        if (table_program_rule(p, &v) != cases[i].rule)
            fail_msg("%s: %d", cases[i].number, table_program_rule(p, &v));
    }
    const struct value text = value_string(SLICE("x"));
    assert_int_equal(table_program_rule(p, &text), RULE_ASK);
    assert_int_equal(table_program_rule(p, &value_null), RULE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decides_as_the_interpreter_does), cmocka_unit_test(values_between_and_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
