/* A request meets failures of the store: a clean refusal, and delivered again it is there exactly once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "io/store/store_fault.h"
#include "memory/memory_testing.h"

static void print_request(char body[1024], int n)
{
    snprintf(body, 1024,
             "{\"batch\":[{\"type\":\"identify\",\"userId\":\"u%d\",\"anonymousId\":\"a%d\",\"messageId\":\"%d-1\","
             "\"traits\":{\"name\":\"Ann %d\",\"only%d\":1},\"context\":{\"locale\":\"es\"}},"
             "{\"type\":\"group\",\"userId\":\"u%d\",\"groupId\":\"g%d\",\"messageId\":\"%d-2\",\"traits\":{\"name\":\"G\"}},"
             "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u%d\",\"messageId\":\"%d-3\"},"
             "{\"type\":\"track\",\"userId\":\"u%d\"}]}", n, n, n, n, n, n, n, n, n, n, n);
}

static int64_t count(struct lab *lab, const char *sql, int n)
{
    char text[200];
    snprintf(text, sizeof text, sql, n);
    return lab_number(lab, text);
}

/* True while a failure fired. */
static bool try_failure(struct lab *lab, enum store_fault_kind kind, uint64_t k, int n)
{
    char body[1024];
    struct ingest_result result;
    struct err e = { 0 };
    print_request(body, n);
    store_fault_arm(kind, k, k);
    enum err_code code = lab_try_ingest(lab, INGEST_BATCH, 1, body, &result, &e);
    bool fired = store_fault_fired(kind) > 0;
    store_fault_heal();
    if (code && !e.text[0])
        fail_msg("%s %d: no sentence", store_fault_name(kind), (int)k);
    struct ingest_result again = lab_ingest(lab, INGEST_BATCH, 1, body);
    assert_int_equal(again.rejected, 1);
    if (again.accepted != (code ? 3 : 0) || again.duplicates != (code ? 0 : 3))
        fail_msg("%s %d: %s, then %u accepted", store_fault_name(kind), (int)k, err_name(code), again.accepted);
    assert_int_equal(count(lab, "SELECT count(*) FROM trait_schema WHERE name = 'only%d' AND customers = 1", n), 1);
    assert_int_equal(count(lab, "SELECT count(*) FROM search_terms WHERE term = 'u%d'", n), 1);
    assert_int_equal(count(lab, "SELECT count(*) FROM customer_names WHERE name = 'ann %d'", n), 1);
    return fired;
}

static void requests_survive_failures(void **state)
{
    (void)state;
    static const enum store_fault_kind kinds[] = { STORE_FAULT_ALLOC, STORE_FAULT_WRITE, STORE_FAULT_FULL,
                                                   STORE_FAULT_SYNC };
    struct lab lab;
    lab_open_with(&lab, (struct lab_options){ .vfs = STORE_FAULT_VFS });
    int n = 0, fired = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        uint64_t k = 1;
        while (try_failure(&lab, kinds[i], k, n++)) {
            fired++;
            k += 1 + k / 12;  // each of the first, then ever fewer
        }
    }
    assert_true(fired > 20);
    lab_reopen(&lab);
    assert_int_equal(lab_number(&lab, "SELECT count(*) FROM trait_schema"), n + 2);  // with name and locale
    assert_int_equal(lab_number(&lab, "SELECT customers FROM trait_schema WHERE name = 'locale'"), n);
    struct fact *facts;
    size_t outside = 0;
    for (size_t left = lab_facts(&lab, true, &facts); left-- > 0;)
        outside += facts[left].type <= FACT_ALIAS;
    assert_int_equal(outside, 3 * n);
    lab_close(&lab);
}

int main(void)
{
    store_fault_install();
    const struct CMUnitTest tests[] = { cmocka_unit_test(requests_survive_failures) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
