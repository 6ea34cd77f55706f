#include "insight/people.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "insight/insight_testing.h"

enum { CROWD = 60, PAGE_MAX = 100 };

struct street {
    struct shop shop;
    struct people *people;
};

static int setup(void **state)
{
    struct street *s = calloc(1, sizeof *s);
    assert_non_null(s);
    shop_make(&s->shop);
    shop_begin(&s->shop);
    assert_int_equal(people_new(s->shop.lab.memory, s->shop.purchases, &s->people, NULL), ERR_OK);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct street *s = *state;
    people_drop(&s->people);
    shop_close(&s->shop);
    free(s);
    return 0;
}

/* People with names, companies, visitors; some buy. */
static void crowd(struct street *s)
{
    uint64_t seed = 3;
    for (int i = 0; i < CROWD; i++) {
        char body[300], who[16];
        int64_t at = SHOP_T0 + (int64_t)(hash_mix(++seed) % 50) * SHOP_DAY;
        snprintf(who, sizeof who, "%su%d", i % 4 == 3 ? "@" : "", i);
        if (i % 4 == 3) {
            shop_track(&s->shop, who, "Looked", at, "{}");
        } else {
            snprintf(body, sizeof body, "{\"userId\": \"u%d\", \"messageId\": \"i%d\", \"traits\": {\"name\":"
                     " \"%c%c Person%d\"}}", i, i, 'A' + (int)(hash_mix(++seed) % 5), 'a' + i % 26, i % 7);
            lab_ingest(&s->shop.lab, INGEST_IDENTIFY, 1, body);
        }
        for (uint64_t o = hash_mix(++seed) % 5; o > 0; o--) {
            char properties[80];
            snprintf(properties, sizeof properties, "{'order_id': 'o%d-%d', 'revenue': %d}", i, (int)o,
                     (int)(hash_mix(++seed) % 4) * 10);
            shop_track(&s->shop, who, "Order Completed", at + (int64_t)(hash_mix(++seed) % 100) * SHOP_DAY, properties);
        }
    }
}

static struct people_query any(enum people_sort sort, bool descending)
{
    return (struct people_query){ .sort = sort, .descending = descending, .tier = -1, .kind = -1, .known = -1,
                                  .limit = PAGE_MAX };
}

/* The list as its header says it, from single looks. */
static size_t model(struct street *s, const struct people_query *q, uint32_t *ret)
{
    const struct customers *customers = memory_customers(s->shop.lab.memory);
    int64_t key[CROWD * 2];
    size_t n = 0;
    for (uint32_t root = 1; root <= customers_count(customers); root++) {
        struct standing st = people_standing(s->people, root, LAB_NOW);
        if (!customers_is_root(customers, root) || (q->tier >= 0 && (int)st.tier != q->tier)
            || (q->known >= 0 && customers_is_known(customers, root) != (q->known == 1))
            || (q->kind >= 0 && (int)customers_kind(customers, root) != q->kind))
            continue;
        int64_t own = q->sort == SORT_VALUE        ? st.bought.value_micro
                      : q->sort == SORT_ORDERS     ? st.bought.orders
                      : q->sort == SORT_LAST_ORDER ? st.bought.last_ms
                      : q->sort == SORT_LAST_SEEN  ? customers_last_seen_ms(customers, root)
                                                   : customers_first_seen_ms(customers, root);
        size_t at = n++;
        for (; at > 0 && (q->descending ? key[at - 1] < own : key[at - 1] > own); at--) {
            key[at] = key[at - 1];
            ret[at] = ret[at - 1];
        }
        key[at] = own;
        ret[at] = root;
    }
    return n;
}

/* All pages, one after the other; every page says the same total. */
static size_t paged(struct street *s, struct people_query q, size_t limit, uint32_t *ret, uint64_t *total)
{
    size_t n = 0;
    q.limit = limit;
    for (int pages = 0; pages < CROWD * 2; pages++) {
        struct people_page page;
        struct err e = { 0 };
        if (people_list(s->people, s->shop.lab.read, &q, LAB_NOW, s->shop.lab.mem, &page, &e))
            fail_msg("%s", e.text);
        assert_true(page.n <= limit && n + page.n <= CROWD * 2);
        memcpy(ret + n, page.root, page.n * sizeof *ret);
        n += page.n;
        assert_true(pages == 0 || *total == page.total);
        *total = page.total;
        if (!page.next.len)
            return n;
        assert_int_equal(page.n, limit);
        q.after = page.next;
    }
    fail_msg("pages without end");
    return 0;
}

static void every_list_as_its_definition(void **state)
{
    struct street *s = *state;
    crowd(s);
    assert_int_equal(people_refresh(s->people, LAB_NOW, NULL), ERR_OK);
    uint32_t want[CROWD * 2], got[CROWD * 2];
    size_t seen_something = 0;
    for (int sort = SORT_VALUE; sort <= SORT_FIRST_SEEN; sort++)
        for (int filter = 0; filter < 2 + 3 + TIERS; filter++) {
            struct people_query q = any((enum people_sort)sort, filter % 2);
            q.known = filter < 2 ? filter : -1;
            q.kind = filter == 2 ? (int)KIND_PERSON : filter == 3 ? (int)KIND_COMPANY : -1;
            q.tier = filter >= 5 ? filter - 5 : -1;
            size_t n = model(s, &q, want);
            seen_something += n > 3;
            static const size_t limits[] = { 1, 7, PAGE_MAX };
            for (int l = 0; l < 3; l++) {
                uint64_t total = 0;
                assert_int_equal(paged(s, q, limits[l], got, &total), n);
                assert_int_equal(total, n);
                assert_memory_equal(got, want, n * sizeof *got);
            }
        }
    assert_true(seen_something > 20);
}

static void by_name(void **state)
{
    struct street *s = *state;
    crowd(s);
    uint32_t got[CROWD * 2], back[CROWD * 2];
    uint64_t total = 0;
    struct people_query q = any(SORT_NAME, false);
    size_t n = paged(s, q, PAGE_MAX, back, &total);
    for (size_t limit = 1; limit <= 8; limit += 7) {
        assert_int_equal(paged(s, q, limit, got, &total), n);
        assert_memory_equal(got, back, n * sizeof *got);
    }
    char last[64] = "";
    size_t named = 0;
    for (size_t i = 0; i < n; i++) {
        struct customer_face face;
        assert_int_equal(customers_face(memory_customers(s->shop.lab.memory), s->shop.lab.read, got[i],
                                        s->shop.lab.mem, &face, NULL), ERR_OK);
        if (!face.name.len)
            continue;
        assert_true(strncasecmp(last, face.name.at, face.name.len) <= 0);
        snprintf(last, sizeof last, "%.*s", SLICE_ARG(face.name));
        named++;
    }
    assert_int_equal(named, CROWD / 4 * 3);
    q.known = 1;
    assert_int_equal(paged(s, q, 7, got, &total), CROWD / 4 * 3);
    assert_int_equal(total, CROWD / 4 * 3);
}

static void found(void **state)
{
    struct street *s = *state;
    crowd(s);
    uint32_t got[CROWD * 2], all[CROWD * 2];
    uint64_t total = 0;
    struct people_query q = any(SORT_NAME, false);
    q.q = SLICE("person3");
    size_t n = paged(s, q, PAGE_MAX, all, &total);
    assert_true(n > 3 && n < 12);
    assert_int_equal(total, n);
    assert_int_equal(paged(s, q, 2, got, &total), n);
    assert_memory_equal(got, all, n * sizeof *got);
    q.sort = SORT_VALUE;
    q.descending = true;
    assert_int_equal(paged(s, q, 2, got, &total), n);
    for (size_t i = 1; i < n; i++)
        assert_true(people_standing(s->people, got[i - 1], LAB_NOW).bought.value_micro
                    >= people_standing(s->people, got[i], LAB_NOW).bought.value_micro);
    q.q = SLICE("nobodyhasthisname");
    assert_int_equal(paged(s, q, 2, got, &total), 0);
}

static void broken_words_are_refused(void **state)
{
    struct street *s = *state;
    static const char *const words[] = { "x", "1", ".", "1.", ".1", "1.0", "1.-1", "1.99999999999", "a.b", "1.2.3" };
    for (int sort = SORT_NAME; sort <= SORT_VALUE; sort++)
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            struct people_query q = any((enum people_sort)sort, false);
            struct people_page page;
            struct err e = { 0 };
            q.after = slice_of(words[i]);
            enum err_code code = people_list(s->people, s->shop.lab.read, &q, LAB_NOW, s->shop.lab.mem, &page, &e);
            bool name_word = sort == SORT_NAME && words[i][0] == '1';  // a number, then any name
            assert_int_equal(code, name_word ? ERR_OK : ERR_INVALID);
            assert_true(!code || strstr(e.text, "after"));
        }
    assert_int_equal(people_sort_parse(SLICE("last_order")), SORT_LAST_ORDER);
    assert_int_equal(people_sort_parse(SLICE("height")), -1);
}

static void tiers_add_up(void **state)
{
    struct street *s = *state;
    crowd(s);
    assert_true(people_refresh_due(s->people, LAB_NOW));
    assert_int_equal(people_refresh(s->people, LAB_NOW, NULL), ERR_OK);
    assert_false(people_refresh_due(s->people, LAB_NOW + 1));
    assert_true(people_refresh_due(s->people, LAB_NOW + 3600000));
    struct tier_row tiers[TIERS];
    people_tiers(s->people, tiers);
    uint32_t customers = 0, kinds = 0;
    for (int t = 0; t < TIERS; t++) {
        struct people_query q = any(SORT_VALUE, true);
        struct people_page page;
        int64_t value = 0;
        q.tier = t;
        assert_int_equal(people_list(s->people, s->shop.lab.read, &q, LAB_NOW + 60000, s->shop.lab.mem, &page,
                                     NULL), ERR_OK);
        for (size_t i = 0; i < page.n; i++)
            value += people_standing(s->people, page.root[i], LAB_NOW).bought.value_micro;
        assert_int_equal(tiers[t].tier, t);
        assert_int_equal(page.total, tiers[t].customers);  // what is counted is what the list shows
        assert_int_equal(value, tiers[t].value_micro);
        customers += tiers[t].customers;
        kinds += tiers[t].customers > 0;
    }
    assert_int_equal(customers, customers_roots(memory_customers(s->shop.lab.memory)));
    assert_true(kinds >= 4);
}

/* A shop with one buyer: time passing between two fits makes nobody old. */
static void one_buyer(void **state)
{
    struct street *s = *state;
    shop_track(&s->shop, "ann", "Order Completed", LAB_NOW - 1000, "{'revenue': 5}");
    uint32_t ann = shop_root(&s->shop, "ann");
    assert_int_equal(people_refresh(s->people, LAB_NOW, NULL), ERR_OK);
    for (int64_t later = 0; later < 7200000; later += 600000)
        assert_int_equal(people_standing(s->people, ann, LAB_NOW + later).tier, TIER_NEW);
    struct standing st = people_standing(s->people, ann, LAB_NOW + 2 * SHOP_DAY);
    struct buf en = buf_make(0), es = buf_make(0), none = buf_make(0);
    people_why(&st, "en", &en);
    people_why(&st, "es", &es);
    struct standing nothing = { .tier = TIER_PROSPECT };
    people_why(&nothing, "en", &none);
    assert_true(slice_starts(buf_slice(&en), SLICE("1 order, the last one 2 days ago; recency 5,")));
    assert_true(slice_starts(buf_slice(&es), SLICE("1 pedido, el último hace 2 días; recencia 5,")));
    assert_true(slice_is(buf_slice(&none), "has not bought yet"));
    buf_drop(&en);
    buf_drop(&es);
    buf_drop(&none);
}

int main(void)
{
#define STREET_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        STREET_TEST(every_list_as_its_definition), STREET_TEST(by_name), STREET_TEST(found),
        STREET_TEST(broken_words_are_refused), STREET_TEST(tiers_add_up), STREET_TEST(one_buyer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
