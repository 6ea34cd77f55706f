#include "intake/import.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/decimal.h"
#include "io/store/migrate.h"
#include "io/store/migrations.h"
#include "sys/file.h"

struct house {
    char dir[64], file[96], rejects[96];
    struct store *store;
    struct store_conn *read;
    struct memory *memory;
    struct purchases *purchases;
    struct catalogue *catalogue;
    struct sys_clock clock;
    struct arena *mem;
};

static int setup(void **state)
{
    struct house *h = calloc(1, sizeof *h);
    snprintf(h->dir, sizeof h->dir, "/tmp/tendero-import-XXXXXX");
    assert_non_null(mkdtemp(h->dir));
    snprintf(h->file, sizeof h->file, "%s/in", h->dir);
    snprintf(h->rejects, sizeof h->rejects, "%s/rejects.csv", h->dir);
    h->clock = sys_clock_fixed(INT64_C(1800000000000));
    struct store_conn *write = NULL;
    int applied;
    assert_int_equal(store_open(slice_of(h->dir), (struct store_options){ 0 }, &h->store, NULL), 0);
    assert_int_equal(store_conn_new(h->store, STORE_WRITE, &write, NULL), 0);
    assert_int_equal(migrate_run(write, migrations_all, migrations_count, 1, &applied, NULL), 0);
    store_conn_drop(&write);
    struct memory_options options = { .dir = h->dir, .clock = &h->clock };
    assert_int_equal(memory_new(h->store, options, &h->memory, NULL), 0);
    assert_int_equal(store_conn_new(h->store, STORE_READ, &h->read, NULL), 0);
    assert_int_equal(purchases_new(h->memory, &h->purchases, NULL), 0);
    assert_int_equal(catalogue_new(h->memory, h->read, h->purchases, &h->catalogue, NULL), 0);
    struct follower bought = purchases_follower(h->purchases), goods = catalogue_follower(h->catalogue);
    memory_follow(h->memory, &bought);
    memory_follow(h->memory, &goods);
    assert_int_equal(memory_start(h->memory, NULL), 0);
    h->mem = arena_new((size_t)16 << 20);
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct house *h = *state;
    memory_stop(h->memory);
    catalogue_drop(&h->catalogue);
    purchases_drop(&h->purchases);
    memory_drop(&h->memory);
    store_conn_drop(&h->read);
    store_drop(&h->store);
    arena_drop(&h->mem);
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", h->dir);
    int failed = system(command);
    free(h);
    return failed;
}

static struct import_progress run(struct house *h, struct import_options options, const char *text,
                                  enum err_code want)
{
    struct import_progress progress = { 0 };
    struct err e = { 0 };
    assert_int_equal(file_write_atomic(h->file, slice_of(text), NULL), ERR_OK);
    options.path = h->file;
    options.rejects_path = h->rejects;
    enum err_code code = import_run(h->memory, h->catalogue, &options, &progress, &e);
    if (code != want)
        print_message("%s\n", e.text);
    assert_int_equal(code, want);
    return progress;
}

static size_t facts(struct house *h, struct slice event)
{
    struct fact list[200];
    size_t n = 0;
    arena_reset(h->mem);
    memory_read_lock(h->memory);
    assert_int_equal(log_recent(memory_log(h->memory), h->read, 0, SLICE(""), event, 200, h->mem, list, &n,
                                NULL), ERR_OK);
    memory_read_unlock(h->memory);
    return n;
}

static struct purchase_summary bought_by(struct house *h, const char *user)
{
    uint32_t root = 0;
    memory_read_lock(h->memory);
    enum err_code code = customers_resolve(memory_customers(h->memory), h->read, slice_of(user), &root, NULL);
    struct purchase_summary sum = { 0 };
    if (!code)
        sum = purchases_summary(h->purchases, root);
    memory_read_unlock(h->memory);
    assert_int_equal(code, ERR_OK);
    return sum;
}

#define HEADER "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
static const char lines[] = HEADER
    "536365,85123A,WHITE HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
    "536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom\n"
    "536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom\n"
    "536366,POST,POSTAGE,1,2010-12-01 09:00:00,18,12583.0,France\n"
    "536367,22139,damages,-4,2010-12-01 09:10:00,0,,United Kingdom\n"
    "536368,22139,\"RETROSPOT TEA SET, CERAMIC\",2,2010-12-01 09:20:00,4.25,,United Kingdom\n"
    "C536379,85123A,WHITE HEART,-1,2010-12-02 10:00:00,2.55,17850.0,United Kingdom\n";

static const struct import_options retail = { .format = IMPORT_ONLINE_RETAIL };

static void order_lines(void **state)
{
    struct house *h = *state;
    struct import_progress p = run(h, retail, lines, ERR_OK);
    assert_int_equal(p.rows, 7);
    assert_int_equal(p.imported, 7);
    assert_int_equal(p.rejected, 0);
    // 6*2.55 + 2*6*3.39 + 18 + 0 + 8.50 - 2.55
    assert_int_equal(p.amount_micro, 79930000);
    assert_int_equal(facts(h, SLICE("Order Completed")), 4);
    assert_int_equal(facts(h, SLICE("Order Refunded")), 1);
    struct purchase_summary sum = bought_by(h, "17850");
    assert_int_equal(sum.orders, 1);
    assert_int_equal(sum.value_micro, 15300000 + 40680000 - 2550000);
    assert_false(file_exists(h->rejects));
    struct product tea;
    assert_int_equal(catalogue_get(h->read, SLICE("22139"), h->mem, &tea, NULL), ERR_OK);
    assert_true(slice_is(tea.title, "RETROSPOT TEA SET, CERAMIC"));
    assert_int_equal(tea.price_micro, 4250000);
    struct product post;
    assert_int_equal(catalogue_get(h->read, SLICE("POST"), h->mem, &post, NULL), ERR_OK);
    assert_int_equal(post.kind, PRODUCT_SERVICE);
}

static void twice_changes_nothing(void **state)
{
    struct house *h = *state;
    run(h, retail, lines, ERR_OK);
    int64_t last = log_last_seq(memory_log(h->memory));
    struct import_progress p = run(h, retail, lines, ERR_OK);
    assert_int_equal(p.imported, 0);
    assert_int_equal(p.duplicates, 7);
    assert_int_equal(log_last_seq(memory_log(h->memory)), last);
    h->clock.fixed_ms += INT64_C(400) * 86400000;  // the log has forgotten the messageIds by now
    p = run(h, retail, lines, ERR_OK);
    assert_int_equal(p.imported, 0);
    assert_int_equal(log_last_seq(memory_log(h->memory)), last);
}

static void a_changed_invoice_replaces(void **state)
{
    struct house *h = *state;
    run(h, retail, HEADER "1,A,MUG,1,2010-12-01,10,7,UK\n", ERR_OK);
    run(h, retail, HEADER "1,A,MUG,1,2010-12-01,10,7,UK\n1,B,CUP,2,2010-12-01,5,7,UK\n", ERR_OK);
    assert_int_equal(facts(h, SLICE("Order Updated")), 1);
    struct purchase_summary sum = bought_by(h, "7");
    assert_int_equal(sum.orders, 1);
    assert_int_equal(sum.value_micro, 20 * MICRO);
}

static void bad_rows_are_kept_apart(void **state)
{
    struct house *h = *state;
    struct import_progress p = run(h, retail, HEADER
                                   "1,A,MUG,one,2010-12-01,10,7,UK\n"
                                   "2,A,MUG,1,yesterday,10,7,UK\n"
                                   "3,A,MUG,1,2010-12-01,1O,7,UK\n"
                                   ",A,MUG,1,2010-12-01,10,7,UK\n"
                                   "5,,MUG,1,2010-12-01,10,7,UK\n"
                                   "6,A,MUG,1\n"
                                   "7,A,\"MUG\"x,1,2010-12-01,10,7,UK\n"
                                   "8,A,MUG,1,2010-12-01,10,7,UK\n", ERR_OK);
    assert_int_equal(p.rows, 8);
    assert_int_equal(p.imported, 1);
    assert_int_equal(p.rejected, 7);
    struct slice text;
    assert_int_equal(file_read(h->rejects, 65536, h->mem, &text, NULL), ERR_OK);
    assert_non_null(strstr(text.at, "2,the quantity is no number,"));
    assert_non_null(strstr(text.at, "3,the date cannot be read,"));
    assert_non_null(strstr(text.at, "4,the price is no number,"));
    assert_non_null(strstr(text.at, "5,no invoice number,"));
    assert_non_null(strstr(text.at, "7,too few columns,"));
}

static void a_dry_run_writes_nothing(void **state)
{
    struct house *h = *state;
    struct import_options options = retail;
    options.dry_run = true;
    struct import_progress p = run(h, options, lines, ERR_OK);
    assert_int_equal(p.rows, 7);
    assert_int_equal(p.amount_micro, 79930000);
    assert_int_equal(log_last_seq(memory_log(h->memory)), 0);
}

static void cancel_stops_and_a_new_run_goes_on(void **state)
{
    struct house *h = *state;
    struct import_progress progress = { 0 };
    atomic_store(&progress.cancel, true);
    struct import_options options = retail;
    assert_int_equal(file_write_atomic(h->file, slice_of(lines), NULL), ERR_OK);
    options.path = h->file;
    assert_int_equal(import_run(h->memory, h->catalogue, &options, &progress, NULL), ERR_BUSY);
    struct import_progress p = run(h, retail, lines, ERR_OK);
    assert_int_equal(p.imported + p.duplicates, 7);
    assert_int_equal(bought_by(h, "17850").orders, 1);
}

static void csv_with_a_mapping(void **state)
{
    struct house *h = *state;
    struct import_options options = {
        .format = IMPORT_CSV, .name = SLICE("crm"),
        .mapping = SLICE("{\"as\":\"customer\",\"separator\":\";\",\"userId\":{\"from\":\"id\"},"
                         "\"timestamp\":{\"from\":\"since\"},\"traits\":{\"name\":{\"from\":\"full name\"},"
                         "\"age\":{\"from\":\"age\",\"type\":\"number\"},"
                         "\"vip\":{\"from\":\"vip\",\"type\":\"boolean\"}}}") };
    struct import_progress p = run(h, options,
                                   "id;full name;age;vip;since\n1;Ann Bee;41;true;2026-01-02\n"
                                   "2;Bob;old;0;2026-01-02\n;Nobody;1;0;2026-01-02\n3;\"Cy; D\";;;\n", ERR_OK);
    assert_int_equal(p.imported, 2);
    assert_int_equal(p.rejected, 2);
    p = run(h, options, "id;full name;age;vip;since\n1;Ann Bee;41;true;2026-01-02\n", ERR_OK);
    assert_int_equal(p.duplicates, 1);
    run(h, options, "id;name\n1;Ann\n", ERR_INVALID);  // a column that the mapping names is missing
}

static void products_and_events(void **state)
{
    struct house *h = *state;
    struct import_options products = {
        .format = IMPORT_CSV,
        .mapping = SLICE("{\"as\":\"product\",\"product\":{\"id\":{\"from\":\"sku\"},\"title\":{\"from\":\"title\"},"
                         "\"price\":{\"from\":\"price\"},\"stock\":{\"from\":\"stock\"}}}") };
    struct import_progress p = run(h, products, "sku,title,price,stock\nA,Mug,4.25,10\nB,Cup,x,1\n", ERR_OK);
    assert_int_equal(p.imported, 1);
    assert_int_equal(p.rejected, 1);
    struct product mug;
    assert_int_equal(catalogue_get(h->read, SLICE("A"), h->mem, &mug, NULL), ERR_OK);
    assert_int_equal(mug.stock, 10);
    struct import_options events = { .format = IMPORT_NDJSON };
    p = run(h, events, "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"messageId\":\"m1\"}\n\n"
                       "{\"type\":\"track\",\"event\":\"X\",\"userId\":\"u\",\"messageId\":\"m1\"}\nnot json\n", ERR_OK);
    assert_int_equal(p.imported, 1);
    assert_int_equal(p.duplicates, 1);
    assert_int_equal(p.rejected, 1);
}

/* What the log's rules refuse is a refused row like any other, not the end of the import. */
static void refused_events_hold_up_nothing(void **state)
{
    struct house *h = *state;
    struct import_progress p = run(h, (struct import_options){ .format = IMPORT_NDJSON },
                                   "{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u\"}\n"
                                   "{\"type\":\"dance\",\"userId\":\"u\"}\n"
                                   "{\"type\":\"track\",\"event\":\"B\",\"userId\":\"u\"}\n", ERR_OK);
    assert_int_equal(p.imported, 2);
    assert_int_equal(p.rejected, 1);
    assert_int_equal(facts(h, SLICE("A")) + facts(h, SLICE("B")), 2);
    struct slice text;
    assert_int_equal(file_read(h->rejects, 65536, h->mem, &text, NULL), ERR_OK);
    assert_non_null(strstr(text.at, "\n2,"));
}

static void bad_mappings_are_explained(void **state)
{
    struct house *h = *state;
    static const char *const bad[] = { "{", "[]", "{\"as\":\"order\"}", "{\"as\":\"event\"}",
                                       "{\"as\":\"customer\",\"traits\":{}}",
                                       "{\"as\":\"customer\",\"userId\":7}",
                                       "{\"as\":\"customer\",\"userId\":{\"from\":\"a\",\"type\":\"money\"}}" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        run(h, (struct import_options){ .format = IMPORT_CSV, .mapping = slice_of(bad[i]) }, "a\n1\n",
            ERR_INVALID);
    run(h, (struct import_options){ .format = IMPORT_CSV }, "a\n1\n", ERR_INVALID);
    run(h, retail, "", ERR_INVALID);
    run(h, retail, "a,b\n1,2\n", ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(order_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(twice_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_invoice_replaces, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_rows_are_kept_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_dry_run_writes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(cancel_stops_and_a_new_run_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(csv_with_a_mapping, setup, teardown),
        cmocka_unit_test_setup_teardown(products_and_events, setup, teardown),
        cmocka_unit_test_setup_teardown(refused_events_hold_up_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_mappings_are_explained, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
