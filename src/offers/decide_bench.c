/* How many decisions a core takes: decide_bench DIR [CUSTOMERS]
 *
 * DIR must be empty. 4,000 goods in 20 categories, drawn by Zipf's law, half of them from the customer's own
 * category; 1 to 16 orders of 1 to 10 goods. Asked in random order, three proposals each.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "io/store/migrate.h"
#include "io/store/migrations.h"
#include "offers/decide.h"
#include "text/time.h"

#define GOODS 4000
#define CATEGORIES 20
#define DECISIONS 200000
#define NOW INT64_C(1795403305400)

struct bench {
    struct store *store;
    struct store_conn *read;
    struct memory *memory;
    struct purchases *purchases;
    struct catalogue *catalogue;
    struct recommendations *recommendations;
    struct decider *decider;
    uint32_t customers;
};

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct furnishing {
    struct command command;  // first
    uint32_t customers;
};

static enum err_code goods_put(struct tx *tx, struct err *e)
{
    for (unsigned i = 0; i < GOODS; i++) {
        char id[16], category[16];
        bool changed;
        snprintf(id, sizeof id, "p%u", i);
        snprintf(category, sizeof category, "c%u", i % CATEGORIES);
        struct product product = { .id = slice_of(id), .title = slice_of(id), .category = slice_of(category),
                                   .active = true, .price_micro = 2500000, .stock = STOCK_NOT_COUNTED };
        TRY(tx_product_put(tx, &product, NULL, 0, SLICE("bench"), &changed, e));
    }
    return ERR_OK;
}

static enum err_code furnish(struct command *command, struct tx *tx, struct err *e)
{
    const struct furnishing *f = (struct furnishing *)(void *)command;
    for (uint32_t i = 0; i < f->customers; i++) {
        char user[16];
        uint32_t history;
        snprintf(user, sizeof user, "u%u", i);
        struct who who = { .user_id = slice_of(user) };
        TRY(tx_resolve(tx, &who, 1, NOW, &history, e));
    }
    return goods_put(tx, e);
}

static enum err_code open_rooms(struct bench *b, const char *dir, struct err *e)
{
    TRY(store_open(slice_of(dir), (struct store_options){ 0 }, &b->store, e));
    TRY(migrate_store(b->store, migrations_all, migrations_count, NOW, e));
    TRY(memory_new(b->store, (struct memory_options){ .dir = dir, .clock = &sys_clock_real }, &b->memory, e));
    TRY(store_conn_new(b->store, STORE_READ, &b->read, e));
    TRY(purchases_new(b->memory, &b->purchases, e));
    TRY(catalogue_new(b->memory, b->read, b->purchases, &b->catalogue, e));
    struct follower follower = catalogue_follower(b->catalogue);
    memory_follow(b->memory, &follower);
    TRY(memory_start(b->memory, e));
    TRY(recommendations_new(b->memory, b->purchases, b->read, &b->recommendations, e));
    struct furnishing f = { { .run = furnish, .facts = GOODS }, b->customers };
    TRY(memory_run(b->memory, &f.command, e));
    return decider_new(b->memory, b->purchases, b->recommendations, b->catalogue, &b->decider, e);
}

/* Zipf with exponent 1 over n, by inverting its integral. */
static unsigned zipf(uint64_t random, unsigned n)
{
    double u = (double)(random >> 11) / (double)(UINT64_C(1) << 53);
    unsigned rank = (unsigned)(pow((double)n + 1, u) - 1);
    return rank < n ? rank : n - 1;
}

static enum err_code buy(struct bench *b, struct err *e)
{
    struct follower f = purchases_follower(b->purchases), goods = catalogue_follower(b->catalogue);
    uint64_t seed = 5;
    for (uint32_t customer = 1; customer <= b->customers; customer++)
        for (unsigned o = 0, orders = 1 + zipf(hash_mix(++seed), 16); o < orders; o++) {
            struct buf body = buf_make(0);
            buf_printf(&body, "{\"properties\":{\"order_id\":\"%u-%u\",\"products\":[", customer, o);
            for (unsigned i = 0, n = 1 + (unsigned)(hash_mix(++seed) % 10); i < n; i++) {
                uint64_t random = hash_mix(++seed);
                unsigned product = random & 1 ? zipf(hash_mix(random), GOODS)
                                              : zipf(hash_mix(random), GOODS / CATEGORIES) * CATEGORIES
                                                    + customer % CATEGORIES;
                buf_printf(&body, "%s{\"product_id\":\"p%u\",\"price\":2.5}", i ? "," : "", product);
            }
            buf_adds(&body, "]}}");
            struct fact fact = { .type = FACT_TRACK, .customer = customer, .event = SLICE("Order Completed"),
                                 .timestamp_ms = NOW - (int64_t)(hash_mix(++seed) % 365) * DAY_MS,
                                 .body = buf_slice(&body) };
            enum err_code code = f.apply(f.self, &fact, e);
            if (!code)
                code = goods.apply(goods.self, &fact, e);
            buf_drop(&body);
            TRY(code);
        }
    return ERR_OK;
}

static enum err_code measure(struct bench *b, struct err *e)
{
    double began = cpu_seconds();
    const struct recommend_taste taste = taste_of_catalogue(b->catalogue);
    struct recommend_version about;
    TRY(recommendations_learn(b->recommendations, &taste, NOW, NULL, e));
    (void)recommendations_versions(b->recommendations, &about, 1);
    for (enum proposer p = 0; p < PROPOSERS; p++)
        printf("%s %.2f%s", proposer_name(p), about.weight[p], p + 1 < PROPOSERS ? ", " : "\n");
    printf("models fitted in %.2f s of CPU; %u customers, %llu orders, %u goods\n", cpu_seconds() - began, b->customers,
           (unsigned long long)purchases_orders(b->purchases), purchases_products(b->purchases));
    size_t proposals = 0;
    began = cpu_seconds();
    for (uint32_t i = 0; i < DECISIONS; i++) {
        struct decision decision;
        struct decide_query query = { .root = (uint32_t)(hash_mix(i) % b->customers) + 1, .limit = 3 };
        memory_read_lock(b->memory);
        enum err_code code = decide(b->decider, &query, NOW, &decision, e);
        memory_read_unlock(b->memory);
        TRY(code);
        proposals += decision.n;
    }
    double each_us = (cpu_seconds() - began) * 1e6 / DECISIONS;
    printf("decide  %7.2f us of CPU each, %.0f /s on one core; %.2f proposals each\n", each_us, 1e6 / each_us,
           (double)proposals / DECISIONS);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    struct bench b = { .customers = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 50000 };
    if (argc < 2 || b.customers == 0) {
        fprintf(stderr, "usage: decide_bench DIR [CUSTOMERS]\n");
        return 2;
    }
    enum err_code code = open_rooms(&b, argv[1], &e);
    if (!code)
        code = buy(&b, &e);
    if (!code)
        code = measure(&b, &e);
    if (code)
        fprintf(stderr, "decide_bench: %s\n", e.text);
    decider_drop(&b.decider);
    store_conn_drop(&b.read);
    memory_drop(&b.memory);
    recommendations_drop(&b.recommendations);
    catalogue_drop(&b.catalogue);
    purchases_drop(&b.purchases);
    store_drop(&b.store);
    return code != ERR_OK;
}
