#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/err.h"

static void sets_and_returns(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(err_set(&e, ERR_DENIED, 42, "no %s", "way"), ERR_DENIED);
    assert_int_equal(e.code, ERR_DENIED);
    assert_int_equal(e.pos, 42);
    assert_string_equal(e.text, "no way");
    assert_int_equal(err_set(NULL, ERR_IO, 0, "unheard"), ERR_IO);
}

static void long_sentences_are_cut(void **state)
{
    (void)state;
    struct err e;
    memset(&e, 'x', sizeof e);
    assert_int_equal(err_set(&e, ERR_LIMIT, 0, "%0300d", 7), ERR_LIMIT);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
}

static void names_every_code(void **state)
{
    (void)state;
    assert_string_equal(err_name(ERR_OK), "ok");
    assert_string_equal(err_name(ERR_INVALID), "invalid");
    assert_string_equal(err_name(ERR_NOT_FOUND), "not_found");
    assert_string_equal(err_name(ERR_CONFLICT), "conflict");
    assert_string_equal(err_name(ERR_DENIED), "denied");
    assert_string_equal(err_name(ERR_LIMIT), "limit");
    assert_string_equal(err_name(ERR_BUSY), "busy");
    assert_string_equal(err_name(ERR_IO), "io");
    assert_string_equal(err_name(ERR_CORRUPT), "corrupt");
}

static enum err_code fail_first(int *calls)
{
    TRY((++*calls, ERR_BUSY));
    ++*calls;
    return ERR_OK;
}

static void try_returns_the_first_failure(void **state)
{
    (void)state;
    int calls = 0;
    assert_int_equal(fail_first(&calls), ERR_BUSY);
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_and_returns),
        cmocka_unit_test(long_sentences_are_cut),
        cmocka_unit_test(names_every_code),
        cmocka_unit_test(try_returns_the_first_failure),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
