#include "io/store/store_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/store/store.h"

static void specs_are_read_or_refused(void **state)
{
    static const struct {
        const char *spec;
        enum err_code code;
        size_t pos;
    } cases[] = {
        { "write:123", ERR_OK, 0 },
        { "full:50-80,sync:7-,alloc:1000", ERR_OK, 0 },
        { "open:1-1", ERR_OK, 0 },
        { "", ERR_OK, 0 },
        { "write", ERR_INVALID, 0 },
        { "write:", ERR_INVALID, 0 },
        { "write:0", ERR_INVALID, 0 },
        { "write:-5", ERR_INVALID, 0 },
        { "write:9-8", ERR_INVALID, 0 },
        { "write:1-2-3", ERR_INVALID, 0 },
        { "write:1x", ERR_INVALID, 0 },
        { "sync:1,,read:2", ERR_INVALID, 7 },
        { "sync:1,paper:2", ERR_INVALID, 7 },
        { "power:1", ERR_INVALID, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { 0 };
        print_message("%s\n", cases[i].spec);
        assert_int_equal(store_fault_arm_spec(slice_of(cases[i].spec), &e), cases[i].code);
        assert_int_equal(e.pos, cases[i].pos);
    }
    store_fault_heal();
}

/* The range strikes exactly the calls it names, and none once healed. */
static void a_range_strikes_its_calls(void **state)
{
    char dir[] = "/tmp/tendero-fault-XXXXXX", path[64];
    struct err e = { 0 };
    AUTO(store) store = NULL;
    AUTO(store_conn) conn = NULL;
    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(store_open(slice_of(dir), (struct store_options){ .vfs = STORE_FAULT_VFS }, &store,
                                &e), ERR_OK);
    assert_int_equal(store_conn_new(store, STORE_WRITE, &conn, &e), ERR_OK);
    assert_int_equal(store_exec(conn, "CREATE TABLE t (n INTEGER PRIMARY KEY) {strict}", &e), ERR_OK);

    assert_int_equal(store_fault_arm_spec(SLICE("sync:2-3"), &e), ERR_OK);
    static const enum err_code want[] = { ERR_OK, ERR_IO, ERR_IO, ERR_OK };  // one sync a commit
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_int_equal(store_exec(conn, "INSERT INTO t (n) SELECT 1 + COALESCE(MAX(n), 0) FROM t", &e),
                         want[i]);
    assert_int_equal(store_fault_calls(STORE_FAULT_SYNC), 4);
    assert_int_equal(store_fault_fired(STORE_FAULT_SYNC), 2);

    store_fault_arm(STORE_FAULT_FULL, 1, STORE_FAULT_FOREVER);
    assert_int_equal(store_exec(conn, "INSERT INTO t (n) VALUES (100)", &e), ERR_IO);
    assert_non_null(strstr(e.text, "free some space"));
    store_fault_heal();
    assert_int_equal(store_exec(conn, "INSERT INTO t (n) VALUES (100)", &e), ERR_OK);

    store_conn_drop(&conn);
    snprintf(path, sizeof path, "%s/tendero.db", dir);
    assert_int_equal(unlink(path) || rmdir(dir), 0);
}

int main(void)
{
    store_fault_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(specs_are_read_or_refused),
        cmocka_unit_test(a_range_strikes_its_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
