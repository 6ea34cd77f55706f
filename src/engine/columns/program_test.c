/* The columns against the interpreter: random conditions over random rows. TENDERO_COLUMNS_PAIRS sets how many pairs of
 * condition and row are compared (100,000 by default). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/columns/program_testing.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- the comparison ---- */
static void compare_one(const struct columns *c, struct slice text, size_t rows, struct arena *mem, struct arena *scratch)
{
    struct program *program;
    struct err e;
    uint64_t *bits = calloc(COLUMN_WORDS(ROWS), sizeof *bits);
    struct node *node = parse_condition(c, text, mem);
    assert_int_equal(program_new(node, c, NULL, NOW_MS, mem, &program, &e), ERR_OK);
    assert_int_equal(program_run(program, 0, c->rows, bits, scratch, NULL, &e), ERR_OK);
    for (size_t k = 0; k < rows; k++) {
        size_t row = k < 2 ? (k ? c->rows - 1 : COLUMN_CHUNK) : any(c->rows);
        bool is = bits[row / 64] >> (row % 64) & 1;
        if (is == (interpreter_says(c, node, row, scratch) == VALUE_EQ_TRUE))
            continue;
        struct buf out = buf_make(0);
        program_explain(program, &out);
        fail_msg("%.*s, row %zu: columns say %d\n%.*s", SLICE_ARG(text), row, is, SLICE_ARG(buf_slice(&out)));
    }
    assert_int_equal(bits[c->rows / 64] >> (c->rows % 64), 0);
    free(bits);
}

static void says_what_the_interpreter_says(void **state)
{
    (void)state;
    const char *wish = getenv("TENDERO_COLUMNS_PAIRS");
    size_t pairs = wish ? strtoul(wish, NULL, 10) : 100000, rows = 200;
    struct store store;
    AUTO(arena) mem = arena_new((size_t)64 << 20);
    AUTO(arena) scratch = arena_new((size_t)64 << 20);
    const struct columns columns = { ROWS, COUNT(store.column), store.column };
    for (size_t done = 0; done < pairs; done += rows) {
        struct buf text = buf_make(0);
        if (done % (rows * 500) == 0) {
            if (done)
                store_clear(&store);
            store_fill(&store);
        }
        any_condition(&text, 3);
        arena_reset(mem);
        compare_one(&columns, buf_slice(&text), rows, mem, scratch);
        buf_drop(&text);
    }
    store_clear(&store);
}

/* What is fast is fast: these use no interpreter per row, and say so. */
static void explains_itself(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "spend > 100 and country in (\"ES\", \"PT\") and known",
          "and\n  and\n    ranges: spend > 100\n    different values: country in (\"ES\", \"PT\")\n  yes or no: known\n" },
        { "not(starts with(country, \"E\") or n1 = n2)",
          "not\n  or\n    different values: starts with(country, \"E\")\n    row by row: n1 = n2, since it uses several columns at "
          "once\n" },
        { "spend > 1 and spend < 5", "ranges: spend > 1 and spend < 5\n" },
        { "n2 < spend", "two columns: n2 < spend\n" },
        { "spend * 2 > 1", "row by row: spend * 2 > 1, since it compares something else than the value\n" },
        { "today() > @\"2000-01-01\"", "constant: today() > @\"2000-01-01\"\n" },
    };
    struct store store;
    store_fill(&store);
    AUTO(arena) mem = arena_new((size_t)16 << 20);
    const struct columns columns = { ROWS, COUNT(store.column), store.column };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct program *program;
        struct err e;
        struct buf out = buf_make(0);
        assert_int_equal(program_new(parse_condition(&columns, slice_of(cases[i].text), mem), &columns, NULL, NOW_MS, mem, &program,
                                     &e), ERR_OK);
        program_explain(program, &out);
        buf_addc(&out, 0);
        assert_string_equal(out.at, cases[i].want);
        assert_int_equal(program_row_steps(program), strstr(cases[i].want, "row by row") != NULL);
        buf_drop(&out);
    }
    store_clear(&store);
}

static void is_cancelled(void **state)
{
    (void)state;
    struct store store;
    store_fill(&store);
    AUTO(arena) mem = arena_new((size_t)16 << 20);
    AUTO(arena) scratch = arena_new((size_t)16 << 20);
    const struct columns columns = { ROWS, COUNT(store.column), store.column };
    struct program *program;
    struct err e;
    uint64_t bits[COLUMN_WORDS(ROWS)];
    atomic_bool cancel = true;
    assert_int_equal(program_new(parse_condition(&columns, SLICE("n1 > 0"), mem), &columns, NULL, NOW_MS, mem,
                                 &program, &e), ERR_OK);
    assert_int_equal(program_run(program, 0, ROWS, bits, scratch, &cancel, &e), ERR_BUSY);
    store_clear(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_the_interpreter_says), cmocka_unit_test(explains_itself), cmocka_unit_test(is_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
