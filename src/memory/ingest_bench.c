/* How fast events are read, and how fast they become facts on disk: ingest_bench DIR [BATCHES]
 *
 * DIR should lie on the disk that is meant, and be empty. Batches of 500 events, of which one in ten is an
 * identify that repeats what is known; 20,000 customers.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "io/store/migrations.h"
#include "memory/ingest.h"
#include "text/time.h"

#define EVENTS 500
#define CUSTOMERS 20000
#define IN_FLIGHT 40

struct run {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    int flying;
    enum err_code code;
    struct err e;
};

static double seconds_since(int64_t start_ns)
{
    return (double)(clock_steady_ns() - start_ns) / 1e9;
}

/* Of this thread: what a busy machine does not disturb. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_batch(struct buf *out, int64_t number)
{
    buf_clear(out);
    buf_adds(out, "{\"batch\":[");
    for (int64_t i = number * EVENTS; i < (number + 1) * EVENTS; i++) {
        long long user = (long long)((i * INT64_C(7919)) % CUSTOMERS);
        buf_printf(out, "%s{\"timestamp\":\"2026-11-23T03:08:25.389Z\",\"integrations\":{},\"userId\":\"u-%lld\","
                   "\"messageId\":\"node-next-%012lld-1e5682eb-bd6c\",", i % EVENTS ? "," : "", user, (long long)i);
        if (i % 10 == 0)
            buf_printf(out, "\"type\":\"identify\",\"traits\":{\"email\":\"u%lld@example.com\",\"name\":\"Ann %lld\","
                       "\"plan\":\"gold\",\"age\":41},", user, user);
        else
            buf_adds(out, "\"type\":\"track\",\"event\":\"Product Viewed\",\"properties\":{\"product_id\":\"p1\","
                     "\"sku\":\"S-1\",\"price\":24.95,\"quantity\":2,\"url\":\"https://shop.example/p1\"},");
        buf_adds(out, "\"context\":{\"library\":{\"name\":\"@segment/analytics-node\",\"version\":\"3.1.0\"}},"
                 "\"_metadata\":{\"nodeVersion\":\"v20.20.2\",\"jsRuntime\":\"node\"}}");
    }
    buf_adds(out, "],\"writeKey\":\"WKEY123\",\"sentAt\":\"2026-11-23T03:08:25.417Z\"}");
}

static double writer_cpu_s;  // the writer's thread writes it before the last flight ends

static void landed(struct command *command, enum err_code code, const struct err *e)
{
    writer_cpu_s = cpu_seconds();
    struct ingest_batch *batch = ingest_of(command);
    struct run *run = ingest_arg(batch);
    pthread_mutex_lock(&run->lock);
    run->flying--;
    if (code && !run->code) {
        run->code = code;
        run->e = *e;
    }
    pthread_cond_signal(&run->ended);
    pthread_mutex_unlock(&run->lock);
    ingest_drop(&batch);
}

static enum err_code bench_parse(struct json_parser *parser, struct buf *body, struct run *run, struct err *e)
{
    enum { ROUNDS = 400 };
    struct ingest_envelope env = { 1, clock_now_ms(&sys_clock_real), SLICE("203.0.113.9"), SLICE("UA") };
    print_batch(body, 0);
    double start = cpu_seconds();
    for (int i = 0; i < ROUNDS; i++) {
        struct ingest_batch *batch = NULL;
        struct slice key;
        TRY(ingest_parse(parser, INGEST_BATCH, buf_slice(body), &batch, &key, e));
        ingest_prepare(batch, env, landed, run);
        ingest_drop(&batch);
    }
    double s = cpu_seconds() - start;
    printf("parse and prepare: %.3f ms of processor a batch of %d (%zu bytes), %.0f events/s\n", s * 1e3 / ROUNDS, EVENTS,
           body->len, ROUNDS * EVENTS / s);
    return ERR_OK;
}

static void fly(struct run *run, int limit)
{
    pthread_mutex_lock(&run->lock);
    while (run->flying >= limit)
        pthread_cond_wait(&run->ended, &run->lock);
    pthread_mutex_unlock(&run->lock);
}

static enum err_code submit(struct memory *m, struct json_parser *parser, const struct buf *body, struct run *run,
                            struct err *e)
{
    struct ingest_batch *batch = NULL;
    struct slice key;
    struct ingest_envelope env = { 1, clock_now_ms(&sys_clock_real), SLICE("203.0.113.9"), SLICE("UA") };
    TRY(ingest_parse(parser, INGEST_BATCH, buf_slice(body), &batch, &key, e));
    ingest_prepare(batch, env, landed, run);
    fly(run, IN_FLIGHT);
    pthread_mutex_lock(&run->lock);
    run->flying++;
    pthread_mutex_unlock(&run->lock);
    return memory_submit(m, ingest_command(batch), e);
}

static enum err_code bench_memory(struct memory *m, struct json_parser *parser, struct buf *body, int64_t batches,
                                  struct run *run, struct err *e)
{
    int64_t start = clock_steady_ns(), shown = start;
    for (int64_t i = 0; i < batches; i++) {
        print_batch(body, i);
        TRY(submit(m, parser, body, run, e));
        if ((i + 1) % 400 == 0) {
            printf("%9lld events: %.0f events/s\n", (long long)(i + 1) * EVENTS,
                   400 * EVENTS / seconds_since(shown));
            shown = clock_steady_ns();
        }
    }
    fly(run, 1);
    if (run->code)
        return err_set(e, run->code, 0, "%s", run->e.text);
    printf("into the memory: %.0f events/s over %lld events; the writer's processor: %.2f us an event\n",
           (double)(batches * EVENTS) / seconds_since(start), (long long)(batches * EVENTS),
           writer_cpu_s * 1e6 / (double)(batches * EVENTS));
    return ERR_OK;
}

static enum err_code bench(const char *dir, int64_t batches, struct err *e)
{
    struct run run = { .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER };
    __attribute__((cleanup(buf_drop))) struct buf body = buf_make(0);
    AUTO(json_parser) parser = json_parser_new();
    AUTO(store) store = NULL;
    AUTO(store_conn) conn = NULL;
    AUTO(memory) m = NULL;
    int applied;
    if (!parser)
        return err_set(e, ERR_LIMIT, 0, "no memory");
    TRY(bench_parse(parser, &body, &run, e));
    TRY(store_open(slice_of(dir), (struct store_options){ 0 }, &store, e));
    TRY(store_conn_new(store, STORE_WRITE, &conn, e));
    TRY(migrate_run(conn, migrations_all, migrations_count, 0, &applied, e));
    store_conn_drop(&conn);
    TRY(memory_new(store, (struct memory_options){ .dir = dir, .clock = &sys_clock_real }, &m, e));
    TRY(memory_start(m, e));
    enum err_code code = bench_memory(m, parser, &body, batches, &run, e);
    memory_drop(&m);
    return code;
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: ingest_bench DIR [BATCHES]\n");
        return 2;
    }
    if (bench(argv[1], argc > 2 ? atoll(argv[2]) : 2000, &e)) {
        fprintf(stderr, "ingest_bench: %s\n", e.text);
        return 1;
    }
    return 0;
}
