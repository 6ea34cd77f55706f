#include "engine/configurator/clauses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void literals_are_kept_once_and_tautologies_are_not(void **state)
{
    static const int32_t twice[] = { 3, -1, 3, -1 }, always[] = { 2, 1, -2 }, kept[] = { -1, 3 };
    AUTO(clauses) c = NULL;
    (void)state;
    assert_int_equal(clauses_new(3, &c, NULL), ERR_OK);
    assert_int_equal(clauses_add(c, 7, twice, COUNT(twice), NULL), ERR_OK);
    assert_int_equal(clauses_add(c, 8, always, COUNT(always), NULL), ERR_OK);
    assert_int_equal(clauses_add(c, 9, NULL, 0, NULL), ERR_OK);
    assert_int_equal(c->clauses, 2);
    assert_int_equal(c->start[1], 2);
    assert_memory_equal(c->literal, kept, sizeof kept);
    assert_int_equal(c->of[0], 7);
    assert_int_equal(c->of[1], 9);
    assert_int_equal(c->start[2], c->start[1]);
}

static void helpers_follow_the_own_variables(void **state)
{
    AUTO(clauses) c = NULL;
    (void)state;
    assert_int_equal(clauses_new(3, &c, NULL), ERR_OK);
    assert_int_equal(clauses_helper(c), 4);
    assert_int_equal(clauses_helper(c), 5);
    assert_int_equal(c->own, 3);
    assert_int_equal(c->variables, 5);
    clauses_drop(&c);
    assert_null(c);
    assert_int_equal(clauses_new(CLAUSES_VARIABLES, &c, NULL), ERR_OK);
    assert_int_equal(clauses_helper(c), 0);
}

static void dimacs_is_read(void **state)
{
    static const int32_t want[] = { 1, -2, -1, 2, 3 };
    AUTO(clauses) c = NULL;
    (void)state;
    struct slice text = SLICE("c a model\nc1 wheels\np cnf 3  3\n 1 -2 0\r\nc between\n3 -1\n2 0 1 -1 0\n%\n0\n");
    assert_int_equal(clauses_read_dimacs(text, &c, NULL), ERR_OK);
    assert_int_equal(c->own, 3);
    assert_int_equal(c->clauses, 2);     // the third is always true
    assert_int_equal(c->literals, 5);
    assert_memory_equal(c->literal, want, sizeof want);
    assert_int_equal(c->of[1], 1);
    clauses_drop(&c);
    assert_int_equal(clauses_read_dimacs(SLICE("p cnf 0 0"), &c, NULL), ERR_OK);
    assert_int_equal(c->clauses, 0);
}

static void what_is_no_dimacs_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        enum err_code code;
        size_t line;
        const char *says;
    } cases[] = {
        { "", ERR_INVALID, 0, "begins" },
        { "c only\n1 0\n", ERR_INVALID, 2, "begins" },
        { "p sat 3 2\n", ERR_INVALID, 1, "begins" },
        { "p cnf -1 2\n", ERR_INVALID, 1, "begins" },
        { "p cnf 3 1 x\n", ERR_INVALID, 1, "begins" },
        { "p cnf 99999999 0\n", ERR_LIMIT, 1, "more than" },
        { "p cnf 3 1\n1 4 0\n", ERR_INVALID, 2, "'4' is no literal of 3" },
        { "p cnf 3 1\n1 -9223372036854775808 0\n", ERR_INVALID, 2, "is no literal" },
        { "p cnf 3 1\n1 two 0\n", ERR_INVALID, 2, "'two'" },
        { "p cnf 3 1\n1 2\n", ERR_INVALID, 2, "does not end" },
        { "p cnf 3 2\n1 2 0\n", ERR_INVALID, 2, "there are 1 clauses where 2" },
        { "p cnf 3 1\n1 0 2 0\n", ERR_INVALID, 2, "there are 2 clauses where 1" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct clauses *c = NULL;
        struct err e = { 0 };
        assert_int_equal(clauses_read_dimacs(slice_of(cases[i].text), &c, &e), cases[i].code);
        assert_null(c);
        assert_int_equal(e.pos, cases[i].line);
        assert_non_null(strstr(e.text, cases[i].says));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_are_kept_once_and_tautologies_are_not),
        cmocka_unit_test(helpers_follow_the_own_variables),
        cmocka_unit_test(dimacs_is_read),
        cmocka_unit_test(what_is_no_dimacs_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
