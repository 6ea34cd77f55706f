/* Facts a second through the writer against the same rows inserted straight; a customer's page; the start.
 *
 * usage: log_bench DIR [FACTS]   (FACTS 2,000,000 unless told; DIR/straight and DIR/log are made anew)
 *
 * Straight is the bound: one table with the log's columns and no index, nobody asks whether a message id is
 * known, nothing is kept in memory. The log does all that and seals its parts.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/store/migrations.h"
#include "memory/memory.h"

enum { CUSTOMERS = 1000000, BODY_BYTES = 300, PAGES = 20000, PAGE_FACTS = 50 };
#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1763900000000)

/* The machine may be busy with others: the program's own seconds are the sturdier figure. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds_since(int64_t start_ns)
{
    return (double)(clock_steady_ns() - start_ns) / 1e9;
}

static struct fact fact_of(int64_t n, char id[40], char body[BODY_BYTES + 1])
{
    uint64_t r = hash_mix((uint64_t)n);
    snprintf(id, 40, "ajs-next-%016llx%08x", (unsigned long long)r, (unsigned)n);
    memset(body, 'x', BODY_BYTES);
    int len = snprintf(body, 60, "{\"n\":%lld,\"properties\":\"", (long long)n);
    body[len] = 'x';
    memcpy(body + BODY_BYTES - 2, "\"}", 2);
    return (struct fact){
        .type = FACT_TRACK, .customer = (uint32_t)(1 + r % CUSTOMERS), .source = 1,
        .event = SLICE("Product Viewed"), .message_id = slice_of(id),
        .timestamp_ms = NOW_MS - (int64_t)(r >> 32) % (90 * DAY_MS), .original_ms = NOW_MS,
        .sent_ms = NOW_MS, .received_ms = NOW_MS, .body = { body, BODY_BYTES },
    };
}

static enum err_code store_fresh(const char *dir, const char *name, char path[4096], struct store **store,
                                 struct err *e)
{
    static const char *const tails[] = { "", "-wal", "-shm" };
    snprintf(path, 4096, "%s/%s", dir, name);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        char file[4200];
        snprintf(file, sizeof file, "%s/tendero.db%s", path, tails[i]);
        unlink(file);
    }
    return store_open(slice_of(path), (struct store_options){ .cache_bytes = 64 << 20 }, store, e);
}

/* ---- straight ---- */

static enum err_code straight_insert(struct store_conn *conn, int64_t n, struct err *e)
{
    char id[40], body[BODY_BYTES + 1];
    struct fact fact = fact_of(n, id, body);
    struct store_stmt *stmt;
    TRY(store_prepare(conn, SLICE("INSERT INTO straight VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,"
                                  " $12)"), &stmt, e));
    store_bind_i64(stmt, 1, n);
    store_bind_i64(stmt, 2, fact.customer);
    store_bind_i64(stmt, 3, fact.source);
    store_bind_text(stmt, 4, slice_of(fact_type_name(fact.type)));
    store_bind_text(stmt, 5, fact.event);
    store_bind_text(stmt, 6, fact.message_id);
    store_bind_i64(stmt, 7, (int64_t)hash64(fact.message_id, 1));
    store_bind_i64(stmt, 8, fact.timestamp_ms);
    store_bind_i64(stmt, 9, fact.original_ms);
    store_bind_i64(stmt, 10, fact.sent_ms);
    store_bind_i64(stmt, 11, fact.received_ms);
    store_bind_text(stmt, 12, fact.body);
    return store_run(stmt, e);
}

static enum err_code straight(const char *dir, int64_t facts, int64_t group, double *rate, struct err *e)
{
    char path[4096];
    AUTO(store) store = NULL;
    AUTO(store_conn) conn = NULL;
    TRY(store_fresh(dir, "straight", path, &store, e));
    TRY(store_conn_new(store, STORE_WRITE, &conn, e));
    TRY(store_exec(conn, "CREATE TABLE straight (seq INTEGER PRIMARY KEY, customer INTEGER NOT NULL,"
                   " source INTEGER NOT NULL, type TEXT NOT NULL, event TEXT NOT NULL,"
                   " message_id TEXT NOT NULL, message_hash INTEGER, timestamp INTEGER NOT NULL,"
                   " original_timestamp INTEGER, sent_at INTEGER, received_at INTEGER,"
                   " body TEXT NOT NULL) {strict}", e));
    int64_t start = clock_steady_ns();
    double cpu = cpu_seconds();
    for (int64_t n = 1; n <= facts;) {
        TRY(store_begin(conn, e));
        for (int64_t i = 0; i < group && n <= facts; i++, n++)
            TRY(straight_insert(conn, n, e));
        TRY(store_commit(conn, e));
    }
    *rate = (double)facts / seconds_since(start);
    printf("straight, %5lld a transaction     %9.0f rows/s, %.2f us cpu a row\n", (long long)group, *rate,
           (cpu_seconds() - cpu) / (double)facts * 1e6);
    store_conn_drop(&conn);
    return ERR_OK;
}

/* ---- through the writer ---- */

struct flight {
    pthread_mutex_t lock;
    pthread_cond_t landed;
    int in_air;
    enum err_code code;
    struct err err;
};

struct batch {
    struct command command;
    struct flight *flight;
    int64_t first, n;
};

static enum err_code batch_run(struct command *command, struct tx *tx, struct err *e)
{
    struct batch *batch = (struct batch *)command;
    char id[40], body[BODY_BYTES + 1];
    for (int64_t i = 0; i < batch->n; i++) {
        struct fact fact = fact_of(batch->first + i, id, body);
        bool known;
        TRY(log_known(tx->log, fact.source, fact.message_id, &known, e));
        if (!known)
            TRY(tx_append(tx, &fact, e));
    }
    return ERR_OK;
}

static void batch_done(struct command *command, enum err_code code, const struct err *e)
{
    struct flight *flight = ((struct batch *)command)->flight;
    pthread_mutex_lock(&flight->lock);
    flight->in_air--;
    if (code) {
        flight->code = code;
        flight->err = *e;
    }
    pthread_cond_signal(&flight->landed);
    pthread_mutex_unlock(&flight->lock);
    free(command);
}

static void flight_wait(struct flight *flight, int at_most)
{
    pthread_mutex_lock(&flight->lock);
    while (flight->in_air > at_most)
        pthread_cond_wait(&flight->landed, &flight->lock);
    pthread_mutex_unlock(&flight->lock);
}

static enum err_code through(struct memory *memory, int64_t first, int64_t facts, int64_t size, int in_air,
                             double *rate, struct err *e)
{
    struct flight flight = { .lock = PTHREAD_MUTEX_INITIALIZER, .landed = PTHREAD_COND_INITIALIZER };
    int64_t start = clock_steady_ns();
    for (int64_t n = first; n < first + facts; n += size) {
        struct batch *batch = calloc(1, sizeof *batch);
        if (!batch)
            return err_set(e, ERR_LIMIT, 0, "no memory");
        *batch = (struct batch){ { .run = batch_run, .done = batch_done, .facts = (size_t)size,
                                   .bytes = (size_t)size * 400 }, &flight, n, size };
        flight_wait(&flight, in_air - 1);
        pthread_mutex_lock(&flight.lock);
        flight.in_air++;
        pthread_mutex_unlock(&flight.lock);
        TRY(memory_submit(memory, &batch->command, e));
    }
    flight_wait(&flight, 0);
    *rate = (double)facts / seconds_since(start);
    *e = flight.err;
    return flight.code;
}

/* ---- reading ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static enum err_code pages(struct memory *memory, struct store *store, struct err *e)
{
    static double ms[PAGES];
    static struct fact facts[PAGE_FACTS];
    AUTO(store_conn) read = NULL;
    AUTO(arena) mem = arena_new((size_t)16 << 20);
    size_t got, all = 0;
    if (!mem)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    TRY(store_conn_new(store, STORE_READ, &read, e));
    for (size_t i = 0; i < PAGES; i++) {
        uint32_t customer = (uint32_t)(1 + hash_mix(i + 77) % CUSTOMERS);
        struct log_query q = { .customers = &customer, .n = 1, .since_ms = FACT_NO_TIME,
                               .until_ms = FACT_NO_TIME, .limit = PAGE_FACTS };
        arena_reset(mem);
        int64_t start = clock_steady_ns();
        memory_read_lock(memory);
        enum err_code code = log_read(memory_log(memory), read, &q, mem, facts, &got, e);
        memory_read_unlock(memory);
        TRY(code);
        ms[i] = seconds_since(start) * 1e3;
        all += got;
    }
    qsort(ms, PAGES, sizeof *ms, by_size);
    printf("page of one customer (%4.1f facts)    %6.3f ms median, %.3f p99, %.3f worst of %d\n",
           (double)all / PAGES, ms[PAGES / 2], ms[PAGES * 99 / 100], ms[PAGES - 1], PAGES);
    store_conn_drop(&read);
    return ERR_OK;
}

static long resident_mb(void)
{
    long pages_all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &pages_all, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * sysconf(_SC_PAGESIZE) >> 20;
}

static enum err_code memory_opened(struct store *store, const char *path, struct memory **ret, struct err *e)
{
    TRY(migrate_store(store, migrations_all, migrations_count, NOW_MS, e));
    int64_t start = clock_steady_ns();
    TRY(memory_new(store, (struct memory_options){ .dir = path, .clock = &sys_clock_real }, ret, e));
    TRY(memory_start(*ret, e));
    printf("start                              %9.0f ms\n", seconds_since(start) * 1e3);
    return ERR_OK;
}

static enum err_code bench(const char *dir, int64_t facts, struct err *e)
{
    char path[4096];
    double bound_500, bound_10k, rate;
    AUTO(store) store = NULL;
    AUTO(memory) memory = NULL;
    int64_t some = facts < 1000000 ? facts : 1000000, singles = 100000;
    TRY(straight(dir, some, 500, &bound_500, e));
    TRY(straight(dir, some, 10000, &bound_10k, e));
    TRY(store_fresh(dir, "log", path, &store, e));
    TRY(memory_opened(store, path, &memory, e));
    for (int64_t done = 0, round = 0; done < facts; done += some, round++) {
        int in_air = round % 2 ? 1 : 32;
        double bound = in_air == 1 ? bound_500 : bound_10k;
        double cpu = cpu_seconds();
        TRY(through(memory, done + 1, some, 500, in_air, &rate, e));
        printf("log, 500 a command, %2d in flight    %9.0f facts/s, %.2f of straight, %.2f us cpu a fact; "
               "%lld facts, %ld MB\n", in_air, rate, rate / bound,
               (cpu_seconds() - cpu) / (double)some * 1e6, (long long)log_last_seq(memory_log(memory)),
               resident_mb());
    }
    TRY(through(memory, facts + 1, singles, 1, 64, &rate, e));
    printf("log, 1 a command, 64 in flight      %9.0f facts/s\n", rate);
    TRY(pages(memory, store, e));
    printf("resident                           %9ld MB (log %zu MB)\n", resident_mb(),
           log_memory_bytes(memory_log(memory)) >> 20);
    memory_drop(&memory);
    TRY(memory_opened(store, path, &memory, e));
    printf("resident after the start           %9ld MB\n", resident_mb());
    TRY(pages(memory, store, e));
    memory_drop(&memory);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: log_bench DIR [FACTS]\n");
        return 2;
    }
    if (bench(argv[1], argc == 3 ? atoll(argv[2]) : 2000000, &e)) {
        fprintf(stderr, "log_bench: %s\n", e.text);
        return 1;
    }
    return 0;
}
