/* Customers: new ones a second, known ones a second, the time to start and the memory of a million.
 * usage: customers_bench DIR [CUSTOMERS] (a new folder on the disk to measure) */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "io/store/migrations.h"
#include "memory/customers.h"

enum { GROUP = 500, KNOWN = 2000000 };

struct bench {
    struct store *store;
    struct tx tx;
    uint32_t customers;
};

struct watch {
    int64_t wall_ns;
    clock_t cpu;
};

static struct watch watch(void)
{
    return (struct watch){ clock_steady_ns(), clock() };
}

/* cpu_s: on a shared machine the sturdier figure. */
static double seconds_since(struct watch start, double *cpu_s)
{
    *cpu_s = (double)(clock() - start.cpu) / CLOCKS_PER_SEC;
    return (double)(clock_steady_ns() - start.wall_ns) / 1e9;
}

/* Ids as clients make them: a number of the shop's, a random UUID of the device. */
static enum err_code resolve(struct bench *b, uint32_t i, uint32_t *history, struct err *e)
{
    char user[16], device[40];
    uint64_t low = hash_mix(i), high = hash_mix(i + UINT64_C(1000000007));
    int user_len = snprintf(user, sizeof user, "%u", 100000 + i);
    int device_len = snprintf(device, sizeof device, "%08x-%04x-4%03x-a%03x-%012llx", (unsigned)low,
                              (unsigned)(low >> 32) & 0xffff, (unsigned)(low >> 48) & 0xfff,
                              (unsigned)(high >> 48) & 0xfff, (unsigned long long)(high & 0xffffffffffff));
    struct who who = { .user_id = { user, (size_t)user_len }, .anonymous_id = { device, (size_t)device_len } };
    return tx_resolve(&b->tx, &who, 1, INT64_C(1763900000000) + i, history, e);
}

static enum err_code newcomers(struct bench *b, struct err *e)
{
    uint32_t history;
    struct watch start = watch();
    int64_t longest = 0;
    double cpu_s;
    for (uint32_t i = 0; i < b->customers;) {
        int64_t group = clock_steady_ns();
        TRY(store_begin(b->tx.conn, e));
        for (uint32_t n = 0; n < GROUP && i < b->customers; n++, i++)
            TRY(resolve(b, i, &history, e));
        TRY(store_commit(b->tx.conn, e));
        customers_committed(b->tx.customers);
        group = clock_steady_ns() - group;
        longest = group > longest ? group : longest;
    }
    double seconds = seconds_since(start, &cpu_s);
    printf("new customers    %9.0f /s, %6.2f us of CPU each; groups of %d, two identifiers, longest group %.0f ms\n",
           b->customers / seconds, cpu_s * 1e6 / b->customers, GROUP, (double)longest / 1e6);
    return ERR_OK;
}

static enum err_code acquaintances(struct bench *b, struct err *e)
{
    uint32_t history, wrong = 0;
    struct watch start = watch();
    double cpu_s;
    for (uint32_t n = 0; n < KNOWN; n++) {
        uint32_t i = (uint32_t)(hash_mix(n) % b->customers);
        TRY(resolve(b, i, &history, e));
        wrong += history != i + 1;
    }
    double seconds = seconds_since(start, &cpu_s);
    customers_rolled_back(b->tx.customers);
    printf("known customers  %9.0f /s, %6.2f us of CPU each; two identifiers, random order; %u wrong\n",
           KNOWN / seconds, cpu_s * 1e6 / KNOWN, wrong);
    return ERR_OK;
}

static enum err_code restart(struct bench *b, struct err *e)
{
    customers_drop(&b->tx.customers);
    struct watch start = watch();
    double cpu_s;
    TRY(customers_new(b->tx.conn, 42, &b->tx.customers, e));
    double seconds = seconds_since(start, &cpu_s);
    printf("start            %9.2f s, %6.2f s of CPU; %u customers\n", seconds, cpu_s,
           customers_count(b->tx.customers));
    printf("memory           %9.1f bytes a customer\n",
           (double)customers_memory_bytes(b->tx.customers) / b->customers);
    return ERR_OK;
}

static enum err_code run(struct bench *b, const char *dir, struct err *e)
{
    int applied;
    TRY(store_open(slice_of(dir), (struct store_options){ .cache_bytes = 64u << 20 }, &b->store, e));
    TRY(store_conn_new(b->store, STORE_WRITE, &b->tx.conn, e));
    TRY(migrate_run(b->tx.conn, migrations_all, migrations_count, 0, &applied, e));
    TRY(customers_new(b->tx.conn, 42, &b->tx.customers, e));
    TRY(newcomers(b, e));
    TRY(acquaintances(b, e));
    return restart(b, e);
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    struct bench b = { .customers = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000 };
    if (argc < 2 || b.customers == 0) {
        fprintf(stderr, "usage: customers_bench DIR [CUSTOMERS]\n");
        return 2;
    }
    enum err_code code = run(&b, argv[1], &e);
    if (code)
        fprintf(stderr, "customers_bench: %s\n", e.text);
    customers_drop(&b.tx.customers);
    store_conn_drop(&b.tx.conn);
    store_drop(&b.store);
    return code != ERR_OK;
}
