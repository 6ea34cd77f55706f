/* Allocation k of an event fails, for k = 1, 2, … until none does: the event is refused with a clean code, the state
 * is as before it, and told again it counts as if nothing had happened.
 *
 * glibc only, and not under a sanitizer, which brings its own allocator: main then says so.
 */
#include "insight/purchases.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "insight/insight_testing.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

#if defined(__GLIBC__) && !defined(SANITIZED)

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

/* More lines and orders than the first blocks hold. */
static void print_event(int i, char *event, struct buf *body)
{
    static const char *const events[] = { "Order Completed", "Order Updated", "Product Viewed", "Order Refunded",
                                          "Order Completed", "Order Cancelled" };
    snprintf(event, 32, "%s", events[i % 6]);
    buf_clear(body);
    buf_printf(body, "{\"properties\":{\"order_id\":\"o%d\",\"category\":\"c%d\",\"product_id\":\"v%d\"", i / 3, i, i);
    if (i % 6 != 3)
        buf_adds(body, ",\"products\":[");
    for (int k = 0; i % 6 != 3 && k < 12; k++)
        buf_printf(body, "%s{\"product_id\":\"p%d\",\"price\":1}", k ? "," : "", i * 5 + k);
    buf_adds(body, i % 6 != 3 ? "]}}" : "}}");
}

static void every_allocation_of_an_event(void **state)
{
    struct shop *s = *state;
    uint32_t customers[2];
    shop_buy(s, "ann", "x", SHOP_T0, "x");
    shop_buy(s, "bob", "y", SHOP_T0, "y");
    customers[0] = shop_root(s, "ann");
    customers[1] = shop_root(s, "bob");
    struct follower f = purchases_follower(s->purchases);
    struct buf body = buf_make(0);
    uint64_t failures = 0;
    f.reset(f.self);
    for (int i = 0; i < 90; i++) {
        char event[32];
        print_event(i, event, &body);
        struct fact fact = { .type = FACT_TRACK, .customer = i % 5 == 4 ? FACT_NOBODY : customers[i % 2],
                             .event = slice_of(event), .timestamp_ms = SHOP_T0 + i * SHOP_DAY,
                             .body = buf_slice(&body) };
        const char *before = shop_print(s);
        for (fails_at = 1;; fails_at++) {
            calls = 0;
            counting = true;
            enum err_code code = f.apply(f.self, &fact, NULL);
            counting = false;
            bool struck = calls >= fails_at;
            if (code == ERR_OK && !struck)
                break;
            if (code == ERR_OK)  // it could do without: told again it would count twice
                fail_msg("event %d did not notice that allocation %d failed", i, (int)fails_at);
            assert_int_equal(code, ERR_LIMIT);
            failures++;
            assert_string_equal(shop_print(s), before);
        }
    }
    assert_true(failures > 15);
    const char *told = shop_print(s);
    f.reset(f.self);
    for (int i = 0; i < 90; i++) {
        char event[32];
        print_event(i, event, &body);
        struct fact fact = { .type = FACT_TRACK, .customer = i % 5 == 4 ? FACT_NOBODY : customers[i % 2],
                             .event = slice_of(event), .timestamp_ms = SHOP_T0 + i * SHOP_DAY,
                             .body = buf_slice(&body) };
        assert_int_equal(f.apply(f.self, &fact, NULL), ERR_OK);
    }
    assert_string_equal(shop_print(s), told);
    buf_drop(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation_of_an_event, shop_setup, shop_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    puts("needs glibc's own allocator: not under a sanitizer");
    return 77;  // skipped
}

#endif
