#include "memory/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    const char *kind, *value, *want;
} folds[] = {
    { "user_id", "  17850 ", "17850" },
    { "user_id", "Ann", "Ann" },
    { "user_id", "José", "José" },
    { "user_id", "0", "" },
    { "user_id", "-0-0-", "" },
    { "user_id", "-1", "" },
    { "user_id", "10", "10" },
    { "user_id", "NULL", "" },
    { "user_id", "nullify", "nullify" },
    { "user_id", "[object Object]", "" },
    { "anonymous_id", "00000000-0000-0000-0000-000000000000", "" },
    { "anonymous_id", "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000a" },
    { "email", "Ann.Lee@Example.COM", "ann.lee@example.com" },
    { "email", "ÑANDÚ@example.com", "ÑandÚ@example.com" },  // only ASCII has one lower case everywhere
    { "email", "ann", "" },
    { "email", "@example.com", "" },
    { "email", "ann@", "" },
    { "email", "none", "" },
    { "phone", "+34 600 10 20 30", "+34600102030" },
    { "phone", "0034-600.10/20(30)", "+34600102030" },
    { "phone", "600 102 030", "600102030" },
    { "phone", "ask me", "" },
    { "phone", "000", "" },
    { "phone", "00 34", "+34" },
    { "group_id", "unknown", "" },
    { "crm", "", "" },
};

static void folds_as_listed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
        char buf[LIMIT_IDENTIFIER], got[LIMIT_IDENTIFIER + 1];
        struct slice folded;
        assert_int_equal(identity_fold(slice_of(folds[i].kind), slice_of(folds[i].value), buf, &folded, NULL),
                         ERR_OK);
        snprintf(got, sizeof got, "%.*s", SLICE_ARG(folded));
        assert_string_equal(got, folds[i].want);
    }
}

static void folding_twice_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
        char once[LIMIT_IDENTIFIER], twice[LIMIT_IDENTIFIER];
        struct slice kind = slice_of(folds[i].kind), a, b;
        assert_int_equal(identity_fold(kind, slice_of(folds[i].value), once, &a, NULL), ERR_OK);
        assert_int_equal(identity_fold(kind, a, twice, &b, NULL), ERR_OK);
        assert_true(slice_eq(a, b));
    }
}

static void the_longest(void **state)
{
    (void)state;
    char value[LIMIT_IDENTIFIER + 2], buf[LIMIT_IDENTIFIER];
    struct slice folded;
    struct err e;
    memset(value, '7', sizeof value);
    value[0] = '@' - 1;
    static const char *const kinds[] = { "user_id", "email", "phone" };
    for (size_t i = 0; i < 3; i++) {
        value[10] = i == 1 ? '@' : '7';
        assert_int_equal(identity_fold(slice_of(kinds[i]), (struct slice){ value, LIMIT_IDENTIFIER }, buf,
                                       &folded, &e), ERR_OK);
        assert_int_equal(folded.len, LIMIT_IDENTIFIER);
        assert_int_equal(identity_fold(slice_of(kinds[i]), (struct slice){ value, LIMIT_IDENTIFIER + 1 }, buf,
                                       &folded, &e), ERR_LIMIT);
        assert_null(strstr(e.text, "777"));  // no personal data in error texts
    }
}

static void role_mailboxes(void **state)
{
    (void)state;
    static const char *const roles[] = {
        "info@a.example", "sales@a.example", "admin@a", "support@a", "contact@a", "office@a", "billing@a",
        "accounts@a", "noreply@a", "no-reply@a", "postmaster@a", "webmaster@a", "hello@a", "help@a", "shop@a",
        "orders@a", "service@a", "ventas@a", "pedidos@a", "hola@a", "contacto@a", "administracion@a",
        "atencion@a", "facturacion@a", "abuse@a", "www@a", "info+web@a",
    };
    static const char *const people[] = { "ann@info.example", "information.ann@a", "informer@a", "salesman@a",
                                          "ann+info@a", "i@a", "zoe@a" };
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        assert_true(identity_is_role_mailbox(slice_of(roles[i])));
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        assert_false(identity_is_role_mailbox(slice_of(people[i])));
}

static void limits_and_shared_kinds(void **state)
{
    (void)state;
    assert_int_equal(identity_limit(SLICE("user_id")), 1);
    assert_int_equal(identity_limit(SLICE("anonymous_id")), 100);
    assert_int_equal(identity_limit(SLICE("email")), 5);
    assert_int_equal(identity_limit(SLICE("phone")), 5);
    assert_int_equal(identity_limit(SLICE("crm")), 5);
    assert_true(slice_is(identity_shared_kind(SLICE("anonymous_id")), "device"));
    assert_true(slice_is(identity_shared_kind(SLICE("email")), "mailbox"));
    assert_true(slice_is(identity_shared_kind(SLICE("phone")), "line"));
    assert_int_equal(identity_shared_kind(SLICE("user_id")).len, 0);
    assert_int_equal(identity_shared_kind(SLICE("crm")).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_as_listed),
        cmocka_unit_test(folding_twice_changes_nothing),
        cmocka_unit_test(the_longest),
        cmocka_unit_test(role_mailboxes),
        cmocka_unit_test(limits_and_shared_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
