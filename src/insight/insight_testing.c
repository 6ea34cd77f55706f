#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/draw.h"
#include "insight/insight_testing.h"
#include "io/store/migrations.h"
#include "memory/customers.h"
#include "text/time.h"

#define BUYERS_DAYS 196

void shop_make(struct shop *s)
{
    struct lab *lab = &s->lab;
    if (!lab->mem) {
        *lab = (struct lab){ .clock = sys_clock_fixed(LAB_NOW), .mem = arena_new((size_t)256 << 20),
                             .parser = json_parser_new() };
        snprintf(lab->dir, sizeof lab->dir, "%s/tendero-shop-XXXXXX",
                 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
        assert_non_null(mkdtemp(lab->dir));
    }
    assert_int_equal(store_open(slice_of(lab->dir), (struct store_options){ 0 }, &lab->store, NULL), ERR_OK);
    assert_int_equal(migrate_store(lab->store, migrations_all, migrations_count, LAB_NOW, NULL), ERR_OK);
    struct memory_options options = { .dir = lab->dir, .clock = &lab->clock };
    assert_int_equal(memory_new(lab->store, options, &lab->memory, NULL), ERR_OK);
    assert_int_equal(store_conn_new(lab->store, STORE_READ, &lab->read, NULL), ERR_OK);
    assert_int_equal(purchases_new(lab->memory, &s->purchases, NULL), ERR_OK);
    struct follower follower = purchases_follower(s->purchases);
    memory_follow(lab->memory, &follower);
}

void shop_begin(struct shop *s)
{
    struct err e = { 0 };
    if (memory_start(s->lab.memory, &e))
        fail_msg("start: %s", e.text);
}

void shop_end(struct shop *s)
{
    lab_stop(&s->lab);
    purchases_drop(&s->purchases);
}

void shop_close(struct shop *s)
{
    shop_end(s);
    lab_close(&s->lab);
}

int shop_setup(void **state)
{
    struct shop *s = calloc(1, sizeof *s);
    assert_non_null(s);
    shop_make(s);
    shop_begin(s);
    *state = s;
    return 0;
}

int shop_teardown(void **state)
{
    shop_close(*state);
    free(*state);
    return 0;
}

/* JSON with ' for " */
static struct slice quoted(struct shop *s, const char *text)
{
    struct slice copy = arena_copy(s->lab.mem, slice_of(text));
    assert_non_null(copy.at);
    for (size_t i = 0; i < copy.len; i++)
        if (copy.at[i] == '\'')
            ((char *)copy.at)[i] = '"';
    return copy;
}

static struct slice event_json(struct shop *s, const char *who, const char *event, int64_t at_ms,
                               const char *properties)
{
    struct buf out = buf_make(0);
    struct json_w w = json_w(&out);
    json_w_open(&w, '{');
    json_w_kcstr(&w, "type", "track");
    json_w_kcstr(&w, "event", event);
    if (who)
        json_w_kcstr(&w, who[0] == '@' ? "anonymousId" : "userId", who[0] == '@' ? who + 1 : who);
    char id[32];
    snprintf(id, sizeof id, "m%d", s->told++);
    json_w_kcstr(&w, "messageId", id);
    json_w_ktime(&w, "timestamp", at_ms);
    json_w_kraw(&w, "properties", quoted(s, properties));
    json_w_close(&w, '}');
    struct slice json = arena_copy(s->lab.mem, buf_slice(&out));
    buf_drop(&out);
    assert_non_null(json.at);
    return json;
}

void shop_track(struct shop *s, const char *who, const char *event, int64_t at_ms, const char *properties)
{
    struct ingest_result result = lab_ingest(&s->lab, INGEST_TRACK, 1,
                                             event_json(s, who, event, at_ms, properties).at);
    assert_int_equal(result.accepted, 1);
}

void shop_order(struct shop *s, const char *who, const char *order, int64_t at_ms, double value)
{
    char body[200];
    snprintf(body, sizeof body, "{'order_id': '%s', 'revenue': %.2f}", order, value);
    shop_track(s, who, "Order Completed", at_ms, body);
}

void shop_buyers(struct shop *s, int people)
{
    uint64_t seed = 5;
    char who[32], id[32];
    int orders = 0;
    for (int i = 0; i < people; i++) {
        double rate = any_gamma(&seed, 2) / 8 / 7, day = any_between(&seed) * BUYERS_DAYS / 2;
        bool here = true;
        snprintf(who, sizeof who, "u%d", i);
        for (int n = 0; here && day < BUYERS_DAYS; n++) {
            snprintf(id, sizeof id, "o%d", orders++);
            shop_order(s, who, id, LAB_NOW - (int64_t)((BUYERS_DAYS - day) * (double)SHOP_DAY), 20 + 20 * any_between(&seed));
            here = !n || any_between(&seed) > 0.2;
            day += 1 - log(any_between(&seed)) / rate;
        }
    }
}

void shop_buy(struct shop *s, const char *who, const char *order, int64_t at_ms, const char *products)
{
    struct buf out = buf_make(0);
    buf_printf(&out, "{'order_id': '%s', 'products': [", order);
    struct slice rest = slice_of(products);
    for (const char *comma = ""; rest.len; comma = ", ") {
        struct slice id = slice_cut(&rest, ' ');
        buf_printf(&out, "%s{'product_id': '%.*s'}", comma, SLICE_ARG(id));
    }
    buf_adds(&out, "]}");
    buf_addc(&out, 0);
    shop_track(s, who, "Order Completed", at_ms, out.at);
    buf_drop(&out);
}

static enum err_code tell_nobody(void *arg, struct tx *tx, struct err *e)
{
    bool duplicate;
    return tx_ingest(tx, *(struct json *)arg, true, 1, tx->now_ms, &duplicate, e);
}

void shop_nobody(struct shop *s, const char *event, int64_t at_ms, const char *properties)
{
    struct json json;
    assert_int_equal(json_parse(s->lab.parser, event_json(s, NULL, event, at_ms, properties), &json, NULL), 0);
    lab_must_run(&s->lab, tell_nobody, &json);
}

void shop_join(struct shop *s, const char *user, const char *device)
{
    char body[200];
    snprintf(body, sizeof body, "{\"userId\": \"%s\", \"anonymousId\": \"%s\", \"messageId\": \"m%d\"}", user,
             device, s->told++);
    assert_int_equal(lab_ingest(&s->lab, INGEST_IDENTIFY, 1, body).accepted, 1);
}

uint32_t shop_root(struct shop *s, const char *who)
{
    uint32_t root = who[0] == '@' ? lab_customer(&s->lab, "anonymous_id", who + 1)
                                  : lab_customer(&s->lab, "user_id", who);
    assert_true(root > 0);
    return root;
}

struct joining {
    uint32_t winner, loser;
    int64_t merge;
};

static enum err_code join(void *arg, struct tx *tx, struct err *e)
{
    struct joining *j = arg;
    return tx_merge(tx, j->winner, j->loser, SLICE("by_hand"), SLICE("eva"), SLICE(""), &j->merge, e);
}

static enum err_code part(void *arg, struct tx *tx, struct err *e)
{
    return tx_unmerge(tx, *(int64_t *)arg, SLICE("eva"), e);
}

int64_t shop_merge(struct shop *s, const char *winner, const char *loser)
{
    struct joining j = { shop_root(s, winner), shop_root(s, loser), 0 };
    lab_must_run(&s->lab, join, &j);
    return j.merge;
}

void shop_unmerge(struct shop *s, int64_t merge)
{
    lab_must_run(&s->lab, part, &merge);
}

/* ---- the whole state ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

#define LINES_MAX 20000

struct lines {
    struct arena *mem;
    char *of[LINES_MAX];
    size_t n;
};

static void line(struct lines *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void line(struct lines *l, const char *fmt, ...)
{
    char text[300];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    assert_true(l->n < LINES_MAX);
    l->of[l->n++] = (char *)arena_copy(l->mem, slice_of(text)).at;
}

static void print_customer(const struct purchases *p, uint32_t root, struct lines *l)
{
    struct purchase_summary sum = purchases_summary(p, root);
    line(l, "c%u orders %u value %lld first %lld last %lld", root, sum.orders, (long long)sum.value_micro,
         (long long)sum.first_ms, (long long)sum.last_ms);
    struct bought bought[1000];
    size_t n = purchases_bought(p, root, bought, 1000);
    assert_true(n <= 1000);
    for (size_t i = 0; i < n; i++)
        line(l, "c%u bought %.*s %u %lld", root, SLICE_ARG(purchases_product_id(p, bought[i].product)),
             bought[i].times, (long long)bought[i].last_ms);
    uint32_t viewed[20];
    n = purchases_viewed(p, root, viewed, 20, NULL);
    for (size_t i = 0; i < n; i++)
        line(l, "c%u viewed %zu %.*s", root, i, SLICE_ARG(purchases_product_id(p, viewed[i])));
    line(l, "c%u category %.*s", root, SLICE_ARG(purchases_viewed_category(p, root)));
}

const char *shop_print(struct shop *s)
{
    const struct purchases *p = s->purchases;
    struct lines *l = arena_one(s->lab.mem, struct lines);
    assert_non_null(l);
    *l = (struct lines){ .mem = s->lab.mem };
    memory_read_lock(s->lab.memory);
    const struct customers *customers = memory_customers(s->lab.memory);
    for (uint32_t root = 1; root <= customers_count(customers); root++)
        if (customers_is_root(customers, root))
            print_customer(p, root, l);
    for (uint32_t product = 1; product <= purchases_products(p); product++)
        if (purchases_product_orders(p, product))
            line(l, "product %.*s orders %u trend %.6f", SLICE_ARG(purchases_product_id(p, product)),
                 purchases_product_orders(p, product), purchases_product_trend(p, product));
    struct day_row days[500];
    size_t n = purchases_days(p, INT32_MIN, days, 500);
    for (size_t i = 0; i < n; i++)
        if (days[i].orders || days[i].revenue_micro)
            line(l, "day %d orders %u revenue %lld", days[i].day, days[i].orders, (long long)days[i].revenue_micro);
    memory_read_unlock(s->lab.memory);
    qsort(l->of, l->n, sizeof *l->of, by_text);
    struct buf out = buf_make(0);
    for (size_t i = 0; i < l->n; i++)
        buf_printf(&out, "%s\n", l->of[i]);
    const char *text = arena_copy(s->lab.mem, buf_slice(&out)).at;
    buf_drop(&out);
    assert_non_null(text);
    return text;
}
