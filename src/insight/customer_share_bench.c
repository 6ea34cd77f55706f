/* The share of customer of a large shop: customer_share_bench DIR [CUSTOMERS]
 *
 * DIR must be empty. Each customer has had four orders of the last year on average, of one to three of 5,000 products in 24
 * categories; lines have no prices. CPU seconds of the thread, and seconds of the clock, of one fit of everything; megabytes of
 * what it says of customers. A line of JSON at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "insight/customer_share.h"
#include "io/store/migrate.h"
#include "io/store/migrations.h"
#include "sys/clock.h"
#include "text/time.h"

#define NOW INT64_C(1795403305400)
#define GROUP 5000
#define ORDERS_EACH 4
#define PRODUCTS 5000

struct bench {
    struct store *store;
    struct memory *memory;
    struct purchases *purchases;
    struct people *people;
    struct population *population;
    struct customer_share *share;
    uint32_t customers;
    int64_t seq;
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum err_code open_rooms(struct bench *b, const char *dir, struct err *e)
{
    TRY(store_open(slice_of(dir), (struct store_options){ 0 }, &b->store, e));
    TRY(migrate_store(b->store, migrations_all, migrations_count, NOW, e));
    TRY(memory_new(b->store, (struct memory_options){ .dir = dir, .clock = &sys_clock_real }, &b->memory, e));
    TRY(purchases_new(b->memory, &b->purchases, e));
    TRY(population_new(b->memory, NULL, &b->population, e));
    TRY(people_new(b->memory, b->purchases, &b->people, e));
    const struct customer_share_rooms rooms = { b->memory, b->purchases, b->people, b->population, NULL };
    TRY(customer_share_new(rooms, &b->share, e));
    return memory_start(b->memory, e);
}

static void close_rooms(struct bench *b)
{
    memory_drop(&b->memory);
    people_drop(&b->people);
    population_drop(&b->population);
    customer_share_drop(&b->share);
    purchases_drop(&b->purchases);
    store_drop(&b->store);
}

struct making {
    struct command command;      // first
    uint32_t from, to;
};

static enum err_code make_newcomers(struct command *command, struct tx *tx, struct err *e)
{
    const struct making *n = (const struct making *)command;
    for (uint32_t i = n->from; i < n->to; i++) {
        char user[16];
        uint32_t history;
        snprintf(user, sizeof user, "u%u", i);
        struct who who = { .user_id = slice_of(user) };
        TRY(tx_resolve(tx, &who, 1, NOW, &history, e));
    }
    return ERR_OK;
}

static enum err_code tell_products(struct bench *b, struct err *e)
{
    const struct follower columns = population_columns_follower(b->population);
    for (int i = 0; i < PRODUCTS; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"product\":{\"id\":\"p%d\",\"title\":\"T\",\"category\":\"c%d\"}}", i,
                 i % SHARE_CATEGORIES);
        struct fact fact = { .type = FACT_CATALOGUE, .seq = ++b->seq, .timestamp_ms = NOW, .body = slice_of(body) };
        TRY(columns.apply(columns.self, &fact, e));
    }
    return ERR_OK;
}

/* Some buy often, some in large: the product of two numbers of their own. */
static enum err_code tell_orders(struct bench *b, struct err *e)
{
    const struct follower columns = population_columns_follower(b->population), bought = purchases_follower(b->purchases);
    for (size_t i = 0; i < (size_t)b->customers * ORDERS_EACH; i++) {
        uint64_t random = hash_mix(i + 1), one = random % b->customers;
        uint32_t customer = 1 + (uint32_t)(one * one / b->customers);
        struct buf body = buf_make(0);
        buf_printf(&body, "{\"properties\":{\"order_id\":\"o%zu\",\"revenue\":%u,\"products\":[", i,
                   (unsigned)(10 + hash_mix(customer) % 90 + random % 20));
        for (unsigned k = 0; k <= random % 3; k++)
            buf_printf(&body, "%s{\"product_id\":\"p%u\",\"quantity\":%u}", k ? "," : "",
                       (unsigned)(hash_mix(random + k) % PRODUCTS), k + 1);
        buf_adds(&body, "]}}");
        struct fact fact = { .type = FACT_TRACK, .seq = ++b->seq, .customer = customer, .event = SLICE("Order Completed"),
                             .timestamp_ms = NOW - (int64_t)((random >> 40) % 360) * DAY_MS, .body = buf_slice(&body) };
        enum err_code code = columns.apply(columns.self, &fact, e);
        if (!code)
            code = bought.apply(bought.self, &fact, e);
        buf_drop(&body);
        TRY(code);
    }
    return ERR_OK;
}

static enum err_code run(struct bench *b, const char *dir, struct err *e)
{
    TRY(open_rooms(b, dir, e));
    for (uint32_t i = 0; i < b->customers; i += GROUP) {
        uint32_t to = i + GROUP < b->customers ? i + GROUP : b->customers;
        struct making making = { { .run = make_newcomers, .facts = GROUP }, i, to };
        TRY(memory_run(b->memory, &making.command, e));
    }
    TRY(tell_products(b, e));
    TRY(tell_orders(b, e));
    TRY(people_refresh(b->people, NOW, e));
    TRY(population_refresh(b->population, b->people, NOW, e));
    int64_t began_ns = clock_steady_ns();
    double began = cpu_seconds();
    TRY(customer_share_refit(b->share, NOW, NULL, e));
    double cpu_s = cpu_seconds() - began, wall_s = (double)(clock_steady_ns() - began_ns) / 1e9;
    const struct share_scores *scores = customer_share_look(b->share);
    printf("{\"what\": \"customer_share\", \"customers\": %u, \"orders\": %zu, \"categories\": %zu, \"cpu_s\": %.1f, "
           "\"wall_s\": %.1f, \"mb\": %.0f}\n",
           b->customers, (size_t)b->customers * ORDERS_EACH, share_categories(scores), cpu_s, wall_s,
           (double)share_scores_bytes(scores) / 1e6);
    share_scores_drop(&scores);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    struct bench b = { .customers = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000 };
    if (argc < 2 || b.customers == 0) {
        fprintf(stderr, "usage: customer_share_bench DIR [CUSTOMERS]\n");
        return 2;
    }
    enum err_code code = run(&b, argv[1], &e);
    if (code)
        fprintf(stderr, "customer_share_bench: %s\n", e.text);
    close_rooms(&b);
    return code != ERR_OK;
}
