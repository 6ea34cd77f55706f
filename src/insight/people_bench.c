/* How long pages over many customers take: people_bench DIR [CUSTOMERS]
 *
 * DIR must be empty. A third of the customers bought, one to eight times; each page is asked some times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "base/limits.h"
#include "insight/people.h"
#include "io/store/migrate.h"
#include "io/store/migrations.h"
#include "text/time.h"

#define GROUP 5000
#define ASKED 5
#define NOW INT64_C(1795403305400)

struct bench {
    struct store *store;
    struct store_conn *read;
    struct memory *memory;
    struct purchases *purchases;
    struct people *people;
    uint32_t customers;
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
    TRY(people_new(b->memory, b->purchases, &b->people, e));
    TRY(memory_start(b->memory, e));
    return store_conn_new(b->store, STORE_READ, &b->read, e);
}

struct newcomers {
    struct command command;  // first
    uint32_t from, to;
};

static enum err_code newcomers_run(struct command *command, struct tx *tx, struct err *e)
{
    const struct newcomers *n = (struct newcomers *)(void *)command;
    for (uint32_t i = n->from; i < n->to; i++) {
        char user[16];
        uint32_t history;
        snprintf(user, sizeof user, "u%u", i);
        struct who who = { .user_id = slice_of(user) };
        TRY(tx_resolve(tx, &who, 1, NOW - (int64_t)(hash_mix(i) % 1000) * DAY_MS, &history, e));
    }
    return ERR_OK;
}

static enum err_code make_customers(struct bench *b, struct err *e)
{
    for (uint32_t i = 0; i < b->customers; i += GROUP) {
        uint32_t to = i + GROUP < b->customers ? i + GROUP : b->customers;
        struct newcomers n = { { .run = newcomers_run, .facts = GROUP }, i, to };
        TRY(memory_run(b->memory, &n.command, e));
    }
    return ERR_OK;
}

static enum err_code buy(struct bench *b, struct err *e)
{
    struct follower f = purchases_follower(b->purchases);
    for (uint32_t customer = 1; customer <= b->customers; customer += 3)
        for (uint64_t o = 0; o <= hash_mix(customer) % 8; o++) {
            char body[160];
            uint64_t random = hash_mix(customer * UINT64_C(8) + o);
            snprintf(body, sizeof body, "{\"properties\":{\"order_id\":\"%u-%u\",\"products\":[{\"product_id\":\"p%u\","
                     "\"price\":%u}]}}", customer, (unsigned)o, (unsigned)(random % 5000), (unsigned)(random % 97));
            struct fact fact = { .type = FACT_TRACK, .customer = customer, .event = SLICE("Order Completed"),
                                 .timestamp_ms = NOW - (int64_t)(random % 1000) * DAY_MS, .body = slice_of(body) };
            TRY(f.apply(f.self, &fact, e));
        }
    return ERR_OK;
}

static enum err_code ask(struct bench *b, const char *what, struct people_query query, struct err *e)
{
    struct arena *mem = arena_new((size_t)16 << 20);
    if (!mem)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    enum err_code code = ERR_OK;
    struct people_page page = { 0 };
    int64_t began_ns = clock_steady_ns();
    double began = cpu_seconds();
    for (int i = 0; !code && i < ASKED; i++) {
        arena_reset(mem);
        code = people_list(b->people, b->read, &query, NOW, mem, &page, e);
    }
    if (!code)
        printf("%-28s %7.1f ms, %7.1f ms of CPU; %llu of %u\n", what,
               (double)(clock_steady_ns() - began_ns) / 1e6 / ASKED, (cpu_seconds() - began) * 1e3 / ASKED,
               (unsigned long long)page.total, b->customers);
    arena_drop(&mem);
    return code;
}

static enum err_code run(struct bench *b, const char *dir, struct err *e)
{
    TRY(open_rooms(b, dir, e));
    TRY(make_customers(b, e));
    TRY(buy(b, e));
    printf("purchases hold               %7.1f MB; %llu orders\n",
           (double)purchases_memory_bytes(b->purchases) / 1e6, (unsigned long long)purchases_orders(b->purchases));
    double began = cpu_seconds();
    TRY(people_refresh(b->people, NOW, e));
    printf("tiers fitted                                %7.1f ms of CPU\n", (cpu_seconds() - began) * 1e3);
    struct people_query query = { .sort = SORT_VALUE, .descending = true, .tier = -1, .kind = -1, .known = -1,
                                  .limit = 50 };
    TRY(ask(b, "50 by value", query, e));
    query.sort = SORT_LAST_SEEN;
    TRY(ask(b, "50 by last seen", query, e));
    query.tier = TIER_CHAMPION;
    TRY(ask(b, "50 champions by last seen", query, e));
    query.limit = LIMIT_PAGE;
    query.tier = -1;
    return ask(b, "500 by last seen", query, e);
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    struct bench b = { .customers = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000 };
    if (argc < 2 || b.customers == 0) {
        fprintf(stderr, "usage: people_bench DIR [CUSTOMERS]\n");
        return 2;
    }
    enum err_code code = run(&b, argv[1], &e);
    if (code)
        fprintf(stderr, "people_bench: %s\n", e.text);
    store_conn_drop(&b.read);
    memory_drop(&b.memory);
    people_drop(&b.people);
    purchases_drop(&b.purchases);
    store_drop(&b.store);
    return code != ERR_OK;
}
