/* Allocation k fails, for k = 1, 2, … until none does: a clean code, nothing of it left in memory; and bringing
 * the overlay into the base, which may not fail, allocates nothing.
 *
 * glibc only, and not under a sanitizer, which brings its own allocator: main then says so.
 */
#include "memory/customers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "io/store/migrations.h"
#include "memory/memory_testing.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

/* Of this thread, from the moment they are armed. */
static _Thread_local uint64_t calls, fails_at;
static _Thread_local bool counting;

static bool strikes(void)
{
    if (!counting || ++calls != fails_at)
        return false;
    errno = ENOMEM;
    return true;
}

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *at, size_t bytes);
void *malloc(size_t bytes)
{
    return strikes() ? NULL : __libc_malloc(bytes);
}
void *calloc(size_t n, size_t size)
{
    return strikes() ? NULL : __libc_calloc(n, size);
}
void *realloc(void *at, size_t bytes)
{
    return strikes() ? NULL : __libc_realloc(at, bytes);
}

/* ---- a transaction with all that customers do ---- */

#define DEVICES 150  // more than the tables' first sizes hold

static enum err_code visit(struct tx *tx, const char *user, int device, uint32_t *history, struct err *e)
{
    char id[16];
    snprintf(id, sizeof id, "d%d", device);
    struct who who = { .user_id = slice_of(user), .anonymous_id = slice_of(id) };
    return tx_resolve(tx, &who, 1, 1000, history, e);
}

static enum err_code busy(struct tx *tx, struct err *e)
{
    uint32_t history, account;
    int64_t merge;
    for (int i = 0; i < DEVICES; i++)
        TRY(visit(tx, "", i, &history, e));
    for (int i = 0; i < DEVICES; i += 10)
        TRY(visit(tx, i % 20 ? "ann" : "bob", i, &history, e));
    TRY(visit(tx, "ann", 0, &history, e));  // bob's: shared
    TRY(tx_merge(tx, history, 2, SLICE("by_hand"), SLICE("eva"), SLICE(""), &merge, e));
    TRY(tx_unmerge(tx, merge, SLICE("eva"), e));
    return tx_group(tx, 2, SLICE("acme"), KIND_COMPANY, SLICE(""), 1, 1000, &account, e);
}

struct attempt {
    uint64_t fails_at, calls;
};

static enum err_code attempt(void *arg, struct tx *tx, struct err *e)
{
    struct attempt *a = arg;
    calls = 0;
    fails_at = a->fails_at;
    counting = true;
    enum err_code code = busy(tx, e);
    counting = false;
    a->calls = calls;
    if (!code && calls >= fails_at)  // SQLite can do without some of its caches: undone, so that k + 1 can run
        return err_set(e, ERR_LIMIT, 0, "the store bore it");
    return code;
}

static void nothing_is_left(const struct lab *lab)
{
    const struct customers *c = memory_customers(lab->memory);
    assert_int_equal(customers_count(c), 1);
    assert_int_equal(customers_roots(c), 1);
    assert_int_equal(customers_known(c), 1);
    assert_int_equal(customers_find(c, (struct identifier){ SLICE("anonymous_id"), SLICE("d0") }), 0);
    assert_int_equal(customers_find(c, (struct identifier){ SLICE("user_id"), SLICE("first") }), 1);
}

static enum err_code first(void *arg, struct tx *tx, struct err *e)
{
    return visit(tx, "first", 1000, arg, e);
}

static void every_kth_allocation(void **state)
{
    struct lab *lab = *state;
    uint32_t history;
    unsigned failures = 0;
    lab_must_run(lab, first, &history);
    for (uint64_t k = 1;; k++) {
        struct attempt a = { .fails_at = k };
        struct err e = { 0 };
        enum err_code code = lab_run(lab, attempt, &a, &e);
        if (code == ERR_OK)
            break;
        assert_int_equal(code, ERR_LIMIT);
        assert_true(e.text[0] != '\0');
        nothing_is_left(lab);
        failures++;
    }
    assert_true(failures > 20);
    const struct customers *c = memory_customers(lab->memory);
    assert_int_equal(customers_count(c), 1 + DEVICES + 2 + 1);  // devices, users, account
    assert_int_equal(customers_roots(c), 1 + DEVICES - DEVICES / 10 + 2 + 1);
}

/* ---- committing ---- */

static void need(enum err_code code, const struct err *e)
{
    if (code)
        fail_msg("%s", e->text);
}

static void committing_allocates_nothing(void **state)
{
    struct lab *lab = *state;
    struct err e = { 0 };
    struct tx tx = { .now_ms = LAB_NOW };
    uint32_t history;
    memory_drop(&lab->memory);  // this test writes by itself
    need(store_conn_new(lab->store, STORE_WRITE, &tx.conn, &e), &e);
    need(customers_new(tx.conn, 5, &tx.customers, &e), &e);
    for (int group = 0, device = 0; group < 12; group++) {
        need(store_begin(tx.conn, &e), &e);
        for (int i = 0; i < 1 << group; i++)
            need(visit(&tx, "", device++, &history, &e), &e);
        need(store_commit(tx.conn, &e), &e);
        calls = 0;
        fails_at = 0;
        counting = true;
        customers_committed(tx.customers);
        counting = false;
        assert_int_equal(calls, 0);
        assert_int_equal(customers_count(tx.customers), device);
    }
    customers_drop(&tx.customers);
    store_conn_drop(&tx.conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_kth_allocation, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(committing_allocates_nothing, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    puts("skipped: needs glibc's own allocator");
    return 77;
}

#endif
