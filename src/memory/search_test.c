#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "memory/customers.h"
#include "memory/memory_testing.h"
#include "memory/search.h"

static void identify(struct lab *lab, const char *user, const char *traits)
{
    static int n;
    char body[512];
    snprintf(body, sizeof body, "{\"userId\":\"%s\",\"messageId\":\"i%d\",\"timestamp\":\"2026-01-01T00:00:%02dZ\",\"traits\":%s}", user,
             n, n % 60, traits);
    n++;
    assert_int_equal(lab_ingest(lab, INGEST_IDENTIFY, 1, body).accepted, 1);
}

static size_t search(struct lab *lab, const char *q, uint32_t *ret, size_t max)
{
    struct err e = { 0 };
    size_t n;
    memory_read_lock(lab->memory);
    enum err_code code = customers_search(lab->memory, lab->read, slice_of(q), lab->mem, ret, max, &n, &e);
    memory_read_unlock(lab->memory);
    if (code)
        fail_msg("%s: %s", q, e.text);
    return n;
}

/* The user ids found, as "a b c" in the order found; found by number, so of customers with a userId. */
static void assert_found(struct lab *lab, const char *q, const char *want)
{
    uint32_t roots[16];
    size_t n = search(lab, q, roots, 16);
    struct buf got = buf_make(0);
    for (size_t i = 0; i < n; i++) {
        struct customer_face face;
        memory_read_lock(lab->memory);
        assert_int_equal(customers_face(memory_customers(lab->memory), lab->read, roots[i], lab->mem, &face, NULL),
                         ERR_OK);
        memory_read_unlock(lab->memory);
        buf_printf(&got, "%s%.*s", i ? " " : "", SLICE_ARG(face.user_id));
    }
    if (!slice_is(buf_slice(&got), want))
        fail_msg("'%s' finds '%.*s', not '%s'", q, SLICE_ARG(buf_slice(&got)), want);
    buf_drop(&got);
}

static void fill(struct lab *lab)
{
    identify(lab, "c1", "{\"name\":\"José Pérez García\",\"email\":\"jose.perez@example.com\"}");
    identify(lab, "c2", "{\"firstName\":\"Ana\",\"lastName\":\"Pérez\",\"company\":{\"name\":\"Norte Textil\"}}");
    identify(lab, "c3", "{\"name\":\"Peter O'Neil\",\"phone\":\"+34 600 123 456\",\"company\":\"Norte\"}");
    identify(lab, "c4", "{\"name\":\"Søren Blåbær\",\"username\":\"soren77\",\"address\":{\"country\":\"DK\"}}");
    identify(lab, "shop-17850", "{\"email\":\"n1@example.org\"}");
    identify(lab, "jose", "{\"name\":\"Maria\"}");
}

static const struct { const char *q, *want; } queries[] = {
    { "jose", "jose c1" },          // the exact userId first
    { "josé", "c1 jose" },
    { "JOSE", "c1 jose" },          // an id is exact, a word is folded
    { "per", "c1 c2" },
    { "Perez", "c1 c2" },
    { "ana per", "c2" },
    { "perez  ANA", "c2" },
    { "per per", "c1 c2" },
    { "nor", "c2 c3" },
    { "norte t", "c2" },
    { "600123", "" },               // not a prefix
    { "34600", "c3" },
    { "+34 600-12", "c3" },
    { "600 123 456", "c3" },
    { "blabær", "c4" },
    { "soren7", "c4" },
    { "exa", "c1 shop-17850" },
    { "jose.perez@example.com", "c1" },
    { "user_id:c3", "c3" },
    { "1785", "shop-17850" },
    { "shop-17850", "shop-17850" },
    { "nobody", "" },
    { "per nobody", "" },
    { "", "" },
    { " -.@ ", "" },
    { "o'neil", "c3" },
};

static void finds_as_people_type(void **state)
{
    fill(*state);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        assert_found(*state, queries[i].q, queries[i].want);
}

static void follows_changes(void **state)
{
    struct lab *lab = *state;
    identify(lab, "u", "{\"name\":\"Ann Smith\",\"email\":\"ann@example.com\"}");
    assert_found(lab, "smith", "u");
    identify(lab, "u", "{\"name\":\"Ann Jones\"}");
    assert_found(lab, "smith", "");
    assert_found(lab, "ann jones", "u");
    identify(lab, "u", "{\"name\":null,\"email\":null}");
    assert_found(lab, "jones", "");
    struct customer_face face;
    memory_read_lock(lab->memory);
    assert_int_equal(customers_face(memory_customers(lab->memory), lab->read, 1, lab->mem, &face, NULL), ERR_OK);
    memory_read_unlock(lab->memory);
    assert_int_equal(face.name.len + face.email.len, 0);
    assert_int_equal(lab_number(lab, "SELECT count(*) FROM customer_names"), 0);
}

static void merged_customers_come_once(void **state)
{
    struct lab *lab = *state;
    lab_ingest(lab, INGEST_IDENTIFY, 1, "{\"anonymousId\":\"an\",\"messageId\":\"m1\",\"traits\":{\"name\":\"Ann Smith\"}}");
    identify(lab, "u", "{\"name\":\"Ann Smith\"}");
    uint32_t roots[4];
    assert_int_equal(search(lab, "ann", roots, 4), 2);
    lab_ingest(lab, INGEST_ALIAS, 1, "{\"userId\":\"u\",\"previousId\":\"an\",\"messageId\":\"m2\"}");
    assert_int_equal(search(lab, "ann", roots, 4), 1);
    assert_int_equal(roots[0], lab_customer(lab, "user_id", "u"));
}

/* A word on more customers than are read for it, with a rare one. */
static void frequent_words_meet_rare_ones(void **state)
{
    struct lab *lab = *state;
    enum { MANY = SEARCH_ROWS + 2500, BATCH = 500 };
    for (int i = 0; i < MANY; i += BATCH) {
        struct buf body = buf_make(0);
        buf_adds(&body, "{\"batch\":[");
        for (int k = i; k < i + BATCH; k++)
            buf_printf(&body, "%s{\"type\":\"identify\",\"userId\":\"u%d\",\"messageId\":\"f%d\",\"traits\":{\"name\":\"John %s%s\"}}",
                       k > i ? "," : "", k, k, k % 1000 == 7 ? "Zebra" : "Smith", k >= MANY - 2 ? " Last" : "");
        buf_adds(&body, "]}");
        buf_addc(&body, 0);
        assert_int_equal(lab_ingest(lab, INGEST_BATCH, 1, body.at).accepted, BATCH);
        buf_drop(&body);
    }
    identify(lab, "mary", "{\"name\":\"Mary Zebra\"}");
    assert_found(lab, "john zeb", "u7 u1007 u2007 u3007 u4007");
    assert_found(lab, "last john", "u4498 u4499");
    assert_found(lab, "jo sm last", "u4498 u4499");
    uint32_t roots[16];
    assert_int_equal(search(lab, "john smith", roots, 16), 16);
    assert_int_equal(search(lab, "j", roots, 5), 5);
}

static void pages_by_name(void **state)
{
    struct lab *lab = *state;
    fill(lab);
    identify(lab, "twin", "{\"name\":\"maria\"}");
    lab_ingest(lab, INGEST_ALIAS, 1, "{\"userId\":\"c4\",\"previousId\":\"c3\",\"messageId\":\"alias\"}");
    static const char *const want[] = { "ana perez", "jose perez garcia", "maria", "maria", "n1@example.org", NULL };
    for (int descending = 0; descending < 2; descending++) {
        struct slice name = SLICE(""), names[2];
        uint32_t id = 0, ids[2], seen[16];
        size_t n_seen = 0, n;
        do {
            memory_read_lock(lab->memory);
            assert_int_equal(customers_by_name(lab->memory, lab->read, name, id, descending, 2, lab->mem, names, ids,
                                               &n, NULL), ERR_OK);
            memory_read_unlock(lab->memory);
            for (size_t i = 0; i < n; i++) {
                for (size_t j = 0; j < n_seen; j++)
                    assert_int_not_equal(seen[j], ids[i]);
                size_t place = descending ? 5 - n_seen : n_seen;
                if (place < 5 && !slice_is(names[i], want[place]))
                    fail_msg("place %zu: %.*s", place, SLICE_ARG(names[i]));
                seen[n_seen++] = ids[i];
                name = names[i];
                id = ids[i];
            }
        } while (n == 2);
        assert_int_equal(n_seen, 6);  // c3 and c4 are one
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_as_people_type, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(follows_changes, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(merged_customers_come_once, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(frequent_words_meet_rare_ones, lab_setup, lab_teardown),
        cmocka_unit_test_setup_teardown(pages_by_name, lab_setup, lab_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
