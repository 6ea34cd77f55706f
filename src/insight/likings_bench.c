/* How fast likings take in looks and tell favourites: likings_bench DIR [CUSTOMERS]
 *
 * DIR must be empty. Half of the customers looked at products, one to sixteen times, a third bought one to eight times, a
 * product of 5,000 in 100 categories each time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "engine/recommend/draw.h"
#include "insight/likings.h"
#include "io/store/migrate.h"
#include "io/store/migrations.h"
#include "text/time.h"

#define GROUP 5000
#define NOW INT64_C(1795403305400)

struct bench {
    struct store *store;
    struct memory *memory;
    struct purchases *purchases;
    struct likings *likings;
    uint32_t customers;
};

static enum err_code open_rooms(struct bench *b, const char *dir, struct err *e)
{
    TRY(store_open(slice_of(dir), (struct store_options){ 0 }, &b->store, e));
    TRY(migrate_store(b->store, migrations_all, migrations_count, NOW, e));
    TRY(memory_new(b->store, (struct memory_options){ .dir = dir, .clock = &sys_clock_real }, &b->memory, e));
    TRY(purchases_new(b->memory, &b->purchases, e));
    TRY(likings_new(b->memory, b->purchases, NULL, &b->likings, e));
    return memory_start(b->memory, e);
}

struct newcomers {
    struct command command;      // first
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
        TRY(tx_resolve(tx, &who, 1, NOW, &history, e));
    }
    return ERR_OK;
}

static enum err_code tell(struct bench *b, uint32_t customer, const char *event, uint64_t random, bool order, struct err *e)
{
    struct follower of[] = { purchases_follower(b->purchases), likings_follower(b->likings) };
    char product[120], body[200];
    unsigned id = (unsigned)((random % 3 ? customer % 100 : random >> 8 & 63) + 100 * (random >> 20 & 31));
    snprintf(product, sizeof product, "{\"product_id\":\"p%u\",\"category\":\"c%u\",\"brand\":\"b%u\",\"price\":%u}", id, id % 100,
             id % 37, id % 997 + 1);
    snprintf(body, sizeof body, order ? "{\"properties\":{\"products\":[%s]}}" : "{\"properties\":%s}", product);
    struct fact fact = { .type = FACT_TRACK, .customer = customer, .source = 1, .event = slice_of(event),
                         .timestamp_ms = NOW - (int64_t)(random % 200) * DAY_MS, .body = slice_of(body) };
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        TRY(of[i].apply(of[i].self, &fact, e));
    return ERR_OK;
}

static enum err_code live(struct bench *b, struct err *e)
{
    size_t looks = 0;
    double began = cpu_seconds();
    for (uint32_t i = 0; i < b->customers; i += GROUP) {
        struct newcomers n = { { .run = newcomers_run, .facts = GROUP }, i,
                               i + GROUP < b->customers ? i + GROUP : b->customers };
        TRY(memory_run(b->memory, &n.command, e));
    }
    for (uint32_t customer = 1; customer <= b->customers; customer++) {
        uint64_t n = customer % 2 ? hash_mix(customer) % 16 + 1 : 0;
        for (uint64_t i = 0; i < n; i++, looks++)
            TRY(tell(b, customer, "Product Viewed", hash_mix(customer * UINT64_C(64) + i), false, e));
        for (uint64_t i = 0; customer % 3 == 0 && i <= hash_mix(customer) % 8; i++)
            TRY(tell(b, customer, "Order Completed", hash_mix(customer * UINT64_C(64) + 32 + i), true, e));
    }
    printf("told     %9.1f s of CPU; %zu looks and %llu orders; likings hold %.1f MB, purchases %.1f MB\n",
           cpu_seconds() - began, looks, (unsigned long long)purchases_orders(b->purchases),
           (double)likings_memory_bytes(b->likings) / 1e6, (double)purchases_memory_bytes(b->purchases) / 1e6);
    return ERR_OK;
}

static enum err_code ask(struct bench *b, struct err *e)
{
    double began = cpu_seconds();
    TRY(likings_refresh(b->likings, NOW, e));
    printf("shop     %9.1f ms of CPU\n", (cpu_seconds() - began) * 1e3);
    struct likings_view view = likings_look(b->likings);
    struct likings_work work = { 0 };
    size_t known = 0;
    began = cpu_seconds();
    memory_read_lock(b->memory);
    for (uint32_t root = 1; root <= b->customers; root++)
        known += likings_of(&view, &work, root, false).of[LIKING_CATEGORY].known;
    memory_read_unlock(b->memory);
    printf("ask      %9.1f ns of CPU a customer; %zu of %u have a favourite category\n",
           (cpu_seconds() - began) * 1e9 / b->customers, known, b->customers);
    likings_work_clear(&work);
    likings_leave(&view);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    struct bench b = { .customers = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000 };
    if (argc < 2 || b.customers == 0) {
        fprintf(stderr, "usage: likings_bench DIR [CUSTOMERS]\n");
        return 2;
    }
    enum err_code code = open_rooms(&b, argv[1], &e);
    if (!code)
        code = live(&b, &e);
    if (!code)
        code = ask(&b, &e);
    if (code)
        fprintf(stderr, "likings_bench: %s\n", e.text);
    memory_drop(&b.memory);
    likings_drop(&b.likings);
    purchases_drop(&b.purchases);
    store_drop(&b.store);
    return code != ERR_OK;
}
